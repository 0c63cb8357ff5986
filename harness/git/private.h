/* What the files of harness/git share. */
#ifndef TW_HARNESS_GIT_PRIVATE_H
#define TW_HARNESS_GIT_PRIVATE_H

#include "harness/git/git.h"

#include <git2.h>
/* Where git_error_set_str() is declared since 1.8 (Debian 13). */
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 8
#include <git2/sys/errors.h>
#endif

struct tw_git {
	git_repository *repo;
	struct tw_buf prefix;
	struct tw_buf remote; /* "origin", or the only one; "": none */
	bool shallow;
	int full; /* errno, where an object found no room; 0 */
};

/* libgit2's message, or "unknown error". */
const char *tw_git_message(void);

/* The commit behind any name that rev-parse takes; 0, or libgit2's error. */
int tw_git_lookup(struct tw_git *git, const char *name, git_oid *id);

/* The folder of the objects, with a slash at its end. */
void tw_git_objects(struct tw_git *git, struct tw_buf *path);

struct tw_git_loose {
	struct tw_buf whole; /* to be released */
	size_t at, n;	     /* where its content is in it */
	git_object_t type;
};

/* A loose object. 0; GIT_ENOTFOUND: it is not loose; else it is damaged, and
 * `to` holds nothing. */
int tw_git_loose(
	const char *objects, const git_oid *id, struct tw_git_loose *to);

/* Takes a loose object that is damaged away, so that it can be written. */
void tw_git_mend(struct tw_git *git, const git_oid *id);

/* Puts ours before libgit2's way to loose objects (backend.c). Once, after the
 * repository is open. */
void tw_git_back(struct tw_git *git);

/*
 * libgit2 holds a lock file while it changes a ref, and a program that is
 * killed meanwhile leaves it: nobody could ever change that ref again. So ours
 * change refs one at a time (turn.c), and whoever has the turn knows that a
 * lock file that stays is nobody's of ours.
 */
struct tw_git_turn {
	struct tw_git *git;
	int folder; /* what flock(2) is on; -1: could not be had */
	int tries;
	/* The lock file that is in the way: its inode, when it was made, how
	 * often it was seen. */
	uint64_t lock;
	int64_t made; /* ns */
	int seen;
};

/* Waits until nobody else has it. */
void tw_git_turn_take(struct tw_git_turn *turn, struct tw_git *git);
void tw_git_turn_end(struct tw_git_turn *turn);

/*
 * After GIT_ELOCKED: pauses, and breaks the lock of a ref where it has stood
 * for TW_GIT_LOCK_STALE of our turn. False: it is in the way for good.
 */
bool tw_git_turn_wait(struct tw_git_turn *turn, const char *ref);

/* The commit that this change is compared with. */
int tw_git_merge_base(struct tw_git *git, tw_git_env *env, void *context,
	git_oid *id, struct tw_buf *how, struct tw_error *error);

#endif
