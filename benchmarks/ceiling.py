"""A trivial server with one fixed answer, to know how fast the client itself is.

``python -m benchmarks.ceiling PORT``
"""

from __future__ import annotations

import select
import socket
import sys

_BODY = b'{"head":{"vars":["s"]},"results":{"bindings":[]}}' + b" " * 400
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


def main() -> None:
    """Answer whatever comes as one request in one segment."""
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    listening.setblocking(False)
    epoll = select.epoll()
    epoll.register(listening.fileno(), select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    while True:
        for descriptor, _ in epoll.poll():
            if descriptor == listening.fileno():
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()] = connection
                epoll.register(connection.fileno(), select.EPOLLIN)
                continue
            connection = connections[descriptor]
            try:
                asked = connection.recv(65536)
            except OSError:
                asked = b""
            if asked:
                connection.send(_ANSWER)
            else:
                epoll.unregister(descriptor)
                del connections[descriptor]
                connection.close()


if __name__ == "__main__":
    main()
