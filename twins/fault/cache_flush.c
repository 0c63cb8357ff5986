#include "twins/fault/kinds.h"

#include "twins/world/cache.h"

/* A cache loses all that it has (twins/world/cache.h); with `for` it keeps
 * nothing as long as that lasts. */
static void flush(
	const struct tw_fault *fault, struct tw_world *world, bool down)
{
	const struct tw_model *model = world->model;
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t c = 0; c < model->n_caches; c++) {
		const struct tw_cache *cache = &model->caches[c];
		uint32_t service = model->endpoints[cache->endpoint].service;
		const struct tw_pool *pool =
			&model->pools[model->services[service].pool];

		if (fault->endpoints && !fault->endpoints[cache->endpoint])
			continue;
		for (uint32_t i = 0; i < pool->n_replicas; i++)
			if (hit[pool->replicas[i]])
				tw_cache_flush(
					world, c, pool->replicas[i], down);
	}
}

static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	for (uint32_t c = 0; c < model->n_caches; c++) {
		uint32_t endpoint = model->caches[c].endpoint;
		const struct tw_pool *pool =
			&model->pools[model->services[model->endpoints[endpoint]
							      .service]
					      .pool];

		for (uint32_t i = 0; i < pool->n_replicas; i++)
			if ((!fault->endpoints || fault->endpoints[endpoint]) &&
				(!fault->replicas ||
					fault->replicas[pool->replicas[i]]))
				return NULL;
	}
	return "cache-flush finds no cache there: a model says with a "
	       "'cache' step where one is";
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	if (!fault->lasts)
		fault->end = fault->at;
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	flush(fault, world, fault->lasts > 0);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	if (fault->lasts)
		flush(fault, world, false);
}

const struct tw_fault_kind tw_fault_cache_flush = {
	.name = "cache-flush",
	.help = "caches (`cache` steps) lose what they have",
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT |
		     TW_SELECT_REPLICA | TW_SELECT_NODE | TW_SELECT_ZONE |
		     TW_SELECT_REGION,
	.needs = ~0U,
	.instant = true,
	.lacks = lacks,
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
