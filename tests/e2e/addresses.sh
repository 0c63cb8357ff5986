#!/usr/bin/env bash
# A pull request that changes where a service is called must never be green
# unless the calls still arrive: with a model, and with the manifests alone.
. "$TOP/tests/e2e/lib.bash"

shop=$work/shop

# said, whatever the report's lines were broken at
told() {
	cat "$work/out" "$work/err" | tr -s '\n ' '  ' | grep -qE -- "$1" || said "$1"
}

workload() { # NAME PORT [ENV...]
	cat <<-END
	---
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: $1}
	spec:
	  selector: {matchLabels: {app: $1}}
	  template:
	    metadata: {labels: {app: $1}}
	    spec:
	      containers:
	        - name: main
	          image: $1:1
	          ports: [{name: http, containerPort: $2}]
	          env:
	            - {name: PORT, value: "$2"}
	END
	local name=$1
	shift 2
	for env in "$@"; do
		printf '            - {name: %s, value: "%s"}\n' \
			"${env%%=*}" "${env#*=}"
	done
	service "$name" "$name"
}

service() { # NAME APP
	cat <<-END
	---
	apiVersion: v1
	kind: Service
	metadata: {name: $1}
	spec:
	  selector: {app: $2}
	  ports: [{name: http, port: 80, targetPort: http}]
	END
}

mkdir -p "$shop/deploy"
{
	workload web 8080 CATALOG_ADDR=catalog:80 CART_ADDR=cart:80
	service web-external web # the same pods, and no model of its own
} >"$shop/deploy/web.yaml"
workload catalog 7000 >"$shop/deploy/catalog.yaml"
workload cart 7001 >"$shop/deploy/cart.yaml"
cat >"$shop/model.yaml" <<-END
	version: 1
	services:
	  default/web:
	    endpoints:
	      GET /: [{cpu: 1ms}, {call: catalog:GET /}, {call: cart:GET /}]
	  default/catalog: {endpoints: {GET /: [{cpu: 1ms}]}}
	  default/cart: {endpoints: {GET /: [{cpu: 1ms}]}}
	END
cat >"$shop/twinrig.yaml" <<-END
	version: 1
	topology:
	  manifests: [deploy/*.yaml]
	  models: [model.yaml]
	traffic: {rate: 50/s, duration: 10s, entry: default/web}
	gate:
	  runs: 2
	  checks: ['ratio(errors{service="default/web"}) <= baseline + 0.5pp']
	END
commit_all "$shop" "The shop as it runs"

gate() { # STATUS: of the change in the working tree, which is taken back
	repo_git -C "$shop" diff --quiet && fail "nothing was changed"
	expect "$1" env -C "$shop" "$TWINRIG" gate
	repo_git -C "$shop" checkout -q -f .
	repo_git -C "$shop" clean -q -fd
}

web() { # STATUS VALUE: of CATALOG_ADDR
	sed -i "s|CATALOG_ADDR, value: \"catalog:80\"|CATALOG_ADDR, value: \"$2\"|" \
		"$shop/deploy/web.yaml"
	gate "$1"
}

edit() { # FILE SCRIPT
	sed -i "$2" "$shop/deploy/$1.yaml"
}

guilty() { # WHAT was told of the broken address
	told 'guilty +default/web -> default/catalog'
	told 'more calls refused at once'
	told ' 0 of them not modelled'
	told "$1"
}

variants() {
	# --- the address leads nowhere: its calls fail ----------------------
	web 1 catalogue:80
	guilty "web.yaml:[0-9:]+ warning: .*'catalogue'.*\[address-to-nowhere\]"
	told "did you mean 'catalog'"
	web 1 catalog:81
	guilty 'leads to port 81 of Service default/catalog'
	web 1 catalog.elsewhere.svc:80
	guilty "leads to 'catalog.elsewhere.svc'"
	web 1 ''
	guilty 'CATALOG_ADDR.*'

	# --- the Service is another -----------------------------------------
	edit catalog '/^kind: Service/,$s/name: catalog}/name: catalogue}/'
	gate 1
	told 'guilty +default/web -> default/catalog'
	edit catalog 's/port: 80,/port: 88,/'
	gate 1
	guilty 'leads to port 80 of Service default/catalog'
	edit catalog 's/targetPort: http/targetPort: grpc/'
	gate 1
	guilty "no container behind Service default/catalog has a port named 'grpc'"
	edit catalog 's/metadata: {name: catalog}/metadata: {name: catalog, namespace: other}/'
	gate 1
	told 'guilty +default/web -> default/catalog'

	# --- where it leads nobody can know ---------------------------------
	web 4 catalog.example.com:443
	told 'CATALOG_ADDR names no Service'
	web 4 cart:80
	told 'CATALOG_ADDR leads to default/cart'
	edit web '/CATALOG_ADDR/d'
	gate 4
	told 'CATALOG_ADDR is not there any more'
	# ... and no other change beside it makes that green
	edit web '/CATALOG_ADDR/d; 0,/^spec:/s//spec:\n  replicas: 3/'
	gate 4
	edit web 's/CATALOG_ADDR/CATALOG_URL/'
	gate 4
	edit web 's/CATALOG_ADDR, value:.*/CATALOG_ADDR, valueFrom: {secretKeyRef: {name: s, key: k}}}/'
	gate 4
	told 'the value of env CATALOG_ADDR is not in the manifests'
	edit catalog 's/targetPort: http/targetPort: 7100/'
	gate 4
	told 'port 80 of default/catalog leads to port 7100 now'

	# --- into a ConfigMap: by what it says ------------------------------
	into_map catalogue:80
	gate 1
	told 'guilty +default/web -> default/catalog'
	told "leads to 'catalogue'"
	told 'ConfigMap default/c: \(none\) -> present'
}

into_map() { # VALUE
	edit web 's/CATALOG_ADDR, value:.*/CATALOG_ADDR, valueFrom: {configMapKeyRef: {name: c, key: k}}}/'
	cat >"$shop/deploy/map.yaml" <<-END
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: c}
	data: {k: "$1"}
	END
}

variants
into_map catalog:80
gate 4 # the twin goes by the model: of what differs it sees nothing

sed -i '/models:/d' "$shop/twinrig.yaml"
commit_all "$shop" "By the manifests alone"
variants
into_map catalog:80
gate 0

# --- harmless in either case: the Deployment's own name ---------------------
edit catalog 's/^metadata: {name: catalog}$/metadata: {name: products}/;
	/^kind: Service/,$s/name: products}/name: catalog}/'
gate 0

# --- what no request reaches is no evidence ----------------------------------
{
	workload stock 7002
	service stock-2 stock
} >"$shop/deploy/stock.yaml"
expect 4 env -C "$shop" "$TWINRIG" gate
told '3 fields differ and none of them is modelled and reached by a request'
rm "$shop/deploy/stock.yaml"

# --- the way in, and a route -------------------------------------------------
cat >"$shop/deploy/in.yaml" <<-END
	apiVersion: networking.k8s.io/v1
	kind: Ingress
	metadata: {name: in}
	spec: {rules: [{http: {paths: [{path: /, pathType: Prefix,
	  backend: {service: {name: web, port: {name: http}}}}]}}]}
	---
	apiVersion: networking.istio.io/v1
	kind: VirtualService
	metadata: {name: catalog}
	spec: {hosts: [catalog], http: [{timeout: 1s,
	  route: [{destination: {host: catalog}}]}]}
	END
commit_all "$shop" "A way in, and a route"
edit in 's/port: {name: http}/port: {name: grpc}/'
gate 1
told 'guilty +outside -> default/web'
told 'route-to-nowhere'
edit web '/^kind: Service/,/^---/s/name: http/name: plain/'
gate 1
told 'guilty +outside -> default/web'
edit in 's/destination: {host: catalog}/destination: {host: catalogue}/'
gate 1
told 'guilty +default/web -> default/catalog'

# --- a run shows it too, and a check without a run --------------------------
sed -i 's/catalog:80/catalog:81/' "$shop/deploy/web.yaml"
expect 0 env -C "$shop" "$TWINRIG" check
told 'address-to-nowhere'
told 'Service default/catalog has 80'
