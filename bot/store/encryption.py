"""What patients say and answer is unreadable in the database without a key from the environment.

RYGRAAD_SECRET_KEY holds one secret or, while keys are changed, several with commas between, the newest first: all of
them read, the first writes. `rygraad keys rotate` writes everything anew with the first; then the old ones can go.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import DateTime, Dialect, Engine, Table, Text, literal, select, type_coerce, update
from sqlalchemy.types import TypeDecorator

NAME = "rygraad_cipher"


class WrongKey(Exception):
    """The data was written with a secret that RYGRAAD_SECRET_KEY does not hold."""


def derived(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose out of a secret, so that no key serves two."""
    return HKDF(SHA256(), length=32, salt=None, info=f"rygraad {purpose}".encode()).derive(secret.encode())


class Cipher:
    """Encrypts texts with the first of the secrets, decrypts with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [base64.urlsafe_b64encode(derived(secret, "data")) for secret in secrets]
        self.fernet = MultiFernet([Fernet(key) for key in keys])
        self.marking = [derived(secret, "marks") for secret in secrets]

    def encrypt(self, text: str) -> str:
        """The text as a token of letters and digits."""
        return self.fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()

    def marks(self, text: str) -> list[str]:
        """Keyed hashes to find a text by without storing it: the first secret's, then those of the older ones."""
        return [hmac.new(key, text.encode(), "sha256").hexdigest() for key in self.marking]

    def decrypt(self, token: str) -> str:
        """The text of a token. Raises WrongKey."""
        try:
            return self.fernet.decrypt(token.encode()).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise WrongKey("RYGRAAD_SECRET_KEY is not the secret this database was written with") from None


def use(engine: Engine, cipher: Cipher) -> None:
    """Makes the encrypted columns of this engine readable and writable."""
    setattr(engine.dialect, NAME, cipher)


def cipher_of(dialect: Dialect) -> Cipher:
    """The cipher of the engine a column belongs to."""
    cipher: Cipher = getattr(dialect, NAME)
    return cipher


def rotate(engine: Engine, tables: Iterable[Table]) -> int:
    """Writes everything in the encrypted columns anew with the first secret; how many values. Safe while in use.

    Raises WrongKey when a value was written with a secret that is not held any more.
    """
    cipher, done = cipher_of(engine.dialect), 0
    for table in tables:
        keys = list(table.primary_key.columns)
        for column in [each for each in table.columns if isinstance(each.type, EncryptedText | EncryptedJson)]:
            plain = type_coerce(column, Text)
            with engine.connect() as connection:
                rows = connection.execute(select(*keys, plain).where(plain.is_not(None))).all()
            for *key, token in rows:
                fresh = cipher.encrypt(cipher.decrypt(token))
                # Only what is still as it was read: a newer value has the first secret already.
                same = [each == value for each, value in zip(keys, key, strict=True)]
                change = update(table).where(*same, plain == token).values({column: literal(fresh, Text)})
                with engine.begin() as connection:
                    done += connection.execute(change).rowcount
    return done


class EncryptedText(TypeDecorator[str]):
    """A text, encrypted; None stays None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypts on the way in."""
        return None if value is None else cipher_of(dialect).encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypts on the way out. Raises WrongKey."""
        return None if value is None else cipher_of(dialect).decrypt(value)


class EncryptedJson(TypeDecorator[Any]):
    """JSON, encrypted; None stays None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encrypts on the way in."""
        return None if value is None else cipher_of(dialect).encrypt(json.dumps(value, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decrypts on the way out. Raises WrongKey."""
        return None if value is None else json.loads(cipher_of(dialect).decrypt(value))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment; stored without a zone in UTC, whatever zone the database server lives in."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As UTC without a zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With its zone."""
        return value.replace(tzinfo=UTC) if value else None
