#include "parsers/pasted_line.h"

#include <string>

#include "gtest/gtest.h"

namespace rastro {
namespace {

struct PasteCase {
  std::string name;
  std::string line;
  std::string want;  // "no": there is no stamp
  friend void PrintTo(const PasteCase& c, std::ostream* os) { *os << c.name; }
};
class PastedLines : public testing::TestWithParam<PasteCase> {};
TEST_P(PastedLines, MatchTable) {
  PastedLine paste;
  EXPECT_EQ(paste.unwrap(GetParam().line).value_or("no"), GetParam().want) << GetParam().line;
}

const PasteCase kPasteCases[] = {
    {"grep", "/var/log/mail.log:Nov 24 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"grep_with_numbers", "/var/log/mail.log.1:12:Nov 24 01:40:29 mx1 a[1]: b",
     "Nov 24 01:40:29 mx1 a[1]: b"},
    {"grep_context", "/var/log/mail-1.log-2026-11-24T01:40:29Z mx1 a[1]: b",
     "2026-11-24T01:40:29Z mx1 a[1]: b"},
    {"numbers_alone", "12:2026-11-24 01:40:29 1tFxyz-000123-AB Completed",
     "2026-11-24 01:40:29 1tFxyz-000123-AB Completed"},
    {"quoted", "> > Nov 24 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"indented", "\t   Nov 24 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"kubectl_prefix", "[pod/mail-0/mail] 2026-11-24T01:40:29Z mx1 a[1]: b",
     "2026-11-24T01:40:29Z mx1 a[1]: b"},
    {"stern", "mail-0 postfix Nov 24 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"coloured", "\x1b[32mNov 24 01:40:29\x1b[0m mx1 a[1]: \x1b[01;31m\x1b[Kb\x1b[m\x1b[K",
     "Nov 24 01:40:29 mx1 a[1]: b"},
    {"no_colour", "\x1b[9xNov 24 01:40:29 mx1 a[1]: b", "no"},
    {"backticks", "`Nov 24 01:40:29 mx1 a[1]: b`", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"backtick_of_the_text", "Nov 24 01:40:29 mx1 a[1]: `b`", "Nov 24 01:40:29 mx1 a[1]: `b`"},
    {"octet_count", "71 <22>1 2026-11-24T01:40:29Z mx1 a 1 - - b",
     "<22>1 2026-11-24T01:40:29Z mx1 a 1 - - b"},
    {"event_time", "1795480829000\tNov 24 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"table", R"("2026-11-24T01:40:29.000Z","mx1","a[1]: said ""b"", twice")",
     R"(2026-11-24T01:40:29.000Z mx1 a[1]: said "b", twice)"},
    {"table_not_closed", R"("2026-11-24T01:40:29.000Z","mx1","a[1]: b)", "no"},
    {"brackets", "[2026-11-24 01:40:29] mx1 a[1]: b", "2026-11-24 01:40:29 mx1 a[1]: b"},
    {"brackets_and_weekday", "[Tue Nov 24 01:40:29 2026] mx1 a[1]: b",
     "2026-11-24 01:40:29 mx1 a[1]: b"},
    {"date_with_zone_in_brackets", "[Tue Nov 24 01:40:29 UTC 2026] mx1 a[1]: b",
     "2026-11-24 01:40:29 +0000 mx1 a[1]: b"},
    {"german", "24.11.2026 01:40:29 mx1 a[1]: b", "2026-11-24 01:40:29 mx1 a[1]: b"},
    {"japanese", "2026/11/24 01:40:29.5 mx1 a[1]: b", "2026-11-24 01:40:29.5 mx1 a[1]: b"},
    {"american", "11/24/2026 01:40:29 mx1 a[1]: b", "2026-11-24 01:40:29 mx1 a[1]: b"},
    {"american_that_may_be_european", "11/4/2026 01:40:29 mx1 a[1]: b",
     "2026-11-04 01:40:29 mx1 a[1]: b"},
    {"european", "24/11/2026 01:40:29 +0100 mx1 a[1]: b", "2026-11-24 01:40:29 +0100 mx1 a[1]: b"},
    {"day_first", "24 Nov 01:40:29 mx1 a[1]: b", "Nov 24 01:40:29 mx1 a[1]: b"},
    {"day_first_with_year", "4 Nov 2026 01:40:29 mx1 a[1]: b", "2026-11-04 01:40:29 mx1 a[1]: b"},
    {"as_of_a_web_server", "[24/Nov/2026:01:40:29 +0100] mx1 a[1]: b",
     "2026-11-24 01:40:29 +0100 mx1 a[1]: b"},
    {"year_apart", "2026 11-24 01:40:29 mx1 a[1]: b", "2026-11-24 01:40:29 mx1 a[1]: b"},
    {"year_apart_and_no_month", "2026 13-24 01:40:29 mx1 a[1]: b", "no"},
    {"month_thirteen", "13/13/2026 01:40:29 mx1 a[1]: b", "no"},
    {"day_zero", "0 Nov 01:40:29 mx1 a[1]: b", "no"},
    {"hour_24", "24.11.2026 24:40:29 mx1 a[1]: b", "no"},
    {"two_separators", "24.11/2026 01:40:29 mx1 a[1]: b", "no"},
    {"bracket_not_closed", "[24/Nov/2026:01:40:29 +0100 mx1 a[1]: b", "no"},
    {"nothing_behind", "24.11.2026 01:40:29", "no"},
    {"header_field", "  Subject: 2026-11-24 01:40:29 1tFxyz-000123-AB => v@example.org", "no"},
    {"header_field_bare", "Date:2026-11-24 01:40:29 1tFxyz-000123-AB Completed", "no"},
    {"words_in_front", "he said that it was on Nov 24 01:40:29 mx1 a[1]: b", "no"},
    {"inside_of_a_word", "xNov 24 01:40:29 mx1 a[1]: b", "no"},
    {"far_behind", std::string(200, '-') + "Nov 24 01:40:29 mx1 a[1]: b", "no"},
    {"empty", "", "no"},
};
INSTANTIATE_TEST_SUITE_P(All, PastedLines, testing::ValuesIn(kPasteCases),
                         [](const auto& tested) { return tested.param.name; });

// Cut anywhere, or with any byte changed: no crash (the sanitizers watch).
TEST(PastedLine, IsReadSafelyWhenCutOrDamaged) {
  PastedLine paste;
  for (const auto& one : kPasteCases) {
    for (std::size_t at = 0; at < one.line.size(); ++at) {
      paste.unwrap(std::string_view(one.line).substr(0, at));
      auto damaged = one.line;
      for (const char byte : {'"', '[', ' ', '9', '\x01'}) {
        damaged[at] = byte;
        paste.unwrap(damaged);
      }
    }
  }
}

TEST(PastedLine, LosesTheEscapesOfAPage) {
  PastedLine paste;
  EXPECT_EQ(paste.unescape("to=&lt;&quot;a&amp;b&quot;@example.org&gt;, x&#39;s &lt &nope;"),
            "to=<\"a&b\"@example.org>, x's &lt &nope;");
  EXPECT_EQ(paste.unescape("&amp;lt;"), "&lt;");
}

}  // namespace
}  // namespace rastro
