/*
 * SHA-256 (FIPS 180-4), for keys by content: what determines a result is
 * hashed part by part, and equal keys mean equal results. Own code, since no
 * library that we link with has one to call.
 *
 *	struct tw_digest digest;
 *	char key[TW_DIGEST_TEXT];
 *
 *	tw_digest_init(&digest);
 *	tw_digest_part(&digest, "seed", "1");
 *	tw_digest_text(&digest, key);
 */
#ifndef TW_BASELINE_DIGEST_H
#define TW_BASELINE_DIGEST_H

#include "twins/base/text.h"

#define TW_DIGEST_TEXT 65 /* 64 hexadecimal digits */

struct tw_digest {
	uint32_t state[8];
	uint64_t n; /* bytes so far */
	uint8_t block[64];
};

void tw_digest_init(struct tw_digest *digest);
void tw_digest_add(struct tw_digest *digest, const void *p, size_t n);
void tw_digest_u64(struct tw_digest *digest, uint64_t value);
/* A name and its value, with their lengths: no two lists of parts are alike.
 */
void tw_digest_part(
	struct tw_digest *digest, const char *name, const char *value);
void tw_digest_bytes(
	struct tw_digest *digest, const char *name, const void *p, size_t n);
/* Ends it. */
char *tw_digest_text(struct tw_digest *digest, char to[static TW_DIGEST_TEXT]);

#endif
