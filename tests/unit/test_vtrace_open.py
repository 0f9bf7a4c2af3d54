"""vtrace open: what it answers, whom, and that a page of the right origin, in a browser, may read it."""
import contextlib
import functools
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.parse

import pytest

from lablib.common import free_port
from test_vtrace import KERNEL, build, ordinary  # noqa: F401

UI = "https://ui.perfetto.dev"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "my run#1.pftrace"
    path.write_bytes(bytes(range(256)) * 5000)
    return path


class Server:
    def __init__(self, build, file, *options, environment=None):
        self.port = free_port()
        self.child = subprocess.Popen([build / "host/vtrace", "open", file, "--port", str(self.port), *options],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env={**os.environ, **(environment or {})})
        self.link = self.child.stdout.readline().strip()
        self.path = urllib.parse.urlsplit(urllib.parse.parse_qs(self.link.partition("?")[2])["url"][0]).path if self.link else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()

    def ask(self, method, path=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path or self.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), body


def test_it_serves_the_file_once_and_ends(build, trace):
    with Server(build, trace) as server:
        for method in ("HEAD", "OPTIONS"):
            status, headers, body = server.ask(method)
            assert (status, body) == ({"HEAD": 200, "OPTIONS": 204}[method], b"")
            assert headers["Access-Control-Allow-Origin"] == UI
        status, headers, body = server.ask("GET")
        assert (status, body) == (200, trace.read_bytes())
        assert headers["Access-Control-Allow-Origin"] == UI and headers["Content-Length"] == str(len(body))
        assert server.child.wait(timeout=30) == 0


@pytest.mark.parametrize("asked,first,last", [("bytes=0-9", 0, 9), ("bytes=1000-", 1000, 1279999), ("bytes=-5", 1279995, 1279999),
                                              ("bytes=5-99999999", 5, 1279999)])
def test_ranges(build, trace, asked, first, last):
    with Server(build, trace, "--keep") as server:
        status, headers, body = server.ask("GET", Range=asked)
        assert (status, headers["Content-Range"]) == (206, f"bytes {first}-{last}/1280000")
        assert body == trace.read_bytes()[first:last + 1]


def test_what_is_refused(build, trace):
    with Server(build, trace) as server:
        assert server.ask("GET", "/other")[0] == server.ask("GET", "/")[0] == 404
        assert server.ask("POST")[0] == 405
        assert server.ask("GET", Host="evil.example")[0] == 403
        for asked in ("bytes=1280000-", "bytes=9-3", "bytes=-0"):
            assert server.ask("GET", Range=asked)[0] == 416
        for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=x-"):
            assert server.ask("HEAD", Range=asked)[0] == 200, "what is not understood is left out of account"
        for junk in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", b"GET /" + b"x" * 9000, b"GET / HTTP/1.1\r\n" + b"a" * 9000):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer, contextlib.suppress(OSError):
                peer.sendall(junk)
                peer.recv(1000)
        assert server.ask("GET")[2] == trace.read_bytes(), "still there"


def test_keep_goes_on_until_told(build, trace):
    with Server(build, trace, "--keep") as server:
        for _ in range(3):
            assert server.ask("GET")[0] == 200
        server.child.send_signal(signal.SIGINT)
        assert server.child.wait(timeout=30) == 0


def test_the_link(build, trace):
    with Server(build, trace, "--pin", 'a"b.*') as server:
        ui, _, query = server.link.partition("/#!/?")
        given = urllib.parse.parse_qs(query)
        assert ui == UI and given["url"] == [f"http://127.0.0.1:{server.port}/my%20run%231.pftrace"]
        commands = json.loads(given["startupCommands"][0])
        assert commands[0] == {"id": "dev.perfetto.PinTracksByRegex", "args": ['a"b.*']}
        assert {command["id"] for command in commands} == {"dev.perfetto.PinTracksByRegex", "dev.perfetto.ExpandTracksByRegex"}


def test_a_recording_is_converted_first(build, tmp_path):
    raw = tmp_path / "run.vtr"
    raw.write_bytes(ordinary(1, 50).bytes())
    subprocess.run([build / "host/vtrace", "convert", raw, "-o", tmp_path / "out"], check=True)
    with Server(build, raw) as server:
        assert server.path == "/run.pftrace" and server.ask("GET")[2] == (tmp_path / "out").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run.vtr"], "nothing is left on disk"


def test_a_port_that_is_taken(build, trace):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        done = subprocess.run([build / "host/vtrace", "open", trace, "--port", str(port)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"vtrace: port {port} of 127.0.0.1: Address already in use")


def test_bad_usage(build, trace, tmp_path):
    def run(*arguments):
        return subprocess.run([build / "host/vtrace", "open", *arguments], capture_output=True, text=True, timeout=30)

    assert run().returncode == run(trace, "--port", "0").returncode == run(trace, "--ui", "perfetto").returncode == 2
    done = run(tmp_path / "absent", "--port", str(free_port()))
    assert done.returncode == 1 and "absent: No such file" in done.stderr


def test_the_browser_is_given_the_link(build, trace, tmp_path):
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f"#!/bin/sh\necho \"$1\" > {tmp_path}/opened.new && mv {tmp_path}/opened.new {tmp_path}/opened\n")
    opener.chmod(0o755)
    with Server(build, trace, "--browser", environment={"PATH": f"{opener.parent}:{os.environ['PATH']}"}) as server:
        for _ in range(600):
            if (tmp_path / "opened").exists():
                break
            threading.Event().wait(0.05)
        assert (tmp_path / "opened").read_text() == server.link + "\n"


PAGE = """<!doctype html><title>a page</title><pre id=out>waiting</pre><script>
fetch(URL_HERE).then(r => r.arrayBuffer()).then(b => { out.textContent = "got " + b.byteLength; })
               .catch(e => { out.textContent = "refused"; });
</script>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not here")
@pytest.mark.parametrize("ours", [True, False])
def test_a_page_may_read_it_when_it_is_the_ui_and_no_other_page_may(build, trace, tmp_path, ours):
    """The browser decides, by our header: a page of another origin gets the bytes only if it is the UI's."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        origin = f"http://localhost:{site.server_address[1]}"
        with Server(build, trace, "--keep", "--ui", origin + "/" if ours else UI) as server:
            url = f"http://127.0.0.1:{server.port}{server.path}"
            (folder / "page.html").write_text(PAGE.replace("URL_HERE", json.dumps(url)))
            shown = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
                                    "--virtual-time-budget=8000", "--dump-dom", f"{origin}/page.html"],
                                   capture_output=True, text=True, timeout=120).stdout
        site.shutdown()
    assert (">got 1280000<" if ours else ">refused<") in shown, shown


def test_a_recording_is_named_by_symbols(build, tmp_path):
    """As `convert --symbols` names it; what can not be read ends it with the file's name."""
    raw, symbols = tmp_path / "run.vtr", tmp_path / "System.map"
    raw.write_bytes(ordinary(1, 50).bytes())
    symbols.write_text(f"{KERNEL:x} T a_name_of_ours\n")
    subprocess.run([build / "host/vtrace", "convert", raw, "-s", f"linux={symbols}", "-o", tmp_path / "out"], check=True)
    with Server(build, raw, "--symbols", f"linux={symbols}") as server:
        body = server.ask("GET")[2]
    assert body == (tmp_path / "out").read_bytes() and b"a_name_of_ours" in body
    with Server(build, raw, "-s", "linux=nothing") as server:
        assert server.child.wait(timeout=30) == 1
        assert "nothing" in server.child.stderr.read()
