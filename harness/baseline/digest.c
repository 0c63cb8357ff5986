#include "harness/baseline/digest.h"

/* FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube
 * roots of the first 64 primes. */
static const uint32_t round_constants[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf,
	0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
	0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};

static uint32_t turned(uint32_t x, unsigned by)
{
	return x >> by | x << (32 - by);
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* 6.2.2 */
static void take_block(uint32_t state[static 8], const uint8_t *block)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++)
		w[i] = big_endian(block + 4 * i);
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^
			       w[i - 15] >> 3) +
		       (turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^
			       w[i - 2] >> 10);
	memcpy(s, state, sizeof s);
	for (int i = 0; i < 64; i++) {
		uint32_t a = s[0], e = s[4];
		uint32_t one =
			s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
			((e & s[5]) ^ (~e & s[6])) + round_constants[i] + w[i];
		uint32_t two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
			       ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += one;
		s[0] = one + two;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

void tw_digest_init(struct tw_digest *digest)
{
	/* 5.3.3 */
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
		0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(digest->state, start, sizeof start);
	digest->n = 0;
}

void tw_digest_add(struct tw_digest *digest, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n) {
		size_t have = digest->n % 64, take = 64 - have;

		if (!have && n >= 64) {
			take_block(digest->state, at);
			take = 64;
		} else {
			take = take < n ? take : n;
			memcpy(digest->block + have, at, take);
			if (have + take == 64)
				take_block(digest->state, digest->block);
		}
		digest->n += take;
		at += take;
		n -= take;
	}
}

void tw_digest_u64(struct tw_digest *digest, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	tw_digest_add(digest, bytes, sizeof bytes);
}

void tw_digest_bytes(
	struct tw_digest *digest, const char *name, const void *p, size_t n)
{
	size_t length = strlen(name);

	tw_digest_u64(digest, length);
	tw_digest_add(digest, name, length);
	tw_digest_u64(digest, n);
	tw_digest_add(digest, p, n);
}

void tw_digest_part(
	struct tw_digest *digest, const char *name, const char *value)
{
	tw_digest_bytes(digest, name, value, strlen(value));
}

char *tw_digest_text(struct tw_digest *digest, char to[static TW_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t bits = digest->n * 8;
	uint8_t end[72] = {0x80};
	size_t pad = 64 - (digest->n + 8) % 64;

	tw_digest_add(digest, end, pad);
	tw_digest_u64(digest, bits);
	for (size_t i = 0; i < 64; i++)
		to[i] = digits[digest->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
	to[64] = '\0';
	return to;
}
