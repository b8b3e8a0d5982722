"""The minis' engine without a server: right answers, whoever else is in the batch."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from sightline.benchmarks.scenes import train_samples
from sightline.inference.prompts import render
from sightline.values import images_of
from triton_models.minis.answering import greedy
from triton_models.minis.architectures import FAMILIES, MINIS
from triton_models.minis.engine import BacklogFull, Engine
from triton_models.minis.loading import LoadedMini, load
from triton_models.minis.sequence import Limits, Question, Running, begin

REPOSITORY = Path(__file__).resolve().parents[2] / "triton_models"
LIMITS = Limits(context=1024, images=8)


@pytest.fixture(scope="module", params=MINIS)
def mini(request: pytest.FixtureRequest) -> LoadedMini:
    return load(REPOSITORY / request.param / "1")


@dataclass
class Heard:
    """A listener that keeps what it hears."""

    name: str = ""
    order: list[str] = field(default_factory=list)
    cancelled: bool = False
    running: Running | None = None
    texts: list[str] = field(default_factory=list)
    problem: Exception | None = None
    was_dropped: bool = False
    begun: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def progressed(self, running: Running) -> None:
        self.running = running
        self.texts.append(running.text)
        self.begun.set()
        if running.finish_reason is not None:
            self._end()

    def failed(self, problem: Exception) -> None:
        self.problem = problem
        self._end()

    def dropped(self, running: Running | None) -> None:
        self.was_dropped = True
        self._end()

    def _end(self) -> None:
        self.order.append(self.name)
        self.done.set()

    def result(self) -> Running:
        assert self.done.wait(60)
        assert self.problem is None, self.problem
        assert self.running is not None
        return self.running


def sampling(**given: object) -> str:
    return json.dumps({"max_tokens": 12, "temperature": 0, **given})


def questions(mini: LoadedMini, count: int, **given: object) -> list[Question]:
    """Scenes with one picture or two, and questions of very different length."""
    made = []
    for one in islice(train_samples(3), count):
        prompt = one.sample.prompt
        pictures = tuple(
            base64.b64encode(one.images[part.digest]).decode() for part in images_of(prompt)
        )
        made.append(Question(render(FAMILIES[mini.name], prompt), pictures, sampling(**given)))
    return made


@pytest.fixture
def engine(mini: LoadedMini) -> Iterator[Engine]:
    made = Engine(mini, LIMITS, slots=16, backlog=32)
    yield made
    made.close()


def ask_together(engine: Engine, asked: list[Question]) -> list[Running]:
    heard = [Heard() for _ in asked]
    for question, listener in zip(asked, heard, strict=True):
        engine.submit(question, listener)
    return [listener.result() for listener in heard]


def test_answers_are_those_of_the_model_read_without_a_cache(
    mini: LoadedMini, engine: Engine
) -> None:
    asked = questions(mini, 6, max_tokens=6)
    expected = greedy(mini, [begin(mini, LIMITS, each).prepared for each in asked], 6)
    assert [each.text for each in ask_together(engine, asked)] == expected


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(
    mini: LoadedMini, engine: Engine
) -> None:
    asked = questions(mini, 16, ignore_eos=True, max_tokens=24, logprobs=0)
    together = ask_together(engine, asked)
    alone = [ask_together(engine, [each])[0] for each in asked]
    assert [each.tokens for each in together] == [each.tokens for each in alone]
    assert [each.cumulative_logprob for each in together] == pytest.approx(
        [each.cumulative_logprob for each in alone], abs=1e-3
    )


def test_a_short_request_overtakes_a_long_one_and_a_freed_slot_is_used(mini: LoadedMini) -> None:
    engine = Engine(mini, LIMITS, slots=2, backlog=8)
    order: list[str] = []
    long_one = Heard("long", order)
    engine.submit(questions(mini, 1, max_tokens=120, ignore_eos=True)[0], long_one)
    assert long_one.begun.wait(60)
    shorts = [Heard(f"short {number}", order) for number in range(4)]
    for question, listener in zip(
        questions(mini, 4, max_tokens=3, ignore_eos=True), shorts, strict=True
    ):
        engine.submit(question, listener)
    for listener in (*shorts, long_one):
        listener.result()
    engine.close()
    assert order == ["short 0", "short 1", "short 2", "short 3", "long"]


def test_the_backlog_is_bounded_and_what_was_taken_is_answered(mini: LoadedMini) -> None:
    engine = Engine(mini, LIMITS, slots=1, backlog=2)
    first = Heard()
    asked = questions(mini, 4, max_tokens=60, ignore_eos=True)
    engine.submit(asked[0], first)
    assert first.begun.wait(60)
    waiting = [Heard(), Heard()]
    for question, listener in zip(asked[1:3], waiting, strict=True):
        engine.submit(question, listener)
    with pytest.raises(BacklogFull):
        engine.submit(asked[3], Heard())
    waiting[0].cancelled = True
    engine.close()
    assert waiting[0].was_dropped
    assert waiting[0].running is None
    assert len(first.result().tokens) == len(waiting[1].result().tokens) == 60


def test_a_cancelled_sequence_leaves_the_batch(mini: LoadedMini, engine: Engine) -> None:
    cancelled, other = Heard(), Heard()
    for question, listener in zip(
        questions(mini, 2, max_tokens=150, ignore_eos=True), (cancelled, other), strict=True
    ):
        engine.submit(question, listener)
    assert cancelled.begun.wait(60)
    cancelled.cancelled = True
    assert cancelled.done.wait(60)
    assert cancelled.was_dropped
    assert cancelled.running is not None
    assert len(cancelled.running.tokens) < 150
    assert len(other.result().tokens) == 150


def test_the_context_ends_an_answer(mini: LoadedMini) -> None:
    engine = Engine(mini, Limits(context=160, images=8), slots=2, backlog=2)
    question = questions(mini, 1, max_tokens=None, ignore_eos=True)[0]
    [answered] = ask_together(engine, [question])
    engine.close()
    assert answered.finish_reason == "length"
    assert answered.prompt_tokens + len(answered.tokens) == 160


def test_a_stop_string_ends_the_answer_and_never_shows(mini: LoadedMini, engine: Engine) -> None:
    [question] = questions(mini, 1, ignore_eos=True)
    [whole] = ask_together(engine, [question])
    stop = whole.text[3:6]
    expected = whole.text[: whole.text.index(stop)]
    listener = Heard()
    engine.submit(
        Question(question.prompt, question.images, sampling(ignore_eos=True, stop=[stop])), listener
    )
    stopped = listener.result()
    assert stopped.finish_reason == "stop"
    assert stopped.text == expected
    assert all(expected.startswith(text) for text in listener.texts)


def test_a_seed_repeats_an_answer_whoever_else_is_asked(mini: LoadedMini, engine: Engine) -> None:
    given = {"temperature": 1.5, "ignore_eos": True, "max_tokens": 24}
    [seeded] = questions(mini, 1, seed=5, **given)
    [alone] = ask_together(engine, [seeded])
    again, *others = ask_together(engine, [seeded, *questions(mini, 5, **given)])
    assert again.tokens == alone.tokens
    assert any(other.tokens != alone.tokens for other in others)


def encoded(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


@pytest.mark.parametrize(
    "file",
    [
        encoded(Image.new("RGB", (1, 1)), "PNG"),
        encoded(Image.new("L", (3000, 2)), "PNG"),
        encoded(Image.new("P", (2, 3000)), "GIF"),
        encoded(Image.new("CMYK", (40, 40)), "JPEG"),
        encoded(Image.new("RGBA", (40, 40)), "WEBP"),
        encoded(Image.new("I;16", (40, 40)), "PNG"),
        encoded(Image.new("1", (40, 40)), "TIFF"),
    ],
)
def test_pictures_of_any_shape_and_mode_are_read(
    mini: LoadedMini, engine: Engine, file: bytes
) -> None:
    text = "<s>[INST][IMG]" if mini.name == "pixtral_mini" else "<|image_pad|>"
    question = Question(text, (base64.b64encode(file).decode(),), sampling(max_tokens=1))
    assert len(ask_together(engine, [question])[0].tokens) == 1


@pytest.mark.parametrize("size", [8, 20, 40, 60, 100, 150])
def test_a_broken_picture_fails_alone(mini: LoadedMini, engine: Engine, size: int) -> None:
    """Cut off or overwritten anywhere; what is asked with it is answered."""
    whole = bytearray(encoded(Image.radial_gradient("L").resize((40, 40)), "PNG"))
    overwritten = whole[:size] + b"\xff" * 12 + whole[size + 12 :]
    text = "<s>[INST][IMG]" if mini.name == "pixtral_mini" else "<|image_pad|>"
    broken = [Heard(), Heard()]
    for file, listener in zip((whole[:size], overwritten), broken, strict=True):
        picture = base64.b64encode(bytes(file)).decode()
        engine.submit(Question(text, (picture,), sampling(max_tokens=1)), listener)
    [good] = ask_together(engine, questions(mini, 1))
    assert good.finish_reason is not None
    assert all(listener.done.wait(60) for listener in broken)
    assert broken[0].problem is not None


@pytest.mark.parametrize(
    ("prompt", "images", "given", "words"),
    [
        ("What?", (), {"nonsense": 1}, "Unexpected keyword argument 'nonsense'"),
        ("What?", (), {"n": 2}, "n must be 1"),
        ("What?", (), {"temperature": -1}, "temperature must be non-negative"),
        ("What?", (), {"max_tokens": 0}, "max_tokens must be at least 1"),
        ("What?", (), {"logprobs": 21}, "greater than max allowed: 20"),
        ("What?", ("%%%%",), {}, "cannot identify image file"),
        ("What?", ("AAAAA",), {}, "Invalid base64-encoded string"),
        ("why " * 1100, (), {}, "longer than the maximum model length of 1024"),
    ],
)
def test_what_cannot_be_answered_is_said(
    mini: LoadedMini,
    engine: Engine,
    prompt: str,
    images: tuple[str, ...],
    given: dict[str, object],
    words: str,
) -> None:
    listener = Heard()
    engine.submit(Question(prompt, images, sampling(**given)), listener)
    assert listener.done.wait(60)
    assert words in str(listener.problem)
