"""`check` names each fault with its file and line. Every case breaks one thing in a faultless folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.content.check import check
from bot.content.file_faults import PLACEHOLDERS
from bot.content.store import load

TODAY = date(2027, 1, 1)
DA, EN = "da/topic/rest.md", "en/topic/rest.md"
LONG = "Det er fint at hvile lidt. " * 20
HARD = "Almindelige rygsmerter behandles oftest konservativt med vejledning, genoptræning og egenomsorg. " * 4
HARD_EN = "Common back pain is treated with a conservative combination of education and exercise. " * 4


def found(content: Path) -> list[str]:
    """The faults as an editor sees them, with paths below the content folder."""
    return [str(fault).removeprefix(f"{content}/") for fault in check(content, TODAY)]


def edit(content: Path, name: str, old: str, new: str) -> None:
    path = content / name
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_a_faultless_folder_has_no_faults_and_loads(content: Path) -> None:
    assert found(content) == []
    assert load(content).keys() == ["topic/rest"]


CASES = {
    "unknown source": (
        EN, "[nkr]", "[nkr, blog]", f"{EN}:3: unknown source 'blog'; known are nkr"),
    "no source where one is required": (
        EN, "sources: [nkr]", "sources: []", f"{EN}:3: this text must name at least one source"),
    "sources not a list": (
        EN, "sources: [nkr]", "sources: nkr", f"{EN}:3: 'sources' must be a list"),
    "source not a name": (
        EN, "sources: [nkr]", "sources: [2]", f"{EN}:3: source '2' must be a short name"),
    "unknown placeholder": (
        DA, "{operator}", "{operator} {name}",
        f"{DA}:15: unknown placeholder '{{name}}'; "
        f"known are {', '.join(sorted(PLACEHOLDERS))}"),
    "phrasings with other placeholders": (
        DA, "Bag mig står {operator}.", "Bag mig står {operator}.\n+++\nSådan er det.",
        f"{DA}:16: phrasing 2 has other placeholders than the first"),
    "phrasing said twice": (
        EN, "I am run by {operator}.", "{operator}.\n+++\nIt is fine to rest a little.\n***\n{operator}.",
        f"{EN}:16: two phrasings are the same"),
    "placeholder in one language only": (
        DA, "hvile lidt.", "hvile {wait} sekunder.", f"{DA}:13: placeholder '{{wait}}' is missing in en"),
    "bubble too long": (
        DA, "Det er fint at hvile lidt.", LONG, f"{DA}:13: bubble 1 has 539 characters, over 500"),
    "frightening word": (
        DA, "Det er fint", "Nedslidning er fint", f"{DA}:13: 'Nedslidning' may frighten; skriv om alder"),
    "leads nowhere": (
        DA, "leads_to: topic/rest", "leads_to: topic/gone",
        f"{DA}:8: 'option_1' leads to 'topic/gone', which does not exist"),
    "choices differ": (
        EN, '  - "yes"\n', "", f"{EN}:4: choices differ from da: option_1 -> topic/rest; "
        "there: yes, option_1 -> topic/rest"),
    "choice title too long": (
        DA, "Lidt hvile", "Lidt hvile " * 5,
        f"{DA}:6: the title of 'option_1' has 54 characters; 40 is the most a button shows"),
    "unknown choice": (
        DA, '"yes"', "perhaps", f"{DA}:5: unknown choice 'perhaps'; choices.yml does not have it"),
    "own choice without a title": (
        DA, "    title: Lidt hvile\n", "", f"{DA}:6: choice 'option_1' has no title"),
    "choice twice": (
        DA, '  - "yes"\n', '  - "yes"\n  - "yes"\n', f"{DA}:5: choice 'yes' is there twice"),
    "yes without quotation marks": (
        DA, '"yes"', "yes", f'{DA}:4: write the choices "yes" and "no" in quotation marks'),
    "choice of a wrong kind": (
        DA, '"yes"', "[menu]", f"{DA}:4: choice '['menu']' must be a name or hold a name and a title"),
    "misspelt field of a choice": (
        DA, "leads_to", "leadsto", f"{DA}:8: a choice has no field 'leadsto'"),
    "choices not a list": (
        DA, 'choices:\n  - "yes"\n  - name: option_1\n    title: Lidt hvile\n    leads_to: topic/rest\n',
        "choices: menu\n", f"{DA}:4: 'choices' must be a list"),
    "no front matter": (
        DA, "---\ntitle", "title", f"{DA}:1: must begin with front matter between two lines of '---'"),
    "front matter without fields": (
        DA, "---\ntitle", "---\n- a list\n---\ntitle",
        f"{DA}:1: front matter must hold fields, as in 'title: ...'"),
    "unknown field": (
        DA, "title: Hvile", "titel: Hvile", f"{DA}:2: unknown field 'titel'"),
    "missing field": (
        DA, "reviewed_by: null\n", "", f"{DA}:1: front matter lacks 'reviewed_by'"),
    "no title": (
        DA, "title: Hvile", "title: ''", f"{DA}:2: the text has no title"),
    "empty bubble": (
        DA, "Bag mig står {operator}.", "", f"{DA}:14: a bubble is empty"),
    "image without its words": (
        DA, "title: Hvile", "title: Hvile\nimage: {file: a.svg}", f"{DA}:3: an image needs 'file' and 'alt'"),
    "reviewed by nobody": (
        DA, "reviewed_on: null", "reviewed_on: 2026-11-21",
        f"{DA}:9: 'reviewed_by' and 'reviewed_on' belong together"),
    "not a date": (
        DA, "2027-05-21", "in May", f"{DA}:11: 'review_due' must be a date, as in 2027-05-21"),
    "review_due missing": (
        DA, "2027-05-21", "null", f"{DA}:11: 'review_due' is missing"),
    "review_due past": (
        DA, "2027-05-21", "2026-12-31", f"{DA}:11: review was due on 2026-12-31"),
    "key of the page missing": (
        "en/page.yml", "title: Rygråd\n", "", "da/page.yml:1: 'title' is missing in en/page.yml"),
    "placeholder of the page missing": (
        "en/page.yml", "{count} ", "",
        "da/page.yml:2: placeholder '{count}' of 'left' is missing in en/page.yml"),
    "choice missing in one language": (
        "da/choices.yml", "menu: Menu\n", "menu: Menu\nback: Tilbage\n",
        "da/choices.yml:3: 'back' is missing in en/choices.yml"),
    "usual choice title too long": (
        "da/choices.yml", "menu: Menu", f"menu: {'M' * 41}",
        "da/choices.yml:2: the title of 'menu' has 41 characters; 40 is the most a button shows"),
    "usual choice without quotation marks": (
        "da/choices.yml", "menu: Menu", "menu: Menu\nno: Nej",
        "da/choices.yml:3: 'False' and what it says must be text; use quotation marks"),
    "source without a title": (
        "sources.yml", ", en: Guideline", "",
        "sources.yml:1: source 'nkr' needs a title in da and en, and a url"),
    "source without an address": (
        "sources.yml", "  url: https://www.sst.dk\n", "",
        "sources.yml:1: source 'nkr' needs a title in da and en, and a url"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "fault"), CASES.values(), ids=CASES.keys())
def test_fault_is_named_with_its_line(content: Path, name: str, old: str, new: str, fault: str) -> None:
    edit(content, name, old, new)
    assert fault in found(content)


@pytest.mark.parametrize(("kept", "missing"), [("da", "en"), ("en", "da")])
def test_missing_language_is_told_at_the_text_that_is_there(content: Path, kept: str, missing: str) -> None:
    (content / missing / "topic/rest.md").unlink()
    assert f"{kept}/topic/rest.md:1: there is no '{missing}' text of 'topic/rest'" in found(content)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (DA, HARD, f"{DA}:13: hard to read: LIX 65.3, at most 30 is asked"),
        (EN, HARD_EN, f"{EN}:13: hard to read: Flesch 40.4, at least 70 is asked"),
    ],
)
def test_hard_text_is_told_with_its_figure(content: Path, name: str, text: str, fault: str) -> None:
    edit(content, name, ".\n***\n", f".\n\n{text}\n***\n")
    assert fault in found(content)


def test_safety_texts_must_be_easier_than_topics(content: Path) -> None:
    sentence = "Du kan altid ringe til din egen læge, hvis smerten bekymrer dig eller ændrer sig. "
    for language in ("da", "en"):
        for folder in ("care", "topic"):
            path = content / language / folder / "rest.md"
            path.parent.mkdir(exist_ok=True)
            source = (content / language / "topic/rest.md").read_text(encoding="utf-8")
            path.write_text(source.replace("\n***\n", f"\n\n{sentence * 10}\n***\n"), encoding="utf-8")
    faults = [fault for fault in found(content) if "LIX" in fault]
    assert len(faults) == 1
    assert faults[0].startswith("da/care/rest.md:13: hard to read: LIX 25.8")


def test_a_few_words_are_not_measured(content: Path) -> None:
    edit(content, DA, "Det er fint at hvile lidt.", "Billeddiagnostik frarådes sædvanligvis.")
    assert found(content) == []


def test_a_frightening_word_may_be_explained_by_the_text_that_is_named(content: Path) -> None:
    edit(content, DA, "Det er fint", "Nedslidt er et dumt ord. Det er fint")
    edit(
        content,
        "frightening_words.yml",
        "om alder}\n  explained: {}",
        "om alder}\n  explained: {topic/rest: [nedslid]}",
    )
    assert found(content) == []


def test_a_stem_begins_a_word(content: Path) -> None:
    edit(content, DA, "Det er fint", "Det unedslidte er fint")
    assert found(content) == []


def test_a_title_for_this_text_only_may_differ_from_the_usual_one(content: Path) -> None:
    edit(content, DA, '"yes"', 'name: "yes"\n    title: Ja tak')
    assert found(content) == []


@pytest.mark.parametrize("name", ["sources.yml", "frightening_words.yml", "da/choices.yml", "en/page.yml"])
def test_missing_file_is_told(content: Path, name: str) -> None:
    (content / name).unlink()
    assert f"{name}:1: file is missing" in found(content)


@pytest.mark.parametrize("name", ["sources.yml", "frightening_words.yml", "da/choices.yml", "en/page.yml"])
def test_broken_yaml_is_told_with_its_line(content: Path, name: str) -> None:
    (content / name).write_text("a: b\nc: [\n", encoding="utf-8")
    assert any(fault.startswith(f"{name}:3: not valid YAML") for fault in found(content))


def test_broken_front_matter_is_told_with_its_line(content: Path) -> None:
    edit(content, DA, "[nkr]", "[nkr")
    assert any(fault.startswith(f"{DA}:4: front matter is not valid YAML") for fault in found(content))


def test_a_file_that_is_not_utf_8_is_told(content: Path) -> None:
    (content / DA).write_bytes("---\ntitle: Hvile\n---\nDet gør ondt.\n".encode("latin-1"))
    assert f"{DA}:1: is not UTF-8 text" in found(content)


def test_all_faults_are_told_at_once_in_order(content: Path) -> None:
    edit(content, EN, "[nkr]", "[blog]")
    edit(content, EN, "2027-05-21", "2026-01-01")
    edit(content, DA, "title: Hvile", "title: ''")
    assert [fault.rsplit(":", 1)[0] for fault in found(content)] == [f"{DA}:2", f"{EN}:3", f"{EN}:11"]


def test_checking_changes_nothing(content: Path) -> None:
    before = {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
    check(content, TODAY)
    assert before == {path: path.read_bytes() for path in content.rglob("*") if path.is_file()}
