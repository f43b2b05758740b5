#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a machine can check. ctest runs one check at a time:

    house.py arrows ROOT               who may include whom, and which library belongs to which room
    house.py headers ROOT PART         every header of a part compiles on its own
    house.py abi ROOT                  the C headers: plain C, no padding, a layout that only grows
    house.py exports DIRECTORY         what the built plugins show to the dynamic linker
    house.py licence ROOT              the licence line of every source file
    house.py paths ROOT                no path of somebody's machine in any file
    house.py tags ROOT BUILD           every "Proves:" names known promises and stands at a built test
    house.py page ROOT                 docs/requirements.md is what the tags say
    house.py proven ROOT               no promise that is due lacks its test

A check prints a line per fault and ends with 1, or says nothing and ends with 0. When there is
nothing to check it ends with 77. house_selftest.py proves that every check can fail.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import requirements

SKIPPED = 77
WORKERS = 2  # compilers at once

LEAVES = {"problem", "script", "model", "config"}
LOWER_FLOOR = {"http", "call", "snapshot", "gateway", "dataservice", "serializers", "upstream", "verify"}
UPPER_FLOOR = {"studio", "store", "admin"}

# In the kernel a library has its rooms; `tests` are a room's own *_test.cpp.
LIBRARY_ROOMS = [
    (r"boost/dll", {"loader"}),
    (r"boost/(beast|asio)", {"http"}),
    (r"(spdlog|fmt)/", {"observe"}),
    (r"Poco/", set()),
    # `sluice demo` makes its example table; serving one is ds-sqlite's business.
    (r"(sqlite3|libpq)", {"main"}),
    # dataservice reads the JSON body of a call with nlohmann's SAX parser.
    (r"nlohmann/", {"config", "admin", "store", "dataservice", "verify", "main", "tests"}),
    (r"(valijson|yaml-cpp)/", {"config"}),
    (r"CLI/", {"main"}),
    (r"re2/", {"model"}),
]
# Headers that only the .cpp files of their own room include, and that hold JSON by value.
ROOM_PRIVATE_HEADERS = {"kernel/admin/shapes.hpp", "kernel/main/cli_node.hpp"}
HEAVY = re.compile(r"(boost|spdlog|fmt|Poco|nlohmann|valijson|yaml-cpp|CLI)/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = {".c", ".cc", ".cpp", ".h", ".hpp"}
IGNORED = {".git", "build", "var", ".cache", "node_modules", "__pycache__"}


def walk(root, suffixes=None):
    """Files of a tree in a fixed order, without what is built or kept aside."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in IGNORED)
        for name in sorted(set(files) - IGNORED):
            path = pathlib.Path(folder) / name
            if suffixes is None or path.suffix in suffixes:
                yield path


def read_includes(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1] == '"', match[2]


# ------------------------------------------------------------------------------------------ arrows


def judge_kernel(room, is_test, is_header, quoted, target, rooms):
    """Why a file of a kernel room may not include `target`, or None."""
    for pattern, allowed in LIBRARY_ROOMS:
        if re.match(pattern, target):
            if room in allowed or (is_test and "tests" in allowed):
                break
            where = ", ".join(sorted(allowed - {"tests"})) or "plugins"
            return f"this library belongs to {where}"
    if is_header and not is_test and HEAVY.match(target):
        return "a heavy library stays in .cpp files"
    first = target.split("/")[0]
    if target.startswith("plugins/") or "/plugins/" in target:
        return "the kernel knows no plugin"
    if not quoted:
        return "rooms are included with quotes" if first in rooms and "/" in target else None
    if is_test and first in {"tests", "sdk", "testing"}:
        return None
    if first not in rooms:
        return f"no room is called {first}"
    if first == room:
        return None
    if first == "main":
        return "nothing includes main"
    if room == "script":
        return "script is a leaf that knows no room"
    if room in LEAVES and first not in {"problem", "script", "model"}:
        return f"{room} is a leaf: it knows problem, script and model only"
    if room in LOWER_FLOOR and first in UPPER_FLOOR:
        return "the lower floor does not know the upper floor"
    return None


def judge_plugin(path, plugin, quoted, target, rooms):
    if quoted:
        if (path.parent / target).resolve().is_relative_to(plugin.resolve()):
            if (path.parent / target).exists():
                return None
        if (plugin / target).exists() and ".." not in target:
            return None
        return "a plugin includes its own files and <sluice/...> only"
    if "/" in target and target.split("/")[0] in rooms:
        return "a plugin knows the SDK, not the kernel"
    if re.match(r"boost/dll", target):
        return "this library belongs to loader"
    return None


def judge_sdk(is_testing, quoted, target, rooms):
    if is_testing:
        return None
    if quoted:
        return "the SDK includes <sluice/...> and the standard library"
    if "/" in target and not target.startswith("sluice/") and not target.startswith("sys/"):
        return "the SDK includes <sluice/...> and the standard library"
    return None


def check_arrows(root):
    faults = []
    kernel = root / "kernel"
    rooms = {p.name for p in kernel.iterdir() if p.is_dir()} if kernel.is_dir() else set()
    for path in walk(root, SOURCES):
        parts = path.relative_to(root).parts
        is_test = path.stem.endswith("_test") or "testdata" in parts or "fake" in path.stem
        for number, quoted, target in read_includes(path):
            why = None
            if parts[0] == "kernel" and len(parts) > 2 and "testdata" not in parts:
                is_header = (path.suffix in {".h", ".hpp"}
                             and path.relative_to(root).as_posix() not in ROOM_PRIVATE_HEADERS)
                why = judge_kernel(parts[1], is_test, is_header, quoted, target, rooms)
            elif parts[0] == "plugins" and len(parts) > 2:
                why = judge_plugin(path, root / parts[0] / parts[1], quoted, target, rooms)
            elif parts[0] == "sdk":
                why = judge_sdk(parts[1] != "include", quoted, target, rooms)
            if why:
                faults.append(f"{path.relative_to(root)}:{number}: {target}: {why}")
    return faults


# ----------------------------------------------------------------------------------------- headers


def compile_text(text, flags, language):
    compiler = os.environ.get("CXX" if language == "c++" else "CC", "c++" if language == "c++" else "cc")
    run = subprocess.run(
        [*compiler.split(), "-x", language, "-fsyntax-only", *flags, "-"],
        input=text, capture_output=True, text=True, timeout=300, check=False)
    return run.returncode == 0, run.stderr


def check_headers(root, part):
    folder = root / part
    headers = [p for p in walk(folder, {".h", ".hpp"}) if "testdata" not in p.parts]
    if not headers:
        return None
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow=local", "-Wno-missing-field-initializers",
             "-Werror", "-DBOOST_DLL_USE_STD_FS"]
    for include in (root / "kernel", root / "sdk/include", root / "sdk/testing/include",
                    root / "sdk/testing", root, folder):
        flags += ["-I", str(include)]

    def compile_header(header):
        good, errors = compile_text(f'#include "{header}"\n#include "{header}"\n', flags, "c++")
        if good:
            return None
        first = next((line for line in errors.splitlines() if "error" in line), errors[:200])
        return f"{header.relative_to(root)}: does not compile on its own: " + first.replace(
            str(root) + "/", "")

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return [fault for fault in pool.map(compile_header, headers) if fault]


# --------------------------------------------------------------------------------------------- abi

ABI_HEADERS = ["abi.h", "abilities.h", "draft/store.h"]
STABLE_HEADERS = ["abi.h", "abilities.h"]  # a draft may still change
LAYOUT = "tests/house/abi_layout.txt"


def read_layout(include):
    """Structs (size, then members at offsets) and enumerators of the stable headers, as the
    compiler lays them out: read from the debug information of an object file."""
    text = "".join(f"#include <sluice/{name}>\n" for name in STABLE_HEADERS)
    compiler = os.environ.get("CC", "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "layout.o"
        subprocess.run(
            [*compiler, "-std=c11", "-g", "-gdwarf-4", "-O0", "-fno-eliminate-unused-debug-types",
             "-I", str(include), "-x", "c", "-c", "-o", str(made), "-"],
            input=text, text=True, check=True, timeout=300)
        dump = subprocess.run(["readelf", "--debug-dump=info", "-W", str(made)],
                              capture_output=True, text=True, check=True, timeout=300).stdout
    structs, enumerators = {}, {}
    stack = {}  # depth -> the entry being read
    entry = None

    def close(done):
        if not done or "name" not in done:
            return
        if done["tag"] == "DW_TAG_structure_type" and "size" in done:
            structs.setdefault(done["name"], {"size": done["size"], "members": []})
        if done["tag"] == "DW_TAG_enumerator":
            enumerators[done["name"]] = done.get("value", 0)
        if done["tag"] == "DW_TAG_member" and done["parent"]:
            parent = done["parent"]
            if parent["tag"] == "DW_TAG_structure_type" and "name" in parent:
                structs.setdefault(parent["name"], {"size": parent["size"], "members": []})
                structs[parent["name"]]["members"].append((done["name"], done.get("offset", 0)))

    for line in dump.splitlines():
        if match := re.match(r"\s*<(\d+)><[0-9a-f]+>: Abbrev Number: \d+ \((DW_TAG_\w+)\)", line):
            close(entry)
            depth = int(match[1])
            entry = {"tag": match[2], "parent": stack.get(depth - 1)}
            stack[depth] = entry
        elif entry is not None:
            if match := re.match(r"\s*<[0-9a-f]+>\s+DW_AT_(\w+)\s*:\s*(.*)", line):
                value = re.sub(r"^(\([^)]*\):?\s*)+", "", match[2]).strip()  # "(data1) 8"
                name = match[1]
                if name == "name":
                    entry["name"] = value
                elif name == "byte_size":
                    entry["size"] = int(value, 0)
                elif name == "data_member_location":
                    entry["offset"] = int(value.split()[0], 0)
                elif name == "const_value":
                    entry["value"] = int(value.split()[0], 0)
    close(entry)
    return ({name: s for name, s in structs.items() if name.startswith("sluice_")},
            {name: v for name, v in enumerators.items() if name.startswith("SLUICE_")})


def read_frozen(include):
    frozen = set()
    for name in STABLE_HEADERS:
        text = (include / "sluice" / name).read_text()
        frozen |= set(re.findall(r"typedef struct (\w+) \{\s*/\*[^*]*\bfrozen\b", text))
    return frozen


def write_layout(structs, enumerators, frozen):
    lines = ["# Layout of sluice/abi.h and sluice/abilities.h on 64-bit machines. It may only grow at",
             "# the end of a struct that is not frozen; SLUICE_UPDATE_GOLDEN=1 ctest -R House.Abi adds."]
    for name, struct in sorted(structs.items()):
        lines.append(f"struct {name} {struct['size']}" + (" frozen" if name in frozen else ""))
        lines += [f"  {member} {offset}" for member, offset in struct["members"]]
    lines += [f"value {name} {value}" for name, value in sorted(enumerators.items())]
    return "\n".join(lines) + "\n"


def parse_layout(text):
    structs, values = {}, {}
    current = None
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if line.startswith(" "):
            current["members"].append((words[0], int(words[1])))
        elif words[0] == "struct":
            current = {"size": int(words[2]), "members": [], "frozen": "frozen" in words[3:]}
            structs[words[1]] = current
        elif words[0] == "value":
            values[words[1]] = int(words[2])
    return structs, values


def check_abi(root):
    include = root / "sdk/include"
    if not include.is_dir():
        return None
    faults = []
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Werror", "-I", str(include)]
    for name in ABI_HEADERS:
        if not (include / "sluice" / name).exists():
            continue
        for language, standard in (("c", "-std=c11"), ("c++", "-std=c++20")):
            good, errors = compile_text(f"#include <sluice/{name}>\n", [standard, *strict], language)
            if not good:
                first = next((e for e in errors.splitlines() if "error" in e), errors[:200])
                faults.append(f"sluice/{name} as {language}: " + first.replace(str(root) + "/", ""))
    if faults:
        return faults

    structs, enumerators = read_layout(include)
    golden_file = root / LAYOUT
    old_structs, old_values = parse_layout(golden_file.read_text() if golden_file.exists() else "")
    for name, old in old_structs.items():
        new = structs.get(name)
        if not new:
            faults.append(f"{name}: is gone")
            continue
        if new["members"][:len(old["members"])] != old["members"]:
            faults.append(f"{name}: a member was moved, renamed or removed")
        elif old["frozen"] and new["members"] != old["members"]:
            faults.append(f"{name}: is frozen and has grown")
        elif new["size"] < old["size"]:
            faults.append(f"{name}: became smaller")
    for name, value in old_values.items():
        if enumerators.get(name) != value:
            faults.append(f"{name}: was {value}, is {enumerators.get(name, 'gone')}")
    if faults:
        return faults
    layout = write_layout(structs, enumerators, read_frozen(include))
    if not golden_file.exists() or golden_file.read_text() != layout:
        if os.environ.get("SLUICE_UPDATE_GOLDEN") == "1":
            golden_file.write_text(layout)
        else:
            return [f"{LAYOUT}: the layout has grown; SLUICE_UPDATE_GOLDEN=1 writes it down"]
    return []


# ----------------------------------------------------------------------------------------- exports


def check_exports(directory):
    plugins = sorted(directory.glob("*.so")) if directory.is_dir() else []
    if not plugins:
        return None
    faults = []
    for plugin in plugins:
        listing = subprocess.run(["nm", "-D", "--defined-only", str(plugin)], capture_output=True,
                                 text=True, check=True, timeout=60).stdout
        symbols = [line.split()[-2:] for line in listing.splitlines() if line.strip()]
        names = [name.split("@")[0] for _, name in symbols]
        if names != ["sluice_plugin_main"]:
            faults.append(f"{plugin.name}: exports {', '.join(names[:5]) or 'nothing'} and should "
                          "export sluice_plugin_main alone")
        unique = [name for kind, name in symbols if kind == "u"]
        if unique:
            faults.append(f"{plugin.name}: has GNU_UNIQUE symbols, such as {unique[0]}")
    return faults


# ----------------------------------------------------------------------------- licence and paths

LICENCE = "SPDX-License-Identifier: Apache-2.0"
# Where people and build machines keep their things. Spelt apart, so that this file has none.
MACHINE_PATH = re.compile(r"(?<![\w.$})>-])/(" + "|".join(["work", "home", "root", "Users"]) + r")/[\w.]")


def check_licence(root):
    faults = []
    for path in walk(root, SOURCES | {".py", ".sh"}):
        with path.open(errors="replace") as file:
            head = [file.readline() for _ in range(3)]
        if not any(LICENCE in line for line in head):
            faults.append(f"{path.relative_to(root)}: its first lines lack {LICENCE}")
    return faults


def check_paths(root):
    faults = []
    for path in walk(root):
        if path.is_symlink() or path.stat().st_size > 4 << 20:
            continue
        content = path.read_bytes()
        if b"\0" in content[:4096]:
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            if match := MACHINE_PATH.search(line):
                faults.append(f"{path.relative_to(root)}:{number}: {match[0]}...: a path of one "
                              "machine")
    return faults


CHECKS = {"arrows": check_arrows, "headers": check_headers, "abi": check_abi,
          "exports": check_exports, "licence": check_licence, "paths": check_paths,
          "tags": requirements.check_tags, "page": requirements.check_page, "proven": requirements.check_proven}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in CHECKS:
        print(__doc__)
        return 2
    faults = CHECKS[arguments[0]](pathlib.Path(arguments[1]).resolve(), *arguments[2:])
    if faults is None:
        print("nothing to check")
        return SKIPPED
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
