"""Every door: who may go through it, what it says of itself, and what it says of the model."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import served_models as serving
import small_models as small
import test_service_explain as explaining
from prometheus_client.parser import text_string_to_metric_families

from cauce.errors import CauceError
from cauce.service.doors import DOORS
from cauce.service.layout import PATHS
from cauce.service.settings import check_address, is_loopback
from cauce.service.tokens import SCOPES, make_token, read_tokens, scopes_of

OPEN = {"/ping", "/health/live", "/health/ready"}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, str]]:
    """Tokens, one for each scope, and their secrets."""
    file = tmp_path_factory.mktemp("tokens") / "tokens.json"
    secrets = {scope: make_token(file, scope, scopes=(scope,)) for scope in SCOPES}
    return read_tokens(file), secrets


def sent(path: str, method: str) -> dict[str, Any]:
    return {"body": serving.FINE} if method == "POST" else {"method": method, "body": b""}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_every_door_has_a_decision_about_who_may_go_through(door: Any, tokens: Any) -> None:
    """A door that somebody adds without one would be open to all."""
    known, secrets = tokens
    app = serving.application(tokens=known, docs=True, explain=explaining.here())
    assert (door.scope is None) == (door.path in OPEN) == bool(door.why)
    for method in door.methods:
        found = {
            name: serving.ask(
                app, door.path, headers={"authorization": f"Bearer {one}"}, **sent(door.path, method)
            )
            for name, one in {**secrets, "unknown": "x" * 43, "": ""}.items()
        }
        found["none"] = serving.ask(app, door.path, **sent(door.path, method))
        for name, reply in found.items():
            if door.scope is None or name == door.scope:
                assert reply.status == 200, (name, reply.body)
            else:
                assert reply.status == (403 if name in SCOPES else 401), name
                assert b"prediction" not in reply.body


def test_the_doors_are_those_that_are_counted() -> None:
    """Requests through a door that nobody counts are not seen."""
    assert tuple(door.path for door in DOORS) == PATHS


def test_unknown_paths_say_nothing_without_a_token(tokens: Any) -> None:
    """Who has no token learns not even what there is."""
    app = serving.application(tokens=tokens[0])
    assert [serving.ask(app, path).status for path in ("/nothing", "/docs", "/openapi.json")] == [401] * 3


@pytest.mark.parametrize("said", ["Basic {}", "bearer  {}", "{}", "Bearer", "Bearer {}x", "Bearer\t{}"])
def test_tokens_are_compared_as_a_whole(said: str, tokens: Any) -> None:
    """Half a token is none; the word before it may be in any case."""
    known, secrets = tokens
    found = scopes_of(said.format(secrets["predict"]).encode(), known)
    assert (found is not None) == (said == "bearer  {}")


def test_tokens_are_kept_as_digests_for_their_owner_alone(tmp_path: Path) -> None:
    """A file of tokens in a backup would be a file of keys."""
    file = tmp_path / "tokens.json"
    secret = make_token(file, "shop", scopes=("predict", "operate"))
    assert secret not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    (one,) = read_tokens(file)
    assert (one.name, one.scopes) == ("shop", {"predict", "operate"})
    with pytest.raises(CauceError, match="E2405"):
        make_token(file, "shop")
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"tokens": 1}', '{"tokens": [1]}', '{"tokens": [{"name": "a"}]}', "[" * 100_000,
        '{"tokens": [{"name": "a", "scopes": ["root"], "sha256": "' + "0" * 64 + '"}]}',
        '{"tokens": [{"name": "a", "scopes": [], "sha256": "x"}]}',
        '{"tokens": [{"name": "../a", "scopes": [], "sha256": "' + "0" * 64 + '"}]}',
    ],
)  # fmt: skip
def test_what_is_no_file_of_tokens_is_refused(text: str, tmp_path: Path) -> None:
    """Read as empty, it would let nobody in, or everybody."""
    (tmp_path / "tokens.json").write_text(text, encoding="utf-8")
    with pytest.raises(CauceError, match="E2402"):
        read_tokens(tmp_path / "tokens.json")


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.4", False), ("example.org", False), ("", False),
        ("::ffff:10.0.0.1", False),
    ],
)  # fmt: skip
def test_others_are_let_in_with_tokens_only(host: str, own: bool) -> None:
    """A model in the open because somebody typed 0.0.0.0."""
    assert is_loopback(host) is own
    if not own:
        with pytest.raises(CauceError, match="E2401"):
            check_address(host, tokens=None)
    check_address(host, tokens="tokens.json")


def test_every_answer_says_which_request_and_which_model_and_is_guarded() -> None:
    """A prediction nobody can trace back; a page that another site shows in a frame."""
    app = serving.application()
    good = serving.ask(app, "/predict", serving.FINE, headers={"x-request-id": "order-17/3"})
    assert good.headers["x-request-id"] == "order-17/3"
    assert (good.json["model_version"], good.json["snapshot"]) == ("small/1", "ab" * 32)
    lines = serving.ask(app, "/invocations", [serving.FINE], headers={"accept": "text/csv"})
    for reply in (lines, serving.ask(app, "/"), serving.ask(app, "/openapi.json")):
        assert reply.headers["x-model-version"] == "small/1"
        assert reply.headers["x-snapshot"] == "ab" * 32
    for path, body in (("/predict", serving.FINE), ("/predict", b"{"), ("/nothing", b""), ("/", b"")):
        headers = serving.ask(app, path, body).headers
        assert headers["x-content-type-options"] == "nosniff"
        if body != serving.FINE:
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
    made = {serving.ask(app, headers={"x-request-id": said}).headers["x-request-id"]
            for said in ("", "a b", "x" * 129, "a;b", "é")}  # fmt: skip
    assert len(made) == 5
    assert all(len(one) == 24 for one in made)


def test_metrics_count_what_was_answered() -> None:
    """Who watches would see other numbers than clients do."""
    app = serving.application()
    for body in (serving.FINE, [serving.FINE] * 3, b"{", {}):
        serving.ask(app, "/predict", body)
    serving.ask(app, "/nothing")
    text = serving.ask(app, "/metrics").body.decode()
    samples = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
    door = ("door", "/predict")
    assert samples["cauce_requests_total", (door, ("status", "200"))] == 2
    assert samples["cauce_requests_total", (door, ("status", "400"))] == 1
    assert samples["cauce_requests_total", (door, ("status", "422"))] == 1
    assert samples["cauce_requests_total", (("door", "other"), ("status", "404"))] == 1
    assert samples["cauce_rows_total", (door,)] == 4
    assert samples["cauce_request_seconds_count", (door,)] == 4
    assert samples["cauce_request_seconds_bucket", (door, ("le", "+Inf"))] == 4
    assert any(name == "cauce_model" and ("version", "small/1") in labels for name, labels in samples)


def test_openapi_has_a_typed_field_for_each_column_and_an_example_that_scores() -> None:
    """Whoever builds a client from it sends rows that are refused."""
    app = serving.application()
    document = serving.ask(app, "/openapi.json").json
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    row = content["schema"]["oneOf"][0]
    assert tuple(row["required"]) == small.SCHEMA.names
    assert row["properties"]["stops"]["type"] == ["integer", "null"]
    assert row["properties"][small.HOSTILE]["examples"] == list(small.LEVELS)
    assert all(one["description"] for one in row["properties"].values())
    jsonschema.Draft202012Validator.check_schema(row)
    for example in (content["example"], serving.FINE):
        jsonschema.Draft202012Validator(row).validate(example)
        assert serving.ask(app, "/predict", example).status == 200
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(row).validate(serving.fine(stops="3"))
    assert set(document["paths"]) == set(PATHS) - {"/docs", "/explain"}
    fine = document["paths"]["/predict"]["post"]["responses"]["200"]
    answer = fine["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator(answer).validate(serving.ask(app, "/predict", serving.FINE).json)


class Tags(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_card_says_what_the_model_is_in_the_readers_language() -> None:
    """The person who is called at night has only this page."""
    app = serving.application()
    page = Tags()
    page.feed(serving.ask(app, "/").body.decode())
    assert {"small", "small/1", "ab" * 32, small.HOSTILE} <= set(page.texts)
    assert "script" not in page.tags
    for accepted, language in (
        ("es-CO,es;q=0.9,en;q=0.8", "es"),
        ("fr", "en"),
        ("en,es", "en"),
        ("x;q=y", "en"),
    ):
        html = serving.ask(app, "/", headers={"accept-language": accepted}).body.decode()
        assert f'<html lang="{language}">' in html
    spanish = serving.ask(serving.application(language="es"), "/").body.decode()
    assert '<html lang="es">' in spanish


def test_the_page_about_the_doors_is_not_shown_in_production() -> None:
    """What is not needed there is one thing less to attack."""
    assert serving.ask(serving.application(), "/docs").status == 404
    shown = serving.ask(serving.application(docs=True), "/docs")
    assert shown.status == 200
    assert b"/invocations" in shown.body


def test_answers_come_as_csv_or_lines_where_that_is_asked_for() -> None:
    """SageMaker's transform puts lines together, and can do nothing with JSON."""
    app = serving.application()
    body = {"instances": [serving.FINE, serving.FINE]}
    plain = serving.ask(app, "/invocations", body).json["predictions"]
    lines = serving.ask(app, "/invocations", body, headers={"accept": "application/jsonlines"}).body
    assert [json.loads(line) for line in lines.splitlines()] == plain
    csv = serving.ask(app, "/invocations", body, headers={"accept": "text/csv"}).body.decode().splitlines()
    assert csv[0].split(",") == list(plain[0])
    assert [float(cell) for cell in csv[1].split(",")[1:]] == list(plain[0].values())[1:]


def test_no_rows_are_no_predictions() -> None:
    """An empty batch is no mistake."""
    app = serving.application()
    assert serving.ask(app, "/predict", b"[]").json["predictions"] == []
    assert serving.ask(app, "/invocations", {"dataframe_records": []}).json["predictions"] == []


def test_intervals_are_given_where_the_model_has_them_and_refused_where_not() -> None:
    """lower and upper of a model that has none would be made up."""
    reply = serving.ask(serving.application(), "/predict?interval=true", serving.FINE)
    assert (reply.status, reply.json["code"]) == (400, "E2424")
    model = serving.with_interval()
    app = serving.application(model)
    found = serving.ask(app, "/predict?interval=true", serving.FINE).json
    assert found["lower"] <= found["prediction"] <= found["upper"]
    assert "lower" not in serving.ask(app, "/predict?interval=false", serving.FINE).json
    many = serving.ask(app, "/predict?interval=true", [serving.FINE] * 600).json["predictions"]
    assert many[599] == {name: found[name] for name in ("prediction", "lower", "upper")}


def test_requests_that_waited_too_long_are_refused_at_once() -> None:
    """Answers that come after nobody waits for them any more keep all others waiting."""
    reply = serving.ask(serving.application(), "/predict", serving.FINE, since=-1.0)
    assert (reply.status, reply.json["code"]) == (503, "E2420")
    assert int(reply.headers["retry-after"]) >= 1
    assert serving.ask(serving.application(), "/health/live", since=-1.0).status == 200


def test_a_service_about_to_stop_is_not_ready_and_closes_connections() -> None:
    """What balances load would go on sending to it."""
    app = serving.application()
    app.draining = True
    assert serving.ask(app, "/health/ready").status == 503
    assert serving.ask(app, "/health/live").status == 200
    assert serving.ask(app, "/predict", serving.FINE).headers["connection"] == "close"


def test_a_defect_of_ours_is_told_by_number_and_logged_without_the_row(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback to a client, or a row in a log."""

    def broken(*_given: Any, **_named: Any) -> Any:
        raise RuntimeError("CANARY")

    app = serving.application()
    monkeypatch.setattr(type(app.served), "answers", broken)
    reply = serving.ask(app, "/predict", serving.FINE)
    assert (reply.status, reply.json["code"]) == (500, "E2426")
    assert b"CANARY" not in reply.body
    assert "CANARY" not in caplog.text
    assert reply.headers["x-request-id"] in caplog.text


def test_curl_alone_gets_a_prediction() -> None:
    """The first line of the documentation."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with serving.start() as service:
        command = ["curl", "-s", "-d", json.dumps(serving.FINE), f"{service.url}/predict"]
        done = subprocess.run(command, capture_output=True, check=True)
        with closing(serving.connect(service.url)) as connection:
            assert json.loads(done.stdout) == serving.call(connection, "/predict", serving.FINE).json
