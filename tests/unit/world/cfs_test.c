#include "tests/unit/test.h"
#include "twins/world/cfs.h"

#define CORES(n) ((uint64_t)(n)*TW_CORE)

START_TEST(spends_n_times_as_fast)
{
	struct tw_cfs cfs;

	tw_cfs_init(&cfs, 20 * TW_MS, 0);
	tw_cfs_spend(&cfs, 0, 0, 0);
	ck_assert_int_eq(tw_cfs_spent_at(&cfs, 0, CORES(1)), 20 * TW_MS);
	ck_assert_int_eq(tw_cfs_spent_at(&cfs, 0, CORES(4)), 5 * TW_MS);
	tw_cfs_spend(&cfs, 0, 5 * TW_MS, CORES(4));
	ck_assert(tw_cfs_is_spent(&cfs));
	ck_assert_int_eq(tw_cfs_period_end(&cfs, 5 * TW_MS), 100 * TW_MS);
	tw_cfs_spend(&cfs, 5 * TW_MS, 99 * TW_MS, 0);
	ck_assert(tw_cfs_is_spent(&cfs));
	tw_cfs_spend(&cfs, 99 * TW_MS, 100 * TW_MS, 0);
	ck_assert(!tw_cfs_is_spent(&cfs));
}
END_TEST

/* What the rest of this period has room for may still be too much for the
 * next one as a whole. */
START_TEST(looks_into_the_next_period)
{
	struct tw_cfs cfs;

	tw_cfs_init(&cfs, 50 * TW_MS, 0);
	tw_cfs_spend(&cfs, 0, 80 * TW_MS, 0);
	ck_assert_int_eq(
		tw_cfs_spent_at(&cfs, 80 * TW_MS, CORES(1)), 150 * TW_MS);
	/* Half a core is what it may use: never spent. */
	ck_assert_int_eq(
		tw_cfs_spent_at(&cfs, 80 * TW_MS, CORES(1) / 2), TW_NEVER);
	ck_assert_int_eq(tw_cfs_spent_at(&cfs, 80 * TW_MS, 0), TW_NEVER);
}
END_TEST

/* Many periods go by without anybody asking. */
START_TEST(only_the_last_period_counts)
{
	struct tw_cfs cfs;

	tw_cfs_init(&cfs, 50 * TW_MS, 0);
	tw_cfs_spend(&cfs, 0, 1030 * TW_MS, CORES(1) / 2);
	ck_assert_int_eq(tw_cfs_spent_at(&cfs, 1030 * TW_MS, CORES(2)),
		1030 * TW_MS + 35 * TW_MS / 2);
}
END_TEST

START_TEST(has_a_phase)
{
	struct tw_cfs cfs;

	tw_cfs_init(&cfs, 10 * TW_MS, 30 * TW_MS);
	tw_cfs_spend(&cfs, 0, 0, 0);
	ck_assert_int_eq(tw_cfs_period_end(&cfs, 0), 30 * TW_MS);
	ck_assert_int_eq(tw_cfs_period_end(&cfs, 30 * TW_MS), 130 * TW_MS);
	ck_assert_int_eq(
		tw_cfs_spent_at(&cfs, 25 * TW_MS, CORES(1)), 40 * TW_MS);
}
END_TEST

START_TEST(without_a_quota)
{
	struct tw_cfs cfs;

	tw_cfs_init(&cfs, 0, 7);
	ck_assert(!tw_cfs_is_spent(&cfs));
	ck_assert_int_eq(tw_cfs_spent_at(&cfs, 0, CORES(99)), TW_NEVER);
}
END_TEST

TW_TESTS("world/cfs", spends_n_times_as_fast, looks_into_the_next_period,
	only_the_last_period_counts, has_a_phase, without_a_quota)
