#include "tests/unit/test.h"

#include "harness/gate/boundaries.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

/* With many runs t is normal: the boundaries of five looks at equal distances,
 * one-sided 2.5%, by the spending functions of K. K. G. Lan and D. L. DeMets
 * (1983) after O'Brien and Fleming and after Pocock. The figures are those of a
 * recursion of its own in Python over scipy's normal law. */
START_TEST(as_of_a_known_spread)
{
	static const size_t runs[] = {8000, 16000, 24000, 32000, 40000};
	static const double z[2][5] = {{4.8769, 3.3569, 2.6803, 2.2898, 2.0310},
		{2.4380, 2.4268, 2.4101, 2.3966, 2.3859}};

	for (int plan = 0; plan < 2; plan++) {
		double errors[5], levels[5], before = 0;

		for (size_t i = 0; i < 5; i++) {
			double t = (double)(i + 1) / 5;
			double spent =
				plan ? 0.025 * tw_log(1 + (tw_exp(1) - 1) * t)
				     : 2 * tw_normal_cdf(
						   tw_normal_inverse(0.0125) /
						   sqrt(t));

			errors[i] = spent - before;
			before = spent;
		}
		tw_boundaries(runs, errors, 5, levels);
		for (size_t i = 0; i < 5; i++)
			ck_assert_double_eq_tol(-tw_normal_inverse(levels[i]),
				z[plan][i], 0.0005);
	}
}
END_TEST

/*
 * With few runs: what is left of 2.5% for the second of two looks, of which the
 * first spends (k / N)^2, by another way: over the sum of the first runs, their
 * spread and that of the new ones, where the sum of the new ones has to be
 * within the roots of a square (by numeric integration in 3 dimensions).
 */
START_TEST(as_integrated_otherwise)
{
	static const struct {
		size_t runs[2];
		double share, within;
	} plans[] = {
		{{4, 6}, 0.7097, 0.0004},
		{{8, 12}, 0.7504, 0.0001},
		{{3, 5}, 0.7303, 0.0004},
		{{8, 32}, 0.9509, 0.0001},
	};

	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
		double part =
			(double)plans[p].runs[0] / (double)plans[p].runs[1];
		double errors[2] = {
			0.025 * part * part, 0.025 * (1 - part * part)};
		double levels[2];

		tw_boundaries(plans[p].runs, errors, 2, levels);
		ck_assert_double_eq_tol(levels[0], errors[0], 1e-15);
		ck_assert_double_eq_tol(
			levels[1] / 0.025, plans[p].share, plans[p].within);
	}
}
END_TEST

/* The same of more looks than one needs: who is beyond at 8 runs nearly always
 * is at 9. Looks that are counted apart keep their part. */
START_TEST(counted_apart)
{
	static const size_t runs[] = {1, 2, 3, 4, 6};
	static const double errors[] = {0.001, 0.002, 0.005, 0.004, 0.013};
	double levels[5];

	tw_boundaries(runs, errors, 5, levels);
	for (size_t i = 0; i < 4; i++)
		ck_assert_double_eq_tol(levels[i], errors[i], 1e-15);
	ck_assert_double_gt(levels[4], 0.0135);
	ck_assert_double_lt(levels[4], 0.018);
}
END_TEST

/* A step of two runs in five hundred is as short as they come. */
START_TEST(short_steps)
{
	static const size_t runs[] = {500, 502};
	static const double errors[] = {0.0248, 0.0002};
	double levels[2];

	tw_boundaries(runs, errors, 2, levels);
	ck_assert_double_eq_tol(levels[1], 0.02096, 0.00002);
}
END_TEST

TW_TESTS("gate/boundaries", as_of_a_known_spread, as_integrated_otherwise,
	counted_apart, short_steps)
