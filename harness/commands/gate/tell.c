/* What is told at the end, and where: files, the terminal, and by itself where
 * a CI system looks. */
#include "harness/commands/gate/gate.h"
#include "harness/commands/output.h"
#include "harness/commands/check/sarif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling ----------------------------------------------------------- */

static int write_report(const struct tw_gate *gate,
	const struct tw_report_kind *kind, const char *path)
{
	struct tw_report_options options = {
		.colour = !path && gate->cli->colour,
		.columns = path ? 0 : tw_output_columns(),
		.brief = gate->cli->quiet && !gate->cli->verbose,
		.verbose = gate->cli->verbose,
		.scenes = true,
		.strict = gate->cli->junit_strict,
	};
	struct tw_buf text = {0};
	int status;

	kind->write(&gate->report, &options, &text);
	status = tw_output_write(path, &text);
	tw_buf_release(&text);
	return status;
}

/* What is wrong in the candidate and was not in the baseline, and the verdict
 * where there is one. */
static int write_sarif(struct tw_gate *gate, bool judged)
{
	struct tw_sarif sarif = {
		.root = tw_findings_root(gate->setup.directory, &gate->arena),
		.config = gate->setup.file,
		.gate = judged ? &gate->result : NULL,
	};
	int status;

	tw_sarif_findings(&sarif, &gate->setup.diags, NULL);
	tw_sarif_findings(&sarif, &gate->candidate.diags,
		gate->has_baseline ? &gate->baseline.diags : NULL);
	status = tw_sarif_file(&sarif, gate->cli->sarif);
	tw_vec_release(&sarif.findings);
	return status;
}

/* ---- GitHub Actions ---------------------------------------------------- */

/* Of one step; beyond it nothing is shown. */
#define SUMMARY_MAX 1048576

static void not_written(const char *path)
{
	fprintf(stderr, "twinrig: %s: %s\n", path, strerror(errno));
}

/* Released by the caller. */
static struct tw_buf markdown_of(const struct tw_gate *gate, bool judged)
{
	static const struct tw_report_options plain = {0};
	struct tw_buf text = {0};

	if (judged)
		tw_report_markdown.write(&gate->report, &plain, &text);
	else
		tw_report_unjudged(&gate->report, &text);
	return text;
}

static void write_summary(
	const struct tw_gate *gate, const char *path, bool judged)
{
	struct tw_buf text;
	FILE *file = fopen(path, "ab");

	if (!file) {
		not_written(path);
		return;
	}
	text = markdown_of(gate, judged);
	/* Other commands of the step may have written there before. */
	if (!fseek(file, 0, SEEK_END) &&
		ftell(file) + (long)text.n > SUMMARY_MAX)
		fprintf(stderr, "twinrig: no room in the job's summary\n");
	else if (fwrite(text.p, 1, text.n, file) != text.n)
		not_written(path);
	if (fclose(file))
		not_written(path);
	tw_buf_release(&text);
}

/* The runner reads annotations from either stream, and standard output may be
 * for another program. */
static void tell_github(const struct tw_gate *gate, bool judged)
{
	static const struct tw_report_options plain = {0};
	const char *actions = getenv("GITHUB_ACTIONS");
	const char *summary = getenv("GITHUB_STEP_SUMMARY");
	struct tw_buf text = {0};

	if (gate->cli->no_ci || !actions || strcmp(actions, "true"))
		return;
	if (!gate->cli->annotations) {
		tw_report_github.write(&gate->report, &plain, &text);
		fflush(stdout);
		fputs(tw_buf_text(&text), stderr);
		tw_buf_release(&text);
	}
	/* Older workflows name it themselves. */
	if (summary && *summary &&
		!(gate->cli->markdown && !strcmp(gate->cli->markdown, summary)))
		write_summary(gate, summary, judged);
}

/* ---- the whole --------------------------------------------------------- */

static void list_new_findings(struct tw_gate *gate)
{
	struct tw_diags *diags = &gate->candidate.diags;
	TW_VEC(const struct tw_diag *) found = {0};

	tw_diags_sort(diags);
	for (size_t i = 0; i < diags->list.n; i++)
		if (!tw_finding_is_known(
			    &gate->baseline.diags, diags->list.v[i]) &&
			diags->list.v[i]->severity <= TW_WARNING)
			tw_vec_push_in(&gate->arena, &found, diags->list.v[i]);
	gate->report.new_findings = found.v;
	gate->report.n_new_findings = found.n;
}

int tw_gate_tell(struct tw_gate *gate)
{
	const struct tw_cli *cli = gate->cli;
	const struct {
		const struct tw_report_kind *kind;
		const char *path;
	} files[] = {
		{&tw_report_junit, cli->junit},
		{&tw_report_json, cli->json},
		{&tw_report_markdown, cli->markdown},
		{&tw_report_html, cli->html},
		{&tw_report_github, cli->annotations},
		{&tw_report_codequality, cli->code_quality},
		{&tw_report_metrics, cli->metrics},
	};
	bool taken = false;
	int status = 0;

	gate->report.version = TW_VERSION;
	gate->report.config = gate->setup.file;
	gate->report.seed = gate->seed;
	gate->report.runs = gate->runs;
	gate->report.max_runs = gate->looks.most;
	gate->report.gate = &gate->result;
	gate->report.findings = &gate->candidate.diags;
	gate->report.root =
		tw_findings_root(gate->setup.directory, &gate->arena);
	list_new_findings(gate);
	gate->report.status = tw_gate_status(
		gate->result.verdict, tw_gate_inconclusive_as(gate->policy));
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (!files[i].path)
			continue;
		taken |= !strcmp(files[i].path, "-");
		status |= write_report(gate, files[i].kind, files[i].path);
	}
	if (cli->sarif) {
		taken |= !strcmp(cli->sarif, "-");
		status |= write_sarif(gate, true);
	}
	/* "-" is for another program to read: nothing else goes there. */
	if (!taken)
		status |= write_report(gate, &tw_report_terminal, NULL);
	tell_github(gate, true);
	return status ? TW_EXIT_RUN : gate->report.status;
}

/* ---- no verdict ---------------------------------------------------------- */

static void list_errors(struct tw_gate *gate)
{
	const struct tw_diags *of[] = {
		&gate->setup.diags, &gate->candidate.diags};
	TW_VEC(const struct tw_diag *) found = {0};

	for (size_t k = 0; k < sizeof of / sizeof *of; k++)
		for (size_t i = 0; i < of[k]->list.n; i++)
			if (of[k]->list.v[i]->severity == TW_ERROR)
				tw_vec_push_in(
					&gate->arena, &found, of[k]->list.v[i]);
	gate->report.new_findings = found.v;
	gate->report.n_new_findings = found.n;
}

static int write_unjudged(const struct tw_gate *gate, const char *path)
{
	struct tw_buf text = markdown_of(gate, false);
	int status = tw_output_write(path, &text);

	tw_buf_release(&text);
	return status;
}

int tw_gate_tell_findings_alone(struct tw_gate *gate)
{
	return gate->cli->sarif ? write_sarif(gate, false) : 0;
}

int tw_gate_tell_unjudged(struct tw_gate *gate)
{
	const struct tw_cli *cli = gate->cli;
	int status = tw_gate_tell_findings_alone(gate);

	gate->report.config = gate->setup.file;
	gate->report.gate = &gate->result;
	gate->report.root =
		tw_findings_root(gate->setup.directory, &gate->arena);
	list_errors(gate);
	if (cli->annotations)
		status |=
			write_report(gate, &tw_report_github, cli->annotations);
	if (cli->code_quality)
		status |= write_report(
			gate, &tw_report_codequality, cli->code_quality);
	if (cli->markdown)
		status |= write_unjudged(gate, cli->markdown);
	tell_github(gate, false);
	return status;
}

/* What looks wrong in the candidate and did not in the baseline. */
void tw_gate_tell_findings(struct tw_gate *gate)
{
	struct tw_diags *diags = &gate->candidate.diags;
	struct tw_buf out = {0};

	tw_diags_sort(diags);
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct tw_diag *diag = diags->list.v[i];
		bool old = tw_finding_is_known(&gate->baseline.diags, diag);

		if (gate->cli->verbose || (!old && !gate->cli->quiet &&
						  diag->severity <= TW_WARNING))
			tw_diag_print(
				diags, diag, gate->cli->colour_errors, &out);
	}
	fflush(stdout);
	fputs(tw_buf_text(&out), stderr);
	tw_buf_release(&out);
}
