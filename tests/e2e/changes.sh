#!/usr/bin/env bash
# `twinrig history` says since when what candidates measure is another.
. "$TOP/tests/e2e/lib.bash"

mkdir -p "$work/small/deploy"
cat >"$work/small/deploy/app.yaml" <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: app:1, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{port: 80}]}
END
model() { # P50 in us
	cat >"$work/small/model.yaml" <<-END
		version: 1
		services:
		  app:
		    endpoints:
		      GET /: [{cpu: {p50: ${1}us, p99: 20ms}}]
	END
}
cat >"$work/small/twinrig.yaml" <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [model.yaml]}
traffic: {rate: 50/s, duration: 4s, entry: app}
gate:
  runs: 2
  checks: [p50(latency) <= baseline * 100]
END
model 5000
commit_all "$work/small" base
repo_git -C "$work/small" checkout -q -b work
for us in 5010 5020 4990 5005 5015 4995 8010 8020 7990 8005 8015 7995; do
	model $us
	commit_all "$work/small" "$us"
	env -C "$work/small" "$TWINRIG" gate -q --baseline main >"$work/out" 2>&1 ||
		fail "gate: $(cat "$work/out")"
done
expect 0 env -C "$work/small" "$TWINRIG" history
said 'changes of what candidates measured:'
said '5\.[0-9]+ms -> 8\.[0-9]+ms  .*p50\(latency\)'
[[ $(grep -c ' on: ' "$work/out") == 1 ]] || fail "more than one change"

# The page has the same change.
expect 0 env -C "$work/small" "$TWINRIG" history --html "$work/page.html"
grep -qE '<td>5\.[0-9]+ms → 8\.[0-9]+ms</td>' "$work/page.html" ||
	fail "no change on the page"
# Gates of one second stand as they were made: by the commits' order.
repo_git -C "$work/small" log --reverse --format=%h main..work >"$work/made"
sed -nE 's/^20[^ ]+ [^ ]+  [0-9a-f]{16}  ([0-9a-f]{7})[0-9a-f]* .*/\1/p' \
	"$work/out" >"$work/listed"
[[ $(wc -l <"$work/listed") == 12 ]] || fail "$(cat "$work/out")"
diff <(cut -c 1-7 "$work/made") "$work/listed" || fail "another order"
