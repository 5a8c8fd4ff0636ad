// Which reason a bounce's recipients get, by a classifier that knows three phrases.
#include <gtest/gtest.h>

#include "daemon/answer/bounce.h"
#include "daemon/answer/bounce_reasons.h"

namespace rastro {
namespace {

ClassifiedText by_three_phrases(std::optional<EnhancedStatus> status, std::uint16_t code,
                                std::string_view text) {
  if (text.find("no room") != std::string_view::npos) return {Reason::mailbox_full};
  if (text.find("still in the queue") != std::string_view::npos) return {Reason::expired};
  if (status || code != 0) return {Reason::remote_error};
  return {Reason::other};
}

BounceReport with_reasons(std::string_view body) {
  auto report = read_bounce(
      "From: MAILER-DAEMON@example.net\nTo: ana@example.org\nSubject: Undelivered mail\n\n" +
      std::string(body));
  add_reasons(by_three_phrases, report);
  return report;
}

TEST(BounceReasons, ACauseElsewhereInTheNoticeCounts) {
  const auto report = with_reasons(
      "Your message could not be delivered to:\n\n  juan@example.net\n\nThere is no room left.\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::mailbox_full);
  EXPECT_EQ(report.recipients[0].diagnostic.value, "There is no room left.");
}

TEST(BounceReasons, AdviceIsNoCause) {
  const auto report = with_reasons(
      "Perhaps there is no room.\n\nYour message could not be delivered to juan@example.net.\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::unknown);
}

TEST(BounceReasons, TheCauseBesideAdviceCounts) {
  const auto report = with_reasons(
      "Your message could not be delivered to:\n\n  juan@example.net\n\nHe has no room, please try "
      "later.\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::mailbox_full);
}

TEST(BounceReasons, WhatAServerSaidIsNotOverruled) {
  const auto report = with_reasons(
      "Your message could not be delivered.\n\n<juan@example.net>: 554 5.3.0 no\n\nHe has no "
      "room.\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::remote_error);
}

TEST(BounceReasons, ADelayIsNotExpired) {
  const auto report = with_reasons(
      "Your message to juan@example.net is still in the queue. We will keep trying for 3 days.\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].action.value, "delayed");
  EXPECT_EQ(report.recipients[0].reason, Reason::unknown);
}

TEST(BounceReasons, WithoutAClassifierTheyAreUnknown) {
  auto report = with_reasons("<juan@example.net>: 552 5.2.2 the mailbox is full\n");
  add_reasons({}, report);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::unknown);
}

}  // namespace
}  // namespace rastro
