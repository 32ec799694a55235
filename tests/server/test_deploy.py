"""What deploy/ says of the same server in three ways is the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from explorer.runtime import memory
from explorer.server.replicas import CADDYFILE, parts
from tests.hall.redis_server import free_port

HEALTH = "/_stcore/health"
MIB = {"Gi": 1024, "Mi": 1}


@pytest.fixture(scope="module")
def deploy() -> Path:
    return CADDYFILE.parent


@pytest.fixture(scope="module")
def compose(deploy: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((deploy / "compose.yaml").read_text())["services"])


@pytest.fixture(scope="module")
def kubernetes(deploy: Path) -> dict[tuple[str, str], Any]:
    """What is deployed, by its kind and name."""
    documents = yaml.safe_load_all((deploy / "kubernetes.yaml").read_text())
    return {(d["kind"], d["metadata"]["name"]): d for d in documents}


def container(workload: Any) -> Any:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def environment(container: Any) -> dict[str, str | None]:
    """Its settings; None for a secret's."""
    return {setting["name"]: setting.get("value") for setting in container["env"]}


def test_the_app_has_the_same_settings(compose: dict[str, Any], kubernetes: dict[tuple[str, str], Any]) -> None:
    app = environment(container(kubernetes["StatefulSet", "app"]))
    composed = {n: s for n, s in compose.items() if n.startswith("app-")}
    assert len(composed) == kubernetes["StatefulSet", "app"]["spec"]["replicas"] == 3
    for service in composed.values():
        public = {name: value for name, value in service["environment"].items() if app[name] is not None}
        assert public == {name: value for name, value in app.items() if value is not None}
        assert set(service["environment"]) == set(app)
    (started, *_) = [part for part in parts("0.0.0.0", free_port(), 3) if part.name == "app-1"]
    shared = {"EXPLORER_ROOMS", "EXPLORER_MEMORY", "EXPLORER_DOWNLOADS", "STREAMLIT_SERVER_COOKIE_SECRET"}
    assert shared <= set(app) & set(started.environment)
    assert started.environment["EXPLORER_DOWNLOADS"] == app["EXPLORER_DOWNLOADS"]


def test_the_proxy_knows_all_processes(compose: dict[str, Any], kubernetes: dict[tuple[str, str], Any]) -> None:
    wanted = set(re.findall(r"\{\$(\w+)\}", CADDYFILE.read_text()))
    *_, started = parts("127.0.0.1", free_port(), 2)
    composed, pod = compose["proxy"]["environment"], environment(container(kubernetes["Deployment", "proxy"]))
    assert wanted == set(composed) == set(pod) == {n for n in started.environment if n in wanted}
    processes = [f"{name}:8501" for name in compose if name.startswith("app-")]
    assert composed["EXPLORER_UPSTREAMS"].split() == processes
    stateful = kubernetes["StatefulSet", "app"]
    name = stateful["spec"]["serviceName"]
    assert str(pod["EXPLORER_UPSTREAMS"]).split() == [
        f"{stateful['metadata']['name']}-{number}.{name}:8501" for number in range(stateful["spec"]["replicas"])
    ]


def test_the_same_store_of_rooms(compose: dict[str, Any], kubernetes: dict[tuple[str, str], Any]) -> None:
    pod = container(kubernetes["Deployment", "rooms"])
    assert compose["rooms"]["image"] == pod["image"]
    said = [part.strip('"') for part in compose["rooms"]["command"].split()]
    assert said == pod["args"]
    assert compose["proxy"]["image"] == container(kubernetes["Deployment", "proxy"])["image"]


def test_health_is_asked_where_it_is_answered(deploy: Path, kubernetes: dict[tuple[str, str], Any]) -> None:
    pod = container(kubernetes["StatefulSet", "app"])
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert pod[probe]["httpGet"] == {"path": HEALTH, "port": 8501}
    assert f"health_uri {HEALTH}" in CADDYFILE.read_text()
    assert HEALTH in (deploy / "Containerfile").read_text()


def test_the_memory_that_is_asked_for_is_enough(kubernetes: dict[tuple[str, str], Any]) -> None:
    pod = container(kubernetes["StatefulSet", "app"])
    bound = int(environment(pod)[memory.VARIABLE] or 0)
    requested, most = (
        int(text[:-2]) * MIB[text[-2:]]
        for text in (pod["resources"]["requests"]["memory"], pod["resources"]["limits"]["memory"])
    )
    assert memory.LEAST <= bound <= requested < most


def test_the_proxys_file_is_one(tmp_path: Path) -> None:
    *_, proxy = parts("127.0.0.1", free_port(), 2)
    command = [proxy.command[0], "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=dict(proxy.environment), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_container_holds_what_the_app_needs(deploy: Path, repo_root: Path) -> None:
    said = (deploy / "Containerfile").read_text()
    assert "--requirement requirements.txt" in said
    assert {f"python:{version}" for version in re.findall(r"python:([\d.]+)", said)} == {"python:3.11"}
    ignored = (repo_root / ".dockerignore").read_text().split()
    needed = {"explorer", "pages", "assets", "requirements.txt", "pyproject.toml", "README.md", "deploy"}
    assert not needed & set(ignored)
    assert 'CMD ["cnn-explorer", "serve"]' in said


def test_each_setting_is_told_of(repo_root: Path) -> None:
    sources = "".join(file.read_text() for file in (repo_root / "explorer").rglob("*.py"))
    settings = set(re.findall(r'"(EXPLORER_[A-Z_]+)"', sources))
    told = (repo_root / "README.md").read_text() + CADDYFILE.read_text()
    assert settings > {"EXPLORER_OPERATORS", "EXPLORER_FRAMED_BY", "EXPLORER_LOG"}
    assert {name for name in settings if name not in told} == set()
