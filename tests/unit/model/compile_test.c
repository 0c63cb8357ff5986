#include "tests/twin_builder.h"
#include "tests/unit/test.h"

static struct tw_diags diags;

static struct tw_spec *begin(void)
{
	tw_diags_init(&diags);
	return tw_spec_new();
}

static void end(struct tw_spec *spec, struct tw_model *model)
{
	tw_model_free(model);
	tw_spec_free(spec);
	tw_diags_release(&diags);
}

/* The one finding of this severity that has the text, hint included. */
static bool says(enum tw_severity severity, const char *text)
{
	for (size_t i = 0; i < diags.list.n; i++) {
		const struct tw_diag *it = diags.list.v[i];

		if (it->severity != severity)
			continue;
		if (strstr(it->message, text) ||
			(it->hint && strstr(it->hint, text)))
			return true;
	}
	return false;
}

START_TEST(unknown_callee_names_the_nearest)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);

	b_service(spec, "checkout", 1, 1, 1);
	b_call(spec, &b_endpoint(spec, web, "GET /")->steps, "chekout", NULL);
	ck_assert_ptr_null(tw_model_compile(spec, &diags));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert(says(TW_ERROR, "unknown service 'chekout'"));
	ck_assert(says(TW_ERROR, "did you mean 'checkout'"));
	end(spec, NULL);
}
END_TEST

START_TEST(unknown_endpoint_names_the_nearest)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_spec_service *cart = b_service(spec, "cart", 1, 1, 1);

	b_endpoint(spec, cart, "GetCart");
	b_call(spec, &b_endpoint(spec, web, "GET /")->steps, "cart", "GetCar");
	ck_assert_ptr_null(tw_model_compile(spec, &diags));
	ck_assert(says(TW_ERROR, "did you mean 'GetCart'"));
	end(spec, NULL);
}
END_TEST

START_TEST(silent_service_takes_any_call)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_model *model;

	b_service(spec, "cart", 1, 1, 1);
	b_call(spec, &b_endpoint(spec, web, "GET /")->steps, "cart", "GetCart");
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	ck_assert(says(TW_NOTE, "nothing says what default/cart does"));
	ck_assert_str_eq(
		model->endpoints[tw_model_endpoint(model,
					 tw_model_service(model, "cart"), NULL)]
			.name,
		"GetCart");
	end(spec, model);
}
END_TEST

START_TEST(cycle_is_told_with_its_path)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *a = b_service(spec, "a", 1, 1, 1);
	struct tw_spec_service *b = b_service(spec, "b", 1, 1, 1);
	struct tw_spec_step *both = b_step(
		spec, &b_endpoint(spec, a, "X")->steps, TW_STEP_PARALLEL);

	b_call(spec, &both->children, "b", "Y");
	b_call(spec, &b_endpoint(spec, b, "Y")->steps, "a", "X");
	ck_assert_ptr_null(tw_model_compile(spec, &diags));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert(says(TW_ERROR, "default/a X -> default/b Y -> default/a X"));
	end(spec, NULL);
}
END_TEST

START_TEST(diamond_is_no_cycle)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *a = b_service(spec, "a", 1, 1, 1);
	struct tw_spec_service *b = b_service(spec, "b", 1, 1, 1);
	struct tw_spec_service *c = b_service(spec, "c", 1, 1, 1);
	struct tw_spec_endpoint *top = b_endpoint(spec, a, "X");
	struct tw_model *model;

	b_service(spec, "d", 1, 1, 1);
	b_call(spec, &top->steps, "b", NULL);
	b_call(spec, &top->steps, "c", NULL);
	b_call(spec, &b_endpoint(spec, b, "Y")->steps, "d", NULL);
	b_call(spec, &b_endpoint(spec, c, "Z")->steps, "d", NULL);
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	end(spec, model);
}
END_TEST

START_TEST(plain_sequences_disappear)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *a = b_service(spec, "a", 1, 1, 1);
	struct tw_spec_endpoint *x = b_endpoint(spec, a, "X");
	struct tw_spec_step *sequence =
		b_step(spec, &x->steps, TW_STEP_SEQUENCE);
	struct tw_model *model;
	const struct tw_step *step;

	b_work(spec, &sequence->children, TW_STEP_CPU, b_constant(1));
	b_work(spec, &sequence->children, TW_STEP_CPU, b_constant(2));
	b_work(spec, &x->steps, TW_STEP_WAIT, b_constant(3));
	model = tw_model_compile(spec, &diags);
	ck_assert_uint_eq(model->n_steps, 3);
	step = &model->steps[model->programs[0].step];
	ck_assert_int_eq(step->kind, TW_STEP_CPU);
	ck_assert_uint_eq(step->ordinal, 0);
	step = &model->steps[step->next];
	ck_assert_uint_eq(step->ordinal, 1);
	step = &model->steps[step->next];
	ck_assert_int_eq(step->kind, TW_STEP_WAIT);
	ck_assert_uint_eq(step->next, TW_NONE);
	end(spec, model);
}
END_TEST

START_TEST(first_policy_that_fits_applies_alone)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_spec_endpoint *home = b_endpoint(spec, web, "GET /");
	struct tw_spec_policy *first, *second;
	struct tw_model *model;
	const struct tw_channel *by_web, *by_outside;
	uint32_t get;

	b_service(spec, "cart", 1, 1, 1);
	b_call(spec, &home->steps, "cart", "GET /cart/{id}");
	first = b_policy(spec, "default/cart");
	first->caller = "default/web";
	tw_set_text(&first->path_prefix, "/cart", first->origin);
	tw_set_int(&first->timeout, 3 * TW_S, first->origin);
	second = b_policy(spec, "cart");
	tw_set_int(&second->retries, 4, second->origin);
	model = tw_model_compile(spec, &diags);
	get = tw_model_endpoint(model, tw_model_service(model, "cart"), NULL);
	by_web = &model->channels[tw_model_channel(
		model, tw_model_service(model, "web"), get)];
	by_outside = &model->channels[tw_model_channel(model, TW_NONE, get)];
	ck_assert_int_eq(by_web->timeout, 3 * TW_S);
	ck_assert_uint_eq(by_web->retries, 0);
	ck_assert_int_eq(by_outside->timeout, 0);
	ck_assert_uint_eq(by_outside->retries, 4);
	ck_assert_int_eq(by_outside->backoff_base, 25 * TW_MS);
	ck_assert_int_eq(by_outside->backoff_max, 250 * TW_MS);
	end(spec, model);
}
END_TEST

/* A workload of `replicas` with one label, and a Service that selects it. */
static struct tw_spec_workload *add_workload(
	struct tw_spec *spec, const char *name, const char *version, int n)
{
	const struct tw_origin *by = tw_spec_origin(
		spec, TW_FROM_MANIFEST, (struct tw_pos){0}, NULL);
	struct tw_spec_workload *it =
		tw_spec_workload(spec, "Deployment", NULL, name, by);

	tw_vec_push_in(
		&spec->arena, &it->labels, ((struct tw_label){"app", "web"}));
	tw_vec_push_in(&spec->arena, &it->labels,
		((struct tw_label){"version", version}));
	tw_set_int(&it->replicas, n, by);
	return it;
}

static void select_web(struct tw_spec *spec, struct tw_spec_service *service)
{
	service->has_object = service->has_selector = true;
	service->replicas.origin = NULL;
	tw_vec_push_in(&spec->arena, &service->selector,
		((struct tw_label){"app", "web"}));
}

START_TEST(routes_split_by_subset)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_spec_policy *policy = b_policy(spec, "default/web");
	struct tw_spec_subset subset = {.name = "v2"};
	struct tw_spec_destination to = {0};
	struct tw_model *model;
	const struct tw_channel *channel;

	b_endpoint(spec, web, "X");
	add_workload(spec, "web-v1", "v1", 3);
	add_workload(spec, "web-v2", "v2", 2);
	select_web(spec, web);
	tw_vec_push_in(&spec->arena, &subset.labels,
		((struct tw_label){"version", "v2"}));
	tw_vec_push_in(&spec->arena, &web->subsets, subset);
	tw_set_int(&to.weight, 90, policy->origin);
	tw_vec_push_in(&spec->arena, &policy->destinations, to);
	tw_set_int(&to.weight, 10, policy->origin);
	tw_set_text(&to.subset, "v2", policy->origin);
	tw_vec_push_in(&spec->arena, &policy->destinations, to);
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	ck_assert_uint_eq(model->n_replicas, 5);
	channel = &model->channels[tw_model_channel(model, TW_NONE, 0)];
	ck_assert_uint_eq(channel->n_targets, 2);
	ck_assert(channel->targets[0].share == 0.9);
	ck_assert_uint_eq(model->pools[channel->targets[0].pool].n_replicas, 5);
	ck_assert_uint_eq(model->pools[channel->targets[1].pool].n_replicas, 2);
	end(spec, model);
}
END_TEST

START_TEST(two_services_share_pods)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *ext = b_service(spec, "web-external", 1, 1, 1);
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_model *model;
	uint32_t e, w;

	b_endpoint(spec, web, "GET /");
	add_workload(spec, "web", "v1", 3);
	select_web(spec, web);
	select_web(spec, ext);
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	e = tw_model_service(model, "web-external");
	w = tw_model_service(model, "web");
	ck_assert_uint_eq(model->n_replicas, 3);
	ck_assert(model->services[e].is_alias);
	ck_assert(!model->services[w].is_alias);
	ck_assert_uint_ne(tw_model_endpoint(model, e, "GET /"), TW_NONE);
	ck_assert_uint_eq(model->pools[model->services[e].pool].n_replicas, 3);
	end(spec, model);
}
END_TEST

START_TEST(selector_that_selects_nothing_has_no_pods)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_model *model;

	b_endpoint(spec, web, "GET /");
	add_workload(spec, "other", "v1", 3)->labels.n = 0;
	select_web(spec, web);
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	ck_assert(says(TW_WARNING, "no workload has the labels"));
	ck_assert_uint_eq(model->pools[model->services[0].pool].n_replicas, 0);
	end(spec, model);
}
END_TEST

START_TEST(nodes_and_links)
{
	struct tw_spec *spec = begin();
	struct tw_model *model;
	const struct tw_dist **rtt;

	b_service(spec, "web", 1, 1, 1);
	b_node(spec, "worker", 2, "a");
	b_node(spec, "edge", 1, "b");
	b_link(spec, "*", "*", 7);
	b_link(spec, "cross", "cross", 5);
	b_link(spec, "b", "a", 3);
	model = tw_model_compile(spec, &diags);
	ck_assert_uint_eq(model->n_nodes, 3);
	ck_assert_str_eq(model->nodes[1].name, "worker-2");
	ck_assert_str_eq(model->nodes[2].name, "edge");
	ck_assert_uint_eq(model->n_zones, 2);
	rtt = model->rtt;
	ck_assert(rtt[0]->a == 7);	    /* a - a */
	ck_assert(rtt[1]->a == 3);	    /* a - b */
	ck_assert(rtt[3]->a == 3);	    /* b - a */
	ck_assert_ptr_null(rtt[2 * 3 + 0]); /* outside - a */
	end(spec, model);
}
END_TEST

START_TEST(each_lists_names)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 2, 1, 1);
	struct tw_spec_endpoint *home = b_endpoint(spec, web, "GET /");
	struct tw_names names = {0};
	struct tw_model *model;

	b_service(spec, "cart", 1, 1, 1);
	b_service(spec, "ads", 1, 1, 1);
	b_call(spec, &home->steps, "ads", NULL);
	b_call(spec, &home->steps, "cart", NULL);
	b_call(spec, &home->steps, "cart", NULL);
	model = tw_model_compile(spec, &diags);
	ck_assert(tw_model_each(model, "callees of web", &names));
	ck_assert_uint_eq(names.n, 2);
	ck_assert_str_eq(names.v[0], "default/ads");
	names.n = 0;
	ck_assert(tw_model_each(model, "replicas of default/*", &names));
	ck_assert_uint_eq(names.n, 4);
	ck_assert_str_eq(names.v[1], "default/web-2");
	ck_assert(!tw_model_each(model, "colours", &names));
	tw_vec_release(&names);
	end(spec, model);
}
END_TEST

START_TEST(a_severed_call_has_nobody_behind_it)
{
	struct tw_spec *spec = begin();
	struct tw_spec_service *web = b_service(spec, "web", 1, 1, 1);
	struct tw_spec_service *cart = b_service(spec, "cart", 1, 1, 1);
	const struct tw_origin *origin = web->origin;
	struct tw_spec_severed severed = {
		"default/web", "default/cart", {"no such port", origin}};
	struct tw_model *model;
	uint32_t called, channel;

	b_endpoint(spec, cart, "Get");
	b_call(spec, &b_endpoint(spec, web, "GET /")->steps, "cart", "Get");
	tw_vec_push_in(&spec->arena, &spec->severed, severed);
	model = tw_model_compile(spec, &diags);
	ck_assert_ptr_nonnull(model);
	called = tw_model_endpoint(
		model, tw_model_service(model, "cart"), "Get");
	channel =
		tw_model_channel(model, tw_model_service(model, "web"), called);
	ck_assert_uint_eq(model->channels[channel].targets[0].pool, TW_NONE);
	channel = tw_model_channel(model, TW_NONE, called);
	ck_assert_uint_ne(model->channels[channel].targets[0].pool, TW_NONE);
	end(spec, model);
}
END_TEST

TW_TESTS("model/compile", unknown_callee_names_the_nearest,
	unknown_endpoint_names_the_nearest, silent_service_takes_any_call,
	cycle_is_told_with_its_path, diamond_is_no_cycle,
	plain_sequences_disappear, first_policy_that_fits_applies_alone,
	routes_split_by_subset, two_services_share_pods,
	selector_that_selects_nothing_has_no_pods, nodes_and_links,
	each_lists_names, a_severed_call_has_nobody_behind_it)
