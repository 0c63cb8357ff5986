/*
 * Recorded answers for a candidate's own calls, found by service, method,
 * target and body: the best match wins,
 *
 *	exact	  same method, path, query (in any order) and body (JSON by what
 *		  it means)
 *	query	  same method and path, another query or body
 *	template  same endpoint, another path
 *
 * and of several recorded under it the n-th call gets the n-th; when they are
 * used up, the last again. An inexact match is counted, because a candidate
 * that asks for something else is what a person wants to know.
 *
 * No match where its service has recorded answers is a miss: the candidate
 * gets 501 with an explanation, and it is a finding. Where a service has none
 * at all the answer is synthesised: the model's status and "{}".
 */
#ifndef TW_LIVE_ANSWERS_H
#define TW_LIVE_ANSWERS_H

#include "harness/live/traffic.h"
#include "twins/base/map.h"
#include "twins/base/text.h"

enum tw_answer {
	TW_ANSWER_EXACT,
	TW_ANSWER_QUERY,
	TW_ANSWER_TEMPLATE,
	TW_ANSWER_MISS,
	TW_ANSWER_SYNTHETIC,
};

#define TW_ANSWER_KINDS 5

const char *tw_answer_name(enum tw_answer kind);

struct tw_answers {
	struct tw_arena arena;
	struct tw_map lists;	/* private: key -> a list and its cursor */
	struct tw_map services; /* private: those with any answer */
};

/* Borrows the exchanges, which are in order of time. */
void tw_answers_init(struct tw_answers *answers,
	const struct tw_live_exchange *exchanges, size_t n);
void tw_answers_release(struct tw_answers *answers);

/* A call that wants an answer. */
struct tw_asked {
	uint32_t service;
	uint32_t endpoint; /* TW_NONE: the model knows none for it */
	struct tw_str method, target, body;
};

/* NULL with TW_ANSWER_MISS and TW_ANSWER_SYNTHETIC. */
const struct twinrig_exchange *tw_answers_find(struct tw_answers *answers,
	const struct tw_asked *asked, enum tw_answer *kind);

#endif
