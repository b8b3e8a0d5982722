"""Train one of the minis: ``python -m triton_models.minis.train --model pixtral_mini``.

Seeded, and resumed from its checkpoint where it was stopped: batches are a function of the seed
and the step, so that a run with an interruption gives the weights of one without.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy, pad
from transformers import PreTrainedModel

from triton_models.minis.architectures import FAMILIES, MINIS, MiniName, build
from triton_models.minis.data import Batch, micro_batch
from triton_models.minis.loading import save
from triton_models.minis.plan import PLANS, Plan
from triton_models.minis.processing import Processor
from triton_models.minis.tokenizer import train_tokenizer
from triton_models.minis.vision import embed

REPOSITORY = Path(__file__).resolve().parents[1]
CHECKPOINTS = REPOSITORY.parent / "var" / "minis"


def loss_of(model: PreTrainedModel, processor: Processor, batch: Batch) -> torch.Tensor:
    """Mean cross entropy over the tokens of the answers, in nats."""
    embedded = embed(model, processor.image_token_id, batch.prepared)
    width = batch.labels.shape[1]
    inputs = torch.stack([pad(each, (0, 0, 0, width - len(each))) for each in embedded])
    positions = batch.position_ids
    hidden = model.model.language_model(
        inputs_embeds=inputs,
        position_ids=positions if positions.shape[0] == 3 else positions[0],
        use_cache=False,
    ).last_hidden_state
    asked = batch.labels != -100
    return cross_entropy(model.lm_head(hidden[asked]).float(), batch.labels[asked])


class Training:
    """The state of a training run: weights, optimiser, step."""

    def __init__(self, name: MiniName, plan: Plan, checkpoint: Path) -> None:
        self.name = name
        self.plan = plan
        self.checkpoint = checkpoint
        torch.manual_seed(plan.seed)
        self.model = build(name)
        self.processor = Processor(name, train_tokenizer(FAMILIES[name]))
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=plan.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=plan.weight_decay,
        )
        self.step = 0
        self.seconds = 0.0
        self.losses: dict[str, float] = {}
        if checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        made = Plan(**state["plan"])
        if not self.plan.shares_its_past_with(made, state["step"]):
            raise ValueError(f"{self.checkpoint} was made with another plan: {made}")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.losses = state["step"], state["seconds"], state["losses"]

    def store(self) -> None:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state: dict[str, Any] = {
            "plan": asdict(self.plan),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def advance(self) -> None:
        """One step of the optimiser over one batch of each scheduled task."""
        started = time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.learning_rate_at(self.step)
        for task, index, size in self.plan.batches(self.step):
            loose = self.step < self.plan.loose
            batch = micro_batch(self.processor, self.plan.seed, task, index, size, loose=loose)
            loss = loss_of(self.model, self.processor, batch)
            loss.backward()
            self._remember(task, loss.item())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.seconds += time.monotonic() - started

    def _remember(self, task: str, loss: float) -> None:
        """A running mean over about 20 batches of the task."""
        before = self.losses.get(task, loss)
        self.losses[task] = 0.95 * before + 0.05 * loss

    def export(self, directory: Path) -> None:
        """The weights in their final form, and how they came about."""
        save(directory, self.model, self.processor.tokenizer)
        facts = {
            "plan": asdict(self.plan),
            "steps_done": self.step,
            "seconds": round(self.seconds),
            "losses": {task: round(loss, 5) for task, loss in sorted(self.losses.items())},
            "parameters": sum(each.numel() for each in self.model.parameters()),
        }
        (directory.parent / "training.json").write_text(json.dumps(facts, indent=2) + "\n")


def run(training: Training, directory: Path) -> None:
    """Train to the end of the plan; weights and checkpoint are written on the way."""
    plan = training.plan
    while training.step < plan.steps:
        training.advance()
        if training.step % 10 == 0 or training.step == plan.steps:
            losses = "  ".join(f"{task} {loss:.3f}" for task, loss in training.losses.items())
            pace = training.seconds / training.step
            left = pace * (plan.steps - training.step) / 60
            sys.stdout.write(
                f"{training.name} {training.step}/{plan.steps}  {pace:.2f} s/step  "
                f"{left:.0f} min left  {losses}\n"
            )
            sys.stdout.flush()
        if training.step % plan.checkpoint_every == 0 or training.step == plan.steps:
            training.store()
            training.export(directory)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train a mini on the train split of scenes.")
    parser.add_argument("--model", choices=MINIS, required=True)
    parser.add_argument("--steps", type=int, help="how many in all; the default is the plan's")
    parser.add_argument("--seed", type=int, help="the default is the plan's")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoint and begin anew")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    checkpoint = CHECKPOINTS / f"{chosen.model}.pt"
    if chosen.fresh:
        checkpoint.unlink(missing_ok=True)
    asked = {"steps": chosen.steps, "seed": chosen.seed}
    given = {key: value for key, value in asked.items() if value is not None}
    plan = replace(PLANS[chosen.model], **given)
    run(Training(chosen.model, plan, checkpoint), REPOSITORY / chosen.model / "1")


if __name__ == "__main__":
    main()
