"""Whether a bucket belongs to the account that it should: one signed question before anything is trusted.

Clients that add the header x-amz-expected-bucket-owner after signing are refused by S3, so the question is
signed here, as in "Authenticating Requests (AWS Signature Version 4)" of the S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

from cauce.errors import CauceError, shown
from cauce.stores.unreachable import untrusted, words_of

_NOTHING = hashlib.sha256(b"").hexdigest()
_SECONDS = 10.0


@dataclass(frozen=True)
class Keys:
    """Who signs. token: of a session, None for keys of one's own."""

    access: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Keys(***)"


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which bucket, on which server, and whose it should be. endpoint: None for AWS."""

    bucket: str
    owner: str
    region: str
    endpoint: str | None = None

    @property
    def url(self) -> SplitResult:
        """Where to ask."""
        if self.endpoint is None:
            return urlsplit(f"https://{self.bucket}.s3.{self.region}.amazonaws.com/")
        return urlsplit(f"{self.endpoint.rstrip('/')}/{quote(self.bucket)}")


def check_owner(question: Question, keys: Keys) -> None:
    """E2654 where the server does not say that the bucket is that account's, E2662 where it is in another
    region, E2652 where it says nothing, E2606 where it cannot prove who it is."""
    url, store = question.url, f"s3://{question.bucket}"
    try:
        connection = (
            http.client.HTTPSConnection(url.netloc, timeout=_SECONDS, context=ssl.create_default_context())
            if url.scheme == "https"
            else http.client.HTTPConnection(url.netloc, timeout=_SECONDS)
        )
        try:
            connection.request("HEAD", url.path, headers=signed(question, keys, now=datetime.now(UTC)))
            with connection.getresponse() as answer:
                status, there = answer.status, answer.getheader("x-amz-bucket-region")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        name, said = type(error).__name__, f"{type(error).__name__}: {error}"
        raise untrusted(said) or CauceError("E2652", store=store, reason=words_of(said) or name) from None
    if status == 404:
        raise CauceError("E2655", store=store)
    if status in (301, 307, 400) and there not in (None, question.region):
        raise CauceError("E2662", store=store, region=shown(there))
    if status != 200:
        raise CauceError("E2654", store=store, owner=question.owner)


def signed(question: Question, keys: Keys, *, now: datetime) -> Mapping[str, str]:
    """The headers of the question, with its signature."""
    time = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "host": question.url.netloc,
        "x-amz-content-sha256": _NOTHING,
        "x-amz-date": time,
        "x-amz-expected-bucket-owner": question.owner,
        **({} if keys.token is None else {"x-amz-security-token": keys.token}),
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(("HEAD", question.url.path, "", lines, names, _NOTHING))
    scope = f"{time[:8]}/{question.region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    said = f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": said}
