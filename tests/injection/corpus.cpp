// SPDX-License-Identifier: Apache-2.0
#include "tests/injection/corpus.hpp"

#include <fstream>
#include <set>
#include <stdexcept>

namespace sluice::tests {
namespace {

// One character or escape at `at`, which is moved behind it.
std::string read_one(const std::string& line, std::size_t& at) {
  if (line[at] != '\\') {
    std::size_t end = at + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) ++end;
    const auto text = line.substr(at, end - at);
    at = end;
    return text;
  }
  const char kind = line.at(at + 1);
  if (kind == '\\') {
    at += 2;
    return "\\";
  }
  if (kind == 'x') {
    const auto byte = std::stoi(line.substr(at + 2, 2), nullptr, 16);
    at += 4;
    return {static_cast<char>(byte)};
  }
  if (kind != '{') throw std::runtime_error("an unknown escape in the corpus: " + line);
  const auto close = line.find('}', at);
  const auto times = std::stoul(line.substr(at + 2, close - at - 2));
  at = close + 1;
  const auto repeated = read_one(line, at);
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += repeated;
  return text;
}

std::vector<std::string> load_corpus() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/injection/corpus.txt");
  std::vector<std::string> strings;
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::string text;
    for (std::size_t at = 0; at < line.size();) text += read_one(line, at);
    if (!seen.insert(text).second) throw std::runtime_error("twice in the corpus: " + line);
    strings.push_back(std::move(text));
  }
  return strings;
}

}  // namespace

const std::vector<std::string>& corpus() {
  static const auto strings = load_corpus();
  return strings;
}

}  // namespace sluice::tests
