#!/usr/bin/env bash
# Look-ups as load: what a pod's resolver asks, what a gate makes of a change.
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
      dnsPolicy: ClusterFirst
      containers:
        - name: web
          image: web:1
          env:
            - {name: CART_ADDR, value: "cart:80"}
            - {name: PAY_URL, value: "https://api.pay.com/v1"}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: "cart:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  replicas: 2
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec: {containers: [{name: coredns, image: "coredns:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
END
cat >app/model.yaml <<'END'
version: 1
services:
  shop/web: {endpoints: {GET /: [{cpu: 1ms}, {call: cart}, {call: api.pay.com}]}}
  shop/cart: {endpoints: {GET /: [{cpu: 1ms}]}}
external: {api.pay.com: 10ms}
dns: {work: 400us, workers: 1}
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [app.yaml], models: [model.yaml]}
traffic: {entry: shop/web, rate: 150/s, duration: 20s}
scenarios: [{name: steady}]
gate: {runs: 4, checks: ['p99(latency) <= baseline * 1.2', 'ratio(errors) <= baseline + 1pp']}
END

# One pair for cart; three in vain and one for the host outside.
expect 0 env -C app "$TWINRIG" check
said 'a look-up of api.pay.com by shop/web asks for 4 names, A and AAAA: 8 questions, 6 of them for nothing \[name-amplified\]'
expect 0 env -C app "$TWINRIG" run
n=$(awk '/outside -> shop\/web/ { print $6; exit }' "$work/out")
said "shop/web -> kube-system/kube-dns lookup  +$((8 * n)) "
said "shop/web -> kube-system/kube-dns lookup forwarded  +$((2 * n)) "
cp "$work/out" with

# Without `dns:` none of it is there.
sed -i '/^dns:/d' app/model.yaml
expect 0 env -C app "$TWINRIG" run
! said_not=$(grep lookup "$work/out") || fail "look-ups without dns: $said_not"
sed -i '$a dns: {work: 400us, workers: 1}' app/model.yaml
commit_all app 'As it is'

# Fewer dots: a change of dnsConfig alone is judged, and has its effect.
sed -i 's/^      dnsPolicy: ClusterFirst$/&\n      dnsConfig: {options: [{name: ndots, value: "2"}]}/' app/app.yaml
expect 0 env -C app "$TWINRIG" check
! said_not=$(grep name-amplified "$work/err") || fail "$said_not"
expect 0 env -C app "$TWINRIG" run
said "shop/web -> kube-system/kube-dns lookup  +$((2 * n)) "
expect 0 env -C app "$TWINRIG" gate --baseline HEAD --no-store
said '1 field, 0 of them not modelled|dnsConfig'

# The final dot does the same.
repo_git -C app checkout -q app.yaml
sed -i 's|api.pay.com/v1|api.pay.com./v1|' app/app.yaml
expect 0 env -C app "$TWINRIG" run
said "shop/web -> kube-system/kube-dns lookup  +$((2 * n)) "

# One server fewer than the questions need: the gate sees who is guilty.
repo_git -C app checkout -q app.yaml
sed -i '/name: coredns, namespace/,/^---/s/replicas: 2/replicas: 1/' app/app.yaml
expect 1 env -C app "$TWINRIG" gate --baseline HEAD --no-store
said 'guilty +shop/web -> kube-system/kube-dns'

# The node's own resolver knows no name of the cluster.
repo_git -C app checkout -q app.yaml
sed -i 's/dnsPolicy: ClusterFirst/dnsPolicy: Default/' app/app.yaml
expect 1 env -C app "$TWINRIG" gate --baseline HEAD --no-store
said 'ratio\(errors\)'

# What is wrong is told with its place.
repo_git -C app checkout -q app.yaml
sed -i 's/^dns:.*/dns: {workers: 1, chache: node}/' app/model.yaml
expect 2 env -C app "$TWINRIG" check
said "model.yaml:6:6: error: 'work' is missing here"
said "unknown key 'chache'"
said "did you mean 'cache'"
