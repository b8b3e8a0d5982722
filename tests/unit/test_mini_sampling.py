"""One token by vLLM's sampling parameters, and the answer's text."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from triton_models.minis.detokenizer import Detokenizer
from triton_models.minis.sampling import SamplingParameters, choose, token_logprobs

LOGITS = torch.tensor([0.5, 3.0, 1.0, 2.9, -1.0])


def chosen(
    answer: Counter[int] | None = None, prompt: frozenset[int] = frozenset(), **given: object
) -> Counter[int]:
    """How often each token is chosen in 400 draws."""
    parameters = SamplingParameters(**given)
    generator = torch.Generator().manual_seed(0)
    return Counter(
        choose(LOGITS, parameters, prompt=prompt, answer=answer or Counter(), generator=generator)
        for _ in range(400)
    )


def test_temperature_zero_takes_the_likeliest() -> None:
    assert chosen(temperature=0) == {1: 400}


def test_a_temperature_draws_by_probability() -> None:
    expected = LOGITS.softmax(-1) * 400
    counts = chosen(temperature=1)
    for token, count in enumerate(expected.tolist()):
        assert abs(counts[token] - count) < 4 * math.sqrt(count + 1)


@pytest.mark.parametrize(
    ("given", "possible"),
    [
        ({"top_k": 2}, {1, 3}),
        ({"top_k": -1, "top_p": 1.0, "temperature": 5.0}, {0, 1, 2, 3, 4}),
        ({"top_p": 0.4}, {1}),
        ({"top_p": 0.6}, {1, 3}),
        ({"min_p": 0.5}, {1, 3}),
        ({"min_p": 0.1}, {1, 3, 2}),
    ],
)
def test_truncation_leaves_only_the_likely(given: dict[str, float], possible: set[int]) -> None:
    assert set(chosen(**given)) == possible


@pytest.mark.parametrize(
    "given",
    [{"frequency_penalty": 0.2}, {"presence_penalty": 0.2}, {"repetition_penalty": 1.1}],
)
def test_penalties_turn_from_what_was_said(given: dict[str, float]) -> None:
    assert chosen(Counter({1: 1}), temperature=0, **given) == {3: 400}


def test_only_the_repetition_penalty_knows_the_prompt() -> None:
    prompt = frozenset({1})
    assert chosen(prompt=prompt, temperature=0, repetition_penalty=1.1) == {3: 400}
    assert chosen(prompt=prompt, temperature=0, frequency_penalty=2.0) == {1: 400}


def test_the_frequency_penalty_counts_and_the_presence_penalty_does_not() -> None:
    often = Counter({1: 3})
    assert chosen(often, temperature=0, frequency_penalty=0.04) == {3: 400}
    assert chosen(often, temperature=0, presence_penalty=0.04) == {1: 400}


def test_logprobs_name_the_chosen_first_and_rank_it_among_all() -> None:
    found = token_logprobs(LOGITS, 2, 2)
    assert [(each.token, each.rank) for each in found] == [(2, 3), (1, 1), (3, 2)]
    assert found[0].logprob == pytest.approx(float(LOGITS.log_softmax(-1)[2]))
    assert [each.token for each in token_logprobs(LOGITS, 1, 0)] == [1]


def test_names_and_types_are_vllms() -> None:
    text = '{"max_tokens": "7", "temperature": "0.5", "stop": "x", "seed": null}'
    made = SamplingParameters.from_json(text)
    assert (made.max_tokens, made.temperature, made.stop, made.seed) == (7, 0.5, ("x",), None)
    assert SamplingParameters.from_json("{}").max_tokens == 16


@pytest.mark.parametrize("text", ["[]", "{", '{"best": 1}', '{"top_p": 0}', '{"stop": [""]}'])
def test_what_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SamplingParameters.from_json(text)


def bytes_tokenizer() -> Tokenizer:
    """One token per byte: the hardest case for half characters."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: index for index, character in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


BYTES = bytes_tokenizer()


@given(st.text(min_size=1, max_size=30))
def test_text_grows_by_whole_characters_and_ends_complete(text: str) -> None:
    detokenizer = Detokenizer(BYTES, SamplingParameters())
    shown = ""
    for token in BYTES.encode(text).ids:
        detokenizer.add(token, may_stop=True)
        assert text.startswith(detokenizer.text)
        assert detokenizer.text.startswith(shown)
        shown = detokenizer.text
    detokenizer.finish()
    assert detokenizer.text == text


@given(st.text("ab\u20ac", min_size=1, max_size=12), st.text("ab\u20ac", min_size=1, max_size=3))
def test_a_stop_string_is_found_wherever_tokens_end(text: str, stop: str) -> None:
    detokenizer = Detokenizer(BYTES, SamplingParameters(stop=(stop,)))
    expected = text.split(stop, maxsplit=1)[0]
    for token in BYTES.encode(text).ids:
        stopped = detokenizer.add(token, may_stop=True)
        assert expected.startswith(detokenizer.text)
        if stopped:
            break
    detokenizer.finish()
    assert detokenizer.text == expected
    assert stopped == (stop in text)
