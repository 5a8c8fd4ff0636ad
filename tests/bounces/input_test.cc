#include "daemon/bounce/input.h"

#include <gtest/gtest.h>

#include "daemon/bounce/paste.h"

namespace rastro {
namespace {

TEST(Unquote, TakesQuoteMarksOff) { EXPECT_EQ(unquote("> a\n>> b\n> > c\nd\n"), "a\nb\nc\nd\n"); }
TEST(Unquote, KeepsTranscripts) {
  EXPECT_EQ(unquote(">>> RCPT TO:<a@example.org>\n"), ">>> RCPT TO:<a@example.org>\n");
  EXPECT_EQ(unquote("> >>> DATA\n"), ">>> DATA\n");
}
TEST(Unquote, TakesACommonIndentOff) { EXPECT_EQ(unquote("    a\n      b\n"), "a\n  b\n"); }

TEST(LineEnds, EachRecipientOfALongLineHasItsOwn) {
  const std::string intro =
      "This is the mail system at host mx.example.org, which is sorry to say:";
  EXPECT_EQ(
      with_line_ends(intro + " <a@example.net>: host mx.example.net[192.0.2.1] said: 550 5.1.1 "
                             "<a@example.net>: host names differ <b@example.net>: connect to "
                             "mx.example.net[192.0.2.1]:25: Connection refused"),
      intro +
          "\n\n<a@example.net>: host mx.example.net[192.0.2.1] said: 550 5.1.1 "
          "<a@example.net>: host names differ\n\n<b@example.net>: connect to "
          "mx.example.net[192.0.2.1]:25: Connection refused");
}
TEST(LineEnds, TranscriptsAndLabels) {
  EXPECT_EQ(
      with_line_ends(
          "----- Transcript of session follows ----- ... while talking to mx.example.net.: "
          ">>> RCPT To:<a@example.net> <<< 550 no 550 5.1.1 <a@example.net>... no"),
      "----- Transcript of session follows -----\n\n... while talking to mx.example.net.:\n\n>>> "
      "RCPT To:<a@example.net>\n\n<<< 550 no 550 5.1.1 <a@example.net>... no");
}
TEST(LineEnds, ShortLinesStay) {
  const std::string text = "x <a@example.net>: host m[192.0.2.1] said: 550 no\n";
  EXPECT_EQ(with_line_ends(text), text);
}

TEST(PlainAddresses, WhereSomethingNamesThem) {
  EXPECT_EQ(with_plain_addresses("not delivered to juan at example.org: no"),
            "not delivered to juan@example.org: no");
  EXPECT_EQ(with_plain_addresses("<juan at example.org>: 550"), "<juan@example.org>: 550");
  EXPECT_EQ(with_plain_addresses("x\n  juan [at] example.org\n"), "x\n  juan@example.org\n");
}
TEST(PlainAddresses, OtherWordsStay) {
  for (const std::string text : {"the mail system at mx.example.org", "talk to us at example.org",
                                 "to a@b, luis at c.example"})
    EXPECT_EQ(with_plain_addresses(text), text);
}

TEST(Html, OneLineForEachBlock) {
  EXPECT_EQ(html_to_text("<html><style>p{}</style><p>a&eacute;&#241;</p><div>b<br>c</div>"),
            "\na\xc3\xa9\xc3\xb1\n\n\nb\nc\n");
}
TEST(Html, AddressThatNobodyEscapedStays) {
  EXPECT_EQ(html_to_text("to <a@example.org> now"), "to <a@example.org> now");
}
TEST(Html, OpenTagAtTheEnd) { EXPECT_EQ(html_to_text("a < b"), "a < b"); }

TEST(Headers, RecognisedOnlyWhereKnown) {
  EXPECT_TRUE(starts_with_headers("From: a\nTo: b\n\nx"));
  EXPECT_TRUE(starts_with_headers("\tby mx; now\nReceived: x\nSubject: y\n\nz"));
  EXPECT_FALSE(starts_with_headers("Final-Recipient: rfc822; a\nAction: failed\n"));
  EXPECT_FALSE(starts_with_headers("Dear all: hello\n"));
  EXPECT_FALSE(starts_with_headers(""));
}

TEST(Bound, NulAndLineEnds) {
  BounceCuts cuts;
  EXPECT_EQ(bound_input(std::string_view("a\0b\r\nc\rd", 8), {}, cuts), "ab\nc\nd\n");
  EXPECT_FALSE(cuts.any());
}
TEST(Bound, LongHeaderIsCutAndCounted) {
  BounceCuts cuts;
  BounceLimits limits;
  limits.header_bytes_max = 100;
  std::string text = "Subject: x\n";
  for (int i = 0; i < 50; ++i) text += " continued and continued\n";
  text += "\nbody\n";
  const auto got = bound_input(text, limits, cuts);
  EXPECT_LT(got.size(), 250U);
  EXPECT_TRUE(got.ends_with("\n\nbody\n"));
  EXPECT_GT(cuts.header_lines, 0U);
}

}  // namespace
}  // namespace rastro
