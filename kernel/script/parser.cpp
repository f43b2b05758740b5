// SPDX-License-Identifier: Apache-2.0
// Text -> tree: finds tags and parameters, decodes entities, and gives the SQL between them to the
// tokens' reader.
#include "script/tree.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::script {
namespace {

constexpr std::array<std::string_view, 7> kTags = {"if",   "choose",  "when", "otherwise",
                                                   "trim", "foreach", "where"};
// What other products have, so that it is refused by its name.
constexpr std::array<std::string_view, 9> kForeignTags = {
    "set", "bind", "include", "sql", "select", "script", "selectKey", "property", "foreach-item"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Attribute {
  std::string name;
  std::size_t at = 0;
  Part value;
  bool is_used = false;
};

struct Tag {
  std::string name;
  std::size_t at = 0;
  std::vector<Attribute> attributes;
  bool is_closed = false;  // <if .../>
};

class Parser final : public Names {
 public:
  Parser(std::string_view text, Mode mode, Tree& tree, FaultList& faults)
      : text_(text), is_advanced_(mode == Mode::kAdvanced), tree_(tree), faults_(faults) {}

  void parse() {
    tree_.body = parse_body("", 0);
    for (std::size_t i = 0; i < tree_.uses.size(); ++i) {
      if (!is_placed_[i]) tree_.uses[i].may_be_absent = true;
    }
    const bool is_blank_text = std::ranges::all_of(text_, is_blank);
    if (faults_.empty() && is_blank_text) {
      faults_.add(0, "script.one-select", "the script is empty", "write one SELECT");
    }
  }

  // ---- Names
  int refer(std::string_view name, std::size_t at) override {
    if (name.size() > kNameBytesMax) {
      refuse(at, "script.parameter", "this parameter's name is too long",
             "use at most " + std::to_string(kNameBytesMax) + " characters");
      return -1;
    }
    if (!count_place(at)) return -1;
    Reference reference{static_cast<std::uint32_t>(at)};
    for (auto local = scope_.rbegin(); local != scope_.rend(); ++local) {
      if (local->name != name) continue;
      reference.is_local = true;
      reference.slot = local->slot;
      reference.list_use = local->list_use;
      reference.is_index = local->is_index;
      return add(reference);
    }
    const auto use = find_use(name, at);
    if (!use) return -1;
    reference.slot = *use;
    return add(reference);
  }
  void suggest(int reference, Kind kind) override {
    if (Use* use = use_of(reference)) use->parameter.kind = kind;
  }
  void suggest_list(int reference) override {
    if (Use* use = use_of(reference)) use->parameter.is_list = true;
  }
  void suggest_optional(int reference) override {
    if (Use* use = use_of(reference)) use->may_be_absent = true;
  }

 private:
  struct InScope {
    std::string name;
    std::size_t slot = 0, list_use = 0;
    bool is_index = false;
  };

  // ---- what has gone wrong ends the parse: what follows would be told wrongly
  void refuse(std::size_t at, std::string rule, std::string what, std::string remedy) {
    if (!stopped_) faults_.add(at, std::move(rule), std::move(what), std::move(remedy));
    stop();
  }
  // Both at once: a parse that is stopped in the middle of its text would not end.
  void stop() {
    stopped_ = true;
    i_ = text_.size();
  }
  bool count_place(std::size_t at) {
    if (++places_ <= kPlacesMax) return true;
    refuse(at, "script.text", "the script has too many tags and parameters",
           "keep at most " + std::to_string(kPlacesMax) + " places of them");
    return false;
  }
  int add(const Reference& reference) {
    tree_.references.push_back(reference);
    return static_cast<int>(tree_.references.size()) - 1;
  }
  std::optional<std::size_t> find_use(std::string_view name, std::size_t at) {
    for (std::size_t i = 0; i < tree_.uses.size(); ++i) {
      if (tree_.uses[i].parameter.name == name) return i;
    }
    if (tree_.uses.size() == kParametersMax) {
      refuse(at, "script.parameter", "the script has too many parameters",
             "use at most " + std::to_string(kParametersMax));
      return std::nullopt;
    }
    const Place place = find_place(text_, at);
    tree_.uses.push_back(
        {{std::string(name), Kind::kText, false}, place.line, place.column, false});
    is_placed_.push_back(false);
    return tree_.uses.size() - 1;
  }
  void mark_placed(int reference) {
    const auto& found = tree_.references[static_cast<std::size_t>(reference)];
    if (!found.is_local) is_placed_[found.slot] = true;
  }
  Use* use_of(int reference) {
    if (reference < 0) return nullptr;
    const auto& found = tree_.references[static_cast<std::size_t>(reference)];
    return found.is_local ? nullptr : &tree_.uses[found.slot];
  }

  char peek(std::size_t ahead = 0) const {
    return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0';
  }
  bool is_next(std::string_view word) const { return text_.substr(i_).starts_with(word); }
  void skip_blanks() {
    while (i_ < text_.size() && is_blank(text_[i_])) ++i_;
  }
  std::string_view read_name() {
    const std::size_t begin = i_;
    while (i_ < text_.size() && (is_letter(text_[i_]) || text_[i_] == '-')) ++i_;
    return text_.substr(begin, i_ - begin);
  }

  // ---- bodies

  Body parse_body(std::string_view parent, std::size_t parent_at) {
    Body body;
    Part part;
    const auto finish_part = [&] {
      part.end = static_cast<std::uint32_t>(i_);
      if (!part.text.empty()) body.nodes.push_back({make_run(part, faults_)});
      part = {};
    };
    while (i_ < text_.size()) {
      if (is_advanced_ && peek() == '<') {
        if (is_next("</")) {
          finish_part();
          close_tag(parent);
          return body;
        }
        if (is_known_tag()) {
          finish_part();
          parse_tag(body);
          continue;
        }
        if (is_next("<!--")) {
          refuse(i_, "script.comment", "a comment begins here",
                 "leave it out: scripts hold no comments");
          break;
        }
        if (is_next("<![CDATA[")) {
          take_cdata(part);
          continue;
        }
        if (const auto name = find_foreign_tag(); !name.empty()) {
          refuse(i_, "script.tag", "there is no tag <" + std::string(name) + ">",
                 "use if, choose, when, otherwise, trim, foreach and where; put a blank between < "
                 "and a column");
          break;
        }
      }
      take_character(part);
    }
    finish_part();
    if (!parent.empty() && !stopped_) {
      refuse(parent_at, "script.tag", "<" + std::string(parent) + "> is not closed",
             "close it with </" + std::string(parent) + ">");
    }
    return body;
  }

  void close_tag(std::string_view parent) {
    const std::size_t at = i_;
    i_ += 2;
    const auto name = read_name();
    skip_blanks();
    if (name == parent && !parent.empty() && peek() == '>') {
      ++i_;
      return;
    }
    refuse(at, "script.tag", "</" + std::string(name) + "> closes nothing here",
           parent.empty() ? "leave it out" : "close <" + std::string(parent) + "> first");
  }

  // One character of SQL, one entity or one parameter.
  void take_character(Part& part) {
    const char c = text_[i_];
    if (c == '\\' && (is_next("\\${") || is_next("\\#{"))) {
      part.add(text_[i_ + 1], i_ + 1);
      part.add('{', i_ + 2);
      i_ += 3;
      return;
    }
    if ((c == '$' || c == '#') && peek(1) == '{') return take_parameter(part);
    if (is_advanced_ && c == '&') {
      if (const auto entity = find_entity()) {
        part.add(entity->first, i_);
        i_ += entity->second;
        return;
      }
      if (stopped_) return;
    }
    part.add(c, i_);
    ++i_;
  }

  void take_parameter(Part& part) {
    const std::size_t at = i_;
    i_ += 2;
    while (peek() == ' ') ++i_;
    const std::size_t begin = i_;
    if (is_name_start(peek())) {
      while (is_name_part(peek())) ++i_;
    }
    const auto name = text_.substr(begin, i_ - begin);
    while (peek() == ' ') ++i_;
    if (name.empty() || peek() != '}') {
      const bool has_options = !name.empty() && (peek() == ',' || peek() == '.' || peek() == ':');
      return refuse(at, "script.parameter",
                    has_options ? "a parameter is named without a type, a part or an option"
                                : "this is no parameter",
                    "write ${name}, with letters, digits and _; write \\${ inside a quoted text "
                    "for the characters themselves");
    }
    ++i_;
    const int reference = refer(name, at);
    if (reference < 0) return;
    mark_placed(reference);
    part.add(kParameterMark, at);
    part.references.push_back(reference);
  }

  // A decoded character and how long its entity is; a fault when it is one that is not known.
  std::optional<std::pair<char, std::size_t>> find_entity() {
    static constexpr struct {
      std::string_view name;
      char c;
    } kEntities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''},
    };
    for (const auto& entity : kEntities) {
      if (is_next(entity.name)) return std::pair{entity.c, entity.name.size()};
    }
    std::size_t n = 1;
    while (is_letter(peek(n)) || peek(n) == '#' || (peek(n) >= '0' && peek(n) <= '9')) ++n;
    if (n > 1 && peek(n) == ';') {
      refuse(i_, "script.entity", "there is no entity " + std::string(text_.substr(i_, n + 1)),
             "use &lt; &gt; &amp; &quot; and &apos;, or the character itself");
    }
    return std::nullopt;
  }

  void take_cdata(Part& part) {
    const std::size_t at = i_;
    const auto end = text_.find("]]>", i_);
    if (end == std::string_view::npos) {
      return refuse(at, "script.tag", "<![CDATA[ is not closed", "close it with ]]>");
    }
    i_ += 9;
    while (i_ < end && !stopped_) {
      const bool is_parameter = (peek() == '$' || peek() == '#') && peek(1) == '{';
      const bool is_escaped = is_next("\\${") || is_next("\\#{");
      if (is_parameter || is_escaped) {
        take_character(part);
      } else {
        part.add(text_[i_], i_);
        ++i_;
      }
    }
    if (!stopped_) i_ = end + 3;
  }

  // ---- tags

  std::string_view name_at(std::size_t begin) const {
    std::size_t end = begin;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    return text_.substr(begin, end - begin);
  }
  bool is_known_tag() const {
    const auto name = name_at(i_ + 1);
    const char after = peek(1 + name.size());
    return std::ranges::find(kTags, name) != kTags.end() &&
           (is_blank(after) || after == '>' || after == '/');
  }
  // `a <b` compares; `<b>` and `<b c="d"` are meant as tags.
  std::string_view find_foreign_tag() const {
    const auto name = name_at(i_ + 1);
    if (name.empty()) return {};
    std::size_t i = i_ + 1 + name.size();
    if (i < text_.size() && (text_[i] == '>' || text_.substr(i).starts_with("/>"))) return name;
    if (i >= text_.size() || !is_blank(text_[i])) return {};
    if (std::ranges::find(kForeignTags, name) != kForeignTags.end()) return name;
    while (i < text_.size() && is_blank(text_[i])) ++i;
    const auto attribute = name_at(i);
    i += attribute.size();
    const auto rest = text_.substr(std::min(i, text_.size()));
    const bool has_value = rest.starts_with("=\"") || rest.starts_with("='");
    return !attribute.empty() && has_value && is_attribute(attribute) ? name : std::string_view{};
  }
  static bool is_attribute(std::string_view name) {
    static constexpr std::string_view kNames[] = {"test",
                                                  "prefix",
                                                  "suffix",
                                                  "name",
                                                  "prefixOverrides",
                                                  "suffixOverrides",
                                                  "refid",
                                                  "collection",
                                                  "item",
                                                  "index",
                                                  "open",
                                                  "close",
                                                  "value",
                                                  "separator"};
    return std::ranges::find(kNames, name) != std::end(kNames);
  }

  std::optional<Tag> read_tag() {
    Tag tag;
    tag.at = i_++;
    tag.name = read_name();
    while (!stopped_) {
      const bool was_blank = is_blank(peek());
      skip_blanks();
      if (is_next("/>") || peek() == '>') {
        tag.is_closed = peek() == '/';
        i_ += tag.is_closed ? 2 : 1;
        return tag;
      }
      if (i_ == text_.size() || !was_blank) break;
      if (!read_attribute(tag)) break;
    }
    refuse(tag.at, "script.tag", "the tag <" + tag.name + "> is malformed",
           "write it as <" + tag.name + " name=\"value\">");
    return std::nullopt;
  }
  bool read_attribute(Tag& tag) {
    Attribute attribute;
    attribute.at = i_;
    attribute.name = read_name();
    skip_blanks();
    if (attribute.name.empty() || peek() != '=') return false;
    ++i_;
    skip_blanks();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return false;
    ++i_;
    while (i_ < text_.size() && text_[i_] != quote) {
      if (peek() == '&') {
        if (const auto entity = find_entity()) {
          attribute.value.add(entity->first, i_);
          i_ += entity->second;
          continue;
        }
        if (stopped_) return true;
      }
      attribute.value.add(text_[i_], i_);
      ++i_;
    }
    if (i_ == text_.size()) return false;
    attribute.value.end = static_cast<std::uint32_t>(i_);
    ++i_;
    for (const auto& other : tag.attributes) {
      if (other.name != attribute.name) continue;
      refuse(attribute.at, "script.tag", "the attribute " + attribute.name + " is there twice",
             "write it once");
    }
    tag.attributes.push_back(std::move(attribute));
    return true;
  }
  Attribute* find_attribute(Tag& tag, std::string_view name) {
    for (auto& attribute : tag.attributes) {
      if (attribute.name != name) continue;
      attribute.is_used = true;
      return &attribute;
    }
    return nullptr;
  }
  Attribute* need_attribute(Tag& tag, std::string_view name) {
    auto* attribute = find_attribute(tag, name);
    if (!attribute) {
      refuse(tag.at, "script.tag", "<" + tag.name + "> has no " + std::string(name),
             "write <" + tag.name + " " + std::string(name) + "=\"...\">");
    }
    return attribute;
  }
  void refuse_unused(const Tag& tag) {
    for (const auto& attribute : tag.attributes) {
      if (attribute.is_used) continue;
      refuse(attribute.at, "script.tag",
             "<" + tag.name + "> takes no attribute '" + attribute.name + "'", "leave it out");
    }
  }

  void parse_tag(Body& body) {
    auto tag = read_tag();
    if (!tag || !count_place(tag->at)) return;
    tree_.has_tags = true;
    if (++depth_ > kNestingMax) {
      return refuse(tag->at, "script.tag", "tags are nested too deeply",
                    "keep at most " + std::to_string(kNestingMax) + " within each other");
    }
    if (tag->name == "if") {
      body.nodes.push_back({parse_if(*tag)});
    } else if (tag->name == "choose") {
      body.nodes.push_back({parse_choose(*tag)});
    } else if (tag->name == "trim" || tag->name == "where") {
      body.nodes.push_back({parse_trim(*tag)});
    } else if (tag->name == "foreach") {
      body.nodes.push_back({parse_foreach(*tag)});
    } else {
      refuse(tag->at, "script.tag", "<" + tag->name + "> stands outside of <choose>",
             "put it into <choose> ... </choose>");
    }
    --depth_;
  }
  Body parse_inside(const Tag& tag) {
    if (tag.is_closed || stopped_) return {};
    return parse_body(tag.name, tag.at);
  }

  If parse_if(Tag& tag) {
    If made;
    if (auto* test = need_attribute(tag, "test")) {
      made.test = parse_test(test->value, *this, faults_);
      if (made.test.terms.empty()) stop();
    }
    refuse_unused(tag);
    made.body = parse_inside(tag);
    return made;
  }

  Choose parse_choose(Tag& tag) {
    Choose made;
    refuse_unused(tag);
    if (tag.is_closed) {
      refuse(tag.at, "script.tag", "<choose> is empty", "give it a <when>");
    }
    while (!stopped_) {
      skip_blanks();
      if (is_next("</")) {
        close_tag("choose");
        if (!stopped_ && made.whens.empty()) {
          refuse(tag.at, "script.tag", "<choose> has no <when>", "give it one");
        }
        break;
      }
      const std::size_t at = i_;
      const auto name = peek() == '<' ? name_at(i_ + 1) : std::string_view{};
      if (i_ == text_.size()) {
        refuse(tag.at, "script.tag", "<choose> is not closed", "close it with </choose>");
      } else if (name != "when" && name != "otherwise") {
        refuse(at, "script.tag", "<choose> holds something besides <when> and <otherwise>",
               "move it outside, or into one of them");
      } else if (made.has_otherwise) {
        refuse(at, "script.tag", "<otherwise> is not the last part of its <choose>",
               "let it stand last, once");
      } else if (auto part = read_tag(); part && count_place(part->at)) {
        if (name == "when") {
          made.whens.push_back(parse_if(*part));
        } else {
          refuse_unused(*part);
          made.otherwise = parse_inside(*part);
          made.has_otherwise = true;
        }
      }
    }
    return made;
  }

  // ---- SQL in attributes

  std::vector<Token> read_sql(Attribute& attribute) {
    if (attribute.value.text.find("${") != std::string::npos ||
        attribute.value.text.find("#{") != std::string::npos) {
      refuse(attribute.at, "script.parameter", "an attribute holds no parameters",
             "put the parameter into the tag's body");
      return {};
    }
    return read_tokens(attribute.value, faults_);
  }
  void take_sql(Tag& tag, std::string_view name, std::string& text, std::vector<Token>& tokens) {
    auto* attribute = find_attribute(tag, name);
    if (!attribute) return;
    tokens = read_sql(*attribute);
    text = join_tokens(tokens);
  }

  // "AND |OR": what joins conditions or fields, and is removed where it would dangle. Other words
  // are not taken away: the statement would be another one than the one that was judged.
  void take_overrides(Tag& tag, std::string_view name, std::vector<std::string>& overrides) {
    auto* attribute = find_attribute(tag, name);
    if (!attribute) return;
    std::string_view rest = attribute->value.text;
    for (bool more = true; more;) {
      const auto end = rest.find('|');
      more = end != std::string_view::npos;
      std::string word;
      for (const char c : rest.substr(0, end)) {
        if (!is_blank(c)) word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      }
      if (more) rest.remove_prefix(end + 1);
      if (word != "AND" && word != "OR" && word != ",") {
        return refuse(attribute->at, "script.tag",
                      std::string(name) + " holds something besides AND, OR and a comma",
                      "write it as AND|OR or as a comma");
      }
      overrides.push_back(std::move(word));
    }
  }

  Trim parse_trim(Tag& tag) {
    Trim made;
    if (tag.name == "where") {
      made.prefix = "WHERE";
      made.prefix_overrides = {"AND", "OR"};
      Token where{TokenKind::kWord, "WHERE", "WHERE", static_cast<std::uint32_t>(tag.at), true, -1};
      made.prefix_tokens.push_back(std::move(where));
    } else {
      take_sql(tag, "prefix", made.prefix, made.prefix_tokens);
      take_sql(tag, "suffix", made.suffix, made.suffix_tokens);
      take_overrides(tag, "prefixOverrides", made.prefix_overrides);
      take_overrides(tag, "suffixOverrides", made.suffix_overrides);
      if (!stopped_ && tag.attributes.empty()) {
        refuse(tag.at, "script.tag", "<trim> trims nothing",
               "give it prefix, suffix, prefixOverrides or suffixOverrides");
      }
    }
    refuse_unused(tag);
    made.body = parse_inside(tag);
    return made;
  }

  std::optional<std::string> take_name(Tag& tag, std::string_view name) {
    auto* attribute = find_attribute(tag, name);
    if (!attribute) return std::nullopt;
    const std::string& text = attribute->value.text;
    const bool is_right = !text.empty() && text.size() <= kNameBytesMax && is_name_start(text[0]) &&
                          std::ranges::all_of(text, is_name_part);
    if (!is_right) {
      refuse(attribute->at, "script.parameter", std::string(name) + " is no name",
             "begin with a letter or _, go on with letters, digits and _");
    }
    return text;
  }

  Foreach parse_foreach(Tag& tag) {
    Foreach made;
    need_attribute(tag, "collection");
    need_attribute(tag, "item");
    if (stopped_) return made;
    const auto collection = take_name(tag, "collection");
    const auto item = take_name(tag, "item");
    const auto index = take_name(tag, "index");
    take_sql(tag, "open", made.open, made.open_tokens);
    take_sql(tag, "close", made.close, made.close_tokens);
    take_sql(tag, "separator", made.separator, made.separator_tokens);
    refuse_unused(tag);
    if (stopped_) return made;
    made.collection = refer(*collection, find_attribute(tag, "collection")->at);
    if (made.collection < 0) return made;
    const Reference list = tree_.references[static_cast<std::size_t>(made.collection)];
    if (list.is_local) {
      refuse(tag.at, "script.list", "a foreach walks what another foreach gave",
             "walk a parameter of a list type");
      return made;
    }
    suggest_list(made.collection);
    mark_placed(made.collection);
    const std::size_t scope = scope_.size();
    const auto declare = [&](const std::string& name, bool is_index) {
      for (const auto& local : scope_) {
        if (!name.empty() && local.name == name) {
          refuse(tag.at, "script.parameter", "the name '" + name + "' is taken inside this tag",
                 "choose another one");
        }
      }
      if (!name.empty()) tree_.locals.push_back({name, static_cast<std::uint32_t>(tag.at)});
      scope_.push_back({name, scope_.size(), list.slot, is_index});
      tree_.local_slots = std::max(tree_.local_slots, scope_.size());
      return scope_.size() - 1;
    };
    made.item_slot = declare(*item, false);
    made.index_slot = declare(index.value_or(""), true);
    made.body = parse_inside(tag);
    scope_.resize(scope);
    return made;
  }

  const std::string_view text_;
  const bool is_advanced_;
  Tree& tree_;
  FaultList& faults_;
  std::vector<InScope> scope_;
  std::vector<bool> is_placed_;  // by use: its value stands in the statement
  std::size_t i_ = 0, depth_ = 0, places_ = 0;
  bool stopped_ = false;
};

void drop_tokens(Body& body) {
  for (auto& node : body.nodes) {
    if (auto* run = std::get_if<Run>(&node.value)) run->tokens = {};
    if (auto* made = std::get_if<If>(&node.value)) drop_tokens(made->body);
    if (auto* made = std::get_if<Choose>(&node.value)) {
      for (auto& when : made->whens) drop_tokens(when.body);
      drop_tokens(made->otherwise);
    }
    if (auto* made = std::get_if<Trim>(&node.value)) {
      made->prefix_tokens = made->suffix_tokens = {};
      drop_tokens(made->body);
    }
    if (auto* made = std::get_if<Foreach>(&node.value)) {
      made->open_tokens = made->close_tokens = made->separator_tokens = {};
      drop_tokens(made->body);
    }
  }
}

// UTF-8, no control characters, within the bound.
void check_text(std::string_view text, FaultList& faults) {
  if (text.size() > kTextBytesMax) {
    return faults.add(0, "script.text", "the script is too long",
                      "use at most " + std::to_string(kTextBytesMax) + " bytes");
  }
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x20 ? !is_blank(text[i]) : lead == 0x7f) {
      return faults.add(i, "script.text", "a control character stands here", "remove it");
    }
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    bool is_right = lead < 0x80 || (lead >= 0xc2 && lead <= 0xf4);
    std::uint32_t c = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length && is_right; ++k) {
      const auto next = i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
      is_right = (next & 0xc0) == 0x80;
      c = (c << 6) | (next & 0x3f);
    }
    const bool is_overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (!is_right || is_overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
      return faults.add(i, "script.text", "the script is not valid UTF-8", "send it as UTF-8");
    }
    i += length;
  }
}

}  // namespace

bool is_name_start(char c) { return is_letter(c) || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

Place find_place(std::string_view text, std::size_t at) {
  Place place;
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

void FaultList::add(std::size_t at, std::string rule, std::string what, std::string remedy) {
  if (faults_.size() >= kFaultsMax) return;
  const Place place = find_place(text_, at);
  faults_.push_back(
      {place.line, place.column, std::move(rule), std::move(what), std::move(remedy)});
}

Parsed parse(std::string_view text, Mode mode) {
  FaultList faults(text);
  check_text(text, faults);
  if (!faults.empty()) return {nullptr, faults.take()};
  auto tree = std::make_unique<Tree>();
  tree->text = text;
  Parser(text, mode, *tree, faults).parse();
  if (faults.empty()) tree->has_order = check_statement(*tree, faults);
  if (!faults.empty()) return {nullptr, faults.take()};
  drop_tokens(tree->body);
  return {std::make_shared<const Script>(std::move(tree)), {}};
}

}  // namespace sluice::script
