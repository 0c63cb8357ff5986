/* What is gathered to be drawn, of observations made by hand. */
#include "harness/json/writer.h"
#include "harness/report/report.h"
#include "harness/report/scene.h"
#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

static uint64_t all_of(const struct tw_scene_steps *steps)
{
	uint64_t n = 0;

	for (size_t i = 0; i < steps->n; i++)
		n += steps->v[i].count;
	return n;
}

/* A second of a series' life, at a place in time. */
static void add_slice(
	struct tw_cell *cell, size_t at, uint32_t count, uint32_t errors)
{
	while (cell->slices.n <= at)
		tw_vec_push(&cell->slices, ((struct tw_slice){0}));
	cell->slices.v[at].count += count;
	cell->slices.v[at].errors += errors;
	cell->slices.v[at].latency_sum += count * 10 * TW_MS;
	cell->slices.v[at].latency_max = 20 * TW_MS;
}

START_TEST(adds_up_the_runs_of_each_side)
{
	struct fixture f;
	struct tw_scene *scene;
	const struct tw_scene_latency *users;

	fixture_init(&f, 2);
	for (size_t run = 0; run < 2; run++) {
		add_calls(&f.b, run, "GET /", 100, 10 * TW_MS, 1);
		add_calls(&f.c, run, "GET /", 100, 10 * TW_MS, 5);
		add_calls(&f.c, run, "GET /cart", 50, 300 * TW_MS, 0);
	}
	scene = tw_scene_of(runs_of(&f.b), runs_of(&f.c), &f.arena);
	ck_assert_uint_eq(scene->calls.n, 1);
	ck_assert_str_eq(scene->calls.v[0].service, "shop/frontend");
	ck_assert_uint_eq(scene->calls.v[0].side[0].calls, 200);
	ck_assert_uint_eq(scene->calls.v[0].side[1].calls, 300);
	ck_assert_uint_eq(scene->calls.v[0].side[1].errors, 10);
	/* All endpoints first, then what is called most. */
	ck_assert_uint_eq(scene->latencies.n, 3);
	users = scene->latencies.v[0];
	ck_assert_str_eq(users->endpoint, "");
	ck_assert_uint_eq(all_of(&users->side[0]), 200);
	ck_assert_uint_eq(all_of(&users->side[1]), 300);
	ck_assert_uint_eq(users->side[1].n, 2);
	ck_assert(users->side[1].v[1].low <= 300 * TW_MS &&
		  users->side[1].v[1].low > 285 * TW_MS);
	ck_assert_str_eq(scene->latencies.v[1]->endpoint, "GET /");
	fixture_release(&f);
}
END_TEST

/* 16 steps to a factor of two: 5% are told apart, 1% is not. */
START_TEST(steps_are_fine)
{
	struct fixture f;
	const struct tw_scene_steps *steps;

	fixture_init(&f, 1);
	add_calls(&f.c, 0, "GET /", 1, 11050 * TW_US, 0);
	add_calls(&f.c, 0, "GET /", 1, 11100 * TW_US, 0);
	add_calls(&f.c, 0, "GET /", 1, 11700 * TW_US, 0);
	steps = &tw_scene_of((struct tw_runs){0}, runs_of(&f.c), &f.arena)
			 ->latencies.v[0]
			 ->side[1];
	ck_assert_uint_eq(steps->n, 2);
	ck_assert_uint_eq(steps->v[0].count, 2);
	ck_assert_uint_eq(steps->v[1].count, 1);
	fixture_release(&f);
}
END_TEST

START_TEST(lines_have_a_bounded_number_of_points)
{
	struct fixture f;
	struct tw_scene *scene;
	uint64_t count = 0, errors = 0;

	fixture_init(&f, 1);
	f.b.obs[0].duration = f.c.obs[0].duration = 3600 * TW_S;
	/* The last one ends after the traffic does. */
	for (size_t i = 0; i < 3700; i += 100)
		add_slice(add_calls(&f.c, 0, "GET /", 1, TW_MS, 0), i, 7, 2);
	scene = tw_scene_of((struct tw_runs){0}, runs_of(&f.c), &f.arena);
	ck_assert_uint_le(scene->n_points, TW_SCENE_POINTS);
	ck_assert_int_eq(scene->point, 21 * TW_S);
	ck_assert_int_eq(scene->duration, 3600 * TW_S);
	ck_assert_uint_eq(scene->lines.n, 2); /* users, the frontend */
	ck_assert_str_eq(scene->lines.v[0]->service, "");
	for (size_t i = 0; i < scene->n_points; i++) {
		count += scene->lines.v[0]->side[1][i].count;
		errors += scene->lines.v[0]->side[1][i].errors;
	}
	ck_assert_uint_eq(count, 37 * 7);
	ck_assert_uint_eq(errors, 37 * 2);
	ck_assert_uint_eq(scene->runs[0], 0);
	fixture_release(&f);
}
END_TEST

START_TEST(the_servers_side_is_not_counted_twice)
{
	struct fixture f;
	struct tw_scene *scene;

	fixture_init(&f, 1);
	add_calls(&f.c, 0, "GET /", 10, TW_MS, 0);
	cell_of(&f.c, 0, TW_OUTSIDE, "shop/frontend", "GET /", TW_SERVER)
		->count = 99;
	scene = tw_scene_of((struct tw_runs){0}, runs_of(&f.c), &f.arena);
	ck_assert_uint_eq(scene->calls.v[0].side[1].calls, 10);
	fixture_release(&f);
}
END_TEST

START_TEST(events_stand_in_order_of_time)
{
	struct fixture f;
	struct tw_scene *scene;
	struct tw_incident late = {9 * TW_S, TW_S, "cart-1", "OOMKilled"};
	struct tw_incident early = {2 * TW_S, TW_S, "cart-0", "OOMKilled"};

	fixture_init(&f, 1);
	tw_vec_push(&f.b.obs[0].incidents, late);
	tw_vec_push(&f.c.obs[0].incidents, early);
	scene = tw_scene_of(runs_of(&f.b), runs_of(&f.c), &f.arena);
	ck_assert_uint_eq(scene->events.n, 2);
	ck_assert_str_eq(scene->events.v[0].where, "cart-0");
	ck_assert_int_eq(scene->events.v[0].side, TW_SCENE_CANDIDATE);
	ck_assert_str_eq(scene->events.v[1].where, "cart-1");
	tw_vec_release(&f.b.obs[0].incidents);
	tw_vec_release(&f.c.obs[0].incidents);
	fixture_release(&f);
}
END_TEST

/* Names are other people's: none of them is markup, none ends the script. */
START_TEST(names_are_never_markup)
{
	static const struct tw_report_options options = {0};
	const char *evil =
		"</script><script>alert(1)</script><img src=x>\x01\xff";
	struct fixture f;
	struct tw_check_result *check;
	struct tw_scenario_result *scenario;
	struct tw_gate_result gate = {.verdict = TW_VERDICT_FAIL};
	struct tw_report report = {
		.version = "0", .policy = evil, .gate = &gate, .command = evil};
	struct tw_buf out = {0};

	fixture_init(&f, 2);
	for (size_t run = 0; run < 2; run++) {
		add_calls(&f.b, run, evil, 100, 10 * TW_MS, 1);
		add_calls(&f.c, run, evil, 100, 90 * TW_MS, 50);
	}
	check = judge(&f, "ratio(errors) by (endpoint) <= baseline");
	scenario = tw_new(&f.arena, struct tw_scenario_result);
	scenario->name = scenario->faults = scenario->reproduce = evil;
	scenario->verdict = TW_VERDICT_FAIL;
	tw_vec_push_in(&f.arena, &scenario->checks, check);
	scenario->scene = tw_scene_of(runs_of(&f.b), runs_of(&f.c), &f.arena);
	tw_vec_push_in(&f.arena, &gate.scenarios, scenario);
	report.baseline.name = report.candidate.name = evil;
	tw_report_html.write(&report, &options, &out);
	ck_assert_ptr_null(strstr(tw_buf_text(&out), "<img"));
	ck_assert_ptr_null(strstr(tw_buf_text(&out), "<script>alert"));
	ck_assert_ptr_null(strchr(tw_buf_text(&out), '\x01'));
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&out), "&lt;img src=x&gt;"));
	tw_buf_release(&out);
	fixture_release(&f);
}
END_TEST

TW_TESTS("report/scene", adds_up_the_runs_of_each_side, steps_are_fine,
	lines_have_a_bounded_number_of_points,
	the_servers_side_is_not_counted_twice, events_stand_in_order_of_time,
	names_are_never_markup)
