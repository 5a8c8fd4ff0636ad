// What Exim sends about a message - bounces, warnings, reports, automatic answers - and how the
// message stands by them. All arrive in one form; derived from src/deliver.c and
// src/transports/autoreply.c of 4.96, whose stamps are whole seconds.
#include <gmock/gmock.h>

#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const std::string kMail = "1xVmNc-00000001abc-1Ab2";
const std::string kFirst = "1xVmNd-00000001abc-1Ab2";
const std::string kSecond = "1xVmNe-00000001abc-1Ab2";

std::string says(const std::string& id, const std::string& text, int second = 0) {
  return "2026-11-24 10:00:0" + std::to_string(second) + " " + id + " " + text;
}
std::string comes() {
  return says(kMail, "<= u@example.net H=mx.example.net [192.0.2.9] P=esmtp S=2345");
}
std::string about_it(const std::string& id, const std::string& user = "mailnull") {
  return says(id, "<= <> R=" + kMail + " U=" + user + " P=local S=999");
}
std::string fails(const std::string& to) {
  return says(kMail, "** " + to +
                         " R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.1]: SMTP "
                         "error from remote mail server after RCPT TO:<" +
                         to + ">: 550 no");
}
std::string waits(const std::string& to) {
  return says(kMail, "== " + to + " R=dnslookup T=remote_smtp defer (111): Connection refused");
}
std::vector<std::string> links_of_mail(const std::vector<std::string>& lines) {
  for (const auto& journey : jot(lines)) {
    if (journey.text.starts_with(kMail)) return journey.links;
  }
  return {"no journey"};
}

TEST(EximNotices, TwoBouncesInOneSecond) {
  EXPECT_THAT(links_of_mail({comes(), fails("a@example.org"), fails("b@example.org"),
                             about_it(kFirst), about_it(kSecond)}),
              UnorderedElementsAre("bounce child " + kFirst, "bounce child " + kSecond));
}
TEST(EximNotices, AWarningBehindABounce) {
  EXPECT_THAT(links_of_mail({comes(), fails("a@example.org"), waits("b@example.org"),
                             about_it(kFirst), about_it(kSecond)}),
              UnorderedElementsAre("bounce child " + kFirst, "delay_notice child " + kSecond));
}

TEST(EximNotices, TheBounceOfWhatWasCancelled) {
  EXPECT_THAT(links_of_mail({comes(), says(kMail, "cancelled by timeout_frozen_after"),
                             about_it(kFirst), says(kMail, "Completed")}),
              ElementsAre("bounce child " + kFirst));
  EXPECT_THAT(links_of_mail({comes(), fails("a@example.org"), waits("b@example.org"),
                             about_it(kFirst), says(kMail, "cancelled by root", 5),
                             about_it(kSecond), says(kMail, "Completed", 5)}),
              UnorderedElementsAre("bounce child " + kFirst, "bounce child " + kSecond));
}

TEST(EximNotices, TheBounceOfWhatALocalCallerWasRefused) {
  EXPECT_THAT(links_of_mail({says(kMail,
                                  "F=<ana@example.org> rejected by non-SMTP ACL: no mail "
                                  "from this account"),
                             about_it(kFirst)}),
              ElementsAre("bounce child " + kFirst));
}

TEST(EximNotices, AnAutomaticAnswerIsNeitherBounceNorWarning) {
  const auto answered = says(kMail,
                             "=> >u@example.net <ana@example.org> R=userforward "
                             "T=vacation_reply");
  for (const auto& before : {waits("b@example.com"), fails("b@example.com")}) {
    EXPECT_THAT(links_of_mail({comes(), before, about_it(kFirst, "ana"), answered}),
                ElementsAre("report child " + kFirst));
  }
  EXPECT_THAT(links_of_mail({comes(), fails("b@example.com"), about_it(kFirst, "ana"), answered,
                             about_it(kSecond)}),
              UnorderedElementsAre("report child " + kFirst, "bounce child " + kSecond));
}
TEST(EximNotices, AnAnswerThatWasNotSentIsNotAnEarlierBounce) {
  EXPECT_THAT(links_of_mail({comes(), fails("b@example.com"), about_it(kFirst),
                             "2026-11-24 10:30:00 " + kMail +
                                 " => >u@example.net <ana@example.org> R=userforward T=vacation"}),
              ElementsAre("bounce child " + kFirst));
}

// The next hop is this host again, or its log is among those read: it discards whom its ACL names
// before the message has an id.
TEST(EximNotices, WhomTheNextHopDiscardsAtRcptIsToldOnce) {
  const auto told = jot(
      {comes(),
       "2026-11-24 10:00:00 H=localhost (mx1.example.org) [127.0.0.1] F=<u@example.net> RCPT "
       "<ana@EXAMPLE.org>: discarded by RCPT ACL",
       says(kFirst,
            "<= u@example.net H=localhost (mx1.example.org) [127.0.0.1] P=esmtp S=2400 id=E" +
                kMail + "@mx1.example.org"),
       says(kFirst, "=> blackhole (RCPT ACL discarded recipients)"), says(kFirst, "Completed"),
       says(kMail, "=> ana@example.org R=filter T=again H=127.0.0.1 [127.0.0.1] C=\"250 OK id=" +
                       kFirst + "\""),
       says(kMail, "Completed")});
  std::vector<std::string> texts;
  for (const auto& journey : told) texts.push_back(journey.text);
  ASSERT_THAT(texts, testing::SizeIs(1));
  EXPECT_THAT(texts.front(), testing::EndsWith("| ana@EXAMPLE.org discarded"));
}

// freeze_tell: the postmaster is told in the line before "Frozen".
TEST(EximNotices, ThatAMessageWasFrozenIsNoBounceAndNoWarning) {
  const auto tells = about_it(kFirst);
  EXPECT_THAT(links_of_mail({comes(), tells, says(kMail, "Frozen by the system filter: no")}),
              ElementsAre("report child " + kFirst));
  EXPECT_THAT(links_of_mail({comes(), waits("a@example.org"), tells, says(kMail, "Frozen")}),
              ElementsAre("report child " + kFirst));
  const auto bounce = says(kMail, "<= <> H=mx.example.net [192.0.2.9] P=esmtp S=2345");
  EXPECT_THAT(links_of_mail({bounce, fails("a@example.org"), tells,
                             says(kMail, "Frozen (delivery error message)")}),
              ElementsAre("report child " + kFirst));
  // One that failed for one of them, and stands still for another.
  EXPECT_THAT(links_of_mail({comes(), fails("a@example.org"), waits("b@example.org"), tells,
                             says(kMail, "Frozen")}),
              ElementsAre("bounce child " + kFirst));
  EXPECT_THAT(links_of_mail({bounce, waits("a@example.org"), tells}),
              ElementsAre("report child " + kFirst));
}

TEST(EximNotices, AMessageWhoseClientWentAwayBehindItIsNotQueued) {
  LogPlayer player(
      {Log{"/var/log/exim4/mainlog",
           "mx1",
           false,
           {says(kMail, "H=(mx) [192.0.2.9] Warning: spam points 3"),
            says(kMail, "SMTP connection lost after final dot H=(mx) [192.0.2.9] P=esmtp")}}});
  player.play_all();
  EXPECT_THAT(player.journeys(), ElementsAre(HasSubstr(R"("arrival":"broken_off")")));
}

// "error ignored" is said of each address by itself; the others go on.
TEST(EximNotices, AnErrorIsIgnoredForTheOneWhoIsNamed) {
  EXPECT_THAT(jot_texts({comes(), fails("a@example.org"), waits("b@example.org"),
                         says(kMail, "a@example.org: error ignored")}),
              ElementsAre(kMail + " | a@example.org bounced, b@example.org deferred"));
  // The log begins behind the failure.
  EXPECT_THAT(jot_texts({says(kMail, "a@example.org: error ignored"), says(kMail, "Completed")}),
              ElementsAre(kMail + " | a@example.org bounced"));
  EXPECT_THAT(
      jot_texts({comes(), waits("a@example.org"), says(kMail, "Frozen (delivery error message)"),
                 says(kMail, "cancelled by timeout_frozen_after"),
                 says(kMail, "a@example.org: error ignored"), says(kMail, "Completed")}),
      ElementsAre(kMail + " | a@example.org bounced"));
}

TEST(EximNotices, WhatCannotGoInOneTransactionGoesToNobody) {
  EXPECT_THAT(
      jot_texts({says(kMail, "<= u@example.net U=u P=local S=9 for a@example.org b@example.org"),
                 says(kMail,
                      "** mua_wrapper is set but recipients cannot all be delivered "
                      "in one transaction"),
                 says(kMail, "Completed")}),
      ElementsAre(kMail + " | a@example.org bounced, b@example.org bounced"));
}

}  // namespace
}  // namespace rastro
