"""An answer's text while it grows: never half a character, never the beginning of a stop string."""

from __future__ import annotations

from tokenizers import Tokenizer

from triton_models.minis.sampling import SamplingParameters

_UNFINISHED = "\ufffd"
# Behind this many tokens that are no whole character it is no longer a character being written.
_LONGEST_CHARACTER = 4


class Detokenizer:
    """Grows by one token at a time; ``text`` is what may be shown.

    While an answer is unfinished, as many characters are held back as a stop string could still
    take away again (all but one of its length), as vLLM does.
    """

    def __init__(self, tokenizer: Tokenizer, parameters: SamplingParameters) -> None:
        self._tokenizer = tokenizer
        self._parameters = parameters
        self._held_back = max((len(stop) for stop in parameters.stop), default=1) - 1
        self._whole = ""
        self._pending: list[int] = []
        self._finished = False

    @property
    def text(self) -> str:
        if self._finished or not self._held_back:
            return self._whole
        return self._whole[: -self._held_back]

    def add(self, token: int, *, may_stop: bool) -> bool:
        """Append a token; True if a stop string is now in the text, which is cut there."""
        self._pending.append(token)
        piece = self._decode(self._pending)
        if piece.endswith(_UNFINISHED) and len(self._pending) < _LONGEST_CHARACTER:
            return False
        return self._append(piece) and may_stop and self._cut(len(piece))

    def finish(self) -> None:
        """No token will follow: nothing is held back any more."""
        if self._pending:
            self._append(self._decode(self._pending))
        self._finished = True

    def _append(self, piece: str) -> bool:
        self._whole += piece
        self._pending.clear()
        return bool(piece)

    def _cut(self, added: int) -> bool:
        for stop in self._parameters.stop:
            # A stop string may have begun before what was added.
            found = self._whole.find(stop, max(0, len(self._whole) - added - len(stop) + 1))
            if found >= 0:
                keep = len(stop) if self._parameters.include_stop_str_in_output else 0
                self._whole = self._whole[: found + keep]
                return True
        return False

    def _decode(self, tokens: list[int]) -> str:
        skip = self._parameters.skip_special_tokens
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=skip)
        return text
