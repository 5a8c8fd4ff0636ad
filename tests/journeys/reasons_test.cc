// Reasons that the words of a line leave open and the message that it is about decides.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "daemon/reply_reasons.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

// "bo@example.org rejected user_unknown 451", the code when there is one.
std::vector<std::string> reasons_of(const std::vector<std::string>& lines) {
  static const auto kRules = load_reply_rules({}).value();
  ReplyReasons reasons(kRules, 1);
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false, lines}}, {}, reasons.classify());
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) {
    const auto value = json::parse(journey).as_object();
    for (const auto& to : value.at("recipients").as_array()) {
      auto& one = out.emplace_back(to.at("recipient").as_string());
      one.append(" ").append(to.at("outcome").as_string());
      if (to.at("reason").is_string()) one.append(" ").append(to.at("reason").as_string());
      if (to.at("reply_code").is_int64()) {
        one.append(" ").append(std::to_string(to.at("reply_code").as_int64()));
      }
    }
  }
  return out;
}

const std::string kClient = "2026-11-24 10:00:00 H=mx.example.net [192.0.2.7] ";
const std::string kArrival = "2026-11-24 10:00:01 1tFxyz-000123-AB <= ";
const std::string kFails = "2026-11-24 10:00:02 1tFxyz-000123-AB ** ";

TEST(EximUnrouteable, OfARecipientFromOutsideIsAMailboxThatWeDoNotHave) {
  EXPECT_THAT(reasons_of({kClient +
                          "F=<a@example.net> rejected RCPT <bo@example.org>: Unrouteable address"}),
              ElementsAre("bo@example.org rejected user_unknown"));
  EXPECT_THAT(reasons_of({kArrival + "a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=300",
                          kFails + "bo@example.org: Unrouteable address"}),
              ElementsAre("bo@example.org bounced user_unknown"));
}

TEST(EximUnrouteable, OfOneOfUsDependsOnTheDomain) {
  const auto login = kArrival + "ana@example.org H=pc [192.0.2.8] P=esmtpa A=plain:ana S=300";
  EXPECT_THAT(reasons_of({login, kFails + "bo@EXAMPLE.org: Unrouteable address"}),
              ElementsAre("bo@EXAMPLE.org bounced user_unknown"));
  EXPECT_THAT(reasons_of({login, kFails + "bo@exampel.net: Unrouteable address"}),
              ElementsAre("bo@exampel.net bounced domain_not_found"));
  EXPECT_THAT(reasons_of({login, kFails + "bo: Unrouteable address"}),
              ElementsAre("bo bounced user_unknown"));
}

TEST(EximUnrouteable, OfWhereAnAliasPointsDependsOnTheDomainToo) {
  const auto outside = kArrival + "a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=300";
  EXPECT_THAT(
      reasons_of({outside, kFails + "bo@exampel.net <info@example.org>: Unrouteable address"}),
      ElementsAre("bo@exampel.net bounced domain_not_found"));
  EXPECT_THAT(
      reasons_of({outside, kFails + "bo@example.org <info@example.org>: Unrouteable address"}),
      ElementsAre("bo@example.org bounced user_unknown"));
}

TEST(EximUnrouteable, WithACauseBesideItIsTheCause) {
  EXPECT_THAT(
      reasons_of({kClient + "F=<a@example.net> rejected RCPT <bo@example.org>: all relevant MX "
                            "records point to non-existent hosts"}),
      ElementsAre("bo@example.org rejected domain_not_found"));
}

TEST(EximRefusal, ForNowHasTheCodeThatTheClientWasTold) {
  EXPECT_THAT(reasons_of({kClient + "F=<a@example.net> temporarily rejected RCPT <bo@example.org>: "
                                    "the mailbox is full"}),
              ElementsAre("bo@example.org rejected mailbox_full 451"));
  EXPECT_THAT(reasons_of({kClient +
                          "F=<a@example.net> rejected RCPT <bo@example.org>: the mailbox is full"}),
              ElementsAre("bo@example.org rejected mailbox_full"));
}

TEST(PostfixSubmission, AsksWhoHasNotLoggedInToDoSo) {
  const auto refused = [](const std::string& program, const std::string& what) {
    return reasons_of({"2026-11-24T10:00:00+00:00 mx1 " + program +
                       "[11]: NOQUEUE: reject: RCPT from pc.example.net[192.0.2.7]: 554 5.7.1 " +
                       what +
                       " rejected: Access denied; from=<ana@example.org> to=<bo@example.net> "
                       "proto=ESMTP helo=<pc>"});
  };
  const std::string client = "<pc.example.net[192.0.2.7]>: Client host";
  for (const auto* program :
       {"postfix/submission/smtpd", "postfix/smtps/smtpd", "mx-out/submissions/smtpd"}) {
    EXPECT_THAT(refused(program, client), ElementsAre("bo@example.net rejected auth_required 554"))
        << program;
    EXPECT_THAT(refused(program, "<bo@example.net>: Recipient address"),
                ElementsAre("bo@example.net rejected auth_required 554"));
  }
  EXPECT_THAT(refused("postfix/smtpd", client),
              ElementsAre("bo@example.net rejected reputation 554"));
  EXPECT_THAT(refused("postfix/smtpd", "<bo@example.net>: Recipient address"),
              ElementsAre("bo@example.net rejected local_policy 554"));
}

}  // namespace
}  // namespace rastro
