#include "core/event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rastro {
namespace {

std::vector<std::string> all(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto address = take_listed_recipient(list);
    if (!address.empty()) out.emplace_back(address);
  }
  return out;
}

TEST(TakeListedRecipient, SplitsAtBlanksOutsideQuotes) {
  EXPECT_EQ(all("a@example.org  b@example.org"),
            (std::vector<std::string>{"a@example.org", "b@example.org"}));
  EXPECT_EQ(all(R"("a b"@example.org c)"), (std::vector<std::string>{R"("a b"@example.org)", "c"}));
  EXPECT_EQ(all("   "), std::vector<std::string>{});
  EXPECT_EQ(all(R"("unfinished a)"), (std::vector<std::string>{R"("unfinished a)"}));
  EXPECT_EQ(all("\"ends in \\"), (std::vector<std::string>{"\"ends in \\"}));
}

}  // namespace
}  // namespace rastro
