/*
 * Calls that the network does not let through.
 */
#include "harness/lint/rules.h"
#include "twins/model/reach.h"

#include <stdio.h>

/* Two Services in front of the same pods make the same calls. */
static bool is_known(const struct tw_lint_context *c, const char *message)
{
	for (size_t i = 0; i < c->diags->list.n; i++)
		if (!strcmp(c->diags->list.v[i]->message, message))
			return true;
	return false;
}

static void tell(const struct tw_lint_context *c, const char *caller,
	const char *callee, const struct tw_reach_answer *answer)
{
	bool no_name = answer->how == TW_REACH_NO_NAME;
	const char *side =
		no_name || !answer->by_ingress ? "egress" : "ingress";
	struct tw_diag *diag;
	char text[512];

	if (no_name)
		snprintf(text, sizeof text,
			"NetworkPolicy %s/%s keeps %s from looking up names: "
			"its calls to %s fail",
			answer->by->namespace, answer->by->name, caller,
			callee);
	else
		snprintf(text, sizeof text,
			"NetworkPolicy %s/%s drops the calls from %s to %s",
			answer->by->namespace, answer->by->name, caller,
			callee);
	if (is_known(c, text))
		return;
	diag = tw_lint_find(
		c, "call-cut-off", NULL, answer->by->origin, "%s", text);
	diag->why = no_name ? "each call waits for its look-up to time out, "
			      "10 s, or its own timeout"
			    : "each call waits for its connection to time "
			      "out, or its own timeout";
	tw_diag_hint(c->diags, diag,
		no_name ? "add an egress rule to port 53, UDP and TCP, of the "
			  "cluster's DNS"
			: "no %s rule admits it: add one, or take the call "
			  "away",
		side);
}

static void check_call(const struct tw_lint_context *c,
	struct tw_reach_map *map, const struct tw_channel *channel)
{
	const struct tw_service *services = c->model->services;
	const struct tw_spec_service *caller = services[channel->caller].spec;
	const struct tw_spec_service *callee =
		services[c->model->endpoints[channel->endpoint].service].spec;

	for (size_t i = 0; i < caller->workloads.n; i++) {
		for (size_t k = 0; k < callee->workloads.n; k++) {
			struct tw_reach_answer answer =
				tw_reach_judge(map, caller->workloads.v[i],
					callee, NULL, callee->workloads.v[k]);

			if (!answer.by)
				continue;
			tell(c, caller->workloads.v[i]->key, callee->key,
				&answer);
			return;
		}
	}
}

/* Has a channel before this one led between the same two services? */
static bool is_told(
	struct tw_map *told, const struct tw_model *model, uint32_t at)
{
	const struct tw_channel *it = &model->channels[at];
	const uint32_t ends[] = {
		it->caller, model->endpoints[it->endpoint].service};

	return !tw_map_put_n(told, (const char *)ends, sizeof ends, told);
}

void tw_lint_reach(const struct tw_lint_context *c)
{
	struct tw_reach_map *map;
	struct tw_map told;

	if (!c->model || !c->spec->netpols.n)
		return;
	map = tw_reach_map_new(c->spec);
	tw_map_init(&told, NULL);
	for (uint32_t i = 0; i < c->model->n_channels; i++)
		if (c->model->channels[i].caller != TW_NONE &&
			!is_told(&told, c->model, i))
			check_call(c, map, &c->model->channels[i]);
	tw_map_release(&told);
	tw_reach_map_free(map);
}
