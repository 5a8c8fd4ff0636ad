#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/journey.h"
#include "store/dictionary.h"
#include "store/leg_names.h"
#include "store/packed_fields.h"
#include "store/row_layout.h"
#include "store/sqlite.h"

namespace rastro {

// Where the header of a leg and where its names, queue id and Message-ID, stand in a file, with a
// hash of each: a later version that says the same names the row instead. Row 0: nowhere, or not
// known.
struct HeaderPlace {
  std::uint32_t row = 0;
  std::uint32_t named_row = 0;
  std::uint64_t hash = 0;
  std::uint64_t names_hash = 0;
};

// Writes leg versions as rows of one file, within the caller's transaction. The file's layout is
// kRowLayoutNow.
class LegRowWriter {
 public:
  LegRowWriter(Database& database, std::uint64_t seed);
  // `previous`: the row of the version before in this same file, 0 for none. `header`, when there
  // is one: where the header stood before this, and then where it stands.
  void write(const LegRecord& leg, std::uint32_t row, std::uint32_t previous,
             HeaderPlace* header = nullptr);
  void write_encounter(const Encounter& encounter);
  // After a rollback.
  void forget();

 private:
  // The id of a name that mostly is the one of the leg or recipient before.
  struct LastName {
    std::string value;
    std::int64_t id = 0;
  };
  struct HeaderIds {
    std::int64_t host = 0;
    std::int64_t client = 0;
  };
  // What a version leaves to earlier rows; 0: nothing.
  struct LeftTo {
    std::uint32_t header = 0;
    std::uint32_t names = 0;
  };
  HeaderIds pack_header(const LegRecord& leg);
  LeftTo leave_to(HeaderPlace& before, const LegRecord& leg, const HeaderIds& ids,
                  std::uint32_t row);
  std::uint64_t hash_header(const LegRecord& leg, const HeaderIds& ids);
  std::uint64_t hash_names(const LegRecord& leg);
  void bind_message_id(int index, std::string_view message_id, std::string_view client_host);
  void find_told_attempts(const LegRecord& leg);
  void pack_recipient(const LegRecord& leg, std::size_t index, std::string& out);
  void write_further_recipients(const LegRecord& leg);
  void pack_lists(const LegRecord& leg);
  void pack_timeline(const LegRecord& leg, std::size_t count);
  void pack_links(const LegRecord& leg);
  void pack_facts(const LegRecord& leg);
  void bind_result(Statement& statement, int index, const LegRecipient& recipient);
  std::uint64_t name_number(LastName& last, std::string_view value);
  std::uint64_t name_number(std::string_view value) {
    return static_cast<std::uint64_t>(dictionary_.name_id(value));
  }

  Database& database_;
  std::uint64_t seed_;
  DictionaryWriter dictionary_;
  Statement leg_, delivery_, encounter_;
  std::int64_t next_delivery_ = 1;
  std::vector<std::int64_t> position_of_attempt_;  // by recipient, of the leg being written
  std::vector<bool> told_by_recipient_;            // by timeline position
  std::size_t told_ = 0;                           // how many of them are
  FieldPacker packer_;
  std::string header_;
  std::string to_hash_;
  std::string more_;
  std::string more_of_recipient_;
  std::string packed_queue_id_, packed_message_id_, packed_part_;  // bound, or written next
  ReplySplitter replies_;
  LastName host_, instance_, protocol_, agent_;
};

// figures: what counting takes: ids, times, sender, login, client, size, links, and of each
// recipient its address, outcome, reply code and reason; summary: all but timeline and lines.
enum class LegRowDepth : std::uint8_t { figures, summary, whole };
class OldLegRowReader;

// Reads leg versions of one file, of either layout.
class LegRowReader {
 public:
  using Depth = LegRowDepth;
  explicit LegRowReader(Database& database);
  ~LegRowReader();
  // False: no such row, or an error (which sticks to the database). A row that cannot be taken
  // apart is damage.
  bool load(std::uint32_t row, Depth depth, LegRecord& leg);
  DictionaryReader& dictionary() { return dictionary_; }

 private:
  bool take_leg(Depth depth, LegRecord& leg);
  bool load_header(std::int64_t row, Depth depth, LegRecord& leg);
  bool load_further_recipients(std::int64_t first, std::int64_t count, Depth depth, LegRecord& leg);

  Database& database_;
  DictionaryReader dictionary_;
  std::unique_ptr<OldLegRowReader> old_;  // when the file has the plain layout
  RowLayout layout_;
  LegNamesReader names_;
  Statement leg_, header_, delivery_;
  std::vector<std::pair<std::int64_t, TimelineEntry>> entries_;  // by position
};

// Microseconds as stored, and back. Differences wrap instead of overflowing: a hostile stamp is a
// wrong time, never undefined behaviour.
std::int64_t micros(Time at);
Time time_at(std::int64_t micros);
std::optional<std::int64_t> maybe_micros(const std::optional<Time>& at);
std::optional<Time> maybe_time(const Statement& row, int column);
Time time_after(std::int64_t start_micros, std::int64_t difference);

}  // namespace rastro
