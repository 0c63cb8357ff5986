/*
 * What gates found, kept in the repository's own object database:
 *
 *	refs/twinrig/gates/ID		a gate that ended: a commit (record.h)
 *	refs/twinrig/baselines/NAME	one of these, accepted by that name
 *	refs/twinrig/running/ID		trials of a gate that has not ended
 *	refs/twinrig/proofs/ID		a self-test of a gate: a commit, with
 *					what each mutant came to among the
 *					trials; the newest alone
 *
 * Each trial's observation is a blob called by the trial's key
 * (trial_key.h), in the tree `trials` of whatever gate ran it; any gate that
 * needs a trial of this key takes it from there.
 *
 * Crash-safe: a trial is written as soon as it ends, objects first, then the
 * ref of the running gate, at most TW_ARCHIVE_FLUSH after it (and as much more
 * for each 64 trials that are there already). Whoever runs the
 * same gate again finds what is there. Two programs at once lose nothing: a
 * ref that has moved meanwhile is merged with, never overwritten.
 *
 * One thread at a time uses a store.
 */
#ifndef TW_BASELINE_ARCHIVE_H
#define TW_BASELINE_ARCHIVE_H

#include "harness/git/objects.h"
#include "twins/observe/observation.h"

#define TW_ARCHIVE_GATES     TW_GIT_REFS "gates/"
#define TW_ARCHIVE_BASELINES TW_GIT_REFS "baselines/"
#define TW_ARCHIVE_RUNNING   TW_GIT_REFS "running/"
#define TW_ARCHIVE_PROOFS    TW_GIT_REFS "proofs/"
/* Which gate answered last here, run or not: what commands mean that are given
 * none (tw_git_note()). */
#define TW_ARCHIVE_LAST	 "TWINRIG_GATE"
#define TW_ARCHIVE_FLUSH (200 * TW_MS)

/* The part of a key that names a trial. */
#define TW_ARCHIVE_KEY 40

struct tw_archive;

/* Of the repository that the directory is in. NULL and an error, TW_E_USAGE
 * where there is none. */
struct tw_archive *tw_archive_open(
	const char *directory, struct tw_error *error);
void tw_archive_free(struct tw_archive *archive);
struct tw_git *tw_archive_git(struct tw_archive *archive);

/* Reads which trials there are; damaged refs are named in `broken`, each on a
 * line, and passed over. */
int tw_archive_index(struct tw_archive *archive, struct tw_buf *broken,
	struct tw_error *error);

/* The id of a trial's blob; NULL: there is none. */
const struct tw_git_id *tw_archive_find(
	const struct tw_archive *archive, const char *key);
/* Reads an observation. -1: it is damaged, or of another format. */
int tw_archive_get(struct tw_archive *archive, const struct tw_git_id *id,
	struct tw_observation *obs, struct tw_error *error);

/* The running gate's name: what it is found by after it was killed. Before
 * the first put. */
void tw_archive_run(struct tw_archive *archive, const char *name);
/* Writes one trial's bytes (observed.h). Not until it is flushed is it safe;
 * that happens here too, from time to time. */
int tw_archive_put(struct tw_archive *archive, const char *key, const void *p,
	size_t n, struct tw_error *error);
int tw_archive_flush(struct tw_archive *archive, struct tw_error *error);
/* The gate has ended and is recorded: the ref of its run goes. */
int tw_archive_end(struct tw_archive *archive, struct tw_error *error);

#endif
