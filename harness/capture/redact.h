/*
 * Redaction: secrets are replaced on the way to the disk. A placeholder is
 * "redacted-" and 12 hexadecimal digits of a keyed hash (SipHash-2-4) of the
 * secret, so that equal secrets stay equal, and nobody without the key can
 * try out which one it was. A number becomes another number. A placeholder is
 * left as it is.
 *
 * What is taken for a secret:
 *  - values of headers, query and form parameters, JSON members (with all
 *    below them), whose names say so: tw_redact_name();
 *  - all values of Cookie and Set-Cookie; user and password in a URL;
 *  - the client's address and the user, where the capture tells them, and
 *    addresses in X-Forwarded-For, X-Real-IP and Forwarded;
 *  - anywhere else in a text: JSON Web Tokens, and keys by the well-known
 *    prefixes of their makers (AKIA…, ghp_…, sk_live_…, PEM private keys).
 * A body in gzip or deflate is looked into and stored plain; one in another
 * coding, JSON that is broken from there on, and multipart forms with a
 * field of such a name are replaced as a whole.
 *
 * It is a net, not a proof: secrets under innocent names in free text pass.
 */
#ifndef TW_HARNESS_CAPTURE_REDACT_H
#define TW_HARNESS_CAPTURE_REDACT_H

#include "plugins/common/json.h"
#include "plugins/common/scratch.h"
#include "plugins/twinrig-plugin.h"

#define TW_REDACT_BODY_MAX ((size_t)64 << 20) /* inflated */

struct tw_redact {
	uint64_t key[2];
	uint64_t count; /* secrets replaced so far */

	/* Its own: memory of the last exchange. */
	struct tw_scratch pool;
	struct tw_json json;
};

/* key NULL: a random one of the system's. */
void tw_redact_init(struct tw_redact *redact, const uint8_t key[16]);
void tw_redact_release(struct tw_redact *redact);

/* *to: as *from without secrets; valid until the next call. */
void tw_redact_exchange(struct tw_redact *redact,
	const struct twinrig_exchange *from, struct twinrig_exchange *to);

/* Whether a name ("access_token", "X-Api-Key") is that of a secret. */
bool tw_redact_name(struct twinrig_text name);

/* The parts, for what else is written to a disk (redact_text.c). Results are
 * `text` itself where nothing was found, else in the pool. */
struct twinrig_text tw_redact_value(
	struct tw_redact *redact, struct twinrig_text value);
struct twinrig_text tw_redact_text(
	struct tw_redact *redact, struct twinrig_text text);
struct twinrig_text tw_redact_query(
	struct tw_redact *redact, struct twinrig_text query);
struct twinrig_text tw_redact_target(
	struct tw_redact *redact, struct twinrig_text target);
struct twinrig_text tw_redact_json(
	struct tw_redact *redact, struct twinrig_text json);

/* SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012),
 * 64 bits out. */
uint64_t tw_siphash(const uint64_t key[2], const void *p, size_t n);

#endif
