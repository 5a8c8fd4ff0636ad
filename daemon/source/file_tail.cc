#include "daemon/source/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/check.h"
#include "daemon/source/fingerprint.h"

namespace rastro {
namespace {

constexpr int kLooksMax = 3;  // at a family that is being rotated right now

bool names_file(const std::string& path, Symlinks symlinks, std::uint64_t device,
                std::uint64_t inode) {
  struct stat is {};
  const int flags = symlinks == Symlinks::refused ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(AT_FDCWD, path.c_str(), &is, flags) != 0) return false;
  return is.st_dev == device && is.st_ino == inode;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> identify(const std::string& path) {
  struct stat is {};
  if (::lstat(path.c_str(), &is) != 0) return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>{is.st_dev, is.st_ino};
}

bool exists(const std::string& path) {
  struct stat is {};
  return ::lstat(path.c_str(), &is) == 0;
}

// Where Exim writes by itself to a file of the day, no file has the bare name.
std::optional<std::size_t> current_member(const std::vector<FamilyMember>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].compressed_name) continue;
    if (members[i].rotation.kind != Rotation::Kind::number) return i;
  }
  return std::nullopt;
}

// Some packers keep the file's time in whole seconds only (bzip2 does).
Time last_written(const OpenedFile& file) {
  return file.compressed ? file.modified_at + std::chrono::seconds(1) : file.modified_at;
}

// An archive beside the file it is being made from.
bool same_head(std::string_view packed, std::string_view plain) {
  return plain.starts_with(packed) || packed.starts_with(plain);
}

}  // namespace

FileTail::FileTail(std::string path, std::vector<SourcePosition> saved, FileTailOptions options,
                   const Clock& clock, SourceNumbers& numbers)
    : path_(std::move(path)),
      options_(options),
      clock_(clock),
      numbers_(numbers),
      known_(std::move(saved)) {
  const auto slash = path_.rfind('/');
  directory_ = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  base_ = slash == std::string::npos ? path_ : path_.substr(slash + 1);
  std::sort(known_.begin(), known_.end(),
            [](const auto& a, const auto& b) { return a.source < b.source; });
  for (const auto& position : known_) reported_.emplace(position.source, position);
}

// --- What there is to read -----------------------------------------------------------------------

Result<std::vector<FamilyMember>> FileTail::members() const {
  if (options_.alone) return std::vector<FamilyMember>{{path_, Rotation{}, false}};
  return list_family(directory_, base_);
}

// One look at the family. Everything is opened before anything is decided, and the names are
// compared again afterwards, because a rotation may be under way.
Result<std::vector<FileTail::Candidate>> FileTail::open_candidates(bool& raced) {
  raced = false;
  auto list = members();
  if (!list) return list.error();
  const auto current = options_.alone ? std::optional<std::size_t>(0) : current_member(*list);
  const auto since = unread_since();
  std::vector<Candidate> found;
  unreadable_.clear();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto added = add_candidate((*list)[i], current == i, found);
    if (!added) {
      if (added.error().code == Error::Code::not_found && !options_.alone) {
        raced = true;
        return found;
      }
      if (current == i) return added.error();
      unreadable_ = added.error().message;
      continue;
    }
    if (!*added || !all_found(found)) continue;
    const bool any = std::any_of(found.begin(), found.end(),
                                 [](const auto& one) { return one.matched() && !one.blank; });
    if (any || (since && last_written(found.back().file) < *since)) break;
  }
  raced = !still_named(found);
  return found;
}

Result<bool> FileTail::add_candidate(const FamilyMember& member, bool is_current,
                                     std::vector<Candidate>& found) {
  auto file = open_content(member.path, options_.symlinks);
  if (!file) return file.error();
  Candidate candidate{member, std::move(*file), {}, nullptr, {}, is_current, false};
  for (const auto& reading : readings_) {
    if (!reading.reader->complete() && !candidate.file.compressed &&
        reading.reader->is_file(candidate.file.device, candidate.file.inode)) {
      candidate.reader = reading.reader.get();
      candidate.blank = reading.reader->untouched();
    }
  }
  if (candidate.reader == nullptr) {
    candidate.head = read_head(*candidate.file.content);
    if (candidate.file.compressed && member.rotation.kind != Rotation::Kind::none &&
        !found.empty() && found.back().member.rotation == member.rotation &&
        !found.back().file.compressed) {
      if (found.back().head.empty()) found.back().head = read_head(*found.back().file.content);
      if (same_head(candidate.head, found.back().head)) return false;
    }
    match(candidate, found);
  }
  found.push_back(std::move(candidate));
  return true;
}

void FileTail::match(Candidate& candidate, const std::vector<Candidate>& others) {
  auto& content = *candidate.file.content;
  for (const auto& reading : readings_) {
    // The packed form of a file that is still held open.
    if (reading.reader->same_as(candidate.head, content)) {
      candidate.reader = reading.reader.get();
      candidate.blank = reading.reader->untouched();
      return;
    }
  }
  for (std::size_t i = known_.size(); i-- > 0;) {
    const bool taken = std::any_of(others.begin(), others.end(),
                                   [i](const auto& other) { return other.known == i; });
    if (taken) continue;
    if (same_content(known_[i], candidate.head, content)) {
      candidate.known = i;
      return;
    }
  }
}

// True when no older file can be what an unfinished position was read from.
bool FileTail::all_found(const std::vector<Candidate>& found) const {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (known_[i].finished || known_[i].offset == 0) continue;
    const bool here = std::any_of(found.begin(), found.end(),
                                  [i](const auto& candidate) { return candidate.known == i; });
    if (!here) return false;
  }
  return true;
}

bool FileTail::still_named(const std::vector<Candidate>& found) const {
  return std::all_of(found.begin(), found.end(), [this](const auto& candidate) {
    return names_file(candidate.member.path, options_.symlinks, candidate.file.device,
                      candidate.file.inode);
  });
}

// When no file of the family is known: those older than this were read before, or are too old.
std::optional<Time> FileTail::unread_since() const {
  if (options_.alone) return std::nullopt;
  auto opened = changed_opened_at_;
  for (const auto& reading : readings_) {
    const auto at = reading.reader->generation().modified_at;
    opened = std::min(opened.value_or(at), at);
  }
  if (opened) return opened;
  auto since = clock_.wall() - options_.first_read_back;
  for (const auto& position : known_) {
    if (position.last_line_at) since = std::max(since, *position.last_line_at);
  }
  return since;
}

// Looks at the family and starts to read what was not read yet, oldest first.
Result<void> FileTail::locate(bool was_down) {
  std::vector<Candidate> found;
  bool raced = true;
  for (int look = 0; look < kLooksMax && raced; ++look) {
    auto looked = open_candidates(raced);
    if (!looked) return looked.error();
    found = std::move(*looked);
  }
  if (raced) return make_error(Error::Code::unavailable, "open " + path_ + ": is being rotated");
  const auto since = unread_since();
  const bool any = std::any_of(found.begin(), found.end(),
                               [](const auto& one) { return one.matched() && !one.blank; });
  bool newer_than_known = true;
  std::vector<Candidate*> unread;
  for (auto& candidate : found) {  // newest first
    if (candidate.matched() && !candidate.blank) newer_than_known = false;
    if (candidate.reader != nullptr) continue;
    const auto state = candidate.file.content->growing();
    if (candidate.known) {
      const auto& position = known_[*candidate.known];
      const bool grew = state && state->size_bytes > position.offset;
      if (!position.finished || grew || candidate.is_current) unread.push_back(&candidate);
    } else if (candidate.is_current ||
               (any ? newer_than_known : !since || last_written(candidate.file) >= *since)) {
      unread.push_back(&candidate);
    }
  }
  if (was_down || located_) report_lost(found);
  std::vector<std::size_t> resumed;
  for (auto* const candidate : std::views::reverse(unread)) {
    if (candidate->known) resumed.push_back(*candidate->known);
    // Found late, it is still older than what is being read already.
    const GenerationReader* before = nullptr;
    for (const auto* newer = candidate; before == nullptr && newer != found.data();) {
      before = (--newer)->reader;
    }
    start_reading(*candidate, before);
  }
  std::sort(resumed.rbegin(), resumed.rend());
  for (const auto index : resumed)
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(index));
  if (known_.size() > kKnownMax) {
    known_.erase(known_.begin(), known_.end() - static_cast<std::ptrdiff_t>(kKnownMax));
  }
  located_ = true;
  if (readings_.empty()) {
    return make_error(Error::Code::not_found, "open " + path_ + ": No such file or directory");
  }
  return {};
}

void FileTail::start_reading(Candidate& candidate, const GenerationReader* before) {
  SourcePosition position;
  if (candidate.known) {
    position = known_[*candidate.known];
    position.finished = false;
  } else {
    position.source = numbers_.next();
    // A file of the day keeps its name; any other one is the configured log, wherever it is now.
    const bool by_date = candidate.is_current && candidate.member.path != path_;
    position.path = by_date ? candidate.member.path : path_;
  }
  Generation generation{position.source, options_.spec, position.path, candidate.member.path,
                        candidate.file.modified_at};
  Reading reading;
  reading.blank_at = candidate.file.modified_at;
  reading.reader =
      std::make_unique<GenerationReader>(std::move(candidate.file), std::move(generation),
                                         std::move(position), std::move(candidate.head));
  const auto at = std::find_if(readings_.begin(), readings_.end(), [before](const auto& other) {
    return other.reader.get() == before;
  });
  readings_.insert(at, std::move(reading));
}

// Positions that no file of the family fits: what followed them is lost.
void FileTail::report_lost(const std::vector<Candidate>& found) {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    auto& position = known_[i];
    const bool here = std::any_of(found.begin(), found.end(),
                                  [i](const auto& candidate) { return candidate.known == i; });
    if (here || position.finished) continue;
    position.finished = true;
    retired_.push_back(position);
    if (position.offset == 0) continue;  // nothing was read of it
    std::string cause = "rotated away while rastrod was down";
    if (!unreadable_.empty()) cause += ", or in a file that cannot be read (" + unreadable_ + ")";
    holes_.push_back(
        {position.path, position.last_line_at.value_or(Time{}), clock_.wall(), std::move(cause)});
  }
}

// --- Following -----------------------------------------------------------------------------------

std::optional<std::string> FileTail::current_path() {
  if (options_.alone || exists(path_)) return path_;
  const auto now = clock_.steady();
  if (listed_at_ != Duration::min() && now - listed_at_ < kRetry) return std::nullopt;
  listed_at_ = now;
  const auto list = members();
  if (!list) return std::nullopt;
  // Between a rename and the next line there may be hours: the newest renamed file counts.
  const auto current = current_member(*list).value_or(0);
  if (list->empty()) return std::nullopt;
  return (*list)[current].path;
}

// A file that was empty was written to, and perhaps copied and truncated before anybody looked: its
// first content may stand in a copy.
bool FileTail::blank_changed() {
  auto& newest = readings_.back();
  if (options_.alone || !newest.reader->untouched()) return false;
  const auto state = newest.reader->state();
  if (!state) return false;
  const Time modified_at{Duration(state->modified_ns / 1000)};
  if (modified_at == newest.blank_at) return false;
  newest.blank_at = modified_at;
  newest.reader->look_at_head();
  return true;
}

// The newest generation is at its end: is it still the one that has the name?
Result<void> FileTail::check_rotation() {
  const auto path = current_path();
  if (!path) return {};  // the name is briefly absent
  const auto& newest = readings_.back().reader->position();
  if (names_file(*path, options_.symlinks, newest.device, newest.inode)) {
    seen_end_at_ = clock_.wall();
    return {};
  }
  // An archive that is newest stays so for hours, and looking into it is work.
  const auto is = identify(*path);
  if (*path != path_ && is && is == looked_at_) return {};
  const auto had = readings_.size();
  auto looked = locate(false);
  if (looked) looked_at_ = is;
  if (readings_.size() > had) past_.rotations += readings_.size() - had;
  return looked;
}

Result<Progress> FileTail::poll(std::size_t budget_bytes) {
  Progress progress;
  if (next() != nullptr) {
    progress.more = true;
    return progress;
  }
  if (failure_ && clock_.steady() < retry_at_) {
    if (readings_.empty()) return *failure_;
  } else {
    failure_.reset();
  }
  if (readings_.empty()) {
    if (options_.alone && located_) return progress;
    if (auto looked = locate(true); !looked) {
      failure_ = looked.error();
      retry_at_ = clock_.steady() + kRetry;
      return looked.error();
    }
  }
  if (blank_changed()) {
    if (auto looked = locate(false); !looked) return looked.error();
  }
  std::size_t index = 0;
  while (index < readings_.size()) {
    auto& reading = readings_[index];
    if (reading.closing) {
      retire(index);
      continue;
    }
    const auto before = reading.reader->bytes_read();
    const auto step = reading.reader->read(budget_bytes - progress.bytes);
    if (!step) {
      if (step.error().code != Error::Code::corrupt) {
        return make_error(step.error().code, path_ + ": " + step.error().message);
      }
      on_damage(index, step.error().message);
      continue;
    }
    progress.bytes += static_cast<std::size_t>(reading.reader->bytes_read() - before);
    if (*step == GenerationReader::Step::data) {
      reading.ended_at.reset();
      reading.finished = false;
      if (next() != nullptr || progress.bytes >= budget_bytes) {
        progress.more = true;
        return progress;
      }
      continue;
    }
    if (*step == GenerationReader::Step::changed) {
      on_changed(index);
      progress.more = true;
      return progress;
    }
    const auto had = readings_.size();
    if (auto ended = on_end(index); !ended) return ended.error();
    if (next() != nullptr) {
      progress.more = true;
      return progress;
    }
    if (index < readings_.size() && readings_.size() >= had && !readings_[index].closing) ++index;
  }
  return progress;
}

Result<void> FileTail::on_end(std::size_t index) {
  auto& reading = readings_[index];
  if (options_.alone || (reading.reader->complete() && index + 1 < readings_.size()) ||
      index + 2 < readings_.size()) {
    close(index);
    return {};
  }
  if (index + 1 == readings_.size()) {
    if (failure_) return *failure_;
    auto looked = check_rotation();
    if (!looked && looked.error().code != Error::Code::not_found) {
      failure_ = looked.error();
      retry_at_ = clock_.steady() + kRetry;
      return looked.error();
    }
    return {};
  }
  const auto now = clock_.steady();
  if (!reading.ended_at) {
    reading.ended_at = now;
  } else if (!reading.finished && now - *reading.ended_at >= kLinger) {
    reading.finished = true;
    reading.reader->finish();
  } else if (reading.finished && now - *reading.ended_at >= kLateWriters) {
    close(index);
  }
  return {};
}

void FileTail::close(std::size_t index) {
  auto& reading = readings_[index];
  reading.reader->finish();
  reading.finished = true;
  reading.closing = true;
}

void FileTail::retire(std::size_t index) {
  auto& reader = *readings_[index].reader;
  reader.set_finished(true);
  past_.bytes += reader.bytes_read();
  past_.cut_lines += reader.cut_lines();
  past_.nul_bytes += reader.nul_bytes();
  retired_.push_back(reader.position());
  known_.push_back(reader.position());
  readings_.erase(readings_.begin() + static_cast<std::ptrdiff_t>(index));
}

// Truncated, or truncated and written anew past where we were. What stood in it may have been
// copied first, and is then read on from the copy.
void FileTail::on_changed(std::size_t index) {
  ++past_.truncations;
  auto gone = std::move(readings_[index]);
  readings_.erase(readings_.begin() + static_cast<std::ptrdiff_t>(index));
  const auto position = gone.reader->position();
  known_.push_back(position);
  known_.back().finished = false;
  const auto from = seen_end_at_ ? seen_end_at_ : position.last_line_at;
  CoverageHole hole{position.path, from.value_or(Time{}), clock_.wall(), {}};
  // The new generation begins in the same file, so nothing can be "rotated away" here.
  const auto holes = holes_.size();
  const auto had = readings_.size();
  changed_opened_at_ = gone.reader->generation().modified_at;
  const auto looked = locate(false);
  changed_opened_at_.reset();
  holes_.resize(std::min(holes, holes_.size()));
  const bool resumed = std::any_of(readings_.begin(), readings_.end(), [&](const auto& reading) {
    return reading.reader->generation().source == position.source;
  });
  // A position at 0 names nothing; then a file that appeared beside the new one is the copy.
  const bool copied = resumed || (position.offset == 0 && readings_.size() > had + 1);
  hole.cause = copied ? "copied and truncated: lines written between the two are lost"
                      : "truncated: lines written since the last look are lost";
  holes_.push_back(std::move(hole));
  if (copied) return;
  if (looked) {
    std::erase_if(known_, [&](const auto& known) { return known.source == position.source; });
    std::erase_if(retired_, [&](const auto& done) { return done.source == position.source; });
    readings_.insert(readings_.begin(), std::move(gone));
    close(0);
  }
}

void FileTail::on_damage(std::size_t index, const std::string& what) {
  ++past_.damaged_archives;
  auto& reading = readings_[index];
  const auto& generation = reading.reader->generation();
  const auto& position = reading.reader->position();
  holes_.push_back({generation.path, position.last_line_at.value_or(generation.modified_at),
                    generation.modified_at, generation.found_at + ": " + what});
  // Without finish(): half a line may read as something else.
  reading.finished = true;
  reading.closing = true;
}

// --- What was read -------------------------------------------------------------------------------

const SourceLine* FileTail::next() {
  for (const auto& reading : readings_) {
    if (const auto* line = reading.reader->next()) return line;
  }
  return nullptr;
}

void FileTail::take(std::optional<Time> stamp) {
  for (const auto& reading : readings_) {
    if (reading.reader->next() == nullptr) continue;
    reading.reader->take(stamp);
    ++past_.lines;
    return;
  }
  RASTRO_CHECK(false);
}

void FileTail::take_positions(std::vector<SourcePosition>& changed) {
  const auto report = [&](const SourcePosition& position) {
    auto& last = reported_[position.source];
    if (last == position) return;
    last = position;
    changed.push_back(position);
  };
  for (const auto& position : retired_) report(position);
  retired_.clear();
  for (const auto& reading : readings_) {
    // Finished only once its last line is behind the position.
    reading.reader->set_finished(reading.finished && reading.reader->next() == nullptr);
    report(reading.reader->position());
  }
}

void FileTail::take_holes(std::vector<CoverageHole>& holes) {
  holes.insert(holes.end(), std::make_move_iterator(holes_.begin()),
               std::make_move_iterator(holes_.end()));
  holes_.clear();
}

SourceCounters FileTail::counters() const {
  auto all = past_;
  for (const auto& reading : readings_) {
    all.bytes += reading.reader->bytes_read();
    all.cut_lines += reading.reader->cut_lines();
    all.nul_bytes += reading.reader->nul_bytes();
  }
  return all;
}

}  // namespace rastro
