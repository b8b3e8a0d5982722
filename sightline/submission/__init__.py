"""Submitting a job: checked whole, then stored whole; or only estimated."""

from sightline.submission.estimating import Estimate, ModelEstimate, estimate
from sightline.submission.request import JobRequest, SamplingOverrides
from sightline.submission.submitting import submit

__all__ = [
    "Estimate",
    "JobRequest",
    "ModelEstimate",
    "SamplingOverrides",
    "estimate",
    "submit",
]
