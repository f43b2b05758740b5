#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A-B-A pairs of nginx (static) and Sluice (key + SQLite lookup); see scripts/bench."""
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
import urllib.request

sluice, rounds, seconds, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
work = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
BODY = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
TICK = os.sysconf("SC_CLK_TCK")


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


def unit(text):
    value, suffix = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[suffix]


def measure(pid, url, key):
    before = cpu_seconds(pid)
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                          "--latency", "-H", "Authorization: Bearer " + key, url],
                         capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit("the load saw errors:\n" + out)
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            "p50": unit(re.search(r"50%\s+(\S+)", out).group(1)),
            "p99": unit(re.search(r"99%\s+(\S+)", out).group(1)),
            "cpu": used / requests * 1e6}


nginx_port = free_port()
(work / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/error.log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {work}/t; proxy_temp_path {work}/t;
  fastcgi_temp_path {work}/t; uwsgi_temp_path {work}/t; scgi_temp_path {work}/t;
  server {{ listen 127.0.0.1:{nginx_port}; default_type application/json; location / {{ return 200 '{BODY}'; }} }} }}
""")
nginx = subprocess.Popen(["taskset", "-c", "0", "nginx", "-p", str(work), "-c", str(work / "nginx.conf")])
demo = subprocess.Popen(["taskset", "-c", "0", sluice, "demo", "--dir", str(work / "demo"), "--port", "0",
                         "--admin-port", "0"], stdout=subprocess.PIPE, text=True)
try:
    for line in demo.stdout:
        if line.startswith("Ctrl-C"):
            break
    made = json.loads((work / "demo/credentials.json").read_text())
    url, key = made["gateway"] + "/v1/user/info?user_id=10001", made["apiKey"]
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + key})
    if urllib.request.urlopen(request).read().decode() != BODY:
        raise SystemExit("Sluice does not answer the worked example")
    worker = int(subprocess.run(["pgrep", "-P", str(nginx.pid)], capture_output=True, text=True).stdout.split()[0])
    base = f"http://127.0.0.1:{nginx_port}/v1/user/info?user_id=10001"
    pairs = []
    for i in range(rounds):
        a, b, c = measure(worker, base, key), measure(demo.pid, url, key), measure(worker, base, key)
        mean = (a["rps"] + c["rps"]) / 2
        spread = abs(a["rps"] - c["rps"]) / mean
        kept = spread <= 0.15
        pairs.append((kept, b["rps"] / mean, (a["cpu"] + c["cpu"]) / 2 / b["cpu"], a, b, c))
        print(f"round {i + 1}/{rounds}: nginx {mean:,.0f}/s, Sluice {b['rps']:,.0f}/s, ratio {b['rps'] / mean:.2f}"
              + ("" if kept else "  (left out: the baselines differ by over 15 %)"), flush=True)
    kept = [p for p in pairs if p[0]] or pairs
    median = lambda values: statistics.median(list(values))
    print(f"\n{'':8}{'req/s':>10}{'ratio':>8}{'min':>6}{'max':>6}{'p50 us':>9}{'p99 us':>9}{'CPU us':>8}{'CPU ratio':>11}{'RSS MiB':>9}")
    print(f"{'nginx':8}{median(p[3]['rps'] for p in kept):>10,.0f}{1:>8.2f}{'':12}{median(p[3]['p50'] for p in kept):>9.0f}"
          f"{median(p[3]['p99'] for p in kept):>9.0f}{median(p[3]['cpu'] for p in kept):>8.2f}{1:>11.2f}{rss_mib(worker):>9.1f}")
    ratios = [p[1] for p in kept]
    print(f"{'Sluice':8}{median(p[4]['rps'] for p in kept):>10,.0f}{median(ratios):>8.2f}{min(ratios):>6.2f}{max(ratios):>6.2f}"
          f"{median(p[4]['p50'] for p in kept):>9.0f}{median(p[4]['p99'] for p in kept):>9.0f}"
          f"{median(p[4]['cpu'] for p in kept):>8.2f}{median(p[2] for p in kept):>11.2f}{rss_mib(demo.pid):>9.1f}")
finally:
    demo.terminate()
    nginx.terminate()
    demo.wait(20)
    nginx.wait(20)
    shutil.rmtree(work, ignore_errors=True)
