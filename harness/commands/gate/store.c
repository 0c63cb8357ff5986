#include "harness/commands/gate/gate.h"

#include "harness/baseline/observed.h"
#include "twins/cluster/bindings.h"

/* ---- opening ----------------------------------------------------------- */

struct tw_archive *tw_gate_archive(struct tw_gate *gate, struct tw_error *error)
{
	if (!gate->store.archive)
		gate->store.archive =
			tw_archive_open(gate->setup.directory, error);
	return gate->store.archive;
}

void tw_gate_store_failed(struct tw_gate *gate, const struct tw_error *error)
{
	struct tw_diag *diag;

	if (!gate->store.keeps)
		return;
	gate->store.keeps = false;
	diag = tw_diag(&gate->store.diags, TW_WARNING, (struct tw_pos){0},
		"the results are not stored: %s", error->message);
	tw_diag_hint(&gate->store.diags, diag,
		"the verdict does not hang on it; --no-store, or `baseline: "
		"{store: false}`, does without");
}

/* A configuration that git is to leave alone is left alone by us too. */
static bool is_ignored(struct tw_gate *gate, struct tw_archive *archive)
{
	struct tw_git *git = tw_archive_git(archive);
	const char *prefix = tw_git_prefix(git);

	return tw_git_ignores(
		git, tw_arena_printf(&gate->arena, "%s%s%s", prefix,
			     *prefix ? "/" : "", gate->setup.file));
}

static void open_archive(struct tw_gate *gate)
{
	const struct tw_config_side *side = &gate->setup.config.baseline;
	struct tw_gate_store *store = &gate->store;
	bool wanted = !gate->cli->no_store && !side->no_store;
	struct tw_buf broken = {0};
	struct tw_error error = {0};

	if (!wanted && !store->has_stored)
		return;
	/* Where there is no repository there is no store: that is fine. */
	if (!tw_gate_archive(gate, &error))
		return;
	if (!store->has_stored && is_ignored(gate, store->archive)) {
		tw_archive_free(store->archive);
		store->archive = NULL;
		return;
	}
	store->keeps = wanted;
	if (tw_archive_index(store->archive, &broken, &error))
		tw_gate_store_failed(gate, &error);
	if (broken.n)
		tw_diag_hint(&gate->store.diags,
			tw_diag(&gate->store.diags, TW_WARNING,
				(struct tw_pos){0},
				"stored results that cannot be read are passed "
				"over: %.*s",
				(int)strcspn(broken.p, "\n"), broken.p),
			"`twinrig baseline prune` takes them away");
	tw_buf_release(&broken);
}

/* ---- what determines the gate ------------------------------------------ */

void tw_gate_checks_text(const struct tw_gate *gate, struct tw_buf *out)
{
	for (size_t i = 0; i < gate->checks.n; i++) {
		const struct tw_check *check = gate->checks.v[i];

		tw_line_add(out, check->text);
		tw_buf_add_char(out, '\t');
		tw_line_add(out, check->name);
		tw_buf_add_text(out, check->muted ? "\tmuted\t" : "\tcounts\t");
		for (size_t k = 0; k < check->scenarios.n; k++) {
			tw_buf_add_text(out, k ? " " : "");
			tw_line_add(out, check->scenarios.v[k]);
		}
		tw_buf_add_char(out, '\n');
	}
}

/* What else a verdict hangs on; and what a proof does, whose two sides are the
 * candidate's. */
static void identify_verdict(struct tw_gate *gate)
{
	struct tw_filing *filing = &gate->store.filing;

	if (gate->cli->prove) {
		tw_filing_identity(filing, "proof", "%s", tw_judging);
		return;
	}
	if (gate->looks.most > gate->runs)
		tw_filing_identity(filing, "max-runs", "%zu", gate->looks.most);
	tw_filing_identity(filing, "baseline.inputs", "%s",
		gate->has_baseline ? gate->store.inputs[TW_FLOW_BASELINE]
				   : "none");
	tw_filing_identity(filing, "policy", "%s", gate->report.policy);
}

static void identify(struct tw_gate *gate)
{
	struct tw_filing *filing = &gate->store.filing;
	const struct tw_config_gate *judged = &gate->policy->gate;
	char format[TW_OBSERVED_FORMAT], digest[TW_DIGEST_TEXT];
	struct tw_digest checks;
	struct tw_buf text = {0};

	tw_gate_checks_text(gate, &text);
	tw_digest_init(&checks);
	tw_digest_add(&checks, tw_buf_text(&text), text.n);
	tw_buf_release(&text);
	tw_filing_identity(filing, "twinrig", "%s", TW_VERSION);
	tw_filing_identity(filing, "semantics", "%s", tw_semantics);
	tw_filing_identity(filing, "format", "%s", tw_observed_format(format));
	tw_filing_identity(
		filing, "seed", "%llu", (unsigned long long)gate->seed);
	tw_filing_identity(filing, "runs", "%zu", gate->runs);
	tw_filing_identity(filing, "candidate.inputs", "%s",
		gate->store.inputs[TW_FLOW_CANDIDATE]);
	identify_verdict(gate);
	tw_filing_identity(
		filing, "checks", "%s", tw_digest_text(&checks, digest));
	if (gate->judges.n)
		tw_filing_identity(filing, "judges", "%s", gate->judges_digest);
	tw_filing_identity(filing, "judged", "%g %g %s",
		tw_real_or(judged->confidence, 0),
		tw_real_or(judged->completeness, 0.95),
		judged->inconclusive.v ? judged->inconclusive.v : "");
}

static void note_field(void *context, const struct tw_spec_field *field)
{
	struct tw_buf text = {0};

	tw_spec_field_text(field, &text);
	tw_digest_part(context, field->path, tw_buf_text(&text));
	tw_buf_release(&text);
}

/* Where replicas stand, and their volumes are: the candidate's, where the
 * baseline's were. */
static void note_places(const struct tw_model *model, struct tw_digest *digest)
{
	uint32_t n = model ? model->storage.n_claims : 0;

	for (uint32_t c = 0; c < n; c++)
		tw_digest_part(digest, model->storage.claims[c].name,
			tw_binding_at(model, model->storage.bindings, c));
	for (uint32_t r = 0; model && r < model->n_replicas; r++)
		tw_digest_part(digest, model->replicas[r].key,
			model->node_of[r] == TW_NONE
				? "nowhere"
				: model->nodes[model->node_of[r]].name);
}

/* What was read, and what it has become: the gate itself may have changed the
 * spec since. */
static void digest_side(
	struct tw_system *system, char to[static TW_DIGEST_TEXT])
{
	struct tw_digest digest;
	char inputs[TW_DIGEST_TEXT];

	tw_digest_init(&digest);
	tw_digest_part(
		&digest, "inputs", tw_inputs_digest(&system->inputs, inputs));
	tw_spec_walk(system->spec, note_field, &digest);
	note_places(system->model, &digest);
	tw_digest_text(&digest, to);
}

int tw_gate_store_open(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;

	digest_side(&gate->candidate, store->inputs[TW_FLOW_CANDIDATE]);
	digest_side(&gate->baseline, store->inputs[TW_FLOW_BASELINE]);
	open_archive(gate);
	store->filing.proof = gate->cli->prove;
	identify(gate);
	if (store->keeps) {
		struct tw_digest digest;
		char name[TW_DIGEST_TEXT];

		tw_digest_init(&digest);
		tw_digest_bytes(&digest, "run",
			tw_buf_text(&store->filing.identity),
			store->filing.identity.n);
		tw_archive_run(
			store->archive, tw_arena_printf(&gate->arena, "%.16s",
						tw_digest_text(&digest, name)));
	}
	return 0;
}

/* ---- what cannot be run again ------------------------------------------ */

void tw_gate_keep(struct tw_gate *gate, const struct tw_case *one,
	enum tw_flow_side side, struct tw_runs runs)
{
	struct tw_gate_store *store = &gate->store;
	struct tw_error error;

	for (size_t i = 0; store->keeps && i < runs.n; i++) {
		struct tw_buf bytes = {0};
		struct tw_digest digest;
		char key[TW_DIGEST_TEXT];

		tw_observed_write(runs.v[i], &bytes);
		tw_digest_init(&digest);
		tw_digest_bytes(&digest, "live", bytes.p, bytes.n);
		tw_digest_text(&digest, key);
		if (tw_archive_put(
			    store->archive, key, bytes.p, bytes.n, &error))
			tw_gate_store_failed(gate, &error);
		else
			tw_filing_trial(&store->filing, key,
				tw_archive_find(store->archive, key),
				side == TW_FLOW_BASELINE ? "baseline"
							 : "candidate",
				1, (uint32_t)i, one->name);
		tw_buf_release(&bytes);
	}
}

void tw_gate_store_release(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;

	for (size_t i = 0; i < store->parts.n; i++)
		tw_shard_release(&store->parts.v[i]);
	tw_vec_release(&store->parts);
	tw_vec_release(&store->missing);
	tw_vec_release(&store->flows);
	tw_buf_release(&store->begins);
	tw_buf_release(&store->kpis);
	if (store->shards)
		tw_shard_release(&store->part);
	if (store->has_stored)
		tw_record_release(&store->stored);
	tw_filing_release(&store->filing);
	tw_diags_release(&store->diags);
	tw_archive_free(store->archive);
}
