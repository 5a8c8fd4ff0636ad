#pragma once

#include <memory>
#include <string>

#include "daemon/source/descriptor.h"
#include "daemon/source/generation_reader.h"
#include "daemon/source/source.h"

namespace rastro {

// Reads a pipe or a standard input to its end: `rastrod --scan -`. A packed stream is not unpacked.
//
// poll() waits for bytes: there is nothing else to do for a scan. Threads: one.
class StreamSource final : public Source {
 public:
  // `descriptor` is owned from now on; `name` is what the evidence calls it.
  StreamSource(Descriptor descriptor, std::string name, std::size_t spec, Time modified_at,
               SourceNumbers& numbers);

  const std::string& name() const override { return name_; }
  Result<Progress> poll(std::size_t budget_bytes) override;
  const SourceLine* next() override { return reader_->next(); }
  void take(std::optional<Time> stamp) override;
  void take_positions(std::vector<SourcePosition>& changed) override;
  void take_holes(std::vector<CoverageHole>& /*holes*/) override {}
  SourceCounters counters() const override;

 private:
  std::string name_;
  std::unique_ptr<GenerationReader> reader_;
  SourcePosition reported_;
  bool ended_ = false;
  std::uint64_t lines_ = 0;
};

}  // namespace rastro
