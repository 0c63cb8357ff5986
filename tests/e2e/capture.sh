#!/usr/bin/env bash
# twinrig capture: known by content, no secret reaches the disk, what was
# converted reads back the same, and a failed conversion leaves nothing.
. "$TOP/tests/e2e/lib.bash"

cat >log <<'END'
1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /a/1?token=hunter2 HTTP/1.1" 200 5 "-" "x"
1.2.3.4 - - [17/May/2015:10:05:04 +0000] "GET /a/2 HTTP/1.1" 500 5 "-" "x"
not a line of a log
END
"$TWINRIG" capture info log >info
grep -q '^requests   2$' info || fail "$(cat info)"
grep -q '^malformed  1 ' info || fail "$(cat info)"
grep -q 'log:3: ' info || fail "$(cat info)"
grep -q 'GET /a/{id}' info || fail "$(cat info)"
gzip -c log | "$TWINRIG" capture info - | grep -q '^requests   2$' ||
	fail "not read from a pipe"

"$TWINRIG" capture head -n 1 log >head
[ "$(wc -l <head)" = 1 ] || fail "head: $(cat head)"
"$TWINRIG" capture convert -q log -o one.jsonl
! grep -r hunter2 one.jsonl head || fail "a secret was written"
"$TWINRIG" capture convert -q one.jsonl -o two.jsonl
cmp one.jsonl two.jsonl
"$TWINRIG" capture convert -q one.jsonl -o three.gor
"$TWINRIG" capture info three.gor | grep -q '^format     gor, 1 file' ||
	fail "no .gor"

# The key makes placeholders comparable between runs.
export TWINRIG_REDACT_KEY=000102030405060708090a0b0c0d0e0f
"$TWINRIG" capture convert -q log >four
"$TWINRIG" capture convert -q log >five
cmp four five
cmp -s one.jsonl four && fail "a random key gave the same placeholder"

status=0
"$TWINRIG" capture convert -q no-such-file -o six 2>message || status=$?
[ "$status" = 2 ] || fail "status $status"
[ ! -e six ] && [ ! -e six.partial ] || fail "something was left behind"
status=0
"$TWINRIG" capture info message 2>unknown || status=$?
[ "$status" = 2 ] || fail "status $status"
grep -q 'known: accesslog' unknown || fail "$(cat unknown)"

# A request that two sidecars logged is one; as JSON too.
"$TWINRIG" capture info "$TOP/fixtures/istio.log" >info
grep -q '^requests   6$' info || fail "not joined: $(cat info)"
grep -q '^left out   4: the inbound line of a request' info ||
	fail "not told: $(cat info)"
for way in outbound inbound; do
	printf '{"start_time":"2026-11-23T10:05:03.123Z","method":"GET",%s\n' \
		'"path":"/a","response_code":200,"duration":2,"request_id":"x",'"\"upstream_cluster\":\"$way|80||shop.svc\"}"
done >pair
"$TWINRIG" capture info pair >info
grep -q '^requests   1$' info || fail "not joined: $(cat info)"

# Nothing of a capture steers a terminal: escapes and DEL are shown as `?`.
printf '{"time":"2026-11-23T10:05:03.123Z","method":"%s","host":"%s","target":"%s","status":200}\n' \
	'G\u001b[2JT' 'a\u001b[31mb\u007f' '/x\u001b[2J/\u007f/y' >steers.jsonl
for verb in head info; do
	"$TWINRIG" capture "$verb" steers.jsonl >steers
	! LC_ALL=C grep -q "[$(printf '\033\177')]" steers || fail "$verb steers a terminal"
	grep -qF 'G?[2JT' steers || fail "$verb: $(cat steers)"
done
"$TWINRIG" capture head steers.jsonl | grep -qF ' G?[2JT a?[31mb?/x?[2J/?/y' ||
	fail "$("$TWINRIG" capture head steers.jsonl)"
"$TWINRIG" capture head -n 1 log | grep -qF ' GET    /a/1' || fail "$(cat head)"
