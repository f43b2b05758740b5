# SPDX-License-Identifier: Apache-2.0
"""Promises about the documentation: its examples are run as they stand there."""
import os
import pathlib
import re
import subprocess
import sys

from kit import demo, expect

ALICE = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
RUNNERS = {"sh": ["sh", "-c"], "python": [sys.executable, "-c"], "javascript": ["node", "-e"]}
ROOT = pathlib.Path(__file__).resolve().parents[2]


def authentication_examples(directory):
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
