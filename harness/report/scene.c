#include "harness/report/scene.h"

#include <stdlib.h>

/* Buckets of a histogram that make one step: 128 an octave into 16. */
#define STEP_BUCKETS 8

/* One distribution while it is added up. */
struct sum {
	struct tw_histogram side[TW_SCENE_SIDES];
};

struct gathering {
	struct tw_scene *scene;
	struct tw_arena *arena;
	struct tw_map calls, latencies, lines; /* by joined names */
	TW_VEC(struct tw_scene_call *) call_list;
	TW_VEC(struct sum *) sums; /* beside scene->latencies */
	size_t merged;		   /* slices in a point */
};

static const char *joined(
	struct gathering *g, const char *a, const char *b, const char *c)
{
	return tw_arena_printf(g->arena, "%s\n%s\n%s", a, b, c);
}

static const char *name_of(struct gathering *g, const char *name)
{
	return tw_arena_strdup(g->arena, name);
}

static bool is_outside(const struct tw_cell *cell)
{
	return !strcmp(cell->key.caller, TW_OUTSIDE);
}

/* ---- who calls whom ---------------------------------------------------- */

static void add_call(struct gathering *g, int side, const struct tw_cell *cell)
{
	const char *key = joined(g, cell->key.caller, cell->key.service, "");
	struct tw_scene_call *call = tw_map_get(&g->calls, key);
	struct tw_scene_count *to;

	if (!call) {
		call = tw_new(g->arena, struct tw_scene_call);
		call->caller = name_of(g, cell->key.caller);
		call->service = name_of(g, cell->key.service);
		tw_map_put(&g->calls, key, call);
		tw_vec_push_in(g->arena, &g->call_list, call);
	}
	to = &call->side[side];
	to->calls += cell->count;
	to->errors += cell->errors;
	to->timeouts += cell->timeouts;
	to->retries += cell->retries;
	to->unreached += cell->unreached;
	to->latency += (int64_t)cell->latency.sum;
}

static int by_names(const void *a, const void *b)
{
	const struct tw_scene_call *x = *(struct tw_scene_call *const *)a;
	const struct tw_scene_call *y = *(struct tw_scene_call *const *)b;
	int order = strcmp(x->caller, y->caller);

	return order ? order : strcmp(x->service, y->service);
}

static void finish_calls(struct gathering *g)
{
	if (g->call_list.n)
		qsort(g->call_list.v, g->call_list.n, sizeof *g->call_list.v,
			by_names);
	for (size_t i = 0; i < g->call_list.n; i++)
		tw_vec_push_in(g->arena, &g->scene->calls, *g->call_list.v[i]);
}

/* ---- how long it took -------------------------------------------------- */

static void add_to(struct gathering *g, int side, const struct tw_cell *cell,
	const char *endpoint)
{
	const char *key =
		joined(g, cell->key.caller, cell->key.service, endpoint);
	struct sum *sum = tw_map_get(&g->latencies, key);
	struct tw_scene_latency *latency;

	if (!sum) {
		sum = tw_new(g->arena, struct sum);
		latency = tw_new(g->arena, struct tw_scene_latency);
		latency->caller = name_of(g, cell->key.caller);
		latency->service = name_of(g, cell->key.service);
		latency->endpoint = name_of(g, endpoint);
		tw_map_put(&g->latencies, key, sum);
		tw_vec_push_in(g->arena, &g->sums, sum);
		tw_vec_push_in(g->arena, &g->scene->latencies, latency);
	}
	tw_histogram_merge(&sum->side[side], &cell->latency);
}

static void steps_of(struct tw_arena *arena, const struct tw_histogram *from,
	struct tw_scene_steps *to)
{
	struct tw_bucket bucket = {0};
	uint32_t last = UINT32_MAX;

	while (tw_histogram_next(from, &bucket)) {
		if (bucket.index / STEP_BUCKETS == last) {
			to->v[to->n - 1].count += bucket.count;
			continue;
		}
		last = bucket.index / STEP_BUCKETS;
		tw_vec_push_in(arena, to,
			(struct tw_scene_step){bucket.low, bucket.count});
	}
}

/* Users' before others', the whole of an entry before its endpoints, what is
 * called most first. */
static int by_weight(const void *a, const void *b)
{
	const struct tw_scene_latency *x = *(struct tw_scene_latency *const *)a;
	const struct tw_scene_latency *y = *(struct tw_scene_latency *const *)b;
	bool out_x = !strcmp(x->caller, TW_OUTSIDE);
	bool out_y = !strcmp(y->caller, TW_OUTSIDE);
	int order;

	if (out_x != out_y)
		return out_x ? -1 : 1;
	if (out_x && !x->endpoint[0] != !y->endpoint[0])
		return x->endpoint[0] ? 1 : -1;
	if (x->calls != y->calls)
		return x->calls > y->calls ? -1 : 1;
	order = strcmp(x->service, y->service);
	if (!order)
		order = strcmp(x->caller, y->caller);
	return order ? order : strcmp(x->endpoint, y->endpoint);
}

static void finish_latencies(struct gathering *g)
{
	struct tw_scene *scene = g->scene;
	size_t kept = 0, users = 0, others = 0;

	for (size_t i = 0; i < g->sums.n; i++) {
		struct tw_scene_latency *latency = scene->latencies.v[i];

		for (int s = 0; s < TW_SCENE_SIDES; s++) {
			struct tw_histogram *h = &g->sums.v[i]->side[s];

			latency->calls += h->count;
			latency->max[s] = h->max;
			steps_of(g->arena, h, &latency->side[s]);
			tw_histogram_release(h);
		}
	}
	if (scene->latencies.n)
		qsort(scene->latencies.v, scene->latencies.n,
			sizeof *scene->latencies.v, by_weight);
	for (size_t i = 0; i < scene->latencies.n; i++) {
		struct tw_scene_latency *latency = scene->latencies.v[i];
		size_t *n =
			!strcmp(latency->caller, TW_OUTSIDE) ? &users : &others;

		if (latency->calls && (*n)++ < TW_SCENE_LATENCIES)
			scene->latencies.v[kept++] = latency;
	}
	scene->latencies.n = kept;
}

/* ---- when it happened -------------------------------------------------- */

static struct tw_scene_line *line_of(struct gathering *g, const char *service)
{
	struct tw_scene_line *line = tw_map_get(&g->lines, service);

	if (line)
		return line;
	line = tw_new(g->arena, struct tw_scene_line);
	line->service = name_of(g, service);
	for (int s = 0; s < TW_SCENE_SIDES; s++)
		line->side[s] = tw_new_array(g->arena, g->scene->n_points + 1,
			struct tw_scene_point);
	tw_map_put(&g->lines, service, line);
	tw_vec_push_in(g->arena, &g->scene->lines, line);
	return line;
}

static struct tw_scene_point *point_at(
	struct gathering *g, struct tw_scene_line *line, int side, size_t slice)
{
	size_t at = slice / g->merged;

	tw_assert(at < g->scene->n_points);
	return &line->side[side][at];
}

static void add_slices(struct gathering *g, int side,
	const struct tw_cell *cell, const char *service)
{
	struct tw_scene_line *line = line_of(g, service);

	for (size_t i = 0; i < cell->slices.n; i++) {
		const struct tw_slice *slice = &cell->slices.v[i];
		struct tw_scene_point *to = point_at(g, line, side, i);

		to->count += slice->count;
		to->errors += slice->errors;
		to->latency += slice->latency_sum;
		if (slice->latency_max > to->worst)
			to->worst = slice->latency_max;
	}
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void add_gauge(
	struct gathering *g, int side, const struct tw_gauge *gauge)
{
	struct tw_scene_line *line = line_of(g, gauge->service);

	for (size_t i = 0; i < gauge->slices.n; i++) {
		const struct tw_gauge_slice *slice = &gauge->slices.v[i];
		struct tw_scene_point *to = point_at(g, line, side, i);

		to->queue = larger(to->queue, slice->queue);
		to->unavailable = larger(to->unavailable, slice->unavailable);
		to->replicas = larger(to->replicas, slice->replicas);
		to->ooms += slice->ooms;
	}
}

static int by_service(const void *a, const void *b)
{
	return strcmp((*(struct tw_scene_line *const *)a)->service,
		(*(struct tw_scene_line *const *)b)->service);
}

/* A service that nobody called and that has no replicas is not drawn. */
static void finish_lines(struct gathering *g)
{
	struct tw_scene *scene = g->scene;

	if (scene->lines.n)
		qsort(scene->lines.v, scene->lines.n, sizeof *scene->lines.v,
			by_service);
}

/* ---- single events ----------------------------------------------------- */

static void add_events(struct gathering *g, int side, size_t run,
	const struct tw_observation *o)
{
	g->scene->n_events[side] += o->n_incidents;
	for (size_t i = 0; i < o->incidents.n; i++)
		tw_vec_push_in(g->arena, &g->scene->events,
			((struct tw_scene_event){.side = side,
				.run = run,
				.at = o->incidents.v[i].at,
				.back = o->incidents.v[i].back,
				.what = name_of(g, o->incidents.v[i].cause),
				.where = name_of(
					g, o->incidents.v[i].replica)}));
}

static int by_time(const void *a, const void *b)
{
	const struct tw_scene_event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->side != y->side)
		return x->side - y->side;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return strcmp(x->where, y->where);
}

/* ---- the whole --------------------------------------------------------- */

static void add_run(struct gathering *g, int side, size_t run,
	const struct tw_observation *o)
{
	for (size_t i = 0; i < o->cells.n; i++) {
		const struct tw_cell *cell = &o->cells.v[i];

		if (cell->key.side != TW_CLIENT)
			continue;
		add_call(g, side, cell);
		add_to(g, side, cell, cell->key.endpoint);
		add_slices(g, side, cell, cell->key.service);
		if (!is_outside(cell))
			continue;
		add_to(g, side, cell, "");
		add_slices(g, side, cell, "");
	}
	for (size_t i = 0; i < o->gauges.n; i++)
		add_gauge(g, side, &o->gauges.v[i]);
	add_events(g, side, run, o);
}

/* Requests end after the traffic does. */
static size_t slices_of(const struct tw_observation *o)
{
	size_t most = (size_t)((o->duration + o->slice - 1) / o->slice);

	for (size_t i = 0; i < o->cells.n; i++)
		if (o->cells.v[i].slices.n > most)
			most = o->cells.v[i].slices.n;
	for (size_t i = 0; i < o->gauges.n; i++)
		if (o->gauges.v[i].slices.n > most)
			most = o->gauges.v[i].slices.n;
	return most;
}

static void set_points(struct gathering *g, const struct tw_runs *sides)
{
	struct tw_scene *scene = g->scene;
	tw_time slice = TW_S;
	size_t slices = 0;

	for (int s = 0; s < TW_SCENE_SIDES; s++)
		for (size_t i = 0; i < sides[s].n; i++) {
			const struct tw_observation *o = sides[s].v[i];

			slice = o->slice;
			scene->warmup = o->warmup;
			if (o->duration > scene->duration)
				scene->duration = o->duration;
			if (slices_of(o) > slices)
				slices = slices_of(o);
		}
	g->merged = (slices + TW_SCENE_POINTS - 1) / TW_SCENE_POINTS;
	if (!g->merged)
		g->merged = 1;
	scene->n_points = (slices + g->merged - 1) / g->merged;
	if (!scene->n_points)
		scene->n_points = 1;
	scene->point = slice * (tw_time)g->merged;
}

struct tw_scene *tw_scene_of(struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena)
{
	struct gathering g = {
		.scene = tw_new(arena, struct tw_scene), .arena = arena};
	const struct tw_runs sides[TW_SCENE_SIDES] = {baseline, candidate};

	tw_map_init(&g.calls, arena);
	tw_map_init(&g.latencies, arena);
	tw_map_init(&g.lines, arena);
	set_points(&g, sides);
	for (int s = 0; s < TW_SCENE_SIDES; s++) {
		g.scene->runs[s] = sides[s].n;
		for (size_t i = 0; i < sides[s].n; i++)
			add_run(&g, s, i, sides[s].v[i]);
	}
	finish_calls(&g);
	finish_latencies(&g);
	finish_lines(&g);
	if (g.scene->events.n)
		qsort(g.scene->events.v, g.scene->events.n,
			sizeof *g.scene->events.v, by_time);
	return g.scene;
}
