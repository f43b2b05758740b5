// SPDX-License-Identifier: Apache-2.0
#include "loader/registry.hpp"

#include "loader/plugin_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

namespace sluice::loader {
namespace {

namespace fs = std::filesystem;

// A fresh directory below the test's temporary one.
class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = fs::path(testing::TempDir()) / ("sluice-registry-" + std::string(test->name()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  static fs::path fixture(const std::string& name) { return fs::path(SLUICE_TESTDATA) / name; }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  fs::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
    return directory_ / name;
  }
  Registry load(std::vector<PluginRequest> requests) {
    Registry::Options options;
    options.directory = SLUICE_TESTDATA;
    options.state_directory = directory_ / "state";
    options.load = std::move(requests);
    options.log = [this](int level, std::string_view text) {
      log_ += std::to_string(level) + " " + std::string(text) + "\n";
    };
    return Registry::load(options);
  }

  fs::path directory_;
  std::string log_;
};

TEST_F(RegistryTest, RefusesEveryWrongFileByItsNumber) {
  write("text.so", "not a library\n");
  write("empty.so", "");
  std::string good = read(fixture("c_none.so"));
  write("short.so", good.substr(0, good.size() / 3));
  good[18] = '\x28';  // e_machine: 32-bit ARM
  write("arm.so", good);
  fs::create_directory(directory_ / "folder.so");
  ASSERT_EQ(mkfifo((directory_ / "fifo.so").c_str(), 0600), 0);
  const std::string here = directory_.string() + "/";

  const struct {
    std::string name;
    const char *code, *reason;
  } cases[] = {
      {"absent", "PLG-001", "No such file"},
      {"../c_none", "PLG-001", "is not the name of a plugin file"},
      {".hidden", "PLG-001", "is not the name of a plugin file"},
      {here + "folder.so", "PLG-001", "not a plain file"},
      {here + "fifo.so", "PLG-001", "not a plain file"},
      {here + "text.so", "PLG-002", "it is not an ELF file"},
      {here + "empty.so", "PLG-002", "it is not an ELF file"},
      {here + "short.so", "PLG-002", "truncated"},
      {here + "arm.so", "PLG-002", "it is built for another machine, and this one is "},
      {"program.so", "PLG-002", "it is a program, not a shared library"},
      {"no_note", "PLG-003", "carries no sluice note"},
      {"c_abi_too_new", "PLG-004", "is built for plugin ABI 2, this gateway speaks ABI 1"},
      {"c_abi_too_old", "PLG-004", "is built for plugin ABI 0, this gateway speaks ABI 1"},
      {"c_needs_gone", "PLG-005", "libsluice_gone.so: cannot open shared object file"},
      {"undefined_symbol", "PLG-005", "undefined symbol: sluice_needed"},
      {"no_entry", "PLG-006", "does not export sluice_plugin_main"},
      {"c_declines", "PLG-007", "declines to serve plugin ABI 1.0"},
      {"c_min_host_minor", "PLG-008", "needs plugin ABI 1.9, this gateway has 1.0"},
      {"c_no_components", "PLG-009", "it has no components"},
      {"c_no_destroy", "PLG-009", "its component 'c-auth' has no destroy()"},
      {"c_bad_kind", "PLG-009", "'c-auth' is of kind 99, which this gateway does not know"},
      {"c_bad_schema", "PLG-009", "'c-auth' has a settings schema that is not JSON"},
      {"c_no_function", "PLG-009", "'c-auth' has no authenticate()"},
      {"c_small_table", "PLG-009", "'c-auth' has a table that is too small"},
      {"c_twice_in_itself", "PLG-009", "brings the authenticator 'c-auth' twice"},
      {"c_needs_libcxx", "PLG-014", "needs libc++.so.1, a second C++ runtime"},
      {"unique_symbol", "PLG-015", "such as shared_by_all"},
      {"c_load_fails", "PLG-019", "could not set itself up: no licence server"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Registry registry = load({{c.name, ""}});
    ASSERT_EQ(registry.reports().size(), 1u);
    const PluginReport& report = registry.reports()[0];
    EXPECT_FALSE(report.loaded);
    EXPECT_EQ(report.code, c.code) << report.reason;
    EXPECT_NE(report.reason.find(c.reason), std::string::npos) << report.reason;
    EXPECT_NE(report.reason.find(fs::path(c.name).stem().string()), std::string::npos)
        << "names the file: " << report.reason;
    EXPECT_EQ(report.reason.find("Bad file descriptor"), std::string::npos) << report.reason;
    EXPECT_EQ(report.reason.find("state"), std::string::npos) << report.reason;
    EXPECT_FALSE(report.remedy.empty());
    EXPECT_EQ(registry.find(SLUICE_KIND_AUTHENTICATOR, "c-auth"), nullptr);
  }
}

TEST_F(RegistryTest, LoadsTheGoodOnesBesideTheRefused) {
  const Registry registry = load({{"cpp_good", ""},
                                  {"c_bad_kind", ""},
                                  {"c_none", ""},
                                  {"c_duplicate", ""},
                                  {"c_small_but_right", ""},
                                  {"cpp_good", ""}});
  ASSERT_EQ(registry.reports().size(), 6u);
  std::string outcome;
  for (const auto& report : registry.reports()) {
    outcome += report.name + (report.loaded ? " loaded " + report.id : " " + report.code) + "\n";
  }
  EXPECT_EQ(outcome,
            "cpp_good loaded org.example.good\n"
            "c_bad_kind PLG-009\n"
            "c_none loaded org.example.fixture\n"
            "c_duplicate PLG-009\n"
            "c_small_but_right loaded org.example.fixture\n"
            "cpp_good PLG-009\n");
  EXPECT_NE(
      registry.reports()[3].reason.find("brings the authenticator 'c-auth', which is here already"),
      std::string::npos)
      << registry.reports()[3].reason;
  EXPECT_NE(registry.find(SLUICE_KIND_AUTHENTICATOR, "talker"), nullptr);
  EXPECT_NE(registry.find(SLUICE_KIND_AUTHENTICATOR, "c-auth"), nullptr);
  EXPECT_NE(registry.find(SLUICE_KIND_AUTHENTICATOR, "small"), nullptr);
  EXPECT_EQ(registry.find(SLUICE_KIND_DATA_SOURCE, "talker"), nullptr);
  EXPECT_EQ(registry.find(SLUICE_KIND_AUTHENTICATOR, ""), nullptr);

  const PluginReport& good = registry.reports()[0];
  EXPECT_EQ(good.version, "1.0.0");
  EXPECT_EQ(good.vendor, "Example");
  EXPECT_EQ(good.abi_major, 1u);
  EXPECT_EQ(good.sha256, make_sha256(read(fixture("cpp_good.so"))));
  ASSERT_EQ(good.components.size(), 1u);
  EXPECT_EQ(good.components[0].kind, "authenticator");
  EXPECT_EQ(good.components[0].exec, "inline");
  EXPECT_EQ(good.components[0].title, "Talker");
  EXPECT_NE(log_.find("2 plugin org.example.good 1.0.0 is loaded\n"), std::string::npos) << log_;
  EXPECT_NE(log_.find("4 PLG-009 "), std::string::npos) << log_;
}

TEST_F(RegistryTest, HoldsAFileToItsPin) {
  const std::string right = make_sha256(read(fixture("c_none.so")));
  EXPECT_TRUE(load({{"c_none", right}}).reports()[0].loaded);
  const Registry registry = load({{"c_none", std::string(64, '0')}});
  EXPECT_EQ(registry.reports()[0].code, "PLG-010");
  EXPECT_EQ(registry.reports()[0].reason, "'" + fixture("c_none.so").string() + "' has sha256 " +
                                              right + ", but the node file pins " +
                                              std::string(64, '0'));
}

TEST_F(RegistryTest, StagesTheBytesItCheckedInAPrivateDirectory) {
  PluginFile file;
  file.path = fixture("c_none.so");
  ASSERT_FALSE(read_plugin_file(file));
  const fs::path state = directory_ / "a" / "state";
  const fs::path staged = state / (file.sha256 + ".so");
  const auto stage = [&] {
    const auto refusal = stage_plugin_file(file, state);
    EXPECT_FALSE(refusal) << refusal->reason;
    EXPECT_EQ(file.staged, staged);
    EXPECT_EQ(read(staged), file.bytes);
    EXPECT_FALSE(fs::is_symlink(staged));
    EXPECT_EQ(std::distance(fs::directory_iterator(state), {}), 1) << "nothing is left beside it";
  };
  stage();
  struct stat status {};
  ASSERT_EQ(stat(state.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  stage();

  // A copy that somebody damaged, and a link that somebody left there, are replaced.
  fs::remove(staged);
  std::ofstream(staged, std::ios::binary) << "damaged";
  stage();
  fs::remove(staged);
  fs::create_symlink(file.path, staged);
  stage();
}

TEST_F(RegistryTest, RefusesAStateDirectoryThatOthersCanWrite) {
  fs::create_directory(directory_ / "state");
  fs::permissions(directory_ / "state", fs::perms::all);
  const Registry registry = load({{"c_none", ""}});
  EXPECT_EQ(registry.reports()[0].code, "PLG-018");
  EXPECT_NE(registry.reports()[0].reason.find("others may write there"), std::string::npos);
}

const sluice_plugin* builtin_talker() {
  static const sluice_component component{
      sizeof(sluice_component),
      SLUICE_KIND_AUTHENTICATOR,
      SLUICE_STR("talker"),
      SLUICE_STR("T"),
      SLUICE_STR(""),
      SLUICE_STR("{}"),
      SLUICE_EXEC_INLINE,
      0,
      [] {
        static const sluice_authenticator table{
            sizeof table, 0,
            [](void*, sluice_op*, sluice_auth_out*) -> sluice_status { return SLUICE_SKIP; },
            nullptr};
        return &table;
      }(),
      [](const sluice_host*, const sluice_node*, sluice_err*, void**) -> sluice_status {
        return SLUICE_OK;
      },
      nullptr,
      nullptr,
      nullptr,
      [](void*) {},
      nullptr,
      nullptr};
  static const sluice_component* const components[] = {&component};
  static const sluice_plugin plugin{sizeof plugin,
                                    1,
                                    0,
                                    0,
                                    SLUICE_STR("built.in"),
                                    SLUICE_STR("1"),
                                    SLUICE_STR(""),
                                    SLUICE_STR(""),
                                    SLUICE_STR(""),
                                    components,
                                    1,
                                    0,
                                    nullptr};
  return &plugin;
}

TEST_F(RegistryTest, TreatsABuiltInTableLikeAPlugins) {
  Registry registry = load({{"cpp_good", ""}});
  registry.add_builtin(builtin_talker());
  ASSERT_EQ(registry.reports().size(), 2u);
  EXPECT_EQ(registry.reports()[1].code, "PLG-009");
  EXPECT_EQ(
      registry.reports()[1].reason,
      "the built-in table 'built.in' brings the authenticator 'talker', which is here already");

  Registry::Options options;
  options.directory = SLUICE_TESTDATA;
  options.state_directory = directory_ / "state";
  options.builtins = {builtin_talker()};
  options.load = {{"cpp_good", ""}};
  const Registry first = Registry::load(options);
  ASSERT_EQ(first.reports().size(), 2u);
  EXPECT_TRUE(first.reports()[0].loaded);
  EXPECT_EQ(first.reports()[1].code, "PLG-009");

  sluice_plugin wrong = *builtin_talker();
  wrong.id = {nullptr, 0};
  registry.add_builtin(&wrong);
  EXPECT_EQ(registry.reports()[2].code, "PLG-009");
}

TEST_F(RegistryTest, InspectsOneFile) {
  const auto good = inspect_file(fixture("cpp_good.so"), directory_ / "state");
  EXPECT_TRUE(good.loaded);
  EXPECT_EQ(good.id, "org.example.good");
  const auto wrong = inspect_file(fixture("no_note.so"), directory_ / "state");
  EXPECT_EQ(wrong.code, "PLG-003");
  EXPECT_EQ(wrong.sha256.size(), 64u);
}

}  // namespace
}  // namespace sluice::loader
