#!/usr/bin/env bash
# Stored gates as a team uses them: named, compared, shared, judged again.
. "$TOP/tests/e2e/lib.bash"

tw() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" "$@"
}

git_shop() { repo_git -C "$work/shop" "$@"; }
edit() { sed -i "$1" "$work/shop/twinrig.yaml"; }
restore() { git_shop checkout -q twinrig.yaml deploy twins captures; }

shop "$work/shop" faster-failover

# --- nothing yet ---------------------------------------------------------------
tw 0 baseline
said 'no gate is stored here yet'
tw 0 history
said 'no gate is stored here yet'
tw 2 rejudge
said 'no gate is stored'
tw 2 baseline lsit
said "did you mean 'list'"

# --- a gate that failed, one that passed, and the second is accepted -------------
tw 1 gate --runs 3 --scenario node-loss
cp "$work/out" "$work/from-commit"
failed=$(git_shop for-each-ref --format='%(refname:lstrip=3)' refs/twinrig)
git_shop checkout -q main
tw 0 gate --runs 3 --scenario node-loss
tw 2 baseline accept release-7 "${failed:0:6}"
said 'did not pass \(fail: '
tw 0 baseline accept release-7
said "baseline release-7 is gate [0-9a-f]{16} \(pass: 0 failed"
tw 2 baseline accept '../up'
said 'accept wants a name'
tw 0 baseline accept broken "$failed" --force
tw 0 baseline list
said '^[0-9a-f]{16}  20.* pass: .*\[release-7\]$'
said '^[0-9a-f]{16}  20.* fail: .*\[broken\]$'
tw 0 baseline show release-7
said '^verdict +pass: 0 failed'
said '^  files +clean'
tw 0 baseline show "${failed:0:5}"
said '^  fail +node-loss: recovery_time'
tw 2 baseline show release-8
said "did you mean 'release-7'"
tw 0 baseline diff release-7 broken
said "^candidate's deploy/mesh.yaml: changed"
said '^pass -> fail  node-loss: ratio\(retries.*\[shop/pricing\]'

# --- as the baseline: the same answer as the commit gives ------------------------
git_shop checkout -q faster-failover
edit 's/^gate:/baseline: {stored: release-7}\ngate:/'
tw 1 gate --runs 3 --scenario node-loss --no-store
said '^baseline +stored release-7'
sed '/^baseline/d; /again/d' "$work/out" >"$work/a"
sed '/^baseline/d; /again/d' "$work/from-commit" >"$work/b"
diff "$work/a" "$work/b" >&2 || fail "a stored baseline judges otherwise"

# --- and refused where it does not fit, with the reason --------------------------
refused() { # PATTERN ARGUMENTS...
	tw 3 gate --scenario node-loss "${@:2}"
	said "$1"
}
refused 'the seed: 1 then, 2 now' --runs 3 --seed 2
refused 'it has 3 runs, and 4 are asked for' --runs 4
tw 3 gate --runs 3 --scenario steady
said "it has no scenario 'steady'"
sed -i '0,/cpu: {p50: [0-9.]*ms/s//cpu: {p50: 0.11ms/' "$work/shop/twins/shop.yaml"
git_shop diff --quiet twins && fail "the model was not edited"
refused 'the twin models differ: services\.shop/' --runs 3
git_shop checkout -q twins
zcat "$work/shop/captures/peak.gor.gz" >"$work/whole.gor"
head -c 500000 "$work/whole.gor" | gzip >"$work/shop/captures/peak.gor.gz"
refused "the traffic of 'node-loss' is another by now" --runs 3
git_shop checkout -q captures
edit 's/stored: release-7/stored: release-9/'
refused "no stored baseline or gate is called 'release-9'; did you mean 'release-7'" --runs 3
edit 's/stored: release-9/stored: release-7, ref: main/'
tw 2 gate
said "'stored' brings its own files"
restore
tw 1 gate --runs 3 --scenario node-loss --no-store --baseline stored:release-7
said '^baseline +stored release-7'

# --- judged again ------------------------------------------------------------------
edit 's/0\.5pp/80pp/; s/<= 20s/<= 600s/'
tw 1 rejudge "$failed"
said '^gate [0-9a-f]{16} of .* fail: .* -> fail: '
said '^  fail -> pass  node-loss: ratio\(errors.* \+ 80pp'
edit '/^ *- .*retries/d'
tw 1 rejudge broken
said '^  fail -> not judged  node-loss: ratio\(retries'
restore
tw 1 rejudge broken
[[ $(wc -l <"$work/out") == 1 ]] || fail "the same checks judge otherwise: $(cat "$work/out")"
tw 0 rejudge release-7

# --- over time ----------------------------------------------------------------------
tw 0 history
said '^20.* fail +node-loss: '
said '^2 gates: 2 of 2 commits \(1 caught, 0 inconclusive, 1 passed\)'
said '1 never recovered'
said '^time for a failure to show: [0-9.]+s in the mean'
said '^rollbacks avoided: 1 \(commits that failed\)'
said '^CPU requested: [0-9.]+ cores'
said '^memory requested: [0-9.]+Mi'
said '^time to detect an injected fault: [0-9.]+m?s in the mean of [0-9]+ runs, from the first fault'

# --- shared ---------------------------------------------------------------------------
repo_git init -q --bare "$work/hub.git"
tw 0 baseline push "$work/hub.git"
said '^4 refs sent to'
git_shop remote add origin "file://$work/hub.git"
tw 0 baseline push
repo_git clone -q "$work/shop" "$work/other"
repo_git -C "$work/other" remote set-url origin "$work/hub.git"
expect 0 env -C "$work/other" "$TWINRIG" baseline fetch
said '^4 refs fetched from origin'
expect 1 env -C "$work/other" "$TWINRIG" gate --runs 3 --scenario node-loss --baseline "$(git_shop rev-parse main)"
said '6 of 6 trials were stored and not run again'
tw 3 baseline push "$work/nowhere.git"
said 'git itself may know how: git push'

# --- thinned out ------------------------------------------------------------------------
tw 1 gate --runs 1 --seed 9 --scenario node-loss || true
old=$(git_shop for-each-ref --format='%(refname)' refs/twinrig/gates | wc -l)
tw 0 baseline prune --keep 0
said '^the trials of 1 gates went'
[[ $(git_shop for-each-ref refs/twinrig/gates | wc -l) == "$old" ]] || fail "verdicts went"
tw 1 rejudge broken # it has a name: it stays whole
tw 3 rejudge
said 'its trials are not stored any more'

# --- a candidate that differs from what it was gated against ----------------------
# Its pods stand where those of its own baseline stood.
git_shop checkout -q main
git_shop checkout -q -b more-recommendations
git_shop apply "$top/fixtures/shop-changes/more-recommendations.patch"
git_shop commit -q -a -m "more"
tw 0 gate --runs 3 --scenario node-loss
tw 0 baseline accept release-8
tw 0 gate --runs 3 --scenario node-loss --baseline stored:release-8
said '^baseline +stored release-8'
said '6 of 6 trials were stored and not run again'
git_shop checkout -q faster-failover
tw 1 gate --runs 3 --scenario node-loss --baseline stored:release-8
said '^ +again +twinrig gate --baseline stored:release-8 --scenario '
edit 's/^traffic:/traffic:\n  speed: 2x/'
tw 1 gate --runs 3 --scenario node-loss --no-store --baseline main
said 'edits the gate: its checks, scenarios, traffic'
restore
# What answered last is meant, whether it was run then or long ago.
git_shop checkout -q more-recommendations
tw 0 gate --runs 3 --scenario node-loss
said 'nothing was run again'
tw 0 baseline accept release-8
tw 0 baseline list
said "^[0-9a-f]{16}  20.* $(git_shop rev-parse --short=12 HEAD) .* pass: "
