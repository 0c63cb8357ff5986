#include "tests/unit/test.h"

#include "twins/kernel/random.h"
#include "twins/observe/histogram.h"

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Times over eleven powers of ten. */
static int64_t draw_time(uint64_t seed, uint32_t i)
{
	uint64_t bits = tw_draw_bits(seed, i, TW_DRAW_WORK, 0);

	return (int64_t)(bits >> (20 + bits % 40));
}

START_TEST(buckets_cover_every_time_once)
{
	int64_t next = 0;

	for (uint32_t i = 0; i < TW_HISTOGRAM_BUCKETS; i++) {
		struct tw_histogram h = {0};
		struct tw_bucket bucket = {0};

		ck_assert_int_ge(next, 0);
		tw_histogram_record(&h, next);
		ck_assert(tw_histogram_next(&h, &bucket));
		ck_assert_uint_eq(bucket.index, i);
		ck_assert_int_eq(bucket.low, next);
		ck_assert_uint_eq(tw_histogram_index(bucket.high), i);
		/* Half a bucket is at most 1/256 of any value in it. */
		ck_assert((bucket.high - bucket.low + 1) / 2 <=
			  bucket.low / 256 + (bucket.low < 256));
		if (i == TW_HISTOGRAM_BUCKETS - 1)
			ck_assert_int_eq(bucket.high, INT64_MAX);
		else
			next = bucket.high + 1;
		tw_histogram_release(&h);
	}
}
END_TEST

START_TEST(quantiles_are_near_those_of_the_sorted_values)
{
	enum { N = 20000 };
	static int64_t values[N];
	static const double qs[] = {
		0, 1e-5, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.99999, 1};
	struct tw_histogram h = {0};
	tw_wide sum = 0;

	for (uint32_t i = 0; i < N; i++) {
		values[i] = draw_time(1, i);
		tw_histogram_record(&h, values[i]);
		sum += (uint64_t)values[i];
	}
	qsort(values, N, sizeof *values, by_value);
	ck_assert_uint_eq(h.count, N);
	ck_assert(h.sum == sum);
	ck_assert_int_eq(h.min, values[0]);
	ck_assert_int_eq(h.max, values[N - 1]);
	ck_assert(tw_histogram_mean(&h) == (double)sum / N);
	for (size_t i = 0; i < 10; i++) {
		size_t rank = (size_t)(qs[i] * N + 1 - 1e-9);
		int64_t exact = values[rank ? rank - 1 : 0];
		int64_t error = tw_histogram_quantile(&h, qs[i]) - exact;

		error = error < 0 ? -error : error;
		ck_assert_msg(error <= exact / 256, "q %g", qs[i]);
	}
	for (int i = 0; i < N; i += 97) {
		uint64_t above = tw_histogram_above(&h, values[i]);
		int exact = 0, far = 0;

		for (int k = 0; k < N; k++) {
			exact += values[k] > values[i];
			far += values[k] > values[i] + values[i] / 128 + 1;
		}
		ck_assert(above <= (uint64_t)exact && above >= (uint64_t)far);
	}
	tw_histogram_release(&h);
}
END_TEST

START_TEST(ranks_are_the_nearest)
{
	struct tw_histogram h = {0};

	ck_assert_int_eq(tw_histogram_quantile(&h, 0.5), 0);
	for (int i = 1; i <= 100; i++)
		tw_histogram_record(&h, i);
	/* 0.07 * 100 is a little above 7 in binary. */
	ck_assert_int_eq(tw_histogram_quantile(&h, 0.07), 7);
	ck_assert_int_eq(tw_histogram_quantile(&h, 0.99), 99);
	ck_assert_int_eq(tw_histogram_quantile(&h, 0.991), 100);
	ck_assert_int_eq(tw_histogram_quantile(&h, 0.5), 50);
	ck_assert_int_eq(tw_histogram_quantile(&h, 0), 1);
	ck_assert_int_eq(tw_histogram_quantile(&h, 1), 100);
	ck_assert_uint_eq(tw_histogram_above(&h, 99), 1);
	ck_assert_uint_eq(tw_histogram_above(&h, 0), 100);
	ck_assert_uint_eq(tw_histogram_above(&h, 100), 0);
	tw_histogram_release(&h);
}
END_TEST

/* A timeout of 100 ms makes many values of exactly 100 ms. */
START_TEST(what_equals_a_threshold_is_not_above_it)
{
	struct tw_histogram h = {0};

	tw_histogram_record_n(&h, 100 * TW_MS, 1000);
	tw_histogram_record(&h, TW_MS);
	tw_histogram_record(&h, TW_S);
	tw_histogram_record_n(&h, 5, 0);
	ck_assert_uint_eq(h.count, 1002);
	ck_assert_uint_eq(tw_histogram_above(&h, 100 * TW_MS), 1);
	tw_histogram_release(&h);
}
END_TEST

static void is_same(const struct tw_histogram *a, const struct tw_histogram *b)
{
	struct tw_bucket x = {0}, y = {0};

	ck_assert_uint_eq(a->count, b->count);
	ck_assert_int_eq(a->min, b->min);
	ck_assert_int_eq(a->max, b->max);
	ck_assert(a->sum == b->sum);
	while (tw_histogram_next(a, &x)) {
		ck_assert(tw_histogram_next(b, &y));
		ck_assert_uint_eq(x.index, y.index);
		ck_assert_uint_eq(x.count, y.count);
	}
	ck_assert(!tw_histogram_next(b, &y));
}

START_TEST(merging_is_recording_all_in_any_order)
{
	struct tw_histogram all = {0}, parts[3] = {{0}}, up = {0}, down = {0};
	struct tw_histogram copy, tallied = {0};
	tw_wide sum = 0;

	for (uint32_t i = 0; i < 3000; i++) {
		int64_t value = draw_time(2, i);

		tw_histogram_record(&all, value);
		tw_histogram_tally(&tallied, value);
		sum += (tw_wide)(uint64_t)value;
		tw_histogram_record(&parts[value % 3], value);
	}
	for (int i = 0; i < 3; i++) {
		tw_histogram_merge(&up, &parts[i]);
		tw_histogram_merge(&down, &parts[2 - i]);
	}
	tw_histogram_merge(&up, &(struct tw_histogram){0});
	is_same(&up, &all);
	is_same(&down, &all);
	tw_histogram_add_up(&tallied, 1, all.max, all.max, 0);
	tw_histogram_add_up(&tallied, 2999, all.min, all.min, sum);
	is_same(&tallied, &all);
	tw_histogram_copy(&copy, &all);
	tw_histogram_record(&all, 1);
	is_same(&copy, &up);
	for (int i = 0; i < 3; i++)
		tw_histogram_release(&parts[i]);
	tw_histogram_release(&all);
	tw_histogram_release(&up);
	tw_histogram_release(&down);
	tw_histogram_release(&tallied);
	tw_histogram_release(&copy);
	tw_histogram_copy(&copy, &all);
	ck_assert_uint_eq(copy.count, 0);
}
END_TEST

START_TEST(what_was_stored_comes_back_or_is_refused)
{
	struct tw_histogram h = {0}, back = {0};
	struct tw_bucket bucket = {0};

	ck_assert(tw_histogram_restore(&back, 0, 0, 0));
	ck_assert(!tw_histogram_restore(&back, 0, 1, 0));
	for (uint32_t i = 0; i < 500; i++)
		tw_histogram_record(&h, draw_time(3, i));
	while (tw_histogram_next(&h, &bucket))
		ck_assert(tw_histogram_put(&back, bucket.index, bucket.count));
	ck_assert(!tw_histogram_restore(&back, h.min, h.max, 0));
	ck_assert(!tw_histogram_restore(&back, h.min, h.max, h.sum * 2));
	ck_assert(!tw_histogram_restore(&back, h.max, h.min, h.sum));
	ck_assert(!tw_histogram_restore(&back, h.min, h.max / 2, h.sum));
	ck_assert(!tw_histogram_restore(&back, -1, h.max, h.sum));
	ck_assert(tw_histogram_restore(&back, h.min, h.max, h.sum));
	is_same(&back, &h);
	ck_assert(!tw_histogram_put(&back, tw_histogram_index(h.min), 1));
	ck_assert(!tw_histogram_put(&back, TW_HISTOGRAM_BUCKETS, 1));
	ck_assert(!tw_histogram_put(&back, 5, 0));
	ck_assert(!tw_histogram_put(&back, 5, UINT32_MAX));
	tw_histogram_release(&h);
	tw_histogram_release(&back);
}
END_TEST

START_TEST(memory_follows_the_range)
{
	struct tw_histogram h = {0};

	for (int i = 0; i < 100000; i++)
		tw_histogram_record(&h, TW_MS + i * 990);
	ck_assert_uint_le(h.n * sizeof *h.cells, 4096);
	tw_histogram_release(&h);
}
END_TEST

TW_TESTS("observe/histogram", buckets_cover_every_time_once,
	quantiles_are_near_those_of_the_sorted_values, ranks_are_the_nearest,
	what_equals_a_threshold_is_not_above_it,
	merging_is_recording_all_in_any_order,
	what_was_stored_comes_back_or_is_refused, memory_follows_the_range)
