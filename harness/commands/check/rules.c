#include "harness/commands/check/rules.h"

#include "harness/lint/lint.h"

#include <stdlib.h>

/* Rules of what is not a lint: the readers' and the compiler's. */
static const struct tw_sarif_rule others[] = {
	{"address-to-nowhere",
		"an address that leads to no Service, or to a port that nobody "
		"opens"},
	{"autoscaler-against-manifest",
		"replicas of a manifest outside of its autoscaler's bounds"},
	{"autoscaler-trigger",
		"a trigger of KEDA's whose metric nothing describes"},
	{"autoscaler-unknown-metric",
		"a metric of an autoscaler that is nothing in the twin"},
	{"call-cycle", "a call that leads back to where it came from"},
	{"custom-resource-not-modelled",
		"a call to what an operator makes of a custom resource, and "
		"nothing describes"},
	{"duplicate-key", "a key that a mapping has twice"},
	{"external-not-modelled",
		"a dependency outside the manifests that nothing describes"},
	{"failover-without-detection",
		"Istio's locality failover without outlier detection"},
	{"gate-changed", "checks, scenarios or traffic that a change alters"},
	{"given-twice", "a thing that two files say differently"},
	{"grpc-config-refused",
		"a gRPC service config that gRPC itself would refuse"},
	{"grpc-not-modelled",
		"a part of a gRPC service config that does nothing here"},
	{"masked-by-manifest", "a value of a model that a manifest overrides"},
	{"mirror-to-nowhere", "a mirror to what is not there"},
	{"no-behaviour", "a service of which nothing says what it does"},
	{"no-pods", "a Service behind which there are no pods"},
	{"not-recorded", "a call for which no answer was recorded"},
	{"not-simulated",
		"a part of another tool's experiment that does nothing here"},
	{"unknown-field", "a field that a kind of object does not have"},
	{"unknown-service", "a service of a model that no manifest has"},
	{"unplaceable", "a replica that fits on no node"},
	{"unrendered-template", "a template that was not rendered"},
	{"vpa-unknown-use",
		"a resource of a VerticalPodAutoscaler whose use is not in the "
		"twin"},
	{"weights-not-100", "weights of a route that do not add up to 100"},
};

static int by_name(const void *a, const void *b)
{
	const struct tw_sarif_rule *x = a, *y = b;

	return strcmp(x->id, y->id);
}

struct tw_rules tw_rules_all(void)
{
	struct tw_rules all = {0};

	for (size_t i = 0; tw_lint_rules[i].name; i++)
		tw_vec_push(&all, ((struct tw_sarif_rule){tw_lint_rules[i].name,
					  tw_lint_rules[i].about}));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		tw_vec_push(&all, others[i]);
	qsort(all.v, all.n, sizeof *all.v, by_name);
	return all;
}

void tw_rules_list(struct tw_buf *out)
{
	struct tw_rules all = tw_rules_all();

	for (size_t i = 0; i < all.n; i++)
		tw_buf_printf(out, "%-28s  %s\n", all.v[i].id, all.v[i].about);
	tw_vec_release(&all);
}
