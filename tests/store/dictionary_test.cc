#include "store/dictionary.h"

#include <gtest/gtest.h>

#include <random>

namespace rastro {
namespace {

struct ReplyCase {
  std::string name;
  std::string text;
  std::string want_template;  // '#' is the part, '%' the recipient, '&' the relay; "" for none
  std::string want_part;
  friend void PrintTo(const ReplyCase& c, std::ostream* os) { *os << c.name; }
};

constexpr std::string_view kRecipient = "juan@example.org";
const Endpoint kRelay{"mx1.example.net", "192.0.2.7", 25};

std::string joined(const SplitReply& split, std::string_view recipient, const Endpoint& relay) {
  std::optional<std::string> template_text;
  if (split.template_text) template_text = *split.template_text;
  return join_reply(template_text, split.part, recipient, &relay);
}

class SplitReplyTest : public testing::TestWithParam<ReplyCase> {};

TEST_P(SplitReplyTest, SharesTheConstantWords) {
  const auto& tested = GetParam();
  ReplySplitter splitter;
  const auto split = splitter.split(tested.text, kRecipient, kRelay);
  std::string template_text(split.template_text.value_or(""));
  if (const auto at = template_text.find(kPartMark); at != std::string::npos) {
    template_text[at] = '#';
  }
  for (auto& c : template_text) c = c == kRecipientMark ? '%' : c == kRelayMark ? '&' : c;
  EXPECT_EQ(template_text, tested.want_template);
  EXPECT_EQ(split.part.value_or(""), tested.want_part);
  EXPECT_EQ(joined(split, kRecipient, kRelay), tested.text);
}

const ReplyCase kReplyCases[] = {
    {"empty", "", "", ""},
    {"constant", "250 2.0.0 Ok", "250 2.0.0 Ok", ""},
    {"queue_id", "250 2.0.0 Ok: queued as 4FA1B2C3", "250 2.0.0 Ok: queued as #", "4FA1B2C3"},
    {"address", "550 5.1.1 <a@example.org>: unknown", "550 5.1.1 # unknown", "<a@example.org>:"},
    {"two_parts", "x 192.0.2.1 y 192.0.2.2 z", "x # z", "192.0.2.1 y 192.0.2.2"},
    {"all_changing", "4FA1B2C3", "", "4FA1B2C3"},
    {"holds_the_mark", "a\x01 4FA1B2C3", "", "a\x01 4FA1B2C3"},
    {"holds_the_other_mark", "a\x02 juan@example.org", "", "a\x02 juan@example.org"},
    {"holds_the_relays_mark", "a\x03 4FA1B2C3", "", "a\x03 4FA1B2C3"},
    {"names_the_relay", "host mx1.example.net[192.0.2.7] said: 450 4.2.0 Greylisted",
     "host & said: 450 4.2.0 Greylisted", ""},
    {"names_the_relay_and_an_id", "host mx1.example.net[192.0.2.7] said: 450 4FA1B2C3 wait",
     "host & said: 450 # wait", "4FA1B2C3"},
    {"names_another_relay", "host mx2.example.net[192.0.2.7] said: 450 wait",
     "host # said: 450 wait", "mx2.example.net[192.0.2.7]"},
    {"names_relay_and_recipient", "host mx1.example.net[192.0.2.7] said: 550 <juan@example.org>",
     "host & said: 550 <%>", ""},
    {"relay_within_the_part", "x 192.0.2.1 mx1.example.net[192.0.2.7] 192.0.2.2", "x #",
     "192.0.2.1 \x03 192.0.2.2"},
    {"names_the_recipient", "250 2.0.0 <juan@example.org> 4FA1B2C3 Saved", "250 2.0.0 <%> # Saved",
     "4FA1B2C3"},
    {"only_the_recipient", "550 5.1.1 <juan@example.org>: unknown", "550 5.1.1 <%>: unknown", ""},
    {"nothing_but_the_recipient", "juan@example.org", "%", ""},
    {"recipient_within_the_part", "x 192.0.2.1 juan@example.org 192.0.2.2", "x #",
     "192.0.2.1 \x02 192.0.2.2"},
    {"amavis", "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4FA1B2C3",
     "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as #", "4FA1B2C3"},
    {"blanks_at_the_ends", " 4FA1B2C3 ", " # ", "4FA1B2C3"},
};
INSTANTIATE_TEST_SUITE_P(, SplitReplyTest, testing::ValuesIn(kReplyCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(SplitReplyProperty, AnyBytesComeBack) {
  std::mt19937_64 random(5);
  ReplySplitter splitter;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 60, ' ');
    const std::string alphabet =
        std::string("a1@ @[]\x01\x02\x03", 10) + std::string(1, '\0') + "zz99  \xff";
    for (auto& c : text) c = alphabet[random() % alphabet.size()];
    std::string recipient(random() % 5, ' ');
    for (auto& c : recipient) c = alphabet[random() % alphabet.size()];
    Endpoint relay;
    relay.host = std::string(1, alphabet[random() % alphabet.size()]);
    if (random() % 4 != 0) relay.ip = std::string(1, alphabet[random() % alphabet.size()]);
    if (random() % 2 == 0)
      text.insert(random() % (text.size() + 1), relay.host + '[' + relay.ip + ']');
    const auto split = splitter.split(text, recipient, relay);
    ASSERT_EQ(joined(split, recipient, relay), text);
  }
}

TEST(JoinReply, AFileWithoutMarksForRelaysHasThatByteAsItIs) {
  EXPECT_EQ(join_reply("a\x03", std::nullopt, "", nullptr), "a\x03");
}

}  // namespace
}  // namespace rastro
