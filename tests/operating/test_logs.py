"""The gateway's log holds names and kinds, never a text, a token or an address; what it may hold is a list."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.gateway import create_app
from bot.metrics import LOGGED
from bot.settings import ROOT, Settings

CANARY = "kanariefugl"
TOKEN = "1234567890:AAE-kanariefugl_0123456789abcdefghij"
CALL = re.compile(r"(?:log|structlog\.get_logger\(\))\.(?:debug|info|warning|error|exception)\((.*)\)")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    filters = [
        (each, list(each.filters)) for each in (logging.getLogger("uvicorn.error"), logging.lastResort) if each
    ]
    yield
    structlog.configure(**before)
    for each, had in filters:
        each.filters = had


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What production has written so far, line by line; nothing may come on the other way out."""
    logs.configure("production")
    lines: list[dict[str, Any]] = []

    def so_far() -> list[dict[str, Any]]:
        out, other = capsys.readouterr()
        assert other == ""
        lines.extend(json.loads(line) for line in out.splitlines())
        return lines

    return so_far


def test_a_line_says_what_happened_and_when(written: Lines) -> None:
    structlog.get_logger().error("turn_failed", error="KeyError", key="care/after", language="da", edition=7)
    [line] = written()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line == {
        "event": "turn_failed", "level": "error", "error": "KeyError", "key": "care/after", "language": "da",
        "edition": 7,
    }  # fmt: skip


def test_what_is_not_on_the_list_is_dropped(written: Lines) -> None:
    structlog.get_logger().error(
        "x", text=CANARY, token=TOKEN, address="10.1.2.3", conversation="a", stack_info=CANARY
    )
    structlog.get_logger().bind(patient=CANARY).warning("y")
    assert [set(line) for line in written()] == [{"event", "level", "timestamp"}] * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", f"could not answer {CANARY}"), ("error", f"KeyError: {CANARY}"), ("error", ValueError(CANARY)),
        ("key", f"Jeg har {CANARY}"), ("key", ["care"]), ("language", CANARY), ("edition", CANARY),
        ("reason", TOKEN), ("reason", f"{CANARY}@klinik.dk"), ("reason", f"{CANARY}\n{{}}"), ("reason", CANARY * 20),
        ("reason", {CANARY: 1}), ("where", CANARY), ("mode", CANARY.upper()), ("logger", f"x {CANARY}"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_as_it_must_be_is_hidden(written: Lines, field: str, value: Any) -> None:
    structlog.get_logger().error(**({"event": "x"} | {field: value}))
    assert written()[0][field] == logs.HIDDEN


@given(st.dictionaries(st.sampled_from([*logs.FIELDS, "text", "token", "exc_info"]), st.text() | st.integers()))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_line_is_always_one_line_of_json(written: Lines, fields: dict[str, Any]) -> None:
    fields = {name: value for name, value in fields.items() if name not in ("level", "event")}
    before = len(written())
    structlog.get_logger().error("x", **fields)
    assert len(written()) == before + 1
    assert set(written()[-1]) <= {*logs.FIELDS, "timestamp"}


def test_an_exception_is_its_kind_and_its_place(written: Lines) -> None:
    try:
        Settings(port=10**6)
    except ValueError:
        structlog.get_logger().exception("x")
    try:
        logs.described((ValueError, ValueError(CANARY), CANARY))  # type: ignore[arg-type]
    except AttributeError as error:
        structlog.get_logger().error("y", exc_info=error)
    first, second = written()
    assert first["error"] == "ValidationError" and "where" not in first
    assert second["error"] == "AttributeError" and re.fullmatch(r"bot/logs\.py:\d+", second["where"])
    assert CANARY not in str(written())


@pytest.mark.parametrize("source", ["uvicorn.error", "asyncio", "telegram.ext.Updater"])
def test_a_librarys_traceback_says_no_words(written: Lines, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for _ in range(2):
        logs.configure("production")  # as often as it likes
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger(source).exception(f"in {CANARY}")
    [line] = written()
    assert (line["event"], line["error"], line["logger"]) == ("exception", "KeyError", source)
    assert CANARY not in str(line)


def test_why_it_does_not_start_is_still_said(written: Lines) -> None:
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "UnsignedTexts: not approved", (), None)
    assert logging.getLogger("uvicorn.error").filter(record)


def test_a_demonstration_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("demo")
    structlog.get_logger().warning("slow_before_consent", text=CANARY, error="KeyError")
    out = capsys.readouterr().out
    assert "slow_before_consent" in out and "error=KeyError" in out and CANARY not in out and "{" not in out


def test_every_line_is_counted_for_prometheus(written: Lines) -> None:
    before = LOGGED.labels("error", "database_down")._value.get()
    structlog.get_logger().error("database_down")
    structlog.get_logger().debug("database_down")
    assert LOGGED.labels("error", "database_down")._value.get() == before + 1


def test_the_gateway_begins_with_it(tmp_path: Any) -> None:
    structlog.reset_defaults()
    create_app(Settings(data_dir=tmp_path))
    assert logs.only_known in structlog.get_config()["processors"]


def calls() -> list[tuple[str, str]]:
    """Every line of ours that logs: its file, and what it gives."""
    found = []
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for given_ in CALL.findall(path.read_text(encoding="utf-8")):
            found.append((path.relative_to(ROOT).as_posix(), given_))
    return found


@pytest.mark.parametrize(("path", "given_"), calls())
def test_every_call_gives_a_plain_name_and_listed_fields(path: str, given_: str) -> None:
    name = re.match(r'"([^"]*)"', given_)
    assert name and re.fullmatch(logs.FIELDS["event"], name[1]), f"{path}: {given_}"
    assert set(re.findall(r"(\w+)=", given_)) <= {*logs.FIELDS, "exc_info"}, f"{path}: {given_}"
