"""Photos and documents that the bot sends."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Mapping
from typing import Any

from tests.channels.telegram import limits
from tests.channels.telegram.calls import Upload
from tests.channels.telegram.messages import Messages
from tests.channels.telegram.refusals import Json, bad


class Files(Messages):
    """The part of the server that takes files, and knows them again by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self._photos: dict[str, bytes] = {}
        self._documents: dict[str, Upload] = {}

    def _send_photo(self, params: Json) -> Json:
        caption = self._caption(params)
        content = self._file(params, "photo", self._photos)
        width, height = limits.check_photo(content)
        shape = self._shape(content) | {"width": width, "height": height}
        message = self._send(params, params.get("caption", ""), {"photo": [shape]} | caption, photo=content)
        self._photos[shape["file_id"]] = content
        return message

    def _send_document(self, params: Json) -> Json:
        caption = self._caption(params)
        content = limits.check_document(self._file(params, "document", self._documents))
        mime = mimetypes.guess_type(content.name)[0] or "application/octet-stream"
        shape = self._shape(content) | {"file_name": content.name, "mime_type": mime}
        named = (content.name, bytes(content))
        message = self._send(params, params.get("caption", ""), {"document": shape} | caption, document=named)
        self._documents[shape["file_id"]] = content
        return message

    def _shape(self, content: bytes) -> Json:
        file_id = secrets.token_urlsafe(40)
        return {"file_id": file_id, "file_unique_id": file_id[:12], "file_size": len(content)}

    def _caption(self, params: Json) -> Json:
        source, mode = params.get("caption", ""), params.get("parse_mode")
        text, entities = limits.parse(source, mode, params.get("caption_entities"))
        limits.check_at_most(text, 1024, "message caption is too long")
        return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})

    def _file(self, params: Json, name: str, known: Mapping[str, bytes]) -> Any:
        value = params.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return params.get(value.removeprefix("attach://"))
        if isinstance(value, str) and value not in known:
            raise bad("wrong file identifier/HTTP URL specified")
        return known[value] if isinstance(value, str) else value
