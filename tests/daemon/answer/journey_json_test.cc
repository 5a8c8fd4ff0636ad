#include "daemon/answer/journey_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rastro {
namespace {

Time at_microseconds(std::int64_t since_1970) {
  return Time(std::chrono::microseconds(since_1970));
}

TEST(ApiTimeTest, IsRfc3339WithMicroseconds) {
  EXPECT_EQ(api_time(at_microseconds(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(api_time(at_microseconds(1'772'359'201'000'042)), "2026-03-01T10:00:01.000042Z");
  EXPECT_EQ(api_time(at_microseconds(-1)), "1969-12-31T23:59:59.999999Z");
}

// A stamp that nobody can mean still gives a text of this form.
TEST(ApiTimeTest, KeepsItsFormAtTheEdges) {
  EXPECT_EQ(api_time(Time::max()).size(), 27U);
  EXPECT_EQ(api_time(Time::min()).size(), 27U);
}

TEST(ValidUtf8Test, KeepsWhatIsValidAndReplacesEachOtherByte) {
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(valid_utf8(""), "");
  EXPECT_EQ(valid_utf8("ana@example.org"), "ana@example.org");
  EXPECT_EQ(valid_utf8("a\xc3\xb1o \xf0\x9f\x93\xa7"), "a\xc3\xb1o \xf0\x9f\x93\xa7");
  EXPECT_EQ(valid_utf8("\xff"
                       "a"),
            replaced + "a");
  EXPECT_EQ(valid_utf8("a\xc3"), "a" + replaced);
  EXPECT_EQ(valid_utf8("\xc0\xaf"), replaced + replaced) << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), replaced + replaced + replaced) << "a surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced);
}

}  // namespace
}  // namespace rastro
