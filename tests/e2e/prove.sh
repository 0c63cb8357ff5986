#!/usr/bin/env bash
# Which regressions a gate would catch: mutants of a small system.
. "$TOP/tests/e2e/lib.bash"

mkdir "$work/s"
cat >"$work/s/twins.yaml" <<'Y'
version: 1
nodes: [{name: n, count: 2, cpu: 64}]
services:
  app/web:
    workers: 16
    replicas: 3
    endpoints:
      GET /:
        - wait: {p50: 10ms, p99: 20ms}
        - {call: "db:GET /row"}
  app/db:
    workers: 16
    replicas: 2
    endpoints:
      GET /row: [wait: {p50: 5ms, p99: 10ms}]
  app/unused: {endpoints: {GET /: [wait: 1ms]}}
policies:
  - {callee: app/db, timeout: 100ms, retries: 1}
Y
cat >"$work/s/twinrig.yaml" <<'Y'
version: 1
topology: {models: [twins.yaml]}
traffic: {entry: app/web, rate: 100/s, duration: 20s}
gate:
  runs: 6
  checks:
    - mean(latency{service="app/web"}) <= baseline * 1.15 + 1ms
    - ratio(errors{service="app/web"}) <= baseline + 1pp
    - rate(requests{service="app/db"}) >= baseline * 0.8
    - max(latency{service="app/web"}) <= 1ns
Y
commit_all "$work/s" system

prove() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/s" "$TWINRIG" gate --prove -q "$@"
}

prove 1 --json "$work/a.json"
said '^lost-replicas +app/db +blind'
said '^slower +app/web +\+50% +steady: mean'
said '^errors +app/db +[0-9]+% +steady: ratio'
said '^dropped-call +app/web -> app/db +[0-9]+% +steady: rate'
said 'fails in steady without a change: there it proves nothing'
grep -q unused "$work/out" && fail "a mutant of what no request reaches"
python3 - "$work/a.json" "$top/docs/prove.schema.json" <<'P'
import json, sys
it, schema = (json.load(open(f)) for f in sys.argv[1:3])
try:
    import jsonschema
    jsonschema.validate(it, schema)
except ImportError:
    pass
by = {(m["mutation"], m["where"]): m for m in it["mutants"]}
# 10 ms of 15: +50% is 5 ms more, and 15% + 1 ms allow 3.4; +20% is 2.1.
assert by["slower", "app/web"]["sizeValue"] == 0.5, by
# A fifth of the calls may go: a quarter is the next size.
assert by["dropped-call", "app/web -> app/db"]["sizeValue"] == 0.25, by
assert by["dropped-call", "app/web -> app/db"]["checks"] == ['rate(requests{service="app/db"}) >= baseline * 0.8'], by
# One retry: an error rate e gives e^2 at the web; 1pp is passed at 50%, and
# with time-outs none is.
assert by["errors", "app/web"]["sizeValue"] == 0.02, by
assert by["lost-replicas", "app/db"]["outcome"] == "blind"
assert it["aa"]["gates"] == 28 and it["aa"]["falseAlarms"] <= 2, it["aa"]
assert it["checks"][3]["failsWithoutChange"] == "steady" and it["checks"][3]["catchesFirst"] == 0
P
# The same bytes again, and with one thread.
prove 1 --json "$work/b.json" --threads 1
cmp "$work/a.json" "$work/b.json" || fail "another answer"

prove 2 --junit "$work/j.xml"
said '\-\-prove does not go with --junit'
prove 2 --scenario nothing
