#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/store/leg_samples.h"

namespace rastro {

// A writer over a directory of its own and a clock that the test moves.
class WriterFixture : public testing::Test {
 protected:
  void open() { writer_ = samples::open_or_die(options_, clock_); }
  void reopen() {
    writer_.reset();
    open();
  }
  void commit(std::vector<LegRecord> legs, Time line_time) {
    samples::commit_or_die(*writer_, samples::batch_of(std::move(legs), line_time));
  }
  // Lets time pass in steps that a running daemon would see.
  void let_pass(Duration time) {
    constexpr Duration kStep = std::chrono::minutes(1);
    for (; time > Duration::zero(); time -= kStep) {
      clock_.advance(std::min(time, kStep));
      samples::work_until_done(*writer_);
    }
  }
  std::size_t count_of(const std::vector<LegKey>& keys, const TimeRange& range = {}) {
    auto reader = samples::reader_of(*writer_);
    return samples::find(*reader, keys, range).size();
  }
  std::size_t files() const { return samples::shard_files(directory_.path()).size(); }

  samples::TemporaryDirectory directory_;
  ManualClock clock_{samples::start_time() + std::chrono::minutes(30)};
  StoreOptions options_ = samples::options_for(directory_.path());
  std::unique_ptr<Writer> writer_;
};

}  // namespace rastro
