"""Files from their publishers: resumed where they were cut off, and verified."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.request
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from llmrec.artifacts import replace_file, sha256_file, write_faults
from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from llmrec.data.published import Published

CHECKSUMS = "checksums.json"
"""Address -> SHA-256 at the first download, in the folder of all downloads."""

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60
_PARTIAL, _NOT_FOUND, _RANGE_OVER = 206, 404, 416


def fetch(data: Published, name: str, folder: Path) -> Path:
    """Download a data set's files, as far as they are not here, and verify them.

    Args:
        data: What is published.
        name: The folder's name under ``folder``.
        folder: Where downloads are kept.

    Returns:
        The file, or the folder of the files, for ``import_dataset``.

    Raises:
        ConfigError: The publisher gives the files only to people with a browser.
        DataError: A file cannot be fetched, or is not what the publisher or the first download
            says it is.
    """
    if not data.urls:
        raise ConfigError(
            f"the publisher of {name} gives its files only through a browser",
            remedy=f"Fetch them at {data.page} and name them with --archive.",
        )
    place = folder / name.replace(":", "-")
    with write_faults(place):
        place.mkdir(parents=True, exist_ok=True)
    paths = [_fetched(url, place, folder, data.checksum_ending) for url in data.urls]
    return paths[0] if len(paths) == 1 else place


def _fetched(url: str, place: Path, folder: Path, ending: str | None) -> Path:
    path = place / Path(urlsplit(url).path).name
    if not path.is_file():
        part = path.with_name(path.name + ".part")
        _download(url, part)
        try:
            _verify(url, part, folder, ending)
        except DataError:
            part.unlink()
            raise
        part.replace(path)
    elif (known := _recorded(folder).get(url)) is not None and sha256_file(path) != known:
        raise DataError(
            "is not what was downloaded", path=path, remedy="Remove it, so that it is fetched anew."
        )
    return path


def _download(url: str, part: Path) -> None:
    """Fetch what is still missing of a file; a server that cannot go on begins anew."""
    tag_file = part.with_name(part.name + ".tag")
    begin = part.stat().st_size if part.is_file() and tag_file.is_file() else 0
    headers = {"User-Agent": "llmrec", "Accept-Encoding": "identity"}
    if begin:
        headers |= {"Range": f"bytes={begin}-", "If-Range": tag_file.read_text()}
    try:
        with _open(url, headers) as answer:
            goes_on = answer.status == _PARTIAL
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            if tag is not None:
                tag_file.write_text(tag)
            expected = answer.headers.get("Content-Length")
            with part.open("ab" if goes_on else "wb") as stream:
                got = _copy(answer, stream)
            _check_length(url, got, expected)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_OVER:
            raise DataError(f"{url} answers {error.code} {error.reason}") from None
    except (OSError, HTTPException) as error:
        raise DataError(
            f"{url} cannot be fetched: {error}", remedy="Try again: it goes on where it stopped."
        ) from error
    tag_file.unlink(missing_ok=True)


def _open(url: str, headers: dict[str, str]) -> HTTPResponse:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigError(f"{url} is no address of the web")
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked above
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    return answer


def _copy(answer: HTTPResponse, stream: BinaryIO) -> int:
    got = 0
    while chunk := answer.read(_CHUNK_BYTES):
        stream.write(chunk)
        got += len(chunk)
    return got


def _check_length(url: str, got: int, expected: str | None) -> None:
    if expected is not None and got < int(expected):
        raise DataError(
            f"{url} ended after {got:,} of {int(expected):,} bytes",
            remedy="Try again: it goes on where it stopped.",
        )


def _verify(url: str, part: Path, folder: Path, ending: str | None) -> None:
    """Compare with the publisher's MD5 and with the first download; record a first one."""
    published = None if ending is None else _published_md5(url + ending)
    if published is not None:
        with part.open("rb") as stream:
            digest = hashlib.file_digest(stream, partial(hashlib.md5, usedforsecurity=False))
        _compare(url, digest.hexdigest(), published, by="the publisher's MD5")
    recorded = _recorded(folder)
    sha256 = sha256_file(part)
    if url in recorded:
        _compare(url, sha256, recorded[url], by=f"the first download's SHA-256 in {CHECKSUMS}")
    with replace_file(folder / CHECKSUMS) as draft:
        draft.write_text(json.dumps({**recorded, url: sha256}, indent=2) + "\n")


def _compare(url: str, found: str, expected: str, *, by: str) -> None:
    if found != expected:
        raise DataError(
            f"{url}: what was downloaded has {found}, but {by} is {expected}",
            remedy="Try again; if it stays so, ask the publisher whether the file was changed.",
        )


def _published_md5(url: str) -> str | None:
    """Return the MD5 that the publisher's file tells, or None where there is no such file."""
    try:
        with _open(url, {"User-Agent": "llmrec"}) as answer:
            text = answer.read(10_000).decode(errors="replace")
    except urllib.error.HTTPError as error:
        if error.code == _NOT_FOUND:
            return None
        raise DataError(f"{url} answers {error.code} {error.reason}") from None
    except OSError as error:
        raise DataError(f"{url} cannot be fetched: {error}", remedy="Try again.") from error
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if found is None:
        raise DataError(f"{url} holds no MD5: {text[:80]!r}")
    return found[0].lower()


def _recorded(folder: Path) -> dict[str, str]:
    file = folder / CHECKSUMS
    if not file.is_file():
        return {}
    try:
        return dict(json.loads(file.read_text()))
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=file, remedy="Remove it.") from error
