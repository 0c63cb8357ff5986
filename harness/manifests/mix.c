/* Objects of a system that stands between two sides. */
#include "harness/manifests/reader.h"

void tw_manifests_put(struct tw_manifests *m, const struct tw_object *like,
	struct tw_yaml *doc, struct tw_diags *diags)
{
	tw_objects_put(m, like->group, like->version, like->kind,
		like->namespace, like->name, doc, diags);
}

bool tw_manifests_is_used(const struct tw_yaml *node)
{
	if (!node)
		return false;
	if (node->used)
		return true;
	for (size_t i = 0; i < node->items.n; i++)
		if (tw_manifests_is_used(node->items.v[i]))
			return true;
	for (size_t i = 0; i < node->pairs.n; i++)
		if (tw_manifests_is_used(node->pairs.v[i].value))
			return true;
	return false;
}
