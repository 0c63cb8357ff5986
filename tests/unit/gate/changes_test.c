#include "tests/unit/test.h"

#include "harness/gate/changes.h"
#include "tests/unit/gate/fixture.h"

#define N 60

START_TEST(finds_steps)
{
	struct tw_changes changes = {0};
	double v[N];

	for (uint64_t i = 0; i < N; i++)
		v[i] = 10 + 0.3 * normal(3, i) + (i >= 20) * 2 - (i >= 45) * 3;
	tw_changes_of(v, N, 0.01, 1, &changes);
	ck_assert_uint_eq(changes.n, 2);
	ck_assert_uint_eq(changes.v[0].at, 20);
	ck_assert_uint_eq(changes.v[1].at, 45);
	ck_assert_double_eq_tol(changes.v[0].before, 10, 0.3);
	ck_assert_double_eq_tol(changes.v[0].after, 12, 0.3);
	ck_assert_double_eq_tol(changes.v[1].after, 9, 0.3);
	ck_assert(changes.v[0].p <= 0.01);
	tw_vec_release(&changes);
}
END_TEST

/* A change of spread, the mean the same. */
START_TEST(finds_spread)
{
	struct tw_changes changes = {0};
	double v[N];

	for (uint64_t i = 0; i < N; i++)
		v[i] = 10 + (i < 30 ? 0.1 : 3) * normal(5, i);
	tw_changes_of(v, N, 0.05, 1, &changes);
	ck_assert_uint_ge(changes.n, 1);
	ck_assert_uint_ge(changes.v[0].at, 25);
	ck_assert_uint_le(changes.v[0].at, 36);
	tw_vec_release(&changes);
}
END_TEST

START_TEST(nothing_in_noise)
{
	size_t found = 0;

	for (uint64_t s = 0; s < 200; s++) {
		struct tw_changes changes = {0};
		double v[30];

		for (uint64_t i = 0; i < 30; i++)
			v[i] = normal(s + 100, i);
		tw_changes_of(v, 30, 0.05, 1, &changes);
		found += changes.n > 0;
		tw_vec_release(&changes);
	}
	/* 10 expected, standard deviation 3. */
	ck_assert_uint_le(found, 21);
	ck_assert_uint_ge(found, 2);
}
END_TEST

START_TEST(same_or_few)
{
	struct tw_changes changes = {0};
	const double same[20] = {0}, few[9] = {1, 1, 1, 1, 9, 9, 9, 9, 9};

	tw_changes_of(same, 20, 0.05, 1, &changes);
	tw_changes_of(few, 9, 0.05, 1, &changes);
	tw_changes_of(few, 0, 0.05, 1, &changes);
	ck_assert_uint_eq(changes.n, 0);
}
END_TEST

TW_TESTS("gate/changes", finds_steps, finds_spread, nothing_in_noise,
	same_or_few)
