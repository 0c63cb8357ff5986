/*
 * What `twinrig capture info` and `head` say, and what `convert` does.
 */
#ifndef TW_HARNESS_CAPTURE_SUMMARY_H
#define TW_HARNESS_CAPTURE_SUMMARY_H

#include "harness/capture/capture.h"
#include "harness/capture/templates.h"
#include "twins/observe/histogram.h"

struct tw_capture_summary {
	struct tw_capture_report report;
	int64_t first, last;	/* of the exchanges with a time */
	int64_t resolution;	/* the coarsest */
	uint64_t status[1000];	/* 0: no answer was recorded */
	uint64_t calls;		/* with a caller */
	uint64_t bodies;	/* requests with a body */
	uint64_t answer_bodies; /* answers with a body */
	struct tw_histogram latency;
	struct tw_templates *templates;
};

void tw_capture_summary_init(struct tw_capture_summary *summary);
void tw_capture_summary_release(struct tw_capture_summary *summary);

/* Adds one capture. The summary of what could be read stands also after an
 * error. */
int tw_capture_summary_read(struct tw_capture_summary *summary,
	const char *path, const struct tw_capture_options *options,
	struct tw_error *error);
/* For people, 100 columns at most; once, at the end. */
void tw_capture_summary_print(
	struct tw_capture_summary *summary, struct tw_buf *out);

/* The first n exchanges as a table, redacted. */
int tw_capture_head(const char *path, const struct tw_capture_options *options,
	size_t n, struct tw_buf *out, struct tw_error *error);

struct tw_convert_options {
	const struct twinrig_capture_writer *writer;
	const char *output; /* "-": standard output; else a file, which
			     * appears under its name when it is complete */
	const uint8_t *key; /* 16 bytes of the redaction; NULL: random, so
			     * that placeholders match within one run only */
	bool keep_secrets;  /* only where a person asked for it */
};

struct tw_convert_result {
	struct tw_capture_report report;
	uint64_t written, redacted; /* exchanges, secrets */
};

/* result: initialised here; release its report. */
int tw_capture_convert(const char *const *paths, size_t n,
	const struct tw_capture_options *options,
	const struct tw_convert_options *convert,
	struct tw_convert_result *result, struct tw_error *error);

#endif
