"""Continuous batching: all running sequences step together, and join and leave at any step."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import torch
from torch.nn.functional import pad

from triton_models.minis.cache import SlotCache
from triton_models.minis.loading import LoadedMini
from triton_models.minis.sequence import Limits, Question, Running, begin

# Prompts read in one forward: enough to use the cores, few enough that running sequences do not
# wait long for their next token.
_PREFILL_TOGETHER = 8


class Listener(Protocol):
    """Who is told about a question; called by the engine's thread, so it must return at once."""

    @property
    def cancelled(self) -> bool:
        """Whether the answer is no longer wanted."""

    def progressed(self, running: Running) -> None:
        """One more token; ``running.finish_reason`` says whether it was the last."""

    def failed(self, problem: Exception) -> None:
        """There will be no answer."""

    def dropped(self, running: Running | None) -> None:
        """The cancellation was seen; None if nothing had been answered yet."""


class BacklogFull(Exception):
    """As many questions wait as may."""


class Engine:
    """Answers questions of one mini in a thread of its own.

    At most ``slots`` sequences run at a time and at most ``backlog`` wait. The oldest question
    gets the next free slot; a sequence that is finished leaves its slot at once, so a short
    answer does not wait for a long one beside it.
    """

    def __init__(self, mini: LoadedMini, limits: Limits, *, slots: int, backlog: int) -> None:
        text = mini.language_model.config
        self._mini = mini
        self._limits = limits
        self._slots = slots
        self._backlog = backlog
        self._cache = SlotCache(
            layers=text.num_hidden_layers,
            slots=slots,
            heads=text.num_key_value_heads,
            context=limits.context,
            head_size=text.hidden_size // text.num_attention_heads,
        )
        self._waiting: deque[tuple[Question, Listener]] = deque()
        self._running: list[tuple[Running, Listener]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)
        self._thread.start()

    def submit(self, question: Question, listener: Listener) -> None:
        """Take a question; raises BacklogFull. Returns at once, ``listener`` hears the rest."""
        with self._changed:
            # Those for whom a slot is free do not count as waiting: the loop takes them next.
            free = self._slots - len(self._running)
            if len(self._waiting) >= self._backlog + free:
                raise BacklogFull(f"{len(self._waiting)} questions wait already")
            self._waiting.append((question, listener))
            self._changed.notify()

    def close(self) -> None:
        """Answer what was taken, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    @torch.inference_mode()
    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._running or self._closing)
                if not self._waiting and not self._running:
                    return
                room = min(_PREFILL_TOGETHER, self._slots - len(self._running))
                taken = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
            try:
                self._drop_cancelled()
                self._join(taken)
                if self._running:
                    self._step()
            except Exception as problem:  # noqa: BLE001 - told to all whom it concerns; the loop
                # must outlive it, since Triton would go on taking questions nobody answers.
                self._fail_all(problem, taken)

    def _join(self, taken: Sequence[tuple[Question, Listener]]) -> None:
        """Read the prompts of what was taken into free slots."""
        begun: list[tuple[Running, Listener]] = []
        for question, listener in taken:
            if listener.cancelled:
                listener.dropped(None)
                continue
            try:
                begun.append((begin(self._mini, self._limits, question), listener))
            except Exception as problem:  # noqa: BLE001 - one question's fault, whatever it is
                # (``begin`` says why it can be anything), must not become the others'.
                listener.failed(problem)
        if not begun:
            return
        self._cache.begin_prefill(len(self._running))
        logits = self._prefill([running for running, _ in begun])
        first = len(self._running)
        self._running.extend(begun)
        self._advance(first, logits)

    def _prefill(self, begun: Sequence[Running]) -> torch.Tensor:
        """(sequences, vocabulary) logits; shorter prompts are padded behind their end."""
        embedded = self._mini.embed([running.prepared for running in begun])
        lengths = torch.tensor([len(each) for each in embedded])
        longest = int(lengths.max())
        positions = [
            pad(running.prepared.position_ids, (0, longest - running.prompt_tokens))
            for running in begun
        ]
        hidden = self._mini.language_model(
            inputs_embeds=torch.stack(
                [pad(each, (0, 0, 0, longest - len(each))) for each in embedded]
            ),
            position_ids=self._axes(torch.stack(positions, dim=1)),
            attention_mask=torch.ones(longest, longest, dtype=torch.bool).tril()[None, None],
            past_key_values=self._cache,
        ).last_hidden_state
        return self._mini.logits(hidden[torch.arange(len(begun)), lengths - 1])

    def _step(self) -> None:
        """One more token for every running sequence, by one forward."""
        tokens = torch.tensor([[running.tokens[-1]] for running, _ in self._running])
        places = torch.tensor([[running.next_position] for running, _ in self._running])
        mask = self._cache.begin_step([running.known for running, _ in self._running])
        axes = self._running[0][0].prepared.position_ids.shape[0]
        hidden = self._mini.language_model(
            inputs_embeds=self._mini.model.get_input_embeddings()(tokens),
            position_ids=self._axes(places.expand(axes, -1, -1)),
            attention_mask=mask,
            past_key_values=self._cache,
        ).last_hidden_state
        self._advance(0, self._mini.logits(hidden[:, -1]))

    def _advance(self, first: int, logits: torch.Tensor) -> None:
        """Choose tokens for the sequences from slot ``first`` on, and let go of the finished."""
        likeliest = logits.argmax(-1).tolist()
        for row, (running, listener) in enumerate(self._running[first:]):
            running.advance(logits[row], likeliest[row])
            listener.progressed(running)
        for slot in reversed(range(first, len(self._running))):
            if self._running[slot][0].finish_reason is not None:
                self._leave(slot)

    def _drop_cancelled(self) -> None:
        for slot in reversed(range(len(self._running))):
            running, listener = self._running[slot]
            if listener.cancelled:
                self._leave(slot)
                listener.dropped(running)
        with self._changed:
            gone = [each for each in self._waiting if each[1].cancelled]
            for each in gone:
                self._waiting.remove(each)
        for _, listener in gone:
            listener.dropped(None)

    def _leave(self, slot: int) -> None:
        """Free a slot; the last running sequence moves into it, so that they stay together."""
        last, moved = len(self._running) - 1, self._running[-1]
        if slot != last:
            self._cache.move(last, slot, moved[0].known)
            self._running[slot] = moved
        self._running.pop()

    def _fail_all(self, problem: Exception, taken: Sequence[tuple[Question, Listener]]) -> None:
        concerned = {id(listener): listener for _, listener in (*taken, *self._running)}
        self._running.clear()
        for listener in concerned.values():
            listener.failed(problem)

    @staticmethod
    def _axes(positions: torch.Tensor) -> torch.Tensor:
        """(axes, batch, tokens) as the language models take it: one axis alone is no axis."""
        return positions if len(positions) == 3 else positions[0]
