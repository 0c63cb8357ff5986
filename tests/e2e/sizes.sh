#!/usr/bin/env bash
# Sizes of answers from the capture, where the model gives none, on a thin line.
. "$TOP/tests/e2e/lib.bash"

cat >twinrig.yaml <<'END'
version: 1
topology: {models: [model.yaml]}
traffic: {capture: a.log, entry: web}
scenarios:
  - name: thin
    faults: [{kind: bandwidth, to: web, rate: 1MB/s, direction: back, at: 0s, for: 1h}]
END
log() { # BYTES
	for i in {0..19}; do
		printf '10.0.0.1 - - [23/Nov/2026:10:05:%02d +0000] "GET / HTTP/1.1" 200 %s\n' \
			"$((2 * i))" "$1"
	done >a.log
}
model() { # MORE
	printf 'version: 1\nservices: {web: {endpoints: {GET /: {steps: [{wait: 1ms}]%s}}}}\n' \
		"$1" >model.yaml
}

model ''
log 100000
expect 0 "$TWINRIG" run
said 'default/web GET / +20 .* 101ms'
log 1000
expect 0 "$TWINRIG" run
said 'default/web GET / +20 .* 2ms +2ms +2ms'
log -
expect 0 "$TWINRIG" run
said 'default/web GET / +20 .* 5.09[0-9]*ms'
log 1000
model ', answer-size: 50Ki'
expect 0 "$TWINRIG" run
said 'default/web GET / +20 .* 52.2ms'
