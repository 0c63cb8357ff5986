/*
 * What endpoints do: trees of steps become programs. The steps of a program
 * are linked by `next`; a plain sequence disappears into the list that it
 * stands in.
 */
#include "twins/model/build.h"

#include "twins/base/assert.h"

#include <string.h>

uint32_t build_find_service(
	const struct build *b, const struct tw_spec_service *service)
{
	struct tw_service *found =
		tw_map_get(&b->model->service_of, service->key);

	return found ? (uint32_t)(found - b->model->services) : TW_NONE;
}

static uint32_t find_callee(
	const struct build *b, uint32_t caller, const char *name)
{
	const struct tw_spec_service *found = NULL;

	if (!strchr(name, '/'))
		found = tw_spec_find_service(
			b->spec, b->services[caller].spec->namespace, name);
	if (!found)
		found = tw_spec_find_service(b->spec, NULL, name);
	return found ? build_find_service(b, found) : TW_NONE;
}

static uint32_t find_endpoint(
	const struct build *b, uint32_t service, const char *name)
{
	const struct build_service *it = &b->services[service];

	if (!name && it->endpoints.n == 1)
		return 0;
	if (!name)
		name = "*";
	for (uint32_t e = 0; e < it->endpoints.n; e++)
		if (!strcmp(it->endpoints.v[e].name, name))
			return e;
	return TW_NONE;
}

/* ---- endpoints that nobody described -------------------------------- */

static void add_missing(struct build *b, uint32_t service, const char *name)
{
	struct build_service *it = &b->services[service];

	if (find_endpoint(b, service, name) != TW_NONE)
		return;
	tw_vec_push_in(&b->model->arena, &it->endpoints,
		((struct build_endpoint){name ? name : "*", NULL}));
}

static void unknown_service(
	struct build *b, const struct tw_spec_step *step, const char *name)
{
	TW_VEC(const char *) names = {0};
	struct tw_diag *diag = tw_diag(b->diags, TW_ERROR,
		build_pos(step->service.origin ? step->service.origin
					       : step->origin),
		"call to an unknown service '%s'", name);

	for (uint32_t i = 0; i < b->model->n_services; i++) {
		tw_vec_push(&names, b->model->services[i].key);
		tw_vec_push(&names, b->model->services[i].name);
	}
	tw_diag_nearest(b->diags, diag, name, names.v, names.n);
	tw_vec_release(&names);
}

static void unknown_endpoint(
	struct build *b, const struct tw_spec_step *step, uint32_t callee)
{
	const struct build_service *it = &b->services[callee];
	TW_VEC(const char *) names = {0};
	struct tw_diag *diag = tw_diag(b->diags, TW_ERROR,
		build_pos(step->endpoint.origin ? step->endpoint.origin
						: step->origin),
		"call to an unknown endpoint '%s' of %s", step->endpoint.v,
		it->spec->key);

	for (size_t e = 0; e < it->endpoints.n; e++)
		tw_vec_push(&names, it->endpoints.v[e].name);
	tw_diag_nearest(b->diags, diag, step->endpoint.v, names.v, names.n);
	tw_vec_release(&names);
}

static void check_call(
	struct build *b, uint32_t caller, const struct tw_spec_step *step)
{
	uint32_t callee;

	if (!step->service.v) {
		tw_diag(b->diags, TW_ERROR, build_pos(step->origin),
			"a call without a service");
		return;
	}
	callee = find_callee(b, caller, step->service.v);
	if (callee == TW_NONE) {
		unknown_service(b, step, step->service.v);
		return;
	}
	if (find_endpoint(b, callee, step->endpoint.v) != TW_NONE)
		return;
	/* A service that says nothing of itself may be called by any name. */
	if (step->endpoint.v && b->services[callee].spec->endpoints.n)
		unknown_endpoint(b, step, callee);
	else
		add_missing(b, callee, step->endpoint.v);
}

static void check_steps(
	struct build *b, uint32_t caller, const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *step = steps->v[i];

		if (step->kind == TW_STEP_CALL)
			check_call(b, caller, step);
		else
			check_steps(b, caller, &step->children);
	}
}

static void check_service(struct build *b, uint32_t service)
{
	struct build_service *it = &b->services[service];
	const struct tw_spec_service *spec = it->spec;

	for (size_t e = 0; e < it->endpoints.n; e++)
		if (it->endpoints.v[e].spec)
			check_steps(
				b, service, &it->endpoints.v[e].spec->steps);
	for (size_t w = 0; w < spec->workloads.n; w++) {
		const struct tw_map *own = &spec->workloads.v[w]->behaviour;

		for (size_t e = 0; e < own->n; e++)
			check_steps(b, service,
				&((struct tw_spec_endpoint *)own->v[e].value)
					 ->steps);
	}
}

/* A route may send a call to another service: it has that endpoint too. */
static void check_destination(
	struct build *b, const struct tw_spec_policy *policy, const char *name)
{
	const struct tw_spec_service *to =
		name ? tw_spec_find_service(b->spec, NULL, name) : NULL;
	uint32_t at = to ? build_find_service(b, to) : TW_NONE;

	if (at == TW_NONE || b->services[at].endpoints.n == 1)
		return;
	for (uint32_t s = 0; s < b->model->n_services; s++) {
		if (s == at || !tw_model_name_fits(policy->callee,
				       b->services[s].spec->key))
			continue;
		for (size_t e = 0; e < b->services[s].endpoints.n; e++)
			add_missing(b, at, b->services[s].endpoints.v[e].name);
	}
}

static void check_destinations(struct build *b)
{
	for (size_t p = 0; p < b->spec->policies.n; p++) {
		const struct tw_spec_policy *it = b->spec->policies.v[p];

		if (it->rewrite.v)
			continue;
		for (size_t d = 0; d < it->destinations.n; d++)
			check_destination(
				b, it, it->destinations.v[d].service.v);
		for (size_t m = 0; m < it->mirrors.n; m++)
			check_destination(b, it, it->mirrors.v[m].service.v);
	}
}

void build_missing_endpoints(struct build *b)
{
	for (uint32_t i = 0; i < b->model->n_services; i++)
		check_service(b, i);
	check_destinations(b);
	for (uint32_t i = 0; i < b->model->n_services; i++)
		if (!b->services[i].endpoints.n)
			add_missing(b, i, NULL);
	for (uint32_t i = 0; i < b->model->n_services; i++) {
		const struct build_service *it = &b->services[i];
		bool described = it->spec->job.runs.origin != NULL;

		for (size_t e = 0; e < it->endpoints.n; e++)
			described |= it->endpoints.v[e].spec != NULL;
		if (!described)
			tw_diag(b->diags, TW_NOTE, build_pos(it->spec->origin),
				"nothing says what %s does: assumed to answer "
				"at once",
				it->spec->key)
				->rule = "no-behaviour";
	}
}

/* ---- programs ------------------------------------------------------- */

struct flatten {
	struct build *b;
	uint32_t service, endpoint;
	uint32_t kinds[TW_STEP_FILL + 1]; /* of each kind so far */
	TW_VEC(uint32_t) called;	  /* endpoints, call by call */
};

static uint32_t flatten_list(
	struct flatten *f, const struct tw_spec_steps *steps);

static uint32_t ordinal_of_call(struct flatten *f, uint32_t endpoint)
{
	uint32_t n = 0;

	for (size_t i = 0; i < f->called.n; i++)
		n += f->called.v[i] == endpoint;
	tw_vec_push(&f->called, endpoint);
	return n;
}

static bool flatten_call(
	struct flatten *f, const struct tw_spec_step *from, struct tw_step *to)
{
	struct tw_model *model = f->b->model;
	uint32_t callee, endpoint;

	callee = from->service.v
			 ? find_callee(f->b, f->service, from->service.v)
			 : TW_NONE;
	if (callee == TW_NONE)
		return false;
	endpoint = find_endpoint(f->b, callee, from->endpoint.v);
	if (endpoint == TW_NONE)
		return false;
	endpoint += model->services[callee].first_endpoint;
	model->endpoints[endpoint].called = true;
	to->ordinal = ordinal_of_call(f, endpoint);
	to->channel = build_channel(f->b, f->service, endpoint);
	to->timeout = tw_int_or(from->timeout, 0);
	to->retries = (uint32_t)tw_int_or(from->retries, 0);
	return true;
}

/* Branches stand side by side in model->branches. */
static void flatten_branches(
	struct flatten *f, const struct tw_spec_step *from, struct tw_step *to)
{
	TW_VEC(uint32_t) firsts = {0};

	if (from->kind != TW_STEP_PARALLEL) {
		uint32_t first = flatten_list(f, &from->children);

		if (first != TW_NONE)
			tw_vec_push(&firsts, first);
	} else {
		for (size_t i = 0; i < from->children.n; i++) {
			struct tw_spec_step *child = from->children.v[i];
			struct tw_spec_steps one = {.v = &child, .n = 1};
			uint32_t first = flatten_list(f, &one);

			if (first != TW_NONE)
				tw_vec_push(&firsts, first);
		}
	}
	to->first = (uint32_t)f->b->branches.n;
	to->n_branches = (uint32_t)firsts.n;
	for (size_t i = 0; i < firsts.n; i++)
		build_push(f->b, branches, firsts.v[i]);
	tw_vec_release(&firsts);
}

/* The last step of the only branch notes that the key is there now. */
static void flatten_cache(
	struct flatten *f, const struct tw_spec_step *from, struct tw_step *to)
{
	uint32_t fill = (uint32_t)f->b->steps.n, last;
	struct tw_step end = {
		.kind = TW_STEP_FILL,
		.once = true,
		.probability = 1,
		.repeat = 1,
		.next = TW_NONE,
		.channel = TW_NONE,
		.ordinal = to->ordinal,
		.cache = (uint32_t)f->b->caches.n,
		.origin = from->origin,
	};

	to->cache = end.cache;
	build_push(f->b, caches,
		((struct tw_cache){
			.hit = tw_real_or(from->hit, 1),
			.keys = (uint32_t)tw_int_or(from->keys, TW_KEYS),
			.local = tw_int_or(from->local, 0),
			.endpoint = f->endpoint,
		}));
	build_push(f->b, steps, end);
	flatten_branches(f, from, to);
	if (!to->n_branches) {
		to->n_branches = 1;
		build_push(f->b, branches, fill);
		return;
	}
	last = f->b->branches.v[to->first];
	while (f->b->steps.v[last].next != TW_NONE)
		last = f->b->steps.v[last].next;
	f->b->steps.v[last].next = fill;
}

/* What the call's request knows of the one that it is made for. */
static void add_carry(struct flatten *f, const struct tw_spec_step *from,
	const struct tw_step *step, uint32_t index)
{
	const struct tw_model *model = f->b->model;
	struct tw_carry carry = {0, 0};

	if (step->kind == TW_STEP_CALL)
		carry = tw_conditions_carry(&model->conditions, model->spec,
			model->endpoints[f->b->channels.v[step->channel]
						 .endpoint]
				.name,
			&from->headers);
	while (f->b->carry.n < index)
		build_push(f->b, carry, ((struct tw_carry){0, 0}));
	build_push(f->b, carry, carry);
}

static void add_key_carry(
	struct flatten *f, const struct tw_spec_step *from, uint32_t index)
{
	const struct tw_model *model = f->b->model;
	struct tw_key_carry carry = {0};

	if (from->kind == TW_STEP_CALL)
		carry = tw_keys_carry(
			&model->keys, model->spec, &from->headers);
	while (f->b->key_carry.n < index)
		build_push(f->b, key_carry, ((struct tw_key_carry){0}));
	build_push(f->b, key_carry, carry);
}

/* One step; TW_NONE where it comes to nothing. */
static uint32_t flatten_step(struct flatten *f, const struct tw_spec_step *from)
{
	struct tw_step step = {
		.kind = (uint8_t)from->kind,
		.optional = from->optional,
		.probability = tw_real_or(from->probability, 1),
		.repeat = (uint32_t)tw_int_or(from->repeat, 1),
		.next = TW_NONE,
		.channel = TW_NONE,
		.origin = from->origin,
	};
	uint32_t index;

	if (step.repeat == 0 || step.probability <= 0)
		return TW_NONE;
	step.once = step.repeat == 1 && step.probability >= 1;
	step.ordinal = f->kinds[from->kind]++;
	switch (from->kind) {
	case TW_STEP_CPU:
	case TW_STEP_WAIT:
		step.law = &from->law.v;
		break;
	case TW_STEP_CALL:
		if (!flatten_call(f, from, &step))
			return TW_NONE;
		break;
	case TW_STEP_PARALLEL:
	case TW_STEP_SEQUENCE:
		flatten_branches(f, from, &step);
		if (!step.n_branches)
			return TW_NONE;
		break;
	case TW_STEP_CACHE:
		flatten_cache(f, from, &step);
		f->b->caches.v[step.cache].step = (uint32_t)f->b->steps.n;
		break;
	case TW_STEP_FILL:
		tw_unreachable();
	}
	index = (uint32_t)f->b->steps.n;
	build_push(f->b, steps, step);
	if (f->b->model->conditions.n)
		add_carry(f, from, &step, index);
	if (f->b->model->keys.n)
		add_key_carry(f, from, index);
	return index;
}

static bool is_plain_sequence(const struct tw_spec_step *step)
{
	return step->kind == TW_STEP_SEQUENCE &&
	       tw_real_or(step->probability, 1) >= 1 &&
	       tw_int_or(step->repeat, 1) == 1;
}

static void flatten_into(struct flatten *f, const struct tw_spec_steps *steps,
	uint32_t *first, uint32_t *last)
{
	for (size_t i = 0; i < steps->n; i++) {
		uint32_t index;

		if (is_plain_sequence(steps->v[i])) {
			flatten_into(f, &steps->v[i]->children, first, last);
			continue;
		}
		index = flatten_step(f, steps->v[i]);
		if (index == TW_NONE)
			continue;
		if (*last == TW_NONE)
			*first = index;
		else
			f->b->steps.v[*last].next = index;
		*last = index;
	}
}

static uint32_t flatten_list(
	struct flatten *f, const struct tw_spec_steps *steps)
{
	uint32_t first = TW_NONE, last = TW_NONE;

	flatten_into(f, steps, &first, &last);
	return first;
}

static uint32_t add_program(
	struct build *b, uint32_t endpoint, const struct tw_spec_endpoint *from)
{
	struct flatten f = {.b = b,
		.service = b->model->endpoints[endpoint].service,
		.endpoint = endpoint};
	struct tw_program program = {
		.endpoint = endpoint, .step = TW_NONE, .status = 500};

	if (from) {
		program.step = flatten_list(&f, &from->steps);
		program.errors = tw_real_or(from->errors, 0);
		program.status = (int)tw_int_or(from->status, 500);
	}
	program.assumed = !from;
	tw_vec_release(&f.called);
	build_push(b, programs, program);
	return (uint32_t)b->programs.n - 1;
}

/* Where a revision does an endpoint in its own way. */
static void add_own_programs(struct build *b, struct tw_revision *revision)
{
	struct tw_model *model = b->model;
	uint32_t *own;

	if (!revision->spec || !revision->spec->behaviour.n)
		return;
	own = tw_new_array(&model->arena, model->n_endpoints, uint32_t);
	for (uint32_t e = 0; e < model->n_endpoints; e++) {
		const struct tw_spec_service *service =
			b->services[model->endpoints[e].service].spec;
		const struct tw_spec_endpoint *from = NULL;

		own[e] = TW_NONE;
		for (size_t w = 0; w < service->workloads.n; w++)
			if (service->workloads.v[w] == revision->spec)
				from = tw_map_get(&revision->spec->behaviour,
					model->endpoints[e].name);
		if (from)
			own[e] = add_program(b, e, from);
	}
	revision->programs = own;
}

void build_programs(struct build *b)
{
	struct tw_model *model = b->model;

	for (uint32_t e = 0; e < model->n_endpoints; e++) {
		const struct tw_endpoint *endpoint = &model->endpoints[e];
		uint32_t first =
			model->services[endpoint->service].first_endpoint;

		model->endpoints[e].program = add_program(b, e,
			b->services[endpoint->service]
				.endpoints.v[e - first]
				.spec);
	}
	for (uint32_t r = 0; r < model->n_revisions; r++)
		add_own_programs(b, &model->revisions[r]);
}
