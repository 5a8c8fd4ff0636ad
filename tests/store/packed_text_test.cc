#include "store/packed_text.h"

#include <gtest/gtest.h>

#include <random>

#include "store/sqlite.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

// Reads packed texts as sqlite3 does, by the expression that the plain views have.
class PackedTextTest : public testing::Test {
 protected:
  std::string by_sql(const std::string& packed) {
    read_.bind_blob(1, packed);
    EXPECT_TRUE(read_.step());
    std::string text(read_.column_bytes(0));
    read_.reset();
    return text;
  }

  samples::TemporaryDirectory directory_;
  Database database_ = *Database::open(directory_.path() / "t.db", Database::Mode::create);
  Statement read_ = database_.prepare("SELECT " + packed_text_sql("x") + " FROM (SELECT ?1 AS x)");
};

struct TextCase {
  std::string name;
  std::string text;
  std::size_t want_bytes;  // 0: not packed
  friend void PrintTo(const TextCase& c, std::ostream* os) { *os << c.name; }
};
class EachPackedText : public PackedTextTest, public testing::WithParamInterface<TextCase> {};

TEST_P(EachPackedText, ComesBack) {
  const auto& tested = GetParam();
  std::string packed = "before";
  ASSERT_EQ(pack_text(tested.text, packed), tested.want_bytes != 0);
  if (tested.want_bytes == 0) {
    EXPECT_EQ(packed, "before");
    return;
  }
  EXPECT_EQ(packed.size(), tested.want_bytes);
  EXPECT_EQ(unpack_text(packed), tested.text);
  EXPECT_EQ(by_sql(packed), tested.text);
}

const TextCase kTextCases[] = {
    {"short_queue_id", "4C1A93F02B7", 6},
    {"even_number_of_digits", "4C1A93F02B", 6},
    {"figures_only", "12345678901234567890", 11},
    {"lower", "deadbeef0", 5},
    {"figures_and_marks", "<749696315015681609.74003", 13},
    {"status_in_the_part", "4.7.500", 4},
    {"every_mark", "0 .-_<:", 4},
    {"angle_upper", "<4C1A93F02B7", 6},
    {"angle_lower", "<4c1a93f02b7", 6},
    {"uuid_lower", "<01234567-89ab-cdef-0123-456789abcdef", 17},
    {"uuid_upper", "<01234567-89AB-CDEF-0123-456789ABCDEF", 17},
    {"uuid_of_both", "<01234567-89aB-cdef-0123-456789abcdeF", 0},
    {"uuid_with_a_dash_elsewhere", "<0123456-789ab-cdef-0123-456789abcdef", 0},
    {"uuid_with_a_dash_more", "<01234567-89ab-cdef-0123-45678-abcdef", 0},
    {"uuid_too_long", "<01234567-89ab-cdef-0123-456789abcdef0", 0},
    {"uuid_without_angle", "01234567-89ab-cdef-0123-456789abcdef", 0},
    {"postfix_message_id", "<20260301101112.4C1A93F02B7", 13},
    {"postfix_message_id_ends_early", "<2026030110111A.", 8},
    {"postfix_message_id_of_a_long_id", "<20260301101112.4XzQ1x2Y3zK", 0},
    {"long_queue_id", "4XzQ1x2Y3zK", 0},
    {"both_cases", "aB01", 0},
    {"whole_message_id", "<1@example.org>", 0},
    {"too_short", "4C1", 0},
    {"empty", "", 0},
    {"angle_alone", "<", 0},
    {"nul", std::string("4C1A\0", 5), 0},
    {"byte_above_127", "4C1A\xc3", 0},
};
INSTANTIATE_TEST_SUITE_P(, EachPackedText, testing::ValuesIn(kTextCases),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(PackedTextTest, WhateverIsPackedComesBack) {
  std::mt19937_64 random(20261201);
  const std::string_view sets[] = {"0123456789ABCDEF",
                                   "0123456789abcdef",
                                   "0123456789 .-_<:",
                                   "0123456789",
                                   "<ABC",
                                   "<abc",
                                   "01.",
                                   "-0aF"};
  std::size_t packed_ones = 0;
  std::string packed;
  for (int round = 0; round < 3'000; ++round) {
    const auto set = sets[random() % std::size(sets)];
    std::string text = random() % 3 == 0 ? "<" : "";
    for (auto left = random() % 60; left > 0; --left) text.push_back(set[random() % set.size()]);
    if (!pack_text(text, packed)) continue;
    ++packed_ones;
    EXPECT_EQ(unpack_text(packed), text);
    if (round % 10 == 0) {
      EXPECT_EQ(by_sql(packed), text);
    }
  }
  EXPECT_GT(packed_ones, 1'000U);
}

TEST_F(PackedTextTest, AnyBytesAreATextOrDamaged) {
  EXPECT_FALSE(unpack_text(""));
  EXPECT_FALSE(unpack_text("\x1f")) << "what makes it even is not 0";
  EXPECT_FALSE(unpack_text("\xb0")) << "a UUID without digits";
  EXPECT_FALSE(unpack_text("\xe0\x12")) << "a stamp of two digits";
  EXPECT_EQ(unpack_text(std::string(1, '\x10')), "");
  std::mt19937_64 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes(random() % 20, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    const auto text = unpack_text(bytes);
    if (text) {
      EXPECT_LE(text->size(), bytes.size() * 2 + 4);
    }
    if (text && round % 10 == 0) {
      EXPECT_EQ(by_sql(bytes), *text);
    }
  }
}

}  // namespace
}  // namespace rastro
