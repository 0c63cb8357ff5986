#include "twins/cluster/hpa_behavior.h"

#include "twins/kernel/fmath.h"

const char *tw_hpa_limit_reason(enum tw_hpa_limit limit)
{
	static const char *const reasons[] = {
		[TW_HPA_WITHIN_RANGE] = "DesiredWithinRange",
		[TW_HPA_SCALE_UP_LIMIT] = "ScaleUpLimit",
		[TW_HPA_SCALE_DOWN_LIMIT] = "ScaleDownLimit",
		[TW_HPA_TOO_MANY] = "TooManyReplicas",
		[TW_HPA_TOO_FEW] = "TooFewReplicas",
	};

	return reasons[limit];
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* In the place of `old`, where there is one to give up. */
static void recommend(struct tw_hpa_recommendations *log, size_t old,
	int64_t replicas, tw_time now)
{
	struct tw_hpa_recommendation it = {now, replicas};

	if (old < log->n)
		log->v[old] = it;
	else
		tw_vec_push(log, it);
}

/* ---- without `behavior` ---------------------------------------------- */

int64_t tw_hpa_stabilize(struct tw_hpa_recommendations *log, tw_time window,
	int64_t desired, tw_time now)
{
	int64_t highest = desired;
	size_t old = SIZE_MAX;

	for (size_t i = 0; i < log->n; i++) {
		if (log->v[i].at < now - window)
			old = i;
		else
			highest = larger(highest, log->v[i].replicas);
	}
	recommend(log, old, desired, now);
	return highest;
}

int64_t tw_hpa_limit_default(int64_t current, int64_t desired, int64_t min,
	int64_t max, enum tw_hpa_limit *limit)
{
	int64_t most = larger(2 * current, 4);

	*limit = TW_HPA_WITHIN_RANGE;
	if (desired < min) {
		*limit = TW_HPA_TOO_FEW;
		return min;
	}
	if (desired <= smaller(most, max))
		return desired;
	*limit = max > most ? TW_HPA_SCALE_UP_LIMIT : TW_HPA_TOO_MANY;
	return smaller(most, max);
}

/* ---- with it --------------------------------------------------------- */

int64_t tw_hpa_stabilize_both(struct tw_hpa_recommendations *log,
	tw_time up_window, tw_time down_window, int64_t current,
	int64_t desired, tw_time now)
{
	int64_t up = desired, down = desired, to = current;
	size_t old = SIZE_MAX;

	for (size_t i = 0; i < log->n; i++) {
		const struct tw_hpa_recommendation *it = &log->v[i];

		if (it->at > now - up_window)
			up = smaller(up, it->replicas);
		if (it->at > now - down_window)
			down = larger(down, it->replicas);
		if (it->at < now - up_window && it->at < now - down_window)
			old = i;
	}
	to = larger(to, up);
	to = smaller(to, down);
	recommend(log, old, desired, now);
	return to;
}

int64_t tw_hpa_changed(
	const struct tw_hpa_changes *changes, tw_time period, tw_time now)
{
	int64_t sum = 0;

	for (size_t i = 0; i < changes->n; i++)
		if (changes->v[i].at > now - period)
			sum += changes->v[i].replicas;
	return sum;
}

/* The size that a policy allows, from where its period began. */
static int64_t allowed(
	const struct tw_hpa_policy *policy, int64_t start, bool up)
{
	double part = (double)policy->value / 100;

	if (!policy->percent)
		return up ? start + policy->value : start - policy->value;
	if (up) /* rounded up, or it might never grow */
		return (int64_t)tw_ceil((double)start * (1 + part));
	return (int64_t)((double)start * (1 - part));
}

/* How far the policies of a direction let it go. */
static int64_t bound(const struct tw_hpa_rules *rules,
	const struct tw_hpa_history *history, int64_t current, bool up,
	tw_time now)
{
	/* The largest change is the largest size upwards, and the smallest
	 * downwards. */
	bool want_larger = (rules->select != TW_HPA_MIN) == up;
	int64_t to = want_larger ? INT32_MIN : INT32_MAX;

	if (rules->select == TW_HPA_DISABLED)
		return current;
	for (size_t i = 0; i < rules->n; i++) {
		const struct tw_hpa_policy *it = &rules->policies[i];
		int64_t start = current -
				tw_hpa_changed(&history->up, it->period, now) +
				tw_hpa_changed(&history->down, it->period, now);
		int64_t size = allowed(it, start, up);

		to = want_larger ? larger(to, size) : smaller(to, size);
	}
	return to;
}

int64_t tw_hpa_limit_rate(const struct tw_hpa_bounds *bounds,
	const struct tw_hpa_history *history, int64_t current, int64_t desired,
	tw_time now, enum tw_hpa_limit *limit)
{
	int64_t most, least, rate;

	*limit = TW_HPA_WITHIN_RANGE;
	if (desired > current) {
		rate = larger(bound(bounds->up, history, current, true, now),
			current);
		most = smaller(bounds->max, rate);
		if (desired <= most)
			return desired;
		*limit = bounds->max > rate ? TW_HPA_SCALE_UP_LIMIT
					    : TW_HPA_TOO_MANY;
		return most;
	}
	if (desired < current) {
		rate = smaller(
			bound(bounds->down, history, current, false, now),
			current);
		least = larger(bounds->min, rate);
		if (desired >= least)
			return desired;
		*limit = bounds->min < rate ? TW_HPA_SCALE_DOWN_LIMIT
					    : TW_HPA_TOO_FEW;
		return least;
	}
	return desired;
}

void tw_hpa_log_change(struct tw_hpa_changes *changes,
	const struct tw_hpa_rules *rules, int64_t change, tw_time now)
{
	struct tw_hpa_change it = {.at = now, .replicas = change};
	size_t old = SIZE_MAX;
	tw_time longest = 0;

	for (size_t i = 0; i < rules->n; i++)
		longest = larger(longest, rules->policies[i].period);
	for (size_t i = 0; i < changes->n; i++) {
		if (changes->v[i].at < now - longest)
			changes->v[i].outdated = true;
		if (changes->v[i].outdated)
			old = i;
	}
	if (old < changes->n)
		changes->v[old] = it;
	else
		tw_vec_push(changes, it);
}
