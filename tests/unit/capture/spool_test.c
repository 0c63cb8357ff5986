#include "harness/capture/spool.h"

#include "plugins/common/text.h"
#include "tests/unit/test.h"

#include <inttypes.h>
#include <stdlib.h>

static struct tw_plugins plugins;
static struct tw_capture_options capture_options = {.plugins = &plugins};

static struct tw_spec *shop(void)
{
	struct tw_spec *spec = tw_spec_new();
	const struct tw_origin *origin =
		tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
	struct tw_spec_service *front =
		tw_spec_service(spec, "shop", "frontend", origin);
	struct tw_spec_entry *entry =
		tw_new(&spec->arena, struct tw_spec_entry);

	tw_spec_service(spec, "shop", "cart", origin);
	tw_spec_endpoint(spec, front, "GET /product/{id}", origin);
	tw_spec_endpoint(spec, front, "GET /", origin);
	*entry = (struct tw_spec_entry){
		.path = "/", .match = TW_PATH_PREFIX, .origin = origin};
	tw_set_text(&entry->service, "shop/frontend", origin);
	tw_vec_push_in(&spec->arena, &spec->entries, entry);
	entry = tw_new(&spec->arena, struct tw_spec_entry);
	*entry = (struct tw_spec_entry){
		.path = "/cart", .match = TW_PATH_PREFIX, .origin = origin};
	tw_set_text(&entry->service, "shop/cart", origin);
	tw_vec_push_in(&spec->arena, &spec->entries, entry);
	return spec;
}

static const char capture[] =
	"{\"time\":3000,\"method\":\"GET\",\"target\":\"/product/7\"}\n"
	"{\"time\":1000,\"method\":\"GET\",\"target\":\"/\",\"headers\":"
	"[[\"Authorization\",\"Basic hunter2\"]],\"body\":\"b\"}\n"
	"{\"time\":2000,\"method\":\"GET\",\"target\":\"/cart/17\"}\n"
	"broken\n"
	"{\"time\":2000,\"method\":\"GET\",\"target\":\"/favicon.ico\"}\n"
	"{\"time\":2500,\"method\":\"GET\",\"target\":\"/items\",\"caller\":"
	"\"frontend\",\"service\":\"cart\",\"status\":200,"
	"\"response_body\":\"[]\"}\n"
	"{\"time\":4000,\"method\":\"GET\",\"target\":\"/cart/18\",\"caller\":"
	"\"a-phone\"}\n";

START_TEST(routes_and_sorts)
{
	struct tw_spec *spec = shop();
	struct tw_router *router = tw_router_new(spec, NULL);
	struct tw_spool *spool =
		tw_spool_new(&(struct tw_spool_options){.router = {router}});
	static const struct {
		int64_t time;
		uint64_t position;
		const char *service, *endpoint;
		bool inferred;
	} expected[] = {
		{1000, 1, "shop/frontend", "GET /", false},
		{2000, 2, "shop/cart", "GET /cart/{id}", true},
		{3000, 0, "shop/frontend", "GET /product/{id}", false},
		{4000, 5, "shop/cart", "GET /cart/{id}", true},
	};
	struct tw_spool_record got[4];
	struct tw_error error;

	tw_plugins_init(&plugins);
	ck_assert(!tw_spool_read_memory(spool, "x", capture, sizeof capture - 1,
		&capture_options, &error));
	ck_assert(!tw_spool_finish(spool, &error));
	ck_assert_uint_eq(tw_spool_count(spool), 4);
	ck_assert(!tw_spool_get(spool, 0, 4, got, &error));
	for (size_t i = 0; i < 4; i++) {
		const struct tw_spool_endpoint *endpoint =
			tw_spool_endpoint(spool, got[i].endpoint[0]);

		ck_assert_int_eq(got[i].time, expected[i].time);
		ck_assert_uint_eq(got[i].position, expected[i].position);
		ck_assert_str_eq(endpoint->service, expected[i].service);
		ck_assert_str_eq(endpoint->endpoint, expected[i].endpoint);
		ck_assert_int_eq(endpoint->inferred, expected[i].inferred);
		ck_assert_uint_eq(got[i].endpoint[1], TW_SPOOL_UNROUTED);
	}
	ck_assert_uint_eq(tw_spool_stats(spool)->read, 6);
	ck_assert_uint_eq(tw_spool_stats(spool)->malformed, 1);
	ck_assert_uint_eq(tw_spool_stats(spool)->calls, 1);
	ck_assert_uint_eq(tw_spool_stats(spool)->unrouted[0], 1);
	ck_assert_str_eq(
		tw_spool_stats(spool)->top.v[0].path, "GET /favicon.ico");
	ck_assert_double_eq(tw_spool_completeness(spool, 0), 4.0 / 6);
	ck_assert(tw_spool_get(spool, 3, 2, got, &error));
	tw_spool_free(spool);
	tw_router_free(router);
	tw_spec_free(spec);
	tw_plugins_release(&plugins);
}
END_TEST

START_TEST(keeps_redacted_details)
{
	struct tw_spec *spec = shop();
	struct tw_router *router = tw_router_new(spec, NULL);
	struct tw_spool *spool = tw_spool_new(&(struct tw_spool_options){
		.router = {router, router}, .details = true});
	const struct tw_spool_call *calls;
	struct tw_scratch scratch = {0};
	struct twinrig_exchange exchange;
	struct tw_spool_record record;
	struct tw_error error;
	size_t n;

	tw_plugins_init(&plugins);
	ck_assert(!tw_spool_read_memory(spool, "x", capture, sizeof capture - 1,
		&capture_options, &error));
	ck_assert(!tw_spool_finish(spool, &error));
	ck_assert(!tw_spool_get(spool, 0, 1, &record, &error));
	ck_assert_uint_eq(record.endpoint[0], record.endpoint[1]);
	ck_assert(!tw_spool_details(
		spool, record.details, &scratch, &exchange, &error));
	ck_assert(tw_text_is(exchange.target, "/"));
	ck_assert(tw_text_is(exchange.body, "b"));
	ck_assert_ptr_null(exchange.host.p);
	ck_assert_uint_eq(exchange.n_headers, 1);
	ck_assert(tw_text_starts(exchange.headers[0].value, "Basic redacted-"));
	calls = tw_spool_calls(spool, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(calls[0].caller, "frontend");
	ck_assert_str_eq(calls[0].target, "/items");
	ck_assert(!tw_spool_details(
		spool, calls[0].details, &scratch, &exchange, &error));
	ck_assert(tw_text_is(exchange.response_body, "[]"));
	tw_scratch_release(&scratch);
	tw_spool_free(spool);
	tw_router_free(router);
	tw_spec_free(spec);
	tw_plugins_release(&plugins);
}
END_TEST

/* n requests in a scrambled order; with so little memory they go to a file. */
static struct tw_spool *scrambled(unsigned n, size_t memory)
{
	struct tw_spool *spool =
		tw_spool_new(&(struct tw_spool_options){.memory = memory});
	struct tw_buf text = {0};
	struct tw_error error;

	for (unsigned i = 0; i < n; i++)
		tw_buf_printf(&text,
			"{\"time\":%u,\"method\":\"GET\",\"target\":\"/\"}\n",
			(unsigned)((uint64_t)i * 7919 % n) / 2);
	ck_assert(!tw_spool_read_memory(
		spool, "x", text.p, text.n, &capture_options, &error));
	ck_assert(!tw_spool_finish(spool, &error));
	tw_buf_release(&text);
	return spool;
}

START_TEST(sorts_beyond_memory)
{
	enum { N = 10007 };
	struct tw_spool *small, *big;
	struct tw_spool_record a, b;
	struct tw_error error;
	uint64_t index;

	tw_plugins_init(&plugins);
	small = scrambled(N, 1);
	big = scrambled(N, 0);
	ck_assert_uint_eq(tw_spool_count(small), N);
	for (uint64_t i = 0; i < N; i++) {
		ck_assert(!tw_spool_get(small, i, 1, &a, &error));
		ck_assert(!tw_spool_get(big, i, 1, &b, &error));
		ck_assert_int_eq(a.time, (int64_t)i / 2);
		ck_assert_uint_eq(a.position, b.position);
	}
	ck_assert(!tw_spool_seek(small, 100, &index, &error));
	ck_assert_uint_eq(index, 200);
	ck_assert(!tw_spool_seek(small, INT64_MAX, &index, &error));
	ck_assert_uint_eq(index, N);
	tw_spool_free(small);
	tw_spool_free(big);
	tw_plugins_release(&plugins);
}
END_TEST

/* A second's requests are spread over it, the same way each time. */
START_TEST(spreads_seconds)
{
	struct tw_spool *spool = tw_spool_new(&(struct tw_spool_options){0});
	struct tw_spool_record record;
	struct tw_buf text = {0};
	struct tw_error error;
	int quarter[4] = {0};

	tw_plugins_init(&plugins);
	for (int i = 0; i < 4000; i++)
		tw_buf_add_text(&text,
			"h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" "
			"200 1\n");
	ck_assert(!tw_spool_read_memory(
		spool, "x", text.p, text.n, &capture_options, &error));
	ck_assert(!tw_spool_finish(spool, &error));
	for (uint64_t i = 0; i < 4000; i++) {
		int64_t in;

		ck_assert(!tw_spool_get(spool, i, 1, &record, &error));
		in = record.time - INT64_C(1431857103000000000);
		ck_assert(in >= 0 && in < 1000000000);
		quarter[in / 250000000]++;
	}
	for (int i = 0; i < 4; i++) /* five standard deviations */
		ck_assert(quarter[i] > 863 && quarter[i] < 1137);
	tw_buf_release(&text);
	tw_spool_free(spool);
	tw_plugins_release(&plugins);
}
END_TEST

TW_TESTS("capture/spool", routes_and_sorts, keeps_redacted_details,
	sorts_beyond_memory, spreads_seconds)
