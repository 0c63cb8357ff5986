/* The keys under `candidate` and `baseline` of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static void read_env(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_side *side = base;

	tw_yaml_use_all(node);
	if (node->kind != TW_YAML_MAPPING) {
		tw_schema_expected(
			reader, "env", "a mapping of names to values", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (tw_yaml_text(pair->key) && tw_yaml_text(pair->value))
			tw_vec_push_in(reader->arena, &side->env,
				((struct tw_label){
					pair->key->value, pair->value->value}));
		else
			tw_schema_expected(reader, "env", "one value",
				tw_yaml_text(pair->key) ? pair->value
							: pair->key);
	}
}

static void check_side(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	struct tw_config_side *side = base;

	side->pos = node->pos;
	if (side->process.n && !side->service.v)
		tw_diag(reader->diags, TW_ERROR, side->process.v[0].origin->pos,
			"'process' needs 'service': which one it is");
	if (side->ref.v && side->directory.v)
		tw_diag(reader->diags, TW_ERROR, side->directory.origin->pos,
			"'ref' and 'directory' exclude each other");
	if (side->stored.v &&
		(side->ref.v || side->directory.v || side->manifests.n ||
			side->models.n || side->process.n))
		tw_diag(reader->diags, TW_ERROR, side->stored.origin->pos,
			"'stored' brings its own files: it excludes 'ref', "
			"'directory', 'manifests', 'models' and 'process'");
}

/* `store` is on unless it is switched off. */
static void read_store(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	static const struct tw_row flag = {
		.name = "store", .type = TW_ROW_FLAG};
	struct tw_config_side *side = base;
	bool store = true;

	tw_schema_value(reader, &flag, &store, node);
	side->no_store = !store;
}

static void check_candidate(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_side *side = base;

	if (side->ref.v)
		tw_diag(reader->diags, TW_ERROR, side->ref.origin->pos,
			"'ref' is for the baseline alone");
	if (side->stored.v)
		tw_diag(reader->diags, TW_ERROR, side->stored.origin->pos,
			"'stored' is for the baseline alone");
	if (side->no_store)
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"'store' is for the baseline alone");
	check_side(reader, base, node);
}

static const struct tw_row side_rows[] = {
	{.name = "ref",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, ref),
		.otherwise = "merge-base",
		.help = "baseline: a commit; `merge-base`: with the target "
			"branch"},
	{.name = "directory",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, directory),
		.help = "another tree of files"},
	{.name = "stored",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, stored),
		.help = "baseline: a stored gate: a name that `twinrig "
			"baseline accept` gave, an id or a ref"},
	{.name = "store",
		.type = TW_ROW_FREE,
		.read = read_store,
		.free_type = "boolean",
		.otherwise = "true",
		.help = "baseline: whether gates are stored in git, below "
			"refs/twinrig"},
	{.name = "manifests",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, manifests),
		.help = "instead of the topology's"},
	{.name = "models",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, models),
		.help = "instead of the topology's"},
	{.name = "process",
		.type = TW_ROW_COMMAND,
		AT(tw_config_side, process),
		.help = "a real build that runs inside the twin: its command"},
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, service),
		.help = "the service that `process` is"},
	{.name = "env",
		.type = TW_ROW_FREE,
		.read = read_env,
		.help = "environment of `process`, beside its manifest's"},
	{.name = "ready",
		.type = TW_ROW_DURATION,
		AT(tw_config_side, ready),
		.otherwise = "30s",
		.min = 1e6,
		.help = "how long `process` may take to be ready"},
	{.name = "ignore",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, ignore),
		.help = "paths of answers that are not compared, such as "
			"`items[*].id`"},
	{0},
};

const struct tw_table tw_candidate_table = {
	.name = "candidate",
	.help = "what is judged; the working tree if empty",
	.rows = side_rows,
	.check = check_candidate,
};

const struct tw_table tw_baseline_table = {
	.name = "baseline",
	.help = "what it is compared with",
	.rows = side_rows,
	.as_text = "ref",
	.check = check_side,
};
