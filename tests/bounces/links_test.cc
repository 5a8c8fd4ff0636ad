#include "daemon/bounce/links.h"

#include <gtest/gtest.h>

#include <chrono>

namespace rastro {
namespace {

constexpr std::size_t kAll = 1'000'000;

struct LinkCase {
  std::string name;
  std::string text;
  std::string left;
  friend void PrintTo(const LinkCase& c, std::ostream* os) { *os << c.name; }
};

class WithoutLinks : public testing::TestWithParam<LinkCase> {};
TEST_P(WithoutLinks, MatchesTable) {
  EXPECT_EQ(without_links(GetParam().text, kAll), GetParam().left);
}
const LinkCase kLinkCases[] = {
    {"markdown", "to [ana@example.org](mailto:ana@example.org) now", "to ana@example.org now"},
    {"bold", "[**ana@example.org**](mailto:ana@example.org)", "ana@example.org"},
    {"bold_outside", "**[ana@example.org](mailto:ana@example.org)**", "**ana@example.org**"},
    {"angle", "[<ana@example.org>](mailto:ana@example.org): no", "<ana@example.org>: no"},
    {"two", "[a@b.c](mailto:a@b.c), [d@e.f](mailto:d@e.f)", "a@b.c, d@e.f"},
    {"anchor", R"(<a class="x" HREF="mailto:a@b.c"> a@b.c </A>!)", "a@b.c!"},
    {"doubled", "Ana (a@b.c)<mailto:d@e.f> no", "Ana (a@b.c) no"},
    {"glued", "delivered to a@b.cbecause the address", "delivered to a@b.c because the address"},
    // Left alone.
    {"no_address", "[write me](mailto:a@b.c)", "[write me](mailto:a@b.c)"},
    {"unclosed", "[a@b.c](mailto:a@b.c", "[a@b.c](mailto:a@b.c"},
    {"words_in_anchor", R"(<a href="mailto:a@b.c">Ana</a>)", R"(<a href="mailto:a@b.c">Ana</a>)"},
};
INSTANTIATE_TEST_SUITE_P(, WithoutLinks, testing::ValuesIn(kLinkCases),
                         [](const auto& it) { return it.param.name; });

TEST(HostileLinks, AreReadOnce) {
  constexpr std::size_t kBytes = 1'000'000;
  for (const std::string piece :
       {"[a@@a@](mailto:", "<a href=\"mailto:", "a@bbecause the address"}) {
    std::string text;
    while (text.size() < kBytes) text += piece;
    const auto begin = std::chrono::steady_clock::now();
    without_links(text, kAll);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << piece;
  }
}

}  // namespace
}  // namespace rastro
