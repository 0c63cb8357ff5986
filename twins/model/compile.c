#include "twins/model/build.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stdio.h>
#include <string.h>

struct tw_pos build_pos(const struct tw_origin *origin)
{
	return origin ? origin->pos : (struct tw_pos){0};
}

static uint32_t at_least(struct tw_int field, int64_t otherwise, int64_t least)
{
	int64_t v = tw_int_or(field, otherwise);

	if (v < least)
		v = least;
	return v > INT32_MAX ? INT32_MAX : (uint32_t)v;
}

/* An event loop has a thread a core. */
static void set_async(const struct tw_spec_service *from, struct tw_service *to)
{
	to->is_async = true;
	if (!from->workers.origin && to->cpus)
		to->workers = (uint32_t)((to->cpus + 999) / 1000);
	to->in_flight = at_least(from->in_flight, INT32_MAX, 1);
}

static void set_capacity(
	const struct tw_spec_service *from, struct tw_service *to)
{
	to->in_flight = to->workers;
	if (tw_int_or(from->concurrency, TW_THREADS) == TW_ASYNC)
		set_async(from, to);
	to->order = (uint8_t)tw_int_or(from->queue_order, TW_FIFO);
	to->queue_time = tw_int_or(from->queue_time, 0);
	to->drops = tw_int_or(from->abandoned, TW_ABANDONED_SERVE) ==
		    TW_ABANDONED_DROP;
	to->memory_base = tw_int_or(from->memory_base, 0);
	to->memory_request = tw_int_or(from->memory_request, 0);
	to->memory_leak = tw_int_or(from->memory_leak, 0);
	to->memory_limit = tw_int_or(from->memory_limit, 0);
	if (from->pause_every.origin && from->pause_for.origin) {
		to->pause_every = &from->pause_every.v;
		to->pause_for = &from->pause_for.v;
	}
	to->slow_factor = tw_real_or(from->slow_factor, 1);
	if (from->slow_enter.origin && from->slow_leave.origin) {
		to->slow_enter = &from->slow_enter.v;
		to->slow_leave = &from->slow_leave.v;
	}
}

static bool is_word(struct tw_text text, const char *word)
{
	return text.v && !strcmp(text.v, word);
}

/* core/v1 ServiceSpec: internalTrafficPolicy and externalTrafficPolicy are
 * "Cluster" by default, and PreferClose is PreferSameZone's older name. */
static void set_endpoints(
	const struct tw_spec_service *from, struct tw_service *to)
{
	to->internal_local = is_word(from->internal_policy, "Local");
	to->external_local = is_word(from->external_policy, "Local");
	to->exposed = is_word(from->type, "NodePort") ||
		      is_word(from->type, "LoadBalancer");
	to->not_ready_too = tw_int_or(from->publish_not_ready, 0);
	to->headless = from->headless;
	to->distribution =
		is_word(from->distribution, "PreferSameZone") ||
				is_word(from->distribution, "PreferClose")
			? TW_DISTRIBUTE_SAME_ZONE
		: is_word(from->distribution, "PreferSameNode")
			? TW_DISTRIBUTE_SAME_NODE
		: is_word(from->distribution, "Auto") ? TW_DISTRIBUTE_TOPOLOGY
						      : TW_DISTRIBUTE_EVENLY;
}

static void add_services(struct build *b)
{
	struct tw_model *model = b->model;
	struct tw_spec *spec = b->spec;
	uint32_t n = (uint32_t)spec->services.n;

	model->n_services = n;
	model->services = tw_new_array(&model->arena, n, struct tw_service);
	b->services = tw_new_array(&model->arena, n, struct build_service);
	for (uint32_t i = 0; i < n; i++) {
		struct tw_spec_service *from = spec->services.v[i].value;
		struct tw_service *to = &model->services[i];

		b->services[i].spec = from;
		b->services[i].alias = TW_NONE;
		to->key = from->key;
		to->name = from->name;
		to->hash = tw_hash_name(from->key);
		to->workers = at_least(
			from->workers, tw_int_or(spec->workers, 64), 1);
		to->queue =
			at_least(from->queue, tw_int_or(spec->queue, 1024), 0);
		to->cpus = tw_int_or(from->cpus, 0);
		set_capacity(from, to);
		to->balancer = (uint8_t)tw_int_or(
			from->balancer, TW_BALANCE_ROUND_ROBIN);
		to->external = from->external;
		set_endpoints(from, to);
		to->retry_after = tw_int_or(from->retry_after, 0);
		to->no_retry = tw_int_or(from->no_retry, 0);
		to->sidecar = from->sidecar;
		if (from->rate.origin && from->rate.v > 0) {
			to->gap = (tw_time)((double)TW_S / from->rate.v);
			to->burst = tw_int_or(from->burst,
				from->rate.v > 1 ? (int64_t)from->rate.v : 1);
		}
		to->spec = from;
		tw_map_put(&model->service_of, from->key, to);
		for (size_t e = 0; e < from->endpoints.n; e++)
			tw_vec_push_in(&model->arena, &b->services[i].endpoints,
				((struct build_endpoint){
					from->endpoints.v[e].key,
					from->endpoints.v[e].value}));
	}
}

static bool shares_pods(
	const struct tw_spec_service *a, const struct tw_spec_service *other)
{
	for (size_t i = 0; i < a->workloads.n; i++)
		for (size_t j = 0; j < other->workloads.n; j++)
			if (a->workloads.v[i] == other->workloads.v[j])
				return true;
	return false;
}

/* Two Services may select the same pods ("frontend", "frontend-external"):
 * one that says nothing of its own does what the other does. */
static void find_aliases(struct build *b)
{
	for (uint32_t i = 0; i < b->model->n_services; i++) {
		struct build_service *it = &b->services[i];

		if (it->endpoints.n || !it->spec->workloads.n)
			continue;
		for (uint32_t j = 0; j < b->model->n_services; j++) {
			struct build_service *other = &b->services[j];

			if (other->spec->endpoints.n == 0 ||
				!shares_pods(it->spec, other->spec))
				continue;
			it->alias = j;
			for (size_t e = 0; e < other->endpoints.n; e++)
				tw_vec_push_in(&b->model->arena, &it->endpoints,
					other->endpoints.v[e]);
			break;
		}
	}
}

static void number_endpoints(struct build *b)
{
	struct tw_model *model = b->model;
	uint32_t n = 0;

	for (uint32_t i = 0; i < model->n_services; i++)
		n += (uint32_t)b->services[i].endpoints.n;
	model->endpoints = tw_new_array(&model->arena, n, struct tw_endpoint);
	for (uint32_t i = 0; i < model->n_services; i++) {
		struct build_service *it = &b->services[i];
		struct tw_service *service = &model->services[i];

		service->first_endpoint = model->n_endpoints;
		service->n_endpoints = (uint32_t)it->endpoints.n;
		for (uint32_t e = 0; e < service->n_endpoints; e++) {
			const char *name = it->endpoints.v[e].name;
			const struct tw_spec_endpoint *spec =
				it->endpoints.v[e].spec;

			model->endpoints[model->n_endpoints++] =
				(struct tw_endpoint){
					.name = name,
					.hash = tw_hash_combine(service->hash,
						tw_hash_name(name)),
					.service = i,
					.program = TW_NONE,
					.request_bytes = TW_REQUEST_BYTES,
					.answer_bytes = TW_ANSWER_BYTES,
				};
			if (!spec)
				continue;
			model->endpoints[model->n_endpoints - 1].request_given =
				spec->request_bytes.origin != NULL;
			model->endpoints[model->n_endpoints - 1].answer_given =
				spec->answer_bytes.origin != NULL;
			model->endpoints[model->n_endpoints - 1].request_bytes =
				tw_int_or(
					spec->request_bytes, TW_REQUEST_BYTES);
			model->endpoints[model->n_endpoints - 1].answer_bytes =
				tw_int_or(spec->answer_bytes, TW_ANSWER_BYTES);
		}
	}
}

static void add_outside_channels(struct build *b)
{
	for (uint32_t e = 0; e < b->model->n_endpoints; e++)
		b->model->endpoints[e].from_outside =
			build_channel(b, TW_NONE, e);
}

static void take_replicas(struct build *b)
{
	struct tw_model *model = b->model;
	size_t n = b->replicas.n;

	model->replicas = tw_new_array(&model->arena, n + 1, struct tw_replica);
	if (n)
		memcpy(model->replicas, b->replicas.v,
			n * sizeof *model->replicas);
	model->n_replicas = (uint32_t)n;
	tw_vec_release(&b->replicas);
}

static void compile(struct build *b)
{
	struct tw_model *model = b->model;
	struct tw_spec *spec = b->spec;

	model->endpoint_delay = tw_int_or(spec->endpoint_delay, TW_S);
	model->node_grace = tw_int_or(spec->node_grace, 0);
	model->kubernetes = (int)tw_int_or(spec->kubernetes, TW_KUBERNETES);
	model->restart_delay = tw_int_or(spec->restart_delay, 10 * TW_S);
	tw_conditions_of(spec, &model->arena, &model->conditions);
	tw_key_sources_of(spec, &model->keys);
	add_services(b);
	find_aliases(b);
	build_starts(b);
	build_missing_endpoints(b);
	number_endpoints(b);
	build_ground(b);
	build_growth(b);
	build_replicas(b);
	build_take(b, nodes);
	build_take(b, groups);
	build_take(b, zones);
	build_take(b, regions);
	model->region_of = b->region_of.v;
	build_take(b, revisions);
	take_replicas(b);
	build_probes(b);
	build_volumes(b);
	build_workloads(b);
	build_autoscalers(b);
	build_verticals(b);
	build_reach(b);
	build_pools(b);
	build_policies(b);
	build_take(b, pools);
	build_programs(b);
	add_outside_channels(b);
	build_lookups(b);
	build_take(b, programs);
	build_take(b, steps);
	build_take(b, branches);
	build_take(b, caches);
	build_take(b, channels);
	while (model->conditions.n && b->carry.n <= b->steps.n)
		build_push(b, carry, ((struct tw_carry){0, 0}));
	model->carry = b->carry.v;
	while (model->keys.n && b->key_carry.n <= b->steps.n)
		build_push(b, key_carry, ((struct tw_key_carry){0}));
	model->key_carry = b->key_carry.v;
	build_check_cycles(b);
}

struct tw_model *tw_model_compile(struct tw_spec *spec, struct tw_diags *diags)
{
	struct tw_model *model = tw_calloc(1, sizeof *model);
	struct build b = {.spec = spec, .model = model, .diags = diags};
	size_t errors = diags->errors;

	tw_spec_link(spec);
	model->spec = spec;
	tw_arena_init(&model->arena);
	tw_map_init(&model->service_of, &model->arena);
	tw_map_init(&model->channel_of, &model->arena);
	compile(&b);
	if (diags->errors > errors) {
		tw_model_free(model);
		return NULL;
	}
	return model;
}

void tw_model_free(struct tw_model *model)
{
	if (!model)
		return;
	tw_arena_release(&model->arena);
	tw_free(model);
}
