#include "daemon/source/source_set.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <queue>
#include <set>

#include "daemon/source/log_family.h"

namespace rastro {
namespace {

// What one source may give before the next one has its turn.
constexpr std::size_t kTurnBytes = 256 * 1024;

std::uint32_t largest(const std::vector<SourcePosition>& positions) {
  std::uint32_t number = 0;
  for (const auto& position : positions) number = std::max(number, position.source);
  return number;
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

// The logs that a pattern's matches belong to.
std::set<std::string> matched_logs(const std::string& pattern) {
  std::set<std::string> logs;
  glob_t matches{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
      const std::string_view path = matches.gl_pathv[i];
      const auto name = name_of(path);
      logs.insert(std::string(path.substr(0, path.size() - name.size())) + base_of(name));
    }
  }
  ::globfree(&matches);
  return logs;
}

}  // namespace

SourceSet::SourceSet(SourceSetOptions options, std::vector<SourcePosition> saved,
                     const Clock& clock)
    : options_(std::move(options)),
      saved_(std::move(saved)),
      clock_(clock),
      numbers_(largest(saved_)) {
  expand();
}

void SourceSet::add(std::unique_ptr<Source> source) {
  sources_.push_back({std::move(source), {}, {}, false});
}

std::vector<SourcePosition> SourceSet::take_saved(const std::string& name) {
  std::vector<SourcePosition> mine;
  const auto fits = [&](const SourcePosition& position) { return position.path == name; };
  std::copy_if(saved_.begin(), saved_.end(), std::back_inserter(mine), fits);
  std::erase_if(saved_, fits);
  return mine;
}

std::vector<SourcePosition> SourceSet::saved_for(const std::string& path) {
  std::vector<SourcePosition> mine;
  const auto fits = [&](const SourcePosition& position) {
    return position.path == path || (directory_of(position.path) == directory_of(path) &&
                                     rotation_of(name_of(position.path), name_of(path)));
  };
  std::copy_if(saved_.begin(), saved_.end(), std::back_inserter(mine), fits);
  std::erase_if(saved_, fits);
  return mine;
}

void SourceSet::add_log(const std::string& path, std::size_t spec, Symlinks symlinks,
                        bool wildcard) {
  if (by_path_.contains(path)) return;
  if (sources_.size() >= kSourcesMax) {
    ++refused_;
    return;
  }
  by_path_.emplace(path, sources_.size());
  FileTailOptions options{spec, symlinks, options_.first_read_back, options_.alone, wildcard};
  auto log = std::make_unique<FileTail>(path, saved_for(path), options, clock_, numbers_);
  if (const auto saved = saved_pending_.extract(path)) log->restore_pending(saved.mapped());
  logs_[path] = log.get();
  add(std::move(log));
}

void SourceSet::expand() {
  expanded_at_ = clock_.steady();
  refused_ = 0;
  // Plain names first: a wildcard must not claim a rotated file that is named by itself.
  for (const bool wildcard : {false, true}) {
    for (std::size_t spec = 0; spec < options_.files.size(); ++spec) {
      const auto& files = options_.files[spec];
      for (const auto& pattern : files.globs) {
        if (!options_.alone && has_wildcard(pattern) != wildcard) continue;
        if (options_.alone || !wildcard) {
          add_log(pattern, spec, files.symlinks, false);
          continue;
        }
        const auto logs = matched_logs(pattern);
        for (const auto& path : logs) add_log(path, spec, files.symlinks, true);
        note_matches(pattern, !logs.empty());
      }
    }
  }
}

// A pattern that never matched is a log that is not there. Of one that did, the logs tell.
void SourceSet::note_matches(const std::string& pattern, bool any) {
  const auto [known, is_new] = matched_.emplace(pattern, any);
  if (is_new && !any) problems_.push_back({pattern, "no file matches", true});
  if (!any || known->second) return;
  known->second = true;
  problems_.push_back({pattern, {}, false});
}

void SourceSet::expand_if_due() {
  if (options_.alone) return;
  if (!expanded_at_ || clock_.steady() - *expanded_at_ >= kExpandEvery) expand();
}

// Makes next() of one source ready. False: it is at its end for now.
bool SourceSet::refill(Entry& entry, std::size_t budget_bytes, Progress& progress) {
  while (entry.source->next() == nullptr) {
    const auto got = entry.source->poll(budget_bytes);
    const std::string problem = got ? std::string() : got.error().message;
    if (problem != entry.problem) {
      entry.problem = problem;
      problems_.push_back({entry.source->name(), problem,
                           !got && got.error().code == Error::Code::not_found,
                           got ? std::nullopt : entry.source->read_until()});
    }
    if (!got) return false;
    progress.bytes += got->bytes;
    if (!got->more) return entry.source->next() != nullptr;
  }
  return true;
}

Progress SourceSet::poll(std::size_t budget_bytes, const OnLine& on_line) {
  expand_if_due();
  Progress progress;
  for (std::size_t visited = 0; visited < sources_.size(); ++visited) {
    if (progress.bytes >= budget_bytes) {
      progress.more = true;
      return progress;
    }
    turn_ = (turn_ + 1) % sources_.size();
    auto& entry = sources_[turn_];
    const auto until = progress.bytes + std::min(kTurnBytes, budget_bytes - progress.bytes);
    bool more = true;
    while (progress.bytes < until || entry.source->next() != nullptr) {
      more = refill(entry, std::max<std::size_t>(until, progress.bytes + 1) - progress.bytes,
                    progress);
      if (!more) break;
      entry.source->take(on_line(*entry.source->next()));
      entry.stamped = false;
    }
    progress.more = progress.more || more;
  }
  return progress;
}

Progress SourceSet::merge(std::size_t budget_bytes, const StampOf& stamp_of,
                          const OnLine& on_line) {
  expand_if_due();
  using Ready = std::pair<Time, std::size_t>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
  Progress progress;
  const auto enqueue = [&](std::size_t index) {
    auto& entry = sources_[index];
    if (!refill(entry, GenerationReader::kBlockBytes, progress)) return;
    if (!entry.stamped) {
      if (const auto stamp = stamp_of(*entry.source->next())) entry.stamp = stamp;
      entry.stamped = true;
    }
    ready.emplace(entry.stamp.value_or(Time{}), index);
  };
  for (std::size_t index = 0; index < sources_.size(); ++index) enqueue(index);
  while (!ready.empty()) {
    // Checked here, so that a call always hands over at least one line.
    const auto index = ready.top().second;
    ready.pop();
    auto& entry = sources_[index];
    entry.source->take(on_line(*entry.source->next()));
    entry.stamped = false;
    if (progress.bytes >= budget_bytes) {
      progress.more = true;
      return progress;
    }
    // Nothing to merge with: the only source needs no queue.
    while (ready.empty() && entry.source->next() != nullptr) {
      const auto stamp = on_line(*entry.source->next());
      if (stamp) entry.stamp = stamp;
      entry.source->take(stamp);
    }
    enqueue(index);
  }
  return progress;
}

std::vector<SourcePosition> SourceSet::take_positions() {
  std::vector<SourcePosition> changed;
  for (auto& entry : sources_) entry.source->take_positions(changed);
  return changed;
}

std::vector<CoverageHole> SourceSet::take_holes() {
  std::vector<CoverageHole> holes;
  for (auto& entry : sources_) entry.source->take_holes(holes);
  return holes;
}

std::vector<PendingState> SourceSet::take_pending() {
  std::vector<PendingState> changed;
  for (auto& entry : sources_) entry.source->take_pending(changed);
  return changed;
}

bool SourceSet::restore_pending(std::string_view key, std::string_view value) {
  if (!key.starts_with(FileTail::kPendingPrefix)) return false;
  const std::string path(key.substr(FileTail::kPendingPrefix.size()));
  if (const auto log = logs_.find(path); log != logs_.end()) {
    log->second->restore_pending(value);
  } else {
    saved_pending_[path] = value;
  }
  return true;
}

std::vector<SourceProblem> SourceSet::take_problems() { return std::exchange(problems_, {}); }

bool SourceSet::is_configured(const std::string& path) const {
  return std::ranges::any_of(options_.files, [&path](const FileSpec& files) {
    return std::ranges::any_of(files.globs, [&path](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    });
  });
}

std::vector<std::string> SourceSet::saved_logs(bool configured) const {
  std::set<std::string> paths;
  for (const auto& position : saved_) {
    if (is_configured(position.path) == configured) paths.insert(position.path);
  }
  return {paths.begin(), paths.end()};
}

std::vector<SourceSet::HalfLine> SourceSet::half_lines() const {
  std::vector<HalfLine> half;
  for (const auto& entry : sources_) {
    if (const auto since = entry.source->half_line_since())
      half.push_back({entry.source->name(), *since});
  }
  return half;
}

SourceCounters SourceSet::counters() const {
  SourceCounters all;
  for (const auto& entry : sources_) {
    const auto one = entry.source->counters();
    all.lines += one.lines;
    all.bytes += one.bytes;
    all.cut_lines += one.cut_lines;
    all.nul_bytes += one.nul_bytes;
    all.rotations += one.rotations;
    all.truncations += one.truncations;
    all.damaged_archives += one.damaged_archives;
  }
  return all;
}

std::vector<std::string> SourceSet::directories() const {
  std::set<std::string> directories;
  for (const auto& [path, index] : by_path_) directories.emplace(directory_of(path));
  for (const auto& files : options_.files) {
    for (const auto& pattern : files.globs) {
      const auto directory = directory_of(pattern);
      if (!has_wildcard(directory)) directories.emplace(directory);
    }
  }
  return {directories.begin(), directories.end()};
}

}  // namespace rastro
