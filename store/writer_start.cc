#include <algorithm>
#include <system_error>
#include <utility>

#include "store/keys.h"
#include "store/quarantine.h"
#include "store/query.h"
#include "store/rebuild.h"
#include "store/state_rows.h"
#include "store/writer_impl.h"

namespace rastro {
namespace {

// The same for disks that are slow or busy.
constexpr Duration kStartChecksMax = std::chrono::milliseconds(300);

// Oldest first. Looks from the end back until many rows in a row are older: carried legs stand
// among the new ones.
std::vector<std::uint32_t> rows_active_since(Database& database, Time since) {
  constexpr int kOlderMax = 20'000;
  std::vector<std::uint32_t> out;
  int older = 0;
  auto leg = database.prepare("SELECT row, opened_at + active_after FROM leg ORDER BY row DESC");
  while (older < kOlderMax && leg.step()) {
    if (leg.column_int(1) < since.time_since_epoch().count()) {
      ++older;
      continue;
    }
    older = 0;
    out.push_back(static_cast<std::uint32_t>(leg.column_int(0)));
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace

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
  std::sort(found.rbegin(), found.rend());
  const auto checks_end = clock_.steady() + kStartChecksMax;
  std::uint64_t checked_bytes = 0;
  for (const auto& [name, path] : found) {
    const auto bytes = bytes_on_disk(path);
    const bool suspected = is_to_be_checked(path);
    const bool whole = suspected || (checked_bytes + bytes <= options_.start_check_bytes_max &&
                                     clock_.steady() < checks_end);
    if (whole && !suspected) checked_bytes += bytes;
    if (auto done = load_file(name, path, whole); !done) return done;
    if (suspected) forget_check(path);
  }
  std::reverse(files_.begin(), files_.end());
  std::reverse(waiting_for_seal_.begin(), waiting_for_seal_.end());
  // What was not checked whole may turn out to be damaged where a start has to read. Without that
  // file the one before is the newest.
  for (;;) {
    auto done = load_newest_state();
    if (done) break;
    const auto damaged = std::find_if(files_.begin(), files_.end(),
                                      [](const auto& file) { return file->damaged->load(); });
    if (damaged == files_.end()) return done;
    const bool newest = damaged + 1 == files_.end();
    set_aside(static_cast<std::size_t>(damaged - files_.begin()), done.error().message);
    note_if_read_again(quarantined_.back(), newest);
  }
  quarantined_ = list_quarantined(options_.state_directory);
  note_missing();
  // From the first answer on, not from the first housekeeping.
  if (!options_.keep_everything) ended_visible_since_ = clock_.wall() - options_.retention;
  publish();
  return {};
}

Result<void> WriterImpl::load_earlier_files() {
  auto database = open_for_reading(*files_.back());
  if (!database) return database.error();
  listed_files_ = read_earlier_files(*database);
  return database->take_error();
}

// As note_vanished(), of what was removed while nobody ran. The newest file knows the others; with
// it removed, the logs are read again on from the one before.
void WriterImpl::note_missing() {
  if (files_.empty() || options_.keep_everything) return;
  for (const auto& [name, state] : std::exchange(listed_files_, {})) {
    const bool is_there = std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
      return file->path.filename() == name;
    });
    if (is_there || was_set_aside(name) || expires_at(state, options_.retention) <= clock_.wall()) {
      continue;
    }
    dropped_.push_back(hole_of(state, kVanished));
    ++counters_.files_vanished;
  }
  if (dropped_.empty()) return;
  Batch nothing;
  nothing.line_time = files_.back()->state.line_time.value_or(Time{});
  // What is in the way of writing stops no start; these holes go with the next batch then.
  static_cast<void>(commit(nothing));
}

bool WriterImpl::was_set_aside(const std::string& file) const {
  const auto bad = (options_.state_directory / file).string() + ".bad";
  std::error_code failed;
  return std::filesystem::exists(bad, failed);
}

void WriterImpl::note_if_read_again(const FileTrouble& trouble, bool is_read_again) const {
  if (is_read_again) note_reading_again(options_.state_directory / trouble.file);
}

Result<void> WriterImpl::note_damage(const ShardFile& file, Result<void> done) {
  if (!done && done.error().code == Error::Code::corrupt) file.damaged->store(true);
  return done;
}

Result<void> WriterImpl::load_newest_state() {
  open_ = nullptr;
  if (files_.empty()) return {};
  auto written_at = Time::min();
  for (const auto& file : files_) written_at = std::max(written_at, file->state.written_at);
  guard_.start(written_at);
  auto& newest = *files_.back();
  // One of an earlier version takes no further rows: the next ones begin a file of their own.
  if (!newest.state.sealed && newest.layout == kRowLayoutNow) {
    open_ = &newest;
    std::erase(waiting_for_seal_, open_->serial);
    // What was in flight is asked for by the next lines, and its rows are the last ones.
    if (open_->rebuild) {
      if (auto done = rebuild_some(*open_); !done) return done;
    }
  }
  // Where to read on: it must not be found damaged when everything else has begun.
  const auto positions = load_positions();
  if (!positions) return note_damage(newest, positions.error());
  const auto pending = load_pending();
  if (!pending) return note_damage(newest, pending.error());
  if (auto done = load_earlier_files(); !done) return note_damage(newest, done);
  return load_open_legs();
}

Result<void> WriterImpl::load_file(const ShardName& name, const std::filesystem::path& path,
                                   bool whole) {
  auto file = std::make_unique<ShardFile>();
  file->path = path;
  file->name = name;
  file->checked = whole;
  auto opened = open_shard(path, whole);
  Result<void> done;
  if (opened) {
    file->database = std::make_unique<Database>(std::move(*opened));
    file->state = load_state(*file->database);
    done = load_rows(*file);
  } else {
    done = opened.error();
  }
  if (!done) {
    file.reset();  // closes the connection before its file is moved
    switch (done.error().code) {
      case Error::Code::corrupt:
        // Without a newer one the positions are those of the file before it.
        note_if_read_again(quarantine_shard(path, done.error().message), files_.empty());
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
  file.layout = row_layout(database);
  file.carried = read_carried(database);
  const LegRowReader fits(database);  // every statement that a reader will use
  if (file.state.key_check != key_check_) {
    // The secret was lost: the postings lead nowhere. They are made again.
    file.state.sealed = false;
    file.state.key_check = key_check_;
    save_state(database, file.state);
  }
  if (!file.state.sealed && file.row_max != 0) {
    file.rebuild = std::make_unique<PostingRebuild>(file.row_max);
  }
  return database.take_error();
}

Result<void> WriterImpl::load_open_legs() {
  open_legs_.clear();
  row_of_leg_.clear();
  to_carry_.clear();
  earlier_leg_id_max_ = 0;
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
    if (!database) return note_damage(file, database.error());
    for_each_version(*database, [&](const VersionMark& version) {
      if (version.open) {
        // What an earlier build wrote does not say so.
        const bool untold = version.untold || file.state.key_kinds < kKeyKinds;
        open_legs_.put(version.leg_id, {file.serial, version.row, untold, {}});
      } else {
        open_legs_.erase(version.leg_id);
      }
      if (&file == open_) row_of_leg_[version.leg_id] = version.row;
    });
    if (auto done = note_damage(file, database->take_error()); !done) return done;
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
  std::vector<OpenLegPlace> places;
  places.reserve(open_legs_.size());
  for (const auto& [leg_id, where] : open_legs_) places.push_back(where);
  std::sort(places.begin(), places.end(), [](const OpenLegPlace& a, const OpenLegPlace& b) {
    return std::pair(a.serial, a.row) < std::pair(b.serial, b.row);
  });
  LegRecord leg;
  for (std::size_t i = 0; i < places.size();) {
    const auto serial = places[i].serial;
    const auto& file = *find_serial(serial);
    auto database = open_for_reading(file);
    if (!database) return database.error();
    {
      LegHeaderReader rows(*database);
      for (; i < places.size() && places[i].serial == serial; ++i) {
        if (rows.load(places[i].row, leg)) visit(leg);
      }
    }
    if (auto done = note_damage(file, database->take_error()); !done && !file.damaged->load()) {
      return done;
    }
  }
  return {};
}

Result<void> WriterImpl::for_each_ended_leg(Duration back,
                                            const std::function<void(const LegRecord&)>& visit) {
  std::optional<Time> newest;
  for (const auto& file : files_) newest = std::max(newest, file->state.activity_max);
  if (!newest) return {};
  const auto since = *newest - back;
  LegRecord leg;
  for (const auto& file : files_) {
    if (!file->state.activity_max || *file->state.activity_max < since) continue;
    auto database = open_for_reading(*file);
    if (!database) return database.error();
    {
      LegHeaderReader rows(*database);
      for (const auto row : rows_active_since(*database, since)) {
        if (rows.load(row, leg) && !is_open(leg)) visit(leg);
      }
    }
    if (auto done = note_damage(*file, database->take_error()); !done && !file->damaged->load()) {
      return done;
    }
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

}  // namespace rastro
