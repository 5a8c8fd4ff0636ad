#include "daemon/explain/explain.h"

#include <gmock/gmock.h>

#include "daemon/answer/unknown_replies.h"
#include "daemon/explain/retry_estimate.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const Explainer& explainer() {
  static const auto kExplainer = Explainer::create().value();
  return kExplainer;
}

Time at(int day, int hour, int minute) {
  return Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / day)) + hours(hour) +
         minutes(minute);
}

ExplanationRequest request(Language language = Language::en) {
  ExplanationRequest out;
  out.language = language;
  out.timezone = "UTC";
  out.now = at(24, 15, 0);
  return out;
}

LegRecipient recipient(Outcome outcome, Reason reason = Reason::none) {
  LegRecipient out;
  out.recipient = "juan@example.org";
  out.outcome = outcome;
  out.reason = reason;
  out.attempts = 1;
  out.first_attempt_at = at(24, 9, 12);
  out.last_attempt_at = at(24, 14, 40);
  return out;
}

TEST(ExplanationTexts, BothLanguagesHaveTheSameTexts) {
  const auto keys_of = [](Language language) {
    std::vector<std::string> keys;
    const auto texts = ExplanationTexts::parse(shipped_explanations(language), "f").value();
    for (const auto& [key, text] : texts.all()) {
      keys.push_back(key);
      EXPECT_FALSE(text.empty()) << key;
    }
    return keys;
  };
  EXPECT_EQ(keys_of(Language::en), keys_of(Language::es));
}

TEST(ExplanationTexts, PlaceholdersAreTheSameInBothLanguages) {
  const auto english = ExplanationTexts::parse(shipped_explanations(Language::en), "f").value();
  const auto spanish = ExplanationTexts::parse(shipped_explanations(Language::es), "f").value();
  for (const auto& [key, text] : english.all()) {
    for (const auto* name :
         {"{recipient}", "{relay}", "{folder}", "{attempts}", "{first}", "{last}", "{next}",
          "{gives_up}", "{reply_text}", "{your_message}", "{port}", "{program}"}) {
      EXPECT_EQ(text.find(name) != std::string::npos,
                spanish.find(key).find(name) != std::string_view::npos)
          << key << " " << name;
    }
  }
}

TEST(ExplanationTexts, EveryReasonIsExplained) {
  for (const auto language : {Language::en, Language::es}) {
    const auto texts = ExplanationTexts::parse(shipped_explanations(language), "f").value();
    for (std::size_t i = 1; i < kReasonCount; ++i) {
      const auto name = std::string(reason_name(static_cast<Reason>(i)));
      for (const auto* part : {"what", "do", "reply"}) {
        EXPECT_NE(texts.find("reasons." + name + "." + part), "") << name << " " << part;
      }
    }
  }
}

TEST(Explain, EveryOutcomeWithEveryReasonHasAllParts) {
  for (const auto language : {Language::en, Language::es}) {
    for (int o = 0; o <= static_cast<int>(Outcome::passed); ++o) {
      for (std::size_t r = 0; r < kReasonCount; ++r) {
        for (int d = 0; d <= static_cast<int>(DeliveredTo::file); ++d) {
          auto state = recipient(static_cast<Outcome>(o), static_cast<Reason>(r));
          state.delivered_to = static_cast<DeliveredTo>(d);
          const auto told = explainer().explain(state, request(language));
          const auto name = std::string(outcome_name(state.outcome)) + " " +
                            std::string(reason_name(state.reason));
          EXPECT_NE(told.text, "") << name;
          EXPECT_NE(told.reply, "") << name;
          EXPECT_THAT(told.text + told.what_to_do + told.reply, Not(HasSubstr("{"))) << name;
          EXPECT_THAT(told.text + told.reply, Not(HasSubstr("  "))) << name;
        }
      }
    }
  }
}

// Every outcome of a failure, with every reason, on either way in: what may not stand together.
TEST(Explain, NoPartContradictsAnother) {
  struct Case {
    Outcome outcome;
    int reply_code;
    SubmissionMethod submission;
  };
  const Case cases[] = {{Outcome::deferred, 450, SubmissionMethod::submission},
                        {Outcome::bounced, 550, SubmissionMethod::submission},
                        {Outcome::expired, 450, SubmissionMethod::submission},
                        {Outcome::rejected, 550, SubmissionMethod::mx},
                        {Outcome::rejected, 450, SubmissionMethod::mx},
                        {Outcome::rejected, 550, SubmissionMethod::submission},
                        {Outcome::rejected, 450, SubmissionMethod::submission}};
  for (const auto language : {Language::en, Language::es}) {
    for (const auto& one : cases) {
      for (std::size_t r = 1; r < kReasonCount; ++r) {
        auto state = recipient(one.outcome, static_cast<Reason>(r));
        state.reply_code = static_cast<std::uint16_t>(one.reply_code);
        auto asked = request(language);
        asked.submission = one.submission;
        const auto told = explainer().explain(state, asked);
        const auto all = told.text + " " + told.what_to_do + " " + told.reply;
        const auto name = std::string(outcome_name(one.outcome)) + " " +
                          std::to_string(one.reply_code) + " " +
                          std::string(reason_name(state.reason)) + ": " + all;
        if (told.final) {
          EXPECT_THAT(all, Not(ContainsRegex("keeps trying|tries again by itself|next attempt|"
                                             "sigue intentando|vuelve a intentar por"
                                             "|pr.*ximo intento")))
              << name;
          EXPECT_NE(told.whose_move, WhoseMove::nobody) << name;
        } else {
          EXPECT_THAT(told.reply, Not(ContainsRegex("returned\\.|devuelto\\."))) << name;
        }
        if (one.outcome == Outcome::rejected) {
          EXPECT_THAT(all, Not(ContainsRegex("recipient's (server|provider|side)|receiving server|"
                                             "servidor que recibe|servidor del destinatario|"
                                             "(proveedor|lado) del destinatario|"
                                             "not lost|no se ha perdido|keeps trying")))
              << name;
        }
        if (told.whose_move == WhoseMove::sender) {
          EXPECT_THAT(told.reply, Not(ContainsRegex("no need to send|no hace falta"))) << name;
        }
      }
    }
  }
}

TEST(Explain, AMailProgramDoesNotComeBackByItself) {
  auto state = recipient(Outcome::rejected, Reason::rate_limited);
  state.reply_code = 450;
  auto asked = request();
  asked.submission = SubmissionMethod::mx;
  EXPECT_FALSE(explainer().explain(state, asked).final);
  asked.submission = SubmissionMethod::submission;
  const auto told = explainer().explain(state, asked);
  EXPECT_TRUE(told.final);
  EXPECT_EQ(told.whose_move, WhoseMove::sender);
  EXPECT_THAT(told.reply, HasSubstr("your mail program was told so"));
}

TEST(Explain, WhatWeRefuseIsTheSendersMove) {
  auto state = recipient(Outcome::rejected, Reason::reputation);
  state.reply_code = 554;
  const auto refused = explainer().explain(state, request());
  EXPECT_EQ(refused.whose_move, WhoseMove::sender);
  EXPECT_THAT(refused.text, HasSubstr("this server takes no mail from it"));
  state.outcome = Outcome::bounced;
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::us);
}

TEST(Explain, AProgramOfOursThatIsDownIsOurMove) {
  auto state = recipient(Outcome::deferred, Reason::connection_refused);
  for (const auto* words : {"connect to 127.0.0.1[127.0.0.1]:10024: Connection refused",
                            "connect to mail.example[private/dovecot-lmtp]: No such file"}) {
    state.reply_text = words;
    const auto told = explainer().explain(state, request());
    EXPECT_EQ(told.whose_move, WhoseMove::us) << words;
    EXPECT_THAT(told.text, HasSubstr("part of this mail system")) << words;
    EXPECT_THAT(told.reply, HasSubstr("problem on our server")) << words;
  }
  state.reply_text = "connect to mx.example.net[192.0.2.1]:25: Connection refused";
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::nobody);
  state.relay.ip = "127.0.0.1";
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::us);
  auto in_a_bounce = request();
  in_a_bounce.by_our_log = false;
  EXPECT_EQ(explainer().explain(state, in_a_bounce).whose_move, WhoseMove::nobody);
}

TEST(Explain, AReplyThatNamesNobodySaysNothingOfALog) {
  auto nobody = recipient(Outcome::bounced, Reason::relay_denied);
  nobody.recipient.clear();
  ExplanationRequest read_out;
  read_out.by_our_log = false;
  for (const auto language : {Language::en, Language::es}) {
    read_out.language = language;
    const auto told = explainer().explain(nobody, read_out);
    EXPECT_EQ(told.whose_move, WhoseMove::sender);
    EXPECT_NE(told.text.find(language == Language::en ? "to its recipient:" : "a su destinatario:"),
              std::string::npos)
        << told.text;
    EXPECT_NE(told.what_to_do.find("587"), std::string::npos) << told.what_to_do;
    EXPECT_NE(told.reply.find("587"), std::string::npos) << told.reply;
  }
}

TEST(Explain, AMailProgramThatHasToLogIn) {
  ExplanationRequest in_an_error;
  in_an_error.by_our_log = false;
  auto state = recipient(Outcome::bounced, Reason::relay_denied);
  state.reply_text =
      "550-Please turn on SMTP Authentication in your mail client. 550-(pc) [192.0.2.8]:50233 is "
      "not permitted to relay through this 550 server without authentication.";
  const auto told = explainer().explain(state, in_an_error);
  EXPECT_EQ(told.whose_move, WhoseMove::sender);
  EXPECT_THAT(told.what_to_do, HasSubstr("Turn on authentication"));
  EXPECT_THAT(told.reply, HasSubstr("587"));
  state.reply_text = "550 5.7.1 Relaying denied";
  EXPECT_EQ(explainer().explain(state, in_an_error).whose_move, WhoseMove::recipient);
}

TEST(Explain, OfAReplyThatWasReadOutNobodyKnowsWhetherAReportWasSent) {
  ExplanationRequest read_out;
  read_out.by_our_log = false;
  read_out.report_known = false;
  for (const auto language : {Language::en, Language::es}) {
    read_out.language = language;
    const auto told =
        explainer().explain(recipient(Outcome::bounced, Reason::user_unknown), read_out);
    EXPECT_THAT(told.text + told.reply, Not(ContainsRegex("report|returned|aviso|devolvi")));
  }
}

TEST(Explain, ADelayThatAnotherServerTellsWithoutAReasonIsNobodysMove) {
  auto in_a_bounce = request();
  in_a_bounce.by_our_log = false;
  const auto delayed = recipient(Outcome::deferred, Reason::unknown);
  const auto told = explainer().explain(delayed, in_a_bounce);
  EXPECT_EQ(told.whose_move, WhoseMove::nobody);
  EXPECT_THAT(told.what_to_do, HasSubstr("keeps trying"));
  // Our own log has the reason, and a failure is not tried again.
  EXPECT_EQ(explainer().explain(delayed, request()).whose_move, WhoseMove::us);
  EXPECT_EQ(
      explainer().explain(recipient(Outcome::bounced, Reason::unknown), in_a_bounce).whose_move,
      WhoseMove::us);
}

TEST(Explain, AReportWithoutASenderIsReturnedToNobody) {
  auto asked = request();
  asked.null_sender = true;
  asked.gives_up_at = at(27, 9, 12);
  for (const auto outcome : {Outcome::bounced, Outcome::expired, Outcome::deferred}) {
    const auto told = explainer().explain(recipient(outcome, Reason::user_unknown), asked);
    EXPECT_THAT(told.text + told.reply,
                Not(ContainsRegex("sender gets|tells the sender|to the sender")));
  }
}

TEST(Explain, WhoWaitsForAMessageDidNotSendIt) {
  auto asked = request();
  const auto state = recipient(Outcome::deferred, Reason::mailbox_full);
  EXPECT_THAT(explainer().explain(state, asked).reply, HasSubstr("Your message to juan"));
  asked.from_outside = true;
  EXPECT_THAT(explainer().explain(state, asked).reply, HasSubstr("The message to juan"));
}

TEST(Explain, OneOClockIsSingularInSpanish) {
  auto state = recipient(Outcome::bounced, Reason::user_unknown);
  state.last_attempt_at = at(24, 1, 12);
  EXPECT_THAT(explainer().explain(state, request(Language::es)).text, HasSubstr("(a la 01:12)"));
  state.last_attempt_at = at(23, 1, 12);
  EXPECT_THAT(explainer().explain(state, request(Language::es)).text,
              HasSubstr("el 23 de noviembre a la 01:12"));
}

TEST(Explain, StillTryingTellsTheFigures) {
  auto state = recipient(Outcome::deferred, Reason::connection_timeout);
  state.attempts = 4;
  auto asked = request();
  asked.next_attempt_at = at(24, 15, 10);
  asked.gives_up_at = at(27, 9, 12);
  const auto told = explainer().explain(state, asked);
  EXPECT_THAT(told.text, HasSubstr("4 attempts since 09:12, the last at 14:40."));
  EXPECT_THAT(told.text, HasSubstr("did not answer in time."));
  EXPECT_THAT(told.text, HasSubstr("expected at about 15:10."));
  EXPECT_THAT(told.text, HasSubstr("gives up at about 09:12 on 27 November"));
  EXPECT_FALSE(told.final);
  EXPECT_EQ(told.whose_move, WhoseMove::nobody);
  asked.language = Language::es;
  const auto spanish = explainer().explain(state, asked);
  EXPECT_THAT(spanish.text, HasSubstr("4 intentos desde las 09:12, el último a las 14:40."));
  EXPECT_THAT(spanish.text, HasSubstr("hacia el 27 de noviembre a las 09:12"));
}

TEST(Explain, AnAttemptThatDidNotComeIsNotExpectedAnyMore) {
  auto state = recipient(Outcome::deferred, Reason::mailbox_full);
  auto asked = request();
  asked.next_attempt_at = at(24, 14, 45);  // it is 15:00
  EXPECT_THAT(explainer().explain(state, asked).text,
              HasSubstr("was expected at about 14:45, but the log shows none yet."));
  asked.next_attempt_at = at(24, 14, 55);
  EXPECT_THAT(explainer().explain(state, asked).text, HasSubstr("is expected at about 14:55."));
}

TEST(Explain, AcceptedByTheRemoteServerIsNotTheInbox) {
  auto state = recipient(Outcome::delivered);
  state.delivered_to = DeliveredTo::remote;
  state.relay.host = "mx.example.net";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("The server mx.example.net accepted"));
  EXPECT_THAT(told.text, HasSubstr("Accepted by the remote server is not the inbox"));
  EXPECT_TRUE(told.final);
  state.relay.host.clear();
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("The server accepted"));
}

TEST(Explain, WhatARelayOfOursTookIsNotWithTheRecipientsServer) {
  auto state = recipient(Outcome::delivered);
  state.delivered_to = DeliveredTo::remote;
  state.agent = "smtp";
  state.relay = {"smtp.relay.example", "192.0.2.9", 587};
  for (const std::uint16_t port : {587, 465, 2525}) {
    state.relay.port = port;
    const auto told = explainer().explain(state, request());
    EXPECT_THAT(told.text, HasSubstr("relay smtp.relay.example (port " + std::to_string(port)));
    EXPECT_THAT(told.text, HasSubstr("not the recipient's own"));
    EXPECT_THAT(told.reply, Not(HasSubstr("recipient's mail server")));
    EXPECT_EQ(told.whose_move, WhoseMove::us);
  }
  state.relay.port = 25;
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::recipient);
  state.agent = "remote_smtp_smarthost";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("relay smtp.relay.example,"));
  // A mailbox server, by LMTP.
  state.agent = "lmtp";
  state.relay.port = 7025;
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::recipient);
}

TEST(Explain, TheTroubleOfARelayOfOursIsNotTheRecipients) {
  auto state = recipient(Outcome::deferred, Reason::connection_refused);
  state.agent = "smtp";
  state.reply_text = "connect to smtp.relay.example[192.0.2.9]:587: Connection refused";
  for (const auto language : {Language::en, Language::es}) {
    const auto told = explainer().explain(state, request(language));
    EXPECT_EQ(told.whose_move, WhoseMove::us);
    EXPECT_THAT(told.reply, Not(ContainsRegex("recipient's server|servidor del destinatario")));
  }
  state.reply_text = "connect to mx.example.net[192.0.2.9]:25: Connection refused";
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::nobody);
}

TEST(Explain, AProgramIsCalledByItsTransport) {
  auto state = recipient(Outcome::delivered);
  state.delivered_to = DeliveredTo::program;
  state.agent = "pipe";
  state.relay.host = "mailman";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("a program (mailman) for"));
}

TEST(Explain, NamesTheFolder) {
  auto state = recipient(Outcome::delivered);
  state.delivered_to = DeliveredTo::mailbox;
  state.folder = "INBOX";
  EXPECT_THAT(explainer().explain(state, request()).text, Not(HasSubstr("folder")));
  state.folder = "Clients";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("in the folder Clients"));
  state.folder = "Junk";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("in the Junk folder (Junk)"));
}

TEST(Explain, ARefusalForNowIsNotFinal) {
  auto state = recipient(Outcome::rejected, Reason::greylisted);
  state.reply_code = 450;
  EXPECT_FALSE(explainer().explain(state, request()).final);
  state.reply_code = 550;
  state.reason = Reason::user_unknown;
  const auto told = explainer().explain(state, request());
  EXPECT_TRUE(told.final);
  EXPECT_EQ(told.whose_move, WhoseMove::sender);
}

TEST(Explain, WhatStrangersWroteIsNotAForm) {
  auto state = recipient(Outcome::bounced, Reason::other);
  state.recipient = "{last}@example.org";
  state.reply_text = "550 {recipient} no";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("{last}@example.org"));
  EXPECT_THAT(told.reply, HasSubstr("550 {recipient} no"));
}

TEST(RetryEstimate, FollowsThePostfixBackoff) {
  LegRecord leg;
  leg.mta = Mta::postfix;
  leg.arrival_seen = true;
  leg.opened_at = at(24, 9, 0);
  leg.recipients.push_back(recipient(Outcome::deferred));
  leg.recipients[0].last_attempt_at = at(24, 9, 1);
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, at(24, 9, 6));
  leg.recipients[0].last_attempt_at = at(24, 9, 30);
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, at(24, 10, 0));
  leg.recipients[0].last_attempt_at = at(24, 20, 0);
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, at(24, 20, 0) + std::chrono::seconds(4000));
  EXPECT_EQ(estimate_retry(leg, 0).gives_up_at, at(29, 9, 0));
}

TEST(RetryEstimate, FollowsEximAndWhatWasSeen) {
  LegRecord leg;
  leg.mta = Mta::exim;
  leg.arrival_seen = true;
  leg.opened_at = at(24, 9, 0);
  leg.recipients.push_back(recipient(Outcome::deferred));
  leg.recipients[0].last_attempt_at = at(24, 9, 30);
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, at(24, 9, 45));
  TimelineEntry earlier;
  earlier.kind = TimelineEntry::Kind::attempt;
  earlier.recipient = 0;
  earlier.at = at(24, 9, 0);
  leg.timeline.push_back(earlier);
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, at(24, 10, 0));
  EXPECT_EQ(estimate_retry(leg, 0).gives_up_at, at(28, 9, 0));
}

TEST(RetryEstimate, SaysNothingOfWhatIsNotDeferred) {
  LegRecord leg;
  leg.mta = Mta::postfix;
  leg.recipients.push_back(recipient(Outcome::bounced));
  EXPECT_EQ(estimate_retry(leg, 0).next_attempt_at, std::nullopt);
  leg.recipients[0].outcome = Outcome::deferred;
  leg.arrival_seen = false;
  EXPECT_EQ(estimate_retry(leg, 0).gives_up_at, std::nullopt);
  EXPECT_NE(estimate_retry(leg, 0).next_attempt_at, std::nullopt);
}

TEST(UnknownReplies, CountsAndKeepsTheMostFrequent) {
  UnknownReplies unknown;
  for (int i = 0; i < 5; ++i) unknown.count(7, "often");
  for (std::uint64_t i = 100; i < 2000; ++i) unknown.count(i, "once " + std::to_string(i));
  const auto list = unknown.most_frequent();
  EXPECT_EQ(list.size(), UnknownReplies::kTextsMax);
  EXPECT_EQ(list.front().masked, "often");
  for (const auto& seen : list) EXPECT_GE(seen.count, seen.count_too_high_by_max + 1);
}

// A pasted bounce often says no time: no "at ." and no "()".
TEST(Explain, WhatCameBackAndWasAcceptedWaitsForNothing) {
  auto state = recipient(Outcome::rejected, Reason::greylisted);
  state.reply_code = 450;
  auto asked = request();
  asked.submission = SubmissionMethod::mx;
  asked.came_back = true;
  const auto told = explainer().explain(state, asked);
  EXPECT_TRUE(told.final);
  EXPECT_EQ(told.whose_move, WhoseMove::nobody);
  EXPECT_THAT(told.text, HasSubstr("came back, and then the message was accepted."));
  EXPECT_THAT(told.text + told.what_to_do + told.reply,
              Not(ContainsRegex("Wait|not take the message")));
  state.reply_code = 550;  // for good: what came later is another matter
  EXPECT_THAT(explainer().explain(state, asked).text, Not(HasSubstr("came back")));
}

TEST(Explain, TellsWhatBecameOfTheReport) {
  for (const auto outcome : {Outcome::bounced, Outcome::expired}) {
    const auto state = recipient(outcome, Reason::user_unknown);
    auto asked = request();
    EXPECT_THAT(explainer().explain(state, asked).text, HasSubstr("The sender gets a report."));
    asked.report = Outcome::delivered;
    EXPECT_THAT(explainer().explain(state, asked).text, HasSubstr("The sender gets a report."));
    for (const auto failed :
         {Outcome::deferred, Outcome::held, Outcome::bounced, Outcome::expired}) {
      asked.report = failed;
      const auto told = explainer().explain(state, asked);
      EXPECT_THAT(told.text, Not(HasSubstr("gets a report")));
      EXPECT_THAT(told.text, HasSubstr("The report for the sender"));
      EXPECT_THAT(told.reply, Not(HasSubstr("returned")));
    }
  }
}

TEST(Explain, NamesTheMailboxWhereOthersBehindTheAddressEndedOtherwise) {
  auto state = recipient(Outcome::deferred, Reason::rate_limited);
  state.original_recipient = MaybeText("info@example.org");
  EXPECT_THAT(explainer().explain(state, request()).reply, HasSubstr("to info@example.org has"));
  auto asked = request();
  asked.one_of_several = true;
  EXPECT_THAT(explainer().explain(state, asked).reply,
              HasSubstr("to juan@example.org (sent to info@example.org) has"));
  asked.language = Language::es;
  EXPECT_THAT(explainer().explain(state, asked).reply,
              HasSubstr("juan@example.org (enviado a info@example.org)"));
}

TEST(Explain, GivenUpSaysNothingOfATimeThatTheLogDoesNotShow) {
  auto state = recipient(Outcome::expired, Reason::expired);
  state.attempts = 0;
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text + told.reply,
              Not(ContainsRegex("waited|whole time|mail is kept|attempts since")));
}

TEST(Explain, WhatWasNotTriedIsNotAnAttemptThatFailed) {
  auto state = recipient(Outcome::deferred, Reason::remote_error);
  state.attempts = 0;
  state.reply_text = "retry time not reached for any host for 'example.net'";
  for (const auto language : {Language::en, Language::es}) {
    const auto told = explainer().explain(state, request(language));
    EXPECT_THAT(told.text, Not(ContainsRegex("failed for now|trouble|fall. de momento|problemas")));
    EXPECT_THAT(told.reply, Not(ContainsRegex("has a problem|tiene un problema")));
  }
  state.reply_text =
      "delivery temporarily suspended: host mx.example.net[192.0.2.7] said: 451 busy";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("has trouble of its own"));
}

TEST(Explain, AnMxThatLeadsHereIsOurMove) {
  auto state = recipient(Outcome::bounced, Reason::loop);
  state.reply_text = "mail for example.org loops back to myself";
  const auto told = explainer().explain(state, request());
  EXPECT_EQ(told.whose_move, WhoseMove::us);
  EXPECT_THAT(told.text + told.what_to_do + told.reply, Not(HasSubstr("circle")));
  state.reply_text = "host mx.example.net[192.0.2.7] said: 554 5.4.6 Too many hops";
  state.reply_code = 554;
  EXPECT_EQ(explainer().explain(state, request()).whose_move, WhoseMove::recipient);
}

TEST(Explain, TheNameOfOurServerIsNotTheSendersDomain) {
  auto state = recipient(Outcome::bounced, Reason::auth_policy);
  for (const auto* words :
       {"450 4.7.1 <mx1>: Helo command rejected: Host not found",
        "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]",
        "550 no PTR record for 192.0.2.7"}) {
    state.reply_text = words;
    const auto told = explainer().explain(state, request());
    EXPECT_THAT(told.text + told.what_to_do + told.reply, Not(HasSubstr("SPF"))) << words;
    EXPECT_THAT(told.reply, HasSubstr("the name of our server")) << words;
    EXPECT_EQ(told.whose_move, WhoseMove::us);
  }
  state.reply_text = "550 5.7.23 SPF check failed for HELO mx.example.org";
  EXPECT_THAT(explainer().explain(state, request()).reply, HasSubstr("SPF"));
}

// Nothing of what our server is called is at fault because a page, a host or a person is called so.
TEST(Explain, AWordOfTheReplyIsNotYetTheNameOfOurServer) {
  auto state = recipient(Outcome::bounced, Reason::auth_policy);
  const auto server_name = [&](const std::string& words) {
    state.reply_text = words;
    return explainer().explain(state, request()).reply.find("the name of our server") !=
           std::string::npos;
  };
  for (const auto* words :
       {"550 5.7.1 Message from hostname pc refused, see https://help.example/reverse-engineering",
        "550 5.7.1 Not authenticated, see http://postmaster.example/no-ptr/helo?reverse=dns",
        "550 5.7.1 <helo@ptr.example>: not authenticated",
        "host reverse-dns.example[192.0.2.9] said: 550 5.7.1 Unauthenticated mail refused",
        "550 5.7.1 Invalid reverse-path: sender not authenticated",
        "550 5.7.1 Othello does not take unauthenticated mail",
        "550 5.7.1 Unauthenticated (in reply to EHLO command)"}) {
    EXPECT_FALSE(server_name(words)) << words;
  }
  for (const auto* words :
       {"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]",
        "554 5.7.1 <mx.example.org>: Helo command rejected: You are not mx.example.org",
        "421 Reverse DNS for mx.example.org is missing, see https://help.example/dmarc",
        "550 5.7.25 Refused, ask your provider", "451 4.7.1 Forward and reverse lookup differ",
        "504 5.5.2 <pc>: need fully-qualified hostname", "550 No RDNS entry for 192.0.2.7",
        "550 inconsistent or no DNS PTR record", "553 5.7.4 HELOIP REJECT",
        "550 Kein Reverse-DNS-Eintrag vorhanden", "550 Host name is generic (dsl.example.net)",
        "550 Your mail system is forging its hostname."}) {
    EXPECT_TRUE(server_name(words)) << words;
  }
}

TEST(Explain, CallsAGuessSo) {
  ReasonRule exact;
  exact.name = "exact";
  exact.reason = Reason::user_unknown;
  exact.patterns = {"no such user"};
  auto stage = exact;
  stage.name = "stage";
  stage.patterns = {"in reply to rcpt to"};
  stage.guess = true;
  const auto careful = Explainer::create(ReasonRules::compile({exact, stage}).value()).value();
  auto state = recipient(Outcome::bounced, Reason::user_unknown);
  state.reply_text =
      "host mx.example.net[192.0.2.7] said: 550 E-4711 (in reply to RCPT TO command)";
  const auto told = careful.explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("That is a guess"));
  EXPECT_TRUE(told.guess);
  EXPECT_THAT(
      told.reply,
      HasSubstr("550 E-4711 (in reply to RCPT TO command)\". That probably means: The address"));
  state.reply_text =
      "host mx.example.net[192.0.2.7] said: 550 no such user (in reply to RCPT TO command)";
  EXPECT_THAT(careful.explain(state, request()).text, Not(HasSubstr("guess")));
  EXPECT_THAT(explainer().explain(state, request()).text, Not(HasSubstr("guess")));
  EXPECT_FALSE(explainer().explain(state, request()).guess);
}

TEST(Explain, ASenderFromOutsideDoesNotLogInHere) {
  auto state = recipient(Outcome::rejected, Reason::sender_rejected);
  state.reply_code = 450;
  auto asked = request();
  asked.submission = SubmissionMethod::mx;
  const auto told = explainer().explain(state, asked);
  EXPECT_THAT(told.reply, Not(ContainsRegex("log in|does not take mail")));
  state.reply_code = 550;
  EXPECT_THAT(explainer().explain(state, asked).reply, HasSubstr("if you log in"));
}

TEST(Explain, WithoutATimeNothingStandsForIt) {
  for (const auto outcome : {Outcome::bounced, Outcome::deferred, Outcome::rejected}) {
    auto one = recipient(outcome, Reason::user_unknown);
    one.first_attempt_at.reset();
    one.last_attempt_at.reset();
    for (const auto language : {Language::en, Language::es}) {
      const auto told = explainer().explain(one, request(language));
      EXPECT_THAT(told.text, Not(HasSubstr("()"))) << told.text;
      EXPECT_THAT(told.text, Not(ContainsRegex(" at([[:punct:]]|  )"))) << told.text;
      EXPECT_THAT(told.text, Not(HasSubstr("["))) << told.text;
    }
  }
  EXPECT_THAT(explainer().explain(recipient(Outcome::bounced), request()).text,
              HasSubstr("failed for good at 14:40."));
}

// error(8) repeats what happened to another message.
TEST(Explain, AMessageThatWasNeverSentIsNotTakenTwice) {
  auto state = recipient(Outcome::deferred, Reason::connection_timeout);
  state.reply_text =
      "conversation with mx.example.net[192.0.2.7] timed out while sending end of data -- message "
      "may be sent more than once";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("gets it twice"));
  state.attempts = 0;
  state.reply_text = "delivery temporarily suspended: " + state.reply_text;
  EXPECT_THAT(explainer().explain(state, request()).text, Not(HasSubstr("gets it twice")));
}

TEST(Explain, ATableOfThisServerAskedNobody) {
  auto state = recipient(Outcome::bounced, Reason::local_policy);
  state.agent = "error";
  state.reply_text = "prohibido enviar a este dominio";
  const auto told = explainer().explain(state, request(Language::es));
  EXPECT_THAT(told.text, HasSubstr("no se consultó a ningún otro servidor"));
  EXPECT_THAT(told.reply, HasSubstr("«prohibido enviar a este dominio»"));
  EXPECT_EQ(told.whose_move, WhoseMove::us);
  // Exim's ":defer:", of a router.
  state.outcome = Outcome::deferred;
  state.reason = Reason::other;
  state.agent.clear();
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("no other server was asked"));
  state.relay.host = "mx.example.net";
  state.agent = "remote_smtp";
  EXPECT_THAT(explainer().explain(state, request()).text, Not(HasSubstr("no other server")));
}

TEST(Explain, ATransportsOwnLimitIsNotTheOtherServers) {
  auto state = recipient(Outcome::bounced, Reason::too_large);
  state.agent = "remote_smtp";
  state.reply_text = "message is too big (transport limit = 10485760)";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("limit of this server's own"));
  state.relay = {"mx.example.net", "192.0.2.7", 25};
  state.reply_code = 552;
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("receiving server"));
}

TEST(Explain, AProgramOfOursThatIsLateIsNoSendingLimit) {
  auto state = recipient(Outcome::bounced, Reason::local_config);
  state.agent = "pipe";
  state.relay.host = "otrs";
  state.reply_text = "Command time limit exceeded: \"/opt/otrs/bin/otrs.PostMaster.pl\"";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("did not end in time"));
  EXPECT_EQ(told.whose_move, WhoseMove::us);
  state.reason = Reason::user_unknown;
  state.reply_text = "user unknown. Command output: Invalid user specified.";
  EXPECT_THAT(explainer().explain(state, request()).text,
              HasSubstr("no such mailbox on this server"));
}

TEST(Explain, AMailboxInUseIsNoMistakeInTheSetUp) {
  auto state = recipient(Outcome::deferred, Reason::local_config);
  state.agent = "local";
  state.relay.host = "local";
  for (const auto* words :
       {"cannot update mailbox /var/mail/dos for user dos. unable to lock for exclusive access: "
        "Resource temporarily unavailable",
        "cannot update mailbox /var/mail/dos for user dos. unable to create lock file "
        "/var/mail/dos.lock: File exists"}) {
    state.reply_text = words;
    const auto told = explainer().explain(state, request());
    EXPECT_THAT(told.text, HasSubstr("had the mailbox locked")) << words;
    EXPECT_EQ(told.whose_move, WhoseMove::nobody);
  }
  state.reply_text =
      "cannot update mailbox /var/mail/dos for user dos. unable to create lock file "
      "/var/mail/dos.lock: Permission denied";
  EXPECT_THAT(explainer().explain(state, request()).text, HasSubstr("set up wrongly"));
}

TEST(Explain, ACheckThatHasNotEndedFoundNothingWrong) {
  auto state = recipient(Outcome::rejected, Reason::remote_error);
  state.reply_code = 450;
  auto asked = request();
  asked.submission = SubmissionMethod::mx;
  for (const auto* words :
       {"450 4.1.7 <ana@example.org>: Sender address rejected: unverified address: host "
        "mx.example.org[192.0.2.7] said: 450 4.2.0 greylisted (in reply to RCPT TO command)",
        "450 4.1.1 <juan@example.org>: Recipient address rejected: unverified address: Address "
        "verification in progress",
        "Could not complete sender verify callout"}) {
    state.reply_text = words;
    const auto told = explainer().explain(state, asked);
    EXPECT_THAT(told.text, HasSubstr("nothing is known to be wrong")) << words;
    EXPECT_EQ(told.whose_move, WhoseMove::nobody) << words;
  }
  state.reply_text = "451 4.3.0 Temporary failure";
  EXPECT_THAT(explainer().explain(state, asked).text, Not(HasSubstr("known to be wrong")));
}

// The headline says that a limit was reached; there is no list to be taken off from.
TEST(Explain, AThrottledServerIsOnNoList) {
  auto state = recipient(Outcome::deferred, Reason::rate_limited);
  state.relay = {"mx.example.net", "192.0.2.7", 25};
  state.reply_code = 421;
  state.reply_text =
      "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("holds back mail from this server"));
  EXPECT_THAT(told.text + told.what_to_do, Not(HasSubstr("block list")));
  EXPECT_EQ(told.whose_move, WhoseMove::us);
}

TEST(Explain, AnAddressWithAccentsIsNotMisspelt) {
  auto state = recipient(Outcome::bounced, Reason::syntax);
  state.relay = {"mx.example.net", "192.0.2.7", 25};
  state.reply_text = "SMTPUTF8 is required, but was not offered by host mx.example.net[192.0.2.7]";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("That is no misspelling"));
  EXPECT_THAT(told.what_to_do, HasSubstr("without such letters"));
}

// A refusal of the content names one of three.
TEST(Explain, WhoWasRefusedWithSomebodyIsToldThoughNoLineNamesThem) {
  auto asked = request();
  const auto state = recipient(Outcome::rejected, Reason::spam_content);
  EXPECT_THAT(explainer().explain(state, asked).text, Not(HasSubstr("more recipient")));
  asked.refused_beside = 2;
  EXPECT_THAT(explainer().explain(state, asked).text,
              HasSubstr("2 more recipients of this message"));
  asked.refused_beside = 1;
  EXPECT_THAT(explainer().explain(state, asked).text, HasSubstr("One more recipient"));
}

TEST(Explain, TheTrashIsNoSpamFolder) {
  auto state = recipient(Outcome::delivered);
  state.delivered_to = DeliveredTo::mailbox;
  state.folder = "Papelera";
  const auto told = explainer().explain(state, request());
  EXPECT_THAT(told.text, HasSubstr("in the trash folder (Papelera)"));
  EXPECT_THAT(told.what_to_do, Not(HasSubstr("spam")));
}

TEST(Explain, NobodyCanCorrectALostReport) {
  auto asked = request();
  asked.null_sender = true;
  auto state = recipient(Outcome::bounced, Reason::user_unknown);
  const auto told = explainer().explain(state, asked);
  EXPECT_EQ(told.whose_move, WhoseMove::nobody);
  EXPECT_THAT(told.what_to_do, HasSubstr("Nothing has to be sent again"));
  state.reason = Reason::mailbox_full;
  EXPECT_EQ(explainer().explain(state, asked).whose_move, WhoseMove::recipient);
  EXPECT_THAT(explainer().explain(state, asked).what_to_do, Not(HasSubstr("send the message")));
}

TEST(Explain, AForbiddenFileIsNoVirus) {
  auto asked = request();
  asked.finding = ".exe,invoice.exe";
  asked.only_forbidden = true;
  const auto told = explainer().explain(recipient(Outcome::discarded), asked);
  EXPECT_THAT(told.text, HasSubstr("not allowed"));
  EXPECT_THAT(told.text + told.what_to_do + told.reply, Not(HasSubstr("checked")));
}

}  // namespace
}  // namespace rastro
