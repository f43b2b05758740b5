// SPDX-License-Identifier: Apache-2.0
// Where drafts stand: folders, move, clone, private drafts, search.
#include "studio/search.hpp"
#include "studio/shop_house.hpp"

namespace sluice::studio {
namespace {

using namespace model;

// What a use case said, or the names of what it left.
template <class T>
std::string tell(const Result<T>& done) {
  return done ? std::string() : done.error().where + " " + done.error().detail;
}

std::string tell(const std::vector<std::string>& folders) {
  std::string told;
  for (const auto& folder : folders) told += (told.empty() ? "" : " ") + folder;
  return told;
}

struct Tree : ShopHouse {
  Tree() {
    for (const char* path : {"Orders", "Orders/Daily", "Orders/Daily/Old", "Users"}) {
      must([&](Edit& e) { return e.create_folder(workflow_id, path); });
    }
    move("Orders/Daily");
  }
  void move(const std::string& folder) {
    must([&](Edit& e) { return e.move_api(api_id, "", folder); });
  }
  std::string folders() const { return tell(studio.state().workflows.find(workflow_id)->folders); }
};

// Proves: R058
TEST(Folders, AreMadeRenamedAndDeletedWithWhatTheyHold) {
  Tree house;
  EXPECT_EQ(house.folders(), "Orders Orders/Daily Orders/Daily/Old Users");
  house.must([&](Edit& e) { return e.rename_folder(house.workflow_id, "Orders", "All Orders"); });
  EXPECT_EQ(house.folders(), "All Orders All Orders/Daily All Orders/Daily/Old Users");
  EXPECT_EQ(house.api().placement.folder, "All Orders/Daily");
  house.must([&](Edit& e) {
    return e.rename_folder(house.workflow_id, "All Orders/Daily", "Users/Daily");
  });
  EXPECT_EQ(house.folders(), "All Orders Users Users/Daily Users/Daily/Old");
  EXPECT_EQ(house.api().placement.folder, "Users/Daily");
  house.must([&](Edit& e) { return e.delete_folder(house.workflow_id, "Users/Daily/Old"); });
  house.move("");
  house.must([&](Edit& e) { return e.delete_folder(house.workflow_id, "Users/Daily"); });
  EXPECT_EQ(house.folders(), "All Orders Users");
}

TEST(Folders, RefuseWhatDoesNotFit) {
  Tree house;
  const auto id = house.workflow_id;
  const struct {
    const char* name;
    std::function<std::string(Edit&)> change;
    const char* told;
  } cases[] = {
      {"there already", [&](Edit& e) { return tell(e.create_folder(id, "Users")); },
       "/path there is a folder 'Users' already: choose another name"},
      {"no parent", [&](Edit& e) { return tell(e.create_folder(id, "X/Y")); },
       "/path the folder 'X/Y' lies in one that is not there: add 'X'"},
      {"a bad name", [&](Edit& e) { return tell(e.create_folder(id, "a-b")); },
       "/path character 2 of a folder's name is not allowed: use letters, digits, _ and single "
       "spaces between words"},
      {"too deep", [&](Edit& e) { return tell(e.create_folder(id, "a/b/c/d/e/f")); },
       "/path the folder lies 6 deep: use at most 5 folders in each other"},
      {"no workflow", [&](Edit& e) { return tell(e.create_folder("wf-0", "A")); },
       " there is no workflow 'wf-0': check its name"},
      {"rename what is not there", [&](Edit& e) { return tell(e.rename_folder(id, "X", "Y")); },
       " workflow 'User Flow' has no folder 'X': create it, or name another one"},
      {"rename onto another one",
       [&](Edit& e) { return tell(e.rename_folder(id, "Orders", "Users")); },
       "/path there is a folder 'Users' already: choose another name"},
      {"rename into itself",
       [&](Edit& e) { return tell(e.rename_folder(id, "Orders", "Orders/More")); },
       "/path a folder cannot move into itself: choose another place"},
      {"rename too deep",
       [&](Edit& e) {
         (void)e.create_folder(id, "Users/A");
         (void)e.create_folder(id, "Users/A/B");
         return tell(e.rename_folder(id, "Orders", "Users/A/B/C"));
       },
       "/path the folder lies 6 deep: use at most 5 folders in each other"},
      {"delete what holds a folder", [&](Edit& e) { return tell(e.delete_folder(id, "Orders")); },
       " the folder 'Orders' still holds the folder 'Orders/Daily': delete that first"},
      {"delete what holds an API",
       [&](Edit& e) {
         (void)e.delete_folder(id, "Orders/Daily/Old");
         return tell(e.delete_folder(id, "Orders/Daily"));
       },
       " the folder 'Orders/Daily' still holds the API 'Query User': move or delete that first"},
      {"leave out what holds an API",
       [&](Edit& e) {
         auto workflow = *e.state().workflows.find(id);
         workflow.folders = {"Users"};
         return tell(e.put_workflow(workflow));
       },
       "/folders the folder 'Orders/Daily' holds the API 'Query User': move that first, or keep "
       "the folder"},
      {"put an API into what is not there",
       [&](Edit& e) {
         return tell(e.update_draft(house.api_id, ShopHouse::make_definition(),
                                    Placement{.folder = "X", .tags = {}}));
       },
       "/folder workflow 'User Flow' has no folder 'X': create it, or name another one"},
      {"move into what is not there",
       [&](Edit& e) { return tell(e.move_api(house.api_id, "", "X")); },
       "/folder workflow 'User Flow' has no folder 'X': create it, or name another one"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string told;
    const auto done = house.studio.apply(
        "ann",
        [&](Edit& e) -> Result<void> {
          told = c.change(e);
          return Error{SLUICE_E_CANCELLED, "", {}, {}};
        },
        ApplyMode::kCommit);
    EXPECT_FALSE(done);
    EXPECT_EQ(told, c.told);
  }
}

// Proves: R065
TEST(Move, GoesWhereTheAddressStays) {
  ShopHouse house;
  EXPECT_EQ(tell(house.run([&](Edit& e) { return e.move_api(house.api_id, "Order Flow", ""); })),
            "/workflow workflow 'Order Flow' is bound to the REST API 'orders', this one to "
            "'users' (R065), so the API's address would change: clone it there");
  EXPECT_EQ(tell(house.run([&](Edit& e) { return e.move_api(house.api_id, "None", ""); })),
            "/workflow workspace 'shop' has no workflow 'None' (R068): name one that is there");
  house.submit();
  const auto moved =
      house.must([&](Edit& e) { return e.move_api(house.api_id, "More Users", ""); });
  EXPECT_EQ(moved.what, Applied::kUpdated);
  EXPECT_EQ(house.studio.state().workflows.find(house.api().workflow_id)->name, "More Users");
  EXPECT_EQ(house.api().tested_revision, house.api().draft_revision) << "a move untests nothing";
}

TEST(Clone, IsANewDraftWithAnotherNameAndPath) {
  ShopHouse house;
  house.must([&](Edit& e) {
    return e.update_draft(house.api_id, ShopHouse::make_definition(),
                          Placement{.folder = {}, .tags = {"slow"}});
  });
  house.submit();
  CloneRequest request{.name = "Query User Again", .path = "/user/info"};
  EXPECT_NE(
      tell(house.run([&](Edit& e) { return e.clone_api(house.api_id, request); })).find("R073"),
      std::string::npos);
  request.workflow = "Order Flow";
  request.description = "the same";
  const auto made =
      house.must([&](Edit& e) { return e.clone_api(house.api_id, request); }, "bob").stored;
  EXPECT_EQ(made.owner, "bob");
  EXPECT_EQ(made.draft.name, "Query User Again");
  EXPECT_EQ(made.draft.description, "the same");
  EXPECT_EQ(made.draft.request_parameters, house.api().draft.request_parameters);
  EXPECT_EQ(made.placement.tags, (std::vector<std::string>{"slow"}));
  EXPECT_EQ(made.last_version, 0u);
  EXPECT_NE(made.tested_revision, made.draft_revision);
  request.name = "Query User";
  EXPECT_EQ(tell(house.run([&](Edit& e) { return e.clone_api(house.api_id, request); })),
            "/name an API of this workspace has that name: choose another one");
}

TEST(PrivateDrafts, AreTheirOwnersAlone) {
  ShopHouse house;
  const auto hide = [&](std::string_view actor, Visibility visibility) {
    return tell(house.run(
        [&](Edit& e) {
          return e.update_draft(house.api_id, ShopHouse::make_definition(),
                                Placement{.folder = {}, .tags = {}, .visibility = visibility});
        },
        actor));
  };
  EXPECT_EQ(hide("bob", Visibility::kPrivate),
            "/visibility only its owner 'ann' says who sees a draft");
  EXPECT_EQ(hide("ann", Visibility::kPrivate), "");
  EXPECT_TRUE(is_visible(house.api(), "ann"));
  EXPECT_FALSE(is_visible(house.api(), "bob"));
  const std::string refusal =
      " the draft of 'Query User' is private: ask its owner, or choose another name for yours";
  const auto id = house.api_id;
  auto changed = ShopHouse::make_definition();
  changed.timeout_ms = 1;
  const struct {
    const char* name;
    std::function<std::string(Edit&)> change;
  } cases[] = {
      {"edit", [&](Edit& e) { return tell(e.update_draft(id, changed)); }},
      {"apply", [&](Edit& e) { return tell(e.put_api("shop", "User Flow", changed)); }},
      {"submit", [&](Edit& e) { return tell(e.submit(id)); }},
      {"move", [&](Edit& e) { return tell(e.move_api(id, "", "")); }},
      {"clone", [&](Edit& e) { return tell(e.clone_api(id, {.name = "Mine", .path = "/x"})); }},
      {"save a sample", [&](Edit& e) { return tell(e.save_sample(id, 1)); }},
      {"delete", [&](Edit& e) { return tell(e.delete_api(id)); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string told;
    (void)house.studio.apply(
        "bob",
        [&](Edit& e) -> Result<void> {
          told = c.change(e);
          return {};
        },
        ApplyMode::kDryRun);
    EXPECT_EQ(told, refusal);
  }
  EXPECT_EQ(hide("ann", Visibility::kWorkspace), "");
  EXPECT_TRUE(is_visible(house.api(), "bob"));
}

TEST(Search, FindsByNamesPathsWhatIsQueriedAndTags) {
  ShopHouse house;
  house.must([&](Edit& e) { return e.create_folder(house.workflow_id, "Reports"); });
  auto definition = ShopHouse::make_definition();
  definition.description = "谁是用户";
  house.must([&](Edit& e) {
    return e.update_draft(house.api_id, definition,
                          Placement{.folder = "Reports", .tags = {"slow"}});
  });
  auto script = ShopHouse::make_definition();
  script.name = "By script";
  script.path = "/script";
  script.mode = ApiMode::kScript;
  script.table.clear();
  script.request_parameters.clear();
  script.response_parameters = {{.name = "n"}};
  script.script.sql = "SELECT full_name AS n FROM people";
  house.must([&](Edit& e) { return e.put_api("shop", "User Flow", script); });
  const struct {
    const char *text, *found;
  } cases[] = {
      {"query", "Query User: name\n"},
      {"FLOW", "User Flow: name\nOrder Flow: name\n"},
      {"/user/in", "Query User: path\n"},
      {"user_info", "Query User: sql\n"},
      {"user_id", "Query User: sql parameters\n"},
      {"from PEOPLE", "By script: sql\n"},
      {"slow", "Query User: tags\n"},
      {"report", "Query User: folder\n"},
      {"用户", "Query User: description\n"},
      {"nothing of it", ""},
      {"%", ""},
  };
  const auto find = [&](std::string_view workspace, std::string_view text, std::string_view actor) {
    std::string found;
    for (const auto& hit : search(house.studio.state(), workspace, text, actor)) {
      found += (hit.api ? hit.api->draft.name : hit.workflow->name) + ":";
      for (const auto where : hit.matched) found += " " + std::string(where);
      found += "\n";
    }
    return found;
  };
  for (const auto& c : cases) EXPECT_EQ(find("shop", c.text, "bob"), c.found) << c.text;
  EXPECT_EQ(find("other", "query", "bob"), "");
  EXPECT_EQ(find("", "query", "bob"), "Query User: name\n");
  house.must([&](Edit& e) {
    return e.update_draft(
        house.api_id, definition,
        Placement{.folder = "Reports", .tags = {"slow"}, .visibility = Visibility::kPrivate});
  });
  EXPECT_EQ(find("shop", "query", "bob"), "");
  EXPECT_EQ(find("shop", "query", "ann"), "Query User: name\n");
}

}  // namespace
}  // namespace sluice::studio
