/*
 * A gate that ended, as it is kept: a commit whose tree holds
 *
 *	identity	what determined it, "NAME VALUE" a line
 *	checks		as they were judged, one a line
 *	runs		"KEY SIDE FACTOR REPLICATION SCENARIO" a line
 *	evidence	"NAME VALUE" a line: what else was judged by
 *	differences	"modelled|unmodelled TAB PATH TAB BEFORE TAB AFTER" a
 *			line: the two begin with "=", or are "-": not there
 *	verdict		"SCENARIO TAB CHECK TAB GROUP TAB VERDICT TAB REASON TAB
 *			KIND TAB BASELINE TAB CANDIDATE TAB SINCE" a
 *			line: values as measured, "-" or "never"; KIND:
 *			recovery, time, ratio, rate or count; SINCE in ns
 *	reasons		"NAME TAB TEXT TAB ADVICE" a line: of the gate as a
 *			whole
 *	places		"REPLICA TAB NODE" a line: where the candidate's pods
 *			stand when a run begins
 *	verdict.json	the report
 *	trials/KEY	an observation each (observed.h)
 *	sides/candidate/PATH, sides/baseline/PATH
 *			the files that each side was read from
 *
 * and whose message begins with the verdict. Texts are escaped as JSON does
 * where they hold a tab, a line end or a backslash.
 *
 * A side's files are kept whole or, where one of them may hold what is no
 * secret of git's yet, not at all: "sides/SIDE" is then missing, and
 * `lacks.SIDE` of the identity says why.
 */
#ifndef TW_BASELINE_RECORD_H
#define TW_BASELINE_RECORD_H

#include "harness/baseline/inputs.h"
#include "harness/baseline/archive.h"

#define TW_RECORD_ID 16 /* hexadecimal digits of a gate's name */

/* ---- making one -------------------------------------------------------- */

struct tw_filing {
	struct tw_arena arena;
	TW_VEC(struct tw_git_entry) entries;
	struct tw_buf identity, runs;
	struct tw_map trials; /* keys that are in `entries` */
	bool proof;	      /* of a self-test: among the proofs */
	char id[TW_RECORD_ID + 1];
};

void tw_filing_init(struct tw_filing *filing);
void tw_filing_release(struct tw_filing *filing);

/* A line of the identity. */
void tw_filing_identity(struct tw_filing *filing, const char *name,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A trial that is in the store. */
void tw_filing_trial(struct tw_filing *filing, const char *key,
	const struct tw_git_id *blob, const char *side, double factor,
	uint32_t replication, const char *scenario);
/* One that is kept with it and is no run of either side. */
void tw_filing_blob(struct tw_filing *filing, const char *key,
	const struct tw_git_id *blob);
int tw_filing_text(struct tw_filing *filing, struct tw_archive *archive,
	const char *name, const struct tw_buf *text, struct tw_error *error);

/* The files of a side; `config` and its text come on top. `prefix`: where they
 * are in the repository, NULL: not there. Says in the identity why not. */
int tw_filing_side(struct tw_filing *filing, struct tw_archive *archive,
	const char *side, const struct tw_inputs *inputs, const char *prefix,
	struct tw_error *error);

/*
 * Names it by a hash of its identity and writes it, unless there is one of that
 * name: *known says so. `anew`: it is replaced (its trials had gone, say).
 * `message`: the commit's.
 */
int tw_filing_commit(struct tw_filing *filing, struct tw_archive *archive,
	const char *message, bool anew, bool *known, struct tw_error *error);

/* ---- reading one ------------------------------------------------------- */

struct tw_record_run {
	const char *key, *side, *scenario;
	double factor;
	uint32_t replication;
};

struct tw_record {
	struct tw_arena arena;
	struct tw_archive *archive;
	const char *ref;
	struct tw_git_id commit;
	struct tw_git_about about;
	struct tw_map identity; /* name -> value */
};

/* A baseline's name, a gate's id (or as much of it as is unique, 4 digits at
 * least), or a ref in full. */
int tw_record_open(struct tw_record *record, struct tw_archive *archive,
	const char *name, struct tw_error *error);
void tw_record_release(struct tw_record *record);

/* "" where there is none. */
const char *tw_record_value(const struct tw_record *record, const char *name);
/* A file of it; the text lives in its arena. NULL: there is none. */
const char *tw_record_text(
	struct tw_record *record, const char *name, struct tw_error *error);

TW_VEC_TYPE(tw_record_runs, struct tw_record_run);
int tw_record_read_runs(struct tw_record *record, struct tw_record_runs *to,
	struct tw_error *error);
int tw_record_trial(struct tw_record *record, const char *key,
	struct tw_observation *obs, struct tw_error *error);

/* The last part of the ref: how people call it. */
const char *tw_record_name(const struct tw_record *record);

/* ---- lines of text ----------------------------------------------------- */

/* Appends a field, escaped; fields stand between tabs. */
void tw_line_add(struct tw_buf *out, const char *text);
/* The next line, cut into fields that are put into v; how many there are, at
 * most max. 0: no more lines. *at moves on; the text is changed in place. */
size_t tw_line_next(char **at, char **v, size_t max);

#endif
