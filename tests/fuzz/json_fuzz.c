/* The streaming JSON reader: windows of any size give the same tokens, and
 * the redaction of what is JSON is JSON. */
#include "harness/capture/redact.h"
#include "plugins/common/text.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"
#include "twins/base/text.h"

struct drip {
	struct twinrig_source source;
	const char *text;
	size_t left, step;
	struct tw_buf window;
};

static int more(struct twinrig_source *source, size_t used)
{
	struct drip *drip = (struct drip *)(void *)source;
	size_t n = drip->left < drip->step ? drip->left : drip->step;

	tw_assert(used <= source->size);
	if (used)
		memmove(drip->window.p, drip->window.p + used,
			drip->window.n - used);
	drip->window.n -= used;
	tw_buf_add(&drip->window, drip->text, n);
	drip->text += n;
	drip->left -= n;
	source->data = drip->window.p;
	source->size = drip->window.n;
	return n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct twinrig_text text = {(const char *)data, n};
	struct drip drip = {
		.source = {.struct_size = sizeof drip.source, .more = more},
		.text = text.p,
		.left = n,
		.step = n ? data[0] % 7 + 1 : 1};
	static const uint8_t key[16];
	struct tw_redact redact;
	struct tw_json whole, pieces;

	tw_json_init_text(&whole, text.p, n);
	tw_json_init(&pieces, &drip.source);
	do {
		tw_json_next(&whole);
		tw_json_next(&pieces);
		tw_assert(whole.type == pieces.type);
		tw_assert(whole.line == pieces.line);
		if (whole.type == TW_JSON_STRING || whole.type == TW_JSON_KEY)
			tw_assert(whole.text.n == pieces.text.n &&
				  (!whole.text.n ||
					  !memcmp(whole.text.p, pieces.text.p,
						  whole.text.n)) &&
				  tw_is_utf8(whole.text.p, whole.text.n));
	} while (whole.type > TW_JSON_END);
	tw_assert(whole.type == TW_JSON_END || whole.error);
	tw_assert(whole.column == pieces.column);
	tw_redact_init(&redact, key);
	if (whole.type == TW_JSON_END) {
		struct twinrig_text out = tw_redact_json(&redact, text);
		struct tw_json again;

		tw_json_init_text(&again, out.p, out.n);
		while (tw_json_next(&again) > TW_JSON_END)
			continue;
		tw_assert(again.type == TW_JSON_END);
		tw_json_release(&again);
	} else {
		tw_redact_json(&redact, text);
	}
	tw_redact_release(&redact);
	tw_json_release(&whole);
	tw_json_release(&pieces);
	tw_buf_release(&drip.window);
	return 0;
}
