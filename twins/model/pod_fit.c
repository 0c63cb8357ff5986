/*
 * Whether a node will do for a pod, by the two themselves: nodeSelector, node
 * affinity, taints. Sources: staging/src/k8s.io/component-helpers/scheduling/
 * corev1/nodeaffinity; core/v1, Toleration.ToleratesTaint.
 */
#include "twins/model/pod.h"

#include <stdlib.h>

/* ---- node affinity -------------------------------------------------- */

static bool is_among(const struct tw_node_requirement *it, const char *value)
{
	for (size_t i = 0; i < it->values.n; i++)
		if (!strcmp(it->values.v[i], value))
			return true;
	return false;
}

static bool number(const char *text, int64_t *value)
{
	char *end;

	*value = strtoll(text, &end, 10);
	return *text && !*end;
}

static bool compares(const struct tw_node_requirement *it, const char *value)
{
	int64_t has, limit;

	if (it->values.n != 1 || !number(value, &has) ||
		!number(it->values.v[0], &limit))
		return false;
	return it->op == TW_NODE_GT ? has > limit : has < limit;
}

static bool holds(const struct tw_node_requirement *it, const char *value)
{
	switch (it->op) {
	case TW_NODE_IN:
		return value && is_among(it, value);
	case TW_NODE_NOT_IN:
		return !value || !is_among(it, value);
	case TW_NODE_EXISTS:
		return value;
	case TW_NODE_DOES_NOT_EXIST:
		return !value;
	case TW_NODE_GT:
	case TW_NODE_LT:
		return value && compares(it, value);
	}
	return false;
}

bool tw_node_term_fits(
	const struct tw_node_term *term, const struct tw_node_spec *node)
{
	if (term->broken || (!term->labels.n && !term->fields.n))
		return false;
	for (size_t i = 0; i < term->labels.n; i++)
		if (!holds(&term->labels.v[i], tw_label_value(&node->labels,
						       term->labels.v[i].key)))
			return false;
	for (size_t i = 0; i < term->fields.n; i++)
		if (!holds(&term->fields.v[i], node->name))
			return false;
	return true;
}

bool tw_node_affinity_fits(const struct tw_node_affinity *affinity,
	const struct tw_node_spec *node)
{
	if (!affinity->is_required)
		return true;
	for (size_t i = 0; i < affinity->required.n; i++)
		if (tw_node_term_fits(&affinity->required.v[i], node))
			return true;
	return false;
}

bool tw_pod_fits_node(
	const struct tw_pod_spec *pod, const struct tw_node_spec *node)
{
	for (size_t i = 0; i < pod->node_selector.n; i++) {
		const char *has = tw_label_value(
			&node->labels, pod->node_selector.v[i].key);

		if (!has || strcmp(has, pod->node_selector.v[i].value))
			return false;
	}
	return tw_node_affinity_fits(&pod->node_affinity, node);
}

/* ---- taints --------------------------------------------------------- */

/* A decimal int64 without leading zeros or a plus sign. */
static bool plain_number(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-');
	char *end;

	if (*digits < '0' || *digits > '9' || (*digits == '0' && digits[1]) ||
		strlen(digits) > 18)
		return false;
	*value = strtoll(text, &end, 10);
	return !*end;
}

bool tw_pod_tolerates(const struct tw_toleration *it,
	const struct tw_taint *taint, bool compare)
{
	int64_t has, limit;

	if (it->effect != TW_EFFECT_ANY && it->effect != taint->effect)
		return false;
	if (*it->key && strcmp(it->key, taint->key))
		return false;
	switch (it->op) {
	case TW_TOLERATE_EXISTS:
		return true;
	case TW_TOLERATE_EQUAL:
		return !strcmp(it->value, taint->value);
	default:
		return compare && plain_number(taint->value, &has) &&
		       plain_number(it->value, &limit) &&
		       (it->op == TW_TOLERATE_LT ? has < limit : has > limit);
	}
}

static bool is_tolerated(const struct tw_tolerations *all,
	const struct tw_taint *taint, bool compare)
{
	for (size_t i = 0; i < all->n; i++)
		if (tw_pod_tolerates(&all->v[i], taint, compare))
			return true;
	return false;
}

const struct tw_taint *tw_pod_untolerated(const struct tw_tolerations *all,
	const struct tw_taints *taints, bool compare)
{
	for (size_t i = 0; i < taints->n; i++)
		if (taints->v[i].effect != TW_EFFECT_PREFER_NO_SCHEDULE &&
			!is_tolerated(all, &taints->v[i], compare))
			return &taints->v[i];
	return NULL;
}
