"""The request contract of Triton's vLLM backend, clause by clause.

Runs unchanged against a production server and against the minis (see ``conftest.py``). The source
of each clause is named by file and function of triton-inference-server/vllm_backend at 8de0c14.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from asking import EXTRAS, Response, ask, asked, picture, prompt_for, request, with_client

GREEDY: dict[str, object] = {"temperature": 0, "max_tokens": 12, "ignore_eos": True}


def answer(url: str, model: str, **given: Any) -> Response:
    """The one response of a request about one picture that is no stream."""
    given = {"images": [picture()], "sampling": GREEDY, **given}
    [response] = ask(url, model, prompt_for(model), **given)
    assert response.error is None, response.error
    return response


def stream(url: str, model: str, **given: Any) -> list[Response]:
    given = {"images": [picture()], "sampling": GREEDY, "stream": True, **given}
    responses = ask(url, model, prompt_for(model), **given)
    assert [each.error for each in responses] == [None] * len(responses)
    return responses


def problem(url: str, model: str, prompt: str, **given: Any) -> str:
    """The message of a request that ends with an error and nothing else."""
    [response] = ask(url, model, prompt, **given)
    assert response.error is not None
    return str(response.error.message())


def test_without_a_stream_one_final_response_comes(url: str, model: str) -> None:
    """src/model.py, _infer: one response with the FINAL flag unless ``stream`` is true."""
    assert answer(url, model).final
    assert answer(url, model, stream=False).final


def test_without_a_stream_the_prompt_comes_first(url: str, model: str) -> None:
    """src/utils/request.py, GenerateRequest.create_response: prompt and text in one string."""
    prompt = prompt_for(model)
    excluded = answer(url, model, exclude=True).text
    assert answer(url, model).text == prompt + excluded
    assert answer(url, model, exclude=False).text == prompt + excluded
    assert not excluded.startswith(prompt)


def test_a_stream_is_deltas_without_the_prompt(url: str, model: str) -> None:
    """src/utils/request.py, create_response: what is new since the last response."""
    responses = stream(url, model)
    assert len(responses) > 1
    assert "".join(each.text for each in responses) == answer(url, model, exclude=True).text


def test_the_final_flag_rides_on_the_last_response(url: str, model: str) -> None:
    """src/model.py, _infer: flags are FINAL when ``request_output.finished``, else 0."""
    finals = [each.final for each in stream(url, model)]
    assert finals == [False] * (len(finals) - 1) + [True]


def test_a_stream_may_exclude_the_input_but_not_include_it(url: str, model: str) -> None:
    """src/utils/request.py, _get_input_tensors: ValueError for stream with False."""
    stream(url, model, exclude=True)
    message = problem(url, model, prompt_for(model, images=0), stream=True, exclude=False)
    assert message == (
        "Error generating stream: When streaming, `exclude_input_in_output` = False is not allowed."
    )


def test_only_the_text_comes_unless_more_is_asked_for(url: str, model: str) -> None:
    """src/utils/request.py, create_response: each further output by its ``return_`` input."""
    assert set(answer(url, model).outputs) == {"text_output"}
    for extra in EXTRAS:
        assert set(answer(url, model, extras=[extra]).outputs) == {"text_output", extra}


def test_the_finish_reason_is_none_as_text_until_the_end(url: str, model: str) -> None:
    """src/utils/request.py, create_response: str(output.finish_reason)."""
    reasons = [each.outputs["finish_reason"] for each in stream(url, model, extras=EXTRAS)]
    assert reasons == [[b"None"]] * (len(reasons) - 1) + [[b"length"]]


def test_a_stop_string_ends_an_answer_with_reason_stop(url: str, model: str) -> None:
    """vllm/sampling_params.py, SamplingParams.stop: the output does not contain it."""
    whole = answer(url, model, exclude=True).text
    stop = whole[3:6]
    stopped = answer(
        url, model, exclude=True, sampling={**GREEDY, "stop": [stop]}, extras=["finish_reason"]
    )
    assert stopped.outputs["finish_reason"] == [b"stop"]
    assert stopped.text == whole[: whole.index(stop)]


def test_input_tokens_are_those_of_prompt_and_picture(url: str, model: str) -> None:
    """src/utils/request.py, create_response: len(prompt_token_ids), placeholders expanded."""
    seen = answer(url, model, extras=["num_input_tokens"]).outputs["num_input_tokens"]
    [blind] = ask(
        url, model, prompt_for(model, images=0), sampling=GREEDY, extras=["num_input_tokens"]
    )
    [with_picture], [without] = seen, blind.outputs["num_input_tokens"]
    assert with_picture > without + 2


def test_every_response_of_a_stream_tells_the_input_tokens(url: str, model: str) -> None:
    """src/utils/request.py, create_response: num_input_tokens is no delta."""
    counts = {tuple(each.outputs["num_input_tokens"]) for each in stream(url, model, extras=EXTRAS)}
    assert len(counts) == 1


def test_output_tokens_are_deltas_that_add_up(url: str, model: str) -> None:
    """src/utils/request.py, create_response: len(token_ids) less those told before."""
    assert answer(url, model, extras=EXTRAS).outputs["num_output_tokens"] == [12]
    told = [each.outputs["num_output_tokens"][0] for each in stream(url, model, extras=EXTRAS)]
    assert sum(told) == 12
    assert min(told) >= 0


def test_max_tokens_is_sixteen_if_nothing_is_said(url: str, model: str) -> None:
    """vllm/sampling_params.py, SamplingParams.max_tokens: 16."""
    for sampling in (None, {}, {"ignore_eos": True}):
        response = answer(url, model, sampling=sampling, extras=["num_output_tokens"])
        [count] = response.outputs["num_output_tokens"]
        assert count == 16 if sampling else 1 <= count <= 16


def test_logprobs_are_null_unless_sampling_asks_for_them(url: str, model: str) -> None:
    """src/utils/request.py, create_response: "null"; the sum is not a number then (vLLM V1)."""
    outputs = answer(url, model, extras=EXTRAS).outputs
    assert outputs["logprobs"] == [b"null"]
    assert math.isnan(outputs["cumulative_logprob"][0]) or outputs["cumulative_logprob"][0] < 0


def test_logprobs_have_one_entry_per_token_and_add_up(url: str, model: str) -> None:
    """src/utils/request.py, create_response: {token: {logprob, rank, decoded_token}} per token."""
    asked_for = {**GREEDY, "logprobs": 3}
    outputs = answer(url, model, sampling=asked_for, extras=EXTRAS).outputs
    positions = json.loads(outputs["logprobs"][0])
    assert len(positions) == 12
    # At temperature 0 the chosen token is the likeliest.
    best = [min(each.values(), key=lambda entry: entry["rank"]) for each in positions]
    assert {entry["rank"] for entry in best} == {1}
    assert all(set(entry) == {"logprob", "rank", "decoded_token"} for entry in best)
    assert sum(entry["logprob"] for entry in best) == pytest.approx(
        outputs["cumulative_logprob"][0], abs=1e-2
    )
    told = [
        json.loads(each.outputs["logprobs"][0])
        for each in stream(url, model, sampling=asked_for, extras=EXTRAS)
    ]
    assert sum(len(each) for each in told) == 12


def test_temperature_zero_and_a_seed_repeat_an_answer(url: str, model: str) -> None:
    """vllm/sampling_params.py: greedy below 1e-5; ``seed`` fixes the draws of a request."""
    assert answer(url, model).text == answer(url, model).text
    seeded = {**GREEDY, "temperature": 1.2, "seed": 11}
    assert answer(url, model, sampling=seeded).text == answer(url, model, sampling=seeded).text


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_base64_of_an_encoded_file(url: str, model: str, form: str) -> None:
    """src/utils/request.py, _get_input_tensors: b64decode, Image.open, convert("RGB")."""
    assert answer(url, model, images=[picture(form=form)]).error is None


def test_each_element_is_one_picture(url: str, model: str) -> None:
    """src/utils/request.py, _get_input_tensors: multi_modal_data with as many images."""
    [two] = ask(
        url,
        model,
        prompt_for(model, images=2),
        images=[picture("red"), picture("blue")],
        sampling=GREEDY,
        extras=["num_input_tokens"],
    )
    assert two.error is None, two.error
    one = answer(url, model, extras=["num_input_tokens"])
    assert two.outputs["num_input_tokens"][0] > one.outputs["num_input_tokens"][0]


@pytest.mark.parametrize(
    ("images", "placeholders"), [(["AAAAA"], 1), (["bm8gaW1hZ2U="], 1), ([picture()], 0)]
)
def test_bad_pictures_are_an_error_in_the_stream(
    url: str, model: str, images: list[str], placeholders: int
) -> None:
    """src/model.py, _infer: every exception becomes "Error generating stream: ..."."""
    message = problem(url, model, prompt_for(model, images=placeholders), images=images)
    assert message.startswith("Error generating stream: ")


@pytest.mark.parametrize(
    "sampling", [{"unheard_of": 1}, {"temperature": -1}, {"top_p": 0}, {"max_tokens": 0}]
)
def test_bad_sampling_is_an_error_in_the_stream(
    url: str, model: str, sampling: dict[str, object]
) -> None:
    """src/utils/vllm_backend_utils.py, TritonSamplingParams.from_dict: None, which then fails."""
    message = problem(url, model, prompt_for(model, images=0), sampling=sampling)
    assert message.startswith(
        "Error generating stream: 'NoneType' object has no attribute 'lora_name'"
    )


def test_a_prompt_longer_than_the_context_is_an_error(url: str, model: str) -> None:
    """vllm/v1/engine (validation of the prompt's length against max_model_len)."""
    message = problem(url, model, prompt_for(model, "why " * 150_000, images=0))
    assert message.startswith("Error generating stream: ")
    assert "longer than the maximum model length of" in message


def test_a_request_after_an_error_is_answered(url: str, model: str) -> None:
    """src/model.py, _infer: the engine goes on."""
    problem(url, model, prompt_for(model, images=0), sampling={"unheard_of": 1})
    assert answer(url, model).text


def test_a_cancelled_stream_ends_and_its_place_is_free(url: str, model: str) -> None:
    """src/model.py, _infer: is_cancelled is looked at between responses, then engine.abort."""
    endless = {**GREEDY, "max_tokens": 800}
    wanted = request(
        model, prompt_for(model), images=[picture()], stream=True, sampling=endless, extras=EXTRAS
    )

    async def work(client: Any) -> list[Response]:
        heard: list[Response] = []

        def cancel_at_second(response: Response, call: Any) -> None:
            heard.append(response)
            if len(heard) == 2:
                call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asked(client, wanted, on_response=cancel_at_second)
        return heard

    heard = with_client(url, work)
    assert sum(each.outputs["num_output_tokens"][0] for each in heard) < 800
    assert answer(url, model).text
