#!/usr/bin/env bash
# Counterfactuals: which of the candidate's changes have to be undone.
. "$TOP/tests/e2e/lib.bash"

gate() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" gate --runs 4 "$@"
}

# The text after `undo`, its lines joined.
undo() {
	awk '/^ +undo /{on = 1; sub(/^ +undo +/, ""); text = $0; next}
	     on && /^                    /{sub(/^ +/, ""); text = text " " $0; next}
	     {on = 0} END {print text}' "$work/out"
}

undone() { # TEXT
	[[ $(undo) == "$1" ]] || fail "undo says: $(undo), not: $1"
}

branch() {
	repo_git -C "$work/shop" clean -q -f -d
	repo_git -C "$work/shop" checkout -q -f -b "$1" main
}

shop "$work/shop"
deploy=$work/shop/deploy

# --- two of three changes, and neither alone -------------------------------
branch storm
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
gate 1 --scenario node-loss --json "$work/a.json" --junit "$work/a.xml" \
	--markdown "$work/a.md"
pair='with `timeout: 2s` restored (deploy/mesh.yaml:31, now 1s) and `perTryTimeout: 1s` restored (deploy/mesh.yaml:34, now 200ms) every check of node-loss passes'
undone "$pair"
grep -q 'perTryTimeout: 1s' "$work/a.xml" || fail "JUnit does not say it"
grep -q 'perTryTimeout: 1s' "$work/a.md" || fail "Markdown does not say it"
python3 - "$work/a.json" <<'P'
import json, sys
it = json.load(open(sys.argv[1]))["scenarios"][0]["counterfactual"]
assert it["minimal"] and not it["baselineFails"], it
assert [c["alone"] for c in it["changes"]] == ["no"] * 3, it
assert sorted(c["path"].split(".")[-1] for c in it["changes"] if c["inSmallestSet"]) == ["perTryTimeout", "timeout"], it
P
# What it says is true.
(cd "$deploy" && sed -i 's/timeout: 1s/timeout: 2s/; s/perTryTimeout: 200ms/perTryTimeout: 1s/' mesh.yaml)
gate 0 --scenario node-loss
repo_git -C "$work/shop" checkout -q -f
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"

# --- the same wherever it is made ------------------------------------------
gate 1 --scenario node-loss --json "$work/b.json" # from the store
cmp "$work/a.json" "$work/b.json" || fail "another answer from the store"
gate 1 --scenario node-loss --json "$work/b.json" --no-store --threads 1
cmp "$work/a.json" "$work/b.json" || fail "another answer without the store"
gate 0 --scenario node-loss --shard 1/2 -o "$work/1.twsh" --no-store
gate 0 --scenario node-loss --shard 2/2 -o "$work/2.twsh" --no-store
expect 1 env -C "$work/shop" "$TWINRIG" merge --runs 4 --scenario node-loss \
	--no-store --json "$work/b.json" "$work/1.twsh" "$work/2.twsh"
cmp "$work/a.json" "$work/b.json" || fail "another answer from shards"

# --- an object, and a model's line among harmless ones ---------------------
branch policy
cat >"$deploy/deny.yaml" <<'Y'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pricing-alone, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pricing}}
  policyTypes: [Ingress]
Y
sed -i 's/replicas: 3/replicas: 4/' "$deploy/recommendations.yaml"
gate 1 --scenario steady
undone 'without networking.k8s.io/NetworkPolicy shop/pricing-alone (deploy/deny.yaml:1) every check of steady passes'

branch slower
sed -i 's/- cpu: {p50: 1.5ms, p99: 6ms}/- cpu: {p50: 1.5ms, p99: 600ms}/' "$work/shop/twins/shop.yaml"
sed -i 's/replicas: 3/replicas: 4/' "$deploy/recommendations.yaml"
gate 1 --scenario steady
undone 'with `p99: 6ms` restored (twins/shop.yaml:11, now 600ms) every check of steady passes'

# --- where the baseline fails too, and where nobody asks -------------------
repo_git -C "$work/shop" checkout -q -f main
sed -i 's/baseline + 0.5pp/0.001%/' "$work/shop/twinrig.yaml"
commit_all "$work/shop" strict
branch strict
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
gate 1 --scenario node-loss
undone 'nothing: the baseline does not pass node-loss either'
repo_git -C "$work/shop" checkout -q -f main
sed -i 's/^gate:/gate:\n  counterfactuals: 0/' "$work/shop/twinrig.yaml"
commit_all "$work/shop" none
branch none
repo_git -C "$work/shop" apply "$top/fixtures/shop-changes/faster-failover.patch"
gate 1 --scenario node-loss
[[ -z $(undo) ]] || fail "counterfactuals though none were asked for"
