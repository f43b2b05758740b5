# SPDX-License-Identifier: Apache-2.0
"""Which test proves which requirement. requirements.txt lists the promises; a test names those that
it proves, where it stands:

    // Proves: R060, R061             directly above TEST, TEST_F or TEST_P, in a *.cpp
    # Proves: R060                    before the first request of tests/api/scripts/*.txt
    Proves: R001                      a line in the docstring of a promise of tests/e2e/*.py
    # Proves: R001                    directly above add_test(NAME ...) in a CMakeLists.txt

From these docs/requirements.md is made: one row each, with the tests by the names that ctest has.
house.py runs the checks:

    house.py tags ROOT BUILD          every tag names promises that there are and stands at a test
                                      that was built
    house.py page ROOT                docs/requirements.md is what the tags say; SLUICE_UPDATE_GOLDEN=1
                                      writes it
    house.py proven ROOT              no "studio" row is without a test
"""

import ast
import json
import os
import pathlib
import re
import subprocess

LIST = "tests/house/requirements.txt"
PAGE = "docs/requirements.md"
OWED = "studio"
OWNERS = (OWED, "later")

ROW = re.compile(r"(R\d{3}) \| (.*\S) \| (\w+)$")
TAG = re.compile(r"^\s*(?://|#)?\s*Proves:\s*(.*)$")
NUMBERS = re.compile(r"R\d{3}(, R\d{3})*,?$")
CPP_TEST = re.compile(r"^(?:TEST|TEST_F|TEST_P)\(\s*(\w+)\s*,\s*(\w+)\s*\)")
CMAKE_TEST = re.compile(r"^\s*add_test\(\s*NAME\s+([\w./-]+)")


class Proof:
    """One tag: these numbers, by this test, said there. `test` is None when no test is there."""

    def __init__(self, numbers, test, where):
        self.numbers, self.test, self.where = numbers, test, where


def read_list(root):
    """(rows by number: (promise, owner), faults)"""
    rows, faults = {}, []
    for number, line in enumerate((root / LIST).read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = ROW.match(line)
        if not match or match[3] not in OWNERS:
            faults.append(f"{LIST}:{number}: is no row 'R001 | promise | {' or '.join(OWNERS)}'")
        elif match[1] in rows:
            faults.append(f"{LIST}:{number}: {match[1]} is there already")
        else:
            rows[match[1]] = (match[2], match[3])
    return rows, faults


def read_numbers(text, where, faults):
    text = text.strip().rstrip(".")
    if not NUMBERS.match(text):
        faults.append(f"{where}: write 'Proves: R060, R061'")
        return []
    return re.findall(r"R\d{3}", text)


def read_above(path, name, is_comment, find_test, faults):
    """Tags in the comment lines directly above a test."""
    proofs, pending = [], []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        where = f"{name}:{number}"
        if is_comment(line):
            if match := TAG.match(line):
                pending.append((read_numbers(match[1], where, faults), where))
            continue
        test = find_test(line)
        proofs += [Proof(numbers, test, place) for numbers, place in pending]
        pending = []
    return proofs + [Proof(numbers, None, place) for numbers, place in pending]


def read_cpp(path, name, faults):
    def find(line):
        match = CPP_TEST.match(line)
        return f"{match[1]}.{match[2]}" if match else None
    return read_above(path, name, lambda line: line.lstrip().startswith("//"), find, faults)


def read_cmake(path, name, faults):
    def find(line):
        match = CMAKE_TEST.match(line)
        return match[1] if match else None
    return read_above(path, name, lambda line: line.lstrip().startswith("#"), find, faults)


def read_script(path, name, faults):
    proofs, begun = [], False
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        begun = begun or line[:1] in (">", "$")
        if not line.startswith("#"):
            continue
        if match := TAG.match(line):
            where = f"{name}:{number}"
            test = None if begun else f"Script.AnswersAsWritten/{path.stem}"
            proofs.append(Proof(read_numbers(match[1], where, faults), test, where))
    return proofs


def read_python(path, name, faults):
    proofs = []
    for node in ast.parse(path.read_text()).body:
        text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        for line in (text or "").splitlines():
            if match := TAG.match(line):
                where = f"{name}:{node.lineno}"
                proofs.append(Proof(read_numbers(match[1], where, faults), f"e2e.{node.name}", where))
    return proofs


def read_proofs(root):
    """Every tag of the tree in a fixed order, and what is wrong with their form."""
    proofs, faults = [], []
    for top in ("kernel", "plugins", "sdk", "tests"):
        for folder, folders, files in os.walk(root / top):
            folders.sort()
            for file in sorted(files):
                path = pathlib.Path(folder) / file
                name = path.relative_to(root).as_posix()
                if path.suffix == ".cpp":
                    proofs += read_cpp(path, name, faults)
                elif file == "CMakeLists.txt":
                    proofs += read_cmake(path, name, faults)
                elif name.startswith("tests/api/scripts/") and path.suffix == ".txt":
                    proofs += read_script(path, name, faults)
                elif name.startswith("tests/e2e/") and path.suffix == ".py":
                    proofs += read_python(path, name, faults)
    return proofs, faults


def list_built(build):
    """What ctest would run; None: parts are not built, so nobody can say."""
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"],
                             capture_output=True, text=True, check=True, timeout=300).stdout
    names = [test["name"] for test in json.loads(listing)["tests"]]
    return None if any(name.endswith("_NOT_BUILT") for name in names) else names


def is_built(test, built):
    """Parametrised tests have an instance before and a parameter behind their name; ctest may add what it is."""
    name = re.compile(r"(^|[/.])" + re.escape(test) + r"(/|  #|$)")
    return any(name.search(candidate) for candidate in built)


def check_tags(root, build=None):
    rows, faults = read_list(root)
    proofs, more = read_proofs(root)
    faults += more
    built = list_built(build) if build else None
    for proof in proofs:
        if proof.test is None:
            faults.append(f"{proof.where}: this tag stands at no test")
        elif built is not None and not is_built(proof.test, built):
            faults.append(f"{proof.where}: ctest knows no test {proof.test}")
        faults += [f"{proof.where}: there is no {number} in {LIST}"
                   for number in proof.numbers if number not in rows]
    return faults


def make_page(rows, proofs):
    tests = {number: [] for number in rows}
    for proof in proofs:
        for number in proof.numbers:
            if proof.test and number in tests and proof.test not in tests[number]:
                tests[number].append(proof.test)
    lines = ["# Requirements", "",
             "What the product promises, and the tests that prove it, by the names that `ctest -R` takes. Made from",
             "`tests/house/requirements.txt` and the `Proves:` lines of the tests; `tests/house` checks that it is so.",
             "Rows with a dash are promises that no test names yet.", "",
             "| number | promise | test |", "|---|---|---|"]
    for number, (promise, _) in rows.items():
        cell = ", ".join(f"`{test}`" for test in sorted(tests[number])) or "–"
        lines.append(f"| {number} | {promise.replace('|', chr(92) + '|')} | {cell} |")
    unproven = [n for n, (_, owner) in rows.items() if owner == OWED and not tests[n]]
    return "\n".join(lines) + "\n", unproven


def check_page(root):
    rows, faults = read_list(root)
    proofs, more = read_proofs(root)
    page, _ = make_page(rows, proofs)
    faults += more
    file = root / PAGE
    if not file.exists() or file.read_text() != page:
        if os.environ.get("SLUICE_UPDATE_GOLDEN") != "1":
            return [*faults, f"{PAGE}: is not what the tags say; SLUICE_UPDATE_GOLDEN=1 ctest -R "
                    "House.RequirementsPage writes it"]
        file.write_text(page)
    return faults


def check_proven(root):
    rows, faults = read_list(root)
    proofs, more = read_proofs(root)
    _, unproven = make_page(rows, proofs)
    return [*faults, *more, *(f"{number}: no test proves it: {rows[number][0]}" for number in unproven)]
