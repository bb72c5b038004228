"""OpenID Connect: signing in where the organisation signs in. Authorization code with PKCE, state and nonce.

What must be known again when somebody comes back travels with them in a cookie, encrypted; the server keeps nothing.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from sqlalchemy import Engine

from bot.accounts.fields import email as email_of
from bot.settings import Settings
from bot.store import staff
from bot.store.encryption import derived
from bot.store.staff_models import User

with warnings.catch_warnings():  # it would rather have httpx2, and says so to whoever starts the gateway
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

BACK = "/sign-in/elsewhere/back"
MOST_SECONDS = 600  # between leaving and coming back
PATIENCE = 5.0  # seconds for the provider to answer
LEEWAY = 60  # seconds that clocks may differ
# Never with a shared secret, never unsigned.
SIGNED_WITH = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
]
AGAIN, UNKNOWN, DOWN = "again", "unknown", "down"  # kinds of pages in accounts.yml


class NotSignedIn(Exception):
    """It came to nothing: `kind` says which page to show, `reason` is for the server's log and names nobody."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


@dataclass(frozen=True)
class Journey:
    """What somebody who has gone to the provider must bring back, and where they wanted to go."""

    state: str
    nonce: str
    verifier: str
    next: str


def _cipher(settings: Settings) -> MultiFernet:
    keys = [base64.urlsafe_b64encode(derived(secret, "oidc")) for secret in settings.secrets()]
    return MultiFernet([Fernet(key) for key in keys])


def sealed(settings: Settings, journey: Journey) -> str:
    """The journey for a cookie."""
    return _cipher(settings).encrypt(json.dumps(asdict(journey)).encode()).decode()


def unsealed(settings: Settings, cookie: str) -> Journey:
    """The journey of a cookie. Raises NotSignedIn when it is missing, forged or older than ten minutes."""
    try:
        return Journey(**json.loads(_cipher(settings).decrypt(cookie.encode(), ttl=MOST_SECONDS)))
    except (InvalidToken, ValueError, TypeError):
        raise NotSignedIn(AGAIN, "no_journey") from None


async def _fetched(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        reply = (await client.get(url)).raise_for_status()
    found = reply.json()
    if not isinstance(found, dict):
        raise ValueError("not a mapping")
    return found


async def discovered(settings: Settings) -> dict[str, Any]:
    """What the provider says of itself. Raises NotSignedIn."""
    issuer = settings.oidc_issuer
    try:
        found = await _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    except (httpx.HTTPError, ValueError) as error:
        raise NotSignedIn(DOWN, type(error).__name__) from None
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    # With or without a slash at the end: what the provider says here is what its tokens must say.
    same = str(found.get("issuer")).rstrip("/") == issuer.rstrip("/")
    if not same or not all(isinstance(found.get(name), str) for name in needed):
        raise NotSignedIn(DOWN, "discovery")
    return found


def _client(settings: Settings, provider: Mapping[str, Any]) -> AsyncOAuth2Client:
    ways = provider.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
    return AsyncOAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        scope="openid email profile",
        redirect_uri=f"{settings.address}{BACK}",
        code_challenge_method="S256",
        token_endpoint_auth_method=way,
        timeout=PATIENCE,
    )


async def leave(settings: Settings, next: str) -> tuple[str, Journey]:
    """Where to send somebody, and what they must bring back. Raises NotSignedIn."""
    provider = await discovered(settings)
    journey = Journey(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next)
    async with _client(settings, provider) as client:
        url, _ = client.create_authorization_url(
            provider["authorization_endpoint"],
            state=journey.state,
            nonce=journey.nonce,
            code_verifier=journey.verifier,
        )
    return str(url), journey


async def come_back(settings: Settings, journey: Journey, answer: Mapping[str, str]) -> dict[str, Any]:
    """What the provider says of who has come back: the claims of the ID token. Raises NotSignedIn."""
    if not hmac.compare_digest(answer.get("state", "").encode("utf-8", "replace"), journey.state.encode()):
        raise NotSignedIn(AGAIN, "state")
    if not (code := answer.get("code")):
        raise NotSignedIn(AGAIN, "declined")
    provider = await discovered(settings)
    if answer.get("iss", provider["issuer"]) != provider["issuer"]:  # RFC 9207: the answer of another provider
        raise NotSignedIn(AGAIN, "issuer")
    try:
        async with _client(settings, provider) as client:
            url = provider["token_endpoint"]
            token = await client.fetch_token(url, code=code, code_verifier=journey.verifier)
        keys = await _fetched(provider["jwks_uri"])
        return _claims(settings.oidc_client_id, provider["issuer"], token, keys, journey.nonce)
    except httpx.HTTPStatusError as error:
        kind = DOWN if error.response.status_code >= 500 else AGAIN
        raise NotSignedIn(kind, "status") from None
    except httpx.HTTPError as error:
        raise NotSignedIn(DOWN, type(error).__name__) from None
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
        raise NotSignedIn(AGAIN, type(error).__name__) from None


def _claims(client_id: str, issuer: str, token: Mapping[str, Any], keys: Any, nonce: str) -> dict[str, Any]:
    """The claims of the ID token once signature, issuer, audience, times and nonce are right. Raises JoseError,
    ValueError, KeyError, TypeError."""
    usable = [key for key in keys["keys"] if key.get("kty") in ("RSA", "EC")]
    registry = JWSRegistry(algorithms=SIGNED_WITH, strict_check_header=False)
    read = jwt.decode(token["id_token"], KeySet.import_key_set({"keys": usable}), registry=registry)
    wanted = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
    }
    known = {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")}
    claims = CodeIDToken(read.claims, read.header, wanted, known)
    claims.validate(leeway=LEEWAY)
    return dict(claims)


def user_of(engine: Engine, claims: Mapping[str, Any]) -> User:
    """The active user with the verified e-mail of these claims; the first time, the two are tied to each other for
    good. Raises NotSignedIn."""
    email, subject = claims.get("email"), claims.get("sub")
    if claims.get("email_verified") is not True or not isinstance(email, str) or not isinstance(subject, str):
        raise NotSignedIn(UNKNOWN, "unverified")
    address = email_of(email)
    user = staff.by_email(engine, address) if address else None
    if not user or not user.active or not subject:
        raise NotSignedIn(UNKNOWN, "no_user")
    if user.oidc_subject != subject and (user.oidc_subject or not staff.bind_subject(engine, user.id, subject)):
        raise NotSignedIn(UNKNOWN, "other_subject")
    return user
