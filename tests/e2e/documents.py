# SPDX-License-Identifier: Apache-2.0
"""Promises about the documentation: its examples are run as they stand there."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

from calls import change_database
from kit import SLUICE, admin_call, call, demo, expect, must, publish

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

    Proves: R084, R085, R087"""
    page = (ROOT / "docs/wizard-mode.md").read_text()
    examples = re.findall(r"```json example\n(.*?)```\n```calls\n(.*?)```", page, re.S)
    expect("examples were found", len(examples) >= 4, True)
    process, made = demo(directory)
    admin = made["admin"]["url"]
    environment = dict(os.environ, SLUICE_ADMIN=admin, SLUICE_TOKEN=made["admin"]["token"])
    with process:
        change_database(directory, "INSERT INTO user_info VALUES(10003, 'Charlie', 28)")
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
                "limits": "", "log": "", "outgoing": "", "files": ""}
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


def first_api_page(directory):
    """docs/first-api.md in one shell, in an empty folder: what it prints is what the page shows.

    Proves: R001, R104, R136
    """
    page = (ROOT / "docs/first-api.md").read_text()
    with socket.socket() as one, socket.socket() as two:
        ports = {}
        for name, s in (("8080", one), ("8081", two)):
            s.bind(("127.0.0.1", 0))
            ports["127.0.0.1:" + name] = f"127.0.0.1:{s.getsockname()[1]}"
    for shown, free in ports.items():
        page = page.replace(shown, free)
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", page, re.S | re.M)
    script = "set -e\ntrap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT\n"
    wanted = []
    for language, text in blocks:
        if language == "text":
            wanted[-1] = text.strip()
            continue
        script += f"{text}echo '--- end of block {len(wanted)}'\n"
        wanted.append("")
    done = subprocess.run(["bash", "-c", script], cwd=directory, capture_output=True, text=True, timeout=200,
                          env={**os.environ, "PATH": str(pathlib.Path(SLUICE).parent) + ":" + os.environ["PATH"]})
    printed = re.split(r"--- end of block \d+\n", done.stdout)
    for number, text in enumerate(wanted):
        got = re.sub(r" +$", "", printed[number].strip(), flags=re.M) if number < len(printed) else done.stderr
        expect(f"block {number + 1} of the page", got, text)
    expect("the shell's exit", (done.returncode, done.stderr), (0, ""))


def command_line_page(directory):
    """docs/cli.md's documents and its single commands, each over a fresh node of docs/first-api.md: they work as printed.

    Proves: R136
    """
    page = (ROOT / "docs/cli.md").read_text()
    first = (ROOT / "docs/first-api.md").read_text()
    section = {title: text for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", page, re.S | re.M)}
    table, node = re.findall(r"^```sh\n(.*?)^```$", first, re.S | re.M)[:2]
    documents = re.search(r"^```yaml\n(.*?)^```$", section["Apply"], re.S | re.M)[1]
    commands = re.search(r"^```\n(.*?)^```$", section["One resource"], re.S | re.M)[1]

    def run(name, commands):
        folder = pathlib.Path(directory, name)
        folder.mkdir()
        (folder / "shop.yaml").write_text(documents)
        with socket.socket() as one, socket.socket() as two:
            script = "set -e\ntrap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT\n" + table + node + commands
            for shown, s in (("127.0.0.1:8080", one), ("127.0.0.1:8081", two)):
                s.bind(("127.0.0.1", 0))
                script = script.replace(shown, f"127.0.0.1:{s.getsockname()[1]}")
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=100, env={
            **os.environ, "MOBILE_KEY": "the-key-of-the-mobile-app",
            "PATH": str(pathlib.Path(SLUICE).parent) + ":" + os.environ["PATH"]})
        expect(f"{name}: the shell's exit", (done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    said = run("apply", "sluice apply -f shop.yaml\nsluice apply -f shop.yaml\n"
               "sluice call 'http://127.0.0.1:8080/v1/user/info?user_id=10001' --api-key env:MOBILE_KEY\n")
    expect("the API is published", "shop/Query_User: V1 is live on prod" in said or said, True)
    expect("its consumer may call it", said[-1], '{"data":{"user_name":"Alice"},"success":true}')
    lines = [line.split() for line in said if line.startswith(("created ", "updated ", "unchanged "))]
    words = [words[0] for words in lines]
    expect("the second time nothing is to be done", words[len(words) // 2:], ["unchanged"] * (len(words) // 2))
    said = run("one", commands)
    expect("one resource after the other", [line.rsplit(" is ", 1)[1] for line in said],
           ["made"] * 5 + ["changed", "gone", "gone"])


def people_page(directory):
    """docs/people.md in one shell, over a node that has the workspace it speaks of; its documents are applied."""
    process, made = demo(directory)
    page = (ROOT / "docs/people.md").read_text()
    page = page.replace("http://127.0.0.1:8081", made["admin"]["url"]).replace("var/admin.token", "admin.token")
    must("a workspace", admin_call(made, made["admin"]["url"], "POST", "/admin/v1/workspaces", {"name": "shop"}))
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.S | re.M))
    pathlib.Path(directory, "people.yaml").write_text(re.search(r"^```yaml\n(.*?)^```$", page, re.S | re.M)[1])
    with process:
        done = subprocess.run(["bash", "-ec", script + "sluice apply -f people.yaml\n"], cwd=directory,
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PATH": str(pathlib.Path(SLUICE).parent) + ":" + os.environ["PATH"]})
        expect("the commands of the page", (done.returncode, done.stderr), (0, ""))
        for said in ("*/cleo is admin", "shop/ben is operator, approver with the rights gateway, data-service",
                     "none missing or changed", "created  member  shop/ann"):
            expect(f"they say: {said}", said in done.stdout or done.stdout, True)


def what_is_offered(directory):
    """The node tells which types of sources it has, and what each way to say who calls is good for.

    Proves: R079, R108
    """
    process, made = demo(directory)
    with process:
        plugins = must("plugins", admin_call(made, made["admin"]["url"], "GET", "/admin/v1/plugins"))["items"]
        components = [c for plugin in plugins if plugin["loaded"] for c in plugin["components"]]
        sources = [(c["type"], bool(c["title"])) for c in components if c["kind"] == "data-source"]
        expect("types of sources", sources, [("sqlite", True)])
        texts = {c["type"]: c["summary"] for c in components if c["kind"] == "authenticator"}
        for method, use in (("api-key", "light use"), ("jwt", "single sign-on and distributed"),
                            ("hmac", "integrity")):
            expect(f"what {method} is for", use in texts[method].lower(), True)
