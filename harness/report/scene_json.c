#include "harness/json/writer.h"
#include "harness/report/scene.h"

static const char *const sides[TW_SCENE_SIDES] = {"baseline", "candidate"};

static void faults(struct tw_json_writer *w, const struct tw_scene *scene)
{
	tw_json_put_array(w, "faults");
	for (size_t i = 0; i < scene->n_faults; i++) {
		const struct tw_scene_fault *fault = &scene->faults[i];

		tw_json_object(w);
		tw_json_put_string(w, "label", fault->label);
		tw_json_put_int(w, "atNs", fault->at);
		if (fault->end != TW_NEVER)
			tw_json_put_int(w, "endNs", fault->end);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void count(struct tw_json_writer *w, const struct tw_scene_count *c)
{
	tw_json_object(w);
	tw_json_put_int(w, "calls", (int64_t)c->calls);
	tw_json_put_int(w, "errors", (int64_t)c->errors);
	tw_json_put_int(w, "timeouts", (int64_t)c->timeouts);
	tw_json_put_int(w, "retries", (int64_t)c->retries);
	tw_json_put_int(w, "unreached", (int64_t)c->unreached);
	tw_json_put_int(
		w, "meanNs", c->calls ? c->latency / (int64_t)c->calls : 0);
	tw_json_end(w);
}

static void calls(struct tw_json_writer *w, const struct tw_scene *scene)
{
	tw_json_put_array(w, "calls");
	for (size_t i = 0; i < scene->calls.n; i++) {
		const struct tw_scene_call *call = &scene->calls.v[i];

		tw_json_object(w);
		tw_json_put_string(w, "caller", call->caller);
		tw_json_put_string(w, "service", call->service);
		for (int s = 0; s < TW_SCENE_SIDES; s++) {
			if (!scene->runs[s])
				continue;
			tw_json_key(w, sides[s]);
			count(w, &call->side[s]);
		}
		tw_json_end(w);
	}
	tw_json_end(w);
}

/* Steps in turn: where each begins, in us, and how many there are. Below a us
 * nothing is drawn. */
static void distribution(struct tw_json_writer *w,
	const struct tw_scene_latency *latency, int side)
{
	const struct tw_scene_steps *steps = &latency->side[side];

	tw_json_put_object(w, sides[side]);
	tw_json_put_array(w, "fromUs");
	for (size_t i = 0; i < steps->n; i++)
		tw_json_int(w, steps->v[i].low / TW_US);
	tw_json_end(w);
	tw_json_put_array(w, "counts");
	for (size_t i = 0; i < steps->n; i++)
		tw_json_uint(w, steps->v[i].count);
	tw_json_end(w);
	tw_json_put_int(w, "maxUs", latency->max[side] / TW_US);
	tw_json_end(w);
}

static void latencies(struct tw_json_writer *w, const struct tw_scene *scene)
{
	tw_json_put_array(w, "latencies");
	for (size_t i = 0; i < scene->latencies.n; i++) {
		const struct tw_scene_latency *l = scene->latencies.v[i];

		tw_json_object(w);
		tw_json_put_string(w, "caller", l->caller);
		tw_json_put_string(w, "service", l->service);
		if (l->endpoint[0])
			tw_json_put_string(w, "endpoint", l->endpoint);
		for (int s = 0; s < TW_SCENE_SIDES; s++)
			if (l->side[s].n)
				distribution(w, l, s);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static int64_t value(const struct tw_scene_point *p, int member)
{
	switch (member) {
	case 0:
		return (int64_t)p->count;
	case 1:
		return (int64_t)p->errors;
	case 2:
		return p->count ? p->latency / (int64_t)p->count / TW_US : 0;
	case 3:
		return p->worst / TW_US;
	case 4:
		return p->queue;
	case 5:
		return p->unavailable;
	case 6:
		return p->replicas;
	default:
		return p->ooms;
	}
}

/* A row that is 0 throughout is left out. */
static void row(struct tw_json_writer *w, const struct tw_scene *scene,
	const struct tw_scene_point *points, const char *name, int member)
{
	bool any = false;

	for (size_t i = 0; i < scene->n_points; i++)
		any |= value(&points[i], member) != 0;
	if (!any)
		return;
	tw_json_put_array(w, name);
	for (size_t i = 0; i < scene->n_points; i++)
		tw_json_int(w, value(&points[i], member));
	tw_json_end(w);
}

static void lines(struct tw_json_writer *w, const struct tw_scene *scene)
{
	static const char *const members[] = {"count", "errors", "meanUs",
		"worstUs", "queue", "unavailable", "replicas", "ooms"};

	tw_json_put_array(w, "lines");
	for (size_t i = 0; i < scene->lines.n; i++) {
		tw_json_object(w);
		tw_json_put_string(w, "service", scene->lines.v[i]->service);
		for (int s = 0; s < TW_SCENE_SIDES; s++) {
			if (!scene->runs[s])
				continue;
			tw_json_put_object(w, sides[s]);
			for (int m = 0; m < 8; m++)
				row(w, scene, scene->lines.v[i]->side[s],
					members[m], m);
			tw_json_end(w);
		}
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void events(struct tw_json_writer *w, const struct tw_scene *scene)
{
	tw_json_put_array(w, "events");
	for (size_t i = 0; i < scene->events.n; i++) {
		const struct tw_scene_event *event = &scene->events.v[i];

		tw_json_object(w);
		tw_json_put_string(w, "side", sides[event->side]);
		tw_json_put_int(w, "run", (int64_t)event->run);
		tw_json_put_int(w, "atNs", event->at);
		tw_json_put_string(w, "what", event->what);
		tw_json_put_string(w, "where", event->where);
		if (event->back)
			tw_json_put_int(w, "backAfterNs", event->back);
		tw_json_end(w);
	}
	tw_json_end(w);
}

void tw_scene_json(struct tw_json_writer *w, const struct tw_scene *scene)
{
	bool pretty = w->pretty;

	tw_json_object(w);
	w->pretty = false;
	for (int s = 0; s < TW_SCENE_SIDES; s++)
		tw_json_put_int(w, s ? "candidateRuns" : "baselineRuns",
			(int64_t)scene->runs[s]);
	tw_json_put_int(w, "durationNs", scene->duration);
	tw_json_put_int(w, "warmupNs", scene->warmup);
	tw_json_put_int(w, "pointNs", scene->point);
	tw_json_put_int(w, "points", (int64_t)scene->n_points);
	faults(w, scene);
	calls(w, scene);
	latencies(w, scene);
	lines(w, scene);
	events(w, scene);
	tw_json_end(w);
	w->pretty = pretty;
}
