"""A debugger for the tests of tier Q: it says to the hypervisor's stub what a script says, and looks at the answers.

A script is lines. One at the left margin is a claim; the indented ones below it are its steps: `send PACKET` (framed, with its
checksum), `raw BYTES` (as they are), `gets REGEX` (the next packet's data, or an acknowledgement, must match as a whole). {name} is the
address of a symbol of the guest's. The first claim that fails by silence ends the dialogue.
"""

import re
import socket
import time

from .common import addresses, time_scale

REPLY_S = 10
_TOKEN = re.compile(rb"\$([^#$]*)#([0-9a-f]{2})|[^$]", re.DOTALL)


def claims_of(path):
    """[(claim, [(verb, argument)])]"""
    found = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line[0].isspace():
            found.append((line.strip(), []))
        else:
            verb, _, argument = line.strip().partition(" ")
            found[-1][1].append((verb, argument))
    return found


class Wire:
    """A connection, and a transcript of it."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.heard, self.transcript = b"", []

    def send(self, data):
        self.transcript.append(f"-> {data.decode('latin-1')}")
        self.socket.sendall(data)

    def next(self):
        """The next thing that comes as text; None: nothing more does."""
        end = time.monotonic() + REPLY_S * time_scale()
        while not (found := _TOKEN.match(self.heard)):
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                return None
            self.heard += data
        self.heard = self.heard[found.end():]
        self.transcript.append(f"<- {found[0].decode('latin-1')}")
        if found[1] is None:
            return found[0].decode("latin-1")
        if sum(found[1]) % 256 != int(found[2], 16):
            return f"a packet with a wrong checksum: {found[0].decode('latin-1')}"
        # A run: '*' and a character that says how often more.
        return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), found[1], flags=re.DOTALL).decode("latin-1")


def _hold(wire, steps, symbols):
    """One claim: (None, False) when it holds, else what came instead, and whether that was nothing."""
    for verb, argument in steps:
        argument = re.sub(r"\{([a-z]\w*)\}", lambda m: f"{symbols[m[1]]:x}", argument)
        if verb == "gets":
            got = wire.next()
            if got is None:
                return f"silence, not {argument!r}", True
            if not re.fullmatch(argument, got, re.DOTALL):
                return f"{got!r}, not {argument!r}", False
        else:
            data = argument.encode("latin-1").decode("unicode_escape").encode("latin-1")
            wire.send(b"$%s#%02x" % (data, sum(data) % 256) if verb == "send" else data)
    return None, False


def talk(port, script, elf):
    """[(ok, claim, what was seen)] and the transcript."""
    symbols, verdicts = addresses(elf), []
    wire = Wire(port)
    with wire.socket:
        for claim, steps in claims_of(script):
            try:
                seen, silent = _hold(wire, steps, symbols)
            except OSError:
                seen, silent = "the connection is gone", True
            verdicts.append((seen is None, claim, seen))
            if silent:
                break
    return verdicts, wire.transcript
