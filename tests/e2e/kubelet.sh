#!/usr/bin/env bash
# What a kubelet does with pods that start, from a user's YAML, through run and
# gate: images, init containers, probes, the end of a pod.
. "$TOP/tests/e2e/lib.bash"

mkdir -p "$work/s/deploy"
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
  replicas: 2
  progressDeadlineSeconds: 40
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: c
          image: shop/web:1
          resources: {requests: {cpu: 1}}
          readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}
          lifecycle: {preStop: {sleep: {seconds: 3}}}
END
cat >model.yaml <<'END'
version: 1
services:
  web:
    startup: 3s
    init: {migrate: 5s}
    endpoints:
      GET /: [{cpu: 1ms}]
nodes: [{name: n, count: 3, cpu: 4}]
entry: [{service: web}]
images: {sizes: {"shop/web:big": 500M, "shop/**": 50M}, missing: "**:typo"}
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 50/s, duration: 100s, entry: web}
scenarios:
  - {name: rollout, rollout: {at: 10s}}
  - name: moved
    cordon: [{node: n-1, at: 5s}, {node: n-2, at: 5s}]
    delete-pod: [{service: web, at: 10s}]
gate: {runs: 2, checks: ["ratio(errors) <= 5%"]}
END
commit_all . "The system as it runs"

gate() { # STATUS SCENARIO
	expect "$1" "$TWINRIG" gate -v --scenario "$2"
}
edit() { # of the pod: EXPRESSION; another request makes it a change
	repo_git checkout -q .
	sed -i "s/cpu: 1}/cpu: 900m}/; $1" deploy/web.yaml
}

# --- a pull takes as long as the image is large -------------------------------
edit 's/web:1/web:2/'
gate 0 rollout
said 'web-[a-z0-9]+-1 Pulled: Successfully pulled image "shop/web:2" in'
said 'in 2\.300s'
said 'Image size: 50000000 bytes\.'
said '^ +2[0-9.]+s +default/web: 2 of 2 ready; 2 endpoints'
edit 's/web:1/web:big/'
gate 0 rollout
said 'in 20\.300s'
said '^ +1m1s +default/web: 2 of 2 ready; 2 endpoints'

# --- it is there where its pods were --------------------------------------------
edit 's/shop.web:1/&, imagePullPolicy: IfNotPresent/; s/image: \(.*\), image/image: \1\n          image/'
gate 0 rollout
said 'already present on machine'

# --- an image that nobody has hangs the rollout, and harms nobody --------------
edit 's/web:1/web:typo/'
gate 1 rollout
said 'web-[a-z0-9]+-1 Failed: Error: ImagePullBackOff'
said 'ProgressDeadlineExceeded: ReplicaSet "web-'
said '2 fields, 0 of them not modelled'
said '^FAIL +in rollout 1 of 1 workloads would not start: [12] new pods'
said 'PASS|pass'

# --- so does a registry that is away ---------------------------------------------
repo_git checkout -q .
sed -i 's/^    delete-pod/    faults: [{kind: registry-down, image: "shop\/*", at: 0s, for: 60s}]\n&/' twinrig.yaml
expect 0 "$TWINRIG" run --scenario moved --watch pods
said '^10s +default/web-[a-z0-9-]*3 +0/1 +Pending '
said '^10\.3s +default/web-[a-z0-9-]*3 +0/1 +ErrImagePull '
said '^10\.3s +default/web-[a-z0-9-]*3 +0/1 +ImagePullBackOff '
said '^1m2[0-9.]*s +default/web-[a-z0-9-]*3 +1/1 +Running '
sed -i 's/^images:.*//' model.yaml
expect 2 "$TWINRIG" run --scenario moved
said 'twinrig.yaml:8:21: error: no model says .images:.'
repo_git checkout -q .

# --- a worker has a model, and no Service ------------------------------------------
sed '1,/^---/d; s/name: web/name: wab/; s/app: web/app: wab/g' deploy/web.yaml >deploy/worker.yaml
sed -i 's/^services:/&\n  default\/wab: {startup: 1s}/' model.yaml
expect 0 "$TWINRIG" check
unsaid 'unknown-service'
said ' 3 nodes$'
rm deploy/worker.yaml
expect 0 "$TWINRIG" check
said "model.yaml:[0-9]+:3: warning: no manifest has a service 'default/wab' \[unknown-service\]"
repo_git checkout -q .

# --- init containers: one that ends, one that never does ---------------------------
edit 's/^      containers:/      initContainers: [{name: migrate, image: "shop\/migrate:1"}]\n&/'
gate 0 rollout
said 'web-[a-z0-9]+-1 Started: Started container migrate'
said '^ +36\.9s +default/web: 2 of 2 ready; 2 endpoints'
sed -i 's/migrate: 5s/migrate: {runs: 5s, fails: 100%}/' model.yaml
gate 1 rollout
said 'BackOff: Back-off restarting failed'
said '^FAIL +in rollout 1 of 1 workloads would not start: [12] new pods'
repo_git checkout -q .

# --- requests that come between TERM and the callers' hearing of it ----------------
edit 's/web:1/web:2/'
gate 0 rollout
said 'all +0% +0% +0pp'
repo_git checkout -q .
sed -i '/preStop/d' deploy/web.yaml
commit_all . "Stop at once"
edit 's/web:1/web:2/'
gate 0 rollout
said 'all +0% +[0-9]\.[0-9]+% +\+[0-9.]+pp'

# --- a node that is short of memory ---------------------------------------------------
repo_git checkout -q .
sed -i 's/init: {migrate: 5s}/memory: {base: 60Mi, leak: 200Ki}/; s/cpu: 4}/cpu: 4, memory: 500Mi}/' model.yaml
sed -i 's/requests: {cpu: 1}/requests: {cpu: 1, memory: 100Mi}/' deploy/web.yaml
sed -i 's/^scenarios:/&\n  - {name: leaks, traffic: {duration: 200s}}/; s/  - {name: rollout.*//' twinrig.yaml
expect 0 "$TWINRIG" run --scenario leaks
said 'n-[123] NodeHasInsufficientMemory: Node n-[123] status is now'
said 'EvictionThresholdMet: Attempting to reclaim memory'
said 'default/web-[a-z0-9-]*[12] Evicted: The node was low on resource: memory\.'
expect 0 "$TWINRIG" run --scenario leaks --watch pods
said '^[0-9ms.]+ +default/web-[a-z0-9-]*[12] +[01]/1 +Evicted '
repo_git checkout -q .

# --- liveness that kills every start, and a startup probe that holds it off ---------
sed -i 's/startup: 3s/startup: 20s/' model.yaml
commit_all . "It starts slowly"
edit 's/^          readinessProbe/          livenessProbe: {httpGet: {path: \/, port: 80}, periodSeconds: 5}\n&/'
gate 1 rollout
said 'web-[a-z0-9]+-1 Unhealthy: liveness probe failed'
said 'Killing: Container c failed liveness probe, will be restarted'
said 'BackOff: Back-off restarting failed'
said '^FAIL +in rollout 1 of 1 workloads would not start: [12] new pods'
said '4 fields, 2 of them not modelled'
sed -i 's/^          livenessProbe/          startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 6}\n&/' deploy/web.yaml
gate 0 rollout
said '2 of 2 ready; 2 endpoints$'

# --- what is wrong is told where it stands ------------------------------------------
sed -i 's/sizes: {"shop.web:big": 500M/bandwith: 5MB\/s, sizes: {"shop\/web:big": 500/' model.yaml
expect 2 "$TWINRIG" check
said "model.yaml:[0-9]+:[0-9]+: error: .*bandwith"
said "model.yaml:[0-9]+:[0-9]+: error: size: "
sed -i 's/bandwith: 5MB.s/bandwidth: 5MB/; s/500,/500M,/' model.yaml
expect 2 "$TWINRIG" check
said "bandwidth: expected a bandwidth such as 200Mbit/s or 25MB/s, not '5MB'"
