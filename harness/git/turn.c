/*
 * Whose turn it is to change refs (private.h). The kernel takes a flock(2)
 * back when its holder dies, however it does; the folder of the objects is
 * always there, and nothing is left in it.
 */
#include "harness/git/objects.h"
#include "harness/git/private.h"
#include "twins/base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	PAUSE = 20, /* ms */
	TRIES = 5 * TW_GIT_LOCK_STALE / PAUSE,
	OLD = 10 * TW_GIT_LOCK_STALE / 1000, /* s, where there is no flock */
};

void tw_git_turn_take(struct tw_git_turn *turn, struct tw_git *git)
{
	struct tw_buf path = {0};

	*turn = (struct tw_git_turn){.git = git};
	tw_buf_printf(&path, "%sobjects", git_repository_commondir(git->repo));
	turn->folder = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tw_buf_release(&path);
	while (turn->folder >= 0 && flock(turn->folder, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		close(turn->folder);
		turn->folder = -1;
	}
}

void tw_git_turn_end(struct tw_git_turn *turn)
{
	if (turn->folder >= 0)
		close(turn->folder);
}

static void break_it(struct tw_git_turn *turn, const char *path)
{
	struct stat st;
	int64_t made;

	if (stat(path, &st))
		return;
	made = st.st_mtim.tv_sec * TW_S + st.st_mtim.tv_nsec;
	if (st.st_ino != turn->lock || made != turn->made)
		turn->seen = 0;
	turn->lock = st.st_ino;
	turn->made = made;
	turn->seen++;
	/* Without a turn of our own somebody may be at it: by its age. */
	if (turn->folder >= 0 ? turn->seen > TW_GIT_LOCK_STALE / PAUSE
			      : time(NULL) - st.st_mtime > OLD)
		unlink(path);
}

bool tw_git_turn_wait(struct tw_git_turn *turn, const char *ref)
{
	struct tw_buf path = {0};

	tw_buf_printf(&path, "%s%s.lock",
		git_repository_commondir(turn->git->repo), ref);
	break_it(turn, path.p);
	tw_buf_release(&path);
	nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000000L}, NULL);
	return turn->tries++ < TRIES;
}
