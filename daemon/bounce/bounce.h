#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/enhanced_status.h"
#include "core/reason.h"

namespace rastro {

class Zone;

// What a message that came back says, whoever wrote it: an RFC 3464 report, an MTA's prose, or what
// somebody pasted of either.

// Bounds on what is read of one bounce. What lies beyond is left out and counted (BounceCuts).
struct BounceLimits {
  std::size_t input_bytes_max = 8 << 20;  // the report stands in front, the returned message behind
  std::size_t parts_max = 200;
  std::size_t depth_max = 20;
  std::size_t header_lines_max = 20'000;
  std::size_t header_bytes_max = 16 * 1024;  // of one header with its continuations
  std::size_t text_bytes_max = 2 << 20;      // decoded text of all parts together
  std::size_t notice_bytes_max = 256 * 1024;
  std::size_t recipients_max = 500;
  std::size_t value_bytes_max = 2'000;
  std::size_t received_max = 50;
  const Zone* zone = nullptr;  // of times that name none; null: UTC
};

struct BounceCuts {
  std::uint64_t input_bytes = 0;
  std::uint64_t parts = 0;
  std::uint64_t header_lines = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t recipients = 0;
  bool time = false;  // the deadline came first
  bool any() const {
    return input_bytes + parts + header_lines + text_bytes + recipients != 0 || time;
  }
};

// A value and where it stood, in words for a person ("delivery-status Final-Recipient"). Valid
// UTF-8 without control characters, at most value_bytes_max long. Empty: not found.
struct Found {
  std::string value;
  std::string_view from;  // static text
  explicit operator bool() const { return !value.empty(); }
};

enum class BounceKind : std::uint8_t {
  failed,
  delayed,
  delivered,
  relayed,
  expanded,
  not_a_bounce
};
std::string_view bounce_kind_name(BounceKind kind);

enum class NotABounce : std::uint8_t {
  none,
  auto_reply,     // vacation, out of office
  challenge,      // wants the sender to prove that he is a person
  read_receipt,   // RFC 8098
  abuse_report,   // RFC 5965
  list_notice,    // held for a moderator, subscription confirmations
  ordinary,       // mail that reports nothing
  held_mail,      // offers to release what is held for the reader, as frauds do and quarantines
  login_refused,  // a mail program's error: the server did not let it in, nothing was sent
  not_connected,  // a mail program's error: it did not get to the server that it sends through
  empty,
};
std::string_view not_a_bounce_name(NotABounce what);  // "" for none

struct BounceRecipient {
  Found recipient;           // empty: a reply was given, and nobody named with it
  Found original_recipient;  // before an alias or forward changed it
  Found action;              // failed, delayed, delivered, relayed, expanded
  Found enhanced_status;     // RFC 3463; the more exact one when the report says it twice
  Found reply_code;          // three digits
  Found diagnostic;          // the words of the server that refused, else of the one that reports
  Found remote_mta;
  Found last_attempt_at;            // as written
  Found will_retry_until;           // as written
  Reason reason = Reason::unknown;  // filled in by who has the classifier
};

// One "Received:" header: which host had it under which queue id.
struct ReceivedId {
  std::string by;  // host name; may be empty
  std::string id;
  std::string_view from;  // "original Received" or "bounce Received"
};

struct BounceReport {
  BounceKind kind = BounceKind::not_a_bounce;
  NotABounce not_a_bounce = NotABounce::none;
  std::string kind_because;  // what decided
  bool is_report = false;    // a notice that came to the sender; else words that somebody was told
  bool by_program = false;   // a mail program's error: the first server of all refused it
  std::vector<BounceRecipient> recipients;
  Found reporting_mta;
  Found arrival_date;  // as written; when the reporting MTA got it
  std::optional<Time> arrived_at;
  Found original_date;  // Date header of the original, as written
  std::optional<Time> sent_at;
  Found bounce_date;
  std::optional<Time> bounced_at;
  Found account;     // whose login was refused
  Found message_id;  // of the original, with its angle brackets
  Found subject;     // of the original; shown, never stored
  Found original_sender;
  Found envelope_id;
  std::vector<Found> queue_ids;      // named by the report itself
  std::vector<ReceivedId> received;  // newest first within each message
  std::vector<Found> original_to;    // To and Cc of the original
  std::string notice;                // its own words, cut to what a classifier is asked of
  BounceCuts cuts;
};

// Reads `input`: a whole message, or text pasted from one. Never fails: what cannot be made out is
// left empty. Bounded in time and memory whatever the bytes are; `out_of_time` (may be empty) is
// asked between stages. Query threads only: MIME parsing recurses up to depth_max levels.
BounceReport read_bounce(std::string_view input, const BounceLimits& limits = {},
                         const std::function<bool()>& out_of_time = {});

}  // namespace rastro
