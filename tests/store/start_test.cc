// What a start leaves for later must not be missed by anybody meanwhile: the postings of a large
// open hour are made again in slices.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "store/open_leg_reader.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kLegs = 20'000;  // several slices
constexpr std::uint64_t kWaiting = 3;    // among the oldest rows, without an end
constexpr std::uint64_t kRetried = 5;    // two versions, both old

Time time_of(std::uint64_t k) { return samples::start_time() + k * 50ms; }
std::string recipient_of(std::uint64_t k) { return "r" + std::to_string(k) + "@example.net"; }

class StartTest : public WriterFixture {
 protected:
  void fill() {
    open();
    std::vector<LegRecord> legs;
    for (std::uint64_t k = 0; k < kLegs; ++k) {
      legs.push_back(k == kWaiting || k == kRetried
                         ? samples::deferred_leg(k, time_of(k), recipient_of(k))
                         : samples::simple_leg(k, time_of(k), recipient_of(k)));
    }
    commit(std::move(legs), time_of(kLegs));
    commit({ended(kRetried)}, time_of(kLegs));
    commit({samples::simple_leg(kLegs, time_of(kLegs), recipient_of(kLegs))}, time_of(kLegs));
  }
  static LegRecord ended(std::uint64_t k) {
    auto leg = samples::simple_leg(k, time_of(k), recipient_of(k));
    leg.last_activity_at = time_of(kLegs);
    leg.closed_at = leg.last_activity_at;
    return leg;
  }
  FileView open_file() { return *writer_->snapshot()->files.back(); }
  Outcome outcome_of(std::uint64_t k) {
    auto reader = samples::reader_of(*writer_);
    const auto found = samples::find(*reader, {{KeyKind::recipient, recipient_of(k)}});
    EXPECT_EQ(found.size(), 1U) << recipient_of(k);
    return found.empty() ? Outcome::unknown : found[0].recipients.at(0).outcome;
  }
};

TEST_F(StartTest, EveryRowIsFoundBeforeItIsPostedAgain) {
  fill();
  reopen();
  EXPECT_FALSE(open_file().all_posted());
  const auto waiting = samples::deferred_leg(kWaiting, time_of(kWaiting), "");
  for (const bool posted : {false, true}) {
    SCOPED_TRACE(posted);
    EXPECT_EQ(open_file().all_posted(), posted);
    EXPECT_EQ(outcome_of(0), Outcome::delivered);
    EXPECT_EQ(outcome_of(kWaiting), Outcome::deferred);
    EXPECT_EQ(outcome_of(kRetried), Outcome::delivered);
    EXPECT_EQ(outcome_of(kLegs), Outcome::delivered);
    EXPECT_EQ(count_of({{KeyKind::recipient_domain, "example.net"}}), kLegs + 1);
    EXPECT_EQ(count_of({{KeyKind::recipient, "nobody@example.net"}}), 0U);
    auto reader = samples::reader_of(*writer_);
    const auto whole = reader->load_leg(ended(kRetried).id);
    ASSERT_TRUE(whole.has_value() && whole->has_value());
    EXPECT_EQ((*whole)->lines.size(),
              samples::deferred_leg(kRetried, time_of(kRetried), "").lines.size() +
                  ended(kRetried).lines.size())
        << "both versions";
    OpenLegReader open_legs([this] { return writer_->snapshot(); });
    EXPECT_TRUE(open_legs.find_leg(waiting.id));
    EXPECT_TRUE(
        open_legs.find_open_leg(waiting.host, waiting.mta, waiting.instance, waiting.queue_id));
    const auto& retried = ended(kRetried);
    EXPECT_FALSE(
        open_legs.find_open_leg(retried.host, retried.mta, retried.instance, retried.queue_id));
    if (!posted) samples::work_until_done(*writer_);
  }
}

TEST_F(StartTest, ALegWrittenAgainMeanwhileIsShownOnceAsItIsNow) {
  fill();
  reopen();
  commit({ended(kWaiting)}, time_of(kLegs));
  EXPECT_FALSE(open_file().all_posted());
  for (const bool posted : {false, true}) {
    SCOPED_TRACE(posted);
    EXPECT_EQ(outcome_of(kWaiting), Outcome::delivered);
    EXPECT_EQ(count_of({{KeyKind::recipient_domain, "example.net"}}), kLegs + 1);
    if (!posted) samples::work_until_done(*writer_);
  }
}

// The hour ends while its postings are not complete: what is sealed is complete all the same.
TEST_F(StartTest, AnHourIsSealedWithAllItsPostings) {
  fill();
  reopen();
  clock_.jump_wall(1h);
  commit({samples::simple_leg(kLegs + 1, samples::start_time() + 1h, "later@example.net")},
         samples::start_time() + 1h);
  EXPECT_FALSE(writer_->snapshot()->files.front()->all_posted());
  samples::work_until_done(*writer_);
  EXPECT_TRUE(writer_->snapshot()->files.front()->state.sealed);
  EXPECT_EQ(outcome_of(0), Outcome::delivered);
  EXPECT_EQ(count_of({{KeyKind::recipient_domain, "example.net"}}), kLegs + 2);
}

TEST_F(StartTest, ASmallHourIsReadyAtOnce) {
  open();
  commit({samples::simple_leg(1, samples::start_time(), "a@example.net")}, samples::start_time());
  reopen();
  EXPECT_TRUE(open_file().all_posted());
}

}  // namespace
}  // namespace rastro
