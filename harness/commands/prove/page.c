/* A proof as one HTML page: which check catches what, from which size on. No
 * script. */
#include "harness/commands/prove/prove.h"

#include "harness/report/html_page.h"
#include "harness/report/markup.h"

static const char *const chips[TW_PROVED_OUTCOMES] = {
	"pass", "inconclusive", "inconclusive", "fail"};
static const char *const marks[TW_PROVED_OUTCOMES] = {
	"\xe2\x9c\x93", "?", "?", "\xe2\x9c\x97"};

static void head(const struct tw_proof *proof, struct tw_buf *out)
{
	tw_buf_add_text(out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"Mutants by checks\"><table>\n"
		"<thead><tr><th scope=\"col\">mutant</th>"
		"<th scope=\"col\">of</th><th scope=\"col\">the gate</th>");
	for (size_t i = 0; i < proof->checks.n; i++)
		tw_buf_printf(out, "<th scope=\"col\">check %zu</th>", i + 1);
	tw_buf_add_text(out, "</tr></thead>\n<tbody>\n");
}

static void row(const struct tw_proof *proof, const struct tw_proved_mutant *it,
	struct tw_arena *arena, struct tw_buf *out)
{
	bool caught = it->outcome == TW_PROVED_CAUGHT;

	tw_buf_printf(out, "<tr><td>%s</td><th scope=\"row\"><code>",
		tw_mutation_names[it->mutant->kind]);
	tw_markup_text(out, it->mutant->where);
	tw_buf_printf(out,
		"</code></th><td><span class=\"chip %s\">%s %s</span></td>",
		chips[it->outcome], marks[it->outcome],
		caught ? tw_proved_size(it, it->size, arena)
		       : tw_proved_names[it->outcome]);
	for (size_t i = 0; i < proof->checks.n; i++) {
		const char *size =
			it->from[i] ? tw_proved_size(it, it->from[i] - 1, arena)
				    : "-";

		tw_buf_printf(out, "<td>%s%s</td>",
			it->from[i] && !tw_proved_exactly(it, i)
				? "\xe2\x89\xa4 "
				: "",
			size);
	}
	tw_buf_add_text(out, "</tr>\n");
}

static void checks(const struct tw_proof *proof, struct tw_buf *out)
{
	tw_buf_add_text(out,
		"<h2>Checks</h2>\n<div class=\"card\"><div class=\"scroll\" "
		"tabindex=\"0\" role=\"group\" aria-label=\"Checks\"><table>\n"
		"<thead><tr><th scope=\"col\">no.</th><th "
		"scope=\"col\">check</th>"
		"<th scope=\"col\">catches</th>"
		"<th scope=\"col\">first</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < proof->checks.n; i++) {
		const struct tw_proved_check *it = &proof->checks.v[i];

		tw_buf_printf(out,
			"<tr><td>%zu</td><th scope=\"row\" class=\"wide\">"
			"<code>",
			i + 1);
		tw_markup_text(out, it->text);
		tw_buf_add_text(out, "</code>");
		if (it->fails_anyway) {
			tw_buf_add_text(out, "<p class=\"note\">fails in ");
			tw_markup_text(out, it->fails_anyway);
			tw_buf_add_text(out, " without a change: there it "
					     "proves nothing</p>");
		}
		tw_buf_printf(out, "</th><td>%zu</td><td>%zu</td></tr>\n",
			it->catches, it->first);
	}
	tw_buf_add_text(out, "</tbody></table></div></div>\n");
}

static void words(struct tw_buf *out)
{
	tw_buf_add_text(out,
		"<h2>What the figures mean</h2>\n<div class=\"card\"><dl "
		"class=\"definitions\">\n"
		"<dt>mutant</dt><dd>The candidate, made worse on purpose in a "
		"copy: in its model, or at the sockets of its process; never "
		"in what was observed.</dd>\n"
		"<dt>a size</dt><dd>The smallest at which the gate, or a check "
		"by itself, fails with the mutant and not without it; "
		"\xe2\x89\xa4: smaller ones were not tried.</dd>\n"
		"<dt>blind</dt><dd>The gate passes at every size that was "
		"tried, the largest among them.</dd>\n"
		"<dt>doubted</dt><dd>No check fails, and one that passes "
		"without the mutant is inconclusive with it.</dd>\n"
		"<dt>untried</dt><dd>Time was up; the next proof goes on where "
		"this one ended.</dd>\n"
		"<dt>catches, first</dt><dd>Mutants that a check catches at "
		"any size; and at the smallest at which the gate does.</dd>\n"
		"<dt>A/A gates</dt><dd>Blocks of runs of the candidate against "
		"each other. Each block is in several gates, so that these are "
		"not independent.</dd>\n</dl></div>\n");
}

static void facts(const struct tw_proof *proof, struct tw_buf *out)
{
	tw_buf_add_text(out, "<dl class=\"facts\">");
	if (proof->process) {
		tw_buf_add_text(out, "<dt>process</dt><dd>");
		tw_markup_text(out, proof->process);
		tw_buf_add_text(out, "</dd>");
	}
	tw_buf_printf(out,
		"<dt>runs, seed</dt><dd>%zu, %llu</dd>"
		"<dt>trials</dt><dd>%zu</dd>"
		"<dt>scenarios</dt><dd>",
		proof->runs, (unsigned long long)proof->seed, proof->trials);
	for (size_t i = 0; i < proof->scenarios.n; i++) {
		tw_buf_add_text(out, i ? ", " : "");
		tw_markup_text(out, proof->scenarios.v[i]);
	}
	if (proof->skipped)
		tw_buf_printf(out, "; %zu with a search or a rollout left out",
			proof->skipped);
	tw_buf_printf(out,
		"</dd><dt>false alarms</dt><dd>%zu of %zu A/A gates, %zu "
		"undecided</dd></dl>\n",
		proof->false_alarms, proof->pairs, proof->undecided);
}

void tw_proof_page(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out)
{
	const char *verdict = proof->status == TW_EXIT_FAIL ? "fail"
			      : proof->status		    ? "inconclusive"
							    : "pass";

	tw_html_page_begin(out, "twinrig: what this gate catches");
	tw_buf_printf(out,
		"<header><div class=\"banner %s\"><h1>What this gate catches"
		"</h1><p>",
		verdict);
	tw_markup_text(out, tw_proof_headline(proof, arena));
	tw_buf_add_text(out, "</p></div>\n");
	facts(proof, out);
	if (proof->out_of_time)
		tw_buf_add_text(out, "<p class=\"note\">Time was up: not all "
				     "sizes were tried; the next proof goes "
				     "on.</p>\n");
	tw_buf_add_text(out, "</header>\n<main>\n<h2>Mutants</h2>\n"
			     "<div class=\"card\">\n");
	head(proof, out);
	for (int rank = TW_PROVED_OUTCOMES; rank-- > 0;)
		for (size_t i = 0; i < proof->mutants.n; i++)
			if (proof->mutants.v[i].outcome == (enum tw_proved)rank)
				row(proof, &proof->mutants.v[i], arena, out);
	tw_buf_add_text(out, "</tbody></table></div></div>\n");
	checks(proof, out);
	words(out);
	tw_buf_add_text(out, "</main>\n");
	tw_html_page_end(out);
}
