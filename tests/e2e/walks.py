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



def demo_spares_what_is_not_its_own(directory):
    """A demo starts afresh in its own folder, and touches no other one and no running one."""
    def start(where):
        done = subprocess.run([SLUICE, "demo", "--once", "--dir", str(where), "--port", "0", "--admin-port", "0"],
                              capture_output=True, text=True)
        return done.returncode, done.stderr

    for name in ("sluice.db", "node.yaml", "users.db", "secret.key"):
        mine = pathlib.Path(directory, "mine-" + name)
        mine.mkdir()
        pathlib.Path(mine, name).write_text("mine")
        code, told = start(mine)
        expect(f"a folder with a {name} of one's own", (code, f"has a {name} that no demo wrote" in told), (1, True))
        expect("is as it was", [(f.name, f.read_text()) for f in mine.iterdir()], [(name, "mine")])
    process, made = demo(directory)
    with process:
        must("workspace", admin_call(made, made["admin"]["url"], "POST", "/admin/v1/workspaces", {"name": "kept"}))
        code, told = start(directory)
        expect("a running demo", (code, "is in use by a node that runs" in told), (1, True))
        must("still there", admin_call(made, made["admin"]["url"], "GET", "/admin/v1/workspaces/kept"))
    process, _, admin = serve(directory)
    with process:
        must("after a restart too", admin_call(made, admin, "GET", "/admin/v1/workspaces/kept"))
    expect("ended, it may start afresh", start(directory)[0], 0)


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
                      "request_parameters": [], "result_shape": "single",
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


def killed_in_the_middle(directory):
    """kill -9 at random moments of apply, submit and publish: what is found is the whole state from before or
    the whole state from after, the latter whenever the change was answered. SLUICE_KILLS says how often.

    Proves: R137
    """
    kills = int(os.environ.get("SLUICE_KILLS", 24 // min(CI_SLOW, 4)))
    rng = random.Random(int(os.environ.get("SLUICE_SEED", 20250101)))
    process, made = demo(directory)
    with process:
        api = find_api(made, made["admin"]["url"])
    process, gateway, admin = serve(directory)
    name = "demo/Query User by User ID"

    def read_state():
        """The whole export, keyed; times are told apart from everything else, for nobody can foresee them."""
        documents = must("export", admin_call(made, admin, "POST", "/admin/v1/export/secrets", {}))["documents"]
        for document in documents:
            for member in ("submitted_at", "deployed_at"):
                document.pop(member, None)
        listed = json.loads(admin_call(made, admin, "GET", f"/admin/v1/apis/{api}")[2])
        versions = [d["version"] for d in documents if d["kind"] == "version" and d["api"] == name]
        expect_quietly("the API's last version and its versions", listed["last_version"], max(versions))
        return {(d["kind"], d.get("workspace"), d["name"]): d for d in documents}

    def expect_quietly(what, got, wanted):
        if got != wanted:
            raise SystemExit(f"FAILED {what}: got {got!r}, wanted {wanted!r}")

    def apply_many(state, n):
        documents = [{"kind": "rest-api", "name": f"killed-{half}", "base_path": f"/killed/{n}/{half}",
                      "region": "local"} for half in "abcdefgh"]
        documents.append({"kind": "consumer", "name": f"killed-{n}", "description": f"of {n}", "enabled": True})
        documents.append({"kind": "authorization", "name": f"killed-{n} -> {name}", "consumer": f"killed-{n}",
                          "api": name})
        after = {**state, **{(d["kind"], None, d["name"]): d for d in documents}}
        return "/admin/v1/apply", {"documents": documents}, after

    def submit(state, _):
        draft = state["api", "demo", "Query User by User ID"]
        number = 1 + max(d["version"] for d in state.values() if d["kind"] == "version" and d["api"] == name)
        place = ("kind", "workspace", "workflow", "folder", "tags", "visibility")  # of the draft, not frozen
        frozen = {k: v for k, v in draft.items() if k not in place}
        version = {"kind": "version", "name": f"{name}/V{number}", "api": name, "version": number,
                   "status": "Can Be Published", "submitted_by": admin_name, "definition": frozen,
                   "tested_table": state["version", None, f"{name}/V{number - 1}"]["tested_table"]}
        return f"/admin/v1/apis/{api}/submit", None, {**state, ("version", None, version["name"]): version}

    def publish_one(state, n):
        """A version, the domain of its REST API and an authorisation: three documents at once."""
        numbers = [d["version"] for d in state.values() if d["kind"] == "version" and d["api"] == name]
        live = state["deployment", None, f"{name}@default"]
        number = rng.choice([v for v in numbers if v != live["version"]] or numbers)
        rest_api = {**state["rest-api", None, "dataservice-user-api"], "domain": f"n{n}.example.com"}
        deployment = {**live, "version": number, "deployed_by": admin_name}
        grant = {"kind": "authorization", "name": f"demo -> {name}", "consumer": "demo", "api": name}
        after = {**state, ("rest-api", None, "dataservice-user-api"): rest_api,
                 ("deployment", None, f"{name}@default"): deployment, ("authorization", None, grant["name"]): grant}
        return (f"/admin/v1/apis/{api}/versions/{number}/publish",
                {"instance": "default", "domain": rest_api["domain"], "backend": "Default", "moves": everybody}, after)

    tested = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test", {"parameters": {"user_id": "10001"}})
    expect("the draft passes", must("test", tested)["passed"], True)
    admin_name = must("submit", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/submit"))["submitted_by"]
    everybody = [a["id"] for a in json.loads(admin_call(made, admin, "GET", "/admin/v1/apis")[2])["items"]]
    state, took, seen = read_state(), {}, collections.Counter()
    parts = urllib.parse.urlsplit
    for n in range(kills):
        act = (apply_many, submit, publish_one)[n % 3]
        grant = ("authorization", None, f"demo -> {name}")
        if act is publish_one:
            must("domain", admin_call(made, admin, "POST", "/admin/v1/domains", {"name": f"n{n}.example.com"}))
            if n % 2 and grant in state:  # so that publishing has to give it again
                must("revoke", admin_call(made, admin, "POST", "/admin/v1/authorizations/revoke",
                                          {"consumer": "demo", "api": name}))
            state = read_state()
        path, body, after = act(state, n)
        text = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection(parts(admin).hostname, parts(admin).port, timeout=30)
        began = time.monotonic()
        connection.request("POST", path, text, {"Authorization": "Bearer " + made["admin"]["token"],
                                                "Content-Type": "application/json"})
        # The first of each kind is let through, to know how long the moment is.
        if act in took:
            time.sleep(1.2 * rng.random() ** 2 * took[act])
            process.process.kill()
        answered = None
        try:
            answered = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            pass
        took.setdefault(act, time.monotonic() - began)
        process.process.kill()
        process.process.wait()
        process, gateway, admin = serve(directory)
        found = read_state()
        outcome = "new" if found == after else "old" if found == state else "between"
        if outcome == "between":
            strange = {k: (state.get(k), found.get(k), after.get(k)) for k in {*state, *found, *after}
                       if found.get(k) not in (after.get(k),) or found.get(k) != state.get(k)}
            raise SystemExit(f"FAILED {act.__name__} {n}: neither the old nor the new state: {strange}")
        if answered is not None:
            expect_quietly(f"{act.__name__} {n} was answered", (answered < 300, outcome), (True, "new"))
        seen[act.__name__, outcome, "answered" if answered else "unanswered"] += 1
        state = found
        status = call(gateway, "/v1/user/info?user_id=10001",
                      headers={"Authorization": "Bearer " + made["apiKey"]})[0]
        expect_quietly("the API answers by what is stored", status, 200 if grant in state else 403)
        audit = must("verify", admin_call(made, admin, "POST", "/admin/v1/audit/verify"))
        expect_quietly("the audit log is whole", audit["problems"], [])
    with process:
        pass
    expect(f"old or new after each of {kills} kills", sum(seen.values()), kills)
    for key, times in sorted(seen.items()):
        print("  ", *key, times)


def many_apis(directory):
    """200 APIs with five versions each: an apply of everything and one that finds nothing to do, lists, an
    export, a publish (which builds the snapshot) and a start each take less than a second of a release build.
    """
    apis, versions = 200, 5
    process, made = demo(directory)
    with process:
        pass
    process, gateway, admin = serve(directory)
    took = {}

    def measure(what, act):
        began = time.monotonic()
        answer = act()
        took[what] = time.monotonic() - began
        print(f"{what}: {took[what] * 1000:.0f} ms", flush=True)
        return answer

    def ask(method, path, body=None):
        return must(path, admin_call(made, admin, method, path, body))

    documents = []
    for n in range(apis):
        definition = {
            "name": f"Query_User_{n}", "description": "who is it, by number", "path": f"/many/{n}",
            "data_source": "users", "table": "user_info", "result_shape": "single", "resource_group": "default",
            "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long", "sample": "10001"}],
            "response_parameters": [{"name": "user_id", "column": "user_id", "type": "long"},
                                    {"name": "user_name", "column": "user_name"},
                                    {"name": "age", "column": "age", "type": "long"}],
            "authentication": {"type": "api-key"}}
        reference = f"demo/Query_User_{n}"
        documents.append({"kind": "api", "workspace": "demo", "workflow": "User Query Workflow", **definition})
        for number in range(1, versions + 1):
            documents.append({"kind": "version", "name": f"{reference}/V{number}", "api": reference,
                              "version": number, "status": "Can Be Published", "submitted_by": "walk",
                              "submitted_at": "2025-01-01T00:00:00Z",
                              "definition": {**definition, "max_rows": number}})
        documents.append({"kind": "deployment", "name": f"{reference}@default", "api": reference,
                          "instance": "default", "version": versions})
        documents.append({"kind": "authorization", "name": reference, "consumer": "demo", "api": reference})
    with process:
        measure("apply of everything", lambda: ask("POST", "/admin/v1/apply", {"documents": documents}))
        listed = measure("list of APIs", lambda: ask("GET", "/admin/v1/apis"))
        expect("APIs", listed["total"], apis + 3)
        expect("versions", measure("list of versions", lambda: ask("GET", "/admin/v1/versions"))["total"],
               apis * versions + 3)
        measure("list of deployments", lambda: ask("GET", "/admin/v1/deployments"))
        exported = measure("export", lambda: ask("GET", "/admin/v1/export?kinds=api,version,deployment"))
        body = {"documents": exported["documents"]}
        applied = measure("apply that finds nothing to do", lambda: ask("POST", "/admin/v1/apply", body))
        expect("unchanged", {d["result"] for d in applied["documents"]}, {"unchanged"})
        some = next(a["id"] for a in listed["items"] if a["name"] == f"Query_User_{apis // 2}")
        measure("publish, which builds the snapshot", lambda: ask(
            "POST", f"/admin/v1/apis/{some}/versions/1/publish",
            {"instance": "default", "domain": "", "backend": "Default"}))
        definition = ask("GET", f"/admin/v1/apis/{some}")
        measure("save of a draft", lambda: ask("PUT", f"/admin/v1/apis/{some}", {**definition, "max_rows": 7}))
        expect("the last of them answers", call(gateway, f"/v1/many/{apis - 1}?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})[2],
            '{"data":{"user_id":10001,"user_name":"Alice","age":25},"success":true}')
    process, gateway, admin = measure("start", lambda: serve(directory))
    with process:
        expect("after the restart", call(gateway, "/v1/many/0?user_id=10002", headers={
            "Authorization": "Bearer " + made["apiKey"]})[0], 200)
    bound = 1.0 if "/release/" in SLUICE else 6.0 * CI_SLOW  # nobody optimised the others
    expect(f"each within {bound:.0f} s", {what: s for what, s in took.items() if s > bound}, {})


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
