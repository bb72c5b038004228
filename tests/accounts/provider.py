"""A small OpenID Connect provider on this machine: whoever asks is signed in at once, as the test wants it.

It checks what a real one checks: client and secret, redirect address, the code's verifier (PKCE), and that a code is
used once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from typing import Annotated, Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from bot.supervisor import free_port
from tests.running import wait_until

CLIENT, SECRET = "rygraad", "a secret of the tests"


class Provider:
    """Running until `stop`. `claims` are put over those of the next ID tokens (None takes one away)."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key: Any = RSAKey.generate_key(2048, {"kid": "one"})
        self.published = [self.key]
        self.shared_key = b""  # where the test wants HS256 with it
        self.claims: dict[str, Any] = {}
        self.user: dict[str, Any] = {"sub": "karen-1", "email": "karen@klinik.dk", "email_verified": True}
        self.discovery: dict[str, Any] = {}
        self.broken: set[str] = set()  # paths that answer 500
        self.asked: list[dict[str, str]] = []  # what came to /authorize
        self.codes: dict[str, dict[str, str]] = {}
        self.server = uvicorn.Server(uvicorn.Config(self._app(), port=self.port, log_level="critical"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_until(lambda: self.server.started, 30)

    def stop(self) -> None:
        """Ends it."""
        self.server.should_exit = True
        self.thread.join()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def breaking(request: Request, go_on: Any) -> Any:
            if request.url.path in self.broken:
                raise HTTPException(500)
            return await go_on(request)

        @app.get("/.well-known/openid-configuration")
        def configuration() -> dict[str, Any]:
            paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {
                "issuer": self.issuer,
                **{name: f"{self.issuer}/{path}" for name, path in paths.items()},
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                **self.discovery,
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [key.as_dict(private=False) for key in self.published]}

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            self.asked.append(asked)
            assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
            assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

        @app.post("/token")
        def token(
            code: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            authorization: Annotated[str, Header()] = "",
        ) -> dict[str, Any]:
            asked = self.codes.pop(code, None)
            known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
            if not asked or authorization != f"Basic {known}":
                raise HTTPException(400, {"error": "invalid_grant"})
            if asked["redirect_uri"] != redirect_uri or asked["code_challenge"] != challenge:
                raise HTTPException(400, {"error": "invalid_grant"})
            return {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

        return app

    def id_token(self, nonce: str) -> str:
        """Signed as the test wants it."""
        at = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": at,
            "exp": at + 300,
            "nonce": nonce,
            **self.user,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.shared_key:
            return _signed_by_hand(claims, self.shared_key)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


def _signed_by_hand(claims: dict[str, Any], key: bytes) -> str:
    """HS256, with a key that no library would take for it."""
    parts = [json.dumps(each).encode() for each in ({"alg": "HS256", "kid": "one"}, claims)]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(key, body, "sha256").digest()).rstrip(b"=")
    return b".".join([body, signature]).decode()
