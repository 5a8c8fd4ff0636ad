// What the next host of ours says of a message: whom it refuses, and where what it reports ends.
// Logs derived from the MTAs' format strings.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/answer/search.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

Log host_log(const std::string& host, std::vector<std::string> lines) {
  for (auto& line : lines) line = "2026-11-24T10:00:" + line;
  return {"/var/log/" + host + ".log", host, false, std::move(lines)};
}

std::vector<json::object> journeys_of_hosts(std::vector<Log> logs) {
  LogPlayer player(std::move(logs));
  player.play_all();
  std::vector<json::object> out;
  for (const auto& text : player.journeys()) out.push_back(json::parse(text).as_object());
  return out;
}

// The store's report of a failure leaves through the front, where it waits: that is how it ended.
TEST(NextHost, AReportEndsWhereItsLastHostLeavesIt) {
  const auto journeys = journeys_of_hosts(
      {host_log("front",
                {"02.000000+01:00 front postfix/smtpd[11]: AA2F1A0E5D: "
                 "client=store.example.org[10.0.0.4]",
                 "02.010000+01:00 front postfix/cleanup[12]: AA2F1A0E5D: "
                 "message-id=<b1@store.example.org>",
                 "02.020000+01:00 front postfix/qmgr[13]: AA2F1A0E5D: from=<>, size=900, nrcpt=1 "
                 "(queue active)",
                 "04.000000+01:00 front postfix/smtp[14]: AA2F1A0E5D: to=<a@example.net>, "
                 "relay=mx.example.net[192.0.2.7]:25, delay=2, delays=1/0/0/1, dsn=4.7.28, "
                 "status=deferred (host mx.example.net[192.0.2.7] said: 421 4.7.28 later)"}),
       host_log(
           "store",
           {"01.000000+01:00 store postfix/smtpd[21]: BB2F1A0E5D: client=unknown[192.0.2.7]",
            "01.010000+01:00 store postfix/cleanup[22]: BB2F1A0E5D: message-id=<m1@example.net>",
            "01.020000+01:00 store postfix/qmgr[23]: BB2F1A0E5D: from=<a@example.net>, "
            "size=700, nrcpt=1 (queue active)",
            "01.500000+01:00 store postfix/lmtp[24]: BB2F1A0E5D: to=<ana@example.org>, "
            "relay=store[private/lmtp], delay=1, delays=1/0/0/0, dsn=5.2.2, status=bounced "
            "(host store[private/lmtp] said: 552 5.2.2 full (in reply to end of DATA command))",
            "01.510000+01:00 store postfix/cleanup[22]: CC2F1A0E5D: "
            "message-id=<b1@store.example.org>",
            "01.520000+01:00 store postfix/bounce[25]: BB2F1A0E5D: sender non-delivery "
            "notification: CC2F1A0E5D",
            "01.530000+01:00 store postfix/qmgr[23]: CC2F1A0E5D: from=<>, size=900, nrcpt=1 "
            "(queue active)",
            "01.540000+01:00 store postfix/qmgr[23]: BB2F1A0E5D: removed",
            "02.500000+01:00 store postfix/smtp[26]: CC2F1A0E5D: to=<a@example.net>, "
            "relay=front.example.org[10.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
            "status=sent (250 2.0.0 Ok: queued as AA2F1A0E5D)",
            "02.600000+01:00 store postfix/qmgr[23]: CC2F1A0E5D: removed"})});
  std::vector<std::string> ends;
  for (const auto& journey : journeys) {
    for (const auto& link : journey.at("links").as_array()) {
      if (link.at("kind") == "bounce" && link.at("direction") == "child")
        ends.emplace_back(link.at("outcome").as_string());
    }
  }
  EXPECT_THAT(ends, ElementsAre("deferred"));
}

// What the front handed on is delivered in its row and `passed` in the journey.
TEST(NextHost, AnotherOutcomeAskedForHidesNoMessage) {
  LogPlayer player(
      {host_log("front",
                {"01.000000+01:00 front postfix/smtpd[11]: AA2F1A0E5D: client=pc[192.0.2.8]",
                 "01.010000+01:00 front postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@pc>",
                 "01.020000+01:00 front postfix/qmgr[13]: AA2F1A0E5D: from=<ana@example.org>, "
                 "size=900, nrcpt=1 (queue active)",
                 "01.040000+01:00 front postfix/smtp[14]: AA2F1A0E5D: to=<bo@example.net>, "
                 "relay=out.example.org[10.0.0.4]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, "
                 "status=sent (250 2.0.0 Ok: queued as BB2F1A0E5D)",
                 "01.050000+01:00 front postfix/qmgr[13]: AA2F1A0E5D: removed"}),
       host_log("out", {"01.030000+01:00 out postfix/smtpd[21]: BB2F1A0E5D: "
                        "client=front.example.org[10.0.0.1]",
                        "01.035000+01:00 out postfix/cleanup[22]: BB2F1A0E5D: message-id=<m1@pc>",
                        "01.040000+01:00 out postfix/qmgr[23]: BB2F1A0E5D: "
                        "from=<ana@example.org>, size=950, nrcpt=1 (queue active)",
                        "02.000000+01:00 out postfix/smtp[24]: BB2F1A0E5D: to=<bo@example.net>, "
                        "relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (connect "
                        "to mx.example.net[192.0.2.7]:25: Connection timed out)"})});
  player.play_all();
  player.flush();
  const SystemClock clock;
  const auto found = [&](std::vector<Outcome> outcomes) {
    FindRequest request;
    request.outcomes = std::move(outcomes);
    const auto answer = find_journeys(player.index(), request, Duration::zero(), clock);
    return answer ? answer->items.size() : 0;
  };
  EXPECT_EQ(found({Outcome::deferred}), 1U);
  EXPECT_EQ(found({Outcome::deferred, Outcome::unknown}), 1U);
  EXPECT_EQ(found({Outcome::unknown}), 0U);
  EXPECT_EQ(found({Outcome::delivered}), 0U);
}

// The store refuses one of two in the dialogue that takes the other: that is the front's bounce.
TEST(NextHost, WhomTheNextHostRefusesIsToldOnce) {
  const auto front = host_log(
      "front", {
                   "00.000000+01:00 front exim[31]: 1tGaab-000123-AB <= ana@example.net "
                   "H=mx.example.net [192.0.2.7] P=esmtp S=500 id=m3@example.net",
                   "01.000000+01:00 front exim[32]: 1tGaab-000123-AB => b@example.org R=to_store "
                   "T=remote_smtp H=store.example.org [10.0.0.4] C=\"250 2.0.0 Ok: queued as "
                   "4DD4XV1qXxz9sPK\"",
                   "01.000000+01:00 front exim[32]: 1tGaab-000123-AB ** c@example.org R=to_store "
                   "T=remote_smtp H=store.example.org [10.0.0.4]: SMTP error from remote mail "
                   "server after RCPT TO:<c@example.org>: 550 5.1.1 no such user",
                   "01.100000+01:00 front exim[32]: 1tGaab-000123-AB Completed",
               });
  const auto store = host_log(
      "store",
      {
          "00.900000+01:00 store postfix/smtpd[21]: 4DD4XV1qXxz9sPK: client=front[10.0.0.5]",
          "00.901000+01:00 store postfix/smtpd[21]: 4DD4XV1qXxz9sPK: reject: RCPT from "
          "front[10.0.0.5]: 550 5.1.1 <c@example.org>: Recipient address rejected: User unknown; "
          "from=<ana@example.net> to=<c@example.org> proto=ESMTP helo=<front>",
          "00.910000+01:00 store postfix/cleanup[22]: 4DD4XV1qXxz9sPK: message-id=<m3@example.net>",
          "00.920000+01:00 store postfix/qmgr[23]: 4DD4XV1qXxz9sPK: from=<ana@example.net>, "
          "size=700, nrcpt=1 (queue active)",
          "02.000000+01:00 store postfix/lmtp[24]: 4DD4XV1qXxz9sPK: to=<b@example.org>, "
          "relay=store[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
          "(250 2.0.0 <b@example.org> x Saved)",
      });
  for (const bool front_first : {true, false}) {
    const auto journeys =
        journeys_of_hosts(front_first ? std::vector{front, store} : std::vector{store, front});
    ASSERT_EQ(journeys.size(), 1U);
    std::vector<std::string> ends;
    for (const auto& to : journeys[0].at("recipients").as_array()) {
      ends.emplace_back(to.at("recipient").as_string());
      ends.back().append(" ").append(to.at("outcome").as_string());
    }
    EXPECT_THAT(ends, ElementsAre("b@example.org delivered", "c@example.org bounced"));
  }
}

}  // namespace
}  // namespace rastro
