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

START_TEST(shares_add_up)
{
	for (size_t first = 1; first < 20; first++)
		for (size_t most = first + 1; most < 70; most += 3) {
			const struct tw_looks looks = {first, most};
			double sum = 0;

			for (size_t n = first; n; n = tw_look_next(&looks, n)) {
				double share = tw_look_share(&looks, n);

				ck_assert(share > 0 && share < 1);
				sum += share;
			}
			ck_assert_double_eq_tol(sum, 1, 1e-12);
		}
	ck_assert(tw_look_share(&(struct tw_looks){8, 8}, 8) == 1);
	/* A quarter of the runs spends a sixteenth. */
	ck_assert_double_eq_tol(
		tw_look_share(&(struct tw_looks){8, 32}, 8), 1.0 / 16, 1e-12);
	/* Between two looks it is the one before that counts. */
	ck_assert(tw_look_share(&(struct tw_looks){4, 32}, 8) ==
		  tw_look_share(&(struct tw_looks){4, 32}, 6));
}
END_TEST

/* Looking each time the schedule says so is wrong in no more than alpha of
 * gates; looking with alpha each time is wrong in more. */
START_TEST(error_rate)
{
	const struct tw_looks looks = {4, 32};
	size_t wrong = 0, naive = 0, gates = 4000;
	double values[32];

	for (uint64_t g = 0; g < gates; g++) {
		bool found = false, found_naively = false;

		for (uint64_t i = 0; i < 32; i++)
			values[i] = normal(g, i);
		for (size_t n = 4; n; n = tw_look_next(&looks, n)) {
			double level = 1 - 0.05 * tw_look_share(&looks, n);

			found |= tw_interval_of(values, n, level).low > 0;
			found_naively |=
				tw_interval_of(values, n, 0.95).low > 0;
		}
		wrong += found;
		naive += found_naively;
	}
	/* 100 expected at most, standard deviation 10. */
	ck_assert_uint_le(wrong, 130);
	ck_assert_uint_ge(naive, 200);
}
END_TEST

/* Levels of looks that are far enough apart leave more to the last one: of a
 * difference that one look at 32 runs finds in 80% of gates. */
START_TEST(power)
{
	static const size_t at[] = {8, 12, 18, 27, 32};
	const struct tw_looks looks = {8, 32};
	size_t found[2] = {0, 0}, gates = 4000;
	double values[32];

	for (uint64_t g = 0; g < gates; g++) {
		bool finds[2] = {false, false};

		for (uint64_t i = 0; i < 32; i++)
			values[i] = 0.511 + normal(g, i);
		for (size_t n = 8; n; n = tw_look_next(&looks, n))
			finds[0] |= tw_interval_of(values, n,
					    1 - 0.05 * tw_look_share(&looks, n))
					    .low > 0;
		for (size_t k = 0; k < 5; k++) {
			double before = k ? (double)at[k - 1] / 32 : 0;
			double now = (double)at[k] / 32;

			finds[1] |= tw_interval_of(values, at[k],
					    1 - 0.05 * (now * now -
							       before * before))
					    .low > 0;
		}
		found[0] += finds[0];
		found[1] += finds[1];
	}
	/* 75.6% and 67.7%, standard deviation 0.7%. */
	ck_assert_uint_ge(found[0], 2910);
	ck_assert_uint_le(found[0], 3140);
	ck_assert_uint_le(found[1], 2820);
}
END_TEST

TW_TESTS("gate/looks", schedule, shares_add_up, error_rate, power)
