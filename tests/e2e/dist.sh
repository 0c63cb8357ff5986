#!/usr/bin/env bash
# A release: the same bytes twice, a folder that runs wherever it is put, and
# what pipelines do with it: fetch it, check it, build where there is none.
. "$TOP/tests/e2e/lib.bash"

[[ $OUT == "$TOP/build" ]] || skip "not the release build"
[[ $(uname -s) == Linux ]] || skip "not Linux"
for program in objdump strip tar gzip curl; do
	command -v $program >/dev/null || skip "no $program"
done
arch=$(uname -m)
version=$("$TWINRIG" --version | cut -d' ' -f2)
tarball=twinrig-$version-linux-$arch.tar.gz

# --- the same bytes, whoever makes it when ---------------------------------
pack() { # FOLDER, with the environment as it is
	make -s -C "$TOP" dist DIST="$1" >/dev/null
}
export SOURCE_DATE_EPOCH=1700000000 DIST
DIST=$work/one pack "$work/one"
(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 DIST=$work/other/place pack \
	"$work/other/place")
unset DIST
cmp "$work/one/SHA256SUMS" "$work/other/place/SHA256SUMS" ||
	fail "two makings differ"
(cd "$work/one" && sha256sum -c --quiet SHA256SUMS) || fail "wrong sums"
tar -tvzf "$work/one/$tarball" >"$work/list"
grep -v ' 0/0 ' "$work/list" && fail "an owner of this machine"
grep -v '2023-11-14 22:13' "$work/list" && fail "a date of today"
for path in "$TOP" "$work"; do
	! tar -xOzf "$work/one/$tarball" | grep -qF -- "$path" ||
		fail "a path of this machine is inside: $path"
done

# --- wherever it is put, whatever the environment --------------------------
mkdir -p "$work/else where"
tar -xzf "$work/one/$tarball" -C "$work/else where"
moved="$work/else where/${tarball%.tar.gz}"
[[ $(env -i "$moved/bin/twinrig" --version) == "twinrig $version" ]] ||
	fail "it does not run there"
# Nothing beside the C library comes from the machine.
ldd "$moved/bin/twinrig" | grep '=> ' | grep -vF "=> $moved/" |
	grep -vE '^\s*lib(c|m|resolv|pthread|dl|rt|gcc_s)\.so' &&
	fail "it needs these of the machine"
[[ -n $(ls "$moved/share/doc/twinrig/licences" 2>/dev/null) ]] ||
	! command -v dpkg-query >/dev/null || fail "no licences"
shop shop
expect 0 env -i PATH="$PATH" HOME="$work" "$moved/bin/twinrig" check -c \
	shop/twinrig.yaml
# The same program: the same verdict.
cd shop
expect 0 "$TWINRIG" gate --baseline HEAD --no-store --scenario steady --runs 2
mv "$work/out" "$work/own"
expect 0 "$moved/bin/twinrig" gate --baseline HEAD --no-store \
	--scenario steady --runs 2
cmp "$work/out" "$work/own" || fail "the release says otherwise"
cd ..

# --- the package -----------------------------------------------------------
if command -v dpkg-deb >/dev/null; then
	deb=$(echo "$work"/one/twinrig_"$version"_*.deb)
	dpkg-deb -x "$deb" "$work/root"
	[[ $("$work/root/usr/bin/twinrig" --version) == "twinrig $version" ]] ||
		fail "the package's program does not run"
	dpkg-deb -f "$deb" Depends >"$work/depends"
	for library in libgit2 libyaml libcurl libuv zlib libcjson 'libc6 (>= '; do
		grep -qF "$library" "$work/depends" ||
			fail "no $library in: $(cat "$work/depends")"
	done
fi

# --- ci/fetch --------------------------------------------------------------
mkdir -p "$work/releases/v$version"
cp "$work/one/$tarball" "$work/one/SHA256SUMS" "$work/releases/v$version/"
fetch() { # FOLDER OPTIONS...
	"$TOP/ci/fetch" --from "file://$work/releases" "${@:2}" "$1"
}
expect 0 fetch "$work/fetched"
[[ $(tail -n 1 "$work/out") == "$work/fetched/bin/twinrig" ]] ||
	fail "it does not say where"
"$work/fetched/bin/twinrig" --version >/dev/null
# Not what it should be: nothing is run, nothing built instead.
printf x >>"$work/releases/v$version/$tarball"
expect 3 fetch "$work/tampered"
said 'not what SHA256SUMS says'
[[ ! -e $work/tampered/bin ]] || fail "unpacked all the same"
sed -i 's/twinrig-/other-/' "$work/releases/v$version/SHA256SUMS"
expect 3 fetch "$work/unnamed"
# No release of this version: a build, by the Makefile beside it.
cp -R "$TOP/ci" "$work/ci"
mkdir "$work/bin"
cat >"$work/Makefile" <<'END'
VERSION := 9.9
all:
	@echo built >>built
install:
	@mkdir -p $(PREFIX)/bin && printf '#!/bin/sh\necho twinrig 9.9\n' \
		>$(PREFIX)/bin/twinrig && chmod 755 $(PREFIX)/bin/twinrig
END
printf '#!/bin/sh\necho deps >>"%s/built"\n' "$work" >"$work/ci/install-deps"
expect 0 "$work/ci/fetch" --from "file://$work/releases" "$work/made"
[[ $("$(tail -n 1 "$work/out")" --version) == "twinrig 9.9" ]] ||
	fail "not the built one"
[[ $(cat "$work/built") == $'deps\nbuilt' ]] || fail "not built in order"
expect 2 "$work/ci/fetch" --version
expect 2 "$work/ci/fetch" --odd
