#include "twins/cluster/workloads.h"

#include "twins/cluster/drain.h"
#include "twins/cluster/images.h"
#include "twins/cluster/kubelet.h"
#include "twins/cluster/nodes.h"
#include "twins/cluster/rollouts.h"
#include "twins/cluster/volumes.h"

#include <string.h>

static const struct tw_controller *const controllers[] = {
	&tw_deployments,
	&tw_statefulsets,
	&tw_daemonsets,
	&tw_jobs,
	&tw_cronjobs,
	NULL,
};

static const struct tw_controller *controller_of(const char *kind)
{
	for (size_t i = 0; controllers[i]; i++)
		if (!strcmp(controllers[i]->kind, kind))
			return controllers[i];
	return NULL;
}

/* ---- what is counted ------------------------------------------------ */

static void add(struct tw_pod_counts *to, const struct tw_pod_counts *more)
{
	to->pending += more->pending;
	to->running += more->running;
	to->ready += more->ready;
	to->available += more->available;
	to->lost += more->lost;
	to->stopping += more->stopping;
	to->succeeded += more->succeeded;
	to->failed += more->failed;
}

struct tw_pod_counts tw_workload_counts(
	const struct tw_world *world, uint32_t workload)
{
	const struct tw_workload *model = &world->model->workloads[workload];
	struct tw_pod_counts counts = {0};

	for (uint32_t i = 0; i < model->n_revisions; i++)
		add(&counts, tw_pods_counts(world, model->revisions[i]));
	return counts;
}

/* What it lacks of the pods that it should have. */
static uint32_t lacking(const struct tw_world *world, uint32_t workload)
{
	struct tw_pod_counts counts = tw_workload_counts(world, workload);
	uint32_t available = counts.available - counts.lost;
	uint32_t wanted = tw_managed_of(world, workload)->wanted;

	return wanted > available ? wanted - available : 0;
}

static void recount(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	uint32_t lacks = lacking(world, workload);
	struct tw_world_service *service;

	if (it->model->service == TW_NONE || lacks == it->unavailable)
		return;
	service = &world->services[it->model->service];
	tw_world_touch(world, service);
	service->unavailable += lacks - it->unavailable;
	if (service->unavailable > service->worst_unavailable)
		service->worst_unavailable = service->unavailable;
	it->unavailable = lacks;
}

/* ---- who is told ---------------------------------------------------- */

static void mark(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	if (it->dirty)
		return;
	it->dirty = true;
	tw_vec_push(&world->workloads->dirty, workload);
}

void tw_workload_changed(struct tw_world *world, uint32_t revision)
{
	mark(world, world->model->workload_of[revision]);
}

void tw_workload_want(struct tw_world *world, uint32_t workload, uint32_t n)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	if (it->model->service != TW_NONE) {
		struct tw_world_service *service =
			&world->services[it->model->service];

		tw_world_touch(world, service);
		service->replicas += n - it->wanted;
	}
	if (n != it->wanted)
		tw_world_tap(world, .kind = TW_TAP_SIZED,
			.service = it->model->service, .endpoint = TW_NONE,
			.caller = TW_NONE,
			.replica = world->model->revisions[it->model->revision]
					   .first_replica,
			.status = (int)n);
	it->wanted = n;
	mark(world, workload);
}

void tw_workload_touch(struct tw_world *world, uint32_t workload)
{
	mark(world, workload);
}

bool tw_workload_has_size(const struct tw_model *model, uint32_t workload)
{
	const struct tw_controller *it =
		controller_of(model->workloads[workload].kind);

	return it && it->scaled;
}

bool tw_workload_scale(struct tw_world *world, uint32_t workload, uint32_t n)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	if (!it->controller || !it->controller->scaled)
		return false;
	if (n == it->wanted)
		return true;
	tw_workload_want(world, workload, n);
	it->controller->scaled(world, workload);
	return true;
}

void tw_workload_wake(
	struct tw_world *world, uint32_t workload, tw_time at, uint32_t what)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_WORKLOAD,
		workload, what);
}

/* In the order in which they changed. */
void tw_workloads_settle(struct tw_world *world)
{
	struct tw_workloads *all = world->workloads;

	do {
		for (size_t i = 0; i < all->dirty.n; i++) {
			uint32_t workload = all->dirty.v[i];
			struct tw_managed *it = tw_managed_of(world, workload);

			it->dirty = false;
			if (it->controller)
				it->controller->sync(world, workload);
			recount(world, workload);
		}
		all->dirty.n = 0;
		tw_pods_schedule(world);
	} while (all->dirty.n);
}

/* ---- the run -------------------------------------------------------- */

/* A DaemonSet: as many as nodes are there for it. */
static uint32_t desired_of(
	const struct tw_world *world, const struct tw_workload *model)
{
	const struct tw_revision *it =
		&world->model->revisions[model->revision];
	uint32_t n = model->desired;

	for (uint32_t i = 0; it->own_nodes && i < it->n_replicas; i++)
		n -= world->pods->scheduler.nodes.v[it->own_nodes[i]].absent;
	return n;
}

/* The candidate's manifests are applied. */
static void apply(struct tw_world *world)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++) {
		struct tw_managed *it = tw_managed_of(world, w);

		if (!it->model->changes)
			continue;
		tw_workload_want(world, w,
			it->model->keeps_size ? it->wanted
					      : desired_of(world, it->model));
		tw_rollout_apply(world, w);
	}
}

bool tw_workloads_event(struct tw_world *world, const struct tw_event *event)
{
	const struct tw_managed *it;

	if (event->kind == TW_EV_ROLLOUT) {
		apply(world);
		return true;
	}
	if (event->kind != TW_EV_WORKLOAD)
		return false;
	it = tw_managed_of(world, event->a);
	if (it->controller && it->controller->woken)
		it->controller->woken(world, event->a, (uint32_t)event->b);
	return true;
}

void tw_workload_rolled_out(struct tw_world *world, struct tw_managed *it)
{
	if (it->rollout != TW_ROLLOUT_UNDER_WAY)
		return;
	it->rollout = it->applied ? TW_ROLLOUT_DONE : TW_ROLLOUT_AWAITED;
	tw_world_tap(world, .kind = TW_TAP_ROLLED_OUT,
		.service = it->model->service, .endpoint = TW_NONE,
		.caller = TW_NONE, .replica = TW_NONE);
}

/* Time alone changes nothing about who has room: no pod is about to go or to
 * end, no node to come or to come back, and nobody scales. */
static bool is_still(const struct tw_world *world)
{
	const struct tw_model *model = world->model;

	if (model->n_groups || model->n_autoscalers)
		return false;
	for (uint32_t w = 0; w < model->n_workloads; w++)
		if (model->workloads[w].job ||
			tw_workload_counts(world, w).stopping)
			return false;
	for (uint32_t n = 0; n < model->n_nodes; n++)
		if (!tw_nodes_is_sound(world, n))
			return false;
	return true;
}

/* Longer than any back-off of the scheduler. */
#define LONG_PENDING (30 * TW_S)

/* It has been tried, and no node has room for it. */
static bool is_without_room(const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);

	return pod->state == TW_POD_PENDING && pod->attempts &&
	       tw_world_now(world) - pod->created >= LONG_PENDING;
}

/* New pods that will not come up, whatever time they are given. */
static void count_stuck(
	struct tw_world *world, const struct tw_managed *it, bool still)
{
	const struct tw_revision *revision = &world->model->revisions[it->now];
	uint64_t n = 0;

	for (uint32_t i = 0; i < revision->n_replicas; i++) {
		uint32_t r = revision->first_replica + i;

		n += tw_kubelet_is_stuck(world, r) ||
		     (still && is_without_room(world, r));
	}
	world->obs.stuck += n > 0;
	world->obs.stuck_pods += n;
}

void tw_workloads_finish(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	bool still;

	if (!world->workloads)
		return;
	still = is_still(world);
	for (uint32_t w = 0; w < model->n_workloads; w++) {
		const struct tw_managed *it = tw_managed_of(world, w);

		world->obs.rollouts += it->rollout != TW_ROLLOUT_NONE;
		world->obs.rolled_out += it->rollout == TW_ROLLOUT_DONE;
		if (it->rollout == TW_ROLLOUT_UNDER_WAY)
			count_stuck(world, it, still);
		world->obs.pending += tw_workload_counts(world, w).pending;
	}
	tw_drains_finish(world);
}

/* ---- life cycle ----------------------------------------------------- */

static void init_workload(struct tw_world *world, uint32_t w)
{
	const struct tw_workload *model = &world->model->workloads[w];
	struct tw_managed *it = tw_managed_of(world, w);

	*it = (struct tw_managed){.model = model,
		.controller = controller_of(model->kind),
		.wanted = model->had,
		.now = model->old == TW_NONE ? model->revision : model->old,
		.before = TW_NONE,
		.numbers = tw_new_array(
			&world->arena, model->n_revisions, uint32_t),
		.paused = model->was_paused,
		.applied = !model->changes,
		.rollout =
			model->changes ? TW_ROLLOUT_AWAITED : TW_ROLLOUT_NONE};
	tw_workload_number(it);
	if (model->service != TW_NONE)
		it->unavailable = lacking(world, w);
	if (it->controller && it->controller->init)
		it->controller->init(world, w);
}

void tw_workloads_init(struct tw_world *world, bool aligned)
{
	const struct tw_model *model = world->model;

	if (!model->n_workloads)
		return;
	world->workloads = tw_new(&world->arena, struct tw_workloads);
	world->workloads->all = tw_new_array(
		&world->arena, model->n_workloads, struct tw_managed);
	tw_pods_init(world);
	tw_images_init(world);
	tw_volumes_init(world);
	if (model->spec->managed)
		tw_nodes_init(world, aligned);
	for (uint32_t w = 0; w < model->n_workloads; w++)
		init_workload(world, w);
	for (uint32_t s = 0; s < model->n_services; s++)
		world->services[s].worst_unavailable =
			world->services[s].unavailable;
	if (model->rollout_at >= 0)
		tw_queue_schedule(&world->queue, model->rollout_at,
			TW_CLASS_WORLD, TW_EV_ROLLOUT, 0, 0);
}

void tw_workloads_release(struct tw_world *world)
{
	if (!world->workloads)
		return;
	if (world->nodes)
		tw_nodes_release(world);
	tw_images_release(world);
	tw_pods_release(world);
	tw_vec_release(&world->workloads->dirty);
}
