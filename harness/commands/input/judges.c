#include "harness/commands/input/judges.h"

#include <stdio.h>

/* ---- reading ------------------------------------------------------------ */

/* The one that is given; the table has seen to it that there is one. */
static const struct tw_text *file_of(
	const struct tw_config_judge *config, const struct tw_judge_kind **kind)
{
	const struct tw_text *files[] = {
		&config->kayenta, &config->k6, &config->argo, &config->openslo};
	static const char *const names[] = {"kayenta", "k6", "argo", "openslo"};

	for (size_t i = 0; i < 4; i++)
		if (files[i]->v) {
			*kind = tw_judge_kind_of(names[i]);
			return files[i];
		}
	return NULL;
}

/* Where files are read from, and where what they say goes. */
struct reading {
	struct tw_files *files;
	struct tw_arena *arena;
	struct tw_diags *diags;
	struct tw_buf *texts; /* NULL: nobody asks */
};

static bool read_file(const struct reading *to, const char *path,
	const struct tw_text *named, struct tw_yaml_docs *docs)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_buf text = {0}, script = {0};
	struct tw_error error;
	const char *name = tw_arena_strdup(to->arena, path);
	bool failed;

	if (tw_files_read(to->files, path, &text, &error)) {
		error.pos = named->origin->pos;
		tw_diag_error(to->diags, &error);
		return false;
	}
	if (to->texts)
		tw_buf_add(to->texts, tw_buf_text(&text), text.n);
	if (tw_text_ends(path, ".js") || tw_text_ends(path, ".ts") ||
		tw_text_ends(path, ".mjs")) {
		tw_k6_script(tw_buf_text(&text), &script);
		tw_buf_clear(&text);
		tw_buf_add(&text, tw_buf_text(&script), script.n);
	}
	failed = tw_yaml_parse(to->arena, name, tw_buf_text(&text), text.n,
		&options, to->diags, docs);
	tw_buf_release(&script);
	tw_buf_release(&text);
	return !failed;
}

static bool read_files(const struct reading *to, const struct tw_text *named,
	struct tw_yaml_docs *docs)
{
	struct tw_file_list found = {0};
	struct tw_error error;
	bool good = !tw_files_glob(to->files, named->v, &found, &error);

	if (!good) {
		error.pos = named->origin->pos;
		tw_diag_error(to->diags, &error);
	} else if (!found.list.n) {
		tw_diag(to->diags, TW_ERROR, named->origin->pos,
			"no file matches '%s'", named->v);
		good = false;
	}
	for (size_t i = 0; i < found.list.n; i++)
		good = read_file(to, found.list.v[i].name, named, docs) && good;
	tw_file_list_release(&found);
	return good;
}

static bool read_metrics(const struct tw_config_judge *config,
	struct tw_arena *arena, struct tw_diags *diags,
	struct tw_judge_setup *to)
{
	bool good = true;

	for (size_t i = 0; i < config->metrics.n; i++) {
		const struct tw_config_metric *it = &config->metrics.v[i];
		struct tw_judge_metric metric = {.name = it->name.v,
			.pos = it->name.origin->pos,
			.measure =
				tw_series_parse(arena, tw_str_of(it->measure.v),
					it->measure.origin->pos, diags)};

		good = good && metric.measure;
		if (metric.measure)
			tw_vec_push_in(arena, &to->metrics, metric);
	}
	return good;
}

static void tell_unused(
	const struct tw_judge_setup *setup, struct tw_diags *diags)
{
	for (size_t i = 0; i < setup->metrics.n; i++)
		if (!setup->metrics.v[i].used)
			tw_diag(diags, TW_WARNING, setup->metrics.v[i].pos,
				"'%s' has no metric '%s': this measure is not "
				"looked at",
				setup->file, setup->metrics.v[i].name);
}

static int read_judge(const struct reading *reading,
	const struct tw_config_judge *config, struct tw_ready_judges *to)
{
	struct tw_ready_judge judge = {.config = config};
	const struct tw_text *named = file_of(config, &judge.kind);
	struct tw_yaml_docs docs = {0};

	if (!named)
		return -1;
	judge.setup = (struct tw_judge_setup){.file = named->v,
		.pos = named->origin->pos,
		.interval = tw_int_or(config->interval, 0),
		.unit = config->unit.v && !strcmp(config->unit.v, "ms") ? 1e-3
									: 1,
		.compress = tw_real_or(config->compress, 0),
		.pass = tw_real_or(config->pass, 0),
		.marginal = tw_real_or(config->marginal, 0),
		.gates = config->gates};
	if (!read_metrics(
		    config, reading->arena, reading->diags, &judge.setup) ||
		!read_files(reading, named, &docs))
		return -1;
	judge.data = judge.kind->read(
		reading->arena, &docs, &judge.setup, reading->diags);
	if (!judge.data)
		return -1;
	tell_unused(&judge.setup, reading->diags);
	tw_vec_push_in(reading->arena, to, judge);
	return 0;
}

int tw_judges_read(const struct tw_config *config, struct tw_files *files,
	struct tw_arena *arena, struct tw_diags *diags,
	struct tw_ready_judges *to, struct tw_buf *texts)
{
	const struct reading reading = {files, arena, diags, texts};
	int status = 0;

	for (size_t i = 0; i < config->gate.judges.n; i++)
		status |= read_judge(&reading, config->gate.judges.v[i], to);
	return status;
}

/* ---- asking ------------------------------------------------------------- */

static bool applies(const struct tw_config_judge *config, const char *scenario)
{
	struct tw_check as_check = {0};
	bool yes;

	for (size_t i = 0; i < config->scenarios.n; i++)
		tw_vec_push(&as_check.scenarios, config->scenarios.v[i].v);
	yes = tw_check_applies(&as_check, scenario);
	tw_vec_release(&as_check.scenarios);
	return yes;
}

void tw_judges_ask(const struct tw_ready_judges *judges,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_scenario_result *result)
{
	for (size_t i = 0; i < judges->n; i++) {
		const struct tw_ready_judge *judge = &judges->v[i];
		struct tw_opinion *opinion;

		if (!applies(judge->config, result->name))
			continue;
		opinion = tw_new(arena, struct tw_opinion);
		judge->kind->judge(judge->data,
			&(struct tw_judge_question){.setup = &judge->setup,
				.baseline = baseline,
				.candidate = candidate,
				.arena = arena,
				.answer = opinion});
		opinion->judge = judge->kind->name;
		opinion->file = judge->setup.file;
		opinion->gates = judge->setup.gates;
		tw_vec_push_in(arena, &result->opinions, opinion);
	}
}

void tw_judges_count(struct tw_gate_result *result)
{
	for (size_t s = 0; s < result->scenarios.n; s++) {
		struct tw_scenario_result *scenario = result->scenarios.v[s];

		for (size_t i = 0; i < scenario->opinions.n; i++) {
			const struct tw_opinion *it = scenario->opinions.v[i];

			if (!it->gates)
				continue;
			if (it->verdict > scenario->verdict)
				scenario->verdict = it->verdict;
			if (it->verdict > result->verdict)
				result->verdict = it->verdict;
			result->passed += it->verdict == TW_VERDICT_PASS;
			result->failed += it->verdict == TW_VERDICT_FAIL;
			result->inconclusive +=
				it->verdict == TW_VERDICT_INCONCLUSIVE;
		}
	}
}
