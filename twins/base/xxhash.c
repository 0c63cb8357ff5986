#include "twins/base/xxhash.h"

/* The specification's five primes. */
#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

#define STRIPE 32
#define LANES  4

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* Little endian, `n` bytes of it. */
static uint64_t load(const unsigned char *p, size_t n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | p[n];
	return value;
}

static uint64_t round_of(uint64_t lane, uint64_t word)
{
	return rotate(lane + word * PRIME_2, 31) * PRIME_1;
}

/* Whole stripes; the sum that stands for them. */
static uint64_t stripes(
	const unsigned char **p, const unsigned char *end, uint64_t seed)
{
	uint64_t lanes[LANES] = {
		seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
	uint64_t sum;

	for (; end - *p >= STRIPE; *p += STRIPE)
		for (int i = 0; i < LANES; i++)
			lanes[i] = round_of(lanes[i], load(*p + 8 * i, 8));
	sum = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
	      rotate(lanes[3], 18);
	for (int i = 0; i < LANES; i++)
		sum = (sum ^ round_of(0, lanes[i])) * PRIME_1 + PRIME_4;
	return sum;
}

uint64_t tw_xxhash64(const void *bytes, size_t n, uint64_t seed)
{
	const unsigned char *p = bytes, *end = p + n;
	uint64_t sum = n >= STRIPE ? stripes(&p, end, seed) : seed + PRIME_5;

	sum += n;
	for (; end - p >= 8; p += 8)
		sum = rotate(sum ^ round_of(0, load(p, 8)), 27) * PRIME_1 +
		      PRIME_4;
	for (; end - p >= 4; p += 4)
		sum = rotate(sum ^ load(p, 4) * PRIME_1, 23) * PRIME_2 +
		      PRIME_3;
	for (; p < end; p++)
		sum = rotate(sum ^ *p * PRIME_5, 11) * PRIME_1;
	sum = (sum ^ sum >> 33) * PRIME_2;
	sum = (sum ^ sum >> 29) * PRIME_3;
	return sum ^ sum >> 32;
}
