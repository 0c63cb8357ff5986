/* The updater: one look at the pods of a VerticalPodAutoscaler's target. */
#include "twins/cluster/budget.h"
#include "twins/cluster/sched_queue.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/vpa_parts.h"
#include "twins/cluster/vpa_update.h"
#include "twins/cluster/workloads.h"
#include "twins/model/cgroup.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	uint32_t replica;
	struct tw_vpa_group *group;
	struct tw_vpa_priority priority;
};

TW_VEC_TYPE(candidates, struct candidate);
TW_VEC_TYPE(asks, struct tw_vpa_ask);

/* ---- what is said --------------------------------------------------- */

static void say_pod(struct tw_world *world, uint32_t replica,
	const char *reason, const char *message, const char *state)
{
	tw_world_tap(world, .kind = TW_TAP_CONTAINER,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.reason = reason, .cause = message, .state = state);
}

static void say_evicted(
	struct tw_world *world, uint32_t vertical, uint32_t replica)
{
	struct tw_buf text = {0};
	const char *name = world->model->replicas[replica].name;

	say_pod(world, replica, "EvictedByVPA",
		"Pod was evicted by VPA Updater to apply resource "
		"recommendation.",
		NULL);
	tw_buf_printf(&text,
		"VPA Updater evicted Pod %s to apply resource recommendation.",
		strchr(name, '/') ? strchr(name, '/') + 1 : name);
	tw_world_tap(world, .kind = TW_TAP_SCALER, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.object_kind = "VerticalPodAutoscaler",
		.object = world->model->verticals[vertical].name,
		.reason = "EvictedPod", .cause = tw_buf_text(&text));
	tw_buf_release(&text);
}

static struct tw_vertical_seen *seen_of(
	struct tw_world *world, uint32_t vertical)
{
	return &world->obs.verticals.v[vertical];
}

/* ---- groups --------------------------------------------------------- */

static bool is_live(const struct tw_world *world, uint32_t replica)
{
	uint8_t state = tw_pod_of(world, replica)->state;

	return state == TW_POD_PENDING || state == TW_POD_BOUND ||
	       state == TW_POD_RUNNING;
}

/* replicas of the owner: a ReplicaSet's are those that it has, where its
 * Deployment has others, too. */
static int64_t configured(const struct tw_world *world, uint32_t workload,
	uint32_t revision, int64_t live)
{
	const struct tw_workload *it = &world->model->workloads[workload];
	int64_t ready = 0;

	if (it->job)
		return live;
	if (!strcmp(it->kind, "DaemonSet")) {
		for (uint32_t i = 0; i < it->n_revisions; i++)
			ready += tw_pods_counts(world, it->revisions[i])->ready;
		return ready;
	}
	if (!strcmp(it->kind, "Deployment"))
		for (uint32_t i = 0; i < it->n_revisions; i++)
			if (it->revisions[i] != revision &&
				tw_pods_active(tw_pods_counts(
					world, it->revisions[i])))
				return live;
	return tw_managed_of(world, workload)->wanted;
}

/* False: it has too few pods for any to be disturbed. */
static bool set_group(const struct tw_world *world, uint32_t vertical,
	uint32_t revision, struct tw_vpa_group *to)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	const struct tw_workload *workload =
		&world->model->workloads[it->workload];
	bool own = !strcmp(workload->kind, "Deployment");
	int64_t live = 0;

	*to = (struct tw_vpa_group){0};
	for (uint32_t i = 0; i < workload->n_revisions; i++) {
		const struct tw_pod_counts *counts =
			tw_pods_counts(world, workload->revisions[i]);

		if (own && workload->revisions[i] != revision)
			continue;
		live += tw_pods_active(counts);
		to->running += counts->running;
	}
	to->configured = configured(world, it->workload, revision, live);
	to->tolerance =
		(int64_t)((double)to->configured *
			  world->model->vertical_setting.eviction_tolerance);
	return live >= it->min_replicas && to->configured > 0;
}

/* ---- who is due ----------------------------------------------------- */

/* Where limits stay, nothing beyond them is recommended. */
static int64_t capped(int64_t it, const struct tw_vertical_container *of,
	const struct tw_spec_container *has, enum tw_vertical_resource resource)
{
	struct tw_int limit = resource == TW_VERTICAL_CPU ? has->cpu_limit
							  : has->memory_limit;

	return !of->limits && limit.origin && it > limit.v ? limit.v : it;
}

static void ask(const struct tw_world *world, uint32_t vertical,
	uint32_t replica, struct asks *to)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];

	to->n = 0;
	for (uint32_t c = 0; c < it->n_containers; c++) {
		const struct tw_vertical_container *of = &it->containers[c];
		const struct tw_spec_container *has =
			tw_vpa_container(world, replica, of);

		for (int r = 0; has && r < TW_VERTICAL_RESOURCES; r++) {
			enum tw_vertical_resource resource =
				(enum tw_vertical_resource)r;
			struct tw_vpa_ask one = {
				.container = c, .resource = resource};

			one.has_request =
				tw_vpa_request(has, resource, &one.request);
			if (of->controls[r])
				one.advice =
					world->vpa->all[vertical].advice[c][r];
			one.advice.target =
				capped(one.advice.target, of, has, resource);
			one.advice.lower =
				capped(one.advice.lower, of, has, resource);
			one.advice.upper =
				capped(one.advice.upper, of, has, resource);
			tw_vec_push(to, one);
		}
	}
}

static tw_time age_of(const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);

	if (pod->created < 0)
		return INT64_MAX / 2;
	return pod->state == TW_POD_RUNNING ? tw_world_now(world) - pod->started
					    : 0;
}

static void consider(struct tw_world *world, uint32_t vertical,
	uint32_t replica, struct tw_vpa_group *group, struct candidates *to)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	struct asks asks = {0};
	struct candidate one = {.replica = replica, .group = group};

	ask(world, vertical, replica, &asks);
	one.priority = tw_vpa_priority_of(asks.v, asks.n);
	if (tw_vpa_is_due(&one.priority, age_of(world, replica),
		    world->vpa->pods[replica].quick_oom) &&
		tw_vpa_meets(
			it->requirements, it->n_requirements, asks.v, asks.n))
		tw_vec_push(to, one);
	else
		world->vpa->pods[replica].waits = 0;
	tw_vec_release(&asks);
}

static int by_priority(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int way = tw_vpa_compare(&x->priority, &y->priority);

	if (way)
		return way;
	return x->replica < y->replica ? -1 : x->replica > y->replica;
}

/* ---- in place ------------------------------------------------------- */

enum resized { RESIZED, RESIZE_WAITS, RESIZE_FAILS };

static int64_t amount_of(
	const struct tw_revision *it, enum tw_vertical_resource resource)
{
	return resource == TW_VERTICAL_CPU ? it->cpu : it->memory;
}

/* Whether its node has the room, by then or ever. */
static enum resized find_room(const struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	const struct tw_revision *was = tw_world_revision(world, replica);
	const struct tw_sched_node *node =
		&world->pods->scheduler.nodes.v[world->replicas[replica].node];

	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++)
		if (amount_of(size, (enum tw_vertical_resource)r) >
			node->has[r])
			return RESIZE_FAILS;
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		enum tw_vertical_resource resource =
			(enum tw_vertical_resource)r;
		int64_t more =
			amount_of(size, resource) - amount_of(was, resource);

		if (more > 0 && node->in_use[r] + more > node->has[r])
			return RESIZE_WAITS;
	}
	return RESIZED;
}

/* What the API server and the kubelet have against it. */
static enum resized can_resize(const struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	const struct tw_kubernetes *release =
		tw_kubernetes_of(world->model->kubernetes);
	const struct tw_revision *was = tw_world_revision(world, replica);
	const struct tw_memory *memory = world->replicas[replica].memory;

	if (!release->resizes_in_place ||
		tw_qos_of(was->resources) != tw_qos_of(size->resources))
		return RESIZE_FAILS;
	if (size->memory_limit && size->memory_limit < was->memory_limit) {
		if (!release->lowers_memory_limits)
			return RESIZE_FAILS;
		if (memory && memory->used > size->memory_limit)
			return RESIZE_WAITS;
	}
	return find_room(world, replica, size);
}

static void apply(struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	struct tw_scheduler *s = &world->pods->scheduler;
	uint32_t node = world->replicas[replica].node;

	tw_scheduler_take_active(s, tw_pod_class(world, replica), node);
	tw_vpa_set_size(world, replica, size);
	tw_scheduler_put(s, tw_pod_class(world, replica), node);
	tw_cpu_relimit(world, replica);
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
	say_pod(world, replica, "InPlaceResizedByVPA",
		"Pod was resized in place by VPA Updater.", NULL);
}

/* False: it is to be evicted. */
static bool resize(
	struct tw_world *world, uint32_t vertical, struct candidate *it)
{
	struct tw_vpa_pod *pod = &world->vpa->pods[it->replica];
	const struct tw_revision *size;
	tw_time now = tw_world_now(world);
	enum resized way;

	if (tw_pod_of(world, it->replica)->state != TW_POD_RUNNING ||
		!tw_vpa_may_disturb(it->group))
		return true; /* at the next look */
	size = tw_vpa_sized(world, vertical, it->replica);
	way = can_resize(world, it->replica,
		size ? size
		     : &world->model->revisions
				[world->model->replicas[it->replica].revision]);
	if (way == RESIZE_WAITS) {
		if (!pod->waits)
			pod->waits = now;
		return now - pod->waits <= TW_VPA_DEFERRED;
	}
	if (way == RESIZE_FAILS)
		return false;
	pod->waits = 0;
	pod->quick_oom = false;
	it->group->resized++;
	seen_of(world, vertical)->resizes++;
	apply(world, it->replica, size);
	return true;
}

/* ---- eviction ------------------------------------------------------- */

static void evict(
	struct tw_world *world, uint32_t vertical, struct candidate *it)
{
	bool pending = tw_pod_of(world, it->replica)->state != TW_POD_RUNNING;

	if (!pending && !tw_vpa_may_disturb(it->group))
		return;
	if (tw_eviction_allowed(world, it->replica, NULL) != TW_EVICT_CREATED) {
		seen_of(world, vertical)->refused++;
		return;
	}
	seen_of(world, vertical)->evictions++;
	say_evicted(world, vertical, it->replica);
	tw_evict(world, it->replica, TW_POD_GRACE, NULL);
	it->group->evicted += !pending;
}

void tw_vpa_update(struct tw_world *world, uint32_t vertical)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	const struct tw_workload *workload =
		&world->model->workloads[it->workload];
	bool apart = !strcmp(workload->kind, "Deployment");
	struct tw_vpa_group *groups;
	struct candidates due = {0};

	if (it->mode < TW_VERTICAL_RECREATE)
		return;
	groups = tw_calloc(workload->n_revisions, sizeof *groups);
	for (uint32_t i = 0; i < workload->n_revisions; i++) {
		const struct tw_revision *of =
			&world->model->revisions[workload->revisions[i]];
		struct tw_vpa_group *group = &groups[apart ? i : 0];

		if (!of->spec || !tw_pods_active(tw_pods_counts(
					 world, workload->revisions[i])))
			continue;
		if (!set_group(
			    world, vertical, workload->revisions[i], group)) {
			seen_of(world, vertical)->too_few++;
			continue;
		}
		for (uint32_t k = 0; k < of->n_replicas; k++)
			if (is_live(world, of->first_replica + k))
				consider(world, vertical, of->first_replica + k,
					group, &due);
	}
	if (due.n)
		qsort(due.v, due.n, sizeof *due.v, by_priority);
	for (size_t i = 0; i < due.n; i++)
		if (it->mode != TW_VERTICAL_IN_PLACE ||
			!resize(world, vertical, &due.v[i]))
			evict(world, vertical, &due.v[i]);
	tw_vec_release(&due);
	tw_free(groups);
}
