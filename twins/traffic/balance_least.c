#include "twins/traffic/balance.h"

/*
 * Envoy, least_request: the least busy of choice_count random replicas, drawn
 * with replacement, as this proxy counts its requests; the first drawn where
 * they are equal (LeastRequestLoadBalancer::unweightedHostPickNChoices).
 * Where weights differ, by weights that fall with the load.
 */
static uint32_t pick(const struct tw_choice *choice)
{
	const struct tw_world_upstream *upstream = choice->upstream;
	uint32_t best, n;

	if (tw_balance_is_weighted(choice))
		return tw_balance_weighted(choice, true);
	best = tw_balance_draw(choice, 0);
	n = upstream ? upstream->model->balancing.choices : 0;
	for (uint32_t i = 1; i < n; i++) {
		uint32_t other = tw_balance_draw(choice, i);

		if (tw_proxy_host(upstream, choice->proxy, other)->active <
			tw_proxy_host(upstream, choice->proxy, best)->active)
			best = other;
	}
	return best;
}

const struct tw_balancing_kind tw_balance_least_request = {
	.name = "least-request",
	.pick = pick,
};
