#include "tests/conformance/system.h"

/* ---- text ----------------------------------------------------------- */

static void write_text(const char *text, struct tw_buf *to)
{
	tw_buf_add_char(to, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			tw_buf_printf(to, "\\%c", c);
		else if (c < 0x20)
			tw_buf_printf(to, "\\u%04x", c);
		else
			tw_buf_add_char(to, (char)c);
	}
	tw_buf_add_char(to, '"');
}

/* JSON is YAML: what was read is written as it was. */
void system_write(const struct tw_yaml *node, struct tw_buf *to)
{
	if (node->kind == TW_YAML_SCALAR && node->style == TW_YAML_PLAIN) {
		tw_buf_add_text(to, node->value);
	} else if (node->kind == TW_YAML_SCALAR) {
		write_text(node->value, to);
	} else if (node->kind == TW_YAML_SEQUENCE) {
		tw_buf_add_char(to, '[');
		for (size_t i = 0; i < node->items.n; i++) {
			system_write(node->items.v[i], to);
			tw_buf_add_char(to, ',');
		}
		tw_buf_add_char(to, ']');
	} else {
		tw_buf_add_char(to, '{');
		for (size_t i = 0; i < node->pairs.n; i++) {
			system_write(node->pairs.v[i].key, to);
			tw_buf_add_text(to, ": ");
			system_write(node->pairs.v[i].value, to);
			tw_buf_add_char(to, ',');
		}
		tw_buf_add_char(to, '}');
	}
}

void system_add(struct system *s, const struct tw_yaml *object)
{
	for (size_t i = 0;
		tw_yaml_is(object, TW_YAML_SEQUENCE) && i < object->items.n;
		i++)
		system_add(s, object->items.v[i]);
	if (!tw_yaml_is(object, TW_YAML_MAPPING))
		return;
	tw_buf_add_text(&s->text, "---\n");
	system_write(object, &s->text);
	tw_buf_add_char(&s->text, '\n');
}

/* ---- the system ----------------------------------------------------- */

void system_init(struct system *s, struct conformance *c)
{
	*s = (struct system){.c = c,
		.files = tw_files_memory_new(),
		.manifests = tw_manifests_new(),
		.spec = tw_spec_new()};
	tw_diags_init(&s->diags);
}

void system_read(struct system *s, const char *model)
{
	const struct tw_manifest_pattern all = {.text = "a.yaml"};

	tw_files_memory_add(
		s->files, "a.yaml", tw_buf_text(&s->text), s->text.n);
	tw_manifests_read(s->manifests, s->files, &all, 1, s->spec, &s->diags);
	tw_config_parse_model(
		s->spec, "m.yaml", model, strlen(model), &s->diags);
	tw_manifests_link(s->manifests, s->spec, &s->diags);
	tw_spec_manage(s->spec);
}

struct tw_model *system_compile(struct system *s)
{
	struct tw_model *model = tw_twin_model(s->spec, &s->diags);
	const char *why = "";

	for (size_t i = 0; i < s->diags.list.n; i++)
		if (s->diags.list.v[i]->severity == TW_ERROR)
			why = s->diags.list.v[i]->message;
	if (!model || *why)
		conformance_differs(s->c, "the system cannot be read: %s", why);
	return model;
}

void system_release(struct system *s)
{
	tw_spec_free(s->spec);
	tw_manifests_free(s->manifests);
	tw_files_free(s->files);
	tw_diags_release(&s->diags);
	tw_buf_release(&s->text);
}

/* ---- what it says --------------------------------------------------- */

bool system_makes_pods(const struct tw_yaml *object)
{
	static const char *const kinds[] = {"Pod", "Deployment", "StatefulSet",
		"DaemonSet", "ReplicaSet", "Job", "ReplicationController"};
	const char *kind = conformance_get_text(object, "kind", "");

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

struct tw_yaml *system_annotations(const struct tw_yaml *object)
{
	const char *kind = tw_yaml_text(tw_yaml_get(object, "kind"));
	struct tw_yaml *template =
		tw_yaml_path(object, "spec", "template", NULL);

	if (kind && !strcmp(kind, "CronJob"))
		template = tw_yaml_path(object, "spec", "jobTemplate", "spec",
			"template", NULL);
	return tw_yaml_path(
		template ? template : object, "metadata", "annotations", NULL);
}

double system_seconds(const struct tw_yaml *annotations, const char *annotation,
	double otherwise)
{
	const char *text = tw_yaml_text(tw_yaml_get(annotations, annotation));
	double v;

	return text && tw_parse_real(tw_str_of(text), &v) ? v : otherwise;
}

const char *system_owner(struct conformance *c, const char *owner)
{
	const char *slash = strchr(owner, '/');
	const char *name = slash ? slash + 1 : owner;
	const char *dash = strrchr(name, '-');

	if (strncmp(owner, "ReplicaSet/", 11) || !dash)
		return name;
	return tw_arena_strndup(&c->arena, name, (size_t)(dash - name));
}

uint32_t system_revision(const struct tw_model *model, const char *name)
{
	for (uint32_t r = 0; r < model->n_revisions; r++) {
		const char *slash = strchr(model->revisions[r].name, '/');

		if (slash && !strcmp(slash + 1, name))
			return r;
	}
	return TW_NONE;
}

void system_stand(
	struct tw_model *model, uint32_t revision, uint32_t k, const char *node)
{
	const struct tw_revision *it = &model->revisions[revision];

	for (uint32_t n = 0;
		k < it->initial && !it->own_nodes && n < model->n_nodes; n++)
		if (!strcmp(model->nodes[n].name, node))
			model->node_of[it->first_replica + k] = n;
}

bool system_no_arrivals(void *context, struct tw_arrival *arrival)
{
	(void)context;
	(void)arrival;
	return false;
}
