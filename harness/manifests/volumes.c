/*
 * Volumes: StorageClass, PersistentVolume, PersistentVolumeClaim, and what pods
 * and StatefulSets claim.
 */
#include "harness/manifests/reader.h"

/* ---- what they share ------------------------------------------------- */

#define OLD_CLASS "volume.beta.kubernetes.io/storage-class"

/* core/v1 PersistentVolumeAccessMode. */
static void read_modes(
	struct tw_manifest_reader *r, struct tw_yaml *list, struct tw_int *to)
{
	static const char *const names[] = {"ReadWriteOnce", "ReadOnlyMany",
		"ReadWriteMany", "ReadWriteOncePod"};
	int64_t modes = 0;

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		const char *text = tw_yaml_text(it);
		size_t k = 0;

		while (k < 4 && (!text || strcmp(text, names[k])))
			k++;
		if (k == 4)
			tw_manifest_error(r, it,
				"an access mode is ReadWriteOnce, "
				"ReadOnlyMany, "
				"ReadWriteMany or ReadWriteOncePod, not '%s'",
				text ? text : "");
		else
			modes |= INT64_C(1) << k;
	}
	if (modes)
		tw_set_int(to, modes, tw_manifest_origin(r, list, NULL));
	tw_yaml_use_all(list);
}

static void read_class(struct tw_manifest_reader *r, struct tw_yaml *meta,
	struct tw_yaml *spec, struct tw_text *to)
{
	struct tw_yaml *it = tw_yaml_get(spec, "storageClassName");

	if (!it)
		it = tw_yaml_path(meta, "annotations", OLD_CLASS, NULL);
	if (it)
		tw_manifest_text(r, tw_yaml_use(it), to);
}

static void read_size(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_int *to)
{
	if (node)
		tw_manifest_quantity(r, tw_yaml_use(node), false, to);
}

/* ---- objects --------------------------------------------------------- */

static struct tw_node_term read_topology(
	struct tw_manifest_reader *r, struct tw_yaml *node)
{
	struct tw_yaml *list = tw_yaml_get(node, "matchLabelExpressions");
	struct tw_node_term term = {0};

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *values = tw_yaml_get(it, "values");
		struct tw_node_requirement is = {
			.key = tw_manifest_keep_text(r, tw_yaml_get(it, "key")),
			.op = TW_NODE_IN};

		for (size_t k = 0; k < tw_yaml_count(values); k++)
			tw_vec_push_in(&r->spec->arena, &is.values,
				tw_manifest_keep_text(
					r, tw_yaml_item(values, k)));
		tw_vec_push_in(&r->spec->arena, &term.labels, is);
	}
	return term;
}

void tw_read_storage_class(struct tw_manifest_reader *r)
{
	struct tw_yaml *doc = r->object->doc;
	struct tw_yaml *only = tw_yaml_get(doc, "allowedTopologies");
	struct tw_yaml *binding = tw_yaml_get(doc, "volumeBindingMode");
	struct tw_yaml *usual = tw_yaml_path(doc, "metadata", "annotations",
		"storageclass.kubernetes.io/is-default-class", NULL);
	struct tw_spec_class *to =
		tw_new(&r->spec->arena, struct tw_spec_class);

	to->name = tw_manifest_keep(r, r->object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	tw_manifest_text(r, tw_yaml_use(tw_yaml_get(doc, "provisioner")),
		&to->provisioner);
	if (binding &&
		tw_manifest_text(r, tw_yaml_use(binding), &to->binding) &&
		strcmp(to->binding.v, "Immediate") &&
		strcmp(to->binding.v, "WaitForFirstConsumer"))
		tw_manifest_error(r, binding,
			"volumeBindingMode is Immediate or "
			"WaitForFirstConsumer, not '%s'",
			to->binding.v);
	for (size_t i = 0; i < tw_yaml_count(only); i++)
		tw_vec_push_in(&r->spec->arena, &to->only,
			read_topology(r, tw_yaml_item(only, i)));
	tw_yaml_use_all(only);
	if (usual && tw_yaml_text(usual) &&
		!strcmp(tw_yaml_text(usual), "true"))
		tw_set_int(
			&to->is_default, 1, tw_manifest_origin(r, usual, NULL));
	tw_yaml_use(usual);
	tw_vec_push_in(&r->spec->arena, &r->spec->classes, to);
}

static void read_claim_ref(
	struct tw_manifest_reader *r, struct tw_yaml *ref, struct tw_text *to)
{
	const char *name = tw_yaml_text(tw_yaml_get(ref, "name"));
	const char *namespace = tw_yaml_text(tw_yaml_get(ref, "namespace"));

	if (name)
		tw_set_text(to,
			tw_arena_printf(&r->spec->arena, "%s/%s",
				namespace ? namespace : "default", name),
			tw_manifest_origin(r, ref, NULL));
	tw_yaml_use_all(ref);
}

void tw_read_persistent_volume(struct tw_manifest_reader *r)
{
	struct tw_yaml *doc = r->object->doc;
	struct tw_yaml *meta = tw_yaml_get(doc, "metadata");
	struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	struct tw_yaml *affinity = tw_yaml_get(spec, "nodeAffinity");
	struct tw_yaml *terms =
		tw_yaml_path(affinity, "required", "nodeSelectorTerms", NULL);
	struct tw_spec_volume *to =
		tw_new(&r->spec->arena, struct tw_spec_volume);

	to->name = tw_manifest_keep(r, r->object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	read_class(r, meta, spec, &to->class);
	read_size(r, tw_yaml_path(spec, "capacity", "storage", NULL),
		&to->capacity);
	read_modes(r, tw_yaml_get(spec, "accessModes"), &to->modes);
	read_claim_ref(r, tw_yaml_get(spec, "claimRef"), &to->claim);
	tw_manifest_labels(r, tw_yaml_get(meta, "labels"), &to->labels);
	tw_yaml_use_all(tw_yaml_get(meta, "labels"));
	to->affinity.is_required = terms != NULL;
	for (size_t i = 0; i < tw_yaml_count(terms); i++)
		tw_vec_push_in(&r->spec->arena, &to->affinity.required,
			tw_manifest_node_term(r, tw_yaml_item(terms, i)));
	tw_yaml_use_all(affinity);
	to->local = tw_yaml_get(spec, "local") ||
		    tw_yaml_get(spec, "hostPath") || tw_yaml_get(spec, "nfs");
	tw_vec_push_in(&r->spec->arena, &r->spec->volumes, to);
}

static struct tw_spec_claim *read_claim(
	struct tw_manifest_reader *r, struct tw_yaml *doc, const char *name)
{
	struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	struct tw_yaml *volume = tw_yaml_get(spec, "volumeName");
	struct tw_spec_claim *to =
		tw_new(&r->spec->arena, struct tw_spec_claim);

	to->name = name;
	to->origin = tw_manifest_origin(r, doc, NULL);
	read_class(r, tw_yaml_get(doc, "metadata"), spec, &to->class);
	read_size(r,
		tw_yaml_path(spec, "resources", "requests", "storage", NULL),
		&to->size);
	read_modes(r, tw_yaml_get(spec, "accessModes"), &to->modes);
	if (volume)
		tw_manifest_text(r, tw_yaml_use(volume), &to->volume);
	return to;
}

static const char *full_name(struct tw_manifest_reader *r, const char *name)
{
	return tw_arena_printf(
		&r->spec->arena, "%s/%s", r->object->namespace, name);
}

void tw_read_claim(struct tw_manifest_reader *r)
{
	struct tw_spec_claim *to =
		read_claim(r, r->object->doc, full_name(r, r->object->name));

	tw_vec_push_in(&r->spec->arena, &r->spec->claims, to);
}

/* ---- of pods --------------------------------------------------------- */

static void read_local(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_spec_workload *workload)
{
	tw_set_int(
		&workload->local_storage, 1, tw_manifest_origin(r, it, NULL));
	if (r->m->managed)
		tw_yaml_use(it);
}

static void read_ephemeral(struct tw_manifest_reader *r, struct tw_yaml *volume,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *template =
		tw_yaml_path(volume, "ephemeral", "volumeClaimTemplate", NULL);
	struct tw_yaml *name = tw_yaml_get(volume, "name");

	if (!template)
		return;
	if (!tw_yaml_text(name))
		tw_manifest_error(r, volume, "this volume has no 'name'");
	else
		tw_vec_push_in(&r->spec->arena, &workload->ephemeral,
			read_claim(
				r, template, tw_manifest_keep_text(r, name)));
}

void tw_read_pod_volumes(struct tw_manifest_reader *r, struct tw_yaml *pod,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *list = tw_yaml_get(pod, "volumes");

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *local = tw_yaml_get(it, "emptyDir");
		struct tw_yaml *claim = tw_yaml_path(
			it, "persistentVolumeClaim", "claimName", NULL);
		struct tw_text name = {0};

		if (local)
			read_local(r, local, workload);
		read_ephemeral(r, it, workload);
		if (!claim || !tw_manifest_text(r, tw_yaml_use(claim), &name))
			continue;
		name.v = full_name(r, name.v);
		tw_vec_push_in(&r->spec->arena, &workload->claims, name);
	}
}

/* StatefulSet. */
void tw_read_claim_templates(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *list = tw_yaml_get(spec, "volumeClaimTemplates");

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *name =
			tw_yaml_path(it, "metadata", "name", NULL);

		if (!name || !tw_yaml_text(name)) {
			tw_manifest_error(r, it,
				"this claim template has no 'metadata.name'");
			continue;
		}
		tw_vec_push_in(&r->spec->arena, &workload->claim_templates,
			read_claim(r, it, tw_manifest_keep_text(r, name)));
	}
}
