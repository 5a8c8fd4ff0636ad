// What programs, pages and people do to a notice before it is pasted.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {
namespace {

using testing::ElementsAre;

std::vector<std::string> recipients_of(const BounceReport& report) {
  std::vector<std::string> out;
  for (const auto& r : report.recipients) out.push_back(r.recipient.value);
  return out;
}

TEST(BouncePastes, ASignatureBelowOutlooksBlockOfNamesIsNoRecipient) {
  for (const auto* from : {"From: Microsoft Outlook", "From: System Administrator"}) {
    for (const auto* signature :
         {"-- \nAna Gil\nana@example.org\nTel. 91 550 51 11\n",
          "Ana Gil\nana@example.org\n\nThis e-mail is confidential and intended only for the "
          "addressee.\n"}) {
      const auto report = read_bounce(
          std::string(from) +
          "\nSent: Monday, March 4, 2024 9:15 AM\nTo: Ana Gil\nSubject: Undeliverable: Budget\n\n"
          "** Address not found **\n\nYour message wasn't delivered to juan@example.net because "
          "the address couldn't be found.\n\nThe response from the remote server was:\n\n"
          "550 5.1.1 User unknown\n\n" +
          signature);
      EXPECT_THAT(recipients_of(report), ElementsAre("juan@example.net")) << from << signature;
    }
  }
}

TEST(BouncePastes, ALetterWithHeadersIsReadAsTheSameTextWithout) {
  const std::string head =
      "From: Tom <tom@example.org>\nTo: support@example.com\nSubject: mail\n\n";
  const std::string letter =
      "Hi,\n\nwhen I email our accountant mary@example.net I get this back:\n550 5.4.1 Recipient "
      "address rejected: Access denied.\n\nAny idea?\nTom\n";
  for (const auto& text : {head + letter, letter}) {
    const auto report = read_bounce(text);
    EXPECT_EQ(report.kind, BounceKind::failed);
    EXPECT_THAT(recipients_of(report), ElementsAre("mary@example.net"));
  }
  // Who writes about replies has got none, and who sends to subscribers neither.
  EXPECT_EQ(
      read_bounce(head + "Servers say many things, to mary@example.net say:\n550 5.4.1 Access "
                         "is denied here\n550 5.7.1 Policy is against it\n")
          .kind,
      BounceKind::not_a_bounce);
  EXPECT_EQ(read_bounce("List-Unsubscribe: <mailto:x@example.com>\n" + head + letter).kind,
            BounceKind::not_a_bounce);
}

TEST(BouncePastes, TheSenderInExchangesTableIsNoRecipient) {
  for (const auto* label :
       {"Sender Address", "Absenderadresse", "Adresse de l'expéditeur", "Dirección del remitente",
        "Indirizzo del mittente", "Endereço do remetente"}) {
    for (const auto* between : {":\n", ": ", " :\t"}) {
      const auto report = read_bounce(
          "Your message to juan@example.net couldn't be delivered.\n\nStatus code: 550 5.1.10\n\n" +
          std::string(label) + between + "ana@example.org\nRecipient Address" + between +
          "juan@example.net\n\nError" + between +
          "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient juan@example.net not found\n"
          "DSN généré par" +
          between + "MB4321.PROD.OUTLOOK.COM\nServeur distant" + between + "mx.example.net\n");
      EXPECT_THAT(recipients_of(report), ElementsAre("juan@example.net")) << label << between;
      EXPECT_EQ(report.reporting_mta.value, "MB4321.PROD.OUTLOOK.COM") << label << between;
    }
  }
}

TEST(BouncePastes, ALinkBesideAnAddressEndsNothing) {
  const auto report = read_bounce(
      "<juan@example.net <mailto:juan@example.net>>: host mx.example.net[192.0.2.1] said: 550 "
      "Mailbox\n    is frozen. (in reply to RCPT TO command)\n");
  ASSERT_THAT(recipients_of(report), ElementsAre("juan@example.net"));
  EXPECT_EQ(report.recipients[0].diagnostic.value, "550 Mailbox is frozen.");
}

TEST(BouncePastes, APieceMayBeginAtTheAddress) {
  for (const auto* text :
       {"juan@example.net\n\nFor the following reason:\n\nMail size limit exceeded.\n",
        "  juan@example.net\n\nbecause:\n\n  Recipient user name juan (juan@example.net) not "
        "unique.\n",
        "\"juan@example.net\"\n\nhas failed due to a full mailbox.\n",
        "  juan@example.net\n    \"Sorry, this address was closed down\"\n"}) {
    const auto report = read_bounce(text);
    EXPECT_EQ(report.kind, BounceKind::failed) << text;
    EXPECT_THAT(recipients_of(report), ElementsAre("juan@example.net")) << text;
  }
  EXPECT_EQ(read_bounce("juan@example.net\n\nGood morning, see you at nine.\n").kind,
            BounceKind::not_a_bounce);
}

TEST(BouncePastes, WordsOnTheLineBelowACodeAreOfTheReply) {
  const auto report = read_bounce(
      "Unable to deliver message to: <juan@example.net>\nDelivery failed for the following "
      "reason:\nServer mx.example.net[192.0.2.2] failed with: 550\n<juan@example.net> No such\n"
      "user here\n");
  ASSERT_THAT(recipients_of(report), ElementsAre("juan@example.net"));
  EXPECT_THAT(report.recipients[0].diagnostic.value, testing::HasSubstr("No such user here"));
}

TEST(BouncePastes, LineEndsMayBeDoubled) {
  const auto report = read_bounce(
      "This is an automatically generated Delivery Status Notification\n\n\n\nTHIS IS A WARNING "
      "MESSAGE ONLY.\n\n\n\nDelivery to the following recipient has been "
      "delayed:\n\n\n\n     juan@example.net\n\n\n\nMessage will be retried for 2 more "
      "day(s)\n\n\n\nTechnical details of temporary failure:\n\nConnection was dropped by remote "
      "host\n");
  ASSERT_THAT(recipients_of(report), ElementsAre("juan@example.net"));
  // One paragraph: the heading is no cause by itself.
  EXPECT_THAT(report.notice, testing::HasSubstr("temporary failure:\nConnection was dropped"));
}

TEST(BouncePastes, WhoSignsOnOneLineIsNoRecipient) {
  const auto report = read_bounce(
      "Hi, when I email our accountant (mary@example.net) I get this back: \"550 5.4.1 Access "
      "denied.\". Any idea?\nThanks, Tom (tom@example.org)\n");
  EXPECT_THAT(recipients_of(report), ElementsAre("mary@example.net"));
}

TEST(BouncePastes, AHostThatWasRefusedAndARobotAreNoRecipients) {
  EXPECT_THAT(
      recipients_of(read_bounce(
          "<juan@example.net>: host mx.example.net[192.0.2.9] said: 554 5.7.1\n"
          "<mail.example.org>: Client host rejected: #216 (in reply to RCPT TO command)\n")),
      ElementsAre("juan@example.net"));
  EXPECT_THAT(
      recipients_of(read_bounce(
          "Von: Mail Delivery System\n<Mailer-Daemon@mx.example.org>\nAn: ana@example.org\n\n"
          "juan@example.net\n  550 5.7.1 No mail from 192.0.2.15\n")),
      ElementsAre("juan@example.net"));
}

TEST(BouncePastes, ReceiptsAndConfirmationsAreNoBounces) {
  EXPECT_EQ(read_bounce("Dies ist eine Empfangsbestätigung für eine E-Mail, die Sie an "
                        "juan@example.net gesendet haben.\n")
                .not_a_bounce,
            NotABounce::read_receipt);
  EXPECT_EQ(read_bounce("From: Help <help@example.net>\nTo: ana@example.org\nAuto-Submitted: "
                        "auto-replied\nSubject: [#4711] Undelivered Mail Returned to Sender\n\n"
                        "We have your request and look into it soon.\n")
                .not_a_bounce,
            NotABounce::auto_reply);
}

}  // namespace
}  // namespace rastro
