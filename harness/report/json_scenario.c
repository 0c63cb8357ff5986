#include "harness/report/json_parts.h"

#include "harness/report/evidence.h"
#include "harness/report/scene.h"
#include "harness/report/timeline.h"

/* Whole numbers have no exponent: they are counts and ns. What is not finite
 * ("never") is null. */
static void real(struct tw_json_writer *w, const char *name, double value)
{
	double size = value < 0 ? -value : value;

	if (name)
		tw_json_key(w, name);
	if (size < 9e15 && !(size - (double)(int64_t)size > 0))
		tw_json_int(w, (int64_t)value);
	else
		tw_json_real(w, value);
}

static void delta(struct tw_json_writer *w, const char *name, struct tw_delta d)
{
	tw_json_put_array(w, name);
	real(w, NULL, d.before);
	real(w, NULL, d.after);
	tw_json_end(w);
}

static void edge(struct tw_json_writer *w, const struct tw_edge *e)
{
	tw_json_put_object(w, NULL);
	tw_json_put_string(w, "caller", e->caller);
	tw_json_put_string(w, "service", e->service);
	tw_json_put_string(w, "endpoint", e->endpoint);
	tw_json_put_string(w, "cause", tw_cause_names[e->cause]);
	real(w, "weight", e->weight);
	tw_json_put_bool(w, "differs", e->differs);
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
	tw_json_end(w);
}

static void blame(struct tw_json_writer *w, const struct tw_blame *b)
{
	tw_json_put_object(w, "blame");
	if (b->guilty) {
		tw_json_put_string(w, "text", b->text);
		tw_json_put_int(w, "guilty", b->guilty - b->edges.v);
	}
	tw_json_put_array(w, "path");
	for (size_t i = 0; i < b->path.n; i++)
		tw_json_put_uint(w, NULL, b->path.v[i]);
	tw_json_end(w);
	tw_json_put_array(w, "edges");
	for (size_t i = 0; i < b->edges.n; i++)
		edge(w, &b->edges.v[i]);
	tw_json_end(w);
	tw_json_put_string(w, "window", b->window);
	if (b->first_slice != TW_NEVER)
		tw_json_put_int(w, "differsFromNs", b->first_slice);
	tw_json_put_array(w, "requests");
	for (size_t i = 0; i < b->examples.n; i++) {
		const struct tw_failed_request *r = &b->examples.v[i];

		tw_json_put_object(w, NULL);
		tw_json_put_uint(w, "position", r->position);
		tw_json_put_uint(w, "run", r->run);
		tw_json_put_int(w, "atNs", r->at);
		tw_json_put_int(w, "latencyNs", r->latency);
		tw_json_put_string(w, "service", r->service);
		tw_json_put_string(w, "endpoint", r->endpoint);
		tw_json_put_int(w, "status", r->status);
		if (*r->why)
			tw_json_put_string(w, "why", r->why);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_end(w);
}

static void pairs(struct tw_json_writer *w, const struct tw_pairs *p)
{
	tw_json_put_object(w, "pairs");
	tw_json_put_uint(w, "broken", p->broken);
	tw_json_put_uint(w, "mended", p->mended);
	tw_json_put_uint(w, "noise", p->noise);
	tw_json_put_uint(w, "broke", p->broke);
	tw_json_put_uint(w, "mends", p->mends);
	real(w, "share", p->share);
	real(w, "p", p->p);
	tw_json_put_array(w, "requests");
	for (size_t i = 0; i < p->requests.n; i++) {
		const struct tw_broken_request *r = &p->requests.v[i];

		tw_json_put_object(w, NULL);
		tw_json_put_uint(w, "position", r->position);
		tw_json_put_string(w, "service", r->service);
		tw_json_put_string(w, "endpoint", r->endpoint);
		tw_json_put_uint(w, "runs", r->runs);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_end(w);
}

static void group(struct tw_json_writer *w, const struct tw_check *check,
	const struct tw_group *g)
{
	bool limit =
		g->has_candidate && (g->has_baseline || !check->limit.baseline);

	tw_json_put_object(w, NULL);
	tw_json_put_object(w, "labels");
	for (int i = 0; i < TW_LABELS; i++)
		tw_json_put_string(w, tw_check_label_names[i], g->labels[i]);
	tw_json_end(w);
	tw_json_put_string(w, "verdict", tw_verdict_names[g->verdict]);
	tw_json_put_string(w, "reason", tw_reason_names[g->reason]);
	tw_json_put_string(w, "why", g->why);
	tw_json_put_string(w, "advice", g->advice);
	if (g->has_baseline)
		real(w, "baseline", g->baseline);
	if (g->has_candidate)
		real(w, "candidate", g->candidate);
	if (limit)
		real(w, "limit", g->limit);
	if (g->has_interval) {
		tw_json_put_array(w, check->limit.baseline
					     ? "differenceInterval"
					     : "candidateInterval");
		real(w, NULL, g->low);
		real(w, NULL, g->high);
		tw_json_end(w);
		tw_json_put_array(w, "excessInterval");
		real(w, NULL, g->excess_low);
		real(w, NULL, g->excess_high);
		tw_json_end(w);
		real(w, "p", g->p);
	}
	if (check->limit.baseline && g->has_baseline && g->has_candidate)
		real(w, "margin", g->margin);
	if (g->has_noise)
		real(w, "noiseFloor", g->noise);
	if (g->has_detects)
		real(w, "detects", g->detects);
	tw_json_put_uint(w, "runs", g->runs);
	if (g->pool > 1)
		tw_json_put_uint(w, "pool", g->pool);
	if (g->more_runs)
		tw_json_put_uint(w, "moreRuns", g->more_runs);
	tw_json_put_uint(w, "baselineCalls", g->baseline_calls);
	tw_json_put_uint(w, "candidateCalls", g->candidate_calls);
	if (g->calls_needed)
		tw_json_put_uint(w, "callsNeeded", g->calls_needed);
	if (g->pairs)
		pairs(w, g->pairs);
	if (g->blame)
		blame(w, g->blame);
	tw_json_end(w);
}

static const char *const units[] = {"ns", "ratio", "per-second", "count"};

static void check(
	struct tw_json_writer *w, const struct tw_check_result *result)
{
	tw_json_put_object(w, NULL);
	tw_json_put_string(w, "check", result->check->text);
	tw_json_put_string(w, "name", result->check->name);
	tw_report_json_position(w, result->check->pos);
	tw_json_put_string(w, "unit", units[tw_check_unit(result->check)]);
	tw_json_put_string(w, "verdict", tw_verdict_names[result->verdict]);
	tw_json_put_bool(w, "muted", result->check->muted);
	tw_json_put_string(w, "suggestion", result->suggestion);
	tw_json_put_array(w, "groups");
	for (size_t i = 0; i < result->groups.n; i++)
		group(w, result->check, result->groups.v[i]);
	tw_json_end(w);
	tw_json_end(w);
}

static void explored(
	struct tw_json_writer *w, const struct tw_scenario_result *s)
{
	tw_json_put_array(w, "explored");
	for (size_t i = 0; i < s->findings.n; i++) {
		const struct tw_finding *f = &s->findings.v[i];

		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "caller", f->caller);
		tw_json_put_string(w, "service", f->service);
		tw_json_put_string(w, "endpoint", f->endpoint);
		tw_json_put_string(w, "what", f->what);
		tw_json_put_string(w, "unit", units[f->unit]);
		real(w, "baseline", f->before);
		real(w, "candidate", f->after);
		tw_json_put_array(w, "differenceInterval");
		real(w, NULL, f->low);
		real(w, NULL, f->high);
		tw_json_end(w);
		real(w, "p", f->p);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void lost_runs(struct tw_json_writer *w, const char *name,
	const struct tw_recovery_map *map, int side)
{
	tw_json_put_array(w, name);
	for (size_t i = 0; i < map->n; i++)
		tw_json_put_uint(w, NULL, map->lost[side][i]);
	tw_json_end(w);
}

static void recovery(
	struct tw_json_writer *w, const struct tw_recovery_map *map)
{
	tw_json_put_object(w, NULL);
	tw_json_put_string(w, "scenario", map->scenario);
	tw_json_put_string(w, "trigger", map->trigger);
	tw_json_put_string(w, "condition", map->condition);
	real(w, "load", map->load > 0 ? map->load : 1);
	tw_json_put_uint(w, "runs", map->runs);
	tw_json_put_array(w, "sizes");
	for (size_t i = 0; i < map->n; i++)
		tw_json_put_string(w, NULL, map->sizes[i]);
	tw_json_end(w);
	if (map->has_baseline)
		lost_runs(w, "lostBaseline", map, 0);
	lost_runs(w, "lostCandidate", map, 1);
	tw_json_end(w);
}

static void undone(struct tw_json_writer *w, const struct tw_counterfactual *it)
{
	static const char *const alone[] = {"untried", "no", "yes"};

	tw_json_put_object(w, "counterfactual");
	tw_json_put_string(w, "text", it->text);
	tw_json_put_bool(w, "baselineFails", it->baseline_fails);
	tw_json_put_bool(w, "minimal", it->minimal);
	tw_json_put_uint(w, "tests", it->tests);
	tw_json_put_uint(w, "mostTests", it->most);
	tw_json_put_array(w, "changes");
	for (size_t i = 0; i < it->n; i++) {
		const struct tw_undo *undo = &it->undos[i];

		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "path", undo->path);
		tw_json_put_string(w, "before", undo->before);
		tw_json_put_string(w, "after", undo->after);
		tw_report_json_position(w, undo->pos);
		tw_json_put_bool(w, "ofBaseline", undo->is_baselines);
		tw_json_put_string(w, "undone", undo->text);
		tw_json_put_string(w, "alone", alone[undo->alone]);
		tw_json_put_bool(w, "inSmallestSet", undo->found);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_end(w);
}

static void opinion(struct tw_json_writer *w, const struct tw_opinion *it)
{
	tw_json_put_object(w, NULL);
	tw_json_put_string(w, "judge", it->judge);
	tw_json_put_string(w, "file", it->file);
	tw_json_put_string(w, "answer", it->answer);
	tw_json_put_string(w, "verdict", tw_verdict_names[it->verdict]);
	tw_json_put_bool(w, "gates", it->gates);
	tw_json_put_array(w, "lines");
	for (size_t i = 0; i < it->lines.n; i++) {
		const struct tw_opinion_line *line = &it->lines.v[i];

		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "name", line->name);
		tw_json_put_string(w, "answer", line->answer);
		tw_json_put_string(
			w, "verdict", tw_verdict_names[line->verdict]);
		tw_json_put_string(w, "text", line->text);
		tw_report_json_position(w, line->pos);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_end(w);
}

void tw_report_json_scenario(struct tw_json_writer *w,
	const struct tw_scenario_result *s, bool scenes)
{
	tw_json_put_object(w, NULL);
	tw_json_put_string(w, "name", s->name);
	tw_json_put_string(w, "faults", s->faults);
	tw_json_put_string(w, "verdict", tw_verdict_names[s->verdict]);
	tw_json_put_uint(w, "runs", s->runs);
	tw_json_put_string(w, "stopped", s->stopped);
	if (s->looks) {
		tw_json_put_uint(w, "look", s->look);
		tw_json_put_uint(w, "looks", s->looks);
	}
	real(w, "virtualSeconds", s->seconds);
	tw_json_put_string(w, "reproduce", s->reproduce);
	if (s->timeline) {
		tw_json_key(w, "timeline");
		tw_timeline_json(w, s->timeline);
	}
	tw_json_put_array(w, "checks");
	for (size_t i = 0; i < s->checks.n; i++)
		check(w, s->checks.v[i]);
	tw_json_end(w);
	if (s->opinions.n) {
		tw_json_put_array(w, "judges");
		for (size_t i = 0; i < s->opinions.n; i++)
			opinion(w, s->opinions.v[i]);
		tw_json_end(w);
	}
	if (s->undone)
		undone(w, s->undone);
	if (s->findings.n)
		explored(w, s);
	if (s->maps.n) {
		tw_json_put_array(w, "recovery");
		for (size_t i = 0; i < s->maps.n; i++)
			recovery(w, s->maps.v[i]);
		tw_json_end(w);
	}
	if (scenes && s->scene) {
		tw_json_key(w, "seen");
		tw_scene_json(w, s->scene);
	}
	tw_json_end(w);
}
