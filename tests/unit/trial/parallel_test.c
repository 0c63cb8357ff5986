#include "tests/unit/test.h"

#include "harness/trial/parallel.h"

#define N 1000

static void count(void *context, size_t i)
{
	((int *)context)[i]++;
}

START_TEST(each_index_once)
{
	for (size_t threads = 0; threads < 5; threads++) {
		int counts[N] = {0};

		tw_parallel(N, threads, count, counts);
		for (size_t i = 0; i < N; i++)
			ck_assert_int_eq(counts[i], 1);
	}
	tw_parallel(0, 3, count, NULL);
}
END_TEST

TW_TESTS("trial/parallel", each_index_once)
