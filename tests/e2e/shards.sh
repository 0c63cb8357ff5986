#!/usr/bin/env bash
# A gate in parts on several machines, put together: the same bytes as on one.
. "$TOP/tests/e2e/lib.bash"

twinrig() { # STATUS DIRECTORY ARGUMENTS...
	local want=$1 where=$2
	shift 2
	expect "$want" env -C "$work/$where" "$TWINRIG" "$@"
}

same() { # NAME: its reports are those of one machine
	for kind in json xml md txt; do
		cmp "$work/one.$kind" "$work/$1.$kind" >&2 || fail "$1.$kind differs"
	done
}

# reports NAME DIRECTORY ARGUMENTS...
reports() {
	local name=$1 where=$2
	shift 2
	twinrig 1 "$where" "$@" --runs 4 --baseline main --junit "$work/$name.xml" \
		--json "$work/$name.json" --markdown "$work/$name.md"
	cp "$work/out" "$work/$name.txt"
}

shop "$work/shop" faster-failover
repo_git clone -q "$work/shop" "$work/elsewhere"
repo_git -C "$work/elsewhere" branch -q main origin/main
reports one shop gate --no-store

for n in 2 3; do
	rm -f "$work"/*.twsh
	for ((i = n; i >= 1; i--)); do # each machine a clone of its own
		where=shop
		((i % 2)) || where=elsewhere
		twinrig 0 "$where" gate --no-store --runs 4 --baseline main --shard "$i/$n" \
			-o "$work/$i.twsh"
		said "shard $i of $n: [0-9]+ of 24 trials"
	done
	reports "merged$n" shop merge --no-store "$work"/*.twsh
	same "merged$n"
done

# --- what a machine has stored is not run for a shard, nor after a merge -----
reports stored shop merge "$work"/*.twsh
same stored
reports warm shop gate
said 'nothing was run again'
same warm
twinrig 0 shop gate --runs 4 --baseline main --shard 2/3 --threads 1
[[ -s $work/shop/twinrig-shard-2-of-3.twsh ]] || fail "no file by its usual name"
cmp "$work/shop/twinrig-shard-2-of-3.twsh" "$work/2.twsh" >&2 ||
	fail "stored trials make another shard"

# --- what does not belong together --------------------------------------------
twinrig 2 shop merge --baseline main --runs 4 "$work"/[12].twsh
said 'shards are missing: 3/3'
twinrig 2 shop merge --baseline main --runs 4 "$work"/[12].twsh "$work/1.twsh"
said 'is the same shard as another file'
twinrig 2 shop merge --baseline main --runs 3 "$work"/*.twsh
said "is a shard of another gate: 'runs' is not the same"
echo '# changed' >>"$work/shop/deploy/ads.yaml"
twinrig 2 shop merge --baseline main --runs 4 "$work"/*.twsh
said "is a shard of another gate: 'candidate.inputs' is not the same"
repo_git -C "$work/shop" checkout -q deploy
zcat "$work/shop/captures/peak.gor.gz" >"$work/whole.gor"
head -c 500000 "$work/whole.gor" | gzip >"$work/shop/captures/peak.gor.gz"
twinrig 2 shop merge --baseline main --runs 4 "$work"/*.twsh
said 'other traffic or faults'
repo_git -C "$work/shop" checkout -q captures
head -c 100000 "$work/2.twsh" >"$work/cut.twsh"
twinrig 2 shop merge --baseline main --runs 4 "$work/cut.twsh"
said 'cut.twsh: it is damaged or cut off'
twinrig 2 shop merge --baseline main --runs 4 "$work/one.json"
said 'this is no shard of a gate'
twinrig 2 shop merge
said 'merge wants the files'
twinrig 2 shop gate --shard 4/3
said "wants I/N, such as 1/4, not '4/3'"
twinrig 2 shop gate --shard 1/3 --junit "$work/x"
said 'a shard has no verdict'
twinrig 2 shop gate --shard 1/3 --html "$work/x"
said 'a shard has no verdict to report: give --html'
