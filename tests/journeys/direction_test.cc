// Whether mail came in, went out, stayed or was passed on. Logs derived from Postfix' format
// strings (src/global/log_adhoc.c) and Exim's (src/deliver.c).
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

std::string direction_in(std::vector<std::string> lines) {
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false, std::move(lines)}});
  player.play_all();
  const auto journeys = player.journeys();
  if (journeys.size() != 1) return std::to_string(journeys.size()) + " journeys";
  const auto journey = boost::json::parse(journeys[0]).as_object();
  return std::string(journey.at("direction").as_string());
}

const std::string kFromOutside = "client=mx.example.net[192.0.2.7]";
const std::string kFromOneOfUs =
    "client=pc.example.org[198.51.100.8], sasl_method=PLAIN, sasl_username=eva@example.org";

std::string way_of_postfix(const std::string& client, const std::string& agent,
                           const std::string& relay, const std::string& end) {
  const auto line = [](const std::string& program, const std::string& text) {
    return "2026-11-24T10:00:00+00:00 mx1 postfix/" + program + "[9]: AA2F1A0E5D: " + text;
  };
  return direction_in({line("smtpd", client),
                       line("qmgr", "from=<eva@example.net>, size=1200, nrcpt=1 (queue active)"),
                       line(agent, "to=<juan@example.org>, relay=" + relay +
                                       ", delay=1.2, delays=0.1/0/0.5/0.6, " + end)});
}

const std::string kSavedThere =
    "dsn=2.0.0, status=sent (250 2.0.0 <juan@example.org> cxyfB6b6BGtOHAAAbw8qlA Saved)";
const std::string kFullThere =
    "dsn=4.2.2, status=deferred (host localhost[127.0.0.1] said: 452 4.2.2 Mailbox is full (in "
    "reply to RCPT TO command))";

TEST(Direction, OfAMailboxServerOverTcpIsNotOut) {
  for (const std::string relay : {"localhost[127.0.0.1]:24", "store.example.org[192.0.2.33]:24",
                                  "mx1.example.org[private/dovecot-lmtp]"}) {
    for (const auto& end : {kSavedThere, kFullThere}) {
      EXPECT_EQ(way_of_postfix(kFromOutside, "lmtp", relay, end), "in") << relay << end;
      EXPECT_EQ(way_of_postfix(kFromOneOfUs, "lmtp", relay, end), "local") << relay << end;
    }
  }
}

// A filter on this machine is nobody's end, whatever it speaks.
TEST(Direction, OfAFilterOnThisMachineIsThatOfItsClient) {
  const std::string relay = "127.0.0.1[127.0.0.1]:10024";
  for (const std::string agent : {"smtp", "lmtp"}) {
    for (const std::string end :
         {"dsn=2.7.0, status=sent (250 2.7.0 Ok, discarded, id=12345-01 - spam)",
          "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "
          "queued as BB2F1A0E5D)",
          "dsn=4.3.2, status=deferred (host 127.0.0.1[127.0.0.1] said: 421 4.3.2 later (in reply "
          "to end of DATA command))"}) {
      EXPECT_EQ(way_of_postfix(kFromOutside, agent, relay, end), "in") << agent << end;
      EXPECT_EQ(way_of_postfix(kFromOneOfUs, agent, relay, end), "out") << agent << end;
    }
  }
}

TEST(Direction, OfAnotherServerIsOutOrRelay) {
  for (const std::string end :
       {"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as BB2F1A0E5D)",
        "dsn=4.2.2, status=deferred (host mx.example.org[192.0.2.9] said: 452 4.2.2 full)"}) {
    EXPECT_EQ(way_of_postfix(kFromOutside, "smtp", "mx.example.org[192.0.2.9]:25", end), "relay");
    EXPECT_EQ(way_of_postfix(kFromOneOfUs, "smtp", "mx.example.org[192.0.2.9]:25", end), "out");
  }
}

TEST(Direction, OfEximsMailboxServerOverTcpIsNotOut) {
  const std::string id = "2026-11-24 10:00:00 1xVgXy-0000cP-1l ";
  EXPECT_EQ(direction_in({id + "<= ana@example.org H=pc [198.51.100.8] P=esmtpsa "
                               "A=plain:ana@example.org S=1200",
                          id + "=> juan <juan@example.org> R=local T=dovecot_lmtp H=127.0.0.1 "
                               "[127.0.0.1] C=\"250 2.0.0 <juan@example.org> xyz Saved\""}),
            "local");
}

}  // namespace
}  // namespace rastro
