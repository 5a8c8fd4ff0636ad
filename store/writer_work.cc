#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "store/quarantine.h"
#include "store/state_rows.h"
#include "store/writer_impl.h"

namespace rastro {
namespace {

// One slice of housekeeping: each about 10 to 20 ms.
constexpr std::size_t kSegmentsPerSlice = 256;
// Longer, since until the last one is done questions take longer too: about 40 ms.
constexpr std::uint32_t kRebuiltPerSlice = 8'000;
constexpr std::size_t kAddressRowsPerSlice = 8'000;
constexpr std::uint32_t kTimedRowsPerSlice = 20'000;
constexpr std::size_t kCarriedPerSlice = 500;
constexpr Duration kRetentionEvery = std::chrono::seconds(30);
constexpr Duration kLookForFilesEvery = std::chrono::seconds(5);
constexpr Duration kVisibleStep = std::chrono::seconds(1);
// An open file that is past retention is closed when nothing was written for so long. While a
// backlog of old lines is read the open file is old and must stay the open one.
constexpr Duration kIdleMin = std::chrono::minutes(10);

bool is_absent(const std::filesystem::path& path) {
  std::error_code failed;
  return !std::filesystem::exists(path, failed) && !failed;
}

bool holds_index(const std::filesystem::path& directory) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    if (parse_shard_name(entry.path().filename().string())) return true;
  }
  return false;
}

}  // namespace

Result<bool> WriterImpl::work_a_slice() {
  if (auto done = note_vanished(); !done) return done.error();
  set_damaged_aside();
  const auto steady = clock_.steady();
  const bool may_drop = !options_.keep_everything && guard_.trusted();
  if (may_drop && clock_.wall() - options_.retention >= ended_visible_since_ + kVisibleStep) {
    ended_visible_since_ = clock_.wall() - options_.retention;
    publish();
  }
  if (may_drop && (!retention_checked_at_ || steady >= *retention_checked_at_ + kRetentionEvery)) {
    retention_checked_at_ = steady;
    if (auto done = keep_retention(); !done) return done.error();
    ballast_.maybe_fill();
  }
  auto* unposted = next_to_rebuild();
  if (unposted != nullptr) {
    if (auto done = rebuild_some(*unposted); !done) return done.error();
  } else if (!to_carry_.empty() ||
             (open_ != nullptr && !open_->state.carried_all && !options_.keep_everything)) {
    if (auto done = carry_some(); !done) return done.error();
    // What waited only for this may go now.
    if (to_carry_.empty()) retention_checked_at_.reset();
  } else if (!waiting_for_seal_.empty()) {
    if (auto done = seal_some(); !done) return done.error();
  }
  return unposted != nullptr || !to_carry_.empty() || !waiting_for_seal_.empty() ||
         (may_drop && !retention_checked_at_);
}

// The open file first, being the one that is asked most.
ShardFile* WriterImpl::next_to_rebuild() {
  // A damaged one is read by questions, which say so, until it is set aside.
  const auto wants = [](const ShardFile& file) { return file.rebuild && !file.damaged->load(); };
  if (open_ != nullptr && wants(*open_)) return open_;
  for (const auto serial : waiting_for_seal_) {
    if (auto* file = find_serial(serial); wants(*file)) return file;
  }
  return nullptr;
}

Result<void> WriterImpl::rebuild_some(ShardFile& file) {
  const bool all = file.rebuild->work_some(*file.database, hasher_, kRebuiltPerSlice, file.runs);
  if (auto done = note_damage(file, file.database->take_error()); !done) return done;
  if (all) file.rebuild.reset();
  file.view.reset();
  publish();
  return {};
}

Result<void> WriterImpl::seal_some() {
  auto* file = find_serial(waiting_for_seal_.front());
  if (file->rebuild) return rebuild_some(*file);
  auto& database = *file->database;
  bool finished = false;
  auto state = file->state;
  {
    Transaction transaction(database);
    if (!packer_) {
      database.run("DELETE FROM segment");  // of a sealing that was cut short
      pack_pending(database);               // its pages are the segments' then
      packer_.emplace(file->runs);
    }
    if (!addresses_ && packer_->write_some(database, kSegmentsPerSlice)) {
      addresses_.emplace();
    } else if (addresses_) {
      finished = addresses_->work_some(database, kAddressRowsPerSlice) && finish_row_times(*file);
    }
    state.sealed = finished;
    if (finished) save_state(database, state);
    if (auto done = transaction.commit(); !done) {
      packer_.reset();  // it has moved on past what was rolled back
      addresses_.reset();
      if (done.error().code == Error::Code::corrupt) file->damaged->store(true);
      return done;
    }
  }
  if (!finished) return {};
  packer_.reset();
  addresses_.reset();
  waiting_for_seal_.pop_front();
  // Without waiting for readers; closing it tries once more.
  database.run("PRAGMA busy_timeout=0; PRAGMA wal_checkpoint(TRUNCATE)");
  static_cast<void>(database.take_error());
  file->rows.reset();
  file->database.reset();
  file->state = state;
  file->runs.clear();
  file->notes->note(std::make_shared<const RowTimes>(std::exchange(file->row_times, {})));
  file->view.reset();
  ++counters_.files_sealed;
  publish();
  return {};
}

// True: they are in the file.
bool WriterImpl::finish_row_times(ShardFile& file) {
  auto& times = file.row_times;
  // After a start a reader may know more.
  const auto noted = file.notes->row_times();
  if (noted && noted->known() > times.known()) times = *noted;
  const auto rows = std::min(file.row_max - times.known(), kTimedRowsPerSlice);
  if (!times.read_on(*file.database, times.known() + rows) || times.known() < file.row_max) {
    return false;
  }
  write_row_times(*file.database, times);
  return true;
}

void WriterImpl::give_up_if_old(LegRecord& leg) {
  if (clock_.wall() - leg.last_activity_at < options_.open_legs_age_max) return;
  for (auto& recipient : leg.recipients) {
    if (is_final(recipient.outcome)) continue;
    recipient.outcome = Outcome::unknown;
    recipient.unknown_because = UnknownBecause::no_end_logged;
  }
  leg.closed_at = clock_.wall();
  ++counters_.legs_given_up;
}

Result<void> WriterImpl::carry_some() {
  if (auto done = ensure_row_writer(); !done) return done;
  auto stage = start_stage();
  Transaction transaction(*open_->database);
  std::size_t carried = 0;
  std::vector<std::uint64_t> taken;
  LegRecord leg;
  while (!to_carry_.empty() && carried < kCarriedPerSlice) {
    const auto leg_id = to_carry_.back();
    to_carry_.pop_back();
    taken.push_back(leg_id);
    if (!load_to_carry(leg_id, leg)) continue;
    give_up_if_old(leg);
    write_leg(leg, stage);
    ++carried;
  }
  stage.state.carried_all = to_carry_.empty();
  if (auto done = finish(transaction, stage); !done) {
    to_carry_.insert(to_carry_.end(), taken.rbegin(), taken.rend());
    return done;
  }
  counters_.legs_carried += carried;
  if (to_carry_.empty()) carry_source_.reset();
  return {};
}

// False: it need not be carried any more, or cannot.
bool WriterImpl::load_to_carry(std::uint64_t leg_id, LegRecord& leg) {
  const auto found = open_legs_.find(leg_id);
  if (!found || found->serial == open_->serial) return false;
  const auto where = *found;
  const auto* file = find_serial(where.serial);
  if (file != nullptr && (!carry_source_ || carry_source_->serial != where.serial)) {
    carry_source_.reset();
    if (auto database = open_for_reading(*file)) {
      carry_source_ = std::make_unique<CarrySource>(where.serial, std::move(*database));
    }
  }
  if (carry_source_ && carry_source_->serial == where.serial &&
      carry_source_->rows.load(where.row, LegRowReader::Depth::summary, leg)) {
    return true;
  }
  // Unreadable: the leg cannot be saved, and the file's trouble tells of it.
  if (carry_source_) static_cast<void>(carry_source_->database.take_error());
  if (file != nullptr) file->damaged->store(true);
  open_legs_.erase(leg_id);
  return false;
}

Result<void> WriterImpl::keep_retention() {
  const auto now = clock_.wall();
  expire_quarantined(options_.state_directory, ended_visible_since_);
  if (!quarantined_.empty()) {
    std::error_code unknown;
    std::erase_if(quarantined_, [&](const FileTrouble& trouble) {
      return !std::filesystem::exists(options_.state_directory / trouble.file, unknown) && !unknown;
    });
  }
  // A quiet server: the open file itself is due. Positions and open legs move to a new one first.
  if (open_ != nullptr && expires_at(open_->state, options_.retention) <= now &&
      hour_of(now) > open_->state.hour && now - open_->state.written_at >= kIdleMin) {
    if (auto done = roll_to(hour_of(now)); !done) return done;
  }
  if (to_carry_.empty()) {
    const auto expired = [&](const ShardFile& file) {
      return &file != open_ && expires_at(file.state, options_.retention) <= now;
    };
    forget_expired(expired);
    if (auto done = keep_within_bytes_max(); !done) return done;
  }
  publish();
  return {};
}

void WriterImpl::forget_expired(const std::function<bool(const ShardFile&)>& expired) {
  if (std::none_of(files_.begin(), files_.end(), [&](const auto& file) { return expired(*file); }))
    return;
  // First, lest they are missed. On a full disk they go all the same: a start misses none that has
  // expired.
  if (open_ != nullptr) {
    Transaction transaction(*open_->database);
    write_earlier_files(*open_->database, earlier_files(open_, expired));
    static_cast<void>(transaction.commit());
  }
  for (std::size_t i = files_.size(); i-- > 0;) {
    if (!expired(*files_[i])) continue;
    forget_file(i);
    ++counters_.files_expired;
  }
}

std::vector<EarlierFile> WriterImpl::earlier_files(
    const ShardFile* newest, const std::function<bool(const ShardFile&)>& leaves_out) const {
  std::vector<EarlierFile> earlier;
  for (const auto& file : files_) {
    if (file.get() == newest || (leaves_out && leaves_out(*file))) continue;
    earlier.push_back({file->path.filename().string(), file->state});
  }
  return earlier;
}

Result<void> WriterImpl::keep_within_bytes_max() {
  if (options_.bytes_max == 0 || open_ == nullptr) return {};
  std::vector<std::uint64_t> bytes;
  std::uint64_t total = 0;
  for (const auto& file : files_) {
    bytes.push_back(bytes_on_disk(file->path));
    total += bytes.back();
  }
  for (std::size_t i = 0; total > options_.bytes_max && files_.front().get() != open_; ++i) {
    if (auto done = forget_early(0,
                                 "store.bytes_max was reached: the oldest hour of the"
                                 " index was dropped");
        !done) {
      return done;
    }
    ++counters_.files_dropped_full;
    total -= bytes[i];
  }
  return {};
}

Result<void> WriterImpl::forget_early(std::size_t index, const char* cause) {
  Transaction transaction(*open_->database);
  const auto& gone = *files_[index];
  write_holes(*open_->database, holes_left_by(gone, cause));
  write_earlier_files(*open_->database, earlier_files(open_, [&gone](const ShardFile& file) {
    return &file == &gone;
  }));
  if (auto done = transaction.commit(); !done) return done;
  forget_file(index);
  return {};
}

// A finished hour that somebody removed: the positions are past it, so it is not read again.
Result<void> WriterImpl::note_vanished() {
  const auto steady = clock_.steady();
  if (looked_for_files_at_ && steady < *looked_for_files_at_ + kLookForFilesEvery) return {};
  looked_for_files_at_ = steady;
  if (open_ == nullptr || place() != IndexPlace::same) return {};
  const auto before = counters_.files_vanished;
  for (std::size_t i = files_.size(); i-- > 0;) {
    if (files_[i].get() == open_ || !is_absent(files_[i]->path)) continue;
    if (auto done = forget_early(i, kVanished); !done) return done;
    ++counters_.files_vanished;
  }
  if (counters_.files_vanished != before) publish();
  return {};
}

IndexPlace WriterImpl::place() const {
  if (options_.keep_everything) return IndexPlace::same;
  const auto& directory = options_.state_directory;
  if (lock_.is_in_place()) {
    return open_ != nullptr && is_absent(open_->path) ? IndexPlace::replaced : IndexPlace::same;
  }
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return IndexPlace::gone;
  // Below the mount point of a file system that is not mounted no index is begun: it would be
  // hidden, and take the space of another one.
  return lock_.is_on_device_of(directory) || holds_index(directory) ? IndexPlace::replaced
                                                                    : IndexPlace::gone;
}

// Unlinks one file and all that is known of it. Readers that have it open read on.
void WriterImpl::forget_file(std::size_t index) {
  const auto serial = files_[index]->serial;
  const auto path = files_[index]->path;
  if (!waiting_for_seal_.empty() && waiting_for_seal_.front() == serial) {
    packer_.reset();
    addresses_.reset();
  }
  std::erase(waiting_for_seal_, serial);
  if (carry_source_ && carry_source_->serial == serial) carry_source_.reset();
  open_legs_.erase_of_file(serial);
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  forget_check(path);
  remove_shard_files(path);
}

// What answers must be told once the file is gone before its time: the file, and the holes that it
// told of and that are still of interest.
std::vector<CoverageHole> WriterImpl::holes_left_by(const ShardFile& file,
                                                    const char* cause) const {
  std::vector<CoverageHole> holes;
  if (auto database = open_for_reading(file)) {
    holes = read_holes(*database, clock_.wall() - options_.retention, Time::max());
    static_cast<void>(database->take_error());
  }
  holes.push_back(hole_of(file.state, cause));
  return holes;
}

// Nothing can be written before there is room: the holes go with the next batch.
void WriterImpl::drop_oldest() {
  auto holes =
      holes_left_by(*files_.front(), "the disk was full: the oldest hour of the index was dropped");
  std::move(holes.begin(), holes.end(), std::back_inserter(dropped_));
  forget_file(0);
  ++counters_.files_dropped_full;
  publish();
}

std::size_t WriterImpl::note_read_to_end() {
  const auto noted = note_read_again(options_.state_directory);
  if (noted == 0) return 0;
  quarantined_ = list_quarantined(options_.state_directory);
  publish();
  return noted;
}

void WriterImpl::set_aside(std::size_t index, const std::string& why) {
  auto& file = *files_[index];
  file.rows.reset();
  file.database.reset();
  quarantined_.push_back(quarantine_shard(file.path, why));
  ++counters_.files_quarantined;
  forget_file(index);
}

void WriterImpl::set_damaged_aside() {
  for (std::size_t i = files_.size(); i-- > 0;) {
    auto& file = *files_[i];
    if (!file.damaged->load()) continue;
    if (&file == open_) {
      // Left to the next start: the sources have already read on, so only going back to the
      // positions of the hour before brings its lines again.
      check_at_next_start(file.path);
      continue;
    }
    set_aside(i, "SQLite found it damaged while it was read");
    publish();
  }
}

}  // namespace rastro
