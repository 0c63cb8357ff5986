#include "twins/model/selector.h"

const char *tw_label_value(const struct tw_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

static bool is_among(
	const struct tw_label_requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->values.n; i++)
		if (!strcmp(requirement->values.v[i], value))
			return true;
	return false;
}

static bool holds(const struct tw_label_requirement *requirement,
	const struct tw_labels *labels)
{
	const char *value = tw_label_value(labels, requirement->key);

	switch (requirement->op) {
	case TW_LABEL_IN:
		return value && is_among(requirement, value);
	case TW_LABEL_NOT_IN:
		return !value || !is_among(requirement, value);
	case TW_LABEL_EXISTS:
		return value;
	case TW_LABEL_DOES_NOT_EXIST:
		return !value;
	}
	return false;
}

bool tw_label_selector_fits(const struct tw_label_selector *selector,
	const struct tw_labels *labels)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!holds(&selector->v[i], labels))
			return false;
	return true;
}

bool tw_label_selector_names(
	const struct tw_label_selector *selector, const char *key)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!strcmp(selector->v[i].key, key))
			return true;
	return false;
}
