/*
 * Recorded runs of a real autoscaler: the manifests are read and compiled as
 * in a run; each recorded read of the metrics is one sync, with the pods as
 * they were then. After each the size of the target and the reasons of the
 * autoscaler's conditions are those that were observed.
 */
#include "harness/manifests/manifests.h"
#include "tests/conformance/hpa.h"
#include "twins/cluster/versions.h"
#include "twins/twin.h"

#include <stdio.h>

/* What the twin needs beside the recorded manifests: a Service, and what its
 * pods do. */
#define SERVICE                                                                \
	"apiVersion: v1\nkind: Service\nmetadata: {name: app}\n"               \
	"spec: {selector: {app: app}, ports: [{port: 80}]}\n"

#define MOST 64 /* pods */

struct replayed {
	struct conformance *c;
	struct tw_spec *spec;
	struct tw_model *model;
	const struct tw_autoscaler *scaler;
	double t0; /* of the recording, s since 1970 */
	struct tw_hpa_pod pods[MOST];
	struct tw_hpa_state state;
};

/* ---- the manifests -------------------------------------------------- */

static void describe(struct tw_spec *spec)
{
	const struct tw_origin *origin =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	struct tw_spec_service *service =
		tw_spec_find_service(spec, "default", "app");
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(spec, service, "GET /", origin);
	struct tw_spec_metric *metric =
		tw_new(&spec->arena, struct tw_spec_metric);
	struct tw_spec_step *step = tw_spec_step(spec, TW_STEP_CPU, origin);

	tw_vec_push_in(&spec->arena, &endpoint->steps, step);
	metric->name = "rps";
	tw_set_int(&metric->measure, TW_MEASURE_REQUEST_RATE, origin);
	tw_map_put(&spec->metrics, metric->name, metric);
}

static bool compile(struct replayed *r, struct tw_manifests *m)
{
	const struct tw_yaml *list = tw_yaml_get(r->c->in, "manifests");
	struct tw_diags diags;
	struct tw_buf text = {0};

	tw_diags_init(&diags);
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		tw_buf_add_text(&text, "---\n");
		tw_yaml_emit(tw_yaml_item(list, i), &text);
	}
	tw_buf_add_text(&text, "---\n" SERVICE);
	tw_manifests_add_text(m, "manifests", text.p, text.n, &diags);
	tw_manifests_spec(m, r->spec, &diags);
	describe(r->spec);
	r->model = tw_model_compile(r->spec, &diags);
	tw_buf_release(&text);
	tw_diags_release(&diags);
	return r->model && r->model->n_autoscalers == 1;
}

/* ---- pods at a moment ------------------------------------------------ */

/* Times of pods have whole seconds. */
static tw_time whole(const struct replayed *r, double t)
{
	return (tw_time)((int64_t)(r->t0 + t) - (int64_t)r->t0) * TW_S;
}

static void change(const struct replayed *r, double t,
	const struct tw_yaml *view, struct tw_hpa_pod *to)
{
	bool ready = conformance_get_bool(view, "ready", false);
	bool runs = hpa_text_is(view, "phase", "Running");

	if (runs && !to->has_start) {
		to->has_start = true;
		to->start = whole(r, t);
	}
	/* Pods of before the recording: long ago. */
	if (runs && t < 0)
		to->start = to->ready_change = -TW_H;
	else if (ready != to->ready || !to->has_condition)
		to->ready_change = whole(r, t);
	to->phase = runs ? TW_HPA_RUNNING : TW_HPA_PENDING;
	to->has_condition = true;
	to->ready = ready;
	to->deleting = conformance_get_bool(view, "deleting", false);
	to->has_request = true;
	to->request = 100; /* of the manifests of all recordings */
}

/* The sample that was served, if one was. */
static void sample(const struct replayed *r, const struct tw_yaml *fetch,
	const char *name, double t, struct tw_hpa_pod *to)
{
	const struct tw_yaml *list =
		tw_yaml_get(fetch, "pods(name,cpu_m,mem_Mi,ready)");
	bool custom = !list;
	int64_t value;

	if (custom)
		list = tw_yaml_get(fetch, "pods(name,rps,ready)");
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		if (strcmp(tw_yaml_text(tw_yaml_item(it, 0)), name) ||
			!tw_yaml_int(tw_yaml_item(it, 1), &value))
			continue;
		to->has_sample = true;
		to->value = custom ? value * 1000 : value;
		to->sampled = whole(r, t);
		to->window = 15 * TW_S;
	}
}

static size_t pods_at(
	struct replayed *r, const struct tw_yaml *fetch, double until)
{
	const struct tw_yaml *all = tw_yaml_get(r->c->want, "timeline");
	const char *names[MOST];
	bool gone[MOST] = {0};
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *it = tw_yaml_item(all, i);
		const char *name = conformance_get_text(it, "name", "");
		double t = conformance_get_real(it, "t", 0);
		size_t p = 0;

		if (t > until || !hpa_text_is(it, "kind", "pod"))
			continue;
		while (p < n && strcmp(names[p], name))
			p++;
		if (p == n && n < MOST) {
			r->pods[n] = (struct tw_hpa_pod){0};
			names[n++] = name;
		}
		if (tw_yaml_is(tw_yaml_get(it, "view"), TW_YAML_MAPPING))
			change(r, t, tw_yaml_get(it, "view"), &r->pods[p]);
		else
			gone[p] = true;
	}
	for (size_t p = 0; p < n; p++) {
		if (gone[p])
			continue;
		sample(r, fetch, names[p], until, &r->pods[p]);
		r->pods[kept++] = r->pods[p];
	}
	return kept;
}

/* ---- what was observed ---------------------------------------------- */

/* The last of a series that was there within a second of the sync. */
static int64_t size_after(const struct replayed *r, double t)
{
	const struct tw_yaml *list =
		tw_yaml_path(r->c->file, "derived", "replicas", NULL);
	int64_t size = 0;

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);
		double at;

		if (tw_yaml_real(tw_yaml_item(it, 0), &at) && at <= t + 1)
			tw_yaml_int(tw_yaml_item(it, 1), &size);
	}
	return size;
}

/* When it was first seen, by the target or by the autoscaler's status: which
 * of both came first is chance. */
static double seen_at(const struct replayed *r, double t, int64_t size)
{
	const struct tw_yaml *all = tw_yaml_get(r->c->want, "timeline");
	double first = t + 1;

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *it = tw_yaml_item(all, i);
		const struct tw_yaml *view = tw_yaml_get(it, "view");
		const char *key =
			hpa_text_is(it, "kind", "hpa") ? "desired" : "spec";
		double at = conformance_get_real(it, "t", 0);

		if (at >= t && at < first &&
			conformance_get_int(view, key, -1) == size)
			first = at;
	}
	return first;
}

static const struct tw_yaml *conditions_after(
	const struct replayed *r, double t)
{
	const struct tw_yaml *all = tw_yaml_get(r->c->want, "timeline");
	const struct tw_yaml *found = NULL;

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *it = tw_yaml_item(all, i);

		if (hpa_text_is(it, "kind", "hpa") &&
			conformance_get_real(it, "t", 0) <= t + 1)
			found = tw_yaml_path(it, "view", "conditions", NULL);
	}
	return found;
}

static void expect(struct replayed *r, double t, const struct tw_yaml *all,
	const char *name, struct tw_hpa_condition got)
{
	const char *want = conformance_get_text(all, name, NULL);
	char text[128];

	if (!want || !got.reason)
		return;
	snprintf(text, sizeof text, "%s/%s", got.is ? "True" : "False",
		got.reason);
	if (strcmp(want, text))
		conformance_differs(r->c, "%.2f s: %s: wanted %s, got %s", t,
			name, want, text);
}

/* A change is logged once it is written (storeScaleEvent), which takes what it
 * took then. */
static void written(struct tw_hpa_changes *changes, tw_time decided, double at)
{
	for (size_t i = 0; i < changes->n; i++)
		if (changes->v[i].at == decided)
			changes->v[i].at = (tw_time)(at * (double)TW_S);
}

/* ---- the run -------------------------------------------------------- */

static void replay(struct replayed *r)
{
	const struct tw_autoscaler *scaler = r->scaler;
	const struct tw_autoscaler_metric *metric = &scaler->metrics[0];
	const struct tw_yaml *fetches = tw_yaml_get(r->c->want, "fetches");
	const struct tw_hpa_rule rule = {.min = scaler->min,
		.max = scaler->max,
		.up = scaler->has_behavior ? &scaler->up : NULL,
		.down = scaler->has_behavior ? &scaler->down : NULL,
		.tolerance = {scaler->up_tolerance, scaler->down_tolerance,
			tw_kubernetes_of(26)->tolerance_by_difference},
		.timing = {r->model->autoscaling.cpu_init,
			r->model->autoscaling.ready_delay},
		.downscale = r->model->autoscaling.downscale};
	int64_t size = size_after(r, 0);

	for (size_t i = 0; i < tw_yaml_count(fetches); i++) {
		const struct tw_yaml *fetch = tw_yaml_item(fetches, i);
		double t = conformance_get_real(fetch, "t", 0);
		struct tw_hpa_reading reading = {.source = metric->source,
			.type = metric->type,
			.target = metric->target,
			.name = metric->name,
			.pods = r->pods};
		struct tw_hpa_decision got;
		const struct tw_yaml *seen = conditions_after(r, t);
		int64_t want = size_after(r, t);
		tw_time now = (tw_time)(t * (double)TW_S);

		reading.n_pods = pods_at(r, fetch, t);
		tw_hpa_sync(&rule,
			&(struct tw_hpa_view){&reading, 1, size, size, now},
			&r->state, &got);
		size = got.replicas;
		written(&r->state.history.up, now, seen_at(r, t, size));
		written(&r->state.history.down, now, seen_at(r, t, size));
		if (size != want)
			conformance_differs(r->c,
				"%.2f s: wanted %lld replicas, got %lld", t,
				(long long)want, (long long)size);
		expect(r, t, seen, "AbleToScale", got.able);
		expect(r, t, seen, "ScalingActive", got.active);
		expect(r, t, seen, "ScalingLimited", got.limited);
	}
}

static void hpa(struct conformance *c)
{
	struct tw_manifests *m = tw_manifests_new();
	struct replayed r = {.c = c, .spec = tw_spec_new()};

	r.t0 = conformance_get_real(c->want, "t0_unix", 0);
	if (compile(&r, m)) {
		r.scaler = &r.model->autoscalers[0];
		replay(&r);
	} else {
		conformance_differs(c, "the manifests give no autoscaler");
	}
	tw_hpa_state_release(&r.state);
	tw_model_free(r.model);
	tw_spec_free(r.spec);
	tw_manifests_free(m);
}

const struct conformance_adapter conformance_recorded_hpa[] = {
	{"recorded", "hpa", hpa},
	{NULL, NULL, NULL},
};
