/*
 * The checks of a gate, how each scenario is judged by them, and what all of
 * them come to.
 */
#include "harness/commands/gate/gate.h"

#include "harness/commands/run/search.h"
#include "harness/gate/stats.h"

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

static struct tw_judge_options options_of(struct tw_gate *gate, size_t runs)
{
	double confidence =
		tw_real_or(gate->policy->gate.confidence, TW_CONFIDENCE);

	tw_look_plan(&gate->looks, (1 - confidence) / 2, &gate->plan);
	return (struct tw_judge_options){
		.confidence = confidence,
		.look = tw_look_at(&gate->plan, runs),
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
		options.look = (struct tw_look){0};
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

void tw_gate_conclude_all(struct tw_gate *gate)
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
		.not_started = gate->not_started,
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
