#!/usr/bin/env bash
# What happens to pods is told as kubectl tells it: --watch, the timeline of a
# run and of a gate, in text, Markdown and JSON.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop"
cd "$work/shop"
run() { # STATUS OPTION...
	local status=$1
	shift
	expect "$status" "$TWINRIG" run "$@"
}

# --- tables -----------------------------------------------------------------
run 0 --scenario node-loss --watch pods
said '^TIME +NAME +READY +STATUS +RESTARTS +AGE +NODE$'
said '^0s +shop/cart-1 +1/1 +Running +0 +0s +worker-'
# Nobody says that the containers of lost pods are not ready: still 1/1.
lost=$(awk '$1 != "0s" && $3 == "1/1" && $5 == 0 {print $2}' "$work/out" | sort -u | wc -l)
((lost)) || fail "no pod is lost"
run 0 --scenario node-loss --watch deployments
said '^[1-9][0-9.]*s +shop/cart +2/3 +3 +2 '
run 0 --scenario node-loss --watch nodes
said '^0s +worker-b-1 +Ready +0s +[0-9]+$'
run 2 --watch node
said "not 'node'; did you mean 'nodes'\?"

# --- the same in the report of the run ---------------------------------------
run 0 --scenario node-loss --json "$work/run.json"
said '^ +[0-9.]+s  shop/cart: 2 of 3 ready, 1 not ready; 2 endpoints$'
run 0 --scenario steady
! grep -q timeline "$work/out" || fail "a timeline without a change"

# --- and of a gate: the worst scenario -----------------------------------------
sed -i 's/^scenarios:/&\n  - {name: rollout, rollout: {at: 20s}}/' twinrig.yaml
commit_all . "A scenario with a rollout"
sed -i 's/cart:1.14.2/cart:1.14.3/; s/cpu: 150m/cpu: 151m/' deploy/cart.yaml
expect 1 "$TWINRIG" gate --no-store --scenario rollout --runs 3 \
	--json "$work/gate.json" --markdown "$work/gate.md"
said '^timeline of the candidate in rollout, run 1$'
said 'shop/cart-[0-9a-z]+-[0-9]+ Killing: Stopping container server$'
grep -qE '^\|  \| shop/cart-[0-9a-z]+-[0-9]+ Killing: Stopping container server \|$' \
	"$work/gate.md" || fail "no timeline in Markdown"

command -v python3 >/dev/null || skip "no python3: JSON is not looked at"
LOST=$lost python3 - "$work" <<'END' || fail "the timeline in JSON is wrong"
import json, os, sys
work = sys.argv[1]
run = json.load(open(work + "/run.json"))["runs"][0]["timeline"]
def low(w): return min(p["ready"] - p["desired"] for p in w["points"])
assert -sum(low(w) for w in run["workloads"]) == int(os.environ["LOST"])
assert run["nodes"]["points"][0]["desired"] == 4
assert run["eventsNotKept"] == 0
gate = json.load(open(work + "/gate.json"))["scenarios"][0]["timeline"]
cart = [w for w in gate["workloads"] if w["name"] == "shop/cart"][0]["points"]
assert max(p["terminating"] for p in cart) == 1
assert min(p["ready"] for p in cart) >= 3 and cart[-1]["ready"] == 3
assert all(len(w["points"]) == 1 for w in gate["workloads"]
           if w["name"] != "shop/cart")
killing = [e for e in gate["events"] if e["reason"] == "Killing"]
assert len(killing) == 3 and killing[0]["type"] == "Normal"
try:
    import jsonschema
    jsonschema.validate(json.load(open(work + "/gate.json")), json.load(open(
        os.environ["TOP"] + "/docs/report.schema.json")))
except ImportError:
    pass
END
