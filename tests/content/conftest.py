"""A small content folder without faults, for tests that break one thing in it."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "sources.yml": "nkr:\n  title: {da: Retningslinje, en: Guideline}\n  url: https://www.sst.dk\n",
    "frightening_words.yml": "da:\n  words: {nedslid: skriv om alder}\n  explained: {}\n"
    "en:\n  words: {crumbl: write what is seen}\n  explained: {}\n",
    "da/page.yml": 'title: Rygråd\nleft: "{count} tegn"\n',
    "en/page.yml": 'title: Rygråd\nleft: "{count} characters"\n',
    "da/situations.yml": "garden: haven\n",
    "en/situations.yml": "garden: the garden\n",
    **{
        f"{language}/workplaces/{name}.yml": f"sign_out: {word}\n"
        for language, word in (("da", "Log ud"), ("en", "Sign out"))
        for name in ("accounts", "clinic", "editorial", "editing")
    },
    "da/choices.yml": '"yes": Ja\nmenu: Menu\n',
    "en/choices.yml": '"yes": "Yes"\nmenu: Menu\n',
    "da/topic/rest.md": """---
title: Hvile
sources: [nkr]
choices:
  - "yes"
  - name: option_1
    title: Lidt hvile
    leads_to: topic/rest
reviewed_by: null
reviewed_on: null
review_due: 2027-05-21
---
Det er fint at hvile lidt.
***
Bag mig står {operator}.
""",
    "en/topic/rest.md": """---
title: Rest
sources: [nkr]
choices:
  - "yes"
  - name: option_1
    title: A little rest
    leads_to: topic/rest
reviewed_by: null
reviewed_on: null
review_due: 2027-05-21
---
It is fine to rest a little.
***
I am run by {operator}.
""",
}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The root of a faultless content folder."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path
