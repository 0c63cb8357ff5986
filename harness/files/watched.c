/* A tree of files whose readings are told. */
#include "harness/files/files.h"

#include "twins/base/memory.h"

struct watched {
	struct tw_files files; /* first: the vtable */
	struct tw_files *inner;
	tw_files_seen *seen;
	void *context;
};

static struct watched *of(struct tw_files *files)
{
	return (struct watched *)(void *)files;
}

static int watched_read(struct tw_files *files, const char *path,
	struct tw_buf *out, struct tw_error *error)
{
	struct watched *watched = of(files);
	size_t from = out->n;
	int rc = watched->inner->vtable->read(watched->inner, path, out, error);

	if (!rc)
		watched->seen(watched->context, path, tw_buf_text(out) + from,
			out->n - from);
	return rc;
}

static int watched_list(struct tw_files *files, const char *dir,
	struct tw_file_list *out, struct tw_error *error)
{
	struct watched *watched = of(files);

	return watched->inner->vtable->list(watched->inner, dir, out, error);
}

static enum tw_file_kind watched_kind(struct tw_files *files, const char *path)
{
	struct watched *watched = of(files);

	return watched->inner->vtable->kind(watched->inner, path);
}

static void watched_free(struct tw_files *files)
{
	tw_files_free(of(files)->inner);
	tw_free(files);
}

static const struct tw_files_vtable watched_vtable = {
	.read = watched_read,
	.list = watched_list,
	.kind = watched_kind,
	.free = watched_free,
};

struct tw_files *tw_files_watched_new(
	struct tw_files *inner, tw_files_seen *seen, void *context)
{
	struct watched *watched = tw_calloc(1, sizeof *watched);

	watched->files.vtable = &watched_vtable;
	watched->inner = inner;
	watched->seen = seen;
	watched->context = context;
	return &watched->files;
}
