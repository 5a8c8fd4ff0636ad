#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/journey.h"
#include "store/dictionary.h"
#include "store/line_refs.h"
#include "store/sqlite.h"

namespace rastro {

// Writes leg versions as rows of one file, within the caller's transaction.
class LegRowWriter {
 public:
  LegRowWriter(Database& database, std::uint64_t seed);
  // `previous`: the row of the version before in this same file, 0 for none.
  void write(const LegRecord& leg, std::uint32_t row, std::uint32_t previous);
  void write_encounter(const Encounter& encounter);
  // After a rollback.
  void forget();

 private:
  struct Ranges {
    std::int64_t delivery = 0, timeline = 0, link = 0, fact = 0;
  };
  void write_recipients(const LegRecord& leg);
  void write_timeline(const LegRecord& leg);
  void write_links(const LegRecord& leg);
  void write_facts(const LegRecord& leg);
  void bind_reply(Statement& statement, int index, std::string_view text,
                  std::string_view recipient);
  // The id of a name that mostly is the one of the leg or recipient before.
  struct LastName {
    std::string value;
    std::int64_t id = 0;
  };
  std::int64_t name_id(LastName& last, std::string_view value);

  Database& database_;
  DictionaryWriter dictionary_;
  Statement leg_, delivery_, timeline_, link_, fact_, encounter_;
  Ranges next_;
  std::vector<std::int64_t> position_of_attempt_;  // by recipient, of the leg being written
  std::vector<bool> told_by_delivery_;             // by timeline position
  std::string lines_;
  ReplySplitter replies_;
  LastName host_, instance_, protocol_, agent_;
};

// How the references of a leg's row are packed, by its `flags`.
LinePacking line_packing(std::int64_t flags);

// Reads leg versions of one file.
class LegRowReader {
 public:
  explicit LegRowReader(Database& database);
  enum class Depth : std::uint8_t { summary, whole };  // whole: with timeline and lines
  // False: no such row, or an error (which sticks to the database).
  bool load(std::uint32_t row, Depth depth, LegRecord& leg);
  DictionaryReader& dictionary() { return dictionary_; }

 private:
  void load_recipients(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_timeline(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_links(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_facts(std::int64_t first, std::int64_t count, LegRecord& leg);
  std::string reply_text(const Statement& statement, int column, std::string_view recipient);

  DictionaryReader dictionary_;
  Statement leg_, delivery_, timeline_, link_, fact_;
  std::vector<std::pair<std::int64_t, TimelineEntry>> attempts_;  // told by delivery rows
};

// Microseconds as stored, and back. Differences wrap instead of overflowing: a hostile stamp is a
// wrong time, never undefined behaviour.
std::int64_t micros(Time at);
Time time_at(std::int64_t micros);
Time time_after(std::int64_t start_micros, std::int64_t difference);

}  // namespace rastro
