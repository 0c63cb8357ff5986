#include "harness/files/files.h"

struct memory {
	struct tw_files files;
	struct tw_arena arena;
	struct tw_map contents; /* path -> struct tw_str * */
};

/* Where `path` is below `dir`: what comes after "dir/"; else NULL. */
static const char *below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (!n)
		return path;
	return !strncmp(dir, path, n) && path[n] == '/' ? path + n + 1 : NULL;
}

static enum tw_file_kind memory_kind(struct tw_files *files, const char *path)
{
	struct memory *memory = (struct memory *)files;

	if (tw_map_get(&memory->contents, path))
		return TW_FILE_REGULAR;
	if (!*path)
		return TW_FILE_DIRECTORY;
	for (size_t i = 0; i < memory->contents.n; i++)
		if (below(path, memory->contents.v[i].key))
			return TW_FILE_DIRECTORY;
	return TW_FILE_NONE;
}

static int memory_read(struct tw_files *files, const char *path,
	struct tw_buf *out, struct tw_error *error)
{
	struct memory *memory = (struct memory *)files;
	struct tw_str *text = tw_map_get(&memory->contents, path);

	if (text) {
		tw_buf_add(out, text->p, text->n);
		return 0;
	}
	if (memory_kind(files, path) == TW_FILE_DIRECTORY)
		return tw_fail(error, TW_E_USAGE,
			"'%s' is a folder, not a file", path);
	return tw_fail(error, TW_E_USAGE, "'%s': no such file", path);
}

static int memory_list(struct tw_files *files, const char *dir,
	struct tw_file_list *out, struct tw_error *error)
{
	struct memory *memory = (struct memory *)files;
	struct tw_map seen;

	if (memory_kind(files, dir) != TW_FILE_DIRECTORY)
		return tw_fail(error, TW_E_USAGE, "'%s': no such folder", dir);
	tw_map_init(&seen, NULL);
	for (size_t i = 0; i < memory->contents.n; i++) {
		const char *name = below(dir, memory->contents.v[i].key);
		size_t n = name ? strcspn(name, "/") : 0;

		if (n && tw_map_put_n(&seen, name, n, memory))
			tw_file_list_add(out, name, n,
				name[n] ? TW_FILE_DIRECTORY : TW_FILE_REGULAR,
				false);
	}
	tw_map_release(&seen);
	return 0;
}

static void memory_free(struct tw_files *files)
{
	struct memory *memory = (struct memory *)files;

	tw_arena_release(&memory->arena);
	tw_free(memory);
}

static const struct tw_files_vtable memory_vtable = {
	.read = memory_read,
	.list = memory_list,
	.kind = memory_kind,
	.free = memory_free,
};

struct tw_files *tw_files_memory_new(void)
{
	struct memory *memory = tw_calloc(1, sizeof *memory);

	memory->files.vtable = &memory_vtable;
	tw_arena_init(&memory->arena);
	tw_map_init(&memory->contents, &memory->arena);
	return &memory->files;
}

void tw_files_memory_add(
	struct tw_files *files, const char *path, const void *p, size_t n)
{
	struct memory *memory = (struct memory *)files;
	struct tw_str *text = tw_new(&memory->arena, struct tw_str);

	text->p = tw_arena_strndup(&memory->arena, p, n);
	text->n = n;
	tw_map_put(&memory->contents, path, text);
}
