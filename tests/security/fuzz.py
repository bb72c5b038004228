"""What the fuzzing sends: cases by schemathesis from the gateway's own schema, made to meet what exists."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode

from bot.accounts.access import COOKIE
from tests.security.world import Headers, World

# How many requests an operation gets from those who may: 10 in passing, 200 and both databases in a full run.
# Those who may not send a quarter as many on top.
EXAMPLES = int(os.environ.get("RYGRAAD_FUZZ_EXAMPLES", "10"))
FULL = 200
FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"
# Posts that read their form themselves, so that the schema does not know its fields.
FIELDS = {
    "/clinic/invites/new": "language region clinic_name clinic_phone stress label most days once",
    "/clinic/invites/{invite_id}/revoke": "sure",
    "/clinic/invites/{invite_id}/handout": "code",
    "/clinic/invites/{invite_id}/qr.{kind}": "code",
    "/editor/preview": "edition key language body title sources titles review_due revision",
} | {
    f"/editor/edition/{{edition_id}}/{step}": "revision body title alt sources review_due button_menu words reason"
    for step in (
        "save preview submit withdraw drop rebase emergency approve send-back remark look-over suite".split()
    )
}
# Posts whose only field is the session's own token.
BARE = frozenset(
    "/account/sessions/end /account/second/new /sign-out /move/{code} /admin/users/{user_id}/link"
    " /admin/users/{user_id}/second/off /admin/users/{user_id}/elsewhere/off"
    " /editor/questions/{question_id}/reopen /editor/text/{language}/{key}/edit"
    " /editor/edition/{edition_id}/try".split()
)
PLAUSIBLE = (
    "", "yes", "no", "da", "en", "1", "0", "-1", "28", "200", str(2**31), str(2**63), "9" * 40, "1e999", "nan",
    "2026-11-22", "9999-12-31", "send", "consent_yes", "jeg kan ikke tisse", "må jeg løbe?", "restart", "/restart",
    "topic/bed_rest", "sjaelland", "admin", "karen@klinik.example", "https://www.klinik.example", "//evil.example",
    "<script>alert(1)</script>", "{{7*7}}", "%s%n", "'; drop table inbound; --", "../../etc/passwd", "\x00", "\ufeff",
    "a" * 300, "**" * 2000, "😀" * 2500,
)  # fmt: skip
ANYTHING = st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=40), st.text(max_size=3000))
# What a header can carry: a browser and a server in front of us let nothing else through.
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
MORE_IN_THE_QUERY = ("language", "done", "next", "page", "before", "who", "action", "q", "like", "undo")
RAW = st.one_of(st.binary(max_size=300), st.just(b"[" * 20_000), st.just(b'{"a":' * 5_000), st.just(b"x" * 70_000))
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,  # the world has moved on since
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def operations(schema: dict[str, Any]) -> dict[str, Any]:
    """Every operation of an OpenAPI schema, as "METHOD /path"."""
    found = [each.ok() for each in schemathesis.openapi.from_dict(schema).get_all_operations()]
    return {f"{each.method.upper()} {each.path}": each for each in found}


def own_fields(path: str) -> list[str]:
    """The fields of a post that the schema is silent about."""
    return FIELDS.get(path, "").split()


def can_be_wrong(operation: Any) -> bool:
    """Whether there is anything that the schema forbids: a form's fields and a text in a path take any text."""
    schemas = [each.definition.get("schema", {}) for each in operation.iter_parameters()]
    in_json = any(each.media_type == JSON for each in operation.body)
    return in_json or any(each.get("type") == "integer" or "anyOf" in each for each in schemas)


@st.composite
def cases(draw: Callable[[Any], Any], operation: Any, world: World) -> tuple[Any, dict[str, Any]]:
    """A case, and what more goes with its call."""
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if can_be_wrong(operation) else [])]
    case = draw(st.one_of([operation.as_strategy(mode) for mode in modes]))
    for name in re.findall(r"\{(\w+)\}", operation.path):
        if draw(st.integers(0, 3)):  # three times in four there is such a thing
            case.path_parameters[name] = world.real(operation.path, name)
    more: dict[str, Any] = {"headers": {"Accept-Language": draw(HEADER).strip()}}
    if names := own_fields(operation.path):
        more |= _form(draw, names, world)
    if draw(st.integers(0, 4)) == 0:
        more["params"] = draw(st.dictionaries(st.sampled_from(MORE_IN_THE_QUERY), ANYTHING, max_size=3))
    if operation.method.upper() in ("POST", "PUT") and draw(st.integers(0, 7)) == 0:
        more["headers"]["Content-Type"] = draw(st.sampled_from([FORM, MULTIPART, JSON]))
        case.body, more["data"] = NOT_SET, draw(RAW)
    return case, more


def _form(draw: Callable[[Any], Any], names: list[str], world: World) -> dict[str, Any]:
    """A form's fields; the revision is often the right one, for all else stops there."""
    given = draw(st.dictionaries(st.sampled_from(names), ANYTHING))
    if "revision" in names and draw(st.booleans()):
        given["revision"] = str(draw(st.integers(1, 5)))
    if "code" in names and draw(st.booleans()):
        given["code"] = world.invite()[0]
    return {"data": given}


def rightful(world: World, who: str) -> Headers:
    """The headers of somebody who may: a patient's token, or a browser with every role."""
    if who == "patient":
        return {"Authorization": f"Bearer {world.patient()}"}
    return {} if who in ("anyone", "operator") else world.session("all")


def strangers(world: World) -> list[Callable[[], Headers]]:
    """Everybody else: nobody, each role, one whose posts lack the token, one who owes a code, and the forgers."""
    return [
        dict,
        *(partial(world.session, role) for role in world.users),
        partial(world.session, "all", csrf=False),
        partial(world.session, "all", passed=False),
        lambda: {"Authorization": "Bearer made-up", "Cookie": f"{COOKIE}=made-up"},
        lambda: world.session("all") | {"Origin": "https://elsewhere.example"},
    ]
