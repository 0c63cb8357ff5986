/* A commit's tree as struct tw_files. */
#include "harness/git/private.h"

#include "twins/base/assert.h"

#include <stdio.h>
#include <string.h>

enum { LINKS_MAX = 40 }; /* as Linux counts before it says ELOOP */

struct git_files {
	struct tw_files files; /* first: the vtable */
	git_repository *repo;
	git_tree *root; /* the tree of the prefix */
};

/* What a path leads to, links followed. */
struct place {
	enum tw_file_kind kind;
	git_oid id;	/* of the tree or blob */
	bool submodule; /* TW_FILE_OTHER: a submodule */
	int missing; /* TW_FILE_OTHER: libgit2's error of an object that is not
			in this clone, or damaged; 0: none */
};

/* On the way through the tree, name by name. */
struct walk {
	struct git_files *git;
	struct tw_buf at; /* where we are, without links: "a/b", "" the root */
	struct tw_buf path; /* what is still to go begins at `left` in it */
	const char *left;
	int links;
	bool last_was_link; /* the last name was a link; this is behind it */
	struct place place; /* what is at `at` */
};

static const struct place nowhere = {.kind = TW_FILE_OTHER};

/* Takes the first name off what is left; n is its length, 0 at the end. */
static const char *next_name(struct walk *walk, size_t *n)
{
	const char *name = walk->left + strspn(walk->left, "/");

	*n = strcspn(name, "/");
	walk->left = name + *n;
	return name;
}

static void cut(struct tw_buf *buf, size_t n)
{
	if (buf->p)
		buf->p[n] = '\0';
	buf->n = n;
}

/* What is at `at`: its mode, and walk->place. */
static git_filemode_t look(struct walk *walk)
{
	struct git_files *git = walk->git;
	git_filemode_t mode = GIT_FILEMODE_TREE;
	git_tree_entry *entry = NULL;
	int rc;

	walk->place = (struct place){.kind = TW_FILE_DIRECTORY};
	if (!walk->at.n) {
		walk->place.id = *git_tree_id(git->root);
		return mode;
	}
	rc = git_tree_entry_bypath(&entry, git->root, walk->at.p);
	if (rc) {
		/* Not in its tree, or the tree itself is not here. */
		if (rc != GIT_ENOTFOUND ||
			git_error_last()->klass == GIT_ERROR_ODB)
			walk->place.missing = rc;
		walk->place.kind =
			walk->place.missing ? TW_FILE_OTHER : TW_FILE_NONE;
		return GIT_FILEMODE_UNREADABLE;
	}
	mode = git_tree_entry_filemode(entry);
	walk->place.id = *git_tree_entry_id(entry);
	walk->place.submodule = mode == GIT_FILEMODE_COMMIT;
	if (mode == GIT_FILEMODE_COMMIT)
		walk->place.kind = TW_FILE_OTHER;
	else if (mode != GIT_FILEMODE_TREE)
		walk->place.kind = TW_FILE_REGULAR;
	git_tree_entry_free(entry);
	return mode;
}

/* Puts the link's text in front of what is left of the path. */
static bool follow_link(struct walk *walk)
{
	struct tw_buf joined = {0};
	git_blob *blob = NULL;
	bool ok = ++walk->links <= LINKS_MAX &&
		  !git_blob_lookup(&blob, walk->git->repo, &walk->place.id);

	if (ok) {
		tw_buf_add(&joined, git_blob_rawcontent(blob),
			(size_t)git_blob_rawsize(blob));
		ok = joined.n && joined.p[0] != '/' &&
		     strlen(joined.p) == joined.n;
		walk->last_was_link |= !*walk->left;
		tw_buf_add_char(&joined, '/');
		tw_buf_add_text(&joined, walk->left);
	}
	git_blob_free(blob);
	tw_buf_release(&walk->path);
	walk->path = joined;
	walk->left = tw_buf_text(&walk->path);
	return ok;
}

/* One name onward; false where the way ends, at walk->place. */
static bool step(struct walk *walk, const char *name, size_t n)
{
	size_t before = walk->at.n;

	if (walk->place.kind != TW_FILE_DIRECTORY) {
		walk->place.kind = TW_FILE_NONE;
		return false;
	}
	if (n == 1 && name[0] == '.')
		return true;
	if (n == 2 && !memcmp(name, "..", 2)) {
		const char *slash = before ? strrchr(walk->at.p, '/') : NULL;

		cut(&walk->at, slash ? (size_t)(slash - walk->at.p) : 0);
		look(walk);
		if (!before)
			walk->place = nowhere;
		return before > 0;
	}
	if (before)
		tw_buf_add_char(&walk->at, '/');
	tw_buf_add(&walk->at, name, n);
	if (look(walk) == GIT_FILEMODE_LINK) {
		cut(&walk->at, before);
		if (!follow_link(walk)) {
			walk->place = nowhere;
			return false;
		}
		look(walk);
	}
	return walk->place.kind == TW_FILE_DIRECTORY ||
	       walk->place.kind == TW_FILE_REGULAR;
}

static struct place find(struct git_files *git, const char *path)
{
	struct walk walk = {.git = git};
	const char *name;
	size_t n;

	tw_buf_add_text(&walk.path, path);
	walk.left = tw_buf_text(&walk.path);
	look(&walk);
	do
		name = next_name(&walk, &n);
	while (n && step(&walk, name, n));
	/* A link to nothing is there all the same. */
	if (walk.last_was_link && walk.place.kind == TW_FILE_NONE)
		walk.place = nowhere;
	tw_buf_release(&walk.path);
	tw_buf_release(&walk.at);
	return walk.place;
}

static enum tw_file_kind kind_of(struct tw_files *files, const char *path)
{
	return find((struct git_files *)files, path).kind;
}

static int fail_missing(const char *path, int rc, struct tw_error *error)
{
	if (rc != GIT_ENOTFOUND)
		return tw_fail(error, TW_E_RUN,
			"'%s': git: %s (git fsck tells what is damaged)", path,
			tw_git_message());
	return tw_fail(error, TW_E_RUN,
		"'%s': its content is not in this clone (a partial clone?): "
		"git fetch --refetch --no-filter",
		path);
}

static int fail_no_file(
	const char *path, struct place place, struct tw_error *error)
{
	if (place.missing)
		return fail_missing(path, place.missing, error);
	if (place.submodule)
		return tw_fail(error, TW_E_USAGE,
			"'%s' is a submodule: its files are in another "
			"repository",
			path);
	if (place.kind == TW_FILE_NONE)
		return tw_fail(error, TW_E_USAGE, "'%s': no such file", path);
	if (place.kind == TW_FILE_DIRECTORY)
		return tw_fail(error, TW_E_USAGE,
			"'%s' is a folder, not a file", path);
	if (place.kind == TW_FILE_REGULAR)
		return tw_fail(error, TW_E_USAGE, "'%s' is not a folder", path);
	return tw_fail(error, TW_E_USAGE,
		"'%s' is a link that leads nowhere or out of the tree that is "
		"read",
		path);
}

static int read_blob(struct tw_files *files, const char *path,
	struct tw_buf *out, struct tw_error *error)
{
	static const char lfs[] = "version https://git-lfs.github.com/spec/";
	struct git_files *git = (struct git_files *)files;
	struct place place = find(git, path);
	git_blob *blob = NULL;
	const char *content;
	size_t n;
	int rc = 0;

	if (place.kind != TW_FILE_REGULAR)
		return fail_no_file(path, place, error);
	rc = git_blob_lookup(&blob, git->repo, &place.id);
	if (rc)
		return fail_missing(path, rc, error);
	content = git_blob_rawcontent(blob);
	n = (size_t)git_blob_rawsize(blob);
	if (n > TW_FILE_MAX)
		rc = tw_fail(error, TW_E_USAGE,
			"'%s' is larger than %zu MiB, the limit for one file",
			path, TW_FILE_MAX >> 20);
	else if (n >= sizeof lfs - 1 && !memcmp(content, lfs, sizeof lfs - 1))
		rc = tw_fail(error, TW_E_RUN,
			"'%s' is in Git LFS: its content is not in the "
			"repository",
			path);
	else
		tw_buf_add(out, content, n);
	git_blob_free(blob);
	return rc;
}

static int list_tree(struct tw_files *files, const char *dir,
	struct tw_file_list *out, struct tw_error *error)
{
	struct git_files *git = (struct git_files *)files;
	struct place place = find(git, dir);
	git_tree *tree = NULL;
	struct tw_buf path = {0};
	int rc;

	if (place.kind != TW_FILE_DIRECTORY)
		return fail_no_file(dir, place, error);
	rc = git_tree_lookup(&tree, git->repo, &place.id);
	if (rc)
		return fail_missing(dir, rc, error);
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		const char *name = git_tree_entry_name(entry);
		git_filemode_t mode = git_tree_entry_filemode(entry);
		enum tw_file_kind kind;

		tw_buf_clear(&path);
		tw_buf_printf(&path, "%s/%s", dir, name);
		kind = mode == GIT_FILEMODE_LINK     ? find(git, path.p).kind
		       : mode == GIT_FILEMODE_TREE   ? TW_FILE_DIRECTORY
		       : mode == GIT_FILEMODE_COMMIT ? TW_FILE_OTHER
						     : TW_FILE_REGULAR;
		tw_file_list_add(out, name, strlen(name), kind,
			mode == GIT_FILEMODE_LINK);
	}
	tw_buf_release(&path);
	git_tree_free(tree);
	return 0;
}

static void free_files(struct tw_files *files)
{
	struct git_files *git = (struct git_files *)files;

	git_tree_free(git->root);
	tw_free(git);
}

static const struct tw_files_vtable vtable = {
	.read = read_blob,
	.list = list_tree,
	.kind = kind_of,
	.free = free_files,
};

/* The tree of the prefix; NULL and an error where there is none. */
static git_tree *prefix_tree(git_repository *repo, git_commit *commit,
	const char *prefix, struct tw_error *error)
{
	git_tree *root = NULL, *tree = NULL;
	git_tree_entry *entry = NULL;

	if (git_commit_tree(&root, commit)) {
		tw_fail(error, TW_E_RUN, "the commit's tree: %s",
			tw_git_message());
		return NULL;
	}
	if (!*prefix)
		return root;
	if (git_tree_entry_bypath(&entry, root, prefix) ||
		git_tree_entry_type(entry) != GIT_OBJECT_TREE)
		tw_fail(error, TW_E_USAGE,
			"the baseline's commit has no folder '%s'", prefix);
	else if (git_tree_lookup(&tree, repo, git_tree_entry_id(entry)))
		tw_fail(error, TW_E_RUN, "'%s': %s", prefix, tw_git_message());
	git_tree_entry_free(entry);
	git_tree_free(root);
	return tree;
}

struct tw_files *tw_git_files_new(struct tw_git *git,
	const struct tw_git_commit *commit, const char *prefix,
	struct tw_error *error)
{
	struct git_files *files;
	git_commit *object = NULL;
	git_tree *tree;
	git_oid id;

	tw_assert(!git_oid_fromstr(&id, commit->id));
	if (git_commit_lookup(&object, git->repo, &id)) {
		tw_fail(error, TW_E_RUN, "commit %.12s: %s", commit->id,
			tw_git_message());
		return NULL;
	}
	tree = prefix_tree(git->repo, object, prefix, error);
	git_commit_free(object);
	if (!tree)
		return NULL;
	files = tw_calloc(1, sizeof *files);
	files->files.vtable = &vtable;
	files->repo = git->repo;
	files->root = tree;
	return &files->files;
}
