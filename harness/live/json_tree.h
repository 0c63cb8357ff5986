/*
 * A small JSON document as a tree, made to be compared: integers are exact,
 * each value knows a hash of what it means, and members are found by name.
 */
#ifndef TW_LIVE_JSON_TREE_H
#define TW_LIVE_JSON_TREE_H

#include "plugins/common/json.h"
#include "twins/base/map.h"
#include "twins/base/text.h"
#include "twins/base/vector.h"

enum tw_value_type {
	TW_VALUE_NULL,
	TW_VALUE_BOOL,
	TW_VALUE_NUMBER,
	TW_VALUE_STRING,
	TW_VALUE_ARRAY,
	TW_VALUE_OBJECT,
};

struct tw_value {
	enum tw_value_type type;
	bool boolean, is_integer;
	int64_t integer;		 /* where is_integer */
	double real;			 /* any number */
	struct tw_str text;		 /* string; number as written */
	struct tw_map members;		 /* object: struct tw_value *, in order;
					  * of equal names the last one */
	TW_VEC(struct tw_value *) items; /* array */
	uint64_t hash; /* equal for equal values: 1, 1.0 and 1e0 are; the order
			* of members does not count */
};

/* All in the arena; NULL where the text is not one JSON value. */
const struct tw_value *tw_value_parse(
	struct tw_arena *arena, struct tw_str text);

bool tw_value_equal(const struct tw_value *a, const struct tw_value *b);

#endif
