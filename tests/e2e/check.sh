#!/usr/bin/env bash
# Errors point: all of all files at once, each with its place and what was
# meant; and whatever is read, the program ends with a status of its own.
. "$TOP/tests/e2e/lib.bash"

cp -R "$top/fixtures/shop" "$work/shop"
expect 0 env -C "$work/shop" "$TWINRIG" check
said 'timeout-shorter-than-inner'
said '0 errors'

sed -i 's/^traffic:/trafic:/
	s/p99(latency/p99(latncy/
	s/node: worker-b-1, at: 15s/node: worker-b-9, at: 15/
	s/kind: latency/kind: latncy/' "$work/shop/twinrig.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "^twinrig.yaml:[0-9]+:1: error: unknown key 'trafic'"
said "did you mean 'traffic'"
said "error: no node fits 'worker-b-9'"
said "did you mean 'worker-b-1'"
said "'at' of node-down is a time"
said "unknown kind of fault 'latncy'"
said "did you mean 'latency'"
said '\^~~~~~'

sed -i '0,/users:GET/s//user:GET/
	s/workers: 4$/workers: four/
	s/{p50: 2ms, p99: 9ms}/{p50: 9ms, p99: 2ms}/' "$work/shop/twins/shop.yaml"
expect 2 env -C "$work/shop" "$TWINRIG" check
said "twins/shop.yaml:[0-9]+:[0-9]+: error: call to an unknown service 'user'"
said "expected a whole number, not 'four'"
said 'p99 \(2ms\) is below p50 \(9ms\)'
said "unknown key 'trafic'"

expect 2 "$TWINRIG" check -c "$work/nothing.yaml"
said 'no such file'

# --- Helm templates are told, not parsed -----------------------------------
mkdir -p "$work/chart/templates"
echo 'version: 1
topology: {manifests: [templates/web.yaml]}' >"$work/chart/twinrig.yaml"
echo 'kind: Deployment
spec: {replicas: {{ .Values.replicas }}}' >"$work/chart/templates/web.yaml"
expect 2 env -C "$work/chart" "$TWINRIG" check
said 'helm'

# --- a command renders the manifests ---------------------------------------
mkdir "$work/render"
cp -R "$top/fixtures/shop/." "$work/render"
sed -i 's|manifests: .*|render: [sh, -c, "cat deploy/*.yaml"]|' "$work/render/twinrig.yaml"
sed -i -s '1i---' "$work"/render/deploy/*.yaml
expect 0 env -C "$work/render" "$TWINRIG" check
said '11 services, 11 workloads'
commit_all "$work/render" rendered
repo_git -C "$work/render" checkout -q -b change
sed -i 's/replicas: 3/replicas: 4/' "$work/render/deploy/recommendations.yaml"
expect 0 env -C "$work/render" "$TWINRIG" gate --scenario steady
said 'spec.replicas: 3 -> 4'
sed -i 's|"cat deploy|"exit 7; cat deploy|' "$work/render/twinrig.yaml"
expect 2 env -C "$work/render" "$TWINRIG" check
said 'exited with status 7'

# --- nothing that a fuzzer keeps makes the program crash or hang ------------
# Each file in one role with one verb: the roles take turns, so each format is
# seen in every one; tests/fuzz reads all of them as what they are.
roles=('topology: {manifests: [input]}' 'topology: {models: [input]}'
	'traffic: {capture: input, entry: a}')
verbs=(check 'run -q' 'check -c input')
mkdir "$work/any"
turn=0
for file in "$top"/tests/fuzz/corpus/*/*; do
	cp "$file" "$work/any/input"
	printf 'version: 1\n%s\n' "${roles[turn % 3]}" >"$work/any/twinrig.yaml"
	verb=${verbs[turn / 3 % 3]}
	status=0
	# shellcheck disable=SC2086
	(cd "$work/any" && timeout 60 "$TWINRIG" $verb) >"$work/out" 2>&1 ||
		status=$?
	((status <= 4)) || fail "$verb on $file: status $status"
	turn=$((turn + 1))
done
((turn > 100)) || fail "only $turn files of the fuzzers"
