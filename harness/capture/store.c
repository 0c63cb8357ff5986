#include "harness/capture/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void tw_store_init(struct tw_store *store, size_t limit)
{
	*store = (struct tw_store){.limit = limit, .fd = -1};
}

void tw_store_release(struct tw_store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	tw_buf_release(&store->memory);
	store->fd = -1;
}

static int open_file(struct tw_store *store, struct tw_error *error)
{
	const char *folder = getenv("TMPDIR");
	struct tw_buf path = {0};

	tw_buf_printf(&path, "%s/twinrig-spool-XXXXXX",
		folder && *folder ? folder : "/tmp");
	store->fd = mkostemp(path.p, O_CLOEXEC);
	if (store->fd >= 0)
		unlink(path.p);
	else
		tw_fail(error, TW_E_RUN, "cannot make a temporary file %s: %s",
			tw_buf_text(&path), strerror(errno));
	tw_buf_release(&path);
	return store->fd >= 0 ? 0 : -1;
}

static int spill(struct tw_store *store, struct tw_error *error)
{
	size_t done = 0;

	if (store->fd < 0 && open_file(store, error))
		return -1;
	while (done < store->memory.n) {
		ssize_t n = write(store->fd, store->memory.p + done,
			store->memory.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tw_fail(error, TW_E_RUN,
				"cannot write a temporary file: %s",
				strerror(errno));
		done += (size_t)n;
	}
	store->in_file += done;
	tw_buf_clear(&store->memory);
	return 0;
}

int tw_store_add(
	struct tw_store *store, const void *p, size_t n, struct tw_error *error)
{
	if (store->memory.n && store->memory.n + n > store->limit &&
		spill(store, error))
		return -1;
	tw_buf_add(&store->memory, p, n);
	return 0;
}

uint64_t tw_store_size(const struct tw_store *store)
{
	return store->in_file + store->memory.n;
}

static int get_from_file(const struct tw_store *store, uint64_t offset,
	char *to, size_t n, struct tw_error *error)
{
	while (n) {
		ssize_t got = pread(store->fd, to, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return tw_fail(error, TW_E_RUN,
				"cannot read a temporary file: %s",
				got ? strerror(errno) : "it is too short");
		to += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int tw_store_get(const struct tw_store *store, uint64_t offset, void *to,
	size_t n, struct tw_error *error)
{
	size_t in_file = 0;

	if (offset > tw_store_size(store) || n > tw_store_size(store) - offset)
		return tw_fail(
			error, TW_E_RUN, "a place beyond the end of the spool");
	if (offset < store->in_file) {
		in_file = store->in_file - offset < n
				  ? (size_t)(store->in_file - offset)
				  : n;
		if (get_from_file(store, offset, to, in_file, error))
			return -1;
	}
	if (n > in_file)
		memcpy((char *)to + in_file,
			store->memory.p + (offset + in_file - store->in_file),
			n - in_file);
	return 0;
}
