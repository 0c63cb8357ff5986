/*
 * Files, as configuration and manifests see them: a read-only tree that may
 * be the working tree, a commit in git's object database, or memory. No
 * reader opens a file itself.
 *
 * Paths are relative to the tree's root, with '/' between names; the root is
 * "". The functions here take any spelling ("./a//b", "a/../b"), normalise it
 * and refuse what leaves the root (absolute paths, too many "..") before an
 * implementation sees it; so an implementation gets normalised paths only.
 *
 * Whatever order the disk has, lists and globs are sorted by bytes. `.git` is
 * never listed.
 *
 * Errors: TW_E_USAGE where the path is at fault (leaves the root, is not
 * there, is a directory), TW_E_RUN where the world is (permission, I/O).
 */
#ifndef TW_HARNESS_FILES_H
#define TW_HARNESS_FILES_H

#include "twins/base/error.h"
#include "twins/base/text.h"
#include "twins/base/vector.h"

#define TW_FILE_MAX ((size_t)64 << 20) /* bytes of one file */

enum tw_file_kind {
	TW_FILE_NONE,	   /* there is nothing */
	TW_FILE_REGULAR,   /* also a link to one below the root */
	TW_FILE_DIRECTORY, /* also a link to one below the root */
	TW_FILE_OTHER,	   /* a device, or a link that leads nowhere or out */
};

struct tw_file_entry {
	char *name; /* tw_files_list: a name; tw_files_glob: a whole path */
	enum tw_file_kind kind;
	bool link; /* a symbolic link: `**` does not go through it */
};

struct tw_file_list {
	TW_VEC(struct tw_file_entry) list;
};

void tw_file_list_add(struct tw_file_list *list, const char *name, size_t n,
	enum tw_file_kind kind, bool link);
void tw_file_list_sort(struct tw_file_list *list);
void tw_file_list_release(struct tw_file_list *list);

struct tw_files;

struct tw_files_vtable {
	/* Appends the content to `out`; more than TW_FILE_MAX is an error. */
	int (*read)(struct tw_files *files, const char *path,
		struct tw_buf *out, struct tw_error *error);
	/* Adds the entries of a directory, in any order, `.git` included. */
	int (*list)(struct tw_files *files, const char *dir,
		struct tw_file_list *out, struct tw_error *error);
	/* What is not there is TW_FILE_NONE, not an error. */
	enum tw_file_kind (*kind)(struct tw_files *files, const char *path);
	void (*free)(struct tw_files *files);
};

/* An implementation embeds it as its first member. */
struct tw_files {
	const struct tw_files_vtable *vtable;
};

int tw_files_read(struct tw_files *files, const char *path, struct tw_buf *out,
	struct tw_error *error);
/* Appends to `out`, sorted. */
int tw_files_list(struct tw_files *files, const char *dir,
	struct tw_file_list *out, struct tw_error *error);
/* A path that leaves the root is TW_FILE_NONE too. */
enum tw_file_kind tw_files_kind(struct tw_files *files, const char *path);
void tw_files_free(struct tw_files *files); /* NULL is fine */

/*
 * Files and directories that match, sorted; none is not an error. Within a
 * name `*` is any run and `?` any byte; a name that is `**` is any number of
 * directories, none included ("deploy/ **" without the blank: all below
 * deploy). A pattern without any of these names one entry.
 */
int tw_files_glob(struct tw_files *files, const char *pattern,
	struct tw_file_list *out, struct tw_error *error);

/*
 * Appends `path`, seen from directory `dir` (of the root; "" or NULL: the
 * root), in its normal form: ("overlays/prod", "../../base/x.yaml") is
 * "base/x.yaml".
 */
int tw_files_normalise(const char *dir, const char *path, struct tw_buf *out,
	struct tw_error *error);

/*
 * A directory on the disk. Links are followed as long as they stay below the
 * root. NULL and an error where it is no directory.
 */
struct tw_files *tw_files_directory_new(
	const char *root, struct tw_error *error);

/* Files in memory: what a render command wrote, and tests. Starts empty. */
struct tw_files *tw_files_memory_new(void);
/* Copies; replaces a file that was there. The path must be a normal one. */
void tw_files_memory_add(
	struct tw_files *memory, const char *path, const void *p, size_t n);

/*
 * The same files as `inner`, which it owns from now on; each time one is read
 * its normal path and content are told. What was read determines what was made
 * of it: harness/baseline names results by it.
 */
typedef void tw_files_seen(
	void *context, const char *path, const char *p, size_t n);
struct tw_files *tw_files_watched_new(
	struct tw_files *inner, tw_files_seen *seen, void *context);

#endif
