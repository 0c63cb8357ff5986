#include "tests/unit/test.h"

#include "twins/model/spec.h"

static const struct tw_pos nowhere;

START_TEST(stronger_sources_win)
{
	struct tw_spec *spec = tw_spec_new();
	const struct tw_origin *model =
		tw_spec_origin(spec, TW_FROM_MODEL, nowhere, NULL);
	const struct tw_origin *manifest =
		tw_spec_origin(spec, TW_FROM_MANIFEST, nowhere, NULL);
	struct tw_int field = {0};

	ck_assert_int_eq(tw_int_or(field, 7), 7);
	ck_assert(tw_set_int(&field, 1, model));
	ck_assert(tw_set_int(&field, 2, manifest));
	ck_assert(!tw_set_int(&field, 3, model));
	ck_assert_int_eq(field.v, 2);
	ck_assert(tw_set_int(&field, 2, model)); /* says the same */
	tw_spec_free(spec);
}
END_TEST

START_TEST(plain_names_find_the_only_service)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *cart =
		tw_spec_service(spec, "shop", "cart", NULL);

	ck_assert_ptr_eq(tw_spec_find_service(spec, NULL, "cart"), cart);
	ck_assert_ptr_eq(tw_spec_find_service(spec, NULL, "shop/cart"), cart);
	ck_assert_ptr_null(tw_spec_find_service(spec, "other", "cart"));
	tw_spec_service(spec, "other", "cart", NULL);
	ck_assert_ptr_null(tw_spec_find_service(spec, NULL, "cart"));
	ck_assert_str_eq(
		tw_spec_service(spec, NULL, "x", NULL)->key, "default/x");
	tw_spec_free(spec);
}
END_TEST

static void add_label(
	struct tw_spec *spec, struct tw_labels *labels, const char *value)
{
	tw_vec_push_in(&spec->arena, labels, ((struct tw_label){"app", value}));
}

START_TEST(selectors_select_workloads)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *service =
		tw_spec_service(spec, "shop", "cart", NULL);
	struct tw_spec_workload *workload =
		tw_spec_workload(spec, "Deployment", "shop", "cart-v1", NULL);

	service->has_object = service->has_selector = true;
	add_label(spec, &service->selector, "cart");
	add_label(spec, &workload->labels, "cart");
	tw_spec_workload(spec, "Deployment", "shop", "ads", NULL);
	tw_spec_link(spec);
	ck_assert_uint_eq(service->workloads.n, 1);
	ck_assert_ptr_eq(service->workloads.v[0], workload);
	tw_spec_free(spec);
}
END_TEST

static void append(void *context, const struct tw_spec_field *field)
{
	tw_buf_printf(context, "%s=", field->path);
	tw_spec_field_text(field, context);
	tw_buf_add_char(context, '\n');
}

static struct tw_spec *small_spec(enum tw_source source)
{
	struct tw_spec *spec = tw_spec_new();
	const struct tw_origin *origin =
		tw_spec_origin(spec, source, nowhere, NULL);
	struct tw_spec_service *service =
		tw_spec_service(spec, "shop", "cart", origin);
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(spec, service, "GET /", origin);
	struct tw_spec_step *step = tw_spec_step(spec, TW_STEP_CPU, origin);
	struct tw_error error;
	struct tw_dist law;

	ck_assert_int_eq(tw_dist_constant(&law, 4 * TW_MS, &error), 0);
	tw_set_law(&step->law, &law, origin);
	tw_vec_push_in(&spec->arena, &endpoint->steps, step);
	tw_set_int(&service->workers, 8, origin);
	return spec;
}

START_TEST(walk_shows_every_field)
{
	struct tw_spec *spec = small_spec(TW_FROM_MODEL);
	struct tw_buf out = {0};

	tw_spec_walk(spec, append, &out);
	ck_assert_str_eq(tw_buf_text(&out),
		"services.shop/cart.workers=8\n"
		"services.shop/cart.endpoints[GET /].steps[0].law="
		"constant 4ms\n");
	tw_buf_release(&out);
	tw_spec_free(spec);
}
END_TEST

START_TEST(a_copy_is_its_own)
{
	struct tw_spec *spec = small_spec(TW_FROM_ASSUMED);
	struct tw_spec *copy = tw_spec_copy(spec);
	struct tw_buf a = {0}, b = {0};

	ck_assert_uint_eq(tw_spec_scale_assumed(copy, 2), 1);
	tw_spec_walk(copy, append, &a);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&a), "constant 8ms"));
	tw_spec_walk(spec, append, &b);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&b), "constant 4ms"));
	tw_buf_release(&a);
	tw_buf_release(&b);
	tw_spec_free(copy);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("model/spec", stronger_sources_win, plain_names_find_the_only_service,
	selectors_select_workloads, walk_shows_every_field, a_copy_is_its_own)
