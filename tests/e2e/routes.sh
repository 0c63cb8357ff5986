#!/usr/bin/env bash
# Routes that depend on the request, mirrors and injected faults, from the
# manifests to the verdict.
. "$TOP/tests/e2e/lib.bash"

deployment() { # NAME VERSION
	cat <<-END
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1-$2}
		spec:
		  selector: {matchLabels: {app: $1, version: $2}}
		  template:
		    metadata: {labels: {app: $1, version: $2}}
		    spec: {containers: [{name: c, image: "$1:$2"}]}
	END
}

service() { # NAME
	cat <<-END
		---
		apiVersion: v1
		kind: Service
		metadata: {name: $1}
		spec: {selector: {app: $1}, ports: [{port: 80}]}
	END
}

mkdir -p app/deploy app/captures
{
	service web
	deployment web v1
	service cart
	deployment cart v1
	deployment cart v2
} >app/deploy/app.yaml
cat >app/deploy/routes.yaml <<'END'
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart}
spec:
  host: cart
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [shop.example]
  gateways: [gateway]
  http:
    - match: [{uri: {prefix: /old}}]
      redirect: {uri: /new}
    - match: [{uri: {prefix: /v1/}}]
      rewrite: {uri: /}
      route: [{destination: {host: web}}]
    - route: [{destination: {host: web}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  hosts: [cart]
  http:
    - match: [{headers: {end-user: {exact: jason}}}]
      fault: {delay: {percentage: {value: 100}, fixedDelay: 70ms}}
      route: [{destination: {host: cart, subset: v2}}]
    - route: [{destination: {host: cart, subset: v1}}]
      mirror: {host: cart, subset: v2}
      mirrorPercentage: {value: 100}
END
cat >app/model.yaml <<'END'
version: 1
defaults: {propagate: end-user}
services:
  web:
    endpoints:
      GET /: [{call: "cart:GET /cart"}]
      GET /items/{id}: [{call: "cart:GET /cart"}]
  cart:
    endpoints:
      GET /cart: [{wait: 3ms}]
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {capture: captures/a.jsonl}
gate:
  runs: 2
  checks: [max(latency) <= 60ms]
END
user=',["End-User","jason"]'
for i in {0..399}; do
	targets=(/ /v1/items/7 /old/x /items/3)
	printf '{"time":%d,"method":"GET","target":"%s","host":"shop.example","headers":[["Accept","*/*"]%s],"status":200}\n' \
		$((i * 50000000)) "${targets[i % 4]}" \
		"$([[ $((i % 20)) == 0 ]] && echo "$user")"
done >app/captures/a.jsonl

# 100 of 400 are redirected; 20 of the 300 others are jason's, who waits.
expect 0 env -C app "$TWINRIG" run --events
said 'outside -> way in /old +100 +0.000%'
said 'outside -> default/web GET / +100 .* 73ms'
said 'outside -> default/web GET /items/\{id\} +200 +0.000% +0.000% +3ms +3ms'
said 'default/web -> default/cart GET /cart +300 '
[[ $(grep -c 'starts.*cart-v2' out) == 300 ]] || fail "v2: its own and copies"
[[ $(grep -c 'starts.*cart-v1' out) == 280 ]] || fail "v1: all but jason's"

# What no service passes on is not there; an access log tells no header.
sed -i '/propagate/d' app/model.yaml
expect 0 env -C app "$TWINRIG" run
said 'outside -> default/web GET / +100 .* 3ms'
sed -i 's/"headers":.*\]\],//' app/captures/a.jsonl
sed -i 's/^services/defaults: {propagate: "end-*"}\n&/' app/model.yaml
expect 0 env -C app "$TWINRIG" run
said '300 calls met a route that asks for what the traffic does not tell'

# A pull request that changes such a route: what it does is not known.
commit_all app "With the route"
repo_git -C app checkout -q -b change
sed -i 's/- match: \[{headers.*/- match: [{headers: {end-user: {exact: jason}}}, {headers: {end-guest: {exact: anne}}}]/' \
	app/deploy/routes.yaml
commit_all app "A guest goes there too"
expect 4 env -C app "$TWINRIG" gate --baseline main
said 'met a route that asks for what the traffic$'
said 'header end-guest = anne'
expect 0 env -C app "$TWINRIG" gate --baseline change
