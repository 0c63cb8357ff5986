/*
 * Loose objects, read here and not by libgit2: version 1.5 never comes back
 * from one that is cut off (a disk that was full, a machine that lost its
 * power), and what was stored or committed must not make a run hang.
 */
#include "harness/git/private.h"
#include "twins/base/units.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 65536

static void path_of(const char *objects, const git_oid *id, struct tw_buf *path)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof hex, id);
	tw_buf_printf(path, "%s%.2s/%s", objects, hex, hex + 2);
}

static FILE *open_loose(const char *objects, const git_oid *id)
{
	struct tw_buf path = {0};
	FILE *file;

	path_of(objects, id, &path);
	file = fopen(path.p, "rb");
	tw_buf_release(&path);
	return file;
}

/* The whole of it, unpacked; false where the stream does not end well. */
static bool unpack(FILE *file, struct tw_buf *out)
{
	unsigned char in[CHUNK], unpacked[CHUNK];
	z_stream z = {0};
	int rc = inflateInit(&z);

	while (rc == Z_OK) {
		if (!z.avail_in) {
			z.next_in = in;
			z.avail_in = (unsigned)fread(in, 1, sizeof in, file);
			if (!z.avail_in)
				break;
		}
		z.next_out = unpacked;
		z.avail_out = sizeof unpacked;
		rc = inflate(&z, Z_NO_FLUSH);
		tw_buf_add(out, unpacked, sizeof unpacked - z.avail_out);
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END;
}

/* "blob 1234", a NUL, and that many bytes. */
static bool parse(const struct tw_buf *whole, struct tw_git_loose *to)
{
	const char *body = memchr(tw_buf_text(whole), '\0', whole->n);
	const char *blank = body ? strchr(whole->p, ' ') : NULL;
	struct tw_str size;
	char type[8];
	int64_t n;

	if (!blank || blank - whole->p >= (ptrdiff_t)sizeof type)
		return false;
	snprintf(type, sizeof type, "%.*s", (int)(blank - whole->p), whole->p);
	size = (struct tw_str){blank + 1, (size_t)(body - blank - 1)};
	to->type = git_object_string2type(type);
	to->at = (size_t)(body + 1 - whole->p);
	to->n = whole->n - to->at;
	return git_object_typeisloose(to->type) && tw_parse_int(size, &n) &&
	       n >= 0 && (size_t)n == to->n;
}

int tw_git_loose(
	const char *objects, const git_oid *id, struct tw_git_loose *to)
{
	FILE *file = open_loose(objects, id);
	bool ok;

	*to = (struct tw_git_loose){0};
	if (!file)
		return GIT_ENOTFOUND;
	ok = unpack(file, &to->whole) && parse(&to->whole, to);
	fclose(file);
	if (ok)
		return GIT_OK;
	tw_buf_release(&to->whole);
	git_error_set_str(GIT_ERROR_ODB, "a loose object is cut off");
	return GIT_ERROR;
}

void tw_git_mend(struct tw_git *git, const git_oid *id)
{
	struct tw_git_loose loose;
	struct tw_buf objects = {0}, path = {0};
	int rc;

	tw_git_objects(git, &objects);
	rc = tw_git_loose(objects.p, id, &loose);
	if (rc && rc != GIT_ENOTFOUND) {
		path_of(objects.p, id, &path);
		unlink(path.p);
	}
	tw_buf_release(&loose.whole);
	tw_buf_release(&objects);
	tw_buf_release(&path);
}
