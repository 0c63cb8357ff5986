#!/usr/bin/env bash
# What starts after what, and what comes from a backup, when a zone is lost for good
# and when both come back.
. "$TOP/tests/e2e/lib.bash"

cat >app.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - {name: api, image: "api:1", readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100,
        preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}}]}}
      containers:
        - {name: db, image: "db:1", readinessProbe: {tcpSocket: {port: 5432}, periodSeconds: 1}}
END
cat >model.yaml <<'END'
version: 1
services:
  shop/api: {starts-after: [db], startup: 5s, endpoints: {GET /: [{call: db}]}}
  shop/db: {restore: 2m, startup: 10s, endpoints: {"*": [{wait: 2ms}]}}
nodes:
  - {name: a, count: 2, zone: a, cpu: 4, memory: 8Gi}
  - {name: b, count: 2, zone: b, cpu: 4, memory: 8Gi}
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [app.yaml], models: [model.yaml]}
traffic: {entry: api, rate: 5/s, duration: 10m}
scenarios:
  - {name: gone, faults: [{kind: zone-down, zone: a, at: 20s}]}
  - {name: back, faults: [{kind: zone-down, zone: "a,b", at: 20s, for: 60s}]}
END

# --- for good: the data come from a backup, and who needs them waits -----------
expect 0 "$TWINRIG" run --scenario gone --watch events
said '^6m9s +Normal +Restoring +pod/shop/db-2 +restores its data from a backup, which takes 2m$'
said '^6m19s +Normal +Waiting +pod/shop/api-3 +waits for shop/db, of which no pod is ready$'
[[ $(grep -c Waiting "$work/out") -eq 1 ]] || fail "it is told more than once"
expect 0 "$TWINRIG" run --scenario gone --watch pods
# 6m9s + 2m + 10s; seen a second later at the latest, and 5 s after that.
said '^8m19s +shop/db-2 +1/1 +Running'
said '^8m24s +shop/api-3 +1/1 +Running'

# --- back on their own nodes: nothing is restored, and the order holds ----------
expect 0 "$TWINRIG" run --scenario back --watch events
! grep -q Restoring "$work/out" || fail "data that were there are restored"
said '^1m20s .* Waiting +pod/shop/api-1 '
said '^1m20s .* Started +pod/shop/db-1 '
expect 0 "$TWINRIG" run --scenario back --watch pods
# 10 s; seen a second later at the latest, and 5 s after that.
said '^1m30s +shop/db-1 +1/1 +Running'
said '^1m35s +shop/api-1 +1/1 +Running'

# --- without the keys ------------------------------------------------------------
sed -i 's/restore: 2m, //; s/starts-after: \[db\], //' model.yaml
expect 0 "$TWINRIG" run --scenario gone --watch pods
said '^6m19s +shop/db-2 +1/1 +Running'
said '^6m24s +shop/api-3 +1/1 +Running'

# --- what is wrong ----------------------------------------------------------------
sed -i 's/{startup: 5s/{starts-after: [db], startup: 5s/; s/{startup: 10s/{starts-after: [api], startup: 10s/' \
	model.yaml
expect 2 "$TWINRIG" check
said 'model.yaml:3:29: error: starts-after: shop/api waits for itself in the end'
sed -i 's/after: \[api\]/after: [apo]/' model.yaml
expect 2 "$TWINRIG" check
said "error: starts-after: there is no service 'apo'"
