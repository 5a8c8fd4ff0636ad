// What is told when nothing was found but refused logins or connections.
#include <gmock/gmock.h>

#include "daemon/explain/explain.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = Encounter::Kind;

const Time kDay = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

Encounter seen(Kind kind, Duration at, const std::string& ip = "192.0.2.9",
               const std::string& text = "") {
  Encounter out;
  out.kind = kind;
  out.at = kDay + at;
  out.client.ip = ip;
  out.login = "ana@example.org";
  out.text = text;
  return out;
}

std::optional<Explanation> told(const std::vector<Encounter>& encounters,
                                Language language = Language::en) {
  static const auto kExplainer = Explainer::create().value();
  return kExplainer.explain_turned_away(
      encounters, {.language = language, .timezone = "UTC", .now = kDay + 15h});
}

TEST(TurnedAway, NothingSeenIsNothingToTell) { EXPECT_FALSE(told({})); }

TEST(TurnedAway, OneRefusedLogin) {
  const auto one = told({seen(Kind::login_failed, 14h + 29min)});
  ASSERT_TRUE(one);
  EXPECT_THAT(one->text, HasSubstr("The user name or password of ana@example.org was refused at "
                                   "14:29 (from 192.0.2.9). Without"));
  EXPECT_THAT(one->reply, HasSubstr("Your user name or password was refused at 14:29, so"));
  EXPECT_EQ(one->whose_move, WhoseMove::sender);
  EXPECT_TRUE(one->final);
}

TEST(TurnedAway, SeveralRefusedLoginsInSpanish) {
  const auto several =
      told({seen(Kind::login_failed, 14h + 29min), seen(Kind::login_failed, 9h)}, Language::es);
  ASSERT_TRUE(several);
  EXPECT_THAT(several->reply, HasSubstr("Su usuario o su contrase\xc3\xb1"
                                        "a se rechaz\xc3\xb3 a las 14:29 (2 veces desde las "
                                        "09:00), as\xc3\xad que"));
}

TEST(TurnedAway, ALoginThatWasAcceptedSinceIsTold) {
  const auto since = told({seen(Kind::login_ok, 14h + 31min), seen(Kind::login_failed, 14h)});
  ASSERT_TRUE(since);
  EXPECT_THAT(since->text, HasSubstr("A login was accepted since, at 14:31"));
  const auto before = told({seen(Kind::login_failed, 14h), seen(Kind::login_ok, 13h)});
  ASSERT_TRUE(before);
  EXPECT_THAT(before->text, Not(HasSubstr("accepted since")));
  EXPECT_FALSE(told({seen(Kind::login_ok, 13h)}));
}

TEST(TurnedAway, FromManyPlacesItMayBeStrangers) {
  const auto many =
      told({seen(Kind::login_failed, 14h, "192.0.2.1"), seen(Kind::login_failed, 13h, "192.0.2.2"),
            seen(Kind::login_failed, 12h, "192.0.2.3")});
  ASSERT_TRUE(many);
  EXPECT_THAT(many->text, AllOf(HasSubstr("3 times since 12:00"),
                                HasSubstr("3 different addresses"), HasSubstr("Strangers")));
  EXPECT_THAT(many->reply, HasSubstr("If you sent it at about that time"));
}

TEST(TurnedAway, APasswordThatCouldNotBeCheckedIsOurTrouble) {
  for (const auto* words : {"Connection lost to authentication server",
                            "Temporary authentication failure", "internal failure"}) {
    const auto ours = told({seen(Kind::login_failed, 14h, "192.0.2.9", words)});
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->whose_move, WhoseMove::us) << words;
    EXPECT_THAT(ours->reply, HasSubstr("your password was not the cause")) << words;
  }
}

TEST(TurnedAway, ClientsAndConnections) {
  const auto client = told({seen(Kind::client_rejected, 14h), seen(Kind::lost_connection, 13h)});
  ASSERT_TRUE(client);
  EXPECT_THAT(client->text, HasSubstr("turned the client 192.0.2.9 away at 14:00, before"));
  EXPECT_EQ(client->whose_move, WhoseMove::us);
  const auto lost = told({seen(Kind::lost_connection, 13h)});
  ASSERT_TRUE(lost);
  EXPECT_THAT(lost->text, HasSubstr("from 192.0.2.9 ended at 13:00"));
}

}  // namespace
}  // namespace rastro
