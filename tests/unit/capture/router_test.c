#include "harness/capture/router.h"
#include "tests/unit/test.h"

/*
 * Entries: what they ask of headers, their order in a group, rewritten paths
 * and answers of the way in.
 */
static const struct tw_origin *origin;

static struct tw_spec_entry *entry(struct tw_spec *spec, const char *path,
	const char *service, const char *header)
{
	struct tw_spec_entry *it = tw_new(&spec->arena, struct tw_spec_entry);
	struct tw_spec_condition one = {.name = header, .origin = origin};

	it->path = path;
	it->match = TW_PATH_PREFIX;
	it->origin = origin;
	if (service)
		tw_set_text(&it->service, service, origin);
	if (header) {
		tw_set_text(&one.value, "yes", origin);
		tw_vec_push_in(&spec->arena, &it->conditions, one);
	}
	tw_vec_push_in(&spec->arena, &spec->entries, it);
	return it;
}

static struct tw_spec *three(void)
{
	static const char *const names[] = {"a/web", "a/beta", "a/gamma"};
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *it;

	origin = tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	for (size_t i = 0; i < 3; i++) {
		it = tw_spec_service(spec, NULL, names[i], origin);
		tw_spec_endpoint(spec, it, "GET /items/{id}", origin);
		tw_spec_endpoint(spec, it, "GET /", origin);
		tw_spec_endpoint(spec, it, "default", origin);
	}
	return spec;
}

static const char *route(const struct tw_router *router, const char *target,
	const char *header, struct tw_routed *routed)
{
	const struct twinrig_header headers[] = {
		{{"Accept", 6}, {"*/*", 3}},
		{{header ? header : "Dnt", header ? strlen(header) : 3},
			{"yes", 3}},
	};
	const struct twinrig_exchange exchange = {
		.method = {"GET", 3},
		.target = {target, strlen(target)},
		.headers = headers,
		.n_headers = 2,
	};

	if (tw_router_route(router, &exchange, 0, routed) != TW_ROUTED)
		return NULL;
	return routed->service->name;
}

START_TEST(headers)
{
	struct tw_spec *spec = three();
	struct tw_router *router;
	struct tw_routed routed;

	entry(spec, "/", "a/web", NULL);
	entry(spec, "/items", "a/web", NULL);
	entry(spec, "/", "a/beta", "X-Beta");
	entry(spec, "/", "a/gamma", "x-gamma");
	router = tw_router_new(spec, NULL);
	ck_assert_str_eq(route(router, "/", "x-beta", &routed), "beta");
	ck_assert_str_eq(route(router, "/", "X-Gamma", &routed), "gamma");
	ck_assert_str_eq(route(router, "/", NULL, &routed), "web");
	/* The longer path comes before the header. */
	ck_assert_str_eq(route(router, "/items/1", "x-beta", &routed), "web");
	/* Both headers are known: one holds. */
	ck_assert(routed.traits == (UINT64_C(3) << 32 | 1));
	tw_router_free(router);
	tw_spec_free(spec);
}
END_TEST

START_TEST(groups)
{
	struct tw_spec *spec = three();
	struct tw_router *router;
	struct tw_routed routed;

	entry(spec, "/", "a/beta", "x-beta")->group = 1;
	entry(spec, "/items", "a/gamma", NULL)->group = 1;
	entry(spec, "/", "a/web", NULL)->group = 1;
	entry(spec, "/items/new", "a/beta", NULL)->group = 1;
	router = tw_router_new(spec, NULL);
	ck_assert_str_eq(route(router, "/items/1", "x-beta", &routed), "beta");
	ck_assert_str_eq(route(router, "/items/new", NULL, &routed), "gamma");
	ck_assert_str_eq(route(router, "/other", NULL, &routed), "web");
	tw_router_free(router);
	tw_spec_free(spec);
}
END_TEST

START_TEST(answers)
{
	struct tw_spec *spec = three();
	struct tw_router *router;
	struct tw_routed routed;

	tw_set_text(&entry(spec, "/v1", "a/web", NULL)->rewrite, "/", origin);
	tw_set_int(&entry(spec, "/old", NULL, NULL)->respond, 301, origin);
	router = tw_router_new(spec, NULL);
	ck_assert_str_eq(
		route(router, "/v1/items/3?q=1", NULL, &routed), "web");
	ck_assert_str_eq(routed.endpoint->name, "GET /items/{id}");
	ck_assert_str_eq(route(router, "/v1", NULL, &routed), "web");
	ck_assert_str_eq(routed.endpoint->name, "GET /");
	ck_assert_ptr_null(route(router, "/old/x", NULL, &routed));
	ck_assert_int_eq(routed.respond, 301);
	tw_router_free(router);
	tw_spec_free(spec);
}
END_TEST

/* An access log has no headers: what is not there is not known. */
/* How many of 4000 requests for a path go to each of the three. */
static void share_out(const struct tw_spec *spec, const char *target,
	uint32_t n[static 4], const char **endpoint)
{
	static const char *const names[] = {"web", "beta", "gamma"};
	struct tw_router *router = tw_router_new(spec, NULL);
	const struct twinrig_exchange exchange = {
		.method = {"GET", 3}, .target = {target, strlen(target)}};
	struct tw_routed routed;

	memset(n, 0, 4 * sizeof *n);
	for (uint64_t i = 0; i < 4000; i++) {
		if (tw_router_route(router, &exchange, i, &routed) !=
			TW_ROUTED) {
			n[3]++;
			continue;
		}
		*endpoint = routed.endpoint->name;
		for (int k = 0; k < 3; k++)
			n[k] += !strcmp(routed.service->name, names[k]);
	}
	tw_router_free(router);
}

START_TEST(weights)
{
	struct tw_spec *spec = three();
	const char *endpoint;
	uint32_t n[4];

	tw_set_int(&entry(spec, "/", "a/web", NULL)->weight, 1, origin);
	tw_set_int(&entry(spec, "/", "a/beta", NULL)->weight, 3, origin);
	tw_set_int(&entry(spec, "/", "a/gamma", NULL)->weight, 0, origin);
	/* A way without any weight is none. */
	tw_set_int(&entry(spec, "/none", "a/web", NULL)->weight, 0, origin);
	share_out(spec, "/none/x", n, &endpoint);
	ck_assert_uint_eq(n[3], 0);
	ck_assert_int_le(n[0] > 1000 ? n[0] - 1000 : 1000 - n[0], 110);
	ck_assert_uint_eq(n[0] + n[1], 4000);
	tw_spec_free(spec);
	spec = three();
	tw_set_int(&entry(spec, "/", "a/web", NULL)->weight, 0, origin);
	share_out(spec, "/", n, &endpoint);
	ck_assert_uint_eq(n[3], 4000);
	tw_spec_free(spec);
}
END_TEST

/* What differs in its rewrite, or its list, is no share of the same way. */
START_TEST(ways_that_look_alike)
{
	struct tw_spec *spec = three();
	const char *endpoint;
	uint32_t n[4];

	tw_set_text(
		&entry(spec, "/", "a/web", NULL)->rewrite, "/items", origin);
	entry(spec, "/", "a/beta", NULL);
	share_out(spec, "/7", n, &endpoint);
	ck_assert_uint_eq(n[0], 4000);
	ck_assert_str_eq(endpoint, "GET /items/{id}");
	tw_spec_free(spec);
	spec = three();
	entry(spec, "/", "a/web", NULL)->group = 1;
	entry(spec, "/", "a/beta", NULL)->group = 2;
	share_out(spec, "/", n, &endpoint);
	ck_assert_uint_eq(n[0], 4000);
	tw_spec_free(spec);
}
END_TEST

/* Of a prefix the rewrite stands for that; else for the whole path. */
START_TEST(rewrites)
{
	struct tw_spec *spec = three();
	struct tw_spec_entry *it = entry(spec, "/v/{x}", "a/web", NULL);
	const char *endpoint;
	uint32_t n[4];

	it->match = TW_PATH_TEMPLATE;
	tw_set_text(&it->rewrite, "/", origin);
	it = entry(spec, "/pre", "a/web", NULL);
	tw_set_text(&it->rewrite, "/items", origin);
	share_out(spec, "/v/something-long", n, &endpoint);
	ck_assert_str_eq(endpoint, "GET /");
	share_out(spec, "/pre/7", n, &endpoint);
	ck_assert_str_eq(endpoint, "GET /items/{id}");
	share_out(spec, "/pre/7/8", n, &endpoint);
	ck_assert_str_eq(endpoint, "default");
	tw_spec_free(spec);
}
END_TEST

START_TEST(unknown)
{
	struct tw_spec *spec = three();
	const struct twinrig_header agent = {{"User-Agent", 10}, {"curl", 4}};
	const struct twinrig_exchange exchange = {.method = {"GET", 3},
		.target = {"/", 1},
		.headers = &agent,
		.n_headers = 1};
	struct tw_router *router;
	struct tw_routed routed;

	entry(spec, "/", "a/web", NULL);
	entry(spec, "/", "a/beta", "x-beta");
	router = tw_router_new(spec, NULL);
	ck_assert_int_eq(
		tw_router_route(router, &exchange, 0, &routed), TW_ROUTED);
	ck_assert_str_eq(routed.service->name, "web");
	ck_assert(routed.traits == TW_TRAITS_UNKNOWN);
	tw_router_free(router);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("capture/router", headers, groups, answers, weights,
	ways_that_look_alike, rewrites, unknown)
