// What is explained of one recipient where the journey has several: what stands beside the
// recipients is told of those alone that it is about. Lines derived from Postfix' format strings
// (src/smtpd/smtpd_check.c, src/global/log_adhoc.c, src/bounce/bounce_notify_service.c).
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "daemon/answer/journey_json.h"
#include "daemon/reply_reasons.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Of the first journey: recipient -> text of the explanation.
std::map<std::string, std::string> explained(const std::vector<std::string>& texts) {
  static const auto kExplainer = Explainer::create().value();
  Log log{"/var/log/mail.log", "mx1", false, {}};
  for (const auto& text : texts) {
    const bool of_filter = text.compare(9, 6, "amavis") == 0;
    log.lines.push_back("2026-11-24T" + text.substr(0, 8) + "+00:00 mx1 " +
                        (of_filter ? "" : "postfix/") + text.substr(9));
  }
  static const auto kRules = load_reply_rules({}).value();
  ReplyReasons reasons(kRules, 1);
  LogPlayer player({std::move(log)}, {}, reasons.classify());
  player.play_all();
  player.flush();
  std::map<std::string, std::string> out;
  if (player.index().legs.empty()) return out;
  const auto journey = assemble(player.index(), player.index().legs.begin()->first);
  if (!journey || !*journey) return out;
  JourneyJsonOptions options;
  options.explainer = &kExplainer;
  const auto told = to_json(**journey, options);
  for (const auto& to : told.at("recipients").as_array()) {
    out[std::string(to.at("recipient").as_string())] =
        std::string(to.at("explanation").at("text").as_string());
  }
  return out;
}

std::string put_off(const std::string& clock, const std::string& id, const std::string& to) {
  return clock + " smtpd[11]: " + id +
         ": reject: RCPT from mx.example.net[192.0.2.7]: 450 4.2.0 <" + to +
         ">: Recipient address rejected: Greylisted; from=<a@example.net> to=<" + to +
         "> proto=ESMTP helo=<mx.example.net>";
}

TEST(ExplainedRetry, IsToldOfThoseWhoWereTakenLater) {
  const auto take = [](std::vector<std::string> lines, const std::string& to) {
    lines.push_back("10:10:00 cleanup[12]: A00001: message-id=<m1@example.net>");
    lines.push_back(
        "10:10:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue active)");
    lines.push_back("10:10:01 virtual[14]: A00001: to=<" + to +
                    ", relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered "
                    "to maildir)");
    return lines;
  };
  const std::vector<std::string> first = {put_off("10:00:00", "NOQUEUE", "ana@example.org"),
                                          put_off("10:00:00", "NOQUEUE", "bob@example.org")};
  auto again = first;
  again.push_back("10:10:00 smtpd[15]: A00001: client=mx.example.net[192.0.2.7]");
  auto refused_again = again;
  refused_again.push_back(put_off("10:10:00", "A00001", "bob@example.org"));
  for (const auto& lines : {take(again, "ana@example.org>"),
                            take(again, "box7@example.org>, orig_to=<ana@example.org>"),
                            take(refused_again, "ana@example.org>")}) {
    auto told = explained(lines);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told["ana@example.org"], HasSubstr("came back, and then the message was accepted"));
    EXPECT_THAT(told["bob@example.org"],
                AllOf(HasSubstr("for now"), Not(HasSubstr("message was accepted"))));
  }
}

TEST(ExplainedReport, IsOfTheRecipientWhoFailedBeforeIt) {
  const auto bounced = [](const std::string& clock, const std::string& to) {
    return clock + " smtp[14]: A00001: to=<" + to +
           ">, relay=mx.example.com[203.0.113.7]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
           "status=bounced (host mx.example.com[203.0.113.7] said: 550 5.1.1 no such user (in "
           "reply "
           "to RCPT TO command))";
  };
  const auto reported = [](std::vector<std::string>& lines, const std::string& clock,
                           const std::string& id, const std::string& end) {
    lines.push_back(clock + " bounce[16]: A00001: sender non-delivery notification: " + id);
    lines.push_back(clock + " cleanup[12]: " + id + ": message-id=<" + id + "@mx1>");
    lines.push_back(clock + " qmgr[13]: " + id + ": from=<>, size=9, nrcpt=1 (queue active)");
    lines.push_back(clock + " lmtp[17]: " + id +
                    ": to=<s@example.org>, relay=mx1[private/lmtp], delay=1, delays=0/0/0/1, " +
                    end);
    lines.push_back(clock + " qmgr[13]: " + id + ": removed");
  };
  std::vector<std::string> lines = {
      "10:00:00 smtpd[11]: A00001: client=pc.example.org[192.0.2.8], sasl_method=PLAIN, "
      "sasl_username=s@example.org",
      "10:00:00 cleanup[12]: A00001: message-id=<m1@example.org>",
      "10:00:00 qmgr[13]: A00001: from=<s@example.org>, size=9, nrcpt=3 (queue active)",
      bounced("10:00:01", "ana@example.com")};
  reported(lines, "10:00:02", "A00002",
           "dsn=5.2.2, status=bounced (host mx1[private/lmtp] said: 552 5.2.2 Quota exceeded)");
  lines.push_back(bounced("12:00:01", "bob@example.com"));
  const auto failed = HasSubstr("could not be delivered either");
  // The log ends before bob's report.
  auto told = explained(lines);
  EXPECT_THAT(told["ana@example.com"], failed);
  EXPECT_THAT(told["bob@example.com"], Not(failed));
  reported(lines, "12:00:02", "A00003", "dsn=2.0.0, status=sent (250 2.0.0 Saved)");
  lines.push_back(bounced("13:00:01", "cleo@example.com"));
  reported(lines, "13:00:02", "A00004",
           "dsn=5.2.2, status=bounced (host mx1[private/lmtp] said: 552 5.2.2 Quota exceeded)");
  told = explained(lines);
  EXPECT_THAT(told["ana@example.com"], failed);
  EXPECT_THAT(told["bob@example.com"], Not(failed));
  EXPECT_THAT(told["cleo@example.com"], failed);
}

std::vector<std::string> from_outside(const std::string& last) {
  return {"10:00:00 smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
          "10:00:00 cleanup[12]: A00001: message-id=<m1@example.net>",
          "10:00:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue active)", last,
          "10:00:02 qmgr[13]: A00001: removed"};
}

TEST(ExplainedForward, IsWhatFailsDmarcNotTheSender) {
  const std::string refused =
      ", relay=mx.example.com[203.0.113.7]:25, delay=1, delays=0/0/0/1, dsn=5.7.26, "
      "status=bounced (host mx.example.com[203.0.113.7] said: 550 5.7.26 Unauthenticated email "
      "from example.net is not accepted due to domain's DMARC policy (in reply to end of DATA "
      "command))";
  auto told = explained(from_outside(
      "10:00:01 smtp[14]: A00001: to=<ana@example.com>, orig_to=<team@example.org>" + refused));
  EXPECT_THAT(told["ana@example.com"], HasSubstr("it is the forwarding that fails"));
  told = explained(from_outside("10:00:01 smtp[14]: A00001: to=<ana@example.com>" + refused));
  EXPECT_THAT(told["ana@example.com"], Not(HasSubstr("forwarding")));
}

TEST(ExplainedAttempts, AreThoseOfTheLogWhereItBeginsLater) {
  const std::string tried =
      "10:00:01 smtp[14]: A00001: to=<ana@example.com>, relay=none, delay=250000, "
      "delays=249970/0/30/0, dsn=4.4.1, status=deferred (connect to "
      "mx.example.com[203.0.113.7]:25: Connection timed out)";
  auto told = explained(
      {"10:00:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue active)", tried});
  EXPECT_THAT(told["ana@example.com"],
              HasSubstr("Attempts in the log: 1; the first ones were made before the log begins."));
  told = explained({"10:00:00 smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
                    "10:00:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue "
                    "active)",
                    tried});
  EXPECT_THAT(told["ana@example.com"], Not(HasSubstr("before the log begins")));
}

// amavisd: the verdict is logged before the answer goes to Postfix, or after.
TEST(ExplainedQuarantine, TellsWhatTheFilterFound) {
  const std::string taken =
      "10:00:01 smtp[14]: A00001: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
      "delay=1, delays=0/0/0/1, dsn=2.7.0, status=sent (250 2.7.0 Ok, discarded, id=66889-07 - "
      "SPAM)";
  const std::string verdict =
      "10:00:01 amavis[31]: (66889-07) Blocked SPAM {DiscardedInbound,Quarantined}, "
      "[192.0.2.7]:4000 [192.0.2.7] <a@example.net> -> <ana@example.org>, quarantine: "
      "b/spam-b98130.gz, Queue-ID: A00001, Message-ID: <m1@example.net>, mail_id: b98130XyZ, "
      "Hits: 18.4, size: 9, 1312 ms";
  for (const bool before : {true, false}) {
    auto lines = from_outside(before ? verdict : taken);
    lines.insert(lines.end() - 1, before ? taken : verdict);
    auto told = explained(lines);
    EXPECT_THAT(told["ana@example.org"], HasSubstr("for spam, with a score of 18.4"));
  }
}

TEST(ExplainedMailbox, IsNamedBesideTheAddressThatLeadsToIt) {
  auto told = explained(
      from_outside("10:00:01 local[14]: A00001: to=<ana@example.org>, orig_to=<info@example.org>, "
                   "relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to "
                   "mailbox)"));
  EXPECT_THAT(told["ana@example.org"], HasSubstr("ana@example.org (sent to info@example.org)"));
}

TEST(ExplainedMailboxServer, ThatIsDownIsOurMatter) {
  for (const std::string why :
       {"host mx1.example.org[private/dovecot-lmtp] said: 451 4.2.0 Internal error occurred (in "
        "reply to RCPT TO command)",
        "lost connection with mx1.example.org[private/dovecot-lmtp] while receiving the initial "
        "server greeting",
        "conversation with mx1.example.org[private/dovecot-lmtp] timed out while sending RCPT "
        "TO"}) {
    auto lines = from_outside(
        "10:00:01 lmtp[14]: A00001: to=<ana@example.org>, "
        "relay=mx1.example.org[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=4.4.2, "
        "status=deferred (" +
        why + ")");
    lines.pop_back();
    EXPECT_THAT(explained(lines)["ana@example.org"], HasSubstr("a part of this mail system"))
        << why;
  }
}

std::string explained_delivery(const std::string& fields) {
  const auto told =
      explained({"10:00:00 cleanup[12]: A00001: message-id=<m1@example.net>",
                 "10:00:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue active)",
                 "10:00:01 " + fields});
  return told.size() == 1 ? told.begin()->second : "";
}

TEST(ExplainedRelay, AcceptedAtTheSubmissionPortIsNotAtTheRecipientsServer) {
  const auto sent_to = [](const std::string& relay) {
    return explained_delivery("smtp[14]: A00001: to=<b@example.org>, relay=" + relay +
                              ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)");
  };
  EXPECT_THAT(sent_to("smtp.relay.example[192.0.2.9]:587"),
              HasSubstr("Handed on to the relay smtp.relay.example (port 587)"));
  EXPECT_THAT(sent_to("mx.example.org[192.0.2.9]:25"),
              HasSubstr("The server mx.example.org accepted"));
}

TEST(ExplainedPipe, WhatIsCalledAfterAMailboxAgentDeliversToMailboxes) {
  const auto piped_to = [](const std::string& transport) {
    return explained_delivery("pipe[14]: A00001: to=<b@example.org>, relay=" + transport +
                              ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered via " +
                              transport + " service)");
  };
  for (const auto* transport :
       {"dovecot", "dovecot-spamass", "maildrop", "vmail-maildrop", "cyrus", "procmail", "lda"})
    EXPECT_THAT(piped_to(transport), HasSubstr("Delivered to the mailbox of b@example.org"))
        << transport;
  for (const auto* transport : {"mailman", "spamassassin", "lists-dovecotish", "uucp"})
    EXPECT_THAT(piped_to(transport), HasSubstr("to a program (" + std::string(transport) + ")"))
        << transport;
}

TEST(ExplainedRefusal, AFullQueueIsOurOwn) {
  const auto refused = [](const std::string& reply) {
    const auto told = explained(
        {"10:00:00 smtpd[11]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.7]: " + reply +
         "; from=<a@example.net> to=<b@example.org> proto=ESMTP helo=<mx.example.net>"});
    return told.size() == 1 ? told.begin()->second : "";
  };
  EXPECT_THAT(refused("452 4.3.1 Insufficient system storage"),
              HasSubstr("A disk of this mail server is full."));
  EXPECT_THAT(refused("452 Insufficient system storage"),
              HasSubstr("A disk of this mail server is full."));
  EXPECT_THAT(refused("451 4.3.0 <b@example.org>: Temporary lookup failure"),
              HasSubstr("set up wrongly on this mail server"));
  EXPECT_THAT(refused("451 4.3.5 Server configuration error"),
              HasSubstr("set up wrongly on this mail server"));
  // What another server said of an address is of that server.
  EXPECT_THAT(refused("450 4.1.1 <b@example.org>: Recipient address rejected: unverified address: "
                      "host mx.example.org[192.0.2.8] said: 452 4.3.1 Insufficient system storage"),
              Not(HasSubstr("disk of this mail server")));
}

// The name that the DNS lacks is not always the recipient's domain (src/smtp/smtp_addr.c).
TEST(ExplainedLookup, OfAHostOfOursIsNotBlamedOnTheDomain) {
  const auto told = [](const std::string& agent, const std::string& name, const char* tail) {
    return explained({"10:00:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue"
                      " active)",
                      "10:00:01 " + agent +
                          "[14]: A00001: to=<eva@far.example>, relay=none,"
                          " delay=1, delays=0/0/1/0, dsn=" +
                          (*tail != '\0' ? "4.4.3" : "5.4.4") +
                          ", status=" + (*tail != '\0' ? "deferred" : "bounced") +
                          " (Host or domain name not found. Name service error for name=" + name +
                          ": Host not found" + tail + ")"})
        .at("eva@far.example");
  };
  const auto ours = HasSubstr("is set up to hand such mail to the host");
  EXPECT_THAT(told("lmtp", "dovecot type=A", ""), ours);
  EXPECT_THAT(told("lmtp", "store.example.com type=A", ", try again"), ours);
  EXPECT_THAT(told("smtp", "relay.local type=AAAA", ""), ours);
  EXPECT_THAT(told("smtp", "relay type=A", ", try again"), ours);
  EXPECT_THAT(told("smtp", "relay.example.com type=MX", ""), ours);
  EXPECT_THAT(told("smtp", "smtp.gmail.com type=AAAA", ", try again"), ours);
  const auto either = AllOf(HasSubstr("The host mx.elsewhere.example, which this mail"),
                            Not(HasSubstr("behind the @")));
  EXPECT_THAT(told("smtp", "mx.elsewhere.example type=A", ""), either);
  EXPECT_THAT(told("smtp", "mx.elsewhere.example type=A", ", try again"), either);
  EXPECT_THAT(told("smtp", "Far.Example type=MX", ""), HasSubstr("The domain behind the @"));
  EXPECT_THAT(told("smtp", "far.example type=A", ", try again"),
              HasSubstr("name servers of the domain"));
}

}  // namespace
}  // namespace rastro
