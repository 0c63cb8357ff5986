/*
 * Numbers with units, as people write them, and back. No locale, no libm:
 * the same text gives the same value everywhere.
 *
 * The parsers take the whole slice or nothing (false).
 */
#ifndef TW_BASE_UNITS_H
#define TW_BASE_UNITS_H

#include "twins/base/text.h"

/* Nanoseconds. */
typedef int64_t tw_time;

#define TW_NS	 INT64_C(1)
#define TW_US	 INT64_C(1000)
#define TW_MS	 INT64_C(1000000)
#define TW_S	 INT64_C(1000000000)
#define TW_MIN	 (60 * TW_S)
#define TW_H	 (60 * TW_MIN)
#define TW_NEVER INT64_MAX

/* "250ms", "1.5s", "1h30m", "90us", "10µs", "5ns", "1d", "-1s", and a bare
 * "0". Units d h m s ms us µs ns. Out of range is false. */
bool tw_parse_duration(struct tw_str s, tw_time *ns);

/* Decimal number, optional fraction and exponent ("1e3"); no inf, no nan. */
bool tw_parse_real(struct tw_str s, double *value);
/* Decimal integer, optional sign. */
bool tw_parse_int(struct tw_str s, int64_t *value);

/*
 * Kubernetes quantities (apimachinery/pkg/api/resource/quantity.go):
 * suffixes n u m "" k M G T P E, Ki Mi Gi Ti Pi Ei, and exponents. The result
 * is in thousandths ("500m" -> 500, "2" -> 2000, "1Ki" -> 1024000), rounded
 * up as Kubernetes rounds.
 */
bool tw_parse_quantity(struct tw_str s, int64_t *thousandths);

/* A number and one of these units (up to NULL) behind it, times its factor:
 * more than 0, at most 1e15. */
bool tw_parse_per_second(struct tw_str s, const char *const *units,
	const double *factors, double *value);
/* "10Mbit/s", "1.5MB/s" -> bytes/s. */
bool tw_parse_bandwidth(struct tw_str s, double *value);

/* "10%" -> 0.1. */
bool tw_parse_percent(struct tw_str s, double *ratio);

/* Shortest fitting form of up to 4 significant digits: "1.234ms", "0s",
 * "2m30s" from a minute on. Returns `to`. */
#define TW_TIME_TEXT 32
char *tw_time_text(tw_time ns, char to[static TW_TIME_TEXT]);

/* A real in the fewest digits (at most 17) that read back as the same double:
 * "0.1", "1e+300". NaN and infinities are not finite numbers: asserted. */
#define TW_REAL_TEXT 32
char *tw_real_text(double value, char to[static TW_REAL_TEXT]);

#endif
