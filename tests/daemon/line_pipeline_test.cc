// How a line's header is found where a shipper put the line into a JSON object.
#include "daemon/line_pipeline.h"

#include <string>
#include <vector>

#include "daemon/log_origin.h"
#include "gmock/gmock.h"

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

class PastedLogs : public JsonObjects {
 protected:
  // Every line of a source that is looked at first, "header|text" each.
  std::vector<std::string> all(const std::vector<std::string>& lines) {
    std::string head;
    for (const auto& line : lines) head += line + "\n";
    look_at_head(head, origin_);
    std::vector<std::string> out;
    for (const auto& line : lines) out.push_back(next(line));
    return out;
  }
};

TEST_F(PastedLogs, AreKnownByTheirBeginning) {
  EXPECT_THAT(all({"$ grep 9F3A12C04D /var/log/mail.log*",
                   "/var/log/mail.log:Nov 24 01:40:29 mx1 postfix/smtp[12]: a",
                   "/var/log/mail.log.1:Nov 23 01:40:29 mx1 postfix/smtp[12]: b"}),
              testing::ElementsAre("none", "mx1 postfix/smtp 12 |a", "mx1 postfix/smtp 12 |b"));
}

TEST_F(PastedLogs, OfExim) {
  EXPECT_THAT(all({"> 2026-11-24 01:40:29 1tFxyz-000123-AB Completed"}),
              testing::ElementsAre("here exim 0 |1tFxyz-000123-AB Completed"));
  EXPECT_EQ(origin_.format, LineFormat::exim);
}

TEST_F(PastedLogs, MayHaveLostTheirStamps) {
  EXPECT_THAT(all({"Here is what it says:", "postfix/qmgr[12]: 9F3A12C04D: removed"}),
              testing::ElementsAre("none", "here postfix/qmgr 12 |9F3A12C04D: removed"));
  EXPECT_EQ(origin_.last_stamp, Time(std::chrono::seconds(1'795'484'429)));
}

TEST_F(PastedLogs, AreNotWhatStandsInsideOfALog) {
  const std::string own = "Nov 24 01:40:30 mx1 postfix/smtp[12]: c";
  EXPECT_THAT(all({own, "postfix/qmgr[12]: d", "  " + own}),
              testing::ElementsAre("mx1 postfix/smtp 12 |c", "none", "none"));
}

// A ticket that quotes an older one, or a code block whose first line lost its blanks.
TEST_F(PastedLogs, MayBeQuotedInPart) {
  const std::string own = "Nov 24 01:40:30 mx1 postfix/smtp[12]: c";
  const std::string want = "mx1 postfix/smtp 12 |c";
  EXPECT_THAT(all({"Ana wrote:", "> " + own, ">> " + own, "> > " + own, own, "| " + own, ">" + own,
                   "> and then?"}),
              testing::ElementsAre("none", want, want, want, want, want, want, "none"));
}
TEST_F(PastedLogs, MayBeQuotedWhereTheyBegin) {
  const std::string own = "2026-11-24 01:40:29 1tFxyz-000123-AB Completed";
  const std::string want = "here exim 0 |1tFxyz-000123-AB Completed";
  EXPECT_THAT(all({"> " + own, own, own}), testing::ElementsAre(want, want, want));
}
TEST_F(PastedLogs, MayBeACodeBlockInPart) {
  const std::string own = "Nov 24 01:40:30 mx1 postfix/smtp[12]: c";
  const std::string want = "mx1 postfix/smtp 12 |c";
  EXPECT_THAT(all({"```text", own, "    " + own, "\t" + own, "```"}),
              testing::ElementsAre("none", want, want, want, "none"));
}
TEST_F(PastedLogs, MayBeACodeBlockBelowASentence) {
  const std::string own = "2026-11-24T01:40:30.062664+00:00 mx1 postfix/smtp[12]: c";
  const std::string want = "mx1 postfix/smtp 12 |c";
  EXPECT_THAT(all({"    " + own, "\t" + own}), testing::ElementsAre(want, want));
  EXPECT_THAT(all({"My log:", "", "    " + own, "    " + own}),
              testing::ElementsAre("none", "none", want, want));
}
// Exim's reject log indents the headers of a stranger's mail.
TEST_F(PastedLogs, AreNoFoldedHeaderAlone) {
  const std::string own = "2026-11-24 01:40:29 1tFxyz-000123-AB Completed";
  const std::string want = "here exim 0 |1tFxyz-000123-AB Completed";
  EXPECT_THAT(
      all({own, "   " + own, "  > " + own, "> " + own}),
      testing::ElementsAre(want, "here exim 0 |   " + own, "here exim 0 |  > " + own, want));
}

TEST_F(PastedLogs, AreNotWhatIsFollowed) {
  EXPECT_EQ(next("/var/log/mail.log:Nov 24 01:40:29 mx1 postfix/smtp[12]: a"), "none");
  EXPECT_EQ(next("postfix/qmgr[12]: 9F3A12C04D: removed"), "none");
}

// The headers in Exim's reject log are indented, and a stranger's: also where the file begins, or
// is cut, within them.
TEST_F(PastedLogs, AreNotTheHeadersOfARefusedMail) {
  const std::string forged = "  Subject: 2026-11-24 01:40:29 1tFxyz-000123-AB => v@example.org R=d";
  const std::string folded = " 2026-11-24 01:40:29 1tFxyz-000123-AB Completed";
  EXPECT_THAT(
      all({forged, folded,
           "2026-11-24 01:40:29 H=[192.0.2.7] F=<a@example.net> rejected after DATA"}),
      testing::ElementsAre("none", "none",
                           "here exim 0 |H=[192.0.2.7] F=<a@example.net> rejected after DATA"));
}

TEST_F(PastedLogs, MayHaveTheEscapesOfAPage) {
  EXPECT_THAT(all({"Nov 24 01:40:29 mx1 postfix/qmgr[12]: 9F3A12C04D: from=&lt;a@example.net&gt;",
                   "Nov 24 01:40:29 mx1 postfix/qmgr[12]: x &amp; y"}),
              testing::ElementsAre("mx1 postfix/qmgr 12 |9F3A12C04D: from=<a@example.net>",
                                   "mx1 postfix/qmgr 12 |x & y"));
}

TEST_F(PastedLogs, HaveNoEscapesWhereThereAreBrackets) {
  const std::string told = "Nov 24 01:40:29 mx1 postfix/qmgr[12]: 9F3A12C04D: from=<a@example.net>";
  const std::string odd = "Nov 24 01:40:29 mx1 postfix/qmgr[12]: 9F3A12C04D: from=&lt;b&gt;";
  EXPECT_THAT(all({odd, told}),
              testing::ElementsAre("mx1 postfix/qmgr 12 |9F3A12C04D: from=&lt;b&gt;",
                                   "mx1 postfix/qmgr 12 |9F3A12C04D: from=<a@example.net>"));
}

// What a client says stands behind the server's own words.
TEST_F(PastedLogs, HaveNoEscapesThatAStrangerTyped) {
  const std::string typed =
      "Nov 24 01:40:29 mx1 postfix/smtpd[12]: warning: non-SMTP command from x[192.0.2.7]: "
      "4Zx1Yc3Qbmz9rxG: to=&lt;a&gt;";
  const std::string named =
      "Nov 24 01:40:29 mx1 postfix/cleanup[12]: 4Zx1Yc3Qbmz9rxG: message-id=&lt;a&gt;";
  all({typed, named});
  EXPECT_FALSE(origin_.is_page);
}

class NewestFirst : public JsonObjects {
 protected:
  bool is(std::string_view text) { return is_newest_first(text, origin_); }
};

TEST_F(NewestFirst, IsToldByTheStamps) {
  EXPECT_TRUE(
      is("Nov 24 01:42:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"
         "Nov 24 01:40:28 mx1 x[1]: a\nNov 24 01:40:20 mx1 x[1]: a\n"));
  std::string within_a_second;
  for (int i = 9; i > 0; --i)
    within_a_second += "2026-11-24T01:40:29." + std::to_string(i) + "Z mx1 x[1]: a\n";
  EXPECT_TRUE(is(within_a_second));
}
TEST_F(NewestFirst, IsNotALogWithLateLines) {
  EXPECT_FALSE(is("Nov 24 01:40:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"));
  EXPECT_FALSE(
      is("Nov 24 01:40:02 mx1 x[1]: a\nNov 24 01:40:01 mx2 x[1]: a\n"
         "Nov 24 01:40:00 mx3 x[1]: a\nNov 24 01:40:00 mx1 x[1]: a\n"));
  EXPECT_FALSE(
      is("Nov 24 01:40:29 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"
         "Nov 24 01:40:30 mx1 x[1]: a\nNov 24 01:40:28 mx1 x[1]: a\n"));
  EXPECT_FALSE(
      is("2026-11-24T01:40:29.3Z mx1 x[1]: a\n2026-11-24T01:40:29.2Z mx1 x[1]: a\n"
         "2026-11-24T01:40:29.4Z mx1 x[1]: a\n"));
  EXPECT_FALSE(is(""));
  EXPECT_FALSE(is("no log\nat all\n"));
}

// A forwarder whose message is another host's whole record.
class NestedRecords : public JsonObjects {};

TEST_F(NestedRecords, AreReadAsTheyWereWritten) {
  const std::string inner = "Nov 24 01:40:29 mx1 postfix/smtp[12]: c";
  const std::string want = "mx1 postfix/smtp 12 |c";
  for (const std::string outer :
       {"Nov 24 01:40:30 gw ", "Nov 24 01:40:30 gw mail.log: ", "Nov 24 01:40:30 gw <22>",
        "Nov 24 01:40:30 gw postfix_mail: ", "2026-11-24T01:40:30+00:00 gw mail.log: "}) {
    EXPECT_EQ(next(outer + inner), want) << outer;
  }
  EXPECT_EQ(next("Nov 24 01:40:30 gw mail.log: 2026-11-24T01:40:29.123456+00:00 mx1 "
                 "postfix/qmgr[7]: 9F3A12C04D: removed"),
            "mx1 postfix/qmgr 7 |9F3A12C04D: removed");
}

// What a program says may be a stranger's words, and what a mail server's own line says is its own.
TEST_F(NestedRecords, AreNotWhatAProgramSays) {
  const std::string inner = "Nov 24 01:40:29 mx1 postfix/smtp[12]: c";
  EXPECT_EQ(next("Nov 24 01:40:30 gw webapp[812]: " + inner), "gw webapp 812 |" + inner);
  EXPECT_EQ(next("Nov 24 01:40:30 gw mail.log: user " + inner), "gw mail.log 0 |user " + inner);
  EXPECT_EQ(next("Nov 24 01:40:30 gw said " + inner), "gw - 0 |said " + inner);
  EXPECT_EQ(next("Nov 24 01:40:30 gw dovecot: " + inner), "gw dovecot 0 |" + inner);
  EXPECT_EQ(next("Nov 24 01:40:30 gw mail.log: Nov 24 01:40:29 mx1 shell[12]: c"),
            "gw mail.log 0 |Nov 24 01:40:29 mx1 shell[12]: c");
}

TEST_F(NestedRecords, MayHaveMoreBlanksInFrontOfTheTag) {
  EXPECT_EQ(next("Nov 24 01:40:29 mx1  postfix/smtp[12]: c"), "mx1 postfix/smtp 12 |c");
  EXPECT_EQ(next("2026-11-24T01:40:29+00:00 mx1   postfix/smtp[12]: c"), "mx1 postfix/smtp 12 |c");
}

}  // namespace
}  // namespace rastro
