/*
 * `twinrig gate`: both sides through every scenario, and what they come to.
 */
#include "harness/commands/gate.h"
#include "harness/commands/prove.h"
#include "harness/commands/reach.h"
#include "harness/commands/search.h"

#include "harness/lint/lint.h"

#include <stdio.h>
#include <time.h>

/* ---- checks ------------------------------------------------------------ */

static int add_check(struct tw_gate *gate, struct tw_str text,
	struct tw_pos pos, const struct tw_config_check *from)
{
	struct tw_check *check = tw_new(&gate->arena, struct tw_check);

	if (tw_check_parse(check, &gate->arena, text, pos, &gate->setup.diags))
		return TW_EXIT_USAGE;
	for (size_t i = 0; from && i < from->scenarios.n; i++)
		tw_vec_push_in(&gate->arena, &check->scenarios,
			from->scenarios.v[i].v);
	check->muted = from && from->mute.v;
	if (from && from->name.v)
		check->name = from->name.v;
	tw_vec_push(&gate->checks, check);
	return 0;
}

/* Of a search that no check asks for. */
#define SEARCH_CHECK "recovers() >= baseline * 0.9"

static bool has_recovers(const struct tw_gate *gate)
{
	for (size_t i = 0; i < gate->checks.n; i++)
		if (gate->checks.v[i]->aggregate == TW_AGG_RECOVERS)
			return true;
	return false;
}

/* Their files are those of the tree that the policy comes from. */
static int read_judges(struct tw_gate *gate)
{
	bool mine = gate->policy == &gate->setup.config;
	struct tw_files *files = mine ? tw_setup_files(&gate->setup)
				      : gate->baseline.kustomize.files;
	struct tw_digest digest;
	struct tw_buf texts = {0};
	int status = TW_EXIT_RUN;

	if (!gate->policy->gate.judges.n) {
		status = 0;
	} else if (files) {
		status = tw_judges_read(gate->policy, files, &gate->arena,
				 &gate->setup.diags, &gate->judges, &texts)
				 ? TW_EXIT_USAGE
				 : 0;
		tw_digest_init(&digest);
		tw_digest_add(&digest, tw_buf_text(&texts), texts.n);
		tw_digest_text(&digest, gate->judges_digest);
	}
	tw_buf_release(&texts);
	if (mine)
		tw_files_free(files);
	return status;
}

int tw_gate_read_checks(struct tw_gate *gate)
{
	const struct tw_config *config = gate->policy;
	int status = 0;

	for (size_t i = 0; i < config->gate.checks.n; i++) {
		const struct tw_config_check *from = config->gate.checks.v[i];

		if (add_check(gate, tw_str_of(from->check.v),
			    from->check.origin->pos, from))
			status = TW_EXIT_USAGE;
	}
	gate->report.default_checks = !config->gate.checks.n;
	for (size_t i = 0; gate->report.default_checks && tw_default_checks[i];
		i++)
		add_check(gate, tw_str_of(tw_default_checks[i]),
			(struct tw_pos){0}, NULL);
	for (size_t i = 0; i < config->scenarios.n; i++)
		if (config->scenarios.v[i]->search.origin &&
			!has_recovers(gate))
			add_check(gate, tw_str_of(SEARCH_CHECK),
				(struct tw_pos){0}, NULL);
	return status ? status : read_judges(gate);
}

/* ---- judging ----------------------------------------------------------- */

static bool same_system(const struct tw_gate *gate)
{
	return gate->has_baseline && !gate->differences.n &&
	       !gate->setup.config.candidate.process.n;
}

static const char *faults_text(struct tw_gate *gate, const struct tw_case *one)
{
	struct tw_scenario scenario;
	struct tw_buf text = {0};
	const char *copy;

	tw_case_compile(
		one, gate->candidate.model, &scenario, &gate->setup.diags);
	for (size_t i = 0; i < scenario.faults.n; i++)
		tw_buf_printf(&text, "%s%s", i ? "; " : "",
			scenario.faults.v[i]->label);
	copy = tw_arena_strdup(&gate->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	tw_scenario_release(&scenario);
	return copy;
}

/* As one word of a shell's command line. */
static void add_word(struct tw_buf *text, const char *word)
{
	tw_buf_add_char(text, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			tw_buf_add_text(text, "'\\'");
		tw_buf_add_char(text, *word);
	}
	tw_buf_add_char(text, '\'');
}

static void add_option(
	struct tw_buf *text, const char *option, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./:,@%";

	tw_buf_printf(text, " %s ", option);
	if (*value && !value[strspn(value, plain)])
		tw_buf_add_text(text, value);
	else
		add_word(text, value);
}

/* A stored gate has no commit that would do: its pods stand elsewhere. */
static void add_baseline(struct tw_gate *gate, struct tw_buf *text)
{
	const char *revision = gate->report.baseline.revision;

	if (gate->store.has_stored)
		add_option(text, "--baseline",
			tw_arena_printf(&gate->arena, "stored:%s",
				tw_record_name(&gate->store.stored)));
	else if (revision)
		add_option(text, "--baseline",
			tw_arena_printf(&gate->arena, "%.12s", revision));
	else if (gate->cli->baseline)
		add_option(text, "--baseline", gate->cli->baseline);
}

static const char *reproduce_text(
	struct tw_gate *gate, const struct tw_case *one)
{
	const struct tw_cli *cli = gate->cli;
	struct tw_buf text = {0};
	const char *copy;

	tw_buf_add_text(&text, "twinrig gate");
	if (cli->config)
		add_option(&text, "-c", cli->config);
	add_baseline(gate, &text);
	tw_buf_add_text(&text, " --scenario ");
	add_word(&text, one->name);
	tw_buf_printf(&text, " --runs %zu", gate->runs);
	if (gate->looks.most > gate->looks.first)
		tw_buf_printf(&text, " --max-runs %zu", gate->looks.most);
	tw_buf_printf(&text, " --seed %llu", (unsigned long long)gate->seed);
	copy = tw_arena_strdup(&gate->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return copy;
}

static struct tw_judge_options options_of(
	const struct tw_gate *gate, size_t runs)
{
	return (struct tw_judge_options){
		.confidence = tw_real_or(gate->policy->gate.confidence, 0),
		.share = tw_look_share(&gate->looks, runs),
		.same_system = same_system(gate),
		.differences = gate->differences.v,
		.n_differences = gate->differences.n,
	};
}

/* Time is up where the cases so far took more than their part of it, so that
 * the last one has its first look, too. */
static bool time_is_up(const struct tw_gate *gate, size_t i)
{
	const struct tw_int *budget = &gate->policy->gate.budget;
	struct timespec now;

	if (!budget->origin || gate->merging)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec * TW_S + now.tv_nsec - gate->began) >
	       (double)budget->v * (double)(i + 1) / (double)gate->cases.list.n;
}

size_t tw_gate_next_look(struct tw_gate *gate, size_t i,
	struct tw_runs baseline, struct tw_runs candidate, const char **stopped)
{
	const struct tw_case *one = gate->cases.list.v[i];
	size_t next = tw_look_next(&gate->looks, candidate.n);
	struct tw_judge_options options = options_of(gate, candidate.n);
	const struct tw_scenario_result *now;

	*stopped = NULL;
	if (gate->looks.most <= gate->looks.first)
		return 0;
	*stopped = "runs";
	if (!next)
		return 0;
	options.interim = true;
	now = tw_judge_scenario(one->name, gate->checks.v, gate->checks.n,
		baseline, candidate, &options, &gate->arena);
	if (tw_scenario_decided(now, gate->cases.list.n, options.confidence)) {
		*stopped = "decided";
		return 0;
	}
	if (time_is_up(gate, i)) {
		*stopped = "time";
		return 0;
	}
	return next;
}

struct tw_scenario_result *tw_gate_judge(struct tw_gate *gate,
	const struct tw_case *one, struct tw_runs baseline,
	struct tw_runs candidate)
{
	struct tw_judge_options options = options_of(gate, candidate.n);
	const struct tw_check **checks;
	size_t n = tw_search_checks(
		one, gate->checks.v, gate->checks.n, &gate->arena, &checks);
	struct tw_scenario_result *result;

	/* A search has one look, at what all of its trials came to. */
	if (tw_case_is_search(one))
		options.share = 1;
	result = tw_judge_scenario(tw_arena_strdup(&gate->arena, one->name),
		checks, n, baseline, candidate, &options, &gate->arena);
	if (gate->looks.most > gate->looks.first && !tw_case_is_search(one)) {
		result->look = tw_look_number(&gate->looks, candidate.n);
		result->looks = tw_look_number(&gate->looks, gate->looks.most);
	}
	result->faults = faults_text(gate, one);
	result->reproduce = reproduce_text(gate, one);
	if (!gate->undoing)
		tw_judges_ask(&gate->judges, baseline, candidate, &gate->arena,
			result);
	if (candidate.n && tw_timeline_tells(&candidate.v[0]->timeline))
		result->timeline = tw_timeline_copy(
			&candidate.v[0]->timeline, &gate->arena);
	return result;
}

/* The two cases that a process has beside the checks (report: live). */
void tw_gate_conclude_live(struct tw_gate *gate)
{
	const struct tw_report_live *live = &gate->live;
	size_t failed = (live->trouble != NULL) + (live->different > 0);
	size_t unknown = !live->different && !live->compared;

	gate->result.failed += failed;
	gate->result.inconclusive += unknown;
	gate->result.passed += 2 - failed - unknown;
	if (failed)
		gate->result.verdict = TW_VERDICT_FAIL;
	else if (unknown && gate->result.verdict == TW_VERDICT_PASS)
		gate->result.verdict = TW_VERDICT_INCONCLUSIVE;
}

/* What routes of a side asked for and nobody could tell. Without a baseline
 * there is nothing to differ from. */
static const char *untold(struct tw_gate *gate, const struct tw_system *system,
	enum tw_flow_side side)
{
	struct tw_buf text = {0};
	const char *kept;

	if (!gate->has_baseline || !system->model)
		return NULL;
	tw_conditions_text(
		&system->model->conditions, gate->untold[side], &text);
	kept = tw_arena_strdup(&gate->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

static void conclude(struct tw_gate *gate)
{
	const struct tw_completeness *complete = &gate->complete;
	struct tw_report_traffic *traffic =
		tw_new(&gate->arena, struct tw_report_traffic);
	struct tw_evidence evidence = {
		/* Made-up traffic is all there and all replayed. */
		.exchanges = complete->exchanges ? complete->exchanges
						 : gate->arrivals,
		.replayed = complete->exchanges ? complete->replayable
						: gate->arrivals,
		.floor = tw_real_or(gate->policy->gate.completeness, 0.95),
		.late = gate->late,
		.late_floor = gate->late_floor,
		.overflow = gate->overflow,
		.unfinished = gate->unfinished,
		.undecided = {gate->undecided[TW_FLOW_BASELINE],
			gate->undecided[TW_FLOW_CANDIDATE]},
		.untold = {untold(gate, &gate->baseline, TW_FLOW_BASELINE),
			untold(gate, &gate->candidate, TW_FLOW_CANDIDATE)},
		.differences = gate->differences.v,
		.n_differences = gate->differences.n,
		.offered_baseline = gate->has_baseline
					    ? gate->offered[TW_FLOW_BASELINE]
					    : 0,
		.offered_candidate = gate->offered[TW_FLOW_CANDIDATE],
		.doubts = gate->doubts.list.v,
		.n_doubts = gate->doubts.list.n,
		.no_baseline = !gate->has_baseline,
		.assumed = gate->assumed.v,
		.n_assumed = gate->assumed.n,
	};

	traffic->read = complete->exchanges - complete->malformed;
	traffic->malformed = complete->malformed;
	traffic->unrouted = complete->unrouted;
	traffic->replayed = complete->replayable;
	if (complete->exchanges)
		gate->report.traffic = traffic;
	/* A process is what runs, whatever its manifests say of its image. */
	if (gate->report.live)
		evidence.n_differences = evidence.n_doubts = 0;
	tw_gate_conclude(&gate->result, &evidence,
		tw_real_or(gate->policy->gate.confidence, 0), &gate->arena);
	tw_judges_count(&gate->result);
	if (gate->report.live)
		tw_gate_conclude_live(gate);
}

enum tw_inconclusive_as tw_gate_inconclusive_as(const struct tw_config *config)
{
	const char *as = config->gate.inconclusive.v;

	if (as && !strcmp(as, "fail"))
		return TW_INCONCLUSIVE_FAIL;
	if (as && !strcmp(as, "pass"))
		return TW_INCONCLUSIVE_PASS;
	return TW_INCONCLUSIVE_OWN;
}

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
		conclude(gate);
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
		if (tw_gate_tell_findings_alone(&gate))
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
