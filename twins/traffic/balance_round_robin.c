#include "twins/traffic/balance.h"

static uint32_t pick(const struct tw_choice *choice)
{
	if (tw_balance_is_weighted(choice))
		return tw_balance_weighted(choice, false);
	return choice->replicas[(*choice->turn)++ % choice->n];
}

const struct tw_balancing_kind tw_balance_round_robin = {
	.name = "round-robin",
	.pick = pick,
};
