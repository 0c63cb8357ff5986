#!/usr/bin/env bash
# Memory limits of manifests against the memory of a model.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop"
deploy=$work/shop/deploy
gate() { # STATUS
	expect "$1" env -C "$work/shop" "$TWINRIG" gate --scenario steady --runs 3
}

# --- nobody says what the pods need: a limit alone cannot be judged -----------
sed -i 's/memory: 256Mi/memory: 200Mi/' "$deploy/pricing.yaml"
gate 4
said 'limits.memory: 256Mi -> 200Mi'
said '1 of them not modelled'
repo_git -C "$work/shop" checkout -q -f .

# --- the model does: less than is needed kills --------------------------------
sed -i 's/^  shop\/pricing:/&\n    memory: {base: 90Mi, per-request: 6Mi, leak: 4Ki}/' \
	"$work/shop/twins/shop.yaml"
commit_all "$work/shop" memory
sed -i 's/memory: 256Mi/memory: 200Mi/' "$deploy/pricing.yaml"
gate 0
said '0 of them not modelled'
sed -i 's/memory: 200Mi/memory: 120Mi/; s/memory: 128Mi/memory: 100Mi/' \
	"$deploy/pricing.yaml"
gate 1
said 'guilty +shop/.* -> shop/pricing GET /prices: the callee is killed'
expect 0 env -C "$work/shop" "$TWINRIG" run --scenario steady --json "$work/r.json"
said '^ +[0-9.]+s  shop/pricing-[123] OOMKilled: 121Mi of 120Mi'
grep -q '"oomKills":3' <(tr -d ' \n' <"$work/r.json") || fail "no kills in JSON"

# --- a limit that is too low for one request is seen without a run ------------
sed -i 's/memory: 120Mi/memory: 95Mi/; s/memory: 100Mi/memory: 64Mi/' \
	"$deploy/pricing.yaml"
expect 0 env -C "$work/shop" "$TWINRIG" check
said 'memory-limit-too-low'
