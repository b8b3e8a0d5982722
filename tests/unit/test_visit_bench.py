"""VisIT-Bench's multi-image rows, counted."""

from __future__ import annotations

from collections import Counter

from sightline.benchmarks.visit_bench import VISIT_BENCH_MULTI
from sightline.values import TextPart

SAMPLES = [one.sample for one in VISIT_BENCH_MULTI.samples()]


def test_100_samples_of_which_70_have_a_reference() -> None:
    assert len({sample.key for sample in SAMPLES}) == 100
    assert sum(bool(sample.references) for sample in SAMPLES) == 70
    assert all(reference.strip() for sample in SAMPLES for reference in sample.references)
    assert VISIT_BENCH_MULTI.coverage_floor < 0.7


def test_the_difference_tasks_stand_apart() -> None:
    assert Counter(sample.task for sample in SAMPLES) == {
        "difference": 20,
        "short_reference": 50,
        "no_reference": 30,
    }
    assert {sample.category for sample in SAMPLES if sample.task == "difference"} == {
        "rcc",
        "spot_the_diff",
    }
    assert set(Counter(sample.category for sample in SAMPLES).values()) == {10}
    assert {sample.task for sample in SAMPLES} == set(VISIT_BENCH_MULTI.tasks)


def test_what_has_no_reference_is_not_given_one() -> None:
    for sample in SAMPLES:
        assert (sample.task == "no_reference") == (not sample.references)


def test_prompts_hold_the_instruction_and_no_address_of_an_image() -> None:
    for sample in SAMPLES:
        [part] = sample.prompt[0].parts
        assert isinstance(part, TextPart)
        assert part.text.strip()
        assert "visit-instruction-tuning" not in part.text
    assert VISIT_BENCH_MULTI.recorded_only


def test_gpt4_answered_every_sample() -> None:
    [gpt4] = VISIT_BENCH_MULTI.recorded
    answers = list(gpt4.answers())
    assert gpt4.model == "gpt-4"
    assert [key for key, _ in answers] == [sample.key for sample in SAMPLES]
    assert all(answer.strip() for _, answer in answers)


def test_the_human_ratings_are_kept() -> None:
    ratings = list(VISIT_BENCH_MULTI.human_ratings())
    assert [rating.key for rating in ratings] == [sample.key for sample in SAMPLES]
    # The figure in the dataset's own description of these rows.
    assert sum(rating.correct for rating in ratings) == 63


def test_keys_come_from_the_rows_and_not_from_their_order() -> None:
    assert SAMPLES[0].key == "rcc/450_rcc_clevr_default_006594"
    assert SAMPLES[0].references == ("the tiny cylinder changed to brown",)
