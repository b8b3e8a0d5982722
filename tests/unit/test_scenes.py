"""The benchmark ``scenes``: reproducible, disjoint from training, and right about itself."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from itertools import islice
from random import Random

import pytest
from PIL import Image

from sightline.benchmarks.scenes import SCENES, train_samples
from sightline.benchmarks.scenes.drawing import LONGEST_SIDE, canvas, draw_things, encode_png, place
from sightline.benchmarks.scenes.questions import KINDS, LETTERS, draw
from sightline.benchmarks.scenes.world import SHAPES, Scene, Thing, any_pair, split_of
from sightline.values import SampleWithImages, TextPart, images_of


@pytest.fixture(scope="module")
def test_split() -> list[SampleWithImages]:
    return list(SCENES.samples())


def of_task(samples: list[SampleWithImages], task: str) -> list[SampleWithImages]:
    return [drawn for drawn in samples if drawn.sample.task == task]


def text_of(drawn: SampleWithImages) -> str:
    parts = drawn.sample.prompt[0].parts
    return " ".join(part.text for part in parts if isinstance(part, TextPart))


def test_the_test_split_comes_out_the_same_twice(test_split: list[SampleWithImages]) -> None:
    assert list(SCENES.samples()) == test_split


def test_a_hundred_samples_of_each_task_one_task_after_the_other(
    test_split: list[SampleWithImages],
) -> None:
    assert [drawn.sample.task for drawn in test_split] == [
        task for task in SCENES.tasks for _ in range(100)
    ]
    keys = [drawn.sample.key for drawn in test_split]
    assert len(set(keys)) == len(keys)
    assert keys[7] == "caption/0007"


def test_equal_seeds_give_equal_training_streams_and_others_do_not() -> None:
    first, second, other = (list(islice(train_samples(seed), 60)) for seed in (5, 5, 6))
    assert first == second
    assert [drawn.images for drawn in first] != [drawn.images for drawn in other]


def test_no_specification_is_in_both_splits() -> None:
    for task in KINDS:
        shown = {}
        for split in ("train", "test"):
            rng = Random(3)
            drawn = [draw(rng, task, split) for _ in range(150)]
            shown[split] = {each for question in drawn for each in question.specifications}
            assert {split_of(each) for each in shown[split]} == {split}
        assert not shown["train"] & shown["test"]


def test_no_held_out_caption_is_ever_trained_on(test_split: list[SampleWithImages]) -> None:
    held_out = {drawn.sample.references[0] for drawn in of_task(test_split, "caption")}
    trained = {drawn.sample.references[0] for drawn in islice(train_samples(1, ("caption",)), 3000)}
    assert not held_out & trained


def test_about_a_tenth_of_the_pairs_is_held_out() -> None:
    rng = Random(0)
    held_out = sum(split_of(any_pair(rng).caption) == "test" for _ in range(4000))
    assert 0.07 < held_out / 4000 < 0.13


def test_pictures_are_as_their_parts_say(test_split: list[SampleWithImages]) -> None:
    shapes = set()
    for drawn in test_split:
        parts = list(images_of(drawn.sample.prompt))
        assert len(parts) == (2 if drawn.sample.task == "difference" else 1)
        for part in parts:
            data = drawn.images[part.digest]
            assert hashlib.sha256(data).hexdigest() == part.digest
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                assert picture.format == "PNG"
                assert picture.size == (part.width, part.height)
            assert max(part.width, part.height) <= LONGEST_SIDE
            shapes.add((part.width, part.height))
    assert len(shapes) > 20
    assert any(width > height for width, height in shapes)
    assert any(width < height for width, height in shapes)


def test_the_encoded_picture_is_the_drawn_one() -> None:
    rng = Random(8)
    for _ in range(20):
        scene = any_pair(rng)
        # An odd width: the last pixel of a row has half a byte to itself.
        picture = canvas(rng, (75, 76))
        draw_things(picture, place(rng, scene, picture.size))
        decoded = Image.open(io.BytesIO(encode_png(picture))).convert("RGB")
        assert decoded.tobytes() == picture.convert("RGB").tobytes()


def test_a_drawn_thing_has_its_colour_in_its_middle() -> None:
    rng = Random(2)
    for shape in SHAPES:
        scene = Scene((Thing("large", "red", shape),))
        picture = canvas(rng, (48, 48))
        placed = place(rng, scene, picture.size)
        draw_things(picture, placed)
        assert picture.convert("RGB").getpixel((placed[0].x, placed[0].y)) == (220, 40, 40)


def test_every_pair_stands_as_its_caption_says() -> None:
    rng = Random(4)
    for _ in range(200):
        scene = any_pair(rng)
        first, second = place(rng, scene, (80, 80))
        if scene.relation == "left of":
            assert first.x + first.radius < second.x - second.radius
        else:
            assert first.y + first.radius < second.y - second.radius


def test_multiple_choice_is_answered_by_a_uniform_letter() -> None:
    drawn = list(islice(train_samples(2, ("multiple_choice",)), 2000))
    letters = Counter(each.sample.references[0] for each in drawn)
    assert set(letters) == set(LETTERS)
    # Four standard deviations of a fair draw.
    assert all(abs(number - 500) < 78 for number in letters.values())
    for each in drawn:
        choices = each.sample.choices
        assert len(set(choices.values())) == 4
        assert all(f"\n{letter}. {word}" in text_of(each) for letter, word in choices.items())


def test_the_right_choice_is_what_the_picture_shows(test_split: list[SampleWithImages]) -> None:
    for drawn in of_task(test_split, "multiple_choice"):
        part = next(images_of(drawn.sample.prompt))
        picture = Image.open(io.BytesIO(drawn.images[part.digest])).convert("RGB")
        if drawn.sample.category == "colour":
            shown = drawn.sample.choices[drawn.sample.references[0]]
            reference = canvas(Random(0), (48, 48))
            thing = Thing("large", shown, "square")
            placed = place(Random(0), Scene((thing,)), (48, 48))
            draw_things(reference, placed)
            pixel = reference.convert("RGB").getpixel((placed[0].x, placed[0].y))
            assert pixel in {colour for _, colour in picture.getcolors() or []}


def test_counts_tables_forms_and_changes_have_their_grammar(
    test_split: list[SampleWithImages],
) -> None:
    for drawn in of_task(test_split, "count"):
        assert 0 <= int(drawn.sample.references[0]) <= 6
    for drawn in of_task(test_split, "table_to_csv"):
        rows = [line.split(",") for line in drawn.sample.references[0].split("\n")]
        assert drawn.sample.category == f"{len(rows) - 1}_rows"
        assert all(len(row) == 2 for row in rows)
    for drawn in of_task(test_split, "form_fields"):
        fields = drawn.sample.references[0].split(", ")
        assert drawn.sample.category == f"{len(fields)}_fields"
        assert len(set(fields)) == len(fields)
    for drawn in of_task(test_split, "difference"):
        assert drawn.sample.references[0].startswith("the ")
        before, after = images_of(drawn.sample.prompt)
        assert before.digest != after.digest
