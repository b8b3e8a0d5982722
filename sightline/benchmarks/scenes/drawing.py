"""Pictures of at most 96 pixels a side, drawn with Pillow, their bytes the same anywhere."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFont

from sightline.benchmarks.scenes.world import COLOURS, Scene, Thing

LONGEST_SIDE = 96

Size = tuple[int, int]
Box = tuple[int, int, int, int]

_RGB = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (50, 80, 230),
    "yellow": (240, 200, 40),
    "purple": (150, 60, 190),
    "black": (30, 30, 30),
}
_BACKGROUNDS = ((250, 250, 250), (232, 238, 246), (250, 243, 226))
_INK = COLOURS.index("black") + 1

COUNT_SIZES: tuple[Size, ...] = ((64, 64), (80, 64), (64, 80), (96, 48))
_PLACEMENTS = 200


@dataclass(frozen=True, slots=True)
class Style:
    """How things are drawn.

    grid   centres lie on multiples of this many pixels
    radii  smallest and largest radius in pixels, by size
    sizes  sizes of the picture, by the relation that is shown ("" for a single thing)
    """

    grid: int
    radii: Mapping[str, tuple[int, int]]
    sizes: Mapping[str, tuple[Size, ...]]


TIDY = Style(
    grid=8,
    radii={"small": (6, 6), "large": (12, 12)},
    sizes={
        "left of": ((64, 64), (80, 48), (96, 48), (80, 64)),
        "above": ((64, 64), (48, 80), (48, 96), (64, 80)),
        "": ((64, 64), (48, 48), (64, 48), (48, 64)),
    },
)
"""The benchmark's own style: a model of a few million parameters can learn it in an hour."""

LOOSE = Style(
    grid=1,
    radii={"small": (5, 7), "large": (11, 13)},
    sizes={
        "left of": ((64, 64), (80, 48), (96, 48), (80, 64), (72, 56), (68, 60)),
        "above": ((64, 64), (48, 80), (48, 96), (64, 80), (56, 72), (60, 68)),
        "": ((64, 64), (48, 48), (64, 48), (48, 64), (56, 60)),
    },
)
"""Things anywhere and of uneven sizes: harder, for training alone."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing with its centre and radius in pixels."""

    thing: Thing
    x: int
    y: int
    radius: int


def place(rng: Random, scene: Scene, size: Size, style: Style = TIDY) -> tuple[Placed, ...]:
    """Random positions that leave no doubt about the relation.

    The centres lie at least both radii and 3 pixels apart along the relation's axis and at most
    half of that distance across it.
    """
    while True:
        placed = tuple(_drop(rng, thing, size, style) for thing in scene.things)
        if len(placed) == 1:
            return placed
        first, second = placed
        along, across = second.x - first.x, second.y - first.y
        if scene.relation == "above":
            along, across = across, along
        if along >= first.radius + second.radius + 3 and 2 * abs(across) <= along:
            return placed


def scatter(
    rng: Random, things: tuple[Thing, ...], size: Size, style: Style
) -> tuple[Placed, ...] | None:
    """Positions without overlap, or None where chance did not find any."""
    placed: list[Placed] = []
    for thing in things:
        for _ in range(_PLACEMENTS):
            new = _drop(rng, thing, size, style)
            if all(_apart(new, old) for old in placed):
                placed.append(new)
                break
        else:
            return None
    return tuple(placed)


def _apart(one: Placed, other: Placed) -> bool:
    reach = one.radius + other.radius + 3
    return abs(one.x - other.x) >= reach or abs(one.y - other.y) >= reach


def _drop(rng: Random, thing: Thing, size: Size, style: Style) -> Placed:
    radius = rng.randint(*style.radii[thing.size])
    first = -(-(radius + 1) // style.grid)
    x, y = (style.grid * rng.randint(first, (side - radius - 2) // style.grid) for side in size)
    return Placed(thing, x, y, radius)


def canvas(rng: Random, size: Size) -> Image.Image:
    """An empty palette picture; index 0 is the background, then the colours in their order."""
    image = Image.new("P", size, 0)
    palette = list(rng.choice(_BACKGROUNDS))
    for colour in COLOURS:
        palette.extend(_RGB[colour])
    image.putpalette(palette)
    return image


def draw_things(image: Image.Image, placed: tuple[Placed, ...]) -> None:
    draw = ImageDraw.Draw(image)
    for one in placed:
        _draw_shape(draw, one)


def _draw_shape(draw: ImageDraw.ImageDraw, one: Placed) -> None:
    ink = COLOURS.index(one.thing.colour) + 1
    x, y, r = one.x, one.y, one.radius
    box = (x - r, y - r, x + r, y + r)
    match one.thing.shape:
        case "circle":
            draw.ellipse(box, fill=ink)
        case "square":
            draw.rectangle(box, fill=ink)
        case "triangle":
            draw.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=ink)
        case "cross":
            arm = max(1, r // 3)
            draw.rectangle((x - r, y - arm, x + r, y + arm), fill=ink)
            draw.rectangle((x - arm, y - r, x + arm, y + r), fill=ink)


def write(image: Image.Image, x: int, y: int, text: str) -> None:
    """Text in Pillow's built-in bitmap font: 6 pixels a character, 11 high."""
    font = ImageFont.load_default_imagefont()
    ImageDraw.Draw(image).text((x, y), text, fill=_INK, font=font)


def frame(image: Image.Image, box: Box) -> None:
    ImageDraw.Draw(image).rectangle(box, outline=_INK)


def rule(image: Image.Image, y: int) -> None:
    ImageDraw.Draw(image).line((0, y, image.width - 1, y), fill=_INK)


def encode_png(image: Image.Image) -> bytes:
    """A palette picture as PNG, 4 bits a pixel, its data stored and not compressed.

    Compressed bytes differ between builds of zlib, and the benchmark's version is a digest over
    these bytes; a stored block (RFC 1951, 3.2.4) is the same everywhere.
    """
    width, height = image.size
    pixels = image.tobytes()
    rows = bytearray()
    for top in range(0, width * height, width):
        row = pixels[top : top + width] + b"\0" * (width % 2)
        rows.append(0)
        rows.extend(high << 4 | low for high, low in zip(row[::2], row[1::2], strict=True))
    palette = image.getpalette() or []
    used = bytes(palette[: 3 * (len(COLOURS) + 1)])
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", used), (b"IDAT", _stored(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _stored(data: bytes) -> bytes:
    """A zlib stream of one stored block: at most 65,535 bytes, which 96 by 96 pixels are."""
    block = b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data
    return b"\x78\x01" + block + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
