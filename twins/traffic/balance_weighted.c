/*
 * Choice by weights: the earliest deadline first (Envoy, EdfScheduler). A
 * replica that is chosen at `clock` is due again at clock + 1 / weight; the
 * one that is due first is next, and the clock goes to where it was due. In
 * the long run each gets its weight's share.
 */
#include "twins/traffic/balance.h"

#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"

/* Envoy, SlowStartConfig: new_weight = weight * max(min_weight_percent,
 * (time since start / window)^(1 / aggression)). */
static double slow_start(const struct tw_choice *choice,
	const struct tw_balancing *by, uint32_t replica)
{
	tw_time since = choice->world->replicas[replica].listed_at, age;
	double share;

	if (!by->slow_start || since == TW_LISTED_EVER)
		return 1;
	age = tw_world_now(choice->world) - since;
	if (age >= by->slow_start)
		return 1;
	share = tw_pow(
		(double)age / (double)by->slow_start, 1 / by->aggression);
	return share > by->min_weight ? share : by->min_weight;
}

static double weight_of(
	const struct tw_choice *choice, uint32_t replica, bool by_load)
{
	const struct tw_balancing *by = &choice->upstream->model->balancing;
	double weight = slow_start(choice, by, replica) *
			tw_balance_weight(choice, replica);
	const struct tw_host *host;

	if (!by_load)
		return weight;
	host = tw_proxy_host(choice->upstream, choice->proxy, replica);
	return weight / tw_pow((double)host->active + 1, by->bias);
}

double tw_balance_weight(const struct tw_choice *choice, uint32_t replica)
{
	const struct tw_world_upstream *upstream = choice->upstream;
	const double *weights = upstream->model->balancing.weights;

	return weights ? weights[upstream->places[replica -
						  upstream->first_host]]
		       : 1;
}

bool tw_balance_is_weighted(const struct tw_choice *choice)
{
	const struct tw_balancing *by;

	if (!choice->upstream || !choice->proxy->hosts)
		return false;
	by = &choice->upstream->model->balancing;
	if (by->weights)
		return true;
	for (uint32_t i = 0; by->slow_start && i < choice->n; i++)
		if (slow_start(choice, by, choice->replicas[i]) < 1)
			return true;
	return false;
}

/* Proxies do not begin in step: a replica that is new to the schedule is due
 * somewhere within its first turn. */
static double first_turn(const struct tw_choice *choice, uint32_t replica)
{
	uint64_t hash = tw_hash_combine(choice->upstream->model->hash,
		choice->world->model->replicas[replica].hash);

	return tw_uniform_of(tw_hash_combine(hash, *choice->turn));
}

uint32_t tw_balance_weighted(const struct tw_choice *choice, bool by_load)
{
	struct tw_proxy *proxy = choice->proxy;
	uint32_t best = TW_NONE;
	struct tw_host *first = NULL;

	for (uint32_t i = 0; i < choice->n; i++) {
		uint32_t replica = choice->replicas[i];
		struct tw_host *host =
			tw_proxy_host(choice->upstream, proxy, replica);

		if (host->due < proxy->clock || host->due <= 0)
			host->due = proxy->clock +
				    first_turn(choice, replica) /
					    weight_of(choice, replica, by_load);
		if (!first || host->due < first->due) {
			first = host;
			best = replica;
		}
	}
	proxy->clock = first->due;
	first->due += 1 / weight_of(choice, best, by_load);
	return best;
}
