# SPDX-License-Identifier: Apache-2.0
"""Promises about who calls: the three methods against the running gateway, and their credentials."""
import base64
import hashlib
import hmac
import json
import pathlib
import sqlite3
import subprocess
import time
import os
import urllib.parse
from email.utils import formatdate

from kit import (SLUICE, admin_call, call, demo, expect, must, publish, serve)

ALICE = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
PATHS = {"api-key": "/v1/user/info", "jwt": "/v1/jwt/user/info", "hmac": "/v1/hmac/user/info"}
QUERY = "?user_id=10001"


def sign(access_key, secret, method, target, headers=None, body="", nonce=None, now=None):
    """As a client of the signed scheme does, without anything of ours."""
    headers = {"Accept": "application/json", **(headers or {})}
    signed = {"x-ca-key": access_key, "x-ca-timestamp": str(int((now or time.time()) * 1000)),
              "x-ca-signature-method": "HmacSHA256"}
    if nonce:
        signed["x-ca-nonce"] = nonce
    path, _, query = target.partition("?")
    parameters = dict(reversed(urllib.parse.parse_qsl(query, keep_blank_values=True)))
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        parameters.update(dict(reversed(urllib.parse.parse_qsl(body, keep_blank_values=True))))
    text = "\n".join([method, headers.get("Accept", ""), headers.get("Content-MD5", ""),
                      headers.get("Content-Type", ""), headers.get("Date", ""),
                      *(f"{name}:{signed[name]}" for name in sorted(signed)), path])
    if parameters:
        text += "?" + "&".join(k + ("=" + v if v else "") for k, v in sorted(parameters.items()))
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return {**headers, **signed, "x-ca-signature-headers": ",".join(sorted(signed)),
            "x-ca-signature": base64.b64encode(mac).decode()}


def three_methods(directory):
    """R152: only the credential of the API's own method passes.

    Proves: R102, R152
    """
    process, made = demo(directory)
    with process:
        for kind, path in PATHS.items():
            target = path + QUERY
            shown = {
                "api-key": {"Authorization": "Bearer " + made["apiKey"]},
                "jwt": {"Authorization": "Bearer " + made["jwt"]},
                "hmac": sign(made["hmac"]["accessKey"], made["hmac"]["secretKey"], "GET", target),
                "nothing": {}}
            for name, headers in shown.items():
                status, answered, text = call(made["gateway"], target, headers=headers)
                if name == kind:
                    expect(f"{name} on the {kind} API", (status, text), (200, ALICE))
                else:
                    expect(f"{name} on the {kind} API", (status, "Alice" in text), (401, False))
                    expect(f"{name} on the {kind} API, challenge", "realm=" in answered["www-authenticate"], True)
        for line in made["calls"]:
            got = subprocess.run(line + " -s", shell=True, capture_output=True, text=True).stdout
            expect("pasted: " + line.split("'")[1], '"success":true' in got, True)


def seed_headers(directory):
    """The five headers of the published HMAC sample through curl, nothing else signed.

    Proves: R107, R146, R147
    """
    process, made = demo(directory)
    with process:
        key, secret = made["hmac"]["accessKey"], made["hmac"]["secretKey"]
        target = PATHS["hmac"] + QUERY
        date = formatdate(usegmt=True)

        def curl(text, *more, url=target):
            mac = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
            return subprocess.run(
                ["curl", "-s", "-i", made["gateway"] + url, "-H", f"x-ca-key: {key}", "-H",
                 f"x-ca-signature: {mac}", "-H", "x-ca-signature-method: HmacSHA256", "-H",
                 f"Date: {date}", "-H", "Accept: application/json", *more],
                capture_output=True, text=True).stdout

        text = f"GET\napplication/json\n\n\n{date}\n{target}"
        answer = curl(text)
        expect("the published sample's headers", (answer.split(" ")[1], answer.endswith(ALICE)), ("200", True))
        with_type = f"GET\napplication/json\n\napplication/json; charset=utf-8\n{date}\n{target}"
        answer = curl(with_type, "-H", "Content-Type: application/json; charset=utf-8")
        expect("with a Content-Type on a GET", answer.split(" ")[1], "200")
        answer = curl(text, url=target.replace("10001", "10002"))
        wanted = ("X-Ca-Error-Message: Invalid Signature, Server StringToSign:`GET#application/json###"
                  f"{date}#{target.replace('10001', '10002')}`")
        expect("another query", (answer.split(" ")[1], wanted in answer), ("400", True))


def minted_tokens(directory):
    """Tokens of PyJWT, for every algorithm it has of ours, on an API of the running gateway.

    Proves: R106
    """
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]
        keys = {"rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
                "p256": ec.generate_private_key(ec.SECP256R1()),
                "p384": ec.generate_private_key(ec.SECP384R1()),
                "p521": ec.generate_private_key(ec.SECP521R1()),
                "ed": ed25519.Ed25519PrivateKey.generate(),
                "oct": os.urandom(64)}
        of = {"HS": "oct", "RS": "rsa", "PS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521",
              "EdDSA": "ed"}

        def jwk(name):
            key = keys[name]
            if name == "oct":
                return {"kty": "oct", "kid": name, "k": base64.urlsafe_b64encode(key).rstrip(b"=").decode()}
            algorithm = {"rsa": jwt.algorithms.RSAAlgorithm, "ed": jwt.algorithms.OKPAlgorithm}.get(
                name, jwt.algorithms.ECAlgorithm)
            if name.startswith("p"):
                numbers, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
                encode = lambda n: base64.urlsafe_b64encode(n.to_bytes(size, "big")).rstrip(b"=").decode()
                return {"kty": "EC", "crv": f"P-{key.curve.key_size}", "kid": name,
                        "x": encode(numbers.x), "y": encode(numbers.y)}
            return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": name}

        given = {"jwks": {"keys": [jwk(name) for name in keys]}, "issuer": "https://idp.example.com",
                 "claims": {"uid": "minted"}}
        must("credential", admin_call(made, admin, "POST", "/admin/v1/consumers/demo/credentials",
                                      {"type": "jwt", "given": given}))
        now = int(time.time())
        claims = {"iss": "https://idp.example.com", "uid": "minted", "iat": now, "exp": now + 300}
        algorithms = [f + n for f in ("HS", "RS", "PS", "ES") for n in ("256", "384", "512")] + ["EdDSA"]
        for algorithm in algorithms:
            name = of.get(algorithm) or of[algorithm[:2]]
            for told, payload, wanted in (("good", claims, 200), ("expired", {**claims, "exp": now - 100}, 401),
                                          ("another issuer", {**claims, "iss": "x"}, 401)):
                token = jwt.encode(payload, keys[name], algorithm, headers={"kid": name})
                status, _, text = call(made["gateway"], PATHS["jwt"] + QUERY,
                                       headers={"Authorization": "Bearer " + token})
                expect(f"{algorithm}, {told}", status, wanted)


def credentials(directory):
    """Made, told once, listed without secrets, rotated, disabled, revoked; sealed in the store."""
    process, made = demo(directory)
    env = dict(os.environ, SLUICE_ADMIN=made["admin"]["url"], SLUICE_TOKEN=made["admin"]["token"])

    def sluice(*args, code=0):
        done = subprocess.run([SLUICE, *args], env=env, capture_output=True, text=True)
        if done.returncode != code:
            raise SystemExit(f"FAILED sluice {' '.join(args)}: {done.returncode} {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def status(key):
        return call(made["gateway"], PATHS["api-key"] + QUERY, headers={"Authorization": "Bearer " + key})[0]

    with process:
        sluice("consumer", "add", "mobile", "--description", "the app")
        key = sluice("credential", "add", "mobile")
        expect("a key before its authorisation", status(key), 403)
        sluice("grant", "mobile", "--rest-api", "dataservice-user-api")
        expect("authorised for the REST API", status(key), 200)
        signed = json.loads(sluice("credential", "add", "mobile", "--type", "hmac", "--json"))["shown"]
        target = PATHS["hmac"] + QUERY
        expect("which is every API under it", call(made["gateway"], target, headers=sign(
            signed["access_key"], signed["secret_key"], "GET", target, nonce="n-1"))[0], 200)
        replay = sign(signed["access_key"], signed["secret_key"], "GET", target, nonce="n-2")
        expect("a signed request, once", call(made["gateway"], target, headers=replay)[0], 200)
        answer = call(made["gateway"], target, headers=replay)
        expect("the same again", (answer[0], answer[1]["x-ca-error-message"]), (400, "Nonce Used"))
        ids = {c["type"]: c["id"] for c in json.loads(sluice("get", "credentials", "--consumer", "mobile", "--json"))["items"]}
        successor = sluice("credential", "rotate", ids["api-key"], "--overlap-seconds", "3600")
        expect("rotated: both work", (status(key), status(successor)), (200, 200))
        sluice("credential", "disable", ids["api-key"])
        expect("the old one disabled", (status(key), status(successor)), (401, 200))
        sluice("credential", "enable", ids["api-key"])
        sluice("credential", "revoke", ids["api-key"])
        expect("the old one revoked", (status(key), status(successor)), (401, 200))
        sluice("consumer", "disable", "mobile")
        expect("a disabled consumer", status(successor), 401)
        sluice("consumer", "enable", "mobile")
        sluice("revoke", "mobile", "--rest-api", "dataservice-user-api")
        expect("the authorisation taken away", status(successor), 403)
        sluice("grant", "mobile", "--api", "demo/Query User by User ID")
        expect("an authorisation for one API", status(successor), 200)
        listed = sluice("get", "credentials", "--json") + sluice("get", "consumers", "--json")
        log = pathlib.Path(directory, "node.log").read_text()
        secrets = [key, successor, signed["secret_key"], made["hmac"]["secretKey"], made["apiKey"]]
        for place, text in (("a listing", listed), ("the log", log)):
            expect(f"no secret in {place}", [s for s in secrets if s in text], [])
    db = sqlite3.connect(str(pathlib.Path(directory, "sluice.db")))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    stored = pathlib.Path(directory, "sluice.db").read_bytes()
    plain = [s for s in secrets for form in (s.encode(), s.encode().hex().encode()) if form in stored]
    expect("no secret in the store", (plain, b"sealed:v1:" in stored), ([], True))
    key_file = pathlib.Path(directory, "secret.key")
    expect("the key file is its owner's", oct(key_file.stat().st_mode & 0o777), "0o600")
    node = str(pathlib.Path(directory, "node.yaml"))

    def refused(what, part):
        done = subprocess.run([SLUICE, "serve", "--config", node], capture_output=True, text=True, timeout=60)
        expect(what, (done.returncode, part in done.stderr), (1, True))

    key_file.chmod(0o644)
    refused("a key file that others may read", "chmod 600")
    key_file.chmod(0o600)
    good = key_file.read_text()
    key_file.write_text("0" * 64 + "\n")
    refused("another key", "give the key file that the store was written with")
    key_file.unlink()
    refused("no key for a store with secrets", "put it back")
    key_file.write_text(good)
    key_file.chmod(0o600)
    process, gateway, _ = serve(directory)
    with process:
        expect("with the right key it serves", call(gateway, PATHS["api-key"] + QUERY, headers={
            "Authorization": "Bearer " + made["apiKey"]})[0], 200)


def explain(directory):
    """Why a request is refused, told to whoever may manage the node. Proves: R149"""
    process, made = demo(directory)
    env = dict(os.environ, SLUICE_ADMIN=made["admin"]["url"], SLUICE_TOKEN=made["admin"]["token"],
               SIGNING=made["hmac"]["accessKey"] + ":" + made["hmac"]["secretKey"],
               WRONG=made["hmac"]["accessKey"] + ":another-secret")

    def run(*args):
        done = subprocess.run([SLUICE, "explain", *args], env=env, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    with process:
        url = made["gateway"] + PATHS["hmac"] + QUERY
        code, text = run(url, "--hmac", "env:SIGNING")
        expect("a good signature", (code, "it would be served" in text, "consumer        demo" in text,
                                    "authorisation   for this API, no end" in text), (0, True, True, True))
        code, text = run(url, "--hmac", "env:WRONG")
        expect("the wrong secret", (code, "the secrets differ" in text), (1, True))
        # A request as a proxy changed it on the way, and what its client signed.
        target = PATHS["hmac"] + QUERY
        headers = sign(made["hmac"]["accessKey"], made["hmac"]["secretKey"], "GET", target)
        captured = pathlib.Path(directory, "captured.http")
        captured.write_text("GET " + target + "&trace=1 HTTP/1.1\nHost: localhost\n" +
                            "".join(f"{k}: {v}\n" for k, v in headers.items()) + "\n")
        signed = pathlib.Path(directory, "signed.txt")
        signed.write_text("\n".join(["GET", "application/json", "", "", "",
                                     *(f"{n}:{headers[n]}" for n in sorted(headers) if n in (
                                         "x-ca-key", "x-ca-timestamp", "x-ca-signature-method")), target]) + "\n")
        code, text = run("--request", str(captured), "--signed-text", str(signed))
        expect("the first differing line", (code, "the first difference is in line 9" in text), (1, True))
        code, text = run(made["gateway"] + PATHS["api-key"] + QUERY, "--api-key", made["unauthorizedApiKey"])
        expect("no authorisation", (code, "status 403" in text, "stranger" in text,
                                    "authorisation   none" in text), (1, True, True, True))
        code, text = run(made["gateway"] + PATHS["jwt"] + QUERY, "--jwt", made["jwt"] + "x")
        expect("a token that is none", (code, "status 401" in text, "reason" in text), (1, True, True))
        code, text = run(made["gateway"] + "/v1/nope")
        expect("no route", (code, "no published API" in text), (1, True))
        publish(made, made["admin"]["url"],
                {"name": "Open to all", "path": "/open", "method": "GET", "table": "user_info",
                 "authentication": {"type": ""}, "result_shape": "page",
                 "response_parameters": [{"name": "user_name", "column": "user_name"}]})
        code, text = run(made["gateway"] + "/v1/open")
        expect("an API that asks nobody", (code, "it would be served" in text), (0, True))
        expect("no nonce is used up by it", call(made["gateway"], target, headers=headers)[0], 200)


def signing_client(directory):
    """sluice call signs for all three, and the curl lines it prints do the same."""
    process, made = demo(directory)
    env = dict(os.environ, HMAC=made["hmac"]["accessKey"] + ":" + made["hmac"]["secretKey"],
               JWT=made["jwt"], KEY=made["apiKey"])
    with process:
        publish(made, made["admin"]["url"], {
            "name": "Signed by form", "path": "/signed", "method": "POST", "table": "user_info",
            "result_shape": "single", "authentication": {"type": "hmac"},
            "request_parameters": [{"name": "user_id", "column": "user_id", "type": "long",
                                    "position": "body"}],
            "response_parameters": [{"name": "user_name", "column": "user_name"}]},
            {"user_id": "10001"})
        form = ["-H", "Content-Type: application/x-www-form-urlencoded", "-d", "user_id=10001"]
        for name, path, args in [
                ("key", PATHS["api-key"] + QUERY, ["--api-key", "env:KEY"]),
                ("token", PATHS["jwt"] + QUERY, ["--jwt", "env:JWT"]),
                ("signature", PATHS["hmac"] + QUERY, ["--hmac", "env:HMAC"]),
                ("signature over a form", "/v1/signed", ["--hmac", "env:HMAC", *form]),
                ("signature and a JSON body", "/v1/signed", ["--hmac", "env:HMAC", "-d", '{"user_id":10001}'])]:
            url = made["gateway"] + path
            done = subprocess.run([SLUICE, "call", url, *args], env=env, capture_output=True, text=True)
            expect(f"called with a {name}", (done.returncode, "Alice" in done.stdout), (0, True))
            line = subprocess.run([SLUICE, "call", url, *args, "--print-curl"], env=env,
                                  capture_output=True, text=True).stdout.strip()
            done = subprocess.run(line + " -s", shell=True, capture_output=True, text=True)
            expect(f"the curl line for a {name}", "Alice" in done.stdout, True)


def remote_keys(directory):
    """Keys behind a URL: fetched, cached, rotated without a restart, kept while their server is away."""
    import http.server
    import threading
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ed25519

    keys = {name: ed25519.Ed25519PrivateKey.generate() for name in ("old", "new")}
    served = ["old"]
    asked = []

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if not served:
                return self.send_error(500)
            body = json.dumps({"keys": [{**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(
                keys[name].public_key())), "kid": name} for name in served]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    process, made = demo(directory)
    with process:
        admin = made["admin"]["url"]

        def add(given):
            return admin_call(made, admin, "POST", "/admin/v1/consumers/demo/credentials",
                              {"type": "jwt", "given": given})

        status, _, text = add({"jwks_url": url, "claims": {"uid": "remote"}})
        expect("a URL that is not https", (status, "/given/jwks_url" in text), (400, True))
        must("credential", add({"jwks_url": url, "jwks_allow_private": True, "jwks_cache_seconds": 3600,
                                "claims": {"uid": "remote"}}))

        def call_with(name, n=0):
            token = jwt.encode({"uid": "remote", "exp": int(time.time()) + 300, "n": n}, keys[name],
                               "EdDSA", headers={"kid": name})
            return call(made["gateway"], PATHS["jwt"] + QUERY, headers={"Authorization": "Bearer " + token})[0]

        expect("the first token waits for its keys", call_with("old"), 200)
        expect("one request for them", len(asked), 1)
        expect("further tokens use what was fetched", [call_with("old", n) for n in range(5)], [200] * 5)
        expect("still one request", len(asked), 1)
        served[:] = ["new"]
        # An unknown kid asks again, but not more often than every ten seconds.
        expect("a new key too soon after the last request", call_with("new"), 401)
        deadline = time.monotonic() + 60
        status = 401
        while status != 200 and time.monotonic() < deadline:
            time.sleep(0.5)
            status = call_with("new")
        expect("rotated without a restart", status, 200)
        expect("the old key is out", call_with("old", 99), 401)
        served.clear()
        server.shutdown()
        expect("the last good set is kept while the server is away", call_with("new", 7), 200)
        must("credential", add({"jwks_url": "https://localhost:1/jwks.json", "claims": {"uid": "guarded"}}))
        token = jwt.encode({"uid": "guarded", "exp": int(time.time()) + 300}, keys["old"], "EdDSA")
        expect("a private address behind a name", call(made["gateway"], PATHS["jwt"] + QUERY, headers={
            "Authorization": "Bearer " + token})[0], 503)
    log = pathlib.Path(directory, "node.log").read_text()
    expect("the log says why", "no public address" in log, True)
