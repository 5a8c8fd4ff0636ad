// How a line's header is found where a shipper put the line into a JSON object.
#include "daemon/line_pipeline.h"

#include <string>

#include "daemon/log_origin.h"
#include "gtest/gtest.h"

namespace rastro {
namespace {

class JsonObjects : public testing::Test {
 protected:
  // "host program pid |text" of the next line, "none" when it has no header.
  std::string next(std::string_view line) {
    const RawLine raw{line, 0, static_cast<std::uint32_t>(line.size()), false};
    const auto headed = LinePipeline::read_header(origin_, raw);
    if (!headed.headed) return "none";
    return std::string(headed.header.host) + ' ' + std::string(headed.header.program) + ' ' +
           std::to_string(headed.header.pid) + " |" + std::string(headed.text);
  }

  LineOrigin origin_{1, "mail.json", LineFormat::unknown,
                     StampReader("UTC", Time(std::chrono::seconds(1'795'484'429))), "here"};
};

TEST_F(JsonObjects, MayHoldWholeLinesOfSyslog) {
  EXPECT_EQ(next(R"({"log":"Starting up\n","time":"2026-11-24T01:40:28.1Z"})"), "Starting - 0 |up");
  EXPECT_EQ(origin_.format, LineFormat::unknown);
  EXPECT_EQ(
      next(
          R"({"log":"Nov 24 01:40:29 mx1 postfix/smtp[12]: a\n","time":"2026-11-24T01:40:28.1Z"})"),
      "mx1 postfix/smtp 12 |a");
  EXPECT_EQ(origin_.format, LineFormat::syslog);
}

TEST_F(JsonObjects, MayHoldEximsOwnLines) {
  EXPECT_EQ(next(R"({"log":"chatter without a stamp\n","time":"2026-11-24T01:40:28.1Z"})"),
            "chatter - 0 |without a stamp");
  EXPECT_EQ(
      next(
          R"({"log":"2026-11-24 01:40:29 1tFxyz-000123-AB Completed\n","time":"2026-11-24T01:40:29.1Z"})"),
      "here exim 0 |1tFxyz-000123-AB Completed");
  EXPECT_EQ(origin_.format, LineFormat::exim);
}

TEST_F(JsonObjects, MayHoldFields) {
  EXPECT_EQ(
      next(
          R"({"_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"exim","__REALTIME_TIMESTAMP":"1795484429000000","MESSAGE":"2026-11-24 01:40:29 1tFxyz-000123-AB Completed"})"),
      "mx1 exim 0 |2026-11-24 01:40:29 1tFxyz-000123-AB Completed");
  EXPECT_EQ(
      next(
          R"({"_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"7","__REALTIME_TIMESTAMP":"1795484429000000","MESSAGE":"9F3A12C04D: removed"})"),
      "mx1 postfix/qmgr 7 |9F3A12C04D: removed");
}

TEST_F(JsonObjects, WithoutAMessageAreNoLines) {
  EXPECT_EQ(next(R"({"log":"\n","time":"2026-11-24T01:40:28.1Z"})"), "none");
  EXPECT_EQ(next("{}"), "none");
  EXPECT_EQ(next(R"({"log":"Nov 24 01:40:29 mx1 postfix/smtp[12]: cut)"), "none");
}

// What a stranger wrote stands inside of a string, whatever it looks like.
TEST_F(JsonObjects, CannotBeForgedFromWithinAText) {
  EXPECT_EQ(
      next(
          R"({"_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"postfix/smtpd","_PID":"7","__REALTIME_TIMESTAMP":"1795484429000000","MESSAGE":"connect from x\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\n\",\"MESSAGE\":\"9F3A12C04D: removed"})"),
      "mx1 postfix/smtpd 7 |connect from "
      "x\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr#012\",\"MESSAGE\":\"9F3A12C04D: removed");
}

class PastedLogs : public JsonObjects {};

TEST_F(PastedLogs, AreKnownByTheirFirstLine) {
  EXPECT_EQ(next("$ grep 9F3A12C04D /var/log/mail.log*"), "none");
  EXPECT_EQ(next("/var/log/mail.log:Nov 24 01:40:29 mx1 postfix/smtp[12]: a"),
            "mx1 postfix/smtp 12 |a");
  EXPECT_EQ(next("/var/log/mail.log.1:Nov 23 01:40:29 mx1 postfix/smtp[12]: b"),
            "mx1 postfix/smtp 12 |b");
  EXPECT_EQ(next("Nov 24 01:40:30 mx1 postfix/smtp[12]: c"), "mx1 postfix/smtp 12 |c");
}

TEST_F(PastedLogs, OfExim) {
  EXPECT_EQ(next("> 2026-11-24 01:40:29 1tFxyz-000123-AB Completed"),
            "here exim 0 |1tFxyz-000123-AB Completed");
  EXPECT_EQ(origin_.format, LineFormat::exim);
}

TEST_F(PastedLogs, MayHaveLostTheirStamps) {
  EXPECT_EQ(next("Here is what it says:"), "none");
  EXPECT_EQ(next("postfix/qmgr[12]: 9F3A12C04D: removed"),
            "here postfix/qmgr 12 |9F3A12C04D: removed");
  EXPECT_EQ(origin_.last_stamp, Time(std::chrono::seconds(1'795'484'429)));
  EXPECT_EQ(next("Nov 24 01:40:30 mx1 postfix/smtp[12]: c"), "mx1 postfix/smtp 12 |c");
  EXPECT_EQ(next("postfix/qmgr[12]: d"), "here postfix/qmgr 12 |d");
}
TEST_F(PastedLogs, DoNotLoseTheirStampsMidway) {
  EXPECT_EQ(next("Nov 24 01:40:30 mx1 postfix/smtp[12]: c"), "mx1 postfix/smtp 12 |c");
  EXPECT_EQ(next("postfix/qmgr[12]: d"), "none");
}

// The headers in Exim's reject log are indented, and a stranger's.
TEST_F(PastedLogs, AreNotWhatStandsInsideOfALog) {
  EXPECT_EQ(next("2026-11-24 01:40:29 H=[192.0.2.7] F=<a@example.net> rejected after DATA"),
            "here exim 0 |H=[192.0.2.7] F=<a@example.net> rejected after DATA");
  EXPECT_EQ(next("  2026-11-24 01:40:29 1tFxyz-000123-AB <= b@example.org"),
            "here exim 0 |  2026-11-24 01:40:29 1tFxyz-000123-AB <= b@example.org");
}

TEST_F(PastedLogs, MayHaveTheEscapesOfAPage) {
  EXPECT_EQ(next("Nov 24 01:40:29 mx1 postfix/qmgr[12]: 9F3A12C04D: from=&lt;a@example.net&gt;"),
            "mx1 postfix/qmgr 12 |9F3A12C04D: from=<a@example.net>");
  EXPECT_EQ(next("Nov 24 01:40:29 mx1 postfix/qmgr[12]: x &amp; y"), "mx1 postfix/qmgr 12 |x & y");
}

TEST_F(PastedLogs, HaveNoEscapesWhereThereAreBrackets) {
  EXPECT_EQ(next("Nov 24 01:40:29 mx1 postfix/qmgr[12]: 9F3A12C04D: from=<a@example.net>"),
            "mx1 postfix/qmgr 12 |9F3A12C04D: from=<a@example.net>");
  EXPECT_EQ(next("Nov 24 01:40:29 mx1 postfix/qmgr[12]: &lt;b&gt;"),
            "mx1 postfix/qmgr 12 |&lt;b&gt;");
}

class NewestFirst : public JsonObjects {
 protected:
  bool is(std::string_view text) { return is_newest_first(text, origin_); }
};

TEST_F(NewestFirst, IsToldByTheStamps) {
  EXPECT_TRUE(
      is("Nov 24 01:40:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"
         "Nov 24 01:40:28 mx1 x[1]: a\nNov 24 01:40:20 mx1 x[1]: a\n"));
}
TEST_F(NewestFirst, IsNotALogWithLateLines) {
  EXPECT_FALSE(is("Nov 24 01:40:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"));
  EXPECT_FALSE(
      is("Nov 24 01:40:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"
         "Nov 24 01:40:30 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"));
  EXPECT_FALSE(
      is("2026-11-24T01:40:29.3Z mx1 x[1]: a\n2026-11-24T01:40:29.2Z mx1 x[1]: a\n"
         "2026-11-24T01:40:29.4Z mx1 x[1]: a\n"));
  EXPECT_FALSE(is(""));
  EXPECT_FALSE(is("no log\nat all\n"));
}

}  // namespace
}  // namespace rastro
