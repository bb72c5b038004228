"""How a backup knows its secret without holding it: by a fingerprint of each, and a seal made with the newest."""

from __future__ import annotations

import hmac
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, make_url

from bot.settings import Settings
from bot.store.database import open_database
from bot.store.encryption import derived

SECONDS = 5  # to reach PostgreSQL


def held(settings: Settings) -> tuple[str, ...]:
    """The secrets there are, the newest first; unlike `Settings.secrets` it makes none."""
    given = settings.secret_key.get_secret_value().strip(",")
    return settings.secrets() if given or (settings.data_dir / "secret.key").exists() else ()


def fingerprint(secret: str) -> str:
    """Tells one secret from another, and nothing else about it."""
    return hmac.new(derived(secret, "backup fingerprint"), b"rygraad", "sha256").hexdigest()[:32]


def seal(secret: str, content: bytes) -> str:
    """What only a holder of the secret can put under this content."""
    return hmac.new(derived(secret, "backup seal"), content, "sha256").hexdigest()


def opened(settings: Settings) -> Engine:
    """The database as `open_database` opens it; but no secret is made, and a server that is gone is soon given up."""
    url = make_url(settings.database)
    changed: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(SECONDS)})
        changed["database_url"] = url.render_as_string(hide_password=False)
    changed["secret_key"] = SecretStr(",".join(held(settings)) or "none is held")
    return open_database(settings.model_copy(update=changed))
