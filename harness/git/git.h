/*
 * Git, read only: a commit's tree as struct tw_files, without a checkout, so
 * that a dirty working tree is neither touched nor seen; and which commit a
 * change is to be compared with.
 *
 * It is libgit2's object database: no git program, no hooks, no filters (a
 * file's bytes are the committed ones: no line-end conversion; a Git LFS
 * pointer is an error that says so). As nothing is ever run or written, the
 * owner of the repository is not checked: in CI's containers it is often
 * somebody else.
 *
 * One thread at a time uses a struct tw_git and what was made from it.
 */
#ifndef TW_HARNESS_GIT_H
#define TW_HARNESS_GIT_H

#include "harness/files/files.h"

struct tw_git;

/*
 * The repository that the directory `path` is in: also bare ones, worktrees
 * and shallow clones. NULL and an error: TW_E_USAGE where there is none.
 */
struct tw_git *tw_git_open(const char *path, struct tw_error *error);
void tw_git_free(struct tw_git *git); /* NULL is fine; after its files */

/* The opened directory seen from the repository's root: "" or "a/b". */
const char *tw_git_prefix(const struct tw_git *git);

/* The environment, as a function; NULL where a variable is not set. */
typedef const char *tw_git_env(void *context, const char *name);

/* getenv(3); the context is not used. */
const char *tw_git_env_process(void *context, const char *name);

struct tw_git_commit {
	char id[65];   /* hexadecimal */
	char how[256]; /* "merge base of HEAD and origin/main (CI_...)" */
	bool head;     /* it is HEAD itself */
};

/*
 * The commit that `ref` means: anything that `git rev-parse` takes; a branch
 * that only the remote has (a fresh clone in CI) is found there. "merge-base"
 * is where the present state left the branch that it goes to:
 *
 *  1. in a merge commit that CI made of the target branch and the change
 *     (GitHub: GITHUB_SHA is HEAD and GITHUB_BASE_REF is set; GitLab's
 *     merged results: CI_MERGE_REQUEST_TARGET_BRANCH_SHA): that branch's side
 *  2. GitLab's CI_MERGE_REQUEST_DIFF_BASE_SHA
 *  3. else the merge base of HEAD and the target branch, which is the first of
 *     GITHUB_BASE_REF, CI_MERGE_REQUEST_TARGET_BRANCH_NAME,
 *     CI_DEFAULT_BRANCH; the upstream branch, unless it is only the remote's
 *     copy of this same branch; the remote's HEAD; its main or master; the
 *     local main or master. (GitHub's pull_request.base.sha, from
 *     GITHUB_EVENT_PATH, stands in where the branch was not fetched.)
 *
 * What CI names counts: where it is not in this clone, the error says what to
 * fetch, and nothing else is taken in its place.
 */
int tw_git_resolve(struct tw_git *git, const char *ref, tw_git_env *env,
	void *context, struct tw_git_commit *commit, struct tw_error *error);

/*
 * The tree of a commit (an id that tw_git_resolve() gave) below `prefix`; ""
 * is the root of the repository. A link is followed as long as it stays below
 * the prefix; a submodule is TW_FILE_OTHER. NULL and an error where the commit
 * has no such directory (TW_E_USAGE).
 */
struct tw_files *tw_git_files_new(struct tw_git *git,
	const struct tw_git_commit *commit, const char *prefix,
	struct tw_error *error);

#endif
