"""The safety file holds: no hazard without a test that exists, no safety test without a hazard."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import ROOT

HAZARDS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "docs" / "safety" / "hazards.yaml").read_text(encoding="utf-8")
)
FIELDS = {"id", "hazard", "cause", "harm", "severity", "before", "after", "control", "tests"}
RISKS = ["low", "medium", "high"]
# Every test in these files is a safety test.
SAFETY_FILES = [
    "tests/dialogue/test_safety.py",
    "tests/dialogue/test_worsening.py",
    "tests/screening/test_model.py",
    "tests/screening/test_screener.py",
    "tests/test_kill_switch.py",
]


def ids_in(path: str) -> set[str]:
    """The ids of the tests of a file, read without running it."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f"{path}::{node.name}" for node in functions if node.name.startswith("test_")}


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["id"])
def test_a_hazard_is_whole_and_its_tests_exist(hazard: dict[str, Any]) -> None:
    assert set(hazard) == FIELDS and hazard["tests"]
    assert RISKS.index(hazard["after"]) < RISKS.index(hazard["before"])
    assert hazard["severity"] in {"negligible", "minor", "serious", "critical"}
    for test in hazard["tests"]:
        path = test.split("::")[0]
        assert (ROOT / path).is_file() and test in ids_in(path), test


def test_there_are_at_least_25_with_names_of_their_own() -> None:
    assert len({hazard["id"] for hazard in HAZARDS}) == len(HAZARDS) >= 25


@pytest.mark.parametrize("path", SAFETY_FILES)
def test_every_safety_test_has_its_hazard(path: str) -> None:
    named = {test for hazard in HAZARDS for test in hazard["tests"]}
    assert Path(ROOT / path).is_file()
    assert not ids_in(path) - named
