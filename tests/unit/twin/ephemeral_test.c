/* Claims of pods: generic ephemeral volumes; and claims that several pods have
 * which may not. */
#include "tests/unit/twin/volume_yaml.h"

#include "twins/cluster/bindings.h"
#include "twins/cluster/place.h"

#define EBS CLASS("ebs.csi.aws.com", WAITS)
#define KIND(kind, head, volume)                                               \
	FRONT("web")                                                           \
	"apiVersion: apps/v1\nkind: " kind "\nmetadata: {name: web}\n"         \
	"spec:\n  " head "selector: {matchLabels: {app: web}}\n  template:\n"  \
	"    metadata: {labels: {app: web}}\n    spec: "                       \
	"{terminationGracePeriodSeconds: 5, containers: [{name: c, image: "    \
	"'web:1', resources: {requests: {cpu: 3}}}], volumes: [{name: "        \
	"f, " volume "}]}\n"
#define SCRATCH                                                                \
	"ephemeral: {volumeClaimTemplate: {spec: {accessModes: "               \
	"[ReadWriteOnce], storageClassName: fast, resources: {requests: "      \
	"{storage: 1Gi}}}}}"
#define FILES "persistentVolumeClaim: {claimName: files}"

static const char *at(const struct control *it, uint32_t claim)
{
	return tw_binding_at(it->model, it->model->storage.bindings, claim);
}

/* A pod's own: named by pod and volume, attached 5 s after it is scheduled;
 * the next pod has another one, which may be in another zone. */
START_TEST(goes_with_its_pod)
{
	struct control it;

	control_start(&it, EBS KIND("StatefulSet", "replicas: 1\n  ", SCRATCH),
		MODEL(ZONES, ""));
	ck_assert_str_eq(it.model->storage.claims[0].name, "default/web-0-f");
	ck_assert_int_eq(node_of(&it, 0)[0], at(&it, 0)[0]);
	control_fault(&it, "drain",
		tw_arena_printf(
			&it.scenario.arena, "zone=%s at=10s", at(&it, 0)));
	control_run(&it, 60);
	ck_assert(control_says(&it, "11.000000000s replica default/web-0 is "
				    "assigned to "));
	ck_assert(!control_says(&it, "volume node affinity conflict"));
	ck_assert(!control_says(&it, "Multi-Attach"));
	ck_assert(control_says(&it,
		"16.000000000s replica default/web-0 SuccessfulAttachVolume: "
		"AttachVolume.Attach succeeded for volume "
		"\"pvc-web-0-f\"\n"));
	ck_assert(control_says(
		&it, "19.000000000s replica default/web-0 listens\n"));
	control_end(&it);
}
END_TEST

/* One volume a node: what a pod leaves behind counts until it is detached,
 * 10 s after it was gone at 11 s; there is no other node. */
START_TEST(counts_until_it_is_detached)
{
	struct control it;

	control_start(&it, EBS KIND("StatefulSet", "replicas: 1\n  ", SCRATCH),
		MODEL("[{name: n, count: 1, cpu: 40, zone: a}]",
			"storage: {limit: 1}\n"));
	ck_assert_str_ne(node_of(&it, 0), "");
	control_fault(&it, "delete-pod", "replica=default/web-0 at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"11.000000000s replica default/web-0 is pending: 0/1 nodes are "
		"available: 1 node(s) exceed max volume count."));
	ck_assert(control_says(
		&it, "21.000000000s replica default/web-0 is assigned to n"));
	ck_assert(control_says(&it, "26.000000000s replica default/web-0 "
				    "SuccessfulAttachVolume"));
	control_end(&it);
}
END_TEST

/* A volume of a manifest is free again for the next pod; and Immediate is
 * bound when the pod comes. */
START_TEST(of_volumes_that_are_there)
{
	struct control it;

	control_start(&it,
		CLASS("kubernetes.io/no-provisioner", "") VOLUME("small", "1Gi",
			"b-2") KIND("StatefulSet", "replicas: 1\n  ", SCRATCH),
		MODEL(ZONES, ""));
	ck_assert_str_eq(node_of(&it, 0), "b-2");
	ck_assert_str_eq(at(&it, 0), "small");
	control_fault(&it, "delete-pod", "replica=default/web-0 at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "web-0 is assigned to b-2"));
	control_end(&it);
}
END_TEST

/* Pods that are not there have no claims yet. */
START_TEST(of_pods_that_are_there)
{
	struct control it;

	control_start_many(&it,
		CLASS("kubernetes.io/no-provisioner", "") VOLUME("small", "1Gi",
			"b-2") VOLUME("more", "2Gi", "a-1") KIND("Deployment",
			"replicas: 1\n  strategy: {type: Recreate}\n  ",
			SCRATCH),
		MODEL(ZONES, ""), 1);
	ck_assert_uint_eq(it.model->storage.n_claims, it.model->n_replicas);
	ck_assert_uint_gt(it.model->n_replicas, 1);
	ck_assert_str_eq(at(&it, 0), "small");
	ck_assert_str_eq(at(&it, 1), "");
	control_fault(&it, "rollout-restart", "workload=default/web at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "is assigned to b-2"));
	control_end(&it);
}
END_TEST

/* A pod of a candidate that comes anew has a new one, where there is room. */
START_TEST(is_not_carried_over)
{
	struct control was, is;
	const char *big =
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}, {name: c, count: "
		      "1, cpu: 64, memory: 256Gi, zone: c}]",
			"");

	control_start(&was, EBS KIND("Deployment", "replicas: 1\n  ", SCRATCH),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}]", ""));
	control_start(
		&is, EBS KIND("Deployment", "replicas: 2\n  ", SCRATCH), big);
	tw_place_after(is.model, was.model);
	ck_assert_str_eq(at(&was, 0), "a");
	ck_assert_str_eq(at(&is, 0), "a");
	ck_assert_str_eq(at(&is, 1), "c");
	control_end(&is);

	control_start(&is,
		EBS CLAIM("ReadWriteOnce") KIND("Deployment", "replicas: 1\n  ",
			SCRATCH "}, {name: g, " FILES "}], nodeSelector: {"
				"topology.kubernetes.io/zone: c}, tolerations: "
				"[{key: x"),
		big);
	is.model->node_of[0] = TW_NONE;
	tw_place_after(is.model, was.model);
	ck_assert_str_eq(at(&is, 0), "c");
	control_end(&is);
	control_end(&was);
}
END_TEST

/* One node has the volume, and its pod runs; the others wait for it. */
START_TEST(daemons_share_one)
{
	struct control it;

	control_start(&it,
		EBS CLAIM("ReadWriteOnce") KIND("DaemonSet", "", FILES),
		MODEL("[{name: a, count: 3, cpu: 4, zone: a}]", ""));
	ck_assert_str_eq(node_of(&it, 0), "a-1");
	ck_assert_str_eq(node_of(&it, 1), "");
	ck_assert_str_eq(node_of(&it, 2), "");
	ck_assert_str_eq(it.diags.list.v[it.diags.list.n - 1]->hint,
		"it waits in ContainerCreating for a volume that is attached "
		"to another node (Multi-Attach error)");
	control_end(&it);

	control_start(&it,
		CLASS("efs.csi.aws.com", WAITS) CLAIM("ReadWriteMany")
			KIND("DaemonSet", "", FILES),
		MODEL("[{name: a, count: 3, cpu: 4, zone: a}]", ""));
	ck_assert_str_eq(node_of(&it, 2), "a-3");
	control_end(&it);
}
END_TEST

/* Bound in the zone of the first: the pod of the other zone is Pending. */
START_TEST(daemons_of_another_zone)
{
	struct control it;

	control_start(&it,
		EBS CLAIM("ReadWriteMany") KIND("DaemonSet", "", FILES),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}, {name: b, count: "
		      "1, cpu: 4, zone: b}]",
			""));
	ck_assert_str_eq(node_of(&it, 1), "a-2");
	ck_assert_str_eq(node_of(&it, 2), "");
	control_fault(&it, "delete-pod",
		tw_arena_printf(&it.scenario.arena, "replica=%s at=10s",
			it.model->replicas[2].name));
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"10.000000000s replica default/web-3 is pending: 0/3 nodes are "
		"available: 1 node(s) had volume node affinity conflict, 2 "
		"node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: "
		"0/3 nodes are available: 3 Preemption is not helpful for "
		"scheduling"));
	control_end(&it);
}
END_TEST

/* The second pod has no node, though that of the first one has room. */
START_TEST(one_pod_from_the_start)
{
	struct control it;

	control_start(&it, EBS CLAIM("ReadWriteOncePod") WEB("2", ""),
		MODEL("[{name: n, count: 1, cpu: 40, zone: a}]", ""));
	ck_assert_str_ne(node_of(&it, 0), "");
	ck_assert_str_eq(node_of(&it, 1), "");
	ck_assert_str_eq(it.diags.list.v[it.diags.list.n - 1]->hint,
		"0/1 nodes are available: 1 node has pod using "
		"PersistentVolumeClaim with the same name and "
		"ReadWriteOncePod access mode.");
	control_end(&it);
	/* With ReadWriteOnce both are there: the volume is on their node. */
	control_start(&it, EBS CLAIM("ReadWriteOnce") WEB("2", ""),
		MODEL("[{name: n, count: 1, cpu: 40, zone: a}]", ""));
	ck_assert_str_ne(node_of(&it, 1), "");
	control_end(&it);
}
END_TEST

TW_TESTS("twin/ephemeral", goes_with_its_pod, counts_until_it_is_detached,
	of_volumes_that_are_there, of_pods_that_are_there, is_not_carried_over,
	daemons_share_one, daemons_of_another_zone, one_pod_from_the_start)
