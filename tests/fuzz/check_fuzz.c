/* The check language: whatever parses is written in a form that parses to
 * the same form; whatever does not has a finding. */
#include "harness/gate/check.h"
#include "twins/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_str text = {(const char *)data, size};
	struct tw_pos base = {"fuzz", 1, 1, 0};
	struct tw_check check, again;
	struct tw_arena arena;
	struct tw_diags diags;

	tw_arena_init(&arena);
	tw_diags_init(&diags);
	if (tw_check_parse(&check, &arena, text, base, &diags)) {
		tw_assert(diags.errors > 0);
	} else {
		tw_assert(!diags.errors);
		if (strlen(check.text) < 4000) {
			tw_assert(!tw_check_parse(&again, &arena,
				tw_str_of(check.text), base, &diags));
			tw_assert(!strcmp(check.text, again.text));
		}
		tw_check_selects(&check, TW_LABEL_SERVICE, "shop/cart");
	}
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	return 0;
}
