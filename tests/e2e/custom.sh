#!/usr/bin/env bash
# Custom resources: what operators make of them is named, and no address to
# nowhere; a model gives calls a place; what is deleted breaks its callers.
. "$TOP/tests/e2e/lib.bash"

mkdir app
cat >app/web.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: c
          image: "web:1"
          env:
            - {name: KAFKA, value: "events-kafka-bootstrap:9092"}
            - {name: DB_URL, value: "postgres://u@pg-rw.shop.svc:5432/x"}
            - {name: HELLO, value: "http://hello.shop.svc.cluster.local"}
            - {name: OTHER, value: "http://eventsbus.shop.svc:80"}
END
cat >app/operators.yaml <<'END'
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: events, namespace: shop}
spec: {kafka: {replicas: 3}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: shop}
spec: {instances: 3}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello, namespace: shop}
spec: {template: {spec: {containers: [{image: "hello:1"}]}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: thing, namespace: shop}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: pg
  namespace: shop
  ownerReferences: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: pg, uid: 1}]
spec: {minAvailable: 1, selector: {matchLabels: {cnpg.io/cluster: pg}}}
END
cat >app/model.yaml <<'END'
version: 1
external:
  events-kafka-bootstrap: {latency: 5ms}
services:
  shop/pg-rw: {replicas: 3, endpoints: {"*": [{wait: 3ms}]}}
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: ["*s.yaml", web.yaml]}
traffic: {entry: web, rate: 100/s, duration: 20s}
gate: {runs: 2, checks: ["ratio(errors) <= 0.1%"]}
END
cd app
expect 0 "$TWINRIG" check -v
said '^  Kafka shop/events  operators.yaml:1  called as events-kafka-bootstrap by shop/web \(not modelled\)$'
said '^  Cluster shop/pg  operators.yaml:6  owns PodDisruptionBudget/pg; called as pg-rw.shop.svc by shop/web \(not modelled\)$'
said '^  Service shop/hello  operators.yaml:11  called as hello.shop.svc.cluster.local by'
said '^  Widget shop/thing  operators.yaml:16  nobody is seen to call it$'
said 'web.yaml:18:36: note: shop/web calls events-kafka-bootstrap .* of Kafka shop/events, .*\[custom-resource-not-modelled\]'
# A name that only begins alike is nobody's.
said "leads to 'eventsbus.shop.svc', and there is no such Service"
[[ $(grep -c 'no such Service' "$work/err") -eq 1 ]] || fail "addresses of operators"

# --- with a model: calls have a place -----------------------------------------
sed -i 's/^topology: {/&models: [model.yaml], /' twinrig.yaml
expect 0 "$TWINRIG" check
said 'pg-rw.shop.svc by shop/web \(modelled, model.yaml:5\)$'
expect 0 "$TWINRIG" run
said 'shop/web -> external/events-kafka-bootstrap \* .* 5ms'
said 'shop/web -> shop/pg-rw \* .* 3ms'

# --- in a gate: a change of a resource is not modelled; without it calls fail --
commit_all . "As it runs"
sed -i 's/replicas: 3/replicas: 1/' operators.yaml
expect 4 "$TWINRIG" gate --no-store --baseline HEAD -v
said 'unseen +kafka.strimzi.io/Kafka shop/events spec.kafka.replicas: 3 -> 1'
repo_git checkout -q .
sed -i '1,5d' operators.yaml
sed -i '/^external:/,/latency/d' model.yaml
expect 0 "$TWINRIG" check
said "leads to 'events-kafka-bootstrap', and there is no such Service"
