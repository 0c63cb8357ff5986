#include "harness/chaos/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct tw_chaos_fault *chaos_fault(struct chaos_reader *reader,
	const char *kind, const struct tw_yaml *node)
{
	struct tw_chaos_fault *fault =
		tw_new(reader->arena, struct tw_chaos_fault);

	fault->kind = kind;
	fault->pos = node->pos;
	fault->at = reader->at;
	fault->lasts = reader->lasts;
	fault->every = reader->every;
	tw_vec_push_in(reader->arena, reader->to, fault);
	return fault;
}

void chaos_arg(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const char *name, const char *value, const struct tw_yaml *node)
{
	struct tw_pos pos = node ? node->pos : fault->pos;

	tw_vec_push_in(reader->arena, &fault->args,
		((struct tw_fault_arg){.name = name,
			.value = tw_arena_strdup(reader->arena, value),
			.name_pos = pos,
			.value_pos = pos}));
}

bool chaos_duration(
	struct chaos_reader *reader, const struct tw_yaml *node, tw_time *value)
{
	const char *text = tw_yaml_text(node);

	if (text && tw_parse_duration(tw_str_of(text), value) && *value > 0 &&
		*value <= 366 * 24 * TW_H)
		return true;
	tw_diag(reader->diags, TW_ERROR, node->pos,
		"expected a duration such as 30s");
	return false;
}

void chaos_lasts(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const struct tw_yaml *node)
{
	tw_time lasts;

	if (!node || tw_yaml_is_null(node) ||
		!chaos_duration(reader, node, &lasts))
		return;
	if (!fault->lasts || lasts < fault->lasts)
		fault->lasts = lasts;
}

void chaos_ignored(struct chaos_reader *reader, const struct tw_yaml *node,
	const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tw_diag(reader->diags, TW_WARNING, node->pos, "%s", text)->rule =
		"not-simulated";
	reader->left_out++;
}

const char *chaos_percent(
	struct chaos_reader *reader, const struct tw_yaml *node)
{
	const char *text = tw_yaml_text(node);
	double value;

	if (!text)
		return "";
	return tw_parse_real(tw_str_of(text), &value)
		       ? tw_arena_printf(reader->arena, "%s%%", text)
		       : text;
}

static bool is_mesh(const struct tw_yaml *doc)
{
	const char *version = tw_yaml_text(tw_yaml_get(doc, "apiVersion"));

	return version && !strncmp(version, "chaos-mesh.org/", 15);
}

static void read_object(struct chaos_reader *reader, const struct tw_yaml *doc)
{
	const struct tw_yaml *kind = tw_yaml_get(doc, "kind");
	const struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	const char *name = tw_yaml_text(kind);
	const char *namespace =
		tw_yaml_text(tw_yaml_path(doc, "metadata", "namespace", NULL));

	reader->namespace = namespace ? namespace : "default";
	if (!name || !tw_yaml_is(spec, TW_YAML_MAPPING))
		tw_diag(reader->diags, TW_ERROR, doc->pos,
			"an object of Chaos Mesh needs a kind and a spec");
	else if (!strcmp(name, "Schedule"))
		chaos_schedule(reader, spec);
	else if (!strcmp(name, "Workflow"))
		chaos_workflow(reader, spec);
	else
		chaos_experiment(reader, name, spec, kind);
}

static void read_doc(struct chaos_reader *reader, const struct tw_yaml *doc)
{
	if (is_mesh(doc))
		read_object(reader, doc);
	else if (tw_yaml_is(doc, TW_YAML_SEQUENCE) ||
		 (tw_yaml_is(doc, TW_YAML_MAPPING) && doc->flow))
		chaos_toxiproxy(reader, doc);
	else
		tw_diag_hint(reader->diags,
			tw_diag(reader->diags, TW_ERROR, doc->pos,
				"neither an object of Chaos Mesh nor "
				"Toxiproxy's proxies"),
			"expected apiVersion: chaos-mesh.org/v1alpha1, or "
			"JSON such as [{\"name\": ..., \"upstream\": ...}]");
}

int tw_chaos_parse(struct tw_arena *arena, const char *file, const char *text,
	size_t n, struct tw_diags *diags, struct tw_chaos_faults *to)
{
	struct chaos_reader reader = {.arena = arena,
		.diags = diags,
		.to = to,
		.namespace = "default"};
	struct tw_yaml_docs docs = {0};
	struct tw_pos pos = {.file = tw_arena_strdup(arena, file)};
	size_t errors = diags->errors, before = to->n;

	tw_yaml_parse(arena, file, text, n, NULL, diags, &docs);
	for (size_t i = 0; i < docs.n; i++)
		read_doc(&reader, docs.v[i]);
	if (to->n == before && diags->errors == errors)
		tw_diag(diags, TW_ERROR, docs.n ? docs.v[0]->pos : pos,
			"nothing in this file can be simulated");
	return diags->errors == errors ? 0 : -1;
}
