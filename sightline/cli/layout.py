"""Wide tables on narrow terminals: whole groups of columns move to a table of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A heading with a cell for every row. A cell may have several lines; "" is left blank."""

    heading: str
    cells: Sequence[str]
    justify: Literal["left", "right"] = "right"
    style: str = ""

    @property
    def width(self) -> int:
        lines = [line for cell in (self.heading, *self.cells) for line in cell.split("\n")]
        return max(cell_len(line) for line in lines)


Group = Sequence[Column]


def width_of(columns: Sequence[Column]) -> int:
    """Characters that a table of these columns takes."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def fitted(
    names: Group, groups: Sequence[Group], width: int, row_styles: Sequence[str] = ()
) -> list[RenderableType]:
    """Tables of at most ``width`` characters that hold all groups; each repeats ``names``.

    Groups stay whole and in order, as many to a table as fit. A row with nothing in a table's
    groups is left out of it. Where not even one group fits, its rows are stacked as blocks.
    """
    shown: list[RenderableType] = []
    waiting = [list(group) for group in groups if group]
    while waiting:
        columns = waiting.pop(0)
        if width_of([*names, *columns]) > width:
            shown.append(_blocks(names, columns, row_styles))
            continue
        while waiting and width_of([*names, *columns, *waiting[0]]) <= width:
            columns += waiting.pop(0)
        shown.append(_table(names, columns, row_styles))
    return shown


def table(columns: Sequence[Column], width: int) -> RenderableType:
    """A listing: one table where it fits, else a block for each row."""
    if width_of(columns) <= width:
        return _table(columns, [], ())
    return _blocks(columns[:1], columns[1:], ())


def _rows(columns: Sequence[Column]) -> list[int]:
    """The rows that have something to say in these columns."""
    length = len(columns[0].cells)
    return [row for row in range(length) if any(column.cells[row] for column in columns)]


def _table(names: Group, columns: Group, row_styles: Sequence[str]) -> Table:
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column in (*names, *columns):
        made.add_column(Text(column.heading), justify=column.justify, no_wrap=True)
    for row in _rows(columns or names):
        style = row_styles[row] if row_styles else ""
        cells = [Text(each.cells[row], style=each.style) for each in (*names, *columns)]
        made.add_row(*cells, style=style or None)
    return made


def _blocks(names: Group, columns: Group, row_styles: Sequence[str]) -> Text:
    longest = max(cell_len(column.heading) for column in columns)
    lines: list[Text] = []
    for row in _rows(columns):
        style = row_styles[row] if row_styles else ""
        title = " ".join(each.cells[row] for each in names if each.cells[row])
        lines.append(Text(title, style=style or "bold"))
        for column in columns:
            if column.cells[row]:
                label = column.heading + " " * (longest - cell_len(column.heading))
                value = ", ".join(column.cells[row].split("\n"))
                lines.append(Text(f"  {label}  {value}", style=style))
    return Text("\n").join(lines)
