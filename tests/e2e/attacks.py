# SPDX-License-Identifier: Apache-2.0
"""Promises about attackers with tools of their own; scripts/sqlmap runs this one."""
import pathlib
import subprocess
import time

from kit import call, demo, expect, publish

STRING = {"name": "name", "column": "user_name", "type": "string"}
ANSWERS = [{"name": "user_id", "column": "user_id", "type": "long"},
           {"name": "user_name", "column": "user_name"}]


def sqlmap_finds_nothing(directory):
    """Each parameter under every technique that sqlmap has; it says itself that none can be injected into."""
    process, made = demo(directory)
    with process:
        admin, gateway = made["admin"]["url"], made["gateway"]
        apis = [("equal", STRING, "Alice"), ("unlike", {**STRING, "operator": "!="}, "Alice"),
                ("like", {**STRING, "operator": "LIKE", "match": "contains"}, "Ali"),
                ("list", {**STRING, "operator": "IN", "type": "string-list"}, "Alice"),
                ("above", {"name": "name", "column": "age", "type": "int", "operator": ">"}, "20")]
        targets = [("the worked example", "/v1/user/info?user_id=10001", None, "user_id")]
        for name, parameter, value in apis:
            publish(made, admin, {"name": f"Attacked by {name}", "path": f"/attacked/{name}", "method": "GET",
                                  "table": "user_info", "request_parameters": [parameter],
                                  "response_parameters": ANSWERS}, {"name": value})
            targets.append((parameter.get("operator", "="), f"/v1/attacked/{name}?name={value}", None, "name"))
        publish(made, admin, {"name": "Attacked by body", "path": "/attacked/body", "method": "POST",
                              "table": "user_info", "request_parameters": [{**STRING, "position": "body"}],
                              "response_parameters": ANSWERS}, {"name": "Alice"})
        targets.append(("a body", "/v1/attacked/body", '{"name":"Alice"}', "name"))
        key = "Authorization: Bearer " + made["apiKey"]
        for what, path, body, parameter in targets:
            began = time.monotonic()
            command = ["sqlmap", "-u", gateway + path, "-p", parameter, "-H", key, "--batch", "--flush-session",
                       "--level", "5", "--risk", "3", "--threads", "4", "--timeout", "10", "--retries", "1",
                       "--technique", "BEUSTQ", "--dbms", "SQLite", "--ignore-code", "400",
                       "--output-dir", str(pathlib.Path(directory, "sqlmap")), "--disable-coloring"]
            if body:
                command += ["--data", body, "-H", "Content-Type: application/json"]
            said = subprocess.run(command, capture_output=True, text=True, timeout=1800).stdout
            log = pathlib.Path(directory, "node.log").read_text().count('"path":"' + path.split("?")[0] + '"')
            safe = "all tested parameters do not appear to be injectable" in said
            if not safe:
                print(said[-3000:])
            expect(f"{what}: not injectable ({log} requests in {time.monotonic() - began:.0f} s)", safe, True)
            expect(f"{what}: it was tried", log > 50, True)
        expect("the node goes on", call(gateway, "/v1/user/info?user_id=10001", headers={
            "Authorization": "Bearer " + made["apiKey"]})[2],
            '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}')
