#!/usr/bin/env bash
# `twinrig check` accepts real systems that are valid. They are not ours: they
# are read where TWINRIG_DATA has them.
. "$TOP/tests/e2e/lib.bash"

data=${TWINRIG_DATA:-$top/../shared/data}
[[ -d $data ]] || skip "no real systems at $data (TWINRIG_DATA)"

accepts() { # FOLDER PATTERNS: what `topology.manifests` names there
	local copy=$work/system
	[[ -e $data/$1 ]] || return 0
	rm -rf "$copy"
	cp -R "$data/$1" "$copy"
	printf 'version: 1\ntopology:\n  manifests: [%s]\n' "$2" \
		>"$copy/twinrig.yaml"
	expect 0 env -C "$copy" timeout 60 "$TWINRIG" check
	said '[0-9]+ files read: [1-9][0-9]* services'
}

accepts k8s-onlineboutique kubernetes-manifests
accepts k8s-onlineboutique 'release/*.yaml'
accepts k8s-onlineboutique kustomize/base
accepts k8s-onlineboutique kustomize
accepts k8s-onlineboutique 'kubernetes-manifests, istio-manifests'
accepts k8s-sockshop/deploy/kubernetes manifests
accepts k8s-sockshop/deploy/kubernetes complete-demo.yaml
accepts k8s-sockshop/deploy/docker-compose docker-compose.yml
accepts k8s-robotshop docker-compose.yaml
accepts otel-demo compose.yaml
accepts otel-demo 'kubernetes/*.yaml'
for sample in bookinfo helloworld httpbin sleep tcp-echo websockets \
	grpc-echo health-check; do
	accepts k8s-istio/samples/$sample '"**"'
done
for project in "$data"/compose-awesome/*/; do
	file=$(cd "$project" && ls *compose*.y*ml | head -n 1)
	accepts "compose-awesome/$(basename "$project")" "$file"
done
