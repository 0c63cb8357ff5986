#include "harness/commands/gate/gate.h"

#include "harness/commands/progress.h"
#include "harness/commands/run/search.h"
#include "harness/trial/parallel.h"
#include "harness/trial/trial.h"
#include "twins/twin.h"

/* Both sides as they are, or with their assumed times scaled. */
struct variant {
	double factor; /* 1: as they are */
	struct tw_spec *spec[2];
	struct tw_model *model[2]; /* [baseline] NULL: there is none */
	struct tw_scenario scenario[2];
	struct tw_gate_result result;
};

static struct tw_model *compiled(struct tw_spec *spec)
{
	struct tw_diags diags;
	struct tw_model *model;

	tw_diags_init(&diags);
	model = tw_twin_model(spec, &diags); /* as before: no new findings */
	tw_diags_release(&diags);
	return model;
}

static void scale(struct tw_gate *gate, struct variant *variant, double factor)
{
	struct tw_system *systems[2] = {&gate->baseline, &gate->candidate};

	variant->factor = factor;
	for (int i = 0; i < 2; i++) {
		if (!systems[i]->model)
			continue;
		if (factor == 1) {
			variant->model[i] = systems[i]->model;
			continue;
		}
		variant->spec[i] = tw_spec_copy(systems[i]->spec);
		tw_spec_scale_assumed(variant->spec[i], factor);
		variant->model[i] = compiled(variant->spec[i]);
	}
	if (factor != 1 && variant->model[0] && gate->store.has_stored)
		tw_twin_place_after(variant->model[0], gate->baseline.model);
	if (factor != 1 && variant->model[0] && variant->model[1])
		tw_twin_place_after(variant->model[1], variant->model[0]);
}

static void release(struct variant *variant)
{
	for (int i = 0; i < 2 && variant->factor != 1; i++) {
		tw_model_free(variant->model[i]);
		tw_spec_free(variant->spec[i]);
	}
}

static int compile_case(struct tw_gate *gate, const struct tw_case *one,
	struct variant *variant)
{
	int status = 0;

	for (int i = 0; i < 2; i++) {
		tw_scenario_init(&variant->scenario[i]);
		if (variant->model[i] &&
			tw_case_compile(one, variant->model[i],
				&variant->scenario[i], &gate->setup.diags))
			status = TW_EXIT_USAGE;
	}
	return status;
}

/* In a scenario with a rollout the candidate's side is the transition. Returns
 * the candidate's own model, to be put back; NULL: there is no rollout. */
static struct tw_model *begin_rollout(struct tw_gate *gate,
	const struct tw_case *one, struct variant *variant,
	struct tw_spec **spec)
{
	struct tw_model *own = variant->model[TW_FLOW_CANDIDATE];
	const struct tw_spec *before =
		variant->factor == 1 ? gate->baseline.spec : variant->spec[0];
	const struct tw_spec *after =
		variant->factor == 1 ? gate->candidate.spec : variant->spec[1];

	if (!one->config || !one->config->rollout.origin ||
		!variant->model[TW_FLOW_BASELINE])
		return NULL;
	variant->model[TW_FLOW_CANDIDATE] = tw_gate_transition(gate, after,
		before, variant->model[TW_FLOW_BASELINE],
		one->config->rollout.v, spec);
	return own;
}

static void end_rollout(
	struct variant *variant, struct tw_model *own, struct tw_spec *spec)
{
	if (!own)
		return;
	tw_model_free(variant->model[TW_FLOW_CANDIDATE]);
	tw_spec_free(spec);
	variant->model[TW_FLOW_CANDIDATE] = own;
}

static struct tw_runs runs_of(struct tw_gate *gate,
	const struct tw_observation *observations, size_t n)
{
	const struct tw_observation **v =
		tw_new_array(&gate->arena, n, const struct tw_observation *);

	for (size_t i = 0; i < n; i++)
		v[i] = &observations[i];
	return (struct tw_runs){v, n};
}

/* A rollout that more time would not end: `kubectl rollout status` gives up at
 * its deadline, too. */
static void note_start(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_observation *seen)
{
	if (gate->not_started || seen->rolled_out == seen->rollouts)
		return;
	if (seen->stuck)
		gate->not_started = tw_arena_printf(&gate->arena,
			"in %s %llu of %llu workloads would not start: %llu "
			"new pods crash again and again, have an image that is "
			"not there, or find no node with room",
			one->name, (unsigned long long)seen->stuck,
			(unsigned long long)seen->rollouts,
			(unsigned long long)seen->stuck_pods);
	else if (seen->deadlines)
		gate->not_started = tw_arena_printf(&gate->arena,
			"in %s %llu of %llu workloads made no progress within "
			"their progressDeadlineSeconds; %llu pods were pending "
			"in the end",
			one->name, (unsigned long long)seen->deadlines,
			(unsigned long long)seen->rollouts,
			(unsigned long long)seen->pending);
}

static void note_rollout(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_observation *seen)
{
	if (gate->unfinished || seen->rolled_out == seen->rollouts)
		return;
	gate->unfinished = tw_arena_printf(&gate->arena,
		"in %s %llu of %llu workloads were not rolled out when the "
		"run ended; %llu pods were pending",
		one->name,
		(unsigned long long)(seen->rollouts - seen->rolled_out),
		(unsigned long long)seen->rollouts,
		(unsigned long long)seen->pending);
}

/* A drain that did not come to its end: a budget, or time, did not let it. */
static void note_drain(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_observation *seen)
{
	if (gate->unfinished || seen->drained == seen->drains)
		return;
	gate->unfinished = tw_arena_printf(&gate->arena,
		"in %s %llu of %llu nodes were not drained when the run "
		"ended; disruption budgets refused %llu evictions",
		one->name, (unsigned long long)(seen->drains - seen->drained),
		(unsigned long long)seen->drains,
		(unsigned long long)seen->refused_evictions);
}

/* Of one side. */
static void count_up(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_observation *seen, size_t n, enum tw_flow_side side)
{
	for (size_t i = 0; i < n; i++) {
		gate->overflow += seen[i].overflow;
		note_rollout(gate, one, &seen[i]);
		if (side == TW_FLOW_CANDIDATE)
			note_start(gate, one, &seen[i]);
		note_drain(gate, one, &seen[i]);
		gate->arrivals += seen[i].arrivals;
		gate->offered[side] += seen[i].arrivals;
		gate->undecided[side] += seen[i].undecided;
		gate->untold[side] |= seen[i].untold;
		tw_gate_note_reached(gate, &seen[i]);
	}
}

/* What the runs of a case saw: the candidate's, then the baseline's, with room
 * for `most` of each. */
struct seen {
	struct tw_observation *v;
	size_t n, most, sides;
};

/* One case in one variant. */
struct simulation {
	struct tw_gate *gate;
	size_t place; /* of the case, among the gate's */
	const struct tw_case *one;
	const struct tw_flow *flow;
	struct variant *variant;
	struct tw_progress *progress;
	struct seen seen;
	const char *stopped; /* why there are no more runs (verdict.h) */
};

static struct tw_observation *candidate_at(const struct seen *seen, size_t i)
{
	return &seen->v[i];
}

static struct tw_observation *baseline_at(const struct seen *seen, size_t i)
{
	return &seen->v[seen->most + i];
}

/* The runs of a case that searches: nothing of them is stored, so that parts
 * of a gate leave it to whoever puts them together. */
static int search_case(struct simulation *s, struct tw_scenario_result *maps)
{
	struct tw_gate *gate = s->gate;
	struct tw_search search = {.one = s->one,
		.flow = s->flow,
		.model = {s->variant->model[0], s->variant->model[1]},
		.runs = gate->runs,
		.threads = gate->cli->threads ? (size_t)gate->cli->threads
					      : tw_threads_default(),
		.seed = gate->seed};
	const struct tw_check **checks;

	search.n_checks = tw_search_checks(
		s->one, gate->checks.v, gate->checks.n, &gate->arena, &checks);
	search.checks = checks;
	s->seen.n = gate->runs;
	return tw_search_run(&search, &gate->arena, &gate->setup.diags,
		       s->seen.v, maps)
		       ? TW_EXIT_USAGE
		       : 0;
}

/* Those of any other, as the store has them or as they are run: of each side
 * from the ones that there are up to `to`. */
static int run_trials(struct simulation *s, size_t to)
{
	struct seen *seen = &s->seen;
	size_t from = seen->n, fresh = to - from, n = fresh * seen->sides;
	struct tw_trial *trials = tw_calloc(n, sizeof *trials);
	struct tw_observation *got = tw_calloc(n, sizeof *got);
	int status;

	for (size_t i = 0; i < n; i++) {
		enum tw_flow_side side =
			i < fresh ? TW_FLOW_CANDIDATE : TW_FLOW_BASELINE;

		trials[i] = (struct tw_trial){
			.model = s->variant->model[side],
			.flow = s->flow,
			.side = side,
			.scenario = &s->variant->scenario[side],
			.seed = s->gate->seed,
			.replication = (uint32_t)(from + i % fresh),
		};
	}
	status = tw_gate_trials(s->gate,
		&(struct tw_gate_batch){s->one, s->flow, s->variant->factor,
			trials, n, got, s->progress, NULL});
	for (size_t i = 0; i < n; i++)
		*(i < fresh ? candidate_at(seen, from + i)
			    : baseline_at(seen, from + i - fresh)) = got[i];
	seen->n = to;
	tw_free(trials);
	tw_free(got);
	return status;
}

/* Its counterfactuals are compared with the same runs. */
static void keep_baseline(
	struct simulation *s, struct tw_scenario_result *result)
{
	const struct seen *seen = &s->seen;
	struct tw_gate_failed failed = {.one = s->one,
		.flow = s->flow,
		.seen = tw_calloc(seen->n, sizeof *failed.seen),
		.n = seen->n,
		.result = result};

	memcpy(failed.seen, baseline_at(seen, 0),
		seen->n * sizeof *failed.seen);
	memset(baseline_at(seen, 0), 0, seen->n * sizeof *failed.seen);
	tw_vec_push(&s->gate->failed, failed);
}

static void pair(struct tw_gate *gate, const struct seen *seen,
	struct tw_runs runs[static 2])
{
	runs[TW_FLOW_CANDIDATE] = runs_of(gate, candidate_at(seen, 0), seen->n);
	runs[TW_FLOW_BASELINE] =
		seen->sides == 2 ? runs_of(gate, baseline_at(seen, 0), seen->n)
				 : (struct tw_runs){0};
}

/* Look by look, until all is decided. Parts of a gate know nothing of each
 * other, so that they make every run that might be asked for; what was
 * assumed is tried in as many runs as the gate itself came to. */
static int run_looks(struct simulation *s)
{
	struct tw_gate *gate = s->gate;
	bool itself = s->variant->factor == 1;
	size_t next = itself || gate->store.shards ? gate->looks.first
						   : gate->case_runs;
	int status = 0;

	while (next && !status) {
		struct tw_runs runs[2];

		status = run_trials(s, next);
		if (status || gate->store.missing.n)
			break;
		if (gate->store.shards) {
			next = tw_look_next(&gate->looks, s->seen.n);
			continue;
		}
		if (!itself)
			break;
		pair(gate, &s->seen, runs);
		next = tw_gate_next_look(gate, s->place, runs[TW_FLOW_BASELINE],
			runs[TW_FLOW_CANDIDATE], &s->stopped);
	}
	if (itself)
		gate->case_runs = s->seen.n;
	return status;
}

/* What the runs of the gate itself tell besides their verdict. */
static void note_runs(struct simulation *s, const struct tw_runs runs[2],
	struct tw_scenario_result *result)
{
	struct tw_gate *gate = s->gate;
	const struct seen *seen = &s->seen;

	count_up(gate, s->one, candidate_at(seen, 0), seen->n,
		TW_FLOW_CANDIDATE);
	if (seen->sides == 2)
		count_up(gate, s->one, baseline_at(seen, 0), seen->n,
			TW_FLOW_BASELINE);
	tw_gate_note_cost(gate, candidate_at(seen, 0), seen->n);
	tw_gate_note_detection(gate, s->one, runs[TW_FLOW_CANDIDATE]);
	tw_gate_draw(gate, s->one, runs[TW_FLOW_BASELINE],
		runs[TW_FLOW_CANDIDATE], result);
	if (seen->sides == 2 && !tw_case_is_search(s->one) &&
		result->verdict == TW_VERDICT_FAIL)
		keep_baseline(s, result);
}

/* The runs, and what they come to. */
static int simulate_case(struct simulation *s)
{
	struct tw_gate *gate = s->gate;
	bool searches = tw_case_is_search(s->one);
	struct seen *seen = &s->seen;
	struct tw_runs runs[2] = {{0}};
	struct tw_scenario_result *result, maps = {0};
	int status;

	if (searches && gate->store.shards)
		return 0;
	seen->most = searches ? gate->runs : gate->looks.most;
	seen->sides = s->variant->model[TW_FLOW_BASELINE] ? 2 : 1;
	seen->v = tw_calloc(seen->most * seen->sides, sizeof *seen->v);
	status = searches ? search_case(s, &maps) : run_looks(s);
	/* Without all of them there is nothing to judge. */
	if (status || gate->store.shards || gate->store.missing.n)
		goto out;
	pair(gate, seen, runs);
	result = tw_gate_judge(
		gate, s->one, runs[TW_FLOW_BASELINE], runs[TW_FLOW_CANDIDATE]);
	result->stopped = s->stopped;
	for (size_t k = 0; k < maps.maps.n; k++)
		tw_vec_push_in(&gate->arena, &result->maps, maps.maps.v[k]);
	tw_vec_push_in(&gate->arena, &s->variant->result.scenarios, result);
	if (s->variant->factor == 1)
		note_runs(s, runs, result);
out:
	for (size_t k = 0; k < seen->most * seen->sides; k++)
		tw_observation_release(&seen->v[k]);
	tw_free(seen->v);
	return status;
}

static int simulate_all(struct tw_gate *gate, struct variant *variants,
	size_t n, struct tw_progress *progress)
{
	int status = 0;

	for (size_t i = 0; !status && i < gate->cases.list.n; i++) {
		const struct tw_case *one = gate->cases.list.v[i];
		const struct tw_flow *flow = tw_traffic_flow(
			gate->traffic, one->traffic, &gate->setup.diags);

		if (!flow)
			return TW_EXIT_USAGE;
		for (size_t k = 0; !status && k < n; k++) {
			struct tw_spec *spec = NULL;
			struct tw_model *own =
				begin_rollout(gate, one, &variants[k], &spec);

			status = compile_case(gate, one, &variants[k]);
			if (!status)
				status = simulate_case(
					&(struct simulation){.gate = gate,
						.place = i,
						.one = one,
						.flow = flow,
						.variant = &variants[k],
						.progress = progress});
			tw_scenario_release(&variants[k].scenario[0]);
			tw_scenario_release(&variants[k].scenario[1]);
			end_rollout(&variants[k], own, spec);
		}
	}
	return status;
}

/* As they are; and, where something was assumed, with that halved and
 * doubled: a verdict must not hang on a guess (principle 6). */
static const double factors[] = {1, 0.5, 2};

int tw_gate_simulate(struct tw_gate *gate)
{
	struct variant variants[3] = {{0}};
	struct tw_progress progress;
	size_t n = gate->report.n_assumed ? 3 : 1;
	int status;

	for (size_t k = 0; k < n; k++)
		scale(gate, &variants[k], factors[k]);
	tw_progress_start(&progress, gate->cli,
		gate->cases.list.n * n * gate->looks.most *
			(gate->has_baseline ? 2 : 1));
	status = simulate_all(gate, variants, n, &progress);
	tw_progress_end(&progress);
	for (size_t k = 1; !status && k < n; k++) {
		struct tw_gate_result *result =
			tw_new(&gate->arena, struct tw_gate_result);

		*result = variants[k].result;
		tw_gate_conclude(
			result, &(struct tw_evidence){0}, 0, &gate->arena);
		tw_vec_push_in(&gate->arena, &gate->assumed, result);
	}
	gate->result = variants[0].result;
	if (!status)
		tw_gate_drop_unreached(gate);
	gate->complete = tw_traffic_completeness(gate->traffic);
	for (size_t k = 0; k < n; k++)
		release(&variants[k]);
	return status;
}
