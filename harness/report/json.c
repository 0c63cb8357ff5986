/*
 * For programs: everything, in a documented and versioned shape
 * (docs/report.schema.json). Keys stand in a fixed order, numbers in their
 * shortest form that reads back the same.
 */
#include "harness/json/writer.h"
#include "harness/report/evidence.h"
#include "harness/report/scene.h"
#include "harness/report/timeline.h"

static void key(struct tw_json_writer *w, const char *name)
{
	if (name)
		tw_json_key(w, name);
}

static void open(struct tw_json_writer *w, const char *name)
{
	key(w, name);
	tw_json_object(w);
}

static void list(struct tw_json_writer *w, const char *name)
{
	key(w, name);
	tw_json_array(w);
}

static void close(struct tw_json_writer *w)
{
	tw_json_end(w);
}

/* NULL is left out. */
static void text(struct tw_json_writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	key(w, name);
	tw_json_string(w, value);
}

static void flag(struct tw_json_writer *w, const char *name, bool value)
{
	key(w, name);
	tw_json_bool(w, value);
}

static void count(struct tw_json_writer *w, const char *name, uint64_t value)
{
	key(w, name);
	tw_json_uint(w, value);
}

static void whole(struct tw_json_writer *w, const char *name, int64_t value)
{
	key(w, name);
	tw_json_int(w, value);
}

/* Whole numbers have no exponent: they are counts and ns. What is not finite
 * ("never") is null. */
static void real(struct tw_json_writer *w, const char *name, double value)
{
	double size = value < 0 ? -value : value;

	key(w, name);
	if (size < 9e15 && !(size - (double)(int64_t)size > 0))
		tw_json_int(w, (int64_t)value);
	else
		tw_json_real(w, value);
}

static void position(struct tw_json_writer *w, struct tw_pos pos)
{
	if (!pos.file)
		return;
	text(w, "file", pos.file);
	if (pos.line) {
		whole(w, "line", pos.line);
		whole(w, "column", pos.column);
	}
}

static void delta(struct tw_json_writer *w, const char *name, struct tw_delta d)
{
	list(w, name);
	real(w, NULL, d.before);
	real(w, NULL, d.after);
	close(w);
}

static void edge(struct tw_json_writer *w, const struct tw_edge *e)
{
	open(w, NULL);
	text(w, "caller", e->caller);
	text(w, "service", e->service);
	text(w, "endpoint", e->endpoint);
	text(w, "cause", tw_cause_names[e->cause]);
	real(w, "weight", e->weight);
	flag(w, "differs", e->differs);
	delta(w, "callsPerRequest", e->calls);
	delta(w, "triesPerCall", e->tries);
	delta(w, "errorsPerRequest", e->errors);
	delta(w, "timeoutsPerRequest", e->timeouts);
	delta(w, "refusedPerRequest", e->refused);
	delta(w, "unreachedPerRequest", e->unreached);
	delta(w, "latencyNs", e->latency);
	delta(w, "queueNs", e->queue);
	delta(w, "workNs", e->work);
	delta(w, "networkNs", e->network);
	delta(w, "backoffNs", e->backoff);
	delta(w, "stalledNs", e->stalled);
	delta(w, "throttled", e->throttled);
	delta(w, "oomKillsPerRun", e->ooms);
	close(w);
}

static void blame(struct tw_json_writer *w, const struct tw_blame *b)
{
	open(w, "blame");
	if (b->guilty) {
		text(w, "text", b->text);
		whole(w, "guilty", b->guilty - b->edges.v);
	}
	list(w, "path");
	for (size_t i = 0; i < b->path.n; i++)
		count(w, NULL, b->path.v[i]);
	close(w);
	list(w, "edges");
	for (size_t i = 0; i < b->edges.n; i++)
		edge(w, &b->edges.v[i]);
	close(w);
	text(w, "window", b->window);
	if (b->first_slice != TW_NEVER)
		whole(w, "differsFromNs", b->first_slice);
	list(w, "requests");
	for (size_t i = 0; i < b->examples.n; i++) {
		const struct tw_failed_request *r = &b->examples.v[i];

		open(w, NULL);
		count(w, "position", r->position);
		count(w, "run", r->run);
		whole(w, "atNs", r->at);
		whole(w, "latencyNs", r->latency);
		text(w, "service", r->service);
		text(w, "endpoint", r->endpoint);
		whole(w, "status", r->status);
		if (*r->why)
			text(w, "why", r->why);
		close(w);
	}
	close(w);
	close(w);
}

static void pairs(struct tw_json_writer *w, const struct tw_pairs *p)
{
	open(w, "pairs");
	count(w, "broken", p->broken);
	count(w, "mended", p->mended);
	count(w, "noise", p->noise);
	count(w, "broke", p->broke);
	count(w, "mends", p->mends);
	real(w, "share", p->share);
	real(w, "p", p->p);
	list(w, "requests");
	for (size_t i = 0; i < p->requests.n; i++) {
		const struct tw_broken_request *r = &p->requests.v[i];

		open(w, NULL);
		count(w, "position", r->position);
		text(w, "service", r->service);
		text(w, "endpoint", r->endpoint);
		count(w, "runs", r->runs);
		close(w);
	}
	close(w);
	close(w);
}

static void group(struct tw_json_writer *w, const struct tw_check *check,
	const struct tw_group *g)
{
	bool limit =
		g->has_candidate && (g->has_baseline || !check->limit.baseline);

	open(w, NULL);
	open(w, "labels");
	for (int i = 0; i < TW_LABELS; i++)
		text(w, tw_check_label_names[i], g->labels[i]);
	close(w);
	text(w, "verdict", tw_verdict_names[g->verdict]);
	text(w, "reason", tw_reason_names[g->reason]);
	text(w, "why", g->why);
	text(w, "advice", g->advice);
	if (g->has_baseline)
		real(w, "baseline", g->baseline);
	if (g->has_candidate)
		real(w, "candidate", g->candidate);
	if (limit)
		real(w, "limit", g->limit);
	if (g->has_interval) {
		list(w, check->limit.baseline ? "differenceInterval"
					      : "candidateInterval");
		real(w, NULL, g->low);
		real(w, NULL, g->high);
		close(w);
		list(w, "excessInterval");
		real(w, NULL, g->excess_low);
		real(w, NULL, g->excess_high);
		close(w);
		real(w, "p", g->p);
	}
	if (check->limit.baseline && g->has_baseline && g->has_candidate)
		real(w, "margin", g->margin);
	if (g->has_noise)
		real(w, "noiseFloor", g->noise);
	if (g->has_detects)
		real(w, "detects", g->detects);
	count(w, "runs", g->runs);
	if (g->pool > 1)
		count(w, "pool", g->pool);
	if (g->more_runs)
		count(w, "moreRuns", g->more_runs);
	count(w, "baselineCalls", g->baseline_calls);
	count(w, "candidateCalls", g->candidate_calls);
	if (g->calls_needed)
		count(w, "callsNeeded", g->calls_needed);
	if (g->pairs)
		pairs(w, g->pairs);
	if (g->blame)
		blame(w, g->blame);
	close(w);
}

static const char *const units[] = {"ns", "ratio", "per-second", "count"};

static void check(
	struct tw_json_writer *w, const struct tw_check_result *result)
{
	open(w, NULL);
	text(w, "check", result->check->text);
	text(w, "name", result->check->name);
	position(w, result->check->pos);
	text(w, "unit", units[tw_check_unit(result->check)]);
	text(w, "verdict", tw_verdict_names[result->verdict]);
	flag(w, "muted", result->check->muted);
	text(w, "suggestion", result->suggestion);
	list(w, "groups");
	for (size_t i = 0; i < result->groups.n; i++)
		group(w, result->check, result->groups.v[i]);
	close(w);
	close(w);
}

static void explored(
	struct tw_json_writer *w, const struct tw_scenario_result *s)
{
	list(w, "explored");
	for (size_t i = 0; i < s->findings.n; i++) {
		const struct tw_finding *f = &s->findings.v[i];

		open(w, NULL);
		text(w, "caller", f->caller);
		text(w, "service", f->service);
		text(w, "endpoint", f->endpoint);
		text(w, "what", f->what);
		text(w, "unit", units[f->unit]);
		real(w, "baseline", f->before);
		real(w, "candidate", f->after);
		list(w, "differenceInterval");
		real(w, NULL, f->low);
		real(w, NULL, f->high);
		close(w);
		real(w, "p", f->p);
		close(w);
	}
	close(w);
}

static void lost_runs(struct tw_json_writer *w, const char *name,
	const struct tw_recovery_map *map, int side)
{
	list(w, name);
	for (size_t i = 0; i < map->n; i++)
		count(w, NULL, map->lost[side][i]);
	close(w);
}

static void recovery(
	struct tw_json_writer *w, const struct tw_recovery_map *map)
{
	open(w, NULL);
	text(w, "scenario", map->scenario);
	text(w, "trigger", map->trigger);
	text(w, "condition", map->condition);
	real(w, "load", map->load > 0 ? map->load : 1);
	count(w, "runs", map->runs);
	list(w, "sizes");
	for (size_t i = 0; i < map->n; i++)
		text(w, NULL, map->sizes[i]);
	close(w);
	if (map->has_baseline)
		lost_runs(w, "lostBaseline", map, 0);
	lost_runs(w, "lostCandidate", map, 1);
	close(w);
}

static void undone(struct tw_json_writer *w, const struct tw_counterfactual *it)
{
	static const char *const alone[] = {"untried", "no", "yes"};

	open(w, "counterfactual");
	text(w, "text", it->text);
	flag(w, "baselineFails", it->baseline_fails);
	flag(w, "minimal", it->minimal);
	count(w, "tests", it->tests);
	count(w, "mostTests", it->most);
	list(w, "changes");
	for (size_t i = 0; i < it->n; i++) {
		const struct tw_undo *undo = &it->undos[i];

		open(w, NULL);
		text(w, "path", undo->path);
		text(w, "before", undo->before);
		text(w, "after", undo->after);
		position(w, undo->pos);
		flag(w, "ofBaseline", undo->is_baselines);
		text(w, "undone", undo->text);
		text(w, "alone", alone[undo->alone]);
		flag(w, "inSmallestSet", undo->found);
		close(w);
	}
	close(w);
	close(w);
}

static void opinion(struct tw_json_writer *w, const struct tw_opinion *it)
{
	open(w, NULL);
	text(w, "judge", it->judge);
	text(w, "file", it->file);
	text(w, "answer", it->answer);
	text(w, "verdict", tw_verdict_names[it->verdict]);
	flag(w, "gates", it->gates);
	list(w, "lines");
	for (size_t i = 0; i < it->lines.n; i++) {
		const struct tw_opinion_line *line = &it->lines.v[i];

		open(w, NULL);
		text(w, "name", line->name);
		text(w, "answer", line->answer);
		text(w, "verdict", tw_verdict_names[line->verdict]);
		text(w, "text", line->text);
		position(w, line->pos);
		close(w);
	}
	close(w);
	close(w);
}

static void scenario(struct tw_json_writer *w,
	const struct tw_scenario_result *s, bool scenes)
{
	open(w, NULL);
	text(w, "name", s->name);
	text(w, "faults", s->faults);
	text(w, "verdict", tw_verdict_names[s->verdict]);
	count(w, "runs", s->runs);
	text(w, "stopped", s->stopped);
	if (s->looks) {
		count(w, "look", s->look);
		count(w, "looks", s->looks);
	}
	real(w, "virtualSeconds", s->seconds);
	text(w, "reproduce", s->reproduce);
	if (s->timeline) {
		key(w, "timeline");
		tw_timeline_json(w, s->timeline);
	}
	list(w, "checks");
	for (size_t i = 0; i < s->checks.n; i++)
		check(w, s->checks.v[i]);
	close(w);
	if (s->opinions.n) {
		list(w, "judges");
		for (size_t i = 0; i < s->opinions.n; i++)
			opinion(w, s->opinions.v[i]);
		close(w);
	}
	if (s->undone)
		undone(w, s->undone);
	if (s->findings.n)
		explored(w, s);
	if (s->maps.n) {
		list(w, "recovery");
		for (size_t i = 0; i < s->maps.n; i++)
			recovery(w, s->maps.v[i]);
		close(w);
	}
	if (scenes && s->scene) {
		key(w, "seen");
		tw_scene_json(w, s->scene);
	}
	close(w);
}

static void side(struct tw_json_writer *w, const char *name,
	const struct tw_report_side *s)
{
	if (!s->name)
		return;
	open(w, name);
	text(w, "name", s->name);
	text(w, "revision", s->revision);
	text(w, "digest", s->digest);
	close(w);
}

static void inputs(struct tw_json_writer *w, const struct tw_report *r)
{
	count(w, "version", TW_REPORT_VERSION);
	open(w, "tool");
	text(w, "name", "twinrig");
	text(w, "version", r->version);
	close(w);
	text(w, "command", r->command);
	text(w, "config", r->config);
	text(w, "inputs", r->digest);
	count(w, "seed", r->seed);
	count(w, "runs", r->runs);
	if (r->max_runs > r->runs)
		count(w, "maxRuns", r->max_runs);
	text(w, "policy", r->policy);
	flag(w, "defaultChecks", r->default_checks);
	side(w, "baseline", &r->baseline);
	side(w, "candidate", &r->candidate);
}

static void gate(
	struct tw_json_writer *w, const struct tw_report *r, bool scenes)
{
	const struct tw_gate_result *g = r->gate;

	text(w, "verdict", tw_verdict_names[g->verdict]);
	whole(w, "exitStatus", r->status);
	open(w, "counts");
	count(w, "pass", g->passed);
	count(w, "fail", g->failed);
	count(w, "inconclusive", g->inconclusive);
	count(w, "muted", g->muted);
	close(w);
	list(w, "reasons");
	for (size_t i = 0; i < g->reasons.n; i++) {
		open(w, NULL);
		text(w, "reason", g->reasons.v[i].name);
		text(w, "text", g->reasons.v[i].text);
		text(w, "advice", g->reasons.v[i].advice);
		close(w);
	}
	close(w);
	list(w, "scenarios");
	for (size_t i = 0; i < g->scenarios.n; i++)
		scenario(w, g->scenarios.v[i], scenes);
	close(w);
}

static void model(struct tw_json_writer *w, const struct tw_report *r)
{
	list(w, "differences");
	for (size_t i = 0; i < r->n_differences; i++) {
		open(w, NULL);
		text(w, "path", r->differences[i].path);
		text(w, "before", r->differences[i].before);
		text(w, "after", r->differences[i].after);
		flag(w, "modelled", r->differences[i].modelled);
		close(w);
	}
	close(w);
	list(w, "reach");
	for (size_t i = 0; i < r->n_reach; i++) {
		open(w, NULL);
		text(w, "from", r->reach[i].from);
		text(w, "to", r->reach[i].to);
		text(w, "before", r->reach[i].before);
		text(w, "after", r->reach[i].after);
		flag(w, "lost", r->reach[i].lost);
		flag(w, "called", r->reach[i].called);
		close(w);
	}
	close(w);
	list(w, "assumed");
	for (size_t i = 0; i < r->n_assumed; i++) {
		open(w, NULL);
		text(w, "path", r->assumed[i].path);
		text(w, "value", r->assumed[i].value);
		text(w, "why", r->assumed[i].why);
		close(w);
	}
	close(w);
	open(w, "origins");
	for (size_t i = 0; i < r->n_origins; i++)
		count(w, r->origins[i].name, r->origins[i].count);
	close(w);
	if (!r->traffic)
		return;
	open(w, "traffic");
	count(w, "read", r->traffic->read);
	count(w, "malformed", r->traffic->malformed);
	text(w, "malformedLines", r->traffic->malformed_lines);
	count(w, "unrouted", r->traffic->unrouted);
	count(w, "replayed", r->traffic->replayed);
	close(w);
}

static void findings(struct tw_json_writer *w, const struct tw_diags *diags)
{
	static const char *const severities[] = {"error", "warning", "note"};

	list(w, "findings");
	for (size_t i = 0; diags && i < diags->list.n; i++) {
		const struct tw_diag *d = diags->list.v[i];

		open(w, NULL);
		text(w, "severity", severities[d->severity]);
		text(w, "rule", d->rule);
		position(w, d->pos);
		text(w, "message", d->message);
		text(w, "why", d->why);
		text(w, "hint", d->hint);
		close(w);
	}
	close(w);
}

static void live(struct tw_json_writer *w, const struct tw_report_live *l)
{
	open(w, "live");
	text(w, "service", l->service);
	text(w, "trouble", l->trouble);
	count(w, "requests", l->requests);
	count(w, "compared", l->compared);
	count(w, "different", l->different);
	list(w, "differences");
	for (size_t i = 0; i < l->n_diffs; i++) {
		open(w, NULL);
		count(w, "position", l->diffs[i].position);
		text(w, "request", l->diffs[i].request);
		text(w, "path", l->diffs[i].path);
		text(w, "before", l->diffs[i].before);
		text(w, "after", l->diffs[i].after);
		count(w, "count", l->diffs[i].count);
		close(w);
	}
	close(w);
	close(w);
}

static void write_json(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_json_writer w;

	tw_json_writer_init(&w, out, true);
	open(&w, NULL);
	inputs(&w, report);
	gate(&w, report, options->scenes);
	model(&w, report);
	findings(&w, report->findings);
	if (report->live)
		live(&w, report->live);
	close(&w);
	tw_json_finish(&w);
}

const struct tw_report_kind tw_report_json = {
	.name = "json",
	.option = "--json",
	.help = "everything, for programs (docs/report.schema.json)",
	.write = write_json,
};
