/* The cluster autoscaler, and pods whose claims say where they can be. */
#include "tests/unit/twin/volume_yaml.h"

#define EBS CLASS("ebs.csi.aws.com", WAITS)
#define GROUPS(more)                                                           \
	"[{name: a, count: 1, min: 0, max: 3, provisioning: 20s, cpu: 4, "     \
	"zone: a" more "}, {name: b, count: 1, min: 0, max: 3, provisioning: " \
	"20s, cpu: 4, zone: b" more "}]"
#define QUICK                                                                  \
	"autoscaling: {scale-down-unneeded-time: 30s, "                        \
	"scale-down-delay-after-add: 20s}\n"

/* `drained`: the node of the first pod, at 10 s. */
static void run(struct control *it, const char *manifests, const char *model,
	bool drained)
{
	control_start(it, manifests, model);
	if (drained)
		control_fault(it, "drain",
			tw_arena_printf(&it->scenario.arena, "node=%s at=10s",
				node_of(it, 0)));
	control_run(it, 120);
}

/* The node of the other zone is free, and of no use. */
START_TEST(grows_where_the_volume_is)
{
	struct control it;
	char words[80];

	run(&it, EBS SET("1"), MODEL(GROUPS(""), QUICK), true);
	snprintf(words, sizeof words, "scale-up: [{%c 1->2 (max: 3)}]",
		node_of(&it, 0)[0]);
	ck_assert(control_says(&it, words));
	snprintf(words, sizeof words, "web-0 is assigned to %c-2\n",
		node_of(&it, 0)[0]);
	ck_assert(control_says(&it, words));
	control_end(&it);

	/* What is reached from everywhere goes there. */
	run(&it, CLASS("efs.csi.aws.com", WAITS) SET("1"),
		MODEL(GROUPS(""), QUICK), true);
	ck_assert(!control_says(&it, "scale-up"));
	control_end(&it);
}
END_TEST

/* A zone is drained of the nodes that it has by then: what comes takes pods. */
START_TEST(grows_in_a_drained_zone)
{
	struct control it;

	control_start(&it, CLASS("ebs.csi.aws.com", "") SET("1"),
		MODEL(GROUPS(""), ""));
	control_fault(&it, "drain", "zone=b at=10s");
	control_run(&it, 120);
	ck_assert_str_eq(node_of(&it, 0), "b-1");
	ck_assert(control_says(&it, "scale-up: [{b 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "web-0 is assigned to b-2\n"));
	ck_assert(!control_says(&it, "->3"));
	ck_assert_uint_eq(it.obs.drains, 1);
	control_end(&it);

	control_start(&it, EBS SET("3"), MODEL(GROUPS(""), ""));
	control_fault(&it, "cordon", "zone=a at=1s");
	control_run(&it, 120);
	ck_assert(control_says(&it, "scale-up: [{a 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "web-2 is assigned to a-2\n"));
	ck_assert(!control_says(&it, "->3"));
	control_end(&it);
}
END_TEST

/* Three pods, and room for two: before it is bound any group will do, and the
 * first one wastes as little as the second; the name of data-web-2 picks zone
 * b (0x46661985 + 2 is odd). */
START_TEST(any_before_it_is_bound)
{
	struct control it;

	run(&it, EBS SET("3"), MODEL(GROUPS(""), ""), false);
	ck_assert(control_says(&it, "scale-up: [{a 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "web-2 is assigned to a-2\n"));
	control_end(&it);

	run(&it, CLASS("ebs.csi.aws.com", "") SET("3"), MODEL(GROUPS(""), ""),
		false);
	ck_assert(control_says(&it, "scale-up: [{b 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "web-2 is assigned to b-2\n"));
	control_end(&it);
}
END_TEST

/* Two pods a node, four claims a zone: one more node each. */
START_TEST(holds_two_of_a_zone)
{
	struct control it;

	run(&it, CLASS("ebs.csi.aws.com", "") SET_OF("8", "2", "fast"),
		MODEL(GROUPS(""), ""), false);
	ck_assert(control_says(&it, "scale-up: [{a 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "scale-up: [{b 1->2 (max: 3)}]"));
	ck_assert(!control_says(&it, "->3"));
	control_end(&it);
}
END_TEST

/* A pod a node, and one node would do for both: but for their volumes. */
START_TEST(stays_for_a_volume)
{
	struct control it;

	run(&it, CLASS("ebs.csi.aws.com", "") SET_OF("2", "100m", "fast"),
		MODEL(GROUPS(", memory: 8Gi"), QUICK), false);
	ck_assert_int_ne(node_of(&it, 0)[0], node_of(&it, 1)[0]);
	ck_assert(!control_says(&it, " is removed"));
	control_end(&it);

	run(&it, CLASS("efs.csi.aws.com", "") SET_OF("2", "100m", "fast"),
		MODEL(GROUPS(", memory: 8Gi"), QUICK), false);
	ck_assert_int_ne(node_of(&it, 0)[0], node_of(&it, 1)[0]);
	ck_assert(control_says(&it, " is removed"));
	control_end(&it);
}
END_TEST

/* The node has room for all but their volumes; of a new one nobody knows. */
START_TEST(grows_for_volumes)
{
	struct control it;

	run(&it, EBS SET("2"),
		MODEL("[{name: n, count: 1, max: 3, provisioning: 20s, cpu: "
		      "40, zone: a}]",
			"storage: {limit: 1}\n"),
		false);
	ck_assert(control_says(&it, "scale-up: [{n 1->2 (max: 3)}]"));
	ck_assert(control_says(&it, "web-1 is assigned to n-2\n"));
	control_end(&it);

	/* So nodes come in vain for a pod that no node may hold. */
	run(&it,
		EBS SET("1") "    - metadata: {name: more}\n      spec: "
			     "{accessModes: [ReadWriteOnce], storageClassName: "
			     "fast, resources: {requests: {storage: 1Gi}}}\n",
		MODEL("[{name: n, count: 1, max: 2, provisioning: 20s, cpu: "
		      "40, zone: a}]",
			"storage: {limit: 1}\n"),
		false);
	ck_assert(control_says(&it, "scale-up: [{n 1->2 (max: 2)}]"));
	ck_assert(!control_says(&it, "is assigned"));
	control_end(&it);
}
END_TEST

/* A claim of one pod at a time does not hold the pod that has it. */
START_TEST(moves_with_its_own_claim)
{
	struct control it;

	run(&it,
		CLASS("efs.csi.aws.com", WAITS) CLAIM("ReadWriteOncePod")
			WEB("1", ""),
		MODEL("[{name: n, count: 1, min: 0, max: 1, cpu: 64, memory: "
		      "64Gi, zone: a}, {name: z, count: 1, cpu: 4, memory: "
		      "8Gi, zone: a}]",
			QUICK),
		false);
	ck_assert_str_eq(node_of(&it, 0), "n");
	ck_assert(control_says(&it, "node n is removed"));
	ck_assert(control_says(&it, "is assigned to z\n"));
	control_end(&it);
}
END_TEST

TW_TESTS("twin/node_groups_volumes", grows_where_the_volume_is,
	grows_in_a_drained_zone, any_before_it_is_bound, holds_two_of_a_zone,
	stays_for_a_volume, grows_for_volumes, moves_with_its_own_claim)
