/*
 * Writing into the user's object database: blobs, trees and commits, and refs
 * below TW_GIT_REFS alone. No file of the working tree, no index, no branch
 * and no hook is ever touched.
 *
 * Order makes it safe: objects first, the ref last. Refs change by
 * compare-and-set, so that two programs at once lose nothing; a lock that a
 * killed program left behind is broken after TW_GIT_LOCK_STALE.
 *
 * Errors: TW_E_RUN (a read-only repository, a damaged object), TW_E_USAGE
 * where there is no such object or ref.
 */
#ifndef TW_HARNESS_GIT_OBJECTS_H
#define TW_HARNESS_GIT_OBJECTS_H

#include "harness/git/git.h"

#define TW_GIT_REFS	  "refs/twinrig/"
#define TW_GIT_LOCK_STALE 1000 /* ms; git holds one for a few */
#define TW_GIT_LEFT_STALE 3600 /* s */

struct tw_git_id {
	char text[65]; /* hexadecimal; "": none */
};

int tw_git_put_blob(struct tw_git *git, const void *p, size_t n,
	struct tw_git_id *id, struct tw_error *error);
/* Appends its content. */
int tw_git_get_blob(struct tw_git *git, const struct tw_git_id *id,
	struct tw_buf *out, struct tw_error *error);

struct tw_git_entry {
	const char *path; /* "a/b": the trees between are made */
	struct tw_git_id id;
	bool tree; /* the id is a tree's, not a blob's */
};

/* Of each path once, in any order: sorts them. */
int tw_git_put_tree(struct tw_git *git, struct tw_git_entry *entries, size_t n,
	struct tw_git_id *id, struct tw_error *error);

/* Calls visit for each blob below `path` ("" : all) of a commit or a tree, in
 * order of names, with its path seen from there. Nothing there is no error. */
int tw_git_walk(struct tw_git *git, const struct tw_git_id *id,
	const char *path,
	void (*visit)(void *context, const struct tw_git_entry *entry),
	void *context, struct tw_error *error);

/* A commit without parents, by the user or else "twinrig", at this moment,
 * which stands in its message to the nanosecond. */
int tw_git_put_commit(struct tw_git *git, const struct tw_git_id *tree,
	const char *message, struct tw_git_id *id, struct tw_error *error);

/* Another tree, and all else as the commit `of` has it. */
int tw_git_copy_commit(struct tw_git *git, const struct tw_git_id *of,
	const struct tw_git_id *tree, struct tw_git_id *id,
	struct tw_error *error);

struct tw_git_about {
	int64_t time;	 /* seconds since 1970 */
	int64_t instant; /* ns: tells those of one second apart, where the
			  * commit is ours */
	int offset;	 /* of the author's clock, minutes */
	char subject[256];
};

int tw_git_about(struct tw_git *git, const struct tw_git_id *commit,
	struct tw_git_about *about, struct tw_error *error);
/* What stands at a path of a commit or tree; TW_E_USAGE: nothing. */
int tw_git_at(struct tw_git *git, const struct tw_git_id *id, const char *path,
	struct tw_git_id *to, struct tw_error *error);

/* ---- refs -------------------------------------------------------------- */

struct tw_git_ref {
	char *name; /* in full */
	struct tw_git_id id;
};

struct tw_git_refs {
	TW_VEC(struct tw_git_ref) list;
};

/* Those that begin with the prefix, sorted by name. A ref that cannot be read
 * (damaged) is left out; its name goes to `broken`, each on a line. */
int tw_git_refs_list(struct tw_git *git, const char *prefix,
	struct tw_git_refs *to, struct tw_buf *broken, struct tw_error *error);
void tw_git_refs_release(struct tw_git_refs *refs);

/* 0, 1 where there is none, or -1. */
int tw_git_ref_get(struct tw_git *git, const char *name, struct tw_git_id *id,
	struct tw_error *error);

/*
 * Moves the ref from `old` to `id`; old NULL: whatever it was; old "": it must
 * not be there yet. 0; 1 where it is somewhere else by now; or -1.
 */
int tw_git_ref_set(struct tw_git *git, const char *name,
	const struct tw_git_id *id, const struct tw_git_id *old,
	struct tw_error *error);
/* What is not there is no error. */
int tw_git_ref_delete(
	struct tw_git *git, const char *name, struct tw_error *error);

/* A line of text in a file of the repository's own folder (of this working
 * tree's part of it), like FETCH_HEAD: no ref, pushed nowhere. Writing may
 * fail: it is a comfort. Reading: "" where there is none; malloc'ed. */
void tw_git_note(struct tw_git *git, const char *file, const char *text);
char *tw_git_noted(struct tw_git *git, const char *file);

/* Takes away temporary objects that a killed program left, older than
 * TW_GIT_LEFT_STALE seconds: nobody writes one for so long. */
void tw_git_sweep(struct tw_git *git);

/* Is this path of the working tree one that git ignores? */
bool tw_git_ignores(struct tw_git *git, const char *path);
/* Is it in HEAD's tree or in the index? `id` (or NULL) gets what HEAD has,
 * or "". */
bool tw_git_tracks(struct tw_git *git, const char *path, struct tw_git_id *id);
/* The id that this content would have. */
void tw_git_hash_blob(const void *p, size_t n, struct tw_git_id *id);

/* ---- other repositories ------------------------------------------------ */

/*
 * Sends the refs that begin with the prefix, or fetches the other side's; a
 * remote's name, a URL or a path. What the other side has under the same name
 * is replaced. `done` (or NULL) gets how many refs changed.
 */
int tw_git_push(struct tw_git *git, const char *remote, const char *prefix,
	size_t *done, struct tw_error *error);
int tw_git_fetch(struct tw_git *git, const char *remote, const char *prefix,
	size_t *done, struct tw_error *error);
/* "origin", the only remote, or "" where there is none. */
const char *tw_git_remote(const struct tw_git *git);

#endif
