#include "harness/judges/openslo.h"

#include "tests/unit/test.h"
#include "twins/base/units.h"

#include <math.h>

static struct tw_arena arena;

/* A slice a second, 100 calls each; the bad share of those from `from` to
 * `to`. */
static struct tw_slo_slices slices(size_t n, size_t from, size_t to, double bad)
{
	struct tw_slo_slices s = {.slice = TW_S};

	for (size_t i = 0; i < n; i++) {
		tw_vec_push_in(&arena, &s.bad, i >= from && i < to ? bad : 0);
		tw_vec_push_in(&arena, &s.calls, 100);
	}
	return s;
}

static struct tw_slo_rule rule(double threshold, tw_time window)
{
	return (struct tw_slo_rule){.threshold = threshold,
		.at_least = true,
		.budget = 0.01,
		.window = window};
}

START_TEST(rates)
{
	struct tw_slo_slices s;
	struct tw_slo_rule r = rule(14.4, 60 * TW_S);
	struct tw_slo_burn burn;

	tw_arena_init(&arena);
	/* A tenth bad all along: ten times the budget. */
	s = slices(120, 0, 120, 0.1);
	burn = tw_slo_burn_of(&s, &r);
	ck_assert_double_eq_tol(burn.most, 10, 1e-12);
	ck_assert(burn.fires_at == TW_NEVER);
	/* Half bad from second 60 on: the minute's window has 50 x k / 60 after
	 * k seconds, and passes 14.4 with the 18th. */
	s = slices(120, 60, 120, 0.5);
	burn = tw_slo_burn_of(&s, &r);
	ck_assert_double_eq_tol(burn.most, 50, 1e-12);
	ck_assert_int_eq(burn.fires_at, 78 * TW_S);
	tw_arena_release(&arena);
}
END_TEST

/* What is over does not fire: the short window (a twelfth, 5 s) is clean again
 * when the long one has seen enough. */
START_TEST(the_short_window_forgets)
{
	struct tw_slo_slices s;
	struct tw_slo_rule r = rule(14.4, 60 * TW_S);

	tw_arena_init(&arena);
	s = slices(120, 60, 77, 0.5); /* 17 of the 18 that it takes */
	ck_assert(tw_slo_burn_of(&s, &r).fires_at == TW_NEVER);
	r.after = 10 * TW_S;
	s = slices(120, 60, 80, 0.5);
	/* Beyond for the 18th, 19th, 20th second and those that the short
	 * window remembers: not ten of them. */
	ck_assert(tw_slo_burn_of(&s, &r).fires_at == TW_NEVER);
	s = slices(120, 60, 120, 0.5);
	ck_assert_int_eq(tw_slo_burn_of(&s, &r).fires_at, 87 * TW_S);
	tw_arena_release(&arena);
}
END_TEST

START_TEST(no_calls_burn_nothing)
{
	struct tw_slo_slices s;
	struct tw_slo_rule r = rule(1, 10 * TW_S);

	tw_arena_init(&arena);
	s = slices(30, 0, 30, 0);
	for (size_t i = 0; i < 30; i++) {
		s.bad.v[i] = NAN;
		s.calls.v[i] = 0;
	}
	ck_assert(tw_slo_burn_of(&s, &r).fires_at == TW_NEVER);
	ck_assert(tw_slo_burn_of(&s, &r).most == 0);
	/* gt does not fire at the threshold itself, gte does. */
	s = slices(30, 0, 30, 0.01);
	ck_assert(tw_slo_burn_of(&s, &r).fires_at == TW_S);
	r.at_least = false;
	ck_assert(tw_slo_burn_of(&s, &r).fires_at == TW_NEVER);
	tw_arena_release(&arena);
}
END_TEST

TW_TESTS("judges/burn", rates, the_short_window_forgets, no_calls_burn_nothing)
