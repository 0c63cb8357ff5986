/* Mutants in the model: a copy of the spec is changed, compiled and run. */
#include "harness/commands/prove/run.h"

#include "twins/twin.h"

static int add_stage(struct tw_proving *p, const struct tw_case *one)
{
	struct tw_gate *gate = p->gate;
	struct tw_prove_stage stage = {.one = one,
		.flow = tw_traffic_flow(
			gate->traffic, one->traffic, &gate->setup.diags)};

	if (!stage.flow)
		return TW_EXIT_USAGE;
	tw_scenario_init(&stage.scenario);
	if (tw_case_compile(one, gate->candidate.model, &stage.scenario,
		    &gate->setup.diags)) {
		tw_scenario_release(&stage.scenario);
		return TW_EXIT_USAGE;
	}
	tw_gate_identify_case(
		gate, one, stage.flow, TW_FLOW_CANDIDATE, &stage.scenario);
	tw_vec_push(&p->stages, stage);
	return 0;
}

static int open_stages(struct tw_proving *p)
{
	struct tw_gate *gate = p->gate;
	int status = 0;

	for (size_t i = 0; !status && i < gate->cases.list.n; i++)
		if (tw_prove_is_plain(gate->cases.list.v[i]))
			status = add_stage(p, gate->cases.list.v[i]);
		else
			p->proof->skipped++;
	if (!status && !p->stages.n) {
		tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
			"--prove has no scenario to work with: searches and "
			"rollouts are left out");
		status = TW_EXIT_USAGE;
	}
	return status;
}

static void close_stages(struct tw_proving *p)
{
	(void)p;
}

static void list(struct tw_proving *p, struct tw_mutants *to)
{
	tw_mutants_of(p->gate->candidate.spec, &p->gate->reached,
		&p->gate->arena, to);
}

/* Runs from one number on. */
static int run(struct tw_proving *p, const struct tw_prove_stage *stage,
	const struct tw_model *model, const struct tw_scenario *scenario,
	size_t from, const char *made_from, struct tw_prove_block *to)
{
	struct tw_gate *gate = p->gate;
	size_t n = gate->runs;
	struct tw_trial *trials = tw_calloc(n, sizeof *trials);
	struct tw_gate_batch batch = {stage->one, stage->flow, 1, trials, n,
		tw_calloc(n, sizeof *to->seen), &p->progress, made_from};
	int status;

	for (size_t i = 0; i < n; i++)
		trials[i] = (struct tw_trial){.model = model,
			.flow = stage->flow,
			.side = TW_FLOW_CANDIDATE,
			.scenario = scenario,
			.seed = gate->seed,
			.replication = (uint32_t)(from + i)};
	status = tw_gate_trials(gate, &batch);
	*to = (struct tw_prove_block){.seen = batch.seen, .n = n};
	tw_free(trials);
	return status;
}

static int own(struct tw_proving *p, struct tw_prove_stage *stage, size_t b)
{
	return run(p, stage, p->gate->candidate.model, &stage->scenario,
		b * p->gate->runs, p->gate->store.inputs[TW_FLOW_CANDIDATE],
		&stage->blocks[b]);
}

/* By what a mutant's runs are found again. */
static const char *made_from(const struct tw_proving *p,
	const struct tw_prove_try *try, char to[static TW_DIGEST_TEXT])
{
	const struct tw_mutant *mutant = try->it->mutant;
	char size[TW_REAL_TEXT];
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_part(&digest, "of", p->gate->store.inputs[TW_FLOW_CANDIDATE]);
	tw_digest_part(&digest, "mutation", tw_mutation_names[mutant->kind]);
	tw_digest_part(&digest, "where", mutant->where);
	tw_digest_part(
		&digest, "size", tw_real_text(mutant->sizes[try->size], size));
	return tw_digest_text(&digest, to);
}

static int play_one(struct tw_proving *p, struct tw_prove_stage *stage,
	struct tw_prove_try *try)
{
	struct tw_gate *gate = p->gate;
	const struct tw_mutant *mutant = try->it->mutant;
	struct tw_spec *spec = tw_spec_copy(gate->candidate.spec);
	char from[TW_DIGEST_TEXT];
	struct tw_scenario scenario;
	struct tw_model *model;
	struct tw_diags diags; /* as before: no new findings */
	int status = 0;

	tw_diags_init(&diags);
	tw_mutant_apply(spec, mutant, mutant->sizes[try->size]);
	model = tw_twin_model(spec, &diags);
	if (model) {
		tw_twin_place_after(model, gate->candidate.model);
		tw_scenario_init(&scenario);
		if (!tw_case_compile(stage->one, model, &scenario, &diags))
			status = run(p, stage, model, &scenario, 0,
				made_from(p, try, from), &try->block);
		tw_scenario_release(&scenario);
	}
	tw_model_free(model);
	tw_spec_free(spec);
	tw_diags_release(&diags);
	return status;
}

static int play(struct tw_proving *p, struct tw_prove_stage *stage,
	struct tw_prove_try *tries, size_t n,
	const struct tw_prove_block **control)
{
	int status = 0;

	(void)control;
	for (size_t i = 0; !status && i < n; i++)
		status = play_one(p, stage, &tries[i]);
	return status;
}

const struct tw_prove_player tw_prove_simulated = {
	.open = open_stages,
	.close = close_stages,
	.list = list,
	.own = own,
	.play = play,
	.blocks = TW_PROVE_BLOCKS,
	.budget = 20 * 60 * TW_S,
};
