"""Held-out figures of a mini: ``python -m triton_models.minis.evaluate --model pixtral_mini``.

Right answers per task on the test split of ``scenes`` (exact ones, and for multiple choice the
right letter as the benchmark's own parser reads it), for the model as it is and for its blind
twin: the same weights, with a white picture of the same size in place of every picture.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from sightline.benchmarks.scenes import SCENES
from sightline.metrics.parsers import PARSERS
from sightline.values import SampleWithImages
from triton_models.minis.answering import greedy
from triton_models.minis.architectures import MINIS
from triton_models.minis.data import prepare
from triton_models.minis.loading import LoadedMini, load

REPOSITORY = Path(__file__).resolve().parents[1]
_BATCH = 25


def evaluate(mini: LoadedMini, samples: Sequence[SampleWithImages]) -> dict[str, Any]:
    """Shares of right answers: per task for both twins, per category for the model itself."""
    by_task: dict[str, list[SampleWithImages]] = defaultdict(list)
    for drawn in samples:
        by_task[drawn.sample.task].append(drawn)
    report: dict[str, Any] = {}
    for task, members in by_task.items():
        seeing = _right(mini, members, blank=False)
        blind = _right(mini, members, blank=True)
        categories: dict[str, list[bool]] = defaultdict(list)
        for drawn, right in zip(members, seeing, strict=True):
            categories[drawn.sample.category].append(right)
        report[task] = {
            "n": len(members),
            "right": _share(seeing),
            "right_blank_image": _share(blind),
            "categories": {
                name: {"n": len(rights), "right": _share(rights)}
                for name, rights in sorted(categories.items())
            },
        }
    return report


def _right(mini: LoadedMini, members: Sequence[SampleWithImages], *, blank: bool) -> list[bool]:
    task = SCENES.tasks[members[0].sample.task]
    parse = PARSERS[task.parser]
    rights = []
    for start in range(0, len(members), _BATCH):
        chunk = members[start : start + _BATCH]
        prepared = [prepare(mini.processor, drawn, blank=blank) for drawn in chunk]
        answers = greedy(mini, prepared, task.sampling.max_tokens)
        rights.extend(
            parse(answer, drawn.sample).value == drawn.sample.references[0]
            for answer, drawn in zip(answers, chunk, strict=True)
        )
    return rights


def _share(rights: Sequence[bool]) -> float:
    return round(sum(rights) / len(rights), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Held-out figures on the test split of scenes.")
    parser.add_argument("--model", choices=MINIS, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    directory = REPOSITORY / chosen.model
    report = evaluate(load(directory / "1"), list(SCENES.samples()))
    (directory / "evaluation.json").write_text(json.dumps(report, indent=2) + "\n")
    for task, figures in report.items():
        sys.stdout.write(
            f"{chosen.model} {task}: right {figures['right']:.2f}, "
            f"blank image {figures['right_blank_image']:.2f}, n {figures['n']}\n"
        )


if __name__ == "__main__":
    main()
