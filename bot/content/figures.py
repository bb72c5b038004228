"""The drawings of the movements as data, from content/movements/figures.yml. bot/content/drawing.py draws them.

A pose gives the hip point and angles in degrees (0 to the right, 90 up), or for an arm or a leg the point its hand or
ankle is at. Lengths are in units of the picture, 320 wide and 200 high, y down.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.content.errors import BrokenContent, ContentFault
from bot.content.store import CONTENT, read_yaml
from bot.content.texts import line_of

DATA = CONTENT / "movements" / "figures.yml"
FLOOR = 186.0

Side = Literal["left", "right", "up", "down"]
PathData = Annotated[str, Field(pattern=r"^[-\d. MmLlHhVvCcSsQqTtZz]*$")]
Place = Annotated[list[float], Field(min_length=1, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Goal(_Strict):
    """Where a hand or ankle is: [x, y], or [x] on the floor; where the elbow or knee points; the foot's angle."""

    to: Place
    bend: Side
    foot: float | None = None


Limb = Annotated[list[float], Field(min_length=2, max_length=3)] | Goal
Limbs = Annotated[list[Limb], Field(min_length=1, max_length=2)]


class Pose(_Strict):
    """One person. Limbs: the near one, then the far one if it shows; from the front the left one in the picture."""

    at: Place  # the hip: [x, y], or [x] for a body that rests on its floor
    trunk: Annotated[list[float], Field(min_length=2, max_length=3)]  # direction at the seat, (the waist,) the neck
    arms: Limbs
    legs: Limbs
    head: float | None = None  # direction from neck to head, if not that of the neck
    facing: Literal["left", "right"] = "right"  # as if it stood up
    chest: Literal["side", "front"] = "side"
    hips: Literal["side", "front"] = "side"
    face: Literal["left", "right", "front", "back"] | None = None  # the nose, if not as the chest
    floor: float = FLOOR
    ghost: bool = False
    spine: bool = False

    def lean(self, part: float) -> float:
        """The direction of the trunk at the seat (0), the waist (1), the neck (2), or in between."""
        seat, neck = self.trunk[0], self.trunk[-1]
        waist = self.trunk[1] if len(self.trunk) == 3 else sum(self.trunk) / 2
        return seat + (waist - seat) * part if part < 1 else waist + (neck - waist) * (part - 1)

    def foot(self, index: int) -> float:
        """The direction of a foot from heel to toe: flat on the floor, if the data does not say."""
        leg = self.legs[index]
        given = leg.foot if isinstance(leg, Goal) else leg[2] if len(leg) == 3 else None
        flat = (-115, -65)[index] if self.hips == "front" else 0 if self.facing == "right" else 180
        return flat if given is None else given


class Prop(_Strict):
    """A thing from the list of shapes, behind the figures; `at` is where its origin is, `flip` mirrors it."""

    name: str
    at: tuple[float, float]
    flip: bool = False


class Shape(_Strict):
    """How a thing is drawn: its lines and its pale surface. No arcs: their flags cannot be enlarged."""

    line: PathData = ""
    fill: PathData = ""


class Arrow(_Strict):
    """An arrow through two points, or three of which the middle one bends it; `both` gives it two heads."""

    path: Annotated[list[tuple[float, float]], Field(min_length=2, max_length=3)]
    both: bool = False


class Drawing(_Strict):
    """One picture: one to three poses, things, arrows; `floors` are the heights of the lines to rest on."""

    title: Annotated[dict[Literal["da", "en"], str], Field(min_length=2)]
    poses: Annotated[list[Pose], Field(min_length=1, max_length=3)]
    props: list[Prop] = []
    arrows: list[Arrow] = []
    floors: list[float] = [FLOOR]
    scale: float = Field(default=1, ge=0.8, le=1.6)
    shapes: dict[str, Shape] = {}


def load(path: Path = DATA, check: Callable[[Drawing], object] | None = None) -> dict[str, Drawing]:
    """The drawings by name, e.g. "squat_1". Raises BrokenContent; its faults name the drawing and the field.

    `check` is called with each of them, and its ValueError is a fault too; give `draw` to know that all can be drawn.
    """
    drawings: dict[str, Drawing] = {}
    faults: list[ContentFault] = []
    source, data = path.read_text(encoding="utf-8"), read_yaml(path, faults)
    for name, fields in data.get("drawings", {}).items():
        line = line_of(source, f"  {name}:")
        try:
            drawings[name] = Drawing.model_validate({"shapes": data.get("shapes", {}), **fields})
            if check:
                check(drawings[name])
        except ValidationError as error:
            for each in error.errors():
                field = ".".join(map(str, each["loc"]))
                faults.append(ContentFault(path, line, f"{name}: {field}: {each['msg']}"))
        except ValueError as error:
            faults.append(ContentFault(path, line, f"{name}: {error}"))
    if faults:
        raise BrokenContent(faults)
    return drawings
