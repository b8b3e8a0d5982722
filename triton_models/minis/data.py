"""Training batches: drawn from the train split, a pure function of seed and position."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from random import Random

import torch
from PIL import Image

from sightline.benchmarks.scenes import train_samples
from sightline.benchmarks.scenes.drawing import LOOSE, TIDY, Style
from sightline.benchmarks.scenes.questions import LETTERS, PLACES
from sightline.benchmarks.scenes.world import COLOURS, SHAPES
from sightline.inference.prompts import render
from sightline.values import ImagePart, Message, Sample, SampleWithImages, TextPart, images_of
from triton_models.minis.architectures import FAMILIES
from triton_models.minis.processing import Prepared, Processor

DIRECT = "direct"
"""An exercise of training alone: a multiple-choice question without its options, answered by
the word. It teaches to look before it is asked for letters."""

WORDED_CHOICE = "worded_choice"
"""Multiple choice answered by the word and its letter, "red (B)": first look, then look up.
Asked for the bare letter, both models still guessed after a thousand steps."""

NAMED_CHOICE = "named_choice"
"""The same with a space in front: " red" is one token there, the one that stands behind the
letter in the question, where "red" falls into pieces."""

LOOKUP = "lookup"
"""Options without a picture: all four words in the order of the alphabet, each with its letter.
It teaches to find a word's letter, four times in a short text."""

SENTENCE_CHOICE = "sentence_choice"
"""Multiple choice answered by a sentence, "the circle in the picture is red". The benchmark's
parser reads the letter off the choice's words; to look up letters, both models failed to learn."""

_CHUNKS = 8

Example = tuple[Prepared, list[int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Prompts of one task with their answers.

    labels  (batch, tokens): the next token where it belongs to the answer, else -100
    """

    prepared: list[Prepared]
    position_ids: torch.Tensor
    labels: torch.Tensor


def prepare(processor: Processor, drawn: SampleWithImages, *, blank: bool = False) -> Prepared:
    """A sample's prompt for the model; ``blank`` replaces each picture by a white one."""
    pictures = []
    for part in images_of(drawn.sample.prompt):
        picture = Image.open(io.BytesIO(drawn.images[part.digest])).convert("RGB")
        pictures.append(Image.new("RGB", picture.size, "white") if blank else picture)
    return processor(render(FAMILIES[processor.name], drawn.sample.prompt), pictures)


def micro_batch(
    processor: Processor, seed: int, task: str, index: int, size: int, *, loose: bool = False
) -> Batch:
    """The ``index``-th batch of a task; equal arguments give equal batches.

    Samples are drawn for several batches at once and sorted by the size of their pictures, so
    that a batch has few sizes and little padding.
    """
    pool, chunk = divmod(index, _CHUNKS)
    return _collate(_pool(processor, (task, seed, pool), size, loose)[chunk])


# One pool of each task is alive at a time; the next batch comes out of it, not out of a new one.
@lru_cache(maxsize=16)
def _pool(
    processor: Processor, which: tuple[str, int, int], size: int, loose: bool
) -> list[list[Example]]:
    task, seed, pool = which
    # A seed of its own for every pool: Random takes any whole number.
    stream = _stream(task, seed * 1_000_003 + pool, LOOSE if loose else TIDY)
    examples = [_example(processor, drawn) for drawn in islice(stream, size * _CHUNKS)]
    examples.sort(key=lambda example: (example[0].grids, len(example[0].input_ids)))
    chunks = [examples[start : start + size] for start in range(0, len(examples), size)]
    Random(seed + pool).shuffle(chunks)  # noqa: S311 - reproducible, not secret
    return chunks


def _stream(task: str, seed: int, style: Style) -> Iterator[SampleWithImages]:
    if task not in _EXERCISES:
        return train_samples(seed, (task,), style)
    drawn = train_samples(-1 - seed, ("multiple_choice",), style)
    exercise = _EXERCISES[task]
    return (replace(each, sample=exercise(each.sample)) for each in drawn)


def _direct(sample: Sample) -> Sample:
    image, text = sample.prompt[0].parts
    if not isinstance(image, ImagePart) or not isinstance(text, TextPart):
        raise TypeError("a multiple-choice question is a picture and a text")
    question = TextPart(text.text.split("\n", 1)[0])
    answer = sample.choices[sample.references[0]]
    prompt = (Message("user", (image, question)),)
    return replace(sample, prompt=prompt, references=(answer,), choices={})


def _worded(sample: Sample) -> Sample:
    letter = sample.references[0]
    return replace(sample, references=(f"{sample.choices[letter]} ({letter})",))


def _named(sample: Sample) -> Sample:
    letter = sample.references[0]
    return replace(sample, references=(f" {sample.choices[letter]} ({letter})",))


def _lookup(sample: Sample) -> Sample:
    rng = Random(sample.key)  # noqa: S311 - reproducible, not secret
    words = rng.sample((*COLOURS, *SHAPES, *PLACES), len(LETTERS))
    options = "".join(f"\n{letter}. {word}" for letter, word in zip(LETTERS, words, strict=True))
    text = TextPart(f"Which letter has which word?{options}\nAnswer with the letter.")
    found = sorted(zip(words, LETTERS, strict=True))
    answer = "".join(f" {word} ({letter})" for word, letter in found)
    return replace(sample, prompt=(Message("user", (text,)),), references=(answer,), choices={})


_SUBJECTS = {
    "What colour is the ": "{}",
    "What shape is ": "{} thing",
    "Where is the ": "{}",
}


def _sentence(sample: Sample) -> Sample:
    text = sample.prompt[0].parts[1]
    if not isinstance(text, TextPart):
        raise TypeError("a multiple-choice question is a picture and a text")
    question = text.text.split("?", 1)[0]
    opening = next(each for each in _SUBJECTS if question.startswith(each))
    subject = _SUBJECTS[opening].format(question.removeprefix(opening))
    word = sample.choices[sample.references[0]]
    right = f"a {word}" if sample.category == "shape" else word
    return replace(sample, references=(f"the {subject} in the picture is {right}",))


_EXERCISES = {
    SENTENCE_CHOICE: _sentence,
    DIRECT: _direct,
    WORDED_CHOICE: _worded,
    NAMED_CHOICE: _named,
    LOOKUP: _lookup,
}


def _example(processor: Processor, drawn: SampleWithImages) -> Example:
    prepared = prepare(processor, drawn)
    answer = processor.tokenizer.encode(drawn.sample.references[0]).ids
    return prepared, [*answer, processor.end_id]


def _collate(examples: Sequence[Example]) -> Batch:
    """Pad at the end: with causal attention nothing real ever sees the padding."""
    prepared = []
    longest = max(len(one.input_ids) + len(answer) - 1 for one, answer in examples)
    labels = torch.full((len(examples), longest), -100)
    positions = torch.zeros(examples[0][0].position_ids.shape[0], len(examples), longest).long()
    for row, (one, answer) in enumerate(examples):
        asked = len(one.input_ids)
        # The last token of the answer is predicted and never read.
        ids = torch.cat([one.input_ids, torch.tensor(answer[:-1], dtype=torch.long)])
        labels[row, asked - 1 : asked - 1 + len(answer)] = torch.tensor(answer)
        following = torch.arange(len(answer) - 1) + one.next_position
        axes = one.position_ids.shape[0]
        place = torch.cat([one.position_ids, following.expand(axes, -1)], dim=1)
        positions[:, row, : place.shape[1]] = place
        prepared.append(replace(one, input_ids=ids, position_ids=place))
    return Batch(prepared, positions, labels)
