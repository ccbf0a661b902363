"""Each fault of `serve --control`, seen by Python's sockets and by asyncio. Prints `ok NAME` for each, or fails.

Arguments: HOST PORT CONTROL_PORT, of a server with the protocol messages.
"""
import asyncio
import contextlib
import socket
import struct
import sys
import time

HOST, PORT, CONTROL = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
LOGIN = struct.pack("<hq", 8, 2**63 - 1)
PATIENCE = 30.0  # however slow the machine
SILENCE = 0.3


def message(value):
    return struct.pack("<hq", 8, value)


def messages(first, count):
    return b"".join(message(value) for value in range(first, first + count))


class Control:
    def __init__(self):
        self.connection = socket.create_connection((HOST, CONTROL), PATIENCE)
        self.lines = self.connection.makefile("r", newline="\n")

    def ask(self, line):
        self.connection.sendall(line.encode() + b"\n")
        answer = self.lines.readline().strip()
        assert answer.startswith("ok"), answer
        return answer

    @contextlib.contextmanager
    def fault(self, text):
        number = self.ask("add " + text).split()[1]
        yield
        assert int(self.ask("remove " + number).split()[1]) > 0, text + " has not struck"


class Client(contextlib.AbstractContextManager):
    def __init__(self, login=True):
        self.socket = socket.create_connection((HOST, PORT), PATIENCE)
        if login:
            assert self.read(10) == LOGIN

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError(f"{len(data)} of {count} bytes")
            data += more
        return data

    def silent(self):
        self.socket.settimeout(SILENCE)
        try:
            return self.socket.recv(1) is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def ends(self):
        return self.socket.recv(1) == b""

    def is_reset(self):
        try:
            while self.socket.recv(1000):
                pass
            return False
        except ConnectionResetError:
            return True


def latency(control):
    with control.fault("latency=200ms"), Client() as client:
        start = time.monotonic()
        client.send(messages(1, 3))
        assert client.read(30) == messages(1, 3)
        assert time.monotonic() - start >= 0.2


def drop(control):
    with control.fault("drop=2"), Client() as client:
        client.send(messages(1, 4))
        assert client.read(20) == message(1) + message(3)
        assert client.silent()


def slicer(control):
    with control.fault("slicer=1,delay=50ms"), Client(login=False) as client:
        assert len(client.socket.recv(1000)) < 10
        assert client.read(1) != b""


def reset_peer(control):
    with control.fault("reset-peer=15"), Client() as client:
        client.send(messages(1, 5))
        assert client.read(5) == message(1)[:5]
        assert client.is_reset()


def half_close(control):
    with control.fault("half-close=2"), Client() as client:
        client.send(messages(1, 3))
        assert client.read(20) == messages(1, 2)
        assert client.ends()


def never_read(control):
    with control.fault("never-read"), Client() as client:
        client.send(messages(1, 3))
        assert client.silent()


def never_close(control):
    with control.fault("never-close"), Client() as client:
        client.send(b"\x09\x00")  # a wrong length
        assert client.silent()
        client.send(message(1))
        assert client.read(10) == message(1)


def refuse_accepts(control):
    with control.fault("refuse-accepts"):
        try:
            with Client(login=False) as client:
                assert client.is_reset()
        except ConnectionResetError:
            pass


def wrong_login(control):
    with control.fault("wrong-login"), Client(login=False) as client:
        assert client.read(10) != LOGIN


def corrupt(control):
    with control.fault("corrupt=2"), Client() as client:
        client.send(messages(1, 2))
        answer = client.read(20)
        assert answer[:10] == message(1)
        assert sum(a != b for a, b in zip(answer[10:], message(2))) == 1


def bandwidth(control):
    with control.fault("bandwidth=1000"), Client() as client:
        start = time.monotonic()
        client.send(messages(1, 50))
        assert client.read(500) == messages(1, 50)
        assert time.monotonic() - start >= 0.5


def asynchronously(control):
    """Fifty clients at once, each of whose replies is late; every second connection or so is refused."""

    async def client(value):
        try:
            reader, writer = await asyncio.open_connection(HOST, PORT)
        except ConnectionError:  # refused before the client had noticed that it was connected
            return False
        try:
            login = await reader.readexactly(10)
            writer.write(message(value))
            return login == LOGIN and await reader.readexactly(10) == message(value)
        except (ConnectionError, asyncio.IncompleteReadError):
            return False
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def all_of_them():
        return await asyncio.wait_for(asyncio.gather(*(client(value) for value in range(50))), PATIENCE)

    with control.fault("latency=100ms"), control.fault("refuse-accepts,toxicity=0.5"):
        served = sum(asyncio.run(all_of_them()))
        assert 5 <= served <= 45, served


def main():
    control = Control()
    for check in (latency, drop, slicer, reset_peer, half_close, never_read, never_close, refuse_accepts, wrong_login,
                  corrupt, bandwidth, asynchronously):
        check(control)
        print("ok", check.__name__, flush=True)


main()
