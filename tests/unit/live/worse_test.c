/* Builds made worse: the share that is asked for is hit, the same one each
 * time. */
#include "harness/live/worse.h"

#include "tests/unit/test.h"

static double share(double asked, uint64_t seed, uint32_t replication)
{
	uint32_t hits = 0;

	for (uint64_t i = 0; i < 100000; i++)
		hits += tw_live_worse_hits(asked, seed, replication, i);
	return hits / 1e5;
}

START_TEST(as_asked)
{
	ck_assert(share(0, 1, 0) == 0);
	ck_assert(share(1, 1, 0) == 1);
	/* Five standard deviations. */
	ck_assert_double_eq_tol(share(0.01, 1, 0), 0.01, 0.0016);
	ck_assert_double_eq_tol(share(0.5, 1, 0), 0.5, 0.008);
}
END_TEST

START_TEST(same_ones)
{
	uint32_t both = 0, more = 0;

	for (uint64_t i = 0; i < 10000; i++) {
		bool small = tw_live_worse_hits(0.1, 7, 3, i);

		ck_assert(small == tw_live_worse_hits(0.1, 7, 3, i));
		/* What a smaller share hits, a larger one does. */
		ck_assert(!small || tw_live_worse_hits(0.2, 7, 3, i));
		both += small && tw_live_worse_hits(0.1, 7, 4, i);
		more += small && tw_live_worse_hits(0.1, 8, 3, i);
	}
	/* Others in another run, of another seed. */
	ck_assert_uint_lt(both, 200);
	ck_assert_uint_lt(more, 200);
}
END_TEST

TW_TESTS("live/worse", as_asked, same_ones)
