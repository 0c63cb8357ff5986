#include "tests/unit/test.h"

#include "harness/gate/looks.h"
#include "tests/unit/gate/fixture.h"

START_TEST(schedule)
{
	const struct tw_looks looks = {4, 32};
	const size_t at[] = {4, 6, 9, 14, 21, 32, 0};
	size_t n = 0;

	for (size_t i = 0; i < 7; i++) {
		n = tw_look_next(&looks, n);
		ck_assert_uint_eq(n, at[i]);
	}
	for (size_t i = 0; i < 6; i++) {
		ck_assert_uint_eq(tw_look_number(&looks, at[i]), i + 1);
		ck_assert_uint_eq(tw_look_number(&looks, at[i] - 1), i);
	}
	ck_assert_uint_eq(tw_look_next(&(struct tw_looks){8, 8}, 8), 0);
	ck_assert_uint_eq(tw_look_next(&(struct tw_looks){1, 3}, 1), 2);
	/* Not at 27 of 32. */
	ck_assert_uint_eq(tw_look_next(&(struct tw_looks){8, 32}, 12), 18);
	ck_assert_uint_eq(tw_look_next(&(struct tw_looks){8, 32}, 18), 32);
	ck_assert_uint_eq(tw_look_next(&(struct tw_looks){8, 16}, 8), 12);
}
END_TEST

/* The levels of all looks: more than a sum of 1, and each no less than its part
 * of that. The smaller the error, the less can be won. */
START_TEST(levels_of_a_plan)
{
	static const struct tw_looks plans[] = {{8, 32}, {2, 3}, {1, 20},
		{8, 9}, {3, 5}, {30, 100}, {500, 502}};
	struct tw_look_plan plan = {0};

	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
		double sum = 0;

		tw_look_plan(&plans[p], 0.025, &plan);
		for (size_t k = 0; k < plan.n; k++) {
			const struct tw_look *look = &plan.look[k];

			sum += look->sum;
			ck_assert_double_eq_tol(look->alpha, 0.025, 1e-15);
			ck_assert(look->sum > 0 && look->share[0] < 1);
			for (size_t i = 1; i < TW_LOOK_ERRORS; i++)
				ck_assert(look->share[i] <= look->share[i - 1]);
			ck_assert_double_ge(look->share[TW_LOOK_ERRORS - 1],
				look->sum * (1 - 1e-9));
		}
		ck_assert_double_eq_tol(sum, 1, 1e-12);
	}
	tw_look_plan(&(struct tw_looks){8, 32}, 0.025, &plan);
	ck_assert_uint_eq(plan.n, 4);
	/* A quarter of the runs spends a sixteenth; most is left at last. */
	ck_assert_double_eq_tol(plan.look[0].share[0], 1.0 / 16, 1e-9);
	ck_assert_double_gt(plan.look[3].share[0], 0.8);
	/* Between two looks it is the one before that counts; before the first
	 * one, and where there is but one, none does. */
	ck_assert_double_eq_tol(
		tw_look_at(&plan, 17).sum, tw_look_at(&plan, 12).sum, 1e-15);
	ck_assert(tw_look_at(&plan, 7).alpha <= 0);
	tw_look_plan(&(struct tw_looks){8, 8}, 0.025, &plan);
	ck_assert(tw_look_at(&plan, 8).alpha <= 0);
}
END_TEST

/* The error of all at which a p of one look would have been beyond. */
START_TEST(p_of_all_looks)
{
	struct tw_look_plan plan = {0};
	struct tw_look look, alone = {0};
	double level, before = 0;

	tw_look_plan(&(struct tw_looks){8, 32}, 0.025, &plan);
	look = tw_look_at(&plan, 32);
	level = tw_look_level(&look, 0.025);
	ck_assert_double_eq_tol(level, 0.025 * look.share[0], 1e-15);
	ck_assert_double_le(tw_look_p(&look, level * 0.9999), 0.025);
	ck_assert_double_gt(tw_look_p(&look, level * 1.0001), 0.025);
	/* It never falls, is 0.025 up to the level, and a sum's at last. */
	for (double p = 1e-7; p < 1; p *= 1.01) {
		double all = tw_look_p(&look, p);

		ck_assert(all >= before && all >= p && all <= 1);
		ck_assert_double_le(all, p / look.sum * (1 + 1e-12));
		before = all;
	}
	ck_assert_double_eq_tol(tw_look_p(&look, 1e-6), 1e-6 / look.sum, 1e-12);
	ck_assert_double_eq_tol(
		tw_look_p(&look, 0.025 / 8 * look.share[1]), 0.025 / 8, 1e-12);
	ck_assert_double_eq_tol(tw_look_p(&alone, 0.3), 0.3, 1e-15);
	ck_assert_double_eq_tol(tw_look_level(&alone, 0.025), 0.025, 1e-15);
}
END_TEST

/* How many gates of normal runs with this mean are found, and at alpha each
 * time. */
static size_t found_of(
	const struct tw_look_plan *plan, double mean, size_t gates, bool naive)
{
	size_t found = 0;
	double values[32];

	for (uint64_t g = 0; g < gates; g++) {
		bool finds = false;

		for (uint64_t i = 0; i < 32; i++)
			values[i] = mean + normal(g, i);
		for (size_t k = 0; k < plan->n; k++) {
			double level = tw_look_level(&plan->look[k], 0.025);
			double p = tw_interval_of(values, plan->at[k], 0.95).p;

			finds |= p < (naive ? 0.025 : level);
		}
		found += finds;
	}
	return found;
}

/* Looking each time the schedule says so is wrong in alpha of gates; looking
 * with alpha each time is wrong in more. */
START_TEST(error_rate)
{
	struct tw_look_plan plan = {0};
	size_t wrong;

	tw_look_plan(&(struct tw_looks){4, 32}, 0.025, &plan);
	wrong = found_of(&plan, 0, 20000, false);
	/* 500 expected, standard deviation 22. */
	ck_assert_uint_ge(wrong, 430);
	ck_assert_uint_le(wrong, 570);
	ck_assert_uint_ge(found_of(&plan, 0, 4000, true), 200);
}
END_TEST

/* Of a difference that one look at 32 runs finds in 80% of gates: 77.7%, and
 * 75.6% with levels that add up to alpha; standard deviation 0.47%. */
START_TEST(power)
{
	struct tw_look_plan plan = {0};
	size_t found;

	tw_look_plan(&(struct tw_looks){8, 32}, 0.025, &plan);
	found = found_of(&plan, 0.511, 8000, false);
	ck_assert_uint_ge(found, 8000 * 767 / 1000);
	ck_assert_uint_le(found, 8000 * 787 / 1000);
}
END_TEST

TW_TESTS("gate/looks", schedule, levels_of_a_plan, p_of_all_looks, error_rate,
	power)
