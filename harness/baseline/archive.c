#include "harness/baseline/archive.h"

#include "harness/baseline/observed.h"
#include "twins/base/assert.h"

#include <stdio.h>
#include <time.h>

enum { TRIES = 10, FEW = 64 /* trials */ };

struct tw_archive {
	struct tw_git *git;
	struct tw_arena arena;
	struct tw_map trials; /* key -> struct tw_git_id * */
	/* Of this run. */
	const char *running;   /* the ref */
	struct tw_git_id last; /* what it was when we last looked */
	struct tw_map own;     /* as trials: what the ref is to hold */
	bool dirty;
	int64_t flushed; /* ns */
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * TW_S + t.tv_nsec;
}

struct tw_archive *tw_archive_open(
	const char *directory, struct tw_error *error)
{
	struct tw_git *git = tw_git_open(directory, error);
	struct tw_archive *archive;

	if (!git)
		return NULL;
	archive = tw_calloc(1, sizeof *archive);
	archive->git = git;
	tw_git_sweep(git);
	tw_arena_init(&archive->arena);
	tw_map_init(&archive->trials, &archive->arena);
	tw_map_init(&archive->own, &archive->arena);
	archive->flushed = now();
	return archive;
}

void tw_archive_free(struct tw_archive *archive)
{
	if (!archive)
		return;
	tw_git_free(archive->git);
	tw_arena_release(&archive->arena);
	tw_free(archive);
}

struct tw_git *tw_archive_git(struct tw_archive *archive)
{
	return archive->git;
}

/* ---- what is there ----------------------------------------------------- */

struct noting {
	struct tw_archive *archive;
	struct tw_map *to;
};

static void note_trial(void *context, const struct tw_git_entry *entry)
{
	struct noting *noting = context;
	struct tw_git_id *id;

	if (strlen(entry->path) != TW_ARCHIVE_KEY ||
		tw_map_get(noting->to, entry->path))
		return;
	id = tw_new(&noting->archive->arena, struct tw_git_id);
	*id = entry->id;
	tw_map_put(noting->to, entry->path, id);
}

static int note_trials(struct tw_archive *archive, const struct tw_git_id *id,
	struct tw_map *to, struct tw_error *error)
{
	struct noting noting = {archive, to};

	return tw_git_walk(
		archive->git, id, "trials", note_trial, &noting, error);
}

int tw_archive_index(struct tw_archive *archive, struct tw_buf *broken,
	struct tw_error *error)
{
	struct tw_git_refs refs = {0};
	struct tw_error ignored;
	int rc = tw_git_refs_list(
		archive->git, TW_GIT_REFS, &refs, broken, error);

	for (size_t i = 0; !rc && i < refs.list.n; i++)
		if (note_trials(archive, &refs.list.v[i].id, &archive->trials,
			    &ignored) &&
			broken)
			tw_buf_printf(broken, "%s\n", refs.list.v[i].name);
	tw_git_refs_release(&refs);
	return rc;
}

const struct tw_git_id *tw_archive_find(
	const struct tw_archive *archive, const char *key)
{
	return tw_map_get_n(&archive->trials, key, TW_ARCHIVE_KEY);
}

int tw_archive_get(struct tw_archive *archive, const struct tw_git_id *id,
	struct tw_observation *obs, struct tw_error *error)
{
	struct tw_buf bytes = {0};
	int rc = tw_git_get_blob(archive->git, id, &bytes, error);

	if (!rc)
		rc = tw_observed_read(tw_buf_text(&bytes), bytes.n, obs, error);
	tw_buf_release(&bytes);
	return rc;
}

/* ---- the running gate -------------------------------------------------- */

void tw_archive_run(struct tw_archive *archive, const char *name)
{
	tw_assert(!archive->running);
	archive->running =
		tw_arena_printf(&archive->arena, TW_ARCHIVE_RUNNING "%s", name);
}

/* What the ref has by now, ours or another program's, stays. A damaged one has
 * nothing to keep: it goes. */
static int merge_running(struct tw_archive *archive, struct tw_error *error)
{
	struct tw_git_id is = {""};
	struct tw_error lost;
	int rc = tw_git_ref_get(archive->git, archive->running, &is, &lost);

	if (!rc && strcmp(is.text, archive->last.text) != 0)
		rc = note_trials(archive, &is, &archive->own, &lost);
	if (rc) {
		is = (struct tw_git_id){""};
		if (rc < 0 && tw_git_ref_delete(
				      archive->git, archive->running, error))
			return -1;
	}
	archive->last = is;
	return 0;
}

static int write_own(struct tw_archive *archive, struct tw_git_id *id,
	struct tw_error *error)
{
	size_t n = archive->own.n;
	struct tw_git_entry *entries = tw_calloc(n + 1, sizeof *entries);
	struct tw_arena arena;
	int rc;

	tw_arena_init(&arena);
	for (size_t i = 0; i < n; i++) {
		const struct tw_git_id *blob = archive->own.v[i].value;

		entries[i].path = tw_arena_printf(
			&arena, "trials/%s", archive->own.v[i].key);
		entries[i].id = *blob;
	}
	rc = tw_git_put_tree(archive->git, entries, n, id, error);
	tw_arena_release(&arena);
	tw_free(entries);
	return rc;
}

int tw_archive_flush(struct tw_archive *archive, struct tw_error *error)
{
	int rc = 1;

	archive->flushed = now();
	if (!archive->dirty)
		return 0;
	for (int i = 0; rc == 1 && i < TRIES; i++) {
		struct tw_git_id id;

		rc = merge_running(archive, error);
		if (!rc)
			rc = write_own(archive, &id, error);
		if (!rc)
			rc = tw_git_ref_set(archive->git, archive->running, &id,
				&archive->last, error);
		if (!rc)
			archive->last = id;
	}
	if (rc == 1)
		return tw_fail(error, TW_E_RUN,
			"git: %s does not stand still: others write it",
			archive->running);
	archive->dirty = rc != 0;
	return rc;
}

int tw_archive_put(struct tw_archive *archive, const char *key, const void *p,
	size_t n, struct tw_error *error)
{
	struct tw_git_id *id = tw_new(&archive->arena, struct tw_git_id);

	tw_assert(archive->running);
	if (tw_git_put_blob(archive->git, p, n, id, error))
		return -1;
	tw_map_put_n(&archive->trials, key, TW_ARCHIVE_KEY, id);
	tw_map_put_n(&archive->own, key, TW_ARCHIVE_KEY, id);
	archive->dirty = true;
	/* Each flush writes the names of all: the more there are, the more
	 * rarely. */
	return now() - archive->flushed <
			       TW_ARCHIVE_FLUSH *
				       (int64_t)(1 + archive->own.n / FEW)
		       ? 0
		       : tw_archive_flush(archive, error);
}

int tw_archive_end(struct tw_archive *archive, struct tw_error *error)
{
	archive->dirty = false;
	return archive->running ? tw_git_ref_delete(
					  archive->git, archive->running, error)
				: 0;
}
