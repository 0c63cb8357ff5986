#!/usr/bin/env bash
# A gate that goes on while a check is undecided, and no longer.
. "$TOP/tests/e2e/lib.bash"

gate() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" gate "$@"
}

shop "$work/shop"
sed -i 's/^  runs: 8/  runs: 3\n  max_runs: 12\n  counterfactuals: 0/; s/^  checks:/  checks:\n    - p50(latency{service="shop\/frontend"}) <= baseline + 1ms/' \
	"$work/shop/twinrig.yaml"
commit_all "$work/shop" looks
repo_git -C "$work/shop" checkout -q -b slower
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
commit_all "$work/shop" slower

gate 1 --threads 1 --json "$work/one.json" --junit "$work/j.xml" --markdown "$work/g.md"
said '3 to 12 of each'
said 'pass  steady  \([0-9]+ runs, look [1-4] of 4: all decided\)|\?\?\?\?'
said 'runs, look [1-3] of 4: all decided\)'
python3 - "$work/one.json" <<'END' || fail "the JSON does not tell the looks"
import json, sys
report = json.load(open(sys.argv[1]))
assert report["maxRuns"] == 12 and report["runs"] == 3
seen = {s["name"]: (s["runs"], s["stopped"]) for s in report["scenarios"]}
assert all(n in (3, 5, 8, 12) for n, _ in seen.values()), seen
looks = {s["runs"]: (s["look"], s["looks"]) for s in report["scenarios"]}
assert all(looks[n] == ((3, 5, 8, 12).index(n) + 1, 4) for n in looks), looks
assert any(n < 12 and why == "decided" for n, why in seen.values()), seen
END
grep -q 'runs, ' "$work/g.md" || fail "the Markdown does not tell the looks"

# --- whatever the threads and the machines -----------------------------------
gate 1 --threads 3 --json "$work/three.json"
cmp "$work/one.json" "$work/three.json" || fail "threads change the looks"
repo_git clone -q "file://$work/shop" "$work/clone" # nothing is stored there
repo_git -C "$work/clone" branch -q main origin/main
for i in 1 2 3; do
	expect 0 env -C "$work/clone" "$TWINRIG" gate --shard $i/3 -o "$work/s$i" \
		--baseline main
	rm -rf "$work/clone/.git/refs/twinrig"
done
expect 1 env -C "$work/clone" "$TWINRIG" merge "$work/s1" "$work/s2" "$work/s3" \
	--baseline main --json "$work/merged.json"
expect 1 env -C "$work/shop" "$TWINRIG" gate --baseline main --json "$work/whole.json"
cmp "$work/whole.json" "$work/merged.json" || fail "shards change the looks"

# --- as many as were asked for -----------------------------------------------
gate 1 --runs 3
said 'runs +3 of each'
gate 1 --runs 2 --max-runs 3 --scenario node-loss
said 'runs +2 to 3 of each'

# --- no more time ------------------------------------------------------------
repo_git -C "$work/shop" checkout -q main
sed -i 's/^  max_runs: 12/  max_runs: 40\n  budget: 1ms/' "$work/shop/twinrig.yaml"
repo_git -C "$work/shop" commit -qam budget
repo_git -C "$work/shop" checkout -q -b again
sed -i 's/p50: \([0-9]*\)ms/p50: \1.0003ms/' "$work"/shop/twins/*.yaml
gate 4 --scenario steady --baseline main
said '\(3 runs, look 1 of [0-9]+: the time was up\)'
