#include "harness/capture/router.h"

#include "harness/capture/ask.h"
#include "harness/plugin/plugin.h"
#include "twins/base/hash.h"
#include "twins/model/route.h"

struct share {
	const struct tw_spec_service *service;
	int64_t weight;
};

struct way { /* entries with the same match */
	const struct tw_spec_entry *entry;
	TW_VEC(struct share) shares;
	int64_t weights;
	struct tw_wanted wanted;
	bool never;		 /* it asks for what cannot be told */
	struct tw_routes *alone; /* of a group: this entry and no other */
};

struct inside { /* a service's endpoints */
	const struct tw_spec_service *service;
	struct tw_routes *routes;
	TW_VEC(const struct tw_spec_endpoint *) endpoints;
	const struct tw_spec_endpoint *otherwise; /* "default" */
};

struct tw_router {
	struct tw_arena arena;
	const struct tw_spec *spec;
	struct tw_routes *entries; /* value: index of a way */
	TW_VEC(struct way) ways;
	struct tw_conditions conditions;
	struct tw_map insides; /* service key -> struct inside * */
	const struct tw_spec_service *fallback;
};

static bool same_match(const struct way *way, const struct way *other)
{
	const struct tw_spec_entry *a = way->entry, *b = other->entry;

	return a->match == b->match && tw_text_same(a->host, b->host) &&
	       tw_text_same(a->method, b->method) &&
	       tw_text_same(a->path, b->path) && a->group == b->group &&
	       a->respond.v == b->respond.v &&
	       way->wanted.yes == other->wanted.yes &&
	       way->wanted.no == other->wanted.no &&
	       tw_text_same(a->rewrite.v, b->rewrite.v);
}

static struct tw_route_rule rule_of(const struct tw_router *router, size_t way)
{
	const struct tw_spec_entry *entry = router->ways.v[way].entry;

	return (struct tw_route_rule){entry->host, entry->method, entry->path,
		entry->match, (uint32_t)way};
}

static void add_entry(
	struct tw_router *router, const struct tw_spec_entry *entry)
{
	const struct tw_spec_service *service =
		entry->service.v ? tw_spec_find_service(
					   router->spec, NULL, entry->service.v)
				 : NULL;
	struct share share = {service, tw_int_or(entry->weight, 1)};
	struct way one = {.entry = entry}, *way = NULL;

	if ((!service && !entry->respond.origin) || share.weight <= 0)
		return;
	one.never = !tw_conditions_wanted(
		&router->conditions, &entry->conditions, &one.wanted);
	for (size_t i = 0; i < router->ways.n && !way; i++)
		if (same_match(&router->ways.v[i], &one))
			way = &router->ways.v[i];
	if (!way) {
		tw_vec_push_in(&router->arena, &router->ways, one);
		way = &router->ways.v[router->ways.n - 1];
	}
	tw_vec_push_in(&router->arena, &way->shares, share);
	way->weights += share.weight;
}

/* Those that ask for more first; beyond that the entries' order. */
static void add_ways(struct tw_router *router)
{
	size_t most = 0;

	for (size_t i = 0; i < router->ways.n; i++)
		if (router->ways.v[i].entry->conditions.n > most)
			most = router->ways.v[i].entry->conditions.n;
	for (size_t n = most + 1; n-- > 0;) {
		for (size_t i = 0; i < router->ways.n; i++) {
			struct way *way = &router->ways.v[i];
			struct tw_route_rule rule = rule_of(router, i);

			if (way->entry->conditions.n != n)
				continue;
			tw_routes_add(router->entries, &rule);
			if (!way->entry->group)
				continue;
			way->alone = tw_routes_new();
			tw_routes_add(way->alone, &rule);
		}
	}
}

static void add_service(
	struct tw_router *router, const struct tw_spec_service *service)
{
	struct inside *inside = tw_new(&router->arena, struct inside);

	inside->service = service;
	inside->routes = tw_routes_new();
	for (size_t i = 0; i < service->endpoints.n; i++) {
		const struct tw_spec_endpoint *endpoint =
			service->endpoints.v[i].value;

		if (!strcmp(endpoint->name, "default"))
			inside->otherwise = endpoint;
		tw_routes_add_endpoint(inside->routes, endpoint->name,
			(uint32_t)inside->endpoints.n);
		tw_vec_push_in(&router->arena, &inside->endpoints, endpoint);
	}
	tw_map_put(&router->insides, service->key, inside);
}

struct tw_router *tw_router_new(
	const struct tw_spec *spec, const char *fallback)
{
	struct tw_router *router = tw_calloc(1, sizeof *router);

	tw_arena_init(&router->arena);
	tw_map_init(&router->insides, &router->arena);
	router->spec = spec;
	router->entries = tw_routes_new();
	if (fallback)
		router->fallback = tw_spec_find_service(spec, NULL, fallback);
	tw_conditions_of(spec, &router->arena, &router->conditions);
	for (size_t i = 0; i < spec->entries.n; i++)
		add_entry(router, spec->entries.v[i]);
	add_ways(router);
	for (size_t i = 0; i < spec->services.n; i++)
		add_service(router, spec->services.v[i].value);
	return router;
}

void tw_router_free(struct tw_router *router)
{
	if (!router)
		return;
	for (size_t i = 0; i < router->insides.n; i++)
		tw_routes_free(
			((struct inside *)router->insides.v[i].value)->routes);
	for (size_t i = 0; i < router->ways.n; i++)
		tw_routes_free(router->ways.v[i].alone);
	tw_routes_free(router->entries);
	tw_arena_release(&router->arena);
	tw_free(router);
}

const struct tw_spec_service *tw_router_service(
	const struct tw_router *router, struct twinrig_text name)
{
	const struct tw_spec_service *service;
	char text[512], *dot, *second;

	if (!name.n || name.n >= sizeof text)
		return NULL;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	service = tw_spec_find_service(router->spec, NULL, text);
	dot = strchr(text, '.');
	if (service || !dot)
		return service;
	*dot = '\0';
	second = strchr(dot + 1, '.');
	if (second)
		*second = '\0';
	return tw_spec_find_service(router->spec, dot + 1, text);
}

static const struct tw_spec_service *by_weight(
	const struct way *way, uint64_t position)
{
	uint64_t at = tw_hash_mix(position + 1) % (uint64_t)way->weights;

	for (size_t i = 0; i < way->shares.n; i++) {
		if (at < (uint64_t)way->shares.v[i].weight)
			return way->shares.v[i].service;
		at -= (uint64_t)way->shares.v[i].weight;
	}
	return way->shares.v[0].service;
}

struct asking {
	const struct tw_router *router;
	tw_traits traits;
};

static bool way_fits(void *context, uint32_t value)
{
	const struct asking *asking = context;
	const struct way *way = &asking->router->ways.v[value];

	return !way->never &&
	       tw_traits_tell(asking->traits, way->wanted) == TW_TOLD_YES;
}

/* The entry that takes it, or NULL. */
static const struct way *way_of(const struct tw_router *router,
	const struct twinrig_exchange *exchange, tw_traits traits)
{
	struct asking asking = {router, traits};
	const struct tw_route_filter filter = {way_fits, &asking};
	const struct way *found;
	uint32_t at;

	if (!tw_routes_match_if(router->entries, tw_plugin_text(exchange->host),
		    tw_plugin_text(exchange->method),
		    tw_plugin_text(exchange->target), &filter, &at))
		return NULL;
	found = &router->ways.v[at];
	for (uint32_t i = 0; found->entry->group && i < router->ways.n; i++) {
		const struct way *way = &router->ways.v[i];
		uint32_t value;

		if (way->entry->group == found->entry->group &&
			way_fits(&asking, i) &&
			tw_routes_match(way->alone,
				tw_plugin_text(exchange->host),
				tw_plugin_text(exchange->method),
				tw_plugin_text(exchange->target), &value))
			return way;
	}
	return found;
}

/* The target as the service sees it; in *buf where it was rewritten. */
static struct tw_str target_of(const struct way *way,
	const struct twinrig_exchange *exchange, struct tw_buf *buf)
{
	struct tw_str target = tw_plugin_text(exchange->target);
	const struct tw_spec_entry *entry = way ? way->entry : NULL;
	size_t n;

	if (!entry || !entry->rewrite.v)
		return target;
	n = entry->match == TW_PATH_PREFIX ? strlen(entry->path) : target.n;
	while (n && n <= target.n && target.p[n - 1] == '/' &&
		entry->match == TW_PATH_PREFIX)
		n--;
	if (n > target.n)
		return target;
	tw_buf_add_text(buf, entry->rewrite.v);
	while (buf->n && n < target.n && target.p[n] == '/' &&
		buf->p[buf->n - 1] == '/')
		n++;
	tw_buf_add(buf, target.p + n, target.n - n);
	return (struct tw_str){tw_buf_text(buf), buf->n};
}

static bool find_endpoint(const struct inside *inside, struct tw_str method,
	struct tw_str target, struct tw_routed *routed)
{
	uint32_t index;

	if (tw_routes_match(
		    inside->routes, (struct tw_str){0}, method, target, &index))
		routed->endpoint = inside->endpoints.v[index];
	else
		routed->endpoint = inside->otherwise;
	return routed->endpoint != NULL;
}

enum tw_route_result tw_router_route(const struct tw_router *router,
	const struct twinrig_exchange *exchange, uint64_t position,
	struct tw_routed *routed)
{
	const struct inside *inside;
	const struct way *way = NULL;
	struct tw_buf rewritten = {0};
	bool found;

	*routed = (struct tw_routed){
		.service = tw_router_service(router, exchange->service),
		.traits = tw_exchange_traits(&router->conditions, exchange)};
	if (!routed->service)
		way = way_of(router, exchange, routed->traits);
	if (way && way->entry->respond.origin) {
		routed->respond = (int)way->entry->respond.v;
		routed->path = way->entry->path;
		return TW_ANSWERED;
	}
	if (!routed->service)
		routed->service =
			way ? by_weight(way, position) : router->fallback;
	if (!routed->service)
		return TW_NO_SERVICE;
	inside = tw_map_get(&router->insides, routed->service->key);
	if (!inside || !inside->endpoints.n)
		return TW_ROUTED;
	found = find_endpoint(inside, tw_plugin_text(exchange->method),
		target_of(way, exchange, &rewritten), routed);
	tw_buf_release(&rewritten);
	return found ? TW_ROUTED : TW_NO_ENDPOINT;
}
