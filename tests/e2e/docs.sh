#!/usr/bin/env bash
# What the manual quotes of the program is what the program prints.
. "$TOP/tests/e2e/lib.bash"

quoted() { # COMMAND...: its output stands in the manual as it is
	"$@" >"$work/printed"
	python3 - "$work/printed" "$top/docs/manual.md" <<-'END' || fail "the manual is not up to date: $*"
	import sys
	printed, manual = (open(f, encoding="utf-8").read() for f in sys.argv[1:])
	sys.exit(("```\n" + printed + "```") not in manual)
	END
}

command -v python3 >/dev/null || skip "no python3"
quoted "$TWINRIG" faults
quoted "$TWINRIG" schema --format text
quoted "$TWINRIG" schema model --format text
sed -n 's/^\t"\(.*\)",$/\1/p' "$top/harness/gate/check.c" | head -n 1 |
	sed 's/\\"/"/g' >"$work/first"
grep -qxFf "$work/first" "$top/docs/manual.md" || fail "default checks differ"
