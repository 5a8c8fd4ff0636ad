#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace rastro::cli {
namespace {

using namespace std::string_literals;

struct EscapeCase {
  const char* name;
  std::string text;
  std::string want;
  friend void PrintTo(const EscapeCase& c, std::ostream* os) { *os << c.name; }
};
class Escape : public testing::TestWithParam<EscapeCase> {};
TEST_P(Escape, MatchesTable) { EXPECT_EQ(escape(GetParam().text), GetParam().want); }
const EscapeCase kEscapes[] = {
    {"plain", "juan@example.org", "juan@example.org"},
    {"accents", "señor <niño@exämple.org>", "señor <niño@exämple.org>"},
    {"wide", "日本語", "日本語"},
    {"emoji", "🎉", "🎉"},
    {"escape_sequence", "\x1b[2Jgone", "\\x1b[2Jgone"},
    {"title_sequence", "\x1b]0;pwned\x07", "\\x1b]0;pwned\\x07"},
    {"newline", "a\r\nb", "a\\x0d\\x0ab"},
    {"nul", "a\0b"s, "a\\x00b"},
    {"del", "a\x7f", "a\\x7f"},
    {"c1_csi_in_utf8", "\xc2\x9b"s + "31m", "\\x9b31m"},
    {"c1_alone_is_broken_utf8", "\x9b"s + "31m", "\\x9b31m"},
    {"right_to_left_override", "gpj\xe2\x80\xae.exe", "gpj<U+202E>.exe"},
    {"isolates", "\xe2\x81\xa6x\xe2\x81\xa9", "<U+2066>x<U+2069>"},
    {"arabic_letter_mark", "\xd8\x9c", "<U+061C>"},
    {"zero_width_space", "jua\xe2\x80\x8bn", "jua<U+200B>n"},
    {"byte_order_mark", "\xef\xbb\xbfjuan", "<U+FEFF>juan"},
    {"soft_hyphen", "ju\xc2\xad"s + "an", "ju<U+00AD>an"},
    {"hangul_filler", "\xe3\x85\xa4", "<U+3164>"},
    {"tag_characters", "\xf3\xa0\x81\xa1", "<U+E0061>"},
    {"line_separator", "a\xe2\x80\xa8"s + "b", "a<U+2028>b"},
    {"private_use", "\xf3\xb0\x80\x80", "<U+F0000>"},
    {"cut_sequence", "a\xe2\x82", "a\\xe2\\x82"},
    {"overlong", "\xc0\xaf", "\\xc0\\xaf"},
    {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"beyond_unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"latin1", "ni\xf1o", "ni\\xf1o"},
};
INSTANTIATE_TEST_SUITE_P(, Escape, testing::ValuesIn(kEscapes),
                         [](const auto& tested) { return tested.param.name; });

// Whatever bytes come: nothing that a terminal obeys goes out, and what goes out is UTF-8.
TEST(EscapeOfAllBytes, NoByteGetsThroughThatATerminalObeys) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      std::string_view rest;
      const auto escaped = escape(text);
      for (rest = escaped; !rest.empty();) {
        const auto [point, size] = decode_utf8(rest);
        ASSERT_GT(size, 0U) << first << ' ' << second;
        ASSERT_FALSE(is_unsafe_to_print(point)) << first << ' ' << second;
        rest.remove_prefix(size);
      }
    }
  }
}

TEST(Columns, CountWhatATerminalShows) {
  EXPECT_EQ(columns_of("juan"), 4U);
  EXPECT_EQ(columns_of("niño"), 4U);
  EXPECT_EQ(columns_of("日本"), 4U);
  EXPECT_EQ(columns_of("e\xcc\x81"), 1U);  // e and a combining acute accent
}

TEST(Fit, CutsBetweenCharactersAndFillsUp) {
  EXPECT_EQ(fit("juan", 6, true), "juan  ");
  EXPECT_EQ(fit("juan@example.org", 6), "juan@…");
  EXPECT_EQ(fit("日本語", 4), "日…");
  EXPECT_EQ(fit("日本語", 5, true), "日本…");
  EXPECT_EQ(fit("日本語", 4, true), "日… ");
  EXPECT_EQ(fit("abc", 0), "");
  EXPECT_EQ(fit("", 3, true), "   ");
}

TEST(Wrap, KeepsToItsColumns) {
  EXPECT_EQ(wrap("one two three four five six", 24, 2), "  one two three four\n  five six\n");
  const auto broken = wrap(std::string(50, 'x') + " y", 30, 4);
  EXPECT_EQ(broken, "    " + std::string(26, 'x') + "\n    " + std::string(24, 'x') + " y\n");
  // Characters of two columns do not hang over the edge.
  const auto wide = wrap("日日日日日日日日日日日日日", 25, 0);
  EXPECT_EQ(wide, "日日日日日日日日日日日日\n日\n");
  EXPECT_EQ(wrap("", 80, 2), "");
}

TEST(Aside, BreaksEachLineOnATerminalOnly) {
  EXPECT_EQ(aside("first line of it\nsecond", 0), "rastro: first line of it\nsecond\n");
  EXPECT_EQ(aside("a message of forty letters and then some\nsecond", 30),
            "rastro: a message of forty\nletters and then some\nsecond\n");
}

TEST(Paint, OnlyWithColour) {
  Terminal terminal;
  EXPECT_EQ(paint(terminal, Colour::red, "x"), "x");
  terminal.colour = true;
  EXPECT_EQ(paint(terminal, Colour::red, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(paint(terminal, Colour::none, "x"), "x");
}

}  // namespace
}  // namespace rastro::cli
