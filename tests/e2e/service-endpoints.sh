#!/usr/bin/env bash
# Which endpoints a caller's node sends to: traffic policies, the distribution
# over zones, endpoints that are being deleted where there are no others.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"

mkdir -p "$work/sys/deploy" "$work/sys/twins"
cd "$work/sys"
cat >deploy/app.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "web:1", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  replicas: 2
  strategy: {type: Recreate}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: db:1
          ports: [{containerPort: 80}]
          lifecycle: {preStop: {sleep: {seconds: 10}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  selector: {app: db}
  ports: [{port: 80}]
END
cat >twins/app.yaml <<'END'
version: 1
services:
  web:
    endpoints:
      GET /: [{cpu: 1ms}, {call: "db:GET /"}]
  db:
    endpoints:
      GET /: [{cpu: 1ms}]
nodes:
  - {name: a, count: 2, zone: a, cpu: 4, memory: 8Gi}
  - {name: b, count: 2, zone: b, cpu: 4, memory: 8Gi}
network: {same-zone: 0.2ms, cross-zone: 20ms}
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [twins/*.yaml]}
traffic: {rate: 100/s, duration: 60s, entry: web}
scenarios:
  - {name: steady}
END

# calls SERVICE: their count, errors, and the largest latency in ms
calls() {
	expect 0 "$TWINRIG" run -q --json "$work/r.json"
	python3 - "$1" "$work/r.json" <<'END'
import json, sys
for c in json.load(open(sys.argv[2]))["runs"][0]["calls"]:
    if c["service"] == "default/" + sys.argv[1] and c["side"] == "client":
        print(c["count"], c["errors"], c["latencyNs"]["max"] // 1000000)
END
}
# without KEY; service_with SERVICE "KEY: VALUE"
without() {
	sed -i "/^  $1/d" deploy/app.yaml
}
service_with() {
	python3 - "$1" "$2" <<'END'
import re, sys
p = "deploy/app.yaml"
docs = open(p).read().split("---\n")
for i, d in enumerate(docs):
    if "kind: Service" in d and "name: %s}" % sys.argv[1] in d:
        docs[i] = d.replace("spec:\n", "spec:\n  %s\n" % sys.argv[2])
open(p, "w").write("---\n".join(docs))
END
}

read -r n errors max < <(calls db)
[[ $errors -eq 0 && $max -eq 21 ]] || fail "zones are crossed: $n $errors $max"
for way in PreferSameZone PreferClose PreferSameNode; do
	service_with db "trafficDistribution: $way"
	read -r n errors max < <(calls db)
	[[ $errors -eq 0 && $max -le 2 ]] || fail "$way: $n $errors $max"
	without trafficDistribution
done
# Two of four nodes have no db: what comes from there is dropped.
service_with db "internalTrafficPolicy: Local"
read -r n errors max < <(calls db)
[[ $((errors * 10)) -gt $((n * 4)) && $((errors * 10)) -lt $((n * 6)) ]] ||
	fail "Local: $n $errors"
[[ $max -ge 1000 ]] || fail "what is dropped is not answered at once: $max"
without internalTrafficPolicy
service_with db "internalTrafficPolicy: local"
expect 2 "$TWINRIG" check
said "deploy/app.yaml:[0-9]+:[0-9]+: error: .*is one of Cluster, Local; did you mean 'Local'\?"
without internalTrafficPolicy

# --- all are being deleted: those that still serve are used -----------------------
commit_all . "As it runs"
sed -i 's/name: steady/name: steady, rollout: {at: 20s}/' twinrig.yaml
commit_all . "A rollout"
sed -i 's/db:1$/db:2/; s/^        - name: db$/&\n          resources: {requests: {cpu: 10m}}/' deploy/app.yaml
expect 1 "$TWINRIG" gate --no-store --runs 3
# preStop ends at 30 s: until then nothing fails.
said 'differs from 30s on'
sed -i 's/^  selector: {app: db}$/&\n  clusterIP: None/' deploy/app.yaml
expect 1 "$TWINRIG" gate --no-store --runs 3
# DNS gives no address of a pod that is being deleted; callers learn that
# endpoint-delay (1 s) later.
said 'differs from 21s on'
