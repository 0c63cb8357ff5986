#!/usr/bin/env bash
# What a pipeline sees of a gate that could not be made, and of a report that
# could not be written; and groups with long names, each by its own.
. "$TOP/tests/e2e/lib.bash"

mkdir -p small && cd small
web=an-organisation-with-a-long-name/a-service-with-a-long-name-too
cat >twinrig.yaml <<END
version: 1
topology: {models: [model.yaml]}
traffic: {rate: 50/s, duration: 4s, entry: $web}
gate:
  runs: 2
  checks: ["mean(latency) by (service, endpoint) <= 1ms"]
END
cat >model.yaml <<END
version: 1
services:
  $web:
    endpoints:
      GET /v1/organisations/{organisation}/invoices/{invoice}: [{wait: 5ms}]
      GET /v2/organisations/{organisation}/invoices/{invoice}: [{wait: 5ms}]
END
commit_all . "As it runs"

# Titles that have no room stand above their figures, whole.
expect 1 "$TWINRIG" gate --no-store
said "^  FAIL +$web, GET"
said '^ +/v1/organisations/.organisation./invoices/.invoice.$'
said '^ +/v2/organisations/.organisation./invoices/.invoice.$'

# Half a report is none.
status=0
(
	trap '' XFSZ
	ulimit -f 4
	"$TWINRIG" gate --no-store -q --json half.json --junit whole.xml
) >out 2>err || status=$?
[[ $status -eq 3 ]] || fail "status $status where a report has no room"
grep -q 'half.json: File too large' err || fail "no reason is given"
[[ ! -e half.json && -s whole.xml ]] || fail "half a report is left"

# An error of a file: at its line, and in the words of each place.
sed -i '5s/wait/wiat/' model.yaml
export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$work/summary.md
expect 2 "$TWINRIG" gate --markdown note.md --code-quality q.json --junit no.xml
said '^::error file=model.yaml,line=5,col=[0-9]+,title=twinrig%3A invalid::'
for file in note.md "$work/summary.md"; do
	grep -q '^## .* twinrig: no verdict' "$file" || fail "$file: no title"
	grep -q '^model.yaml:5:[0-9]*: .*wiat' "$file" || fail "$file: no error"
	head -n 1 "$file" | grep -q '^<!-- twinrig -->$' || fail "not found again"
done
grep -q '"path": "model.yaml"' q.json || fail "nothing for GitLab"
[[ ! -e no.xml ]] || fail "cases without a gate"
rm "$work/summary.md"
expect 2 "$TWINRIG" gate --no-ci
unsaid '^::'
[[ ! -e $work/summary.md ]] || fail "--no-ci writes a summary"

# A baseline that a shallow clone lacks, and no configuration at all.
repo_git checkout -q -f .
expect 3 "$TWINRIG" gate --baseline nosuch
said '^::error file=twinrig.yaml,title=twinrig%3A invalid::.*no commit .nosuch'
expect 2 "$TWINRIG" gate -c elsewhere/twinrig.yaml
said '^::error file=.*[Nn]o such file'
exit 0
