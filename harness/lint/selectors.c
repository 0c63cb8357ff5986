/*
 * Labels that select nothing.
 */
#include "harness/lint/rules.h"

static const char *label_of(const struct tw_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

/* How many of a selector's labels fit. */
static size_t fitting(
	const struct tw_labels *selector, const struct tw_labels *labels)
{
	size_t n = 0;

	for (size_t i = 0; i < selector->n; i++) {
		const char *has = label_of(labels, selector->v[i].key);

		n += has && !strcmp(has, selector->v[i].value);
	}
	return n;
}

/* "Deployment carts has name: carts": the pods that miss it by the least, or
 * one whose value is spelt nearly the same. */
static void hint_nearest(const struct tw_lint_context *c,
	const struct tw_spec_service *service, struct tw_diag *diag)
{
	const struct tw_spec_workload *best = NULL;
	const char *key = NULL, *value = NULL;
	size_t most = 0;

	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;
		size_t fits = fitting(&service->selector, &w->labels);

		if (strcmp(w->namespace, service->namespace) != 0)
			continue;
		for (size_t k = 0; k < service->selector.n; k++) {
			const struct tw_label *wanted = &service->selector.v[k];
			const char *has = label_of(&w->labels, wanted->key);

			if (!has || !strcmp(has, wanted->value) ||
				(fits <= most && best) ||
				(!fits && !tw_nearest(wanted->value, &has, 1)))
				continue;
			best = w;
			most = fits;
			key = wanted->key;
			value = has;
		}
	}
	if (best)
		tw_diag_hint(c->diags, diag, "the pods of %s %s have %s: %s",
			best->kind, best->name, key, value);
}

void tw_lint_selectors(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *s = c->spec->services.v[i].value;
		struct tw_diag *diag;

		if (!s->has_object || !s->has_selector || s->workloads.n ||
			!tw_lint_has_workloads(c->spec, s->namespace))
			continue;
		diag = tw_lint_find(c, "selector-selects-nothing", "no-pods",
			s->origin,
			"no pod has the labels that Service %s "
			"selects",
			s->key);
		diag->why = "every call to it is answered 503";
		if (!diag->hint)
			hint_nearest(c, s, diag);
	}
}

static bool has_pods(
	const struct tw_spec_service *service, const struct tw_labels *labels)
{
	for (size_t i = 0; i < service->workloads.n; i++)
		if (tw_labels_match(labels, &service->workloads.v[i]->labels))
			return true;
	return false;
}

void tw_lint_subsets(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *s = c->spec->services.v[i].value;

		for (size_t k = 0; k < s->subsets.n; k++) {
			const struct tw_spec_subset *it = &s->subsets.v[k];
			struct tw_diag *diag;

			if (!s->workloads.n || has_pods(s, &it->labels))
				continue;
			diag = tw_lint_find(c, "dead-subset", NULL, it->origin,
				"no pod of %s is in the subset '%s'", s->key,
				it->name);
			diag->why = "requests that are routed to it are "
				    "answered 503";
			diag->hint = "give the pods the subset's labels, or "
				     "take the subset away";
		}
	}
}
