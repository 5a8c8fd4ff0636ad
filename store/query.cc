#include "store/query.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <ranges>
#include <unordered_set>
#include <utility>

#include "store/address_blocks.h"
#include "store/keys.h"
#include "store/other_times.h"
#include "store/raw_blocks.h"
#include "store/read_file.h"
#include "store/state_rows.h"

namespace rastro {
namespace {

struct SearchKey {
  KeyKind kind;
  std::string value;
  std::uint32_t hash;
};

bool is_active_within(Time opened_at, Time last_activity_at, const TimeRange& range) {
  return opened_at <= range.until && std::max(opened_at, last_activity_at) >= range.from;
}

// Whether a leg or encounter of the file can be active within `range`.
bool may_hold(const FileState& state, const TimeRange& range) {
  return state.arrival_min && state.activity_max && *state.arrival_min <= range.until &&
         *state.activity_max >= range.from;
}

std::vector<SearchKey> search_keys(const KeyHasher& hasher, const std::vector<LegKey>& keys) {
  std::vector<SearchKey> search;
  search.reserve(keys.size());
  for (const auto& key : keys) {
    search.push_back({key.kind, posted_value(key), hash_of(hasher, key)});
  }
  return search;
}

// Whether the file's rows are posted under all of `keys`: one that an earlier build finished is not
// under those that came since. What a file has that is not finished was posted by this one.
bool is_posted_under(const FileView& file, const std::vector<SearchKey>& keys) {
  return !file.state.sealed || std::all_of(keys.begin(), keys.end(), [&file](const auto& key) {
    return static_cast<std::uint32_t>(key.kind) < file.state.key_kinds;
  });
}

// Whether the file may have a posting of one of `keys`, as far as can be told without reading it.
bool may_have_any(const FileView& file, const std::vector<SearchKey>& keys) {
  if (!file.state.sealed || !is_posted_under(file, keys)) return true;
  const auto filter = file.notes->key_filter();
  return !filter || std::any_of(keys.begin(), keys.end(), [&filter](const SearchKey& key) {
    return filter->may_hold(key.hash);
  });
}

void put_newest_first(std::vector<std::uint32_t>& rows) {
  std::sort(rows.begin(), rows.end(), std::greater<>());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

class ReaderImpl final : public StoreReader {
 public:
  explicit ReaderImpl(std::function<std::shared_ptr<const StoreSnapshot>()> snapshots)
      : snapshots_(std::move(snapshots)) {}

  void begin_one_state() override { held_.emplace(snapshots_(), files_); }
  void end_one_state() override { held_.reset(); }
  Result<CutBy> for_each_leg(const std::vector<LegKey>& keys, const TimeRange& range,
                             const QueryLimits& limits,
                             const std::function<Visit(const LegRecord&)>& visit) override;
  Result<CutBy> for_each_untold(const TimeRange& opened, const QueryLimits& limits,
                                const std::function<Visit(const LegRecord&)>& visit) override;
  Result<ChangeMark> for_each_change(const std::optional<ChangeMark>& since,
                                     const QueryLimits& limits,
                                     const std::function<Visit(const LegRecord&)>& visit) override;
  std::uint64_t rows_seen() const override { return rows_seen_; }
  Result<std::uint64_t> count_rows(const std::vector<LegKey>& keys,
                                   const TimeRange& range) override;
  Result<std::optional<LegRecord>> load_leg(std::uint64_t leg_id) override;
  Result<AddressesSeen> for_each_address(const TimeRange& range, const QueryLimits& limits,
                                         const AddressVisit& visit) override;
  Result<CutBy> for_each_host(const TimeRange& range, const QueryLimits& limits,
                              const HostVisit& visit) override;
  Result<CutBy> for_each_encounter(const TimeRange& range, const QueryLimits& limits,
                                   const std::function<Visit(const Encounter&)>& visit,
                                   const LoginWish& wish) override;
  Result<Count> count_encounters(Encounter::Kind kind, const TimeRange& range,
                                 const QueryLimits& limits, bool of_nobody) override;
  Result<std::vector<SourceCoverage>> coverage() override;
  Result<std::vector<CoverageHole>> holes(const TimeRange& range) override;
  Result<std::vector<SourcePosition>> positions() override;
  std::vector<FileTrouble> troubles() override;
  Result<std::optional<std::string>> raw_line(const LineRef& line) override;
  Time visible_since() override { return snapshot()->ended_visible_since; }
  bool holds_any_leg() override {
    const auto now = snapshot();
    return std::ranges::any_of(now->files, [](const auto& view) { return view->row_max > 0; });
  }
  void close_expired() override { start(QueryLimits{Duration::zero()}); }
  bool work_ahead() override;

 private:
  struct LegQuery {
    const StoreSnapshot& snapshot;
    const std::vector<SearchKey>& keys;
    const TimeRange& range;
    const LegIdRange* wanted;
    const std::function<Visit(const LegRecord&)>& visit;
    bool marks_only;
    LegRowDepth depth;
    Time written_since;
    bool wants(std::uint64_t leg_id) const { return wanted == nullptr || wanted->holds(leg_id); }
    bool may_hold(const FileView& file) const;
    RowTimes::Wanted wanted_rows() const;
  };
  std::shared_ptr<const StoreSnapshot> snapshot() const {
    return held_ ? held_->snapshot() : snapshots_();
  }
  struct Found {
    CutBy cut = CutBy::nothing;
    bool active = false;     // within the interval, and wanted
    bool next_hour = false;  // the caller's wish
  };
  Question start(const QueryLimits& limits);
  CutBy scan_file(const LegQuery& query, std::size_t index, ReadFile& file);
  CutBy look_up_in_file(const LegQuery& query, std::size_t index, ReadFile& file);
  struct LookUp;
  Found offer_posted(LookUp& look_up, std::uint32_t row);
  CutBy offer(const LegQuery& query, ReadFile& file, std::uint32_t row);
  bool merge_addresses(const StoreSnapshot& snapshot);

  std::function<std::shared_ptr<const StoreSnapshot>()> snapshots_;
  ReadFiles files_;
  std::optional<Question> held_;
  LegRecord leg_;
  LegRecord mark_;  // nothing but id and times
  std::uint64_t rows_seen_ = 0;
};

bool ReaderImpl::LegQuery::may_hold(const FileView& file) const {
  if (!rastro::may_hold(file.state, range)) return false;
  if (file.state.activity_max.value_or(Time::max()) < written_since) return false;
  if (wanted != nullptr && file.state.leg_id_max < wanted->from) return false;
  return keys.empty() || may_have_any(file, keys);
}

RowTimes::Wanted ReaderImpl::LegQuery::wanted_rows() const {
  RowTimes::Wanted rows{micros(range.from), micros(range.until)};
  if (wanted != nullptr) {
    rows.leg_id_from = wanted->from;
    rows.leg_id_until = wanted->until;
  }
  return rows;
}

Question ReaderImpl::start(const QueryLimits& limits) {
  files_.set_limits(limits.deadline, limits.stop_when);
  return Question(snapshot(), files_);
}

// Newest first; those of hours that begin behind `until` come last.
std::vector<std::size_t> order_of_files(const StoreSnapshot& snapshot, Time until) {
  std::vector<std::size_t> order(snapshot.files.size());
  std::iota(order.rbegin(), order.rend(), 0);
  std::ranges::stable_partition(
      order, [&](std::size_t i) { return snapshot.files[i]->state.hour <= until; });
  return order;
}

Result<CutBy> ReaderImpl::for_each_leg(const std::vector<LegKey>& keys, const TimeRange& range,
                                       const QueryLimits& limits,
                                       const std::function<Visit(const LegRecord&)>& visit) {
  const auto snapshot = start(limits);
  rows_seen_ = 0;
  const auto search = search_keys(snapshot->hasher, keys);
  const LegQuery query{*snapshot,
                       search,
                       range,
                       limits.wanted,
                       visit,
                       limits.marks_only,
                       limits.figures_only ? LegRowDepth::figures : LegRowDepth::summary,
                       limits.written_since};
  const bool own_first = limits.own_hours_first && !search.empty();
  for (const auto i : order_of_files(*snapshot, own_first ? range.until : Time::max())) {
    const auto& view = *snapshot->files[i];
    if (!query.may_hold(view)) continue;
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    const auto cut = search.empty() || !is_posted_under(view, search)
                         ? scan_file(query, i, **file)
                         : look_up_in_file(query, i, **file);
    if (auto done = files_.check(view, **file); !done) return done.error();
    if (cut != CutBy::nothing) return cut;
    if (files_.out_of_time()) return CutBy::time;
  }
  return CutBy::nothing;
}

// Every row from the newest down. A row that has a version before it in the file names it, so only
// what was changed again is remembered.
CutBy ReaderImpl::scan_file(const LegQuery& query, std::size_t index, ReadFile& file) {
  std::unordered_set<std::int64_t> superseded;
  auto scan = file.database().prepare(
      "SELECT row, leg_id, previous_row, opened_at, active_after FROM leg WHERE row <= ?1"
      " ORDER BY row DESC");
  scan.bind(1, std::int64_t{query.snapshot.files[index]->row_max});
  while (scan.step()) {
    const auto row = scan.column_int(0);
    if (!scan.is_null(2)) superseded.insert(scan.column_int(2));
    if (superseded.erase(row) != 0) continue;
    if (!query.wants(static_cast<std::uint64_t>(scan.column_int(1)))) continue;
    const auto opened_at = time_at(scan.column_int(3));
    if (!is_active_within(opened_at, time_after(scan.column_int(3), scan.column_int(4)),
                          query.range)) {
      continue;
    }
    ++rows_seen_;
    if (has_newer_file(query.snapshot, index, static_cast<std::uint64_t>(scan.column_int(1)))) {
      continue;
    }
    const auto cut = offer(query, file, static_cast<std::uint32_t>(row));
    if (cut != CutBy::nothing) return cut;
  }
  return CutBy::nothing;
}

// Of one file.
struct ReaderImpl::LookUp {
  const LegQuery& query;
  const FileView& view;
  std::size_t index;
  ReadFile& file;
  std::unordered_set<std::uint64_t> seen;  // legs that were offered already
};

CutBy ReaderImpl::look_up_in_file(const LegQuery& query, std::size_t index, ReadFile& file) {
  const auto& view = *query.snapshot.files[index];
  LookUp look_up{query, view, index, file, {}};
  auto rows = file.posted_rows(view);
  for (const auto& key : query.keys) rows.add(key.hash);
  OtherTimes other_times(view, file.database());
  for (auto row = rows.at_most(kRowMax).value_or(0); row > 0;
       row = rows.at_most(row - 1).value_or(0)) {
    // What is wanted may be less than when the file was begun.
    const auto next = other_times.pass_over(row, query.wanted_rows());
    if (next != row) {
      row = next + 1;
      continue;
    }
    const auto found = offer_posted(look_up, row);
    if (found.cut != CutBy::nothing) return found.cut;
    if (found.next_hour) return CutBy::nothing;
    if (!found.active) other_times.note_miss();
  }
  if (view.all_posted()) return CutBy::nothing;
  std::vector<std::uint32_t> unposted;
  for (const auto& key : query.keys) {
    file.collect_unposted(view, query.snapshot.hasher, key.hash, unposted);
  }
  file.prefer_newest_unposted(view, unposted);
  put_newest_first(unposted);
  for (const auto row : unposted) {
    const auto found = offer_posted(look_up, row);
    if (found.cut != CutBy::nothing) return found.cut;
    if (found.next_hour) return CutBy::nothing;
  }
  return CutBy::nothing;
}

ReaderImpl::Found ReaderImpl::offer_posted(LookUp& look_up, std::uint32_t row) {
  const auto& [query, view, index, file, seen] = look_up;
  if (files_.out_of_time()) return {CutBy::time};
  const auto mark = file.mark_of(row);
  // A version outside the interval says nothing of the newest one, which has a posting of its
  // own.
  if (!mark || !query.wants(mark->leg_id) ||
      !is_active_within(mark->opened_at, mark->last_activity_at, query.range)) {
    return {};
  }
  ++rows_seen_;
  const auto leg_id = mark->leg_id;
  Found found{CutBy::nothing, true, false};
  if (!look_up.seen.insert(leg_id).second || has_newer_file(query.snapshot, index, leg_id)) {
    return found;
  }
  if (query.marks_only) {
    mark_.id = leg_id;
    mark_.opened_at = mark->opened_at;
    mark_.last_activity_at = mark->last_activity_at;
    const auto visit = query.visit(mark_);
    if (visit == Visit::stop) found.cut = CutBy::caller;
    found.next_hour = visit == Visit::next_hour;
    return found;
  }
  const auto newest = file.newest_posted_row_of_leg(
      view, hash_of_leg_id(query.snapshot.hasher, leg_id), leg_id, row);
  found.cut = offer(query, file, newest.value_or(row));
  return found;
}

// Loads a row and hands it over when it truly has what was asked for.
CutBy ReaderImpl::offer(const LegQuery& query, ReadFile& file, std::uint32_t row) {
  if (files_.out_of_time()) return CutBy::time;
  if (!file.rows().load(row, query.depth, leg_)) return CutBy::nothing;
  if (!file.database().ok()) return CutBy::nothing;  // half a leg is worse than none
  if (!is_active_within(leg_.opened_at, leg_.last_activity_at, query.range)) return CutBy::nothing;
  if (is_past_retention(query.snapshot, leg_)) return CutBy::nothing;
  const bool has_one =
      query.keys.empty() ||
      std::any_of(query.keys.begin(), query.keys.end(),
                  [this](const SearchKey& key) { return has_key(leg_, key.kind, key.value); });
  if (!has_one) return CutBy::nothing;
  return query.visit(leg_) == Visit::stop ? CutBy::caller : CutBy::nothing;
}

Result<CutBy> ReaderImpl::for_each_untold(const TimeRange& opened, const QueryLimits& limits,
                                          const std::function<Visit(const LegRecord&)>& visit) {
  const auto snapshot = start(limits);
  if (!snapshot->untold) return CutBy::time;
  const std::vector<SearchKey> no_keys;
  const TimeRange whole;
  // An hour of an earlier build does not say which they are.
  const std::function<Visit(const LegRecord&)> untold_only = [&visit](const LegRecord& leg) {
    return names_all_recipients(leg) ? Visit::go_on : visit(leg);
  };
  const LegQuery query{
      *snapshot, no_keys, whole, nullptr, untold_only, false, LegRowDepth::summary, Time::min()};
  const FileView* view = nullptr;
  for (const auto& leg : *snapshot->untold) {
    if (opening_second(leg.leg_id) > opened.until) continue;
    if (opening_second(leg.leg_id) + std::chrono::seconds(1) <= opened.from) break;
    if (view == nullptr || view->serial != leg.serial) {
      const auto found = std::ranges::find(snapshot->files, leg.serial,
                                           [](const auto& one) { return one->serial; });
      if (found == snapshot->files.end()) continue;
      view = found->get();
    }
    auto file = files_.open(*view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    const auto cut = offer(query, **file, leg.row);
    if (auto done = files_.check(*view, **file); !done) return done.error();
    if (cut != CutBy::nothing) return cut;
  }
  return CutBy::nothing;
}

Result<ChangeMark> ReaderImpl::for_each_change(
    const std::optional<ChangeMark>& since, const QueryLimits& limits,
    const std::function<Visit(const LegRecord&)>& visit) {
  const auto snapshot = start(limits);
  ChangeMark mark = since.value_or(ChangeMark{});
  if (!since) {
    if (!snapshot->files.empty())
      mark = {snapshot->files.back()->serial, snapshot->files.back()->row_max};
    return mark;
  }
  for (const auto& view : snapshot->files) {
    if (view->serial < mark.serial) continue;
    const std::uint32_t first = view->serial == mark.serial ? mark.row + 1 : 1;
    if (first > view->row_max) continue;
    auto file = files_.open(*view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    for (auto row = first; row <= view->row_max && !files_.out_of_time(); ++row) {
      if (!(*file)->rows().load(row, LegRowReader::Depth::summary, leg_)) continue;
      if (!(*file)->database().ok()) break;
      mark = {view->serial, row};
      const bool only_carried =
          view->carried.contains(leg_.id) && leg_.last_activity_at < view->state.hour;
      if (!only_carried && visit(leg_) == Visit::stop) return mark;
    }
    if (auto done = files_.check(*view, **file); !done) return done.error();
    if (files_.out_of_time()) return mark;
    mark = {view->serial, view->row_max};
  }
  return mark;
}

// What part of the file's activity lies within `range`.
double share_within(const FileState& state, const TimeRange& range) {
  const auto from = state.activity_min.value_or(state.hour);
  const auto until = state.activity_max.value_or(state.hour);
  if (until <= from) return 1;
  const auto part = std::min(until, range.until) - std::max(from, range.from);
  return std::clamp(
      std::chrono::duration<double>(part) / std::chrono::duration<double>(until - from), 0.0, 1.0);
}

Result<std::uint64_t> ReaderImpl::count_rows(const std::vector<LegKey>& keys,
                                             const TimeRange& range) {
  const auto snapshot = start(QueryLimits{Duration::zero()});
  const auto search = search_keys(snapshot->hasher, keys);
  double rows = 0;
  for (const auto& view : snapshot->files) {
    // Later hours have few that are still tried.
    if (!may_hold(view->state, range) || view->state.hour > range.until) continue;
    if (!search.empty() && !may_have_any(*view, search)) continue;
    auto in_file = static_cast<double>(view->row_max);
    if (!keys.empty() && is_posted_under(*view, search)) {  // else any of its rows may be meant
      auto file = files_.open(*view);
      if (!file) return file.error();
      if (*file == nullptr) continue;
      std::uint64_t of_keys = 0;
      for (const auto& key : search) of_keys += (*file)->count_rows(*view, key.hash);
      if (auto done = files_.check(*view, **file); !done) return done.error();
      in_file = static_cast<double>(of_keys);
    }
    rows += in_file * share_within(view->state, range);
  }
  return static_cast<std::uint64_t>(rows);
}

// Null: there is no such list, or few of the files are in it, whose own lists then hold nothing
// else.
std::shared_ptr<const MergedAddresses::List> merged_addresses(const StoreSnapshot& snapshot,
                                                              const TimeRange& range) {
  constexpr std::ptrdiff_t kWorthIt = 4;
  auto merged = snapshot.merged_addresses->list();
  if (!merged) return nullptr;
  const auto in_it = std::ranges::count_if(snapshot.files, [&](const auto& view) {
    return may_hold(view->state, range) && merged->holds(view->serial);
  });
  return in_it >= kWorthIt ? merged : nullptr;
}

Result<AddressesSeen> ReaderImpl::for_each_address(const TimeRange& range,
                                                   const QueryLimits& limits,
                                                   const AddressVisit& visit) {
  const auto snapshot = start(limits);
  AddressesSeen seen;
  const auto merged = merged_addresses(*snapshot, range);
  if (merged) seen.all = for_each_address_in(merged->addresses, visit);
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    if (!may_hold(view.state, range)) continue;
    if (merged && merged->holds(view.serial)) continue;
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    bool all = false;
    if (view.state.sealed && has_address_blocks((*file)->database())) {
      all = for_each_packed_address((*file)->database(), visit);
    } else {
      view.notes->addresses().read_on((*file)->database());
      all = view.notes->addresses().for_each(visit);
    }
    seen.all = seen.all && all && (*file)->database().ok();
    if (auto done = files_.check(view, **file); !done) return done.error();
    if (files_.out_of_time()) return AddressesSeen{CutBy::time, false};
  }
  return seen;
}

Result<CutBy> ReaderImpl::for_each_host(const TimeRange& range, const QueryLimits& limits,
                                        const HostVisit& visit) {
  const auto snapshot = start(limits);
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    if (!may_hold(view.state, range)) continue;
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    for_each_host_name((*file)->database(), visit);
    if (auto done = files_.check(view, **file); !done) return done.error();
    if (files_.out_of_time()) return CutBy::time;
  }
  return CutBy::nothing;
}

Result<std::optional<LegRecord>> ReaderImpl::load_leg(std::uint64_t leg_id) {
  const auto snapshot = start(QueryLimits{});
  const auto key = hash_of_leg_id(snapshot->hasher, leg_id);
  std::vector<LegRecord> versions;  // newest first
  for (const auto i : files_of_leg(*snapshot, leg_id)) {
    const auto& view = *snapshot->files[i];
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    const auto newest = (*file)->newest_row_of_leg(view, key, leg_id);
    for (const auto row : (*file)->versions_down_from(newest.value_or(0))) {
      LegRecord version;
      if ((*file)->rows().load(row, LegRowReader::Depth::whole, version)) {
        versions.push_back(std::move(version));
      }
    }
    if (auto done = files_.check(view, **file); !done) return done.error();
  }
  if (files_.out_of_time()) {
    return make_error(Error::Code::unavailable, "the leg could not be read in time");
  }
  if (versions.empty() || is_past_retention(*snapshot, versions.front())) {
    return std::optional<LegRecord>{};
  }
  auto leg = versions.front();
  leg.timeline.clear();
  leg.lines.clear();
  for (auto& version : std::views::reverse(versions)) {
    std::ranges::move(version.timeline, std::back_inserter(leg.timeline));
    leg.lines.insert(leg.lines.end(), version.lines.begin(), version.lines.end());
  }
  return std::optional<LegRecord>(std::move(leg));
}

// Null: the file still grows, or could not be read.
std::shared_ptr<const EncounterNote> encounter_note(const FileView& view, Database& database) {
  if (!view.state.sealed) return nullptr;
  if (auto known = view.notes->encounters()) return known;
  auto read = read_encounter_note(database);
  if (!read) return nullptr;
  auto note = std::make_shared<const EncounterNote>(std::move(*read));
  view.notes->note(note);
  return note;
}

Result<CutBy> ReaderImpl::for_each_encounter(const TimeRange& range, const QueryLimits& limits,
                                             const std::function<Visit(const Encounter&)>& visit,
                                             const LoginWish& wish) {
  const auto snapshot = start(limits);
  const auto from = std::max(range.from, snapshot->ended_visible_since);
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    if (!may_hold(view.state, {from, range.until})) continue;
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    if (wish) {
      const auto note = encounter_note(view, (*file)->database());
      if (note && note->all_logins && std::ranges::none_of(note->logins, wish)) continue;
    }
    auto& dictionary = (*file)->rows().dictionary();
    auto row = (*file)->database().prepare(
        "SELECT kind, at, host, client, client_port, login, text, source, offset, length"
        " FROM encounter WHERE at BETWEEN ?1 AND ?2 ORDER BY row DESC");
    row.bind(1, micros(from)).bind(2, micros(range.until));
    while (row.step()) {
      if (wish && !wish(row.column_bytes(5))) {
        if (files_.out_of_time()) return CutBy::time;
        continue;
      }
      Encounter encounter;
      encounter.kind = static_cast<Encounter::Kind>(row.column_int(0));
      encounter.at = time_at(row.column_int(1));
      encounter.host = dictionary.name(row.column_int(2));
      encounter.client = dictionary.endpoint(row.column_int(3));
      encounter.client.port = static_cast<std::uint16_t>(row.column_int(4));
      encounter.login = row.column_bytes(5);
      encounter.text = row.column_bytes(6);
      encounter.line = {static_cast<std::uint32_t>(row.column_int(7)),
                        static_cast<std::uint32_t>(row.column_int(9)),
                        static_cast<std::uint64_t>(row.column_int(8))};
      if (!(*file)->database().ok()) break;
      if (visit(encounter) == Visit::stop) return CutBy::caller;
      if (files_.out_of_time()) return CutBy::time;
    }
    if (auto done = files_.check(view, **file); !done) return done.error();
    if (files_.out_of_time()) return CutBy::time;
  }
  return CutBy::nothing;
}

Result<StoreReader::Count> ReaderImpl::count_encounters(Encounter::Kind kind,
                                                        const TimeRange& range,
                                                        const QueryLimits& limits, bool of_nobody) {
  const auto snapshot = start(limits);
  const auto from = std::max(range.from, snapshot->ended_visible_since);
  Count found;
  for (const auto& view : snapshot->files) {
    if (!may_hold(view->state, {from, range.until})) continue;
    auto file = files_.open(*view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    const bool whole = view->state.arrival_min >= from && view->state.activity_max <= range.until;
    const auto note = whole ? encounter_note(*view, (*file)->database()) : nullptr;
    if (note) {
      const auto& count = of_nobody ? note->count_of_nobody : note->count;
      found.number += count.at(static_cast<std::size_t>(kind));
    } else {
      auto row = (*file)->database().prepare(
          "SELECT count(*) FROM encounter WHERE kind = ?1 AND at BETWEEN ?2 AND ?3"
          " AND (login = '' OR NOT ?4)");
      row.bind(1, static_cast<std::int64_t>(kind))
          .bind(2, micros(from))
          .bind(3, micros(range.until))
          .bind(4, std::int64_t{of_nobody});
      if (row.step()) found.number += static_cast<std::uint64_t>(row.column_int(0));
    }
    if (auto done = files_.check(*view, **file); !done) return done.error();
    if (files_.out_of_time()) {
      found.cut = CutBy::time;
      return found;
    }
  }
  return found;
}

Result<std::vector<SourcePosition>> ReaderImpl::positions() {
  const auto snapshot = start(QueryLimits{Duration::zero()});
  std::vector<SourcePosition> positions;
  if (snapshot->files.empty()) return positions;
  const auto& view = *snapshot->files.back();
  auto file = files_.open(view);
  if (!file) return file.error();
  if (*file == nullptr) return positions;
  positions = (*file)->positions();
  if (auto done = files_.check(view, **file); !done) return done.error();
  return positions;
}

Result<std::vector<SourceCoverage>> ReaderImpl::coverage() {
  const auto all = positions();
  if (!all) return all.error();
  std::map<std::string, SourceCoverage> by_path;  // all generations of one path together
  for (const auto& position : *all) {
    auto& one = by_path[position.path];
    one.path = position.path;
    if (position.first_line_at && (!one.from || *position.first_line_at < *one.from)) {
      one.from = position.first_line_at;
    }
    if (position.last_line_at && (!one.until || *position.last_line_at > *one.until)) {
      one.until = position.last_line_at;
    }
  }
  std::vector<SourceCoverage> coverage;
  coverage.reserve(by_path.size());
  for (auto& [path, one] : by_path) coverage.push_back(std::move(one));
  return coverage;
}

Result<std::vector<CoverageHole>> ReaderImpl::holes(const TimeRange& range) {
  const auto snapshot = start(QueryLimits{Duration::zero()});
  std::vector<CoverageHole> holes;
  for (const auto& view : snapshot->files) {
    auto of_file = view->state.sealed ? view->notes->holes() : nullptr;
    if (!of_file) {
      auto file = files_.open(*view);
      if (!file) return file.error();
      if (*file == nullptr) continue;
      auto found = read_holes((*file)->database(), Time::min(), Time::max());
      const bool all = (*file)->database().ok();
      if (auto done = files_.check(*view, **file); !done) return done.error();
      of_file = std::make_shared<const std::vector<CoverageHole>>(std::move(found));
      if (all && view->state.sealed) view->notes->note(of_file);
    }
    // What closes an open one may be past the range.
    for (const auto& hole : *of_file) {
      if (hole.from <= range.until) holes.push_back(hole);
    }
  }
  drop_closed(holes);
  std::erase_if(holes, [&range](const CoverageHole& hole) { return hole.until < range.from; });
  return holes;
}

// A finished hour's keys, newest hour first, and its addresses; and what the open hour has grown
// by.
bool ReaderImpl::work_ahead() {
  constexpr std::uint32_t kBehindMax = 20'000;
  const auto snapshot = start(QueryLimits{Duration::zero()});
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    const auto times = view.notes->row_times();
    const bool behind = !view.state.sealed && i + 1 == snapshot->files.size() &&
                        view.row_max - (times ? times->known() : 0) > kBehindMax;
    const bool unknown = view.state.sealed && !view.notes->filter_tried();
    if (!behind && !unknown) continue;
    const auto file = files_.open(view);
    if (!file || *file == nullptr) continue;
    if (behind) {
      auto more = std::make_shared<RowTimes>(times ? *times : RowTimes{});
      if (more->read_on((*file)->database(), view.row_max)) {
        more->sort_others();
        view.notes->note(std::move(more));
      }
      view.notes->addresses().read_on((*file)->database());
    }
    if (unknown) {
      view.notes->addresses().clear();
      auto filter = read_key_filter((*file)->database());
      view.notes->note(filter ? std::make_shared<const KeyFilter>(std::move(*filter)) : nullptr);
    }
    static_cast<void>(files_.check(view, **file));
    return true;
  }
  return merge_addresses(*snapshot);
}

// True: one more file's are in the list.
bool ReaderImpl::merge_addresses(const StoreSnapshot& snapshot) {
  std::vector<std::uint64_t> finished;
  for (const auto& view : snapshot.files) {
    if (view->state.sealed && !view->damaged->load()) finished.push_back(view->serial);
  }
  const auto next = snapshot.merged_addresses->next_of(finished);
  if (!next) return false;
  const auto& view =
      **std::ranges::find(snapshot.files, *next, [](const auto& one) { return one->serial; });
  const auto file = files_.open(view);
  if (!file || *file == nullptr) return false;
  snapshot.merged_addresses->add(*next, (*file)->database());
  static_cast<void>(files_.check(view, **file));
  return true;
}

Result<std::optional<std::string>> ReaderImpl::raw_line(const LineRef& line) {
  const auto snapshot = start(QueryLimits{Duration::zero()});
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    auto file = files_.open(view);
    if (!file) return file.error();
    if (*file == nullptr) continue;
    auto found = read_raw_line((*file)->database(), line.source, line.offset);
    if (auto done = files_.check(view, **file); !done) return done.error();
    if (found) return found;
  }
  return std::optional<std::string>();
}

std::vector<FileTrouble> ReaderImpl::troubles() {
  const auto now = snapshot();
  auto troubles = now->troubles;
  for (const auto& view : now->files) {
    if (!view->damaged->load()) continue;
    const auto& state = view->state;
    const auto end = state.hour + std::chrono::hours(1);
    troubles.push_back({view->path.filename().string(),
                        std::min(state.activity_min.value_or(state.hour), state.hour),
                        std::max(state.activity_max.value_or(end), end),
                        "SQLite found it damaged while it was read"});
  }
  return troubles;
}

}  // namespace

std::unique_ptr<StoreReader> StoreReader::create(
    std::function<std::shared_ptr<const StoreSnapshot>()> snapshots) {
  return std::make_unique<ReaderImpl>(std::move(snapshots));
}

}  // namespace rastro
