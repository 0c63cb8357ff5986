#include "twins/base/xxhash.h"

#include "tests/unit/test.h"

#include <string.h>

/* Vectors of others: the reference implementation's xxhsum -H64 (0.8.1), and
 * those that ClickHouse's tests have of it. */
START_TEST(it_is_xxh64)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} rows[] = {
		{"", 0xef46db3751d8e999},
		{"ABC", 0xe66ae7354fcfee98},
		{"xxhash", 0x32dd38952c4bc720},
		{"foo", UINT64_C(3728699739546630719)},
		{"0123", 0x4c33072b45647dcb},
		/* of more than a stripe */
		{"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
		 "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
			0x9a081e2d827f6447},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_uint_eq(
			tw_xxhash64(rows[i].text, strlen(rows[i].text), 0),
			rows[i].hash);
	/* With a seed: bdn's XxHash64 tests. */
	ck_assert_uint_eq(tw_xxhash64("", 0, UINT64_C(0x1234567890abcdef)),
		UINT64_C(0xa2f5c44d0f46c872));
	ck_assert_uint_eq(tw_xxhash64("0", 1, UINT64_C(0x1234567890abcdef)),
		UINT64_C(0xf47ebf7f5cb6795b));
}
END_TEST

TW_TESTS("base/xxhash", it_is_xxh64)
