/*
 * Toxiproxy (toxics/ *.go, proxy.go, api.go): a list of proxies, or a mapping
 * of names to them. A proxy stands before the service that `upstream` names,
 * else the one that has its own name. Toxicity is thrown once a connection
 * (toxic_collection.go, link.go).
 */
#include "harness/chaos/reader.h"

#include <string.h>
#include <strings.h>

/* encoding/json of Go takes a key in any case. */
static const struct tw_yaml *get(const struct tw_yaml *map, const char *key)
{
	for (size_t i = 0; tw_yaml_is(map, TW_YAML_MAPPING) && i < map->pairs.n;
		i++) {
		const char *its = tw_yaml_text(map->pairs.v[i].key);

		if (its && !strcasecmp(its, key))
			return map->pairs.v[i].value;
	}
	return NULL;
}

struct proxy {
	const struct tw_yaml *node;
	struct tw_chaos_pods *service;
};

static struct tw_chaos_fault *toxic_fault(struct chaos_reader *reader,
	const struct proxy *proxy, const char *kind, const struct tw_yaml *node)
{
	struct tw_chaos_fault *fault = chaos_fault(reader, kind, node);
	struct tw_chaos_pods *pods =
		tw_new(reader->arena, struct tw_chaos_pods);

	*pods = *proxy->service;
	/* What its replicas do themselves, not what happens on the way. */
	if (!strcmp(kind, "slow-close"))
		pods->as = "service";
	fault->sides[fault->n_sides++] = pods;
	return fault;
}

/* A number of an attribute; 0 where it is not given. */
static double number(struct chaos_reader *reader,
	const struct tw_yaml *attributes, const char *name)
{
	const struct tw_yaml *node = get(attributes, name);
	double value = 0;

	if (node && (!tw_yaml_real(node, &value) || !(value >= 0) ||
			    value > 1e12)) {
		tw_diag(reader->diags, TW_ERROR, node->pos, "'%s' is a number",
			name);
		value = 0;
	}
	return value;
}

static void time_arg(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const char *name, double milliseconds)
{
	chaos_arg(reader, fault, name,
		tw_arena_printf(reader->arena, "%lldus",
			(long long)(milliseconds * 1e3)),
		NULL);
}

static void rate_arg(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	double bytes_per_second)
{
	chaos_arg(reader, fault, "rate",
		tw_arena_printf(reader->arena, "%lldB/s",
			(long long)(bytes_per_second >= 1 ? bytes_per_second
							  : 1)),
		NULL);
}

struct toxic {
	const struct tw_yaml *node, *type, *attributes;
	bool upstream;
};

static void direction(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	chaos_arg(reader, fault, "direction",
		toxic->upstream ? "there" : "back", toxic->type);
}

static void phase(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	chaos_arg(reader, fault, "phase",
		toxic->upstream ? "request" : "answer", toxic->type);
}

static void latency(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	time_arg(reader, fault, "add",
		number(reader, toxic->attributes, "latency"));
	time_arg(reader, fault, "jitter",
		number(reader, toxic->attributes, "jitter"));
	direction(reader, toxic, fault);
}

static void bandwidth(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	double rate = number(reader, toxic->attributes, "rate");

	/* Kilobytes a second; none is no limit. */
	rate_arg(reader, fault, rate > 0 ? 1000 * rate : 1e12);
	direction(reader, toxic, fault);
}

static void slow_close(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	time_arg(reader, fault, "delay",
		number(reader, toxic->attributes, "delay"));
}

static void timeout(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	double close = number(reader, toxic->attributes, "timeout");

	if (close > 0)
		time_arg(reader, fault, "close", close);
	phase(reader, toxic, fault);
}

static void reset_peer(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	time_arg(reader, fault, "wait",
		number(reader, toxic->attributes, "timeout"));
	phase(reader, toxic, fault);
}

/* A message is cut into slices of the average size with a delay after each:
 * so many bytes in so much time. */
static void slicer(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	double size = number(reader, toxic->attributes, "average_size");
	double delay = number(reader, toxic->attributes, "delay");

	rate_arg(reader, fault,
		size > 0 && delay > 0 ? size / delay * 1e6 : 1e12);
	direction(reader, toxic, fault);
}

static void limit_data(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	double bytes = number(reader, toxic->attributes, "bytes");

	chaos_arg(reader, fault, "every-bytes",
		tw_arena_printf(reader->arena, "%lld",
			(long long)(bytes >= 1 ? bytes : 1)),
		NULL);
	phase(reader, toxic, fault);
}

static const struct {
	const char *type, *kind;
	void (*read)(struct chaos_reader *reader, const struct toxic *toxic,
		struct tw_chaos_fault *fault);
} toxics[] = {
	{"latency", "latency", latency},
	{"bandwidth", "bandwidth", bandwidth},
	{"slow_close", "slow-close", slow_close},
	{"timeout", "black-hole", timeout},
	{"reset_peer", "reset", reset_peer},
	{"slicer", "bandwidth", slicer},
	{"limit_data", "reset", limit_data},
};

#define N_TOXICS (sizeof toxics / sizeof *toxics)

static void toxicity(struct chaos_reader *reader, const struct toxic *toxic,
	struct tw_chaos_fault *fault)
{
	const struct tw_yaml *node = get(toxic->node, "toxicity");

	if (!tw_yaml_text(node))
		return;
	chaos_arg(reader, fault, "probability", tw_yaml_text(node), node);
	if (strcmp(fault->kind, "slow-close") != 0)
		chaos_arg(reader, fault, "unit", "connection", node);
}

static void read_toxic(struct chaos_reader *reader, const struct proxy *proxy,
	const struct tw_yaml *node)
{
	struct toxic toxic = {
		node, get(node, "type"), get(node, "attributes"), false};
	const char *type = tw_yaml_text(toxic.type), *names[N_TOXICS];
	const char *stream = tw_yaml_text(get(node, "stream"));

	if (stream && strcmp(stream, "upstream") &&
		strcmp(stream, "downstream"))
		tw_diag(reader->diags, TW_ERROR, get(node, "stream")->pos,
			"'stream' is upstream or downstream");
	toxic.upstream = stream && !strcmp(stream, "upstream");
	if (type && !strcmp(type, "noop"))
		return;
	for (size_t i = 0; i < N_TOXICS; i++) {
		struct tw_chaos_fault *fault;

		names[i] = toxics[i].type;
		if (!type || strcmp(type, toxics[i].type) != 0)
			continue;
		fault = toxic_fault(reader, proxy, toxics[i].kind, toxic.type);
		toxics[i].read(reader, &toxic, fault);
		toxicity(reader, &toxic, fault);
		return;
	}
	if (!type)
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"a toxic needs a 'type'");
	else
		tw_diag_nearest(reader->diags,
			tw_diag(reader->diags, TW_ERROR, toxic.type->pos,
				"unknown toxic '%s'", type),
			type, names, N_TOXICS);
}

/* "cart.shop.svc:8080" -> "shop/cart"; "cart:8080" -> "cart". An address that
 * is no name says nothing. */
static const char *service_of(struct chaos_reader *reader, const char *upstream)
{
	size_t n = strcspn(upstream, ":"), dot = strcspn(upstream, ".:");
	const char *rest = upstream + dot + 1;

	if (!n || (upstream[0] >= '0' && upstream[0] <= '9') ||
		!strncmp(upstream, "localhost", n))
		return NULL;
	if (dot == n)
		return tw_arena_strndup(reader->arena, upstream, n);
	return tw_arena_printf(reader->arena, "%.*s/%.*s",
		(int)strcspn(rest, ".:"), rest, (int)dot, upstream);
}

static void read_proxy(struct chaos_reader *reader, const struct tw_yaml *node)
{
	const struct tw_yaml *list = get(node, "toxics");
	const char *name = tw_yaml_text(get(node, "name"));
	const struct tw_yaml *upstream = get(node, "upstream");
	const char *service =
		tw_yaml_text(upstream)
			? service_of(reader, tw_yaml_text(upstream))
			: NULL;
	struct proxy proxy = {
		node, tw_new(reader->arena, struct tw_chaos_pods)};
	bool enabled = true;

	if (!service)
		service = name;
	if (!service) {
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"a proxy needs a 'name' and an 'upstream'");
		return;
	}
	proxy.service->as = "to";
	proxy.service->pos = upstream ? upstream->pos : node->pos;
	tw_vec_push_in(reader->arena, &proxy.service->names, service);
	tw_yaml_bool(get(node, "enabled"), &enabled);
	if (!enabled)
		toxic_fault(reader, &proxy, "refuse", get(node, "enabled"));
	for (size_t i = 0; i < tw_yaml_count(list); i++)
		read_toxic(reader, &proxy, tw_yaml_item(list, i));
}

void chaos_toxiproxy(struct chaos_reader *reader, const struct tw_yaml *doc)
{
	for (size_t i = 0; i < tw_yaml_count(doc); i++)
		if (tw_yaml_is(tw_yaml_item(doc, i), TW_YAML_MAPPING))
			read_proxy(reader, tw_yaml_item(doc, i));
		else
			tw_diag(reader->diags, TW_ERROR,
				tw_yaml_item(doc, i)->pos,
				"expected a proxy: {\"name\": ..., "
				"\"upstream\": ..., \"toxics\": [...]}");
}
