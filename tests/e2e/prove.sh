#!/usr/bin/env bash
# Which regressions a gate would catch: mutants of a small system; what was tried
# is stored.
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
	expect "$want" env -C "$work/s" "$TWINRIG" gate --prove "$@"
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
assert it["outOfTime"] is False
assert it["status"] == 1 and it["caught"] == 8 and it["untried"] == 0
assert it["checks"][3]["failsWithoutChange"] == "steady" and it["checks"][3]["catchesFirst"] == 0
P
# Stored: at once, the same bytes; and so run anew, with one thread.
expect 1 env -C "$work/s" "$TWINRIG" gate --prove --json "$work/b.json" \
	--junit "$work/j.xml" --html "$work/p.html"
said 'the same inputs as proof [0-9a-f]{16}: nothing was run again'
cmp "$work/a.json" "$work/b.json" || fail "another answer from the store"
prove 1 -q --json "$work/c.json" --threads 1 --no-store
grep -q . "$work/err" && fail "-q says something: $(cat "$work/err")"
cmp "$work/a.json" "$work/c.json" || fail "another answer"
python3 - "$work/a.json" "$work/j.xml" "$work/p.html" <<'P'
import json, sys, xml.etree.ElementTree as tree
it = json.load(open(sys.argv[1]))
suites = tree.parse(sys.argv[2]).getroot()
cases = {(c.get("classname"), c.get("name")): c for c in suites.iter("testcase")}
for m in it["mutants"]:
    case = cases.pop(("twinrig.prove." + m["mutation"], m["where"] + " is caught"))
    assert (case.find("failure") is not None) == (m["outcome"] == "blind"), m
assert list(cases) == [("twinrig.prove.aa", "no false alarms beyond chance")], cases
assert int(suites.get("failures")) == it["blind"] == 3
page = open(sys.argv[3]).read()
assert page.count("is a mutant") == 0 and page.count("<tr>") == 2 + len(it["mutants"]) + len(it["checks"])
# A slower database times out, which another check sees, from a larger size on.
waits = [m for m in it["mutants"] if m["where"] == "app/db" and m["mutation"] == "waits"][0]
by = {b["check"][:4]: b for b in waits["by"]}
assert by["mean"]["sizeValue"] == 5e6 and by["rati"]["sizeValue"] == 100e6, waits
assert by["rati"]["exact"] and waits["checks"] == [by["mean"]["check"]], waits
P
[[ $(repo_git -C "$work/s" for-each-ref refs/twinrig) == *refs/twinrig/proofs/* ]]
expect 0 env -C "$work/s" "$TWINRIG" history
said 'no gate is stored here yet'
expect 0 env -C "$work/s" "$TWINRIG" baseline list
said '^proof [0-9a-f]{16}: .* 8 of 11 mutants caught'

# Other checks, of the working tree: its trials are there.
sed -i 's/errors{service="app.web"}) <= baseline + 1pp/errors{service="app\/web"}) <= baseline + 3pp/' \
	"$work/s/twinrig.yaml"
expect 1 env -C "$work/s" "$TWINRIG" gate --prove
said '^errors +app/web +5% +steady: ratio'
said '0 of [0-9]+ outcomes and ([0-9]+) of ([0-9]+) trials were stored'
sed -nE 's/.* ([0-9]+) of ([0-9]+) trials were stored.*/\1 \2/p' "$work/err" |
	{ read -r taken all; ((taken * 10 >= all * 8 && taken > 100)) ||
		fail "$taken of $all trials stored"; }
repo_git -C "$work/s" checkout -q twinrig.yaml

# Killed: the next one goes on.
repo_git -C "$work/s" for-each-ref --format='delete %(refname)' refs/twinrig |
	repo_git -C "$work/s" update-ref --stdin
for seconds in 0.5 0.5 1 2 4 8 16; do
	(cd "$work/s" && timeout -s KILL $seconds "$TWINRIG" gate --prove -q \
		--threads 1 --runs 20) >/dev/null 2>&1 || true
	[[ -z $(repo_git -C "$work/s" for-each-ref refs/twinrig) ]] || break
done
expect 1 env -C "$work/s" "$TWINRIG" gate --prove --runs 20 --json "$work/d.json"
said '[0-9]+ of [0-9]+ outcomes and [1-9][0-9]* of [0-9]+ trials were stored'
prove 1 --runs 20 --no-store --json "$work/e.json"
cmp "$work/d.json" "$work/e.json" || fail "another answer after a kill"

# Time is up: what was not tried is said, and tried the next time.
sed -i 's/^gate:/gate:\n  max_runs: 30\n  budget: 1ms/' "$work/s/twinrig.yaml"
prove 4 --runs 21 --json "$work/f.json"
said '^errors +app/db +untried +time was up'
said '0 of 11 mutants caught, 0 doubted, 0 blind, 11 untried'
said '^time was up: not all sizes were tried'
repo_git -C "$work/s" checkout -q twinrig.yaml

# --- in parts: the same bytes, and nothing is run for a merge --------------------
for i in 1 2 3; do
	prove 0 --no-store --shard "$i/3" -o "$work/$i.twsh"
	said "shard $i of 3: [0-9]+ outcomes are in"
done
merged() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/s" "$TWINRIG" merge "$@"
}
prove 1 -q --no-store --json "$work/one.json" --html "$work/one.html" --junit "$work/one.xml"
[[ $(wc -l <"$work/out") == 4 ]] || fail "not brief: $(cat "$work/out")"
said '^8 of 11 mutants caught'
said '^more-retries +app/db +blind'
cp "$work/out" "$work/one.txt"
merged 1 --prove -q --json "$work/m.json" --html "$work/m.html" --junit "$work/m.xml" "$work"/[123].twsh
cp "$work/out" "$work/m.txt"
for kind in json html xml txt; do
	cmp "$work/one.$kind" "$work/m.$kind" >&2 || fail "merged: another $kind"
done
prove 1
said 'the same inputs as proof [0-9a-f]{16}: nothing was run again'
merged 2 --prove "$work"/[13].twsh
said 'shards are missing: 2/3'
merged 2 "$work"/[123].twsh
said 'is a shard of a proof: it wants merge --prove'
merged 2 --prove --seed 9 "$work"/[123].twsh
said "is a shard of another gate: 'seed' is not the same there"
sed -i 's/duration: 20s/duration: 21s/' "$work/s/twinrig.yaml"
merged 2 --prove "$work"/[123].twsh
said 'made with other traffic or faults'
sed -i 's/duration: 21s/duration: 20s/' "$work/s/twinrig.yaml"

prove 2 --sarif "$work/j.sarif"
said '\-\-prove does not go with --sarif'
prove 2 --scenario nothing
