/*
 * Zones: which part of a proxy's requests chooses among the replicas of which
 * (twins/model/policy.h; shares by priority.h).
 */
#include "twins/traffic/balance.h"
#include "twins/traffic/priority.h"
#include "twins/traffic/traffic.h"

/* Of the draws for balancing, one that no choice of a replica makes. */
#define DRAW_OF_SHARE UINT32_MAX

struct part {
	uint32_t hosts, usable; /* listed, and not ejected */
};

/* zone TW_NONE: all but `but`. */
static bool is_in(const struct tw_world *world, uint32_t replica, uint32_t zone,
	uint32_t but)
{
	uint32_t its = world->replicas[replica].zone;

	return zone == TW_NONE ? its != but : its == zone;
}

static struct part part_of(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	uint32_t zone, uint32_t but)
{
	const struct tw_world_pool *pool = &world->pools[upstream->model->pool];
	struct part part = {0};

	for (uint32_t i = 0; i < pool->n; i++) {
		uint32_t replica = pool->listed[i];

		if (!is_in(world, replica, zone, but))
			continue;
		part.hosts++;
		part.usable +=
			!tw_proxy_host(upstream, proxy, replica)->ejected;
	}
	return part;
}

/* Appends the replicas of a part; the ejected ones too where `all`. */
static void add_share(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	uint32_t zone, uint32_t but, bool all, double load)
{
	const struct tw_world_pool *pool = &world->pools[upstream->model->pool];
	struct tw_share *share = &proxy->shares[proxy->n_shares];

	share->first = proxy->n_usable;
	for (uint32_t i = 0; i < pool->n; i++) {
		uint32_t replica = pool->listed[i];

		if (is_in(world, replica, zone, but) &&
			(all || !tw_proxy_host(upstream, proxy, replica)
					 ->ejected))
			proxy->usable[proxy->n_usable++] = replica;
	}
	share->n = proxy->n_usable - share->first;
	share->upto =
		load +
		(proxy->n_shares ? proxy->shares[proxy->n_shares - 1].upto : 0);
	if (share->n)
		proxy->n_shares++;
}

/* The own zone first, then all others. */
static void by_priority(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_upstream *model = upstream->model;
	struct tw_level levels[2] = {0};
	uint32_t own = proxy->zone;

	for (int i = 0; i < 2; i++) {
		struct part part =
			part_of(world, upstream, proxy, i ? TW_NONE : own, own);

		levels[i].hosts = part.hosts;
		levels[i].healthy = part.usable;
	}
	tw_priority_loads(levels, 2, model->locality.overprovisioning,
		100 * model->outlier.panic);
	for (int i = 0; i < 2; i++)
		if (levels[i].load)
			add_share(world, upstream, proxy, i ? TW_NONE : own,
				own, levels[i].panic, levels[i].load);
}

static void by_weight(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_locality *by = &upstream->model->locality;
	uint32_t n = world->model->n_zones;
	double sum = 0, effective;

	for (int turn = 0; turn < 2; turn++)
		for (uint32_t z = 0; z < n; z++) {
			struct part part =
				part_of(world, upstream, proxy, z, TW_NONE);

			effective = tw_locality_weight(
				by->weights[proxy->zone * n + z], part.hosts,
				part.usable, by->overprovisioning);
			if (!turn)
				sum += effective;
			else if (effective > 0)
				add_share(world, upstream, proxy, z, TW_NONE,
					false, 100 * effective / sum);
		}
}

void tw_locality_refresh(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_locality *by = &upstream->model->locality;

	proxy->n_usable = proxy->n_shares = 0;
	/* The outside is in no zone. */
	if (by->weights)
		by_weight(world, upstream, proxy);
	else if (by->failover && proxy->zone < world->model->n_zones)
		by_priority(world, upstream, proxy);
	/* Nothing said of this zone: all alike. */
	if (!proxy->n_shares)
		add_share(world, upstream, proxy, TW_NONE, TW_NONE, false, 100);
}

void tw_locality_choose(struct tw_choice *choice)
{
	const struct tw_proxy *proxy = choice->proxy;
	const struct tw_share *share = proxy->shares;
	double u = 100 * tw_draw(choice->world->seed, choice->key,
				 TW_DRAW_BALANCE, DRAW_OF_SHARE);

	while (share < &proxy->shares[proxy->n_shares - 1] && u >= share->upto)
		share++;
	choice->replicas = &proxy->usable[share->first];
	choice->n = share->n;
	choice->share = (uint32_t)(share - proxy->shares);
}
