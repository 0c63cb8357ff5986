/* Findings about PodDisruptionBudgets. */
#include "tests/unit/lint/case.h"

#define THREE DEPLOYMENT("web", "web", "3", "") DEPLOYMENT("db", "db", "1", "")
#define BUDGET(name, app, what)                                                \
	"---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"              \
	"metadata: {name: " name "}\n"                                         \
	"spec: {" what ", selector: {matchLabels: {app: " app "}}}\n"

START_TEST(budgets)
{
	static const struct lint_case cases[] = {
		{"one may go", THREE BUDGET("b", "web", "minAvailable: 2"),
			NULL, NULL, NULL},
		{"all have to stay",
			THREE BUDGET("b", "web", "minAvailable: 3"), NULL,
			"budget-blocks-drains",
			"asks for 3 healthy pods of the 3 there are"},
		/* 99% of 3, rounded up */
		{"nearly all", THREE BUDGET("b", "web", "minAvailable: 99%"),
			NULL, "budget-blocks-drains",
			"3 healthy pods of the 3"},
		{"none may go", THREE BUDGET("b", "web", "maxUnavailable: 0"),
			NULL, "budget-blocks-drains", NULL},
		/* 1% of 3, rounded up: one */
		{"one percent", THREE BUDGET("b", "web", "maxUnavailable: 1%"),
			NULL, NULL, NULL},
		{"a single pod", THREE BUDGET("b", "db", "minAvailable: 1"),
			NULL, "budget-blocks-drains", "two replicas"},
		{"of nobody", THREE BUDGET("b", "wbe", "minAvailable: 1"), NULL,
			"budget-covers-nothing", "default/b covers no pod"},
		{"two",
			THREE BUDGET("b", "web", "minAvailable: 1")
				BUDGET("c", "web", "minAvailable: 2"),
			NULL, "budgets-overlap",
			"default/b and default/c both cover the pods of "
			"default/web"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

TW_TESTS("lint/disruption", budgets)
