#include "twins/fault/fault.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/fault/kinds.h"
#include "twins/fault/select.h"
#include "twins/fault/values.h"

#include <stdlib.h>
#include <string.h>

/* More of one fault than this is a typing error. */
#define REPEATS_MAX 10000

static const struct tw_fault_kind *const kinds[] = {
	&tw_fault_bandwidth,
	&tw_fault_black_hole,
	&tw_fault_brown_out,
	&tw_fault_cache_flush,
	&tw_fault_connection_storm,
	&tw_fault_cordon,
	&tw_fault_cpu_stress,
	&tw_fault_delete_pod,
	&tw_fault_dns_error,
	&tw_fault_drain,
	&tw_fault_error,
	&tw_fault_latency,
	&tw_fault_loss,
	&tw_fault_memory_stress,
	&tw_fault_node_down,
	&tw_fault_node_not_ready,
	&tw_fault_out_of_service,
	&tw_fault_partition,
	&tw_fault_pause,
	&tw_fault_refuse,
	&tw_fault_registry_down,
	&tw_fault_replica_kill,
	&tw_fault_reset,
	&tw_fault_rollout_pause,
	&tw_fault_rollout_restart,
	&tw_fault_rollout_resume,
	&tw_fault_rollout_undo,
	&tw_fault_scale,
	&tw_fault_slow,
	&tw_fault_slow_close,
	&tw_fault_spot_interruption,
	&tw_fault_surge,
	&tw_fault_throttle,
	&tw_fault_uncordon,
	&tw_fault_zone_down,
	&tw_fault_region_down,
};

enum {
	AT,
	FOR,
	AFTER,
	NAME,
	EVERY,
	TIMES,
	PROBABILITY,
	UNIT,
	MODE,
	VALUE,
	FIRST_SELECTOR
};

static const char *const units[] = {"request", "connection", NULL};

static const char *const modes[] = {
	[TW_MODE_ALL] = "all",
	[TW_MODE_ONE] = "one",
	[TW_MODE_FIXED] = "fixed",
	[TW_MODE_FIXED_PERCENT] = "fixed-percent",
	[TW_MODE_RANDOM_MAX_PERCENT] = "random-max-percent",
	NULL,
};

const char *const tw_fault_directions[] = {"there", "back", "both", NULL};

/* Selectors in the order of the bits of enum tw_selector. */
static const struct tw_fault_param common[] = {
	{"at", TW_PARAM_DURATION, false, "0s", "when it begins", NULL},
	{"for", TW_PARAM_DURATION, false, NULL,
		"how long it lasts; default: to the end", NULL},
	{"after", TW_PARAM_NAME, false, NULL,
		"`at` counts from the end of this fault, or of the `previous`",
		NULL},
	{"name", TW_PARAM_NAME, false, NULL, "for `after`", NULL},
	{"every", TW_PARAM_DURATION, false, NULL,
		"it begins again so long after it began", NULL},
	{"times", TW_PARAM_COUNT, false, NULL, "so often in all", NULL},
	{"probability", TW_PARAM_RATIO, false, "100%",
		"of each call or target to be hit", NULL},
	{"unit", TW_PARAM_CHOICE, false, "request",
		"what `probability` is of, for what happens to calls", units},
	{"mode", TW_PARAM_CHOICE, false, "all",
		"how many of the replicas or nodes that fit", modes},
	{"value", TW_PARAM_AMOUNT, false, NULL, "how many: 3, or 30%", NULL},
	{"service", TW_PARAM_GLOB, false, NULL, "replicas of it; calls to it",
		NULL},
	{"endpoint", TW_PARAM_GLOB, false, NULL, "calls to it", NULL},
	{"from", TW_PARAM_GLOB, false, NULL, "calls by it", NULL},
	{"to", TW_PARAM_GLOB, false, NULL, "calls to it", NULL},
	{"replica", TW_PARAM_GLOB, false, NULL, "this replica", NULL},
	{"node", TW_PARAM_GLOB, false, NULL, "replicas on it", NULL},
	{"zone", TW_PARAM_GLOB, false, NULL, "replicas in it", NULL},
	{"region", TW_PARAM_GLOB, false, NULL, "replicas in it", NULL},
	{"workload", TW_PARAM_GLOB, false, NULL,
		"a Deployment or the like, \"namespace/name\"", NULL},
};

#define N_KINDS	 (sizeof kinds / sizeof *kinds)
#define N_COMMON (sizeof common / sizeof *common)

const struct tw_fault_kind *const *tw_fault_kinds(size_t *n)
{
	*n = N_KINDS;
	return kinds;
}

const struct tw_fault_kind *tw_fault_kind(const char *name)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
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

unsigned tw_fault_ways(const struct tw_fault *fault)
{
	static const unsigned ways[] = {TW_THERE, TW_BACK, TW_THERE | TW_BACK};

	return ways[tw_fault_value(fault, "direction")->integer];
}

/* ---- reading one fault ---------------------------------------------- */

struct reader {
	const struct tw_fault_kind *kind;
	const struct tw_model *model;
	struct tw_diags *diags;
	struct tw_arena *arena;
	struct tw_pos pos;
	struct tw_fault_value *common;
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
	if (i == UNIT)
		return kind->passage;
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
	if (!value_parse(param, tw_arena_strdup(r->arena, arg->value), value)) {
		tw_diag(r->diags, TW_ERROR, arg->value_pos,
			"'%s' of %s is %s, not '%s'", arg->name, r->kind->name,
			value_expected(r->arena, param), arg->value);
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
			value_parse(param, param->otherwise, &r->own[i]);
		}
	}
	for (size_t i = 0; i < FIRST_SELECTOR; i++)
		if (!r->common[i].given && common[i].otherwise)
			value_parse(
				&common[i], common[i].otherwise, &r->common[i]);
}

static void wrong(struct reader *r, const char *message)
{
	tw_diag(r->diags, TW_ERROR, r->pos, "%s", message);
	r->ok = false;
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
}

/* What only several parameters together can get wrong. */
static void check_together(struct reader *r)
{
	const struct tw_fault_value *it = r->common;
	int64_t mode = it[MODE].integer;
	bool percent = mode == TW_MODE_FIXED_PERCENT ||
		       mode == TW_MODE_RANDOM_MAX_PERCENT;

	if (!r->ok)
		return;
	if (it[FOR].given && !it[FOR].integer)
		wrong(r, "a fault `for` no time does nothing");
	if (it[EVERY].given != it[TIMES].given)
		wrong(r, "'every' and 'times' go together");
	else if (it[TIMES].given && it[TIMES].integer > REPEATS_MAX)
		wrong(r, "'times' is at most 10000");
	else if (it[EVERY].given && it[TIMES].integer > 1 &&
		 ((!it[FOR].given && !r->kind->instant) ||
			 it[FOR].integer > it[EVERY].integer))
		wrong(r, "what begins again has to end before: give it a "
			 "'for' of at most 'every'");
	if (percent && (!it[VALUE].given || it[VALUE].integer))
		wrong(r, "this mode needs a 'value' such as 30%");
	else if (mode == TW_MODE_FIXED &&
		 (!it[VALUE].given || !it[VALUE].integer))
		wrong(r, "mode fixed needs a 'value' such as 2");
	else if (it[VALUE].given && !percent && mode != TW_MODE_FIXED)
		wrong(r, "'value' is for the modes fixed, fixed-percent and "
			 "random-max-percent");
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
		.by_connection = r->common[UNIT].integer,
		.callers = fault->callers,
		.callees = fault->callees,
		.endpoints = fault->endpoints,
		.replicas = fault->replicas,
		.nodes = fault->nodes,
		.from_zones = fault->from_zones,
		.to_zones = fault->to_zones,
		.chosen_callers = fault->picks_callers,
		.end = fault->end,
	};
	fault->effect = effect;
	if (r->kind->prepare)
		r->kind->prepare(fault, r->model);
}

/* The time that `at` counts from. */
static tw_time base_of(struct reader *r, const struct tw_scenario *scenario)
{
	const char *after = r->common[AFTER].text;
	const struct tw_fault *found = NULL;
	TW_VEC(const char *) names = {0};
	tw_time base = 0;

	if (!r->common[AFTER].given)
		return 0;
	tw_vec_push(&names, "previous");
	for (size_t i = 0; i < scenario->faults.n; i++) {
		const struct tw_fault *it = scenario->faults.v[i];

		if (it->name)
			tw_vec_push(&names, it->name);
		if (!strcmp(after, "previous") ||
			(it->name && !strcmp(after, it->name)))
			found = it;
	}
	if (!found) {
		tw_diag_nearest(r->diags,
			tw_diag(r->diags, TW_ERROR, r->pos,
				"after: no fault before this one is called "
				"'%s'",
				after),
			after, names.v, names.n);
		r->ok = false;
	} else if (found->end == TW_NEVER) {
		wrong(r, "after: that fault does not end: give it a 'for'");
	} else {
		base = found->end;
	}
	tw_vec_release(&names);
	return base;
}

static void schedule(struct reader *r, struct tw_scenario *scenario,
	const struct tw_fault *it)
{
	int64_t times = r->common[TIMES].given ? r->common[TIMES].integer : 1;
	tw_time every = r->common[EVERY].integer;

	for (int64_t i = 0; i < times; i++) {
		struct tw_fault *fault = tw_new(r->arena, struct tw_fault);

		*fault = *it;
		fault->at += i * every;
		fault->end = fault->lasts ? fault->at + fault->lasts : TW_NEVER;
		fault->turn = (uint64_t)i;
		if (i)
			fault->hash = tw_hash_combine(it->hash, (uint64_t)i);
		finish(r, fault);
		tw_vec_push(&scenario->faults, fault);
		if (fault->at < scenario->start)
			scenario->start = fault->at;
		if (fault->end > scenario->end)
			scenario->end = fault->end;
	}
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
	struct tw_fault fault;

	if (!r.kind)
		return false;
	r.own = tw_new_array(
		r.arena, r.kind->n_params + 1, struct tw_fault_value);
	r.common = tw_new_array(r.arena, N_COMMON, struct tw_fault_value);
	for (size_t i = 0; i < n; i++)
		read_arg(&r, &args[i]);
	fill_defaults(&r);
	check_needs(&r);
	check_together(&r);
	fault = (struct tw_fault){
		.kind = r.kind,
		.name = r.common[NAME].given ? r.common[NAME].text : NULL,
		.label = label_of(r.arena, kind, args, n),
		.hash = hash_of(kind, args, n),
		.at = r.common[AT].integer + base_of(&r, scenario),
		.lasts = r.common[FOR].integer,
		.probability = r.common[PROBABILITY].real,
		.values = r.own,
		.mode = (enum tw_fault_mode)r.common[MODE].integer,
		.amount = &r.common[VALUE],
	};
	r.ok &= select_all(
		&fault, &r.selection, kind_pos, r.arena, model, diags);
	if (r.ok && r.kind->lacks && r.kind->lacks(&fault, model))
		wrong(&r, r.kind->lacks(&fault, model));
	if (r.ok)
		schedule(&r, scenario, &fault);
	return r.ok;
}
