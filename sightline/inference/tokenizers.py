"""How many tokens a piece of plain text is, by tokenizer.

Control tokens inside the text are counted as the plain text that they are here.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

# How Qwen2's tokenizer cuts text before it merges bytes (its tokenizer.json, pre_tokenizer).
_QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _count_bytes(text: str) -> int:
    return len(text.encode())


def _count_tekken(text: str) -> int:
    return len(_tekken().encode(text, bos=False, eos=False))


def _count_qwen(text: str) -> int:
    return len(_qwen().encode_ordinary(text))


# Imported and loaded on first need: few prompts are so long that they must be counted exactly.
@lru_cache(maxsize=1)
def _tekken() -> Tekkenizer:
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    data = Path(mistral_common.__file__).parent / "data"
    return Tekkenizer.from_file(data / "tekken_240911.json")


@lru_cache(maxsize=1)
def _qwen() -> tiktoken.Encoding:
    import tiktoken

    packed = files("sightline.inference").joinpath("data", "qwen.tiktoken.gz").read_bytes()
    ranks = {}
    for line in gzip.decompress(packed).splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    return tiktoken.Encoding(
        "qwen2", pat_str=_QWEN_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )


COUNTERS: Mapping[str, Callable[[str], int]] = {
    "bytes": _count_bytes,
    "tekken": _count_tekken,
    "qwen": _count_qwen,
}
