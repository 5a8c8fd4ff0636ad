// Filters that take messages out of a queue and give them back under another id, and lines whose
// words are the administrator's own. Logs derived from the programs' format strings: Exim's
// src/receive.c, src/acl.c, src/deliver.c; MailScanner's Message.pm, PFDiskStore.pm.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// "AA2F1A0E5D BB2F1A0E5D | ana@example.org delivered" and how many lines there are of it.
struct Told {
  std::string text;
  std::size_t lines = 0;
};
std::vector<Told> told_of_log(Log log) {
  LogPlayer player({std::move(log)});
  player.play_all();
  std::vector<Told> out;
  for (const auto& journey : player.journeys()) {
    const auto value = json::parse(journey).as_object();
    Told one;
    for (const auto& leg : value.at("legs").as_array()) {
      one.text.append(leg.at("queue_id").is_null() ? "-" : leg.at("queue_id").as_string());
      one.text.append(" ");
    }
    one.text.append("|");
    for (const auto& to : value.at("recipients").as_array()) {
      one.text.append(" ").append(to.at("recipient").as_string());
      one.text.append(" ").append(to.at("outcome").as_string());
    }
    one.lines = value.at("evidence").as_array().size();
    out.push_back(std::move(one));
  }
  return out;
}
std::vector<Told> told_of(const std::vector<std::string>& texts, bool exim_file = false) {
  Log log{"/var/log/mail.log", "mx1", false, {}};
  int second = 9;
  const std::string* before = nullptr;
  for (const auto& text : texts) {
    if (before == nullptr || *before != text) ++second;  // a line that stands twice has one time
    before = &text;
    const auto number = std::to_string(second);
    log.lines.push_back(exim_file ? "2026-11-24 10:00:" + number + " " + text
                                  : "2026-11-24T10:00:" + number + "+00:00 mx1 " + text);
  }
  return told_of_log(std::move(log));
}
std::vector<std::string> texts_of(const std::vector<Told>& told) {
  std::vector<std::string> out;
  for (const auto& one : told) out.push_back(one.text);
  return out;
}

// ---- MailScanner takes from Postfix' hold queue

const std::vector<std::string> kHeld = {
    "postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
    "postfix/cleanup[12]: AA2F1A0E5D: hold: header Received: by mail.example.org (Postfix) from "
    "mx.example.net[192.0.2.7]; from=<a@example.net> to=<ana@example.org> proto=ESMTP "
    "helo=<mx.example.net>",
    "postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@example.net>",
};
std::vector<std::string> held_and(const std::vector<std::string>& more) {
  auto out = kHeld;
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
const std::string kActive =
    "postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=700, nrcpt=1 (queue active)";
const std::string kRequeue = "MailScanner[20]: Requeue: AA2F1A0E5D.A1B2C to BB2F1A0E5D";
const std::vector<std::string> kDelivered = {
    "postfix/virtual[14]: BB2F1A0E5D: to=<ana@example.org>, relay=virtual, delay=5, "
    "delays=5/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
    "postfix/qmgr[13]: BB2F1A0E5D: removed",
};

TEST(MailScanner, GivesTheMessageBackUnderANewId) {
  for (const bool told_late : {false, true}) {
    const auto& first = told_late ? kActive : kRequeue;
    const auto& second = told_late ? kRequeue : kActive;
    const auto told = told_of(held_and({first, second, kDelivered[0], kDelivered[1]}));
    EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D BB2F1A0E5D | ana@example.org delivered"));
    EXPECT_EQ(told.at(0).lines, 7U);
  }
}

TEST(MailScanner, KeepsWhatItDoesNotDeliver) {
  const std::string spam =
      "MailScanner[20]: Message AA2F1A0E5D.A1B2C from 192.0.2.7 (a@example.net) to example.org is "
      "spam, SpamAssassin (not cached, score=9.1, required 6)";
  const auto acts = [](const std::string& actions) {
    return "MailScanner[20]: Spam Actions: message AA2F1A0E5D.A1B2C actions are " + actions;
  };
  EXPECT_THAT(texts_of(told_of(held_and({spam, acts("store")}))),
              ElementsAre("AA2F1A0E5D | ana@example.org quarantined"));
  EXPECT_THAT(texts_of(told_of(held_and({spam, acts("delete")}))),
              ElementsAre("AA2F1A0E5D | ana@example.org discarded"));
  EXPECT_THAT(texts_of(told_of(held_and({spam, acts("store,deliver")}))),
              ElementsAre("AA2F1A0E5D | ana@example.org held"));
}

TEST(MailScanner, AloneMakesNoMessage) {
  EXPECT_THAT(told_of({"MailScanner[20]: Message AA2F1A0E5D.A1B2C from 192.0.2.7 (a@example.net) "
                       "to example.org is spam, SpamAssassin (score=9.1)",
                       "MailScanner[20]: Spam Actions: message AA2F1A0E5D.A1B2C actions are store",
                       "MailScanner[20]: New Batch: Scanning 1 messages, 2345 bytes"}),
              IsEmpty());
}

// ---- what a filter gives back is refused by the smtpd behind it

std::vector<std::string> taken_and(const std::vector<std::string>& more) {
  std::vector<std::string> out = {
      "postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
      "postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@example.net>",
      "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=2 (queue active)",
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
const std::string kRefusedBehind =
    "postfix/smtp[15]: AA2F1A0E5D: to=<bea@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
    "delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 "
    "id=1-1 - Rejected by next-hop MTA on relaying, from MTA(smtp:[127.0.0.1]:10025): 550 5.1.1 "
    "<bea@example.org>: Recipient address rejected: User unknown (in reply to end of DATA "
    "command))";
const std::string kRefusal =
    "reject: RCPT from localhost[127.0.0.1]: 550 5.1.1 <bea@example.org>: Recipient address "
    "rejected: User unknown; from=<a@example.net> to=<bea@example.org> proto=ESMTP "
    "helo=<localhost>";

TEST(RefusedBehindTheFilter, IsPartOfTheMessagesWay) {
  const auto told = told_of(taken_and({
      "postfix/smtpd[14]: connect from localhost[127.0.0.1]",
      "postfix/smtpd[14]: NOQUEUE: " + kRefusal,
      "postfix/smtpd[14]: disconnect from localhost[127.0.0.1]",
      kRefusedBehind,
      "postfix/qmgr[13]: AA2F1A0E5D: removed",
  }));
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D - | bea@example.org bounced"));
  EXPECT_EQ(told.front().lines, 8U);
}
TEST(RefusedBehindTheFilter, OneOfTwoIsNamedOnce) {
  const auto told = told_of(taken_and({
      "postfix/smtpd[14]: BB2F1A0E5D: client=localhost[127.0.0.1]",
      "postfix/smtpd[14]: BB2F1A0E5D: " + kRefusal,
      "postfix/cleanup[12]: BB2F1A0E5D: message-id=<m1@example.net>",
      "postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=990, nrcpt=1 (queue active)",
      "postfix/smtp[15]: AA2F1A0E5D: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
      "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from "
      "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BB2F1A0E5D)",
      kRefusedBehind,
      "postfix/qmgr[13]: AA2F1A0E5D: removed",
      "postfix/virtual[16]: BB2F1A0E5D: to=<ana@example.org>, relay=virtual, delay=1, "
      "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to maildir)",
      "postfix/qmgr[13]: BB2F1A0E5D: removed",
  }));
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D BB2F1A0E5D | ana@example.org delivered "
                                          "bea@example.org bounced"));
}
TEST(RefusedBehindTheFilter, AfterItsContentToo) {
  const auto told = told_of(taken_and({
      "postfix/smtpd[14]: BB2F1A0E5D: client=localhost[127.0.0.1]",
      "postfix/cleanup[12]: BB2F1A0E5D: message-id=<m1@example.net>",
      "postfix/cleanup[12]: BB2F1A0E5D: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: "
      "5.7.1 No; from=<a@example.net> to=<bea@example.org> proto=ESMTP helo=<localhost>",
      kRefusedBehind,
      "postfix/qmgr[13]: AA2F1A0E5D: removed",
  }));
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D BB2F1A0E5D | bea@example.org bounced"));
}
TEST(RefusedBehindTheFilter, AnotherSendersIsItsOwn) {
  const auto told = told_of(taken_and({
      "postfix/smtpd[14]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 550 5.1.1 "
      "<bea@example.org>: Recipient address rejected: User unknown; from=<root@example.org> "
      "to=<bea@example.org> proto=ESMTP helo=<localhost>",
      kRefusedBehind,
      "postfix/qmgr[13]: AA2F1A0E5D: removed",
  }));
  EXPECT_THAT(texts_of(told), UnorderedElementsAre("AA2F1A0E5D | bea@example.org bounced",
                                                   "- | bea@example.org rejected"));
}

// ---- sendmail -bs

// smtpd(8) for one local caller names the file in the maildrop directory; what pickup(8) makes of
// it has another id. Captured from Postfix 3.7.11, shortened.
TEST(SendmailBs, IsOneMessageUnderPickupsId) {
  const std::string client = "postfix/smtpd[11]: AA2F1A0E5D: client=localhost[127.0.0.1]";
  const std::string left =
      "postfix/smtpd[11]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=2 data=1 quit=1 "
      "commands=6";
  const std::string connected = "postfix/smtpd[11]: connect from localhost[127.0.0.1]";
  EXPECT_THAT(texts_of(told_of({connected, client, left,
                                "postfix/pickup[12]: BB2F1A0E5D: uid=33 from=<a@example.net>",
                                "postfix/cleanup[13]: BB2F1A0E5D: message-id=<m1@example.net>",
                                kActive, kDelivered[0], kDelivered[1]})),
              ElementsAre("BB2F1A0E5D | ana@example.org delivered"));
  // Lines that came late: it was SMTP to the server itself.
  EXPECT_THAT(texts_of(told_of({connected, client, left,
                                "postfix/cleanup[13]: AA2F1A0E5D: message-id=<m1@example.net>",
                                "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=700, "
                                "nrcpt=1 (queue active)"})),
              ElementsAre("AA2F1A0E5D |"));
}

// ---- Exim's filters behind a pipe

TEST(EximFilters, BehindAPipeAreFoundByTheirMessage) {
  EXPECT_THAT(
      texts_of(told_of(
          {"1tFxyz-000123-AB <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=900 "
           "id=m1@example.net",
           "1tFxyz-000124-AB <= a@example.net U=mail P=spam-scanned S=990 id=m1@example.net",
           "1tFxyz-000124-AB => ana <ana@example.org> R=local T=maildir",
           "1tFxyz-000124-AB Completed",
           "1tFxyz-000123-AB => ana <ana@example.org> R=spamcheck_router T=spamcheck",
           "1tFxyz-000123-AB Completed"},
          true)),
      ElementsAre("1tFxyz-000123-AB 1tFxyz-000124-AB | ana@example.org delivered"));
}

// All within a second, which tells no order: what a leg says of its child does.
TEST(EximFilters, GetNothingBackFromTheirOwnChild) {
  Log log{"/var/log/exim4/mainlog", "mx1", false, {}};
  for (const std::string text :
       {"1tFxyz-000123-AB <= a@example.net H=localhost [127.0.0.1] P=esmtp S=300 id=1@example.net "
        "for info@example.org",
        "1tFxyz-000124-AB <= a@example.net H=localhost (mx1) [127.0.0.1] P=esmtp S=400 "
        "id=1@example.net for ana@example.org",
        "1tFxyz-000123-AB => ana@example.org <info@example.org> R=scan T=scan_smtp H=127.0.0.1 "
        "[127.0.0.1] C=\"250 OK id=1tFxyz-000124-AB\"",
        "1tFxyz-000123-AB Completed",
        "1tFxyz-000124-AB => ana <ana@example.org> R=local T=local_delivery",
        "1tFxyz-000124-AB Completed"}) {
    log.lines.push_back("2026-11-24 10:00:00 " + text);
  }
  EXPECT_THAT(texts_of(told_of_log(std::move(log))),
              ElementsAre("1tFxyz-000123-AB 1tFxyz-000124-AB | ana@example.org delivered"));
}

TEST(EximFilters, AnotherMessageIsNoneOfTheirs) {
  EXPECT_THAT(texts_of(told_of(
                  {"1tFxyz-000123-AB <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=900 "
                   "id=m1@example.net",
                   "1tFxyz-000124-AB <= a@example.net U=ana P=local S=990 id=m2@example.net",
                   "1tFxyz-000124-AB => ana <ana@example.org> R=local T=maildir",
                   "1tFxyz-000124-AB Completed",
                   "1tFxyz-000123-AB => ana <ana@example.org> R=local T=maildir",
                   "1tFxyz-000123-AB Completed"},
                  true)),
              UnorderedElementsAre("1tFxyz-000123-AB | ana@example.org delivered",
                                   "1tFxyz-000124-AB | ana@example.org delivered"));
}

// ---- lines in an administrator's own words ("logwrite", event actions)

TEST(OwnWords, OfEximBelongToTheMessageThatTheyName) {
  const auto told = told_of(
      {"1tFxyz-000123-AB X-Score: 3.4 for <eva@example.org>",
       "1tFxyz-000123-AB <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=900",
       "1tFxyz-000123-AB event tcp:connect", "1tFxyz-000123-AB . [192.0.2.7] -> [192.0.2.8]:25",
       "1tFxyz-000123-AB => ana <ana@example.org> R=local T=maildir", "1tFxyz-000123-AB Completed"},
      true);
  EXPECT_THAT(texts_of(told), ElementsAre("1tFxyz-000123-AB | ana@example.org delivered"));
  EXPECT_EQ(told.at(0).lines, 6U);
}

TEST(OwnWords, MakeNoMessage) {
  EXPECT_THAT(told_of({"1tFxyz-000123-AB anything at all", "1tFxyz-000123-AB => not a delivery",
                       "rcpt for ana@example.org"},
                      true),
              IsEmpty());
  EXPECT_THAT(told_of({"postfix/smtpd[11]: AA2F1A0E5D: anything at all"}), IsEmpty());
}

// What the refusal explains stands in the line before it.
TEST(SenderVerification, BelongsToTheRefusalThatFollows) {
  const std::string client = "H=mx.example.net [192.0.2.7] ";
  const auto told = told_of(
      {client + "sender verify fail for <x@example.net>: Unrouteable address",
       client + "sender verify fail for <a@example.net>: response to \"RCPT TO:<a@example.net>\" "
                "from mx [192.0.2.8] was: 550 Unknown user",
       client + "F=<a@example.net> rejected RCPT <ana@example.org>: Sender verify failed"},
      true);
  EXPECT_THAT(texts_of(told), ElementsAre("- | ana@example.org rejected"));
  EXPECT_EQ(told.at(0).lines, 2U);
}

// Why it could not be checked stands in the line before the first refusal, once.
TEST(SenderVerification, GivesTheRefusalItsCause) {
  const std::string client = "2026-11-24 10:00:00 H=mx.example.net [192.0.2.7] ";
  const auto refused = [&](const std::string& verified, const std::string& words) {
    return ends_of({
        client + "sender verify " + verified,
        client + "F=<a@example.net> " + words,
    });
  };
  const std::string unfinished =
      "temporarily rejected RCPT <ana@example.org>: Could not complete sender verify";
  const std::string defer = "defer for <a@example.net>: ";
  EXPECT_THAT(refused(defer + "host lookup did not complete", unfinished),
              ElementsAre("ana@example.org rejected dns_temporary"));
  for (const std::string cause :
       {"lowest numbered MX record points to local host",
        "require_files: error for /home/aa/etc/example.org: Permission denied"}) {
    EXPECT_THAT(refused(defer + cause, unfinished),
                ElementsAre("ana@example.org rejected local_config"))
        << cause;
  }
  // Another server was asked: what it answered is not this server's trouble.
  EXPECT_THAT(refused(defer + "host lookup did not complete", unfinished + " callout"),
              ElementsAre("ana@example.org rejected remote_error"));
  EXPECT_THAT(refused("defer for <b@example.net>: host lookup did not complete", unfinished),
              ElementsAre("ana@example.org rejected remote_error"));
  EXPECT_THAT(refused("fail for <a@example.net>: Unrouteable address",
                      "rejected RCPT <ana@example.org>: Sender verify failed"),
              ElementsAre("ana@example.org rejected sender_rejected"));
}

TEST(SenderVerification, IsSaidOnceForAllRecipients) {
  const std::string client = "2026-11-24 10:00:00 H=mx.example.net [192.0.2.7] ";
  const auto words = [](const std::string& to) {
    return "F=<a@example.net> temporarily rejected RCPT <" + to +
           ">: Could not complete sender verify";
  };
  EXPECT_THAT(ends_of({client + "sender verify defer for <a@example.net>: host lookup did not "
                                "complete",
                       client + words("ana@example.org"), client + words("bo@example.org")}),
              ElementsAre("ana@example.org rejected dns_temporary",
                          "bo@example.org rejected dns_temporary"));
}

// ---- what Exim only pretends to deliver, and what it refuses by recipient

TEST(Exim, WhatTheOptionNSuppressesIsNotDelivered) {
  EXPECT_THAT(
      texts_of(told_of({"1tFxyz-000123-AB <= a@example.net U=ana P=local S=300",
                        "1tFxyz-000123-AB *> b@example.org R=dnslookup T=smtp H=mx.example.org "
                        "[192.0.2.9] C=\"delivery bypassed by -N option\"",
                        "1tFxyz-000123-AB Completed"},
                       true)),
      ElementsAre("1tFxyz-000123-AB | b@example.org discarded"));
}

TEST(Exim, RecipientsOfPrdrAreKnownWhenAllIsRefused) {
  EXPECT_THAT(
      texts_of(told_of({"1tFxyz-000123-AB PRDR R=<ana@example.org> acceptance",
                        "1tFxyz-000123-AB PRDR R=<bo@example.org> temporary refusal",
                        "1tFxyz-000123-AB H=mx.example.net [192.0.2.7] F=<a@example.net> rejected "
                        "after DATA: no"},
                       true)),
      ElementsAre("1tFxyz-000123-AB | ana@example.org rejected bo@example.org rejected"));
}

// Its transport for mailboxes logs the login alone once it has delivered.
TEST(Exim, WhoWaitedInFullIsDeliveredToByLogin) {
  EXPECT_THAT(
      texts_of(told_of({"1tFxyz-000123-AB <= a@example.net U=ana P=local S=300",
                        "1tFxyz-000123-AB == ana@b.example.org <info@b.example.org> R=localuser "
                        "T=local_delivery defer (-1): mailbox is locked",
                        "1tFxyz-000123-AB == eva@b.example.org <info@b.example.org> R=localuser "
                        "T=local_delivery defer (-1): mailbox is locked",
                        "1tFxyz-000123-AB => ana <info@b.example.org> R=localuser "
                        "T=local_delivery",
                        "1tFxyz-000123-AB => eva <info@b.example.org> R=localuser "
                        "T=local_delivery",
                        "1tFxyz-000123-AB Completed"},
                       true)),
      ElementsAre("1tFxyz-000123-AB | ana@b.example.org delivered eva@b.example.org delivered"));
}

// As the client wrote it, and as it was routed.
TEST(Exim, ADomainInCapitalsIsNoSecondRecipient) {
  EXPECT_THAT(
      texts_of(told_of(
          {"1tFxyz-000123-AB <= a@example.net U=ana P=local S=300 for Ana@Example.ORG "
           "bo@Example.ORG",
           "1tFxyz-000123-AB == Ana@example.org R=local T=local_delivery defer (-22): mailbox is "
           "full",
           "1tFxyz-000123-AB => Ana@example.org R=dnslookup T=smtp H=mx.example.org [192.0.2.9]",
           "1tFxyz-000123-AB => bo <bo@Example.ORG> R=local T=local_delivery",
           "1tFxyz-000123-AB Completed"},
          true)),
      ElementsAre("1tFxyz-000123-AB | Ana@Example.ORG delivered bo@Example.ORG delivered"));
}

TEST(Exim, LocalPartsThatDifferInCaseMayBeTwoPeople) {
  EXPECT_THAT(
      texts_of(told_of(
          {"1tFxyz-000123-AB <= a@example.net U=ana P=local S=300 for Ana@example.org "
           "ana@example.org",
           "1tFxyz-000123-AB => Ana@example.org R=dnslookup T=smtp H=mx.example.org [192.0.2.9]",
           "1tFxyz-000123-AB ** ana@example.org R=dnslookup T=smtp H=mx.example.org [192.0.2.9]: "
           "SMTP error from remote mail server after RCPT TO:<ana@example.org>: 550 no such user",
           "1tFxyz-000123-AB Completed"},
          true)),
      ElementsAre("1tFxyz-000123-AB | Ana@example.org delivered ana@example.org bounced"));
}

TEST(Exim, TheSystemFiltersAnswersAndPipesAreNoRecipients) {
  EXPECT_THAT(
      texts_of(told_of({"1tFxyz-000123-AB <= a@example.net U=ana P=local S=300",
                        "1tFxyz-000123-AB => ana <ana@example.org> R=local T=local_delivery",
                        "1tFxyz-000123-AB => >a@example.net <system-filter> T=address_reply",
                        "1tFxyz-000123-AB => |/usr/bin/count <system-filter> T=address_pipe",
                        "1tFxyz-000123-AB Completed"},
                       true)),
      ElementsAre("1tFxyz-000123-AB | ana@example.org delivered"));
}

// ---- a log in which each line stands twice

TEST(EachLineTwice, MakesNeitherASecondMessageNorASecondAttempt) {
  std::vector<std::string> lines;
  for (const std::string line :
       {"postfix/pickup[11]: AA2F1A0E5D: uid=33 from=<www-data>",
        "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@web>",
        "postfix/qmgr[13]: AA2F1A0E5D: from=<www-data@example.org>, size=900, nrcpt=1 (queue "
        "active)",
        "postfix/smtp[14]: AA2F1A0E5D: to=<eva@example.net>, relay=none, delay=1, delays=0/0/1/0, "
        "dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection timed "
        "out)"}) {
    lines.push_back(line);
    lines.push_back(line);
  }
  Log log{"/var/log/mail.log", "mx1", false, {}};
  for (const auto& text : lines) log.lines.push_back("2026-11-24T10:00:10+00:00 mx1 " + text);
  LogPlayer player({std::move(log)});
  player.play_all();
  const auto journeys = player.journeys();
  ASSERT_EQ(journeys.size(), 1U);
  const auto told = json::parse(journeys[0]).as_object();
  ASSERT_EQ(told.at("recipients").as_array().size(), 1U);
  EXPECT_EQ(told.at("recipients").as_array().at(0).at("attempts").to_number<int>(), 1);
}

TEST(Exim, WhomTheSystemFilterPassesOverGetsNothing) {
  const auto told = told_of(
      {
          "1xVgXu-0000Y3-1c <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=700 for "
          "ana@example.org eva@example.net",
          "1xVgXu-0000Y3-1c original recipients ignored (system filter)",
          "1xVgXu-0000Y3-1c => eva@example.net <system-filter> R=dnslookup T=remote_smtp "
          "H=mx2.example.net [192.0.2.9] C=\"250 OK\"",
          "1xVgXu-0000Y3-1c Completed",
      },
      true);
  EXPECT_THAT(
      texts_of(told),
      ElementsAre("1xVgXu-0000Y3-1c | ana@example.org discarded eva@example.net delivered"));
}

TEST(Exim, WhomALocalProgramNamedWithoutADomainIsOneRecipient) {
  const auto told = told_of(
      {
          "1xVgXu-0000Y3-1c <= ana@example.org U=ana P=local S=700 for Eva luis eva@example.net",
          "1xVgXu-0000Y3-1c => eva <eva@example.org> R=local T=local_delivery",
          "1xVgXu-0000Y3-1c => luis.p@example.com <luis@example.org> R=dnslookup T=remote_smtp "
          "H=mx.example.com [192.0.2.9] C=\"250 OK\"",
          "1xVgXu-0000Y3-1c == eva@example.net R=dnslookup T=remote_smtp defer (-1): no",
      },
      true);
  EXPECT_THAT(texts_of(told),
              ElementsAre("1xVgXu-0000Y3-1c | eva@example.net deferred luis.p@example.com "
                          "delivered eva@example.org delivered"));
}

// What was refused as a whole, in lines that name nobody: that it was, and why.
std::vector<std::string> refusals_of(const std::vector<std::string>& texts, bool exim_file) {
  Log log{"/var/log/mail.log", "mx1", false, {}};
  for (const auto& text : texts) {
    log.lines.push_back((exim_file ? "2026-11-24 10:00:10 " : "2026-11-24T10:00:10+00:00 mx1 ") +
                        text);
  }
  LogPlayer player({std::move(log)});
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) {
    const auto value = json::parse(journey).as_object();
    EXPECT_THAT(value.at("recipients").as_array(), IsEmpty());
    for (const auto& entry : value.at("timeline").as_array()) {
      out.emplace_back(entry.at("kind").as_string());
      out.back().append(": ").append(entry.at("reply_text").as_string());
    }
  }
  return out;
}
TEST(RefusedAsAWhole, IsToldWithoutRecipients) {
  EXPECT_THAT(refusals_of({"1xVgXu-0000Y3-1c H=mx.example.net [192.0.2.7] F=<a@example.net> "
                           "rejected after DATA: no lottery here"},
                          true),
              ElementsAre("rejected: no lottery here"));
  EXPECT_THAT(
      refusals_of({"postfix/cleanup[12]: AA2F1A0E5D: milter-reject: END-OF-MESSAGE from "
                   "mx.example.net[192.0.2.7]: 5.7.1 Spam; from=<a@example.net> proto=ESMTP "
                   "helo=<mx.example.net>"},
                  false),
      ElementsAre("rejected: 5.7.1 Spam"));
  EXPECT_THAT(refusals_of({"postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
                           "postfix/cleanup[12]: warning: AA2F1A0E5D: queue file size limit "
                           "exceeded"},
                          false),
              ElementsAre("rejected: queue file size limit exceeded"));
}

TEST(Doubled, LinesMakeNoSecondMessage) {
  std::vector<std::string> lines;
  for (const std::string line :
       {"postfix/smtpd[11]: connect from mx.example.net[192.0.2.7]",
        "postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
        "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
        "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
        "postfix/smtpd[11]: disconnect from mx.example.net[192.0.2.7]",
        "postfix/local[14]: AA2F1A0E5D: to=<ana@example.org>, relay=local, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)",
        "postfix/qmgr[13]: AA2F1A0E5D: removed"}) {
    lines.insert(lines.end(), {line, line});
  }
  EXPECT_THAT(texts_of(told_of(lines)), ElementsAre("AA2F1A0E5D | ana@example.org delivered"));
}

// ---- what a filter calls a message before it says which one that is

TEST(Tasks, EarlierLinesBelongToTheMessageThatTheVerdictNames) {
  const auto told = told_of(
      {"postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
       "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
       "amavis[14]: (00014-02) ESMTP :10024 /tmp/amavis-1: <a@example.net> -> <ana@example.org> "
       "Received: from mx.example.org by localhost",
       "amavis[14]: (00014-02) p001 1 Content-Type: text/plain, size: 82 B, name:",
       "amavis[15]: (00015-07) p001 1 Content-Type: text/html, size: 82 B, name:",
       "postfix/smtpd[16]: BB2F1A0E5D: client=localhost[127.0.0.1]",
       "postfix/cleanup[12]: BB2F1A0E5D: message-id=<1@example.net>",
       "postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=990, nrcpt=1 (queue active)",
       "amavis[14]: (00014-02) xYz FWD from <a@example.net> -> <ana@example.org>, BODY=7BIT 250 "
       "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BB2F1A0E5D",
       "amavis[14]: (00014-02) Passed CLEAN {RelayedInbound}, [192.0.2.7]:41234 <a@example.net> -> "
       "<ana@example.org>, Queue-ID: AA2F1A0E5D, Message-ID: <1@example.net>, mail_id: xYz, Hits: "
       "-1.9, size: 900, queued_as: BB2F1A0E5D, 81 ms",
       "postfix/smtp[17]: AA2F1A0E5D: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
       "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from "
       "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BB2F1A0E5D)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed",
       "postfix/virtual[18]: BB2F1A0E5D: to=<ana@example.org>, relay=virtual, delay=1, "
       "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to maildir)",
       "postfix/qmgr[13]: BB2F1A0E5D: removed"});
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D BB2F1A0E5D | ana@example.org delivered"));
  EXPECT_EQ(told.at(0).lines, 14U) << "all but the other process' one";
}

// amavisd without $log_templ's newer keys: only the reply to Postfix names its task.
TEST(Tasks, AreNamedByTheReplyOfAFilterThatKeepsTheMessage) {
  const auto told = told_of(
      {"postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
       "amavis[14]: (00014-02) Blocked SPAM, <a@example.net> -> <ana@example.org>, Hits: 9.7, "
       "tag=0, tag2=2, kill=2, L/Y/Y/Y",
       "postfix/smtp[17]: AA2F1A0E5D: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
       "delay=1, delays=0/0/0/1, dsn=2.7.1, status=sent (250 2.7.1 Ok, discarded, UBE, "
       "id=00014-02)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D | ana@example.org discarded"));
  EXPECT_EQ(told.at(0).lines, 4U);
}

// spamd's verdict names no message; its process does.
TEST(Tasks, OfSpamdAreItsProcesses) {
  const auto told = told_of(
      {"postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
       "spamd[14]: spamd: processing message <0@example.net> for ana:1001",
       "spamd[14]: spamd: clean message (1.0/5.0) for ana:1001 in 0.5 seconds, 900 bytes.",
       "spamd[14]: spamd: processing message <1@example.net> for ana:1001",
       "spamd[14]: spamd: identified spam (9.0/5.0) for ana:1001 in 0.5 seconds, 900 bytes.",
       "spamd[14]: spamd: result: Y 9 - A,B scantime=0.5,size=900,user=ana,uid=1001,"
       "required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=1,mid=<1@example.net>,"
       "autolearn=no",
       "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
       "postfix/local[15]: AA2F1A0E5D: to=<ana@example.org>, relay=local, delay=1, "
       "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  EXPECT_THAT(texts_of(told), ElementsAre("AA2F1A0E5D | ana@example.org delivered"));
  EXPECT_EQ(told.at(0).lines, 7U);
}

TEST(Amavis, BouncesWhatItTook) {
  EXPECT_THAT(
      texts_of(told_of(
          {"postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
           "postfix/smtp[17]: AA2F1A0E5D: to=<ana@example.org>, "
           "relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.5.0, status=sent "
           "(250 2.5.0 Ok, id=00014-02, BOUNCE)",
           "postfix/qmgr[13]: AA2F1A0E5D: removed"})),
      ElementsAre("AA2F1A0E5D | ana@example.org bounced"));
}

// ---- a mailbox's script that sends a message on and keeps no copy

TEST(Sieve, WhatWasSentOnIsNotDiscarded) {
  const std::string who = "dovecot: lmtp(ana@example.org)<77><Kye7IfrDa2St3REA8GMZgg>: sieve: ";
  const std::string sent_on = who + "msgid=<1@example.net>: forwarded to <eva@example.com>";
  const std::string no_copy = who +
                              "msgid=<1@example.net>: marked message to be discarded if not "
                              "explicitly delivered (discard action)";
  const std::vector<std::string> before = {
      "postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
      "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
      "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)"};
  const std::vector<std::string> after = {
      "postfix/lmtp[17]: AA2F1A0E5D: to=<ana@example.org>, relay=h[private/dovecot-lmtp], "
      "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 <ana@example.org> "
      "Kye7IfrDa2St3REA8GMZgg Saved)",
      "postfix/qmgr[13]: AA2F1A0E5D: removed",
      "postfix/smtpd[11]: BB2F1A0E5D: client=localhost[127.0.0.1]",
      "postfix/cleanup[12]: BB2F1A0E5D: message-id=<1@example.net>",
      "postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=990, nrcpt=1 (queue active)",
      "postfix/smtp[18]: BB2F1A0E5D: to=<eva@example.com>, relay=mx.example.com[192.0.2.9]:25, "
      "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
      "postfix/qmgr[13]: BB2F1A0E5D: removed"};
  const auto with = [&](std::initializer_list<std::string> script) {
    auto lines = before;
    lines.insert(lines.end(), script.begin(), script.end());
    lines.insert(lines.end(), after.begin(), after.end());
    return texts_of(told_of(lines));
  };
  const std::string joined = "AA2F1A0E5D BB2F1A0E5D | eva@example.com delivered";
  EXPECT_THAT(with({sent_on, no_copy}), ElementsAre(joined));
  EXPECT_THAT(with({no_copy, sent_on}), ElementsAre(joined));
  EXPECT_THAT(with({no_copy}), UnorderedElementsAre("AA2F1A0E5D | ana@example.org discarded",
                                                    "BB2F1A0E5D | eva@example.com delivered"));
}

TEST(Sieve, CyrusSaysByMessageIdAlone) {
  const std::string who = "cyrus/lmtpunix[14]: ";
  const auto with = [&](const std::string& said) {
    return texts_of(told_of(
        {"postfix/smtpd[11]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
         "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
         "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=1 (queue active)",
         "postfix/pickup[15]: BB2F1A0E5D: uid=96 from=<a@example.net>",
         "postfix/cleanup[12]: BB2F1A0E5D: message-id=<1@example.net>", who + said,
         "postfix/lmtp[17]: AA2F1A0E5D: to=<ana@example.org>, relay=h[/run/cyrus/socket/lmtp], "
         "delay=1, delays=0/0/0/1, dsn=2.1.5, status=sent (250 2.1.5 Ok SESSIONID=<cyrus-1-2>)",
         "postfix/qmgr[13]: AA2F1A0E5D: removed",
         "postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=990, nrcpt=1 (queue active)",
         "postfix/smtp[18]: BB2F1A0E5D: to=<eva@example.com>, relay=mx.example.com[192.0.2.9]:25, "
         "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
         "postfix/qmgr[13]: BB2F1A0E5D: removed"}));
  };
  EXPECT_THAT(with("sieve redirected: <1@example.net> to: eva@example.com"),
              ElementsAre("AA2F1A0E5D BB2F1A0E5D | eva@example.com delivered"));
  const std::string other = "BB2F1A0E5D | eva@example.com delivered";
  EXPECT_THAT(with("sieve discarded: <1@example.net>"),
              UnorderedElementsAre("AA2F1A0E5D | ana@example.org discarded", other));
  EXPECT_THAT(with("sieve rejected: <1@example.net> to: a@example.net"),
              UnorderedElementsAre("AA2F1A0E5D | ana@example.org bounced", other));
  EXPECT_THAT(with("Delivered: <1@example.net> to mailbox: user.ana"),
              UnorderedElementsAre("AA2F1A0E5D | ana@example.org delivered", other));
}

// The first of two recipients that is told is not whom the second's mailbox is about.
TEST(Sieve, DiscardsForTheRecipientWhoseScriptItWas) {
  const auto handed = [](const std::string& to) {
    return "postfix/lmtp[17]: AA2F1A0E5D: to=<" + to +
           ">, relay=h[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
           "(250 2.0.0 <" +
           to + "> Kye7IfrDa2St3REA8GMZgg Saved)";
  };
  EXPECT_THAT(
      texts_of(told_of(
          {"postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
           "postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=900, nrcpt=2 (queue active)",
           "dovecot: lmtp(eva@example.org)<77><Kye7IfrDa2St3REA8GMZgg:2>: sieve: "
           "msgid=<1@example.net>: marked message to be discarded if not explicitly delivered "
           "(discard action)",
           handed("ana@example.org"), handed("eva@example.org"),
           "postfix/qmgr[13]: AA2F1A0E5D: removed"})),
      ElementsAre("AA2F1A0E5D | ana@example.org delivered eva@example.org discarded"));
}

}  // namespace
}  // namespace rastro
