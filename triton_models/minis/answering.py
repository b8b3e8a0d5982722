"""Greedy answers of a mini to many prompts, for the held-out figures (Triton has its own loop)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from triton_models.minis.loading import LoadedMini
from triton_models.minis.processing import Prepared


@torch.inference_mode()
def greedy(mini: LoadedMini, prepared: Sequence[Prepared], max_tokens: int) -> list[str]:
    """The most likely token until the end token, or until ``max_tokens``.

    Every step reads the whole sequence again, padded at the end, which causal attention never
    sees: slower than a cache, and as simple as can be.
    """
    rows = mini.embed(list(prepared))
    places = [one.position_ids for one in prepared]
    following = [one.next_position for one in prepared]
    answers: list[list[int]] = [[] for _ in prepared]
    open_rows = list(range(len(prepared)))
    for _ in range(max_tokens):
        tokens = _next_tokens(mini, [rows[i] for i in open_rows], [places[i] for i in open_rows])
        still_open = []
        for row, token in zip(open_rows, tokens, strict=True):
            if token in mini.eos_ids:
                continue
            answers[row].append(token)
            new = mini.model.get_input_embeddings()(torch.tensor([token]))
            rows[row] = torch.cat([rows[row], new])
            place = torch.full((len(places[row]), 1), following[row])
            places[row] = torch.cat([places[row], place], dim=1)
            following[row] += 1
            still_open.append(row)
        open_rows = still_open
        if not open_rows:
            break
    return [mini.tokenizer.decode(answer) for answer in answers]


def _next_tokens(
    mini: LoadedMini, rows: list[torch.Tensor], places: list[torch.Tensor]
) -> list[int]:
    longest = max(len(row) for row in rows)
    inputs = torch.stack([pad(row, (0, 0, 0, longest - len(row))) for row in rows])
    positions = torch.stack([pad(each, (0, longest - each.shape[1])) for each in places], dim=1)
    hidden = mini.language_model(
        inputs_embeds=inputs,
        position_ids=positions if len(positions) == 3 else positions[0],
        use_cache=False,
    ).last_hidden_state
    last = torch.tensor([len(row) - 1 for row in rows])
    best: list[int] = mini.logits(hidden[torch.arange(len(rows)), last]).argmax(-1).tolist()
    return best
