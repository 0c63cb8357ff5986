#include "harness/commands/input/scenario.h"

#include "harness/chaos/chaos.h"

#include <string.h>

#define CASES_MAX 10000 /* that `each` may make of one scenario */

void tw_cases_init(struct tw_cases *cases)
{
	*cases = (struct tw_cases){0};
	tw_arena_init(&cases->arena);
}

void tw_cases_release(struct tw_cases *cases)
{
	tw_arena_release(&cases->arena);
	*cases = (struct tw_cases){0};
}

#define OVERLAY(field)                                                         \
	do {                                                                   \
		if (over->field.origin)                                        \
			to->field = over->field;                               \
	} while (0)

static const struct tw_config_traffic *merged(struct tw_arena *arena,
	const struct tw_config_traffic *under,
	const struct tw_config_traffic *over)
{
	struct tw_config_traffic *to = tw_new(arena, struct tw_config_traffic);

	*to = *under;
	if (over->capture.n)
		to->capture = over->capture;
	OVERLAY(speed);
	OVERLAY(rate);
	OVERLAY(loop);
	OVERLAY(from);
	OVERLAY(to);
	OVERLAY(duration);
	OVERLAY(warmup);
	OVERLAY(entry);
	if (over->users.count.origin)
		to->users = over->users;
	return to;
}

static const char *filled(
	struct tw_arena *arena, const struct tw_case *one, const char *text)
{
	for (size_t i = 0; i < one->bindings.n; i++)
		text = tw_config_fill(arena, text, one->bindings.v[i].name,
			one->bindings.v[i].value);
	return text;
}

/* What a name shows of a service is the name without its namespace. */
static const char *case_name(
	struct tw_arena *arena, const struct tw_case *one, const char *text)
{
	for (size_t i = 0; i < one->bindings.n; i++) {
		const char *value = one->bindings.v[i].value;
		const char *slash = strrchr(value, '/');

		text = tw_config_fill(arena, text, one->bindings.v[i].name,
			slash ? slash + 1 : value);
	}
	return text;
}

/* One scenario on its way to the cases that it stands for. */
struct expansion {
	struct tw_cases *cases;
	const struct tw_config *config;
	const struct tw_config_scenario *scenario;
	const struct tw_model *model;
	const char *only; /* glob of names; NULL: all */
	struct tw_diags *diags;
	size_t n;
	struct tw_case bound; /* the values that `each` has now */
};

/* `load` NULL: no search, or a search at the traffic as it is. */
static void add_case(const struct expansion *x, const char *load)
{
	struct tw_arena *arena = &x->cases->arena;
	struct tw_case *one = tw_new(arena, struct tw_case);

	for (size_t i = 0; i < x->bound.bindings.n; i++)
		tw_vec_push_in(arena, &one->bindings, x->bound.bindings.v[i]);
	one->config = x->scenario;
	one->family = case_name(arena, one, x->scenario->name.v);
	one->name = one->family;
	if (load) {
		struct tw_str s = tw_str_of(load);

		s.n -= s.n && s.p[s.n - 1] == 'x';
		tw_parse_real(s, &one->load);
		one->name = tw_arena_printf(
			arena, "%s-%.*sx", one->family, (int)s.n, s.p);
	}
	one->traffic =
		merged(arena, &x->config->traffic, &x->scenario->traffic);
	if (!x->only || tw_glob_match(x->only, one->name))
		tw_vec_push_in(arena, &x->cases->list, one);
}

static void add_loads(struct expansion *x)
{
	const struct tw_texts *loads = &x->scenario->search.load;

	for (size_t i = 0; i < (loads->n ? loads->n : 1); i++)
		if (x->n++ < CASES_MAX)
			add_case(x, loads->n ? loads->v[i].v : NULL);
}

/* Every value of the i-th `each` with every one of those behind it. */
static void expand_each(struct expansion *x, size_t i)
{
	const struct tw_config_each *each;
	struct tw_names names = {0};

	if (i == x->scenario->each.n) {
		add_loads(x);
		return;
	}
	each = &x->scenario->each.v[i];
	if (!tw_model_each(x->model, each->of.v, &names))
		tw_diag_hint(x->diags,
			tw_diag(x->diags, TW_ERROR, each->of.origin->pos,
				"each: cannot tell what '%s' are", each->of.v),
			"write services, nodes, zones, regions, 'replicas of "
			"GLOB', "
			"'callees of GLOB', 'callers of GLOB' or 'endpoints "
			"of GLOB'");
	else if (!names.n)
		tw_diag(x->diags, TW_ERROR, each->of.origin->pos,
			"each: there are no %s", each->of.v);
	for (size_t k = 0; k < names.n; k++) {
		tw_vec_push(&x->bound.bindings,
			(struct tw_binding){each->name, names.v[k]});
		expand_each(x, i + 1);
		x->bound.bindings.n--;
	}
	tw_vec_release(&names);
}

static void expand_scenario(struct expansion *x)
{
	if (!x->scenario->name.v)
		return; /* told already: it is missing */
	expand_each(x, 0);
	tw_vec_release(&x->bound.bindings);
	if (x->n > CASES_MAX)
		tw_diag(x->diags, TW_ERROR, x->scenario->pos,
			"each makes %zu scenarios, more than %d", x->n,
			CASES_MAX);
}

static void add_steady(struct tw_cases *cases, const struct tw_config *config)
{
	struct tw_case *one = tw_new(&cases->arena, struct tw_case);

	one->name = one->family = "steady";
	one->traffic = &config->traffic;
	tw_vec_push_in(&cases->arena, &cases->list, one);
}

int tw_cases_expand(struct tw_cases *cases, const struct tw_config *config,
	const struct tw_model *model, const char *only, struct tw_diags *diags)
{
	size_t errors = diags->errors;

	if (!config->scenarios.n && (!only || tw_glob_match(only, "steady")))
		add_steady(cases, config);
	for (size_t i = 0; i < config->scenarios.n; i++)
		expand_scenario(&(struct expansion){.cases = cases,
			.config = config,
			.scenario = config->scenarios.v[i],
			.model = model,
			.only = only,
			.diags = diags});
	return diags->errors == errors ? 0 : -1;
}

struct compiling {
	const struct tw_case *one;
	const struct tw_model *model;
	const struct tw_case_change *change;
	struct tw_scenario *to;
	struct tw_diags *diags;
};

static void add_fault(
	const struct compiling *c, const struct tw_config_fault *fault)
{
	const struct tw_case_change *change = c->change;
	TW_VEC(struct tw_fault_arg) args = {0};
	bool changed = fault != change->fault;

	for (size_t i = 0; i < fault->args.n; i++) {
		struct tw_fault_arg arg = fault->args.v[i];

		arg.value = filled(&c->to->arena, c->one, arg.value);
		if (fault == change->fault &&
			!strcmp(arg.name, change->param)) {
			arg.value = change->value;
			changed = true;
		}
		tw_vec_push(&args, arg);
	}
	if (!changed)
		tw_vec_push(&args,
			((struct tw_fault_arg){change->param, change->value,
				fault->kind_pos, fault->kind_pos}));
	tw_scenario_add(c->to, fault->kind, fault->kind_pos, args.v, args.n,
		c->model, c->diags);
	tw_vec_release(&args);
}

/* ---- experiments of other tools ------------------------------------- */

static void read_chaos(struct tw_config *config, struct tw_files *files,
	const char *path, struct tw_chaos_faults *to, struct tw_diags *diags)
{
	struct tw_buf text = {0};
	struct tw_error error;

	if (tw_files_read(files, path, &text, &error))
		tw_diag_error(diags, &error);
	else
		tw_chaos_parse(&config->arena, path, tw_buf_text(&text), text.n,
			diags, to);
	tw_buf_release(&text);
}

static void read_pattern(struct tw_config *config, struct tw_files *files,
	const struct tw_text *pattern, struct tw_chaos_faults *to,
	struct tw_diags *diags)
{
	struct tw_file_list found = {0};
	struct tw_error error;

	if (tw_files_glob(files, pattern->v, &found, &error))
		tw_diag_error(diags, &error);
	else if (!found.list.n)
		tw_diag(diags, TW_ERROR, pattern->origin->pos,
			"no file fits '%s'", pattern->v);
	for (size_t i = 0; i < found.list.n; i++)
		if (found.list.v[i].kind == TW_FILE_REGULAR)
			read_chaos(
				config, files, found.list.v[i].name, to, diags);
	tw_file_list_release(&found);
}

int tw_cases_read_chaos(struct tw_config *config, struct tw_files *files,
	struct tw_diags *diags)
{
	size_t errors = diags->errors;

	for (size_t i = 0; i < config->scenarios.n; i++) {
		struct tw_config_scenario *it = config->scenarios.v[i];
		struct tw_chaos_faults *faults;

		if (!it->chaos.n)
			continue;
		faults = tw_new(&config->arena, struct tw_chaos_faults);
		for (size_t k = 0; k < it->chaos.n; k++)
			read_pattern(
				config, files, &it->chaos.v[k], faults, diags);
		it->chaos_faults = faults;
	}
	return diags->errors == errors ? 0 : -1;
}

static void add_chaos(const struct tw_config_scenario *config,
	const struct tw_model *model, struct tw_scenario *to,
	struct tw_diags *diags)
{
	const struct tw_chaos_faults *faults = config->chaos_faults;

	for (size_t i = 0; faults && i < faults->n; i++)
		tw_chaos_add(faults->v[i], tw_int_or(config->chaos_at, 0),
			tw_int_or(config->chaos_for, 0), model, to, diags);
}

int tw_case_compile_with(const struct tw_case *one,
	const struct tw_model *model, const struct tw_case_change *change,
	struct tw_scenario *to, struct tw_diags *diags)
{
	const struct compiling c = {one, model, change, to, diags};
	size_t errors = diags->errors;

	tw_scenario_init(to);
	for (size_t i = 0; one->config && i < one->config->faults.n; i++)
		if (one->config->faults.v[i]->kind)
			add_fault(&c, one->config->faults.v[i]);
	if (one->config)
		add_chaos(one->config, model, to, diags);
	return diags->errors == errors ? 0 : -1;
}

int tw_case_compile(const struct tw_case *one, const struct tw_model *model,
	struct tw_scenario *to, struct tw_diags *diags)
{
	return tw_case_compile_with(
		one, model, &(struct tw_case_change){0}, to, diags);
}
