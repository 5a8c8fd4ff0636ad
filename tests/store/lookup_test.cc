#include <gtest/gtest.h>

#include <functional>
#include <unordered_map>

#include "core/address.h"
#include "store/keys.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::find;

// One leg that has a different value under every kind of key.
LegRecord leg_with_every_key() {
  auto leg = samples::simple_leg(1, samples::start_time(), "Final@Host.Example.Net");
  leg.envelope_sender = "Ana@Sender.Example.ORG";
  leg.submission.login = "Login@Account.example.org";
  leg.submission.client = {"Special.Example.com", "2001:DB8::9", 2525};
  leg.queue_id = "4XyZ";
  leg.message_id = "<Mixed.Case@example.org>";
  leg.recipients[0].original_recipient = "Alias@Virtual.example.net";
  leg.recipients[0].relay = {"MX9.example.net", "198.51.100.77", 25};
  leg.links.push_back(
      {LegLink::Kind::hop, LegLink::Direction::child, true, "NextId", 0, leg.opened_at});
  return leg;
}

struct KeyCase {
  std::string name;
  LegKey key;
  bool found;
  friend void PrintTo(const KeyCase& c, std::ostream* os) { *os << c.name; }
};

const KeyCase kKeyCases[] = {
    {"recipient", {KeyKind::recipient, "final@host.example.net"}, true},
    {"recipient_as_typed", {KeyKind::recipient, "FINAL@host.EXAMPLE.net"}, true},
    {"original_recipient", {KeyKind::recipient, "alias@virtual.example.net"}, true},
    {"recipient_domain", {KeyKind::recipient_domain, "Host.example.net"}, true},
    {"original_domain", {KeyKind::recipient_domain, "virtual.example.net"}, true},
    {"sender", {KeyKind::sender, "ana@sender.example.org"}, true},
    {"login", {KeyKind::sender, "login@account.example.org"}, true},
    {"sender_domain", {KeyKind::sender_domain, "sender.example.org"}, true},
    {"login_domain", {KeyKind::sender_domain, "account.example.org"}, true},
    {"queue_id", {KeyKind::queue_id, "4XyZ"}, true},
    {"linked_queue_id", {KeyKind::linked_queue_id, "NextId"}, true},
    {"message_id", {KeyKind::message_id, "<Mixed.Case@example.org>"}, true},
    {"client_host", {KeyKind::client, "special.example.com"}, true},
    {"client_ip", {KeyKind::client, "2001:db8::9"}, true},
    {"relay_host", {KeyKind::relay, "mx9.example.net"}, true},
    {"relay_ip", {KeyKind::relay, "198.51.100.77"}, true},
    {"leg_id", {KeyKind::leg_id, format_leg_id(leg_with_every_key().id)}, true},
    {"sender_is_no_recipient", {KeyKind::recipient, "ana@sender.example.org"}, false},
    {"recipient_is_no_sender", {KeyKind::sender, "final@host.example.net"}, false},
    {"parent_domain", {KeyKind::recipient_domain, "example.net"}, false},
    {"part_of_an_address", {KeyKind::recipient, "inal@host.example.net"}, false},
    {"queue_id_in_other_case", {KeyKind::queue_id, "4xyz"}, false},
    {"message_id_in_other_case", {KeyKind::message_id, "<mixed.case@example.org>"}, false},
    {"linked_id_is_not_its_own", {KeyKind::queue_id, "NextId"}, false},
    {"own_id_is_no_link", {KeyKind::linked_queue_id, "4XyZ"}, false},
    {"client_is_no_relay", {KeyKind::relay, "special.example.com"}, false},
    {"empty_recipient", {KeyKind::recipient, ""}, false},
    {"empty_queue_id", {KeyKind::queue_id, ""}, false},
    {"empty_client", {KeyKind::client, ""}, false},
    {"its_sender_is_known", {KeyKind::sender_unknown, ""}, false},
    {"its_client_is_known", {KeyKind::client_unknown, ""}, false},
    {"no_leg_id", {KeyKind::leg_id, "not-a-leg-id"}, false},
};

class KeyTest : public WriterFixture, public testing::WithParamInterface<KeyCase> {};

TEST_P(KeyTest, FindsTheLegAndNothingElse) {
  open();
  const auto leg = leg_with_every_key();
  commit({leg, samples::simple_leg(2, samples::start_time(), "other@example.com")},
         samples::start_time());
  const auto want = GetParam().found ? 1U : 0U;
  EXPECT_EQ(count_of({GetParam().key}), want) << "open hour";
  reopen();
  EXPECT_EQ(count_of({GetParam().key}), want) << "runs made again from the rows";
  clock_.advance(1h);
  commit({samples::simple_leg(3, samples::start_time() + 1h, "third@example.com")}, clock_.wall());
  samples::work_until_done(*writer_);
  EXPECT_EQ(count_of({GetParam().key}), want) << "sealed hour";
}

INSTANTIATE_TEST_SUITE_P(, KeyTest, testing::ValuesIn(kKeyCases),
                         [](const auto& tested) { return tested.param.name; });

class LookupTest : public WriterFixture {};

TEST_F(LookupTest, TheNullReversePathIsASenderLikeAnyOther) {
  open();
  auto bounce = samples::simple_leg(1, samples::start_time(), "a@example.net");
  bounce.envelope_sender = "";
  auto nameless = samples::simple_leg(2, samples::start_time(), "b@example.net");
  nameless.envelope_sender.reset();
  commit({bounce, nameless}, samples::start_time());
  auto reader = samples::reader_of(*writer_);
  const auto found = find(*reader, {{KeyKind::sender, ""}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, bounce.id);
}

TEST_F(LookupTest, AnyOfSeveralKeysEachLegOnce) {
  open();
  commit({samples::simple_leg(1, samples::start_time(), "a@example.net"),
          samples::simple_leg(2, samples::start_time(), "b@example.net"),
          samples::simple_leg(3, samples::start_time(), "c@example.net")},
         samples::start_time());
  EXPECT_EQ(count_of({{KeyKind::recipient, "a@example.net"},
                      {KeyKind::recipient, "b@example.net"},
                      {KeyKind::queue_id, "Q1"}}),
            2U);
}

// An operator changed the sender: what only an older version had finds the leg no more.
TEST_F(LookupTest, WhatHasNoEndAndNoRecipientYet) {
  open();
  const auto start = samples::start_time();
  const auto without = [&](std::uint64_t number, Time opened_at) {
    auto leg = samples::deferred_leg(number, opened_at, "x@example.net");
    leg.recipients.clear();
    leg.timeline.clear();
    leg.last_activity_at = opened_at;
    return leg;
  };
  const auto untold = [&](Time since, Time until = Time::max()) {
    std::vector<std::string> ids;
    const auto reader = samples::reader_of(*writer_);
    const auto done = reader->for_each_untold({since, until}, {}, [&](const LegRecord& leg) {
      ids.push_back(leg.queue_id);
      return Visit::go_on;
    });
    EXPECT_TRUE(done && *done == CutBy::nothing);
    return ids;
  };
  auto ended = without(4, start + 3min);
  ended.closed_at = ended.last_activity_at;
  commit({without(1, start), without(2, start + 1min), without(3, start + 2min), ended},
         start + 3min);
  EXPECT_EQ(untold(start), (std::vector<std::string>{"Q3", "Q2", "Q1"}));
  EXPECT_EQ(untold(start + 1min), (std::vector<std::string>{"Q3", "Q2"}));
  EXPECT_EQ(untold(start, start + 1min), (std::vector<std::string>{"Q2", "Q1"}));
  commit({samples::deferred_leg(2, start + 1min, "ana@example.net")}, start + 4min);
  EXPECT_EQ(untold(start), (std::vector<std::string>{"Q3", "Q1"}));
  // In the next hour's file too, where they are carried.
  clock_.advance(1h);
  commit({samples::simple_leg(9, start + 1h, "eva@example.net")}, start + 1h);
  samples::work_until_done(*writer_);
  EXPECT_EQ(untold(start + 2min), (std::vector<std::string>{"Q3"}));
  EXPECT_EQ(untold(start), (std::vector<std::string>{"Q3", "Q1"}));
  reopen();
  EXPECT_EQ(untold(start), (std::vector<std::string>{"Q3", "Q1"}));
}

TEST_F(LookupTest, OnlyTheNewestVersionAnswers) {
  open();
  auto first = samples::deferred_leg(1, samples::start_time(), "a@example.net");
  first.envelope_sender = "before@example.org";
  auto second = first;
  second.envelope_sender = "after@example.org";
  commit({first}, samples::start_time());
  commit({second}, samples::start_time());
  EXPECT_EQ(count_of({{KeyKind::sender, "before@example.org"}}), 0U);
  EXPECT_EQ(count_of({{KeyKind::sender, "after@example.org"}}), 1U);
}

// Two addresses with the same 32 bits, found by trying: the hash alone would answer wrongly.
TEST_F(LookupTest, ACollisionNeverAnswers) {
  open();
  const auto hasher = KeyHasher::open(directory_.path());
  ASSERT_TRUE(hasher.has_value());
  std::unordered_map<std::uint32_t, std::string> seen;
  std::string one;
  std::string other;
  for (int i = 0; i < 2'000'000 && one.empty(); ++i) {
    auto address = "u" + std::to_string(i) + "@example.net";
    const auto [found, fresh] =
        seen.try_emplace(hash_of(*hasher, {KeyKind::recipient, address}), address);
    if (fresh) continue;
    one = found->second;
    other = std::move(address);
  }
  ASSERT_FALSE(one.empty()) << "no two of two million addresses collide in 32 bits?";
  commit({samples::simple_leg(1, samples::start_time(), one)}, samples::start_time());
  clock_.advance(1h);
  for (const bool sealed : {false, true}) {
    if (sealed) {
      commit({samples::simple_leg(3, samples::start_time() + 1h, "x@example.com")}, clock_.wall());
      samples::work_until_done(*writer_);
    }
    EXPECT_EQ(count_of({{KeyKind::recipient, one}}), 1U);
    EXPECT_EQ(count_of({{KeyKind::recipient, other}}), 0U);
  }
  commit({samples::simple_leg(2, clock_.wall(), other)}, clock_.wall());
  auto reader = samples::reader_of(*writer_);
  const auto found = find(*reader, {{KeyKind::recipient, other}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipients[0].recipient, other);
}

// The interval is judged by the newest version: an older one may lie outside of it.
TEST_F(LookupTest, AnIntervalThatOnlyTheNewestVersionReaches) {
  open();
  const auto first = samples::deferred_leg(1, samples::start_time(), "a@example.net");
  auto second = samples::simple_leg(1, samples::start_time(), "a@example.net");
  second.last_activity_at = samples::start_time() + 20min;
  second.closed_at = second.last_activity_at;
  commit({first}, samples::start_time());
  commit({second}, samples::start_time() + 20min);
  const LegKey key{KeyKind::recipient, "a@example.net"};
  const TimeRange late{samples::start_time() + 10min, Time::max()};
  EXPECT_EQ(count_of({key}, late), 1U);
  EXPECT_EQ(count_of({}, late), 1U);
  const TimeRange later{samples::start_time() + 21min, Time::max()};
  EXPECT_EQ(count_of({key}, later), 0U);
  EXPECT_EQ(count_of({}, later), 0U);
}

TEST_F(LookupTest, StopsWhenTheCallerHasEnough) {
  open();
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 100; ++i) {
    legs.push_back(samples::simple_leg(i, samples::start_time(), "a@example.net"));
  }
  commit(std::move(legs), samples::start_time());
  auto reader = samples::reader_of(*writer_);
  int visits = 0;
  const auto cut = reader->for_each_leg(
      {}, {}, {}, [&](const LegRecord&) { return ++visits == 3 ? Visit::stop : Visit::go_on; });
  EXPECT_EQ(cut.value(), CutBy::caller);
  EXPECT_EQ(visits, 3);
}

TEST_F(LookupTest, StopsWhenTheTimeIsUp) {
  open();
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    legs.push_back(samples::simple_leg(i, samples::start_time(), "a@example.net"));
  }
  commit(std::move(legs), samples::start_time());
  auto reader = samples::reader_of(*writer_);
  int visits = 0;
  const auto cut = reader->for_each_leg({}, {}, QueryLimits{Duration(1)}, [&](const LegRecord&) {
    ++visits;
    return Visit::go_on;
  });
  EXPECT_EQ(cut.value(), CutBy::time);
  EXPECT_LT(visits, 20'000);
  // The next query has a time limit of its own.
  EXPECT_EQ(find(*reader, {{KeyKind::queue_id, "Q77"}}).size(), 1U);
}

TEST_F(LookupTest, AnotherThreadCanEndAQuery) {
  open();
  commit({samples::simple_leg(1, samples::start_time(), "juan@example.com")},
         samples::start_time() + std::chrono::seconds(5));
  const std::atomic<bool> stop = true;
  QueryLimits limits{Duration::zero()};
  limits.stop_when = &stop;
  std::size_t visited = 0;
  auto reader = samples::reader_of(*writer_);
  const auto cut = reader->for_each_leg({}, {}, limits, [&](const LegRecord&) {
    ++visited;
    return Visit::go_on;
  });
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut.value(), CutBy::time);
  EXPECT_EQ(visited, 0U);
}

// A reader keeps to the snapshot it began with and never sees half a batch.
TEST_F(LookupTest, AReaderMaySurviveTheFileItReads) {
  open();
  commit({samples::simple_leg(1, samples::start_time(), "a@example.net")}, samples::start_time());
  const auto before = writer_->snapshot();
  auto reader = StoreReader::create([before] { return before; });
  EXPECT_EQ(find(*reader, {}).size(), 1U);
  let_pass(26h);
  EXPECT_FALSE(std::filesystem::exists(before->files[0]->path));
  auto fresh = StoreReader::create([before] { return before; });
  EXPECT_EQ(find(*fresh, {}).size(), 0U) << "gone, and no error";
  EXPECT_TRUE(fresh->troubles().empty());
}

// An hour that a build finished which did not know the kind of key: its rows are read instead.
TEST_F(LookupTest, AKindOfKeyThatCameLaterIsLookedForInTheRows) {
  open();
  const auto start = samples::start_time();
  auto unknown = samples::simple_leg(1, start, "a@example.net");
  unknown.envelope_sender.reset();
  unknown.submission.login.reset();
  commit({unknown, samples::simple_leg(2, start, "b@example.net")}, start);
  commit({samples::simple_leg(3, start + 1h, "c@example.net")}, start + 1h);
  samples::work_until_done(*writer_);
  writer_.reset();
  {
    auto earlier = Database::open(directory_.path() / "20260301T10.db", Database::Mode::read_write);
    ASSERT_TRUE(earlier.has_value());
    earlier->run("ALTER TABLE file_state DROP COLUMN key_kinds; DELETE FROM segment");
    ASSERT_TRUE(earlier->take_error().has_value());
  }
  open();
  const std::vector<LegKey> keys{{KeyKind::sender_unknown, {}}};
  auto reader = samples::reader_of(*writer_);
  EXPECT_GT(reader->count_rows(keys, {}).value(), 0U);
  const auto found = find(*reader, keys);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipients[0].recipient, "a@example.net");
}

class OneStateOfTheStore : public WriterFixture {};

// The hour's file is sealed meanwhile: its postings move from memory into it.
TEST_F(OneStateOfTheStore, IsSeenByAllThatIsAskedForOneAnswer) {
  open();
  const auto start = samples::start_time();
  commit({samples::simple_leg(1, start, "first@example.net")}, start);
  auto reader = samples::reader_of(*writer_);
  const std::vector<LegKey> first{{KeyKind::recipient, "first@example.net"}};
  const std::vector<LegKey> second{{KeyKind::recipient, "second@example.net"}};
  {
    const OneState state(*reader);
    EXPECT_EQ(find(*reader, first).size(), 1U);
    commit({samples::simple_leg(2, start + 1min, "second@example.net")}, start + 1min);
    commit({samples::simple_leg(3, start + 2h, "first@example.net")}, start + 2h);
    let_pass(10min);
    EXPECT_EQ(find(*reader, first).size(), 1U);
    EXPECT_TRUE(find(*reader, second).empty());
  }
  EXPECT_EQ(find(*reader, first).size(), 2U);
  EXPECT_EQ(find(*reader, second).size(), 1U);
}

}  // namespace
}  // namespace rastro
