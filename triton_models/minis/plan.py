"""How each mini is trained, step by step: its tasks, and the height of the learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from triton_models.minis.architectures import MiniName
from triton_models.minis.data import (
    DIRECT,
    LOOKUP,
    NAMED_CHOICE,
    SENTENCE_CHOICE,
    WORDED_CHOICE,
)

_OTHERS = ("count", "difference", "table_to_csv", "form_fields")
_PLANNED_LATER = (
    "steps",
    "opening",
    "mixed",
    "loose",
    "looking",
    "lookups",
    "sentences",
    "decay_share",
    "cycle",
    "restart",
)


Batches = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is trained, in phases that each end at a step.

    opening    captions, bare letters and words in turn, one of the other four tasks
    mixed      captions, and choices by word and letter in turn with the other tasks
    looking    captions, which say the most about a picture for their cost, and some choices
    sentences  everything; from here on choices are answered in sentences, and are the most
    loose      up to here things lie anywhere, then as the benchmark draws them
    lookups    from here to ``sentences`` each step also takes options without a picture

    The learning rate rises over ``warmup`` steps, stays, and falls by a cosine to nothing over
    the last ``decay_share`` of the ``cycle`` (0: of all ``steps``). At step ``restart``, where
    there is one, it begins again from 0.7 of its height and falls to the end (Loshchilov and
    Hutter 2017, arXiv:1608.03983); from there on most samples are choices.
    ``checkpoint_every`` counts steps.
    """

    steps: int = 3600
    opening: int = 700
    mixed: int = 900
    loose: int = 1000
    looking: int = 2000
    lookups: int = 2000
    sentences: int = 3000
    cycle: int = 0
    restart: int = 0
    seed: int = 1
    learning_rate: float = 1e-3
    warmup: int = 100
    decay_share: float = 0.3
    weight_decay: float = 0.05
    clip: float = 1.0
    main_batch: int = 24
    other_batch: int = 16
    checkpoint_every: int = 100

    @property
    def decay_from(self) -> int:
        return round((self.cycle or self.steps) * (1 - self.decay_share))

    def batches(self, step: int) -> Batches:
        """What a step learns from: task, number of the batch within the task, samples."""
        if step < self.looking:
            return self._early(step)
        other = self.other_batch
        if step < self.sentences:
            choice = WORDED_CHOICE if step < self.lookups else NAMED_CHOICE
            return (
                *self._lookup(step),
                ("caption", step, other),
                (choice, step, other),
                (_OTHERS[step % 2], step, other),
                (_OTHERS[2 + step % 2], step, other),
            )
        if not self.restart or step < self.restart:
            return (
                ("caption", step, other),
                (SENTENCE_CHOICE, step, 2 * other),
                (_OTHERS[step % 4], step, other),
            )
        rest = (_OTHERS[step // 2 % 4], step, other) if step % 2 else ("caption", step, other)
        return ((SENTENCE_CHOICE, step, 2 * other), rest)

    def _early(self, step: int) -> Batches:
        """Learning to see: captions in every step."""
        main, other = self.main_batch, self.other_batch
        if step < self.opening:
            return (
                ("caption", step, main),
                ("multiple_choice" if step % 2 else DIRECT, step // 2, main),
                (_OTHERS[step % 4], step // 4, other),
            )
        if step < self.mixed:
            if step % 2:
                return (("caption", step, main), (WORDED_CHOICE, step // 2, other))
            return (("caption", step, main), (_OTHERS[step // 2 % 4], step // 4, other))
        choices = () if step % 4 else ((WORDED_CHOICE, step // 2, other),)
        return (("caption", step, main), *choices)

    def _lookup(self, step: int) -> Batches:
        return ((LOOKUP, step, self.main_batch),) if step >= self.lookups else ()

    def learning_rate_at(self, step: int) -> float:
        if self.restart and step >= self.restart:
            return 0.7 * self.learning_rate * _cosine(step, self.restart, self.steps)
        if step < self.decay_from:
            return self.learning_rate * min(1.0, (step + 1) / self.warmup)
        return self.learning_rate * _cosine(step, self.decay_from, self.cycle or self.steps)

    def shares_its_past_with(self, other: Plan, steps: int) -> bool:
        """Whether both plans are the same up to this step: then one may go on with the other."""
        later = {name: getattr(self, name) for name in _PLANNED_LATER}
        return replace(other, **later) == self and all(
            self.batches(step) == other.batches(step)
            and (step < self.loose) == (step < other.loose)
            and self.learning_rate_at(step) == other.learning_rate_at(step)
            for step in range(steps)
        )


def _cosine(step: int, start: int, end: int) -> float:
    """From one at ``start`` down to zero at ``end``."""
    return (1 + math.cos(math.pi * (step - start) / (end - start))) / 2


PLANS: dict[MiniName, Plan] = {
    "pixtral_mini": Plan(
        steps=3550,
        opening=700,
        mixed=900,
        loose=2000,
        looking=2400,
        lookups=2400,
        sentences=2600,
        decay_share=0.22,
        cycle=3200,
        restart=2800,
    ),
    "qwen2_vl_mini": Plan(
        steps=4800,
        opening=1000,
        mixed=1300,
        loose=2000,
        looking=2800,
        lookups=3000,
        sentences=3400,
        cycle=4000,
        restart=3600,
    ),
}
