#include "harness/baseline/digest.h"

#include "tests/unit/test.h"

#include <string.h>

static void check(const char *text, size_t times, const char *want)
{
	struct tw_digest digest;
	char got[TW_DIGEST_TEXT];

	tw_digest_init(&digest);
	for (size_t i = 0; i < times; i++)
		tw_digest_add(&digest, text, strlen(text));
	ck_assert_str_eq(tw_digest_text(&digest, got), want);
}

/* NIST's examples for FIPS 180-4 (SHA256.pdf), the empty message and a
 * million times "a". */
START_TEST(published_vectors)
{
	check("", 1,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
		"55");
	check("abc", 1,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
		"ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06"
		"c1");
	check("a", 1000000,
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112c"
		"d0");
}
END_TEST

START_TEST(parts_keep_their_borders)
{
	struct tw_digest a, b;
	char x[TW_DIGEST_TEXT], y[TW_DIGEST_TEXT];

	tw_digest_init(&a);
	tw_digest_part(&a, "ab", "c");
	tw_digest_init(&b);
	tw_digest_part(&b, "a", "bc");
	ck_assert_str_ne(tw_digest_text(&a, x), tw_digest_text(&b, y));
}
END_TEST

TW_TESTS("baseline/digest", published_vectors, parts_keep_their_borders)
