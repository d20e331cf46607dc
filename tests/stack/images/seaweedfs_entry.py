"""Stands in for SeaweedFS: its command line and its file of identities, moto behind checked signatures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# The options that stacks give, looked up in SeaweedFS 4.44; another one would be refused there too.
KNOWN = {
    *(
        "s3",
        "ip",
        "ip.bind",
        "master.telemetry",
        "volume.max",
        "s3.ip.bind",
        "s3.port",
        "s3.config",
        "s3.iam",
    ),
    *("s3.autoCreateBucket", "s3.allowDeleteBucketNotEmpty", "s3.port.iceberg", "s3.port.lance"),
}
RIGHTS = {"Read": "s3:Get*", "Write": "s3:*", "List": "s3:List*", "Tagging": "s3:*Tag*", "Admin": "s3:*"}


def options(words: list[str]) -> dict[str, str]:
    assert words[0] == "server"
    found = {}
    for word in words[1:]:
        name, _, value = word.lstrip("-").partition("=")
        assert name in KNOWN, word
        found[name] = value
    return found


def statement(action: str) -> dict[str, Any]:
    what, _, bucket = action.partition(":")
    place = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"] if bucket else ["arn:aws:s3:::*"]
    return {"Effect": "Allow", "Action": RIGHTS[what], "Resource": place}


def let_in(identities: Iterable[dict[str, Any]]) -> None:
    from moto.iam.models import iam_backends

    backend = iam_backends["123456789012"]["aws"]
    for one in identities:
        user = backend.create_user("us-east-1", one["name"])
        key = user.create_access_key("AKIA")
        given = one["credentials"][0]
        key.access_key_id, key.secret_access_key = given["accessKey"], given["secretKey"]
        backend.access_keys[key.access_key_id] = key
        said = {"Version": "2012-10-17", "Statement": [statement(action) for action in one["actions"]]}
        user.policies["all"] = json.dumps(said)


def main() -> None:
    told = options(sys.argv[1:])
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    let_in(json.loads(Path(told["s3.config"]).read_text(encoding="utf-8"))["identities"])
    behind = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        well = environ["PATH_INFO"] == "/healthz"
        if well or "HTTP_AUTHORIZATION" not in environ:
            start("200 OK" if well else "403 Forbidden", [("Content-Length", "0")])
            return [b""]
        return behind(environ, start)

    run_simple(told["s3.ip.bind"], int(told["s3.port"]), application, threaded=True)


if __name__ == "__main__":
    main()
