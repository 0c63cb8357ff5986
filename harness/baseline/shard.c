#include "harness/baseline/shard.h"

#include "harness/baseline/bytes.h"
#include "harness/baseline/digest.h"

#include <stdlib.h>

#define MAGIC "TWSH"
#define TAIL  (TW_DIGEST_TEXT - 1)

void tw_shard_init(struct tw_shard *shard, uint32_t index, uint32_t count)
{
	*shard = (struct tw_shard){.index = index, .count = count};
	tw_arena_init(&shard->arena);
	tw_map_init(&shard->trials, &shard->arena);
}

void tw_shard_release(struct tw_shard *shard)
{
	tw_buf_release(&shard->identity);
	tw_arena_release(&shard->arena);
}

bool tw_shard_parse(const char *text, uint32_t *index, uint32_t *count)
{
	const char *slash = strchr(text, '/');
	int64_t i, n;

	if (!slash ||
		!tw_parse_int(
			(struct tw_str){text, (size_t)(slash - text)}, &i) ||
		!tw_parse_int(tw_str_of(slash + 1), &n) || i < 1 || n < i ||
		n > TW_SHARDS_MAX)
		return false;
	*index = (uint32_t)i;
	*count = (uint32_t)n;
	return true;
}

void tw_shard_add(
	struct tw_shard *shard, const char *key, const void *p, size_t n)
{
	struct tw_str *bytes;

	if (tw_map_get_n(&shard->trials, key, TW_ARCHIVE_KEY))
		return;
	bytes = tw_new(&shard->arena, struct tw_str);
	*bytes = (struct tw_str){tw_arena_strndup(&shard->arena, p, n), n};
	tw_map_put_n(&shard->trials, key, TW_ARCHIVE_KEY, bytes);
}

static void digest_of(const void *p, size_t n, char to[static TW_DIGEST_TEXT])
{
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_add(&digest, p, n);
	tw_digest_text(&digest, to);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct tw_map_entry *)a)->key,
		((const struct tw_map_entry *)b)->key);
}

/* Threads end in any order. */
static struct tw_map_entry *sorted(const struct tw_map *trials)
{
	struct tw_map_entry *v = tw_calloc(trials->n + 1, sizeof *v);

	if (trials->n) {
		memcpy(v, trials->v, trials->n * sizeof *v);
		qsort(v, trials->n, sizeof *v, by_key);
	}
	return v;
}

void tw_shard_write(const struct tw_shard *shard, struct tw_buf *out)
{
	char digest[TW_DIGEST_TEXT];
	struct tw_map_entry *trials = sorted(&shard->trials);
	size_t from = out->n;

	tw_buf_add_text(out, MAGIC);
	tw_put_number(out, TW_SHARD_VERSION);
	tw_put_number(out, shard->index);
	tw_put_number(out, shard->count);
	tw_put_text(out, tw_buf_text(&shard->identity));
	tw_put_number(out, shard->trials.n);
	for (size_t i = 0; i < shard->trials.n; i++) {
		const struct tw_str *bytes = trials[i].value;

		tw_buf_add(out, trials[i].key, TW_ARCHIVE_KEY);
		tw_put_number(out, bytes->n);
		tw_buf_add(out, bytes->p, bytes->n);
	}
	digest_of(out->p + from, out->n - from, digest);
	tw_buf_add(out, digest, TAIL);
	tw_free(trials);
}

static void read_trials(struct tw_shard *shard, struct tw_bytes *in)
{
	size_t n = tw_get_count(in, TW_ARCHIVE_KEY + 1);
	const char *last = NULL;

	for (size_t i = 0; i < n && !in->wrong; i++) {
		const char *key = (const char *)in->at;
		size_t size;

		if (tw_bytes_left(in) < TW_ARCHIVE_KEY) {
			tw_bytes_fail(in, "it ends too early");
			return;
		}
		in->at += TW_ARCHIVE_KEY;
		if (memchr(key, '\0', TW_ARCHIVE_KEY) ||
			(last && memcmp(last, key, TW_ARCHIVE_KEY) >= 0))
			tw_bytes_fail(in, "a trial's key is wrong");
		size = tw_get_count(in, 1);
		if (in->wrong)
			return;
		tw_shard_add(shard, key, in->at, size);
		in->at += size;
		last = key;
	}
	if (!in->wrong && in->at != in->end)
		tw_bytes_fail(in, "something follows its end");
}

static void read_all(struct tw_shard *shard, struct tw_bytes *in)
{
	uint64_t index = tw_get_number(in, TW_SHARDS_MAX);
	uint64_t count = tw_get_number(in, TW_SHARDS_MAX);
	struct tw_str identity = tw_get_text(in);

	tw_shard_init(shard, (uint32_t)index, (uint32_t)count);
	tw_buf_add(&shard->identity, identity.p, identity.n);
	if (!in->wrong && (!index || index > count))
		tw_bytes_fail(in, "its number makes no sense");
	read_trials(shard, in);
}

int tw_shard_read(
	struct tw_shard *shard, const void *p, size_t n, struct tw_error *error)
{
	static const size_t head = sizeof MAGIC - 1;
	char digest[TW_DIGEST_TEXT];
	struct tw_bytes in;
	uint64_t version;

	if (n < head || memcmp(p, MAGIC, head))
		return tw_fail(error, TW_E_RUN, "this is no shard of a gate");
	tw_bytes_init(&in, p, n);
	in.at += head;
	version = tw_get_number(&in, UINT64_MAX);
	if (version != TW_SHARD_VERSION)
		return tw_fail(error, TW_E_RUN,
			"it is of version %llu; this twinrig reads %d",
			(unsigned long long)version, TW_SHARD_VERSION);
	if (tw_bytes_left(&in) >= TAIL) {
		digest_of(p, n - TAIL, digest);
		in.end -= TAIL;
	}
	if ((size_t)(in.end - in.start) == n ||
		memcmp(in.end, digest, TAIL) != 0)
		return tw_fail(error, TW_E_RUN,
			"it is damaged or cut off: its %zu bytes are not the "
			"ones that were written",
			n);
	read_all(shard, &in);
	if (!in.wrong)
		return 0;
	tw_shard_release(shard);
	return tw_fail(error, TW_E_RUN, "it is wrong at byte %zu: %s",
		in.wrong_at, in.wrong);
}
