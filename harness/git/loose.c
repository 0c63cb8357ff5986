/*
 * Loose objects, looked at before libgit2 reads them: version 1.5 never comes
 * back from one that is cut off (a disk that was full, a machine that lost
 * its power), and a result that was stored must not make a later run hang.
 */
#include "harness/git/private.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 65536

static void path_of(struct tw_git *git, const git_oid *id, struct tw_buf *path)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof hex, id);
	tw_buf_printf(path, "%sobjects/%.2s/%s",
		git_repository_commondir(git->repo), hex, hex + 2);
}

static FILE *open_loose(struct tw_git *git, const git_oid *id)
{
	struct tw_buf path = {0};
	FILE *file;

	path_of(git, id, &path);
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
		if (out->n > TW_FILE_MAX)
			break;
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END;
}

int tw_git_loose(struct tw_git *git, const git_oid *id, struct tw_buf *content)
{
	FILE *file = open_loose(git, id);
	struct tw_buf whole = {0};
	const char *body;
	bool ok;

	if (!file)
		return GIT_ENOTFOUND;
	ok = unpack(file, &whole);
	fclose(file);
	/* "blob 1234", a NUL, and that many bytes. */
	body = ok ? memchr(tw_buf_text(&whole), '\0', whole.n) : NULL;
	if (body && content)
		tw_buf_add(content, body + 1,
			whole.n - (size_t)(body + 1 - whole.p));
	tw_buf_release(&whole);
	if (body)
		return GIT_OK;
	git_error_set_str(GIT_ERROR_ODB, "a loose object is cut off");
	return GIT_ERROR;
}

void tw_git_mend(struct tw_git *git, const git_oid *id)
{
	struct tw_buf path = {0};
	int rc = tw_git_loose(git, id, NULL);

	if (rc && rc != GIT_ENOTFOUND) {
		path_of(git, id, &path);
		unlink(path.p);
		tw_buf_release(&path);
	}
}
