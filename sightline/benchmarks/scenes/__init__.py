"""``scenes``: generated pictures of simple things, with questions that have one right answer."""

from sightline.benchmarks.scenes.benchmark import SCENES, train_samples

__all__ = ["SCENES", "train_samples"]
