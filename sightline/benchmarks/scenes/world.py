"""What can be in a picture: things, pairs of them, and which of them are kept for testing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Literal

COLOURS = ("red", "green", "blue", "yellow", "purple", "black")
SHAPES = ("circle", "square", "triangle", "cross")
SIZES = ("small", "large")
# Each pair is told in one order only (left before right, upper before lower), so that a
# picture has exactly one right caption.
RELATIONS = ("left of", "above")

TEST_SHARE = 10
"""One specification in this many is kept for testing."""

Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Thing:
    """One coloured shape of one of two sizes."""

    size: str
    colour: str
    shape: str

    @property
    def name(self) -> str:
        """Size left out: enough to point at a thing among others."""
        return f"{self.colour} {self.shape}"

    def __str__(self) -> str:
        return f"{self.size} {self.colour} {self.shape}"


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing, or two of which ``things[0]`` is left of or above ``things[1]``."""

    things: tuple[Thing, ...]
    relation: str = ""

    @property
    def caption(self) -> str:
        """The one canonical caption; also the scene's specification for the split."""
        if len(self.things) == 1:
            return f"a {self.things[0]}"
        return f"a {self.things[0]} {self.relation} a {self.things[1]}"


def split_of(specification: str) -> Split:
    """Which split a specification belongs to, by its SHA-256 alone.

    What a picture shows decides, not how it is drawn: a caption, table or form that is asked
    in the test split never occurs in training, at whatever size or position.
    """
    digest = hashlib.sha256(f"scenes:{specification}".encode()).digest()
    return "test" if int.from_bytes(digest[:8], "big") % TEST_SHARE == 0 else "train"


def any_thing(rng: Random) -> Thing:
    return Thing(rng.choice(SIZES), rng.choice(COLOURS), rng.choice(SHAPES))


def any_pair(rng: Random) -> Scene:
    """Two things that differ in colour or shape, so that a name points at one of them."""
    first = any_thing(rng)
    second = any_thing(rng)
    while second.name == first.name:
        second = any_thing(rng)
    return Scene((first, second), rng.choice(RELATIONS))


def any_single(rng: Random) -> Scene:
    return Scene((any_thing(rng),))
