# SPDX-License-Identifier: Apache-2.0
"""Promises about the documentation: its examples are run as they stand there."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from kit import SLUICE, call, demo, expect, publish

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


def wizard_mode_page(directory):
    """Every definition of docs/wizard-mode.md is published, and every call of it answers as written.
    Proves: R084, R085, R087, R095"""
    page = (ROOT / "docs/wizard-mode.md").read_text()
    examples = re.findall(r"```json example\n(.*?)```\n```calls\n(.*?)```", page, re.S)
    expect("examples were found", len(examples) >= 4, True)
    process, made = demo(directory)
    admin = made["admin"]["url"]
    environment = dict(os.environ, SLUICE_ADMIN=admin, SLUICE_TOKEN=made["admin"]["token"])
    with process:
        for command in re.search(r"```sh\n(.*?)```", page, re.S)[1].splitlines():
            done = subprocess.run([SLUICE, *command.split()[1:]], env=environment, capture_output=True, text=True)
            expect(command, (done.returncode, done.stderr), (0, ""))
        for number, (definition, calls) in enumerate(examples, 1):
            path = f"/wizard{number}"
            publish(made, admin, {"name": f"Wizard Example {number}", "path": path, "table": "user_info",
                                  **json.loads(definition)})
            cursor = ""
            for line in calls.splitlines():
                query, wanted = [part.strip() for part in line.split("→")]
                status, _, body = call(made["gateway"], "/v1" + path + "?" + query.replace("…", cursor).replace("%", "%25"))
                answer = json.loads(body)
                if "errCode" in wanted:
                    got = f"{status} errCode {answer['errCode']}"
                else:
                    cursor = (answer["data"] or {}).get("nextCursor") or "" if isinstance(answer["data"], dict) else ""
                    got = f"{status} {body.replace(cursor, '…') if cursor else body}"
                expect(f"{path}?{query}", got, wanted)


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


def shell_completion(directory):
    """What Tab offers in bash, of the script that the program prints; the others are at least well formed."""
    script = pathlib.Path(directory, "sluice.bash")
    script.write_text(subprocess.run([SLUICE, "completion", "bash"], capture_output=True, text=True,
                                     check=True).stdout)

    def offer(line):
        words = line.split(" ")
        quoted = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(
            ["bash", "-c", f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
             "_sluice; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True)
        expect(f"no complaint at '{line}'", done.stderr, "")
        return done.stdout.split()

    for line, offered in [
            ("sluice ap", ["apply", "api"]),
            ("sluice api pub", ["publish"]),
            ("sluice api publish --ins", ["--instance"]),
            ("sluice --json", []),
            ("sluice get work", ["workspaces", "workflows"]),
            ("sluice get --workspace x ap", ["apis", "approvals"]),
            ("sluice apply -f ", []),  # files, which bash adds itself
            ("sluice api publish --instance ", []),
            ("sluice completion ", ["bash", "zsh", "fish"]),
            ("sluice credential rot", ["rotate"]),
            ("sluice nonsense ap", ["apply", "api"])]:
        expect(f"Tab at '{line}'", sorted(offer(line)), sorted(offered))
    helped = subprocess.run([SLUICE, "--help"], capture_output=True, text=True).stdout
    commands = re.findall(r"^  (\w+) ", helped[helped.index("Subcommands:"):], re.M)
    expect("every command is offered", sorted(set(commands) - set(offer("sluice "))), [])
    for shell in ("zsh", "fish"):
        text = subprocess.run([SLUICE, "completion", shell], capture_output=True, text=True, check=True).stdout
        expect(f"{shell} gets every command", [c for c in commands if c not in text], [])
        if shutil.which(shell):
            checked = subprocess.run([shell, "-n", "/dev/stdin"], input=text, capture_output=True, text=True)
            expect(f"{shell} can read it", (checked.returncode, checked.stderr), (0, ""))
