/* A candidate in the cluster of its baseline: claims stay where they are. */
#include "tests/unit/twin/volume_yaml.h"

#include "twins/cluster/bindings.h"
#include "twins/cluster/place.h"

#define EBS CLASS("ebs.csi.aws.com", WAITS)
/* Another zone, which is as good as empty: what is free to go goes there. */
#define MORE                                                                   \
	"[{name: a, count: 2, cpu: 4, zone: a}, {name: b, count: 2, cpu: 4, "  \
	"zone: b}, {name: c, count: 1, cpu: 64, memory: 256Gi, zone: c}]"

struct both {
	struct control was, is;
};

static void start(struct both *it, const char *was, const char *was_model,
	const char *is, const char *is_model)
{
	control_start(&it->was, was, was_model);
	control_start(&it->is, is, is_model);
	tw_place_after(it->is.model, it->was.model);
}

static void end(struct both *it)
{
	control_end(&it->was);
	control_end(&it->is);
}

static const char *at(const struct control *it, uint32_t claim)
{
	return tw_binding_at(it->model, it->model->storage.bindings, claim);
}

/* Its requests are others, so it is scheduled again. */
START_TEST(comes_back_to_its_zone)
{
	struct both it;

	start(&it, EBS SET("1"), MODEL(ZONES, ""), EBS SET_OF("1", "2", "fast"),
		MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.was, 0), "b");
	ck_assert_str_eq(at(&it.is, 0), "b");
	ck_assert_int_eq(node_of(&it.is, 0)[0], 'b');
	end(&it);

	/* Alone in a cluster it would go to the large node. */
	control_start(&it.is, EBS SET_OF("1", "2", "fast"), MODEL(MORE, ""));
	ck_assert_str_eq(node_of(&it.is, 0), "c");
	control_end(&it.is);
}
END_TEST

/* FNV-1 of "web" is 0x46661985: modulo 2 it is 1, and modulo 3 it is 0. */
START_TEST(immediate_is_not_picked_again)
{
	struct both it;

	start(&it, CLASS("ebs.csi.aws.com", "") SET("1"), MODEL(ZONES, ""),
		CLASS("ebs.csi.aws.com", "") SET("2"), MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.is, 0), "b");
	/* That of a new pod is: 0 + 1 modulo 3 (modulo 2 it would be a). */
	ck_assert_str_eq(at(&it.is, 1), "b");
	ck_assert_int_eq(node_of(&it.is, 0)[0], 'b');
	ck_assert_int_eq(node_of(&it.is, 1)[0], 'b');
	end(&it);
}
END_TEST

/* Local paths: by the name of the node, which has another number. */
START_TEST(local_by_name)
{
	struct both it;

	start(&it, CLASS("rancher.io/local-path", WAITS) SET("1"),
		MODEL(ZONES, ""),
		CLASS("rancher.io/local-path", WAITS) SET_OF("1", "2", "fast"),
		MODEL("[{name: c, count: 1, cpu: 64, memory: 256Gi, zone: c}, "
		      "{name: b, count: 2, cpu: 4, zone: b}]",
			""));
	ck_assert_str_eq(at(&it.is, 0), "b-2");
	ck_assert_str_eq(node_of(&it.is, 0), "b-2");
	end(&it);
}
END_TEST

/* The zone is gone, and what was in it. */
START_TEST(zone_is_gone)
{
	struct both it;

	start(&it, EBS SET("1"), MODEL(ZONES, ""), EBS SET("1"),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}]", ""));
	ck_assert_str_eq(at(&it.is, 0), "nowhere");
	ck_assert_str_eq(node_of(&it.is, 0), "");
	end(&it);
	start(&it, CLASS("rancher.io/local-path", WAITS) SET("1"),
		MODEL(ZONES, ""),
		CLASS("rancher.io/local-path", WAITS) SET("1"),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}]", ""));
	ck_assert_str_eq(at(&it.is, 0), "nowhere");
	ck_assert_str_eq(node_of(&it.is, 0), "");
	end(&it);
}
END_TEST

/* Of another class it is another one, and goes where there is most room. */
START_TEST(another_class)
{
	struct both it;

	start(&it, EBS SET("1"), MODEL(ZONES, ""),
		EBS SET_OF("1", "2", "other"), MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.is, 0), "c");
	end(&it);
	start(&it, EBS SET("1"), MODEL(ZONES, ""),
		CLASS("pd.csi.storage.gke.io", WAITS) SET_OF("1", "2", "fast"),
		MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.is, 0), "c");
	end(&it);
	/* Its pod asks for the same and would stay, but for its claim. */
	start(&it, EBS SET("1"), MODEL(ZONES, ""),
		CLASS("ebs.csi.aws.com",
			"allowedTopologies: [{matchLabelExpressions: [{key: "
			"topology.kubernetes.io/zone, values: [c]}]}]\n" WAITS)
			SET_OF("1", "3", "fast"),
		MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.is, 0), "b");
	end(&it);
}
END_TEST

#define NONE CLASS("kubernetes.io/no-provisioner", WAITS)

/* Two volumes for two pods; the second pod has gone, and has left its claim. */
START_TEST(volumes_stay_taken)
{
	static const char volumes[] = NONE VOLUME("one", "1Gi", "a-1")
		VOLUME("two", "1Gi", "b-1") SET("2");
	static const char after[] =
		NONE VOLUME("two", "1Gi", "b-1") VOLUME("one", "1Gi", "a-1")
			SET_OF("1", "2", "fast") "---\n" CLAIM("ReadWriteOnce")
				WEB("1", "");
	struct both it;

	start(&it, volumes, MODEL(ZONES, ""), after, MODEL(MORE, ""));
	ck_assert_str_ne(node_of(&it.was, 1), "");
	ck_assert_str_eq(at(&it.is, 0), at(&it.was, 0));
	ck_assert_str_eq(node_of(&it.is, 0), node_of(&it.was, 0));
	/* `files` finds none: "two" is kept for data-web-1. */
	ck_assert_uint_eq(it.is.model->storage.n_claims, 2);
	ck_assert_str_eq(at(&it.is, 1), "");
	end(&it);
	/* A volume that is not there any more is nobody's. */
	start(&it, volumes, MODEL(ZONES, ""),
		NONE VOLUME("three", "1Gi", "a-2") SET("1"), MODEL(MORE, ""));
	ck_assert_str_eq(at(&it.is, 0), "three");
	ck_assert_str_eq(node_of(&it.is, 0), "a-2");
	end(&it);
}
END_TEST

/* A pod that would stay does not where its claim is another one. */
START_TEST(leaves_for_its_claim)
{
	struct both it;

	start(&it, EBS SET("1"), MODEL(ZONES, ""),
		CLASS("rancher.io/local-path",
			"allowedTopologies: [{matchLabelExpressions: [{key: "
			"topology.kubernetes.io/zone, values: [a]}]}]\n" WAITS)
			SET("1"),
		MODEL(ZONES, ""));
	ck_assert_int_eq(node_of(&it.was, 0)[0], 'b');
	ck_assert_int_eq(node_of(&it.is, 0)[0], 'a');
	end(&it);
}
END_TEST

/* What was stored says where pods stood, and so where their volumes are. */
START_TEST(as_it_was_stored)
{
	struct control it;
	struct tw_map nodes;

	control_start(
		&it, CLASS("ebs.csi.aws.com", "") SET("2"), MODEL(ZONES, ""));
	ck_assert_str_eq(at(&it, 0), "b");
	tw_map_init(&nodes, NULL);
	tw_map_put(
		&nodes, it.model->replicas[0].key, (void *)(uintptr_t) "a-2");
	tw_place_as(it.model, &nodes);
	ck_assert_str_eq(node_of(&it, 0), "a-2");
	ck_assert_str_eq(node_of(&it, 1), "");
	ck_assert_str_eq(at(&it, 0), "a");
	ck_assert_str_eq(at(&it, 1), "a"); /* as its name picks */
	tw_map_release(&nodes);
	control_end(&it);
}
END_TEST

TW_TESTS("cluster/bindings_carry", comes_back_to_its_zone,
	immediate_is_not_picked_again, local_by_name, zone_is_gone,
	another_class, volumes_stay_taken, leaves_for_its_claim,
	as_it_was_stored)
