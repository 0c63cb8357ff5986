/*
 * What --quiet leaves of a gate: the verdict, and a line for whatever does not
 * pass, in full: for a hook, a script, a log with many gates.
 */
#include "harness/report/opinion.h"
#include "harness/report/page.h"

static void begin(struct tw_page *page, enum tw_verdict verdict)
{
	tw_page_ink(page, tw_page_ink_of(verdict));
	tw_buf_add_text(
		page->out, verdict == TW_VERDICT_FAIL ? "FAIL  " : "????  ");
	tw_page_ink(page, TW_INK_PLAIN);
}

static void end(struct tw_page *page, const char *text)
{
	tw_page_put(page, text, strlen(text));
	tw_buf_add_char(page->out, '\n');
}

/* The first group of a check that does not pass (they stand worst first), and
 * how many more. */
static void check_line(struct tw_page *page, const char *scenario,
	const struct tw_check_result *check)
{
	const struct tw_group *worst = NULL;
	size_t more = 0;

	for (size_t i = 0; i < check->groups.n; i++) {
		const struct tw_group *group = check->groups.v[i];

		if (group->verdict == TW_VERDICT_PASS)
			continue;
		if (worst && worst->verdict >= group->verdict) {
			more++;
			continue;
		}
		more += worst != NULL;
		worst = group;
	}
	if (!worst || check->check->muted)
		return;
	begin(page, worst->verdict);
	end(page, tw_arena_printf(&page->arena, "%s: %s%s%s%s: %s", scenario,
			  check->check->text, worst->title[0] ? " [" : "",
			  worst->title, worst->title[0] ? "]" : "",
			  worst->why ? worst->why : ""));
	if (more)
		tw_buf_printf(page->out, "      and %zu more group%s of it\n",
			more, more == 1 ? "" : "s");
}

/* What it says, and the first of what it says it for. */
static void opinion_line(struct tw_page *page, const char *scenario,
	const struct tw_opinion *opinion)
{
	struct tw_arena *arena = &page->arena;
	const char *text = tw_opinion_text(opinion, arena);

	for (size_t i = 0; i < opinion->lines.n; i++)
		if (opinion->lines.v[i].verdict == opinion->verdict) {
			text = tw_arena_printf(arena, "%s; %s", text,
				tw_opinion_line_text(
					opinion, &opinion->lines.v[i], arena));
			break;
		}
	begin(page, opinion->verdict);
	end(page, tw_arena_printf(arena, "%s: %s", scenario, text));
}

static void scenario_lines(
	struct tw_page *page, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;

	tw_evidence_order(scenario, &page->arena, &order);
	for (size_t i = 0; i < scenario->checks.n; i++)
		check_line(page, scenario->name, order[i]);
	for (size_t i = 0; i < scenario->opinions.n; i++) {
		const struct tw_opinion *it = scenario->opinions.v[i];

		if (it->gates && it->verdict != TW_VERDICT_PASS)
			opinion_line(page, scenario->name, it);
	}
}

static void live_lines(struct tw_page *page, const struct tw_report_live *live)
{
	if (live->trouble) {
		begin(page, TW_VERDICT_FAIL);
		end(page, live->trouble);
	}
	if (live->different) {
		begin(page, TW_VERDICT_FAIL);
		end(page, tw_arena_printf(&page->arena,
				  "%s: %llu of %llu answers differ",
				  live->service,
				  (unsigned long long)live->different,
				  (unsigned long long)live->compared));
	}
}

void tw_terminal_brief(struct tw_page *page, const struct tw_report *report)
{
	const struct tw_gate_result *gate = report->gate;
	const struct tw_scenario_result **order;

	tw_terminal_verdict(page, gate);
	for (size_t i = 0; i < gate->reasons.n; i++) {
		begin(page, gate->reasons.v[i].fails ? TW_VERDICT_FAIL
						     : TW_VERDICT_INCONCLUSIVE);
		end(page, gate->reasons.v[i].text);
	}
	if (report->live)
		live_lines(page, report->live);
	tw_evidence_scenarios(gate, &page->arena, &order);
	for (size_t i = 0; i < gate->scenarios.n; i++)
		scenario_lines(page, order[i]);
}
