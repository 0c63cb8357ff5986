#!/usr/bin/env bash
# A rolling update, a node that is lost, a drain against a budget: each event log
# byte by byte, as its fixture has it and as the manual explains it.
. "$TOP/tests/e2e/lib.bash"

sed 's/  */ /g' "$top/docs/timelines.md" >"$work/manual"
for name in rolling-update node-loss drain; do
	cp -r "$top/fixtures/$name" "$work/$name"
	expect 0 env -C "$work/$name" "$TWINRIG" run --watch events
	diff "$top/fixtures/$name/timeline.txt" "$work/out" ||
		fail "the timeline of $name differs"
	tail -n +3 "$work/out" |
		sed 's/  */ /g; s/ Normal / /; s/ Warning / /' >"$work/lines"
	while read -r line; do
		[[ ! $line ]] || grep -qxF -- "$line" "$work/manual" ||
			fail "not in the manual: $line"
	done <"$work/lines"
done

# What the explanations say of requests.
expect 0 env -C "$work/rolling-update" "$TWINRIG" run
said 'outside -> shop/cart GET / .* 0\.000%'
expect 0 env -C "$work/drain" "$TWINRIG" run
said 'outside -> shop/cart GET / .* 0\.000%'
expect 0 env -C "$work/node-loss" "$TWINRIG" run
said 'outside -> shop/cart GET / .* 3\.[0-9]+% .* 5s$'
