# SPDX-License-Identifier: Apache-2.0
"""Promises about MaxCompute: the worked example over the service's own protocol, against the emulator."""
import json
import pathlib
import re
import signal
import subprocess
import time

from kit import CI_SLOW, SLUICE, admin_call, call, demo, expect, find_api, must, serve

EMULATOR = str(pathlib.Path(SLUICE).with_name("maxcompute-emulator"))
SECRET = "emulatorSecret0123456789"


class Emulator:
    """One emulator process with the demo's tables; ends with the test."""

    def __init__(self):
        self.process = subprocess.Popen(
            [EMULATOR, "--port", "0", "--project", "demo_proj", "--access-id", "AK", "--secret", SECRET,
             "--quota", "fast_q", "--demo"], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://[^/]*", self.process.stdout.readline())[0]

    def control(self, method, path, body=None):
        status, _, text = call(self.url, "/__emulator/" + path, method,
                               body=None if body is None else json.dumps(body))
        expect(f"the emulator takes {method} {path}", status, 200)
        return json.loads(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def add_source(made, admin, emulator, name="lake", **more):
    settings = {"endpoint": emulator.url + "/api", "project": "demo_proj", "access_id": "AK",
                "access_key": SECRET, "quota": "fast_q", "allow_private_address": True,
                "allow_plain_http": True, **more}
    return must("data source", admin_call(made, admin, "POST", "/admin/v1/data-sources", {
        "workspace": "demo", "name": name, "type": "maxcompute", "settings": settings}))


def load_plugin(directory):
    """What the demo left, with ds-maxcompute beside its plugins."""
    process, made = demo(directory)
    with process:
        pass
    node = pathlib.Path(directory, "node.yaml")
    node.write_text(node.read_text().replace("load: [", "load: [ds-maxcompute, ", 1))
    return made


def maxcompute_walk(directory):
    """Proves: R018, R080, R081, R082, R083, R112, R116"""
    made = load_plugin(directory)
    process, gateway, admin = serve(directory)
    with Emulator() as emulator:
        with process:
            key = {"Authorization": "Bearer " + made["apiKey"]}
            path = "/v1/user/info?user_id=10001"
            on_sqlite = call(gateway, path, headers=key)
            expect("on SQLite", on_sqlite[2], '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}')

            source = add_source(made, admin, emulator)
            expect("the secret is masked", source["settings"]["access_key"], "********")
            base = "/admin/v1/data-sources/demo/lake"
            tested = must("source test", admin_call(made, admin, "POST", base + "/test"))
            expect("the source is reached", tested, {"passed": True})
            tables = must("tables", admin_call(made, admin, "GET", base + "/tables?search=user"))
            expect("the table is listed", [t["name"] for t in tables["items"]], ["user_info"])
            columns = must("columns", admin_call(made, admin, "GET", base + "/tables/user_info"))["columns"]
            expect("its columns", [(c["name"], c["type"], c["comment"]) for c in columns],
                   [("user_id", "long", "id of the user"), ("user_name", "string", ""), ("age", "long", "")])

            plugins = must("plugins", admin_call(made, admin, "GET", "/admin/v1/plugins"))["items"]
            offer = [c["acceleration"] for p in plugins for c in p["components"] if c["type"] == "maxcompute"]
            expect("a method is asked for", offer[0]["required"], True)
            methods = [m["name"] for m in offer[0]["methods"]]
            expect("the methods", methods, ["maxqa", "mcqa", "cache", "none"])

            api = find_api(made, admin)
            whole = must("draft", admin_call(made, admin, "GET", f"/admin/v1/apis/{api}"))
            draft = {k: v for k, v in whole.items() if k in (
                "name", "path", "method", "data_source", "table", "request_parameters", "response_parameters",
                "result_shape", "authentication", "acceleration")}
            status, _, text = admin_call(made, admin, "PUT", f"/admin/v1/apis/{api}",
                                         {**draft, "acceleration": "maxqa"})
            expect("SQLite has no methods", (status, "R082" in text), (400, True))
            draft["data_source"] = "lake"
            draft["timeout_ms"] = 20000
            must("saved without a method", admin_call(made, admin, "PUT", f"/admin/v1/apis/{api}", draft))
            for step, body in (("test", {"parameters": {"user_id": "10001"}}), ("submit", None)):
                status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/{step}", body)
                expect(f"no {step} without a method", (status, "/acceleration" in text and "R082" in text), (400, True))
            status, _, text = admin_call(made, admin, "PUT", f"/admin/v1/apis/{api}", {**draft, "acceleration": "warp"})
            expect("an unknown method", (status, "choose one of: maxqa, mcqa, cache, none" in text), (400, True))

            for number, method in enumerate(methods, 2):
                must("draft", admin_call(made, admin, "PUT", f"/admin/v1/apis/{api}", {**draft, "acceleration": method}))
                tested = must("test", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test",
                                                 {"parameters": {"user_id": "10001"}}))
                details = {d["name"]: d["value"] for d in tested["details"]}
                expect(f"{method}: the test passes", (tested["passed"], tested["body"]), (True, on_sqlite[2]))
                expect(f"{method}: the details name it", details["acceleration"], method)
                expect(f"{method}: and the instance", len(details["instance"]) > 10, True)
                expect(f"{method}: and where to look", details["instance"] in details["log_view"], True)
                expect(f"{method}: nothing of a credential", SECRET in json.dumps(tested), False)
                expect(f"{method}: 'none' and others warn as they should",
                       any(h.startswith("acceleration method " + method) for h in tested["hints"]),
                       any(m["name"] == method and m["warning"] for m in offer[0]["methods"]))
                must("submit", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/submit"))
                must("publish", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/{number}/publish",
                                           {"instance": "default", "domain": "", "backend": "Default"}))
                got = call(gateway, path, headers=key)
                expect(f"{method}: the same URL, key and body", (got[0], got[2]), (200, on_sqlite[2]))
                expect(f"{method}: nobody", call(gateway, "/v1/user/info?user_id=5", headers=key)[2],
                       '{"data":null,"success":true}')
            expect("nothing is left at the service", emulator.control("GET", "state")["unfinished"], 0)
            expect("one session of mcqa", emulator.control("GET", "state")["sessions"], 1)
            began = time.monotonic()
        expect("the node ends at once", time.monotonic() - began < 10 * CI_SLOW, True)
        expect("and its session with it", emulator.control("GET", "state")["sessions"], 0)
    log = pathlib.Path(directory, "node.log")
    if log.exists():
        expect("no credential in the log", SECRET in log.read_text(), False)


ALL_TYPES = (
    '{"c_tinyint":1,"c_smallint":2,"c_int":3,"c_bigint":4,"c_float":0.25,"c_double":1.5,'
    '"c_decimal":12345678901234567890.123456789012345678,"c_boolean":true,"c_string":"h\u00e9llo",'
    '"c_varchar":"varchar","c_char":"char","c_binary":"AGJpbg==","c_date":"2026-11-23",'
    '"c_datetime":"2026-11-23T06:00:00Z","c_timestamp":"2026-11-23T06:00:00.123456789Z",'
    '"c_timestamp_ntz":"2026-11-23T06:00:00.123456789","c_json":{"k":[1,null,true]},'
    '"c_array":[1,null,3],"c_map":{"k":7},"c_struct":{"a":5,"b":"x"}}')


def maxcompute_queries(directory):
    """What drafts over MaxCompute answer: every type, partitions, a full scan that is refused, a script."""
    made = load_plugin(directory)
    process, _, admin = serve(directory)
    with process, Emulator() as emulator:
        add_source(made, admin, emulator)
        api = find_api(made, admin)
        path = f"/admin/v1/apis/{api}"
        whole = must("draft", admin_call(made, admin, "GET", path))
        common = {k: whole[k] for k in ("name", "path", "method", "authentication")}
        common.update(data_source="lake", acceleration="maxqa", timeout_ms=20000, result_shape="list")

        def ask(parameters):
            tested = must("test", admin_call(made, admin, "POST", path + "/test", {"parameters": parameters}))
            return tested["passed"], tested["body"]

        def design(table, parameter):
            columns = must("columns", admin_call(
                made, admin, "GET", "/admin/v1/data-sources/demo/lake/tables/" + table))["columns"]
            types = {c["name"]: c["type"] for c in columns}
            must("draft", admin_call(made, admin, "PUT", path, {
                **common, "table": table,
                "request_parameters": [{"name": parameter, "column": parameter, "type": types[parameter]}],
                "response_parameters": [{"name": n, "column": n, "type": t} for n, t in types.items()]}))

        design("all_types", "c_tinyint")
        expect("every type", ask({"c_tinyint": "1"}), (True, '{"data":[' + ALL_TYPES + '],"success":true}'))
        design("orders", "name")
        expect("a value full of quotes", ask({"name": 'it\'s "quoted", line\nbreak'})[1].count('"id":3'), 1)
        for value in ("alpha' OR 1=1 --", "\\' OR 1=1 --", "alpha\\"):
            expect("a value that would be a statement", ask({"name": value}), (True, '{"data":[],"success":true}'))
        design("events", "pt")
        expect("one partition", ask({"pt": "20261123"})[1].count('"pt":"20261123"'), 3)
        design("events", "k")
        passed, body = ask({"k": "a"})
        expect("no partition is refused", (passed, "would read every partition" in body), (False, True))
        add_source(made, admin, emulator, "open_lake", full_scan=True)
        common["data_source"] = "open_lake"
        design("events", "k")
        expect("where full scans are allowed it is read", ask({"k": "a"})[0], True)

        must("script", admin_call(made, admin, "PUT", path, {
            **common, "acceleration": "none", "mode": "script",
            "script": {"mode": "advanced", "sql":
                       'SELECT id AS id, name AS name, amount AS amount FROM orders WHERE id IN <foreach '
                       'collection="ids" item="x" open="(" separator="," close=")">${x}</foreach>'
                       '<if test="name != null"> AND name = ${name}</if> ORDER BY id'},
            "request_parameters": [{"name": "ids", "type": "long-list"},
                                   {"name": "name", "type": "string", "required": False}],
            "response_parameters": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"},
                                    {"name": "amount", "type": "string"}]}))
        alpha = '{"data":[{"id":1,"name":"alpha","amount":12.34}],"success":true}'
        expect("a script", ask({"ids": "1"}), (True, alpha))
        expect("with a tag", ask({"ids": "1,3", "name": "alpha"}), (True, alpha))
        expect("and a value that would be SQL", ask({"ids": "1", "name": "a' OR '1'='1"}),
               (True, '{"data":[],"success":true}'))
        # What describes the script after its test, for drift, is sent too.
        sent = [r["body"] for r in emulator.control("GET", "requests?operation=instance.create")["requests"]
                if "explain output" not in r["body"]][-1]
        expect("as it was sent", "AND name = 'a\\' OR \\'1\\'=\\'1' ORDER BY id LIMIT " in sent, True)


def maxcompute_faults(directory):
    """What the caller of an API gets of each fault of the service, and when."""
    made = load_plugin(directory)
    process, gateway, admin = serve(directory)
    with process, Emulator() as emulator:
        key = {"Authorization": "Bearer " + made["apiKey"]}
        add_source(made, admin, emulator)
        api = find_api(made, admin)
        whole = must("draft", admin_call(made, admin, "GET", f"/admin/v1/apis/{api}"))
        draft = {k: v for k, v in whole.items() if k in (
            "name", "path", "method", "table", "request_parameters", "response_parameters", "result_shape",
            "authentication")}
        draft.update(data_source="lake", acceleration="none", timeout_ms=3000)
        must("draft", admin_call(made, admin, "PUT", f"/admin/v1/apis/{api}", draft))
        must("test", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test", {"parameters": {"user_id": "10001"}}))
        must("submit", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/submit"))
        must("publish", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/2/publish",
                                   {"instance": "default", "domain": "", "backend": "Default"}))
        cases = [
            ("slow", {"kind": "slow", "on": "instance.status", "times": -1, "delayMs": 60000}, 504, 1108110583, None),
            ("a long job", {"kind": "job_slow", "delayMs": 60000}, 504, 1108110583, None),
            ("5xx", {"kind": "status", "on": "instance.create", "status": 500}, 502, 1108110703, None),
            ("throttled", {"kind": "throttle", "on": "instance.create", "times": -1, "retryAfter": 60}, 503, 503, "60"),
            ("throttled for a second", {"kind": "throttle", "on": "instance.create", "retryAfter": 1}, 200, None, None),
            ("truncated once", {"kind": "truncate", "on": "tunnel.data", "bytes": 3}, 200, None, None),
            ("a checksum", {"kind": "corrupt", "on": "tunnel.data", "what": "record"}, 502, 1108110703, None),
            ("an expired token", {"kind": "expired_token", "on": "*", "times": -1}, 502, 1108110703, None),
            ("a skewed clock", {"kind": "clock_skew", "on": "*", "times": -1}, 502, 1108110703, None),
            ("a failed job", {"kind": "job_failure", "message": "ODPS-0123091:Illegal type cast"}, 502, 1108110622, None),
            ("a dropped connection", {"kind": "drop", "on": "instance.create"}, 502, 1108110703, None),
        ]
        for name, fault, status, code, retry_after in cases:
            emulator.control("DELETE", "faults")
            emulator.control("POST", "faults", fault)
            began = time.monotonic()
            got, headers, body = call(gateway, "/v1/user/info?user_id=10001", headers=key)
            took = time.monotonic() - began
            expect(f"{name}: the status", got, status)
            expect(f"{name}: within the timeout and a margin", took < 4.5 * CI_SLOW, True)
            if code:
                answer = json.loads(body)
                expect(f"{name}: the code", answer["errCode"], code)
                expect(f"{name}: nothing of the service leaks", "ODPS" in body or "SELECT" in body or SECRET in body, False)
            expect(f"{name}: Retry-After", headers.get("retry-after"), retry_after)
        emulator.control("DELETE", "faults")
        for _ in range(200):
            if emulator.control("GET", "state")["unfinished"] == 0:
                break
            time.sleep(0.05)
        expect("every job was stopped", emulator.control("GET", "state")["unfinished"], 0)
