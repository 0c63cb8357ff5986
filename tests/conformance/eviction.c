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
#include "tests/conformance/eviction.h"

#include "twins/cluster/budget.h"

/* ---- who is who ----------------------------------------------------- */

struct owner *owner_named(struct eviction *it, const char *name)
{
	for (size_t i = 0; i < it->owners.n; i++)
		if (!strcmp(it->owners.v[i].name, name))
			return &it->owners.v[i];
	tw_vec_push_in(&it->stage.c->arena, &it->owners,
		((struct owner){.name = name,
			.revision = system_revision(it->stage.model, name)}));
	return &it->owners.v[it->owners.n - 1];
}

const char *owner_of_replica(const struct eviction *it, uint32_t replica)
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

const char *first_owner(const struct eviction *it, const char *pod)
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
		budgets_patch(it, view);
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
			drain_start(it, &it->drains.v[drains]);
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

	budgets_own(it);
	find_pods(it, timeline);
	budgets_find(it, timeline);
	for (size_t i = 0; i < tw_yaml_count(lines); i++)
		drain_read_line(it, tw_yaml_item(lines, i));
	it->stage.told = drain_told;
	it->stage.changed = budgets_see;
	stage_begin(&it->stage);
	budgets_compare(it, play(it, timeline));
	for (size_t i = 0; i < it->drains.n; i++)
		drain_compare(it, &it->drains.v[i]);
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
