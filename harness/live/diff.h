/*
 * What differs between the answers of a candidate and the ones that were
 * recorded: status, JSON bodies by structure, other bodies by their bytes, and
 * the headers that mean something to a client (Content-Type, Location).
 *
 * Differences are grouped by endpoint, path and kind; each group counts the
 * answers in which it was seen and keeps the first as a sample.
 *
 * Paths. "status", "headers.content-type", and of bodies "$.items[*].id": the
 * index of an array is dropped. An object that is a map by its keys (more than
 * 50, or one longer than 100 bytes, beginning with a digit, or not a word) has
 * them dropped too: "$.prices.*". The thresholds are Diffy's.
 *
 * Arrays: the same items in another order are one difference of kind "order";
 * another number of items is one of kind "size"; else items are compared in
 * pairs.
 *
 * Ignored paths, as a person writes them: "$.ts" or "body.ts", "$.items[*].id",
 * "$..id" (at any depth), "headers.location", "status". `*` is any run within a
 * name. What lies below an ignored path is ignored too.
 */
#ifndef TW_LIVE_DIFF_H
#define TW_LIVE_DIFF_H

#include "harness/live/http.h"
#include "twins/base/map.h"

enum tw_diff_kind {
	TW_DIFF_STATUS,
	TW_DIFF_MISSING, /* was recorded, is not there */
	TW_DIFF_EXTRA,	 /* is there, was not recorded */
	TW_DIFF_TYPE,
	TW_DIFF_VALUE,
	TW_DIFF_SIZE,  /* of an array */
	TW_DIFF_ORDER, /* of an array */
	TW_DIFF_BYTES, /* of a body that is not JSON */
	TW_DIFF_NO_ANSWER,
};

const char *tw_diff_kind_name(enum tw_diff_kind kind);

struct tw_diff_group {
	const char *endpoint, *path;
	enum tw_diff_kind kind;
	uint64_t count;	   /* of answers */
	uint64_t position; /* of the sample's request in the capture */
	const char *expected, *actual; /* of the sample, cut to a line */
	uint64_t seen;		       /* private: the last answer counted */
};

struct tw_diff_endpoint {
	const char *name;
	uint64_t compared, differing;
};

struct tw_diff {
	struct tw_arena arena;
	TW_VEC(struct tw_diff_group *) groups; /* by first appearance */
	TW_VEC(struct tw_diff_endpoint *) endpoints;
	uint64_t compared;  /* answers */
	uint64_t differing; /* of them, with at least one difference */
	uint64_t bodiless;  /* of them, whose recorded body is not known */
	TW_VEC(const char *) ignored; /* private: as globs */
	struct tw_map by_key, by_endpoint;
};

/* Patterns may be freed afterwards. */
void tw_diff_init(struct tw_diff *diff, const char *const *ignored, size_t n);
void tw_diff_release(struct tw_diff *diff);

struct tw_diff_answer {
	int status; /* 0: none; then `body` says why */
	struct tw_http_headers headers;
	struct tw_str body; /* p NULL: not known */
	uint64_t body_size; /* more than body.n: the rest was cut off */
	uint64_t body_hash; /* tw_hash_bytes() of the whole, where cut off */
};

/* True where they are the same, as far as anybody wants to know. */
bool tw_diff_compare(struct tw_diff *diff, const char *endpoint,
	uint64_t position, const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual);

/* By endpoint, then by count (most first), path and kind: for reports, the
 * same whatever order answers came in. */
void tw_diff_sort(struct tw_diff *diff);

#endif
