"""Every setting, from the environment with the prefix RYGRAAD_. Unsafe values are refused at start."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What can be set; docs/operating.md explains each."""

    model_config = SettingsConfigDict(env_prefix="RYGRAAD_", extra="ignore")

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
    rate_limit: str = "20/minute"
    address_limit: str = "60/minute"
    metrics_token: SecretStr = SecretStr("")
    operator: str = "Rygråd"
    retention_days: int = Field(default=30, ge=1, le=90)
    rasa_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055"
    rasa_secret: SecretStr = SecretStr("demo-loopback-only")

    @property
    def database(self) -> str:
        """The database's URL; a SQLite file in the data folder unless set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'rygraad.db'}"

    @model_validator(mode="after")
    def refuse_unsafe(self) -> Self:
        """Production needs a real secret and limits. Raises ValueError naming the setting."""
        if self.env == "production":
            if len(self.secret_key.get_secret_value()) < 32:
                raise ValueError("RYGRAAD_SECRET_KEY must have at least 32 characters in production")
            if self.rasa_secret.get_secret_value() == "demo-loopback-only":
                raise ValueError("RYGRAAD_RASA_SECRET must be set in production")
            if self.rate_limit == "off":
                raise ValueError("RYGRAAD_RATE_LIMIT=off is refused in production")
        return self


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
