/*
 * The pattern is cut into names; a walk carries the set of the names that the
 * next entry may match (bit i: name i), so that each directory is listed once
 * however many `**` there are, and none that cannot match is listed at all.
 */
#include "harness/files/files.h"

#include <stdlib.h>

#define NAMES_MAX	63
#define DEPTH_MAX	100
#define DIRECTORIES_MAX 200000

struct glob {
	struct tw_files *files;
	char *names[NAMES_MAX + 1];
	size_t n;
	size_t directories; /* listed so far */
	struct tw_file_list *out;
	struct tw_error *error;
};

static bool is_deep(const char *name)
{
	return !strcmp(name, "**");
}

/* `**` may stand for nothing: what follows it may match at once. */
static uint64_t closure(const struct glob *glob, uint64_t states)
{
	for (size_t i = 0; i < glob->n; i++)
		if (states >> i & 1 && is_deep(glob->names[i]))
			states |= UINT64_C(1) << (i + 1);
	return states;
}

static uint64_t step(const struct glob *glob, uint64_t states,
	const struct tw_file_entry *entry)
{
	uint64_t next = 0;

	for (size_t i = 0; i < glob->n; i++) {
		if (!(states >> i & 1))
			continue;
		if (is_deep(glob->names[i])) {
			if (entry->kind == TW_FILE_DIRECTORY && !entry->link)
				next |= UINT64_C(1) << i;
		} else if (tw_glob_match(glob->names[i], entry->name)) {
			next |= UINT64_C(1) << (i + 1);
		}
	}
	return closure(glob, next);
}

static int walk(struct glob *glob, struct tw_buf *path, uint64_t states,
	unsigned depth);

static int visit(struct glob *glob, struct tw_buf *path, uint64_t states,
	const struct tw_file_entry *entry, unsigned depth)
{
	uint64_t next = step(glob, states, entry);
	uint64_t end = UINT64_C(1) << glob->n;
	size_t n = path->n;
	int rc = 0;

	if (!next)
		return 0;
	if (n)
		tw_buf_add_char(path, '/');
	tw_buf_add_text(path, entry->name);
	if (next & end)
		tw_file_list_add(
			glob->out, path->p, path->n, entry->kind, entry->link);
	if (entry->kind == TW_FILE_DIRECTORY && next & (end - 1))
		rc = walk(glob, path, next, depth + 1);
	path->n = n;
	path->p[n] = '\0';
	return rc;
}

static int walk(
	struct glob *glob, struct tw_buf *path, uint64_t states, unsigned depth)
{
	struct tw_file_list list = {0};
	int rc;

	if (depth > DEPTH_MAX)
		return tw_fail(glob->error, TW_E_USAGE,
			"'%s': more than %d folders deep", tw_buf_text(path),
			DEPTH_MAX);
	if (++glob->directories > DIRECTORIES_MAX)
		return tw_fail(glob->error, TW_E_USAGE,
			"the pattern walks more than %d folders",
			DIRECTORIES_MAX);
	rc = tw_files_list(glob->files, tw_buf_text(path), &list, glob->error);
	for (size_t i = 0; !rc && i < list.list.n; i++)
		rc = visit(glob, path, states, &list.list.v[i], depth);
	tw_file_list_release(&list);
	return rc;
}

/* Cuts the normal form of the pattern in place. "x/ **" means what is in x. */
static int cut(struct glob *glob, char *pattern)
{
	static char any[] = "*";
	char *rest = NULL;

	for (char *name = strtok_r(pattern, "/", &rest); name;
		name = strtok_r(NULL, "/", &rest)) {
		if (glob->n && is_deep(name) &&
			is_deep(glob->names[glob->n - 1]))
			continue;
		if (glob->n + 1 >= NAMES_MAX)
			return tw_fail(glob->error, TW_E_USAGE,
				"the pattern has more than %d names",
				NAMES_MAX - 1);
		glob->names[glob->n++] = name;
	}
	if (glob->n && is_deep(glob->names[glob->n - 1]))
		glob->names[glob->n++] = any;
	return 0;
}

/* Without a wildcard there is nothing to list. */
static void add_one(struct glob *glob, const char *path)
{
	enum tw_file_kind kind = tw_files_kind(glob->files, path);

	if (kind != TW_FILE_NONE)
		tw_file_list_add(glob->out, path, strlen(path), kind, false);
}

int tw_files_glob(struct tw_files *files, const char *pattern,
	struct tw_file_list *out, struct tw_error *error)
{
	struct glob glob = {.files = files, .out = out, .error = error};
	struct tw_buf normal = {0}, path = {0};
	size_t from = out->list.n;
	int rc = tw_files_normalise(NULL, pattern, &normal, error);

	if (rc)
		goto out;
	if (!normal.n || !strpbrk(normal.p, "*?")) {
		add_one(&glob, tw_buf_text(&normal));
		goto out;
	}
	rc = cut(&glob, normal.p);
	if (!rc)
		rc = walk(&glob, &path, closure(&glob, 1), 1);
	if (!rc && out->list.n > from) {
		struct tw_file_list found = {0};

		found.list.v = out->list.v + from;
		found.list.n = out->list.n - from;
		tw_file_list_sort(&found);
	}
out:
	tw_buf_release(&normal);
	tw_buf_release(&path);
	return rc;
}
