/*
 * The user's and the world's mistakes.
 *
 * One failure: a function returns 0, or -1 with *error filled in (its last
 * parameter, never NULL). It is set once, where it is found.
 *
 * What is wrong in files that a person wrote: struct tw_diags collects every
 * finding, so that all of them are told at once. Each has a position, and
 * where the text of the file was registered the printed form has the line
 * and a caret:
 *
 *	twinrig.yaml:12:7: error: unknown key 'servces'
 *	   12 |       servces:
 *	      |       ^~~~~~~
 *	      = did you mean 'services'?
 */
#ifndef TW_BASE_ERROR_H
#define TW_BASE_ERROR_H

#include "twins/base/map.h"
#include "twins/base/text.h"
#include "twins/base/vector.h"

enum tw_code {
	TW_OK = 0,
	TW_E_USAGE = 2, /* a command line or a file of a person is wrong */
	TW_E_RUN = 3,	/* the world: I/O, a missing program */
};

/* file NULL: no place. line 0: the file as a whole. Both count from 1; the
 * column counts characters (UTF-8). width: characters to underline. */
struct tw_pos {
	const char *file;
	int line, column, width;
};

struct tw_error {
	enum tw_code code;
	struct tw_pos pos; /* pos.file lives as long as the caller's input */
	char message[512];
};

/* Fills in *error and returns -1, so that `return tw_fail(...)` reads well. */
int tw_fail(struct tw_error *error, enum tw_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int tw_fail_at(struct tw_error *error, struct tw_pos pos, const char *format,
	...) __attribute__((format(printf, 3, 4)));

enum tw_severity { TW_ERROR, TW_WARNING, TW_NOTE };

struct tw_diag {
	enum tw_severity severity;
	struct tw_pos pos;
	const char *rule;    /* "retry-amplification"; NULL: plain syntax */
	const char *message; /* what is wrong */
	const char *why;     /* why it matters; NULL where the message says */
	const char *hint;    /* how to mend it; NULL where there is none */
};

struct tw_diags {
	struct tw_arena arena;
	TW_VEC(struct tw_diag *) list;
	struct tw_map sources; /* file -> struct tw_str * */
	size_t errors, warnings;
	size_t dropped; /* findings beyond the limit, counted only */
};

void tw_diags_init(struct tw_diags *diags);
void tw_diags_release(struct tw_diags *diags);

/* Copies the text: positions in `file` can be shown from now on. */
void tw_diags_source(
	struct tw_diags *diags, const char *file, const char *text, size_t n);

/*
 * Adds a finding and returns it, so that rule, why and hint can be set
 * (strings in diags->arena, or literals). Keeps 1000 findings a severity;
 * more are counted in `dropped` (the returned one is then a scratch).
 */
struct tw_diag *tw_diag(struct tw_diags *diags, enum tw_severity severity,
	struct tw_pos pos, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* hint = printf, in the arena of diags. */
void tw_diag_hint(struct tw_diags *diags, struct tw_diag *diag,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* hint = "did you mean 'x'?" where a candidate is near, else nothing. */
void tw_diag_nearest(struct tw_diags *diags, struct tw_diag *diag,
	const char *word, const char *const *candidates, size_t n);
/* A struct tw_error as a finding. */
void tw_diag_error(struct tw_diags *diags, const struct tw_error *error);

/* By file (order of first appearance), line, column; stable. */
void tw_diags_sort(struct tw_diags *diags);
/* Appends the printed form of one finding; colour: ANSI escapes. */
void tw_diag_print(const struct tw_diags *diags, const struct tw_diag *diag,
	bool colour, struct tw_buf *out);

#endif
