#!/usr/bin/env bash
# Pull requests on Online Boutique's own manifests, from a drafted model:
# the right verdict and the right culprit each. The manifests are not ours:
# they are read where TWINRIG_DATA has them.
. "$TOP/tests/e2e/lib.bash"

manifests=${TWINRIG_DATA:-$top/../shared/data}/k8s-onlineboutique/kubernetes-manifests
[[ -d $manifests ]] || skip "no Online Boutique at $manifests (TWINRIG_DATA)"

shop=$work/boutique
mkdir "$shop"
cp -R "$manifests" "$shop/manifests"
expect 0 env -C "$shop" "$TWINRIG" init
said '11 of 11 services'
commit_all "$shop" "Online Boutique"

# --- the call edges that the manifests give away ---------------------------
for edge in frontend:adservice frontend:cartservice frontend:checkoutservice \
	frontend:currencyservice frontend:productcatalogservice \
	frontend:recommendationservice frontend:shippingservice \
	checkoutservice:cartservice checkoutservice:currencyservice \
	checkoutservice:emailservice checkoutservice:paymentservice \
	checkoutservice:productcatalogservice checkoutservice:shippingservice \
	recommendationservice:productcatalogservice cartservice:redis-cart; do
	awk -v from="default/${edge%:*}:" -v to="call: default/${edge#*:}" '
		/^  [a-z]/ { inside = index($0, from) }
		inside && index($0, to) { found = 1 }
		END { exit !found }' "$shop"/twins/*.yaml ||
		fail "no edge $edge in the draft"
done

gate() { # STATUS: the candidate is the working tree
	expect "$1" env -C "$shop" "$TWINRIG" gate --scenario "${2:-steady}"
	repo_git -C "$shop" checkout -q -f .
	repo_git -C "$shop" clean -q -fd
}

mesh() { # the VirtualService of a service: NAME TIMEOUT
	cat >"$shop/manifests/mesh.yaml" <<-END
	apiVersion: networking.istio.io/v1
	kind: VirtualService
	metadata: {name: $1}
	spec:
	  hosts: [$1]
	  http:
	    - route: [{destination: {host: $1}}]
	      timeout: $2
	      retries: {attempts: 2, perTryTimeout: $2}
	END
	sed -i 's/^resources:/resources:\n - mesh.yaml/' \
		"$shop/manifests/kustomization.yaml"
}

# --- harmless: more frontends ----------------------------------------------
sed -i '0,/^spec:/s//spec:\n  replicas: 3/' "$shop/manifests/frontend.yaml"
gate 0
said 'replicas'

# --- 1: a Service that selects nothing -------------------------------------
sed -i '/^kind: Service$/,/^---/s/app: currencyservice$/app: currencyservise/' \
	"$shop/manifests/currencyservice.yaml"
repo_git -C "$shop" diff --quiet && fail "the selector was not changed"
gate 1
said 'guilty.*currencyservice'
said 'selector-selects-nothing'

# --- 2: no replicas left ---------------------------------------------------
sed -i '0,/^spec:/s//spec:\n  replicas: 0/' "$shop/manifests/checkoutservice.yaml"
gate 1
said 'guilty.*checkoutservice'

# --- 3: a timeout far below the work ---------------------------------------
mesh productcatalogservice 1ms
gate 1
said 'guilty.*productcatalogservice'

# --- 4: fine when all is well, slow to fail when a service is slow ---------
mesh recommendationservice 700ms
gate 0
mesh recommendationservice 700ms
gate 1 slow-recommendationservice
said 'guilty.*recommendationservice'

# --- 5: more than the nodes can hold ---------------------------------------
sed -i 's/cpu: [0-9]*m/cpu: 64/' "$shop/manifests/cartservice.yaml"
gate 1
said 'guilty.*cartservice'

# --- an address that leads nowhere (addresses.sh has every variant) ---------
sed -i 's/"productcatalogservice:3550"/"productcatalogservise:3550"/' \
	"$shop/manifests/frontend.yaml"
gate 1
said 'guilty +default/frontend -> default/productcatalogservice'
said "address-to-nowhere"
sed -i 's/"productcatalogservice:3550"/"productcatalogservice:3551"/' \
	"$shop/manifests/frontend.yaml"
gate 1
said 'guilty +default/frontend -> default/productcatalogservice'

# --- a CPU limit that is too low -------------------------------------------
sed -i 's/cpu: 200m/cpu: 100m/' "$shop/manifests/productcatalogservice.yaml"
gate 1
said 'limits.cpu: 200m -> 100m'
said 'guilty.*productcatalogservice'
said 'throttled by its CPU limit'

# --- an image alone cannot be judged ---------------------------------------
sed -i 's/image: cartservice/image: cartservice:next/' "$shop/manifests/cartservice.yaml"
gate 4
said 'process:'
