/*
 * The way to loose objects. What is damaged is an error (loose.c), for every
 * reader. They are written to a file without a name, which gets its name when
 * it is whole (open(2), O_TMPFILE; linkat(2)): a program that is killed leaves
 * nothing. Where a file system has no such files, libgit2 writes as it does
 * (into `objects/tmp_object_git2_XXXXXX`), and what a killed program left is
 * taken away once it is old. git's own gc takes them after two weeks.
 */
#define ZLIB_CONST
#include "harness/git/objects.h"

#include "harness/git/private.h"

#include "twins/base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2/sys/odb_backend.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define PRIORITY 100 /* above libgit2's own, which are 1 and 2 */

struct backend {
	git_odb_backend base;
	struct tw_git *git;
	struct tw_buf objects;
};

void tw_git_objects(struct tw_git *git, struct tw_buf *path)
{
	tw_buf_printf(path, "%sobjects/", git_repository_commondir(git->repo));
}

static const char left_behind[] = "tmp_object_git2_";

/* "blob 1234", a NUL and the content, as one zlib stream. */
static bool pack(
	const void *data, size_t n, git_object_t type, struct tw_buf *out)
{
	unsigned char packed[65536];
	char head[64];
	z_stream z = {0};
	int length = snprintf(
		head, sizeof head, "%s %zu", git_object_type2string(type), n);
	struct {
		const void *p;
		size_t n;
	} parts[] = {{head, (size_t)length + 1}, {data, n}};

	if (n > UINT_MAX || deflateInit(&z, Z_BEST_SPEED) != Z_OK)
		return false;
	for (int i = 0; i < 2; i++) {
		z.next_in = parts[i].p;
		z.avail_in = (unsigned)parts[i].n;
		do {
			z.next_out = packed;
			z.avail_out = sizeof packed;
			deflate(&z, i ? Z_FINISH : Z_NO_FLUSH);
			tw_buf_add(out, packed, sizeof packed - z.avail_out);
		} while (!z.avail_out);
	}
	deflateEnd(&z);
	return true;
}

static bool put(int fd, const struct tw_buf *bytes)
{
	size_t done = 0;

	while (done < bytes->n) {
		ssize_t n = write(fd, bytes->p + done, bytes->n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Gives the file its name; somebody else may have had the same object. */
static bool named(int fd, const char *path)
{
	char self[40];

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return !linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ||
	       errno == EEXIST;
}

static bool write_whole(
	struct backend *backend, const git_oid *id, const struct tw_buf *bytes)
{
	bool done = false;
#ifdef O_TMPFILE
	char hex[GIT_OID_HEXSZ + 1];
	struct tw_buf path = {0};
	int fd = open(
		backend->objects.p, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0444);

	git_oid_tostr(hex, sizeof hex, id);
	tw_buf_printf(&path, "%s%.2s", backend->objects.p, hex);
	if (fd >= 0 && put(fd, bytes) &&
		(!mkdir(path.p, 0777) || errno == EEXIST)) {
		tw_buf_printf(&path, "/%s", hex + 2);
		done = named(fd, path.p);
	}
	if (fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	tw_buf_release(&path);
#else
	(void)backend, (void)id, (void)bytes;
#endif
	return done;
}

static int read_object(void **data, size_t *n, git_object_t *type,
	git_odb_backend *base, const git_oid *id)
{
	struct tw_git_loose loose;
	int rc = tw_git_loose(((struct backend *)base)->objects.p, id, &loose);

	if (rc)
		return rc;
	*n = loose.n;
	*type = loose.type;
	*data = git_odb_backend_data_alloc(base, loose.n + 1);
	tw_assert(*data);
	memcpy(*data, tw_buf_text(&loose.whole) + loose.at, loose.n);
	((char *)*data)[loose.n] = '\0';
	tw_buf_release(&loose.whole);
	return 0;
}

static int write_object(git_odb_backend *base, const git_oid *id,
	const void *data, size_t n, git_object_t type)
{
	struct tw_buf bytes = {0};
	struct backend *backend = (struct backend *)base;
	bool done =
		pack(data, n, type, &bytes) && write_whole(backend, id, &bytes);

	/* libgit2 tries its own ways then, and tells of the last of them. */
	if (!done && (errno == ENOSPC || errno == EDQUOT))
		backend->git->full = errno;
	tw_buf_release(&bytes);
	return done ? GIT_OK : GIT_PASSTHROUGH;
}

static void free_backend(git_odb_backend *base)
{
	struct backend *backend = (struct backend *)base;

	tw_buf_release(&backend->objects);
	tw_free(backend);
}

void tw_git_back(struct tw_git *git)
{
	struct backend *backend = tw_calloc(1, sizeof *backend);
	git_odb *odb = NULL;

	git_odb_init_backend(&backend->base, GIT_ODB_BACKEND_VERSION);
	backend->base.read = read_object;
	backend->base.write = write_object;
	backend->base.free = free_backend;
	backend->git = git;
	tw_git_objects(git, &backend->objects);
	if (git_repository_odb(&odb, git->repo) ||
		git_odb_add_backend(odb, &backend->base, PRIORITY))
		free_backend(&backend->base);
	git_odb_free(odb);
}

void tw_git_sweep(struct tw_git *git)
{
	struct tw_buf path = {0};
	struct dirent *entry;
	struct stat st;
	DIR *files;

	tw_git_objects(git, &path);
	files = opendir(path.p);
	while (files && (entry = readdir(files))) {
		size_t mark = path.n;

		if (strncmp(entry->d_name, left_behind, sizeof left_behind - 1))
			continue;
		tw_buf_add_text(&path, entry->d_name);
		if (!lstat(path.p, &st) && S_ISREG(st.st_mode) &&
			time(NULL) - st.st_mtime > TW_GIT_LEFT_STALE)
			unlink(path.p);
		path.n = mark;
		path.p[mark] = '\0';
	}
	if (files)
		closedir(files);
	tw_buf_release(&path);
}
