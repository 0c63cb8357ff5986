#!/usr/bin/env bash
# kubectl rollout's verbs, from a person's YAML: a restart, a rollover, an undo, a
# pause; what kubectl refuses, and what cannot be asked for.
. "$TOP/tests/e2e/lib.bash"

mkdir -p deploy next
cat >deploy/cart.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - name: server
        image: cart:1
        resources: {requests: {cpu: 100m}}
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}
        lifecycle: {preStop: {sleep: {seconds: 3}}}
END
sed 's/cpu: 100m/cpu: 101m/' deploy/cart.yaml >next/cart.yaml
cat >model.yaml <<'END'
version: 1
services:
  shop/cart: {startup: 5s, endpoints: {GET /: [{cpu: 2ms}]}}
nodes: [{name: n, count: 2, cpu: 4, memory: 8Gi}]
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 50/s, duration: 50s, entry: cart}
baseline: {manifests: [deploy/*.yaml]}
candidate: {manifests: [next/*.yaml]}
scenarios:
  - {name: restart, rollout-restart: [{workload: shop/cart, at: 10s}]}
  - {name: refused, rollout-undo: [{workload: shop/cart, at: 10s, to-revision: 3}]}
  - {name: rollover, rollout: true, rollout-restart: [{workload: cart, at: 12s}]}
  - {name: undone, rollout: true, rollout-undo: [{workload: cart, at: 12s}]}
  - {name: held, rollout: true, rollout-pause: [{workload: cart, at: 12s}]}
gate: {runs: 2, checks: ['ratio(errors) <= 0.1%']}
END

# --- a restart in a run ------------------------------------------------------
expect 0 "$TWINRIG" run --scenario restart --watch events
said '^10s .* RolloutRestart .* deployment.apps/cart restarted$'
said '^10s .* deployment/shop/cart .*Scaled up replica set cart-[4-9bcdf]+ from 0 to 1$'
# 5 s after each start, when the probe is asked: 3 s after the start and each 2 s.
said '^20s .* Scaled down replica set cart-[4-9bcdf]+ from 1 to 0$'
expect 0 "$TWINRIG" run --scenario restart --watch pods
said '^10s +shop/cart-[4-9bcdf]+-1 +0/1 +Pending '
expect 0 "$TWINRIG" run --scenario restart --watch deployments
said '^10s +shop/cart +3/4 +2 +3 +10s$'
expect 0 "$TWINRIG" run --scenario refused --watch events
said 'Warning +RolloutUndo .* unable to find specified revision 3 in history$'
[[ $(grep -c ^[0-9] out) -eq 1 ]] || fail "an undo that was refused did something"

# A run has one side: it says so.
expect 0 "$TWINRIG" run --scenario rollover
said 'twinrig.yaml:[0-9]+:[0-9]+: warning: nothing is rolled out in rollover: a run has one side only$'

# With the other one it rolls out what differs.
expect 0 "$TWINRIG" run --baseline . --scenario held --watch events
said '^10s .* deployment/shop/cart .*Scaled up replica set cart-[4-9bcdf]+ from 0 to 1$'
unsaid 'nothing is rolled out'
expect 0 "$TWINRIG" run --baseline . --scenario held
said 'rolled out: 0 of 1 workloads when the run ended$'
expect 0 "$TWINRIG" run --baseline . --scenario rollover
said 'rolled out: 1 of 1 workloads$'
expect 3 "$TWINRIG" run --baseline nowhere --scenario rollover
said 'nowhere'

# --- in a gate: three ReplicaSets, two, and a rollout that does not end --------
gate() {
	expect "$1" "$TWINRIG" gate --no-store --scenario "$2" -v
}
gate 0 rollover
[[ $(grep -oE 'replica set cart-[4-9bcdf]+' out | sort -u | wc -l) -eq 3 ]] ||
	fail "not three ReplicaSets"
said 'Scaled down replica set cart-[4-9bcdf]+ from 2 to 0$'
gate 0 undone
said 'deployment.apps/cart rolled back to revision 1$'
gate 4 held
said '1 of 1 workloads were not rolled out'

# --- pods that are apart from those of their own revision alone ------------------
apart() { # RULE: each pod on a node of its own, no old one goes before
	python3 - "$1" <<'END'
import sys
s = open("deploy/cart.yaml").read()
s = s.replace("replicas: 4", "replicas: 2\n  strategy: {rollingUpdate: {maxUnavailable: 0}}")
s = s.replace("    spec:\n      containers", "    spec:\n      " + sys.argv[1] + "\n      containers")
open("apart.yaml", "w").write(s)
END
	sed 's/^topology.*/topology: {manifests: [apart.yaml], models: [model.yaml]}/; /^baseline/d; /^candidate/d
		/refused\|rollover\|undone\|held/d' twinrig.yaml >apart-twinrig.yaml
	expect 0 "$TWINRIG" run -c apart-twinrig.yaml --scenario restart
}
host='topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: cart}}'
apart "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{$host}]}}"
said 'rolled out: 0 of 1 workloads'
apart "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{$host, matchLabelKeys: [pod-template-hash]}]}}"
said 'rolled out: 1 of 1 workloads'
apart "topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: DoNotSchedule, $host, matchLabelKeys: [pod-template-hash], minDomains: 2}]"
said 'rolled out: 1 of 1 workloads'
# An old pod must not be where a new one is: nowhere, with two nodes.
apart "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{$host, mismatchLabelKeys: [pod-template-hash]}]}}"
said 'rolled out: 0 of 1 workloads'

# --- what is wrong --------------------------------------------------------------
sed -i 's/workload: shop\/cart, at: 10s, to/workload: shop\/card, at: 10s, to/' \
	twinrig.yaml
expect 2 "$TWINRIG" check
said "error: no workload fits 'shop/card'"
sed -i 's/shop\/card/cart/; s/to-revision: 3/to-revision: 0/' twinrig.yaml
expect 2 "$TWINRIG" check
said 'to-revision'

# --- an autoscaler in the middle of it: both ReplicaSets get their share --------
cp -r "$top/fixtures/autoscaling" "$work/api"
cd "$work/api"
sed -i 's/^    faults:/    rollout-restart: [{workload: shop\/api, at: 90s}]\n&/' \
	twinrig.yaml
expect 0 "$TWINRIG" run --watch events
said '^1m33s .* New size: 7; '
# 3 and 2 of 4 + 1; of 7 + 2 that is 5.4 and 3.6.
# Pods of 1m33s, 1m56s are asked 23 s after their start (3 s, each 10 s): they take 20 s.
said '^1m33s .* Scaled up replica set api-[4-9bcdf]+ from 3 to 5$'
said '^1m33s .* Scaled up replica set api-[4-9bcdf]+ from 2 to 4$'
said '^2m19s .* Scaled down replica set api-[4-9bcdf]+ from 1 to 0$'

# --- and after it: what it reads are the new pods ---------------------------------
sed -i 's/at: 90s/at: 10s/' twinrig.yaml
expect 0 "$TWINRIG" run --watch events
said '^1m18s .* New size: 4; '
