#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/enhanced_status.h"
#include "core/event.h"
#include "core/maybe_text.h"
#include "core/reason.h"
#include "core/reused_items.h"

namespace rastro {

// The latest truth about one recipient (DESIGN 2). `passed` stands on legs only: handed to a
// filter, an alias or our own next hop; the outcome is then that of the leg it was passed to.
enum class Outcome : std::uint8_t {
  queued,
  deferred,
  delivered,
  bounced,
  expired,
  rejected,
  held,
  discarded,
  deleted,
  quarantined,
  unknown,
  passed,
};
std::string_view outcome_name(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);
// Whether nothing more is expected to happen to the recipient.
bool is_final(Outcome outcome);

std::string_view delivered_to_name(DeliveredTo where);  // "" for nowhere

enum class UnknownBecause : std::uint8_t {
  none,
  log_starts_after,
  log_ends_before,
  hole,
  no_end_logged
};
std::string_view unknown_because_name(UnknownBecause because);  // "" for none

enum class SubmissionMethod : std::uint8_t {
  unknown,
  mx,
  submission,
  webmail,
  local,
  script,
  bounce
};
std::string_view submission_method_name(SubmissionMethod method);  // "" for unknown
std::optional<SubmissionMethod> parse_submission_method(std::string_view name);

std::string_view mta_name(Mta mta);  // "postfix", "exim", ""
std::optional<Mta> parse_mta(std::string_view name);

// The owned form of Peer.
struct Endpoint {
  std::string host;
  std::string ip;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  bool empty() const { return host.empty() && ip.empty(); }
  void clear();
};

// One line of a journey's timeline: an attempt or something that was done to the message.
struct TimelineEntry {
  enum class Kind : std::uint8_t {
    accepted,
    attempt,
    rejected,
    held,
    released,
    requeued,
    deleted,
    expired,
    discarded,
    bounce_sent,
    delay_notice_sent,
    note,
    host_failure,
  };
  Time at{};
  Kind kind = Kind::note;
  std::int32_t recipient = -1;        // index into LegRecord::recipients; -1: the message
  std::uint32_t ordinal = 0;          // attempts: which one of that recipient, from 1
  Outcome result = Outcome::unknown;  // attempts: what it ended as; notes: see is_cancellation()
  Reason reason = Reason::none;
  std::uint16_t reply_code = 0;
  std::optional<EnhancedStatus> enhanced_status;
  std::string agent;
  Endpoint relay;
  std::string text;  // reply text, or what was done in the log's words

  void clear();
};
std::string_view timeline_kind_name(TimelineEntry::Kind kind);

// Whether somebody gave the whole message up, so that it goes back to its sender.
inline bool is_cancellation(const TimelineEntry& entry) {
  return entry.kind == TimelineEntry::Kind::note && entry.result == Outcome::bounced;
}

// One recipient of one leg, as its newest line left it.
struct LegRecipient {
  std::string recipient;  // as logged
  MaybeText original_recipient;
  MaybeText dsn_original_recipient;
  Outcome outcome = Outcome::queued;
  DeliveredTo delivered_to = DeliveredTo::nowhere;
  UnknownBecause unknown_because = UnknownBecause::none;
  Reason reason = Reason::none;
  std::uint16_t reply_code = 0;
  std::optional<EnhancedStatus> enhanced_status;
  std::string reply_text;
  std::string folder;
  std::string agent;
  Endpoint relay;
  MaybeText tls;
  std::uint32_t attempts = 0;  // true tries only, not retry bookkeeping
  // Of the mailbox server's session that discarded it, a hash; 0: none, or none known. Not stored.
  std::uint32_t discarded_in = 0;
  std::optional<Time> first_attempt_at;
  std::optional<Time> last_attempt_at;

  void clear();
};

// What one leg's log says about another leg. One-sided: the other side need not be known.
struct LegLink {
  enum class Kind : std::uint8_t {
    filter,        // re-injected by a content filter on this host
    forward,       // an alias or .forward made a new queue id
    bounce,        // the other one reports this one's failure
    delay_notice,  // the other one reports this one's delay
    requeue,       // postsuper -r gave a new id
    hop,           // the next host took it
    retry,         // a dialogue refused for now, and the later one that was accepted
    session,       // recipients refused in the same dialogue before the first was accepted
    report,        // the other one tells about this one without a failure: a delivery report that
                   // was asked for, an automatic answer, a copy for the postmaster
  };
  enum class Direction : std::uint8_t { parent, child };  // what the other leg is to this one
  Kind kind = Kind::hop;
  Direction direction = Direction::child;
  // Certain: our own MTA named the id. Not certain: a peer claimed it ("queued as ID"), which
  // counts only when the other leg's own log agrees.
  bool claimed_by_peer = false;
  std::string queue_id;         // of the other leg
  std::int32_t recipient = -1;  // index of the recipient that was passed on; -1: all
  Time at{};
  friend bool operator==(const LegLink&, const LegLink&) = default;
};
std::string_view link_kind_name(LegLink::Kind kind);

// What a companion found.
struct Fact {
  std::string source;
  std::string name;
  std::string value;
  friend bool operator==(const Fact&, const Fact&) = default;
};

struct Submission {
  void clear();

  SubmissionMethod method = SubmissionMethod::unknown;
  MaybeText login;
  Endpoint client;
  MaybeText helo;
  std::optional<std::uint32_t> uid;
  MaybeText user;
  MaybeText script;
  MaybeText script_dir;
};

// The part of a journey under one queue id, or one rejected SMTP dialogue (queue_id empty).
//
// The same struct is what the correlator holds open, what the writer stores, and what a reader gets
// back. Stored append-only: each version has the full header and all recipients; `lines` and
// `timeline` hold only what came since the version before. The newest version is the truth; lines
// and timeline are the union over all versions.
struct LegRecord {
  // Deterministic: the opening second in the upper 32 bits, a hash of (host, mta, instance, queue
  // id, generation, opened_at) below. The same whenever the same log is read again.
  std::uint64_t id = 0;
  // What nearly every line of the leg reads or changes stands together, in few cache lines.
  std::string queue_id;  // empty: a rejected dialogue
  std::string host;
  std::string instance;  // "postfix", "postfix-out"; Exim: ""
  std::uint32_t generation = 0;
  Mta mta = Mta::none;
  bool accepted = false;      // by us: queued, or answered 2xx
  bool arrival_seen = false;  // false: the log starts after it
  bool internal = false;      // by the MTA itself (bounce, forward) or a filter
  bool held = false;          // on hold: recipients not yet named are held too
  bool probe = false;         // an address verification probe: no mail, never shown as a journey
  std::uint16_t accepted_reply_code = 0;  // what the client was told, when it differs or is known
  Time opened_at{};                       // stamp of the earliest line
  Time last_activity_at{};
  std::optional<Time> closed_at;
  std::optional<Time> accepted_at;
  std::vector<LineRef> lines;  // since the last version
  ReusedItems<LegRecipient> recipients;

  MaybeText message_id;
  MaybeText envelope_sender;  // "" is the null reverse-path
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint32_t> recipient_count;  // as logged: may exceed what recipients names
  Submission submission;
  MaybeText accepted_tls;
  std::vector<LegLink> links;
  ReusedItems<TimelineEntry> timeline;  // since the last version
  std::string protocol;
  MaybeText subject;
  std::string accepted_reply_text;
  std::vector<Fact> facts;

  // As a new one. Here as in its parts: what it owns keeps its memory where that is little.
  void clear();
};

// Whether the leg still owes an end: it is carried from hour to hour until it has one.
bool is_open(const LegRecord& leg);
// Whether a line names each recipient whom the queue manager counted. Who was refused has left the
// dialogue before it counts.
bool names_all_recipients(const LegRecord& leg);

// Whom a REDIRECT of Postfix' replaced: `passed`, and its target is one of the others.
bool is_redirected(const LegRecipient& recipient);
inline constexpr std::string_view kRedirectAgent = "redirect";
// Of a recipient who was named while the message came in and became one of the others since: which
// one, no line tells.
inline constexpr std::string_view kRewriteAgent = "rewrite";

// Whether it has a recipient and no line tells from whom it came, or through whom: the log begins
// after its arrival, has a hole there, or cut the line.
bool is_sender_unknown(const LegRecord& leg);
bool is_client_unknown(const LegRecord& leg);

// Something seen that is no message: failed logins, refused connections, blocks without addresses.
// Findable by client, login and time; offered when a search by address finds nothing.
struct Encounter {
  enum class Kind : std::uint8_t {
    login_failed,
    login_ok,
    client_rejected,
    lost_connection,
    unnamed_mail,  // a message that ended, or is held, and not every recipient was named, when it
                   // came in; `text` is its envelope sender, empty: not logged
    named,         // a line that names an address, `login`, and tells of no message by it
  };
  static constexpr std::size_t kKinds = 6;
  Kind kind = Kind::client_rejected;
  Time at{};
  std::string host;
  Endpoint client;
  std::string login;
  std::string text;
  LineRef line;
};
std::string_view encounter_kind_name(Encounter::Kind kind);

// The public id of a leg or journey: 13 characters of lower-case base32 (Crockford), arrival time
// first, so ids sort by time.
std::string format_leg_id(std::uint64_t id);
std::optional<std::uint64_t> parse_leg_id(std::string_view text);
// `opened_at` to the second plus a hash of what identifies the leg.
std::uint64_t make_leg_id(std::string_view host, Mta mta, std::string_view instance,
                          std::string_view queue_id, std::uint32_t generation, Time opened_at);
// When its leg opened, to the second.
inline Time opening_second(std::uint64_t leg_id) {
  return Time(std::chrono::seconds(static_cast<std::int64_t>(leg_id >> 32)));
}

}  // namespace rastro
