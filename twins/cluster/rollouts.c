#include "twins/cluster/rollouts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what is said --------------------------------------------------- */

void tw_workload_say(struct tw_world *world, const struct tw_managed *it,
	bool warning, const char *reason, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tw_world_tap(world, .kind = TW_TAP_SCALER, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.object_kind = it->model->kind, .object = it->model->name,
		.warning = warning, .reason = reason, .cause = text);
}

static const char *bare(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* "deployment.apps/cart": how kubectl calls it. */
static const char *object_of(const struct tw_managed *it, char to[static 128])
{
	char kind[32];

	snprintf(kind, sizeof kind, "%s", it->model->kind);
	for (char *c = kind; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	snprintf(to, 128, "%s.apps/%s", kind, bare(it->model->name));
	return to;
}

static bool is_deployment(const struct tw_managed *it)
{
	return !strcmp(it->model->kind, "Deployment");
}

/* Kinds with a pod template that is rolled out. */
static bool can_roll(const struct tw_managed *it)
{
	return it->controller &&
	       (is_deployment(it) || !strcmp(it->model->kind, "StatefulSet") ||
		       !strcmp(it->model->kind, "DaemonSet"));
}

/* ---- history -------------------------------------------------------- */

static uint32_t *number_of(const struct tw_managed *it, uint32_t revision)
{
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (it->model->revisions[i] == revision)
			return &it->numbers[i];
	return NULL;
}

/* The highest number below `than`; 0: none. */
static uint32_t number_below(const struct tw_managed *it, uint32_t than)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (it->numbers[i] < than && it->numbers[i] > most)
			most = it->numbers[i];
	return most;
}

void tw_workload_number(struct tw_managed *it)
{
	uint32_t *own = number_of(it, it->now), last = 0;

	if (!own)
		return;
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (&it->numbers[i] != own && it->numbers[i] > last)
			last = it->numbers[i];
	if (*own <= last)
		*own = last + 1;
}

/* ---- the template --------------------------------------------------- */

static void change(struct tw_world *world, uint32_t workload, uint32_t to)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	it->rollout = TW_ROLLOUT_UNDER_WAY;
	if (to != it->now) {
		it->before = it->now;
		it->now = to;
		/* A Deployment's has none before there is a ReplicaSet. */
		if (!is_deployment(it))
			tw_workload_number(it);
	}
	if (it->controller && it->controller->changed)
		it->controller->changed(world, workload);
	tw_workload_touch(world, workload);
}

void tw_rollout_apply(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	it->paused = it->model->paused;
	it->applied = true;
	change(world, workload, it->model->revision);
}

/* A restart of the revision's template that was not made yet. */
static uint32_t restart_of(
	const struct tw_world *world, const struct tw_managed *it)
{
	const struct tw_revision *all = world->model->revisions;
	uint32_t from =
		all[it->now].copies == TW_NONE ? it->now : all[it->now].copies;

	for (uint32_t i = 0; i < it->model->n_revisions; i++) {
		uint32_t r = it->model->revisions[i];

		if (all[r].copies == from && !it->numbers[i] && r != it->now)
			return r;
	}
	return TW_NONE;
}

void tw_rollout_restart(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	char object[128];
	uint32_t to = restart_of(world, it);

	object_of(it, object);
	if (it->paused) {
		tw_workload_say(world, it, true, "RolloutRestart",
			"can't restart paused deployment (run rollout resume "
			"first)");
		return;
	}
	if (!can_roll(it) || to == TW_NONE)
		return; /* told before the run */
	tw_workload_say(
		world, it, false, "RolloutRestart", "%s restarted", object);
	change(world, workload, to);
}

static void undo_to(struct tw_world *world, uint32_t workload, uint32_t number)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	char object[128];

	object_of(it, object);
	for (uint32_t i = 0; i < it->model->n_revisions; i++) {
		if (it->numbers[i] != number)
			continue;
		if (it->model->revisions[i] == it->now) {
			tw_workload_say(world, it, true, "RolloutUndo",
				"%s skipped rollback (current template already "
				"matches revision %u)",
				object, number);
			return;
		}
		tw_workload_say(world, it, false, "RolloutUndo",
			"%s rolled back to revision %u", object, number);
		change(world, workload, it->model->revisions[i]);
		return;
	}
	tw_workload_say(world, it, true, "RolloutUndo",
		"unable to find specified revision %u in history", number);
}

void tw_rollout_undo(struct tw_world *world, uint32_t workload, uint32_t to)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	uint32_t latest = number_below(it, UINT32_MAX);
	uint32_t before = number_below(it, latest);

	if (!can_roll(it))
		return; /* told before the run */
	if (it->paused)
		tw_workload_say(world, it, true, "RolloutUndo",
			"you cannot rollback a paused deployment; resume it "
			"first with 'kubectl rollout resume' and try again");
	else if (!to && !before)
		tw_workload_say(world, it, true, "RolloutUndo",
			"no rollout history found for %s \"%s\"",
			is_deployment(it) ? "deployment" : it->model->kind,
			bare(it->model->name));
	else
		undo_to(world, workload, to ? to : before);
}

/* ---- pause ---------------------------------------------------------- */

void tw_rollout_pause(struct tw_world *world, uint32_t workload, bool paused)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	char object[128];

	if (!is_deployment(it))
		return; /* told before the run */
	object_of(it, object);
	if (it->paused == paused) {
		tw_workload_say(world, it, true,
			paused ? "RolloutPause" : "RolloutResume",
			paused ? "%s is already paused" : "%s is not paused",
			object);
		return;
	}
	it->paused = paused;
	tw_workload_say(world, it, false,
		paused ? "RolloutPause" : "RolloutResume",
		paused ? "%s paused" : "%s resumed", object);
	if (it->controller->changed)
		it->controller->changed(world, workload);
	tw_workload_touch(world, workload);
}
