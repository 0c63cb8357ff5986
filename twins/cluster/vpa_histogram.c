#include "twins/cluster/vpa_histogram.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

/* decaying_histogram.go, maxDecayExponent */
#define MOST_HALVES 100

#define LN_2 0.693147180559945309417

static double start_of(double first, double ratio, uint32_t bucket)
{
	return first * (tw_pow(ratio, bucket) - 1) / (ratio - 1);
}

void tw_vpa_scale_init(struct tw_vpa_scale *scale, struct tw_arena *arena,
	double most, double first, double ratio, double epsilon)
{
	double *starts;
	uint32_t n = 1;

	tw_assert(most > 0 && first > 0 && ratio > 1 && epsilon > 0);
	while (start_of(first, ratio, n - 1) < most)
		n++;
	starts = tw_new_array(arena, n, double);
	for (uint32_t i = 1; i < n; i++)
		starts[i] = start_of(first, ratio, i);
	*scale = (struct tw_vpa_scale){starts, n, epsilon};
}

uint32_t tw_vpa_bucket(const struct tw_vpa_scale *scale, double value)
{
	uint32_t low = 0, high = scale->n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (scale->starts[middle] <= value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void tw_vpa_histogram_init(struct tw_vpa_histogram *it, struct tw_arena *arena,
	const struct tw_vpa_scale *scale, tw_time half_life)
{
	*it = (struct tw_vpa_histogram){.scale = scale,
		.weight = tw_new_array(arena, scale->n, double),
		.min = scale->n - 1,
		.half_life = half_life};
}

/* Weights that became too small to count do so. */
static void find_ends(struct tw_vpa_histogram *it)
{
	while (it->weight[it->min] < it->scale->epsilon &&
		it->min < it->scale->n - 1)
		it->min++;
	while (it->weight[it->max] < it->scale->epsilon && it->max)
		it->max--;
}

/* Before weights grow beyond what a number holds. */
static void move_reference(struct tw_vpa_histogram *it, tw_time to)
{
	tw_time halves =
		(to - it->reference + it->half_life / 2) / it->half_life;
	double factor = tw_exp(-(double)halves * LN_2);

	for (uint32_t b = 0; b < it->scale->n; b++)
		it->weight[b] *= factor;
	it->total *= factor;
	it->reference += halves * it->half_life;
	find_ends(it);
}

static double factor_of(struct tw_vpa_histogram *it, tw_time at)
{
	if (at > it->reference + MOST_HALVES * it->half_life)
		move_reference(it, at);
	return tw_exp(
		(double)(at - it->reference) / (double)it->half_life * LN_2);
}

void tw_vpa_histogram_add(
	struct tw_vpa_histogram *it, double value, double weight, tw_time at)
{
	uint32_t bucket = tw_vpa_bucket(it->scale, value);

	weight *= factor_of(it, at);
	it->weight[bucket] += weight;
	it->total += weight;
	if (it->weight[bucket] < it->scale->epsilon)
		return;
	if (bucket < it->min)
		it->min = bucket;
	if (bucket > it->max)
		it->max = bucket;
}

void tw_vpa_histogram_subtract(
	struct tw_vpa_histogram *it, double value, double weight, tw_time at)
{
	uint32_t bucket = tw_vpa_bucket(it->scale, value);

	weight *= factor_of(it, at);
	if (weight > it->weight[bucket] - it->scale->epsilon)
		weight = it->weight[bucket];
	it->weight[bucket] -= weight;
	it->total -= weight;
	find_ends(it);
}

bool tw_vpa_histogram_is_empty(const struct tw_vpa_histogram *it)
{
	return it->weight[it->min] < it->scale->epsilon;
}

double tw_vpa_histogram_percentile(const struct tw_vpa_histogram *it, double p)
{
	double sum = 0, threshold = p * it->total;
	uint32_t bucket = it->min;

	if (tw_vpa_histogram_is_empty(it))
		return 0;
	for (; bucket < it->max; bucket++) {
		sum += it->weight[bucket];
		if (sum >= threshold)
			break;
	}
	return it->scale
		->starts[bucket + 1 < it->scale->n ? bucket + 1 : bucket];
}
