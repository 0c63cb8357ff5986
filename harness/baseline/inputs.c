#include "harness/baseline/inputs.h"

void tw_inputs_init(struct tw_inputs *inputs)
{
	*inputs = (struct tw_inputs){0};
	tw_arena_init(&inputs->arena);
	tw_map_init(&inputs->seen, &inputs->arena);
}

void tw_inputs_release(struct tw_inputs *inputs)
{
	tw_arena_release(&inputs->arena);
	*inputs = (struct tw_inputs){0};
}

static struct tw_str kept(struct tw_inputs *inputs, const char *p, size_t n)
{
	return (struct tw_str){tw_arena_strndup(&inputs->arena, p, n), n};
}

void tw_inputs_file(
	struct tw_inputs *inputs, const char *path, const char *p, size_t n)
{
	if (tw_map_put(&inputs->seen, path, inputs))
		tw_vec_push_in(&inputs->arena, &inputs->list,
			((struct tw_input){
				.path = tw_arena_strdup(&inputs->arena, path),
				.content = kept(inputs, p, n)}));
}

void tw_inputs_setting(
	struct tw_inputs *inputs, const char *name, const char *value)
{
	const char *parts[] = {name, value};

	for (size_t i = 0; i < 2; i++)
		tw_vec_push_in(&inputs->arena, &inputs->settings,
			tw_arena_strdup(&inputs->arena, parts[i]));
}

void tw_inputs_made(
	struct tw_inputs *inputs, const char *by, const char *p, size_t n)
{
	tw_vec_push_in(&inputs->arena, &inputs->list,
		((struct tw_input){.path = "",
			.content = kept(inputs, p, n),
			.made = tw_arena_strdup(&inputs->arena, by)}));
}

char *tw_inputs_digest(
	const struct tw_inputs *inputs, char to[static TW_DIGEST_TEXT])
{
	struct tw_digest digest;

	tw_digest_init(&digest);
	for (size_t i = 0; i + 1 < inputs->settings.n; i += 2)
		tw_digest_part(&digest, inputs->settings.v[i],
			inputs->settings.v[i + 1]);
	for (size_t i = 0; i < inputs->list.n; i++) {
		const struct tw_input *it = &inputs->list.v[i];

		tw_digest_bytes(&digest, it->made ? it->made : it->path,
			it->content.p, it->content.n);
	}
	return tw_digest_text(&digest, to);
}
