#include "harness/gate/stats.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#include <stdbool.h>
#include <stdlib.h>

struct tw_interval tw_interval_of(
	const double *values, size_t n, double confidence)
{
	struct tw_interval i = {.n = n, .low = -HUGE_VAL, .high = HUGE_VAL};
	double sum = 0, squares = 0, error;

	tw_assert(n >= 1 && confidence > 0 && confidence < 1);
	/* From the first value on, so that equal values have exactly their
	 * mean and no spread. */
	for (size_t k = 0; k < n; k++)
		sum += values[k] - values[0];
	i.mean = values[0] + sum / (double)n;
	i.p = 0.5;
	if (n == 1)
		return i;
	for (size_t k = 0; k < n; k++)
		squares += (values[k] - i.mean) * (values[k] - i.mean);
	i.sd = sqrt(squares / (double)(n - 1));
	error = i.sd / sqrt((double)n);
	if (error > 0) {
		double df = (double)(n - 1);
		double t = tw_student_inverse(0.5 + confidence / 2, df);

		i.low = i.mean - t * error;
		i.high = i.mean + t * error;
		i.p = tw_student_cdf(-i.mean / error, df);
	} else {
		i.low = i.high = i.mean;
		i.p = i.mean > 0 ? 0 : 1;
	}
	return i;
}

static bool would_do(
	const struct tw_interval *seen, double confidence, size_t n)
{
	double size = seen->mean < 0 ? -seen->mean : seen->mean;
	double t = tw_student_inverse(0.5 + confidence / 2, (double)(n - 1));
	double half = t * seen->sd / sqrt((double)n), df, spread;

	if (n == seen->n)
		return half < size;
	df = (double)(seen->n - 1);
	spread = seen->sd * sqrt(1 / (double)seen->n - 1 / (double)n);
	return tw_student_cdf((size - half) / spread, df) +
		       tw_student_cdf((-size - half) / spread, df) >=
	       TW_RUNS_LIKELY;
}

size_t tw_runs_needed(const struct tw_interval *seen, double confidence)
{
	size_t low = seen->n, high = TW_RUNS_CAP + 1;

	/* The more runs the likelier: low never does, high does or is beyond
	 * the cap. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (would_do(seen, confidence, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

size_t tw_samples_needed(double quantile)
{
	tw_assert(quantile > 0 && quantile < 1);
	return (size_t)tw_ceil(tw_log(0.05) / tw_log(quantile));
}

double tw_detectable(double sd, size_t n, double confidence, double power)
{
	double df = (double)(n - 1);

	tw_assert(n > 1);
	return (tw_student_inverse(0.5 + confidence / 2, df) +
		       tw_student_inverse(power, df)) *
	       sd / sqrt((double)n);
}

double tw_noise_floor(const double *values, size_t n, double confidence)
{
	double squares = 0, sd;

	tw_assert(n > 1);
	for (size_t i = 0; i + 1 < n; i++)
		squares += (values[i + 1] - values[i]) *
			   (values[i + 1] - values[i]);
	/* Of a difference, which has twice the variance of a value. */
	sd = sqrt(squares / (double)(n - 1));
	return tw_student_inverse(0.5 + confidence / 2, (double)(n - 1)) * sd /
	       sqrt((double)n);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double tw_false_discovery(double *p, size_t n, double q)
{
	double kept = -1;

	if (n)
		qsort(p, n, sizeof *p, compare);
	for (size_t i = 0; i < n; i++)
		if (p[i] <= q * (double)(i + 1) / (double)n)
			kept = p[i];
	return kept;
}
