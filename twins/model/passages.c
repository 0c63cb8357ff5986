/*
 * What the network does not let through (NetworkPolicies, ports that no pod
 * has), as tables, so that a run only looks it up. Where everything is open
 * there is no table.
 */
#include "twins/model/build.h"
#include "twins/model/reach.h"

/* Who can reach the pods of a revision through a service; NULL: everybody. */
static const uint8_t *row_of(const struct build *b, struct tw_reach_map *map,
	const struct tw_spec_service *service,
	const struct tw_spec_workload *callee)
{
	struct tw_model *model = b->model;
	uint32_t n = model->n_revisions;
	uint8_t *row = tw_new_array(&model->arena, n + 1, uint8_t);
	bool closed = false;

	for (uint32_t from = 0; from <= n; from++) {
		const struct tw_spec_workload *caller =
			from < n ? model->revisions[from].spec : NULL;

		/* Who has no manifest has no labels either. */
		if (from < n && !caller)
			continue;
		row[from] = (uint8_t)tw_reach_judge(
			map, caller, service, NULL, callee)
				    .how;
		closed |= row[from] != TW_REACH_OPEN;
	}
	return closed ? row : NULL;
}

/* The revision that a workload became. */
static uint32_t revision_of(
	const struct tw_model *model, const struct tw_spec_workload *workload)
{
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (model->revisions[r].spec == workload)
			return r;
	return TW_NONE;
}

/* Policies for ports of names that no pod has are rare: most services need
 * no look at all their callers. */
static bool may_be_closed(
	const struct tw_spec *spec, const struct tw_spec_service *service)
{
	bool named = false;

	for (size_t i = 0; i < service->ports.n; i++)
		named |= service->ports.v[i].target_name.v != NULL;
	return spec->netpols.n || named;
}

static void add_service(struct build *b, struct tw_reach_map *map, uint32_t s)
{
	struct tw_model *model = b->model;
	const struct tw_spec_service *service = b->services[s].spec;
	const uint8_t **rows = NULL;

	if (!may_be_closed(b->spec, service))
		return;
	for (size_t i = 0; i < service->workloads.n; i++) {
		uint32_t to = revision_of(model, service->workloads.v[i]);
		const uint8_t *row = to == TW_NONE
					     ? NULL
					     : row_of(b, map, service,
						       service->workloads.v[i]);

		if (!row)
			continue;
		if (!rows)
			rows = tw_new_array(&model->arena, model->n_revisions,
				const uint8_t *);
		rows[to] = row;
	}
	model->services[s].reach = rows;
	model->closed |= rows != NULL;
}

void build_reach(struct build *b)
{
	struct tw_reach_map *map = tw_reach_map_new(b->spec);

	for (uint32_t s = 0; s < b->model->n_services; s++)
		add_service(b, map, s);
	tw_reach_map_free(map);
}
