"""What must hold of an HTML report for a browser, a screen reader and a
machine without a network. Exits with 1 and says what does not."""
import json
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.labels = [], [], [], []
        self.wrong, self.headings, self.scripts = [], [], []
        self.texts, self.tags = {}, {}
        self.scrolled = False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        for name in ("src", "data", "action", "poster"):
            if name in attrs:
                self.wrong.append(f"<{tag} {name}>: it needs another file")
        for name in attrs:
            if name.startswith("on") or name == "style":
                self.wrong.append(f"<{tag} {name}>")
        if tag == "th" and attrs.get("scope") not in ("col", "row"):
            self.wrong.append("a <th> without its scope")
        if attrs.get("tabindex", "0") not in ("0", "-1"):
            self.wrong.append("an order of focus of its own")
        if attrs.get("tabindex") == "0" and "aria-label" not in attrs:
            self.wrong.append(f"<{tag}> has the focus and no name")
        # What is wider than a phone is scrolled by keys, too.
        if attrs.get("class") == "scroll":
            self.scrolled = "tabindex" not in attrs
        elif tag == "table" and self.scrolled:
            if attrs.get("class") != "groups":  # cards on a phone
                self.wrong.append("a wide table that no key scrolls")
            self.scrolled = False
        if tag == "section":
            self.labels.append(attrs.get("aria-labelledby", "no label"))
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            if self.headings and level > self.headings[-1] + 1:
                self.wrong.append(f"<{tag}> after <h{self.headings[-1]}>")
            self.headings.append(level)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        # A row, an item and a term may be ended by the next one: ours are not.
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> ends another element")

    def handle_data(self, data):
        if self.open:
            tag = self.open[-1]
            self.texts[tag] = self.texts.get(tag, "") + data + "\n"
            if tag == "script":
                self.scripts.append(data)


def main(path, verdict):
    text = open(path, encoding="utf-8", newline="").read()
    page = Page()
    page.feed(text)
    page.close()
    wrong = page.wrong
    if page.open:
        wrong.append(f"not ended: {page.open}")
    if len(page.ids) != len(set(page.ids)):
        wrong.append("an id twice")
    for link in page.links:
        if not link.startswith("#") or link[1:] not in page.ids + ["seen"]:
            wrong.append(f"a link to nowhere: {link}")
    for label in page.labels:
        if label not in page.ids:
            wrong.append(f"a section's label: {label}")
    if page.headings.count(1) != 1 or page.headings[0] != 1:
        wrong.append("not one <h1>, at first")
    if not text.startswith("<!DOCTYPE html>\n<html lang="):
        wrong.append("no doctype or language")
    if "default-src 'none'" not in text:
        wrong.append("it may load something")
    if verdict not in page.texts.get("h1", ""):
        wrong.append(f"<h1> does not say {verdict}")
    style = page.texts.get("style", "")
    for needed in ("prefers-color-scheme: dark", "@media print",
                   ":focus-visible", "max-width: 40rem"):
        if needed not in style:
            wrong.append(f"the style lacks {needed}")
    if "url(" in style or "@import" in style:
        wrong.append("the style needs another file")
    if len(text.encode()) >= 2_000_000:
        wrong.append(f"{len(text.encode())} bytes")
    seen = [s for s in page.scripts if s.startswith('{"scenarios"')]
    if len(seen) == 1:
        for scenario in json.loads(seen[0])["scenarios"]:
            one = scenario["seen"]
            for line in one["lines"]:
                for side in ("baseline", "candidate"):
                    for row in line.get(side, {}).values():
                        if len(row) != one["points"]:
                            wrong.append("a row of another length")
    elif page.tags.get("script"):
        wrong.append("no data to draw from")
    for line in sorted(set(wrong)):
        print(f"{path}: {line}", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
