/* The keys of twin models: gRPC's service configs, as they are. */
#include "harness/config/grpc_config.h"
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

struct grpc {
	const char *caller, *callee;
	struct tw_text file;
	struct tw_yaml *config;
};

void *tw_grpc_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct grpc *it = tw_new(reader->arena, struct grpc);

	(void)base;
	(void)key;
	(void)value;
	it->caller = it->callee = "*";
	return it;
}

static void read_config(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct grpc *it = base;

	(void)reader;
	it->config = node;
}

/* JSON is YAML. */
static struct tw_yaml *read_file(
	struct tw_schema_reader *reader, const struct tw_text *file)
{
	struct tw_yaml_docs docs = {0};
	struct tw_buf text = {0};
	struct tw_error error;

	if (reader->files ? tw_files_read(reader->files, file->v, &text, &error)
			  : tw_fail(&error, TW_E_USAGE, "no files here")) {
		error.pos = file->origin->pos;
		tw_diag_error(reader->diags, &error);
	} else {
		tw_yaml_parse(reader->arena, file->v, tw_buf_text(&text),
			text.n, NULL, reader->diags, &docs);
	}
	tw_buf_release(&text);
	return docs.n ? docs.v[0] : NULL;
}

static void check(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct grpc *it = base;
	struct tw_yaml *config = it->config;
	struct tw_pos pos = it->file.origin ? it->file.origin->pos : node->pos;

	if (it->file.v)
		config = read_file(reader, &it->file);
	if (!config)
		return;
	if (!tw_grpc_config_is(config)) {
		tw_diag(reader->diags, TW_ERROR, pos,
			"no service config of gRPC: it has neither "
			"methodConfig nor loadBalancingConfig");
		return;
	}
	tw_grpc_config_read(&(struct tw_grpc_config){.spec = reader->context,
				    .diags = reader->diags,
				    .source = reader->source,
				    .caller = it->caller,
				    .callee = it->callee,
				    .severity = TW_ERROR},
		config);
}

static const char *const one_of[] = {"config", "file", NULL};

static const struct tw_row rows[] = {
	{.name = "caller",
		.type = TW_ROW_NAME,
		AT(grpc, caller),
		.help = "glob of the services whose clients have it; any if "
			"not given"},
	{.name = "callee",
		.type = TW_ROW_NAME,
		AT(grpc, callee),
		.help = "glob of the services that they call by it; any if not "
			"given"},
	{.name = "config",
		.type = TW_ROW_FREE,
		.read = read_config,
		.help = "the service config itself: methodConfig, "
			"retryThrottling, loadBalancingConfig"},
	{.name = "file",
		.type = TW_ROW_TEXT,
		AT(grpc, file),
		.help = "the file that has it, as JSON"},
	{0},
};

const struct tw_table tw_grpc_table = {
	.name = "grpc",
	.help = "a service config of gRPC",
	.rows = rows,
	.one_of = one_of,
	.check = check,
};
