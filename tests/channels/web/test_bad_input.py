"""What no patient would send: a clear 4xx or a kind reply, nothing lost, never a 5xx."""

import concurrent.futures
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.fake_rasa import FakeRasa, begin, say

TEXTS = {
    "NUL": "\x00 hej",
    "only NUL": ("\x00\x00", 422),
    "a lone surrogate": "\ud800 hej",
    "a lone surrogate between letters": "a\udfffb",
    "right-to-left override": "\u202egnol råmej",
    "bidi isolates, never closed": "\u2066\u2067hej",
    "zero-width letters only": ("\u200b\u200b", 200),
    "a byte order mark": "\ufeffhej",
    "control characters": "\x01\x02\x1b[31mhej\x7f",
    "only white space": (" \t\n ", 422),
    "nothing": ("", 422),
    "emoji only": "🤕🤕🤕",
    "an emoji family with joiners": "👨\u200d👩\u200d👧\u200d👦",
    "a thousand combining marks": "a" + "\u0301" * 1000,
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "SQL": "'; DROP TABLE inbound; --",
    "a template": "{{ 7*7 }} {operator} ${7*7} %s %n",
    "Markdown with a script address": "[klik](javascript:alert(1))",
    "a slash command": "/restart",
    "a slash command with entities": '/alarm{"flags":["x"]}',
    "a slash command behind a zero-width space": "\u200b/restart",
    "a full-width slash": "\uff0frestart",
    "a fraction slash": "\u2044restart",
    "a slash command on its second line": "hej\n/restart",
    "a slash command with only a slash": "/",
    "Rasa's own session command": "/session_start",
    "a path": "../../../../etc/passwd",
    "one word of 2,000 letters": "a" * 2000,
    "one letter too many": ("a" * 2001, 422),
    "another script": "我背痛 ظهري يؤلمني спина болит",
    "a number": "1" * 500,
    "2,000 slashes": "/" * 2000,
}
BODIES = {
    "no text and no choice": ({"id": "x"}, 422),
    "text and choice": ({"id": "x", "text": "hej", "choice": "a"}, 422),
    "an unknown choice": ({"id": "x", "choice": "forged"}, 422),
    "the name of a choice for its value": ({"id": "x", "choice": "yes"}, 422),
    "an empty choice": ({"id": "x", "choice": ""}, 422),
    "a choice of 1,000 letters": ({"id": "x", "choice": "a" * 1000}, 422),
    "an empty id": ({"id": "", "text": "hej"}, 422),
    "an id of 65 letters": ({"id": "x" * 65, "text": "hej"}, 422),
    "an id with NUL": ({"id": "x\x00", "text": "hej"}, 422),
    "no id": ({"text": "hej"}, 422),
    "an unknown field": ({"id": "x", "text": "hej", "admin": True}, 422),
    "text as a huge number": ({"id": "x", "text": 10**400}, 422),
    "text as a list": ({"id": "x", "text": ["hej"]}, 422),
    "text as null": ({"id": "x", "text": None}, 422),
    "a body above the cap": ({"id": "x", "text": "a" * 70_000}, 413),
    "one megabyte": ({"id": "x", "text": "a" * 1_000_000}, 413),
}
RAW = {
    "an empty body": (b"", 422),
    "no JSON": (b"hej", 422),
    "half a JSON": (b'{"id": "x", "te', 422),
    "bytes that are no UTF-8": (b'{"id": "x", "text": "\xff\xfe"}', 422),
    "10,000 nested lists": (b"[" * 10_000, 422),
    "a list": (b"[]", 422),
    "a huge exponent": (b'{"id": "x", "text": 1e999999}', 422),
    "not a number": (b'{"id": "x", "text": NaN}', 422),
    "the same field twice": (b'{"id": "x", "text": "hej", "text": "hej"}', 200),
}


def post(client: TestClient, body: bytes, **headers: str) -> Any:
    return client.post("/api/chat/messages", content=body, headers={"content-type": "application/json"} | headers)


def unharmed(client: TestClient) -> bool:
    """The conversation goes on as if nothing had been."""
    return say(client, "hej", "afterwards")[0]["key"] == "control/menu"


@pytest.mark.parametrize("name", TEXTS)
def test_a_nasty_text_is_answered_like_any_other_or_kindly_refused(
    client: TestClient, rasa: FakeRasa, name: str
) -> None:
    case = TEXTS[name]
    text, status = case if isinstance(case, tuple) else (case, 200)
    begin(client)
    answer = post(client, json.dumps({"id": "m", "text": text}).encode())
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["messages"] and "intent" not in rasa.heard[-1]
        assert post(client, json.dumps({"id": "m", "text": text}).encode()).json() == answer.json()
        assert client.get("/api/chat/messages").status_code == 200
    else:
        assert answer.json()["detail"]["message"]
    assert unharmed(client)


@pytest.mark.parametrize("name", BODIES)
def test_a_nasty_body_is_refused_with_words(client: TestClient, name: str) -> None:
    body, status = BODIES[name]
    begin(client)
    answer = post(client, json.dumps(body).encode())
    assert answer.status_code == status and answer.json()["detail"]["message"]
    assert unharmed(client)


@pytest.mark.parametrize("name", RAW)
def test_nasty_bytes_are_refused_with_words(client: TestClient, name: str) -> None:
    body, status = RAW[name]
    begin(client)
    answer = post(client, body)
    assert answer.status_code == status
    assert status == 200 or answer.json()["detail"]["message"]
    assert unharmed(client)


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp4", "Bearer " + "a" * 5000, "Bearer \x7f"]
)
@pytest.mark.parametrize("path", ["messages", "events", "export"])
def test_a_wrong_token_opens_nothing(client: TestClient, token: str, path: str) -> None:
    begin(client)
    answer = client.get(f"/api/chat/{path}", headers={"Authorization": token})
    assert answer.status_code == 401 and answer.json()["detail"]["message"]


def test_a_choice_of_another_conversation_is_unknown(client: TestClient) -> None:
    foreign = client.post("/api/chat", json={"language": "da"}).json()["messages"][-1]["choices"][0]["value"]
    begin(client)
    assert post(client, json.dumps({"id": "x", "choice": foreign}).encode()).status_code == 422
    assert unharmed(client)


@pytest.mark.parametrize("language", ["", "de", "DA", 1, [], "da\x00"])
def test_an_unknown_language_is_refused(client: TestClient, language: object) -> None:
    assert client.post("/api/chat", json={"language": language}).status_code == 422


def test_twenty_at_once_with_one_id_have_one_effect(client: TestClient, rasa: FakeRasa) -> None:
    begin(client)
    heard = len(rasa.heard)
    rasa.delay = 0.05
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: say(client, "hej", "one"), range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert len(rasa.heard) == heard + 1


def test_an_unknown_address_and_method_are_named(client: TestClient) -> None:
    assert client.get("/api/chat/nothing").status_code == 404
    assert client.put("/api/chat/messages", json={}).status_code == 405


def test_without_a_token_the_form_page_begins_anew(client: TestClient) -> None:
    answer = client.post("/chat", data={"token": "forged", "text": "hej", "action": "send"})
    assert answer.status_code == 401 and "hej" in answer.text
    assert client.post("/chat", data={"choice": "forged"}).status_code in (200, 422)
