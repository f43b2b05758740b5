#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that every check of house.py can fail: a tiny good tree passes, and each tree that breaks
one rule is told so."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import house
import requirements

LICENCE = "// " + house.LICENCE + "\n"
ABI = """/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_ABI_H
#define SLUICE_ABI_H
#include <stdint.h>
typedef struct sluice_one { /* frozen: a pair */
  uint32_t a, b;
} sluice_one;
typedef struct sluice_two {
  uint32_t size, value;
  int32_t (*call)(void* self);
} sluice_two;
enum { SLUICE_X = 1 };
#endif
"""
ABILITIES = "/* SPDX-License-Identifier: Apache-2.0 */\n#include <sluice/abi.h>\n"
GOOD = {
    "sdk/include/sluice/abi.h": ABI,
    "sdk/include/sluice/abilities.h": ABILITIES,
    "sdk/include/sluice/sdk.hpp": LICENCE + "#pragma once\n#include <sluice/abi.h>\n#include <string>\n",
    "kernel/model/nouns.hpp": LICENCE + "#pragma once\nstruct Noun {};\n",
    "kernel/http/server.hpp": LICENCE + "#pragma once\n#include \"model/nouns.hpp\"\nNoun serve();\n",
    "kernel/http/server.cpp": LICENCE + "#include \"http/server.hpp\"\n#include <boost/asio/buffer.hpp>\n",
    "kernel/http/server_test.cpp": LICENCE + "#include <nlohmann/json.hpp>\n",
    "kernel/studio/studio.hpp": LICENCE + "#pragma once\n",
    "kernel/main/main.cpp": LICENCE + "#include \"studio/studio.hpp\"\n#include <CLI/CLI.hpp>\n",
    "plugins/auth/plugin.cpp": LICENCE + "#include \"own.hpp\"\n#include <sluice/sdk.hpp>\n",
    "plugins/auth/own.hpp": LICENCE + "#pragma once\n#include <Poco/Foundation.h>\n",
    "plugins/other/other.hpp": LICENCE + "#pragma once\n",
}


class Tree:
    """The good tree with a few files changed, in a folder of its own."""

    def __init__(self, changes=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-house-"))
        for name, text in {**GOOD, **(changes or {})}.items():
            self.write(name, text)

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)


class House(unittest.TestCase):
    def expect(self, check, changes, fault, *arguments):
        with Tree(changes) as tree:
            faults = check(tree.root, *arguments)
            self.assertEqual(len(faults), 1, faults)
            self.assertIn(fault, faults[0])

    def test_the_good_tree_passes(self):
        with Tree() as tree:
            self.assertEqual(house.check_arrows(tree.root), [])
            self.assertEqual(house.check_licence(tree.root), [])
            self.assertEqual(house.check_paths(tree.root), [])
            for part in ("kernel/http", "kernel/model", "sdk/include"):
                self.assertEqual(house.check_headers(tree.root, part), [])
            self.assertIsNone(house.check_headers(tree.root, "kernel/main"))

    def test_arrows(self):
        cases = [
            ("kernel/model/a.hpp", '#include "http/server.hpp"', "model is a leaf"),
            ("kernel/config/a.hpp", '#include "http/server.hpp"', "config is a leaf"),
            ("kernel/script/a.hpp", '#include "model/nouns.hpp"', "script is a leaf that knows no room"),
            ("kernel/http/a.cpp", '#include "studio/studio.hpp"', "the lower floor does not know"),
            ("kernel/studio/a.cpp", '#include "main/main.hpp"', "nothing includes main"),
            ("kernel/http/a.cpp", '#include "nowhere/x.hpp"', "no room is called nowhere"),
            ("kernel/http/a.cpp", "#include <model/nouns.hpp>", "included with quotes"),
            ("kernel/http/a.cpp", '  #  include "plugins/auth/own.hpp"', "knows no plugin"),
            ("kernel/http/a.cpp", "#include <boost/dll/shared_library.hpp>", "belongs to loader"),
            ("kernel/studio/a.cpp", "#include <boost/beast/core.hpp>", "belongs to http"),
            ("kernel/http/a.cpp", "#include <spdlog/spdlog.h>", "belongs to observe"),
            ("kernel/http/a.cpp", "#include <fmt/core.h>", "belongs to observe"),
            ("kernel/http/a.cpp", "#include <Poco/Data/Session.h>", "belongs to plugins"),
            ("kernel/http/a.cpp", "#include <sqlite3.h>", "belongs to main"),
            ("kernel/http/a.cpp", "#include <nlohmann/json.hpp>", "belongs to admin, config"),
            ("kernel/http/a.cpp", "#include <yaml-cpp/yaml.h>", "belongs to config"),
            ("kernel/studio/a.cpp", "#include <CLI/CLI.hpp>", "belongs to main"),
            ("kernel/http/a.hpp", "#include <boost/asio/buffer.hpp>", "stays in .cpp files"),
            ("plugins/auth/a.cpp", '#include "model/nouns.hpp"', "its own files"),
            ("plugins/auth/a.cpp", "#include <model/nouns.hpp>", "not the kernel"),
            ("plugins/auth/a.cpp", '#include "../other/other.hpp"', "its own files"),
            ("plugins/auth/a.cpp", "#include <boost/dll.hpp>", "belongs to loader"),
            ("sdk/include/sluice/a.hpp", "#include <nlohmann/json.hpp>", "the standard library"),
            ("sdk/include/sluice/a.hpp", '#include "model/nouns.hpp"', "the standard library"),
        ]
        for name, line, fault in cases:
            with self.subTest(name=name, line=line):
                self.expect(house.check_arrows, {name: LICENCE + line + "\n"}, fault)

    def test_headers(self):
        self.expect(house.check_headers,
                    {"kernel/http/a.hpp": LICENCE + "#pragma once\ninline std::string f();\n"},
                    "kernel/http/a.hpp: does not compile on its own", "kernel/http")
        self.expect(house.check_headers, {"kernel/http/a.hpp": LICENCE + "struct Twice {};\n"},
                    "redefinition", "kernel/http")

    def test_abi_layout_only_grows(self):
        with Tree() as tree:
            self.assertIn("has grown", house.check_abi(tree.root)[0])
            os.environ["SLUICE_UPDATE_GOLDEN"] = "1"
            (tree.root / house.LAYOUT).parent.mkdir(parents=True)
            self.assertEqual(house.check_abi(tree.root), [])
            del os.environ["SLUICE_UPDATE_GOLDEN"]
            self.assertEqual(house.check_abi(tree.root), [])
            cases = [
                ("uint32_t a, b;", "uint32_t b, a;", "sluice_one: a member was moved"),
                ("uint32_t a, b;", "uint32_t a, b, c, d;", "sluice_one: is frozen and has grown"),
                ("uint32_t a, b;", "uint64_t a, b;", "sluice_one: a member was moved"),
                ("  int32_t (*call)(void* self);\n", "", "sluice_two: a member was moved"),
                ("sluice_two", "sluice_three", "sluice_two: is gone"),
                ("SLUICE_X = 1", "SLUICE_X = 2", "SLUICE_X: was 1, is 2"),
                ("(void* self);\n", "(void* self);\n  void* more;\n", "the layout has grown"),
                ("uint32_t size, value;", "uint32_t size;", "as c: "),  # padding
                ("(void* self);\n", "(void* class);\n", "as c++: "),
                ("#include <stdint.h>", "#include <cstdint>", "as c: "),
            ]
            for old, new, fault in cases:
                with self.subTest(new=new):
                    self.assertIn(old, ABI)
                    tree.write("sdk/include/sluice/abi.h", ABI.replace(old, new))
                    self.assertIn(fault, house.check_abi(tree.root)[0])

    def test_exports(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            self.assertIsNone(house.check_exports(folder))
            entry = "void sluice_plugin_main(void) {}\n"
            for name, text, fault in [
                ("good", entry, None),
                ("talkative", entry + "void more(void) {}\n", "exports more, sluice_plugin_main"),
                ("silent", "", "exports nothing"),
                ("unique", entry + '__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n'
                                   '.size u, 4\\nu: .long 0\\n");\n', "GNU_UNIQUE symbols, such as u"),
            ]:
                with self.subTest(name=name):
                    library = folder / f"{name}.so"
                    subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-x", "c",
                                    "-o", str(library), "-"], input=text, text=True, check=True)
                    faults = house.check_exports(folder)
                    self.assertEqual(fault is not None, bool(faults), faults)
                    if fault:
                        self.assertTrue(any(fault in line for line in faults), faults)
                    library.unlink()

    def test_licence(self):
        self.expect(house.check_licence, {"kernel/http/a.cpp": "int x;\n"}, "kernel/http/a.cpp")
        self.expect(house.check_licence, {"scripts/a.sh": "#!/bin/sh\ntrue\n"}, "scripts/a.sh")

    def test_paths(self):
        for folder in ("home", "work", "root", "Users"):
            path = f"/{folder}/someone"
            self.expect(house.check_paths, {"docs/a.md": f"See {path}/notes.\n"}, "docs/a.md:1")
        with Tree({"docs/a.md": "GET /v1/users, https://example.org/home/page, $HOME/x, src/home/x\n"}) as tree:
            self.assertEqual(house.check_paths(tree.root), [])


LIST = "R001 | tables are published | studio\nR002 | users are found | later\n"
TAGGED = {
    "tests/house/requirements.txt": LIST,
    "kernel/http/server_test.cpp": LICENCE + "// Why.\n// Proves: R001\nTEST(Server, Serves) {}\n",
    "tests/api/scripts/walk.txt": "# Proves: R001, R002\n> GET /x\n",
    "tests/e2e/walks.py": 'def walk():\n    """Walks.\n\n    Proves: R002\n    """\n',
    "tests/CMakeLists.txt": "# Proves: R002\nadd_test(NAME e2e.seed COMMAND true)\n",
}
BUILT = ["Server.Serves", "Api/Script.AnswersAsWritten/walk  # GetParam() = \"walk\"", "e2e.walk", "e2e.seed"]


class Requirements(unittest.TestCase):
    def judge(self, check, changes=None, built=None):
        requirements.list_built = lambda build: BUILT if built is None else built
        with Tree({**TAGGED, **(changes or {})}) as tree:
            return check(tree.root)

    def test_tags(self):
        check = lambda root: requirements.check_tags(root, "build")
        self.assertEqual(self.judge(check), [])
        for name, changes, built, fault in [
                ("an unknown number", {"tests/api/scripts/walk.txt": "# Proves: R003\n"}, None,
                 "walk.txt:1: there is no R003"),
                ("no test below", {"kernel/http/server_test.cpp": LICENCE + "// Proves: R001\nint x;\n"}, None,
                 "server_test.cpp:2: this tag stands at no test"),
                ("at the end of a file", {"kernel/http/server_test.cpp": LICENCE + "// Proves: R001\n"}, None,
                 "this tag stands at no test"),
                ("behind the first request", {"tests/api/scripts/walk.txt": "> GET /x\n# Proves: R001\n"}, None,
                 "walk.txt:2: this tag stands at no test"),
                ("a test that is not built", {}, BUILT[1:], "ctest knows no test Server.Serves"),
                ("a test whose name only begins so", {}, ["Server.ServesMore", *BUILT[1:]],
                 "ctest knows no test Server.Serves"),
                ("no numbers", {"tests/api/scripts/walk.txt": "# Proves: all of it\n"}, None, "walk.txt:1: write"),
                ("a row that is none", {"tests/house/requirements.txt": LIST + "R003: more\n"}, None,
                 "requirements.txt:3: is no row"),
                ("a row twice", {"tests/house/requirements.txt": LIST + LIST}, None, "R001 is there already"),
        ]:
            with self.subTest(name=name):
                faults = self.judge(check, changes, built)
                self.assertTrue(any(fault in line for line in faults), faults)

    def test_proven(self):
        page, unproven = requirements.make_page(
            {"R001": ("tables are published", "studio"), "R002": ("users are found", "later")},
            [requirements.Proof(["R001"], "A.B", "a:1"), requirements.Proof(["R001"], "A.A", "a:2")])
        self.assertEqual(unproven, [])
        self.assertIn("| R001 | tables are published | `A.A`, `A.B` |", page)
        self.assertIn("| R002 | users are found | – |", page)
        self.assertIn("docs/requirements.md: is not what the tags say",
                      self.judge(requirements.check_page)[0])
        self.assertEqual(self.judge(requirements.check_proven), [])
        bare = {name: "" for name in TAGGED if not name.endswith("requirements.txt")}
        self.assertIn("R001: no test proves it: tables are published",
                      self.judge(requirements.check_proven, bare))
        with Tree(TAGGED) as tree:
            rows, _ = requirements.read_list(tree.root)
            tree.write("docs/requirements.md",
                       requirements.make_page(rows, requirements.read_proofs(tree.root)[0])[0])
            self.assertEqual(requirements.check_page(tree.root), [])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
