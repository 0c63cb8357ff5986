#!/usr/bin/env bash
# The same gate gives the same bytes: twice, with one thread and two, without
# the FMA that libm would choose, by gcc at -O2 and by clang at -O0.
. "$TOP/tests/e2e/lib.bash"

shop "$work/shop" faster-failover

# gate NAME PROGRAM ARGUMENTS...
gate() {
	local name=$1 program=$2 status=0
	shift 2
	mkdir "$work/$name"
	(cd "$work/shop" && "$program" gate --no-store --no-progress --runs 3 \
		--junit "$work/$name/junit.xml" --json "$work/$name/gate.json" \
		--markdown "$work/$name/gate.md" "$@") \
		>"$work/$name/terminal" 2>&1 || status=$?
	((status == 1 || status == 4)) || {
		cat "$work/$name/terminal" >&2
		fail "$name: status $status"
	}
}

same() {
	diff -r "$work/first" "$work/$1" >&2 || fail "$1 differs"
}

gate first "$TWINRIG" --threads 1
gate again "$TWINRIG" --threads 1
same again
gate threads "$TWINRIG" --threads 2
same threads
GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-FMA4 \
	gate no-fma "$TWINRIG"
same no-fma

case $OUT in
*/build) ;;
*) exit 0 ;; # the other compilers once, not in each mode
esac
make -s -j2 -C "$TOP" MODE=debug OUT="$OUT/e2e-debug" all >"$work/make" 2>&1 ||
	fail "$(cat "$work/make")"
gate debug "$OUT/e2e-debug/twinrig"
same debug
command -v clang >/dev/null || skip "the rest: no clang"
make -s -j2 -C "$TOP" MODE=debug CC=clang OUT="$OUT/e2e-clang" all >"$work/make" 2>&1 ||
	fail "$(cat "$work/make")"
gate clang "$OUT/e2e-clang/twinrig"
same clang
