"""Entry point of Triton's Python backend; what it does is in ``triton_models/minis``."""

import sys
from pathlib import Path

# The stub knows nothing of the project: the directory that holds triton_models/ and sightline/.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from triton_models.minis.backend import MiniModel as TritonPythonModel

__all__ = ["TritonPythonModel"]
