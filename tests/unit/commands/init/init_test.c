#include "tests/unit/manifests/side.h"

#include "harness/commands/init/system.h"
#include "harness/config/config.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char shop[] = SERVICE("web", "web") SERVICE("cart", "cart")
	SERVICE("lonely", "lonely") DEPLOYMENT("web", "web", "2",
		"        env: [{name: A, value: 'cart:80'}]\n")
		DEPLOYMENT("cart", "cart", "1", "")
			DEPLOYMENT("lonely", "lonely", "1", "");

static const char access_log[] =
	"10.0.0.1 - - [01/Jun/2026:12:00:01 +0000] \"GET /product/17 "
	"HTTP/1.1\" 200 5 \"-\" \"-\" 0.040\n"
	"10.0.0.1 - - [01/Jun/2026:12:00:02 +0000] \"GET /product/18 "
	"HTTP/1.1\" 200 5 \"-\" \"-\" 0.040\n";

struct place {
	char root[64];
	struct tw_diags diags;
	struct tw_buf told, said;
};

static void put(struct place *p, const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", p->root, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void begin(struct place *p)
{
	char path[200];

	*p = (struct place){.root = "/tmp/twinrig-init-XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(p->root));
	snprintf(path, sizeof path, "%s/k8s", p->root);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	put(p, "k8s/all.yaml", shop);
	put(p, "access.log", access_log);
}

static int init(struct place *p, const char *capture, bool force)
{
	struct tw_init it = {
		.directory = p->root, .capture = capture, .force = force};
	int status;

	tw_buf_clear(&p->told);
	tw_buf_clear(&p->said);
	tw_diags_init(&p->diags);
	status = tw_init_system(&it, &p->diags, &p->told);
	for (size_t i = 0; i < p->diags.list.n; i++)
		tw_diag_print(&p->diags, p->diags.list.v[i], false, &p->said);
	tw_diags_release(&p->diags);
	return status;
}

static int drop(
	const char *path, const struct stat *s, int kind, struct FTW *walk)
{
	(void)s;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void end(struct place *p)
{
	nftw(p->root, drop, 8, FTW_DEPTH | FTW_PHYS);
	tw_buf_release(&p->told);
	tw_buf_release(&p->said);
}

/* What was written can be read, and found again. */
static void read_back(struct place *p)
{
	struct tw_error error;
	struct tw_files *files = tw_files_directory_new(p->root, &error);
	struct tw_spec *spec = tw_spec_new();
	struct tw_config config;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_config_init(&config);
	ck_assert_int_eq(
		tw_config_read(&config, files, "twinrig.yaml", &diags), 0);
	ck_assert_uint_eq(config.topology.manifests.n, 1);
	ck_assert_str_eq(config.topology.manifests.v[0].v, "k8s");
	ck_assert_int_eq(tw_config_read_models(
				 &config.topology.models, files, spec, &diags),
		0);
	ck_assert_uint_eq(spec->services.n, 3);
	tw_config_release(&config);
	tw_diags_release(&diags);
	tw_spec_free(spec);
	tw_files_free(files);
}

START_TEST(finds_drafts_and_writes)
{
	struct place p;

	begin(&p);
	ck_assert_msg(!init(&p, NULL, false), "%s", tw_buf_text(&p.said));
	ck_assert_msg(
		strstr(p.told.p, "reach 2 of 3 services"), "%s", p.told.p);
	ck_assert_ptr_nonnull(strstr(p.told.p, "out of reach: default/lonely"));
	read_back(&p);
	end(&p);
}
END_TEST

START_TEST(overwrites_only_by_force)
{
	struct place p;

	begin(&p);
	ck_assert_int_eq(init(&p, NULL, false), 0);
	ck_assert_int_eq(init(&p, NULL, false), -1);
	ck_assert_ptr_nonnull(strstr(p.said.p, "--force"));
	ck_assert_int_eq(init(&p, NULL, true), 0);
	end(&p);
}
END_TEST

START_TEST(scales_to_a_log)
{
	struct place p;

	begin(&p);
	ck_assert_msg(
		!init(&p, "access.log", false), "%s", tw_buf_text(&p.said));
	ck_assert_msg(
		strstr(p.told.p, "2 requests of 1 kinds"), "%s", p.told.p);
	ck_assert_msg(strstr(p.told.p, "(logged: 40ms)"), "%s", p.told.p);
	read_back(&p);
	ck_assert_int_eq(init(&p, "nowhere.log", true), -1);
	end(&p);
}
END_TEST

START_TEST(nothing_is_here)
{
	struct place p;

	begin(&p);
	put(&p, "k8s/all.yaml", "a: b\n");
	ck_assert_int_eq(init(&p, NULL, false), -1);
	ck_assert_ptr_nonnull(strstr(p.said.p, "no manifests were found"));
	end(&p);
}
END_TEST

TW_TESTS("commands/init/init", finds_drafts_and_writes,
	overwrites_only_by_force, scales_to_a_log, nothing_is_here)
