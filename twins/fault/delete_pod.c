/*
 * kubectl delete pod: preStop, TERM, the grace period; its owner makes another.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/pods.h"

static const struct tw_fault_param params[] = {
	{"grace-period", TW_PARAM_DURATION, false, NULL,
		"until it is killed; 0s: it is gone at once; default: its own",
		NULL},
};

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_fault_value *grace =
		tw_fault_value(fault, "grace-period");
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		if (!hit[r] || !world->replicas[r].managed)
			continue;
		if (grace->given && !grace->integer)
			tw_pod_remove(world, r);
		else
			tw_pod_delete(world, r,
				grace->given ? grace->integer : TW_POD_GRACE);
	}
}

const struct tw_fault_kind tw_fault_delete_pod = {
	.name = "delete-pod",
	.help = "kubectl delete pod: pods are stopped, and their owners make "
		"others",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		 TW_SELECT_ZONE,
	.instant = true,
	.manages = true,
	.start = start,
};
