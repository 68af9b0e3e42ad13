"""`docker-compose.yml` and `Dockerfile` say nothing that the settings, the commands and the documentation do not."""

import re
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from api.http.routes import ROUTES
from tests.docs.pages import ROOT, first_cells, section
from workers.command import build
from workers.settings import Settings, variable_of

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ONCE = {name for name in SERVICES if "healthcheck" not in SERVICES[name]}
OPERATING = section("operating.md", "With Docker Compose")
VARIABLES = {variable_of(field) for field in Settings.model_fields}


def waited_for(condition: str) -> set[str]:
    """The services for which another one waits in this manner."""
    waits = [service.get("depends_on", {}) for service in SERVICES.values()]
    return {name for wait in waits for name, how in wait.items() if how["condition"] == condition}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    assert set(OURS[name]["environment"]) - VARIABLES == set()


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_exists_with_its_options(name: str) -> None:
    words = OURS[name]["command"]
    assert CliRunner().invoke(build(words), [*words, "--help"]).exit_code == 0


def test_what_runs_is_checked_and_what_ends_is_waited_for() -> None:
    assert {"temporal-schema", "temporal-namespace", "keys"} == ONCE
    assert waited_for("service_completed_successfully") == ONCE
    assert waited_for("service_healthy") == {"postgresql", "temporal"}
    assert {SERVICES[name]["restart"] for name in SERVICES.keys() - ONCE} == {"unless-stopped"}
    assert all(SERVICES[name]["restart"] != "unless-stopped" for name in ONCE)


@pytest.mark.parametrize(
    "image",
    [*(service["image"] for service in SERVICES.values()), *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)],
)
def test_every_image_is_pinned_to_an_exact_version(image: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?", image)


def test_parts_that_belong_together_have_one_version() -> None:
    tags = {SERVICES[name]["image"].split(":")[1] for name in ("temporal", "temporal-schema", "temporal-namespace")}
    assert len(tags) == 1
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert {service["image"] for service in OURS.values()} == {f"latchwork:{version[1]}"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_not_root_and_cannot_become_it(name: str) -> None:
    service = OURS[name]
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert service["user"] == user == "10001:10001"
    assert "--uid 10001 " in DOCKERFILE
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_keys_are_made_by_one_and_read_by_the_others() -> None:
    folder = "/var/lib/latchwork"
    assert OURS["keys"]["volumes"] == [f"keys:{folder}"]
    assert {tuple(OURS[name]["volumes"]) for name in OURS.keys() - {"keys"}} == {(f"keys:{folder}:ro",)}
    assert {service["environment"]["LATCHWORK_DATA"] for service in OURS.values()} == {folder}
    assert f"install -d -m 0700 -o latchwork -g latchwork {folder}" in DOCKERFILE


def test_no_secret_is_in_the_files() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|KEYRING|DATABASE_URL", name):
                assert "${POSTGRES_PASSWORD:?" in value
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert ".env" in ignored
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_every_port_is_on_loopback_and_is_where_the_documentation_says() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8233:8080", "127.0.0.1:8080:8080"]
    assert set(re.findall(r"`http://127\.0\.0\.1:(\d+)`", OPERATING)) == {"8233", "8080"}
    api, ui = SERVICES["api"], SERVICES["temporal-ui"]
    assert api["command"] == ["api", "--port", "8080", "--ui-origin", "http://127.0.0.1:8233"]
    assert ui["environment"]["TEMPORAL_CODEC_ENDPOINT"] == "http://127.0.0.1:8080/codec"


def test_what_the_checks_ask_for_exists() -> None:
    probe = SERVICES["api"]["healthcheck"]["test"][-1]
    compile(probe, "api", "exec")
    compile(SERVICES["worker"]["healthcheck"]["test"][-1], "worker", "exec")
    (path,) = re.findall(r"127\.0\.0\.1:8080(/\w+)", probe)
    assert path in {route.path for route in ROUTES}
    assert (
        SERVICES["worker"]["environment"]["LATCHWORK_METRICS_ADDRESS"] in SERVICES["worker"]["healthcheck"]["test"][-1]
    )


def test_every_service_is_documented() -> None:
    assert first_cells(OPERATING) == list(SERVICES)


def test_every_volume_and_config_that_is_named_exists() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])
    used = {config["source"] for service in SERVICES.values() for config in service.get("configs", [])}
    assert used == set(COMPOSE["configs"])


def test_the_image_holds_every_package() -> None:
    allowed = set((ROOT / ".dockerignore").read_text().splitlines())
    packages = re.search(r"packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert packages is not None
    roots = {name.split(".")[0] for name in re.findall(r'"([\w.]+)"', packages[1])}
    assert {f"!{root}" for root in roots} <= allowed
