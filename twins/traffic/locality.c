/*
 * Places: which part of a proxy's requests chooses among which replicas
 * (twins/model/policy.h; shares by priority.h).
 */
#include "twins/kernel/random.h"
#include "twins/traffic/balance.h"
#include "twins/traffic/priority.h"
#include "twins/traffic/traffic.h"

#include <string.h>

/* Of the draws for balancing, one that no choice of a replica makes. */
#define DRAW_OF_SHARE UINT32_MAX

/* Parts are zones, or levels; a replica is of one. */
struct part {
	uint32_t hosts, usable; /* listed, and not ejected */
};

/* ---- which part a replica is of --------------------------------------- */

static const char *label_of(
	const struct tw_world *world, uint32_t replica, const char *key)
{
	const struct tw_model *model = world->model;
	const struct tw_revision *revision;
	const char *value = NULL;
	uint32_t node;

	if (replica == TW_NONE)
		return NULL;
	revision = &model->revisions[model->replicas[replica].revision];
	node = world->replicas[replica].node;
	if (node != TW_NONE)
		value = tw_label_value(&model->nodes[node].spec->labels, key);
	if (!value && revision->labels)
		value = tw_label_value(revision->labels, key);
	return value;
}

/* Istio, loadbalancer.go, applyPriorityFailover: the first label in which they
 * differ counts; what neither has is alike. */
static uint32_t level_by_labels(const struct tw_world *world,
	const struct tw_locality *by, const struct tw_proxy *proxy,
	uint32_t replica)
{
	uint32_t n = by->n_levels - 1;

	for (uint32_t i = 0; i < n; i++) {
		const char *key = by->labels[i].key;
		const char *has = label_of(world, replica, key);
		const char *wants = by->labels[i].value;

		if (!wants)
			wants = label_of(world, proxy->from, key);
		if (has != wants && (!has || !wants || strcmp(has, wants)))
			return n - i;
	}
	return 0;
}

static uint32_t part_of(const struct tw_world *world,
	const struct tw_locality *by, const struct tw_proxy *proxy,
	uint32_t replica)
{
	uint32_t n = world->model->n_zones,
		 zone = world->replicas[replica].zone;

	if (by->weights)
		return zone;
	if (by->labels)
		return level_by_labels(world, by, proxy, replica);
	/* What stands nowhere comes last. */
	return zone < n && proxy->zone < n ? by->levels[proxy->zone * n + zone]
					   : by->n_levels - 1;
}

static void count_parts(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	struct part *parts)
{
	const struct tw_world_pool *pool = &world->pools[upstream->model->pool];

	for (uint32_t i = 0; i < pool->n; i++) {
		uint32_t replica = pool->listed[i];
		struct tw_host *host = tw_proxy_host(upstream, proxy, replica);

		host->part = part_of(
			world, &upstream->model->locality, proxy, replica);
		parts[host->part].hosts++;
		parts[host->part].usable += !host->ejected;
	}
}

/* ---- shares ----------------------------------------------------------- */

/* Appends the replicas of a part (TW_NONE: all); the ejected ones too where
 * `all`. */
static void add_share(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	uint32_t part, bool all, double load)
{
	const struct tw_world_pool *pool = &world->pools[upstream->model->pool];
	struct tw_share *share = &proxy->shares[proxy->n_shares];

	share->first = proxy->n_usable;
	for (uint32_t i = 0; i < pool->n; i++) {
		const struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if ((part == TW_NONE || host->part == part) &&
			(all || !host->ejected))
			proxy->usable[proxy->n_usable++] = pool->listed[i];
	}
	share->n = proxy->n_usable - share->first;
	share->upto =
		load +
		(proxy->n_shares ? proxy->shares[proxy->n_shares - 1].upto : 0);
	if (share->n)
		proxy->n_shares++;
}

static void by_priority(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	const struct part *parts)
{
	const struct tw_upstream *model = upstream->model;
	struct tw_level levels[TW_LEVELS] = {0};
	uint32_t n = model->locality.n_levels;

	for (uint32_t i = 0; i < n; i++) {
		levels[i].hosts = parts[i].hosts;
		levels[i].healthy = parts[i].usable;
	}
	tw_priority_loads(levels, n, model->locality.overprovisioning,
		100 * model->outlier.panic);
	for (uint32_t i = 0; i < n; i++)
		if (levels[i].load)
			add_share(world, upstream, proxy, i, levels[i].panic,
				levels[i].load);
}

/* A rule's weight is its zones' by the number of their replicas. */
static double weight_of(const struct tw_locality *by, const uint32_t n,
	uint32_t from, uint32_t zone, const struct part *parts)
{
	const uint32_t *rules = &by->rules[from * n];
	const double *weights = &by->weights[from * n];
	uint32_t all = 0;

	for (uint32_t z = 0; z < n; z++)
		if (weights[z] > 0 && rules[z] == rules[zone])
			all += parts[z].hosts;
	return all ? weights[zone] * parts[zone].hosts / all : 0;
}

static void by_weight(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	const struct part *parts)
{
	const struct tw_locality *by = &upstream->model->locality;
	uint32_t n = world->model->n_zones;
	double sum = 0, effective;

	for (int turn = 0; turn < 2; turn++)
		for (uint32_t z = 0; z < n; z++) {
			effective = tw_locality_weight(
				weight_of(by, n, proxy->zone, z, parts),
				parts[z].hosts, parts[z].usable,
				by->overprovisioning);
			if (!turn)
				sum += effective;
			else if (effective > 0)
				add_share(world, upstream, proxy, z, false,
					100 * effective / sum);
		}
}

void tw_locality_refresh(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_locality *by = &upstream->model->locality;
	struct part *parts =
		tw_calloc(TW_SHARES_MAX(world->model), sizeof *parts);

	proxy->n_usable = proxy->n_shares = 0;
	count_parts(world, upstream, proxy, parts);
	/* The outside is in no zone. */
	if (by->weights)
		by_weight(world, upstream, proxy, parts);
	else if (by->failover && proxy->zone < world->model->n_zones)
		by_priority(world, upstream, proxy, parts);
	/* Nothing said of this zone: all alike. */
	if (!proxy->n_shares)
		add_share(world, upstream, proxy, TW_NONE, false, 100);
	tw_free(parts);
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
