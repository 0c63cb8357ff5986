#include "harness/report/notes.h"

#include "harness/report/evidence.h"
#include "harness/report/opinion.h"
#include "twins/base/hash.h"

/* Groups of one scenario that are told line by line in one note. */
#define TOLD 4

/* What points at one line. */
struct spot {
	enum tw_note_level level;
	struct tw_pos pos;
	const char *rule;
	struct tw_buf names, text; /* scenarios; what is said of them */
	const struct tw_scenario_result *scenario; /* told last */
	size_t groups, scenarios;
	uint64_t identity;
};

struct collecting {
	const struct tw_report *report;
	struct tw_arena *arena;
	TW_VEC(struct spot *) spots;
};

static struct spot *spot_at(struct collecting *c, enum tw_note_level level,
	const char *rule, struct tw_pos pos)
{
	struct spot *spot;

	pos.file = tw_evidence_file(c->report, pos.file, c->arena);
	for (size_t i = 0; i < c->spots.n; i++) {
		spot = c->spots.v[i];
		if (spot->level == level && spot->pos.line == pos.line &&
			!strcmp(spot->pos.file, pos.file) &&
			!strcmp(spot->rule, rule))
			return spot;
	}
	spot = tw_new(c->arena, struct spot);
	spot->level = level;
	spot->pos = pos;
	spot->rule = rule;
	tw_vec_push_in(c->arena, &c->spots, spot);
	return spot;
}

struct tw_pos tw_notes_place(
	const struct tw_scenario_result *scenario, struct tw_pos otherwise)
{
	const struct tw_counterfactual *undone = scenario->undone;

	for (size_t i = 0; undone && i < undone->n; i++)
		if (undone->undos[i].found && !undone->undos[i].is_baselines &&
			undone->undos[i].pos.file)
			return undone->undos[i].pos;
	return otherwise;
}

static void end_scenario(struct spot *spot)
{
	if (spot->groups > TOLD)
		tw_buf_printf(&spot->text, "and %zu more like it\n",
			spot->groups - TOLD);
	spot->groups = 0;
}

static void add_ways_out(
	struct spot *spot, const struct tw_scenario_result *scenario)
{
	if (scenario->undone)
		tw_buf_printf(
			&spot->text, "  undo: %s\n", scenario->undone->text);
	if (scenario->reproduce)
		tw_buf_printf(
			&spot->text, "  again: %s\n", scenario->reproduce);
}

/* What is said of `name` next; whether it is the scenario's first. */
static bool enter(struct spot *spot, const struct tw_scenario_result *scenario,
	const char *name)
{
	bool first = spot->scenario != scenario;

	if (first) {
		end_scenario(spot);
		tw_buf_printf(&spot->names, "%s%s", spot->scenario ? ", " : "",
			scenario->name);
		spot->scenario = scenario;
		spot->scenarios++;
	}
	spot->identity = tw_hash_combine(
		spot->identity, tw_hash_combine(tw_hash_name(scenario->name),
					tw_hash_name(name)));
	spot->groups++;
	return first;
}

static void add_group(struct collecting *c,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	bool failed = group->verdict == TW_VERDICT_FAIL;
	struct spot *spot = spot_at(c, failed ? TW_NOTE_ERROR : TW_NOTE_WARNING,
		failed ? "check-failed" : "check-inconclusive",
		tw_notes_place(scenario, check->check->pos));
	bool first = enter(spot, scenario,
		tw_evidence_name(check->check, group, c->arena));

	if (spot->groups > TOLD)
		return;
	tw_buf_printf(&spot->text, "%s: %s%s%s%s: %s\n", scenario->name,
		check->check->text, group->title[0] ? " [" : "", group->title,
		group->title[0] ? "]" : "", group->why);
	if (!first)
		return;
	if (group->blame && group->blame->guilty)
		tw_buf_printf(
			&spot->text, "  guilty: %s\n", group->blame->text);
	else if (group->advice)
		tw_buf_printf(&spot->text, "  to do: %s\n", group->advice);
	add_ways_out(spot, scenario);
}

/* At the first of its rules that is not kept, where nothing has to be undone.
 */
static void add_opinion(struct collecting *c,
	const struct tw_scenario_result *scenario, const struct tw_opinion *it)
{
	bool failed = it->verdict == TW_VERDICT_FAIL;
	struct tw_pos pos = {.file = it->file};
	struct tw_buf lines = {0};
	struct spot *spot;
	bool first;

	for (size_t i = 0; i < it->lines.n; i++) {
		const struct tw_opinion_line *line = &it->lines.v[i];

		if (line->verdict != it->verdict)
			continue;
		if (!pos.line && line->pos.file)
			pos = line->pos;
		tw_buf_printf(&lines, "  %s\n",
			tw_opinion_line_text(it, line, c->arena));
	}
	spot = spot_at(c, failed ? TW_NOTE_ERROR : TW_NOTE_WARNING,
		failed ? "judge-failed" : "judge-inconclusive",
		tw_notes_place(scenario, pos));
	first = enter(spot, scenario, tw_opinion_name(it, c->arena));
	if (spot->groups <= TOLD) {
		tw_buf_printf(&spot->text, "%s: %s\n%s", scenario->name,
			tw_opinion_text(it, c->arena), tw_buf_text(&lines));
		if (first)
			add_ways_out(spot, scenario);
	}
	tw_buf_release(&lines);
}

static void add_scenario(
	struct collecting *c, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;

	tw_evidence_order(scenario, c->arena, &order);
	for (size_t k = 0; k < scenario->checks.n; k++)
		for (size_t i = 0; i < order[k]->groups.n; i++)
			if (!order[k]->check->muted &&
				order[k]->groups.v[i]->verdict !=
					TW_VERDICT_PASS)
				add_group(c, scenario, order[k],
					order[k]->groups.v[i]);
	for (size_t i = 0; i < scenario->opinions.n; i++)
		if (scenario->opinions.v[i]->gates &&
			scenario->opinions.v[i]->verdict != TW_VERDICT_PASS)
			add_opinion(c, scenario, scenario->opinions.v[i]);
}

static void add_reason(
	struct collecting *c, const struct tw_gate_reason *reason)
{
	struct spot *spot =
		spot_at(c, reason->fails ? TW_NOTE_ERROR : TW_NOTE_WARNING,
			reason->name, (struct tw_pos){0});

	tw_buf_printf(&spot->text, "%s\n", reason->text);
	if (reason->advice)
		tw_buf_printf(&spot->text, "%s\n", reason->advice);
	tw_buf_add_text(&spot->names, spot->names.n ? "" : reason->name);
	spot->identity = tw_hash_name(reason->name);
}

static void add_finding(struct collecting *c, const struct tw_diag *diag)
{
	static const enum tw_note_level levels[] = {
		TW_NOTE_ERROR, TW_NOTE_WARNING, TW_NOTE_NOTICE};
	const char *rule = diag->rule ? diag->rule : "invalid";
	struct spot *spot = spot_at(c, levels[diag->severity], rule, diag->pos);

	tw_buf_printf(&spot->text, "%s\n", diag->message);
	if (diag->why)
		tw_buf_printf(&spot->text, "%s\n", diag->why);
	if (diag->hint)
		tw_buf_printf(&spot->text, "%s\n", diag->hint);
	spot->identity = tw_hash_combine(
		spot->identity, tw_hash_combine(tw_hash_name(rule),
					tw_hash_name(diag->message)));
}

static struct tw_note note_of(struct collecting *c, struct spot *spot)
{
	static const char *const words[] = {
		"fails", "is inconclusive", "is told"};
	struct tw_note note = {
		.level = spot->level,
		.pos = spot->pos,
		.rule = spot->rule,
		.identity = tw_hash_combine(
			spot->identity, tw_hash_name(spot->pos.file)),
	};

	end_scenario(spot);
	while (spot->text.n && spot->text.p[spot->text.n - 1] == '\n')
		spot->text.p[--spot->text.n] = '\0';
	if (spot->scenarios)
		note.title = tw_arena_printf(c->arena, "twinrig: %s %s",
			tw_buf_text(&spot->names),
			spot->scenarios > 1 && !spot->level
				? "fail"
				: words[spot->level]);
	else
		note.title =
			tw_arena_printf(c->arena, "twinrig: %s", spot->rule);
	note.text = tw_arena_strdup(c->arena, tw_buf_text(&spot->text));
	tw_buf_release(&spot->names);
	tw_buf_release(&spot->text);
	return note;
}

/* Readers take notes of one identity for one note. */
static void tell_apart(struct tw_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		for (size_t k = 0; k < i; k++)
			if (notes->v[k].identity == notes->v[i].identity) {
				notes->v[i].identity = tw_hash_combine(
					notes->v[i].identity, i);
				k = (size_t)-1;
			}
}

void tw_notes_of(const struct tw_report *report, struct tw_arena *arena,
	struct tw_notes *notes)
{
	struct collecting c = {.report = report, .arena = arena};
	const struct tw_scenario_result **order;

	tw_evidence_scenarios(report->gate, arena, &order);
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		add_scenario(&c, order[i]);
	for (size_t i = 0; i < report->gate->reasons.n; i++)
		add_reason(&c, &report->gate->reasons.v[i]);
	for (size_t i = 0; i < report->n_new_findings; i++)
		add_finding(&c, report->new_findings[i]);
	for (int level = TW_NOTE_ERROR; level <= TW_NOTE_NOTICE; level++)
		for (size_t i = 0; i < c.spots.n; i++)
			if ((int)c.spots.v[i]->level == level)
				tw_vec_push_in(arena, notes,
					note_of(&c, c.spots.v[i]));
	tell_apart(notes);
}
