#!/usr/bin/env bash
# `twinrig gate` with a process: the good build passes, the bad one fails with
# the reason, one that crashes or does not start is a failure too, and nothing
# stays behind, not even after kill -9.
. "$TOP/tests/e2e/lib.bash"

cp -R "$top/fixtures/candidate" "$work/candidate"
cp "$top"/build/fixtures/cart-* "$work/candidate"
sed -i "s|\.\./\.\./build/fixtures/|$work/candidate/|" "$work"/candidate/*.yaml

gate() { # STATUS BUILD
	sed "s|/cart-bad\]|/$2]|" \
		"$work/candidate/cart-bad.yaml" >"$work/candidate/this.yaml"
	expect "$1" env -C "$work/candidate" "$TWINRIG" gate -c this.yaml \
		--scenario steady --runs 2 --junit "$work/j.xml"
	xmllint --noout "$work/j.xml"
	! pgrep -f "^$work/candidate/" ||
		fail "left behind: $(pgrep -fa "^$work/candidate/")"
}

gate 1 cart-bad
said '\$\.total was [0-9]+, is "[0-9]+"'
said 'more calls for the same work'
gate 1 cart-crash
said 'crashed: it was killed by SIGABRT'
gate 1 cart-none
said 'not started'
grep -q 'no answer was compared' "$work/j.xml" ||
	fail "answers pass on no evidence"

# How often and how long its requests are sent; what cannot be is refused.
traffic() { # LINE: in place of speed
	sed -i "s#^  speed: .*#  $1#" "$work/candidate/this.yaml"
	(cd "$work/candidate" && "$TWINRIG" gate -c this.yaml --scenario steady \
		--runs 1) >"$work/out" 2>&1 || true
}
sent() { sed -nE 's/^live .*: ([0-9]+) requests, .*/\1/p' "$work/out"; }
cp "$work/candidate/cart-good.yaml" "$work/candidate/this.yaml"
traffic 'rate: 800/s'
once=$(sent)
((once > 0)) || fail "nothing sent: $(cat "$work/out")"
sed -i 's/^  rate: .*/  speed: x/' "$work/candidate/this.yaml"
traffic 'rate: 800/s\n  loop: 2'
(($(sent) == 2 * once)) || fail "not sent twice: $(cat "$work/out")"
cp "$work/candidate/cart-good.yaml" "$work/candidate/this.yaml"
sed -i 's/name: steady/&\n    traffic: {capture: other.gor}/' \
	"$work/candidate/this.yaml"
traffic 'duration: 1s'
said 'this.yaml:1[0-9]:[0-9]+: error: capture: scenarios with a process'
cp "$work/candidate/cart-good.yaml" "$work/candidate/this.yaml"
traffic 'duration: 500ms'
(($(sent) < once && $(sent) > 0)) || fail "not cut: $(cat "$work/out")"

# The good build. A machine that is too busy to send in time, or too noisy, makes
# it inconclusive, never a failure.
cp "$work/candidate/cart-good.yaml" "$work/candidate/good.yaml"
status=0
(cd "$work/candidate" && "$TWINRIG" gate -c good.yaml --scenario steady) \
	>"$work/out" 2>&1 || status=$?
said '0 differ'
((status == 0 || status == 4)) || fail "status $status: $(cat "$work/out")"

# Judged again: what its answers were stays, whatever the checks are now.
commit_all "$work/candidate" state
gate 1 cart-bad
sed -i '/^  checks:/,$d' "$work/candidate/this.yaml"
printf '  checks: [max(latency) <= 1h]\n' >>"$work/candidate/this.yaml"
expect 1 env -C "$work/candidate" "$TWINRIG" rejudge -c this.yaml
said 'still: [1-9][0-9]* of [0-9]+ answers of the process differ'
said 'not judged -> pass  steady: max'
expect 0 env -C "$work/candidate" "$TWINRIG" history -c this.yaml
said '^answers of real builds: [1-9][0-9]* of'
said "^accuracy of the twin: the medians of a real build's endpoints are [0-9]+% off"
