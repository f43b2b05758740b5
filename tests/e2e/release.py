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


def rest_api_versions(directory):
    """The version stands in path, query or header; a call without it, or with another one, finds nothing.

    Proves: R054
    """
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        key = {"Authorization": "Bearer " + made["apiKey"]}

        def ask(what, method, path, body=None):
            return must(what, admin_call(made, admin, method, "/admin/v1" + path, body))

        def set_up(name, versions):
            """A REST API of its own on the base path /shop, with one API that answers its name."""
            ask("REST API", "POST", "/rest-apis", {"name": name, "base_path": "/shop", "version_management": versions})
            ask("workflow", "POST", "/workflows", {"workspace": "demo", "name": f"Flow of {name}", "rest_api": name})
            return publish(made, admin, {
                "name": f"Users of {name}", "workflow": f"Flow of {name}", "path": "/users", "table": "user_info",
                "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long", "sample": 10001}],
                "response_parameters": [{"name": f"id_{name}", "column": "user_id", "type": "long"}],
                "result_shape": "single", "authentication": {"type": "api-key"}}, {"user_id": 10001})

        def find(what, path, wanted, headers=None, secret=key):
            """Who answers a call: the name, or the status of the refusal."""
            status, _, text = call(made["gateway"], path, headers={**secret, **(headers or {})})
            got = next(iter(json.loads(text)["data"]))[3:] if status == 200 else status
            expect(what, got, wanted)

        def explain(what, target, headers, wanted):
            told = ask("explain", "POST", "/explain", {"method": "GET", "target": target, "headers": [
                {"name": n, "value": v} for n, v in {"Host": "127.0.0.1", **key, **headers}.items()]})
            expect(what, (told["status"], told["reason"]), wanted)

        def take_down(*apis):
            for api in apis:
                ask("undeploy", "POST", f"/apis/{api}/undeploy", {"instance": "default"})

        def details(api):
            return ask("details", "GET", f"/published-apis/{api}")

        q = "user_id=10001"
        # In the path: the version is a part of it.
        one, two = (set_up(f"p{n}", {"enabled": True, "version": f"v{n}"}) for n in (1, 2))
        expect("its address", details(one)["access_url"], made["gateway"] + "/shop/v1/users")
        find("the first version of the path", f"/shop/v1/users?{q}", "p1")
        find("the second", f"/shop/v2/users?{q}", "p2")
        find("none", f"/shop/users?{q}", 404)
        find("another one", f"/shop/v3/users?{q}", 404)
        take_down(one, two)

        # In the query.
        one, two = (set_up(f"q{n}", {"enabled": True, "scheme": "query", "version": f"v{n}", "name": "ver"})
                    for n in (1, 2))
        expect("its address", details(two)["access_url"], made["gateway"] + "/shop/users?ver=v2")
        find("the first version of the query", f"/shop/users?ver=v1&{q}", "q1")
        find("the second", f"/shop/users?{q}&ver=v2", "q2")
        find("none", f"/shop/users?{q}", 404)
        find("another one", f"/shop/users?ver=v3&{q}", 404)
        find("two", f"/shop/users?ver=v1&ver=v2&{q}", 404)
        find("who it is, is asked of a version that there is", f"/shop/users?ver=v1&{q}", 401, secret={})
        find("and of no other", f"/shop/users?ver=v3&{q}", 404, secret={})
        explain("why", f"/shop/users?{q}", {}, (404, "no published API of this host and path has the version that "
                                                "the call says; it belongs once into the query parameter 'ver'"))
        signed = subprocess.run([SLUICE, "call", details(two)["access_url"] + f"&{q}", "--hmac",
                                 made["hmac"]["accessKey"] + ":" + made["hmac"]["secretKey"], "--json"],
                                capture_output=True, text=True)
        expect("a signature of another method is none", json.loads(signed.stdout)["status"], 401)
        take_down(one, two)

        # In a header.
        one, two = (set_up(f"h{n}", {"enabled": True, "scheme": "header", "version": f"v{n}", "name": "X-Version"})
                    for n in (1, 2))
        told = details(one)
        expect("its address", (told["access_url"], told["access_headers"]),
               (made["gateway"] + "/shop/users", {"X-Version": "v1"}))
        find("the first version of the header", f"/shop/users?{q}", "h1", {"X-Version": "v1"})
        find("the second", f"/shop/users?{q}", "h2", {"x-version": "v2"})
        find("none", f"/shop/users?{q}", 404)
        find("another one", f"/shop/users?{q}", 404, {"X-Version": "v3"})
        explain("how it would be served", f"/shop/users?{q}", {"X-Version": "v2"}, (200, ""))
        printed = subprocess.run([SLUICE, "call", f"{told['access_url']}?{q}", "--api-key", made["apiKey"],
                                  "-H", "X-Version: v1"], capture_output=True, text=True)
        expect("the command line", json.loads(printed.stdout)["data"], {"id_h1": 10001})

        # The document of it makes clients that say the version.
        document = ask("the document", "GET", "/rest-apis/h2/openapi.json")
        parameter = document["paths"]["/users"]["get"]["parameters"][0]
        expect("the version in the document", (parameter["name"], parameter["in"], parameter["required"],
                                               parameter["schema"]["enum"]), ("X-Version", "header", True, ["v2"]))

        # A REST API that says no version cannot stand on the same address.
        ask("REST API", "POST", "/rest-apis", {"name": "plain", "base_path": "/shop"})
        ask("workflow", "POST", "/workflows", {"workspace": "demo", "name": "Plain Flow", "rest_api": "plain"})
        ask("api", "POST", "/apis", {
            "workspace": "demo", "workflow": "Plain Flow", "name": "Plain Users", "path": "/users", "table": "user_info",
            "data_source": "users", "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long"}],
            "response_parameters": [{"name": "user_id", "column": "user_id", "type": "long"}]})
        api = ask("find", "GET", "/apis?name=Plain%20Users")["items"][0]["id"]
        ask("test", "POST", f"/apis/{api}/test", {"parameters": {"user_id": 10001}})
        ask("submit", "POST", f"/apis/{api}/submit")
        status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish",
                                     {"instance": "default", "domain": "", "backend": "Default"})
        expect("an address that others have", (status, "both serve GET /shop/users" in text), (409, True))
        find("which serves as before", f"/shop/users?{q}", "h1", {"X-Version": "v1"})


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
                              "result_shape": "page",
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


def tables_under_scripts(directory):
    """A script's fields are described by a real source, when it is tested and when drift is asked for; what
    a version is measured from goes with an export."""
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        change_database(directory, "CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT, price BIGINT);"
                                   "INSERT INTO item VALUES (1, 'a', 2);")
        publish(made, admin, {
            "name": "Items by script", "path": "/items", "mode": "script",
            "script": {"sql": "SELECT i.id AS id, i.price AS cost, count(*) AS n FROM item i WHERE i.label = ${label} "
                              "GROUP BY i.id, i.price"},
            "request_parameters": [{"name": "label", "sample": "it's \"a\""}],
            "response_parameters": [{"name": "id", "type": "long"}, {"name": "price", "column": "cost", "type": "long"},
                                    {"name": "n", "type": "long"}]}, {"label": "a"})

        def drift(grade="info"):
            found = must("drift", admin_call(made, admin, "GET", f"/admin/v1/drift?grade={grade}"))
            return sorted((i["of"], f["grade"], f["column"]) for i in found["items"] for f in i["findings"])

        def exported():
            documents = must("export", admin_call(made, admin, "GET", "/admin/v1/export?kinds=version"))["documents"]
            return next(d for d in documents if d["api"] == "demo/Items by script")["tested_table"]["columns"]

        expect("nothing has changed", drift(), [])
        expect("an export tells what it answered", [(c["name"], c["type"]) for c in exported() if c["name"] != "n"],
               [("id", "long"), ("cost", "long")])
        change_database(directory, "ALTER TABLE item ADD COLUMN seen TEXT;")
        expect("a column that the statement does not name is nothing to it", drift(), [])
        change_database(directory, "DROP TABLE item; CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT, price TEXT);")
        expect("a field that is retyped", drift(), [("V1", "breaking", "cost"), ("draft", "breaking", "cost")])
        change_database(directory, "ALTER TABLE item DROP COLUMN price;")
        expect("a statement that the source takes no more", drift(), [("V1", "breaking", ""), ("draft", "breaking", "")])


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
