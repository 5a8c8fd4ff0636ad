#include "daemon/source/stream_source.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/check.h"

namespace rastro {
namespace {

class StreamContent final : public Content {
 public:
  explicit StreamContent(Descriptor stream) : stream_(std::move(stream)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t size) override {
    RASTRO_CHECK(offset == end_);
    for (;;) {
      const auto got = ::read(stream_.get(), out, size);
      if (got >= 0) {
        end_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) {
        return make_error(Error::Code::io, "read: " + std::generic_category().message(errno));
      }
    }
  }

  std::optional<State> growing() const override { return std::nullopt; }

 private:
  Descriptor stream_;
  std::uint64_t end_ = 0;
};

}  // namespace

StreamSource::StreamSource(Descriptor descriptor, std::string name, std::size_t spec,
                           Time modified_at, SourceNumbers& numbers)
    : name_(std::move(name)) {
  OpenedFile file;
  file.content = std::make_unique<StreamContent>(std::move(descriptor));
  file.modified_at = modified_at;
  SourcePosition position;
  position.source = numbers.next();
  position.path = name_;
  Generation generation{position.source, spec, name_, name_, modified_at};
  reader_ = std::make_unique<GenerationReader>(std::move(file), std::move(generation),
                                               std::move(position), std::string());
}

Result<Progress> StreamSource::poll(std::size_t budget_bytes) {
  Progress progress;
  const auto before = reader_->bytes_read();
  while (next() == nullptr && !ended_ && progress.bytes < budget_bytes) {
    const auto step = reader_->read(budget_bytes - progress.bytes);
    if (!step) return make_error(step.error().code, name_ + ": " + step.error().message);
    progress.bytes = static_cast<std::size_t>(reader_->bytes_read() - before);
    if (*step != GenerationReader::Step::end) continue;
    ended_ = true;
    reader_->finish();
  }
  progress.more = !ended_ || next() != nullptr;
  return progress;
}

void StreamSource::take(std::optional<Time> stamp) {
  reader_->take(stamp);
  ++lines_;
}

void StreamSource::take_positions(std::vector<SourcePosition>& changed) {
  reader_->set_finished(ended_ && next() == nullptr);
  if (reader_->position() == reported_) return;
  reported_ = reader_->position();
  changed.push_back(reported_);
}

SourceCounters StreamSource::counters() const {
  SourceCounters all;
  all.lines = lines_;
  all.bytes = reader_->bytes_read();
  all.cut_lines = reader_->cut_lines();
  all.nul_bytes = reader_->nul_bytes();
  return all;
}

}  // namespace rastro
