/*
 * Traits: which of the conditions that a spec's routes make (headers, query,
 * regular expressions for paths) a request fulfils, as far as that is known.
 *
 * Each different condition of a spec has a number, in the order of policies
 * and entries; the number depends on nothing else. Traits have a bit for each
 * that holds and a bit for each that is known to hold or not to hold. A route
 * whose condition is not known does not match, and that it could not be told
 * is counted.
 *
 * What is known
 *   a captured request   its headers, query and path. Of headers that are not
 *                        there: known only where the capture has headers of
 *                        requests at all (an access log has not).
 *   a call inside        headers that the caller passes on are its own
 *                        request's; the call's own `headers:` are known; all
 *                        others are known not to be there. The query is not
 *                        known, and of a regular expression for the path only
 *                        what the endpoint's name tells.
 *   made-up traffic, calls of a real candidate   nothing.
 *
 * Passed on are the headers of tracing: x-request-id, x-b3-*, b3, traceparent,
 * tracestate, baggage, x-ot-span-context, x-cloud-trace-context, grpc-trace-bin
 * (Istio, "Distributed Tracing FAQ", and W3C Trace Context and Baggage, and
 * what the services themselves have to copy), and what `propagate` names.
 */
#ifndef TW_MODEL_TRAITS_H
#define TW_MODEL_TRAITS_H

#include "twins/model/spec.h"

#define TW_TRAITS_MAX 32 /* conditions of one spec */

/* Bit i: condition i holds; bit 32 + i: that is known. */
typedef uint64_t tw_traits;

#define TW_TRAITS_UNKNOWN 0

static inline tw_traits tw_trait(uint32_t condition, bool holds)
{
	return (UINT64_C(1) << (32 + condition)) | (uint64_t)holds << condition;
}

/* The different conditions of a spec; `negated` of them is false. */
struct tw_conditions {
	struct tw_arena *arena;
	const struct tw_spec_condition *of[TW_TRAITS_MAX];
	const struct tw_regex *regex[TW_TRAITS_MAX]; /* NULL: none, or wrong */
	uint32_t n;
	size_t beyond; /* more than there is room for: they never hold */
};

/* Borrows the spec. The readers have told of patterns that are wrong. */
void tw_conditions_of(const struct tw_spec *spec, struct tw_arena *arena,
	struct tw_conditions *to);
/* Its number; TW_TRAITS_MAX: beyond the limit. */
uint32_t tw_conditions_number(const struct tw_conditions *conditions,
	const struct tw_spec_condition *condition);

/* False: its pattern is wrong; nobody can tell whether it holds. */
bool tw_condition_is_usable(
	const struct tw_conditions *conditions, uint32_t number);
/* "header end-user = jason, query q ~ a.*": those of a mask, for people. */
void tw_conditions_text(const struct tw_conditions *conditions, uint32_t mask,
	struct tw_buf *to);
/* Does a value fulfil the condition? `there` false: no such header or
 * parameter. */
bool tw_condition_holds(const struct tw_conditions *conditions, uint32_t number,
	bool there, struct tw_str value);

/* The conditions of one rule as masks: those that must hold and those that
 * must not. False: one is beyond the limit, so that the rule never matches. */
struct tw_wanted {
	uint32_t yes, no;
};

bool tw_conditions_wanted(const struct tw_conditions *conditions,
	const struct tw_spec_conditions *of, struct tw_wanted *to);

enum tw_told { TW_TOLD_NO, TW_TOLD_YES, TW_TOLD_UNKNOWN };

static inline enum tw_told tw_traits_tell(
	tw_traits traits, struct tw_wanted wanted)
{
	uint32_t holds = (uint32_t)traits, known = (uint32_t)(traits >> 32);

	if ((wanted.yes & known & ~holds) || (wanted.no & known & holds))
		return TW_TOLD_NO;
	return (wanted.yes | wanted.no) & ~known ? TW_TOLD_UNKNOWN
						 : TW_TOLD_YES;
}

/* What becomes of traits from a request to a call made for it. */
struct tw_carry {
	tw_traits keep, set;
};

/* `endpoint`: the name of the called one; headers: those that the call sets. */
struct tw_carry tw_conditions_carry(const struct tw_conditions *conditions,
	const struct tw_spec *spec, const char *endpoint,
	const struct tw_labels *headers);

/* Whether services pass a header on to those that they call. */
bool tw_header_goes_on(const struct tw_spec *spec, const char *name);
/* Of the headers that a call sets, without regard to case; NULL: it has no
 * such header. headers may be NULL. */
const char *tw_header_value(const struct tw_labels *headers, const char *name);

#endif
