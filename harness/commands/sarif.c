#include "harness/commands/sarif.h"

#include "harness/commands/command.h"
#include "harness/commands/output.h"
#include "harness/lint/lint.h"

#include <string.h>

/* Rules of what is not a lint: the readers' and the compiler's. */
static const struct tw_sarif_rule others[] = {
	{"address-to-nowhere",
		"an address that leads to no Service, or to a port that nobody "
		"opens"},
	{"call-cycle", "a call that leads back to where it came from"},
	{"custom-resource-not-modelled",
		"a call to what an operator makes of a custom resource, and "
		"nothing describes"},
	{"duplicate-key", "a key that a mapping has twice"},
	{"external-not-modelled",
		"a dependency outside the manifests that nothing describes"},
	{"failover-without-detection",
		"Istio's locality failover without outlier detection"},
	{"gate-changed", "checks or scenarios that a change alters"},
	{"given-twice", "a thing that two files say differently"},
	{"masked-by-manifest", "a value of a model that a manifest overrides"},
	{"mirror-to-nowhere", "a mirror to what is not there"},
	{"no-behaviour", "a service of which nothing says what it does"},
	{"no-pods", "a Service behind which there are no pods"},
	{"not-recorded", "a call for which no answer was recorded"},
	{"unknown-service", "a service of a model that no manifest has"},
	{"unplaceable", "a replica that fits on no node"},
	{"unrendered-template", "a template that was not rendered"},
	{"weights-not-100", "weights of a route that do not add up to 100"},
};

bool tw_finding_is_known(
	const struct tw_diags *diags, const struct tw_diag *diag)
{
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct tw_diag *other = diags->list.v[i];

		if (!strcmp(other->message, diag->message) &&
			!strcmp(other->rule ? other->rule : "",
				diag->rule ? diag->rule : ""))
			return true;
	}
	return false;
}

void tw_sarif_findings(struct tw_sarif *sarif, const struct tw_diags *diags,
	const struct tw_diags *known)
{
	for (size_t i = 0; i < diags->list.n; i++)
		if (!known || !tw_finding_is_known(known, diags->list.v[i]))
			tw_vec_push(&sarif->findings, diags->list.v[i]);
}

int tw_sarif_file(struct tw_sarif *sarif, const char *path)
{
	TW_VEC(struct tw_sarif_rule) rules = {0};
	struct tw_buf text = {0};
	int status;

	for (size_t i = 0; tw_lint_rules[i].name; i++)
		tw_vec_push(
			&rules, ((struct tw_sarif_rule){tw_lint_rules[i].name,
					tw_lint_rules[i].about}));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		tw_vec_push(&rules, others[i]);
	sarif->version = TW_VERSION;
	sarif->rules = rules.v;
	sarif->n_rules = rules.n;
	tw_sarif_write(sarif, &text);
	status = tw_output_write(path, &text);
	tw_buf_release(&text);
	tw_vec_release(&rules);
	return status;
}
