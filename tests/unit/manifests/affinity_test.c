#include "tests/unit/manifests/side.h"

#include <stdio.h>

/* Reads services and `more`; the policies that came of it, or NULL. */
static const struct tw_spec_policy *read_one(
	struct side *s, const char *more, const char *said)
{
	side_start(s);
	side_file(s, "a.yaml", SERVICE("web", "web") SERVICE("cart", "cart"));
	side_file(s, "b.yaml", more);
	ck_assert_int_eq(side_read(s, "*.yaml"), 0);
	ck_assert_str_eq(tw_buf_text(&s->text), said);
	return s->spec->policies.n ? s->spec->policies.v[0] : NULL;
}

#define RULE(hash)                                                             \
	"apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"          \
	"metadata: {name: cart}\n"                                             \
	"spec: {host: cart, trafficPolicy: {loadBalancer: "                    \
	"{consistentHash: {" hash "}}}}\n"

START_TEST(consistent_hash)
{
	const struct tw_spec_policy *p;
	struct side s;

	p = read_one(&s,
		RULE("httpHeaderName: x-user, ringHash: {minimumRingSize: 7}"),
		"");
	ck_assert_int_eq(p->balancer.v, TW_BALANCE_RING_HASH);
	ck_assert_str_eq(p->balancing.hash_header.v, "x-user");
	ck_assert_int_eq(p->balancing.minimum_ring_size.v, 7);
	ck_assert(!p->caller);
	side_end(&s);
	p = read_one(&s,
		RULE("httpCookie: {name: u, ttl: 0s}, maglev: {tableSize: 11}"),
		"");
	ck_assert_int_eq(p->balancer.v, TW_BALANCE_MAGLEV);
	ck_assert_str_eq(p->balancing.hash_cookie.v, "u");
	ck_assert_int_eq(p->balancing.table_size.v, 11);
	side_end(&s);
	p = read_one(&s, RULE("useSourceIp: true, minimumRingSize: 9"), "");
	ck_assert_int_eq(p->balancing.hash_source_ip.v, 1);
	ck_assert_int_eq(p->balancing.minimum_ring_size.v, 9);
	side_end(&s);
	p = read_one(&s, RULE("httpQueryParameterName: q"), "");
	ck_assert_str_eq(p->balancing.hash_query.v, "q");
	side_end(&s);
}
END_TEST

START_TEST(session_affinity)
{
	static const char *const ports = "ports: [{port: 80}]";
	struct side s;
	char text[512];

	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof text,
			"apiVersion: v1\nkind: Service\n"
			"metadata: {name: kept}\n"
			"spec: {selector: {app: kept}, %s%s}\n",
			ports,
			i == 0	 ? ""
			: i == 1 ? ", sessionAffinity: ClientIP"
				 : ", sessionAffinity: ClientIP, "
				   "sessionAffinityConfig: "
				   "{clientIP: {timeoutSeconds: 60}}");
		read_one(&s, text, "");
		ck_assert_int_eq(tw_spec_find_service(s.spec, NULL, "kept")
					 ->session_affinity.v,
			(i == 0		 ? 0
				: i == 1 ? 10800
					 : 60) *
				TW_S);
		side_end(&s);
	}
}
END_TEST

#define INGRESS(annotations)                                                   \
	"apiVersion: networking.k8s.io/v1\nkind: Ingress\n"                    \
	"metadata: {name: in, annotations: {" annotations "}}\n"               \
	"spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n"
#define N "nginx.ingress.kubernetes.io/"

START_TEST(ingress_annotations)
{
	const struct tw_spec_policy *p;
	struct side s;

	p = read_one(&s, INGRESS(N "affinity: cookie"), "");
	ck_assert_str_eq(p->caller, "outside");
	ck_assert_str_eq(p->callee, "default/web");
	ck_assert_int_eq(p->balancer.v, TW_BALANCE_RING_HASH);
	ck_assert_str_eq(p->balancing.hash_cookie.v, "INGRESSCOOKIE");
	side_end(&s);
	p = read_one(&s,
		INGRESS(N "affinity: cookie, " N "affinity-mode: persistent, " N
			  "session-cookie-name: s"),
		"");
	ck_assert(!p->balancer.origin);
	ck_assert(p->balancing.session_timeout.origin);
	ck_assert_str_eq(p->balancing.hash_cookie.v, "s");
	side_end(&s);
	p = read_one(&s, INGRESS(N "upstream-hash-by: $http_x_user"), "");
	ck_assert_str_eq(p->balancing.hash_header.v, "x-user");
	side_end(&s);
	p = read_one(
		&s, INGRESS(N "upstream-hash-by: $binary_remote_addr"), "");
	ck_assert_int_eq(p->balancing.hash_source_ip.v, 1);
	side_end(&s);
	ck_assert(!read_one(&s, INGRESS("a: b"), ""));
	side_end(&s);
}
END_TEST

START_TEST(a_hash_that_is_not_modelled_is_told)
{
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml", SERVICE("web", "web"));
	side_file(&s, "b.yaml", INGRESS(N "upstream-hash-by: $request_uri"));
	ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
	ck_assert(side_said(&s, "hashing by '$request_uri' is not modelled"));
	ck_assert_uint_eq(s.spec->policies.n, 0);
	side_end(&s);
}
END_TEST

/* localityLbSetting: regions with an outlier detection, else left out. */
START_TEST(failover_needs_detection)
{
	static const char rule[] =
		"apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
		"metadata: {name: cart}\nspec: {host: cart, trafficPolicy: "
		"{%sloadBalancer: {localityLbSetting: {%s}}}}\n";
	static const char detect[] = "outlierDetection: {interval: 1s}, ";
	const struct tw_spec_locality *it;
	char text[512];
	struct side s;

	snprintf(text, sizeof text, rule, detect,
		"failover: [{from: eu, to: us}]");
	it = &read_one(&s, text, "")->locality;
	ck_assert_int_eq(it->failover.v, 1);
	ck_assert_uint_eq(it->failovers.n, 1);
	ck_assert_str_eq(it->failovers.v[0].from, "eu");
	ck_assert_str_eq(it->failovers.v[0].to.v, "us");
	side_end(&s);
	snprintf(text, sizeof text, rule, detect,
		"failoverPriority: [a, b=c], failover: [{from: eu, to: us}]");
	it = &read_one(&s, text, "")->locality;
	ck_assert_uint_eq(it->failovers.n, 0);
	ck_assert_uint_eq(it->priority.n, 2);
	ck_assert_str_eq(it->priority.v[1].v, "b=c");
	side_end(&s);
	snprintf(text, sizeof text, rule, "",
		"distribute: [{from: eu, to: {us/z: 7}}]");
	it = &read_one(&s, text, "")->locality;
	ck_assert_str_eq(it->shares.v[0].from, "eu/*");
	ck_assert_str_eq(it->shares.v[0].to, "us/z");
	ck_assert_int_eq(it->shares.v[0].weight.v, 7);
	side_end(&s);
	snprintf(text, sizeof text, rule, "", "failoverPriority: [a]");
	side_start(&s);
	side_file(&s, "a.yaml", SERVICE("cart", "cart"));
	side_file(&s, "b.yaml", text);
	ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
	ck_assert(side_said(&s, "failover-without-detection"));
	ck_assert_uint_eq(s.spec->policies.n, 0);
	side_end(&s);
}
END_TEST

TW_TESTS("manifests/affinity", consistent_hash, session_affinity,
	ingress_annotations, a_hash_that_is_not_modelled_is_told,
	failover_needs_detection)
