// What Exim itself, its system filter and its content scanner do to a message. Derived from
// src/deliver.c deliver_message(), src/receive.c and src/acl.c of 4.96.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"
#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kSystemId = "1xVgXy-0000cP-1l";
std::string system_says(const std::string& text, const std::string& time = "10:00:00") {
  return "2026-11-24 " + time + " " + text;
}
const std::string kSystemMail =
    system_says(kSystemId +
                " <= ana@example.net H=mx.example.net [192.0.2.7] P=esmtps S=1200 "
                "id=m1@example.net for juan@example.org");
const std::string kSystemEnd =
    system_says(kSystemId + " => juan <juan@example.org> R=local T=local_delivery");

TEST(EximSystemFilter, PutsOffWhoIsWaiting) {
  const auto put_off = system_says(kSystemId + " Delivery deferred by system filter");
  EXPECT_THAT(ends_of({kSystemMail, put_off}),
              ElementsAre("juan@example.org deferred local_policy"));
  EXPECT_THAT(ends_of({kSystemMail, put_off, kSystemEnd}),
              ElementsAre("juan@example.org delivered"));
}

// By default no line names those whom it was for: its own copy is not whom the mail went to.
TEST(EximSystemFilter, MayStopAMessageAndKeepACopy) {
  const auto arrived =
      system_says(kSystemId + " <= ana@example.net H=mx.example.net [192.0.2.7] P=esmtps S=1200");
  const auto copied =
      system_says(kSystemId + " => archive <system-filter> R=local T=local_delivery");
  const auto unnamed_of = [&](const std::string& word) {
    LogPlayer player({Log{
        "/var/log/exim4/mainlog", "mx1", false, {arrived, system_says(kSystemId + word), copied}}});
    player.play_all();
    const auto journeys = player.journeys();
    const auto told = boost::json::parse(journeys.at(0)).as_object();
    EXPECT_TRUE(told.at("recipients").as_array().empty());
    const auto& unnamed = told.at("unnamed_recipients").as_object();
    return std::string(unnamed.at("outcome").as_string()) + " " +
           std::string(unnamed.at("reply_text").as_string());
  };
  EXPECT_EQ(unnamed_of(" cancelled by system filter: no such thing here"),
            "bounced cancelled by system filter: no such thing here");
  EXPECT_EQ(unnamed_of(" Delivery deferred by system filter"),
            "deferred Delivery deferred by system filter");
  EXPECT_THAT(ends_of({arrived, copied}), ElementsAre("archive delivered"));
}

// Another of its servers may take it still.
TEST(EximHostFailure, IsAnAttemptThatHasNoEndYet) {
  const auto told = answers_of(
      {kSystemMail,
       system_says(kSystemId +
                   " H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after "
                   "initial connection: 421 Too many concurrent SMTP connections")});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].outcome, "queued");
  EXPECT_EQ(told[0].text,
            "Waiting in the queue for juan@example.org: a server that was tried could not take it, "
            "and how the attempt ended does not stand in the log yet.");
}

TEST(EximSystemFilter, WithAMistakePutsEverythingOff) {
  EXPECT_THAT(
      ends_of({kSystemMail,
               system_says(kSystemId + " Error in system filter: \"if\" missing in line 4")}),
      ElementsAre("juan@example.org deferred local_config"));
}

// With "defer=pass" the client is told, and there is no "<="; without, the message is queued.
TEST(EximCutthrough, ThatIsPutOffNamesItsRecipient) {
  const auto later =
      system_says(kSystemId +
                  " H=mx.example.net [192.0.2.7] juan@example.org F=<ana@example.net> "
                  "tmp-reject from cutthrough after DATA: R=dnslookup T=remote_smtp");
  EXPECT_THAT(jot_texts({later}), ElementsAre(kSystemId + " | juan@example.org rejected"));
  EXPECT_THAT(jot_texts({later, kSystemMail}),
              ElementsAre(kSystemId + " | juan@example.org queued"));
  EXPECT_THAT(ends_of({later, kSystemMail, kSystemEnd}), ElementsAre("juan@example.org delivered"));
}

boost::json::object one_journey_in(const std::vector<std::string>& lines) {
  LogPlayer player({Log{"/var/log/exim4/mainlog", "mx1", false, lines}});
  player.play_all();
  const auto journeys = player.journeys();
  if (journeys.size() != 1) return {};
  return boost::json::parse(journeys[0]).as_object();
}

TEST(EximScanner, ThatCannotBeAskedIsOurSetUp) {
  for (const std::string trouble :
       {"malware acl condition: clamd /var/run/clamav/clamd.ctl : unable to connect to UNIX socket "
        "(No such file or directory)",
        "spam acl condition: all spamd servers failed"}) {
    const std::string refused =
        kSystemId +
        " H=mx.example.net [192.0.2.7] F=<ana@example.net> temporarily rejected after DATA";
    const auto apart =
        one_journey_in({system_says(kSystemId + " " + trouble), system_says(refused)});
    const auto inside = one_journey_in({system_says(refused + ": " + trouble)});
    for (const auto& journey : {apart, inside}) {
      ASSERT_TRUE(journey.contains("unnamed_recipients"));
      const auto& all = journey.at("unnamed_recipients").as_object();
      EXPECT_EQ(all.at("outcome").as_string(), "rejected");
      EXPECT_EQ(all.at("reason").as_string(), "local_config") << trouble;
    }
    EXPECT_THAT(boost::json::serialize(apart.at("facts")), HasSubstr("acl condition"));
  }
}

// A program of this host that hands mail in without SMTP.
TEST(EximNotSmtp, RefusedMailOfALocalProgramIsOnItsWayOut) {
  const auto journey = one_journey_in({system_says(
      kSystemId +
      " F=<www-data@example.org> rejected by non-SMTP ACL: local configuration error")});
  ASSERT_TRUE(journey.contains("direction"));
  EXPECT_EQ(journey.at("direction").as_string(), "out");
  EXPECT_EQ(journey.at("submission").at("method").as_string(), "local");
}

// A clock that was set back, a restored machine, another host in the same file.
TEST(EximIds, UsedAgainAfterTheEndAreAnotherMessage) {
  const auto done = system_says(kSystemId + " Completed");
  const auto other =
      system_says(kSystemId +
                      " <= bo@example.com H=mx.example.com [192.0.2.8] P=esmtps S=1300 "
                      "id=m2@example.com for rosa@example.org",
                  "12:00:00");
  const auto others_end =
      system_says(kSystemId + " => rosa <rosa@example.org> R=local T=local_delivery", "12:00:01");
  EXPECT_THAT(jot_texts({kSystemMail, kSystemEnd, done, other, others_end}),
              ElementsAre(kSystemId + " | juan@example.org delivered",
                          kSystemId + " | rosa@example.org delivered"));
  // The same lines again, from a copy of the log, are the same message.
  EXPECT_THAT(jot_texts({kSystemMail, kSystemEnd, done, kSystemMail, kSystemEnd, done}),
              ElementsAre(kSystemId + " | juan@example.org delivered"));
}

}  // namespace
}  // namespace rastro
