#include "harness/commands/run/search.h"

#include "harness/gate/measure.h"
#include "harness/trial/parallel.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>
#include <string.h>

/* The default condition of recovers(): check.h. */
#define MORE_ERRORS   0.05
#define TIMES_LATENCY 2
#define MORE_LATENCY  (10.0 * TW_MS)

#define SIZES_DEFAULT 8

struct grid {
	size_t n;
	const char **texts;
	double *values; /* n + 1: one step beyond the last */
};

struct job {
	const struct tw_search *search;
	const struct grid *grid;
	const struct tw_scenario *scenarios[2]; /* by side, by size */
	tw_time within;
	struct tw_observation *to;
	size_t *found; /* [check][side * runs + run]: index of a size */
	size_t n_items;
};

/* ---- the sizes ------------------------------------------------------ */

static const struct tw_config_fault *fault_of(const struct tw_case *one)
{
	const struct tw_config_search *search = &one->config->search;

	for (size_t i = 0; search->fault.v && i < one->config->faults.n; i++)
		for (size_t k = 0; k < one->config->faults.v[i]->args.n; k++) {
			const struct tw_fault_arg *arg =
				&one->config->faults.v[i]->args.v[k];

			if (!strcmp(arg->name, "name") &&
				!strcmp(arg->value, search->fault.v))
				return one->config->faults.v[i];
		}
	return !search->fault.v && one->config->faults.n
		       ? one->config->faults.v[0]
		       : NULL;
}

static const char *trigger_of(const struct tw_case *one)
{
	const char *trigger = one->config->search.trigger.v;

	return trigger ? trigger : "for";
}

static const struct tw_fault_param *param_of(
	const char *kind_name, const char *name)
{
	size_t n;
	const struct tw_fault_kind *const *kinds = tw_fault_kinds(&n);
	const struct tw_fault_param *common;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; !strcmp(kinds[i]->name, kind_name) &&
				   k < kinds[i]->n_params;
			k++)
			if (!strcmp(kinds[i]->params[k].name, name))
				return &kinds[i]->params[k];
	common = tw_fault_common(&n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(common[i].name, name))
			return &common[i];
	return NULL;
}

static bool read_size(
	enum tw_param_type type, const struct tw_text *text, double *value)
{
	struct tw_str s = tw_str_of(text->v);
	tw_time ns;

	switch (type) {
	case TW_PARAM_DURATION:
		if (!tw_parse_duration(s, &ns) || ns <= 0)
			return false;
		*value = (double)ns;
		return true;
	case TW_PARAM_FACTOR:
		if (s.n && s.p[s.n - 1] == 'x')
			s.n--;
		return tw_parse_real(s, value) && *value >= 0;
	case TW_PARAM_RATIO:
		return (tw_parse_percent(s, value) ||
			       tw_parse_real(s, value)) &&
		       *value >= 0 && *value <= 1;
	case TW_PARAM_COUNT:
		return tw_parse_real(s, value) && *value >= 1;
	default:
		return false;
	}
}

static const char *size_text(
	struct tw_arena *arena, enum tw_param_type type, double value)
{
	char text[TW_REAL_TEXT];
	tw_time ns = (tw_time)tw_round(value);

	switch (type) {
	case TW_PARAM_DURATION:
		if (ns % TW_S == 0)
			return tw_arena_printf(
				arena, "%llds", (long long)(ns / TW_S));
		if (ns % TW_MS == 0)
			return tw_arena_printf(
				arena, "%lldms", (long long)(ns / TW_MS));
		return tw_arena_printf(arena, "%lldns", (long long)ns);
	case TW_PARAM_COUNT:
		return tw_arena_printf(
			arena, "%lld", (long long)tw_round(value));
	default:
		return tw_arena_strdup(arena, tw_real_text(value, text));
	}
}

/* Even steps, rounded to what a person would write: whole milliseconds,
 * whole numbers, a thousandth of a factor. */
static double rounded(enum tw_param_type type, double value)
{
	double unit = type == TW_PARAM_DURATION ? (double)TW_MS
		      : type == TW_PARAM_COUNT	? 1
						: 0.001;

	return tw_round(value / unit) * unit;
}

static int make_grid(const struct tw_case *one, struct tw_arena *arena,
	struct tw_diags *diags, struct grid *grid)
{
	const struct tw_config_search *search = &one->config->search;
	const struct tw_config_fault *fault = fault_of(one);
	const struct tw_fault_param *param =
		fault ? param_of(fault->kind, trigger_of(one)) : NULL;
	struct tw_pos pos = search->origin->pos;
	double from, to;

	if (!fault || !param) {
		tw_diag(diags, TW_ERROR, pos,
			fault ? "search: that fault has no parameter '%s'"
			      : "search: no fault is there for '%s'",
			trigger_of(one));
		return -1;
	}
	if (!read_size(param->type, &search->from, &from) ||
		!read_size(param->type, &search->to, &to) || to <= from) {
		tw_diag(diags, TW_ERROR, pos,
			"search: 'from' and 'to' are values of '%s', the "
			"smaller first",
			param->name);
		return -1;
	}
	grid->n = (size_t)tw_int_or(search->steps, SIZES_DEFAULT);
	grid->values = tw_new_array(arena, grid->n + 1, double);
	grid->texts = tw_new_array(arena, grid->n, const char *);
	for (size_t i = 0; i <= grid->n; i++) {
		double value =
			from + (to - from) * (double)i / (double)(grid->n - 1);

		if (i < grid->n)
			value = rounded(param->type, value);
		grid->values[i] = value;
		if (i < grid->n)
			grid->texts[i] = size_text(arena, param->type, value);
	}
	return 0;
}

/* ---- one run of one side -------------------------------------------- */

struct run {
	const struct job *job;
	enum tw_flow_side side;
	uint32_t replication;
	struct tw_check own[2]; /* of the default condition */
	double errors, latency; /* without the fault */
	uint64_t trials;
};

static void run_trial(struct run *run, const struct tw_scenario *scenario,
	struct tw_observation *to)
{
	const struct tw_search *search = run->job->search;

	run->trials++;
	tw_trial_run(
		&(struct tw_trial){
			.model = search->model[run->side],
			.flow = search->flow,
			.side = run->side,
			.scenario = scenario,
			.seed = search->seed,
			.replication = run->replication,
			.load = search->one->load,
		},
		to);
}

static double value_without(const struct tw_observation *seen,
	enum tw_aggregate aggregate, enum tw_metric metric)
{
	struct tw_check check = {.aggregate = aggregate, .metric = metric};
	struct tw_group_key any = {0};

	return tw_measure(&check, &any, (struct tw_runs){&seen, 1}, 0, 1).value;
}

static bool holds_again(const struct run *run,
	const struct tw_observation *seen, struct tw_check *inner)
{
	struct tw_check check = {.aggregate = TW_AGG_RECOVERY,
		.metric = TW_METRIC_RECOVERY,
		.inner = inner};
	struct tw_group_key any = {0};
	struct tw_sample sample =
		tw_measure(&check, &any, (struct tw_runs){&seen, 1}, 0, 1);

	return sample.present && !sample.censored &&
	       sample.value <= (double)run->job->within;
}

static bool recovers(struct run *run, const struct tw_check *check, size_t size)
{
	struct tw_observation seen;
	bool is;

	run_trial(run, &run->job->scenarios[run->side][size], &seen);
	if (check->inner) {
		is = holds_again(run, &seen, check->inner);
	} else {
		struct tw_check errors = {.aggregate = TW_AGG_RATIO,
			.metric = TW_METRIC_ERRORS,
			.limit.add = run->errors + MORE_ERRORS};
		struct tw_check latency = {.aggregate = TW_AGG_MEAN,
			.metric = TW_METRIC_LATENCY,
			.limit.add =
				TIMES_LATENCY * run->latency + MORE_LATENCY};

		is = holds_again(run, &seen, &errors) &&
		     holds_again(run, &seen, &latency);
	}
	tw_observation_release(&seen);
	return is;
}

/* The first size that is not recovered from; n: all are. */
static size_t bisect(struct run *run, const struct tw_check *check)
{
	size_t low = 0, high = run->job->grid->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (recovers(run, check, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static const char *condition_of(const struct tw_check *check)
{
	return check->inner ? check->inner->text : "";
}

/* An earlier check asks for the same condition. */
static bool is_known(const struct tw_search *search, size_t c)
{
	for (size_t i = 0; i < c; i++)
		if (!strcmp(condition_of(search->checks[i]),
			    condition_of(search->checks[c])))
			return true;
	return false;
}

static void search_one(void *context, size_t item)
{
	struct job *job = context;
	const struct tw_search *search = job->search;
	struct tw_observation *to = &job->to[item];
	struct run run = {
		.job = job,
		.side = item < search->runs ? TW_FLOW_CANDIDATE
					    : TW_FLOW_BASELINE,
		.replication = (uint32_t)(item % search->runs),
	};

	run_trial(&run, NULL, to);
	run.errors = value_without(to, TW_AGG_RATIO, TW_METRIC_ERRORS);
	run.latency = value_without(to, TW_AGG_MEAN, TW_METRIC_LATENCY);
	for (size_t c = 0; c < search->n_checks; c++) {
		const struct tw_check *check = search->checks[c];
		size_t found;

		if (is_known(search, c))
			continue;
		run.trials = 0;
		found = bisect(&run, check);
		job->found[c * job->n_items + item] = found;
		tw_vec_push(&to->thresholds,
			((struct tw_threshold){
				tw_observation_name(to, condition_of(check)),
				job->grid->values[found], run.trials}));
	}
}

/* ---- the whole ------------------------------------------------------ */

size_t tw_search_checks(const struct tw_case *one,
	const struct tw_check *const *checks, size_t n, struct tw_arena *arena,
	const struct tw_check ***to)
{
	bool search = tw_case_is_search(one);
	const struct tw_config_fault *fault = search ? fault_of(one) : NULL;
	const struct tw_fault_param *param =
		fault ? param_of(fault->kind, trigger_of(one)) : NULL;
	size_t found = 0;

	*to = tw_new_array(arena, n + 1, const struct tw_check *);
	for (size_t i = 0; i < n; i++) {
		struct tw_check *copy;

		if ((checks[i]->aggregate == TW_AGG_RECOVERS) != search)
			continue;
		if (!search) {
			(*to)[found++] = checks[i];
			continue;
		}
		copy = tw_new(arena, struct tw_check);
		*copy = *checks[i];
		copy->trigger = param && param->type == TW_PARAM_DURATION
					? TW_UNIT_TIME
					: TW_UNIT_COUNT;
		(*to)[found++] = copy;
	}
	return found;
}

/* Each size's faults; the run has to be long enough to see what comes after
 * the largest. */
static int compile_sizes(const struct tw_search *search,
	const struct grid *grid, tw_time within, int side,
	struct tw_diags *diags, struct tw_scenario *to)
{
	const struct tw_config_search *config = &search->one->config->search;
	tw_time duration = search->flow->duration;

	for (size_t i = 0; i < grid->n; i++) {
		const struct tw_case_change change = {fault_of(search->one),
			trigger_of(search->one), grid->texts[i]};

		if (!tw_case_compile_with(search->one, search->model[side],
			    &change, &to[i], diags))
			continue;
		for (size_t k = i + 1; k < grid->n; k++)
			tw_scenario_init(&to[k]);
		return -1;
	}
	if (to[0].end < search->flow->warmup) {
		tw_diag(diags, TW_ERROR, config->origin->pos,
			"search: the fault ends within the warm-up, of which "
			"nothing is seen");
		return -1;
	}
	if (to[grid->n - 1].end < TW_NEVER - within &&
		to[grid->n - 1].end + within <= duration)
		return 0;
	tw_diag_hint(diags,
		tw_diag(diags, TW_ERROR, config->origin->pos,
			"search: the run of %llds ends before 'within' is over "
			"after the largest trigger",
			(long long)(duration / TW_S)),
		"traffic: {duration: ...} or a loop makes it longer");
	return -1;
}

static void add_map(const struct tw_search *search, const struct job *job,
	size_t c, struct tw_arena *arena, struct tw_scenario_result *maps)
{
	struct tw_recovery_map *map = tw_new(arena, struct tw_recovery_map);
	const struct grid *grid = job->grid;

	map->scenario = tw_arena_strdup(arena, search->one->family);
	map->trigger = trigger_of(search->one);
	map->condition = condition_of(search->checks[c]);
	map->load = search->one->load;
	map->n = grid->n;
	map->sizes = grid->texts;
	map->runs = search->runs;
	map->has_baseline = search->model[TW_FLOW_BASELINE] != NULL;
	for (int side = 0; side < 2; side++) {
		size_t *lost = tw_new_array(arena, grid->n, size_t);

		map->lost[side] = lost;
		for (size_t i = 0; i < job->n_items; i++) {
			size_t found = job->found[c * job->n_items + i];

			if ((i < search->runs) != (side == TW_FLOW_CANDIDATE))
				continue;
			for (size_t k = found; k < grid->n; k++)
				lost[k]++;
		}
	}
	tw_vec_push_in(arena, &maps->maps, map);
}

int tw_search_run(const struct tw_search *search, struct tw_arena *arena,
	struct tw_diags *diags, struct tw_observation *to,
	struct tw_scenario_result *maps)
{
	const struct tw_config_search *config = &search->one->config->search;
	struct tw_scenario *scenarios[2] = {NULL};
	struct grid grid;
	struct job job = {.search = search,
		.grid = &grid,
		.within = tw_int_or(config->within, 30 * TW_S),
		.to = to,
		.n_items = search->runs *
			   (search->model[TW_FLOW_BASELINE] ? 2 : 1)};
	int status = make_grid(search->one, arena, diags, &grid);

	for (int side = 0; !status && side < 2; side++) {
		if (!search->model[side])
			continue;
		scenarios[side] = tw_calloc(grid.n, sizeof **scenarios);
		status = compile_sizes(search, &grid, job.within, side, diags,
			scenarios[side]);
		job.scenarios[side] = scenarios[side];
	}
	if (!status) {
		job.found = tw_new_array(
			arena, search->n_checks * job.n_items + 1, size_t);
		tw_parallel(job.n_items, search->threads, search_one, &job);
		for (size_t c = 0; c < search->n_checks; c++)
			if (!is_known(search, c))
				add_map(search, &job, c, arena, maps);
	}
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; scenarios[side] && i < grid.n; i++)
			tw_scenario_release(&scenarios[side][i]);
		tw_free(scenarios[side]);
	}
	return status;
}
