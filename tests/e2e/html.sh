#!/usr/bin/env bash
# The HTML report: whole in itself, readable without its script, the same bytes
# twice; drawn without an error where there is a browser.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"
readers=$TOP/tests/e2e/html_readers.py

shop shop faster-failover
cd shop
expect 1 "$TWINRIG" gate --html "$work/fail.html" --json "$work/fail.json"
python3 "$readers" "$work/fail.html" fail
expect 1 "$TWINRIG" gate --no-store --threads 1 --html - -q
cmp "$work/out" "$work/fail.html" || fail "not the same bytes twice"
if command -v tidy >/dev/null; then
	tidy -q -e "$work/fail.html" >"$work/tidy" 2>&1 || {
		cat "$work/tidy" >&2
		fail "tidy found something"
	}
fi
# What failed, why, and what to type are words, not drawings.
sed '/<script/,$d' "$work/fail.html" >"$work/words.html"
for words in 'GET /prices: more tries a call (' 'class="guilty"' \
	'spec.http\[0\].retries.attempts' "twinrig gate --baseline"; do
	grep -q -- "$words" "$work/words.html" || fail "not in the page: $words"
done
# JSON holds the same.
python3 - "$work/fail.json" "$work/fail.html" "$top/docs/report.schema.json" <<'END'
import json, re, sys
report = json.load(open(sys.argv[1]))
try:
    import jsonschema
    jsonschema.validate(report, json.load(open(sys.argv[3])))
except ImportError:
    pass
text = open(sys.argv[2]).read()
page = json.loads(re.search(r'id="seen">(.*?)</script>', text, re.S)[1])
a = {s["name"]: s["seen"] for s in report["scenarios"]}
b = {s["name"]: s["seen"] for s in page["scenarios"]}
assert a == b and set(a) == {"node-loss", "steady", "slow-payment"}
worst = page["scenarios"][0]
assert worst["name"] == "node-loss", "worst first"
assert worst["blamed"][0]["service"] == "shop/pricing"
seen = worst["seen"]
assert seen["faults"][0]["atNs"] == 15 * 10**9
users = next(l for l in seen["lines"] if l["service"] == "")
arrived = sum(users["candidate"]["count"])
outside = sum(c["candidate"]["calls"] for c in seen["calls"]
              if c["caller"] == "outside")
steps = sum(sum(l["candidate"]["counts"]) for l in seen["latencies"]
            if l["caller"] == "outside" and "endpoint" not in l)
assert arrived == outside == steps == 8 * 10331, (arrived, outside, steps)
END
# A browser draws it: every chart is there, and nothing went wrong.
for browser in chromium chromium-browser google-chrome; do
	command -v $browser >/dev/null || continue
	[[ $(id -u) -ne 0 ]] || set -- --no-sandbox
	HOME=$work timeout 60 $browser --headless=new --disable-gpu "$@" \
		--user-data-dir="$work/browser" --enable-logging=stderr \
		--window-size=390,900 --virtual-time-budget=3000 \
		--dump-dom "file://$work/fail.html" >"$work/dom" \
		2>"$work/browser.log" || skip "$browser does not start here"
	grep -q '<body class="drawn">' "$work/dom" || fail "nothing was drawn"
	n=$(grep -o '<svg' "$work/dom" | wc -l)
	[[ $n -ge 6 ]] || fail "$n charts"
	grep -q 'class="edge blamed"' "$work/dom" || fail "no blamed edge"
	# One stop of Tab for all calls; arrow keys go from one to the next.
	n=$(grep -oE '<g class="edge [^>]*tabindex="0"' "$work/dom" | wc -l)
	[[ $n -eq 1 ]] || fail "$n calls are stops of Tab"
	grep -q 'class="fault"' "$work/dom" || fail "no fault marked"
	grep -q 'class="phase ready"' "$work/dom" || fail "no pods over time"
	if grep -E 'CONSOLE|Uncaught' "$work/browser.log"; then
		fail "the script complained"
	fi
	break
done
# What is stored, as a page of its own.
expect 0 "$TWINRIG" history --html "$work/history.html"
said 'caught'
python3 "$readers" "$work/history.html" 'History of 1 gate'
grep -q 'before a rollout</span><strong>1 of 1</strong>' "$work/history.html" ||
	fail "the commit is not told as caught"
grep -qE ' cores \([0-9]+%\)</strong>' "$work/history.html" || fail "no cost"
expect 0 "$TWINRIG" history --html -
cmp "$work/out" "$work/history.html" || fail "standard output has another page"
# A gate that passes, with a hostile name.
cd ..
cp -R shop hostile
cd hostile
repo_git checkout -q main
python3 - twinrig.yaml <<'END'
import sys
text = open(sys.argv[1]).read()
text = text.replace("name: steady", """name: '</script><img src=x onerror=alert(1)>'""")
open(sys.argv[1], "w").write(text)
END
commit_all . "A name that is none"
expect 0 "$TWINRIG" gate --no-store --html "$work/pass.html" --baseline main \
	--runs 2
python3 "$readers" "$work/pass.html" pass
grep -q '&lt;img src=x' "$work/pass.html" || fail "the name is not shown"
