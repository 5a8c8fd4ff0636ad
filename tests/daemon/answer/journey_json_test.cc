#include "daemon/answer/journey_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

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

using Kinds = std::vector<std::string>;

Kinds timeline_kinds(LegRecord leg) {
  Journey journey;
  for (const auto& recipient : leg.recipients) journey.recipients.push_back({recipient, 0});
  journey.legs.push_back(std::move(leg));
  Kinds out;
  const auto told = to_json(journey, {});
  for (const auto& entry : told.at("timeline").as_array())
    out.emplace_back(entry.at("kind").as_string());
  return out;
}

LegRecord thrown_away(std::uint16_t reply_code) {
  LegRecord leg;
  auto& recipient = leg.recipients.emplace_back();
  recipient.recipient = "maria@example.org";
  recipient.outcome = Outcome::discarded;
  recipient.reply_code = reply_code;
  recipient.last_attempt_at = at_microseconds(5'000'000);
  auto& entry = leg.timeline.emplace_back();
  entry.kind = TimelineEntry::Kind::discarded;
  entry.at = at_microseconds(5'000'000);
  return leg;
}

// Whom it was sent on for, the facts of a leg do not say.
TEST(JourneyJson, ForwardedToIsOfTheOneWhoseMailWasSentOn) {
  Journey journey;
  auto& leg = journey.legs.emplace_back();
  auto& recipient = leg.recipients.emplace_back();
  recipient.recipient = "maria@example.org";
  recipient.outcome = Outcome::delivered;
  recipient.delivered_to = DeliveredTo::program;
  leg.facts.push_back({"dovecot", "forwarded", "forwarded to <ana@example.net>"});
  journey.recipients.push_back({recipient, 0});
  const auto told = [&] { return to_json(journey, {}).at("recipients").at(0).as_object(); };
  ASSERT_TRUE(told().contains("forwarded_to"));
  EXPECT_EQ(told().at("forwarded_to"), "ana@example.net");
  journey.recipients[0].state.delivered_to = DeliveredTo::mailbox;
  EXPECT_FALSE(told().contains("forwarded_to"));
  journey.recipients[0].state.delivered_to = DeliveredTo::program;
  leg.recipients.push_back(journey.recipients[0].state);
  EXPECT_FALSE(told().contains("forwarded_to"));
}

TEST(Timeline, ADiscardStandsThereOnce) {
  EXPECT_EQ(timeline_kinds(thrown_away(0)), Kinds{"discarded"});
}

// The mailbox server answered 250, and its script threw it away.
TEST(Timeline, WhatWasThrownAwayBehindTheMailboxServerWasHandedOverFirst) {
  EXPECT_EQ(timeline_kinds(thrown_away(250)), (Kinds{"passed", "discarded"}));
}

// In stamps of whole seconds what the queue manager does about a failure has its time.
TEST(Timeline, WhatFollowsAnAttemptOfTheSameSecondStandsBehindIt) {
  using Kind = TimelineEntry::Kind;
  LegRecord leg;
  auto& recipient = leg.recipients.emplace_back();
  recipient.recipient = "maria@example.org";
  recipient.outcome = Outcome::expired;
  recipient.last_attempt_at = at_microseconds(5'000'000);
  const auto add = [&](Kind kind) {
    auto& entry = leg.timeline.emplace_back();
    entry.kind = kind;
    entry.at = at_microseconds(5'000'000);
  };
  add(Kind::expired);
  add(Kind::bounce_sent);
  EXPECT_EQ(timeline_kinds(leg), (Kinds{"deferred", "expired", "bounce_sent"}));

  leg.recipients[0].outcome = Outcome::bounced;
  leg.timeline.clear();
  add(Kind::host_failure);
  add(Kind::bounce_sent);
  EXPECT_EQ(timeline_kinds(leg), (Kinds{"host_failure", "bounced", "bounce_sent"}));

  leg.timeline.clear();
  add(Kind::held);
  EXPECT_EQ(timeline_kinds(leg), (Kinds{"bounced", "held"})) << "Exim: ** and then Frozen";
  add(Kind::released);
  EXPECT_EQ(timeline_kinds(leg), (Kinds{"held", "released", "bounced"}));
}

}  // namespace
}  // namespace rastro
