/*
 * Values that know where they come from. See spec.h for units.
 */
#ifndef TW_MODEL_VALUE_H
#define TW_MODEL_VALUE_H

#include "twins/base/error.h"
#include "twins/base/vector.h"
#include "twins/kernel/dist.h"

/* Where a value comes from, weakest first: a value of a later source replaces
 * one of an earlier source, never the other way round. */
enum tw_source {
	TW_FROM_ASSUMED,  /* nobody said: twinrig guessed */
	TW_FROM_LOG,	  /* learned from a capture or an access log */
	TW_FROM_TRACE,	  /* learned from traces */
	TW_FROM_MODEL,	  /* a twin model */
	TW_FROM_MANIFEST, /* what is deployed */
	TW_FROM_OVERRIDE, /* twinrig.yaml, the command line, an experiment */
};

const char *tw_source_name(enum tw_source source);

struct tw_origin {
	enum tw_source source;
	struct tw_pos pos;  /* pos.file in the spec's arena, or NULL */
	const char *detail; /* "env CART_ADDR", "NetworkPolicy allow-cart" … */
};

/* Values with an origin. Origins are shared; origin NULL: not given. */
struct tw_int {
	int64_t v;
	const struct tw_origin *origin;
};

struct tw_real {
	double v;
	const struct tw_origin *origin;
};

struct tw_text {
	const char *v;
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_texts, struct tw_text);

struct tw_law { /* a distribution of times */
	struct tw_dist v;
	const struct tw_origin *origin;
};

#endif
