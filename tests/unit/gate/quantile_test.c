#include "tests/unit/test.h"

#include "harness/gate/quantile.h"
#include "tests/unit/gate/fixture.h"

#define NEAR(a, b, by) ck_assert_double_eq_tol(a, b, by)

static struct tw_histogram of(const int64_t *values, size_t n)
{
	struct tw_histogram histogram = {0};

	for (size_t i = 0; i < n; i++)
		tw_histogram_record(&histogram, values[i]);
	return histogram;
}

/* The weights of the median of three are 7, 13 and 7 27ths: I_x(2, 2) is
 * 3 x^2 - 2 x^3. */
START_TEST(harrell_davis)
{
	const int64_t values[] = {1, 2, 6};
	struct tw_histogram h = of(values, 3);

	NEAR(tw_quantile(&h, 0.5), (7 * 1 + 13 * 2 + 7 * 6) / 27.0, 1e-12);
	tw_histogram_release(&h);
	NEAR(tw_quantile(&h, 0.5), 0, 1e-12);
	tw_histogram_record_n(&h, 77, 500);
	NEAR(tw_quantile(&h, 0.99), 77, 1e-12);
	tw_histogram_release(&h);
}
END_TEST

/* Of many values it is the quantile of their distribution. */
START_TEST(of_many)
{
	struct tw_histogram h = {0};

	for (uint64_t i = 0; i < 100000; i++)
		tw_histogram_record(&h, (int64_t)(1e6 * draw(i, 7)));
	NEAR(tw_quantile(&h, 0.5), 5e5, 4e3);
	NEAR(tw_quantile(&h, 0.99), 9.9e5, 4e3);
	NEAR(tw_quantile(&h, 0.999), 9.99e5, 4e3);
	tw_histogram_release(&h);
}
END_TEST

START_TEST(distances)
{
	const int64_t a[] = {10, 20, 30, 40}, b[] = {15, 25, 35, 45};
	const int64_t c[] = {10, 20, 30, 140};
	struct tw_histogram x = of(a, 4), y = of(b, 4), z = of(c, 4);

	NEAR(tw_distance_wasserstein(&x, &x), 0, 1e-12);
	NEAR(tw_distance_ks(&x, &x), 0, 1e-12);
	NEAR(tw_distance_wasserstein(&x, &y), 5, 1e-12);
	NEAR(tw_distance_ks(&x, &y), 0.25, 1e-12);
	NEAR(tw_distance_wasserstein(&x, &z), 25, 1e-12);
	NEAR(tw_distance_wasserstein(&z, &x), 25, 1e-12);
	tw_histogram_release(&y);
	tw_histogram_record_n(&y, 100, 8);
	NEAR(tw_distance_ks(&x, &y), 1, 1e-12);
	tw_histogram_release(&x);
	tw_histogram_release(&y);
	tw_histogram_release(&z);
}
END_TEST

/* All times by a factor, whatever the tail; and never beyond what is there. */
START_TEST(shifts)
{
	const int64_t a[] = {1000, 2000, 4000}, b[] = {1000, 2000, 9000000};
	struct tw_histogram x = of(a, 3), y = of(b, 3), none = {0};
	struct tw_histogram many[2] = {{0}};

	ck_assert_double_eq(tw_distance_shift(&x, &x), 1);
	/* Quotients: 1/4, 1/2, 1/2, 1, 1, 2 and three of the last. */
	NEAR(tw_distance_shift(&x, &y), 1, 0.02);
	for (uint64_t i = 0; i < 20000; i++) {
		double time = 1e6 * tw_exp(0.5 * normal(i, 3));

		tw_histogram_record(&many[0], (int64_t)time);
		tw_histogram_record(
			&many[1], (int64_t)(time * (i % 50 ? 1.07 : 20)));
	}
	NEAR(tw_distance_shift(&many[0], &many[1]), 1.09, 0.01);
	NEAR(tw_distance_shift(&many[1], &many[0]), 1 / 1.09, 0.01);
	tw_histogram_record_n(&none, 0, 5);
	ck_assert_double_eq(tw_distance_shift(&none, &none), 1);
	ck_assert_double_ge(tw_distance_shift(&none, &x), 2000);
	ck_assert_double_le(tw_distance_shift(&x, &none), 0.0005);
	tw_histogram_release(&x);
	tw_histogram_release(&y);
	tw_histogram_release(&none);
	tw_histogram_release(&many[0]);
	tw_histogram_release(&many[1]);
}
END_TEST

TW_TESTS("gate/quantile", harrell_davis, of_many, distances, shifts)
