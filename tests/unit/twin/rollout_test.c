/*
 * Golden timelines of rollouts: Deployment controller, scheduler and kubelet
 * on the virtual clock. The manual explains the first line by line.
 */
#include "tests/twin_builder.h"
#include "tests/unit/manifests/side.h"

#include "harness/config/config.h"

struct log {
	const struct tw_model *model;
	struct tw_buf text;
};

/* What happens to pods, not to requests. */
static void write_event(void *context, const struct tw_tap_event *event)
{
	struct log *log = context;

	if (event->endpoint != TW_NONE)
		return;
	tw_tap_text(log->model, event, &log->text);
	tw_buf_add_char(&log->text, '\n');
}

#define WEB(replicas, strategy, image, life)                                   \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"                  \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"  \
	"spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: "    \
	"web}}\n  strategy: " strategy                                         \
	"\n  template:\n    metadata: {labels: "                               \
	"{app: web}}\n    spec: {containers: [{name: c, image: '" image        \
	"', resources: {requests: {cpu: 1}}" life "}]}\n"
#define PROBE                                                                  \
	", readinessProbe: {httpGet: {path: /, port: 80}, "                    \
	"initialDelaySeconds: "                                                \
	"2, periodSeconds: 5}"
#define MODEL(cpu)                                                             \
	"version: 1\nservices:\n  web:\n    startup: 3s\n    endpoints:\n"     \
	"      GET /: [{cpu: 1ms}]\nnodes: [{name: n, count: 2, cpu: " cpu     \
	"}]\nentry: [{service: web}]\n"

static bool always(void *context, const char *workload)
{
	(void)context;
	(void)workload;
	return true;
}

static bool never(void *context, const char *workload)
{
	(void)context;
	(void)workload;
	return false;
}

static void read(struct side *s, const char *manifests, const char *model)
{
	side_start(s);
	side_file(s, "a.yaml", manifests);
	side_read(s, "a.yaml");
	tw_config_parse_model(
		s->spec, "m.yaml", model, strlen(model), &s->diags);
	tw_manifests_link(s->m, s->spec, &s->diags);
	ck_assert_uint_eq(s->diags.errors, 0);
}

struct outcome {
	struct tw_buf log;
	uint64_t failed, rolled_out, pending, deadlines;
};

/* One request each 10 ms for `seconds`; the rollout begins at 10 s. `verbs`:
 * what a person does meanwhile ("scale workload=web …"), or NULL. */
static void roll_out_and(const char *before, const char *after,
	const char *model, bool (*changed)(void *, const char *), int seconds,
	const char *const *verbs, struct outcome *to)
{
	struct tw_scenario scenario;
	struct side a, b;
	struct tw_diags diags;
	struct tw_model *was, *is;
	struct tw_observation obs;
	struct log log = {0};
	struct tw_tap tap = {write_event, &log};
	struct tw_spec *spec;

	read(&a, before, model);
	read(&b, after, model);
	tw_diags_init(&diags);
	was = tw_twin_model(a.spec, &diags);
	spec = tw_spec_copy(b.spec);
	tw_spec_rollout(spec, a.spec, 10 * TW_S, changed, NULL);
	if (verbs)
		tw_spec_may_grow_named(spec, "web*", 15);
	is = tw_twin_model(spec, &diags);
	tw_twin_place_after(is, was);
	log.model = is;
	tw_scenario_init(&scenario);
	for (; verbs && *verbs; verbs++) {
		const char *args = strchr(*verbs, ' ');
		char kind[32];

		snprintf(kind, sizeof kind, "%.*s", (int)(args - *verbs),
			*verbs);
		ck_assert(b_fault(&scenario, is, kind, args + 1, &diags));
	}
	b_run(is, &(struct tw_options){.tap = &tap, .scenario = &scenario},
		(struct b_traffic){.n = (uint64_t)seconds * 100,
			.gap = 10 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				is, tw_model_service(is, "web"), NULL)},
		&obs);
	*to = (struct outcome){.log = log.text,
		.rolled_out = obs.rolled_out,
		.pending = obs.pending};
	for (size_t i = 0; i < obs.cells.n; i++)
		if (obs.cells.v[i].key.side == TW_CLIENT)
			to->failed += obs.cells.v[i].errors;
	to->deadlines = obs.deadlines;
	tw_scenario_release(&scenario);
	tw_observation_release(&obs);
	tw_model_free(is);
	tw_model_free(was);
	tw_spec_free(spec);
	tw_diags_release(&diags);
	side_end(&a);
	side_end(&b);
}

static void roll_out(const char *before, const char *after, const char *model,
	bool (*changed)(void *, const char *), int seconds, struct outcome *to)
{
	roll_out_and(before, after, model, changed, seconds, NULL, to);
}

static void expect(const struct outcome *got, const char *lines)
{
	if (strcmp(tw_buf_text(&got->log), lines)) {
		fprintf(stderr, "%s\n", tw_buf_text(&got->log));
		ck_abort_msg("the log above is not what was expected");
	}
}

/* Two pods, one at a time: listening 3 s after their start, found ready by
 * the probe that is asked then, listed a second later; the old ones refuse from
 * the moment of TERM, and a second passes until callers know. */
START_TEST(rolling_update)
{
	struct outcome got;

	roll_out(WEB("2", "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
			 "web:1", PROBE),
		WEB("2", "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
			"web:2", PROBE),
		MODEL("4"), always, 40, &got);
	expect(&got,
		/* clang-format off */
"10.000000000s Deployment default/web ScalingReplicaSet: Scaled up replica set web-56dc69947d from 0 to 1\n"
"10.000000000s replica default/web-56dc69947d-1 is created\n"
"10.000000000s replica default/web-56dc69947d-1 is assigned to n-2\n"
"13.000000000s replica default/web-56dc69947d-1 listens\n"
"13.000000000s replica default/web-56dc69947d-1 is ready for requests\n"
"13.000000000s Deployment default/web ScalingReplicaSet: Scaled down replica set web-7796f6cbb5 from 2 to 1\n"
"13.000000000s replica default/web-7796f6cbb5-1 is being deleted\n"
"13.000000000s Deployment default/web ScalingReplicaSet: Scaled up replica set web-56dc69947d from 1 to 2\n"
"13.000000000s replica default/web-56dc69947d-2 is created\n"
"13.000000000s replica default/web-56dc69947d-2 is assigned to n-1\n"
"14.000000000s replica default/web-56dc69947d-1 is listed\n"
"14.000000000s replica default/web-7796f6cbb5-1 is no longer listed\n"
"14.000000000s replica default/web-7796f6cbb5-1 is gone\n"
"16.000000000s replica default/web-56dc69947d-2 listens\n"
"16.000000000s replica default/web-56dc69947d-2 is ready for requests\n"
"16.000000000s Deployment default/web ScalingReplicaSet: Scaled down replica set web-7796f6cbb5 from 1 to 0\n"
"16.000000000s replica default/web-7796f6cbb5-2 is being deleted\n"
"16.000000000s default/web is rolled out\n"
"17.000000000s replica default/web-56dc69947d-2 is listed\n"
"17.000000000s replica default/web-7796f6cbb5-2 is no longer listed\n"
"17.000000000s replica default/web-7796f6cbb5-2 is gone\n"
		/* clang-format on */
	);
	/* Half of two seconds' requests. */
	ck_assert_uint_eq(got.failed, 100);
	ck_assert_uint_eq(got.rolled_out, 1);
	tw_buf_release(&got.log);
}
END_TEST

START_TEST(pre_stop_loses_nothing)
{
	static const char life[] =
		PROBE ", lifecycle: {preStop: {exec: {command: [sh, -c, "
		      "'sleep 2']}}}";
	char before[2048], after[2048];
	struct outcome got;

	snprintf(before, sizeof before, WEB("2", "{}", "web:1", "%s"), life);
	snprintf(after, sizeof after, WEB("2", "{}", "web:2", "%s"), life);
	roll_out(before, after, MODEL("4"), always, 40, &got);
	ck_assert_uint_eq(got.failed, 0);
	ck_assert_uint_eq(got.rolled_out, 1);
	tw_buf_release(&got.log);
}
END_TEST

/* Ready as soon as the container runs: requests come before it listens. */
START_TEST(without_a_probe)
{
	struct outcome got;

	roll_out(WEB("2", "{}", "web:1", ""), WEB("2", "{}", "web:2", ""),
		MODEL("4"), always, 40, &got);
	ck_assert_uint_gt(got.failed, 200);
	ck_assert_uint_eq(got.rolled_out, 1);
	tw_buf_release(&got.log);
}
END_TEST

/* All at once, and nobody for as long as the new ones take. */
START_TEST(recreate)
{
	struct outcome got;

	roll_out(WEB("2", "{type: Recreate}", "web:1", PROBE),
		WEB("2", "{type: Recreate}", "web:2", PROBE), MODEL("4"),
		always, 40, &got);
	/* From 10 s until the new ones are listed at 11 + 3 + 1 s. */
	ck_assert_uint_eq(got.failed, 500);
	ck_assert_uint_eq(got.rolled_out, 1);
	tw_buf_release(&got.log);
}
END_TEST

/* No room for the surge: the rollout waits, and says so. */
START_TEST(no_room_for_the_surge)
{
	struct outcome got;

	roll_out(WEB("2", "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
			 "web:1", PROBE),
		WEB("2", "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
			"web:2", PROBE),
		MODEL("1"), always, 40, &got);
	expect(&got,
		"10.000000000s Deployment default/web ScalingReplicaSet: "
		"Scaled up replica set web-56dc69947d from 0 to 1\n"
		"10.000000000s replica default/web-56dc69947d-1 is created\n"
		"10.000000000s replica default/web-56dc69947d-1 is pending: "
		"0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 "
		"nodes are available: 2 No preemption victims found for "
		"incoming pod.\n");
	ck_assert_uint_eq(got.failed, 0);
	ck_assert_uint_eq(got.rolled_out, 0);
	ck_assert_uint_eq(got.pending, 1);
	tw_buf_release(&got.log);
}
END_TEST

START_TEST(scaling)
{
	struct outcome got;

	roll_out(WEB("2", "{}", "web:1", PROBE), WEB("3", "{}", "web:1", PROBE),
		MODEL("4"), never, 30, &got);
	expect(&got,
		"10.000000000s default/web should have 3 replicas\n"
		"10.000000000s Deployment default/web ScalingReplicaSet: "
		"Scaled up replica set web-7796f6cbb5 from 2 to 3\n"
		"10.000000000s replica default/web-3 is created\n"
		"10.000000000s replica default/web-3 is assigned to n-1\n"
		"13.000000000s replica default/web-3 listens\n"
		"13.000000000s replica default/web-3 is ready for requests\n"
		"13.000000000s default/web is rolled out\n"
		"14.000000000s replica default/web-3 is listed\n");
	ck_assert_uint_eq(got.failed, 0);
	tw_buf_release(&got.log);
}
END_TEST

#define STUCK(image, delay)                                                    \
	WEB("10", "{rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}", image,  \
		", readinessProbe: {httpGet: {path: /, port: 80}, "            \
		"initialDelaySeconds: " delay ", periodSeconds: 5}")           \
	"  progressDeadlineSeconds: 20\n"

static unsigned count(const struct outcome *got, const char *words)
{
	unsigned n = 0;

	for (const char *at = tw_buf_text(&got->log); (at = strstr(at, words));
		at++)
		n++;
	return n;
}

/* A version that is never ready: 8 old and 5 new pods. 15 instead of 10: each
 * ReplicaSet gets its share, 11 and 7; 7: 5 and 5. These are the plateaus of a
 * real control plane (1.26). Its deadline is told, and nothing else. */
START_TEST(stuck_and_scaled)
{
	static const char *const up[] = {
		"scale workload=web replicas=15 at=18s", NULL};
	static const char *const down[] = {
		"scale workload=web replicas=15 at=18s",
		"scale workload=web replicas=7 at=35s", NULL};
	struct outcome got;

	roll_out_and(STUCK("web:1", "1"), STUCK("web:2", "3000"), MODEL("40"),
		always, 30, up, &got);
	ck_assert_uint_eq(count(&got, " from 8 to 11\n"), 1);
	ck_assert_uint_eq(count(&got, " from 5 to 7\n"), 1);
	ck_assert_uint_eq(count(&got, " is being deleted"), 2);
	/* 10 - 2 + 3 of the old version. */
	ck_assert_uint_eq(count(&got, " is created"), 7 + 3);
	tw_buf_release(&got.log);

	roll_out_and(STUCK("web:1", "1"), STUCK("web:2", "3000"), MODEL("40"),
		always, 80, down, &got);
	/* Shares first, 6 and 4, of which one more old one may go then, and
	 * one new one come. */
	ck_assert_uint_eq(count(&got, " is being deleted"), 2 + 6 + 3);
	ck_assert_uint_eq(count(&got, " is created"), 7 + 3 + 1);
	ck_assert_uint_eq(got.rolled_out, 0);
	ck_assert_uint_eq(got.deadlines, 1);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&got.log),
		"default/web makes no progress: ProgressDeadlineExceeded"));
	tw_buf_release(&got.log);
}
END_TEST

/* A version that is never ready, and back: nothing of the old one was lost
 * beyond maxUnavailable, and the set that it had is the new one again. */
START_TEST(undone)
{
	static const char *const back[] = {
		"rollout-undo workload=web at=30s", NULL};
	struct outcome got;

	roll_out_and(STUCK("web:1", "1"), STUCK("web:2", "3000"), MODEL("40"),
		always, 60, back, &got);
	ck_assert_uint_eq(count(&got, "rolled back to revision 1"), 1);
	ck_assert_uint_eq(count(&got, "from 10 to 8\n"), 1);
	ck_assert_uint_eq(count(&got, "from 5 to 0\n"), 1);
	ck_assert_uint_eq(count(&got, "from 8 to 10\n"), 1);
	ck_assert_uint_eq(count(&got, " is created"), 5 + 2);
	ck_assert_uint_eq(got.rolled_out, 1);
	/* Two of ten pods refuse for a second. */
	ck_assert_uint_eq(got.failed, 20);
	tw_buf_release(&got.log);
}
END_TEST

/* A deadline that was over before somebody went back is over no more. */
START_TEST(undone_late)
{
	static const char *const back[] = {
		"rollout-undo workload=web at=50s", NULL};
	struct outcome got;

	roll_out_and(STUCK("web:1", "1"), STUCK("web:2", "3000"), MODEL("40"),
		always, 80, back, &got);
	ck_assert_uint_eq(count(&got, "ProgressDeadlineExceeded"), 1);
	ck_assert_uint_eq(got.rolled_out, 1);
	ck_assert_uint_eq(got.deadlines, 0);
	tw_buf_release(&got.log);
}
END_TEST

/* The size is changed with the template: the old set is sized first, with pods
 * of the old version (syncDeployment looks for a scaling event before it
 * rolls), and is replaced then. */
START_TEST(scaled_with_the_template)
{
	struct outcome got;

	roll_out(WEB("2", "{}", "web:1", PROBE), WEB("6", "{}", "web:2", PROBE),
		MODEL("40"), always, 60, &got);
	ck_assert_uint_eq(count(&got, "b5 from 2 to 6\n"), 1);
	ck_assert_uint_eq(count(&got, "from 0 to 2\n"), 1);
	ck_assert_uint_eq(got.rolled_out, 1);
	tw_buf_release(&got.log);
}
END_TEST

/* `paused: true` in the new manifest: its size is applied, its template not. */
START_TEST(paused_manifest)
{
	struct outcome got;

	roll_out(WEB("2", "{}", "web:1", PROBE),
		WEB("3", "{}\n  paused: true", "web:2", PROBE), MODEL("40"),
		always, 30, &got);
	ck_assert_uint_eq(count(&got, "replica set "), 1);
	ck_assert_uint_eq(count(&got, "from 2 to 3\n"), 1);
	ck_assert_uint_eq(got.rolled_out, 0);
	tw_buf_release(&got.log);
}
END_TEST

/* What is paused has no deadline; resumed, its time begins anew. */
START_TEST(paused_deadline)
{
	static const char *const held[] = {
		"rollout-pause workload=web at=15s for=40s", NULL};
	struct outcome got;

	roll_out_and(STUCK("web:1", "1"), STUCK("web:2", "3000"), MODEL("40"),
		always, 90, held, &got);
	ck_assert_uint_eq(got.deadlines, 1);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&got.log),
		"\n76.000000000s default/web makes no progress"));
	tw_buf_release(&got.log);
}
END_TEST

TW_TESTS("twin/rollout", paused_deadline, undone, undone_late,
	scaled_with_the_template, paused_manifest, rolling_update,
	pre_stop_loses_nothing, without_a_probe, recreate,
	no_room_for_the_surge, scaling, stuck_and_scaled)
