#!/usr/bin/env bash
# The classic collapses, each a small system in fixtures/resilience, and what
# is said to cure it.
. "$TOP/tests/e2e/lib.bash"

# run FIXTURE [MODEL]: what `run` prints goes to $work/FIXTURE.MODEL
run() {
	local name=$1 model=${2:-twin}

	[[ -d $work/$name ]] || cp -R "$top/fixtures/resilience/$name" "$work/$name"
	sed "s/models: .*/models: [$model.yaml]}/" \
		"$top/fixtures/resilience/$name/twinrig.yaml" >"$work/$name/twinrig.yaml"
	(cd "$work/$name" && "$TWINRIG" run -q) >"$work/$name.$model" ||
		fail "$name with $model.yaml does not run"
}

# figure FILE SCENARIO EDGE COLUMN: count 1, errors 2, retries 3, p50 4, p99 5
figure() {
	awk -v scenario="$2:" -v edge="  $3" -v column="$4" '
		/^[^ ].*: / { on = $1 == scenario }
		on && index($0, edge) == 1 && !found {
			rest = substr($0, length(edge) + 1)
			split(rest, part, " ")
			found = part[column]
		}
		END { sub(/%$/, "", found); print found }' "$work/$1"
}

# holds EXPRESSION: of awk, with the numbers in it
holds() {
	awk "BEGIN { exit !($1) }" || fail "$2: not so: $1"
}

# --- retry storm: (1 + r)^d ------------------------------------------------
leaf='default/c -> default/leaf GET /'
run retry-storm
roots=$(figure retry-storm.twin storm 'outside -> default/a GET /' 1)
calls=$(figure retry-storm.twin storm "$leaf" 1)
holds "$calls == 27 * $roots / 3" "two retries on each of three hops, three tries a call"
holds "$(figure retry-storm.twin storm "$leaf" 3) == 200" "each call is tried three times"
run retry-storm budget
calls=$(figure retry-storm.budget storm "$leaf" 1)
retries=$(figure retry-storm.budget storm "$leaf" 3)
holds "$calls * (1 + $retries / 100) <= 1.2 ^ 3 * $roots" "a budget of 20%"
holds "$calls > $roots" "the budget lets some retries through"

# --- metastable: outlives its trigger --------------------------------------
api='outside -> default/api GET /'
run metastable
holds "$(figure metastable.twin steady "$api" 2) == 0" "it carries its load"
holds "$(figure metastable.twin halved "$api" 2) > 80" "it stays down"
holds "$(figure metastable.twin halved-at-low-load "$api" 2) < 1" "less load cures it"
run metastable budget
holds "$(figure metastable.budget halved "$api" 2) < 80" "a budget cures it"
run metastable lifo
holds "$(figure metastable.lifo halved "$api" 2) < 20" "last in, first out cures it"
run metastable drop
holds "$(figure metastable.drop halved "$api" 2) < 20" "dropping who has waited too long cures it"

# How long the fault may last: the baseline has three times the capacity.
mkdir "$work/gate"
cp -R "$top/fixtures/resilience/metastable" "$work/gate/candidate"
cp -R "$top/fixtures/resilience/metastable" "$work/gate/baseline"
sed -i 's/workers: 10/workers: 30/' "$work/gate/baseline/twin.yaml"
cd "$work/gate/candidate"
expect 1 "$TWINRIG" gate --baseline ../baseline --scenario 'how-long-1x' \
	--json "$work/map.json" --markdown "$work/map.md"
said 'FAIL +how-long-1x'
said 'recovery after `for` of how-long: ratio\(errors\) <= 5%'
said '1x +baseline +\. +\. +\. +\. +\. +\. +\. +\.'
said 'candidate +\. .*#'
cp "$work/map.json" "$work/map.once"
expect 1 "$TWINRIG" gate --baseline ../baseline --scenario 'how-long-1x' \
	--json "$work/map.json" --threads 1
cmp "$work/map.json" "$work/map.once" || fail "one thread gives another map"
grep -q '"lostBaseline": \[' "$work/map.json" || fail "no map in JSON"
grep -q 'recovery after' "$work/map.md" || fail "no map in Markdown"
sed -i 's/duration: 240s/duration: 40s/' twinrig.yaml ../baseline/twinrig.yaml
expect 2 "$TWINRIG" gate --baseline ../baseline --scenario 'how-long-1x'
cd "$work"

# --- thundering herd -------------------------------------------------------
session='outside -> default/api POST /session'
queue() { awk -v s="$1:" '$1 == s { on = 1 } on && $1 == "default/api" { print $4; exit }' "$work/herd.twin"; }
run herd
holds "$(queue at-once) > 900" "a thousand come at once"
holds "$(queue jitter) < 20" "a thousand come in ten seconds"

# --- cascading time-outs ---------------------------------------------------
run cascade
(cd "$work/cascade" && "$TWINRIG" check) >"$work/cascade.check" 2>&1
grep -q timeout-shorter-than-inner "$work/cascade.check" ||
	fail "check does not find the cascade"
holds "$(figure cascade.twin slow-db 'default/api -> default/db GET /' 3) > 50" \
	"api tries for callers who have gone"
holds "$(figure cascade.twin slow-db 'outside -> default/web GET /' 5 | sed 's/ms//') <= 301" \
	"web gives up after 300 ms"

# --- a frozen replica ------------------------------------------------------
web='outside -> default/web GET /'
run frozen
run frozen p2c
# Round robin runs out of workers, so that calls to the others fail too.
holds "$(figure frozen.twin frozen "$web" 2) > 5" "round robin fills the frozen one"
holds "$(figure frozen.p2c frozen "$web" 2) < 1" "the least busy of two is another"

# --- probe spiral: load -> slow probes -> restarts -> survivors overloaded ---
spiral() { # NAME: runs probe-spiral as it stands in $work/probe-spiral
	(cd "$work/probe-spiral" && "$TWINRIG" run) >"$work/spiral.$1" ||
		fail "probe-spiral ($1) does not run"
}
cp -R "$top/fixtures/resilience/probe-spiral" "$work/"
spiral probed
holds "$(figure spiral.probed steady "$api" 2) == 0" "it carries its load, probed"
holds "$(figure spiral.probed one-killed "$api" 2) > 50" "the probes kill the survivors"
grep -q 'Unhealthy: liveness probe failed' "$work/spiral.probed" ||
	fail "the probes' kills are not told"
sed -i 's/deploy.yaml/unprobed.yaml/' "$work/probe-spiral/twinrig.yaml"
spiral unprobed
holds "$(figure spiral.unprobed one-killed "$api" 2) < 1" "without them it lives"
sed -i 's/unprobed.yaml/deploy.yaml/' "$work/probe-spiral/twinrig.yaml"
sed -i 's/timeoutSeconds: 1/timeoutSeconds: 10/' "$work/probe-spiral/deploy.yaml"
spiral patient
holds "$(figure spiral.patient one-killed "$api" 2) < 1" "a probe with patience lets it live"
# The same probe as a connection alone: the process is there.
sed -i 's/timeoutSeconds: 10/timeoutSeconds: 1/; s/httpGet: {path: .*}/tcpSocket: {port: 80}/' \
	"$work/probe-spiral/deploy.yaml"
spiral tcp
holds "$(figure spiral.tcp one-killed "$api" 2) < 1" "a connection needs no worker"
