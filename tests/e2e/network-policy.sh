#!/usr/bin/env bash
# NetworkPolicies, as a team adds them to the shop: one that admits the callers
# passes, one that forgets a caller fails at that edge, one that forgets the
# DNS cuts its callers off; and a Service whose named port nobody has.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop"
cd "$work/shop"

gate() { # STATUS: the candidate is the working tree
	expect "$1" "$TWINRIG" gate --scenario steady --runs 3 --json "$work/json"
	repo_git checkout -q -f .
	repo_git clean -q -fd
}

policy() { # SPEC
	cat >deploy/policy.yaml <<-END
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: cart, namespace: shop}
	spec: {podSelector: {matchLabels: {app: cart}}, $1}
	END
}

admits='ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [frontend, checkout]}]}}]}]'

# --- every caller is admitted ----------------------------------------------
policy "$admits"
gate 0
said 'ads -> shop/cart:[0-9]+ is cut off: dropped' # not called: told, no failure

# --- one caller is forgotten -----------------------------------------------
policy "${admits/frontend, /}"
gate 1
said 'guilty +shop/frontend -> shop/cart .*: more calls that reach nobody'
said 'reach +shop/frontend -> shop/cart:[0-9]+ is cut off, and is called'
said 'NetworkPolicy shop/cart drops the calls from shop/frontend to shop/cart'
python3 - "$work/json" <<'END'
import json, sys
reach = json.load(open(sys.argv[1]))["reach"]
assert reach[0]["from"] == "shop/frontend" and reach[0]["called"], reach[0]
assert reach[0]["lost"] and reach[0]["before"] == "open", reach[0]
END

# --- the same without a run ---------------------------------------------------
policy "${admits/frontend, /}"
expect 0 "$TWINRIG" check --baseline HEAD
said 'reach +shop/frontend -> shop/cart:[0-9]+ is cut off, and is called'
said 'NetworkPolicy shop/cart drops the calls from shop/frontend to shop/cart'
unsaid 'FAIL|runs '
expect 0 "$TWINRIG" check --baseline .
said 'differs +nothing that is read'
expect 3 "$TWINRIG" check --baseline nowhere
said "git knows no commit 'nowhere'"
repo_git clean -q -fd

# --- egress that forgets the DNS -------------------------------------------
policy "policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]"
gate 1
said 'NetworkPolicy shop/cart keeps shop/cart from looking up names'
said 'guilty +shop/cart -> shop/(pricing|inventory) .*: more calls that reach nobody'

# A namespace by its name that is not the DNS's, and TCP alone: no way either.
for egress in "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}" \
	"{to: [{podSelector: {}}]}, {ports: [{port: 53, protocol: TCP}]}"; do
	policy "policyTypes: [Egress], egress: [$egress]"
	expect 0 "$TWINRIG" check --baseline HEAD
	said 'NetworkPolicy shop/cart keeps shop/cart from looking up names'
	repo_git clean -q -fd
done
for egress in "{to: [{podSelector: {}}]}, {ports: [{port: 53, protocol: UDP}]}" \
	"{to: [{podSelector: {}}]}, {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}" \
	"{to: [{namespaceSelector: {matchLabels: {team: shop}}}, {podSelector: {}}]}"; do
	policy "policyTypes: [Egress], egress: [$egress]"
	expect 0 "$TWINRIG" check --baseline HEAD
	unsaid 'looking up names'
	repo_git clean -q -fd
done

# --- a port of a name that no pod has ---------------------------------------
grep -q 'targetPort: http' deploy/cart.yaml || fail "the fixture has changed"
sed -i 's/targetPort: http/targetPort: web/' deploy/cart.yaml
gate 1
said 'shop/cart:[0-9]+ is cut off.*targetPort'
