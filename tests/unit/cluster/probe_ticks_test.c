/*
 * When the kubelet's workers ask, by hand.
 */
#include "tests/unit/test.h"
#include "twins/cluster/probe_ticks.h"

#define S(n) ((tw_time)((n)*1e9))

START_TEST(ticks_come_each_period)
{
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(0)), S(10));
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(9)), S(10));
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(10)), S(17));
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(16)), S(17));
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(17)), S(24));
	ck_assert_int_eq(tw_probe_tick(S(10), S(7), S(17) - 1), S(17));
}
END_TEST

/* Of a worker whose ticks begin at 10 s: the first that is later than the
 * initial delay, and than a second, after the container's start. */
START_TEST(first_tick_that_asks)
{
	static const struct {
		double delay, period, begun, first;
	} cases[] = {{0, 7, 10, 17}, {0, 1, 10, 12}, {0.5, 1, 10, 12},
		{5, 7, 10, 17}, {7, 7, 10, 24}, {6.9, 7, 10, 17},
		{5, 7, 31, 38}, {0, 7, 30, 38}, {0, 7, 29.9, 31},
		{30, 5, 12, 45}, {5, 300, 60, 310}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_probe_plan plan = {.delay = S(cases[i].delay),
			.period = S(cases[i].period)};

		ck_assert_int_eq(
			tw_probe_first(S(10), &plan, S(cases[i].begun)),
			S(cases[i].first));
	}
}
END_TEST

/* Asked at 10, 20 and 30 s, and killed by the third failure; what is up just
 * then has been found. */
START_TEST(outcomes)
{
	static const struct {
		tw_time up, at;
		bool found;
	} cases[] = {{S(4), S(10), true}, {S(10), S(10), true},
		{S(10) + 1, S(20), true}, {S(20), S(20), true},
		{S(30), S(30), true}, {S(30) + 1, S(30), false},
		{TW_NEVER / 2, S(30), false}};
	struct tw_probe_plan plan = {.period = S(10), .failure = 3};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		tw_time at = 0;

		ck_assert_int_eq(
			tw_probe_outcome(0, &plan, S(4), cases[i].up, &at),
			cases[i].found);
		ck_assert_int_eq(at, cases[i].at);
	}
}
END_TEST

struct asked {
	struct tw_readiness it;
	tw_time now;
	double first[4]; /* and what follows while it is not ready */
};

static void check(const struct asked *c)
{
	tw_time at = tw_readiness_first(&c->it, c->now);

	ck_assert_int_eq(at, S(c->first[0]));
	for (size_t i = 1; i < 4; i++) {
		at = tw_readiness_next(&c->it, at);
		ck_assert_int_eq(at, S(c->first[i]));
	}
}

/* A worker whose ticks begin at 95 s, a container that was started at 100 s. */
#define READY(wait, each, hand, starts)                                        \
	{                                                                      \
		.base = S(95), .begun = S(100), .delay = S(wait),              \
		.period = S(each), .shifts = (hand), .startup = (starts)       \
	}

/* By hand 2 and 3 s after the start, as far as the delay is over, and then a
 * period after the last of these. */
START_TEST(readiness_is_asked_by_hand)
{
	static const struct asked cases[] = {
		{READY(0, 10, true, false), S(100), {102, 103, 113, 123}},
		{READY(1, 10, true, false), S(100), {102, 103, 113, 123}},
		{READY(2, 10, true, false), S(100), {103, 113, 123, 133}},
		{READY(3, 10, true, false), S(100), {113, 123, 133, 143}},
		{READY(13, 10, true, false), S(100), {123, 133, 143, 153}},
		{READY(0, 1, true, false), S(100), {102, 103, 104, 105}},
		/* Asked again after a while. */
		{READY(0, 10, true, false), S(140), {143, 153, 163, 173}}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&cases[i]);
}
END_TEST

/* At once when the startup probe has succeeded, at 130 s. */
START_TEST(readiness_waits_for_startup)
{
	static const struct asked cases[] = {
		{READY(0, 10, true, true), S(130), {130, 140, 150, 160}},
		{READY(29, 10, true, true), S(130), {130, 140, 150, 160}},
		{READY(30, 10, true, true), S(130), {140, 150, 160, 170}},
		{READY(45, 10, true, true), S(130), {150, 160, 170, 180}},
		{READY(0, 10, false, true), S(130), {130, 135, 145, 155}},
		{READY(30, 10, false, true), S(130), {135, 145, 155, 165}},
		{READY(35, 10, false, true), S(130), {145, 155, 165, 175}}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&cases[i]);
}
END_TEST

/* Before 1.32 the ticks stay at 105, 115 s and so on. */
START_TEST(ticks_stay_in_older_releases)
{
	static const struct asked cases[] = {
		{READY(0, 10, false, false), S(100), {102, 103, 105, 115}},
		{READY(2, 10, false, false), S(100), {103, 105, 115, 125}},
		{READY(3, 10, false, false), S(100), {105, 115, 125, 135}},
		{READY(5, 10, false, false), S(100), {115, 125, 135, 145}},
		{READY(0, 1, false, false), S(100), {102, 103, 104, 105}},
		/* A tick between the relist and the first of these. */
		{READY(0, 3.25, false, false), S(100),
			{101.5, 102, 103, 104.75}},
		{READY(0, 2.75, false, false), S(100),
			{102, 103, 103.25, 106}}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&cases[i]);
}
END_TEST

TW_TESTS("cluster/probe_ticks", ticks_come_each_period, first_tick_that_asks,
	outcomes, readiness_is_asked_by_hand, readiness_waits_for_startup,
	ticks_stay_in_older_releases)
