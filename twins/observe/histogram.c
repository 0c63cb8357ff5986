#include "twins/observe/histogram.h"

/* The cells grow by whole groups, so that neighbours come for nothing. */
#define GROUP 32U

void tw_histogram_release(struct tw_histogram *histogram)
{
	tw_free(histogram->cells);
	*histogram = (struct tw_histogram){0};
}

void tw_histogram_copy(struct tw_histogram *to, const struct tw_histogram *from)
{
	*to = *from;
	if (!from->n)
		return;
	to->cells = tw_malloc(from->n * sizeof *to->cells);
	memcpy(to->cells, from->cells, from->n * sizeof *to->cells);
}

void tw_histogram_reach(struct tw_histogram *histogram, uint32_t index)
{
	uint32_t first = index / GROUP * GROUP, end = first + GROUP;
	uint32_t old_end = histogram->first + histogram->n;
	uint32_t *cells;

	tw_assert(index < TW_HISTOGRAM_BUCKETS);
	if (histogram->n) {
		first = first < histogram->first ? first : histogram->first;
		end = end > old_end ? end : old_end;
		if (end - first == histogram->n)
			return;
	}
	cells = tw_calloc(end - first, sizeof *cells);
	if (histogram->n)
		memcpy(cells + (histogram->first - first), histogram->cells,
			histogram->n * sizeof *cells);
	tw_free(histogram->cells);
	histogram->cells = cells;
	histogram->first = first;
	histogram->n = end - first;
}

void tw_histogram_merge(
	struct tw_histogram *into, const struct tw_histogram *from)
{
	uint32_t *cells;

	if (!from->count)
		return;
	tw_assert(into->count + from->count <= UINT32_MAX);
	tw_histogram_reach(into, from->first);
	tw_histogram_reach(into, from->first + from->n - 1);
	cells = into->cells + (from->first - into->first);
	for (uint32_t i = 0; i < from->n; i++)
		cells[i] += from->cells[i];
	if (!into->count || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
}

double tw_histogram_mean(const struct tw_histogram *histogram)
{
	if (!histogram->count)
		return 0;
	return (double)histogram->sum / (double)histogram->count;
}

static struct tw_bucket bucket_of(uint32_t index, uint32_t count)
{
	unsigned shift = index < 256 ? 0 : (index >> TW_HISTOGRAM_BITS) - 1;
	int64_t low = (int64_t)(index - (shift << TW_HISTOGRAM_BITS)) << shift;

	return (struct tw_bucket){.index = index,
		.count = count,
		.low = low,
		.high = low + ((INT64_C(1) << shift) - 1)};
}

static uint64_t rank_of(double q, uint64_t count)
{
	double exact = q * (double)count;
	uint64_t rank = (uint64_t)exact;

	rank += exact - (double)rank > 1e-9;
	if (rank < 1)
		return 1;
	return rank < count ? rank : count;
}

int64_t tw_histogram_quantile(const struct tw_histogram *histogram, double q)
{
	uint64_t rank, seen = 0;
	struct tw_bucket bucket;
	uint32_t i;
	int64_t middle;

	tw_assert(q >= 0 && q <= 1);
	if (!histogram->count)
		return 0;
	rank = rank_of(q, histogram->count);
	if (rank == 1)
		return histogram->min;
	if (rank == histogram->count)
		return histogram->max;
	for (i = 0; seen + histogram->cells[i] < rank; i++)
		seen += histogram->cells[i];
	bucket = bucket_of(histogram->first + i, 0);
	middle = bucket.low + (bucket.high - bucket.low) / 2;
	if (middle < histogram->min)
		return histogram->min;
	return middle < histogram->max ? middle : histogram->max;
}

uint64_t tw_histogram_above(
	const struct tw_histogram *histogram, int64_t threshold)
{
	uint64_t above = 0;
	uint32_t index;

	if (!histogram->count || threshold >= histogram->max)
		return 0;
	if (threshold < histogram->min)
		return histogram->count;
	index = tw_histogram_index(threshold);
	for (uint32_t i = index - histogram->first + 1; i < histogram->n; i++)
		above += histogram->cells[i];
	return above;
}

bool tw_histogram_next(
	const struct tw_histogram *histogram, struct tw_bucket *bucket)
{
	uint32_t i = 0;

	if (bucket->count)
		i = bucket->index - histogram->first + 1;
	for (; i < histogram->n; i++) {
		if (!histogram->cells[i])
			continue;
		*bucket = bucket_of(histogram->first + i, histogram->cells[i]);
		return true;
	}
	return false;
}

bool tw_histogram_put(
	struct tw_histogram *histogram, uint32_t index, uint32_t count)
{
	uint32_t *cell;

	if (index >= TW_HISTOGRAM_BUCKETS || !count ||
		histogram->count + count > UINT32_MAX)
		return false;
	tw_histogram_reach(histogram, index);
	cell = &histogram->cells[index - histogram->first];
	if (*cell)
		return false;
	*cell = count;
	histogram->count += count;
	return true;
}

/* min and max lie in the outermost buckets, and the sum within what the
 * buckets allow. */
bool tw_histogram_restore(
	struct tw_histogram *histogram, int64_t min, int64_t max, tw_wide sum)
{
	struct tw_bucket bucket = {0};
	int64_t low = -1, high = -1;
	tw_wide least = 0, most = 0;

	while (tw_histogram_next(histogram, &bucket)) {
		if (low < 0)
			low = bucket.low;
		high = bucket.high;
		least += (tw_wide)(uint64_t)bucket.low * bucket.count;
		most += (tw_wide)(uint64_t)bucket.high * bucket.count;
	}
	if (!histogram->count)
		return min == 0 && max == 0 && sum == 0;
	if (min > max || min < low || max > high || sum < least || sum > most)
		return false;
	if (tw_histogram_index(min) != tw_histogram_index(low) ||
		tw_histogram_index(max) != tw_histogram_index(high))
		return false;
	histogram->min = min;
	histogram->max = max;
	histogram->sum = sum;
	return true;
}
