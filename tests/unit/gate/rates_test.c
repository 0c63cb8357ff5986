#include "tests/unit/test.h"

#include "harness/gate/rates.h"
#include "tests/unit/gate/fixture.h"

#define NEAR(a, b, by) ck_assert_double_eq_tol(a, b, by)

/* Printed tables of the exact interval, and 1 - alpha^(1/n) for none. */
START_TEST(exact)
{
	struct tw_bounds got = tw_rate_exact(0, 10, 0.025);

	NEAR(got.low, 0, 1e-12);
	NEAR(got.high, 0.30850, 1e-5);
	got = tw_rate_exact(5, 10, 0.025);
	NEAR(got.low, 0.18709, 1e-5);
	NEAR(got.high, 0.81291, 1e-5);
	got = tw_rate_exact(10, 10, 0.025);
	NEAR(got.low, 0.69150, 1e-5);
	NEAR(got.high, 1, 1e-12);
	/* The rule of three is the 95% bound. */
	got = tw_rate_exact(0, 3000, 0.05);
	NEAR(got.high, 0.001, 2e-6);
}
END_TEST

/* Newcombe (1998 b), table II: 56/70 against 48/80, and 9/10 against 3/10. */
START_TEST(newcombe)
{
	struct tw_bounds got = tw_rate_difference(
		(struct tw_rate){56, 70}, (struct tw_rate){48, 80}, 1, 0.025);

	NEAR(got.low, 0.0524, 5e-5);
	NEAR(got.high, 0.3339, 5e-5);
	got = tw_rate_difference(
		(struct tw_rate){9, 10}, (struct tw_rate){3, 10}, 1, 0.025);
	NEAR(got.low, 0.1705, 5e-5);
	NEAR(got.high, 0.8090, 5e-5);
	got = tw_rate_difference(
		(struct tw_rate){0, 10}, (struct tw_rate){0, 20}, 1, 0.025);
	NEAR(got.low, -0.1611, 5e-5);
	NEAR(got.high, 0.2775, 5e-5);
}
END_TEST

START_TEST(mcnemar)
{
	NEAR(tw_mcnemar(5, 0), 1.0 / 32, 1e-12);
	NEAR(tw_mcnemar(0, 0), 1, 1e-12);
	NEAR(tw_mcnemar(0, 7), 1, 1e-12);
	NEAR(tw_mcnemar(1, 1), 0.75, 1e-12);
	/* P(X >= 8), X of 10. */
	NEAR(tw_mcnemar(8, 2), (45 + 10 + 1) / 1024.0, 1e-12);
}
END_TEST

/* The rate that is found is caught as often as it says: counted. */
START_TEST(detectable)
{
	struct tw_rate b = {5, 1000};
	double rate = tw_rate_detectable(b, 1000, 1, 0.005, 0.025, 0.9);
	size_t caught = 0, n = 4000;

	ck_assert(rate > 0.02 && rate < 0.05);
	for (uint64_t s = 0; s < n; s++) {
		struct tw_rate c = {0, 1000};

		for (uint64_t i = 0; i < c.n; i++)
			c.x += draw(s, i) < rate;
		caught += tw_rate_difference(c, b, 1, 0.025).low > 0.005;
	}
	/* 0.9 within five standard errors. */
	NEAR((double)caught / (double)n, 0.9, 0.024);
	ck_assert(tw_rate_detectable(b, 3, 1, 0.9, 0.025, 0.9) > 1);
}
END_TEST

TW_TESTS("gate/rates", exact, newcombe, mcnemar, detectable)
