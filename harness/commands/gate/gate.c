/*
 * `twinrig gate`: both sides through every scenario, and what they come to.
 */
#include "harness/commands/gate/gate.h"
#include "harness/commands/prove/prove.h"
#include "harness/commands/gate/reach.h"

#include "harness/lint/lint.h"

#include <stdio.h>
#include <time.h>

/* ---- the whole --------------------------------------------------------- */

static int expand(struct tw_gate *gate)
{
	const struct tw_model *model = gate->has_baseline && !gate->cli->prove
					       ? gate->baseline.model
					       : gate->candidate.model;

	tw_cases_init(&gate->cases);
	if (tw_cases_expand(&gate->cases, gate->policy, model,
		    gate->cli->scenario, &gate->setup.diags))
		return TW_EXIT_USAGE;
	if (gate->cases.list.n)
		return 0;
	tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
		"no scenario is called '%s'", gate->cli->scenario);
	return TW_EXIT_USAGE;
}

/* Whether a model can have the faults of a case; what it cannot is told. */
static bool compiles(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_model *model)
{
	struct tw_scenario scenario;
	struct tw_diags diags; /* warnings are told when it is run */
	bool good;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	good = !tw_case_compile(one, model, &scenario, &diags);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	if (!good) {
		tw_case_compile(one, model, &scenario, &gate->setup.diags);
		tw_scenario_release(&scenario);
	}
	return good;
}

/* All of them before the first run: nobody is to wait for an error. */
static int compile_cases(struct tw_gate *gate)
{
	int status = 0;

	for (size_t i = 0; i < gate->cases.list.n; i++) {
		const struct tw_case *one = gate->cases.list.v[i];

		if (!compiles(gate, one, gate->candidate.model) ||
			(gate->has_baseline &&
				!compiles(gate, one, gate->baseline.model)))
			status = TW_EXIT_USAGE;
	}
	return status;
}

/* Findings about load, by the traffic of the first scenario. */
static int lint_load(struct tw_gate *gate)
{
	const struct tw_flow *flow = tw_traffic_flow(gate->traffic,
		gate->cases.list.v[0]->traffic, &gate->setup.diags);

	if (!flow)
		return TW_EXIT_USAGE;
	tw_traffic_lint(flow, TW_FLOW_CANDIDATE, gate->candidate.spec,
		gate->candidate.model, &gate->candidate.diags);
	if (gate->has_baseline)
		tw_traffic_lint(flow, TW_FLOW_BASELINE, gate->baseline.spec,
			gate->baseline.model, &gate->baseline.diags);
	return 0;
}

static int prove(struct tw_gate *gate)
{
	const struct tw_cli *cli = gate->cli;
	const char *other = cli->sarif	    ? "--sarif"
			    : cli->markdown ? "--markdown"
					    : NULL;

	if (!other)
		return tw_gate_prove(gate);
	tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
		"--prove does not go with %s", other)
		->hint = "it writes a table, and --json, --junit, --html";
	return TW_EXIT_USAGE;
}

void tw_gate_lint(struct tw_gate *gate)
{
	tw_lint(gate->candidate.spec, gate->candidate.model,
		&gate->candidate.diags);
	if (gate->has_baseline)
		tw_lint(gate->baseline.spec, gate->baseline.model,
			&gate->baseline.diags);
}

void tw_gate_list_reach(struct tw_gate *gate)
{
	if (gate->has_baseline)
		gate->report.reach = tw_reach_differences(&gate->baseline,
			&gate->candidate, &gate->arena, &gate->report.n_reach);
}

static int judge_all(struct tw_gate *gate)
{
	int status = tw_gate_open_sides(gate);
	size_t most;

	if (!status)
		status = tw_gate_read_checks(gate);
	if (!status)
		status = expand(gate);
	if (!status)
		status = compile_cases(gate);
	if (status)
		return status;
	tw_gate_lint(gate);
	gate->runs = gate->cli->runs
			     ? (size_t)gate->cli->runs
			     : (size_t)tw_int_or(gate->policy->gate.runs, 8);
	gate->looks.first = gate->looks.most = gate->runs;
	if (gate->cli->max_runs && (size_t)gate->cli->max_runs < gate->runs) {
		tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
			"--max-runs %lld is below the %zu runs to begin with",
			(long long)gate->cli->max_runs, gate->runs)
			->hint = "give --runs, too";
		return TW_EXIT_USAGE;
	}
	most = gate->cli->max_runs ? (size_t)gate->cli->max_runs
	       : gate->cli->runs
		       ? 0
		       : (size_t)tw_int_or(gate->policy->gate.max_runs, 0);
	if (most > gate->looks.most)
		gate->looks.most = most;
	gate->seed = gate->cli->seed >= 0
			     ? (uint64_t)gate->cli->seed
			     : (uint64_t)tw_int_or(gate->policy->gate.seed, 1);
	gate->traffic =
		tw_traffic_new(gate->has_baseline ? gate->baseline.spec : NULL,
			gate->candidate.spec, &gate->setup.plugins,
			gate->setup.directory);
	if (gate->cli->prove)
		return prove(gate);
	tw_gate_list_differences(gate);
	tw_gate_list_reach(gate);
	tw_gate_list_assumed(gate);
	status = tw_gate_store_open(gate);
	if (!status)
		status = tw_gate_shard_open(gate);
	if (!status)
		status = tw_gate_stored_fits(gate);
	if (status)
		return status;
	if (gate->setup.config.candidate.process.n)
		status = tw_gate_live(gate);
	else
		status = lint_load(gate);
	if (!status && !gate->setup.config.candidate.process.n)
		status = tw_gate_simulate(gate);
	if (!status && gate->merging)
		status = tw_gate_merge_missing(gate);
	if (!status && gate->store.shards)
		return tw_gate_shard_finish(gate);
	if (!status) {
		tw_gate_conclude_all(gate);
		tw_gate_undo(gate);
	}
	return status;
}

void tw_gate_init(struct tw_gate *gate, const struct tw_cli *cli)
{
	*gate = (struct tw_gate){.cli = cli};
	tw_arena_init(&gate->arena);
	tw_filing_init(&gate->store.filing);
	tw_diags_init(&gate->store.diags);
	tw_system_init(&gate->candidate);
	tw_system_init(&gate->baseline);
}

void tw_gate_release(struct tw_gate *gate)
{
	tw_gate_store_release(gate);
	tw_traffic_free(gate->traffic);
	tw_cases_release(&gate->cases);
	tw_vec_release(&gate->checks);
	for (size_t i = 0; i < gate->failed.n; i++) {
		struct tw_gate_failed *failed = &gate->failed.v[i];

		for (size_t k = 0; k < failed->n; k++)
			tw_observation_release(&failed->seen[k]);
		tw_free(failed->seen);
	}
	tw_vec_release(&gate->failed);
	tw_vec_release(&gate->differences);
	tw_vec_release(&gate->objects);
	tw_system_release(&gate->baseline);
	tw_system_release(&gate->candidate);
	tw_git_free(gate->git);
	if (gate->has_baseline_setup)
		tw_setup_release(&gate->baseline_setup);
	tw_setup_release(&gate->setup);
	tw_arena_release(&gate->arena);
}

int tw_gate_run(const struct tw_cli *cli, bool merging)
{
	struct tw_gate gate;
	struct timespec now;
	int status = TW_EXIT_USAGE;

	tw_gate_init(&gate, cli);
	gate.merging = merging;
	clock_gettime(CLOCK_MONOTONIC, &now);
	gate.began = now.tv_sec * TW_S + now.tv_nsec;
	if (!tw_setup_open(&gate.setup, cli))
		status = judge_all(&gate);
	tw_diags_show(&gate.setup.diags, cli);
	if (cli->prove && status != TW_EXIT_USAGE && status != TW_EXIT_RUN) {
		tw_diags_show(&gate.store.diags, cli);
		tw_gate_release(&gate);
		return status;
	}
	if (status) {
		struct tw_cli errors_alone = *cli;

		errors_alone.quiet = !cli->verbose;
		tw_diags_show(&gate.candidate.diags, &errors_alone);
		tw_diags_show(&gate.baseline.diags, &errors_alone);
		if (tw_gate_tell_unjudged(&gate))
			status = TW_EXIT_RUN;
	} else if (!gate.store.shards) {
		status = tw_gate_tell(&gate);
		tw_gate_store_finish(&gate);
		tw_gate_tell_findings(&gate);
	}
	tw_diags_show(&gate.store.diags, cli);
	tw_gate_release(&gate);
	return status;
}

static int run(const struct tw_cli *cli)
{
	return tw_gate_run(cli, false);
}

const struct tw_command tw_command_gate = {
	.name = "gate",
	.arguments = "",
	.summary = "judge the candidate against the baseline in every "
		   "scenario",
	.manual = "The candidate is the working tree (or what `candidate:` "
		  "says), the baseline the\nmerge base with the target branch "
		  "(or what `baseline:` or --baseline says).\n\nTrials are "
		  "stored in the repository's own objects, below "
		  "refs/twinrig, and\nnot run again where nothing that "
		  "determines them has changed: see `twinrig\nbaseline "
		  "--help`. --shard 2/8 runs the second eighth of the "
		  "trials (with\n--prove: of the mutants) and writes them "
		  "to a file for `twinrig merge`.\n\n"
		  "--prove changes the candidate on purpose (slower "
		  "services, errors, calls that\nare dropped, lost "
		  "replicas, short timeouts, more retries) and shows which "
		  "of it the\nchecks of the working tree catch, and from "
		  "what size; status 1: something is not\ncaught at any "
		  "size, 4: checks fail without a change more often than "
		  "chance, or time\nwas up. What it found is stored, too.",
	.run = run,
};
