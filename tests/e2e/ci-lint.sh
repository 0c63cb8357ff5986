#!/usr/bin/env bash
# ci/ through the linters of those who read it, whichever are here (in the PATH
# or, by `make lint-ci`, in build/lint/bin): actionlint, the published schemas of
# GitHub's actions and GitLab's CI (check-jsonschema), Kubernetes' schemas
# (kubernetes-validate), shellcheck, hadolint.
. "$TOP/tests/e2e/lib.bash"

PATH=$TOP/build/lint/bin:$PATH
ci=$TOP/ci
ran=
for python in python3 /usr/bin/python3; do
	"$python" -c 'import yaml' 2>/dev/null && break
done
has() {
	command -v "$1" >/dev/null && ran="$ran $1"
}
steps() {
	"$python" "$TOP/tests/e2e/ci_steps.py" "$@"
}

if has shellcheck; then
	shellcheck "$ci/fetch" "$ci/dist" "$ci/lint-tools" "$ci/github/steps" \
		"$ci/kubernetes/run" "$ci/hooks/pre-push"
	# It looks names up by eval, and splits lists on purpose.
	shellcheck -e SC2034,SC2086 "$ci/install-deps"
fi
# Objects of another system must not get into an image's build.
grep -qx build "$TOP/.dockerignore" || fail "an image is built from build/"
if has actionlint; then
	mkdir -p repo/.github/workflows repo/ci
	cp -R "$ci/github" repo/ci/
	git init -q repo
	cat >repo/.github/workflows/gate.yml <<-'END'
	on: pull_request
	permissions: {contents: read, security-events: write}
	jobs:
	  gate:
	    runs-on: ubuntu-24.04
	    steps:
	      - uses: actions/checkout@v4
	        with: {fetch-depth: 0}
	      - id: gate
	        uses: ./ci/github
	        with:
	          config: twinrig.yaml
	          baseline: main
	          args: --runs 16
	          working-directory: .
	          inconclusive: pass
	          reports: reports
	          artifact: twinrig
	          cache: "true"
	          version: 0.1.0
	          releases: https://releases.example/twinrig
	          source: "false"
	      - if: always() && steps.gate.outputs.sarif != ''
	        uses: github/codeql-action/upload-sarif@v3
	        with: {sarif_file: "${{ steps.gate.outputs.sarif }}"}
	      - run: echo "${{ steps.gate.outputs.verdict }} ${{ steps.gate.outputs.failed }}"
	END
	(cd repo && actionlint)
	# It does look into the action.
	sed -i 's/          config: /          conffig: /' repo/.github/workflows/gate.yml
	(cd repo && actionlint >/dev/null) && fail "actionlint sees no inputs"
fi
if has check-jsonschema; then
	check-jsonschema --builtin-schema vendor.github-actions \
		"$ci/github/action.yml"
	steps gitlab-job "$ci/gitlab/gate.yml" releases=https://x.example \
		>job.yml
	check-jsonschema --builtin-schema vendor.gitlab-ci job.yml
	sed '/^---$/,$d' "$ci/gitlab/gate.yml" >spec.yml
	sed -i 's/^  allow_failure/  allow_failures/' job.yml
	check-jsonschema --builtin-schema vendor.gitlab-ci job.yml \
		>/dev/null 2>&1 && fail "the schema of GitLab admits anything"
fi
if has kubernetes-validate; then
	kubernetes-validate --quiet --strict "$ci/kubernetes/gate.yaml"
	# What is a Job inside other people's kinds.
	"$python" - "$ci/argo-rollouts/analysis-template.yaml" >argo.yml <<-'END'
	import sys, yaml
	doc = yaml.safe_load(open(sys.argv[1]))
	job = doc["spec"]["metrics"][0]["provider"]["job"]
	print(yaml.safe_dump({"apiVersion": "batch/v1", "kind": "Job",
	                      "metadata": {"name": "gate"}, "spec": job["spec"]}))
	END
	kubernetes-validate --quiet --strict argo.yml
	sed 's/completionMode/completionMod/' "$ci/kubernetes/gate.yaml" >odd.yml
	kubernetes-validate --quiet --strict odd.yml >/dev/null 2>&1 &&
		fail "the schemas of Kubernetes admit anything"
fi
if has hadolint; then
	hadolint --failure-threshold warning --ignore DL3008 "$ci/container/Containerfile"
fi
[[ -n $ran ]] || skip "none of the linters is here (make lint-ci)"
echo "linted by$ran"
