"""The text of files in UTF-8: unpacked and decoded, at once or piece by piece."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError, DataError, did_you_mean, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PIECE_BYTES = 1 << 23
_BEGIN_BYTES = 1 << 26
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_OTHER = {
    b"\x1f\x8b": "is packed with gzip, though its name does not end in .gz",
    b"\x28\xb5\x2f\xfd": "is packed with zstd, though its name does not end in .zst",
    b"PK\x03\x04": "is a zip archive or a spreadsheet, not text",
    b"PAR1": "is a Parquet file, though its name does not end in .parquet",
}  # what a file begins with -> what it then is
_MARK_8 = b"\xef\xbb\xbf"
_MOST_TIMES = 100  # a log packs to a tenth or so; what grows by more was made to fill a disk
_HARMLESS_BYTES = 1 << 20


def require_file(path: Path) -> None:
    """Refuse what is not an existing file.

    Raises:
        DataError: Missing (with the nearest name beside it), or a folder.
    """
    if path.is_dir():
        raise DataError("is a folder, but a file is expected here", path=path)
    if path.is_file():
        return
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(
        "does not exist", path=path, remedy=did_you_mean(path.name, sorted(beside)) or None
    )


def is_packed(path: Path) -> bool:
    """Return whether a file's ending says that it is packed."""
    return path.suffix.lower() in _UNPACKED


def read_bytes(path: Path, encoding: str) -> bytes:
    """Return a whole file as ``pieces`` gives it."""
    data = io.BytesIO()  # which gives its bytes away without copying them
    for piece in pieces(path, encoding):
        data.write(piece)
    return data.getvalue()


def first_bytes(path: Path, encoding: str) -> bytes:
    """Return the begin of a file, about 64 MB of whole lines, as ``pieces`` gives it."""
    data = bytearray()
    for piece in pieces(path, encoding):
        data += piece
        if len(data) >= _BEGIN_BYTES:
            return bytes(data[: data.rfind(b"\n") + 1])
    return bytes(data)


def pieces(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield a file's content in UTF-8, unpacked, without a byte-order mark.

    Args:
        path: The file; ``.gz`` and ``.zst`` are unpacked.
        encoding: Of its text. What is not UTF-8 though it should be is yielded as it is.

    Raises:
        DataError: Missing, not to be read, damaged, over 100 times as large as packed, UTF-16
            unasked, or not in this encoding.
        ConfigError: There is no such encoding.
        MissingExtraError: A ``.zst`` file, and the library is not installed.
    """
    require_file(path)
    decoded = _utf8 if _is_utf8(encoding) else _decoded
    first = True
    try:
        for piece in filter(None, decoded(path, _bytes_of(path), encoding)):
            if first:
                _refuse_other(path, piece)
            yield piece.removeprefix(_MARK_8) if first else piece
            first = False
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot be read: {error}",
            path=path,
            remedy="Was the file cut off? Fetch it again." if is_packed(path) else None,
        ) from error


def plain_file(path: Path, encoding: str, folder: Path) -> Path:
    """Return the file where it is plain UTF-8 already, else a copy in the folder that is.

    Raises:
        DataError: As ``pieces`` says.
    """
    require_file(path)
    if _is_utf8(encoding) and not is_packed(path) and not _is_marked(path):
        return path
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{len(list(folder.iterdir())):06}"
    with copy.open("wb") as stream:
        for piece in pieces(path, encoding):
            stream.write(piece)
    return copy


def refuse_bomb(path: Path, size: int) -> None:
    """Refuse packed data that unpack to over 100 times their size.

    Args:
        path: What is packed.
        size: How many bytes it unpacks to, at least.

    Raises:
        DataError: They do.
    """
    packed = path.stat().st_size
    if size > max(_MOST_TIMES * packed, _HARMLESS_BYTES):
        raise DataError(
            f"{packed:,} bytes would unpack to {size:,} or more, over {_MOST_TIMES} times as many",
            path=path,
            remedy="If you trust it, unpack it yourself and name what comes out.",
        )


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}


def _is_marked(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(4).startswith((*_MARKS_16, _MARK_8, *_OTHER))
    except OSError as error:
        raise DataError(f"cannot be read: {error}", path=path) from error


def _refuse_other(path: Path, begin: bytes) -> None:
    """Refuse what is no text in UTF-8 by what it begins with."""
    if begin.startswith(_MARKS_16):
        raise DataError(
            "is UTF-16, not UTF-8", path=path, remedy="Say encoding='utf-16' (--encoding utf-16)."
        )
    for mark, fault in _OTHER.items():
        if begin.startswith(mark):
            raise DataError(fault, path=path, remedy="Give it the name that fits, or unpack it.")


def _utf8(path: Path, data: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    del path, encoding
    return data


def _decoded(path: Path, data: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the data in UTF-8 instead of another encoding."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise ConfigError(f"encoding: {encoding!r} is not a known encoding") from None
    begin = 0
    try:
        for piece in data:
            yield decoder.decode(piece).encode()
            begin += len(piece)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        near = begin + getattr(error, "start", 0)
        raise DataError(
            f"is not {encoding}: {getattr(error, 'reason', error)} (near byte {near:,})", path=path
        ) from None


def _bytes_of(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes, unpacked."""
    size = 0
    for piece in _UNPACKED.get(path.suffix.lower(), _as_they_are)(path):
        if is_packed(path):
            size += len(piece)
            refuse_bomb(path, size)
        yield piece


def _as_they_are(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _gunzipped(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _unzstd(path: Path) -> Iterator[bytes]:
    """Unpack all frames of a .zst file; an EOFError says that data are damaged or cut off."""
    zstandard = require("zstandard", "logs")
    frame = None
    for read in _as_they_are(path):
        piece = read
        while piece:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            try:
                yield frame.decompress(piece)
            except zstandard.ZstdError as error:
                raise EOFError(str(error)) from error
            piece = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the zstd data end before their end mark")


_UNPACKED: dict[str, Callable[[Path], Iterator[bytes]]] = {".gz": _gunzipped, ".zst": _unzstd}
