"""A byte-level BPE tokenizer of 512 entries per family, trained on what the train split says."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from sightline.benchmarks.scenes import train_samples
from sightline.benchmarks.scenes.drawing import LOOSE
from sightline.values import TextPart

VOCABULARY = 512
_TRAINING_SAMPLES = 3000
_SEED = 0

SPECIAL_TOKENS = {
    "pixtral": ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]"),
    "qwen2_vl": (
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ),
}
"""Each family's own special tokens; their place in the tuple is their id."""

# Rendered around the question by the chat format; in the corpus so that it costs few tokens.
_CHAT_TEXT = "system\nYou are a helpful assistant.\nuser\nassistant\n"


def special_token_ids(family: str) -> dict[str, int]:
    return {token: index for index, token in enumerate(SPECIAL_TOKENS[family])}


@lru_cache(maxsize=len(SPECIAL_TOKENS))
def train_tokenizer(family: str) -> Tokenizer:
    """The family's tokenizer; the same on every machine.

    Byte-level, so that any UTF-8 text can be encoded; digits stay single, as numbers are read
    off pictures digit by digit.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS[family]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [_CHAT_TEXT] * 100
    for drawn in islice(train_samples(_SEED, style=LOOSE), _TRAINING_SAMPLES):
        for part in drawn.sample.prompt[0].parts:
            if isinstance(part, TextPart):
                texts.append(part.text)
        texts.append(drawn.sample.references[0])
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
