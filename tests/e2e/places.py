# SPDX-License-Identifier: Apache-2.0
"""Promises about where things run: resource groups that bound, instances that stop, networks that differ."""
import http.server
import json
import pathlib
import re
import threading
import time

from calls import COUNT_API, COUNT_VIEW, FOR_EVER, change_database, connect, get_line, set_bound, stopped_demo
from kit import CI_SLOW, admin_call, call, demo, expect, find_api, must, publish, serve


def wait_for(what, ask, wanted):
    deadline = time.monotonic() + 20 * CI_SLOW
    while (got := ask()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    expect(what, got, wanted)


def resource_group_limits(directory):
    """A group's bounds hold for all its APIs together, tests of drafts too; a place is given back whoever
    leaves how.

    Proves: R013, R091, R115
    """
    made = stopped_demo(directory)
    change_database(directory, COUNT_VIEW)
    process, gateway, admin = serve(directory)
    with process:
        def read_group():
            text = call(admin, "/metrics")[2]
            return [int(float(re.search(rf'^sluice_resource_group_{name}{{group="local/default"}} (\S+)$', text,
                                        re.M)[1])) for name in ("in_flight", "waiting", "refused_total")]

        def set_group(**members):
            path = "/admin/v1/resource-groups/default"
            group = must("group", admin_call(made, admin, "GET", path))
            must("change", admin_call(made, admin, "PUT", path, {**group, **members}))

        def ask_slowly():
            s = connect(gateway)
            s.sendall((get_line(made, "/v1/counted") + "\r\n").encode())
            return s

        api = publish(made, admin, {**COUNT_API, "timeout_ms": 30000})
        expect("nobody is there", read_group(), [0, 0, 0])
        set_group(concurrency_max=1, queue_max=1)
        set_bound(directory, FOR_EVER)
        first = ask_slowly()
        wait_for("one call runs", read_group, [1, 0, 0])
        second = ask_slowly()
        wait_for("one waits", read_group, [1, 1, 0])
        quick = {"Authorization": "Bearer " + made["apiKey"]}
        status, headers, text = call(gateway, "/v1/user/info?user_id=10001", headers=quick)
        expect("another API of the group is refused", (status, json.loads(text)["errCode"],
                                                       headers.get("retry-after")), (429, 1108113002, "1"))
        expect("it was counted", read_group(), [1, 1, 1])
        expect("who may not call takes nobody's place", call(gateway, "/v1/user/info?user_id=10001")[0], 401)
        report = must("test", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/test"))
        expect("a draft's test counts too", (report["passed"], report["status"]), (False, 429))
        second.close()
        wait_for("who leaves waits no more", read_group, [1, 0, 2])
        second = ask_slowly()
        wait_for("another one waits", read_group, [1, 1, 2])
        first.close()
        wait_for("whose turn it is now", read_group, [1, 0, 2])
        third = ask_slowly()
        wait_for("a third waits", read_group, [1, 1, 2])
        set_group(concurrency_max=2, queue_max=0)
        wait_for("a wider bound lets it in at once", read_group, [2, 0, 2])
        second.close()
        third.close()
        wait_for("all places are given back", read_group, [0, 0, 2])
        expect("the group serves again", call(gateway, "/v1/user/info?user_id=10001", headers=quick)[0], 200)


def instance_stopped(directory):
    """Proves: R012, R033, R034, R132"""
    process, made = demo(directory)
    with process:
        admin, gateway = made["admin"]["url"], made["gateway"]
        listed = must("list", admin_call(made, admin, "GET", "/admin/v1/gateway-instances"))["items"]
        expect("the node's instance", [(i["name"], i["status"], i["id"][:3]) for i in listed],
               [("default", "Running", "gw-")])
        api, key = find_api(made, admin), {"Authorization": "Bearer " + made["apiKey"]}

        def ask():
            return call(gateway, "/v1/user/info?user_id=10001", headers=key)[0]

        expect("it answers", ask(), 200)
        must("stop", admin_call(made, admin, "POST", "/admin/v1/gateway-instances/default/stop"))
        expect("it is stopped", ask(), 503)
        body = {"instance": "default", "domain": "", "backend": "Default"}
        status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish", body)
        expect("nothing is published to it", (status, "is Stopped (R012" in text), (409, True))
    process, gateway, admin = serve(directory)
    with process:
        expect("a start of the node does not start it", ask(), 503)
        must("create", admin_call(made, admin, "POST", "/admin/v1/gateway-instances", {"name": "elsewhere"}))
        status, _, text = admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish",
                                     {**body, "instance": "elsewhere"})
        expect("nor to one that no node serves", (status, "is Creating (R012" in text), (409, True))
        must("start", admin_call(made, admin, "POST", "/admin/v1/gateway-instances/default/start"))
        expect("it answers again", ask(), 200)
        must("publish", admin_call(made, admin, "POST", f"/admin/v1/apis/{api}/versions/1/publish", body))
        row = must("published", admin_call(made, admin, "GET", f"/admin/v1/published-apis/{api}"))
        expect("its access URL works as it is shown", call(
            row["access_url"], "/v1/user/info?user_id=10001", headers=key)[0], 200)
        expect("which is the instance's", row["access_url"], gateway + "/v1/user/info")


class Echo(http.server.BaseHTTPRequestHandler):
    """Any HTTP service: answers with what it was asked."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        answer = json.dumps({"target": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                             "body": body}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/vnd.echo+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def any_http_service(directory):
    """What stands behind a backend service learns who was authenticated, and no credential.

    Proves: R134
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]

        def ask_admin(what, method, path, body=None):
            return must(what, admin_call(made, admin, method, "/admin/v1" + path, body))

        ask_admin("network", "POST", "/networks", {"name": "inner", "address_range": "127.0.0.0/8"})
        ask_admin("group", "POST", "/resource-groups", {"name": "far", "network": "inner", "workspaces": ["demo"]})
        ask_admin("service", "POST", "/backend-services", {
            "name": "echo", "network": "inner", "dns_name": "localhost", "port": server.server_port})
        api = publish(made, admin, {
            "name": "Echo", "path": "/echo", "method": "POST", "table": "user_info", "resource_group": "far",
            "response_parameters": [{"name": "user_id", "column": "user_id"}], "authentication": {"type": "api-key"},
            "request_parameters": [{"name": "q", "column": "user_id", "required": False}]}, backend="echo")
        expect("it is live", ask_admin("published", "GET", f"/published-apis/{api}")["backend"], "echo")
        status, headers, text = call(made["gateway"], "/v1/echo?q=1&r=2", "POST", {
            "Authorization": "Bearer " + made["apiKey"], "Content-Type": "application/json",
            "X-Mse-Consumer": "somebody else", "Cookie": "a=b"}, '{"x":1}')
        asked = json.loads(text)
        expect("its answer", (status, headers["content-type"]), (201, "application/vnd.echo+json"))
        expect("what it was asked", (asked["target"], asked["body"]), ("/v1/echo?q=1", '{"x":1}'))
        expect("who was authenticated", asked["headers"]["x-mse-consumer"], "demo")
        expect("the request's id", asked["headers"]["x-ca-request-id"], headers["x-ca-request-id"])
        expect("no credential", [n for n in ("authorization", "cookie") if n in asked["headers"]], [])
    server.shutdown()


def across_networks(directory):
    """Two nodes: the first one's instance is not in the network of the API's resource group, so its calls go
    through a backend service, which is the second one's gateway.

    Proves: R015, R133, R134, R135
    """
    far_directory = pathlib.Path(directory, "far")
    far_made = stopped_demo(far_directory)
    change_database(far_directory, "UPDATE user_info SET user_name = 'Alice of the other network'")
    far, far_gateway, far_admin = serve(far_directory)
    query = {"name": "Query over there", "path": "/over/there", "table": "user_info", "result_shape": "single",
             "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long"}],
             "response_parameters": [{"name": "user_name", "column": "user_name"}]}
    near, made = demo(pathlib.Path(directory, "near"))
    with near, far:
        publish(far_made, far_admin, query, {"user_id": 10001})
        admin, gateway = made["admin"]["url"], made["gateway"]

        def ask_admin(what, method, path, body=None):
            return must(what, admin_call(made, admin, method, "/admin/v1" + path, body))

        ask_admin("network", "POST", "/networks", {"name": "inner", "address_range": "127.0.0.0/8"})
        ask_admin("group", "POST", "/resource-groups", {"name": "far", "network": "inner", "workspaces": ["demo"]})
        api = ask_admin("create", "POST", "/apis", {
            "workspace": "demo", "workflow": "User Query Workflow", "data_source": "users", **query,
            "resource_group": "far", "authentication": {"type": "api-key"}, "timeout_ms": 5000})["id"]
        expect("its test", ask_admin("test", "POST", f"/apis/{api}/test", {"parameters": {"user_id": 10001}})["passed"], True)
        ask_admin("submit", "POST", f"/apis/{api}/submit")
        body = {"instance": "default", "domain": "", "backend": "Default"}
        path = f"/admin/v1/apis/{api}/versions/1/publish"
        status, _, text = admin_call(made, admin, "POST", path, body)
        expect("Default does not reach it", (status, "R134" in text), (400, True))
        plan = ask_admin("plan", "GET", f"/apis/{api}/versions/1/publish-plan?instance=default")
        expect("nothing to choose yet", (plan["backends"], "create one" in plan["warning"]), ([], True))
        ask_admin("service", "POST", "/backend-services", {
            "name": "over-there", "network": "inner", "addresses": [far_gateway.removeprefix("http://")],
            "health_check": {"path": "/v1/over/there?user_id=10001", "interval_ms": 1000, "unhealthy_threshold": 1,
                             "healthy_threshold": 1}})
        plan = ask_admin("plan", "GET", f"/apis/{api}/versions/1/publish-plan?instance=default")
        expect("it is preselected", plan["backend"], "over-there")
        ask_admin("publish", "POST", path.removeprefix("/admin/v1"), {**body, "backend": "over-there"})

        def ask(key=made["apiKey"], headers=()):
            return call(gateway, "/v1/over/there?user_id=10001&apikey=x",
                        headers={"Authorization": "Bearer " + key, **dict(headers)})

        status, headers, text = ask(headers={"X-Mse-Consumer": "somebody else"}.items())
        expect("the call comes back from there", (status, text),
               (200, '{"data":{"user_name":"Alice of the other network"},"success":true}'))
        expect("it is JSON", headers["content-type"], "application/json")
        expect("the first node authenticates", ask("wrong")[0], 401)

        def read_log():
            return pathlib.Path(far_directory, "node.log").read_text()

        wait_for("the call is in the second one's log", lambda: "/v1/over/there" in read_log(), True)
        wait_for("the service is healthy", lambda: [h["healthy"] for h in ask_admin(
            "health", "GET", "/backend-services/over-there")["health"]], [True])
        row = ask_admin("published", "GET", f"/published-apis/{api}")
        expect("its row says through what", row["backend"], "over-there")
        far.process.terminate()
        far.process.wait()
        status, _, text = ask()
        expect("nobody is there any more", (status, json.loads(text)["errCode"]), (502, 1108110703))
        expect("the caller does not learn where", far_gateway.rsplit(":", 1)[1] in text, False)
        wait_for("the service is not healthy", lambda: [h["healthy"] for h in ask_admin(
            "health", "GET", "/backend-services/over-there")["health"]], [False])
        refused = admin_call(made, admin, "DELETE", "/admin/v1/backend-services/over-there")[0]
        expect("it is not deleted while it is used", refused, 409)
