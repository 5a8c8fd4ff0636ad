#include "daemon/overlap_filter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rastro {
namespace {

// Two logs of the same events are written within moments; their stamps may differ in precision.
constexpr Duration kActiveWithin = std::chrono::seconds(30);
// Of a sample, in percent: a copy, and nothing in common. In between every line is compared.
constexpr std::uint32_t kCopyPercent = 90;
constexpr std::uint32_t kDistinctPercent = 2;

}  // namespace

void OverlapFilter::begin(std::uint32_t source, const std::string& path) {
  if (log_of_.contains(source)) return;
  const auto known = by_path_.find(path);
  if (known != by_path_.end()) {
    log_of_[source] = known->second;
    auto& log = logs_[known->second];  // a new file under this name: a new sample
    log.state = State::sampled;
    log.seen = 0;
    log.copies.clear();
    return;
  }
  if (logs_.size() >= kSourcesMax) return;
  const auto index = static_cast<std::uint32_t>(logs_.size());
  logs_.push_back({});
  logs_.back().path = path;
  by_path_[path] = index;
  log_of_[source] = index;
  // Whoever was found distinct was not compared with this one.
  for (auto& log : logs_) {
    if (log.state != State::distinct) continue;
    log.state = State::sampled;
    log.seen = 0;
    log.copies.clear();
  }
}

// Exim's own files name neither host nor process; its syslog lines do.
std::uint64_t OverlapFilter::key_of(const LineHeader& header, Mta mta,
                                    std::string_view text) const {
  const auto second = std::chrono::floor<std::chrono::seconds>(header.logged_at);
  auto key = hash_(text, static_cast<std::uint64_t>(second.time_since_epoch().count()));
  if (mta == Mta::exim) return key;
  key = hash_(header.program, key ^ header.pid);
  return hash_(header.host.substr(0, header.host.find('.')), key);
}

bool OverlapFilter::another_is_active(std::uint32_t log, Time at) const {
  return std::ranges::any_of(logs_, [&](const Log& other) {
    return &other != &logs_[log] && other.last_at + kActiveWithin >= at && other.last_at != Time{};
  });
}

bool OverlapFilter::is_copy(std::uint32_t source, const LineHeader& header, Mta mta,
                            std::string_view text) {
  if (logs_.size() < 2) {
    if (!logs_.empty()) logs_.front().last_at = header.logged_at;
    return false;
  }
  const auto known = log_of_.find(source);
  if (known == log_of_.end()) return false;
  const auto index = known->second;
  auto& log = logs_[index];
  log.last_at = header.logged_at;
  if (log.state == State::copy) return true;
  if (log.state == State::distinct) return false;
  const auto key = key_of(header, mta, text);
  const bool copy = compare(index, key);
  remember(index, key);
  if (another_is_active(index, header.logged_at)) {
    ++log.seen;
    decide(index);
  }
  return copy;
}

// The n-th line of its kind in this log is a copy of the n-th one in another.
bool OverlapFilter::compare(std::uint32_t log, std::uint64_t key) {
  const auto found = window_.find(key);
  if (found == window_.end()) return false;
  const auto mine =
      std::ranges::find_if(found->second, [&](const Seen& seen) { return seen.log == log; });
  const auto times = mine == found->second.end() ? 0 : mine->times;
  bool copy = false;
  for (const auto& other : found->second) {
    if (other.log == log || other.times <= times) continue;
    copy = true;
    // Each pair of lines counts for both: either log may be the one that holds less.
    ++logs_[log].copies[other.log];
    ++logs_[other.log].copies[log];
  }
  return copy;
}

void OverlapFilter::remember(std::uint32_t log, std::uint64_t key) {
  auto& seen = window_[key];
  const auto mine = std::ranges::find_if(seen, [&](const Seen& each) { return each.log == log; });
  if (mine == seen.end()) {
    seen.push_back({log, 1});
  } else {
    ++mine->times;
  }
  order_.push_back({key, log});
  if (order_.size() <= kWindowMax) return;
  const auto oldest = order_.front();
  order_.pop_front();
  const auto entry = window_.find(oldest.key);
  if (entry == window_.end()) return;
  auto& left = entry->second;
  const auto of_log =
      std::ranges::find_if(left, [&](const Seen& each) { return each.log == oldest.log; });
  if (of_log != left.end() && --of_log->times == 0) left.erase(of_log);
  if (left.empty()) window_.erase(entry);
}

void OverlapFilter::decide(std::uint32_t index) {
  auto& log = logs_[index];
  std::uint32_t most = 0;
  std::uint32_t other = 0;
  for (const auto& [of, copies] : log.copies) {
    if (copies <= most || logs_[of].state == State::copy) continue;
    most = copies;
    other = of;
  }
  if (most >= kCopiesMin && most * 100 >= log.seen * kCopyPercent) {
    // When both hold the same, the one that was named first stays.
    const auto& theirs = logs_[other];
    const bool both = most * 100 >= theirs.seen * kCopyPercent;
    if (both && index < other) {
      mark_copy(other, index);
    } else {
      mark_copy(index, other);
    }
  } else if (log.seen >= kSampleLines && most * 100 <= log.seen * kDistinctPercent) {
    log.state = State::distinct;
  }
}

void OverlapFilter::mark_copy(std::uint32_t log, std::uint32_t of) {
  if (logs_[log].state == State::copy) return;
  logs_[log].state = State::copy;
  found_.push_back({logs_[log].path, logs_[of].path});
}

std::vector<Overlap> OverlapFilter::take_found() { return std::exchange(found_, {}); }

}  // namespace rastro
