"""Cosine similarity of sentence embeddings, and what may be read from it."""

from __future__ import annotations

import math
from operator import mul

from sightline.metrics.metric import Embedded, Metric, Vector
from sightline.values import Scored


def cosine(first: Vector, second: Vector) -> float:
    """The cosine of two vectors of one length, clipped to -1..1; raises ``ValueError`` where the
    lengths differ or a vector is zero.
    """
    if len(first) != len(second):
        raise ValueError(f"vectors of {len(first)} and {len(second)} numbers have no cosine")
    length = math.hypot(*first) * math.hypot(*second)
    if length == 0.0:
        raise ValueError("a zero vector has no direction")
    dot = math.fsum(map(mul, first, second))
    return max(-1.0, min(1.0, dot / length))


def cosine_similarity(embedded: Embedded) -> Scored:
    """The cosine to the nearest reference: any reference is right, so the best one counts.

    ``detail["reference"]`` is the index of that reference, the first of equals.
    """
    cosines = [cosine(embedded.answer, reference) for reference in embedded.references]
    best = max(range(len(cosines)), key=cosines.__getitem__)
    return Scored(cosines[best], detail={"reference": best})


COSINE_SIMILARITY = Metric(
    name="cosine_similarity",
    version="1",
    title="Cosine similarity",
    description="Cosine of the answer's and the nearest reference's all-MiniLM-L6-v2 embedding. "
    "Unrelated texts are near 0.05, a negation can reach 0.9: read it with that in mind.",
    source="Reimers and Gurevych 2019 (Sentence-BERT); the vlm-benchmarks report's measure",
    binary=False,
    low=-1.0,
    of_vectors=cosine_similarity,
)
