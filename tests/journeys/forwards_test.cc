// What is told of mail for an address here that sends it on to one elsewhere: which copy an answer
// is about, and that its sender has nothing to correct. Lines derived from Postfix' format strings
// (src/global/log_adhoc.c) and Exim's (src/deliver.c).
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"

namespace rastro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kTime = "Nov 24 10:00:01 mx1 postfix/";

std::vector<std::string> arrives(std::vector<std::string> then) {
  std::vector<std::string> lines = {
      kTime + "smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
      kTime + "cleanup[12]: A00001: message-id=<m1@example.net>",
      kTime + "qmgr[13]: A00001: from=<u@example.net>, size=900, nrcpt=2 (queue active)"};
  for (auto& line : then) lines.push_back(kTime + line);
  return lines;
}

std::string forwarded(const std::string& to, const std::string& status, const std::string& text) {
  return "smtp[14]: A00001: to=<" + to +
         ">, orig_to=<info@example.org>, relay=mx.example.com[198.51.100.9]:25, delay=2, "
         "delays=0/0/1/1, dsn=" +
         (status == "bounced"    ? "5"
          : status == "deferred" ? "4"
                                 : "2") +
         ".0.0, status=" + status + " (" + text + ")";
}
std::string refused(const std::string& words) {
  return "host mx.example.com[198.51.100.9] said: " + words + " (in reply to RCPT TO command)";
}

const std::string kKept =
    "lmtp[15]: A00001: to=<info@example.org>, relay=mx1[private/dovecot-lmtp], delay=1, "
    "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 <info@example.org> YJk Saved)";
const std::string kFull =
    "lmtp[15]: A00001: to=<info@example.org>, relay=mx1[private/dovecot-lmtp], delay=1, "
    "delays=0/0/0/1, dsn=5.2.2, status=bounced (host mx1[private/dovecot-lmtp] said: 552 5.2.2 "
    "<info@example.org> Quota exceeded (mailbox for user is full) (in reply to end of DATA "
    "command))";

Answer answer_about(const std::vector<Answer>& answers, const std::string& recipient) {
  const auto found = std::ranges::find(answers, recipient, &Answer::recipient);
  return found == answers.end() ? Answer{} : *found;
}

TEST(Forwards, WhatFailsIsTheCopyAndNotTheSender) {
  const std::vector<std::string> replies = {
      "550 5.1.1 The email account that you tried to reach does not exist",
      "550 5.2.1 The email account that you tried to reach is inactive", "552 5.2.2 Mailbox full",
      "552 5.3.4 Message size exceeds fixed limit",
      "554 5.7.1 Message rejected as spam by Content Filtering"};
  for (const auto& reply : replies) {
    const auto answers =
        answers_of(arrives({forwarded("boss@example.com", "bounced", refused(reply))}));
    ASSERT_EQ(answers.size(), 1U);
    const auto& told = answers[0];
    EXPECT_THAT(told.text, AllOf(HasSubstr("boss@example.com (the copy that info@example.org"),
                                 HasSubstr("what failed is that copy")));
    EXPECT_THAT(told.what_to_do, HasSubstr("sender has nothing to correct")) << reply;
    EXPECT_THAT(told.reply, AllOf(HasSubstr("sender has nothing to correct"),
                                  Not(HasSubstr("check the spelling"))));
    EXPECT_THAT(told.move, testing::AnyOf("recipient", "us")) << reply;
  }
}

TEST(Forwards, ThoseThatWaitAreTriedAgain) {
  const auto told = answers_of(
      arrives({forwarded("boss@example.com", "deferred", refused("451 4.7.1 Greylisted"))}))[0];
  EXPECT_EQ(told.move, "nobody");
  EXPECT_THAT(told.what_to_do, HasSubstr("Wait"));
  EXPECT_THAT(told.reply, HasSubstr("that copy has not been delivered yet"));
}

TEST(Forwards, CopiesOfOneAddressAreNamedApart) {
  auto answers = answers_of(
      arrives({kKept, forwarded("boss@example.com", "bounced", refused("552 5.2.2 full"))}));
  EXPECT_THAT(answer_about(answers, "info@example.org").text,
              AllOf(HasSubstr("Delivered"), HasSubstr("its own copy here")));
  EXPECT_THAT(answer_about(answers, "boss@example.com").text,
              HasSubstr("the copy that info@example.org"));

  answers = answers_of(
      arrives({kFull, forwarded("boss@example.com", "sent", "250 2.0.0 OK 1764493800 a1")}));
  EXPECT_THAT(answer_about(answers, "info@example.org").text, HasSubstr("its own copy here"));
  EXPECT_THAT(answer_about(answers, "boss@example.com").text,
              AllOf(HasSubstr("accepted"), HasSubstr("the copy that info@example.org forwards")));
}

TEST(Forwards, AreOfAnotherDomain) {
  // A mailbox server behind this one, under the same domain: an alias, and no forward.
  const auto told = answers_of(
      arrives({forwarded("box7@example.org", "bounced", refused("550 5.1.1 No such user"))}))[0];
  EXPECT_THAT(told.text, Not(HasSubstr("forwards")));
}

TEST(Forwards, AreToldOfEximToo) {
  const std::string mail = "2026-11-24 10:00:01 1tFxyz-000123-AB ";
  const auto told = answers_of(
      {mail + "<= u@example.net H=mx.example.net [192.0.2.7] P=esmtp S=300 id=m1@example.net for "
              "info@example.org",
       mail +
           "** boss@example.com <info@example.org> R=dnslookup T=remote_smtp H=mx.example.com "
           "[198.51.100.9]: SMTP error from remote mail server after RCPT TO:<boss@example.com>: "
           "550-5.1.1 The email account that you tried to reach does not exist",
       mail + "Completed"},
      Language::es)[0];
  EXPECT_THAT(told.text, HasSubstr("boss@example.com (la copia que reenvía info@example.org)"));
  EXPECT_THAT(told.what_to_do, HasSubstr("El remitente no tiene nada que corregir"));
  EXPECT_EQ(told.move, "recipient");
}

}  // namespace
}  // namespace rastro
