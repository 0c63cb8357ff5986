/*
 * Regular expressions of selectors and routes, anchored at both ends as in
 * PromQL, RE2 full matches and Envoy's safe_regex: `shop/.+` matches the whole
 * of a name or nothing.
 *
 * Understood: literals, `.`, classes ([a-z], [^/], \d \w \s and their
 * capitals), groups, `|`, and `*` `+` `?`. A backslash takes the next
 * punctuation mark literally. Counted repeats ({2,3}), back references and
 * look-around are not there: each is an error that says so.
 *
 * Matching follows all alternatives at once (Thompson, CACM 11:6, 1968), so
 * that it takes time linear in the text whatever the pattern: a pattern from
 * a pull request can not hang a gate.
 */
#ifndef TW_BASE_REGEX_H
#define TW_BASE_REGEX_H

#include "twins/base/text.h"

#define TW_REGEX_MAX 1000 /* bytes of a pattern */

struct tw_regex; /* lives in the arena it was compiled in */

/* NULL where the pattern is wrong: *at is the byte it is wrong at and *why a
 * literal that says what is wrong. */
const struct tw_regex *tw_regex_compile(struct tw_arena *arena,
	struct tw_str pattern, size_t *at, const char **why);

bool tw_regex_match(const struct tw_regex *regex, const char *text);

#endif
