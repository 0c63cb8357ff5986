/* Black boxes: what their keys come to. */
#include "harness/config/config.h"
#include "tests/unit/test.h"

#include <stdio.h>

static const struct tw_spec_service *read_box(
	struct tw_spec *spec, const char *keys)
{
	struct tw_diags diags;
	char text[512];

	snprintf(text, sizeof text,
		"version: 1\nexternal:\n  db.example: {latency: 5ms%s}\n",
		keys);
	tw_diags_init(&diags);
	ck_assert_int_eq(tw_config_parse_model(
				 spec, "m.yaml", text, strlen(text), &diags),
		0);
	tw_diags_release(&diags);
	return tw_spec_find_external(spec, "db.example");
}

START_TEST(boxes)
{
	static const struct {
		const char *keys;
		int64_t workers, queue; /* -1: not given */
	} rows[] = {
		{"", 1000000, -1},
		{", capacity: 8", 8, -1},
		{", max-connections: 20", 20, 0},
		{", capacity: 8, max-connections: 20", 8, 12},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_spec *spec = tw_spec_new();
		const struct tw_spec_service *box =
			read_box(spec, rows[i].keys);

		ck_assert(box->external);
		ck_assert_int_eq(tw_int_or(box->workers, -1), rows[i].workers);
		ck_assert_int_eq(tw_int_or(box->queue, -1), rows[i].queue);
		tw_spec_free(spec);
	}
}
END_TEST

START_TEST(limits_and_errors)
{
	struct tw_spec *spec = tw_spec_new();
	const struct tw_spec_service *box = read_box(
		spec, ", rate-limit: 50/s, burst: 7, errors: 3%, status: 503");
	const struct tw_spec_endpoint *endpoint = box->endpoints.v[0].value;

	ck_assert_double_eq_tol(box->rate.v, 50, 1e-9);
	ck_assert_int_eq(box->burst.v, 7);
	ck_assert_double_eq_tol(endpoint->errors.v, 0.03, 1e-9);
	ck_assert_int_eq(endpoint->status.v, 503);
	ck_assert_uint_eq(endpoint->steps.n, 1);
	ck_assert_int_eq(endpoint->steps.v[0]->kind, TW_STEP_WAIT);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("config/external", boxes, limits_and_errors)
