#include "store/writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <optional>
#include <system_error>
#include <utility>

#include "store/ballast.h"
#include "store/hash_key.h"
#include "store/keys.h"
#include "store/leg_rows.h"
#include "store/lock.h"
#include "store/postings.h"
#include "store/quarantine.h"
#include "store/rebuild.h"
#include "store/retention.h"
#include "store/shard.h"
#include "store/state_rows.h"

namespace rastro {
namespace {

// One slice of housekeeping: each about 10 to 20 ms.
constexpr std::size_t kSegmentsPerSlice = 256;
constexpr std::size_t kCarriedPerSlice = 500;
constexpr Duration kStartChecksMax = std::chrono::seconds(1);
constexpr Duration kRetentionEvery = std::chrono::seconds(30);
constexpr Duration kVisibleStep = std::chrono::seconds(1);
// An open file that is past retention is closed when nothing was written for so long. While a
// backlog of old lines is read the open file is old and must stay the open one.
constexpr Duration kIdleMin = std::chrono::minutes(10);
// Files waiting to be sealed keep their postings in memory; with more of them commit() seals.
constexpr std::size_t kWaitingForSealMax = 3;
// Scan reads years of logs: there an hour's file ends only when it has this many rows, so their
// number follows the amount of mail, not the calendar.
constexpr std::uint32_t kScanRowsMin = 200'000;

// One file as the writer knows it.
struct ShardFile {
  std::uint64_t serial = 0;
  std::filesystem::path path;
  ShardName name;
  FileState state;
  std::uint32_t row_max = 0;
  PostingRuns runs;
  LegIdRuns carried;
  std::shared_ptr<std::atomic<bool>> damaged = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<const FileView> view;  // null: changed since the last snapshot
  // While it is not sealed. The row writer's statements go before their connection.
  std::optional<Database> database;
  std::unique_ptr<LegRowWriter> rows;
};

struct OpenLeg {
  std::uint64_t serial = 0;
  std::uint32_t row = 0;
};
// Keys are our own leg ids, spread by their hash; the flat map mixes them again.
using OpenLegs = boost::unordered_flat_map<std::uint64_t, OpenLeg>;
using RowOfLeg = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

// What a transaction would change in memory, and how to take it back.
struct Stage {
  FileState state;
  std::uint32_t row_max = 0;
  std::vector<Posting> postings;
  std::vector<std::uint64_t> carried;
  std::vector<std::pair<std::uint64_t, std::optional<std::uint32_t>>> rows_before;
  std::vector<std::pair<std::uint64_t, std::optional<OpenLeg>>> open_before;
};

void widen(std::optional<Time>& low, std::optional<Time>& high, Time at) {
  if (!low || at < *low) low = at;
  if (!high || at > *high) high = at;
}

bool is_empty(const Batch& batch) {
  return batch.legs.empty() && batch.encounters.empty() && batch.positions.empty() &&
         batch.holes.empty() && batch.pending.empty();
}

class WriterImpl final : public Writer {
 public:
  WriterImpl(StoreOptions options, const Clock& clock, DirectoryLock lock, KeyHasher hasher)
      : options_(std::move(options)),
        clock_(clock),
        lock_(std::move(lock)),
        hasher_(hasher),
        key_check_(hasher(0xff, "rastro")),
        dictionary_seed_(hasher(0xfe, "dictionary")),
        guard_(clock),
        ballast_(options_.state_directory / "ballast",
                 options_.keep_everything ? 0 : options_.ballast_bytes) {}

  Result<void> load_directory();

  Result<void> commit(const Batch& batch) override;
  Result<bool> work_a_slice() override;
  Result<std::vector<SourcePosition>> load_positions() override;
  Result<std::vector<PendingEntry>> load_pending() override;
  Result<void> for_each_open_leg(const std::function<void(const LegRecord&)>& visit) override;
  std::shared_ptr<const StoreSnapshot> snapshot() const override {
    return std::atomic_load(&snapshot_);
  }
  WriterCounters counters() const override { return counters_; }

 private:
  // Start.
  Result<void> load_file(const ShardName& name, const std::filesystem::path& path, bool deep);
  Result<void> load_rows(ShardFile& file);
  Result<void> load_open_legs();
  // A batch.
  Result<void> commit_once(const Batch& batch);
  Result<void> make_room(const Batch& batch, Error full);
  void write_leg(const LegRecord& leg, Stage& stage);
  Result<void> finish(Transaction& transaction, Stage& stage);
  void take_back(const Stage& stage);
  Stage start_stage() const;
  // Hours.
  Result<void> ensure_open_file(Time line_time);
  Result<void> roll_to(Time hour);
  Result<void> ensure_row_writer();
  std::unique_ptr<LegRowWriter> make_row_writer(ShardFile& file) const;
  // Housekeeping.
  Result<void> seal_some();
  Result<void> carry_some();
  bool load_to_carry(std::uint64_t leg_id, LegRecord& leg);
  void give_up_if_old(LegRecord& leg);
  Result<void> keep_retention();
  void set_damaged_aside();
  void forget_file(std::size_t index);
  void drop_oldest();
  void publish();

  Result<Database> open_for_reading(const ShardFile& file) const;
  ShardFile* find_serial(std::uint64_t serial);

  StoreOptions options_;
  const Clock& clock_;
  DirectoryLock lock_;
  KeyHasher hasher_;
  std::uint32_t key_check_;
  std::uint64_t dictionary_seed_;
  ClockGuard guard_;
  Ballast ballast_;

  std::vector<std::unique_ptr<ShardFile>> files_;  // oldest first
  ShardFile* open_ = nullptr;                      // takes the writes; null: none yet
  std::uint64_t next_serial_ = 1;
  std::uint64_t earlier_leg_id_max_ = 0;  // over all files but the open one
  RowOfLeg row_of_leg_;                   // newest row in the open file
  OpenLegs open_legs_;

  std::deque<std::uint64_t> waiting_for_seal_;  // serials
  std::optional<SegmentPacker> packer_;         // of the first of them

  std::vector<std::uint64_t> to_carry_;  // leg ids, last one first
  struct CarrySource {
    std::uint64_t serial = 0;
    Database database;
    LegRowReader rows;
    CarrySource(std::uint64_t from, Database&& opened)
        : serial(from), database(std::move(opened)), rows(database) {}
  };
  std::unique_ptr<CarrySource> carry_source_;

  std::optional<Duration> retention_checked_at_;  // steady
  std::vector<FileTrouble> foreign_;              // left where they are
  std::vector<FileTrouble> quarantined_;
  Time ended_visible_since_ = Time::min();
  WriterCounters counters_;
  std::shared_ptr<const StoreSnapshot> snapshot_;
};

// ---------------------------------------------------------------------------------------- start

Result<void> WriterImpl::load_directory() {
  std::vector<std::pair<ShardName, std::filesystem::path>> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(options_.state_directory, failed)) {
    const auto file = entry.path().filename().string();
    if (const auto name = parse_shard_name(file)) found.emplace_back(*name, entry.path());
    // A file that was being made when we died; everything in it is in the one before too.
    if (file.ends_with(".db.new") && parse_shard_name(file.substr(0, file.size() - 4))) {
      remove_shard_files(entry.path());
    }
  }
  if (failed) {
    return make_error(Error::Code::io,
                      "list " + options_.state_directory.string() + ": " + failed.message());
  }
  // Newest first: it is checked in full whatever that takes, the older ones as far as the time for
  // a start allows. Damage in the rest shows when they are read.
  std::sort(found.rbegin(), found.rend());
  const auto checks_end = clock_.steady() + kStartChecksMax;
  for (const auto& [name, path] : found) {
    const bool deep = files_.empty() || clock_.steady() < checks_end;
    if (auto done = load_file(name, path, deep); !done) return done;
  }
  std::reverse(files_.begin(), files_.end());
  std::reverse(waiting_for_seal_.begin(), waiting_for_seal_.end());
  if (!files_.empty() && !files_.back()->state.sealed) {
    open_ = files_.back().get();
    waiting_for_seal_.erase(
        std::remove(waiting_for_seal_.begin(), waiting_for_seal_.end(), open_->serial),
        waiting_for_seal_.end());
  }
  if (auto done = load_open_legs(); !done) return done;
  quarantined_ = list_quarantined(options_.state_directory);
  publish();
  return {};
}

Result<void> WriterImpl::load_file(const ShardName& name, const std::filesystem::path& path,
                                   bool deep) {
  auto file = std::make_unique<ShardFile>();
  file->path = path;
  file->name = name;
  auto opened = open_shard(path, deep);
  Result<void> done;
  if (opened) {
    file->database.emplace(std::move(*opened));
    file->state = load_state(*file->database);
    done = load_rows(*file);
  } else {
    done = opened.error();
  }
  if (!done) {
    file.reset();  // closes the connection before its file is moved
    switch (done.error().code) {
      case Error::Code::corrupt:
        quarantine_shard(path, done.error().message);
        ++counters_.files_quarantined;
        return {};
      case Error::Code::invalid:
        foreign_.push_back({path.filename().string(), name.hour, name.hour + std::chrono::hours(1),
                            done.error().message});
        return {};
      case Error::Code::limit:
        return make_error(Error::Code::corrupt, done.error().message);
      default:
        return done;
    }
  }
  file->serial = next_serial_++;
  if (file->state.sealed) {
    file->database.reset();
  } else {
    waiting_for_seal_.push_back(file->serial);
  }
  files_.push_back(std::move(file));
  return {};
}

Result<void> WriterImpl::load_rows(ShardFile& file) {
  auto& database = *file.database;
  file.row_max =
      static_cast<std::uint32_t>(database.query_int("SELECT max(row) FROM leg").value_or(0));
  file.carried = read_carried(database);
  const LegRowReader fits(database);  // every statement that a reader will use
  if (file.state.key_check != key_check_) {
    // The secret was lost: the postings lead nowhere. They are made again.
    file.state.sealed = false;
    file.state.key_check = key_check_;
    save_state(database, file.state);
  }
  if (!file.state.sealed) {
    file.runs = rebuild_postings(database, hasher_);
    file.rows = make_row_writer(file);
  }
  return database.take_error();
}

Result<void> WriterImpl::load_open_legs() {
  // The newest file into which everything open was carried has all there is to know of before.
  std::size_t first = files_.size();
  while (first > 0) {
    --first;
    if (files_[first]->state.carried_all) break;
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    auto& file = *files_[i];
    if (&file != open_) earlier_leg_id_max_ = std::max(earlier_leg_id_max_, file.state.leg_id_max);
    if (i < first) continue;
    auto database = open_for_reading(file);
    if (!database) return database.error();
    for_each_version(*database, [&](const VersionMark& version) {
      if (version.open) {
        open_legs_[version.leg_id] = {file.serial, version.row};
      } else {
        open_legs_.erase(version.leg_id);
      }
      if (&file == open_) row_of_leg_[version.leg_id] = version.row;
    });
    if (auto done = database->take_error(); !done) return done;
  }
  if (open_ != nullptr && !open_->state.carried_all && !options_.keep_everything) {
    for (const auto& [leg_id, where] : open_legs_) {
      if (where.serial != open_->serial) to_carry_.push_back(leg_id);
    }
  }
  return {};
}

Result<std::vector<SourcePosition>> WriterImpl::load_positions() {
  if (files_.empty()) return std::vector<SourcePosition>{};
  auto database = open_for_reading(*files_.back());
  if (!database) return database.error();
  auto positions = read_positions(*database);
  if (auto done = database->take_error(); !done) return done.error();
  return positions;
}

Result<std::vector<PendingEntry>> WriterImpl::load_pending() {
  if (files_.empty()) return std::vector<PendingEntry>{};
  auto database = open_for_reading(*files_.back());
  if (!database) return database.error();
  auto entries = read_pending(*database);
  if (auto done = database->take_error(); !done) return done.error();
  return entries;
}

Result<void> WriterImpl::for_each_open_leg(const std::function<void(const LegRecord&)>& visit) {
  std::vector<OpenLeg> places;
  places.reserve(open_legs_.size());
  for (const auto& [leg_id, where] : open_legs_) places.push_back(where);
  std::sort(places.begin(), places.end(), [](const OpenLeg& a, const OpenLeg& b) {
    return std::pair(a.serial, a.row) < std::pair(b.serial, b.row);
  });
  LegRecord leg;
  for (std::size_t i = 0; i < places.size();) {
    const auto serial = places[i].serial;
    auto database = open_for_reading(*find_serial(serial));
    if (!database) return database.error();
    {
      LegRowReader rows(*database);
      for (; i < places.size() && places[i].serial == serial; ++i) {
        if (rows.load(places[i].row, LegRowReader::Depth::summary, leg)) visit(leg);
      }
    }
    if (auto done = database->take_error(); !done) return done;
  }
  return {};
}

Result<Database> WriterImpl::open_for_reading(const ShardFile& file) const {
  return Database::open(file.path, Database::Mode::read_only);
}

ShardFile* WriterImpl::find_serial(std::uint64_t serial) {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [serial](const auto& file) { return file->serial == serial; });
  return found == files_.end() ? nullptr : found->get();
}

// -------------------------------------------------------------------------------------- a batch

Result<void> WriterImpl::commit(const Batch& batch) {
  if (is_empty(batch)) return {};
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
  for (const auto& leg : batch.legs) write_leg(leg, stage);
  for (const auto& encounter : batch.encounters) {
    open_->rows->write_encounter(encounter);
    widen(stage.state.activity_min, stage.state.activity_max, encounter.at);
    widen(stage.state.arrival_min, stage.state.arrival_max, encounter.at);
  }
  write_positions(database, batch.positions);
  write_holes(database, batch.holes);
  write_pending(database, batch.pending);
  if (!stage.state.line_time || batch.line_time > *stage.state.line_time) {
    stage.state.line_time = batch.line_time;
  }
  auto done = finish(transaction, stage);
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
  const bool known_open = was_open != open_legs_.end();
  stage.open_before.emplace_back(leg.id,
                                 known_open ? std::optional(was_open->second) : std::nullopt);
  // An id starts with its second, so one above all ids of the earlier files is in none of them.
  if (first_here && (known_open || leg.id <= earlier_leg_id_max_)) stage.carried.push_back(leg.id);
  if (is_open(leg)) {
    open_legs_[leg.id] = {open_->serial, row};
  } else if (known_open) {
    open_legs_.erase(was_open);
  }

  open_->rows->write(leg, row, previous);
  KeyPoster poster(hasher_, stage.postings);
  poster.start_row(row);
  poster.post(leg);
  auto& state = stage.state;
  widen(state.arrival_min, state.arrival_max, leg.opened_at);
  widen(state.activity_min, state.activity_max, std::max(leg.opened_at, leg.last_activity_at));
  if (leg.closed_at && *leg.closed_at > *state.activity_max) state.activity_max = leg.closed_at;
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
  open_->view.reset();
  publish();
  return {};
}

void WriterImpl::take_back(const Stage& stage) {
  for (auto i = stage.rows_before.rbegin(); i != stage.rows_before.rend(); ++i) {
    if (i->second) {
      row_of_leg_[i->first] = *i->second;
    } else {
      row_of_leg_.erase(i->first);
    }
  }
  for (auto i = stage.open_before.rbegin(); i != stage.open_before.rend(); ++i) {
    if (i->second) {
      open_legs_[i->first] = *i->second;
    } else {
      open_legs_.erase(i->first);
    }
  }
  open_->rows.reset();  // ensure_row_writer() makes it again
}

// ---------------------------------------------------------------------------------------- hours

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

Result<void> WriterImpl::roll_to(Time hour) {
  ShardFile* previous = files_.empty() ? nullptr : files_.back().get();
  std::optional<Database> previous_database;
  auto file = std::make_unique<ShardFile>();
  file->state.hour = hour;
  file->state.written_at = clock_.wall();
  file->state.key_check = key_check_;
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
      create_shard(file->path, file->state, previous_database ? &*previous_database : nullptr);
  if (!created) return created.error();
  file->database.emplace(std::move(*created));
  file->rows = make_row_writer(*file);
  file->serial = next_serial_++;

  if (open_ != nullptr) {
    waiting_for_seal_.push_back(open_->serial);
    earlier_leg_id_max_ = std::max(earlier_leg_id_max_, open_->state.leg_id_max);
  }
  open_ = file.get();
  files_.push_back(std::move(file));
  row_of_leg_.clear();
  to_carry_.clear();
  if (!options_.keep_everything) {
    for (const auto& [leg_id, where] : open_legs_) to_carry_.push_back(leg_id);
    // One source file after the other, each front to back.
    std::sort(to_carry_.begin(), to_carry_.end(), [this](std::uint64_t a, std::uint64_t b) {
      const auto& left = open_legs_.at(a);
      const auto& right = open_legs_.at(b);
      return std::pair(left.serial, left.row) > std::pair(right.serial, right.row);
    });
  }
  publish();
  while (waiting_for_seal_.size() > kWaitingForSealMax) {
    if (auto done = seal_some(); !done) return done;
  }
  return {};
}

// --------------------------------------------------------------------------------- housekeeping

Result<bool> WriterImpl::work_a_slice() {
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
  if (!to_carry_.empty() ||
      (open_ != nullptr && !open_->state.carried_all && !options_.keep_everything)) {
    if (auto done = carry_some(); !done) return done.error();
    // What waited only for this may go now.
    if (to_carry_.empty()) retention_checked_at_.reset();
  } else if (!waiting_for_seal_.empty()) {
    if (auto done = seal_some(); !done) return done.error();
  }
  return !to_carry_.empty() || !waiting_for_seal_.empty() || (may_drop && !retention_checked_at_);
}

Result<void> WriterImpl::seal_some() {
  auto* file = find_serial(waiting_for_seal_.front());
  auto& database = *file->database;
  bool finished = false;
  auto state = file->state;
  {
    Transaction transaction(database);
    if (!packer_) {
      database.run("DELETE FROM segment");  // of a sealing that was cut short
      packer_.emplace(file->runs);
    }
    finished = packer_->write_some(database, kSegmentsPerSlice);
    state.sealed = finished;
    if (finished) save_state(database, state);
    if (auto done = transaction.commit(); !done) {
      packer_.reset();  // it has moved on past what was rolled back
      if (done.error().code == Error::Code::corrupt) file->damaged->store(true);
      return done;
    }
  }
  if (!finished) return {};
  packer_.reset();
  waiting_for_seal_.pop_front();
  // Without waiting for readers; closing it tries once more.
  database.run("PRAGMA busy_timeout=0; PRAGMA wal_checkpoint(TRUNCATE)");
  static_cast<void>(database.take_error());
  file->rows.reset();
  file->database.reset();
  file->state = state;
  file->runs.clear();
  file->view.reset();
  ++counters_.files_sealed;
  publish();
  return {};
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
  if (found == open_legs_.end() || found->second.serial == open_->serial) return false;
  const auto where = found->second;
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
  open_legs_.erase(found);
  return false;
}

Result<void> WriterImpl::keep_retention() {
  const auto now = clock_.wall();
  if (!quarantined_.empty()) {
    expire_quarantined(options_.state_directory, ended_visible_since_);
    quarantined_ = list_quarantined(options_.state_directory);
  }
  // A quiet server: the open file itself is due. Positions and open legs move to a new one first.
  if (open_ != nullptr && expires_at(open_->state, options_.retention) <= now &&
      hour_of(now) > open_->state.hour && now - open_->state.written_at >= kIdleMin) {
    if (auto done = roll_to(hour_of(now)); !done) return done;
  }
  if (to_carry_.empty()) {
    for (std::size_t i = files_.size(); i-- > 0;) {
      if (files_[i].get() == open_) continue;
      if (expires_at(files_[i]->state, options_.retention) > now) continue;
      forget_file(i);
      ++counters_.files_expired;
    }
  }
  publish();
  return {};
}

// Unlinks one file and all that is known of it. Readers that have it open read on.
void WriterImpl::forget_file(std::size_t index) {
  const auto serial = files_[index]->serial;
  const auto path = files_[index]->path;
  if (!waiting_for_seal_.empty() && waiting_for_seal_.front() == serial) packer_.reset();
  std::erase(waiting_for_seal_, serial);
  if (carry_source_ && carry_source_->serial == serial) carry_source_.reset();
  boost::unordered::erase_if(open_legs_,
                             [serial](const auto& leg) { return leg.second.serial == serial; });
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  remove_shard_files(path);
}

void WriterImpl::drop_oldest() {
  forget_file(0);
  ++counters_.files_dropped_full;
  publish();
}

void WriterImpl::set_damaged_aside() {
  for (std::size_t i = files_.size(); i-- > 0;) {
    auto& file = *files_[i];
    // The open file is left to the next start: the sources have already read on, so only going back
    // to the positions of the hour before brings its lines again.
    if (&file == open_ || !file.damaged->load()) continue;
    file.rows.reset();
    file.database.reset();
    quarantined_.push_back(
        quarantine_shard(file.path, "SQLite found it damaged while it was read"));
    ++counters_.files_quarantined;
    forget_file(i);
    publish();
  }
}

void WriterImpl::publish() {
  auto next = std::make_shared<StoreSnapshot>(StoreSnapshot{hasher_, {}, {}, Time::min()});
  for (auto& file : files_) {
    if (!file->view) {
      file->view = std::make_shared<const FileView>(FileView{file->serial, file->path, file->state,
                                                             file->row_max, file->runs,
                                                             file->carried, file->damaged});
    }
    next->files.push_back(file->view);
  }
  next->troubles = quarantined_;
  next->troubles.insert(next->troubles.end(), foreign_.begin(), foreign_.end());
  next->ended_visible_since = ended_visible_since_;
  std::atomic_store(&snapshot_, std::shared_ptr<const StoreSnapshot>(std::move(next)));
}

}  // namespace

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
