// SPDX-License-Identifier: Apache-2.0
// The laws of statements. A script with tags is many texts; all of them are judged at once: an
// automaton reads the tokens that stand outside of every parenthesis, and where the tags leave
// several ways, it is in several states at a time. Parentheses balance inside of each tag, so what
// stands outside of them is the same on every way.
#include "script/tree.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

namespace sluice::script {
namespace {

enum State : unsigned {
  kStart,       // nothing yet
  kWith,        // WITH ... before its SELECT
  kItem,        // a field of the select list begins
  kName,        // it is one name so far
  kDot,         // ... and a dot
  kPrefixed,    // table.name
  kOperand,     // an expression that could end here
  kOperator,    // ... that goes on
  kIsDistinct,  // ... IS DISTINCT
  kAs,          // AS
  kAliased,     // it has its name
  kLaterItem,   // the same behind UNION, where names do not count
  kLaterDot,    //
  kLaterRest,   //
  kTail,        // behind FROM
  kUnion,       // UNION [ALL]
  kStateCount,
};
using States = std::uint32_t;  // a bit each
constexpr States bit(State state) { return States{1} << state; }

bool is_among(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Words that begin or mean something other than reading one SELECT. Nobody's column is called so
// without quotes, for they are reserved nearly everywhere.
bool is_forbidden(std::string_view word) {
  return is_among(word, {"INSERT", "UPDATE", "DELETE", "MERGE", "UPSERT", "DROP", "ALTER", "CREATE",
                         "TRUNCATE", "GRANT", "REVOKE", "ATTACH", "DETACH", "PRAGMA", "VACUUM",
                         "REINDEX", "INTO", "EXEC", "EXECUTE"});
}
bool is_set_operator(std::string_view word) {
  return is_among(word, {"UNION", "INTERSECT", "EXCEPT", "MINUS"});
}
// Words of expressions that are followed by an operand.
bool is_operator_word(std::string_view word) {
  return is_among(word,
                  {"AND",    "OR",     "NOT",      "IS",      "IN",      "LIKE", "GLOB", "ILIKE",
                   "RLIKE",  "REGEXP", "MATCH",    "SIMILAR", "BETWEEN", "CASE", "WHEN", "THEN",
                   "ELSE",   "EXISTS", "COLLATE",  "ESCAPE",  "DIV",     "MOD",  "XOR",  "OVER",
                   "FILTER", "WITHIN", "INTERVAL", "PRIOR",   "AT",      "ANY",  "SOME"});
}
bool is_value_word(std::string_view word) {
  return is_among(word, {"NULL", "TRUE", "FALSE", "END", "ISNULL", "NOTNULL", "UNKNOWN",
                         "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"});
}

// A parameter in place of these is a mistake that no source would tell well.
struct Neighbours {
  const Token* before = nullptr;
  const Token* second_before = nullptr;
};

class Judge {
 public:
  explicit Judge(FaultList& faults) : faults_(faults) {}

  bool judge(const Tree& tree) {
    const States end = walk(tree.body, bit(kStart), 0);
    if (!open_.empty() && faults_.empty()) refuse_open(open_.back());
    if (faults_.empty()) judge_end(end, tree.text.size());
    return has_order_;
  }

 private:
  void refuse(std::uint32_t at, std::string rule, std::string what, std::string remedy) {
    // One fault a token: the states it was read in would tell the same several times.
    if (at == last_refused_) return;
    last_refused_ = at;
    faults_.add(at, std::move(rule), std::move(what), std::move(remedy));
  }
  void refuse_open(const Token& open) {
    refuse(open.at, "script.parenthesis", "this " + open.text + " is not closed",
           "close it, inside of the tag that it stands in");
  }

  // ---- the tree; `floor`: parentheses that were open when the tag began

  States walk(const Body& body, States states, std::size_t floor) {
    for (const auto& node : body.nodes) {
      states = std::visit([&](const auto& n) { return walk_node(n, states, floor); }, node.value);
    }
    return states;
  }
  States walk_node(const Run& run, States states, std::size_t floor) {
    return read(run.tokens, states, floor);
  }
  States walk_node(const If& made, States states, std::size_t) {
    return states | walk_inside(made.body, states);
  }
  States walk_node(const Choose& made, States states, std::size_t) {
    States after = made.has_otherwise ? walk_inside(made.otherwise, states) : states;
    for (const auto& when : made.whens) after |= walk_inside(when.body, states);
    return after;
  }
  States walk_node(const Trim& made, States states, std::size_t) {
    const std::size_t floor = open_.size();
    States after = read(made.prefix_tokens, states, floor);
    after = walk(made.body, after, floor);
    after = read(made.suffix_tokens, after, floor);
    close_tag(floor);
    return states | after;  // nothing of it stands when its body is empty
  }
  States walk_node(const Foreach& made, States states, std::size_t) {
    const std::size_t floor = open_.size();
    States after = read(made.open_tokens, states, floor);
    // Once, and again behind a separator until no new state comes up.
    const std::size_t inner = open_.size();
    after = walk(made.body, after, inner);
    close_tag(inner);
    for (States before = 0; before != after;) {
      before = after;
      States next = read(made.separator_tokens, after, inner);
      next = walk(made.body, next, inner);
      close_tag(inner);
      after |= next;
    }
    after = read(made.close_tokens, after, floor);
    close_tag(floor);
    return after;
  }
  States walk_inside(const Body& body, States states) {
    const std::size_t floor = open_.size();
    const States after = walk(body, states, floor);
    close_tag(floor);
    return after;
  }
  void close_tag(std::size_t floor) {
    if (open_.size() > floor) refuse_open(open_[floor]);
    open_.resize(std::min(open_.size(), floor));
  }

  // ---- tokens

  States read(const std::vector<Token>& tokens, States states, std::size_t floor) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      const Token* next = i + 1 < tokens.size() ? &tokens[i + 1] : nullptr;
      judge_anywhere(token, next);
      if (token.kind == TokenKind::kOpen) {
        if (open_.empty()) states = step_all(states, token);
        if (open_.size() == kParenthesesMax) {
          refuse(token.at, "script.parenthesis", "parentheses are nested too deeply",
                 "keep at most " + std::to_string(kParenthesesMax));
        } else {
          is_call_.resize(open_.size());
          is_call_.push_back(!token.follows_blank && before_ && before_->kind == TokenKind::kWord);
          open_.push_back(token);
        }
      } else if (token.kind == TokenKind::kClose) {
        const bool fits = open_.size() > floor && (open_.back().text == "(") == (token.text == ")");
        if (!fits) {
          refuse(token.at, "script.parenthesis", "this " + token.text + " closes nothing",
                 "open it inside of the same tag, or leave it out");
        } else {
          open_.pop_back();
          if (open_.empty()) states = step_all(states, token);
        }
      } else if (open_.empty()) {
        states = step_all(states, token);
      }
      second_before_ = before_;
      before_ = &token;
    }
    return states;
  }

  bool was(std::string_view word) const {
    return before_ && before_->kind == TokenKind::kWord && before_->upper == word;
  }
  static bool is_dot(const Token* token) {
    return token && token->kind == TokenKind::kSymbol && token->text == ".";
  }

  void judge_anywhere(const Token& token, const Token* next) {
    if (token.kind == TokenKind::kWord && !is_dot(before_)) {
      if (is_forbidden(token.upper)) {
        return refuse(token.at, "script.one-select", token.text + " is not part of a SELECT",
                      "a script only reads; put a column of that name into quotes");
      }
      const bool is_lock = was("FOR") && is_among(token.upper, {"SHARE", "NO", "KEY"});
      if (is_lock) {
        return refuse(token.at, "script.one-select", "FOR " + token.text + " locks rows",
                      "leave it out: a script only reads");
      }
    }
    if (token.kind != TokenKind::kParameter) return;
    const auto refuse_name = [&](std::string what) {
      refuse(token.at, "script.value-only", std::move(what),
             "a parameter is a value; choose names and directions with <choose>, as in <choose>"
             "<when test=\"sort == 'age'\">age</when><otherwise>id</otherwise></choose>");
    };
    if (is_dot(before_) || is_dot(next)) return refuse_name("a parameter cannot be a column");
    if (was("BY")) {
      return refuse_name("a parameter cannot be what rows are sorted or grouped by");
    }
    if (was("AS")) return refuse_name("a parameter cannot be a name");
    if (next && next->kind == TokenKind::kOpen) {
      return refuse_name("a parameter cannot be a function");
    }
    const bool is_in_call = !open_.empty() && is_call_[open_.size() - 1];
    const bool is_distinct = second_before_ && second_before_->upper == "DISTINCT";
    if (was("JOIN") || was("TABLE") || (was("FROM") && !is_in_call && !is_distinct)) {
      refuse_name("a parameter cannot be a table");
    }
  }

  States step_all(States states, const Token& token) {
    if (token.kind == TokenKind::kWord && !is_dot(before_) && !was("AS")) judge_paging(token);
    States after = 0;
    for (unsigned state = 0; state < kStateCount; ++state) {
      if (states & (States{1} << state)) after |= bit(step(static_cast<State>(state), token));
    }
    return after;
  }
  void judge_paging(const Token& token) {
    if (!is_among(token.upper, {"LIMIT", "OFFSET", "FETCH"})) return;
    refuse(token.at, "script.no-paging", token.text + " stands at the end of the statement's rows",
           "leave it out: the result shape 'page' pages by pageNum and pageSize, and max_rows "
           "bounds every answer; put a column of that name into quotes");
  }

  // ---- the automaton

  State refuse_star(const Token& token) {
    refuse(token.at, "script.no-star", "* would answer whatever columns there are",
           "name the columns: they are the response parameters");
    return kAliased;  // nothing more about this field
  }
  void refuse_nameless(std::uint32_t at, State state) {
    refuse(at, "script.alias",
           state == kPrefixed ? "a field with a table's prefix ends here without a name"
                              : "a field that is computed ends here without a name",
           "name it: ... AS total; the name is the response parameter's");
  }
  State end_field(State state, const Token& token) {
    if (state == kPrefixed || state == kOperand || state == kOperator || state == kDot ||
        state == kIsDistinct) {
      refuse_nameless(token.at, state);
    }
    if (token.kind == TokenKind::kSymbol) return kItem;
    return token.upper == "FROM" ? kTail : kUnion;
  }

  State step(State state, const Token& token) {
    switch (state) {
      case kStart:
        return step_start(token);
      case kWith:
        return token.upper == "SELECT" ? kItem : kWith;
      case kItem:
      case kName:
      case kDot:
      case kPrefixed:
      case kOperand:
      case kOperator:
      case kIsDistinct:
      case kAs:
      case kAliased:
        return step_field(state, token);
      case kLaterItem:
      case kLaterDot:
      case kLaterRest:
        return step_later(state, token);
      case kTail:
        if (is_set_operator(token.upper)) return kUnion;
        if (token.upper == "ORDER") has_order_ = true;
        if (token.upper == "SELECT") {
          refuse(token.at, "script.one-select", "a second SELECT begins here",
                 "join them with UNION ALL, or put it into parentheses");
        }
        return kTail;
      case kUnion:
        if (token.upper == "ALL" || token.upper == "DISTINCT") return kUnion;
        if (token.upper != "SELECT") {
          refuse(token.at, "script.one-select", "no SELECT follows the UNION here",
                 "write SELECT behind it, without parentheses");
        }
        return kLaterItem;
      case kStateCount:
        break;
    }
    return state;
  }

  State step_start(const Token& token) {
    if (token.upper == "SELECT") return kItem;
    if (token.upper == "WITH") return kWith;
    refuse(token.at, "script.one-select", "the script does not begin with SELECT",
           "write one SELECT, or WITH ... SELECT; choose between several with <choose>");
    return kTail;
  }

  State step_field(State state, const Token& token) {
    const bool is_word = token.kind == TokenKind::kWord;
    const bool is_symbol = token.kind == TokenKind::kSymbol;
    // A word behind a dot or AS is a name, whatever it says.
    if (state == kAs) {
      if (is_word || token.kind == TokenKind::kQuoted) return kAliased;
      if (token.text == "[") return kAs;
      if (token.text == "]") return kAliased;
      refuse(token.at, "script.alias", "no name follows AS",
             "write a plain or quoted name: AS total");
      return kAliased;
    }
    if (state == kDot) {
      if (is_symbol && token.text == "*") return refuse_star(token);
      return is_word || token.kind == TokenKind::kQuoted ? kPrefixed : kOperator;
    }
    if (is_symbol && token.text == ",") return end_field(state, token);
    if (is_word) {
      if (token.upper == "FROM") return state == kIsDistinct ? kOperator : end_field(state, token);
      if (is_set_operator(token.upper)) return end_field(state, token);
      if (token.upper == "AS") return kAs;
      if (token.upper == "SELECT") {
        refuse(token.at, "script.one-select", "a second SELECT begins here",
               "put it into parentheses");
        return kItem;
      }
      if (token.upper == "DISTINCT" && state != kItem) return kIsDistinct;
      if (state == kItem && (token.upper == "DISTINCT" || token.upper == "ALL")) return kItem;
      if (is_operator_word(token.upper)) return kOperator;
      if (is_value_word(token.upper)) return kOperand;
    }
    if (is_symbol && token.text == ".") return kDot;
    switch (token.kind) {
      case TokenKind::kWord:
      case TokenKind::kQuoted:
        if (state == kItem) return kName;
        return state == kOperator || state == kIsDistinct ? kOperand : kAliased;
      case TokenKind::kSymbol:
        if (token.text == "*" && state == kItem) return refuse_star(token);
        return kOperator;
      case TokenKind::kNumber:
        if (state == kName && was("TOP")) {
          refuse(token.at, "script.no-paging", "TOP bounds the statement's rows",
                 "leave it out: max_rows bounds every answer");
        }
        return kOperand;
      case TokenKind::kOpen:
        return kOperator;
      case TokenKind::kString:
      case TokenKind::kParameter:
      case TokenKind::kClose:
        return kOperand;
    }
    return state;
  }

  State step_later(State state, const Token& token) {
    const bool is_symbol = token.kind == TokenKind::kSymbol;
    if (is_symbol && token.text == "*" && state != kLaterRest) refuse_star(token);
    if (is_symbol && token.text == ",") return kLaterItem;
    if (is_symbol && token.text == ".") return kLaterDot;
    if (state != kLaterDot) {
      if (token.upper == "FROM") return kTail;
      if (is_set_operator(token.upper)) return kUnion;
      if (token.upper == "SELECT") {
        refuse(token.at, "script.one-select", "a second SELECT begins here",
               "put it into parentheses");
      }
      if (state == kLaterItem && (token.upper == "DISTINCT" || token.upper == "ALL")) return state;
    }
    return kLaterRest;
  }

  void judge_end(States states, std::size_t size) {
    const auto end = static_cast<std::uint32_t>(size);
    const auto may_be = [&](std::initializer_list<State> some) {
      return std::ranges::any_of(some, [&](State state) { return (states & bit(state)) != 0; });
    };
    if (may_be({kStart})) {
      refuse(end, "script.one-select", "with some parameters the script is no statement",
             "let SELECT stand outside of the tags, or give its <choose> an <otherwise>");
    } else if (may_be({kWith, kUnion})) {
      refuse(end, "script.one-select", "the statement ends before its SELECT",
             "write the SELECT, outside of tags that may leave it out");
    } else if (may_be({kPrefixed, kOperand, kOperator, kDot, kIsDistinct})) {
      refuse_nameless(end, may_be({kPrefixed}) ? kPrefixed : kOperand);
    } else if (may_be({kAs})) {
      refuse(end, "script.alias", "no name follows AS", "write a plain or quoted name");
    }
  }

  FaultList& faults_;
  std::vector<Token> open_;
  std::vector<bool> is_call_;  // the parenthesis of the same place follows a function's name
  const Token* before_ = nullptr;
  const Token* second_before_ = nullptr;
  std::uint32_t last_refused_ = 0xffffffff;
  bool has_order_ = false;
};

}  // namespace

bool check_statement(const Tree& tree, FaultList& faults) { return Judge(faults).judge(tree); }

}  // namespace sluice::script
