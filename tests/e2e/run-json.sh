#!/usr/bin/env bash
# twinrig run --json: the figures of the terminal, for programs.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"

cp -R "$top/fixtures/shop" shop
cd shop
"$TWINRIG" run -q --json ../seen.json >../said
"$TWINRIG" run -q --json - >../again.json
cmp ../seen.json ../again.json || fail "- has something else, or other bytes"
python3 - <<'END' || fail "the figures do not agree"
import json, re
seen = json.load(open("../seen.json"))
said = open("../said").read()
assert seen["version"] == 1
assert [r["scenario"] for r in seen["runs"]] == \
    ["steady", "node-loss", "slow-payment"], "scenarios"
for run in seen["runs"]:
    assert "%s: %d requests" % (run["scenario"], run["requests"]) in said
    assert run["requests"] == run["completed"] > 10000
    roots = [c for c in run["calls"] if c["caller"] == "outside"
             and c["side"] == "client"]
    whole = [c for c in roots if c["window"] == "all"]
    parts = [c for c in roots if c["window"] != "all"]
    assert sum(c["count"] for c in whole) == run["completed"]
    faulty = "faultStartNs" in run
    assert faulty == (run["scenario"] != "steady") == bool(parts)
    assert {c["window"] for c in parts} == \
        ({"before", "during", "after"} if faulty else set())
    for key in "count", "errors", "retries", "networkNs":
        assert not parts or sum(c[key] for c in whole) == \
            sum(c[key] for c in parts), key
    for c in whole:
        assert sum(s[0] for s in c["slices"]) == c["count"]
        assert sum(s[1] for s in c["slices"]) == c["errors"]
        line = r"outside -> %s %s +%d " % (
            re.escape(c["service"]), re.escape(c["endpoint"]), c["count"])
        assert re.search(line, said), line
        q = c["latencyNs"]
        assert q["min"] <= q["p50"] <= q["p90"] <= q["p99"] <= q["max"]
END
expect 2 "$TWINRIG" run --scenario nobody --json ../none.json
[[ ! -e ../none.json ]] || fail "a failed run wrote a report"
expect 3 "$TWINRIG" run --scenario steady --json /nowhere/x.json
