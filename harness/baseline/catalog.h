/*
 * What is in an archive: all gates, in order of time, and which of them are
 * accepted as baselines; and how the archive is kept small.
 */
#ifndef TW_BASELINE_CATALOG_H
#define TW_BASELINE_CATALOG_H

#include "harness/baseline/record.h"

struct tw_catalog_gate {
	const char *ref, *id;
	struct tw_git_id commit;
	struct tw_git_about about;
	const char *names; /* of baselines, "main, release-7"; "": none */
};

TW_VEC_TYPE(tw_catalog_gates, struct tw_catalog_gate);

struct tw_catalog {
	struct tw_arena arena;
	struct tw_catalog_gates gates;	   /* the oldest first */
	struct tw_catalog_gates baselines; /* by name; id: the name */
	struct tw_catalog_gates proofs;	   /* the oldest first */
	TW_VEC(const char *) running;	   /* refs of runs that did not end */
	struct tw_buf broken; /* refs that cannot be read, a line each */
};

int tw_catalog_read(struct tw_catalog *catalog, struct tw_archive *archive,
	struct tw_error *error);
void tw_catalog_release(struct tw_catalog *catalog);

struct tw_prune {
	size_t keep;		/* the newest gates stay whole */
	size_t thinned;		/* out: lost their observations */
	size_t running, broken; /* out: refs that went */
};

/*
 * Of all but the newest gates the observations go; the verdicts and whatever a
 * baseline names stay. With `refs`, damaged refs and those of runs that were
 * killed go too; without, what was thinned before is not looked at again. The
 * room on the disk comes back with `git gc`.
 */
int tw_catalog_prune(const struct tw_catalog *catalog,
	struct tw_archive *archive, bool refs, struct tw_prune *prune,
	struct tw_error *error);

/* Of the proofs all but the newest go; *gone counts them. */
int tw_catalog_prune_proofs(const struct tw_catalog *catalog,
	struct tw_archive *archive, size_t keep, size_t *gone,
	struct tw_error *error);

#endif
