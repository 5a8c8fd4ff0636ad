#include "core/address.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

struct SplitCase {
  std::string name;
  std::string_view address, local_part, domain;
  friend void PrintTo(const SplitCase& c, std::ostream* os) { *os << c.name; }
};
class SplitAddress : public testing::TestWithParam<SplitCase> {};
TEST_P(SplitAddress, MatchesTable) {
  const auto parts = split_address(GetParam().address);
  EXPECT_EQ(parts.local_part, GetParam().local_part);
  EXPECT_EQ(parts.domain, GetParam().domain);
}
const SplitCase kSplitCases[] = {
    {"usual", "ana@example.org", "ana", "example.org"},
    {"local_name", "root", "root", ""},
    {"empty", "", "", ""},
    {"quoted_at", R"("a@b"@example.org)", R"("a@b")", "example.org"},
    {"quoted_without_domain", R"("a@b")", R"("a@b")", ""},
    {"two_ats", "a@b@example.org", "a@b", "example.org"},
    {"unfinished_quote", R"("a@example.org)", R"("a)", "example.org"},
    {"escaped_quote", R"("a\"@x"@example.org)", R"("a\"@x")", "example.org"},
};
INSTANTIATE_TEST_SUITE_P(, SplitAddress, testing::ValuesIn(kSplitCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(SameMailbox, IgnoresCaseInTheDomainOnly) {
  EXPECT_TRUE(same_mailbox("Ana@Example.ORG", "Ana@example.org"));
  EXPECT_FALSE(same_mailbox("ana@example.org", "Ana@example.org"));
  EXPECT_FALSE(same_mailbox("ana@example.org", "ana@example.com"));
}

TEST(FoldAddress, LeavesOtherBytesAlone) {
  EXPECT_EQ(fold_address("JOS\xc3\x89@Example.org"), "jos\xc3\x89@example.org");
}

}  // namespace
}  // namespace rastro
