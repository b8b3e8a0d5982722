"""Golden files: expected values with their source, read by tests and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "golden"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
