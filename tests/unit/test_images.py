"""Images from outside, good and bad; and the store that keeps their bytes."""

import io
import struct
import threading
import zlib
from pathlib import Path

import pytest
from PIL import Image

from sightline.digests import digest_bytes
from sightline.errors import InvalidInput, NotFound, Unavailable
from sightline.images import MAX_BYTES, ImageInfo, ImageStore, inspect


def encoded(format_: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, format_, **options)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few hundred bytes whose header announces a picture of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF"])
def test_known_formats(format_: str) -> None:
    info = inspect(encoded(format_))
    assert info == ImageInfo(format_, 40, 30)
    assert info.media_type == f"image/{format_.lower()}"


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40))])
def test_size_is_what_a_viewer_shows(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    info = inspect(encoded("JPEG", exif=exif))
    assert (info.width, info.height) == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded("BMP"),
        encoded("TIFF"),
        encoded("PNG")[:60],
        encoded("JPEG")[:-200],
        png_that_claims(40, 30),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        inspect(data)


@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 8_000), (8_000, 7_000)])
def test_bombs_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match="too many"):
        inspect(png_that_claims(*size))


def test_large_files_are_refused_unread() -> None:
    with pytest.raises(InvalidInput, match="bytes are too many"):
        inspect(b"\0" * (MAX_BYTES + 1))


def test_bytes_are_kept_once_under_their_digest(tmp_path: Path) -> None:
    store = ImageStore(f"file://{tmp_path}/images")
    digest = store.put(b"picture")
    assert digest == digest_bytes(b"picture") == store.put(b"picture")
    assert store.get(digest) == b"picture"
    assert store.exists(digest)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept == [tmp_path / "images" / digest[:2] / digest[2:]]


def test_many_writers_of_the_same_bytes(tmp_path: Path) -> None:
    store = ImageStore(f"file://{tmp_path}")
    data = b"x" * 200_000
    writers = [threading.Thread(target=store.put, args=(data,)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.get(digest_bytes(data)) == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("digest", ["0" * 64, "../../secret", "", "A" * 64])
def test_what_is_not_there_is_not_found(tmp_path: Path, digest: str) -> None:
    store = ImageStore(f"file://{tmp_path}")
    with pytest.raises(NotFound):
        store.get(digest)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="images is unavailable"):
        ImageStore(f"file://{tmp_path}/images").put(b"picture")
