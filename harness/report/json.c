/*
 * For programs: everything, in a documented and versioned shape
 * (docs/report.schema.json). Keys stand in a fixed order, numbers in their
 * shortest form that reads back the same.
 */
#include "harness/report/json_parts.h"

#include "harness/report/evidence.h"

void tw_report_json_position(struct tw_json_writer *w, struct tw_pos pos)
{
	if (!pos.file)
		return;
	tw_json_put_string(w, "file", pos.file);
	if (pos.line) {
		tw_json_put_int(w, "line", pos.line);
		tw_json_put_int(w, "column", pos.column);
	}
}

static void side(struct tw_json_writer *w, const char *name,
	const struct tw_report_side *s)
{
	if (!s->name)
		return;
	tw_json_put_object(w, name);
	tw_json_put_string(w, "name", s->name);
	tw_json_put_string(w, "revision", s->revision);
	tw_json_put_string(w, "digest", s->digest);
	tw_json_end(w);
}

static void inputs(struct tw_json_writer *w, const struct tw_report *r)
{
	tw_json_put_uint(w, "version", TW_REPORT_VERSION);
	tw_json_put_object(w, "tool");
	tw_json_put_string(w, "name", "twinrig");
	tw_json_put_string(w, "version", r->version);
	tw_json_end(w);
	tw_json_put_string(w, "command", r->command);
	tw_json_put_string(w, "config", r->config);
	tw_json_put_string(w, "inputs", r->digest);
	tw_json_put_uint(w, "seed", r->seed);
	tw_json_put_uint(w, "runs", r->runs);
	if (r->max_runs > r->runs)
		tw_json_put_uint(w, "maxRuns", r->max_runs);
	tw_json_put_string(w, "policy", r->policy);
	tw_json_put_bool(w, "defaultChecks", r->default_checks);
	side(w, "baseline", &r->baseline);
	side(w, "candidate", &r->candidate);
}

static void gate(
	struct tw_json_writer *w, const struct tw_report *r, bool scenes)
{
	const struct tw_gate_result *g = r->gate;

	tw_json_put_string(w, "verdict", tw_verdict_names[g->verdict]);
	tw_json_put_int(w, "exitStatus", r->status);
	tw_json_put_object(w, "counts");
	tw_json_put_uint(w, "pass", g->passed);
	tw_json_put_uint(w, "fail", g->failed);
	tw_json_put_uint(w, "inconclusive", g->inconclusive);
	tw_json_put_uint(w, "muted", g->muted);
	tw_json_end(w);
	tw_json_put_array(w, "reasons");
	for (size_t i = 0; i < g->reasons.n; i++) {
		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "reason", g->reasons.v[i].name);
		tw_json_put_string(w, "text", g->reasons.v[i].text);
		tw_json_put_string(w, "advice", g->reasons.v[i].advice);
		if (g->reasons.v[i].fails)
			tw_json_put_bool(w, "fails", true);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_put_array(w, "scenarios");
	for (size_t i = 0; i < g->scenarios.n; i++)
		tw_report_json_scenario(w, g->scenarios.v[i], scenes);
	tw_json_end(w);
}

static void model(struct tw_json_writer *w, const struct tw_report *r)
{
	tw_json_put_array(w, "differences");
	for (size_t i = 0; i < r->n_differences; i++) {
		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "path", r->differences[i].path);
		tw_json_put_string(w, "before", r->differences[i].before);
		tw_json_put_string(w, "after", r->differences[i].after);
		tw_json_put_bool(w, "modelled", r->differences[i].modelled);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_put_array(w, "reach");
	for (size_t i = 0; i < r->n_reach; i++) {
		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "from", r->reach[i].from);
		tw_json_put_string(w, "to", r->reach[i].to);
		tw_json_put_string(w, "before", r->reach[i].before);
		tw_json_put_string(w, "after", r->reach[i].after);
		tw_json_put_bool(w, "lost", r->reach[i].lost);
		tw_json_put_bool(w, "called", r->reach[i].called);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_put_array(w, "assumed");
	for (size_t i = 0; i < r->n_assumed; i++) {
		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "path", r->assumed[i].path);
		tw_json_put_string(w, "value", r->assumed[i].value);
		tw_json_put_string(w, "why", r->assumed[i].why);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_put_object(w, "origins");
	for (size_t i = 0; i < r->n_origins; i++)
		tw_json_put_uint(w, r->origins[i].name, r->origins[i].count);
	tw_json_end(w);
	if (!r->traffic)
		return;
	tw_json_put_object(w, "traffic");
	tw_json_put_uint(w, "read", r->traffic->read);
	tw_json_put_uint(w, "malformed", r->traffic->malformed);
	tw_json_put_string(w, "malformedLines", r->traffic->malformed_lines);
	tw_json_put_uint(w, "unrouted", r->traffic->unrouted);
	tw_json_put_uint(w, "replayed", r->traffic->replayed);
	tw_json_end(w);
}

static void findings(struct tw_json_writer *w, const struct tw_diags *diags)
{
	static const char *const severities[] = {"error", "warning", "note"};

	tw_json_put_array(w, "findings");
	for (size_t i = 0; diags && i < diags->list.n; i++) {
		const struct tw_diag *d = diags->list.v[i];

		tw_json_put_object(w, NULL);
		tw_json_put_string(w, "severity", severities[d->severity]);
		tw_json_put_string(w, "rule", d->rule);
		tw_report_json_position(w, d->pos);
		tw_json_put_string(w, "message", d->message);
		tw_json_put_string(w, "why", d->why);
		tw_json_put_string(w, "hint", d->hint);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void live(struct tw_json_writer *w, const struct tw_report_live *l)
{
	tw_json_put_object(w, "live");
	tw_json_put_string(w, "service", l->service);
	tw_json_put_string(w, "trouble", l->trouble);
	tw_json_put_uint(w, "requests", l->requests);
	tw_json_put_uint(w, "compared", l->compared);
	tw_json_put_uint(w, "different", l->different);
	tw_json_put_array(w, "differences");
	for (size_t i = 0; i < l->n_diffs; i++) {
		tw_json_put_object(w, NULL);
		tw_json_put_uint(w, "position", l->diffs[i].position);
		tw_json_put_string(w, "request", l->diffs[i].request);
		tw_json_put_string(w, "path", l->diffs[i].path);
		tw_json_put_string(w, "before", l->diffs[i].before);
		tw_json_put_string(w, "after", l->diffs[i].after);
		tw_json_put_uint(w, "count", l->diffs[i].count);
		tw_json_end(w);
	}
	tw_json_end(w);
	tw_json_end(w);
}

static void write_json(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_json_writer w;

	tw_json_writer_init(&w, out, true);
	tw_json_put_object(&w, NULL);
	inputs(&w, report);
	gate(&w, report, options->scenes);
	model(&w, report);
	findings(&w, report->findings);
	if (report->live)
		live(&w, report->live);
	tw_json_end(&w);
	tw_json_finish(&w);
}

const struct tw_report_kind tw_report_json = {
	.name = "json",
	.option = "--json",
	.help = "everything, for programs (docs/report.schema.json)",
	.write = write_json,
};
