# SPDX-License-Identifier: Apache-2.0
"""Promises about the documentation: its examples are run as they stand there."""
import os
import pathlib
import re
import subprocess
import sys

from kit import SLUICE, demo, expect

ALICE = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
RUNNERS = {"sh": ["sh", "-c"], "python": [sys.executable, "-c"], "javascript": ["node", "-e"]}
ROOT = pathlib.Path(__file__).resolve().parents[2]


def authentication_examples(directory):
    """Proves: R144"""
    page = (ROOT / "docs/authentication.md").read_text()
    examples = re.findall(r"```(sh|python|javascript)\n(.*?)```", page, re.S)
    process, made = demo(directory)
    env = dict(os.environ, GATEWAY=made["gateway"], API_KEY=made["apiKey"], TOKEN=made["jwt"],
               ACCESS_KEY=made["hmac"]["accessKey"], SECRET_KEY=made["hmac"]["secretKey"])
    with process:
        for number, (language, text) in enumerate(examples, 1):
            done = subprocess.run([*RUNNERS[language], text], env=env, capture_output=True, text=True,
                                  timeout=60)
            expect(f"example {number}, {language}", (done.stdout.strip(), done.stderr), (ALICE, ""))
    expect("every method in every language", sorted({(l, p) for l, t in examples for p in (
        "/v1/user/info", "/v1/jwt/", "/v1/hmac/") if p in t}), sorted(
            (l, p) for l in RUNNERS for p in ("/v1/user/info", "/v1/jwt/", "/v1/hmac/")))


def node_file_page(directory):
    """Every key that a node file takes stands in docs/node-file.md."""
    page = (ROOT / "docs/node-file.md").read_text()
    node = pathlib.Path(directory, "node.yaml")
    sections = {"": "unknown: 1", "node": "", "store": "", "admin": "", "gateways": "", "plugins": "",
                "limits": "", "log": "", "outgoing": ""}
    for section in sections:
        inside = "[{unknown: 1}]" if section == "gateways" else "{unknown: 1}"
        node.write_text("unknown: 1\n" if not section else f"{section}: {inside}\n")
        done = subprocess.run([SLUICE, "serve", "--check", "--config", str(node)], capture_output=True, text=True)
        allowed = re.search(r"allowed here: ([^)]*)", done.stderr)
        if not allowed:
            raise SystemExit(f"FAILED: {section}: {done.stderr}")
        keys = allowed[1].replace("\n", " ").split(", ")
        missing = [key for key in keys if f"`{key}`" not in page]
        expect(f"the keys of {section or 'the file'}: {', '.join(keys)}", missing, [])


def errors_page(directory):
    """Every code that the gateway's own table has stands in docs/errors.md, with its status."""
    page = (ROOT / "docs/errors.md").read_text().splitlines()
    table = (ROOT / "kernel/problem/problem.cpp").read_text()
    rows = re.findall(r'Row\{\w+, \{(\d+), (\d+), "[^"]*", "(\w*)"\}\}', table)
    expect("the table was found", len(rows) > 20, True)
    for status, err_code, gateway_code in rows:
        if gateway_code == "A401NA":
            continue  # stands in for an authenticator that gives no answer of its own
        wanted = f"`{gateway_code}`" if gateway_code else err_code if err_code != "499" else "499"
        lines = [line for line in page if line.startswith(f"| {status} ") and wanted in line]
        expect(f"{status} {gateway_code or err_code}", len(lines) >= 1, True)
