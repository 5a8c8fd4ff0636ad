// Readers beside the writer: they never block it and never see half a batch.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/open_leg_reader.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

constexpr int kBatches = 120;
constexpr std::uint64_t kLegsPerBatch = 20;

TEST(Threads, ReadersSeeWholeBatchesWhileTheWriterSealsAndDrops) {
  samples::TemporaryDirectory directory;
  ManualClock clock(samples::start_time());
  auto options = samples::options_for(directory.path());
  options.retention = 5h;
  auto writer = samples::open_or_die(options, clock);
  std::atomic<bool> done{false};

  const auto read = [&](int which) {
    auto reader = samples::reader_of(*writer);
    OpenLegReader open_legs([&] { return writer->snapshot(); });
    std::uint64_t rounds = 0;
    while (!done.load() || rounds == 0) {
      ++rounds;
      // One hour at a time is whole or gone: a batch is one hour's.
      std::uint64_t count = 0;
      const LegKey key{KeyKind::recipient_domain, "example.net"};
      const auto cut =
          reader->for_each_leg(which == 0 ? std::vector<LegKey>{key} : std::vector<LegKey>{}, {},
                               QueryLimits{Duration::zero()}, [&](const LegRecord& leg) {
                                 ++count;
                                 EXPECT_FALSE(leg.recipients.empty());
                                 return Visit::go_on;
                               });
      ASSERT_TRUE(cut.has_value()) << cut.error().message;
      ASSERT_TRUE(reader->troubles().empty());
      if (count == 0) continue;
      ASSERT_EQ(count % kLegsPerBatch, 0U);
      const auto leg = samples::deferred_leg(1, samples::start_time(), "w@example.com");
      open_legs.find_open_leg(leg.host, leg.mta, leg.instance, leg.queue_id);
      ASSERT_TRUE(reader->load_leg(leg.id).has_value());
    }
  };
  std::thread first(read, 0);
  std::thread second(read, 1);
  for (int i = 0; i < kBatches; ++i) {
    clock.advance(7min);
    std::vector<LegRecord> legs;
    for (std::uint64_t n = 0; n < kLegsPerBatch; ++n) {
      legs.push_back(samples::simple_leg(static_cast<std::uint64_t>(i) * 1000 + n, clock.wall(),
                                         "r@example.net"));
    }
    samples::commit_or_die(*writer, samples::batch_of(std::move(legs), clock.wall()));
    samples::work_until_done(*writer);
  }
  done.store(true);
  first.join();
  second.join();
  EXPECT_GT(writer->counters().files_sealed, 5U);
  EXPECT_GT(writer->counters().files_expired, 3U);
}

}  // namespace
}  // namespace rastro
