/*
 * The Deployment controller's arithmetic and the order in which pods go.
 */
#include "tests/conformance/conformance.h"
#include "twins/cluster/deletion.h"
#include "twins/cluster/deployment.h"

#include <stdio.h>

static int64_t number(const struct conformance *c, const char *key)
{
	return conformance_get_int(c->in, key, 0);
}

static struct tw_deployment deployment_of(const struct conformance *c)
{
	const char *strategy =
		conformance_get_text(c->in, "strategy", "RollingUpdate");

	struct tw_deployment d = {.desired = number(c, "desired"),
		.recreate = !strcmp(strategy, "Recreate")};

	tw_deployment_fenceposts(conformance_get_text(c->in, "max_surge", "0"),
		conformance_get_text(c->in, "max_unavailable", "0"), d.desired,
		&d.surge, &d.unavailable);
	return d;
}

static struct tw_replica_set set_of(const struct tw_yaml *it)
{
	return (struct tw_replica_set){
		.replicas = conformance_get_int(it, "replicas", 0),
		.available = conformance_get_int(it, "available", 0),
		.status_replicas =
			conformance_get_int(it, "status_replicas", 0),
		.age = (uint32_t)conformance_get_int(it, "age_rank", 0),
		.is_new = conformance_get_bool(it, "new", false)};
}

/* Where no age is said, the first of the list is the oldest. */
static struct tw_replica_set *sets_of(
	struct conformance *c, const char *key, size_t *n)
{
	struct tw_yaml *list = tw_yaml_get(c->in, key);
	struct tw_replica_set *sets;

	*n = tw_yaml_count(list);
	sets = tw_new_array(&c->arena, *n + 1, struct tw_replica_set);
	for (size_t i = 0; i < *n; i++) {
		sets[i] = set_of(tw_yaml_item(list, i));
		if (!tw_yaml_get(tw_yaml_item(list, i), "age_rank"))
			sets[i].age = (uint32_t)(*n - i);
	}
	return sets;
}

static int64_t sum(const struct tw_replica_set *sets, size_t n)
{
	int64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += sets[i].replicas;
	return total;
}

static void reconcile_new(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);
	int64_t size = number(c, "new_replicas");
	int64_t got = tw_deployment_reconcile_new(
		&d, size + number(c, "old_replicas"), size);

	conformance_int(
		c, "new_replicas", tw_yaml_get(c->want, "new_replicas"), got);
	conformance_bool(
		c, "scaled", tw_yaml_get(c->want, "scaled"), got != size);
}

static void reconcile_old(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);
	struct tw_replica_set new_set = set_of(tw_yaml_get(c->in, "new"));
	size_t n;
	struct tw_replica_set *old = sets_of(c, "old", &n);
	int64_t gone = tw_deployment_reconcile_old(&d, old, n, &new_set);

	conformance_bool(c, "scaled", tw_yaml_get(c->want, "scaled"), gone > 0);
	conformance_int(c, "old_replicas", tw_yaml_get(c->want, "old_replicas"),
		sum(old, n));
}

static void clean_up(struct conformance *c)
{
	size_t n;
	struct tw_replica_set *old = sets_of(c, "old", &n);

	conformance_int(c, "cleaned", tw_yaml_get(c->want, "cleaned"),
		tw_deployment_clean_up(old, n, number(c, "max_cleanup")));
}

static void scale_down(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);
	size_t n;
	struct tw_replica_set *old = sets_of(c, "old", &n);
	int64_t gone = tw_deployment_scale_down(&d, old, n, 0);

	conformance_bool(c, "scaled", tw_yaml_get(c->want, "scaled"), gone > 0);
	conformance_int(c, "old_replicas", tw_yaml_get(c->want, "old_replicas"),
		sum(old, n));
}

static void scale(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);
	int64_t was = number(c, "old_desired");
	struct tw_yaml *list = tw_yaml_get(c->in, "sets");
	struct tw_yaml *want = tw_yaml_get(c->want, "replicas");
	size_t n;
	struct tw_replica_set *sets = sets_of(c, "sets", &n);

	for (size_t i = 0; i < n; i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		sets[i].desired_annotation =
			conformance_get_int(it, "desired_annotation", was);
		sets[i].annotation =
			sets[i].desired_annotation + number(c, "old_surge");
	}
	tw_deployment_scale(&d, sets, n);
	for (size_t i = 0; i < n; i++) {
		const char *name =
			conformance_get_text(tw_yaml_item(list, i), "name", "");

		conformance_int(
			c, name, tw_yaml_get(want, name), sets[i].replicas);
	}
}

static void fenceposts(struct conformance *c)
{
	int64_t surge = 0, unavailable = 0;
	struct tw_yaml *wrong = tw_yaml_get(c->want, "error");
	bool good = tw_deployment_fenceposts(
		conformance_get_text(c->in, "max_surge", "0"),
		conformance_get_text(c->in, "max_unavailable", "0"),
		number(c, "desired"), &surge, &unavailable);

	if (wrong && !tw_yaml_is_null(wrong)) {
		if (good)
			conformance_differs(c, "it was not refused");
		return;
	}
	conformance_int(c, "surge", tw_yaml_get(c->want, "surge"), surge);
	conformance_int(c, "unavailable", tw_yaml_get(c->want, "unavailable"),
		unavailable);
}

static void new_rs_replicas(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);

	conformance_int(c, "new_replicas", tw_yaml_get(c->want, "new_replicas"),
		tw_deployment_new_size(&d, number(c, "total_replicas"),
			number(c, "new_replicas")));
}

static void max_unavailable(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);

	conformance_int(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_max_unavailable(&d));
}

static void min_available(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);

	conformance_int(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_min_available(&d));
}

static void fraction(struct conformance *c)
{
	struct tw_deployment d = deployment_of(c);

	conformance_int(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_fraction(&d, number(c, "set_replicas"),
			conformance_get_int(c->in, "max_annotation", -1),
			number(c, "status_replicas")));
}

static struct tw_deployment_status status_of(const struct tw_yaml *it)
{
	return (struct tw_deployment_status){
		conformance_get_int(it, "total", 0),
		conformance_get_int(it, "updated", 0),
		conformance_get_int(it, "ready", 0),
		conformance_get_int(it, "available", 0)};
}

static void complete(struct conformance *c)
{
	struct tw_deployment_status status = status_of(c->in);

	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_complete(number(c, "desired"), &status));
}

static void progressing(struct conformance *c)
{
	struct tw_deployment_status old = status_of(tw_yaml_get(c->in, "old"));
	struct tw_deployment_status now = status_of(tw_yaml_get(c->in, "new"));

	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_progressing(&old, &now));
}

static const char *const reasons[] = {"", "ReplicaSetUpdated",
	"NewReplicaSetAvailable", "ProgressDeadlineExceeded"};

static enum tw_progress reason_of(const struct tw_yaml *it)
{
	const char *text = conformance_get_text(it, "reason", "");

	for (size_t i = 1; i < 4; i++)
		if (!strcmp(text, reasons[i]))
			return (enum tw_progress)i;
	return TW_PROGRESS_OTHER;
}

static void timed_out(struct conformance *c)
{
	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_timed_out(
			conformance_get_int(c->in, "deadline_s", -1),
			reason_of(c->in), number(c, "age_s")));
}

static void sync_status(struct conformance *c)
{
	struct tw_deployment_status old = status_of(
					    tw_yaml_get(c->in, "status")),
				    now = {0};
	struct tw_yaml *condition = tw_yaml_get(c->in, "condition");
	struct tw_yaml *want = tw_yaml_get(c->want, "condition");
	struct tw_yaml *sets = tw_yaml_get(c->in, "sets");
	int64_t deadline = conformance_get_int(c->in, "deadline_s", -1);
	enum tw_progress got;

	for (size_t i = 0; i < tw_yaml_count(sets); i++) {
		const struct tw_yaml *it = tw_yaml_item(sets, i);
		int64_t n = conformance_get_int(it, "status_replicas", 0);

		now.total += n;
		now.updated += conformance_get_bool(it, "new", false) ? n : 0;
		now.available += conformance_get_int(it, "available", 0);
	}
	if (deadline < 0) {
		if (!tw_yaml_is_null(want))
			conformance_differs(c, "a condition was wanted");
		return;
	}
	got = tw_deployment_progress(number(c, "desired"), &old, &now,
		reason_of(condition),
		conformance_get_int(condition, "age_s", 0), deadline);
	conformance_text(
		c, "reason", tw_yaml_get(want, "reason"), reasons[got]);
	conformance_text(c, "status", tw_yaml_get(want, "status"),
		got == TW_PROGRESS_EXCEEDED ? "False" : "True");
}

static void requeue(struct conformance *c)
{
	struct tw_deployment_status status =
		status_of(tw_yaml_get(c->in, "status"));
	struct tw_yaml *condition = tw_yaml_get(c->in, "condition");
	struct tw_yaml *want = tw_yaml_get(c->want, "after_s");
	int64_t got = tw_deployment_requeue(number(c, "desired"), &status,
		condition && !tw_yaml_is_null(condition), reason_of(condition),
		conformance_get_int(condition, "age_s", 0),
		conformance_get_int(c->in, "deadline_s", -1));

	if (!tw_yaml_is_null(want))
		conformance_int(c, "after_s", want, got);
	else if (got >= 0)
		conformance_differs(
			c, "after_s: wanted none, got %lld", (long long)got);
}

static void history(struct conformance *c)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "sets");
	size_t n;
	struct tw_replica_set *sets = sets_of(c, "sets", &n);

	for (size_t i = 0; i < n; i++)
		sets[i].deleting = conformance_get_bool(
			tw_yaml_item(list, i), "deleting", false);
	conformance_int(c, "deletions", tw_yaml_get(c->want, "deletions"),
		(int64_t)tw_deployment_outdated(
			sets, n, number(c, "revision_history_limit")));
}

static void old_pods_running(struct conformance *c)
{
	struct tw_yaml *others = tw_yaml_get(c->in, "pods_of_other_sets");
	size_t n, running = 0;
	struct tw_replica_set *sets = sets_of(c, "old_sets", &n);

	for (size_t i = 0; i < tw_yaml_count(others); i++) {
		const char *phase = tw_yaml_text(tw_yaml_item(others, i));

		running +=
			strcmp(phase, "Failed") && strcmp(phase, "Succeeded");
	}
	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_deployment_old_pods(sets, n, running));
}

/* ---- the order in which pods go --------------------------------------- */

static tw_time age_of(const struct tw_yaml *it, const char *key)
{
	double v;

	if (!tw_yaml_real(tw_yaml_get(it, key), &v))
		return -1;
	return (tw_time)(v * (double)TW_S);
}

static struct tw_pod_standing standing_of(const struct tw_yaml *it)
{
	const char *phase = conformance_get_text(it, "phase", "Running");
	struct tw_yaml *node = tw_yaml_get(it, "node");

	return (struct tw_pod_standing){
		.assigned = node && !tw_yaml_is_null(node),
		.phase = !strcmp(phase, "Pending")   ? TW_PHASE_PENDING
			 : !strcmp(phase, "Unknown") ? TW_PHASE_UNKNOWN
						     : TW_PHASE_RUNNING,
		.ready = conformance_get_bool(it, "ready", false),
		.cost = conformance_get_int(it, "deletion_cost", 0),
		.rank = (uint32_t)conformance_get_int(it, "rank", 0),
		.ready_age = age_of(it, "ready_age_s"),
		.created_age = age_of(it, "created_age_s"),
		.restarts = (uint32_t)conformance_get_int(it, "restarts", 0),
		.sidecar_restarts = (uint32_t)conformance_get_int(
			it, "sidecar_restarts", 0)};
}

static void order(struct conformance *c)
{
	struct tw_pod_standing a = standing_of(tw_yaml_get(c->in, "a"));
	struct tw_pod_standing b = standing_of(tw_yaml_get(c->in, "b"));
	int way = tw_deletion_compare(&a, &b,
		conformance_get_bool(c->in, "deletion_cost_enabled", true));

	conformance_text(c, "first", tw_yaml_get(c->want, "first"),
		way < 0	  ? "a"
		: way > 0 ? "b"
			  : "tie");
}

static void order_plain(struct conformance *c)
{
	struct tw_yaml *pods = tw_yaml_get(c->in, "pods");
	struct tw_yaml *want = tw_yaml_get(c->want, "order");

	/* Each that is wanted before another one has to go before it. */
	for (size_t i = 0; i + 1 < tw_yaml_count(want); i++) {
		struct tw_pod_standing two[2] = {0};

		for (size_t k = 0; k < tw_yaml_count(pods); k++) {
			const struct tw_yaml *it = tw_yaml_item(pods, k);

			for (size_t j = 0; j < 2; j++)
				if (!strcmp(conformance_get_text(
						    it, "name", ""),
					    tw_yaml_text(
						    tw_yaml_item(want, i + j))))
					two[j] = standing_of(it);
		}
		if (tw_deletion_compare_plain(&two[0], &two[1]) > 0)
			conformance_differs(c, "%s goes after %s",
				tw_yaml_text(tw_yaml_item(want, i)),
				tw_yaml_text(tw_yaml_item(want, i + 1)));
	}
}

static bool is_on(const struct tw_yaml *pod, const char *node)
{
	return node && !strcmp(conformance_get_text(pod, "node", ""), node);
}

static const char *name_at(const struct tw_yaml *list, size_t i)
{
	return conformance_get_text(tw_yaml_item(list, i), "name", "");
}

/* As the ReplicaSet does: each that goes first, the ranks as they were. */
static void select_pods(struct conformance *c)
{
	struct tw_yaml *pods = tw_yaml_get(c->in, "pods");
	struct tw_yaml *related = tw_yaml_get(c->in, "related");
	struct tw_yaml *want = tw_yaml_get(c->want, "delete");
	size_t n = tw_yaml_count(pods);
	struct tw_pod_standing *standings =
		tw_new_array(&c->arena, n, struct tw_pod_standing);
	bool *gone = tw_new_array(&c->arena, n, bool);

	if (!related)
		related = pods;
	for (size_t i = 0; i < n; i++) {
		const char *node = conformance_get_text(
			tw_yaml_item(pods, i), "node", NULL);

		standings[i] = standing_of(tw_yaml_item(pods, i));
		standings[i].rank = 0;
		for (size_t k = 0; k < tw_yaml_count(related); k++)
			standings[i].rank +=
				is_on(tw_yaml_item(related, k), node);
	}
	tw_deletion_select(standings, n, (size_t)number(c, "diff"), true, gone);
	for (size_t i = 0; i < n; i++) {
		bool wanted = false;

		for (size_t k = 0; k < tw_yaml_count(want); k++)
			wanted |= !strcmp(tw_yaml_text(tw_yaml_item(want, k)),
				name_at(pods, i));
		if (wanted != gone[i])
			conformance_differs(c, "%s: %s", name_at(pods, i),
				gone[i] ? "is deleted" : "stays");
	}
}

const struct conformance_adapter conformance_deployment[] = {
	{"deployment", "reconcile_new", reconcile_new},
	{"deployment", "reconcile_old", reconcile_old},
	{"deployment", "cleanup_unhealthy", clean_up},
	{"deployment", "scale_down_old", scale_down},
	{"deployment", "scale", scale},
	{"deployment", "fenceposts", fenceposts},
	{"deployment", "new_rs_replicas", new_rs_replicas},
	{"deployment", "max_unavailable", max_unavailable},
	{"deployment", "min_available", min_available},
	{"deployment", "fraction", fraction},
	{"deployment", "complete", complete},
	{"deployment", "progressing", progressing},
	{"deployment", "timed_out", timed_out},
	{"deployment", "sync_status", sync_status},
	{"deployment", "requeue", requeue},
	{"deployment", "history", history},
	{"deployment", "old_pods_running", old_pods_running},
	{"pod-deletion-order", "order", order},
	{"pod-deletion-order", "select", select_pods},
	{"pod-deletion-order", "order_plain", order_plain},
	{0},
};
