#include "store/read_file.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "store/rebuild.h"
#include "store/state_rows.h"

namespace rastro {

ReadFile::ReadFile(const FileView& view, Database&& database)
    : serial_(view.serial),
      database_(std::move(database)),
      segments_(database_),
      rows_(database_),
      mark_(database_.prepare(
          "SELECT leg_id, opened_at, active_after, previous_row FROM leg WHERE row = ?1")) {}

void ReadFile::collect_rows(const FileView& view, std::uint32_t key,
                            std::vector<std::uint32_t>& rows) {
  if (view.state.sealed) {
    segments_.collect_rows(key, rows);
  } else {
    rastro::collect_rows(view.runs, key, rows);
  }
}

std::uint64_t ReadFile::count_rows(const FileView& view, std::uint32_t key) {
  return view.state.sealed ? segments_.count_rows(key) : rastro::count_rows(view.runs, key);
}

void ReadFile::collect_unposted(const FileView& view, const KeyHasher& hasher, std::uint32_t key,
                                std::vector<std::uint32_t>& rows) {
  if (view.all_posted()) return;
  std::vector<Posting> postings;
  post_rows(database_, hasher, 1, view.unposted_until, postings, [&] {
    const auto found = std::find_if(postings.begin(), postings.end(),
                                    [key](Posting posting) { return key_of(posting) == key; });
    if (found != postings.end()) rows.push_back(row_of(*found));
    postings.clear();
  });
}

std::optional<std::uint32_t> ReadFile::newest_unposted_row_of_leg(const FileView& view,
                                                                  std::uint64_t leg_id) {
  if (view.all_posted()) return std::nullopt;
  auto row = database_.prepare("SELECT max(row) FROM leg WHERE row < ?1 AND leg_id = ?2");
  row.bind(1, std::int64_t{view.unposted_until}).bind(2, static_cast<std::int64_t>(leg_id));
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return static_cast<std::uint32_t>(row.column_int(0));
}

std::vector<std::uint32_t> ReadFile::versions_down_from(std::uint32_t newest) {
  std::vector<std::uint32_t> rows;
  std::optional<std::uint64_t> leg_id;
  for (auto row = newest; row != 0;) {
    const auto mark = mark_of(row);
    if (!mark || mark->leg_id != leg_id.value_or(mark->leg_id) || mark->previous >= row) break;
    leg_id = mark->leg_id;
    rows.push_back(row);
    row = mark->previous;
  }
  return rows;
}

void ReadFile::prefer_newest_unposted(const FileView& view, std::vector<std::uint32_t>& rows) {
  // One pass over the file for all of them: without postings each alone would take one.
  std::unordered_map<std::uint64_t, std::uint32_t> newest;
  for (const auto row : rows) {
    if (const auto mark = mark_of(row)) newest.try_emplace(mark->leg_id, row);
  }
  if (newest.empty()) return;
  auto version = database_.prepare("SELECT row, leg_id FROM leg WHERE row < ?1 ORDER BY row");
  version.bind(1, std::int64_t{view.unposted_until});
  while (version.step()) {
    const auto found = newest.find(static_cast<std::uint64_t>(version.column_int(1)));
    if (found != newest.end()) found->second = static_cast<std::uint32_t>(version.column_int(0));
  }
  rows.clear();
  for (const auto& [leg_id, row] : newest) rows.push_back(row);
}

std::optional<std::uint32_t> ReadFile::newest_posted_row_of_leg(const FileView& view,
                                                                std::uint32_t key,
                                                                std::uint64_t leg_id,
                                                                std::uint32_t known) {
  auto rows = posted_rows(view);
  rows.add(key);
  for (auto row = rows.at_most(kRowMax).value_or(0); row > 0;
       row = rows.at_most(row - 1).value_or(0)) {
    if (row == known) return row;
    const auto mark = mark_of(row);
    if (mark && mark->leg_id == leg_id) return row;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> ReadFile::newest_row_of_leg(const FileView& view, std::uint32_t key,
                                                         std::uint64_t leg_id) {
  if (const auto posted = newest_posted_row_of_leg(view, key, leg_id)) return posted;
  return newest_unposted_row_of_leg(view, leg_id);
}

std::optional<ReadFile::RowMark> ReadFile::mark_of(std::uint32_t row) {
  std::optional<RowMark> mark;
  mark_.bind(1, std::int64_t{row});
  if (mark_.step()) {
    const auto opened_at = mark_.column_int(1);
    mark = {static_cast<std::uint64_t>(mark_.column_int(0)), time_at(opened_at),
            time_after(opened_at, mark_.column_int(2)),
            static_cast<std::uint32_t>(mark_.column_int(3))};
  }
  mark_.reset();
  return mark;
}

std::vector<SourcePosition> ReadFile::positions() {
  if (!positions_) positions_ = select_positions(database_);
  return read_positions(*positions_);
}

void ReadFile::begin_reading(const FileView& view) {
  // A transaction that began before that does not see what finished the hour.
  if (view.state.sealed && !stays_open_) stays_open_ = database_.end_reading();
  database_.begin_reading();
}

void ReadFile::end_reading() {
  if (!stays_open_) static_cast<void>(database_.end_reading());
}

Result<ReadFile*> ReadFiles::open(const FileView& view) {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const auto& file) { return file->serial() == view.serial; });
  if (found != files_.end()) {
    files_.splice(files_.begin(), files_, found);
    files_.front()->begin_reading(view);
    return files_.front().get();
  }
  auto database = Database::open(view.path, Database::Mode::read_only);
  if (!database) {
    if (database.error().code == Error::Code::not_found) return static_cast<ReadFile*>(nullptr);
    if (database.error().code != Error::Code::corrupt) return database.error();
    view.damaged->store(true);
    return static_cast<ReadFile*>(nullptr);
  }
  database->set_interrupt([this] { return out_of_time(); });
  files_.push_front(std::make_unique<ReadFile>(view, std::move(*database)));
  files_.front()->begin_reading(view);
  if (files_.size() > kOpenMax) files_.pop_back();
  if (auto done = files_.front()->database().take_error(); !done) {
    files_.pop_front();
    std::error_code ignored;
    if (!std::filesystem::exists(view.path, ignored)) return static_cast<ReadFile*>(nullptr);
    if (done.error().code != Error::Code::corrupt) return done.error();
    view.damaged->store(true);
    return static_cast<ReadFile*>(nullptr);
  }
  return files_.front().get();
}

Result<void> ReadFiles::check(const FileView& view, ReadFile& file) {
  auto done = file.database().take_error();
  if (done || out_of_time()) return {};
  if (done.error().code != Error::Code::corrupt) return done;
  view.damaged->store(true);
  return {};
}

void ReadFiles::keep_only(const StoreSnapshot& snapshot) {
  std::erase_if(files_, [&](const auto& file) {
    return std::none_of(snapshot.files.begin(), snapshot.files.end(),
                        [&](const auto& view) { return view->serial == file->serial(); });
  });
}

void ReadFiles::end_reading() {
  for (auto& file : files_) file->end_reading();
}

void ReadFiles::set_limits(Duration from_now, const std::atomic<bool>* stop_when) {
  stop_when_ = stop_when;
  deadline_.reset();
  if (from_now > Duration::zero()) deadline_ = SystemClock().steady() + from_now;
}

bool ReadFiles::out_of_time() const {
  if (stop_when_ != nullptr && stop_when_->load(std::memory_order_relaxed)) return true;
  return deadline_ && SystemClock().steady() >= *deadline_;
}

std::vector<std::size_t> files_of_leg(const StoreSnapshot& snapshot, std::uint64_t leg_id) {
  std::vector<std::size_t> files;
  bool began = false;
  for (std::size_t i = 0; i < snapshot.files.size(); ++i) {
    const auto& file = *snapshot.files[i];
    if (file.state.leg_id_max < leg_id) continue;
    if (!began || file.carried.contains(leg_id)) files.push_back(i);
    began = true;
  }
  std::reverse(files.begin(), files.end());
  return files;
}

bool has_newer_file(const StoreSnapshot& snapshot, std::size_t index, std::uint64_t leg_id) {
  for (auto i = index + 1; i < snapshot.files.size(); ++i) {
    if (snapshot.files[i]->carried.contains(leg_id)) return true;
  }
  return false;
}

bool is_past_retention(const StoreSnapshot& snapshot, const LegRecord& leg) {
  return leg.closed_at &&
         std::max(*leg.closed_at, leg.last_activity_at) < snapshot.ended_visible_since;
}

}  // namespace rastro
