#include "harness/commands/reach.h"

#include "twins/model/reach.h"

TW_VEC_TYPE(changes, struct tw_report_reach);

static const char *key_of(
	struct tw_arena *arena, const struct tw_reach_pair *pair)
{
	return tw_arena_printf(arena, "%s %s", pair->from, pair->to);
}

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

/* "shop/cart:7070" -> whether that Service is declared at all. */
static bool has_service(const struct tw_spec *spec, const char *to)
{
	const char *colon = strchr(to, ':');
	size_t n = colon ? (size_t)(colon - to) : strlen(to);

	return tw_map_get_n(&spec->services, to, n);
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
static bool is_called(
	const struct tw_system *system, const struct tw_reach_pair *pair)
{
	const struct tw_model *model = system->model;
	const char *colon = strchr(pair->to, ':');
	size_t n = colon ? (size_t)(colon - pair->to) : strlen(pair->to);

	for (uint32_t s = 0; model && s < model->n_steps; s++) {
		const struct tw_channel *channel;
		const char *callee;

		if (model->steps[s].kind != TW_STEP_CALL)
			continue;
		channel = &model->channels[model->steps[s].channel];
		callee = model->services[model->endpoints[channel->endpoint]
						 .service]
				 .key;
		if (strlen(callee) == n && !memcmp(callee, pair->to, n) &&
			channel->caller != TW_NONE &&
			is_behind(channel->caller, model, pair->from))
			return true;
	}
	return false;
}

static void compare(const struct tw_system *candidate,
	const struct tw_reach_pair *before, const struct tw_reach_pair *after,
	struct tw_arena *arena, struct changes *to)
{
	bool was_open = before->answer.how == TW_REACH_OPEN;
	bool is_open = after && after->answer.how == TW_REACH_OPEN;

	/* A workload that has gone calls nobody: no rule is to blame. */
	if (!tw_map_get(&candidate->spec->workloads, before->from))
		return;
	if (was_open == is_open ||
		(!after && !has_service(candidate->spec, before->to)))
		return;
	tw_vec_push_in(arena, to,
		((struct tw_report_reach){
			.from = tw_arena_strdup(arena, before->from),
			.to = tw_arena_strdup(arena, before->to),
			.before = text_of(arena, &before->answer),
			.after = text_of(arena, after ? &after->answer : NULL),
			.called = is_called(candidate, before),
			.lost = was_open,
		}));
}

const struct tw_report_reach *tw_reach_differences(
	const struct tw_system *baseline, const struct tw_system *candidate,
	struct tw_arena *arena, size_t *n)
{
	struct tw_reach_pairs before = {0}, after = {0};
	struct changes all = {0}, sorted = {0};
	struct tw_map now;

	tw_map_init(&now, arena);
	tw_reach_pairs(baseline->spec, arena, &before);
	tw_reach_pairs(candidate->spec, arena, &after);
	for (size_t i = 0; i < after.n; i++)
		tw_map_put(&now, key_of(arena, &after.v[i]), &after.v[i]);
	for (size_t i = 0; i < before.n; i++)
		compare(candidate, &before.v[i],
			tw_map_get(&now, key_of(arena, &before.v[i])), arena,
			&all);
	/* Worst first: lost and called, lost, called, others. */
	for (int rank = 3; rank >= 0; rank--)
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i].lost * 2 + all.v[i].called == rank)
				tw_vec_push_in(arena, &sorted, all.v[i]);
	*n = sorted.n;
	return sorted.v;
}
