#include "harness/commands/check/sarif.h"

#include "harness/commands/command.h"
#include "harness/commands/check/rules.h"
#include "harness/commands/output.h"
#include "harness/git/git.h"

#include <string.h>

bool tw_finding_is_known(
	const struct tw_diags *diags, const struct tw_diag *diag)
{
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct tw_diag *other = diags->list.v[i];

		if (!strcmp(other->message, diag->message) &&
			!strcmp(other->rule ? other->rule : "",
				diag->rule ? diag->rule : ""))
			return true;
	}
	return false;
}

const char *tw_findings_root(const char *directory, struct tw_arena *arena)
{
	struct tw_error error;
	struct tw_git *git = tw_git_open(directory, &error);
	const char *root;

	if (git) {
		root = tw_arena_strdup(arena, tw_git_prefix(git));
		tw_git_free(git);
		return root;
	}
	while (!strncmp(directory, "./", 2))
		directory += 2;
	return *directory == '/' || !strcmp(directory, ".") ? "" : directory;
}

void tw_sarif_findings(struct tw_sarif *sarif, const struct tw_diags *diags,
	const struct tw_diags *known)
{
	for (size_t i = 0; i < diags->list.n; i++)
		if (!known || !tw_finding_is_known(known, diags->list.v[i]))
			tw_vec_push(&sarif->findings, diags->list.v[i]);
}

int tw_sarif_file(struct tw_sarif *sarif, const char *path)
{
	struct tw_rules rules = tw_rules_all();
	struct tw_buf text = {0};
	int status;

	sarif->version = TW_VERSION;
	sarif->rules = rules.v;
	sarif->n_rules = rules.n;
	tw_sarif_write(sarif, &text);
	status = tw_output_write(path, &text);
	tw_buf_release(&text);
	tw_vec_release(&rules);
	return status;
}
