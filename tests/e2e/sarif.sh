#!/usr/bin/env bash
# Findings as SARIF: what GitHub's code scanning asks for, from `check` and
# from `gate`, whose own verdicts are results too.
. "$TOP/tests/e2e/lib.bash"

command -v python3 >/dev/null || skip "no python3"
valid() { # REPORT RULE...
	python3 "$top/tests/e2e/sarif_readers.py" "$1" "$work" "${@:2}" ||
		fail "$1 is not what code scanning takes"
}

mkdir -p "$work/sub folder"
shop "$work/sub folder/shop" faster-failover
cd "$work"
expect 0 "$TWINRIG" check -c "sub folder/shop/twinrig.yaml" --sarif a.sarif
said '^0 errors'
valid a.sarif timeout-shorter-than-inner
grep -q '"sub%20folder/shop/deploy/' a.sarif || fail "paths start elsewhere"

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
sed -i '$d' "sub folder/shop/twinrig.yaml"

# A gate: what the candidate adds, and the checks that failed.
sed -i 's/replicas: 3/replicas: 1/' "sub folder/shop/deploy/pricing.yaml"
expect 1 env -C "sub folder/shop" "$TWINRIG" gate --runs 3 --baseline main \
	--scenario steady --sarif "$work/c.sarif"
cd "sub folder/shop"
work=$PWD valid "$OLDPWD/c.sarif" check-failed weights-not-100
grep -q timeout-shorter-than-inner "$OLDPWD/c.sarif" &&
	fail "what the baseline has already is told again"
exit 0
