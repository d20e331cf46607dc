"""Files behind web addresses, from a real server that breaks off, lies, redirects and refuses."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cauce.errors import CauceError, CauceWarning
from cauce.sources.brought import Brought, Wanted
from cauce.sources.downloads import Download, file_name
from cauce.sources.http_address import open_web_file, url_of
from cauce.sources.http_policy import allowed_endpoints
from cauce.sources.http_retry import asked_wait
from cauce.spec.addresses import parse_address

DATA = bytes(range(256)) * 4096
FORBIDDEN = (
    *("169.254.169.254", "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "[fd00:ec2::254]"),
    *("100.100.100.200", "[::ffff:169.254.169.254]", "2852039166", "0xA9FEA9FE", "169.16689662"),
    *("[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "0251.0376.0251.0376", "168.63.129.16"),
)
PRIVATE = (
    *("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "127.1"),
    *("[fd12::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "017700000001", "[::ffff:10.0.0.1]"),
)


@dataclass
class Server:
    """What the server does: one answer for each request, the last one for all further ones."""

    url: str = ""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as made:
        yield made


@contextmanager
def listening() -> Iterator[Server]:
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
            answer = made.answers[0] if len(made.answers) == 1 else made.answers.pop(0)
            answer(self)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    http.shutdown()
    http.server_close()
    thread.join()


def whole(
    data: bytes = DATA, *, etag: str = '"one"', cut: int | None = None, **more: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An honest file server, but for the bytes after `cut`, which never come."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        start, status = 0, 200
        if etag and handler.headers.get("If-None-Match") == etag:
            handler.send_response(304)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        asked = handler.headers.get("Range")
        if asked and handler.headers.get("If-Range", etag) == etag:
            start, status = int(asked.removeprefix("bytes=").split("-")[0]), 206
        handler.send_response(status)
        if status == 206:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        if etag:
            handler.send_header("ETag", etag)
        for name, value in more.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data[start:cut])

    return answer


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content_Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def unframed(handler: BaseHTTPRequestHandler) -> None:
    """A body that ends where the connection does."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(DATA)


def chunks(*, ended: bool) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(DATA), DATA) + (b"0\r\n\r\n" if ended else b""))

    return answer


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)


def bring(address: str, folder: Path, *, options: str = "") -> bytes:
    found = brought(f"{address}#private=allow{options}", folder)
    return (folder / found.files[0]).read_bytes()


def brought(address: str, folder: Path) -> Brought:
    remote = open_web_file(parse_address(address), Wanted(home=folder))
    # The default pauses are for real servers.
    quick = remote.__class__(remote.address, _quick(remote.policy), remote.sha256)
    return quick.bring(folder, lambda done, total: None)


def _quick(policy):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(policy, pause=0.01, longest_pause=2.0)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(CauceError) as caught:
        action()
    return caught.value.code


def test_a_file_comes_as_it_is_and_a_second_command_only_asks_whether_it_changed(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [whole()]
    assert bring(f"{server.url}/data/file.csv", tmp_path) == DATA
    assert bring(f"{server.url}/data/file.csv", tmp_path) == DATA
    assert [one.get("if-none-match") for one in server.seen] == [None, '"one"']
    assert Download(tmp_path).current.name == "file.csv"  # type: ignore[union-attr]


def test_a_changed_file_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(), whole(b"new", etag='"two"')]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert bring(f"{server.url}/f", tmp_path) == b"new"


def test_a_broken_download_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(cut=300_000), whole(cut=700_000), whole()]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert [one.get("range") for one in server.seen] == [None, "bytes=300000-", "bytes=700000-"]
    assert {one.get("if-range") for one in server.seen} == {None, '"one"'}


def test_a_killed_command_leaves_what_came_to_the_next_one(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(cut=300_000), status(503)]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path, options="&tries=2")) == "E2608"
    server.answers = [whole()]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert server.seen[-1]["range"] == "bytes=300000-"


def test_a_file_that_changes_between_two_parts_is_never_a_mixture(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(cut=300_000), whole(b"B" * 500_000, etag='"two"')]
    assert bring(f"{server.url}/f", tmp_path) == b"B" * 500_000


def test_without_a_strong_validator_a_broken_download_begins_anew(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(cut=300_000, etag='W/"weak"'), whole(etag='W/"weak"')]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert "range" not in server.seen[1]


def test_a_part_that_is_not_the_one_asked_for_is_not_taken(server: Server, tmp_path: Path) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-9/{len(DATA)}")
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(DATA[:10])

    server.answers = [whole(cut=300_000), elsewhere, whole()]
    assert bring(f"{server.url}/f", tmp_path) == DATA


def test_servers_that_say_later_are_asked_later(server: Server, tmp_path: Path) -> None:
    server.answers = [status(429, Retry_After="0"), status(503), status(500), whole()]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert len(server.seen) == 4


def test_a_server_that_wants_an_hour_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.answers = [status(429, Retry_After="3600")]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path)) == "E2612"


def test_retry_after_is_understood_as_seconds_and_as_a_date() -> None:
    assert asked_wait("7") == 7.0
    assert asked_wait(None) is None
    assert asked_wait("soon") is None
    assert asked_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    far = asked_wait("Fri, 31 Dec 2199 23:59:59 GMT")
    assert far is not None
    assert far > 1e9


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_an_answer_that_will_not_change_is_told_at_once(server: Server, tmp_path: Path, code: int) -> None:
    server.answers = [status(code)]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path)) == "E2605"
    assert len(server.seen) == 1


def test_a_slow_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answers = [slow]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path, options="&idle=1&tries=1")) == "E2608"


def test_the_declared_digest_is_demanded_and_then_nothing_is_asked(server: Server, tmp_path: Path) -> None:
    server.answers = [whole()]
    wrong, right = "0" * 64, hashlib.sha256(DATA).hexdigest()
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path, options=f"&sha256={wrong}")) == "E2607"
    assert not list(tmp_path.rglob("f"))
    assert bring(f"{server.url}/f", tmp_path, options=f"&sha256={right}") == DATA
    assert bring(f"{server.url}/f", tmp_path, options=f"&sha256={right}") == DATA
    assert len(server.seen) == 2


@pytest.mark.parametrize("answer", [whole(), chunks(ended=True)])
def test_a_file_beyond_the_limit_stops(
    server: Server, tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    server.answers = [answer]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path, options="&most=500KB")) == "E2609"


def test_a_chunked_body_without_its_end_is_not_the_file(server: Server, tmp_path: Path) -> None:
    server.answers = [chunks(ended=False), chunks(ended=True)]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert len(server.seen) == 2


def test_a_body_without_length_or_end_is_said_to_be_doubtful(server: Server, tmp_path: Path) -> None:
    server.answers = [unframed]
    with pytest.warns(CauceWarning, match="W2615"):
        assert bring(f"{server.url}/f", tmp_path) == DATA


def test_an_unreachable_server_does_not_stop_work_on_what_was_fetched(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(), status(503)]
    bring(f"{server.url}/f", tmp_path)
    with pytest.warns(CauceWarning, match="W2614"):
        assert bring(f"{server.url}/f", tmp_path) == DATA
    server.answers = [status(404)]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path)) == "E2605"


def test_a_damaged_download_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.answers = [whole()]
    bring(f"{server.url}/f", tmp_path)
    current = Download(tmp_path).current
    assert current is not None
    Download(tmp_path).path(current).write_bytes(DATA[:10])
    assert bring(f"{server.url}/f", tmp_path) == DATA


def test_redirects_are_followed_to_the_same_kind_of_place(server: Server, tmp_path: Path) -> None:
    server.answers = [status(302, Location="/other?x=1"), whole()]
    assert bring(f"{server.url}/f", tmp_path) == DATA
    assert [one["path"] for one in server.seen] == ["/f", "/other?x=1"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "E2601"),
        ("http://[fd00:ec2::254]/latest", "E2601"),
        ("http://2852039166/", "E2601"),
        ("http://10.0.0.1/", "E2603"),
        ("http://localhost:1/", "E2603"),
        ("file:///etc/passwd", "E2604"),
        ("gopher://127.0.0.1:6379/_x", "E2604"),
        ("ftp://host/f", "E2604"),
        ("http://user:pass@127.0.0.1/", "E2604"),
        ("http://[/", "E2604"),
        ("//", "E2604"),
    ],
)
def test_a_redirect_leads_to_no_forbidden_place(
    server: Server, tmp_path: Path, target: str, code: str
) -> None:
    server.answers = [status(302, Location=target)]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path)) == code


def test_redirects_in_a_circle_end(server: Server, tmp_path: Path) -> None:
    server.answers = [status(301, Location="/f")]
    assert code_of(lambda: bring(f"{server.url}/f", tmp_path)) == "E2604"
    assert len(server.seen) == 6


@pytest.mark.parametrize("host", FORBIDDEN)
def test_no_spelling_of_a_link_local_address_is_reached(tmp_path: Path, host: str) -> None:
    assert code_of(lambda: bring(f"http://{host}/f", tmp_path)) == "E2601"
    assert code_of(lambda: brought(f"http://{host}/f", tmp_path)) == "E2601"


@pytest.mark.parametrize("host", PRIVATE)
def test_no_spelling_of_a_private_address_is_reached_unless_allowed(tmp_path: Path, host: str) -> None:
    assert code_of(lambda: brought(f"http://{host}:9/f", tmp_path)) == "E2603"


def test_a_connection_goes_to_the_number_that_was_checked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check and the connection a name may change its meaning: it is looked up once."""
    import socket

    asked = []
    real = socket.getaddrinfo

    def once(host: str, *rest: object, **more: object) -> object:
        asked.append(host)
        return real(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    server.answers = [whole()]
    assert bring(server.url.replace("127.0.0.1", "localhost") + "/f", tmp_path) == DATA
    assert asked == ["localhost"]


def test_a_name_with_one_forbidden_address_among_its_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    found = [(socket.AF_INET, 1, 6, "", ("93.184.216.34", 80)), (socket.AF_INET, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert code_of(lambda: allowed_endpoints("host", 80, private=False)) == "E2603"


def test_credentials_by_reference_reach_the_named_host_and_no_other(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "t0psecret")
    other = server.url.replace("127.0.0.1", "localhost")
    server.answers = [status(302, Location="/g"), whole()]
    bring(f"{server.url}/f?k=1&api_key=env:MY_TOKEN", tmp_path, options="&token=env:MY_TOKEN")
    assert [one.get("authorization") for one in server.seen] == ["Bearer t0psecret"] * 2
    assert server.seen[0]["path"] == "/f?k=1&api_key=t0psecret"
    server.answers = [status(302, Location=f"{other}/f")]
    assert code_of(lambda: bring(f"{server.url}/h", tmp_path / "h", options="&token=env:MY_TOKEN")) == "E2603"
    with listening() as elsewhere:
        server.answers, elsewhere.answers = [status(302, Location=f"{elsewhere.url}/f")], [whole()]
        bring(f"{server.url}/i", tmp_path / "i", options="&token=env:MY_TOKEN")
        assert "authorization" not in elsewhere.seen[0], (
            "another server gets the file asked for, not the token"
        )
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*.json"))
    assert b"t0psecret" not in kept


def test_a_password_goes_with_the_user(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_PASSWORD", "open sesame")
    server.answers = [whole()]
    bring(server.url.replace("//", "//Aladdin@") + "/f", tmp_path, options="&password=env:MY_PASSWORD")
    assert server.seen[0]["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617


def test_credentials_do_not_cross_the_net_in_the_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "t0psecret")
    assert code_of(lambda: brought("http://example.org/f#token=env:MY_TOKEN", tmp_path)) == "E2616"


def test_a_proxy_of_the_environment_is_asked_in_place_of_the_host(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//me:pw@"))
    monkeypatch.delenv("no_proxy", raising=False)
    server.answers = [whole()]
    assert brought("http://example.org/f?x=1", tmp_path).files
    assert server.seen[0]["path"] == "http://example.org/f?x=1"
    assert server.seen[0]["proxy-authorization"] == "Basic bWU6cHc="
    assert server.seen[0]["host"] == "example.org"
    assert code_of(lambda: brought("http://169.254.169.254/f", tmp_path)) == "E2601"


@pytest.mark.parametrize(
    "options", ["private=yes", "most=big", "seconds=0", "tries=-1", "sha256=abc", "sha=1", "timeout=3"]
)
def test_an_option_that_means_nothing_is_refused(tmp_path: Path, options: str) -> None:
    assert code_of(lambda: brought(f"https://example.org/f#{options}", tmp_path)) == "E2611"


def test_an_address_is_asked_for_as_it_was_written() -> None:
    for text in ("https://e.org/a%20b/c.csv?q=a+b&r=%2B&s", "http://e.org:81/x?a=1&a=2", "https://[::1]:8/"):
        assert url_of(parse_address(text)) == text
    assert url_of(parse_address("https://e.org/año b.csv")) == "https://e.org/a%C3%B1o%20b.csv"
    assert url_of(parse_address("https://bücher.example/x")) == "https://xn--bcher-kva.example/x"


def test_file_names_are_safe_on_every_file_system() -> None:
    assert file_name("a/b/c.csv.gz") == "c.csv.gz"
    assert file_name("a/..") == "data"
    assert file_name("a/%2e%2e%2fpasswd") == "passwd"
    assert file_name("") == "data"
    assert len(file_name("x" * 500)) == 100


def test_a_web_page_is_not_taken_for_a_table(server: Server, tmp_path: Path) -> None:
    """A portal's login page would be read as a table of one column."""
    server.answers = [whole(b"<html>log in</html>", Content_Type="text/html; charset=utf-8")]
    assert code_of(lambda: bring(f"{server.url}/f.csv", tmp_path)) == "E2617"
    assert bring(f"{server.url}/table.html", tmp_path) == b"<html>log in</html>"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    host=st.text(min_size=1, max_size=20) | st.sampled_from([*FORBIDDEN, *PRIVATE, "a..b", "x" * 70, "-"]),
    rest=st.text(max_size=20),
    options=st.sampled_from(["", "#private=allow", "#tries=1&idle=1", "#sha256=0", "#=", "#&&"]),
)
def test_no_address_of_a_project_file_ends_in_a_traceback(
    host: str, rest: str, options: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import socket

    real = socket.getaddrinfo

    def numbers(name: str, *rest: object, **more: object) -> object:
        return real(name, *rest, **{**more, "flags": socket.AI_NUMERICHOST})  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", numbers)
        try:
            remote = open_web_file(parse_address(f"http://{host}:9/{rest}{options}"), Wanted(home=Path()))
            _quicker(remote).bring(tmp_path_factory.mktemp("any"), lambda done, total: None)
        except CauceError:
            pass


def _quicker(remote):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(remote, policy=replace(_quick(remote.policy), tries=1, idle=0.2))


def test_a_command_that_wants_files_says_so_of_an_address() -> None:
    from cauce.sources.files import find_files

    with pytest.raises(CauceError) as caught:
        find_files(("https://host/f.csv?token=abc",))
    assert caught.value.code == "E2618"
    assert "abc" not in str(caught.value)
