/*
 * The archive in a repository of its own: two writers at once, one that is
 * killed, refs and records that hold nonsense.
 */
#include "harness/baseline/catalog.h"
#include "harness/baseline/observed.h"

#include "tests/unit/test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY(c) c c c c c c c c c c c c c c c c c c c c
#define A      KEY("aa")
#define B      KEY("bb")
#define C      KEY("cc")

struct place {
	char dir[200];
	struct tw_archive *archive;
	struct tw_error error;
};

static void sh(const struct place *place, const char *script)
{
	struct tw_buf command = {0};
	FILE *pipe;

	tw_buf_printf(&command,
		"set -e; unset GIT_DIR GIT_WORK_TREE; export HOME='%s' "
		"GIT_CONFIG_NOSYSTEM=1; cd '%s'; exec >>log 2>&1; %s",
		place->dir, place->dir, script);
	pipe = popen(command.p, "r");
	ck_assert_ptr_nonnull(pipe);
	ck_assert_int_eq(pclose(pipe), 0);
	tw_buf_release(&command);
}

static void start(struct place *place)
{
	const char *tmp = getenv("TMPDIR");

	*place = (struct place){0};
	snprintf(place->dir, sizeof place->dir, "%s/archive-XXXXXX",
		tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(place->dir));
	sh(place, "git init -q .");
	place->archive = tw_archive_open(place->dir, &place->error);
	ck_assert_ptr_nonnull(place->archive);
}

static void finish(struct place *place)
{
	tw_archive_free(place->archive);
	sh(place, "cd /; rm -rf \"$HOME\"; exec >/dev/null 2>&1");
}

static void put(struct tw_archive *archive, const char *key, tw_time duration)
{
	struct tw_observation obs;
	struct tw_buf bytes = {0};
	struct tw_error error;

	tw_observation_init(&obs, TW_S);
	obs.duration = duration;
	tw_observed_write(&obs, &bytes);
	tw_observation_release(&obs);
	if (tw_archive_put(archive, key, bytes.p, bytes.n, &error))
		ck_abort_msg("%s", error.message);
	tw_buf_release(&bytes);
}

/* What somebody finds there who comes afterwards; -1: nothing. */
static tw_time found(struct place *place, const char *key)
{
	struct tw_archive *later = tw_archive_open(place->dir, &place->error);
	struct tw_observation obs;
	tw_time duration = -1;

	ck_assert_ptr_nonnull(later);
	ck_assert_int_eq(tw_archive_index(later, NULL, &place->error), 0);
	if (tw_archive_find(later, key)) {
		ck_assert_int_eq(
			tw_archive_get(later, tw_archive_find(later, key), &obs,
				&place->error),
			0);
		duration = obs.duration;
		tw_observation_release(&obs);
	}
	tw_archive_free(later);
	return duration;
}

START_TEST(what_is_flushed_is_found)
{
	struct place place;

	start(&place);
	tw_archive_run(place.archive, "run");
	put(place.archive, A, 1);
	put(place.archive, B, 2);
	ck_assert_int_eq(tw_archive_flush(place.archive, &place.error), 0);
	ck_assert_int_eq(found(&place, A), 1);
	ck_assert_int_eq(found(&place, B), 2);
	ck_assert_int_eq(found(&place, C), -1);
	sh(&place, "git fsck --strict --no-dangling");
	ck_assert_int_eq(tw_archive_end(place.archive, &place.error), 0);
	ck_assert_int_eq(found(&place, A), -1);
	finish(&place);
}
END_TEST

/* Of one and the same gate, in two worktrees say. */
START_TEST(two_writers_lose_nothing)
{
	struct place place;
	struct tw_archive *other;

	start(&place);
	other = tw_archive_open(place.dir, &place.error);
	tw_archive_run(place.archive, "run");
	tw_archive_run(other, "run");
	put(place.archive, A, 1);
	put(other, B, 2);
	ck_assert_int_eq(tw_archive_flush(place.archive, &place.error), 0);
	ck_assert_int_eq(tw_archive_flush(other, &place.error), 0);
	put(place.archive, C, 3);
	ck_assert_int_eq(tw_archive_flush(place.archive, &place.error), 0);
	ck_assert_int_eq(found(&place, A), 1);
	ck_assert_int_eq(found(&place, B), 2);
	ck_assert_int_eq(found(&place, C), 3);
	tw_archive_free(other);
	finish(&place);
}
END_TEST

/* Writes until it is killed; tells each key once it is flushed. */
static void write_until_killed(struct place *place, int told)
{
	struct tw_archive *mine = tw_archive_open(place->dir, &place->error);

	tw_archive_run(mine, "run");
	for (int i = 0;; i++) {
		char key[TW_ARCHIVE_KEY + 1];

		snprintf(key, sizeof key, "%040d", i);
		put(mine, key, i);
		if (tw_archive_flush(mine, &place->error) ||
			write(told, &i, sizeof i) != sizeof i)
			_exit(1);
	}
}

START_TEST(a_kill_loses_nothing_that_was_flushed)
{
	struct place place;
	int pipes[2], last = -1, i;

	start(&place);
	for (int round = 0; round < 5; round++) {
		pid_t child;

		ck_assert_int_eq(pipe(pipes), 0);
		child = fork();
		ck_assert_int_ge(child, 0);
		if (!child)
			write_until_killed(&place, pipes[1]);
		close(pipes[1]);
		usleep(30000 + (useconds_t)round * 7000);
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		while (read(pipes[0], &i, sizeof i) == sizeof i)
			last = i > last ? i : last;
		close(pipes[0]);
	}
	ck_assert_int_ge(last, 0);
	for (i = 0; i <= last; i++) {
		char key[TW_ARCHIVE_KEY + 1];

		snprintf(key, sizeof key, "%040d", i);
		ck_assert_int_eq(found(&place, key), i);
	}
	finish(&place);
}
END_TEST

START_TEST(nonsense_is_passed_over_and_replaced)
{
	struct place place;
	struct tw_buf broken = {0};
	struct tw_catalog catalog;
	struct tw_prune prune = {.keep = 1};

	start(&place);
	sh(&place,
		"mkdir -p .git/refs/twinrig/gates .git/refs/twinrig/running; "
		"echo nonsense >.git/refs/twinrig/gates/a; "
		": >.git/refs/twinrig/running/run; "
		"git hash-object -w --stdin </dev/null "
		">.git/refs/twinrig/gates/b; "
		"echo 0123456789012345678901234567890123456789 "
		">.git/refs/twinrig/gates/c");
	ck_assert_int_eq(
		tw_archive_index(place.archive, &broken, &place.error), 0);
	ck_assert_ptr_nonnull(strstr(broken.p, "refs/twinrig/gates/a\n"));
	ck_assert_ptr_nonnull(strstr(broken.p, "refs/twinrig/gates/b\n"));
	ck_assert_ptr_nonnull(strstr(broken.p, "refs/twinrig/gates/c\n"));
	ck_assert_ptr_nonnull(strstr(broken.p, "refs/twinrig/running/run\n"));
	tw_buf_release(&broken);
	tw_archive_run(place.archive, "run");
	put(place.archive, A, 1);
	ck_assert_int_eq(tw_archive_flush(place.archive, &place.error), 0);
	ck_assert_int_eq(found(&place, A), 1);

	ck_assert_int_eq(
		tw_catalog_read(&catalog, place.archive, &place.error), 0);
	ck_assert_int_eq(catalog.gates.n, 0);
	ck_assert_int_eq(tw_catalog_prune(&catalog, place.archive, true, &prune,
				 &place.error),
		0);
	ck_assert_int_eq(prune.broken, 3);
	ck_assert_int_eq(prune.running, 1);
	tw_catalog_release(&catalog);
	sh(&place, "test -z \"$(find .git/refs/twinrig -type f)\"");
	finish(&place);
}
END_TEST

static void file_one(struct place *place, char id[static TW_RECORD_ID + 1])
{
	struct tw_filing filing;
	struct tw_buf text = {0};
	bool known = true;

	tw_filing_init(&filing);
	tw_filing_identity(&filing, "seed", "%d", 1);
	tw_filing_identity(&filing, "odd", "%s", "a\tb\\\nc");
	put(place->archive, A, 1);
	tw_filing_trial(&filing, A, tw_archive_find(place->archive, A),
		"candidate", 0.5, 3, "a scenario");
	tw_buf_add_text(&text, "as it is\n");
	ck_assert_int_eq(tw_filing_text(&filing, place->archive, "checks",
				 &text, &place->error),
		0);
	ck_assert_int_eq(tw_filing_commit(&filing, place->archive, "pass: x\n",
				 false, &known, &place->error),
		0);
	ck_assert(!known);
	memcpy(id, filing.id, TW_RECORD_ID + 1);
	tw_buf_release(&text);
	tw_filing_release(&filing);
}

START_TEST(a_record_comes_back)
{
	struct place place;
	struct tw_record record;
	struct tw_record_runs runs = {0};
	struct tw_observation obs;
	char id[TW_RECORD_ID + 1];

	start(&place);
	tw_archive_run(place.archive, "run");
	file_one(&place, id);
	id[5] = '\0';
	if (tw_record_open(&record, place.archive, id, &place.error))
		ck_abort_msg("%s", place.error.message);
	ck_assert_str_eq(tw_record_value(&record, "seed"), "1");
	ck_assert_str_eq(tw_record_value(&record, "odd"), "a\tb\\\nc");
	ck_assert_str_eq(
		tw_record_text(&record, "checks", &place.error), "as it is\n");
	ck_assert_ptr_null(tw_record_text(&record, "other", &place.error));
	ck_assert_str_eq(record.about.subject, "pass: x");
	ck_assert_int_eq(tw_record_read_runs(&record, &runs, &place.error), 0);
	ck_assert_int_eq(runs.n, 1);
	ck_assert_str_eq(runs.v[0].key, A);
	ck_assert_str_eq(runs.v[0].scenario, "a scenario");
	ck_assert(runs.v[0].factor == 0.5 && runs.v[0].replication == 3);
	ck_assert_int_eq(tw_record_trial(&record, A, &obs, &place.error), 0);
	ck_assert_int_eq(obs.duration, 1);
	tw_observation_release(&obs);
	ck_assert_int_eq(tw_record_trial(&record, B, &obs, &place.error), -1);
	tw_record_release(&record);
	ck_assert_int_eq(
		tw_record_open(&record, place.archive, "none", &place.error),
		-1);
	ck_assert_int_eq(place.error.code, TW_E_USAGE);
	finish(&place);
}
END_TEST

/* Fetched from somebody who meant ill, or was unlucky. */
START_TEST(a_damaged_record_is_an_error)
{
	static const char *const lists[] = {"x", "k\\tcandidate\\t1\\t0",
		"k\\tcandidate\\tone\\t0\\ts", "k\\tcandidate\\t1\\t-1\\ts"};
	struct place place;

	start(&place);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct tw_record_runs runs = {0};
		struct tw_record record;
		struct tw_buf script = {0};

		tw_buf_printf(&script,
			"export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
			"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; "
			"r=$(printf '%s\\n' | git hash-object -w --stdin); "
			"e=$(git hash-object -w --stdin </dev/null); "
			"t=$(printf '100644 blob %%s\\tidentity\\n"
			"100644 blob %%s\\truns\\n' $e $r | git mktree); "
			"git update-ref refs/twinrig/baselines/bad "
			"$(git commit-tree -m x $t)",
			lists[i]);
		sh(&place, script.p);
		tw_buf_release(&script);
		ck_assert_int_eq(tw_record_open(&record, place.archive, "bad",
					 &place.error),
			0);
		ck_assert_int_eq(
			tw_record_read_runs(&record, &runs, &place.error), -1);
		ck_assert_ptr_nonnull(strstr(place.error.message, "damaged"));
		tw_record_release(&record);
	}
	finish(&place);
}
END_TEST

TW_TESTS("baseline/archive", what_is_flushed_is_found, two_writers_lose_nothing,
	a_kill_loses_nothing_that_was_flushed,
	nonsense_is_passed_over_and_replaced, a_record_comes_back,
	a_damaged_record_is_an_error)
