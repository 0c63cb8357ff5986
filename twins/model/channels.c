/*
 * Channels: which policy a call meets, and among which replicas it may
 * choose. The first policy whose selectors fit applies, and no other.
 */
#include "twins/model/build.h"

#include "twins/base/assert.h"

#include <stdio.h>
#include <string.h>

/* Envoy, RetryPolicy.RetryBackOff: base_interval 25 ms where none is given,
 * max_interval 10 * base. */
#define BACKOFF_BASE (25 * TW_MS)
#define BACKOFF_MAX  10

/* gRPC A6: random(0.8, 1.2). */
#define BACKOFF_JITTER 0.2

/* Istio, pilot/pkg/networking/core/route/retry/retry.go: what a policy that
 * names no conditions retries on. */
#define RETRY_ON                                                               \
	(TW_RETRY_CONNECT_FAILURE | TW_RETRY_REFUSED | TW_RETRY_UNAVAILABLE)

bool tw_model_name_fits(const char *glob, const char *key)
{
	const char *slash = strrchr(key, '/');

	if (!strcmp(glob, "*") || tw_glob_match(glob, key))
		return true;
	return slash && !strchr(glob, '/') && tw_glob_match(glob, slash + 1);
}

/* "GET /cart/{id}" -> "/cart/{id}"; "pkg.Service/Get" -> itself; else NULL. */
static const char *path_of(const char *endpoint)
{
	const char *space = strchr(endpoint, ' ');

	if (space)
		return space[1] == '/' ? space + 1 : NULL;
	return strchr(endpoint, '/') ? endpoint : NULL;
}

/* The leading '/' that gRPC names lack is left out on both sides. */
static const char *bare(const char *path)
{
	return *path == '/' ? path + 1 : path;
}

static bool path_fits(const struct tw_spec_policy *policy, const char *endpoint)
{
	const char *path = path_of(endpoint);

	if (policy->path_exact.v)
		return path && !strcmp(bare(path), bare(policy->path_exact.v));
	if (policy->path_prefix.v && *bare(policy->path_prefix.v))
		return path && tw_str_starts(tw_str_of(bare(path)),
				       bare(policy->path_prefix.v));
	return true;
}

/* "pkg.Service/Method", a method alone; where an endpoint has no name of its
 * own the port's tells (Istio, "Protocol Selection": grpc, grpc-…). */
static bool is_grpc(const struct tw_spec_service *callee, const char *endpoint)
{
	if (*endpoint == '/' || strchr(endpoint, ' '))
		return false;
	if (strcmp(endpoint, "*") && strcmp(endpoint, "default"))
		return true;
	for (size_t i = 0; i < callee->ports.n; i++)
		if (callee->ports.v[i].name.v &&
			!strncmp(callee->ports.v[i].name.v, "grpc", 4))
			return true;
	return false;
}

/* "pkg.Service/Method" or "pkg.Service/" and any; of an endpoint that names a
 * method alone the service is not known. */
static bool method_fits(const struct tw_spec_policy *policy,
	const struct tw_spec_service *callee, const char *endpoint)
{
	const char *glob = policy->endpoint;

	if (!is_grpc(callee, endpoint))
		return false;
	if (glob && !strchr(endpoint, '/') && strchr(glob, '/'))
		glob = strrchr(glob, '/') + 1;
	return !glob || tw_glob_match(glob, endpoint);
}

bool build_policy_fits(const struct tw_spec_policy *policy, const char *caller,
	const struct tw_spec_service *callee, const char *endpoint)
{
	if (policy->caller && !tw_model_name_fits(policy->caller, caller))
		return false;
	if (!tw_model_name_fits(policy->callee, callee->key))
		return false;
	if (policy->grpc)
		return method_fits(policy, callee, endpoint);
	if (policy->endpoint && strcmp(policy->endpoint, "*") &&
		!tw_glob_match(policy->endpoint, endpoint))
		return false;
	return path_fits(policy, endpoint);
}

const char *tw_model_caller_name(const struct tw_model *model, uint32_t caller)
{
	return caller == TW_NONE ? "outside" : model->services[caller].key;
}

const struct tw_spec_policy *build_next_policy(const struct tw_model *model,
	uint32_t caller, uint32_t endpoint, size_t *from)
{
	const struct tw_endpoint *to = &model->endpoints[endpoint];
	const struct tw_spec_service *callee =
		model->services[to->service].spec;

	while (*from < model->spec->policies.n) {
		const struct tw_spec_policy *it =
			model->spec->policies.v[(*from)++];

		if (build_is_route(it) &&
			build_policy_fits(it,
				tw_model_caller_name(model, caller), callee,
				to->name))
			return it;
	}
	return NULL;
}

/* The first that asks nothing that only a request could tell. */
static const struct tw_spec_policy *find_policy(
	const struct tw_model *model, uint32_t caller, uint32_t endpoint)
{
	const struct tw_spec_policy *it;
	size_t at = 0;

	do
		it = build_next_policy(model, caller, endpoint, &at);
	while (it && it->conditions.n);
	return it;
}

/* ---- pools ---------------------------------------------------------- */

static uint32_t find_pool(
	const struct tw_model *model, uint32_t service, const char *subset)
{
	uint32_t at = model->services[service].pool;

	if (!subset)
		return at;
	for (at++; at < model->n_pools && model->pools[at].service == service;
		at++)
		if (!strcmp(model->pools[at].subset, subset))
			return at;
	return TW_NONE;
}

/* ---- policies ------------------------------------------------------- */

static void check_destination(struct build *b,
	const struct tw_spec_policy *policy,
	const struct tw_spec_destination *destination)
{
	const struct tw_spec_service *to = NULL;
	struct tw_diag *diag;

	if (destination->service.v) {
		to = tw_spec_find_service(
			b->spec, NULL, destination->service.v);
		if (!to) {
			diag = tw_diag(b->diags, TW_WARNING,
				build_pos(destination->service.origin),
				"route to a service that is not here: '%s'",
				destination->service.v);
			diag->rule = "route-to-nowhere";
			diag->why = "calls that it takes are answered 503";
			return;
		}
	}
	for (uint32_t s = 0; destination->subset.v && s < b->model->n_services;
		s++) {
		const struct tw_spec_service *service =
			b->model->services[s].spec;

		if (to ? service != to
		       : !tw_model_name_fits(policy->callee, service->key))
			continue;
		b->model->n_pools = (uint32_t)b->pools.n;
		b->model->pools = b->pools.v;
		if (find_pool(b->model, s, destination->subset.v) != TW_NONE)
			continue;
		diag = tw_diag(b->diags, TW_WARNING,
			build_pos(destination->subset.origin),
			"route to an unknown subset '%s' of %s",
			destination->subset.v, service->key);
		diag->rule = "route-to-nowhere";
		diag->why = "calls that it takes are answered 503";
	}
}

void build_policies(struct build *b)
{
	for (size_t p = 0; p < b->spec->policies.n; p++) {
		const struct tw_spec_policy *policy = b->spec->policies.v[p];

		b->model->deadlines |=
			tw_int_or(policy->propagate_deadline, 0) != 0;
		tw_assert(policy->callee);
		for (size_t d = 0; d < policy->destinations.n; d++)
			check_destination(
				b, policy, &policy->destinations.v[d]);
	}
}

struct tw_target build_target(const struct tw_model *model, uint32_t endpoint,
	const char *name, const char *subset,
	const struct tw_spec_policy *policy)
{
	struct tw_target target = {.endpoint = TW_NONE, .pool = TW_NONE};
	uint32_t service = model->endpoints[endpoint].service;

	if (name)
		service = tw_model_service(model, name);
	if (service == TW_NONE)
		return target;
	target.endpoint = build_same_endpoint(model, service, endpoint, policy);
	target.pool = find_pool(model, service, subset);
	return target;
}

static void resolve_targets(const struct tw_model *model,
	struct tw_arena *arena, const struct tw_spec_policy *policy,
	uint32_t endpoint, struct tw_channel *to)
{
	size_t n = policy ? policy->destinations.n : 0;
	struct tw_target *targets =
		tw_new_array(arena, n ? n : 1, struct tw_target);
	double total = 0, sum = 0;

	for (size_t d = 0; d < n; d++)
		total += (double)tw_int_or(policy->destinations.v[d].weight, 1);
	for (size_t d = 0; d < n && total > 0; d++) {
		int64_t weight = tw_int_or(policy->destinations.v[d].weight, 1);

		if (weight <= 0)
			continue;
		sum += (double)weight;
		targets[to->n_targets] = build_target(model, endpoint,
			policy->destinations.v[d].service.v,
			policy->destinations.v[d].subset.v, policy);
		targets[to->n_targets++].share = sum / total;
	}
	if (!to->n_targets)
		targets[to->n_targets++] =
			build_target(model, endpoint, NULL, NULL, policy);
	targets[to->n_targets - 1].share = 1;
	for (uint32_t t = 0; t < to->n_targets; t++)
		build_upstream(model, arena, to, &targets[t]);
	to->targets = targets;
}

static bool is_severed(
	const struct tw_model *model, const char *caller, const char *callee)
{
	for (size_t i = 0; i < model->spec->severed.n; i++) {
		const struct tw_spec_severed *it = &model->spec->severed.v[i];

		if (!strcmp(it->caller, caller) && !strcmp(it->callee, callee))
			return true;
	}
	return false;
}

/* Nobody is behind any target. The array is the channel's own. */
static void sever(struct tw_arena *arena, struct tw_channel *to)
{
	struct tw_target *targets =
		tw_new_array(arena, to->n_targets, struct tw_target);

	for (uint32_t i = 0; i < to->n_targets; i++) {
		targets[i] = to->targets[i];
		targets[i].pool = TW_NONE;
	}
	to->targets = targets;
}

/*
 * Istio, pilot/pkg/networking/core/route/retry/retry.go: a route of a sidecar
 * for which nothing is said is tried twice more on connect-failure,
 * refused-stream, unavailable and cancelled, the latter two of gRPC. (Before
 * 1.24 on an HTTP 503, too: EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY.)
 */
static void default_retries(const struct tw_model *model, uint32_t caller,
	const struct tw_spec_policy *policy, struct tw_channel *to)
{
	if (caller == TW_NONE || !model->services[caller].sidecar ||
		(policy && policy->retries.origin))
		return;
	to->retries = 2;
	to->host_retries = TW_ISTIO_HOST_RETRIES;
	to->retry_on = RETRY_ON;
}

void build_resolve(const struct tw_model *model, struct tw_arena *arena,
	uint32_t caller, uint32_t endpoint, const struct tw_spec_policy *policy,
	struct tw_channel *to)
{
	const char *callee =
		model->services[model->endpoints[endpoint].service].key;

	*to = (struct tw_channel){
		.caller = caller,
		.endpoint = endpoint,
		.policy = policy,
		.backoff_base = BACKOFF_BASE,
	};
	to->aside = build_aside(arena, policy);
	if (policy) {
		to->timeout = tw_int_or(policy->timeout, 0);
		to->try_timeout = tw_int_or(policy->try_timeout, 0);
		to->retries = (uint32_t)tw_int_or(policy->retries, 0);
		to->host_retries = (uint32_t)tw_int_or(policy->host_retries, 0);
		to->retry_codes = policy->retry_codes.v;
		to->n_retry_codes = (uint32_t)policy->retry_codes.n;
		to->retry_on = (uint32_t)tw_int_or(
			policy->retry_on, policy->retry_codes.n ? 0 : RETRY_ON);
		to->backoff_base =
			tw_int_or(policy->backoff_base, BACKOFF_BASE);
		to->propagate_deadline =
			tw_int_or(policy->propagate_deadline, 0);
		to->backoff_multiplier =
			tw_real_or(policy->backoff_multiplier, 0);
		to->backoff_jitter =
			tw_real_or(policy->backoff_jitter, BACKOFF_JITTER);
		to->push_back = tw_int_or(policy->push_back, 0);
		to->reset_max = tw_int_or(policy->rate_limited_backoff, 0);
	}
	to->backoff_max = BACKOFF_MAX * to->backoff_base;
	if (policy)
		to->backoff_max =
			tw_int_or(policy->backoff_max, to->backoff_max);
	default_retries(model, caller, policy, to);
	if (!is_grpc(model->services[model->endpoints[endpoint].service].spec,
		    model->endpoints[endpoint].name))
		to->retry_on &= ~(uint32_t)TW_RETRY_UNAVAILABLE;
	resolve_targets(model, arena, policy, endpoint, to);
	if (is_severed(model, tw_model_caller_name(model, caller), callee))
		sever(arena, to);
}

void tw_model_resolve(const struct tw_model *model, struct tw_arena *arena,
	uint32_t caller, uint32_t endpoint, struct tw_channel *to)
{
	build_resolve(model, arena, caller, endpoint,
		find_policy(model, caller, endpoint), to);
}

static const char *channel_key(
	char to[static 32], uint32_t caller, uint32_t endpoint)
{
	snprintf(to, 32, "%u %u", caller, endpoint);
	return to;
}

uint32_t tw_model_channel(
	const struct tw_model *model, uint32_t caller, uint32_t endpoint)
{
	char key[32];
	const void *at = tw_map_get(
		&model->channel_of, channel_key(key, caller, endpoint));

	return at ? (uint32_t)((uintptr_t)at - 1) : TW_NONE;
}

uint32_t build_channel(struct build *b, uint32_t caller, uint32_t endpoint)
{
	uint32_t at = tw_model_channel(b->model, caller, endpoint);
	struct tw_channel channel;
	char key[32];

	if (at != TW_NONE)
		return at;
	tw_model_resolve(
		b->model, &b->model->arena, caller, endpoint, &channel);
	build_push(b, channels, channel);
	at = (uint32_t)b->channels.n - 1;
	tw_map_put(&b->model->channel_of, channel_key(key, caller, endpoint),
		(void *)((uintptr_t)at + 1));
	build_mirrors(b, at);
	build_variants(b, at);
	return at;
}
