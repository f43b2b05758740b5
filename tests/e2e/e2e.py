#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End-to-end promises against the built binary. usage: e2e.py SLUICE PROMISE"""
import pathlib
import shutil
import sys
import tempfile

import attacks
import calls
import documents
import maxcompute
import people
import places
import proofs
import release
import walks


def main():
    name = sys.argv[2]
    promise = next(getattr(room, name) for room in (walks, calls, proofs, documents, attacks, maxcompute, people, places, release) if hasattr(room, name))
    directory = tempfile.mkdtemp(prefix="sluice-e2e-")
    try:
        promise(directory)
    finally:
        log = pathlib.Path(directory, "node.log")
        if sys.exc_info()[0] and log.exists():
            print(log.read_text()[-3000:])
        shutil.rmtree(directory, ignore_errors=True)


main()
