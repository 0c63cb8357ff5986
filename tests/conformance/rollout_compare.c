/*
 * A recorded rollout beside the twin's: invariants, plateaus, times, and what
 * happened to each pod of a StatefulSet (rollout.c says how closely).
 */
#include "tests/conformance/rollout.h"

#include <math.h>
#include <stdlib.h>

#define EARLY 0.1
#define LONG  1.5 /* a plateau that recurs in the repeats */

/* ---- comparison: Deployments ---------------------------------------- */

static void on_time(struct play *it, const char *what, double want, double got)
{
	if (want - got < -EARLY || want - got > it->late)
		conformance_differs(it->stage.c,
			"%s: at %.2f s, recorded at %.2f s", what, got, want);
}

/* [spec, replicas, ready, available] of each image. A set's size and its pods
 * differ for an instant only. */
static struct numbers recorded(struct play *it, const struct tw_yaml *plateau)
{
	const struct tw_yaml *sets = tw_yaml_get(plateau, "rs");
	struct numbers to = {0};

	for (size_t i = 0; i < it->n_templates; i++) {
		const struct tw_yaml *row =
			tw_yaml_get(sets, it->templates[i].image);

		for (size_t k = 0; k < 3; k++)
			if (tw_yaml_count(row) == 4)
				tw_yaml_int(
					tw_yaml_item(row, k + 1), &to.v[i][k]);
	}
	return to;
}

static const char *told_of(struct play *it, const struct numbers *sets)
{
	struct tw_buf text = {0};
	const char *kept;

	for (size_t i = 0; i < it->n_templates; i++)
		tw_buf_printf(&text, "%s%s %lld/%lld/%lld", i ? ", " : "",
			it->templates[i].image, (long long)sets->v[i][0],
			(long long)sets->v[i][1], (long long)sets->v[i][2]);
	kept = tw_arena_strdup(&it->stage.c->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

static void compare_plateau(
	struct play *it, const struct numbers *want, double from, size_t *at)
{
	for (size_t i = *at; i < it->views.n; i++) {
		const struct view *view = &it->views.v[i];

		if (memcmp(&view->sets, want, sizeof *want))
			continue;
		/* It may have been so before. */
		if (from - view->from > it->late && i + 1 < it->views.n &&
			from - it->views.v[i + 1].from >= -EARLY)
			continue;
		on_time(it, told_of(it, want), from, view->from);
		*at = i;
		return;
	}
	conformance_differs(it->stage.c,
		"%s: recorded from %.2f s on, and never so", told_of(it, want),
		from);
}

/* When the sets were so first, whatever pods stopped meanwhile: in the series
 * that has the plateau, back to the last time at which they were not. */
static double began(struct play *it, const struct numbers *sets, double from)
{
	const struct tw_yaml *all = tw_yaml_get(it->stage.c->want, "series");
	double began = from;

	for (size_t i = tw_yaml_count(all); i--;) {
		const struct tw_yaml *entry = tw_yaml_item(all, i);
		double t = conformance_get_real(entry, "t", 0);
		struct numbers now = recorded(it, entry);

		if (t > from)
			continue;
		if (memcmp(&now, sets, sizeof now))
			break;
		began = t;
	}
	return began;
}

/* Plateaus that differ in pods that stop alone are one. */
static void compare_plateaus(struct play *it)
{
	const struct tw_yaml *all = tw_yaml_path(
		it->stage.c->file, "derived", "plateaus_ge_1s", NULL);
	size_t at = 0;

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *entry = tw_yaml_item(all, i);
		struct numbers want = recorded(it, entry);
		double from = conformance_get_real(entry, "from", 0);

		if (conformance_get_real(entry, "to", 1e9) - from >= LONG)
			compare_plateau(it, &want, began(it, &want, from), &at);
	}
}

static void compare_complete(struct play *it)
{
	const struct tw_yaml *derived =
		tw_yaml_get(it->stage.c->file, "derived");
	double want = conformance_get_real(derived, "status_complete_at", -1);
	size_t i = it->views.n;

	if (want < 0)
		return;
	while (i && it->views.v[i - 1].complete)
		i--;
	if (i == it->views.n)
		conformance_differs(
			it->stage.c, "the status is never complete");
	else
		on_time(it, "complete", want, it->views.v[i].from);
}

static void compare_deadline(struct play *it)
{
	const struct tw_yaml *all = tw_yaml_path(
		it->stage.c->file, "derived", "progressing_condition", NULL);
	double want = -1;

	for (size_t i = 0; i < tw_yaml_count(all) && want < 0; i++) {
		const struct tw_yaml *entry = tw_yaml_item(all, i);
		const char *text = tw_yaml_text(tw_yaml_item(entry, 1));

		if (text && strstr(text, "ProgressDeadlineExceeded"))
			tw_yaml_real(tw_yaml_item(entry, 0), &want);
	}
	/* Times of conditions are whole seconds. */
	if ((want < 0) != (it->exceeded < 0) ||
		(want >= 0 && fabs(want - it->exceeded) > 1.1))
		conformance_differs(it->stage.c,
			"ProgressDeadlineExceeded at %.2f s, recorded at %.2f "
			"s",
			it->exceeded, want);
}

void rollout_compare_deployment(struct play *it)
{
	struct conformance *c = it->stage.c;
	const struct tw_yaml *derived = tw_yaml_get(c->file, "derived");
	int64_t most =
		conformance_get_int(derived, "max_active_plus_terminating", -1);

	conformance_int(c, "most active pods",
		tw_yaml_get(derived, "max_active_pods"), it->most);
	conformance_int(c, "fewest ready pods",
		tw_yaml_get(derived, "min_ready_pods"), it->fewest_ready);
	conformance_int(c, "fewest available pods",
		tw_yaml_get(derived, "min_available_sum"),
		it->fewest_available);
	if (most >= 0 && llabs(most - it->most_with_stopping) > 1)
		conformance_differs(c,
			"most pods, those that stop too: wanted %lld, got %lld",
			(long long)most, (long long)it->most_with_stopping);
	compare_plateaus(it);
	compare_complete(it);
	compare_deadline(it);
}

/* ---- comparison: StatefulSets --------------------------------------- */

static const struct happening *next_of(
	const struct happenings *all, size_t *at, const char *pod)
{
	while (*at < all->n)
		if (!strcmp(all->v[(*at)++].pod, pod))
			return &all->v[*at - 1];
	return NULL;
}

static struct happenings recorded_sequence(struct play *it)
{
	const struct tw_yaml *all = tw_yaml_path(
		it->stage.c->file, "derived", "pod_sequence", NULL);
	struct happenings to = {0};

	for (size_t i = 0; i < tw_yaml_count(all); i++) {
		const struct tw_yaml *entry = tw_yaml_item(all, i);
		struct happening now = {
			.pod = tw_yaml_text(tw_yaml_item(entry, 1)),
			.what = tw_yaml_text(tw_yaml_item(entry, 2)),
			.image = tw_yaml_text(tw_yaml_item(entry, 3))};

		tw_yaml_real(tw_yaml_item(entry, 0), &now.at);
		tw_vec_push_in(&it->stage.c->arena, &to, now);
	}
	return to;
}

static void compare_pod(
	struct play *it, const struct happenings *want, const char *pod)
{
	struct conformance *c = it->stage.c;
	size_t a = 0, b = 0;

	for (;;) {
		const struct happening *x = next_of(want, &a, pod);
		const struct happening *y = next_of(&it->got, &b, pod);

		if (!x && !y)
			return;
		if (!x || !y || strcmp(x->what, y->what) ||
			(x->image && strcmp(x->image, y->image))) {
			conformance_differs(c,
				"%s: %s %s at %.2f s, recorded: %s %s at %.2f "
				"s",
				pod, y ? y->what : "nothing", y ? y->image : "",
				y ? y->at : 0, x ? x->what : "nothing",
				x && x->image ? x->image : "", x ? x->at : 0);
			return;
		}
		on_time(it, tw_arena_printf(&c->arena, "%s %s", pod, x->what),
			x->at, y->at);
	}
}

void rollout_compare_statefulset(struct play *it)
{
	struct happenings want = recorded_sequence(it);

	for (size_t i = 0; i < want.n; i++) {
		size_t first = 0;

		while (strcmp(want.v[first].pod, want.v[i].pod))
			first++;
		if (first == i)
			compare_pod(it, &want, want.v[i].pod);
	}
}
