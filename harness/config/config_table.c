/* The keys of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* ---- topology ---------------------------------------------------------- */

static const struct tw_row topology_rows[] = {
	{.name = "manifests",
		.type = TW_ROW_TEXTS,
		AT(tw_config_topology, manifests),
		.help = "what is deployed: files, globs and folders "
			"(kustomize) of Kubernetes and Compose manifests"},
	{.name = "render",
		.type = TW_ROW_COMMAND,
		AT(tw_config_topology, render),
		.help = "a command that writes manifests to its output, run "
			"on the tree of either side"},
	{.name = "models",
		.type = TW_ROW_TEXTS,
		AT(tw_config_topology, models),
		.help = "twin models: what manifests do not say"},
	{0},
};

static const struct tw_table topology = {
	.name = "topology",
	.help = "the system",
	.rows = topology_rows,
};

/* ---- traffic ----------------------------------------------------------- */

static void check_traffic(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_traffic *traffic = base;

	if (traffic->speed.origin && traffic->rate.origin)
		tw_diag(reader->diags, TW_ERROR, traffic->rate.origin->pos,
			"'speed' and 'rate' exclude each other");
	if (traffic->to.origin && traffic->to.v <= traffic->from.v)
		tw_diag(reader->diags, TW_ERROR, traffic->to.origin->pos,
			"'to' must be later than 'from'");
	if (traffic->loop.origin && !traffic->loop.v &&
		!traffic->duration.origin)
		tw_diag(reader->diags, TW_ERROR, traffic->loop.origin->pos,
			"'loop: 0' needs a 'duration' to end at");
	(void)node;
}

static const struct tw_row users_rows[] = {
	{.name = "count",
		.type = TW_ROW_INT,
		AT(tw_config_users, count),
		.required = true,
		.min = 1,
		.max = 1e7,
		.help = "how many there are"},
	{.name = "skew",
		.type = TW_ROW_REAL,
		AT(tw_config_users, skew),
		.otherwise = "0",
		.max = 10,
		.help = "the k-th most frequent makes a part of 1 / k^skew of "
			"the requests (Zipf); 0: all alike"},
	{0},
};

static const struct tw_table users_table = {
	.name = "users",
	.help = "whose requests they are, where the capture does not tell: "
		"for balancing by a key of the request",
	.rows = users_rows,
	.as_text = "count",
};

static const struct tw_row traffic_rows[] = {
	{.name = "capture",
		.type = TW_ROW_TEXTS,
		AT(tw_config_traffic, capture),
		.help = "captured requests: .gor, HAR, access logs, JSON "
			"Lines; known by content"},
	{.name = "speed",
		.type = TW_ROW_FACTOR,
		AT(tw_config_traffic, speed),
		.otherwise = "1x",
		.min = 0.001,
		.max = 1000,
		.help = "how fast the capture is played"},
	{.name = "rate",
		.type = TW_ROW_RATE,
		AT(tw_config_traffic, rate),
		.min = 1e-6,
		.max = 1e7,
		.help = "requests a second, instead of the recorded rate"},
	{.name = "loop",
		.type = TW_ROW_INT,
		AT(tw_config_traffic, loop),
		.otherwise = "1",
		.max = 1e6,
		.help = "how often the capture is played; 0: until `duration` "
			"is over"},
	{.name = "from",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, from),
		.otherwise = "0s",
		.help = "where in the capture to start"},
	{.name = "to",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, to),
		.help = "where in the capture to stop; its end if not given"},
	{.name = "duration",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, duration),
		.min = 1e6,
		.help = "how long a run takes; as long as the capture if not "
			"given"},
	{.name = "warmup",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, warmup),
		.otherwise = "0s",
		.help = "how much of its beginning is run but not judged: what "
			"ends before does not count"},
	{.name = "entry",
		.type = TW_ROW_TEXT,
		AT(tw_config_traffic, entry),
		.help = "the service that gets requests which no route takes"},
	{.name = "users",
		.type = TW_ROW_GROUP,
		AT(tw_config_traffic, users),
		.table = &users_table,
		.help = "made-up users, where nothing tells whose requests "
			"they are"},
	{0},
};

static const struct tw_table traffic = {
	.name = "traffic",
	.help = "the requests that are replayed",
	.rows = traffic_rows,
	.check = check_traffic,
};

/* ---- scenarios --------------------------------------------------------- */

static void *add_scenario(struct tw_schema_reader *reader, void *base,
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
		.help = "kubectl delete pod: [{replica: shop/cart-1, at: 20s}]"},
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
		.table = &traffic,
		.help = "what is different in this scenario's traffic"},
	{0},
};

static const struct tw_table scenario = {
	.name = "scenario",
	.help = "one course of events",
	.rows = scenario_rows,
	.as_text = "name",
	.check = check_scenario,
};

/* ---- the two sides ----------------------------------------------------- */

static void read_env(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_side *side = base;

	tw_yaml_use_all(node);
	if (node->kind != TW_YAML_MAPPING) {
		tw_schema_expected(
			reader, "env", "a mapping of names to values", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (tw_yaml_text(pair->key) && tw_yaml_text(pair->value))
			tw_vec_push_in(reader->arena, &side->env,
				((struct tw_label){
					pair->key->value, pair->value->value}));
		else
			tw_schema_expected(reader, "env", "one value",
				tw_yaml_text(pair->key) ? pair->value
							: pair->key);
	}
}

static void check_side(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	struct tw_config_side *side = base;

	side->pos = node->pos;
	if (side->process.n && !side->service.v)
		tw_diag(reader->diags, TW_ERROR, side->process.v[0].origin->pos,
			"'process' needs 'service': which one it is");
	if (side->ref.v && side->directory.v)
		tw_diag(reader->diags, TW_ERROR, side->directory.origin->pos,
			"'ref' and 'directory' exclude each other");
	if (side->stored.v &&
		(side->ref.v || side->directory.v || side->manifests.n ||
			side->models.n || side->process.n))
		tw_diag(reader->diags, TW_ERROR, side->stored.origin->pos,
			"'stored' brings its own files: it excludes 'ref', "
			"'directory', 'manifests', 'models' and 'process'");
}

/* `store` is on unless it is switched off. */
static void read_store(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	static const struct tw_row flag = {
		.name = "store", .type = TW_ROW_FLAG};
	struct tw_config_side *side = base;
	bool store = true;

	tw_schema_value(reader, &flag, &store, node);
	side->no_store = !store;
}

static void check_candidate(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_side *side = base;

	if (side->ref.v)
		tw_diag(reader->diags, TW_ERROR, side->ref.origin->pos,
			"'ref' is for the baseline alone");
	if (side->stored.v)
		tw_diag(reader->diags, TW_ERROR, side->stored.origin->pos,
			"'stored' is for the baseline alone");
	if (side->no_store)
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"'store' is for the baseline alone");
	check_side(reader, base, node);
}

static const struct tw_row side_rows[] = {
	{.name = "ref",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, ref),
		.otherwise = "merge-base",
		.help = "baseline: a commit; `merge-base`: with the target "
			"branch"},
	{.name = "directory",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, directory),
		.help = "another tree of files"},
	{.name = "stored",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, stored),
		.help = "baseline: a stored gate: a name that `twinrig "
			"baseline accept` gave, an id or a ref"},
	{.name = "store",
		.type = TW_ROW_FREE,
		.read = read_store,
		.free_type = "boolean",
		.otherwise = "true",
		.help = "baseline: whether gates are stored in git, below "
			"refs/twinrig"},
	{.name = "manifests",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, manifests),
		.help = "instead of the topology's"},
	{.name = "models",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, models),
		.help = "instead of the topology's"},
	{.name = "process",
		.type = TW_ROW_COMMAND,
		AT(tw_config_side, process),
		.help = "a real build that runs inside the twin: its command"},
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(tw_config_side, service),
		.help = "the service that `process` is"},
	{.name = "env",
		.type = TW_ROW_FREE,
		.read = read_env,
		.help = "environment of `process`, beside its manifest's"},
	{.name = "ready",
		.type = TW_ROW_DURATION,
		AT(tw_config_side, ready),
		.otherwise = "30s",
		.min = 1e6,
		.help = "how long `process` may take to be ready"},
	{.name = "ignore",
		.type = TW_ROW_TEXTS,
		AT(tw_config_side, ignore),
		.help = "paths of answers that are not compared, such as "
			"`items[*].id`"},
	{0},
};

static const struct tw_table candidate = {
	.name = "candidate",
	.help = "what is judged; the working tree if empty",
	.rows = side_rows,
	.check = check_candidate,
};

static const struct tw_table baseline = {
	.name = "baseline",
	.help = "what it is compared with",
	.rows = side_rows,
	.as_text = "ref",
	.check = check_side,
};

/* ---- the gate ---------------------------------------------------------- */

static void *add_check(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_gate *gate = base;
	struct tw_config_check *check =
		tw_new(reader->arena, struct tw_config_check);

	(void)key;
	check->pos = value->pos;
	tw_vec_push_in(reader->arena, &gate->checks, check);
	return check;
}

static const struct tw_row check_rows[] = {
	{.name = "check",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, check),
		.required = true,
		.help = "such as `p99(latency) by (endpoint) <= baseline * "
			"1.10`"},
	{.name = "name",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, name),
		.help = "in reports, instead of the check's text"},
	{.name = "scenarios",
		.type = TW_ROW_TEXTS,
		AT(tw_config_check, scenarios),
		.help = "globs; every scenario if not given"},
	{.name = "mute",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, mute),
		.help = "why its failure does not count for now"},
	{0},
};

static const struct tw_table check = {
	.name = "check",
	.help = "what must hold",
	.rows = check_rows,
	.as_text = "check",
};

static const char *const policies[] = {"baseline", "candidate", NULL};
static const char *const outcomes[] = {"inconclusive", "fail", "pass", NULL};

static void *add_judge(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_gate *gate = base;
	struct tw_config_judge *judge =
		tw_new(reader->arena, struct tw_config_judge);

	(void)key;
	judge->pos = value->pos;
	tw_vec_push_in(reader->arena, &gate->judges, judge);
	return judge;
}

static void read_metrics(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_judge *judge = base;

	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		tw_schema_expected(reader, "metrics",
			"a mapping of names to measures", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (!tw_yaml_text(pair->key) || !tw_yaml_text(pair->value)) {
			tw_schema_expected(reader, "metrics",
				"a measure such as p99(latency)", pair->value);
			continue;
		}
		tw_vec_push_in(reader->arena, &judge->metrics,
			((struct tw_config_metric){
				tw_schema_text(reader, pair->key),
				tw_schema_text(reader, pair->value)}));
	}
}

static const char *const judge_units[] = {"s", "ms", NULL};
static const char *const one_judge[] = {
	"kayenta", "k6", "argo", "openslo", NULL};

static const struct tw_row judge_rows[] = {
	{.name = "kayenta",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, kayenta),
		.help = "a canary config (JSON), judged as NetflixACAJudge "
			"does"},
	{.name = "k6",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, k6),
		.help = "options with `thresholds` (JSON, or a script)"},
	{.name = "argo",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, argo),
		.help = "AnalysisTemplates of Argo Rollouts (YAML)"},
	{.name = "openslo",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, openslo),
		.help = "SLOs of OpenSLO with their alert policies (YAML)"},
	{.name = "metrics",
		.type = TW_ROW_FREE,
		.read = read_metrics,
		.help = "what each of its metrics is in the twin: a name, and "
			"a measure such as `p99(latency{service=\"shop/"
			"cart\"})`"},
	{.name = "scenarios",
		.type = TW_ROW_TEXTS,
		AT(tw_config_judge, scenarios),
		.help = "globs; every scenario if not given"},
	{.name = "interval",
		.type = TW_ROW_DURATION,
		AT(tw_config_judge, interval),
		.min = 1e6,
		.help = "between measurements; argo: the template's if not "
			"given, kayenta: 1s"},
	{.name = "unit",
		.type = TW_ROW_CHOICE,
		AT(tw_config_judge, unit),
		.choices = judge_units,
		.otherwise = "s",
		.help = "of times in its numbers (k6: always ms)"},
	{.name = "pass",
		.type = TW_ROW_REAL,
		AT(tw_config_judge, pass),
		.max = 100,
		.help = "kayenta: the score from which it passes; the file's, "
			"or 95"},
	{.name = "marginal",
		.type = TW_ROW_REAL,
		AT(tw_config_judge, marginal),
		.max = 100,
		.help = "kayenta: the score from which it is marginal; the "
			"file's, or 75"},
	{.name = "compress",
		.type = TW_ROW_FACTOR,
		AT(tw_config_judge, compress),
		.help = "openslo: time of an alert's windows in a time of the "
			"run; so that the longest is the run if not given"},
	{.name = "gates",
		.type = TW_ROW_FLAG,
		AT(tw_config_judge, gates),
		.otherwise = "false",
		.help = "its verdict counts as one of the gate's; else it is "
			"reported beside it"},
	{0},
};

static const struct tw_table judge = {
	.name = "judge",
	.help = "somebody else's judge, by the file that it has",
	.rows = judge_rows,
	.one_of = one_judge,
};

static const struct tw_row gate_rows[] = {
	{.name = "runs",
		.type = TW_ROW_INT,
		AT(tw_config_gate, runs),
		.otherwise = "8",
		.min = 1,
		.max = 10000,
		.help = "trials of each scenario, each with its own seed"},
	{.name = "max_runs",
		.type = TW_ROW_INT,
		AT(tw_config_gate, max_runs),
		.min = 1,
		.max = 10000,
		.help = "go on from `runs` up to so many, as long as a check "
			"is undecided; `runs` if not given"},
	{.name = "budget",
		.type = TW_ROW_DURATION,
		AT(tw_config_gate, budget),
		.min = 1,
		.help = "of the clock on the wall: once it is spent, no more "
			"than `runs`"},
	{.name = "policy",
		.type = TW_ROW_CHOICE,
		AT(tw_config_gate, policy),
		.otherwise = "baseline",
		.choices = policies,
		.help = "whose checks and scenarios are used"},
	{.name = "inconclusive",
		.type = TW_ROW_CHOICE,
		AT(tw_config_gate, inconclusive),
		.otherwise = "inconclusive",
		.choices = outcomes,
		.help = "the exit status of that verdict: its own (4), that "
			"of a failure (1) or 0"},
	{.name = "seed",
		.type = TW_ROW_INT,
		AT(tw_config_gate, seed),
		.otherwise = "1",
		.help = "of all random draws"},
	{.name = "completeness",
		.type = TW_ROW_RATIO,
		AT(tw_config_gate, completeness),
		.otherwise = "95%",
		.help = "share of the capture that must be replayed for a "
			"verdict"},
	{.name = "confidence",
		.type = TW_ROW_RATIO,
		AT(tw_config_gate, confidence),
		.otherwise = "95%",
		.min = 0.5,
		.max = 0.9999,
		.help = "of the intervals that decide"},
	{.name = "counterfactuals",
		.type = TW_ROW_INT,
		AT(tw_config_gate, counterfactuals),
		.otherwise = "16",
		.max = 10000,
		.help = "changes of the candidate that are tried, to find the "
			"smallest with which a failed scenario passes; 0: "
			"none"},
	{.name = "checks",
		.type = TW_ROW_LIST,
		.table = &check,
		.add = add_check,
		.help = "what must hold; sensible ones if not given"},
	{.name = "judges",
		.type = TW_ROW_LIST,
		.table = &judge,
		.add = add_judge,
		.help = "other people's judges, on the same runs"},
	{0},
};

static void check_gate(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_gate *it = base;

	if (it->max_runs.origin && it->max_runs.v < tw_int_or(it->runs, 8))
		tw_diag(reader->diags, TW_ERROR, it->max_runs.origin->pos,
			"'max_runs' is less than 'runs' (%lld)",
			(long long)tw_int_or(it->runs, 8));
	if (it->budget.origin && !it->max_runs.origin)
		tw_diag(reader->diags, TW_ERROR, it->budget.origin->pos,
			"'budget' needs 'max_runs': without it there are "
			"'runs' runs, whatever the time");
	(void)node;
}

static const struct tw_table gate = {
	.name = "gate",
	.help = "how it is judged",
	.rows = gate_rows,
	.check = check_gate,
};

/* ---- the file ---------------------------------------------------------- */

static void check_file(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config *config = base;
	struct tw_map names;

	(void)node;
	tw_map_init(&names, NULL);
	for (size_t i = 0; i < config->scenarios.n; i++) {
		const struct tw_text *name = &config->scenarios.v[i]->name;

		if (name->v && !tw_map_put(&names, name->v, reader))
			tw_diag(reader->diags, TW_ERROR, name->origin->pos,
				"a second scenario named '%s'", name->v);
	}
	tw_map_release(&names);
}

static const struct tw_row file_rows[] = {
	{.name = "version",
		.type = TW_ROW_INT,
		AT(tw_config, version),
		.required = true,
		.min = 1,
		.max = 1,
		.help = "of this format: 1"},
	{.name = "topology",
		.type = TW_ROW_GROUP,
		AT(tw_config, topology),
		.table = &topology,
		.help = "the system"},
	{.name = "traffic",
		.type = TW_ROW_GROUP,
		AT(tw_config, traffic),
		.table = &traffic,
		.help = "the requests that are replayed"},
	{.name = "scenarios",
		.type = TW_ROW_LIST,
		.table = &scenario,
		.add = add_scenario,
		.help = "what happens meanwhile; one steady run if not given"},
	{.name = "candidate",
		.type = TW_ROW_GROUP,
		AT(tw_config, candidate),
		.table = &candidate,
		.help = "what is judged; the working tree if empty"},
	{.name = "baseline",
		.type = TW_ROW_GROUP,
		AT(tw_config, baseline),
		.table = &baseline,
		.help = "what it is compared with"},
	{.name = "gate",
		.type = TW_ROW_GROUP,
		AT(tw_config, gate),
		.table = &gate,
		.help = "how it is judged"},
	{0},
};

const struct tw_table tw_config_table = {
	.name = "twinrig.yaml",
	.help = "twinrig.yaml",
	.rows = file_rows,
	.check = check_file,
};
