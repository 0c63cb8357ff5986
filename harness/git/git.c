#include "harness/git/private.h"

#include "twins/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tw_git_message(void)
{
	const git_error *last = git_error_last();

	return last && last->message ? last->message : "unknown error";
}

const char *tw_git_env_process(void *context, const char *name)
{
	(void)context;
	return getenv(name);
}

/*
 * What checkouts in CI switch on (sparse and partial clones) changes nothing
 * for a reader of the object database, but unknown names make the library
 * refuse the repository.
 */
static void set_up_library(void)
{
	static const char *extensions[] = {
		"worktreeconfig", "partialclone", "preciousobjects"};

	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
		sizeof extensions / sizeof *extensions);
}

/* The part of `path` below the working tree; nothing in a bare repository. */
static void find_prefix(struct tw_git *git, const char *path)
{
	const char *workdir = git_repository_workdir(git->repo);
	char *root = workdir ? realpath(workdir, NULL) : NULL;
	char *here = realpath(path, NULL);

	if (root && here) {
		size_t n = strcmp(root, "/") ? strlen(root) : 0;

		if (!strncmp(here, root, n) && here[n] == '/')
			tw_buf_add_text(&git->prefix, here + n + 1);
	}
	free(root);
	free(here);
}

static void find_remote(struct tw_git *git)
{
	git_strarray names = {0};

	if (git_remote_list(&names, git->repo))
		return;
	for (size_t i = 0; i < names.count; i++) {
		if (i && strcmp(names.strings[i], "origin"))
			continue;
		tw_buf_clear(&git->remote);
		tw_buf_add_text(&git->remote, names.strings[i]);
	}
	git_strarray_dispose(&names);
}

struct tw_git *tw_git_open(const char *path, struct tw_error *error)
{
	struct tw_git *git = tw_calloc(1, sizeof *git);
	int rc;

	set_up_library();
	rc = git_repository_open_ext(&git->repo, path, 0, NULL);
	if (rc == GIT_ENOTFOUND)
		tw_fail(error, TW_E_USAGE, "'%s' is not in a git repository",
			path);
	else if (rc)
		tw_fail(error, TW_E_RUN, "the git repository of '%s': %s", path,
			tw_git_message());
	if (rc) {
		tw_git_free(git);
		return NULL;
	}
	tw_git_back(git);
	git->shallow = git_repository_is_shallow(git->repo) == 1;
	find_prefix(git, path);
	find_remote(git);
	return git;
}

void tw_git_free(struct tw_git *git)
{
	if (!git)
		return;
	git_repository_free(git->repo);
	tw_buf_release(&git->prefix);
	tw_buf_release(&git->remote);
	tw_free(git);
	git_libgit2_shutdown();
}

const char *tw_git_prefix(const struct tw_git *git)
{
	return tw_buf_text(&git->prefix);
}

int tw_git_lookup(struct tw_git *git, const char *name, git_oid *id)
{
	git_object *object = NULL, *commit = NULL;
	int rc = git_revparse_single(&object, git->repo, name);

	if (!rc)
		rc = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (!rc)
		git_oid_cpy(id, git_object_id(commit));
	git_object_free(commit);
	git_object_free(object);
	return rc;
}

/* The nearest name of a branch or a tag, in `to`; "" where none is near. */
static void nearest_name(struct tw_git *git, const char *ref, struct tw_buf *to)
{
	git_reference_iterator *names = NULL;
	TW_VEC(char *) list = {0};
	const char *name, *best;

	if (git_reference_iterator_new(&names, git->repo))
		return;
	while (!git_reference_next_name(&name, names)) {
		if (!strncmp(name, "refs/heads/", 11))
			tw_vec_push(&list, tw_strdup(name + 11));
		else if (!strncmp(name, "refs/tags/", 10))
			tw_vec_push(&list, tw_strdup(name + 10));
		else if (!strncmp(name, "refs/remotes/", 13))
			tw_vec_push(&list, tw_strdup(name + 13));
	}
	best = tw_nearest(ref, (const char *const *)list.v, list.n);
	if (best)
		tw_buf_add_text(to, best);
	for (size_t i = 0; i < list.n; i++)
		tw_free(list.v[i]);
	tw_vec_release(&list);
	git_reference_iterator_free(names);
}

static int fail_unknown(
	struct tw_git *git, const char *ref, struct tw_error *error)
{
	const char *remote = tw_buf_text(&git->remote);
	struct tw_buf near = {0};
	size_t plain = strcspn(ref, "~^@:");

	nearest_name(git, ref, &near);
	if (near.n)
		tw_fail(error, TW_E_USAGE,
			"git knows no commit '%s'; did you mean '%s'?", ref,
			near.p);
	else if (ref[plain] && git->shallow)
		tw_fail(error, TW_E_USAGE,
			"'%s' is not in this clone, which is shallow: `git "
			"fetch --unshallow %s` fetches its history",
			ref, remote);
	else if (*remote)
		tw_fail(error, TW_E_USAGE,
			"git knows no commit '%s' in this clone; where it is a "
			"branch of %s: git fetch --depth=1 %s "
			"+refs/heads/%s:refs/remotes/%s/%s",
			ref, remote, remote, ref, remote, ref);
	else
		tw_fail(error, TW_E_USAGE, "git knows no commit '%s'", ref);
	tw_buf_release(&near);
	return -1;
}

/* A name as it stands, or as the remote's branch. */
static int lookup_named(struct tw_git *git, const char *ref, git_oid *id,
	struct tw_buf *how, struct tw_error *error)
{
	struct tw_buf remote = {0};
	int rc;

	if (!tw_git_lookup(git, ref, id)) {
		tw_buf_add_text(how, ref);
		return 0;
	}
	tw_buf_printf(
		&remote, "refs/remotes/%s/%s", tw_buf_text(&git->remote), ref);
	rc = tw_git_lookup(git, remote.p, id);
	if (!rc)
		tw_buf_add_text(how, remote.p + strlen("refs/remotes/"));
	tw_buf_release(&remote);
	return rc ? fail_unknown(git, ref, error) : 0;
}

int tw_git_resolve(struct tw_git *git, const char *ref, tw_git_env *env,
	void *context, struct tw_git_commit *commit, struct tw_error *error)
{
	struct tw_buf how = {0};
	git_oid id, head;
	int rc;

	memset(commit, 0, sizeof *commit);
	if (!strcmp(ref, "merge-base"))
		rc = tw_git_merge_base(git, env, context, &id, &how, error);
	else
		rc = lookup_named(git, ref, &id, &how, error);
	if (!rc) {
		git_oid_tostr(commit->id, sizeof commit->id, &id);
		snprintf(commit->how, sizeof commit->how, "%s",
			tw_buf_text(&how));
		commit->head = !tw_git_lookup(git, "HEAD", &head) &&
			       git_oid_equal(&head, &id);
	}
	tw_buf_release(&how);
	return rc;
}
