#include "twins/cluster/deletion.h"

static int order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* trunc(log2(age)): ages of one power of two count as equal, so that the
 * order within them is random (LogarithmicScaleDown). */
static int64_t bucket_of(tw_time age)
{
	return age <= 0 ? -1 : 63 - __builtin_clzll((unsigned long long)age);
}

/* A time that is not set goes first; else the shorter age. */
static int compare_ages(tw_time a, tw_time b, bool buckets)
{
	if (a < 0 || b < 0)
		return order(a >= 0, b >= 0);
	return buckets ? order(bucket_of(a), bucket_of(b)) : order(a, b);
}

static int compare(const struct tw_pod_standing *a,
	const struct tw_pod_standing *b, bool with_cost, bool ranks)
{
	int c = order(a->assigned, b->assigned);

	if (!c)
		c = order(a->phase, b->phase);
	if (!c)
		c = order(a->ready, b->ready);
	if (!c && with_cost)
		c = order(a->cost, b->cost);
	if (!c && ranks)
		c = order(b->rank, a->rank);
	if (!c && a->ready && b->ready)
		c = compare_ages(a->ready_age, b->ready_age, ranks);
	if (!c)
		c = order(b->restarts, a->restarts);
	if (!c)
		c = order(b->sidecar_restarts, a->sidecar_restarts);
	if (!c)
		c = compare_ages(a->created_age, b->created_age, ranks);
	return c;
}

int tw_deletion_compare(const struct tw_pod_standing *a,
	const struct tw_pod_standing *b, bool with_cost)
{
	return compare(a, b, with_cost, true);
}

int tw_deletion_compare_plain(
	const struct tw_pod_standing *a, const struct tw_pod_standing *b)
{
	return compare(a, b, false, false);
}

void tw_deletion_select(const struct tw_pod_standing *pods, size_t n,
	size_t diff, bool with_cost, bool *gone)
{
	for (size_t i = 0; i < n; i++)
		gone[i] = diff >= n;
	for (size_t k = 0; k < diff && diff < n; k++) {
		size_t best = n;

		for (size_t i = 0; i < n; i++) {
			int way = best == n || gone[i]
					  ? -1
					  : tw_deletion_compare(&pods[i],
						    &pods[best], with_cost);

			if (!gone[i] &&
				(way < 0 ||
					(!way && pods[i].tie < pods[best].tie)))
				best = i;
		}
		gone[best] = true;
	}
}
