"""How MMMU reads answers: the rules its authors published, as pure functions.

Source: Yue et al., "MMMU" (CVPR 2024), github.com/MMMU-Benchmark/MMMU, mmmu/utils/eval_utils.py
(Apache-2.0). Written anew after those rules; tests hold the outcome for all 900 validation
questions and two models against the authors' recorded answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping

# Stripped from both ends one after the other, in this order: the order decides what is left.
_PUNCTUATION = (",", ".", "!", "?", ";", ":", "'")

# Shorter answers are not searched for the words of a choice: too much would match by chance.
_LONGER_THAN_WORDS = 5

_SENTENCE_END = re.compile(r"\.\s(?=[A-Z])|\n")
_BEFORE_AN_ANSWER = (
    "could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ",
)  # fmt: skip
_TRIVIAL = frozenset({":", ",", ".", "!", "?", ";", "'"})

_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),  # 1,234,567
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),  # 1.2e-3
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),  # 12, 1.5, .5
)

Candidate = str | float


def choice_of(answer: str, choices: Mapping[str, str]) -> str | None:
    """The letter that ``answer`` names, or None.

    Looked for in this order: "(A)"; "A" between spaces; in answers of more than five words the
    words of a choice. Of several found in the same way, the one named last counts. White space
    around the answer, which the authors remove when they record one, is removed here.
    """
    answer = answer.strip()
    for mark in _PUNCTUATION:
        answer = answer.strip(mark)
    answer = f" {answer} "
    letters = sorted(choices)
    found = _last(letters, lambda letter: answer.rfind(f"({letter})"))
    if found is None:
        found = _last(letters, lambda letter: answer.rfind(f" {letter} "))
    if found is None and len(answer.split()) > _LONGER_THAN_WORDS:
        lowered = answer.lower()
        found = _last(letters, lambda letter: lowered.rfind(choices[letter].lower()))
    return found


def _last(letters: Iterable[str], position: Callable[[str], int]) -> str | None:
    """The letter with the greatest position, the first of equals; positions below 0 do not count.

    Two choices' words can start at the same place ("5" and "50"): the authors take the first.
    """
    positions = {letter: position(letter) for letter in letters}
    named = [letter for letter, where in positions.items() if where >= 0]
    return max(named, key=positions.__getitem__) if named else None


def open_candidates(answer: str) -> list[Candidate]:
    """What an open answer may mean: the ends of its telling sentences, and the numbers in them.

    Texts in lower case, numbers rounded to two decimals, in order of appearance, none twice.
    """
    telling = _telling_ends(answer)
    numbers = [
        number for text in telling for pattern in _NUMBERS for number in pattern.findall(text)
    ]
    candidates = [form for text in (*telling, *numbers) for form in normalised(text)]
    return list(dict.fromkeys(candidates))


def _telling_ends(answer: str) -> list[str]:
    """For each sentence with an indicator ("answer ", "is ") the shortest text after one.

    The answer is in lower case before it is split, as in the authors' script, so that only line
    ends really part it. An equals sign indicates in the last sentence alone.
    """
    answer = answer.strip().strip(".").lower()
    sentences = _SENTENCE_END.split(answer)
    ends: list[str] = []
    for number, sentence in enumerate(sentences, 1):
        indicators = (*_BEFORE_AN_ANSWER, "=") if number == len(sentences) else _BEFORE_AN_ANSWER
        after = [sentence.split(mark)[-1].strip() for mark in indicators if mark in sentence]
        # An empty text never wins over one that says something and comes later in the list.
        shortest = ""
        for text in after:
            if not shortest or len(text) < len(shortest):
                shortest = text
        if shortest and shortest not in _TRIVIAL:
            ends.append(shortest)
    return ends or [answer]


def normalised(text: str) -> list[Candidate]:
    """A number as a float of two decimals, any other text in lower case.

    A single character is given a space on either side in turn, so that it does not match inside
    of words.
    """
    text = text.strip()
    number = _number(text)
    if number is not None:
        return [round(number, 2)]
    text = text.lower()
    return [f" {text}", f"{text} "] if len(text) == 1 else [text]


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    # Python reads "nan" and "infinity" as numbers; in an answer they are words.
    return number if math.isfinite(number) else None


def means_any(candidates: Iterable[Candidate], references: Iterable[str]) -> bool:
    """Whether a text candidate contains a text reference, or a number equals one."""
    accepted = [form for reference in references for form in normalised(reference)]
    for candidate in candidates:
        if isinstance(candidate, str):
            if any(isinstance(form, str) and form in candidate for form in accepted):
                return True
        elif candidate in accepted:
            return True
    return False
