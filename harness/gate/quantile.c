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
