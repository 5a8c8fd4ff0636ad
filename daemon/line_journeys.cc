#include "daemon/line_journeys.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace rastro {
namespace {

constexpr std::size_t kBlockEntries = 4096;

}  // namespace

Result<std::unique_ptr<LineJourneys>> LineJourneys::create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w+be");
  if (file == nullptr) {
    return make_error(Error::Code::io, "create " + path + ": " + std::strerror(errno));
  }
  std::remove(path.c_str());
  return std::unique_ptr<LineJourneys>(new LineJourneys(file));
}

LineJourneys::~LineJourneys() { std::fclose(file_); }

std::uint32_t LineJourneys::short_name(std::string_view queue_id) {
  return queue_id.empty() ? 0 : static_cast<std::uint32_t>(std::hash<std::string_view>()(queue_id));
}

void LineJourneys::add(const LegRecord& version) {
  const auto name = short_name(version.queue_id);
  for (const auto& line : version.lines)
    entries_.push_back({line.offset, version.id, line.source, name});
  if (entries_.size() >= kRunEntries) write_run();
}

void LineJourneys::write_run() {
  if (entries_.empty()) return;
  std::ranges::sort(entries_);
  if (std::fwrite(entries_.data(), sizeof(Entry), entries_.size(), file_) != entries_.size()) {
    failed_ = true;
  }
  Run run;
  run.next = written_;
  written_ += entries_.size();
  run.end = written_;
  runs_.push_back(std::move(run));
  entries_.clear();
}

Result<void> LineJourneys::finish() {
  write_run();
  entries_.shrink_to_fit();
  if (failed_ || std::fflush(file_) != 0) {
    return make_error(Error::Code::io,
                      std::string("write the account of lines: ") + std::strerror(errno));
  }
  std::erase_if(runs_, [this](Run& run) { return !refill(run); });
  std::ranges::make_heap(runs_, later);
  return {};
}

bool LineJourneys::refill(Run& run) {
  const auto count = std::min<std::uint64_t>(kBlockEntries, run.end - run.next);
  if (count == 0) return false;
  run.block.resize(count);
  run.at = 0;
  if (std::fseek(file_, static_cast<long>(run.next * sizeof(Entry)), SEEK_SET) != 0 ||
      std::fread(run.block.data(), sizeof(Entry), count, file_) != count) {
    return false;
  }
  run.next += count;
  return true;
}

std::optional<std::uint64_t> LineJourneys::leg_of(std::uint32_t source, std::uint64_t offset,
                                                  std::string_view queue_id) {
  // The arrival of a bounce is evidence of the message that it is about as well ("<= <> R=parent").
  const auto name = short_name(queue_id);
  bool named = false;
  std::optional<std::uint64_t> found;
  while (!runs_.empty()) {
    auto& run = runs_.front();
    const auto entry = run.block[run.at];
    if (entry.source > source || (entry.source == source && entry.offset > offset)) break;
    const bool names = name != 0 && entry.name == name;
    if (entry.source == source && entry.offset == offset && (!found || (names && !named))) {
      found = entry.leg_id;
      named = names;
    }
    std::ranges::pop_heap(runs_, later);
    if (++runs_.back().at < runs_.back().block.size() || refill(runs_.back())) {
      std::ranges::push_heap(runs_, later);
    } else {
      runs_.pop_back();
    }
  }
  return found;
}

}  // namespace rastro
