#include "twins/model/route.h"

#include "tests/unit/test.h"

static const struct tw_route_rule rules[] = {
	{NULL, NULL, "/", TW_PATH_PREFIX, 1},
	{NULL, NULL, "/shop", TW_PATH_PREFIX, 2},
	{NULL, NULL, "/shop/cart/", TW_PATH_PREFIX, 3},
	{NULL, NULL, "/shop/cart", TW_PATH_EXACT, 4},
	{NULL, NULL, "/product/{id}", TW_PATH_TEMPLATE, 5},
	{NULL, NULL, "/product/new", TW_PATH_TEMPLATE, 6},
	{NULL, "POST", "/product/{id}", TW_PATH_TEMPLATE, 7},
	{NULL, "GET", "/a/b/c", TW_PATH_TEMPLATE, 8},
	{NULL, NULL, "/{x}/b/{y}", TW_PATH_TEMPLATE, 9},
	{NULL, NULL, "/shop", TW_PATH_PREFIX, 10}, /* never: added later */
	{"shop.example", NULL, "/only", TW_PATH_PREFIX, 20},
	{"*.example", NULL, "/", TW_PATH_PREFIX, 21},
	{"*.deep.example", NULL, "/", TW_PATH_PREFIX, 22},
};

/* value 0: no match. */
static const struct {
	const char *host, *method, *path;
	uint32_t value;
} cases[] = {
	{"", "GET", "/", 1},
	{"", "GET", "/nothing/else", 1},
	{"", "GET", "/shop", 2},
	{"", "GET", "/shopping", 1},
	{"", "GET", "/shop/", 2},
	{"", "GET", "/shop/cart", 4},
	{"", "GET", "/shop/cart/", 3},
	{"", "GET", "/shop/cart?a=/x", 4},
	{"", "GET", "/shop/cart/1", 3},
	{"", "GET", "/product/17", 5},
	{"", "POST", "/product/17", 7},
	{"", "GET", "/product/new", 6},
	{"", "POST", "/product/new", 6},
	{"", "GET", "/product/", 1},
	{"", "GET", "/product/1/2", 1},
	{"", "GET", "/a/b/c", 8},
	{"", "PUT", "/a/b/c", 9},
	{"", "GET", "*", 0},
	{"", "GET", "", 0},
	{"other.host", "GET", "/shop", 2},
	{"shop.example", "GET", "/only/x", 20},
	{"SHOP.Example:8080", "GET", "/only", 20},
	{"shop.example", "GET", "/shop", 0},
	{"x.example", "GET", "/only", 21},
	{"a.b.example", "GET", "/only", 21},
	{"y.deep.example.", "GET", "/only", 22},
	{"example", "GET", "/only", 1},
	{"[::1]:80", "GET", "/shop", 2},
};

START_TEST(precedence)
{
	struct tw_routes *routes = tw_routes_new();

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		ck_assert(tw_routes_add(routes, &rules[i]));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t value = 0;
		bool found = tw_routes_match(routes, tw_str_of(cases[i].host),
			tw_str_of(cases[i].method), tw_str_of(cases[i].path),
			&value);

		ck_assert_msg(found == (cases[i].value != 0) &&
				      value == cases[i].value,
			"%s %s %s: %u, not %u", cases[i].host, cases[i].method,
			cases[i].path, value, cases[i].value);
	}
	tw_routes_free(routes);
}
END_TEST

START_TEST(unknown_host_sees_every_rule)
{
	struct tw_routes *routes = tw_routes_new();
	uint32_t value = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		tw_routes_add(routes, &rules[i]);
	ck_assert(tw_routes_match(routes, (struct tw_str){0}, TW_STR("GET"),
		TW_STR("/only/x"), &value));
	ck_assert_uint_eq(value, 20);
	tw_routes_free(routes);
}
END_TEST

START_TEST(endpoints_by_name)
{
	struct tw_routes *routes = tw_routes_new();
	uint32_t value = 0;

	ck_assert(tw_routes_add_endpoint(routes, "GET /product/{id}", 1));
	ck_assert(tw_routes_add_endpoint(routes, "/health", 2));
	ck_assert(tw_routes_add_endpoint(routes, "shop.Cart/Add", 3));
	ck_assert(!tw_routes_add_endpoint(routes, "default", 4));
	ck_assert(!tw_routes_add_endpoint(routes, "GET product", 5));
	ck_assert(tw_routes_match(routes, TW_STR("h"), TW_STR("GET"),
		TW_STR("/product/9?x"), &value));
	ck_assert_uint_eq(value, 1);
	ck_assert(tw_routes_match(routes, TW_STR("h"), TW_STR("HEAD"),
		TW_STR("/health"), &value));
	ck_assert_uint_eq(value, 2);
	ck_assert(tw_routes_match(routes, TW_STR("h"), TW_STR("POST"),
		TW_STR("/shop.Cart/Add"), &value));
	ck_assert_uint_eq(value, 3);
	ck_assert(!tw_routes_match(routes, TW_STR("h"), TW_STR("PUT"),
		TW_STR("/product/9"), &value));
	tw_routes_free(routes);
}
END_TEST

START_TEST(refuses_bad_rules)
{
	struct tw_routes *routes = tw_routes_new();
	char deep[2 * TW_ROUTE_SEGMENTS + 4];
	struct tw_route_rule rule = {.path = "shop"};

	ck_assert(!tw_routes_add(routes, &rule));
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? 'a' : '/';
	deep[sizeof deep - 1] = '\0';
	rule.path = deep;
	ck_assert(!tw_routes_add(routes, &rule));
	tw_routes_free(routes);
}
END_TEST

TW_TESTS("model/route", precedence, unknown_host_sees_every_rule,
	endpoints_by_name, refuses_bad_rules)
