/*
 * Images of containers, and what it takes to get one onto a node. Nothing of
 * it is there unless a model has `images:`; then a pod that comes in the run
 * waits until its node has its images.
 *
 * imagePullPolicy (core/v1 Container; the API server's default): Always where
 * the tag is :latest or there is none, else IfNotPresent. Always asks the
 * registry each time, and loads what is not there yet; Never fails where the
 * image is not there.
 *
 * Names without tag or digest mean :latest (pkg/util/parsers).
 */
#ifndef TW_MODEL_IMAGES_H
#define TW_MODEL_IMAGES_H

#include "twins/model/value.h"

/* Of a node, bytes/s of an image's size as the registry has it, unpacking
 * included. Nobody's figure: kubelets' own events in public ("Successfully
 * pulled image ... in 15.981s ... Image size: 129338587 bytes.") tell of 8 to
 * 24 MB/s on small clouds' and local clusters' nodes. */
#define TW_PULL_BANDWIDTH 25000000
/* Until the registry has told what an image is made of, ns. Likewise: 313 ms
 * for one whose layers were all there. */
#define TW_PULL_LATENCY (300 * TW_MS)

enum tw_pull_policy { TW_PULL_IF_NOT_PRESENT, TW_PULL_ALWAYS, TW_PULL_NEVER };

struct tw_spec_image {
	const char *glob;   /* of names with their tags; the first that fits */
	struct tw_int size; /* bytes to load */
	const struct tw_origin *origin;
};

struct tw_spec_images {
	const struct tw_origin *origin;	   /* NULL: images are there at once */
	struct tw_real bandwidth;	   /* default TW_PULL_BANDWIDTH */
	struct tw_real registry_bandwidth; /* of all nodes together; default
					    * no bound */
	struct tw_int latency;		   /* default TW_PULL_LATENCY */
	/* Pulls of a node at once: 1 is the kubelet's serializeImagePulls:
	 * true, its default. */
	struct tw_int parallel;
	TW_VEC(struct tw_spec_image) sizes;
	struct tw_texts missing; /* globs: the registry has none such */
};

/* ---- compiled -------------------------------------------------------- */

struct tw_image {
	const char *name;  /* with its tag */
	const char *shown; /* as the manifest has it */
	int64_t size;	   /* bytes; 0: nobody said */
	bool missing;
};

struct tw_pulls {
	bool on;
	double bandwidth, registry_bandwidth; /* 0: no bound */
	tw_time latency;
	uint32_t parallel;
	const struct tw_image *images;
	uint32_t n_images;
};

/* The name with its tag: the name itself, or NULL where ":latest" is missing
 * behind it. */
const char *tw_image_tagged(const char *name);
/* Whether the registry has no such image; the name without a tag is taken for
 * that of :latest. */
bool tw_image_is_missing(const struct tw_spec_images *images, const char *name);

#endif
