#!/usr/bin/env bash
# `twinrig gate --prove` with a process: what is made worse at its sockets is
# seen by the check that is for it; what was found is stored.
. "$TOP/tests/e2e/lib.bash"

cp -R "$top/fixtures/candidate" "$work/candidate"
cp "$top"/build/fixtures/cart-* "$work/candidate"
cd "$work/candidate"
sed -i "s|\.\./\.\./build/fixtures/|$work/candidate/|
	s|^  speed: .*|  rate: 400/s\n  duration: 400ms|" cart-good.yaml
sed -i '/^baseline:/,$d' cart-good.yaml
# Wide, for busy machines: what is tried is far beyond.
cat >>cart-good.yaml <<'Y'
gate:
  runs: 3
  checks:
    - p50(latency{service="shop/cart"}) <= baseline + 250ms
    - ratio(errors{service="shop/cart"}) <= baseline + 10pp
    - rate(requests{service="shop/pricing"}) >= baseline * 0.7
Y
commit_all . state

prove() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" "$TWINRIG" gate --prove -c cart-good.yaml \
		--scenario steady "$@"
	! pgrep -f "^$work/candidate/" ||
		fail "left behind: $(pgrep -fa "^$work/candidate/")"
}
# Machines that are too busy to send in time make it 4, with the same table; a
# call to the catalog is dropped and no check is for that: 1.
status=1
"$TWINRIG" gate --prove -c cart-good.yaml --scenario steady \
	--json "$work/a.json" >"$work/first" 2>&1 || status=$?
((status == 1 || status == 4)) || fail "status $status: $(cat "$work/first")"
python3 - "$work/a.json" "$top/docs/prove.schema.json" <<'P'
import json, sys
it, schema = (json.load(open(f)) for f in sys.argv[1:3])
try:
    import jsonschema
    jsonschema.validate(it, schema)
except ImportError:
    pass
assert it["process"] == "shop/cart" and it["aa"]["blocks"] == 4, it
m = {(m["mutation"], m["where"]): m for m in it["mutants"]}
by = {k: {b["check"].split("(")[0]: b["sizeValue"] for b in v.get("by", [])} for k, v in m.items()}
waits, errors = by["waits", "shop/cart"], by["errors", "shop/cart"]
assert 100e6 < waits["p50"] <= 2e9, m
assert 0.05 <= errors["ratio"] <= 0.5, m
# A wrong answer is one too many, whatever the check allows.
assert errors["it answers as recorded"] < errors["ratio"], m
dropped = by["dropped-call", "shop/cart -> shop/pricing"]
assert 0.25 < dropped["rate"] <= 1, m
assert "rate" not in by["dropped-call", "shop/cart -> shop/catalog"], m
P
prove $status --json "$work/b.json" --junit "$work/j.xml"
said 'the same inputs as proof [0-9a-f]{16}: nothing was run again'
cmp "$work/a.json" "$work/b.json" || fail "another answer from the store"
xmllint --noout "$work/j.xml"

# Another program is another proof: and what breaks by itself proves nothing.
sed -i 's|cart-good\]|cart-crash]|' cart-good.yaml
prove 1 --no-store
said 'in steady the candidate itself does not play to its end'
