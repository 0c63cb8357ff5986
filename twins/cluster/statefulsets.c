/*
 * The StatefulSet controller in a run: pods by ordinal, each of the old or of
 * the new revision.
 *
 *	OrderedReady	an ordinal is created when all before it are available,
 *			and one is deleted at a time, from the highest on; one
 *			that is not available waits for those below it that are
 *			not, too
 *	Parallel	all at once
 *	update		from the highest ordinal down to the partition, one at a
 *			time; it waits for one that is not available; since 1.37
 *			as many as maxUnavailable; OnDelete: nothing
 *
 * A pod that is made anew is of the old revision below the partition, else of
 * the new one, with OnDelete too. One that stands on a lost node is not
 * replaced until it is gone.
 *
 * Source: Kubernetes 1.36, pkg/controller/statefulset/
 * stateful_set_control.go, updateStatefulSet.
 */
#include "twins/cluster/deployment.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/workloads.h"

enum slot {
	SLOT_EMPTY,
	SLOT_STOPPING,
	SLOT_ENDED,
	SLOT_COMING, /* not available yet */
	SLOT_AVAILABLE,
};

/* Who has the ordinal. */
struct seat {
	enum slot slot;
	uint32_t replica;
	bool updated; /* of the new revision */
};

static uint32_t replica_of(
	const struct tw_world *world, uint32_t revision, uint32_t ordinal)
{
	const struct tw_revision *it;

	if (revision == TW_NONE)
		return TW_NONE;
	it = &world->model->revisions[revision];
	return ordinal < it->n_replicas ? it->first_replica + ordinal : TW_NONE;
}

/* When the controller looks again of itself, and when it last did. */
struct looks {
	tw_time due, last;
};

/* A pod that has been ready for long enough just now is seen with the next
 * look: nothing tells the controller. */
static bool is_seen_available(const struct tw_world *world,
	const struct tw_managed *it, const struct tw_pod *pod)
{
	const struct looks *looks = it->own;
	tw_time now = tw_world_now(world);

	return pod->available &&
	       (!it->model->min_ready || looks->last == now ||
		       pod->ready_since + it->model->min_ready < now);
}

static enum slot slot_of(const struct tw_world *world,
	const struct tw_managed *it, const struct tw_pod *pod)
{
	switch ((enum tw_pod_state)pod->state) {
	case TW_POD_ABSENT:
		return SLOT_EMPTY;
	case TW_POD_STOPPING:
		return SLOT_STOPPING;
	case TW_POD_ENDED:
		return SLOT_ENDED;
	case TW_POD_PENDING:
	case TW_POD_BOUND:
	case TW_POD_RUNNING:
		break;
	}
	return is_seen_available(world, it, pod) ? SLOT_AVAILABLE : SLOT_COMING;
}

static struct seat seat_of(const struct tw_world *world,
	const struct tw_managed *it, uint32_t ordinal)
{
	const struct tw_workload *model = it->model;

	for (uint32_t i = 0; i < model->n_revisions; i++) {
		uint32_t replica =
			replica_of(world, model->revisions[i], ordinal);
		enum slot slot =
			replica == TW_NONE
				? SLOT_EMPTY
				: slot_of(world, it, tw_pod_of(world, replica));

		if (slot != SLOT_EMPTY)
			return (struct seat){
				slot, replica, model->revisions[i] == it->now};
	}
	return (struct seat){SLOT_EMPTY, TW_NONE, false};
}

/* The highest ordinal that anybody has, plus one. */
static uint32_t seats(const struct tw_world *world, const struct tw_managed *it)
{
	const struct tw_revision *all = world->model->revisions;
	uint32_t n = 0;

	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (all[it->model->revisions[i]].n_replicas > n)
			n = all[it->model->revisions[i]].n_replicas;
	while (n && seat_of(world, it, n - 1).slot == SLOT_EMPTY)
		n--;
	return n;
}

static void create(
	struct tw_world *world, const struct tw_managed *it, uint32_t ordinal)
{
	const struct tw_workload *model = it->model;
	bool is_old = it->before != TW_NONE && !model->on_delete &&
		      ordinal < model->partition;
	uint32_t replica =
		replica_of(world, is_old ? it->before : it->now, ordinal);

	if (replica == TW_NONE)
		replica = replica_of(world, it->now, ordinal);
	if (replica != TW_NONE)
		tw_pod_create_named(world, replica);
}

/* False: nothing more may happen now. */
static bool fill(struct tw_world *world, const struct tw_managed *it)
{
	bool ordered = !it->model->parallel;

	for (uint32_t i = 0; i < it->wanted; i++) {
		struct seat seat = seat_of(world, it, i);

		if (seat.slot == SLOT_ENDED)
			tw_pod_delete(world, seat.replica, TW_POD_GRACE);
		else if (seat.slot == SLOT_EMPTY)
			create(world, it, i);
		if (ordered && seat.slot != SLOT_AVAILABLE)
			return false;
	}
	return true;
}

/* Is a pod of a lower ordinal not available either? (firstUnavailablePod) */
static bool is_first_unavailable(const struct tw_world *world,
	const struct tw_managed *it, uint32_t ordinal)
{
	for (uint32_t i = 0; i < ordinal; i++) {
		enum slot slot = seat_of(world, it, i).slot;

		if (slot != SLOT_EMPTY && slot != SLOT_AVAILABLE)
			return false;
	}
	return true;
}

/* One beyond its size; false: it waits for that. */
static bool shrink(struct tw_world *world, const struct tw_managed *it)
{
	bool ordered = !it->model->parallel, done = true;

	for (uint32_t i = seats(world, it); i-- > it->wanted;) {
		struct seat seat = seat_of(world, it, i);

		if (seat.slot == SLOT_EMPTY)
			continue;
		done = false;
		if (ordered && seat.slot != SLOT_AVAILABLE &&
			!is_first_unavailable(world, it, i))
			return false;
		if (seat.slot != SLOT_STOPPING)
			tw_pod_delete(world, seat.replica, TW_POD_GRACE);
		if (ordered)
			return false;
	}
	return done;
}

static void update(struct tw_world *world, const struct tw_managed *it)
{
	const struct tw_workload *model = it->model;
	int64_t most = 1;
	uint32_t away = 0;

	if (it->before == TW_NONE || model->on_delete)
		return;
	if (tw_kubernetes_of(world->model->kubernetes)->set_unavailable)
		tw_deployment_share(
			model->unavailable, it->wanted, true, &most);
	if (most < 1)
		most = 1;
	for (uint32_t i = it->wanted; i-- > model->partition;) {
		struct seat seat = seat_of(world, it, i);

		if ((seat.slot == SLOT_AVAILABLE || seat.slot == SLOT_COMING) &&
			!seat.updated)
			tw_pod_delete(world, seat.replica, TW_POD_GRACE);
		else if (seat.slot == SLOT_AVAILABLE)
			continue;
		away++;
		if (away >= (uint64_t)most)
			return;
	}
}

static void see_complete(struct tw_world *world, struct tw_managed *it)
{
	uint32_t from =
		it->model->on_delete ? it->wanted : it->model->partition;

	if (it->rollout != TW_ROLLOUT_UNDER_WAY ||
		seats(world, it) > it->wanted)
		return;
	for (uint32_t i = 0; i < it->wanted; i++) {
		struct seat seat = seat_of(world, it, i);

		if (seat.slot != SLOT_AVAILABLE || (i >= from && !seat.updated))
			return;
	}
	tw_workload_rolled_out(world, it);
}

/* With minReadySeconds it looks again that much later, where pods are missing;
 * a look that is due already stays (enqueueSSAfter: AddAfter of the work queue
 * keeps the earlier time). So a pod is seen available with the first look after
 * it is. */
static void look_again(
	struct tw_world *world, uint32_t workload, const struct tw_managed *it)
{
	struct looks *looks = it->own;
	struct tw_pod_counts has = tw_workload_counts(world, workload);
	tw_time now = tw_world_now(world);

	if (!it->model->min_ready || looks->due > now ||
		has.available + has.stopping >= it->wanted)
		return;
	looks->due = now + it->model->min_ready;
	tw_workload_wake(world, workload, looks->due, 0);
}

static void woken(struct tw_world *world, uint32_t workload, uint32_t what)
{
	struct looks *looks = tw_managed_of(world, workload)->own;

	(void)what;
	looks->last = tw_world_now(world);
	tw_workload_touch(world, workload);
}

static void sync(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	if (fill(world, it) && shrink(world, it))
		update(world, it);
	see_complete(world, it);
	look_again(world, workload, it);
}

static void init(struct tw_world *world, uint32_t workload)
{
	struct looks *looks = tw_new(&world->arena, struct looks);

	looks->last = TW_NEVER;
	tw_managed_of(world, workload)->own = looks;
}

static void scaled(struct tw_world *world, uint32_t workload)
{
	(void)world;
	(void)workload; /* it->wanted says all */
}

const struct tw_controller tw_statefulsets = {
	.kind = "StatefulSet",
	.init = init,
	.sync = sync,
	.scaled = scaled,
	.woken = woken,
};
