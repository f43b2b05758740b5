// SPDX-License-Identifier: Apache-2.0
#include "store/audit_log.hpp"
#include "store/fake_store.hpp"
#include "store/repository.hpp"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

// A store with some records of changes.
struct Fixture {
  explicit Fixture(int records = 6) {
    EXPECT_TRUE(store.load_state());
    for (int i = 1; i <= records; ++i) change("text " + std::to_string(i));
  }
  void change(std::string description) {
    const auto before = *store.describe(state, kRef);
    state.consumers.put("c", {.name = "c", .description = std::move(description)});
    AuditNote note{"ann", 1000 + static_cast<model::UnixMs>(clock++), {}};
    note.entries.push_back({before ? "updated" : "created", "consumer", "c", "c", "shop", before,
                            *store.describe(state, kRef)});
    const auto kept = store.commit(state, std::span(&kRef, 1), note);
    EXPECT_TRUE(kept) << kept.error().detail;
  }
  std::string& body(std::uint64_t seq) {
    return fake.documents.at({"audit", make_audit_key(seq)}).body;
  }
  std::vector<std::string> verify() {
    const auto verdict = store.audit_log().verify();
    if (!verdict) return {verdict.error().detail};
    std::vector<std::string> told;
    for (const auto& problem : verdict->problems) {
      told.push_back(std::to_string(problem.seq) + " " + problem.what);
    }
    return told;
  }

  const DocumentRef kRef{Kind::kConsumer, "c"};
  FakeStore fake;
  Store store{FakeStore::table(), fake.self(), make_test_sealer(), [](int, std::string_view) {}};
  model::State state;
  int clock = 0;
};

TEST(AuditLog, WritesEachRecordInTheCommitOfItsChange) {
  Fixture f(2);
  EXPECT_EQ(
      f.fake.commits.back(),
      (std::vector<std::string>{"+consumer/c", "+audit/" + make_audit_key(2), "+head/state"}));
  EXPECT_TRUE(f.verify().empty());

  f.fake.fail_commit = SLUICE_E_BUSY;
  const AuditNote note{"ann", 1, {{"revealed", "credential", "cred-1", "n", "", {}, {}}}};
  EXPECT_FALSE(f.store.commit(f.state, {}, note));
  f.fake.fail_commit = SLUICE_OK;
  EXPECT_TRUE(f.store.commit(f.state, {}, note)) << "a record without a document";
  EXPECT_TRUE(f.verify().empty());
}

TEST(AuditLog, IsNotLoadedWithTheStateAndGoesOnAfterARestart) {
  Fixture f(3);
  Store other(FakeStore::table(), f.fake.self(), make_test_sealer(), [](int, std::string_view) {});
  const auto state = other.load_state();
  ASSERT_TRUE(state) << state.error().detail;
  const AuditNote note{"bob", 1, {{"revealed", "credential", "cred-1", "n", "", {}, {}}}};
  EXPECT_TRUE(other.commit(*state, {}, note));
  EXPECT_TRUE(f.verify().empty());
  EXPECT_EQ(f.store.audit_log().read_head()->seq, 4u);
}

TEST(AuditLog, TellsWhoDidWhatNewestFirst) {
  Fixture f(5);
  const auto all = f.store.audit_log().find(0, 10, [](const AuditRecord&) { return true; });
  ASSERT_TRUE(all);
  ASSERT_EQ(all->records.size(), 5u);
  EXPECT_EQ(all->next, 0u);
  const auto& last = all->records.front();
  EXPECT_EQ(last.seq, 5u);
  EXPECT_EQ(
      last.actor + " " + last.action + " " + last.kind + "/" + last.key + " " + last.workspace,
      "ann updated consumer/c shop");
  EXPECT_EQ(last.at, 1004);
  EXPECT_NE(last.before.find("text 4"), std::string::npos);
  EXPECT_NE(last.after.find("text 5"), std::string::npos);
  EXPECT_EQ(all->records[4].before, "null");
  EXPECT_EQ(all->records[1].after_tag, last.before_tag);
  EXPECT_NE(last.before_tag, last.after_tag);

  const auto page = f.store.audit_log().find(0, 2, [](const AuditRecord& r) { return r.seq % 2; });
  ASSERT_TRUE(page);
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[1].seq, 3u);
  EXPECT_EQ(page->next, 3u);
  const auto rest =
      f.store.audit_log().find(page->next, 2, [](const AuditRecord& r) { return r.seq % 2; });
  ASSERT_EQ(rest->records.size(), 1u);
  EXPECT_EQ(rest->next, 0u);
}

TEST(AuditLog, CutsWhatIsTooLargeAndSaysSo) {
  Fixture f(0);
  f.change(std::string(kAuditSideBytesMax, 'x') + "\xE7\x94\xA8");
  f.change("small");
  const auto page = f.store.audit_log().find(0, 1, [](const AuditRecord&) { return true; });
  ASSERT_TRUE(page && page->records.size() == 1);
  EXPECT_LT(f.body(2).size(), 2 * kAuditCutBytes);
  EXPECT_NE(page->records[0].before.find(R"("cut":true)"), std::string::npos);
  EXPECT_TRUE(f.verify().empty());
}

TEST(AuditLog, KeepsNoSecretAndShowsThatOneChanged) {
  Fixture f(0);
  const DocumentRef ref{Kind::kCredential, "cred-1"};
  model::Credential credential{.id = "cred-1", .consumer = "c", .type = "api-key"};
  credential.lookups = {"digest-of-it"};
  credential.secret = "s3cret-one";
  credential.shown = {{"key", "dk_s3cret"}};
  f.state.credentials.put("cred-1", credential);
  const auto one = *f.store.describe(f.state, ref);
  credential.secret = "s3cret-two";
  f.state.credentials.put("cred-1", credential);
  const auto two = *f.store.describe(f.state, ref);
  for (const auto& told : {one->json, two->json}) {
    EXPECT_EQ(told.find("s3cret"), std::string::npos) << told;
    EXPECT_EQ(told.find("digest-of-it"), std::string::npos) << told;
  }
  EXPECT_NE(one->tag, two->tag);
  EXPECT_EQ(one->tag.size(), 16u);
}

constexpr const char* kNoHead =
    "0 the head of the store is missing: it was removed, and records of the audit log may be gone "
    "with it; restore the store from a backup";

// A log that was removed as a whole would begin anew, and nobody would know.
TEST(AuditLog, LoadsNoStoreWhoseHeadIsMissing) {
  Fixture f;
  const auto load = [&] {
    Store other(FakeStore::table(), f.fake.self(), make_test_sealer(),
                [](int, std::string_view) {});
    return other.load_state();
  };
  EXPECT_TRUE(load());
  std::erase_if(f.fake.documents, [](const auto& entry) {
    return entry.first.first == "audit" || entry.first.first == "head";
  });
  for (const std::uint64_t revision : {f.fake.revision, std::uint64_t{0}}) {
    f.fake.revision = revision;
    const auto refused = load();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, SLUICE_E_CONFIG);
    EXPECT_EQ(refused.error().where, "/head/state");
  }
  FakeStore fresh;
  Store first(FakeStore::table(), fresh.self(), make_test_sealer(), [](int, std::string_view) {});
  EXPECT_TRUE(first.load_state());
  EXPECT_TRUE(first.audit_log().verify()->problems.empty()) << "nothing was ever written";
}

// Whatever is done to a record, the log tells which one it was.
TEST(AuditLog, FindsWhatWasDoneToIt) {
  const struct {
    const char* name;
    void (*tamper)(Fixture&);
    std::vector<std::string> told;
  } cases[] = {
      {"nothing", [](Fixture&) {}, {}},
      {"removed",
       [](Fixture& f) {
         f.fake.documents.erase({"audit", make_audit_key(3)});
       },
       {"3 the record is missing"}},
      {"the first two removed",
       [](Fixture& f) {
         f.fake.documents.erase({"audit", make_audit_key(1)});
         f.fake.documents.erase({"audit", make_audit_key(2)});
       },
       {"1 the records up to 2 are missing"}},
      {"truncated",
       [](Fixture& f) {
         f.fake.documents.erase({"audit", make_audit_key(5)});
         f.fake.documents.erase({"audit", make_audit_key(6)});
       },
       {"5 the records up to 6 are missing"}},
      {"altered",
       [](Fixture& f) { f.body(2).replace(f.body(2).find("ann"), 3, "eve"); },
       {"2 the record was changed: its content does not fit its digest"}},
      {"the last one altered",
       [](Fixture& f) { f.body(6).replace(f.body(6).find("ann"), 3, "eve"); },
       {"6 the record was changed: its content does not fit its digest"}},
      {"no record any more",
       [](Fixture& f) { f.body(4) = "{}"; },
       {"4 the record was changed: it has not the form of one"}},
      {"reordered",
       [](Fixture& f) { std::swap(f.body(3), f.body(4)); },
       {"3 the record was moved: it was made as number 4",
        "4 the record was moved: it was made as number 3"}},
      {"put behind the end",
       [](Fixture& f) {
         f.fake.documents[{"audit", make_audit_key(7)}] = {f.body(6), 9};
       },
       {"7 a record lies behind the end of the log: its head was set back, or the record was put "
        "there"}},
      {"the head removed",
       [](Fixture& f) {
         f.fake.documents.erase({"head", "state"});
       },
       {kNoHead}},
      {"everything of the log removed",
       [](Fixture& f) {
         std::erase_if(f.fake.documents, [](const auto& entry) {
           return entry.first.first == "audit" || entry.first.first == "head";
         });
       },
       {kNoHead}},
      {"everything of the log removed, the revision set back",
       [](Fixture& f) {
         std::erase_if(f.fake.documents, [](const auto& entry) {
           return entry.first.first == "audit" || entry.first.first == "head";
         });
         f.fake.revision = 0;
       },
       {kNoHead}},
      {"every document removed", [](Fixture& f) { f.fake.documents.clear(); }, {kNoHead}},
      {"replaced, with a digest that fits",
       [](Fixture& f) {
         AuditHead head{3, f.store.audit_log()
                               .find(4, 1, [](const AuditRecord&) { return true; })
                               ->records[0]
                               .hash};
         f.body(4) = *append_audit_record(head, {"eve", 1, {}},
                                          {"updated", "consumer", "c", "c", "shop", {}, {}});
       },
       {"5 the record does not follow the one before: one of the two was replaced"}},
      {"a new chain without the key",
       [](Fixture& f) {
         AuditHead head;
         for (std::uint64_t seq = 1; seq <= 6; ++seq) {
           f.body(seq) = *append_audit_record(head, {"eve", 1, {}},
                                              {"updated", "consumer", "c", "c", "shop", {}, {}});
         }
       },
       {"6 the last record is not the one that the head of the log knows"}},
      {"a new head without the key",
       [](Fixture& f) {
         Sealer::Key other{};
         f.fake.documents[{"head", "state"}].body = *make_audit_head({5, "x"}, Sealer(other));
       },
       {"0 the head of the store was sealed with key 66687aad, and this is 4bb06f8e: give the key "
        "file that the store was written with"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    c.tamper(f);
    EXPECT_EQ(f.verify(), c.told);
  }
}

TEST(AuditLog, TakesNoRecordWhereOneLiesAlready) {
  Fixture f(2);
  f.fake.documents[{"audit", make_audit_key(3)}] = {"{}", 1};
  const AuditNote note{"ann", 1, {{"revealed", "credential", "cred-1", "n", "", {}, {}}}};
  const auto refused = f.store.commit(f.state, {}, note);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, SLUICE_E_CONFLICT);
  EXPECT_EQ(refused.error().where, "/audit/" + make_audit_key(3));
}

TEST(AuditLog, ReadsALogOfManyRecordsInPieces) {
  Fixture f(2500);
  EXPECT_TRUE(f.verify().empty());
  const auto page = f.store.audit_log().find(0, 3000, [](const AuditRecord&) { return true; });
  ASSERT_TRUE(page);
  EXPECT_EQ(page->records.size(), 2500u);
  f.fake.documents.erase({"audit", make_audit_key(1001)});
  EXPECT_EQ(f.verify(), std::vector<std::string>{"1001 the record is missing"});
}

}  // namespace
}  // namespace sluice::store
