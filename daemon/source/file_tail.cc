#include "daemon/source/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ranges>
#include <sstream>
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

Error no_such_file(const std::string& path) {
  return {Error::Code::not_found, "open " + path + ": No such file or directory"};
}

// Of two names with dates; 0: one has none. More than one need not mean that a file is missing:
// logrotate makes them weekly too, and none of a day without a line with `notifempty`.
int days_between(const Rotation& before, const Rotation& after) {
  const auto day = [](const Rotation& rotation) -> std::optional<std::chrono::sys_days> {
    constexpr std::size_t kDigits = 8;
    if (rotation.kind != Rotation::Kind::date || rotation.date.size() < kDigits)
      return std::nullopt;
    unsigned number = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
      const char digit = rotation.date[i];
      if (digit < '0' || digit > '9') return std::nullopt;
      number = number * 10 + static_cast<unsigned>(digit - '0');
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number / 10'000)),
                                           std::chrono::month(number / 100 % 100),
                                           std::chrono::day(number % 100)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
  };
  const auto from = day(before);
  const auto until = day(after);
  return from && until ? static_cast<int>((*until - *from).count()) : 0;
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
  for (auto& candidate : found) {
    candidate.starts = std::ranges::find(unread, &candidate) != unread.end();
    if (candidate.known) candidate.source = known_[*candidate.known].source;
    if (candidate.reader != nullptr) candidate.source = candidate.reader->generation().source;
  }
  newest_is_named_ =
      !readings_.empty() && std::any_of(found.begin(), found.end(), [this](const auto& one) {
        return one.reader == readings_.back().reader.get();
      });
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
  if (was_down) find_gaps(found);
  std::sort(resumed.rbegin(), resumed.rend());
  for (const auto index : resumed)
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(index));
  if (known_.size() > kKnownMax) {
    known_.erase(known_.begin(), known_.end() - static_cast<std::ptrdiff_t>(kKnownMax));
  }
  located_ = true;
  if (readings_.empty()) {
    return no_such_file(path_);
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
  candidate.source = position.source;
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

// The file that was read has its inode still, and other content; what was read stands in a copy. A
// log made anew may have the inode of one that was renamed, packed and removed, but was born after
// the last line of that.
bool FileTail::copied_over(const std::vector<Candidate>& found) const {
  return std::ranges::any_of(found, [&](const Candidate& copy) {
    if (!copy.known) return false;
    const auto& was = known_[*copy.known];
    return std::ranges::any_of(found, [&](const Candidate& current) {
      return current.is_current && &current != &copy && !current.known &&
             current.file.device == was.device && current.file.inode == was.inode &&
             current.file.born_at && *current.file.born_at < copy.file.modified_at;
    });
  });
}

// What rotation leaves behind when something went wrong while nobody looked: a number that is not
// there, and a file that was copied and truncated, where what was written between the two is lost.
void FileTail::find_gaps(const std::vector<Candidate>& found) {
  for (std::size_t i = 0; i + 1 < found.size(); ++i) {  // newest first
    const auto& after = found[i];
    const auto& before = found[i + 1];
    const bool is_new = after.starts && !after.known;
    if (!is_new || before.source == 0 || after.source == 0) continue;
    Gap gap{before.source, after.source, path_, before.file.modified_at, {}};
    const auto number = [](const Candidate& one) {
      return one.member.rotation.kind == Rotation::Kind::none ? 0U : one.member.rotation.number;
    };
    const bool numbered = before.member.rotation.kind == Rotation::Kind::number &&
                          after.member.rotation.kind != Rotation::Kind::date;
    const auto the_two = before.member.path + " and " + after.member.path;
    if (numbered && number(before) > number(after) + 1) {
      gap.cause = "a rotated file is missing between " + the_two;
    } else if (days_between(before.member.rotation, after.member.rotation) > 1) {
      gap.cause = "no rotated file of the days between " + the_two;
    } else if (copied_over(found)) {
      gap.cause = "copied and truncated: lines written between the two are lost";
    } else {
      continue;
    }
    // One that was found before a restart, and waits for its end still.
    if (std::ranges::find(gaps_, gap.before, &Gap::before) == gaps_.end()) add_gap(std::move(gap));
  }
}

// Of one too many, nobody waits for the end.
void FileTail::add_gap(Gap gap) {
  if (gaps_.size() < kGapsMax) {
    gaps_.push_back(std::move(gap));
  } else {
    holes_.push_back({gap.path, gap.since, Time::max(), gap.cause});
  }
}

const SourcePosition* FileTail::position_of(std::uint32_t source) {
  for (auto& reading : readings_) {
    if (reading.reader->generation().source == source) return &reading.reader->position();
  }
  const auto known = std::ranges::find(known_, source, &SourcePosition::source);
  return known == known_.end() ? nullptr : &*known;
}

// A gap is told once both of its ends are read; one of which the later is silent is open until it
// speaks (StoreReader::holes()).
void FileTail::fill_gaps() {
  const auto source_of = [](const Reading& reading) { return reading.reader->generation().source; };
  std::erase_if(gaps_, [this, &source_of](Gap& gap) {
    const bool still_read = std::ranges::any_of(readings_, [&](const Reading& reading) {
      return reading.reader->generation().source == gap.before && !reading.closing &&
             !reading.finished;
    });
    // One without a line that ended tells nothing: the next one may.
    const auto tells_nothing = [](const Reading& reading) {
      return (reading.finished || reading.closing) && !reading.reader->position().first_line_at;
    };
    if (gap.after != 0) {
      const auto reading = std::ranges::find(readings_, gap.after, source_of);
      const auto* const after = position_of(gap.after);
      const bool gone = reading == readings_.end() && (after == nullptr || !after->first_line_at);
      if (gone || (reading != readings_.end() && tells_nothing(*reading))) gap.after = 0;
    }
    if (gap.after == 0) {
      for (const auto& reading : readings_) {
        const auto source = source_of(reading);
        if (source > gap.before && !tells_nothing(reading) &&
            (gap.after == 0 || source < gap.after))
          gap.after = source;
      }
    }
    const auto* const after = gap.after == 0 ? nullptr : position_of(gap.after);
    const bool speaks = after != nullptr && after->first_line_at.has_value();
    if (!speaks && (still_read || gap.told)) return false;
    if (!gap.told) {
      const auto* const before = position_of(gap.before);
      if (before != nullptr && before->last_line_at) gap.since = *before->last_line_at;
    }
    const auto until = speaks ? std::max(gap.since, *after->first_line_at) : Time::max();
    holes_.push_back({gap.path, gap.since, until, gap.cause});
    gap.told = true;
    return speaks;
  });
}

// Where the later generation has no line yet, a restart may give it another number.
void FileTail::restore_pending(std::string_view value) {
  saved_gaps_ = value;
  while (!value.empty() && gaps_.size() < kGapsMax) {
    const auto end = value.find('\n');
    std::istringstream line{std::string(value.substr(0, end))};
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
    Gap gap;
    Duration::rep since = 0;
    std::size_t path_size = 0;
    line >> gap.before >> since >> gap.told >> path_size;
    if (!line || !std::getline(line.ignore(), gap.cause) || gap.cause.size() < path_size) continue;
    gap.path = gap.cause.substr(0, path_size);
    gap.cause.erase(0, path_size);
    gap.since = Time(Duration(since));
    gaps_.push_back(std::move(gap));
  }
}

void FileTail::take_pending(std::vector<PendingState>& changed) {
  if (gaps_.empty() && saved_gaps_.empty()) return;
  std::ostringstream text;
  for (const auto& gap : gaps_) {
    text << gap.before << ' ' << gap.since.time_since_epoch().count() << ' ' << gap.told << ' '
         << gap.path.size() << ' ';
    for (const char c : gap.path + gap.cause) text << (c == '\n' ? ' ' : c);
    text << '\n';
  }
  auto now = std::move(text).str();
  if (now == saved_gaps_) return;
  saved_gaps_ = now;
  changed.push_back({std::string(kPendingPrefix) + path_, std::move(now)});
}

// --- Following -----------------------------------------------------------------------------------

std::optional<std::string> FileTail::current_path() {
  if (options_.alone || exists(path_)) return path_;
  const auto now = clock_.steady();
  if (listed_at_ != Duration::min() && now - listed_at_ < kRetry) return std::nullopt;
  listed_at_ = now;
  const auto list = members();
  if (!list) {
    note_absence(list.error());
    return std::nullopt;
  }
  // Between a rename and the next line there may be hours: the newest renamed file counts.
  const auto current = current_member(*list).value_or(0);
  if (list->empty()) {
    note_absence(no_such_file(path_));
    return std::nullopt;
  }
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
    end_absence(false);
    return {};
  }
  // An archive that is newest stays so for hours, and looking into it is work.
  const auto is = identify(*path);
  if (*path != path_ && is && is == looked_at_) return {};
  const auto had = readings_.size();
  const auto* const before = readings_.back().reader.get();
  const bool was_missing = is_missing();
  auto looked = locate(false);
  if (looked) {
    looked_at_ = is;
    if (readings_.back().reader.get() != before || newest_is_named_) {
      end_absence(was_missing && readings_.back().reader.get() != before);
    } else if (*path != path_) {
      note_absence(no_such_file(path_));
    }
  }
  if (readings_.size() > had) past_.rotations += readings_.size() - had;
  return looked;
}

void FileTail::note_absence(Error error) {
  if (!absence_) absence_ = {clock_.steady(), seen_end_at_.value_or(clock_.wall()), {}};
  absence_->error = std::move(error);
}

bool FileTail::is_missing() const {
  if (!absence_ || clock_.steady() - absence_->noticed_at < kAbsentMax) return false;
  if (!options_.wildcard || absence_->error.code != Error::Code::not_found) return true;
  const auto last_line_at = readings_.back().reader->position().last_line_at;
  return last_line_at && *last_line_at > absence_->since - kSilent;
}

// `lost`: what was written in between went somewhere else.
void FileTail::end_absence(bool lost) {
  if (lost && absence_) holes_.push_back({path_, absence_->since, clock_.wall(), "not there"});
  absence_.reset();
}

std::optional<Time> FileTail::read_until() const {
  if (absence_) return absence_->since;
  if (seen_end_at_) return seen_end_at_;
  std::optional<Time> until;
  for (const auto& position : known_) until = std::max(until, position.last_line_at);
  for (const auto& reading : readings_)
    until = std::max(until, reading.reader->position().last_line_at);
  return until;
}

void FileTail::look_for_half_line(const Reading& newest) {
  auto& reader = *newest.reader;
  if (options_.alone || !reader.has_partial_line()) {
    half_line_.reset();
  } else if (!half_line_ || half_line_->bytes_read != reader.bytes_read()) {
    half_line_ = {reader.bytes_read(), clock_.steady(), {}};
  }
  if (half_line_ && reader.next() == nullptr)
    half_line_->last_line_at = reader.position().last_line_at;
}

std::optional<Time> FileTail::half_line_since() const {
  if (!half_line_ || clock_.steady() - half_line_->seen_at < kHalfLineMax) return std::nullopt;
  return half_line_->last_line_at.value_or(Time{});
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
    if (index + 1 == readings_.size()) look_for_half_line(reading);
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
  if (absence_ && !readings_.empty() && is_missing()) return absence_->error;
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
  auto since = generation.modified_at;
  // Nothing of it could be read: from the file before it.
  for (const auto& known : known_) {
    if (!position.last_line_at && known.last_line_at && *known.last_line_at < since)
      since = *known.last_line_at;
  }
  const auto cause = generation.found_at + ": " + what;
  if (options_.alone) {
    since = position.last_line_at.value_or(since);
    holes_.push_back({generation.path, since, std::max(since, generation.modified_at), cause});
  } else {
    const bool has_next = index + 1 < readings_.size();
    const auto next = has_next ? readings_[index + 1].reader->generation().source : 0;
    add_gap({generation.source, next, generation.path, since, cause});
  }
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
  fill_gaps();
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
