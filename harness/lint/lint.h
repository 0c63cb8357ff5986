/*
 * What can be seen without a run: findings about a spec and its model, each
 * with a rule's name, a place, why it matters and how to mend it. They are
 * warnings: each is certain or shown with its arithmetic, none is a matter of
 * taste.
 *
 * Rules about things that may be declared elsewhere (a Service's pods, a
 * route's target) speak only where the namespace has such things at all.
 */
#ifndef TW_HARNESS_LINT_LINT_H
#define TW_HARNESS_LINT_LINT_H

#include "twins/model/model.h"

/* Requests from outside, on average. */
struct tw_lint_rate {
	const char *service;  /* "namespace/name" */
	const char *endpoint; /* NULL: the only one */
	double rate;	      /* a second */
};

struct tw_lint_context {
	const struct tw_spec *spec;
	const struct tw_model *model; /* NULL: it did not compile; the rules
				       * about calls say nothing */
	struct tw_diags *diags;
	const struct tw_lint_rate *rates; /* n_rates 0: not known; the rules
					   * about load say nothing */
	size_t n_rates;
};

struct tw_lint_rule {
	const char *name;
	void (*check)(const struct tw_lint_context *context);
	const char *about; /* one line for the manual */
};

/* All rules, up to one whose name is NULL. */
extern const struct tw_lint_rule tw_lint_rules[];

/* tw_spec_link() has to have been called. Findings that diags has already (by
 * rule and place) are completed, not told twice. */
void tw_lint(const struct tw_spec *spec, const struct tw_model *model,
	struct tw_diags *diags);

/* The rules about load alone, once the traffic is known. */
void tw_lint_load(const struct tw_spec *spec, const struct tw_model *model,
	const struct tw_lint_rate *rates, size_t n, struct tw_diags *diags);

#endif
