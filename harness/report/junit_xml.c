#include "harness/report/junit_xml.h"

#include "harness/report/markup.h"

static void totals(struct tw_buf *out, const struct tw_junit_suite *suites,
	size_t n, bool skips)
{
	size_t failures = 0, errors = 0, skipped = 0, tests = 0;
	double time = 0;

	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < suites[s].cases.n; i++) {
			const struct tw_junit_case *e = &suites[s].cases.v[i];

			tests++;
			time += e->time;
			if (!e->outcome)
				continue;
			failures += e->outcome[0] == 'f';
			errors += e->outcome[0] == 'e';
			skipped += e->outcome[0] == 's';
		}
	tw_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
		tests, failures, errors);
	if (skips)
		tw_buf_printf(out, " skipped=\"%zu\"", skipped);
	tw_buf_printf(out, " time=\"%.3f\"", time);
}

static void write_case(
	struct tw_buf *out, const struct tw_junit_case *e, bool strict)
{
	tw_buf_add_text(out, "    <testcase");
	tw_markup_attribute(out, "classname", e->classname);
	tw_markup_attribute(out, "name", e->name);
	if (!strict)
		tw_markup_attribute(out, "file", e->file);
	if (!strict && e->line)
		tw_buf_printf(out, " line=\"%d\"", e->line);
	tw_buf_printf(out, " time=\"%.3f\"", e->time);
	if (!e->outcome && !e->out) {
		tw_buf_add_text(out, "/>\n");
		return;
	}
	if (!e->outcome) {
		tw_buf_add_text(out, ">\n      <system-out>");
		tw_markup_text(out, e->out);
		tw_buf_add_text(out, "</system-out>\n    </testcase>\n");
		return;
	}
	tw_buf_printf(out, ">\n      <%s", e->outcome);
	tw_markup_attribute(out, "message", e->message);
	if (e->outcome[0] != 's')
		tw_markup_attribute(out, "type", e->type);
	tw_buf_add_char(out, '>');
	tw_markup_text(out, e->message);
	tw_buf_add_char(out, '\n');
	tw_markup_text(out, e->text);
	tw_buf_printf(out, "</%s>\n    </testcase>\n", e->outcome);
}

static void write_suite(
	struct tw_buf *out, const struct tw_junit_suite *suite, bool strict)
{
	tw_buf_add_text(out, "  <testsuite");
	tw_markup_attribute(out, "name", suite->name);
	totals(out, suite, 1, true);
	tw_buf_add_text(out, ">\n");
	for (size_t i = 0; i < suite->cases.n; i++)
		write_case(out, &suite->cases.v[i], strict);
	tw_buf_add_text(out, "  </testsuite>\n");
}

void tw_junit_write(const struct tw_junit_suite *suites, size_t n, bool strict,
	struct tw_buf *out)
{
	tw_buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<testsuites name=\"twinrig\"");
	totals(out, suites, n, !strict);
	tw_buf_add_text(out, ">\n");
	for (size_t i = 0; i < n; i++)
		write_suite(out, &suites[i], strict);
	tw_buf_add_text(out, "</testsuites>\n");
}
