// Where the words of a reply say whose move it is.
#include <gmock/gmock.h>

#include "daemon/explain/explain.h"

namespace rastro {
namespace {

using testing::HasSubstr;

Explanation told_of(Reason reason, std::string_view reply, Outcome outcome = Outcome::bounced) {
  static const auto kExplainer = Explainer::create().value();
  LegRecipient recipient;
  recipient.recipient = "juan@example.net";
  recipient.outcome = outcome;
  recipient.reason = reason;
  recipient.attempts = 1;
  recipient.reply_code = outcome == Outcome::deferred ? 450 : 550;
  recipient.relay.host = "mx.example.net";
  recipient.relay.ip = "192.0.2.9";
  recipient.relay.port = 25;
  recipient.reply_text = reply;
  ExplanationRequest request;
  request.language = Language::en;
  request.timezone = "UTC";
  request.sender = "ana@example.org";
  return kExplainer.explain(recipient, request);
}

// Handed to a program, by its words; or sent on, by the mailbox server's.
Explanation told_of_program(std::string_view words, const std::string& forwarded_to,
                            Language language = Language::en) {
  static const auto kOfPrograms = Explainer::create().value();
  LegRecipient recipient;
  recipient.recipient = "juan@example.org";
  recipient.outcome = Outcome::delivered;
  recipient.delivered_to = DeliveredTo::program;
  recipient.agent = forwarded_to.empty() ? "local" : "lmtp";
  recipient.reply_text = words;
  ExplanationRequest request;
  request.language = language;
  request.timezone = "UTC";
  request.forwarded_to = forwarded_to;
  return kOfPrograms.explain(recipient, request);
}

TEST(ExplainWords, AProgramIsCalledByItsCommand) {
  for (const auto* words : {"delivered to command: /usr/bin/ticket \"$EXTENSION\"",
                            "delivered to command: /usr/bin/ticket", "|/usr/bin/ticket --queue x",
                            "\"|/usr/bin/ticket a\""}) {
    EXPECT_THAT(told_of_program(words, "").text, HasSubstr("a program (/usr/bin/ticket) for"))
        << words;
  }
  EXPECT_THAT(told_of_program("delivered", "").text, HasSubstr("to a program for"));
}

TEST(ExplainWords, MailThatAMailboxSentOnWentToNoProgram) {
  const auto told = told_of_program("250 2.0.0 Saved", "ana@example.net");
  EXPECT_THAT(told.text, HasSubstr("sent it on to ana@example.net"));
  // Whose it is, the customer need not know.
  EXPECT_THAT(told.reply, testing::Not(HasSubstr("ana@example.net")));
  EXPECT_THAT(told.reply, HasSubstr("sent on to another address"));
  EXPECT_THAT(told_of_program("250 2.0.0 Saved", "ana@example.net", Language::es).text,
              HasSubstr("lo reenviaron a ana@example.net"));
}

TEST(ExplainWords, ASenderDomainWithoutRecordsIsOurMoveHoweverItIsSaid) {
  for (const auto* reply :
       {"421 Refused. The domain of your sender address has no mail exchanger (MX).",
        "550 5.1.8 cannot find a valid MX for the sender's domain",
        "550-Sender has no A, AAAA, or MX DNS records", "550 5.1.8 host-not-in-DNS return address",
        "550 [SDNF] Sender Domain Not Found", "550 Domain may not exist or DNS check failed"}) {
    const auto told = told_of(Reason::sender_rejected, reply);
    EXPECT_EQ(told.whose_move, WhoseMove::us) << reply;
    EXPECT_THAT(told.text, HasSubstr("domain")) << reply;
  }
  EXPECT_EQ(told_of(Reason::sender_rejected, "550 Sender is not welcome").whose_move,
            WhoseMove::sender);
}

TEST(ExplainWords, OurAccountAtASendingServiceIsOurMove) {
  for (const auto* reply : {"550 The example.org domain is not verified. Please add and verify it",
                            "550 The from address does not match a verified Sender Identity.",
                            "554 Message rejected: Email address is not verified."}) {
    EXPECT_EQ(told_of(Reason::sender_rejected, reply).whose_move, WhoseMove::us) << reply;
  }
  EXPECT_EQ(told_of(Reason::mailbox_disabled, "550 Your account is disabled").whose_move,
            WhoseMove::us);
  EXPECT_EQ(told_of(Reason::mailbox_disabled, "550 The account is disabled").whose_move,
            WhoseMove::recipient);
}

TEST(ExplainWords, ALimitOnOurAddressIsOurMoveForGoodToo) {
  for (const auto* reply : {"550 Connection frequency limited", "550 Ip frequency limited",
                            "550 Too many invalid recipients",
                            "550 5.7.705 Access denied, tenant has exceeded threshold"}) {
    EXPECT_EQ(told_of(Reason::rate_limited, reply).whose_move, WhoseMove::us) << reply;
  }
}

TEST(ExplainWords, WhatOneRecipientMayGetIsNobodysFault) {
  const auto* reply =
      "554 5.2.122 The recipient has exceeded their limit for the number of messages they can "
      "receive per hour";
  const auto told = told_of(Reason::rate_limited, reply);
  EXPECT_EQ(told.whose_move, WhoseMove::sender);
  EXPECT_THAT(told.text, HasSubstr("to that recipient"));
  EXPECT_THAT(told.what_to_do, HasSubstr("again later"));
  EXPECT_EQ(told_of(Reason::rate_limited, reply, Outcome::deferred).whose_move, WhoseMove::nobody);
}

}  // namespace
}  // namespace rastro
