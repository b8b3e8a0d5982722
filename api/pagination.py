"""Cursors: opaque to the caller, checked when they come back."""

from __future__ import annotations

import base64
import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from sightline.errors import Malformed

T = TypeVar("T")


def encode_cursor(position: Any) -> str:
    """A position (JSON) as a text that fits into a URL."""
    text = json.dumps(position, separators=(",", ":"), allow_nan=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, shape: TypeAdapter[T]) -> T:
    """The position a cursor stands for; raises Malformed where it is none of this listing's."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return shape.validate_json(text, strict=True)
    except (ValueError, ValidationError) as error:
        raise Malformed(
            "cursor", "is not one of this listing", "use next_cursor as it was given"
        ) from error
