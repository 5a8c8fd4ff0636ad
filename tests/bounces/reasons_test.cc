// Which reason a bounce's recipients get, by a classifier that knows three phrases.
#include "daemon/bounce/reasons.h"

#include <gtest/gtest.h>

#include "daemon/bounce/bounce.h"

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

TEST(BounceReasons, AReplyThatNamesNobodyHasAReason) {
  for (const auto* text : {"552 5.2.2 no room\n", "El servidor respondió: 552 5.2.2 no room\n",
                           "552 5.2.2 no room juan @ example . net\n"}) {
    SCOPED_TRACE(text);
    auto report = read_bounce(text);
    add_reasons(by_three_phrases, report);
    EXPECT_EQ(report.kind, BounceKind::failed);
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_FALSE(report.recipients[0].recipient);
    EXPECT_EQ(report.recipients[0].action.value, "failed");
    EXPECT_EQ(report.recipients[0].reply_code.value, "552");
    EXPECT_EQ(report.recipients[0].enhanced_status.value, "5.2.2");
    EXPECT_EQ(report.recipients[0].reason, Reason::mailbox_full);
  }
}

TEST(BounceReasons, AReplyForNowAloneIsNoFailureForGood) {
  EXPECT_EQ(read_bounce("450 4.2.0 Greylisted, come back later\n").kind, BounceKind::delayed);
  EXPECT_EQ(read_bounce("Your message could not be delivered: 450 4.2.0 busy\n").kind,
            BounceKind::failed);
}

TEST(BounceReasons, ACauseThatNamesNobodyIsAReason) {
  auto report = read_bounce("Your message could not be delivered. There is no room left.\n");
  add_reasons(by_three_phrases, report);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::mailbox_full);
}

TEST(BounceReasons, AnOfferToReleaseHeldMailIsNoBounce) {
  for (const auto* text :
       {"Subject: Undelivered messages: 7 incoming emails could not be delivered\n\n7 incoming "
        "messages failed to be delivered to your mailbox due to storage error 550 5.2.2.\nClick "
        "here "
        "to release messages to your inbox: http://mail.example.net/login\n",
        "Subject: Correos retenidos\n\nTiene 4 mensajes pendientes. Haga clic aqu\xc3\xad para "
        "recuperar los mensajes.\n"}) {
    const auto report = read_bounce(text);
    EXPECT_EQ(report.not_a_bounce, NotABounce::held_mail) << text;
  }
}

TEST(BounceReasons, ARefusalStaysOneBesideAnOfferToReleaseMail) {
  const auto report = read_bounce(
      "Your message to juan@example.net was not delivered: 554 5.7.1 blocked by policy.\nYou have "
      "3 "
      "pending messages. Click here to release the messages.\n");
  EXPECT_EQ(report.kind, BounceKind::failed);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].recipient.value, "juan@example.net");
  for (const auto* text :
       {"Subject: Mail delivery failed\n\n5 incoming messages to ana@example.org could not be "
        "delivered: 550 5.2.2 quota error.\nClick here to release messages to your inbox.\n",
        "Subject: Undelivered mail\n\nAna@example.org has 7 undelivered messages (error 554 "
        "5.7.1).\nClick below to retrieve your messages.\n"}) {
    EXPECT_EQ(read_bounce(text).not_a_bounce, NotABounce::held_mail) << text;
  }
}

TEST(BounceReasons, ADelayWithoutACauseHasNone) {
  auto report = read_bounce(
      "Delivery is delayed to these recipients or groups:\nbo@example.net (bo@example.net)\n"
      "This message hasn't been delivered yet. Delivery will continue to be attempted.\n");
  add_reasons(
      [](std::optional<EnhancedStatus>, std::uint16_t, std::string_view) {
        return ClassifiedText{Reason::greylisted, true};
      },
      report);
  EXPECT_EQ(report.kind, BounceKind::delayed);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].reason, Reason::unknown);
}

TEST(BounceReasons, ARefusedLoginIsNoBounce) {
  for (const auto* text :
       {"535 5.7.8 Error: authentication failed: bad password\n",
        "The mail server responded: 535-5.7.8 Username and password not accepted\n",
        "534-5.7.9 Please log in with your web browser\n", "530 5.7.0 Authentication required\n",
        "454 4.7.0 Temporary authentication failure\n"}) {
    SCOPED_TRACE(text);
    auto report = read_bounce(text);
    add_reasons(by_three_phrases, report);
    EXPECT_EQ(report.kind, BounceKind::not_a_bounce);
    EXPECT_EQ(report.not_a_bounce, NotABounce::login_refused);
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_FALSE(report.recipients[0].recipient);
    EXPECT_EQ(report.recipients[0].reason, Reason::auth_required);
  }
}

TEST(BounceReasons, ARefusedLoginMayNameItsAccount) {
  for (const auto* text :
       {"535 5.7.8 authentication failed for juan@example.org\n",
        "535 5.7.8 Error: authentication failed: user <juan@example.org> not found\n",
        "Login failed for juan@example.org: 535 5.7.8 bad password\n",
        "No se pudo iniciar la sesi\xc3\xb3n de juan@example.org. El servidor dijo: 535 5.7.8 "
        "no\n"}) {
    SCOPED_TRACE(text);
    const auto report = read_bounce(text);
    EXPECT_EQ(report.not_a_bounce, NotABounce::login_refused);
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_FALSE(report.recipients[0].recipient);
  }
  EXPECT_EQ(read_bounce("Your message could not be delivered to juan@example.net: 535 5.7.8 "
                        "authentication failed\n")
                .kind,
            BounceKind::failed);
}

TEST(BounceHeaders, CoremailNamesTheOriginal) {
  const auto id_of = [](const std::string& value) {
    return read_bounce(
               "From: Postmaster@163.example\nSubject: \nX-CM-Original-Message-ID: " + value +
               "\nIn-Reply-To: <other@example.org>\n\nNot delivered: "
               "juan@example.net: 550 no\n")
        .message_id.value;
  };
  EXPECT_EQ(id_of("<m1@example.org>"), "<m1@example.org>");
  EXPECT_EQ(id_of("12b5e9fd-beef-407d"), "12b5e9fd-beef-407d");
}

TEST(BounceReasons, AReplyThatWasReadOutIsNoReport) {
  EXPECT_FALSE(read_bounce("550 5.1.1 <juan@example.net>: no such user\n").is_report);
  EXPECT_FALSE(read_bounce("550 5.1.1 no such user\n").is_report);
  EXPECT_TRUE(read_bounce("I'm sorry to have to inform you that your message could not be "
                          "delivered to one or more recipients.\n\n<juan@example.net>: host "
                          "mx.example.net[192.0.2.7] said: 550 5.1.1 no\n")
                  .is_report);
  EXPECT_TRUE(read_bounce("From: Mail Delivery System <MAILER-DAEMON@example.org>\nSubject: "
                          "Undelivered Mail\n\n<juan@example.net>: 550 5.1.1 no\n")
                  .is_report);
}

// A relay refused the login of our server.
TEST(BounceReasons, ARefusedLoginThatANoticeTellsIsABounce) {
  const auto report = with_reasons(
      "<juan@example.net>: SASL authentication failed; server relay.example.com[192.0.2.8] said: "
      "535 5.7.8 authentication failed\n");
  EXPECT_EQ(report.kind, BounceKind::failed);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].recipient.value, "juan@example.net");
  EXPECT_EQ(read_bounce("530 5.7.0 Must issue a STARTTLS command first\n").kind,
            BounceKind::failed);
}

TEST(BounceReasons, SendmailsReceiptOfARelayIsNoDelivery) {
  const auto report = read_bounce(
      "Delivered: your message was delivered to juan@example.net\n\n   ----- Transcript of "
      "session follows -----\n<juan@example.net>... relayed; expect no further notifications\n");
  EXPECT_EQ(report.kind, BounceKind::relayed);
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients[0].action.value, "relayed");
}

}  // namespace
}  // namespace rastro
