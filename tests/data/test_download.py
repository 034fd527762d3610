"""Downloads from a server on loopback: resumed, verified, and only after consent."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import json
import sys
import threading
import zipfile

import pytest

from llmrec.cli import main
from llmrec.data import load
from llmrec.data.download import CHECKSUMS, fetch
from llmrec.data.named import NAMED
from llmrec.data.published import PUBLISHED, Published, published
from llmrec.errors import ConfigError, DataError


def movielens():
    packed = io.BytesIO()
    ratings = "userId,movieId,rating,timestamp\n" + "".join(
        f"{n % 50},1,4.0,{964982703 + n * 7919}\n" for n in range(2000)
    )
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ml/ratings.csv", ratings)
        archive.writestr("ml/movies.csv", "movieId,title,genres\n1,Toy Story (1995),A|B\n")
    return packed.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; ``cut`` bytes are sent of the next answer, then the line goes dead."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cut, self.ranges, self.tag = {}, None, [], '"one"'

    def url(self, name):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = self.server.files.get(self.path[1:])
        if data is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        fresh = self.headers.get("If-Range") == self.server.tag
        self.server.ranges.append(asked)
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fresh else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.send_header("ETag", self.server.tag)
        self.end_headers()
        cut, self.server.cut = self.server.cut, None
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data[begin:] if cut is None else data[begin : begin + cut])

    def log_message(self, *arguments):
        del arguments


@pytest.fixture
def server():
    with Server() as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def data(server):
    server.files["ml.zip"] = movielens()
    return Published(
        format="movielens",
        page="http://127.0.0.1/page",
        licence="Be nice.",
        urls=(server.url("ml.zip"),),
        checksum_ending=".md5",
    )


def test_a_file_is_fetched_once_and_its_checksum_recorded(server, data, tmp_path):
    path = fetch(data, "ml", tmp_path)
    assert path.read_bytes() == server.files["ml.zip"]
    recorded = json.loads((tmp_path / CHECKSUMS).read_text())
    assert recorded == {data.urls[0]: hashlib.sha256(path.read_bytes()).hexdigest()}
    assert fetch(data, "ml", tmp_path) == path
    assert len(server.ranges) == 1
    assert [one.name for one in path.parent.iterdir()] == ["ml.zip"]


def test_a_download_that_was_cut_off_goes_on(server, data, tmp_path):
    server.cut = 1000
    with pytest.raises(DataError, match=r"1,000 of .* bytes") as caught:
        fetch(data, "ml", tmp_path)
    assert "goes on" in str(caught.value)
    assert fetch(data, "ml", tmp_path).read_bytes() == server.files["ml.zip"]
    assert server.ranges == [None, "bytes=1000-"]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(server, data, tmp_path):
    server.cut = 1000
    with pytest.raises(DataError):
        fetch(data, "ml", tmp_path)
    server.files["ml.zip"], server.tag = b"x" * 5000, '"two"'
    assert fetch(data, "ml", tmp_path).read_bytes() == b"x" * 5000


@pytest.mark.parametrize("form", ["{}  ml.zip\n", "MD5 (ml.zip) = {}\n"])
def test_the_publishers_checksum_decides(form, server, data, tmp_path):
    digest = hashlib.md5(server.files["ml.zip"], usedforsecurity=False).hexdigest()
    server.files["ml.zip.md5"] = form.format(digest).encode()
    fetch(data, "good", tmp_path)
    server.files["ml.zip.md5"] = form.format("0" * 32).encode()
    with pytest.raises(DataError, match="the publisher's MD5 is 0000"):
        fetch(data, "bad", tmp_path)
    assert list((tmp_path / "bad").iterdir()) == []


def test_another_file_than_the_first_download_is_refused(server, data, tmp_path):
    path = fetch(data, "ml", tmp_path)
    path.unlink()
    server.files["ml.zip"] = b"another"
    with pytest.raises(DataError, match="the first download"):
        fetch(data, "ml", tmp_path)
    assert not path.exists()
    path.write_bytes(b"tampered with")
    with pytest.raises(DataError, match="is not what was downloaded"):
        fetch(data, "ml", tmp_path)


def test_what_the_publisher_does_not_have_is_told(server, tmp_path):
    gone = Published(format="movielens", page="p", licence="l", urls=(server.url("gone.zip"),))
    with pytest.raises(DataError, match="404"):
        fetch(gone, "gone", tmp_path)
    dead = Published(format="movielens", page="p", licence="l", urls=("http://127.0.0.1:1/x.zip",))
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch(dead, "dead", tmp_path)
    with pytest.raises(ConfigError, match="browser"):
        fetch(PUBLISHED["yelp"], "yelp", tmp_path)


def test_every_name_has_a_reader_and_terms():
    for name in (*PUBLISHED, "amazon-2014:Beauty", "amazon-2018:All_Beauty", "amazon-2023:Books"):
        known = published(name)
        assert known.format in NAMED
        assert known.licence
        assert known.page.startswith("https://")
        assert all(url.startswith("https://") for url in known.urls)
    for name, part in (
        ("ml-1n", "ml-1m"),
        ("amazon-2023", "CATEGORY"),
        ("amazon-2023:../x", "All:"),
    ):
        with pytest.raises(ConfigError, match=part):
            published(name)


@pytest.fixture
def get(monkeypatch, capsys, data, tmp_path):
    """Run ``llmrec data get ml-test``; return exit code, standard output and standard error."""
    monkeypatch.setitem(PUBLISHED, "ml-test", data)

    def run(*arguments):
        command = ["llmrec", "data", "get", "ml-test", tmp_path / "data", *arguments]
        monkeypatch.setattr(sys, "argv", [str(part) for part in command])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


def test_the_terms_are_asked_about_once(get, server, tmp_path):
    folder = ("--downloads", tmp_path / "downloads")
    code, _, err = get(*folder)
    assert code == 2
    assert "Be nice." in err
    assert "--accept-licence" in err
    assert server.ranges == []
    code, out, err = get(*folder, "--accept-licence")
    assert code == 0, err
    assert "2,000 events of 50 users" in out
    code, _, err = get(*folder)
    assert code == 0, err
    assert "Be nice." not in err
    assert load(tmp_path / "data").made_from["reader"] == "movielens"


def test_an_archive_that_is_here_needs_no_download(get, server, tmp_path):
    (tmp_path / "mine.zip").write_bytes(server.files["ml.zip"])
    code, out, err = get("--archive", tmp_path / "mine.zip")
    assert code == 0, err
    assert "2,000 events" in out
    assert server.ranges == []
