// What a log says itself about lines that it has not got.
#include "daemon/confessed_losses.h"

#include "gmock/gmock.h"
#include "parsers/syslog_notices.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

constexpr Time kAt{std::chrono::microseconds(1'795'514'460'000'000)};
const char* const kPath = "/var/log/mail.log";

class ConfessedLossesTest : public testing::Test {
 protected:
  void say(Duration after, std::string_view text, std::optional<Time> previous = std::nullopt) {
    const auto parsed = parse_syslog_notice({}, text);
    const auto* loss = std::get_if<LogLoss>(&parsed.event);
    ASSERT_NE(loss, nullptr) << text;
    losses_.take(kPath, kAt + after, previous, *loss);
  }
  // "from until" of each, in seconds after kAt.
  std::vector<std::string> holes() {
    std::vector<std::string> out;
    const auto seconds = [](Time at) {
      if (at == Time::max()) return std::string("open");
      return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(at - kAt).count());
    };
    for (const auto& hole : losses_.take_holes()) {
      EXPECT_EQ(hole.source_path, kPath);
      last_cause_ = hole.cause;
      out.push_back(seconds(hole.from) + ' ' + seconds(hole.until));
    }
    return out;
  }
  ConfessedLosses losses_;
  std::string last_cause_;
};

TEST_F(ConfessedLossesTest, FromTheFirstDroppedLineToTheReport) {
  say(0s, "imjournal: begin to drop messages due to rate-limiting");
  EXPECT_THAT(holes(), testing::ElementsAre("0 open"));
  say(100s,
      "imjournal: 1234 messages lost due to rate-limiting (20000 allowed within 600 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("0 100")) << "closes the one that begins there";
  EXPECT_THAT(last_cause_, testing::HasSubstr("1234 messages")) << "the count is what matters";
}

TEST_F(ConfessedLossesTest, AReportAloneReachesBackByItsInterval) {
  say(0s, "imjournal: 5 messages lost due to rate-limiting (20000 allowed within 600 seconds)");
  say(0s, "Suppressed 1340 messages from postfix@-.service");
  say(0s, "Suppressed 1340 messages from postfix@-.service", kAt - 5min);
  say(0s, "imuxsock lost 455 messages from pid 1234 due to rate-limiting", kAt - 1s);
  EXPECT_THAT(holes(), testing::ElementsAre("-600 0", "-30 0", "-300 0", "-30 0"));
  say(0s, "Suppressed 1340 messages from postfix@-.service");
  holes();
  EXPECT_EQ(last_cause_, "Suppressed 1340 messages from postfix@-.service");
}

TEST_F(ConfessedLossesTest, OfSeveralEachHasAHoleOfItsOwn) {
  say(0s, "imuxsock[pid 17]: begin to drop messages due to rate-limiting [v8.2302.0]");
  say(10s, "imuxsock[pid 18]: begin to drop messages due to rate-limiting [v8.2302.0]");
  say(20s,
      "imuxsock[pid: 17, name: x] from <mx1:postfix/smtpd>: 80 messages lost due to rate-limiting "
      "(1000 allowed within 5 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("0 open", "10 open", "0 20"));
  say(30s, "imjournal: 5 messages lost due to rate-limiting (20000 allowed within 10 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("20 30")) << "answers neither";
  say(40s, "imuxsock lost 455 messages from pid 18 due to rate-limiting");
  EXPECT_THAT(holes(), testing::ElementsAre("10 40"));
  say(50s, "imuxsock lost 2 messages from pid 18 due to rate-limiting");
  EXPECT_THAT(holes(), testing::ElementsAre("20 50")) << "ended already: a report alone";
}

TEST_F(ConfessedLossesTest, WhatBeginsTwiceEndsOnce) {
  const std::string action = "action 'action-1-builtin:omfile' ";
  say(0s, action + "suspended (module 'builtin:omfile'), retry 0. [v8.2302.0]");
  say(5s, "action 'action-2-builtin:omfile' suspended (module 'builtin:omfile'), retry 0.");
  say(10s, action + "suspended (module 'builtin:omfile'), retry 1. [v8.2302.0]");
  EXPECT_THAT(holes(), testing::ElementsAre("0 open", "5 open"));
  say(40s, action + "resumed (module 'builtin:omfile') [v8.2302.0]");
  EXPECT_THAT(holes(), testing::ElementsAre("0 40")) << "not the other action's";
  say(50s, "action 'action-2-builtin:omfile' resumed (module 'builtin:omfile') [v8.2302.0]");
  EXPECT_THAT(holes(), testing::ElementsAre("5 50"));
  EXPECT_FALSE(losses_.any_begun());
}

// What closes an open hole begins with its words, by which the index knows it.
TEST_F(ConfessedLossesTest, WhatClosesAHoleSaysWhichOne) {
  say(0s, "imuxsock[pid 17]: begin to drop messages due to rate-limiting");
  holes();
  const auto opened = last_cause_;
  say(6s,
      "imuxsock[pid: 17, name: x]: 9 messages lost due to rate-limiting (5 allowed within 5 "
      "seconds)");
  holes();
  EXPECT_EQ(last_cause_.substr(0, opened.size()), opened);
  say(10s, "imjournal: begin to drop messages due to rate-limiting");
  say(20s, "[origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] start");
  holes();
  EXPECT_THAT(last_cause_, testing::StartsWith("imjournal: begin to drop"));
}

// A process that ends before a line of it is let through again is never reported.
TEST_F(ConfessedLossesTest, TheLimitOfAProcessEndsWithItsInterval) {
  say(0s, "imuxsock[pid 17]: begin to drop messages due to rate-limiting");
  say(1s, "imjournal: begin to drop messages due to rate-limiting");
  EXPECT_THAT(holes(), testing::ElementsAre("0 open", "1 open"));
  losses_.note_time(kPath, kAt + 59min);
  losses_.note_time("/var/log/other.log", kAt + 2h);
  EXPECT_THAT(holes(), testing::IsEmpty());
  losses_.note_time(kPath, kAt + 1h);
  EXPECT_THAT(holes(), testing::ElementsAre("0 3600")) << "the other one reports some time";
  say(2h, "imuxsock[pid 18]: begin to drop messages due to rate-limiting");
  say(2h + 1s, "imuxsock[pid 19]: begin to drop messages due to rate-limiting");
  say(2h + 6s,
      "imuxsock[pid 18]: 9 messages lost due to rate-limiting (9 allowed within 5 seconds)");
  holes();
  losses_.note_time(kPath, kAt + 3h + 1s);
  EXPECT_THAT(holes(), testing::ElementsAre("7201 7206")) << "the interval of the other's report";
}

TEST_F(ConfessedLossesTest, ARestartOfTheDaemonEndsIt) {
  say(5s, "[origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] start");
  EXPECT_THAT(holes(), testing::IsEmpty());
  say(10s, "imjournal: begin to drop messages due to rate-limiting");
  say(20s, "[origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] start");
  EXPECT_THAT(holes(), testing::ElementsAre("10 open", "10 20"));
}

TEST_F(ConfessedLossesTest, OfAnyInputByWhateverNameItHas) {
  const std::string name = "imuxsock[pid: 17, name: /usr/lib/postfix/sbin/smtp]";
  say(0s, name + " from <postfix/smtp:postfix/smtp>: begin to drop messages due to rate-limiting");
  say(6s, name + ": 212 messages lost due to rate-limiting (500 allowed within 5 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("0 open", "0 6"));
  say(10s, "imuxsock[pid 17]: begin to drop messages due to rate-limiting");
  say(16s, "imuxsock[pid 17]: 9 messages lost due to rate-limiting (500 allowed within 5 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("10 open", "10 16"));
  say(20s, "imudp(*:514): begin to drop messages due to rate-limiting");
  say(26s, "imudp(*:514): 9 messages lost due to rate-limiting (500 allowed within 5 seconds)");
  EXPECT_THAT(holes(), testing::ElementsAre("20 open", "20 26"));
}

TEST_F(ConfessedLossesTest, AFileThatCouldNotBeWritten) {
  say(0s, "file '/var/log/mail.log': write error - No space left on device [v8.2302.0]");
  ASSERT_EQ(holes().size(), 1U);
  say(10s,
      "action 'action-1-builtin:omfile' suspended (module 'builtin:omfile'), next retry is "
      "Tue Nov 24 10:00:40 2026, retry nbr 0. [v8.2302.0]");
  say(40s, "action 'action-1-builtin:omfile' resumed (module 'builtin:omfile') [v8.2302.0]");
  EXPECT_THAT(holes(), testing::Contains("10 40"));
  EXPECT_EQ(parse_syslog_notice({}, "action 'action-8-builtin:omfwd' suspended (module").kind,
            LineKind::foreign)
      << "another host's log";
}

TEST_F(ConfessedLossesTest, AnOpenHoleSurvivesARestart) {
  say(0s, "imuxsock begins to drop messages from pid 17 due to rate-limiting");
  const auto pending = losses_.take_pending();
  ASSERT_EQ(pending.size(), 1U);
  losses_ = {};
  EXPECT_TRUE(losses_.restore(pending[0].first, pending[0].second));
  EXPECT_FALSE(losses_.restore("login:x", "y"));
  EXPECT_TRUE(losses_.restore("loss:" + std::string(kPath), "1795514460000000 imuxsock"));
  EXPECT_EQ(losses_.take_pending().at(0).second, "") << "of an earlier build: forgotten";
  say(70s, "imuxsock lost 455 messages from pid 17 due to rate-limiting");
  EXPECT_THAT(holes(), testing::ElementsAre("0 70"));
  EXPECT_EQ(losses_.take_pending().at(0).second, "");
}

TEST_F(ConfessedLossesTest, TheKernelsOwnMessagesAreNoMail) {
  EXPECT_EQ(parse_syslog_notice({}, "Missed 17 kernel messages").kind, LineKind::foreign);
  EXPECT_EQ(parse_syslog_notice({}, "imjournal: begin to drop").kind, LineKind::foreign);
}

}  // namespace
}  // namespace rastro
