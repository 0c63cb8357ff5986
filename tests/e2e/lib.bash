# For the end-to-end scripts: `. "$TOP/tests/e2e/lib.bash"`. tests/run-all starts
# each in a folder of its own, which it keeps where the test failed, with TOP,
# OUT and TWINRIG set.
set -euo pipefail

top=$TOP
work=$PWD

fail() {
	echo "$*" >&2
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

# The CI that runs this must not be seen by the twinrig under test.
for name in $(compgen -e | grep -E '^(GITHUB|GITLAB|CI_|CI$)' || true); do
	unset "$name"
done

repo_git() {
	git -c user.name=e2e -c user.email=e2e@shop.example \
		-c core.hooksPath=/dev/null -c commit.gpgsign=false \
		-c init.defaultBranch=main "$@"
}

# commit_all DIRECTORY SUBJECT
commit_all() {
	[[ -d $1/.git ]] || repo_git init -q "$1"
	repo_git -C "$1" add -A
	repo_git -C "$1" commit -q -m "$2"
}

# shop DIRECTORY [CHANGE]: the shop in git, and a branch with a change.
shop() {
	cp -R "$top/fixtures/shop" "$1"
	commit_all "$1" "The shop as it runs"
	[[ $# -gt 1 ]] || return 0
	repo_git -C "$1" checkout -q -b "$2"
	repo_git -C "$1" apply "$top/fixtures/shop-changes/$2.patch"
	commit_all "$1" "$2"
}

# expect STATUS COMMAND...: runs it with its output in $work/out and
# $work/err; the exit status must be this one.
expect() {
	local want=$1 got=0
	shift
	"$@" >"$work/out" 2>"$work/err" || got=$?
	[[ $got -eq $want ]] && return 0
	cat "$work/out" "$work/err" >&2
	fail "status $got instead of $want: $*"
}

# said PATTERN: in what the last command of expect wrote.
said() {
	grep -qE -- "$1" "$work/out" "$work/err" && return 0
	cat "$work/out" "$work/err" >&2
	fail "not said: $1"
}

unsaid() {
	! grep -qE -- "$1" "$work/out" "$work/err" && return 0
	cat "$work/out" "$work/err" >&2
	fail "said: $1"
}
