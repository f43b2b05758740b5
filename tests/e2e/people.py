# SPDX-License-Identifier: Apache-2.0
"""Promises about who manages: roles, tokens, the audit log, by the command line of the built binary."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

from kit import SLUICE, admin_call, call, demo, expect, must, serve


class Person:
    """The command line with one's own token."""

    def __init__(self, name, token, admin):
        self.name, self.token, self.admin = name, token, admin

    def run(self, *words):
        return subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SLUICE_ADMIN": self.admin, "SLUICE_TOKEN": self.token})

    def do(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise SystemExit(f"FAILED: {self.name}: sluice {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def is_refused(self, *words, naming):
        done = self.run(*words)
        expect(f"{self.name} may not: sluice {' '.join(words)}",
               (done.returncode, naming if naming in done.stderr else done.stderr), (1, naming))


def make_people(owner, workspace, *names):
    for name in names:
        owner.do("member", "set", f"{workspace}/{name}", "--role", name)
    return [Person(name, owner.do("token", "create", name), owner.admin) for name in names]


def roles_walk(directory):
    """From draft to deployment with a person for each step, and each one refused the others' steps.

    Proves: R009, R010, R121, R122, R123, R126
    """
    process, made = demo(directory)
    with process:
        owner = Person("owner", made["admin"]["token"], made["admin"]["url"])
        owner.do("set", "workspace", "demo", "requires_approval=true")
        developer, approver, operator, visitor = make_people(
            owner, "demo", "developer", "approver", "operator", "visitor")
        expect("who the developer is", "draft.edit" in developer.do("whoami"), True)

        api = "demo/Users by age"
        create = ["create", "api", "demo/User Query Workflow/Users by age", "path=/user/by-age",
                  "data_source=users", "table=user_info", "result_shape=list",
                  "request_parameters=[{ name: age, column: age, type: long, sample: 25 }]",
                  "response_parameters=[{ name: user_name, column: user_name }]"]
        others = [approver, operator, visitor]
        for person in others:
            person.is_refused(*create, naming="draft.edit")
        developer.do(*create)
        for person in others:
            expect(f"{person.name} looks", "user/by-age" in person.do("get", "api", api), True)
            person.is_refused("set", "api", api, "timeout_ms=500", naming="draft.edit")
            person.is_refused("api", "test", api, naming="draft.test")
            person.is_refused("api", "submit", api, naming="draft.submit")
        developer.do("api", "test", api)
        developer.do("api", "submit", api)
        for person in (approver, visitor):
            person.is_refused("api", "request", api, naming="approval.request")
        developer.do("api", "request", api)
        for person in (developer, operator, visitor):
            person.is_refused("api", "approve", api, naming="approval.decide")
        publish = ["api", "publish", api, "--instance", "default", "--domain", ""]
        operator.is_refused(*publish, naming="waits for its approval")
        approver.do("api", "approve", api)
        for person in (developer, approver, visitor):
            person.is_refused(*publish, naming="publish")
        operator.do(*publish)
        expect("it answers", call(made["gateway"], "/v1/user/by-age?age=25")[2],
               '{"data":[{"user_name":"Alice"}],"success":true}')
        for person in (developer, approver, visitor):
            person.is_refused("api", "undeploy", api, "--instance", "default", naming="publish")
        operator.do("api", "undeploy", api, "--instance", "default")
        expect("it is gone", call(made["gateway"], "/v1/user/by-age?age=25")[0], 404)

        # R009: with the role and without one right, exactly the step that needs it is refused.
        owner.do("member", "set", "demo/developer", "--right", "data-service,gateway")
        developer.is_refused("source", "tables", "demo/users", naming="the right 'data-source'")
        developer.do("set", "api", api, "timeout_ms=500")
        owner.do("member", "set", "demo/developer", "--right", "data-source,gateway")
        developer.do("source", "tables", "demo/users")
        developer.is_refused("set", "api", api, "timeout_ms=600", naming="the right 'data-service'")
        owner.do("member", "set", "demo/operator", "--right", "data-service,data-source")
        operator.is_refused(*publish, naming="the right 'gateway'")

        # Nobody sees what he is no member of, nor learns that it is there.
        owner.do("create", "workspace", "other")
        owner.do("create", "data-source", "other/hidden", "type=sqlite", f"settings.file={directory}/users.db")
        expect("no list shows another workspace's", "hidden" in developer.do("get", "data-sources"), False)
        developer.is_refused("get", "data-source", "other/hidden", naming="there is no data source")

        owner.do("member", "remove", "demo/visitor")
        visitor.is_refused("get", "apis", naming="look")
        owner.do("token", "disable", json.loads(owner.do("token", "list", "--json"))["items"][0]["id"])
        listed = json.loads(owner.do("token", "list", "--json"))["items"][0]
        disabled = next(p for p in (developer, approver, operator, visitor) if p.name == listed["name"])
        disabled.is_refused("whoami", naming="needs a known token")


def audit_shows_what_was_done(directory):
    """Each change with its actor; a secret shown is written down first; what is done to the file shows.

    Proves: R143
    """
    process, made = demo(directory)
    owner = Person("owner", made["admin"]["token"], made["admin"]["url"])
    with process:
        developer, operator = make_people(owner, "demo", "developer", "operator")
        owner.do("token", "create", "ann", "--description", "laptop")
        developer.do("create", "data-source", "demo/second", "type=sqlite", f"settings.file={directory}/second.db")
        record = json.loads(owner.do("audit", "list", "--kind", "data-source", "--limit", "1", "--json"))["items"][0]
        expect("the record", [record[k] for k in ("actor", "action", "name", "workspace")],
               ["developer", "created", "demo/second", "demo"])
        shown = owner.do("audit", "show", str(record["number"]))
        expect("what is no secret is told", "second.db" in shown, True)

        # R143: a block per method, masked until it is revealed.
        credentials = json.loads(owner.do("get", "credentials", "--consumer", "demo", "--json"))["items"]
        masked = {c["type"]: c["shown"] for c in credentials}
        expect("masked", {v for block in masked.values() for v in block.values()}, {"********"})
        expect("the three ways", sorted(masked), ["api-key", "hmac", "jwt"])
        ids = {c["type"]: c["id"] for c in credentials}
        developer.is_refused("credential", "reveal", ids["api-key"], naming="secret.reveal")
        expect("the key", operator.do("credential", "reveal", ids["api-key"]), made["apiKey"])
        pair = operator.do("credential", "reveal", ids["hmac"])
        expect("the pair", made["hmac"]["secretKey"] in pair and made["hmac"]["accessKey"] in pair, True)
        told = json.loads(owner.do("audit", "list", "--action", "revealed", "--json"))["items"]
        expect("who had what shown", [(r["actor"], r["key"]) for r in told],
               [("operator", ids["hmac"]), ("operator", ids["api-key"])])
        operator.is_refused("export", "--with-secrets", naming="every workspace")

        verdict = json.loads(owner.do("audit", "verify", "--json"))
        known = f"{verdict['last']}:{verdict['hash']}"
        owner.do("audit", "verify", "--known", known)
        owner.is_refused("audit", "verify", "--known", known[:-1] + ("0" if known[-1] != "0" else "1"), naming="")
        node = str(pathlib.Path(directory, "node.yaml"))
        owner.do("audit", "verify", "--config", node)

    secrets = [made["apiKey"], made["hmac"]["secretKey"], made["admin"]["token"], developer.token, operator.token]
    store = next(p for p in pathlib.Path(directory).rglob("*.db")
                 if b"documents" in p.read_bytes() and b"audit" in p.read_bytes())
    everything = b"".join(p.read_bytes() for p in store.parent.glob(store.name + "*"))
    expect("no secret stands in the store", [s for s in secrets if s.encode() in everything], [])

    with sqlite3.connect(store) as db:
        db.execute("UPDATE documents SET body=replace(body,'\"actor\":\"developer\"','\"actor\":\"somebody\"')"
                   " WHERE kind='audit' AND key=?", (f"{record['number']:016}",))
        db.execute("DELETE FROM documents WHERE kind='audit' AND key=?", (f"{verdict['last']:016}",))
    db.close()
    done = owner.run("audit", "verify", "--config", node)
    told = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    expect("offline it is told", (done.returncode, list(told)),
           (1, [str(record["number"]), str(verdict["last"])]))
    expect("what", ["was changed" in told[str(record["number"])], "is missing" in told[str(verdict["last"])]],
           [True, True])
    process, _, owner.admin = serve(directory)
    with process:
        done = owner.run("audit", "verify", "--json")
        expect("and by the node", (done.returncode, [p["number"] for p in json.loads(done.stdout)["problems"]]),
               (1, [record["number"], verdict["last"]]))


def audit_log_removed(directory):
    """Whoever deletes the whole log with its head leaves a store that is told of and not served."""
    process, made = demo(directory)
    with process:
        owner = Person("owner", made["admin"]["token"], made["admin"]["url"])
        actors = {r["actor"] for r in json.loads(owner.do("audit", "list", "--limit", "100", "--json"))["items"]}
        expect("every record has an actor", "" in actors, False)
    node = str(pathlib.Path(directory, "node.yaml"))
    expect("whole", owner.run("audit", "verify", "--config", node).returncode, 0)
    with sqlite3.connect(pathlib.Path(directory, "sluice.db")) as db:
        db.execute("DELETE FROM documents WHERE kind IN ('audit', 'head')")
    db.close()
    done = owner.run("audit", "verify", "--config", node)
    expect("told", (done.returncode, "the head of the store is missing" in done.stdout), (1, True))
    done = subprocess.run([SLUICE, "serve", "--config", node], capture_output=True, text=True, timeout=60)
    expect("not served", (done.returncode, "the head of the store is missing" in done.stderr), (1, True))


def own_files(directory):
    """The node's own files are nobody's data source, nor is a file outside of the node file's directories."""
    words = "this file may not be read here"
    process, made = demo(directory)
    node = pathlib.Path(directory, "node.yaml")
    outside = tempfile.mkdtemp(prefix="sluice-outside-")
    pathlib.Path(outside, "shop.db").write_bytes(pathlib.Path(directory, "users.db").read_bytes())
    os.symlink(outside, directory + "/elsewhere")
    os.symlink(directory + "/sluice.db", directory + "/innocent.db")
    os.link(directory + "/sluice.db", directory + "/hard.db")
    own = ["sluice.db", "./x/../sluice.db", "sluice.db-wal", "sluice.db-shm", "secret.key", "admin.token",
           "node.yaml", "node.log", "innocent.db", "hard.db"]

    def ask(admin, file):
        put = admin_call(made, admin, "PUT", "/admin/v1/data-sources/demo/probe",
                         {"type": "sqlite", "settings": {"file": file}})
        return put if put[0] >= 300 else admin_call(made, admin, "POST", "/admin/v1/data-sources/demo/probe/test")

    def is_refused(admin, file):
        status, _, text = ask(admin, file)
        expect(f"refused: {file}", (status, words in text), (400, True))
        return text

    with process:
        admin = made["admin"]["url"]
        must("a source to change", admin_call(made, admin, "POST", "/admin/v1/data-sources", {
            "workspace": "demo", "name": "probe", "type": "sqlite", "settings": {"file": directory + "/users.db"}}))
        for name in own:
            is_refused(admin, f"{directory}/{name}")
        told = {is_refused(admin, file) for file in (
            outside + "/shop.db", outside + "/none.db", "/etc/passwd", "/none/at/all", "users.db", "/proc/self/environ",
            directory + "/elsewhere/shop.db", f"{directory}/../{os.path.basename(outside)}/shop.db")}
        expect("one text whether there is a file or not", len(told), 1)
        expect("a file of the directory", ask(admin, directory + "/users.db")[0], 200)
        missing = ask(admin, directory + "/none.db")
        expect("what is wrong with one there is told", "does not exist" in missing[2], True)
    # Without the list everything else may be read, and still nothing of the node's.
    node.write_text("".join(line for line in node.read_text().splitlines(True) if not line.startswith("files:")))
    process, _, admin = serve(directory)
    with process:
        expect("a file elsewhere", ask(admin, outside + "/shop.db")[0], 200)
        for name in own:
            is_refused(admin, f"{directory}/{name}")
        must("a source outside", admin_call(made, admin, "PUT", "/admin/v1/data-sources/demo/users",
                                            {"type": "sqlite", "settings": {"file": outside + "/shop.db"}}))
    node.write_text(node.read_text() + 'files: { data_directories: ["."] }\n')
    process, gateway, admin = serve(directory)
    with process:
        status, _, text = call(admin, "/readyz")
        expect("what the store holds is judged, too", (status, words in text), (503, True))
        status, _, text = call(gateway, "/v1/user/info?user_id=10001", headers={"Authorization": "Bearer " + made["apiKey"]})
        expect("and not served", (status, "Alice" in text), (503, False))
    shutil.rmtree(outside)
