"""A server of a target that is asked for one thing, in the process of the test."""

from __future__ import annotations

import json
import os

from benchmarks.records import Json
from benchmarks.target.serving import serve


def ask(request: Json) -> Json:
    """Return the reply of a server that forks and is asked for this alone."""
    read_fd, write_fd = os.pipe()
    os.write(write_fd, json.dumps(request | {"id": 1, "limits": {"timeout_s": 30.0, "memory_bytes": 2**40}}).encode())
    os.write(write_fd, b"\n")
    replies: list[Json] = []

    def send(reply: Json) -> None:
        replies.append(reply)
        os.close(write_fd)

    with os.fdopen(read_fd) as requests:
        serve(requests, send, fork=True)
    (reply,) = replies
    return reply
