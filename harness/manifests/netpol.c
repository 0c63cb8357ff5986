/*
 * Namespaces, label selectors and NetworkPolicies. What the API server refuses
 * (pkg/apis/networking/validation, ValidateNetworkPolicySpec) is an error.
 */
#include "harness/manifests/reader.h"

#include <arpa/inet.h>
#include <stdlib.h>

void tw_read_namespace(struct tw_manifest_reader *r)
{
	struct tw_labels *labels = tw_new(&r->spec->arena, struct tw_labels);

	struct tw_yaml *map =
		tw_yaml_path(r->object->doc, "metadata", "labels", NULL);

	tw_manifest_labels(r, map, labels);
	tw_yaml_use_all(map);
	tw_map_put(&r->spec->namespaces, r->object->name, labels);
}

void tw_manifest_protocol(struct tw_manifest_reader *r,
	const struct tw_yaml *node, enum tw_protocol *to)
{
	const char *text = tw_yaml_text(node);

	*to = TW_TCP;
	if (tw_yaml_is_null(node))
		return;
	for (enum tw_protocol p = TW_TCP; p <= TW_SCTP; p++) {
		if (text && !strcmp(text, tw_protocol_name(p))) {
			*to = p;
			return;
		}
	}
	tw_manifest_error(r, node, "expected TCP, UDP or SCTP");
}

/* ---- selectors ------------------------------------------------------ */

static void add_requirement(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_label_selector *to)
{
	static const struct {
		const char *name;
		enum tw_label_op op;
	} ops[] = {{"In", TW_LABEL_IN}, {"NotIn", TW_LABEL_NOT_IN},
		{"Exists", TW_LABEL_EXISTS},
		{"DoesNotExist", TW_LABEL_DOES_NOT_EXIST}};
	struct tw_yaml *op = tw_yaml_get(it, "operator");
	struct tw_yaml *values = tw_yaml_get(it, "values");
	const char *key = tw_yaml_text(tw_yaml_get(it, "key"));
	const char *name = tw_yaml_text(op);
	struct tw_label_requirement requirement = {
		.key = tw_manifest_keep(r, key ? key : "")};
	size_t i = 0;

	while (i < 4 && (!name || strcmp(name, ops[i].name) != 0))
		i++;
	if (!key || i == 4) {
		tw_manifest_error(r, op ? op : it,
			"a requirement needs a 'key' and an 'operator': In, "
			"NotIn, Exists or DoesNotExist");
		return;
	}
	requirement.op = ops[i].op;
	if ((requirement.op <= TW_LABEL_NOT_IN) != (tw_yaml_count(values) > 0))
		tw_manifest_error(r, values ? values : it, "%s takes %s", name,
			requirement.op <= TW_LABEL_NOT_IN
				? "'values', one at least"
				: "no 'values'");
	for (size_t k = 0; k < tw_yaml_count(values); k++) {
		const char *value = tw_yaml_text(tw_yaml_item(values, k));

		tw_vec_push_in(&r->spec->arena, &requirement.values,
			tw_manifest_keep(r, value ? value : ""));
	}
	tw_vec_push_in(&r->spec->arena, to, requirement);
}

void tw_manifest_selector(struct tw_manifest_reader *r,
	const struct tw_yaml *node, struct tw_label_selector *to)
{
	struct tw_yaml *match = tw_yaml_get(node, "matchLabels");
	struct tw_yaml *list = tw_yaml_get(node, "matchExpressions");

	for (size_t i = 0;
		tw_yaml_is(match, TW_YAML_MAPPING) && i < match->pairs.n; i++) {
		const char *key = tw_yaml_text(match->pairs.v[i].key);
		const char *value = tw_yaml_text(match->pairs.v[i].value);
		struct tw_label_requirement is = {
			.key = tw_manifest_keep(r, key ? key : "")};

		tw_vec_push_in(&r->spec->arena, &is.values,
			tw_manifest_keep(r, value ? value : ""));
		tw_vec_push_in(&r->spec->arena, to, is);
	}
	for (size_t i = 0; i < tw_yaml_count(list); i++)
		add_requirement(r, tw_yaml_item(list, i), to);
}

/* ---- addresses ------------------------------------------------------ */

static bool read_ip(const char *text, struct tw_ip *to)
{
	if (inet_pton(AF_INET, text, to->bytes) == 1)
		to->size = 4;
	else if (inet_pton(AF_INET6, text, to->bytes) == 1)
		to->size = 16;
	else
		return false;
	return true;
}

static bool read_cidr(struct tw_manifest_reader *r, const struct tw_yaml *node,
	struct tw_cidr *to)
{
	const char *text = tw_yaml_text(node);
	const char *slash = text ? strchr(text, '/') : NULL;
	char ip[64] = "", *end = ip;
	long prefix = -1;

	if (slash && (size_t)(slash - text) < sizeof ip) {
		memcpy(ip, text, (size_t)(slash - text));
		prefix = strtol(slash + 1, &end, 10);
	}
	if (prefix < 0 || *end || end == slash + 1 || !read_ip(ip, &to->ip) ||
		prefix > to->ip.size * 8) {
		tw_manifest_error(r, node,
			"expected an address block such as 10.0.0.0/8");
		return false;
	}
	to->prefix = (uint8_t)prefix;
	return true;
}

/* ---- rules ---------------------------------------------------------- */

static void read_peer(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_netpol_rule *rule)
{
	struct tw_yaml *block = tw_yaml_get(it, "ipBlock");
	struct tw_yaml *namespaces = tw_yaml_get(it, "namespaceSelector");
	struct tw_yaml *pods = tw_yaml_get(it, "podSelector");
	struct tw_yaml *except = tw_yaml_get(block, "except");
	struct tw_netpol_peer peer = {.is_block = block,
		.has_namespaces = namespaces,
		.has_pods = pods,
		.origin = tw_manifest_origin(r, it, NULL)};
	struct tw_cidr one;

	if (!block && !namespaces && !pods) {
		tw_manifest_error(r, it,
			"a peer needs a podSelector, a namespaceSelector or "
			"an ipBlock");
		return;
	}
	if (block && (namespaces || pods))
		tw_manifest_error(
			r, block, "an ipBlock stands alone, without selectors");
	if (block && !read_cidr(r, tw_yaml_get(block, "cidr"), &peer.block))
		return;
	for (size_t i = 0; i < tw_yaml_count(except); i++) {
		if (!read_cidr(r, tw_yaml_item(except, i), &one))
			continue;
		if (one.prefix <= peer.block.prefix ||
			!tw_cidr_holds(&peer.block, &one.ip))
			tw_manifest_error(r, tw_yaml_item(except, i),
				"what `except` takes out lies within `cidr`");
		tw_vec_push_in(&r->spec->arena, &peer.except, one);
	}
	tw_manifest_selector(r, namespaces, &peer.namespaces);
	tw_manifest_selector(r, pods, &peer.pods);
	tw_vec_push_in(&r->spec->arena, &rule->peers, peer);
}

static void read_port(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_netpol_rule *rule)
{
	struct tw_yaml *port = tw_yaml_get(it, "port");
	struct tw_yaml *end = tw_yaml_get(it, "endPort");
	struct tw_netpol_port to = {
		.origin = tw_manifest_origin(r, port ? port : it, NULL)};
	struct tw_int first = {0}, last = {0};
	int64_t number;

	tw_manifest_protocol(r, tw_yaml_get(it, "protocol"), &to.protocol);
	if (tw_yaml_int(port, &number))
		tw_manifest_int(r, port, 1, 65535, &first);
	else
		to.name = tw_manifest_keep(r, tw_yaml_text(port));
	to.first = to.last = (int)first.v;
	if (tw_manifest_int(r, end, 1, 65535, &last)) {
		if (!first.origin || last.v < first.v)
			tw_manifest_error(r, end,
				"'endPort' needs a numbered 'port' that is "
				"not above it");
		to.last = (int)last.v;
	}
	tw_vec_push_in(&r->spec->arena, &rule->ports, to);
}

static struct tw_netpol_rule read_rule(
	struct tw_manifest_reader *r, struct tw_yaml *it, const char *peers_key)
{
	struct tw_yaml *peers = tw_yaml_get(it, peers_key);
	struct tw_yaml *ports = tw_yaml_get(it, "ports");
	struct tw_netpol_rule rule = {0};

	for (size_t i = 0; i < tw_yaml_count(peers); i++)
		read_peer(r, tw_yaml_item(peers, i), &rule);
	for (size_t i = 0; i < tw_yaml_count(ports); i++)
		read_port(r, tw_yaml_item(ports, i), &rule);
	return rule;
}

/* Without policyTypes: Ingress, and Egress where there are rules for it. */
static void read_types(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_netpol *to)
{
	struct tw_yaml *types = tw_yaml_get(spec, "policyTypes");

	to->ingress = !tw_yaml_count(types);
	to->egress = !tw_yaml_count(types) &&
		     tw_yaml_count(tw_yaml_get(spec, "egress"));
	for (size_t i = 0; i < tw_yaml_count(types); i++) {
		const char *type = tw_yaml_text(tw_yaml_item(types, i));

		if (type && !strcmp(type, "Ingress"))
			to->ingress = true;
		else if (type && !strcmp(type, "Egress"))
			to->egress = true;
		else
			tw_manifest_error(r, tw_yaml_item(types, i),
				"expected Ingress or Egress");
	}
}

void tw_read_network_policy(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *in = tw_yaml_get(spec, "ingress");
	struct tw_yaml *out = tw_yaml_get(spec, "egress");
	struct tw_netpol *to = tw_new(&r->spec->arena, struct tw_netpol);

	to->namespace = tw_manifest_keep(r, r->object->namespace);
	to->name = tw_manifest_keep(r, r->object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	tw_manifest_selector(r, tw_yaml_get(spec, "podSelector"), &to->pods);
	read_types(r, spec, to);
	for (size_t i = 0; i < tw_yaml_count(in); i++)
		tw_vec_push_in(&r->spec->arena, &to->in,
			read_rule(r, tw_yaml_item(in, i), "from"));
	for (size_t i = 0; i < tw_yaml_count(out); i++)
		tw_vec_push_in(&r->spec->arena, &to->out,
			read_rule(r, tw_yaml_item(out, i), "to"));
	tw_yaml_use_all(spec);
	tw_vec_push_in(&r->spec->arena, &r->spec->netpols, to);
}
