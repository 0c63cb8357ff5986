#!/usr/bin/env bash
# What a gate found is kept in git: nothing is run twice, nothing is lost when
# it is killed, and storing never decides a verdict.
. "$TOP/tests/e2e/lib.bash"

gate() { # STATUS ARGUMENTS...
	local want=$1
	shift
	expect "$want" env -C "$work/shop" "$TWINRIG" gate --runs 3 "$@"
}

reports() { # NAME: the reports of a gate that fails, as files
	mkdir -p "$work/$1"
	gate 1 --junit "$work/$1/j.xml" --json "$work/$1/g.json" \
		--markdown "$work/$1/g.md" "${@:2}"
	cp "$work/out" "$work/$1/terminal"
}

same() { diff -r "$work/$1" "$work/$2" >&2 || fail "$2 is not as $1"; }
git_shop() { repo_git -C "$work/shop" "$@"; }
refs() { git_shop for-each-ref --format='%(refname)' refs/twinrig; }

shop "$work/shop" faster-failover

# --- nothing stored, stored, taken from there ------------------------------
reports plain --no-store
[[ -z $(refs) ]] || fail "--no-store stores"
reports cold
[[ $(refs) == refs/twinrig/gates/* ]] || fail "not stored: $(refs)"
said_nothing=$(cat "$work/err")
reports warm
said 'the same inputs as gate [0-9a-f]{16} of 20.*: nothing was run again'
same plain cold
same plain warm
[[ $said_nothing != *'nothing was run'* ]] || fail "cold was not cold"
git_shop fsck --no-dangling --strict >"$work/fsck" 2>&1 || fail "$(cat "$work/fsck")"
[[ -z $(git_shop status --porcelain) ]] || fail "the tree was touched"

# --- other checks, other commits: the trials are the same -------------------
# From here on nothing is undone to see what a failure comes of.
git_shop checkout -q main
sed -i 's/^gate:/gate:\n  counterfactuals: 0/' "$work/shop/twinrig.yaml"
git_shop commit -qam 'no counterfactuals'
git_shop checkout -q faster-failover
git_shop rebase -q main
gate 1
said '18 of 18 trials were stored and not run again'
echo '# a comment' >>"$work/shop/deploy/ads.yaml"
gate 1
said '9 of 18 trials were stored'
git_shop checkout -q deploy/ads.yaml
gate 1 --runs 4
said '18 of 24 trials were stored'
# The candidate's trials are stored; after a warm-up they are others.
warm_up() { # LENGTH
	sed -i.was "s/^traffic:.*/traffic:\n  warmup: $1/" "$work/shop/twinrig.yaml"
	git_shop commit -qam "a warm-up of $1"
	"$TWINRIG" gate -c "$work/shop/twinrig.yaml" --baseline HEAD --runs 3 \
		--scenario node-loss >"$work/out" 2>"$work/err" || true
	git_shop reset -q --hard HEAD^
}
warm_up 0s
said 'were stored|nothing was run'
warm_up 5s
said 'node-loss'
[[ $(cat "$work/err") != *'were stored'* ]] || fail "a warm-up is another trial"
gate 1 --seed 2 --scenario node-loss
[[ $(cat "$work/err") != *'were stored'* ]] || fail "another seed is another trial"

# --- both sides alike are run once ------------------------------------------
git_shop checkout -q -b same main
gate 0 --scenario steady --seed 3 -v
id=$(sed -n 's/.*stored as gate //p' "$work/err")
n=$(git_shop ls-tree -r --name-only "refs/twinrig/gates/$id" | grep -c ^trials/)
[[ $n == 3 ]] || fail "$n trials of 3 that differ"
git_shop checkout -q faster-failover

# --- configured off, and what git ignores ------------------------------------
n=$(refs | wc -l)
sed -i 's/^gate:/baseline: {store: false}\ngate:/' "$work/shop/twinrig.yaml"
gate 1 --seed 5 --scenario node-loss
git_shop checkout -q twinrig.yaml
echo twinrig.yaml >"$work/shop/.git/info/exclude"
git_shop rm -q --cached twinrig.yaml
gate 1 --seed 5 --scenario node-loss
git_shop reset -q
rm "$work/shop/.git/info/exclude"
[[ $(refs | wc -l) == "$n" ]] || fail "stored all the same"

# --- killed at any instant: what had ended is not run again ------------------
# Each is killed about when it has stored some more; half of them are enough.
stored() { # the id of what the running gate has stored
	git_shop rev-parse -q --verify "$(refs | grep running)" || true
}
for ((i = 0, n = 0; i < 3 && n < 9; i++)); do
	was=$(stored)
	env -C "$work/shop" "$TWINRIG" gate --runs 3 --seed 6 --threads 1 \
		>"$work/killed" 2>&1 &
	victim=$!
	while [[ $(stored) == "$was" ]] && kill -0 "$victim" 2>/dev/null; do
		sleep 0.01
	done
	sleep "0.0$((RANDOM % 10))"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	n=$(git_shop ls-tree -r "$(stored)" | wc -l)
done
[[ $(refs | grep -c running) == 1 ]] || fail "nothing was kept: $(refs)"
# Of an object that was half written nothing is left, where the file system
# can; what is old and not ours to have is taken away.
tmp=$work/shop/.git/objects/tmp_object_git2_
if python3 -c 'import os, sys; os.open(sys.argv[1], os.O_TMPFILE | 1)' \
	"$work/shop/.git/objects" 2>/dev/null; then
	[[ -z $(compgen -G "$tmp*") ]] || fail "left: $(compgen -G "$tmp*")"
fi
# It may die while libgit2 holds the lock of the ref, too.
touch "$work/shop/.git/$(refs | grep running).lock"
touch -d '2 hours ago' "${tmp}oldOne"
touch "${tmp}newOne"
reports resumed --seed 6
said '[0-9]+ of 18 trials were stored and not run again'
[[ -e ${tmp}newOne && ! -e ${tmp}oldOne ]] || fail "swept: the wrong ones"
rm "${tmp}newOne"
[[ $(refs | grep -c running) == 0 ]] || fail "the run is not taken away"
reports whole --seed 6 --no-store
same whole resumed
git_shop fsck --no-dangling --strict >"$work/fsck" 2>&1 || fail "$(cat "$work/fsck")"

# --- damaged refs and objects: run again, said, never believed ---------------
ref=$(refs | tail -n 1)
echo garbage >"$work/shop/.git/$ref"
gate 1 --seed 6
said 'stored results that cannot be read are passed over: refs/twinrig/gates/'
find "$work/shop/.git/objects" -type f -size +40k -exec chmod u+w {} + \
	-exec truncate -s 100 {} +
reports damaged --seed 6
said 'a stored trial cannot be used and is run again'
same whole damaged
gate 1 --seed 6
said 'nothing was run again'

# --- a lock that a killed program left: however young it is ----------------
rm -rf "$work/shop/.git/refs/twinrig"
mkdir -p "$work/shop/.git/refs/twinrig/gates"
reports first --seed 7
id=$(refs)
repo_git -C "$work/shop" update-ref -d "$id"
mkdir -p "$work/shop/.git/refs/twinrig/gates"
touch "$work/shop/.git/$id.lock"
gate 1 --seed 7
[[ $(refs) == "$id" ]] || fail "the lock was not broken"

# --- what a program reads by itself counts by what it writes ------------------
mkdir "$work/bin"
cat >"$work/bin/kustomize" <<-'END'
	#!/usr/bin/env bash
	for f in deploy/*.yaml; do echo ---; cat "$f"; done |
		sed "s/perTryTimeout: 1s/perTryTimeout: $(cat secret-input)/"
	END
chmod +x "$work/bin/kustomize"
shop "$work/rendered"
mkdir "$work/rendered/prod"
printf 'resources: []\nreplacements: [{source: {kind: Service}}]\n' \
	>"$work/rendered/prod/kustomization.yaml"
sed -i 's/manifests: .*/manifests: [prod]/' "$work/rendered/twinrig.yaml"
echo 1s >"$work/rendered/secret-input"
commit_all "$work/rendered" rendered
rendered() {
	expect "$1" env -C "$work/rendered" PATH="$work/bin:$PATH" "$TWINRIG" \
		gate --runs 2 --scenario steady
}
rendered 0
rendered 0
said 'nothing was run again'
echo 200ms >"$work/rendered/secret-input"
rendered 4 # two runs are few
said '2 of 4 trials were stored'
repo_git -C "$work/rendered" for-each-ref refs/twinrig | while read -r _ _ ref; do
	! repo_git -C "$work/rendered" ls-tree -r --name-only "$ref" |
		grep ^sides || fail "files of a rendered side are stored"
done

# --- a repository that cannot be written --------------------------------------
rm -rf "$work/shop/.git/refs/twinrig"
echo 'in the way' >"$work/shop/.git/refs/twinrig"
reports readonly --seed 7
said 'the results are not stored'
same first readonly
