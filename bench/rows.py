# SPDX-License-Identifier: Apache-2.0
"""The methods of authentication as loads for bench.py: signed requests, tokens seen before or not."""
import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALL = ["hmac", "hmac-nonce", *(f"jwt-{a}{when}" for a in ("hs256", "rs256", "es256", "eddsa")
                               for when in ("", "-first"))]
PATH = "?user_id=10001"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_keys():
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    ed_key = ed25519.Ed25519PrivateKey.generate()
    oct_key = os.urandom(32)
    numbers = ec_key.public_key().public_numbers()
    jwks = [{"kty": "oct", "kid": "hs256", "k": b64(oct_key)},
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key.public_key())), "kid": "rs256"},
            {"kty": "EC", "crv": "P-256", "kid": "es256", "x": b64(numbers.x.to_bytes(32, "big")),
             "y": b64(numbers.y.to_bytes(32, "big"))},
            {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(ed_key.public_key())), "kid": "eddsa"}]
    for jwk in jwks:
        jwk.pop("key_ops", None)
    return {"hs256": oct_key, "rs256": rsa_key, "es256": ec_key, "eddsa": ed_key}, jwks


def sign(made, nonce=None):
    key, secret = made["hmac"]["accessKey"], made["hmac"]["secretKey"]
    signed = {"x-ca-timestamp": str(int(time.time() * 1000))}
    if nonce:
        signed["x-ca-nonce"] = nonce
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    text = f"GET\napplication/json\n\n\n\n{lines}/v1/hmac/user/info{PATH}"
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return {"Accept": "application/json", "x-ca-key": key, **signed,
            "x-ca-signature-headers": ",".join(sorted(signed)),
            "x-ca-signature": base64.b64encode(mac).decode()}


def make_loads(node, names, work, make_load, first_use, nonces):
    """`first_use`: tokens in turn, more than the gateway remembers; `nonces`: signed requests, each
    good once, so as many as a row needs."""
    made = node.made
    names = ALL if names == ["all"] else names
    keys, jwks = make_keys()
    given = {"jwks": {"keys": jwks}, "claims": {"uid": "bench"}}
    request = urllib.request.Request(
        made["admin"]["url"] + "/admin/v1/consumers/demo/credentials",
        json.dumps({"type": "jwt", "given": given}).encode(),
        {"Authorization": "Bearer " + made["admin"]["token"], "Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).read()
    loads = []
    for name in names:
        method, _, rest = name.partition("-")
        if method == "hmac":
            url = made["gateway"] + "/v1/hmac/user/info" + PATH
            headers = [sign(made, f"{os.getpid()}-{i}") for i in range(nonces)] if rest else sign(made)
        else:
            url = made["gateway"] + "/v1/jwt/user/info" + PATH
            kind, _, first = rest.partition("-")
            algorithm = {"hs256": "HS256", "rs256": "RS256", "es256": "ES256", "eddsa": "EdDSA"}[kind]
            count = first_use if first else 1
            expires = int(time.time()) + 86_400
            headers = [{"Authorization": "Bearer " + jwt.encode(
                {"uid": "bench", "exp": expires, "n": n}, keys[kind], algorithm,
                headers={"kid": kind})} for n in range(count)]
        loads.append(make_load(name, url, headers, work))
    return loads
