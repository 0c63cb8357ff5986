#include "harness/judges/kayenta.h"

#include "tests/unit/test.h"

#include <math.h>
#include <string.h>

static enum tw_kayenta_class classify(
	const double *x, size_t n, const double *y, size_t m)
{
	struct tw_kayenta_rule rule;

	tw_kayenta_rule_init(&rule);
	return tw_kayenta_classify(&rule, x, n, y, m).class;
}

/*
 * Baseline all zero, candidate 1 in k of 60 intervals. Kayenta itself passes
 * up to 26, is High from 27 to 29, passes from 30 to 36 and is High from 37
 * on: that hole is in its solver, and it is what its users have.
 */
START_TEST(the_hole_among_zeros)
{
	double x[60], y[60] = {0};

	for (size_t k = 1; k <= 60; k++) {
		enum tw_kayenta_class want = (k >= 27 && k <= 29) || k >= 37
						     ? TW_KAYENTA_HIGH
						     : TW_KAYENTA_PASS;

		for (size_t i = 0; i < 60; i++)
			x[i] = i < k;
		ck_assert_msg(classify(x, 60, y, 60) == want, "%zu", k);
	}
}
END_TEST

START_TEST(shortcuts)
{
	double a[] = {1, 2, 3}, same[] = {3, 1, 2}, ones[] = {1, 1, 1};
	double twos[] = {2, 2, 2}, nans[] = {NAN, NAN};
	struct tw_kayenta_rule rule;
	struct tw_kayenta_found found;

	ck_assert_int_eq(classify(a, 3, same, 3), TW_KAYENTA_PASS);
	ck_assert_int_eq(classify(ones, 3, ones, 2), TW_KAYENTA_PASS);
	ck_assert_int_eq(classify(nans, 2, a, 3), TW_KAYENTA_NODATA);
	/* Constants that differ are told apart, the same way each time. */
	found.class = classify(twos, 3, ones, 3);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(classify(twos, 3, ones, 3), found.class);
	tw_kayenta_rule_init(&rule);
	rule.must_have_data = true;
	ck_assert_int_eq(tw_kayenta_classify(&rule, nans, 2, a, 3).class,
		TW_KAYENTA_NODATA_FAIL);
	rule.critical = true;
	found = tw_kayenta_classify(&rule, nans, 2, a, 3);
	ck_assert(found.class == TW_KAYENTA_NODATA && found.critical);
	rule.replace_nan = true;
	found = tw_kayenta_classify(&rule, NULL, 0, a, 3);
	ck_assert(found.class == TW_KAYENTA_PASS && !found.critical);
}
END_TEST

START_TEST(outliers_may_go_first)
{
	double y[40], x[40];
	struct tw_kayenta_rule rule;

	for (size_t i = 0; i < 40; i++) {
		y[i] = 10 + (double)(i % 7);
		x[i] = i < 2 ? 1e6 : y[i];
	}
	tw_kayenta_rule_init(&rule);
	ck_assert(tw_kayenta_classify(&rule, x, 40, y, 40).effect > 100);
	rule.drop_outliers = true;
	/* Two of 40 are beyond the 99th percentile only in part. */
	rule.outlier_factor = 1;
	ck_assert(tw_kayenta_classify(&rule, x, 40, y, 40).effect > 1);
	x[1] = 11;
	ck_assert(tw_kayenta_classify(&rule, x, 40, y, 40).effect < 1.1);
}
END_TEST

/* The answer hangs on the unit: the solver stops at 1e-4 of whatever it is. */
START_TEST(the_unit_matters)
{
	double x[60], y[60], ms_x[60], ms_y[60];

	for (size_t i = 0; i < 60; i++) {
		y[i] = 20e-6 * (1 + 0.05 * (double)(i * 7 % 11));
		x[i] = 1.5 * y[i];
		ms_y[i] = y[i] * 1e3;
		ms_x[i] = x[i] * 1e3;
	}
	ck_assert_int_eq(classify(ms_x, 60, ms_y, 60), TW_KAYENTA_HIGH);
	ck_assert_int_eq(classify(x, 60, y, 60), TW_KAYENTA_PASS);
}
END_TEST

TW_TESTS("judges/kayenta", the_hole_among_zeros, shortcuts,
	outliers_may_go_first, the_unit_matters)
