#include "daemon/bounce/dsn.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

BounceReport read(std::string_view text) {
  BounceReport report;
  apply_dsn(find_dsn_fields(text, 100), {}, report);
  return report;
}

TEST(Dsn, TwoRecipients) {
  const auto got = read(
      "Reporting-MTA: dns; mx.example.org (tcp-daemon)\n"
      "\n"
      "Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n"
      "\n"
      "Final-Recipient: rfc822; b@example.org\nAction: delayed\nStatus: 4.2.2\n");
  ASSERT_EQ(got.recipients.size(), 2U);
  EXPECT_EQ(got.reporting_mta.value, "mx.example.org");
  EXPECT_EQ(got.recipients[0].action.value, "failed");
  EXPECT_EQ(got.recipients[1].recipient.value, "b@example.org");
  EXPECT_EQ(got.recipients[1].enhanced_status.value, "4.2.2");
}
TEST(Dsn, BlankLineMissingBetweenBlocks) {
  const auto got = read(
      "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.1.1\n"
      "Final-Recipient: rfc822;b@example.org\nAction: failed\nStatus: 5.2.2\n");
  ASSERT_EQ(got.recipients.size(), 2U);
  EXPECT_EQ(got.recipients[1].enhanced_status.value, "5.2.2");
}
TEST(Dsn, ActionBeforeTheName) {
  const auto got = read("Action: failed\nFinal-Recipient: rfc822;a@example.org\nStatus: 5.0.0\n");
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].action.value, "failed");
}
TEST(Dsn, OriginalRecipientIsKeptWhenItDiffers) {
  const auto got = read(
      "Original-Recipient: rfc822;info@example.org\nFinal-Recipient: rfc822;a@example.org\n"
      "Action: failed\n");
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].original_recipient.value, "info@example.org");
}
TEST(Dsn, VagueStatusGivesWayToTheDiagnostic) {
  const auto got = read(
      "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.0.0\n"
      "Diagnostic-Code: smtp; 552 5.2.2 Mailbox\n full\n");
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].enhanced_status.value, "5.2.2");
  EXPECT_EQ(got.recipients[0].reply_code.value, "552");
  EXPECT_EQ(got.recipients[0].diagnostic.value, "552 5.2.2 Mailbox full");
}
// OpenSMTPD says 5.0.0 of everything that it gave up.
TEST(Dsn, VagueStatusOfAnotherClassGivesWayToo) {
  const auto got = read(
      "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.0.0\n"
      "Diagnostic-Code: smtp; 451 4.7.1 Greylisted\n");
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].enhanced_status.value, "4.7.1");
}
TEST(Dsn, AddressForms) {
  EXPECT_EQ(dsn_address("rfc822; a@example.org"), "a@example.org");
  EXPECT_EQ(dsn_address("RFC822;<a@example.org>"), "a@example.org");
  EXPECT_EQ(dsn_address("utf-8; jos\\x{E9}@example.org"), "jos\xc3\xa9@example.org");
  EXPECT_EQ(dsn_address("a@example.org"), "a@example.org");
  EXPECT_EQ(dsn_address("\"odd;name\"@example.org"), "\"odd;name\"@example.org");
}
TEST(Dsn, Actions) {
  EXPECT_EQ(dsn_action("Failed (bad address)"), "failed");
  EXPECT_EQ(dsn_action("expired"), "failed");
  EXPECT_EQ(dsn_action("Delayed"), "delayed");
  EXPECT_EQ(dsn_action("whatever"), "");
}
// Words of a person that look like fields.
TEST(Dsn, ProseIsNoReport) {
  EXPECT_FALSE(find_dsn_fields("Status: I am fine\nAction: none\n", 10).any());
  EXPECT_TRUE(find_dsn_fields("Action: failed\nStatus: 5.1.1\n", 10).recipients.empty());
}
TEST(Dsn, RecipientsAreBounded) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "Final-Recipient: rfc822;a" + std::to_string(i) + "@example.org\nAction: failed\n\n";
  EXPECT_LE(find_dsn_fields(text, 10).recipients.size(), 10U);
}

}  // namespace
}  // namespace rastro
