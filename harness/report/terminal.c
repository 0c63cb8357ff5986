/*
 * For a person at a terminal, or in the log of a job: 100 columns at most, the
 * worst first, and for each failed group who is guilty and how to see it again.
 */
#include "harness/report/evidence.h"
#include "harness/report/page.h"
#include "harness/report/recovery.h"
#include "harness/report/timeline.h"

static void headed(struct tw_page *page, const char *head, const char *text)
{
	tw_page_cell(page, head, 11, false);
	tw_page_wrapped(page, text, 11);
}

static void side_line(struct tw_page *page, const char *head,
	const struct tw_report_side *side)
{
	if (!side->name)
		return;
	headed(page, head,
		side->revision ? tw_arena_printf(&page->arena, "%s (%.12s)",
					 side->name, side->revision)
			       : side->name);
}

void tw_terminal_verdict(
	struct tw_page *page, const struct tw_gate_result *gate)
{
	static const char *const words[] = {"PASS", "INCONCLUSIVE", "FAIL"};

	tw_page_ink(page, tw_page_ink_of(gate->verdict));
	tw_buf_add_text(page->out, words[gate->verdict]);
	tw_page_ink(page, TW_INK_PLAIN);
	tw_buf_printf(
		page->out, "  %s\n", tw_evidence_counts(gate, &page->arena));
}

static void top(struct tw_page *page, const struct tw_report *report)
{
	const struct tw_gate_result *gate = report->gate;

	tw_terminal_verdict(page, gate);
	tw_buf_add_char(page->out, '\n');
	side_line(page, "baseline", &report->baseline);
	side_line(page, "candidate", &report->candidate);
	headed(page, "runs",
		tw_arena_printf(&page->arena, "%s of each, seed %llu",
			tw_evidence_runs(report, &page->arena),
			(unsigned long long)report->seed));
	if (report->policy)
		headed(page, "checks", report->policy);
	for (size_t i = 0; i < gate->reasons.n; i++) {
		const struct tw_gate_reason *r = &gate->reasons.v[i];

		tw_buf_add_char(page->out, '\n');
		tw_page_ink(page, r->fails ? TW_INK_RED : TW_INK_YELLOW);
		tw_buf_add_text(page->out, r->fails ? "FAIL" : "????");
		tw_page_ink(page, TW_INK_PLAIN);
		tw_buf_add_text(page->out, "  ");
		tw_page_wrapped(page, r->text, 6);
		if (r->advice) {
			tw_page_spaces(page, 6);
			tw_page_wrapped(page, r->advice, 6);
		}
	}
}

static void live_block(struct tw_page *page, const struct tw_report_live *live)
{
	tw_buf_add_char(page->out, '\n');
	headed(page, "live",
		tw_arena_printf(&page->arena,
			"%s: %llu requests, %llu answers compared, %llu differ",
			live->service, (unsigned long long)live->requests,
			(unsigned long long)live->compared,
			(unsigned long long)live->different));
	if (live->trouble) {
		tw_page_ink(page, TW_INK_RED);
		headed(page, "", live->trouble);
		tw_page_ink(page, TW_INK_PLAIN);
	}
	for (size_t i = 0; i < live->n_diffs && i < 5; i++) {
		const struct tw_report_diff *d = &live->diffs[i];

		headed(page, "",
			tw_arena_printf(&page->arena,
				"%s (request %llu): %s was %s, is %s; %llu "
				"like it",
				d->request, (unsigned long long)d->position,
				d->path, d->before, d->after,
				(unsigned long long)d->count));
	}
}

static void differences_block(struct tw_page *page, const struct tw_report *r)
{
	size_t blind = 0;

	if (r->is_same)
		headed(page, "differs",
			"nothing that is read: both sides are the same");
	if (!r->n_differences)
		return;
	for (size_t i = 0; i < r->n_differences; i++)
		blind += !r->differences[i].modelled;
	tw_buf_add_char(page->out, '\n');
	headed(page, "differs",
		tw_arena_printf(&page->arena,
			"%zu field%s, %zu of them not modelled",
			r->n_differences, r->n_differences == 1 ? "" : "s",
			blind));
	for (size_t i = 0; i < r->n_differences; i++) {
		const struct tw_difference *d = &r->differences[i];

		if (i == 12 && !page->verbose) {
			headed(page, "", "... (all of them with -v)");
			break;
		}
		headed(page, d->modelled ? "" : " unseen",
			tw_arena_printf(&page->arena, "%s: %s -> %s", d->path,
				d->before ? d->before : "(none)",
				d->after ? d->after : "(none)"));
	}
}

static void reach_block(struct tw_page *page, const struct tw_report *r)
{
	for (size_t i = 0; i < r->n_reach; i++) {
		const struct tw_report_reach *it = &r->reach[i];

		if (i == 12 && !page->verbose) {
			headed(page, "",
				tw_arena_printf(&page->arena,
					"... %zu more (all of them with -v)",
					r->n_reach - i));
			return;
		}
		headed(page, i ? "" : "reach",
			tw_arena_printf(&page->arena, "%s -> %s %s%s: %s",
				it->from, it->to,
				it->lost ? "is cut off"
					 : "can talk now and could not",
				it->called ? ", and is called" : "",
				it->lost ? it->after : it->before));
	}
}

static void bottom(struct tw_page *page, const struct tw_report *report)
{
	const struct tw_report_traffic *t = report->traffic;
	struct tw_buf text = {0};

	if (report->live)
		live_block(page, report->live);
	differences_block(page, report);
	reach_block(page, report);
	if (t)
		headed(page, "traffic",
			tw_arena_printf(&page->arena,
				"%llu exchanges read, %llu malformed, %llu "
				"unrouted, %llu replayed",
				(unsigned long long)t->read,
				(unsigned long long)t->malformed,
				(unsigned long long)t->unrouted,
				(unsigned long long)t->replayed));
	for (size_t i = 0; i < report->n_origins; i++)
		tw_buf_printf(&text, "%s%llu %s", i ? ", " : "",
			(unsigned long long)report->origins[i].count,
			report->origins[i].name);
	if (text.n)
		headed(page, "model",
			tw_arena_printf(&page->arena, "values from: %s",
				tw_buf_text(&text)));
	tw_buf_release(&text);
	for (size_t i = 0; i < report->n_assumed && i < 5; i++)
		headed(page, i ? "" : "assumed",
			tw_arena_printf(&page->arena, "%s = %s",
				report->assumed[i].path,
				report->assumed[i].value));
	if (report->n_assumed > 5)
		headed(page, "",
			tw_arena_printf(&page->arena, "... %zu more",
				report->n_assumed - 5));
}

static void maps_block(struct tw_page *page, const struct tw_gate_result *gate)
{
	struct tw_buf text = {0};

	tw_recovery_maps(gate, &text);
	if (text.n)
		tw_buf_printf(page->out, "\n%s", tw_buf_text(&text));
	tw_buf_release(&text);
}

#define TIMELINE_LINES 16

static void timeline_block(
	struct tw_page *page, const struct tw_scenario_result *scenario)
{
	struct tw_timeline_lines lines = {0};

	if (!scenario ||
		(scenario->verdict == TW_VERDICT_PASS && !page->verbose))
		return;
	tw_timeline_text(scenario->timeline,
		page->verbose ? SIZE_MAX : TIMELINE_LINES, &page->arena,
		&lines);
	tw_buf_printf(page->out, "\ntimeline of the candidate in %s, run 1\n",
		scenario->name);
	for (size_t i = 0; i < lines.n; i++) {
		tw_buf_printf(page->out, "%9s  ", lines.v[i].time);
		tw_page_wrapped(page, lines.v[i].text, 11);
	}
}

void tw_report_changes(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_page page = {.out = out,
		.columns = tw_page_columns(options),
		.colour = options->colour,
		.verbose = options->verbose};

	tw_arena_init(&page.arena);
	side_line(&page, "baseline", &report->baseline);
	side_line(&page, "candidate", &report->candidate);
	if (!report->n_differences)
		headed(&page, "differs", "nothing that is read");
	differences_block(&page, report);
	reach_block(&page, report);
	tw_arena_release(&page.arena);
}

static void write_terminal(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_page page = {.out = out,
		.columns = tw_page_columns(options),
		.colour = options->colour,
		.verbose = options->verbose};
	const struct tw_scenario_result **order;

	tw_arena_init(&page.arena);
	if (options->brief) {
		tw_terminal_brief(&page, report);
		tw_arena_release(&page.arena);
		return;
	}
	tw_told_init(&page.told, &page.arena, page.verbose);
	top(&page, report);
	tw_evidence_scenarios(report->gate, &page.arena, &order);
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		tw_terminal_scenario(&page, order[i]);
	timeline_block(
		&page, tw_timeline_worst(order, report->gate->scenarios.n));
	maps_block(&page, report->gate);
	bottom(&page, report);
	tw_arena_release(&page.arena);
}

const struct tw_report_kind tw_report_terminal = {
	.name = "terminal",
	.help = "a table for people, on standard output",
	.write = write_terminal,
};
