#include "harness/commands/gate/player.h"

#include <stdio.h>

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

static int check_warmup(struct tw_gate *gate, const struct tw_player *player,
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

int tw_player_schedule(struct tw_gate *gate, struct tw_player *player,
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

static int read_captures(struct tw_gate *gate, struct tw_player *player,
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
static uint32_t service_of(struct tw_gate *gate, const struct tw_player *player)
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

int tw_player_open(struct tw_gate *gate, struct tw_player *player,
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

void tw_player_forget(struct tw_player *player)
{
	for (size_t i = 0; i < player->results.n; i++) {
		tw_live_result_release(player->results.v[i]);
		tw_free(player->results.v[i]);
	}
	player->results.n = player->seen.n = 0;
}

void tw_player_close(struct tw_player *player)
{
	tw_player_forget(player);
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

int tw_player_play(struct tw_gate *gate, struct tw_player *player,
	const struct tw_case *one, size_t run,
	const struct tw_live_worse *worse)
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
		.late = TW_PLAYER_LATE,
		.worse = worse,
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

double tw_player_late(const struct tw_live_result *result)
{
	return result->lateness.count
		       ? (double)tw_histogram_above(
				 &result->lateness, TW_PLAYER_LATE) /
				 (double)result->lateness.count
		       : 0;
}
