"""Secrets and persons' values planted in a whole project: found nowhere but where they belong."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import polars as pl
import pytest
from planted import ALL, PERSONAL, SECRETS, VARIABLES, Keyring, Places, places, project, rows

import cauce
from cauce.core.secrets import MASK, redacted, resolve_secret
from cauce.errors import CauceError, CauceErrors
from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address
from cauce.stores.bucket import bucket_of
from cauce.stores.objects import ObjectStore
from cauce.testing.canaries import Trace, told_by, traces, traces_in
from cauce.tracking.border import mlflow_installed, quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import destination_for
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.tracker import outbox_in

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(not mlflow_installed(), reason="the extra cauce[mlflow] is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore:.*utcnow:DeprecationWarning"),
]
ROWS = (r"\.cauce/brought/", r"\.cauce/parts/", r"\.cauce/snapshots/")
LEGITIMATE: Mapping[str, tuple[str, ...]] = {
    # The rows themselves: as they were brought, and in the snapshot.
    # In the store, beside the snapshot, also what was gathered of the training rows; never in a bundle.
    "email": (*ROWS, r"\.cauce/objects/[0-9a-f]+\.json$"),
    "key": ROWS,
    # Levels of a text are counted exactly up to 1,000 where the column does not look like persons' data: they
    # are in the profile, and in the baseline that new rows are held against. Reports show the most frequent.
    "text": (*ROWS, r"\.cauce/objects/[0-9a-f]+\.json$", r"/baseline/[0-9]+\.state$"),
    "unreadable cell": (r"\.cauce/brought/", r"\.cauce/rejected/"),
    "cell to score": (r"new\.csv$", r"scored\.csv$"),
}
"""Where a planted text may be, and why; a secret may be nowhere."""
REFERRED = {*SECRETS} - {
    "s3 key",
    "s3 secret",
    "s3 session",
    "password of a url",
    "webhook secret",
    "webhook address",
}
"""Secrets that a run refers to; a webhook hears of promotions, a bucket takes those of the environment."""


@dataclass
class Told:
    """All that was said, by whom."""

    said: dict[str, str] = field(default_factory=dict)

    def add(self, who: str, *what: object) -> None:
        self.said[who] = self.said.get(who, "") + "\n".join(map(str, what))

    def failed(self, who: str, error: BaseException) -> None:
        """Everything that anybody could print of an error and those behind it."""
        self.add(who, *told_by(error))

    def traces(self) -> set[Trace]:
        found: set[Trace] = set()
        for who, text in self.said.items():
            found |= traces(text.encode("utf-8", "surrogatepass"), ALL, where=f"said by {who}")
        return found


@pytest.fixture(scope="module")
def opened() -> Iterator[Places]:
    with places() as found:
        yield found


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "secret").write_text(SECRETS["http password"])
    bucket_of.cache_clear()
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)
    bucket_of.cache_clear()


@pytest.fixture
def folder(opened: Places, tmp_path: Path) -> Path:
    return project(tmp_path / "project", opened, tmp_path / "secret")


def beyond(found: set[Trace]) -> list[Trace]:
    """What was found where it does not belong."""
    return sorted(
        one
        for one in found
        if not any(re.search(where, one.where) for where in LEGITIMATE.get(one.canary, ()))
    )


def _used(folder: Path, told: Told, opened: Places) -> None:
    """The project, planned, run, scored with, packed, looked at, and told to a tracking server in the end; a
    data set of the portal and a server that asks for a token beside it."""
    told.add("plan", json.dumps(cauce.plan(folder).to_json(), default=str))
    done = cauce.run(folder)
    told.add("run", json.dumps(done.to_json(), default=str), repr(done))
    assert done.delivery is not None
    assert done.delivery.state == "waiting"
    new = (
        rows(400, 420)
        .replace("note 405", PERSONAL["cell to score"])
        .replace("c406", PERSONAL["cell to score"])
    )
    (folder / "new.csv").write_text(new)
    scored = cauce.predict(folder / "new.csv", out=folder / "scored.csv", project=folder)
    told.add("predict", repr(scored))
    told.add("doctor", json.dumps(cauce.doctor(folder).to_json(), default=str))
    told.add("runs", repr(cauce.runs(folder)))
    told.add("image", repr(cauce.image(done.folder, digest=done.bundle, out=folder / "image")))
    contracts = opened.portal.address.replace("?", "?token=env:CNRY_SOCRATA&")
    told.add("profile", json.dumps(cauce.profile(contracts).to_json(), default=str))
    by_token = cauce.doctor(_other(folder, _by_token(opened), data=True))
    told.add("doctor by token", json.dumps(by_token.to_json(), default=str))
    home = folder / ".cauce"
    there = destination_for(f"sqlite:///{folder}/shared.db", folder, home=home)
    with quiet_mlflow(there):
        assert ship_all(Shipment(outbox_in(home), Deliverer(there))) is None


def _failures(opened: Places, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Ways to fail with secrets at hand."""
    web, key = f"http://{opened.files}", "env:CNRY_TOKEN"
    sources = {
        "wrong token": f"{web}/basic.csv#token={key}&private=allow",
        "wrong password": f"{web.replace('//', '//ana@')}/token.csv#password={key}&private=allow",
        "wrong key": f"{web}/query.csv?api_key={key}#private=allow",
        "in the open": f"http://198.51.100.7/a.csv#token={key}",
        "private": f"{web}/token.csv#token={key}",
        "no such file": f"{web}/none.csv#token={key}&private=allow",
        "nobody there": f"http://127.0.0.1:9/a.csv#token={key}&private=allow&tries=1",
        "wrong digest": f"{web}/token.csv#token={key}&private=allow&sha256={'0' * 64}",
        "too large": f"{web}/token.csv#token={key}&private=allow&most=1KB",
        "unknown option": f"{web}/token.csv#token={key}&privat=allow",
        "literal token": f"{web}/token.csv#token={SECRETS['http token']}",
        "literal key": f"{web}/query.csv?api_key={SECRETS['s3 secret']}",
        "literal password": f"http://ana:{SECRETS['password of a url']}@{opened.files}/a.csv",
        "half a reference": f"{web}/a.csv#token=env:",
        "no variable": f"{web}/a.csv#token=env:NOT_THERE&private=allow",
        "no file": f"{web}/a.csv#token=file:/not/there&private=allow",
        "no entry": f"{web}/a.csv#token=keyring:cnry/nobody&private=allow",
        "wrong app token": opened.portal.address.replace("?", "?token=env:CNRY_HOOK&")
        + "&$where=no such column = 1",
        "portal literal": opened.portal.address.replace("?", f"?token={SECRETS['socrata token']}&"),
        "no bucket": f"s3://not-there/a.csv?region=us-east-1&endpoint={opened.bucket}",
        "no object": f"s3://cauce-test/none.csv?region=us-east-1&endpoint={opened.bucket}",
        "bucket nobody": "s3://cauce-test/a.csv?region=us-east-1&endpoint=http://127.0.0.1:9",
        "key in bucket": f"s3://cauce-test/a.csv?secret_access_key={SECRETS['s3 secret']}",
        **{
            f"{scheme} nobody": f"{scheme}://ana@127.0.0.1:9/shop?password=env:CNRY_DATABASE#t"
            for scheme in ("mysql", "postgresql")
        },
        "database literal": f"mysql://ana:{SECRETS['database password']}@127.0.0.1:9/shop#t",
        "database option": f"mysql://ana@127.0.0.1:9/shop?password={SECRETS['database password']}#t",
    }
    for name, source in sources.items():
        yield name, lambda source=source: cauce.run(_other(folder, f'source = "{_quoted(source)}"'))  # type: ignore[misc]
    pl.DataFrame({"n": [1]}).write_parquet(folder / "rows.parquet")
    for scheme in ("mysql", "postgresql"):
        address = f"{scheme}://ana@127.0.0.1:9/shop?password=env:CNRY_DATABASE#t"
        yield (
            f"{scheme} sink",
            lambda address=address: load_rows(  # type: ignore[misc]
                folder / "rows.parquet", parse_address(address), run="r", home=folder
            ),
        )
    yield "models", lambda: cauce.models(folder)
    yield "load", lambda: cauce.load("models:/canaries@champion", project=folder)
    yield "models by token", lambda: cauce.models(_other(folder, _by_token(opened), data=True))
    url = f"s3://cauce-test/x?region=us-east-1&endpoint={opened.tracking.address}"
    yield "store", lambda: ObjectStore(url, str(folder / "objects")).get("a")
    yield "variable", lambda: resolve_secret(SECRETS["password of a url"])


def _by_token(opened: Places) -> str:
    tracking = f"{opened.tracking.address}#token=env:CNRY_TRACKING_TOKEN"
    return f'source = "new.csv"\n[tracking]\nuri = "{tracking}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _other(folder: Path, source: str, *, data: bool = False) -> Path:
    other = folder / "other"
    other.mkdir(exist_ok=True)
    (other / "cauce.toml").write_text(
        f'name = "other"\n[target]\ncolumn = "late"\n[data]\n{source}\n'
        if data
        else f'name = "other"\n[data]\n{source}\n[target]\ncolumn = "late"\n[tracking]\nenabled = false\n'
    )
    return other


def _watched(work: Callable[[Told], None], caplog: pytest.LogCaptureFixture) -> Told:
    """What was said while `work` was done: by it, in warnings and in logs of any level."""
    told = Told()
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        work(told)
    told.add("warnings", *(one.message for one in heard))
    own = [
        one for one in caplog.records if not one.name.startswith(("werkzeug", "botocore", "boto3", "moto"))
    ]
    told.add("logs", *(one.getMessage() for one in own))
    return told


def test_no_secret_is_in_what_a_project_leaves_and_says(
    opened: Places, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A password in a model, a report or a log is handed on with it."""
    told = _watched(lambda told: _used(folder, told, opened), caplog)
    told.add("output", *capfd.readouterr())
    assert [name for name in REFERRED if redacted(SECRETS[name]) != MASK] == [], "each was used"
    (folder / "other" / "cauce.toml").unlink()
    found = traces_in(folder, ALL) | told.traces()
    outside = beyond(found)
    assert outside == [], "\n".join(map(str, outside))
    there = {one.canary for one in found}
    assert there == {*PERSONAL} - {"answer's header"}, "what is planted was read"


def test_no_secret_is_in_what_a_failure_says(
    opened: Places, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Messages of failures are copied into chats and tickets."""
    (folder / "new.csv").write_text(rows(400, 420))
    count = 0

    def fail(told: Told) -> None:
        nonlocal count
        for name, action in _failures(opened, folder):
            with pytest.raises((CauceError, CauceErrors)) as caught:
                action()
            told.failed(name, caught.value)
            count += 1

    told = _watched(fail, caplog)
    told.add("output", *capfd.readouterr())
    assert count >= 30
    (folder / "other" / "cauce.toml").unlink()
    found = beyond(told.traces() | traces_in(folder, SECRETS))
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("leak", ["a tag", "a message"])
def test_a_leak_is_seen(leak: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A search that cannot fail would pass whatever is given away."""
    from tracked_leaks import leaking

    told = _watched(lambda told: leaking(leak, folder, told), caplog)
    found = beyond(traces_in(folder, ALL) | told.traces())
    assert {one.canary for one in found} == {"tracking password"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("run",), ("--debug", "run"), ("--json", "run"), ("doctor",), ("models",)]
)
def test_the_command_line_says_no_secret(arguments: tuple[str, ...], folder: Path) -> None:
    """A job's output is kept for years by whatever started it."""
    environment = {
        **os.environ,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "CAUCE_LANG": "en",
    }
    done = subprocess.run(
        [sys.executable, "-m", "cauce", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.returncode
    found = traces(done.stdout + done.stderr, ALL, where="output") | traces_in(folder, ALL)
    assert beyond(found) == []
