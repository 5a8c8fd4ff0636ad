#include "store/verify.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "store/leg_rows.h"
#include "store/line_refs.h"
#include "store/old_leg_rows.h"
#include "store/postings.h"
#include "store/raw_blocks.h"
#include "store/rebuild.h"
#include "store/row_times.h"
#include "store/schema.h"
#include "store/shard.h"
#include "store/sqlite.h"
#include "store/state_rows.h"

namespace rastro {
namespace {

// A count that must be 0, and what it means when it is not.
struct Rule {
  const char* sql;
  const char* broken;
};

constexpr std::uint32_t kRowsPerRun = 100'000;

// The parts of the format that SQLite does not enforce: see docs/store.md.
constexpr Rule kRules[] = {
    {"SELECT count(*) FROM leg WHERE delivery_count > 0 AND (delivery_first < 1 OR"
     " delivery_first + delivery_count - 1 > coalesce((SELECT max(row) FROM delivery), 0))",
     "legs name recipients that are not there"},
    {"SELECT coalesce(sum(delivery_count), 0) - (SELECT count(*) FROM delivery) FROM leg",
     "recipients belong to no leg, or to two"},
    {"SELECT count(*) FROM leg WHERE previous_row IS NOT NULL AND NOT EXISTS(SELECT 1 FROM leg AS"
     " before WHERE before.row = leg.previous_row AND before.row < leg.row AND before.leg_id ="
     " leg.leg_id)",
     "versions name a version before that is another leg's"},
    {"SELECT count(*) FROM leg WHERE host <> 0 AND host NOT IN (SELECT id FROM name)",
     "legs name a host that the dictionary lacks"},
    {"SELECT count(*) FROM leg WHERE client <> 0 AND client NOT IN (SELECT id FROM endpoint)",
     "legs name a client that the dictionary lacks"},
    {"SELECT count(*) FROM delivery WHERE relay <> 0 AND relay NOT IN (SELECT id FROM endpoint)",
     "recipients name a relay that the dictionary lacks"},
    {"SELECT count(*) FROM delivery WHERE reply <> 0 AND reply NOT IN (SELECT id FROM name)",
     "recipients name a reply that the dictionary lacks"},
    {"SELECT count(*) FROM carried WHERE leg_id NOT IN (SELECT leg_id FROM leg)",
     "legs are said to be carried into this file and are not"},
    {"SELECT count(*) FROM leg, file_state AS f WHERE leg.opened_at < f.arrival_min OR"
     " leg.opened_at > f.arrival_max OR f.arrival_min IS NULL",
     "legs arrived outside of what file_state says"},
    {"SELECT count(*) FROM leg, file_state AS f WHERE leg.opened_at + leg.active_after >"
     " f.activity_max OR f.activity_max IS NULL",
     "legs were active after what file_state says"},
};
constexpr Rule kPackedRules[] = {
    {"SELECT count(*) FROM leg WHERE header_row IS NOT NULL AND NOT EXISTS(SELECT 1 FROM leg AS h"
     " WHERE h.row = leg.header_row AND h.row < leg.row AND h.leg_id = leg.leg_id AND"
     " h.header_row IS NULL)",
     "versions name a header that is not there, or another leg's"},
    {"SELECT count(*) FROM leg WHERE relay IS NOT NULL AND relay NOT IN (SELECT id FROM endpoint)",
     "recipients name a relay that the dictionary lacks"},
    {"SELECT count(*) FROM leg WHERE reply IS NOT NULL AND reply NOT IN (SELECT id FROM name)",
     "recipients name a reply that the dictionary lacks"},
    {"SELECT count(*) FROM leg WHERE delivery_count > 0 AND recipient IS NULL",
     "legs have further recipients and no first one"},
    {"SELECT count(*) FROM (SELECT envelope_sender AS address FROM leg UNION ALL SELECT login FROM"
     " leg UNION ALL SELECT recipient FROM leg UNION ALL SELECT recipient FROM delivery) WHERE"
     " typeof(address) = 'integer' AND address NOT IN (SELECT id FROM name)",
     "addresses are of a row that the dictionary lacks"},
};
constexpr Rule kBriefRules[] = {
    {"SELECT count(*) FROM leg WHERE queue_id IS NULL AND NOT EXISTS(SELECT 1 FROM leg AS n"
     " WHERE n.row = coalesce(leg.named_row, leg.header_row) AND n.row < leg.row AND n.leg_id ="
     " leg.leg_id AND n.queue_id IS NOT NULL)",
     "versions leave their names to a row that has none, or to another leg's"},
    {"SELECT count(*) FROM leg WHERE message_id_end <> 0 AND message_id_end NOT IN"
     " (SELECT id FROM name)",
     "Message-IDs end as a row says that the dictionary lacks"},
    {"SELECT count(*) FROM leg WHERE message_id_end = 0 AND client NOT IN (SELECT id FROM endpoint)"
     " OR message_id_end = 0 AND client IS NULL",
     "Message-IDs end as a client that the row does not have"},
};
constexpr Rule kPlainRules[] = {
    {"SELECT count(*) FROM leg WHERE timeline_count > 0 AND (timeline_first < 1 OR"
     " timeline_first + timeline_count - 1 > coalesce((SELECT max(row) FROM timeline), 0))",
     "legs name timeline entries that are not there"},
    {"SELECT count(*) FROM leg WHERE link_count > 0 AND (link_first < 1 OR"
     " link_first + link_count - 1 > coalesce((SELECT max(row) FROM link), 0))",
     "legs name links that are not there"},
    {"SELECT count(*) FROM leg WHERE fact_count > 0 AND (fact_first < 1 OR"
     " fact_first + fact_count - 1 > coalesce((SELECT max(row) FROM fact), 0))",
     "legs name facts that are not there"},
};

class Check {
 public:
  Check(Database& database, const ShardCheck& wanted) : database_(database), wanted_(wanted) {}

  ShardReport run() {
    // One moment of a file that is being written to.
    database_.run("BEGIN");
    report_.state = load_state(database_);
    check_structure();
    layout_ = row_layout(database_);
    take_error("layout");
    check_rules(kRules);
    layout_ == RowLayout::plain ? check_rules(kPlainRules) : check_rules(kPackedRules);
    if (layout_ >= RowLayout::brief) check_rules(kBriefRules);
    const auto positions = read_positions(database_);
    take_error("positions");
    check_legs(positions);
    check_postings();
    check_row_times();
    check_raw_blocks();
    check_pending();
    if (wanted_.visit_positions) wanted_.visit_positions(positions, report_.faults);
    database_.run("ROLLBACK");
    return std::move(report_);
  }

 private:
  void fault(std::string what) { report_.faults.add(std::move(what)); }
  void take_error(const char* where) {
    if (auto done = database_.take_error(); !done)
      fault(std::string(where) + ": " + done.error().message);
  }

  void check_rules(std::span<const Rule> rules) {
    for (const auto& rule : rules) {
      const auto broken = database_.query_int(rule.sql);
      take_error("a rule could not be checked");
      if (broken && *broken != 0) fault(std::to_string(*broken) + ": " + rule.broken);
    }
  }

  void check_structure() {
    auto verdicts = database_.prepare("PRAGMA integrity_check(20)");
    while (verdicts.step()) {
      if (verdicts.column_bytes(0) != "ok") fault(std::string(verdicts.column_bytes(0)));
    }
    take_error("integrity_check");
  }

  void check_legs(const std::vector<SourcePosition>& positions) {
    std::map<std::uint32_t, std::uint64_t> read_up_to;
    for (const auto& position : positions) read_up_to[position.source] = position.offset;
    LegRowReader rows(database_);
    auto each = database_.prepare("SELECT row FROM leg ORDER BY row");
    std::int64_t expected = 1;
    while (each.step()) {
      const auto row = each.column_int(0);
      if (row != expected) fault("row " + std::to_string(expected) + " of leg is missing");
      expected = row + 1;
      ++report_.versions;
      LegRecord leg;
      if (!rows.load(static_cast<std::uint32_t>(row), LegRowReader::Depth::whole, leg)) {
        fault("row " + std::to_string(row) + " of leg cannot be read");
        static_cast<void>(database_.take_error());
        continue;
      }
      report_.recipients += leg.recipients.size();
      check_lines(row, leg.lines, read_up_to);
      if (wanted_.visit_leg) wanted_.visit_leg(leg, report_.faults);
    }
    take_error("legs");
    if (layout_ == RowLayout::plain) check_plain_lines();
  }

  // The reader takes what it can of such a row's lines.
  void check_plain_lines() {
    auto each = database_.prepare("SELECT row, lines, flags FROM leg ORDER BY row");
    std::vector<LineRef> lines;
    while (each.step()) {
      lines.clear();
      if (!take_line_refs(each.column_bytes(1), old_line_packing(each.column_int(2)), lines))
        fault("row " + std::to_string(each.column_int(0)) + ": damaged line references");
    }
    take_error("lines");
  }

  void check_lines(std::int64_t row, const std::vector<LineRef>& lines,
                   const std::map<std::uint32_t, std::uint64_t>& read_up_to) {
    for (const auto& line : lines) {
      ++report_.line_refs;
      const auto source = read_up_to.find(line.source);
      if (source == read_up_to.end()) {
        fault("row " + std::to_string(row) + ": a line of source " + std::to_string(line.source) +
              ", which has no position");
      } else if (line.offset + line.length > source->second) {
        fault("row " + std::to_string(row) + ": a line beyond what was read of source " +
              std::to_string(line.source));
      }
    }
  }

  // All postings that the file has packed, checked for order.
  std::vector<Posting> packed() {
    std::vector<Posting> all;
    auto segments = database_.prepare("SELECT first_posting, postings FROM segment ORDER BY 1");
    while (segments.step()) {
      const auto before = all.size();
      if (!unpack_segment(static_cast<Posting>(segments.column_int(0)), segments.column_bytes(1),
                          all)) {
        fault("segment " + std::to_string(segments.column_int(0)) + " is damaged");
      }
      const auto from = all.begin() + static_cast<std::ptrdiff_t>(before == 0 ? 0 : before - 1);
      if (std::adjacent_find(from, all.end(), std::greater_equal<>()) != all.end()) {
        fault("segment " + std::to_string(segments.column_int(0)) + " is out of order");
      }
    }
    take_error("segments");
    return all;
  }

  void check_postings() {
    const auto have = packed();
    report_.postings = have.size();
    if (!wanted_.hasher) return;
    if ((*wanted_.hasher)(0xff, "rastro") != report_.state.key_check) {
      fault("its postings were made with another secret than the directory's hash_key");
      return;
    }
    PostingRuns runs;
    PostingRebuild rebuild(
        static_cast<std::uint32_t>(database_.query_int("SELECT max(row) FROM leg").value_or(0)));
    while (!rebuild.work_some(database_, *wanted_.hasher, kRowsPerRun, runs) && database_.ok()) {
    }
    take_error("postings of the rows");
    std::vector<Posting> want;
    runs.collect(0, ~Posting{0}, want);
    std::sort(want.begin(), want.end());
    want.erase(std::unique(want.begin(), want.end()), want.end());
    if (!report_.state.sealed) {
      report_.postings = want.size();
      return;  // what a sealing that was cut short left is thrown away by the next one
    }
    if (have == want) return;
    std::vector<Posting> missing;
    std::vector<Posting> extra;
    std::set_difference(want.begin(), want.end(), have.begin(), have.end(),
                        std::back_inserter(missing));
    std::set_difference(have.begin(), have.end(), want.begin(), want.end(),
                        std::back_inserter(extra));
    fault(std::to_string(missing.size()) + " postings of the rows are missing, " +
          std::to_string(extra.size()) + " lead to rows that do not have the key");
  }

  // Rows that their thousand's range does not hold would be missing from answers.
  void check_row_times() {
    const auto row_max = database_.query_int("SELECT max(row) FROM leg").value_or(0);
    const auto times = read_row_times(database_);
    take_error("row_times");
    if (!report_.state.sealed) return;
    if (!times) {
      if (has_table(database_, "row_times") &&
          database_.query_int("SELECT count(*) FROM row_times") != 0) {
        fault("row_times cannot be taken apart");
      }
      return;
    }
    if (times->known() != row_max) {
      fault("row_times knows " + std::to_string(times->known()) + " rows of " +
            std::to_string(row_max));
      return;
    }
    auto row =
        database_.prepare("SELECT row, leg_id, opened_at, active_after FROM leg ORDER BY row");
    while (row.step()) {
      const auto number = static_cast<std::uint32_t>(row.column_int(0));
      const auto range = times->of(number);
      const auto leg_id = static_cast<std::uint64_t>(row.column_int(1));
      const auto opened_at = row.column_int(2);
      if (opened_at < range.opened_min ||
          micros(time_after(opened_at, row.column_int(3))) > range.active_max ||
          leg_id < range.leg_id_min || leg_id > range.leg_id_max) {
        fault("row " + std::to_string(number) + " of leg is outside of what row_times says");
      }
    }
    take_error("row_times");
  }

  void check_raw_blocks() {
    auto block = database_.prepare("SELECT row, first_offset, end_offset, lines FROM raw_block");
    while (block.step()) {
      const auto where = "row " + std::to_string(block.column_int(0)) + " of raw_block";
      const auto end = static_cast<std::uint64_t>(block.column_int(2));
      const bool whole =
          for_each_raw_line(block.column_bytes(3), static_cast<std::uint64_t>(block.column_int(1)),
                            [&](std::uint64_t offset, std::string_view text) {
                              if (offset + text.size() > end)
                                fault(where + " has a line behind its end");
                              return true;
                            });
      if (!whole) fault(where + " is damaged");
    }
    take_error("raw_block");
  }

  void check_pending() {
    auto row = database_.prepare("SELECT key, value FROM pending");
    while (row.step()) {
      if (!is_pending_block(row.column_bytes(0))) continue;
      const auto nothing = [](std::string_view, std::string_view) {};
      if (!for_each_pending_in(row.column_bytes(1), nothing))
        fault("a block of pending is damaged");
    }
    take_error("pending");
  }

  Database& database_;
  const ShardCheck& wanted_;
  RowLayout layout_ = kRowLayoutNow;
  ShardReport report_;
};

}  // namespace

Result<ShardReport> verify_shard(const std::filesystem::path& path, const ShardCheck& check) {
  const auto kind = identify(path);
  if (!kind) return kind.error();
  switch (*kind) {
    case FileKind::ours:
      break;
    case FileKind::newer:
      return make_error(Error::Code::limit, "written by a newer version of rastro");
    case FileKind::foreign:
      return make_error(Error::Code::invalid, "not a file of rastro");
    case FileKind::no_database:
      return make_error(Error::Code::corrupt, "not a database");
  }
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return database.error();
  return Check(*database, check).run();
}

}  // namespace rastro
