// SPDX-License-Identifier: Apache-2.0
#include "main/cli.hpp"

#include "main/cli_commands.hpp"
#include "main/cli_completion.hpp"
#include "main/cli_parts.hpp"
#include "main/cli_words.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "unknown"
#endif

namespace sluice::cli {
namespace {

// What was written on one command line. CLI11 writes into it, run() reads it.
struct Line {
  NodeOptions node;
  ServeOptions serve;
  DemoOptions demo;
  ApplyOptions apply;
  ExportOptions export_;
  GetOptions get;
  EditOptions edit;
  SourceOptions source;
  std::string shell;
  ApiOptions api;
  LookOptions look;
  FolderOptions folder;
  std::string domain;
  std::string instance;
  CallOptions call;
  ConsumerOptions consumer;
  CredentialOptions credential;
  GrantOptions grant;
  PeopleLine people;
  VerifyOptions verify;
  ExplainOptions explain;
  std::filesystem::path plugin_config, plugin_file;
};

using Action = std::function<int()>;

class CommandLine {
 public:
  CommandLine(const Commands& commands, const Surroundings& surroundings)
      : commands_(commands), surroundings_(surroundings) {
    app_.name("sluice");
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "sluice " SLUICE_VERSION);
    app_.footer(
        "Exit codes: 0 done, 1 refused, 2 not understood. Client commands read SLUICE_ADMIN "
        "and SLUICE_TOKEN.\nsluice COMMAND --help shows an example of each.");
    add_node_commands();
    add_client_commands();
    add_source_commands();
    add_instance_commands();
    add_people_commands(
        app_, line_.people, words_,
        [this](CLI::App& parent, const char* name, const char* about, const char* example,
               std::function<int(const Node&)> run_one) {
          return add_client(parent, name, about, example, std::move(run_one));
        },
        [this](const std::filesystem::path& config) { return verify_audit(config); });
    add_api_commands();
    add_look_commands();
    add_auth_commands();
    add_plugin_commands();
    add_completion_command();
    for (auto* group : app_.get_subcommands([](CLI::App*) { return true; })) {
      if (list_commands(*group).empty()) continue;
      group->footer("sluice " + group->get_name() + " COMMAND --help shows an example of each.");
    }
  }

  int run(std::vector<std::string> args) {
    if (const auto wrong = read_command_words(app_, args); !wrong.empty()) {
      tell_error(surroundings_, false, {SLUICE_E_ARGUMENT, wrong, {}, {}});
      return kExitUsage;
    }
    std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(args));
    } catch (const CLI::ParseError& e) {
      const int code = app_.exit(e, surroundings_.out, surroundings_.err);
      return code == 0 ? kExitOk : kExitUsage;
    }
    return action_ ? action_() : kExitUsage;
  }

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* about, const char* example,
                Action action) {
    auto* command = parent.add_subcommand(name, about);
    command->footer(std::string("Example:\n  ") + example);
    command->callback([this, action = std::move(action)] { action_ = action; });
    return command;
  }

  // A command that talks to a node.
  CLI::App* add_client(CLI::App& parent, const char* name, const char* about, const char* example,
                       std::function<int(const Node&)> run) {
    auto* command = add(parent, name, about, example, [this, run = std::move(run)] {
      return run(Node(surroundings_, read_node_options()));
    });
    add_json(*command);
    command->add_option("--admin", line_.node.admin,
                        "the node's admin address (SLUICE_ADMIN; http://127.0.0.1:8081)");
    command->add_option("--token", line_.node.token,
                        "its token; better SLUICE_TOKEN, which other users cannot see");
    return command;
  }

  static std::vector<std::string> list_words() {
    std::vector<std::string> words;
    for (const auto& kind : list_kinds()) words.emplace_back(kind.collection);
    return words;
  }

  void add_kind(CLI::App& command, std::string& kind) {
    std::string known;
    for (const auto& word : list_words()) known += (known.empty() ? "" : ", ") + word;
    auto* option = command.add_option("KIND", kind, known + "; one of it: without the s");
    option->required();
    words_[option] = list_words();
  }

  void add_completion_command() {
    auto* completion = add(app_, "completion", "Print the completion script of a shell.",
                           "source <(sluice completion bash)\n"
                           "  sluice completion zsh > \"${fpath[1]}/_sluice\"\n"
                           "  sluice completion fish > ~/.config/fish/completions/sluice.fish",
                           [this] { return print_completion(); });
    auto* shell = completion->add_option("SHELL", line_.shell, "bash, zsh or fish");
    shell->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    words_[shell] = {"bash", "zsh", "fish"};
  }

  int print_completion() const {
    const auto shell = line_.shell == "bash"  ? Shell::kBash
                       : line_.shell == "zsh" ? Shell::kZsh
                                              : Shell::kFish;
    surroundings_.out << make_completion(app_, words_, shell);
    return kExitOk;
  }

  void add_json(CLI::App& command) {
    command.add_flag("--json", line_.node.json, "answer JSON, for programs");
  }

  NodeOptions read_node_options() const {
    NodeOptions options = line_.node;
    const auto fill = [&](std::string& value, const char* variable, const char* otherwise) {
      if (value.empty()) value = surroundings_.find_env(variable).value_or(otherwise);
      if (value.empty()) value = otherwise;
    };
    fill(options.admin, "SLUICE_ADMIN", "http://127.0.0.1:8081");
    fill(options.token, "SLUICE_TOKEN", "");
    return options;
  }

  int refuse_absent() const {
    return tell_error(surroundings_, line_.node.json,
                      {SLUICE_E_UNSUPPORTED, "this build cannot do that", {}, {}});
  }

  void add_node_commands() {
    auto* serve = add(app_, "serve", "Run a node.", "sluice serve --config node.yaml", [this] {
      return commands_.serve ? commands_.serve(line_.serve) : refuse_absent();
    });
    serve->add_option("--config", line_.serve.config, "the node file")->required();
    serve->add_flag("--check", line_.serve.check, "read and check everything, start nothing");

    auto* demo = add(app_, "demo", "A worked example on a fresh embedded store.",
                     "sluice demo --dir var/demo --once", [this] {
                       return commands_.demo ? commands_.demo(line_.demo) : refuse_absent();
                     });
    demo->add_option("--dir", line_.demo.directory, "where it keeps its files")
        ->capture_default_str();
    demo->add_option("--port", line_.demo.port, "of the gateway; 0: any free one")
        ->capture_default_str();
    demo->add_option("--admin-port", line_.demo.admin_port, "of the management API; 0: any")
        ->capture_default_str();
    demo->add_flag("--once", line_.demo.once, "set up, call once, print what came, end");
  }

  // A request to a published API and its proof of who calls. Answers the body's option.
  CLI::Option* add_request_options(CLI::App& command, CallOptions& call, const char* method) {
    command.add_option("URL", call.url, "http://host:port/path?query");
    command.add_option(method, call.method, "the method; GET, or POST with a body");
    auto* body = command.add_option("-d,--data", call.body, "the body, JSON unless -H says");
    command.add_option("-H,--header", call.headers, "'Name: value'; may be repeated");
    auto* proof = command.add_option_group("proof of who calls; env:NAME and file:PATH are read");
    proof->add_option("--api-key", call.api_key, "the key to show");
    proof->add_option("--jwt", call.jwt, "the token, sent as Authorization: Bearer");
    proof->add_option("--hmac", call.hmac, "ACCESS_KEY:SECRET_KEY to sign the request with");
    proof->require_option(0, 1);
    command.add_option("--api-key-in", call.api_key_in, "bearer, header:NAME or query:NAME")
        ->capture_default_str();
    return body;
  }

  void add_client_commands() {
    auto* apply = add_client(app_, "apply", "Make resources be as files say, in one transaction.",
                             "sluice apply -f shop.yaml --dry-run",
                             [this](const Node& node) { return run_apply(node, line_.apply); });
    apply->add_option("-f,--file", line_.apply.files, "file or directory; may be repeated")
        ->required();
    apply->add_flag("--dry-run", line_.apply.dry_run, "check everything, change nothing");
    apply->add_flag("--moves", line_.apply.moves,
                    "a changed domain may take the other APIs of a REST API along");

    auto* exported =
        add_client(app_, "export", "Write everything as files that apply takes.",
                   "sluice export > shop.yaml\n  sluice export api version -o apis.yaml\n"
                   "  sluice export --with-secrets -o whole.yaml",
                   [this](const Node& node) { return run_export(node, line_.export_); });
    words_[exported->add_option("KIND", line_.export_.kinds, "only of these kinds")] = list_words();
    exported->add_option("-o,--output", line_.export_.file,
                         "the file to write, for its owner only; otherwise what is printed");
    exported->add_flag("--with-secrets", line_.export_.with_secrets,
                       "tell secrets too, for a whole copy elsewhere: it is audited, and needs "
                       "secret.reveal in every workspace");

    const auto add_edit = [&](const char* name, const char* about, const char* example,
                              int (*run)(const Node&, const EditOptions&)) {
      auto* command = add_client(app_, name, about, example,
                                 [this, run](const Node& node) { return run(node, line_.edit); });
      add_kind(*command, line_.edit.kind);
      command
          ->add_option("NAME", line_.edit.name,
                       "as 'sluice get KIND' lists it: name, workspace/name, or for an api "
                       "workspace/workflow/name")
          ->required();
      return command;
    };
    const auto add_members = [&](CLI::App* command) {
      command->add_option(
          "MEMBER", line_.edit.members,
          "NAME=VALUE; a.b=VALUE is b of a; [a list], { an: object }, numbers and true are read as "
          "YAML has them; env:NAME and file:PATH are read");
    };
    add_members(
        add_edit("create", "Make one resource.",
                 "sluice create workspace shop\n"
                 "  sluice create data-source shop/users type=sqlite settings.file=users.db\n"
                 "  sluice create rest-api users base_path=/v1\n"
                 "  sluice create workflow shop/User_Flow rest_api=users",
                 &run_create));
    add_members(add_edit("set", "Change members of one resource; the others stay.",
                         "sluice set workspace shop requires_approval=true\n"
                         "  sluice set api shop/Query_User timeout_ms=500",
                         &run_set));
    add_edit("delete", "Delete one resource, if nothing needs it.",
             "sluice delete workflow shop/User_Flow", &run_delete);

    auto* get = add_client(app_, "get", "List resources, or show one.",
                           "sluice get apis --workspace shop\n  sluice get api shop/Query_User",
                           [this](const Node& node) { return run_get(node, line_.get); });
    add_kind(*get, line_.get.kind);
    get->add_option("NAME", line_.get.name,
                    "one of it; for versions and deployments, the API they are of");
    get->add_option("--workspace", line_.get.workspace, "only those of this workspace");
    get->add_option("--workflow", line_.get.workflow, "only APIs of this workflow");
    get->add_option("--api", line_.get.api, "only those of this API");
    get->add_option("--instance", line_.get.instance, "only deployments on this instance");
    get->add_option("--consumer", line_.get.consumer, "only those of this consumer");
    get->add_option("--type", line_.get.type, "only data sources or credentials of this type");
    get->add_option("--rest-api", line_.get.rest_api, "only workflows bound to this REST API");
    get->add_option("--region", line_.get.region, "only those of this region; of a name, its own");

    auto* call =
        add(app_, "call", "Call a published API.",
            "sluice call 'http://127.0.0.1:8080/v1/user/info?user_id=10001' --api-key KEY\n"
            "  sluice call URL --hmac env:SHOP_SIGNING_KEY --print-curl",
            [this] {
              line_.call.json = line_.node.json;
              line_.call.has_body = call_body_->count() > 0;
              return run_call(surroundings_, line_.call);
            });
    add_json(*call);
    call_body_ = add_request_options(*call, line_.call, "-X,--request");
    call->get_option("URL")->required();
    call->add_flag("--print-signed-text", line_.call.print_signed_text,
                   "show what --hmac signed, on the error stream");
    call->add_option("--timeout-ms", line_.call.timeout_ms, "for the whole exchange")
        ->check(CLI::Range(1, 600'000))
        ->capture_default_str();
    call->add_flag("-i,--include", line_.call.include_head, "show status and headers too");
    call->add_flag("--print-curl", line_.call.print_curl,
                   "print the curl command that does the same, and do not call");

    auto* explain = add_client(
        app_, "explain", "What a node would do with a request, and why.",
        "sluice explain http://127.0.0.1:8080/v1/user/info?user_id=1 --hmac env:SIGNING_KEY\n"
        "  sluice explain --request captured.http --signed-text mine.txt",
        [this](const Node& node) {
          line_.explain.call.has_body = explain_body_->count() > 0;
          return run_explain(node, line_.explain);
        });
    explain_body_ = add_request_options(*explain, line_.explain.call, "-X");
    explain
        ->add_option("--request", line_.explain.request_file,
                     "the request in a file, as it stood on the wire")
        ->excludes("URL");
    explain->add_option("--signed-text", line_.explain.signed_text_file,
                        "the text that the client signed, in a file: it is compared line by line");
    explain->add_option("--instance", line_.explain.instance, "the gateway instance it goes to");
    explain->add_option("--now", line_.explain.now,
                        "judge at this time: 2026-01-31T08:30:00Z, for a request of the past");

    add_consumer_commands();
  }

  void add_source_commands() {
    auto* source = app_.add_subcommand("source", "A data source: its connection, tables, columns.");
    source->require_subcommand(1);
    const auto add_source = [&](const char* name, const char* about, const char* example,
                                int (*run)(const Node&, const SourceOptions&)) {
      auto* command = add_client(*source, name, about, example,
                                 [this, run](const Node& node) { return run(node, line_.source); });
      command->add_option("SOURCE", line_.source.source, "workspace/name")->required();
      return command;
    };
    add_source("test", "Check its settings and whether it answers.",
               "sluice source test shop/users", &run_source_test);
    add_source("tables", "List its tables and views.",
               "sluice source tables shop/users --search user", &run_source_tables)
        ->add_option("--search", line_.source.search, "only names that hold this");
    add_source("columns", "List the columns of a table, with types and indexes.",
               "sluice source columns shop/users user_info", &run_source_columns)
        ->add_option("TABLE", line_.source.table, "as 'sluice source tables' lists it")
        ->required();
    auto* suggest = add_source("suggest", "Make a draft's parameters of a table's columns.",
                               "sluice source suggest shop/users user_info --request user_id "
                               "--response user_id,user_name",
                               &run_source_suggest);
    suggest->add_option("TABLE", line_.source.table, "as 'sluice source tables' lists it")
        ->required();
    suggest->add_option("--request", line_.source.request, "columns that callers give: a,b")
        ->delimiter(',');
    suggest->add_option("--response", line_.source.response, "columns that are answered; all")
        ->delimiter(',');
  }

  void add_instance_commands() {
    auto* instance = app_.add_subcommand("instance", "A gateway instance: start it, stop it.");
    instance->require_subcommand(1);
    const auto add = [&](const char* name, const char* about, const char* example,
                         int (*run)(const Node&, const std::string&)) {
      add_client(*instance, name, about, example,
                 [this, run](const Node& node) { return run(node, line_.instance); })
          ->add_option("INSTANCE", line_.instance, "its name")
          ->required();
    };
    add("start", "Let its APIs answer again.", "sluice instance start public", &run_instance_start);
    add("stop", "Its APIs answer 503, and nothing is published to it.",
        "sluice instance stop public", &run_instance_stop);
  }

  int verify_audit(const std::filesystem::path& config) const {
    if (!commands_.verify_audit) return refuse_absent();
    const auto verdict = commands_.verify_audit(config);
    if (!verdict) return tell_error(surroundings_, line_.node.json, verdict.error());
    return tell_verdict(surroundings_, line_.node.json, *verdict);
  }

  void add_consumer_commands() {
    auto* consumer = app_.add_subcommand("consumer", "Consumers of published APIs.");
    consumer->require_subcommand(1);
    const auto add_consumer = [&](const char* name, const char* about, const char* example,
                                  int (*run)(const Node&, const ConsumerOptions&)) {
      auto* command = add_client(*consumer, name, about, example, [this, run](const Node& node) {
        return run(node, line_.consumer);
      });
      command->add_option("CONSUMER", line_.consumer.name, "its name")->required();
      return command;
    };
    add_consumer("add", "Make one.", "sluice consumer add mobile --description 'the app'",
                 &run_consumer_add)
        ->add_option("--description", line_.consumer.description, "who it is");
    add_consumer("enable", "Let its credentials work again.", "sluice consumer enable mobile",
                 &run_consumer_enable);
    add_consumer("disable", "Its credentials work no more; nothing is deleted.",
                 "sluice consumer disable mobile", &run_consumer_disable);
    add_consumer("delete", "With its credentials and authorisations.",
                 "sluice consumer delete mobile", &run_consumer_delete);

    auto* credential =
        app_.add_subcommand("credential", "What consumers show: keys, tokens' keys.");
    credential->require_subcommand(1);
    const auto add_given = [&](CLI::App* command) {
      command->add_option("--given", line_.credential.given,
                          "what the authenticator takes, as JSON; env:NAME and file:PATH are read");
      command->add_option("-g,--give", line_.credential.members,
                          "NAME=VALUE of it; env:NAME and file:PATH are read; may be repeated");
    };
    auto* add_one = add_client(
        *credential, "add", "Make one, or take one that is given; its secret is told once.",
        "sluice credential add mobile --type hmac\n"
        "  sluice credential add mobile -g key=env:KEY -g source=query:apikey\n"
        "  sluice credential add mobile --type jwt --given file:jwt.json",
        [this](const Node& node) { return run_credential_add(node, line_.credential); });
    add_one->add_option("CONSUMER", line_.credential.consumer, "whose")->required();
    add_one->add_option("--type", line_.credential.type, "the authenticator: api-key, jwt, hmac")
        ->capture_default_str();
    add_given(add_one);
    add_one->add_option("--valid-from", line_.credential.valid_from, "2026-01-31T08:30:00Z");
    add_one->add_option("--valid-until", line_.credential.valid_until, "2026-12-31T00:00:00Z");
    const auto add_by_id = [&](const char* name, const char* about, const char* example,
                               int (*run)(const Node&, const CredentialOptions&)) {
      auto* command = add_client(*credential, name, about, example, [this, run](const Node& node) {
        return run(node, line_.credential);
      });
      command->add_option("ID", line_.credential.id, "as 'sluice get credentials' lists it")
          ->required();
      return command;
    };
    auto* rotate = add_by_id("rotate", "Make its successor; both work for a while.",
                             "sluice credential rotate cred-1f00 --overlap-seconds 3600",
                             &run_credential_rotate);
    add_given(rotate);
    rotate
        ->add_option("--overlap-seconds", line_.credential.overlap_seconds,
                     "how long the old one goes on; 0: it is revoked")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{31'536'000}))
        ->capture_default_str();
    add_by_id("enable", "Let it work again.", "sluice credential enable cred-1f00",
              &run_credential_enable);
    add_by_id("disable", "It works no more; it is not deleted.",
              "sluice credential disable cred-1f00", &run_credential_disable);
    add_by_id("revoke", "For ever.", "sluice credential revoke cred-1f00", &run_credential_revoke);
    add_by_id("reveal", "Show its secrets again; who asked is written down first.",
              "sluice credential reveal cred-1f00", &run_credential_reveal);

    const auto add_grant = [&](const char* name, const char* about, const char* example,
                               int (*run)(const Node&, const GrantOptions&)) {
      auto* command = add_client(app_, name, about, example,
                                 [this, run](const Node& node) { return run(node, line_.grant); });
      command->add_option("CONSUMER", line_.grant.consumer, "who")->required();
      auto* what = command->add_option_group("what");
      what->add_option("--api", line_.grant.api, "id, workspace/name or workspace/workflow/name");
      what->add_option("--rest-api", line_.grant.rest_api, "all APIs under it, also those to come");
      what->require_option(1);
      return command;
    };
    add_grant("grant", "Let a consumer call an API, or all of a REST API.",
              "sluice grant mobile --api shop/Query_User --valid-until 2026-12-31T00:00:00Z",
              &run_grant)
        ->add_option("--valid-until", line_.grant.valid_until, "for ever when absent");
    add_grant("revoke", "Take such an authorisation away.",
              "sluice revoke mobile --api shop/Query_User", &run_revoke);
  }

  void add_api_commands() {
    auto* api = app_.add_subcommand("api", "One API, from its draft to its deployments.");
    api->require_subcommand(1);
    const auto add_api = [&](const char* name, const char* about, const char* example,
                             int (*run)(const Node&, const ApiOptions&)) {
      auto* command = add_client(*api, name, about, example, [this, run](const Node& node) {
        if (domain_ != nullptr && domain_->count() > 0) line_.api.domain = line_.domain;
        if (plan_domain_ != nullptr && plan_domain_->count() > 0) line_.api.domain = line_.domain;
        return run(node, line_.api);
      });
      command
          ->add_option("API", line_.api.api,
                       "id, workspace/name, workspace/workflow/name, or a name that one API has")
          ->required();
      return command;
    };
    const auto add_version = [&](CLI::App* command) {
      command->add_option("--version", line_.api.version, "its number; the newest that fits")
          ->check(CLI::Range(1u, 999'999'999u));
      return command;
    };
    auto* test =
        add_api("test", "Run the draft, or a version; samples stand for what is not given.",
                "sluice api test shop/Query_User -p user_id=10001", &run_api_test);
    test->add_option("-p,--parameter", line_.api.parameters, "NAME=VALUE; may be repeated");
    test->add_option("--version", line_.api.version, "run this version, live or not");
    test->add_flag("--no-samples", line_.api.no_samples, "only what -p gives");
    test->add_flag("--save-sample", line_.api.save_sample, "keep the answer as the draft's sample");
    add_api("preview", "The statements of a call with these parameters; nothing is run.",
            "sluice api preview shop/Query_User -p user_id=10001", &run_api_preview)
        ->add_option("-p,--parameter", line_.api.parameters, "NAME=VALUE; may be repeated");
    add_api("steps", "What its draft still lacks, step by step.",
            "sluice api steps shop/Query_User", &run_api_steps);
    auto* records = add_api("records", "What tests left: all of them, or one whole.",
                            "sluice api records shop/Query_User\n"
                            "  sluice api records shop/Query_User T3 --save-sample",
                            &run_api_records);
    records->add_option("RECORD", line_.api.record, "T1, T2 ...");
    records->add_flag("--save-sample", line_.api.save_sample, "keep its answer as the sample");
    auto* script =
        add_api("script", "Read its script, or one from a file: parameters, fields, faults.",
                "sluice api script shop/Query_User\n"
                "  sluice api script shop/Query_User --file users.sql --save",
                &run_api_script);
    script->add_option("--file", line_.api.script_file, "the script; the draft's when absent");
    script->add_flag("--advanced", line_.api.is_advanced, "the file's script has tags");
    script->add_flag("--save", line_.api.saves, "put it and what was read into the draft");
    script->add_option("-p,--parameter", line_.api.parameters,
                       "NAME=VALUE, to choose the way through tags; may be repeated");
    add_api("to-script", "Make a wizard's draft a script that asks the same. No way back.",
            "sluice api to-script shop/Query_User", &run_api_to_script);
    add_api("submit", "Freeze the tested draft as a version.", "sluice api submit shop/Query_User",
            &run_api_submit);
    add_api("versions", "List its versions.", "sluice api versions shop/Query_User",
            &run_api_versions);
    auto* diff = add_api("diff", "What differs between two versions, or a version and the draft.",
                         "sluice api diff shop/Query_User V1 V2\n  sluice api diff shop/Query_User",
                         &run_api_diff);
    diff->add_option("FROM", line_.api.from, "V1, V2 ... or draft; the newest version when absent");
    diff->add_option("TO", line_.api.to, "V1, V2 ... or draft; the draft when absent");
    add_version(add_api("request", "Ask for the approval of a version.",
                        "sluice api request shop/Query_User", &run_api_request));
    add_version(add_api("withdraw", "Take a request for approval back.",
                        "sluice api withdraw shop/Query_User", &run_api_withdraw));
    add_version(add_api("approve", "Approve a version.", "sluice api approve shop/Query_User",
                        &run_api_approve));
    add_version(add_api("reject", "Reject a version.",
                        "sluice api reject shop/Query_User --reason 'no index'", &run_api_reject))
        ->add_option("--reason", line_.api.reason, "why")
        ->required();
    auto* publish = add_version(add_api(
        "publish", "Make a version the live one of an instance.",
        "sluice api publish shop/Query_User --instance public --domain ''", &run_api_publish));
    publish->add_option("--instance", line_.api.instance, "the gateway instance")->required();
    domain_ = publish->add_option("--domain", line_.domain,
                                  "of every API under the REST API; '' for none");
    publish->add_option("--backend", line_.api.backend, "the backend service")
        ->capture_default_str();
    publish->add_flag("--moves", line_.api.moves,
                      "a changed domain may take the other APIs of the REST API along");
    auto* plan =
        add_version(add_api("plan", "What can be chosen to publish a version, who would move.",
                            "sluice api plan shop/Query_User --instance public", &run_api_plan));
    plan->add_option("--instance", line_.api.instance, "the gateway instance");
    plan_domain_ = plan->add_option("--domain", line_.domain, "as it would be published");
    auto* rollback = add_version(
        add_api("rollback", "Publish what was live on an instance before.",
                "sluice api rollback shop/Query_User --instance public --yes", &run_api_rollback));
    rollback->add_option("--instance", line_.api.instance, "the gateway instance")->required();
    rollback->add_flag("--yes", line_.api.yes, "do it; otherwise it is only shown");
    add_version(add_api("openapi", "A version as an OpenAPI document.",
                        "sluice api openapi shop/Query_User > query_user.json", &run_api_openapi));
    auto* move = add_api("move", "Into a folder, or a workflow of the same REST API.",
                         "sluice api move shop/Query_User --folder Orders/Daily", &run_api_move);
    move->add_option("--workflow", line_.api.workflow, "by name; the same when absent");
    move->add_option("--folder", line_.api.folder, "of that workflow; its root when absent");
    auto* clone = add_api("clone", "A new draft that is the same.",
                          "sluice api clone shop/Query_User --name Query_User_2 --path /user/2",
                          &run_api_clone);
    clone->add_option("--name", line_.api.name, "of the new one")->required();
    clone->add_option("--path", line_.api.path, "of the new one")->required();
    clone->add_option("--description", line_.api.description, "the same when absent");
    clone->add_option("--workflow", line_.api.workflow, "by name; the same when absent");
    clone->add_option("--folder", line_.api.folder, "of that workflow; its root when absent");
    add_api("undeploy", "Take it offline on an instance.",
            "sluice api undeploy shop/Query_User --instance public", &run_api_undeploy)
        ->add_option("--instance", line_.api.instance, "the gateway instance")
        ->required();
  }

  void add_look_commands() {
    auto* search =
        add_client(app_, "search", "APIs and workflows by names, paths, what is queried, tags.",
                   "sluice search user_info --workspace shop",
                   [this](const Node& node) { return run_search(node, line_.look); });
    search->add_option("TEXT", line_.look.text, "upper and lower case are alike")->required();
    search->add_option("--workspace", line_.look.workspace, "only in this workspace");
    auto* drift = add_client(app_, "drift", "How far tables have moved away from APIs.",
                             "sluice drift --workspace shop --grade warning",
                             [this](const Node& node) { return run_drift(node, line_.look); });
    drift->add_option("--workspace", line_.look.workspace, "only of this workspace");
    drift->add_option("--api", line_.look.api, "only this one");
    drift->add_option("--grade", line_.look.grade, "the least that is told")
        ->check(CLI::IsMember({"none", "info", "warning", "breaking"}));
    auto* openapi = add_client(app_, "openapi", "What is live under a REST API, for consumers.",
                               "sluice openapi users > users.json",
                               [this](const Node& node) { return run_openapi(node, line_.look); });
    openapi->add_option("REST_API", line_.look.rest_api, "its name")->required();
    openapi->add_option("--instance", line_.look.instance, "only what is live there");

    auto* folder = app_.add_subcommand("folder", "Folders of a workflow.");
    folder->require_subcommand(1);
    const auto add_folder = [&](const char* name, const char* about, const char* example,
                                int (*run)(const Node&, const FolderOptions&)) {
      auto* command = add_client(*folder, name, about, example,
                                 [this, run](const Node& node) { return run(node, line_.folder); });
      command->add_option("WORKFLOW", line_.folder.workflow, "workspace/name, or an id")
          ->required();
      return command;
    };
    add_folder("list", "What there is, and how much lies in it.", "sluice folder list shop/Users",
               &run_folder_list);
    add_folder("add", "Make one.", "sluice folder add shop/Users Orders/Daily", &run_folder_add)
        ->add_option("PATH", line_.folder.path, "Orders/Daily")
        ->required();
    auto* rename = add_folder("rename", "Rename or move it, with what it holds.",
                              "sluice folder rename shop/Users Orders/Daily Reports/Daily",
                              &run_folder_rename);
    rename->add_option("PATH", line_.folder.path, "Orders/Daily")->required();
    rename->add_option("TO", line_.folder.to, "Reports/Daily")->required();
    add_folder("delete", "When it is empty.", "sluice folder delete shop/Users Orders/Daily",
               &run_folder_delete)
        ->add_option("PATH", line_.folder.path, "Orders/Daily")
        ->required();
  }

  void add_auth_commands() {
    auto* auth = app_.add_subcommand("auth", "Proofs of who calls, judged without a server.");
    auth->require_subcommand(1);
    auto* verify =
        add(*auth, "verify", "Judge requests against consumers at a given clock, from a file.",
            "sluice auth verify --cases cases.json", [this] {
              return commands_.verify_auth ? commands_.verify_auth(line_.verify, surroundings_)
                                           : refuse_absent();
            });
    verify
        ->add_option("--cases", line_.verify.cases,
                     "a JSON list of cases (docs/auth-cases.md); a JSON object a line is answered")
        ->required();
    auto* config = verify->add_option("--config", line_.verify.config,
                                      "judge with the plugins of this node file");
    verify
        ->add_option("--plugins", line_.verify.plugin_directory,
                     "judge with the auth-*.so of this folder; otherwise those beside the program")
        ->excludes(config);
    // Its answer is JSON already.
    add_json(*verify);
  }

  void add_plugin_commands() {
    auto* plugin = app_.add_subcommand("plugin", "Plugins: what is loaded, what a file holds.");
    plugin->require_subcommand(1);
    auto* list = add_client(*plugin, "list", "What became of each plugin file.",
                            "sluice plugin list\n  sluice plugin list --config node.yaml",
                            [this](const Node& node) { return list_plugins(node); });
    list->add_option("--config", line_.plugin_config,
                     "load what this node file names, instead of asking a node");
    auto* inspect = add(*plugin, "inspect", "What a plugin file holds, without a node.",
                        "sluice plugin inspect lib/sluice/plugins/auth-apikey.so",
                        [this] { return inspect_plugin(); });
    add_json(*inspect);
    inspect->add_option("FILE", line_.plugin_file, "the shared library")->required();
  }

  int list_plugins(const Node& node) {
    if (line_.plugin_config.empty()) return run_plugin_list(node);
    if (!commands_.list_plugins) return refuse_absent();
    const auto plugins = commands_.list_plugins(line_.plugin_config);
    if (!plugins) return tell_error(surroundings_, line_.node.json, plugins.error());
    return tell_plugins(surroundings_, line_.node.json, *plugins);
  }

  int inspect_plugin() {
    if (!commands_.inspect_plugin) return refuse_absent();
    const auto plugin = commands_.inspect_plugin(line_.plugin_file);
    if (!plugin) return tell_error(surroundings_, line_.node.json, plugin.error());
    return tell_plugin(surroundings_, line_.node.json, *plugin);
  }

  const Commands& commands_;
  const Surroundings& surroundings_;
  Line line_;
  CLI::App app_{"Publishes database tables as authenticated REST APIs."};
  CompletionWords words_;
  CLI::Option* domain_ = nullptr;
  CLI::Option* plan_domain_ = nullptr;
  CLI::Option* call_body_ = nullptr;
  CLI::Option* explain_body_ = nullptr;
  Action action_;
};

}  // namespace

int run_cli(const std::vector<std::string>& args, const Commands& commands,
            const Surroundings& surroundings) {
  return CommandLine(commands, surroundings).run(args);
}

int run_cli(int argc, char** argv, const Commands& commands) {
  const auto find_env = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  const auto no_colour = find_env("NO_COLOR");
  const bool colour = isatty(STDOUT_FILENO) != 0 && isatty(STDERR_FILENO) != 0 &&
                      (!no_colour || no_colour->empty());
  const Surroundings surroundings{std::cout, std::cerr, colour, find_env, &http::fetch};
  return run_cli(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), commands,
                 surroundings);
}

}  // namespace sluice::cli
