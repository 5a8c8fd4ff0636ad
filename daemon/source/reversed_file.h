#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/source/source.h"

namespace rastro {

// Gives the lines of a file from its last one to its first: what a log viewer saved that shows the
// newest line on top. The lines keep their places in the file.
//
// Memory: the whole file. Threads: one.
class ReversedFile final : public Source, private LineSink {
 public:
  static constexpr std::size_t kBytesMax = 64 << 20;

  // `written`: as they stand in the file, for who wants them so and under the same number.
  enum class Order : std::uint8_t { last_first, written };
  // Errors: those of open_content(); limit: a larger file, or one that is compressed.
  static Result<std::unique_ptr<ReversedFile>> open(const std::string& path, Order order,
                                                    SourceNumbers& numbers);

  const std::string& name() const override { return position_.path; }
  Result<Progress> poll(std::size_t budget_bytes) override;
  const SourceLine* next() override { return lines_.empty() ? nullptr : &lines_.back(); }
  void take(std::optional<Time> stamp) override;
  void take_positions(std::vector<SourcePosition>& changed) override;
  void take_holes(std::vector<CoverageHole>& /*holes*/) override {}
  SourceCounters counters() const override { return counters_; }

 private:
  ReversedFile() = default;
  void on_line(const RawLine& line) override;

  std::string bytes_;
  Generation generation_;
  SourcePosition position_;
  std::vector<SourceLine> lines_;  // into bytes_; what is left, the next one at the end
  SourceCounters counters_;
  bool reported_ = false;
};

}  // namespace rastro
