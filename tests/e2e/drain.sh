#!/usr/bin/env bash
# Drains, node losses and sizes from a user's YAML, through run and gate.
. "$TOP/tests/e2e/lib.bash"

mkdir -p "$work/s/deploy" "$work/before/deploy"
cd "$work/s" || exit 1
cat >deploy/web.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: c
          image: web:1
          resources: {requests: {cpu: 1}}
          readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}
          lifecycle: {preStop: {sleep: {seconds: 3}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
END
cat >model.yaml <<'END'
version: 1
kubernetes: "1.30"
services:
  web:
    startup: 3s
    endpoints:
      GET /: [{cpu: 1ms}]
nodes: [{name: n, count: 3, cpu: 4}]
entry: [{service: web}]
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 20/s, duration: 100s, entry: web}
scenarios:
  - {name: drain, drain: [{node: n-1, at: 10s}]}
  - {name: more, scale: [{workload: web, replicas: 5, at: 10s}]}
  - {name: lost, faults: [{kind: node-down, node: n-2, at: 12s}], traffic: {duration: 420s}}
  - {name: rebooted, faults: [{kind: node-down, node: n-2, at: 12s, for: 30s}]}
  - {name: cut, faults: [{kind: node-down, how: partition, node: n-2, at: 12s, for: 60s}]}
gate: {runs: 1, checks: ["ratio(errors) <= 30%"]}
END
cp -r . "$work/before/"

expect 0 "$TWINRIG" run --scenario drain
said 'Drained: node/n-1 drained'
expect 0 "$TWINRIG" run --scenario more
said '5 of 5 ready'
expect 0 "$TWINRIG" run --scenario lost
said 'NodeNotReady'
said 'TaintManagerEviction: Marking for deletion Pod default/web-1'
said 'web-4 Scheduled: Successfully assigned'

# A machine that was off starts its pods anew; one that was cut off does not.
expect 0 "$TWINRIG" run --scenario rebooted
said 'default/web-[0-9] SandboxChanged: Pod sandbox changed'
said 'default/web-[0-9] Started: Started container c'
expect 0 "$TWINRIG" run --scenario cut
said 'NodeReady|3 of 3 ready'
unsaid 'SandboxChanged'

# A pod without a controller: kubectl refuses, and only cordons.
cp -r . "$work/bare"
cat >"$work/bare/deploy/tool.yaml" <<'END'
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  nodeName: n-1
  containers: [{name: c, image: "tool:1"}]
  volumes: [{name: scratch, emptyDir: {}}]
END
expect 0 env -C "$work/bare" "$TWINRIG" run --scenario drain
said 'n-1 DrainFailed: unable to drain node "n-1" due to error: cannot delete Pods with local storage \(use --delete-emptydir-data to override\): default/tool-1, continuing command'
unsaid 'Drained'
sed -i 's/node: n-1, at: 10s/node: n-1, force: true, delete-emptydir-data: true, at: 10s/' "$work/bare/twinrig.yaml"
expect 0 env -C "$work/bare" "$TWINRIG" run --scenario drain
said 'Drained: node/n-1 drained'

# A budget that keeps them all is seen, as is that it differs.
sed -i 's/maxUnavailable: 1/maxUnavailable: 0/' deploy/web.yaml
expect 4 "$TWINRIG" gate --baseline "$work/before" --scenario drain
said 'spec.maxUnavailable: 1 -> 0'
said '1 of 1 nodes were not drained when the run ended; disruption budgets refused'

# Nobody can tell how many pods a DaemonSet should have: the budget has no number
# then, and lets nobody go.
sed -i 's/maxUnavailable: 0/maxUnavailable: 1/' deploy/web.yaml
cat >deploy/agent.yaml <<'END'
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: web, part: agent}}
  template:
    metadata: {labels: {app: web, part: agent}}
    spec: {containers: [{name: c, image: "agent:1"}]}
END
expect 0 "$TWINRIG" run --scenario drain
said 'The disruption budget web needs 0 healthy pods and has 0 currently'
unsaid 'Drained: node/n-1 drained'
rm deploy/agent.yaml
sed -i 's/maxUnavailable: 1/maxUnavailable: 0/' deploy/web.yaml

# What is wrong is pointed at.
sed -i 's/node: n-1, at/node: n-9, at/; s/replicas: 5/replicas: many/' twinrig.yaml
expect 2 "$TWINRIG" run --scenario drain
said "no node fits 'n-9'"
expect 2 "$TWINRIG" run --scenario more
said "'replicas' of scale is a whole number from 0, not 'many'"
sed -i 's/maxUnavailable: 0/maxUnavailable: 110%/' deploy/web.yaml
expect 2 "$TWINRIG" check
said "maxUnavailable is a number of pods or a percentage"
