"""What is written about security is so: tests that are named exist, and the old packages are those of the lock."""

from __future__ import annotations

import re
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import ROOT
from tests.test_hazards import ids_in

FOLDER = ROOT / "docs" / "security"
THREATS = (FOLDER / "threat-model.md").read_text(encoding="utf-8")
PACKAGES = (FOLDER / "dependencies.md").read_text(encoding="utf-8")
LOCK = dict(
    re.findall(r"^([\w.-]+)==(\S+) \\$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
)
CAPS = ("<", "<=", "==", "~=")


def rows(text: str, first: str) -> list[list[str]]:
    """The cells of the tables whose first cell looks like this."""
    lines = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:1] == "|"
    ]
    return [cells for cells in lines if re.fullmatch(first, cells[0])]


ROWS = rows(THREATS, r"T\d+")
TABLE = {cells[0]: cells[1] for cells in rows(PACKAGES, r"[a-z0-9-]+") if cells[0] != "package"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_a_threat_says_what_stands_against_it_and_which_test_proves_it(row: list[str]) -> None:
    _, kind, threat, against, proof = row[:5]
    assert kind in "STRIDE" and threat and against
    named = re.findall(r"`(tests/[^`]+)`", proof)
    assert named and not [test for test in named if test not in ids_in(test.split("::")[0])]


def test_the_threats_are_numbered_and_every_kind_is_thought_of() -> None:
    assert [row[0] for row in ROWS] == [f"T{number:02}" for number in range(1, len(ROWS) + 1)]
    assert {row[1] for row in ROWS} == set("STRIDE")


@pytest.mark.parametrize(
    "flow", "browser frame Telegram Rasa actions Database Redis backup Staff provider lock".split()
)
def test_every_way_that_data_takes_is_thought_of(flow: str) -> None:
    assert flow in THREATS


def test_what_the_tables_say_is_what_the_lock_says() -> None:
    assert len(TABLE) > 50
    assert {name: LOCK.get(name) for name in TABLE} == TABLE


def capped(asking: str) -> set[str]:
    """The packages of the lock for which this one names an upper bound."""
    wanted = [Requirement(line) for line in requires(asking) or []]
    here = [each for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    bounded = [each for each in here if any(bound.operator in CAPS for bound in each.specifier)]
    return {canonicalize_name(each.name) for each in bounded} & set(LOCK)


@pytest.mark.parametrize("asking", ["rasa", "rasa-sdk"])
def test_every_package_that_rasa_holds_back_is_in_the_table(asking: str) -> None:
    assert capped(asking) - set(TABLE) == set()


def test_every_package_that_we_pin_ourselves_is_in_the_table() -> None:
    """The overrides of pyproject.toml with an upper bound."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    overrides = project.partition("override-dependencies = [")[2].partition("]")[0]
    names = [Requirement(line) for line in re.findall(r'"([^"]+)"', overrides) if "never" not in line]
    ours = {each.name for each in names if any(bound.operator in CAPS for bound in each.specifier)}
    assert ours - set(TABLE) <= {"scikit-learn", "spacy"}  # current ones, held to the release they were tested with
