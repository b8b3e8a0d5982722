"""The settings, their documentation, and how they read the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sightline.settings import Settings

ROOT = Path(__file__).parents[2]


def read(environment: dict[str, str]) -> str:
    """What another process, started with ``environment``, takes the settings to be."""
    program = "from sightline.settings import Settings; print(Settings().model_dump_json())"
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout


def test_every_setting_is_documented() -> None:
    script = ROOT / "scripts" / "settings_table.py"
    page = subprocess.run(
        [sys.executable, script], env={}, capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / "docs" / "settings.md").read_text() == page, "run: make settings-table"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_means(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")


def test_the_environment_is_read() -> None:
    settings = Settings.model_validate_json(
        read({"SIGHTLINE_MODELS": "pixtral_12b, qwen2_vl_72b", "SIGHTLINE_LEASE_S": "3"})
    )
    assert settings.models == ("pixtral_12b", "qwen2_vl_72b")
    assert settings.lease_s == 3.0


def test_no_models_is_a_choice() -> None:
    assert Settings(models="").models == ()


def test_a_password_is_not_printed() -> None:
    assert "hunter2" not in repr(Settings(redis_url="redis://:hunter2@127.0.0.1/0"))


def test_sqlite_in_the_data_directory_is_the_default(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).sqlalchemy_url == f"sqlite:///{tmp_path / 'sightline.db'}"
    assert Settings(data_dir=tmp_path).images_url == f"file://{tmp_path / 'images'}"


def test_a_database_that_is_named_is_used(tmp_path: Path) -> None:
    url = "postgresql://elsewhere/sightline"
    assert Settings(data_dir=tmp_path, database_url=url).sqlalchemy_url == url


@pytest.mark.parametrize("field", ["window", "shard_size", "request_attempts"])
def test_nonsense_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Settings.model_validate({field: 0})
