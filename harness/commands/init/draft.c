#include "harness/commands/init/draft.h"

#include "harness/commands/init/draft_graph.h"

#define WORK_UNKNOWN   (2 * TW_MS) /* where nothing is logged */
#define NODES	       3
#define UNREACHED_TOLD 8

/* ---- the entry -------------------------------------------------------- */

static const struct tw_spec_service *front_of(
	const struct tw_draft_graph *graph, const struct tw_spec_service *it)
{
	for (size_t i = 0; i < graph->nodes.n; i++) {
		const struct tw_spec_service *other = graph->nodes.v[i].service;

		if (it->workloads.n && other->workloads.n &&
			other->workloads.v[0] == it->workloads.v[0])
			return other;
	}
	return it;
}

/* Where nothing else tells, what people call the way in. */
static bool sounds_like_front(const char *name)
{
	static const char *const words[] = {"front", "web", "page", "gateway",
		"portal", "edge", "proxy", "www"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

/* How much it says that requests come in here. */
static int weight_of(const struct tw_spec *spec,
	const struct tw_draft_graph *graph, const struct tw_spec_service *it)
{
	size_t at = tw_draft_find(graph, front_of(graph, it));

	for (size_t i = 0; i < spec->entries.n; i++)
		if (!strcmp(spec->entries.v[i]->service.v, it->key))
			return 4;
	if (it->type.v && (!strcmp(it->type.v, "LoadBalancer") ||
				  !strcmp(it->type.v, "NodePort")))
		return 3;
	if (at == SIZE_MAX || graph->nodes.v[at].needed ||
		tw_draft_is_load(it->name))
		return 0;
	return sounds_like_front(it->name) ? 2 : 1;
}

const struct tw_spec_service *tw_draft_entry(const struct tw_spec *spec)
{
	const struct tw_spec_service *best = NULL;
	struct tw_draft_graph graph;
	size_t most = 0;
	int weight = -1;

	tw_draft_graph_init(&graph, spec);
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;
		const struct tw_spec_service *front = front_of(&graph, it);
		size_t at = tw_draft_find(&graph, front);
		int w = weight_of(spec, &graph, it);
		size_t n = at == SIZE_MAX ? 0 : tw_draft_reach(&graph, at);

		if (!n || w < weight || (w == weight && n <= most))
			continue;
		best = front;
		weight = w;
		most = n;
	}
	tw_draft_graph_release(&graph);
	return best;
}

/* ---- the model -------------------------------------------------------- */

struct draft {
	const struct tw_draft_input *input;
	struct tw_draft *out;
	struct tw_draft_graph graph;
	size_t entry;
	double unit; /* median work of a service, ns */
};

static void add_law(struct draft *d, struct tw_buf *out, double p50)
{
	char low[TW_TIME_TEXT], high[TW_TIME_TEXT];

	tw_buf_printf(out, "{p50: %s, p99: %s}",
		tw_time_text((tw_time)p50, low),
		tw_time_text((tw_time)(p50 * d->graph.spread), high));
}

static void add_call(
	struct tw_buf *out, const char *indent, const struct tw_spec_step *call)
{
	const struct tw_origin *origin = call->origin;

	tw_buf_printf(out, "%s- {call: %s}", indent, call->service.v);
	if (origin && origin->detail)
		tw_buf_printf(out, "  # %s", origin->detail);
	tw_buf_add_char(out, '\n');
}

/* Own work, then all calls side by side. */
static void add_steps(struct draft *d, const struct tw_draft_node *node,
	double p50, bool calls)
{
	struct tw_buf *out = &d->out->model;

	tw_buf_add_text(out, "        - cpu: ");
	add_law(d, out, p50);
	tw_buf_add_char(out, '\n');
	if (!calls || !node->calls.n)
		return;
	if (node->calls.n == 1) {
		add_call(out, "        ", node->calls.v[0]);
		return;
	}
	tw_buf_add_text(out, "        - parallel:\n");
	for (size_t i = 0; i < node->calls.n; i++)
		add_call(out, "            ", node->calls.v[i]);
}

/* Own work with which the median is as logged: by halving. Negative where the
 * calls alone take longer. */
static double own_work(const struct draft *d, tw_time logged)
{
	double low = 0, high = (double)logged;

	if (tw_draft_median(&d->graph, 0, d->unit, true) > (double)logged)
		return -1;
	for (int i = 0; i < 40; i++) {
		double middle = (low + high) / 2;

		if (tw_draft_median(&d->graph, middle, d->unit, true) >
			(double)logged)
			high = middle;
		else
			low = middle;
	}
	return low;
}

static bool is_plain_key(const char *name)
{
	return *name && !strpbrk(name, "#\"'\\:,[]&*!|>%@`") && *name != '{' &&
	       *name != '-' && *name != '?' && *name != ' ';
}

static void add_key(struct tw_buf *out, const char *name)
{
	if (is_plain_key(name)) {
		tw_buf_printf(out, "      %s:\n", name);
		return;
	}
	tw_buf_add_text(out, "      \"");
	for (const char *at = name; *at; at++) {
		if (*at == '"' || *at == '\\')
			tw_buf_add_char(out, '\\');
		tw_buf_add_char(out, (unsigned char)*at < ' ' ? ' ' : *at);
	}
	tw_buf_add_text(out, "\":\n");
}

static void add_entry_endpoints(struct draft *d, struct tw_draft_node *node)
{
	const struct tw_draft_input *in = d->input;

	for (size_t i = 0; i < in->n_endpoints; i++) {
		const struct tw_draft_endpoint *it = &in->endpoints[i];
		double own = it->p50 ? own_work(d, it->p50) : d->unit;
		bool calls = own >= 0;

		add_key(&d->out->model, it->name);
		if (!calls) /* no more than it is */
			own = (double)it->p50;
		add_steps(d, node, own < 1 ? 1 : own, calls);
	}
}

static void add_service(struct draft *d, struct tw_draft_node *node)
{
	struct tw_buf *out = &d->out->model;
	bool is_entry = node == &d->graph.nodes.v[d->entry];
	bool named = is_entry && d->input->n_endpoints;

	tw_buf_printf(out, "  %s:%s\n    endpoints:\n", node->service->key,
		node->reached ? "" : "  # the entry's calls do not lead here");
	if (named)
		add_entry_endpoints(d, node);
	if (!named || node->called || d->input->more_endpoints) {
		tw_buf_add_text(out, "      " TW_MANIFESTS_ENDPOINT ":\n");
		add_steps(d, node, d->unit, true);
	}
	d->out->edges += node->calls.n;
}

/* Workloads that call and that nobody calls: they stand for traffic. */
static void add_callers(struct draft *d)
{
	const struct tw_manifests *m = d->input->manifests;

	for (size_t i = 0; i < m->edges.n; i++) {
		const struct tw_manifest_edge *it = &m->edges.v[i];

		if (it->from_service || it->telemetry)
			continue;
		if (!d->out->callers++)
			tw_buf_add_text(&d->out->model,
				"# No Service stands before these callers, so "
				"no request reaches them; the traffic\n"
				"# that they make is the capture's:\n");
		tw_buf_printf(&d->out->model, "#   %s calls %s (%s)\n",
			it->from, it->to, it->detail);
	}
}

/* Room for all requests of the pods, and half as much again. */
static void add_nodes(struct draft *d)
{
	const struct tw_spec *spec = d->input->spec;
	int64_t cpu = 0, memory = 0;

	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *w = spec->workloads.v[i].value;
		int64_t n = tw_int_or(w->replicas, 1);

		for (size_t k = 0; k < w->containers.n; k++) {
			cpu += n *
			       tw_int_or(w->containers.v[k]->cpu_request, 0);
			memory += n *
				  tw_int_or(w->containers.v[k]->memory_request,
					  0);
		}
	}
	cpu = (cpu * 3 / 2 / NODES + 999) / 1000;
	memory = (memory * 3 / 2 / NODES >> 30) + 1;
	tw_buf_printf(&d->out->model,
		"nodes:\n  - {name: worker, count: %d, zone: a, cpu: %lld, "
		"memory: %lldGi}\n",
		NODES, (long long)(cpu < 4 ? 4 : cpu),
		(long long)(memory < 16 ? 16 : memory));
}

static void write_model(struct draft *d)
{
	struct tw_buf *out = &d->out->model;
	char text[TW_TIME_TEXT];

	tw_buf_add_text(out,
		"# What the manifests do not say. All of it is assumed: "
		"verdicts are tried with\n"
		"# these times halved and doubled, too. What you know better "
		"belongs into another\n"
		"# file beside this one (any other file's word counts more), "
		"or edit this one and\n"
		"# take `assumed` away. The calls are those that the "
		"manifests give away; that each\n"
		"# is made once, and all at a time, is assumed.\n");
	if (d->out->logged)
		tw_buf_printf(out,
			"# Work is shared out evenly, so that the entry's "
			"median without load is the logged\n# %s.\n",
			tw_time_text(d->out->logged, text));
	tw_buf_add_text(out, "version: 1\nassumed: true\nservices:\n");
	for (size_t i = 0; i < d->graph.nodes.n; i++)
		add_service(d, &d->graph.nodes.v[i]);
	add_callers(d);
	if (!d->input->spec->entries.n)
		tw_buf_printf(out, "entry:\n  - {service: %s, path: /}\n",
			d->out->entry);
	add_nodes(d);
}

/* ---- twinrig.yaml ----------------------------------------------------- */

static bool has_deployments(const struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (!strcmp(it->kind, "Deployment"))
			return true;
	}
	return false;
}

static void write_scenarios(struct draft *d)
{
	struct tw_buf *out = &d->out->config;

	tw_buf_add_text(out, "scenarios:\n  - name: steady\n");
	if (has_deployments(d->input->spec))
		tw_buf_add_text(out,
			"  - name: rollout  # what the change replaces, under "
			"traffic\n"
			"    rollout: {at: 10s}\n");
	tw_buf_add_text(out,
		"  - name: node-loss\n"
		"    faults: [{kind: node-down, node: worker-2, at: 20s, for: "
		"20s}]\n");
	if (d->graph.nodes.v[d->entry].calls.n)
		tw_buf_printf(out,
			"  - name: slow-{to}\n"
			"    each: {to: \"callees of %s\"}\n"
			"    faults: [{kind: latency, to: \"{to}\", add: "
			"800ms, at: 10s, for: 20s}]\n",
			d->out->entry);
}

static void write_config(struct draft *d)
{
	const struct tw_draft_input *in = d->input;
	struct tw_buf *out = &d->out->config;
	const char *entry = d->out->entry;
	double rate = tw_draft_rate(
		&d->graph, d->entry, d->unit * tw_draft_mean(&d->graph));

	tw_buf_add_text(out, "version: 1\ntopology:\n  manifests:\n");
	for (size_t i = 0; i < in->n_patterns; i++)
		tw_buf_printf(out, "    - \"%s\"\n", in->patterns[i]);
	tw_buf_printf(out, "  models: [twins/%s.yaml]\ntraffic:\n", in->name);
	if (in->capture)
		tw_buf_printf(out, "  capture: \"%s\"\n", in->capture);
	else
		tw_buf_printf(out,
			"  rate: %.0f/s  # assumed, until there is a "
			"`capture:`\n"
			"  duration: %.0fs\n",
			rate, rate < 10 ? 300.0 : 60.0);
	tw_buf_printf(out, "  entry: %s\n", entry);
	write_scenarios(d);
	tw_buf_printf(out,
		"gate:\n  runs: 8\n  checks:\n"
		"    - p99(latency{service=\"%s\"}) <= baseline * 1.10 + 5ms\n"
		"    - ratio(errors{service=\"%s\"}) <= baseline + 0.5pp\n",
		entry, entry);
}

/* ---- both ------------------------------------------------------------- */

/* The logged median over all endpoints, by their requests, and its spread. */
static void read_log(struct draft *d)
{
	const struct tw_draft_input *in = d->input;
	double sum = 0, high = 0, n = 0;

	for (size_t i = 0; i < in->n_endpoints; i++) {
		if (!in->endpoints[i].p50)
			continue;
		n += (double)in->endpoints[i].requests;
		sum += (double)in->endpoints[i].p50 *
		       (double)in->endpoints[i].requests;
		high += (double)in->endpoints[i].p99 *
			(double)in->endpoints[i].requests;
	}
	if (n <= 0 || sum <= 0)
		return;
	d->out->logged = (tw_time)(sum / n);
	d->graph.spread = high / sum;
	if (d->graph.spread < 1.5)
		d->graph.spread = 1.5;
	if (d->graph.spread > 10)
		d->graph.spread = 10;
}

int tw_draft_write(struct tw_draft *draft, const struct tw_draft_input *input,
	struct tw_error *error)
{
	struct draft d = {.input = input, .out = draft};
	const struct tw_spec_service *entry =
		input->entry
			? tw_spec_find_service(input->spec, NULL, input->entry)
			: tw_draft_entry(input->spec);
	double units;

	*draft = (struct tw_draft){0};
	if (!entry)
		return input->entry
			       ? tw_fail(error, TW_E_USAGE,
					 "there is no service '%s'",
					 input->entry)
			       : tw_fail(error, TW_E_USAGE,
					 "the manifests declare no service");
	tw_draft_graph_init(&d.graph, input->spec);
	d.entry = tw_draft_find(&d.graph, entry);
	if (d.entry == SIZE_MAX)
		d.entry = tw_draft_find(&d.graph, front_of(&d.graph, entry));
	draft->entry = d.graph.nodes.v[d.entry].service->key;
	draft->services = d.graph.nodes.n;
	draft->reached = tw_draft_reach(&d.graph, d.entry);
	read_log(&d);
	tw_draft_sample(&d.graph, d.entry);
	units = tw_draft_median(&d.graph, 1, 1, true);
	d.unit = draft->logged ? (double)draft->logged / units
			       : (double)WORK_UNKNOWN;
	draft->latency = (tw_time)(d.unit * units);
	write_model(&d);
	write_config(&d);
	tw_draft_graph_release(&d.graph);
	return 0;
}

void tw_draft_unreached(const struct tw_draft_input *input, const char *entry,
	struct tw_buf *out)
{
	const struct tw_spec_service *it =
		tw_spec_find_service(input->spec, NULL, entry);
	struct tw_draft_graph graph;
	size_t told = 0;

	tw_draft_graph_init(&graph, input->spec);
	tw_draft_reach(&graph, tw_draft_find(&graph, it));
	for (size_t i = 0; i < graph.nodes.n; i++) {
		if (graph.nodes.v[i].reached || told > UNREACHED_TOLD)
			continue;
		tw_buf_printf(out, "%s%s", told ? ", " : "",
			told == UNREACHED_TOLD ? "…"
					       : graph.nodes.v[i].service->key);
		told++;
	}
	tw_draft_graph_release(&graph);
}

void tw_draft_release(struct tw_draft *draft)
{
	tw_buf_release(&draft->config);
	tw_buf_release(&draft->model);
}
