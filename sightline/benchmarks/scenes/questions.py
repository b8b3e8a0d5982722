"""The six kinds of question: each draws pictures and knows the one right answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from PIL import Image

from sightline.benchmarks.scenes import drawing
from sightline.benchmarks.scenes.world import (
    COLOURS,
    SHAPES,
    Scene,
    Split,
    Thing,
    any_pair,
    any_single,
    split_of,
)

LETTERS = ("A", "B", "C", "D")
PLACES = ("left", "right", "top", "bottom")
HEADERS = (("item", "qty"), ("food", "cost"), ("item", "cost"), ("food", "qty"))
WORDS = ("tea", "egg", "nut", "ham", "fig", "rice", "milk", "corn", "bean", "soup")
FIELDS = ("name", "email", "phone", "city", "date", "age", "zip", "note", "title", "street")


@dataclass(frozen=True, slots=True)
class Question:
    """A drawn question.

    specifications  what is shown and asked, as text; all of them must lie in one split
    parts           pictures and texts in the order in which the model sees them
    """

    specifications: tuple[str, ...]
    parts: tuple[Image.Image | str, ...]
    answer: str
    category: str
    choices: Mapping[str, str] = field(default_factory=dict)


def caption(rng: Random, style: drawing.Style) -> Question:
    """One thing in eight pictures, two in the others."""
    scene = any_single(rng) if rng.randrange(8) == 0 else any_pair(rng)
    category = "one_object" if len(scene.things) == 1 else "two_objects"
    parts = (_picture(rng, scene, style), "Describe the picture.")
    return Question((scene.caption,), parts, scene.caption, category)


def multiple_choice(rng: Random, style: drawing.Style) -> Question:
    """Colour, shape or place of one of two things; the right letter is uniform."""
    scene = any_pair(rng)
    asked = rng.randrange(2)
    thing, other = scene.things[asked], scene.things[1 - asked]
    kinds = ["place"]
    if thing.shape != other.shape:
        kinds.append("colour")
    if thing.colour != other.colour:
        kinds.append("shape")
    kind = rng.choice(kinds)
    pool: tuple[str, ...]
    if kind == "place":
        ends = ("left", "right") if scene.relation == "left of" else ("top", "bottom")
        question, right, pool = f"Where is the {thing.name}?", ends[asked], PLACES
    elif kind == "colour":
        question, right, pool = f"What colour is the {thing.shape}?", thing.colour, COLOURS
    else:
        question, right, pool = f"What shape is {thing.colour}?", thing.shape, SHAPES
    wrong = iter(rng.sample([word for word in pool if word != right], 3))
    letter = rng.choice(LETTERS)
    choices = {each: right if each == letter else next(wrong) for each in LETTERS}
    options = "".join(f"\n{each}. {word}" for each, word in choices.items())
    text = f"{question}{options}\nAnswer with the letter."
    return Question((scene.caption,), (_picture(rng, scene, style), text), letter, kind, choices)


def count(rng: Random, style: drawing.Style) -> Question:
    """Up to six small things; how many of a colour, of a shape, or in all."""
    size = rng.choice(drawing.COUNT_SIZES)
    colours, shapes = rng.sample(COLOURS, 2), rng.sample(SHAPES, 2)
    number = rng.randint(1, 6)
    things = tuple(Thing("small", rng.choice(colours), rng.choice(shapes)) for _ in range(number))
    placed = drawing.scatter(rng, things, size, style)
    if placed is None:
        return count(rng, style)
    kind = rng.choice(("colour", "shape", "all"))
    if kind == "all":
        asked, found = "things", number
    elif kind == "colour":
        asked, found = f"{colours[0]} things", sum(t.colour == colours[0] for t in things)
    else:
        asked, found = f"{shapes[0]}s", sum(t.shape == shapes[0] for t in things)
    asked = asked.replace("crosss", "crosses")
    image = drawing.canvas(rng, size)
    drawing.draw_things(image, placed)
    specification = "count: " + ", ".join(sorted(thing.name for thing in things))
    text = f"How many {asked} are there? Answer with a number."
    return Question((specification,), (image, text), str(found), kind)


def difference(rng: Random, style: drawing.Style) -> Question:
    """Two pictures of two things, of which one changes; positions stay."""
    scene = any_pair(rng)
    asked = rng.randrange(2)
    thing, other = scene.things[asked], scene.things[1 - asked]
    kind = rng.choice(("colour", "shape", "gone"))
    size = rng.choice(style.sizes[scene.relation][:2])
    placed = drawing.place(rng, scene, size, style)
    if kind == "gone":
        after: Thing | None = None
        answer = f"the {thing.name} is gone"
    elif kind == "colour":
        colour = rng.choice([each for each in COLOURS if each != thing.colour])
        after = Thing(thing.size, colour, thing.shape)
        answer = f"the {thing.name} is now {colour}"
    else:
        shape = rng.choice([each for each in SHAPES if each != thing.shape])
        after = Thing(thing.size, thing.colour, shape)
        answer = f"the {thing.name} is now a {shape}"
    if after is not None and after.name == other.name:
        return difference(rng, style)
    before_image = drawing.canvas(rng, size)
    after_image = before_image.copy()
    drawing.draw_things(before_image, placed)
    rest = [placed[1 - asked]]
    if after is not None:
        was = placed[asked]
        rest.append(drawing.Placed(after, was.x, was.y, was.radius))
    drawing.draw_things(after_image, tuple(rest))
    parts = ("Before:", before_image, "After:", after_image, "What has changed?")
    return Question((f"{scene.caption}; {answer}",), parts, answer, kind)


def table_to_csv(rng: Random, _style: drawing.Style) -> Question:
    """Two columns, a header and one to three rows, as comma-separated lines."""
    rows = [rng.choice(HEADERS)]
    for word in rng.sample(WORDS, rng.randint(1, 3)):
        rows.append((word, str(rng.randint(1, 99))))
    column = 34 + 2 * rng.randrange(4)
    width = column + 26 + 2 * rng.randrange(10)
    image = drawing.canvas(rng, (min(width, drawing.LONGEST_SIDE), 13 * len(rows) + 3))
    for index, (left, right) in enumerate(rows):
        drawing.write(image, 3, 13 * index + 1, left)
        drawing.write(image, column, 13 * index + 1, right)
    drawing.rule(image, 13)
    answer = "\n".join(",".join(row) for row in rows)
    return Question((answer,), (image, "Write the table as CSV."), answer, f"{len(rows) - 1}_rows")


def form_fields(rng: Random, _style: drawing.Style) -> Question:
    """Two to four labels with an empty box behind each."""
    fields = rng.sample(FIELDS, rng.randint(2, 4))
    width = 72 + 2 * rng.randrange(13)
    image = drawing.canvas(rng, (width, 15 * len(fields) + 3))
    for index, label in enumerate(fields):
        top = 15 * index + 2
        drawing.write(image, 3, top + 1, label)
        drawing.frame(image, (6 * len(label) + 7, top, width - 4, top + 12))
    answer = ", ".join(fields)
    parts = (image, "Name the input fields of the form.")
    return Question((f"form: {answer}",), parts, answer, f"{len(fields)}_fields")


KINDS: Mapping[str, Callable[[Random, drawing.Style], Question]] = {
    "caption": caption,
    "multiple_choice": multiple_choice,
    "count": count,
    "difference": difference,
    "table_to_csv": table_to_csv,
    "form_fields": form_fields,
}


def draw(rng: Random, task: str, split: Split, style: drawing.Style = drawing.TIDY) -> Question:
    """Draw until a question of the wanted split comes."""
    while True:
        question = KINDS[task](rng, style)
        if all(split_of(each) == split for each in question.specifications):
            return question


def _picture(rng: Random, scene: Scene, style: drawing.Style) -> Image.Image:
    size = rng.choice(style.sizes[scene.relation])
    image = drawing.canvas(rng, size)
    drawing.draw_things(image, drawing.place(rng, scene, size, style))
    return image
