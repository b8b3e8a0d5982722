"""Training that is stopped and taken up again gives the weights of training in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sightline.benchmarks.scenes import SCENES
from triton_models.minis.architectures import MINIS, MiniName
from triton_models.minis.plan import Plan
from triton_models.minis.train import Training

TINY = Plan(steps=6, warmup=2, main_batch=2, other_batch=2)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other where the machine is busy, for matrices this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(name: MiniName, checkpoint: Path, steps: int, plan: Plan = TINY) -> Training:
    """A training brought to this step, from its checkpoint where there is one."""
    training = Training(name, plan, checkpoint)
    while training.step < steps:
        training.advance()
    return training


def test_every_phase_of_the_plan_is_trained(tmp_path: Path) -> None:
    plan = replace(
        TINY, steps=8, opening=1, mixed=3, loose=2, looking=4, lookups=4, sentences=6, restart=7
    )
    everything = {task for step in range(plan.steps) for task, _, _ in plan.batches(step)}
    assert everything > set(SCENES.tasks) - {"multiple_choice"}
    assert everything > {"direct", "worded_choice", "named_choice", "sentence_choice", "lookup"}
    training = trained("qwen2_vl_mini", tmp_path / "none.pt", plan.steps, plan)
    assert set(training.losses) == everything
    assert plan.learning_rate_at(0) < plan.learning_rate_at(1) > plan.learning_rate_at(7) > 0


@pytest.mark.parametrize("name", MINIS)
def test_three_steps_and_three_more_are_six(name: MiniName, tmp_path: Path) -> None:
    at_once = trained(name, tmp_path / "at_once.pt", 6)
    interrupted = tmp_path / "interrupted.pt"
    trained(name, interrupted, 3).store()
    resumed = trained(name, interrupted, 6)
    expected = at_once.model.state_dict()
    for key, weights in resumed.model.state_dict().items():
        assert torch.equal(weights, expected[key]), key
    assert resumed.losses == at_once.losses


def test_training_changes_the_weights(tmp_path: Path) -> None:
    before = Training("pixtral_mini", TINY, tmp_path / "none.pt").model.state_dict()
    first = {key: weights.clone() for key, weights in before.items()}
    after = trained("pixtral_mini", tmp_path / "none.pt", 2).model.state_dict()
    assert any(not torch.equal(weights, after[key]) for key, weights in first.items())


def test_the_number_of_steps_is_open_until_the_learning_rate_falls(tmp_path: Path) -> None:
    checkpoint = tmp_path / "open.pt"
    trained("pixtral_mini", checkpoint, 3, replace(TINY, steps=10)).store()
    shorter = trained("pixtral_mini", checkpoint, 6)
    at_once = trained("pixtral_mini", tmp_path / "none.pt", 6)
    expected = at_once.model.state_dict()
    for key, weights in shorter.model.state_dict().items():
        assert torch.equal(weights, expected[key]), key
    with pytest.raises(ValueError, match="another plan"):
        Training("pixtral_mini", replace(TINY, steps=2), checkpoint)
    with pytest.raises(ValueError, match="another plan"):
        Training("pixtral_mini", replace(TINY, opening=1), checkpoint)
    with pytest.raises(ValueError, match="another plan"):
        Training("pixtral_mini", replace(TINY, learning_rate=1.0), checkpoint)
