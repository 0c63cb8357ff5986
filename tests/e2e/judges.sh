#!/usr/bin/env bash
# Other people's judges beside the gate's own: their files, their words.
. "$TOP/tests/e2e/lib.bash"

gate() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" gate --runs 4 "$@"
}

shop "$work/shop"
mkdir "$work/shop/ops"
cat >"$work/shop/ops/canary.json" <<'J'
{"name": "shop", "judge": {"name": "NetflixACAJudge-v1.0", "judgeConfigurations": {}},
 "metrics": [
  {"name": "latency", "groups": ["latency"], "query": {"type": "prometheus"},
   "analysisConfigurations": {"canary": {"direction": "increase"}}},
  {"name": "errors", "groups": ["errors"],
   "analysisConfigurations": {"canary": {"direction": "increase", "critical": true, "nanStrategy": "replace"}}}],
 "classifier": {"groupWeights": {"latency": 60, "errors": 40}}}
J
cat >"$work/shop/ops/load.js" <<'J'
import http from 'k6/http';
export const options = {
  thresholds: {
    http_req_failed: ['rate<0.3'], // three in ten
    'http_req_duration{name:GET /}': ["med<20000", { threshold: "p(99.5)<200000", abortOnFail: true }],
  },
};
J
cat >"$work/shop/ops/template.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success-rate}
spec:
  metrics:
    - name: success-rate
      interval: 5s
      successCondition: len(result) == 0 || result[0] <= 0.05
      failureLimit: 3
      provider: {prometheus: {address: "http://prometheus:9090", query: x}}
Y
cat >>"$work/shop/ops/template.yaml" <<'Y'
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: frontend}
spec:
  replicas: 4
  strategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}]}}
Y
cat >"$work/shop/ops/slo.yaml" <<'Y'
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
spec:
  conditions:
    - kind: AlertCondition
      metadata: {name: fast-burn}
      spec: {condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: frontend}
spec:
  indicator: {metadata: {name: frontend-errors}, spec: {ratioMetric: {counter: true}}}
  budgetingMethod: Occurrences
  objectives: [{displayName: two nines, target: 0.99}]
  alertPolicies: [page]
Y
cat >>"$work/shop/twinrig.yaml" <<'Y'
  judges:
    - kayenta: ops/canary.json
      metrics: {latency: 'mean(latency{service="shop/frontend"})', errors: 'ratio(errors{service="shop/frontend"})'}
    - k6: ops/load.js
    - argo: ops/template.yaml
      metrics: {success-rate: 'ratio(errors{service="shop/frontend"})'}
    - openslo: ops/slo.yaml
      metrics: {frontend-errors: 'ratio(errors{service="shop/frontend"})'}
      scenarios: ['node-*']
      gates: true
Y
commit_all "$work/shop" judges

# --- all well: the burn rate of the baseline's own storm apart --------------
repo_git -C "$work/shop" checkout -q -b same
gate 0 --scenario steady
said '^  says  kayenta ops/canary.json: Pass, score 100'
said '^  says  k6 ops/load.js: all thresholds hold'
said '^  says  argo ops/template.yaml: Successful'
said '^PASS'
grep -q openslo "$work/out" && fail "a judge of other scenarios was asked"

# --- a bad change, in everybody's words -------------------------------------
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
# Far too short a time, so that every run fails for certain.
sed -i 's/timeout: 1s/timeout: 2ms/; s/perTryTimeout: 200ms/perTryTimeout: 1ms/' "$work/shop/deploy/mesh.yaml"
gate 1 --scenario node-loss --json "$work/a.json" --junit "$work/a.xml" --markdown "$work/a.md"
said '^  says  kayenta ops/canary.json: Fail, score 0'
said 'errors: High, critical; mean'
said '^  says  k6 ops/load.js: 1 of 3 thresholds crossed'
said 'http_req_failed rate<0.3: crossed; .* crossed in 4 of 4 runs'
said '^  says  argo ops/template.yaml: Failed'
said 'beyond failureLimit at'
said '^  FAIL  openslo ops/slo.yaml'
said 'fast-burn: fires; burns .*threshold 14.4x'
said 'first at [12]s'
grep -q 'says: kayenta' "$work/a.md" || fail "Markdown says nothing of it"
xmllint --noout "$work/a.xml"
[[ $(grep -c 'name="judge ' "$work/a.xml") -eq 4 ]] || fail "not four cases"
python3 - "$work/a.json" <<'P'
import json, sys
it = {j["judge"]: j for j in json.load(open(sys.argv[1]))["scenarios"][0]["judges"]}
assert [it[k]["verdict"] for k in ("kayenta", "k6", "argo", "openslo")] == ["fail"] * 4, it
assert [it[k]["gates"] for k in ("kayenta", "openslo")] == [False, True], it
steps = it["argo"]["lines"][1]
assert steps["name"] == "rollout frontend" and steps["text"] == "setWeight 20%: 1 new and 4 old pods; 50%: 2 new and 2 old pods in 3 rounds", steps
assert it["argo"]["lines"][0]["file"] == "ops/template.yaml" and it["argo"]["lines"][0]["line"] == 6, it
P

# --- one that gates fails a gate whose checks all pass ----------------------
repo_git -C "$work/shop" checkout -q -f main
sed -i 's/target: 0.99}/target: 0.9999}/' "$work/shop/ops/slo.yaml"
sed -i "s/scenarios: \['node-\*'\]/scenarios: [node-loss]/" "$work/shop/twinrig.yaml"
commit_all "$work/shop" strict
repo_git -C "$work/shop" checkout -q -b strict
gate 1 --scenario node-loss
said '^FAIL  node-loss'
said 'frontend two nines: missed'
grep -q ' undo ' "$work/out" && fail "a counterfactual of no failed check"

# --- what is wrong in the files is told where it is -------------------------
sed -i 's/direction": "increase", "critical/direction": "up", "critical/' "$work/shop/ops/canary.json"
sed -i 's/med<20000/median<20000/' "$work/shop/ops/load.js"
sed -i 's/result\[0\] <= 0.05/results[0] <= 0.05/' "$work/shop/ops/template.yaml"
sed -i 's/target: 0.9999/target: 99/' "$work/shop/ops/slo.yaml"
sed -i 's/metrics: {frontend-errors/metrics: {unused: ratio(errors), frontend-errors/' "$work/shop/twinrig.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "ops/canary.json:6:[0-9]+: error: 'up' is not known to the judge"
said "ops/load.js:5:[0-9]+: error: 'median<20000' is no threshold of k6"
said "ops/template.yaml:8:[0-9]+: error: condition: 'results' is not known here"
said 'ops/slo.yaml:16:[0-9]+: error: an objective needs a target between 0 and 1'
repo_git -C "$work/shop" checkout -q -f strict
sed -i 's/metrics: {success-rate: .*/metrics: {success: ratio(errors)}/' "$work/shop/twinrig.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "ops/template.yaml:6:[0-9]+: error: nothing says what the metric 'success-rate' is"
