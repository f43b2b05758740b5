#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Sluice against nginx answering the same bytes; scripts/bench installs what it needs.

    bench.py SLUICE [--rounds 7] [--seconds 2] [--rows key,hmac,...] [--callgrind] [--strace]

Without more: the worked example, every default feature on, in A-B-A pairs with nginx. --rows adds
the other methods of authentication relative to the API key, interleaved in the same way. --strace
counts system calls per call under load, --callgrind instructions per call and room (repeatable,
whatever else the machine does). Ratios are the result. It informs, it never gates.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BODY = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
PATH = "/v1/user/info?user_id=10001"
TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 64
SERVER_CORE, LOAD_CORE = "0", "1"
CALLGRIND_CALLS = 20_000
TOKENS_FIRST_USE = 16_384  # more than any cache of verified tokens holds
ASSUMED_RPS = 160_000  # signed requests with nonces are made beforehand, one for each call


def median(values):
    return statistics.median(list(values))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def to_us(text):
    found = re.match(r"([\d.]+)(us|ms|s)", text)
    if not found:
        raise SystemExit(f"wrk told a time as {text!r}")
    value, suffix = found.groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[suffix]


class Nginx:
    def __init__(self, work):
        port = free_port()
        (work / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/error.log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {work}/t; proxy_temp_path {work}/t;
  fastcgi_temp_path {work}/t; uwsgi_temp_path {work}/t; scgi_temp_path {work}/t;
  server {{ listen 127.0.0.1:{port}; default_type application/json; location / {{ return 200 '{BODY}'; }} }} }}
""")
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, "nginx", "-p", str(work), "-c", str(work / "nginx.conf")])
        self.url = f"http://127.0.0.1:{port}{PATH}"
        wait_for(lambda: fetch(self.url, {}) == BODY)
        out = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        self.pid = int(out.stdout.split()[0])

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Node:
    """`sluice demo` on one core."""

    def __init__(self, sluice, directory, wrapper=("taskset", "-c", SERVER_CORE)):
        self.sluice, self.directory = sluice, directory
        self.process = subprocess.Popen(
            [*wrapper, sluice, "demo", "--dir", str(directory), "--port", "0", "--admin-port", "0"],
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Ctrl-C"):
                break
        self.made = json.loads((directory / "credentials.json").read_text())
        self.pid = self.process.pid
        self.url = self.made["gateway"] + PATH

    def run(self, *args):
        env = dict(os.environ, SLUICE_ADMIN=self.made["admin"]["url"],
                   SLUICE_TOKEN=self.made["admin"]["token"])
        out = subprocess.run([self.sluice, *args], env=env, capture_output=True, text=True)
        if out.returncode != 0:
            raise SystemExit(f"sluice {' '.join(args)}: {out.stderr or out.stdout}")
        return out.stdout

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def fetch(url, headers):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20).read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def wait_for(ready):
    deadline = time.monotonic() + 20
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit("a server did not come up within 20 s")
        time.sleep(0.02)


class Load:
    """What wrk sends: one set of headers again and again, or a file of many in turn."""

    def __init__(self, name, url, headers, work):
        self.name, self.url = name, url
        self.sets = headers if isinstance(headers, list) else [headers]
        self.script, self.round = None, 0
        if len(self.sets) > 1:
            data = work / f"{name.replace(' ', '-')}.requests"
            target = url.split("/", 3)[3]
            host = url.split("/", 3)[2]
            with data.open("w") as out:
                for one in self.sets:
                    lines = [f"GET /{target} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in one.items())]
                    out.write("\\r\\n".join(lines) + "\\r\\n\\r\\n\n")
            self.script = work / f"{name.replace(' ', '-')}.lua"
            self.script.write_text(
                "local all, i = {}, 0\n"
                "function init(args)\n"
                "  local skip, n = tonumber(args[1]), 0\n"
                f"  for line in io.lines('{data}') do\n"
                "    n = n + 1\n"
                "    if n > skip then all[#all + 1] = line:gsub('\\\\r\\\\n', '\\r\\n') end\n"
                "  end\n"
                "end\n"
                "function request() i = i % #all + 1 return all[i] end\n")

    def check(self):
        got = fetch(self.url, self.sets[0])
        if got != BODY:
            raise SystemExit(f"{self.name}: Sluice does not answer the worked example, but {got!r}")

    def measure(self, pid, seconds):
        before = cpu_seconds(pid)
        command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
        arguments = []
        if self.script:
            command += ["-s", str(self.script)]
            # What is good once is not sent again in a later round.
            share = int(ASSUMED_RPS * seconds)
            arguments = ["--", str(self.round * share if self.round * share <= len(self.sets) - share else 0)]
            self.round += 1
        else:
            for name, value in self.sets[0].items():
                command += ["-H", f"{name}: {value}"]
        out = subprocess.run([*command, self.url, *arguments], capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(pid) - before
        requests = int(re.search(r"(\d+) requests in", out).group(1))
        if "Non-2xx" in out or "Socket errors" in out:
            raise SystemExit(f"{self.name}: the load saw errors:\n{out}")
        return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
                "p50": to_us(re.search(r"^\s+50%\s+(\S+)", out, re.M).group(1)),
                "p99": to_us(re.search(r"^\s+99%\s+(\S+)", out, re.M).group(1)),
                "cpu": used / requests * 1e6}


def compare(base, base_pid, subject, pid, rounds, seconds, told):
    """A-B-A pairs. A pair whose baselines differ by over 15 % is left out."""
    pairs = []
    for i in range(rounds):
        a, b, c = (base.measure(base_pid, seconds), subject.measure(pid, seconds),
                   base.measure(base_pid, seconds))
        mean = (a["rps"] + c["rps"]) / 2
        kept = abs(a["rps"] - c["rps"]) / mean <= 0.15
        pairs.append((kept, b["rps"] / mean, (a["cpu"] + c["cpu"]) / 2 / b["cpu"], a, b))
        print(f"{told} {i + 1}/{rounds}: {base.name} {mean:,.0f}/s, {subject.name} {b['rps']:,.0f}/s, "
              f"ratio {b['rps'] / mean:.2f}" + ("" if kept else "  (left out: the baselines differ)"), flush=True)
    return [p for p in pairs if p[0]] or pairs


def print_head():
    print(f"\n{'':22}{'req/s':>10}{'ratio':>8}{'min':>6}{'max':>6}{'p50 us':>9}{'p99 us':>9}{'CPU us':>8}"
          f"{'CPU ratio':>11}{'RSS MiB':>9}")


def print_row(name, samples, ratios, cpu_ratios, rss):
    print(f"{name:22}{median(s['rps'] for s in samples):>10,.0f}{median(ratios):>8.2f}{min(ratios):>6.2f}"
          f"{max(ratios):>6.2f}{median(s['p50'] for s in samples):>9.0f}{median(s['p99'] for s in samples):>9.0f}"
          f"{median(s['cpu'] for s in samples):>8.2f}{median(cpu_ratios):>11.2f}{rss:>9.1f}")


# ------------------------------------------------------------------ the other methods, as rows


def print_rows(node, names, rounds, seconds, work):
    """Each method's API relative to the API key's, in pairs."""
    import rows  # the set-up of APIs and tokens; beside this file
    nonces = int(ASSUMED_RPS * seconds * rounds)
    loads = rows.make_loads(node, names, work, Load, TOKENS_FIRST_USE, nonces)
    key = Load("API key", node.url, {"Authorization": "Bearer " + node.made["apiKey"]}, work)
    table = []
    for load in loads:
        load.check()
        kept = compare(key, node.pid, load, node.pid, rounds, seconds, load.name)
        table.append((load.name, kept))
    print_head()
    for name, kept in table:
        print_row(name, [p[4] for p in kept], [p[1] for p in kept], [p[2] for p in kept], rss_mib(node.pid))
    print("ratio: to the API key's requests per second in the same run")


# --------------------------------------------------------------------------- counts per call


def io_threads(pid):
    """Threads that spent CPU time: those that serve."""
    spent = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        spent[int(task.name)] = int(fields[11]) + int(fields[12])
    return [tid for tid, ticks in spent.items() if ticks > 0.2 * max(spent.values())]


def count_system_calls(node, load, seconds, work):
    load.measure(node.pid, 1)
    out = work / "strace.txt"
    args = [a for tid in io_threads(node.pid) for a in ("-p", str(tid))]
    strace = subprocess.Popen(["strace", "-c", "-o", str(out), *args], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    sample = load.measure(node.pid, seconds)
    strace.terminate()
    strace.wait(20)
    calls = sample["rps"] * seconds
    print(f"\nsystem calls per call at {CONNECTIONS} connections (strace, {calls:,.0f} calls)")
    total = 0
    for line in out.read_text().splitlines():
        fields = line.split()
        if len(fields) < 5 or not fields[0].replace(".", "").isdigit() or fields[-1] == "total":
            continue
        count = int(fields[3])
        total += count
        if count / calls >= 0.001:
            print(f"  {fields[-1]:20}{count / calls:8.3f}")
    print(f"  {'all':20}{total / calls:8.3f}")


def send_calls(url, headers, calls):
    """`calls` requests over 64 connections, all connections at once, as the load does."""
    host, port = url.split("/", 3)[2].split(":")
    target = "/" + url.split("/", 3)[3]
    request = (f"GET {target} HTTP/1.1\r\nHost: {host}\r\n" +
               "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode()
    sockets = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
    for _ in range(calls // CONNECTIONS):
        for s in sockets:
            s.sendall(request)
        for s in sockets:
            answer = b""
            while not answer.endswith(BODY.encode()):
                piece = s.recv(4096)
                if not piece:
                    raise SystemExit("a connection was closed")
                answer += piece
    for s in sockets:
        s.close()


def room_of(function):
    """sluice::http::Server::run -> http; a plugin's and a library's by their file."""
    for room in ("http", "call", "snapshot", "gateway", "dataservice", "serializers", "observe", "problem",
                 "apikey", "jwt", "hmac", "dssqlite", "sqlite"):
        if f"sluice::{room}::" in function:
            return room
    return None


def count_instructions(sluice, work):
    out = work / "callgrind.out"
    node = Node(sluice, work / "callgrind", wrapper=(
        "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
        "--log-file=" + str(work / "valgrind.log")))
    headers = {"Authorization": "Bearer " + node.made["apiKey"]}
    calls = CALLGRIND_CALLS // CONNECTIONS * CONNECTIONS
    send_calls(node.url, headers, calls // 10)  # warm
    control = lambda *args: subprocess.run(["callgrind_control", *args, str(node.pid)], check=True,
                                           capture_output=True, timeout=120)
    control("-i", "on")
    send_calls(node.url, headers, calls)
    control("-i", "off")
    node.stop()
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--show=Ir", *map(str, work.glob("callgrind.out*"))],
                          capture_output=True, text=True, check=True, timeout=300).stdout
    rooms, total = collections.Counter(), 0
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+)\s+\(\s*[\d.]+%\)\s+(\S.*)$", line)
        if not match or "PROGRAM TOTALS" in line:
            continue
        count, what = int(match[1].replace(",", "")), match[2]
        file = re.search(r"\[([^\]]+)\]\s*$", what)
        library = pathlib.Path(file[1]).name if file else "?"
        room = room_of(what) or ("boost" if "boost::" in what else library)
        rooms[room] += count
        total += count
    print(f"\ninstructions per call in user space (callgrind, {calls:,} calls over {CONNECTIONS} connections)")
    for room, count in rooms.most_common(16):
        print(f"  {room:34}{count / calls:10,.0f}")
    print(f"  {'all':34}{total / calls:10,.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rows", default="", help="all, or some of hmac, hmac-nonce, jwt-hs256, jwt-rs256, "
                        "jwt-es256, jwt-eddsa (cached) and the same with -first (first use)")
    parser.add_argument("--callgrind", action="store_true")
    parser.add_argument("--strace", action="store_true")
    options = parser.parse_args()

    work = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    running = []
    try:
        if options.callgrind:
            count_instructions(options.sluice, work)
            return
        nginx = Nginx(work)
        running.append(nginx)
        node = Node(options.sluice, work / "demo")
        running.append(node)
        base = Load("nginx", nginx.url, {"Authorization": "Bearer " + node.made["apiKey"]}, work)
        subject = Load("Sluice", node.url, {"Authorization": "Bearer " + node.made["apiKey"]}, work)
        subject.check()
        if options.strace:
            count_system_calls(node, subject, options.seconds, work)
            return
        if options.rows:
            print_rows(node, options.rows.split(","), options.rounds, options.seconds, work)
            return
        kept = compare(base, nginx.pid, subject, node.pid, options.rounds, options.seconds, "round")
        print_head()
        print_row("nginx", [p[3] for p in kept], [1.0], [1.0], rss_mib(nginx.pid))
        print_row("Sluice", [p[4] for p in kept], [p[1] for p in kept], [p[2] for p in kept], rss_mib(node.pid))
    finally:
        for process in reversed(running):
            process.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
