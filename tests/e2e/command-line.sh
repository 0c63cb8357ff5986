#!/usr/bin/env bash
# The command line: every option of a command is in its help and does something
# there, and what it would do nothing with is an error, never passed over.
. "$TOP/tests/e2e/lib.bash"

expect 2 "$TWINRIG"
said "what is to be done"
expect 2 "$TWINRIG" gaet
said "did you mean 'gate'"
expect 2 "$TWINRIG" gate --rnus 3
said "did you mean '--runs'"
expect 2 "$TWINRIG" gate --runs some
said "wants a whole number"
expect 2 "$TWINRIG" gate --runs
said "wants N"
expect 2 "$TWINRIG" check --runs 3
said "has no option --runs"
expect 0 "$TWINRIG" --version
said '^twinrig [0-9]'
expect 2 "$TWINRIG" gate --runs 0
said "wants a whole number from 1 on, not '0'"
expect 2 "$TWINRIG" gate --junit - --json -
said "--json and --junit cannot both be standard output|--junit and --json cannot both"

# A word that stands for nothing: a scenario's name, a manifest, a typo.
expect 2 "$TWINRIG" run steady
said "'run' takes no arguments, but got 'steady'"
expect 2 "$TWINRIG" check deploy.yaml
said "'check' takes no arguments"
for command in gate history faults plugins; do
	expect 2 "$TWINRIG" "$command" word
	said "'$command' takes no arguments"
done
expect 2 "$TWINRIG" schema config model
said "expected one file, not 'model'"
expect 2 "$TWINRIG" schema --format yaml
said "expected --format json or text, not 'yaml'"
expect 2 "$TWINRIG" faults -c other.yaml
said "'faults' has no option --config"
expect 2 "$TWINRIG" run --no-progress
said "'run' has no option --no-progress"
expect 3 "$TWINRIG" schema -o no/such/folder
said "twinrig: no/such/folder: No such file"

# help, in each of its ways; and the same option means what its command says.
"$TWINRIG" --help >"$work/help"
for words in help -h "help help"; do
	# shellcheck disable=SC2086
	expect 0 "$TWINRIG" $words
	[[ $words == "help help" ]] || diff "$work/help" "$work/out" ||
		fail "twinrig $words is not the help"
done
for command in $(sed -n 's/^  \([a-z]*\) .*/\1/p' "$work/help"); do
	"$TWINRIG" "$command" --help >"$work/one"
	"$TWINRIG" help "$command" >"$work/two"
	diff "$work/one" "$work/two" || fail "two helps of $command"
	head -n 1 "$work/one" | grep -q "^twinrig $command " ||
		fail "no usage of $command"
	awk 'length > 100 { print; wrong = 1 } END { exit wrong }' "$work/one" ||
		fail "the help of $command does not fit a terminal"
	sed -nE 's/^  (-., )?--([a-z-]+) .*/\2/p' "$work/one" | sort | uniq -d |
		grep . && fail "an option of $command is there twice"
done
"$TWINRIG" help init | grep -q -- '--force  *overwrite files' ||
	fail "init --force"
"$TWINRIG" help baseline | grep -q -- '--force  *accept: whatever' ||
	fail "baseline --force"

# Every name that the sources give a finding is listed, and nothing else is.
"$TWINRIG" check --list | sed 's/ .*//' >"$work/listed"
sort -c "$work/listed" || fail "the list of findings is not in order"
find "$top/harness" "$top/twins" -name '*.c' ! -path '*/commands/check/rules.c' \
	! -path '*/lint/lint.c' -exec cat {} + | tr -s '\t\n ' ' ' >"$work/sources"
grep -oE '(rule = |tw_lint_find\([a-z>-]*, ?)"[a-z0-9-]+"' "$work/sources" |
	sed 's/.*"\(.*\)"/\1/' | sort -u >"$work/given"
[[ $(wc -l <"$work/given") -gt 50 ]] || fail "the sources give no findings"
comm -13 "$work/listed" "$work/given" >"$work/missing"
[[ ! -s $work/missing ]] || fail "not in check --list: $(cat "$work/missing")"
while read -r name; do
	grep -qF "\"$name\"" "$work/sources" ||
		fail "check --list tells of '$name', which nothing finds"
done <"$work/listed"
