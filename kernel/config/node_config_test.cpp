// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace sluice::config {
namespace {

TEST(NodeConfig, AnEmptyFileIsTheDefault) {
  for (const char* text : {"", "# nothing\n", "{}", "store:\n"}) {
    SCOPED_TRACE(text);
    auto read = parse_node_config(text, "/srv/etc/node.yaml");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->node.name, "node-1");
    EXPECT_EQ(read->node.region, "local");
    EXPECT_EQ(read->store.url, "sqlite:/srv/etc/var/sluice.db");
    EXPECT_EQ(read->store.scheme, "sqlite");
    EXPECT_EQ(read->store.rest, "/srv/etc/var/sluice.db");
    EXPECT_EQ(read->store.key_file, "/srv/etc/var/secret.key");
    EXPECT_EQ(to_text(read->admin.listen), "127.0.0.1:8081");
    EXPECT_EQ(read->admin.token_file, "/srv/etc/var/admin.token");
    ASSERT_EQ(read->gateways.size(), 1u);
    EXPECT_EQ(read->gateways[0].instance, "default");
    EXPECT_EQ(to_text(read->gateways[0].listen), "127.0.0.1:8080");
    EXPECT_EQ(read->plugins.directory, "/srv/etc/lib/sluice/plugins");
    EXPECT_EQ(read->plugins.state_directory, "/srv/etc/var/plugins");
    EXPECT_TRUE(read->plugins.load.empty());
    EXPECT_EQ(read->limits.body_bytes, 1'048'576u);
    EXPECT_EQ(read->log.level, LogLevel::kInfo);
    EXPECT_TRUE(read->log.access);
    EXPECT_TRUE(read->log.file.empty());
  }
}

TEST(NodeConfig, ReadsEveryField) {
  constexpr std::string_view kYaml = R"(
node: { name: n7, region: "eu-1" }
store: { url: "postgresql://db/sluice", key_file: /run/key }
admin: { listen: "[::1]:9000", token_file: /run/token }
gateways:
  - { instance: public, listen: "0.0.0.0:80" }
  - { instance: inner, listen: "localhost:0" }
plugins:
  directory: ../plugins
  state_directory: /var/lib/p
  load:
    - auth-apikey
    - { name: ds-sqlite, sha256: 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff }
    - build/mine.so
limits: { body_bytes: 10, header_bytes: 2048, request_line_bytes: 1024, workers: 3, io_threads: 1 }
log: { level: debug, access: false, file: log/node.log }
)";
  constexpr std::string_view kJson =
      R"({"node":{"name":"n7","region":"eu-1"},"store":{"url":"postgresql://db/sluice","key_file":"/run/key"},
"admin":{"listen":"[::1]:9000","token_file":"/run/token"},
"gateways":[{"instance":"public","listen":"0.0.0.0:80"},{"instance":"inner","listen":"localhost:0"}],
"plugins":{"directory":"../plugins","state_directory":"/var/lib/p","load":["auth-apikey",
{"name":"ds-sqlite","sha256":"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"},
	"build/mine.so"]},
"limits":{"body_bytes":10,"header_bytes":2048,"request_line_bytes":1024,"workers":3,"io_threads":1},
"log":{"level":"debug","access":false,"file":"log/node.log"}})";
  for (const auto text : {kYaml, kJson}) {
    auto read = parse_node_config(text, "/srv/etc/node.yaml");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->node.name, "n7");
    EXPECT_EQ(read->node.region, "eu-1");
    EXPECT_EQ(read->store.url, "postgresql://db/sluice");
    EXPECT_EQ(read->store.scheme, "postgresql");
    EXPECT_EQ(read->store.key_file, "/run/key");
    EXPECT_EQ(read->admin.listen, (ListenAddress{"::1", 9000}));
    EXPECT_EQ(read->admin.token_file, "/run/token");
    ASSERT_EQ(read->gateways.size(), 2u);
    EXPECT_EQ(read->gateways[1].instance, "inner");
    EXPECT_EQ(read->gateways[1].listen, (ListenAddress{"localhost", 0}));
    EXPECT_EQ(read->plugins.directory, "/srv/plugins");
    EXPECT_EQ(read->plugins.state_directory, "/var/lib/p");
    ASSERT_EQ(read->plugins.load.size(), 3u);
    EXPECT_EQ(read->plugins.load[0].name, "auth-apikey");
    EXPECT_EQ(read->plugins.load[1].sha256,
              "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    EXPECT_EQ(read->plugins.load[2].name, "/srv/etc/build/mine.so");
    EXPECT_EQ(read->limits.body_bytes, 10u);
    EXPECT_EQ(read->limits.workers, 3u);
    EXPECT_EQ(read->log.level, LogLevel::kDebug);
    EXPECT_FALSE(read->log.access);
    EXPECT_EQ(read->log.file, "/srv/etc/log/node.log");
  }
}

TEST(NodeConfig, NamesFileLineAndKeyOfEveryFault) {
  const struct {
    const char *name, *text, *detail;
  } cases[] = {
      {"unknown at the top", "node: {}\nnodes: {}\n",
       "n.yaml:2: unknown key \"nodes\" (allowed here: node, store, admin, gateways, plugins, "
       "limits, log, outgoing, files)"},
      {"unknown inside", "admin:\n  listn: x\n",
       "n.yaml:2: admin: unknown key \"listn\" (allowed here: listen, token_file)"},
      {"twice", "log: {}\nnode: {}\nlog: {}\n", "n.yaml:3: the key \"log\" stands there twice"},
      {"no address", "admin: {listen: 8081}\n",
       "n.yaml:1: admin.listen: must be ADDRESS:PORT with a port from 0 to 65535, such as "
       "127.0.0.1:8080 or [::1]:8080"},
      {"level", "log:\n  level: loud",
       "n.yaml:2: log.level: must be one of trace, debug, info, warn, error"},
      {"flag", "log: {access: yes}", "n.yaml:1: log.access: must be true or false"},
      {"bound", "limits:\n  header_count: 0\n  workers: many\n  connections: \"5\"\n",
       "n.yaml:2: limits.header_count: must be a whole number from 8 to 1000, is 0\n"
       "n.yaml:4: limits.connections: must be a whole number from 1 to 1000000\n"
       "n.yaml:3: limits.workers: must be a whole number from 0 to 1024"},
      {"line longer than the header", "limits: {header_bytes: 1024}",
       "n.yaml:1: limits.request_line_bytes: must not be more than limits.header_bytes, which is "
       "1024"},
      {"gateways that clash",
       "gateways:\n- {instance: a, listen: '1.1.1.1:1'}\n- {instance: a, listen: '1.1.1.1:1'}\n",
       "n.yaml:3: gateways[1].instance: \"a\" is the name of an earlier gateway\n"
       "n.yaml:3: gateways[1].listen: 1.1.1.1:1 is the address of an earlier gateway"},
      {"gateway on the admin's port", "gateways: [{listen: '127.0.0.1:8081'}]",
       "n.yaml:1: admin: listen is also the address of gateway \"default\"; give each its own "
       "port"},
      {"private hosts", "outgoing: {private_hosts: [ok, 'http://x/']}",
       "n.yaml:1: outgoing.private_hosts[1]: must be a host as a URL names it, such as 10.0.0.5 or "
       "jwks.internal"},
      {"no gateways", "gateways: []", "n.yaml:1: gateways: must have at least one entry"},
      {"pin", "plugins:\n  load:\n  - {name: a, sha256: abc}\n  - a\n  - ../x\n",
       "n.yaml:3: plugins.load[0].sha256: must be the 64 hexadecimal digits that sha256sum prints\n"
       "n.yaml:4: plugins.load[1]: \"a\" is named twice\n"
       "n.yaml:5: plugins.load[2]: must be the name of a plugin in plugins.directory, such as "
       "auth-apikey, or a path that ends in .so"},
      {"store", "store: {url: sluice.db}",
       "n.yaml:1: store.url: must be TYPE:PLACE, such as sqlite:var/sluice.db"},
      {"a list for a map", "node: [a]", "n.yaml:1: node: must be a map of keys and values"},
      {"a map for a text", "node: {name: {a: b}}", "n.yaml:1: node.name: must be text"},
      {"name", "node: {name: '-x y'}",
       "n.yaml:1: node.name: must be 1 to 63 letters, digits, '-', '_' or '.', the first a letter, "
       "digit or '_'"},
      {"two documents", "node: {}\n---\nnode: {}\n",
       "n.yaml:3: must hold one document only: remove the line ---"},
      {"no variable", "store:\n  url: postgresql://u:${env:SLUICE_TEST_NONE}@h/d\n",
       "n.yaml:2: ${env:SLUICE_TEST_NONE}: the environment has no variable of that name"},
      {"no file", "store: {url: 'x:${file:nowhere/pw}'}",
       "n.yaml:1: ${file:nowhere/pw}: there is no such file, or it is not a plain file"},
      {"endless alias", "node: &a\n  name: *a\n",
       "n.yaml:2: an alias stands inside its own anchor"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto read = parse_node_config(c.text, "n.yaml");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail, c.detail);
    EXPECT_EQ(read.error().where, read.error().detail.substr(0, read.error().where.size()));
  }
}

TEST(NodeConfig, BoundsWhatATextCanBlowUp) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string n = std::to_string(i), p = "*a" + std::to_string(i - 1);
    laughs += "a" + n + ": &a" + n + " [" + p;
    for (int j = 0; j < 9; ++j) laughs += "," + p;
    laughs += "]\n";
  }
  const struct {
    const char* name;
    std::string text, what;
  } cases[] = {
      {"billion laughs", laughs, "holds more than 100000 values once its aliases are expanded"},
      {"deep", std::string(200, '['), "is nested deeper than 64 levels"},
      {"very deep", std::string(500'000, '['), "is nested deeper than 64 levels"},
      {"large", std::string((1u << 20) + 1, '#'), "more than the 1048576 allowed"},
      {"no YAML", "node: {name: 'x", "is not YAML: "},
      {"bytes", std::string("\0\xff\xfe{", 4), "is not YAML: "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto read = parse_node_config(c.text, "n.yaml");
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().detail.find(c.what), std::string::npos) << read.error().detail;
  }
}

TEST(NodeConfig, ResolvesReferencesAndNeverShowsThem) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "sluice-node-config";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "password") << "hunter2\n";
  setenv("SLUICE_TEST_USER", "u", 1);
  auto read = parse_node_config(
      "store: {url: 'postgresql://${env:SLUICE_TEST_USER}:${file:password}@h/$${env:X}/${y}'}",
      (folder / "node.yaml").string());
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->store.url, "postgresql://u:hunter2@h/${env:X}/${y}");

  for (const char* text :
       {"store: {url: '${file:password}'}", "log: {level: '${file:password}'}",
        "limits: {workers: '${file:password}'}", "node: {name: '-${file:password}'}"}) {
    auto wrong = parse_node_config(text, (folder / "node.yaml").string());
    ASSERT_FALSE(wrong) << text;
    EXPECT_EQ(wrong.error().detail.find("hunter2"), std::string::npos) << wrong.error().detail;
  }
  std::filesystem::remove_all(folder);
}

TEST(NodeConfig, SaysWhichFileCannotBeRead) {
  auto read = load_node_config("nowhere/node.yaml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail,
            "nowhere/node.yaml: there is no such file, or it is not a plain file");
}

TEST(ListenAddress, TakesAnAddressAndAPort) {
  const struct {
    const char *text, *host;
    int port;
  } good[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
              {"[::1]:8080", "::1", 8080},
              {"localhost:0", "localhost", 0},
              {"h:65535", "h", 65535}};
  for (const auto& c : good) {
    auto parsed = parse_listen_address(c.text);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(parsed->host, c.host);
    EXPECT_EQ(parsed->port, c.port);
    EXPECT_EQ(to_text(*parsed), c.text);
  }
  for (const char* text :
       {"", ":", ":80", "h", "h:", "h:x", "h:65536", "h:-1", "::1:80", "[]:80", "[::1]80", "[::1]",
        "h: 80", "a b:80", "http://h:80", "[x]:1", "h:80 "}) {
    EXPECT_FALSE(parse_listen_address(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::config
