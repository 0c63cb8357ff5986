#include "twins/cluster/life.h"

#include "twins/cluster/autoscale.h"
#include "twins/cluster/node_groups.h"
#include "twins/cluster/drain.h"
#include "twins/cluster/crash.h"
#include "twins/cluster/eviction.h"
#include "twins/cluster/images.h"
#include "twins/cluster/kubelet.h"
#include "twins/cluster/nodes.h"
#include "twins/cluster/probe.h"
#include "twins/cluster/start_order.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/volumes.h"
#include "twins/cluster/vpa.h"
#include "twins/cluster/workloads.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"
#include "twins/world/directory.h"
#include "twins/world/memory.h"
#include "twins/world/standing.h"

static void tap(struct tw_world *world, enum tw_tap_kind kind, uint32_t replica)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
}

/* Callers learn how the replica is then, not how it is now: what happened in
 * between was never published. */
static void publish(struct tw_world *world, uint32_t replica, tw_time delay)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + delay,
		TW_CLASS_WORLD, TW_EV_LIST, replica, 0);
}

/* The node lifecycle controller finds out what has become of it. */
static bool is_watched(
	const struct tw_world *world, const struct tw_world_replica *it)
{
	return world->nodes && it->managed;
}

static void lose(
	struct tw_world *world, uint32_t replica, enum tw_health health)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	tw_world_touch(world, service);
	it->health = (uint8_t)health;
	/* Nobody hears of it from a dead node. */
	if (health != TW_GONE || !is_watched(world, it))
		it->ready = false;
	it->life++;
	service->capacity -= it->workers;
	if (!it->managed) {
		service->unavailable++;
		if (service->unavailable > service->worst_unavailable)
			service->worst_unavailable = service->unavailable;
	}
	it->capacity->stop(world, replica);
	tap(world, TW_TAP_DIES, replica);
	tw_serve_reset(world, replica);
	if (it->managed)
		tw_pods_changed(world, replica);
}

void tw_cluster_kill(struct tw_world *world, uint32_t replica, tw_time restart)
{
	if (world->replicas[replica].health != TW_UP)
		return;
	lose(world, replica, TW_DOWN);
	publish(world, replica, world->model->endpoint_delay);
	if (restart != TW_NEVER)
		tw_cluster_restart(world, replica, restart);
}

/* Of one that does not listen yet: nothing is lost with it. */
static void lose_starting(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	it->life++;
	it->ready = false;
	tap(world, TW_TAP_DIES, replica);
	tw_pods_changed(world, replica);
}

void tw_cluster_crash(
	struct tw_world *world, uint32_t replica, const char *cause)
{
	struct tw_world_replica *it = &world->replicas[replica];
	tw_time wait = tw_crash(&it->backoff, tw_world_now(world));
	bool by_steps = tw_kubelet_restarts(world, replica);
	tw_time back = wait + (by_steps ? 0 : world->model->restart_delay);

	cause = tw_observation_name(&world->obs, cause);
	tw_observation_incident(&world->obs,
		&(struct tw_incident){
			.at = tw_world_now(world),
			.back = back,
			.replica = tw_observation_name(&world->obs,
				world->model->replicas[replica].name),
			.cause = cause,
		});
	tw_world_tap(world, .kind = TW_TAP_KILLED,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.cause = cause);
	if (!by_steps) {
		tw_cluster_kill(world, replica, back);
		return;
	}
	if (it->health == TW_UP)
		lose(world, replica, TW_DOWN);
	else
		lose_starting(world, replica);
	publish(world, replica, world->model->endpoint_delay);
	tw_kubelet_restart(world, replica, wait);
}

static void restart_at(
	struct tw_world *world, uint32_t replica, tw_time delay, uint32_t takes)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + delay,
		TW_CLASS_WORLD, TW_EV_RESTART, replica,
		(uint64_t)takes << 32 | world->replicas[replica].life);
}

/* One that waits for others does so before the time that its start takes. */
void tw_cluster_restart(struct tw_world *world, uint32_t replica, tw_time delay)
{
	tw_time takes = world->model->restart_delay;
	uint32_t service = world->model->replicas[replica].service;

	if (service == TW_NONE || !world->model->services[service].n_after) {
		restart_at(world, replica, delay, 0);
		return;
	}
	if (takes > delay)
		takes = delay;
	if (takes < TW_MS)
		takes = TW_MS;
	restart_at(world, replica, delay > takes ? delay - takes : 0,
		(uint32_t)(takes / TW_MS));
}

/* Where nobody watches nodes. */
static tw_time node_grace(const struct tw_model *model)
{
	return model->node_grace
		       ? model->node_grace
		       : tw_kubernetes_of(model->kubernetes)->node_grace;
}

static void take_down(struct tw_world *world, uint32_t node, bool cut)
{
	struct tw_standing pods;

	if (world->node_down[node])
		return;
	world->node_down[node] = true;
	pods = tw_standing_on(world, node);
	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		struct tw_world_replica *it = &world->replicas[r];
		uint8_t was;

		if (it->node != node)
			continue;
		was = it->health;
		if (was == TW_UP && cut && it->managed)
			tw_pods_cut_off(world, r);
		if (was == TW_UP)
			lose(world, r, TW_GONE);
		it->health = TW_GONE;
		it->life++; /* a restart that is under way comes to nothing */
		if (was == TW_DRAINING) {
			it->capacity->stop(world, r);
			tw_serve_reset(world, r);
		}
		if (!is_watched(world, it))
			publish(world, r, node_grace(world->model));
	}
	tw_vec_release(&pods);
	if (world->images)
		tw_images_node_down(world, node);
	if (world->nodes)
		tw_nodes_lost(world, node);
}

void tw_cluster_node_down(struct tw_world *world, uint32_t node)
{
	take_down(world, node, false);
}

void tw_cluster_node_cut(struct tw_world *world, uint32_t node)
{
	take_down(world, node, true);
}

void tw_cluster_node_up(struct tw_world *world, uint32_t node)
{
	struct tw_standing pods;

	if (!world->node_down[node])
		return;
	world->node_down[node] = false;
	pods = tw_standing_on(world, node);
	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];

		if (world->replicas[r].node != node)
			continue;
		if (is_watched(world, &world->replicas[r])) {
			tw_pods_node_back(world, r);
			continue;
		}
		world->replicas[r].health = TW_DOWN;
		tw_cluster_restart(world, r, world->model->restart_delay);
	}
	tw_vec_release(&pods);
	if (world->volumes)
		tw_volumes_node_back(world, node);
	if (world->nodes)
		tw_nodes_back(world, node);
}

/* `takes`: ms that the process takes from now on, if it may start; 0: it is
 * there. */
static void restarted(
	struct tw_world *world, uint32_t replica, uint32_t life, uint32_t takes)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->health != TW_DOWN || it->life != life ||
		(it->managed &&
			tw_pod_of(world, replica)->state != TW_POD_RUNNING))
		return;
	if (takes) {
		bool waits = tw_start_waits(world, replica);

		restart_at(world, replica, waits ? TW_S : takes * TW_MS,
			waits ? takes : 0);
		return;
	}
	tw_world_touch(world, service);
	it->health = TW_UP;
	it->ready = true;
	service->capacity += it->workers;
	if (it->managed)
		tw_pods_changed(world, replica);
	else
		service->unavailable--;
	tap(world, TW_TAP_READY, replica);
	tw_memory_start(world, replica);
	publish(world, replica, world->model->endpoint_delay);
}

/* The conditions of its endpoint (staging/src/k8s.io/endpointslice/utils.go,
 * podToEndpoint): one being deleted is no longer ready, and serves while it
 * is Ready. */
static uint8_t seen_of(const struct tw_world *world, uint32_t replica)
{
	const struct tw_world_replica *it = &world->replicas[replica];
	const struct tw_pod *pod =
		it->managed ? tw_pod_of(world, replica) : NULL;
	uint8_t seen = it->ready ? TW_SEEN | TW_SEEN_SERVING : 0;

	if (it->node != TW_NONE && (!pod || pod->state == TW_POD_RUNNING))
		seen |= TW_SEEN;
	if (pod && pod->state == TW_POD_STOPPING)
		seen = TW_SEEN | TW_SEEN_TERMINATING |
		       (pod->served ? TW_SEEN_SERVING : 0);
	return seen;
}

bool tw_cluster_event(struct tw_world *world, const struct tw_event *event)
{
	switch (event->kind) {
	case TW_EV_RESTART:
		restarted(world, event->a, (uint32_t)event->b,
			(uint32_t)(event->b >> 32));
		return true;
	case TW_EV_LIST:
		tw_directory_list(world, event->a, seen_of(world, event->a));
		return true;
	default:
		if (world->probes && tw_probes_event(world, event))
			return true;
		if (world->images && tw_images_event(world, event))
			return true;
		if (world->volumes && tw_volumes_event(world, event))
			return true;
		if (world->eviction && tw_eviction_event(world, event))
			return true;
		if (world->autoscale && tw_autoscale_event(world, event))
			return true;
		if (world->vpa && tw_vpa_event(world, event))
			return true;
		if (world->node_groups && tw_node_groups_event(world, event))
			return true;
		return world->workloads &&
		       (tw_pods_event(world, event) ||
			       tw_workloads_event(world, event) ||
			       (world->nodes &&
				       (tw_nodes_event(world, event) ||
					       tw_drain_event(world, event))));
	}
}
