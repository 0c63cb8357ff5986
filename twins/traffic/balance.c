#include "twins/traffic/balance.h"

#include "twins/traffic/traffic.h"

uint32_t tw_balance_pick(
	enum tw_balancer balancer, const struct tw_choice *choice)
{
	static const struct tw_balancing_kind *const kinds[] = {
		[TW_BALANCE_ROUND_ROBIN] = &tw_balance_round_robin,
		[TW_BALANCE_RANDOM] = &tw_balance_random,
		[TW_BALANCE_LEAST_REQUEST] = &tw_balance_least_request,
		[TW_BALANCE_RING_HASH] = &tw_balance_ring_hash,
		[TW_BALANCE_MAGLEV] = &tw_balance_maglev,
	};

	if (choice->n == 1)
		return choice->replicas[0];
	return kinds[balancer]->pick(choice);
}

TW_PATH uint32_t tw_balance(struct tw_world *world,
	const struct tw_world_pool *it, enum tw_balancer balancer, uint64_t key,
	uint32_t *turn)
{
	const struct tw_choice choice = {.world = world,
		.replicas = it->listed,
		.n = it->n,
		.key = key,
		.turn = turn};

	if (it->n == 1)
		return it->listed[0];
	return it->n ? tw_balance_pick(balancer, &choice) : TW_NONE;
}
