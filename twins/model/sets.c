/*
 * What ReplicaSets and their pods are called. A ReplicaSet is its Deployment's
 * name and a hash of the pod template, ten characters at most (Kubernetes
 * 1.36, pkg/controller/controller_utils.go, ComputeHash: an FNV of 32 bits in
 * decimal digits; apimachinery/pkg/util/rand, SafeEncodeString: each as a
 * character that makes no words). Which template has which hash is ours.
 *
 * kubectl shows five random characters behind it, the twin the ordinal. Where
 * a workload has one revision in the run its pods go without the hash; those
 * of a StatefulSet have the same names in all revisions, as in Kubernetes.
 */
#include "twins/model/build.h"

#include "twins/base/hash.h"

#include <stdio.h>
#include <string.h>

static const char *encoded(struct build *b, const char *name, uint64_t hash)
{
	static const char safe[] = "bcdfghjklmnpqrstvwxz2456789";
	char digits[16];
	uint32_t folded = (uint32_t)(tw_hash_mix(hash) >> 32);

	snprintf(digits, sizeof digits, "%u", folded);
	for (char *c = digits; *c; c++)
		*c = safe[(unsigned char)*c % (sizeof safe - 1)];
	return tw_arena_printf(&b->model->arena, "%s-%s", name, digits);
}

static const char *bare(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bool is_replaced(
	const struct build *b, const struct tw_spec_workload *workload)
{
	for (size_t w = 0; w < b->spec->workloads.n; w++) {
		const struct tw_spec_workload *it =
			b->spec->workloads.v[w].value;

		if (it->replaces == workload)
			return true;
	}
	return false;
}

/* Of the template; one that was written anew without a change (its model
 * alone differs) is another one all the same. */
static uint64_t content_of(
	const struct tw_spec_workload *workload, const char *name)
{
	uint64_t own = workload ? workload->template_hash : 0;
	const struct tw_spec_workload *was =
		workload ? workload->replaces : NULL;

	if (!own)
		own = tw_hash_name(name);
	if (was && content_of(was, was->key) == own)
		own = tw_hash_combine(own, 1);
	return own;
}

const char *build_set(struct build *b, const struct tw_spec_workload *workload,
	uint64_t turn, struct tw_revision *to)
{
	const char *kind = build_kind(workload);
	const char *base = workload && workload->replaces
				   ? workload->replaces->key
				   : to->name;
	bool several = workload ? workload->restarts || workload->replaces ||
					  is_replaced(b, workload)
				: b->services[to->service].spec->restarts > 0;
	uint64_t hash = content_of(workload, base);

	if (!strcmp(kind, "StatefulSet"))
		return base;
	if (strcmp(kind, "Deployment"))
		return NULL;
	if (turn)
		hash = tw_hash_combine(hash, turn + 1);
	to->set = encoded(b, bare(base), hash);
	if (!several)
		return NULL;
	return tw_arena_printf(&b->model->arena, "%.*s%s",
		(int)(bare(base) - base), base, to->set);
}
