/*
 * What a replica can do beyond plain workers, seen from outside: who is served
 * when, who is shed, who dies.
 */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"
#include "twins/world/pause.h"

struct log {
	const struct tw_model *model;
	struct tw_buf text;
	bool replicas_only;
};

static void write_event(void *context, const struct tw_tap_event *event)
{
	struct log *log = context;

	if (log->replicas_only && event->endpoint != TW_NONE)
		return;
	tw_tap_text(log->model, event, &log->text);
	tw_buf_add_char(&log->text, '\n');
}

/* Runs `n` arrivals at "web", one every gap; the log of replicas, and what was
 * seen in *obs. */
static void run(struct tw_spec *spec, uint64_t n, tw_time gap,
	struct tw_buf *text, struct tw_observation *obs)
{
	struct tw_model *model = b_model(spec);
	struct log log = {.model = model, .replicas_only = true};
	struct tw_tap tap = {write_event, &log};

	b_run(model, &(struct tw_options){.seed = 1, .tap = &tap},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		obs);
	if (text)
		*text = log.text;
	else
		tw_buf_release(&log.text);
	tw_model_free(model);
	tw_spec_free(spec);
}

static struct tw_spec_service *add_web(
	struct tw_spec *spec, int workers, int queue)
{
	return b_service(spec, "web", 1, workers, queue);
}

static struct tw_spec_endpoint *endpoint_of(
	struct tw_spec *spec, struct tw_spec_service *service)
{
	return b_endpoint(spec, service, "GET /");
}

/* The n-th call that ended took so long, by its latency's histogram. */
static double worst(const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);
	double max = (double)sum.latency.max;

	tw_histogram_release(&sum.latency);
	return max;
}

static double mean(const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);
	double value = tw_histogram_mean(&sum.latency);

	tw_histogram_release(&sum.latency);
	return value;
}

/* ---- threads and asynchronous services -------------------------------- */

static struct tw_spec *computing_and_waiting(enum tw_concurrency how)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *web = add_web(spec, 1, 100);
	struct tw_spec_endpoint *home = endpoint_of(spec, web);

	tw_set_int(&web->concurrency, how, web->origin);
	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(TW_MS));
	b_work(spec, &home->steps, TW_STEP_WAIT, b_constant(10 * TW_MS));
	return spec;
}

/* Four at once: a thread is held for 11 ms each; an event loop for 1 ms. */
START_TEST(async_holds_no_worker)
{
	struct tw_observation obs;

	run(computing_and_waiting(TW_THREADS), 4, 1, NULL, &obs);
	ck_assert_double_eq_tol(worst(&obs, "default/web"), 44e6, 10);
	tw_observation_release(&obs);
	run(computing_and_waiting(TW_ASYNC), 4, 1, NULL, &obs);
	ck_assert_double_eq_tol(worst(&obs, "default/web"), 14e6, 10);
	tw_observation_release(&obs);
}
END_TEST

/* Two in flight: the others wait in the queue, and beyond it are shed. */
START_TEST(async_bounds_what_is_in_flight)
{
	struct tw_spec *spec = computing_and_waiting(TW_ASYNC);
	struct tw_spec_service *web =
		tw_spec_find_service(spec, NULL, "default/web");
	struct tw_observation obs;
	struct tw_cell sum;

	tw_set_int(&web->in_flight, 2, web->origin);
	web->queue.v = 1;
	run(spec, 4, 1, NULL, &obs);
	sum = b_sum(&obs, "default/web", TW_SERVER, NULL);
	ck_assert_uint_eq(sum.shed, 1);
	/* The third starts after 11 ms. */
	ck_assert_double_eq_tol((double)sum.latency.max, 22e6, 10);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
}
END_TEST

/* ---- the queue --------------------------------------------------------- */

static struct tw_spec *slow_server(enum tw_queue_order order)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *web = add_web(spec, 1, 100);

	tw_set_int(&web->queue_order, order, web->origin);
	b_work(spec, &endpoint_of(spec, web)->steps, TW_STEP_WAIT,
		b_constant(30 * TW_MS));
	return spec;
}

/* Ten that come 1 us apart. Last in, first out: the second waits for all. */
START_TEST(lifo_lets_the_first_wait)
{
	struct tw_observation fifo, lifo;

	run(slow_server(TW_FIFO), 10, TW_US, NULL, &fifo);
	run(slow_server(TW_LIFO), 10, TW_US, NULL, &lifo);
	ck_assert_double_eq_tol(worst(&fifo, "default/web"), 300e6 - 9e3, 10);
	ck_assert_double_eq_tol(worst(&lifo, "default/web"), 300e6 - 1e3, 10);
	tw_observation_release(&fifo);
	tw_observation_release(&lifo);
}
END_TEST

/* 20 ms apart, the queue stands from the third on. As long as it has for less
 * than 100 ms it is first come, first served; then the last comes first. */
START_TEST(adaptive_lifo_turns_when_the_queue_stands)
{
	struct tw_observation obs, fifo;

	run(slow_server(TW_ADAPTIVE_LIFO), 4, 20 * TW_MS, NULL, &obs);
	run(slow_server(TW_FIFO), 4, 20 * TW_MS, NULL, &fifo);
	ck_assert_double_eq_tol(
		worst(&obs, "default/web"), worst(&fifo, "default/web"), 1);
	tw_observation_release(&obs);
	tw_observation_release(&fifo);
	run(slow_server(TW_ADAPTIVE_LIFO), 40, 20 * TW_MS, NULL, &obs);
	run(slow_server(TW_FIFO), 40, 20 * TW_MS, NULL, &fifo);
	ck_assert_double_gt(
		worst(&obs, "default/web"), 1.5 * worst(&fifo, "default/web"));
	tw_observation_release(&obs);
	tw_observation_release(&fifo);
}
END_TEST

START_TEST(who_waited_too_long_is_shed)
{
	struct tw_spec *spec = slow_server(TW_FIFO);
	struct tw_spec_service *web =
		tw_spec_find_service(spec, NULL, "default/web");
	struct tw_observation obs;
	struct tw_cell sum;

	tw_set_int(&web->queue_time, 70 * TW_MS, web->origin);
	run(spec, 10, TW_US, NULL, &obs);
	sum = b_sum(&obs, "default/web", TW_SERVER, NULL);
	/* Served at 0, 30 and 60 ms; at 90 all others are too late. */
	ck_assert_uint_eq(sum.count, 10);
	ck_assert_uint_eq(sum.shed, 7);
	ck_assert_double_eq_tol((double)sum.latency.max, 90e6, 1e5);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
}
END_TEST

/* front gives up after 40 ms; what it asked of web meanwhile is worked for
 * nobody, or dropped. */
static uint64_t worked_for_nobody(enum tw_abandoned what, uint64_t *shed)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *slow = b_service(spec, "slow", 1, 1, 100);
	struct tw_spec_service *web = add_web(spec, 100, 0);
	struct tw_spec_step *call;
	struct tw_observation obs;
	struct tw_cell sum;
	uint64_t n;

	tw_set_int(&slow->abandoned, what, slow->origin);
	b_work(spec, &endpoint_of(spec, slow)->steps, TW_STEP_WAIT,
		b_constant(30 * TW_MS));
	call = b_call(spec, &endpoint_of(spec, web)->steps, "slow", NULL);
	tw_set_int(&call->timeout, 40 * TW_MS, call->origin);
	run(spec, 10, TW_US, NULL, &obs);
	sum = b_sum(&obs, "default/slow", TW_SERVER, NULL);
	*shed = sum.shed;
	n = (uint64_t)(sum.worked / (30 * TW_MS));
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
	return n;
}

START_TEST(the_abandoned_are_dropped)
{
	uint64_t shed;

	ck_assert_uint_eq(worked_for_nobody(TW_ABANDONED_SERVE, &shed), 10);
	ck_assert_uint_eq(shed, 0);
	ck_assert_uint_eq(worked_for_nobody(TW_ABANDONED_DROP, &shed), 2);
	ck_assert_uint_eq(shed, 8);
}
END_TEST

/* ---- memory ------------------------------------------------------------ */

#define MI (INT64_C(1) << 20)

static struct tw_spec *leaking(int64_t base, int64_t request, int64_t leak)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *web = add_web(spec, 100, 100);

	tw_set_int(&web->memory_base, base, web->origin);
	tw_set_int(&web->memory_request, request, web->origin);
	tw_set_int(&web->memory_leak, leak, web->origin);
	tw_set_int(&web->memory_limit, 256 * MI, web->origin);
	tw_set_int(&spec->endpoint_delay, TW_MS, web->origin);
	b_work(spec, &endpoint_of(spec, web)->steps, TW_STEP_WAIT,
		b_constant(10 * TW_MS));
	return spec;
}

/* 100 Mi and 40 Mi each: the fourth is one too many; all of them are reset. */
START_TEST(too_many_at_once)
{
	struct tw_observation obs;
	struct tw_buf text;
	struct tw_cell sum;

	run(leaking(100 * MI, 40 * MI, 0), 4, TW_MS, &text, &obs);
	ck_assert_str_eq(tw_buf_text(&text),
		"0.004000000s replica default/web-1 is killed: OOMKilled: "
		"260Mi of 256Mi\n"
		"0.004000000s replica default/web-1 dies\n"
		"0.005000000s replica default/web-1 is no longer listed\n");
	sum = b_sum(&obs, "default/web", TW_SERVER, NULL);
	ck_assert_uint_eq(sum.errors, 4);
	ck_assert_uint_eq(obs.n_incidents, 1);
	ck_assert_int_eq(obs.gauges.v[0].slices.v[0].memory, 260 * MI);
	ck_assert_uint_eq(obs.gauges.v[0].slices.v[0].ooms, 1);
	tw_histogram_release(&sum.latency);
	tw_buf_release(&text);
	tw_observation_release(&obs);
}
END_TEST

/* Three at once are fine, for ever. */
START_TEST(just_enough)
{
	struct tw_observation obs;

	run(leaking(100 * MI, 52 * MI, 0), 1000, 4 * TW_MS, NULL, &obs);
	ck_assert_uint_eq(obs.n_incidents, 0);
	tw_observation_release(&obs);
}
END_TEST

/* 10 Mi left behind by each: dead after 16, for 0 + 10 s, then 10 + 10 s, then
 * 20 + 10 s. */
START_TEST(a_leak_crashes_in_a_loop)
{
	struct tw_spec *spec = leaking(100 * MI, 0, 10 * MI);
	struct tw_observation obs;
	const struct tw_incident *it;

	run(spec, 1000, 100 * TW_MS, NULL, &obs);
	ck_assert_uint_eq(obs.n_incidents, 4);
	it = obs.incidents.v;
	ck_assert_str_eq(it[0].cause, "OOMKilled: 260Mi of 256Mi");
	ck_assert_str_eq(it[0].replica, "default/web-1");
	ck_assert_int_eq(it[0].back, 10 * TW_S);
	ck_assert_int_eq(it[1].back, 20 * TW_S);
	ck_assert_int_eq(it[2].back, 30 * TW_S);
	ck_assert_int_eq(it[3].back, 50 * TW_S);
	tw_observation_release(&obs);
}
END_TEST

/* The node has 300 Mi for two pods of 100 Mi: the one that grows dies. */
START_TEST(a_node_runs_out)
{
	struct tw_spec *spec = leaking(100 * MI, 60 * MI, 0);
	struct tw_spec_node *node = b_node(spec, "n", 1, "a");
	struct tw_spec_service *other = b_service(spec, "other", 1, 1, 1);
	struct tw_observation obs;

	tw_set_int(&node->memory, 300 * MI, node->origin);
	tw_set_int(&other->memory_base, 100 * MI, other->origin);
	endpoint_of(spec, other);
	run(spec, 2, TW_MS, NULL, &obs);
	ck_assert_uint_eq(obs.n_incidents, 1);
	ck_assert_str_eq(obs.incidents.v[0].replica, "default/web-1");
	ck_assert_str_eq(obs.incidents.v[0].cause,
		"OOMKilled: node n has 320Mi of 300Mi");
	tw_observation_release(&obs);
}
END_TEST

/* ---- pauses and slow spells -------------------------------------------- */

static struct tw_spec *pausing(void)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *web = add_web(spec, 100, 100);
	struct tw_spec_endpoint *home = endpoint_of(spec, web);
	struct tw_dist every = b_constant(100 * TW_MS);
	struct tw_dist length = b_constant(50 * TW_MS);

	tw_set_law(&web->pause_every, &every, web->origin);
	tw_set_law(&web->pause_for, &length, web->origin);
	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(30 * TW_MS));
	b_work(spec, &home->steps, TW_STEP_WAIT, b_constant(25 * TW_MS));
	return spec;
}

static double only(const struct tw_observation *obs)
{
	ck_assert_uint_eq(obs->arrivals, 1);
	return worst(obs, "default/web");
}

/* A pause from 100 to 150 ms. What is computed stops, a wait goes on but its
 * end is noticed after it, and who comes in waits. */
START_TEST(a_pause_stops_everything)
{
	struct tw_observation obs;
	struct tw_buf text;

	run(pausing(), 1, 40 * TW_MS, &text, &obs); /* 40 .. 95 */
	ck_assert_double_eq_tol(only(&obs), 55e6, 1);
	ck_assert_str_eq(tw_buf_text(&text), "");
	tw_buf_release(&text);
	tw_observation_release(&obs);
	run(pausing(), 1, 80 * TW_MS, NULL, &obs); /* 20 of 30 are done */
	ck_assert_double_eq_tol(only(&obs), (150 - 80 + 10 + 25) * 1e6, 1);
	tw_observation_release(&obs);
	run(pausing(), 1, 60 * TW_MS, &text, &obs); /* the wait ends at 115 */
	ck_assert_double_eq_tol(only(&obs), (150 - 60) * 1e6, 1);
	ck_assert_str_eq(tw_buf_text(&text),
		"0.100000000s replica default/web-1 pauses\n"
		"0.150000000s replica default/web-1 resumes\n");
	tw_buf_release(&text);
	tw_observation_release(&obs);
	run(pausing(), 1, 120 * TW_MS, NULL, &obs); /* starts at 150 */
	ck_assert_double_eq_tol(only(&obs), (150 - 120 + 55) * 1e6, 1);
	tw_observation_release(&obs);
}
END_TEST

/* A replica that dies in its pause leaves nothing behind. */
START_TEST(death_in_a_pause)
{
	struct tw_spec *spec = pausing();
	struct tw_model *model = b_model(spec);
	struct tw_observation obs;
	struct tw_scenario scenario;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	ck_assert(b_fault(&scenario, model, "replica-kill",
		"replica=web-1 at=110ms restart=1s", &diags));
	b_run(model, &(struct tw_options){.seed = 1, .scenario = &scenario},
		(struct b_traffic){.n = 60,
			.gap = 7 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	ck_assert_uint_eq(obs.completed, 60);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

static struct tw_spec *with_spells(double factor, tw_time good, tw_time bad)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *web = add_web(spec, 100, 100);
	struct tw_dist enter = b_constant(good), leave = b_constant(bad);

	tw_set_real(&web->slow_factor, factor, web->origin);
	tw_set_law(&web->slow_enter, &enter, web->origin);
	tw_set_law(&web->slow_leave, &leave, web->origin);
	b_work(spec, &endpoint_of(spec, web)->steps, TW_STEP_WAIT,
		b_constant(TW_MS));
	return spec;
}

/* Slow for a quarter of the time, five times: the mean doubles. */
START_TEST(slow_spells_come_in_runs)
{
	struct tw_observation obs;

	run(with_spells(5, 300 * TW_MS, 100 * TW_MS), 4000, TW_MS, NULL, &obs);
	ck_assert_double_eq_tol(mean(&obs, "default/web"), 2e6, 1e4);
	ck_assert_double_eq_tol(worst(&obs, "default/web"), 5e6, 1);
	tw_observation_release(&obs);
}
END_TEST

/* A model that has the keys and never uses them is the same model. */
START_TEST(what_never_happens_changes_nothing)
{
	struct tw_observation plain, with;

	run(with_spells(1, 300 * TW_MS, 100 * TW_MS), 500, TW_MS, NULL, &plain);
	run(with_spells(5, TW_H, TW_S), 500, TW_MS, NULL, &with);
	ck_assert_double_eq_tol(
		mean(&plain, "default/web"), mean(&with, "default/web"), 1e-9);
	ck_assert_uint_eq(plain.events, with.events);
	tw_observation_release(&plain);
	tw_observation_release(&with);
}
END_TEST

TW_TESTS("twin/capacity", async_holds_no_worker, async_bounds_what_is_in_flight,
	lifo_lets_the_first_wait, adaptive_lifo_turns_when_the_queue_stands,
	who_waited_too_long_is_shed, the_abandoned_are_dropped,
	too_many_at_once, just_enough, a_leak_crashes_in_a_loop,
	a_node_runs_out, a_pause_stops_everything, death_in_a_pause,
	slow_spells_come_in_runs, what_never_happens_changes_nothing)
