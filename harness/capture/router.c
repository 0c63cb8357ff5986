#include "harness/capture/router.h"

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
	struct tw_map insides; /* service key -> struct inside * */
	const struct tw_spec_service *fallback;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_match(
	const struct tw_spec_entry *a, const struct tw_spec_entry *b)
{
	return a->match == b->match && same_text(a->host, b->host) &&
	       same_text(a->method, b->method) && same_text(a->path, b->path);
}

static void add_entry(
	struct tw_router *router, const struct tw_spec_entry *entry)
{
	const struct tw_spec_service *service =
		entry->service.v ? tw_spec_find_service(
					   router->spec, NULL, entry->service.v)
				 : NULL;
	struct tw_route_rule rule = {entry->host, entry->method, entry->path,
		entry->match, (uint32_t)router->ways.n};
	struct share share = {service, tw_int_or(entry->weight, 1)};
	struct way *way = NULL;

	if (!service || share.weight <= 0)
		return;
	for (size_t i = 0; i < router->ways.n && !way; i++)
		if (same_match(router->ways.v[i].entry, entry))
			way = &router->ways.v[i];
	if (!way) {
		if (!tw_routes_add(router->entries, &rule))
			return;
		tw_vec_push_in(&router->arena, &router->ways,
			(struct way){.entry = entry});
		way = &router->ways.v[router->ways.n - 1];
	}
	tw_vec_push_in(&router->arena, &way->shares, share);
	way->weights += share.weight;
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
	for (size_t i = 0; i < spec->entries.n; i++)
		add_entry(router, spec->entries.v[i]);
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
	tw_routes_free(router->entries);
	tw_arena_release(&router->arena);
	tw_free(router);
}

static struct tw_str str(struct twinrig_text text)
{
	return (struct tw_str){text.p, text.n};
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

static const struct tw_spec_service *service_of(const struct tw_router *router,
	const struct twinrig_exchange *exchange, uint64_t position)
{
	const struct tw_spec_service *service =
		tw_router_service(router, exchange->service);
	uint32_t way;

	if (service)
		return service;
	if (tw_routes_match(router->entries, str(exchange->host),
		    str(exchange->method), str(exchange->target), &way))
		return by_weight(&router->ways.v[way], position);
	return router->fallback;
}

enum tw_route_result tw_router_route(const struct tw_router *router,
	const struct twinrig_exchange *exchange, uint64_t position,
	struct tw_routed *routed)
{
	const struct inside *inside;
	uint32_t index;

	routed->endpoint = NULL;
	routed->service = service_of(router, exchange, position);
	if (!routed->service)
		return TW_NO_SERVICE;
	inside = tw_map_get(&router->insides, routed->service->key);
	if (!inside || !inside->endpoints.n)
		return TW_ROUTED;
	if (tw_routes_match(inside->routes, (struct tw_str){0},
		    str(exchange->method), str(exchange->target), &index))
		routed->endpoint = inside->endpoints.v[index];
	else
		routed->endpoint = inside->otherwise;
	return routed->endpoint ? TW_ROUTED : TW_NO_ENDPOINT;
}
