/*
 * Which names the callers of a model ask for (dns.h), and the channels by
 * which they ask.
 */
#include "twins/model/build.h"

#include "twins/base/assert.h"

#include <stdio.h>
#include <string.h>

/* Kubernetes' usual --cluster-domain. */
#define DOMAIN "cluster.local"

/* glibc's bounds: RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY (resolv.h). */
#define MAX_NDOTS    15
#define MAX_TIMEOUT  (30 * TW_S)
#define MAX_ATTEMPTS 5

struct asking {
	struct build *b;
	struct tw_map names; /* text -> number + 1 */
	uint32_t *places;    /* by caller: look-ups so far */
	uint32_t (*channels)[2];
	struct tw_map known; /* "caller host" -> struct tw_lookup * */
};

/* ---- what a pod's resolv.conf says ------------------------------------ */

struct resolver {
	bool cluster; /* asks the cluster's server */
	bool docker;  /* asks Docker's, which knows all */
	TW_VEC(const char *) search;
	int64_t ndots;
	tw_time timeout;
	uint32_t attempts;
};

static void add_search(struct resolver *to, const char *domain)
{
	for (size_t i = 0; i < to->search.n; i++)
		if (!strcmp(to->search.v[i], domain))
			return;
	tw_vec_push(&to->search, domain);
}

/* The first workload of a caller stands for all of them. */
static const struct tw_spec_workload *pods_of(
	const struct build *b, uint32_t caller)
{
	const struct tw_spec_service *spec = b->services[caller].spec;

	return spec->workloads.n ? spec->workloads.v[0] : NULL;
}

static int64_t at_most(int64_t v, int64_t most)
{
	return v < most ? v : most;
}

static void resolve(const struct build *b, uint32_t caller, struct resolver *to)
{
	const struct tw_spec_dns *dns = &b->spec->dns;
	const struct tw_spec_workload *pods = pods_of(b, caller);
	static const struct tw_spec_resolver none;
	const struct tw_spec_resolver *own = pods ? &pods->resolver : &none;
	const char *policy = own->policy.v ? own->policy.v : "ClusterFirst";
	bool docker = pods && !strcmp(pods->kind, "compose");

	*to = (struct resolver){
		.docker = docker,
		.cluster = !docker && strcmp(policy, "Default") &&
			   (strcmp(policy, "ClusterFirst") ||
				   !tw_int_or(own->host_network, 0)),
		.ndots =
			at_most(tw_int_or(own->ndots, tw_int_or(dns->ndots, 5)),
				MAX_NDOTS),
		.timeout = at_most(tw_int_or(own->timeout,
					   tw_int_or(dns->timeout, 5 * TW_S)),
			MAX_TIMEOUT),
		.attempts = (uint32_t)at_most(
			tw_int_or(own->attempts, tw_int_or(dns->attempts, 2)),
			MAX_ATTEMPTS),
	};
	if (strcmp(policy, "None")) {
		add_search(
			to, tw_arena_printf(&b->model->arena, "%s.svc." DOMAIN,
				    b->services[caller].spec->namespace));
		add_search(to, "svc." DOMAIN);
		add_search(to, DOMAIN);
		for (size_t i = 0; i < dns->search.n; i++)
			add_search(to, dns->search.v[i].v);
	}
	for (size_t i = 0; i < own->searches.n; i++)
		add_search(to, own->searches.v[i].v);
}

/* ---- the name of a callee --------------------------------------------- */

/* "api.example.com" or "api.example.com." is that. */
static bool is_outsider(const char *host, const struct tw_spec_service *callee)
{
	size_t n = strlen(callee->name);

	return callee->external && !strncmp(host, callee->name, n) &&
	       (!host[n] || !strcmp(host + n, "."));
}

static bool is_name_of(const struct build *b, const struct tw_spec_name *it,
	uint32_t caller, const struct tw_spec_service *callee)
{
	const struct tw_spec_service *from = b->services[caller].spec;

	if (!it->in_manifests)
		return tw_model_name_fits(it->caller, from->key) &&
		       tw_model_name_fits(it->callee, callee->key);
	if (it->callee ? strcmp(it->callee, callee->key) != 0
		       : !is_outsider(it->host.v, callee))
		return false;
	for (size_t i = 0; i < from->workloads.n; i++)
		if (!strcmp(from->workloads.v[i]->key, it->caller))
			return true;
	return false;
}

static const char *host_of(const struct build *b, uint32_t caller,
	const struct tw_spec_service *callee)
{
	const struct tw_spec *spec = b->spec;

	for (size_t i = 0; i < spec->names.n; i++)
		if (is_name_of(b, &spec->names.v[i], caller, callee))
			return spec->names.v[i].host.v;
	for (size_t i = 0; i < spec->dns.names.n; i++)
		if (is_name_of(b, &spec->dns.names.v[i], caller, callee))
			return spec->dns.names.v[i].host.v;
	if ((callee->external && !callee->external_name.v) ||
		!strcmp(callee->namespace, b->services[caller].spec->namespace))
		return callee->name;
	return tw_arena_printf(
		&b->model->arena, "%s.%s", callee->name, callee->namespace);
}

/* Whether a whole name is there: the callee's own, or one of its pods'. */
static bool is_there(const struct tw_spec_service *callee, const char *host,
	const char *name)
{
	char own[600];

	if (callee->external && !callee->external_name.v)
		return !strcmp(name, host);
	snprintf(own, sizeof own, "%s.%s.svc." DOMAIN, callee->name,
		callee->namespace);
	return tw_text_ends(name, own) &&
	       (strlen(name) == strlen(own) ||
		       name[strlen(name) - strlen(own) - 1] == '.');
}

/* ---- look-ups --------------------------------------------------------- */

static uint32_t number_of(struct asking *a, const char *name)
{
	const void *at = tw_map_get(&a->names, name);
	uint32_t number = (uint32_t)a->names.n;

	if (at)
		return (uint32_t)((uintptr_t)at - 1);
	tw_map_put(&a->names, name, (void *)((uintptr_t)number + 1));
	return number;
}

/* False: it ends the search. */
static bool ask(struct asking *a, const struct tw_spec_service *callee,
	const char *host, const char *name, struct tw_lookup *to)
{
	to->found = is_there(callee, host, name);
	to->questions[to->n++] = (struct tw_question){number_of(a, name),
		!tw_text_ends(name, "." DOMAIN) ||
			(to->found && callee->external_name.v)};
	return !to->found;
}

static void search(struct asking *a, const struct resolver *by,
	const struct tw_spec_service *callee, const char *host,
	struct tw_lookup *to)
{
	struct tw_arena *arena = &a->b->model->arena;
	size_t n = strlen(host);
	int64_t dots = 0;
	bool whole = n && host[n - 1] == '.';

	to->questions =
		tw_new_array(arena, by->search.n + 1, struct tw_question);
	if (whole)
		host = tw_arena_strndup(arena, host, n - 1);
	for (const char *p = host; *p; p++)
		dots += *p == '.';
	if (whole || dots >= by->ndots)
		if (!ask(a, callee, host, host, to) || whole)
			return;
	for (size_t i = 0; i < by->search.n; i++)
		if (!ask(a, callee, host,
			    tw_arena_printf(
				    arena, "%s.%s", host, by->search.v[i]),
			    to))
			return;
	if (dots < by->ndots)
		ask(a, callee, host, host, to);
}

/*
 * kube-proxy sends each question to any replica, by chance; what is not
 * answered in time is asked again at once.
 */
static uint32_t ask_by(struct asking *a, uint32_t caller, bool forwarded,
	const struct resolver *by)
{
	struct build *b = a->b;
	struct tw_model *model = b->model;
	struct tw_target *target = tw_new(&model->arena, struct tw_target);
	uint32_t *at = &a->channels[caller][forwarded];

	if (*at != TW_NONE)
		return *at;
	target->endpoint = tw_model_endpoint(model, model->dns.service,
		forwarded ? TW_DNS_FORWARDED : TW_DNS_LOOKUP);
	tw_assert(target->endpoint != TW_NONE);
	model->endpoints[target->endpoint].called = true;
	target->pool = model->services[model->dns.service].pool;
	target->balancer = TW_BALANCE_RANDOM;
	target->share = 1;
	build_push(b, channels,
		((struct tw_channel){
			.caller = caller,
			.endpoint = target->endpoint,
			.targets = target,
			.n_targets = 1,
			.retries = by->attempts - 1,
			.retry_on = TW_RETRY_TIMEOUT,
			.try_timeout = by->timeout,
		}));
	*at = (uint32_t)b->channels.n - 1;
	return *at;
}

/* NULL: nobody of the cluster is asked. */
static const struct tw_lookup *lookup_of(
	struct asking *a, const struct tw_channel *channel)
{
	struct build *b = a->b;
	const struct tw_spec_service *callee =
		b->services[b->model->endpoints[channel->endpoint].service]
			.spec;
	const char *host = host_of(b, channel->caller, callee);
	const char *key = tw_arena_printf(&b->model->arena, "%u %s %s",
		channel->caller, callee->key, host);
	struct tw_lookup *it = tw_map_get(&a->known, key);
	struct resolver by;

	if (it)
		return it;
	resolve(b, channel->caller, &by);
	it = tw_new(&b->model->arena, struct tw_lookup);
	it->inside = it->forwarded = TW_NONE;
	it->place = a->places[channel->caller]++;
	if (a->places[channel->caller] > b->model->dns.n_places)
		b->model->dns.n_places = a->places[channel->caller];
	if (by.cluster)
		search(a, &by, callee, host, it);
	for (uint32_t i = 0; i < it->n; i++)
		if (it->questions[i].forwarded)
			it->forwarded = ask_by(a, channel->caller, true, &by);
		else
			it->inside = ask_by(a, channel->caller, false, &by);
	it->found |= by.docker || (!by.cluster && callee->external);
	tw_vec_release(&by.search);
	tw_map_put(&a->known, key, it);
	return it;
}

/* Whether calls go over connections that the application itself makes: a
 * sidecar's are made to addresses that its control plane tells it. */
static bool is_connected(
	const struct build *b, const struct tw_channel *channel)
{
	for (uint32_t t = 0; t < channel->n_targets; t++)
		if (!channel->targets[t].upstream ||
			!channel->targets[t].upstream->connections.on)
			return false;
	return !b->model->services[channel->caller].sidecar;
}

static void add_lookup(struct asking *a, uint32_t at)
{
	struct build *b = a->b;
	struct tw_channel *channel = &b->channels.v[at];
	const struct tw_lookup *found;
	struct tw_lookup *own;
	struct tw_aside *aside;

	if (channel->caller == TW_NONE ||
		b->model->endpoints[channel->endpoint].service ==
			b->model->dns.service)
		return;
	found = lookup_of(a, channel);
	channel = &b->channels.v[at]; /* it may have moved */
	if (!found->n && found->found)
		return;
	own = tw_new(&b->model->arena, struct tw_lookup);
	*own = *found;
	own->by_connection = is_connected(b, channel);
	aside = tw_new(&b->model->arena, struct tw_aside);
	if (channel->aside)
		*aside = *channel->aside;
	aside->lookup = own;
	channel->aside = aside;
}

void build_lookups(struct build *b)
{
	const struct tw_spec_dns *dns = &b->spec->dns;
	struct tw_model *model = b->model;
	struct asking a = {.b = b};
	const struct tw_spec_service *server;
	uint32_t n = (uint32_t)b->channels.n;

	if (!dns->origin)
		return;
	server = tw_spec_find_service(b->spec, NULL, dns->service.v);
	tw_assert(server);
	model->dns = (struct tw_dns){
		.on = true,
		.cache = (uint8_t)tw_int_or(dns->cache, TW_DNS_NO_CACHE),
		.ipv6 = tw_int_or(dns->ipv6, 1),
		.service = build_find_service(b, server),
		.ttl = tw_int_or(dns->ttl, 30 * TW_S),
		.negative_ttl = tw_int_or(dns->negative_ttl, 5 * TW_S),
		.reuse = tw_real_or(dns->reuse, 0),
	};
	tw_map_init(&a.names, &model->arena);
	tw_map_init(&a.known, &model->arena);
	a.places = tw_new_array(&model->arena, model->n_services, uint32_t);
	a.channels = tw_arena_alloc(
		&model->arena, model->n_services, sizeof *a.channels);
	memset(a.channels, 0xff, model->n_services * sizeof *a.channels);
	for (uint32_t c = 0; c < n; c++)
		add_lookup(&a, c);
	model->dns.n_names = (uint32_t)a.names.n;
}
