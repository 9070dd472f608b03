"""The containers of config/cluster: what they start exists, and is what docs/cluster.md says."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

from logproc.command.cli import cli

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "cluster"
PAGE = (ROOT / "docs" / "cluster.md").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
MAINS = {"dask scheduler": dask_scheduler.main, "dask worker": dask_worker.main, "logproc analyze": cli.commands["analyze"]}


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_its_command_has_only_options_that_exist(service: str) -> None:
    """Each service starts a program that the image has, with options that it knows."""
    words = shlex.split(COMPOSE["services"][service]["command"])
    main: click.Command = MAINS[" ".join(words[:2])]
    with main.make_context(main.name, words[2:]) as context:
        assert context.params


def test_the_page_has_the_commands_of_the_file() -> None:
    """What the head of the compose file says to type is in the document, and so is what its services start."""
    head = (FOLDER / "compose.yaml").read_text("utf-8").partition("\nname:")[0]
    typed = re.findall(r"^#   (.*)$", head, re.MULTILINE)
    assert len(typed) == 4
    assert [line for line in typed if f"\n{line}\n" not in PAGE] == []
    services = COMPOSE["services"]
    assert services["scheduler"]["command"].removesuffix(" --no-dashboard") in PAGE
    assert "--cluster tcp://scheduler:8786" in services["client"]["command"]
    assert "tcp://scheduler:8786" in services["worker"]["command"]


def test_the_page_recommends_the_settings_of_the_file() -> None:
    """Each variable of the scheduler is in the table of settings, with the same value."""
    for name, value in COMPOSE["services"]["scheduler"]["environment"].items():
        assert f"| `{name}` | `{value}`" in PAGE


def test_nothing_is_published_and_logs_are_only_read() -> None:
    """No service publishes a port, since whoever reaches one can run code; the logs are mounted for reading."""
    for service in COMPOSE["services"].values():
        assert "ports" not in service
        assert [volume for volume in service["volumes"] if not volume.endswith(":/logs:ro")] == []


def test_the_image_is_built_from_what_is_there() -> None:
    """The extra that is installed exists, and so does each file that the image is built from."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (wanted,) = re.findall(r"whl\)\[([\w,]+)\]", (FOLDER / "Dockerfile").read_text("utf-8"))
    assert set(wanted.split(",")) <= set(extras)
    kept = re.findall(r"^!(.+)$", (FOLDER / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    assert [name for name in kept if not (ROOT / name).exists()] == []
    for service in COMPOSE["services"].values():
        assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
