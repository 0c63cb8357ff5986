#!/usr/bin/env bash
# Regions, from the nodes' labels to the verdict: failover to a near region and
# to a far one, and the loss of a region.
. "$TOP/tests/e2e/lib.bash"

node() { # NAME REGION [PODS]
	cat <<-END
		---
		apiVersion: v1
		kind: Node
		metadata:
		  name: $1
		  labels:
		    topology.kubernetes.io/zone: $2-1
		    topology.kubernetes.io/region: $2
		status: {allocatable: {cpu: "8", memory: 16Gi, pods: "${3:-110}"}}
	END
}

app() { # NAME REPLICAS TERM
	cat <<-END
		---
		apiVersion: v1
		kind: Service
		metadata: {name: $1}
		spec: {selector: {app: $1}, ports: [{port: 80}]}
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  replicas: $2
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec:
		      containers: [{name: c, image: "$1:1"}]
		      $3
	END
}

mkdir -p app/deploy
{
	node us us
	node home eu 1 # web alone
	node eu eu
	node ap ap
	app web 1 'nodeName: home'
	app cart 3 'topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/region, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: cart}}}]'
} >app/deploy/app.yaml
cat >app/deploy/rule.yaml <<'END'
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart}
spec:
  host: cart
  trafficPolicy:
    loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}
    outlierDetection: {consecutive5xxErrors: 3, interval: 1s, maxEjectionPercent: 100}
END
cat >app/model.yaml <<'END'
version: 1
network: {same-zone: 1ms, cross-zone: 2ms, cross-region: 40ms, regions: [{from: eu, to: ap, rtt: 200ms}]}
services:
  web: {endpoints: {GET /: [{call: "cart:GET /"}]}}
  cart: {endpoints: {GET /: [{wait: 5ms}]}}
END
cat >app/twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 50/s, duration: 20s, entry: web}
scenarios:
  - name: steady
  - name: "{node}-dies"
    each: {node: nodes}
    faults: [{kind: node-down, node: "{node}", at: 5s, for: 1h}]
  - name: lost
    faults: [{kind: region-down, region: us, at: 5s, for: 1h}]
gate:
  runs: 2
  checks: [{check: p90(latency) <= 100ms, scenarios: [eu-dies]}]
END
commit_all app "Three regions"

expect 0 env -C app "$TWINRIG" run --scenario steady
said 'default/web -> default/cart GET / .* 6ms +6ms +6ms'
expect 0 env -C app "$TWINRIG" run --scenario eu-dies
said 'default/web -> default/cart GET / .* 4[45](\.[0-9]+)?ms +5s'
expect 0 env -C app "$TWINRIG" run --scenario lost
said 'default/web -> default/cart GET / .* 6ms +6ms +6ms'

# To a region far away.
sed -i 's/to: us/to: ap/' app/deploy/rule.yaml
expect 1 env -C app "$TWINRIG" gate --scenario eu-dies
said '0 of them not modelled'
said 'p90\(latency\) <= 100ms'

# By labels instead.
sed -i 's/failover: .*/failoverPriority: ["topology.kubernetes.io\/region=us"]}}/' \
	app/deploy/rule.yaml
expect 0 env -C app "$TWINRIG" run --scenario steady
said 'default/web -> default/cart GET / .* 45ms +45ms +45ms'

# Parts: nothing stays at home.
sed -i 's/failoverPriority: .*/distribute: [{from: eu, to: {ap: 50, us: 50}}]}}/' \
	app/deploy/rule.yaml
expect 0 env -C app "$TWINRIG" run --scenario steady
said 'default/web -> default/cart GET / .* 205ms'

# What makes no sense.
sed -i 's/region: us, at/region: su, at/' app/twinrig.yaml
expect 2 env -C app "$TWINRIG" run --scenario lost
said "no region fits 'su'"
cat >>app/model.yaml <<'END'
policies:
  - callee: cart
    locality: {distribute: [{to: ap-1}], priority: [a], failover-regions: [{from: eu, to: us}]}
END
expect 2 env -C app "$TWINRIG" check
said "'priority' does not go with 'distribute'"
said "'failover-regions' does not go with 'distribute'"

# --- faults of replicas, by the region that they stand in --------------------
mkdir "$work/by-region"
cd "$work/by-region"
cat >model.yaml <<'END'
version: 1
services: {a: {replicas: 4, cpus: 2, memory: {base: 10Mi}, endpoints: {GET /: [{cache: {on-miss: [{cpu: 1ms}]}}]}}}
nodes:
  - {name: here, region: eu, zone: eu-a}
  - {name: there, region: us, zone: us-a}
END
for fault in slow:factor:2x slow-close:delay:1s brown-out:capacity:50% \
	pause:for:1s cpu-stress:workers:1 memory-stress:size:1Mi \
	cache-flush:for:1s replica-kill:restart:1s; do
	IFS=: read -r kind name value <<<"$fault"
	cat >twinrig.yaml <<-END
	version: 1
	topology: {models: [model.yaml]}
	traffic: {entry: a, rate: 50/s, duration: 4s}
	scenarios:
	  - {name: x, faults: [{kind: $kind, region: eu, at: 1s, $name: $value}]}
	END
	expect 0 "$TWINRIG" check
done
expect 0 "$TWINRIG" run --events
[[ $(grep -cE 'replica default/a-[0-9] dies' "$work/out") == 2 ]] ||
	fail "not the two of four that stand in eu: $(grep dies "$work/out")"
sed -i 's/region: eu, at/region: "*", at/' twinrig.yaml
expect 0 "$TWINRIG" run --events
[[ $(grep -cE 'replica default/a-[0-9] dies' "$work/out") == 4 ]] ||
	fail "not all four: $(grep dies "$work/out")"
