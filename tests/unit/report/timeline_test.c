/* The timeline as lines of text. */
#include "tests/unit/test.h"

#include "harness/report/timeline.h"

#include "twins/observe/observation.h"

#include <stdio.h>
#include <string.h>

/* Workloads of ten pods, of which some are lost at ten seconds, one workload
 * after the other, and back at a minute. */
static void fill(struct tw_timeline *timeline, uint32_t workloads,
	struct tw_arena *arena)
{
	for (uint32_t i = 0; i < workloads; i++) {
		struct tw_timeline_row row = {
			.name = tw_arena_printf(arena, "default/d%u", i)};
		struct tw_timeline_point point = {
			.desired = 10, .ready = 10, .endpoints = 10};

		tw_timeline_add(&row, &point);
		point.at = 10 * TW_S + i * TW_S / 10;
		point.ready = point.endpoints = 7;
		point.starting = 3;
		tw_timeline_add(&row, &point);
		point.at = TW_MIN;
		point.ready = point.endpoints = 10;
		point.starting = 0;
		tw_timeline_add(&row, &point);
		tw_vec_push(&timeline->rows, row);
	}
}

static bool has(const struct tw_timeline_lines *lines, const char *time,
	const char *text)
{
	for (size_t i = 0; i < lines->n; i++)
		if (!strcmp(lines->v[i].text, text) &&
			(!time || !strcmp(lines->v[i].time, time)))
			return true;
	return false;
}

START_TEST(many_workloads_are_told_of_together)
{
	struct tw_timeline timeline = {0};
	struct tw_timeline_lines lines = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	fill(&timeline, 50, &arena);
	tw_timeline_text(&timeline, 12, &arena, &lines);
	ck_assert(has(&lines, "14.9s",
		"all 50 workloads: 350 of 500 ready, 150 not ready; 350 "
		"endpoints"));
	ck_assert(has(&lines, "1m",
		"all 50 workloads: 500 of 500 ready; 500 endpoints"));
	/* What is left of the room is for the first ones. */
	ck_assert(has(&lines, NULL,
		"default/d0: 7 of 10 ready, 3 not ready; 7 endpoints"));
	ck_assert_uint_eq(lines.n, 13);
	tw_timeline_release(&timeline);
	tw_arena_release(&arena);
}
END_TEST

START_TEST(a_few_are_told_of_one_by_one)
{
	struct tw_timeline timeline = {0};
	struct tw_timeline_lines lines = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	fill(&timeline, 3, &arena);
	tw_timeline_text(&timeline, 12, &arena, &lines);
	ck_assert_uint_eq(lines.n, 6);
	ck_assert(has(&lines, "10.2s",
		"default/d2: 7 of 10 ready, 3 not ready; 7 endpoints"));
	tw_timeline_release(&timeline);
	tw_arena_release(&arena);
}
END_TEST

TW_TESTS("report/timeline", many_workloads_are_told_of_together,
	a_few_are_told_of_one_by_one)
