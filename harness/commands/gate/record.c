/* What stays of a gate: record.h says in what form. */
#include "harness/commands/gate/gate.h"

#include "harness/baseline/catalog.h"

#include <stdio.h>
#include <time.h>

/* Gates that stay whole, by themselves: the verdicts of others stay. */
#define KEEP 10

/* ---- the record -------------------------------------------------------- */

/* HEAD, and whether what was read is what it has. */
static void identify_commit(struct tw_gate *gate)
{
	struct tw_filing *filing = &gate->store.filing;
	struct tw_git *git = tw_archive_git(gate->store.archive);
	const struct tw_inputs *inputs = &gate->candidate.inputs;
	const char *prefix = tw_git_prefix(git);
	struct tw_git_commit head;
	struct tw_error error;
	bool clean = true;

	if (tw_git_resolve(git, "HEAD", NULL, NULL, &head, &error))
		return;
	for (size_t i = 0; clean && i < inputs->list.n; i++) {
		const struct tw_input *it = &inputs->list.v[i];
		struct tw_git_id is, was;

		if (it->made)
			continue;
		tw_git_hash_blob(it->content.p, it->content.n, &is);
		clean = tw_git_tracks(git,
				tw_arena_printf(&gate->arena, "%s%s%s", prefix,
					*prefix ? "/" : "", it->path),
				&was) &&
			!strcmp(is.text, was.text);
	}
	if (gate->setup.config.candidate.directory.v)
		clean = false;
	tw_filing_identity(filing, "candidate.commit", "%s", head.id);
	tw_filing_identity(
		filing, "candidate.state", clean ? "clean" : "changed");
}

/* "-": there is none; "never": infinite. */
static void value_text(bool has, double value, struct tw_buf *out)
{
	char text[TW_REAL_TEXT];
	const char *shown = "-";

	if (has && value - value != 0)
		shown = "never";
	else if (has)
		shown = tw_real_text(value, text);
	tw_buf_printf(out, "\t%s", shown);
}

static void reasons_text(
	const struct tw_gate_result *result, struct tw_buf *out)
{
	for (size_t i = 0; i < result->reasons.n; i++) {
		const struct tw_gate_reason *reason = &result->reasons.v[i];

		tw_line_add(out, reason->name);
		tw_buf_add_char(out, '\t');
		tw_line_add(out, reason->text);
		tw_buf_add_char(out, '\t');
		tw_line_add(out, reason->advice ? reason->advice : "");
		tw_buf_add_char(out, '\n');
	}
}

static void group_text(const char *scenario, const struct tw_check *check,
	const struct tw_group *group, struct tw_buf *out)
{
	static const char *const kinds[] = {"time", "ratio", "rate", "count"};

	tw_line_add(out, scenario);
	tw_buf_add_char(out, '\t');
	tw_line_add(out, check->name);
	tw_buf_add_char(out, '\t');
	tw_line_add(out, group->title);
	tw_buf_printf(out, "\t%s\t%s\t%s", tw_verdict_names[group->verdict],
		tw_reason_names[group->reason],
		check->aggregate == TW_AGG_RECOVERY
			? "recovery"
			: kinds[tw_check_unit(check)]);
	value_text(group->has_baseline, group->baseline, out);
	value_text(group->has_candidate, group->candidate, out);
	tw_buf_printf(out, "\t%lld\n",
		(long long)(group->blame ? group->blame->first_slice
					 : TW_NEVER));
}

static void verdict_text(
	const struct tw_gate_result *result, struct tw_buf *out)
{
	for (size_t i = 0; i < result->scenarios.n; i++) {
		const struct tw_scenario_result *scenario =
			result->scenarios.v[i];

		for (size_t k = 0; k < scenario->checks.n; k++) {
			const struct tw_check_result *check =
				scenario->checks.v[k];

			for (size_t j = 0; j < check->groups.n; j++)
				group_text(scenario->name, check->check,
					check->groups.v[j], out);
		}
	}
}

/* What a process did that no observation holds. */
static void live_text(const struct tw_report_live *live, struct tw_buf *out)
{
	tw_buf_add_text(out, "live.trouble\t");
	tw_line_add(out, live->trouble ? live->trouble : "");
	tw_buf_printf(out,
		"\nlive.requests\t%llu\nlive.compared\t%llu\n"
		"live.different\t%llu\n",
		(unsigned long long)live->requests,
		(unsigned long long)live->compared,
		(unsigned long long)live->different);
}

static void evidence_text(const struct tw_gate *gate, struct tw_buf *out)
{
	char late[TW_REAL_TEXT], floor[TW_REAL_TEXT];

	tw_buf_printf(out,
		"verdict\t%s\npassed\t%zu\nfailed\t%zu\ninconclusive\t%zu\n",
		tw_verdict_names[gate->result.verdict], gate->result.passed,
		gate->result.failed, gate->result.inconclusive);
	tw_buf_printf(out,
		"exchanges\t%llu\nmalformed\t%llu\nunrouted\t%llu\n"
		"replayable\t%llu\n",
		(unsigned long long)gate->complete.exchanges,
		(unsigned long long)gate->complete.malformed,
		(unsigned long long)gate->complete.unrouted,
		(unsigned long long)gate->complete.replayable);
	tw_buf_printf(out, "late\t%s\nlate.floor\t%s\nlive\t%d\nassumed\t%zu\n",
		tw_real_text(gate->late, late),
		tw_real_text(gate->late_floor, floor),
		gate->report.live != NULL, gate->report.n_assumed);
	if (gate->report.live)
		live_text(gate->report.live, out);
	tw_gate_cost_text(gate, out);
	tw_gate_kpi_text(gate, out);
	tw_buf_add(out, gate->store.begins.p, gate->store.begins.n);
}

static void differences_text(const struct tw_gate *gate, struct tw_buf *out)
{
	for (size_t i = 0; i < gate->differences.n; i++) {
		const struct tw_difference *it = &gate->differences.v[i];

		tw_buf_add_text(
			out, it->modelled ? "modelled\t" : "unmodelled\t");
		tw_line_add(out, it->path);
		tw_buf_add_text(out, it->before ? "\t=" : "\t-");
		tw_line_add(out, it->before ? it->before : "");
		tw_buf_add_text(out, it->after ? "\t=" : "\t-");
		tw_line_add(out, it->after ? it->after : "");
		tw_buf_add_char(out, '\n');
	}
}

/* A candidate's pods stand where those of its baseline stood: its files alone
 * do not say where. */
static void places_text(const struct tw_model *model, struct tw_buf *out)
{
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		if (model->node_of[r] == TW_NONE)
			continue;
		tw_line_add(out, model->replicas[r].key);
		tw_buf_add_char(out, '\t');
		tw_line_add(out, model->nodes[model->node_of[r]].name);
		tw_buf_add_char(out, '\n');
	}
}

static void message_of(const struct tw_gate *gate, struct tw_buf *out)
{
	const struct tw_gate_result *result = &gate->result;

	tw_buf_printf(out,
		"%s: %zu failed, %zu inconclusive, %zu passed\n\n"
		"candidate %s\nbaseline %s\n",
		tw_verdict_names[result->verdict], result->failed,
		result->inconclusive, result->passed,
		gate->report.candidate.name, gate->report.baseline.name);
}

/* One of the texts of a record. */
static int file_text(struct tw_gate *gate, const char *name,
	struct tw_buf *text, struct tw_error *error)
{
	int rc = tw_filing_text(
		&gate->store.filing, gate->store.archive, name, text, error);

	tw_buf_release(text);
	return rc;
}

static int file_texts(struct tw_gate *gate, struct tw_error *error)
{
	static const struct tw_report_options plain = {0};
	struct tw_buf checks = {0}, evidence = {0}, differences = {0};
	struct tw_buf verdict = {0}, reasons = {0}, json = {0};
	struct tw_buf places = {0};

	tw_gate_checks_text(gate, &checks);
	evidence_text(gate, &evidence);
	differences_text(gate, &differences);
	verdict_text(&gate->result, &verdict);
	reasons_text(&gate->result, &reasons);
	places_text(gate->candidate.model, &places);
	tw_report_json.write(&gate->report, &plain, &json);
	return file_text(gate, "checks", &checks, error) |
	       file_text(gate, "evidence", &evidence, error) |
	       file_text(gate, "differences", &differences, error) |
	       file_text(gate, "verdict", &verdict, error) |
	       file_text(gate, "reasons", &reasons, error) |
	       file_text(gate, "places", &places, error) |
	       file_text(gate, "verdict.json", &json, error);
}

/* The configuration goes along: a stored baseline brings its checks. */
static int file_side(struct tw_gate *gate, const char *side,
	struct tw_system *system, bool in_git, struct tw_error *error)
{
	struct tw_gate_store *store = &gate->store;
	const char *prefix = tw_git_prefix(tw_archive_git(store->archive));
	struct tw_buf text = {0};

	if (tw_files_kind(system->files, gate->setup.file) == TW_FILE_REGULAR &&
		tw_files_read(system->files, gate->setup.file, &text, error)) {
		tw_buf_release(&text);
		return -1;
	}
	tw_buf_release(&text); /* reading it was noted: it is an input now */
	return tw_filing_side(&store->filing, store->archive, side,
		&system->inputs, in_git ? prefix : NULL, error);
}

static int file_all(struct tw_gate *gate, bool *known, struct tw_error *error)
{
	struct tw_gate_store *store = &gate->store;
	struct tw_buf message = {0};
	int rc;

	identify_commit(gate);
	if (gate->report.live) {
		struct tw_digest digest;
		char seen[TW_DIGEST_TEXT];

		/* A process does not do the same twice. */
		tw_digest_init(&digest);
		tw_digest_bytes(&digest, "live",
			tw_buf_text(&store->filing.runs), store->filing.runs.n);
		tw_filing_identity(&store->filing, "live", "%s",
			tw_digest_text(&digest, seen));
	}
	tw_filing_identity(
		&store->filing, "candidate", "%s", gate->report.candidate.name);
	tw_filing_identity(
		&store->filing, "baseline", "%s", gate->report.baseline.name);
	if (gate->report.baseline.revision)
		tw_filing_identity(&store->filing, "baseline.commit", "%s",
			gate->report.baseline.revision);
	rc = file_side(gate, "candidate", &gate->candidate,
		!gate->setup.config.candidate.directory.v, error);
	if (!rc && gate->has_baseline)
		rc = file_side(gate, "baseline", &gate->baseline,
			!gate->baseline.directory, error);
	if (!rc)
		rc = file_texts(gate, error);
	message_of(gate, &message);
	if (!rc)
		rc = tw_filing_commit(&store->filing, store->archive,
			tw_buf_text(&message),
			store->ran + store->ran_aside > 0, known, error);
	tw_buf_release(&message);
	return rc ? rc : tw_archive_end(store->archive, error);
}

/* ---- saying so --------------------------------------------------------- */

static void when_stored(const struct tw_gate *gate, char *to, size_t size)
{
	struct tw_git *git = tw_archive_git(gate->store.archive);
	struct tw_git_about about;
	struct tw_git_id id;
	struct tw_error error;
	struct tw_buf ref = {0};
	struct tm utc;
	time_t t;

	to[0] = '\0';
	tw_buf_printf(&ref, TW_ARCHIVE_GATES "%s", gate->store.filing.id);
	if (!tw_git_ref_get(git, ref.p, &id, &error) &&
		!tw_git_about(git, &id, &about, &error)) {
		t = (time_t)about.time;
		if (gmtime_r(&t, &utc))
			strftime(to, size, " of %Y-%m-%d %H:%M UTC", &utc);
	}
	tw_buf_release(&ref);
}

static void say(const struct tw_gate *gate, bool known)
{
	const struct tw_gate_store *store = &gate->store;
	char when[64];

	if (gate->cli->quiet)
		return;
	when_stored(gate, when, sizeof when);
	fflush(stdout);
	if (known && !store->ran)
		fprintf(stderr,
			"twinrig: the same inputs as gate %s%s: nothing was "
			"run again\n",
			store->filing.id, when);
	else if (store->taken)
		fprintf(stderr,
			"twinrig: %zu of %zu trials were stored and not run "
			"again; stored as gate %s\n",
			store->taken, store->taken + store->ran,
			store->filing.id);
	else if (gate->cli->verbose)
		fprintf(stderr, "twinrig: stored as gate %s\n",
			store->filing.id);
}

/* What piles up by itself is thinned out by itself. */
static void thin_out(struct tw_gate *gate)
{
	struct tw_prune prune = {.keep = KEEP};
	struct tw_archive *archive = gate->store.archive;
	struct tw_catalog catalog;
	struct tw_error error;

	if (tw_catalog_read(&catalog, archive, &error)) {
		tw_gate_store_failed(gate, &error);
		return;
	}
	if (tw_catalog_prune(&catalog, archive, false, &prune, &error))
		tw_gate_store_failed(gate, &error);
	tw_catalog_release(&catalog);
}

void tw_gate_store_finish(struct tw_gate *gate)
{
	struct tw_error error = {0};
	bool known = false;

	if (!gate->store.keeps)
		return;
	if (file_all(gate, &known, &error)) {
		tw_gate_store_failed(gate, &error);
		return;
	}
	tw_git_note(tw_archive_git(gate->store.archive), TW_ARCHIVE_LAST,
		gate->store.filing.id);
	say(gate, known);
	if (!known)
		thin_out(gate);
}
