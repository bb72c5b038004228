"""A file that is not what it should be: cut off, altered, foreign, newer, made to harm. Each is said in one line."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.operating import tables
from bot.operating.archive import Backup, Manifest
from bot.operating.errors import NotABackup, OperatingError
from bot.settings import Settings
from tests.operating.conftest import SECRET, put_back, tables_of

Parts = dict[str, bytes]


def verified(path: Path) -> Manifest:
    """What `rygraad restore --check` does."""
    with Backup(path) as backup:
        backup.doubts((SECRET,))
        return backup.check()


def forged(made: Path, change: Callable[[Parts, dict[str, Any]], object], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """The backup anew, with parts and manifest changed; sizes and checksums are made to fit, the seal is not."""
    with zipfile.ZipFile(made) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    change(parts, manifest)
    for name, table in dict(manifest["tables"]).items():
        if content := parts.get(f"tables/{name}.jsonl"):
            table |= {
                "bytes": len(content), "rows": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest(),
            }  # fmt: skip
    path = made.with_name("forged.zip")
    with zipfile.ZipFile(path, "w", method) as new:
        for name, content in parts.items():
            new.writestr(name, content)
        if "manifest.json" not in parts:
            new.writestr("manifest.json", json.dumps(manifest))
    return path


def unsealed(parts: Parts, manifest: dict[str, Any]) -> None:
    manifest.update(keys=[], seal="")


def test_a_whole_one_passes(made: Path) -> None:
    assert verified(made).rows > 30


def test_wherever_it_is_cut_off_is_noticed(made: Path, tmp_path: Path) -> None:
    content, cut = made.read_bytes(), tmp_path / "cut.zip"
    for length in [0, 1, *range(10, len(content), 311), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(NotABackup):
            verified(cut)


def test_wherever_a_bit_is_flipped_is_noticed_or_changes_nothing(made: Path, tmp_path: Path) -> None:
    content, flipped, noticed = made.read_bytes(), tmp_path / "flipped.zip", 0
    expected, dice = verified(made), random.Random(8)
    for at in sorted(dice.sample(range(len(content)), 400)):
        flipped.write_bytes(content[:at] + bytes([content[at] ^ (1 << dice.randrange(8))]) + content[at + 1 :])
        try:
            assert verified(flipped) == expected  # a date in the zip's own headers, which nobody reads
        except NotABackup:
            noticed += 1
    assert noticed > 250


@given(st.binary(max_size=2000))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.zip").write_bytes(content)
    with pytest.raises(NotABackup):
        verified(tmp_path / "any.zip")


@pytest.mark.parametrize("name", ["missing.zip", "", "x" * 300, "\udcff.zip"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotABackup):
        verified(tmp_path / name)


def test_a_zip_of_somebody_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as other:
        other.writestr("ryg.jpg", b"x")
    with pytest.raises(NotABackup, match="no backup of Rygråd"):
        verified(tmp_path / "photos.zip")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"format": 2}, "format is 2; this release reads 1"),
        ({"format": 10**30}, "this release reads 1"),
        ({"format": None}, "this release reads 1"),
        ({"program": "another"}, "cannot be read"),
        ({"revision": "0999"}, "revision 0999; this release knows .* Use a newer release"),
        ({"revision": "../../x"}, "Use a newer release"),
        ({"revision": "0004"}, "does not hold the tables of revision 0004"),
        ({"tables": {}}, "does not hold the tables"),
        ({"tables": []}, "cannot be read"),
        ({"tables": {"audit": {"rows": -1}}}, "cannot be read"),
        ({"extra": 1}, "cannot be read"),
        ({"made_at": 5}, "cannot be read"),
        ({"made_at": "2030-01-01"}, "not the one that was sealed"),
        ({"seal": ""}, "not the one that was sealed"),
    ],
)  # fmt: skip
def test_a_manifest_that_says_something_else(made: Path, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(NotABackup, match=says):
        verified(forged(made, lambda _, manifest: manifest.update(fields)))


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"[" * 200_000, b"9" * 5000, b'{"format": NaN}', b" " * 2**21],
    ids=["nothing", "null", "list", "half", "text", "no text", "deep", "long number", "nan", "large"],
)
def test_a_manifest_that_is_none(made: Path, content: bytes) -> None:
    with pytest.raises(NotABackup):
        verified(forged(made, lambda parts, _: parts.update({"manifest.json": content})))


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "tables/../x", "C:\\x", "tables/nothing.jsonl", "tables/"]
)
def test_a_part_that_wants_to_be_somewhere_else(made: Path, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    path = forged(made, lambda parts, _: parts.update({name: b"x"}))
    with pytest.raises(NotABackup, match="parts that do not belong to it"):
        verified(path)
    path.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_part_that_is_missing(made: Path) -> None:
    with pytest.raises(NotABackup, match="lacks some"):
        verified(forged(made, lambda parts, _: parts.pop("tables/audit.jsonl")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice(made: Path) -> None:
    with zipfile.ZipFile(made, "a") as more:
        more.writestr("tables/audit.jsonl", b"[]\n")
    with pytest.raises(NotABackup, match="do not belong"):
        verified(made)


def test_a_bomb_is_not_unpacked(made: Path) -> None:
    def swell(parts: Parts, manifest: dict[str, Any]) -> None:
        unsealed(parts, manifest)
        parts["tables/audit.jsonl"] = b"\n" * 50_000_000

    with pytest.raises(NotABackup, match="two hundredfold"):
        verified(forged(made, swell))


def test_a_line_without_an_end_is_not_read_to_its_end(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operating.archive.MOST_BYTES", 3000)

    def swell(parts: Parts, manifest: dict[str, Any]) -> None:
        unsealed(parts, manifest)
        parts["tables/audit.jsonl"] = b"x" * 4000 + b"\n"

    with pytest.raises(NotABackup, match="larger than any of ours"):
        verified(forged(made, swell))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_way_of_packing(made: Path, method: int) -> None:
    with pytest.raises(NotABackup, match="packed in another way"):
        verified(forged(made, lambda *_: None, method))


def test_an_admin_slipped_in_afterwards_breaks_the_seal(made: Path) -> None:
    def promote(parts: Parts, _: dict[str, Any]) -> None:
        parts["tables/staffuser.jsonl"] = parts["tables/staffuser.jsonl"].replace(b"editor", b"admin")

    with pytest.raises(NotABackup, match="not the one that was sealed"):
        verified(forged(made, promote))


ROWS = [
    "{}", "null", "[]", "[1]", "x", "[" * 99_999, '"' * 50,
    '["7",null,null,"","",""]', '[true,"2026-01-01 00:00:00.000000",null,"","","","{}"]',
    '[9223372036854775808,"2026-01-01 00:00:00.000000",null,"","","","{}"]',
    '[1,"yesterday",null,"","","","{}"]', '[1,"2026-01-01 00:00:00.000000+01:00",null,"","","","{}"]',
    '[1,["2026"],null,"","","","{}"]', '[1,"2026-01-01 00:00:00.000000",null,{"a":1},"","","{}"]',
    '[1,"2026-01-01 00:00:00.000000",null,"","","",{}]',
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_rows_that_are_no_rows_write_nothing(made: Path, here: Settings, row: str) -> None:
    def replace(parts: Parts, manifest: dict[str, Any]) -> None:
        unsealed(parts, manifest)
        parts["tables/audit.jsonl"] = row.encode() + b"\n"

    path = forged(made, replace)
    with pytest.raises(NotABackup, match="A row of audit"):
        put_back(here, path)
    assert tables_of(here) == []


@pytest.mark.parametrize(
    "row",
    [
        "[null,null,null,null,null,null,null]",
        '[1,"2026-01-01 00:00:00.000000",null,"\\u0000","","","{}"]',
        '[1,"2026-01-01 00:00:00.000000",null,"","","","{"]',
        '[9000000000,"2026-01-01 00:00:00.000000",null,"","","","{}"]',
        '[1,"2026-01-01 00:00:00.000000",null,"","","","{}"]\n[1,"2026-01-01 00:00:00.000000",null,"","","","{}"]',
    ],
    ids=["nothing", "nul", "json", "number", "twice"],
)
def test_rows_that_postgresql_refuses_write_nothing(made: Path, tmp_path: Path, postgres: str, row: str) -> None:
    def replace(parts: Parts, manifest: dict[str, Any]) -> None:
        unsealed(parts, manifest)
        parts["tables/audit.jsonl"] = row.encode() + b"\n"

    there = Settings(data_dir=tmp_path / "there", database_url=postgres, secret_key=SecretStr(SECRET))
    with pytest.raises(OperatingError):
        put_back(there, forged(made, replace))
    assert tables_of(there) == []


def test_a_column_of_a_new_kind_is_noticed_by_whoever_adds_it() -> None:
    import sqlalchemy as sa

    table = sa.Table("x", sa.MetaData(), sa.Column("y", sa.LargeBinary))
    with pytest.raises(TypeError, match="x.y: a backup knows no"):
        tables._kind(table.c.y)
