#!/usr/bin/env bash
# The files for pipelines and clusters, their steps run as they stand there:
# GitHub's action, GitLab's component, the pre-push hook, the parts of a
# Kubernetes Job and their merge, Argo Rollouts' and Flagger's gates.
. "$TOP/tests/e2e/lib.bash"

for python in python3 /usr/bin/python3 ''; do
	[[ -n $python ]] || skip "no Python with yaml"
	"$python" -c 'import yaml' 2>/dev/null && break
done
ci=$TOP/ci
steps() {
	"$python" "$TOP/tests/e2e/ci_steps.py" "$@"
}
program=$(dirname "$TWINRIG")
version=$("$TWINRIG" --version | cut -d' ' -f2)

# What a release looks like to those who fetch one: this program in a folder.
releases=$work/releases/v$version
name=twinrig-$version-linux-$(uname -m)
mkdir -p "$releases" "$work/pack/$name/bin"
ln -s "$TWINRIG" "$work/pack/$name/bin/twinrig"
tar -czf "$releases/$name.tar.gz" -C "$work/pack" "$name"
(cd "$releases" && sha256sum "$name.tar.gz" >SHA256SUMS)

# Four runs are enough for its verdicts.
shop shop
sed -i 's/^  runs: 8/  runs: 4/' shop/twinrig.yaml
commit_all shop "Fewer runs"
repo_git -C shop checkout -q -b faster-failover
repo_git -C shop apply "$TOP/fixtures/shop-changes/faster-failover.patch"
commit_all shop "faster-failover"
cd shop

# --- GitHub ----------------------------------------------------------------
steps action "$ci/github/action.yml" >"$work/action"
export RUNNER_TEMP=$work/runner GITHUB_OUTPUT=$work/github-output \
	GITHUB_PATH=$work/github-path GITHUB_ACTIONS=true \
	GITHUB_STEP_SUMMARY=$work/summary.md
mkdir -p "$RUNNER_TEMP"
# Each variable that the action sets is one that its steps read.
while read -r step variable; do
	[[ $step == output ]] && continue
	[[ $variable == TWINRIG_RELEASES ]] && file=$ci/fetch ||
		file=$ci/github/steps
	grep -qE "[{\$]${variable}[^A-Z_]" "$file" || fail "$step: $variable is not read"
done <"$work/action"
output() {
	sed -n "s/^$1=//p" "$GITHUB_OUTPUT" | tail -n 1
}
expect 0 env TWINRIG_RELEASES="file://$work/releases" \
	"$ci/github/steps" fetch
[[ -x $(output twinrig) && -x $(cat "$GITHUB_PATH")/twinrig ]] ||
	fail "twinrig is not where the action says"
github_gate() {
	TWINRIG=$(output twinrig) TWINRIG_CONFIG=twinrig.yaml \
		TWINRIG_REPORTS=reports TWINRIG_BUNDLE=$RUNNER_TEMP/twinrig.bundle \
		TWINRIG_ARGS='--scenario node-loss  --seed 1' "$@" \
		"$ci/github/steps" gate
}
expect 1 github_gate env
said '^::error file=deploy/mesh.yaml,line=31'
[[ $(output verdict) == fail && $(output status) == 1 ]] || fail "no verdict"
[[ $(output failed) -ge 1 ]] || fail "failed: $(output failed)"
while read -r kind one; do
	[[ $kind == output ]] || continue
	[[ -n $(output "$one") ]] || fail "no output $one"
done <"$work/action"
for report in html json junit sarif; do
	[[ -s $(output $report) ]] || fail "no $report"
done
# What was stored goes from run to run by a bundle, into a fresh clone.
[[ $(output stored) == true ]] || fail "nothing to keep"
cd "$work"
git clone -q shop clone 2>/dev/null
git -C clone branch -q main origin/main
cd clone
export GITHUB_BASE_REF=main
expect 1 github_gate env
said 'not run again|nothing was run again'
printf 'damaged' >"$RUNNER_TEMP/twinrig.bundle"
expect 1 github_gate env TWINRIG_INCONCLUSIVE=pass
said 'stored results cannot be read'
# A change that nothing models is inconclusive, and the input says what then.
repo_git checkout -q -f main
sed -i 's/image: \(.*\):.*/image: \1:9.9/' deploy/*.yaml
for pair in ':4' 'pass:0' 'fail:1'; do
	expect "${pair#*:}" github_gate env TWINRIG_BASELINE=HEAD \
		TWINRIG_INCONCLUSIVE="${pair%%:*}"
done
[[ $(output verdict) == inconclusive ]] || fail "$(output verdict)"
repo_git checkout -q -f .
unset GITHUB_BASE_REF GITHUB_ACTIONS GITHUB_OUTPUT GITHUB_PATH GITHUB_STEP_SUMMARY

# --- GitLab ----------------------------------------------------------------
cd "$work"
rm -rf clone
git clone -q -b faster-failover shop clone 2>/dev/null
cd clone
gitlab() { # INPUTS...
	steps gitlab "$ci/gitlab/gate.yml" releases="file://$work/releases" \
		version="$version" args="--scenario node-loss" "$@" \
		>"$work/job.sh"
	CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git rev-parse origin/main) \
		sh "$work/job.sh"
}
expect 1 gitlab
said '^FAIL'
[[ -s .twinrig/twinrig.bundle ]] || fail "nothing for the cache"
for report in $(steps gitlab-job "$ci/gitlab/gate.yml" releases=x |
	grep -oE 'twinrig-reports/[a-z.]+'); do
	[[ -s $report ]] || fail "no $report"
done
"$python" "$TOP/tests/e2e/ci_readers.py" codequality \
	twinrig-reports/codequality.json >/dev/null
"$python" "$TOP/tests/e2e/ci_readers.py" metrics \
	twinrig-reports/metrics.txt >/dev/null
# From the cache.
git for-each-ref --format='delete %(refname)' refs/twinrig |
	git update-ref --stdin
expect 1 gitlab
said 'nothing was run again'
# One note on the merge request, written anew by each pipeline.
cat >"$work/notes.py" <<'P'
"""What GitLab's notes API does with one merge request's."""
import http.server, json, sys, urllib.parse
notes = [{"id": 7, "type": None, "body": "<!-- of somebody else -->"}]
class Notes(http.server.BaseHTTPRequestHandler):
    def answer(self, what):
        with open(sys.argv[1] + ".log", "w") as log:
            json.dump(notes, log)
        text = json.dumps(what, separators=(",", ":")).replace("<", "\\u003c").encode()
        self.send_response(200 if self.headers["PRIVATE-TOKEN"] == "secret" else 401)
        self.send_header("Content-Length", len(text))
        self.end_headers()
        self.wfile.write(text)
    def body(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        return urllib.parse.parse_qs(sent)["body"][0]
    def do_GET(self):
        self.answer(sorted(notes, key=lambda n: -n["id"]))
    def do_POST(self):
        notes.append({"id": 40 + len(notes), "type": None, "body": self.body()})
        self.answer(notes[-1])
    def do_PUT(self):
        it = next(n for n in notes if self.path.endswith(f"/notes/{n['id']}"))
        it["body"], it["edits"] = self.body(), it.get("edits", 0) + 1
        self.answer(it)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Notes)
open(sys.argv[1], "w").write(str(server.server_port))
server.serve_forever()
P
"$python" "$work/notes.py" "$work/port" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for ((i = 0; i < 600; i++)); do
	[[ ! -s $work/port ]] || break
	sleep 0.1
done
for ((i = 0; i < 2; i++)); do
	TWINRIG_TOKEN=secret CI_MERGE_REQUEST_IID=3 CI_PROJECT_ID=5 \
		CI_API_V4_URL=http://127.0.0.1:$(cat "$work/port")/api/v4 \
		expect 1 gitlab
done
kill "$server"
wait "$server" || true
trap - EXIT
"$python" - "$work/port.log" <<'P'
import json, sys
theirs, ours = json.load(open(sys.argv[1]))
assert theirs["body"] == "<!-- of somebody else -->", theirs
assert ours["body"].startswith("<!-- twinrig -->") and ours["edits"] == 1, ours
P
# A tarball that is not what its sums say is not unpacked.
printf x >>"$releases/$name.tar.gz"
rm -rf .twinrig
expect 1 gitlab
[[ ! -e .twinrig/program/bin ]] || fail "unpacked all the same"
tar -czf "$releases/$name.tar.gz" -C "$work/pack" "$name"
(cd "$releases" && sha256sum "$name.tar.gz" >SHA256SUMS)

# --- pre-push --------------------------------------------------------------
cd "$work/shop"
repo_git init -q --bare "$work/remote.git"
repo_git push -q "$work/remote.git" main:main
push() {
	env TWINRIG="$TWINRIG" git -c core.hooksPath="$ci/hooks" push -q \
		"$work/remote.git" "$@"
}
expect 1 push faster-failover:main
said 'stopped'
[[ $(git -C "$work/remote.git" rev-parse main) == $(git rev-parse main) ]] ||
	fail "pushed all the same"
repo_git checkout -q -b words main
echo "words" >NOTES
commit_all . "Words alone"
expect 0 push words:main
grep -q 'passed' "$work/err" && fail "gated without a reason"
expect 0 env -u TWINRIG PATH=/usr/bin:/bin git -c \
	core.hooksPath="$ci/hooks" push -q "$work/remote.git" words:other
said 'not gated'
# What is pushed is gated: not what is checked out, nor what was edited since.
expect 1 push faster-failover:third
said 'stopped'
repo_git checkout -q faster-failover
repo_git checkout -q main -- deploy
expect 1 push faster-failover:third
said 'stopped'
repo_git checkout -q -f faster-failover
repo_git tag v1
expect 0 push v1
expect 0 push 'refs/twinrig/*:refs/twinrig/*'
grep -q 'passed' "$work/err" && fail "tags and stored gates are gated"
[[ $(git worktree list | wc -l) == 1 ]] || fail "left: $(git worktree list)"
repo_git tag -d v1 >/dev/null

# --- Kubernetes: parts and their merge -------------------------------------
export PATH=$program:$PATH
mkdir "$work/parts"
in_pod() { # FILE NAME INDEX
	local text env=()
	text=$(steps args "$1" "$2")
	mapfile -t env < <(steps env "$1" "$2")
	env "${env[@]}" BASELINE=main JOB_COMPLETION_INDEX="$3" \
		/bin/sh -euc "${text//\/parts\//$work/parts/}"
}
for i in 0 1 2 3 4 5 6 7; do
	expect 0 in_pod "$ci/kubernetes/gate.yaml" twinrig-parts $i
done
expect 1 in_pod "$ci/kubernetes/gate.yaml" twinrig-merge ''
expect 1 "$TWINRIG" gate --baseline main --no-store --json "$work/one.json"
cmp "$work/one.json" "$work/parts/twinrig.json" ||
	fail "the merged verdict is another"
[[ -s $work/parts/twinrig.html && -s $work/parts/twinrig.xml ]]
# run: both Jobs in order, and the gate's own exit status.
cat >"$work/kubectl" <<'END'
#!/bin/sh
shift 2
case $1 in
apply) echo "apply $(sed -n 's/^  name: //p')" ;;
get) echo 4 ;;
*) echo "$1 $*" ;;
esac >>"$KUBECTL_LOG"
[ "$1" != get ] || echo 4
END
chmod +x "$work/kubectl"
expect 4 env KUBECTL="$work/kubectl" KUBECTL_LOG="$work/kubectl.log" \
	"$ci/kubernetes/run" shop
grep -n . "$work/kubectl.log" | grep -A9 'apply twinrig-parts' |
	grep -A9 'wait' | grep -q 'apply twinrig-merge' ||
	fail "not in order: $(cat "$work/kubectl.log")"

# --- Argo Rollouts, Flagger ------------------------------------------------
cd "$work"
mkdir argo
text=$(steps args "$ci/argo-rollouts/analysis-template.yaml" twinrig-gate)
expect 1 env -C argo REPOSITORY="$work/shop" BASELINE=origin/main \
	COMMIT="$(git -C shop rev-parse faster-failover)" /bin/sh -euc "$text"
rm -rf argo/source
expect 0 env -C argo REPOSITORY="$work/shop" BASELINE=origin/main \
	COMMIT="$(git -C shop rev-parse words)" /bin/sh -euc "$text"
git clone -q shop source 2>/dev/null
repo_git -C shop branch -q release faster-failover
text=$(steps flagger "$ci/flagger/canary.yaml")
expect 1 bash -c "${text//\/source/$work/source}"
repo_git -C shop branch -q -f release words
expect 0 bash -c "${text//\/source/$work/source}"
