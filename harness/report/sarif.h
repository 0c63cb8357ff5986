/*
 * Findings as SARIF 2.1.0, for GitHub's code scanning and for editors.
 *
 * What GitHub asks of a file beyond the standard (docs, "SARIF support for code
 * scanning"): $schema and version; one run with tool.driver.name and rules with
 * an id, a short and a full description and a help text; of each result a
 * ruleId, a message, a fingerprint called primaryLocationLineHash and exactly
 * one location with a URI from the repository's root and a region of four
 * figures; at most 25,000 results a run. A twinrig run has at most 1000
 * findings of each severity. A pull request shows what stands at lines that it
 * changes: so a failed check is put where it has to be undone (notes.h), with
 * the check as a related location.
 */
#ifndef TW_REPORT_SARIF_H
#define TW_REPORT_SARIF_H

#include "harness/gate/verdict.h"
#include "twins/base/error.h"

struct tw_sarif_rule {
	const char *id, *about; /* about: a noun phrase */
};

struct tw_sarif {
	const char *version; /* of twinrig */
	const char *root;    /* that positions' files start from, as seen
			      * from the repository's root; "": that root */
	const char *config;  /* where findings without a place are put */
	const struct tw_sarif_rule *rules; /* what is known of rules */
	size_t n_rules;
	TW_VEC(const struct tw_diag *) findings;
	const struct tw_gate_result *gate; /* NULL: none was made */
};

void tw_sarif_write(const struct tw_sarif *sarif, struct tw_buf *out);

#endif
