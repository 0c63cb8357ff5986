/*
 * Small systems for tests, built as a person's files would build them: through
 * the spec. The steps are added to an endpoint in order.
 */
#ifndef TW_TESTS_TWIN_BUILDER_H
#define TW_TESTS_TWIN_BUILDER_H

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/twin.h"

#include <stdio.h>
#include <string.h>

/* A service with one endpoint "*" unless more are added. */
static inline struct tw_spec_service *b_service(struct tw_spec *spec,
	const char *name, int replicas, int workers, int queue)
{
	const struct tw_origin *by =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	struct tw_spec_service *it = tw_spec_service(spec, NULL, name, by);

	tw_set_int(&it->replicas, replicas, by);
	tw_set_int(&it->workers, workers, by);
	tw_set_int(&it->queue, queue, by);
	return it;
}

static inline struct tw_spec_endpoint *b_endpoint(
	struct tw_spec *spec, struct tw_spec_service *service, const char *name)
{
	return tw_spec_endpoint(spec, service, name, service->origin);
}

static inline struct tw_spec_step *b_step(
	struct tw_spec *spec, struct tw_spec_steps *to, enum tw_step_kind kind)
{
	const struct tw_origin *by =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	struct tw_spec_step *step = tw_spec_step(spec, kind, by);

	tw_vec_push_in(&spec->arena, to, step);
	return step;
}

static inline struct tw_spec_step *b_work(struct tw_spec *spec,
	struct tw_spec_steps *to, enum tw_step_kind kind, struct tw_dist law)
{
	struct tw_spec_step *step = b_step(spec, to, kind);

	tw_set_law(&step->law, &law, step->origin);
	return step;
}

static inline struct tw_spec_step *b_call(struct tw_spec *spec,
	struct tw_spec_steps *to, const char *service, const char *endpoint)
{
	struct tw_spec_step *step = b_step(spec, to, TW_STEP_CALL);

	tw_set_text(&step->service, service, step->origin);
	if (endpoint)
		tw_set_text(&step->endpoint, endpoint, step->origin);
	return step;
}

static inline struct tw_spec_policy *b_policy(
	struct tw_spec *spec, const char *callee)
{
	struct tw_spec_policy *policy =
		tw_new(&spec->arena, struct tw_spec_policy);

	policy->callee = callee;
	policy->origin =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	tw_vec_push_in(&spec->arena, &spec->policies, policy);
	return policy;
}

static inline struct tw_spec_node *b_node(
	struct tw_spec *spec, const char *name, int count, const char *zone)
{
	struct tw_spec_node *node = tw_new(&spec->arena, struct tw_spec_node);

	node->name = name;
	node->origin =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	tw_set_int(&node->count, count, node->origin);
	tw_set_text(&node->zone, zone, node->origin);
	tw_vec_push_in(&spec->arena, &spec->nodes, node);
	return node;
}

static inline void b_link(
	struct tw_spec *spec, const char *from, const char *to, tw_time rtt)
{
	struct tw_spec_link *link = tw_new(&spec->arena, struct tw_spec_link);
	struct tw_dist law = {.kind = TW_DIST_CONSTANT, .a = (double)rtt};

	link->from = from;
	link->to = to;
	link->origin =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	tw_set_law(&link->rtt, &law, link->origin);
	tw_vec_push_in(&spec->arena, &spec->links, link);
}

static inline struct tw_dist b_constant(tw_time value)
{
	return (struct tw_dist){.kind = TW_DIST_CONSTANT, .a = (double)value};
}

static inline struct tw_dist b_exponential(tw_time mean)
{
	struct tw_error error;
	struct tw_dist dist;

	tw_assert(!tw_dist_exponential(&dist, mean, &error));
	return dist;
}

/* The model; the test dies with the findings where there is an error. */
static inline struct tw_model *b_model(struct tw_spec *spec)
{
	struct tw_diags diags;
	struct tw_model *model;
	struct tw_buf text = {0};

	tw_diags_init(&diags);
	model = tw_twin_model(spec, &diags);
	for (size_t i = 0; !model && i < diags.list.n; i++)
		tw_diag_print(&diags, diags.list.v[i], false, &text);
	if (!model)
		fprintf(stderr, "%s", tw_buf_text(&text));
	tw_assert(model);
	tw_buf_release(&text);
	tw_diags_release(&diags);
	return model;
}

/* Adds a fault "name=value name=value"; false where it is wrong. */
static inline bool b_fault(struct tw_scenario *scenario,
	const struct tw_model *model, const char *kind, const char *args,
	struct tw_diags *diags)
{
	char text[256], *at = text;
	struct tw_fault_arg list[16] = {0};
	size_t n = 0;

	snprintf(text, sizeof text, "%s", args);
	for (char *word = strsep(&at, " "); word; word = strsep(&at, " ")) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value = '\0';
		list[n++] =
			(struct tw_fault_arg){.name = word, .value = value + 1};
	}
	return tw_scenario_add(
		scenario, kind, (struct tw_pos){0}, list, n, model, diags);
}

/* Arrivals: Poisson, or one every `gap` where `regular`. */
struct b_traffic {
	uint64_t seed, n, made;
	uint32_t endpoint;
	tw_time gap, at;
	bool regular;
	tw_traits traits;
	uint32_t users; /* that make the requests in turn; 0: nobody knows */
	uint64_t keys[TW_KEYS_MAX];
};

static inline bool b_next(void *context, struct tw_arrival *arrival)
{
	struct b_traffic *it = context;
	struct tw_dist law = {
		.kind = TW_DIST_EXPONENTIAL, .a = (double)it->gap};

	if (it->made == it->n)
		return false;
	it->at += it->regular
			  ? it->gap
			  : tw_dist_sample(&law, tw_draw(it->seed, it->made,
							 TW_DRAW_ARRIVAL, 0));
	for (int i = 0; it->users && i < TW_KEYS_MAX; i++) {
		uint64_t user = it->made % it->users;

		it->keys[i] = tw_key_hash((const char *)&user, sizeof user);
	}
	*arrival = (struct tw_arrival){
		.traits = it->traits,
		.keys = it->users ? it->keys : NULL,
		.at = it->at,
		.endpoint = it->endpoint,
		.caller = TW_NONE,
		.key = tw_arrival_key(it->made, 0),
		.position = it->made,
	};
	it->made++;
	return true;
}

/* One run, from traffic to observation. */
static inline void b_run(const struct tw_model *model,
	const struct tw_options *options, struct b_traffic traffic,
	struct tw_observation *to)
{
	struct tw_twin *twin = tw_twin_new(model, options);
	struct tw_arrivals source = {.next = b_next, .context = &traffic};

	tw_twin_run(twin, &source);
	tw_twin_finish(twin, 0, to);
	tw_twin_free(twin);
}

/* Cells of one service and side, added up; `caller` NULL: any. Release the
 * histogram. */
static inline struct tw_cell b_sum(const struct tw_observation *obs,
	const char *service, enum tw_side side, const char *caller)
{
	struct tw_cell sum = {0};

	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *it = &obs->cells.v[i];

		if (it->key.side != side || strcmp(it->key.service, service) ||
			(caller && strcmp(it->key.caller, caller)))
			continue;
		sum.count += it->count;
		sum.errors += it->errors;
		sum.timeouts += it->timeouts;
		sum.shed += it->shed;
		sum.retries += it->retries;
		sum.overflow += it->overflow;
		sum.denied += it->denied;
		sum.ejections += it->ejections;
		sum.connects += it->connects;
		sum.limited += it->limited;
		sum.rejected += it->rejected;
		sum.abandoned += it->abandoned;
		sum.queued += it->queued;
		sum.worked += it->worked;
		sum.stalled += it->stalled;
		sum.backoff += it->backoff;
		sum.network += it->network;
		tw_histogram_merge(&sum.latency, &it->latency);
	}
	return sum;
}

#endif
