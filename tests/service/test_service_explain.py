"""What each column adds to a prediction, over HTTP: the batch file's numbers, and a process that may die."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
import served_models as serving
import test_service_processes as processes

import small_models as small  # isort: skip - found through the ones before

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.writing import make_bundle
from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.reasons import Explain
from cauce.core.linear.model import LinearModel
from cauce.errors import CauceError
from cauce.running.prediction import PredictOptions, predict_file
from cauce.running.serving import Service
from cauce.service.explaining import MOST_ROWS, ExplainClient, Explanation, Question, receive, send
from cauce.service.messages import Settle
from cauce.service.served import open_served

ROWS = 60


def rows() -> pl.DataFrame:
    """Dirty rows that JSON carries."""
    frame = small.rows(ROWS, seed=21)
    return frame.with_columns(pl.when(pl.col("distance").is_finite()).then(pl.col("distance")))


def batch(bundle: Bundle, folder: Path) -> list[dict[str, Any]]:
    """What `cauce predict --explain all` writes for the rows."""
    rows().write_parquet(folder / "rows.parquet")
    options = PredictOptions(explain=Explain.of("all"))
    predict_file(bundle, folder / "rows.parquet", out=folder / "out.parquet", options=options)
    return pl.read_parquet(folder / "out.parquet").to_dicts()


def sent() -> list[dict[str, Any]]:
    return [serving.as_json(row) for row in rows().drop("id").to_dicts()]


def apart(answer: dict[str, Any], row: dict[str, Any]) -> float:
    """The largest difference between an answer's numbers and those of a row of the batch file."""
    found = {name: value for name, value in answer.items() if name.startswith("probability_")}
    if isinstance(answer["base"], dict):
        for output, base in answer["base"].items():
            found[f"base_{output}"] = base
            found |= {f"contribution_{output}_{k}": v for k, v in answer["contributions"][output].items()}
    else:
        found["base"] = answer["base"]
        found |= {f"contribution_{name}": value for name, value in answer["contributions"].items()}
    expected = [name for name in row if name.startswith(("base", "contribution_", "probability_"))]
    assert set(found) == set(expected)
    if isinstance(answer["prediction"], float):
        found["prediction"], expected = answer["prediction"], [*expected, "prediction"]
    else:
        assert answer["prediction"] == row["prediction"]
    return max(abs(found[name] - row[name]) / max(1.0, abs(row[name])) for name in expected)


def linear() -> Bundle:
    """A linear model of the small columns."""
    wide = len(small.FEATURES)
    model = LinearModel(
        kind="regression",
        intercepts=np.array([0.5]),
        coefficients=np.linspace(-0.01, 0.02, wide)[np.newaxis, :],
        fill=np.linspace(0, 3, wide).astype(np.float32),
    )
    return make_bundle(replace(small.draft("regression"), payload=model.to_bytes()))


def here(bundle: Bundle | None = None) -> Any:
    """`Explain` in this process."""
    own = bundle or small.bundle()
    made = Explainer(own.scorer(threads=1), own.xgboost)

    def explain(_served: Any, matrix: Any) -> Explanation:
        found = made.of_matrix(matrix)
        base = tuple(map(float, found.base))
        return Explanation(
            sources=found.sources, outputs=made.outputs, base=base, amounts=found.amounts.tobytes()
        )

    return explain


def explanations_hold(expected: list[dict[str, Any]], ask: Callable[[str, Any], serving.Reply]) -> None:
    """Many rows, one and none are explained as `expected`, and predicted as without explanations."""
    many = ask("/explain", sent())
    assert many.status == 200, many.body
    found = many.json["predictions"]
    single, plain = ask("/explain", sent()[3]).json, ask("/predict", sent()[3]).json
    assert max(apart(mine, row) for mine, row in zip(found, expected, strict=True)) <= 1e-6
    assert {name: single[name] for name in found[3]} == found[3]
    assert {name: single[name] for name in plain} == plain
    assert ask("/explain", b"[]").json["predictions"] == []


@pytest.mark.parametrize("task", ["multiclass", "regression", "linear"])
def test_explanations_are_those_of_the_batch_file(task: str, tmp_path: Path) -> None:
    """A customer who asks why would be told something else than the nightly file says."""
    bundle = linear() if task == "linear" else small.bundle(task)
    model = open_served(serving.folder_of(bundle), digest=bundle.identity)
    app = serving.application(model, explain=here(bundle))
    explanations_hold(batch(bundle, tmp_path), lambda path, body: serving.ask(app, path, body))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving.start(explain=True, patience=20.0) as started:
        assert processes.until(lambda: explains(started))
        yield started


def test_the_process_that_explains_gives_the_numbers_of_the_batch_file(
    service: Service, tmp_path: Path
) -> None:
    """The same through sockets, another process and its library."""
    expected = batch(small.bundle(), tmp_path)
    with closing(serving.connect(service.url, timeout=30.0)) as one:
        explanations_hold(expected, lambda path, body: serving.call(one, path, body))


def explains(service: Service) -> bool:
    """Whether a row is explained now."""
    with closing(serving.connect(service.url, timeout=20.0)) as connection:
        return serving.call(connection, "/explain", serving.FINE).status == 200


def explainer(service: Service) -> int | None:
    """The process that explains."""
    for child in processes.children(service):
        try:
            if b"-m\0cauce.running.explaining\0" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        except OSError:
            continue
    return None


def test_predictions_go_on_while_the_process_that_explains_is_dead_and_it_comes_back(
    service: Service,
) -> None:
    """A library that crashes over one model would take the service with it."""
    (worker,) = (one for one in processes.children(service) if one != explainer(service))
    maps = Path(f"/proc/{worker}/maps").read_text(encoding="utf-8")
    assert "xgboost" not in maps
    before = explainer(service)
    assert before is not None
    assert "xgboost" in Path(f"/proc/{before}/maps").read_text(encoding="utf-8")
    os.kill(before, signal.SIGKILL)
    assert processes.answers(service)
    assert processes.until(lambda: explainer(service) not in (None, before))
    assert processes.until(lambda: explains(service))


def test_a_process_that_never_answers_costs_a_503_and_nobody_else_anything(service: Service) -> None:
    """One slow question would hold up every prediction."""
    stopped = explainer(service)
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    found: list[serving.Reply] = []

    def ask() -> None:
        with closing(serving.connect(service.url, timeout=30.0)) as connection:
            found.append(serving.call(connection, "/explain", serving.FINE))

    asking = [threading.Thread(target=ask) for _number in range(24)]
    for one in asking:
        one.start()
    began = time.monotonic()
    assert processes.answers(service)
    assert time.monotonic() - began < 5.0
    assert processes.until(lambda: len(found) >= 8, 5.0), "what is too much is refused at once"
    os.kill(stopped, signal.SIGKILL)
    for one in asking:
        one.join()
    assert {one.status for one in found} <= {200, 503}
    refused = [one for one in found if one.status == 503]
    assert {one.json["code"] for one in refused} <= {"E2420", "E2428"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)


def test_a_question_that_takes_too_long_ends_the_process_that_works_on_it() -> None:
    """A model of a million leaves would keep a core busy for ever, for a client that has gone."""
    code = (
        "import socket, sys, time\n"
        "from cauce.running import explaining\n"
        "explaining.explain = lambda question: time.sleep(60)\n"
        "explaining.answer(socket.socket(fileno=int(sys.argv[1])), seconds=0.2)\n"
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, Question(folder="x", digest="y", width=1, matrix=b"\0" * 4))
        command = [sys.executable, "-c", code, str(theirs.fileno())]
        done = subprocess.run(command, pass_fds=(theirs.fileno(),), timeout=60, check=False)
    assert done.returncode == -signal.SIGALRM


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/explain", {}, 422, "E2411"),
        ("/explain", b"{", 400, "E2410"),
        ("/explain", [serving.FINE] * (MOST_ROWS + 1), 413, "E2413"),
        ("/explain?interval=true", serving.FINE, 400, "E2424"),
        ("/explain", b"1", 422, None),
    ],
)
def test_what_cannot_be_explained_is_refused_as_elsewhere(
    path: str, body: Any, status: int, code: str | None
) -> None:
    """A thousand rows take seconds; a body that is none must not wake anybody."""
    reply = serving.ask(serving.application(explain=here()), path, body)
    assert reply.status == status, reply.body
    assert code in (None, reply.json["code"])
    packed = serving.ask(
        serving.application(explain=here()), path, body, headers={"content-type": "text/csv"}
    )
    assert packed.status == 415


def test_the_page_about_the_doors_lists_explaining_only_where_it_is_done() -> None:
    """Who reads that there is such a door would look for the mistake in the request."""
    for explain, listed in ((None, False), (here(), True)):
        page = serving.ask(serving.application(explain=explain, docs=True), "/docs").body
        assert (b"/explain" in page) is listed
        assert b"/predict" in page
        hint = serving.ask(serving.application(explain=explain), "/nowhere").json["hint"]
        assert ("/explain" in hint) is listed


def test_without_a_process_that_explains_the_door_says_how_to_have_one() -> None:
    """A bare 404 would be looked for in the address."""
    reply = serving.ask(serving.application(), "/explain", serving.FINE)
    assert (reply.status, reply.json["code"]) == (404, "E2427")
    assert "--explain" in reply.json["hint"]
    assert "/explain" not in serving.ask(serving.application(), "/openapi.json").json["paths"]
    shown = serving.ask(serving.application(explain=here()), "/openapi.json").json
    assert set(shown["paths"]["/explain"]["post"]["responses"]) >= {"200", "503"}


def test_nobody_there_is_a_coded_refusal(tmp_path: Path) -> None:
    """An answer of the server's fault without a hint."""
    client = ExplainClient(str(tmp_path / "nobody"), seconds=0.1)
    with pytest.raises(CauceError, match="E2428"):
        client(serving.served(), np.zeros((1, 3), dtype=np.float32))


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\xff" * 8, (5).to_bytes(8, "big") + b"abc"])
def test_what_is_no_answer_of_the_process_is_refused(data: bytes) -> None:
    """A process that dies in the middle of its answer gives half of it."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(data)
        with pytest.raises((OSError, msgspec.MsgspecError)):
            receive(ours, Explanation)


def test_what_is_explained_is_kept_as_the_prediction_it_is() -> None:
    """Replaying would compare reasons with predictions, or find nothing."""
    kept: list[Any] = []

    def keep(scored: Any, settle: Settle) -> None:
        kept.extend(scored)
        settle(range(len(scored)), None)

    app = serving.application(explain=here(), capture=keep)
    reply = serving.ask(app, "/explain", serving.FINE)
    (scored,) = kept
    assert scored.door == "/explain"
    assert set(scored.answers[0]) == {name for name in reply.json if name.startswith("pr")}
    assert json.dumps(scored.answers[0])
