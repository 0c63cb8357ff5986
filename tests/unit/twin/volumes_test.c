/*
 * Volumes in a run: where claims are bound, what they ask of nodes, and how
 * they move; and the nodes' own disks.
 */
#include "tests/unit/twin/volume_yaml.h"

static void start_on(struct control *it, const char *manifests,
	const char *model, const char *kind, const char *more)
{
	control_start_many(it, manifests, model, 1);
	control_fault(it, kind,
		tw_arena_printf(&it->scenario.arena, "node=%s %s",
			node_of(it, 0), more));
}

/* The other node of the zone has room; those of the other zone do not count. */
START_TEST(stays_in_its_zone)
{
	struct control it;

	start_on(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""), "drain", "at=10s");
	ck_assert_str_eq(node_of(&it, 0), "b-2");
	control_run(&it, 60);
	ck_assert(control_says(&it, "web-0 is assigned to b-1\n"));
	/* Gone at 11 s; detached 10 s later, attached 5 s after that. */
	ck_assert(control_says(&it,
		"11.000000000s replica default/web-0 FailedAttachVolume: "
		"Multi-Attach error for volume \"pvc-data-web-0\" Volume is "
		"already exclusively attached to one node and can't be "
		"attached to another\n"));
	ck_assert(control_says(&it,
		"26.000000000s replica default/web-0 SuccessfulAttachVolume: "
		"AttachVolume.Attach succeeded for volume "
		"\"pvc-data-web-0\"\n"));
	ck_assert(control_says(
		&it, "29.000000000s replica default/web-0 listens\n"));
	control_end(&it);

	control_start(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""));
	control_fault(&it, "drain", "zone=b at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"11.000000000s replica default/web-0 is pending: 0/4 nodes are "
		"available: 2 node(s) had volume node affinity conflict, 2 "
		"node(s) were unschedulable."));
	ck_assert(!control_says(&it, "assigned"));
	control_end(&it);
}
END_TEST

/* What every node reaches moves to the other zone; nothing is attached. */
START_TEST(reached_from_anywhere)
{
	struct control it;

	control_start(&it, CLASS("efs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""));
	control_fault(&it, "drain", "zone=b at=10s");
	control_run(&it, 60);
	ck_assert(control_says(
		&it, "11.000000000s replica default/web-0 is assigned to a-"));
	ck_assert(!control_says(&it, "AttachVolume"));
	control_end(&it);
}
END_TEST

/* Local paths are of one node: nowhere else. */
START_TEST(stays_on_its_node)
{
	struct control it;

	start_on(&it, CLASS("rancher.io/local-path", WAITS) SET("1"),
		MODEL(ZONES, ""), "drain", "at=10s for=20s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "3 node(s) had volume node affinity "
				    "conflict"));
	ck_assert(control_says(
		&it, "30.000000000s replica default/web-0 is assigned to b-2"));
	ck_assert(!control_says(&it, "AttachVolume"));
	control_end(&it);
}
END_TEST

/* A new pod on another node waits for the old one, which waits for it. */
START_TEST(rollout_waits_for_ever)
{
	struct control it;

	control_start_many(&it,
		CLASS("ebs.csi.aws.com", WAITS) CLAIM("ReadWriteOnce")
			WEB("1", ""),
		MODEL(ZONES, ""), 1);
	control_fault(&it, "rollout-restart", "workload=default/web at=10s");
	control_run(&it, 100);
	ck_assert(control_says(&it,
		"FailedAttachVolume: Multi-Attach error for volume "
		"\"pvc-files\" Volume is already used by pod(s) web-"));
	ck_assert(!control_says(&it, "SuccessfulAttachVolume"));
	ck_assert(!control_says(&it, "being deleted"));
	ck_assert_uint_eq(it.failed, 0);
	control_end(&it);

	start_on(&it,
		CLASS("ebs.csi.aws.com", WAITS) CLAIM("ReadWriteOnce")
			WEB("1", "\n  strategy: {type: Recreate}"),
		MODEL(ZONES, "storage: {attach: 2s, detach: 4s}\n"), "cordon",
		"at=5s");
	control_fault(&it, "rollout-restart", "workload=default/web at=10s");
	control_run(&it, 100);
	ck_assert(control_says(&it, "17.000000000s replica default/web-"));
	ck_assert(control_says(&it, "SuccessfulAttachVolume"));
	control_end(&it);
}
END_TEST

/* Of one pod at a time, the second is not even scheduled. */
START_TEST(once_a_pod)
{
	struct control it;

	control_start_many(&it,
		CLASS("ebs.csi.aws.com", WAITS) CLAIM("ReadWriteOncePod")
			WEB("1", ""),
		MODEL(ZONES, ""), 1);
	control_fault(&it, "rollout-restart", "workload=default/web at=10s");
	control_run(&it, 100);
	ck_assert(control_says(&it,
		"node has pod using PersistentVolumeClaim with the same name "
		"and ReadWriteOncePod access mode"));
	ck_assert(!control_says(&it, "assigned"));
	control_end(&it);
}
END_TEST

/* Three pods of one volume: one node has it, and the others' pods do not run;
 * with ReadWriteMany they do. */
START_TEST(shared_by_a_deployment)
{
	struct control it;

	control_start(&it,
		CLASS("ebs.csi.aws.com", WAITS) CLAIM("ReadWriteOnce")
			WEB("3", ""),
		MODEL(ZONES, ""));
	ck_assert_str_ne(node_of(&it, 0), "");
	ck_assert_str_eq(node_of(&it, 1), "");
	ck_assert_str_eq(node_of(&it, 2), "");
	control_end(&it);

	control_start(&it,
		CLASS("efs.csi.aws.com", WAITS) CLAIM("ReadWriteMany")
			WEB("3", ""),
		MODEL(ZONES, ""));
	ck_assert_str_ne(node_of(&it, 1), "");
	ck_assert_str_ne(node_of(&it, 2), "");
	control_end(&it);
}
END_TEST

/* Nobody unmounts on a dead node: its volume is free 6 minutes after its pod
 * was removed by force. */
START_TEST(lost_with_its_node)
{
	struct control it;

	start_on(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""), "node-down", "at=10s");
	control_fault(&it, "delete-pod",
		"replica=default/web-0 at=100s grace-period=0s");
	control_run(&it, 600);
	ck_assert(control_says(&it,
		"100.000000000s replica default/web-0 is assigned to b-1"));
	ck_assert(control_says(&it,
		"100.000000000s replica default/web-0 FailedAttachVolume"));
	ck_assert(control_says(&it,
		"465.000000000s replica default/web-0 SuccessfulAttachVolume"));
	control_end(&it);

	/* It is back before that: then it is unmounted. */
	start_on(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""), "node-down", "at=10s for=190s");
	control_fault(&it, "delete-pod",
		"replica=default/web-0 at=100s grace-period=0s");
	control_run(&it, 600);
	ck_assert(control_says(&it,
		"215.000000000s replica default/web-0 SuccessfulAttachVolume"));
	control_end(&it);
}
END_TEST

/* The smallest that is large enough, where its node is; and one that nothing
 * fits. */
START_TEST(volumes_that_are_there)
{
	struct control it;

	control_start(&it,
		CLASS("kubernetes.io/no-provisioner", WAITS) VOLUME(
			"big", "9Gi", "a-1") VOLUME("small", "1Gi", "b-2")
			VOLUME("tiny", "1Mi", "a-2") SET("1"),
		MODEL(ZONES, ""));
	ck_assert_str_eq(
		it.model->storage.volumes[it.model->storage.bindings[0].volume]
			.name,
		!strcmp(node_of(&it, 0), "b-2") ? "small" : "big");
	ck_assert(strcmp(node_of(&it, 0), "a-2") != 0);
	control_end(&it);

	control_start(&it,
		CLASS("kubernetes.io/no-provisioner", WAITS)
			VOLUME("tiny", "1Mi", "a-2") SET("1"),
		MODEL(ZONES, ""));
	ck_assert_str_eq(node_of(&it, 0), "");
	ck_assert_ptr_nonnull(strstr(it.diags.list.v[it.diags.list.n - 1]->hint,
		"0/4 nodes are available: 4 node(s) didn't find available "
		"persistent volumes to bind."));
	control_end(&it);
}
END_TEST

/* Immediate: bound before the pod; nothing to be bound with. */
START_TEST(immediate)
{
	struct control it;

	control_start(&it, CLASS("kubernetes.io/no-provisioner", "") SET("1"),
		MODEL(ZONES, ""));
	ck_assert_str_eq(node_of(&it, 0), "");
	ck_assert_ptr_nonnull(strstr(it.diags.list.v[it.diags.list.n - 1]->hint,
		"0/4 nodes are available: pod has unbound immediate "
		"PersistentVolumeClaims."));
	control_end(&it);

	/* FNV-1 of "web" is 0x46661985: even with the ordinal 1, so zone a;
	 * zones take turns. */
	control_start(
		&it, CLASS("ebs.csi.aws.com", "") SET("2"), MODEL(ZONES, ""));
	ck_assert_str_eq(
		it.model->zones[it.model->storage.bindings[0].at], "b");
	ck_assert_str_eq(
		it.model->zones[it.model->storage.bindings[1].at], "a");
	ck_assert_int_eq(node_of(&it, 0)[0], 'b');
	ck_assert_int_eq(node_of(&it, 1)[0], 'a');
	control_end(&it);

	control_start(&it,
		CLASS("ebs.csi.aws.com",
			"allowedTopologies: [{matchLabelExpressions: [{key: "
			"topology.kubernetes.io/zone, values: [a]}]}]\n")
			SET("2"),
		MODEL(ZONES, ""));
	ck_assert_int_eq(node_of(&it, 0)[0], 'a');
	ck_assert_int_eq(node_of(&it, 1)[0], 'a');
	control_end(&it);
}
END_TEST

/* A node has so many: the second pod would fit by its requests. */
START_TEST(too_many_of_a_node)
{
	struct control it;

	control_start(&it, CLASS("ebs.csi.aws.com", WAITS) SET("3"),
		MODEL("[{name: n, count: 2, cpu: 40}]",
			"storage: {limit: 1}\n"));
	ck_assert_str_ne(node_of(&it, 0), "");
	ck_assert_str_ne(node_of(&it, 1), "");
	ck_assert_str_eq(node_of(&it, 2), "");
	ck_assert_ptr_nonnull(strstr(it.diags.list.v[it.diags.list.n - 1]->hint,
		"0/2 nodes are available: 2 node(s) exceed max volume "
		"count."));
	/* A node has room again once the volume is gone from there. */
	control_fault(&it, "delete-pod", "replica=default/web-0 at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "web-0 is assigned to"));
	control_end(&it);
}
END_TEST

/* A person says that the machine is off: the pod is removed at the next look of
 * the garbage collector (60 s), and its volume waits for no unmount. */
START_TEST(out_of_service)
{
	struct control it;

	start_on(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""), "node-down", "at=10s");
	control_fault(&it, "out-of-service", "node=b-2 at=55s");
	control_run(&it, 100);
	ck_assert(control_says(&it,
		"55.000000000s node b-2 is tainted NoExecute: "
		"node.kubernetes.io/out-of-service\n"));
	ck_assert(control_says(
		&it, "55.000000000s replica default/web-0 is being deleted\n"));
	ck_assert(control_says(&it, "60.000000000s replica default/web-0 is "
				    "assigned to b-1\n"));
	ck_assert(control_says(&it,
		"75.000000000s replica default/web-0 SuccessfulAttachVolume"));
	ck_assert(control_says(&it, "web-0 listens"));
	control_end(&it);

	/* On a node that is well its pods stop in their own time. */
	start_on(&it, CLASS("ebs.csi.aws.com", WAITS) SET("1"),
		MODEL(ZONES, ""), "out-of-service", "at=19500ms for=5s");
	control_run(&it, 100);
	ck_assert(control_says(
		&it, "19.500000000s replica default/web-0 is being deleted\n"));
	ck_assert(control_says(
		&it, "20.500000000s replica default/web-0 is gone\n"));
	ck_assert(control_says(
		&it, "20.500000000s replica default/web-0 is assigned to b-1"));
	ck_assert(control_says(&it, "24.500000000s node b-2 is no longer "
				    "tainted"));
	control_end(&it);
}
END_TEST

#define DISK(amount)                                                           \
	FRONT("web")                                                           \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"       \
	"spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n"        \
	"  template:\n    metadata: {labels: {app: web}}\n    spec: "          \
	"{containers: [{name: c, image: 'web:1', resources: {requests: {cpu: " \
	"1, ephemeral-storage: " amount "}}}]}\n"

/* Of disk there is as much as pods want, unless the model says how much. */
START_TEST(disk_of_nodes)
{
	struct control it;

	control_start(
		&it, DISK("9Gi"), MODEL("[{name: n, count: 2, cpu: 8}]", ""));
	for (uint32_t r = 0; r < 3; r++)
		ck_assert_str_ne(node_of(&it, r), "");
	control_end(&it);

	control_start(&it, DISK("9Gi"),
		MODEL("[{name: n, count: 2, cpu: 8, ephemeral-storage: 10Gi}]",
			""));
	ck_assert_str_ne(node_of(&it, 1), "");
	ck_assert_str_eq(node_of(&it, 2), "");
	ck_assert_str_eq(it.diags.list.v[it.diags.list.n - 1]->message,
		"1 of 3 replicas of default/web fit on no node");
	ck_assert_str_eq(it.diags.list.v[it.diags.list.n - 1]->hint,
		"0/2 nodes are available: 2 Insufficient ephemeral-storage.");
	control_end(&it);
}
END_TEST

TW_TESTS("twin/volumes", stays_in_its_zone, reached_from_anywhere,
	stays_on_its_node, rollout_waits_for_ever, once_a_pod,
	shared_by_a_deployment, lost_with_its_node, volumes_that_are_there,
	immediate, too_many_of_a_node, out_of_service, disk_of_nodes)
