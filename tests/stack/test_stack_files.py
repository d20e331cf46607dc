"""The folder of a stack: what is in it, what never is, and what a second rendering keeps."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import cauce
from cauce.containers import parts as stack_parts
from cauce.containers.compose_file import compose_text
from cauce.containers.contexts import LOCKS
from cauce.containers.parts import BUCKETS, EXTRAS, PORTS, Parts, name_of
from cauce.containers.passwords import names_of
from cauce.containers.rendering import rendered
from cauce.errors import CauceError
from cauce.running.image import locked_libraries
from cauce.spec.addresses import parse_address

GOLDEN = Path(__file__).with_name("golden_compose.yaml")
ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path(stack_parts.__file__).with_name("inside")
EVERYTHING = Parts("shop-0a1b2c", EXTRAS)
LATER = re.compile(r"(shop-0a1b2c-\w+):[0-9][\w.+-]*")


def document(parts: Parts = EVERYTHING) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(compose_text(parts))
    return found


def kept_secrets(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "secrets").iterdir())}


def outside_secrets(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "secrets"
    }


def test_the_compose_file_is_the_one_that_was_looked_through() -> None:
    """An open port, a root user or a default password would come into it unseen."""
    text = LATER.sub(r"\1:VERSION", compose_text(EVERYTHING))
    if os.environ.get("CAUCE_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_file_is_yaml_that_says_the_document() -> None:
    """A text such as no or 3306:3306 would be read as something else by Docker."""
    found = document()
    assert found["services"]["database"]["ports"] == ["127.0.0.1:3306:3306"]
    assert found["volumes"] == {"accounts": {}, "database": {}, "storage": {}, "work": {}}
    for service in found["services"].values():
        assert (
            all(isinstance(one, str) for one in service["environment"].values())
            if "environment" in service
            else True
        )


@pytest.mark.parametrize("extras", [(), ("spark",), ("jupyter",), EXTRAS])
def test_every_service_is_closed_but_for_what_it_must_do(extras: tuple[str, ...]) -> None:
    """One service as root, or open to the network, opens the machine."""
    services = document(Parts("shop-0a1b2c", extras))["services"]
    for name, service in services.items():
        user, group = map(int, service["user"].split(":"))
        assert min(user, group) > 0
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
        assert service["pids_limit"] > 0
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
        assert all(one.startswith("127.0.0.1:") for one in service.get("ports", ())), name
        assert "privileged" not in service
        assert "/var/run/docker.sock" not in str(service)
        assert name == "buckets" or service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("extras", [(), ("spark",), ("jupyter",), EXTRAS])
def test_what_is_named_is_there(extras: tuple[str, ...]) -> None:
    """Docker would refuse the whole file for one name that is nowhere."""
    parts = Parts("shop-0a1b2c", extras)
    found = document(parts)
    services = found["services"]
    assert set(parts.services) | {"buckets"} == set(services)
    used_secrets, used_volumes = set(), set()
    for service in services.values():
        used_secrets |= set(service.get("secrets", ()))
        used_volumes |= {one.partition(":")[0] for one in service.get("volumes", ()) if one[0] != "."}
        assert set(service.get("depends_on", ())) <= set(services)
        for one, how in service.get("depends_on", {}).items():
            ends = one == "buckets"
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
            assert ends or "healthcheck" in services[one]
    assert used_secrets <= set(found["secrets"])
    assert used_volumes == set(found["volumes"])
    # A secret that no container is given would only lie there to be found.
    assert set(found["secrets"]) - used_secrets <= {"storage_store", "mlflow_admin", "storage_mlflow"}


def test_images_are_named_to_the_last_number() -> None:
    """What is started would be another program next week."""
    for service in document()["services"].values():
        assert re.search(r":\d+\.\d+", service["image"])
    text = (INSIDE.parent / "contexts.py").read_text(encoding="utf-8")
    assert "latest" not in text
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", stack_parts.PYTHON)


def test_ports_of_doors_are_those_that_services_open() -> None:
    """An address in the project file would lead to another server."""
    services = document(Parts("shop-0a1b2c", EXTRAS, dict.fromkeys(PORTS, 0) | {"mlflow": 5001}))["services"]
    assert services["mlflow"]["ports"] == ["127.0.0.1:5001:5000"]
    assert "127.0.0.1:5001" in services["mlflow"]["environment"]["ALLOWED_HOSTS"]


def test_a_folder_renders_alike_and_keeps_its_secrets(tmp_path: Path) -> None:
    """The servers' volumes were made with the first passwords, and would let nobody in with others."""
    folder = tmp_path / "stack"
    first = cauce.stack("render", folder=folder)
    files, secrets = outside_secrets(folder), kept_secrets(folder)
    second = cauce.stack("render", folder=folder)
    assert (outside_secrets(folder), kept_secrets(folder)) == (files, secrets)
    assert first == second
    cauce.stack("render", folder=folder, parts="jupyter", force=True)
    assert secrets.items() <= kept_secrets(folder).items()
    assert set(kept_secrets(folder)) - set(secrets) == {"jupyter_token"}


def test_two_stacks_share_no_secret_and_no_name(tmp_path: Path) -> None:
    """Whoever may enter one would enter the other; its volumes would be taken for the other's."""
    one, two = (cauce.stack("render", folder=tmp_path / name / "stack") for name in ("a", "b"))
    assert one.name != two.name
    ours = {path: data for path, data in kept_secrets(one.folder).items() if path != ".gitignore"}
    assert not set(ours.values()) & set(kept_secrets(two.folder).values())
    assert len(set(ours.values())) == len(ours)


def test_no_secret_is_outside_the_folder_of_secrets(tmp_path: Path) -> None:
    """The compose file and the Dockerfiles are what people commit and show."""
    folder = cauce.stack("render", folder=tmp_path / "stack", parts="spark,jupyter").folder
    secrets = [data for name, data in kept_secrets(folder).items() if re.fullmatch(r"[a-z_]+", name)]
    passwords = [one for one in secrets if len(one) == 40]
    assert len(passwords) == 9
    for path, data in outside_secrets(folder).items():
        assert not any(one in data for one in passwords), path
    assert all(re.fullmatch(rb"[A-Za-z0-9]{40}", one) for one in passwords)
    assert kept_secrets(folder)[".gitignore"] == b"*\n"


def test_others_on_the_machine_cannot_reach_the_secrets(tmp_path: Path) -> None:
    """Every user of the machine would be an administrator of the servers."""
    before = os.umask(0)
    try:
        folder = cauce.stack("render", folder=tmp_path / "stack").folder
    finally:
        os.umask(before)
    secrets = folder / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {name: (secrets / name).stat().st_mode & 0o777 for name in ("keys", "environment")} == {
        "keys": 0o600,
        "environment": 0o600,
    }
    assert not any(path.stat().st_mode & 0o022 for path in folder.rglob("*") if path.is_file())


def test_a_lost_secret_is_told_and_not_made_anew(tmp_path: Path) -> None:
    """The new one would open no server, and say so only when something is needed."""
    folder = cauce.stack("render", folder=tmp_path / "stack").folder
    (folder / "secrets" / "database_root").unlink()
    with pytest.raises(CauceError, match="E2705") as failure:
        cauce.stack("render", folder=folder)
    assert "database_root" in failure.value.message
    (folder / "secrets" / "database_root").write_text("short")
    with pytest.raises(CauceError, match="E2705"):
        cauce.stack("render", folder=folder, force=True)


def test_edits_are_only_written_over_when_told_so(tmp_path: Path) -> None:
    """Somebody's evening of tuning would be gone."""
    folder = cauce.stack("render", folder=tmp_path / "stack").folder
    compose = folder / "compose.yaml"
    made = compose.read_text(encoding="utf-8")
    compose.write_text(made + "# mine\n", encoding="utf-8")
    with pytest.raises(CauceError, match="E2703") as failure:
        cauce.stack("render", folder=folder)
    assert "compose.yaml" in failure.value.message
    assert compose.read_text(encoding="utf-8").endswith("# mine\n")
    cauce.stack("render", folder=folder, force=True)
    assert compose.read_text(encoding="utf-8") == made


def test_files_of_parts_that_are_no_longer_asked_for_go(tmp_path: Path) -> None:
    """A Dockerfile that nothing builds would be kept up to date by hand."""
    folder = cauce.stack("render", folder=tmp_path / "stack", parts="spark").folder
    assert (folder / "work" / "lib" / "cauce" / "__init__.py").is_file()
    cauce.stack("render", folder=folder)
    assert not (folder / "work" / "Dockerfile").exists()
    assert (folder / "mlflow" / "Dockerfile").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A folder named by mistake would be filled with files."""
    (tmp_path / "thesis.txt").write_text("years of work")
    for folder, code in ((tmp_path, "E2702"), (tmp_path / "thesis.txt", "E2702")):
        with pytest.raises(CauceError, match=code):
            cauce.stack("render", folder=folder)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(CauceError, match="E2704"):
        cauce.stack("status", folder=tmp_path)


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    """A stack would be started under another name, with empty volumes."""
    folder = cauce.stack("render", folder=tmp_path / "stack").folder
    for damage in ("", "[]", '{"schema": "cauce.stack/1"}', '{"schema": 7, "extras": 3}'):
        (folder / "stack.json").write_text(damage)
        with pytest.raises(CauceError, match="E0507"):
            cauce.stack("status", folder=folder)


def test_a_rendering_that_was_killed_goes_on(tmp_path: Path) -> None:
    """The folder would have to be deleted by hand."""
    whole = cauce.stack("render", folder=tmp_path / "stack")
    record = (whole.folder / "stack.json").read_text(encoding="utf-8")
    secrets = kept_secrets(whole.folder)
    (whole.folder / "stack.json").write_text(
        re.sub(r'"(secrets|made)": [\[{].*?[\]}]', r'"\1": []', record, flags=re.S).replace(
            '"made": []', '"made": {}'
        )
    )
    (whole.folder / "secrets" / "mlflow_admin").unlink()
    (whole.folder / "README.md").unlink()
    cauce.stack("render", folder=whole.folder)
    after = kept_secrets(whole.folder)
    changed = {name for name in secrets if secrets[name] != after[name]}
    assert changed == {"mlflow_admin", "environment"}
    assert (whole.folder / "README.md").is_file()


def test_a_taken_port_is_stepped_over_and_then_kept(tmp_path: Path) -> None:
    """The stack would not start, or its addresses would change from day to day."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(CauceError, match="E2701"):
            cauce.stack("render", folder=tmp_path / "x", port=("mlflow=80",))
        made = cauce.stack("render", folder=tmp_path / "stack", port=(f"mlflow={number}",))
    assert made.ports["mlflow"] == number
    assert cauce.stack("render", folder=tmp_path / "stack").ports == made.ports


@pytest.mark.parametrize(
    "port", ["mlflow", "mlflow=", "mlflow=x", "mlflow=70000", "minio=9000", "mlflow=²", "spark=8081"]
)
def test_a_port_that_is_none_is_refused(port: str, tmp_path: Path) -> None:
    """It would come into the compose file as it is."""
    with pytest.raises(CauceError, match="E2701"):
        cauce.stack("render", folder=tmp_path / "stack", port=(port,))
    assert not (tmp_path / "stack").exists()


def test_an_option_of_another_action_is_refused(tmp_path: Path) -> None:
    """Whoever writes --force would think that something was forced."""
    with pytest.raises(CauceError, match="E2721"):
        cauce.stack("up", folder=tmp_path, force=True)
    with pytest.raises(CauceError, match="E2700"):
        cauce.stack("render", folder=tmp_path / "stack", parts="spark,airflow")
    with pytest.raises(CauceError, match="E1504"):
        cauce.stack("restart", folder=tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["stack", "ventas ñandú #1?&", 'it\'s $(touch x) "q" 100%', "x" * 90, "---"])
def test_any_folder_can_hold_a_stack(name: str, tmp_path: Path) -> None:
    """The shell, TOML and the address would each read an odd name in their own way."""
    made = cauce.stack("render", folder=tmp_path / name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,36}", made.name)
    project = tomllib.loads("\n".join(made.project))
    address = parse_address(project["warehouse"]["url"])
    secret = Path(address.options["password"].removeprefix("file:"))
    assert len(secret.read_text()) == 40
    told = subprocess.run(
        ["sh", "-c", '. "$1" && printf %s "$AWS_SHARED_CREDENTIALS_FILE"', "sh", str(made.environment)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(told.stdout) == made.folder / "secrets" / "keys"
    assert yaml.safe_load((made.folder / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_names_tell_folders_of_one_name_apart() -> None:
    """The volumes of one project would be taken for another's."""
    assert name_of(Path("/a/stack")) != name_of(Path("/b/stack"))
    assert name_of(Path("/a/stack")) == name_of(Path("/a/stack"))


def test_programs_inside_agree_with_the_rest() -> None:
    """They are copied alone into images: a bucket of another name would be missed when it is needed."""
    tree = ast.parse((INSIDE / "make_buckets.py").read_text(encoding="utf-8"))
    named = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "BUCKETS"
    )
    assert sorted(named) == sorted(BUCKETS.values())
    databases = (INSIDE / "databases.sh").read_text(encoding="utf-8")
    assert {stack_parts.RAW, stack_parts.CLEAN, "mlflow"} <= set(
        re.findall(r"CREATE DATABASE (\w+)", databases)
    )
    services, secrets = document()["services"], names_of(EVERYTHING)
    runs = {"databases.sh": "database", "make_buckets.py": "buckets", "start_mlflow.py": "mlflow"}
    runs["start_work.py"] = "jupyter"
    for name, service in runs.items():
        text = (INSIDE / name).read_text(encoding="utf-8")
        used = {secret for secret in secrets if re.search(rf"\b{secret}\b", text)}
        assert used
        assert used <= set(services[service]["secrets"])
        assert "import cauce" not in text


@pytest.mark.parametrize("lock", LOCKS.values())
def test_libraries_in_images_are_locked(lock: str) -> None:
    """A library that somebody replaced would be in every image, beside the passwords."""
    text = locked_libraries(lock).decode()
    pins = re.findall(r"^([a-z0-9._-]+)==", text, re.M)
    wanted = {"mlflow", "pymysql", "boto3"} if lock == "stack-mlflow" else {"pyspark", "jupyterlab", "polars"}
    assert wanted <= set(pins)
    assert "://" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def test_libraries_in_images_are_those_that_cauce_is_tested_with() -> None:
    """What works here would fail there."""

    def pins(text: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", text, re.M))

    tested = pins((ROOT / "constraints" / "dev.txt").read_text(encoding="utf-8"))
    names = {name for name, _version in tested}
    for lock in LOCKS.values():
        found = pins(locked_libraries(lock).decode())
        assert {(name, version) for name, version in found if name in names} <= tested


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="needs docker-compose")
def test_compose_takes_the_file(tmp_path: Path) -> None:
    """A key that Compose does not know stops every command of the stack."""
    folder = cauce.stack("render", folder=tmp_path / "stack", parts="spark,jupyter").folder
    done = subprocess.run(
        ["docker-compose", "config"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]
    assert sorted(read) == sorted(document()["services"])
    assert read["mlflow"]["depends_on"]["buckets"]["condition"] == "service_completed_successfully"
    assert rendered(folder).parts.extras == EXTRAS
