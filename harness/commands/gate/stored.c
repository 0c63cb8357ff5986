/*
 * A stored gate as the baseline. Its files are read like a commit's, so that
 * differences, checks and routes are what they would be; its trials are taken
 * as they are stored, and nothing is run in their place: where one does not
 * belong to this gate, the gate is refused and says why.
 */
#include "harness/commands/gate/gate.h"

#include "harness/baseline/observed.h"
#include "twins/twin.h"

#include <stdio.h>

#define NAMED 3	 /* fields that a refusal names */
#define SHOWN 20 /* characters of a value */

int tw_gate_open_stored(struct tw_gate *gate, const char *name,
	const struct tw_pos *pos, struct tw_files **files)
{
	struct tw_gate_store *store = &gate->store;
	struct tw_git_commit commit = {0};
	struct tw_error error;
	const char *lacks;

	if (!tw_gate_archive(gate, &error) ||
		tw_record_open(&store->stored, store->archive, name, &error)) {
		tw_diag(&gate->setup.diags, TW_ERROR, *pos, "baseline: %s",
			error.message);
		return TW_EXIT_RUN;
	}
	store->has_stored = true;
	lacks = tw_record_value(&store->stored, "lacks.candidate");
	if (*lacks) {
		tw_diag(&gate->setup.diags, TW_ERROR, *pos,
			"baseline: the files of '%s' are not stored, as %s; "
			"give its commit instead: --baseline %.12s",
			name, lacks,
			tw_record_value(&store->stored, "candidate.commit"));
		return TW_EXIT_RUN;
	}
	snprintf(commit.id, sizeof commit.id, "%s", store->stored.commit.text);
	*files = tw_git_files_new(tw_archive_git(store->archive), &commit,
		"sides/candidate", &error);
	if (!*files) {
		tw_diag(&gate->setup.diags, TW_ERROR, *pos,
			"baseline: '%s': %s", name, error.message);
		return TW_EXIT_RUN;
	}
	gate->report.baseline.name = tw_arena_printf(
		&gate->arena, "stored %s", tw_record_name(&store->stored));
	lacks = tw_record_value(&store->stored, "candidate.commit");
	if (*lacks)
		gate->report.baseline.revision =
			tw_arena_strdup(&gate->arena, lacks);
	return 0;
}

int tw_gate_place_stored(struct tw_gate *gate)
{
	struct tw_record *record = &gate->store.stored;
	struct tw_map nodes;
	struct tw_error error;
	const char *text;
	char *at, *v[2];

	if (!gate->store.has_stored)
		return 0;
	text = tw_record_text(record, "places", &error);
	if (!text) {
		tw_diag_error(&gate->setup.diags, &error);
		return TW_EXIT_RUN;
	}
	tw_map_init(&nodes, &record->arena);
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 2));)
		if (n == 2)
			tw_map_put(&nodes, v[0], v[1]);
	tw_twin_place_as(gate->baseline.model, &nodes);
	return 0;
}

/* ---- before a trial ---------------------------------------------------- */

static int refuse(struct tw_gate *gate, const char *why, const char *hint)
{
	struct tw_diag *diag = tw_diag(&gate->setup.diags, TW_ERROR,
		gate->setup.config.baseline.stored.origin
			? gate->setup.config.baseline.stored.origin->pos
			: (struct tw_pos){0},
		"the stored baseline '%s' cannot be compared with: %s",
		tw_record_name(&gate->store.stored), why);

	tw_diag_hint(&gate->setup.diags, diag, "%s", hint);
	return TW_EXIT_RUN;
}

#define AGAIN                                                                  \
	"gate what the baseline was made of again and accept that "            \
	"(`twinrig baseline accept`), or compare with its commit"

/* A value of the identity that must be the same now. */
static int same(struct tw_gate *gate, const char *name, const char *now,
	const char *what)
{
	const char *then = tw_record_value(&gate->store.stored, name);
	struct tw_buf why = {0};
	int status = 0;

	if (strcmp(then, now) != 0) {
		/* Of a digest its start is as good. */
		tw_buf_printf(&why, "%s: %.*s then, %.*s now", what, SHOWN,
			*then ? then : "none", SHOWN, now);
		status = refuse(gate, why.p, AGAIN);
	}
	tw_buf_release(&why);
	return status;
}

static int runs_suffice(struct tw_gate *gate)
{
	const char *then = tw_record_value(&gate->store.stored, "runs");
	struct tw_buf why = {0};
	int64_t n;
	int status = 0;

	if (!tw_parse_int(tw_str_of(then), &n) || n < (int64_t)gate->runs) {
		tw_buf_printf(&why, "it has %s runs, and %zu are asked for",
			*then ? then : "no", gate->runs);
		status = refuse(gate, why.p,
			"ask for fewer (--runs), or accept a gate with more");
	} else if (n < (int64_t)gate->looks.most) {
		/* What it ran for sure. */
		gate->looks.most = (size_t)n;
	}
	tw_buf_release(&why);
	return status;
}

/* ---- the models -------------------------------------------------------- */

struct behaviour {
	struct tw_arena *arena;
	struct tw_map texts;
};

/* What is not the manifests' to say and was not assumed: how services behave.
 */
static void note_behaviour(void *context, const struct tw_spec_field *field)
{
	struct behaviour *to = context;
	enum tw_source source = tw_spec_field_origin(field)->source;
	struct tw_buf text = {0};

	if (source == TW_FROM_MANIFEST || source == TW_FROM_ASSUMED)
		return;
	tw_spec_field_text(field, &text);
	tw_map_put(&to->texts, field->path,
		tw_arena_strdup(to->arena, tw_buf_text(&text)));
	tw_buf_release(&text);
}

static struct behaviour behaviour_of(
	struct tw_gate *gate, struct tw_system *system)
{
	struct behaviour it = {.arena = &gate->arena};

	tw_map_init(&it.texts, &gate->arena);
	tw_spec_walk(system->spec, note_behaviour, &it);
	return it;
}

/*
 * A stored baseline stands for a version that is deployed. Where a service of
 * both is modelled otherwise by now (learned anew, say), the difference would
 * be the model's and not the deployment's.
 */
static int same_behaviour(struct tw_gate *gate)
{
	struct behaviour then = behaviour_of(gate, &gate->baseline);
	struct behaviour now = behaviour_of(gate, &gate->candidate);
	struct tw_buf why = {0};
	size_t n = 0;
	int status = 0;

	for (size_t i = 0; i < then.texts.n; i++) {
		const struct tw_map_entry *was = &then.texts.v[i];
		const char *is = tw_map_get(&now.texts, was->key);

		if (!is || !strcmp(is, was->value))
			continue;
		if (n++ < NAMED)
			tw_buf_printf(&why, "%s%s %s then, %s now",
				n > 1 ? "; " : "", was->key,
				(const char *)was->value, is);
	}
	if (n > NAMED)
		tw_buf_printf(&why, "; and %zu more", n - NAMED);
	if (n) {
		struct tw_buf whole = {0};

		tw_buf_printf(&whole, "the twin models differ: %s", why.p);
		status = refuse(gate, whole.p, AGAIN);
		tw_buf_release(&whole);
	}
	tw_buf_release(&why);
	return status;
}

int tw_gate_stored_fits(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;
	char format[TW_OBSERVED_FORMAT], seed[24];
	int status;

	if (!store->has_stored)
		return 0;
	if (*tw_record_value(&store->stored, "live"))
		return refuse(gate,
			"it was made with a real process, which no trial can "
			"be paired with",
			AGAIN);
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)gate->seed);
	status = same(gate, "twinrig", TW_VERSION, "twinrig's version");
	if (!status)
		status = same(gate, "semantics", tw_semantics,
			"the build of twinrig (its sources)");
	if (!status)
		status = same(gate, "format", tw_observed_format(format),
			"the format of observations");
	if (!status)
		status = same(gate, "seed", seed, "the seed");
	if (!status)
		status = runs_suffice(gate);
	if (!status)
		status = same_behaviour(gate);
	if (!status &&
		strcmp(tw_record_value(&store->stored, "candidate.inputs"),
			store->inputs[TW_FLOW_BASELINE]))
		status = refuse(gate,
			"its files make another system by themselves than "
			"beside what they were gated against (calls that were "
			"cut off there)",
			AGAIN);
	return status;
}

/* ---- a trial that is not there ----------------------------------------- */

static int changed(struct tw_gate *gate, const char *kind, const char *scenario,
	const char *now)
{
	const char *then = tw_record_value(&gate->store.stored,
		tw_arena_printf(
			&gate->arena, "%s.candidate.%s", kind, scenario));

	return *then && strcmp(then, now) != 0;
}

int tw_gate_stored_lacks(struct tw_gate *gate,
	const struct tw_gate_batch *batch, const struct tw_trial *trial,
	const char *key)
{
	const char *name = batch->one->name;
	char now[TW_DIGEST_TEXT];
	struct tw_buf why = {0};
	int status;

	(void)key;
	if (!*tw_record_value(&gate->store.stored,
		    tw_arena_printf(&gate->arena, "faults.candidate.%s", name)))
		tw_buf_printf(&why, "it has no scenario '%s'", name);
	else if (changed(gate, "faults", name,
			 tw_faults_digest(trial->scenario, now)))
		tw_buf_printf(
			&why, "the faults of '%s' are others by now", name);
	else if (changed(gate, "traffic", name,
			 tw_flow_digest(batch->flow, trial->side, trial->seed,
				 0, now)))
		tw_buf_printf(&why,
			"the traffic of '%s' is another by now (its capture, "
			"or how it is played)",
			name);
	else
		tw_buf_printf(&why,
			"run %u of '%s'%s is not stored, or damaged",
			trial->replication + 1, name,
			batch->factor == 1 ? ""
					   : " with assumed values scaled");
	status = refuse(gate, why.p, AGAIN);
	tw_buf_release(&why);
	return status;
}
