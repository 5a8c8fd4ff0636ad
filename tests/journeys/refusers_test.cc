// Who said no, and whose move it is then: another server, a relay of ours, or this server itself.
// Replies as the named servers give them; lines derived from Postfix' format strings
// (src/global/log_adhoc.c) and Exim's (src/deliver.c).
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"

namespace rastro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kExim = "2026-11-24 10:00:01 1tFxyz-000123-AB ";

// What is told of the last line, of a message that one of ours sent.
Answer told_by_exim(const std::vector<std::string>& lines) {
  std::vector<std::string> all = {kExim +
                                  "<= ana@example.org H=pc [192.0.2.8] P=esmtpa A=plain:ana S=300 "
                                  "id=m1@example.org for bo@example.com"};
  for (const auto& line : lines) all.push_back(kExim + line);
  const auto answers = answers_of(all);
  return answers.empty() ? Answer{} : answers[0];
}

Answer told_by_postfix(const std::string& relay, const std::string& status, const std::string& text,
                       const std::string& agent = "smtp") {
  const std::string at = "Nov 24 10:00:01 mx1 postfix/";
  const auto answers =
      answers_of({at + "submission/smtpd[11]: A00001: client=pc[192.0.2.8], sasl_method=PLAIN, "
                       "sasl_username=ana@example.org",
                  at + "cleanup[12]: A00001: message-id=<m1@example.org>",
                  at + "qmgr[13]: A00001: from=<ana@example.org>, size=900, nrcpt=1 (queue active)",
                  at + agent + "[14]: A00001: to=<bo@example.com>, relay=" + relay +
                      ", delay=2, delays=0/0/1/1, dsn=" +
                      (status == "bounced" ? "5"
                       : status == "sent"  ? "2"
                                           : "4") +
                      ".0.0, status=" + status + " (" + text + ")"});
  return answers.empty() ? Answer{} : answers[0];
}
std::string said(const std::string& words, const std::string& stage = "RCPT TO") {
  return "host mx.example.com[198.51.100.9] said: " + words + " (in reply to " + stage +
         " command)";
}
const std::string kMx = "mx.example.com[198.51.100.9]:25";

TEST(Refusers, ARelayOfOursSpeaksOfOurAccount) {
  for (const auto& told :
       {told_by_postfix("smtp.relay.example[198.51.100.9]:587", "bounced",
                        said("550 5.7.1 Relaying denied")),
        told_by_postfix("none", "deferred",
                        "SASL authentication failed; server smtp.relay.example[198.51.100.9] said: "
                        "451 Authentication failed: Maximum credits exceeded"),
        told_by_exim({"** bo@example.com R=send_via_ses T=ses_smtp "
                      "H=email-smtp.eu-west-1.amazonaws.com [198.51.100.9]: SMTP error from remote "
                      "mail server after end of data: 554 Message rejected: Email address is not "
                      "verified. The following identities failed the check in region EU-WEST-1: "
                      "ana@example.org"})}) {
    EXPECT_EQ(told.move, "us") << told.reason << told.text;
    EXPECT_THAT(told.what_to_do, HasSubstr("our account at that relay")) << told.reason;
    EXPECT_THAT(told.reply, Not(HasSubstr("recipient")));
  }
}

TEST(Refusers, TheirBlockListTroubleIsTheirs) {
  const auto told = told_by_exim(
      {"** bo@example.com R=dnslookup T=remote_smtp H=mx.example.com [198.51.100.9]: SMTP error "
       "from remote mail server after initial connection: 554 5.7.1 Service unavailable; Client "
       "host [192.0.2.1] blocked using zen.spamhaus.org; Error: open resolver; "
       "https://www.spamhaus.org/returnc/pub/192.0.2.53"});
  EXPECT_EQ(told.reason, "remote_error");
  EXPECT_THAT(told.text, Not(HasSubstr("this mail server")));
}

TEST(Refusers, AnAdministratorCancelled) {
  const auto told = told_by_exim({"cancelled by root"});
  EXPECT_EQ(told.move, "us");
  EXPECT_THAT(told.text, HasSubstr("An administrator of this server gave it up"));
}

TEST(Refusers, AnAdministratorExpired) {
  const std::string mx = "Nov 24 10:00:0";
  const auto told = answers_of(
      {mx + "1 mx1 postfix/smtpd[11]: 4C1A2B3D: client=pc.example.org[192.0.2.8]",
       mx + "1 mx1 postfix/qmgr[12]: 4C1A2B3D: from=<ana@example.org>, size=1, nrcpt=1 (queue "
            "active)",
       mx + "2 mx1 postfix/smtp[13]: 4C1A2B3D: to=<bo@example.com>, relay=none, delay=1, "
            "delays=0/0/1/0, dsn=4.4.1, status=deferred (connect to "
            "mx.example.com[198.51.100.9]:25: "
            "Connection timed out)",
       mx + "5 mx1 postfix/qmgr[12]: 4C1A2B3D: from=<ana@example.org>, status=force-expired, "
            "returned to sender",
       mx + "5 mx1 postfix/qmgr[12]: 4C1A2B3D: removed"})[0];
  EXPECT_EQ(told.move, "us");
  EXPECT_THAT(told.text, HasSubstr("An administrator of this server gave it up"));
}

TEST(Refusers, ThisServerAskedNobody) {
  auto told = told_by_exim({"** bo@example.com R=virtual_aliases: No Such User Here"});
  EXPECT_THAT(told.text, HasSubstr("no such mailbox on this server"));
  told = told_by_exim(
      {"** bo@example.com R=enforce_mail_permissions: Outgoing mail from \"ana\" has been "
       "suspended."});
  EXPECT_EQ(told.move, "us");
  EXPECT_THAT(told.text, HasSubstr("has suspended the outgoing mail"));
  told = told_by_exim(
      {"** bo@example.com R=enforce_mail_permissions: Domain example.org has exceeded the max "
       "defers and failures per hour (5/5 (100%)) allowed. Message discarded."});
  EXPECT_EQ(told.move, "us");
  EXPECT_THAT(told.what_to_do, AllOf(HasSubstr("dead addresses"), HasSubstr("hijacked password")));
}

TEST(Refusers, ThePolicyOfOursCountsWhatASenderSends) {
  const auto told = answers_of(
      {"Nov 24 10:00:01 mx1 postfix/submission/smtpd[11]: NOQUEUE: reject: RCPT from "
       "pc[192.0.2.8]: 450 4.7.1 <bo@example.com>: Recipient address rejected: Policy rejection: "
       "Message count quota exceeded; from=<ana@example.org> to=<bo@example.com> proto=ESMTP "
       "helo=<pc>"})[0];
  EXPECT_EQ(told.reason, "rate_limited");
}

TEST(Refusers, OurAddressInBadReputationDoesNotPassByWaiting) {
  for (const std::string words :
       {"451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP "
        "reputation. For e-mail delivery information see https://aka.ms/postmaster (S775)",
        "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 "
        "from your IP address.",
        "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume "
        "or "
        "user complaints - 4.16.55.1"}) {
    const auto told = told_by_postfix(kMx, "deferred", said(words, "MAIL FROM"));
    EXPECT_EQ(told.move, "us") << told.reason;
    EXPECT_THAT(told.what_to_do, Not(testing::StartsWith("Wait")));
  }
}

TEST(Refusers, ASenderOfAnotherDomainIsNotOursToSet) {
  const std::string words =
      "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's "
      "550-5.7.26 DMARC policy. Please contact the administrator of example.com domain";
  auto told = told_by_postfix(kMx, "bounced", said(words, "end of DATA"));
  EXPECT_EQ(told.move, "sender");
  EXPECT_THAT(told.reply, AllOf(HasSubstr("a sender address of example.com"),
                                Not(HasSubstr("whoever manages your DNS"))));
  told = told_by_postfix(
      kMx, "bounced",
      said("550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's "
           "DMARC policy",
           "end of DATA"));
  EXPECT_EQ(told.move, "us");
  EXPECT_THAT(told.what_to_do, HasSubstr("SPF, DKIM and DMARC records"));
}

TEST(Refusers, TheSendersDomainIsNotTheRecipients) {
  const auto told = told_by_postfix(
      kMx, "bounced", said("550 5.7.0 Domain example.org has no MX records", "MAIL FROM"));
  EXPECT_THAT(told.text, AllOf(HasSubstr("refused the domain of the sender"),
                               Not(HasSubstr("domain behind the @"))))
      << told.reason;
}

TEST(Refusers, TheSendersDomainWithANullMxIsNotTheRecipients) {
  const auto told = told_by_postfix(
      kMx, "bounced",
      said("550 5.7.27 <ana@example.org>: Sender address rejected: Domain example.org does not "
           "accept mail (nullMX)",
           "RCPT TO"));
  EXPECT_EQ(told.reason, "sender_rejected");
  EXPECT_THAT(told.text, HasSubstr("refused the domain of the sender"));
}

TEST(Refusers, ACalloutToOurSideFailed) {
  const auto told = told_by_exim(
      {"** bo@example.com R=dnslookup T=remote_smtp H=mx.example.com [198.51.100.9]: SMTP error "
       "from remote mail server after RCPT TO:<bo@example.com>: 550-Verification failed for "
       "<ana@example.org>\\n550-The initial connection, or a HELO or MAIL FROM:<> command "
       "was\\n550-rejected. Refusing MAIL FROM:<> does not help fight spam, disregards\\n550-RFC "
       "requirements\\n550 Sender verify failed"});
  EXPECT_EQ(told.move, "us") << told.reason;
  EXPECT_THAT(told.what_to_do, HasSubstr("accepts MAIL FROM:<>"));
}

TEST(Refusers, ANewAddressIsNamed) {
  const auto told = told_by_postfix(
      kMx, "bounced",
      said("551 5.1.6 <bo@example.com>: Recipient address rejected: User has moved to "
           "bo@example.net"));
  EXPECT_THAT(told.reply, HasSubstr("new address: bo@example.net")) << told.reason;
  EXPECT_THAT(told.text, Not(HasSubstr("guess")));
}

// src/verify.c: the command that was refused in the callout names whom it is about.
TEST(Refusers, ACalloutThatRefusedTheRecipientIsNotAboutTheSender) {
  const auto told = answers_of(
      {"2026-11-24 10:00:01 H=mx.example.org [192.0.2.7] F=<ana@example.org> rejected RCPT "
       "<bo@example.com>: response to \"RCPT TO:<bo@example.com>\" from mx.example.com "
       "[198.51.100.9] was: 550 Recipient not liked"});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].reason, "user_unknown");
}

TEST(Refusers, AnAddressBesideOtherWordsIsNoNewOne) {
  for (const std::string words :
       {"550 5.2.1 mailbox disabled. Our policy has changed: postmaster@example.net",
        "550 5.1.1 user unknown; the account policy has changed, please use support@example.net"}) {
    const auto told = told_by_postfix(kMx, "bounced", said(words));
    EXPECT_THAT(told.reply, Not(HasSubstr("@example.net"))) << told.reason;
  }
}

TEST(Refusers, OurMailboxServerHasNoSuchMailbox) {
  const auto told = told_by_postfix(
      "mx1.example.org[private/dovecot-lmtp]", "bounced",
      "host mx1.example.org[private/dovecot-lmtp] said: 550 5.1.1 <bo@example.com> User doesn't "
      "exist: bo@example.com (in reply to RCPT TO command)",
      "lmtp");
  EXPECT_THAT(told.text, HasSubstr("no such mailbox on this server"));
  EXPECT_THAT(told.what_to_do, HasSubstr("set it up here"));
}

TEST(Refusers, OurOwnPartsAreNoServerOfTheRecipients) {
  const auto lmtp = told_by_postfix(
      "none", "deferred", "connect to 172.20.0.6[172.20.0.6]:2525: Connection refused", "lmtp");
  EXPECT_EQ(lmtp.move, "us") << lmtp.text;
  const auto filter = told_by_postfix(
      "none", "deferred",
      "delivery temporarily suspended: lost connection with 127.0.0.1[127.0.0.1] while receiving "
      "the initial server greeting");
  EXPECT_EQ(filter.move, "us") << filter.text;
  const auto passed = told_by_postfix("127.0.0.1[127.0.0.1]:10024", "sent",
                                      "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "
                                      "queued as 4B4B4B4B4B");
  EXPECT_EQ(passed.move, "us");
  EXPECT_THAT(passed.text, HasSubstr("program of this mail system"));
}

TEST(Refusers, TheSizesAreTold) {
  const auto told = told_by_postfix(kMx, "bounced",
                                    "message size 32505856 exceeds size limit 26214400 of server "
                                    "mx.example.com[198.51.100.9]");
  EXPECT_THAT(told.text, HasSubstr("31 MB of 25 MB"));
}

TEST(Refusers, ANameOfThisHostIsNoForward) {
  const std::string at = "Nov 24 10:00:01 mx1 postfix/";
  const auto told = answers_of(
      {at + "pickup[11]: A00001: uid=0 from=<root>",
       at + "cleanup[12]: A00001: message-id=<m1@mx1>",
       at + "qmgr[13]: A00001: from=<root@web.example>, size=900, nrcpt=1 (queue active)",
       at + "smtp[14]: A00001: to=<root@web.example>, orig_to=<root>, "
            "relay=mx.web.example[198.51.100.9]:25, delay=2, delays=0/0/1/1, dsn=5.1.1, "
            "status=bounced (host mx.web.example[198.51.100.9] said: 550 5.1.1 User unknown)"})[0];
  EXPECT_THAT(told.text, Not(HasSubstr("forward"))) << told.what_to_do;
}

TEST(Refusers, AScriptThatThrowsAwayIsTheRecipients) {
  const std::string mx = "Nov 24 10:00:0";
  const auto told = answers_of(
      {mx + "1 mx1 postfix/smtpd[11]: 4C1A2B3D: client=mx.example.net[192.0.2.8]",
       mx + "1 mx1 postfix/cleanup[14]: 4C1A2B3D: message-id=<1@example.net>",
       mx +
           "1 mx1 postfix/qmgr[12]: 4C1A2B3D: from=<a@example.net>, size=1, nrcpt=1 (queue active)",
       mx + "2 mx1 dovecot: lmtp(bo@example.com)<7><x>: sieve: msgid=<1@example.net>: marked "
            "message to be discarded if not explicitly delivered (discard action)",
       mx + "2 mx1 postfix/lmtp[13]: 4C1A2B3D: to=<bo@example.com>, "
            "relay=mx1.example.com[private/dovecot-lmtp], delay=1, delays=0/0/1/0, dsn=2.0.0, "
            "status=sent (250 2.0.0 <bo@example.com> x Saved)",
       mx + "5 mx1 postfix/qmgr[12]: 4C1A2B3D: removed"})[0];
  EXPECT_EQ(told.outcome, "discarded");
  EXPECT_EQ(told.move, "recipient") << told.text;
  EXPECT_THAT(told.reply, HasSubstr("filter that the recipient has set up"));

  const auto ours = told_by_postfix("127.0.0.1[127.0.0.1]:10024", "sent",
                                    "250 2.7.0 Ok, discarded, id=12345-01 - SPAM", "lmtp");
  EXPECT_EQ(ours.outcome, "discarded");
  EXPECT_EQ(ours.move, "us") << ours.text;
}

TEST(Refusers, AnEmptySenderRefusedIsTheirs) {
  const std::string mail = "2026-11-24 10:00:01 1tFxyz-000124-AB ";
  const auto told = answers_of(
      {mail + "<= <> U=ana P=local S=900 id=E1tFxyz-000124-AB@mx1 T=\"Out of office\" for "
              "u@example.net",
       mail + "** u@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.7]: SMTP error "
              "from remote mail server after RCPT TO:<u@example.net>: 550 5.7.1 Null sender not "
              "allowed"})[0];
  EXPECT_EQ(told.move, "recipient");
  EXPECT_THAT(told.text, AllOf(HasSubstr("automatic answer"), HasSubstr("with an empty sender")));
  EXPECT_THAT(told.reply, Not(HasSubstr("your sender address")));
}

TEST(Refusers, WhatMayHaveArrivedAllTheSame) {
  const auto told =
      told_by_postfix(kMx, "deferred",
                      "lost connection with mx.example.com[198.51.100.9] while sending end of data "
                      "-- message may be sent more than once");
  EXPECT_THAT(told.text, HasSubstr("the recipient gets it twice"));
}

TEST(Refusers, AScriptOfTheRecipient) {
  const std::string at = "Nov 24 10:00:01 mx1 ";
  const auto told = answers_of(
      {at + "postfix/smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
       at + "postfix/cleanup[12]: A00001: message-id=<m1@example.net>",
       at + "postfix/qmgr[13]: A00001: from=<u@example.net>, size=900, nrcpt=1 (queue active)",
       at + "dovecot: lmtp(ana@example.org)<4500><ABCr>: sieve: msgid=<m1@example.net>: rejected "
            "message from <u@example.net> (reject)",
       at + "postfix/lmtp[14]: A00001: to=<ana@example.org>, relay=mx1[private/dovecot-lmtp], "
            "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 <ana@example.org> ABCr "
            "Saved)"})[0];
  EXPECT_EQ(told.outcome, "bounced");
  EXPECT_EQ(told.move, "recipient");
  EXPECT_THAT(told.text, HasSubstr("recipient's own mailbox"));
}

TEST(Refusers, AVirusIsNeverReleased) {
  const std::string at = "Nov 24 10:00:01 mx1 ";
  const auto told = answers_of(
      {at + "postfix/smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
       at + "postfix/cleanup[12]: A00001: message-id=<m1@example.net>",
       at + "postfix/qmgr[13]: A00001: from=<u@example.net>, size=900, nrcpt=1 (queue active)",
       at + "amavis[15]: (00015-05) Blocked INFECTED (Win.Trojan.Agent-1234) "
            "{DiscardedInbound,Quarantined}, [192.0.2.7]:40000 [192.0.2.7] <u@example.net> -> "
            "<ana@example.org>, quarantine: virus-abc, Queue-ID: A00001, Message-ID: "
            "<m1@example.net>, mail_id: abc, Hits: -, size: 900, 712 ms",
       at + "postfix/smtp[14]: A00001: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
            "delay=1, delays=0/0/0/1, dsn=2.7.0, status=sent (250 2.7.0 Ok, discarded, "
            "id=00015-05 - INFECTED: Win.Trojan.Agent-1234)"})[0];
  EXPECT_EQ(told.outcome, "quarantined");
  EXPECT_THAT(told.text, HasSubstr("Win.Trojan.Agent-1234"));
  EXPECT_THAT(told.what_to_do, HasSubstr("Do not release it"));
  EXPECT_THAT(told.reply, Not(HasSubstr("released")));
}

TEST(Refusers, TheRuleThatStoppedItIsNamed) {
  const std::string at = "Nov 24 10:00:01 mx1 postfix/";
  const std::string behind =
      " from mx.example.net[192.0.2.7]; from=<u@example.net> to=<ana@example.org> proto=ESMTP "
      "helo=<mx.example.net>";
  for (const std::string action : {"hold", "discard"}) {
    const auto answers =
        answers_of({at + "smtpd[11]: A00001: client=mx.example.net[192.0.2.7]",
                    at + "cleanup[12]: A00001: " + action + ": header Subject: Promo" + behind});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_THAT(answers[0].text, HasSubstr("(header Subject: Promo)")) << action;
  }
}

TEST(Refusers, AMaildirFolderIsAFolder) {
  const auto told = answers_of(
      {kExim + "<= u@example.net H=mx.example.net [192.0.2.7] P=esmtp S=300 id=m1@example.net for "
               "ana@example.org",
       kExim + "=> /home/ana/mail/example.org/ana/.Junk/ (ana@example.org) <ana@example.org> "
               "R=central_user_filter T=virtual_address_directory",
       kExim + "Completed"})[0];
  EXPECT_EQ(told.folder, "Junk");
  EXPECT_THAT(told.text, HasSubstr("in the Junk folder"));
}

}  // namespace
}  // namespace rastro
