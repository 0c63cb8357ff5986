/* The groups of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static const struct tw_row topology_rows[] = {
	{.name = "manifests",
		.type = TW_ROW_TEXTS,
		AT(tw_config_topology, manifests),
		.help = "what is deployed: files, globs and folders "
			"(kustomize) of Kubernetes and Compose manifests"},
	{.name = "render",
		.type = TW_ROW_COMMAND,
		AT(tw_config_topology, render),
		.help = "a command that writes manifests to its output, run "
			"on the tree of either side"},
	{.name = "models",
		.type = TW_ROW_TEXTS,
		AT(tw_config_topology, models),
		.help = "twin models: what manifests do not say"},
	{0},
};

static const struct tw_table topology = {
	.name = "topology",
	.help = "the system",
	.rows = topology_rows,
};

static void check_file(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config *config = base;
	struct tw_map names;

	(void)node;
	tw_map_init(&names, NULL);
	for (size_t i = 0; i < config->scenarios.n; i++) {
		const struct tw_text *name = &config->scenarios.v[i]->name;

		if (name->v && !tw_map_put(&names, name->v, reader))
			tw_diag(reader->diags, TW_ERROR, name->origin->pos,
				"a second scenario named '%s'", name->v);
	}
	tw_map_release(&names);
}

static const struct tw_row file_rows[] = {
	{.name = "version",
		.type = TW_ROW_INT,
		AT(tw_config, version),
		.required = true,
		.min = 1,
		.max = 1,
		.help = "of this format: 1"},
	{.name = "topology",
		.type = TW_ROW_GROUP,
		AT(tw_config, topology),
		.table = &topology,
		.help = "the system"},
	{.name = "traffic",
		.type = TW_ROW_GROUP,
		AT(tw_config, traffic),
		.table = &tw_traffic_table,
		.help = "the requests that are replayed"},
	{.name = "scenarios",
		.type = TW_ROW_LIST,
		.table = &tw_scenario_table,
		.add = tw_config_scenario_add,
		.help = "what happens meanwhile; one steady run if not given"},
	{.name = "candidate",
		.type = TW_ROW_GROUP,
		AT(tw_config, candidate),
		.table = &tw_candidate_table,
		.help = "what is judged; the working tree if empty"},
	{.name = "baseline",
		.type = TW_ROW_GROUP,
		AT(tw_config, baseline),
		.table = &tw_baseline_table,
		.help = "what it is compared with"},
	{.name = "gate",
		.type = TW_ROW_GROUP,
		AT(tw_config, gate),
		.table = &tw_gate_table,
		.help = "how it is judged"},
	{0},
};

const struct tw_table tw_config_table = {
	.name = "twinrig.yaml",
	.help = "twinrig.yaml",
	.rows = file_rows,
	.check = check_file,
};
