#include "store/dictionary.h"

#include <gtest/gtest.h>

#include <random>

namespace rastro {
namespace {

struct ReplyCase {
  std::string name;
  std::string text;
  std::string want_template;  // '#' stands for the part; "" for none
  std::string want_part;
  friend void PrintTo(const ReplyCase& c, std::ostream* os) { *os << c.name; }
};

class SplitReplyTest : public testing::TestWithParam<ReplyCase> {};

TEST_P(SplitReplyTest, SharesTheConstantWords) {
  const auto& tested = GetParam();
  const auto split = split_reply(tested.text);
  auto template_text = split.template_text.value_or("");
  if (const auto at = template_text.find(kPartMark); at != std::string::npos) {
    template_text[at] = '#';
  }
  EXPECT_EQ(template_text, tested.want_template);
  EXPECT_EQ(split.part.value_or(""), tested.want_part);
  EXPECT_EQ(join_reply(split.template_text, split.part), tested.text);
}

const ReplyCase kReplyCases[] = {
    {"empty", "", "", ""},
    {"constant", "250 2.0.0 Ok", "250 2.0.0 Ok", ""},
    {"queue_id", "250 2.0.0 Ok: queued as 4FA1B2C3", "250 2.0.0 Ok: queued as #", "4FA1B2C3"},
    {"address", "550 5.1.1 <a@example.org>: unknown", "550 5.1.1 # unknown", "<a@example.org>:"},
    {"two_parts", "x 192.0.2.1 y 192.0.2.2 z", "x # z", "192.0.2.1 y 192.0.2.2"},
    {"all_changing", "4FA1B2C3", "", "4FA1B2C3"},
    {"holds_the_mark", "a\x01 4FA1B2C3", "", "a\x01 4FA1B2C3"},
    {"blanks_at_the_ends", " 4FA1B2C3 ", " # ", "4FA1B2C3"},
};
INSTANTIATE_TEST_SUITE_P(, SplitReplyTest, testing::ValuesIn(kReplyCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(SplitReplyProperty, AnyBytesComeBack) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 60, ' ');
    const std::string alphabet = std::string("a1@ \x01", 5) + std::string(1, '\0') + "zz99  \xff";
    for (auto& c : text) c = alphabet[random() % alphabet.size()];
    const auto split = split_reply(text);
    ASSERT_EQ(join_reply(split.template_text, split.part), text);
  }
}

}  // namespace
}  // namespace rastro
