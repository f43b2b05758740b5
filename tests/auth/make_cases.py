#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of authentication cases beside it: api_key.json, hmac.json, jwt.json, and
vectors.json, whose signatures were computed elsewhere.

    make_cases.py [--check]      --check: compare all but jwt.json, whose signatures are random,
                                 with what would be written

The signing is done here once more, in Python and from the specification of the clients, so that
the plugins are not judged by their own code. Needs Debian's python3-cryptography.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HERE = pathlib.Path(__file__).parent
NOW = 1735689610
DATE = "Wed, 01 Jan 2025 00:00:00 GMT"  # 10 s before NOW


def accept(consumer=None, bind=None):
    expect = {"accept": True}
    if consumer:
        expect["consumer"] = consumer
    if bind is not None:
        expect["bind"] = bind
    return expect


def refuse(status):
    return {"accept": False, "status": status}


# ----------------------------------------------------------------------------------------- API key

ALICE = "dk_alice_0123456789abcdef"
BOB = "dk_bob_0123456789abcdef"
ODD = "dk odd+%/0123456789abcdef"


def api_key_cases():
    bearer = {"consumers": [{"name": "alice", "keys": [ALICE, "dk_alice_second_0123456789"]},
                            {"name": "bob", "keys": [BOB]},
                            {"name": "off", "enabled": False, "keys": ["dk_off_0123456789abcdef"]}],
              "allow": ["alice", "off"]}
    header = {"source": {"type": "header", "name": "X-API-Key"},
              "consumers": [{"name": "alice", "keys": [ALICE]}]}
    query = {"source": {"type": "query", "name": "apikey"},
             "consumers": [{"name": "alice", "keys": [ALICE]}]}
    mixed = {"consumers": [{"name": "alice", "keys": [ALICE]},
                           {"name": "bob", "keys": [BOB],
                            "source": {"type": "header", "name": "X-Bob"}}]}
    cases = []

    def add(name, config, headers, expect, target="/v1/a?x=1", method="GET", body=""):
        cases.append({"name": f"api key: {name}", "method": "apikey", "config": config,
                      "request": {"method": method, "path_and_query": target,
                                  "headers": [["Host", "api.example.com"], *headers],
                                  "body": body},
                      "now": NOW, "expect": expect})

    auth = lambda value: [["Authorization", value]]
    good = accept("alice", {"x": "1"})
    for name, value in [("bearer", f"Bearer {ALICE}"), ("lower-case scheme", f"bearer {ALICE}"),
                        ("upper-case scheme", f"BEARER {ALICE}"), ("two spaces", f"Bearer  {ALICE}"),
                        ("trailing spaces", f"Bearer {ALICE}  "),
                        ("leading tab of the value", f"\tBearer {ALICE}"),
                        ("second key of the consumer", "Bearer dk_alice_second_0123456789")]:
        add(name, bearer, auth(value), good)
    for name, value in [("nothing after the scheme", "Bearer"), ("only spaces after it", "Bearer   "),
                        ("no scheme", ALICE), ("basic", f"Basic {ALICE}"),
                        ("scheme and key run together", f"Bearer{ALICE}"),
                        ("tab instead of a space", f"Bearer\t{ALICE}"),
                        ("a longer scheme", f"Bearers {ALICE}"), ("empty", ""),
                        ("unknown key", "Bearer dk_nobody_0123456789abcdef"),
                        ("a byte more", f"Bearer {ALICE}0"), ("a byte less", f"Bearer {ALICE[:-1]}"),
                        ("other letter case", f"Bearer {ALICE.upper()}"),
                        ("the digest instead of the key",
                         "Bearer " + hashlib.sha256(ALICE.encode()).hexdigest()),
                        ("a disabled consumer", "Bearer dk_off_0123456789abcdef"),
                        ("a comma and another", f"Bearer {ALICE}, Bearer {ALICE}"),
                        ("very long", "Bearer " + "a" * 5000),
                        ("quoted", f'Bearer "{ALICE}"')]:
        add(name, bearer, auth(value), refuse(401))
    add("nothing sent", bearer, [], refuse(401))
    add("header name in lower case", bearer, [["authorization", f"Bearer {ALICE}"]], good)
    add("two equal Authorization lines", bearer, auth(f"Bearer {ALICE}") * 2, refuse(401))
    add("a good and a bad Authorization line", bearer,
        auth(f"Bearer {ALICE}") + auth("Bearer other"), refuse(401))
    add("not authorised", bearer, auth(f"Bearer {BOB}"), refuse(403))
    add("nobody is authorised", {**bearer, "allow": []}, auth(f"Bearer {ALICE}"), refuse(403))
    add("authorisation absent means all", {"consumers": bearer["consumers"]},
        auth(f"Bearer {BOB}"), accept("bob"))
    add("unknown key where nobody is authorised: 401 comes first", {**bearer, "allow": []},
        auth("Bearer nobody"), refuse(401))
    add("in the query, which is not its place", bearer, [], refuse(401), f"/v1/a?apikey={ALICE}")
    add("in a header, which is not its place", bearer, [["X-API-Key", ALICE]], refuse(401))
    add("form and query are bound, the first value and the form's", bearer,
        auth(f"Bearer {ALICE}") + [["Content-Type", "application/x-www-form-urlencoded"]],
        accept("alice", {"x": "f", "y": "2 3", "z": ""}), "/v1/a?x=1&y=2+3&y=4&z", "POST",
        "x=f")
    add("a JSON body is not parameters", bearer,
        auth(f"Bearer {ALICE}") + [["Content-Type", "application/json"]],
        accept("alice", {"x": "1"}), method="POST", body='{"x":2}')

    add("header", header, [["X-API-Key", ALICE]], good)
    add("header name in any case", header, [["x-api-KEY", ALICE]], good)
    add("header value is trimmed", header, [["X-API-Key", f"  {ALICE}\t"]], good)
    for name, headers in [("no prefix is taken off", [["X-API-Key", f"Bearer {ALICE}"]]),
                          ("empty header", [["X-API-Key", ""]]),
                          ("twice", [["X-API-Key", ALICE], ["x-api-key", ALICE]]),
                          ("twice, one empty", [["X-API-Key", ""], ["x-api-key", ALICE]]),
                          ("as bearer", auth(f"Bearer {ALICE}")),
                          ("in a similar header", [["X-API-Key2", ALICE]]),
                          ("in X_API_Key", [["X_API_Key", ALICE]])]:
        add(f"header source: {name}", header, headers, refuse(401))

    add("query", query, [], accept("alice"), f"/v1/a?apikey={ALICE}")
    add("query, name encoded", query, [], accept("alice"), f"/v1/a?%61pike%79={ALICE}")
    add("query, value encoded", query, [], accept("alice"),
        "/v1/a?apikey=" + "".join(f"%{ord(c):02x}" for c in ALICE))
    add("query, after empty parts", query, [], accept("alice"), f"/v1/a?&&=&apikey={ALICE}&")
    for name, target in [("name in other case", f"/v1/a?ApiKey={ALICE}"),
                         ("twice", f"/v1/a?apikey={ALICE}&apikey={ALICE}"),
                         ("twice, once encoded", f"/v1/a?apikey={ALICE}&%61pikey=x"),
                         ("empty", "/v1/a?apikey="), ("no value", "/v1/a?apikey"),
                         ("encoded twice", "/v1/a?apikey=" + "".join(
                             f"%25{ord(c):02x}" for c in ALICE)),
                         ("after a semicolon", f"/v1/a?x=1;apikey={ALICE}"),
                         ("in the path", f"/v1/a/apikey={ALICE}"),
                         ("plus is a space", f"/v1/a?apikey={ALICE}+")]:
        add(f"query source: {name}", query, [], refuse(401), target)
    add("query source: as bearer", query, auth(f"Bearer {ALICE}"), refuse(401))
    add("a key whose characters need encoding",
        {"source": {"type": "query", "name": "k"},
         "consumers": [{"name": "odd", "keys": ["dk_odd+%/0123456789abcdef"]}]}, [],
        accept("odd"), "/v1/a?k=dk_odd%2B%25%2F0123456789abcdef")

    add("each consumer has its own source: bearer", mixed, auth(f"Bearer {ALICE}"), good)
    add("each consumer has its own source: header", mixed, [["X-Bob", BOB]], accept("bob"))
    add("the other consumer's place is not looked at", mixed, [["X-Bob", ALICE]], refuse(401))
    add("a good key beside a token of another system", mixed,
        auth("Bearer of-another-system") + [["X-Bob", BOB]], accept("bob"))
    add("NUL in a header", bearer, auth(f"Bearer {ALICE}\0"), refuse(400))
    add("CR LF in a header", bearer, auth(f"Bearer {ALICE}\r\nX: y"), refuse(400))
    return cases


# -------------------------------------------------------------------------------------------- HMAC

KEY, SECRET = "demo-key-01", "demo-secret-01"


def mac(text, secret=SECRET, digest="sha256"):
    data = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(hmac.new(secret.encode(), data, digest).digest()).decode()


def md5(body):
    data = body if isinstance(body, bytes) else body.encode()
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def hmac_cases():
    config = {"consumers": [{"name": "demo", "key": KEY, "secret": SECRET},
                            {"name": "other", "key": "other-key", "secret": "other-secret"},
                            {"name": "off", "key": "off-key", "secret": SECRET, "enabled": False}],
              "allow": ["demo"]}
    cases = []

    def case(name, request, expect, extra=None, now=NOW, **more):
        cases.append({"name": f"hmac: {name}", "method": "hmac", "config": {**config, **(extra or {})},
                      "request": request, **more, "now": now, "expect": expect})

    def request(target="/v1/user/info?user_id=10001", lines=None, method="GET", accept_="application/json",
                content_md5="", content_type="", date=DATE, names=None, headers=(), body="",
                signed_target=None, secret=SECRET, digest="sha256", key=KEY, signature=None,
                text=None):
        """A signed request. lines: the header lines of the signed text; names: the list that is
        sent; signed_target: path and parameters as the client signs them."""
        if text is None:
            text = "\n".join([method, accept_, content_md5, content_type, date, *(lines or []),
                              signed_target if signed_target is not None else target])
        sent = [["Host", "api.example.com"], ["x-ca-key", key]]
        for name, value in (("Accept", accept_), ("Content-MD5", content_md5),
                            ("Content-Type", content_type), ("Date", date)):
            if value:
                sent.append([name, value])
        sent += [list(h) for h in headers]
        if names is not None:
            sent.append(["x-ca-signature-headers", names])
        sent.append(["x-ca-signature", signature if signature is not None
                     else mac(text, secret, digest)])
        made = {"method": method, "path_and_query": target, "headers": sent}
        if isinstance(body, bytes):
            made["body_base64"] = base64.b64encode(body).decode()
        else:
            made["body"] = body
        return made

    def with_header(made, name, value, replace=False):
        headers = [h for h in made["headers"] if not (replace and h[0].lower() == name.lower())]
        return {**made, "headers": headers + [[name, value]]}

    def without(made, name):
        return {**made, "headers": [h for h in made["headers"] if h[0].lower() != name.lower()]}

    ok = accept("demo", {"user_id": "10001"})
    case("6.1", request(), ok)
    case("method named", request(headers=[("x-ca-signature-method", "HmacSHA256")]), ok)
    case("SHA-1", request(headers=[("x-ca-signature-method", "HmacSHA1")], digest="sha1"), ok)
    case("SHA-1 switched off", request(headers=[("x-ca-signature-method", "HmacSHA1")],
                                       digest="sha1"), refuse(400), {"algorithms": ["HmacSHA256"]})
    case("SHA-1 signature under the default method", request(digest="sha1"), refuse(400))
    case("unknown method", request(headers=[("x-ca-signature-method", "HmacMD5")]), refuse(400))
    case("method in other case", request(headers=[("x-ca-signature-method", "hmacsha256")]),
         refuse(400))
    case("changed parameter", {**request(), "path_and_query": "/v1/user/info?user_id=10002"},
         refuse(400))
    case("changed path", {**request(), "path_and_query": "/v1/user/inf0?user_id=10001"}, refuse(400))
    case("changed method", {**request(), "method": "POST"}, refuse(400))
    case("changed Accept", with_header(request(), "Accept", "*/*", True), refuse(400))
    case("Accept added on the way", with_header(without(request(), "Accept"), "Accept", "*/*"),
         refuse(400))
    case("Accept absent on both sides", request(accept_=""), ok)
    case("no key", without(request(), "x-ca-key"), refuse(401))
    case("empty key", with_header(without(request(), "x-ca-key"), "x-ca-key", ""), refuse(401))
    case("unknown key", with_header(request(), "x-ca-key", "nobody", True), refuse(401))
    case("disabled consumer", request(key="off-key"), refuse(401))
    case("key in other case", request(key=KEY.upper()), refuse(401))
    case("key too long", request(key="k" * 300), {"accept": False})
    case("no signature", without(request(), "x-ca-signature"), refuse(401))
    case("another consumer's secret", request(secret="other-secret"), refuse(400))
    case("not authorised, good signature", request(key="other-key", secret="other-secret"),
         refuse(403))
    case("not authorised, bad signature: the signature comes first", request(key="other-key"),
         refuse(400))
    good = mac(f"GET\napplication/json\n\n\n{DATE}\n/v1/user/info?user_id=10001")
    raw = base64.b64decode(good)
    for name, signature in [("hex", raw.hex()), ("base64url", good.replace("+", "-").replace("/", "_")
                                                  if "+" in good or "/" in good else good[:-1]),
                            ("without padding", good.rstrip("=")), ("cut", good[:-4]),
                            ("padded more", good + "="), ("empty bytes", "===="),
                            ("percent-encoded", good.replace("=", "%3D")),
                            ("white space inside", good[:10] + " " + good[10:]),
                            ("a second value", good + "," + good),
                            ("first bit flipped", base64.b64encode(
                                bytes([raw[0] ^ 128]) + raw[1:]).decode()),
                            ("last bit flipped", base64.b64encode(
                                raw[:-1] + bytes([raw[-1] ^ 1])).decode()),
                            ("all zero", base64.b64encode(bytes(32)).decode())]:
        case(f"signature: {name}", request(signature=signature), refuse(400))
    case("signature with spaces around it", request(signature=f"  {good} "), ok)
    for name in ["x-ca-key", "x-ca-signature", "Date", "Content-Type", "Content-MD5"]:
        made = request()
        value = dict((h[0].lower(), h[1]) for h in made["headers"]).get(name.lower(), "x")
        twice = with_header(with_header(without(made, name), name, value), name.upper(), value)
        case(f"{name} twice", twice, refuse(400))

    # Signed headers.
    ts = str(NOW * 1000 - 7000)
    signed = [("x-ca-nonce", "n-1"), ("x-ca-timestamp", ts), ("X-Ca-Stage", "RELEASE")]
    lines = lambda pairs: [f"{n}:{v}" for n, v in sorted(pairs, key=lambda p: p[0].encode())]
    case("signed headers, lower case", request(
        lines=lines([(n.lower(), v) for n, v in signed]), headers=signed,
        names="x-ca-nonce,x-ca-timestamp,x-ca-stage"), ok)
    case("signed headers, names as written", request(
        lines=lines(signed), headers=signed, names="x-ca-timestamp,X-Ca-Stage,x-ca-nonce"), ok)
    case("mixed-case list signed in lower case (N2)", request(
        lines=lines([(n.lower(), v) for n, v in signed]), headers=signed,
        names="X-Ca-Nonce,X-CA-TIMESTAMP,X-Ca-Stage"), ok)
    case("upper sorts before lower as written", request(
        lines=["X-B:2", "a-b:1"], headers=[("X-B", "2"), ("a-b", "1")], names="a-b,X-B"), ok)
    case("sorted without case while written in both: refused", request(
        lines=["a-b:1", "X-B:2"], headers=[("X-B", "2"), ("a-b", "1")], names="a-b,X-B"), refuse(400))
    case("white space in the list", request(
        lines=["a-b:1", "x-b:2"], headers=[("X-B", "2"), ("a-b", "1")], names=" a-b , ,x-b,"), ok)
    case("an empty list gives no line", request(names=""), ok)
    case("a list of commas gives no line", request(names=" , ,"), ok)
    case("listed and absent", request(lines=["x-gone:"], names="x-gone"), ok)
    case("listed and empty", request(lines=["x-empty:"], headers=[("x-empty", "")], names="x-empty"),
         ok)
    case("the five are dropped from the list", request(
        lines=["x-b:2"], headers=[("x-b", "2")],
        names="Date,accept,x-b,Content-Type,content-md5,x-ca-signature,X-Ca-Signature-Headers"), ok)
    case("a signed header changed", request(lines=["x-b:2"], headers=[("x-b", "3")], names="x-b"),
         refuse(400))
    case("a repeated signed header: the first counts", request(
        lines=["x-b:1"], headers=[("x-b", "1"), ("x-b", "2")], names="x-b"), ok)
    case("a repeated signed header: not the second", request(
        lines=["x-b:2"], headers=[("x-b", "1"), ("x-b", "2")], names="x-b"), refuse(400))
    case("an underscore in a name", request(lines=["ca_version:1.1.2"],
                                            headers=[("ca_version", "1.1.2")], names="ca_version"), ok)
    case("bytes above 0x7f in a header", request(lines=["x-name:研发"], headers=[("x-name", "研发")],
                                                 names="x-name"), ok)
    case("64 signed headers", request(
        lines=[f"x-h{i:02}:{i}" for i in range(64)],
        headers=[(f"x-h{i:02}", str(i)) for i in range(64)],
        names=",".join(f"x-h{i:02}" for i in range(64))), ok)
    case("65 signed headers", request(
        lines=[f"x-h{i:02}:{i}" for i in range(65)],
        headers=[(f"x-h{i:02}", str(i)) for i in range(65)],
        names=",".join(f"x-h{i:02}" for i in range(65))), refuse(400))

    # Path and parameters.
    def target(name, sent, signed_as, bind=None, expect=None, **kw):
        case(name, request(sent, signed_target=signed_as, **kw),
             expect or accept("demo", bind if bind is not None else {}))

    target("no parameter at all", "/v1/a", "/v1/a")
    target("a bare question mark", "/v1/a?", "/v1/a")
    target("sorted by name", "/v1/a?b=2&a=1&C=3", "/v1/a?C=3&a=1&b=2", {"a": "1", "b": "2", "C": "3"})
    target("sorted by bytes of UTF-8", "/v1/a?%C3%A9=2&z=1", "/v1/a?z=1&é=2", {"é": "2", "z": "1"})
    target("an empty value has no '='", "/v1/a?e=&f&g=1", "/v1/a?e&f&g=1",
           {"e": "", "f": "", "g": "1"})
    target("an empty value with '=' (M2)", "/v1/a?e=&f&g=1", "/v1/a?e=&f=&g=1",
           {"e": "", "f": "", "g": "1"})
    target("the first of a repeated name", "/v1/a?x=1&x=2", "/v1/a?x=1", {"x": "1"})
    target("not the last of a repeated name", "/v1/a?x=1&x=2", "/v1/a?x=2", expect=refuse(400))
    target("not both joined", "/v1/a?x=1&x=2", "/v1/a?x=1,2", expect=refuse(400))
    target("decoded once", "/v1/a?x=%2541", "/v1/a?x=%41", {"x": "%41"})
    target("not as on the wire", "/v1/a?x=%20", "/v1/a?x=%20", expect=refuse(400))
    target("plus is a space (M1)", "/v1/a?x=1+2", "/v1/a?x=1 2", {"x": "1 2"})
    target("plus stays (M2)", "/v1/a?x=1+2", "/v1/a?x=1+2", {"x": "1+2"})
    target("an encoded plus is a plus", "/v1/a?x=1%2B2", "/v1/a?x=1+2", {"x": "1+2"})
    target("an ampersand inside", "/v1/a?x=1%262", "/v1/a?x=1&2", {"x": "1&2"})
    target("an equals sign inside", "/v1/a?x=a=b", "/v1/a?x=a=b", {"x": "a=b"})
    target("a part without a name is dropped", "/v1/a?=1&x=2", "/v1/a?x=2", {"x": "2"})
    target("empty parts", "/v1/a?&&x=2&", "/v1/a?x=2", {"x": "2"})
    target("a semicolon separates nothing", "/v1/a?x=1;y=2", "/v1/a?x=1;y=2", {"x": "1;y=2"})
    target("a second question mark", "/v1/a?x=1?2", "/v1/a?x=1?2", {"x": "1?2"})
    target("bytes that are no UTF-8", "/v1/a?x=%FF", "", expect=accept("demo"),
           text=b"GET\napplication/json\n\n\n" + DATE.encode() + b"\n/v1/a?x=\xff")
    target("path as on the wire (P1)", "/v1/%E7%94%A8", "/v1/%E7%94%A8")
    target("path decoded (P2)", "/v1/%E7%94%A8", "/v1/用")
    target("path with a space decoded (P2)", "/v1/a%20b", "/v1/a b")
    for name, raw_path, decoded in [("slash", "/v1/a%2Fb", "/v1/a/b"), ("dot", "/v1/a/%2E%2E/b", "/v1/a/../b"),
                                    ("dot in lower case", "/v1/%2e%2e/b", "/v1/../b"),
                                    ("question mark", "/v1/a%3Fb", "/v1/a?b"),
                                    ("hash", "/v1/a%23b", "/v1/a#b"),
                                    ("backslash", "/v1/a%5Cb", "/v1/a\\b"),
                                    ("percent", "/v1/a%2541", "/v1/a%41"),
                                    ("line end", "/v1/a%0Ab", "/v1/a\nb"),
                                    ("delete", "/v1/a%7Fb", "/v1/a\x7fb")]:
        target(f"an encoded {name} is never decoded in the path", raw_path, decoded,
               expect=refuse(400))
        target(f"an encoded {name} is signed as on the wire", raw_path, raw_path)
    target("the path is not normalised", "/v1//a/./b", "/v1//a/./b")
    target("a normalised path is another one", "/v1//a", "/v1/a", expect=refuse(400))
    for bad in ["%zz", "%", "%4", "a%"]:
        case(f"malformed escape {bad} in a value", request(f"/v1/a?x={bad}"), refuse(400))
    case("malformed escape in a name", request("/v1/a?%zz=1"), refuse(400))
    many = "&".join(f"p{i:04}=1" for i in range(1000))
    target("1,000 parameters", f"/v1/a?{many}", f"/v1/a?{many}", {f"p{i:04}": "1" for i in range(1000)})
    case("1,001 parameters", request(f"/v1/a?{many}&q=1"), refuse(400))

    # Forms.
    FORM = "application/x-www-form-urlencoded"

    def form(name, sent, signed_as, body, bind=None, expect=None, content_type=FORM, **kw):
        case(name, request(sent, signed_target=signed_as, method=kw.pop("method", "POST"),
                           content_type=content_type, body=body, **kw),
             expect or accept("demo", bind))

    form("a form's parameters are signed", "/v1/a?q=1", "/v1/a?b=2&q=1", "b=2", {"b": "2", "q": "1"})
    form("a form with a charset", "/v1/a", "/v1/a?b=2", "b=2", {"b": "2"},
         content_type=FORM + "; charset=utf-8")
    form("the media type in any case", "/v1/a", "/v1/a?b=2", "b=2", {"b": "2"},
         content_type="Application/X-WWW-Form-URLEncoded")
    form("form over query (M1)", "/v1/a?x=q", "/v1/a?x=f", "x=f", {"x": "f"})
    form("query over form (M2)", "/v1/a?x=q", "/v1/a?x=q", "x=f", {"x": "q"})
    form("a PUT's form", "/v1/a", "/v1/a?b=2", "b=2", {"b": "2"}, method="PUT")
    form("form type on a GET without a body", "/v1/a?x=1", "/v1/a?x=1", "", {"x": "1"}, method="GET")
    form("form type on a GET without a body, bad signature", "/v1/a?x=1", "/v1/a?x=2", "",
         expect=refuse(400), method="GET")
    form("a form changed on the way", "/v1/a", "/v1/a?b=2", "b=3", expect=refuse(400))
    form("malformed escape in a form", "/v1/a", "/v1/a?b=%", "b=%", expect=refuse(400))
    form("multipart is not parsed", "/v1/a", "/v1/a", "b=2", {}, content_type="multipart/form-data")
    form("JSON is not parsed", "/v1/a?x=1", "/v1/a?x=1", '{"b":2}', {"x": "1"},
         content_type="application/json")
    form("text/plain that looks like a form", "/v1/a", "/v1/a?b=2", "b=2", expect=refuse(400),
         content_type="text/plain")

    # Content-MD5.
    body = '{"user_id":10001,"note":"héllo"}'
    for name, value, sent_body, expect in [
            ("right", md5(body), body, accept("demo")), ("wrong", md5("x"), body, refuse(400)),
            ("of the empty body", md5(""), "", accept("demo")),
            ("on an empty body, not its own", md5("x"), "", refuse(400)),
            ("not base64", "xyz", body, refuse(400)),
            ("hex", hashlib.md5(body.encode()).hexdigest(), body, refuse(400))]:
        case(f"Content-MD5 {name}", request("/v1/a", method="POST", content_md5=value,
                                            content_type="application/json", body=sent_body), expect)
    case("Content-MD5 absent, body unprotected", request("/v1/a", method="POST", body=body,
                                                         content_type="application/json"),
         accept("demo"))
    case("Content-MD5 demanded and absent", request("/v1/a", method="POST", body=body,
                                                    content_type="application/json"),
         refuse(400), {"require_content_md5": True})
    case("Content-MD5 demanded and there", request("/v1/a", method="POST", body=body,
                                                   content_md5=md5(body),
                                                   content_type="application/json"),
         accept("demo"), {"require_content_md5": True})
    binary = bytes(range(256))
    case("Content-MD5 of binary", request("/v1/a", method="POST", body=binary,
                                          content_md5=md5(binary),
                                          content_type="application/octet-stream"), accept("demo"))

    # Time.
    T0 = 1735689600
    for name, now, expect in [("equal", T0, ok), ("window's last second", T0 + 900, ok),
                              ("a second late", T0 + 901, refuse(400)),
                              ("window's first second", T0 - 900, ok),
                              ("a second early", T0 - 901, refuse(400))]:
        case(f"Date: {name}", request(), expect, now=now)
    for date in ["Wed, 01 Jan 2025 00:00:00 GMT+00:00", "Wednesday, 01-Jan-25 00:00:00 GMT",
                 "Wed Jan  1 00:00:00 2025"]:
        case(f"Date form: {date}", request(date=date), ok)
    for date in ["2025-01-01T00:00:00Z", "Wed, 01 Jan 2025 00:00:00 +0100", "1735689600",
                 "Wed, 32 Jan 2025 00:00:00 GMT", "Wed, 01 Jan 2025 24:00:01 GMT",
                 "Wed, 01 Foo 2025 00:00:00 GMT", "today", "Wed, 01 Jan 2025 00:00:00 CET"]:
        case(f"Date refused: {date}", request(date=date), refuse(400))
    case("neither Date nor timestamp", request(date=""), refuse(400))
    case("no time check: neither is fine", request(date=""), ok, {"date_offset": 0})
    case("no time check: an old Date is fine", request(), ok, {"date_offset": 0}, now=T0 + 10**8)

    def stamp(value, names="x-ca-timestamp", listed=True):
        return request(date="", lines=[f"x-ca-timestamp:{value}"] if listed else [],
                       headers=[("x-ca-timestamp", value)], names=names if listed else None)
    for name, value, expect in [("milliseconds", f"{T0}123", ok), ("seconds", f"{T0}", ok),
                                ("milliseconds, too old", f"{T0 - 2000}000", refuse(400)),
                                ("seconds, too old", f"{T0 - 2000}", refuse(400)),
                                ("ahead", f"{T0 + 2000}000", refuse(400)),
                                ("signed sign", f"+{T0}", refuse(400)),
                                ("negative", f"-{T0}", refuse(400)),
                                ("fraction", f"{T0}.5", refuse(400)),
                                ("hexadecimal", hex(T0), refuse(400)),
                                ("17 digits", "1" * 17, refuse(400)),
                                ("empty", "", refuse(400))]:
        case(f"timestamp in {name}" if "second" in name else f"timestamp: {name}", stamp(value), expect)
    case("timestamp unsigned is ignored", stamp(f"{T0}000", listed=False), refuse(400))
    case("Date comes first: its age counts", request(
        date="Wed, 01 Jan 2020 00:00:00 GMT", lines=[f"x-ca-timestamp:{T0}000"],
        headers=[("x-ca-timestamp", f"{T0}000")], names="x-ca-timestamp"), refuse(400))

    # Nonces.
    def nonce(value, listed=True, key=KEY, secret=SECRET, **kw):
        return request(lines=[f"x-ca-nonce:{value}"] if listed else [],
                       headers=[("x-ca-nonce", value)], names="x-ca-nonce" if listed else None,
                       key=key, secret=secret, **kw)
    case("a nonce the first time", nonce("n-1"), ok)
    case("a nonce the second time", nonce("n-1"), refuse(400), before=[nonce("n-1")])
    case("another nonce", nonce("n-2"), ok, before=[nonce("n-1")])
    case("a nonce in other case is another", nonce("N-1"), ok, before=[nonce("n-1")])
    case("the same nonce of another key", nonce("n-1"), ok, {"allow": ["demo", "other"]},
         before=[nonce("n-1", key="other-key", secret="other-secret")])
    case("an unsigned nonce is ignored", nonce("n-1", listed=False), ok,
         before=[nonce("n-1", listed=False)])
    case("nonces not checked", nonce("n-1"), ok, {"nonce_check": False}, before=[nonce("n-1")])
    case("a bad signature burns no nonce", nonce("n-1"), ok,
         before_rejected=[nonce("n-1", secret="wrong")])
    case("an expired date burns no nonce", nonce("n-1"), ok,
         before_rejected=[nonce("n-1", date="Wed, 01 Jan 2020 00:00:00 GMT")])
    case("a nonce too long", nonce("n" * 257), {"accept": False})
    case("a nonce as long as may be", nonce("n" * 256), ok)
    case("Authorization is not looked at", with_header(request(), "Authorization", "Bearer x"), ok)
    case("an identity header of the client is not believed",
         with_header(request(), "X-Mse-Consumer", "other"), ok)
    return cases


# --------------------------------------------------------------------------------------------- JWT


def b64(data):
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Keys:
    """Fixed test keys; they guard nothing. Kept beside this file, made when absent."""

    def __init__(self):
        path = HERE / "keys.json"
        if not path.exists():
            made = {"rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
                    "rsa-2": rsa.generate_private_key(public_exponent=65537, key_size=2048),
                    "rsa-weak": rsa.generate_private_key(public_exponent=65537, key_size=1024),
                    "p256": ec.generate_private_key(ec.SECP256R1()),
                    "p384": ec.generate_private_key(ec.SECP384R1()),
                    "p521": ec.generate_private_key(ec.SECP521R1()),
                    "ed": ed25519.Ed25519PrivateKey.generate()}
            path.write_text(json.dumps({name: key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()).decode() for name, key in made.items()}, indent=1))
        self.keys = {name: serialization.load_pem_private_key(text.encode(), None)
                     for name, text in json.loads(path.read_text()).items()}

    def __getitem__(self, name):
        return self.keys[name]

    def jwk(self, name, **more):
        public = self.keys[name].public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **more}
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
            return {"kty": "EC", "crv": {256: "P-256", 384: "P-384", 521: "P-521"}[
                public.curve.key_size], "x": number(numbers.x, size), "y": number(numbers.y, size),
                **more}
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)), **more}


OCT = b"0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDEF"
HASH = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def sign(alg, key, data):
    if alg.startswith("HS"):
        return hmac.new(key, data, f"sha{alg[2:]}").digest()
    if alg == "EdDSA":
        return key.sign(data)
    digest = HASH[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest)
    if alg.startswith("PS"):
        return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def token(alg, key, claims=None, header=None, raw_header=None, raw_payload=None, signature=None):
    head = raw_header if raw_header is not None else json.dumps(
        {"alg": alg, "typ": "JWT", **(header or {})})
    body = raw_payload if raw_payload is not None else json.dumps(
        {"uid": "u1", "exp": NOW + 600} if claims is None else claims)
    data = f"{b64(head)}.{b64(body)}".encode()
    made = signature if signature is not None else sign(alg, key, data)
    return data.decode() + "." + (b64(made) if isinstance(made, bytes) else made)


def jwt_cases():
    keys = Keys()
    oct_jwk = {"kty": "oct", "k": b64(OCT)}
    cases = []

    def consumer(*jwks, name="c1", **more):
        return {"name": name, "jwks": {"keys": list(jwks)}, "claims": {"uid": "u1"}, **more}

    def case(name, sent, expect, *consumers, headers=None, target="/v1/a?x=1", now=NOW, **config):
        cases.append({"name": f"jwt: {name}", "method": "jwt",
                      "config": {"consumers": list(consumers) or [consumer(oct_jwk)], **config},
                      "request": {"method": "GET", "path_and_query": target,
                                  "headers": [["Host", "api.example.com"]] + (
                                      headers if headers is not None
                                      else [["Authorization", f"Bearer {sent}"]])},
                      "now": now, "expect": expect})

    ok = accept("c1")
    no = refuse(401)
    good = token("HS256", OCT)
    names = {"RS": "rsa", "PS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521",
             "EdDSA": "ed"}
    algs = [f"{f}{n}" for f in ("HS", "RS", "PS", "ES") for n in (256, 384, 512)] + ["EdDSA"]
    key_of = lambda alg: OCT if alg.startswith("HS") else keys[names.get(alg) or names[alg[:2]]]
    jwk_of = lambda a, **more: ({**oct_jwk, **more} if a.startswith("HS") else keys.jwk(
        names.get(a) or names[a[:2]], **more))
    for alg in algs:
        case(f"{alg}", token(alg, key_of(alg)), ok, consumer(jwk_of(alg)))
        case(f"{alg}, the key names it", token(alg, key_of(alg)), ok, consumer(jwk_of(alg, alg=alg)))
        made = token(alg, key_of(alg))
        head, body, sig = made.split(".")
        raw = base64.urlsafe_b64decode(sig + "==")
        case(f"{alg}, a flipped bit", f"{head}.{body}." + b64(bytes([raw[0] ^ 1]) + raw[1:]), no,
             consumer(jwk_of(alg)))
        case(f"{alg}, a byte short", f"{head}.{body}." + b64(raw[:-1]), no, consumer(jwk_of(alg)))
        case(f"{alg}, a byte long", f"{head}.{body}." + b64(raw + b"\0"), no, consumer(jwk_of(alg)))
        case(f"{alg}, another payload", f"{head}.{b64(json.dumps({'uid': 'u1', 'exp': NOW + 601}))}.{sig}",
             no, consumer(jwk_of(alg)))
    for alg, other in [("HS256", "HS512"), ("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512")]:
        case(f"{alg} where the key is for {other}", token(alg, key_of(alg)), no,
             consumer(jwk_of(alg, alg=other)))
    case("algorithms of the consumer: in the list", good, ok,
         consumer(oct_jwk, algorithms=["HS256"]))
    case("algorithms of the consumer: not in the list", good, no,
         consumer(oct_jwk, algorithms=["RS256"]))
    case("use is enc", good, no, consumer({**oct_jwk, "use": "enc"}))
    case("use is sig", good, ok, consumer({**oct_jwk, "use": "sig"}))
    case("key_ops without verify", good, no, consumer({**oct_jwk, "key_ops": ["sign"]}))
    case("key_ops with verify", good, ok, consumer({**oct_jwk, "key_ops": ["verify"]}))
    case("a weak RSA key", token("RS256", keys["rsa-weak"]), no, consumer(keys.jwk("rsa-weak")))

    # Attacks on the algorithm.
    for alg in ["none", "None", "NONE", "nOnE", "", "hs256", "HS1", "HS256 ", "RSA1_5", "ES256K"]:
        case(f"alg {alg!r} without a signature", token("x", None, header={"alg": alg}, signature=""),
             no)
        case(f"alg {alg!r} with the HS256 signature", token("HS256", OCT, header={"alg": alg}), no)
    rsa_jwk = keys.jwk("rsa")
    public = keys["rsa"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM,
                              serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER,
                              serialization.PublicFormat.SubjectPublicKeyInfo)
    modulus = public.public_numbers().n.to_bytes(256, "big")
    for name, secret in [("PEM", pem), ("PEM without its last line end", pem.strip()), ("DER", der),
                         ("modulus", modulus), ("modulus in base64", rsa_jwk["n"].encode()),
                         ("nothing", b"")]:
        case(f"HS256 with the RSA public key's {name}", token("HS256", secret), no, consumer(rsa_jwk))
    case("HS256 with the EC key's x", token("HS256", keys.jwk("p256")["x"].encode()), no,
         consumer(keys.jwk("p256")))
    case("HS256 with the text of k instead of its bytes", token("HS256", oct_jwk["k"].encode()), no)
    case("PS256 header over an RS256 signature", token("RS256", keys["rsa"], header={"alg": "PS256"}),
         no, consumer(rsa_jwk))
    case("ES384 header on a P-256 key", token("ES256", keys["p256"], header={"alg": "ES384"}), no,
         consumer(keys.jwk("p256")))
    case("ES256 header on a P-384 key", token("ES384", keys["p384"], header={"alg": "ES256"}), no,
         consumer(keys.jwk("p384")))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for name, raw in [("r and s zero", bytes(64)), ("r zero", bytes(32) + b"\x01" * 32),
                      ("s zero", b"\x01" * 32 + bytes(32)), ("all ones", b"\xff" * 64),
                      ("r is the order", order.to_bytes(32, "big") + b"\x01" * 32),
                      ("s is the order", b"\x01" * 32 + order.to_bytes(32, "big")), ("empty", b"")]:
        case(f"ES256 signature: {name}", token("ES256", None, signature=raw), no,
             consumer(keys.jwk("p256")))
    data = token("ES256", keys["p256"]).rsplit(".", 1)[0]
    case("ES256 signature in DER", data + "." + b64(keys["p256"].sign(
        data.encode(), ec.ECDSA(hashes.SHA256()))), no, consumer(keys.jwk("p256")))

    # Keys.
    a, b = {**oct_jwk, "kid": "a"}, {"kty": "oct", "kid": "b", "k": b64(b"another secret of 32 bytes......")}
    case("kid names the key", token("HS256", OCT, header={"kid": "a"}), ok, consumer(a, b))
    case("kid of another key", token("HS256", OCT, header={"kid": "b"}), no, consumer(a, b))
    case("unknown kid", token("HS256", OCT, header={"kid": "c"}), no, consumer(a, b))
    case("unknown kid, a key without one", token("HS256", OCT, header={"kid": "c"}), ok,
         consumer(b, oct_jwk))
    case("no kid: all keys are tried", good, ok, consumer(b, a))
    case("two keys share a kid", token("HS256", OCT, header={"kid": "b"}), ok,
         consumer(b, {**oct_jwk, "kid": "b"}))
    case("kid in other case", token("HS256", OCT, header={"kid": "A"}), no, consumer(a))
    for kid in ["../../etc/passwd", "' OR 1=1 --", "a\u0000", "https://attacker.example/keys"]:
        case(f"kid {kid!r}", token("HS256", OCT, header={"kid": kid}), no, consumer(a))
    case("kid is a number", token("HS256", OCT, header={"kid": 1}), no, consumer(a))
    case("kid is null", token("HS256", OCT, header={"kid": None}), no, consumer(a))
    for member, value in [("jwk", {**keys.jwk("rsa-2")}), ("jku", "https://attacker.example/jwks"),
                          ("x5u", "https://attacker.example/cert"), ("x5c", ["MII"])]:
        case(f"the token brings its own key in {member}",
             token("RS256", keys["rsa-2"], header={member: value}), no, consumer(rsa_jwk))
        case(f"{member} is ignored on a good token",
             token("RS256", keys["rsa"], header={member: value}), ok, consumer(rsa_jwk))

    # Form.
    head, body, sig = good.split(".")
    for name, text in [("two parts", f"{head}.{body}"), ("four parts", f"{good}.x"),
                       ("five parts, a JWE", f"{head}.{body}.{sig}.x.y"),
                       ("an empty signature", f"{head}.{body}."), ("an empty header", f".{body}.{sig}"),
                       ("an empty payload", f"{head}..{sig}"), ("only dots", ".."),
                       ("padding", f"{head}.{body}.{sig}="), ("a space inside", f"{head}. {body}.{sig}"),
                       ("standard base64", f"{head}.{body}.{sig[:-2]}+/"),
                       ("not base64", f"{head}.{body}.!!!!"),
                       ("unused trailing bits set", f"{head}.{body}.{sig[:-1]}" + (
                           "B" if sig[-1] == "A" else chr(ord(sig[-1]) + 1))),
                       ("one letter left over", f"{head}.{body}.{sig}AA")]:
        case(f"form: {name}", text, no)
    for name, raw in [("an array", '["uid","u1"]'), ("a string", '"uid"'), ("a number", "1"),
                      ("null", "null"), ("empty", ""), ("cut", '{"uid":"u1"'),
                      ("trailing text", '{"uid":"u1","exp":%d}x' % (NOW + 9)),
                      ("two objects", '{"uid":"u1","exp":%d}{}' % (NOW + 9)),
                      ("a repeated member", '{"uid":"u2","uid":"u1","exp":%d}' % (NOW + 9)),
                      ("a repeated member, hidden", '{"uid":"u1","\\u0075id":"u1","exp":%d}' % (NOW + 9)),
                      ("a repeated member, deep inside",
                       '{"uid":"u1","exp":%d,"a":[{"b":1,"b":2}]}' % (NOW + 9)),
                      ("invalid UTF-8", b'{"uid":"u1","exp":%d,"a":"\xff"}' % (NOW + 9)),
                      ("NaN", '{"uid":"u1","exp":%d,"a":NaN}' % (NOW + 9)),
                      ("Infinity", '{"uid":"u1","exp":Infinity}'),
                      ("too deep", '{"uid":"u1","exp":%d,"a":%s}' % (NOW + 9, "[" * 40 + "]" * 40)),
                      ("a comment", '{"uid":"u1","exp":%d/**/}' % (NOW + 9)),
                      ("a byte order mark", '\ufeff{"uid":"u1","exp":%d}' % (NOW + 9)),
                      ("deflated", zlib.compress(b'{"uid":"u1","exp":%d}' % (NOW + 9)))]:
        case(f"payload: {name}", token("HS256", OCT, raw_payload=raw), no)
    for name, raw in [("an array", '["HS256"]'), ("no alg", '{"typ":"JWT"}'),
                      ("alg is a number", '{"alg":256}'), ("alg is a list", '{"alg":["HS256"]}'),
                      ("alg twice", '{"alg":"none","alg":"HS256"}'),
                      ("alg twice, hidden", '{"alg":"HS256","\\u0061lg":"HS256"}'),
                      ("crit", '{"alg":"HS256","crit":["exp"],"exp":1}'),
                      ("crit, empty", '{"alg":"HS256","crit":[]}'),
                      ("b64", '{"alg":"HS256","b64":true}'),
                      ("b64 false", '{"alg":"HS256","b64":false,"crit":["b64"]}')]:
        case(f"header: {name}", token("HS256", OCT, raw_header=raw), no)
    case("header: unknown members are ignored", token("HS256", OCT, header={"cty": "x", "z": [1]}), ok)
    case("header: white space around it", token("HS256", OCT, raw_header=' {"alg": "HS256"} \n'), ok)
    case("header: escapes are undone", token("HS256", OCT, raw_header='{"al\\u0067":"HS\\u00325\\u0036"}'),
         ok)
    case("as long as may be", token("HS256", OCT, raw_payload='{"uid":"u1","exp":%d,"p":"%s"}' % (
        NOW + 9, "a" * 5900)), ok)
    case("too long", token("HS256", OCT, raw_payload='{"uid":"u1","exp":%d,"p":"%s"}' % (
        NOW + 9, "a" * 7000)), no)
    case("a smaller bound of the configuration", good, no, max_token_bytes=50)

    # Claims.
    def claims(name, members, expect, now=NOW, **more):
        case(f"claims: {name}", token("HS256", OCT, {"uid": "u1", "exp": NOW + 600, **members}), expect,
             consumer(oct_jwk, **more), now=now)

    claims("exp, its last second", {"exp": NOW - 60}, ok)
    claims("exp, a second late", {"exp": NOW - 61}, no)
    claims("exp without skew", {"exp": NOW - 1}, no, clock_skew_seconds=0)
    claims("exp equal to now without skew", {"exp": NOW}, ok, clock_skew_seconds=0)
    claims("nbf, its first second", {"nbf": NOW + 60}, ok)
    claims("nbf, a second early", {"nbf": NOW + 61}, no)
    claims("iat, its first second", {"iat": NOW + 60}, ok)
    claims("iat ahead", {"iat": NOW + 61}, no)
    claims("exp is zero", {"exp": 0}, no)
    claims("exp is a fraction", {"exp": NOW + 0.5}, ok)
    for member in ("exp", "nbf", "iat"):
        for value in (str(NOW), True, None, -1, [NOW], 1e300):
            claims(f"{member} is {value!r}", {member: value}, no)
    claims("exp in the year 9999", {"exp": 253402300799}, ok)
    claims("exp after it", {"exp": 253402300800}, no)
    case("claims: exp absent", token("HS256", OCT, {"uid": "u1"}), no)
    case("claims: exp absent, not demanded", token("HS256", OCT, {"uid": "u1"}), ok,
         consumer(oct_jwk, require_exp=False))
    claims("issuer", {"iss": "https://idp"}, ok, issuer="https://idp")
    for value in ("https://idp/", "HTTPS://idp", "", None, ["https://idp"], 1):
        claims(f"issuer is {value!r}", {"iss": value}, no, issuer="https://idp")
    claims("issuer is absent", {}, no, issuer="https://idp")
    claims("audience", {"aud": "a"}, ok, audiences=["a", "b"])
    claims("one of the audiences", {"aud": ["x", "b"]}, ok, audiences=["a", "b"])
    for value in ("c", ["c"], [], None, 1, {"a": "a"}, "A", [["a"]]):
        claims(f"audience is {value!r}", {"aud": value}, no, audiences=["a", "b"])
    claims("audience is not asked for", {"aud": "c"}, ok)
    for value in ("u2", "U1", " u1", "u1 ", "", 1, None, ["u1"], {"u1": 1}, "u\u0000"):
        claims(f"uid is {value!r}", {"uid": value}, no)
    case("claims: escapes are undone", token("HS256", OCT, raw_payload='{"u\\u0069d":"\\u00751","exp":%d}' % (
        NOW + 9)), ok)
    case("claims: a composed letter is not a decomposed one", token("HS256", OCT, {
        "uid": "e\u0301", "exp": NOW + 9}), no, {**consumer(oct_jwk), "claims": {"uid": "\u00e9"}})
    case("claims: several must all be there", token("HS256", OCT, {"uid": "u1", "exp": NOW + 9}), no,
         {**consumer(oct_jwk), "claims": {"uid": "u1", "tenant": "t"}})
    claims("typ demanded", {}, ok, typ="JWT")
    claims("typ demanded, another", {}, no, typ="at+jwt")

    # Places.
    for name, value in [("lower-case scheme", f"bearer {good}"), ("two spaces", f"Bearer  {good}"),
                        ("trailing spaces", f"Bearer {good} ")]:
        case(f"place: {name}", "", ok, headers=[["Authorization", value]])
    for name, value in [("no scheme", good), ("another scheme", f"JWT {good}"),
                        ("prefix in the middle", f"x Bearer {good}"), ("nothing", "Bearer "),
                        ("run together", f"Bearer{good}")]:
        case(f"place: {name}", "", no, headers=[["Authorization", value]])
    case("place: query", "", ok, headers=[], target=f"/v1/a?access_token={good}")
    case("place: query, name in other case", "", no, headers=[], target=f"/v1/a?Access_Token={good}")
    case("place: query twice", "", no, headers=[], target=f"/v1/a?access_token={good}&access_token={good}")
    case("place: query and header", "", no, headers=[["Authorization", f"Bearer {good}"]],
         target=f"/v1/a?access_token={good}")
    case("place: two header lines", "", no, headers=[["Authorization", f"Bearer {good}"]] * 2)
    case("place: nowhere", "", no, headers=[])
    own = consumer(oct_jwk, from_headers=[{"name": "X-Token", "value_prefix": ""}])
    case("place: own header", "", ok, own, headers=[["x-token", good]])
    case("place: own header, prefix is not taken off", "", no, own, headers=[["x-token", f"Bearer {good}"]])
    case("place: the default is gone", good, no, own)
    case("place: the default query is gone", "", no, own, headers=[], target=f"/v1/a?access_token={good}")
    prefix = consumer(oct_jwk, from_headers=[{"name": "X-Token", "value_prefix": "tok="}])
    case("place: own prefix", "", ok, prefix, headers=[["X-Token", f"tok={good}"]])
    case("place: own prefix in other case", "", no, prefix, headers=[["X-Token", f"TOK={good}"]])
    cookie = consumer(oct_jwk, from_cookies=["session"])
    case("place: cookie", "", ok, cookie, headers=[["Cookie", f"a=b; session={good}; c=d"]])
    case("place: quoted cookie", "", ok, cookie, headers=[["Cookie", f'session="{good}"']])
    case("place: cookie in other case", "", no, cookie, headers=[["Cookie", f"Session={good}"]])
    case("place: cookie twice", "", no, cookie, headers=[["Cookie", f"session={good}; session={good}"]])
    params = consumer(oct_jwk, from_params=["tok"])
    case("place: own parameter", "", ok, params, headers=[], target=f"/v1/a?tok={good}")

    # Consumers.
    second = {"name": "c2", "jwks": {"keys": [oct_jwk]}, "claims": {"uid": "u2"}}
    case("consumers: the claim decides", token("HS256", OCT, {"uid": "u2", "exp": NOW + 9}), accept("c2"),
         consumer(oct_jwk), second)
    case("consumers: a good token of another consumer's key", token("HS256", b"another secret of 32 bytes......",
                                                                    {"uid": "u1", "exp": NOW + 9}), no,
         consumer(oct_jwk), {**second, "jwks": {"keys": [b]}})
    case("consumers: the first that is authorised wins", good, accept("c3"), consumer(oct_jwk),
         consumer(oct_jwk, name="c3"), consumer(oct_jwk, name="c4"), allow=["c3", "c4"])
    case("consumers: verified and not authorised", good, refuse(403), consumer(oct_jwk), allow=["x"])
    case("consumers: nobody is authorised", good, refuse(403), consumer(oct_jwk), allow=[])
    case("consumers: not verified and not authorised", good + "x", no, consumer(oct_jwk), allow=[])
    case("consumers: disabled", good, no, consumer(oct_jwk, enabled=False))
    case("consumers: found by issuer only", token("HS256", OCT, {"iss": "i", "exp": NOW + 9}), accept("c5"),
         consumer(oct_jwk), {"name": "c5", "jwks": {"keys": [oct_jwk]}, "issuer": "i"})
    case("consumers: found by the key only", token("HS256", OCT, {"exp": NOW + 9}), accept("c6"),
         consumer(oct_jwk), {"name": "c6", "jwks": {"keys": [oct_jwk]}})
    return cases


# ---------------------------------------------------------------------------------------- vectors


def vector_cases():
    """Requests, signatures and tokens that were published or computed elsewhere: nothing here is
    computed by this file."""
    cases = []

    def signed(name, key, secret, method, target, headers, expect, body="", now=NOW, **config):
        cases.append({"name": f"vector: {name}", "method": "hmac",
                      "config": {"consumers": [{"name": "demo", "key": key, "secret": secret}], **config},
                      "request": {"method": method, "path_and_query": target,
                                  "headers": [["Host", "api.example.com"], ["x-ca-key", key], *headers],
                                  "body": body}, "now": now, "expect": expect})

    accept_, date = ["Accept", "application/json"], ["Date", DATE]
    signature = lambda text: ["x-ca-signature", text]
    for name, method, target, headers, body, bind in [
            ("V1, the headers of the published sample", "GET", "/v1/user/info?user_id=10001",
             [["x-ca-signature-method", "HmacSHA256"], accept_, date,
              signature("Ki8iYnyAy1sw6vN5G6B5IWHJIUKIDccqsqfSJetW5vI=")], "", {"user_id": "10001"}),
            ("V2, SHA-1", "GET", "/v1/user/info?user_id=10001",
             [["x-ca-signature-method", "HmacSHA1"], accept_, date,
              signature("7Qdvopf7q9nujXKW3MymkHcBu2k=")], "", {"user_id": "10001"}),
            ("V3, signed headers", "GET", "/v1/user/info?user_id=10001",
             [["x-ca-signature-method", "HmacSHA256"],
              ["x-ca-signature-headers", "x-ca-signature-method,x-ca-key"], accept_, date,
              signature("Vo2A0SXcAFlb2+WtwCl2EVUrizW8uaG7XVxYfOcUx9k=")], "", {"user_id": "10001"}),
            ("V4, JSON with its digest", "POST", "/v1/user/info",
             [accept_, date, ["Content-Type", "application/json; charset=utf-8"],
              ["Content-MD5", "fbOj7OsRlsBDqkWKEKqFQA=="],
              signature("mJradBD0FmPQ9xQ7U9eS2nA7MDZ14g4hU1ukuTaZt9k=")], '{"user_id":10001}', {}),
            ("V5, query and form", "POST", "/v1/user/info?b=2",
             [accept_, date, ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"],
              signature("ancGKJ2CL5NkUhiF67uD0a4/4DE1Y838ba66EM7nDvU=")], "user_id=10001&a=1",
             {"user_id": "10001", "a": "1", "b": "2"})]:
        signed(name, "demo-key", "demo-secret", method, target, headers, accept("demo", bind), body)
        other = target.replace("10001", "10002") if "10001" in target else target + (
            "&x=1" if "?" in target else "?x=1")
        signed(f"{name}; another query", "demo-key", "demo-secret", method, other, headers,
               refuse(400), body)
    signed("V6, published, without a date", "appKey", "appSecret", "GET", "/Third/Tools/checkSign",
           [accept_, signature("ZpJhkHdtjLTJiR6CJWHL8ikLtPB2z6CoztG21wG3PT4=")], accept("demo", {}),
           date_offset=0)
    signed("V6 where a date is demanded", "appKey", "appSecret", "GET", "/Third/Tools/checkSign",
           [accept_, signature("ZpJhkHdtjLTJiR6CJWHL8ikLtPB2z6CoztG21wG3PT4=")], refuse(400))
    signed("GET without signed headers", "demo-key-01", "demo-secret-01", "GET",
           "/v1/user/info?user_id=10001",
           [["x-ca-signature-method", "HmacSHA256"], date, accept_,
            signature("Oys4oGVKDWKhe8nCohn/UMMF9/yEGuujNcD4jiDe49Y=")],
           accept("demo", {"user_id": "10001"}))
    signed("form, timestamp, repeated and empty parameters", "demo-key-02", "demo-secret-02/+=", "POST",
           "/v1/user/search?tag=b&tag=a&page=2&empty=",
           [accept_, ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"],
            ["x-ca-timestamp", "1735689600123"],
            ["x-ca-nonce", "7e2f1c3a-0b5d-4c8e-9a11-2f6d3b9c0e55"],
            ["x-ca-signature-headers", "x-ca-timestamp,x-ca-nonce,x-ca-key"],
            signature("+W0GXJXKhynMHMC+ehGgS9hnlCbquaHj8vWk383yUtQ=")],
           accept("demo", {"City": "Berlin", "dept": "研发 部", "empty": "", "page": "2", "tag": "b",
                           "user_name": "O'Neil & Co=1"}),
           "user_name=O%27Neil+%26+Co%3D1&dept=%E7%A0%94%E5%8F%91+%E9%83%A8&City=Berlin", 1735689605)
    for method, text in [("HmacSHA1", "r1R20vA0/5S10oOktdhLr6BwRMU="),
                         ("HmacSHA256", "pVS53T2c/V/UsWbQBxLk22VtFo2Qt3wRPgtLw/OYvII=")]:
        signed(f"JSON, mixed-case names, an absent signed header, {method}", "demo-key-03",
               "demo-secret-03", "POST", "/v1/user/update",
               [["Accept", "application/json; charset=utf-8"],
                ["Content-Type", "application/json; charset=utf-8"],
                ["Content-MD5", "tD6lxK5vXkxl+FKrXlHW9A=="], date, ["X-Ca-Nonce", "n-42"],
                ["X-Ca-Signature-Method", method], ["X-Ca-Stage", "RELEASE"],
                ["X-Ca-Signature-Headers",
                 "x-trace,X-Ca-Stage,X-Ca-Nonce,X-Ca-Signature-Method,X-Ca-Key,Date"],
                signature(text)], accept("demo", {}), '{"user_id":10001,"note":"héllo"}')

    def bearer(name, jwk, token_, expect, now=NOW, **consumer):
        cases.append({"name": f"vector: {name}", "method": "jwt",
                      "config": {"consumers": [{"name": "demo", "jwks": {"keys": [jwk]},
                                                "claims": {"uid": "11215ac0"}, **consumer}]},
                      "request": {"method": "GET", "path_and_query": "/v1/user/info?user_id=10001",
                                  "headers": [["Host", "h"], ["Authorization", f"Bearer {token_}"]],
                                  "body": ""}, "now": now, "expect": expect})

    good, bad = accept("demo", {"user_id": "10001"}), refuse(401)
    hs = {"kty": "oct", "kid": "sym-1", "alg": "HS256",
          "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY"}
    hs_token = ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InN5bS0xIn0.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxl"
                "LmNvbSIsInN1YiI6ImFwcC0xIiwidWlkIjoiMTEyMTVhYzAiLCJpYXQiOjE3MzU2ODk2MDAsImV4cCI6MTczNTY5MzIw"
                "MH0.lyWangu5o15Y2bPgyoSm5xeYlnxF64uOwG0yMQoRKTs")
    bearer("HS256", hs, hs_token, good)
    bearer("HS256, its last second", hs, hs_token, good, 1735693260)
    bearer("HS256, a second later", hs, hs_token, bad, 1735693261)
    rs = {"kty": "RSA", "use": "sig", "kid": "rsa-1", "alg": "RS256", "e": "AQAB",
          "n": "-nFzww9xYrK_NHKFgKbxr6KIEXSy2EUzbc6eOMrjCFGU8qaVBhtOo49ZJmv92Dj9s1mxnfd6_keSHw38q0c2epk4ojjDh2Hs"
               "VVVY-BPRoZBk51Mp1ZUlFoub_DHNtDeUVAEDhfYqa936Efx5ubyxQD-aL5YwRfohIPLGqq69UZw_leZPYe9sMOl9fcTiaXoZ"
               "DfUXBUmcbjXMmMnPx2bDWJaobjqS0JmtqpdqJL6tVlCVslnFfOElRCdjDoUoMuQnvQtvEgheGnA5M-waPLx_QFVvhTem03Ac"
               "Q61eubTcVQefId6RVPNt5yZZuKpZYxK385cUt6GV5RldEssm_Er1Xw"}
    rs_token = ("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxl"
                "LmNvbSIsInN1YiI6ImFwcC0xIiwiYXVkIjpbImRhdGEtYXBpIl0sInVpZCI6IjExMjE1YWMwIiwibmJmIjoxNzM1Njg5"
                "NjAwLCJleHAiOjE3MzU2OTMyMDB9.SV1q8j3d7TCtqd89hR5kIEP1zxy4rjM5LqwAocJFyGh1eW7wA_zanYy430GdN0l0"
                "-oBRzx7N-lj1ZhxMMSPPIMB0er6f82SUcgFK6wJyZm1MnmxJumZaFAQucYJN-1RrEOJSiD86u3OnApo-4KcR5bmG2Te9B"
                "1deKDAg29GLM9wWaE_zajl3bo1lP6XOyVyGysOz0Xe6UsNkQiNTbQ0wlbLLDmzL3XBxM6SRtz7s6i_lKl3kEvlF_2G4xy"
                "iMRJvd6Pu6Ok_077qj28UBAPzClPiFTiVDiufXiFJ_86WUyidvi5wGGNLDfkSndGR0kj2NiYQ9OlvtwcGbTGbKY4-7Xw")
    bearer("RS256, its audience", rs, rs_token, good, audiences=["data-api"])
    bearer("RS256, another audience", rs, rs_token, bad, audiences=["x"])
    bearer("RS256, its first second", rs, rs_token, good, 1735689540)
    bearer("RS256, a second earlier", rs, rs_token, bad, 1735689539)
    es = {"kty": "EC", "kid": "ec-1", "alg": "ES256", "crv": "P-256",
          "x": "J7CXQhjCwstaODRBZGMqYT4H6u9TQNU0rGNMFdJ1-QE", "y": "ZbhxFyEWJzCrU9VO31ZWqzgItHb2Ugndcky7wZYPrBk"}
    es_token = ("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVjLTEifQ.eyJzdWIiOiJhcHAtMSIsInVpZCI6IjExMjE1YWMw"
                "IiwiZXhwIjoxNzM1NjkzMjAwfQ.")
    bearer("ES256", es, es_token + "J4_H_aqmNf1HGN--lYxMKdTIu0RpmRFHeYeg8dvlnzHUZRheiqDjpk1p9jJRJprw9c4OnkoIdEwC0z"
           "nEuU61Yw", good)
    bearer("ES256 with 64 zero bytes", es, es_token + "A" * 86, bad)
    acme = {"kty": "oct", "kid": "k1", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}
    head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0."
    bearer("issuer acme, valid until 2100", acme,
           head + "eyJpc3MiOiJhY21lIiwidWlkIjoiMjIyMiIsImlhdCI6MTczNTY4OTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ."
           "N5m1enyLJWOPnqYSi7wGGOhA1dK39jNqDjacAwtV3k8", good, issuer="acme", claims={"uid": "2222"})
    bearer("issuer acme, expired", acme,
           head + "eyJpc3MiOiJhY21lIiwidWlkIjoiMjIyMiIsImlhdCI6MTczNTY4OTYwMCwiZXhwIjoxNzM1NjkzMjAwfQ."
           "kP9nXeRj1DtPnsEDYI9wumsjjEfOld74czLVtWqvngE", bad, 1735693261, issuer="acme",
           claims={"uid": "2222"})
    return cases


def main():
    check = "--check" in sys.argv[1:]
    faults = 0
    tables = {"api_key": api_key_cases, "hmac": hmac_cases, "vectors": vector_cases}
    if not check:
        tables["jwt"] = jwt_cases
    for name, make in tables.items():
        cases = make()
        text = "[" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "]\n"
        path = HERE / f"{name}.json"
        if check:
            faults += path.read_text() != text
        else:
            path.write_text(text)
        print(f"{name}: {len(cases)} cases")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
