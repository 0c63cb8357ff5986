/*
 * A real build: its process, and the baseline's where one is given, in turns,
 * each run in real time in the live twin.
 */
#include "harness/commands/gate.h"

#include "harness/live/candidate.h"

#include <stdio.h>

#define LATE_FLOOR 0.05 /* share of sends that may be late */
#define LATE	   (5 * TW_MS)

/* One of the two processes, in all of its runs. */
struct player {
	const struct tw_config_side *side;
	struct tw_system *system;
	struct tw_live_traffic traffic;
	const char *const *argv;
	TW_VEC(const char *) ignore;
	TW_VEC(struct tw_live_result *) results; /* of the case at hand */
	TW_VEC(const struct tw_observation *) seen;
	bool ready;
};

static int take(void *context, const struct twinrig_exchange *exchange)
{
	tw_live_traffic_add(context, exchange);
	return 0;
}

static int refuse(struct tw_gate *gate, struct tw_pos pos, const char *why)
{
	tw_diag(&gate->setup.diags, TW_ERROR, pos, "%s", why);
	return TW_EXIT_USAGE;
}

static int check_warmup(struct tw_gate *gate, const struct player *player,
	const struct tw_config_traffic *traffic)
{
	size_t n = player->traffic.requests.n;

	if (!n || !tw_int_or(traffic->warmup, 0) ||
		player->traffic.requests.v[n - 1].at > traffic->warmup.v)
		return 0;
	return refuse(gate, traffic->warmup.origin->pos,
		"warmup: the last request for the process comes within it: "
		"nothing is left to judge");
}

static bool same_texts(const struct tw_texts *a, const struct tw_texts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].v, b->v[i].v) != 0)
			return false;
	return true;
}

/* When a case sends the requests that were read. */
static int schedule(struct tw_gate *gate, struct player *player,
	const struct tw_config_traffic *traffic)
{
	const struct tw_config_traffic *read = &gate->policy->traffic;
	struct tw_live_pace pace = {
		.speed = tw_real_or(traffic->speed, 1),
		.rate = tw_real_or(traffic->rate, 0),
		.loop = (uint32_t)tw_int_or(traffic->loop, 1),
		.duration = tw_int_or(traffic->duration, 0),
		.from = tw_int_or(traffic->from, 0),
		.to = tw_int_or(traffic->to, 0),
	};

	if (!same_texts(&traffic->capture, &read->capture))
		return refuse(gate, traffic->capture.v[0].origin->pos,
			"capture: scenarios with a process have the capture of "
			"the file: it is read once, for all of them");
	if (!tw_live_traffic_schedule(&player->traffic, &pace))
		return refuse(gate,
			traffic->loop.origin ? traffic->loop.origin->pos
					     : traffic->duration.origin->pos,
			"this makes more than 5,000,000 requests for the "
			"process, which is more than are kept in memory");
	return check_warmup(gate, player, traffic);
}

static int read_captures(struct tw_gate *gate, struct player *player,
	const struct tw_config_traffic *traffic)
{
	struct tw_capture_report report;
	struct tw_capture_options options = {.plugins = &gate->setup.plugins};
	struct tw_error error;
	int status = 0;

	tw_capture_report_init(&report);
	for (size_t i = 0; !status && i < traffic->capture.n; i++) {
		const char *name = traffic->capture.v[i].v;
		const char *path = tw_arena_printf(&gate->arena, "%s%s%s",
			name[0] == '/' ? "" : gate->setup.directory,
			name[0] == '/' ? "" : "/", name);

		if (!tw_capture_read(path, &options, take, &player->traffic,
			    &report, &error))
			continue;
		tw_diag(&gate->setup.diags, TW_ERROR,
			traffic->capture.v[i].origin->pos, "capture: %s",
			error.message);
		status = TW_EXIT_USAGE;
	}
	tw_capture_report_release(&report);
	return status;
}

/* The service that the process stands for. */
static uint32_t service_of(struct tw_gate *gate, const struct player *player)
{
	const struct tw_text *name = &player->side->service;
	uint32_t service;

	if (!name->v)
		name = &gate->setup.config.candidate.service;
	if (!name->v) {
		tw_diag(&gate->setup.diags, TW_ERROR, player->side->pos,
			"a process needs `service:`, the one that it is");
		return TW_NONE;
	}
	service = tw_model_service(player->system->model, name->v);
	if (service == TW_NONE)
		tw_diag(&gate->setup.diags, TW_ERROR, name->origin->pos,
			"there is no service '%s'", name->v);
	return service;
}

static int player_open(struct tw_gate *gate, struct player *player,
	const struct tw_config_side *side, struct tw_system *system)
{
	uint32_t service;
	const char **argv =
		tw_new_array(&gate->arena, side->process.n + 1, const char *);

	player->side = side;
	player->system = system;
	service = service_of(gate, player);
	if (service == TW_NONE)
		return TW_EXIT_USAGE;
	for (size_t i = 0; i < side->process.n; i++)
		argv[i] = side->process.v[i].v;
	player->argv = argv;
	for (size_t i = 0; i < side->ignore.n; i++)
		tw_vec_push(&player->ignore, side->ignore.v[i].v);
	tw_live_traffic_init(&player->traffic, system->model, service);
	player->ready = true;
	return read_captures(gate, player, &gate->policy->traffic);
}

static void forget_results(struct player *player)
{
	for (size_t i = 0; i < player->results.n; i++) {
		tw_live_result_release(player->results.v[i]);
		tw_free(player->results.v[i]);
	}
	player->results.n = player->seen.n = 0;
}

static void player_close(struct player *player)
{
	forget_results(player);
	if (player->ready)
		tw_live_traffic_release(&player->traffic);
	tw_vec_release(&player->results);
	tw_vec_release(&player->seen);
	tw_vec_release(&player->ignore);
}

static void say(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "  %s\n", line);
}

static int play(struct tw_gate *gate, struct player *player,
	const struct tw_case *one, size_t run)
{
	struct tw_live_result *result = tw_calloc(1, sizeof *result);
	struct tw_scenario scenario;
	struct tw_error error;
	int status = tw_case_compile(
		one, player->system->model, &scenario, &gate->setup.diags);
	struct tw_live_options options = {
		.model = player->system->model,
		.service = player->traffic.candidate,
		.traffic = &player->traffic,
		.scenario = &scenario,
		.seed = gate->seed,
		.replication = (uint32_t)run,
		.argv = player->argv,
		.dir = gate->setup.directory,
		.env = &player->side->env,
		.ignore = player->ignore.v,
		.n_ignore = player->ignore.n,
		.ready = tw_int_or(player->side->ready, 0),
		.warmup = tw_int_or(one->traffic->warmup, 0),
		.late = LATE,
		.log = gate->cli->verbose ? say : NULL,
	};

	if (!status)
		status = tw_live_run(&options, result, &error);
	tw_scenario_release(&scenario);
	if (status) {
		tw_diag_error(&gate->setup.diags, &error);
		tw_live_result_release(result);
		tw_free(result);
		return TW_EXIT_RUN;
	}
	tw_vec_push(&player->results, result);
	if (result->observed)
		tw_vec_push(&player->seen, &result->observation);
	return 0;
}

/* ---- what is told ------------------------------------------------------ */

struct tally {
	struct tw_report_live live;
	TW_VEC(struct tw_report_diff) diffs;
	bool misses_told; /* each run has the same */
};

static struct tw_report_diff *diff_of(
	struct tally *tally, const char *request, const char *path)
{
	for (size_t i = 0; i < tally->diffs.n; i++)
		if (!strcmp(tally->diffs.v[i].request, request) &&
			!strcmp(tally->diffs.v[i].path, path))
			return &tally->diffs.v[i];
	return NULL;
}

static void add_diffs(
	struct tw_gate *gate, struct tally *tally, const struct tw_diff *diff)
{
	struct tw_arena *arena = &gate->arena;

	tally->live.compared += diff->compared;
	tally->live.different += diff->differing;
	for (size_t i = 0; i < diff->groups.n; i++) {
		const struct tw_diff_group *group = diff->groups.v[i];
		struct tw_report_diff *known =
			diff_of(tally, group->endpoint, group->path);

		if (known) {
			known->count += group->count;
			continue;
		}
		tw_vec_push_in(arena, &tally->diffs,
			((struct tw_report_diff){
				.position = group->position,
				.request =
					tw_arena_strdup(arena, group->endpoint),
				.path = tw_arena_strdup(arena, group->path),
				.before =
					tw_arena_strdup(arena, group->expected),
				.after = tw_arena_strdup(arena, group->actual),
				.count = group->count,
			}));
	}
}

static void add_misses(
	struct tw_gate *gate, const struct tw_live_result *result)
{
	for (size_t i = 0; i < result->misses.n; i++) {
		const struct tw_live_miss *miss = result->misses.v[i];
		struct tw_diag *diag = tw_diag(&gate->candidate.diags,
			TW_WARNING, (struct tw_pos){0},
			"the candidate called %s %s %s, %llu times, and "
			"nothing was recorded for it",
			miss->service, miss->method, miss->target,
			(unsigned long long)miss->count);

		diag->rule = "not-recorded";
		diag->why = "it got a 501 instead of an answer";
	}
}

/* The last lines of what a process wrote, as part of a sentence. */
static const char *last_words(const struct tw_live_result *result)
{
	const char *text = tw_buf_text(&result->output);
	const char *from = text + result->output.n;
	int lines = 0;

	while (from > text && (from[-1] != '\n' || lines++ < 4))
		from--;
	return from;
}

static void add_result(struct tw_gate *gate, struct tally *tally,
	const struct tw_live_result *result)
{
	double late = 0;

	tally->live.requests += result->requests;
	add_diffs(gate, tally, &result->diff);
	if (!tally->misses_told)
		add_misses(gate, result);
	tally->misses_told |= result->misses.n > 0;
	if (result->lateness.count)
		late = (double)tw_histogram_above(&result->lateness, LATE) /
		       (double)result->lateness.count;
	if (late > gate->late)
		gate->late = late;
	if (result->end != TW_LIVE_PLAYED && !tally->live.trouble)
		tally->live.trouble = tw_arena_printf(&gate->arena,
			"%s: %s%s%s", tw_live_end_name(result->end),
			result->why, result->output.n ? "\n" : "",
			last_words(result));
}

/* ---- the runs ---------------------------------------------------------- */

/* In turns, so that whatever else the machine does hits both alike; which of
 * them is first changes with each run. */
static int play_runs(struct tw_gate *gate, struct player *players,
	const struct tw_case *one, struct tally *tally, size_t from, size_t to)
{
	int status = 0;

	for (size_t run = from; !status && run < to; run++) {
		for (int turn = 0; !status && turn < 2; turn++) {
			struct player *player =
				&players[(size_t)turn ^ (run & 1)];

			if (player->ready && !tally->live.trouble)
				status = play(gate, player, one, run);
		}
		if (!status && players[1].results.n > run)
			add_result(gate, tally, players[1].results.v[run]);
	}
	return status;
}

static struct tw_runs paired(const struct player *player, size_t n)
{
	return (struct tw_runs){player->seen.v, n};
}

/* Pairs that there are; a process that failed has fewer. */
static size_t pairs(const struct player *players)
{
	size_t n = players[1].seen.n;

	return players[0].ready && players[0].seen.n < n ? players[0].seen.n
							 : n;
}

/* Look by look, until all is decided. */
static int play_case(struct tw_gate *gate, struct player *players, size_t i,
	struct tally *tally, const char **stopped)
{
	const struct tw_case *one = gate->cases.list.v[i];
	size_t done = 0, next = gate->looks.first;
	int status = 0;

	for (int k = 0; !status && k < 2; k++)
		if (players[k].ready)
			status = schedule(gate, &players[k], one->traffic);
	while (!status && next) {
		status = play_runs(gate, players, one, tally, done, next);
		done = next;
		if (status || tally->live.trouble || pairs(players) < done)
			break;
		next = tw_gate_next_look(gate, i,
			paired(&players[0], players[0].ready ? done : 0),
			paired(&players[1], done), stopped);
	}
	for (size_t k = 0; !status && k < players[0].results.n; k++) {
		const struct tw_live_result *result = players[0].results.v[k];

		if (result->end == TW_LIVE_PLAYED)
			continue;
		tw_diag(&gate->setup.diags, TW_ERROR, players[0].side->pos,
			"the baseline's process: %s: %s\n%s",
			tw_live_end_name(result->end), result->why,
			last_words(result));
		status = TW_EXIT_RUN;
	}
	return status;
}

static void judge_case(struct tw_gate *gate, struct player *players,
	const struct tw_case *one, const char *stopped)
{
	size_t n = pairs(players);

	if (n) {
		struct tw_runs baseline =
			paired(&players[0], players[0].ready ? n : 0);
		struct tw_runs candidate = paired(&players[1], n);
		struct tw_scenario_result *result;

		tw_gate_keep(gate, one, TW_FLOW_BASELINE, baseline);
		tw_gate_keep(gate, one, TW_FLOW_CANDIDATE, candidate);
		result = tw_gate_judge(gate, one, baseline, candidate);
		result->stopped = stopped;
		tw_gate_draw(gate, one, baseline, candidate, result);
		tw_vec_push_in(
			&gate->arena, &gate->result.scenarios, result);
	}
	forget_results(&players[0]);
	forget_results(&players[1]);
}

int tw_gate_live(struct tw_gate *gate)
{
	const struct tw_config *config = &gate->setup.config;
	struct player players[2] = {{0}};
	struct tally tally = {0};
	int status = player_open(
		gate, &players[1], &config->candidate, &gate->candidate);

	if (!status && config->baseline.process.n)
		status = player_open(gate, &players[0], &config->baseline,
			gate->has_baseline ? &gate->baseline
					   : &gate->candidate);
	gate->late_floor = LATE_FLOOR;
	tally.live.service = config->candidate.service.v;
	for (size_t i = 0; !status && i < gate->cases.list.n; i++) {
		const struct tw_case *one = gate->cases.list.v[i];
		const char *stopped = NULL;

		status = play_case(gate, players, i, &tally, &stopped);
		if (!status)
			judge_case(gate, players, one, stopped);
	}
	tally.live.diffs = tally.diffs.v;
	tally.live.n_diffs = tally.diffs.n;
	if (players[1].ready)
		gate->complete = (struct tw_completeness){
			.exchanges = players[1].traffic.recorded.n +
				     players[1].traffic.unrouted,
			.unrouted = players[1].traffic.unrouted,
			.replayable = players[1].traffic.recorded.n,
		};
	player_close(&players[0]);
	player_close(&players[1]);
	gate->live = tally.live;
	gate->report.live = &gate->live;
	return status;
}
