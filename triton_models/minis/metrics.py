"""Metrics at Triton's metrics port, by the names under which the vLLM backend reports its own.

Source of the names and buckets: triton-inference-server/vllm_backend, ``src/utils/metrics.py``
(``TritonMetrics``). Of its eight, those that a dashboard reads are here.
"""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

_FIRST_TOKEN_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0)
_FIRST_TOKEN_S += (2.5, 5.0, 7.5, 10.0)
_REQUEST_S = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)


class Metrics:
    """Each call asks the server; to be used by the thread that sends, not by the engine's."""

    def __init__(self, model: str, version: str) -> None:
        labels = {"model": model, "version": version}
        kinds = pb_utils.MetricFamily
        # Kept: a family that is forgotten takes its metrics with it.
        self._families = [
            pb_utils.MetricFamily(name=f"vllm:{name}", description=description, kind=kind)
            for name, description, kind in (
                ("prompt_tokens_total", "Tokens read.", kinds.COUNTER),
                ("generation_tokens_total", "Tokens written.", kinds.COUNTER),
                ("time_to_first_token_seconds", "From a request's arrival.", kinds.HISTOGRAM),
                ("e2e_request_latency_seconds", "From arrival to end.", kinds.HISTOGRAM),
            )
        ]
        prompt, generation, first, whole = self._families
        self._prompt_tokens = prompt.Metric(labels=labels)
        self._generation_tokens = generation.Metric(labels=labels)
        self._first_token = first.Metric(labels=labels, buckets=list(_FIRST_TOKEN_S))
        self._request = whole.Metric(labels=labels, buckets=list(_REQUEST_S))

    def answered(
        self, *, prompt_tokens: int, tokens: int, first_token_s: float, request_s: float
    ) -> None:
        """Count one request whose answer is complete."""
        self._prompt_tokens.increment(prompt_tokens)
        self._generation_tokens.increment(tokens)
        self._first_token.observe(first_token_s)
        self._request.observe(request_s)
