/*
 * The page of `twinrig history --html`: figures over all gates, a bar a gate,
 * and a row a gate. No script; drawn as SVG.
 */
#include "harness/report/history.h"

#include "harness/report/html_page.h"
#include "harness/report/markup.h"

/* Bars that are drawn: the newest. */
#define BARS   60
#define WIDTH  960.0
#define HEIGHT 150.0

static const char *mark(const char *verdict)
{
	return !strcmp(verdict, "pass")	  ? "\xe2\x9c\x93"
	       : !strcmp(verdict, "fail") ? "\xe2\x9c\x97"
					  : "?";
}

static void figure(struct tw_buf *out, const char *name, const char *value)
{
	tw_buf_add_text(out, "<li><span>");
	tw_markup_text(out, name);
	tw_buf_add_text(out, "</span><strong>");
	tw_markup_text(out, value);
	tw_buf_add_text(out, "</strong></li>\n");
}

static void counted(struct tw_buf *out, const char *name, size_t n, size_t of)
{
	struct tw_buf text = {0};

	tw_buf_printf(&text, "%zu of %zu", n, of);
	figure(out, name, tw_buf_text(&text));
	tw_buf_release(&text);
}

static void timed(struct tw_buf *out, const char *name,
	const struct tw_history_times *times)
{
	char text[TW_TIME_TEXT];

	if (times->n)
		figure(out, name,
			tw_time_text((tw_time)(times->sum / (double)times->n),
				text));
}

/* "2.5 of 8 cores"; what is not known is left out. */
static void share(struct tw_buf *out, const char *name, double used,
	double asked, const char *unit)
{
	struct tw_buf text = {0};

	if (used > 0 && asked > 0)
		tw_buf_printf(&text, "%.3g of %.3g %s (%.0f%%)", used, asked,
			unit, 100 * used / asked);
	else if (asked > 0)
		tw_buf_printf(&text, "%.3g %s requested", asked, unit);
	else if (used > 0)
		tw_buf_printf(&text, "%.3g %s, nothing requested", used, unit);
	if (text.n)
		figure(out, name, tw_buf_text(&text));
	tw_buf_release(&text);
}

static void accuracy(struct tw_buf *out, const struct tw_history *h)
{
	struct tw_buf text = {0};

	if (!h->accuracy.known)
		return;
	tw_buf_printf(&text, "%.0f%%", h->accuracy.latency * 100);
	if (h->accuracy_before.known)
		tw_buf_printf(&text, " (before: %.0f%%)",
			h->accuracy_before.latency * 100);
	figure(out, "medians of a real build off the twin's",
		tw_buf_text(&text));
	tw_buf_release(&text);
}

static void figures(struct tw_buf *out, const struct tw_history *h)
{
	const double gi = 1 << 30;

	tw_buf_add_text(out, "<ul class=\"kpis\">\n");
	counted(out, "commits caught before a rollout", h->caught, h->commits);
	counted(out, "commits that passed", h->passed, h->commits);
	counted(out, "inconclusive commits", h->inconclusive, h->commits);
	timed(out, "mean time to detect a fault", &h->detection);
	if (h->detection.n + h->detection.never)
		counted(out, "faults not noticed", h->detection.never,
			h->detection.n + h->detection.never);
	timed(out, "mean time to recover from a fault", &h->recovery);
	if (h->recovery.n + h->recovery.never)
		counted(out, "faults not recovered from", h->recovery.never,
			h->recovery.n + h->recovery.never);
	timed(out, "mean time for a failure to show", &h->showing);
	share(out, "CPU used of requested", h->cost.cpu_used,
		h->cost.cpu_requested, "cores");
	share(out, "memory used of requested", h->cost.memory_used / gi,
		h->cost.memory_requested / gi, "GiB");
	accuracy(out, h);
	tw_buf_add_text(out, "</ul>\n");
	if (h->proof) {
		tw_buf_add_text(out, "<p>The newest self-test: ");
		tw_markup_text(out, h->proof);
		tw_buf_add_text(out, "</p>\n");
	}
}

static void bar(struct tw_buf *out, const struct tw_history_gate *gate,
	double x, double width)
{
	const struct {
		const char *kind;
		uint64_t n;
	} parts[] = {{"fail", gate->failed},
		{"inconclusive", gate->inconclusive}, {"pass", gate->passed}};
	uint64_t all = gate->failed + gate->inconclusive + gate->passed;
	double y = 0;

	tw_buf_add_text(out, "<g><title>");
	tw_markup_text(out, gate->when);
	tw_buf_printf(out,
		" %.12s: %s; %llu failed, %llu inconclusive, %llu passed"
		"</title>",
		gate->commit[0] ? gate->commit : gate->id, gate->verdict,
		(unsigned long long)gate->failed,
		(unsigned long long)gate->inconclusive,
		(unsigned long long)gate->passed);
	for (size_t i = 0; all && i < 3; i++) {
		double part = HEIGHT * (double)parts[i].n / (double)all;

		if (parts[i].n)
			tw_buf_printf(out,
				"<rect class=\"bar %s\" x=\"%.1f\" y=\"%.1f\" "
				"width=\"%.1f\" height=\"%.1f\"/>",
				parts[i].kind, x, y, width, part);
		y += part;
	}
	tw_buf_printf(out,
		"<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text></g>\n",
		gate->verdict, x + width / 2, HEIGHT + 16, mark(gate->verdict));
}

/* From the oldest to the newest, as people read time. */
static void bars(struct tw_buf *out, const struct tw_history *h)
{
	size_t n = h->gates.n < BARS ? h->gates.n : BARS;
	double step = WIDTH / (double)(n < 12 ? 12 : n);

	tw_buf_printf(out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"Verdicts over time\"><svg class=\"history\" "
		"viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
		"role=\"img\" aria-label=\"Groups of checks of the last %zu "
		"gates by verdict, the newest on the right\">\n",
		WIDTH, HEIGHT + 22, WIDTH, HEIGHT + 22, n);
	for (size_t i = 0; i < n; i++)
		bar(out, &h->gates.v[h->gates.n - n + i], step * (double)i,
			step * 0.8);
	tw_buf_add_text(out,
		"</svg></div>\n"
		"<p class=\"soft\">A bar a gate, the newest on the "
		"right: its groups of checks, failed on top (dark), "
		"inconclusive (hollow), passed (light).</p>\n");
}

static const char *mean(const struct tw_history_times *times, const char *never,
	char text[static TW_TIME_TEXT])
{
	if (times->never)
		return never;
	if (!times->n)
		return "-";
	return tw_time_text((tw_time)(times->sum / (double)times->n), text);
}

static void row(struct tw_buf *out, const struct tw_history_gate *gate)
{
	char detected[TW_TIME_TEXT], recovered[TW_TIME_TEXT];

	tw_buf_add_text(out, "<tr><td>");
	tw_markup_text(out, gate->when);
	tw_buf_printf(out, "</td><th scope=\"row\"><code>%.12s</code>%s</th>",
		gate->commit[0] ? gate->commit : gate->id,
		!gate->commit[0] ? " (no commit)"
		: gate->clean	 ? ""
				 : " (changed)");
	tw_buf_printf(out,
		"<td><span class=\"chip %s\">%s %s</span></td><td>%s</td>"
		"<td>%s</td><td class=\"wide\">",
		gate->verdict, mark(gate->verdict), gate->verdict,
		mean(&gate->detection, "not always", detected),
		mean(&gate->recovery, "never", recovered));
	tw_markup_text(out, gate->why);
	if (gate->more)
		tw_buf_printf(out, " and %zu more", gate->more);
	tw_buf_add_text(out, "</td></tr>\n");
}

static void change(struct tw_buf *out, const struct tw_history *h,
	const struct tw_history_change *it)
{
	const struct tw_history_gate *gate = &h->gates.v[it->gate];

	tw_buf_add_text(out, "<tr><td>");
	tw_markup_text(out, gate->when);
	tw_buf_printf(out, "</td><th scope=\"row\"><code>%.12s</code></th><td>",
		gate->commit[0] ? gate->commit : gate->id);
	tw_markup_text(out, it->before);
	tw_buf_add_text(out, " \xe2\x86\x92 ");
	tw_markup_text(out, it->after);
	tw_buf_printf(out, "</td><td>%.3f</td><td class=\"wide\">", it->p);
	tw_markup_text(out, it->scenario);
	tw_buf_add_text(out, ": ");
	tw_markup_text(out, it->check);
	if (it->group[0]) {
		tw_buf_add_text(out, " [");
		tw_markup_text(out, it->group);
		tw_buf_add_text(out, "]");
	}
	tw_buf_add_text(out, "</td></tr>\n");
}

static void changes(struct tw_buf *out, const struct tw_history *h)
{
	if (!h->series)
		return;
	tw_buf_add_text(out, "<h2>Changes</h2>\n<div class=\"card\">\n");
	if (!h->changes.n) {
		tw_buf_printf(out,
			"<p>No change in %zu series of what candidates "
			"measured.</p></div>\n",
			h->series);
		return;
	}
	tw_buf_add_text(out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"Changes\"><table>\n<thead><tr>"
		"<th scope=\"col\">from (UTC)</th>"
		"<th scope=\"col\">candidate</th>"
		"<th scope=\"col\">median</th><th scope=\"col\">p</th>"
		"<th scope=\"col\">of</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < h->changes.n; i++)
		change(out, h, &h->changes.v[i]);
	tw_buf_add_text(out, "</tbody></table></div></div>\n");
}

static void words(struct tw_buf *out)
{
	tw_buf_add_text(out,
		"<h2>What the figures mean</h2>\n<div class=\"card\"><dl "
		"class=\"definitions\">\n"
		"<dt>commits</dt><dd>Judged as committed; each counts once, by "
		"its newest gate. Gates of files that no commit has are in "
		"the table alone.</dd>\n"
		"<dt>caught before a rollout</dt><dd>The newest gate failed: "
		"as many rollbacks did not happen, if these commits would "
		"have been rolled out.</dd>\n"
		"<dt>time to detect</dt><dd>Of each run of a candidate with a "
		"fault, for each check with a condition (recovery_time, time): "
		"from the begin of the first fault to the end of the first "
		"second in which the condition does not hold, when an alert on "
		"it would ring. Not noticed: it held all the time.</dd>\n"
		"<dt>time for a failure to show</dt><dd>Of failed groups: from "
		"the first fault to the slice of time in which candidate and "
		"baseline part.</dd>\n"
		"<dt>time to recover</dt><dd>recovery_time of candidates: from "
		"the end of the last fault until the condition holds for "
		"good.</dd>\n"
		"<dt>CPU, memory</dt><dd>Of the newest gate: requests of all "
		"replicas of the candidate, and in its first scenario, in "
		"the mean over its runs, the cores in use and the most memory "
		"at once of each replica.</dd>\n"
		"<dt>off the twin's</dt><dd>Of the newest gate of a real "
		"build: how far the median latency of each of its endpoints is "
		"from what the twin's model of it predicts for the same "
		"traffic and faults, relative to the prediction, in the mean; "
		"in brackets the mean of the gates before.</dd>\n"
		"<dt>changes</dt><dd>Of what candidates measured, from ten "
		"gates on: where the energy distance of what lies before and "
		"after is beyond chance (E-divisive), at a false discovery "
		"rate of 5% over all series.</dd>\n"
		"</dl></div>\n");
}

void tw_history_html(const struct tw_history *h, struct tw_buf *out)
{
	tw_html_page_begin(out, "twinrig: history");
	tw_buf_printf(out,
		"<header><h1>History of %zu gate%s</h1></header>\n"
		"<main>\n",
		h->gates.n, h->gates.n == 1 ? "" : "s");
	if (h->gates.n) {
		figures(out, h);
		tw_buf_add_text(
			out, "<h2>Verdicts</h2>\n<div class=\"card\">\n");
		bars(out, h);
		tw_buf_add_text(out,
			"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
			"aria-label=\"All gates\"><table>\n<thead><tr>"
			"<th scope=\"col\">when (UTC)</th>"
			"<th scope=\"col\">candidate</th>"
			"<th scope=\"col\">verdict</th>"
			"<th scope=\"col\">detected</th>"
			"<th scope=\"col\">recovery</th>"
			"<th "
			"scope=\"col\">failed</th></tr></thead>\n<tbody>\n");
		for (size_t i = h->gates.n; i-- > 0;)
			row(out, &h->gates.v[i]);
		tw_buf_add_text(out, "</tbody></table></div></div>\n");
	} else {
		tw_buf_add_text(out, "<p>No gate is stored here yet.</p>\n");
	}
	changes(out, h);
	words(out);
	tw_buf_add_text(out, "</main>\n");
	tw_html_page_end(out);
}
