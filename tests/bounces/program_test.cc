// What mail programs, webmails and scripts show to who sends: the first server of all refused it.
#include "daemon/bounce/program.h"

#include <gtest/gtest.h>

#include "daemon/bounce/bounce.h"

namespace rastro {
namespace {

TEST(BounceProgram, ARefusedLoginIsNoFailureToTheAccountItNames) {
  for (const auto* text :
       {"Task 'ana@example.org - Sending' reported error (0x800CCC92) : 'Your e-mail server "
        "rejected your login. The server responded: 535 5.7.8 Error: authentication failed: '\n",
        "Tarea 'ana@example.org - Envío' informó de un error (0x800CCC92) : 'El servidor rechazó "
        "el inicio de sesión. El servidor respondió: 535 5.7.8 Error: authentication failed'\n",
        "No se pudo enviar el correo. Error de autenticación. Cuenta: ana@example.org\n",
        "El inicio de sesión en el servidor mail.example.org con nombre de usuario "
        "ana@example.org falló.\n",
        "(ana@example.org) 535 Incorrect authentication data\n"}) {
    SCOPED_TRACE(text);
    const auto report = read_bounce(text);
    EXPECT_EQ(report.kind, BounceKind::not_a_bounce);
    EXPECT_EQ(report.not_a_bounce, NotABounce::login_refused);
    EXPECT_EQ(report.account.value, "ana@example.org");
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_FALSE(report.recipients[0].recipient);
  }
}

TEST(BounceProgram, ARefusedLoginNeedsNoReply) {
  for (const auto* text :
       {"Sending of the message failed.\nUnable to authenticate to Outgoing server (SMTP) "
        "mail.example.org. Please check the password.\n",
        "SMTP Error: Could not authenticate.\n",
        "Envoi impossible. SMTP Error: échec de l'authentification. Mailer Error: x\n",
        "No se puede enviar el correo\nEl nombre de usuario o la contraseña de "
        "“mail.example.org” es incorrecto.\n",
        "Enter your user name and password for the following server. mail.example.org\n"}) {
    EXPECT_EQ(read_bounce(text).not_a_bounce, NotABounce::login_refused) << text;
  }
}

TEST(BounceProgram, AServerThatIsNotReachedRefusedNothing) {
  const auto report = read_bounce(
      "Task 'ana@example.org - Sending and Receiving' reported error (0x80042109) : 'Outlook "
      "cannot connect to your outgoing (SMTP) e-mail server.'\n");
  EXPECT_EQ(report.kind, BounceKind::not_a_bounce);
  EXPECT_EQ(report.not_a_bounce, NotABounce::not_connected);
}

TEST(BounceProgram, WhatTheFirstServerRefusesIsTheProgramsErrorAboutThatRecipient) {
  for (const auto* text :
       {"Cannot Send Mail\nA copy has been placed in your Outbox. The recipient "
        "“juan@example.net” was rejected by the server because it does not allow relaying.\n",
        "El destinatario rechazado es 'juan@example.net'. Asunto 'Hola', Cuenta: "
        "'ana@example.org', Servidor: 'mail.example.org', Protocolo: SMTP, Respuesta del "
        "servidor: '554 5.7.1 <juan@example.net>: Relay access denied', Puerto: 25\n",
        "Error SMTP (554): Fallo al añadir el destinatario \"juan@example.net\" (5.1.1 "
        "<juan@example.net>: Recipient address rejected: User unknown).\n"}) {
    SCOPED_TRACE(text);
    const auto report = read_bounce(text);
    EXPECT_EQ(report.kind, BounceKind::failed);
    EXPECT_TRUE(report.by_program);
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_EQ(report.recipients[0].recipient.value, "juan@example.net");
  }
}

TEST(BounceProgram, AnMtasNoticeIsNone) {
  for (const auto* text :
       {"<juan@example.net>: host mx.example.net[192.0.2.7] said: 550 5.1.1 No such user (in reply "
        "to RCPT TO command)\n",
        "Your message to juan@example.net could not be delivered.\n550 5.7.1 Authentication "
        "failed: SPF\n",
        "  juan@example.net\n    SMTP error from remote mail server after RCPT "
        "TO:<juan@example.net>:\n    535 Incorrect authentication for that\n"}) {
    EXPECT_EQ(program_error(text), ProgramError::none) << text;
    EXPECT_EQ(read_bounce(text).kind, BounceKind::failed) << text;
  }
  const auto robot = read_bounce(
      "From: MAILER-DAEMON@example.org\nTo: ana@example.org\nSubject: Undelivered Mail\n\n"
      "<juan@example.net>: SASL authentication failed; server relay.example.net said: 535 5.7.8 "
      "authentication failed\n");
  EXPECT_EQ(robot.kind, BounceKind::failed);
  EXPECT_FALSE(robot.by_program);
}

}  // namespace
}  // namespace rastro
