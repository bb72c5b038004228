"""Draws the pictures of the movements from poses. The body has fixed proportions, so that all are one family."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from bot.content.figures import Arrow, Drawing, Goal, Limb, Pose, Prop, Shape, load

TRUNK, NECK = 47.0, 15.5
ARM, LEG, HEEL, TOE = (27.0, 28.0), (37.0, 35.0), 3.0, 14.0
SOLE, PALM = 4.0, 4.6
STEPS, SHOULDER = 6, 5
SHOULDERS, HIPS = 13.5, 7.0
# Half the width of the trunk from seat to neck: the back and the front seen from the side, and seen from the front.
BACK = (11.0, 11.5, 9.4, 8.8, 9.8, 10.4, 6.4)
BELLY = (8.5, 8.5, 8.8, 9.6, 10.8, 10.2, 6.2)
BROAD = (13.0, 13.6, 12.0, 11.8, 14.0, 17.0, 8.0)
ARC = "a1 1 0 0 0"  # a half circle: SVG enlarges the radius until it spans the two points
NUMBER = re.compile(r"-?[\d.]+")
START = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" role="img">'
STYLE = """<style>
.s,.a,.w,.k{fill:none;stroke-linecap:round;stroke-linejoin:round}
.s{stroke:#74878c;stroke-width:3}.a{stroke:#0f6b6b;stroke-width:5}.w,.k,.h{stroke:#fff}.w{stroke-width:2}
.k{stroke-linecap:butt}.h{stroke-width:3;paint-order:stroke}.B{fill:#24363b}.S{fill:#74878c}.p{fill:#74878c55}
@media(prefers-color-scheme:dark){.s{stroke:#768a8f}.a{stroke:#7fd6d0}.w,.k,.h{stroke:#12181a}.B{fill:#e8efef}}
</style>"""


class Point(NamedTuple):
    """A place in the picture."""

    x: float
    y: float

    def go(self, angle: float, length: float) -> Point:
        """The point `length` units away in the direction of `angle` degrees."""
        turn = math.radians(angle)
        return Point(self.x + length * math.cos(turn), self.y - length * math.sin(turn))

    def __str__(self) -> str:
        return f"{_number(self.x)} {_number(self.y)}"


def write(folder: Path) -> None:
    """Writes every drawing of content/movements/figures.yml to `folder` as movement_<name>.svg. Raises as `load`."""
    for name, drawing in load(check=draw).items():
        (folder / f"movement_{name}.svg").write_text(draw(drawing), encoding="utf-8")


def draw(drawing: Drawing) -> str:
    """The SVG of a drawing, the same text every time. Raises ValueError that names the field that cannot be drawn."""
    title = escape(f"{drawing.title['da']} / {drawing.title['en']}")
    parts = [START, f"<title>{title}</title>", STYLE]
    for index, prop in enumerate(drawing.props):
        if prop.name not in drawing.shapes:
            raise ValueError(f"props.{index}.name: there is no '{prop.name}' among the shapes")
        parts.append(_thing(prop, drawing.shapes[prop.name], drawing.scale))
    for index, pose in enumerate(drawing.poses):
        try:
            parts += _person(figure(pose, drawing.scale))
        except ValueError as error:
            raise ValueError(f"poses.{index}.{error}") from error
    parts += [f'<path class="s" d="M6 {_number(y + 1.5)}H314"/>' for y in drawing.floors]
    parts += [f'<path class="a" d="{_arrow(arrow)}"/>' for arrow in drawing.arrows]
    return "\n".join([*parts, "</svg>\n"])


def figure(pose: Pose, scale: float = 1) -> Figure:
    """The person in `pose`, put on its floor if only x is given. Raises ValueError if a hand or foot cannot reach."""
    if len(pose.at) == 2:
        return Figure(pose, Point(*pose.at), scale)
    lowest = Figure(pose, Point(pose.at[0], 0), scale, only_angles=True).lowest
    return Figure(pose, Point(pose.at[0], pose.floor - lowest), scale)


class Figure:
    """A posed person: SVG path data by part, the joints of each limb from its root, and the lowest point (y)."""

    def __init__(self, pose: Pose, hip: Point, scale: float, only_angles: bool = False) -> None:
        self.pose, self.scale, self.lowest = pose, scale, hip.y + 9 * scale
        self.paths: dict[str, str] = {}
        self.joints: dict[str, list[Point]] = {}
        self.forward = -90 if pose.facing == "right" else 90
        line = self._trunk(hip)
        self._head(*line[-1])
        up, middle = line[SHOULDER]
        shoulders, hips = SHOULDERS * (pose.chest == "front"), HIPS * (pose.hips == "front")
        for index, out in enumerate((90, -90)):
            for arm in pose.arms[index : index + 1]:
                if not (only_angles and isinstance(arm, Goal)):
                    self._arm(f"arms.{index}", arm, middle.go(up + out, shoulders * scale))
            for leg in pose.legs[index : index + 1]:
                if not (only_angles and isinstance(leg, Goal)):
                    self._leg(index, leg, hip.go(line[0][0] + out, hips * scale))

    def _capsule(self, start: Point, end: Point, first: float, last: float) -> str:
        """A limb segment, round at both ends, with a radius at each; every outline runs the same way round."""
        first, last = first * self.scale, last * self.scale
        self.lowest = max(self.lowest, start.y + first, end.y + last)
        left = math.degrees(math.atan2(start.y - end.y, end.x - start.x)) + 90
        steps = [(ARC, start.go(left, -first)), ("l", end.go(left, -last)), (ARC, end.go(left, last))]
        return _path(start.go(left, first), *steps) + "z"

    def _ball(self, middle: Point, radius: float) -> str:
        radius *= self.scale
        self.lowest = max(self.lowest, middle.y + radius)
        left, right = middle.go(180, radius), middle.go(0, radius)
        return _path(left, (ARC, right), (ARC, left)) + "z"

    def _trunk(self, hip: Point) -> list[tuple[float, Point]]:
        """Draws the trunk; returns direction and place of points along its middle, from seat to neck."""
        pose, seat = self.pose, self.pose.trunk[0]
        line = [(seat, hip)]
        for step in range(STEPS):
            bend = pose.lean((step + 0.5) / STEPS * 2)
            line.append((bend, line[-1][1].go(bend, TRUNK / STEPS * self.scale)))
        sides: list[list[Point]] = [[], []]
        for index, (angle, point) in enumerate(line):
            broad = (pose.hips if index < STEPS / 2 else pose.chest) == "front"
            for side, width in zip(sides, (BROAD, BROAD) if broad else (BACK, BELLY), strict=True):
                turn = self.forward if side is sides[1] else -self.forward
                side.append(point.go(angle + turn, self.scale * width[index]))
        self.lowest = max(self.lowest, *(point.y for side in sides for point in side))
        left, right = sides if self.forward < 0 else sides[::-1]
        self.paths["trunk"] = _smooth([*reversed(left), hip.go(seat, -8 * self.scale), *right])
        if pose.spine:
            inside = (5 if pose.chest == "side" else 0) * self.scale
            dots = [point.go(angle - self.forward, inside) for angle, point in line]
            self.paths["spine"] = "".join(f"M{dot}v.1" for dot in dots)
        return line

    def _head(self, lean: float, neck: Point) -> None:
        pose, scale = self.pose, self.scale
        up = lean if pose.head is None else pose.head
        middle = neck.go(up, NECK * scale)
        chin = middle.go(up, -4 * scale)
        face = pose.face or (pose.facing if pose.chest == "side" else "front")
        parts = [self._capsule(neck.go(lean, -4 * scale), middle, 5.4, 5), self._ball(middle, 10.6)]
        if face in ("left", "right"):
            ahead = up + (90 if face == "left" else -90)
            parts.append(self._ball(chin.go(ahead, 3 * scale), 6.8))
            parts.append(self._ball(middle.go(ahead, 10.5 * scale), 2.6))
        else:
            parts.append(self._ball(middle.go(up, -2 * scale), 9.8))
        if face == "front":
            rows = middle.go(up, scale), chin
            left, right, start, end = (row.go(up + side, 3.7 * scale) for row in rows for side in (90, -90))
            smile = _path(start, ("q", middle.go(up, -8 * scale), end))
            self.paths["face"] = f"M{left}v.1M{right}v.1{smile}"
        self.paths["head"] = "".join(parts)

    def _bones(self, name: str, limb: Limb, root: Point, lengths: tuple[float, float]) -> list[Point]:
        """Root, elbow or knee, and hand or ankle."""
        first, second = (length * self.scale for length in lengths)
        if isinstance(limb, list):
            joint = root.go(limb[0], first)
            return [root, joint, joint.go(limb[1], second)]
        rest = self.scale * (PALM if lengths is ARM else SOLE)
        end = Point(limb.to[0], limb.to[1] if len(limb.to) == 2 else self.pose.floor - rest)
        far = math.dist(root, end)
        if not abs(first - second) < far < first + second:
            raise ValueError(f"{name}: {far:.0f} from its root, but it reaches {first + second:.0f}")
        aim = math.degrees(math.atan2(root.y - end.y, end.x - root.x))
        turn = math.degrees(math.acos((first**2 + far**2 - second**2) / (2 * first * far)))
        choices = [root.go(aim + turn, first), root.go(aim - turn, first)]
        axis, sign = {"left": (0, -1), "right": (0, 1), "up": (1, -1), "down": (1, 1)}[limb.bend]
        return [root, max(choices, key=lambda point: sign * point[axis]), end]

    def _arm(self, name: str, limb: Limb, root: Point) -> None:
        root, elbow, hand = self.joints[name] = self._bones(name, limb, root, ARM)
        upper = self._capsule(root, elbow, 5.8, 4.8)
        fore = self._capsule(elbow, hand, 4.8, 3.8)
        self.paths[name] = upper + fore + self._ball(hand, PALM)

    def _leg(self, index: int, limb: Limb, root: Point) -> None:
        name, angle, front = f"legs.{index}", self.pose.foot(index), self.pose.hips == "front"
        root, knee, ankle = self.joints[name] = self._bones(name, limb, root, LEG)
        heel, toe = ankle.go(angle, -HEEL * self.scale), ankle.go(angle, (TOE / 2 if front else TOE) * self.scale)
        thigh = self._capsule(root, knee, 8 if front else 9, 6.4)
        self.paths[name] = thigh + self._capsule(knee, ankle, 6.4, SOLE) + self._capsule(heel, toe, SOLE, SOLE - 0.4)


def _person(made: Figure) -> list[str]:
    """The elements of one person, the far limbs first."""
    pose, paths, scale = made.pose, made.paths, made.scale
    if pose.ghost:
        outline = "".join(path for part, path in paths.items() if part not in ("face", "spine"))
        return [f'<path class="S" opacity=".35" d="{outline}"/>']
    far = [name for name, view in (("arms.1", pose.chest), ("legs.1", pose.hips)) if view == "side" and name in paths]
    parts = [f'<path class="S" d="{"".join(paths[name] for name in far)}"/>'] if far else []
    body = "".join(paths[name] for name in ("trunk", "head", "legs.1", "legs.0") if name in paths and name not in far)
    parts.append(f'<path class="B h" d="{body}"/>')
    parts += [f'<path class="w" d="{paths[name]}"/>' for name in ("face", "spine") if name in paths]
    for name in ("arms.1", "arms.0"):
        if name in paths and name not in far:
            root, elbow, hand = made.joints[name]
            edge = _path(Point((root.x + elbow.x) / 2, (root.y + elbow.y) / 2), ("l", elbow), ("l", hand))
            parts.append(f'<path class="k" stroke-width="{_number(12.6 * scale)}" d="{edge}"/>')
            parts.append(f'<path class="B" d="{paths[name]}"/>')
    return parts


def _thing(prop: Prop, shape: Shape, scale: float) -> str:
    move = f"matrix({-1 if prop.flip else 1} 0 0 1 {_number(prop.at[0])} {_number(prop.at[1])})"
    paths = ""
    for name, path in (("p", shape.fill), ("s", shape.line)):
        grown = NUMBER.sub(lambda number: " " + _number(float(number[0]) * scale), path)
        paths += f'<path class="{name}" d="{_tight(grown)}"/>' if path else ""
    return f'<g transform="{move}">{paths}</g>'


def _arrow(arrow: Arrow) -> str:
    points = [Point(*point) for point in arrow.path]
    path = _path(points[0], ("l" if len(points) == 2 else "q", *points[1:]))
    for tip, before in [(points[-1], points[-2]), (points[0], points[1])][: 1 + arrow.both]:
        angle = math.degrees(math.atan2(tip.y - before.y, before.x - tip.x))
        path += _path(tip.go(angle + 42, 11), ("l", tip), ("l", tip.go(angle - 42, 11)))
    return path


def _smooth(points: list[Point]) -> str:
    """A closed curve along `points`."""
    ahead = [*points[1:], points[0]]
    middles = [Point((a.x + b.x) / 2, (a.y + b.y) / 2) for a, b in zip(points, ahead, strict=True)]
    return _path(middles[0], *(("q", *pair) for pair in zip(ahead, [*middles[1:], middles[0]], strict=True))) + "z"


def _path(start: Point, *steps: tuple[str, *tuple[Point, ...]]) -> str:
    """SVG path data from `start`: relative commands, each with the points it needs."""
    text, last = f"M{start}", start
    for command, *points in steps:
        x, y = round(last.x, 1), round(last.y, 1)
        text += command + "".join(f" {_number(point.x - x)} {_number(point.y - y)}" for point in points)
        last = points[-1]
    return _tight(text)


def _tight(path: str) -> str:
    """Path data without the spaces it can do without."""
    return re.sub(r"(?<=[a-zA-Z]) | (?=[-a-zA-Z])", "", path)


def _number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{round(value, 1) + 0:g}"
