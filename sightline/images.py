"""Image files: what one is, checked before it is trusted, and where their bytes are kept, once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import fsspec
from PIL import Image

from sightline.digests import digest_bytes
from sightline.errors import InvalidInput, NotFound, Unavailable

# Only these decoders ever see bytes from outside: each further one is more to attack.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_BYTES = 20 * 2**20
# 50 megapixels decode to 150 MB; every family scales such an image down far below that.
MAX_PIXELS = 50_000_000

_EXIF_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image file's format (Pillow's name) and its size in pixels after EXIF orientation."""

    format: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return f"image/{self.format.lower()}"


def inspect(data: bytes) -> ImageInfo:
    """Format and size of an encoded image, decoded once to see that it is whole.

    Raises InvalidInput for anything but one of ``FORMATS``, for files over ``MAX_BYTES``, images
    over ``MAX_PIXELS`` and files that cannot be decoded.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            "image", f"{len(data)} bytes are too many", f"at most {MAX_BYTES // 2**20} MiB"
        )
    try:
        with warnings.catch_warnings():
            # Pillow's own guard against small files that decode to gigabytes is a warning.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # What it says about odd metadata is no reason to refuse a picture.
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                return _inspect_open(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInput("image", "has too many pixels", _LIMIT) from error
    # Pillow's decoders raise all of these for files that are broken in one way or another.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, MemoryError) as error:
        raise InvalidInput(
            "image", "cannot be read", f"a whole file in one of {', '.join(FORMATS)}"
        ) from error


_LIMIT = f"at most {MAX_PIXELS // 1_000_000} megapixels"


def _inspect_open(image: Image.Image) -> ImageInfo:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidInput("image", f"{width}x{height} pixels are too many", _LIMIT)
    image_format = str(image.format)
    turned = image.getexif().get(_EXIF_ORIENTATION) in _TURNED
    image.load()
    return ImageInfo(image_format, *((height, width) if turned else (width, height)))


class ImageStore:
    """Image bytes under their SHA-256, at any place that fsspec reaches.

    A file is written aside and renamed, so that no reader ever sees half of it; writing the same
    bytes twice is the same as once.
    """

    def __init__(self, url: str) -> None:
        """``url``: "file:///var/images", "memory://images", "s3://bucket/images", ..."""
        filesystem, root = fsspec.core.url_to_fs(url)
        self._filesystem: Any = filesystem
        self._root: str = root.rstrip("/")

    def put(self, data: bytes) -> str:
        """Keep ``data``; returns its digest. Raises Unavailable."""
        digest = digest_bytes(data)
        path = self._path(digest)
        try:
            if self._filesystem.exists(path):
                return digest
            folder = path.rsplit("/", 1)[0]
            self._filesystem.makedirs(folder, exist_ok=True)
            aside = f"{folder}/.{uuid4().hex}"
            self._filesystem.pipe_file(aside, data)
            self._filesystem.mv(aside, path)
        except OSError as error:
            raise Unavailable("images", f"{digest} could not be written: {error}") from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of this digest. Raises NotFound and Unavailable."""
        try:
            data: bytes = self._filesystem.cat_file(self._path(digest))
        except FileNotFoundError:
            raise NotFound("image", digest) from None
        except OSError as error:
            raise Unavailable("images", f"{digest} could not be read: {error}") from error
        return data

    def exists(self, digest: str) -> bool:
        """Whether these bytes are kept. Raises NotFound for what is no digest."""
        return bool(self._filesystem.exists(self._path(digest)))

    def _path(self, digest: str) -> str:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            # A digest may come from outside, and becomes a path.
            raise NotFound("image", digest)
        return f"{self._root}/{digest[:2]}/{digest[2:]}"
