/*
 * Which endpoints kube-proxy uses.
 */
#include "tests/conformance/conformance.h"
#include "twins/world/endpoints.h"

#include <stdlib.h>

static const char *text_of(const struct tw_yaml *node)
{
	const char *text = node ? tw_yaml_text(node) : NULL;

	return text ? text : "";
}

/* Names as numbers. */
static uint32_t number_of(struct tw_map *names, const char *name)
{
	uintptr_t known = (uintptr_t)tw_map_get(names, name);

	if (!known) {
		known = names->n + 1;
		tw_map_put(names, name, (void *)known);
	}
	return (uint32_t)(known - 1);
}

static const uint32_t *hints_of(struct conformance *c, struct tw_map *names,
	struct tw_yaml *list, uint32_t *n)
{
	uint32_t *hints;

	*n = (uint32_t)tw_yaml_count(list);
	hints = tw_new_array(&c->arena, *n + 1, uint32_t);
	for (uint32_t i = 0; i < *n; i++)
		hints[i] = number_of(names, text_of(tw_yaml_item(list, i)));
	return hints;
}

static struct tw_kube_endpoint endpoint_of(
	struct conformance *c, struct tw_map *names, struct tw_yaml *it)
{
	struct tw_kube_endpoint to = {
		.ready = conformance_get_bool(it, "ready", false),
		.serving = conformance_get_bool(it, "serving", false),
		.terminating = conformance_get_bool(it, "terminating", false),
		.local = conformance_get_bool(it, "local", false)};

	to.zone_hints = hints_of(
		c, names, tw_yaml_get(it, "zone_hints"), &to.n_zone_hints);
	to.node_hints = hints_of(
		c, names, tw_yaml_get(it, "node_hints"), &to.n_node_hints);
	return to;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Addresses of those in either list, sorted. */
static void compare(struct conformance *c, const char *what,
	struct tw_yaml *endpoints, const bool *a, const bool *b)
{
	struct tw_yaml *want = tw_yaml_get(c->want, what);
	const char *got[64];
	size_t n = 0;

	for (size_t i = 0; i < tw_yaml_count(endpoints) && n < 64; i++)
		if (a[i] || b[i])
			got[n++] = text_of(tw_yaml_get(
				tw_yaml_item(endpoints, i), "address"));
	qsort(got, n, sizeof *got, by_text);
	if (n != tw_yaml_count(want))
		conformance_differs(
			c, "%s: %zu, not %zu", what, n, tw_yaml_count(want));
	for (size_t i = 0; i < n && i < tw_yaml_count(want); i++)
		conformance_text(c, what, tw_yaml_item(want, i), got[i]);
}

static void choose(struct conformance *c)
{
	struct tw_yaml *service = tw_yaml_get(c->in, "service");
	struct tw_yaml *node = tw_yaml_get(c->in, "node");
	struct tw_yaml *list = tw_yaml_get(c->in, "endpoints");
	uint32_t n = (uint32_t)tw_yaml_count(list);
	const struct tw_kube_service asked = {
		.internal_local =
			conformance_get_bool(service, "internal_local", false),
		.external_local =
			conformance_get_bool(service, "external_local", false),
		.external = conformance_get_bool(service, "external", false)};
	struct tw_kube_endpoint *endpoints =
		tw_new_array(&c->arena, n + 1, struct tw_kube_endpoint);
	struct tw_kube_choice choice = {
		.cluster = tw_new_array(&c->arena, n + 1, bool),
		.local = tw_new_array(&c->arena, n + 1, bool)};
	const char *zone = conformance_get_text(node, "zone", "");
	struct tw_map names;

	tw_map_init(&names, &c->arena);
	for (uint32_t i = 0; i < n; i++)
		endpoints[i] = endpoint_of(c, &names, tw_yaml_item(list, i));
	tw_kube_choose(&asked,
		number_of(&names, conformance_get_text(node, "name", "")),
		*zone ? number_of(&names, zone) : TW_NONE, endpoints, n,
		&choice);
	compare(c, "cluster", list, choice.cluster, choice.cluster);
	compare(c, "local", list, choice.local, choice.local);
	compare(c, "all", list, choice.cluster, choice.local);
	conformance_bool(c, "any", tw_yaml_get(c->want, "any"), choice.any);
}

const struct conformance_adapter conformance_endpoints[] = {
	{"service-endpoints", NULL, choose},
	{NULL, NULL, NULL},
};
