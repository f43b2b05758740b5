# SPDX-License-Identifier: Apache-2.0
"""Promises about an API's way: what a test tells, what consumers read, tables that change."""
import json
import subprocess
import threading
import urllib.parse

from calls import change_database
from kit import SLUICE, admin_call, call, demo, expect, find_api, must, publish


class Client:
    """Knows of an API what its OpenAPI document says, and nothing else."""

    def __init__(self, document, secrets):
        self.document, self.secrets = document, secrets

    def call(self, path, method, values=None):
        """The status and the JSON that came; parameters are the document's examples and `values`."""
        operation = self.document["paths"][path][method]
        values = values or {}
        query, headers, body = [], {}, None
        for parameter in operation.get("parameters", []):
            value = values.get(parameter["name"], parameter.get("example"))
            if value is not None:
                query += [(parameter["name"], item)
                          for item in (value if isinstance(value, list) else [value])]
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            body = json.dumps({**content.get("example", {}), **values})
            headers["Content-Type"] = "application/json"
        for name in (operation["security"] or [{}])[0]:
            scheme = self.document["components"]["securitySchemes"][name]
            expect(f"{path} is called with a bearer", (scheme["type"], scheme["scheme"]), ("http", "bearer"))
            headers["Authorization"] = "Bearer " + self.secrets[name]
        server = (operation.get("servers") or self.document["servers"])[0]["url"]
        url = server + path + ("?" + urllib.parse.urlencode(query) if query else "")
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        status, _, text = call(f"{parts.scheme}://{parts.netloc}", target, method.upper(), headers, body)
        return status, json.loads(text)

    def find_fault(self, schema, value, where="$"):
        """Why a value is not what a schema of our documents says, or None."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        kinds = {"null": type(None), "boolean": bool, "integer": int, "number": (int, float),
                 "string": str, "array": list, "object": dict}
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, kinds[t]) and (t == "boolean") == isinstance(value, bool) for t in types):
            return f"{where}: {value!r} is none of {types}"
        if "const" in schema and value != schema["const"]:
            return f"{where}: {value!r} is not {schema['const']!r}"
        if isinstance(value, list):
            faults = [self.find_fault(schema["items"], item, f"{where}[]") for item in value]
            return next(filter(None, faults), None)
        if isinstance(value, dict):
            known = schema["properties"]
            for name in schema.get("required", []):
                if name not in value:
                    return f"{where}: no {name}"
            for name, item in value.items():
                if name not in known:
                    return f"{where}: {name} is not described"
                if fault := self.find_fault(known[name], item, f"{where}.{name}"):
                    return fault
        return None

    def expect_described(self, what, path, method, status, answer):
        content = self.document["paths"][path][method]["responses"][str(status)]["content"]
        expect(what + " is what the document says",
               self.find_fault(content["application/json"]["schema"], answer), None)


def published_document(directory):
    """Proves: R004, R088, R140, R141, R142, R151"""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        table = {"table": "user_info", "response_parameters": [
            {"name": "user_id", "column": "user_id", "type": "long"},
            {"name": "user_name", "column": "user_name"}]}
        publish(made, admin, {**table, "name": "Users by page", "path": "/users", "method": "GET",
                              "result_shape": "page", "envelope": "full", "order": [{"column": "user_id"}],
                              "key_columns": ["user_id"]})
        publish(made, admin, {**table, "name": "Users by post", "path": "/users", "method": "POST",
                              "request_parameters": [
                                  {"name": "ids", "column": "user_id", "type": "long-list", "operator": "IN",
                                   "position": "body", "sample": "10001,10002"}]},
                {"ids": "10001"})
        document = must("the document", admin_call(
            made, admin, "GET", "/admin/v1/rest-apis/dataservice-user-api/openapi.json"))
        client = Client(document, {"apiKey": made["apiKey"]})

        status, answer = client.call("/user/info", "get", {"user_id": 10001})
        expect("the worked example from its document", (status, answer),
               (200, {"data": {"user_id": 10001, "user_name": "Alice"}, "success": True}))
        client.expect_described("its answer", "/user/info", "get", status, answer)
        status, answer = client.call("/user/info", "get", {"user_id": 99999})
        client.expect_described("the answer without a row", "/user/info", "get", status, answer)
        status, answer = client.call("/user/info", "get", {"user_id": "abc"})
        expect("a wrong type is refused", status, 400)
        client.expect_described("the refusal", "/user/info", "get", status, answer)
        status, answer = client.call("/users", "get", {"pageSize": 1})
        expect("a page of one", (status, answer["data"]["totalNum"], len(answer["data"]["rows"])), (200, 2, 1))
        client.expect_described("the page", "/users", "get", status, answer)
        status, answer = client.call("/users", "post")
        expect("the samples of a list in a body find both", (status, len(answer["data"])), (200, 2))
        client.expect_described("the list", "/users", "post", status, answer)
        client.secrets = {"apiKey": "wrong"}
        status, answer = client.call("/user/info", "get", {"user_id": 10001})
        expect("another key is refused", status, 401)
        client.expect_described("that refusal", "/user/info", "get", status, answer)

        # From a version to where it is served, its details, its address, and a call of that.
        api = find_api(made, admin)
        version = must("the version", admin_call(made, admin, "GET", f"/admin/v1/apis/{api}/versions/1"))
        expect("the version tells where it is live", version["deployed_on"], ["default"])
        published = must("published", admin_call(
            made, admin, "GET", f"/admin/v1/published-apis?api={api}&instance=default"))["items"]
        expect("it leads to one published API", len(published), 1)
        details = must("details", admin_call(made, admin, "GET", f"/admin/v1/published-apis/{api}"))
        expect("whose details have the same address", details["access_url"], published[0]["access_url"])
        shown = subprocess.run([SLUICE, "call", details["access_url"] + "?user_id=10002", "--api-key",
                                made["apiKey"]], capture_output=True, text=True)
        expect("the address as it is told", json.loads(shown.stdout)["data"]["user_name"], "Bob")
        one = must("one version", admin_call(made, admin, "GET", f"/admin/v1/apis/{api}/versions/1/openapi.json"))
        expect("a version's document has its address",
               one["servers"][0]["url"] + next(iter(one["paths"])), details["access_url"])


def tables_that_change(directory):
    """A real table is altered under three APIs: each is told what concerns it, and no more."""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        change_database(directory, "CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT NOT NULL, price INTEGER, note TEXT);"
                                   "CREATE INDEX by_label ON item (label); INSERT INTO item VALUES (1, 'a', 2, NULL);")
        publish(made, admin, {"name": "Item by label", "path": "/item", "method": "GET", "table": "item",
                              "request_parameters": [{"name": "label", "column": "label"}],
                              "response_parameters": [{"name": "price", "column": "price", "type": "long"}]},
                {"label": "a"})
        publish(made, admin, {"name": "Notes of items", "path": "/notes", "method": "GET", "table": "item",
                              "response_parameters": [{"name": "note", "column": "note"}]})

        def drift(grade="warning"):
            found = must("drift", admin_call(made, admin, "GET", f"/admin/v1/drift?grade={grade}"))
            return sorted((i["name"], i["of"], f["grade"], f["column"]) for i in found["items"] for f in i["findings"])

        expect("nothing has changed", drift("info"), [])
        change_database(directory, "DROP INDEX by_label; ALTER TABLE item ADD COLUMN seen TEXT;")
        expect("an index that helped is gone", drift(),
               [("Item by label", "V1", "warning", "label"), ("Item by label", "draft", "warning", "label")])
        expect("a new column is worth a word", {f[3] for f in drift("info")} , {"label", "seen"})
        change_database(directory, "ALTER TABLE item DROP COLUMN price;")
        expect("a column that one of them answers is gone",
               [f for f in drift("breaking")],
               [("Item by label", "V1", "breaking", "price"), ("Item by label", "draft", "breaking", "price")])
        told = subprocess.run([SLUICE, "drift", "--workspace", "demo", "--admin", admin, "--token",
                               made["admin"]["token"]], capture_output=True, text=True)
        expect("the command line says so", (told.returncode, "'price' of 'item' is gone" in told.stdout), (1, True))
        change_database(directory, "DROP TABLE item; CREATE TABLE item (id INTEGER PRIMARY KEY, label INTEGER, price INTEGER, note TEXT);")
        expect("retyped, and looser", [f for f in drift() if f[1] == "V1" and f[3] == "label"],
               [("Item by label", "V1", "breaking", "label"), ("Item by label", "V1", "warning", "label"),
                ("Item by label", "V1", "warning", "label")])
        change_database(directory, "DROP TABLE item;")
        expect("the table is gone for all that use it", {f[0] for f in drift("breaking")},
               {"Item by label", "Notes of items"})


def tests_tell_what_is_wrong(directory):
    """Proves: R111, R112, R113, R115"""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        definition = {"workspace": "demo", "workflow": "User Query Workflow", "name": "To be tested",
                      "path": "/tested", "method": "GET", "data_source": "users", "table": "user_info",
                      "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long",
                                              "sample": "10001"}],
                      "response_parameters": [{"name": "user_name", "column": "user_name"}]}
        api = must("create", admin_call(made, admin, "POST", "/admin/v1/apis", definition))["id"]
        path = f"/admin/v1/apis/{api}"
        form = must("form", admin_call(made, admin, "GET", path + "/test"))
        expect("the form opens with the sample", [(p["name"], p["value"]) for p in form["parameters"]],
               [("user_id", "10001")])
        report = must("test", admin_call(made, admin, "POST", path + "/test", {}))
        expect("a real execution", (report["passed"], report["status"], json.loads(report["body"])["data"]),
               (True, 200, [{"user_name": "Alice"}]))
        expect("what was asked", (report["request"]["method"], report["request"]["target"]),
               ("GET", "/tested?user_id=10001"))
        expect("the statement has a placeholder", "?" in report["sql"] and "10001" not in report["sql"], True)
        expect("it took some time", 0 < report["duration_ms"] < 5000, True)

        status, _, text = admin_call(made, admin, "POST", path + "/test", {"parameters": {"user_id": ""}})
        error = json.loads(text)["error"]
        expect("an empty required parameter is a fault of that field", (status, error["pointer"]),
               (400, "/parameters/user_id"))
        report = must("test", admin_call(made, admin, "POST", path + "/test", {"parameters": {"user_id": "abc"}}))
        expect("a wrong value names the parameter", (report["status"], "user_id" in report["body"]), (400, True))
        change_database(directory, "ALTER TABLE user_info RENAME TO hidden;")
        report = must("test", admin_call(made, admin, "POST", path + "/test", {}))
        expect("a table that is gone is named to the developer", (report["status"], "user_info" in report["fault"]),
               (502, True))
        expect("and not to a caller", "user_info" in report["body"], False)
        change_database(directory, "ALTER TABLE hidden RENAME TO user_info;")

        must("another file", admin_call(made, admin, "PUT", "/admin/v1/data-sources/demo/users",
                                        {"type": "sqlite", "settings": {"file": directory + "/gone.db"}}))
        status, _, text = admin_call(made, admin, "POST", path + "/test", {})
        error = json.loads(text)["error"]
        expect("a source that is gone is named by its setting", (status, error["pointer"]), (503, "/file"))
        expect("whose value is not told", "gone.db" in text, False)
        records = must("records", admin_call(made, admin, "GET", path + "/test-records"))["items"]
        expect("every run left a record", [r["passed"] for r in records], [False, False, False, True])
        expect("and says what was wrong", [bool(r["fault"]) for r in records][:2], [True, True])


def two_people(directory):
    """Two people edit one draft at once: no save is lost, and the second one is told what changed."""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        path = "/admin/v1/apis/" + find_api(made, admin)
        headers = {"Authorization": "Bearer " + made["admin"]["token"], "Content-Type": "application/json"}

        def read():
            status, told, text = call(admin, path, headers=headers)
            expect_quietly("read", status, 200)
            return told["etag"], json.loads(text)

        def save(etag, draft):
            return call(admin, path, "PUT", {**headers, "If-Match": etag}, json.dumps(draft))

        def expect_quietly(what, got, wanted):
            if got != wanted:
                raise SystemExit(f"FAILED {what}: got {got!r}, wanted {wanted!r}")

        etag, hers = read()
        _, his = read()
        his["description"] = "his words"
        hers["timeout_ms"] = 1234
        expect("the first save is taken", save(etag, his)[0], 200)
        status, _, text = save(etag, hers)
        error = json.loads(text)["error"]
        expect("the second is refused", (status, error["code"]), (412, "precondition_failed"))
        expect("with what changed", [(c["label"], c["to"]) for c in error["difference"]["changed"]],
               [("draft.description", "his words")])
        etag, now = read()
        expect("nothing of the second one was taken", now["timeout_ms"] != 1234, True)
        status, told, text = call(admin, path, headers={**headers, "If-None-Match": etag})
        expect("what is known is not sent again", (status, told["etag"], text), (304, etag, ""))

        etag, draft = read()
        draft["description"] = "0"
        expect("counting begins", save(etag, draft)[0], 200)
        refused = []

        def count(times):
            while times:
                etag, draft = read()
                draft["description"] = str(int(draft["description"]) + 1)
                status = save(etag, draft)[0]
                expect_quietly("a save", status in (200, 412), True)
                times -= status == 200
                refused.append(status == 412)

        people = [threading.Thread(target=count, args=(40,)) for _ in range(2)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        expect("every save of both counts", read()[1]["description"], "80")
        print(f"{sum(refused)} of {len(refused)} saves were refused and made again")
