#include "tests/unit/manifests/side.h"

#include "twins/model/reach.h"

#include <stdio.h>

/* What the conformance cases do not ask: who comes from outside, the cluster's
 * DNS, ports that nobody names, named target ports, all pairs of a system. */

#define TWO                                                                    \
	SERVICE("a", "a")                                                      \
	DEPLOYMENT("a", "a", "1", "")                                          \
	SERVICE("b", "b") DEPLOYMENT("b", "b", "1",                            \
		"        ports: [{containerPort: 8080, name: http}]\n")
#define POLICY(spec)                                                           \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"         \
	"metadata: {name: p}\nspec: {podSelector: {matchLabels: {app: "        \
	"b}}, " spec "}\n"

static enum tw_reach judge(const char *manifests, const char *from)
{
	struct tw_reach_map *map;
	struct side s;
	enum tw_reach how;
	const struct tw_spec_service *b;

	side_start(&s);
	side_file(&s, "a.yaml", manifests);
	side_read(&s, "a.yaml");
	ck_assert_uint_eq(s.diags.errors, 0);
	b = tw_spec_find_service(s.spec, "default", "b");
	map = tw_reach_map_new(s.spec);
	how = tw_reach_judge(map,
		from ? tw_map_get(&s.spec->workloads, from) : NULL, b, NULL,
		b->workloads.v[0])
		      .how;
	tw_reach_map_free(map);
	side_end(&s);
	return how;
}

START_TEST(from_outside)
{
	ck_assert_int_eq(judge(TWO, NULL), TW_REACH_OPEN);
	ck_assert_int_eq(
		judge(TWO POLICY("ingress: []"), NULL), TW_REACH_DROPPED);
	/* Only pods that we know all about. */
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{from: [{podSelector: "
					  "{}}]}]"),
				 NULL),
		TW_REACH_DROPPED);
	/* A controller in a namespace of its own, a load balancer. */
	ck_assert_int_eq(
		judge(TWO POLICY("ingress: [{from: [{namespaceSelector: "
				 "{matchLabels: {name: ingress}}}]}]"),
			NULL),
		TW_REACH_OPEN);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{from: [{ipBlock: {cidr: "
					  "0.0.0.0/0}}]}]"),
				 NULL),
		TW_REACH_OPEN);
}
END_TEST

/* Service port 80 leads to the pods' 80; a rule may name that or a name. */
START_TEST(on_ports)
{
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{ports: [{port: 80}]}]"),
				 "default/a"),
		TW_REACH_OPEN);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{ports: [{port: http}]}]"),
				 "default/a"),
		TW_REACH_DROPPED);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{ports: [{port: 70, "
					  "endPort: 80}]}]"),
				 "default/a"),
		TW_REACH_OPEN);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{ports: [{port: 80, "
					  "protocol: UDP}]}]"),
				 "default/a"),
		TW_REACH_DROPPED);
}
END_TEST

START_TEST(named_target_port)
{
	static const char port[] =
		"apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: "
		"{selector: {app: b}, ports: [{port: 80, targetPort: "
		"%s}]}\n" DEPLOYMENT("b", "b", "1",
			"        ports: [{containerPort: 8080, name: http}]\n");
	char text[1024];

	snprintf(text, sizeof text, port, "http");
	ck_assert_int_eq(judge(text, NULL), TW_REACH_OPEN);
	snprintf(text, sizeof text, port, "web");
	ck_assert_int_eq(judge(text, NULL), TW_REACH_NO_PORT);
}
END_TEST

START_TEST(unknown_addresses)
{
	/* A pod's address before it runs: one of the usual pod network. */
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{from: [{ipBlock: {cidr: "
					  "10.0.0.0/8}}]}]"),
				 "default/a"),
		TW_REACH_OPEN);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{from: [{ipBlock: {cidr: "
					  "0.0.0.0/0, except: [10.244.0.0/16]}}"
					  "]}]"),
				 "default/a"),
		TW_REACH_DROPPED);
	ck_assert_int_eq(judge(TWO POLICY("ingress: [{from: [{ipBlock: {cidr: "
					  "'2001:db8::/32'}}]}]"),
				 "default/a"),
		TW_REACH_DROPPED);
}
END_TEST

/* The caller against all Services, a line each. */
static void say_all(const struct tw_spec *spec,
	const struct tw_spec_workload *from, struct tw_buf *to)
{
	struct tw_reach_map *map = tw_reach_map_new(spec);

	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;
		struct tw_reach_answer answer =
			tw_reach_best(map, from, it, &it->ports.v[0]);

		tw_buf_printf(
			to, "%s %s ", from ? from->key : "outside", it->key);
		tw_reach_text(&answer, to);
		tw_buf_add_char(to, '\n');
	}
	tw_reach_map_free(map);
}

START_TEST(all_pairs)
{
	struct side s;
	struct tw_buf text = {0};

	side_start(&s);
	side_file(&s, "a.yaml", TWO POLICY("ingress: []"));
	side_read(&s, "a.yaml");
	say_all(s.spec, NULL, &text);
	for (size_t i = 0; i < s.spec->workloads.n; i++)
		say_all(s.spec, s.spec->workloads.v[i].value, &text);
	ck_assert_str_eq(tw_buf_text(&text),
		"outside default/a open\n"
		"outside default/b dropped: no ingress rule of "
		"NetworkPolicy default/p admits it\n"
		"default/a default/a open\n"
		"default/a default/b dropped: no ingress rule of "
		"NetworkPolicy default/p admits it\n"
		"default/b default/a open\n"
		"default/b default/b dropped: no ingress rule of "
		"NetworkPolicy default/p admits it\n");
	tw_buf_release(&text);
	side_end(&s);
}
END_TEST

/* What an API server refuses, each at its place. */
START_TEST(refused)
{
	static const char *const wrong[] = {
		"ingress: [{from: [{}]}]",
		"ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]",
		"ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]",
		"ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: "
		"{}}]}]",
		"ingress: [{ports: [{port: 80, endPort: 79}]}]",
		"ingress: [{ports: [{port: http, endPort: 79}]}]",
		"ingress: [{ports: [{port: 80, protocol: ICMP}]}]",
		"policyTypes: [ingress]",
		"ingress: [{from: [{podSelector: {matchExpressions: [{key: a, "
		"operator: Is, values: [b]}]}}]}]",
		"ingress: [{from: [{podSelector: {matchExpressions: [{key: a, "
		"operator: In}]}}]}]",
		"ingress: [{from: [{podSelector: {matchExpressions: [{key: a, "
		"operator: Exists, values: [b]}]}}]}]",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct side s;
		char text[2048];

		snprintf(text, sizeof text, TWO POLICY("%s"), wrong[i]);
		side_start(&s);
		side_file(&s, "a.yaml", text);
		side_read(&s, "a.yaml");
		ck_assert_msg(s.diags.errors == 1, "%s: %zu errors", wrong[i],
			s.diags.errors);
		ck_assert_int_gt(s.diags.list.v[0]->pos.column, 1);
		side_end(&s);
	}
}
END_TEST

TW_TESTS("model/reach", from_outside, on_ports, named_target_port,
	unknown_addresses, all_pairs, refused)
