#include "harness/gate/quantile.h"

#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

/* What lies this many standard deviations off the rank has no weight that a
 * double could tell. */
#define REACH 9

static double middle_of(
	const struct tw_histogram *histogram, const struct tw_bucket *bucket)
{
	double low = (double)bucket->low, high = (double)bucket->high;

	if (bucket->low < histogram->min)
		low = (double)histogram->min;
	if (bucket->high > histogram->max)
		high = (double)histogram->max;
	return (low + high) / 2;
}

double tw_quantile(const struct tw_histogram *histogram, double q)
{
	double n = (double)histogram->count, a = (n + 1) * q;
	double b = (n + 1) * (1 - q), sd = sqrt(q * (1 - q) / (n + 2));
	double below = 0, seen = 0, sum = 0;
	struct tw_bucket bucket = {0};

	if (!histogram->count)
		return 0;
	if (histogram->min == histogram->max)
		return (double)histogram->min;
	while (tw_histogram_next(histogram, &bucket)) {
		double upto;

		seen += (double)bucket.count;
		if (seen / n < q - REACH * sd && seen < n)
			continue;
		upto = seen < n && seen / n < q + REACH * sd
			       ? tw_beta_lower(a, b, seen / n)
			       : 1;
		sum += (upto - below) * middle_of(histogram, &bucket);
		below = upto;
		if (upto >= 1)
			break;
	}
	return sum;
}

/* Both distribution functions, walked from value to value. */
struct walk {
	const struct tw_histogram *of[2];
	struct tw_bucket at[2];
	bool more[2];
	uint64_t seen[2];
};

static void walk_init(struct walk *walk, const struct tw_histogram *a,
	const struct tw_histogram *b)
{
	*walk = (struct walk){.of = {a, b}};
	for (int i = 0; i < 2; i++)
		walk->more[i] = tw_histogram_next(walk->of[i], &walk->at[i]);
}

/* On to the next value that either has; how far the two are apart from there
 * on. false: no more. */
static bool walk_next(struct walk *walk, double *value, double *apart)
{
	uint32_t index = UINT32_MAX;
	double f[2];
	int first = 0;

	for (int i = 0; i < 2; i++)
		if (walk->more[i] && walk->at[i].index < index) {
			index = walk->at[i].index;
			first = i;
		}
	if (index == UINT32_MAX)
		return false;
	*value = middle_of(walk->of[first], &walk->at[first]);
	for (int i = 0; i < 2; i++) {
		if (walk->more[i] && walk->at[i].index == index) {
			walk->seen[i] += walk->at[i].count;
			walk->more[i] =
				tw_histogram_next(walk->of[i], &walk->at[i]);
		}
		f[i] = (double)walk->seen[i] / (double)walk->of[i]->count;
	}
	*apart = f[0] < f[1] ? f[1] - f[0] : f[0] - f[1];
	return true;
}

double tw_distance_wasserstein(
	const struct tw_histogram *a, const struct tw_histogram *b)
{
	double value, apart, before = 0, since = 0, area = 0;
	struct walk walk;

	tw_assert(a->count && b->count);
	walk_init(&walk, a, b);
	while (walk_next(&walk, &value, &apart)) {
		area += before * (value - since);
		before = apart;
		since = value;
	}
	return area;
}

double tw_distance_ks(
	const struct tw_histogram *a, const struct tw_histogram *b)
{
	double value, apart, most = 0;
	struct walk walk;

	tw_assert(a->count && b->count);
	walk_init(&walk, a, b);
	while (walk_next(&walk, &value, &apart))
		if (apart > most)
			most = apart;
	return most;
}

/* Calls of a bucket that are below x, and how many all in all before it. */
struct upto {
	const struct tw_histogram *of;
	struct tw_bucket at;
	bool more;
	double before;
};

static double bucket_end(
	const struct tw_histogram *histogram, const struct tw_bucket *bucket)
{
	return bucket->high > histogram->max ? (double)histogram->max
					     : (double)bucket->high;
}

/* Values below x, where x does not fall from one call to the next. */
static double values_below(struct upto *upto, double x)
{
	double low, high;

	while (upto->more && bucket_end(upto->of, &upto->at) < x) {
		upto->before += upto->at.count;
		upto->more = tw_histogram_next(upto->of, &upto->at);
	}
	if (!upto->more)
		return upto->before;
	low = upto->at.low < upto->of->min ? (double)upto->of->min
					   : (double)upto->at.low;
	high = bucket_end(upto->of, &upto->at);
	if (x < low)
		return upto->before;
	return upto->before +
	       upto->at.count * (high > low ? (x - low) / (high - low) : 0.5);
}

/* Of all pairs, twice those whose quotient is below `factor`, less all. */
static double pairs_below(const struct tw_histogram *a,
	const struct tw_histogram *b, double factor)
{
	struct upto upto = {.of = b};
	struct tw_bucket bucket = {0};
	double sum = 0;

	upto.more = tw_histogram_next(b, &upto.at);
	while (tw_histogram_next(a, &bucket))
		sum += bucket.count *
		       values_below(&upto, factor * middle_of(a, &bucket));
	return 2 * sum - (double)a->count * (double)b->count;
}

double tw_distance_shift(
	const struct tw_histogram *a, const struct tw_histogram *b)
{
	double low, high;

	tw_assert(a->count && b->count);
	if (!(pairs_below(a, b, 1) < 0) && !(pairs_below(a, b, 1) > 0))
		return 1;
	/* A time of 0 is as short as the clock can tell. */
	low = (b->min ? (double)b->min : 0.5) / (a->max ? (double)a->max : 0.5);
	high = (b->max ? (double)b->max : 0.5) /
	       (a->min ? (double)a->min : 0.5);
	for (int i = 0; i < 60 && high / low > 1 + 1e-9; i++) {
		double middle = sqrt(low * high);

		if (pairs_below(a, b, middle) < 0)
			low = middle;
		else
			high = middle;
	}
	return sqrt(low * high);
}
