/*
 * Recorded rollouts: the manifest and its script of new templates, sizes,
 * pauses and lost pods, played to the run's own controllers, with the
 * recording's script for a kubelet (stage.h).
 *
 * Of a Deployment are compared: the most active pods, the fewest ready and
 * available ones; each ReplicaSet's numbers where they held for 1.5 s, and when
 * that began; when the status was complete; when progress was given up. Of a
 * StatefulSet: what happened to each pod, and when. The recorded control plane
 * is late where it has much to write (20 requests a second): by up to 0.5 s, or
 * 3 s with 7 replicas or more. It is never early.
 */
#include "tests/conformance/rollout.h"

#include "twins/cluster/rollouts.h"

#include <stdlib.h>

static struct tw_managed *managed_of(const struct play *it)
{
	return tw_managed_of(it->stage.world, 0);
}

/* ---- templates ------------------------------------------------------ */

static const char *image_of(const struct tw_yaml *template)
{
	return conformance_get_text(
		tw_yaml_item(
			tw_yaml_path(template, "spec", "containers", NULL), 0),
		"image", "");
}

static struct pod_template *template_like(
	struct play *it, const struct tw_yaml *template)
{
	struct tw_buf text = {0};
	struct pod_template *found = NULL;

	system_write(template, &text);
	for (size_t i = 0; i < it->n_templates && !found; i++)
		if (!strcmp(it->templates[i].text, tw_buf_text(&text)))
			found = &it->templates[i];
	if (!found && it->n_templates < MOST_TEMPLATES) {
		found = &it->templates[it->n_templates++];
		*found = (struct pod_template){
			.text = tw_arena_strdup(
				&it->stage.c->arena, tw_buf_text(&text)),
			.image = image_of(template),
			.revision = TW_NONE};
	}
	tw_buf_release(&text);
	return found;
}

static struct pod_template *template_of(struct play *it, uint32_t revision)
{
	for (size_t i = 0; i < it->n_templates; i++)
		if (it->templates[i].revision == revision)
			return &it->templates[i];
	return &it->templates[0];
}

static uint32_t number_of(const struct tw_managed *it, uint32_t revision)
{
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (it->model->revisions[i] == revision)
			return it->numbers[i];
	return 0;
}

/* kubectl refuses a restart and an undo of what is paused; a manifest that is
 * applied it does not. */
static void set_template(struct play *it, const struct tw_yaml *template)
{
	struct tw_managed *managed = managed_of(it);
	struct pod_template *to = template_like(it, template);
	bool paused = managed->paused;

	if (!to || to->revision == managed->now)
		return;
	managed->paused = false;
	if (to->revision == TW_NONE) {
		tw_rollout_restart(it->stage.world, 0);
		to->revision = managed->now;
		it->stage.kubelets[to->revision] =
			stage_kubelet_of(tw_yaml_path(
				template, "metadata", "annotations", NULL));
	} else {
		tw_rollout_undo(
			it->stage.world, 0, number_of(managed, to->revision));
	}
	managed->paused = paused;
}

/* ---- the script ----------------------------------------------------- */

static tw_time seconds_of(const struct tw_yaml *spec, const char *key)
{
	return (tw_time)(conformance_get_real(spec, key, 0) * TW_S);
}

static void patch_strategy(struct play *it, const struct tw_yaml *strategy)
{
	const struct tw_yaml *rolling = tw_yaml_get(strategy, "rollingUpdate");

	it->rules.recreate =
		!strcmp(conformance_get_text(strategy, "type", ""), "Recreate");
	it->rules.surge =
		conformance_get_text(rolling, "maxSurge", it->rules.surge);
	it->rules.unavailable = conformance_get_text(
		rolling, "maxUnavailable", it->rules.unavailable);
	it->rules.partition = (uint32_t)conformance_get_int(
		rolling, "partition", it->rules.partition);
}

static void patch_field(
	struct play *it, const char *key, const struct tw_yaml *spec)
{
	bool paused = false;

	if (!strcmp(key, "paused")) {
		tw_yaml_bool(tw_yaml_get(spec, key), &paused);
		tw_rollout_pause(it->stage.world, 0, paused);
	} else if (!strcmp(key, "replicas")) {
		tw_workload_scale(it->stage.world, 0,
			(uint32_t)conformance_get_int(spec, key, 1));
	} else if (!strcmp(key, "strategy") || !strcmp(key, "updateStrategy")) {
		patch_strategy(it, tw_yaml_get(spec, key));
	} else if (!strcmp(key, "minReadySeconds")) {
		it->rules.min_ready = seconds_of(spec, key);
	} else if (!strcmp(key, "progressDeadlineSeconds")) {
		it->rules.progress_deadline = seconds_of(spec, key);
	} else if (!strcmp(key, "template")) {
		set_template(it, tw_yaml_get(spec, key));
	} else {
		it->stage.c->skipped = tw_arena_printf(&it->stage.c->arena,
			"a patch of %s has no counterpart in the run", key);
	}
}

/* Did the pod of this line turn so at the time of the action? */
static bool turned(
	const struct tw_yaml *entry, double t, const char *key, bool is)
{
	const struct tw_yaml *view = tw_yaml_get(entry, "view");
	double at = conformance_get_real(entry, "t", 0);

	return at >= t - 0.05 && at <= t + 0.15 &&
	       !strcmp(conformance_get_text(entry, "kind", ""), "pod") &&
	       !strcmp(conformance_get_text(view, "phase", ""), "Running") &&
	       conformance_get_bool(view, "deleting", false) ==
		       !strcmp(key, "deleting") &&
	       conformance_get_bool(view, key, !is) == is;
}

/* The twin's pod that stands for a recorded one: of the same ordinal, or a
 * ready one of the same image. */
static uint32_t stand_in(struct play *it, const struct tw_yaml *entry)
{
	const struct tw_model *model = it->stage.model;
	const char *name = conformance_get_text(entry, "name", "");
	const char *image =
		conformance_get_text(tw_yaml_get(entry, "view"), "image", NULL);
	const char *dash = strrchr(name, '-');

	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_pod *pod = tw_pod_of(it->stage.world, r);
		const struct tw_replica *replica = &model->replicas[r];

		if (pod->state != TW_POD_RUNNING || !pod->ready)
			continue;
		if (it->is_set ? dash && (uint32_t)strtoul(dash + 1, NULL,
						 10) == replica->ordinal
			       : !image || !strcmp(template_of(it,
							   replica->revision)
							   ->image,
						   image))
			return r;
	}
	return TW_NONE;
}

/* A line may be followed by another one of the same pod. */
static bool is_repeated(const struct tw_yaml *timeline, size_t i, double t,
	const char *key, bool is)
{
	const char *name =
		conformance_get_text(tw_yaml_item(timeline, i), "name", "");

	while (i--)
		if (turned(tw_yaml_item(timeline, i), t, key, is) &&
			!strcmp(name,
				conformance_get_text(
					tw_yaml_item(timeline, i), "name", "")))
			return true;
	return false;
}

/* Those that were lost in the recording are. */
static void lose_pods(struct play *it, double t, bool deleted)
{
	const struct tw_yaml *timeline =
		tw_yaml_get(it->stage.c->want, "timeline");
	const char *key = deleted ? "deleting" : "ready";

	for (size_t i = 0; i < tw_yaml_count(timeline); i++) {
		const struct tw_yaml *entry = tw_yaml_item(timeline, i);
		uint32_t r;

		if (!turned(entry, t, key, deleted) ||
			is_repeated(timeline, i, t, key, deleted))
			continue;
		r = stand_in(it, entry);
		if (r == TW_NONE)
			continue;
		if (deleted)
			tw_pod_delete(it->stage.world, r, TW_POD_GRACE);
		else
			stage_set_ready(&it->stage, r, false);
	}
}

static void act(struct play *it, const struct tw_yaml *action)
{
	const char *what = conformance_get_text(action, "action", "");
	const struct tw_yaml *arg =
		tw_yaml_item(tw_yaml_get(action, "args"), 0);
	double t = conformance_get_real(action, "t", 0);
	int64_t n = 0;

	if (!strcmp(what, "template")) {
		set_template(it, arg);
	} else if (!strcmp(what, "scale")) {
		tw_yaml_int(arg, &n);
		tw_workload_scale(it->stage.world, 0, (uint32_t)n);
	} else if (!strcmp(what, "patch")) {
		for (size_t i = 0;
			tw_yaml_is(arg, TW_YAML_MAPPING) && i < arg->pairs.n;
			i++)
			patch_field(it, tw_yaml_text(arg->pairs.v[i].key), arg);
	} else if (!strcmp(what, "unready")) {
		lose_pods(it, t, false);
	} else if (!strcmp(what, "delete-pod")) {
		lose_pods(it, t, true);
	}
	stage_settle(&it->stage);
}

/* ---- what is seen --------------------------------------------------- */

static void count(struct play *it, struct view *to, int64_t *stopping)
{
	const struct tw_managed *managed = managed_of(it);
	int64_t total[3] = {0};

	*to = (struct view){.from = stage_now(&it->stage)};
	*stopping = 0;
	for (uint32_t i = 0; i < managed->model->n_revisions; i++) {
		uint32_t r = managed->model->revisions[i];
		const struct tw_pod_counts *pods =
			tw_pods_counts(it->stage.world, r);
		const int64_t v[3] = {
			tw_pods_active(pods), pods->ready, pods->available};
		size_t place = (size_t)(template_of(it, r) - it->templates);

		*stopping += pods->stopping;
		for (size_t k = 0; k < 3; k++) {
			total[k] += v[k];
			to->sets.v[place][k] += v[k];
		}
		if (r == managed->now)
			to->complete = v[0] == managed->wanted &&
				       v[2] == managed->wanted;
	}
	to->complete &= total[0] == managed->wanted;
	if (total[0] > it->most)
		it->most = total[0];
	if (total[0] + *stopping > it->most_with_stopping)
		it->most_with_stopping = total[0] + *stopping;
	if (total[1] < it->fewest_ready)
		it->fewest_ready = total[1];
	if (total[2] < it->fewest_available)
		it->fewest_available = total[2];
}

static void see(struct stage *stage)
{
	struct play *it = stage->context;
	struct view now, *last;
	int64_t stopping;

	if (!it->begun)
		return;
	count(it, &now, &stopping);
	last = it->views.n ? &it->views.v[it->views.n - 1] : NULL;
	if (last && !memcmp(&last->sets, &now.sets, sizeof now.sets) &&
		last->complete == now.complete)
		return;
	if (last && last->from >= now.from)
		*last = now;
	else
		tw_vec_push_in(&stage->c->arena, &it->views, now);
}

/* A StatefulSet's pods have the same names in all of its revisions. */
static void happens(
	struct play *it, const struct tw_tap_event *event, const char *what)
{
	const struct tw_replica *replica =
		&it->stage.model->replicas[event->replica];

	tw_vec_push_in(&it->stage.c->arena, &it->got,
		((struct happening){.at = stage_time(event->at),
			.pod = tw_arena_printf(&it->stage.c->arena, "%s-%u",
				conformance_get_text(
					tw_yaml_get(it->manifest, "metadata"),
					"name", ""),
				replica->ordinal),
			.what = what,
			.image = template_of(it, replica->revision)->image}));
}

static void told(struct stage *stage, const struct tw_tap_event *event)
{
	struct play *it = stage->context;

	if (event->kind == TW_TAP_DEADLINE && it->exceeded < 0)
		it->exceeded = stage_time(event->at);
	else if (!it->is_set)
		return;
	else if (event->kind == TW_TAP_CREATED)
		happens(it, event, "created");
	else if (event->kind == TW_TAP_POD_READY)
		happens(it, event, "ready");
	else if (event->kind == TW_TAP_STOPPING)
		happens(it, event, "deletion");
	else if (event->kind == TW_TAP_TERMINATED)
		happens(it, event, "gone");
}

/* ---- the system ----------------------------------------------------- */

/* Nodes with room for all, as the recording's were. */
static void add_nodes(struct play *it)
{
	const struct tw_yaml *selector = tw_yaml_path(
		it->manifest, "spec", "template", "spec", "nodeSelector", NULL);

	for (int i = 1; i <= 4; i++) {
		tw_buf_printf(&it->stage.system.text,
			"---\napiVersion: v1\nkind: Node\nmetadata:\n  name: "
			"n%d\n  labels: {kubernetes.io/hostname: n%d",
			i, i);
		for (size_t k = 0; tw_yaml_is(selector, TW_YAML_MAPPING) &&
				   k < selector->pairs.n;
			k++)
			tw_buf_printf(&it->stage.system.text, ", %s: \"%s\"",
				tw_yaml_text(selector->pairs.v[k].key),
				tw_yaml_text(selector->pairs.v[k].value));
		tw_buf_add_text(&it->stage.system.text,
			"}\nstatus:\n  allocatable: {cpu: \"64\", memory: "
			"256Gi, pods: \"500\"}\n");
	}
}

static int64_t most_replicas(const struct play *it)
{
	const struct tw_yaml *script = tw_yaml_get(it->stage.c->in, "script");
	int64_t most = conformance_get_int(
		tw_yaml_get(it->manifest, "spec"), "replicas", 1);

	for (size_t i = 0; i < tw_yaml_count(script); i++) {
		const struct tw_yaml *arg = tw_yaml_item(
			tw_yaml_get(tw_yaml_item(script, i), "args"), 0);
		int64_t n = conformance_get_int(arg, "replicas", 0);

		if (tw_yaml_is(arg, TW_YAML_SCALAR))
			tw_yaml_int(arg, &n);
		if (n > most && n < 1000)
			most = n;
	}
	return most;
}

/* A StatefulSet's recording begins with its creation. */
static void begin(struct play *it, bool is_set, int64_t replicas)
{
	it->templates[0].revision = it->stage.model->workloads[0].revision;
	it->rules = it->stage.model->workloads[0];
	it->stage.model->workloads = &it->rules;
	it->stage.told = told;
	it->is_set = is_set;
	stage_begin(&it->stage);
	if (is_set) {
		tw_workload_scale(it->stage.world, 0, 0);
		for (uint32_t r = 0; r < it->stage.model->n_replicas; r++)
			tw_pod_remove(it->stage.world, r);
		stage_settle(&it->stage);
		it->got.n = 0;
	}
	stage_advance(&it->stage, 0);
	it->begun = true;
	if (is_set) {
		tw_workload_scale(it->stage.world, 0, (uint32_t)replicas);
		stage_settle(&it->stage);
	}
}

static double end_of(const struct play *it)
{
	static const char *const lists[] = {"timeline", "series"};
	double end = 0;

	for (size_t i = 0; i < 2; i++) {
		const struct tw_yaml *list =
			tw_yaml_get(it->stage.c->want, lists[i]);
		const struct tw_yaml *last =
			tw_yaml_item(list, tw_yaml_count(list) - 1);

		if (tw_yaml_count(list) &&
			conformance_get_real(last, "t", 0) > end)
			end = conformance_get_real(last, "t", 0);
	}
	return end + 1;
}

static void play(struct play *it, bool is_set)
{
	const struct tw_yaml *script = tw_yaml_get(it->stage.c->in, "script");
	int64_t replicas = conformance_get_int(
		tw_yaml_get(it->manifest, "spec"), "replicas", 1);

	it->late = most_replicas(it) >= 7 ? 3 : 0.5;
	begin(it, is_set, replicas);
	for (size_t i = 0; i < tw_yaml_count(script); i++) {
		const struct tw_yaml *action = tw_yaml_item(script, i);

		stage_advance(&it->stage, conformance_get_real(action, "t", 0));
		act(it, action);
	}
	stage_advance(&it->stage, end_of(it));
	if (is_set)
		rollout_compare_statefulset(it);
	else
		rollout_compare_deployment(it);
}

static void rollout(struct conformance *c)
{
	struct play it = {.stage = {.c = c},
		.manifest = tw_yaml_get(c->in, "manifest"),
		.exceeded = -1,
		.fewest_ready = INT64_MAX,
		.fewest_available = INT64_MAX};
	bool is_set = !strcmp(
		conformance_get_text(it.manifest, "kind", ""), "StatefulSet");

	it.stage.context = &it;
	it.stage.changed = see;
	system_init(&it.stage.system, c);
	add_nodes(&it);
	system_add(&it.stage.system, it.manifest);
	system_read(&it.stage.system, "version: 1\nkubernetes: \"1.26\"\n");
	tw_spec_may_grow_named(
		it.stage.system.spec, "*", 2 * most_replicas(&it));
	tw_spec_may_restart(it.stage.system.spec, "*", MOST_TEMPLATES);
	template_like(&it, tw_yaml_path(it.manifest, "spec", "template", NULL));
	stage_open(&it.stage, tw_yaml_get(c->in, "manifests"));
	if (it.stage.model) {
		it.stage.kubelets[it.stage.model->workloads[0].revision] =
			stage_kubelet_of(system_annotations(it.manifest));
		play(&it, is_set);
	}
	stage_close(&it.stage);
}

const struct conformance_adapter conformance_rollout[] = {
	{"recorded", "rollout", rollout},
	{NULL, NULL, NULL},
};
