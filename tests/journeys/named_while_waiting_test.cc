// Whom a line names that is about no delivery, while the message has not been tried yet: smtpd's
// access tables at RCPT (src/smtpd/smtpd_check.c log_whatsup()), policy servers and milters.
#include <gmock/gmock.h>

#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;

std::vector<std::string> stamped(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  int second = 9;
  for (const auto& text : texts) {
    lines.push_back("2026-11-24T10:00:" + std::to_string(++second) + "+00:00 mx1 " + text);
  }
  return lines;
}
std::vector<std::string> told_while_waiting(const std::vector<std::string>& texts) {
  return jot_texts(stamped(texts));
}
std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::string kFields =
    "from=<eva@example.com> to=<rosa@example.org> proto=ESMTP helo=<mx.example.net>";
const std::vector<std::string> kConnect = {
    "postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]"};
const std::vector<std::string> kArrival = {
    "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
    "postfix/cleanup[8]: AA2F1A0E5D: message-id=<r3@example.com>"};
std::vector<std::string> active(int recipients) {
  return {"postfix/qmgr[7]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=" +
          std::to_string(recipients) + " (queue active)"};
}
std::string sent(const std::string& to) {
  return "postfix/smtp[6]: AA2F1A0E5D: to=" + to +
         ", relay=mx.example.net[192.0.2.8]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
         "(250 ok)";
}
const std::string kRemoved = "postfix/qmgr[7]: AA2F1A0E5D: removed";

TEST(NamedWhileWaiting, ByAnAccessTablesFilterOfTheRecipient) {
  const auto taken =
      kConnect +
      std::vector<std::string>{
          "postfix/smtpd[9]: NOQUEUE: filter: RCPT from mx.example.net[192.0.2.7]: "
          "<rosa@example.org>: Recipient address triggers FILTER smtp:[127.0.0.1]:10025; " +
          kFields} +
      kArrival +
      std::vector<std::string>{
          "postfix/smtpd[9]: AA2F1A0E5D: filter: RCPT from mx.example.net[192.0.2.7]: "
          "<juan@example.org>: Recipient address triggers FILTER smtp:[127.0.0.1]:10025; "
          "from=<eva@example.com> to=<juan@example.org> proto=ESMTP helo=<mx.example.net>"} +
      active(2);
  EXPECT_THAT(told_while_waiting(taken),
              ElementsAre("AA2F1A0E5D | rosa@example.org queued, juan@example.org queued"));
  EXPECT_THAT(
      told_while_waiting(taken + std::vector<std::string>{sent("<rosa@example.org>"),
                                                          sent("<j@example.net>, "
                                                               "orig_to=<juan@example.org>"),
                                                          kRemoved}),
      ElementsAre("AA2F1A0E5D | rosa@example.org delivered, j@example.net delivered"));
}

// What became of him stands under another name (enable_original_recipient = no).
TEST(NamedWhileWaiting, IsNoRecipientOfHisOwnOnceTheMessageIsGone) {
  EXPECT_THAT(
      told_while_waiting(
          kConnect +
          std::vector<std::string>{
              "postfix/smtpd[9]: NOQUEUE: warn: RCPT from mx.example.net[192.0.2.7]: watched; " +
              kFields} +
          kArrival + active(1) + std::vector<std::string>{sent("<r@example.net>"), kRemoved}),
      ElementsAre("AA2F1A0E5D | r@example.net delivered"));
}

TEST(NamedWhileWaiting, NorTheOriginalOfOthers) {
  std::vector<std::string> named;
  for (const std::string to : {"rosa", "juan", "luis"}) {
    named.push_back(
        "postfix/smtpd[9]: AA2F1A0E5D: warn: RCPT from mx.example.net[192.0.2.7]: x; "
        "from=<eva@example.com> to=<" +
        to + "@example.org> proto=ESMTP helo=<mx.example.net>");
  }
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false,
                        stamped(kArrival + named + active(2) +
                                std::vector<std::string>{sent("<rosa@example.org>"),
                                                         sent("<juan@example.org>"), kRemoved})}});
  player.play_all();
  const auto told = player.journeys();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told.front(), testing::HasSubstr(R"("counts":{"delivered":2},)"));
}

TEST(NamedWhileWaiting, ByAPolicyServerThatKnowsTheQueueId) {
  EXPECT_THAT(
      told_while_waiting(
          kArrival +
          std::vector<std::string>{
              "postgrey[5]: AA2F1A0E5D: action=pass, reason=client AWL, "
              "client_name=mx.example.net, client_address=192.0.2.7, sender=eva@example.com, "
              "recipient=rosa@example.org"} +
          active(1)),
      ElementsAre("AA2F1A0E5D | rosa@example.org queued"));
}

TEST(NamedWhileWaiting, ByRspamdAllOfThem) {
  const std::string said =
      "rspamd[5]: <a1b2c3>; proxy; rspamd_task_write_log: id: <r3@example.com>, qid: <AA2F1A0E5D>, "
      "ip: 192.0.2.7, from: <eva@example.com>, (default: F (no action): [-0.10/15.00] "
      "[MIME_GOOD(-0.10){text/plain;}]), len: 700, time: 20.1ms, dns req: 2, digest: <0123abcd>, "
      "rcpts: <rosa@example.org,juan@example.org>, mime_rcpts: <rosa@example.org>";
  const auto taken = kArrival + std::vector<std::string>{said} + active(2);
  EXPECT_THAT(told_while_waiting(taken),
              ElementsAre("AA2F1A0E5D | rosa@example.org queued, juan@example.org queued"));
  // Two addresses of one mailbox: one line tells of both.
  EXPECT_THAT(
      told_while_waiting(kArrival + std::vector<std::string>{said} + active(1) +
                         std::vector<std::string>{
                             sent("<box@example.org>, orig_to=<rosa@example.org>"), kRemoved}),
      ElementsAre("AA2F1A0E5D | box@example.org delivered"));
}

// A filter behind the queue knows them by what aliases made of them.
TEST(NamedWhileWaiting, NotByAFilterBehindTheQueue) {
  EXPECT_THAT(
      told_while_waiting(
          kArrival + active(1) +
          std::vector<std::string>{
              "amavis[5]: (01234-05) Passed CLEAN {RelayedInternal}, [192.0.2.7]:1 "
              "<eva@example.com> -> <r@example.net>, Queue-ID: AA2F1A0E5D, Message-ID: "
              "<r3@example.com>, mail_id: x, Hits: 0, size: 9, queued_as: BB2F1A0E5D, 12 ms"}),
      ElementsAre("AA2F1A0E5D |"));
}

// Refused in the end, in a line of its own.
TEST(NamedWhileWaiting, ButRefusedAfterTheContent) {
  EXPECT_THAT(
      told_while_waiting(
          kArrival +
          std::vector<std::string>{
              "postgrey[5]: AA2F1A0E5D: action=pass, reason=client AWL, "
              "client_name=mx.example.net, client_address=192.0.2.7, sender=eva@example.com, "
              "recipient=rosa@example.org",
              "postfix/cleanup[8]: AA2F1A0E5D: milter-reject: END-OF-MESSAGE from "
              "mx.example.net[192.0.2.7]: 5.7.1 no; from=<eva@example.com> "
              "to=<rosa@example.org> proto=ESMTP helo=<mx.example.net>"}),
      ElementsAre("AA2F1A0E5D | rosa@example.org rejected"));
}

}  // namespace
}  // namespace rastro
