#!/usr/bin/env bash
# A VerticalPodAutoscaler in the run: it samples, recommends and evicts as a
# budget lets it, or resizes in place; what a pull request does to it shows in
# the gate; what cannot work is told before a run.
. "$TOP/tests/e2e/lib.bash"

cp -r "$top/fixtures/vertical" "$work/api"
cd "$work/api"
repo_git init -q .
commit_all . "A VerticalPodAutoscaler"

again() { repo_git checkout -q .; }
run() { expect 0 "$TWINRIG" run "$@"; }
mode() { sed -i "s/updateMode: Recreate/updateMode: $1/" deploy/api.yaml; }

# --- it evicts, one by one: the golden timeline --------------------------------
run --watch events
diff "$top/fixtures/vertical/timeline.txt" "$work/out" ||
	fail "the timeline of the evictions differs"
run --watch vpa
said '^1m12s +shop/api +Recreate +350m +410771395 +True'
run
said 'shop/api  Recreate, cpu 379m \(350 at first\), memory 391Mi; 4 evicted, 6 evictions refused by budgets'
run --json "$work/run.json"
python3 - "$work/run.json" <<-'END' || fail "the JSON of it"
	import json, sys
	doc = json.load(open(sys.argv[1]))
	it = (doc["scenarios"] if "scenarios" in doc else doc["runs"])[0]["verticalAutoscalers"][0]
	assert it["evictions"] == 4 and it["cpuMillicores"]["target"] == 379, it
END

# --- in place, where the release does that -------------------------------------
mode InPlaceOrRecreate
run
said 'InPlaceOrRecreate, cpu 350m, memory 391Mi; 0 evicted, 4 resized in place'
said 'shop/api-1 InPlaceResizedByVPA: Pod was resized in place by VPA Updater\.'
sed -i '1a kubernetes: "1.32"' twins/api.yaml
expect 0 "$TWINRIG" check
said 'would resize pods as they run, which Kubernetes 1.32 does not do \[vpa-never-evicts\]'
run
said 'InPlaceOrRecreate, cpu 379m .*; 4 evicted'
again

# --- modes that evict nobody -----------------------------------------------------
mode Initial
run
said 'Initial, cpu 350m, memory 391Mi; 0 evicted'
run --scenario evening
unsaid EvictedByVPA
again
sed -i 's/replicas: 4/replicas: 1/; /kind: PodDisruptionBudget/,/^---/d' deploy/api.yaml
expect 0 "$TWINRIG" check
said 'deploy/api.yaml:[0-9]+:[0-9]+: warning: shop/api is in mode Recreate, and shop/api has 1 pod: fewer than 2 are never evicted \[vpa-never-evicts\]'
run
said 'TOO FEW pods to evict any at 6 looks'
sed -i 's/updateMode: Recreate/updateMode: Recreate, minReplicas: 1/' deploy/api.yaml
run
said 'Recreate, cpu [0-9]+m.*; [1-9] evicted'
again

# --- a pull request --------------------------------------------------------------
mode '"Off"'
expect 0 "$TWINRIG" gate --baseline HEAD --runs 3
said 'VerticalPodAutoscaler shop/api spec.updatePolicy.updateMode: Recreate'
said '1 field, 0 of them not modelled'
commit_all . "It only recommends"
sed -i 's/updateMode: "Off"/updateMode: Recreate/' deploy/api.yaml
expect 1 "$TWINRIG" gate --baseline HEAD --runs 3
said 'undo +with `updateMode: Off` restored'
repo_git reset -q --hard HEAD~1

# --- what it does to pods whose use nobody knows is never green ------------------------
sed -i 's/cpu: {p50: 9ms, p99: 20ms}/wait: 9ms/; /memory: {base/d' twins/api.yaml
commit_all . "Nobody says what it uses"
sed -i 's/cpu: "2"/cpu: "1"/' deploy/api.yaml
expect 4 "$TWINRIG" gate --baseline HEAD --runs 3
said '1 field, 1 of them not modelled'
repo_git reset -q --hard HEAD~1

# --- the transition: pods of the start were made without it ------------------------
mode '"Off"'
commit_all . "It only recommends"
sed -i 's/updateMode: "Off"/updateMode: Recreate/' deploy/api.yaml
sed -i 's/  - name: evening/&\n    rollout: {at: 10s}/' twinrig.yaml
run --baseline HEAD
said 'shop/api-1 EvictedByVPA'
repo_git reset -q --hard HEAD~1

# --- what its status says is the start ---------------------------------------------
cat >>deploy/api.yaml <<'END'
status:
  recommendation:
    containerRecommendations:
      - containerName: api
        lowerBound: {cpu: 126m, memory: 310Mi}
        target: {cpu: 587m, memory: 410771395}
        upperBound: {cpu: 1500m, memory: 900Mi}
END
run
said 'Recreate, cpu 587m, memory 391Mi; 0 evicted'
sed -i 's/target: {cpu: 587m/target: {cpu: 5/; s/cpu: "2"/cpu: "8"/; s/upperBound: {cpu: 1500m/upperBound: {cpu: 9/' deploy/api.yaml
expect 0 "$TWINRIG" check
said 'shop/api recommends 5000m cpu for a pod of shop/api, and the largest node has 4000m \[vpa-no-room\]'
run --watch pods
said 'shop/api-1 .* Pending'
again

# --- killed for want of memory: more of it -------------------------------------------
sed -i 's/memory: 512Mi/memory: 340Mi/' deploy/api.yaml
sed -i 's/per-request: 1Mi/per-request: 1Mi, leak: 6Ki/' twins/api.yaml
run
said 'memory [0-9]+Mi \(391 at first\); [1-9] evicted.* OOM kills'
again

# --- against an autoscaler, and other findings -------------------------------------------
cat >>deploy/api.yaml <<'END'
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}
END
expect 0 "$TWINRIG" check
said 'shop/api scales shop/api by its cpu, and shop/api changes its cpu request \[vpa-against-autoscaler\]'
again
sed -i 's/cpu: "2"/cpu: 50m/; s/kind: Deployment, name: api/kind: Deployment, name: apy/' deploy/api.yaml
expect 0 "$TWINRIG" check
said 'shop/api is about the Deployment shop/apy, which is not there \[vpa-target\]'
sed -i 's/name: apy/name: api/' deploy/api.yaml
expect 0 "$TWINRIG" check
said 'allows the container api of shop/api 50m cpu at most, and its manifest requests 100m \[vpa-below-request\]'
sed -i 's/updateMode: Recreate/updateMode: Recreat/; s/maxAllowed/controlledResources: [cpu, disk], minAllowed: {cpu: 3}, &/' deploy/api.yaml
expect 2 "$TWINRIG" check
said "updateMode is one of .*; did you mean 'Recreate'\?"
said "'disk' is no resource of a VPA"
said 'maxAllowed of cpu is less than its minAllowed'
