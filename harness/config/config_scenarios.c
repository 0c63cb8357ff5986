/* The keys of a scenario of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

void *tw_config_scenario_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config *config = base;
	struct tw_config_scenario *scenario =
		tw_new(reader->arena, struct tw_config_scenario);

	(void)key;
	scenario->pos = value->pos;
	tw_vec_push_in(reader->arena, &config->scenarios, scenario);
	return scenario;
}

/* Its parameters are the business of twins/fault. */
static void *add_fault(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_scenario *scenario = base;
	struct tw_config_fault *fault =
		tw_new(reader->arena, struct tw_config_fault);

	(void)key;
	fault->kind = "";
	fault->pos = fault->kind_pos = value->pos;
	tw_vec_push_in(reader->arena, &scenario->faults, fault);
	return fault;
}

static void read_kind(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_fault *fault = base;
	struct tw_text kind = tw_schema_text(reader, node);

	if (!kind.v) {
		tw_schema_expected(reader, "kind", "text", node);
		return;
	}
	fault->kind = kind.v;
	fault->kind_pos = kind.origin->pos;
}

static bool is_selector(const char *name)
{
	size_t n;
	const struct tw_fault_param *common = tw_fault_common(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(common[i].name, name))
			return common[i].type == TW_PARAM_GLOB;
	return false;
}

/* Several names of a selector stand with commas between. */
static bool add_names(struct tw_schema_reader *reader,
	struct tw_config_fault *fault, const struct tw_yaml *key,
	const struct tw_yaml *value)
{
	struct tw_buf names = {0};
	bool ok = value->items.n > 0;

	for (size_t i = 0; ok && i < value->items.n; i++) {
		const struct tw_yaml *item = value->items.v[i];

		ok = tw_yaml_text(item) && !strchr(item->value, ',');
		if (ok)
			tw_buf_printf(
				&names, "%s%s", i ? "," : "", item->value);
	}
	if (!ok)
		tw_schema_expected(
			reader, key->value, "one value or several", value);
	else
		tw_vec_push_in(reader->arena, &fault->args,
			((struct tw_fault_arg){.name = key->value,
				.value = tw_arena_strdup(
					reader->arena, tw_buf_text(&names)),
				.name_pos = key->pos,
				.value_pos = value->pos}));
	tw_buf_release(&names);
	return true;
}

static bool add_arg(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_fault *fault = base;
	struct tw_text text;

	tw_yaml_use_all(value);
	if (value->kind == TW_YAML_SEQUENCE && is_selector(key->value))
		return add_names(reader, fault, key, value);
	text = tw_schema_text(reader, value);
	if (!tw_yaml_text(value))
		tw_schema_expected(reader, key->value, "one value", value);
	else
		tw_vec_push_in(reader->arena, &fault->args,
			((struct tw_fault_arg){.name = key->value,
				.value = text.v,
				.name_pos = key->pos,
				.value_pos = text.origin->pos}));
	return true;
}

static const char *kind_name(size_t i)
{
	const struct tw_fault_kind *const *kinds;
	size_t n;

	kinds = tw_fault_kinds(&n);
	return i < n ? kinds[i]->name : NULL;
}

static const struct tw_row fault_rows[] = {
	{.name = "kind",
		.type = TW_ROW_FREE,
		.read = read_kind,
		.choice = kind_name,
		.required = true,
		.help = "what goes wrong"},
	{0},
};

static const struct tw_table fault = {
	.name = "fault",
	.help = "what goes wrong, where (service, endpoint, from, to, replica, "
		"node, zone) and when (at, for)",
	.rows = fault_rows,
	.other = add_arg,
	.other_pattern = "^[a-z][a-z-]*$",
	.other_help = "a parameter of its kind",
};

/* kubectl's verbs, each a kind of what happens in a scenario. */
static void *add_verb(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value, const char *kind)
{
	struct tw_config_fault *it = add_fault(reader, base, key, value);

	it->kind = kind;
	return it;
}

#define VERB(function, kind)                                                   \
	static void *function(struct tw_schema_reader *reader, void *base,     \
		const struct tw_yaml *key, struct tw_yaml *value)              \
	{                                                                      \
		return add_verb(reader, base, key, value, kind);               \
	}

VERB(add_scale, "scale")
VERB(add_drain, "drain")
VERB(add_cordon, "cordon")
VERB(add_uncordon, "uncordon")
VERB(add_delete_pod, "delete-pod")
VERB(add_restart, "rollout-restart")
VERB(add_undo, "rollout-undo")
VERB(add_pause, "rollout-pause")
VERB(add_resume, "rollout-resume")

static const struct tw_row verb_rows[] = {{0}};

static const struct tw_table verb = {
	.name = "verb",
	.help = "on what (workload, replica, service, node, zone) and when "
		"(at, for)",
	.rows = verb_rows,
	.other = add_arg,
	.other_pattern = "^[a-z][a-z-]*$",
	.other_help = "a parameter of it: `twinrig faults` lists them",
};

static void read_each(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_scenario *scenario = base;

	tw_yaml_use_all(node);
	if (node->kind != TW_YAML_MAPPING) {
		tw_schema_expected(reader, "each",
			"a mapping such as {to: \"callees of shop/*\"}", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (!tw_yaml_text(pair->key) || !tw_yaml_text(pair->value)) {
			tw_schema_expected(reader, "each",
				"a name and what it stands for", pair->key);
			continue;
		}
		tw_vec_push_in(reader->arena, &scenario->each,
			((struct tw_config_each){pair->key->value,
				pair->key->pos,
				tw_schema_text(reader, pair->value)}));
	}
}

static void check_search(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	struct tw_config_search *search = base;

	search->origin = tw_schema_origin(reader, node);
	for (size_t i = 0; i < search->load.n; i++) {
		struct tw_str s = tw_str_of(search->load.v[i].v);
		double load;

		s.n -= s.n && s.p[s.n - 1] == 'x';
		if (!tw_parse_real(s, &load) || !(load > 0) || load > 1000)
			tw_diag(reader->diags, TW_ERROR,
				search->load.v[i].origin->pos,
				"load: expected a factor such as 1.5x");
	}
}

static const struct tw_row search_rows[] = {
	{.name = "trigger",
		.type = TW_ROW_TEXT,
		AT(tw_config_search, trigger),
		.otherwise = "for",
		.help = "the parameter of the fault that is scaled"},
	{.name = "from",
		.type = TW_ROW_TEXT,
		AT(tw_config_search, from),
		.required = true,
		.help = "its smallest value"},
	{.name = "to",
		.type = TW_ROW_TEXT,
		AT(tw_config_search, to),
		.required = true,
		.help = "its largest value"},
	{.name = "steps",
		.type = TW_ROW_INT,
		AT(tw_config_search, steps),
		.otherwise = "8",
		.min = 2,
		.max = 1000,
		.help = "how many values"},
	{.name = "load",
		.type = TW_ROW_TEXTS,
		AT(tw_config_search, load),
		.help = "how many times the traffic: a scenario for each; 1x "
			"if not given"},
	{.name = "within",
		.type = TW_ROW_DURATION,
		AT(tw_config_search, within),
		.otherwise = "30s",
		.min = 1e6,
		.help = "from the end of the fault until all is well again"},
	{.name = "fault",
		.type = TW_ROW_TEXT,
		AT(tw_config_search, fault),
		.help = "the `name` of the fault; the first if not given"},
	{0},
};

static const struct tw_table search = {
	.name = "search",
	.help = "how large a fault the system recovers from",
	.rows = search_rows,
	.check = check_search,
};

/* A name without its variable would be that of several scenarios. */
static void check_scenario(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_scenario *scenario = base;
	const char *name = scenario->name.v;

	(void)node;
	for (size_t i = 0; name && i < scenario->each.n; i++) {
		const struct tw_config_each *each = &scenario->each.v[i];
		const char *braced =
			tw_arena_printf(reader->arena, "{%s}", each->name);
		struct tw_diag *diag;

		if (strstr(name, braced))
			continue;
		diag = tw_diag(reader->diags, TW_ERROR,
			scenario->name.origin->pos,
			"the name must hold '%s', as 'each' makes several "
			"scenarios of this",
			braced);
		tw_diag_hint(reader->diags, diag, "name: %s-%s", name, braced);
	}
}

static const struct tw_row rollout_rows[] = {
	{.name = "at",
		.type = TW_ROW_DURATION,
		AT(tw_config_scenario, rollout),
		.otherwise = "10s",
		.help = "when the candidate's manifests are applied"},
	{0},
};

static const struct tw_table rollout = {
	.name = "rollout",
	.help = "the change in the run",
	.rows = rollout_rows,
};

/* true, or {at: 30s}. */
static void read_rollout(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_scenario *to = base;
	bool on;

	if (tw_yaml_bool(node, &on)) {
		if (on)
			tw_set_int(&to->rollout, 10 * TW_S,
				tw_schema_origin(reader, node));
		return;
	}
	tw_schema_read(reader, &rollout, base, node);
	if (!to->rollout.origin)
		tw_set_int(&to->rollout, 10 * TW_S,
			tw_schema_origin(reader, node));
}

static const struct tw_row scenario_rows[] = {
	{.name = "name",
		.type = TW_ROW_TEXT,
		AT(tw_config_scenario, name),
		.required = true,
		.help = "the scenario's name in reports"},
	{.name = "each",
		.type = TW_ROW_FREE,
		.read = read_each,
		.help = "makes a scenario for each member: {to: \"callees of "
			"shop/*\"}; `{to}` stands for it"},
	{.name = "faults",
		.type = TW_ROW_LIST,
		.table = &fault,
		.add = add_fault,
		.help = "what goes wrong, and when"},
	{.name = "scale",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_scale,
		.help = "kubectl scale: [{workload: shop/cart, replicas: 5, "
			"at: 20s}]"},
	{.name = "drain",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_drain,
		.help = "kubectl drain: [{node: worker-1, at: 20s}]"},
	{.name = "cordon",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_cordon,
		.help = "kubectl cordon: [{node: worker-1, at: 20s}]"},
	{.name = "uncordon",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_uncordon,
		.help = "kubectl uncordon: [{node: worker-1, at: 60s}]"},
	{.name = "delete-pod",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_delete_pod,
		.help = "kubectl delete pod: [{replica: shop/cart-1, at: "
			"20s}]"},
	{.name = "rollout-restart",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_restart,
		.help = "kubectl rollout restart: [{workload: shop/cart, at: "
			"20s}]"},
	{.name = "rollout-undo",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_undo,
		.help = "kubectl rollout undo: [{workload: shop/cart, at: "
			"60s, to-revision: 1}]"},
	{.name = "rollout-pause",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_pause,
		.help = "kubectl rollout pause: [{workload: shop/cart, at: "
			"20s}]"},
	{.name = "rollout-resume",
		.type = TW_ROW_LIST,
		.table = &verb,
		.add = add_resume,
		.help = "kubectl rollout resume: [{workload: shop/cart, at: "
			"40s}]"},
	{.name = "search",
		.type = TW_ROW_GROUP,
		AT(tw_config_scenario, search),
		.table = &search,
		.help = "finds how large a fault the system recovers from: for "
			"recovers() checks"},
	{.name = "chaos",
		.type = TW_ROW_TEXTS,
		AT(tw_config_scenario, chaos),
		.help = "files and globs of Chaos Mesh (YAML) and Toxiproxy "
			"(JSON): their faults, beside `faults`"},
	{.name = "chaos-at",
		.type = TW_ROW_DURATION,
		AT(tw_config_scenario, chaos_at),
		.otherwise = "0s",
		.help = "when they begin"},
	{.name = "chaos-for",
		.type = TW_ROW_DURATION,
		AT(tw_config_scenario, chaos_for),
		.min = 1e6,
		.help = "after which what has no end in them ends"},
	{.name = "rollout",
		.type = TW_ROW_FREE,
		.read = read_rollout,
		.table = &rollout,
		.free_type = "\"boolean\", \"object\"",
		.help = "true, or {at: 10s}: the candidate's manifests are "
			"rolled out in the run, under traffic, from the "
			"baseline's state"},
	{.name = "traffic",
		.type = TW_ROW_GROUP,
		AT(tw_config_scenario, traffic),
		.table = &tw_traffic_table,
		.help = "what is different in this scenario's traffic"},
	{0},
};

const struct tw_table tw_scenario_table = {
	.name = "scenario",
	.help = "one course of events",
	.rows = scenario_rows,
	.as_text = "name",
	.check = check_scenario,
};
