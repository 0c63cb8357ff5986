#!/usr/bin/env bash
# What CI systems show beside the code: annotations and a summary by itself in
# GitHub Actions, GitLab's code quality and metrics, JUnit for Jenkins' schema.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"
golden=$TOP/tests/unit/report/golden

reader() { # KIND FILE
	python3 "$TOP/tests/e2e/ci_readers.py" "$1" "$2" >"$work/read" ||
		fail "$1: $2"
}

reads() { # PATTERN: in what the last reader read
	grep -qE -- "$1" "$work/read" || {
		cat "$work/read" >&2
		fail "not read: $1"
	}
}

# What the unit tests hold against goldens is read as it is meant.
reader annotations "$golden/annotations.txt"
reader codequality "$golden/codequality.json"
reader metrics "$golden/metrics.txt"
schema() {
	xmllint --noout --schema "$TOP/tests/e2e/jenkins-xunit.xsd" "$1" \
		2>"$work/xmllint"
}
if command -v xmllint >/dev/null; then
	schema "$golden/strict.xml" || fail "strict.xml: $(cat "$work/xmllint")"
	schema "$golden/report.xml" && fail "the schema knows file and line"
fi

# In GitHub Actions, from a folder of the repository: the line to blame is one
# of the pull request's, seen from the root.
mkdir repo
shop repo/shop
mv repo/shop/.git repo/
repo_git -C repo add -A
repo_git -C repo commit -q -m "The shop in a folder"
repo_git -C repo checkout -q -b faster-failover
repo_git -C repo apply --directory=shop \
	"$TOP/fixtures/shop-changes/faster-failover.patch"
commit_all repo "faster failover"
cd repo/shop
echo "earlier" >"$work/summary.md"
expect 1 env GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/summary.md" \
	"$TWINRIG" gate --no-progress --junit-strict --junit "$work/strict.xml" \
	--metrics "$work/metrics.txt" --code-quality "$work/quality.json" \
	--scenario node-loss
reader annotations "$work/err"
reads '^error shop/deploy/mesh.yaml 31 twinrig: node-loss fails .*undo: with'
reads '[1-9] more like it'
grep -q '^::' "$work/out" && fail "annotations in the report"
[[ $(head -n 1 "$work/summary.md") == earlier ]] || fail "summary overwritten"
grep -q 'twinrig: fail' "$work/summary.md" || fail "no summary"
reader codequality "$work/quality.json"
reads '^critical shop/deploy/mesh.yaml 31 check-failed$'
reader metrics "$work/metrics.txt"
reads '^twinrig_gate_verdict 2$'
reads '^twinrig_share_ratio\{scenario="node-loss",check="ratio\(errors.*side="candidate"\} 0\.[1-9]'
reads 'side="candidate"\} \+Inf$'
if command -v xmllint >/dev/null; then
	schema "$work/strict.xml" || fail "$(cat "$work/xmllint")"
fi

sed -n 31p deploy/mesh.yaml | grep -q "timeout: 1s" || fail "line 31 is another"

# Standard output may be for another program; and by itself only there.
expect 1 env GITHUB_ACTIONS=true "$TWINRIG" gate --no-progress --json - \
	--scenario node-loss
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/out" ||
	fail "not JSON alone"
expect 1 env GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/none.md" \
	"$TWINRIG" gate --no-progress --no-ci --scenario node-loss --runs 4
grep -q '^::' "$work/err" && fail "annotations in spite of --no-ci"
[[ ! -e $work/none.md ]] || fail "a summary in spite of --no-ci"
expect 1 "$TWINRIG" gate --no-progress --scenario node-loss --runs 4 \
	--annotations "$work/notes.txt"
grep -q '^::' "$work/err" && fail "annotations without GitHub"
reader annotations "$work/notes.txt"
reads '^error shop/deploy/mesh.yaml 31'

# A summary that is nearly full is not made one that GitHub refuses.
head -c 1048000 /dev/zero | tr '\0' x >"$work/full.md"
expect 1 env GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/full.md" \
	"$TWINRIG" gate --no-progress --scenario node-loss --runs 4
said 'no room in the job'
[[ $(wc -c <"$work/full.md") -eq 1048000 ]] || fail "the summary grew"
