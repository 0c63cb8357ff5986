#include "harness/files/files.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(struct tw_files *memory, const char *path, const char *text)
{
	tw_files_memory_add(memory, path, text, strlen(text));
}

/* The names, one after the other, with '/' behind folders. */
static const char *joined(const struct tw_file_list *list, struct tw_buf *to)
{
	tw_buf_clear(to);
	for (size_t i = 0; i < list->list.n; i++)
		tw_buf_printf(to, "%s%s%s", i ? " " : "", list->list.v[i].name,
			list->list.v[i].kind == TW_FILE_DIRECTORY ? "/" : "");
	return tw_buf_text(to);
}

static void expect_glob(
	struct tw_files *files, const char *pattern, const char *expected)
{
	struct tw_file_list found = {0};
	struct tw_error error;
	struct tw_buf text = {0};

	ck_assert_int_eq(tw_files_glob(files, pattern, &found, &error), 0);
	ck_assert_str_eq(joined(&found, &text), expected);
	tw_buf_release(&text);
	tw_file_list_release(&found);
}

static void expect_normal(
	const char *dir, const char *path, const char *expected)
{
	struct tw_buf out = {0};
	struct tw_error error;
	int rc = tw_files_normalise(dir, path, &out, &error);

	ck_assert_int_eq(rc, expected ? 0 : -1);
	ck_assert_str_eq(tw_buf_text(&out), expected ? expected : "");
	if (rc)
		ck_assert_ptr_nonnull(strstr(error.message, path));
	tw_buf_release(&out);
}

START_TEST(normalises)
{
	expect_normal(NULL, "./a//b/", "a/b");
	expect_normal("", "a/../b", "b");
	expect_normal("overlays/prod", "../../base/x.yaml", "base/x.yaml");
	expect_normal("a", ".", "a");
	expect_normal("a", "..", "");
	expect_normal(NULL, "...", "...");
}
END_TEST

START_TEST(never_leaves_the_root)
{
	expect_normal(NULL, "..", NULL);
	expect_normal("a", "../../b", NULL);
	expect_normal(NULL, "a/../../b", NULL);
	expect_normal("a", "/etc/passwd", NULL);
}
END_TEST

START_TEST(globs)
{
	struct tw_files *files = tw_files_memory_new();

	put(files, "z.yaml", "");
	put(files, "deploy/b.yaml", "");
	put(files, "deploy/a.yaml", "");
	put(files, "deploy/a.yml", "");
	put(files, "deploy/x/y/c.yaml", "");
	put(files, "deploy/x/.git/c.yaml", "");
	put(files, ".git/config.yaml", "");
	expect_glob(files, "deploy/*.yaml", "deploy/a.yaml deploy/b.yaml");
	expect_glob(files, "./deploy/?.yml", "deploy/a.yml");
	expect_glob(files, "**/*.yaml",
		"deploy/a.yaml deploy/b.yaml deploy/x/y/c.yaml z.yaml");
	expect_glob(files, "**/**/y/**", "deploy/x/y/c.yaml");
	expect_glob(files, "deploy/**/c.yaml", "deploy/x/y/c.yaml");
	expect_glob(files, "*", "deploy/ z.yaml");
	expect_glob(files, "deploy/x", "deploy/x/");
	expect_glob(files, "nothing/*.yaml", "");
	expect_glob(files, "nothing.yaml", "");
	tw_files_free(files);
}
END_TEST

START_TEST(memory_reads)
{
	struct tw_files *files = tw_files_memory_new();
	struct tw_buf out = {0};
	struct tw_error error;

	put(files, "a/b", "old");
	put(files, "a/b", "new");
	ck_assert_int_eq(tw_files_read(files, "a/./b", &out, &error), 0);
	ck_assert_str_eq(tw_buf_text(&out), "new");
	ck_assert_int_eq(tw_files_read(files, "a", &out, &error), -1);
	ck_assert_int_eq(error.code, TW_E_USAGE);
	ck_assert_int_eq(tw_files_read(files, "a/c", &out, &error), -1);
	ck_assert_int_eq(tw_files_kind(files, "a"), TW_FILE_DIRECTORY);
	ck_assert_int_eq(tw_files_kind(files, "a/b"), TW_FILE_REGULAR);
	ck_assert_int_eq(tw_files_kind(files, "../a"), TW_FILE_NONE);
	tw_buf_release(&out);
	tw_files_free(files);
}
END_TEST

static char root[] = "/tmp/twinrig-files-XXXXXX";

static void at_root(const char *path, char to[static 256])
{
	snprintf(to, 256, "%s/%s", root, path);
}

static void make_file(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	at_root(path, full);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void make_link(const char *path, const char *to)
{
	char full[256];

	at_root(path, full);
	ck_assert_int_eq(symlink(to, full), 0);
}

static void make_folder(const char *path)
{
	char full[256];

	at_root(path, full);
	ck_assert_int_eq(mkdir(full, 0700), 0);
}

/* Made and removed by the test itself: nothing is left behind. */
static void remove_tree(void)
{
	static const char *const files[] = {"in/a.yaml", "in/out", "in/self",
		"in/gone", "in/pipe", "in/link.yaml", "in/dir", "secret"};
	char full[256];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		at_root(files[i], full);
		unlink(full);
	}
	at_root("in/sub", full);
	rmdir(full);
	at_root("in", full);
	rmdir(full);
	rmdir(root);
}

static struct tw_files *make_tree(void)
{
	struct tw_error error;
	char full[256];

	ck_assert_ptr_nonnull(mkdtemp(root));
	make_folder("in");
	make_folder("in/sub");
	make_file("in/a.yaml", "text");
	make_file("secret", "secret");
	make_link("in/out", "../secret");
	make_link("in/gone", "nowhere");
	make_link("in/self", "self");
	make_link("in/dir", ".");
	make_link("in/link.yaml", "./sub/../a.yaml");
	at_root("in/pipe", full);
	ck_assert_int_eq(mkfifo(full, 0600), 0);
	at_root("in", full);
	return tw_files_directory_new(full, &error);
}

static void expect_refused(
	struct tw_files *files, const char *path, const char *why)
{
	struct tw_buf out = {0};
	struct tw_error error = {0};

	ck_assert_int_eq(tw_files_read(files, path, &out, &error), -1);
	ck_assert_msg(strstr(error.message, why), "%s", error.message);
	ck_assert_uint_eq(out.n, 0);
	tw_buf_release(&out);
}

START_TEST(directory_reads)
{
	struct tw_files *files = make_tree();
	struct tw_buf out = {0};
	struct tw_error error;

	ck_assert_ptr_nonnull(files);
	ck_assert_int_eq(tw_files_read(files, "link.yaml", &out, &error), 0);
	ck_assert_str_eq(tw_buf_text(&out), "text");
	expect_refused(files, "out", "leads out");
	expect_refused(files, "../secret", "leads out");
	expect_refused(files, "gone", "no such file");
	expect_refused(files, "self", "self");
	expect_refused(files, "sub", "is a folder");
	expect_refused(files, "pipe", "not a plain file");
	expect_glob(files, "**/*.yaml", "a.yaml link.yaml");
	expect_glob(files, "dir/a.yaml", "dir/a.yaml");
	expect_glob(
		files, "*", "a.yaml dir/ gone link.yaml out pipe self sub/");
	tw_buf_release(&out);
	tw_files_free(files);
	remove_tree();
}
END_TEST

START_TEST(directory_must_be_one)
{
	struct tw_error error = {0};

	ck_assert_ptr_null(tw_files_directory_new("/nowhere/at/all", &error));
	ck_assert_int_eq(error.code, TW_E_USAGE);
	ck_assert_ptr_null(tw_files_directory_new("/dev/null", &error));
	ck_assert_int_eq(error.code, TW_E_USAGE);
}
END_TEST

TW_TESTS("files", normalises, never_leaves_the_root, globs, memory_reads,
	directory_reads, directory_must_be_one)
