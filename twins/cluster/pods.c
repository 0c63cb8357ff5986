#include "twins/cluster/pods_inner.h"

#include "twins/base/assert.h"
#include "twins/cluster/kubelet.h"
#include "twins/cluster/life.h"
#include "twins/cluster/place.h"
#include "twins/cluster/preempt.h"
#include "twins/cluster/sched_queue.h"
#include "twins/cluster/volumes.h"
#include "twins/cluster/vpa.h"
#include "twins/cluster/workloads.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"
#include "twins/world/memory.h"
#include "twins/world/standing.h"

/* ---- what is counted ------------------------------------------------ */

static uint32_t *count_of(struct tw_world *world, uint32_t replica)
{
	struct tw_pod_counts *counts =
		&world->pods->counts[pod_revision(world, replica)];
	const struct tw_pod *pod = pod_at(world, replica);

	switch ((enum tw_pod_state)pod->state) {
	case TW_POD_ABSENT:
		return NULL;
	case TW_POD_PENDING:
	case TW_POD_BOUND:
		return &counts->pending;
	case TW_POD_RUNNING:
		return &counts->running;
	case TW_POD_STOPPING:
		return &counts->stopping;
	case TW_POD_ENDED:
		return pod->succeeded ? &counts->succeeded : &counts->failed;
	}
	tw_unreachable();
}

void tw_pod_move(
	struct tw_world *world, uint32_t replica, enum tw_pod_state state)
{
	uint32_t *count = count_of(world, replica);

	if (count)
		--*count;
	pod_at(world, replica)->state = (uint8_t)state;
	count = count_of(world, replica);
	if (count)
		++*count;
	tw_workload_changed(world, pod_revision(world, replica));
}

static void count_available(
	struct tw_world *world, uint32_t replica, bool available)
{
	struct tw_pod *pod = pod_at(world, replica);

	if (pod->available == available)
		return;
	pod->available = available;
	world->pods->counts[pod_revision(world, replica)].available +=
		available ? 1U : -1U;
	tw_workload_changed(world, pod_revision(world, replica));
}

static void count_lost(struct tw_world *world, uint32_t replica, bool lost)
{
	struct tw_pod *pod = pod_at(world, replica);

	if (pod->lost == lost)
		return;
	pod->lost = lost;
	world->pods->counts[pod_revision(world, replica)].lost +=
		lost ? 1U : -1U;
	tw_workload_changed(world, pod_revision(world, replica));
}

/* Whether it is ready, as the world has it by now. */
void tw_pod_see_ready(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	bool ready =
		pod->state == TW_POD_RUNNING && world->replicas[replica].ready;

	if (ready != pod->ready) {
		pod->ready = ready;
		pod->ready_change = tw_world_now(world);
		world->pods->counts[pod_revision(world, replica)].ready +=
			ready ? 1U : -1U;
		tw_workload_changed(world, pod_revision(world, replica));
	}
	count_available(world, replica,
		ready && tw_world_now(world) - pod->ready_since >=
				 pod_min_ready(world, replica));
	count_lost(world, replica,
		pod->available && world->replicas[replica].health == TW_GONE);
}

void tw_pod_bind(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_world_replica *it = &world->replicas[replica];

	tw_scheduler_put(
		&world->pods->scheduler, tw_pod_class(world, replica), node);
	tw_stand(world, replica, node);
	it->zone = world->model->nodes[node].zone;
	if (world->volumes)
		tw_volumes_bind(world, replica, node);
	if (world->node_down[node])
		tw_pod_move(world, replica, TW_POD_BOUND);
	else
		tw_kubelet_start(world, replica);
}

/* ---- a pod comes ---------------------------------------------------- */

void tw_pod_create_named(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	const struct tw_pod_spec *spec =
		world->model->revisions[pod_revision(world, replica)].pod;

	tw_assert(pod->state == TW_POD_ABSENT);
	world->replicas[replica].life++;
	world->replicas[replica].backoff = (struct tw_backoff){0};
	*pod = (struct tw_pod){
		.created = tw_world_now(world), .turn = pod->turn + 1};
	if (world->vpa)
		tw_vpa_admit(world, replica);
	tw_pod_move(world, replica, TW_POD_PENDING);
	pod_tap(world, TW_TAP_CREATED, replica);
	tw_sched_queue_add(world->pods->queue, replica,
		world->replicas[replica].life, spec->priority);
}

uint32_t tw_pod_create(struct tw_world *world, uint32_t revision)
{
	const struct tw_revision *it = &world->model->revisions[revision];
	uint32_t *free = &world->pods->first_free[revision];

	for (; *free < it->n_replicas; ++*free) {
		uint32_t replica = it->first_replica + *free;

		if (pod_at(world, replica)->state != TW_POD_ABSENT)
			continue;
		tw_pod_create_named(world, replica);
		return replica;
	}
	return TW_NONE;
}

/* ---- a pod stops ---------------------------------------------------- */

/* It takes up no room any more; who waits for some is tried again. */
static void leave_node(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	uint32_t node = it->node;

	if (node == TW_NONE)
		return;
	tw_scheduler_take(&world->pods->scheduler, tw_pod_class(world, replica),
		it->node);
	tw_stand(world, replica, TW_NONE);
	if (world->volumes)
		tw_volumes_leave(world, replica, node);
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
}

static void gone(struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *model = &world->model->replicas[replica];
	uint32_t *free = &world->pods->first_free[model->revision];

	tw_nominated_clear(world, replica);
	tw_memory_reset(world, replica);
	leave_node(world, replica);
	if (world->volumes)
		tw_volumes_gone(world, replica);
	world->replicas[replica].health = TW_DOWN;
	world->replicas[replica].ready = false;
	tw_pod_move(world, replica, TW_POD_ABSENT);
	if (model->ordinal < *free)
		*free = model->ordinal;
	pod_tap(world, TW_TAP_TERMINATED, replica);
}

/* Its process is there no more, and what it had is lost. */
static void stop_process(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];
	uint8_t health = it->health;

	it->health = TW_DOWN;
	if (health == TW_UP) {
		tw_world_touch(world, service);
		service->capacity -= it->workers;
	} else if (health != TW_DRAINING) {
		return;
	}
	tw_world_touch(world, service);
	it->capacity->stop(world, replica);
	tw_serve_reset(world, replica);
}

static void terminate(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->health == TW_UP) {
		tw_world_touch(world, service);
		service->capacity -= it->workers;
		it->health = TW_DRAINING;
	}
	pod_next(
		world, replica, tw_world_now(world) + POD_RELISTED, POD_RELIST);
}

static void relist(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	const struct tw_pod *pod = pod_at(world, replica);
	tw_time now = tw_world_now(world);

	if (it->health == TW_DRAINING && (it->busy || it->queue_length)) {
		if (now - pod->deleted < pod->grace) {
			pod_next(
				world, replica, now + POD_RELISTED, POD_RELIST);
			return;
		}
		stop_process(world, replica); /* KILL */
	}
	gone(world, replica);
	pod_publish(world, replica);
}

static void begin_stop(struct tw_world *world, uint32_t replica, tw_time grace)
{
	struct tw_pod *pod = pod_at(world, replica);
	const struct tw_pod_life *life = pod_life(world, replica);
	struct tw_world_replica *it = &world->replicas[replica];

	bool runs = pod->state == TW_POD_RUNNING;
	tw_time term = life->pre_stop;

	pod->deleted = tw_world_now(world);
	pod->served = it->ready;
	pod->grace = grace == TW_POD_GRACE ? life->grace : grace;
	tw_pod_move(world, replica, TW_POD_STOPPING);
	it->ready = false;
	tw_pod_see_ready(world, replica);
	pod_publish(world, replica);
	tw_scheduler_leaving(&world->pods->scheduler,
		tw_pod_class(world, replica), it->node);
	if (world->node_down[it->node])
		return;
	/* Nobody runs the hook of a container that was not started. */
	if (!runs || term > pod->grace)
		term = runs ? pod->grace : 0;
	pod_next(world, replica, pod->deleted + term, POD_TERM);
}

void tw_pod_delete(struct tw_world *world, uint32_t replica, tw_time grace)
{
	struct tw_pod *pod = pod_at(world, replica);

	if (pod->state == TW_POD_ABSENT || pod->state == TW_POD_STOPPING)
		return;
	world->replicas[replica].life++;
	pod_tap(world, TW_TAP_STOPPING, replica);
	if (pod->state == TW_POD_PENDING || pod->state == TW_POD_ENDED)
		gone(world, replica);
	else
		begin_stop(world, replica, grace);
}

void tw_pod_remove(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);

	if (pod->state == TW_POD_ABSENT)
		return;
	world->replicas[replica].life++;
	stop_process(world, replica);
	pod_publish(world, replica);
	gone(world, replica);
	tw_pod_see_ready(world, replica);
}

void tw_pod_end(struct tw_world *world, uint32_t replica, bool succeeded)
{
	struct tw_pod *pod = pod_at(world, replica);
	struct tw_world_replica *it = &world->replicas[replica];

	tw_assert(pod->state == TW_POD_RUNNING || pod->state == TW_POD_BOUND);
	it->life++;
	it->ready = false;
	stop_process(world, replica);
	pod_publish(world, replica);
	leave_node(world, replica);
	pod->not_begun = pod->state == TW_POD_BOUND;
	/* The count of what it is now is chosen by how it ended. */
	tw_pod_move(world, replica, TW_POD_ABSENT);
	pod->succeeded = succeeded;
	tw_pod_move(world, replica, TW_POD_ENDED);
	tw_pod_see_ready(world, replica);
}

/* ---- what others tell ----------------------------------------------- */

void tw_pods_changed(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	const struct tw_world_replica *it = &world->replicas[replica];

	if (pod->state == TW_POD_STOPPING && it->health != TW_GONE) {
		/* It died while it was stopping: nobody starts it again. */
		gone(world, replica);
	} else if (it->ready && !pod->ready) {
		tw_kubelet_ready(world, replica);
	}
	tw_pod_see_ready(world, replica);
}

void tw_pods_cut_off(struct tw_world *world, uint32_t replica)
{
	pod_at(world, replica)->cut_off = true;
	pod_at(world, replica)->cut_ready = world->replicas[replica].ready;
}

/* Its process has run all the while; what was deleted meanwhile is stopped now,
 * with all of its grace. */
static void reached_again(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];
	tw_time now = tw_world_now(world), hook;

	pod->cut_off = false;
	tw_world_touch(world, service);
	it->health = TW_UP;
	service->capacity += it->workers;
	if (pod->state == TW_POD_STOPPING) {
		hook = pod_life(world, replica)->pre_stop;
		pod->deleted = now;
		pod_next(world, replica,
			now + (hook < pod->grace ? hook : pod->grace),
			POD_TERM);
		return;
	}
	tw_assert(pod->state == TW_POD_RUNNING);
	pod_tap(world, TW_TAP_LISTENS, replica);
	if (pod->cut_ready)
		tw_kubelet_reached(world, replica);
	else
		tw_kubelet_started(world, replica);
	tw_pod_see_ready(world, replica);
}

void tw_pods_node_back(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	if (pod_at(world, replica)->cut_off) {
		reached_again(world, replica);
		return;
	}
	it->health = TW_DOWN;
	switch ((enum tw_pod_state)pod_at(world, replica)->state) {
	case TW_POD_BOUND:
		tw_kubelet_start(world, replica);
		break;
	case TW_POD_STOPPING:
		pod_next(world, replica, tw_world_now(world) + POD_RELISTED,
			POD_RELIST);
		break;
	case TW_POD_RUNNING:
		/* Its kubelet says that nothing runs yet. */
		it->ready = false;
		pod_publish(world, replica);
		tw_pod_see_ready(world, replica);
		if (tw_kubelet_starts_by_steps(world, replica))
			tw_kubelet_begin_again(world, replica);
		else
			tw_cluster_restart(
				world, replica, world->model->restart_delay);
		break;
	case TW_POD_ABSENT:
	case TW_POD_PENDING:
	case TW_POD_ENDED:
		tw_unreachable();
	}
}

bool tw_pods_event(struct tw_world *world, const struct tw_event *event)
{
	uint32_t replica = event->a;

	if (event->kind == TW_EV_SCHEDULE) {
		world->pods->wakes_at = TW_NEVER;
		return true; /* what follows each event does the rest */
	}
	if (event->kind != TW_EV_POD)
		return false;
	/* It died, or was deleted, before this came about. */
	if ((uint32_t)(event->b >> 8) != world->replicas[replica].life)
		return true;
	switch ((enum pod_next)(event->b & 0xff)) {
	case POD_AVAILABLE:
		tw_pod_see_ready(world, replica);
		break;
	case POD_TERM:
		terminate(world, replica);
		break;
	case POD_RELIST:
		relist(world, replica);
		break;
	default:
		tw_kubelet_event(world, replica, event->b & 0xff);
		break;
	}
	return true;
}

/* ---- life cycle ----------------------------------------------------- */

/* The cluster as it stands: a class a revision. */
static void init_scheduler(struct tw_world *world)
{
	struct tw_scheduler *s = &world->pods->scheduler;

	tw_place_classes(s, world->model);
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (world->replicas[r].node != TW_NONE)
			tw_scheduler_put(s, world->model->replicas[r].revision,
				world->replicas[r].node);
}

/* One that fits nowhere waits from the start. */
static void init_pod(struct tw_world *world, uint32_t replica, bool is_there)
{
	struct tw_pod *pod = pod_at(world, replica);
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	it->managed = true;
	pod->created = pod->ready_since = TW_LISTED_EVER / 2;
	if (!is_there) {
		/* Pods that are not there yet are not missed. */
		service->replicas--;
		service->unavailable--;
		return;
	}
	if (it->node == TW_NONE) {
		struct tw_sched_waiting waiting = {.pod = replica,
			.turn = it->life,
			.priority = world->model
					    ->revisions[pod_revision(
						    world, replica)]
					    .pod->priority};

		tw_pod_move(world, replica, TW_POD_PENDING);
		pod->attempts = 1;
		tw_sched_queue_park(world->pods->queue, &waiting, 1, 0);
		return;
	}
	pod->ticks_drawn = true;
	tw_pod_move(world, replica, TW_POD_RUNNING);
	tw_pod_see_ready(world, replica);
	pod->ready_change = pod->created;
}

void tw_pods_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_pods *pods = tw_new(&world->arena, struct tw_pods);

	world->pods = pods;
	pods->all =
		tw_new_array(&world->arena, model->n_replicas, struct tw_pod);
	pods->counts = tw_new_array(
		&world->arena, model->n_revisions, struct tw_pod_counts);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (!pods->starts && model->lives[r].n_containers)
			pods->starts = tw_new_array(&world->arena,
				model->n_replicas, struct tw_pod_start);
	pods->first_free =
		tw_new_array(&world->arena, model->n_revisions, uint32_t);
	pods->queue = tw_new(&world->arena, struct tw_sched_queue);
	pods->queue->next_check = pods->wakes_at = TW_NEVER;
	init_scheduler(world);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_replica *it = &model->replicas[r];

		if (model->workload_of[it->revision] != TW_NONE)
			init_pod(world, r,
				it->ordinal <
					model->revisions[it->revision].initial);
	}
}

void tw_pods_release(struct tw_world *world)
{
	tw_vec_release(&world->pods->nominated);
	tw_sched_queue_release(world->pods->queue);
	tw_scheduler_release(&world->pods->scheduler);
}
