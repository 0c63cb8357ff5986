/*
 * The autoscaler's decisions: what the reference's cases (conformance) do not
 * ask for: conditions, events, and how a decision follows from the last ones.
 */
#include "tests/unit/test.h"
#include "twins/cluster/hpa.h"

/* `n` pods that are ready for long and use `use` of 100m each. */
#define MOST 16

struct stand {
	struct tw_hpa_pod pods[MOST];
	struct tw_hpa_reading reading;
	struct tw_hpa_rule rule;
	struct tw_hpa_state state;
	struct tw_hpa_decision got;
	int64_t size;
	tw_time now;
};

static void stand_init(struct stand *s, int64_t size)
{
	*s = (struct stand){.size = size, .now = TW_H};
	s->reading = (struct tw_hpa_reading){.source = TW_HPA_RESOURCE,
		.type = TW_HPA_UTILIZATION,
		.target = 50,
		.name = "cpu",
		.pods = s->pods};
	s->rule = (struct tw_hpa_rule){.min = 1,
		.max = MOST,
		.tolerance = {TW_HPA_TOLERANCE, TW_HPA_TOLERANCE, false},
		.timing = {TW_HPA_CPU_INIT, TW_HPA_READINESS_DELAY},
		.downscale = TW_HPA_DOWNSCALE};
}

/* A sync 15 s later, by all pods using so much. */
static int64_t sync_at(struct stand *s, int64_t use)
{
	s->now += TW_HPA_SYNC_PERIOD;
	for (int64_t i = 0; i < s->size; i++)
		s->pods[i] = (struct tw_hpa_pod){.phase = TW_HPA_RUNNING,
			.has_condition = true,
			.ready = true,
			.has_start = true,
			.has_sample = true,
			.has_request = true,
			.sampled = s->now,
			.window = 15 * TW_S,
			.value = use,
			.request = 100};
	s->reading.n_pods = (size_t)s->size;
	tw_hpa_sync(&s->rule,
		&(struct tw_hpa_view){&s->reading, 1, s->size, s->size, s->now},
		&s->state, &s->got);
	s->size = s->got.replicas;
	return s->size;
}

START_TEST(a_tolerance_is_of_its_release)
{
	struct stand s;

	stand_init(&s, 4);
	ck_assert_int_eq(sync_at(&s, 55), 4);
	tw_hpa_state_release(&s.state);
	/* 1 - 1.1 is more than a tenth in binary64: 1.26 as recorded. */
	stand_init(&s, 4);
	s.rule.tolerance.by_difference = true;
	ck_assert_int_eq(sync_at(&s, 55), 5);
	tw_hpa_state_release(&s.state);
}
END_TEST

START_TEST(it_doubles_and_comes_down_after_five_minutes)
{
	struct stand s;

	stand_init(&s, 2);
	ck_assert_int_eq(sync_at(&s, 200), 4);
	ck_assert_str_eq(s.got.able.reason, "SucceededRescale");
	ck_assert(s.got.limited.is);
	ck_assert_str_eq(s.got.limited.reason, "ScaleUpLimit");
	ck_assert_int_eq(sync_at(&s, 100), 8);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(sync_at(&s, 12), 8);
		ck_assert_str_eq(s.got.able.reason, "ScaleDownStabilized");
	}
	ck_assert_int_eq(sync_at(&s, 12), 2);
	ck_assert_str_eq(s.got.able.reason, "SucceededRescale");
	tw_hpa_state_release(&s.state);
}
END_TEST

START_TEST(the_event_says_what_made_it)
{
	struct tw_buf text = {0};
	struct stand s;

	stand_init(&s, 2);
	sync_at(&s, 100);
	tw_hpa_message(&s.got, &s.reading, 2, &text);
	ck_assert_str_eq(tw_buf_text(&text),
		"New size: 4; reason: cpu resource utilization (percentage of "
		"request) above target");
	tw_buf_release(&text);
	s.rule.max = 3;
	sync_at(&s, 100);
	tw_hpa_message(&s.got, &s.reading, 4, &text);
	ck_assert_str_eq(tw_buf_text(&text),
		"New size: 3; reason: Current number of replicas above "
		"Spec.MaxReplicas");
	tw_buf_release(&text);
	tw_hpa_state_release(&s.state);
}
END_TEST

START_TEST(a_blind_one_says_why_and_stays)
{
	struct stand s;

	stand_init(&s, 2);
	s.now += TW_HPA_SYNC_PERIOD;
	s.pods[0] = s.pods[1] = (struct tw_hpa_pod){.phase = TW_HPA_RUNNING,
		.has_condition = true,
		.ready = true,
		.has_start = true,
		.has_sample = true,
		.sampled = s.now,
		.value = 900};
	s.reading.n_pods = 2;
	tw_hpa_sync(&s.rule, &(struct tw_hpa_view){&s.reading, 1, 2, 2, s.now},
		&s.state, &s.got);
	ck_assert_int_eq(s.got.replicas, 2);
	ck_assert(!s.got.active.is);
	ck_assert_str_eq(s.got.active.reason, "FailedGetResourceMetric");
	ck_assert_int_eq(s.got.error, TW_HPA_NO_REQUEST);
	ck_assert_int_eq(s.got.proposed, -1);
	tw_hpa_state_release(&s.state);
}
END_TEST

START_TEST(one_that_is_disabled_stays_down)
{
	struct stand s;

	stand_init(&s, 0);
	tw_hpa_sync(&s.rule, &(struct tw_hpa_view){&s.reading, 1, 0, 0, s.now},
		&s.state, &s.got);
	ck_assert_int_eq(s.got.replicas, 0);
	ck_assert_str_eq(s.got.active.reason, "ScalingDisabled");
	tw_hpa_state_release(&s.state);
}
END_TEST

TW_TESTS("hpa", a_tolerance_is_of_its_release,
	it_doubles_and_comes_down_after_five_minutes,
	the_event_says_what_made_it, a_blind_one_says_why_and_stays,
	one_that_is_disabled_stays_down)
