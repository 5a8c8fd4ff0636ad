// Lines of a mail server's log and listings of its queue, as people paste them to ask what
// happened.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {
namespace {

using testing::ElementsAre;

// Each recipient and what became of it.
std::vector<std::string> told(const BounceReport& report) {
  std::vector<std::string> out;
  for (const auto& r : report.recipients) out.push_back(r.recipient.value + " " + r.action.value);
  return out;
}

const std::string kPostfix = "Dec  1 10:00:00 mail postfix/smtp[1]: 4JfcC62DS0z1c1C: to=<";
const std::string kFields =
    ">, relay=mx.example.net[192.0.2.7]:25, delay=30, delays=0/0/30/0, dsn=";
const std::string kExim = "2026-11-30 10:02:24 1pfdJV-004eVE-9X ";

TEST(BounceLogLines, EximsDoubleEqualsSignIsADelay) {
  for (const auto* why :
       {"T=remote_smtp defer (-44) H=mx.example.net [192.0.2.7]: SMTP error from remote mail "
        "server "
        "after RCPT TO:<juan@example.net>: 451 4.7.1 Greylisted",
        "T=remote_smtp defer (110) H=mx.example.net [192.0.2.7]: Connection timed out",
        "T=remote_smtp defer (-53): retry time not reached for any host for 'example.net'",
        "T=remote_smtp defer (-18) H=mx.example.net [192.0.2.7]: Remote host closed connection in "
        "response to initial connection",
        "T=remote_smtp defer (0): domain has exceeded the max emails per hour",
        "defer (-1): host lookup did not complete"}) {
    const auto report =
        read_bounce(kExim + "== juan@example.net R=dnslookup " + std::string(why) + "\n");
    EXPECT_EQ(report.kind, BounceKind::delayed) << why;
    EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed")) << why;
    ASSERT_EQ(report.queue_ids.size(), 1U) << why;
    EXPECT_EQ(report.queue_ids.front().value, "1pfdJV-004eVE-9X");
  }
}

TEST(BounceLogLines, EximsReplyIsWhatStandsBehindTheFields) {
  const auto report = read_bounce(
      kExim +
      "== juan <juan@example.net> R=virtual T=dovecot_lmtp defer (-44): LMTP error from "
      "remote mail server after RCPT TO:<juan@example.net>: 452 4.2.2 Mailbox is full\n");
  EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed"));
  EXPECT_EQ(report.recipients.front().diagnostic.value, "452 4.2.2 Mailbox is full");
  EXPECT_EQ(report.recipients.front().reply_code.value, "452");
  const auto old_style = read_bounce(kExim + "** juan@example.net: Unrouteable address\n");
  EXPECT_THAT(told(old_style), ElementsAre("juan@example.net failed"));
  EXPECT_EQ(old_style.recipients.front().diagnostic.value, "Unrouteable address");
}

TEST(BounceLogLines, WhatPostfixDeferredIsTriedAgainWhateverTheReply) {
  for (const auto* why :
       {"4.0.0, status=deferred (host mx.example.net[192.0.2.7] refused to talk to "
        "me: 554 5.7.1 Client host blocked using zen.spamhaus.org)",
        "4.7.1, status=deferred (host mx.example.net[192.0.2.7] said: 550 5.7.1 "
        "blocked (in reply to RCPT TO command))",
        "5.1.1, status=SOFTBOUNCE (host mx.example.net[192.0.2.7] said: 550 5.1.1 "
        "User unknown (in reply to RCPT TO command))"}) {
    const auto report = read_bounce(kPostfix + "juan@example.net" + kFields + why + "\n");
    EXPECT_EQ(report.kind, BounceKind::delayed) << why;
    EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed")) << why;
  }
  EXPECT_EQ(
      read_bounce(kPostfix + "juan@example.net" + kFields +
                  "5.1.1, status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 User "
                  "unknown (in reply to RCPT TO command))\n")
          .kind,
      BounceKind::failed);
}

TEST(BounceLogLines, EachLineHasItsOwnRecipientAndOutcome) {
  const auto first = kPostfix + "juan@example.net" + kFields +
                     "4.4.1, status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection "
                     "timed out)\n";
  const auto second = kPostfix + "eva@example.com" + kFields +
                      "5.1.1, status=bounced (host mx.example.com[192.0.2.8] said: 550 5.1.1 User "
                      "unknown (in reply to RCPT TO command))\n";
  const auto report = read_bounce(first + second);
  EXPECT_EQ(report.kind, BounceKind::failed);
  EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed", "eva@example.com failed"));
  EXPECT_EQ(report.recipients.front().reply_code.value, "");
  // A later line of the same mail and recipient is what became of it.
  const auto sent = kPostfix + "juan@example.net" + kFields + "2.0.0, status=sent (250 2.0.0 Ok)\n";
  EXPECT_THAT(told(read_bounce(first + sent)), ElementsAre("juan@example.net relayed"));
  // A filter took it under one id, the server behind refused it under another.
  auto filter = sent;
  filter.replace(filter.find("4JfcC62DS0z1c1C"), 15, "4JfcC62DS0z1c2D");
  EXPECT_THAT(told(read_bounce(second + filter)),
              ElementsAre("eva@example.com failed", "juan@example.net relayed"));
  EXPECT_THAT(told(read_bounce(first + filter)), ElementsAre("juan@example.net delayed"));
}

TEST(BounceLogLines, WhatAnotherServerTookIsInNoMailboxYet) {
  const auto action = [](const std::string& line) {
    const auto report = read_bounce(line + "\n");
    return report.recipients.empty() ? "" : report.recipients.front().action.value;
  };
  const std::string sent = ", delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)";
  const std::string to = ": 4JfcC62DS0z1c1C: to=<juan@example.net>, relay=";
  EXPECT_EQ(
      action("Dec  1 10:00:00 mail postfix/smtp[1]" + to + "mx.example.net[192.0.2.7]:25" + sent),
      "relayed");
  EXPECT_EQ(
      action("Dec  1 10:00:00 mail postfix/lmtp[1]" + to + "mail.example.net[192.0.2.7]:24" + sent),
      "delivered");
  EXPECT_EQ(action("Dec  1 10:00:00 mail postfix/lmtp[1]" + to +
                   "mail.example.net[private/dovecot-lmtp]" + sent),
            "delivered");
  EXPECT_EQ(action("Dec  1 10:00:00 mail postfix/virtual[1]" + to + "virtual" + sent), "delivered");
  EXPECT_EQ(action(kExim + "=> juan@example.net R=dnslookup T=remote_smtp H=mx.example.net "
                           "[192.0.2.7] C=\"250 Ok\""),
            "relayed");
  EXPECT_EQ(action(kExim + "=> juan <juan@example.net> R=local T=dovecot_lmtp H=localhost "
                           "[127.0.0.1] C=\"250 Saved\""),
            "delivered");
  EXPECT_EQ(action(kExim + "=> juan <juan@example.net> R=localuser T=local_delivery"), "delivered");
}

TEST(BounceLogLines, WhomAServerRefusedIsToldAsItsOwnRefusal) {
  const auto line = [](const std::string& reply) {
    return "Dec  1 11:10:13 mx1 postfix/smtpd[11]: NOQUEUE: reject: RCPT from "
           "srv.example.net[192.0.2.81]: " +
           reply +
           "; from=<ana@example.net> to=<juan@example.org> proto=ESMTP helo=<srv.example.net>\n";
  };
  const auto listed = read_bounce(
      line("554 5.7.1 Service unavailable; Client host [192.0.2.81] blocked using list.example"));
  EXPECT_THAT(told(listed), ElementsAre("juan@example.org failed"));
  const auto& recipient = listed.recipients.front();
  EXPECT_EQ(recipient.action.from, "a refusal in a log");
  EXPECT_EQ(recipient.diagnostic.value,
            "554 5.7.1 Service unavailable; Client host [192.0.2.81] blocked using list.example");
  const auto put_off = read_bounce(line("450 4.2.0 <juan@example.org>: Greylisted"));
  EXPECT_EQ(put_off.kind, BounceKind::delayed);
  EXPECT_THAT(told(put_off), ElementsAre("juan@example.org delayed"));
}

TEST(BounceLogLines, EximsQueueListing) {
  const auto report = read_bounce(
      "25h  2.9K 1pfdJV-004eVE-9X <ana@example.org>\n        D eva@example.com\n"
      "          juan@example.net\n\n 4d   12K 1pfdJV-004eVE-9Y <> *** frozen ***\n"
      "          leo@example.com\n");
  EXPECT_EQ(report.kind, BounceKind::delayed);
  EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed", "leo@example.com delayed"));
  ASSERT_EQ(report.queue_ids.size(), 2U);
  EXPECT_EQ(report.queue_ids.front().value, "1pfdJV-004eVE-9X");
}

TEST(BounceLogLines, ALineThatWasWrappedOrQuotedIsOne) {
  const auto report = read_bounce(
      "Hi, what is this?\n\n> Dec  1 10:00:00 mail postfix/smtp[1]: 4JfcC62DS0z1c1C:\n"
      "> to=<juan@example.net>, relay=mx.example.net[192.0.2.7]:25,\n> delay=30, "
      "delays=0/0/30/0, dsn=4.0.0, status=deferred (host\n> mx.example.net[192.0.2.7] refused to "
      "talk to me: 554 5.7.1 blocked)\n\nThanks\n");
  EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed"));
  EXPECT_EQ(report.recipients.front().diagnostic.value, "554 5.7.1 blocked");
}

TEST(BounceLogLines, SendmailsControllingUserIsNoRecipient) {
  const std::string line =
      "Dec  1 10:00:00 mail sendmail[123]: 0B1A0xyz012345: to=<juan@example.net>, "
      "ctladdr=<ana@example.org> (1000/1000), delay=00:01:00, xdelay=00:01:00, mailer=esmtp, "
      "pri=120318, relay=mx.example.net. [192.0.2.7], ";
  const auto waits =
      read_bounce(line + "dsn=4.0.0, stat=Deferred: Connection timed out with mx.example.net.\n");
  EXPECT_THAT(told(waits), ElementsAre("juan@example.net delayed"));
  EXPECT_THAT(told(read_bounce(line + "dsn=5.1.1, stat=User unknown\n")),
              ElementsAre("juan@example.net failed"));
}

TEST(BounceLogLines, WhatAQueueListsIsStillThere) {
  for (const auto* indent : {"", "        "}) {
    const auto report = read_bounce(
        "4JfcC62DS0z1c1C     2412 Tue Dec  1 09:00:00  ana@example.org\n" + std::string(indent) +
        "(host mx.example.net[192.0.2.7] refused to talk to me: 554 5.7.1 blocked by list)\n"
        "                                         juan@example.net\n\n-- 2 Kbytes in 1 Request.\n");
    EXPECT_EQ(report.kind, BounceKind::delayed);
    EXPECT_THAT(told(report), ElementsAre("juan@example.net delayed"));
    ASSERT_EQ(report.queue_ids.size(), 1U);
    EXPECT_EQ(report.queue_ids.front().value, "4JfcC62DS0z1c1C");
    EXPECT_EQ(report.recipients.front().diagnostic.value, "554 5.7.1 blocked by list");
  }
}

TEST(BounceLogLines, ALetterOfAListThatQuotesALineIsNoBounce) {
  const auto report = read_bounce(
      "From: Luis <luis@example.com>\nTo: ana@example.org\nSubject: Re: duda\nPrecedence: list\n"
      "List-ID: <users.lists.example>\n\n> " +
      kExim +
      "** juan@example.net R=dnslookup T=remote_smtp: SMTP error from remote mail server after "
      "RCPT TO:<juan@example.net>: 550 5.1.1 User unknown\n\nYou need a router for it.\n");
  EXPECT_EQ(report.kind, BounceKind::not_a_bounce);
}

// A program's daily report is no question about one mail.
TEST(BounceLogLines, AMailFullOfLinesIsNotAskedAbout) {
  std::string text = "From: root@example.org\nTo: ops@example.org\nSubject: System events\n\n";
  for (const char* who : {"a", "b", "c", "d", "e", "f"})
    text += kPostfix + who + "@example.net" + kFields +
            "4.4.1, status=deferred (connect to "
            "mx.example.net[192.0.2.7]:25: Connection timed out)\n";
  EXPECT_NE(read_bounce(text).kind_because, "a line of a log");
}

}  // namespace
}  // namespace rastro
