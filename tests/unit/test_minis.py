"""The minis as they are shipped: what they take in, and that they have learned to look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from PIL import Image

from sightline.benchmarks.scenes import SCENES, train_samples
from sightline.values import images_of
from triton_models.minis.answering import greedy
from triton_models.minis.architectures import MINIS, MiniName
from triton_models.minis.data import micro_batch, prepare
from triton_models.minis.loading import LoadedMini, load, save
from triton_models.minis.processing import image_tokens

REPOSITORY = Path(__file__).resolve().parents[2] / "triton_models"
PLACEHOLDER = {
    "pixtral_mini": "[IMG]",
    "qwen2_vl_mini": "<|vision_start|><|image_pad|><|vision_end|>",
}
BEGIN = {"pixtral_mini": "<s>", "qwen2_vl_mini": ""}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other where the machine is busy, for matrices this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=MINIS)
def mini(request: pytest.FixtureRequest) -> LoadedMini:
    return load(REPOSITORY / request.param / "1")


def pictures() -> list[Image.Image]:
    """Two of different sizes, neither of whole patches."""
    gradient = Image.radial_gradient("L")
    return [gradient.resize((60, 44)).convert("RGB"), gradient.resize((90, 50)).convert("RGB")]


def prompt_of(name: MiniName, *, images: int) -> str:
    return BEGIN[name] + "What" + f" {PLACEHOLDER[name]} and" * images + " that?"


@pytest.mark.parametrize(
    ("name", "size", "tokens"),
    [
        # Pixtral: columns and a break, times rows; sides rounded up to patches of 8.
        ("pixtral_mini", (64, 64), 9 * 8),
        ("pixtral_mini", (96, 48), 13 * 6),
        ("pixtral_mini", (60, 44), 9 * 6),
        ("pixtral_mini", (192, 64), 13 * 4),
        ("pixtral_mini", (1, 1), 2),
        # Qwen2-VL: squares of 16 pixels, sides rounded to the nearest.
        ("qwen2_vl_mini", (64, 64), 4 * 4),
        ("qwen2_vl_mini", (96, 48), 6 * 3),
        ("qwen2_vl_mini", (60, 44), 4 * 3),
        ("qwen2_vl_mini", (192, 64), 6 * 2),
        ("qwen2_vl_mini", (1, 1), 1),
    ],
)
def test_image_tokens_follow_the_arithmetic(
    name: MiniName, size: tuple[int, int], tokens: int
) -> None:
    assert image_tokens(name, *size) == tokens
    mini = load(REPOSITORY / name / "1")
    text = len(mini.processor(prompt_of(name, images=0), []).input_ids)
    one = mini.processor(prompt_of(name, images=1), [Image.new("RGB", size)])
    # " and", its space before the picture and, for Qwen2-VL, the two markers are text.
    around = len(mini.tokenizer.encode(f" {PLACEHOLDER[name]} and").ids) - 1
    assert len(one.input_ids) == text + around + tokens


def test_a_pixtral_row_ends_in_a_break_and_the_last_in_the_end() -> None:
    mini = load(REPOSITORY / "pixtral_mini" / "1")
    prepared = mini.processor("<s>[IMG]", [Image.new("RGB", (24, 16))])
    tokens = [mini.tokenizer.id_to_token(token) for token in prepared.input_ids.tolist()]
    assert tokens == ["<s>", *["[IMG]"] * 3, "[IMG_BREAK]", *["[IMG]"] * 3, "[IMG_END]"]


def test_a_prompt_begins_once() -> None:
    mini = load(REPOSITORY / "pixtral_mini" / "1")
    with_begin = mini.processor("<s>[INST]hello[/INST]", []).input_ids
    without = mini.processor("[INST]hello[/INST]", []).input_ids
    assert torch.equal(with_begin, without)


def test_placeholders_and_pictures_must_be_as_many(mini: LoadedMini) -> None:
    with pytest.raises(ValueError, match="2 image placeholders, but 1 images"):
        mini.processor(prompt_of(mini.name, images=2), pictures()[:1])


def test_any_text_survives_the_tokenizer(mini: LoadedMini) -> None:
    text = "Grüße, 日本 🎉 ∑\t\x00 and \u202e more"
    assert mini.tokenizer.decode(mini.tokenizer.encode(text).ids) == text


def test_our_forward_is_that_of_transformers(mini: LoadedMini) -> None:
    """Pixels, order of patches, positions and features: two pictures between text."""
    prepared = mini.processor(prompt_of(mini.name, images=2), pictures())
    is_pixtral = mini.name == "pixtral_mini"
    with torch.inference_mode():
        hidden = mini.language_model(
            inputs_embeds=mini.embed([prepared])[0].unsqueeze(0),
            position_ids=prepared.position_ids if is_pixtral else prepared.position_ids[:, None],
        ).last_hidden_state
        if is_pixtral:
            sizes = [tuple(pixels.shape[1:]) for pixels in prepared.pixel_values]
            high, wide = (max(side) for side in zip(*sizes, strict=True))
            canvas = torch.zeros(2, 3, high, wide)
            for index, pixels in enumerate(prepared.pixel_values):
                canvas[index, :, : pixels.shape[1], : pixels.shape[2]] = pixels
            theirs = {"pixel_values": canvas, "image_sizes": torch.tensor(sizes)}
        else:
            seen = prepared.input_ids == mini.processor.image_token_id
            theirs = {
                "pixel_values": torch.cat(prepared.pixel_values),
                "image_grid_thw": torch.tensor([[1, *grid] for grid in prepared.grids]),
                "mm_token_type_ids": seen.int().unsqueeze(0),
            }
        expected = mini.model(input_ids=prepared.input_ids.unsqueeze(0), **theirs).logits
        ours = mini.logits(hidden)
    torch.testing.assert_close(ours, expected, atol=2e-4, rtol=2e-4)


def test_a_prompt_is_answered_alike_alone_and_in_a_batch(mini: LoadedMini) -> None:
    drawn = list(islice(train_samples(9), 6))
    prepared = [prepare(mini.processor, each) for each in drawn]
    together = greedy(mini, prepared, 24)
    assert [greedy(mini, [one], 24)[0] for one in prepared] == together


def test_saved_and_loaded_weights_are_the_same(mini: LoadedMini, tmp_path: Path) -> None:
    directory = tmp_path / mini.name / "1"
    save(directory, mini.model, mini.tokenizer)
    again = load(directory)
    expected = mini.model.state_dict()
    for key, weights in again.model.state_dict().items():
        assert torch.equal(weights, expected[key]), key


def test_a_directory_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none of pixtral_mini, qwen2_vl_mini"):
        load(tmp_path)


def test_weights_stay_under_twelve_megabytes(mini: LoadedMini) -> None:
    assert (REPOSITORY / mini.name / "1" / "model.safetensors").stat().st_size <= 12_000_000


def test_a_training_batch_asks_for_the_answer_and_its_end(mini: LoadedMini) -> None:
    batch = micro_batch(mini.processor, 1, "multiple_choice", 3, 4)
    for row in batch.labels:
        letter, end = row[row != -100].tolist()
        assert mini.tokenizer.decode([letter]) in "ABCD"
        assert end in mini.eos_ids


def test_it_has_learned_to_look(mini: LoadedMini) -> None:
    """The first 12 held-out captions of two things: at least 9 exact, and at most 2 when blind.

    The floor and the exact figures are in the model card; 12 are enough to tell a trained model
    from a broken one.
    """
    captions = [
        drawn
        for drawn in SCENES.samples()
        if drawn.sample.task == "caption" and drawn.sample.category == "two_objects"
    ][:12]
    assert all(len(list(images_of(drawn.sample.prompt))) == 1 for drawn in captions)
    references = [drawn.sample.references[0] for drawn in captions]
    right = {}
    for blank in (False, True):
        prepared = [prepare(mini.processor, drawn, blank=blank) for drawn in captions]
        answers = greedy(mini, prepared, 48)
        pairs = zip(answers, references, strict=True)
        right[blank] = sum(answer == reference for answer, reference in pairs)
    assert right[False] >= 9
    assert right[True] <= 2
