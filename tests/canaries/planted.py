"""A project full of secrets, and the places that they open."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from keyring.backend import KeyringBackend

from cauce.testing.checking_proxy import CheckingProxy, checking_proxy
from cauce.testing.loopback import served
from cauce.testing.socrata import Dataset, Portal, socrata_portal

sys.path.insert(0, str(Path(__file__).parents[1] / "stores"))
from faulty_s3 import s3_server

SECRETS = {
    "http token": "cnry-01-Qz7x.eyJ",
    "http password": "cnry-02/Qz7x+&",
    "key in a query": "cnry-03/Qz7x=&ñ",
    "s3 key": "CNRY04QZ7XAKIDEXAMPL",
    "s3 secret": "cnry05/Qz7x+wJalrXUtnFEMI",
    "s3 session": "cnry-06-Qz7x//session",
    "socrata token": "cnry07Qz7xApp",
    "tracking password": "cnry-08:Qz7x@/",
    "tracking token": "cnry-09-Qz7x.eyJ",
    "database password": "cnry-10'Qz7x\"%",
    "webhook secret": "cnry-11-Qz7x-signs",
    "webhook address": "cnry-12-Qz7x-hook",
    "password of a url": "cnry-13-Qz7x",
}
"""Texts that nobody but the servers they are for may ever see."""
PERSONAL = {
    "text": "cnry-21-Qz7x gracias",
    "email": "cnry-26-qz7x@example.org",
    "key": "cnry-22-Qz7x",
    "unreadable cell": "cnry-23-Qz7x",
    "answer's header": "cnry-24-Qz7x",
    "cell to score": "cnry-25-Qz7x",
}
"""Texts that lie in data and answers: they stay where data are."""
ALL = {**SECRETS, **PERSONAL}
BASIC = f"Basic {b64encode(('ana:' + SECRETS['http password']).encode()).decode()}"
VARIABLES = {
    "CNRY_TOKEN": SECRETS["http token"],
    "CNRY_SOCRATA": SECRETS["socrata token"],
    "CNRY_TRACKING": SECRETS["tracking password"],
    "CNRY_TRACKING_TOKEN": SECRETS["tracking token"],
    "CNRY_DATABASE": SECRETS["database password"],
    "CNRY_HOOK": SECRETS["webhook secret"],
    "CNRY_HOOK_URL": f"http://127.0.0.1:9/{SECRETS['webhook address']}",
    "AWS_ACCESS_KEY_ID": SECRETS["s3 key"],
    "AWS_SECRET_ACCESS_KEY": SECRETS["s3 secret"],
    "AWS_SESSION_TOKEN": SECRETS["s3 session"],
    "AWS_EC2_METADATA_DISABLED": "true",
}
NAMES = ("Bogotá", "Cali", "Medellín")


class Keyring(KeyringBackend):
    """A keyring with one entry."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return SECRETS["key in a query"] if (service, username) == ("cnry", "ana") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def rows(first: int, last: int) -> str:
    """Some rows of the data as CSV; the first file has those of the canaries."""
    late = {n: "yes" if n * 7 % 10 < 4 else "no" for n in range(first, last)}
    numbers = {n: f"{n % 24},{n * 37 % 101 / 10}" for n in late}
    lines = [
        f'c{n},{late[n]},{numbers[n]},{NAMES[n % 3]},u{n}@example.org,"note {n}"' for n in range(first, last)
    ]
    if first == 0:
        lines[3] = f'{PERSONAL["key"]},no,3,1.5,Cali,{PERSONAL["email"]},"{PERSONAL["text"]}"'
        lines[5] = f'c5,no,3,1.5,Cali,u5@example.org,"note","{PERSONAL["unreadable cell"]}"'
    return "\n".join(["id,late,hour,amount,city,email,note", *lines]) + "\n"


class _Portal(BaseHTTPRequestHandler):
    """Gives a file to whoever shows the right secret; refuses others with what they sent."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        shown = self.headers.get("Authorization", "")
        asked = parse_qs(parts.query).get("api_key", [""])[0]
        open_to = {
            "/token.csv": (shown == f"Bearer {SECRETS['http token']}", rows(0, 100)),
            "/basic.csv": (shown == BASIC, rows(100, 200)),
            "/query.csv": (asked == SECRETS["key in a query"], rows(200, 300)),
        }
        let_in, text = open_to.get(parts.path, (False, ""))
        body = text.encode() if let_in else f"not {shown} {self.path}".encode()
        self.send_response(200 if let_in else 403)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", f"s={PERSONAL[_HEADER]}")
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: tests read what the program under test says."""


_HEADER = "answer's header"


@dataclass(frozen=True)
class Places:
    """What the secrets open. files: a web server; bucket: an S3 server; portal: of public data; tracking: a
    proxy that refuses everybody and quotes what it was sent."""

    files: str
    bucket: str
    portal: Portal
    tracking: CheckingProxy


@contextmanager
def places() -> Iterator[Places]:
    """All of them, on loopback, stopped at the end."""
    contracts = Dataset(
        "jbjy-vk9h",
        {"id": "text", "value": "number", "late": "text"},
        [{"id": f"c{n}", "value": str(n * 7 % 13), "late": "yes" if n % 3 else "no"} for n in range(120)],
    )
    with ExitStack() as opened:
        bucket = opened.enter_context(s3_server())
        kind = {"Content-Type": "text/csv"}
        put = Request(f"{bucket}/cauce-test/in.csv", rows(300, 400).encode(), kind, method="PUT")
        urlopen(put, timeout=60).close()
        yield Places(
            opened.enter_context(served(_Portal)).removeprefix("http://"),
            bucket,
            opened.enter_context(socrata_portal(contracts, tokens=(SECRETS["socrata token"],))),
            opened.enter_context(checking_proxy("http://127.0.0.1:9")),
        )


def project(folder: Path, found: Places, secret: Path) -> Path:
    """A project whose rows come through six secrets, told of with two more and mirrored, in vain,
    with another."""
    web = f"http://{found.files}"
    ana = f"http://ana@{found.files}"
    sources = (
        f"{web}/token.csv#token=env:CNRY_TOKEN&private=allow",
        f"{ana}/basic.csv#password=file:{secret}&private=allow",
        f"{web}/query.csv?api_key=keyring:cnry/ana#private=allow",
        f"s3://cauce-test/in.csv?region=us-east-1&endpoint={found.bucket}",
    )
    listed = ", ".join(f'"{one}"' for one in sources)
    tracking = found.tracking.address.replace("//", "//ana@")
    folder.mkdir()
    (folder / "cauce.toml").write_text(
        f'name = "canaries"\n[data]\nsource = [{listed}]\nkey = "id"\n[target]\ncolumn = "late"\n'
        '[features]\nacknowledged = ["hour", "amount"]\n'
        '[[models]]\nlearner = "logistic"\n'
        f'[tracking]\nuri = "{tracking}#password=env:CNRY_TRACKING"\n'
        '[gate.webhook]\nurl = "env:CNRY_HOOK_URL"\nsecret = "env:CNRY_HOOK"\n'
        '[warehouse]\nurl = "postgresql://ana@127.0.0.1:9/shop?password=env:CNRY_DATABASE"\n'
    )
    return folder
