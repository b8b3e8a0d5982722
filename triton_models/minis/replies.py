"""Answers on their way back to Triton, in the shape of its vLLM backend.

The contract is that of triton-inference-server/vllm_backend, ``src/model.py`` (``_infer``,
``_response_loop``) and ``src/utils/request.py`` (``create_response``).
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_models.minis.metrics import Metrics
from triton_models.minis.sequence import Running

_FINAL = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL
# Seconds between two looks at whether open requests are still wanted; each look is a call to the
# server per request. A stream is looked at after each of its responses as well.
_LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the answer is to be told: ``extras`` are the ``return_*`` inputs that were true."""

    stream: bool
    prepend: str
    extras: frozenset[str]


@dataclass(slots=True)
class _Told:
    """How much of each output has been told: what is told next is the rest."""

    text: int = 0
    tokens: int = 0
    logprobs: int = 0


class Outbox:
    """Sends in a thread of its own, so that the engine does not wait for the server."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._items: queue.SimpleQueue[tuple[Reply, Any, int] | None] = queue.SimpleQueue()
        self._open: set[Reply] = set()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._loop, name="replies", daemon=True)
        self._thread.start()

    def put(self, reply: Reply, response: Any, flags: int) -> None:
        """``response`` None only announces the reply, so that its cancellation is looked for."""
        self._items.put((reply, response, flags))

    def close(self) -> None:
        """Send what is left, then end the thread."""
        self._items.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while True:
            try:
                item = self._items.get(timeout=_LOOK_S)
            except queue.Empty:
                self._look()
                continue
            if item is None:
                return
            self._send(*item)
            if time.monotonic() - self._looked >= _LOOK_S:
                self._look()

    def _send(self, reply: Reply, response: Any, flags: int) -> None:
        if response is None:
            self._open.add(reply)
            return
        try:
            reply.sender.send(response, flags=flags)
            if flags == _FINAL:
                self._open.discard(reply)
                reply.count(self._metrics)
            elif reply.wanted.stream:
                reply.cancelled = reply.sender.is_cancelled()
        except pb_utils.TritonModelException as problem:
            # The other replies must still go out.
            pb_utils.Logger.log_error(f"a response could not be sent: {problem}")

    def _look(self) -> None:
        for reply in self._open:
            reply.cancelled = reply.cancelled or reply.sender.is_cancelled()
        self._looked = time.monotonic()


@dataclass(eq=False, slots=True)
class Reply:
    """The engine's listener for one request."""

    sender: Any
    wanted: Wanted
    outbox: Outbox
    decode: Callable[[list[int]], str]
    cancelled: bool = False
    told: _Told = field(default_factory=_Told)
    arrived: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    answered: Running | None = None

    def progressed(self, running: Running) -> None:
        """A stream hears of every token; everything else of the end."""
        finished = running.finish_reason is not None
        if self.first_token is None:
            self.first_token = time.monotonic()
        if finished:
            self.answered = running
        if self.wanted.stream or finished:
            self._put(self._response(running), final=finished)

    def failed(self, problem: Exception) -> None:
        """As the vLLM backend's ``_infer`` does for whatever goes wrong in a request."""
        pb_utils.Logger.log_error(f"Error generating stream: {problem}")
        error = pb_utils.TritonError(f"Error generating stream: {problem}")
        nothing = pb_utils.Tensor("text_output", np.asarray(["N/A"], dtype=np.object_))
        self._put(pb_utils.InferenceResponse(output_tensors=[nothing], error=error), final=True)

    def dropped(self, running: Running | None) -> None:
        """A stream ends CANCELLED; otherwise what there is is told, without an error."""
        if self.wanted.stream or running is None:
            self.refuse("Request was cancelled", pb_utils.TritonError.CANCELLED)
        else:
            self._put(self._response(running), final=True)

    def refuse(self, message: str, code: Any) -> None:
        """End the request with an error alone."""
        error = pb_utils.TritonError(message, code)
        self._put(pb_utils.InferenceResponse(error=error), final=True)

    def count(self, metrics: Metrics) -> None:
        """Tell ``metrics`` of the answer that has just been sent, if there was one."""
        if self.answered is None or self.first_token is None:
            return
        metrics.answered(
            prompt_tokens=self.answered.prompt_tokens,
            tokens=len(self.answered.tokens),
            first_token_s=self.first_token - self.arrived,
            request_s=time.monotonic() - self.arrived,
        )

    def _put(self, response: Any, *, final: bool) -> None:
        self.outbox.put(self, response, _FINAL if final else 0)

    def _response(self, running: Running) -> Any:
        told, extras = self.told, self.wanted.extras
        text, tokens = running.text, len(running.tokens)
        prepend = "" if self.wanted.stream else self.wanted.prepend
        strings = {"text_output": prepend + text[told.text :]}
        if "finish_reason" in extras:
            strings["finish_reason"] = str(running.finish_reason)
        if "logprobs" in extras:
            strings["logprobs"] = self._logprobs(running)
        tensors = [
            pb_utils.Tensor(name, np.asarray([value.encode()], dtype=np.object_))
            for name, value in strings.items()
        ]
        if "cumulative_logprob" in extras:
            # vLLM knows none unless logprobs were asked for; the backend makes NaN of it.
            known = running.parameters.logprobs is not None
            total = running.cumulative_logprob if known else float("nan")
            tensors.append(pb_utils.Tensor("cumulative_logprob", np.asarray([total], np.float32)))
        if "num_input_tokens" in extras:
            # No dimension at all, as the vLLM backend sends it.
            count = np.asarray(running.prompt_tokens, np.uint32)
            tensors.append(pb_utils.Tensor("num_input_tokens", count))
        if "num_output_tokens" in extras:
            count = np.asarray([tokens - told.tokens], np.uint32)
            tensors.append(pb_utils.Tensor("num_output_tokens", count))
        told.text, told.tokens = len(text), tokens
        return pb_utils.InferenceResponse(output_tensors=tensors)

    def _logprobs(self, running: Running) -> str:
        if running.parameters.logprobs is None:
            return "null"
        fresh = running.logprobs[self.told.logprobs :]
        self.told.logprobs = len(running.logprobs)
        return json.dumps(
            [
                {
                    str(each.token): {
                        "logprob": each.logprob,
                        "rank": each.rank,
                        "decoded_token": self.decode([each.token]),
                    }
                    for each in position
                }
                for position in fresh
            ]
        )
