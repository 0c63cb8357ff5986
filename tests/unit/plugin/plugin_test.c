#include "harness/plugin/plugin.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/twinrig-plugin-XXXXXX";

/* Compiles `text` into NAME.so in the folder; the repository is the working
 * directory of tests. */
static void build(const char *name, const char *text)
{
	const char *cc = getenv("CC");
	char path[128], command[512];
	FILE *file, *compiler;

	snprintf(path, sizeof path, "%s/%s.c", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	snprintf(command, sizeof command,
		"%s -std=c17 -shared -fPIC -fvisibility=hidden -I. "
		"-o %s/%s.so %s",
		cc && *cc ? cc : "cc", folder, name, path);
	compiler = popen(command, "r");
	ck_assert_ptr_nonnull(compiler);
	ck_assert_int_eq(pclose(compiler), 0);
	unlink(path);
}

static void drop(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s.so", folder, name);
	unlink(path);
}

static const char good[] =
	"#include \"plugins/twinrig-plugin.h\"\n"
	"static int probe(const char *p, size_t n, int whole)\n"
	"{ (void)whole; return n > 4 && p[0] == '%' ? 100 : 0; }\n"
	"static int read_it(struct twinrig_source *so,\n"
	"	struct twinrig_sink *si) { (void)so; (void)si; return 0; }\n"
	"static const struct twinrig_capture_reader reader = {\n"
	"	.struct_size = sizeof reader, .name = \"tiny\",\n"
	"	.description = \"a test\", .probe = probe, .read = read_it};\n"
	"TWINRIG_PLUGIN(twinrig_plugin_tiny, .name = \"tiny\",\n"
	"	.description = \"a test\", .capture_reader = &reader);\n";

static const char again[] =
	"#include \"plugins/twinrig-plugin.h\"\n"
	"TWINRIG_PLUGIN(twinrig_plugin_gor, .name = \"gor\",\n"
	"	.description = \"a second one\");\n";

static const char old[] =
	"#include <stddef.h>\n"
	"static const struct { size_t n; unsigned abi; } p = {16, 99};\n"
	"__attribute__((visibility(\"default\")))\n"
	"const void *twinrig_plugin_init(void);\n"
	"const void *twinrig_plugin_init(void) { return &p; }\n";

START_TEST(built_in)
{
	struct tw_plugins plugins;

	tw_plugins_init(&plugins);
	ck_assert_uint_ge(plugins.list.n, 4);
	ck_assert_ptr_nonnull(tw_plugins_reader(&plugins, "gor"));
	ck_assert_ptr_nonnull(tw_plugins_writer(&plugins, "jsonl"));
	ck_assert_ptr_null(tw_plugins_writer(&plugins, "har"));
	ck_assert_ptr_null(tw_plugins_reader(&plugins, "pcap"));
	tw_plugins_release(&plugins);
}
END_TEST

START_TEST(loads_from_a_directory)
{
	const struct twinrig_capture_reader *reader;
	struct tw_plugins plugins;
	struct tw_error error;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	build("tiny", good);
	tw_plugins_init(&plugins);
	ck_assert_int_eq(tw_plugins_load(&plugins, folder, &error), 0);
	reader = tw_plugins_reader(&plugins, "tiny");
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(reader->probe("%tiny", 5, 1), 100);
	tw_plugins_release(&plugins);

	drop("tiny");
	build("again", again);
	tw_plugins_init(&plugins);
	ck_assert_int_eq(tw_plugins_load(&plugins, folder, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "'gor' already"));
	tw_plugins_release(&plugins);

	drop("again");
	build("old", old);
	tw_plugins_init(&plugins);
	ck_assert_int_eq(tw_plugins_load(&plugins, folder, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "ABI"));

	drop("old");
	build("none", "int nothing;\n");
	ck_assert_int_eq(tw_plugins_load(&plugins, folder, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "no plugin of twinrig"));
	tw_plugins_release(&plugins);
	drop("none");
	rmdir(folder);
}
END_TEST

START_TEST(a_directory_that_is_not_there)
{
	struct tw_plugins plugins;
	struct tw_error error;

	tw_plugins_init(&plugins);
	ck_assert_int_eq(
		tw_plugins_load(&plugins, "/nowhere/at/all", &error), -1);
	ck_assert_int_eq(error.code, TW_E_USAGE);
	tw_plugins_release(&plugins);
}
END_TEST

TW_TESTS("plugin/plugin", built_in, loads_from_a_directory,
	a_directory_that_is_not_there)
