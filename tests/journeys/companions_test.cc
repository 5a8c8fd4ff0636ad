// What filters and mailbox servers tell under names of their own, and the message that it is about.
// Derived from amavisd's templates and do_log() calls, policyd-spf, spamd.raw and Dovecot's
// src/lmtp, src/lib-lda and Pigeonhole.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/journeys/answers.h"
#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// "10 postfix/smtpd[1]: text" at that second.
std::vector<std::string> seconds_of(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const auto& text : texts) {
    const auto second = std::stoi(text.substr(0, 2));
    out.push_back("2026-11-24T10:0" + std::to_string(second / 60) + ":" +
                  (second % 60 < 10 ? "0" : "") + std::to_string(second % 60) + "+00:00 mx1 " +
                  text.substr(3));
  }
  return out;
}
std::vector<std::string> message(const std::string& second, const std::string& id,
                                 const std::string& from, const std::string& message_id,
                                 int recipients = 1) {
  return {second + " postfix/smtpd[11]: " + id + ": client=mx.example.net[192.0.2.7]",
          second + " postfix/cleanup[12]: " + id + ": message-id=<" + message_id + ">",
          second + " postfix/qmgr[13]: " + id + ": from=<" + from +
              ">, size=9, nrcpt=" + std::to_string(recipients) + " (queue active)"};
}
std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::vector<std::string> reasons_of(const std::vector<std::string>& texts) {
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false, seconds_of(texts)}});
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) {
    const auto value = boost::json::parse(journey).as_object();
    for (const auto& to : value.at("recipients").as_array()) {
      out.emplace_back(to.at("reason").as_string());
    }
  }
  return out;
}

// ---- amavis

const std::string kAmavis = "02 amavis[5]: (01234-05) ";
const std::string kCutVerdict =
    kAmavis +
    "Blocked SPAM {DiscardedInbound,Quarantined}, [192.0.2.7]:5 <a@example.net> -> "
    "<ana@example.org>,<luis@exam...";

TEST(AmavisInTwoLines, IsToldWithScoreAndVerdict) {
  const auto told = jot(
      seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                 std::vector<std::string>{
                     kCutVerdict, kAmavis + "...ple.org>,<eva@example.org>, quarantine: s/spam.gz, "
                                            "Queue-ID: AA2F1A0E5D, Message-ID: <1@example.net>, "
                                            "mail_id: abc, Hits: 20.5, size: 9, 900 ms"}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0].facts, IsSupersetOf({"amavis verdict SPAM", "amavis action Blocked",
                                           "amavis score 20.5", "amavis quarantine s/spam.gz"}));
}

// Without the queue id in the template the reply names the task.
TEST(AmavisInTwoLines, IsFoundByItsTask) {
  const auto told = jot(seconds_of(
      message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
      std::vector<std::string>{
          kCutVerdict,
          kAmavis + "...ple.org>, quarantine: s/spam.gz, mail_id: abc, Hits: 20.5, size: 9, 900 ms",
          "03 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, "
          "relay=127.0.0.1[127.0.0.1]:10024, delay=3, delays=0/0/0/3, dsn=2.7.0, status=sent (250 "
          "2.7.0 Ok, discarded, id=01234-05 - SPAM)"}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].text, "AA2F1A0E5D | ana@example.org quarantined");
  EXPECT_THAT(told[0].facts, Contains("amavis score 20.5"));
}

TEST(AmavisBounce, HasTheReasonThatAmavisFound) {
  const auto with = [](const std::string& category) {
    auto texts = message("00", "AA2F1A0E5D", "a@example.net", "1@example.net");
    if (!category.empty()) {
      texts.push_back(kAmavis + "Blocked " + category +
                      " {BouncedInbound}, [192.0.2.7]:5 <a@example.net> -> <ana@example.org>, "
                      "Queue-ID: AA2F1A0E5D, mail_id: abc, Hits: 20.5, size: 9, 900 ms");
    }
    texts.emplace_back(
        "03 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
        "delay=3, delays=0/0/0/3, dsn=2.5.0, status=sent (250 2.5.0 Ok, id=01234-05, BOUNCE)");
    return reasons_of(texts);
  };
  EXPECT_THAT(with("SPAM"), ElementsAre("spam_content"));
  EXPECT_THAT(with("BANNED (.exe,a.exe)"), ElementsAre("virus_or_attachment"));
  EXPECT_THAT(with("BAD-HEADER-7"), ElementsAre("local_policy"));
  EXPECT_THAT(with(""), ElementsAre("local_policy"));
}

// Before the queue: the message never gets an id, nor its Message-ID into Postfix' log.
TEST(AmavisProxy, WhatItRefusesHasItsVerdict) {
  const auto told = jot(seconds_of(
      {"00 postfix/smtpd[11]: connect from mx.example.net[192.0.2.7]",
       "00 postfix/smtpd[11]: NOQUEUE: client=mx.example.net[192.0.2.7]",
       kAmavis +
           "Blocked SPAM {RejectedInbound}, [192.0.2.7]:5 <a@example.net> -> <ana@example.org>, "
           "Message-ID: <1@example.net>, mail_id: abc, Hits: 21, size: 9, 900 ms",
       "02 postfix/smtpd[11]: proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=01234-05 - spam; "
       "from=<a@example.net> to=<ana@example.org> proto=ESMTP helo=<mx.example.net>"}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].text, "- | ana@example.org rejected");
  EXPECT_THAT(told[0].facts, IsSupersetOf({"amavis verdict SPAM", "amavis score 21"}));
}

// ---- policyd-spf

TEST(PolicydSpf, WithoutARecipientBelongsToTheRefusal) {
  const std::string spf =
      " policyd-spf[7]: prepend Received-SPF: Softfail (mailfrom) identity=mailfrom; "
      "client-ip=192.0.2.7; helo=mx.example.net; envelope-from=a@example.net; receiver=<UNKNOWN> ";
  const auto told = jot(seconds_of(
      std::vector<std::string>{
          "00 postfix/smtpd[11]: connect from mx.example.net[192.0.2.7]", "00" + spf,
          "00 postfix/smtpd[11]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.7]: 550 5.1.1 "
          "<x@example.org>: Recipient address rejected: User unknown; from=<a@example.net> "
          "to=<x@example.org> proto=ESMTP helo=<mx.example.net>",
          "00 postfix/smtpd[11]: disconnect from mx.example.net[192.0.2.7] mail=1 rcpt=0/1"} +
      message("30", "AA2F1A0E5D", "a@example.net", "1@example.net")));
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[0].facts, Not(IsEmpty()));
  EXPECT_THAT(told[1].facts, IsEmpty());
}

// ---- mailbox servers

std::string lmtp(const std::string& second, const std::string& id, const std::string& to,
                 const std::string& session) {
  return second + " postfix/lmtp[17]: " + id + ": to=<" + to +
         ">, relay=mx1[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
         "(250 2.0.0 <" +
         to + "> " + session + " Saved)";
}
std::string sieve(const std::string& second, const std::string& account, const std::string& session,
                  const std::string& text) {
  return second + " dovecot: lmtp(" + account + ")<900><" + session + ">: sieve: " + text;
}
const std::string kSession = "Kye7IfrDa2St3REA8GMZgg";
const std::string kInto = "stored mail into mailbox ";
const std::string kNoCopy =
    "marked message to be discarded if not explicitly delivered (discard action)";

// A script discards, "fileinto" in a later line keeps it all the same.
TEST(SieveDiscard, IsUndoneByAFileinto) {
  const auto mail = message("00", "AA2F1A0E5D", "a@example.net", "1@example.net");
  const auto answer = lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession);
  const auto says = [](const std::string& what) {
    return sieve("02", "ana@example.org", kSession, "msgid=<1@example.net>: " + what);
  };
  const std::string filed = says(kInto + "'Lists'");
  const std::string kept = "AA2F1A0E5D | ana@example.org delivered Lists";
  using Texts = std::vector<std::string>;
  for (const auto& texts :
       {Texts{answer, says(kNoCopy), filed}, Texts{says(kNoCopy), filed, answer},
        Texts{answer, filed, says(kNoCopy)}}) {
    EXPECT_THAT(jot_texts(seconds_of(mail + texts)), ElementsAre(kept));
  }
  EXPECT_THAT(jot_texts(seconds_of(mail + Texts{answer, says(kNoCopy)})),
              ElementsAre("AA2F1A0E5D | ana@example.org discarded"));
}

// The list's copy of a mail that a script discarded a while before, by a delivery agent whose
// replies name no session.
TEST(SieveDiscard, IsNotUndoneByAnotherCopysSession) {
  const auto lda = [](const std::string& second, const std::string& process,
                      const std::string& what) {
    return second + " dovecot: lda(ana@example.org)<" + process +
           ">: sieve: msgid=<1@example.net>: " + what;
  };
  const auto piped = [](const std::string& second, const std::string& id) {
    return second + " postfix/pipe[17]: " + id +
           ": to=<ana@example.org>, relay=dovecot, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
           "(delivered via dovecot service)";
  };
  using Texts = std::vector<std::string>;
  const auto both = [&](const std::string& first, const std::string& second) {
    return jot_texts(
        seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                   Texts{lda("01", first, kNoCopy), piped("01", "AA2F1A0E5D")} +
                   message("04", "BB2F1A0E5D", "list@example.com", "1@example.net") +
                   Texts{lda("05", second, kInto + "'Lists'"), piped("05", "BB2F1A0E5D")}));
  };
  EXPECT_THAT(both("310><" + kSession, "311><Xw2eJfrDa2TuHhEA8GMZgg"),
              UnorderedElementsAre("AA2F1A0E5D | ana@example.org discarded",
                                   "BB2F1A0E5D | ana@example.org delivered Lists"));
  EXPECT_THAT(both("310", "311"),
              UnorderedElementsAre("AA2F1A0E5D | ana@example.org discarded",
                                   "BB2F1A0E5D | ana@example.org delivered Lists"));
  // The script's own "fileinto", whose line comes behind the agent's reply.
  EXPECT_THAT(jot_texts(seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                                   Texts{lda("01", "310", kNoCopy), piped("01", "AA2F1A0E5D"),
                                         lda("02", "310", kInto + "'Lists'")})),
              ElementsAre("AA2F1A0E5D | ana@example.org delivered Lists"));
}

// What a filter discarded is in no mailbox, though a copy of the same message is.
TEST(SieveDiscard, OfAFilterIsNotUndone) {
  const auto told = jot_texts(seconds_of(
      message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
      std::vector<std::string>{
          "01 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, "
          "relay=127.0.0.1[127.0.0.1]:10024, delay=3, delays=0/0/0/3, dsn=2.7.0, status=sent (250 "
          "2.7.0 Ok, discarded, id=01234-05 - SPAM)",
          sieve("02", "ana@example.org", kSession,
                "msgid=<1@example.net>: " + kInto + "'INBOX'")}));
  EXPECT_THAT(told, ElementsAre("AA2F1A0E5D | ana@example.org discarded"));
}

// Two recipients of one transaction: the second's session ends in ":2".
TEST(MailboxSession, TellsAnAccountWithoutTheAddressesDetail) {
  const auto mail = message("00", "AA2F1A0E5D", "a@example.net", "1@example.net", 2);
  const auto filed = [](const std::string& account, const std::string& session,
                        const std::string& folder) {
    return sieve("02", account, session, "msgid=<1@example.net>: " + kInto + "'" + folder + "'");
  };
  using Texts = std::vector<std::string>;
  const Texts notes = {filed("ana@example.org", kSession + ":2", "Lists"),
                       filed("ana@example.org", kSession, "INBOX")};
  const Texts answers = {lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession),
                         lmtp("02", "AA2F1A0E5D", "ana+lists@example.org", kSession + ":2")};
  const std::string want =
      "AA2F1A0E5D | ana@example.org delivered INBOX, ana+lists@example.org delivered Lists";
  EXPECT_THAT(jot_texts(seconds_of(mail + notes + answers)), ElementsAre(want));
  EXPECT_THAT(jot_texts(seconds_of(mail + answers + notes)), ElementsAre(want));
}

TEST(MailboxSession, TellsAnAliasOfSeveralRecipients) {
  EXPECT_THAT(
      jot_texts(seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net", 2) +
                           std::vector<std::string>{
                               sieve("02", "u17@example.org", kSession + ":2",
                                     "msgid=<1@example.net>: " + kInto + "'Junk'"),
                               lmtp("02", "AA2F1A0E5D", "info@example.org", kSession),
                               lmtp("02", "AA2F1A0E5D", "sales@example.org", kSession + ":2")})),
      ElementsAre("AA2F1A0E5D | info@example.org delivered, sales@example.org delivered Junk"));
}

// Where the lines' session is the same for all recipients the account decides.
TEST(MailboxSession, YieldsToTheAccount) {
  EXPECT_THAT(
      jot_texts(seconds_of(
          message("00", "AA2F1A0E5D", "a@example.net", "1@example.net", 2) +
          std::vector<std::string>{lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession),
                                   lmtp("02", "AA2F1A0E5D", "eva@example.org", kSession + ":2"),
                                   sieve("02", "eva@example.org", kSession,
                                         "msgid=<1@example.net>: " + kInto + "'Junk'")})),
      ElementsAre("AA2F1A0E5D | ana@example.org delivered, eva@example.org delivered Junk"));
}

TEST(MailboxSession, TellsAMessageWithoutAMessageId) {
  const auto mail = message("00", "AA2F1A0E5D", "a@example.net", "");
  const auto note =
      sieve("02", "ana@example.org", kSession, "msgid=unspecified: " + kInto + "'Junk'");
  const auto answer = lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession);
  const std::string want = "AA2F1A0E5D | ana@example.org delivered Junk";
  using Texts = std::vector<std::string>;
  EXPECT_THAT(jot_texts(seconds_of(mail + Texts{note, answer})), ElementsAre(want));
  EXPECT_THAT(jot_texts(seconds_of(mail + Texts{answer, note})), ElementsAre(want));
  const auto others = sieve("02", "ana@example.org", "Zye7IfrDa2St3REA8GMZgg",
                            "msgid=unspecified: " + kInto + "'X'");
  EXPECT_THAT(jot_texts(seconds_of(mail + Texts{answer, others})),
              ElementsAre("AA2F1A0E5D | ana@example.org delivered"));
}

// The log has no more of its reason than that it was a rule of the recipient's.
TEST(MailboxRefusal, ByASieveScriptIsTheRecipientsRule) {
  EXPECT_THAT(ends_of(seconds_of(
                  message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                  std::vector<std::string>{lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession),
                                           sieve("02", "ana@example.org", kSession,
                                                 "msgid=<1@example.net>: rejected message from "
                                                 "<a@example.net> (reject action)")})),
              ElementsAre("ana@example.org bounced local_policy"));
}

// The refusal takes the place of the reply that named the session.
TEST(MailboxRefusal, IsNotTheLastThatIsTold) {
  const auto told = jot(
      seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                 std::vector<std::string>{
                     sieve("02", "ana@example.org", kSession,
                           "msgid=<1@example.net>: rejected message from <a@example.net> (reject)"),
                     "02 dovecot: lmtp(ana@example.org)<900><" + kSession +
                         ">: msgid=<1@example.net>: save failed to open mailbox INBOX: Quota "
                         "exceeded (mailbox for user is full)",
                     lmtp("02", "AA2F1A0E5D", "ana@example.org", kSession)}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].text, "AA2F1A0E5D | ana@example.org bounced");
  EXPECT_THAT(told[0].facts, SizeIs(2));
}

TEST(MailboxRefusal, IsToldWithTheBounce) {
  const auto told = jot(seconds_of(
      message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
      std::vector<std::string>{
          "02 dovecot: lmtp(u17@example.org)<900><" + kSession +
              ">: msgid=<1@example.net>: save failed to open mailbox INBOX: Quota exceeded "
              "(mailbox for user is full)",
          "02 postfix/lmtp[17]: AA2F1A0E5D: to=<ana@example.org>, "
          "relay=mx1[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=5.2.2, status=bounced "
          "(host mx1[private/dovecot-lmtp] said: 552 5.2.2 <ana@example.org> Quota exceeded "
          "(mailbox for user is full) (in reply to end of DATA command))"}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].text, "AA2F1A0E5D | ana@example.org bounced");
  EXPECT_THAT(told[0].facts, SizeIs(1));
}

// The agent's line may come before the MTA's, when only the message that the filter was given has
// been told of.
TEST(Mailboxes, AreThoseOfTheMessageThatComesBackFromTheFilter) {
  const std::vector<std::string> rest = {
      "01 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
      "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from "
      "MTA(smtp:[127.0.0.1]:10025): "
      "250 2.0.0 Ok: queued as BB2F1A0E5D)",
      "01 dovecot: lda(ana@example.org): msgid=<1@example.net>: saved mail to INBOX",
      "01 postfix/pipe[15]: BB2F1A0E5D: to=<ana@example.org>, relay=dovecot, delay=1, "
      "delays=0/0/0/1, dsn=2.0.0, status=sent (delivered via dovecot service)"};
  EXPECT_THAT(
      jot_texts(seconds_of(message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
                           message("00", "BB2F1A0E5D", "a@example.net", "1@example.net") + rest)),
      ElementsAre("AA2F1A0E5D BB2F1A0E5D | ana@example.org delivered INBOX"));
}

// ---- spamd's processes, two messages with one Message-ID

std::string spamd(const std::string& second, int pid, const std::string& text) {
  return second + " spamd[" + std::to_string(pid) + "]: spamd: " + text;
}
std::string result_of(const std::string& second, int pid, const std::string& score) {
  return spamd(second, pid,
               "result: . " + score +
                   " - X scantime=1.2,size=9,user=v,uid=1,required_score=5.0,rhost=localhost,"
                   "raddr=127.0.0.1,rport=1,mid=<1@example.net>,autolearn=no");
}
std::vector<std::string> scores_of(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const auto& journey : jot(seconds_of(texts))) {
    out.push_back(journey.text.substr(0, journey.text.find(' ')));
    for (const auto& fact : journey.facts) {
      if (fact.starts_with("spamd score ")) out.back().append(fact.substr(11));
    }
  }
  return out;
}

TEST(SpamdProcesses, EachHasItsMessageThoughTheyShareAMessageId) {
  EXPECT_THAT(
      scores_of(
          message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
          message("00", "BB2F1A0E5D", "b@example.net", "1@example.net") +
          std::vector<std::string>{
              spamd("01", 9, "processing message <1@example.net> for v:1001"),
              spamd("01", 10, "processing message <1@example.net> for w:1002"),
              spamd("02", 9, "identified spam (15.0/5.0) for v:1001 in 0.3 seconds, 9 bytes."),
              result_of("02", 9, "15"),
              spamd("02", 10, "clean message (1.0/5.0) for w:1002 in 0.3 seconds, 9 bytes."),
              result_of("02", 10, "1")}),
      UnorderedElementsAre("AA2F1A0E5D 15 15.0", "BB2F1A0E5D 1 1.0"));
}

// The milter's first message is being checked when the second one comes.
TEST(SpamdProcesses, TheSecondMessageMayComeWhileTheFirstIsChecked) {
  EXPECT_THAT(
      scores_of(
          message("00", "BB2F1A0E5D", "a@example.net", "1@example.net") +
          std::vector<std::string>{
              spamd("01", 9, "processing message <1@example.net> for nobody:99")} +
          message("02", "AA2F1A0E5D", "b@example.net", "1@example.net") +
          std::vector<std::string>{
              spamd("03", 10, "processing message <1@example.net> for nobody:99"),
              spamd("04", 10, "clean message (1.0/5.0) for nobody:99 in 0.3 seconds, 9 bytes."),
              spamd("04", 9, "identified spam (15.0/5.0) for nobody:99 in 3 seconds, 9 bytes.")}),
      UnorderedElementsAre("BB2F1A0E5D 15.0", "AA2F1A0E5D 1.0"));
}

TEST(SpamdProcesses, AUserTellsWhoseCopyIsChecked) {
  const auto to = [](const std::string& id, const std::string& who) {
    return "01 postfix/local[15]: " + id + ": to=<" + who +
           "@example.org>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered "
           "to command: procmail)";
  };
  EXPECT_THAT(
      scores_of(
          message("00", "AA2F1A0E5D", "a@example.net", "1@example.net") +
          message("00", "BB2F1A0E5D", "b@example.net", "1@example.net") +
          std::vector<std::string>{
              to("AA2F1A0E5D", "ana"), to("BB2F1A0E5D", "eva"),
              spamd("02", 9, "processing message <1@example.net> for eva:1001"),
              spamd("02", 9, "clean message (2.0/5.0) for eva:1001 in 0.3 seconds, 9 bytes.")}),
      UnorderedElementsAre("AA2F1A0E5D", "BB2F1A0E5D 2.0"));
}

}  // namespace
}  // namespace rastro
