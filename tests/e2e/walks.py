# SPDX-License-Identifier: Apache-2.0
"""Promises about the two walks: the worked example, plugins, publishing, crashes."""
import collections
import http.client
import itertools
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import threading
import time
import urllib.parse

from kit import (CI_SLOW, SLUICE, admin_call, call, demo, expect, find_api, must, serve)


def worked_example(directory):
    """Proves: R001, R002, R003, R036, R052, R074, R076, R085, R101, R105, R136, R145, R150, R151"""
    process, made = demo(directory)
    with process:
        key = {"Authorization": "Bearer " + made["apiKey"]}
        path = "/v1/user/info"
        shell = subprocess.run(made["calls"][0] + " -s -w ' %{http_code}'", shell=True,
                               capture_output=True, text=True)
        expect("the pasted curl line", shell.stdout,
               '{"data":{"user_id":10001,"user_name":"Alice"},"success":true} 200')
        cases = [
            ("Bob", "GET", path + "?user_id=10002", key, 200,
             '{"data":{"user_id":10002,"user_name":"Bob"},"success":true}'),
            ("nobody", "GET", path + "?user_id=99999", key, 200, '{"data":null,"success":true}'),
            ("no key", "GET", path + "?user_id=10001", {}, 401, None),
            ("wrong key", "GET", path + "?user_id=10001", {"Authorization": "Bearer wrong"}, 401, None),
            ("known key without authorisation", "GET", path + "?user_id=10001",
             {"Authorization": "Bearer " + made["unauthorizedApiKey"]}, 403, None),
            ("a parameter of the wrong type", "GET", path + "?user_id=abc", key, 400, None),
            ("an injection", "GET", path + "?user_id=1%20OR%201=1", key, 400, None),
            ("a missing parameter", "GET", path, key, 400, None),
            ("another method", "POST", path + "?user_id=10001", key, 405, None),
            ("another path", "GET", "/v1/nope", key, 404, None),
            ("no base path", "GET", "/user/info?user_id=10001", key, 404, None),
            ("an unknown host", "GET", path + "?user_id=10001",
             {**key, "Host": "unknown.example"}, 404, None),
        ]
        for name, method, target, headers, status, body in cases:
            got_status, got_headers, got_body = call(made["gateway"], target, method, headers)
            expect(name, got_status, status)
            if body is not None:
                expect(name + ", body", got_body, body)
            else:
                expect(name + ", envelope", json.loads(got_body)["success"], False)
            expect(name + ", age never appears", "age" in got_body.replace("message", ""), False)
            expect(name + ", media type", got_headers["content-type"], "application/json")
            expect(name + ", request id", len(got_headers["x-ca-request-id"]), 32)
            if status == 401:
                expect(name + ", challenge", "Bearer" in got_headers["www-authenticate"], True)
            if status == 405:
                expect(name + ", allow", got_headers["allow"], "GET, HEAD")
            if "user_id=abc" in target or status == 400:
                expect(name + ", names the parameter", "user_id" in got_body, True)
        expect("ready", call(made["admin"]["url"], "/readyz")[0], 200)
        listed = subprocess.run([SLUICE, "plugin", "list", "--admin", made["admin"]["url"], "--token",
                                 made["admin"]["token"]], capture_output=True, text=True)
        expect("plugin list", listed.returncode, 0)
        for name in ("auth-apikey", "ds-sqlite", "store-sqlite"):
            expect("plugin list shows " + name, name in listed.stdout, True)


def missing_authenticator(directory):
    process, made = demo(directory)
    with process:
        pass
    node = pathlib.Path(directory, "node.yaml")
    node.write_text(node.read_text().replace("auth-apikey, ", ""))
    process, gateway, admin = serve(directory)
    with process:
        status, _, body = call(gateway, "/v1/user/info?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})
        expect("the API without its authenticator", status, 503)
        expect("no data", json.loads(body)["data"], None)
        status, _, body = call(admin, "/readyz")
        expect("not ready", status, 503)
        expect("readyz names it", "api-key" in body, True)


def foreign_file(directory):
    process, made = demo(directory)
    with process:
        pass
    text = pathlib.Path(directory, "notes.so")
    text.write_text("not a plugin\n")
    node = pathlib.Path(directory, "node.yaml")
    node.write_text(node.read_text().replace("load: [", f'load: ["{text}", '))
    process, gateway, admin = serve(directory)
    with process:
        status, _, body = call(gateway, "/v1/user/info?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})
        expect("the rest is served", status, 200)
        expect("readyz names the file", "notes.so" in call(admin, "/readyz")[2], True)


def publish_under_load(directory):
    """Proves: R137, R157"""
    rounds = 1000 // CI_SLOW
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        api = find_api(made, admin)
        base = f"/admin/v1/apis/{api}"
        for step in ("test", "submit"):
            body = {"parameters": {"user_id": "10001"}} if step == "test" else None
            status, _, text = admin_call(made, admin, "POST", f"{base}/{step}", body)
            if status >= 300:
                raise SystemExit(f"FAILED {step}: {status} {text}")
        stop, counts, bad = threading.Event(), {}, []

        def load():
            parts = urllib.parse.urlsplit(made["gateway"])
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            while not stop.is_set():
                connection.request("GET", "/v1/user/info?user_id=10001",
                                   headers={"Authorization": "Bearer " + made["apiKey"]})
                answer = connection.getresponse()
                text = answer.read()
                counts[answer.status] = counts.get(answer.status, 0) + 1
                if answer.status not in (200, 404) or (
                        answer.status == 200 and b"Alice" not in text):
                    bad.append((answer.status, text))

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        parts = urllib.parse.urlsplit(admin)
        control = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        for i in range(rounds):
            if i % 10 == 9:
                path, body = f"{base}/undeploy", {"instance": "default"}
            else:
                path = f"{base}/versions/{1 + i % 2}/publish"
                body = {"instance": "default", "domain": "", "backend": "Default"}
            control.request("POST", path, json.dumps(body),
                            {"Authorization": "Bearer " + made["admin"]["token"],
                             "Content-Type": "application/json"})
            answer = control.getresponse()
            text = answer.read()
            if answer.status >= 300:
                stop.set()
                raise SystemExit(f"FAILED round {i}: {answer.status} {text}")
        stop.set()
        for thread in threads:
            thread.join()
        expect(f"failed calls in {rounds} publishes and undeploys ({counts})", bad, [])
        expect("there was load", counts.get(200, 0) > rounds, True)


def slow_query(directory):
    """Proves: R094, R113"""
    process, made = demo(directory)
    with process:
        pass
    # A view whose rows never end; only the deadline does.
    db = sqlite3.connect(str(pathlib.Path(directory, "users.db")))
    db.execute("CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
               "SELECT COUNT(*) AS total, i AS seed FROM n")
    db.commit()
    db.close()
    process, gateway, admin = serve(directory)
    with process:
        definition = {"workspace": "demo", "workflow": "User Query Workflow", "name": "Endless count",
                      "path": "/endless", "method": "GET", "data_source": "users", "table": "endless",
                      "request_parameters": [],
                      "response_parameters": [{"name": "total", "column": "total", "type": "long"}],
                      "timeout_ms": 1000}
        status, _, text = admin_call(made, admin, "POST", "/admin/v1/apis", definition)
        if status >= 300:
            raise SystemExit(f"FAILED create: {status} {text}")
        api = json.loads(text)["id"]
        began = time.monotonic()
        status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test", {"parameters": {}})
        took = time.monotonic() - began
        expect("the draft's test ran into its timeout", "1108110583" in text and "504" in text, True)
        expect("within the timeout and a margin", 0.9 < took < 2.5 * CI_SLOW, True)

        def cpu_ticks():
            fields = pathlib.Path(f"/proc/{process.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        before = cpu_ticks()
        quiet_from = time.monotonic()
        while time.monotonic() - quiet_from < 1:
            call(admin, "/healthz")
            time.sleep(0.2)
        used = (cpu_ticks() - before) / os.sysconf("SC_CLK_TCK")
        expect(f"the source's work stopped ({used:.2f} s of CPU in a second)", used < 0.5, True)


def kill_and_restart(directory):
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        api = find_api(made, admin)
        admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test", {"parameters": {"user_id": "10001"}})
        status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/submit")
        if status >= 300:
            raise SystemExit(f"FAILED submit: {status} {text}")
    rng = random.Random(20250101)
    kills = 60 // min(CI_SLOW, 3)
    published = {"instance": "default", "domain": "", "backend": "Default"}

    def changes(i):
        """Requests without end: what is killed in the middle is another one each time."""
        for n in itertools.count():
            yield f"/admin/v1/apis/{api}/versions/{1 + n % 2}/publish", published
            yield f"/admin/v1/apis/{api}/undeploy", {"instance": "default"}
            yield "/admin/v1/apply", {"documents": [
                {"kind": "rest-api", "name": f"pair-{i}-{n}-{half}", "base_path": f"/p{i}/{n}/{half}"}
                for half in ("a", "b")]}
            yield "/admin/v1/consumers/demo/credentials", {"type": "hmac"}
            yield f"/admin/v1/apis/{api}/test", {"parameters": {"user_id": "10001"}}
            yield f"/admin/v1/apis/{api}/submit", None

    done = collections.Counter()
    for i in range(kills):
        process, gateway, admin = serve(directory)
        listed = json.loads(admin_call(made, admin, "GET", "/admin/v1/deployments")[2])["items"]
        if sum(d["api"] == api for d in listed) > 1:
            raise SystemExit(f"FAILED: after kill {i} two versions are deployed: {listed}")
        stop = threading.Event()

        def change():
            for path, body in changes(i):
                if stop.is_set():
                    return
                try:
                    status, _, _ = admin_call(made, admin, "POST", path, body)
                except (OSError, http.client.HTTPException):
                    return
                done[path.rsplit("/", 1)[1], status < 300] += 1

        thread = threading.Thread(target=change)
        thread.start()
        time.sleep(rng.uniform(0.01, 0.1) * CI_SLOW)
        process.process.kill()
        process.process.wait()
        stop.set()
        thread.join()
    process, gateway, admin = serve(directory)
    with process:
        names, page = set(), None
        while page is None or page:
            page = json.loads(admin_call(made, admin, "GET", "/admin/v1/rest-apis?limit=1000&offset="
                                         + str(len(names)))[2])["items"]
            names.update(r["name"] for r in page)
        halves = [n for n in names if n.startswith("pair-") and n[:-1] + "ab".replace(n[-1], "") not in names]
        expect(f"no half of a transaction in {kills} kills ({dict(done)})", halves, [])
        expect("there were transactions", any(n.startswith("pair-") for n in names), True)
        must("publish", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish", published))
        expect("after the kills the API answers", call(
            gateway, "/v1/user/info?user_id=10002",
            headers={"Authorization": "Bearer " + made["apiKey"]})[2],
            '{"data":{"user_id":10002,"user_name":"Bob"},"success":true}')
        deployments = json.loads(admin_call(made, admin, "GET", "/admin/v1/deployments")[2])["items"]
        ours = [d for d in deployments if d["api"] == api]
        expect("exactly one version is deployed", len(ours), 1)


def http_bounds(directory):
    import socket
    process, made = demo(directory)
    parts = urllib.parse.urlsplit(made["gateway"])
    key = "Authorization: Bearer " + made["apiKey"]

    def raw(text, shut=True):
        with socket.create_connection((parts.hostname, parts.port), 20) as s:
            s.sendall(text.encode("latin-1"))
            if shut:
                s.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
            return answer.decode("latin-1")

    get = "GET /v1/user/info?user_id=10001 HTTP/1.1\r\nHost: localhost\r\n" + key + "\r\n"
    post = "POST /v1/user/info HTTP/1.1\r\nHost: localhost\r\n"
    with process:
        cases = [
            ("not HTTP", "hello\r\n\r\n", "400"),
            ("no Host", "GET / HTTP/1.1\r\n\r\n", "400"),
            ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            ("a folded header", get + "X-A: b\r\n c\r\n\r\n", "400"),
            ("two body lengths", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
            ("another coding", post + "Transfer-Encoding: gzip\r\n\r\n", "501"),
            ("a large body", post + "Content-Length: 99999999\r\n\r\n", "413"),
            ("a long line", "GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"),
            ("an expectation", get + "Expect: tea\r\n\r\n", "417"),
            ("many headers", get + "".join(f"X-{i}: 1\r\n" for i in range(150)) + "\r\n", "431"),
            ("a large header", get + "X-A: " + "b" * 70000 + "\r\n\r\n", "431"),
            ("another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ]
        for name, text, status in cases:
            answer = raw(text, shut=False)
            expect(name, answer.split(" ", 2)[1] if " " in answer else answer, status)
            expect(name + ", closes", "Connection: close" in answer, True)
        answer = raw(get + "\r\n" + get.replace("10001", "10002") + "Connection: close\r\n\r\n")
        expect("two pipelined calls in order", (answer.count("HTTP/1.1 200"), answer.index("Alice") < answer.index("Bob")), (2, True))
        answer = raw(get.replace("GET", "HEAD", 1) + "Connection: close\r\n\r\n")
        expect("HEAD has the length and no body", ("Content-Length: 61" in answer, answer.endswith("\r\n\r\n")), (True, True))
        answer = raw(get.replace("1.1", "1.0", 1) + "\r\n")
        expect("HTTP/1.0 is closed", ("200 OK" in answer, "Connection: close" in answer), (True, True))
        answer = raw(post + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        expect("a chunked body is read before the answer", answer.split(" ", 2)[1], "405")
        for cut in range(1, len(get) + 2, 7):
            with socket.create_connection((parts.hostname, parts.port), 20) as s:
                s.sendall((get + "\r\n")[:cut].encode())
                s.sendall((get + "\r\n")[cut:].encode())
                expect(f"a request cut at byte {cut}", s.recv(65536).startswith(b"HTTP/1.1 200"), True)


def hints(directory):
    """Proves: R090"""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        for column, type_, hinted in (("user_name", "string", True), ("user_id", "long", False)):
            definition = {"workspace": "demo", "workflow": "User Query Workflow", "name": f"By {column}",
                          "path": f"/by/{column}", "method": "GET", "data_source": "users",
                          "table": "user_info",
                          "request_parameters": [{"name": column, "column": column, "type": type_}],
                          "response_parameters": [{"name": "user_id", "column": "user_id", "type": "long"}]}
            api = must("create", admin_call(made, admin, "POST", "/admin/v1/apis", definition))["id"]
            sample = "10001" if type_ == "long" else "Alice"
            report = must("test", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test",
                                             {"parameters": {column: sample}}))
            expect(f"a condition on {column} passes", report["passed"], True)
            expect(f"a hint about an index for {column}", ["index" in h for h in report["hints"]],
                   [True] if hinted else [])
