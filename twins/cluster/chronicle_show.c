/* Saying events, and showing pods, nodes and workloads to a watcher. */
#include "twins/cluster/chronicle_parts.h"

#include "twins/cluster/vpa.h"
#include "twins/cluster/workloads.h"
#include "twins/model/cgroup.h"
#include "twins/world/standing.h"

#include <stdarg.h>
#include <stdio.h>

const char *tw_chronicle_replica_name(
	const struct tw_chronicle *it, uint32_t replica)
{
	return it->world->model->replicas[replica].name;
}

/* Of the pod's main container; a pod of a model alone has none. */
static const struct tw_spec_container *container_of(
	const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_spec_workload *workload =
		it->world->model
			->revisions[it->world->model->replicas[replica]
					    .revision]
			.spec;

	return workload ? tw_main_container(workload) : NULL;
}

const char *tw_chronicle_container_name(
	const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_spec_container *container = container_of(it, replica);

	return container && container->name ? container->name : "main";
}

void tw_chronicle_say(struct tw_chronicle *it, const char *kind,
	const char *object, bool warning, const char *reason,
	const char *format, ...)
{
	struct tw_timeline_event event = {.at = tw_world_now(it->world),
		.last = tw_world_now(it->world),
		.kind = kind,
		.object = object,
		.reason = reason,
		.count = 1,
		.warning = warning};
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	event.message = text;
	if (it->watcher && it->watcher->event)
		it->watcher->event(it->watcher->context, &event);
	tw_timeline_say(&it->world->obs, &event);
}

static const char *status_of(const struct tw_chronicle_pod *pod, bool has_node)
{
	switch ((enum tw_chronicle_phase)pod->phase) {
	case TW_PHASE_PENDING:
		if (pod->state)
			return pod->state;
		return has_node ? "ContainerCreating" : "Pending";
	case TW_PHASE_TERMINATING:
		/* It was evicted. */
		return pod->state ? pod->state : "Terminating";
	case TW_PHASE_COMPLETED:
		return "Completed";
	case TW_PHASE_FAILED:
		return "Error";
	case TW_PHASE_STARTING:
		if (pod->waits)
			return "CrashLoopBackOff";
		if (pod->ended)
			return pod->ended;
		break;
	case TW_PHASE_ABSENT:
	case TW_PHASE_READY:
	case TW_PHASES:
		break;
	}
	return "Running";
}

static uint32_t containers_of(const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_spec_workload *workload =
		it->world->model
			->revisions[it->world->model->replicas[replica]
					    .revision]
			.spec;
	uint32_t n = 0;

	for (size_t i = 0; workload && i < workload->containers.n; i++)
		n += !workload->containers.v[i]->is_init ||
		     workload->containers.v[i]->is_sidecar;
	return n ? n : 1;
}

void tw_chronicle_show_pod(struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_chronicle_pod *pod = &it->pods[replica];
	/* It is told of before it stands there. */
	uint32_t node = pod->node != TW_NONE
				? pod->node
				: it->world->replicas[replica].node;
	struct tw_pod_view view = {
		.name = tw_chronicle_replica_name(it, replica),
		.status = status_of(pod, node != TW_NONE),
		.node = node == TW_NONE ? NULL
					: it->world->model->nodes[node].name,
		.containers = containers_of(it, replica),
		.restarts = pod->restarts,
		.created = pod->created,
		.restarted = pod->restarted};

	if (!it->watcher || !it->watcher->pod)
		return;
	if (pod->phase == TW_PHASE_READY ||
		(pod->said_ready &&
			(pod->phase == TW_PHASE_STARTING ||
				pod->phase == TW_PHASE_TERMINATING)))
		view.ready = view.containers;
	else if (pod->phase == TW_PHASE_STARTING && view.containers > 1)
		view.ready = view.containers - 1;
	it->watcher->pod(it->watcher->context, tw_world_now(it->world), &view);
}

void tw_chronicle_show_node(struct tw_chronicle *it, uint32_t node)
{
	static const char *const statuses[2][2] = {
		{"Ready", "Ready,SchedulingDisabled"},
		{"NotReady", "NotReady,SchedulingDisabled"}};
	struct tw_node_view view = {.name = it->world->model->nodes[node].name,
		.status = statuses[it->nodes[node].lost]
				  [it->nodes[node].cordoned]};

	if (!it->watcher || !it->watcher->node)
		return;
	view.pods = tw_standing_count(it->world, node);
	it->watcher->node(it->watcher->context, tw_world_now(it->world), &view);
}

void tw_chronicle_show_vertical(struct tw_chronicle *it, uint32_t vertical)
{
	struct tw_vertical_view view;

	if (!it->watcher || !it->watcher->vertical)
		return;
	view = tw_vpa_view(it->world, vertical);
	it->watcher->vertical(
		it->watcher->context, tw_world_now(it->world), &view);
}

/* The one that its spec asks for. */
static uint32_t updated_revision(
	const struct tw_chronicle *it, const struct tw_chronicle_row *row)
{
	uint32_t workload = it->world->workloads
				    ? it->world->model->workload_of[row->newest]
				    : TW_NONE;

	return workload == TW_NONE ? row->newest
				   : tw_managed_of(it->world, workload)->now;
}

/* As kubectl does: only where a column has changed. */
static void show_workload(struct tw_chronicle *it, struct tw_chronicle_row *row,
	const char *name, const struct tw_timeline_point *point)
{
	const struct tw_timeline_point *before = row->shown.now;
	struct tw_workload_view view = {.name = name,
		.now = &row->shown_point,
		.kind = row->kind,
		.updated = it->active[updated_revision(it, row)]};

	if (before && before->desired == point->desired &&
		before->ready == point->ready &&
		row->shown.updated == view.updated)
		return;
	row->shown_point = *point;
	row->shown = view;
	it->watcher->workload(it->watcher->context, point->at, &view);
}

void tw_chronicle_show_row(struct tw_chronicle *it, uint32_t at)
{
	struct tw_timeline_row *to = &it->world->obs.timeline.rows.v[at];
	struct tw_chronicle_row *from = &it->rows[at];
	uint32_t workload =
		at == it->nodes_row || !it->world->workloads
			? TW_NONE
			: it->world->model->workload_of[from->newest];
	struct tw_timeline_point point = {.at = tw_world_now(it->world),
		.desired = from->desired,
		.pending = from->pods[TW_PHASE_PENDING],
		.starting = from->pods[TW_PHASE_STARTING],
		.ready = from->pods[TW_PHASE_READY],
		.terminating = from->pods[TW_PHASE_TERMINATING],
		.endpoints = from->endpoints,
		.restarts = from->restarts};

	/* Who is told of it as it changes is told of its size, too. */
	if (workload != TW_NONE)
		point.desired = tw_managed_of(it->world, workload)->wanted;
	tw_timeline_add(to, &point);
	if (it->watcher && it->watcher->workload && at != it->nodes_row)
		show_workload(it, from, to->name, &point);
}
