"""Metrics and parsers, one idea a file, all pure. ``METRICS`` and ``PARSERS`` list them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sightline.metrics.cosine import COSINE_SIMILARITY
from sightline.metrics.exact_match import EXACT_MATCH
from sightline.metrics.metric import Embedded, Metric, Vector
from sightline.metrics.multiple_choice import MULTIPLE_CHOICE_ACCURACY
from sightline.metrics.open_answer import OPEN_ANSWER_ACCURACY
from sightline.metrics.parsers import PARSERS, Parser

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            EXACT_MATCH,
            MULTIPLE_CHOICE_ACCURACY,
            OPEN_ANSWER_ACCURACY,
            COSINE_SIMILARITY,
        )
    }
)

__all__ = ["METRICS", "PARSERS", "Embedded", "Metric", "Parser", "Vector"]
