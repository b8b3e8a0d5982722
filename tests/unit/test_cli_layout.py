"""Tables that never get squeezed: at any width every figure can be read whole."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, Group

from sightline.cli.layout import Column, fitted, table, width_of

NAMES = [Column("#", ["1", "2", "+"]), Column("model", ["alpha", "beta", "gamma"], "left")]
VALUES = [
    Column("accuracy", ["0.912", "0.883", "0.690"]),
    Column("95% interval", ["0.871 to 0.942", "0.840 to 0.916", ""]),
]
SPEED = [
    Column("p50", ["12 ms", "30 ms", ""]),
    Column("failures", ["none", "truncated 3\nempty 1", ""], "left"),
]


def render(width: int, *shown: object) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False, color_system=None)
    console.print(Group(*shown))  # type: ignore[arg-type]
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_everything_in_one_table_where_it_fits() -> None:
    tables = fitted(NAMES, [VALUES, SPEED], 120)
    assert len(tables) == 1
    lines = [line.rstrip() for line in render(120, *tables).splitlines()]
    assert lines == [
        "#  model  accuracy    95% interval    p50  failures",
        "1  alpha     0.912  0.871 to 0.942  12 ms  none",
        "2  beta      0.883  0.840 to 0.916  30 ms  truncated 3",
        "                                           empty 1",
        "+  gamma     0.690",
    ]


def test_a_group_that_does_not_fit_moves_whole_and_leaves_out_rows_with_nothing_to_say() -> None:
    tables = fitted(NAMES, [VALUES, SPEED], 40)
    assert len(tables) == 2
    text = render(40, *tables)
    first, second = text.split("failures")
    assert "0.871 to 0.942" in first
    assert "gamma" in first
    assert "truncated 3" in second
    assert "gamma" not in second


def test_blocks_where_not_even_one_group_fits() -> None:
    text = render(30, *fitted(NAMES, [VALUES], 30))
    assert "1 alpha\n  accuracy      0.912\n  95% interval  0.871 to 0.942" in text


def test_a_listing_becomes_blocks_on_a_narrow_terminal() -> None:
    columns = [Column("id", ["job_1"], "left"), Column("name", ["a long name of a job"], "left")]
    assert "job_1  a long name of a job" in render(80, table(columns, 80))
    assert render(20, table(columns, 20)).startswith("job_1\n  name")


cells = st.lists(st.text("abc μ模", max_size=9), min_size=3, max_size=3)


@given(
    groups=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=5),
    width=st.integers(50, 140),
)
def test_nothing_is_lost_or_cut_at_any_width(groups: list[list[list[str]]], width: int) -> None:
    columns = [[Column(f"c{i}", each) for i, each in enumerate(group)] for group in groups]
    text = render(width, *fitted(NAMES, columns, width))
    assert "…" not in text
    assert all(cell_len(line) <= width for line in text.splitlines())
    for group in groups:
        for each in group:
            for cell in each:
                assert cell.strip() in text


@pytest.mark.parametrize(("cell", "width"), [("a", 5), ("abcdef", 9), ("ab\ncdefg", 8)])
def test_width_counts_the_widest_line(cell: str, width: int) -> None:
    assert width_of([Column("h", ["x"]), Column("hh", [cell])]) == width
