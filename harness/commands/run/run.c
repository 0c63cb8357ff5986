/*
 * `twinrig run`: one twin, one trial of each scenario, what it saw. With a
 * baseline a scenario with a rollout begins as that one.
 */
#include "harness/commands/command.h"
#include "harness/commands/gate/gate.h"
#include "harness/commands/output.h"
#include "harness/commands/run/json.h"
#include "harness/commands/run/text.h"
#include "harness/commands/input/scenario.h"
#include "harness/commands/run/search.h"
#include "harness/commands/input/setup.h"
#include "harness/commands/input/system.h"
#include "harness/commands/input/traffic.h"
#include "harness/commands/run/watch.h"
#include "harness/report/recovery.h"
#include "harness/trial/trial.h"
#include "twins/base/assert.h"

#include <stdio.h>

struct log {
	const struct tw_model *model;
	struct tw_buf line;
};

static void print_event(void *context, const struct tw_tap_event *event)
{
	struct log *log = context;

	tw_buf_clear(&log->line);
	tw_tap_text(log->model, event, &log->line);
	puts(tw_buf_text(&log->line));
}

/* One run of the search, for recovers() without a condition. */
static int print_search(const struct tw_cli *cli, const struct tw_case *one,
	struct tw_system *system, const struct tw_flow *flow, uint64_t seed)
{
	const struct tw_check check = {
		.aggregate = TW_AGG_RECOVERS, .metric = TW_METRIC_RECOVERS};
	const struct tw_check *checks[] = {&check};
	struct tw_search search = {.one = one,
		.flow = flow,
		.model[TW_FLOW_CANDIDATE] = system->model,
		.checks = checks,
		.n_checks = 1,
		.runs = 1,
		.threads = cli->threads ? (size_t)cli->threads : 1,
		.seed = seed};
	struct tw_scenario_result maps = {0};
	struct tw_observation seen;
	struct tw_arena arena;
	struct tw_buf text = {0};
	int status = TW_EXIT_USAGE;

	tw_arena_init(&arena);
	if (!tw_search_run(&search, &arena, &system->diags, &seen, &maps)) {
		tw_recovery_text(maps.maps.v, maps.maps.n, &text);
		puts(tw_buf_text(&text));
		tw_observation_release(&seen);
		status = TW_EXIT_PASS;
	}
	tw_buf_release(&text);
	tw_arena_release(&arena);
	return status;
}

/* Tables of several scenarios have their names above them. */
static void begin_watch(const struct tw_cli *cli, const struct tw_case *one,
	struct tw_watcher *watcher)
{
	struct tw_error error;

	if (!cli->watch)
		return;
	/* It was tried before anything was read. */
	if (tw_watch_init(watcher, cli->watch, stdout, &error))
		tw_unreachable();
	printf("%s\n", one->name);
	tw_watch_begin(watcher, cli->watch);
}

static int run_case(const struct tw_cli *cli, const struct tw_case *one,
	struct tw_system *system, const struct tw_model *model,
	const struct tw_flow *flow, uint64_t seed, struct tw_json_writer *json)
{
	struct log log = {.model = model};
	struct tw_tap tap = {print_event, &log};
	struct tw_watcher watcher;
	struct tw_observation seen;
	struct tw_scenario scenario;
	int status = TW_EXIT_USAGE;

	if (!tw_case_compile(one, model, &scenario, &system->diags)) {
		begin_watch(cli, one, &watcher);
		tw_trial_run(
			&(struct tw_trial){
				.model = model,
				.flow = flow,
				.side = TW_FLOW_CANDIDATE,
				.scenario = &scenario,
				.seed = seed,
				.load = one->load,
				.tap = cli->events ? &tap : NULL,
				.watcher = cli->watch ? &watcher : NULL,
			},
			&seen);
		if (json)
			tw_run_json(json, one->name, seed, &seen);
		if (cli->watch)
			putchar('\n');
		/* "-" is for another program to read. */
		else if (!json || strcmp(cli->json, "-"))
			tw_run_text(one->name, (int64_t)seed, &seen);
		tw_observation_release(&seen);
		status = TW_EXIT_PASS;
		if (tw_case_is_search(one) && !json && !cli->events)
			status = print_search(cli, one, system, flow, seed);
	}
	tw_scenario_release(&scenario);
	tw_buf_release(&log.line);
	return status;
}

static bool is_rollout(const struct tw_case *one)
{
	return one->config && one->config->rollout.origin;
}

/* It takes two sides. */
static void tell_one_side(const struct tw_case *one, struct tw_diags *diags)
{
	tw_diag_hint(diags,
		tw_diag(diags, TW_WARNING, one->config->rollout.origin->pos,
			"nothing is rolled out in %s: a run has one side only",
			one->name),
		"--baseline REF gives it the other one; rollout-restart: "
		"[{workload: …}] replaces all pods without one");
}

/* The candidate's side of a gate. */
static int run_transition(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_flow *flow, uint64_t seed, struct tw_json_writer *json)
{
	struct tw_spec *spec;
	struct tw_model *model = tw_gate_transition(gate, gate->candidate.spec,
		gate->baseline.spec, gate->baseline.model,
		one->config->rollout.v, &spec);
	int status = TW_EXIT_RUN;

	if (model)
		status = run_case(gate->cli, one, &gate->candidate, model, flow,
			seed, json);
	tw_model_free(model);
	tw_spec_free(spec);
	return status;
}

static int run_one(struct tw_gate *gate, const struct tw_case *one,
	struct tw_traffic *traffic, uint64_t seed, struct tw_json_writer *json)
{
	struct tw_system *system = &gate->candidate;
	const struct tw_flow *flow =
		tw_traffic_flow(traffic, one->traffic, &system->diags);

	if (!flow)
		return TW_EXIT_USAGE;
	if (is_rollout(one) && gate->has_baseline)
		return run_transition(gate, one, flow, seed, json);
	if (is_rollout(one))
		tell_one_side(one, &system->diags);
	return run_case(
		gate->cli, one, system, system->model, flow, seed, json);
}

static int run_cases(struct tw_gate *gate, struct tw_json_writer *json)
{
	const struct tw_cli *cli = gate->cli;
	const struct tw_config *config = &gate->setup.config;
	struct tw_system *system = &gate->candidate;
	struct tw_traffic *traffic = tw_traffic_new(NULL, system->spec,
		&gate->setup.plugins, gate->setup.directory);
	uint64_t seed =
		(uint64_t)(cli->seed >= 0 ? cli->seed
					  : tw_int_or(config->gate.seed, 1));
	struct tw_cases cases;
	int status = TW_EXIT_PASS;

	tw_cases_init(&cases);
	if (tw_cases_expand(&cases, config, system->model, cli->scenario,
		    &system->diags))
		status = TW_EXIT_USAGE;
	else if (!cases.list.n)
		tw_diag(&system->diags, TW_ERROR, (struct tw_pos){0},
			"no scenario is called '%s'", cli->scenario);
	for (size_t i = 0; !status && i < cases.list.n; i++)
		status = run_one(gate, cases.list.v[i], traffic, seed, json);
	if (system->diags.errors)
		status = TW_EXIT_USAGE;
	tw_cases_release(&cases);
	tw_traffic_free(traffic);
	return status;
}

static int run_to_json(struct tw_gate *gate)
{
	struct tw_json_writer json;
	struct tw_buf out = {0};
	int status;

	tw_json_writer_init(&json, &out, true);
	tw_json_object(&json);
	tw_json_key(&json, "version");
	tw_json_int(&json, TW_RUN_JSON_VERSION);
	tw_json_key(&json, "runs");
	tw_json_array(&json);
	status = run_cases(gate, &json);
	tw_json_end(&json);
	tw_json_end(&json);
	tw_json_finish(&json);
	if (!status)
		status = tw_output_write(gate->cli->json, &out);
	tw_buf_release(&out);
	return status;
}

/* One side, or both. */
static int open_sides(struct tw_gate *gate)
{
	struct tw_setup *setup = &gate->setup;
	int status;

	if (!gate->cli->baseline)
		return tw_system_load(&gate->candidate, tw_setup_files(setup),
			       setup->directory, &setup->config,
			       &setup->config.candidate)
			       ? TW_EXIT_USAGE
			       : 0;
	status = tw_gate_open_sides(gate);
	if (!status)
		tw_gate_list_differences(gate); /* what is rolled out */
	return status;
}

static int run(const struct tw_cli *cli)
{
	struct tw_gate gate;
	struct tw_watcher watcher;
	struct tw_error error = {0};
	int status = TW_EXIT_USAGE;

	if (cli->watch && tw_watch_init(&watcher, cli->watch, stdout, &error)) {
		fprintf(stderr, "twinrig run: %s\n", error.message);
		return TW_EXIT_USAGE;
	}
	tw_gate_init(&gate, cli);
	if (!tw_setup_open(&gate.setup, cli)) {
		status = open_sides(&gate);
		if (!status)
			status = cli->json ? run_to_json(&gate)
					   : run_cases(&gate, NULL);
	}
	tw_diags_show(&gate.setup.diags, cli);
	tw_diags_show(&gate.candidate.diags, cli);
	if (status)
		tw_diags_show(&gate.baseline.diags, cli);
	tw_gate_release(&gate);
	return status;
}

const struct tw_command tw_command_run = {
	.name = "run",
	.arguments = "",
	.summary = "run one twin once and show what it saw",
	.manual = "Builds the twin of the working tree and runs each scenario "
		  "once. --events prints\nevery event of it instead of only "
		  "what came out; --watch pods, nodes, deployments,\nvpa or "
		  "events "
		  "prints tables as kubectl does. A scenario with a `rollout:` "
		  "begins as\nwhat --baseline names.",
	.run = run,
};
