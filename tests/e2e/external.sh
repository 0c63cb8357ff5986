#!/usr/bin/env bash
# Dependencies outside the manifests: told of, then modelled as black boxes.
. "$TOP/tests/e2e/lib.bash"

mkdir app
cat >app/app.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: c
          image: "web:1"
          env:
            - {name: DB_URL, value: "postgres://u@db.eu.rds.example.com:5432/x"}
            - {name: PAY_URL, value: "https://api.pay.example.com/v1"}
            - {name: MAIL, value: "http://mail/send"}
---
apiVersion: v1
kind: Service
metadata: {name: mail}
spec: {type: ExternalName, externalName: smtp.mail.example.com}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay}
spec: {hosts: [api.pay.example.com, "*.other.example.com"], location: MESH_EXTERNAL}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pay}
spec:
  hosts: [api.pay.example.com]
  http:
    - route: [{destination: {host: api.pay.example.com}}]
      timeout: 20ms
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [app.yaml]}
traffic: {entry: web, rate: 100/s, duration: 20s}
END
expect 0 env -C app "$TWINRIG" check
said 'outside, not modelled: db.eu.rds.example.com, smtp.mail.example.com, api.pay.example.com$'
expect 0 env -C app "$TWINRIG" check -v
said 'default/web calls db.eu.rds.example.com \(env DB_URL\), and nothing says how'

cat >app/model.yaml <<'END'
version: 1
external:
  db.eu.rds.example.com: {latency: 10ms, capacity: 1, max-connections: 1}
  api.pay.example.com: {latency: 50ms}
  smtp.mail.example.com: {latency: 1ms, rate-limit: 50/s, burst: 1}
nodes: [{name: n, count: 1}]
END
sed -i 's/app.yaml\]/&, models: [model.yaml]/' app/twinrig.yaml
expect 0 env -C app "$TWINRIG" check -v
said 'default/web -> external/db.eu.rds.example.com  env DB_URL'
grep -qE 'not modelled:|nothing says how' out err && fail "all is modelled"
expect 0 env -C app "$TWINRIG" run --json run.json
# One connection of 10 ms at 100/s: Erlang B says that half are refused; the
# route's timeout cuts all of the 50 ms. A limit of 50/s without a burst loses
# as one server of 20 ms without a queue: two thirds (Erlang B, a = 2).
python3 - out <<'END' || fail "not as it should be"
import re, sys
rows = {}
for line in open(sys.argv[1]):
    m = re.match(r"  default/web -> (\S+) \* +(\d+) +([0-9.]+)%", line)
    if m:
        rows[m[1]] = float(m[3])
assert 45 < rows["external/db.eu.rds.example.com"] < 55, rows
assert rows["external/api.pay.example.com"] == 100, rows
assert 63 < rows["default/mail"] < 70, rows
END
# A bucket of 500 that is full at first lets 500 + 50/s * 20 s of 2000 through.
sed -i 's/burst: 1}/burst: 500}/' app/model.yaml
expect 0 env -C app "$TWINRIG" run
awk '$3 == "default/mail" { lost = $6 + 0; exit !(lost > 21 && lost < 29) }' out ||
	fail "not a quarter is lost: $(grep default/mail out)"
# What stands outside does not die with a node.
cat >>app/twinrig.yaml <<'END'
scenarios:
  - name: down
    faults: [{kind: node-down, node: n, at: 5s, for: 5s}]
END
expect 0 env -C app "$TWINRIG" run
said 'external/db.eu.rds.example.com +1 +0 '

# A brown-out of it: half its capacity, twice its time.
sed -i '/kind: node-down/s/{.*}/{kind: brown-out, service: external\/db.eu.rds.example.com, capacity: 50%, latency: 2x, at: 0s}/' app/twinrig.yaml
sed -i 's/latency: 10ms, capacity: 1, max-connections: 1/latency: 10ms, capacity: 4, max-connections: 4/' app/model.yaml
expect 0 env -C app "$TWINRIG" run
# Erlang B of two places at an offered load of two: 40%.
said 'external/db.eu.rds.example.com \* +[0-9]+ +(3[89]|4[0-2])\.[0-9]+% .* 19.99ms'

# Who has waited too long for a place is refused; else it waits on.
sed -i 's/capacity: 4, max-connections: 4/capacity: 1, max-connections: 1000/' app/model.yaml
refused() {
	expect 0 env -C app "$TWINRIG" run
	awk '/default\/web -> external\/db/ { sub("%", "", $6); print $6 }' "$work/out"
}
before=$(refused)
sed -i 's/max-connections: 1000/&, queue-time: 50ms/' app/model.yaml
after=$(refused)
awk -v a="$before" -v b="$after" 'BEGIN { exit !(b > a + 20) }' ||
	fail "queue-time: $before% before, $after% after"
sed -i 's/max-connections: 1000/max-connections: 0/' app/model.yaml
expect 2 env -C app "$TWINRIG" check
said "max-connections"
