#include "daemon/ingest.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

namespace rastro {
namespace {

constexpr std::size_t kOriginsMax = 1'000;
constexpr std::size_t kHolesToldMax = 16;
constexpr std::size_t kManySetAside = 1'000;  // legs, some 3 KB each

}  // namespace

std::string describe_hole(const CoverageHole& hole) {
  if (hole.cause.starts_with(hole.source_path)) return hole.cause;
  return hole.source_path + ": " + hole.cause;
}

Ingest::Ingest(IngestOptions options, ClassifyReply classify, MakeOrigin make_origin,
               LegStore& store, BoundedQueue<NumberedBatch>& batches, WriterLoop& writer,
               const Clock& clock)
    : options_(std::move(options)),
      make_origin_(std::move(make_origin)),
      batches_(batches),
      writer_(writer),
      clock_(clock),
      overlaps_(options_.seed),
      pipeline_(counters_, options_.seed, options_.keep_duplicates ? nullptr : &overlaps_),
      correlator_(options_.correlator, std::move(classify), store, *this),
      last_batch_at_(clock.steady()) {}

void Ingest::know(const LegRecord& leg) { correlator_.know_leg(leg); }

void Ingest::restore_pending(std::string_view key, std::string_view value) {
  if (!pipeline_.restore_pending(key, value)) correlator_.restore_pending(key, value);
}

void Ingest::on_leg(const LegRecord& version) {
  if (observer_) observer_(version);
  batch_.legs.push_back(version);
}
void Ingest::on_encounter(Encounter&& encounter) {
  batch_.encounters.push_back(std::move(encounter));
}
void Ingest::on_pending(std::string_view key, std::string_view value) {
  batch_.pending.push_back({std::string(key), std::string(value)});
}

Ingest::Peeked& Ingest::origin_of(const SourceLine& line) {
  const auto source = line.generation->source;
  if (last_origin_ != nullptr && last_origin_->origin->source == source) return *last_origin_;
  const auto known = origins_.find(source);
  if (known == origins_.end() && origins_.size() >= kOriginsMax) origins_.erase(origins_.begin());
  auto& peeked = known == origins_.end() ? origins_[source] : known->second;
  if (peeked.origin == nullptr) {
    peeked.origin = make_origin_(*line.generation);
    pipeline_.resume(*peeked.origin);
    overlaps_.begin(source, line.generation->path);
  }
  last_origin_ = &peeked;
  return peeked;
}

Ingest::Peeked& Ingest::peek(const SourceLine& line) {
  auto& peeked = origin_of(line);
  if (peeked.offset != line.raw.offset) {
    peeked.line = LinePipeline::read_header(*peeked.origin, line.raw);
    peeked.offset = line.raw.offset;
  }
  return peeked;
}

std::optional<Time> Ingest::take(const SourceLine& line) {
  auto& peeked = peek(line);
  peeked.offset.reset();
  if (peeked.origin->copy_lines) {
    raw_lines_.add(peeked.origin->source, line.raw.offset, line.raw.length, line.raw.text);
  }
  pipeline_.take(*peeked.origin, line.raw, peeked.line, correlator_);
  lines_read_.fetch_add(1, std::memory_order_relaxed);
  if (!std::exchange(unsent_, true)) {
    unsent_since_ = looked_before_;
    unsent_complete_until_ = read_to_end_at_;
  }
  if (!peeked.line.headed) return std::nullopt;
  batch_line_time_ = std::max(batch_line_time_, peeked.line.header.logged_at);
  return peeked.line.header.logged_at;
}

bool Ingest::turn(SourceSet& sources, Pace pace) {
  looked_before_ = std::exchange(looked_at_, clock_.steady());
  const auto stamp_of = [this](const SourceLine& line) -> std::optional<Time> {
    const auto& peeked = peek(line);
    if (!peeked.line.headed) return std::nullopt;
    return peeked.line.header.logged_at;
  };
  const auto progress = sources.merge(options_.budget_bytes, stamp_of,
                                      [this](const SourceLine& line) { return take(line); });
  if (!progress.more) read_to_end_at_ = looked_at_;
  send_if_due(sources, progress.more, pace);
  return progress.more;
}

void Ingest::collect(SourceSet& sources) {
  for (auto& position : sources.take_positions()) {
    if (position.finished) pipeline_.end_source(position.source);
    batch_.positions.push_back(std::move(position));
  }
  for (auto& hole : sources.take_holes()) {
    if (new_holes_.size() < kHolesToldMax) new_holes_.push_back(hole);
    batch_.holes.push_back(std::move(hole));
  }
  for (auto& state : sources.take_pending())
    batch_.pending.push_back({std::move(state.key), std::move(state.value)});
  for (auto& hole : pipeline_.take_holes()) batch_.holes.push_back(std::move(hole));
}

// Of legs, after a backlog: what was held for it goes back to the system, not only to malloc.
void Ingest::give_back_memory() {
  const auto taken = correlator_.set_silent_aside();
  set_aside_ += taken;
  if (taken > 0 || set_aside_ < kManySetAside) return;
  set_aside_ = 0;
  ::malloc_trim(0);
}

std::optional<Duration> Ingest::due_in(Pace pace) const {
  if (!unsent_) return std::nullopt;
  const auto due = pace == Pace::unasked ? unsent_since_ + options_.unasked_interval
                                         : last_batch_at_ + options_.batch_interval;
  return due - clock_.steady();
}

void Ingest::send_if_due(SourceSet& sources, bool behind, Pace pace) {
  const auto now = clock_.steady();
  const bool full =
      correlator_.changed_legs() + batch_.encounters.size() >= options_.batch_legs_max;
  auto waited = now - last_batch_at_;
  auto interval = behind ? options_.backlog_interval : options_.batch_interval;
  if (!behind && pace == Pace::unasked) {
    if (unsent_) waited = now - unsent_since_;
    interval = options_.unasked_interval;
  }
  if (!full && waited < interval) return;
  collect(sources);
  if (unsent_ || !batch_.positions.empty() || !batch_.holes.empty() || !batch_.pending.empty())
    send_batch(sources);
  if (!behind) give_back_memory();
  last_batch_at_ = clock_.steady();
}

void Ingest::send_batch(SourceSet& sources) {
  correlator_.committed(writer_.committed());
  collect(sources);
  if (writer_.committed() >= sent_) on_its_way_complete_until_ = unsent_complete_until_;
  NumberedBatch numbered;
  numbered.flush_number = correlator_.flush();
  pipeline_.hand_over_pending(*this);
  sent_ = numbered.flush_number;
  numbered.batch = std::exchange(batch_, {});
  batch_.legs = writer_.take_used_legs();
  numbered.batch.raw_blocks = raw_lines_.take();
  numbered.batch.line_time = batch_line_time_;
  unsent_ = false;
  batches_.push(std::move(numbered));
}

}  // namespace rastro
