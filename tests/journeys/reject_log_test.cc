// Exim's reject log, whose entries go on behind their first line: src/log.c log_write() of 4.96.
#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kRefusal =
    "2026-11-24 10:00:00 1xVmNc-0000cP-1l H=mx.example.net [192.0.2.7] F=<u@example.net> rejected "
    "after DATA: that looks like spam";

std::vector<json::object> play(std::vector<Log> logs) {
  LogPlayer player(std::move(logs));
  player.play_all();
  std::vector<json::object> out;
  for (const auto& journey : player.journeys()) out.push_back(json::parse(journey).as_object());
  std::ranges::sort(out, {}, [](const json::object& journey) {
    return std::string(journey.at("arrived_at").as_string());
  });
  return out;
}
Log log_of(const std::string& path, std::vector<std::string> lines) {
  return Log{path, "mx1", false, std::move(lines)};
}
std::vector<std::string> recipients(const json::object& journey) {
  std::vector<std::string> out;
  for (const auto& recipient : journey.at("recipients").as_array()) {
    out.push_back(std::string(recipient.at("recipient").as_string()) + " " +
                  std::string(recipient.at("outcome").as_string()));
  }
  return out;
}

TEST(RejectLog, NamesTheRecipientsAndTheMessage) {
  const auto told = play({log_of(
      "/var/log/exim4/rejectlog",
      {kRefusal, "Envelope-from: <u@example.net>", "Envelope-to: <ana@example.org>",
       "    <eva@example.org>", "    ...", "P Received: from mx.example.net ([192.0.2.7])",
       "\tby mx1.example.org with esmtp (Exim 4.96)", "  Subject: cheap",
       "I Message-ID: <m1@example.net>",
       "2026-11-24 10:00:09 1xVmNc-0000cQ-1l H=mx.example.net [192.0.2.7] F=<v@example.net> "
       "rejected after DATA: no"})});
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(recipients(told[0]),
              ElementsAre("ana@example.org rejected", "eva@example.org rejected"));
  EXPECT_EQ(told[0].at("message_id").as_string(), "m1@example.net");
  EXPECT_EQ(told[0].at("recipients").as_array().at(1).at("reply_text").as_string(),
            "that looks like spam");
  EXPECT_THAT(recipients(told[1]), IsEmpty());
}

// A log that was made comparable, or whose ids were cut out.
TEST(RejectLog, NamesTheRecipientsOfARefusalWithoutItsId) {
  auto refusal = kRefusal;
  refusal.erase(refusal.find("1xVmNc"), 17);
  const std::vector<std::string> refused = {refusal,
                                            "Envelope-from: <u@example.net>",
                                            "Envelope-to: <ana@example.org>",
                                            "    <eva@example.org>",
                                            "P Received: from x",
                                            "I Message-ID: <m1@example.net>"};
  const auto reject_log = log_of("/var/log/exim4/rejectlog", refused);
  const auto main_log = log_of("/var/log/exim4/mainlog", {refusal});
  for (const auto& logs : {std::vector{reject_log}, std::vector{main_log, reject_log},
                           std::vector{reject_log, main_log}}) {
    const auto told = play(logs);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_THAT(recipients(told[0]),
                ElementsAre("ana@example.org rejected", "eva@example.org rejected"));
  }
}

// What is refused before the content has no envelope: what looks like one is somebody's header.
TEST(RejectLog, TakesNoEnvelopeForARecipientsRefusal) {
  const auto told =
      play({log_of("/var/log/exim4/rejectlog",
                   {"2026-11-24 10:00:00 H=mx.example.net [192.0.2.7] "
                    "F=<u@example.net> rejected RCPT <bo@example.org>: no",
                    "Envelope-from: <u@example.net>", "Envelope-to: <ana@example.org>"})});
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(recipients(told[0]), ElementsAre("bo@example.org rejected"));
}

TEST(RejectLog, AddsToWhatTheMainLogSays) {
  const std::vector<std::string> refused = {kRefusal, "Envelope-from: <u@example.net>",
                                            "Envelope-to: <ana@example.org>"};
  for (const bool main_first : {true, false}) {
    auto logs = std::vector<Log>{log_of("/var/log/exim4/mainlog", {kRefusal}),
                                 log_of("/var/log/exim4/rejectlog", refused)};
    if (!main_first) std::swap(logs[0], logs[1]);
    const auto told = play(logs);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_THAT(recipients(told[0]), ElementsAre("ana@example.org rejected"));
  }
}

// A restart may come between any two lines of a record.
TEST(RejectLog, IsReadOnInTheMiddleOfARecord) {
  const auto log =
      log_of("/var/log/exim4/rejectlog",
             {kRefusal, "Envelope-from: <u@example.net>", "Envelope-to: <ana@example.org>",
              "    <eva@example.org>", "P Received: from mx.example.net ([192.0.2.7])",
              "I Message-ID: <m1@example.net>", "  Subject: cheap"});
  for (std::size_t cut = 1; cut < log.lines.size(); ++cut) {
    LogPlayer player({log});
    for (std::size_t i = 0; i < cut; ++i) player.play(0);
    player.flush();
    player.restart();
    player.play_all();
    const auto told = player.journeys();
    ASSERT_THAT(told, SizeIs(1));
    const auto journey = json::parse(told[0]).as_object();
    EXPECT_THAT(recipients(journey),
                ElementsAre("ana@example.org rejected", "eva@example.org rejected"))
        << cut;
    EXPECT_EQ(journey.at("message_id").as_string(), "m1@example.net") << cut;
    EXPECT_THAT(player.index().pending, testing::Contains(testing::Key("refusal:1")));
  }
}

TEST(RejectLog, KeepsNothingOfARecordThatEnded) {
  LogPlayer player({log_of("/var/log/exim4/rejectlog",
                           {kRefusal, "Envelope-from: <u@example.net>",
                            "2026-11-24 10:00:09 H=mx.example.net [192.0.2.7] F=<v@example.net> "
                            "rejected RCPT <ana@example.org>: no"})});
  player.play(0);
  player.play(0);
  player.flush();
  EXPECT_THAT(player.index().pending, testing::Contains(testing::Key("refusal:1")));
  player.play_all();
  player.flush();
  EXPECT_THAT(player.index().pending, testing::Not(testing::Contains(testing::Key("refusal:1"))));
}

// A header stands behind its type; the lines into which it is folded begin with blanks.
TEST(RejectLog, TakesNoEnvelopeOutOfAHeader) {
  const auto told =
      play({log_of("/var/log/exim4/rejectlog",
                   {kRefusal, "Envelope-from: <u@example.net>", "Envelope-to: <ana@example.org>",
                    "  X-Odd: a", "    <forged@example.org>", "Envelope-to: <forged@example.org>",
                    "    <forged@example.org>"})});
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(recipients(told[0]), ElementsAre("ana@example.org rejected"));
}

}  // namespace
}  // namespace rastro
