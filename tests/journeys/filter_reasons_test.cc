// Why a content filter gave to nobody what it had taken: amavis' answers are amavisd-new's
// %smtp_reason_by_ccat, rspamd's line its src/libserver/task.c rspamd_task_write_log().
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"
#include "tests/journeys/jotted.h"

namespace rastro {
namespace {

using testing::ElementsAre;

std::string postfix_says(const std::string& program, const std::string& text) {
  return "2026-11-24T10:00:00+00:00 mx1 postfix/" + program + "[9]: " + text;
}
std::vector<std::string> taken_under(const std::string& id) {
  return {postfix_says("smtpd", id + ": client=mx.example.net[192.0.2.7]"),
          postfix_says("cleanup", id + ": message-id=<m1@example.net>"),
          postfix_says("qmgr", id + ": from=<eva@example.net>, size=900, nrcpt=1 (queue active)")};
}

std::vector<std::string> discarded_by_amavis(const std::string& answer,
                                             const std::string& of_amavis = {}) {
  auto lines = taken_under("AA2F1A0E5D");
  if (!of_amavis.empty())
    lines.push_back("2026-11-24T10:00:00+00:00 mx1 amavis[123]: " + of_amavis);
  lines.push_back(
      postfix_says("smtp",
                   "AA2F1A0E5D: to=<juan@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
                   "delay=1, delays=0/0/0/1, dsn=2.7.0, status=sent (" +
                       answer + ")"));
  lines.push_back(postfix_says("qmgr", "AA2F1A0E5D: removed"));
  return ends_of(lines);
}

TEST(FilterReasons, AmavisAnswersWithWhatItFound) {
  const std::string discarded = "250 2.7.0 Ok, discarded, id=12345-01 - ";
  for (const std::string spam : {"spam", "SPAM", "spammy (tag3)"}) {
    EXPECT_THAT(discarded_by_amavis(discarded + spam),
                ElementsAre("juan@example.org discarded spam_content"));
  }
  for (const std::string danger :
       {"INFECTED: Eicar-Test-Signature", "VIRUS: Eicar", "BANNED: multipart/mixed | .exe,a.exe"}) {
    EXPECT_THAT(discarded_by_amavis(discarded + danger),
                ElementsAre("juan@example.org discarded virus_or_attachment"));
  }
  EXPECT_THAT(discarded_by_amavis(discarded + "OTHER"), ElementsAre("juan@example.org discarded"));
  EXPECT_THAT(discarded_by_amavis("250 2.7.0 Ok, discarded"),
              ElementsAre("juan@example.org discarded"));
}

TEST(FilterReasons, WhatAmavisKeepsHasTheReasonOfItsOwnLine) {
  EXPECT_THAT(
      discarded_by_amavis("250 2.7.0 Ok, discarded, id=12345-05",
                          "(12345-05) Blocked SPAM {DiscardedInbound,Quarantined}, "
                          "[192.0.2.7]:5123 [192.0.2.7] <eva@example.net> -> <juan@example.org>, "
                          "quarantine: a/spam-abc.gz, Queue-ID: AA2F1A0E5D, Message-ID: "
                          "<m1@example.net>, mail_id: abc, Hits: 20.1, size: 900, 800 ms"),
      ElementsAre("juan@example.org quarantined spam_content"));
}

std::vector<std::string> discarded_by_milter(const std::string& rspamds, const std::string& what) {
  auto lines = taken_under("AA2F1A0E5D");
  lines.pop_back();
  if (!rspamds.empty()) {
    lines.push_back(
        "2026-11-24T10:00:00+00:00 mx1 rspamd[77]: <abcdef>; task; "
        "rspamd_task_write_log: id: <m1@example.net>, qid: <AA2F1A0E5D>, ip: "
        "192.0.2.7, from: <eva@example.net>, (default: T " +
        rspamds +
        "), len: 900, time: 45.1ms, dns req: 10, digest: <aa>, rcpts: "
        "<juan@example.org>, mime_rcpts: <juan@example.org>");
  }
  lines.push_back(postfix_says("cleanup", "AA2F1A0E5D: " + what +
                                              "; from=<eva@example.net> to=<juan@example.org> "
                                              "proto=ESMTP helo=<mx.example.net>"));
  return ends_of(lines);
}

TEST(FilterReasons, AMilterDiscardsForWhatRspamdFound) {
  const std::string milter =
      "milter-discard: END-OF-MESSAGE from mx.example.net[192.0.2.7]: milter triggers DISCARD "
      "action";
  EXPECT_THAT(discarded_by_milter("(reject): [25.10/15.00] [BAYES_SPAM(5.10){100.00%;}]", milter),
              ElementsAre("juan@example.org discarded spam_content"));
  EXPECT_THAT(
      discarded_by_milter("(reject): [25.10/15.00] [CLAM_VIRUS(0.00){Eicar;},A(1.0){}]", milter),
      ElementsAre("juan@example.org discarded virus_or_attachment"));
  // Another milter's doing.
  EXPECT_THAT(discarded_by_milter("(no action): [1.10/15.00] [A(1.0){}]", milter),
              ElementsAre("juan@example.org discarded"));
  EXPECT_THAT(discarded_by_milter("", milter), ElementsAre("juan@example.org discarded"));
}

TEST(FilterReasons, ARuleOfTheOperatorsIsNoFinding) {
  EXPECT_THAT(discarded_by_milter("(reject): [25.10/15.00] [A(1.0){}]",
                                  "discard: header Subject: x from mx.example.net[192.0.2.7]"),
              ElementsAre("juan@example.org discarded"));
}

std::vector<std::string> filtered_by_pmg(const std::vector<std::string>& said,
                                         const std::string& answer = "250 2.5.0 OK") {
  auto lines = taken_under("AA2F1A0E5D");
  for (const auto& one : said) {
    lines.push_back("2026-11-24T10:00:00+00:00 mx1 pmg-smtp-filter[77]: C0FFEE0000000001: " + one);
  }
  lines.push_back(
      postfix_says("lmtp",
                   "AA2F1A0E5D: to=<juan@example.org>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
                   "delays=0/0/0/1, dsn=2.5.0, status=sent (" +
                       answer + " (C0FFEE0000000001))"));
  lines.push_back(postfix_says("qmgr", "AA2F1A0E5D: removed"));
  return lines;
}

TEST(FilterReasons, ProxmoxMailGatewayNamesItsQuarantine) {
  const auto moved = [](const std::string& where) {
    return "moved mail for <juan@example.org> to " + where + " quarantine - B2B2B2B202 (rule: R)";
  };
  EXPECT_THAT(ends_of(filtered_by_pmg({"SA score=9999/5 time=0.3", moved("spam")})),
              ElementsAre("juan@example.org quarantined spam_content"));
  EXPECT_THAT(
      ends_of(filtered_by_pmg({"virus detected: Eicar-Test-Signature (clamav)", moved("virus")})),
      ElementsAre("juan@example.org quarantined virus_or_attachment"));
}

// A copy is kept, and the mail goes on without its attachments, under another Message-ID.
TEST(FilterReasons, ProxmoxMailGatewayKeepsAttachmentsAndDeliversTheMail) {
  auto lines = filtered_by_pmg(
      {"new mail message-id=<m1@example.net>",
       "moved mail for <juan@example.org> to attachment quarantine - B2B2B2B203 (rule: R)"});
  std::vector<std::string> given_back = {
      postfix_says("smtpd",
                   "BB2F1A0E5D: client=localhost[127.0.0.1], "
                   "orig_client=mx.example.net[192.0.2.7]"),
      postfix_says("cleanup", "BB2F1A0E5D: message-id=<pmg-aquar-1001-m1@example.net>"),
      postfix_says("qmgr", "BB2F1A0E5D: from=<eva@example.net>, size=800, nrcpt=1 (queue active)"),
      "2026-11-24T10:00:00+00:00 mx1 pmg-smtp-filter[77]: C0FFEE0000000001: accept mail to "
      "<juan@example.org> (BB2F1A0E5D) (rule: default-accept)"};
  lines.insert(lines.end() - 2, given_back.begin(), given_back.end());
  lines.push_back(
      postfix_says("smtp",
                   "BB2F1A0E5D: to=<juan@example.org>, relay=mx.example.org[192.0.2.9]:25, "
                   "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)"));
  lines.push_back(postfix_says("qmgr", "BB2F1A0E5D: removed"));
  EXPECT_THAT(jot_texts(lines), ElementsAre("AA2F1A0E5D BB2F1A0E5D | juan@example.org delivered"));
}

// smtpd's DISCARD at DATA names nobody, and cleanup goes on about the same message.
TEST(Discarded, AtDataIsOneMessage) {
  const std::string id = "AA2F1A0E5D";
  EXPECT_THAT(
      jot_texts(
          {postfix_says("smtpd", "connect from mx.example.net[192.0.2.7]"),
           postfix_says("smtpd", id + ": client=mx.example.net[192.0.2.7]"),
           postfix_says("smtpd", id + ": discard: DATA from mx.example.net[192.0.2.7]: <DATA>: "
                                      "Data command triggers DISCARD action; "
                                      "from=<eva@example.net> proto=ESMTP helo=<mx>"),
           postfix_says("cleanup", id + ": message-id=<m1@example.net>"),
           postfix_says("cleanup", id + ": discarded"),
           postfix_says("smtpd",
                        "disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=1 "
                        "data=1 quit=1 commands=5"),
           postfix_says("smtpd", id + ": client=mx.example.com[192.0.2.8]"),
           postfix_says("cleanup", id + ": message-id=<m2@example.com>")}),
      ElementsAre("AA2F1A0E5D |", "AA2F1A0E5D |"));
}

}  // namespace
}  // namespace rastro
