/*
 * Label selectors as Kubernetes has them (meta/v1, LabelSelector):
 * `matchLabels` and `matchExpressions`, all of which must hold. An empty
 * selector selects everything.
 */
#ifndef TW_MODEL_SELECTOR_H
#define TW_MODEL_SELECTOR_H

#include "twins/base/vector.h"

#include <stdbool.h>

struct tw_label {
	const char *key, *value;
};

TW_VEC_TYPE(tw_labels, struct tw_label);

/* meta/v1, LabelSelectorOperator. */
enum tw_label_op {
	TW_LABEL_IN,	 /* has the key, with one of the values */
	TW_LABEL_NOT_IN, /* lacks the key, or has another value */
	TW_LABEL_EXISTS,
	TW_LABEL_DOES_NOT_EXIST,
};

struct tw_label_requirement {
	const char *key;
	enum tw_label_op op;
	TW_VEC(const char *) values;
};

/* matchLabels are requirements IN with one value. */
TW_VEC_TYPE(tw_label_selector, struct tw_label_requirement);

/* The value of a key, or NULL. */
const char *tw_label_value(const struct tw_labels *labels, const char *key);

bool tw_label_selector_fits(const struct tw_label_selector *selector,
	const struct tw_labels *labels);

/* Whether some requirement looks at this key. */
bool tw_label_selector_names(
	const struct tw_label_selector *selector, const char *key);

#endif
