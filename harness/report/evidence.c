#include "harness/report/evidence.h"

#include "harness/gate/blame.h"

#include <stdio.h>

/* Edges that are listed one by one. */
#define SHOWN_EDGES 4

static void add(struct tw_evidence_lines *lines, struct tw_arena *arena,
	const char *head, const char *text)
{
	tw_vec_push_in(arena, lines, (struct tw_evidence_line){head, text});
}

static const char *edge_name(const struct tw_edge *e, struct tw_arena *arena)
{
	return tw_arena_printf(
		arena, "%s -> %s %s", e->caller, e->service, e->endpoint);
}

/* The walk as a chain of calls; where it went against the stream, to whoever
 * brought the load, a new chain begins. */
static void add_path(const struct tw_blame *blame, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	const char *at = NULL;
	struct tw_buf text = {0};

	if (blame->path.n < 2)
		return;
	for (size_t i = 0; i < blame->path.n; i++) {
		const struct tw_edge *e = &blame->edges.v[blame->path.v[i]];

		if (!at || strcmp(at, e->caller))
			tw_buf_printf(&text, "%s%s", at ? ", loaded by " : "",
				e->caller);
		tw_buf_printf(&text, " -> %s", e->service);
		at = e->service;
	}
	add(lines, arena, "path", tw_arena_strdup(arena, tw_buf_text(&text)));
	tw_buf_release(&text);
}

static void add_edges(const struct tw_blame *blame, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	const char *head = "edges";

	for (size_t i = 0; i < blame->edges.n && i < SHOWN_EDGES; i++) {
		const struct tw_edge *e = &blame->edges.v[i];

		if (e->weight < 0.01)
			break;
		add(lines, arena, head,
			tw_arena_printf(arena, "%3.0f%%  %s: %s (%s)",
				e->weight * 100, edge_name(e, arena),
				tw_cause_texts[e->cause],
				tw_blame_figures(arena, e)));
		head = "";
	}
}

static void add_when(const struct tw_blame *blame, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	char at[TW_TIME_TEXT];
	const char *window = "";

	if (blame->window)
		window = tw_arena_printf(
			arena, "worst %s the fault%s", blame->window, "");
	if (blame->first_slice == TW_NEVER) {
		if (blame->window)
			add(lines, arena, "when", window);
		return;
	}
	add(lines, arena, "when",
		tw_arena_printf(arena, "differs from %s on%s%s",
			tw_time_text(blame->first_slice, at),
			blame->window ? ", " : "", window));
}

static void add_examples(const struct tw_blame *blame, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	const char *head = "such as";

	for (size_t i = 0; i < blame->examples.n && i < 3; i++) {
		const struct tw_failed_request *r = &blame->examples.v[i];
		char at[TW_TIME_TEXT], latency[TW_TIME_TEXT];

		add(lines, arena, head,
			tw_arena_printf(arena,
				"request %llu (%s), status %d after %s, at %s "
				"in run %zu%s%s",
				(unsigned long long)r->position, r->endpoint,
				r->status, tw_time_text(r->latency, latency),
				tw_time_text(r->at, at), r->run + 1,
				*r->why ? ": " : "", r->why));
		head = "";
	}
}

/* What Kubernetes' own remedy is. */
static void add_remedy(const struct tw_blame *blame, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	for (size_t i = 0; i < blame->examples.n; i++) {
		if (!strstr(blame->examples.v[i].why, TW_WHY_STOPPING))
			continue;
		add(lines, arena, "to do",
			"pods go before their callers hear of it: let them "
			"wait, lifecycle: {preStop: {sleep: {seconds: 5}}}");
		return;
	}
}

const char *tw_evidence_catches_of(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena)
{
	char text[TW_VALUE_TEXT];
	bool falls = check->compare == TW_GE || check->compare == TW_GT;
	enum tw_unit unit = tw_check_unit(check);
	double detects = falls ? -group->detects : group->detects;

	if (!check->limit.baseline)
		return tw_arena_strdup(arena,
			tw_value_text(unit, check->limit.add + detects, text));
	tw_difference_text(unit, detects, text);
	if (check->compare == TW_WITHIN)
		return tw_arena_printf(arena, "\xc2\xb1%s", text + 1);
	return tw_arena_strdup(arena, text);
}

const char *tw_evidence_catches(
	const struct tw_check_result *check, struct tw_arena *arena)
{
	const struct tw_group *most = NULL;

	for (size_t i = 0; i < check->groups.n; i++) {
		const struct tw_group *g = check->groups.v[i];

		if (!g->has_detects)
			continue;
		most = !most || g->detects > most->detects ? g : most;
	}
	return most ? tw_evidence_catches_of(check->check, most, arena) : NULL;
}

const char *tw_evidence_group_catches(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena)
{
	return tw_arena_printf(arena, "%s%s would have failed it 9 times in 10",
		tw_evidence_catches_of(check, group, arena),
		check->limit.baseline ? " on the baseline" : "");
}

static void add_power(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	char noise[TW_VALUE_TEXT];

	if (!group->has_detects || group->verdict == TW_VERDICT_FAIL)
		return;
	add(lines, arena, "power",
		tw_evidence_group_catches(check, group, arena));
	if (group->has_noise)
		add(lines, arena, "",
			tw_arena_printf(arena,
				"two sets of %zu runs of the baseline differ "
				"by up to %s",
				group->runs,
				tw_value_text(tw_check_unit(check),
					group->noise, noise)));
}

/* Which requests broke, one by one. */
static void add_pairs(const struct tw_group *group, struct tw_arena *arena,
	struct tw_evidence_lines *lines)
{
	const struct tw_pairs *pairs = group->pairs;
	struct tw_buf text = {0};
	char share[TW_VALUE_TEXT];

	if (!pairs || (!pairs->broken && !pairs->mended))
		return;
	tw_buf_printf(&text,
		"%llu requests failed that the baseline answers, %llu the "
		"other way round",
		(unsigned long long)pairs->broken,
		(unsigned long long)pairs->mended);
	if (pairs->noise)
		tw_buf_printf(&text,
			"; without the %llu that flip between runs of one "
			"side: %llu in every run, %llu the other way round",
			(unsigned long long)pairs->noise,
			(unsigned long long)pairs->broke,
			(unsigned long long)pairs->mends);
	if (pairs->broke || pairs->mends)
		tw_buf_printf(&text, " (exact McNemar p %s%.2g)",
			pairs->p < 1e-4 ? "< " : "",
			pairs->p < 1e-4 ? 1e-4 : pairs->p);
	else
		tw_buf_add_text(
			&text, ": none for McNemar's test, the runs decide");
	if (pairs->share < 1)
		tw_buf_printf(&text, "; of a sample of %s of all",
			tw_value_text(TW_UNIT_RATIO, pairs->share, share));
	add(lines, arena, "broke", tw_arena_strdup(arena, tw_buf_text(&text)));
	tw_buf_clear(&text);
	for (size_t i = 0; i < pairs->requests.n && i < 6; i++) {
		const struct tw_broken_request *r = &pairs->requests.v[i];

		tw_buf_printf(&text, "%s%llu (%s) in %zu of %zu runs",
			i ? ", " : "request ", (unsigned long long)r->position,
			r->endpoint, r->runs, group->runs);
	}
	if (text.n)
		add(lines, arena, "",
			tw_arena_strdup(arena, tw_buf_text(&text)));
	tw_buf_release(&text);
}

void tw_evidence_of(const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group,
	struct tw_arena *arena, struct tw_evidence_lines *lines)
{
	const struct tw_blame *blame = group->blame;

	add(lines, arena, "measured", group->why);
	if (check->suggestion)
		add(lines, arena, "hint", check->suggestion);
	if (group->advice)
		add(lines, arena, "to do", group->advice);
	add_power(check->check, group, arena, lines);
	add_pairs(group, arena, lines);
	if (blame) {
		if (blame->guilty) {
			add(lines, arena, "guilty", blame->text);
			add_path(blame, arena, lines);
		}
		add_edges(blame, arena, lines);
		add_when(blame, arena, lines);
		add_examples(blame, arena, lines);
		add_remedy(blame, arena, lines);
	}
	if (scenario->undone && group->verdict == TW_VERDICT_FAIL)
		add(lines, arena, "undo", scenario->undone->text);
	if (scenario->reproduce && group->verdict != TW_VERDICT_PASS)
		add(lines, arena, "again", scenario->reproduce);
}

const char *tw_evidence_file(const struct tw_report *report, const char *file,
	struct tw_arena *arena)
{
	const char *root = report->root;

	if (!file)
		file = report->config;
	if (*file == '/' || !root || !*root)
		return file;
	return tw_arena_printf(arena, "%s/%s", root, file);
}

const char *tw_evidence_name(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena)
{
	if (!group->title[0])
		return check->name;
	return tw_arena_printf(arena, "%s [%s]", check->name, group->title);
}

const char *tw_evidence_difference(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena)
{
	enum tw_unit unit = tw_check_unit(check);
	char value[TW_VALUE_TEXT], low[TW_VALUE_TEXT], high[TW_VALUE_TEXT];
	double d = group->candidate - group->baseline;
	bool finite = d - d == 0;

	if (!group->has_candidate || !group->has_baseline || !finite)
		return "-";
	tw_difference_text(unit, d, value);
	if (!group->has_interval || !check->limit.baseline ||
		!(group->high > group->low))
		return tw_arena_strdup(arena, value);
	return tw_arena_printf(arena, "%s [%s, %s]", value,
		tw_difference_text(unit, group->low, low),
		tw_difference_text(unit, group->high, high));
}

void tw_evidence_order(const struct tw_scenario_result *scenario,
	struct tw_arena *arena, const struct tw_check_result ***order)
{
	size_t n = scenario->checks.n, at = 0;

	*order = tw_new_array(arena, n + 1, const struct tw_check_result *);
	for (int muted = 0; muted < 2; muted++)
		for (int v = TW_VERDICT_FAIL; v >= TW_VERDICT_PASS; v--)
			for (size_t i = 0; i < n; i++) {
				const struct tw_check_result *c =
					scenario->checks.v[i];

				if ((int)c->verdict == v &&
					c->check->muted == (muted == 1))
					(*order)[at++] = c;
			}
}

void tw_evidence_scenarios(const struct tw_gate_result *gate,
	struct tw_arena *arena, const struct tw_scenario_result ***order)
{
	size_t n = gate->scenarios.n, at = 0;

	*order = tw_new_array(arena, n + 1, const struct tw_scenario_result *);
	for (int v = TW_VERDICT_FAIL; v >= TW_VERDICT_PASS; v--)
		for (size_t i = 0; i < n; i++)
			if ((int)gate->scenarios.v[i]->verdict == v)
				(*order)[at++] = gate->scenarios.v[i];
}

const char *tw_evidence_finding(
	const struct tw_finding *finding, struct tw_arena *arena)
{
	char before[TW_VALUE_TEXT], after[TW_VALUE_TEXT];

	return tw_arena_printf(arena, "%s -> %s %s: %s %s -> %s",
		finding->caller, finding->service, finding->endpoint,
		finding->what,
		tw_value_text(finding->unit, finding->before, before),
		tw_value_text(finding->unit, finding->after, after));
}

const char *tw_evidence_runs(
	const struct tw_report *report, struct tw_arena *arena)
{
	if (report->max_runs <= report->runs)
		return tw_arena_printf(arena, "%zu", report->runs);
	return tw_arena_printf(
		arena, "%zu to %zu", report->runs, report->max_runs);
}

const char *tw_evidence_stopped(
	const struct tw_scenario_result *scenario, struct tw_arena *arena)
{
	if (!scenario->stopped)
		return NULL;
	return tw_arena_printf(arena, "%zu runs, look %zu of %zu: %s",
		scenario->runs, scenario->look, scenario->looks,
		!strcmp(scenario->stopped, "decided") ? "all decided"
		: !strcmp(scenario->stopped, "time")
			? "the time was up"
			: "which is all there may be");
}

const char *tw_evidence_counts(
	const struct tw_gate_result *gate, struct tw_arena *arena)
{
	const struct {
		size_t n;
		const char *name;
	} parts[] = {{gate->failed, "failed"},
		{gate->inconclusive, "inconclusive"}, {gate->passed, "passed"},
		{gate->muted, "muted"}};
	struct tw_buf text = {0};
	const char *result;

	for (size_t i = 0; i < 4; i++)
		if (parts[i].n)
			tw_buf_printf(&text, "%s%zu %s", text.n ? ", " : "",
				parts[i].n, parts[i].name);
	result = tw_arena_strdup(
		arena, text.n ? tw_buf_text(&text) : "nothing was checked");
	tw_buf_release(&text);
	return result;
}

bool tw_evidence_is_quiet(const struct tw_group *group)
{
	return group->verdict == TW_VERDICT_PASS &&
	       group->reason != TW_REASON_NEW;
}

bool tw_evidence_check_is_quiet(const struct tw_check_result *check)
{
	for (size_t i = 0; i < check->groups.n; i++)
		if (!tw_evidence_is_quiet(check->groups.v[i]))
			return false;
	return true;
}
