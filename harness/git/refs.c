/* Refs below TW_GIT_REFS. */
#include "harness/git/objects.h"

#include "harness/git/private.h"
#include "twins/base/assert.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tw_git_ref *)a)->name,
		((const struct tw_git_ref *)b)->name);
}

/* What a ref leads to in the end; -1: nothing that can be read. */
static int target(struct tw_git *git, const char *name, git_oid *id)
{
	git_object *object = NULL;
	int rc = git_reference_name_to_id(id, git->repo, name);

	if (!rc)
		rc = git_object_lookup(&object, git->repo, id, GIT_OBJECT_ANY);
	git_object_free(object);
	return rc;
}

static bool is_listed(const struct tw_git_refs *refs, const char *name)
{
	for (size_t i = 0; i < refs->list.n; i++)
		if (!strcmp(refs->list.v[i].name, name))
			return true;
	return false;
}

/*
 * libgit2 passes over the file of a ref that holds no id. `dir` is below the
 * repository's folder and ends with a slash.
 */
static void find_broken(struct tw_git *git, const char *dir,
	const struct tw_git_refs *refs, struct tw_buf *broken)
{
	struct tw_buf path = {0}, name = {0};
	struct dirent *entry;
	struct stat st;
	DIR *files;

	tw_buf_printf(&path, "%s%s", git_repository_commondir(git->repo), dir);
	files = opendir(path.p);
	while (files && (entry = readdir(files))) {
		if (entry->d_name[0] == '.' ||
			tw_text_ends(entry->d_name, ".lock"))
			continue;
		tw_buf_clear(&name);
		tw_buf_printf(&name, "%s%s", dir, entry->d_name);
		tw_buf_clear(&path);
		tw_buf_printf(&path, "%s%s",
			git_repository_commondir(git->repo), name.p);
		if (stat(path.p, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			tw_buf_add_char(&name, '/');
			find_broken(git, name.p, refs, broken);
		} else if (!is_listed(refs, name.p)) {
			tw_buf_printf(broken, "%s\n", name.p);
		}
	}
	if (files)
		closedir(files);
	tw_buf_release(&path);
	tw_buf_release(&name);
}

int tw_git_refs_list(struct tw_git *git, const char *prefix,
	struct tw_git_refs *to, struct tw_buf *broken, struct tw_error *error)
{
	git_reference_iterator *names = NULL;
	struct tw_buf glob = {0};
	const char *name;
	int rc;

	tw_buf_printf(&glob, "%s*", prefix);
	rc = git_reference_iterator_glob_new(&names, git->repo, glob.p);
	while (!rc && !(rc = git_reference_next_name(&name, names))) {
		struct tw_git_ref ref = {0};
		git_oid id;

		if (target(git, name, &id))
			continue;
		ref.name = tw_strdup(name);
		git_oid_tostr(ref.id.text, sizeof ref.id.text, &id);
		tw_vec_push(&to->list, ref);
	}
	git_reference_iterator_free(names);
	tw_buf_release(&glob);
	if (to->list.n)
		qsort(to->list.v, to->list.n, sizeof *to->list.v, by_name);
	if (rc == GIT_ITEROVER) {
		if (broken && tw_text_ends(prefix, "/"))
			find_broken(git, prefix, to, broken);
		return 0;
	}
	return tw_fail(error, TW_E_RUN, "git: the refs cannot be read: %s",
		tw_git_message());
}

void tw_git_refs_release(struct tw_git_refs *refs)
{
	for (size_t i = 0; i < refs->list.n; i++)
		tw_free(refs->list.v[i].name);
	tw_vec_release(&refs->list);
}

int tw_git_ref_get(struct tw_git *git, const char *name, struct tw_git_id *id,
	struct tw_error *error)
{
	git_oid oid;
	int rc = git_reference_name_to_id(&oid, git->repo, name);

	if (rc == GIT_ENOTFOUND)
		return 1;
	if (rc)
		return tw_fail(
			error, TW_E_RUN, "git: %s: %s", name, tw_git_message());
	git_oid_tostr(id->text, sizeof id->text, &oid);
	return 0;
}

/* ---- changing ---------------------------------------------------------- */

/* A file that holds no id is in the way of a new ref. */
static bool remove_broken(struct tw_git *git, const char *name)
{
	struct tw_buf path = {0};
	git_oid id;
	int rc = git_reference_name_to_id(&id, git->repo, name);
	bool removed = false;

	tw_buf_printf(&path, "%s%s", git_repository_commondir(git->repo), name);
	if (rc && rc != GIT_ENOTFOUND)
		removed = !unlink(path.p);
	tw_buf_release(&path);
	return removed;
}

static int set_once(struct tw_git *git, const char *name, const git_oid *id,
	const struct tw_git_id *old)
{
	git_reference *ref = NULL;
	git_oid expected;
	int rc;

	if (!old) {
		rc = git_reference_create(
			&ref, git->repo, name, id, true, "twinrig");
	} else if (!old->text[0]) {
		rc = git_reference_create(
			&ref, git->repo, name, id, false, "twinrig");
	} else {
		rc = git_oid_fromstr(&expected, old->text);
		if (!rc)
			rc = git_reference_create_matching(&ref, git->repo,
				name, id, true, &expected, "twinrig");
	}
	git_reference_free(ref);
	return rc;
}

int tw_git_ref_set(struct tw_git *git, const char *name,
	const struct tw_git_id *id, const struct tw_git_id *old,
	struct tw_error *error)
{
	struct tw_git_turn turn;
	git_oid oid;
	int rc;

	tw_assert(!strncmp(name, TW_GIT_REFS, sizeof TW_GIT_REFS - 1));
	if (git_oid_fromstr(&oid, id->text))
		return tw_fail(
			error, TW_E_USAGE, "'%s' is no object's id", id->text);
	tw_git_turn_take(&turn, git);
	rc = set_once(git, name, &oid, old);
	while (rc == GIT_ELOCKED && tw_git_turn_wait(&turn, name))
		rc = set_once(git, name, &oid, old);
	if (rc && (!old || !old->text[0]) && remove_broken(git, name))
		rc = set_once(git, name, &oid, old);
	tw_git_turn_end(&turn);
	if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS ||
		(rc == GIT_ENOTFOUND && old && old->text[0]))
		return 1;
	return rc ? tw_fail(error, TW_E_RUN, "git: %s: %s", name,
			    tw_git_message())
		  : 0;
}

int tw_git_ref_delete(
	struct tw_git *git, const char *name, struct tw_error *error)
{
	struct tw_git_turn turn;
	int rc = 0;

	tw_assert(!strncmp(name, TW_GIT_REFS, sizeof TW_GIT_REFS - 1));
	tw_git_turn_take(&turn, git);
	if (!remove_broken(git, name))
		rc = git_reference_remove(git->repo, name);
	while (rc == GIT_ELOCKED && tw_git_turn_wait(&turn, name))
		rc = git_reference_remove(git->repo, name);
	tw_git_turn_end(&turn);
	return rc && rc != GIT_ENOTFOUND
		       ? tw_fail(error, TW_E_RUN, "git: %s: %s", name,
				 tw_git_message())
		       : 0;
}
