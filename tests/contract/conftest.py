"""The server under test: one of yours by environment, else the real Triton with the minis.

SIGHTLINE_CONTRACT_URL=gpu-box:8001 SIGHTLINE_CONTRACT_MODEL=pixtral_12b pytest tests/contract
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from asking import MINIS, REPOSITORY

from sightline.stack.triton import TritonEndpoint, serve_triton

URL = os.environ.get("SIGHTLINE_CONTRACT_URL")
MODELS = tuple(os.environ.get("SIGHTLINE_CONTRACT_MODEL", ",".join(MINIS)).split(","))


@pytest.fixture(scope="session")
def minis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonEndpoint]:
    """Our own server with both minis."""
    with serve_triton(tmp_path_factory.mktemp("triton"), REPOSITORY, MINIS) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """host:port of the gRPC endpoint that is held to the contract."""
    if URL is not None:
        return URL
    endpoint: TritonEndpoint = request.getfixturevalue("minis")
    return endpoint.grpc


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name
