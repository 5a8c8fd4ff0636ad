#include "store/writer.h"

#include <algorithm>
#include <atomic>
#include <ranges>
#include <system_error>
#include <utility>

#include "store/keys.h"
#include "store/query.h"
#include "store/state_rows.h"
#include "store/writer_impl.h"

namespace rastro {
namespace {

// Files waiting to be sealed keep their postings in memory; with more of them commit() seals.
constexpr std::size_t kWaitingForSealMax = 3;
// Scan reads years of logs: there an hour's file ends only when it has this many rows, so their
// number follows the amount of mail, not the calendar.
constexpr std::uint32_t kScanRowsMin = 200'000;
constexpr std::uint32_t kRowsNotedAtOnce = 8'192;

void widen(std::optional<Time>& low, std::optional<Time>& high, Time at) {
  if (!low || at < *low) low = at;
  if (!high || at > *high) high = at;
}

bool is_empty(const Batch& batch) {
  return batch.legs.empty() && batch.encounters.empty() && batch.positions.empty() &&
         batch.holes.empty() && batch.pending.empty() && batch.raw_blocks.empty();
}

}  // namespace

Result<void> WriterImpl::commit(const Batch& batch) {
  if (is_empty(batch) && dropped_.empty()) return {};
  auto done = commit_once(batch);
  if (!done && done.error().code == Error::Code::limit) done = make_room(batch, done.error());
  if (!done) {
    ++counters_.commit_failures;
    return done;
  }
  ++counters_.batches;
  counters_.legs += batch.legs.size();
  return {};
}

Result<void> WriterImpl::make_room(const Batch& batch, Error full) {
  Result<void> done = full;
  if (ballast_.release()) {
    ++counters_.ballast_released;
    done = commit_once(batch);
  }
  if (!done && done.error().code == Error::Code::limit && files_.size() > 1 &&
      files_.front().get() != open_) {
    drop_oldest();
    done = commit_once(batch);
  }
  return done;
}

Stage WriterImpl::start_stage() const {
  Stage stage;
  stage.state = open_->state;
  stage.state.written_at = clock_.wall();
  stage.row_max = open_->row_max;
  return stage;
}

Result<void> WriterImpl::commit_once(const Batch& batch) {
  if (auto done = ensure_open_file(batch.line_time); !done) return done;
  auto stage = start_stage();
  const auto written_before = open_->database->bytes_written();
  auto& database = *open_->database;
  Transaction transaction(database);
  batch.legs.for_each([&](const LegRecord& leg) { write_leg(leg, stage); });
  for (const auto& encounter : batch.encounters) {
    open_->rows->write_encounter(encounter);
    widen(stage.state.activity_min, stage.state.activity_max, encounter.at);
    widen(stage.state.arrival_min, stage.state.arrival_max, encounter.at);
  }
  write_positions(database, batch.positions);
  write_holes(database, batch.holes);
  write_holes(database, dropped_);
  if (!dropped_.empty()) write_earlier_files(database, earlier_files(open_));
  write_pending(database, batch.pending);
  write_raw_blocks(database, batch.raw_blocks);
  if (!stage.state.line_time || batch.line_time > *stage.state.line_time) {
    stage.state.line_time = batch.line_time;
  }
  auto done = finish(transaction, stage);
  if (done) dropped_.clear();
  counters_.bytes_written += database.bytes_written() - written_before;
  return done;
}

void WriterImpl::write_leg(const LegRecord& leg, Stage& stage) {
  const auto row = ++stage.row_max;
  auto [in_file, first_here] = row_of_leg_.try_emplace(leg.id, row);
  const auto previous = first_here ? 0 : in_file->second;
  stage.rows_before.emplace_back(
      leg.id, first_here ? std::nullopt : std::optional<std::uint32_t>(previous));
  in_file->second = row;

  const auto was_open = open_legs_.find(leg.id);
  const bool known_open = was_open.has_value();
  stage.open_before.emplace_back(leg.id, was_open);
  // An id starts with its second, so one above all ids of the earlier files is in none of them.
  if (first_here && (known_open || leg.id <= earlier_leg_id_max_)) stage.carried.push_back(leg.id);
  HeaderPlace header;
  if (known_open && was_open->serial == open_->serial) header = was_open->header;
  const bool stays_open = is_open(leg);
  open_->rows->write(leg, row, previous, stays_open || header.row != 0 ? &header : nullptr);
  if (stays_open) {
    open_legs_.put(leg.id, {open_->serial, row, !names_all_recipients(leg), header});
  } else if (known_open) {
    open_legs_.erase(leg.id);
  }

  KeyPoster poster(hasher_, stage.postings);
  poster.start_row(row);
  poster.post(leg);
  stage.rows.push_back({micros(leg.opened_at), micros(leg.last_activity_at), leg.id});
  auto& state = stage.state;
  widen(state.arrival_min, state.arrival_max, leg.opened_at);
  widen(state.activity_min, state.activity_max, std::max(leg.opened_at, leg.last_activity_at));
  if (leg.closed_at) state.activity_max = std::max(state.activity_max, leg.closed_at);
  state.leg_id_max = std::max(state.leg_id_max, leg.id);
}

Result<void> WriterImpl::finish(Transaction& transaction, Stage& stage) {
  auto& database = *open_->database;
  if (!stage.carried.empty()) {
    auto insert = database.prepare("INSERT OR IGNORE INTO carried(leg_id) VALUES(?1)");
    for (const auto leg_id : stage.carried) insert.bind(1, static_cast<std::int64_t>(leg_id)).run();
  }
  save_state(database, stage.state);
  if (auto done = transaction.commit(); !done) {
    take_back(stage);
    return done;
  }
  open_->state = stage.state;
  open_->row_max = stage.row_max;
  open_->runs.add(std::move(stage.postings));
  open_->carried.add(std::move(stage.carried));
  note_rows(stage);
  open_->view.reset();
  publish();
  return {};
}

// For readers too, now and then. What a start did not read is not known until the file is sealed.
void WriterImpl::note_rows(const Stage& stage) {
  auto& times = open_->row_times;
  if (times.known() + stage.rows.size() != open_->row_max) return;
  for (const auto& row : stage.rows) times.add(row);
  const auto noted = open_->notes->row_times();
  if (times.known() - (noted ? noted->known() : 0) < kRowsNotedAtOnce) return;
  open_->notes->note(std::make_shared<const RowTimes>(times));
}

void WriterImpl::take_back(const Stage& stage) {
  for (const auto& before : stage.rows_before | std::views::reverse) {
    if (before.second) {
      row_of_leg_[before.first] = *before.second;
    } else {
      row_of_leg_.erase(before.first);
    }
  }
  for (const auto& before : stage.open_before | std::views::reverse) {
    if (before.second) {
      open_legs_.put(before.first, *before.second);
    } else {
      open_legs_.erase(before.first);
    }
  }
  open_->rows.reset();  // ensure_row_writer() makes it again
}

Result<void> WriterImpl::ensure_open_file(Time line_time) {
  auto latest = line_time;
  const auto wall = clock_.wall();
  const bool no_line_yet = line_time == Time{} || line_time == Time::min();
  if (no_line_yet) latest = wall;
  if (!options_.keep_everything) latest = std::min(latest, wall + kFutureMax);
  const auto hour = hour_of(latest);
  const bool later = open_ != nullptr && !no_line_yet && hour > open_->state.hour &&
                     (!options_.keep_everything || open_->row_max >= kScanRowsMin);
  if (open_ == nullptr || later) {
    if (auto done = roll_to(hour); !done) return done;
  }
  return ensure_row_writer();
}

// After a rollback the row numbers and the dictionary are read from the file again.
Result<void> WriterImpl::ensure_row_writer() {
  if (open_->rows) return {};
  open_->rows = make_row_writer(*open_);
  return open_->database->take_error();
}

std::unique_ptr<LegRowWriter> WriterImpl::make_row_writer(ShardFile& file) const {
  return std::make_unique<LegRowWriter>(
      *file.database, sip_hash({dictionary_seed_, key_check_}, file.path.native()));
}

void WriterImpl::plan_carrying() {
  to_carry_.clear();
  if (options_.keep_everything) return;
  std::vector<std::pair<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t>> places;
  for (const auto& [leg_id, where] : open_legs_)
    places.emplace_back(std::pair(where.serial, where.row), leg_id);
  // One source file after the other, each front to back.
  std::sort(places.begin(), places.end(), std::greater<>());
  for (const auto& place : places) to_carry_.push_back(place.second);
}

Result<void> WriterImpl::roll_to(Time hour) {
  ShardFile* previous = files_.empty() ? nullptr : files_.back().get();
  std::optional<Database> previous_database;
  auto file = std::make_unique<ShardFile>();
  file->state.hour = hour;
  file->state.written_at = clock_.wall();
  file->state.key_check = key_check_;
  file->state.key_kinds = kKeyKinds;
  file->state.carried_all = open_legs_.empty();
  if (previous != nullptr) {
    file->state.hour = std::max(hour, previous->state.hour);
    file->state.line_time = previous->state.line_time;
    if (auto done = sync_shard(previous->path); !done) return done;
    auto opened = open_for_reading(*previous);
    if (!opened) return opened.error();
    previous_database.emplace(std::move(*opened));
  }
  file->name = {file->state.hour, 0};
  const auto path_of = [&] { return options_.state_directory / to_string(file->name); };
  std::error_code ignored;
  while (std::filesystem::exists(path_of(), ignored) ||
         (previous != nullptr && file->name <= previous->name)) {
    ++file->name.suffix;
  }
  file->path = path_of();
  remove_shard_files(file->path);  // a -wal that outlived its file would be taken for ours
  auto created =
      create_shard(file->path, file->state, previous_database ? &*previous_database : nullptr,
                   earlier_files(nullptr));
  if (!created) return created.error();
  file->database = std::make_unique<Database>(std::move(*created));
  file->rows = make_row_writer(*file);
  file->serial = next_serial_++;

  if (open_ != nullptr) {
    waiting_for_seal_.push_back(open_->serial);
    open_->rows.reset();  // no further row comes, and its dictionary takes memory
    open_->database->run("PRAGMA shrink_memory");
    earlier_leg_id_max_ = std::max(earlier_leg_id_max_, open_->state.leg_id_max);
  }
  open_ = file.get();
  files_.push_back(std::move(file));
  row_of_leg_.clear();
  plan_carrying();
  publish();
  while (waiting_for_seal_.size() > kWaitingForSealMax) {
    if (auto done = seal_some(); !done) return done;
  }
  return {};
}

void WriterImpl::publish() {
  auto next = std::make_shared<StoreSnapshot>(
      StoreSnapshot{hasher_, {}, {}, merged_addresses_, Time::min(), open_legs_.untold()});
  for (auto& file : files_) {
    if (!file->view) {
      file->view = std::make_shared<const FileView>(
          FileView{file->serial, file->path, file->state, file->row_max, file->runs,
                   file->rebuild ? file->rebuild->until() : 0, file->carried, file->damaged,
                   file->checked, file->notes});
    }
    next->files.push_back(file->view);
  }
  next->troubles = quarantined_;
  next->troubles.insert(next->troubles.end(), foreign_.begin(), foreign_.end());
  next->ended_visible_since = ended_visible_since_;
  std::atomic_store(&snapshot_, std::shared_ptr<const StoreSnapshot>(std::move(next)));
}

Result<std::unique_ptr<Writer>> Writer::open(StoreOptions options, const Clock& clock) {
  std::error_code failed;
  if (std::filesystem::create_directories(options.state_directory, failed)) {
    std::filesystem::permissions(options.state_directory, std::filesystem::perms::owner_all,
                                 failed);  // everyone's mail metadata
  }
  if (failed) {
    return make_error(Error::Code::io,
                      "create " + options.state_directory.string() + ": " + failed.message());
  }
  auto lock = DirectoryLock::take(options.state_directory);
  if (!lock) return lock.error();
  auto hasher = KeyHasher::open(options.state_directory);
  if (!hasher) return hasher.error();
  auto writer = std::make_unique<WriterImpl>(std::move(options), clock, std::move(*lock), *hasher);
  if (auto done = writer->load_directory(); !done) return done.error();
  return std::unique_ptr<Writer>(std::move(writer));
}

}  // namespace rastro
