#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journey.h"
#include "core/position.h"
#include "core/result.h"
#include "store/address_blocks.h"
#include "store/snapshot.h"

namespace rastro {

// By what a leg can be found without reading everything. Values are folded (fold_address) on both
// sides; a Message-ID and a queue id are taken as they are.
enum class KeyKind : std::uint8_t {
  recipient,  // recipient or original recipient
  sender,     // envelope sender or login
  recipient_domain,
  sender_domain,
  queue_id,         // of the leg itself
  linked_queue_id,  // named by a link of the leg
  message_id,
  client,  // client ip or host
  relay,   // relay ip or host
  leg_id,  // format_leg_id()
  // No value: legs with a recipient of which no line tells the envelope sender, or the client.
  sender_unknown,
  client_unknown,
};
// Files of before `key_kinds` have no postings of the kinds from this one on.
inline constexpr std::uint32_t kKeyKindsThen = static_cast<std::uint32_t>(KeyKind::sender_unknown);
inline constexpr std::uint32_t kKeyKinds = static_cast<std::uint32_t>(KeyKind::client_unknown) + 1;
struct LegKey {
  KeyKind kind = KeyKind::recipient;
  std::string value;
};

struct TimeRange {
  Time from = Time::min();
  Time until = Time::max();
};

// `next_hour`, of marks_only: what is left of this hour, written before, is not wanted.
enum class Visit : std::uint8_t { go_on, next_hour, stop };

// The visitor may narrow it while a query runs: whoever has enough of the newest legs wants only
// newer ones.
struct LegIdRange {
  std::uint64_t from = 0;
  std::uint64_t until = UINT64_MAX;
  bool holds(std::uint64_t leg_id) const { return leg_id >= from && leg_id <= until; }
};
struct QueryLimits {
  Duration deadline = std::chrono::seconds(5);  // 0: none
  const LegIdRange* wanted = nullptr;  // legs of other ids are passed over unread; null: none is
  // With keys: a leg comes with its id and times alone and is not loaded. It may be a probe, past
  // its time, or one that only shares a key's hash: for those who load and check it anyway.
  bool marks_only = false;
  // With keys: the interval's own hours come before later ones, which have old legs that are still
  // tried: whoever narrows `wanted` by what arrived in the interval leaves those unread.
  bool own_hours_first = false;
  // Legs come with what counting takes alone (LegRowDepth::figures).
  bool figures_only = false;
  // Files without any activity since then are passed over: for who knows when what is looked for
  // was written, if not when it arrived.
  Time written_since = Time::min();
  // Set by another thread: the query ends then as if its time were over.
  const std::atomic<bool>* stop_when = nullptr;
};
using HostVisit = std::function<void(std::string_view host)>;
using LoginWish = std::function<bool(std::string_view login)>;
// Why a query ended before it had seen everything.
enum class CutBy : std::uint8_t { nothing, caller, time };

struct AddressesSeen {
  CutBy cut = CutBy::nothing;
  // False: some address of the hours may be missing. An hour keeps AddressPacker::kAddressesMax,
  // and a damaged block of them is left out.
  bool all = true;
};

// A place behind the newest row at some moment.
struct ChangeMark {
  std::uint64_t serial = 0;  // of the file
  std::uint32_t row = 0;
};

struct SourceCoverage {
  std::string path;
  std::optional<Time> from;   // stamp of the first line read
  std::optional<Time> until;  // stamp of the last line read
};

// The read side of a state directory. One instance per query thread; read-only connections of its
// own; never blocks the writer.
class StoreReader {
 public:
  // `snapshots` returns the writer's newest snapshot; called at the start of every query.
  static std::unique_ptr<StoreReader> create(
      std::function<std::shared_ptr<const StoreSnapshot>()> snapshots);
  virtual ~StoreReader() = default;

  // What is asked between these sees one state of the store, and finds it opened: use OneState.
  virtual void begin_one_state() {}
  virtual void end_one_state() {}

  // Every leg that has one of `keys` and was active within `range`, each once, in its newest
  // version (header and recipients; `lines` and `timeline` empty), newest arrival first as far as
  // hours go, unless `own_hours_first`. An empty `keys` visits every leg of the range.
  virtual Result<CutBy> for_each_leg(const std::vector<LegKey>& keys, const TimeRange& range,
                                     const QueryLimits& limits,
                                     const std::function<Visit(const LegRecord&)>& visit) = 0;

  // Every leg without an end that does not name every recipient and opened in that time (to the
  // second), newest first. CutBy::time too when they are more than is kept count of.
  virtual Result<CutBy> for_each_untold(const TimeRange& opened, const QueryLimits& limits,
                                        const std::function<Visit(const LegRecord&)>& visit) = 0;

  // Every version that was written since `since`, oldest first, header and recipients; one that was
  // only carried into a new hour is no change. Returns where to go on: behind the last version
  // visited. `since` nullopt: from now on, nothing is visited.
  virtual Result<ChangeMark> for_each_change(
      const std::optional<ChangeMark>& since, const QueryLimits& limits,
      const std::function<Visit(const LegRecord&)>& visit) = 0;

  // How many rows of the range, and of ids that were wanted, the last for_each_leg() met, and about
  // how many there are in all, but those of later hours: what an "about 1,240" is made of. A leg
  // has a row for each time that it was written.
  virtual std::uint64_t rows_seen() const = 0;
  virtual Result<std::uint64_t> count_rows(const std::vector<LegKey>& keys,
                                           const TimeRange& range) = 0;

  // One leg, whole: newest header and recipients, timeline and lines of all versions, in order.
  virtual Result<std::optional<LegRecord>> load_leg(std::uint64_t leg_id) = 0;

  // Every address (folded envelope senders, logins, recipients, original recipients) of the hours
  // that overlap `range`, but those that `visit` lets pass over; one that occurs in several may
  // come several times, and in a range of several hours those of other hours may come too.
  virtual Result<AddressesSeen> for_each_address(const TimeRange& range, const QueryLimits& limits,
                                                 const AddressVisit& visit) = 0;

  // Every name of a client or relay, as it was logged, of the hours that overlap `range`; one may
  // come many times.
  virtual Result<CutBy> for_each_host(const TimeRange& range, const QueryLimits& limits,
                                      const HostVisit& visit) = 0;

  // Only those of a login for which `wish` holds, which may be asked several times of one; empty:
  // all are visited.
  virtual Result<CutBy> for_each_encounter(const TimeRange& range, const QueryLimits& limits,
                                           const std::function<Visit(const Encounter&)>& visit,
                                           const LoginWish& wish = {}) = 0;
  struct Count {
    std::uint64_t number = 0;
    CutBy cut = CutBy::nothing;
  };
  // Encounters of that kind; `of_nobody`: those without a login.
  virtual Result<Count> count_encounters(Encounter::Kind kind, const TimeRange& range,
                                         const QueryLimits& limits, bool of_nobody = false) = 0;

  virtual Result<std::vector<SourceCoverage>> coverage() = 0;
  virtual Result<std::vector<CoverageHole>> holes(const TimeRange& range) = 0;
  virtual Result<std::vector<SourcePosition>> positions() = 0;
  virtual std::vector<FileTrouble> troubles() = 0;
  // What ended before this is not shown any more.
  virtual Time visible_since() = 0;
  // Whether there is any leg at all: logs of which nothing was understood prove nothing.
  virtual bool holds_any_leg() = 0;

  // A line that the index itself keeps (raw_blocks.h); nullopt: it keeps none there.
  virtual Result<std::optional<std::string>> raw_line(const LineRef& line) = 0;

  // Closes files that retention unlinked meanwhile; every query does so too. To be called once a
  // minute: a file that is open somewhere keeps its disk space although its name is gone.
  virtual void close_expired() = 0;

  // Finds out a part of what makes later questions fast, for some 50 ms. True: there is more.
  virtual bool work_ahead() { return false; }
};

// For as long as it lives, `reader` answers from the state that the store was in when it was made.
// One at a time; for the length of an answer, not of a connection: what it sees can't be tidied up.
class OneState {
 public:
  explicit OneState(StoreReader& reader) : reader_(reader) { reader_.begin_one_state(); }
  ~OneState() { reader_.end_one_state(); }
  OneState(const OneState&) = delete;
  OneState& operator=(const OneState&) = delete;

 private:
  StoreReader& reader_;
};

}  // namespace rastro
