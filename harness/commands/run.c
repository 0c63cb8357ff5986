/*
 * `twinrig run`: one twin, one trial of each scenario, what it saw.
 */
#include "harness/commands/search.h"
#include "harness/commands/command.h"
#include "harness/commands/run_json.h"
#include "harness/commands/scenario.h"
#include "harness/commands/setup.h"
#include "harness/commands/system.h"
#include "harness/commands/traffic.h"
#include "harness/commands/watch.h"
#include "harness/report/recovery.h"
#include "harness/report/timeline.h"
#include "harness/trial/trial.h"
#include "twins/base/assert.h"
#include "twins/observe/histogram.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* What proxies did: columns of their own where they did anything. */
static const struct {
	const char *name;
	size_t offset;
} proxies[] = {
	{"overflow", offsetof(struct tw_cell, overflow)},
	{"denied", offsetof(struct tw_cell, denied)},
	{"ejections", offsetof(struct tw_cell, ejections)},
	{"connects", offsetof(struct tw_cell, connects)},
	{"limited", offsetof(struct tw_cell, limited)},
	{"rejected", offsetof(struct tw_cell, rejected)},
};

#define N_PROXIES (sizeof proxies / sizeof *proxies)

/* Calls of one kind: all zones and windows of a caller and an endpoint. */
struct line {
	const struct tw_cell_key *key;
	uint64_t count, errors, timeouts, retries;
	uint64_t proxies[N_PROXIES];
	struct tw_histogram latency;
};

TW_VEC_TYPE(lines, struct line);

static void add_cell(struct lines *lines, const struct tw_cell *cell)
{
	struct line *line = NULL;

	if (cell->key.side != TW_CLIENT)
		return;
	for (size_t i = 0; i < lines->n && !line; i++)
		if (lines->v[i].key->caller == cell->key.caller &&
			lines->v[i].key->service == cell->key.service &&
			lines->v[i].key->endpoint == cell->key.endpoint)
			line = &lines->v[i];
	if (!line) {
		tw_vec_push(lines, (struct line){.key = &cell->key});
		line = &lines->v[lines->n - 1];
	}
	line->count += cell->count;
	line->errors += cell->errors;
	line->timeouts += cell->timeouts;
	line->retries += cell->retries;
	for (size_t i = 0; i < N_PROXIES; i++)
		line->proxies[i] += *(const uint64_t *)((const char *)cell +
							proxies[i].offset);
	tw_histogram_merge(&line->latency, &cell->latency);
}

/* What users see first, then by caller and callee. */
static int compare_lines(const void *a, const void *b)
{
	const struct tw_cell_key *x = ((const struct line *)a)->key;
	const struct tw_cell_key *y = ((const struct line *)b)->key;
	bool x_out = !strcmp(x->caller, TW_OUTSIDE);
	bool y_out = !strcmp(y->caller, TW_OUTSIDE);
	int order;

	if (x_out != y_out)
		return x_out ? -1 : 1;
	order = strcmp(x->caller, y->caller);
	if (!order)
		order = strcmp(x->service, y->service);
	return order ? order : strcmp(x->endpoint, y->endpoint);
}

static void print_line(const struct line *line)
{
	char p50[TW_TIME_TEXT], p99[TW_TIME_TEXT], max[TW_TIME_TEXT];
	struct tw_buf name = {0};

	tw_buf_printf(&name, "%s -> %s %s", line->key->caller,
		line->key->service, line->key->endpoint);
	printf("  %-58s %9llu %7.3f%% %7.3f%% %8s %8s %8s\n",
		tw_buf_text(&name), (unsigned long long)line->count,
		100 * (double)line->errors / (double)line->count,
		100 * (double)line->retries / (double)line->count,
		tw_time_text(tw_histogram_quantile(&line->latency, 0.5), p50),
		tw_time_text(tw_histogram_quantile(&line->latency, 0.99), p99),
		tw_time_text(line->latency.max, max));
	tw_buf_release(&name);
}

static bool has_proxies(const struct line *line)
{
	for (size_t i = 0; i < N_PROXIES; i++)
		if (line->proxies[i])
			return true;
	return false;
}

/* What policies of proxies did, where they did anything. */
static void print_proxies(const struct lines *lines)
{
	bool any = false;

	for (size_t i = 0; i < lines->n; i++) {
		const struct line *line = &lines->v[i];
		struct tw_buf name = {0};

		if (!has_proxies(line))
			continue;
		if (!any)
			printf("  %-58s", "proxies");
		for (size_t k = 0; !any && k < N_PROXIES; k++)
			printf(" %9s%s", proxies[k].name,
				k + 1 < N_PROXIES ? "" : "\n");
		any = true;
		tw_buf_printf(&name, "%s -> %s %s", line->key->caller,
			line->key->service, line->key->endpoint);
		printf("  %-58s", tw_buf_text(&name));
		for (size_t k = 0; k < N_PROXIES; k++)
			printf(" %9llu", (unsigned long long)line->proxies[k]);
		putchar('\n');
		tw_buf_release(&name);
	}
}

static void print_calls(const struct tw_observation *seen)
{
	struct lines lines = {0};

	for (size_t i = 0; i < seen->cells.n; i++)
		add_cell(&lines, &seen->cells.v[i]);
	if (lines.n)
		qsort(lines.v, lines.n, sizeof *lines.v, compare_lines);
	printf("  %-58s %9s %8s %8s %8s %8s %8s\n", "calls", "count", "errors",
		"retries", "p50", "p99", "max");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i].count)
			print_line(&lines.v[i]);
	print_proxies(&lines);
	for (size_t i = 0; i < lines.n; i++)
		tw_histogram_release(&lines.v[i].latency);
	tw_vec_release(&lines);
}

/* Cores in use and the share of its time with work in which it was throttled,
 * where its CPU is modelled. */
static void print_gauge(
	const struct tw_gauge *gauge, const struct tw_observation *seen)
{
	tw_time judged = (tw_time)gauge->slices.n * seen->slice - seen->warmup;
	struct tw_gauge_slice sum = tw_gauge_total(gauge);

	printf("  %-58s %9u %8u %8u %7.1f%%", gauge->service, sum.replicas,
		sum.unavailable, sum.queue,
		sum.capacity ? 100 * (double)sum.busy / (double)sum.capacity
			     : 0.0);
	if (sum.computing)
		printf(" %8.3f %7.1f%%", (double)sum.cpu / (double)judged,
			100 * (double)sum.throttled / (double)sum.computing);
	else if (sum.memory)
		printf(" %8s %8s", "", "");
	if (sum.memory)
		printf(" %7.0fMi", (double)sum.memory / (1024 * 1024));
	putchar('\n');
}

/* Where there are more services, those that served nobody are not shown. */
#define SHOWN_SERVICES 50

static void print_gauges(const struct tw_observation *seen)
{
	uint32_t left_out = 0;
	uint64_t replicas = 0, lost = 0;

	printf("  %-58s %9s %8s %8s %8s %8s %8s %9s\n", "services", "replicas",
		"lost", "queue", "busy", "cores", "thrott.", "memory");
	for (size_t i = 0; i < seen->gauges.n; i++) {
		struct tw_gauge_slice sum =
			tw_gauge_total(&seen->gauges.v[i]);

		if (seen->gauges.n <= SHOWN_SERVICES || sum.busy ||
			sum.computing) {
			print_gauge(&seen->gauges.v[i], seen);
			continue;
		}
		left_out++;
		replicas += sum.replicas;
		lost += sum.unavailable;
	}
	if (left_out)
		printf("  and %u that served nobody %*s %9llu %8llu  (--json "
		       "has them)\n",
			left_out, left_out < 1000 ? 33 : 32, "",
			(unsigned long long)replicas,
			(unsigned long long)lost);
}

#define SHOWN_LINES 30

/* "HPA api 2..10: 2 to 7 pods, first at 1m18s; …" */
static void print_scalings(const struct tw_observation *seen)
{
	char first[TW_TIME_TEXT];

	if (seen->scalings.n)
		printf("  autoscalers\n");
	for (size_t i = 0; i < seen->scalings.n; i++) {
		const struct tw_scaling *it = &seen->scalings.v[i];

		printf("  %s  %u..%u: %u pods", it->name, it->min, it->max,
			it->had);
		if (it->rescales)
			printf(", %u at most, %u at the end; %u rescales, the "
			       "first at %s",
				it->most, it->last, it->rescales,
				tw_time_text(it->first, first));
		else
			printf(" throughout");
		if (it->saturated)
			printf("; wanted up to %u in %u of %u syncs",
				it->most_wanted, it->saturated, it->syncs);
		if (it->blind)
			printf("; BLIND in %u of %u syncs: no metric could be "
			       "read",
				it->blind, it->syncs);
		printf("\n");
	}
}

static void print_timeline(const struct tw_observation *seen)
{
	struct tw_timeline_lines lines = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	tw_timeline_text(&seen->timeline, SHOWN_LINES, &arena, &lines);
	if (lines.n)
		puts("  timeline");
	for (size_t i = 0; i < lines.n; i++)
		printf("  %10s  %s\n", lines.v[i].time, lines.v[i].text);
	tw_arena_release(&arena);
}

static void print_observation(
	const char *name, int64_t seed, const struct tw_observation *seen)
{
	char duration[TW_TIME_TEXT];

	printf("%s: %llu requests in %s, %llu events, seed %lld\n", name,
		(unsigned long long)seen->arrivals,
		tw_time_text(seen->duration - seen->warmup, duration),
		(unsigned long long)seen->events, (long long)seed);
	if (seen->warmup)
		printf("  after a warm-up of %s, which does not count\n",
			tw_time_text(seen->warmup, duration));
	print_calls(seen);
	print_gauges(seen);
	print_scalings(seen);
	print_timeline(seen);
	if (seen->overflow)
		printf("  %llu requests were refused: too much in flight\n",
			(unsigned long long)seen->overflow);
	if (seen->undecided)
		printf("  %llu calls met a route that asks for what the "
		       "traffic does not tell (a header, a query value): it "
		       "was not taken\n",
			(unsigned long long)seen->undecided);
	putchar('\n');
}

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
	struct tw_system *system, const struct tw_flow *flow, uint64_t seed,
	struct tw_json_writer *json)
{
	struct log log = {.model = system->model};
	struct tw_tap tap = {print_event, &log};
	struct tw_watcher watcher;
	struct tw_observation seen;
	struct tw_scenario scenario;
	int status = TW_EXIT_USAGE;

	if (!tw_case_compile(one, system->model, &scenario, &system->diags)) {
		begin_watch(cli, one, &watcher);
		tw_trial_run(
			&(struct tw_trial){
				.model = system->model,
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
			print_observation(one->name, (int64_t)seed, &seen);
		tw_observation_release(&seen);
		status = TW_EXIT_PASS;
		if (tw_case_is_search(one) && !json && !cli->events)
			status = print_search(cli, one, system, flow, seed);
	}
	tw_scenario_release(&scenario);
	tw_buf_release(&log.line);
	return status;
}

/* It takes two sides, and there is one. */
static void tell_rollout(const struct tw_case *one, struct tw_diags *diags)
{
	if (!one->config || !one->config->rollout.origin)
		return;
	tw_diag_hint(diags,
		tw_diag(diags, TW_WARNING, one->config->rollout.origin->pos,
			"nothing is rolled out in %s: a run has one side only",
			one->name),
		"twinrig gate rolls it out; rollout-restart: [{workload: …}] "
		"replaces all pods in a run, too");
}

static int run_cases(const struct tw_cli *cli, const struct tw_setup *setup,
	struct tw_system *system, struct tw_json_writer *json)
{
	const struct tw_config *config = &setup->config;
	struct tw_traffic *traffic = tw_traffic_new(
		NULL, system->spec, &setup->plugins, setup->directory);
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
	for (size_t i = 0; !status && i < cases.list.n; i++) {
		const struct tw_flow *flow = tw_traffic_flow(
			traffic, cases.list.v[i]->traffic, &system->diags);

		tell_rollout(cases.list.v[i], &system->diags);
		status = flow ? run_case(cli, cases.list.v[i], system, flow,
					seed, json)
			      : TW_EXIT_USAGE;
	}
	if (system->diags.errors)
		status = TW_EXIT_USAGE;
	tw_cases_release(&cases);
	tw_traffic_free(traffic);
	return status;
}

static int write_json(const char *path, const struct tw_buf *text)
{
	bool is_stdout = !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wb");
	int failed;

	if (!file) {
		perror(path);
		return TW_EXIT_RUN;
	}
	failed = fwrite(text->p, text->n, 1, file) != 1;
	failed |= is_stdout ? fflush(file) : fclose(file);
	if (failed)
		perror(is_stdout ? "standard output" : path);
	return failed ? TW_EXIT_RUN : TW_EXIT_PASS;
}

static int run_to_json(const struct tw_cli *cli, const struct tw_setup *setup,
	struct tw_system *system)
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
	status = run_cases(cli, setup, system, &json);
	tw_json_end(&json);
	tw_json_end(&json);
	tw_json_finish(&json);
	if (!status)
		status = write_json(cli->json, &out);
	tw_buf_release(&out);
	return status;
}

static int run(const struct tw_cli *cli)
{
	struct tw_setup setup;
	struct tw_system system;
	struct tw_watcher watcher;
	struct tw_error error = {0};
	int status = TW_EXIT_USAGE;

	if (cli->watch && tw_watch_init(&watcher, cli->watch, stdout, &error)) {
		fprintf(stderr, "twinrig run: %s\n", error.message);
		return TW_EXIT_USAGE;
	}
	tw_system_init(&system);
	if (!tw_setup_open(&setup, cli) &&
		!tw_system_load(&system, tw_setup_files(&setup),
			setup.directory, &setup.config,
			&setup.config.candidate))
		status = cli->json ? run_to_json(cli, &setup, &system)
				   : run_cases(cli, &setup, &system, NULL);
	tw_diags_show(&setup.diags, cli);
	tw_diags_show(&system.diags, cli);
	tw_system_release(&system);
	tw_setup_release(&setup);
	return status;
}

const struct tw_command tw_command_run = {
	.name = "run",
	.arguments = "",
	.summary = "run one twin once and show what it saw",
	.manual = "Builds the twin of the working tree and runs each scenario "
		  "once.\n--events prints every event of it instead of only "
		  "what came out; --watch pods, nodes, deployments or events "
		  "prints tables as kubectl does.",
	.run = run,
};
