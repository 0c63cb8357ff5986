#include "harness/files/files.h"

#include "twins/base/assert.h"

#include <stdlib.h>

void tw_file_list_add(struct tw_file_list *list, const char *name, size_t n,
	enum tw_file_kind kind, bool link)
{
	char *copy = tw_malloc(n + 1);

	memcpy(copy, name, n);
	copy[n] = '\0';
	tw_vec_push(&list->list, (struct tw_file_entry){copy, kind, link});
}

static int by_name(const void *a, const void *b)
{
	const struct tw_file_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void tw_file_list_sort(struct tw_file_list *list)
{
	if (list->list.n)
		qsort(list->list.v, list->list.n, sizeof *list->list.v,
			by_name);
}

void tw_file_list_release(struct tw_file_list *list)
{
	for (size_t i = 0; i < list->list.n; i++)
		tw_free(list->list.v[i].name);
	tw_vec_release(&list->list);
}

/* Takes the last name off; false where there is none. */
static bool drop_name(struct tw_buf *path, size_t root)
{
	if (path->n == root)
		return false;
	while (path->n > root && path->p[path->n - 1] != '/')
		path->n--;
	if (path->n > root)
		path->n--;
	path->p[path->n] = '\0';
	return true;
}

/* Appends the names of `path`; false where it leaves what starts at `root`. */
static bool add_names(struct tw_buf *out, size_t root, const char *path)
{
	for (const char *name = path; *name;) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !memcmp(name, "..", 2)) {
			if (!drop_name(out, root))
				return false;
		} else if (n && !(n == 1 && *name == '.')) {
			if (out->n > root)
				tw_buf_add_char(out, '/');
			tw_buf_add(out, name, n);
		}
		name += n;
		name += *name == '/';
	}
	return true;
}

int tw_files_normalise(const char *dir, const char *path, struct tw_buf *out,
	struct tw_error *error)
{
	size_t root = out->n;

	if (*path == '/')
		return tw_fail(error, TW_E_USAGE,
			"'%s' is an absolute path: paths start at the folder "
			"of twinrig.yaml",
			path);
	if (add_names(out, root, dir ? dir : "") && add_names(out, root, path))
		return 0;
	out->n = root;
	return tw_fail(error, TW_E_USAGE,
		"'%s' leads out of the tree that is read", path);
}

int tw_files_read(struct tw_files *files, const char *path, struct tw_buf *out,
	struct tw_error *error)
{
	struct tw_buf normal = {0};
	int rc = tw_files_normalise(NULL, path, &normal, error);

	if (!rc)
		rc = files->vtable->read(
			files, tw_buf_text(&normal), out, error);
	tw_buf_release(&normal);
	return rc;
}

static void drop_git(struct tw_file_list *list, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < list->list.n; i++) {
		if (!strcmp(list->list.v[i].name, ".git"))
			tw_free(list->list.v[i].name);
		else
			list->list.v[kept++] = list->list.v[i];
	}
	list->list.n = kept;
}

int tw_files_list(struct tw_files *files, const char *dir,
	struct tw_file_list *out, struct tw_error *error)
{
	struct tw_buf normal = {0};
	size_t from = out->list.n;
	int rc = tw_files_normalise(NULL, dir, &normal, error);

	if (!rc)
		rc = files->vtable->list(
			files, tw_buf_text(&normal), out, error);
	tw_buf_release(&normal);
	drop_git(out, from);
	if (out->list.n > from)
		qsort(out->list.v + from, out->list.n - from,
			sizeof *out->list.v, by_name);
	return rc;
}

enum tw_file_kind tw_files_kind(struct tw_files *files, const char *path)
{
	enum tw_file_kind kind = TW_FILE_NONE;
	struct tw_buf normal = {0};
	struct tw_error error;

	if (!tw_files_normalise(NULL, path, &normal, &error))
		kind = files->vtable->kind(files, tw_buf_text(&normal));
	tw_buf_release(&normal);
	return kind;
}

void tw_files_free(struct tw_files *files)
{
	if (files)
		files->vtable->free(files);
}
