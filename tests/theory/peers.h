/*
 * What others would have said of the same requests. Each gives one number, so
 * that it can also be asked at the level at which it is wrong as often as the
 * judge: alarm above a threshold.
 *
 *	Mann-Whitney	on all requests of both sides: the z of the normal
 *			approximation with the correction for ties
 *	Kayenta's rule	NetflixACAJudge-v1.0 on points of a time series, eight a
 *			run: the lower end of the 98% interval of the shift over
 *			a quarter of the shift (its tolerance); above 1 is High
 *	threshold	the relative difference of the two means
 */
#ifndef TW_TESTS_THEORY_PEERS_H
#define TW_TESTS_THEORY_PEERS_H

#include "tests/theory/gates.h"

#include <stdlib.h>

struct value {
	double x;
	int side;
};

static inline int compare_values(const void *a, const void *b)
{
	double x = ((const struct value *)a)->x;
	double y = ((const struct value *)b)->x;

	return (x > y) - (x < y);
}

/* z of "the second is larger": the rank sum against what chance gives. */
static inline double mann_whitney(
	const double *a, size_t n_a, const double *b, size_t n_b, double shift)
{
	size_t n = n_a + n_b;
	struct value *all = tw_calloc(n, sizeof *all);
	double ranks = 0, ties = 0, na = (double)n_a, nb = (double)n_b;
	double u, sigma, size = (double)n;

	for (size_t i = 0; i < n_a; i++)
		all[i] = (struct value){a[i], 0};
	for (size_t i = 0; i < n_b; i++)
		all[n_a + i] = (struct value){b[i] - shift, 1};
	qsort(all, n, sizeof *all, compare_values);
	for (size_t i = 0; i < n;) {
		size_t k = i;
		double t;

		while (k < n && !(all[k].x > all[i].x))
			k++;
		t = (double)(k - i);
		ties += t * t * t - t;
		for (size_t m = i; m < k; m++)
			if (all[m].side)
				ranks += (double)(i + k + 1) / 2;
		i = k;
	}
	tw_free(all);
	u = ranks - nb * (nb + 1) / 2 - na * nb / 2;
	sigma = sqrt(na * nb / 12 * (size + 1 - ties / (size * (size - 1))));
	if (!(sigma > 0))
		return 0;
	u += u > 0.5 ? -0.5 : u < -0.5 ? 0.5 : -u;
	return u / sigma;
}

/* The shift at which z is this: z falls as the shift rises. */
static inline double shift_at(
	const double *a, const double *b, size_t n, double z)
{
	double low = -1e6, high = 1e6;

	for (int i = 0; i < 48; i++) {
		double middle = (low + high) / 2;

		if (mann_whitney(a, n, b, n, middle) > z)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* Means of the slices of the runs: of times, or of failures. */
static inline void series(const struct gate_data *data, size_t requests,
	int side, bool errors, double *points)
{
	size_t width = data->n / (GATE_RUNS * GATE_SLICES);

	(void)requests;
	for (size_t i = 0; i < GATE_RUNS * GATE_SLICES; i++) {
		points[i] = 0;
		for (size_t k = i * width; k < (i + 1) * width; k++)
			points[i] += errors ? data->failed[side][k]
					    : data->times[side][k];
		points[i] /= (double)width;
	}
}

struct peers {
	double mann_whitney, kayenta, threshold;
};

static inline struct peers peers_of(
	const struct gate_data *data, size_t requests, bool errors)
{
	enum { N = GATE_RUNS * GATE_SLICES };
	double a[N], b[N], low, middle, mean[2] = {0};
	double *values[2];
	struct peers peers;

	for (int side = 0; side < 2; side++) {
		values[side] = tw_calloc(data->n, sizeof(double));
		for (size_t i = 0; i < data->n; i++) {
			values[side][i] = errors ? data->failed[side][i]
						 : data->times[side][i];
			mean[side] += values[side][i] / (double)data->n;
		}
	}
	peers.mann_whitney =
		mann_whitney(values[0], data->n, values[1], data->n, 0);
	peers.threshold = errors ? mean[1] - mean[0] : mean[1] / mean[0] - 1;
	series(data, requests, 0, errors, a);
	series(data, requests, 1, errors, b);
	low = shift_at(a, b, N, 2.3263478740408408);
	middle = shift_at(a, b, N, 0);
	peers.kayenta = low / (0.25 * (middle < 0 ? -middle : middle) + 1e-300);
	tw_free(values[0]);
	tw_free(values[1]);
	return peers;
}

#endif
