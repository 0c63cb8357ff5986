#include "harness/commands/gate/gate.h"

static void add_difference(struct tw_gate *gate, const char *path,
	const char *before, const char *after, bool modelled,
	const struct tw_object *object)
{
	struct tw_arena *arena = &gate->arena;
	struct tw_difference difference = {
		.path = tw_arena_strdup(arena, path),
		.before = before ? tw_arena_strdup(arena, before) : NULL,
		.after = after ? tw_arena_strdup(arena, after) : NULL,
		.modelled = modelled,
	};

	tw_vec_push(&gate->differences, difference);
	tw_vec_push(&gate->objects, object);
}

/* ---- manifests --------------------------------------------------------- */

/* Whose pod template differs is rolled out. */
static void note_template(struct tw_arena *arena,
	const struct tw_manifest_change *change, struct tw_gate_names *to)
{
	static const char *const kinds[] = {
		"Deployment", "StatefulSet", "DaemonSet"};
	bool is_rolled = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		is_rolled |= !strcmp(change->object->kind, kinds[i]);
	if (is_rolled && !strncmp(change->path, "spec.template", 13))
		tw_vec_push_in(arena, to,
			tw_arena_printf(arena, "%s/%s",
				change->object->namespace,
				change->object->name));
}

void tw_gate_rolled(const struct tw_manifests *baseline,
	const struct tw_manifests *candidate, struct tw_arena *arena,
	struct tw_gate_names *to)
{
	struct tw_manifest_changes changes = {0};

	tw_manifests_diff(baseline, candidate, arena, &changes);
	for (size_t i = 0; i < changes.list.n; i++)
		note_template(arena, &changes.list.v[i], to);
}

static void list_manifests(struct tw_gate *gate)
{
	struct tw_manifest_changes changes = {0};
	struct tw_buf path = {0};

	tw_manifests_diff(gate->baseline.manifests, gate->candidate.manifests,
		&gate->arena, &changes);
	for (size_t i = 0; i < changes.list.n; i++) {
		const struct tw_manifest_change *change = &changes.list.v[i];

		note_template(&gate->arena, change, &gate->rolled);
		tw_buf_clear(&path);
		tw_buf_printf(&path, "%s%s%s", change->object->id,
			change->path[0] ? " " : "", change->path);
		add_difference(gate, tw_buf_text(&path), change->before,
			change->after, change->modelled, change->object);
	}
	tw_buf_release(&path);
}

/* ---- models ------------------------------------------------------------ */

struct fields {
	struct tw_arena *arena;
	struct tw_map texts; /* path -> text of the value */
};

/* What manifests say is told by list_manifests(); assumed values come out of
 * what is told already. */
static void note_field(void *context, const struct tw_spec_field *field)
{
	struct fields *fields = context;
	enum tw_source source = tw_spec_field_origin(field)->source;
	struct tw_buf text = {0};

	if (source == TW_FROM_MANIFEST)
		return;
	tw_spec_field_text(field, &text);
	tw_map_put(&fields->texts, field->path,
		tw_arena_strdup(fields->arena, tw_buf_text(&text)));
	tw_buf_release(&text);
}

static void note_fields(
	struct fields *fields, struct tw_gate *gate, struct tw_spec *spec)
{
	fields->arena = &gate->arena;
	tw_map_init(&fields->texts, &gate->arena);
	tw_spec_walk(spec, note_field, fields);
}

static void list_models(struct tw_gate *gate)
{
	struct fields before, after;

	note_fields(&before, gate, gate->baseline.spec);
	note_fields(&after, gate, gate->candidate.spec);
	for (size_t i = 0; i < after.texts.n; i++) {
		const struct tw_map_entry *now = &after.texts.v[i];
		const char *then = tw_map_get(&before.texts, now->key);

		if (!then || strcmp(then, now->value))
			add_difference(
				gate, now->key, then, now->value, true, NULL);
	}
	for (size_t i = 0; i < before.texts.n; i++)
		if (!tw_map_get(&after.texts, before.texts.v[i].key))
			add_difference(gate, before.texts.v[i].key,
				before.texts.v[i].value, NULL, true, NULL);
}

void tw_gate_list_differences(struct tw_gate *gate)
{
	if (gate->has_baseline) {
		list_manifests(gate);
		list_models(gate);
	}
	gate->report.differences = gate->differences.v;
	gate->report.n_differences = gate->differences.n;
	gate->report.is_same = gate->has_baseline && !gate->differences.n &&
			       !gate->setup.config.candidate.process.n;
}

/* ---- what was assumed, and where the rest comes from ------------------- */

struct provenance {
	struct tw_gate *gate;
	TW_VEC(struct tw_report_assumed) assumed;
	struct tw_report_origin counts[TW_FROM_OVERRIDE + 1];
};

static void note_origin(void *context, const struct tw_spec_field *field)
{
	struct provenance *to = context;
	const struct tw_origin *origin = tw_spec_field_origin(field);
	struct tw_arena *arena = &to->gate->arena;
	struct tw_buf text = {0};

	to->counts[origin->source].name = tw_source_name(origin->source);
	to->counts[origin->source].count++;
	if (origin->source != TW_FROM_ASSUMED)
		return;
	tw_spec_field_text(field, &text);
	tw_vec_push_in(arena, &to->assumed,
		((struct tw_report_assumed){tw_arena_strdup(arena, field->path),
			tw_arena_strdup(arena, tw_buf_text(&text)),
			origin->detail}));
	tw_buf_release(&text);
}

/* Traffic that nobody recorded is a guess like another. */
static void note_traffic(struct provenance *to)
{
	struct tw_gate *gate = to->gate;

	if (gate->policy->traffic.capture.n)
		return;
	tw_vec_push_in(&gate->arena, &to->assumed,
		((struct tw_report_assumed){"traffic",
			"a Poisson process over the entry's endpoints",
			"there is no capture"}));
}

void tw_gate_list_assumed(struct tw_gate *gate)
{
	struct provenance found = {.gate = gate};
	struct tw_report_origin *origins = tw_new_array(
		&gate->arena, TW_FROM_OVERRIDE + 1, struct tw_report_origin);
	size_t n = 0;

	note_traffic(&found);
	tw_spec_walk(gate->candidate.spec, note_origin, &found);
	for (size_t i = 0; i <= TW_FROM_OVERRIDE; i++)
		if (found.counts[i].count)
			origins[n++] = found.counts[i];
	gate->report.assumed = found.assumed.v;
	gate->report.n_assumed = found.assumed.n;
	gate->report.origins = origins;
	gate->report.n_origins = n;
}
