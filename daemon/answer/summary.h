#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journey.h"
#include "store/query.h"

namespace rastro {

inline constexpr std::size_t kOutcomeCount = static_cast<std::size_t>(Outcome::passed) + 1;

enum class SummaryBy : std::uint8_t { sender, login, client, domain, outcome, reason, script };
std::optional<SummaryBy> parse_summary_by(std::string_view name);

struct SummaryQuestion {
  SummaryBy by = SummaryBy::sender;
  std::string direction{};  // "in", "out", "local" or "relay"; "": any
};

struct SummaryRow {
  std::string key;  // "" stands for messages without one; the null reverse-path is "<>"
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;                                // of the messages whose size was logged
  std::array<std::uint64_t, kOutcomeCount> recipients{};  // by Outcome
};
struct Summary {
  std::vector<SummaryRow> rows;  // most messages first
  SummaryRow total;
  std::uint64_t keys = 0;  // different ones; more than kKeysMax are counted in `total` only
  CutBy cut = CutBy::nothing;
};

// Who sent how much within `range`, and what became of it. A message of several legs, which a
// filter hands back, an alias gives a new id or another host of ours takes over, is one message, of
// whoever sent the first; recipients that were passed on count where they ended; one of which no
// line names a recipient counts as one of no domain. Of hosts that reach each other over public
// addresses each leg counts by itself.
Result<Summary> summarize(StoreReader& store, const TimeRange& range,
                          const SummaryQuestion& question, std::size_t rows_max,
                          const QueryLimits& limits, const Clock& clock);

enum class DeferralsBy : std::uint8_t { domain, provider, reason, relay, sender };
std::optional<DeferralsBy> parse_deferrals_by(std::string_view name);

struct DeferralsRow {
  std::string key;
  std::uint64_t recipients = 0;  // that wait now
  std::uint64_t attempts = 0;    // so far
  Time oldest_arrived_at{};
  Time last_attempt_at{};
  std::string reply_text;  // of that attempt
  Reason reason = Reason::none;
};
struct Deferrals {
  std::vector<DeferralsRow> rows;  // most recipients first
  std::uint64_t recipients = 0;
  std::uint64_t keys = 0;
  CutBy cut = CutBy::nothing;
};
// Recipients that are deferred now, of messages active within `range`.
Result<Deferrals> list_deferrals(StoreReader& store, const TimeRange& range, DeferralsBy by,
                                 std::size_t rows_max, const QueryLimits& limits,
                                 const Clock& clock);

// Who runs that mail server, by its name, or by the domain when nobody answered: "google",
// "microsoft", ...; "other" when not known.
std::string_view provider_of(std::string_view relay_host, std::string_view domain);

}  // namespace rastro
