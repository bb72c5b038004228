"""The drawings of the movements: what is committed is what the poses draw, and a body stays a body."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest

from bot.content.drawing import ARM, LEG, Figure, draw, figure, write
from bot.content.errors import BrokenContent
from bot.content.figures import DATA, Drawing, Pose, load
from bot.content.store import CONTENT

GROUPS = ("arch_round", "rolling", "hip_hinge", "squat", "reach_twist", "walking", "balance", "strength")
NAMES = [f"{group}_{level}" for group, level in product(GROUPS, (1, 2, 3, 4))]
MAX_BYTES = 5300
HELD_UP = ("walking_3", "walking_4")  # by a step and by a bicycle
HEALTHY = """
shapes: {ball: {line: M0 0H9}}
drawings:
  squat_1:
    title: {da: Sid, en: Sit}
    poses:
      - {at: [80], trunk: [90, 90], arms: [[-90, -80]], legs: [[-90, -90]]}
    props:
      - {name: ball, at: [9, 9]}
"""


@lru_cache
def drawings() -> dict[str, Drawing]:
    return load()


def people(name: str) -> Iterator[tuple[Pose, Figure]]:
    drawing = drawings()[name]
    return ((pose, figure(pose, drawing.scale)) for pose in drawing.poses)


def turn(bones: Sequence[tuple[float, float]]) -> float:
    """How far the second bone is turned from the first, in degrees from -180 to 180, positive to the left."""
    (ax, ay), (bx, by), (cx, cy) = bones
    return (math.degrees(math.atan2(by - cy, cx - bx) - math.atan2(ay - by, bx - ax)) + 180) % 360 - 180


def test_every_group_has_four_levels() -> None:
    assert list(drawings()) == NAMES


def test_what_is_committed_is_what_the_poses_draw(tmp_path: Path) -> None:
    write(tmp_path)
    committed = {path.name: path.read_text(encoding="utf-8") for path in (CONTENT / "images").glob("movement_*.svg")}
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == committed


@pytest.mark.parametrize("name", NAMES)
def test_drawing_is_small_valid_and_self_contained(name: str) -> None:
    svg = draw(drawings()[name])
    root = ElementTree.fromstring(svg)
    title = drawings()[name].title
    assert len(svg.encode()) < MAX_BYTES
    assert (root.get("viewBox"), root.get("role")) == ("0 0 320 200", "img")
    assert [each.text for each in root if each.tag.endswith("title")] == [f"{title['da']} / {title['en']}"]
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {"svg", "title", "style", "g", "path"}
    assert not re.search(r"href|url\(|script|import|\bon\w+=|nan|inf", svg)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in HELD_UP])
def test_a_part_of_the_body_rests_on_the_floor(name: str) -> None:
    drawing = drawings()[name]
    for pose, made in people(name):
        if drawing.floors:  # without a floor it is seen from above
            assert pose.floor in drawing.floors
            assert made.lowest == pytest.approx(pose.floor, abs=1.5)


@pytest.mark.parametrize("name", NAMES)
def test_limbs_are_as_long_in_every_pose(name: str) -> None:
    for _, made in people(name):
        for limb, (root, middle, end) in made.joints.items():
            lengths = (math.dist(root, middle) / made.scale, math.dist(middle, end) / made.scale)
            assert lengths == pytest.approx(ARM if limb.startswith("arms") else LEG)


@pytest.mark.parametrize("name", NAMES)
def test_elbows_and_knees_bend_the_right_way(name: str) -> None:
    for pose, made in people(name):
        onwards = 1 if pose.facing == "right" else -1
        for limb, bones in made.joints.items():
            if pose.chest == "side" and limb.startswith("arms"):
                assert -2 <= onwards * turn(bones) < 165, limb
            if pose.hips == "side" and limb.startswith("legs"):
                assert -2 <= -onwards * turn(bones) < 165, limb


@pytest.mark.parametrize("name", NAMES)
def test_nobody_leaves_the_picture(name: str) -> None:
    for _, made in people(name):
        for limb, bones in made.joints.items():
            assert all(3 < x < 317 and 3 < y < 200 for x, y in bones), limb


def test_same_data_draws_the_same() -> None:
    assert draw(load()["squat_1"]) == draw(load()["squat_1"])


def test_titles_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "figures.yml"
    path.write_text(HEALTHY.replace("en: Sit", "en: Sit & <b>"), encoding="utf-8")
    assert "<title>Sid / Sit &amp; &lt;b&gt;</title>" in draw(load(path)["squat_1"])


@pytest.mark.parametrize(
    "right, wrong, field",
    [
        ("at: [80],", "", "poses.0.at"),
        ("trunk: [90, 90]", "trunk: [90]", "poses.0.trunk"),
        ("trunk: [90, 90]", "trunk: [90, up]", "poses.0.trunk.1"),
        ("at: [80],", "at: [80], seat: 1,", "poses.0.seat"),
        ("[[-90, -80]]", "[{to: [300, 20], bend: up}]", "poses.0.arms.0"),
        ("[[-90, -80]]", "[]", "poses.0.arms"),
        ("name: ball", "name: bat", "props.0.name"),
        (", en: Sit", "", "title"),
        ("M0 0H9", '"M0 0A9"', "shapes.ball.line"),
    ],
)
def test_a_fault_names_the_drawing_and_the_field(tmp_path: Path, right: str, wrong: str, field: str) -> None:
    path = tmp_path / "figures.yml"
    path.write_text(HEALTHY.replace(right, wrong), encoding="utf-8")
    with pytest.raises(BrokenContent) as error:
        load(path, check=draw)
    assert str(error.value).startswith(f"{path}:4: squat_1: {field}")


@pytest.mark.parametrize("text", ["- a list", "drawings: ["])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "figures.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenContent, match="figures.yml"):
        load(path)


def test_the_data_is_where_the_renderer_looks() -> None:
    assert DATA.is_file()
