#include "twins/cluster/chronicle_parts.h"

#include "twins/cluster/workloads.h"

static void on_tap(void *context, const struct tw_tap_event *event)
{
	struct tw_chronicle *it = context;

	if (event->kind == TW_TAP_SCALER)
		tw_chronicle_say(it, event->object_kind, event->object,
			event->warning, event->reason, "%s", event->cause);
	else if (event->kind == TW_TAP_RECOMMENDED)
		tw_chronicle_show_vertical(it, (uint32_t)event->status);
	else if (event->replica == TW_NONE && event->node)
		tw_chronicle_about_node(it, event);
	else if (event->workload)
		tw_chronicle_about_job(it, event);
	else if (event->replica != TW_NONE && event->endpoint == TW_NONE)
		tw_chronicle_about_pod(it, event);
}

/* ---- the beginning -------------------------------------------------- */

/* A workload that is rolled out is one, whatever its revisions are called. */
static const char *workload_of(const struct tw_revision *revision)
{
	const struct tw_spec_workload *spec = revision->spec;

	if (spec && spec->replaces)
		return spec->replaces->key;
	return spec ? spec->key : revision->name;
}

static uint32_t add_row(struct tw_chronicle *it, const char *name)
{
	struct tw_observation *obs = &it->world->obs;
	struct tw_timeline_row row = {.name = tw_observation_name(obs, name)};

	for (size_t i = 0; i < obs->timeline.rows.n; i++)
		if (obs->timeline.rows.v[i].name == row.name)
			return (uint32_t)i;
	tw_vec_push(&obs->timeline.rows, row);
	return (uint32_t)obs->timeline.rows.n - 1;
}

static bool is_outside(const struct tw_model *model, uint32_t revision)
{
	uint32_t service = model->revisions[revision].service;

	return service != TW_NONE && model->services[service].external;
}

static void add_pod(struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_world_replica *now = &it->world->replicas[replica];
	const struct tw_model *model = it->world->model;
	const struct tw_revision *revision =
		&model->revisions[model->replicas[replica].revision];
	struct tw_chronicle_pod *pod = &it->pods[replica];
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	pod->restarted = TW_NEVER;
	pod->node = TW_NONE;
	pod->told = -1;
	if (!row || model->replicas[replica].ordinal >= revision->initial)
		return;
	pod->phase = now->node == TW_NONE ? TW_PHASE_PENDING
		     : now->ready	  ? TW_PHASE_READY
					  : TW_PHASE_STARTING;
	pod->listed = now->listed;
	row->pods[pod->phase]++;
	row->desired++;
	row->endpoints += pod->listed;
	it->active[model->replicas[replica].revision]++;
}

/* The newest is the one that replaces another. */
static void add_revision(struct tw_chronicle_row *row,
	const struct tw_revision *revision, uint32_t at)
{
	const struct tw_spec_workload *spec = revision->spec;

	if (row->kind && (!spec || !spec->replaces))
		return;
	row->kind = spec ? spec->kind : "Deployment";
	row->newest = at;
}

static void add_rows(struct tw_chronicle *it)
{
	const struct tw_model *model = it->world->model;
	uint32_t n;

	for (uint32_t r = 0; r < model->n_revisions; r++)
		it->row_of[r] =
			is_outside(model, r)
				? TW_NONE
				: add_row(it,
					  workload_of(&model->revisions[r]));
	it->nodes_row = add_row(it, TW_TIMELINE_NODES);
	n = (uint32_t)it->world->obs.timeline.rows.n;
	it->rows = tw_new_array(&it->world->arena, n, struct tw_chronicle_row);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (it->row_of[r] != TW_NONE)
			add_revision(&it->rows[it->row_of[r]],
				&model->revisions[r], r);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		add_pod(it, r);
	for (uint32_t i = 0; i < model->n_nodes; i++) {
		it->rows[it->nodes_row].desired += !model->nodes[i].spare;
		it->rows[it->nodes_row].pods[TW_PHASE_READY] +=
			!it->world->node_down[i] && !model->nodes[i].spare;
	}
}

void tw_chronicle_init(struct tw_world *world, const struct tw_watcher *watcher)
{
	const struct tw_model *model = world->model;
	struct tw_chronicle *it = tw_new(&world->arena, struct tw_chronicle);

	*it = (struct tw_chronicle){.tap = {on_tap, it},
		.world = world,
		.watcher = watcher,
		.pods = tw_new_array(&world->arena, model->n_replicas,
			struct tw_chronicle_pod),
		.nodes = tw_new_array(&world->arena, model->n_nodes,
			struct tw_chronicle_node),
		.row_of = tw_new_array(
			&world->arena, model->n_revisions, uint32_t),
		.active = tw_new_array(
			&world->arena, model->n_revisions, uint32_t)};
	world->chronicle = &it->tap;
	add_rows(it);
	for (uint32_t i = 0; i < world->obs.timeline.rows.n; i++)
		tw_chronicle_show_row(it, i);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (it->pods[r].phase != TW_PHASE_ABSENT)
			tw_chronicle_show_pod(it, r);
	for (uint32_t n = 0; n < model->n_nodes; n++)
		tw_chronicle_show_node(it, n);
	for (uint32_t v = 0; v < model->n_verticals; v++)
		tw_chronicle_show_vertical(it, v);
}
