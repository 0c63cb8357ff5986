#!/usr/bin/env bash
# What the manual quotes of the program is what the program prints, each link of
# a page leads somewhere, and each page and each command is found from the
# manual's first page.
. "$TOP/tests/e2e/lib.bash"

quoted() { # PAGE COMMAND...: its output stands in the page as it is
	local page=$1
	shift
	"$@" >"$work/printed"
	python3 - "$work/printed" "$top/docs/$page" <<-'END' || fail "docs/$page is not up to date: $*"
	import sys
	printed, page = (open(f, encoding="utf-8").read() for f in sys.argv[1:])
	sys.exit(("```\n" + printed + "```") not in page)
	END
}

command -v python3 >/dev/null || skip "no python3"
quoted faults.md "$TWINRIG" faults
quoted manifests.md "$TWINRIG" check --list
quoted keys.md "$TWINRIG" schema --format text
quoted keys.md "$TWINRIG" schema model --format text
quoted timelines.md sh -c '"$TWINRIG" run -c "$TOP/fixtures/shop/twinrig.yaml" \
	--scenario node-loss --watch pods | grep -E "^TIME|shop/cart-3"'
sed -n 's/^\t"\(.*\)",$/\1/p' "$top/harness/gate/check.c" | head -n 1 |
	sed 's/\\"/"/g' >"$work/first"
grep -qxFf "$work/first" "$top/docs/checks.md" || fail "default checks differ"

# links FOLDER: says which lead nowhere, and which pages no page leads to.
links() {
	python3 - "$1" <<-'END'
	import os, re, sys

	top = sys.argv[1]
	pages = ["README.md", "CONTRIBUTING.md"]
	pages += sorted("docs/" + f for f in os.listdir(top + "/docs") if f.endswith(".md"))
	heads, links = {}, {}
	for page in pages:
	    with open(os.path.join(top, page), encoding="utf-8") as f:
	        text = re.sub(r"^```.*?^```", "", f.read(), flags=re.M | re.S)
	    # As GitHub makes an anchor of a heading.
	    heads[page] = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
	                   for h in re.findall(r"^#+ (.*)$", text, re.M)}
	    links[page] = re.findall(r"\]\(([^)\s]*)\)", re.sub(r"`[^`\n]*`", "", text))
	reached, wrong = {"docs/manual.md"}, []
	for page in pages:
	    for link in links[page]:
	        if re.match(r"[a-z]+:", link):
	            continue
	        file, _, anchor = link.partition("#")
	        to = os.path.normpath(os.path.join(os.path.dirname(page), file)) if file else page
	        if not os.path.exists(os.path.join(top, to)) or \
	                anchor and anchor not in heads.get(to, ()):
	            wrong.append(f"{page}: {link} leads nowhere")
	        elif page == "docs/manual.md":
	            reached.add(to)
	wrong += [f"docs/manual.md does not lead to {p}" for p in pages
	          if p.startswith("docs/") and p not in reached]
	print("\n".join(wrong))
	sys.exit(bool(wrong))
	END
}

links "$top" >"$work/links" || fail "$(cat "$work/links")"
mkdir "$work/broken"
cp -r "$top/README.md" "$top/CONTRIBUTING.md" "$top/docs" "$work/broken"
sed -i 's/^## Jobs$/## Works/' "$work/broken/docs/cluster.md"
echo "alone" >"$work/broken/docs/alone.md"
links "$work/broken" >"$work/links" && fail "a link that leads nowhere passed"
grep -q 'cluster.md#jobs leads nowhere' "$work/links" || fail "$(cat "$work/links")"
grep -q 'does not lead to docs/alone.md' "$work/links" || fail "$(cat "$work/links")"

"$TWINRIG" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' >"$work/commands"
[[ $(wc -l <"$work/commands") -ge 10 ]] || fail "no list of commands: $(cat "$work/commands")"
while read -r command; do
	grep -q "^| \`twinrig $command\b" "$top/docs/manual.md" ||
		fail "docs/manual.md does not tell of the command $command"
done <"$work/commands"
