#include "harness/baseline/observed.h"

#include "tests/twin_builder.h"
#include "tests/unit/test.h"

/* What a real run saw, with failures, retries and a slice a second. */
static void run(struct tw_observation *obs)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 2, 2, 1), "GET /");
	struct tw_model *model;

	b_work(spec, &home->steps, TW_STEP_CPU, b_exponential(3 * TW_MS));
	b_call(spec, &home->steps, "a", NULL);
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "a", 3, 2, 1), "Get")->steps,
		TW_STEP_CPU, b_exponential(5 * TW_MS));
	b_node(spec, "w", 4, "a");
	b_link(spec, "*", "*", TW_MS);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 3, .slice = TW_S},
		(struct b_traffic){.seed = 3,
			.n = 3000,
			.gap = TW_MS,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

static void make_up_timeline(struct tw_observation *obs)
{
	struct tw_timeline_row row = {
		.name = tw_observation_name(obs, "row"), .step = 40};

	tw_vec_push(&row.points,
		((struct tw_timeline_point){41, 42, 43, 44, 45, 46, 47, 48}));
	tw_vec_push(&obs->timeline.rows, row);
	tw_vec_push(&obs->timeline.events,
		((struct tw_timeline_event){49, 50,
			tw_observation_name(obs, "Pod"),
			tw_observation_name(obs, "a-1"),
			tw_observation_name(obs, "BackOff"),
			tw_observation_name(obs, "why"), 51, 1}));
	obs->timeline.n_events = 52;
}

static void check_timeline(const struct tw_timeline *timeline)
{
	static const struct tw_timeline_point point = {
		41, 42, 43, 44, 45, 46, 47, 48};
	const struct tw_timeline_event *event = &timeline->events.v[0];

	ck_assert_uint_eq(timeline->rows.n, 1);
	ck_assert_str_eq(timeline->rows.v[0].name, "row");
	ck_assert_int_eq(timeline->rows.v[0].step, 40);
	ck_assert_uint_eq(timeline->rows.v[0].points.n, 1);
	ck_assert_mem_eq(
		&timeline->rows.v[0].points.v[0], &point, sizeof point);
	ck_assert_uint_eq(timeline->events.n, 1);
	ck_assert_int_eq(event->at, 49);
	ck_assert_int_eq(event->last, 50);
	ck_assert_str_eq(event->object, "a-1");
	ck_assert_str_eq(event->message, "why");
	ck_assert_uint_eq(event->count, 51);
	ck_assert_uint_eq(event->warning, 1);
	ck_assert_uint_eq(timeline->n_events, 52);
}

/* One of everything, no number like another. */
static void make_up(struct tw_observation *obs)
{
	struct tw_cell_key key = {.side = TW_SERVER, .window = TW_WINDOW_AFTER};
	struct tw_cell *cell;
	struct tw_gauge gauge = {0};

	tw_observation_init(obs, 2 * TW_S);
	key.caller = tw_observation_name(obs, "caller");
	key.service = tw_observation_name(obs, "service");
	key.endpoint = tw_observation_name(obs, "GET /é");
	key.zone = tw_observation_name(obs, "");
	cell = tw_observation_cell(obs, &key);
	cell->count = 101;
	cell->errors = 102;
	cell->timeouts = 103;
	cell->shed = 104;
	cell->retries = UINT64_MAX;
	cell->abandoned = 106;
	cell->queued = -107;
	cell->worked = INT64_MAX;
	cell->backoff = INT64_MIN;
	cell->network = 110;
	cell->unreached = 111;
	cell->overflow = 112;
	cell->denied = 113;
	cell->stalled = 114;
	cell->ejections = 115;
	cell->connects = 116;
	cell->limited = 117;
	cell->rejected = 118;
	tw_histogram_record(&cell->latency, 0);
	tw_histogram_record_n(&cell->latency, INT64_MAX, 1000);
	tw_vec_push(&cell->slices, ((struct tw_slice){0}));
	tw_vec_push(&cell->slices, ((struct tw_slice){1, 2, 3, .latency_max = 4,
					   .latency_sum = 5}));
	tw_vec_push(&cell->slices, ((struct tw_slice){0}));
	gauge.service = tw_observation_name(obs, "service");
	tw_vec_push(&gauge.slices,
		((struct tw_gauge_slice){
			6, 7, 8, 28, 9, 10, 23, 24, 25, 29}));
	tw_vec_push(&obs->gauges, gauge);
	tw_vec_push(&obs->failed, ((struct tw_example){53, 11, 12, 13, key.service,
					  key.endpoint, "c-1 died", -14}));
	tw_vec_push(&obs->incidents,
		((struct tw_incident){30, 31, key.service,
			tw_observation_name(obs, "OOMKilled")}));
	obs->n_incidents = 32;
	obs->failed_below = 54;
	make_up_timeline(obs);
	obs->duration = 15;
	obs->fault_end = 16;
	obs->arrivals = 17;
	obs->completed = 18;
	obs->events = 19;
	obs->overflow = 20;
	obs->peak_in_flight = 21;
	obs->late_completions = 22;
	obs->undecided = 26;
	obs->untold = 27;
}

static void read_back(const struct tw_buf *bytes, struct tw_observation *to)
{
	struct tw_error error = {0};

	if (tw_observed_read(bytes->p, bytes->n, to, &error))
		ck_abort_msg("%s", error.message);
}

START_TEST(every_counter_comes_back)
{
	struct tw_observation obs, again;
	struct tw_buf bytes = {0};
	const struct tw_cell *a, *b;
	const struct tw_gauge_slice *g;

	make_up(&obs);
	tw_observed_write(&obs, &bytes);
	read_back(&bytes, &again);
	ck_assert_int_eq(again.slice, 2 * TW_S);
	ck_assert_int_eq(again.duration, 15);
	ck_assert_int_eq(again.fault_start, TW_NEVER);
	ck_assert_int_eq(again.fault_end, 16);
	ck_assert_int_eq(again.arrivals, 17);
	ck_assert_int_eq(again.completed, 18);
	ck_assert_int_eq(again.events, 19);
	ck_assert_int_eq(again.overflow, 20);
	ck_assert_int_eq(again.peak_in_flight, 21);
	ck_assert_int_eq(again.late_completions, 22);
	ck_assert_int_eq(again.undecided, 26);
	ck_assert_int_eq(again.untold, 27);
	ck_assert_int_eq(again.cells.n, 1);
	a = &obs.cells.v[0];
	b = &again.cells.v[0];
	ck_assert_str_eq(b->key.caller, "caller");
	ck_assert_str_eq(b->key.service, "service");
	ck_assert_str_eq(b->key.endpoint, "GET /é");
	ck_assert_str_eq(b->key.zone, "");
	ck_assert_int_eq(b->key.side, TW_SERVER);
	ck_assert_int_eq(b->key.window, TW_WINDOW_AFTER);
	/* All counters stand between `count` and `latency`. */
	ck_assert_mem_eq(&a->count, &b->count,
		offsetof(struct tw_cell, network) + sizeof a->network -
			offsetof(struct tw_cell, count));
	ck_assert_int_eq(b->latency.count, 1001);
	ck_assert_int_eq(b->latency.max, INT64_MAX);
	ck_assert(a->latency.sum == b->latency.sum);
	ck_assert_int_eq(b->slices.n, 3);
	ck_assert_int_eq(b->slices.v[1].count, 1);
	ck_assert_int_eq(b->slices.v[1].errors, 2);
	ck_assert_int_eq(b->slices.v[1].timeouts, 3);
	ck_assert_int_eq(b->slices.v[1].latency_max, 4);
	ck_assert_int_eq(b->slices.v[1].latency_sum, 5);
	ck_assert_int_eq(b->slices.v[2].count, 0);
	ck_assert_int_eq(again.gauges.n, 1);
	g = again.gauges.v[0].slices.v;
	ck_assert(g->replicas == 6 && g->unavailable == 7 && g->queue == 8 &&
		  g->busy == 9 && g->capacity == 10 && g->computing == 23 &&
		  g->throttled == 24 && g->cpu == 25);
	ck_assert_uint_eq(again.failed.v[0].key, 53);
	ck_assert_int_eq(again.failed.v[0].position, 11);
	ck_assert_uint_eq(again.failed_below, 54);
	ck_assert_int_eq(again.failed.v[0].at, 12);
	ck_assert_int_eq(again.failed.v[0].latency, 13);
	ck_assert_str_eq(again.failed.v[0].endpoint, "GET /é");
	ck_assert_str_eq(again.failed.v[0].why, "c-1 died");
	ck_assert_int_eq(again.failed.v[0].status, -14);
	ck_assert_int_eq(again.n_incidents, 32);
	check_timeline(&again.timeline);
	ck_assert_int_eq(again.incidents.n, 1);
	ck_assert_int_eq(again.incidents.v[0].at, 30);
	ck_assert_int_eq(again.incidents.v[0].back, 31);
	ck_assert_str_eq(again.incidents.v[0].cause, "OOMKilled");
	tw_observation_release(&again);
	tw_observation_release(&obs);
	tw_buf_release(&bytes);
}
END_TEST

START_TEST(a_run_comes_back_to_the_byte)
{
	struct tw_observation obs, again;
	struct tw_buf first = {0}, second = {0};

	run(&obs);
	ck_assert_int_gt(obs.failed.n, 0);
	tw_observed_write(&obs, &first);
	read_back(&first, &again);
	tw_observed_write(&again, &second);
	ck_assert_int_eq(first.n, second.n);
	ck_assert_mem_eq(first.p, second.p, first.n);
	/* Compact: a service of two takes less than this. */
	ck_assert_int_lt(first.n, 11000);
	tw_observation_release(&again);
	tw_observation_release(&obs);
	tw_buf_release(&first);
	tw_buf_release(&second);
}
END_TEST

START_TEST(whatever_is_cut_or_flipped_is_refused)
{
	struct tw_observation obs, again;
	struct tw_buf bytes = {0};
	struct tw_error error;

	make_up(&obs);
	tw_observed_write(&obs, &bytes);
	tw_observation_release(&obs);
	for (size_t n = 0; n < bytes.n; n++) {
		error = (struct tw_error){0};
		ck_assert_int_eq(
			tw_observed_read(bytes.p, n, &again, &error), -1);
		ck_assert_int_eq(error.code, TW_E_RUN);
		ck_assert_str_ne(error.message, "");
	}
	for (size_t i = 0; i < bytes.n * 8; i++) {
		bytes.p[i / 8] ^= (char)(1 << i % 8);
		ck_assert_int_eq(
			tw_observed_read(bytes.p, bytes.n, &again, &error), -1);
		bytes.p[i / 8] ^= (char)(1 << i % 8);
	}
	tw_buf_add_char(&bytes, 0);
	ck_assert_int_eq(
		tw_observed_read(bytes.p, bytes.n, &again, &error), -1);
	tw_buf_release(&bytes);
}
END_TEST

START_TEST(another_format_is_named)
{
	struct tw_observation obs;
	struct tw_buf bytes = {0};
	struct tw_error error = {0};
	char format[TW_OBSERVED_FORMAT];

	make_up(&obs);
	tw_observed_write(&obs, &bytes);
	tw_observation_release(&obs);
	bytes.p[4] = 9; /* the version */
	ck_assert_int_eq(tw_observed_read(bytes.p, bytes.n, &obs, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "format 9-"));
	ck_assert_ptr_nonnull(
		strstr(error.message, tw_observed_format(format)));
	ck_assert_int_eq(tw_observed_read("{}", 2, &obs, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "no stored observation"));
	tw_buf_release(&bytes);
}
END_TEST

TW_TESTS("baseline/observed", every_counter_comes_back,
	a_run_comes_back_to_the_byte, whatever_is_cut_or_flipped_is_refused,
	another_format_is_named)
