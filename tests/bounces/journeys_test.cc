#include "daemon/bounce/journeys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using std::chrono::minutes;

constexpr const char* kJuan = "juan@example.net";

// One bounced message of ana's in the index, and what a bounce may tell of it.
class BouncedJourneys : public WriterFixture {
 protected:
  void SetUp() override {
    leg_ = samples::simple_leg(1, at_, kJuan);
    leg_.host = "mail";
    leg_.queue_id = "4Tq9Xk1z0Bz3";
    leg_.message_id = "<orig@example.org>";
    leg_.envelope_sender = "ana@example.org";
    leg_.recipients.at(0).outcome = Outcome::bounced;
    open();
  }
  BounceMatches find(const BounceReport& report) {
    commit({leg_}, at_);
    auto reader = samples::reader_of(*writer_);
    auto found = find_bounced_journeys(*reader, report, {});
    EXPECT_TRUE(found) << found.error().message;
    return found ? std::move(*found) : BounceMatches();
  }
  static BounceReport failure_of(const std::string& recipient) {
    BounceReport report;
    report.kind = BounceKind::failed;
    report.recipients.emplace_back();
    report.recipients.back().recipient = {recipient, "test"};
    return report;
  }
  static bool says(const BounceMatch& match, std::string_view fact) {
    return std::ranges::any_of(match.because, [&](const auto& f) { return f.fact == fact; });
  }

  const Time at_ = samples::start_time();
  LegRecord leg_;
};

TEST_F(BouncedJourneys, QueueIdOfOurHostAndRecipientIsCertain) {
  auto report = failure_of(kJuan);
  report.queue_ids = {{"4Tq9Xk1z0Bz3", "test"}};
  report.reporting_mta = {"mail.example.org", "test"};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::certain);
  EXPECT_TRUE(says(got.matches[0], "queue_id"));
  EXPECT_TRUE(says(got.matches[0], "host"));
  EXPECT_TRUE(says(got.matches[0], "recipient"));
}

TEST_F(BouncedJourneys, ReceivedHeaderOfTheOriginalNamesOurLeg) {
  auto report = failure_of("somebody@else.example");
  report.received = {{"mx.example.net", "ABCDEF", "original Received"},
                     {"mail.example.org", "4Tq9Xk1z0Bz3", "original Received"}};
  report.sent_at = at_ - minutes(1);
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::certain);
}

TEST_F(BouncedJourneys, MessageIdAndRecipientAreCertain) {
  auto report = failure_of("JUAN@EXAMPLE.NET");
  report.message_id = {"<orig@example.org>", "test"};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::certain);
}

TEST_F(BouncedJourneys, RecipientSenderAndTimeAreLikely) {
  auto report = failure_of(kJuan);
  report.original_sender = {"ana@example.org", "test"};
  report.sent_at = at_ + minutes(3);
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::likely);
}

TEST_F(BouncedJourneys, QueueIdOfAnotherHostProvesLittle) {
  auto report = failure_of("other@example.com");
  report.queue_ids = {{"4Tq9Xk1z0Bz3", "test"}};
  report.reporting_mta = {"mx7.example.com", "test"};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::possible);
}

TEST_F(BouncedJourneys, RecipientWithTheSameEndIsPossible) {
  const auto got = find(failure_of(kJuan));
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::possible);
  EXPECT_TRUE(says(got.matches[0], "outcome"));
}

TEST_F(BouncedJourneys, ReceiptOfWhatWasDeliveredIsPossible) {
  leg_.recipients.at(0).outcome = Outcome::delivered;
  leg_.recipients.at(0).delivered_to = DeliveredTo::remote;
  commit({leg_}, at_);
  for (const auto kind : {BounceKind::delivered, BounceKind::relayed, BounceKind::expanded}) {
    auto report = failure_of(kJuan);
    report.kind = kind;
    const auto got = find(report);
    ASSERT_EQ(got.matches.size(), 1U);
    EXPECT_EQ(got.matches[0].certainty, Certainty::possible);
    EXPECT_TRUE(says(got.matches[0], "outcome"));
    EXPECT_FALSE(says(got.matches[0], "other_outcome"));
  }
}

// The server that took it sent the bounce, or the log ends before it was given up.
TEST_F(BouncedJourneys, AnotherOutcomeIsPossibleAndSaidToBeOne) {
  auto& recipient = leg_.recipients.at(0);
  recipient.outcome = Outcome::delivered;
  recipient.delivered_to = DeliveredTo::remote;
  auto got = find(failure_of(kJuan));
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].certainty, Certainty::possible);
  EXPECT_TRUE(says(got.matches[0], "other_outcome"));
  recipient.outcome = Outcome::deferred;
  got = find(failure_of(kJuan));
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_TRUE(says(got.matches[0], "other_outcome"));
}

TEST_F(BouncedJourneys, WhatLiesInTheMailboxDidNotComeBack) {
  leg_.recipients.at(0).outcome = Outcome::delivered;
  leg_.recipients.at(0).delivered_to = DeliveredTo::mailbox;
  EXPECT_TRUE(find(failure_of(kJuan)).matches.empty());
}

TEST_F(BouncedJourneys, AnotherOutcomeOfAnotherMessageIsNoMatch) {
  leg_.recipients.at(0).outcome = Outcome::deferred;
  auto report = failure_of(kJuan);
  report.original_sender = {"eva@example.org", "test"};
  EXPECT_TRUE(find(report).matches.empty());
  report = failure_of(kJuan);
  report.message_id = {"<another@example.org>", "test"};
  EXPECT_TRUE(find(report).matches.empty());
}

TEST_F(BouncedJourneys, ABetterFitHidesWhatEndedOtherwise) {
  auto second = samples::simple_leg(2, at_ + minutes(20), kJuan);
  second.recipients.at(0).outcome = Outcome::deferred;
  commit({second}, at_);
  const auto got = find(failure_of(kJuan));
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].journey.id(), leg_.id);
}

TEST_F(BouncedJourneys, TheSameReplyIsAFact) {
  leg_.recipients.at(0).outcome = Outcome::deferred;
  leg_.recipients.at(0).reply_text =
      "host mx.example.net[192.0.2.7] said: 451 4.7.1 Sorry, ana wrote 812 messages today";
  auto report = failure_of(kJuan);
  report.recipients.at(0).diagnostic = {"451 4.7.1 sorry, ana wrote 812 messages today", "test"};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_TRUE(says(got.matches[0], "reply"));
  EXPECT_TRUE(says(got.matches[0], "other_outcome"));
}

TEST_F(BouncedJourneys, AReplyToNobodyIsNoMatch) {
  EXPECT_TRUE(find(failure_of("")).matches.empty());
}

TEST_F(BouncedJourneys, NothingInCommonIsNoMatch) {
  auto report = failure_of("other@example.com");
  report.message_id = {"<another@example.org>", "test"};
  report.queue_ids = {{"4TqAAAAAAAAA", "test"}};
  EXPECT_TRUE(find(report).matches.empty());
}

TEST_F(BouncedJourneys, TimeLongBeforeExcludesARecipient) {
  auto report = failure_of(kJuan);
  report.sent_at = at_ - std::chrono::hours(24 * 30);
  EXPECT_TRUE(find(report).matches.empty());
}

TEST_F(BouncedJourneys, CertaintyHidesGuesses) {
  auto second = samples::simple_leg(2, at_ + minutes(20), kJuan);
  second.queue_id = "4Tq9Zzzz0Bz3";
  second.recipients.at(0).outcome = Outcome::bounced;
  commit({second}, at_);
  auto report = failure_of(kJuan);
  report.message_id = {"<orig@example.org>", "test"};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].journey.id(), leg_.id);
}

// The bounce came through our own server, whose log names the message that made it.
TEST_F(BouncedJourneys, OwnBounceLeadsToItsParent) {
  auto notice = samples::simple_leg(3, at_ + minutes(1), "ana@example.org");
  notice.host = "mail";
  notice.queue_id = "4Tq9Xm0QrXz4";
  notice.envelope_sender = "";
  notice.internal = true;
  LegLink link;
  link.kind = LegLink::Kind::bounce;
  link.direction = LegLink::Direction::parent;
  link.queue_id = leg_.queue_id;
  link.at = notice.opened_at;
  notice.links = {link};
  commit({notice}, at_);
  auto report = failure_of("somebody@else.example");
  report.received = {{"mail.example.org", "4Tq9Xm0QrXz4", "bounce Received"}};
  const auto got = find(report);
  ASSERT_EQ(got.matches.size(), 1U);
  EXPECT_EQ(got.matches[0].journey.id(), leg_.id);
  EXPECT_EQ(got.matches[0].certainty, Certainty::certain);
  EXPECT_TRUE(says(got.matches[0], "bounce_link"));
}

}  // namespace
}  // namespace rastro
