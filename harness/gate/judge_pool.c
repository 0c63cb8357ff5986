/*
 * Quantiles of runs that have too few calls each: the runs are blocks. The
 * quantile is that of all calls of all blocks, and how far it would move with
 * other blocks is found by drawing blocks with replacement, the same ones on
 * both sides (B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap,
 * 1993, 8.5 and 10): the standard error, with Student's t of the number of
 * blocks, since few blocks know their own spread badly. It is at least that of
 * the blocks' own quantiles: where one or two blocks hold most of the tail
 * (requests with a memory), draws of eight blocks know too little of the next
 * ones. The draws are a function of their number alone.
 */
#include "harness/gate/judging.h"

#include "harness/gate/quantile.h"
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#define DRAWS 200

static double excess_of(const struct tw_judging *j,
	const struct tw_histogram *b, const struct tw_histogram *c, bool lower)
{
	double q = j->check->quantile, before = tw_quantile(b, q);
	struct tw_line line = tw_judge_line(j->check, before, lower);

	return line.sign *
	       (tw_quantile(c, q) - (line.factor * before + line.add));
}

static struct tw_histogram *blocks_of(
	const struct tw_judging *j, struct tw_runs runs)
{
	struct tw_histogram *blocks = tw_calloc(j->n, sizeof *blocks);

	for (size_t i = 0; i < runs.n; i++)
		tw_measure_latency(j->check, j->key, runs, i, &blocks[i]);
	return blocks;
}

/* Which block is the k-th of a draw; of the sample itself for draw 0. */
static size_t block(size_t draw, size_t k, size_t n)
{
	return draw ? (size_t)(tw_hash_combine(tw_hash_mix(draw), k) % n) : k;
}

static double drawn_excess(const struct tw_judging *j,
	const struct tw_histogram *b, const struct tw_histogram *c, size_t draw,
	bool lower)
{
	struct tw_histogram all[2] = {{0}};
	double excess;

	for (size_t k = 0; k < j->n; k++) {
		size_t i = block(draw, k, j->n);

		tw_histogram_merge(&all[0], &b[i]);
		tw_histogram_merge(&all[1], &c[i]);
	}
	excess = excess_of(j, &all[0], &all[1], lower);
	tw_histogram_release(&all[0]);
	tw_histogram_release(&all[1]);
	return excess;
}

/* What is shown is of all blocks, too. */
static void summarise(struct tw_judging *j, const struct tw_histogram *b,
	const struct tw_histogram *c)
{
	struct tw_group *g = j->group;
	struct tw_histogram all[2] = {{0}};
	struct tw_line line;

	for (size_t i = 0; i < j->n; i++) {
		tw_histogram_merge(&all[0], &b[i]);
		tw_histogram_merge(&all[1], &c[i]);
	}
	g->baseline = tw_quantile(&all[0], j->check->quantile);
	g->candidate = tw_quantile(&all[1], j->check->quantile);
	line = tw_judge_line(j->check, g->baseline, false);
	g->limit = line.factor * g->baseline + line.add;
	g->margin = line.sign * (g->limit - g->baseline);
	tw_histogram_release(&all[0]);
	tw_histogram_release(&all[1]);
}

struct tw_interval tw_judge_pooled(struct tw_judging *j, bool lower)
{
	struct tw_histogram *b = blocks_of(j, j->baseline);
	struct tw_histogram *c = blocks_of(j, j->candidate);
	double df = (double)(j->n - 1), sum = 0, squares = 0, error, t;
	double n = (double)j->n;
	struct tw_interval i = {.n = j->valid};
	struct tw_interval own =
		tw_interval_of(j->excess[lower], j->valid, j->confidence);

	summarise(j, b, c);
	i.mean = drawn_excess(j, b, c, 0, lower);
	for (size_t draw = 1; draw <= DRAWS; draw++) {
		double d = drawn_excess(j, b, c, draw, lower) - i.mean;

		sum += d;
		squares += d * d;
	}
	/* A draw of n blocks spreads as if they were all there are: by
	 * (n - 1) / n too little. */
	error = sqrt((squares - sum * sum / DRAWS) / (DRAWS - 1) * n / df);
	if (error < own.sd / sqrt(n))
		error = own.sd / sqrt(n);
	t = tw_student_inverse(0.5 + j->confidence / 2, df);
	i.sd = error * sqrt(n);
	i.low = i.mean - t * error;
	i.high = i.mean + t * error;
	i.p = error > 0	   ? tw_student_cdf(-i.mean / error, df)
	      : i.mean > 0 ? 0
			   : 1;
	for (size_t k = 0; k < j->n; k++) {
		tw_histogram_release(&b[k]);
		tw_histogram_release(&c[k]);
	}
	tw_free(b);
	tw_free(c);
	return i;
}
