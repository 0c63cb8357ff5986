#include "harness/commands/input/kustomize.h"

#include "harness/commands/input/render.h"

#include <stdlib.h>
#include <unistd.h>

/* "kustomize", else "kubectl", as PATH has them. */
static const char *kustomize_program(void)
{
	static const char *const programs[] = {"kustomize", "kubectl"};
	const char *path = getenv("PATH");
	struct tw_buf at = {0};
	const char *found = NULL;

	for (size_t i = 0; path && !found && i < 2; i++) {
		const char *from = path;

		while (!found && from) {
			const char *end = strchr(from, ':');
			size_t n = end ? (size_t)(end - from) : strlen(from);

			tw_buf_clear(&at);
			tw_buf_printf(
				&at, "%.*s/%s", (int)n, from, programs[i]);
			if (n && !access(tw_buf_text(&at), X_OK))
				found = programs[i];
			from = end ? end + 1 : NULL;
		}
	}
	tw_buf_release(&at);
	return found;
}

static int run_kustomize(void *to, struct tw_kustomize_call *call,
	struct tw_buf *out, struct tw_diags *diags)
{
	const struct tw_kustomize *it = to;
	const struct tw_origin origin = {TW_FROM_MANIFEST, call->pos, NULL};
	struct tw_text words[4] = {{0}};
	struct tw_texts command = {.v = words};
	const char *program = kustomize_program();
	size_t from = out->n;

	call->program = program;
	if (!program)
		return 0;
	words[command.n++].v = program;
	words[command.n++].v =
		!strcmp(program, "kustomize") ? "build" : "kustomize";
	if (call->helm)
		words[command.n++].v = "--enable-helm";
	words[command.n++].v = *call->dir ? call->dir : ".";
	for (size_t i = 0; i < command.n; i++)
		words[i].origin = &origin;
	/* What the program reads by itself nobody sees: what it writes counts,
	 * in place of it. */
	if (tw_render(it->files, it->directory, &command, out, diags))
		return -1;
	if (it->inputs)
		tw_inputs_made(it->inputs, program, tw_buf_text(out) + from,
			out->n - from);
	return 0;
}

void tw_kustomize_use(struct tw_kustomize *it, struct tw_manifests *manifests)
{
	manifests->kustomize = run_kustomize;
	manifests->kustomize_context = it;
}
