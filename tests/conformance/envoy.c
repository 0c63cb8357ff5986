/*
 * Envoy's shares among levels and localities, and its back-off, by the
 * functions that a proxy of the twin uses.
 */
#include "tests/conformance/conformance.h"
#include "twins/traffic/priority.h"
#include "twins/traffic/traffic.h"

#include <stdio.h>

static void compare(struct conformance *c, const char *what,
	const struct tw_yaml *want, size_t i, int64_t got)
{
	char name[40];

	snprintf(name, sizeof name, "%s[%zu]", what, i);
	conformance_int(c, name, tw_yaml_item(want, i), got);
}

static void priority(struct conformance *c)
{
	struct tw_yaml *levels = tw_yaml_get(c->in, "levels");
	struct tw_yaml *panic = tw_yaml_get(c->want, "panic");
	struct tw_level it[TW_LEVELS] = {0};
	size_t n = tw_yaml_count(levels);

	for (size_t i = 0; i < n; i++) {
		const struct tw_yaml *level = tw_yaml_item(levels, i);

		it[i] = (struct tw_level){
			.hosts = (uint32_t)conformance_get_int(
				level, "hosts", 0),
			.healthy = (uint32_t)conformance_get_int(
				level, "healthy", 0),
			.degraded = (uint32_t)conformance_get_int(
				level, "degraded", 0),
			.excluded = (uint32_t)conformance_get_int(
				level, "excluded", 0),
		};
	}
	tw_priority_loads(it, (uint32_t)n,
		(uint32_t)conformance_get_int(c->in, "overprovisioning", 140),
		conformance_get_real(c->in, "panic_threshold", 50));
	for (size_t i = 0; i < n; i++) {
		compare(c, "load", tw_yaml_get(c->want, "load"), i, it[i].load);
		compare(c, "degraded_load",
			tw_yaml_get(c->want, "degraded_load"), i,
			it[i].degraded_load);
		if (panic)
			conformance_bool(c, "panic", tw_yaml_item(panic, i),
				it[i].panic);
	}
}

static void locality(struct conformance *c)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "localities");
	double weights[TW_LEVELS], sum = 0;
	size_t n = tw_yaml_count(list);

	for (size_t i = 0; i < n; i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		weights[i] = tw_locality_weight(
			conformance_get_real(it, "weight", 0),
			(uint32_t)conformance_get_int(it, "hosts", 0),
			(uint32_t)conformance_get_int(it, "available", 0), 140);
		sum += weights[i];
	}
	for (size_t i = 0; i < n; i++)
		compare(c, "percent", tw_yaml_get(c->want, "percent"), i,
			(int64_t)(100 * weights[i] / sum + 0.5));
}

static void retry_backoff(struct conformance *c)
{
	tw_time range = tw_backoff_range(
		conformance_get_int(c->in, "base_ms", 25) * TW_MS,
		conformance_get_int(c->in, "max_ms", 250) * TW_MS,
		(uint32_t)conformance_get_int(c->in, "retry", 1));

	conformance_int(
		c, "below_ms", tw_yaml_get(c->want, "below_ms"), range / TW_MS);
}

const struct conformance_adapter conformance_envoy[] = {
	{"envoy-load", "priority", priority},
	{"envoy-load", "locality", locality},
	{"envoy-load", "retry_backoff", retry_backoff},
	{0},
};
