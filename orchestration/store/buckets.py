"""A folder in a bucket of S3, or of what speaks its language: OSS, COS, MinIO.

Credentials are the library's own affair: it finds them where every tool of AWS does, in the
environment, a profile or the machine's role. What a server says is never shown, because it may
repeat them: its code alone is, in a sentence with the mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

from orchestration.project import Settings
from orchestration.store.warehouse import WarehouseError

_One = TypeVar("_One")
_Given = TypeVar("_Given")
AT_A_TIME = 16
"""Requests that are on their way together."""
_ATTEMPTS = 4
_CHUNK_BYTES = 1 << 20
_PAGE = 1_000
_KEYS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where there is one)"
)
_RIGHTS = {
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject, and s3:DeleteObjectVersion where the bucket keeps versions",
}
# To a write that was to replace what lies there no more.
_NOT_THAT = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey", "404")
# By what the server answers, and where an answer has no text by its number alone.
_CODES = {
    r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|InvalidSecurity|AuthFailure|401": (
        f"it does not know these credentials: {_KEYS} anew"
    ),
    r"ExpiredToken|TokenRefreshRequired|RequestExpired": (
        f"the credentials have expired: {_KEYS} anew"
    ),
    r"RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    r"NoSuchBucket": "there is no bucket of that name: make it, or mend the name",
    r"PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocation|301": (
        "it lies in another region: set YUNYING_S3_REGION"
    ),
    r"SecondLevelDomainForbidden|VirtualHostDomainRequired|PathStyleDomainForbidden": (
        "the server wants the bucket in its host's name: set YUNYING_S3_ADDRESSING=virtual"
    ),
    r"EntityTooLarge": "an object is over 5 GB: write it in parts",
    r"SlowDown|ServiceUnavailable|InternalError|RequestTimeout|50\d": (
        "the server is overloaded or has a fault of its own: wait, then run again"
    ),
}


class BucketError(WarehouseError):
    """A bucket cannot be used; the message is a sentence, and holds no secret."""


class ReplacedError(Exception):
    """Another object has taken the place of the one that was read."""


@dataclass(frozen=True)
class Content:
    """The bytes of a small object. Other bytes, other `etag`."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class Entry:
    """An object as a listing shows it, its key below the folder. Other bytes, other `etag`."""

    key: str
    size_bytes: int
    etag: str


class Bucket:
    """The folder `s3://bucket/prefix`, which one setting names."""

    def __init__(self, settings: Settings, url: str, setting: str) -> None:
        self.url = url
        self._setting = setting
        name, _, prefix = url.removeprefix("s3://").partition("/")
        self._name = name
        self._prefix = f"{prefix}/" if prefix else ""
        with self._in_a_sentence():
            self._client = _client(settings)

    def pages(self, below: str = "") -> Iterator[list[Entry]]:
        """What lies below the folder, or below a folder in it, in order of keys; 1,000 a page."""
        token: dict[str, str] = {}
        while True:
            with self._in_a_sentence():
                page = self._client.list_objects_v2(
                    Bucket=self._name, Prefix=self._prefix + below, MaxKeys=_PAGE, **token
                )
            cut = len(self._prefix)
            yield [
                Entry(each["Key"][cut:], int(each["Size"]), each.get("ETag", ""))
                for each in page.get("Contents", ())
            ]
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def fetch(self, key: str, path: Path) -> Entry | None:
        """Write an object's bytes to a file: one version, whole. None: there is no such object."""
        for attempt in range(_ATTEMPTS):
            with self._in_a_sentence():
                found = self._get(key)
                if found is None:
                    return None
                try:
                    with path.open("wb") as file:
                        for chunk in found["Body"].iter_chunks(_CHUNK_BYTES):
                            file.write(chunk)
                except _broken_off():
                    if attempt + 1 == _ATTEMPTS:
                        raise
                    continue
                return Entry(key, int(found["ContentLength"]), found.get("ETag", ""))
        raise AssertionError

    def read(self, key: str) -> Content | None:
        """A small object; None: there is none."""
        with self._in_a_sentence():
            found = self._get(key)
            return None if found is None else Content(found["Body"].read(), found["ETag"])

    def _get(self, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self._client.get_object(Bucket=self._name, Key=self._prefix + key)
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            raise

    def write(self, key: str, content: bytes | Path) -> None:
        """Put an object there, by one request: readers see the old or the new one."""
        with self._in_a_sentence():
            self._put(key, content)

    def exchange(self, key: str, seen: Content | None, content: bytes) -> None:
        """Put an object into the place of what was seen there, None: of nothing.

        Raises `ReplacedError` when something else lies there by now, and the server can tell.
        """
        with self._in_a_sentence():
            self._put_over(key, content, seen and seen.etag)

    def replace(self, entry: Entry, path: Path) -> Entry:
        """Put a file into the place of an object, and take every older version of it away.

        Raises `ReplacedError` when another object lies there by now; one that comes in the moment
        between look and write is lost where the server cannot tell.
        """
        from botocore.exceptions import ClientError

        with self._in_a_sentence():
            try:
                there = self._client.head_object(Bucket=self._name, Key=self._prefix + entry.key)
            except ClientError as error:
                if _code(error) in ("404", "NoSuchKey"):
                    raise ReplacedError(entry.key) from None
                raise
            if there["ETag"] != entry.etag:
                raise ReplacedError(entry.key)
            is_ours = True
            try:
                put = self._put_over(entry.key, path, entry.etag)
            except ReplacedError:
                # A delivery, or our own write where its answer was lost and it was sent again. What
                # was to go is an older version either way.
                put = self._client.head_object(Bucket=self._name, Key=self._prefix + entry.key)
                with path.open("rb") as file:
                    is_ours = put["ETag"].strip('"') == file_digest(file, "md5").hexdigest()
            if "VersionId" in put:
                self._delete_versions(entry.key, before=put["VersionId"])
            if not is_ours:
                raise ReplacedError(entry.key)
        return Entry(entry.key, path.stat().st_size, put["ETag"])

    def delete(self, below: str) -> None:
        """Take away all that lies below a folder, with every version that the bucket keeps."""

        def one(entry: Entry) -> None:
            with self._in_a_sentence():
                gone = self._client.delete_object(Bucket=self._name, Key=self._prefix + entry.key)
                if "VersionId" in gone:
                    self._delete_versions(entry.key)

        for page in self.pages(below):
            at_once(one, page)

    def _put_over(self, key: str, content: bytes | Path, etag: str | None) -> Any:
        """Put it there if what lies there has this etag, None: if nothing does."""
        from botocore.exceptions import ClientError

        try:
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            return self._put(key, content, **condition)
        except ClientError as error:
            if _code(error) in _NOT_THAT:
                raise ReplacedError(key) from None
            if _code(error) != "NotImplemented":
                raise
        return self._put(key, content)

    def _put(self, key: str, content: bytes | Path, **condition: str) -> Any:
        where = {"Bucket": self._name, "Key": self._prefix + key, **condition}
        if isinstance(content, bytes):
            return self._client.put_object(**where, Body=content)
        with content.open("rb") as file:
            return self._client.put_object(**where, Body=file)

    def _delete_versions(self, key: str, before: str | None = None) -> None:
        """All of an object, or those that came before one: a later one is a delivery."""
        is_to_go = before is None
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._name, Prefix=self._prefix + key
        )
        for page in pages:
            # The newest of a key comes first. A marker holds no bytes.
            markers = page.get("DeleteMarkers", ()) if before is None else ()
            for each in (*page.get("Versions", ()), *markers):
                if each["Key"] != self._prefix + key:
                    continue
                if is_to_go:
                    self._client.delete_object(
                        Bucket=self._name, Key=each["Key"], VersionId=each["VersionId"]
                    )
                is_to_go = is_to_go or each["VersionId"] == before

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        """Turn what the library raises into a sentence."""
        with _library_named():
            import botocore.exceptions as faults

        try:
            yield
        except (faults.BotoCoreError, faults.ClientError, ValueError) as error:
            raise BucketError(
                f"{self.url} ({self._setting}) cannot be used: {_reason(error)}."
            ) from None


def at_once(of: Callable[[_One], _Given], each: Iterable[_One]) -> list[_Given]:
    """What a function gives of each, several requests at a time. The first error ends it."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        futures = [pool.submit(of, one) for one in each]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _client(settings: Settings) -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    session = get_session()
    # Nobody asks when an object came: reading these times is most of what a listing costs.
    session.get_component("response_parser_factory").set_parser_defaults(
        timestamp_parser=lambda text: text
    )
    region = settings.s3_region or session.get_config_variable("region") or "us-east-1"
    return session.create_client(
        "s3",
        region_name=region,
        endpoint_url=settings.s3_endpoint,
        config=Config(
            s3={"addressing_style": settings.s3_addressing},
            signature_version="s3v4",
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=AT_A_TIME,
            # Other servers than AWS's do not know the checksums that come by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def _library_named() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError:
        raise BucketError(
            "Buckets need the package botocore, which is not installed: pip install "
            "'yunying[buckets]', or run `make` with the lock as it is."
        ) from None


def _broken_off() -> tuple[type[Exception], ...]:
    import botocore.exceptions as faults

    return (
        faults.IncompleteReadError,
        faults.ReadTimeoutError,
        faults.ResponseStreamingError,
    )


def _code(error: Any) -> str:
    """The server's code for what is wrong, as nothing else of its answer is shown."""
    said = str(error.response.get("Error", {}).get("Code", ""))
    return re.sub(r"[^A-Za-z0-9.]", "", said)[:60] or "nothing"


def _reason(error: Exception) -> str:
    import botocore.exceptions as faults

    if isinstance(error, faults.ClientError):
        code = _code(error)
        for pattern, reason in _CODES.items():
            if re.fullmatch(pattern, code):
                return reason
        if re.fullmatch(r"AccessDenied|AccountProblem|AllAccessDisabled|Forbidden|403", code):
            right = _RIGHTS.get(error.operation_name, error.operation_name)
            return f"these credentials may not do that: allow {right}"
        return f"the server answers {code} to {error.operation_name}"
    if isinstance(error, faults.NoCredentialsError | faults.PartialCredentialsError):
        return f"there are no credentials: {_KEYS}"
    if isinstance(error, faults.ProfileNotFound | faults.CredentialRetrievalError):
        return "the profile or role that AWS_* names gives no credentials: mend it"
    if isinstance(error, faults.SSLError):
        return "its certificate is not trusted here: mend it, or give AWS_CA_BUNDLE"
    if isinstance(
        error, faults.ConnectionError | faults.HTTPClientError | faults.IncompleteReadError
    ):
        return "its server cannot be reached, or went away: is YUNYING_S3_ENDPOINT right?"
    return f"its settings make no sense to the library ({type(error).__name__})"
