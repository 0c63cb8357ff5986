/*
 * The VerticalPodAutoscaler's arithmetic. Expected values are worked out by
 * hand from the formulas, and the situations are those of the unit tests of
 * kubernetes/autoscaler, vertical-pod-autoscaler (histogram_options,
 * decaying_histogram, estimator, container, priority_processor,
 * update_priority_calculator, pods_eviction_restriction).
 */
#include "tests/unit/test.h"
#include "twins/cluster/vpa_histogram.h"
#include "twins/cluster/vpa_update.h"
#include "twins/cluster/vpa_usage.h"

#define MI (INT64_C(1) << 20)

/* ---- buckets -------------------------------------------------------- */

START_TEST(buckets_grow_by_their_ratio)
{
	struct tw_arena arena;
	struct tw_vpa_scale scale;

	tw_arena_init(&arena);
	tw_vpa_scale_init(&scale, &arena, 500, 40, 1.5, 0.001);
	/* 40, then 60, 90, 135, 202.5 wide: the last begins beyond 500. */
	ck_assert_uint_eq(scale.n, 6);
	ck_assert_double_eq(scale.starts[0], 0);
	ck_assert_double_eq_tol(scale.starts[1], 40, 1e-9);
	ck_assert_double_eq_tol(scale.starts[3], 190, 1e-9);
	ck_assert_double_eq_tol(scale.starts[5], 527.5, 1e-9);
	ck_assert_uint_eq(tw_vpa_bucket(&scale, -1), 0);
	ck_assert_uint_eq(tw_vpa_bucket(&scale, 39.99), 0);
	ck_assert_uint_eq(tw_vpa_bucket(&scale, 40.01), 1);
	ck_assert_uint_eq(tw_vpa_bucket(&scale, 189.99), 2);
	ck_assert_uint_eq(tw_vpa_bucket(&scale, 900), 5);
	tw_arena_release(&arena);
}
END_TEST

/* The recommender's own: 0.01 core at first, 5% more each. */
START_TEST(the_scales_are_those_of_the_flags)
{
	struct tw_arena arena;
	struct tw_vpa_scales scales;

	tw_arena_init(&arena);
	tw_vpa_scales_init(&scales, &arena);
	/* ceil(log(1000 * 0.05 / 0.01 + 1) / log(1.05)) + 1, with 1e12 and 1e7
	 * in place of 1000 and 0.01 the same number. */
	ck_assert_uint_eq(scales.of[TW_VERTICAL_CPU].n, 176);
	ck_assert_uint_eq(scales.of[TW_VERTICAL_MEMORY].n, 176);
	ck_assert_double_eq_tol(
		scales.of[TW_VERTICAL_CPU].starts[2], 0.0205, 1e-12);
	ck_assert_double_eq_tol(
		scales.of[TW_VERTICAL_MEMORY].starts[1], 1e7, 1e-3);
	tw_arena_release(&arena);
}
END_TEST

/* ---- weights that halve --------------------------------------------- */

struct stand {
	struct tw_arena arena;
	struct tw_vpa_scale scale;
	struct tw_vpa_histogram it;
};

/* Buckets end at 1, 3, 7, 15, 31, 63, ... */
static void stand_init(struct stand *s)
{
	tw_arena_init(&s->arena);
	tw_vpa_scale_init(&s->scale, &s->arena, 1000, 1, 2, 0.0001);
	tw_vpa_histogram_init(&s->it, &s->arena, &s->scale, TW_H);
}

static double at(const struct stand *s, double p)
{
	return tw_vpa_histogram_percentile(&s->it, p);
}

START_TEST(nothing_has_no_percentiles)
{
	struct stand s;

	stand_init(&s);
	ck_assert(tw_vpa_histogram_is_empty(&s.it));
	ck_assert_double_eq(at(&s, 0.5), 0);
	tw_vpa_histogram_add(&s.it, 2, 1, 0);
	ck_assert(!tw_vpa_histogram_is_empty(&s.it));
	tw_vpa_histogram_subtract(&s.it, 2, 1, 0);
	ck_assert(tw_vpa_histogram_is_empty(&s.it));
	/* No more goes than there is. */
	tw_vpa_histogram_add(&s.it, 2, 1, 0);
	tw_vpa_histogram_subtract(&s.it, 2, 3, 0);
	ck_assert_double_eq_tol(s.it.total, 0, 1e-12);
	tw_arena_release(&s.arena);
}
END_TEST

/* 1000 after 20 half-lives are 0.00095 beside 1. */
START_TEST(a_heavy_sample_decays_but_not_all_of_it)
{
	struct stand s;

	stand_init(&s);
	tw_vpa_histogram_add(&s.it, 4, 1000, 0);
	tw_vpa_histogram_add(&s.it, 1, 1, 20 * TW_H);
	ck_assert_double_eq_tol(at(&s, 0.999), 3, 1e-9);
	ck_assert_double_eq_tol(at(&s, 1), 7, 1e-9);
	tw_arena_release(&s.arena);
}
END_TEST

/* After more half-lives than the reference keeps it is gone. */
START_TEST(after_a_hundred_half_lives_it_is_gone)
{
	struct stand s;

	stand_init(&s);
	tw_vpa_histogram_add(&s.it, 4, 1, 0);
	tw_vpa_histogram_add(&s.it, 1, 1, 101 * TW_H);
	ck_assert_double_eq_tol(at(&s, 1), 3, 1e-9);
	ck_assert_double_eq_tol(s.it.total, 1, 1e-6);
	tw_arena_release(&s.arena);
}
END_TEST

/* Weights 1/8, 2/4, 3/2 and 4 of 6.125: 2%, 10%, 35%, 100%. */
START_TEST(percentiles_are_of_decayed_weights)
{
	static const double values[] = {1, 3, 7, 15};
	struct stand s;

	stand_init(&s);
	for (int i = 0; i < 4; i++)
		tw_vpa_histogram_add(&s.it, values[i], i + 1, i * TW_H);
	ck_assert_double_eq_tol(at(&s, 0.02), 3, 1e-9);
	ck_assert_double_eq_tol(at(&s, 0.03), 7, 1e-9);
	ck_assert_double_eq_tol(at(&s, 0.10), 7, 1e-9);
	ck_assert_double_eq_tol(at(&s, 0.11), 15, 1e-9);
	/* 2.125 of 6.125: to four places. */
	ck_assert_double_eq_tol(at(&s, 0.34693), 15, 1e-9);
	ck_assert_double_eq_tol(at(&s, 0.34695), 31, 1e-9);
	tw_arena_release(&s.arena);
}
END_TEST

/* ---- use ------------------------------------------------------------ */

struct use {
	struct tw_arena arena;
	struct tw_vpa_scales scales;
	struct tw_vpa_usage it;
	struct tw_vpa_peaks peaks;
};

static void use_init(struct use *u)
{
	tw_arena_init(&u->arena);
	tw_vpa_scales_init(&u->scales, &u->arena);
	tw_vpa_usage_init(&u->it, &u->arena, &u->scales);
	u->peaks = (struct tw_vpa_peaks){0};
}

/* The weight of a value in the histogram of memory, in samples of one day
 * hence. */
static double peaks_of(const struct use *u, double value)
{
	const struct tw_vpa_histogram *it = &u->it.of[TW_VERTICAL_MEMORY];

	return it->weight[tw_vpa_bucket(it->scale, value)] / 2;
}

/* 9 samples, one each 2 minutes: 9 / 1440 of a day, though 16 minutes are
 * more of it. 3.14 * (1 + 0.1 / 0.00625)^2 = 907.46. */
START_TEST(confidence_is_a_sample_a_minute)
{
	struct use u;
	double confidence;

	use_init(&u);
	for (int i = 0; i < 9; i++)
		ck_assert(tw_vpa_add_cpu(
			&u.it, &u.peaks, i * 120 * TW_S, 1000, 0));
	confidence = tw_vpa_confidence(&u.it);
	ck_assert_double_eq_tol(confidence, 0.00625, 1e-12);
	ck_assert_int_eq(
		tw_vpa_by_confidence(3140, confidence, 0.1, 2), 907460);
	/* Half a day's worth: 4.5216 cores, cut off. */
	ck_assert_int_eq(tw_vpa_by_confidence(3140, 0.5, 0.1, 2), 4521);
	ck_assert_int_eq(
		tw_vpa_by_confidence(3140, 0, 1, 1), INT64_C(100000000000000));
	ck_assert_int_eq(tw_vpa_by_confidence(3140, 0, 0.001, -2), 0);
	ck_assert_int_eq(tw_vpa_with_margin(3140, 0.1), 3454);
	tw_arena_release(&u.arena);
}
END_TEST

START_TEST(a_sample_counts_once)
{
	struct use u;

	use_init(&u);
	ck_assert(tw_vpa_add_cpu(&u.it, &u.peaks, TW_S, 100, 0));
	ck_assert(!tw_vpa_add_cpu(&u.it, &u.peaks, TW_S, 100, 0));
	ck_assert(!tw_vpa_add_cpu(&u.it, &u.peaks, 2 * TW_S, -1, 0));
	ck_assert_uint_eq(u.it.samples, 1);
	/* The weight is the request, 0.1 at least. */
	ck_assert_double_eq_tol(u.it.of[TW_VERTICAL_CPU].total, 0.1, 1e-5);
	ck_assert(tw_vpa_add_cpu(&u.it, &u.peaks, 3 * TW_S, 100, 2000));
	ck_assert_double_eq_tol(u.it.of[TW_VERTICAL_CPU].total, 2.1, 1e-3);
	tw_arena_release(&u.arena);
}
END_TEST

START_TEST(memory_is_a_peak_a_day)
{
	struct use u;

	use_init(&u);
	ck_assert(tw_vpa_add_memory(&u.it, &u.peaks, 0, 500 * MI));
	ck_assert(tw_vpa_add_memory(&u.it, &u.peaks, TW_H, 1000 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 500e6), 0, 1e-9);
	ck_assert_double_eq_tol(peaks_of(&u, 1000.0 * MI), 1, 1e-9);
	/* Less than the peak: nothing. */
	ck_assert(tw_vpa_add_memory(&u.it, &u.peaks, 2 * TW_H, 200 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 200.0 * MI), 0, 1e-9);
	/* The next day has its own: by then it weighs twice as much. */
	ck_assert(tw_vpa_add_memory(&u.it, &u.peaks, 24 * TW_H, 200 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 200.0 * MI), 2, 1e-9);
	ck_assert_double_eq_tol(peaks_of(&u, 1000.0 * MI), 1, 1e-9);
	ck_assert(!tw_vpa_add_memory(&u.it, &u.peaks, 23 * TW_H, 900 * MI));
	/* Its own: yesterday's was more. */
	ck_assert(tw_vpa_add_memory(&u.it, &u.peaks, 25 * TW_H, 300 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 200.0 * MI), 0, 1e-9);
	ck_assert_double_eq_tol(peaks_of(&u, 300.0 * MI), 2, 1e-9);
	tw_arena_release(&u.arena);
}
END_TEST

START_TEST(an_oom_kill_asks_for_more)
{
	struct use u;

	use_init(&u);
	ck_assert(tw_vpa_add_oom(&u.it, &u.peaks, 0, 1000 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 1200.0 * MI), 1, 1e-9);
	/* A smaller one does not run away. */
	ck_assert(tw_vpa_add_oom(&u.it, &u.peaks, 0, 999 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 1200.0 * MI), 1, 1e-9);
	ck_assert(tw_vpa_add_oom(&u.it, &u.peaks, 0, 2000 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 1200.0 * MI), 0, 1e-9);
	ck_assert_double_eq_tol(peaks_of(&u, 2400.0 * MI), 1, 1e-9);
	/* It is forgotten with its day. */
	tw_vpa_add_memory(&u.it, &u.peaks, 24 * TW_H, 200 * MI);
	tw_vpa_add_memory(&u.it, &u.peaks, 25 * TW_H, 300 * MI);
	ck_assert_double_eq_tol(peaks_of(&u, 300.0 * MI), 2, 1e-9);
	tw_arena_release(&u.arena);

	use_init(&u); /* 100Mi more at least */
	ck_assert(tw_vpa_add_oom(&u.it, &u.peaks, 0, MI));
	ck_assert_double_eq_tol(peaks_of(&u, 101.0 * MI), 1, 1e-9);
	tw_arena_release(&u.arena);

	use_init(&u); /* the peak counts where it is more than the request */
	tw_vpa_add_memory(&u.it, &u.peaks, 0, 3000 * MI);
	ck_assert(tw_vpa_add_oom(&u.it, &u.peaks, 0, 1000 * MI));
	ck_assert_double_eq_tol(peaks_of(&u, 3000.0 * MI), 0, 1e-9);
	ck_assert_double_eq_tol(peaks_of(&u, 3600.0 * MI), 1, 1e-9);
	ck_assert(!tw_vpa_add_oom(&u.it, &u.peaks, -30 * TW_H, 1000 * MI));
	tw_arena_release(&u.arena);
}
END_TEST

/*
 * By hand: one pod uses 0.3 cores and 400 MB, each minute for 5 minutes. 0.3
 * falls into the bucket that ends at 0.01 (1.05^19 - 1) / 0.05 = 0.30539: with
 * 15% 350m and 45m, so 350m (cut off at each step: 305 + 45). Memory ends at
 * 1e7 (1.05^23 - 1) / 0.05 = 414304751: with 15% 476450463. 6 samples over 5
 * minutes are a confidence of 5 / 1440: 350 * (1 + 0.001 * 288)^-2 = 210.97,
 * 350 * 289 = 101150.
 */
START_TEST(a_recommendation_by_hand)
{
	struct use u;
	struct tw_advice cpu, memory;

	use_init(&u);
	for (int i = 0; i <= 5; i++) {
		tw_vpa_add_cpu(&u.it, &u.peaks, i * 60 * TW_S, 300, 200);
		tw_vpa_add_memory(&u.it, &u.peaks, i * 60 * TW_S, 400000000);
	}
	cpu = tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 0);
	memory = tw_vpa_recommend(&u.it, TW_VERTICAL_MEMORY, 1, 0, 0);
	ck_assert(cpu.has && memory.has);
	ck_assert_int_eq(cpu.target, 350);
	ck_assert_int_eq(cpu.lower, 210);
	ck_assert_int_eq(cpu.upper, 101150);
	ck_assert_int_eq(memory.target, 476450463);
	/* Bounds cap what is recommended, and not what is told uncapped. */
	cpu = tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 320);
	ck_assert_int_eq(cpu.target, 320);
	ck_assert_int_eq(cpu.upper, 320);
	ck_assert_int_eq(cpu.lower, 210);
	ck_assert_int_eq(cpu.uncapped, 350);
	cpu = tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 400, 0);
	ck_assert_int_eq(cpu.lower, 400);
	tw_arena_release(&u.arena);
}
END_TEST

START_TEST(a_pod_has_a_minimum_in_shares)
{
	struct use u;

	use_init(&u);
	ck_assert(!tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 0).has);
	tw_vpa_add_cpu(&u.it, &u.peaks, 0, 1, 100);
	tw_vpa_add_memory(&u.it, &u.peaks, 0, MI);
	ck_assert_int_eq(
		tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 0).target, 25);
	ck_assert_int_eq(
		tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 2, 0, 0).target, 12);
	ck_assert_int_eq(
		tw_vpa_recommend(&u.it, TW_VERTICAL_MEMORY, 1, 0, 0).target,
		250 * MI);
	ck_assert_int_eq(
		tw_vpa_recommend(&u.it, TW_VERTICAL_MEMORY, 2, 0, 0).target,
		125 * MI);
	tw_arena_release(&u.arena);
}
END_TEST

/* What a status says comes out again, to a bucket, and minutes do not move
 * it. */
START_TEST(a_history_is_recalled)
{
	const struct tw_advice was = {true, 587, 126, 1500, 587};
	struct use u;
	struct tw_advice is;

	use_init(&u);
	tw_vpa_recall(&u.it, TW_VERTICAL_CPU, &was, 8 * 24 * TW_H, 3);
	is = tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 0);
	ck_assert_double_eq_tol((double)is.target, 587, 587 * 0.026);
	ck_assert_double_eq_tol((double)is.lower, 126, 126 * 0.06);
	ck_assert_double_eq_tol((double)is.upper, 1500, 1500 * 0.026);
	ck_assert_double_eq_tol(tw_vpa_confidence(&u.it), 8, 1e-9);
	for (int i = 1; i <= 10; i++)
		tw_vpa_add_cpu(&u.it, &u.peaks, i * 60 * TW_S, 4000, 587);
	ck_assert_int_eq(
		tw_vpa_recommend(&u.it, TW_VERTICAL_CPU, 1, 0, 0).target,
		is.target);
	tw_arena_release(&u.arena);
}
END_TEST

/* ---- the updater ---------------------------------------------------- */

static struct tw_vpa_ask cpu(uint32_t container, int64_t request,
	int64_t target, int64_t lower, int64_t upper)
{
	return (struct tw_vpa_ask){container, TW_VERTICAL_CPU, true, request,
		{true, target, lower, upper, target}};
}

static struct tw_vpa_ask memory(
	uint32_t container, int64_t request, int64_t target)
{
	return (struct tw_vpa_ask){container, TW_VERTICAL_MEMORY, true, request,
		{true, target, 0, 0, target}};
}

static const struct {
	struct tw_vpa_ask asks[4];
	size_t n;
	bool outside, up;
	double change;
} priorities[] = {
	{{{0, TW_VERTICAL_CPU, true, 2000, {true, 10000, 0, 0, 10000}}}, 1,
		false, true, 4},
	{{{0, TW_VERTICAL_CPU, true, 4000, {true, 2000, 0, 0, 2000}}}, 1, false,
		false, 0.5},
	{{{0, TW_VERTICAL_CPU, true, 2000, {true, 2000, 0, 0, 2000}}}, 1, false,
		false, 0},
	{{{0, TW_VERTICAL_CPU, true, 10, {true, 900, 0, 0, 900}}}, 1, false,
		true, 89},
	{{{0, TW_VERTICAL_CPU, true, 4000, {true, 10000, 6000, 14000, 10000}}},
		1, true, true, 1.5},
	{{{0, TW_VERTICAL_CPU, true, 8000, {true, 2000, 1000, 3000, 2000}}}, 1,
		true, false, 0.75},
	{{{0, TW_VERTICAL_CPU, false, 0, {true, 2, 0, 0, 2}}}, 1, true, true,
		1},
	/* Relative to the sums over containers, and added over resources: */
	{{{0, TW_VERTICAL_CPU, true, 6000, {true, 8000, 0, 0, 0}},
		 {0, TW_VERTICAL_MEMORY, true, 10000000,
			 {true, 20000000, 0, 0, 0}},
		 {1, TW_VERTICAL_CPU, true, 4000, {true, 7000, 0, 0, 0}},
		 {1, TW_VERTICAL_MEMORY, true, 30000000,
			 {true, 30000000, 0, 0, 0}}},
		4, false, true, 0.75},
	{{{0, TW_VERTICAL_CPU, true, 3000, {true, 1000, 0, 0, 0}},
		 {1, TW_VERTICAL_CPU, true, 7000, {true, 2000, 0, 0, 0}}},
		2, false, false, 0.7},
	/* Nothing is recommended. */
	{{{0, TW_VERTICAL_CPU, true, 3000, {false, 0, 0, 0, 0}}}, 1, false,
		false, 0},
};

START_TEST(how_much_a_pod_should_change)
{
	for (size_t i = 0; i < sizeof priorities / sizeof *priorities; i++) {
		struct tw_vpa_priority is =
			tw_vpa_priority_of(priorities[i].asks, priorities[i].n);

		ck_assert_int_eq(is.outside, priorities[i].outside);
		ck_assert_int_eq(is.up, priorities[i].up);
		ck_assert_double_eq_tol(is.change, priorities[i].change, 1e-12);
	}
}
END_TEST

START_TEST(who_wants_to_grow_goes_first)
{
	const struct tw_vpa_priority grows = {false, true, 0.1};
	const struct tw_vpa_priority grows_more = {false, true, 0.2};
	const struct tw_vpa_priority shrinks = {true, false, 5};

	ck_assert_int_lt(tw_vpa_compare(&grows, &shrinks), 0);
	ck_assert_int_gt(tw_vpa_compare(&grows, &grows_more), 0);
	ck_assert_int_eq(tw_vpa_compare(&grows, &grows), 0);
}
END_TEST

START_TEST(when_a_pod_is_due)
{
	const struct tw_vpa_priority outside = {true, true, 0.01};
	const struct tw_vpa_priority far = {false, true, 0.1};
	const struct tw_vpa_priority near = {false, true, 0.09};
	const struct tw_vpa_priority same = {false, false, 0};

	ck_assert(tw_vpa_is_due(&outside, 0, false));
	ck_assert(!tw_vpa_is_due(&far, 12 * TW_H - 1, false));
	ck_assert(tw_vpa_is_due(&far, 12 * TW_H, false));
	ck_assert(!tw_vpa_is_due(&near, 24 * TW_H, false));
	ck_assert(tw_vpa_is_due(&near, 0, true));
	ck_assert(!tw_vpa_is_due(&same, 0, true));
}
END_TEST

START_TEST(requirements_look_at_the_way)
{
	const struct tw_vertical_requirement up[] = {{{true, true}, true}};
	const struct tw_vertical_requirement cpu_up[] = {{{true, false}, true}};
	const struct tw_vpa_ask asks[] = {
		cpu(0, 1000, 500, 0, 0), memory(0, 1000, 2000)};
	const struct tw_vpa_ask bare[] = {cpu(0, 1000, 500, 0, 0),
		{0, TW_VERTICAL_MEMORY, false, 0, {true, 1, 0, 0, 1}}};

	ck_assert(tw_vpa_meets(NULL, 0, asks, 2));
	ck_assert(tw_vpa_meets(up, 1, asks, 2)); /* memory does */
	ck_assert(!tw_vpa_meets(cpu_up, 1, asks, 2));
	ck_assert(tw_vpa_meets(cpu_up, 1, bare, 2)); /* it requests nothing */
}
END_TEST

START_TEST(how_many_go_at_once)
{
	struct tw_vpa_group half = {5, 5, 2, 0, 0};
	struct tw_vpa_group none = {1, 1, 0, 0, 0};

	/* 5 with a tolerance of 2: 3 are to stay. */
	ck_assert(tw_vpa_may_disturb(&half));
	half.evicted = 1;
	ck_assert(tw_vpa_may_disturb(&half));
	half.resized = 1;
	ck_assert(!tw_vpa_may_disturb(&half));
	/* Some are Pending already. */
	half = (struct tw_vpa_group){5, 3, 2, 0, 0};
	ck_assert(!tw_vpa_may_disturb(&half));
	/* Without a tolerance one goes where all run. */
	ck_assert(tw_vpa_may_disturb(&none));
	none.evicted = 1;
	ck_assert(!tw_vpa_may_disturb(&none));
	none = (struct tw_vpa_group){3, 2, 0, 0, 0};
	ck_assert(!tw_vpa_may_disturb(&none));
}
END_TEST

TW_TESTS("vpa", buckets_grow_by_their_ratio, the_scales_are_those_of_the_flags,
	nothing_has_no_percentiles, a_heavy_sample_decays_but_not_all_of_it,
	after_a_hundred_half_lives_it_is_gone,
	percentiles_are_of_decayed_weights, confidence_is_a_sample_a_minute,
	a_sample_counts_once, memory_is_a_peak_a_day, an_oom_kill_asks_for_more,
	a_recommendation_by_hand, a_pod_has_a_minimum_in_shares,
	a_history_is_recalled, how_much_a_pod_should_change,
	who_wants_to_grow_goes_first, when_a_pod_is_due,
	requirements_look_at_the_way, how_many_go_at_once)
