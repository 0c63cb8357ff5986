#include "harness/commands/gate/reach.h"

#include "twins/model/reach.h"

TW_VEC_TYPE(changes, struct tw_report_reach);

struct side {
	const struct tw_spec *spec;
	struct tw_reach_map *map;
};

/* A port of a Service of the baseline ("shop/cart:7070"; of one without ports
 * itself), and the same of the candidate: side 0 and side 1. */
struct target {
	const char *to;
	const struct tw_spec_service *service[2]; /* NULL: not there */
	const struct tw_spec_port *port[2];
	struct tw_reach_answer answer[2]; /* to any caller, where that side
					   * has no policies */
};

TW_VEC_TYPE(targets, struct target);

/* A caller, as both sides have it. */
struct caller {
	const struct tw_spec_workload *of[2];
};

static const char *text_of(
	struct tw_arena *arena, const struct tw_reach_answer *answer)
{
	struct tw_buf text = {0};
	const char *copy;

	if (!answer)
		return "the Service has no such port";
	tw_reach_text(answer, &text);
	copy = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return copy;
}

static bool is_behind(
	uint32_t service, const struct tw_model *model, const char *workload)
{
	const struct tw_spec_service *it = model->services[service].spec;

	for (size_t i = 0; i < it->workloads.n; i++)
		if (!strcmp(it->workloads.v[i]->key, workload))
			return true;
	return false;
}

/* Does some program of the workload's service call the other one? */
static bool is_called(const struct tw_system *system,
	const struct tw_spec_workload *from, const char *to)
{
	const struct tw_model *model = system->model;

	for (uint32_t s = 0; model && s < model->n_steps; s++) {
		const struct tw_channel *channel;

		if (model->steps[s].kind != TW_STEP_CALL)
			continue;
		channel = &model->channels[model->steps[s].channel];
		if (channel->caller != TW_NONE &&
			!strcmp(model->services
					[model->endpoints[channel->endpoint]
							.service]
						.key,
				to) &&
			is_behind(channel->caller, model, from->key))
			return true;
	}
	return false;
}

/* ---- what may be called --------------------------------------------- */

static bool has_pods(const struct tw_spec_service *service)
{
	return service && service->has_object && !service->external_name.v;
}

/* The candidate's Service has the same port: the last one of a number. */
static void find_after(const struct tw_spec *spec, struct target *it)
{
	const struct tw_spec_service *service =
		tw_map_get(&spec->services, it->service[0]->key);

	if (!has_pods(service) || !it->port[0] != !service->ports.n)
		return;
	if (!it->port[0])
		it->service[1] = service;
	for (size_t i = 0; i < service->ports.n; i++)
		if (service->ports.v[i].port.v == it->port[0]->port.v) {
			it->service[1] = service;
			it->port[1] = &service->ports.v[i];
		}
}

static void add_target(const struct side sides[2],
	const struct tw_spec_service *service, const struct tw_spec_port *port,
	struct tw_arena *arena, struct targets *to)
{
	struct target it = {
		.to = service->key, .service = {service}, .port = {port}};

	if (port)
		it.to = tw_arena_printf(arena, "%s:%lld", service->key,
			(long long)port->port.v);
	find_after(sides[1].spec, &it);
	for (int side = 0; side < 2; side++)
		if (it.service[side] && !sides[side].spec->netpols.n)
			it.answer[side] = tw_reach_best(sides[side].map, NULL,
				it.service[side], it.port[side]);
	tw_vec_push_in(arena, to, it);
}

static void add_targets(
	const struct side sides[2], struct tw_arena *arena, struct targets *to)
{
	for (size_t s = 0; s < sides[0].spec->services.n; s++) {
		const struct tw_spec_service *service =
			sides[0].spec->services.v[s].value;

		if (!has_pods(service))
			continue;
		if (!service->ports.n)
			add_target(sides, service, NULL, arena, to);
		for (size_t p = 0; p < service->ports.n; p++)
			add_target(sides, service, &service->ports.v[p], arena,
				to);
	}
}

/* Without policies it is the same for all callers. */
static struct tw_reach_answer answer_of(const struct side sides[2], int side,
	const struct caller *caller, const struct target *target)
{
	if (!sides[side].spec->netpols.n)
		return target->answer[side];
	return tw_reach_best(sides[side].map, caller->of[side],
		target->service[side], target->port[side]);
}

/* ---- the two systems ------------------------------------------------ */

static void compare(const struct tw_system *candidate,
	const struct side sides[2], const struct caller *caller,
	const struct target *target, struct tw_arena *arena, struct changes *to)
{
	struct tw_reach_answer before, after = {.how = TW_REACH_NO_PODS};
	bool was_open, is_open;

	before = answer_of(sides, 0, caller, target);
	if (target->service[1])
		after = answer_of(sides, 1, caller, target);
	was_open = before.how == TW_REACH_OPEN;
	is_open = target->service[1] && after.how == TW_REACH_OPEN;
	if (was_open == is_open ||
		(!target->service[1] && !tw_map_get(&sides[1].spec->services,
						target->service[0]->key)))
		return;
	tw_vec_push_in(arena, to,
		((struct tw_report_reach){
			.from = tw_arena_strdup(arena, caller->of[0]->key),
			.to = tw_arena_strdup(arena, target->to),
			.before = text_of(arena, &before),
			.after = text_of(
				arena, target->service[1] ? &after : NULL),
			.called = is_called(candidate, caller->of[0],
				target->service[0]->key),
			.lost = was_open,
		}));
}

const struct tw_report_reach *tw_reach_differences(
	const struct tw_system *baseline, const struct tw_system *candidate,
	struct tw_arena *arena, size_t *n)
{
	const struct side sides[2] = {
		{baseline->spec, tw_reach_map_new(baseline->spec)},
		{candidate->spec, tw_reach_map_new(candidate->spec)}};
	struct changes all = {0}, sorted = {0};
	struct targets targets = {0};

	add_targets(sides, arena, &targets);
	for (size_t w = 0; w < sides[0].spec->workloads.n; w++) {
		struct caller caller = {
			.of[0] = sides[0].spec->workloads.v[w].value};

		caller.of[1] = tw_map_get(
			&sides[1].spec->workloads, caller.of[0]->key);
		/* One that has gone calls nobody: no rule is to blame. */
		for (size_t t = 0; caller.of[1] && t < targets.n; t++)
			compare(candidate, sides, &caller, &targets.v[t], arena,
				&all);
	}
	/* Worst first: lost and called, lost, called, others. */
	for (int rank = 3; rank >= 0; rank--)
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i].lost * 2 + all.v[i].called == rank)
				tw_vec_push_in(arena, &sorted, all.v[i]);
	tw_reach_map_free(sides[0].map);
	tw_reach_map_free(sides[1].map);
	*n = sorted.n;
	return sorted.v;
}
