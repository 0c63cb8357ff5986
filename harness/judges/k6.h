/*
 * One threshold of k6 (metrics/thresholds_parser.go): a method, blanks, an
 * operator, blanks, a number.
 */
#ifndef TW_JUDGES_K6_H
#define TW_JUDGES_K6_H

#include <stdbool.h>
#include <stddef.h>

enum tw_k6_method {
	TW_K6_AVG,
	TW_K6_MIN,
	TW_K6_MAX,
	TW_K6_MED,
	TW_K6_P,
	TW_K6_COUNT,
	TW_K6_RATE,
	TW_K6_VALUE,
};

enum tw_k6_op {
	TW_K6_LT,
	TW_K6_LE,
	TW_K6_GT,
	TW_K6_GE,
	TW_K6_EQ,
	TW_K6_NE,
};

struct tw_k6_threshold {
	enum tw_k6_method method;
	double p; /* of p(95): 0 .. 100 */
	enum tw_k6_op op;
	double limit;
};

/* Bytes of the text, and what is expected there. */
struct tw_k6_wrong {
	size_t at, width;
	const char *what;
};

/* False: it is none, and why. */
bool tw_k6_parse(
	const char *text, struct tw_k6_threshold *to, struct tw_k6_wrong *why);
bool tw_k6_holds(const struct tw_k6_threshold *threshold, double value);

#endif
