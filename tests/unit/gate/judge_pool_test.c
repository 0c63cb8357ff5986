/* Quantiles of runs that have too few calls each. */
#include "tests/unit/test.h"

#include "harness/gate/quantile.h"
#include "tests/unit/gate/fixture.h"
#include "twins/kernel/special.h"

#define RUNS  8
#define CALLS 20 /* a run; a p90 needs 29 */

/* Standard error of the p90 of all calls, as the judge has it, and what the
 * runs' own p90 alone would say. */
static void errors(uint64_t seed, double *judged, double *own)
{
	struct fixture f;
	const struct tw_group *g;
	double values[RUNS];
	struct tw_interval runs;

	fixture_init(&f, RUNS);
	for (size_t i = 0; i < RUNS; i++) {
		for (uint64_t k = 0; k < CALLS; k++)
			add_calls(&f.c, i, "GET /", 1,
				(tw_time)(1e8 *
					  tw_exp(normal(seed, i * CALLS + k))),
				0);
		add_calls(&f.b, i, "GET /", CALLS, TW_MS, 0);
		values[i] = tw_quantile(&f.c.obs[i].cells.v[0].latency, 0.9);
	}
	g = judge(&f, "p90(latency) <= 1s")->groups.v[0];
	ck_assert_uint_eq(g->pool, 2);
	*judged = (g->excess_high - g->excess_low) / 2 /
		  tw_student_inverse(0.975, RUNS - 1);
	runs = tw_interval_of(values, RUNS, 0.95);
	*own = runs.sd / sqrt((double)RUNS);
	fixture_release(&f);
}

/*
 * At least what the runs' own quantiles differ by, and what other draws of
 * runs would move it by where that is more. Of 160 log-normal times
 * (exp N(0, 1), 100 ms) the p90 is 360 ms, its standard error by order
 * statistics 360 sqrt(0.09 / 160) / 0.1755 = 48.6 ms. Where the draws
 * decide, here, it is 58.4 ms.
 */
START_TEST(error_of_the_pool)
{
	size_t wider = 0, gates = 60;
	double sum = 0;

	for (uint64_t seed = 1; seed <= gates; seed++) {
		double judged, own;

		errors(seed, &judged, &own);
		ck_assert_double_ge(judged, own * (1 - 1e-9));
		wider += judged > own * 1.02;
		if (judged > own * 1.02)
			sum += judged * judged;
	}
	/* A draw spreads by (n - 1) / n too little: that is made good, or
	 * four of these would be below the runs' own. */
	ck_assert_uint_ge(wider, 9);
	ck_assert_double_eq_tol(sqrt(sum / (double)wider) / 1e6, 58.4, 0.5);
}
END_TEST

TW_TESTS("gate/judge_pool", error_of_the_pool)
