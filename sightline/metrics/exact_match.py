"""Exact match: the answer is one of the references, character by character."""

from __future__ import annotations

from sightline.metrics.metric import Metric
from sightline.values import Sample, Scored


def exact_match(answer: str, sample: Sample) -> Scored:
    """1.0 where ``answer`` equals a reference but for white space around it and line ends.

    Case counts, and so does punctuation: this is the strict definition of pix2struct's
    ``metrics.py``, whose published pairs it meets.
    """
    said = _plain(answer)
    return Scored(float(any(said == _plain(reference) for reference in sample.references)))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


EXACT_MATCH = Metric(
    name="exact_match",
    version="1",
    title="Exact match",
    description="The answer is a reference, character by character; white space around it and "
    "the kind of line end do not count.",
    source="pix2struct (Lee et al. 2023), metrics.py",
    binary=True,
    of_text=exact_match,
)
