#!/usr/bin/env bash
# Findings as SARIF: what GitHub's code scanning asks for, from `check` and
# from `gate`, whose own verdicts are results too.
. "$TOP/tests/e2e/lib.bash"

command -v python3 >/dev/null || skip "no python3"
valid() { # REPORT RULE...
	python3 "$top/tests/e2e/sarif_readers.py" "$1" "$work" "${@:2}" ||
		fail "$1 is not what code scanning takes"
}

# The shop is a folder of a repository: code scanning's paths start at that
# one's root, wherever twinrig was started.
mkdir -p "$work/sub folder"
cp -R "$top/fixtures/shop" "$work/sub folder/shop"
printf '/*\n!/sub folder/\n' >"$work/.gitignore"
commit_all "$work" "The shop as it runs"
repo_git -C "$work" checkout -q -b faster-failover
repo_git -C "$work" apply --directory="sub folder/shop" \
	"$top/fixtures/shop-changes/faster-failover.patch"
commit_all "$work" "Fail over faster"
cd "$work"
expect 0 "$TWINRIG" check -c "sub folder/shop/twinrig.yaml" --sarif a.sarif
said '^0 errors'
valid a.sarif timeout-shorter-than-inner
grep -q '"sub%20folder/shop/deploy/' a.sarif || fail "paths start elsewhere"
expect 0 env -C "sub folder/shop" "$TWINRIG" check --sarif "$work/inside.sarif"
cmp -s a.sarif inside.sarif || fail "paths start where twinrig did"

grep -q 'the caller gives up, and retries' a.sarif || fail "no reason is given"
# A finding keeps its identity where lines move.
prints() { grep -o '"primaryLocationLineHash": "[0-9a-f]*:[0-9]*"' "$1" | sort; }
sed -i '1i # moved' "sub folder/shop/deploy/mesh.yaml"
expect 0 "$TWINRIG" check -c "sub folder/shop/twinrig.yaml" --sarif moved.sarif
cmp -s a.sarif moved.sarif && fail "nothing moved"
[[ -n $(prints a.sarif) && $(prints a.sarif) == "$(prints moved.sarif)" ]] ||
	fail "a finding has another identity"
sed -i 1d "sub folder/shop/deploy/mesh.yaml"

# "-" is for another program: nothing else goes there.
expect 0 "$TWINRIG" check -c "sub folder/shop/twinrig.yaml" --sarif -
cmp -s out a.sarif || fail "standard output has more, or less"

# Findings of routes, each at its place.
cat >>"sub folder/shop/deploy/mesh.yaml" <<'END'
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: users, namespace: shop}
spec:
  hosts: [users]
  http:
    - route:
        - {destination: {host: users}, weight: 60}
        - {destination: {host: ads}, weight: 30}
      mirror: {host: user}
    - match: [{headers: {x-beta: {exact: "1"}}}]
      timeout: 1s
      retries: {attempts: 1, perTryTimeout: 2s, retryOn: 5xx}
      route: [{destination: {host: users}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shipping, namespace: shop}
spec:
  hosts: [shipping]
  http:
    - match: [{headers: {x-beta: {exact: "1"}}}]
      retries: {attempts: 1, retryOn: 5xx}
      route: [{destination: {host: shipping}}]
    - route: [{destination: {host: shipping}}]
END
echo 'trafic: {}' >>"sub folder/shop/twinrig.yaml"
expect 2 "$TWINRIG" check -c "sub folder/shop/twinrig.yaml" --sarif b.sarif
valid b.sarif invalid weights-not-100 mirror-to-nowhere route-shadowed \
	try-longer-than-all header-not-passed-on retries-repeat-effects
python3 - b.sarif <<'END' || fail "a region is one character wide"
import json, sys
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
regions = [r["locations"][0]["physicalLocation"]["region"] for r in results]
sys.exit(not any(r["endColumn"] - r["startColumn"] > 1 for r in regions))
END
sed -i '$d' "sub folder/shop/twinrig.yaml"

# A gate: what the candidate adds, and the checks that failed.
sed -i 's/replicas: 3/replicas: 1/' "sub folder/shop/deploy/pricing.yaml"
expect 1 env -C "sub folder/shop" "$TWINRIG" gate --runs 3 --baseline main \
	--scenario steady --sarif "$work/c.sarif"
valid c.sarif check-failed weights-not-100
grep -q timeout-shorter-than-inner c.sarif &&
	fail "what the baseline has already is told again"
# A pull request shows alerts at lines that it changes, and no others.
python3 - c.sarif <<'END' || fail "not at the line to blame"
import json, sys
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
failed = [r for r in results if r["ruleId"] == "check-failed"]
uri = lambda l: l["physicalLocation"]["artifactLocation"]["uri"]
sys.exit(any(not uri(r["locations"][0]).endswith("deploy/pricing.yaml") or
             not uri(r["relatedLocations"][0]).endswith("/twinrig.yaml") or
             "guilty: " not in failed[0]["message"]["text"] or
             "undo: " not in r["message"]["text"] for r in failed))
END

# A muted check is no result, and one without enough evidence is a warning.
mkdir -p "$work/small" && cd "$work/small"
cat >twinrig.yaml <<'END'
version: 1
topology: {models: [model.yaml]}
traffic: {rate: 2/s, duration: 2s, entry: web}
gate:
  runs: 2
  checks:
    - {check: max(latency) <= 1ms, mute: known since long}
    - p99.9(latency) <= 1s
END
printf 'version: 1\nservices: {web: {endpoints: {GET /: [{wait: 5ms}]}}}\n' >model.yaml
commit_all . "A small one"
expect 4 "$TWINRIG" gate --sarif d.sarif
grep -q 'max(latency)' d.sarif && fail "a muted check is told"
python3 - d.sarif <<'END' || fail "what is inconclusive is no warning"
import json, sys
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
told = [r for r in results if r["ruleId"] == "check-inconclusive"]
sys.exit(not told or any(r["level"] != "warning" for r in told))
END

# What fails the gate as a whole, and another tool's judge that counts.
sed -i 's/- {check: max.*//; s/- p99.9.*/- max(latency) <= 1s/' twinrig.yaml
cat >>twinrig.yaml <<'END'
  judges:
    - {k6: load.json, gates: true}
END
echo '{"thresholds": {"http_req_duration": ["max<1"]}}' >load.json
commit_all . "Asked by another tool"
expect 1 "$TWINRIG" gate --sarif e.sarif --code-quality e.json \
	--annotations e.txt --markdown e.md
said "^ +again +twinrig gate --baseline [0-9a-f]+ --scenario 'steady'"
grep -q '^- [*]again[*]: `twinrig gate' e.md || fail "not how to see it again"
work=$PWD valid e.sarif judge-failed
grep -q '"uri": "load.json"' e.sarif || fail "not at the judge's own rule"
grep -q '^::error file=load.json,line=1.*twinrig%3A steady fails' e.txt ||
	fail "no annotation says why the gate fails"
grep -q '"check_name": "judge-failed"' e.json || fail "nothing for GitLab"
exit 0
