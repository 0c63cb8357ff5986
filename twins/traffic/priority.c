#include "twins/traffic/priority.h"

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t health(uint32_t good, uint32_t n, uint32_t overprovisioning)
{
	if (!n)
		return 0;
	return (uint32_t)least(
		100, (uint32_t)((uint64_t)overprovisioning * good / n));
}

static uint32_t members(const struct tw_level *level)
{
	return level->hosts - level->excluded;
}

/* Levels take what their health allows of what is left, healthy hosts of all
 * levels before degraded ones. */
static void share(struct tw_level *levels, uint32_t n,
	uint32_t overprovisioning, uint32_t total)
{
	uint32_t left = 100;

	for (uint32_t i = 0; i < n; i++) {
		levels[i].load = least(
			left, health(levels[i].healthy, members(&levels[i]),
				      overprovisioning) *
				      100 / total);
		left -= levels[i].load;
	}
	for (uint32_t i = 0; i < n; i++) {
		levels[i].degraded_load = least(
			left, health(levels[i].degraded, members(&levels[i]),
				      overprovisioning) *
				      100 / total);
		left -= levels[i].degraded_load;
	}
	for (uint32_t i = 0; left && i < n; i++)
		if (levels[i].load) {
			levels[i].load += left;
			return;
		}
	for (uint32_t i = 0; left && i < n; i++)
		if (levels[i].degraded_load) {
			levels[i].degraded_load += left;
			return;
		}
}

static void share_by_hosts(struct tw_level *levels, uint32_t n)
{
	uint64_t all = 0;
	uint32_t left = 100;

	for (uint32_t i = 0; i < n; i++)
		all += levels[i].hosts;
	for (uint32_t i = 0; i < n; i++) {
		levels[i].degraded_load = 0;
		levels[i].load =
			all ? (uint32_t)(100 * (uint64_t)levels[i].hosts / all)
			    : 0;
		left -= levels[i].load;
	}
	for (uint32_t i = 0; all && i < n; i++)
		if (levels[i].hosts) {
			levels[i].load += left;
			return;
		}
}

void tw_priority_loads(struct tw_level *levels, uint32_t n,
	uint32_t overprovisioning, double panic_threshold)
{
	uint32_t total = 0;
	bool all_panic = true;

	for (uint32_t i = 0; i < n; i++) {
		levels[i].load = levels[i].degraded_load = 0;
		total += health(levels[i].healthy, members(&levels[i]),
				 overprovisioning) +
			 health(levels[i].degraded, members(&levels[i]),
				 overprovisioning);
	}
	total = least(100, total);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t good = levels[i].healthy + levels[i].degraded;
		double percent = members(&levels[i])
					 ? 100.0 * good / members(&levels[i])
					 : 0;

		levels[i].panic = total < 100 && percent < panic_threshold;
		all_panic &= levels[i].panic;
	}
	if (all_panic)
		share_by_hosts(levels, n);
	else if (total)
		share(levels, n, overprovisioning, total);
}

double tw_locality_weight(double weight, uint32_t hosts, uint32_t available,
	uint32_t overprovisioning)
{
	return weight * health(available, hosts, overprovisioning);
}
