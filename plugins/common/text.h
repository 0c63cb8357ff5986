/*
 * What readers of text need: slices, decimals, instants, UTF-8, base64. No
 * locale, no floating point. Parsers take the whole slice or nothing (false).
 */
#ifndef TW_PLUGINS_COMMON_TEXT_H
#define TW_PLUGINS_COMMON_TEXT_H

#include "plugins/common/scratch.h"
#include "plugins/twinrig-plugin.h"

#include <stdbool.h>

/* ASCII, without case. */
bool tw_text_is_nocase(struct twinrig_text text, const char *word);
bool tw_text_is(struct twinrig_text text, const char *word);
bool tw_text_starts(struct twinrig_text text, const char *prefix);

/* A decimal ("12", "-0.5", "1.5e3") times 10^power, rounded half away from
 * zero: tw_decimal("1.25", 9, &ns) reads seconds as nanoseconds. */
bool tw_decimal(struct twinrig_text text, int power, int64_t *value);
/* Digits only. */
bool tw_digits(const char *p, size_t n, uint64_t *value);

/* Days from 1970-01-01 of a Gregorian date; month from 1, day from 1. */
int64_t tw_days(int64_t year, unsigned month, unsigned day);

/*
 * ISO 8601 / RFC 3339: "2026-11-23T10:05:03[.fraction][Z|+01:00|+0100]",
 * blank or 't' instead of 'T'; no zone is UTC. *resolution: what the last
 * digit of the fraction stands for, at least 1 ns.
 */
bool tw_time_iso(struct twinrig_text text, int64_t *time, int64_t *resolution);

/* "2026-11-23T10:05:03.000000001Z", always with nine digits; to has 48. */
size_t tw_time_iso_text(int64_t time, char to[48]);

/* Whether all of it is UTF-8. */
bool tw_is_utf8(const char *p, size_t n);

/* Decodes into the pool; blanks are skipped, padding may be missing. */
bool tw_base64_decode(struct tw_scratch *pool, struct twinrig_text text,
	struct twinrig_text *to);
/* Writes 4 * ((n + 2) / 3) bytes; returns that. */
size_t tw_base64_encode(const void *p, size_t n, char *to);

/*
 * Splits "http://host:1/a?b" into scheme, host and target ("/a?b"); whatever
 * is not there stays as it is. A target that begins with '/' or is "*" is
 * left whole. User information before '@' is dropped.
 */
void tw_split_url(struct twinrig_text url, struct twinrig_text *scheme,
	struct twinrig_text *host, struct twinrig_text *target);

/* Where the host hands over exchanges: common defaults. */
void tw_exchange_init(struct twinrig_exchange *exchange);

#endif
