#!/usr/bin/env bash
# gRPC's service configs from where teams have them: an env value, a mounted
# ConfigMap, a file that a model names.
. "$TOP/tests/e2e/lib.bash"

mkdir app
cat >app/app.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - {name: CART_ADDR, value: "cart:80"}
            - name: CLIENT_CONFIG
              value: |
                {"methodConfig": [{"name": [{"service": "a.Cart"}], "retryPolicy":
                  {"maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "1s",
                   "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: "cart:1"}]}
END
cat >app/model.yaml <<'END'
version: 1
services:
  shop/web: {endpoints: {GET /: [{cpu: 1ms}, {call: "cart:a.Cart/Get"}]}}
  shop/cart: {endpoints: {a.Cart/Get: {steps: [{cpu: 1ms}], errors: 50%, status: 503}}}
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [app.yaml], models: [model.yaml]}
traffic: {entry: shop/web, rate: 50/s, duration: 40s}
scenarios: [{name: steady}]
gate: {runs: 4, checks: [ratio(errors) <= baseline + 1pp]}
END
retries() { # the share that `run` prints, in percent
	expect 0 env -C app "$TWINRIG" run
	awk '/shop\/web -> shop\/cart/ { sub("%", "", $7); print $7 }' "$work/out"
}
within() { # LEAST MOST VALUE
	awk -v a="$1" -v b="$2" -v v="$3" 'BEGIN { exit !(v >= a && v <= b) }' ||
		fail "$3 is not from $1 to $2"
}

# Each failure is tried again twice: 50% and 25%.
within 70 80 "$(retries)"
commit_all app 'As it is'

# One attempt fewer, in the env value alone, is a modelled change, and fails.
sed -i 's/"maxAttempts": 3/"maxAttempts": 2/' app/app.yaml
within 45 55 "$(retries)"
expect 1 env -C app "$TWINRIG" gate --baseline HEAD --no-store
said 'differs +1 field, 0 of them not modelled'

# The same in a ConfigMap that is mounted.
repo_git -C app checkout -q app.yaml
python3 - app/app.yaml <<-'END' || skip 'no python3'
import sys
path = sys.argv[1]
text = open(path).read()
start = text.index('            - name: CLIENT_CONFIG')
end = text.index('---\n', start)
value = text[text.index('{"methodConfig"', start):end]
text = text[:start] + '''      volumes: [{name: grpc, configMap: {name: clients}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: clients, namespace: shop}
data:
  service_config.json: |
    ''' + value + text[end:]
open(path, 'w').write(text)
END
within 70 80 "$(retries)"

# A ConfigMap that no pod has is nobody's.
sed -i 's/configMap: {name: clients}/configMap: {name: others}/' app/app.yaml
within 0 0 "$(retries)"

# A file that a model names.
cat >app/clients.json <<'END'
{"methodConfig": [{"name": [{}], "timeout": "1s", "retryPolicy":
  {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s",
   "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}
END
echo 'grpc: [{caller: shop/web, callee: shop/cart, file: clients.json}]' >>app/model.yaml
within 80 95 "$(retries)"

# What gRPC refuses, and what the twin leaves out, at its place.
sed -i 's/"initialBackoff": "0.1s", //; s/"timeout": "1s"/"hedgingPolicy": {}/' app/clients.json
expect 2 env -C app "$TWINRIG" check
said 'clients.json:1:.*retryPolicy and hedgingPolicy exclude each other'
said 'clients.json:2:3: error: retryPolicy needs initialBackoff'
said 'hedgingPolicy of a gRPC service config is not modelled'
sed -i 's/clients.json/client.json/' app/model.yaml
expect 2 env -C app "$TWINRIG" check
said 'model.yaml:5:.*client.json'
