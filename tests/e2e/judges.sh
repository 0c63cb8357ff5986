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
  indicator: {metadata: {name: frontend-errors}, spec: {ratioMetric: {counter: true, good: {metricSource: {}}, total: {metricSource: {}}}}}
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
gate 1 --scenario node-loss -q
said '^FAIL  node-loss: openslo ops/slo.yaml: .*; frontend two nines: missed'

# --- what is wrong in the files is told where it is -------------------------
sed -i 's/direction": "increase", "critical/direction": "up", "critical/' "$work/shop/ops/canary.json"
sed -i 's/med<20000/median<20000/' "$work/shop/ops/load.js"
sed -i 's/result\[0\] <= 0.05/results[0] <= 0.05/' "$work/shop/ops/template.yaml"
sed -i 's/target: 0.9999/target: 99/' "$work/shop/ops/slo.yaml"
sed -i 's/metrics: {frontend-errors/metrics: {unused: ratio(errors), frontend-errors/' "$work/shop/twinrig.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "ops/canary.json:6:[0-9]+: warning: 'up' is not known to the judge, which takes 'either'"
said "ops/load.js:5:[0-9]+: error: 'median<20000' is no threshold of k6"
said "ops/template.yaml:8:[0-9]+: error: condition: 'results' is not known here"
said 'ops/slo.yaml:16:[0-9]+: error: an objective needs a target between 0 and 1'
repo_git -C "$work/shop" checkout -q -f strict
sed -i 's/metrics: {success-rate: .*/metrics: {success: ratio(errors)}/' "$work/shop/twinrig.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "ops/template.yaml:6:[0-9]+: error: nothing says what the metric 'success-rate' is"

# --- what the files can say beside that -------------------------------------
cat >"$work/shop/ops/load.js" <<'J'
export const options = {
  thresholds: {
    http_req_failed: [{ threshold: 'rate<0.01', abortOnFail: true, delayAbortEval: '21s' }],
    'http_req_duration{name:GET /}': ['min<1', 'max<200000', 'p(100)<1e6', 'p(0)>0', 'med<1'],
    'http_reqs{method:GET}': ['count>100'],
  },
};
J
cat >"$work/shop/ops/template.yaml" <<'Y'
kind: AnalysisTemplate
spec:
  args: [{name: limit, value: "0.001"}, {name: every, value: 5s}]
  metrics:
    - name: success-rate
      interval: "{{args.every}}"
      successCondition: 'let r = result[0]; len(result) == 0 || r <= {{ args.limit }} || "no" matches "^o"'
      provider: {prometheus: {}}
    - name: dry
      interval: 5s
      successCondition: result[0] < 0
      provider: {prometheus: {}}
  dryRun: [{metricName: "d.y"}]
Y
ratio='ratioMetric: {counter: true, good: {}, total: {}}'
cat >"$work/shop/ops/slo.yaml" <<Y
kind: SLO
metadata: {name: calendar}
spec:
  indicator: {metadata: {name: errs}, spec: {$ratio}}
  timeWindow: [{duration: 20m, calendar: {startTime: 2020-01-21 12:30:00, timeZone: Europe/Berlin}}]
  budgetingMethod: Occurrences
  objectives: [{displayName: one nine, target: 0.9}]
---
kind: SLO
metadata: {name: rolling}
spec:
  indicator: {metadata: {name: errs}, spec: {ratioMetric: {raw: {}, rawType: failure}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{targetPercent: 50, timeSliceTarget: 0.9, timeSliceWindow: 2m}]
---
kind: SLO
metadata: {name: both}
spec:
  budgetingMethod: Occurrences
  objectives:
    - {displayName: errors, target: 0.9, indicator: {metadata: {name: errs}, spec: {$ratio}}}
    - {displayName: slow, target: 0.6, op: lte, value: 0.5, compositeWeight: 2, indicator: {metadata: {name: lat}, spec: {thresholdMetric: {}}}}
Y
sed -i '/^  judges:/,$d' "$work/shop/twinrig.yaml"
cat >>"$work/shop/twinrig.yaml" <<'Y'
  judges:
    - k6: ops/load.js
    - argo: ops/template.yaml
      metrics: {success-rate: 'ratio(errors{service="shop/frontend"})', dry: ratio(timeouts)}
    - openslo: ops/slo.yaml
      compress: 60x
      metrics: {errs: 'ratio(errors{service="shop/frontend"})', lat: 'mean(latency{service="shop/frontend"})'}
Y
repo_git -C "$work/shop" commit -qam more
repo_git -C "$work/shop" checkout -q -b more
expect 0 env -C "$work/shop" "$TWINRIG" gate --runs 2 --scenario node-loss --baseline strict --json "$work/b.json" -v
said '3 of 7 thresholds crossed'
said 'rate<0.01: crossed; .*aborted in'
python3 - "$work/b.json" <<'P'
import json, re, sys
it = {j["judge"]: j for j in json.load(open(sys.argv[1]))["scenarios"][0]["judges"]}
k6 = {l["name"]: l for l in it["k6"]["lines"]}
assert k6["http_req_duration{name:GET /} p(0)>0"]["answer"] == "ok", k6
high = [float(re.search("worst ([0-9.]+)", k6["http_req_duration{name:GET /} " + m]["text"])[1])
        for m in ("min<1", "med<1", "max<200000", "p(100)<1e6")]
assert high[0] < high[1] < high[2] == high[3], high
assert [l["answer"] for l in it["argo"]["lines"]] == ["Failed", "Failed (dry run)"], it["argo"]
slo = {l["name"]: l for l in it["openslo"]["lines"]}
assert slo["calendar one nine"]["answer"] == "missed", slo
assert "in the calendar window of 20m from 20s on" in slo["calendar one nine"]["text"], slo
assert "of the budget of 28d" in slo["rolling 50%"]["text"], slo
# Twice what the one spends of 40% and once what the other spends of 10%.
good = [1 - float(re.search("good ([0-9.]+)%", slo[n]["text"])[1]) / 100 for n in ("both errors", "both slow")]
spent = float(re.search("spend ([0-9.]+)%", slo["both composite"]["text"])[1]) / 100
assert abs(spent - good[0] / 0.1 - 2 * good[1] / 0.4) < 0.05, (good, spent)
P

# --- and what is wrong in them ----------------------------------------------
sed -i "s/'med<1'/'med<1ms'/; s/abortOnFail: true/abortOnFail: yes please/" "$work/shop/ops/load.js"
sed -i 's/args.limit/args.limt/; s/interval: 5s/interval: often/' "$work/shop/ops/template.yaml"
sed -i 's/Timeslices/Timeslice/; s/28d/28x/; s/rawType: failure/rawType: bad/; s/2020-01-21 12:30:00/soon/' "$work/shop/ops/slo.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "ops/load.js:4:[0-9]+: error: 'med<1ms' is no threshold of k6: expected the end"
said '^ +\| +\^~$'
said 'ops/load.js:3:[0-9]+: error: abortOnFail is true or false'
said 'ops/template.yaml:7:[0-9]+: error: nothing says what \{\{args.limt\}\} is'
said "did you mean 'limit'"
said "ops/template.yaml:10:[0-9]+: error: 'often' is no duration"
said 'ops/slo.yaml:5:[0-9]+: error: a calendar needs a startTime'
said 'ops/slo.yaml:12:[0-9]+: error: raw needs rawType'
said 'ops/slo.yaml:13:[0-9]+: error: expected a duration'
said "ops/slo.yaml:14:[0-9]+: error: budgetingMethod is"
