/*
 * Custom resources (struct tw_manifest_custom): black boxes that operators make
 * pods and Services of.
 */
#ifndef TW_MANIFESTS_CUSTOM_H
#define TW_MANIFESTS_CUSTOM_H

#include "harness/manifests/edges.h"
#include "harness/manifests/link.h"

/* One that no reader knows; other objects are no matter. */
void tw_custom_add(struct tw_manifests *m, const struct tw_object *object);
/* Which objects say that they are owned; once all are read. */
void tw_custom_owners(struct tw_manifests *m);
/* Whose operator makes the Service of that key, which no manifest has: the
 * resource in its namespace whose name is its, or begins it (the longest).
 * NULL: nobody's. */
struct tw_manifest_custom *tw_custom_owner(
	struct tw_manifests *m, const char *key);
/* An address leads to it. */
void tw_custom_reach(struct tw_manifests *m, struct tw_manifest_custom *it,
	const struct tw_manifest_address *address, const char *key);
/* Calls to what a model describes get an edge; the others a note. */
void tw_custom_link(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags);
void tw_customs_release(struct tw_manifests *m);

#endif
