/*
 * For programs: everything, in a documented and versioned shape
 * (docs/report.schema.json). Keys stand in a fixed order, numbers in their
 * shortest form that reads back the same.
 */
#include "harness/report/evidence.h"

struct json {
	struct tw_buf *out;
	int depth;
	bool comma; /* something stands before, at this depth */
};

static void line(struct json *j)
{
	if (j->comma)
		tw_buf_add_char(j->out, ',');
	if (j->depth)
		tw_buf_add_char(j->out, '\n');
	for (int i = 0; i < j->depth; i++)
		tw_buf_add_char(j->out, ' ');
	j->comma = true;
}

/* A sequence of UTF-8 that RFC 3629 allows at p, in bytes; 0: none. */
static size_t utf8(const unsigned char *p)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return (p[1] & 0xc0) == 0x80 ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
			(p[0] == 0xe0 && p[1] < 0xa0) ||
			(p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
			(p[3] & 0xc0) != 0x80 ||
			(p[0] == 0xf0 && p[1] < 0x90) ||
			(p[0] == 0xf4 && p[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

static void quoted(struct json *j, const char *s)
{
	tw_buf_add_char(j->out, '"');
	while (*s) {
		size_t n = utf8((const unsigned char *)s);

		if (!n)
			tw_buf_add_text(j->out, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			tw_buf_printf(j->out, "\\%c", *s);
		else if (*s == '\n')
			tw_buf_add_text(j->out, "\\n");
		else if ((unsigned char)*s < 0x20)
			tw_buf_printf(j->out, "\\u%04x", (unsigned)*s);
		else
			tw_buf_add(j->out, s, n);
		s += n ? n : 1;
	}
	tw_buf_add_char(j->out, '"');
}

static void key(struct json *j, const char *name)
{
	line(j);
	if (!name)
		return;
	quoted(j, name);
	tw_buf_add_text(j->out, ": ");
}

static void open(struct json *j, const char *name, char bracket)
{
	key(j, name);
	tw_buf_add_char(j->out, bracket);
	j->depth++;
	j->comma = false;
}

static void close(struct json *j, char bracket)
{
	bool any = j->comma;

	j->depth--;
	j->comma = false;
	if (any)
		line(j);
	if (any && !j->depth)
		tw_buf_add_char(j->out, '\n');
	tw_buf_add_char(j->out, bracket);
	j->comma = true;
}

/* NULL is left out. */
static void text(struct json *j, const char *name, const char *value)
{
	if (!value)
		return;
	key(j, name);
	quoted(j, value);
}

static void flag(struct json *j, const char *name, bool value)
{
	key(j, name);
	tw_buf_add_text(j->out, value ? "true" : "false");
}

static void count(struct json *j, const char *name, uint64_t value)
{
	key(j, name);
	tw_buf_printf(j->out, "%llu", (unsigned long long)value);
}

static void whole(struct json *j, const char *name, int64_t value)
{
	key(j, name);
	tw_buf_printf(j->out, "%lld", (long long)value);
}

/* What is not finite ("never") is null. */
static void real(struct json *j, const char *name, double value)
{
	char to[TW_REAL_TEXT];
	double size = value < 0 ? -value : value;

	key(j, name);
	if (size < 9e15 && !(size - (double)(int64_t)size > 0))
		tw_buf_printf(j->out, "%lld", (long long)value);
	else
		tw_buf_add_text(j->out,
			value - value == 0 ? tw_real_text(value, to) : "null");
}

static void position(struct json *j, struct tw_pos pos)
{
	if (!pos.file)
		return;
	text(j, "file", pos.file);
	if (pos.line) {
		whole(j, "line", pos.line);
		whole(j, "column", pos.column);
	}
}

static void delta(struct json *j, const char *name, struct tw_delta d)
{
	open(j, name, '[');
	real(j, NULL, d.before);
	real(j, NULL, d.after);
	close(j, ']');
}

static void edge(struct json *j, const struct tw_edge *e)
{
	open(j, NULL, '{');
	text(j, "caller", e->caller);
	text(j, "service", e->service);
	text(j, "endpoint", e->endpoint);
	text(j, "cause", tw_cause_names[e->cause]);
	real(j, "weight", e->weight);
	flag(j, "differs", e->differs);
	delta(j, "callsPerRequest", e->calls);
	delta(j, "triesPerCall", e->tries);
	delta(j, "errorsPerRequest", e->errors);
	delta(j, "timeoutsPerRequest", e->timeouts);
	delta(j, "refusedPerRequest", e->refused);
	delta(j, "unreachedPerRequest", e->unreached);
	delta(j, "latencyNs", e->latency);
	delta(j, "queueNs", e->queue);
	delta(j, "workNs", e->work);
	delta(j, "networkNs", e->network);
	delta(j, "backoffNs", e->backoff);
	delta(j, "stalledNs", e->stalled);
	delta(j, "throttled", e->throttled);
	delta(j, "oomKillsPerRun", e->ooms);
	close(j, '}');
}

static void blame(struct json *j, const struct tw_blame *b)
{
	open(j, "blame", '{');
	if (b->guilty) {
		text(j, "text", b->text);
		whole(j, "guilty", b->guilty - b->edges.v);
	}
	open(j, "path", '[');
	for (size_t i = 0; i < b->path.n; i++)
		count(j, NULL, b->path.v[i]);
	close(j, ']');
	open(j, "edges", '[');
	for (size_t i = 0; i < b->edges.n; i++)
		edge(j, &b->edges.v[i]);
	close(j, ']');
	text(j, "window", b->window);
	if (b->first_slice != TW_NEVER)
		whole(j, "differsFromNs", b->first_slice);
	open(j, "requests", '[');
	for (size_t i = 0; i < b->examples.n; i++) {
		const struct tw_failed_request *r = &b->examples.v[i];

		open(j, NULL, '{');
		count(j, "position", r->position);
		count(j, "run", r->run);
		whole(j, "atNs", r->at);
		whole(j, "latencyNs", r->latency);
		text(j, "service", r->service);
		text(j, "endpoint", r->endpoint);
		whole(j, "status", r->status);
		close(j, '}');
	}
	close(j, ']');
	close(j, '}');
}

static void group(
	struct json *j, const struct tw_check *check, const struct tw_group *g)
{
	bool limit =
		g->has_candidate && (g->has_baseline || !check->limit.baseline);

	open(j, NULL, '{');
	open(j, "labels", '{');
	for (int i = 0; i < TW_LABELS; i++)
		text(j, tw_check_label_names[i], g->labels[i]);
	close(j, '}');
	text(j, "verdict", tw_verdict_names[g->verdict]);
	text(j, "reason", tw_reason_names[g->reason]);
	text(j, "why", g->why);
	text(j, "advice", g->advice);
	if (g->has_baseline)
		real(j, "baseline", g->baseline);
	if (g->has_candidate)
		real(j, "candidate", g->candidate);
	if (limit)
		real(j, "limit", g->limit);
	if (g->has_interval) {
		open(j,
			check->limit.baseline ? "differenceInterval"
					      : "candidateInterval",
			'[');
		real(j, NULL, g->low);
		real(j, NULL, g->high);
		close(j, ']');
		open(j, "excessInterval", '[');
		real(j, NULL, g->excess_low);
		real(j, NULL, g->excess_high);
		close(j, ']');
		real(j, "p", g->p);
	}
	count(j, "runs", g->runs);
	if (g->pool > 1)
		count(j, "pool", g->pool);
	if (g->more_runs)
		count(j, "moreRuns", g->more_runs);
	count(j, "baselineCalls", g->baseline_calls);
	count(j, "candidateCalls", g->candidate_calls);
	if (g->calls_needed)
		count(j, "callsNeeded", g->calls_needed);
	if (g->blame)
		blame(j, g->blame);
	close(j, '}');
}

static void check(struct json *j, const struct tw_check_result *result)
{
	static const char *const units[] = {
		"ns", "ratio", "per-second", "count"};

	open(j, NULL, '{');
	text(j, "check", result->check->text);
	text(j, "name", result->check->name);
	position(j, result->check->pos);
	text(j, "unit", units[tw_check_unit(result->check)]);
	text(j, "verdict", tw_verdict_names[result->verdict]);
	flag(j, "muted", result->check->muted);
	text(j, "suggestion", result->suggestion);
	open(j, "groups", '[');
	for (size_t i = 0; i < result->groups.n; i++)
		group(j, result->check, result->groups.v[i]);
	close(j, ']');
	close(j, '}');
}

static void lost_runs(struct json *j, const char *name,
	const struct tw_recovery_map *map, int side)
{
	open(j, name, '[');
	for (size_t i = 0; i < map->n; i++)
		count(j, NULL, map->lost[side][i]);
	close(j, ']');
}

static void recovery(struct json *j, const struct tw_recovery_map *map)
{
	open(j, NULL, '{');
	text(j, "scenario", map->scenario);
	text(j, "trigger", map->trigger);
	text(j, "condition", map->condition);
	real(j, "load", map->load > 0 ? map->load : 1);
	count(j, "runs", map->runs);
	open(j, "sizes", '[');
	for (size_t i = 0; i < map->n; i++)
		text(j, NULL, map->sizes[i]);
	close(j, ']');
	if (map->has_baseline)
		lost_runs(j, "lostBaseline", map, 0);
	lost_runs(j, "lostCandidate", map, 1);
	close(j, '}');
}

static void scenario(struct json *j, const struct tw_scenario_result *s)
{
	open(j, NULL, '{');
	text(j, "name", s->name);
	text(j, "faults", s->faults);
	text(j, "verdict", tw_verdict_names[s->verdict]);
	count(j, "runs", s->runs);
	real(j, "virtualSeconds", s->seconds);
	text(j, "reproduce", s->reproduce);
	open(j, "checks", '[');
	for (size_t i = 0; i < s->checks.n; i++)
		check(j, s->checks.v[i]);
	close(j, ']');
	if (s->maps.n) {
		open(j, "recovery", '[');
		for (size_t i = 0; i < s->maps.n; i++)
			recovery(j, s->maps.v[i]);
		close(j, ']');
	}
	close(j, '}');
}

static void side(
	struct json *j, const char *name, const struct tw_report_side *s)
{
	if (!s->name)
		return;
	open(j, name, '{');
	text(j, "name", s->name);
	text(j, "revision", s->revision);
	text(j, "digest", s->digest);
	close(j, '}');
}

static void inputs(struct json *j, const struct tw_report *r)
{
	count(j, "version", TW_REPORT_VERSION);
	open(j, "tool", '{');
	text(j, "name", "twinrig");
	text(j, "version", r->version);
	close(j, '}');
	text(j, "command", r->command);
	text(j, "config", r->config);
	text(j, "inputs", r->digest);
	count(j, "seed", r->seed);
	count(j, "runs", r->runs);
	text(j, "policy", r->policy);
	flag(j, "defaultChecks", r->default_checks);
	side(j, "baseline", &r->baseline);
	side(j, "candidate", &r->candidate);
}

static void gate(struct json *j, const struct tw_report *r)
{
	const struct tw_gate_result *g = r->gate;

	text(j, "verdict", tw_verdict_names[g->verdict]);
	whole(j, "exitStatus", r->status);
	open(j, "counts", '{');
	count(j, "pass", g->passed);
	count(j, "fail", g->failed);
	count(j, "inconclusive", g->inconclusive);
	count(j, "muted", g->muted);
	close(j, '}');
	open(j, "reasons", '[');
	for (size_t i = 0; i < g->reasons.n; i++) {
		open(j, NULL, '{');
		text(j, "reason", g->reasons.v[i].name);
		text(j, "text", g->reasons.v[i].text);
		text(j, "advice", g->reasons.v[i].advice);
		close(j, '}');
	}
	close(j, ']');
	open(j, "scenarios", '[');
	for (size_t i = 0; i < g->scenarios.n; i++)
		scenario(j, g->scenarios.v[i]);
	close(j, ']');
}

static void model(struct json *j, const struct tw_report *r)
{
	open(j, "differences", '[');
	for (size_t i = 0; i < r->n_differences; i++) {
		open(j, NULL, '{');
		text(j, "path", r->differences[i].path);
		text(j, "before", r->differences[i].before);
		text(j, "after", r->differences[i].after);
		flag(j, "modelled", r->differences[i].modelled);
		close(j, '}');
	}
	close(j, ']');
	open(j, "reach", '[');
	for (size_t i = 0; i < r->n_reach; i++) {
		open(j, NULL, '{');
		text(j, "from", r->reach[i].from);
		text(j, "to", r->reach[i].to);
		text(j, "before", r->reach[i].before);
		text(j, "after", r->reach[i].after);
		flag(j, "lost", r->reach[i].lost);
		flag(j, "called", r->reach[i].called);
		close(j, '}');
	}
	close(j, ']');
	open(j, "assumed", '[');
	for (size_t i = 0; i < r->n_assumed; i++) {
		open(j, NULL, '{');
		text(j, "path", r->assumed[i].path);
		text(j, "value", r->assumed[i].value);
		text(j, "why", r->assumed[i].why);
		close(j, '}');
	}
	close(j, ']');
	open(j, "origins", '{');
	for (size_t i = 0; i < r->n_origins; i++)
		count(j, r->origins[i].name, r->origins[i].count);
	close(j, '}');
	if (!r->traffic)
		return;
	open(j, "traffic", '{');
	count(j, "read", r->traffic->read);
	count(j, "malformed", r->traffic->malformed);
	text(j, "malformedLines", r->traffic->malformed_lines);
	count(j, "unrouted", r->traffic->unrouted);
	count(j, "replayed", r->traffic->replayed);
	close(j, '}');
}

static void findings(struct json *j, const struct tw_diags *diags)
{
	static const char *const severities[] = {"error", "warning", "note"};

	open(j, "findings", '[');
	for (size_t i = 0; diags && i < diags->list.n; i++) {
		const struct tw_diag *d = diags->list.v[i];

		open(j, NULL, '{');
		text(j, "severity", severities[d->severity]);
		text(j, "rule", d->rule);
		position(j, d->pos);
		text(j, "message", d->message);
		text(j, "why", d->why);
		text(j, "hint", d->hint);
		close(j, '}');
	}
	close(j, ']');
}

static void live(struct json *j, const struct tw_report_live *l)
{
	open(j, "live", '{');
	text(j, "service", l->service);
	text(j, "trouble", l->trouble);
	count(j, "requests", l->requests);
	count(j, "compared", l->compared);
	count(j, "different", l->different);
	open(j, "differences", '[');
	for (size_t i = 0; i < l->n_diffs; i++) {
		open(j, NULL, '{');
		count(j, "position", l->diffs[i].position);
		text(j, "request", l->diffs[i].request);
		text(j, "path", l->diffs[i].path);
		text(j, "before", l->diffs[i].before);
		text(j, "after", l->diffs[i].after);
		count(j, "count", l->diffs[i].count);
		close(j, '}');
	}
	close(j, ']');
	close(j, '}');
}

static void write_json(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct json j = {.out = out};

	(void)options;
	open(&j, NULL, '{');
	inputs(&j, report);
	gate(&j, report);
	model(&j, report);
	findings(&j, report->findings);
	if (report->live)
		live(&j, report->live);
	close(&j, '}');
	tw_buf_add_char(out, '\n');
}

const struct tw_report_kind tw_report_json = {
	.name = "json",
	.option = "--json",
	.help = "everything, for programs (docs/report.schema.json)",
	.write = write_json,
};
