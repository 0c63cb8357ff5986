#!/usr/bin/env bash
# CPU limits and requests of manifests, as pull requests that change them.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop"
deploy=$work/shop/deploy

gate() { # STATUS
	expect "$1" env -C "$work/shop" "$TWINRIG" gate --scenario steady --runs 3
}

branch() { # NAME: off main
	repo_git -C "$work/shop" checkout -q -f -b "$1" main
}

# --- a limit below the load: throttled, and nothing else is blamed ----------
branch limited
sed -i '/limits:/a\              cpu: 300m' "$deploy/pricing.yaml"
gate 1
said 'limits.cpu: \(none\) -> 300m'
said '0 of them not modelled'
said 'guilty +shop/.* -> shop/pricing GET /prices: the callee is throttled'
expect 0 env -C "$work/shop" "$TWINRIG" run --scenario steady
said 'shop/pricing .* [5-9][0-9]\.[0-9]%$'

# --- a check of it, and a limit that the load never reaches -------------------
branch checked
sed -i 's/^  checks:/  checks:\n    - throttled{service="shop\/pricing"} <= 20%/' \
	"$work/shop/twinrig.yaml"
commit_all "$work/shop" checked
repo_git -C "$work/shop" branch -f main HEAD
sed -i '/limits:/a\              cpu: 300m' "$deploy/pricing.yaml"
gate 1
said 'throttled\{service="shop/pricing"\} <= 20%'
sed -i '/limits:/{n;s/300m/64/}' "$deploy/pricing.yaml"
gate 0
said 'limits.cpu: \(none\) -> 64'

# --- requests are shares of a node that is short of CPU ----------------------
branch small
sed -i 's/cpu: 8/cpu: 3/' "$work/shop/twins/shop.yaml"
commit_all "$work/shop" small
repo_git -C "$work/shop" branch -f main HEAD
sed -i 's/cpu: 200m/cpu: 4m/' "$deploy/catalog.yaml"
expect 1 env -C "$work/shop" "$TWINRIG" gate --scenario steady --runs 6
said 'requests.cpu: 200m -> 4m'
said 'guilty +shop/.* -> shop/catalog GET /products: the callee waits for a core'
