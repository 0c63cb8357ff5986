/*
 * Counterfactuals: which few of the candidate's changes have to be undone for
 * a failed scenario to pass. Same traffic, faults, seed and runs; a trial is
 * stored like any other, by what it is made from.
 */
#include "harness/commands/gate/gate.h"
#include "harness/commands/gate/edits.h"

#include "harness/gate/edges.h"
#include "twins/twin.h"

#include <stdio.h>

#define MOST	  16 /* tests of a scenario, where nobody says */
#define SCENARIOS 3  /* of which counterfactuals are looked for */
#define SCREEN	  2 /* runs after which most edits are seen to change nothing */

struct undoing {
	struct tw_gate *gate;
	const struct tw_gate_edits *edits;
	const struct tw_gate_failed *failed;
	struct tw_progress *progress;
};

/* ---- one test ---------------------------------------------------------- */

/* What the system is made from, as the name of its trials. */
static const char *name_of(const struct undoing *u, const bool *undone,
	char to[static TW_DIGEST_TEXT])
{
	const struct tw_gate_store *store = &u->gate->store;
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_part(&digest, "candidate", store->inputs[TW_FLOW_CANDIDATE]);
	tw_digest_part(&digest, "baseline", store->inputs[TW_FLOW_BASELINE]);
	for (size_t i = 0; i < u->edits->list.n; i++)
		if (undone[i])
			tw_digest_part(&digest, "undone",
				u->edits->list.v[i].undo.path);
	return tw_digest_text(&digest, to);
}

/* Runs [from, to) of the candidate's side. 0, or an exit status. */
static int run_some(const struct undoing *u, const struct tw_model *model,
	const struct tw_scenario *scenario, const char *name, size_t from,
	size_t to, struct tw_observation *seen)
{
	size_t n = to - from;
	struct tw_trial *trials = tw_calloc(n + 1, sizeof *trials);
	int status;

	for (size_t i = 0; i < n; i++)
		trials[i] = (struct tw_trial){.model = model,
			.flow = u->failed->flow,
			.side = TW_FLOW_CANDIDATE,
			.scenario = scenario,
			.seed = u->gate->seed,
			.replication = (uint32_t)(from + i)};
	status = tw_gate_trials(u->gate,
		&(struct tw_gate_batch){u->failed->one, u->failed->flow, 1,
			trials, n, seen + from, u->progress, name});
	tw_free(trials);
	return status;
}

static struct tw_runs runs_of(
	struct tw_gate *gate, const struct tw_observation *seen, size_t n)
{
	const struct tw_observation **v = tw_new_array(
		&gate->arena, n + 1, const struct tw_observation *);

	for (size_t i = 0; i < n; i++)
		v[i] = &seen[i];
	return (struct tw_runs){v, n};
}

static const struct tw_group *same_group(const struct tw_scenario_result *in,
	const struct tw_check *check, const struct tw_group *group)
{
	for (size_t c = 0; c < in->checks.n; c++)
		for (size_t i = 0; in->checks.v[c]->check == check &&
				   i < in->checks.v[c]->groups.n;
			i++)
			if (!strcmp(in->checks.v[c]->groups.v[i]->title,
				    group->title))
				return in->checks.v[c]->groups.v[i];
	return NULL;
}

/* Whether what failed passes in `now`, and nothing else fails there. A screen
 * of few runs has wide intervals: there the means are enough. */
static bool is_mended(const struct tw_scenario_result *was,
	const struct tw_scenario_result *now, bool screen)
{
	for (size_t c = 0; c < now->checks.n; c++)
		for (size_t i = 0; !now->checks.v[c]->check->muted &&
				   i < now->checks.v[c]->groups.n;
			i++)
			if (now->checks.v[c]->groups.v[i]->verdict ==
				TW_VERDICT_FAIL)
				return false;
	for (size_t c = 0; c < was->checks.n; c++)
		for (size_t i = 0; !was->checks.v[c]->check->muted &&
				   i < was->checks.v[c]->groups.n;
			i++) {
			const struct tw_group *g =
				was->checks.v[c]->groups.v[i];
			const struct tw_group *other;

			if (g->verdict != TW_VERDICT_FAIL)
				continue;
			other = same_group(now, was->checks.v[c]->check, g);
			if (!other ||
				(screen ? other->excess > 0
					: other->verdict != TW_VERDICT_PASS))
				return false;
		}
	return true;
}

/* Of `n` runs that are there. */
static bool judge(const struct undoing *u, const struct tw_observation *seen,
	size_t n, bool screen)
{
	const struct tw_scenario_result *now = tw_gate_judge(u->gate,
		u->failed->one, runs_of(u->gate, u->failed->seen, n),
		runs_of(u->gate, seen, n));

	return is_mended(u->failed->result, now, screen);
}

static bool run_and_judge(const struct undoing *u, const struct tw_model *model,
	const struct tw_scenario *scenario, const char *name)
{
	size_t runs = u->failed->n, screen = runs > SCREEN ? SCREEN : runs;
	struct tw_observation *seen = tw_calloc(runs, sizeof *seen);
	size_t done = 0;
	bool mended;

	mended = !run_some(u, model, scenario, name, 0, screen, seen);
	done = screen;
	if (mended && screen < runs) {
		mended =
			judge(u, seen, screen, true) &&
			!run_some(u, model, scenario, name, screen, runs, seen);
		done = mended ? runs : screen;
	}
	mended = mended && judge(u, seen, runs, false);
	for (size_t i = 0; i < done; i++)
		tw_observation_release(&seen[i]);
	tw_free(seen);
	return mended;
}

/* In a scenario with a rollout what is left of the change is rolled out. */
static bool test_system(
	const struct undoing *u, struct tw_system *system, const char *name)
{
	const struct tw_config_scenario *config = u->failed->one->config;
	struct tw_gate *gate = u->gate;
	struct tw_gate_names was = gate->rolled;
	struct tw_model *model = system->model, *moving = NULL;
	struct tw_spec *spec = NULL;
	struct tw_scenario scenario;
	struct tw_diags diags;
	bool passes = false;

	if (config && config->rollout.origin) {
		gate->rolled = (struct tw_gate_names){0};
		tw_gate_rolled(gate->baseline.manifests, system->manifests,
			&gate->arena, &gate->rolled);
		moving = tw_gate_transition(gate, system->spec,
			gate->baseline.spec, gate->baseline.model,
			config->rollout.v, &spec);
		gate->rolled = was;
		model = moving;
	}
	tw_diags_init(&diags); /* a fault may have lost what it is about */
	tw_scenario_init(&scenario);
	if (model && !tw_case_compile(u->failed->one, model, &scenario, &diags))
		passes = run_and_judge(u, model, &scenario, name);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(moving);
	tw_spec_free(spec);
	return passes;
}

static bool passes(void *context, const bool *undone)
{
	const struct undoing *u = context;
	struct tw_system system;
	char name[TW_DIGEST_TEXT];
	bool yes = !tw_gate_edits_load(u->gate, u->edits, undone, &system) &&
		   test_system(u, &system, name_of(u, undone, name));

	tw_system_release(&system);
	return yes;
}

/* ---- what is told of it ------------------------------------------------ */

static void place_text(const struct tw_undo *undo, struct tw_buf *out)
{
	if (!undo->pos.file)
		return;
	tw_buf_printf(out, " (%s:%d%s", undo->pos.file, undo->pos.line,
		undo->is_baselines ? " of the baseline" : "");
	if (undo->before && undo->after)
		tw_buf_printf(out, ", now %s", undo->after);
	tw_buf_add_char(out, ')');
}

static void list_found(
	const struct tw_counterfactual *it, bool alone, struct tw_buf *out)
{
	bool first = true;

	for (size_t i = 0; i < it->n; i++) {
		const struct tw_undo *undo = &it->undos[i];

		if (alone ? undo->found || undo->alone != TW_ALONE_YES
			  : !undo->found)
			continue;
		tw_buf_add_text(out, first ? "" : alone ? ", " : " and ");
		/* "without ..." says it already. */
		if ((first || alone) && strncmp(undo->text, "without ", 8))
			tw_buf_add_text(out, "with ");
		tw_buf_add_text(out, undo->text);
		place_text(undo, out);
		first = false;
	}
}

static bool has_others(const struct tw_counterfactual *it)
{
	for (size_t i = 0; i < it->n; i++)
		if (it->undos[i].alone == TW_ALONE_YES && !it->undos[i].found)
			return true;
	return false;
}

static const char *sentence(struct tw_arena *arena,
	const struct tw_counterfactual *it, const char *scenario)
{
	struct tw_buf text = {0};
	const char *kept;

	if (it->baseline_fails) {
		tw_buf_printf(&text,
			"nothing: the baseline does not pass %s either",
			scenario);
	} else if (it->n_found) {
		list_found(it, false, &text);
		tw_buf_printf(&text, " every check of %s passes", scenario);
		if (!it->minimal)
			tw_buf_printf(&text,
				"; less may do, %zu tests were spent",
				it->tests);
		if (has_others(it)) {
			tw_buf_add_text(&text, "; so it does ");
			list_found(it, true, &text);
		}
	} else {
		tw_buf_printf(&text,
			"no set of the %zu changes was found with which it "
			"passes (%zu tests; gate.counterfactuals: %zu)",
			it->n, it->tests, it->most);
	}
	kept = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

static void search(struct undoing *u, size_t most)
{
	struct tw_gate *gate = u->gate;
	struct tw_counterfactual *to =
		tw_new(&gate->arena, struct tw_counterfactual);
	size_t n = u->edits->list.n;
	struct tw_undo *undos =
		tw_new_array(&gate->arena, n + 1, struct tw_undo);
	struct tw_smallest it = {.n = n,
		.most = most,
		.passes = passes,
		.context = u,
		.alone = tw_new_array(&gate->arena, n + 1, enum tw_alone),
		.found = tw_new_array(&gate->arena, n + 1, bool)};

	to->baseline_fails = !judge(u, u->failed->seen, u->failed->n, false);
	if (!to->baseline_fails)
		tw_smallest_find(&it);
	for (size_t i = 0; i < n; i++) {
		undos[i] = u->edits->list.v[i].undo;
		undos[i].alone = it.alone[i];
		undos[i].found = it.found[i];
	}
	to->undos = undos;
	to->n = n;
	to->n_found = it.n_found;
	to->tests = it.tests;
	to->most = most;
	to->minimal = it.minimal;
	to->text = sentence(&gate->arena, to, u->failed->result->name);
	u->failed->result->undone = to;
}

/* ---- the order --------------------------------------------------------- */

static bool names_guilty(
	const struct tw_scenario_result *result, const struct tw_undo *undo)
{
	for (size_t c = 0; c < result->checks.n; c++)
		for (size_t i = 0; i < result->checks.v[c]->groups.n; i++) {
			const struct tw_blame *blame =
				result->checks.v[c]->groups.v[i]->blame;

			if (blame && blame->guilty &&
				(tw_blame_names_service(
					 undo->path, blame->guilty->service) ||
					tw_blame_names_service(undo->path,
						blame->guilty->caller)))
				return true;
		}
	return false;
}

/* What names the guilty edge is tried first: the tests may not be enough for
 * all of them. */
static struct tw_gate_edits ordered(struct tw_gate *gate,
	const struct tw_gate_edits *edits,
	const struct tw_scenario_result *result)
{
	struct tw_gate_edits to = *edits;

	to.list = (struct tw_gate_edit_list){0};
	for (int guilty = 1; guilty >= 0; guilty--)
		for (size_t i = 0; i < edits->list.n; i++) {
			const struct tw_undo *undo = &edits->list.v[i].undo;

			if (names_guilty(result, undo) == guilty)
				tw_vec_push_in(&gate->arena, &to.list,
					edits->list.v[i]);
		}
	return to;
}

/* Holm's correction may have taken its fails away, and it may be somebody
 * else's judge alone who fails it. */
static bool has_failed(const struct tw_scenario_result *result)
{
	for (size_t c = 0; c < result->checks.n; c++)
		for (size_t i = 0; !result->checks.v[c]->check->muted &&
				   i < result->checks.v[c]->groups.n;
			i++)
			if (result->checks.v[c]->groups.v[i]->verdict ==
				TW_VERDICT_FAIL)
				return true;
	return false;
}

void tw_gate_undo(struct tw_gate *gate)
{
	size_t most =
		(size_t)tw_int_or(gate->policy->gate.counterfactuals, MOST);
	size_t n = gate->failed.n < SCENARIOS ? gate->failed.n : SCENARIOS;
	struct tw_gate_edits edits = {0};
	struct tw_progress progress;

	if (!n || !most)
		return;
	gate->undoing = true;
	tw_gate_edits_find(gate, &edits);
	if (!edits.list.n)
		return;
	tw_progress_start(&progress, gate->cli, n * most * gate->runs);
	for (size_t i = 0; i < n; i++) {
		const struct tw_gate_failed *failed = &gate->failed.v[i];
		struct tw_gate_edits mine =
			ordered(gate, &edits, failed->result);
		struct undoing undoing = {gate, &mine, failed, &progress};

		if (has_failed(failed->result))
			search(&undoing, most);
	}
	tw_progress_end(&progress);
}
