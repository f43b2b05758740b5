# SPDX-License-Identifier: Apache-2.0
"""A client of MaxCompute's protocols, with the standard library alone, written from the protocol's
description: what the emulator's own code and this agree on is not one mistake made once."""
import base64
import datetime
import email.utils
import hashlib
import hmac
import http.client
import json
import struct
import time
import urllib.parse
import xml.etree.ElementTree as ET
import zlib


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def xml(self):
        return ET.fromstring(self.body)

    def json(self):
        return json.loads(self.body)

    def code(self):
        """The Code of an error, in whichever form it came."""
        if self.body.lstrip()[:1] == b"<":
            return self.xml().findtext("Code")
        return self.json()["Code"]


class Client:
    def __init__(self, endpoint, project, access_id, secret, token=None, region=None):
        self.endpoint = urllib.parse.urlsplit(endpoint)
        self.project = project
        self.access_id, self.secret = access_id, secret
        self.token, self.region = token, region
        self.clock_offset_s = 0

    def canonical(self, method, path, parameters, headers):
        lines = {"content-md5": "", "content-type": "", "date": ""}
        for name, value in headers.items():
            if name.lower() in lines or name.lower().startswith("x-odps-"):
                lines[name.lower()] = value
        text = [method]
        for name in sorted(lines):
            text.append(f"{name}:{lines[name]}" if name.startswith("x-odps-") else lines[name])
        resource = path
        if parameters:
            resource += "?" + "&".join(name + ("=" + value if value else "")
                                       for name, value in sorted(parameters.items()))
        return "\n".join(text + [resource])

    def authorization(self, canonical):
        secret, credential = self.secret.encode(), self.access_id
        if self.region:
            day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
            secret = b"aliyun_v4" + secret
            for part in (day, self.region, "odps", "aliyun_v4_request"):
                secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
            credential = f"{self.access_id}/{day}/{self.region}/odps/aliyun_v4_request"
        digest = hmac.new(secret, canonical.encode(), hashlib.sha1).digest()
        return f"ODPS {credential}:{base64.b64encode(digest).decode()}"

    def call(self, method, path, parameters=None, body=None, headers=None, tunnel=False):
        parameters = {"curr_project": self.project, **(parameters or {})}
        headers = dict(headers or {})
        headers["x-odps-user-agent"] = headers["User-Agent"] = "emulator-client/1.0"
        headers["Date"] = email.utils.formatdate(time.time() + self.clock_offset_s, usegmt=True)
        if tunnel:
            headers["x-odps-tunnel-version"] = "6"
        headers["Authorization"] = self.authorization(self.canonical(method, path, parameters, headers))
        if self.token:
            headers["authorization-sts-token"] = self.token
        query = "&".join(urllib.parse.quote(name, safe="") + ("=" + urllib.parse.quote(value, safe="")
                                                              if value else "")
                         for name, value in parameters.items())
        prefix = "" if tunnel else self.endpoint.path
        connection = http.client.HTTPConnection(self.endpoint.hostname, self.endpoint.port, timeout=60)
        try:
            connection.request(method, prefix + urllib.parse.quote(path) + "?" + query, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    # -------------------------------------------------------------------------------------- jobs

    def job_xml(self, statement, settings=None, task="SQL"):
        name = "AnonymousSQLTask" if task == "SQL" else "AnonymousSQLRTTask"
        root = ET.Element("Instance")
        job = ET.SubElement(root, "Job")
        ET.SubElement(job, "Priority").text = "9"
        element = ET.SubElement(ET.SubElement(job, "Tasks"), task)
        ET.SubElement(element, "Name").text = name
        settings_property = ET.SubElement(ET.SubElement(element, "Config"), "Property")
        ET.SubElement(settings_property, "Name").text = "settings"
        ET.SubElement(settings_property, "Value").text = json.dumps(settings or {})
        if statement is not None:
            ET.SubElement(element, "Query").text = statement
        return ET.tostring(root, encoding="utf-8", xml_declaration=True)

    def submit(self, statement, settings=None, task="SQL", prefix="", headers=None, parameters=None):
        return self.call("POST", f"{prefix}/projects/{self.project}/instances", parameters,
                         self.job_xml(statement, settings, task),
                         {"Content-Type": "application/xml", **(headers or {})})

    def instance_path(self, instance):
        return f"/projects/{self.project}/instances/{instance}"

    def run(self, statement, settings=None):
        """The instance and the status of its task, once it is over."""
        answer = self.submit(statement, settings)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{answer.status} {answer.body.decode()}")
        instance = answer.headers["location"].rsplit("/", 1)[1]
        path = self.instance_path(instance)
        while answer.status == 201 or answer.xml().findtext("Status") != "Terminated":
            answer = self.call("GET", path, {"instancestatus": ""})
        status = self.call("GET", path, {"taskstatus": ""}).xml().findtext("Tasks/Task/Status")
        return instance, status

    def result(self, instance):
        """Format and text of ?result."""
        element = self.call("GET", self.instance_path(instance), {"result": ""}).xml().find(
            "Tasks/Task/Result")
        text = element.text or ""
        if element.get("Transform") == "Base64":
            text = base64.b64decode(text).decode()
        return element.get("Format"), text

    # ------------------------------------------------------------------------------------ tunnel

    def open_download(self, path, parameters=None):
        answer = self.call("POST", path, {"downloads": "", **(parameters or {})}, tunnel=True)
        while answer.status in (200, 202) and answer.json()["Status"] == "initiating":
            answer = self.call("GET", path, {"downloadid": answer.json()["DownloadID"],
                                             **{k: v for k, v in (parameters or {}).items()
                                                if k == "partition"}}, tunnel=True)
        return answer

    def read(self, path, session, start, count, parameters=None, encoding=None):
        answer = self.call("GET", path, {"data": "", "downloadid": session["DownloadID"],
                                         "rowrange": f"({start},{count})", **(parameters or {})},
                           headers={"Accept-Encoding": encoding or "identity"}, tunnel=True)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.body.decode()}")
        body = answer.body
        if answer.headers.get("content-encoding") == "deflate":
            body = zlib.decompress(body)
        return body


# ------------------------------------------------------------------------------------ record stream

CRC_TABLE = []
for i in range(256):
    for _ in range(8):
        i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
    CRC_TABLE.append(i)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


class Reader:
    """Rows of a record stream. Raises ValueError for what is not whole or does not check."""

    def __init__(self, data, types):
        self.data, self.at, self.types = data, 0, [t.lower() for t in types]

    def take(self, length):
        if self.at + length > len(self.data):
            raise ValueError("cut")
        self.at += length
        return self.data[self.at - length:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def items(self, kind):
        result, checked = [], b""
        for _ in range(self.varint()):
            if self.take(1) == b"\1":
                result.append(None)
                continue
            value, part = self.value(kind)
            result.append(value)
            checked += part
        return result, checked

    def value(self, kind):
        """A value, and the bytes of it that enter the checksum."""
        name = kind.split("(")[0].split("<")[0]
        if name in ("tinyint", "smallint", "int", "bigint", "date", "datetime"):
            value = self.zigzag()
            return value, struct.pack("<q", value)
        if name == "boolean":
            value = self.varint()
            return bool(value), bytes([value])
        if name == "float":
            part = self.take(4)
            return struct.unpack("<f", part)[0], part
        if name == "double":
            part = self.take(8)
            return struct.unpack("<d", part)[0], part
        if name in ("timestamp", "timestamp_ntz"):
            seconds, nanoseconds = self.zigzag(), self.zigzag()
            return (seconds, nanoseconds), struct.pack("<qi", seconds, nanoseconds)
        if name == "array":
            return self.items(kind[6:-1])
        if name == "map":
            key, item = kind[4:-1].split(",", 1)
            keys, first = self.items(key)
            values, second = self.items(item)
            return dict(zip(keys, values)), first + second
        if name == "struct":
            result, checked = {}, b""
            for field in kind[7:-1].split(","):
                field_name, field_kind = field.split(":", 1)
                if self.take(1) == b"\1":
                    result[field_name] = None
                    continue
                result[field_name], part = self.value(field_kind)
                checked += part
            return result, checked
        part = self.take(self.varint())
        return (part if name == "binary" else part.decode()), part

    def rows(self):
        rows, checks = [], b""
        while True:
            row, checked = [None] * len(self.types), b""
            while True:
                field = self.varint() >> 3
                if field == 33554430:
                    if self.zigzag() != len(rows) or self.varint() >> 3 != 33554431:
                        raise ValueError("count")
                    if self.varint() != (crc32c(checks) if rows else 0) or self.at != len(self.data):
                        raise ValueError("stream checksum")
                    return rows
                if field == 33553408:
                    if self.varint() != (crc32c(checked) if checked else 0):
                        raise ValueError("record checksum")
                    checks += struct.pack("<I", crc32c(checked) if checked else 0)
                    rows.append(row)
                    break
                row[field - 1], part = self.value(self.types[field - 1])
                checked += struct.pack("<i", field) + part


def types_of(session):
    return [column["type"] for column in session["Schema"]["columns"]]
