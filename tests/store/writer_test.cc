#include "store/writer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::describe;
using samples::describe_summary;
using samples::find;

class WriterTest : public WriterFixture {};

TEST_F(WriterTest, EveryFieldComesBackAsItWas) {
  for (const std::uint64_t seed : {1ULL, 2ULL, 3ULL}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::filesystem::remove_all(directory_.path());
    open();
    std::map<std::uint64_t, LegRecord> model;
    std::vector<LegRecord> legs;
    const auto base = std::uint64_t{1'772'359'200} << 32;
    for (std::uint64_t i = 0; i < 400; ++i) {
      auto leg = samples::random_leg(random, base + i, samples::start_time());
      leg.closed_at = samples::start_time() + 20min;
      model[leg.id] = leg;
      legs.push_back(std::move(leg));
    }
    commit(std::move(legs), samples::start_time());
    auto reader = samples::reader_of(*writer_);
    for (const auto& [id, want] : model) {
      const auto got = reader->load_leg(id);
      ASSERT_TRUE(got.has_value()) << got.error().message;
      ASSERT_TRUE(got->has_value());
      ASSERT_EQ(describe(**got), describe(want));
    }
    ASSERT_EQ(find(*reader, {}).size(), model.size());
    for (const auto& leg : find(*reader, {})) {
      ASSERT_EQ(describe(leg), describe_summary(model.at(leg.id)));
    }
    writer_.reset();
  }
}

TEST_F(WriterTest, NewestVersionIsTheTruthAndTheStoryIsTheUnion) {
  open();
  auto first = samples::deferred_leg(1, samples::start_time(), "juan@example.net");
  auto second = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  second.last_activity_at = samples::start_time() + 20min;
  second.closed_at = second.last_activity_at;
  second.recipients[0].attempts = 2;
  second.recipients[0].last_attempt_at = second.last_activity_at;
  second.timeline[0].at = second.last_activity_at;
  second.timeline[0].ordinal = 2;
  second.lines = {{1, 70, 9000}};
  commit({first}, samples::start_time());
  commit({samples::simple_leg(2, samples::start_time(), "x@example.net")}, samples::start_time());
  commit({second}, samples::start_time() + 20min);

  auto reader = samples::reader_of(*writer_);
  const auto found = find(*reader, {{KeyKind::recipient, "JUAN@Example.NET"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(describe(found[0]), describe_summary(second));
  EXPECT_EQ(find(*reader, {}).size(), 2U);

  auto want = second;
  want.timeline = {first.timeline[0], second.timeline[0]};
  want.lines = {first.lines[0], first.lines[1], second.lines[0]};
  const auto got = reader->load_leg(first.id);
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_EQ(describe(**got), describe(want));
}

TEST_F(WriterTest, SeveralVersionsInOneBatch) {
  open();
  auto first = samples::deferred_leg(1, samples::start_time(), "juan@example.net");
  auto second = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  second.timeline.clear();
  second.lines.clear();
  commit({first, second}, samples::start_time());
  auto reader = samples::reader_of(*writer_);
  EXPECT_EQ(find(*reader, {}).size(), 1U);
  const auto found = find(*reader, {{KeyKind::queue_id, "Q1"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipients[0].outcome, Outcome::delivered);
}

TEST_F(WriterTest, AnswersTheSameAfterARestart) {
  open();
  std::map<std::uint64_t, std::string> model;
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto leg = samples::simple_leg(i, samples::start_time() + i * 1s,
                                   "r" + std::to_string(i) + "@example.net");
    leg.links.push_back({LegLink::Kind::filter, LegLink::Direction::child, false,
                         "L" + std::to_string(i), -1, leg.opened_at});
    model[leg.id] = describe(leg);
    commit({leg}, leg.opened_at);
  }
  reopen();
  auto reader = samples::reader_of(*writer_);
  for (const auto& [id, want] : model) {
    const auto got = reader->load_leg(id);
    ASSERT_TRUE(got.has_value() && got->has_value());
    EXPECT_EQ(describe(**got), want);
  }
  EXPECT_EQ(find(*reader, {{KeyKind::recipient, "r7@example.net"}}).size(), 1U);
  EXPECT_EQ(find(*reader, {{KeyKind::linked_queue_id, "L8"}}).size(), 1U);
  EXPECT_EQ(find(*reader, {{KeyKind::client, "192.0.2.9"}}).size(), 50U);
  EXPECT_EQ(find(*reader, {{KeyKind::relay, "mx.example.net"}}).size(), 50U);
}

}  // namespace
}  // namespace rastro
