/*
 * One experiment of Chaos Mesh (api/v1alpha1, *_types.go; docs "Simulate ...
 * Faults"). tc works on what a pod sends, so a NetworkChaos "to" its target is
 * two faults: requests of the pods, and answers of the pods.
 */
#include "harness/chaos/reader.h"

#include <string.h>

/* `mode` and `value`; faults of one name pick the same pods. */
static void add_mode(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const struct tw_yaml *spec)
{
	const struct tw_yaml *mode = tw_yaml_get(spec, "mode");
	const struct tw_yaml *value = tw_yaml_get(spec, "value");
	const char *text = tw_yaml_text(mode);

	if (!text || !strcmp(text, "all"))
		return;
	chaos_arg(reader, fault, "mode", text, mode);
	chaos_arg(reader, fault, "name",
		tw_arena_printf(reader->arena, "chaos:%d", spec->pos.line),
		mode);
	if (value && strstr(text, "percent"))
		chaos_arg(reader, fault, "value", chaos_percent(reader, value),
			value);
	else if (value && tw_yaml_text(value) && !strcmp(text, "fixed"))
		chaos_arg(reader, fault, "value", tw_yaml_text(value), value);
}

static void add_side(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const char *as, const struct tw_yaml *spec)
{
	fault->sides[fault->n_sides++] =
		chaos_pods(reader, as, tw_yaml_get(spec, "selector"), spec);
}

static void finish(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const struct tw_yaml *spec)
{
	add_mode(reader, fault, spec);
	chaos_lasts(reader, fault, tw_yaml_get(spec, "duration"));
}

/* Argument `to` of the fault from `key` of the part, where it is given. */
static void copy_arg(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const char *to, const struct tw_yaml *part, const char *key,
	bool percent)
{
	const struct tw_yaml *node = tw_yaml_get(part, key);
	const char *text = tw_yaml_text(node);

	if (text)
		chaos_arg(reader, fault, to,
			percent ? chaos_percent(reader, node) : text, node);
}

static void unknown_action(struct chaos_reader *reader,
	const struct tw_yaml *action, const struct tw_yaml *spec,
	const char *const *actions, size_t n)
{
	const char *text = tw_yaml_text(action);

	if (!text)
		tw_diag(reader->diags, TW_ERROR, spec->pos,
			"'action' is missing");
	else
		tw_diag_nearest(reader->diags,
			tw_diag(reader->diags, TW_ERROR, action->pos,
				"unknown action '%s'", text),
			text, actions, n);
}

/* ---- PodChaos ------------------------------------------------------- */

static void pod_chaos(struct chaos_reader *reader, const struct tw_yaml *spec)
{
	static const char *const actions[] = {
		"pod-kill", "pod-failure", "container-kill"};
	const struct tw_yaml *action = tw_yaml_get(spec, "action");
	const char *text = tw_yaml_text(action);
	struct tw_chaos_fault *fault;

	if (!text || (strcmp(text, "pod-kill") && strcmp(text, "pod-failure") &&
			     strcmp(text, "container-kill"))) {
		unknown_action(reader, action, spec, actions, 3);
		return;
	}
	fault = chaos_fault(reader, "replica-kill", action);
	add_side(reader, fault, "service", spec);
	add_mode(reader, fault, spec);
	/* Only a failure lasts: what is killed is started again. */
	if (strcmp(text, "pod-failure")) {
		fault->instant = true;
		fault->lasts = 0;
	} else {
		chaos_lasts(reader, fault, tw_yaml_get(spec, "duration"));
	}
}

/* ---- NetworkChaos --------------------------------------------------- */

struct network {
	const struct tw_yaml *spec, *target;
	const char *direction; /* of packets, seen from the pods */
	bool nowhere;	       /* only to addresses that the twin has not got */
};

/* Where the other end is neither named nor external it is anybody. */
static void add_target(struct chaos_reader *reader,
	struct tw_chaos_fault *fault, const char *as,
	const struct network *network)
{
	if (network->target)
		add_side(reader, fault, as, network->target);
}

typedef void part_args(struct chaos_reader *reader,
	struct tw_chaos_fault *fault, const struct tw_yaml *part);

/* Packets that pods send (`away`) are requests of theirs and answers of
 * theirs; those that they receive are requests and answers to them. */
static void both_roles(struct chaos_reader *reader, const char *kind,
	const struct network *network, const struct tw_yaml *part,
	part_args *args, bool away, bool whole)
{
	struct tw_chaos_fault *caller = chaos_fault(reader, kind, part);
	struct tw_chaos_fault *callee = chaos_fault(reader, kind, part);

	add_side(reader, caller, "from", network->spec);
	add_target(reader, caller, "to", network);
	add_side(reader, callee, "service", network->spec);
	add_target(reader, callee, "from", network);
	chaos_arg(reader, caller, "direction",
		whole  ? "both"
		: away ? "there"
		       : "back",
		NULL);
	chaos_arg(reader, callee, "direction",
		whole  ? "both"
		: away ? "back"
		       : "there",
		NULL);
	args(reader, caller, part);
	args(reader, callee, part);
	finish(reader, caller, network->spec);
	finish(reader, callee, network->spec);
}

static void shape(struct chaos_reader *reader, const char *kind,
	const struct network *network, const struct tw_yaml *part,
	part_args *args)
{
	if (!network->nowhere)
		both_roles(reader, kind, network, part, args,
			strcmp(network->direction, "from") != 0,
			!strcmp(network->direction, "both"));
}

static void delay_args(struct chaos_reader *reader,
	struct tw_chaos_fault *fault, const struct tw_yaml *part)
{
	copy_arg(reader, fault, "add", part, "latency", false);
	copy_arg(reader, fault, "jitter", part, "jitter", false);
	copy_arg(reader, fault, "correlation", part, "correlation", true);
}

static void loss_args(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const struct tw_yaml *part)
{
	copy_arg(reader, fault, "loss", part, "loss", true);
	copy_arg(reader, fault, "loss", part, "corrupt", true);
}

/* tc's units: bit, kbit … and bps, kbps …, which are bytes (tc(8)). */
static void bandwidth_args(struct chaos_reader *reader,
	struct tw_chaos_fault *fault, const struct tw_yaml *part)
{
	static const char *const units[][2] = {{"kbit", "kbit/s"},
		{"mbit", "Mbit/s"}, {"gbit", "Gbit/s"}, {"bit", "bit/s"},
		{"kbps", "KB/s"}, {"mbps", "MB/s"}, {"gbps", "GB/s"},
		{"bps", "B/s"}};
	const struct tw_yaml *rate = tw_yaml_get(part, "rate");
	const char *text = tw_yaml_text(rate);
	size_t n = text ? strlen(text) : 0;

	if (!text)
		return;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t unit = strlen(units[i][0]);

		if (n <= unit || strcmp(text + n - unit, units[i][0]) != 0)
			continue;
		text = tw_arena_printf(reader->arena, "%.*s%s", (int)(n - unit),
			text, units[i][1]);
		break;
	}
	chaos_arg(reader, fault, "rate", text, rate);
}

static void warn_keys(struct chaos_reader *reader, const struct tw_yaml *part,
	const char *const *keys, const char *why)
{
	for (; *keys; keys++)
		if (tw_yaml_get(part, *keys))
			chaos_ignored(reader, tw_yaml_find(part, *keys)->key,
				"'%s' is not simulated: %s", *keys, why);
}

/* The parts that the action asks for: each a fault. */
static void shape_parts(struct chaos_reader *reader,
	const struct network *network, const char *action)
{
	static const char *const reorder[] = {"reorder", NULL};
	static const char *const related[] = {"correlation", NULL};
	static const char *const queue[] = {
		"limit", "buffer", "peakrate", "minburst", NULL};
	const struct tw_yaml *spec = network->spec;
	bool all = !strcmp(action, "netem");
	const struct {
		const char *name, *kind;
		part_args *args;
		const char *const *left_out;
		const char *why;
	} parts[] = {
		{"delay", "latency", delay_args, reorder,
			"TCP puts packets in order again"},
		{"loss", "loss", loss_args, related,
			"each packet is lost by itself"},
		{"corrupt", "loss", loss_args, related,
			"each packet is lost by itself"},
		{"bandwidth", "bandwidth", bandwidth_args, queue,
			"what a sender has to say waits for its turn"},
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const struct tw_yaml *part = tw_yaml_get(spec, parts[i].name);

		if (!all && strcmp(action, parts[i].name) != 0)
			continue;
		if (part) {
			shape(reader, parts[i].kind, network, part,
				parts[i].args);
			warn_keys(
				reader, part, parts[i].left_out, parts[i].why);
		} else if (!all) {
			tw_diag(reader->diags, TW_ERROR, spec->pos,
				"action %s needs '%s'", action, action);
		}
	}
	if (tw_yaml_get(spec, "duplicate"))
		chaos_ignored(reader, tw_yaml_find(spec, "duplicate")->key,
			"'duplicate' is not simulated: TCP drops what came "
			"twice");
}

static void partition(
	struct chaos_reader *reader, const struct network *network)
{
	bool against = !strcmp(network->direction, "from");
	struct tw_chaos_fault *fault;

	if (network->nowhere)
		return;
	fault = chaos_fault(
		reader, "partition", tw_yaml_get(network->spec, "action"));
	add_side(reader, fault, against ? "to" : "from", network->spec);
	add_target(reader, fault, against ? "from" : "to", network);
	chaos_arg(reader, fault, "both",
		strcmp(network->direction, "both") ? "false" : "true", NULL);
	finish(reader, fault, network->spec);
}

static bool read_direction(struct chaos_reader *reader, struct network *network)
{
	static const char *const directions[] = {"to", "from", "both"};
	const struct tw_yaml *node = tw_yaml_get(network->spec, "direction");
	const char *text = tw_yaml_text(node);

	network->direction = text && *text ? text : "to";
	for (size_t i = 0; i < 3; i++)
		if (!strcmp(network->direction, directions[i]))
			return true;
	tw_diag(reader->diags, TW_ERROR, node->pos,
		"'direction' is to, from or both, not '%s'", text);
	return false;
}

static void network_chaos(
	struct chaos_reader *reader, const struct tw_yaml *spec)
{
	static const char *const actions[] = {"delay", "loss", "corrupt",
		"duplicate", "partition", "bandwidth", "netem"};
	const struct tw_yaml *action = tw_yaml_get(spec, "action");
	const struct tw_yaml *external = tw_yaml_get(spec, "externalTargets");
	const char *text = tw_yaml_text(action), *mode;
	struct network network = {
		.spec = spec, .target = tw_yaml_get(spec, "target")};
	bool known = false;

	for (size_t i = 0; text && i < 7; i++)
		known |= !strcmp(text, actions[i]);
	if (!known) {
		unknown_action(reader, action, spec, actions, 7);
		return;
	}
	if (!read_direction(reader, &network))
		return;
	if (external)
		chaos_ignored(reader, external,
			"'externalTargets' are not in the twin: nothing is "
			"done to them");
	network.nowhere = external && !network.target;
	mode = tw_yaml_text(tw_yaml_get(network.target, "mode"));
	if (mode && strcmp(mode, "all") != 0)
		chaos_ignored(reader, tw_yaml_get(network.target, "mode"),
			"all pods of the target are hit: its mode is not "
			"simulated");
	if (!strcmp(text, "partition"))
		partition(reader, &network);
	else
		shape_parts(reader, &network, text);
}

/* ---- HTTPChaos ------------------------------------------------------ */

static void add_endpoint(struct chaos_reader *reader,
	struct tw_chaos_fault *fault, const struct tw_yaml *spec)
{
	const struct tw_yaml *path = tw_yaml_get(spec, "path");
	const struct tw_yaml *method = tw_yaml_get(spec, "method");
	const char *path_text = tw_yaml_text(path);
	const char *method_text = tw_yaml_text(method);

	if (path_text && !strcmp(path_text, "*"))
		path_text = NULL;
	if (path_text || method_text)
		chaos_arg(reader, fault, "endpoint",
			tw_arena_printf(reader->arena, "%s %s",
				method_text ? method_text : "*",
				path_text ? path_text : "*"),
			path_text ? path : method);
}

static struct tw_chaos_fault *http_fault(struct chaos_reader *reader,
	const char *kind, const struct tw_yaml *spec,
	const struct tw_yaml *node)
{
	struct tw_chaos_fault *fault = chaos_fault(reader, kind, node);

	add_side(reader, fault, "service", spec);
	add_endpoint(reader, fault, spec);
	finish(reader, fault, spec);
	return fault;
}

static void http_chaos(struct chaos_reader *reader, const struct tw_yaml *spec)
{
	static const char *const content[] = {
		"patch", "code", "request_headers", "response_headers", NULL};
	const char *target = tw_yaml_text(tw_yaml_get(spec, "target"));
	bool answer = target && !strcmp(target, "Response");
	const struct tw_yaml *abort = tw_yaml_get(spec, "abort");
	const struct tw_yaml *delay = tw_yaml_get(spec, "delay");
	const struct tw_yaml *replace = tw_yaml_get(spec, "replace");
	const struct tw_yaml *code = tw_yaml_get(replace, "code");
	struct tw_chaos_fault *fault;
	bool on = false;

	if (!answer && (!target || strcmp(target, "Request") != 0))
		tw_diag(reader->diags, TW_ERROR, spec->pos,
			"'target' is Request or Response");
	warn_keys(reader, spec, content, "the twin's messages have no content");
	if (abort && tw_yaml_bool(abort, &on) && on) {
		fault = http_fault(reader, "reset", spec, abort);
		chaos_arg(reader, fault, "phase", answer ? "answer" : "request",
			NULL);
	}
	if (tw_yaml_text(delay)) {
		fault = http_fault(reader, "latency", spec, delay);
		chaos_arg(reader, fault, "add", tw_yaml_text(delay), delay);
		chaos_arg(reader, fault, "direction", answer ? "back" : "there",
			NULL);
	}
	if (answer && tw_yaml_text(code)) {
		fault = http_fault(reader, "error", spec, code);
		chaos_arg(reader, fault, "status", tw_yaml_text(code), code);
		chaos_arg(reader, fault, "phase", "answer", NULL);
	} else if (replace) {
		chaos_ignored(reader, replace,
			"'replace' is not simulated: the twin's messages have "
			"no content");
	}
}

/* ---- DNSChaos ------------------------------------------------------- */

static void dns_chaos(struct chaos_reader *reader, const struct tw_yaml *spec)
{
	static const char *const actions[] = {"error", "random"};
	const struct tw_yaml *action = tw_yaml_get(spec, "action");
	const struct tw_yaml *patterns = tw_yaml_get(spec, "patterns");
	const char *text = tw_yaml_text(action);
	struct tw_chaos_fault *fault;
	struct tw_chaos_pods *names;

	if (!text || (strcmp(text, "error") && strcmp(text, "random"))) {
		unknown_action(reader, action, spec, actions, 2);
		return;
	}
	fault = chaos_fault(reader, "dns-error", action);
	add_side(reader, fault, "from", spec);
	chaos_arg(reader, fault, "action", text, action);
	finish(reader, fault, spec);
	if (!tw_yaml_is(patterns, TW_YAML_SEQUENCE) || !tw_yaml_count(patterns))
		return;
	names = tw_new(reader->arena, struct tw_chaos_pods);
	names->as = "to";
	names->pos = patterns->pos;
	names->dns = true;
	for (size_t i = 0; i < tw_yaml_count(patterns); i++)
		if (tw_yaml_text(tw_yaml_item(patterns, i)))
			tw_vec_push_in(reader->arena, &names->names,
				tw_yaml_text(tw_yaml_item(patterns, i)));
	fault->sides[fault->n_sides++] = names;
}

/* ---- StressChaos ---------------------------------------------------- */

/* Each worker of stress-ng takes the size: so many times as much in all. */
static void stress_memory(struct chaos_reader *reader,
	const struct tw_yaml *spec, const struct tw_yaml *memory)
{
	const struct tw_yaml *size = tw_yaml_get(memory, "size");
	const char *text = tw_yaml_text(size);
	int64_t workers = 1, bytes = 0;
	struct tw_str s = text ? tw_str_of(text) : (struct tw_str){NULL, 0};
	struct tw_chaos_fault *fault;

	tw_yaml_int(tw_yaml_get(memory, "workers"), &workers);
	/* "256MB", "1GiB", "64KB": Kubernetes' words without the B. */
	if (s.n && s.p[s.n - 1] == 'B')
		s.n--;
	if (s.n && s.p[s.n - 1] == 'K')
		s = tw_str_of(tw_arena_printf(
			reader->arena, "%.*sk", (int)s.n - 1, s.p));
	if (!text || !tw_parse_quantity(s, &bytes) || bytes <= 0 ||
		workers < 1 || bytes / 1000 > INT64_MAX / 2000 / workers) {
		chaos_ignored(reader, size ? size : memory,
			"this stress of memory is not simulated: give its "
			"'size' in bytes, such as 256MB");
		return;
	}
	fault = chaos_fault(reader, "memory-stress", size);
	add_side(reader, fault, "service", spec);
	chaos_arg(reader, fault, "size",
		tw_arena_printf(reader->arena, "%lld",
			(long long)(bytes / 1000 * workers)),
		size);
	finish(reader, fault, spec);
}

static void stress_chaos(
	struct chaos_reader *reader, const struct tw_yaml *spec)
{
	const struct tw_yaml *stressors = tw_yaml_get(spec, "stressors");
	const struct tw_yaml *cpu = tw_yaml_get(stressors, "cpu");
	const struct tw_yaml *memory = tw_yaml_get(stressors, "memory");

	if (!cpu && !memory) {
		chaos_ignored(reader, stressors ? stressors : spec,
			"only stressors cpu and memory are simulated");
		return;
	}
	if (cpu) {
		struct tw_chaos_fault *fault =
			chaos_fault(reader, "cpu-stress", cpu);

		add_side(reader, fault, "service", spec);
		copy_arg(reader, fault, "workers", cpu, "workers", false);
		copy_arg(reader, fault, "load", cpu, "load", true);
		finish(reader, fault, spec);
	}
	if (memory)
		stress_memory(reader, spec, memory);
}

/* ---- the kinds ------------------------------------------------------ */

static const struct {
	const char *kind;
	void (*read)(struct chaos_reader *reader, const struct tw_yaml *spec);
} kinds[] = {
	{"PodChaos", pod_chaos},
	{"NetworkChaos", network_chaos},
	{"HTTPChaos", http_chaos},
	{"DNSChaos", dns_chaos},
	{"StressChaos", stress_chaos},
};

/* Known to Chaos Mesh, and nothing that the twin has. */
static const char *const others[] = {"TimeChaos", "IOChaos", "JVMChaos",
	"KernelChaos", "BlockChaos", "PhysicalMachineChaos", "AWSChaos",
	"GCPChaos", "AzureChaos", "StatusCheck", "RemoteCluster", "Task"};

void chaos_experiment(struct chaos_reader *reader, const char *kind,
	const struct tw_yaml *spec, const struct tw_yaml *where)
{
	const char *names[sizeof kinds / sizeof *kinds];

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		names[i] = kinds[i].kind;
		if (strcmp(kind, kinds[i].kind) != 0)
			continue;
		kinds[i].read(reader, spec);
		return;
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strcmp(kind, others[i])) {
			chaos_ignored(
				reader, where, "%s is not simulated", kind);
			return;
		}
	tw_diag_nearest(reader->diags,
		tw_diag(reader->diags, TW_ERROR, where->pos,
			"unknown kind '%s' of Chaos Mesh", kind),
		kind, names, sizeof names / sizeof *names);
}
