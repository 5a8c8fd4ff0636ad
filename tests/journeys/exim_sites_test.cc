// What panels' and distributions' set-ups of Exim log: Debian, cPanel, DirectAdmin, Hestia,
// sa-exim. Forms from src/deliver.c, src/smtp_in.c and src/log.c of 4.96.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"
#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// 1xVmNc: 2026-11-24 09:00:00 UTC
const std::string kId = "1xVmNc-00000001abc-1Ab2";
std::string says(const std::string& text) { return "2026-11-24 10:00:00 +0000 " + text; }
std::string about(const std::string& text) { return says(kId + " " + text); }
const std::string kComes = about("<= u@example.net H=mx.example.net [192.0.2.9] P=esmtp S=2345");
const std::string kLeaves = about("<= ana@example.org U=ana P=local S=2345");
const std::string kDone = about("Completed");

std::vector<json::object> told(const std::vector<std::string>& lines,
                               std::vector<SourceCoverage> sources = {}) {
  LogPlayer player({Log{"/var/log/exim4/mainlog", "mx1", false, lines}});
  player.play_all();
  player.flush();
  player.index().sources = std::move(sources);
  std::vector<json::object> out;
  for (const auto& journey : player.journeys()) out.push_back(json::parse(journey).as_object());
  return out;
}
std::string text_at(const json::object& journey, std::string_view key) {
  const auto& value = journey.at(key);
  return value.is_null() ? "none" : std::string(value.as_string());
}

TEST(EximSenderOnDelivery, IsTheSenderWhereTheArrivalIsNotInTheLog) {
  const std::string to = "R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.78]";
  EXPECT_EQ(text_at(told({about("=> b@example.com F=<a@example.org> " + to + " C=\"250 OK\"")})[0],
                    "envelope_sender"),
            "a@example.org");
  EXPECT_EQ(
      text_at(told({about("** b@example.com F=<> " + to + ": 550 no")})[0], "envelope_sender"), "");
  EXPECT_EQ(
      text_at(
          told({about("== b@example.com F=<a@example.org> " + to + " defer (-44): 451 later")})[0],
          "envelope_sender"),
      "a@example.org");
  EXPECT_EQ(text_at(told({kComes, about("=> b@example.com F=<a@example.org> " + to)})[0],
                    "envelope_sender"),
            "u@example.net");
}

TEST(EximSystemError, IsKeptBeforeTheWordsBehindIt) {
  const auto reasons = [](const std::string& failed) {
    const auto answers = answers_of({kComes, about("== b " + failed)});
    return answers.at(0).reason + ": " + answers.at(0).reply;
  };
  EXPECT_THAT(answers_of({kComes, about("== b <b@example.org> R=localuser T=local_delivery defer "
                                        "(28): No space left on device: error while writing to "
                                        "/var/mail/b")})
                  .at(0)
                  .reason,
              "local_disk_full");
  EXPECT_THAT(answers_of({kComes, about("== b@example.org R=dnslookup T=remote_smtp defer (113): "
                                        "No route to host H=mx.example.org [192.0.2.9]: "
                                        "mx.example.org [192.0.2.9]")})
                  .at(0)
                  .reason,
              "network_unreachable");
  EXPECT_THAT(reasons("<b@example.org> R=localuser T=local_delivery defer (122): Disk quota "
                      "exceeded: error while writing to /var/mail/b"),
              StartsWith("mailbox_full"));
}

TEST(EximDiscardingTransport, KeepsNothing) {
  EXPECT_THAT(ends_of({kComes, about("=> n <n@example.org> R=terminate_alias T=devnull"), kDone}),
              ElementsAre(HasSubstr("discarded")));
  EXPECT_THAT(ends_of({kComes, about("=> n <n@example.org> R=drop T=null_transport"), kDone}),
              ElementsAre(HasSubstr("discarded")));
  EXPECT_THAT(ends_of({kComes,
                       about("=> n@example.com R=drop T=null H=mx.example.com [192.0.2.7] "
                             "C=\"250 OK\""),
                       kDone}),
              ElementsAre(HasSubstr("delivered")));
}

TEST(EximLogin, IsSaidByTheProtocolWhereItHasNoName) {
  EXPECT_EQ(jot({about("<= a@example.org H=(pc) [203.0.113.3] P=esmtpsa A=plain S=1000")})
                .at(0)
                .submission,
            "submission");
  EXPECT_EQ(jot({about("<= a@example.org H=(pc) [203.0.113.3] P=esmtps S=1000")}).at(0).submission,
            "mx");
}

TEST(EximOlderMail, IsInAnOlderLogAndNotMissing) {
  using namespace std::chrono_literals;
  const auto because = [](const std::string& id, Time from) {
    const auto journey = told({says(id + " Completed")}, {{"/var/log/exim4/mainlog", from, {}}})[0];
    const auto& recipients = journey.at("recipients").as_array();
    const auto& one = recipients.empty() ? journey.at("unnamed_recipients").as_object()
                                         : recipients.at(0).as_object();
    return text_at(one, "unknown_because");
  };
  const Time ten(1'795'514'400s);  // 2026-11-24 10:00
  EXPECT_EQ(because("1xTmNc-00000001abc-1Ab2", ten), "log_starts_after");
  EXPECT_EQ(because("1xTmNc-00000001abc-1Ab2", ten - 24h * 30), "hole");
}

TEST(EximRelay, ThatDoesNotLetUsThroughIsOurMatter) {
  const auto move = [](const std::string& how) {
    return answers_of({kLeaves, about("** b@example.com " + how +
                                      ": SMTP error from remote mail server after RCPT "
                                      "TO:<b@example.com>: 550 Relay not permitted")})
        .at(0)
        .move;
  };
  EXPECT_EQ(move("R=send_via_smtp_relay T=smtp_relay_smtp H=relay.example.net [192.0.2.77]"), "us");
  EXPECT_EQ(move("R=send_via_unauthenticated_smtp_relay T=remote_smtp H=192.168.0.2 [192.168.0.2]"),
            "us");
  EXPECT_EQ(move("R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.77]"), "recipient");
}

TEST(EximRejectLog, NamesTheSubject) {
  const auto journeys = told(
      {about("H=mx.example.net [192.0.2.7] F=<u@example.net> rejected after DATA: spam"),
       "Envelope-from: <u@example.net>", "Envelope-to: <ana@example.org>",
       "P Received: from mx.example.net ([192.0.2.7])", "  X-Subject: another",
       "  Subject: Buy =?utf-8?q?now?=", "  Subject: second", "I Message-ID: <1@example.net>"});
  ASSERT_EQ(journeys.size(), 1U);
  EXPECT_EQ(text_at(journeys[0], "subject"), "Buy now");
}

TEST(EximLocalCaller, RefusedAfterTheContentIsLocal) {
  EXPECT_EQ(jot({about("U=web F=<ana@example.org> rejected after DATA: no")}).at(0).submission,
            "local");
}

TEST(EximLoopback, RefusedIsAsLocalAsAccepted) {
  EXPECT_EQ(jot({says("H=localhost ([192.168.103.193]) [::1] F=<if@example.org> rejected RCPT "
                      "<b@example.com>: relay not permitted")})
                .at(0)
                .submission,
            "local");
}

TEST(SaExim, NamesWhomItThrewAway) {
  const auto journeys =
      told({about("SA: Action: silently tossed message: score=31.0 required=5.0 trigger=30.0 "
                  "(scanned in 6/6 secs | Message-Id: x). From <forged@example.com> (host=NULL "
                  "[192.0.2.1]) for x). From <u@example.net> (host=mx.example.net [192.0.2.9]) for "
                  "ana@example.org")});
  ASSERT_EQ(journeys.size(), 1U);
  EXPECT_EQ(text_at(journeys[0], "envelope_sender"), "u@example.net");
  const auto& to = journeys[0].at("recipients").as_array().at(0).as_object();
  EXPECT_EQ(text_at(to, "recipient") + " " + text_at(to, "outcome"), "ana@example.org discarded");
}

TEST(SaExim, NamesAllWhomItThrewAway) {
  EXPECT_THAT(
      jot_texts({about("SA: Action: silently tossed message: score=31.0 required=5.0 trigger=30.0 "
                       "(scanned in 6/6 secs | Message-Id: x). From <u@example.net> "
                       "(host=mx.example.net [192.0.2.9]) for ana@example.org, eva@example.org")}),
      testing::ElementsAre(
          testing::HasSubstr("| ana@example.org discarded, eva@example.org discarded")));
}

TEST(EximMailman, IsAProgram) {
  const auto journeys = told(
      {about("<= u@example.net H=mx.example.net [192.0.2.9] P=esmtp S=9"),
       about("=> list <list@example.org> R=mailman_virtual_router T=mailman_virtual_transport"),
       about("Completed")});
  ASSERT_EQ(journeys.size(), 1U);
  const auto& to = journeys[0].at("recipients").as_array().at(0).as_object();
  EXPECT_EQ(text_at(to, "delivered_to"), "program");
}

}  // namespace
}  // namespace rastro
