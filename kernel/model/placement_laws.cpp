// SPDX-License-Identifier: Apache-2.0
// Laws of where a draft stands (folders, tags, who sees it), and what they are made of: UTF-8 as
// characters.
#include "model/characters.hpp"
#include "model/fault_collector.hpp"
#include "model/laws.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sluice::model {
namespace {

constexpr std::array<std::string_view, 2> kVisibilities = {"workspace", "private"};
constexpr std::array<std::string_view, 3> kVerdicts = {"passed", "failed", "draft changed"};

template <class E, std::size_t N>
std::optional<E> parse_word(const std::array<std::string_view, N>& words, std::string_view text) {
  const auto it = std::find(words.begin(), words.end(), text);
  if (it == words.end()) return std::nullopt;
  return static_cast<E>(it - words.begin());
}

// The first character that a name may not have, from 1; 0: all are right. A space stands between
// two other characters.
std::size_t find_wrong_character(std::u32string_view text, bool allows_spaces) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (is_letter(c) || is_chinese(c) || is_digit(c) || c == U'_') continue;
    const bool is_inner_space =
        allows_spaces && c == U' ' && i > 0 && i + 1 < text.size() && text[i + 1] != U' ';
    if (!is_inner_space) return i + 1;
  }
  return 0;
}

}  // namespace

std::optional<std::u32string> decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80           ? 1
                               : (lead >> 5) == 0x06 ? 2
                               : (lead >> 4) == 0x0E ? 3
                               : (lead >> 3) == 0x1E ? 4
                                                     : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    char32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      c = (c << 6) | (next & 0x3F);
    }
    constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    if (c < kSmallest[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return std::nullopt;
    out += c;
    i += length;
  }
  return out;
}

std::optional<std::size_t> count_characters(std::string_view text) {
  const auto decoded = decode_utf8(text);
  if (!decoded) return std::nullopt;
  return decoded->size();
}

std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  // Back to the beginning of the character that would be cut; bytes that are none are cut anywhere.
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; ++i) {
    --end;
  }
  return text.substr(0, end);
}

std::optional<Fault> find_tag_fault(std::string_view tag, std::string where) {
  const auto text = decode_utf8(tag);
  if (!text) return make_utf8_fault(std::move(where));
  if (text->empty() || text->size() > kTagCharactersMax) {
    return Fault{std::move(where), "",
                 "the tag has " + std::to_string(text->size()) + " characters",
                 "use 1 to " + std::to_string(kTagCharactersMax)};
  }
  const auto wrong = find_wrong_character(*text, false);
  if (wrong == 0) return std::nullopt;
  return Fault{std::move(where), "",
               "character " + std::to_string(wrong) + " of the tag is not allowed",
               "use letters (Chinese ones too), digits and _"};
}

std::optional<Fault> find_folder_fault(std::string_view path, std::string where) {
  const auto fault = [&](std::string what, std::string remedy) {
    return Fault{std::move(where), "", std::move(what), std::move(remedy)};
  };
  if (!count_characters(path)) return make_utf8_fault(std::move(where));
  const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1;
  if (depth > kFolderDepthMax) {
    return fault("the folder lies " + std::to_string(depth) + " deep",
                 "use at most " + std::to_string(kFolderDepthMax) + " folders in each other");
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = *decode_utf8(path.substr(begin, end - begin));
    if (name.empty() || name.size() > kFolderCharactersMax) {
      return fault("a folder's name has " + std::to_string(name.size()) + " characters",
                   "use 1 to " + std::to_string(kFolderCharactersMax) + ", as in Orders/Daily");
    }
    if (!is_letter(name.front()) && !is_chinese(name.front())) {
      return fault("a folder's name does not begin with a letter",
                   "begin with a letter (Chinese ones too)");
    }
    if (const auto wrong = find_wrong_character(name, true); wrong != 0) {
      return fault("character " + std::to_string(wrong) + " of a folder's name is not allowed",
                   "use letters, digits, _ and single spaces between words");
    }
    begin = end + 1;
  }
  return std::nullopt;
}

Faults find_folders_faults(const std::vector<std::string>& folders, const std::string& where) {
  Faults faults;
  if (folders.size() > kFoldersMax) {
    faults.push_back(
        {where, "", "there are too many folders", "keep at most " + std::to_string(kFoldersMax)});
    return faults;
  }
  const std::set<std::string_view> known(folders.begin(), folders.end());
  if (known.size() != folders.size()) {
    faults.push_back({where, "", "a folder is there twice", "give each path once"});
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const auto& path = folders[i];
    const auto at = where + "/" + std::to_string(i);
    if (auto fault = find_folder_fault(path, at)) {
      faults.push_back(std::move(*fault));
      continue;
    }
    const auto slash = path.rfind('/');
    if (slash == std::string::npos || known.contains(std::string_view(path).substr(0, slash))) {
      continue;
    }
    faults.push_back({at, "", "the folder '" + path + "' lies in one that is not there",
                      "add '" + path.substr(0, slash) + "'"});
  }
  return faults;
}

std::optional<Fault> find_sample_fault(std::string_view sample, std::string where) {
  if (sample.size() > kAnswerSampleBytesMax) {
    return Fault{std::move(where), "", "the sample is too long",
                 "use at most " + std::to_string(kAnswerSampleBytesMax) + " bytes"};
  }
  if (!count_characters(sample)) return make_utf8_fault(std::move(where));
  return std::nullopt;
}

Faults find_faults(const Placement& placement) {
  Faults faults;
  if (!placement.folder.empty()) {
    if (auto fault = find_folder_fault(placement.folder, "/folder")) {
      faults.push_back(std::move(*fault));
    }
  }
  if (placement.tags.size() > kTagsMax) {
    faults.push_back({"/tags", "", "there are " + std::to_string(placement.tags.size()) + " tags",
                      "keep at most " + std::to_string(kTagsMax)});
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < placement.tags.size() && i < 2 * kTagsMax; ++i) {
    const auto at = "/tags/" + std::to_string(i);
    if (auto fault = find_tag_fault(placement.tags[i], at)) faults.push_back(std::move(*fault));
    if (!seen.insert(placement.tags[i]).second) {
      faults.push_back(
          {at, "", "the tag '" + placement.tags[i] + "' is there twice", "give each one once"});
    }
  }
  return faults;
}

std::string_view to_text(Visibility visibility) {
  return kVisibilities[static_cast<std::size_t>(visibility)];
}
std::string_view to_text(TestVerdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}
std::optional<Visibility> parse_visibility(std::string_view text) {
  return parse_word<Visibility>(kVisibilities, text);
}
std::optional<TestVerdict> parse_test_verdict(std::string_view text) {
  return parse_word<TestVerdict>(kVerdicts, text);
}

}  // namespace sluice::model
