#include "twins/cluster/volumes.h"

#include "twins/cluster/kubelet.h"
#include "twins/cluster/nodes.h"
#include "twins/cluster/pods_inner.h"
#include "twins/cluster/sched_queue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* maxWaitForUnmountDuration */
#define UNMOUNT (360 * TW_S)
/* In the argument of an event: the rest of it is the node that a volume is
 * detached from which no claim has any more. */
#define LEFT (UINT64_C(1) << 32)

enum state { DETACHED, ATTACHING, ATTACHED, DETACHING };

struct volume { /* of a claim */
	uint8_t state;
	bool told; /* that it is in use elsewhere, to `waits` */
	uint32_t node;
	uint32_t waits;	     /* pod that was told; TW_NONE */
	uint32_t generation; /* of its event */
};

struct tw_volumes {
	struct tw_claim_binding *bindings; /* by claim */
	struct volume *all;
	uint32_t *attached; /* by node, of those whose number is limited */
};

static const struct tw_storage *storage_of(const struct tw_world *world)
{
	return &world->model->storage;
}

static const struct tw_claim *claim_at(
	const struct tw_world *world, uint32_t claim)
{
	return &storage_of(world)->claims[claim];
}

static const struct tw_storage_class *class_at(
	const struct tw_world *world, uint32_t claim)
{
	return &storage_of(world)->classes[claim_at(world, claim)->class];
}

static bool is_exclusive(const struct tw_world *world, uint32_t claim)
{
	return tw_claim_is_exclusive(
		world->model, world->volumes->bindings, claim);
}

__attribute__((format(printf, 5, 6))) static void say(struct tw_world *world,
	uint32_t replica, bool warning, const char *reason, const char *format,
	...)
{
	char text[600];
	va_list args;

	if (!world->tap && !world->chronicle)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tw_world_tap(world, .kind = TW_TAP_CONTAINER,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.cause = text, .reason = reason, .state = "ContainerCreating",
		.warning = warning);
}

/* ---- who uses it ------------------------------------------------------ */

static bool uses(const struct tw_world *world, uint32_t replica, uint32_t node)
{
	uint8_t state = tw_pod_of(world, replica)->state;

	return world->replicas[replica].managed &&
	       world->replicas[replica].node == node &&
	       (state == TW_POD_BOUND || state == TW_POD_RUNNING ||
		       state == TW_POD_STOPPING);
}

/* A pod on the node that has the claim; TW_NONE: there is none. */
static uint32_t user_on(
	const struct tw_world *world, uint32_t claim, uint32_t node)
{
	const struct tw_claim *it = claim_at(world, claim);

	for (uint32_t i = 0; i < it->n_users; i++)
		if (uses(world, it->users[i], node))
			return it->users[i];
	return TW_NONE;
}

static bool in_use(void *context, uint32_t claim)
{
	const struct tw_world *world = context;
	const struct tw_claim *it = claim_at(world, claim);

	for (uint32_t i = 0; i < it->n_users; i++)
		if (world->replicas[it->users[i]].node != TW_NONE &&
			uses(world, it->users[i],
				world->replicas[it->users[i]].node))
			return true;
	return false;
}

static bool is_on(void *context, uint32_t claim, uint32_t node)
{
	const struct tw_world *world = context;
	const struct volume *it = &world->volumes->all[claim];

	return it->state != DETACHED && it->node == node;
}

static uint32_t attached(void *context, uint32_t node)
{
	const struct tw_world *world = context;

	return world->volumes->attached[node];
}

/* ---- attached and detached -------------------------------------------- */

static void count(struct tw_world *world, uint32_t claim, int by)
{
	if (class_at(world, claim)->limit)
		world->volumes->attached[world->volumes->all[claim].node] +=
			(uint32_t)by;
}

static void move(struct tw_world *world, uint32_t claim, enum state state,
	uint32_t node, tw_time after)
{
	struct volume *it = &world->volumes->all[claim];

	if (it->state != DETACHED)
		count(world, claim, -1);
	it->state = (uint8_t)state;
	it->node = node;
	it->generation++;
	if (state != DETACHED)
		count(world, claim, 1);
	if (after != TW_NEVER)
		tw_queue_schedule(&world->queue, tw_world_now(world) + after,
			TW_CLASS_WORLD, TW_EV_VOLUME, claim, it->generation);
}

/* "Volume is already used by pod(s) web-1": of its own namespace, that is. */
static void tell_in_use(
	struct tw_world *world, uint32_t replica, uint32_t claim)
{
	struct volume *it = &world->volumes->all[claim];
	const char *volume = tw_binding_volume(
		world->model, world->volumes->bindings, claim);
	uint32_t user = user_on(world, claim, it->node);
	const char *name =
		user == TW_NONE ? "" : world->model->replicas[user].name;
	const char *slash = strrchr(name, '/');

	if (it->waits == replica)
		return;
	it->waits = replica;
	if (user == TW_NONE)
		say(world, replica, true, "FailedAttachVolume",
			"Multi-Attach error for volume \"%s\" Volume is "
			"already exclusively attached to one node and can't "
			"be attached to another",
			volume);
	else
		say(world, replica, true, "FailedAttachVolume",
			"Multi-Attach error for volume \"%s\" Volume is "
			"already used by pod(s) %s",
			volume, slash ? slash + 1 : name);
}

/* True: it is there. */
static bool ensure(struct tw_world *world, uint32_t replica, uint32_t claim)
{
	struct volume *it = &world->volumes->all[claim];
	uint32_t node = world->replicas[replica].node;

	if (!is_exclusive(world, claim))
		return true;
	switch ((enum state)it->state) {
	case DETACHED:
		move(world, claim, ATTACHING, node, storage_of(world)->attach);
		return false;
	case ATTACHING:
	case ATTACHED:
		if (it->node == node)
			return it->state == ATTACHED;
		break;
	case DETACHING:
		if (it->node != node)
			break;
		move(world, claim, ATTACHED, node, TW_NEVER);
		return true;
	}
	tell_in_use(world, replica, claim);
	return false;
}

bool tw_volumes_are_there(struct tw_world *world, uint32_t replica)
{
	const struct tw_storage *storage = storage_of(world);
	bool all = true;

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++)
		all &= ensure(world, replica, storage->list[i]);
	if (!all)
		say(world, replica, false, NULL, " ");
	return all;
}

/* ---- what it leads to ------------------------------------------------- */

bool tw_volumes_has_any(const struct tw_world *world, uint32_t replica)
{
	return world->volumes && storage_of(world)->first[replica] !=
					 storage_of(world)->first[replica + 1];
}

static void start_again(struct tw_world *world, uint32_t replica)
{
	if (tw_pod_of(world, replica)->state == TW_POD_BOUND &&
		!world->node_down[world->replicas[replica].node])
		tw_kubelet_start(world, replica);
}

/* Who waits for it on its node goes on. */
static void is_attached(struct tw_world *world, uint32_t claim)
{
	const struct tw_claim *it = claim_at(world, claim);
	struct volume *volume = &world->volumes->all[claim];
	const char *name = tw_binding_volume(
		world->model, world->volumes->bindings, claim);

	move(world, claim, ATTACHED, volume->node, TW_NEVER);
	volume->waits = TW_NONE;
	if (user_on(world, claim, volume->node) == TW_NONE) {
		move(world, claim, DETACHING, volume->node,
			storage_of(world)->detach);
		return;
	}
	for (uint32_t i = 0; i < it->n_users; i++) {
		uint32_t r = it->users[i];

		if (world->replicas[r].node != volume->node ||
			tw_pod_of(world, r)->state != TW_POD_BOUND)
			continue;
		say(world, r, false, "SuccessfulAttachVolume",
			"AttachVolume.Attach succeeded for volume \"%s\"",
			name);
		start_again(world, r);
	}
}

/* The next pod that waits, in the model's order, gets it. */
static void is_detached(struct tw_world *world, uint32_t claim)
{
	const struct tw_claim *it = claim_at(world, claim);

	move(world, claim, DETACHED, world->volumes->all[claim].node, TW_NEVER);
	world->volumes->all[claim].waits = TW_NONE;
	/* One more fits there, perhaps. */
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
	for (uint32_t i = 0; i < it->n_users; i++) {
		uint32_t r = it->users[i];

		if (tw_pod_of(world, r)->state == TW_POD_BOUND &&
			!world->node_down[world->replicas[r].node]) {
			ensure(world, r, claim);
			return;
		}
	}
}

static void is_left(struct tw_world *world, uint32_t claim, uint32_t node)
{
	if (class_at(world, claim)->limit)
		world->volumes->attached[node]--;
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
}

bool tw_volumes_event(struct tw_world *world, const struct tw_event *event)
{
	const struct volume *it;

	if (event->kind != TW_EV_VOLUME)
		return false;
	if (event->b & LEFT) {
		is_left(world, event->a, (uint32_t)event->b);
		return true;
	}
	it = &world->volumes->all[event->a];
	if (it->generation != (uint32_t)event->b)
		return true;
	if (it->state == ATTACHING)
		is_attached(world, event->a);
	else
		is_detached(world, event->a);
	return true;
}

/* ---- pods come and go -------------------------------------------------- */

static tw_time detach_time(const struct tw_world *world, uint32_t node)
{
	if (world->node_down[node] &&
		!(world->nodes && tw_nodes_is_out_of_service(world, node)))
		return UNMOUNT;
	return storage_of(world)->detach;
}

static void release(struct tw_world *world, uint32_t claim, uint32_t node)
{
	struct volume *it = &world->volumes->all[claim];

	if (it->state != ATTACHED || it->node != node ||
		user_on(world, claim, node) != TW_NONE)
		return;
	move(world, claim, DETACHING, node, detach_time(world, node));
}

void tw_volumes_leave(struct tw_world *world, uint32_t replica, uint32_t node)
{
	const struct tw_storage *storage = storage_of(world);

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++)
		release(world, storage->list[i], node);
}

/* The claim is free for the next one; the volume counts until it is detached.
 */
static void leave_behind(struct tw_world *world, uint32_t claim)
{
	struct volume *it = &world->volumes->all[claim];

	if (it->state == DETACHED)
		return;
	tw_queue_schedule(&world->queue,
		tw_world_now(world) + detach_time(world, it->node),
		TW_CLASS_WORLD, TW_EV_VOLUME, claim, LEFT | it->node);
	it->state = DETACHED;
	it->waits = TW_NONE;
	it->generation++;
}

void tw_volumes_gone(struct tw_world *world, uint32_t replica)
{
	const struct tw_storage *storage = storage_of(world);

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++)
		if (storage->claims[storage->list[i]].ephemeral)
			leave_behind(world, storage->list[i]);
	tw_bindings_end(world->model, world->volumes->bindings, replica);
}

void tw_volumes_node_back(struct tw_world *world, uint32_t node)
{
	for (uint32_t c = 0; c < storage_of(world)->n_claims; c++) {
		struct volume *it = &world->volumes->all[c];

		if (it->state == DETACHING && it->node == node)
			move(world, c, DETACHING, node,
				storage_of(world)->detach);
	}
}

void tw_volumes_bind(struct tw_world *world, uint32_t replica, uint32_t node)
{
	tw_bindings_bind(world->model, world->volumes->bindings, replica, node);
}

static bool see(
	struct tw_world *world, uint32_t replica, struct tw_pod_volumes *to)
{
	if (!tw_pod_volumes_see(
		    world->model, world->volumes->bindings, replica, to))
		return false;
	to->attached = attached;
	to->is_on = is_on;
	to->in_use = in_use;
	to->context = world;
	return true;
}

void tw_volumes_ask(
	struct tw_world *world, uint32_t replica, struct tw_pod_volumes *to)
{
	tw_bindings_begin(world->model, world->volumes->bindings, replica);
	if (see(world, replica, to))
		world->pods->scheduler.volumes = &to->view;
}

bool tw_volumes_fit(struct tw_world *world, uint32_t replica, uint32_t node,
	enum tw_volumes_of what)
{
	struct tw_pod_volumes it;

	if (!world->volumes || !see(world, replica, &it))
		return true;
	if (what == TW_VOLUMES_NEW_NODE)
		it.attached = NULL;
	if (what == TW_VOLUMES_MOVE)
		it.in_use = NULL;
	return tw_sched_volumes_refuse(&it.view, node).status == TW_SCHED_OK;
}

void tw_volumes_asked(struct tw_world *world)
{
	world->pods->scheduler.volumes = NULL;
}

/* What stands there when the run begins has its volumes. */
static void attach_first(struct tw_world *world, uint32_t replica)
{
	const struct tw_storage *storage = storage_of(world);
	uint32_t node = world->replicas[replica].node;

	for (uint32_t i = storage->first[replica];
		node != TW_NONE && i < storage->first[replica + 1]; i++) {
		uint32_t c = storage->list[i];

		if (is_exclusive(world, c) &&
			world->volumes->all[c].state == DETACHED)
			move(world, c, ATTACHED, node, TW_NEVER);
	}
}

void tw_volumes_init(struct tw_world *world)
{
	const struct tw_storage *storage = storage_of(world);
	struct tw_volumes *volumes;

	if (!storage->n_claims)
		return;
	volumes = tw_new(&world->arena, struct tw_volumes);
	world->volumes = volumes;
	volumes->bindings = tw_new_array(
		&world->arena, storage->n_claims, struct tw_claim_binding);
	memcpy(volumes->bindings, storage->bindings,
		storage->n_claims * sizeof *volumes->bindings);
	volumes->all =
		tw_new_array(&world->arena, storage->n_claims, struct volume);
	volumes->attached = tw_new_array(
		&world->arena, world->model->n_nodes + 1, uint32_t);
	for (uint32_t c = 0; c < storage->n_claims; c++)
		volumes->all[c].waits = TW_NONE;
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		attach_first(world, r);
}
