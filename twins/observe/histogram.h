/*
 * A histogram of times (int64 ns >= 0), log-linear: each power of two is cut
 * into 128 buckets of equal width, and below 256 ns each ns has its own. So a
 * value is known to within 1/256 of itself (half a bucket; 0.4%), whatever its
 * size. count, sum, min and max are exact.
 *
 * Memory: 4 bytes a bucket between the smallest and the largest value seen
 * (about 3.5 kB for times that differ by a factor of 100). Empty: none.
 *
 * The result of merging does not depend on the order. At most 2^32 - 1 values
 * in one histogram (asserted).
 */
#ifndef TW_OBSERVE_HISTOGRAM_H
#define TW_OBSERVE_HISTOGRAM_H

#include "twins/base/assert.h"
#include "twins/base/units.h"

#define TW_HISTOGRAM_BITS    7
#define TW_HISTOGRAM_BUCKETS (57 << TW_HISTOGRAM_BITS)

__extension__ typedef unsigned __int128 tw_wide;

/* Zeroed, it is empty. */
struct tw_histogram {
	uint32_t *cells; /* of buckets first .. first + n - 1 */
	uint32_t first, n;
	uint64_t count;
	int64_t min, max; /* 0 while empty */
	tw_wide sum;
};

struct tw_bucket {
	uint32_t index; /* below TW_HISTOGRAM_BUCKETS */
	uint32_t count;
	int64_t low, high; /* the values in it: low .. high */
};

void tw_histogram_release(struct tw_histogram *histogram);
void tw_histogram_copy(
	struct tw_histogram *to, const struct tw_histogram *from);
/* Makes room for the bucket: the slow part of recording. */
void tw_histogram_reach(struct tw_histogram *histogram, uint32_t index);

static inline uint32_t tw_histogram_index(int64_t value)
{
	unsigned exponent = 63U - __builtin_clzll((uint64_t)value | 128);
	unsigned shift = exponent - TW_HISTOGRAM_BITS;

	return (shift << TW_HISTOGRAM_BITS) + (uint32_t)(value >> shift);
}

static inline void tw_histogram_record_n(
	struct tw_histogram *histogram, int64_t value, uint32_t n)
{
	uint32_t index = tw_histogram_index(value), offset;

	tw_assert(value >= 0 && histogram->count + n <= UINT32_MAX);
	if (!n)
		return;
	offset = index - histogram->first;
	if (__builtin_expect(offset >= histogram->n, 0)) {
		tw_histogram_reach(histogram, index);
		offset = index - histogram->first;
	}
	histogram->cells[offset] += n;
	if (value < histogram->min || !histogram->count)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count += n;
	histogram->sum += (tw_wide)(uint64_t)value * n;
}

/*
 * For many values one after the other: each into its bucket, and now and then
 * what they come to. Between the two the histogram's sums are behind. Values
 * are >= 0, which add_up() asserts of the smallest.
 */
static inline void tw_histogram_tally(
	struct tw_histogram *histogram, int64_t value)
{
	uint32_t index = tw_histogram_index(value);
	uint32_t offset = index - histogram->first;

	if (__builtin_expect(offset >= histogram->n, 0)) {
		tw_histogram_reach(histogram, index);
		offset = index - histogram->first;
	}
	histogram->cells[offset]++;
}

static inline void tw_histogram_add_up(struct tw_histogram *histogram,
	uint32_t n, int64_t min, int64_t max, tw_wide sum)
{
	tw_assert(min >= 0 && histogram->count + n <= UINT32_MAX);
	if (min < histogram->min || !histogram->count)
		histogram->min = min;
	if (max > histogram->max)
		histogram->max = max;
	histogram->count += n;
	histogram->sum += sum;
}

static inline void tw_histogram_record(
	struct tw_histogram *histogram, int64_t value)
{
	tw_histogram_record_n(histogram, value, 1);
}

/* into += from. */
void tw_histogram_merge(
	struct tw_histogram *into, const struct tw_histogram *from);

/* In ns; 0 while empty. */
double tw_histogram_mean(const struct tw_histogram *histogram);

/*
 * The q-quantile by nearest rank: of the values in order, the one numbered
 * ceil(q count), at least 1 (a product within 1e-9 of a whole number is that
 * number). The answer is the middle of its bucket, but never beyond min and
 * max; the first and the last value are exact. 0 <= q <= 1; 0 while empty.
 */
int64_t tw_histogram_quantile(const struct tw_histogram *histogram, double q);

/* How many values lie above the threshold. Those in the threshold's own
 * bucket are not counted, so the threshold is effectively up to 0.8% higher,
 * and a value that equals it is never above it. */
uint64_t tw_histogram_above(
	const struct tw_histogram *histogram, int64_t threshold);

/*
 * Buckets that are not empty, by rising value:
 *
 *	struct tw_bucket bucket = {0};
 *	while (tw_histogram_next(histogram, &bucket))
 *		use(bucket.index, bucket.count);
 */
bool tw_histogram_next(
	const struct tw_histogram *histogram, struct tw_bucket *bucket);

/*
 * Reading back what was stored: an empty histogram, each bucket put once,
 * then the exact figures. restore() is false where these contradict the
 * buckets; put() where the index is out of range or there are too many.
 */
bool tw_histogram_put(
	struct tw_histogram *histogram, uint32_t index, uint32_t count);
bool tw_histogram_restore(
	struct tw_histogram *histogram, int64_t min, int64_t max, tw_wide sum);

#endif
