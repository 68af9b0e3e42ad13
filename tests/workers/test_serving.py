"""What a caller notices of the socket that we serve on."""

import socket

from workers.serving import listen


def test_no_answer_waits_for_an_acknowledgement() -> None:
    """Head and body of an answer are written apart; with Nagle's algorithm the body comes 40 ms late."""
    with listen("127.0.0.1", 0) as listener:
        listener.setblocking(True)
        with socket.create_connection(listener.getsockname()[:2], timeout=5), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
