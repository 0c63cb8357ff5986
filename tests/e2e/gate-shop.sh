#!/usr/bin/env bash
# The gate as a team uses it, on the shop in a repository of its own.
. "$TOP/tests/e2e/lib.bash"

gate() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" gate "$@"
}

on_branch() { # NAME: a new branch off main
	repo_git -C "$work/shop" checkout -q -f -b "$1" main
}

shop "$work/shop"
deploy=$work/shop/deploy

# --- nothing changed -------------------------------------------------------
gate 0
said '^PASS'

# --- a harmless change -----------------------------------------------------
on_branch harmless
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/more-recommendations.patch"
gate 0
said 'spec.replicas: 3 -> 4'

# --- a retry storm, seen only when a node is lost --------------------------
on_branch storm
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
commit_all "$work/shop" storm
gate 1 --junit "$work/j.xml" --json "$work/g.json" --markdown "$work/g.md"
said '^FAIL  node-loss'
said '^pass  steady'
said '^pass  slow-payment'
said 'guilty +shop/.* -> shop/pricing GET /prices: more tries a call'
said 'never held again after the fault'
xmllint --noout "$work/j.xml" || fail "junit is not XML"
[[ $(grep -c '<failure' "$work/j.xml") -ge 2 ]] || fail "no failures in JUnit"
grep -q 'shop/pricing' "$work/g.md" || fail "markdown names nobody"
gate 0 --scenario steady
gate 1 --scenario 'node-*'
gate 2 --scenario nothing
said "no scenario is called 'nothing'"

# --- standard output belongs to who asked for it ---------------------------
gate 1 --scenario node-loss --json -
head -c 1 "$work/out" | grep -q '{' || fail "not JSON alone"

# --- the working tree is not touched ---------------------------------------
echo '# dirty' >>"$deploy/ads.yaml"
before=$(repo_git -C "$work/shop" status --porcelain; repo_git -C "$work/shop" rev-parse HEAD)
gate 1 --scenario node-loss
after=$(repo_git -C "$work/shop" status --porcelain; repo_git -C "$work/shop" rev-parse HEAD)
[[ $before == "$after" ]] || fail "the tree was touched"

# --- an image alone is nothing that the twin can judge ---------------------
on_branch image
sed -i 's/pricing:1.14.2/pricing:1.15.0/' "$deploy/pricing.yaml"
gate 4
said '^INCONCLUSIVE'
said 'process:'
said 'registry.shop.example/pricing:1.14.2 -> '
sed -i 's/^gate:/gate:\n  inconclusive: fail/' "$work/shop/twinrig.yaml"
gate 4 # the baseline's word counts, not the change's own
commit_all "$work/shop" image
repo_git -C "$work/shop" branch -f strict HEAD
gate 0 --baseline strict # nothing differs from itself

# --- a change of the gate itself is told -----------------------------------
on_branch loosen
sed -i 's/0.5pp/50pp/' "$work/shop/twinrig.yaml"
gate 0
said 'gate-changed'

# --- other baselines -------------------------------------------------------
cp -R "$top/fixtures/shop" "$work/other"
gate 0 --baseline "$work/other"
gate 0 --baseline main
gate 3 --baseline no-such-ref
said 'no-such-ref'

# --- no baseline: what can be judged is, the rest says why -----------------
cp -R "$top/fixtures/shop" "$work/plain"
expect 4 env -C "$work/plain" "$TWINRIG" gate
said 'there is no baseline'

# --- the first pull request: the baseline has no configuration yet ---------
cp -R "$top/fixtures/shop" "$work/first"
rm "$work/first/twinrig.yaml"
commit_all "$work/first" before
repo_git -C "$work/first" checkout -q -b adds
cp "$top/fixtures/shop/twinrig.yaml" "$work/first/"
expect 0 env -C "$work/first" "$TWINRIG" gate
said 'the baseline has no'

# --- CI's own words for the target branch ----------------------------------
repo_git clone -q "file://$work/shop" "$work/clone"
repo_git -C "$work/clone" checkout -q --detach origin/storm
expect 1 env -C "$work/clone" GITHUB_ACTIONS=true GITHUB_BASE_REF=main \
	"$TWINRIG" gate --scenario node-loss
repo_git clone -q --depth 1 -b storm "file://$work/shop" "$work/shallow"
expect 3 env -C "$work/shallow" GITHUB_ACTIONS=true GITHUB_BASE_REF=main \
	"$TWINRIG" gate
said 'git fetch'

# --- a capture of which too much is lost -----------------------------------
on_branch lossy
zcat "$work/shop/captures/peak.gor.gz" >"$work/whole.gor"
{
	head -c 500000 "$work/whole.gor"
	tail -c 1000000 "$work/whole.gor" | sed 's/^1 /1x /'
} | gzip >"$work/shop/captures/peak.gor.gz"
gate 4 --scenario steady
said 'malformed'

# --- what is wrong in any scenario is told before the first run -------------
repo_git -C "$work/shop" checkout -q captures
sed -i 's/node: worker-b-1/node: worker-x/; s/add: 400ms/rate: 400ms/' \
	"$work/shop/twinrig.yaml"
repo_git -C "$work/shop" commit -q -am 'faults that cannot be'
expect 2 "$TWINRIG" gate -c "$work/shop/twinrig.yaml" --baseline HEAD --runs 1000
said "no node fits 'worker-x'"
said "latency needs .add.: "
said "latency has no parameter 'rate'"
[[ $(grep -c ': error: ' "$work/err") == 3 ]] || fail "told twice: $(cat "$work/err")"
