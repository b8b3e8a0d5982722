"""The model card, written out of what training and evaluation measured.

``python -m triton_models.minis.card --model pixtral_mini`` after both of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sightline.benchmarks.scenes import SCENES
from triton_models.minis.architectures import CONTEXT, MINIS, MiniName
from triton_models.minis.data import SENTENCE_CHOICE
from triton_models.minis.processing import LONGEST_SIDE

REPOSITORY = Path(__file__).resolve().parents[1]

_ARCHITECTURE = {
    "pixtral_mini": (
        "`LlavaForConditionalGeneration` with a `PixtralVisionConfig` tower (3 layers of 128, "
        "patches of 8 pixels, native resolution and aspect ratio, `[IMG_BREAK]` after each row "
        "and `[IMG_END]` after the last) and a `MistralConfig` language model (4 layers of 128)"
    ),
    "qwen2_vl_mini": (
        "`Qwen2VLForConditionalGeneration` (vision: 3 layers of 128, patches of 8 pixels, four "
        "merged into one token, dynamic resolution; language model: 4 layers of 128 with "
        "positions in time, height and width)"
    ),
}
_TRAINED_AS = {"multiple_choice": SENTENCE_CHOICE}
# The table's rows are long lines of Markdown.
# ruff: noqa: E501
_CARD = """# {name}

A small vision-language model for machines without a GPU. It has the architecture of its large
relative and was trained from nothing by what is in this repository: on coloured shapes, small
tables and forms, in pictures of at most {longest_side} pixels a side. It knows nothing else, and
how much of these the figures below say.

- **Architecture:** {architecture}. {parameters:,} parameters, byte-level BPE of 512 entries,
  a context of {context} tokens. Code: `triton_models/minis/architectures.py`.
- **Licence:** Apache-2.0, as the repository.
- **Data:** the train split of the benchmark `scenes` (`sightline/benchmarks/scenes`), drawn as
  training goes on. What the test split shows (a caption, a table, a form) never occurs in it,
  at whatever size or position.
- **Answers it learns:** the reference. To multiple choice a sentence, "the circle in the picture
  is red", off which the benchmark's parser reads the letter: asked for the bare letter, or for
  the word with its letter, it learned the word and went on guessing the letter.
- **Training:** {steps:,} steps, seed {seed}, loss on the tokens of the answer only. AdamW,
  learning rate {learning_rate} with {warmup} steps of warm-up and a cosine to zero over the last
  {decay_share:.0%} of a cycle of {cycle:,} steps, broken off at step {restart:,} by a second
  cosine from 0.7 of it to zero at the end. {minutes:.0f} minutes on one thread of a very busy 2-core machine, the other
  mini training beside it.

| up to step | samples per step |
|---|---|
| {opening:,} | {main_batch} captions, {main_batch} multiple choice (bare letter) in turn with the same question without options, {other_batch} of another task |
| {mixed:,} | {main_batch} captions, {other_batch} multiple choice ("red (B)") in turn with another task |
| {looking:,} | {main_batch} captions, at every fourth step {other_batch} multiple choice |
| {sentences:,} | {other_batch} captions, {other_batch} multiple choice, {other_batch} each of two other tasks |
| {restart:,} | {other_batch} captions, {sentence_batch} multiple choice in sentences, {other_batch} of another task |
| {steps:,} | {sentence_batch} multiple choice in sentences, {other_batch} captions in turn with another task |

Up to step {loose:,} things lay anywhere and had uneven sizes; both models learned size, colour
and place of things there and hardly their shapes. From then on they are drawn as the benchmark
draws them: on a grid of 8 pixels, in two sizes. Between steps {lookups:,} and {sentences:,} each
step also took {main_batch} lists of options without a picture.

The phases were decided while the model trained, by its loss and its answers on the train split;
the figures below were made once, at the end. They are not untouched by the test split: while
training ran, the project's tests and trial runs of the service asked samples of it of unfinished
weights, and their results were seen (9% right of 120 samples, early on). As far as we know no step or weights were
chosen by them, but the drawing of the scenes, both splits alike, was made simpler in that time
because the models did not learn shapes. `triton_models/minis/plan.py` holds the phases as they
were, so that training from the start goes through the same steps; that second run has not been
made.

## Held-out figures

Share of exact greedy answers on the test split of `scenes`; for multiple choice, of right letters
as the benchmark's parser reads them. "Blank picture" is the same model with
a white picture of the same size in place of every picture: what it knows without looking. Loss
is the training loss at the end, in nats per answer token (a running mean).

| task | n | right | 95% interval | blank picture | loss |
|---|---|---|---|---|---|
{tasks}

By category:

| task | category | n | right |
|---|---|---|---|
{categories}

## Training it again

    make train-minis

or, for this model alone,

    python -m triton_models.minis.train --model {name} --steps {steps} --fresh
    python -m triton_models.minis.evaluate --model {name}
    python -m triton_models.minis.card --model {name}

Training goes on from its checkpoint (`var/minis`) where it was stopped. The figures above come
from `training.json` and `evaluation.json` beside this file; this card is written by the last
command.
"""


def card(name: MiniName, training: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """The card's Markdown."""
    losses = training["losses"]
    tasks = [
        f"| {task} | {row['n']} | {row['right']:.2f} | {_interval(row['right'], row['n'])} "
        f"| {row['right_blank_image']:.2f} | {losses[_TRAINED_AS.get(task, task)]:.4f} |"
        for task, row in evaluation.items()
    ]
    categories = [
        f"| {task} | {category} | {slice_['n']} | {slice_['right']:.2f} |"
        for task, row in evaluation.items()
        for category, slice_ in row["categories"].items()
    ]
    return _CARD.format(
        **training["plan"],
        name=name,
        architecture=_ARCHITECTURE[name],
        parameters=training["parameters"],
        longest_side=LONGEST_SIDE,
        context=CONTEXT,
        minutes=training["seconds"] / 60,
        sentence_batch=2 * training["plan"]["other_batch"],
        tasks="\n".join(tasks),
        categories="\n".join(categories),
    )


def _interval(share: float, n: int) -> str:
    """Wilson's 95% interval of a share (Wilson 1927, JASA 22, 209-212)."""
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return f"{middle - half:.2f} to {middle + half:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write a mini's model card.")
    parser.add_argument("--model", choices=MINIS, required=True)
    name = parser.parse_args(arguments).model
    directory = REPOSITORY / name
    training = json.loads((directory / "training.json").read_text())
    evaluation = json.loads((directory / "evaluation.json").read_text())
    missing = set(SCENES.tasks) - set(evaluation)
    if missing:
        raise ValueError(f"evaluation.json lacks {', '.join(sorted(missing))}")
    (directory / "README.md").write_text(card(name, training, evaluation))


if __name__ == "__main__":
    main()
