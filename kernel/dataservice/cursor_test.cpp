// SPDX-License-Identifier: Apache-2.0
#include "dataservice/cursor.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::dataservice {
namespace {

const OrderTerm kOrder[] = {{"name", false, false}, {"id", true, true}};
const CursorScope kScope{"users", kOrder};

std::string seal(const CursorSealer& sealer, std::vector<Cell> keys) {
  call::Arena arena;
  const auto text = sealer.seal(keys, kScope, arena);
  return text ? std::string(*text) : "none";
}

bool opens(const CursorSealer& sealer, std::string_view text, const CursorScope& scope = kScope) {
  call::Arena arena;
  return sealer.open(text, scope, arena).has_value();
}

TEST(Cursor, CellsOfEveryTypeComeBack) {
  const CursorSealer sealer("key");
  const std::string bytes("a\0b'\xff", 5);
  const std::vector<Cell> cells = {make_null(),
                                   make_bool(true),
                                   make_int64(INT64_MIN),
                                   make_double(-0.1),
                                   make_text(""),
                                   make_text("用户"),
                                   make_bytes(bytes),
                                   make_timestamp(1'735'689'600'000'000),
                                   make_decimal(~std::uint64_t{0}, -1, 3)};
  for (const Cell& cell : cells) {
    SCOPED_TRACE(cell.type);
    const auto text = seal(sealer, {cell, make_int64(7)});
    call::Arena arena;
    const auto back = sealer.open(text, kScope, arena);
    ASSERT_TRUE(back);
    ASSERT_EQ(back->size(), 2u);
    EXPECT_EQ((*back)[0].type, cell.type);
    EXPECT_EQ((*back)[0].scale, cell.scale);
    if (cell.type == SLUICE_T_TEXT || cell.type == SLUICE_T_BYTES) {
      EXPECT_EQ(to_view((*back)[0].v.s), to_view(cell.v.s));
    } else {
      EXPECT_EQ((*back)[0].v.d.lo, cell.v.d.lo);
    }
    EXPECT_EQ((*back)[1].v.i, 7);
  }
}

TEST(Cursor, WithOneCharacterChangedIsNone) {
  const CursorSealer sealer("key");
  const auto text = seal(sealer, {make_text("Alice"), make_int64(10001)});
  ASSERT_TRUE(opens(sealer, text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'A', 'z', '0', '-', '_', '=', '%'}) {
      if (text[i] == c) continue;
      auto changed = text;
      changed[i] = c;
      EXPECT_FALSE(opens(sealer, changed)) << i << c;
    }
    EXPECT_FALSE(opens(sealer, text.substr(0, i))) << "cut at " << i;
  }
  EXPECT_FALSE(opens(sealer, text + "A"));
  EXPECT_FALSE(opens(sealer, text + text));
}

TEST(Cursor, IsGoodForItsTableAndOrderOnly) {
  const CursorSealer sealer("key");
  const auto text = seal(sealer, {make_text("Alice"), make_int64(10001)});
  const OrderTerm upwards[] = {{"name", false, false}, {"id", false, true}};
  const OrderTerm turned[] = {{"id", true, true}, {"name", false, false}};
  const OrderTerm shifted[] = {{"namei", false, false}, {"d", true, true}};
  EXPECT_FALSE(opens(sealer, text, {"orders", kOrder}));
  EXPECT_FALSE(opens(sealer, text, {"users", upwards}));
  EXPECT_FALSE(opens(sealer, text, {"users", turned}));
  EXPECT_FALSE(opens(sealer, text, {"users", shifted}));
  EXPECT_FALSE(opens(sealer, text, {"users", {kOrder, 1}}));
  EXPECT_FALSE(opens(CursorSealer("another key"), text));
  EXPECT_TRUE(opens(CursorSealer("key"), text)) << "another node's";
}

TEST(Cursor, HoldsWhatAUrlCanHold) {
  const CursorSealer sealer("key");
  const std::string fits(2000, 'x'), too_long(2300, 'x');
  const auto text = seal(sealer, {make_text(fits), make_int64(1)});
  EXPECT_TRUE(opens(sealer, text));
  EXPECT_EQ(seal(sealer, {make_text(too_long), make_int64(1)}), "none");
  EXPECT_FALSE(opens(sealer, std::string(kCursorBytesMax + 1, 'A')));
  EXPECT_FALSE(opens(sealer, ""));
}

}  // namespace
}  // namespace sluice::dataservice
