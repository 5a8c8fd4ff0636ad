// Mail of which no line names a recipient: refused after its content or at MAIL, on hold, broken
// off, not tried yet. Logs derived from Postfix' src/smtpd/smtpd.c, src/cleanup/cleanup_message.c
// and Exim's src/receive.c.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "daemon/answer/find_request.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/search.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// 2026-11-24T10:01:00Z
constexpr Time kNow{std::chrono::microseconds(1'795'514'460'000'000)};

class UnnamedTest : public testing::Test {
 protected:
  json::object play(const std::vector<std::string>& texts, bool exim = false) {
    Log log{"/var/log/mail.log", "mx1", false, {}};
    int second = 9;
    for (const auto& text : texts) {
      const auto number = std::to_string(++second);
      log.lines.push_back(exim ? "2026-11-24 10:00:" + number + " " + text
                               : "2026-11-24T10:00:" + number + "+00:00 mx1 " + text);
    }
    player_ = std::make_unique<LogPlayer>(std::vector<Log>{std::move(log)});
    player_->play_all();
    player_->flush();
    const auto journeys = player_->journeys();
    EXPECT_EQ(journeys.size(), 1U);
    return journeys.empty() ? json::object() : json::parse(journeys.front()).as_object();
  }
  FindAnswer find(const FindRequest& request) {
    auto answer = find_journeys(player_->index(), request, 0ms, clock_);
    EXPECT_TRUE(answer);
    return answer ? std::move(*answer) : FindAnswer();
  }
  FindAnswer ended(Outcome outcome) {
    FindRequest request;
    request.outcomes = {outcome};
    return find(request);
  }
  Absence absence_of(const std::string& from, const std::string& to) {
    FindRequest request;
    if (!from.empty()) request.sender.emplace(from);
    if (!to.empty()) request.recipient.emplace(to);
    request.range = {kNow - 2min, kNow};
    EXPECT_TRUE(find(request).items.empty());
    const auto nearby = look_nearby(player_->index(), request, 0ms, clock_);
    EXPECT_TRUE(nearby);
    Coverage complete;
    complete.complete = true;
    return nearby ? prove_absence(request, complete, *nearby, false) : Absence();
  }
  std::unique_ptr<LogPlayer> player_;
  ManualClock clock_{kNow};
};

TEST_F(UnnamedTest, WhatEximRefusedAfterTheContentIsRefusedAndNoProof) {
  const auto told = play(
      {"1xVgXy-0000cP-1l H=mx.example.net [192.0.2.7] F=<eva@example.com> rejected after DATA: "
       "550 message too big for us"},
      true);
  EXPECT_EQ(told.at("arrival").as_string(), "refused");
  EXPECT_TRUE(told.at("recipients").as_array().empty());
  const auto& unnamed = told.at("unnamed_recipients").as_object();
  EXPECT_EQ(unnamed.at("outcome").as_string(), "rejected");
  EXPECT_EQ(unnamed.at("recipient").as_string(), "");
  EXPECT_EQ(unnamed.at("reply_text").as_string(), "550 message too big for us");
  EXPECT_EQ(ended(Outcome::rejected).items.size(), 1U);
  EXPECT_TRUE(ended(Outcome::delivered).items.empty());
  const auto unproven = absence_of("eva@example.com", "rosa@example.org");
  EXPECT_FALSE(unproven.proven);
  EXPECT_EQ(unproven.code, "mail_unnamed");
  EXPECT_EQ(unproven.count, 1U);
  EXPECT_THAT(unproven.why(Language::en), testing::HasSubstr("1 message "));
  EXPECT_FALSE(absence_of("", "rosa@example.org").proven);
  EXPECT_TRUE(absence_of("luis@example.com", "rosa@example.org").proven)
      << "the mail is of somebody else";
}

TEST_F(UnnamedTest, WhatEximRefusedForNowAfterTheContentIsNotRefusedForGood) {
  const auto told = play(
      {"1xVgXy-0000cP-1l H=mx.example.net [192.0.2.7] F=<eva@example.com> temporarily rejected "
       "after DATA: Could not complete sender verify"},
      true);
  EXPECT_EQ(told.at("unnamed_recipients").at("reply_code").as_int64(), 451);
}

std::vector<std::string> refused_by_milter(const std::string& counts) {
  return {"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
          "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
          "postfix/cleanup[8]: AA2F1A0E5D: message-id=<r3@example.com>",
          "postfix/cleanup[8]: AA2F1A0E5D: milter-reject: END-OF-MESSAGE from "
          "mx.example.net[192.0.2.7]: 5.7.1 Virus found; from=<eva@example.com> "
          "to=<pepe@example.org> proto=ESMTP helo=<mx.example.net>",
          "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7]" + counts};
}

TEST_F(UnnamedTest, ARefusalOfTheContentNamesOneOfSeveral) {
  const auto told = play(refused_by_milter(" ehlo=1 mail=1 rcpt=3 data=0/1 quit=1 commands=6/7"));
  EXPECT_EQ(told.at("recipients").as_array().size(), 1U);
  EXPECT_EQ(absence_of("", "rosa@example.org").code, "mail_unnamed");
  EXPECT_EQ(absence_of("eva@example.com", "rosa@example.org").code, "mail_unnamed");
  EXPECT_TRUE(absence_of("luis@example.com", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, ARefusalOfTheContentNamesTheOnlyOne) {
  play(refused_by_milter(" ehlo=1 mail=1 rcpt=1 data=0/1 quit=1 commands=4/5"));
  EXPECT_TRUE(absence_of("", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, WithoutCountsARefusalOfTheContentProvesNothing) {
  play(refused_by_milter(""));
  EXPECT_FALSE(absence_of("", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, WhoWasTakenBeforeTheClientGaveUpStandsInNoLine) {
  const std::vector<std::string> lines = {
      "postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
      "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
      "postfix/smtpd[9]: AA2F1A0E5D: reject: RCPT from mx.example.net[192.0.2.7]: 450 4.1.2 "
      "<y@gmial.con>: Recipient address rejected: Domain not found; from=<eva@example.com> "
      "to=<y@gmial.con> proto=ESMTP helo=<pc>"};
  auto gave_up = lines;
  gave_up.emplace_back(
      "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=1/2 rset=1 "
      "quit=1 commands=5/6");
  play(gave_up);
  EXPECT_FALSE(absence_of("eva@example.com", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, WhatAnAdminCancelledWentBackToItsSender) {
  const auto told =
      play({"1xVgXy-0000cP-1l <= eva@example.com H=mx.example.net [192.0.2.7] P=esmtp S=9",
            "1xVgXy-0000cP-1l cancelled by root", "1xVgXy-0000cP-1l Completed"},
           true);
  const auto& unnamed = told.at("unnamed_recipients").as_object();
  EXPECT_EQ(unnamed.at("outcome").as_string(), "bounced");
  EXPECT_EQ(unnamed.at("reason").as_string(), "local_policy");
  EXPECT_EQ(unnamed.at("reply_text").as_string(), "cancelled by root");
}

TEST_F(UnnamedTest, ASizeThatMailAnnouncedIsRefusedWithItsReason) {
  const auto told =
      play({"postfix/smtpd[9]: NOQUEUE: reject: MAIL from mx.example.net[192.0.2.7]: "
            "552 5.3.4 Message size exceeds fixed limit; from=<grande@example.com> "
            "proto=ESMTP helo=<mx.example.net>"});
  EXPECT_EQ(told.at("arrival").as_string(), "refused");
  const auto& unnamed = told.at("unnamed_recipients").as_object();
  EXPECT_EQ(unnamed.at("outcome").as_string(), "rejected");
  EXPECT_EQ(unnamed.at("reason").as_string(), "other") << "no rules are read here";
  EXPECT_EQ(unnamed.at("reply_code").as_int64(), 552);
  FindRequest request;
  request.sender.emplace("grande@example.com");
  request.outcomes = {Outcome::rejected};
  EXPECT_EQ(find(request).items.size(), 1U);
  request.reasons = {Reason::mailbox_full};
  EXPECT_TRUE(find(request).items.empty());
  EXPECT_FALSE(absence_of("", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, AClientThatAsksAgainIsOneMessage) {
  const std::string again = "H=mx.example.net [192.0.2.7] rejected MAIL <z@example.com>: no";
  play({again, again, again}, true);
  EXPECT_EQ(absence_of("", "rosa@example.org").count, 1U);
}

TEST_F(UnnamedTest, AMilterThatRefusesTheMessageSaysSoOfAllItsRecipients) {
  const auto told = play(
      {"postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
       "postfix/cleanup[12]: AA2F1A0E5D: milter-reject: END-OF-MESSAGE from "
       "mx.example.net[192.0.2.7]: 5.7.1 Spam message rejected; from=<a@example.net> proto=ESMTP "
       "helo=<mx>"});
  EXPECT_EQ(told.at("arrival").as_string(), "refused");
  EXPECT_EQ(told.at("unnamed_recipients").as_object().at("outcome").as_string(), "rejected");
  EXPECT_FALSE(absence_of("a@example.net", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, AClientThatWentAwayWasNotRefused) {
  const auto told = play(
      {"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
       "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/smtpd[9]: lost connection after DATA (1024 bytes) from mx.example.net[192.0.2.7]",
       "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=1 "
       "data=0/1 commands=3/4"});
  EXPECT_EQ(told.at("arrival").as_string(), "broken_off");
  EXPECT_TRUE(told.at("unnamed_recipients").is_null());
  EXPECT_TRUE(ended(Outcome::rejected).items.empty());
  EXPECT_EQ(absence_of("", "rosa@example.org").code, "mail_unnamed");
  EXPECT_EQ(absence_of("eva@example.com", "").code, "mail_unnamed") << "nor is a sender logged";
}

TEST_F(UnnamedTest, WhatWasNotTriedYetMayBeToAnybody) {
  const auto told = play(
      {"postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
       "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)"});
  EXPECT_EQ(told.at("unnamed_recipients").as_object().at("outcome").as_string(), "queued");
  EXPECT_EQ(ended(Outcome::queued).items.size(), 1U);
  EXPECT_FALSE(absence_of("eva@example.com", "rosa@example.org").proven);
  EXPECT_TRUE(absence_of("luis@example.com", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, WhatWaitsForHoursMayBeToAnybody) {
  const std::vector<std::string> queued = {
      "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
      "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
      "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)"};
  auto held = queued;
  held.emplace_back("postfix/postsuper[14]: AA2F1A0E5D: placed on hold");
  clock_.advance(5h);
  for (const auto& lines : {queued, held}) {
    play(lines);
    EXPECT_EQ(absence_of("eva@example.com", "rosa@example.org").code, "mail_unnamed");
  }
}

// smtpd answers 451 at the end of the content, without a line of its own.
TEST_F(UnnamedTest, ContentThatOurOwnServerRefusedIsNoClientThatWentAway) {
  const auto told =
      play({"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
            "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
            "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
            "postfix/cleanup[12]: warning: AA2F1A0E5D: virtual_alias_maps map lookup problem for "
            "rosa@example.org -- message not accepted, try again later",
            "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=1 "
            "data=0/1 quit=1 commands=4/5"});
  const auto& unnamed = told.at("unnamed_recipients").as_object();
  EXPECT_EQ(unnamed.at("outcome").as_string(), "rejected");
  EXPECT_EQ(unnamed.at("reason").as_string(), "local_config");
  EXPECT_EQ(unnamed.at("reply_code").as_int64(), 451);
}

// One MAIL of two was taken back with RSET.
TEST_F(UnnamedTest, WhatItsClientTookBackIsNotInTheQueue) {
  Log log{"/var/log/mail.log", "mx1", false, {}};
  for (const std::string text :
       {"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
        "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
        "postfix/smtpd[9]: BB2F1A0E5D: client=mx.example.net[192.0.2.7]",
        "postfix/cleanup[12]: BB2F1A0E5D: message-id=<1@example.net>",
        "postfix/qmgr[13]: BB2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
        "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=2 rcpt=2 data=1 "
        "rset=1 quit=1 commands=8"})
    log.lines.push_back("2026-11-24T10:00:10+00:00 mx1 " + text);
  player_ = std::make_unique<LogPlayer>(std::vector<Log>{std::move(log)});
  player_->play_all();
  player_->flush();
  EXPECT_EQ(ended(Outcome::queued).items.size(), 1U);
}

TEST_F(UnnamedTest, AReportProvesAFailure) {
  Log log{"/var/log/mail.log", "mx1", false, {}};
  log.lines = {
      "2026-11-24T10:00:10+00:00 mx1 postfix/bounce[9]: AA2F1A0E5D: sender non-delivery "
      "notification: BB2F1A0E5D"};
  player_ = std::make_unique<LogPlayer>(std::vector<Log>{std::move(log)});
  player_->play_all();
  player_->flush();
  EXPECT_EQ(ended(Outcome::bounced).items.size(), 1U);
}

// However late it ended: who asks knows when it was sent.
TEST_F(UnnamedTest, WhatEndedUnnamedIsToldOfWhenItCameIn) {
  play({"postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
        "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@example.net>",
        "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
        "postfix/postsuper[14]: AA2F1A0E5D: removed"});
  ASSERT_EQ(player_->index().encounters.size(), 1U);
  EXPECT_EQ(player_->index().encounters[0].at, kNow - 50s);
}

// Whom Exim's system filter addressed instead is still tried: the message is at no end, and
// somebody is named.
TEST_F(UnnamedTest, WhomTheSystemFilterAddressedInsteadIsWaitedFor) {
  const std::vector<std::string> wants = {"audit@example.com deferred ",
                                          "ana@example.org discarded eva@example.org discarded "
                                          "audit@example.com deferred "};
  for (const std::string named : {"", " for ana@example.org eva@example.org"}) {
    const auto told = play(
        {"1xVgXu-0000Y3-1c <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=700" + named,
         "1xVgXu-0000Y3-1c original recipients ignored (system filter)",
         "1xVgXu-0000Y3-1c == audit@example.com <system-filter> R=dnslookup T=remote_smtp defer "
         "(-44) H=mx2.example.com [192.0.2.9]: SMTP error from remote mail server after RCPT "
         "TO:<audit@example.com>: 451 try later"},
        true);
    std::string got;
    for (const auto& to : told.at("recipients").as_array()) {
      got.append(to.at("recipient").as_string()).append(" ");
      got.append(to.at("outcome").as_string()).append(" ");
    }
    EXPECT_EQ(got, wants.at(named.empty() ? 0 : 1));
    EXPECT_TRUE(told.at("legs").as_array().at(0).at("closed_at").is_null());
    EXPECT_THAT(player_->index().encounters, testing::IsEmpty());
  }
}

TEST_F(UnnamedTest, ANamedRecipientIsAllThereIs) {
  const auto told = play(
      {"postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
       "postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=mx.example.org[192.0.2.9]:25, "
       "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  EXPECT_EQ(told.at("arrival").as_string(), "accepted");
  EXPECT_TRUE(told.at("unnamed_recipients").is_null());
  EXPECT_TRUE(absence_of("eva@example.com", "rosa@example.org").proven);
}

// The log begins after the arrival, or a hole swallowed it: who sent it may be anybody.
TEST_F(UnnamedTest, AMessageOfUnknownSenderMayBeTheOne) {
  play(
      {"postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=mx.example.org[192.0.2.9]:25, "
       "delay=90, delays=89/0/0/1, dsn=2.0.0, status=sent (250 ok)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  const auto unproven = absence_of("eva@example.com", "ana@example.org");
  EXPECT_EQ(unproven.code, "sender_unknown");
  EXPECT_EQ(unproven.count, 1U);
  EXPECT_EQ(absence_of("eva@example.com", "").code, "sender_unknown");
  EXPECT_TRUE(absence_of("eva@example.com", "rosa@example.org").proven) << "not to her";
  FindRequest request;
  request.recipient.emplace("ana@example.org");
  request.range = {kNow - 2min, kNow};
  Coverage complete;
  complete.complete = true;
  const auto code_of = [&](const FindRequest& asked) {
    const auto nearby = look_nearby(player_->index(), asked, 0ms, clock_);
    return nearby ? prove_absence(asked, complete, *nearby, false).code : "";
  };
  auto by_login = request;
  by_login.login = "eva";
  EXPECT_EQ(code_of(by_login), "sender_unknown");
  auto by_client = request;
  by_client.client = "192.0.2.7";
  EXPECT_EQ(code_of(by_client), "sender_unknown");
  by_client.recipient.emplace("rosa@example.org");
  EXPECT_EQ(code_of(by_client), "proven");
  FindRequest by_any;
  by_any.range = request.range;
  by_any.any.emplace("eva@example.com");
  EXPECT_EQ(code_of(by_any), "sender_unknown");
}

TEST_F(UnnamedTest, AKnownSenderOfAnUnknownClient) {
  play({"postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
        "postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=mx.example.org[192.0.2.9]:25, "
        "delay=90, delays=89/0/0/1, dsn=2.0.0, status=sent (250 ok)",
        "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  EXPECT_TRUE(absence_of("luis@example.com", "ana@example.org").proven);
  FindRequest request;
  request.client = "192.0.2.7";
  request.range = {kNow - 2min, kNow};
  const auto nearby = look_nearby(player_->index(), request, 0ms, clock_);
  ASSERT_TRUE(nearby);
  EXPECT_EQ(nearby->sender_unknown, 1U);
}

TEST_F(UnnamedTest, ALoginThatFailedWithoutAName) {
  play(
      {"postfix/smtpd[9]: warning: mx.example.net[192.0.2.7]: SASL LOGIN authentication failed: "
       "UGFzc3dvcmQ6",
       "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
       "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
       "postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=mx.example.org[192.0.2.9]:25, "
       "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
       "postfix/qmgr[13]: AA2F1A0E5D: removed"});
  EXPECT_EQ(absence_of("laura@example.org", "").code, "logins_unnamed");
}

TEST_F(UnnamedTest, AClientThatCouldNotGoOnMayHaveHadIt) {
  const std::string limit =
      "postfix/smtpd[9]: warning: Connection concurrency limit exceeded: 51 from "
      "mx.example.net[192.0.2.7] for service smtp";
  const std::string no_tls =
      "postfix/smtpd[9]: SSL_accept error from mx.example.net[192.0.2.7]: -1";
  for (const auto& line : {limit, no_tls}) {
    play({line, "postfix/smtpd[8]: AA2F1A0E5D: client=mx.example.com[192.0.2.8]",
          "postfix/qmgr[13]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)",
          "postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, relay=mx.example.org[192.0.2.9]:25, "
          "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
          "postfix/qmgr[13]: AA2F1A0E5D: removed"});
    EXPECT_EQ(absence_of("laura@example.net", "").code, "clients_refused") << line;
  }
}

// Of Exim's src/smtp_in.c and src/receive.c: no id, and no refusal.
TEST_F(UnnamedTest, ADialogueOfEximThatWasBrokenOffIsFound) {
  const auto told =
      play({"H=(mail.remote.example) [198.51.100.5]:4000 incomplete transaction (RSET) from "
            "<bob@remote.example> for juan@example.org luis@example.org"},
           true);
  EXPECT_EQ(told.at("arrival").as_string(), "broken_off");
  EXPECT_EQ(told.at("envelope_sender").as_string(), "bob@remote.example");
  ASSERT_EQ(told.at("recipients").as_array().size(), 2U);
  EXPECT_EQ(told.at("recipients").as_array().at(0).at("outcome").as_string(), "unknown");
  FindRequest request;
  request.recipient.emplace("luis@example.org");
  EXPECT_EQ(find(request).items.size(), 1U);
  EXPECT_TRUE(absence_of("", "rosa@example.org").proven) << "all are named";
  for (const std::string line :
       {"H=(mail.remote.example) [198.51.100.5]:4000 incomplete transaction (connection lost) from "
        "<bob@remote.example>",
        "SMTP data timeout (message abandoned) on connection from (mail.remote.example) "
        "[198.51.100.5]:4000 F=<bob@remote.example>"}) {
    EXPECT_EQ(play({line}, true).at("envelope_sender").as_string(), "bob@remote.example");
    EXPECT_EQ(absence_of("", "rosa@example.org").code, "mail_unnamed") << line;
    EXPECT_EQ(absence_of("", "rosa@example.org").count, 1U) << line;
    EXPECT_TRUE(absence_of("luis@example.com", "rosa@example.org").proven) << line;
  }
}

TEST_F(UnnamedTest, WhatIsGivenUpAfterARefusalIsThatRefusal) {
  const auto told =
      play({"H=(mail.remote.example) [198.51.100.5]:4000 F=<bob@remote.example> rejected RCPT "
            "<juan@example.org>: no such user",
            "H=(mail.remote.example) [198.51.100.5]:4000 incomplete transaction (QUIT) from "
            "<bob@remote.example>"},
           true);
  EXPECT_EQ(told.at("arrival").as_string(), "refused");
  EXPECT_TRUE(absence_of("", "rosa@example.org").proven);
}

TEST_F(UnnamedTest, AClientOfEximsThatCouldNotGoOn) {
  const std::vector<std::string> mail = {
      "1xVgXy-0000cP-1l <= eva@example.com H=mx.example.net [192.0.2.7] P=esmtp S=9 for "
      "ana@example.org",
      "1xVgXy-0000cP-1l => ana@example.org R=r T=t H=mx.example.org [192.0.2.9] C=\"250 ok\"",
      "1xVgXy-0000cP-1l Completed"};
  const auto code_with = [&](const std::string& line) {
    auto lines = mail;
    lines.push_back(line);
    play(lines, true);
    return absence_of("", "rosa@example.org").code;
  };
  EXPECT_EQ(code_with("TLS error on connection from mail.remote.example [198.51.100.5]:4000 "
                      "(SSL_accept): error:0A0000C1:SSL routines::no shared cipher"),
            "clients_refused");
  EXPECT_EQ(code_with("SMTP protocol synchronization error (input sent without waiting for "
                      "greeting): rejected connection from H=[198.51.100.5]:4000 input=\"x\""),
            "clients_refused");
  EXPECT_EQ(code_with("SMTP connection from (mail.remote.example) [198.51.100.5]:4000 lost while "
                      "reading message data (header)"),
            "mail_unnamed");
  EXPECT_EQ(code_with("TLS error on connection from mail.remote.example [198.51.100.5]:4000 "
                      "(recv): The TLS connection was non-properly terminated."),
            "proven");
}

// Of Postfix' src/smtpd/smtpd.c: refusals without a line, and mails that never came so far.
TEST_F(UnnamedTest, WhatOnlyTheCountsTellOf) {
  const std::string connect = "postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]";
  const std::string disconnect = "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ";
  const std::string refused =
      "postfix/smtpd[9]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.7]: 450 4.7.1 "
      "<ana@example.org>: Recipient address rejected: Greylisted; from=<eva@example.com> "
      "to=<ana@example.org> proto=ESMTP helo=<mx>";
  bool begins = true;
  const auto code_of = [&](std::vector<std::string> lines, const std::string& counts) {
    if (begins) lines.insert(lines.begin(), connect);
    lines.insert(
        lines.end(),
        {disconnect + counts, "postfix/smtpd[8]: AA2F1A0E5D: client=mx.example.com[192.0.2.8]",
         "postfix/qmgr[13]: AA2F1A0E5D: from=<a@b.example>, size=900, nrcpt=1 (queue "
         "active)",
         "postfix/smtp[14]: AA2F1A0E5D: to=<c@d.example>, relay=mx[192.0.2.9]:25, "
         "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
         "postfix/qmgr[13]: AA2F1A0E5D: removed"});
    Log log{"/var/log/mail.log", "mx1", false, {}};
    for (const auto& text : lines) log.lines.push_back("2026-11-24T10:00:10+00:00 mx1 " + text);
    player_ = std::make_unique<LogPlayer>(std::vector<Log>{std::move(log)});
    player_->play_all();
    player_->flush();
    return absence_of("", "rosa@example.org").code;
  };
  EXPECT_EQ(code_of({}, "ehlo=1 quit=1 commands=2"), "proven");
  EXPECT_EQ(code_of({}, "ehlo=1 mail=1 commands=2"), "mail_unnamed");
  EXPECT_EQ(code_of({}, "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"), "mail_unnamed");
  EXPECT_EQ(code_of({}, "ehlo=1 mail=0/1 quit=1 commands=2/3"), "mail_unnamed")
      << "\"Must issue a STARTTLS command first\" has no line";
  EXPECT_EQ(code_of({refused}, "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"), "proven");
  EXPECT_EQ(code_of({refused, refused}, "ehlo=1 mail=2 rcpt=0/2 quit=1 commands=4/6"), "proven");
  EXPECT_EQ(code_of({refused}, "ehlo=1 mail=1 rcpt=0/2 quit=1 commands=3/5"), "mail_unnamed");
  EXPECT_EQ(code_of({refused}, "ehlo=1 mail=2 rcpt=0/1 quit=1 commands=4/5"), "mail_unnamed");

  begins = false;  // the log starts in the middle of it, or its administrator left such lines out
  const std::string taken = "postfix/smtpd[9]: AB2F1A0E5D: client=mx.example.net[192.0.2.7]";
  const std::string named =
      "postfix/smtp[14]: AB2F1A0E5D: to=<c@d.example>, relay=mx[192.0.2.9]:25, delay=1, "
      "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)";
  EXPECT_EQ(code_of({}, "ehlo=1 quit=1 commands=2"), "proven");
  EXPECT_EQ(code_of({}, "ehlo=1 mail=1 rcpt=0/2 quit=1 commands=3/5"), "mail_unnamed");
  EXPECT_EQ(code_of({refused}, "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"), "proven");
  EXPECT_EQ(code_of({taken, named}, "ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"), "proven");
}

TEST_F(UnnamedTest, AnAddressThatIsNoneIsNamedAsItWasWritten) {
  const auto told = play(
      {"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
       "postfix/smtpd[9]: warning: Illegal address syntax from mx.example.net[192.0.2.7] in RCPT "
       "command: <juan@example.org.>",
       "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 quit=1 "
       "commands=3/4"});
  EXPECT_EQ(told.at("arrival").as_string(), "refused");
  EXPECT_EQ(told.at("recipients").as_array().at(0).at("recipient").as_string(),
            "juan@example.org.");
  EXPECT_EQ(absence_of("", "juan@example.org").code, "mail_unnamed");
  EXPECT_FALSE(absence_of("eva@example.com", "").proven);
}

// access(5) and header_checks(5): the mail is somebody else's, and is found by whom it was for.
TEST_F(UnnamedTest, WhomARedirectReplacedIsFound) {
  const std::string client = "mail.remote.example[198.51.100.5]";
  const std::string by_smtpd =
      "postfix/smtpd[9]: NOQUEUE: redirect: RCPT from " + client +
      ": <u9@dom.example>: Recipient address triggers REDIRECT boss@dom.example; "
      "from=<bob@remote.example> to=<u9@dom.example> proto=ESMTP helo=<mail.remote.example>";
  const std::string by_cleanup =
      "postfix/cleanup[12]: AA2F1A0E5D: redirect: header Subject: secret from " + client +
      "; from=<bob@remote.example> to=<u9@dom.example> proto=ESMTP helo=<mail.remote.example>: "
      "boss@dom.example";
  const std::vector<std::string> arrival = {"postfix/smtpd[9]: AA2F1A0E5D: client=" + client,
                                            "postfix/cleanup[12]: AA2F1A0E5D: message-id=<1@r>"};
  const std::vector<std::string> rest = {
      "postfix/qmgr[13]: AA2F1A0E5D: from=<bob@remote.example>, size=100, nrcpt=1 (queue active)",
      "postfix/virtual[14]: AA2F1A0E5D: to=<boss@dom.example>, relay=virtual, delay=0.1, "
      "delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered to maildir)",
      "postfix/qmgr[13]: AA2F1A0E5D: removed"};
  for (const bool before : {true, false}) {
    std::vector<std::string> lines = {"postfix/smtpd[9]: connect from " + client};
    if (before) lines.push_back(by_smtpd);
    lines.insert(lines.end(), arrival.begin(), arrival.end());
    if (!before) lines.push_back(by_cleanup);
    const auto waiting = play(lines);
    ASSERT_EQ(waiting.at("recipients").as_array().size(), 1U);
    EXPECT_EQ(waiting.at("recipients").as_array().at(0).at("outcome").as_string(), "queued");
    lines.insert(lines.end(), rest.begin(), rest.end());
    const auto told = play(lines);
    ASSERT_EQ(told.at("recipients").as_array().size(), 1U) << json::serialize(told);
    const auto& recipient = told.at("recipients").as_array().at(0).as_object();
    EXPECT_EQ(recipient.at("recipient").as_string(), "boss@dom.example");
    EXPECT_EQ(recipient.at("original_recipient").as_string(), "u9@dom.example");
    EXPECT_EQ(recipient.at("outcome").as_string(), "delivered");
    FindRequest request;
    request.recipient.emplace("u9@dom.example");
    const auto found = find(request);
    ASSERT_EQ(found.items.size(), 1U);
    EXPECT_EQ(found.items[0].recipients.size(), 1U);
  }
}

// Until the first attempt only cleanup's checks name anybody.
TEST_F(UnnamedTest, WhomAContentCheckNamesIsFoundWhileTheMessageWaits) {
  const std::string of_sender =
      "from=<eva@example.com> to=<rosa@example.org> proto=ESMTP helo=<mx>";
  const std::vector<std::string> arrival = {
      "postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]",
      "postfix/cleanup[8]: AA2F1A0E5D: message-id=<r3@example.com>"};
  const std::string active =
      "postfix/qmgr[7]: AA2F1A0E5D: from=<eva@example.com>, size=900, nrcpt=1 (queue active)";
  for (const std::string& check :
       {"warning: header Subject: hello from mx.example.net[192.0.2.7]; " + of_sender,
        "info: header Subject: hello from mx.example.net[192.0.2.7]; " + of_sender,
        "replace: header MIME-Version: 1.0 from mx.example.net[192.0.2.7]; " + of_sender +
            ": Mime-Version: 1.0",
        "prepend: header Received: x from mx.example.net[192.0.2.7]; " + of_sender + ": X-A: b"}) {
    auto lines = arrival;
    lines.push_back("postfix/cleanup[8]: AA2F1A0E5D: " + check);
    lines.push_back(active);
    const auto told = play(lines);
    ASSERT_EQ(told.at("recipients").as_array().size(), 1U) << check;
    const auto& rosa = told.at("recipients").at(0).as_object();
    EXPECT_EQ(rosa.at("recipient").as_string(), "rosa@example.org");
    EXPECT_EQ(rosa.at("outcome").as_string(), "queued");
    // An alias: who was named is its original recipient, and nobody else.
    lines.push_back(
        "postfix/smtp[6]: AA2F1A0E5D: to=<r@example.net>, orig_to=<rosa@example.org>,"
        " relay=mx.example.net[192.0.2.8]:25, delay=1, delays=0/0/0/1, dsn=2.0.0,"
        " status=sent (250 ok)");
    lines.push_back("postfix/qmgr[7]: AA2F1A0E5D: removed");
    const auto sent = play(lines);
    ASSERT_EQ(sent.at("recipients").as_array().size(), 1U) << check;
    EXPECT_EQ(sent.at("recipients").at(0).at("outcome").as_string(), "delivered");
    EXPECT_EQ(sent.at("recipients").at(0).at("original_recipient").as_string(), "rosa@example.org");
  }
}

TEST_F(UnnamedTest, SomeOfWhomAreNotNamedYet) {
  play({"postfix/smtpd[11]: 4BCDGH2zLQzyv4p: client=unknown[192.0.2.7]",
        "postfix/cleanup[12]: 4BCDGH2zLQzyv4p: message-id=<m@example.net>",
        "postfix/qmgr[13]: 4BCDGH2zLQzyv4p: from=<a@example.net>, size=9, nrcpt=2 (queue active)",
        "postfix/smtp[14]: 4BCDGH2zLQzyv4p: to=<b@example.org>, "
        "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
        "ok)"});
  EXPECT_EQ(absence_of("a@example.net", "c@example.org").code, "mail_unnamed");
  EXPECT_TRUE(absence_of("z@example.net", "c@example.org").proven);
}

TEST_F(UnnamedTest, AllOfWhomAreNamed) {
  play({"postfix/smtpd[11]: 4BCDGH2zLQzyv4p: client=unknown[192.0.2.7]",
        "postfix/smtpd[11]: 4BCDGH2zLQzyv4p: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 "
        "<x@example.org>: Recipient address rejected: User unknown; from=<a@example.net> "
        "to=<x@example.org> proto=ESMTP helo=<h>",
        "postfix/cleanup[12]: 4BCDGH2zLQzyv4p: message-id=<m@example.net>",
        "postfix/qmgr[13]: 4BCDGH2zLQzyv4p: from=<a@example.net>, size=9, nrcpt=2 (queue active)",
        "postfix/smtpd[11]: disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=2/3 data=1 "
        "quit=1 commands=6/7",
        "postfix/smtp[14]: 4BCDGH2zLQzyv4p: to=<b@example.org>, orig_to=<p@example.net>, "
        "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
        "ok)",
        "postfix/smtp[14]: 4BCDGH2zLQzyv4p: to=<b@example.org>, orig_to=<q@example.net>, "
        "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
        "ok)",
        "postfix/qmgr[13]: 4BCDGH2zLQzyv4p: removed"});
  EXPECT_TRUE(absence_of("a@example.net", "c@example.org").proven);
}

TEST_F(UnnamedTest, AnIdAloneProvesNothing) {
  play({"postfix/smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]"});
  FindRequest request;
  request.message_id = "orig-1@example.com";
  Coverage complete;
  complete.complete = true;
  EXPECT_EQ(prove_absence(request, complete, {}, false).code, "only_an_id");
  request.message_id.clear();
  request.queue_id = "4XYZ";
  EXPECT_EQ(prove_absence(request, complete, {}, false).code, "only_an_id");
  request.client = "192.0.2.9";
  EXPECT_TRUE(prove_absence(request, complete, {}, false).proven);
}

}  // namespace
}  // namespace rastro
