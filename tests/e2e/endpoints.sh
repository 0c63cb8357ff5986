#!/usr/bin/env bash
# Endpoints that only one side has: a new one is listed and has no say where
# there is nothing to compare it with; one that is gone while requests still go
# to it is never green.
. "$TOP/tests/e2e/lib.bash"

shop shop
cat >shop/twinrig.yaml <<-END
	version: 1
	topology: {manifests: [deploy/*.yaml], models: [twins/*.yaml]}
	traffic: {capture: captures/peak.gor.gz, duration: 20s}
	gate:
	  runs: 2
	  checks:
	    - p50(latency{service="shop/frontend"}) by (endpoint) <= baseline * 1.3 + 50ms
	    - ratio(errors{service="shop/frontend"}) <= baseline + 0.5pp
	END
commit_all shop "Two checks"

sed -i 's|^      POST /checkout:$|      GET /product/16: [{cpu: 9s}]\n&|' shop/twins/shop.yaml
expect 0 env -C shop "$TWINRIG" gate --json report.json --markdown report.md
said '^  new +GET /product/16 +- +9\.'
said 'calls in the candidate, none in the baseline'
grep -qF '| new | ' shop/report.md || fail "not listed as new in Markdown"
grep -qF '"reason": "new"' shop/report.json ||
	grep -qF '"reason":"new"' shop/report.json || fail "not new in JSON"

# Beside it a check against a constant judges it.
sed -i 's/    - ratio.*/&\n    - p50(latency{service="shop\/frontend"}) by (endpoint) <= 1s/' \
	shop/twinrig.yaml
repo_git -C shop stash -q -- twins
commit_all shop "A constant"
repo_git -C shop stash pop -q
expect 1 env -C shop "$TWINRIG" gate
said '^  FAIL +GET /product/16 '
repo_git -C shop checkout -q -f .

# The front end no longer has /checkout: no check but the last would see it.
sed -i '/by (endpoint)/d' shop/twinrig.yaml
commit_all shop "By service"
sed -i '0,/^      POST \/checkout:$/s//      POST \/checkouts:/' shop/twins/shop.yaml
expect 4 env -C shop "$TWINRIG" gate
said 'requests that have an endpoint in the baseline have none in the candidate'
