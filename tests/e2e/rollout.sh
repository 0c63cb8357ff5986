#!/usr/bin/env bash
# A change of cart, rolled out in the run: without preStop requests that come
# between TERM and the callers' hearing of it are lost, with it none; without
# a readiness probe far more; a rollout that its nodes cannot take in is never
# green.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop"
cd "$work/shop"
sed -i 's/^scenarios:/&\n  - {name: rollout, rollout: {at: 20s}}/' twinrig.yaml
commit_all . "A scenario with a rollout"

gate() { # STATUS
	expect "$1" "$TWINRIG" gate --scenario rollout --runs 3
}
restart() { # another image: the transition alone
	sed -i 's/cart:1.14.2/cart:1.14.3/; s/cpu: 150m/cpu: 151m/' deploy/cart.yaml
}

# --- the deployed pods stop without a preStop ------------------------------
restart
gate 1
said 'FAIL +all +0% +0\.[0-9]+% .*0\.5%'
said 'guilty +shop/frontend -> shop/cart .*: more calls that reach nobody'
said 'was stopping, and still listed'
said 'to do +pods go before their callers hear of it: .*preStop'
repo_git checkout -q .

# --- with it ----------------------------------------------------------------
sed -i 's/^\( *\)readinessProbe:/\1lifecycle: {preStop: {sleep: {seconds: 5}}}\n&/' \
	deploy/cart.yaml
commit_all . "Let callers hear of it first"
restart
gate 0

# --- ready before it listens --------------------------------------------------
sed -i '/readinessProbe/,/periodSeconds: 5/d' deploy/cart.yaml
gate 1
said 'guilty +shop/frontend -> shop/cart .*: more calls that reach nobody'
repo_git checkout -q .

# --- no node will do --------------------------------------------------------
sed -i 's/^      containers:/      nodeSelector: {disk: ssd}\n&/' deploy/cart.yaml
restart
gate 1
said 'in rollout 1 of 1 workloads would not start: 1 new pods'
# A node that is away may be what it waits for.
repo_git checkout -q .
sed -i 's/, rollout: {at: 20s}/&, cordon: [{node: worker-a-1, at: 1s}]/' twinrig.yaml
commit_all . "Somebody works on a node meanwhile"
sed -i 's/^      containers:/      nodeSelector: {disk: ssd}\n&/' deploy/cart.yaml
restart
gate 4
said '1 of 1 workloads were not rolled out'
repo_git reset -q --hard HEAD~1

# --- no progress: its deadline is over before the run is ------------------------
sed -i '0,/^spec:/s//spec:\n  progressDeadlineSeconds: 15/
	s/periodSeconds: 5/&\n            initialDelaySeconds: 600/' deploy/cart.yaml
restart
expect 1 "$TWINRIG" gate --scenario rollout --runs 3 --junit "$work/j.xml" \
	--json "$work/j.json" --markdown "$work/m.md"
said '^FAIL +[0-9]+ failed'
said '^FAIL +in rollout 1 of 1 workloads made no progress within their'
python3 - "$work/j.xml" "$work/j.json" "$TOP/docs/report.schema.json" <<'P'
import json, sys, xml.etree.ElementTree as tree
suites = tree.parse(sys.argv[1]).getroot()
case = next(c for c in suites.iter("testcase") if c.get("classname") == "twinrig.gate")
assert "no progress" in case.find("failure").get("message")
assert int(suites.get("failures")) >= 1 and int(suites.get("errors")) == 0, suites.attrib
it, schema = (json.load(open(f)) for f in sys.argv[2:])
assert it["verdict"] == "fail" and it["exitStatus"] == 1 and it["counts"]["fail"] >= 1
assert [r["reason"] for r in it["reasons"] if r.get("fails")] == ["not-started"]
try:
    import jsonschema
    jsonschema.validate(it, schema)
except ImportError:
    pass
P
expect 1 "$TWINRIG" rejudge

# --- another name: the old one serves until it is pruned -------------------------
sed -i '0,/name: cart/s//name: carts/' deploy/cart.yaml
gate 1
said 'guilty +shop/frontend -> shop/cart .*: more calls (refused at once|that reach nobody)'
said 'when +differs from 25s on' # after its preStop
unsaid 'longer waits .*0s -> 0s'
unsaid 'shop/cart -> .* is cut off'
repo_git checkout -q .

# --- a word that is wrong ------------------------------------------------------
sed -i 's/rollout: {at: 20s}/rollout: {att: 20s}/' twinrig.yaml
expect 2 "$TWINRIG" check
said "twinrig.yaml:[0-9]+:[0-9]+: error: .*att"
