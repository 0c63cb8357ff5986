/*
 * JUnit XML for the test views of CI systems. What the readers have in common
 * decides the shape: one level of suites (dorny drops nested ones), one
 * outcome child a case (GitLab, EnricoMi and mikepenz rank several
 * differently), the message also as the first line of the text (GitLab reads
 * the text alone), totals on the suites (EnricoMi adds those up), unique names
 * (GitLab drops doubles), and no figures in names, so that histories hold
 * together.
 *
 * `strict` leaves out what the schema of Jenkins' xUnit plugin (junit-10.xsd)
 * does not know: file and line of a case, which annotations are put at by
 * others, and `skipped` of the root. Jenkins' own junit step ignores them.
 */
#ifndef TW_REPORT_JUNIT_XML_H
#define TW_REPORT_JUNIT_XML_H

#include "twins/base/text.h"
#include "twins/base/vector.h"

/* One case of a suite. */
struct tw_junit_case {
	const char *classname, *name, *file;
	int line; /* 0: of no line */
	double time;
	const char *outcome; /* "failure", "error", "skipped" or NULL */
	const char *type, *message, *text;
	const char *out; /* of a pass; NULL: nothing */
};

TW_VEC_TYPE(tw_junit_cases, struct tw_junit_case);

struct tw_junit_suite {
	const char *name;
	struct tw_junit_cases cases;
};

/* The whole document. */
void tw_junit_write(const struct tw_junit_suite *suites, size_t n, bool strict,
	struct tw_buf *out);

#endif
