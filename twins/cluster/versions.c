#include "twins/cluster/versions.h"

#include <stddef.h>

/* Oldest first; each holds up to the next. */
static const struct tw_kubernetes versions[] = {
	{.minor = 26,
		.node_grace = 40 * TW_S,
		.old_balance = true,
		.unhealthy_policy = false,
		.min_domains = false,
		.tolerance_by_difference = true},
	{.minor = 27,
		.node_grace = 40 * TW_S,
		.old_balance = true,
		.unhealthy_policy = true,
		.min_domains = true,
		.tolerance_by_difference = true},
	{.minor = 31,
		.node_grace = 50 * TW_S,
		.old_balance = true,
		.unhealthy_policy = true,
		.min_domains = true,
		.tolerance_by_difference = true},
	{.minor = 33,
		.node_grace = 50 * TW_S,
		.old_balance = true,
		.unhealthy_policy = true,
		.min_domains = true,
		.tolerance_by_difference = false},
	{.minor = 36,
		.node_grace = 50 * TW_S,
		.old_balance = false,
		.unhealthy_policy = true,
		.min_domains = true,
		.tolerance_by_difference = false},
};

const struct tw_kubernetes *tw_kubernetes_of(int minor)
{
	const struct tw_kubernetes *found = &versions[0];

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].minor <= minor)
			found = &versions[i];
	return found;
}
