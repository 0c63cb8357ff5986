#!/usr/bin/env bash
# A real build in the twin, by a driver that runs it once: what passes, what is
# found, and that nothing stays behind however it ends.
set -u
driver=$OUT/tests/e2e/live_driver
builds=$TOP/build/fixtures
cart=$TOP/fixtures/candidate
here=$PWD
failures=0

fail() {
	echo "FAILED: $1"
	failures=$((failures + 1))
	cat "$here/out" "$here/log" 2>/dev/null
}

# run NAME DIRECTORY ARGUMENTS...: the driver; its output is in out and log.
run() {
	name=$1
	shift
	echo "== $name"
	"$driver" "$@" >out 2>log
	status=$?
	left
}

has() {
	grep -Eq -- "$1" out || fail "$name: no line like '$1'"
}

# A copy of a build, under a path of this test alone, so that what is left of
# it can be told from everybody else's.
copy() {
	cp "$builds/$1" "$here/$1"
}

# Processes of this test; it may take the warden a moment after kill -9.
left() {
	for _ in {1..30}; do
		pgrep -f "^$here/" >/dev/null || return 0
		sleep 0.3
	done
	fail "$name: left behind: $(pgrep -fa "^$here/")"
}

# What nine in ten of a cell take at least, in us: "CALLER -> SERVICE ENDPOINT",
# a window. A busy machine makes the others slow, whatever the candidate does.
fast() {
	sed -En "s|^cell: $1 window $2 .* p10 ([0-9]+)us.*|\1|p" out
}

for build in cart-good cart-bad cart-crash cart-hang; do
	copy $build
done

run "the good build passes" "$cart" cart-good.yaml --to 3s -- "$here/cart-good"
[ $status -eq 0 ] || fail "$name: status $status"
has '^end: played$'
has '^differing: 0 of [0-9]+$'
has ' missing 0 synthetic 0 unmodelled 0$'
good=$(fast "outside -> shop/cart GET /cart/\{id\}" 0)

run "the bad build is found" "$cart" cart-bad.yaml --to 3s -- "$here/cart-bad"
[ $status -eq 1 ] || fail "$name: status $status"
has '^end: played$'
has '^diff: GET /cart/\{id\} \$\.discount missing '
has '^diff: GET /cart/\{id\} \$\.total type '
bad=$(fast "outside -> shop/cart GET /cart/\{id\}" 0)
[ "${bad:-0}" -gt "${good:-0}" ] || fail "$name: p10 $bad us, good $good us"

run "a fault of a dependency reaches the candidate" "$cart" cart-good.yaml \
	--scenario slow-pricing --to 4s -- "$here/cart-good"
before=$(fast "outside -> shop/cart GET /cart/\{id\}" 0)
during=$(fast "outside -> shop/cart GET /cart/\{id\}" 1)
[ "${before:-29000}" -lt 29000 ] && [ "${during:-0}" -ge 29000 ] ||
	fail "$name: $before us before, $during us during"

run "a crash is a finding" "$cart" cart-good.yaml -- "$here/cart-crash"
[ $status -eq 1 ] || fail "$name: status $status"
has '^end: crashed$'
has '^why: it was killed by SIGABRT after [0-9]+ requests$'
has 'the store is gone'

run "a hang is a finding" "$cart" cart-good.yaml --deadline 1s -- "$here/cart-hang"
has '^end: hung$'

printf '#!/bin/sh\nsleep 1000\n' >"$here/sleeper"
printf '#!/bin/sh\necho cannot read config >&2\nexit 3\n' >"$here/quitter"
chmod +x "$here/sleeper" "$here/quitter"

run "one that is never ready" "$cart" cart-good.yaml --ready 400ms -- "$here/sleeper"
has '^end: never ready$'
pgrep -f '^sleep 1000$' -s "$$" >/dev/null && fail "$name: its child is left"

run "one that exits at once" "$cart" cart-good.yaml -- "$here/quitter"
has '^end: exited before it was ready$'
has '^why: it exited with status 3 before it was ready$'
has 'cannot read config'

run "one that is not there" "$cart" cart-good.yaml -- "$here/nothing"
has '^end: not started$'
has '^why: .*nothing'

# Somebody listens on a port already.
PORT=0 "$here/cart-good" 2>listener &
other=$!
for _ in {1..200}; do
	port=$(sed -n 's/.*listens on //p' listener)
	[ -n "$port" ] && break
	sleep 0.1
done
echo "== a port in use"
"$driver" "$cart" cart-good.yaml --port "$port" -- "$here/cart-bad" >out 2>log
name="a port in use" has '^end: not started$'
name="a port in use" has '^why: port [0-9]+: '
kill "$other"
wait "$other" 2>/dev/null

name="kill -9 leaves nothing"
echo "== $name"
"$driver" "$cart" cart-good.yaml -- "$here/cart-good" >out 2>log &
pid=$!
for _ in {1..200}; do
	grep -q 'is ready' log && break
	sleep 0.1
done
pgrep -f "^$here/cart-good" >/dev/null || fail "$name: it never ran"
kill -9 $pid
wait $pid 2>/dev/null
left

[ $failures -eq 0 ]
