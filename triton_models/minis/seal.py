"""Writes the digest of each mini's weights into its ``config.pbtxt``.

    python -m triton_models.minis.seal

The server's model configuration then names the weights it serves, and the backend refuses to load
others: by the configuration alone a run knows which model answered.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from triton_models.minis.architectures import MINIS
from triton_models.minis.loading import WEIGHTS

_PARAMETER = re.compile(r'(key: "weights_sha256"\s+value: \{ string_value: ")[0-9a-f]*(" \})')


def weights_sha256(version_directory: Path) -> str:
    """Hexadecimal digest of the weights in ``version_directory``."""
    with (version_directory / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(model_directory: Path) -> str:
    """Write the digest of version 1 into the configuration and return it.

    Raises ValueError where the configuration has no ``weights_sha256`` parameter.
    """
    config = model_directory / "config.pbtxt"
    digest = weights_sha256(model_directory / "1")
    sealed, count = _PARAMETER.subn(rf"\g<1>{digest}\g<2>", config.read_text())
    if count != 1:
        raise ValueError(f"{config} has no parameter weights_sha256")
    config.write_text(sealed)
    return digest


if __name__ == "__main__":
    for name in MINIS:
        digest = seal(Path(__file__).resolve().parents[1] / name)
        print(f"{name}: {digest}")  # noqa: T201 - this is what it was run for
