#include "tests/unit/manifests/side.h"

#include "twins/twin.h"

static const char profile[] = SERVICE(
	"cart", "cart") "---\napiVersion: linkerd.io/v1alpha2\n"
			"kind: ServiceProfile\n"
			"metadata: {name: cart.default.svc.cluster.local}\n"
			"spec:\n  routes:\n"
			"  - {name: a, condition: {method: GET, pathRegex: "
			"'/cart/[^/]*'},\n"
			"     isRetryable: true, timeout: 300ms}\n"
			"  - {name: b, condition: {all: [{method: POST}]}}\n"
			"  - {name: c, condition: {not: {method: PUT}}}\n"
			"  retryBudget: {retryRatio: 0.3, minRetriesPerSecond: "
			"4, ttl: 5s}\n";

START_TEST(service_profile)
{
	const struct tw_spec_policy *a, *b, *budget;
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml", profile);
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert(side_said(&s, "'any' or 'not' is not modelled"));
	ck_assert_uint_eq(s.spec->policies.n, 3);
	a = s.spec->policies.v[0];
	b = s.spec->policies.v[1];
	budget = s.spec->policies.v[2];
	ck_assert_str_eq(a->callee, "default/cart");
	ck_assert_str_eq(a->endpoint, "GET **");
	ck_assert_uint_eq(a->conditions.n, 1);
	ck_assert_int_eq(a->timeout.v, 300 * TW_MS);
	ck_assert_int_eq(a->retries.v, 100);
	ck_assert_int_eq(a->retry_on.v, TW_RETRY_5XX);
	ck_assert_int_eq(a->backoff_base.v, 0);
	ck_assert_str_eq(b->endpoint, "POST **");
	ck_assert_int_eq(b->timeout.v, 10 * TW_S);
	ck_assert_ptr_null(b->retries.origin);
	ck_assert(budget->budget.ratio.v == 0.3);
	ck_assert(budget->budget.min_per_second.v == 4);
	ck_assert_int_eq(budget->budget.interval.v, 5 * TW_S);
	side_end(&s);
}
END_TEST

static const char annotated[] =
	"apiVersion: v1\nkind: Service\nmetadata:\n  name: cart\n"
	"  annotations:\n"
	"    balancer.linkerd.io/failure-accrual: consecutive\n"
	"    balancer.linkerd.io/failure-accrual-consecutive-max-failures: "
	"'3'\n"
	"    timeout.linkerd.io/request: 2s\n"
	"spec: {selector: {app: cart}, ports: [{port: 80}]}\n"
	"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
	"metadata:\n  name: cart\n  annotations:\n"
	"    retry.linkerd.io/http: 'gateway-error, 429, 500-501'\n"
	"    retry.linkerd.io/timeout: 400ms\n"
	"    timeout.linkerd.io/request: 5s\n"
	"spec:\n  parentRefs: [{kind: Service, name: cart}]\n"
	"  rules: [{backendRefs: [{name: cart, port: 80}]}]\n";

START_TEST(annotations)
{
	const struct tw_spec_policy *p;
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml", annotated);
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.spec->policies.n, 3);
	p = s.spec->policies.v[0];
	ck_assert_int_eq(p->retries.v, 1);
	ck_assert_int_eq(
		p->retry_on.v, TW_RETRY_GATEWAY_ERROR | TW_RETRY_TIMEOUT);
	ck_assert_uint_eq(p->retry_codes.n, 3);
	ck_assert_int_eq(p->retry_codes.v[2], 501);
	ck_assert_int_eq(p->try_timeout.v, 400 * TW_MS);
	ck_assert_int_eq(p->timeout.v, 5 * TW_S);
	ck_assert_int_eq(s.spec->policies.v[1]->timeout.v, 2 * TW_S);
	p = s.spec->policies.v[2];
	ck_assert_int_eq(p->outlier.consecutive_5xx.v, 3);
	ck_assert_int_eq(p->outlier.base_ejection_time.v, TW_S);
	ck_assert_int_eq(p->outlier.max_ejection_time.v, 60 * TW_S);
	ck_assert_int_eq(p->outlier.interval.v, TW_S);
	side_end(&s);
}
END_TEST

/* Without a retryBudget there is Linkerd's own, over a span of 10 s. */
START_TEST(a_profile_has_a_budget)
{
	const struct tw_spec_policy *p;
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml",
		SERVICE("cart", "cart") "---\napiVersion: "
					"linkerd.io/v1alpha2\n"
					"kind: ServiceProfile\n"
					"metadata: {name: "
					"cart.default.svc.cluster.local}\n"
					"spec: {routes: []}\n");
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.spec->policies.n, 1);
	p = s.spec->policies.v[0];
	ck_assert(p->budget.interval.origin);
	ck_assert_int_eq(p->budget.interval.v, 10 * TW_S);
	side_end(&s);
}
END_TEST

#define LABELS(inject) "labels: {app: a, sidecar.istio.io/inject: '" inject "'}"
#define ANNOTATION(inject)                                                     \
	"labels: {app: a}, annotations: {sidecar.istio.io/inject: '" inject "'}"

/* Istio's implicit retries: only where the caller's sidecar is to be seen. */
START_TEST(sidecars)
{
	static const struct {
		const char *namespace;
		const char *route;
		uint32_t retries;
		const char *pod;   /* more of its metadata */
		const char *spec;  /* likewise */
		uint32_t anywhere; /* retries do not look for others */
	} cases[] = {
		{"{name: default}", "", 0, .anywhere = 0},
		{"{name: default, labels: {istio-injection: enabled}}", "", 2,
			.anywhere = 0},
		{"{name: default, labels: {istio-injection: disabled}}", "", 0,
			.anywhere = 0},
		{"{name: default, labels: {istio.io/dataplane-mode: ambient}}",
			"", 0, .anywhere = 0},
		{"{name: default, labels: {istio.io/rev: stable}}",
			"retries: {attempts: 0}, ", 0, .anywhere = 0},
		{"{name: default, labels: {istio.io/rev: stable}}",
			"timeout: 1s, ", 2, .anywhere = 0},
		{"{name: default}", "", 2, .pod = LABELS("true")},
		{"{name: default, labels: {istio-injection: disabled}}", "", 0,
			.pod = LABELS("true")},
		{"{name: default}", "", 0, .pod = ANNOTATION("true")},
		{"{name: default, labels: {istio-injection: enabled}}", "", 0,
			.pod = ANNOTATION("false")},
		{"{name: default, labels: {istio-injection: enabled}}", "", 2,
			.pod = "labels: {app: a, sidecar.istio.io/inject: "
			       "'true'}, "
			       "annotations: {sidecar.istio.io/inject: "
			       "'false'}"},
		{"{name: default, labels: {istio-injection: enabled}}", "", 0,
			.spec = "hostNetwork: true, "},
		{"{name: default}", "", 2,
			.pod = "labels: {app: a, istio.io/rev: canary}"},
		/* What a VirtualService says counts without a sidecar, too. */
		{"{name: default}", "retries: {attempts: 3}, ", 3,
			.anywhere = 0},
		{"{name: default}",
			"retries: {attempts: 3, retryIgnorePreviousHosts: "
			"false}, ",
			3, .anywhere = 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_spec_service *web;
		struct tw_spec_step *step;
		const struct tw_channel *channel;
		struct tw_model *model;
		struct tw_buf text = {0}, pods = {0};
		struct side s;

		side_start(&s);
		tw_buf_printf(&pods,
			"---\napiVersion: apps/v1\nkind: Deployment\n"
			"metadata: {name: a}\nspec:\n"
			"  selector: {matchLabels: {app: a}}\n"
			"  template:\n    metadata: {%s}\n"
			"    spec: {%scontainers: [{name: a, image: a}]}\n",
			cases[i].pod ? cases[i].pod : "labels: {app: a}",
			cases[i].spec ? cases[i].spec : "");
		tw_buf_printf(&text,
			"%s%s%s---\napiVersion: v1\nkind: Namespace\n"
			"metadata: %s\n---\n"
			"apiVersion: networking.istio.io/v1\n"
			"kind: VirtualService\nmetadata: {name: b}\n"
			"spec: {hosts: [b], http: [{%sroute: [{destination: "
			"{host: b}}]}]}\n",
			SERVICE("a", "a"), tw_buf_text(&pods),
			SERVICE("b", "b"), cases[i].namespace, cases[i].route);
		side_file(&s, "a.yaml", tw_buf_text(&text));
		ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
		web = tw_spec_find_service(s.spec, NULL, "default/a");
		step = tw_spec_step(s.spec, TW_STEP_CALL, web->origin);
		tw_set_text(&step->service, "default/b", web->origin);
		tw_vec_push_in(&s.spec->arena,
			&tw_spec_endpoint(s.spec, web, "GET /", web->origin)
				 ->steps,
			step);
		model = tw_model_compile(s.spec, &s.diags);
		ck_assert_ptr_nonnull(model);
		channel = &model->channels[tw_model_channel(model,
			tw_model_service(model, "default/a"),
			tw_model_endpoint(model,
				tw_model_service(model, "default/b"), NULL))];
		ck_assert_msg(channel->retries == cases[i].retries,
			"case %zu: %u", i, channel->retries);
		ck_assert_msg(
			channel->host_retries ==
				(channel->retries && !cases[i].anywhere ? 5
									: 0),
			"case %zu: %u", i, channel->host_retries);
		/* The other side's endpoint is one of HTTP. */
		ck_assert(!(channel->retry_on & TW_RETRY_UNAVAILABLE));
		tw_model_free(model);
		tw_buf_release(&text);
		tw_buf_release(&pods);
		side_end(&s);
	}
}
END_TEST

TW_TESTS("manifests/linkerd", service_profile, annotations,
	a_profile_has_a_budget, sidecars)
