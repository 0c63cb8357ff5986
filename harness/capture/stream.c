#include "harness/capture/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT ((size_t)256 << 10)

struct tw_inflate {
	z_stream stream;
	bool between; /* a member has ended */
	bool ended;   /* no more input */
	unsigned char input[INPUT];
};

static int more(struct twinrig_source *source, size_t used);

static void start(struct tw_stream *source)
{
	*source = (struct tw_stream){.fd = -1};
	source->source.struct_size = sizeof source->source;
	source->source.more = more;
	source->cap = TW_STREAM_WINDOW;
	source->buffer = tw_malloc(source->cap);
	source->source.data = source->buffer;
}

int tw_stream_open(
	struct tw_stream *source, const char *path, struct tw_error *error)
{
	bool standard = !strcmp(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*source = (struct tw_stream){.fd = -1};
	if (fd < 0)
		return tw_fail(error, errno == ENOENT ? TW_E_USAGE : TW_E_RUN,
			"cannot open %s: %s", path, strerror(errno));
	start(source);
	source->fd = fd;
	source->owns_fd = !standard;
	return 0;
}

void tw_stream_open_memory(struct tw_stream *source, const void *p, size_t n)
{
	start(source);
	source->memory = p;
	source->memory_left = n;
}

void tw_stream_release(struct tw_stream *source)
{
	if (source->owns_fd)
		close(source->fd);
	if (source->inflate)
		inflateEnd(&source->inflate->stream);
	tw_free(source->inflate);
	tw_free(source->buffer);
	*source = (struct tw_stream){.fd = -1};
}

/* Stored bytes; 0: the end, -1: source->failure. */
static ssize_t read_stored(struct tw_stream *source, void *to, size_t room)
{
	ssize_t n;

	if (source->fd < 0) {
		n = (ssize_t)(room < source->memory_left ? room
							 : source->memory_left);
		if (n)
			memcpy(to, source->memory, (size_t)n);
		source->memory += n;
		source->memory_left -= (size_t)n;
		source->bytes += (uint64_t)n;
		return n;
	}
	do
		n = read(source->fd, to, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		source->failure = strerror(errno);
	else
		source->bytes += (uint64_t)n;
	return n;
}

static int refill_input(struct tw_stream *source)
{
	struct tw_inflate *in = source->inflate;
	ssize_t n;

	if (in->stream.avail_in || in->ended)
		return 0;
	n = read_stored(source, in->input, sizeof in->input);
	if (n < 0)
		return -1;
	in->ended = !n;
	in->stream.next_in = in->input;
	in->stream.avail_in = (unsigned)n;
	return 0;
}

static ssize_t read_inflated(struct tw_stream *source, char *to, size_t room)
{
	struct tw_inflate *in = source->inflate;
	size_t left;

	in->stream.next_out = (unsigned char *)to;
	in->stream.avail_out =
		(unsigned)(room < UINT32_MAX / 2 ? room : UINT32_MAX / 2);
	left = in->stream.avail_out;
	while (in->stream.avail_out == left) {
		int result;

		if (refill_input(source))
			return -1;
		if (in->between && !in->stream.avail_in)
			return 0;
		if (in->between) {
			/* Zeros behind a member are padding. */
			if (*in->stream.next_in != 0x1f)
				return 0;
			inflateReset(&in->stream);
			in->between = false;
		}
		result = inflate(&in->stream, Z_NO_FLUSH);
		if (result == Z_STREAM_END) {
			in->between = true;
		} else if (result != Z_OK && result != Z_BUF_ERROR) {
			source->failure = "its gzip data is damaged";
			return -1;
		} else if (in->ended && !in->stream.avail_in &&
			   in->stream.avail_out == left) {
			source->failure = "its gzip data is cut short";
			return -1;
		}
	}
	return (ssize_t)(left - in->stream.avail_out);
}

static ssize_t read_some(struct tw_stream *source, char *to, size_t room)
{
	return source->inflate ? read_inflated(source, to, room)
			       : read_stored(source, to, room);
}

/* The stored bytes so far become the input of the inflation. */
static void start_inflating(struct tw_stream *source)
{
	struct tw_inflate *in = tw_calloc(1, sizeof *in);

	memcpy(in->input, source->buffer, source->held);
	in->stream.next_in = in->input;
	in->stream.avail_in = (unsigned)source->held;
	inflateInit2(&in->stream, 15 + 16); /* 16: gzip (zlib.h) */
	source->inflate = in;
	source->held = 0;
	source->ended = false;
	source->compressed = true;
}

static int hold(struct tw_stream *source, size_t size)
{
	while (source->held < size && !source->ended) {
		ssize_t n = read_some(source, source->buffer + source->held,
			size - source->held);

		if (n < 0)
			return -1;
		source->ended = !n;
		source->held += (size_t)n;
	}
	return 0;
}

static int prime(struct tw_stream *source)
{
	const unsigned char *magic = (unsigned char *)source->buffer;

	source->primed = true;
	if (hold(source, TW_STREAM_PROBE))
		return -1;
	if (source->held < 2 || magic[0] != 0x1f || magic[1] != 0x8b)
		return 0;
	start_inflating(source);
	return hold(source, TW_STREAM_PROBE);
}

int tw_stream_probe(
	struct tw_stream *source, const char **data, size_t *n, bool *whole)
{
	int result = source->primed ? 0 : prime(source);

	*data = source->buffer;
	*n = source->held;
	*whole = source->ended;
	return result;
}

static int more(struct twinrig_source *given, size_t used)
{
	struct tw_stream *source =
		(struct tw_stream *)(void *)((char *)given -
					     offsetof(
						     struct tw_stream, source));
	size_t rest;
	ssize_t n;

	if (source->failure || (!source->primed && prime(source)))
		return -1;
	if (source->held) {
		given->size = source->held;
		source->held = 0;
		return 1;
	}
	rest = given->size - used;
	memmove(source->buffer, source->buffer + used, rest);
	given->size = rest;
	if (source->ended)
		return 0;
	if (rest == source->cap) {
		if (source->cap >= TW_STREAM_RECORD) {
			source->failure = "a record is longer than 1 GiB";
			return -1;
		}
		source->cap *= 2;
		source->buffer = tw_realloc(source->buffer, source->cap);
	}
	given->data = source->buffer;
	n = read_some(source, source->buffer + rest, source->cap - rest);
	if (n < 0)
		return -1;
	source->ended = !n;
	given->size = rest + (size_t)n;
	return n > 0;
}
