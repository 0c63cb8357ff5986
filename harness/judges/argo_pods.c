#include "harness/judges/argo_pods.h"

int64_t tw_argo_weighted(int64_t replicas, int64_t weight, int64_t max_weight)
{
	return (replicas * weight + max_weight - 1) / max_weight;
}

/* Of `total` pods, `canary` are the new ones. */
struct option {
	int64_t canary, total;
};

/* How far its share is from the weight, times a number that all options
 * share. */
static int64_t distance(const struct option *it, int64_t weight,
	int64_t max_weight, int64_t other_total)
{
	int64_t d = it->canary * max_weight - weight * it->total;

	return (d < 0 ? -d : d) * other_total;
}

/* The better of the two for a total: ceil, then floor. */
static void consider(struct option *best, int64_t total, int64_t weight,
	int64_t max_weight, bool zero_allowed)
{
	int64_t product = total * weight, low = product / max_weight;
	int64_t high = tw_argo_weighted(total, weight, max_weight);
	bool tied = product % max_weight * 2 == max_weight;
	struct option options[2] = {{high, total}, {low, total}};
	bool fits[2] = {high < total || zero_allowed,
		!tied && (low > 0 || zero_allowed)};

	for (int i = 0; i < 2; i++)
		if (fits[i] &&
			(best->total < 0 || distance(&options[i], weight,
						    max_weight, best->total) <
						    distance(best, weight,
							    max_weight, total)))
			*best = options[i];
}

struct tw_argo_pods tw_argo_approximate(
	int64_t replicas, int64_t weight, int64_t max_weight, int64_t max_surge)
{
	bool zero_allowed = weight == 0 || weight == max_weight ||
			    (replicas == 1 && !max_surge);
	struct option best = {0, -1};

	if (!replicas)
		return (struct tw_argo_pods){0, 0};
	consider(&best, replicas, weight, max_weight, zero_allowed);
	if (max_surge > 0)
		consider(&best, replicas + 1, weight, max_weight, zero_allowed);
	if (best.total < 0)
		return (struct tw_argo_pods){0, replicas};
	return (struct tw_argo_pods){best.canary, best.total - best.canary};
}

/* Towards `wanted`, within `room`, which what is used is taken from. */
static int64_t up(int64_t from, int64_t wanted, int64_t *room)
{
	int64_t by = wanted - from;

	if (by <= 0 || *room <= 0)
		return from;
	by = by < *room ? by : *room;
	*room -= by;
	return from + by;
}

static int64_t down(int64_t from, int64_t wanted, int64_t *room)
{
	int64_t by = from - wanted;

	if (by <= 0 || *room <= 0)
		return from;
	by = by < *room ? by : *room;
	*room -= by;
	return from - by;
}

/* Pods that count when something is taken away. */
static int64_t counted(const struct tw_argo_set *set, bool all)
{
	return all || set->replicas < set->available ? set->replicas
						     : set->available;
}

struct tw_argo_pods tw_argo_reconcile(int64_t replicas, int64_t weight,
	int64_t max_weight, int64_t max_surge, int64_t max_unavailable,
	struct tw_argo_set stable, struct tw_argo_set canary, int64_t older)
{
	struct tw_argo_pods want =
		tw_argo_approximate(replicas, weight, max_weight, max_surge);
	struct tw_argo_pods now = {canary.replicas, stable.replicas};
	int64_t room = replicas + max_surge - stable.replicas -
		       canary.replicas - older;
	bool grows = want.canary >= canary.replicas;

	now.stable = up(now.stable, want.stable, &room);
	now.canary = up(now.canary, want.canary, &room);
	if (older > 0)
		return now;
	room = counted(&canary, !grows) + counted(&stable, grows) -
	       (replicas - max_unavailable);
	now.canary = down(now.canary, want.canary, &room);
	now.stable = down(now.stable, want.stable, &room);
	/* What is left beyond the surge is the canary's to give. */
	room = now.canary + now.stable - replicas - max_surge;
	now.canary = down(now.canary, 0, &room);
	return now;
}

struct tw_argo_pods tw_argo_routed(const struct tw_argo_routing *r)
{
	int64_t weight = r->promote_full ? r->max_weight
			 : r->abort	 ? 0
					 : r->step_weight;
	bool scaled = !r->promote_full && (!r->abort || r->abort_at_once) &&
		      !r->scale_matches &&
		      (r->scale_replicas >= 0 || r->scale_weight >= 0);
	struct tw_argo_pods pods = {0, r->replicas};

	if (scaled && r->scale_replicas >= 0)
		pods.canary = r->scale_replicas;
	else
		pods.canary = tw_argo_weighted(r->replicas,
			scaled ? r->scale_weight : weight, r->max_weight);
	if (pods.canary && pods.canary < r->min_pods)
		pods.canary =
			r->min_pods < r->replicas ? r->min_pods : r->replicas;
	return pods;
}
