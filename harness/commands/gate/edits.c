#include "harness/commands/gate/edits.h"

#include "twins/twin.h"

#include <stdio.h>

#define SHOWN 48 /* bytes of a value in a sentence */

enum { BASELINE = TW_FLOW_BASELINE, CANDIDATE = TW_FLOW_CANDIDATE };

/* ---- words ------------------------------------------------------------- */

static void add_value(struct tw_buf *out, const struct tw_yaml *node)
{
	if (node->kind == TW_YAML_SCALAR) {
		tw_buf_add(out, node->value, node->n);
		return;
	}
	tw_buf_add_char(out, node->kind == TW_YAML_SEQUENCE ? '[' : '{');
	for (size_t i = 0; i < node->items.n; i++) {
		tw_buf_add_text(out, i ? ", " : "");
		add_value(out, node->items.v[i]);
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		tw_buf_add_text(out, i ? ", " : "");
		add_value(out, node->pairs.v[i].key);
		tw_buf_add_text(out, ": ");
		add_value(out, node->pairs.v[i].value);
	}
	tw_buf_add_char(out, node->kind == TW_YAML_SEQUENCE ? ']' : '}');
}

/* On one line; NULL: there is none. Values of Secrets are not shown. */
static const char *value_text(struct tw_arena *arena, const struct tw_yaml *of,
	const struct tw_object *object)
{
	struct tw_buf text = {0};
	const char *kept;

	if (!of)
		return NULL;
	if (object && !strcmp(object->kind, "Secret"))
		return "(secret)";
	add_value(&text, of);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			text.p[i] = ' ';
	kept = text.n > SHOWN
		       ? tw_arena_printf(arena, "%.*s...", SHOWN - 3, text.p)
		       : tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

/* The last key of a path: what a person would look for. */
static const char *key_of(const char *path)
{
	const char *key = path;
	bool quoted = false;

	for (const char *at = path; *at; at++) {
		if (*at == '\'')
			quoted = !quoted;
		if (*at == '.' && !quoted)
			key = at + 1;
	}
	return key;
}

static void describe(struct tw_arena *arena, struct tw_gate_edit *edit,
	const struct tw_yaml *a, const struct tw_yaml *b)
{
	const struct tw_object *object = edit->b ? edit->b : edit->a;
	const char *name = object ? object->id : edit->file;
	struct tw_undo *undo = &edit->undo;
	const char *key = key_of(edit->path);

	undo->path = tw_arena_printf(
		arena, "%s%s%s", name, *edit->path ? " " : "", edit->path);
	undo->pos = b ? b->pos : a ? a->pos : (struct tw_pos){0};
	undo->is_baselines = !b;
	if (!*edit->path) {
		undo->text = tw_arena_printf(
			arena, b ? "without %s" : "%s put back", name);
		return;
	}
	undo->before = value_text(arena, a, object);
	undo->after = value_text(arena, b, object);
	if (!a)
		undo->text = tw_arena_printf(
			arena, "without `%s: %s`", key, undo->after);
	else
		undo->text = tw_arena_printf(arena, "`%s: %s` %s", key,
			undo->before, b ? "restored" : "put back");
}

/* ---- finding them ------------------------------------------------------ */

struct finder {
	struct tw_gate *gate;
	struct tw_gate_edits *to;
	struct tw_gate_edit like; /* what it is a place of */
};

static void add_edit(struct finder *f, const char *path,
	const struct tw_yaml *a, const struct tw_yaml *b)
{
	struct tw_gate_edit edit = f->like;

	edit.path = tw_arena_strdup(&f->gate->arena, path);
	describe(&f->gate->arena, &edit, a, b);
	tw_vec_push_in(&f->gate->arena, &f->to->list, edit);
}

static bool note_field(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	struct finder *f = to;

	if (tw_manifests_is_used(a) || tw_manifests_is_used(b))
		add_edit(f, path, a, b);
	return false;
}

static bool note_model(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	add_edit(to, path, a, b);
	return false;
}

static void find_in_object(struct finder *f, const struct tw_object *a,
	const struct tw_object *b, struct tw_arena *scratch)
{
	const struct tw_object *any = b ? b : a;

	if (!tw_gate_is_reached(f->gate, any->id))
		return;
	f->like = (struct tw_gate_edit){.a = a, .b = b};
	if (a && b)
		tw_yaml_mix(scratch, a->doc, b->doc, note_field, f);
	else if (any->modelled || tw_manifests_is_used(any->doc))
		add_edit(f, "", a ? a->doc : NULL, b ? b->doc : NULL);
}

static void find_in_manifests(struct finder *f, struct tw_arena *scratch)
{
	const struct tw_manifests *a = f->gate->baseline.manifests;
	const struct tw_manifests *b = f->gate->candidate.manifests;

	for (size_t i = 0; i < b->objects.n; i++)
		find_in_object(f, tw_map_get(&a->by_id, b->objects.v[i]->id),
			b->objects.v[i], scratch);
	for (size_t i = 0; i < a->objects.n; i++)
		if (!tw_map_get(&b->by_id, a->objects.v[i]->id))
			find_in_object(f, a->objects.v[i], NULL, scratch);
}

/* ---- models ------------------------------------------------------------ */

static const struct tw_texts *patterns_of(
	const struct tw_config *config, const struct tw_config_side *side)
{
	return side->models.n ? &side->models : &config->topology.models;
}

static const struct tw_texts *side_patterns(
	const struct tw_gate *gate, int side)
{
	const struct tw_config *own = &gate->setup.config;

	return side == CANDIDATE
		       ? patterns_of(own, &own->candidate)
		       : patterns_of(gate->baseline_config, &own->baseline);
}

static struct tw_gate_model_file *file_of(
	struct tw_gate *gate, struct tw_gate_edits *edits, const char *path)
{
	for (size_t i = 0; i < edits->files.n; i++)
		if (!strcmp(edits->files.v[i].path, path))
			return &edits->files.v[i];
	tw_vec_push_in(&gate->arena, &edits->files,
		((struct tw_gate_model_file){
			.path = tw_arena_strdup(&gate->arena, path)}));
	return &edits->files.v[edits->files.n - 1];
}

static void read_model(struct tw_gate *gate, struct tw_gate_edits *edits,
	struct tw_files *files, const char *path, int side)
{
	struct tw_gate_model_file *file = file_of(gate, edits, path);
	struct tw_diags diags;
	struct tw_buf text = {0};
	struct tw_error error;

	if (file->there[side])
		return;
	tw_diags_init(&diags); /* it was read before: nothing is new */
	file->there[side] = !tw_files_read(files, path, &text, &error);
	if (file->there[side])
		tw_yaml_parse(&gate->arena, file->path, tw_buf_text(&text),
			text.n, NULL, &diags, &file->docs[side]);
	tw_buf_release(&text);
	tw_diags_release(&diags);
}

static void read_models(struct tw_gate *gate, struct tw_gate_edits *edits,
	struct tw_system *system, int side)
{
	const struct tw_texts *patterns = side_patterns(gate, side);

	for (size_t i = 0; i < patterns->n; i++) {
		struct tw_file_list found = {0};
		struct tw_error error;

		tw_files_glob(system->files, patterns->v[i].v, &found, &error);
		for (size_t k = 0; k < found.list.n; k++)
			if (found.list.v[k].kind != TW_FILE_DIRECTORY)
				read_model(gate, edits, system->files,
					found.list.v[k].name, side);
		tw_file_list_release(&found);
	}
}

static const struct tw_yaml *doc_of(
	const struct tw_gate_model_file *file, int side, size_t i)
{
	return i < file->docs[side].n ? file->docs[side].v[i] : NULL;
}

static void find_in_models(struct finder *f, struct tw_arena *scratch)
{
	for (size_t i = 0; i < f->to->files.n; i++) {
		const struct tw_gate_model_file *file = &f->to->files.v[i];
		size_t n = file->docs[BASELINE].n > file->docs[CANDIDATE].n
				   ? file->docs[BASELINE].n
				   : file->docs[CANDIDATE].n;

		for (size_t k = 0; k < n; k++) {
			f->like = (struct tw_gate_edit){
				.file = file->path, .doc = k};
			tw_yaml_mix(scratch, doc_of(file, BASELINE, k),
				doc_of(file, CANDIDATE, k), note_model, f);
		}
	}
}

void tw_gate_edits_find(struct tw_gate *gate, struct tw_gate_edits *edits)
{
	struct finder f = {.gate = gate, .to = edits};
	struct tw_arena scratch;

	tw_arena_init(&scratch);
	find_in_manifests(&f, &scratch);
	read_models(gate, edits, &gate->candidate, CANDIDATE);
	read_models(gate, edits, &gate->baseline, BASELINE);
	find_in_models(&f, &scratch);
	tw_arena_release(&scratch);
}

/* ---- a system with some of them undone --------------------------------- */

struct maker {
	const struct tw_gate_edits *edits;
	const bool *undone;
	struct tw_gate_edit like;
};

static bool is_place(const struct maker *m, const struct tw_gate_edit *edit,
	const char *path)
{
	return edit->a == m->like.a && edit->b == m->like.b &&
	       edit->file == m->like.file && edit->doc == m->like.doc &&
	       !strcmp(edit->path, path);
}

static bool is_undone(const struct maker *m, const char *path)
{
	for (size_t i = 0; i < m->edits->list.n; i++)
		if (m->undone[i] && is_place(m, &m->edits->list.v[i], path))
			return true;
	return false;
}

static bool take(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	(void)a;
	(void)b;
	return is_undone(to, path);
}

static void put_object(struct maker *m, struct tw_system *to,
	const struct tw_object *a, const struct tw_object *b)
{
	struct tw_arena *arena = &to->manifests->arena;
	struct tw_yaml *doc = NULL;

	m->like = (struct tw_gate_edit){.a = a, .b = b};
	if (a && b)
		doc = tw_yaml_mix(arena, a->doc, b->doc, take, m);
	else if (b ? !is_undone(m, "") : is_undone(m, ""))
		doc = tw_yaml_copy(arena, b ? b->doc : a->doc);
	if (doc)
		tw_manifests_put(to->manifests, b ? b : a, doc, &to->diags);
}

static void put_manifests(
	struct maker *m, const struct tw_gate *gate, struct tw_system *to)
{
	const struct tw_manifests *a = gate->baseline.manifests;
	const struct tw_manifests *b = gate->candidate.manifests;

	to->manifests->rollouts = b->rollouts;
	for (size_t i = 0; i < b->objects.n; i++)
		put_object(m, to, tw_map_get(&a->by_id, b->objects.v[i]->id),
			b->objects.v[i]);
	for (size_t i = 0; i < a->objects.n; i++)
		if (!tw_map_get(&b->by_id, a->objects.v[i]->id))
			put_object(m, to, a->objects.v[i], NULL);
}

static void put_model(struct maker *m, const struct tw_gate_model_file *file,
	struct tw_arena *arena, struct tw_files *to)
{
	struct tw_buf text = {0};
	size_t n = file->docs[BASELINE].n > file->docs[CANDIDATE].n
			   ? file->docs[BASELINE].n
			   : file->docs[CANDIDATE].n;

	for (size_t k = 0; k < n; k++) {
		struct tw_yaml *doc;

		m->like = (struct tw_gate_edit){.file = file->path, .doc = k};
		doc = tw_yaml_mix(arena, doc_of(file, BASELINE, k),
			doc_of(file, CANDIDATE, k), take, m);
		if (!doc)
			continue;
		tw_buf_add_text(&text, "---\n");
		tw_yaml_emit(doc, &text);
	}
	if (text.n)
		tw_files_memory_add(to, file->path, text.p, text.n);
	tw_buf_release(&text);
}

static void put_models(
	struct maker *m, const struct tw_gate *gate, struct tw_system *to)
{
	struct tw_files *files = tw_files_memory_new();
	struct tw_arena scratch;

	tw_arena_init(&scratch);
	for (size_t i = 0; i < m->edits->files.n; i++)
		put_model(m, &m->edits->files.v[i], &scratch, files);
	tw_config_read_models(
		side_patterns(gate, CANDIDATE), files, to->spec, &to->diags);
	tw_arena_release(&scratch);
	tw_files_free(files);
}

int tw_gate_edits_load(struct tw_gate *gate, const struct tw_gate_edits *edits,
	const bool *undone, struct tw_system *to)
{
	struct maker m = {.edits = edits, .undone = undone};
	struct tw_manifest_doubts doubts = {0};

	tw_system_init(to);
	put_manifests(&m, gate, to);
	tw_manifests_spec(to->manifests, to->spec, &to->diags);
	put_models(&m, gate, to);
	if (tw_system_compile(to, &gate->setup.config))
		return -1;
	return tw_system_beside(to, &gate->baseline, &gate->arena, &doubts);
}
