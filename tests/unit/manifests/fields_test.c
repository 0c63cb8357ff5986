/* Fields that Kubernetes does not have. */
#include "tests/unit/manifests/side.h"

#define WEB(spec, pod, container)                                              \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"       \
	"spec:\n  selector: {matchLabels: {app: web}}\n" spec                  \
	"  template:\n    metadata: {labels: {app: web}}\n    spec:\n" pod     \
	"      containers:\n      - name: c\n        image: "                  \
	"'web:1'\n" container

struct field_case {
	const char *manifests;
	size_t n;
	const char *said, *hint; /* NULL: nothing */
};

static void run(const struct field_case *it)
{
	struct side s;
	const struct tw_diag *found = NULL;
	struct tw_buf text = {0};
	size_t n = 0;

	side_start(&s);
	side_file(&s, "a.yaml", it->manifests);
	side_read(&s, "a.yaml");
	for (size_t i = 0; i < s.diags.list.n; i++) {
		const struct tw_diag *one = s.diags.list.v[i];

		tw_diag_print(&s.diags, one, false, &text);
		if (!one->rule || strcmp(one->rule, "unknown-field") != 0)
			continue;
		n++;
		found = one;
	}
	ck_assert_msg(n == it->n, "%zu of %zu: %s\n%s", n, it->n, it->manifests,
		tw_buf_text(&text));
	if (n && it->said)
		ck_assert_str_eq(found->message, it->said);
	if (n && it->hint)
		ck_assert_msg(found->hint && !strcmp(found->hint, it->hint),
			"%s, not %s", it->hint,
			found->hint ? found->hint : "no hint");
	if (n && !it->hint)
		ck_assert_ptr_null(found->hint);
	tw_buf_release(&text);
	side_end(&s);
}

START_TEST(fields)
{
	static const struct field_case cases[] = {
		{WEB("", "", ""), 0, NULL, NULL},
		{WEB("  revisonHistoryLimit: 2\n", "", ""), 1,
			"a Deployment has no field spec.revisonHistoryLimit",
			"did you mean 'revisionHistoryLimit'?"},
		{WEB("", "", "        resources: {limit: {cpu: 1}}\n"), 1,
			"a Deployment has no field "
			"spec.template.spec.containers.resources.limit",
			"did you mean 'limits'?"},
		/* the case of letters counts */
		{WEB("", "", "        livenessprobe: {exec: {command: [a]}}\n"),
			1, NULL, "did you mean 'livenessProbe'?"},
		/* one level too deep, or too high */
		{WEB("", "", "        terminationGracePeriodSeconds: 5\n"), 1,
			"a Deployment has no field spec.template.spec."
			"containers.terminationGracePeriodSeconds",
			"it is a field of spec.template.spec"},
		{WEB("  tolerations: []\n", "", ""), 1,
			"a Deployment has no field spec.tolerations",
			"it is a field of spec.template.spec"},
		{WEB("  rollingUpdate: {maxSurge: 1}\n", "", ""), 1,
			"a Deployment has no field spec.rollingUpdate",
			"it is a field of spec.strategy"},
		{WEB("  gloves: warm\n", "", ""), 1,
			"a Deployment has no field spec.gloves", NULL},
		/* names that are the person's */
		{WEB("", "      nodeSelector: {gloves: warm}\n",
			 "        resources: {limits: {gloves/x: 1}}\n"),
			0, NULL, NULL},
		/* what the table leaves open, and another version */
		{WEB("", "      securityContext: {gloves: 1}\n", ""), 0, NULL,
			NULL},
		{"apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n"
		 "metadata: {name: a}\nspec: {scaleTargetRef: {name: a}, "
		 "maxReplicas: 3, targetCPUUtilizationPercentage: 5}\n",
			0, NULL, NULL},
		{"apiVersion: policy/v1\nkind: PodDisruptionBudget\n"
		 "metadata: {name: a}\nspec: {minAvailble: 1, selector: "
		 "{matchLabel: {app: a}}}\n",
			2, NULL, "did you mean 'matchLabels'?"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		run(&cases[i]);
}
END_TEST

TW_TESTS("manifests/fields", fields)
