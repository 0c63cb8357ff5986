/*
 * Cgroups and OOM scores of pods: cases of our own, and the kubelet's where
 * the conformance data is there (TWINRIG_SHARED, default ../shared). Pods are
 * read as `run` reads them: through the manifests.
 */
#include "harness/manifests/manifests.h"
#include "tests/unit/conformance.h"
#include "tests/unit/test.h"
#include "twins/model/cgroup.h"

struct pod {
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_spec_workload *workload;
};

static struct pod read_pod(const char *spec)
{
	struct pod pod = {tw_manifests_new(), tw_spec_new(), NULL};
	struct tw_diags diags;
	struct tw_buf text = {0};

	tw_diags_init(&diags);
	tw_buf_printf(&text,
		"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": "
		"{\"name\": \"p\"}, \"spec\": %s}\n",
		spec);
	tw_manifests_add_text(
		pod.m, "pod.json", tw_buf_text(&text), text.n, &diags);
	tw_manifests_spec(pod.m, pod.spec, &diags);
	ck_assert_uint_eq(pod.spec->workloads.n, 1);
	pod.workload = pod.spec->workloads.v[0].value;
	tw_buf_release(&text);
	tw_diags_release(&diags);
	return pod;
}

static void free_pod(struct pod *pod)
{
	tw_manifests_free(pod->m);
	tw_spec_free(pod->spec);
}

/* ---- our own ----------------------------------------------------------- */

START_TEST(quotas_and_shares)
{
	ck_assert_int_eq(tw_cgroup_quota(0, 100000), 0);
	ck_assert_int_eq(tw_cgroup_quota(250, 100000), 25000);
	ck_assert_int_eq(tw_cgroup_quota(250, 0), 25000);
	ck_assert_int_eq(tw_cgroup_quota(5, 100000), 1000); /* at least 1 ms */
	ck_assert_int_eq(tw_cgroup_quota(3000, 100000), 300000);
	ck_assert_int_eq(tw_cgroup_shares(0), 2);
	ck_assert_int_eq(tw_cgroup_shares(250), 256);
	ck_assert_int_eq(tw_cgroup_shares(333), 340); /* truncated */
	ck_assert_int_eq(tw_cgroup_shares(1000000), 262144);
}
END_TEST

/* Two containers of which one is limited: the pod is not. */
START_TEST(one_unlimited_container)
{
	struct pod pod = read_pod(
		"{\"containers\": [{\"name\": \"a\", \"resources\": "
		"{\"limits\": {\"cpu\": \"500m\", \"memory\": \"64Mi\"}}}, "
		"{\"name\": \"b\"}]}");
	struct tw_cgroup cgroup;

	tw_cgroup_of_pod(pod.workload, 100000, true, &cgroup);
	ck_assert_int_eq(cgroup.shares, 512);
	ck_assert_int_eq(cgroup.quota_us, TW_CGROUP_NONE);
	ck_assert_int_eq(cgroup.memory, TW_CGROUP_NONE);
	ck_assert_int_eq(tw_qos_of(pod.workload), TW_QOS_BURSTABLE);
	free_pod(&pod);
}
END_TEST

/* A sidecar runs beside the others: its request counts twice over. */
START_TEST(sidecars_add_up)
{
	struct pod pod = read_pod(
		"{\"initContainers\": [{\"name\": \"mesh\", \"restartPolicy\": "
		"\"Always\", \"resources\": {\"requests\": {\"cpu\": "
		"\"100m\"}}}, {\"name\": \"migrate\", \"resources\": "
		"{\"requests\": {\"cpu\": \"300m\"}}}], \"containers\": "
		"[{\"name\": \"a\", \"resources\": {\"requests\": {\"cpu\": "
		"\"200m\"}}}]}");
	struct tw_cgroup cgroup;

	/* max(100 + 300, 200 + 100) */
	tw_cgroup_of_pod(pod.workload, 100000, true, &cgroup);
	ck_assert_int_eq(cgroup.shares, 409);
	free_pod(&pod);
}
END_TEST

START_TEST(oom_scores)
{
	struct pod pod =
		read_pod("{\"containers\": [{\"name\": \"a\", \"resources\": "
			 "{\"requests\": {\"memory\": \"256Mi\"}}}]}");

	ck_assert_int_eq(
		tw_oom_score(pod.workload, pod.workload->containers.v[0],
			INT64_C(1) << 30, false),
		750);
	ck_assert_int_eq(
		tw_oom_score(pod.workload, pod.workload->containers.v[0],
			INT64_C(1) << 30, true),
		-997);
	free_pod(&pod);
}
END_TEST

START_TEST(main_container)
{
	struct pod pod = read_pod(
		"{\"initContainers\": [{\"name\": \"i\", \"ports\": "
		"[{\"containerPort\": 1}]}], \"containers\": [{\"name\": "
		"\"a\"}, {\"name\": \"b\", \"ports\": [{\"containerPort\": "
		"80}]}]}");

	ck_assert_str_eq(tw_main_container(pod.workload)->name, "b");
	free_pod(&pod);
}
END_TEST

/* ---- the kubelet's ----------------------------------------------------- */

static int64_t number(const cJSON *from, const char *name)
{
	const cJSON *it = cJSON_GetObjectItemCaseSensitive(from, name);

	return cJSON_IsNumber(it) ? (int64_t)it->valuedouble : TW_CGROUP_NONE;
}

static struct pod pod_of(const cJSON *in)
{
	char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(in, "pod"), "spec"));
	struct pod pod = read_pod(text);

	free(text);
	return pod;
}

static bool is_true(const cJSON *from, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(from, name));
}

static void check_cgroup(const cJSON *in, const cJSON *want, const char *name)
{
	struct pod pod = pod_of(in);
	struct tw_cgroup cgroup;

	tw_cgroup_of_pod(pod.workload, number(in, "period_us"),
		is_true(in, "enforce_cpu"), &cgroup);
	ck_assert_msg(cgroup.shares == number(want, "shares"), "%s", name);
	ck_assert_msg(cgroup.quota_us == number(want, "quota_us"), "%s", name);
	ck_assert_msg(
		cgroup.period_us == number(want, "period_us"), "%s", name);
	ck_assert_msg(cgroup.memory == number(want, "memory"), "%s", name);
	free_pod(&pod);
}

static bool is_critical(const cJSON *in)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(in, "pod"), "spec");
	const cJSON *class =
		cJSON_GetObjectItemCaseSensitive(spec, "priorityClassName");

	return cJSON_IsString(class) &&
	       !strcmp(class->valuestring, "system-node-critical") &&
	       number(spec, "priority") >= 2000000000;
}

/* The cases are pods as written, without the API server's defaults. */
static void take_defaults_back(struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < workload->containers.n; i++) {
		struct tw_spec_container *c = workload->containers.v[i];

		if (c->memory_request.origin == c->memory_limit.origin)
			c->memory_request.origin = NULL;
	}
}

static void check_scores(const cJSON *in, const cJSON *want, const char *name)
{
	struct pod pod = pod_of(in);
	const cJSON *scores = cJSON_GetObjectItemCaseSensitive(want, "scores");
	size_t seen = 0;

	take_defaults_back(pod.workload);
	for (size_t i = 0; i < pod.workload->containers.n; i++) {
		const struct tw_spec_container *c =
			pod.workload->containers.v[i];
		const cJSON *it =
			cJSON_GetObjectItemCaseSensitive(scores, c->name);
		int score = tw_oom_score(pod.workload, c,
			number(in, "memory_capacity"), is_critical(in));

		if (!it)
			continue;
		seen++;
		if (cJSON_IsNumber(it))
			ck_assert_msg(score == it->valueint, "%s: %s is %d",
				name, c->name, score);
		else
			ck_assert_msg(score >= number(it, "min") &&
					      score <= number(it, "max"),
				"%s: %s is %d", name, c->name, score);
	}
	ck_assert_uint_eq(seen, (size_t)cJSON_GetArraySize(scores));
	free_pod(&pod);
}

static bool check_case(const cJSON *it)
{
	const cJSON *in = cJSON_GetObjectItemCaseSensitive(it, "in");
	const cJSON *want = cJSON_GetObjectItemCaseSensitive(it, "want");
	const char *name =
		cJSON_GetObjectItemCaseSensitive(it, "name")->valuestring;
	const char *kind =
		cJSON_GetObjectItemCaseSensitive(in, "kind")->valuestring;

	if (!strcmp(kind, "quota"))
		ck_assert_msg(tw_cgroup_quota(number(in, "milli_cpu"),
				      number(in, "period_us")) ==
				      number(want, "quota_us"),
			"%s", name);
	else if (!strcmp(kind, "cgroup"))
		check_cgroup(in, want, name);
	else if (!strcmp(kind, "oom"))
		check_scores(in, want, name);
	else
		return false;
	return true;
}

START_TEST(kubelet_conformance)
{
	cJSON *all = tw_conformance("kubelet.json");
	const cJSON *it;
	size_t n = 0;

	if (!all)
		return;
	cJSON_ArrayForEach(it, cJSON_GetObjectItemCaseSensitive(all, "cases"))
		n += check_case(it);
	ck_assert_uint_eq(n, 26);
	cJSON_Delete(all);
}
END_TEST

TW_TESTS("model/cgroup", quotas_and_shares, one_unlimited_container,
	sidecars_add_up, oom_scores, main_container, kubelet_conformance)
