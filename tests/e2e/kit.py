#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end promises stand on: processes of the built binary, calls, a few resources."""
import atexit
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.parse

SLUICE = os.path.abspath(sys.argv[1])
CI_SLOW = 10 if "asan" in SLUICE or "tsan" in SLUICE else 1


def call(url, path, method="GET", headers=None, body=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    headers = {}
    for name, value in answer.getheaders():
        headers[name.lower()] = ", ".join(filter(None, [headers.get(name.lower()), value]))
    return answer.status, headers, text


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"FAILED {what}: got {got!r}, wanted {wanted!r}")
    print(f"ok {what}")


class Process:
    """One sluice process; ends with the test, whatever happens."""

    def __init__(self, *args):
        self.process = subprocess.Popen([SLUICE, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        atexit.register(self.process.kill)  # also where a promise fails outside of `with`; killing twice is fine

    def read_until(self, start):
        for line in self.process.stdout:
            if line.startswith(start):
                return line.strip()
        raise SystemExit(f"FAILED: the process ended before it said {start!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def demo(directory):
    process = Process("demo", "--dir", directory, "--port", "0", "--admin-port", "0")
    process.read_until("Ctrl-C")
    return process, json.loads(pathlib.Path(directory, "credentials.json").read_text())


def serve(directory):
    """What the demo left, on new ports."""
    process = Process("serve", "--config", str(pathlib.Path(directory, "node.yaml")))
    gateway = process.read_until("gateway default: ").split(": ", 1)[1]
    admin = process.read_until("admin: ").split(": ", 1)[1]
    return process, gateway, admin


def admin_call(credentials, admin, method, path, body=None):
    return call(admin, path, method,
                {"Authorization": "Bearer " + credentials["admin"]["token"],
                 "Content-Type": "application/json"}, None if body is None else json.dumps(body))


def find_api(credentials, admin):
    path = "/admin/v1/apis?name=Query%20User%20by%20User%20ID"
    listed = json.loads(admin_call(credentials, admin, "GET", path)[2])
    return listed["items"][0]["id"]




def must(what, answer):
    """The JSON of an answer that has to be a success."""
    status, _, text = answer
    if status >= 300:
        raise SystemExit(f"FAILED {what}: {status} {text}")
    return json.loads(text) if text else None


def publish(made, admin, definition, parameters=None, backend="Default"):
    """Draft, test, submit, publish on the instance `default`; answers the API's id."""
    whole = {"workspace": "demo", "workflow": "User Query Workflow", "data_source": "users",
             "request_parameters": [], **definition}
    api = must("create", admin_call(made, admin, "POST", "/admin/v1/apis", whole))["id"]
    tested = must("test", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test",
                                     {"parameters": parameters or {}}))
    expect(f"the draft of {definition['path']} passes its test", tested["passed"], True)
    must("submit", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/submit"))
    must("publish", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish",
                               {"instance": "default", "domain": "", "backend": backend}))
    return api


def change_node(directory, **sections):
    """Adds sections to the node file that the demo left; values are JSON, which YAML takes."""
    node = pathlib.Path(directory, "node.yaml")
    node.write_text(node.read_text() + "".join(f"{k}: {json.dumps(v)}\n" for k, v in sections.items()))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
