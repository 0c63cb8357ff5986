#!/usr/bin/env bash
# An autoscaler in the run: it lags, and what a pull request does to it shows in
# the gate: a lower maximum, a window that holds it back, requests that are
# gone. A blind one is told before a run and in it. KEDA wakes pods from 0.
. "$TOP/tests/e2e/lib.bash"

cp -r "$top/fixtures/autoscaling" "$work/api"
cd "$work/api"
repo_git init -q .
commit_all . "An autoscaler"

again() { repo_git checkout -q .; }
gate() { expect "$1" "$TWINRIG" gate --baseline HEAD; }

# --- it lags: the golden timeline -------------------------------------------
expect 0 "$TWINRIG" run --watch events
diff "$top/fixtures/autoscaling/timeline.txt" "$work/out" ||
	fail "the timeline of the autoscaler's reaction differs"
sed 's/  */ /g' "$top/docs/autoscaling.md" >"$work/manual"
tail -n +3 "$work/out" | sed 's/  */ /g; s/ Normal / /' >"$work/lines"
while read -r line; do
	[[ ! $line ]] || grep -qxF -- "$line" "$work/manual" ||
		fail "not in the manual: $line"
done <"$work/lines"
expect 0 "$TWINRIG" run
said 'shop/api  2\.\.10: 2 pods, 7 at most, 7 at the end; 2 rescales'

# --- a lower maximum ---------------------------------------------------------
sed -i 's/maxReplicas: 10/maxReplicas: 3/' deploy/api.yaml
gate 1
said 'undo +with `maxReplicas: 10` restored'
said 'spec.maxReplicas: 10 -> 3'
said '0 of them not modelled'
expect 0 "$TWINRIG" run
said 'wanted up to [0-9]+ in [0-9]+ of [0-9]+ syncs'
again

# --- a behaviour that holds it back ------------------------------------------
printf '  behavior: {scaleUp: {stabilizationWindowSeconds: 300}}\n' >>deploy/api.yaml
gate 1
said 'undo +without `behavior: .*stabilizationWindowSeconds: 300'
again

# --- requests that are gone: blind ---------------------------------------------
sed -i '/resources:/d; /requests: {cpu/d' deploy/api.yaml
gate 1
said 'undo .*requests'
expect 0 "$TWINRIG" check
said 'deploy/api.yaml:[0-9]+:[0-9]+: warning: shop/api scales shop/api by a percentage of its cpu request, and the container api requests none \[autoscaler-blind\]'
expect 0 "$TWINRIG" run --watch events
said 'Warning +FailedGetResourceMetric +horizontalpodautoscaler/shop/api .*missing request for cpu'
expect 0 "$TWINRIG" run
said 'BLIND in [0-9]+ of [0-9]+ syncs'
again

# --- a metric that nobody knows, and one that the model knows ------------------
sed -i 's/- type: Resource/- type: Pods/; s/resource: {name: cpu, target.*/pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: "40"}}/' \
	deploy/api.yaml
expect 0 "$TWINRIG" check
said 'the twin does not know the metric rps: the autoscaler shop/api does without \[autoscaler-unknown-metric\]'
printf 'metrics: {rps: {measure: request-rate}}\n' >>twins/api.yaml
expect 0 "$TWINRIG" run
said 'shop/api  2\.\.10: 2 pods, 6 at most'
again

# --- a change of an autoscaler that the twin cannot follow is never green ----------
sed -i 's/cpu: {p50: 9ms, p99: 20ms}/wait: 9ms/' twins/api.yaml
commit_all . "Nobody says what it computes"
sed -i 's/averageUtilization: 60/averageUtilization: 90/' deploy/api.yaml
gate 4
said '1 field, 1 of them not modelled'
repo_git reset -q --hard HEAD~1

# --- KEDA: asleep until something waits -----------------------------------------
sed -i '/^---$/,$!b; /kind: HorizontalPodAutoscaler/,$d' deploy/api.yaml
sed -i '$d' deploy/api.yaml # its apiVersion
sed -i 's/^  selector: {matchLabels/  replicas: 0\n&/' deploy/api.yaml
cat >>deploy/api.yaml <<'END'
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: api, namespace: shop}
spec:
  scaleTargetRef: {name: api}
  maxReplicaCount: 4
  pollingInterval: 10
  triggers:
    - type: rabbitmq
      name: orders
      metadata: {queueName: orders, mode: QueueLength, value: "5"}
END
printf 'metrics: {orders: {value: 12}}\n' >>twins/api.yaml
expect 0 "$TWINRIG" run
said 'KEDAScaleTargetActivated: Scaled up the target from 0 to 1'
said 'shop/api  0\.\.4: 0 pods, 3 at most'
expect 0 "$TWINRIG" run --watch events
said 'KEDAScaleTargetActivated +scaledobject/shop/api '
said 'SuccessfulRescale +horizontalpodautoscaler/shop/keda-hpa-api '
sed -i 's/^  maxReplicaCount: 4/&\n  minReplicaCount: 2\n  idleReplicaCount: 0/' deploy/api.yaml
expect 0 "$TWINRIG" run
said 'KEDAScaleTargetActivated: Scaled up the target from 0 to 2'
again

# --- pods without room, and nodes that come for them -------------------------------
sed -i 's/count: 3, cpu: 4, memory: 16Gi/count: 2, cpu: 1, memory: 4Gi/' twins/api.yaml
expect 0 "$TWINRIG" check
said 'autoscaler-no-room'
expect 0 "$TWINRIG" run
said 'FailedScheduling: 0/2 nodes are available: 2 Insufficient cpu'
sed -i 's/count: 2, cpu/count: 2, max: 6, provisioning: 40s, cpu/' twins/api.yaml
expect 0 "$TWINRIG" run
said 'shop/api-5 TriggeredScaleUp: pod triggered scale-up: \[\{worker 2->4 \(max: 6\)\}\]'
said '2m14s .*nodes|nodes: 4 of 4 ready'
sed -i 's/max: 6/max: 1/' twins/api.yaml
expect 2 "$TWINRIG" check
said "twins/api.yaml:[0-9]+:[0-9]+: error: there are 2 nodes 'worker', which is not in 2..1"
again

# --- what is wrong is told where it stands ---------------------------------------
sed -i 's/maxReplicas: 10/maxReplicas: 1/; s/name: api}$/name: apy}/' deploy/api.yaml
expect 2 "$TWINRIG" check
said 'deploy/api.yaml:[0-9]+:[0-9]+: error: .*maxReplicas 1 is less than minReplicas 2'
again
sed -i 's/kind: Deployment, name: api}/kind: Deployment, name: apy}/' deploy/api.yaml
expect 0 "$TWINRIG" check
said 'shop/api scales the Deployment shop/apy, which is not there \[autoscaler-target\]'

# --- nodes that are not needed go, and what a DaemonSet has there goes with them ---
mkdir -p "$work/nodes/deploy"
cd "$work/nodes"
cat >deploy/web.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "web:1", resources: {requests: {cpu: 500m}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: kube-system}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: c, image: "agent:1", resources: {requests: {cpu: 100m}}}]}
END
cat >model.yaml <<'END'
version: 1
autoscaling: {scale-down-unneeded-time: 60s, scale-down-delay-after-add: 30s}
services:
  web: {endpoints: {GET /: [{cpu: 1ms}]}}
nodes: [{name: n, count: 4, min: 1, max: 6, provisioning: 30s, cpu: 2, memory: 4Gi}]
entry: [{service: web}]
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 20/s, duration: 300s, entry: web}
scenarios:
  - {name: shrink, scale: [{workload: web, replicas: 8, at: 200s}]}
END
expect 0 "$TWINRIG" run --watch events
[[ $(grep -c RemovingNode "$work/out") == 3 && $(grep -c RegisteredNode "$work/out") == 2 ]] ||
	fail "one node is enough, later three are needed: $(cat "$work/out")"
grep -q 'Killing.*agent' "$work/out" && fail "a DaemonSet's pod is not drained"
said '3m54s .*Started +pod/kube-system/agent-'
expect 0 "$TWINRIG" run
said 'kube-system/agent: 1 of 1 ready; 1 endpoint'
unsaid 'agent: 3 of 4 ready'
