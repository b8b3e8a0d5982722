"""What a metric is: a pure function with a name, a range, a direction and a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.status import FailureKind, is_models_own
from sightline.values import Parsed, Sample, Scored

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embeddings of a parsed answer and of the sample's references, in their order."""

    answer: Vector
    references: tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Exactly one of ``of_text`` and ``of_vectors`` is given.

    name         as in requests, tables and boards
    version      part of a score's key: a changed definition is a new version
    low, high    the range of its values; higher is better for every metric here
    binary       values are 0 or 1: a mean is a proportion and gets a proportion's interval
    source       where the definition comes from
    of_text      scores a parsed value against a sample that has references
    of_vectors   the same from embeddings, which the caller makes in batches
    """

    name: str
    version: str
    title: str
    description: str
    source: str
    binary: bool
    low: float = 0.0
    high: float = 1.0
    of_text: Callable[[str, Sample], Scored] | None = None
    of_vectors: Callable[[Embedded], Scored] | None = None

    def __post_init__(self) -> None:
        if (self.of_text is None) == (self.of_vectors is None):
            raise ValueError(f"metric {self.name!r} reads either text or vectors")

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def higher_is_better(self) -> bool:
        return True

    @property
    def needs_embeddings(self) -> bool:
        """True: ``score`` wants ``embedded`` wherever answer and references exist."""
        return self.of_vectors is not None

    def score(self, parsed: Parsed, sample: Sample, embedded: Embedded | None = None) -> Scored:
        """The score of one answer, in ``low``..``high``.

        Without references there is no score (``no_reference``). A failure of the model's own
        scores 0.0 and stays named in ``detail["failure"]``; a failure of ours is no score.
        Raises ``ValueError`` where embeddings are needed and none are given.
        """
        if not sample.references:
            return Scored(None, FailureKind.NO_REFERENCE)
        if parsed.value is None:
            return _failed(FailureKind(str(parsed.failure)))
        if self.of_text is not None:
            return self.of_text(parsed.value, sample)
        if embedded is None or self.of_vectors is None:
            raise ValueError(f"metric {self.name!r} needs embeddings")
        return self.of_vectors(embedded)


def _failed(kind: FailureKind) -> Scored:
    if is_models_own(kind):
        return Scored(0.0, detail={"failure": kind.value})
    return Scored(None, kind.value)
