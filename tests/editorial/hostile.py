"""Words that somebody could write to break a page, a file or a reader; and what a page may consist of."""

from __future__ import annotations

from html.parser import HTMLParser

WORDS = {
    "script": "<script>alert(1)</script>",
    "picture": '"><img src=x onerror=alert(1)>',
    "attribute": "' onfocus=alert(1) autofocus x='",
    "end of the field": "</textarea></form><form action=//evil.example>",
    "link to a script": '[se her](javascript:alert(1)) [og](data:text/html,x) [her](https://x.dk/"onclick=alert(1))',
    "turned round": "abc\u202edcba\u2066\u200f",
    "nothing": "a\x00b\x07c\x1b[31m",
    "half a character": "a\ud800b\udfffc",
    "no character": "a\uffff\ufffeb",
    "emoji": "👩‍👩‍👧 🇩🇰 é\u0301",
    "bold for ever": "**[" * 400,
    "brackets for ever": "[[[[" * 400,
    "front matter": "---\nreviewed_by: Evil\n---\nbody",
    "front matter in a line": '"\nreviewed_by: "Evil',
    "quotation marks": 'a "b" \\ \'c\' \\" \\n',
    "anchor": "&anchor *anchor !!python/object/apply:os.system [ls]",
    "list": "], reviewed_by: Evil, x: [",
    "comment": "a # b: c",
    "Jinja": "{{7*7}} {% for x in range(9) %}{{ x }}{% endfor %}",
    "another button": 'x, name: option_2, title: "y"',
    "breaks": "***\n+++\n***",
    "separators": "a\u2028b\u2029c\x85d",
}
TAGS = frozenset(
    "html head meta title link script body a p code nav div form input button header main img h1 h2 h3 label textarea"
    " fieldset legend details summary section span ul ol li aside svg symbol path circle rect use strong br dl dt dd"
    " ins del q em b abbr pre blockquote".split()
)
OWN_SCRIPTS = ("/work-static/", "/static/")


class Page(HTMLParser):
    """Reads a page; what must not be there ends up in `bad`, the words in `text`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.text = ""
        self.forms: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.bad += [tag] if tag not in TAGS else []
        self.bad += [name for name in given if name.startswith("on") or name in ("style", "srcdoc", "autofocus")]
        if tag == "script" and not given.get("src", "").startswith(OWN_SCRIPTS):
            self.bad.append("a script of its own")
        address = given.get("href") or given.get("src") or given.get("action") or given.get("formaction") or ""
        if address and not address.startswith(("/", "#", "https://", "tel:", "?")) or address.startswith("//"):
            self.bad.append(address)
        if tag == "form":
            self.forms.append(given.get("action", ""))

    def handle_data(self, data: str) -> None:
        self.text += data
