#include "tests/unit/manifests/side.h"

static const char services[] =
	SERVICE("web", "web") SERVICE("cart", "cart") SERVICE("new", "new");

static const char istio[] =
	"apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
	"metadata: {name: cart}\n"
	"spec:\n  hosts: [cart]\n  http:\n"
	"  - match:\n"
	"    - {headers: {end-user: {exact: jason}, Cookie: {}},\n"
	"       withoutHeaders: {x-off: {prefix: y}}}\n"
	"    - {uri: {regex: '/v[0-9]/.*'}, queryParams: {q: {regex: 'a|b'}}}\n"
	"    mirrors:\n"
	"    - {destination: {host: new, subset: s}, percentage: {value: "
	"12.5}}\n"
	"    fault:\n"
	"      delay: {percentage: {value: 50}, fixedDelay: 5s}\n"
	"      abort: {grpcStatus: UNAVAILABLE}\n"
	"    rewrite: {uri: /w}\n"
	"    route: [{destination: {host: new}}]\n"
	"  - fault: {delay: {fixedDelay: 5s}}\n"
	"    match: [{uri: {prefix: /gone}}]\n"
	"    directResponse: {status: 410}\n";

START_TEST(virtual_service)
{
	const struct tw_spec_policy *a, *b, *c;
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml", services);
	side_file(&s, "b.yaml", istio);
	ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
	ck_assert_str_eq(tw_buf_text(&s.text), "");
	ck_assert_uint_eq(s.spec->policies.n, 3);
	a = s.spec->policies.v[0];
	b = s.spec->policies.v[1];
	c = s.spec->policies.v[2];
	ck_assert_uint_eq(a->conditions.n, 3);
	ck_assert_str_eq(a->conditions.v[0].name, "end-user");
	ck_assert_int_eq(a->conditions.v[1].is, TW_CONDITION_PRESENT);
	ck_assert(a->conditions.v[2].negated);
	ck_assert_uint_eq(b->conditions.n, 2);
	ck_assert_int_eq(b->conditions.v[0].of, TW_CONDITION_PATH);
	ck_assert_int_eq(b->conditions.v[1].of, TW_CONDITION_QUERY);
	ck_assert_uint_eq(a->mirrors.n, 1);
	ck_assert_str_eq(a->mirrors.v[0].service.v, "default/new");
	ck_assert(b->mirrors.v[0].share.v == 0.125);
	ck_assert_int_eq(a->inject.delay.v, 5 * TW_S);
	ck_assert(a->inject.delay_share.v == 0.5);
	ck_assert_int_eq(a->inject.abort.v, 503);
	ck_assert(a->inject.abort_share.v == 1);
	ck_assert_str_eq(a->rewrite.v, "/w");
	ck_assert_int_eq(c->respond.v, 410);
	/* Istio: no percentage, no delay. */
	ck_assert(c->inject.delay_share.v == 0);
	side_end(&s);
}
END_TEST

static const char gateway[] =
	"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
	"metadata: {name: web}\n"
	"spec:\n  parentRefs: [{name: gw}]\n  hostnames: [shop.example]\n"
	"  rules:\n"
	"  - matches:\n"
	"    - {path: {type: PathPrefix, value: /a}, headers: [{name: x, "
	"value: y}]}\n"
	"    - {path: {type: RegularExpression, value: '/b{2}'},\n"
	"       queryParams: [{type: RegularExpression, name: q, value: "
	"'z+'}]}\n"
	"    filters:\n"
	"    - type: RequestMirror\n"
	"      requestMirror: {backendRef: {name: new}, fraction: {numerator: "
	"1,\n"
	"        denominator: 4}}\n"
	"    - type: URLRewrite\n"
	"      urlRewrite: {path: {type: ReplacePrefixMatch,\n"
	"        replacePrefixMatch: /}}\n"
	"    backendRefs: [{name: web, port: 80}]\n"
	"  - matches: [{path: {type: PathPrefix, value: /c}}]\n"
	"    filters:\n"
	"    - type: RequestRedirect\n"
	"      requestRedirect: {hostname: other.example}\n"
	"  - filters:\n"
	"    - type: RequestRedirect\n"
	"      requestRedirect: {scheme: https}\n";

/* Entries with conditions, an answer of the way in, and nothing for a change
 * of the scheme alone. A pattern that is not understood is told and can never
 * be known to hold. */
START_TEST(http_route)
{
	const struct tw_spec_entry *entry;
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml", services);
	side_file(&s, "b.yaml", gateway);
	ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
	ck_assert(
		side_said(&s, "the pattern is not understood at character 3"));
	ck_assert_uint_eq(s.spec->entries.n, 3);
	entry = s.spec->entries.v[0];
	ck_assert_uint_eq(entry->conditions.n, 1);
	ck_assert_str_eq(entry->rewrite.v, "/");
	ck_assert_uint_eq(s.spec->entries.v[1]->conditions.n, 2);
	ck_assert_int_eq(s.spec->entries.v[2]->respond.v, 302);
	ck_assert_ptr_null(s.spec->entries.v[2]->service.v);
	ck_assert_uint_eq(s.spec->policies.n, 2);
	ck_assert(s.spec->policies.v[0]->mirrors.v[0].share.v == 0.25);
	side_end(&s);
}
END_TEST

TW_TESTS("manifests/route", virtual_service, http_route)
