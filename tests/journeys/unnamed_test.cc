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
