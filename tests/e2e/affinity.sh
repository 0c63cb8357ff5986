#!/usr/bin/env bash
# Keys of requests, from captures and manifests to the verdict: a hot user on a
# ring, sessions of a Service, cookies of an ingress, and nothing that leaks.
. "$TOP/tests/e2e/lib.bash"

mkdir -p app/deploy app/captures
cat >app/deploy/app.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: cart}
spec:
  selector: {app: cart}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  replicas: 4
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: c, image: "cart:1"}]}
END
cat >app/model.yaml <<'END'
version: 1
services:
  cart:
    workers: 1
    endpoints:
      GET /: [{wait: 8ms}]
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {capture: captures/a.log, entry: cart}
gate:
  runs: 2
  checks: [p99(latency) <= 60ms]
END
# 200 requests a second; every second one is made by 10.0.0.1.
for i in {0..1999}; do
	printf '10.0.0.%d - - [23/Nov/2026:10:05:%02d +0000] "GET /?n=%d HTTP/1.1" 200 5\n' \
		$((i % 2 ? i % 97 + 2 : 1)) $((i / 200)) "$i"
done >app/captures/a.log
commit_all app "The cart as it runs"

served() { # how many requests each replica began, most first
	grep -oE 'starts on default/cart-[0-9]' out | sort | uniq -c |
		sort -rn | awk '{print $1}' | paste -sd' '
}

expect 0 env -C app "$TWINRIG" run --events
[[ $(served) == "500 500 500 500" ]] || fail "round robin: $(served)"

# The hot user's replica has no room for half of all requests: 8 ms x 100/s is
# 80% of it, and the others' on top.
cat >app/deploy/rule.yaml <<'END'
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart}
spec:
  host: cart
  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}
END
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most > 1000)) || fail "the ring: $(served)"
expect 1 env -C app "$TWINRIG" gate
said 'p99\(latency\) <= 60ms'
said "0 of them not modelled"

# The same of a Service's clients, behind no ingress.
rm app/deploy/rule.yaml
sed -i 's/  ports/  sessionAffinity: ClientIP\n&/' app/deploy/app.yaml
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most > 1000)) || fail "sessions: $(served)"
cat >app/deploy/in.yaml <<'END'
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: in}
spec: {defaultBackend: {service: {name: cart, port: {number: 80}}}}
END
expect 0 env -C app "$TWINRIG" run --events
[[ $(served) == "500 500 500 500" ]] || fail "behind an ingress: $(served)"
sed -i 's,name: in,&\, annotations: {nginx.ingress.kubernetes.io/affinity: cookie},' \
	app/deploy/in.yaml
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most > 1000)) || fail "a cookie: $(served)"

# Made-up users where the capture tells nothing.
sed -i 's/^10.0.0.[0-9]*/-/' app/captures/a.log
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most < 600)) || fail "nobody is known: $(served)"
sed -i 's/entry: cart/&, users: {count: 50, skew: 2}/' app/twinrig.yaml
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most > 1000)) || fail "made-up users: $(served)"
sed -i 's/, skew: 2//' app/twinrig.yaml
expect 0 env -C app "$TWINRIG" run --events
read -r most _ < <(served)
((most < 1000)) || fail "all users alike: $(served)"

# Who asked goes on through conversion, redacted.
printf '10.1.2.3 - uma [23/Nov/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5\n%.0s' 1 2 \
	>who.log
expect 0 "$TWINRIG" capture convert --format jsonl -o who.jsonl who.log
grep -qE '10\.1\.2\.3|uma' who.jsonl && fail "who asked leaks"
[[ $(grep -oE '"client":"redacted-[0-9a-f]{12}","user":"redacted-[0-9a-f]{12}"' \
	who.jsonl | sort -u | wc -l) == 1 ]] || fail "who asked is lost"

# What makes no sense.
cat >>app/model.yaml <<'END'
policies:
  - callee: cart
    balancer: maglev
    load-balancing:
      hash: {header: a, cookie: b}
      session-timeout: 1m
      table-size: 12
  - {callee: cart, load-balancing: {session-timeout: 1m}}
END
expect 2 env -C app "$TWINRIG" check
said "'table-size' must be a prime"
said "'session-timeout' needs a 'hash'"
said 'header.*cookie'
