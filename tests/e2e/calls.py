# SPDX-License-Identifier: Apache-2.0
"""Promises about a call at its edges: time-outs, bounds, hostile bytes, clients that leave, stops."""
import http.client
import json
import pathlib
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.parse

from kit import (CI_SLOW, SLUICE, admin_call, call, change_node, cpu_seconds, demo, expect, must,
                 publish, serve)

# Counts to the number in the table `bound`: one row for the test of a draft, for ever afterwards.
COUNT_VIEW = ("CREATE TABLE bound(n BIGINT); INSERT INTO bound VALUES(1); "
              "CREATE VIEW counted AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
              "WHERE i < (SELECT n FROM bound)) SELECT COUNT(*) AS total FROM n")
COUNT_API = {"name": "Counted rows", "path": "/counted", "method": "GET", "table": "counted", "result_shape": "single",
             "response_parameters": [{"name": "total", "column": "total", "type": "long"}]}
FOR_EVER = 10**15


def database(directory):
    return sqlite3.connect(str(pathlib.Path(directory, "users.db")))


def change_database(directory, script):
    with database(directory) as db:
        db.executescript(script)
    db.close()


def set_bound(directory, n):
    change_database(directory, f"UPDATE bound SET n = {n}")


def stopped_demo(directory):
    process, made = demo(directory)
    with process:
        pass
    return made


def connect(gateway):
    parts = urllib.parse.urlsplit(gateway)
    return socket.create_connection((parts.hostname, parts.port), 20 * CI_SLOW)


def read_all(s):
    answer = b""
    while piece := s.recv(65536):
        answer += piece
    return answer.decode("latin-1")


def status_of(answer):
    return answer.split(" ", 2)[1] if answer.startswith("HTTP/1.") else answer


def get_line(made, path="/v1/user/info?user_id=10001", version="1.1"):
    return (f"GET {path} HTTP/{version}\r\nHost: localhost\r\n"
            f"Authorization: Bearer {made['apiKey']}\r\n")


def timeouts(directory):
    made = stopped_demo(directory)
    change_node(directory, limits={"header_timeout_ms": 300, "body_timeout_ms": 300,
                                   "idle_timeout_ms": 300})
    process, gateway, _ = serve(directory)
    with process:
        for name, text, status in [
                ("a head that never ends", get_line(made), "408"),
                ("half a request line", "GET /v1/us", "408"),
                ("a body that never comes", "POST /v1/user/info HTTP/1.1\r\nHost: a\r\n"
                 "Content-Length: 10\r\n\r\nabc", "408"),
                ("a chunked body that never ends", "POST /v1/user/info HTTP/1.1\r\nHost: a\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "408")]:
            with connect(gateway) as s:
                s.sendall(text.encode())
                answer = read_all(s)
                expect(name, (status_of(answer), "Connection: close" in answer), (status, True))
        with connect(gateway) as s:
            expect("a connection that says nothing is closed without a word", read_all(s), "")
        with connect(gateway) as s:
            s.sendall((get_line(made) + "\r\n").encode())
            answer = read_all(s)
            expect("an idle connection is closed after its answer", (
                answer.count("HTTP/1.1"), answer.endswith('"success":true}')), (1, True))


def connection_limit(directory):
    made = stopped_demo(directory)
    change_node(directory, limits={"connections": 4})
    process, gateway, _ = serve(directory)
    with process:
        request = (get_line(made) + "\r\n").encode()
        held = [connect(gateway) for _ in range(4)]
        for s in held:
            s.sendall(request)
            expect("a connection within the limit is served", s.recv(65536).startswith(b"HTTP/1.1 200"), True)
        with connect(gateway) as s:
            answer = read_all(s)
            expect("one too many", (status_of(answer), "Retry-After: 1" in answer), ("503", True))
        held.pop().close()
        deadline = time.monotonic() + 10 * CI_SLOW
        while True:  # the server sees the close in its own time
            with connect(gateway) as s:
                s.sendall(request)
                answer = s.recv(65536)
            if answer.startswith(b"HTTP/1.1 200") or time.monotonic() > deadline:
                break
        expect("a place that became free is used again", answer.startswith(b"HTTP/1.1 200"), True)
        for s in held:
            s.close()


def expectations(directory):
    made = stopped_demo(directory)
    process, gateway, admin = serve(directory)
    with process:
        publish(made, admin, {
            "name": "User by body", "path": "/user/by-body", "method": "POST", "table": "user_info",
            "result_shape": "single",
            "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long",
                                    "position": "body"}],
            "response_parameters": [{"name": "user_name", "column": "user_name"}]},
            {"user_id": "10001"})
        head = ("POST /v1/user/by-body HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/json\r\nExpect: 100-Continue\r\n")
        body = '{"user_id":10001}'
        with connect(gateway) as s:
            s.sendall((head + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode())
            interim = s.recv(65536)
            expect("100 comes before the body", interim, b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(body.encode())
            answer = read_all(s)
            expect("and the answer after it", (status_of(answer), '"user_name":"Alice"' in answer,
                                               "100 Continue" in answer), ("200", True, False))
        with connect(gateway) as s:
            s.sendall((head + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode())
            answer = read_all(s)
            expect("a body that is there already needs no 100", answer.endswith('"success":true}'), True)
        with connect(gateway) as s:
            s.sendall((head + "Content-Length: 99999999\r\n\r\n").encode())
            expect("a body that is too large is not asked for", status_of(read_all(s)), "413")


def graceful_stop(directory):
    made = stopped_demo(directory)
    change_database(directory, COUNT_VIEW)
    process, gateway, admin = serve(directory)
    with process:
        publish(made, admin, {**COUNT_API, "timeout_ms": 30000})
        set_bound(directory, 3_000_000 // CI_SLOW)
        idle = connect(gateway)
        idle.sendall((get_line(made) + "\r\n").encode())
        idle.recv(65536)
        sockets = [connect(gateway) for _ in range(4)]
        before = cpu_seconds(process.process.pid)
        for s in sockets:
            s.sendall((get_line(made, "/v1/counted") + "\r\n").encode())
        deadline = time.monotonic() + 20
        while cpu_seconds(process.process.pid) - before < 0.05 and time.monotonic() < deadline:
            time.sleep(0.01)  # until the queries run
        time.sleep(0.1)
        process.process.send_signal(signal.SIGTERM)
        for i, s in enumerate(sockets):
            answer = read_all(s)
            expect(f"accepted call {i} is answered", (
                status_of(answer), "Connection: close" in answer, '"total":' in answer),
                ("200", True, True))
        expect("an idle connection is closed", read_all(idle), "")
        expect("the exit code", process.process.wait(30), 0)
        try:
            connect(gateway).close()
            refused = False
        except OSError:
            refused = True
        expect("nobody listens any more", refused, True)


def large_result(directory):
    made = stopped_demo(directory)
    rows = 10_000
    with database(directory) as db:
        db.execute("CREATE TABLE large(id BIGINT PRIMARY KEY, filler TEXT)")
        db.executemany("INSERT INTO large VALUES(?, ?)",
                       ((i, f"row {i} " + "x" * 200) for i in range(rows)))
    db.close()
    process, gateway, admin = serve(directory)
    with process:
        publish(made, admin, {
            "name": "Large list", "path": "/large", "method": "GET", "table": "large",
            "max_rows": rows, "timeout_ms": 30000,
            "request_parameters": [{"name": "from", "column": "id", "type": "long", "operator": ">=",
                                    "required": False}],
            "response_parameters": [{"name": "id", "column": "id", "type": "long"},
                                    {"name": "filler", "column": "filler"}]})
        key = {"Authorization": "Bearer " + made["apiKey"]}
        status, headers, text = call(gateway, "/v1/large", headers=key)
        data = json.loads(text)["data"]
        expect("every row arrives", (status, len(data), data[0]["filler"][:6], data[-1]["id"]),
               (200, rows, "row 0 ", rows - 1))
        expect("in chunks", headers.get("transfer-encoding"), "chunked")
        with connect(gateway) as s:
            s.sendall((get_line(made, "/v1/large", "1.0") + "\r\n").encode())
            head, _, body = read_all(s).partition("\r\n\r\n")
        expect("HTTP/1.0 gets the same until the close", (
            body == text, "Transfer-Encoding" in head, "Connection: close" in head), (True, False, True))
        # A client that reads slowly holds up its own call only, and costs no memory.
        with connect(gateway) as slow:
            slow.sendall((get_line(made, "/v1/large") + "\r\n").encode())
            slow.recv(1000)
            expect("others are served beside a slow reader", call(
                gateway, "/v1/user/info?user_id=10001", headers=key)[0], 200)


def row_bound(directory):
    """A table with one row more than the API may answer.

    Proves: R095
    """
    made = stopped_demo(directory)
    with database(directory) as db:
        db.execute("CREATE TABLE many(id BIGINT PRIMARY KEY)")
        db.executemany("INSERT INTO many VALUES(?)", ((i,) for i in range(2001)))
    db.close()
    process, gateway, admin = serve(directory)
    with process:
        for bound, path in ((2000, "/bounded"), (2001, "/whole"), (1, "/one")):
            publish(made, admin, {
                "name": f"At most {bound}", "path": path, "method": "GET", "table": "many", "max_rows": bound,
                "request_parameters": [{"name": "from", "column": "id", "type": "long", "operator": ">=",
                                        "required": False}],
                "response_parameters": [{"name": "id", "column": "id", "type": "long"}]})
            status, _, text = call(gateway, "/v1" + path)
            expect(f"at most {bound} rows", (status, len(json.loads(text)["data"])), (200, bound))


def client_leaves(directory):
    made = stopped_demo(directory)
    change_database(directory, COUNT_VIEW)
    process, gateway, admin = serve(directory)
    with process:
        publish(made, admin, {**COUNT_API, "timeout_ms": 30000})
        set_bound(directory, FOR_EVER)
        pid = process.process.pid
        s = connect(gateway)
        began = cpu_seconds(pid)
        s.sendall((get_line(made, "/v1/counted") + "\r\n").encode())
        deadline = time.monotonic() + 20
        while cpu_seconds(pid) - began < 0.2 and time.monotonic() < deadline:
            time.sleep(0.01)
        expect("the query runs", cpu_seconds(pid) - began >= 0.2, True)
        s.close()
        expect_quiet(pid, "the source's work stops when the client leaves")


def expect_quiet(pid, what):
    """Within 10 s the process uses less than a fifth of a core, the query's time-out being 30 s."""
    deadline = time.monotonic() + 10 * CI_SLOW
    used = 1.0
    while used >= 0.2 and time.monotonic() < deadline:
        before, began = cpu_seconds(pid), time.monotonic()
        time.sleep(0.5)
        used = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    expect(f"{what} ({used:.2f} of a core)", used < 0.2, True)


def slow_published_query(directory):
    """Proves: R094"""
    made = stopped_demo(directory)
    change_database(directory, COUNT_VIEW)
    process, gateway, admin = serve(directory)
    with process:
        publish(made, admin, {**COUNT_API, "timeout_ms": 1000})
        set_bound(directory, FOR_EVER)
        began = time.monotonic()
        status, _, text = call(gateway, "/v1/counted",
                               headers={"Authorization": "Bearer " + made["apiKey"]})
        took = time.monotonic() - began
        expect("the time-out's answer", (status, json.loads(text)["errCode"]), (504, 1108110583))
        expect(f"in its time ({took:.2f} s)", 0.9 < took < 1.6 * CI_SLOW, True)
        expect_quiet(process.process.pid, "the source's work stops")


def port_in_use(directory):
    made = stopped_demo(directory)
    process, gateway, _ = serve(directory)
    with process:
        port = urllib.parse.urlsplit(gateway).port
        node = pathlib.Path(directory, "node.yaml")
        node.write_text(node.read_text().replace('listen: "127.0.0.1:0" }', f'listen: "127.0.0.1:{port}" }}'))
        with socket.socket() as other:  # somebody else's, without SO_REUSEPORT
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = other.getsockname()[1]
            second = pathlib.Path(directory, "second.yaml")
            second.write_text(node.read_text().replace(f"127.0.0.1:{port}", f"127.0.0.1:{taken}"))
            ended = subprocess.run([SLUICE, "serve", "--config", str(second)], capture_output=True,
                                   text=True, timeout=60 * CI_SLOW)
        expect("a port of somebody else's", (ended.returncode, str(taken) in ended.stderr), (1, True))
        print(ended.stderr.strip())
        ended = subprocess.run([SLUICE, "serve", "--config", str(node)], capture_output=True, text=True,
                               timeout=60 * CI_SLOW)
        expect("a port of another node", (ended.returncode, str(port) in ended.stderr), (1, True))
        print(ended.stderr.strip())
        expect("the first node goes on", call(gateway, "/v1/user/info?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})[0], 200)


def hostile_requests(directory):
    process, made = demo(directory)
    post = "POST /v1/user/info HTTP/1.1\r\nHost: localhost\r\n"
    get = get_line(made)
    with process:
        for name, text, status in [
                ("both ways to tell a body's length", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
                ("the same in the other order", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"),
                ("two different lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
                ("two lengths in one line", post + "Content-Length: 3, 4\r\n\r\nabcd", "400"),
                ("a signed length", post + "Content-Length: +3\r\n\r\nabc", "400"),
                ("a negative length", post + "Content-Length: -3\r\n\r\nabc", "400"),
                ("a hexadecimal length", post + "Content-Length: 0x3\r\n\r\nabc", "400"),
                ("a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", "400"),
                ("a space before the colon", post + "Content-Length : 3\r\n\r\nabc", "400"),
                ("a coding that hides chunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"),
                ("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", ("400", "501")),
                ("chunked not last", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", ("400", "501")),
                ("a chunk size that is no number", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "400"),
                ("a chunk size beyond 64 bits", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", ("400", "413")),
                ("a chunk that is longer than it says", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "400"),
                ("chunked in HTTP/1.0", post.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
                ("a line end alone in a value", get + "X-A: b\rc\r\n\r\n", "400"),
                ("NUL in a value", get + "X-A: b\0c\r\n\r\n", "400"),
                ("NUL in a name", get + "X\0A: b\r\n\r\n", "400"),
                ("a folded line", get + "X-A: b\r\n\tc\r\n\r\n", "400"),
                ("a header without a name", get + ": b\r\n\r\n", "400"),
                ("a header without a colon", get + "nonsense\r\n\r\n", "400"),
                ("two hosts", get + "Host: other\r\n\r\n", "400"),
                ("a space in the path", "GET /v1/user info HTTP/1.1\r\nHost: a\r\n\r\n", ("400", "505")),
                ("a control byte in the path", "GET /v1/\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
                ("a method that is none", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400")]:
            with connect(made["gateway"]) as s:
                s.sendall(text.encode("latin-1"))
                got = status_of(read_all(s))
            expect(name, got if got in (status if isinstance(status, tuple) else (status,)) else (got, "of", status), got)
        # What is left after a refused request is never read as another one.
        with connect(made["gateway"]) as s:
            s.sendall((post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get + "\r\n").encode())
            expect("nothing is smuggled behind a refused request", read_all(s).count("HTTP/1.1"), 1)
        expect("the node goes on", call(made["gateway"], "/v1/user/info?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})[0], 200)
