/*
 * The working tree. realpath(3) tells where a path leads once all links are
 * followed; what is not below the root is refused. The file is opened by its
 * real path without following another link, and without waiting where it is
 * a pipe.
 */
#include "harness/files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct directory {
	struct tw_files files;
	char *root; /* real, without a '/' at its end: "" is the disk's root */
};

static struct tw_buf full_path(struct tw_files *files, const char *path)
{
	struct directory *dir = (struct directory *)files;
	struct tw_buf full = {0};

	tw_buf_add_text(&full, dir->root);
	if (*path || !full.n)
		tw_buf_add_char(&full, '/');
	tw_buf_add_text(&full, path);
	return full;
}

static bool is_below(const char *root, const char *path)
{
	size_t n = strlen(root);

	return !strncmp(root, path, n) && (!path[n] || path[n] == '/');
}

enum where { FOUND, MISSING, OUTSIDE, UNREADABLE };

/* The real path of `path`; *why is an errno for UNREADABLE. */
static enum where resolve(struct tw_files *files, const char *path,
	char real[static PATH_MAX], int *why)
{
	struct directory *dir = (struct directory *)files;
	struct tw_buf full = full_path(files, path);
	bool found = realpath(full.p, real);

	*why = errno;
	tw_buf_release(&full);
	if (found)
		return is_below(dir->root, real) ? FOUND : OUTSIDE;
	return *why == ENOENT || *why == ENOTDIR ? MISSING : UNREADABLE;
}

static int resolve_or_fail(struct tw_files *files, const char *path,
	char real[static PATH_MAX], struct tw_error *error)
{
	int why;

	switch (resolve(files, path, real, &why)) {
	case FOUND:
		return 0;
	case MISSING:
		return tw_fail(error, TW_E_USAGE, "'%s': no such file", path);
	case OUTSIDE:
		return tw_fail(error, TW_E_USAGE,
			"'%s' is a link that leads out of the tree that is "
			"read",
			path);
	case UNREADABLE:
		break;
	}
	return tw_fail(error, TW_E_RUN, "'%s': %s", path, strerror(why));
}

static enum tw_file_kind kind_of(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return TW_FILE_REGULAR;
	return S_ISDIR(st->st_mode) ? TW_FILE_DIRECTORY : TW_FILE_OTHER;
}

static enum tw_file_kind directory_kind(
	struct tw_files *files, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	int why;

	switch (resolve(files, path, real, &why)) {
	case FOUND:
		return stat(real, &st) ? TW_FILE_NONE : kind_of(&st);
	case MISSING:
		return TW_FILE_NONE;
	default:
		return TW_FILE_OTHER;
	}
}

static int too_large(const char *path, struct tw_error *error)
{
	return tw_fail(error, TW_E_USAGE,
		"'%s' is larger than %zu MiB, the limit for one file", path,
		TW_FILE_MAX >> 20);
}

/* The size that fstat(2) tells is a hint: a file may grow meanwhile. */
static int read_all(
	int fd, const char *path, struct tw_buf *out, struct tw_error *error)
{
	size_t from = out->n;
	char chunk[1 << 16];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tw_fail(error, TW_E_RUN, "'%s': %s", path,
				strerror(errno));
		if (!n)
			return 0;
		if (out->n - from + (size_t)n > TW_FILE_MAX)
			return too_large(path, error);
		tw_buf_add(out, chunk, (size_t)n);
	}
}

static int read_open(
	int fd, const char *path, struct tw_buf *out, struct tw_error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return tw_fail(
			error, TW_E_RUN, "'%s': %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return tw_fail(error, TW_E_USAGE,
			"'%s' is a folder, not a file", path);
	if (!S_ISREG(st.st_mode))
		return tw_fail(
			error, TW_E_USAGE, "'%s' is not a plain file", path);
	if (st.st_size > (off_t)TW_FILE_MAX)
		return too_large(path, error);
	return read_all(fd, path, out, error);
}

static int directory_read(struct tw_files *files, const char *path,
	struct tw_buf *out, struct tw_error *error)
{
	char real[PATH_MAX];
	int fd, rc;

	if (resolve_or_fail(files, path, real, error))
		return -1;
	fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return tw_fail(
			error, TW_E_RUN, "'%s': %s", path, strerror(errno));
	rc = read_open(fd, path, out, error);
	close(fd);
	return rc;
}

static void add_entry(struct tw_files *files, int fd, const char *dir,
	const char *name, struct tw_file_list *out)
{
	enum tw_file_kind kind = TW_FILE_OTHER;
	struct stat st;
	bool link;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return; /* went away meanwhile */
	link = S_ISLNK(st.st_mode);
	if (link) {
		struct tw_buf path = {0};

		tw_buf_printf(&path, "%s%s%s", dir, *dir ? "/" : "", name);
		kind = directory_kind(files, path.p);
		if (kind == TW_FILE_NONE)
			kind = TW_FILE_OTHER;
		tw_buf_release(&path);
	} else {
		kind = kind_of(&st);
	}
	tw_file_list_add(out, name, strlen(name), kind, link);
}

static int directory_list(struct tw_files *files, const char *path,
	struct tw_file_list *out, struct tw_error *error)
{
	char real[PATH_MAX];
	DIR *stream;

	if (resolve_or_fail(files, path, real, error))
		return -1;
	stream = opendir(real);
	if (!stream)
		return tw_fail(error, errno == ENOTDIR ? TW_E_USAGE : TW_E_RUN,
			"'%s': %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(stream));)
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			add_entry(
				files, dirfd(stream), path, entry->d_name, out);
	closedir(stream);
	return 0;
}

static void directory_free(struct tw_files *files)
{
	struct directory *dir = (struct directory *)files;

	tw_free(dir->root);
	tw_free(dir);
}

static const struct tw_files_vtable directory_vtable = {
	.read = directory_read,
	.list = directory_list,
	.kind = directory_kind,
	.free = directory_free,
};

struct tw_files *tw_files_directory_new(
	const char *root, struct tw_error *error)
{
	struct directory *dir;
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(root, real) || stat(real, &st)) {
		tw_fail(error, errno == ENOENT ? TW_E_USAGE : TW_E_RUN,
			"'%s': %s", root, strerror(errno));
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		tw_fail(error, TW_E_USAGE, "'%s' is not a folder", root);
		return NULL;
	}
	dir = tw_calloc(1, sizeof *dir);
	dir->files.vtable = &directory_vtable;
	dir->root = tw_strdup(strcmp(real, "/") ? real : "");
	return &dir->files;
}
