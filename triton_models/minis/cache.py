"""Keys and values of all running sequences, one slot each, so that they step as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class SlotCache:
    """Per layer (slots, heads, context, head size); the running sequences are the first slots.

    Given to a transformers model as ``past_key_values``: of that interface the models call
    ``update`` alone when attention mask and positions come with the call. What lies in a slot
    behind its sequence's length is left-over and must be masked.
    """

    def __init__(
        self, *, layers: int, slots: int, heads: int, context: int, head_size: int
    ) -> None:
        shape = (slots, heads, context, head_size)
        self._keys = [torch.zeros(shape) for _ in range(layers)]
        self._values = [torch.zeros(shape) for _ in range(layers)]
        self._first_slot = 0
        self._lengths: torch.Tensor | None = None
        self._longest = 0

    def begin_prefill(self, first_slot: int) -> None:
        """The next forward reads whole prompts into the slots from ``first_slot`` on."""
        self._lengths, self._first_slot = None, first_slot

    def begin_step(self, lengths: Sequence[int]) -> torch.Tensor:
        """The next forward reads one token per sequence; ``lengths`` are those before it.

        Returns the attention mask (sequences, 1, 1, longest), True where a token may look.
        """
        self._lengths = torch.tensor(lengths)
        self._longest = max(lengths) + 1
        return (torch.arange(self._longest) <= self._lengths[:, None])[:, None, None]

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep (batch, heads, tokens, head size) and return all that the batch may look at."""
        if self._lengths is None:
            batch, _heads, tokens, _size = keys.shape
            rows = slice(self._first_slot, self._first_slot + batch)
            self._keys[layer][rows, :, :tokens] = keys
            self._values[layer][rows, :, :tokens] = values
            return keys, values
        batch = len(self._lengths)
        rows = torch.arange(batch)
        self._keys[layer][rows, :, self._lengths] = keys[:, :, 0]
        self._values[layer][rows, :, self._lengths] = values[:, :, 0]
        seen = (slice(0, batch), slice(None), slice(0, self._longest))
        return self._keys[layer][seen], self._values[layer][seen]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first ``length`` positions of a slot, so that a gap is closed."""
        for tensor in (*self._keys, *self._values):
            tensor[target, :, :length] = tensor[source, :, :length]

    def get_seq_length(self, layer: int = 0) -> int:
        """Only read by transformers where no positions are given; they always are here."""
        return 0
