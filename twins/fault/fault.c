#include "twins/fault/fault.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/fault/kinds.h"
#include "twins/fault/select.h"

#include <stdlib.h>
#include <string.h>

/* Longer than any run; sums of times stay far from the end of the clock. */
#define MAX_TIME (366 * 24 * TW_H)

static const struct tw_fault_kind *const kinds[] = {
	&tw_fault_error,
	&tw_fault_latency,
	&tw_fault_node_down,
	&tw_fault_partition,
	&tw_fault_replica_kill,
	&tw_fault_slow,
	&tw_fault_surge,
	&tw_fault_zone_down,
};

enum { AT, FOR, PROBABILITY, FIRST_SELECTOR };

/* Selectors in the order of the bits of enum tw_selector. */
static const struct tw_fault_param common[] = {
	{"at", TW_PARAM_DURATION, false, "0s", "when it begins"},
	{"for", TW_PARAM_DURATION, false, NULL,
		"how long it lasts; default: to the end"},
	{"probability", TW_PARAM_RATIO, false, "100%",
		"of each call or target to be hit"},
	{"service", TW_PARAM_GLOB, false, NULL, "replicas of it; calls to it"},
	{"endpoint", TW_PARAM_GLOB, false, NULL, "calls to it"},
	{"from", TW_PARAM_GLOB, false, NULL, "calls by it"},
	{"to", TW_PARAM_GLOB, false, NULL, "calls to it"},
	{"replica", TW_PARAM_GLOB, false, NULL, "this replica"},
	{"node", TW_PARAM_GLOB, false, NULL, "replicas on it"},
	{"zone", TW_PARAM_GLOB, false, NULL, "replicas in it"},
};

#define N_KINDS	 (sizeof kinds / sizeof *kinds)
#define N_COMMON (sizeof common / sizeof *common)

const struct tw_fault_kind *const *tw_fault_kinds(size_t *n)
{
	*n = N_KINDS;
	return kinds;
}

const struct tw_fault_param *tw_fault_common(size_t *n)
{
	*n = N_COMMON;
	return common;
}

void tw_scenario_init(struct tw_scenario *scenario)
{
	*scenario = (struct tw_scenario){.start = TW_NEVER};
	tw_arena_init(&scenario->arena);
}

void tw_scenario_release(struct tw_scenario *scenario)
{
	tw_vec_release(&scenario->faults);
	tw_arena_release(&scenario->arena);
}

/* ---- for the kinds -------------------------------------------------- */

const struct tw_fault_value *tw_fault_value(
	const struct tw_fault *fault, const char *name)
{
	for (size_t i = 0; i < fault->kind->n_params; i++)
		if (!strcmp(fault->kind->params[i].name, name))
			return &fault->values[i];
	tw_unreachable();
}

void tw_fault_start_effect(const struct tw_fault *fault, struct tw_world *world)
{
	tw_effect_add(world, fault->effect);
}

void tw_fault_stop_effect(const struct tw_fault *fault, struct tw_world *world)
{
	tw_effect_remove(world, fault->effect);
}

static bool coin(const struct tw_fault *fault, const struct tw_world *world,
	uint64_t target)
{
	return fault->probability >= 1 ||
	       tw_draw(world->seed, tw_hash_combine(fault->hash, target),
		       TW_DRAW_FAULT, 0) < fault->probability;
}

bool tw_fault_hits_replica(const struct tw_fault *fault,
	const struct tw_world *world, uint32_t replica)
{
	uint32_t node = world->replicas[replica].node;

	if (fault->replicas && !fault->replicas[replica])
		return false;
	if (fault->nodes && (node == TW_NONE || !fault->nodes[node]))
		return false;
	return coin(fault, world, world->model->replicas[replica].hash);
}

bool tw_fault_hits_node(const struct tw_fault *fault,
	const struct tw_world *world, uint32_t node)
{
	return (!fault->nodes || fault->nodes[node]) &&
	       coin(fault, world, world->model->nodes[node].hash);
}

/* ---- values --------------------------------------------------------- */

static const char *expected(enum tw_param_type type)
{
	static const char *const texts[] = {
		[TW_PARAM_DURATION] = ("a time such as 800ms or 30s, up to a "
				       "year"),
		[TW_PARAM_RATIO] = "a share such as 5% or 0.05",
		[TW_PARAM_FACTOR] = "a factor such as 2x or 1.5",
		[TW_PARAM_STATUS] = "an HTTP status from 200 to 599",
		[TW_PARAM_FLAG] = "true or false",
		[TW_PARAM_GLOB] = "a name, or a pattern with *",
	};

	return texts[type];
}

static bool parse_ratio(struct tw_str s, double *value)
{
	return (tw_parse_percent(s, value) || tw_parse_real(s, value)) &&
	       *value >= 0 && *value <= 1;
}

static bool parse_factor(struct tw_str s, double *value)
{
	if (s.n && s.p[s.n - 1] == 'x')
		s.n--;
	return tw_parse_real(s, value) && *value >= 0 && *value <= 1e6;
}

static bool parse_flag(struct tw_str s, int64_t *value)
{
	*value = tw_str_equal(s, "true");
	return *value || tw_str_equal(s, "false");
}

static bool parse_value(
	enum tw_param_type type, const char *text, struct tw_fault_value *to)
{
	struct tw_str s = tw_str_of(text);

	to->text = text;
	switch (type) {
	case TW_PARAM_DURATION:
		return tw_parse_duration(s, &to->integer) && to->integer >= 0 &&
		       to->integer <= MAX_TIME;
	case TW_PARAM_RATIO:
		return parse_ratio(s, &to->real);
	case TW_PARAM_FACTOR:
		return parse_factor(s, &to->real);
	case TW_PARAM_STATUS:
		return tw_parse_int(s, &to->integer) && to->integer >= 200 &&
		       to->integer <= 599;
	case TW_PARAM_FLAG:
		return parse_flag(s, &to->integer);
	case TW_PARAM_GLOB:
		return s.n > 0;
	}
	return false;
}

/* ---- reading one fault ---------------------------------------------- */

struct reader {
	const struct tw_fault_kind *kind;
	const struct tw_model *model;
	struct tw_diags *diags;
	struct tw_arena *arena;
	struct tw_pos pos;
	struct tw_fault_value common[N_COMMON];
	struct tw_fault_value *own;
	struct selection selection;
	bool ok;
};

static const struct tw_fault_kind *find_kind(
	const char *name, struct tw_pos pos, struct tw_diags *diags)
{
	const char *names[N_KINDS];

	for (size_t i = 0; i < N_KINDS; i++) {
		names[i] = kinds[i]->name;
		if (!strcmp(names[i], name))
			return kinds[i];
	}
	tw_diag_nearest(diags,
		tw_diag(diags, TW_ERROR, pos, "unknown kind of fault '%s'",
			name),
		name, names, N_KINDS);
	return NULL;
}

static bool knows(const struct tw_fault_kind *kind, size_t i)
{
	return i < FIRST_SELECTOR ||
	       (kind->selectors & 1U << (i - FIRST_SELECTOR));
}

static void unknown_param(struct reader *r, const struct tw_fault_arg *arg)
{
	TW_VEC(const char *) names = {0};
	struct tw_diag *diag = tw_diag(r->diags, TW_ERROR, arg->name_pos,
		"%s has no parameter '%s'", r->kind->name, arg->name);

	for (size_t i = 0; i < r->kind->n_params; i++)
		tw_vec_push(&names, r->kind->params[i].name);
	for (size_t i = 0; i < N_COMMON; i++)
		if (knows(r->kind, i))
			tw_vec_push(&names, common[i].name);
	tw_diag_nearest(r->diags, diag, arg->name, names.v, names.n);
	tw_vec_release(&names);
	r->ok = false;
}

/* The row of the parameter and where its value goes, or NULL. */
static const struct tw_fault_param *find_param(
	struct reader *r, const char *name, struct tw_fault_value **value)
{
	for (size_t i = 0; i < r->kind->n_params; i++) {
		if (strcmp(r->kind->params[i].name, name))
			continue;
		*value = &r->own[i];
		return &r->kind->params[i];
	}
	for (size_t i = 0; i < N_COMMON; i++) {
		if (strcmp(common[i].name, name) || !knows(r->kind, i))
			continue;
		*value = &r->common[i];
		return &common[i];
	}
	return NULL;
}

static void read_arg(struct reader *r, const struct tw_fault_arg *arg)
{
	struct tw_fault_value *value;
	const struct tw_fault_param *param = find_param(r, arg->name, &value);

	if (!param) {
		unknown_param(r, arg);
		return;
	}
	if (value->given) {
		tw_diag(r->diags, TW_ERROR, arg->name_pos,
			"'%s' is given twice", arg->name);
		r->ok = false;
		return;
	}
	value->given = true;
	if (!parse_value(param->type, tw_arena_strdup(r->arena, arg->value),
		    value)) {
		tw_diag(r->diags, TW_ERROR, arg->value_pos,
			"'%s' of %s is %s, not '%s'", arg->name, r->kind->name,
			expected(param->type), arg->value);
		r->ok = false;
	}
	if (value >= r->common + FIRST_SELECTOR &&
		value < r->common + N_COMMON) {
		size_t at = (size_t)(value - r->common) - FIRST_SELECTOR;

		r->selection.glob[at] = value->text;
		r->selection.pos[at] = arg->value_pos;
	}
}

static void fill_defaults(struct reader *r)
{
	for (size_t i = 0; i < r->kind->n_params; i++) {
		const struct tw_fault_param *param = &r->kind->params[i];

		if (r->own[i].given)
			continue;
		if (param->required) {
			tw_diag(r->diags, TW_ERROR, r->pos, "%s needs '%s': %s",
				r->kind->name, param->name, param->help);
			r->ok = false;
		} else if (param->otherwise) {
			parse_value(param->type, param->otherwise, &r->own[i]);
		}
	}
	for (size_t i = 0; i < FIRST_SELECTOR; i++)
		if (!r->common[i].given && common[i].otherwise)
			parse_value(common[i].type, common[i].otherwise,
				&r->common[i]);
}

static void check_needs(struct reader *r)
{
	struct tw_buf names = {0};
	unsigned given = 0;

	for (unsigned i = 0; i + FIRST_SELECTOR < N_COMMON; i++) {
		if (r->selection.glob[i])
			given |= 1U << i;
		if (r->kind->needs & r->kind->selectors & 1U << i)
			tw_buf_printf(&names, "%s'%s'", names.n ? ", " : "",
				common[i + FIRST_SELECTOR].name);
	}
	if (r->kind->needs && !(given & r->kind->needs)) {
		tw_diag(r->diags, TW_ERROR, r->pos, "%s needs one of %s",
			r->kind->name, tw_buf_text(&names));
		r->ok = false;
	}
	tw_buf_release(&names);
	if (r->common[FOR].given && r->ok && !r->common[FOR].integer) {
		tw_diag(r->diags, TW_ERROR, r->pos,
			"a fault `for` no time does nothing");
		r->ok = false;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tw_fault_arg *)a)->name,
		((const struct tw_fault_arg *)b)->name);
}

/* Of the kind and what was written, in whatever order. */
static uint64_t hash_of(
	const char *kind, const struct tw_fault_arg *args, size_t n)
{
	struct tw_fault_arg *sorted = tw_calloc(n + 1, sizeof *sorted);
	uint64_t hash = tw_hash_name(kind);

	if (n)
		memcpy(sorted, args, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 0; i < n; i++) {
		hash = tw_hash_combine(hash, tw_hash_name(sorted[i].name));
		hash = tw_hash_combine(hash, tw_hash_name(sorted[i].value));
	}
	tw_free(sorted);
	return hash;
}

static const char *label_of(struct tw_arena *arena, const char *kind,
	const struct tw_fault_arg *args, size_t n)
{
	struct tw_buf text = {0};
	const char *label;

	tw_buf_add_text(&text, kind);
	for (size_t i = 0; i < n; i++)
		tw_buf_printf(&text, " %s=%s", args[i].name, args[i].value);
	label = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return label;
}

static void finish(struct reader *r, struct tw_fault *fault)
{
	struct tw_effect *effect = tw_new(r->arena, struct tw_effect);

	*effect = (struct tw_effect){
		.hash = fault->hash,
		.probability = fault->probability,
		.callers = fault->callers,
		.callees = fault->callees,
		.endpoints = fault->endpoints,
		.replicas = fault->replicas,
		.nodes = fault->nodes,
		.from_zones = fault->from_zones,
		.to_zones = fault->to_zones,
	};
	fault->effect = effect;
	if (r->kind->prepare)
		r->kind->prepare(fault, r->model);
}

bool tw_scenario_add(struct tw_scenario *scenario, const char *kind,
	struct tw_pos kind_pos, const struct tw_fault_arg *args, size_t n,
	const struct tw_model *model, struct tw_diags *diags)
{
	struct reader r = {.kind = find_kind(kind, kind_pos, diags),
		.model = model,
		.diags = diags,
		.arena = &scenario->arena,
		.pos = kind_pos,
		.ok = true};
	struct tw_fault *fault;

	if (!r.kind)
		return false;
	r.own = tw_new_array(
		r.arena, r.kind->n_params + 1, struct tw_fault_value);
	for (size_t i = 0; i < n; i++)
		read_arg(&r, &args[i]);
	fill_defaults(&r);
	check_needs(&r);
	fault = tw_new(r.arena, struct tw_fault);
	*fault = (struct tw_fault){
		.kind = r.kind,
		.label = label_of(r.arena, kind, args, n),
		.hash = hash_of(kind, args, n),
		.at = r.common[AT].integer,
		.lasts = r.common[FOR].integer,
		.probability = r.common[PROBABILITY].real,
		.values = r.own,
	};
	fault->end = fault->lasts ? fault->at + fault->lasts : TW_NEVER;
	r.ok &= select_all(
		fault, &r.selection, kind_pos, r.arena, model, diags);
	if (!r.ok)
		return false;
	finish(&r, fault);
	tw_vec_push(&scenario->faults, fault);
	if (fault->at < scenario->start)
		scenario->start = fault->at;
	if (fault->end > scenario->end)
		scenario->end = fault->end;
	return true;
}
