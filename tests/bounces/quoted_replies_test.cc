// Replies that stand in somebody's letter, on a list, in what a program prints or a service
// reports.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {
namespace {

using testing::ElementsAre;

std::vector<std::string> names(const BounceReport& report) {
  std::vector<std::string> out;
  for (const auto& r : report.recipients) out.push_back(r.recipient.value);
  return out;
}

TEST(BounceQuotedReply, EndsAtItsQuotationMark) {
  struct Marks {
    const char* open;
    const char* close;
  };
  for (const auto& marks : {Marks{"\"", "\""}, Marks{"'", "'"}, Marks{"`", "`"}, Marks{"“", "”"},
                            Marks{"«", "»"}, Marks{"« ", " »"}}) {
    for (const auto* tail :
         {". ¿Qué hago? Gracias.", " Can you check? Thanks, Tom", ", y no sabemos por qué."}) {
      for (const auto* said : {"451 4.7.1 Try again later", "550 5.7.1 Mail isn't wanted here",
                               "550 5.1.1 There is no (local) user"}) {
        const auto report =
            read_bounce("Al enviar a juan@example.net me sale: " + std::string(marks.open) + said +
                        marks.close + tail + "\n");
        ASSERT_EQ(report.recipients.size(), 1U) << marks.open << said << tail;
        EXPECT_EQ(report.recipients.front().diagnostic.value, said) << marks.open << tail;
      }
    }
  }
}

TEST(BounceQuotedReply, AQuotationInsideOfItBelongsToIt) {
  const auto report =
      read_bounce("We wrote to juan@example.net: \"550 5.1.1 no user \"juan\" here\". What now?\n");
  ASSERT_EQ(report.recipients.size(), 1U);
  EXPECT_EQ(report.recipients.front().diagnostic.value, "550 5.1.1 no user \"juan\" here");
}

TEST(BounceQuotedReply, WhoSignsBehindItIsNoRecipient) {
  const std::string asks =
      "Hi, when I write to compras@example.net it comes back with \"554 5.7.1 "
      "<compras@example.net>: Relay access denied\". Can you check?";
  const std::string unnamed =
      "Buenos días, al escribir a compras@example.net nos lo devuelve: \"550 5.1.1 User unknown\".";
  const std::string head =
      "From: Marta Ruiz <marta@example.com>\nTo: help@example.org\nSubject: correo\n"
      "Date: Tue, 1 Dec 2026 10:00:00 +0100\n\n";
  for (const auto& letter : {asks, unnamed}) {
    for (const auto* signature :
         {" Gracias. Marta (marta@example.com)", " Un saludo, Marta Ruiz <marta@example.com>",
          " Thanks, Marta (marta@example.com)", "\n\nUn saludo,\nMarta Ruiz\nmarta@example.com"}) {
      for (const auto& front : {std::string(), head}) {
        const auto report = read_bounce(front + letter + signature + "\n");
        EXPECT_EQ(report.kind, BounceKind::failed) << front << letter << signature;
        EXPECT_THAT(names(report), ElementsAre("compras@example.net")) << letter << signature;
      }
    }
  }
  // Whom the writer could not reach may stand last as well.
  EXPECT_THAT(names(read_bounce("It says \"550 5.1.1 User unknown\" when I write to Juan Gil "
                                "(juan@example.net)\n")),
              ElementsAre("juan@example.net"));
}

TEST(BounceQuotedReply, OnAListItIsNoBounce) {
  for (const auto* mark : {"List-ID: <dev.example>\n", "Precedence: list\n"}) {
    const auto report = read_bounce(
        "From: Dev <dev@lists.example>\nTo: ana@example.org\nSubject: Re: [list] delivery "
        "problem\n" +
        std::string(mark) +
        "\n> host smtp.example.net refused to talk to me: 550 Adresse IP source bloquee\n\nWe "
        "should add this one.\n");
    EXPECT_EQ(report.kind, BounceKind::not_a_bounce) << mark;
  }
  EXPECT_EQ(read_bounce("From: MAILER-DAEMON@example.net\nTo: list@example.org\nSubject: "
                        "Undelivered Mail\nList-ID: <dev.example>\n\n<juan@example.net>: host "
                        "mx.example.net[192.0.2.7] said: 550 5.1.1 User unknown\n")
                .kind,
            BounceKind::failed);
}

TEST(BouncePrograms, SmtplibNamesEachRefusalWithItsReply) {
  const auto report = read_bounce(
      "smtplib.SMTPRecipientsRefused: {'a@example.net': (450, b'4.2.0 Greylisted\\nCome back'), "
      "u'b@example.com': (550, \"5.1.1 User doesn't exist\")}\n");
  EXPECT_THAT(names(report), ElementsAre("a@example.net", "b@example.com"));
  EXPECT_EQ(report.recipients[0].action.value, "delayed");
  EXPECT_EQ(report.recipients[0].diagnostic.value, "450 4.2.0 Greylisted Come back");
  EXPECT_EQ(report.recipients[1].action.value, "failed");
  EXPECT_EQ(report.recipients[1].diagnostic.value, "550 5.1.1 User doesn't exist");
  EXPECT_TRUE(report.by_program);
}

TEST(BouncePrograms, AServicesReportNamesIdsAndTheSenderToo) {
  const auto sendgrid = read_bounce(
      R"([{"email":"juan@example.net","smtp-id":"<14c.dfd@ismtpd-555>","event":"bounce","reason":"500 unknown recipient","status":"5.0.0"}])");
  EXPECT_THAT(names(sendgrid), ElementsAre("juan@example.net"));
  const auto postmark = read_bounce(
      R"({"RecordType":"Bounce","Type":"HardBounce","Details":"smtp;550 5.1.1 The account does not exist.","Email":"juan@example.net","From":"ana@example.org","Inactive":true})");
  EXPECT_THAT(names(postmark), ElementsAre("juan@example.net"));
  EXPECT_EQ(postmark.recipients.front().diagnostic.value, "550 5.1.1 The account does not exist.");
}

TEST(BouncePrograms, TheNameOfTheDaemonGoesWithItsAddress) {
  const auto report = read_bounce(
      "MAILER-DAEMON <bounce@example.org>\nHello ,\n\nThe email sent to juan@example.org cannot be "
      "processed. This address is used to collect replies and should not be used to directly "
      "contact Domain.\n\nPlease contact us instead using sales@example.org\n");
  EXPECT_THAT(names(report), ElementsAre("juan@example.org"));
}

TEST(BounceTemporary, WordsOfADelayAndA4xxReplyAreOne) {
  EXPECT_EQ(read_bounce("temporary SMTP delivery error when sending to juan@example.net\n451 4.7.1 "
                        "Try again later\n")
                .kind,
            BounceKind::delayed);
  EXPECT_EQ(read_bounce("temporary SMTP delivery error when sending to juan@example.net\n550 5.7.1 "
                        "no\n")
                .kind,
            BounceKind::failed);
}

TEST(BounceReportingHost, IsReadInSpanishTemplatesToo) {
  EXPECT_EQ(read_bounce("Este es el sistema de correo del servidor mail.example.org.\n\nLamento "
                        "informarle que su mensaje no pudo ser entregado.\n\n<juan@example.net>: "
                        "host mx.example.net[192.0.2.7] said: 552 5.2.2 Buzon lleno\n")
                .reporting_mta.value,
            "mail.example.org");
  EXPECT_EQ(read_bounce("Hola. Este es el programa qmail-send en mx.example.com.ar.\nMe temo que "
                        "no he podido entregar su mensaje.\n\n<juan@example.net>:\nEl servidor "
                        "remoto dijo: 550 5.1.1 No existe el usuario\n")
                .reporting_mta.value,
            "mx.example.com.ar");
}

}  // namespace
}  // namespace rastro
