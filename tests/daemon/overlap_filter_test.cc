#include "daemon/overlap_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rastro {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OverlapFilterTest : public testing::Test {
 protected:
  static Time at(int second) { return Time(seconds(1'000'000 + second)); }
  bool copy(std::uint32_t source, int second, const std::string& text, Duration fraction = {},
            const char* host = "mx1") {
    LineHeader header;
    header.logged_at = at(second) + fraction;
    header.host = host;
    header.program = "postfix/smtp";
    header.pid = 77;
    return filter_.is_copy(source, header, Mta::postfix, text);
  }
  std::vector<std::string> found() {
    std::vector<std::string> out;
    for (const auto& each : filter_.take_found()) out.push_back(each.path + "=" + each.same_as);
    return out;
  }
  OverlapFilter filter_{1};
};

TEST_F(OverlapFilterTest, ASecondLogWithTheSameLinesIsNotIndexed) {
  filter_.begin(1, "mail.log");
  filter_.begin(2, "syslog");
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(copy(1, i, "line " + std::to_string(i), milliseconds(123)));
    EXPECT_TRUE(copy(2, i, "line " + std::to_string(i)));  // its stamps have no fraction
  }
  EXPECT_THAT(found(), testing::ElementsAre("syslog=mail.log"));
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(OverlapFilterTest, InWhicheverOrderTheLinesCome) {
  filter_.begin(1, "mail.log");
  filter_.begin(2, "syslog");
  std::size_t taken = 0;
  for (int block = 0; block < 10; ++block) {
    for (const std::uint32_t source : {2U, 1U}) {
      for (int i = 0; i < 10; ++i) {
        if (!copy(source, block, "line " + std::to_string(block * 10 + i))) ++taken;
      }
    }
  }
  EXPECT_EQ(taken, 100U);
  EXPECT_THAT(found(), testing::ElementsAre("syslog=mail.log"));
}

TEST_F(OverlapFilterTest, ALogThatHoldsLessGivesWayThoughItWasNamedFirst) {
  filter_.begin(1, "mail.warn");
  filter_.begin(2, "mail.log");
  std::size_t taken = 0;
  for (int i = 0; i < 400; ++i) {
    if (i % 10 == 0 && !copy(1, i, "line " + std::to_string(i))) ++taken;
    if (!copy(2, i, "line " + std::to_string(i))) ++taken;
  }
  EXPECT_EQ(taken, 400U);
  EXPECT_THAT(found(), testing::ElementsAre("mail.warn=mail.log"));
}

TEST_F(OverlapFilterTest, DifferentLogsAreLeftAlone) {
  filter_.begin(1, "a.log");
  filter_.begin(2, "b.log");
  for (int i = 0; i < 2'000; ++i) {
    EXPECT_FALSE(copy(1, i, "line " + std::to_string(i)));
    EXPECT_FALSE(copy(2, i, "other " + std::to_string(i)));
  }
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(OverlapFilterTest, TheSameTextOfAnotherHostOrSecondIsNoCopy) {
  filter_.begin(1, "a.log");
  filter_.begin(2, "b.log");
  for (int i = 0; i < 400; ++i) {
    EXPECT_FALSE(copy(1, 2 * i, "connect from unknown"));
    EXPECT_FALSE(copy(2, 2 * i, "connect from unknown", {}, "mx2"));
    EXPECT_FALSE(copy(2, 2 * i + 1, "connect from unknown"));
  }
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(OverlapFilterTest, RepeatsWithinOneLogAreRealAndTheirCopiesAreNot) {
  filter_.begin(1, "mail.log");
  filter_.begin(2, "syslog");
  copy(2, 0, "something of its own");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(copy(1, 1, "the same reject"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(copy(2, 1, "the same reject"));
  EXPECT_FALSE(copy(2, 1, "the same reject"));  // a sixth that mail.log does not have
}

TEST_F(OverlapFilterTest, EximsFileAndItsSyslogLinesAreTheSame) {
  filter_.begin(1, "mainlog");
  filter_.begin(2, "syslog");
  LineHeader file;
  file.program = "exim";
  LineHeader syslog = file;
  syslog.host = "mx1";
  syslog.pid = 55;
  for (int i = 0; i < 50; ++i) {
    file.logged_at = at(i);
    syslog.logged_at = at(i) + milliseconds(300);
    const auto text = "1abc" + std::to_string(i) + " Completed";
    EXPECT_FALSE(filter_.is_copy(1, file, Mta::exim, text));
    EXPECT_TRUE(filter_.is_copy(2, syslog, Mta::exim, text));
  }
  EXPECT_THAT(found(), testing::ElementsAre("syslog=mainlog"));
}

TEST_F(OverlapFilterTest, ANewFileUnderTheNameIsSampledAgain) {
  filter_.begin(1, "mail.log");
  filter_.begin(2, "other.log");
  for (int i = 0; i < 100; ++i) {
    copy(1, i, "line " + std::to_string(i));
    copy(2, i, "line " + std::to_string(i));
  }
  EXPECT_THAT(found(), testing::ElementsAre("other.log=mail.log"));
  filter_.begin(3, "other.log");  // rotated, and now something else
  for (int i = 100; i < 200; ++i) {
    EXPECT_FALSE(copy(1, i, "line " + std::to_string(i)));
    EXPECT_FALSE(copy(3, i, "of its own " + std::to_string(i)));
  }
}

TEST_F(OverlapFilterTest, AnArchiveOfAnEarlierTimeIsNotCompared) {
  filter_.begin(1, "a.log");
  filter_.begin(2, "b.log");
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(copy(1, i, "line " + std::to_string(i)));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(copy(2, 5'000 + i, "line " + std::to_string(i)));
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(OverlapFilterTest, KeepsABoundedWindow) {
  filter_.begin(1, "a.log");
  filter_.begin(2, "b.log");
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_FALSE(copy(1, 0, "line " + std::to_string(i)));  // the sample goes on: b.log is silent
  }
  EXPECT_FALSE(copy(2, 0, "line 3"));  // long out of the window
  EXPECT_TRUE(copy(2, 0, "line 99999"));
}

}  // namespace
}  // namespace rastro
