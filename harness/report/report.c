#include "harness/report/report.h"

#include <stddef.h>

const struct tw_report_kind *const tw_report_kinds[] = {
	&tw_report_terminal,
	&tw_report_json,
	&tw_report_junit,
	&tw_report_markdown,
	&tw_report_html,
	&tw_report_github,
	&tw_report_codequality,
	&tw_report_metrics,
	NULL,
};
