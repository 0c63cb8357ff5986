#include "harness/chaos/chaos.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct bed {
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_chaos_faults faults;
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_buf text; /* labels of the faults, or the findings */
};

/* web and cart, two replicas each, from a model alone; db by manifests: pods
 * labelled app=db,tier=data in two workloads, a of one and b of two. */
static void lay_db(struct tw_spec *spec)
{
	static const char *const names[] = {"db-a", "db-b"};
	const struct tw_origin *by = tw_spec_origin(
		spec, TW_FROM_MANIFEST, (struct tw_pos){0}, NULL);
	struct tw_spec_service *db = tw_spec_service(spec, "default", "db", by);

	db->has_object = db->has_selector = true;
	tw_vec_push_in(
		&spec->arena, &db->selector, ((struct tw_label){"app", "db"}));
	for (int i = 0; i < 2; i++) {
		struct tw_spec_workload *it = tw_spec_workload(
			spec, "Deployment", "default", names[i], by);

		tw_set_int(&it->replicas, i + 1, by);
		tw_vec_push_in(&spec->arena, &it->labels,
			((struct tw_label){"app", "db"}));
		tw_vec_push_in(&spec->arena, &it->labels,
			((struct tw_label){"part", i ? "b" : "a"}));
	}
	b_work(spec, &b_endpoint(spec, db, "Get")->steps, TW_STEP_WAIT,
		b_constant(TW_MS));
	tw_spec_link(spec);
}

static struct bed lay(const char *file, const char *text, tw_time lasts)
{
	struct bed bed = {.spec = tw_spec_new()};
	struct tw_spec_endpoint *home = b_endpoint(
		bed.spec, b_service(bed.spec, "web", 2, 10, 10), "GET /");

	b_work(bed.spec,
		&b_endpoint(bed.spec, b_service(bed.spec, "cart", 2, 10, 10),
			"GET /cart")
			 ->steps,
		TW_STEP_CPU, b_constant(TW_MS));
	b_call(bed.spec, &home->steps, "cart", "GET /cart");
	lay_db(bed.spec);
	bed.model = b_model(bed.spec);
	tw_arena_init(&bed.arena);
	tw_diags_init(&bed.diags);
	tw_scenario_init(&bed.scenario);
	tw_chaos_parse(
		&bed.arena, file, text, strlen(text), &bed.diags, &bed.faults);
	for (size_t i = 0; i < bed.faults.n; i++)
		tw_chaos_add(bed.faults.v[i], 5 * TW_S, lasts, bed.model,
			&bed.scenario, &bed.diags);
	for (size_t i = 0; i < bed.scenario.faults.n; i++)
		if (!bed.scenario.faults.v[i]->turn)
			tw_buf_printf(&bed.text, "%s\n",
				bed.scenario.faults.v[i]->label);
	for (size_t i = 0; i < bed.diags.list.n; i++)
		tw_buf_printf(&bed.text, "%d: %s\n",
			bed.diags.list.v[i]->pos.line,
			bed.diags.list.v[i]->message);
	return bed;
}

static void clear(struct bed *bed)
{
	tw_buf_release(&bed->text);
	tw_scenario_release(&bed->scenario);
	tw_diags_release(&bed->diags);
	tw_arena_release(&bed->arena);
	tw_model_free(bed->model);
	tw_spec_free(bed->spec);
}

#define MESH(kind, spec)                                                       \
	"apiVersion: chaos-mesh.org/v1alpha1\nkind: " kind "\nspec:\n" spec
#define CART "  selector: {labelSelectors: {app: cart}}\n"

static const struct {
	const char *text, *says;
	tw_time lasts;
} cases[] = {
	{MESH("PodChaos", "  action: pod-kill\n  mode: one\n" CART),
		"replica-kill mode=one name=chaos:4 at=5s "
		"service=default/cart\n",
		0},
	{MESH("PodChaos", "  action: pod-failure\n  duration: 30s\n"
			  "  mode: fixed-percent\n  value: '50'\n" CART),
		"replica-kill mode=fixed-percent name=chaos:4 value=50% at=5s "
		"for=30s service=default/cart\n",
		0},
	/* One of the two workloads behind a Service. */
	{MESH("PodChaos", "  action: container-kill\n"
			  "  selector: {labelSelectors: {app: db, part: b}}\n"),
		"replica-kill at=5s "
		"replica=default/db-b-1,default/db-b-2\n",
		0},
	{MESH("PodChaos", "  action: pod-kill\n  selector:\n"
			  "    expressionSelectors:\n"
			  "    - {key: part, operator: NotIn, values: [b]}\n"
			  "    - {key: part, operator: Exists}\n"),
		"replica-kill at=5s replica=default/db-a-1\n", 0},
	{MESH("NetworkChaos", "  action: delay\n  delay: {latency: 90ms, "
			      "correlation: '25', jitter: 9ms}\n" CART),
		"latency direction=there add=90ms jitter=9ms correlation=25% "
		"at=5s from=default/cart\n"
		"latency direction=back add=90ms jitter=9ms correlation=25% "
		"at=5s service=default/cart\n",
		0},
	{MESH("NetworkChaos",
		 "  action: corrupt\n  corrupt: {corrupt: '40'}\n" CART
		 "  direction: from\n"
		 "  target: {selector: {labelSelectors: {app: web}}}\n"),
		"loss direction=back loss=40% at=5s for=9s from=default/cart "
		"to=default/web\n"
		"loss direction=there loss=40% at=5s for=9s "
		"service=default/cart from=default/web\n",
		9 * TW_S},
	{MESH("NetworkChaos", "  action: bandwidth\n  direction: both\n"
			      "  bandwidth: {rate: 2mbps, limit: 9}\n" CART),
		"bandwidth direction=both rate=2MB/s at=5s from=default/cart\n"
		"bandwidth direction=both rate=2MB/s at=5s "
		"service=default/cart\n"
		"6: 'limit' is not simulated",
		0},
	{MESH("NetworkChaos",
		 "  action: partition\n  direction: from\n" CART
		 "  target: {selector: {labelSelectors: {app: web}}}\n"),
		"partition both=false at=5s to=default/cart "
		"from=default/web\n",
		0},
	{MESH("HTTPChaos", "  target: Request\n  abort: true\n"
			   "  method: GET\n  path: /cart\n" CART),
		"reset endpoint=GET /cart phase=request at=5s "
		"service=default/cart\n",
		0},
	{MESH("HTTPChaos", "  target: Response\n  delay: 2s\n"
			   "  replace: {code: 503}\n  path: '*'\n" CART),
		"latency add=2s direction=back at=5s service=default/cart\n"
		"error status=503 phase=answer at=5s service=default/cart\n",
		0},
	{MESH("DNSChaos", "  action: error\n  mode: all\n"
			  "  patterns: ['cart.*']\n"
			  "  selector: {labelSelectors: {app: web}}\n"),
		"dns-error action=error at=5s from=default/web "
		"to=default/cart\n",
		0},
	{MESH("Schedule", "  schedule: '@every 4s'\n  type: PodChaos\n"
			  "  podChaos:\n    action: pod-kill\n    selector: "
			  "{labelSelectors: {app: cart}}\n"),
		"replica-kill at=9s every=4s times=2 service=default/cart\n",
		12 * TW_S},
	{MESH("Schedule", "  schedule: '*/2 * * * *'\n  type: PodChaos\n"
			  "  podChaos:\n    action: pod-kill\n    selector: "
			  "{labelSelectors: {app: cart}}\n"),
		"7: this schedule does not end\n", 0},
	{MESH("Workflow",
		 "  entry: all\n  templates:\n"
		 "  - {name: all, templateType: Serial, children: [a, b, c]}\n"
		 "  - {name: a, templateType: Suspend, deadline: 10s}\n"
		 "  - {name: b, templateType: Parallel, deadline: 20s, "
		 "children: [d]}\n"
		 "  - {name: c, templateType: Schedule, deadline: 6s, "
		 "schedule: {schedule: '@every 2s', type: PodChaos, podChaos: "
		 "{action: pod-kill, selector: {labelSelectors: {app: "
		 "cart}}}}}\n"
		 "  - {name: d, templateType: HTTPChaos, deadline: 30s, "
		 "httpChaos: {target: Request, delay: 1s, selector: "
		 "{labelSelectors: {app: cart}}}}\n"),
		"latency add=1s direction=there at=15s for=20s "
		"service=default/cart\n"
		"replica-kill at=37s every=2s times=2 service=default/cart\n",
		0},
	{MESH("Workflow", "  entry: a\n  templates:\n  - {name: a, "
			  "templateType: Serial, children: [a]}\n"),
		"6: the workflow is too deep, too large, or calls itself\n", 0},
	{MESH("StressChaos",
		 "  stressors: {cpu: {workers: 2, load: 20}}\n" CART),
		"4: cpu-stress finds no bound of cores", 0},
	{MESH("StressChaos",
		 "  stressors: {memory: {workers: 2, size: 25%}}\n" CART),
		"4: this stress of memory is not simulated", 0},
	{MESH("TimeChaos", "  timeOffset: -10m\n" CART),
		"2: TimeChaos is not simulated\n"
		"1: nothing in this file can be simulated\n",
		0},
	{MESH("PodCaos", "  action: pod-kill\n" CART),
		"2: unknown kind 'PodCaos' of Chaos Mesh\n", 0},
	{MESH("PodChaos", "  action: pod-kil\n" CART),
		"4: unknown action 'pod-kil'\n", 0},
	{MESH("PodChaos", "  action: pod-kill\n"
			  "  selector: {labelSelectors: {app: carts}}\n"),
		"5: no pod of the twin fits this selector\n", 0},
	{MESH("PodChaos", "  action: pod-kill\n"
			  "  selector: {fieldSelectors: {x: y}}\n"),
		"replica-kill at=5s "
		"service=default/web,default/cart,default/db\n"
		"5: pods cannot be selected by 'fieldSelectors'\n",
		0},
	{"a: 1\n",
		"1: neither an object of Chaos Mesh nor Toxiproxy's "
		"proxies\n",
		0},
	{"[{\"name\": \"x\", \"upstream\": \"cart.default.svc:80\",\n"
	 "\"enabled\": false}]",
		"refuse at=5s to=default/cart\n", 0},
	{"{\"proxies\": 1}", "1: expected a proxy", 0},
	{"{\"cart\": {\"name\": \"cart\", \"upstream\": \"10.0.0.1:80\", "
	 "\"toxics\": [\n"
	 "{\"type\": \"latency\", \"stream\": \"upstream\", \"toxicity\": 0.5, "
	 "\"attributes\": {\"latency\": 1000, \"jitter\": 3}},\n"
	 "{\"type\": \"bandwidth\", \"attributes\": {\"rate\": 64}},\n"
	 "{\"type\": \"slow_close\", \"attributes\": {\"delay\": 90}},\n"
	 "{\"type\": \"timeout\", \"attributes\": {\"timeout\": 0}},\n"
	 "{\"type\": \"reset_peer\", \"attributes\": {\"timeout\": 2}},\n"
	 "{\"type\": \"slicer\", \"attributes\": {\"average_size\": 64, "
	 "\"delay\": 1000}},\n"
	 "{\"type\": \"limit_data\", \"attributes\": {\"bytes\": 100}},\n"
	 "{\"type\": \"lateny\"}]}}",
		"latency add=1000000us jitter=3000us direction=there "
		"probability=0.5 unit=connection at=5s to=default/cart\n"
		"bandwidth rate=64000B/s direction=back at=5s "
		"to=default/cart\n"
		"slow-close delay=90000us at=5s service=default/cart\n"
		"black-hole phase=answer at=5s to=default/cart\n"
		"reset wait=2000us phase=answer at=5s to=default/cart\n"
		"bandwidth rate=64000B/s direction=back at=5s "
		"to=default/cart\n"
		"reset every-bytes=100 phase=answer at=5s to=default/cart\n"
		"9: unknown toxic 'lateny'\n",
		0},
};

START_TEST(experiments_become_faults)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bed bed = lay("x.yaml", cases[i].text, cases[i].lasts);
		size_t n = strlen(cases[i].says);

		/* The last line may be cut short. */
		ck_assert_msg(
			!strncmp(tw_buf_text(&bed.text), cases[i].says, n),
			"%s\n-- is\n%s-- not\n%s", cases[i].text,
			tw_buf_text(&bed.text), cases[i].says);
		if (cases[i].says[n - 1] == '\n')
			ck_assert_msg(bed.text.n == n, "%s\n-- is\n%s",
				cases[i].text, tw_buf_text(&bed.text));
		clear(&bed);
	}
}
END_TEST

TW_TESTS("chaos/chaos", experiments_become_faults)
