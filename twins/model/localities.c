/*
 * Places: which zones a proxy of a zone calls, and how much (policy.h says by
 * which rules).
 */
#include "twins/model/build.h"

#include <string.h>

/* ---- levels --------------------------------------------------------- */

enum { OWN_ZONE, OWN_REGION, FAILOVER, OTHERS, N_LEVELS };

/* Istio, loadbalancer.go, applyLocalityFailover: of two other regions the one
 * that is failed over to comes first. Zones that tell no region are in one. */
static uint8_t level_of(const struct tw_model *model,
	const struct tw_spec_locality *by, uint32_t from, uint32_t to)
{
	const char *own = model->regions[model->region_of[from]];
	const char *region = model->regions[model->region_of[to]];

	if (from == to)
		return OWN_ZONE;
	if (!strcmp(own, region))
		return OWN_REGION;
	for (size_t i = 0; i < by->failovers.n; i++)
		if (!strcmp(by->failovers.v[i].from, own))
			return strcmp(by->failovers.v[i].to.v, region)
				       ? OTHERS
				       : FAILOVER;
	return FAILOVER;
}

static void set_levels(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_spec_locality *from, struct tw_locality *to)
{
	uint32_t n = model->n_zones;
	uint8_t *levels = tw_new_array(arena, (size_t)n * n, uint8_t);

	for (uint32_t z = 0; z < n; z++)
		for (uint32_t k = 0; k < n; k++)
			levels[z * n + k] = level_of(model, from, z, k);
	to->levels = levels;
	to->n_levels = N_LEVELS;
}

static void set_labels(struct tw_arena *arena,
	const struct tw_spec_locality *from, struct tw_locality *to)
{
	size_t n = from->priority.n;
	struct tw_level_label *labels =
		tw_new_array(arena, n, struct tw_level_label);

	for (size_t i = 0; i < n; i++) {
		const char *text = from->priority.v[i].v;
		const char *equal = strchr(text, '=');

		labels[i].key = text;
		if (!equal)
			continue;
		labels[i].key =
			tw_arena_strndup(arena, text, (size_t)(equal - text));
		labels[i].value = equal + 1;
	}
	to->labels = labels;
	to->n_levels = (uint32_t)n + 1;
}

/* ---- parts ---------------------------------------------------------- */

/* A word of a place: "" and "*" are any, and so is what is not known. */
static bool word_fits(const char *pattern, size_t n, const char *name)
{
	return !n || (n == 1 && *pattern == '*') || !*name ||
	       (strlen(name) == n && !memcmp(pattern, name, n));
}

/* zone n_zones: the outside. */
static bool place_fits(
	const struct tw_model *model, const char *pattern, uint32_t zone)
{
	const char *slash = strchr(pattern, '/'), *name, *region;

	if (!strcmp(pattern, "*"))
		return true;
	if (zone == model->n_zones)
		return !strcmp(pattern, "outside");
	name = model->zones[zone];
	if (!slash)
		return !strcmp(pattern, name);
	region = model->regions[model->region_of[zone]];
	return word_fits(pattern, (size_t)(slash - pattern), region) &&
	       word_fits(slash + 1, strcspn(slash + 1, "/"), name);
}

static void set_weights(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_spec_locality *from, struct tw_locality *to)
{
	uint32_t n = model->n_zones;
	double *weights = tw_new_array(arena, (size_t)(n + 1) * n, double);
	uint32_t *rules = tw_new_array(arena, (size_t)(n + 1) * n, uint32_t);

	for (uint32_t z = 0; z <= n; z++)
		for (uint32_t k = 0; k < n; k++)
			for (uint32_t i = 0; i < from->shares.n; i++) {
				const struct tw_spec_zone_share *it =
					&from->shares.v[i];

				if (!place_fits(model, it->from, z) ||
					!place_fits(model, it->to, k))
					continue;
				weights[z * n + k] =
					(double)tw_int_or(it->weight, 1);
				rules[z * n + k] = i;
				break;
			}
	to->weights = weights;
	to->rules = rules;
}

void build_locality(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_spec_locality *from, struct tw_locality *to)
{
	bool failover = tw_int_or(from->failover, 0) || from->failovers.n ||
			from->priority.n;

	*to = (struct tw_locality){
		.on = from->shares.n || failover,
		.failover = failover,
		.overprovisioning =
			(uint32_t)(100 * tw_real_or(
						 from->overprovisioning, 1.4) +
				   0.5),
	};
	if (from->shares.n)
		set_weights(model, arena, from, to);
	else if (from->priority.n)
		set_labels(arena, from, to);
	else if (failover)
		set_levels(model, arena, from, to);
}
