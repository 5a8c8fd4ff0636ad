#include "daemon/answer/search.h"

#include <gmock/gmock.h>

#include <set>

#include "core/address.h"
#include "daemon/answer/id_case.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/rank.h"
#include "tests/daemon/answer/search_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::deferred_leg;
using samples::simple_leg;

std::string time_digits(Time at, std::string_view alphabet) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  std::string out(6, '0');
  for (std::size_t i = out.size(); i > 0; --i) {
    out[i - 1] = alphabet[static_cast<std::size_t>(seconds) % alphabet.size()];
    seconds /= static_cast<std::int64_t>(alphabet.size());
  }
  return out;
}
std::string exim_id_of(Time at) {
  return time_digits(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") +
         "-000000001oW-02Ug";
}
std::string postfix_id_of(Time at) {
  return time_digits(at, "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz") + "0kC1z0Bz3";
}

class Search : public SearchFixture {
 protected:
  Nearby nearby() {
    auto found = look_nearby(*reader_, request_, Duration::zero(), clock_);
    EXPECT_TRUE(found);
    return std::move(*found);
  }
};

using Ids = std::vector<std::string>;

TEST_F(Search, IdsInSmallLettersAreRecognised) {
  auto exim = simple_leg(1, start_ + 20s, "juan@example.com");
  exim.queue_id = exim_id_of(start_ + 18s);
  exim.message_id = "PAXPR08MB@Example.COM";
  auto postfix = simple_leg(2, start_ + 30s, "ana@example.com");
  postfix.queue_id = postfix_id_of(start_ + 30s);
  commit({exim, postfix}, start_ + 60s);
  for (const auto& id : {exim.queue_id, postfix.queue_id}) {
    const auto small = ascii_lower(id);
    EXPECT_EQ(ids({{"queue_id", small}}), Ids{});
    const auto changed = correct_id_case(*reader_, request_, Duration::zero());
    ASSERT_TRUE(changed && *changed) << id;
    EXPECT_EQ(request_.queue_id, id);
    ASSERT_EQ(request_.readings.size(), 1U);
    EXPECT_EQ(request_.readings[0].typed, small);
    const auto shown = find_by_id(*reader_, small);
    ASSERT_TRUE(shown && shown->journey) << id;
    EXPECT_EQ(shown->journey->legs[0].queue_id, id);
  }
  EXPECT_EQ(ids({{"message_id", "paxpr08mb@example.com"}}), Ids{});
  ASSERT_TRUE(correct_id_case(*reader_, request_, Duration::zero()).value());
  EXPECT_EQ(request_.message_id, "PAXPR08MB@Example.COM");
  EXPECT_EQ(ids({{"queue_id", "nothing"}}), Ids{});
  EXPECT_FALSE(correct_id_case(*reader_, request_, Duration::zero()).value());
  const auto shown = find_by_id(*reader_, "<PAXPR08mb@example.com>");
  ASSERT_TRUE(shown && shown->journey);
  EXPECT_TRUE(shown->others.empty());
}

TEST_F(Search, AnIdThatWasUsedAgainNamesTheOtherMessagesToo) {
  auto other_host = simple_leg(3, start_ + 40s, "eva@example.com");
  auto first = simple_leg(1, start_, "juan@example.com");
  auto second = simple_leg(2, start_ + 30s, "ana@example.com");
  other_host.host = "mx2";
  for (auto* leg : {&first, &second, &other_host}) leg->queue_id = "5F00BA4";
  commit({first, second, other_host}, start_ + 60s);
  reader_ = samples::reader_of(*writer_);
  const auto shown = find_by_id(*reader_, "5F00BA4");
  ASSERT_TRUE(shown && shown->journey);
  EXPECT_EQ(shown->journey->recipients[0].state.recipient, "eva@example.com");
  ASSERT_EQ(shown->others.size(), 2U);
  EXPECT_EQ(shown->others[0].recipients[0].state.recipient, "ana@example.com");
  EXPECT_EQ(shown->others[1].recipients[0].state.recipient, "juan@example.com");
  const auto of_host = find_by_id(*reader_, "mx2/5F00BA4");
  ASSERT_TRUE(of_host && of_host->journey);
  EXPECT_TRUE(of_host->others.empty());
  const auto by_own_id = find_by_id(*reader_, format_leg_id(shown->others[1].id()));
  ASSERT_TRUE(by_own_id && by_own_id->journey);
  EXPECT_EQ(by_own_id->journey->recipients[0].state.recipient, "juan@example.com");
  EXPECT_TRUE(by_own_id->others.empty());
}

TEST(IdCase, OnlyTimesOfTheIndexAreLookedAt) {
  const auto at = samples::start_time();
  const TimeRange day{at - 24h, at + 24h};
  const auto times = times_of_queue_id(ascii_lower(exim_id_of(at)), day);
  EXPECT_LE(times.size(), 8U);
  EXPECT_NE(std::ranges::find(times, std::chrono::floor<std::chrono::seconds>(at)), times.end());
  EXPECT_TRUE(times_of_queue_id("hello", day).empty());
  EXPECT_TRUE(times_of_queue_id("2221e3b1", day).empty());
  EXPECT_TRUE(times_of_queue_id("------------------------", day).empty());
}

TEST_F(Search, TellsWhichRecipientsWereAskedFor) {
  auto leg = simple_leg(1, start_ + 1s, "ok@example.com");
  leg.recipients.push_back(leg.recipients[0]);
  leg.recipients[1].recipient = "jefe@example.net";
  leg.recipients[1].outcome = Outcome::bounced;
  leg.recipients.push_back(leg.recipients[0]);
  leg.recipients[2].recipient = "ana@example.net";
  leg.recipients[2].original_recipient = "info@example.net";
  commit({leg}, start_ + 10s);
  const auto asked = [&](const Parameters& parameters) {
    std::string out;
    for (const auto& item : find(parameters).items) {
      for (const auto& one : item.recipients)
        out += std::to_string(one.position) + " " + one.address + ";";
    }
    return out;
  };
  EXPECT_EQ(asked({{"recipient", "JEFE@example.net"}}), "1 jefe@example.net;");
  EXPECT_EQ(asked({{"recipient", "ana@example.net"}}), "2 ana@example.net;");
  EXPECT_EQ(asked({{"recipient", "info@example.net"}}), "2 info@example.net;");
  EXPECT_EQ(asked({{"recipient", "@example.net"}}), "1 jefe@example.net;2 info@example.net;");
  EXPECT_EQ(asked({{"recipient", "@example.net"}, {"outcome", "delivered"}}),
            "2 info@example.net;");
  EXPECT_EQ(asked({{"outcome", "bounced"}}), "1 ;");
  EXPECT_EQ(asked({{"sender", "*"}}), "");
  const auto at = std::to_string((start_ + 1s).time_since_epoch() / 1s);
  EXPECT_EQ(asked({{"recipient", "jefa@example.net"}, {"at", at}}), "1 jefe@example.net;");
}

TEST_F(Search, EveryFormOfAnAddress) {
  auto tagged = simple_leg(2, start_ + 2s, "juan+lists@example.com");
  auto alias = simple_leg(3, start_ + 3s, "jp@host.example.com");
  alias.recipients[0].original_recipient = "Juan@Example.com";
  auto idn = simple_leg(4, start_ + 4s, "eva@xn--bcher-kva.example");
  commit({simple_leg(1, start_ + 1s, "juan@example.com"), tagged, alias, idn}, start_ + 10s);
  EXPECT_EQ(ids({{"recipient", "JUAN@example.com"}}), (Ids{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"recipient", "juan+lists@example.com"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"recipient", "@example.com"}}), (Ids{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"recipient", "@host.example.com"}}), Ids{"Q3"});
  EXPECT_EQ(ids({{"recipient", "@.example.com"}}), (Ids{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"recipient", "ju*"}}), (Ids{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"recipient",
                  "eva@b\xc3\xbc"
                  "cher.example"}}),
            Ids{"Q4"});
  EXPECT_EQ(ids({{"domain",
                  "b\xc3\xbc"
                  "cher.example"}}),
            Ids{"Q4"});
  EXPECT_EQ(ids({{"any", "ana@example.org"}}), (Ids{"Q4", "Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"sender", "ana@example.org"}, {"recipient", "juan@example.com"}}),
            (Ids{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(ids({{"sender", "juan@example.com"}}), Ids{});
}

// Three hours, of which the first two are finished: what is asked for in part is found in each, and
// nothing else is read.
TEST_F(Search, PartOfAnAddressIsLookedUp) {
  std::vector<LegRecord> first;
  for (std::uint64_t i = 1; i <= 40; ++i)
    first.push_back(simple_leg(i, start_, "someone" + std::to_string(i) + "@example.net"));
  first.push_back(simple_leg(50, start_ + 1s, "juan@example.com"));
  auto by_login = simple_leg(51, start_ + 2s, "eva@example.net");
  by_login.submission.login = "shop-juan";
  first.push_back(by_login);
  commit(first, start_ + 1min);
  clock_.advance(1h);
  commit({simple_leg(52, start_ + 1h, "juan+news@below.example.com")}, start_ + 1h + 1min);
  clock_.advance(1h);
  commit({simple_leg(53, start_ + 2h, "juan@example.net")}, start_ + 2h + 1min);
  samples::work_until_done(*writer_);
  EXPECT_EQ(ids({{"recipient", "juan"}}), (Ids{"Q53", "Q52", "Q50"}));
  EXPECT_EQ(ids({{"recipient", "juan@"}}), (Ids{"Q53", "Q52", "Q50"}));
  EXPECT_EQ(ids({{"recipient", "j*n@example.???"}}), (Ids{"Q53", "Q50"}));
  EXPECT_EQ(ids({{"recipient", "@.example.com"}}), (Ids{"Q52", "Q50"}));
  EXPECT_EQ(ids({{"domain", ".example.com"}}), (Ids{"Q52", "Q50"}));
  EXPECT_EQ(ids({{"domain", "*.com"}}), (Ids{"Q52", "Q50"}));
  EXPECT_EQ(ids({{"any", "*juan*"}}), (Ids{"Q53", "Q52", "Q51", "Q50"}));
  EXPECT_EQ(ids({{"login", "*juan"}}), Ids{"Q51"});
  EXPECT_EQ(ids({{"recipient", "juan"}, {"limit", "1"}}), Ids{"Q53"});
  EXPECT_EQ(ids({{"recipient", "jua"}}), Ids{});
  const auto nobody = find({{"recipient", "*nobody*"}});
  EXPECT_TRUE(nobody.items.empty());
  EXPECT_TRUE(nobody.total_is_exact);
  EXPECT_EQ(nobody.cut, CutBy::nothing);
  EXPECT_EQ(reader_->rows_seen(), 0U);
}

TEST_F(Search, SaysWhyATaggedAddressIsFound) {
  commit({simple_leg(1, start_, "juan+lists@example.com")}, start_ + 10s);
  const auto found = find({{"recipient", "juan@example.com"}});
  ASSERT_EQ(found.items.size(), 1U);
  ASSERT_EQ(found.items[0].ranking.why.size(), 1U);
  const auto& fact = found.items[0].ranking.why[0];
  EXPECT_EQ(fact.code, "recipient_tagged");
  EXPECT_EQ(text_of(fact, Language::en),
            "recipient juan+lists@example.com is juan@example.com with a +tag");
  EXPECT_EQ(text_of(fact, Language::es),
            "el destinatario juan+lists@example.com es juan@example.com con una +etiqueta");
}

TEST_F(Search, EveryOtherFilter) {
  auto one = deferred_leg(1, start_ + 1s, "juan@example.com");
  one.submission.method = SubmissionMethod::submission;
  one.submission.login = "ana";
  one.subject = "Invoice 42";
  auto two = simple_leg(2, start_ + 2s, "eva@example.net");
  two.subject = "Facturaci\xc3\xb3n";
  commit({one, two}, start_ + 10s);
  EXPECT_EQ(ids({{"outcome", "deferred"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"outcome", "deferred,delivered"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"reason", "greylisted"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"submission", "submission"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"login", "ANA"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"subject", "invoice"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"subject", "facturacion"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"subject", "FACTURACI\xc3\x93N"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"text", "greylisted"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"queue_id", "Q2"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"message_id", "2@example.org"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"message_id", "<2@example.org>"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"message_id", "Message-ID: <2@example.org>"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"any", "2@example.org"}}), Ids{});
  const auto instead = nearby().suggestions;
  ASSERT_EQ(instead.size(), 1U);
  EXPECT_EQ(instead[0].kind, Suggestion::Kind::message_id);
  EXPECT_EQ(instead[0].value, "2@example.org");
  EXPECT_EQ(ids({{"message_id", "<juan@example.com>"}}), Ids{});
  const auto address = nearby().suggestions;
  ASSERT_EQ(address.size(), 1U);
  EXPECT_EQ(address[0].kind, Suggestion::Kind::address);
  EXPECT_EQ(ids({{"client", "192.0.2.9"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"client", "192.0.2.0/28"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"client", "192.0.2.16/28"}}), Ids{});
  EXPECT_EQ(ids({{"client", "client.*"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"client", "192.0.2.*"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"relay", "mx.example.net"}}), (Ids{"Q2", "Q1"}));
  EXPECT_EQ(ids({{"direction", "in"}}), Ids{});
  EXPECT_EQ(ids({{"sort", "oldest"}}), (Ids{"Q1", "Q2"}));
  EXPECT_EQ(ids({{"since", "2026-03-01T10:00:04Z"}}), Ids{"Q2"});
}

// "Deferred mail to juan" is not a message that juan has and eva waits for.
TEST_F(Search, WhatIsAskedOfARecipientHoldsForOne) {
  auto leg = simple_leg(1, start_, "juan@example.com");
  leg.recipients.push_back(deferred_leg(1, start_, "eva@example.com").recipients[0]);
  commit({leg}, start_ + 10s);
  EXPECT_EQ(ids({{"recipient", "eva@example.com"}, {"outcome", "deferred"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"recipient", "juan@example.com"}, {"outcome", "deferred"}}), Ids{});
  EXPECT_EQ(ids({{"recipient", "eva@example.com"}, {"text", "queued as"}}), Ids{});
}

TEST_F(Search, OneSecondIsInOrderToo) {
  std::vector<LegRecord> legs;
  constexpr std::uint64_t kLegs = 12;
  for (std::uint64_t i = 0; i < kLegs; ++i) {
    legs.push_back(simple_leg(i + 1, start_ + std::chrono::milliseconds(40 * (i * 5 % kLegs)),
                              "juan@example.com"));
  }
  commit(legs, start_ + 60s);
  std::ranges::sort(legs, std::ranges::greater(), &LegRecord::opened_at);
  Ids newest;
  for (const auto& leg : legs) newest.push_back(leg.queue_id);
  EXPECT_EQ(ids({{"recipient", "juan@example.com"}}), newest);
  std::ranges::reverse(newest);
  EXPECT_EQ(ids({{"recipient", "juan@example.com"}, {"sort", "oldest"}}), newest);
  // A page is in order, and each message stands on one of them.
  std::set<std::string> seen;
  std::string cursor;
  do {
    Parameters asked{{"recipient", "juan@example.com"}, {"limit", "5"}};
    if (!cursor.empty()) asked["cursor"] = cursor;
    const auto page = find(asked);
    for (std::size_t i = 0; i < page.items.size(); ++i) {
      const auto& leg = page.items[i].journey.legs[0];
      EXPECT_TRUE(seen.insert(leg.queue_id).second) << leg.queue_id;
      const auto& before = page.items[i == 0 ? 0 : i - 1].journey.legs[0];
      EXPECT_LE(leg.opened_at, before.opened_at);
    }
    cursor = page.cursor;
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), kLegs);
}

TEST_F(Search, RankedAnswersHavePagesToo) {
  std::vector<LegRecord> legs;
  constexpr std::uint64_t kLegs = 25;
  for (std::uint64_t i = 0; i < kLegs; ++i)
    legs.push_back(simple_leg(i + 1, start_ + std::chrono::seconds(7 * i), "juan@example.com"));
  legs.push_back(simple_leg(kLegs + 1, start_, "juna@example.com"));  // almost
  commit(legs, start_ + 300s);
  Parameters asked{
      {"recipient", "juan@example.com"}, {"at", "2026-03-01T10:01:00Z"}, {"limit", "10"}};
  Ids seen;
  std::set<std::string> once;
  for (std::size_t page = 0; page < 3; ++page) {
    const auto found = find(asked);
    for (const auto& item : found.items) {
      seen.push_back(item.journey.legs[0].queue_id);
      once.insert(seen.back());
    }
    EXPECT_EQ(found.more, page < 2) << page;
    EXPECT_EQ(found.cursor.empty(), page == 2) << page;
    asked.insert_or_assign("cursor", found.cursor);
  }
  EXPECT_EQ(once.size(), kLegs + 1);
  asked.erase("cursor");
  asked.insert_or_assign("limit", "100");
  EXPECT_EQ(ids(asked), seen);
}

TEST_F(Search, AnIdOfOneHostIsOnlyThatHosts) {
  auto one = simple_leg(1, start_, "juan@example.com");
  auto other = simple_leg(2, start_ + 5s, "juan@example.com");
  one.host = "mx1.example.org";
  other.host = "mx2.example.org";
  other.queue_id = one.queue_id;
  commit({one, other}, start_ + 10s);
  EXPECT_EQ(ids({{"queue_id", "Q1"}}).size(), 2U);
  EXPECT_EQ(find({{"queue_id", "mx2.example.org/Q1"}}).items.at(0).journey.legs[0].host,
            other.host);
  EXPECT_EQ(ids({{"queue_id", "MX1/Q1"}}).size(), 1U);
  EXPECT_EQ(ids({{"queue_id", "mx/Q1"}}), Ids{});
  EXPECT_EQ(find_by_id(*reader_, "mx1/Q1")->others.size(), 0U);
}

TEST_F(Search, AFilterOfOursIsNoClient) {
  auto outer = simple_leg(1, start_, "juan@example.com");
  outer.recipients[0].outcome = Outcome::passed;
  LegLink link;
  link.kind = LegLink::Kind::filter;
  link.queue_id = "Q2";
  link.recipient = 0;
  link.at = start_ + 1s;
  outer.links = {link};
  auto inner = simple_leg(2, start_ + 1s, "juan@example.com");
  inner.submission.client = {"localhost", "127.0.0.1", 0};
  auto webmail = simple_leg(3, start_ + 2s, "juan@example.com");
  webmail.submission.client = inner.submission.client;
  commit({outer, inner, webmail}, start_ + 10s);
  EXPECT_EQ(ids({{"client", "127.0.0.1"}}), Ids{"Q3"});
  EXPECT_EQ(ids({{"client", "192.0.2.9"}}), Ids{"Q1"});
}

TEST_F(Search, PagesDoNotShiftWhileMailComesIn) {
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 25; ++i)
    legs.push_back(simple_leg(i, start_ + std::chrono::seconds(i), "juan@example.com"));
  commit(legs, start_ + 30s);
  std::vector<std::string> seen;
  Parameters parameters{{"recipient", "juan@example.com"}, {"limit", "10"}};
  for (std::uint64_t page = 0; page < 3; ++page) {
    const auto found = find(parameters);
    for (const auto& item : found.items) seen.push_back(item.journey.legs[0].queue_id);
    EXPECT_EQ(found.more, page < 2);
    EXPECT_EQ(found.cursor.empty(), page == 2);
    parameters.insert_or_assign("cursor", found.cursor);
    // New mail, and something new about old mail.
    auto again = simple_leg(3, start_ + 3s, "juan@example.com");
    again.last_activity_at = start_ + 100s + std::chrono::seconds(page);
    commit({again,
            simple_leg(100 + page, start_ + 200s + std::chrono::seconds(page), "juan@example.com")},
           start_ + 300s);
    if (found.cursor.empty()) break;
  }
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 25U);
  EXPECT_EQ(seen.front(), "Q24");
  EXPECT_EQ(seen.back(), "Q0");
}

TEST_F(Search, AMessageOfSeveralHoursComesOnceInItsLatestState) {
  commit({deferred_leg(1, start_, "juan@example.com")}, start_ + 10s);
  clock_.advance(1h);
  commit({simple_leg(2, start_ + 1h, "eva@example.com")}, start_ + 1h);
  samples::work_until_done(*writer_);
  auto ended = simple_leg(1, start_, "juan@example.com");
  ended.last_activity_at = start_ + 1h + 5min;
  commit({ended}, start_ + 1h + 5min);
  ASSERT_EQ(files(), 2U);
  EXPECT_EQ(ids({{"recipient", "juan@example.com"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"outcome", "deferred"}}), Ids{});
  EXPECT_EQ(ids({{"sender", "ana@example.org"}, {"outcome", "delivered"}}), (Ids{"Q2", "Q1"}));
}

// On which every look takes a millisecond.
class SlowClock final : public Clock {
 public:
  Time wall() const override { return samples::start_time() + 1h; }
  Duration steady() const override { return steady_ += 1ms; }

 private:
  mutable Duration steady_{0};
};

TEST_F(Search, CountsAreExactWhenAllWasReadAndAboutRightWhenNot) {
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 1240; ++i)
    legs.push_back(simple_leg(i, start_ + std::chrono::seconds(i), "juan@example.com"));
  for (std::uint64_t i = 0; i < 120; ++i)
    legs.push_back(simple_leg(2000 + i, start_ + std::chrono::seconds(i), "eva@example.com"));
  commit(legs, start_ + 30min);
  const auto whole = find({{"recipient", "juan@example.com"}, {"since", "2026-03-01T10:20:00Z"}});
  EXPECT_TRUE(whole.total_is_exact);
  EXPECT_EQ(whole.total, whole.items.size());
  const auto soon = find({{"recipient", "juan@example.com"}});
  EXPECT_FALSE(soon.total_is_exact);  // nobody waits for the count unless asked to
  EXPECT_NEAR(static_cast<double>(soon.total), 1240, 124);
  const auto many = find({{"recipient", "juan@example.com"}, {"thorough", "1"}});
  EXPECT_FALSE(many.total_is_exact);
  EXPECT_NEAR(static_cast<double>(many.total), 1240, 124);
  const auto counted = find({{"recipient", "eva@example.com"}, {"thorough", "1"}});
  EXPECT_EQ(counted.items.size(), 50U);
  EXPECT_TRUE(counted.total_is_exact);
  EXPECT_EQ(counted.total, 120U);
  const SlowClock slow;
  const auto part = find_journeys(*reader_, request_, Duration::zero(), slow);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->items.size(), 50U);
  EXPECT_TRUE(part->more);
  EXPECT_FALSE(part->total_is_exact);
  EXPECT_NEAR(static_cast<double>(part->total), 120, 12);
}

TEST_F(Search, ATimeRanksByClosenessAndSpelling) {
  commit({simple_leg(1, start_ + 1min, "juan@example.com"),
          simple_leg(2, start_ + 14min, "juan@example.com"),
          simple_leg(3, start_ + 15min, "jaun@example.com"),
          simple_leg(4, start_ + 15min, "pedro@example.com")},
         start_ + 20min);
  const auto found = find({{"recipient", "juan@example.com"}, {"at", "10:15"}});
  ASSERT_EQ(found.items.size(), 3U);
  EXPECT_EQ(found.items[0].journey.legs[0].queue_id, "Q2");
  EXPECT_EQ(found.items[1].journey.legs[0].queue_id, "Q3");
  EXPECT_TRUE(found.items[1].misspelt);
  EXPECT_EQ(found.items[2].journey.legs[0].queue_id, "Q1");
  EXPECT_GT(*found.items[0].ranking.score, *found.items[1].ranking.score);
  EXPECT_EQ(text_of(found.items[0].ranking.why.back(), Language::en),
            "arrived 1 min before that time");
  EXPECT_EQ(text_of(found.items[0].ranking.why.back(), Language::es),
            "llegó 1 min antes de esa hora");
  EXPECT_THAT(found.items[1].ranking.why,
              testing::Contains(testing::Field(&RankingFact::code, "recipient_misspelt")));
}

TEST_F(Search, NothingFoundOffersWhatWasSeenNear) {
  auto batch = samples::batch_of({simple_leg(1, start_ + 1min, "juan@example.com"),
                                  simple_leg(2, start_ + 2min, "juan@example.com"),
                                  simple_leg(3, start_ + 3min, "jan@exmapel.com"),
                                  simple_leg(4, start_ + 4min, "juan@example.net")},
                                 start_ + 5min);
  Encounter failed;
  failed.kind = Encounter::Kind::login_failed;
  failed.at = start_ + 1min;
  failed.login = "ana@example.org";
  auto stranger = failed;
  stranger.login = "eva@example.org";
  batch.encounters = {failed, stranger};
  samples::commit_or_die(*writer_, batch);

  EXPECT_TRUE(find({{"recipient", "jaun@example.com"}}).items.empty());
  auto near = nearby();
  ASSERT_FALSE(near.suggestions.empty());
  EXPECT_EQ(near.suggestions[0].kind, Suggestion::Kind::misspelt);
  EXPECT_EQ(near.suggestions[0].value, "juan@example.com");
  EXPECT_EQ(near.suggestions[0].messages, 2U);
  for (const auto& one : near.suggestions) EXPECT_NE(one.value, "jan@exmapel.com");

  EXPECT_TRUE(
      find({{"sender", "ana@example.org"}, {"recipient", "eva@example.com"}}).items.empty());
  near = nearby();
  EXPECT_THAT(near.suggestions,
              testing::Contains(testing::Field(&Suggestion::kind, Suggestion::Kind::same_sender)));
  ASSERT_EQ(near.seen.encounters.size(), 1U);
  EXPECT_EQ(near.seen.encounters[0].login, "ana@example.org");

  EXPECT_TRUE(
      find({{"recipient", "juan@example.com"}, {"until", "2026-03-01T09:00:00Z"}}).items.empty());
  near = nearby();
  EXPECT_THAT(near.suggestions, testing::Contains(testing::Field(
                                    &Suggestion::kind, Suggestion::Kind::other_interval)));
}

TEST_F(Search, AWordIsLookedForAmongNamesOfPeopleAndDomains) {
  commit({simple_leg(1, start_ + 1min, "juan@example.com"),
          simple_leg(2, start_ + 2min, "eva@moody.example.net")},
         start_ + 5min);
  EXPECT_TRUE(find({{"any", "jaun"}}).items.empty());
  auto near = nearby();
  ASSERT_FALSE(near.suggestions.empty());
  EXPECT_EQ(near.suggestions[0].value, "juan@example.com");
  EXPECT_TRUE(find({{"any", "moody"}}).items.empty());
  near = nearby();
  ASSERT_FALSE(near.suggestions.empty());
  EXPECT_EQ(near.suggestions[0].value, "@moody.example.net");
  EXPECT_EQ(near.suggestions[0].messages, 1U);
  EXPECT_EQ(ids({{"any", "juan@"}}), Ids{"Q1"});
}

TEST_F(Search, ADeadlineIsTold) {
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 5000; ++i)
    legs.push_back(simple_leg(i, start_ + std::chrono::milliseconds(i), "juan@example.com"));
  commit(legs, start_ + 10s);
  auto request = parse_find({{"subject", "nothing"}}, {1000, clock_.wall()});
  reader_ = samples::reader_of(*writer_);
  const SystemClock clock;
  const auto found = find_journeys(*reader_, *request, Duration(1), clock);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cut, CutBy::time);
}

}  // namespace
}  // namespace rastro
