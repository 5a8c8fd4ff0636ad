#include "daemon/answer/find_request.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

using namespace std::chrono_literals;

const Time kAsked = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) + 14h;

Result<FindRequest, ParameterError> parse(const Parameters& parameters) {
  return parse_find(parameters, {1000, kAsked});
}

TEST(FindRequest, AnEmptyOneAsksForTheNewest) {
  const auto request = parse({});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sort, SortBy::newest);
  EXPECT_EQ(request->limit, 50U);
  EXPECT_EQ(request->range.from, Time::min());
}

TEST(FindRequest, ATimeRanksAndLimitsTheInterval) {
  const auto request = parse({{"at", "13:30"}, {"tz", "UTC"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sort, SortBy::score);
  EXPECT_EQ(request->range.from, kAsked - 1h);
  EXPECT_EQ(request->range.until, kAsked);
  const auto wide = parse({{"at", "13:30"}, {"tz", "UTC"}, {"within", "2h"}});
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->range.from, kAsked - 150min);
}

TEST(FindRequest, AWholeDayIsHalfADayAroundNoon) {
  const auto request = parse({{"at", "yesterday"}, {"tz", "UTC"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->range.from, kAsked - 38h);
  EXPECT_EQ(request->range.until, kAsked - 14h);
}

TEST(FindRequest, HoursAreATimeOfDayWhereAMomentIsAsked) {
  for (const auto* typed : {"13h", "13 h", "13 hs.", "13 hrs", "13 horas", "13 HORAS"}) {
    const auto request = parse({{"at", typed}, {"tz", "UTC"}});
    ASSERT_TRUE(request) << typed;
    EXPECT_EQ(request->at, kAsked - 1h) << typed;
  }
  for (const auto* typed : {"09h12m", "9 horas", "9h12m"}) {
    const auto at = parse({{"at", typed}, {"tz", "UTC"}});
    ASSERT_TRUE(at && at->at) << typed;
    EXPECT_EQ(std::chrono::floor<std::chrono::hours>(*at->at), kAsked - 5h) << typed;
  }
  EXPECT_EQ(parse({{"at", "1h30m"}, {"tz", "UTC"}})->at, kAsked - 90min);
  const auto ago = parse({{"at", "2 horas"}, {"tz", "UTC"}});
  ASSERT_TRUE(ago);
  EXPECT_EQ(ago->at, kAsked - 2h);
}

TEST(FindRequest, WithinWidensAWholeDay) {
  const auto request = parse({{"at", "yesterday"}, {"tz", "UTC"}, {"within", "10m"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->range.from, kAsked - 38h - 10min);
  EXPECT_EQ(request->range.until, kAsked - 14h + 10min);
}

TEST(FindRequest, UntilADayIsItsEnd) {
  const auto request = parse({{"since", "yesterday"}, {"until", "yesterday"}, {"tz", "UTC"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->range.from, kAsked - 38h);
  EXPECT_EQ(request->range.until, kAsked - 14h - 1us);
}

TEST(FindRequest, ListsOfNames) {
  const auto request = parse({{"outcome", "deferred,bounced"}, {"reason", "greylisted"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->outcomes, (std::vector{Outcome::deferred, Outcome::bounced}));
  EXPECT_EQ(request->reasons, std::vector{Reason::greylisted});
}

TEST(FindRequest, ACursorKeepsItsOrder) {
  const auto cursor = make_cursor(SortBy::oldest, 0x6567890012345678ULL);
  const auto request = parse({{"cursor", cursor}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sort, SortBy::oldest);
  EXPECT_EQ(request->before, 0x6567890012345678ULL);
  const auto other = parse({{"cursor", cursor}, {"sort", "newest"}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().parameter, "cursor");
}

struct Bad {
  const char* name;
  const char* value;
  const char* said;  // part of what the answer says
};

class BadParameters : public testing::TestWithParam<Bad> {};

TEST_P(BadParameters, AreNamedWithWhatIsAllowed) {
  const auto& row = GetParam();
  const auto request = parse({{row.name, row.value}});
  ASSERT_FALSE(request) << row.name;
  EXPECT_EQ(request.error().parameter, row.name);
  EXPECT_NE(request.error().detail.find(row.said), std::string::npos) << request.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadParameters,
    testing::Values(Bad{"outcome", "lost", "deferred"},
                    Bad{"outcome", "bounce", "unknown; did you mean bounced? allowed"},
                    Bad{"reason", "mailboxfull", "did you mean mailbox_full?"},
                    Bad{"reason", "weather", "is unknown; allowed"},
                    Bad{"at", "soon", "\"soon\" is no time"}, Bad{"outcome", "passed", "delivered"},
                    Bad{"outcome", "", "allowed"}, Bad{"outcome", "deferred,", "allowed"},
                    Bad{"reason", "bad", "greylisted"}, Bad{"reason", "", "allowed"},
                    Bad{"submission", "fax", "webmail"}, Bad{"direction", "up", "relay"},
                    Bad{"sort", "size", "oldest"}, Bad{"sort", "score", "at"},
                    Bad{"limit", "0", "1 to 1000"}, Bad{"limit", "1001", "1 to 1000"},
                    Bad{"limit", "5x", "1 to 1000"}, Bad{"at", "soon", "RFC 3339"},
                    Bad{"since", "soon", "RFC 3339"}, Bad{"until", "soon", "RFC 3339"},
                    Bad{"within", "5m", "at"}, Bad{"tz", "Mars/Base", "Europe/Madrid"},
                    Bad{"lang", "fr", "en, es"}, Bad{"cursor", "x", "cursor"},
                    Bad{"cursor", "s0", "cursor"}, Bad{"cursor", "s99999", "cursor"},
                    Bad{"cursor", "s10", "another order"}, Bad{"queue_id", "mx1/", "empty"},
                    Bad{"recipient", "", "<>"}, Bad{"color", "red", "no parameter"}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, BadParameters,
    testing::Values(
        Bad{"client", "198.51.100.0/99", "no block"},
        Bad{"client", "198.51.100.0/255.255.255.0", "192.0.2.0/24"},
        Bad{"client", "198.51.100.0/", "no block"}, Bad{"client", "198.51.100/24", "no block"},
        Bad{"client", "198.51.100.*/24", "no block"},
        Bad{"client", "999.51.100.7", "\"999.51.100.7\" is no address"},
        Bad{"client", "198.51.100", "192.0.2.*"}, Bad{"client", "198.51.100.", "no address"},
        Bad{"client", "198.51.100.7.9", "no address"}, Bad{"client", "999.51.*", "no address"},
        Bad{"client", "2001:db8::/200", "2001:db8::/32"},
        Bad{"client", "2001:db8:7", "2001:db8::7"}, Bad{"client", "[198.51.100.700]", "no address"},
        Bad{"relay", "192.0.2.9/40", "no block"}, Bad{"relay", "", "empty"}));

TEST(FindRequest, HostsMayBeNamedInManyWays) {
  for (const char* host :
       {"192.0.2.7", "192.0.2.0/24", "192.0.2.7/0", "2001:db8::7", "2001:DB8::/32", "192.0.2.*",
        "192.0.?.*", "2001:db8:*", "mx.example.net", "mx-7", "*.example.net", "unknown", "none",
        "7.example.net", "private/lmtp", "/run/dovecot/lmtp", "local", "*"}) {
    const auto request = parse({{"client", host}, {"relay", host}});
    ASSERT_TRUE(request) << host << ": " << request.error().detail;
    EXPECT_EQ(request->client, host);
    EXPECT_EQ(request->relay, host);
  }
}

TEST(FindRequest, AnIntervalMustNotEndBeforeItBegins) {
  const auto request = parse({{"since", "1h ago"}, {"until", "2h ago"}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().parameter, "until");
}

TEST(FindRequest, AMomentOutsideOfTheIntervalIsNamed) {
  const auto request = parse({{"at", "14:30"}, {"since", "1s ago"}, {"tz", "UTC"}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().parameter, "at");
  EXPECT_NE(request.error().detail.find("since and until"), std::string::npos);
}

TEST(FindRequest, ABeginningWithTwoEndsIsTheWholeInterval) {
  const auto request = parse({{"since", "entre las 2 y las 3"}, {"tz", "UTC"}});
  ASSERT_TRUE(request) << request.error().detail;
  EXPECT_EQ(request->range.until - request->range.from,
            std::chrono::hours(1) - std::chrono::microseconds(1));
  ASSERT_EQ(request->readings.size(), 1U);
  EXPECT_EQ(request->readings[0].time->until, request->range.until);
  const auto both = parse({{"since", "entre las 2 y las 3"}, {"until", "now"}, {"tz", "UTC"}});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->range.until, kAsked);  // what was typed as its end counts
}

TEST(FindRequest, ADateToComeIsRefusedToo) {
  for (const auto* typed : {"2026-12-09 10:00", "9.12.2026", "5/12/2026"}) {
    for (const auto* name : {"at", "since"}) {
      const auto request = parse({{name, typed}, {"tz", "UTC"}});
      ASSERT_FALSE(request) << typed;
      EXPECT_NE(request.error().detail.find("still to come"), std::string::npos) << typed;
    }
    EXPECT_TRUE(parse({{"until", typed}, {"tz", "UTC"}})) << typed;
  }
  EXPECT_TRUE(parse({{"at", "14:05"}, {"tz", "UTC"}}));     // another clock, or yesterday
  EXPECT_TRUE(parse({{"since", "2026-12-09T10:00:00Z"}}));  // a program's
}

TEST(FindRequest, WhatIsToComeIsRefusedInThoseWords) {
  for (const auto* typed : {"tomorrow",
                            "pasado ma\xc3\xb1"
                            "ana",
                            "ma\xc3\xb1"
                            "ana a las 9"}) {
    const auto request = parse({{"at", typed}});
    ASSERT_FALSE(request) << typed;
    EXPECT_NE(request.error().detail.find("still to come"), std::string::npos) << typed;
  }
}

TEST(FindRequest, ALoginWithoutItsDomainMayHaveItsSign) {
  const auto request = parse({{"login", " ana@ "}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->login, "ana");
}

TEST(FindRequest, OverlongValuesAreRefused) {
  const auto request = parse({{"text", std::string(1001, 'x')}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().parameter, "text");
}

TEST(FindRequestReadings, TellWhatMayBeMeantOtherwise) {
  const auto now =
      Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)) + std::chrono::hours(15);
  const auto asked = parse_find({{"tz", "UTC"},
                                 {"at", "14h"},
                                 {"recipient", "Juan <juan@example.org>,"},
                                 {"sender", "<ana@example.org>"},
                                 {"queue_id", "queued as 4Xyz12345"}},
                                {.now = now});
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->readings.size(), 3U);
  EXPECT_EQ(asked->at, now - std::chrono::hours(1));  // a time of day, not 14 hours ago
  std::map<std::string, Reading> by_name;
  for (const auto& one : asked->readings) by_name[one.parameter] = one;
  EXPECT_EQ(by_name["at"].typed, "14h");
  ASSERT_TRUE(by_name["at"].time);
  EXPECT_EQ(by_name["at"].time->from, by_name["at"].time->until);
  EXPECT_EQ(by_name["recipient"].value, "juan@example.org");
  EXPECT_EQ(by_name["queue_id"].value, "4Xyz12345");
}

TEST(FindRequestReadings, WhatIsExactNeedsNone) {
  const auto asked =
      parse_find({{"tz", "UTC"},
                  {"since", "yesterday 14:30"},
                  {"until", "2026-11-25T14:30:00Z"},
                  {"recipient", " juan@example.org "}},
                 {.now = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)) +
                         std::chrono::hours(15)});
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->readings.empty());
}

}  // namespace
}  // namespace rastro
