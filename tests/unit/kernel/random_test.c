#include "tests/unit/test.h"

#include "twins/kernel/random.h"

static void is_philox(const uint32_t in[6], const uint32_t out[4])
{
	struct tw_philox counter = {{in[0], in[1], in[2], in[3]}};
	struct tw_philox got = tw_philox4x32(counter, in[4], in[5]);
	struct tw_philox plain = tw_philox4x32_plain(counter, in[4], in[5]);

	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(got.v[i], out[i]);
		ck_assert_uint_eq(plain.v[i], out[i]);
	}
	ck_assert_uint_eq(tw_draw_bits(in[4] | (uint64_t)in[5] << 32,
				  in[0] | (uint64_t)in[1] << 32, in[2], in[3]),
		out[0] | (uint64_t)out[1] << 32);
}

/* Random123 1.14.0, tests/kat_vectors, the rows "philox4x32 10". */
START_TEST(philox_gives_the_published_vectors)
{
	is_philox((uint32_t[]){0, 0, 0, 0, 0, 0},
		(uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
	is_philox((uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
			  0xffffffff, 0xffffffff},
		(uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
	is_philox((uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344,
			  0xa4093822, 0x299f31d0},
		(uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}
END_TEST

START_TEST(a_uniform_never_reaches_its_ends)
{
	ck_assert(tw_uniform_of(0) == 0x1p-53);
	ck_assert(tw_uniform_of(UINT64_MAX) == 1 - 0x1p-53);
	ck_assert(tw_uniform_of(UINT64_MAX) < 1);
	ck_assert(1 - (1 - tw_uniform_of(0)) == tw_uniform_of(0));
}
END_TEST

START_TEST(each_part_of_the_name_makes_another_draw)
{
	double u = tw_draw(1, 2, TW_DRAW_FAULT, 4);

	ck_assert(u == tw_draw(1, 2, TW_DRAW_FAULT, 4));
	ck_assert(u != tw_draw(2, 2, TW_DRAW_FAULT, 4));
	ck_assert(u != tw_draw(1, 3, TW_DRAW_FAULT, 4));
	ck_assert(u != tw_draw(1, 2, TW_DRAW_WORK, 4));
	ck_assert(u != tw_draw(1, 2, TW_DRAW_FAULT, 5));
	/* The upper halves count too. */
	ck_assert(u != tw_draw(1 | UINT64_C(1) << 40, 2, TW_DRAW_FAULT, 4));
	ck_assert(u != tw_draw(1, 2 | UINT64_C(1) << 40, TW_DRAW_FAULT, 4));
}
END_TEST

/* Chi-square over 100 cells, and the correlation of neighbours: wide bounds
 * (5 sigma) on a fixed sequence. */
START_TEST(keys_made_beforehand_change_no_draw)
{
	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct tw_draw_keys keys;

		tw_draw_keys(&keys, ~seed * UINT64_C(0x9e3779b97f4a7c15));
		ck_assert_uint_eq(tw_draw_bits_with(&keys, ~seed, 3, 7),
			tw_draw_bits(keys.seed, ~seed, 3, 7));
	}
}
END_TEST

START_TEST(draws_are_uniform_and_uncorrelated)
{
	enum { N = 200000, CELLS = 100 };
	static int cells[CELLS];
	double chi = 0, product = 0, last = 0.5;

	for (uint32_t i = 0; i < N; i++) {
		double u = tw_draw(7, i, TW_DRAW_WORK, 0);

		cells[(int)(u * CELLS)]++;
		product += (u - 0.5) * (last - 0.5);
		last = u;
	}
	for (int i = 0; i < CELLS; i++) {
		double d = cells[i] - (double)N / CELLS;

		chi += d * d / ((double)N / CELLS);
	}
	ck_assert_double_lt(chi, 99 + 5 * 14.07);
	ck_assert_double_gt(chi, 99 - 5 * 14.07);
	product = product / N * 12;
	ck_assert_double_lt(product, 0.0112);
	ck_assert_double_gt(product, -0.0112);
}
END_TEST

START_TEST(integers_stay_below_their_bound)
{
	int seen[3] = {0};

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t k = tw_draw_below(1, i, TW_DRAW_BALANCE, 0, 3);

		ck_assert_uint_lt(k, 3);
		seen[k]++;
	}
	for (int k = 0; k < 3; k++)
		ck_assert(seen[k] > 870 && seen[k] < 1130);
	ck_assert_uint_eq(tw_draw_below(1, 2, TW_DRAW_BALANCE, 0, 1), 0);
}
END_TEST

TW_TESTS("kernel/random", philox_gives_the_published_vectors,
	a_uniform_never_reaches_its_ends,
	each_part_of_the_name_makes_another_draw,
	keys_made_beforehand_change_no_draw, draws_are_uniform_and_uncorrelated,
	integers_stay_below_their_bound)
