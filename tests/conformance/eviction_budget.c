/* Of recorded evictions: the series of each budget's status. */
#include "tests/conformance/eviction.h"

#include "twins/cluster/budget.h"

#include <math.h>

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

void budgets_see(struct stage *stage)
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

void budgets_find(struct eviction *it, const struct tw_yaml *timeline)
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

void budgets_own(struct eviction *it)
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

void budgets_patch(struct eviction *it, const struct tw_yaml *view)
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
void budgets_compare(struct eviction *it, double end)
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
