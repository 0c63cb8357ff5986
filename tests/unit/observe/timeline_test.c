#include "tests/unit/test.h"

#include "twins/observe/observation.h"

#include <stdio.h>

static struct tw_timeline_event about(const char *object, const char *message)
{
	return (struct tw_timeline_event){.kind = "Pod",
		.object = object,
		.reason = "BackOff",
		.message = message};
}

START_TEST(a_row_is_bounded_and_keeps_its_ends)
{
	struct tw_timeline_row row = {.name = "a"};

	for (uint32_t i = 0; i < 100000; i++)
		tw_timeline_add(&row, &(struct tw_timeline_point){
					      .at = i * TW_S, .ready = i});
	ck_assert_uint_le(row.points.n, TW_TIMELINE_POINTS);
	ck_assert_uint_ge(row.points.n, TW_TIMELINE_POINTS / 4);
	ck_assert_int_eq(row.points.v[0].at, 0);
	ck_assert_uint_eq(row.points.v[row.points.n - 1].ready, 99999);
	for (size_t i = 1; i < row.points.n; i++)
		ck_assert_int_gt(row.points.v[i].at, row.points.v[i - 1].at);
	tw_vec_release(&row.points);
}
END_TEST

/* Points closer than the step replace each other, at the time of the first of
 * them, and the last one stays when a row is thinned. */
START_TEST(a_thin_row_keeps_times_and_its_end)
{
	struct tw_timeline_row row = {.name = "a"};
	uint32_t n = TW_TIMELINE_POINTS;

	/* One point more than there is room for, the last ones close by. */
	for (uint32_t i = 0; i + 1 < n; i++)
		tw_timeline_add(&row, &(struct tw_timeline_point){
					      .at = i * TW_MS, .ready = i});
	tw_timeline_add(&row, &(struct tw_timeline_point){
				      .at = (n - 2) * TW_MS + 1, .ready = n});
	ck_assert_uint_eq(row.points.n, n);
	tw_timeline_add(&row,
		&(struct tw_timeline_point){.at = n * TW_S, .ready = n + 1});
	ck_assert_int_gt(row.step, 0);
	ck_assert_uint_eq(row.points.v[row.points.n - 2].ready, n);
	ck_assert_uint_eq(row.points.v[row.points.n - 1].ready, n + 1);
	/* Within the step of the point before: it says what became of it. */
	row.step = 2 * n * TW_S;
	tw_timeline_add(&row, &(struct tw_timeline_point){
				      .at = n * TW_S + 1, .ready = n + 2});
	ck_assert_uint_eq(row.points.v[row.points.n - 1].ready, n + 2);
	ck_assert_int_eq(row.points.v[row.points.n - 1].at, n * TW_S);
	tw_vec_release(&row.points);
}
END_TEST

/* Where nothing happened there is nothing to tell. */
START_TEST(a_timeline_tells_of_changes_and_events)
{
	struct tw_observation obs;
	struct tw_timeline_event event = about("a", "x");
	struct tw_timeline_row row = {.name = "a"};

	tw_observation_init(&obs, TW_S);
	ck_assert(!tw_timeline_tells(&obs.timeline));
	tw_timeline_add(&row, &(struct tw_timeline_point){.ready = 3});
	tw_vec_push(&obs.timeline.rows, row);
	ck_assert(!tw_timeline_tells(&obs.timeline));
	tw_timeline_add(&obs.timeline.rows.v[0],
		&(struct tw_timeline_point){.at = TW_S, .ready = 2});
	ck_assert(tw_timeline_tells(&obs.timeline));
	tw_observation_release(&obs);
	tw_observation_init(&obs, TW_S);
	tw_timeline_say(&obs, &event);
	ck_assert(tw_timeline_tells(&obs.timeline));
	tw_observation_release(&obs);
}
END_TEST

START_TEST(what_is_as_before_is_no_point)
{
	struct tw_timeline_row row = {.name = "a"};
	struct tw_timeline_point point = {.ready = 3};

	tw_timeline_add(&row, &point);
	point.at = TW_S;
	tw_timeline_add(&row, &point);
	ck_assert_uint_eq(row.points.n, 1);
	/* There and back at one instant. */
	point.ready = 2;
	tw_timeline_add(&row, &point);
	ck_assert_uint_eq(row.points.n, 2);
	point.ready = 3;
	tw_timeline_add(&row, &point);
	ck_assert_uint_eq(row.points.n, 1);
	point.restarts = 1;
	tw_timeline_add(&row, &point);
	ck_assert_uint_eq(row.points.n, 2);
	ck_assert_int_eq(row.points.v[1].at, TW_S);
	tw_vec_release(&row.points);
}
END_TEST

START_TEST(the_same_words_are_counted)
{
	struct tw_observation obs;
	struct tw_timeline_event event = about("a", "x");

	tw_observation_init(&obs, TW_S);
	tw_timeline_say(&obs, &event);
	event.at = 5;
	tw_timeline_say(&obs, &event);
	event = about("b", "x");
	tw_timeline_say(&obs, &event);
	ck_assert_uint_eq(obs.timeline.events.n, 2);
	ck_assert_uint_eq(obs.timeline.events.v[0].count, 2);
	ck_assert_int_eq(obs.timeline.events.v[0].at, 0);
	ck_assert_int_eq(obs.timeline.events.v[0].last, 5);
	ck_assert_uint_eq(obs.timeline.n_events, 3);
	tw_observation_release(&obs);
}
END_TEST

START_TEST(other_words_are_combined_from_the_eleventh_on)
{
	struct tw_observation obs;
	char text[16];

	tw_observation_init(&obs, TW_S);
	for (int i = 0; i < 40; i++) {
		struct tw_timeline_event event = about("a", text);

		snprintf(text, sizeof text, "%d", i);
		event.at = i;
		tw_timeline_say(&obs, &event);
	}
	ck_assert_uint_eq(obs.timeline.events.n, TW_TIMELINE_ALIKE);
	ck_assert_uint_eq(obs.timeline.events.v[9].count, 31);
	ck_assert_int_eq(obs.timeline.events.v[9].last, 39);
	ck_assert_str_eq(obs.timeline.events.v[9].message,
		"(combined from similar events): 9");
	tw_observation_release(&obs);
}
END_TEST

START_TEST(the_first_events_are_kept_and_all_counted)
{
	struct tw_observation obs;
	char name[16], reason[16];

	tw_observation_init(&obs, TW_S);
	for (int i = 0; i < 2 * TW_TIMELINE_EVENTS; i++) {
		struct tw_timeline_event event = about(name, "x");

		snprintf(name, sizeof name, "p%d", i);
		snprintf(reason, sizeof reason, "R%d", i % 10);
		event.reason = reason;
		tw_timeline_say(&obs, &event);
	}
	ck_assert_uint_eq(obs.timeline.events.n, TW_TIMELINE_EVENTS);
	ck_assert_uint_eq(obs.timeline.n_events, 2 * TW_TIMELINE_EVENTS);
	ck_assert_str_eq(obs.timeline.events.v[7].object, "p7");
	tw_observation_release(&obs);
}
END_TEST

START_TEST(one_reason_leaves_room_for_others)
{
	struct tw_observation obs;
	struct tw_timeline_event other = about("p", "x");
	char name[16];

	tw_observation_init(&obs, TW_S);
	for (int i = 0; i < 2 * TW_TIMELINE_REASON; i++) {
		struct tw_timeline_event event = about(name, "x");

		snprintf(name, sizeof name, "p%d", i);
		tw_timeline_say(&obs, &event);
	}
	other.reason = "Scheduled";
	tw_timeline_say(&obs, &other);
	ck_assert_uint_eq(obs.timeline.events.n, TW_TIMELINE_REASON + 1);
	ck_assert_uint_eq(obs.timeline.n_events, 2 * TW_TIMELINE_REASON + 1);
	ck_assert_str_eq(
		obs.timeline.events.v[TW_TIMELINE_REASON].reason, "Scheduled");
	tw_observation_release(&obs);
}
END_TEST

TW_TESTS("observe/timeline", a_row_is_bounded_and_keeps_its_ends,
	a_thin_row_keeps_times_and_its_end,
	a_timeline_tells_of_changes_and_events, what_is_as_before_is_no_point,
	the_same_words_are_counted,
	other_words_are_combined_from_the_eleventh_on,
	the_first_events_are_kept_and_all_counted,
	one_reason_leaves_room_for_others)
