"""The twin's side: manifests, twin model, fitted parameters, prediction."""
import json
import os
import subprocess

MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {name: %(name)s, namespace: real}
spec:
  replicas: %(replicas)d
  selector: {matchLabels: {app: %(name)s}}
  template:
    metadata: {labels: {app: %(name)s}}
    spec:
      containers: [{name: %(name)s, image: %(name)s, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: %(name)s, namespace: real}
spec:
  selector: {app: %(name)s}
  ports: [{port: 80}]
"""

# Quantiles that a fitted distribution goes through; its ends besides.
POINTS = ([0.0005, 0.001, 0.002, 0.005] + [i / 100 for i in range(1, 100)] +
          [0.995, 0.998, 0.999, 0.9995])


def law(samples):
    """A distribution, as twin models write them, through the quantiles of
    what was seen (ns)."""
    values = sorted(samples)
    n = len(values)
    points = {0.0: values[0], 1.0: values[-1]}
    for p in POINTS:
        at = p * n - 0.5            # the i-th of n values stands at (i+1/2)/n
        if at <= 0 or at >= n - 1:
            continue
        i = int(at)
        points[p] = round(values[i] + (at - i) * (values[i + 1] - values[i]))
    return "{quantiles: {%s}}" % ", ".join(
        "%g: %dns" % (p, v) for p, v in sorted(points.items()))


def model(system, case, policies):
    """What is known of the system without a measurement."""
    lines = ["version: 1",
             # haproxy: two failed (good) checks, one each 500 ms: 0.5 to 1 s.
             # nginx without passive checks never learns of a loss.
             "defaults: {endpoint-delay: %s, restart-delay: 1ms}" % (
                 "750ms" if "haproxy" in (system.proxies[case.fault.service]
                                          if case.fault else "haproxy")
                 else "1h"),
             "services:"]
    for s in system.services:
        lines.append("  real/%s: {workers: %d, queue: %d}" % (
            s.name, s.workers, s.queue))
    lines.append("policies:")
    for s in system.services:
        p = policies[s.name]
        text = "  - {callee: real/%s, balancer: round-robin" % s.name
        text += ", try-timeout: %dms" % (p.try_timeout // 1_000_000 or 10_000)
        if p.retries:
            # Both try another server next, and at once.
            text += ", retries: %d, retry-on: [%s]" % (
                p.retries, ", ".join(p.on))
            text += ", host-retries: 10, backoff: 0s"
        if p.passive:
            text += ("\n     , outlier-detection: {consecutive-5xx: 0, "
                     "split-external-local-origin-errors: true, "
                     "consecutive-local-origin-failure: 1, interval: 10ms, "
                     "base-ejection-time: %dns, max-ejection-time: %dns, "
                     "max-ejection-percent: 100%%, panic-threshold: 0%%}" % (
                         p.passive, p.passive))
        lines.append(text + "}")
    lines.append("nodes: [{name: host, zone: a}]")
    return "\n".join(lines) + "\n"


def fitted(system, seen):
    """From the fitting runs: seen[service] = {"work": [...], "way": [...]}, in
    ns; the way is from the caller to the service and back, proxy included."""
    lines = ["version: 1", "services:"]
    for s in system.services:
        lines += ["  real/%s:" % s.name, "    endpoints:",
                  "      GET /work:",
                  "        - %s: %s" % (s.work, law(seen[s.name]["work"]))]
        if s.calls:
            lines.append("        - {call: \"%s:GET /work\"}" % s.calls)
    lines += ["network:"]
    if len(system.services) > 1:
        lines += ["  same-zone: %s" % law(seen[system.services[1].name]["way"])]
    lines += ["  zones:",
              "    - {from: outside, to: a, rtt: %s}" % law(
                  seen[system.services[0].name]["way"])]
    return "\n".join(lines) + "\n"


def fault(case):
    f = case.fault
    when = "at: %dms, for: %dms" % (
        round(f.at * case.seconds * 1000),
        round((f.until - f.at) * case.seconds * 1000))
    return {
        "kill": "{kind: replica-kill, replica: real/%s-1, restart: 5ms, %s}" % (
            f.service, when),
        "lag": "{kind: latency, to: real/%s, add: %dns, %s}" % (
            f.service, f.value, when),
        "slow": "{kind: slow, service: real/%s, factor: %g, %s}" % (
            f.service, f.value / 1000, when),
    }[f.kind]


def write(folder, system, case, policies, schedule, seen):
    os.makedirs(folder, exist_ok=True)

    def put(name, text):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    put("deploy.yaml", "---\n".join(
        MANIFEST % {"name": s.name, "replicas": s.replicas}
        for s in system.services))
    put("model.yaml", model(system, case, policies))
    put("fitted.yaml", fitted(system, seen))
    put("arrivals.jsonl", '{"twinrig":"exchanges","version":1}\n' + "".join(
        '{"time":%d,"method":"GET","target":"/work"}\n' % (10**18 + t)
        for t in schedule))
    put("twinrig.yaml", """version: 1
topology: {manifests: [deploy.yaml], models: [model.yaml, fitted.yaml]}
traffic: {capture: arrivals.jsonl, entry: real/%s}
scenarios:
  - name: case
%s""" % (system.services[0].name,
         "    faults: [%s]\n" % fault(case) if case.fault else ""))


def predict(twinrig, folder, seeds):
    """What `twinrig run` says, once a seed."""
    runs = []
    for seed in range(1, seeds + 1):
        said = subprocess.run(
            [twinrig, "run", "-q", "--seed", str(seed), "--json", "-"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False, timeout=120)
        if said.returncode:
            raise RuntimeError("twinrig run in %s: %s" % (
                folder, said.stderr.decode()))
        runs.append(json.loads(said.stdout)["runs"][0])
    return runs
