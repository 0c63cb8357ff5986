#include "twins/world/endpoints.h"

#include "twins/base/hash.h"

/* topologycache.go, overloadThreshold. */
#define OVERLOAD 0.2

/* ---- the choice ----------------------------------------------------- */

static bool has(const uint32_t *list, uint32_t n, uint32_t it)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == it)
			return true;
	return false;
}

static bool fits(const struct tw_kube_endpoint *e, bool by_node, uint32_t here)
{
	return by_node ? has(e->node_hints, e->n_node_hints, here)
		       : has(e->zone_hints, e->n_zone_hints, here);
}

/* Every ready endpoint has such a hint, and one of them is for here. */
static bool hinted(const struct tw_kube_endpoint *e, uint32_t n, bool by_node,
	uint32_t here)
{
	bool found = false;

	if (here == TW_NONE)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!e[i].ready)
			continue;
		if (!(by_node ? e[i].n_node_hints : e[i].n_zone_hints))
			return false;
		found |= fits(&e[i], by_node, here);
	}
	return found;
}

static void choose_cluster(uint32_t node, uint32_t zone,
	const struct tw_kube_endpoint *e, uint32_t n, struct tw_kube_choice *to)
{
	bool by_node = hinted(e, n, true, node);
	bool by_zone = !by_node && hinted(e, n, false, zone), found = false;

	for (uint32_t i = 0; i < n; i++) {
		to->cluster[i] = e[i].ready;
		if (by_node || by_zone)
			to->cluster[i] =
				to->cluster[i] &&
				fits(&e[i], by_node, by_node ? node : zone);
		found |= to->cluster[i];
	}
	for (uint32_t i = 0; i < n && !found; i++)
		to->cluster[i] = e[i].serving && e[i].terminating;
}

static void choose_local(
	const struct tw_kube_endpoint *e, uint32_t n, struct tw_kube_choice *to)
{
	bool found = false;

	for (uint32_t i = 0; i < n; i++) {
		to->local[i] = e[i].local && e[i].ready;
		found |= to->local[i];
	}
	for (uint32_t i = 0; i < n && !found; i++)
		to->local[i] = e[i].local && e[i].serving && e[i].terminating;
}

void tw_kube_choose(const struct tw_kube_service *service, uint32_t node,
	uint32_t zone, const struct tw_kube_endpoint *e, uint32_t n,
	struct tw_kube_choice *to)
{
	to->uses_cluster = !service->internal_local || service->external;
	to->uses_local = service->internal_local ||
			 (service->external_local && service->external);
	to->any = false;
	for (uint32_t i = 0; i < n; i++) {
		to->cluster[i] = to->local[i] = false;
		to->any |= e[i].ready || (e[i].serving && e[i].terminating);
	}
	if (to->uses_cluster)
		choose_cluster(node, zone, e, n, to);
	if (to->uses_local)
		choose_local(e, n, to);
}

/* ---- topology-mode: Auto -------------------------------------------- */

struct share {		     /* of a zone */
	double desired, off; /* endpoints; > 0: it gives, < 0: it needs */
	uint32_t gives, takes;
};

static uint32_t most(const struct share *shares, uint32_t n, double sign)
{
	uint32_t best = TW_NONE;

	for (uint32_t z = 0; z < n; z++)
		if (sign * shares[z].off > 0 &&
			(best == TW_NONE ||
				sign * shares[z].off > sign * shares[best].off))
			best = z;
	return best;
}

static double amount(double x)
{
	return x < 0 ? -x : x;
}

/* getGivingAndReceivingZones */
static void trade(struct share *shares, uint32_t n)
{
	for (;;) {
		uint32_t from = most(shares, n, 1), to = most(shares, n, -1);
		double give, take;

		if (from == TW_NONE || to == TW_NONE)
			return;
		give = amount(shares[from].off);
		take = amount(shares[to].off);
		if ((give < 1 && take < 1) || give < 0.5 || take < 0.5)
			return;
		shares[from].off--;
		shares[from].gives++;
		shares[to].off++;
		shares[to].takes++;
	}
}

/* getAllocations: whether each zone's least share leaves enough. */
static bool allocate(
	struct share *shares, const int64_t *cpu, uint32_t n_zones, uint32_t n)
{
	int64_t all = 0, left = n;
	uint32_t zones = 0;

	for (uint32_t z = 0; z < n_zones; z++) {
		all += cpu[z];
		zones += cpu[z] > 0;
	}
	if (zones < 2 || zones > n)
		return false;
	for (uint32_t z = 0; z < n_zones; z++) {
		double wanted = (double)cpu[z] / (double)all * n;
		double least = wanted * (1 / (1 + OVERLOAD));
		int64_t whole = (int64_t)least;

		whole += least > (double)whole;
		left -= whole;
		shares[z].desired =
			wanted > (double)whole ? wanted : (double)whole;
	}
	return left >= 0;
}

bool tw_topology_hints(const uint32_t *zone_of, uint32_t n, const int64_t *cpu,
	uint32_t n_zones, uint32_t *hints)
{
	struct share *shares = tw_calloc(n_zones ? n_zones : 1, sizeof *shares);
	bool good = allocate(shares, cpu, n_zones, n);

	for (uint32_t i = 0; good && i < n; i++)
		good = zone_of[i] < n_zones;
	for (uint32_t z = 0; good && z < n_zones; z++)
		shares[z].off = -shares[z].desired;
	for (uint32_t i = 0; good && i < n; i++) {
		hints[i] = zone_of[i];
		shares[zone_of[i]].off++;
	}
	if (good)
		trade(shares, n_zones);
	for (uint32_t i = 0; good && i < n; i++) {
		if (!shares[hints[i]].gives)
			continue;
		for (uint32_t z = 0; z < n_zones; z++) {
			if (!shares[z].takes)
				continue;
			shares[hints[i]].gives--;
			shares[z].takes--;
			hints[i] = z;
			break;
		}
	}
	tw_free(shares);
	return good;
}

/* ---- in a run ------------------------------------------------------- */

struct tw_pool_views {
	struct tw_world_pool *by_node; /* the last: nodes of no replica */
	/* Nodes that have an endpoint, for what comes from outside. */
	uint32_t *nodes, n_nodes, nodes_version;
	struct tw_kube_endpoint *endpoints; /* by place in the pool */
	uint32_t *zones, *hosts;	    /* hints of each */
	bool *cluster, *local;
	uint32_t endpoints_version;
};

static const struct tw_service *service_of(
	const struct tw_model *model, uint32_t pool)
{
	return &model->services[model->pools[pool].service];
}

bool tw_endpoints_differ(const struct tw_model *model, uint32_t pool)
{
	const struct tw_service *it = service_of(model, pool);

	return !model->pools[pool].subset &&
	       (it->internal_local || (it->external_local && it->exposed) ||
		       it->distribution != TW_DISTRIBUTE_EVENLY);
}

/* The controller's: of ready endpoints. */
static void give_hints(struct tw_world *world, uint32_t pool)
{
	const struct tw_model *model = world->model;
	const struct tw_pool *all = &model->pools[pool];
	struct tw_pool_views *it = world->pools[pool].views;
	uint8_t way = service_of(model, pool)->distribution;
	uint32_t n = 0, *zone_of, *hints;
	int64_t *cpu;
	bool good;

	if (way != TW_DISTRIBUTE_TOPOLOGY) {
		for (uint32_t i = 0; i < all->n_replicas; i++) {
			it->endpoints[i].n_zone_hints =
				way != TW_DISTRIBUTE_EVENLY;
			it->endpoints[i].n_node_hints =
				way == TW_DISTRIBUTE_SAME_NODE;
		}
		return;
	}
	zone_of = tw_calloc(all->n_replicas + 1, sizeof *zone_of);
	hints = tw_calloc(all->n_replicas + 1, sizeof *hints);
	cpu = tw_calloc(model->n_zones + 1, sizeof *cpu);
	for (uint32_t i = 0; i < model->n_nodes; i++)
		if (!world->node_down[i] &&
			model->nodes[i].zone < model->n_zones)
			cpu[model->nodes[i].zone] += model->nodes[i].cpu;
	for (uint32_t i = 0; i < all->n_replicas; i++)
		if (it->endpoints[i].ready)
			zone_of[n++] = it->zones[i];
	good = tw_topology_hints(zone_of, n, cpu, model->n_zones, hints);
	n = 0;
	for (uint32_t i = 0; i < all->n_replicas; i++) {
		it->endpoints[i].n_zone_hints = good;
		if (good && it->endpoints[i].ready)
			it->zones[i] = hints[n++];
	}
	tw_free(zone_of);
	tw_free(hints);
	tw_free(cpu);
}

static void see_endpoints(struct tw_world *world, uint32_t pool)
{
	const struct tw_model *model = world->model;
	const struct tw_pool *all = &model->pools[pool];
	struct tw_pool_views *it = world->pools[pool].views;
	bool always = service_of(model, pool)->not_ready_too;

	if (it->endpoints_version == world->pools[pool].version + 1)
		return;
	it->endpoints_version = world->pools[pool].version + 1;
	for (uint32_t i = 0; i < all->n_replicas; i++) {
		const struct tw_world_replica *r =
			&world->replicas[all->replicas[i]];

		it->zones[i] = r->zone;
		it->hosts[i] = r->node;
		it->endpoints[i] = (struct tw_kube_endpoint){
			.ready = r->listed || (always && r->seen & TW_SEEN),
			.serving = r->seen & TW_SEEN_SERVING,
			.terminating = r->seen & TW_SEEN_TERMINATING,
			.zone_hints = &it->zones[i],
			.node_hints = &it->hosts[i]};
	}
	give_hints(world, pool);
}

/* Which nodes a load balancer finds healthy: those with a ready endpoint, or
 * where there is none at all, with one that still serves. */
static void see_nodes(struct tw_world *world, uint32_t pool)
{
	struct tw_pool_views *it = world->pools[pool].views;
	uint32_t n = world->model->pools[pool].n_replicas;

	if (it->nodes_version == world->pools[pool].version + 1)
		return;
	it->nodes_version = world->pools[pool].version + 1;
	it->n_nodes = 0;
	for (int last = 0; last < 2 && !it->n_nodes; last++)
		for (uint32_t i = 0; i < n; i++) {
			const struct tw_kube_endpoint *e = &it->endpoints[i];

			if (it->hosts[i] != TW_NONE &&
				(last ? e->serving && e->terminating
				      : e->ready) &&
				!has(it->nodes, it->n_nodes, it->hosts[i]))
				it->nodes[it->n_nodes++] = it->hosts[i];
		}
}

static const struct tw_world_pool *view_of(
	struct tw_world *world, uint32_t pool, uint32_t node, bool from_outside)
{
	const struct tw_model *model = world->model;
	const struct tw_pool *all = &model->pools[pool];
	const struct tw_service *service = service_of(model, pool);
	struct tw_pool_views *it = world->pools[pool].views;
	uint32_t at = node == TW_NONE ? model->n_nodes : node;
	struct tw_world_pool *view =
		&it->by_node[from_outside * (model->n_nodes + 1) + at];
	const struct tw_kube_service asked = {
		.internal_local = service->internal_local,
		.external_local = service->external_local,
		.external = service->exposed};
	bool is_local = from_outside ? service->external_local
				     : service->internal_local;
	struct tw_kube_choice choice = {
		.cluster = it->cluster, .local = it->local};

	if (view->version == world->pools[pool].version + 1)
		return view;
	for (uint32_t i = 0; i < all->n_replicas; i++)
		it->endpoints[i].local =
			node != TW_NONE && it->hosts[i] == node;
	tw_kube_choose(&asked, node,
		node == TW_NONE ? TW_NONE : model->nodes[node].zone,
		it->endpoints, all->n_replicas, &choice);
	view->version = world->pools[pool].version + 1;
	if (!view->listed)
		view->listed =
			tw_new_array(&world->arena, all->n_replicas, uint32_t);
	view->n = 0;
	for (uint32_t i = 0; i < all->n_replicas; i++)
		if (is_local ? choice.local[i] : choice.cluster[i])
			view->listed[view->n++] = all->replicas[i];
	return view;
}

/* A node that stays keeps its calls. */
static uint32_t node_for(const struct tw_world *world,
	const struct tw_pool_views *it, uint64_t key)
{
	uint64_t best = 0;
	uint32_t chosen = TW_NONE;

	for (uint32_t i = 0; i < it->n_nodes; i++) {
		uint64_t hash = tw_hash_combine(
			key, world->model->nodes[it->nodes[i]].hash);

		if (chosen == TW_NONE || hash < best) {
			best = hash;
			chosen = it->nodes[i];
		}
	}
	return chosen;
}

const struct tw_world_pool *tw_endpoints_for(
	struct tw_world *world, uint32_t pool, uint32_t from, uint64_t key)
{
	struct tw_pool_views *it = world->pools[pool].views;
	const struct tw_service *service = service_of(world->model, pool);

	if (!it)
		return &world->pools[pool];
	see_endpoints(world, pool);
	if (from != TW_NONE)
		return view_of(world, pool, world->replicas[from].node, false);
	if (!service->exposed || !service->external_local)
		return view_of(world, pool, TW_NONE, service->exposed);
	see_nodes(world, pool);
	return view_of(world, pool, node_for(world, it, key), true);
}

void tw_endpoints_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	for (uint32_t p = 0; p < model->n_pools; p++) {
		uint32_t n = model->pools[p].n_replicas;
		struct tw_pool_views *it;

		if (!tw_endpoints_differ(model, p))
			continue;
		it = tw_new(&world->arena, struct tw_pool_views);
		world->pools[p].views = it;
		it->by_node = tw_new_array(&world->arena,
			2 * (model->n_nodes + 1), struct tw_world_pool);
		it->nodes =
			tw_new_array(&world->arena, model->n_nodes, uint32_t);
		it->endpoints =
			tw_new_array(&world->arena, n, struct tw_kube_endpoint);
		it->zones = tw_new_array(&world->arena, n, uint32_t);
		it->hosts = tw_new_array(&world->arena, n, uint32_t);
		it->cluster = tw_new_array(&world->arena, n, bool);
		it->local = tw_new_array(&world->arena, n, bool);
	}
}
