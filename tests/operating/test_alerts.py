"""deploy/alerts.yml speaks of metrics and events that exist, and says what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from prometheus_client import PROCESS_COLLECTOR
from prometheus_client.metrics import MetricWrapperBase

from bot import metrics
from bot.cli import app
from bot.dialogue.turns import Outcome
from bot.settings import ROOT

FILE = ROOT / "deploy" / "alerts.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
FUNCTIONS = {
    "sum",
    "max",
    "by",
    "le",
    "rate",
    "increase",
    "changes",
    "histogram_quantile",
    "and",
    "or",
    "unless",
    "on",
}
FROM_PROMETHEUS = {"up"}
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
OURS = {
    metric._name + ending: metric
    for metric in vars(metrics).values()
    if isinstance(metric, MetricWrapperBase)
    for ending in ENDINGS[metric._type]
}
PROCESS = {sample.name for family in PROCESS_COLLECTOR.collect() for sample in family.samples}
rules = pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])


def metrics_of(expression: str) -> list[tuple[str, dict[str, list[str]]]]:
    """The metrics of an expression, each with the values its labels are compared with."""
    found = re.findall(r"([a-z_]+)(\{[^}]*\})?", re.sub(r"\[\w+\]|(?<![\w\"|])\d[\d.e]*", "", expression))
    return [
        (name, {label: values.split("|") for label, values in re.findall(r'(\w+)=~?"([^"]*)"', labels)})
        for name, labels in found
        if name not in FUNCTIONS
    ]


def test_the_expressions_are_read_as_they_are_meant() -> None:
    expression = 'sum by (le) (rate(a_bucket{x="1",y=~"2|3"}[5m])) > 2e9 * b_total'
    assert metrics_of(expression) == [("a_bucket", {"x": ["1"], "y": ["2", "3"]}), ("b_total", {})]


@rules
def test_every_metric_exists_with_its_labels(rule: dict[str, Any]) -> None:
    found = metrics_of(rule["expr"])
    assert found
    for name, labels in found:
        assert name in OURS or name in PROCESS or name in FROM_PROMETHEUS, name
        if name in OURS:
            assert set(labels) <= {*OURS[name]._labelnames, "job"}, name


@rules
def test_every_value_is_one_that_comes(rule: dict[str, Any]) -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py") if path.name != "metrics.py"
    )
    for name, labels in metrics_of(rule["expr"]):
        for event in labels.get("event", []):
            assert re.search(rf'\.(info|warning|error)\("{event}"', code), event
            assert event in metrics.WATCHED, event
        for outcome in labels.get("outcome", []):
            assert f'"{outcome}"' in code or outcome in {str(each) for each in Outcome}, (name, outcome)


@rules
def test_it_says_what_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "do"}
    assert all(words.endswith(".") for words in rule["annotations"].values())
    for name in re.findall(r"`rygraad ([a-z-]+)", rule["annotations"]["do"]):
        known = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
        known |= {group.name for group in app.registered_groups}
        known |= {"doctor", "backup", "restore"}
        assert name in known, name


def test_no_two_have_one_name() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES) > 10
