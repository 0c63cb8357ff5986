/*
 * What is told about a gate: one struct, and one file for each form it takes.
 * Every form holds the same facts in the same order, worst first, and the
 * same report gives the same bytes: no clock, no locale, no width of a
 * terminal gets in unasked.
 *
 * To add a form: a file with a struct tw_report_kind, and a row in report.c.
 */
#ifndef TW_REPORT_REPORT_H
#define TW_REPORT_REPORT_H

#include "harness/gate/verdict.h"

/* Of the JSON form; docs/report.schema.json. It only ever grows within one
 * version. */
#define TW_REPORT_VERSION 1

struct tw_report_side {
	const char *name;     /* "main", "working tree", "process ./build" */
	const char *revision; /* a commit, or NULL */
	const char *digest;   /* of its inputs, hexadecimal, or NULL */
};

/* Two that could talk before and cannot now, or the reverse. */
struct tw_report_reach {
	const char *from;	    /* workload, or "outside" */
	const char *to;		    /* "namespace/service:port" */
	const char *before, *after; /* "open", or why not */
	bool lost;		    /* it was open */
	bool called;		    /* the model's calls go this way */
};

/* A value that nobody wrote down: the model assumed it. */
struct tw_report_assumed {
	const char *path, *value, *why;
};

/* Numbers of the model by where they come from: "manifest" 41, ... */
struct tw_report_origin {
	const char *name;
	uint64_t count;
};

struct tw_report_traffic {
	uint64_t read, malformed, unrouted, replayed; /* exchanges */
	const char *malformed_lines; /* "17, 203, 204", or NULL */
};

/* One answer of a real candidate that is not the recorded one. */
struct tw_report_diff {
	uint64_t position;   /* in the traffic */
	const char *request; /* "GET /product/1" */
	const char *path;    /* "status", "body.items[0].price" */
	const char *before, *after;
	uint64_t count; /* of requests that differ in this way */
};

/* A real candidate process. */
struct tw_report_live {
	const char *service;
	const char *trouble; /* "crashed with signal 11 after 3 requests" */
	uint64_t requests, compared, different;
	const struct tw_report_diff *diffs;
	size_t n_diffs;
};

/* Strings and arrays are the caller's; a pointer that is NULL, and a count of
 * 0, leave their part out. */
struct tw_report {
	const char *version; /* of twinrig */
	const char *command; /* as given */
	const char *config;  /* "twinrig.yaml": where checks without a place of
			      * their own are said to be */
	const char *digest;  /* of all inputs together */
	uint64_t seed;
	size_t runs, max_runs; /* at the first look, and at the last one */
	struct tw_report_side baseline, candidate;
	const char *policy;  /* where checks came from, in words */
	bool default_checks; /* none were written */

	const struct tw_gate_result *gate;
	const struct tw_difference *differences;
	size_t n_differences;
	bool is_same; /* there are two sides, and nothing differs */
	const struct tw_report_reach *reach;
	size_t n_reach;
	const struct tw_report_assumed *assumed;
	size_t n_assumed;
	const struct tw_report_origin *origins;
	size_t n_origins;
	const struct tw_report_traffic *traffic;
	const struct tw_diags *findings; /* of `twinrig check` */
	/* Of these, those that the baseline does not have. */
	const struct tw_diag *const *new_findings;
	size_t n_new_findings;
	const char *root; /* the directory that files start from, as seen from
			   * the repository's root; NULL or "": that root */
	const struct tw_report_live *live;

	int status; /* exit status */
};

struct tw_report_options {
	bool colour;	/* ANSI escapes: terminal form only */
	bool verbose;	/* also what passed, group by group */
	bool brief;	/* terminal: the verdict, and a line for what fails */
	size_t columns; /* of the terminal; 0: not known (page.h) */
	bool scenes;	/* JSON: also what the runs saw */
	bool strict;	/* JUnit: nothing that Jenkins' xUnit schema lacks */
};

struct tw_report_kind {
	const char *name;   /* "junit" */
	const char *option; /* "--junit"; NULL: standard output as a rule */
	const char *help;
	void (*write)(const struct tw_report *report,
		const struct tw_report_options *options, struct tw_buf *out);
};

/* NULL-ended. */
extern const struct tw_report_kind *const tw_report_kinds[];

/* For a terminal, of a report without a verdict: its sides, what differs, and
 * who can talk to whom. */
void tw_report_changes(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out);

/* Markdown of a report without a verdict: its new findings, which are errors.
 */
void tw_report_unjudged(const struct tw_report *report, struct tw_buf *out);

extern const struct tw_report_kind tw_report_terminal;
extern const struct tw_report_kind tw_report_json;
extern const struct tw_report_kind tw_report_junit;
extern const struct tw_report_kind tw_report_markdown;
extern const struct tw_report_kind tw_report_html;
extern const struct tw_report_kind tw_report_github;
extern const struct tw_report_kind tw_report_codequality;
extern const struct tw_report_kind tw_report_metrics;

/* Markdown stays below this: a job summary of GitHub takes 1 MiB, a check
 * run's 65,535 bytes, a note of GitLab 1,000,000 characters. */
#define TW_MARKDOWN_MAX 65000

#endif
