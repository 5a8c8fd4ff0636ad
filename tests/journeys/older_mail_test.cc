// Mail that was taken before the log begins, and mail that reached no server.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "daemon/reply_reasons.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

std::vector<json::object> played(const std::vector<std::string>& lines) {
  ReplyReasons reasons(load_reply_rules({}).value(), 1);
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false, lines}}, {}, reasons.classify());
  player.play_all();
  std::vector<json::object> out;
  for (const auto& journey : player.journeys()) out.push_back(json::parse(journey).as_object());
  return out;
}

std::string accepted_at(const std::vector<std::string>& lines) {
  const auto told = played(lines);
  const auto& accepted = told.at(0).at("accepted");
  return accepted.is_null() ? "" : std::string(accepted.as_object().at("at").as_string());
}

const std::string kTakenUp =
    "2026-11-24T10:00:00+00:00 mx1 postfix/qmgr[9]: AA2F1A0E5D: from=<ana@example.org>, size=700, "
    "nrcpt=1 (queue active)";
std::string tried_by(const std::string& agent, const std::string& more) {
  return "2026-11-24T10:00:30+00:00 mx1 postfix/" + agent +
         "[4]: AA2F1A0E5D: to=<bo@example.net>, " + more;
}
const std::string kTimedOut =
    "relay=none, delay=394830, delays=394800/0/30/0, dsn=4.4.1, status=deferred (connect to "
    "mx.example.net[192.0.2.9]:25: Connection timed out)";

TEST(AcceptedAt, IsBeforeTheLogAsTheDelaySays) {
  EXPECT_EQ(accepted_at({kTakenUp, tried_by("smtp", kTimedOut)}), "2026-11-19T20:20:00.000000Z");
}
TEST(AcceptedAt, IsNotTheFirstLineOfALogThatBeginsLater) { EXPECT_EQ(accepted_at({kTakenUp}), ""); }
TEST(AcceptedAt, IsWhenTheQueueManagerHasItWhereTheLogHasTheArrival) {
  EXPECT_EQ(accepted_at({"2026-11-24T09:59:59+00:00 mx1 postfix/smtpd[8]: AA2F1A0E5D: "
                         "client=mx.example.com[192.0.2.7]",
                         kTakenUp}),
            "2026-11-24T10:00:00.000000Z");
  EXPECT_EQ(accepted_at({"2026-11-24T09:59:59+00:00 mx1 postfix/cleanup[8]: AA2F1A0E5D: "
                         "message-id=<m@example.com>",
                         kTakenUp}),
            "2026-11-24T10:00:00.000000Z");
}
TEST(AcceptedAt, IsWhatAnEximIdSays) {
  // 1xVgVi: 2026-11-24 02:43:58 UTC
  EXPECT_EQ(accepted_at({"2026-11-27 10:00:00 +0000 1xVgVi-0000E9-13 == bo@example.net R=dnslookup "
                         "T=remote_smtp defer (110): Connection timed out"}),
            "2026-11-24T02:43:58.000000Z");
  // An id that is younger than its line, or years older, was made otherwise.
  EXPECT_EQ(accepted_at({"2026-11-20 10:00:00 +0000 1xVgVi-0000E9-13 == bo@example.net R=dnslookup "
                         "T=remote_smtp defer (110): Connection timed out"}),
            "");
}

std::vector<std::string> directions(const std::string& failed) {
  std::vector<std::string> out;
  for (const auto& journey :
       played({"2026-11-24T09:59:59+00:00 mx1 postfix/smtpd[8]: AA2F1A0E5D: client=pc[192.0.2.7], "
               "sasl_method=PLAIN, sasl_username=ana@example.org",
               kTakenUp, failed})) {
    out.emplace_back(journey.at("direction").as_string());
  }
  return out;
}

TEST(Direction, OfWhatReachedNoServerIsWhereItWasToGo) {
  EXPECT_THAT(directions(tried_by("smtp", kTimedOut)), ElementsAre("out"));
  EXPECT_THAT(
      directions(tried_by(
          "smtp",
          "relay=none, delay=1, delays=1/0/0/0, dsn=5.4.4, status=bounced (Host or domain "
          "name not found. Name service error for name=example.net type=A: Host not found)")),
      ElementsAre("out"));
  EXPECT_THAT(directions(tried_by(
                  "error",
                  "relay=none, delay=1, delays=1/0/0/0, dsn=4.7.8, status=deferred (delivery "
                  "temporarily suspended: SASL authentication failed; server "
                  "relay.example.net[198.51.100.2] said: 535 5.7.8 no)")),
              ElementsAre("out"));
  EXPECT_THAT(directions(tried_by(
                  "lmtp",
                  "relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to "
                  "mx1[private/dovecot-lmtp]: Connection refused)")),
              ElementsAre("local"));
  EXPECT_THAT(directions(tried_by("local",
                                  "relay=local, delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced "
                                  "(unknown user: \"bo\")")),
              ElementsAre("local"));
}

// Of mail that a user of this server handed in, and of which no line says where it was to go.
std::vector<std::string> directions_of_exim(const std::string& then) {
  std::vector<std::string> out;
  for (const auto& journey :
       played({"2026-11-24 10:00:00 +0000 1xVgVi-0000E9-13 <= ana@example.org H=(pc) [192.0.2.7] "
               "P=esmtpsa A=login:ana@example.org S=900 id=m1@example.org",
               "2026-11-24 10:00:01 +0000 1xVgVi-0000E9-13 " + then})) {
    out.emplace_back(journey.at("direction").as_string());
  }
  return out;
}

TEST(Direction, OfWhatNoLineSaysIsOutForAnotherDomain) {
  const std::string no_transport =
      "relay=none, delay=1, delays=0/0/1/0, dsn=4.3.0, status=deferred (mail transport "
      "unavailable)";
  EXPECT_THAT(directions(tried_by("error", no_transport)), ElementsAre("out"));
  EXPECT_THAT(directions_of_exim("== bo@example.net routing defer (-51): retry time not reached"),
              ElementsAre("out"));
  EXPECT_THAT(directions_of_exim("== eva@example.org routing defer (-51): retry time not reached"),
              ElementsAre("local"));
  EXPECT_THAT(
      directions_of_exim("== eva@mail.example.org routing defer (-51): retry time not reached"),
      ElementsAre("local"));
}

TEST(Direction, OfARefusedRecipientIsLocalWhereOurTableNamesNobody) {
  const auto refused = [](const std::string& text) {
    return directions(
        "2026-11-24T10:00:01+00:00 mx1 postfix/smtpd[8]: AA2F1A0E5D: reject: RCPT "
        "from pc[192.0.2.7]: " +
        text + "; from=<ana@example.org> to=<bo@example.net> proto=ESMTP helo=<pc>");
  };
  EXPECT_THAT(refused("550 5.1.1 <bo@example.net>: Recipient address rejected: User unknown in "
                      "virtual mailbox table"),
              ElementsAre("local"));
  EXPECT_THAT(refused("554 5.7.1 <bo@example.net>: Recipient address rejected: Access denied"),
              ElementsAre("out"));
}

}  // namespace
}  // namespace rastro
