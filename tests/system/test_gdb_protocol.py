"""The debugger's port, spoken to by hand: noise, broken packets and wrong requests. The live hypervisor answers as the protocol says,
and the guest goes on to its end each time."""

import re
import select
import socket
import struct
import time

import pytest

import debugger
from debugger import GUEST, Debugged, two_vcpus
from lablib.common import addresses

pytestmark = pytest.mark.once  # the protocol and its commands, not the CPU: test_gdb.py is for that

SUPPORTED = b"qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+"
PACKET_BYTES = 0x4000
QUIET_S = 0.5
SILENCE_S = 60  # a backstop, as harness.BACKSTOP_S
DEVICE = 0x09000000
NOWHERE = 0x70000000
FIRST_THREAD = b"p1.1"


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def framed(data):
    return b"$%s#%02x" % (data, sum(data) % 256)


class Wire:
    """A GDB that does what it likes."""

    def __init__(self, port, hello=True):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = b""
        if hello:
            self.ask(SUPPORTED)
            assert self.ask(b"?").startswith(b"T")
            assert self.ask(b"Hg" + FIRST_THREAD) == b"OK"

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self, seconds):
        """False: nothing has come."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        data = self.socket.recv(65536)
        assert data, f"the port is closed after {self.heard!r}"
        self.heard += data
        return True

    def ack(self):
        """The next byte that comes, which must be outside packets."""
        while not self.heard:
            assert self.more(SILENCE_S), "silence"
        byte, self.heard = self.heard[:1], self.heard[1:]
        return byte

    def packet(self):
        """The data of the next packet, which must be a good one."""
        while not (found := re.match(rb"\$([^#$]*)#([0-9a-f]{2})", self.heard)):
            assert self.more(SILENCE_S), f"silence after {self.heard!r}"
        self.heard = self.heard[found.end():]
        assert sum(found[1]) % 256 == int(found[2], 16), found
        return found[1]

    def ask(self, data):
        self.send(framed(data))
        assert self.ack() == b"+"
        reply = self.packet()
        self.send(b"+")
        return reply

    def ask_unacknowledged(self, data):
        self.send(framed(data))
        return self.packet()

    def is_quiet(self):
        return not self.heard and not self.more(QUIET_S)

    def die(self):
        """As a process that is killed: no detaching, and what is on its way is lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def let_go(self, guest):
        """The guest's end, which it reaches only when it makes progress."""
        assert self.ask(b"Hg" + FIRST_THREAD) == b"OK"
        assert self.ask(b"M%x,8:0100000000000000" % symbol("released")) == b"OK"
        assert self.ask(b"D;1") == b"OK"
        run = guest.dialogue.end()
        run.assert_passed()
        assert run.exit_line() == (0, "poweroff"), run.report()


def symbol(name):
    return addresses(GUEST)[name]


def is_error(reply):
    return re.fullmatch(rb"E[0-9a-f]{2}", reply) is not None


@pytest.fixture
def halted(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        yield guest


def test_noise_between_packets_is_nothing(halted):
    with Wire(halted.port) as wire:
        noise = bytes(byte for byte in range(256) if byte not in b"$-\x03")
        wire.send(noise * 4)
        assert wire.ask(b"vMustReplyEmpty") == b""
        wire.send(b"\0\0+#00++")
        assert wire.ask(b"qC") == b"QC" + FIRST_THREAD
        wire.send(b"\x03" * 20)  # it stands still already
        assert wire.is_quiet()
        assert wire.ask(b"?").startswith(b"T")
        wire.let_go(halted)


def test_a_bad_checksum_is_asked_for_again(halted):
    with Wire(halted.port) as wire:
        for broken in (b"$qC#00", b"$qC#zz", b"$qC#b", b"$#01"):
            wire.send(broken + (b"$" if broken.endswith(b"b") else b""))
            assert wire.ack() == b"-", broken
            if broken.endswith(b"b"):
                wire.send(framed(b"qC")[1:])
                assert (wire.ack(), wire.packet()) == (b"+", b"QC" + FIRST_THREAD)
                wire.send(b"+")
        assert wire.ask(b"QStartNoAckMode") == b"OK"
        wire.send(b"$qC#00")
        assert is_error(wire.packet())  # nobody would say it again
        assert wire.ask_unacknowledged(b"qC") == b"QC" + FIRST_THREAD
        assert wire.ask_unacknowledged(b"M%x,8:0100000000000000" % symbol("released")) == b"OK"
        assert wire.ask_unacknowledged(b"D;1") == b"OK"
        halted.dialogue.end().assert_passed()


def test_what_was_not_understood_is_said_again(halted):
    with Wire(halted.port) as wire:
        wire.send(framed(b"qC"))
        assert wire.ack() == b"+"
        first = wire.packet()
        for _ in range(5):
            wire.send(b"-")
            assert wire.packet() == first
        wire.send(b"+")
        assert wire.is_quiet()
        wire.let_go(halted)


def test_a_packet_that_is_too_large_is_refused_and_the_next_is_not(halted):
    with Wire(halted.port) as wire:
        for size in (PACKET_BYTES + 1, 10 * PACKET_BYTES):
            assert is_error(wire.ask(b"X%x,4:" % symbol("watched") + b"a" * size)), size
        supported = wire.ask(SUPPORTED)
        announced = int(re.search(rb"PacketSize=([0-9a-f]+)", supported)[1], 16)
        assert wire.ask(b"?").startswith(b"T")
        zeros = wire.ask(b"M%x,8:" % symbol("watched") + b"0" * 16)
        assert zeros == b"OK"
        memory = wire.ask(b"m%x,%x" % (symbol("_start"), announced // 2))
        assert memory and not is_error(memory)
        wire.let_go(halted)


def test_packets_come_in_pieces_and_several_at_once(halted):
    with Wire(halted.port) as wire:
        for byte in framed(b"qC"):
            wire.send(bytes([byte]))
            time.sleep(0.01)
        assert (wire.ack(), wire.packet()) == (b"+", b"QC" + FIRST_THREAD)
        wire.send(b"+" + framed(b"qC") + b"+" + framed(b"qAttached:1"))
        assert (wire.ack(), wire.packet()) == (b"+", b"QC" + FIRST_THREAD)
        assert (wire.ack(), wire.packet()) == (b"+", b"1")
        wire.send(b"+")
        wire.let_go(halted)


@pytest.mark.parametrize("last_words", [b"$m40080", b"$qSuppor", b"$qC#", b"$" + b"a" * 3 * PACKET_BYTES, b"\x03$", b"$vCont;c#a8+$g"])
def test_a_debugger_that_dies_in_the_midst_of_a_packet_can_come_back(halted, last_words):
    with Wire(halted.port) as wire:
        assert wire.ask(b"QStartNoAckMode") == b"OK"
        wire.send(last_words)
        time.sleep(0.1)
        wire.die()
    with Wire(halted.port) as wire:  # which it acknowledges again
        assert wire.ask(b"qAttached:1") == b"1"
        wire.let_go(halted)


def test_a_debugger_that_dies_while_the_guest_runs_can_come_back(halted):
    with Wire(halted.port) as wire:
        wire.send(framed(b"vCont;c"))
        halted.dialogue.expect("waiting\n")
        wire.die()
    with Wire(halted.port) as wire:
        wire.let_go(halted)


def test_the_first_word_of_a_session_is_heard_however_early_it_comes(halted):
    for _ in range(40):
        with Wire(halted.port) as wire:
            wire.die()
    with Wire(halted.port) as wire:
        wire.let_go(halted)


def test_another_debugger_without_a_word_of_farewell(halted):
    """qSupported is how each begins. What the one before has put into memory is gone, its agreements too."""
    with Wire(halted.port) as wire:
        start = symbol("call")
        plain = wire.ask(b"m%x,4" % start)
        assert wire.ask(b"Z0,%x,4" % start) == b"OK"
        assert wire.ask(b"Z1,%x,4" % symbol("touch")) == b"OK"
        assert wire.ask(b"Z2,%x,8" % symbol("watched")) == b"OK"
        assert wire.ask(b"QStartNoAckMode") == b"OK"
        assert b"PacketSize" in wire.ask(SUPPORTED)
        assert wire.ask(b"?").startswith(b"T")
        assert wire.ask(b"m%x,4" % start) == plain
        wire.let_go(halted)  # nothing stops it on the way


@pytest.mark.parametrize("asked", [b"vMustReplyEmpty", b"vNobodyKnowsThis", b"vNobody;Knows;1", b"qNobodyKnowsThis", b"QNobodyKnowsThis:1",
                                   b"bc", b"bs", b"x0,4", b"\x80", b"", b"l", b"B400000,S"])
def test_requests_that_nobody_knows_are_answered_with_nothing(shared, asked):
    assert shared.ask(asked) == b""
    assert shared.ask(b"qC") == b"QC" + FIRST_THREAD


WRONG = [
    b"m%x,10" % NOWHERE, b"m%x,4" % DEVICE, b"mffffffffffffffff,2", b"m0,0", b"m", b"m,", b"m4,", b"m,4", b"mzz,4", b"m4008000,zz",
    b"m10000000000000000,4", b"m0,ffffffffffffffff", b"M%x,4:00000000" % NOWHERE, b"M%x,4:00000000" % DEVICE, b"M%x,4:00zz0000" % NOWHERE,
    b"X%x,4:aaaa" % NOWHERE, b"Xffffffffffffffff,4:aaaa", b"p7fffffff", b"pzz", b"P0", b"P0=", b"P0=zz", b"P0=00", b"P7fffffff=0000000000000000", b"G", b"Gzz",
    b"Hgp1.3", b"Hgp9.1", b"Hgzz", b"Tp1.3", b"Tp2.1", b"T", b"Z0,1,4", b"Z0,%x,4" % NOWHERE, b"Z1,2,4", b"Z2,0,0", b"Z2,ffffffffffffffff,2",
    b"Z2,0", b"Z0", b"vCont;q", b"vCont;s:p1.9", b"vCont;", b"vAttach;9", b"vAttach;zz", b"vKill;9", b"D;9",
    b"qXfer:features:read:nothing.xml:0,100", b"qXfer:features:read:target.xml:zz,1", b"qRcmd,0", b"qRcmd,zz", b"qCRC:0", b"qCRC:%x,4" % NOWHERE,
]


@pytest.mark.parametrize("asked", WRONG)
def test_a_wrong_askedis_an_error(shared, asked):
    """Never OK, never silence, never the word for "unknown"."""
    assert is_error(shared.ask(asked))
    assert shared.ask(b"qC") == b"QC" + FIRST_THREAD


def test_half_a_number_of_memory_changes_nothing(shared):
    at = symbol("watched")
    before = shared.ask(b"m%x,8" % at)
    for wrong in (b"M%x,8:00" % at, b"M%x,8:zzzzzzzzzzzzzzzz" % at, b"M%x,8:12345678123456zz" % at, b"M%x,8:%s" % (at, b"12" * 9), b"X%x,8:a" % at):
        assert is_error(shared.ask(wrong)), wrong
        assert shared.ask(b"m%x,8" % at) == before, wrong


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One guest for many wrong requests: it comes to its end when all of them have been said."""
    with Debugged(tmp_path_factory.mktemp("shared"), "--halt", nodes=[two_vcpus()]) as guest:
        with Wire(guest.port) as wire:
            yield wire
            wire.let_go(guest)
