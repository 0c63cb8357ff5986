/*
 * Recorded node losses: the manifests and nodes of the recording, in a twin of
 * the same release, whose nodes fall silent as they did there. Compared are
 * when each node is found not ready, tainted NoExecute and untainted, and when
 * pods are evicted, counted from their node's taint.
 *
 * Which node of a zone is tainted first is arbitrary, so are the pods of a
 * node: zones compare their times in order, owners theirs.
 */
#include "tests/conformance/system.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A lease was renewed just before; the recording's t = 0. */
#define START 100.0

struct node {
	const char *name;
	double notready, unknown, tainted, untainted; /* s; < 0: never */
};

struct eviction {
	const char *owner, *node;
	double at;
};

TW_VEC_TYPE(evictions, struct eviction);

struct seen {
	struct conformance *c;
	struct tw_model *model;
	TW_VEC(struct node) nodes;
	struct evictions evictions;
};

static struct node *node_named(struct seen *s, const char *name)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		if (!strcmp(s->nodes.v[i].name, name))
			return &s->nodes.v[i];
	tw_vec_push_in(
		&s->c->arena, &s->nodes, ((struct node){name, -1, 0, -1, -1}));
	return &s->nodes.v[s->nodes.n - 1];
}

static void on_event(void *context, const struct tw_tap_event *event)
{
	struct seen *s = context;
	double at = (double)event->at / TW_S - START;
	struct node *node = event->node ? node_named(s, event->node) : NULL;

	if (event->kind == TW_TAP_NODE_NOT_READY) {
		node->notready = at;
		node->unknown = event->cause != NULL;
	} else if (event->kind == TW_TAP_TAINTED) {
		node->tainted = at;
	} else if (event->kind == TW_TAP_UNTAINTED) {
		node->untainted = at;
	} else if (event->kind == TW_TAP_EVICTED) {
		uint32_t r = s->model->replicas[event->replica].revision;

		tw_vec_push_in(&s->c->arena, &s->evictions,
			((struct eviction){
				strchr(s->model->revisions[r].name, '/') + 1,
				event->node, at}));
	}
}

/* ---- the system ----------------------------------------------------- */

/* A node falls silent, or reports itself not ready, until it is back. */
static void add_fault(struct conformance *c, const char *name,
	const struct tw_yaml *node, const struct tw_model *model,
	struct tw_scenario *scenario, struct tw_diags *diags)
{
	const struct tw_yaml *state = tw_yaml_get(node, "notready");
	bool dead = !strcmp(tw_yaml_text(tw_yaml_item(state, 1)), "Unknown");
	double back = conformance_get_real(node, "ready_again", 0);
	struct tw_fault_arg args[3] = {{.name = "node", .value = name},
		{.name = "at",
			.value = tw_arena_printf(
				&c->arena, "%.3fs", START + 0.001)},
		{.name = "for",
			.value = tw_arena_printf(&c->arena, "%.3fs", back)}};

	tw_scenario_add(scenario, dead ? "node-down" : "node-not-ready",
		(struct tw_pos){0}, args, back > 0 ? 3 : 2, model, diags);
}

static const struct tw_yaml *timeline_of(const struct conformance *c)
{
	return tw_yaml_path(c->file, "observed", "timeline", NULL);
}

/* Nothing is known of what came later, but that it may come later here; a
 * case of our own may have no timeline. */
static double end_of(const struct conformance *c)
{
	const struct tw_yaml *all = timeline_of(c);

	if (!tw_yaml_count(all))
		return 800;
	return conformance_get_real(
		       tw_yaml_item(all, tw_yaml_count(all) - 1), "t", 790) +
	       10;
}

/* The pods stand where they stood. */
static void place(struct conformance *c, struct tw_model *model)
{
	const struct tw_yaml *all = timeline_of(c);
	uint32_t *n = tw_new_array(&c->arena, model->n_revisions + 1, uint32_t);

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *entry = tw_yaml_item(all, i);
		const struct tw_yaml *view = tw_yaml_get(entry, "view");
		uint32_t r;

		if (conformance_get_real(entry, "t", 0) >= 0 ||
			strcmp(conformance_get_text(entry, "kind", ""), "pod"))
			continue;
		r = system_revision(model,
			system_owner(
				c, conformance_get_text(view, "owner", "")));
		if (r != TW_NONE)
			system_stand(model, r, n[r]++,
				conformance_get_text(view, "node", ""));
	}
}

static void play(struct conformance *c, struct seen *s, struct system *system)
{
	const struct tw_yaml *nodes = tw_yaml_get(c->want, "nodes");
	const struct tw_arrivals none = {.next = system_no_arrivals,
		.duration = (tw_time)((START + end_of(c)) * TW_S)};
	const struct tw_tap tap = {on_event, s};
	struct tw_scenario scenario;
	struct tw_observation seen;
	struct tw_twin *twin;
	struct tw_model *model = system_compile(system);

	if (!model)
		return;
	s->model = model;
	place(c, model);
	tw_scenario_init(&scenario);
	for (size_t i = 0; i < nodes->pairs.n; i++)
		add_fault(c, tw_yaml_text(nodes->pairs.v[i].key),
			nodes->pairs.v[i].value, model, &scenario,
			&system->diags);
	twin = tw_twin_new(model,
		&(struct tw_options){
			.scenario = &scenario, .tap = &tap, .aligned = true});
	tw_twin_run(twin, &none);
	tw_twin_finish(twin, 0, &seen);
	tw_twin_free(twin);
	tw_observation_release(&seen);
	tw_scenario_release(&scenario);
}

/* ---- the comparison ------------------------------------------------- */

static void near(struct conformance *c, const char *what, const char *name,
	double want, double got, double less, double more)
{
	if ((want < 0) != (got < 0) ||
		(want >= 0 && (got < want - less || got > want + more)))
		conformance_differs(
			c, "%s %s: %.1f s, not %.1f s", name, what, got, want);
}

struct taint {
	const char *zone;
	double want, got;
};

TW_VEC_TYPE(taints, struct taint);

static const char *zone_of(const struct seen *s, const char *name)
{
	for (uint32_t n = 0; n < s->model->n_nodes; n++)
		if (!strcmp(s->model->nodes[n].name, name))
			return s->model->zones[s->model->nodes[n].zone];
	return "";
}

static void sort_times(double *v, size_t n)
{
	for (size_t a = 1; a < n; a++)
		for (size_t b = a; b && v[b] < v[b - 1]; b--) {
			double t = v[b];

			v[b] = v[b - 1];
			v[b - 1] = t;
		}
}

/* Which node of a zone is first is arbitrary: their times in order. */
static void compare_zone(struct conformance *c, const struct taints *all,
	const char *zone, double slack)
{
	double *ours = tw_new_array(&c->arena, all->n + 1, double);
	double *theirs = tw_new_array(&c->arena, all->n + 1, double);
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].zone, zone)) {
			ours[n] = all->v[i].got;
			theirs[n++] = all->v[i].want;
		}
	sort_times(ours, n);
	sort_times(theirs, n);
	for (size_t i = 0; i < n; i++)
		near(c, "NoExecute", zone, theirs[i], ours[i], slack, slack);
	for (size_t i = 1; i < n; i++)
		if (fabs(ours[i] - ours[i - 1] - (theirs[i] - theirs[i - 1])) >
			0.2)
			conformance_differs(c,
				"NoExecute in zone %s: %.1f s apart, not %.1f "
				"s",
				zone, ours[i] - ours[i - 1],
				theirs[i] - theirs[i - 1]);
}

static bool is_first_of_zone(const struct taints *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(all->v[k].zone, all->v[i].zone))
			return false;
	return true;
}

static double notready_of(const struct tw_yaml *node)
{
	const char *text =
		tw_yaml_text(tw_yaml_item(tw_yaml_get(node, "notready"), 0));
	double at;

	return text && tw_parse_real(tw_str_of(text), &at) ? at : -1;
}

static void compare_node(struct conformance *c, struct seen *s,
	const struct tw_yaml_pair *it, double slack, struct taints *taints)
{
	const char *name = tw_yaml_text(it->key);
	struct node *got = node_named(s, name);
	double want = notready_of(it->value);

	near(c, "NotReady", name, want, got->notready, slack, slack);
	want = conformance_get_real(it->value, "unreachable:NoExecute",
		conformance_get_real(it->value, "not-ready:NoExecute", -1));
	if ((want < 0) != (got->tainted < 0))
		near(c, "NoExecute", name, want, got->tainted, 0, 0);
	else if (want >= 0)
		tw_vec_push_in(&c->arena, taints,
			((struct taint){zone_of(s, name), want, got->tainted}));
	if (want >= 0)
		near(c, "untainted", name,
			conformance_get_real(it->value, "taints_gone", -1),
			got->untainted, 5, 5);
}

/* NotReady within the phases of lease and monitor, 40 to 46 s; where many are
 * lost at once, up to 55 s: their pods are written one by one there. */
static void compare_nodes(struct conformance *c, struct seen *s)
{
	const struct tw_yaml *nodes = tw_yaml_get(c->want, "nodes");
	double slack = nodes->pairs.n > 10 ? 15 : 6;
	struct taints taints = {0};

	for (size_t i = 0; i < nodes->pairs.n; i++)
		compare_node(c, s, &nodes->pairs.v[i], slack, &taints);
	for (size_t i = 0; i < taints.n; i++)
		if (is_first_of_zone(&taints, i))
			compare_zone(c, &taints, taints.v[i].zone, slack);
}

static int by_owner(const void *a, const void *b)
{
	const struct eviction *x = a, *y = b;
	int order = strcmp(x->owner, y->owner);

	if (order)
		return order;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void compare_evictions(struct conformance *c, struct seen *s)
{
	const struct tw_yaml *nodes = tw_yaml_get(c->want, "nodes");
	const struct tw_yaml *pods = tw_yaml_get(c->want, "evicted_pods");
	struct evictions want = {0};

	for (size_t i = 0; i < pods->pairs.n; i++) {
		const struct tw_yaml *it = pods->pairs.v[i].value;
		const char *node = conformance_get_text(it, "node", "");
		const struct tw_yaml *on = tw_yaml_get(nodes, node);
		double taint = conformance_get_real(on, "unreachable:NoExecute",
			conformance_get_real(on, "not-ready:NoExecute", 0));

		tw_vec_push_in(&c->arena, &want,
			((struct eviction){
				system_owner(c,
					conformance_get_text(it, "owner", "")),
				node,
				conformance_get_real(it, "evicted", 0) -
					taint}));
	}
	for (size_t i = 0; i < s->evictions.n; i++)
		s->evictions.v[i].at -=
			node_named(s, s->evictions.v[i].node)->tainted;
	if (want.n != s->evictions.n)
		conformance_differs(c, "%zu pods are evicted, not %zu",
			s->evictions.n, want.n);
	qsort(want.v, want.n, sizeof *want.v, by_owner);
	qsort(s->evictions.v, s->evictions.n, sizeof *s->evictions.v, by_owner);
	for (size_t i = 0; i < want.n && i < s->evictions.n; i++)
		if (strcmp(want.v[i].owner, s->evictions.v[i].owner) ||
			fabs(want.v[i].at - s->evictions.v[i].at) > 0.2)
			conformance_differs(c,
				"%s is evicted %.1f s after the taint, not %s "
				"%.1f s",
				s->evictions.v[i].owner, s->evictions.v[i].at,
				want.v[i].owner, want.v[i].at);
}

static void nodeloss(struct conformance *c)
{
	/* What was derived from the recording. */
	struct seen s = {.c = c};
	struct system system;

	c->want = tw_yaml_get(c->file, "derived");
	system_init(&system, c);
	system_add(&system, tw_yaml_get(c->in, "nodes"));
	system_add(&system, tw_yaml_get(c->in, "manifests"));
	system_read(&system, "version: 1\nkubernetes: \"1.26\"\n"
			     "defaults: {restart-delay: 3s}\n");
	play(c, &s, &system);
	if (s.model) {
		compare_nodes(c, &s);
		compare_evictions(c, &s);
		tw_model_free(s.model);
	}
	system_release(&system);
}

const struct conformance_adapter conformance_nodeloss[] = {
	{"recorded", "nodeloss", nodeloss},
	{NULL, NULL, NULL},
};
