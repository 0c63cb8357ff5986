#!/usr/bin/env bash
# nginx, which we did not write, as a candidate: it passes.
set -u
if ! PATH=$PATH:/usr/sbin command -v nginx >/dev/null; then
	echo "nginx is not installed"
	exit 77
fi
"$OUT/tests/e2e/live_driver" "$TOP/fixtures/edge" twinrig.yaml >out 2>log
status=$?
cat out log
[ $status -eq 0 ] && grep -q '^end: played$' out &&
	grep -Eq '^differing: 0 of 120$' out
