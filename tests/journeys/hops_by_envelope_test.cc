// Hops between hosts of ours where no Message-ID ties the two logs: cleanup's line is missing, or
// the message has none. Logs derived from Postfix' format strings.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;

struct Child {
  std::string sender = "eva@example.net";
  std::string recipient = "juan@example.org";
  std::string minute = "00";
  std::string message_id{};
};

std::vector<std::string> journeys_with(const Child& child) {
  const auto line = [](const std::string& host, const std::string& time, const std::string& text) {
    return "2026-11-24T10:" + time + "+00:00 " + host + " postfix/" + text;
  };
  const std::string at = child.minute + ":01.1";
  std::vector<std::string> lines = {
      line("front", "00:01.0", "smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]"),
      line("front", "00:01.0",
           "qmgr[8]: AA2F1A0E5D: from=<eva@example.net>, size=900, nrcpt=1 (queue active)"),
      line("front", "00:01.3",
           "smtp[9]: AA2F1A0E5D: to=<juan@example.org>, relay=store.example.org[192.0.2.2]:25, "
           "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "
           "BB3C1A0E5E)"),
      line("front", "00:01.3", "qmgr[8]: AA2F1A0E5D: removed"),
      line("store", at, "smtpd[19]: BB3C1A0E5E: client=front.example.org[192.0.2.1]")};
  if (!child.message_id.empty())
    lines.push_back(line("store", at, "cleanup[18]: BB3C1A0E5E: message-id=" + child.message_id));
  lines.push_back(
      line("store", at,
           "qmgr[18]: BB3C1A0E5E: from=<" + child.sender + ">, size=1100, nrcpt=1 (queue active)"));
  lines.push_back(line("store", at,
                       "virtual[9]: BB3C1A0E5E: to=<" + child.recipient +
                           ">, relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
                           "(delivered to maildir)"));
  LogPlayer player({Log{"/var/log/mail.log", "log", false, lines}});
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) {
    const auto value = boost::json::parse(journey).as_object();
    auto& text = out.emplace_back();
    for (const auto& leg : value.at("legs").as_array())
      text.append(leg.at("queue_id").as_string()).append(" ");
    for (const auto& link : value.at("links").as_array())
      text.append(link.at("inferred").as_bool() ? "inferred" : "certain");
  }
  return out;
}

TEST(HopsByEnvelope, WithoutAMessageIdOnOneOrBothSidesAreInferred) {
  EXPECT_THAT(journeys_with({}), ElementsAre("AA2F1A0E5D BB3C1A0E5E inferred"));
  EXPECT_THAT(journeys_with({.message_id = "<m1@example.net>"}),
              ElementsAre("AA2F1A0E5D BB3C1A0E5E inferred"));
}

TEST(HopsByEnvelope, OfAnotherMailIsNone) {
  const auto apart = testing::SizeIs(2);
  EXPECT_THAT(journeys_with({.sender = "ana@example.net"}), apart);
  EXPECT_THAT(journeys_with({.recipient = "rosa@example.org"}), apart);
  EXPECT_THAT(journeys_with({.minute = "20"}), apart);
}

}  // namespace
}  // namespace rastro
