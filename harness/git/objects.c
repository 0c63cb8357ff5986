#include "harness/git/objects.h"

#include "harness/git/private.h"

#include "twins/base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int fail(struct tw_error *error, int rc, const char *what)
{
	return tw_fail(error, rc == GIT_ENOTFOUND ? TW_E_USAGE : TW_E_RUN,
		"git: %s: %s", what, tw_git_message());
}

static int not_written(
	struct tw_git *git, struct tw_error *error, int rc, const char *what)
{
	int full = git->full;

	git->full = 0;
	return full ? tw_fail(error, TW_E_RUN, "git: %s: %s", what,
			      strerror(full))
		    : fail(error, rc, what);
}

static void to_text(struct tw_git_id *to, const git_oid *id)
{
	git_oid_tostr(to->text, sizeof to->text, id);
}

static int to_oid(
	git_oid *to, const struct tw_git_id *id, struct tw_error *error)
{
	if (git_oid_fromstr(to, id->text))
		return tw_fail(
			error, TW_E_USAGE, "'%s' is no object's id", id->text);
	return 0;
}

/* ---- blobs ------------------------------------------------------------- */

int tw_git_put_blob(struct tw_git *git, const void *p, size_t n,
	struct tw_git_id *id, struct tw_error *error)
{
	git_oid oid;
	int rc = git_odb_hash(&oid, n ? p : "", n, GIT_OBJECT_BLOB);

	/* What is there already is not written again, damaged or not. */
	if (!rc)
		tw_git_mend(git, &oid);
	if (!rc)
		rc = git_blob_create_from_buffer(
			&oid, git->repo, n ? p : "", n);
	if (rc)
		return not_written(
			git, error, rc, "an object cannot be written");
	to_text(id, &oid);
	return 0;
}

int tw_git_get_blob(struct tw_git *git, const struct tw_git_id *id,
	struct tw_buf *out, struct tw_error *error)
{
	git_blob *blob = NULL;
	git_oid oid;
	int rc;

	if (to_oid(&oid, id, error))
		return -1;
	rc = git_blob_lookup(&blob, git->repo, &oid);
	if (rc)
		return fail(error, rc, "an object cannot be read");
	tw_buf_add(
		out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
	git_blob_free(blob);
	return 0;
}

void tw_git_hash_blob(const void *p, size_t n, struct tw_git_id *id)
{
	git_oid oid;

	id->text[0] = '\0';
	if (!git_odb_hash(&oid, n ? p : "", n, GIT_OBJECT_BLOB))
		to_text(id, &oid);
}

/* ---- trees ------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tw_git_entry *)a)->path,
		((const struct tw_git_entry *)b)->path);
}

/* The entries that begin with the first `skip` bytes of entries[0].path. */
static int put_level(struct tw_git *git, const struct tw_git_entry *entries,
	size_t n, size_t skip, git_oid *id)
{
	git_treebuilder *builder = NULL;
	int rc = git_treebuilder_new(&builder, git->repo, NULL);

	for (size_t i = 0; !rc && i < n;) {
		const char *name = entries[i].path + skip;
		size_t length = strcspn(name, "/"), end = i + 1;
		struct tw_buf one = {0};
		git_filemode_t mode = GIT_FILEMODE_BLOB;
		git_oid oid;

		tw_buf_add(&one, name, length);
		if (name[length]) {
			while (end < n && !strncmp(entries[end].path + skip,
						  name, length + 1))
				end++;
			rc = put_level(git, entries + i, end - i,
				skip + length + 1, &oid);
			mode = GIT_FILEMODE_TREE;
		} else {
			rc = git_oid_fromstr(&oid, entries[i].id.text);
			if (entries[i].tree)
				mode = GIT_FILEMODE_TREE;
		}
		if (!rc)
			rc = git_treebuilder_insert(
				NULL, builder, tw_buf_text(&one), &oid, mode);
		tw_buf_release(&one);
		i = end;
	}
	if (!rc)
		rc = git_treebuilder_write(id, builder);
	git_treebuilder_free(builder);
	return rc;
}

int tw_git_put_tree(struct tw_git *git, struct tw_git_entry *entries, size_t n,
	struct tw_git_id *id, struct tw_error *error)
{
	git_oid oid;
	int rc;

	if (n)
		qsort(entries, n, sizeof *entries, by_path);
	rc = put_level(git, entries, n, 0, &oid);
	if (rc)
		return not_written(git, error, rc, "a tree cannot be written");
	to_text(id, &oid);
	return 0;
}

/* The tree of a commit or a tree. */
static int open_tree(
	struct tw_git *git, const struct tw_git_id *id, git_tree **to)
{
	git_object *object = NULL;
	git_oid oid;
	int rc = git_oid_fromstr(&oid, id->text);

	if (!rc)
		rc = git_object_lookup(
			&object, git->repo, &oid, GIT_OBJECT_ANY);
	if (!rc && git_object_type(object) == GIT_OBJECT_COMMIT)
		rc = git_commit_tree(to, (git_commit *)object);
	else if (!rc)
		rc = git_tree_lookup(to, git->repo, &oid);
	git_object_free(object);
	return rc;
}

/* GIT_ENOTFOUND: there is nothing at the path. */
static int entry_at(struct tw_git *git, const struct tw_git_id *id,
	const char *path, git_oid *to)
{
	git_tree *tree = NULL;
	int rc = open_tree(git, id, &tree);

	if (rc == GIT_ENOTFOUND)
		rc = GIT_ERROR; /* it is lost, not left out */
	while (!rc) {
		const git_tree_entry *entry;
		struct tw_buf name = {0};

		tw_buf_add(&name, path, strcspn(path, "/"));
		path += name.n;
		entry = git_tree_entry_byname(tree, tw_buf_text(&name));
		tw_buf_release(&name);
		if (!entry) {
			git_error_set_str(GIT_ERROR_TREE, "it is not there");
			rc = GIT_ENOTFOUND;
			break;
		}
		git_oid_cpy(to, git_tree_entry_id(entry));
		git_tree_free(tree);
		tree = NULL;
		if (!*path)
			return 0;
		path++;
		rc = git_tree_lookup(&tree, git->repo, to);
	}
	git_tree_free(tree);
	return rc;
}

struct walking {
	struct tw_git *git;
	void (*visit)(void *, const struct tw_git_entry *);
	void *context;
	struct tw_buf path;
};

static int walk_tree(struct walking *walking, git_tree *tree)
{
	size_t mark = walking->path.n;
	int rc = 0;

	for (size_t i = 0; !rc && i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		struct tw_git_entry shown = {0};
		git_tree *below = NULL;

		tw_buf_add_text(&walking->path, git_tree_entry_name(entry));
		if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
			tw_buf_add_char(&walking->path, '/');
			rc = git_tree_lookup(&below, walking->git->repo,
				git_tree_entry_id(entry));
			if (!rc)
				rc = walk_tree(walking, below);
			git_tree_free(below);
		} else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
			shown.path = walking->path.p;
			to_text(&shown.id, git_tree_entry_id(entry));
			walking->visit(walking->context, &shown);
		}
		walking->path.n = mark;
		walking->path.p[mark] = '\0';
	}
	return rc;
}

int tw_git_walk(struct tw_git *git, const struct tw_git_id *id,
	const char *path,
	void (*visit)(void *context, const struct tw_git_entry *entry),
	void *context, struct tw_error *error)
{
	struct walking walking = {git, visit, context, {0}};
	git_tree *tree = NULL;
	git_oid oid;
	int rc;

	if (*path) {
		rc = entry_at(git, id, path, &oid);
		if (rc == GIT_ENOTFOUND)
			return 0;
		if (!rc)
			rc = git_tree_lookup(&tree, git->repo, &oid);
	} else {
		rc = open_tree(git, id, &tree);
	}
	if (!rc)
		rc = walk_tree(&walking, tree);
	git_tree_free(tree);
	tw_buf_release(&walking.path);
	return rc ? fail(error, rc, "a tree cannot be read") : 0;
}

int tw_git_at(struct tw_git *git, const struct tw_git_id *id, const char *path,
	struct tw_git_id *to, struct tw_error *error)
{
	git_oid oid;
	int rc = entry_at(git, id, path, &oid);

	if (rc)
		return fail(error, rc, path);
	to_text(to, &oid);
	return 0;
}

/* ---- commits ----------------------------------------------------------- */

/* Git's own times count in seconds, and two gates may end in one. */
static const char nanoseconds[] = "\nNanoseconds: ";

int tw_git_put_commit(struct tw_git *git, const struct tw_git_id *tree,
	const char *message, struct tw_git_id *id, struct tw_error *error)
{
	struct tw_buf text = {0};
	struct timespec now;
	git_signature *who = NULL;
	git_tree *it = NULL;
	git_oid oid;
	int rc = open_tree(git, tree, &it);

	clock_gettime(CLOCK_REALTIME, &now);
	tw_buf_printf(&text, "%s%s%s%lld\n", message,
		*message && message[strlen(message) - 1] == '\n' ? "" : "\n",
		nanoseconds, (long long)(now.tv_sec * TW_S + now.tv_nsec));

	if (!rc && git_signature_default(&who, git->repo))
		rc = git_signature_now(&who, "twinrig", "twinrig@localhost");
	if (!rc)
		rc = git_commit_create(&oid, git->repo, NULL, who, who, NULL,
			tw_buf_text(&text), it, 0, NULL);
	tw_buf_release(&text);
	git_signature_free(who);
	git_tree_free(it);
	if (rc)
		return not_written(
			git, error, rc, "a commit cannot be written");
	to_text(id, &oid);
	return 0;
}

int tw_git_copy_commit(struct tw_git *git, const struct tw_git_id *of,
	const struct tw_git_id *tree, struct tw_git_id *id,
	struct tw_error *error)
{
	git_commit *commit = NULL;
	git_tree *it = NULL;
	git_oid oid;
	int rc = git_oid_fromstr(&oid, of->text);

	if (!rc)
		rc = git_commit_lookup(&commit, git->repo, &oid);
	if (!rc)
		rc = open_tree(git, tree, &it);
	if (!rc)
		rc = git_commit_create(&oid, git->repo, NULL,
			git_commit_author(commit), git_commit_committer(commit),
			NULL, git_commit_message(commit), it, 0, NULL);
	git_tree_free(it);
	git_commit_free(commit);
	if (rc)
		return not_written(
			git, error, rc, "a commit cannot be written");
	to_text(id, &oid);
	return 0;
}

/* As it was written, where that is in the second that git has; or that. */
static int64_t instant_of(git_commit *commit)
{
	const char *at = strstr(git_commit_message(commit), nanoseconds);
	int64_t second = git_commit_time(commit), ns;

	if (second > INT64_MAX / TW_S - 2 || second < 0)
		return second < 0 ? 0 : INT64_MAX;
	if (!at)
		return second * TW_S;
	at += sizeof nanoseconds - 1;
	if (!tw_parse_int((struct tw_str){at, strcspn(at, "\n")}, &ns) ||
		ns / TW_S < second - 1 || ns / TW_S > second + 1)
		return second * TW_S;
	return ns;
}

int tw_git_about(struct tw_git *git, const struct tw_git_id *id,
	struct tw_git_about *about, struct tw_error *error)
{
	git_commit *commit = NULL;
	git_oid oid;
	int rc;

	if (to_oid(&oid, id, error))
		return -1;
	rc = git_commit_lookup(&commit, git->repo, &oid);
	if (rc)
		return fail(error, rc, "a commit cannot be read");
	about->time = git_commit_time(commit);
	about->instant = instant_of(commit);
	about->offset = git_commit_time_offset(commit);
	snprintf(about->subject, sizeof about->subject, "%s",
		git_commit_summary(commit) ? git_commit_summary(commit) : "");
	git_commit_free(commit);
	return 0;
}

/* ---- the working tree -------------------------------------------------- */

bool tw_git_ignores(struct tw_git *git, const char *path)
{
	int ignored = 0;

	return !git_ignore_path_is_ignored(&ignored, git->repo, path) &&
	       ignored;
}

bool tw_git_tracks(struct tw_git *git, const char *path, struct tw_git_id *id)
{
	git_tree_entry *entry = NULL;
	git_object *tree = NULL;
	git_index *index = NULL;
	bool known = false;

	if (id)
		id->text[0] = '\0';
	if (!git_revparse_single(&tree, git->repo, "HEAD^{tree}") &&
		!git_tree_entry_bypath(&entry, (git_tree *)tree, path)) {
		known = true;
		if (id)
			to_text(id, git_tree_entry_id(entry));
	}
	git_tree_entry_free(entry);
	git_object_free(tree);
	if (!known && !git_repository_index(&index, git->repo))
		known = git_index_get_bypath(index, path, 0);
	git_index_free(index);
	return known;
}

/* ---- notes ------------------------------------------------------------- */

void tw_git_note(struct tw_git *git, const char *file, const char *text)
{
	struct tw_buf path = {0}, whole = {0};
	FILE *to;

	tw_buf_printf(&path, "%s%s", git_repository_path(git->repo), file);
	tw_buf_printf(&whole, "%s.lock", path.p);
	to = fopen(whole.p, "wb");
	if (to) {
		bool failed = fprintf(to, "%s\n", text) < 0;

		if ((fclose(to) || failed) || rename(whole.p, path.p))
			remove(whole.p);
	}
	tw_buf_release(&path);
	tw_buf_release(&whole);
}

char *tw_git_noted(struct tw_git *git, const char *file)
{
	char text[128] = "";
	struct tw_buf path = {0};
	FILE *from;

	tw_buf_printf(&path, "%s%s", git_repository_path(git->repo), file);
	from = fopen(path.p, "rb");
	if (from && !fgets(text, sizeof text, from))
		text[0] = '\0';
	if (from)
		fclose(from);
	text[strcspn(text, "\r\n")] = '\0';
	tw_buf_release(&path);
	return tw_strdup(text);
}
