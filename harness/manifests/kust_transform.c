/*
 * The transformers that kustomize has built in.
 */
#include "harness/manifests/kustomize.h"

static const char *kind_of(const struct tw_kust_resource *it)
{
	const char *kind = tw_yaml_text(tw_yaml_get(it->doc, "kind"));

	return kind ? kind : "";
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

#define ONE_OF(word, list)                                                     \
	is_one_of((word), (list), sizeof(list) / sizeof *(list))

static struct tw_yaml *text_at(
	struct tw_kust *k, const char *text, struct tw_pos pos)
{
	struct tw_yaml *node = tw_yaml_new_text(&k->m->arena, text);

	node->pos = pos;
	return node;
}

/* The mapping below a key, made where it is not there. */
static struct tw_yaml *mapping_at(
	struct tw_kust *k, struct tw_yaml *map, const char *key)
{
	struct tw_yaml *node = tw_yaml_get(map, key);

	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		node = tw_yaml_new(&k->m->arena, TW_YAML_MAPPING);
		node->pos = map->pos;
		tw_yaml_put(&k->m->arena, map, key, node);
	}
	return node;
}

/* Kinds without a namespace. */
static const char *const cluster_kinds[] = {"Namespace", "Node",
	"PersistentVolume", "ClusterRole", "ClusterRoleBinding",
	"CustomResourceDefinition", "StorageClass", "PriorityClass",
	"IngressClass", "GatewayClass", "APIService",
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
	"PodSecurityPolicy"};

static void set_namespace(struct tw_kust *k, const struct tw_yaml *namespace)
{
	if (!tw_yaml_text(namespace))
		return;
	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];

		if (!ONE_OF(kind_of(it), cluster_kinds))
			tw_yaml_put(&k->m->arena,
				mapping_at(k, it->doc, "metadata"), "namespace",
				text_at(k, tw_yaml_text(namespace),
					namespace->pos));
	}
}

/* Keys under which an object names another, and what it is. */
static const struct {
	const char *key, *field, *kind; /* kind NULL: it says so itself */
} references[] = {
	{"configMapKeyRef", "name", "ConfigMap"},
	{"configMapRef", "name", "ConfigMap"},
	{"configMap", "name", "ConfigMap"},
	{"secretKeyRef", "name", "Secret"},
	{"secretRef", "name", "Secret"},
	{"secret", "secretName", "Secret"},
	{"service", "name", "Service"},
	{"backend", "serviceName", "Service"},
	{"spec", "serviceName", "Service"},
	{"spec", "serviceAccountName", "ServiceAccount"},
	{"scaleTargetRef", "name", NULL},
	{"targetRef", "name", NULL},
	{"persistentVolumeClaim", "claimName", "PersistentVolumeClaim"},
};

/* What a name has become; NULL where it is none of ours. */
static const char *renamed(
	struct tw_kust *k, const char *kind, const char *name)
{
	for (size_t i = 0; i < k->resources.n; i++) {
		const struct tw_kust_resource *it = &k->resources.v[i];

		if (it->before && !strcmp(kind_of(it), kind) &&
			!strcmp(it->before, name))
			return tw_yaml_text(tw_yaml_path(
				it->doc, "metadata", "name", NULL));
	}
	return NULL;
}

static void fix_reference(
	struct tw_kust *k, const char *key, struct tw_yaml *node)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
		struct tw_yaml *field;
		const char *kind, *now;

		if (strcmp(key, references[i].key) != 0)
			continue;
		field = tw_yaml_get(node, references[i].field);
		kind = references[i].kind
			       ? references[i].kind
			       : tw_yaml_text(tw_yaml_get(node, "kind"));
		if (!kind || !tw_yaml_text(field))
			continue;
		now = renamed(k, kind, tw_yaml_text(field));
		if (now)
			tw_yaml_put(&k->m->arena, node, references[i].field,
				text_at(k, now, field->pos));
	}
}

static void fix_references(struct tw_kust *k, struct tw_yaml *node)
{
	for (size_t i = 0; i < node->items.n; i++)
		fix_references(k, node->items.v[i]);
	for (size_t i = 0; i < node->pairs.n; i++) {
		const char *key = tw_yaml_text(node->pairs.v[i].key);
		struct tw_yaml *value = node->pairs.v[i].value;

		fix_references(k, value);
		if (key && tw_yaml_is(value, TW_YAML_MAPPING))
			fix_reference(k, key, value);
	}
}

static void set_names(struct tw_kust *k, const struct tw_yaml *prefix,
	const struct tw_yaml *suffix)
{
	static const char *const fixed[] = {
		"CustomResourceDefinition", "APIService", "Namespace"};
	const char *before = tw_yaml_text(prefix),
		   *after = tw_yaml_text(suffix);

	if (!before && !after)
		return;
	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];
		struct tw_yaml *meta = tw_yaml_get(it->doc, "metadata");
		struct tw_yaml *name = tw_yaml_get(meta, "name");

		it->before = tw_yaml_text(name);
		if (!it->before || ONE_OF(kind_of(it), fixed))
			continue;
		tw_yaml_put(&k->m->arena, meta, "name",
			text_at(k,
				tw_arena_printf(&k->m->arena, "%s%s%s",
					before ? before : "",
					tw_yaml_text(name), after ? after : ""),
				name->pos));
	}
	for (size_t i = 0; i < k->resources.n; i++)
		fix_references(k, k->resources.v[i].doc);
}

static void put_all(struct tw_kust *k, struct tw_yaml *map, const char *key,
	const struct tw_yaml *pairs)
{
	struct tw_yaml *to = mapping_at(k, map, key);

	for (size_t i = 0; i < pairs->pairs.n; i++) {
		const char *name = tw_yaml_text(pairs->pairs.v[i].key);

		if (name)
			tw_yaml_put(&k->m->arena, to, name,
				tw_yaml_copy(
					&k->m->arena, pairs->pairs.v[i].value));
	}
}

static void put_selectors(struct tw_kust *k, struct tw_kust_resource *it,
	const struct tw_yaml *pairs)
{
	static const char *const matching[] = {
		"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"};
	struct tw_yaml *spec = tw_yaml_get(it->doc, "spec");
	const char *kind = kind_of(it);

	if (!tw_yaml_is(spec, TW_YAML_MAPPING))
		return;
	if (!strcmp(kind, "ReplicationController"))
		put_all(k, spec, "selector", pairs);
	else if (!strcmp(kind, "Service") && tw_yaml_get(spec, "selector"))
		put_all(k, spec, "selector", pairs);
	else if (ONE_OF(kind, matching))
		put_all(k, mapping_at(k, spec, "selector"), "matchLabels",
			pairs);
	else if (!strcmp(kind, "NetworkPolicy"))
		put_all(k, mapping_at(k, spec, "podSelector"), "matchLabels",
			pairs);
}

static void put_template(struct tw_kust *k, struct tw_kust_resource *it,
	const char *key, const struct tw_yaml *pairs)
{
	struct tw_yaml *template =
		tw_yaml_path(it->doc, "spec", "template", NULL);

	if (tw_yaml_is(template, TW_YAML_MAPPING) &&
		tw_yaml_path(template, "spec", "containers", NULL))
		put_all(k, mapping_at(k, template, "metadata"), key, pairs);
}

static void set_labels(struct tw_kust *k, const struct tw_yaml *pairs,
	bool selectors, bool templates)
{
	if (!tw_yaml_is(pairs, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];

		put_all(k, mapping_at(k, it->doc, "metadata"), "labels", pairs);
		if (selectors)
			put_selectors(k, it, pairs);
		if (selectors || templates)
			put_template(k, it, "labels", pairs);
	}
}

static void set_label_list(struct tw_kust *k, const struct tw_yaml *list)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);
		bool selectors = false, templates = false;

		tw_yaml_bool(tw_yaml_get(it, "includeSelectors"), &selectors);
		tw_yaml_bool(tw_yaml_get(it, "includeTemplates"), &templates);
		set_labels(k, tw_yaml_get(it, "pairs"), selectors, templates);
	}
}

static void set_annotations(struct tw_kust *k, const struct tw_yaml *pairs)
{
	if (!tw_yaml_is(pairs, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];

		put_all(k, mapping_at(k, it->doc, "metadata"), "annotations",
			pairs);
		put_template(k, it, "annotations", pairs);
	}
}

static void set_replicas(struct tw_kust *k, const struct tw_yaml *list)
{
	static const char *const scaled[] = {"Deployment", "StatefulSet",
		"ReplicaSet", "ReplicationController"};

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *rule = tw_yaml_item(list, i);
		const char *name = tw_yaml_text(tw_yaml_get(rule, "name"));
		struct tw_yaml *count = tw_yaml_get(rule, "count");

		for (size_t j = 0; name && count && j < k->resources.n; j++) {
			struct tw_kust_resource *it = &k->resources.v[j];

			if (!it->name || strcmp(it->name, name) ||
				!ONE_OF(kind_of(it), scaled))
				continue;
			tw_yaml_put(&k->m->arena,
				mapping_at(k, it->doc, "spec"), "replicas",
				tw_yaml_copy(&k->m->arena, count));
		}
	}
}

/* registry:5000/name:tag@digest in its three parts. */
static void split_image(struct tw_str image, struct tw_str *name,
	struct tw_str *tag, struct tw_str *digest)
{
	const char *at = memchr(image.p, '@', image.n);
	const char *end = at ? at : image.p + image.n;
	const char *slash = memrchr(image.p, '/', (size_t)(end - image.p));
	const char *from = slash ? slash : image.p;
	const char *colon = memchr(from, ':', (size_t)(end - from));

	*digest =
		(struct tw_str){at, at ? (size_t)(image.p + image.n - at) : 0};
	*tag = (struct tw_str){colon, colon ? (size_t)(end - colon) : 0};
	*name = (struct tw_str){
		image.p, (size_t)((colon ? colon : end) - image.p)};
}

static void set_image(struct tw_kust *k, struct tw_yaml *container,
	const struct tw_yaml *rule)
{
	struct tw_yaml *image = tw_yaml_get(container, "image");
	const char *wanted = tw_yaml_text(tw_yaml_get(rule, "name"));
	const char *new_name = tw_yaml_text(tw_yaml_get(rule, "newName"));
	const char *new_tag = tw_yaml_text(tw_yaml_get(rule, "newTag"));
	const char *suffix = tw_yaml_text(tw_yaml_get(rule, "tagSuffix"));
	const char *new_digest = tw_yaml_text(tw_yaml_get(rule, "digest"));
	struct tw_str name, tag, digest;
	struct tw_buf out = {0};

	if (!wanted || !tw_yaml_text(image))
		return;
	split_image(tw_yaml_str(image), &name, &tag, &digest);
	if (!tw_str_equal(name, wanted))
		return;
	tw_buf_printf(&out, "%.*s", new_name ? 0 : (int)name.n, name.p);
	tw_buf_add_text(&out, new_name ? new_name : "");
	if (new_digest)
		tw_buf_printf(&out, "@%s", new_digest);
	else if (new_tag)
		tw_buf_printf(&out, ":%s", new_tag);
	else {
		tw_buf_add(&out, tag.n ? tag.p : "", tag.n);
		tw_buf_add_text(&out, suffix ? suffix : "");
		tw_buf_add(&out, digest.n ? digest.p : "", digest.n);
	}
	tw_yaml_put(&k->m->arena, container, "image",
		text_at(k, tw_arena_strdup(&k->m->arena, tw_buf_text(&out)),
			rule->pos));
	tw_buf_release(&out);
}

/* Containers wherever they are: pods, templates, CronJobs. */
static void set_images(
	struct tw_kust *k, struct tw_yaml *node, const struct tw_yaml *rule)
{
	for (size_t i = 0; i < node->items.n; i++)
		set_images(k, node->items.v[i], rule);
	for (size_t i = 0; i < node->pairs.n; i++) {
		const char *key = tw_yaml_text(node->pairs.v[i].key);
		struct tw_yaml *value = node->pairs.v[i].value;
		bool containers =
			key && (!strcmp(key, "containers") ||
				       !strcmp(key, "initContainers"));

		for (size_t j = 0; containers && j < tw_yaml_count(value); j++)
			set_image(k, tw_yaml_item(value, j), rule);
		set_images(k, value, rule);
	}
}

int tw_kust_transform(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization)
{
	const struct tw_yaml *images = tw_yaml_get(kustomization, "images");
	int status = tw_kust_merge_patches(k, dir, kustomization);

	set_namespace(k, tw_yaml_get(kustomization, "namespace"));
	set_names(k, tw_yaml_get(kustomization, "namePrefix"),
		tw_yaml_get(kustomization, "nameSuffix"));
	set_labels(k, tw_yaml_get(kustomization, "commonLabels"), true, true);
	set_label_list(k, tw_yaml_get(kustomization, "labels"));
	set_annotations(k, tw_yaml_get(kustomization, "commonAnnotations"));
	status |= tw_kust_json_patches(k, dir, kustomization);
	set_replicas(k, tw_yaml_get(kustomization, "replicas"));
	for (size_t i = 0; i < tw_yaml_count(images); i++)
		for (size_t j = 0; j < k->resources.n; j++)
			set_images(k, k->resources.v[j].doc,
				tw_yaml_item(images, i));
	return status;
}
