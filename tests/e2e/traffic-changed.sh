#!/usr/bin/env bash
# A capture, or a judge's file, whose content changes under the name that it
# had: what a gate then judges by is told, and no older answer is taken for it.
. "$TOP/tests/e2e/lib.bash"

mkdir -p small/ops && cd small
cat >twinrig.yaml <<'END'
version: 1
topology: {models: [model.yaml]}
traffic: {capture: "captures/*.log", entry: web}
gate:
  runs: 2
  checks: [mean(latency) <= baseline * 1.1]
  judges: [{k6: ops/load.json}]
END
cat >model.yaml <<'END'
version: 1
services: {web: {endpoints: {GET /: [{wait: 5ms}], GET /cart: [{wait: 9ms}]}}}
END
echo '{"thresholds": {"http_req_duration": ["max<1000"]}}' >ops/load.json
capture() { # FILE FROM TO PATH
	mkdir -p captures
	for s in $(seq "$2" "$3"); do
		printf '10.0.0.1 - - [10/Oct/2025:13:55:%02d +0000] ' "$s"
		printf '"GET %s HTTP/1.1" 200 12 "-" "x"\n' "$4"
	done >>"captures/$1.log"
}
capture a 10 25 /
capture b 26 40 /cart
commit_all . "As it runs"
repo_git checkout -q -b change

# Nothing differs: that is said, in each form that people read.
expect 0 "$TWINRIG" gate --markdown a.md --html a.html
said '^differs +nothing that is read: both sides are the same'
grep -q 'Nothing that is read differs' a.md || fail "not in Markdown"
grep -q 'Nothing that is read: both sides' a.html || fail "not in HTML"
unsaid gate-changed
rm a.md a.html
expect 0 "$TWINRIG" gate
said 'the same inputs as gate'

# The same name, other requests.
sed -i '1,9d' captures/a.log
expect 0 "$TWINRIG" gate --code-quality q.json
said '^captures/a.log: warning: this change edits the gate: its capture is not'
said 'both sides are judged by the working tree.s traffic'
unsaid 'the same inputs as gate'
grep -q '"path": "captures/a.log"' q.json || fail "not in the merge request"
"$TWINRIG" baseline list >list
expect 0 "$TWINRIG" baseline diff "$(sed -n 's/ .*//; 2p' list)"
said '^traffic of steady: other requests'
unsaid '^faults of'

# One of several is gone; a judge asks for less.
rm captures/b.log
sed -i 's/max<1000/max<100000/' ops/load.json
expect 0 "$TWINRIG" gate
said '^captures/b.log: warning: this change edits the gate: a capture of the b'
said '^ops/load.json: warning: this change edits the gate: its judge is not th'
said 'the new one counts once it is merged'

# What git does not keep cannot be compared, and is not told as new.
repo_git checkout -q -f main
echo 'captures/' >.gitignore
repo_git rm -q -r --cached captures
commit_all . "Captures are elsewhere"
sed -i '1,9d' captures/a.log
expect 0 "$TWINRIG" gate
unsaid gate-changed
exit 0
