/*
 * Other people's judges, exactly as they judge, on what the twin saw: the
 * files that a team has already, their words for the verdict beside ours.
 *
 *	kayenta.h	NetflixACAJudge, by a canary config (JSON)
 *	k6.h		thresholds of k6's options (JSON)
 *	argo.h		AnalysisTemplates of Argo Rollouts (YAML)
 *	openslo.h	OpenSLO's objectives and burn rate alerts (YAML)
 *
 * To add one: a file with a struct tw_judge_kind, and a row in judges.c.
 *
 * Where a metric of theirs comes from is said by `metrics:` in twinrig.yaml: a
 * name and a measure of the check language. What they do not know, they do not
 * know here: no interval around what they decide, no margin but their own. One
 * thing is ours: without data no verdict is a pass (an empty k6 threshold and
 * an Argo metric without conditions would be).
 */
#ifndef TW_JUDGES_JUDGES_H
#define TW_JUDGES_JUDGES_H

#include "harness/gate/verdict.h"
#include "harness/judges/series.h"
#include "harness/yaml/yaml.h"

struct tw_judge_metric {
	const char *name;
	const struct tw_check *measure;
	bool used; /* some rule of the file asked for it */
	struct tw_pos pos;
};

/* What twinrig.yaml says of one judge. */
struct tw_judge_setup {
	const char *file;      /* as it is named in messages */
	struct tw_pos pos;     /* of the judge in twinrig.yaml */
	tw_time interval;      /* 0: the file's own, or a slice of a run */
	double unit;	       /* seconds of one unit of time: 1, or 1e-3 */
	double compress;       /* openslo: seconds of a window in one of a run;
				* 0: so that the longest fits */
	double pass, marginal; /* kayenta: score thresholds; 0: the file's, or
				* 95 and 75 */
	TW_VEC(struct tw_judge_metric) metrics;
	bool gates; /* its verdict counts */
};

/* What a judge is asked of one scenario, and where it answers. */
struct tw_judge_question {
	const struct tw_judge_setup *setup;
	struct tw_runs baseline; /* n may be 0 */
	struct tw_runs candidate;
	struct tw_arena *arena;	   /* of the answer */
	struct tw_opinion *answer; /* all but judge, file and gates */
};

struct tw_judge_kind {
	const char *name; /* "kayenta" */
	/* Reads the documents of a file. NULL where errors were added. */
	void *(*read)(struct tw_arena *arena, const struct tw_yaml_docs *docs,
		struct tw_judge_setup *setup, struct tw_diags *diags);
	void (*judge)(void *data, const struct tw_judge_question *q);
};

/* Ends with NULL. */
extern const struct tw_judge_kind *const tw_judge_kinds[];
const struct tw_judge_kind *tw_judge_kind_of(const char *name);

extern const struct tw_judge_kind tw_judge_kayenta;
extern const struct tw_judge_kind tw_judge_k6;
extern const struct tw_judge_kind tw_judge_argo;
extern const struct tw_judge_kind tw_judge_openslo;

/* What of a k6 script (JavaScript) is its thresholds, as YAML, on the lines
 * where they stand; nothing where there are none. */
void tw_k6_script(const char *text, struct tw_buf *out);

/* ---- for the judges ----------------------------------------------------- */

/* The measure of a metric; NULL with an error at `pos` where none is given. */
const struct tw_check *tw_judge_measure(struct tw_judge_setup *setup,
	const char *name, struct tw_pos pos, struct tw_diags *diags);

/* Adds a line to the answer, and makes the whole at least as bad. The name is
 * copied. */
void tw_judge_answer(
	const struct tw_judge_question *q, struct tw_opinion_line line);

/* A number as they print it: six significant digits. */
const char *tw_judge_number(struct tw_arena *arena, double value);

/* A metric's value in the judge's unit of time. */
double tw_judge_scaled(const struct tw_judge_setup *setup,
	const struct tw_check *measure, double value);

#endif
