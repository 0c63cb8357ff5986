#!/usr/bin/env bash
# Claims and their volumes, from a user's YAML, through check, run and gate.
. "$TOP/tests/e2e/lib.bash"

mkdir -p "$work/s/deploy" "$work/before"
cd "$work/s" || exit 1
cat >deploy/web.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      volumes: [{name: f, persistentVolumeClaim: {claimName: files}}]
      containers:
        - {name: c, image: "web:1", resources: {requests: {cpu: 3}}, readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}}
END
cat >model.yaml <<'END'
version: 1
services:
  web:
    startup: 3s
    endpoints:
      GET /: [{cpu: 1ms}]
nodes: [{name: a, count: 2, cpu: 4, zone: a}, {name: b, count: 2, cpu: 4, zone: b}]
entry: [{service: web}]
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 20/s, duration: 80s, entry: web}
scenarios:
  - {name: zone, drain: [{zone: a, at: 10s}]}
  - {name: rollout, rollout: {at: 10s}}
  - {name: restart, faults: [{kind: rollout-restart, workload: "*/web", at: 10s}]}
gate: {runs: 1, checks: ["ratio(errors) <= 50%"]}
END
cp -r . "$work/before/"

expect 0 "$TWINRIG" check
said '0 errors, 0 warnings'
# Its volume is in zone a: no other zone will do.
expect 0 "$TWINRIG" run --scenario zone
said 'FailedScheduling: 0/4 nodes are available: 2 node\(s\) had volume node affinity conflict, 2 node\(s\) were unschedulable\.'
# The same of a file system that every node reaches.
sed -i 's/ebs.csi.aws.com/efs.csi.aws.com/' deploy/web.yaml
expect 0 "$TWINRIG" run --scenario zone
unsaid 'FailedScheduling'
said 'Successfully assigned default/web-[^ ]+ to b-'
sed -i 's/efs.csi/ebs.csi/' deploy/web.yaml

# A rolling update whose new pod waits for the old one's volume, for ever.
sed -i 's/type: Recreate/type: RollingUpdate/; s/cpu: 3/cpu: 2500m/' deploy/web.yaml
expect 0 "$TWINRIG" check
said 'deploy/web.yaml:17:1: warning: a rollout of default/web starts the new pod before the old one goes, and both have the claim default/files, which is ReadWriteOnce \[volume-blocks-rollout\]'
expect 4 "$TWINRIG" gate --no-store --baseline "$work/before" --scenario rollout
said 'FailedAttachVolume: Multi-Attach error for volume "pvc-files"$'
said '^ +Volume is already used by pod\(s\) web-'
expect 0 "$TWINRIG" run --scenario restart
unsaid 'SuccessfulAttachVolume'

# A change of a claim is a difference that the twin knows.
sed -i 's/ReadWriteOnce/ReadWriteMany/' deploy/web.yaml
expect 0 "$TWINRIG" check --baseline "$work/before"
said 'spec.accessModes\[0\]: ReadWriteOnce -> ReadWriteMany'
unsaid 'accessModes.*not modelled'
sed -i 's/ReadWriteMany/ReadWriteOnce/; s/replicas: 1/replicas: 3/' deploy/web.yaml
expect 0 "$TWINRIG" check
said '3 pods of default/web share the claim default/files, which is ReadWriteOnce \[volume-shared\]'

# What nothing binds, and what nobody declares.
sed -i 's/replicas: 3/replicas: 1/; s/type: RollingUpdate/type: Recreate/; s/ebs.csi.aws.com/kubernetes.io\/no-provisioner/' deploy/web.yaml
expect 0 "$TWINRIG" check
said 'nothing can bind the claim default/files \[claim-unbound\]'
said "0/4 nodes are available: 4 node\(s\) didn't find available persistent volumes to bind\."
sed -i 's/claimName: files/claimName: other/' deploy/web.yaml
expect 0 "$TWINRIG" check
said 'no manifest declares the claim default/other of default/web \[claim-not-declared\]'

# What is wrong is pointed at.
sed -i 's/\[ReadWriteOnce\]/[ReadWriteTwice]/; s/WaitForFirst/WaitForAnother/' deploy/web.yaml
expect 2 "$TWINRIG" check
said "an access mode is ReadWriteOnce, .*not 'ReadWriteTwice'"
said "volumeBindingMode is Immediate or WaitForFirstConsumer, not 'WaitForAnotherConsumer'"

# The candidate runs in its baseline's cluster: its claim stays where it is,
# though a new zone has more room, and the claim's name would pick another one.
cp -r "$work/before" "$work/after"
cd "$work/after" || exit 1
sed -i 's/WaitForFirstConsumer/Immediate/' deploy/web.yaml
cp -r . "$work/before2"
sed -i 's/cpu: 3}/cpu: 2500m}/' deploy/web.yaml
sed -i 's/zone: b}\]/zone: b}, {name: c, cpu: 64, memory: 256Gi, zone: c}]/' model.yaml
expect 4 "$TWINRIG" gate --no-store --baseline "$work/before2" --scenario rollout
said 'Successfully assigned default/web-[^ ]+ to a-'
expect 4 "$TWINRIG" gate --no-store --baseline "$work/before2" --scenario zone
said 'FailedScheduling: 0/5 nodes are available: 2 node\(s\) were'
said 'unschedulable, 3 node\(s\) had volume node affinity conflict\.'

# A claim of each pod: the new pods of a rollout have their own, which is
# attached 5 s after they are scheduled.
cd "$work/after" || exit 1
sed -i 's/persistentVolumeClaim: {claimName: files}/ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}}}/' deploy/web.yaml
sed -i 's/type: Recreate/type: RollingUpdate/; s/cpu: 2500m/cpu: 1/; s/Immediate/WaitForFirstConsumer/' deploy/web.yaml
expect 0 "$TWINRIG" check
said '0 errors, 0 warnings'
rm -rf "$work/before2" && cp -r . "$work/before2"
sed -i 's/storage: 1Gi}}}}}/storage: 2Gi}}}}}/' deploy/web.yaml
expect 4 "$TWINRIG" gate --no-store --baseline "$work/before2" --scenario rollout
said '15s +default/web: 1 of 1 ready, 1 not ready; 1 endpoint'
said '"pvc-web-[0-9a-f]+-1-f"'
unsaid 'not modelled.*ephemeral|Multi-Attach'
sed -i 's/ephemeral: {volumeClaimTemplate: {spec: {accessModes: \[ReadWriteOnce\]/ephemeral: {volumeClaimTemplate: {spec: {accessModes: [Once]/' deploy/web.yaml
expect 2 "$TWINRIG" check
said "an access mode is ReadWriteOnce, .*not 'Once'"

# The cluster autoscaler: the node of the other zone is free and of no use, so
# another one comes where the volume is; a candidate's group has none to give.
cp -r "$work/before" "$work/grown"
cd "$work/grown" || exit 1
sed -i 's/^nodes:.*/nodes: [{name: a, count: 1, max: 3, provisioning: 15s, cpu: 4, zone: a}, {name: b, count: 1, max: 3, provisioning: 15s, cpu: 4, zone: b}]/' model.yaml
expect 0 "$TWINRIG" run --scenario zone
said 'TriggeredScaleUp: pod triggered scale-up: \[\{a 1->2 \(max: 3\)\}\]'
said 'Successfully assigned default/web-[^ ]+ to a-2'
sed -i 's/max: 3, provisioning: 15s, cpu: 4, zone: a/max: 1, cpu: 4, zone: a/' model.yaml
expect 0 "$TWINRIG" run --scenario zone
said "NotTriggerScaleUp: pod didn't trigger scale-up"
unsaid 'RegisteredNode'
