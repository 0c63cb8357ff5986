/*
 * A real build: its process, and the baseline's where one is given, in turns,
 * each run in real time in the live twin.
 */
#include "harness/commands/gate/player.h"

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
	double late = tw_player_late(result);

	tally->live.requests += result->requests;
	add_diffs(gate, tally, &result->diff);
	if (!tally->misses_told)
		add_misses(gate, result);
	tally->misses_told |= result->misses.n > 0;
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
static int play_runs(struct tw_gate *gate, struct tw_player *players,
	const struct tw_case *one, struct tally *tally, size_t from, size_t to)
{
	int status = 0;

	for (size_t run = from; !status && run < to; run++) {
		for (int turn = 0; !status && turn < 2; turn++) {
			struct tw_player *player =
				&players[(size_t)turn ^ (run & 1)];

			if (player->ready && !tally->live.trouble)
				status = tw_player_play(
					gate, player, one, run, NULL);
		}
		if (!status && players[1].results.n > run)
			add_result(gate, tally, players[1].results.v[run]);
	}
	return status;
}

static struct tw_runs paired(const struct tw_player *player, size_t n)
{
	return (struct tw_runs){player->seen.v, n};
}

/* Pairs that there are; a process that failed has fewer. */
static size_t pairs(const struct tw_player *players)
{
	size_t n = players[1].seen.n;

	return players[0].ready && players[0].seen.n < n ? players[0].seen.n
							 : n;
}

/* Look by look, until all is decided. */
static int play_case(struct tw_gate *gate, struct tw_player *players, size_t i,
	struct tally *tally, const char **stopped)
{
	const struct tw_case *one = gate->cases.list.v[i];
	size_t done = 0, next = gate->looks.first;
	int status = 0;

	for (int k = 0; !status && k < 2; k++)
		if (players[k].ready)
			status = tw_player_schedule(
				gate, &players[k], one->traffic);
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

/* What runs in production, where that is known, or else the candidate. */
static void note_accuracy(struct tw_gate *gate, const struct tw_player *players,
	const struct tw_case *one, size_t n)
{
	bool before = players[0].ready && gate->has_baseline;
	const struct tw_player *player = &players[before ? 0 : 1];
	const struct tw_model *model = player->system->model;

	tw_gate_note_accuracy(gate, one, player->system,
		before ? TW_FLOW_BASELINE : TW_FLOW_CANDIDATE,
		model->services[player->traffic.candidate].spec->key,
		paired(player, n));
}

static void judge_case(struct tw_gate *gate, struct tw_player *players,
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
		tw_gate_note_detection(gate, one, candidate);
		note_accuracy(gate, players, one, n);
		tw_gate_draw(gate, one, baseline, candidate, result);
		tw_vec_push_in(&gate->arena, &gate->result.scenarios, result);
	}
	tw_player_forget(&players[0]);
	tw_player_forget(&players[1]);
}

int tw_gate_live(struct tw_gate *gate)
{
	const struct tw_config *config = &gate->setup.config;
	struct tw_player players[2] = {{0}};
	struct tally tally = {0};
	int status = tw_player_open(
		gate, &players[1], &config->candidate, &gate->candidate);

	if (!status && config->baseline.process.n)
		status = tw_player_open(gate, &players[0], &config->baseline,
			gate->has_baseline ? &gate->baseline
					   : &gate->candidate);
	gate->late_floor = TW_PLAYER_LATE_FLOOR;
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
	tw_player_close(&players[0]);
	tw_player_close(&players[1]);
	gate->live = tally.live;
	gate->report.live = &gate->live;
	return status;
}
