/*
 * What a side of a gate was made from: every file that was read for it, with
 * its content, in the order of reading. Equal inputs, read by the same
 * program, give equal models; so their digest stands for the model in the key
 * of a trial. (A hash of the model itself would miss the field that somebody
 * forgets to add to it.)
 */
#ifndef TW_BASELINE_INPUTS_H
#define TW_BASELINE_INPUTS_H

#include "harness/baseline/digest.h"
#include "twins/base/map.h"
#include "twins/base/vector.h"

struct tw_input {
	const char *path; /* from the side's root; "" : see made */
	struct tw_str content;
	const char *made; /* what made it, where it is no file: "helm ..." */
};

struct tw_inputs {
	struct tw_arena arena;
	TW_VEC(struct tw_input) list;
	struct tw_map seen;	       /* paths */
	TW_VEC(const char *) settings; /* names and values, in turns */
};

void tw_inputs_init(struct tw_inputs *inputs);
void tw_inputs_release(struct tw_inputs *inputs);

/* A file; of one that is read again the first reading counts. */
void tw_inputs_file(
	struct tw_inputs *inputs, const char *path, const char *p, size_t n);
/* What the configuration says that the side is made by. */
void tw_inputs_setting(
	struct tw_inputs *inputs, const char *name, const char *value);
/* What a command wrote. */
void tw_inputs_made(
	struct tw_inputs *inputs, const char *by, const char *p, size_t n);

char *tw_inputs_digest(
	const struct tw_inputs *inputs, char to[static TW_DIGEST_TEXT]);

#endif
