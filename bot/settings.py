"""Every setting, from the environment with the prefix RYGRAAD_. Unsafe values are refused at start."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What can be set; docs/operating.md explains each."""

    model_config = SettingsConfigDict(env_prefix="RYGRAAD_", extra="ignore", hide_input_in_errors=True)

    env: Literal["demo", "production"] = "demo"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = ROOT / "data"
    database_url: str = ""
    redis_url: str = ""
    secret_key: SecretStr = SecretStr("")
    public_url: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_api: str = ""
    telegram_mode: Literal["auto", "polling", "webhook"] = "auto"
    rate_limit: str = "20/minute"
    address_limit: str = "60/minute"
    metrics_token: SecretStr = SecretStr("")
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    operator: str = "Rygråd"
    retention_days: int = Field(default=30, ge=1, le=90)
    inactive_days: int = Field(default=400, ge=60)
    reminder_seconds: float = Field(default=20, gt=0)
    clock_file: Path | None = None
    rasa_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055"
    rasa_secret: SecretStr = SecretStr("demo-loopback-only")

    @property
    def database(self) -> str:
        """The database's URL; a SQLite file in the data folder unless set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'rygraad.db'}"

    @property
    def address(self) -> str:
        """Where patients reach the page, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def by_webhook(self) -> bool:
        """Whether Telegram is to call us: when it can, which needs a public address with https."""
        https = self.public_url.startswith("https://")
        return self.telegram_mode == "webhook" or (self.telegram_mode == "auto" and https)

    def secrets(self) -> tuple[str, ...]:
        """What data is encrypted and links are signed with, the newest first.

        A demonstration that sets no RYGRAAD_SECRET_KEY makes one of its own and keeps it in the data folder.
        """
        given = tuple(part for part in self.secret_key.get_secret_value().split(",") if part)
        return given or (_own_secret(self.data_dir / "secret.key"),)

    @model_validator(mode="after")
    def refuse_unsafe(self) -> Self:
        """Production needs a real secret and limits. Raises ValueError naming the setting."""
        if self.telegram_mode == "webhook" and not self.public_url:
            raise ValueError("RYGRAAD_TELEGRAM_MODE=webhook needs RYGRAAD_PUBLIC_URL")
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret.get_secret_value())
        if any(oidc) and not all(oidc):
            raise ValueError(
                "RYGRAAD_OIDC_ISSUER, RYGRAAD_OIDC_CLIENT_ID and RYGRAAD_OIDC_CLIENT_SECRET belong together"
            )
        if self.env == "production":
            if self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
                raise ValueError("RYGRAAD_OIDC_ISSUER must begin with https:// in production")
            given = self.secret_key.get_secret_value().split(",")
            if any(len(secret) < 32 for secret in given):
                raise ValueError("each secret in RYGRAAD_SECRET_KEY must have at least 32 characters in production")
            if self.clock_file:
                raise ValueError("RYGRAAD_CLOCK_FILE is for demonstrations; it is refused in production")
            if self.rasa_secret.get_secret_value() == "demo-loopback-only":
                raise ValueError("RYGRAAD_RASA_SECRET must be set in production")
            if self.rate_limit == "off":
                raise ValueError("RYGRAAD_RATE_LIMIT=off is refused in production")
        return self


def _own_secret(path: Path) -> str:
    """The secret in this file; a new one, readable by its owner only, when there is none. Safe for two at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        try:
            path.hardlink_to(fresh)  # whoever is first wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text(encoding="ascii")


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
