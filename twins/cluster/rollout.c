#include "twins/cluster/rollout.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/cluster/deletion.h"
#include "twins/cluster/deployment.h"
#include "twins/cluster/place.h"
#include "twins/cluster/scheduler.h"
#include "twins/kernel/dist.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"
#include "twins/world/cpu.h"

/* pkg/kubelet/pleg: how often the kubelet looks at its containers. */
#define RELIST TW_S

enum pod_state {
	POD_ABSENT,
	POD_PENDING,  /* no node */
	POD_RUNNING,  /* its container was started */
	POD_STOPPING, /* deleted; preStop or TERM */
};

/* What a TW_EV_POD is about. */
enum pod_next { POD_LISTENS, POD_PROBE, POD_AVAILABLE, POD_TERM, POD_RELIST };

struct pod {
	enum pod_state state;
	tw_time created, started, ready_since, deleted;
	uint32_t successes; /* of the readiness probe, in a row */
};

struct set { /* a ReplicaSet */
	uint32_t revision;
	uint32_t wanted;
};

struct plan {
	const struct tw_rollout_plan *model;
	struct set now, old; /* old.revision TW_NONE: there is none */
	uint32_t service;
	uint32_t desired;     /* of both */
	uint32_t unavailable; /* as counted for the service */
	bool complete;
};

struct tw_rollouts {
	struct plan *plans;
	uint32_t n;
	struct pod *pods;  /* by replica */
	uint32_t *plan_of; /* by revision; TW_NONE: none */
	struct tw_scheduler scheduler;
	bool begun;
};

static void tap(struct tw_world *world, enum tw_tap_kind kind, uint32_t replica)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
}

static void next_for(struct tw_world *world, uint32_t replica, tw_time at,
	enum pod_next what)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_POD, replica,
		(uint64_t)world->replicas[replica].life << 8 | what);
}

static struct plan *plan_of(const struct tw_world *world, uint32_t replica)
{
	const struct tw_rollouts *it = world->rollouts;

	return &it->plans
			[it->plan_of[world->model->replicas[replica].revision]];
}

/* ---- what is counted ------------------------------------------------ */

static bool is_available(
	const struct tw_world *world, const struct plan *plan, uint32_t replica)
{
	const struct pod *pod = &world->rollouts->pods[replica];

	return pod->state == POD_RUNNING && world->replicas[replica].ready &&
	       tw_world_now(world) - pod->ready_since >= plan->model->min_ready;
}

static uint32_t count(const struct tw_world *world, const struct plan *plan,
	uint32_t revision, bool available)
{
	const struct tw_revision *it = &world->model->revisions[revision];
	uint32_t n = 0;

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t r = it->first_replica + i;
		enum pod_state state = world->rollouts->pods[r].state;

		n += available ? is_available(world, plan, r)
			       : state == POD_RUNNING || state == POD_PENDING;
	}
	return n;
}

static uint32_t available_of(const struct tw_world *world,
	const struct plan *plan, const struct set *set)
{
	return set->revision == TW_NONE
		       ? 0
		       : count(world, plan, set->revision, true);
}

/* What the Deployment lacks of the pods that it should have. */
static void recount(struct tw_world *world, struct plan *plan)
{
	uint32_t available = available_of(world, plan, &plan->now) +
			     available_of(world, plan, &plan->old);
	uint32_t lacks =
		plan->desired > available ? plan->desired - available : 0;
	struct tw_world_service *service;

	if (plan->service == TW_NONE || lacks == plan->unavailable)
		return;
	service = &world->services[plan->service];
	tw_world_touch(world, service);
	service->unavailable += lacks - plan->unavailable;
	if (service->unavailable > service->worst_unavailable)
		service->worst_unavailable = service->unavailable;
	plan->unavailable = lacks;
}

static void publish(struct tw_world *world, uint32_t replica)
{
	tw_queue_schedule(&world->queue,
		tw_world_now(world) + world->model->endpoint_delay,
		TW_CLASS_WORLD, TW_EV_LIST, replica, 0);
}

/* ---- a pod starts --------------------------------------------------- */

static tw_time startup_of(struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *it = &world->model->replicas[replica];
	const struct tw_dist *law = world->model->lives[it->revision].startup;

	if (!law)
		return world->model->restart_delay;
	return tw_dist_sample(
		law, tw_draw(world->seed,
			     tw_hash_combine(
				     it->hash, world->replicas[replica].life),
			     TW_DRAW_ARRIVAL, 0));
}

static void set_ready(struct tw_world *world, uint32_t replica)
{
	struct pod *pod = &world->rollouts->pods[replica];
	struct plan *plan = plan_of(world, replica);

	world->replicas[replica].ready = true;
	pod->ready_since = tw_world_now(world);
	tap(world, TW_TAP_POD_READY, replica);
	publish(world, replica);
	if (plan->model->min_ready)
		next_for(world, replica,
			tw_world_now(world) + plan->model->min_ready,
			POD_AVAILABLE);
}

/* Its container runs, from now on. */
static void start(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct pod *pod = &world->rollouts->pods[replica];
	const struct tw_pod_life *life =
		&world->model->lives[world->model->replicas[replica].revision];
	tw_time now = tw_world_now(world);

	tw_scheduler_put(&world->rollouts->scheduler,
		world->model->replicas[replica].revision, node);
	it->node = node;
	it->zone = world->model->nodes[node].zone;
	tw_cpu_stand(world, replica);
	pod->state = POD_RUNNING;
	pod->started = now;
	pod->successes = 0;
	next_for(world, replica, now + startup_of(world, replica), POD_LISTENS);
	if (life->probed)
		next_for(world, replica, now + life->probe_delay, POD_PROBE);
	else
		set_ready(world, replica);
}

static void schedule(struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *it = &world->model->replicas[replica];
	uint32_t node = tw_scheduler_choose(
		&world->rollouts->scheduler, it->revision, it->hash, NULL);

	if (node != UINT32_MAX)
		start(world, replica, node);
	else
		tap(world, TW_TAP_PENDING, replica);
}

static void create(struct tw_world *world, uint32_t replica)
{
	struct pod *pod = &world->rollouts->pods[replica];

	world->replicas[replica].life++;
	*pod = (struct pod){
		.state = POD_PENDING, .created = tw_world_now(world)};
	tap(world, TW_TAP_CREATED, replica);
	schedule(world, replica);
}

static void listens(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	tw_world_touch(world, service);
	it->health = TW_UP;
	service->capacity += it->workers;
	tap(world, TW_TAP_LISTENS, replica);
}

static void probe(struct tw_world *world, uint32_t replica)
{
	const struct tw_pod_life *life =
		&world->model->lives[world->model->replicas[replica].revision];
	struct pod *pod = &world->rollouts->pods[replica];

	if (world->replicas[replica].health == TW_UP)
		pod->successes++;
	if (pod->successes >= life->probe_success)
		set_ready(world, replica);
	else
		next_for(world, replica,
			tw_world_now(world) + life->probe_period, POD_PROBE);
}

/* ---- a pod stops ---------------------------------------------------- */

static void gone(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	const struct tw_model *model = world->model;

	tw_scheduler_take(&world->rollouts->scheduler,
		model->replicas[replica].revision, it->node);
	world->rollouts->pods[replica].state = POD_ABSENT;
	it->health = TW_DOWN;
	it->ready = false;
	it->node = TW_NONE;
	tap(world, TW_TAP_TERMINATED, replica);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (world->rollouts->pods[r].state == POD_PENDING)
			schedule(world, r);
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
	next_for(world, replica, tw_world_now(world) + RELIST, POD_RELIST);
}

static void relist(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	const struct pod *pod = &world->rollouts->pods[replica];
	const struct tw_pod_life *life =
		&world->model->lives[world->model->replicas[replica].revision];
	tw_time now = tw_world_now(world);

	if (it->health == TW_DRAINING && (it->busy || it->queue_length)) {
		if (now - pod->deleted < life->grace) {
			next_for(world, replica, now + RELIST, POD_RELIST);
			return;
		}
		/* KILL */
		it->health = TW_DOWN;
		tw_world_touch(world, &world->services[it->service]);
		it->capacity->stop(world, replica);
		tw_serve_reset(world, replica);
	}
	gone(world, replica);
}

static void delete (struct tw_world *world, uint32_t replica)
{
	struct pod *pod = &world->rollouts->pods[replica];
	const struct tw_pod_life *life =
		&world->model->lives[world->model->replicas[replica].revision];
	tw_time pre_stop =
		life->pre_stop < life->grace ? life->pre_stop : life->grace;

	world->replicas[replica].life++;
	tap(world, TW_TAP_STOPPING, replica);
	if (pod->state == POD_PENDING) {
		pod->state = POD_ABSENT;
		return;
	}
	pod->state = POD_STOPPING;
	pod->deleted = tw_world_now(world);
	world->replicas[replica].ready = false;
	publish(world, replica);
	tw_scheduler_leaving(&world->rollouts->scheduler,
		world->model->replicas[replica].revision,
		world->replicas[replica].node);
	next_for(world, replica, tw_world_now(world) + pre_stop, POD_TERM);
}

/* ---- which pod goes first ------------------------------------------- */

static uint32_t on_node(
	const struct tw_world *world, const struct plan *plan, uint32_t node)
{
	const uint32_t revisions[2] = {plan->now.revision, plan->old.revision};
	uint32_t n = 0;

	for (size_t k = 0; k < 2; k++) {
		const struct tw_revision *it;

		if (revisions[k] == TW_NONE)
			continue;
		it = &world->model->revisions[revisions[k]];
		for (uint32_t i = 0; i < it->n_replicas; i++) {
			uint32_t r = it->first_replica + i;

			n += world->rollouts->pods[r].state == POD_RUNNING &&
			     world->replicas[r].node == node;
		}
	}
	return n;
}

static struct tw_pod_standing standing_of(
	const struct tw_world *world, const struct plan *plan, uint32_t replica)
{
	const struct pod *pod = &world->rollouts->pods[replica];
	bool assigned = pod->state == POD_RUNNING;

	return (struct tw_pod_standing){
		.assigned = assigned,
		.phase = assigned ? TW_PHASE_RUNNING : TW_PHASE_PENDING,
		.ready = world->replicas[replica].ready,
		.rank = assigned ? on_node(world, plan,
					   world->replicas[replica].node)
				 : 0,
		.ready_age = tw_world_now(world) - pod->ready_since,
		.created_age = tw_world_now(world) - pod->created,
		.tie = world->model->replicas[replica].hash,
	};
}

static void delete_one(
	struct tw_world *world, const struct plan *plan, uint32_t revision)
{
	const struct tw_revision *it = &world->model->revisions[revision];
	struct tw_pod_standing first = {0};
	uint32_t best = TW_NONE;

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t r = it->first_replica + i;
		enum pod_state state = world->rollouts->pods[r].state;
		struct tw_pod_standing mine;
		int way;

		if (state != POD_RUNNING && state != POD_PENDING)
			continue;
		mine = standing_of(world, plan, r);
		way = best == TW_NONE
			      ? -1
			      : tw_deletion_compare(&mine, &first, true);
		if (way < 0 || (!way && mine.tie < first.tie)) {
			best = r;
			first = mine;
		}
	}
	tw_assert(best != TW_NONE);
	delete (world, best);
}

/* ---- the controller ------------------------------------------------- */

static void create_one(struct tw_world *world, uint32_t revision)
{
	const struct tw_revision *it = &world->model->revisions[revision];

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		if (world->rollouts->pods[it->first_replica + i].state !=
			POD_ABSENT)
			continue;
		create(world, it->first_replica + i);
		return;
	}
	/* All of its names are in use: one that stops gives up its own. */
}

static void resize(struct tw_world *world, const struct plan *plan,
	struct set *set, uint32_t wanted)
{
	uint32_t has = count(world, plan, set->revision, false);

	set->wanted = wanted;
	for (; has < wanted; has++)
		create_one(world, set->revision);
	for (; has > wanted; has--)
		delete_one(world, plan, set->revision);
}

static bool old_pods_exist(
	const struct tw_world *world, const struct plan *plan)
{
	const struct tw_revision *it =
		&world->model->revisions[plan->old.revision];

	for (uint32_t i = 0; i < it->n_replicas; i++)
		if (world->rollouts->pods[it->first_replica + i].state !=
			POD_ABSENT)
			return true;
	return false;
}

/* Recreate: the new ones come when the old ones are gone. */
static bool recreate(struct tw_world *world, struct plan *plan)
{
	if (plan->old.wanted) {
		resize(world, plan, &plan->old, 0);
		return true;
	}
	if (old_pods_exist(world, plan) ||
		plan->now.wanted == plan->model->desired)
		return false;
	resize(world, plan, &plan->now, plan->model->desired);
	return true;
}

/* One sync; false: nothing is left to do by now. */
static bool sync_once(struct tw_world *world, struct plan *plan)
{
	struct tw_deployment d = {.desired = plan->model->desired,
		.surge = plan->model->surge,
		.unavailable = plan->model->unavailable,
		.recreate = plan->model->recreate};
	struct tw_replica_set now, old;
	int64_t size;

	if (plan->old.revision == TW_NONE) {
		if (plan->now.wanted == plan->model->desired)
			return false;
		resize(world, plan, &plan->now, plan->model->desired);
		return true;
	}
	if (d.recreate)
		return recreate(world, plan);
	now = (struct tw_replica_set){.replicas = plan->now.wanted,
		.available = available_of(world, plan, &plan->now)};
	old = (struct tw_replica_set){.replicas = plan->old.wanted,
		.available = available_of(world, plan, &plan->old)};
	size = tw_deployment_reconcile_new(
		&d, now.replicas + old.replicas, now.replicas);
	if (size != now.replicas) {
		resize(world, plan, &plan->now, (uint32_t)size);
		return true;
	}
	if (!tw_deployment_reconcile_old(&d, &old, 1, &now))
		return false;
	resize(world, plan, &plan->old, (uint32_t)old.replicas);
	return true;
}

static void sync(struct tw_world *world, struct plan *plan)
{
	if (world->rollouts->begun && !plan->complete)
		while (sync_once(world, plan))
			;
	recount(world, plan);
	if (!world->rollouts->begun || plan->complete ||
		available_of(world, plan, &plan->now) < plan->model->desired ||
		(plan->old.revision != TW_NONE && plan->old.wanted))
		return;
	plan->complete = true;
	tw_world_tap(world, .kind = TW_TAP_ROLLED_OUT, .service = plan->service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE);
}

void tw_rollouts_changed(struct tw_world *world, uint32_t replica)
{
	struct pod *pod = &world->rollouts->pods[replica];
	struct tw_world_replica *it = &world->replicas[replica];

	if (pod->state == POD_STOPPING && it->health != TW_GONE) {
		/* It died while it was stopping: nobody starts it again. */
		if (it->health == TW_UP)
			world->services[it->service].capacity -= it->workers;
		gone(world, replica);
	} else if (it->ready) {
		pod->ready_since = tw_world_now(world);
	}
	sync(world, plan_of(world, replica));
}

/* The candidate's manifests are applied. */
static void begin(struct tw_world *world)
{
	struct tw_rollouts *it = world->rollouts;

	it->begun = true;
	for (uint32_t p = 0; p < it->n; p++) {
		struct plan *plan = &it->plans[p];

		if (plan->service != TW_NONE) {
			tw_world_touch(world, &world->services[plan->service]);
			world->services[plan->service].replicas +=
				plan->model->desired - plan->desired;
		}
		plan->desired = plan->model->desired;
		sync(world, plan);
	}
}

bool tw_rollouts_event(struct tw_world *world, const struct tw_event *event)
{
	uint32_t replica = event->a;

	if (event->kind == TW_EV_ROLLOUT) {
		begin(world);
		return true;
	}
	if (event->kind != TW_EV_POD)
		return false;
	/* It died, or was deleted, before this came about. */
	if ((uint32_t)(event->b >> 8) != world->replicas[replica].life)
		return true;
	switch ((enum pod_next)(event->b & 0xff)) {
	case POD_LISTENS:
		listens(world, replica);
		break;
	case POD_PROBE:
		probe(world, replica);
		break;
	case POD_AVAILABLE:
		break;
	case POD_TERM:
		terminate(world, replica);
		break;
	case POD_RELIST:
		relist(world, replica);
		break;
	}
	sync(world, plan_of(world, replica));
	return true;
}

void tw_rollouts_finish(struct tw_world *world)
{
	const struct tw_rollouts *it = world->rollouts;

	if (!it)
		return;
	world->obs.rollouts = it->n;
	for (uint32_t p = 0; p < it->n; p++)
		world->obs.rolled_out += it->plans[p].complete;
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		world->obs.pending += it->pods[r].state == POD_PENDING;
}

/* ---- life cycle ----------------------------------------------------- */

/* The cluster as it stands: a class a revision. */
static void init_scheduler(struct tw_world *world)
{
	struct tw_scheduler *s = &world->rollouts->scheduler;

	tw_place_classes(s, world->model);
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (world->replicas[r].node != TW_NONE)
			tw_scheduler_put(s, world->model->replicas[r].revision,
				world->replicas[r].node);
}

/* Pods that are not there yet are not missed. */
static void init_set(struct tw_world *world, uint32_t plan, uint32_t revision)
{
	const struct tw_revision *it = &world->model->revisions[revision];

	world->rollouts->plan_of[revision] = plan;
	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t r = it->first_replica + i;
		struct tw_world_service *service =
			&world->services[world->replicas[r].service];
		struct pod *pod = &world->rollouts->pods[r];

		world->replicas[r].managed = true;
		pod->created = pod->ready_since = TW_LISTED_EVER / 2;
		if (i < it->initial) {
			pod->state = world->replicas[r].node == TW_NONE
					     ? POD_PENDING
					     : POD_RUNNING;
			continue;
		}
		pod->state = POD_ABSENT;
		service->replicas--;
		service->unavailable--;
	}
}

static void init_plan(struct tw_world *world, uint32_t p)
{
	const struct tw_rollout_plan *model = &world->model->rollouts[p];
	struct plan *plan = &world->rollouts->plans[p];

	*plan = (struct plan){.model = model,
		.now = {model->revision,
			world->model->revisions[model->revision].initial},
		.old = {model->old, 0},
		.service = world->model->revisions[model->revision].service,
		.desired = model->had};
	init_set(world, p, model->revision);
	if (model->old != TW_NONE) {
		plan->old.wanted = world->model->revisions[model->old].initial;
		init_set(world, p, model->old);
	}
	if (plan->service != TW_NONE)
		plan->unavailable = model->had -
				    available_of(world, plan, &plan->now) -
				    available_of(world, plan, &plan->old);
}

void tw_rollouts_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_rollouts *it;

	if (!model->n_rollouts)
		return;
	it = tw_new(&world->arena, struct tw_rollouts);
	world->rollouts = it;
	it->n = model->n_rollouts;
	it->plans = tw_new_array(&world->arena, it->n, struct plan);
	it->pods = tw_new_array(&world->arena, model->n_replicas, struct pod);
	it->plan_of = tw_new_array(&world->arena, model->n_revisions, uint32_t);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		it->plan_of[r] = TW_NONE;
	init_scheduler(world);
	for (uint32_t p = 0; p < it->n; p++)
		init_plan(world, p);
	for (uint32_t s = 0; s < model->n_services; s++)
		world->services[s].worst_unavailable =
			world->services[s].unavailable;
	tw_queue_schedule(&world->queue, model->rollout_at, TW_CLASS_WORLD,
		TW_EV_ROLLOUT, 0, 0);
}

void tw_rollouts_release(struct tw_world *world)
{
	if (world->rollouts)
		tw_scheduler_release(&world->rollouts->scheduler);
}
