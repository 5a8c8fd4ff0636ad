#include "daemon/bounce/pasted_reply.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

TEST(PastedReply, WhatALogLineSaysAroundAReplyIsNotTheServersWord) {
  const std::string exim =
      "SMTP error from remote mail server after RCPT TO:<juan@example.net>: 550 \"juan\" is not a "
      "known user";
  for (const auto& line :
       {"2026-11-30 10:00:01 1abcde-000000001AB-1xyz ** juan@example.net R=dnslookup "
        "T=remote_smtp H=mx.example.net [192.0.2.9]: " +
            exim,
        "H=mx.example.net [192.0.2.9]: " + exim, "host mx.example.net [192.0.2.9] " + exim,
        "host mx.example.net [192.0.2.9]: " + exim, exim}) {
    EXPECT_EQ(pasted_reply(line).text, exim) << line;
  }
  EXPECT_EQ(pasted_reply("2026-11-30 10:00:01 1abcde-000000001AB-1xyz ** juan@example.net "
                         "R=system_aliases: no such person")
                .text,
            "no such person");
  EXPECT_EQ(pasted_reply("2026-11-30 10:00:01 1abcde-000000001AB-1xyz == juan@example.net "
                         "R=dnslookup T=remote_smtp defer (-53): retry time not reached")
                .text,
            "retry time not reached");
}

TEST(PastedReply, PostfixLinesAndEntriesOfItsNotices) {
  const std::string said =
      "host mx.example.net[192.0.2.9] said: 550 5.1.1 no (in reply to RCPT TO command)";
  const auto logged = pasted_reply(
      "Nov 30 10:00:01 mx postfix/smtp[7]: 4hTxyz0mbz1: to=<juan@example.net>, "
      "relay=mx.example.net[192.0.2.9]:25, delay=1, dsn=5.1.1, status=bounced (" +
      said + ")");
  EXPECT_EQ(logged.text, said);
  ASSERT_TRUE(logged.enhanced_status);
  EXPECT_EQ(to_string(*logged.enhanced_status), "5.1.1");
  EXPECT_EQ(pasted_reply("<juan@example.net>: " + said).text, said);
  EXPECT_EQ(pasted_reply("Diagnostic-Code: smtp; 550 5.1.1 no").text, "550 5.1.1 no");
  EXPECT_EQ(pasted_reply("<<< 550 5.1.1 no").text, "550 5.1.1 no");
}

TEST(PastedReply, ABareReplyStays) {
  for (const auto* reply :
       {"450 4.7.1 Greylisted", "550 5.1.1 <juan@example.net>: User unknown",
        "<juan@example.net>: Relay access denied", "host mx.example.net[192.0.2.9] said: 550 no"}) {
    EXPECT_EQ(pasted_reply(reply).text, reply);
  }
}

}  // namespace
}  // namespace rastro
