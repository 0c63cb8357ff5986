#include "harness/commands/prove.h"

#include "harness/trial/parallel.h"
#include "harness/trial/trial.h"
#include "twins/twin.h"

#include <stdio.h>

#define BLOCKS 8 /* of A/A runs */

/* One scenario of the gate, with the runs of the candidate as it is. */
struct stage {
	const struct tw_case *one;
	const struct tw_flow *flow;
	struct tw_observation *own; /* BLOCKS * runs of them */
	struct tw_runs blocks[BLOCKS];
	struct tw_scenario_result *same; /* block 0 against itself */
	bool *fails;			 /* checks that fail even so */
};

struct proving {
	struct tw_gate *gate;
	struct tw_proof *proof;
	TW_VEC(struct stage) stages;
	struct tw_progress progress;
	double confidence;
	size_t threads;
};

/* ---- runs --------------------------------------------------------------- */

static void run(struct proving *p, const struct stage *stage,
	const struct tw_model *model, const struct tw_scenario *scenario,
	size_t n, struct tw_observation *to)
{
	struct tw_trial *trials = tw_calloc(n, sizeof *trials);

	for (size_t i = 0; i < n; i++)
		trials[i] = (struct tw_trial){.model = model,
			.flow = stage->flow,
			.side = TW_FLOW_CANDIDATE,
			.scenario = scenario,
			.seed = p->gate->seed,
			.replication = (uint32_t)i};
	tw_trials_run(
		trials, n, p->threads, to, tw_progress_tick, &p->progress);
	p->proof->trials += n;
	tw_free(trials);
}

static struct tw_runs runs_of(
	struct tw_gate *gate, const struct tw_observation *seen, size_t n)
{
	const struct tw_observation **v =
		tw_new_array(&gate->arena, n, const struct tw_observation *);

	for (size_t i = 0; i < n; i++)
		v[i] = &seen[i];
	return (struct tw_runs){v, n};
}

static struct tw_scenario_result *judge(struct proving *p,
	const struct stage *stage, struct tw_runs baseline,
	struct tw_runs candidate, struct tw_arena *arena)
{
	struct tw_gate *gate = p->gate;
	struct tw_judge_options options = {.confidence = p->confidence};
	struct tw_scenario_result *result =
		tw_judge_scenario(stage->one->name, gate->checks.v,
			gate->checks.n, baseline, candidate, &options, arena);

	tw_judges_ask(&gate->judges, baseline, candidate, arena, result);
	return result;
}

/* ---- one gate ----------------------------------------------------------- */

static struct tw_gate_result concluded(struct proving *p,
	struct tw_scenario_result *const *scenarios, struct tw_arena *arena)
{
	struct tw_gate_result result = {0};

	for (size_t i = 0; i < p->stages.n; i++)
		tw_vec_push_in(arena, &result.scenarios, scenarios[i]);
	tw_gate_conclude(
		&result, &(struct tw_evidence){0}, p->confidence, arena);
	tw_judges_count(&result);
	return result;
}

static void note_failed(struct proving *p,
	const struct tw_scenario_result *scenario, bool *checks)
{
	const struct tw_gate *gate = p->gate;

	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < gate->checks.n; i++)
			if (scenario->checks.v[c]->check == gate->checks.v[i] &&
				!gate->checks.v[i]->muted &&
				scenario->checks.v[c]->verdict ==
					TW_VERDICT_FAIL)
				checks[i] = true;
	for (size_t k = 0; k < scenario->opinions.n; k++)
		for (size_t i = 0; i < gate->judges.n; i++)
			if (scenario->opinions.v[k]->gates &&
				scenario->opinions.v[k]->verdict ==
					TW_VERDICT_FAIL &&
				!strcmp(scenario->opinions.v[k]->file,
					gate->judges.v[i].setup.file))
				checks[gate->checks.n + i] = true;
}

/* What fails in the mutant's scenario and not without it; NULL: nothing. */
static const bool *new_failures(struct proving *p, const struct stage *stage,
	const struct tw_scenario_result *scenario)
{
	size_t n = p->proof->checks.n;
	bool *checks = tw_new_array(&p->gate->arena, n + 1, bool);
	bool any = false;

	note_failed(p, scenario, checks);
	for (size_t i = 0; i < n; i++) {
		checks[i] = checks[i] && !stage->fails[i];
		any = any || checks[i];
	}
	return any ? checks : NULL;
}

/* Whether a check that passes without the mutant cannot tell with it. */
static bool is_doubted(const struct tw_scenario_result *with,
	const struct tw_scenario_result *without)
{
	for (size_t c = 0; c < with->checks.n; c++)
		if (!with->checks.v[c]->check->muted &&
			with->checks.v[c]->verdict == TW_VERDICT_INCONCLUSIVE &&
			without->checks.v[c]->verdict == TW_VERDICT_PASS)
			return true;
	return false;
}

/* Whether the gate fails with the mutant of this size in some scenario; the
 * others stand as they would without a change. */
static bool is_caught(struct proving *p, const struct tw_mutant *mutant,
	double size, struct tw_proved_mutant *to)
{
	struct tw_gate *gate = p->gate;
	struct tw_spec *spec = tw_spec_copy(gate->candidate.spec);
	struct tw_observation *seen = tw_calloc(gate->runs, sizeof *seen);
	struct tw_scenario_result **all = tw_new_array(
		&gate->arena, p->stages.n, struct tw_scenario_result *);
	struct tw_model *model;
	struct tw_diags diags;
	struct tw_arena arena;
	bool caught = false;

	tw_arena_init(&arena);
	tw_diags_init(&diags);
	tw_mutant_apply(spec, mutant, size);
	model = tw_twin_model(spec, &diags);
	if (model)
		tw_twin_place_after(model, gate->candidate.model);
	for (size_t s = 0; model && !caught && s < p->stages.n; s++) {
		const struct stage *stage = &p->stages.v[s];
		struct tw_scenario scenario;

		tw_scenario_init(&scenario);
		if (!tw_case_compile(stage->one, model, &scenario, &diags)) {
			run(p, stage, model, &scenario, gate->runs, seen);
			for (size_t i = 0; i < p->stages.n; i++)
				all[i] = p->stages.v[i].same;
			all[s] = judge(p, stage, stage->blocks[0],
				runs_of(gate, seen, gate->runs), &arena);
			concluded(p, all, &arena);
			to->checks = new_failures(p, stage, all[s]);
			to->scenario = stage->one->name;
			caught = to->checks;
			to->doubted =
				to->doubted || is_doubted(all[s], stage->same);
			for (size_t i = 0; i < gate->runs; i++)
				tw_observation_release(&seen[i]);
		}
		tw_scenario_release(&scenario);
	}
	to->tests++;
	tw_model_free(model);
	tw_spec_free(spec);
	tw_free(seen);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	return caught;
}

static void prove_one(struct proving *p, const struct tw_mutant *mutant)
{
	struct tw_proved_mutant it = {.mutant = mutant};
	size_t low = 0, high = mutant->n - 1;

	it.caught = is_caught(p, mutant, mutant->sizes[high], &it);
	/* What is gone altogether may leave nothing to be measured. */
	if (!it.caught && high)
		it.caught = is_caught(p, mutant, mutant->sizes[--high], &it);
	while (it.caught && low < high) {
		size_t middle = low + (high - low) / 2;
		struct tw_proved_mutant at = it;

		if (is_caught(p, mutant, mutant->sizes[middle], &at)) {
			it = at;
			high = middle;
		} else {
			it.tests = at.tests;
			low = middle + 1;
		}
	}
	it.size = high;
	p->proof->blind += !it.caught && !it.doubted;
	p->proof->doubted += !it.caught && it.doubted;
	for (size_t i = 0; it.caught && i < p->proof->checks.n; i++)
		p->proof->checks.v[i].caught += it.checks[i];
	tw_vec_push_in(&p->gate->arena, &p->proof->mutants, it);
}

/* Checks that no candidate can pass: they prove nothing. */
static void note_failing_anyway(struct proving *p)
{
	for (size_t i = 0; i < p->proof->checks.n; i++)
		for (size_t s = 0; s < p->stages.n; s++)
			if (p->stages.v[s].fails[i])
				p->proof->checks.v[i].fails_anyway =
					p->stages.v[s].one->name;
}

/* ---- A/A ---------------------------------------------------------------- */

static void count_false_alarms(struct proving *p)
{
	struct tw_scenario_result **all = tw_new_array(
		&p->gate->arena, p->stages.n, struct tw_scenario_result *);
	struct tw_proof *proof = p->proof;

	proof->blocks = BLOCKS;
	for (size_t a = 0; a < BLOCKS; a++)
		for (size_t b = a + 1; b < BLOCKS; b++) {
			struct tw_arena arena;
			enum tw_verdict verdict;
			bool alarm = false;

			tw_arena_init(&arena);
			for (size_t s = 0; s < p->stages.n; s++)
				all[s] = judge(p, &p->stages.v[s],
					p->stages.v[s].blocks[a],
					p->stages.v[s].blocks[b], &arena);
			verdict = concluded(p, all, &arena).verdict;
			proof->pairs++;
			for (size_t s = 0; s < p->stages.n; s++)
				alarm = alarm ||
					new_failures(
						p, &p->stages.v[s], all[s]);
			proof->false_alarms += alarm;
			proof->undecided += verdict == TW_VERDICT_INCONCLUSIVE;
			tw_arena_release(&arena);
		}
}

/* ---- the whole ---------------------------------------------------------- */

static bool is_plain(const struct tw_case *one)
{
	return !tw_case_is_search(one) &&
	       !(one->config && one->config->rollout.origin);
}

/* The candidate as it is, in all blocks. */
static int set_stage(struct proving *p, const struct tw_case *one)
{
	struct tw_gate *gate = p->gate;
	size_t n = BLOCKS * gate->runs;
	struct stage stage = {.one = one,
		.flow = tw_traffic_flow(
			gate->traffic, one->traffic, &gate->setup.diags)};
	struct tw_scenario scenario;
	int status = 0;

	if (!stage.flow)
		return TW_EXIT_USAGE;
	tw_scenario_init(&scenario);
	if (tw_case_compile(
		    one, gate->candidate.model, &scenario, &gate->setup.diags))
		status = TW_EXIT_USAGE;
	if (!status) {
		stage.own = tw_calloc(n, sizeof *stage.own);
		run(p, &stage, gate->candidate.model, &scenario, n, stage.own);
		for (size_t b = 0; b < BLOCKS; b++)
			stage.blocks[b] = runs_of(
				gate, stage.own + b * gate->runs, gate->runs);
		for (size_t i = 0; i < n; i++)
			tw_gate_note_reached(gate, &stage.own[i]);
		stage.same = judge(p, &stage, stage.blocks[0], stage.blocks[0],
			&gate->arena);
		stage.fails = tw_new_array(
			&gate->arena, p->proof->checks.n + 1, bool);
		note_failed(p, stage.same, stage.fails);
		tw_vec_push(&p->stages, stage);
	}
	tw_scenario_release(&scenario);
	return status;
}

static int set_stages(struct proving *p)
{
	struct tw_gate *gate = p->gate;
	int status = 0;

	for (size_t i = 0; !status && i < gate->cases.list.n; i++)
		if (is_plain(gate->cases.list.v[i]))
			status = set_stage(p, gate->cases.list.v[i]);
		else
			p->proof->skipped++;
	p->proof->scenarios = p->stages.n;
	if (!status && !p->stages.n) {
		tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
			"--prove has no scenario to work with: searches and "
			"rollouts are left out");
		status = TW_EXIT_USAGE;
	}
	return status;
}

static void list_checks(struct proving *p)
{
	struct tw_gate *gate = p->gate;

	for (size_t i = 0; i < gate->checks.n; i++)
		tw_vec_push_in(&gate->arena, &p->proof->checks,
			((struct tw_proved_check){
				.text = gate->checks.v[i]->text}));
	for (size_t i = 0; i < gate->judges.n; i++)
		tw_vec_push_in(&gate->arena, &p->proof->checks,
			((struct tw_proved_check){
				.text = tw_arena_printf(&gate->arena,
					"judge %s %s",
					gate->judges.v[i].kind->name,
					gate->judges.v[i].setup.file)}));
}

static int write_json(struct tw_gate *gate, const struct tw_proof *proof)
{
	const char *path = gate->cli->json;
	bool is_stdout = !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wb");
	struct tw_buf text = {0};
	int failed;

	if (!file) {
		perror(path);
		return TW_EXIT_RUN;
	}
	tw_proof_json(proof, &gate->arena, &text);
	failed = fwrite(text.p, text.n, 1, file) != 1;
	failed |= is_stdout ? fflush(file) : fclose(file);
	if (failed)
		perror(path);
	tw_buf_release(&text);
	return failed ? TW_EXIT_RUN : 0;
}

/* More than alpha allows: what many false alarms cannot be is chance. */
static bool alarms_too_often(const struct tw_proof *proof, double confidence)
{
	double alpha = (1 - (confidence > 0 ? confidence : 0.95)) / 2;

	return (double)proof->false_alarms >
	       2 * alpha * (double)proof->pairs + 1;
}

static int tell(struct proving *p)
{
	struct tw_gate *gate = p->gate;
	const struct tw_proof *proof = p->proof;
	struct tw_buf text = {0};
	int status = 0;

	if (gate->cli->json)
		status = write_json(gate, proof);
	if (!gate->cli->json || strcmp(gate->cli->json, "-") != 0) {
		tw_proof_terminal(
			proof, gate->cli->colour, &gate->arena, &text);
		fwrite(text.p, 1, text.n, stdout);
		tw_buf_release(&text);
	}
	if (status)
		return status;
	if (alarms_too_often(proof, p->confidence))
		return TW_EXIT_INCONCLUSIVE;
	return proof->blind ? TW_EXIT_FAIL : 0;
}

static void release(struct proving *p)
{
	for (size_t i = 0; i < p->stages.n; i++) {
		struct stage *stage = &p->stages.v[i];

		for (size_t k = 0; k < BLOCKS * p->gate->runs; k++)
			tw_observation_release(&stage->own[k]);
		tw_free(stage->own);
	}
	tw_vec_release(&p->stages);
}

int tw_gate_prove(struct tw_gate *gate)
{
	struct tw_proof proof = {.runs = gate->runs, .seed = gate->seed};
	struct proving p = {.gate = gate,
		.proof = &proof,
		.confidence = tw_real_or(gate->policy->gate.confidence, 0),
		.threads = gate->cli->threads ? (size_t)gate->cli->threads
					      : tw_threads_default()};
	struct tw_mutants mutants = {0};
	size_t plain = 0;
	int status;

	list_checks(&p);
	for (size_t i = 0; i < gate->cases.list.n; i++)
		plain += is_plain(gate->cases.list.v[i]);
	tw_progress_start(&p.progress, gate->cli, plain * BLOCKS * gate->runs);
	status = set_stages(&p);
	tw_progress_end(&p.progress);
	if (!status) {
		tw_mutants_of(gate->candidate.spec, &gate->reached,
			&gate->arena, &mutants);
		if (!gate->cli->quiet)
			fprintf(stderr,
				"twinrig: %zu mutants, up to %zu trials\n",
				mutants.n, mutants.n * 4 * plain * gate->runs);
		tw_progress_start(&p.progress, gate->cli,
			mutants.n * 4 * plain * gate->runs);
		for (size_t i = 0; i < mutants.n; i++)
			prove_one(&p, &mutants.v[i]);
		tw_progress_end(&p.progress);
		note_failing_anyway(&p);
		count_false_alarms(&p);
		status = tell(&p);
	}
	release(&p);
	return status;
}
