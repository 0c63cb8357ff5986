/*
 * Recorded evictions. The pods stand where they stood; the requests, the
 * patches of budgets and the drains come when they came there; the run's own
 * controllers, scheduler, eviction API and drain do the rest, and the nodes
 * have the recording's script for a kubelet (stage.h).
 *
 * Compared: code and message of each request; the series of each budget's
 * status, where nothing is drained; of a drain how many pods of each owner
 * went at once and in all, the period of its retries, how it ended, and the
 * fewest healthy pods of each budget. Pods that came since are left out there:
 * ties are broken at random, so they stand elsewhere. Which pod gets a budget
 * is arbitrary, and the API answered late: one round of 5 s more or less is
 * the same.
 */
#include "tests/conformance/stage.h"

#include "twins/cluster/budget.h"
#include "twins/cluster/drain.h"

#include <math.h>

TW_VEC_TYPE(texts, const char *);
TW_VEC_TYPE(numbers, uint32_t);

/* The pods of an owner, there and here, in the order of their creation. */
struct owner {
	const char *name;
	uint32_t revision;
	struct texts names;
	struct numbers replicas;
	size_t first; /* so many of them are there at first */
};

struct state {
	double from;
	int64_t v[4]; /* healthy, desired, allowed, expected */
};

TW_VEC_TYPE(states, struct state);

struct budget {
	const char *name;
	bool shared; /* another one covers its pods */
	struct states want, got;
	int64_t fewest;
};

/* What happened to a pod in a drain. */
struct
try {
	const char *node, *owner, *pod;
	uint32_t replica;
	double at;
	bool refused;
};

TW_VEC_TYPE(tries, struct try);

struct drain {
	const char *node;
	double start, end;
	bool drained;
	double got_end;
	bool got_drained;
};

struct eviction {
	struct stage stage;
	TW_VEC(struct owner) owners;
	struct budget *budgets; /* as the model's */
	struct tw_pod_budget *rules;
	TW_VEC(struct drain) drains;
	struct tries want, got;
};

/* ---- who is who ----------------------------------------------------- */

static struct owner *owner_named(struct eviction *it, const char *name)
{
	for (size_t i = 0; i < it->owners.n; i++)
		if (!strcmp(it->owners.v[i].name, name))
			return &it->owners.v[i];
	tw_vec_push_in(&it->stage.c->arena, &it->owners,
		((struct owner){.name = name,
			.revision = system_revision(it->stage.model, name)}));
	return &it->owners.v[it->owners.n - 1];
}

static const char *owner_of_replica(struct eviction *it, uint32_t replica)
{
	uint32_t r = it->stage.model->replicas[replica].revision;

	for (size_t i = 0; i < it->owners.n; i++)
		if (it->owners.v[i].revision == r)
			return it->owners.v[i].name;
	return "?";
}

/* Of the k-th pod that an owner had; TW_NONE, and a difference: there is none
 * yet. */
static uint32_t replica_of(struct eviction *it, const char *pod)
{
	for (size_t i = 0; i < it->owners.n; i++) {
		struct owner *owner = &it->owners.v[i];

		for (size_t k = 0; k < owner->names.n; k++)
			if (!strcmp(owner->names.v[k], pod) &&
				k < owner->replicas.n)
				return owner->replicas.v[k];
	}
	conformance_differs(it->stage.c, "there is no pod %s yet", pod);
	return TW_NONE;
}

static bool is_known(const struct owner *owner, const char *pod)
{
	for (size_t k = 0; k < owner->names.n; k++)
		if (!strcmp(owner->names.v[k], pod))
			return true;
	return false;
}

/* Of a pod that was there at first; NULL: where one that came later stands is
 * a matter of ties. */
static const char *first_owner(struct eviction *it, const char *pod)
{
	for (size_t i = 0; i < it->owners.n; i++)
		for (size_t k = 0; k < it->owners.v[i].first; k++)
			if (!strcmp(it->owners.v[i].names.v[k], pod))
				return it->owners.v[i].name;
	return NULL;
}

/* Those that are there at first stand on the recorded nodes. */
static void place(struct eviction *it, struct owner *owner, const char *node)
{
	const struct tw_model *model = it->stage.model;
	uint32_t replica;

	if (owner->revision == TW_NONE ||
		owner->replicas.n >=
			model->revisions[owner->revision].n_replicas)
		return;
	replica = model->revisions[owner->revision].first_replica +
		  (uint32_t)owner->replicas.n;
	tw_vec_push_in(&it->stage.c->arena, &owner->replicas, replica);
	if (node)
		system_stand(it->stage.model, owner->revision,
			(uint32_t)owner->replicas.n - 1, node);
}

static void find_pods(struct eviction *it, const struct tw_yaml *timeline)
{
	for (size_t i = 0; i < tw_yaml_count(timeline); i++) {
		const struct tw_yaml *entry = tw_yaml_item(timeline, i);
		const struct tw_yaml *view = tw_yaml_get(entry, "view");
		const char *name = conformance_get_text(entry, "name", "");
		struct owner *owner;

		if (strcmp(conformance_get_text(entry, "kind", ""), "pod") ||
			!tw_yaml_is(view, TW_YAML_MAPPING))
			continue;
		owner = owner_named(
			it, system_owner(it->stage.c,
				    conformance_get_text(view, "owner", "")));
		if (is_known(owner, name))
			continue;
		tw_vec_push_in(&it->stage.c->arena, &owner->names, name);
		if (conformance_get_real(entry, "t", 0) >= 0)
			continue;
		owner->first = owner->names.n;
		place(it, owner, conformance_get_text(view, "node", NULL));
	}
}

/* ---- budgets -------------------------------------------------------- */

static struct budget *budget_named(struct eviction *it, const char *name)
{
	for (uint32_t b = 0; b < it->stage.model->n_budgets; b++)
		if (!strcmp(it->budgets[b].name, name))
			return &it->budgets[b];
	return NULL;
}

static void note(
	struct eviction *it, struct states *to, double at, const int64_t v[4])
{
	struct state *last = to->n ? &to->v[to->n - 1] : NULL;
	struct state now = {.from = at};

	memcpy(now.v, v, sizeof now.v);
	if (last && !memcmp(last->v, now.v, sizeof now.v))
		return;
	if (last && last->from >= at)
		*last = now;
	else
		tw_vec_push_in(&it->stage.c->arena, to, now);
}

static void see_budgets(struct stage *stage)
{
	struct eviction *it = stage->context;

	for (uint32_t b = 0; b < stage->model->n_budgets; b++) {
		struct tw_budget_status now = tw_budget_status(
			stage->world, &stage->model->budgets[b]);
		const int64_t v[4] = {
			now.healthy, now.desired, now.allowed, now.expected};

		note(it, &it->budgets[b].got, stage_now(stage), v);
		if (now.healthy < it->budgets[b].fewest)
			it->budgets[b].fewest = now.healthy;
	}
}

static void find_budgets(struct eviction *it, const struct tw_yaml *timeline)
{
	static const char *const keys[] = {"currentHealthy", "desiredHealthy",
		"disruptionsAllowed", "expectedPods"};

	for (size_t i = 0; i < tw_yaml_count(timeline); i++) {
		const struct tw_yaml *entry = tw_yaml_item(timeline, i);
		const struct tw_yaml *view = tw_yaml_get(entry, "view");
		struct budget *budget = budget_named(
			it, conformance_get_text(entry, "name", ""));
		int64_t v[4];

		if (!budget ||
			strcmp(conformance_get_text(entry, "kind", ""), "pdb"))
			continue;
		for (size_t k = 0; k < 4; k++)
			v[k] = conformance_get_int(view, keys[k], -1);
		note(it, &budget->want, conformance_get_real(entry, "t", 0), v);
	}
}

/* Rules of our own, that can be patched. */
static void own_budgets(struct eviction *it)
{
	struct tw_model *model = it->stage.model;
	struct tw_arena *arena = &it->stage.c->arena;

	it->rules =
		tw_new_array(arena, model->n_budgets + 1, struct tw_pod_budget);
	it->budgets = tw_new_array(arena, model->n_budgets + 1, struct budget);
	for (uint32_t b = 0; b < model->n_budgets; b++) {
		it->rules[b] = model->budgets[b];
		it->budgets[b] = (struct budget){
			.name = model->budgets[b].name, .fewest = INT64_MAX};
		for (uint32_t o = 0; o < model->n_budgets; o++)
			for (uint32_t r = 0; r < model->n_revisions; r++)
				it->budgets[b].shared |=
					o != b && model->budgets[o].covers[r] &&
					model->budgets[b].covers[r];
	}
	model->budgets = it->rules;
}

static void patch(struct eviction *it, const struct tw_yaml *view)
{
	const struct tw_yaml *spec = tw_yaml_get(view, "spec");
	struct budget *budget =
		budget_named(it, conformance_get_text(view, "name", ""));

	if (!budget)
		return;
	it->rules[budget - it->budgets].min_available =
		conformance_get_text(spec, "minAvailable", NULL);
	it->rules[budget - it->budgets].max_unavailable =
		conformance_get_text(spec, "maxUnavailable", NULL);
	stage_settle(&it->stage);
}

static double until(const struct states *all, size_t i, double end)
{
	return i + 1 < all->n ? all->v[i + 1].from : end;
}

/* Is the state in the others, from `from` on, about when it began? */
static bool find_state(
	const struct states *in, size_t *from, const struct state *state)
{
	for (size_t i = *from; i < in->n; i++)
		if (!memcmp(in->v[i].v, state->v, sizeof state->v) &&
			(state->from <= 0 ||
				fabs(in->v[i].from - state->from) <= 0.5)) {
			*from = i + 1;
			return true;
		}
	return false;
}

/* What held for a while is in the other series, in the same order. */
static void compare_series(struct conformance *c, const char *name,
	const char *whose, const struct states *of, const struct states *in,
	double least, double end)
{
	size_t from = 0;

	for (size_t i = 0; i < of->n; i++) {
		const struct state *it = &of->v[i];

		if (until(of, i, end) - it->from < least ||
			until(of, i, end) < 0)
			continue;
		if (!find_state(in, &from, it))
			conformance_differs(c,
				"budget %s: %s alone has %lld healthy, %lld "
				"desired, %lld allowed, %lld expected from "
				"%.1f s on",
				name, whose, (long long)it->v[0],
				(long long)it->v[1], (long long)it->v[2],
				(long long)it->v[3], it->from);
	}
}

/* Where several budgets cover a pod the controller tells only one of them. */
static void compare_budgets(struct eviction *it, double end)
{
	struct tw_yaml *fewest = tw_yaml_path(it->stage.c->file, "derived",
		"pdb_min_currentHealthy_vs_desired", NULL);

	for (uint32_t b = 0; b < it->stage.model->n_budgets; b++) {
		struct budget *budget = &it->budgets[b];
		const struct tw_yaml *want = tw_yaml_get(fewest, budget->name);

		if (budget->shared)
			continue;
		conformance_int(it->stage.c,
			tw_arena_printf(&it->stage.c->arena,
				"budget %s: fewest healthy", budget->name),
			tw_yaml_item(want, 0), budget->fewest);
		if (it->drains.n)
			continue;
		compare_series(it->stage.c, budget->name, "the recording",
			&budget->want, &budget->got, 0.6, end);
		compare_series(it->stage.c, budget->name, "the twin",
			&budget->got, &budget->want, 1.0, end);
	}
}

/* ---- requests ------------------------------------------------------- */

static void evict(struct eviction *it, const struct tw_yaml *view)
{
	struct conformance *c = it->stage.c;
	const char *pod = conformance_get_text(view, "pod", "");
	const char *message = conformance_get_text(view, "message", NULL);
	const struct tw_yaml *causes =
		tw_yaml_path(view, "details", "causes", NULL);
	uint32_t replica = replica_of(it, pod);
	struct tw_buf why = {0}, want = {0};
	enum tw_eviction code;

	if (replica == TW_NONE)
		return;
	code = tw_evict(it->stage.world, replica, TW_POD_GRACE, &why);
	stage_settle(&it->stage);
	conformance_int(c, pod, tw_yaml_get(view, "code"), code);
	if (message)
		tw_buf_add_text(&want, message);
	for (size_t i = 0; i < tw_yaml_count(causes); i++)
		tw_buf_printf(&want, " %s",
			conformance_get_text(
				tw_yaml_item(causes, i), "message", ""));
	if (strcmp(tw_buf_text(&want), tw_buf_text(&why)))
		conformance_differs(c, "%s: wanted \"%s\", got \"%s\"", pod,
			tw_buf_text(&want), tw_buf_text(&why));
	tw_buf_release(&why);
	tw_buf_release(&want);
}

static void unready(struct eviction *it, const struct tw_yaml *view)
{
	struct tw_yaml *pods = tw_yaml_get(view, "pods");

	for (size_t i = 0; i < tw_yaml_count(pods); i++) {
		uint32_t replica =
			replica_of(it, tw_yaml_text(tw_yaml_item(pods, i)));

		if (replica != TW_NONE)
			stage_set_ready(&it->stage, replica, false);
	}
	stage_settle(&it->stage);
}

/* ---- drains --------------------------------------------------------- */

static struct drain *drain_of(struct eviction *it, const char *node)
{
	for (size_t i = 0; i < it->drains.n; i++)
		if (!strcmp(it->drains.v[i].node, node))
			return &it->drains.v[i];
	return NULL;
}

/* Between two strings, or NULL. */
static const char *between(struct eviction *it, const char *line,
	const char *before, const char *after)
{
	const char *from = strstr(line, before), *to;

	if (!from)
		return NULL;
	from += strlen(before);
	to = *after ? strstr(from, after) : from + strlen(from);
	return to ? tw_arena_strndup(
			    &it->stage.c->arena, from, (size_t)(to - from))
		  : NULL;
}

static void read_line(struct eviction *it, const struct tw_yaml *entry)
{
	const char *line = conformance_get_text(entry, "line", "");
	const char *node = conformance_get_text(entry, "node", "");
	double t = conformance_get_real(entry, "t", 0);
	const char *tried = between(it, line, "evicting pod ", "");
	const char *refused =
		between(it, line, "error when evicting pods/\"", "\"");
	struct drain *drain = drain_of(it, node);
	const char *slash = tried ? strchr(tried, '/') : NULL;

	if (tried && !drain) {
		tw_vec_push_in(&it->stage.c->arena, &it->drains,
			((struct drain){.node = node,
				.start = t,
				.end = -1,
				.got_end = -1}));
		drain = &it->drains.v[it->drains.n - 1];
	}
	if (slash && first_owner(it, slash + 1))
		tw_vec_push_in(&it->stage.c->arena, &it->want,
			((struct try){.node = node,
				.owner = first_owner(it, slash + 1),
				.pod = slash + 1,
				.at = t}));
	for (size_t i = it->want.n; refused && i--;)
		if (!strcmp(it->want.v[i].pod, refused)) {
			it->want.v[i].refused = true;
			it->want.v[i].at = t;
			break;
		}
	if (drain && !strncmp(line, "(exit ", 6)) {
		drain->end = t;
		drain->drained = !strcmp(line, "(exit 0)");
	}
}

static bool is_first(const struct stage *stage, uint32_t replica)
{
	return !tw_pod_of(stage->world, replica)->turn &&
	       stage->world->replicas[replica].node != TW_NONE;
}

static void told(struct stage *stage, const struct tw_tap_event *event)
{
	struct eviction *it = stage->context;
	struct drain *drain = event->node ? drain_of(it, event->node) : NULL;
	struct try try = {.replica = event->replica,
		.at = stage_time(event->at),
		.refused = event->kind == TW_TAP_KEPT};

	if (event->kind == TW_TAP_CREATED) {
		struct owner *owner =
			owner_named(it, owner_of_replica(it, event->replica));

		tw_vec_push_in(
			&stage->c->arena, &owner->replicas, event->replica);
	} else if ((event->kind == TW_TAP_KEPT ||
			   event->kind == TW_TAP_STOPPING) &&
		   stage->world && is_first(stage, event->replica)) {
		uint32_t node = stage->world->replicas[event->replica].node;

		try.node = stage->model->nodes[node].name;
		try.owner = owner_of_replica(it, event->replica);
		tw_vec_push_in(&stage->c->arena, &it->got, try);
	} else if (drain && (event->kind == TW_TAP_DRAINED ||
				    event->kind == TW_TAP_NOT_DRAINED)) {
		drain->got_end = try.at;
		drain->got_drained = event->kind == TW_TAP_DRAINED;
	}
}

static void start_drain(struct eviction *it, const struct drain *drain)
{
	static const struct tw_drain_options options = {.grace = TW_POD_GRACE,
		.timeout = 90 * TW_S,
		.force = true,
		.ignore_daemonsets = true,
		.delete_local = true};
	const struct tw_model *model = it->stage.model;
	bool *nodes =
		tw_new_array(&it->stage.c->arena, model->n_nodes + 1, bool);

	for (uint32_t n = 0; n < model->n_nodes; n++)
		nodes[n] = !strcmp(model->nodes[n].name, drain->node);
	tw_drain_start(it->stage.world, nodes, &options);
	stage_settle(&it->stage);
}

/* How many of an owner's pods on the node went in the end, or in the first
 * round. */
static size_t gone(const struct tries *all, const char *node, const char *owner,
	double from, double to)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !strcmp(all->v[i].node, node) &&
		     !strcmp(all->v[i].owner, owner) && !all->v[i].refused &&
		     all->v[i].at >= from - 0.01 && all->v[i].at < to;
	return n;
}

/* Seconds between tries of one pod; < 0: none was tried twice. */
static double period_of(const struct tries *all, const char *node, bool wanted)
{
	double longest = -1;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = i + 1; k < all->n; k++) {
			const struct try *a = &all->v[i], *b = &all->v[k];

			if (strcmp(a->node, node) || strcmp(b->node, node) ||
				!a->refused ||
				(wanted ? strcmp(a->pod, b->pod) != 0
					: a->replica != b->replica))
				continue;
			if (b->at - a->at > longest)
				longest = b->at - a->at;
			break;
		}
	return longest;
}

static void compare_drain(struct eviction *it, const struct drain *drain)
{
	struct conformance *c = it->stage.c;
	double end = drain->end < 0 ? 1e9 : drain->end + 6;
	double want = period_of(&it->want, drain->node, true);
	double got = period_of(&it->got, drain->node, false);
	double rounds;

	for (size_t i = 0; i < it->owners.n; i++) {
		const char *owner = it->owners.v[i].name;
		size_t first = gone(&it->want, drain->node, owner, drain->start,
			drain->start + 2);
		size_t all =
			gone(&it->want, drain->node, owner, drain->start, end);
		size_t ours = gone(&it->got, drain->node, owner, drain->start,
			drain->start + 2);

		if (first != ours)
			conformance_differs(c,
				"drain of %s: %zu pods of %s go at once, not "
				"%zu",
				drain->node, ours, owner, first);
		ours = gone(&it->got, drain->node, owner, drain->start, end);
		if (all != ours)
			conformance_differs(c,
				"drain of %s: %zu pods of %s go, not %zu",
				drain->node, ours, owner, all);
	}
	if ((want < 0) != (got < 0) || fabs(want - got) > 0.2)
		conformance_differs(c,
			"drain of %s: tries are %.2f s apart, not %.2f s",
			drain->node, got, want);
	if (drain->end < 0)
		return;
	if (drain->drained != drain->got_drained)
		conformance_differs(c, "drain of %s: %s", drain->node,
			drain->got_drained ? "ends, and did not"
					   : "does not end, and did");
	rounds = round((drain->end - drain->got_end) / 5);
	if (fabs(rounds) > 1 ||
		fabs(drain->end - drain->got_end - 5 * rounds) > 1.3)
		conformance_differs(c, "drain of %s: takes %.1f s, not %.1f s",
			drain->node, drain->got_end - drain->start,
			drain->end - drain->start);
}

/* ---- the whole ------------------------------------------------------ */

static void act(struct eviction *it, const struct tw_yaml *entry)
{
	const char *name = conformance_get_text(entry, "name", "");
	const struct tw_yaml *view = tw_yaml_get(entry, "view");

	if (!strcmp(name, "evict"))
		evict(it, view);
	else if (!strcmp(name, "unready"))
		unready(it, view);
	else if (!strcmp(name, "patch-pdb"))
		patch(it, view);
}

static double play(struct eviction *it, const struct tw_yaml *timeline)
{
	size_t drains = 0;
	double t = 0;

	for (size_t i = 0; i < tw_yaml_count(timeline); i++) {
		const struct tw_yaml *entry = tw_yaml_item(timeline, i);

		if (conformance_get_real(entry, "t", 0) > t)
			t = conformance_get_real(entry, "t", 0);
		for (; drains < it->drains.n && it->drains.v[drains].start <= t;
			drains++) {
			stage_advance(&it->stage, it->drains.v[drains].start);
			start_drain(it, &it->drains.v[drains]);
		}
		stage_advance(&it->stage, t);
		if (!strcmp(conformance_get_text(entry, "kind", ""), "action"))
			act(it, entry);
	}
	/* A drain may take another round. */
	stage_advance(&it->stage, t + (it->drains.n ? 7 : 2));
	return t + 2;
}

static void compare(struct eviction *it)
{
	struct conformance *c = it->stage.c;
	const struct tw_yaml *timeline = tw_yaml_get(c->want, "timeline");
	const struct tw_yaml *lines = tw_yaml_get(c->want, "kubectl");

	own_budgets(it);
	find_pods(it, timeline);
	find_budgets(it, timeline);
	for (size_t i = 0; i < tw_yaml_count(lines); i++)
		read_line(it, tw_yaml_item(lines, i));
	it->stage.told = told;
	it->stage.changed = see_budgets;
	stage_begin(&it->stage);
	compare_budgets(it, play(it, timeline));
	for (size_t i = 0; i < it->drains.n; i++)
		compare_drain(it, &it->drains.v[i]);
}

static void eviction(struct conformance *c)
{
	struct eviction it = {.stage = {.c = c}};

	it.stage.context = &it;
	system_init(&it.stage.system, c);
	system_add(&it.stage.system, tw_yaml_get(c->in, "nodes"));
	system_add(&it.stage.system, tw_yaml_get(c->in, "manifests"));
	system_read(&it.stage.system, "version: 1\nkubernetes: \"1.26\"\n");
	stage_open(&it.stage, tw_yaml_get(c->in, "manifests"));
	if (it.stage.model)
		compare(&it);
	stage_close(&it.stage);
}

const struct conformance_adapter conformance_eviction[] = {
	{"recorded", "eviction", eviction},
	{NULL, NULL, NULL},
};
