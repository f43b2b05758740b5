#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The emulator from outside: every route that a client of the service uses, the faults, the record.
usage: protocol_test.py EMULATOR PROMISE"""
import base64
import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.parse
import xml.etree.ElementTree as ET

from client import Client, Reader, types_of

ARGUMENTS = ["--port", "0", "--project", "demo_proj", "--access-id", "testAccessId", "--secret",
             "testAccessKey/0123456789"]


class Emulator:
    def __init__(self, *more):
        self.process = subprocess.Popen([sys.argv[1], *ARGUMENTS, *more], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("maxcompute-emulator: "):
            raise SystemExit("FAILED: the emulator did not start: " + line)
        self.endpoint = line.split()[1]
        self.url = urllib.parse.urlsplit(self.endpoint)

    def client(self, **changed):
        return Client(**{"endpoint": self.endpoint, "project": "demo_proj", "access_id": "testAccessId",
                         "secret": "testAccessKey/0123456789", **changed})

    def control(self, what, document=None, method=None):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)
        body = None if document is None else json.dumps(document)
        connection.request(method or ("POST" if body else "GET"), "/__emulator/" + what, body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        expect("control " + what, answer.status, 200, quiet=True)
        return json.loads(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("FAILED: the emulator does not end on SIGTERM")


def expect(what, got, wanted, quiet=False):
    if got != wanted:
        raise SystemExit(f"FAILED {what}: got {got!r}, wanted {wanted!r}")
    if not quiet:
        print("ok", what)


def expect_error(what, answer, status, code):
    expect(what, (answer.status, answer.code()), (status, code))
    if "x-odps-request-id" not in answer.headers:
        raise SystemExit(f"FAILED {what}: no request id")


def credentials():
    with Emulator("--demo", "--sts-token", "CAIS-token") as emulator:
        project = "/projects/demo_proj"
        good = emulator.client(token="CAIS-token")
        answer = good.call("GET", project)
        expect("a temporary key with its token", answer.status, 200)
        expect("the project's name", answer.xml().findtext("Name"), "demo_proj")
        expect("last-modified is there", "last-modified" in answer.headers, True)
        expect("version 4", emulator.client(token="CAIS-token", region="cn-hangzhou").call("GET", project).status, 200)
        expect_error("no token", emulator.client().call("GET", project), 401, "InvalidAuthorization")
        expect_error("another token", emulator.client(token="x").call("GET", project), 401, "InvalidAuthorization")
        expect_error("another secret", emulator.client(token="CAIS-token", secret="x").call("GET", project), 401,
                     "SignatureNotMatch")
        expect_error("another key", emulator.client(token="CAIS-token", access_id="x").call("GET", project), 401,
                     "InvalidAuthorization")
        for offset in (-1000, 1000):
            late = emulator.client(token="CAIS-token")
            late.clock_offset_s = offset
            expect_error(f"a clock {offset} s off", late.call("GET", project), 400, "RequestTimeTooSkewd")
        emulator.control("faults", {"kind": "clock_skew", "on": "project.get"})
        expect_error("the server's clock is off", good.call("GET", project), 400, "RequestTimeTooSkewd")
        expect("once", good.call("GET", project).status, 200)
        tunnel = emulator.client(token="CAIS-token", secret="x").call("GET", project, tunnel=True)
        expect("the tunnel's errors are JSON", tunnel.json()["Code"], "SignatureNotMatch")
        headers = emulator.control("requests?operation=project.get")["requests"][0]["headers"]
        text = json.dumps(headers)
        expect("no secret in the record", ("CAIS" in text, "***" in text), (False, True))


def catalogue():
    with Emulator("--demo") as emulator:
        client = emulator.client()
        emulator.control("settings", {"pageItems": 3})
        names, marker, pages = [], None, 0
        while pages == 0 or marker:
            answer = client.call("GET", "/projects/demo_proj/tables",
                                 {"expectmarker": "true", **({"marker": marker} if marker else {})}).xml()
            names += [table.findtext("Name") for table in answer.findall("Table")]
            marker, pages = answer.findtext("Marker"), pages + 1
        expect("every table once, sorted", names, sorted(set(names)))
        expect("pages", pages, -(-len(names) // 3))
        named = client.call("GET", "/projects/demo_proj/tables", {"expectmarker": "true", "name": "ev"}).xml()
        expect("by prefix", [t.findtext("Name") for t in named.findall("Table")], ["events"])
        table = client.call("GET", "/projects/demo_proj/tables/events").xml()
        schema = json.loads(table.findtext("Schema"))
        expect("columns", [(c["name"], c["type"], c["isNullable"]) for c in schema["columns"]],
               [("k", "string", True), ("v", "bigint", True)])
        expect("partition keys", [c["name"] for c in schema["partitionKeys"]], ["pt"])
        view = client.call("GET", "/projects/demo_proj/tables/adults").xml()
        expect("a view", (view.findtext("Type"), json.loads(view.findtext("Schema"))["isVirtualView"]),
               ("VIRTUAL_VIEW", True))
        partitions = client.call("GET", "/projects/demo_proj/tables/visits", {"partitions": "", "expectmarker": "true"})
        expect("partitions", [[(c.get("Name"), c.get("Value")) for c in p.findall("Column")]
                              for p in partitions.xml().findall("Partition")],
               [[("day", "20261123"), ("hour", "6")], [("day", "20261123"), ("hour", "7")],
                [("day", "20261124"), ("hour", "6")]])
        preview = client.call("GET", "/projects/demo_proj/tables/user_info", {"data": "", "linenum": "1"})
        expect("a preview", preview.body.decode(), '"user_id","user_name","age"\n10001,"Alice",25\n')
        expect_error("no such table", client.call("GET", "/projects/demo_proj/tables/nope"), 404, "NoSuchObject")
        expect_error("no such project", client.call("GET", "/projects/nope"), 404, "NoSuchObject")
        expect_error("no such resource", client.call("GET", "/nope"), 404, "NoSuchObject")
        expect_error("a method that is not there", client.call("DELETE", "/projects/demo_proj"), 405,
                     "MethodNotAllowed")
        expect_error("no schemas", client.call("GET", "/projects/demo_proj/schemas", {"expectmarker": "true"}),
                     405, "MethodNotAllowed")
    with Emulator("--demo", "--schemas") as emulator:
        client = emulator.client()
        client.run("create schema s1;")
        three = {"odps.namespace.schema": "true", "odps.sql.allow.namespace.schema": "true"}
        client.run("create table s1.t (a bigint);", three)
        instance, status = client.run("select count(*) from `demo_proj`.`s1`.`t`;", three)
        expect("three levels", (status, client.result(instance)[1]), ("Success", '"_c0"\n0\n'))
        for path, more in (("/projects/demo_proj/schemas/s1/tables/t", {}),
                           ("/projects/demo_proj/tables/t", {"curr_schema": "s1"})):
            expect(path, client.call("GET", path, more).xml().findtext("Name"), "t")
        schemas = client.call("GET", "/projects/demo_proj/schemas", {"expectmarker": "true"}).xml()
        expect("schemas", [s.findtext("Name") for s in schemas.findall("Schema")], ["default", "s1"])


def jobs():
    with Emulator("--demo") as emulator:
        client = emulator.client()
        answer = client.submit("select user_id, user_name from user_info order by user_id limit 5;")
        expect("accepted", (answer.status, answer.body), (201, b""))
        instance = answer.headers["location"].rsplit("/", 1)[1]
        path = client.instance_path(instance)
        expect("it runs at first", client.call("GET", path).xml().findtext("Status"), "Running")
        while client.call("GET", path, {"instancestatus": ""}).xml().findtext("Status") != "Terminated":
            pass
        task = client.call("GET", path, {"taskstatus": ""}).xml().find("Tasks/Task")
        expect("the task", (task.get("Type"), task.findtext("Name"), task.findtext("Status")),
               ("SQL", "AnonymousSQLTask", "Success"))
        expect("the result", client.result(instance), ("csv", '"user_id","user_name"\n10001,"Alice"\n10002,"Bob"\n'))
        element = client.call("GET", path, {"result": ""}).xml().find("Tasks/Task/ResultDescriptor")
        descriptor = json.loads(element.text)
        expect("the descriptor", (descriptor["SelectResultStatus"], descriptor["Schema"]["Columns"][0]),
               ("FULL", {"Name": "user_id", "Type": "bigint"}))
        source = client.call("GET", path, {"source": ""}).xml()
        expect("the source", source.findtext("Tasks/SQL/Query"),
               "select user_id, user_name from user_info order by user_id limit 5;")
        instance, status = client.run("select id from million_rows limit 20000;")
        expect("10,000 rows come as CSV", client.result(instance)[1].count("\n"), 10001)
        instance, status = client.run("select * from nope;")
        expect("a failed job", (status, client.result(instance)),
               ("Failed", ("text", "ODPS-0130131:[1,15] Table not found - table demo_proj.nope cannot be resolved")))
        expect_error("a parse error", client.submit("selec 1;"), 400, "ParseError")
        emulator.control("settings", {"parseErrorsInJob": True})
        expect("a parse error in the job", client.run("selec 1;")[1], "Failed")
        answer = client.submit("desc user_info;")
        expect("DDL and the like are over at once", (answer.status, answer.xml().findtext("Tasks/Task/Status")),
               (200, "Success"))
        record = emulator.control("requests?operation=instance.create")["requests"][-1]
        expect("the record has the answer that was waited for", record["status"], 200)
        expect("tryWait", client.submit("select 1;", parameters={"tryWait": "true"}).status, 200)
        expect_error("no XML", client.call("POST", "/projects/demo_proj/instances", {}, "<Instance>",
                                           {"Content-Type": "application/xml"}), 400, "InvalidXml")
        expect_error("no instance", client.call("GET", client.instance_path("20260101g0")), 404, "NoSuchObject")
        # One that runs until it is stopped.
        answer = client.submit("select count(*) from billion_rows;")
        path = client.instance_path(answer.headers["location"].rsplit("/", 1)[1])
        stop = "<Instance><Status>Terminated</Status></Instance>"
        xml = {"Content-Type": "application/xml"}
        expect("stopped", client.call("PUT", path, {}, stop, xml).status, 200)
        expect("at once", client.call("GET", path).xml().findtext("Status"), "Terminated")
        expect("cancelled", client.call("GET", path, {"taskstatus": ""}).xml().findtext("Tasks/Task/Status"),
               "Cancelled")
        expect_error("stopped twice", client.call("PUT", path, {}, stop, xml), 409, "InvalidStateSetting")
        deadline = time.monotonic() + 20
        while emulator.control("state")["running"] and time.monotonic() < deadline:
            time.sleep(0.05)
        expect("nothing runs on", emulator.control("state")["running"], 0)


def tunnel():
    with Emulator("--demo") as emulator:
        client = emulator.client()
        host = client.call("GET", "/projects/demo_proj/tunnel", {"service": ""}).body.decode()
        expect("discovery", host, emulator.url.netloc)
        instance, _ = client.run("select * from all_types;")
        path = client.instance_path(instance)
        session = client.open_download(path).json()
        expect("the session", (session["RecordCount"], session["Status"]), (3, "normal"))
        types = types_of(session)
        for encoding in (None, "deflate"):
            rows = Reader(client.read(path, session, 0, 3, encoding=encoding), types).rows()
            expect(f"a value of every type, {encoding}", rows[0], [
                1, 2, 3, 4, 0.25, 1.5, "12345678901234567890.123456789012345678", True, "h\u00e9llo", "varchar",
                "char", b"\0bin", 20780, 1795413600000, (1795413600, 123456789), (1795413600, 123456789),
                '{"k":[1,null,true]}', [1, None, 3], {"k": 7}, {"a": 5, "b": "x"}])
            expect("NULLs", rows[1], [None] * len(types))
        part = Reader(client.read(path, session, 1, 2, {"columns": "c_bigint,c_string"}), ["bigint", "string"])
        expect("a range, some columns", part.rows(), [[None, None], [-9223372036854775807, ""]])
        expect("nothing", Reader(client.read(path, session, 3, 5), types).rows(), [])
        answer = client.call("GET", path, {"data": "", "downloadid": session["DownloadID"], "rowrange": "(4,1)"},
                             tunnel=True)
        expect_error("a range beyond the end", answer, 400, "InvalidRowRange")
        answer = client.call("GET", path, {"data": "", "downloadid": "none", "rowrange": "(0,1)"}, tunnel=True)
        expect_error("no such session", answer, 404, "NoSuchDownload")
        instance, _ = client.run("select id from million_rows limit 30000;")
        limited = client.open_download(client.instance_path(instance), {"instance_tunnel_limit_enabled": ""})
        expect("the limited tunnel", limited.json()["RecordCount"], 10000)
        instance, _ = client.run("show tables;")
        expect_error("no SELECT", client.open_download(client.instance_path(instance)), 400,
                     "InstanceTypeNotSupported")
        failed, _ = client.run("select * from nope;")
        expect_error("a failed job", client.open_download(client.instance_path(failed)), 400, "TaskFailed")
        running = client.submit("select count(*) from billion_rows;").headers["location"].rsplit("/", 1)[1]
        expect_error("a running job", client.open_download(client.instance_path(running)), 400,
                     "InstanceNotTerminate")
        # Tables.
        table = "/projects/demo_proj/tables/events"
        session = client.open_download(table, {"partition": "pt=20261123", "asyncmode": "true"}).json()
        rows = Reader(client.read(table, session, 0, 3, {"partition": "pt=20261123"}), types_of(session)).rows()
        expect("a partition", rows, [["a", 10], ["c", 30], ["d", None]])
        expect_error("no partition", client.open_download(table), 400, "MissingPartitionSpec")
        expect_error("no such partition", client.open_download(table, {"partition": "pt=1"}), 404, "NoSuchPartition")
        expect_error("no such table", client.open_download("/projects/demo_proj/tables/nope"), 404, "NoSuchTable")
        expect_error("a view", client.open_download("/projects/demo_proj/tables/adults"), 400, "InvalidArgument")
        # Broken streams: a reader must find each.
        instance, _ = client.run("select * from user_info;")
        path = client.instance_path(instance)
        session = client.open_download(path).json()
        for what in ("record", "stream", "count", "bytes"):
            emulator.control("faults", {"kind": "corrupt", "on": "tunnel.data", "what": what})
            try:
                Reader(client.read(path, session, 0, 2), types_of(session)).rows()
                raise SystemExit(f"FAILED: a wrong {what} was not found")
            except ValueError:
                print("ok a wrong", what)
        emulator.control("faults", {"kind": "truncate", "on": "tunnel.data", "bytes": 12})
        try:
            client.read(path, session, 0, 2)
            raise SystemExit("FAILED: a cut stream looks whole")
        except http.client.IncompleteRead:
            print("ok a cut stream")


def acceleration():
    with Emulator("--demo", "--quota", "fast") as emulator:
        client = emulator.client()
        xml = {"Content-Type": "application/xml"}
        # MCQA.
        answer = client.submit(None, {"odps.sql.session.share.id": "public.default",
                                      "odps.sql.submit.mode": "script"}, task="SQLRT")
        session = client.instance_path(answer.headers["location"].rsplit("/", 1)[1])
        task = {"taskname": "AnonymousSQLRTTask"}

        def info(key):
            return client.call("GET", session, {"info": "", "key": key, **task}).json()

        def put(key, value):
            root = ET.Element("Instance")
            ET.SubElement(root, "Key").text = key
            ET.SubElement(root, "Value").text = value
            answer = client.call("PUT", session, {"info": "", **task}, ET.tostring(root), xml)
            expect("a location", "location" in answer.headers, True, quiet=True)
            return answer.json()

        def query(text):
            return json.loads(put("query", json.dumps({"query": text, "settings": {}}))["result"])

        expect("starting", info("status")["status"], 1)
        expect("ready", info("status"), {"status": 2, "result": "Session name: public.default", "warnings": ""})
        expect("a query", query("select user_name from user_info order by user_name limit 9;"),
               {"queryId": 1, "status": "ok"})
        data = client.call("GET", session, {"cached": "", "data": "", "queryid": "1", **task}, tunnel=True)
        expect("its rows", Reader(data.body, ["string"]).rows(), [["Alice"], ["Bob"]])
        expect("its columns", json.loads(data.headers["odps-tunnel-schema"])["columns"][0]["type"], "string")
        expect("their number", data.headers["odps-tunnel-record-count"], "2")
        expect("running at first", info("result_1")["status"], 2)
        expect("then its text", info("result_1"),
               {"status": 5, "result": '"user_name"\n"Alice"\n"Bob"\n', "warnings": "", "subQueryId": 1})
        expect("no SELECT", query("drop table user_info;")["result"], "ODPS-1850001 Non select query not supported.")
        query("select * from nope;")
        failed = client.call("GET", session, {"cached": "", "data": "", "queryid": "2", **task}, tunnel=True)
        expect_error("a failed query", failed, 400, "TaskFailed")
        query("select count(*) from billion_rows;")
        expect("cancelled", put("cancel", "3")["status"], "ok")
        info("result_3")
        expect("it is", info("result_3")["status"], 6)
        emulator.control("faults", {"kind": "lost_session", "on": "query.submit", "message": "ODPS-1830001:No resources"})
        expect("no resources", query("select 1;"),
               {"queryId": -1, "status": "failed", "result": "ODPS-1830001:No resources"})
        emulator.control("faults", {"kind": "lost_session", "on": "query.submit"})
        expect("lost", query("select 1;")["result"][:8], "ODPS-181")
        expect("lost for good", info("status")["status"], 6)
        # MaxQA.
        connection = client.call("GET", "/connection/mcqa", {"project": "demo_proj", "quota": "fast"}).json()["connInfo"]
        quota = client.call("GET", "/quotas/fast", {"project": "demo_proj", "version": "wlm"})
        expect("by its quota", quota.headers["x-odps-mcqa-conn"], connection)
        expect_error("no such quota", client.call("GET", "/connection/mcqa", {"project": "demo_proj", "quota": "x"}),
                     404, "NoSuchObject")
        expect_error("no connection", client.submit("select 1;", prefix="/mcqa"), 400, "InvalidParameter")
        answer = client.submit("select age from user_info where user_id = 10002;", prefix="/mcqa",
                               headers={"x-odps-mcqa-conn": connection})
        instance = answer.headers["location"].rsplit("/", 1)[1]
        expect("its id", instance.endswith("_mcqa"), True)
        headers = {"x-odps-mcqa-conn": connection}
        path = "/mcqa" + client.instance_path(instance)
        expect_error("no cookie", client.call("GET", path, headers=headers), 400, "InvalidParameter")
        headers["x-odps-mcqa-query-cookie"] = answer.headers["x-odps-mcqa-query-cookie"]
        status = "Running"
        while status != "Terminated":
            answer = client.call("GET", path, headers=headers)
            headers["x-odps-mcqa-query-cookie"] = answer.headers["x-odps-mcqa-query-cookie"]
            status = answer.xml().findtext("Status")
        result = answer.xml().find("Tasks/Task/Result")
        expect("all in the plain document", base64.b64decode(result.text).decode(), '"age"\n30\n')
        download = client.open_download(client.instance_path(instance)).json()
        rows = Reader(client.read(client.instance_path(instance), download, 0, 1), types_of(download)).rows()
        expect("the tunnel on the plain path", rows, [[30]])


def faults():
    with Emulator("--demo") as emulator:
        client = emulator.client()
        project = "/projects/demo_proj"
        emulator.control("faults", [{"kind": "status", "on": "project.*", "status": 503, "times": 2},
                                    {"kind": "throttle", "on": "instance.create", "retryAfter": 7}])
        for _ in range(2):
            expect_error("a status", client.call("GET", project), 503, "InternalServerError")
        expect("used up", client.call("GET", project).status, 200)
        throttled = client.submit("select 1;")
        expect("throttled", (throttled.status, throttled.headers["retry-after"]), (429, "7"))
        emulator.control("faults", {"kind": "job_failure"})
        client.call("GET", project)  # submits nothing: the fault waits
        instance, status = client.run("select 1;")
        expect("a job that fails", (status, client.result(instance)[1][:12]), ("Failed", "ODPS-0010000"))
        emulator.control("faults", {"kind": "job_slow", "on": "instance.create", "delayMs": 300})
        start = time.monotonic()
        client.run("select 1;")
        expect("a slow job", time.monotonic() - start >= 0.3, True)
        emulator.control("faults", {"kind": "slow", "on": "project.get", "delayMs": 200, "after": 1})
        start = time.monotonic()
        client.call("GET", project)
        expect("the first goes by", time.monotonic() - start < 0.2, True)
        client.call("GET", project)
        expect("the second is slow", time.monotonic() - start >= 0.2, True)
        emulator.control("faults", {"kind": "drop", "on": "project.get"})
        try:
            client.call("GET", project)
            raise SystemExit("FAILED: a dropped request was answered")
        except (http.client.RemoteDisconnected, ConnectionResetError):
            print("ok no answer")
        emulator.control("faults", {"kind": "expired_token", "on": "table.list"})
        expect_error("an expired token", client.call("GET", project + "/tables", {"expectmarker": "true"}), 401,
                     "InvalidAuthorization")
        expect("nothing is left", emulator.control("faults"), {"faults": []})
        record = emulator.control("requests?operation=instance.create")["requests"]
        expect("the record", [(r["status"], r["faults"]) for r in record],
               [(429, ["throttle"]), (201, ["job_failure"]), (201, ["job_slow"])])
        expect("it has the body and the signed string",
               ("select 1;" in record[0]["body"], record[0]["signed"].startswith("POST\n")), (True, True))


PROMISES = {f.__name__: f for f in (credentials, catalogue, jobs, tunnel, acceleration, faults)}

if __name__ == "__main__":
    PROMISES[sys.argv[2]]()
