#!/usr/bin/env bash
# What twinrig does not render of kustomize is left to the program, on either
# side's own tree; where there is none it says what was met and what to install.
. "$TOP/tests/e2e/lib.bash"

mkdir -p shop/base bin empty
cat >shop/base/kustomization.yaml <<-END
	resources: [web.yaml]
	replacements:
	  - {source: {kind: Service, name: web}, targets: []}
	END
cat >shop/base/web.yaml <<-END
	apiVersion: v1
	kind: Service
	metadata: {name: web}
	spec: {selector: {app: web}, ports: [{port: 80}]}
	END
mkdir shop/prod
echo 'resources: [../base]' >shop/prod/kustomization.yaml
printf 'version: 1\ntopology: {manifests: [prod]}\n' >shop/twinrig.yaml

# Only what is in bin is in PATH, but for what a script needs.
for tool in bash cat sed git env; do
	ln -s "$(command -v "$tool")" "empty/$tool"
done
check() {
	expect "$1" env -C shop PATH="$2" "$TWINRIG" check "${@:3}"
}

check 2 "$work/empty"
said "base/kustomization.yaml:2:1: error: 'replacements' is a field of kustomize"
said 'install kustomize or kubectl'

cat >bin/kustomize <<-'END'
	#!/usr/bin/env bash
	[[ $* == "build prod" ]] || { echo "not: $*" >&2; exit 9; }
	sed 's/name: web}/name: rendered}/' base/web.yaml
	END
chmod +x bin/kustomize
check 0 "$work/bin:$work/empty" -v
said "base/kustomization.yaml:2:1: note: rendered by 'kustomize', since twinrig does not render 'replacements'"
said "no workload has the labels that default/rendered selects|default/rendered"

# Charts need its flag; a base on the network is its business.
cat >shop/base/kustomization.yaml <<-END
	resources: [web.yaml, 'https://example.com/base?ref=v1']
	helmCharts: [{name: web}]
	END
sed -i 's/"build prod"/"build --enable-helm prod"/' bin/kustomize
check 0 "$work/bin:$work/empty"
sed -i 's/exit 9/exit 9; :/; s/--enable-helm prod"/nothing"/' bin/kustomize
check 2 "$work/bin:$work/empty"
said "'kustomize' .*9"
said 'it said: not: build --enable-helm prod'

# kubectl will do as well.
rm bin/kustomize
printf '#!/usr/bin/env bash\n[[ $* == "kustomize --enable-helm prod" ]] && cat base/web.yaml\n' \
	>bin/kubectl
chmod +x bin/kubectl
check 0 "$work/bin:$work/empty" -v
said "rendered by 'kubectl'"

# What we can render is not given away.
echo 'resources: [web.yaml]' >shop/base/kustomization.yaml
printf '#!/bin/false\n' >bin/kubectl
check 0 "$work/bin:$work/empty" -v
grep -q "rendered by" out err && fail "a program was run for nothing"

# The baseline is rendered from git, not from the working tree.
echo 'vars: []' >>shop/base/kustomization.yaml
printf '#!/usr/bin/env bash\ncat base/web.yaml\n' >bin/kubectl
cat >>shop/twinrig.yaml <<-END
	traffic: {rate: 50/s, duration: 5s, entry: default/web}
	gate: {runs: 2, checks: ['ratio(errors) <= baseline']}
	END
commit_all shop "Vars"
sed -i 's/port: 80/port: 81/' shop/base/web.yaml
expect 4 env -C shop PATH="$work/bin:$PATH" "$TWINRIG" gate
said 'Service default/web spec.ports\[0\].port: 80 -> 81'

# A draft needs it as a check does, also to find the folder.
mkdir new
cp -R shop/base shop/prod new
mv new/prod new/k8s
cat >>new/base/web.yaml <<-END
	---
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: web}
	spec:
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec: {containers: [{name: web, image: web:1}]}
	END
expect 2 env -C new PATH="$work/empty" "$TWINRIG" init
expect 2 env -C new PATH="$work/empty" "$TWINRIG" init k8s
said 'install kustomize or kubectl'
expect 0 env -C new PATH="$work/bin:$work/empty" "$TWINRIG" init
said 'manifests: k8s'
expect 0 env -C new PATH="$work/bin:$work/empty" "$TWINRIG" check
