#include "daemon/bounce/reply.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

struct ReplyCase {
  std::string name;
  std::string_view text;
  std::uint16_t code = 0;
  std::string_view status{};
  friend void PrintTo(const ReplyCase& c, std::ostream* os) { *os << c.name; }
};

class BestReply : public testing::TestWithParam<ReplyCase> {};
TEST_P(BestReply, MatchesTable) {
  const auto& tested = GetParam();
  const auto got = best_reply(tested.text);
  EXPECT_EQ(got.code, tested.code);
  EXPECT_EQ(got.status ? to_string(*got.status) : "", tested.status);
}
const ReplyCase kCases[] = {
    {"both", "550 5.1.1 User unknown", 550, "5.1.1"},
    {"hyphen", "550-5.1.1 User unknown", 550, "5.1.1"},
    {"hash", "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", 550, "5.1.1"},
    {"status_behind_text", "550 sorry, no mailbox here by that name (#5.1.1)", 550, "5.1.1"},
    {"said", "host mx.example.org[192.0.2.1] said: 452 4.2.2 full", 452, "4.2.2"},
    {"quoted_wins_over_summary", "<<< 552 5.2.2 Over quota\n554 5.0.0 Service unavailable", 552,
     "5.2.2"},
    {"permanent_wins", "said: 450 4.7.1 later\nsaid: 550 5.7.1 never", 550, "5.7.1"},
    {"error_code", "ERROR_CODE :550, ERROR_CODE :5.1.1 unknown", 550, "5.1.1"},
    {"returned", "Remote Server returned '550 5.7.1 denied'", 550, "5.7.1"},
    {"status_only", "<mail.example.org #5.1.1>", 0, "5.1.1"},
    {"classes_differ", "#550 4.4.7 QUEUE.Expired; message expired", 550, "4.4.7"},
    {"status_before_reply", "<srv.example.org #5.5.0 smtp;554 Relay access denied>", 554, "5.5.0"},
    {"cisco", "5.7.1 - Delivery not authorized, message refused 554-'No'", 554, ""},
    {"sequence_error_follows", "<<< 550 No such user\n<<< 503 need RCPT command", 550, ""},
    // Refused.
    {"size", "at most 500 MB", 0, ""},
    {"telephone", "Tel. 91 555 11 22", 0, ""},
    {"telephone_of_two_codes", "Tel: 555 450 12 34", 0, ""},
    {"telephone_abroad", "Fax: +34 (93) 452 22 10", 0, ""},
    {"hours", "will be retried for 450 hours", 0, ""},
    {"address", "host 192.5.1.1 and 5.1.1.7", 0, ""},
    {"version", "Exim 4.92.3", 0, ""},
    {"ipv4_in_brackets", "[192.0.2.550]", 0, ""},
    {"in_a_word", "id 5501 or A550 or 550B", 0, ""},
    {"positive", "250 2.1.5 Ok", 0, ""},
    {"subject_too_large", "(5.15.2)", 0, ""},
    {"second_digit", "590 words", 0, ""},
    {"date", "am 4.12.2026", 0, ""},
    {"empty", "", 0, ""},
    {"end_of_text", "55", 0, ""},
};
INSTANTIATE_TEST_SUITE_P(, BestReply, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(ReplyLine, JoinsALongReply) {
  EXPECT_EQ(reply_line("<<< 550-5.1.1 first\n<<< 550-5.1.1 second\n<<< 550 5.1.1 third\n>>> QUIT",
                       4, 200),
            "550-5.1.1 first 5.1.1 second 5.1.1 third");
}
TEST(ReplyLine, EndsBeforeTheNextReply) {
  EXPECT_EQ(reply_line("550 5.1.1 no\n554 5.0.0 Service unavailable", 0, 200), "550 5.1.1 no");
}
TEST(ReplyLine, LeavesOutWhatTheMtaAppends) {
  EXPECT_EQ(reply_line("552 5.2.2 full (in reply to RCPT TO command)", 0, 200), "552 5.2.2 full");
  EXPECT_EQ(reply_line("550 no. Giving up on 192.0.2.1.", 0, 200), "550 no.");
}
TEST(ReplyLine, IsCut) {
  EXPECT_EQ(reply_line("550 " + std::string(500, 'x'), 0, 100).size(), 100U);
}

}  // namespace
}  // namespace rastro
