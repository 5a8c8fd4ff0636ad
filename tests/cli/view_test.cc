#include "cli/view.h"

#include <gtest/gtest.h>

#include "cli/times.h"

namespace rastro::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

class ViewTimes : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(use_zone("Europe/Madrid")); }
  static View view(Language language) {
    return {{}, language, *parse_api_time("2026-11-24T13:30:05Z")};  // 14:30:05 in Madrid
  }
};

TEST_F(ViewTimes, DaysAreSaidInWords) {
  const auto en = view(Language::en);
  const auto es = view(Language::es);
  EXPECT_EQ(en.clock("2026-11-24T13:02:11.5Z"), "14:02:11");
  EXPECT_EQ(en.clock("2026-11-23T13:30:00Z"), "yesterday 14:30:00");
  EXPECT_EQ(es.clock("2026-11-23T13:30:00Z"), "ayer 14:30:00");
  EXPECT_EQ(es.minute("2026-11-25T08:00:00Z"), "mañana 09:00");
  EXPECT_EQ(en.minute("2026-01-02T08:00:00Z"), "2 Jan 09:00");
  EXPECT_EQ(es.minute("2026-01-02T08:00:00Z"), "2 ene 09:00");
  EXPECT_EQ(es.minute("2025-12-31T22:59:59Z"), "31 dic 2025 23:59");
  // Midnight in Madrid, not in UTC, is where yesterday ends.
  EXPECT_EQ(en.minute("2026-11-23T22:59:59Z"), "yesterday 23:59");
  EXPECT_EQ(en.minute("2026-11-23T23:00:00Z"), "00:00");
}

TEST_F(ViewTimes, YesterdayIsTheDayBeforeAlsoWhereTheClockWasChanged) {
  auto en = view(Language::en);
  en.now_us = *parse_api_time("2026-10-25T22:30:00Z");  // 23:30, on a day of 25 hours
  EXPECT_EQ(en.minute("2026-10-24T22:30:00Z"), "00:30");
  EXPECT_EQ(en.minute("2026-10-24T21:30:00Z"), "yesterday 23:30");
}

TEST_F(ViewTimes, RelativeTimes) {
  const auto en = view(Language::en);
  const auto es = view(Language::es);
  EXPECT_EQ(en.ago(en.now_us - 3 * kSecond), "just now");
  EXPECT_EQ(es.ago(es.now_us - 59 * kSecond), "hace 59 segundos");
  EXPECT_EQ(es.ago(es.now_us - 90 * kSecond), "hace 1 minuto");
  EXPECT_EQ(es.ago(es.now_us - 2 * kHour), "hace 2 horas");
  EXPECT_EQ(en.ago(en.now_us - 49 * kHour), "2 days ago");
  EXPECT_EQ(es.ago(es.now_us + 20 * 60 * kSecond), "dentro de 20 minutos");
  EXPECT_EQ(en.ago(en.now_us + kHour), "in 1 hour");
  EXPECT_EQ(es.clock_ago("2026-11-24T11:30:05Z"), "12:30:05 (hace 2 horas)");
  EXPECT_EQ(es.clock_ago("2026-11-20T11:30:05Z"), "20 nov 12:30:05");
}

TEST_F(ViewTimes, WhatIsNoStampIsShownAsItIs) {
  const auto en = view(Language::en);
  for (const auto* text : {"", "soon", "2026-13-01T00:00:00Z", "2026-11-24T13:30:05",
                           "2026-11-24T13:30:05.1234567Z", "2026-11-24 13:30:05Z"})
    EXPECT_EQ(en.clock(text), text);
  EXPECT_EQ(en.clock("\x1b[2J"), "\\x1b[2J");
}

TEST(View, NumbersAndSizes) {
  const View en{{}, Language::en, 0};
  const View es{{}, Language::es, 0};
  EXPECT_EQ(en.number(1240), "1,240");
  EXPECT_EQ(es.number(1240), "1240");
  EXPECT_EQ(es.number(12400), "12.400");
  EXPECT_EQ(en.number(1234567), "1,234,567");
  EXPECT_EQ(en.number(-1234567), "-1,234,567");
  EXPECT_EQ(en.number(0), "0");
  EXPECT_EQ(en.size(1), "1 byte");
  EXPECT_EQ(en.size(999), "999 bytes");
  EXPECT_EQ(es.size(31'240'000), "31,2 MB");
  EXPECT_EQ(en.size(999'999), "1.0 MB");
}

TEST(View, Durations) {
  const View view{{}, Language::en, 0};
  EXPECT_EQ(view.duration(1500), "1 ms");
  EXPECT_EQ(view.duration(3 * kSecond), "3 s");
  EXPECT_EQ(view.duration(720 * kSecond), "12 min");
  EXPECT_EQ(view.duration(2 * kHour + 5 * 60 * kSecond), "2 h 5 min");
  EXPECT_EQ(view.duration(27 * kHour), "1 d 3 h");
  EXPECT_EQ(view.duration(48 * kHour), "2 d");
}

TEST(View, NamesWithoutWordsAreShownEscaped) {
  const View view{{}, Language::es, 0};
  EXPECT_EQ(view.named("outcome_", "deferred"), "aplazado");
  EXPECT_EQ(view.named("outcome_", "tele\x1bported"), "tele\\x1bported");
}

TEST(UseZone, TakesNamesOfTheZoneDatabaseOnly) {
  EXPECT_FALSE(use_zone(""));
  EXPECT_FALSE(use_zone("Europe/Atlantis"));
  EXPECT_FALSE(use_zone("/etc/passwd"));
  EXPECT_FALSE(use_zone("../../../etc/passwd"));
  EXPECT_FALSE(use_zone("Europe"));
  EXPECT_TRUE(use_zone("UTC"));
}

}  // namespace
}  // namespace rastro::cli
