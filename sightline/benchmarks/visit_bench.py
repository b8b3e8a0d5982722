"""``visit-bench-multi``: VisIT-Bench's questions about several images, with GPT-4's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sightline.benchmarks import shipped
from sightline.benchmarks.base import PublishedRow, RecordedAnswers, Task
from sightline.values import Json, Message, Sample, SampleWithImages, Sampling, TextPart

_ROWS = "visit_bench/multi_image.jsonl.gz"
_SOURCE = "github.com/mlfoundations/VisIT-Bench (Bitton et al., NeurIPS 2023), CC BY 4.0"

_DIFFERENCES = frozenset({"rcc", "spot_the_diff"})


def _task(name: str, title: str) -> Task:
    return Task(
        name=name,
        title=title,
        parser="text/1",
        metrics=("cosine_similarity",),
        correct_by=None,
        sampling=Sampling(max_tokens=256),
    )


_TASKS = (
    _task("difference", "What differs between two images"),
    _task("short_reference", "Answers held against a word, a number or a fixed phrase"),
    _task("no_reference", "Instructions without a reference: not scored"),
)


@dataclass(frozen=True, slots=True)
class HumanRating:
    """What VisIT-Bench's raters said of GPT-4's answer to one sample.

    correct             the answer is right
    problem_in_caption  the image descriptions given to GPT-4 were at fault
    problem_in_answer   GPT-4 was at fault although the descriptions were good
    """

    key: str
    correct: bool
    problem_in_caption: bool
    problem_in_answer: bool


class VisitBenchMulti:
    """100 instructions in ten categories of ten."""

    name = "visit-bench-multi"
    title = "VisIT-Bench, several images"
    description = (
        "100 instructions about two or more images. 30 have no reference and are never scored, so "
        "coverage cannot pass 0.7. 50 references are a word, a number or a fixed phrase, against "
        "which the similarity of a paragraph says little. The 20 of the task difference have "
        "references that similarity can be read for. The images are not shipped: it scores "
        "recorded answers and cannot be asked of a model."
    )
    licence = "CC-BY-4.0"
    source = _SOURCE
    primary_metric = "cosine_similarity"
    # 30 of 100 samples have no reference: more than 0.7 is never reached.
    coverage_floor = 0.65
    recorded_only = True
    published: tuple[PublishedRow, ...] = ()

    @property
    def tasks(self) -> Mapping[str, Task]:
        return {task.name: task for task in _TASKS}

    @property
    def recorded(self) -> tuple[RecordedAnswers, ...]:
        return (RecordedAnswers("gpt-4", "GPT-4 (recorded)", _SOURCE, _gpt4_answers),)

    def samples(self) -> Iterator[SampleWithImages]:
        """In the order of the authors' file; keys come from the first image's name."""
        for row in shipped.rows(_ROWS):
            yield SampleWithImages(_sample(row))

    def human_ratings(self) -> Iterator[HumanRating]:
        """Ratings of GPT-4's answers, one per sample: what a metric can be held against."""
        for row in shipped.rows(_ROWS):
            yield HumanRating(
                key=row["key"],
                correct=row["gpt4_correct"],
                problem_in_caption=row["problem_in_caption"],
                problem_in_answer=row["problem_in_gpt4"],
            )


def _sample(row: Json) -> Sample:
    reference: str | None = row["reference"]
    return Sample(
        key=row["key"],
        task=_task_of(row["category"], reference),
        prompt=(Message("user", (TextPart(row["instruction"]),)),),
        references=() if reference is None else (reference,),
        category=row["category"],
    )


def _task_of(category: str, reference: str | None) -> str:
    if reference is None:
        return "no_reference"
    return "difference" if category in _DIFFERENCES else "short_reference"


def _gpt4_answers() -> Iterator[tuple[str, str]]:
    for row in shipped.rows(_ROWS):
        yield row["key"], row["gpt4"]


VISIT_BENCH_MULTI = VisitBenchMulti()
