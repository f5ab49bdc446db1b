"""Files from a public address."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from segviz.adding.fetching import CHUNK, fetch
from segviz.errors import Refused

CONTENT = bytes(range(256)) * 1024
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Published(BaseHTTPRequestHandler):
    """Gives the file, a part of it, more than it, or an error, by the path."""

    def do_GET(self):
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        body = {"/short": CONTENT[:5000], "/gone": b""}.get(self.path, CONTENT)
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Published)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def refused(*args):
    with pytest.raises(Refused) as error:
        fetch(*args)
    return error.value


def test_a_file_arrives_whole_and_says_how_far_it_is(address, tmp_path):
    said = []
    target = tmp_path / "w"
    fetch(f"{address}/w", len(CONTENT), DIGEST, target, lambda *done: said.append(done))
    assert target.read_bytes() == CONTENT
    assert said[-1] == (len(CONTENT), len(CONTENT))
    assert len(said) >= len(CONTENT) // CHUNK


def test_another_file_is_refused(address, tmp_path):
    error = refused(f"{address}/w", len(CONTENT), "0" * 64, tmp_path / "w")
    assert error.code == "SV-MDL-022"
    assert "sha256" in error.message


def test_not_one_byte_too_many_is_kept(address, tmp_path):
    error = refused(f"{address}/w", 1000, DIGEST, tmp_path / "w")
    assert error.code == "SV-MDL-022"
    assert (tmp_path / "w").stat().st_size <= 1000


@pytest.mark.parametrize("path", ["short", "gone"])
def test_what_cannot_be_fetched_is_one_sentence(address, tmp_path, path):
    error = refused(f"{address}/{path}", len(CONTENT), DIGEST, tmp_path / "w")
    assert error.code in ("SV-MDL-021", "SV-MDL-022")


def test_without_a_network_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    error = refused("http://127.0.0.1:9/w", 10, DIGEST, tmp_path / "w")
    assert error.code == "SV-MDL-021"
    assert "from 127.0.0.1: there is no way to it" in error.message
    assert "--from" in error.message


def test_files_of_the_server_are_no_address(tmp_path):
    with pytest.raises(ValueError, match="no web address"):
        fetch("file:///etc/passwd", 10, DIGEST, tmp_path / "w")
