#include "core/journey.h"

#include <algorithm>
#include <array>

namespace rastro {
namespace {

template <typename Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{};
}

template <typename Enum, std::size_t N>
std::optional<Enum> value_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (!name.empty() && names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 12> kOutcomes = {
    "queued", "deferred",  "delivered", "bounced",     "expired", "rejected",
    "held",   "discarded", "deleted",   "quarantined", "unknown", "passed"};
constexpr std::array<std::string_view, 5> kDeliveredTo = {"", "mailbox", "remote", "program",
                                                          "file"};
constexpr std::array<std::string_view, 5> kUnknownBecause = {
    "", "log_starts_after", "log_ends_before", "hole", "no_end_logged"};
constexpr std::array<std::string_view, 7> kMethods = {"",      "mx",     "submission", "webmail",
                                                      "local", "script", "bounce"};
constexpr std::array<std::string_view, 3> kMtas = {"", "postfix", "exim"};
constexpr std::array<std::string_view, 13> kTimelineKinds = {
    "accepted",          "attempt", "rejected",    "held",      "released",
    "requeued",          "deleted", "expired",     "discarded", "bounce_sent",
    "delay_notice_sent", "note",    "host_failure"};
constexpr std::array<std::string_view, 9> kLinkKinds = {
    "filter", "forward", "bounce", "delay_notice", "requeue", "hop", "retry", "session", "report"};
constexpr std::array<std::string_view, Encounter::kKinds> kEncounterKinds = {
    "login_failed", "login_ok", "client_rejected", "lost_connection", "unnamed_mail", "named"};

// Crockford's base32: no i, l, o, u, so an id read out on the phone survives.
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdLength = 13;

// FNV-1a, then a finalizer: the id needs spread, not secrecy; it never decides equality of legs.
std::uint64_t mix(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  hash ^= 0xff;
  return hash * 0x100000001b3ULL;
}

}  // namespace

std::string_view outcome_name(Outcome outcome) { return name_in(kOutcomes, outcome); }
std::optional<Outcome> parse_outcome(std::string_view name) {
  return value_in<Outcome>(kOutcomes, name);
}

bool is_final(Outcome outcome) {
  return outcome != Outcome::queued && outcome != Outcome::deferred && outcome != Outcome::held;
}

std::string_view delivered_to_name(DeliveredTo where) { return name_in(kDeliveredTo, where); }
std::string_view unknown_because_name(UnknownBecause because) {
  return name_in(kUnknownBecause, because);
}
std::string_view submission_method_name(SubmissionMethod method) {
  return name_in(kMethods, method);
}
std::optional<SubmissionMethod> parse_submission_method(std::string_view name) {
  return value_in<SubmissionMethod>(kMethods, name);
}
std::string_view mta_name(Mta mta) { return name_in(kMtas, mta); }
std::optional<Mta> parse_mta(std::string_view name) { return value_in<Mta>(kMtas, name); }
std::string_view timeline_kind_name(TimelineEntry::Kind kind) {
  return name_in(kTimelineKinds, kind);
}
std::string_view link_kind_name(LegLink::Kind kind) { return name_in(kLinkKinds, kind); }
std::string_view encounter_kind_name(Encounter::Kind kind) {
  return name_in(kEncounterKinds, kind);
}

namespace {

// One huge message must not keep its memory for ever.
constexpr std::size_t kKeptBytesMax = 256;
constexpr std::size_t kKeptItemsMax = 8;
constexpr std::size_t kKeptLinesMax = 64;

void wipe(std::string& text) {
  if (text.capacity() > kKeptBytesMax) std::string().swap(text);  // an assignment would keep it
  text.clear();
}
void wipe(MaybeText& text) { text.reset(kKeptBytesMax); }
template <typename Items>
void wipe(Items& items, std::size_t kept_max) {
  if (items.capacity() > kept_max) {
    items = Items();
  } else {
    items.clear();
  }
}

}  // namespace

void Endpoint::clear() {
  wipe(host);
  wipe(ip);
  port = 0;
}

void TimelineEntry::clear() {
  at = {};
  kind = Kind::note;
  recipient = -1;
  ordinal = 0;
  result = Outcome::unknown;
  reason = Reason::none;
  reply_code = 0;
  enhanced_status.reset();
  wipe(agent);
  relay.clear();
  wipe(text);
}

void LegRecipient::clear() {
  wipe(recipient);
  wipe(original_recipient);
  wipe(dsn_original_recipient);
  outcome = Outcome::queued;
  delivered_to = DeliveredTo::nowhere;
  unknown_because = UnknownBecause::none;
  reason = Reason::none;
  reply_code = 0;
  enhanced_status.reset();
  wipe(reply_text);
  wipe(folder);
  wipe(agent);
  relay.clear();
  wipe(tls);
  attempts = 0;
  discarded_in = 0;
  first_attempt_at.reset();
  last_attempt_at.reset();
}

void Submission::clear() {
  method = SubmissionMethod::unknown;
  wipe(login);
  client.clear();
  wipe(helo);
  uid.reset();
  wipe(user);
  wipe(script);
  wipe(script_dir);
}

void LegRecord::clear() {
  id = 0;
  wipe(host);
  mta = Mta::none;
  wipe(instance);
  wipe(queue_id);
  generation = 0;
  opened_at = {};
  last_activity_at = {};
  closed_at.reset();
  wipe(envelope_sender);
  wipe(message_id);
  size_bytes.reset();
  wipe(subject);
  recipient_count.reset();
  accepted = false;
  accepted_at.reset();
  accepted_reply_code = 0;
  wipe(accepted_reply_text);
  wipe(accepted_tls);
  wipe(protocol);
  arrival_seen = false;
  internal = false;
  held = false;
  probe = false;
  submission.clear();
  wipe(recipients, kKeptItemsMax);
  wipe(links, kKeptItemsMax);
  wipe(facts, kKeptItemsMax);
  wipe(timeline, kKeptItemsMax);
  wipe(lines, kKeptLinesMax);
}

bool is_open(const LegRecord& leg) { return !leg.closed_at.has_value(); }

bool names_all_recipients(const LegRecord& leg) {
  const auto refused =
      std::ranges::count(leg.recipients, Outcome::rejected, &LegRecipient::outcome);
  return !leg.recipients.empty() && leg.recipients.size() - static_cast<std::size_t>(refused) >=
                                        leg.recipient_count.value_or(0);
}

bool is_redirected(const LegRecipient& recipient) {
  return recipient.outcome == Outcome::passed && recipient.agent == kRedirectAgent;
}

bool is_sender_unknown(const LegRecord& leg) {
  return !leg.envelope_sender && !leg.recipients.empty() && !leg.probe;
}
bool is_client_unknown(const LegRecord& leg) {
  const auto& client = leg.submission.client;
  return !leg.arrival_seen && !leg.internal && client.host.empty() && client.ip.empty() &&
         !leg.recipients.empty() && !leg.probe;
}

std::string format_leg_id(std::uint64_t id) {
  std::string text(kIdLength, '0');
  for (std::size_t i = kIdLength; i-- > 0;) {
    text[i] = kBase32[id & 31];
    id >>= 5;
  }
  return text;
}

std::optional<std::uint64_t> parse_leg_id(std::string_view text) {
  if (text.size() != kIdLength || text[0] > 'f') return std::nullopt;
  std::uint64_t id = 0;
  for (const char c : text) {
    const auto digit = kBase32.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    id = (id << 5) | digit;
  }
  return id;
}

std::uint64_t make_leg_id(std::string_view host, Mta mta, std::string_view instance,
                          std::string_view queue_id, std::uint32_t generation, Time opened_at) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  hash = mix(hash, host);
  hash = mix(hash, mta_name(mta));
  hash = mix(hash, instance);
  hash = mix(hash, queue_id);
  hash ^= generation;
  hash ^= static_cast<std::uint64_t>(opened_at.time_since_epoch().count()) * 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(opened_at).time_since_epoch().count();
  return (static_cast<std::uint64_t>(seconds) << 32) | (hash & 0xffffffffULL);
}

}  // namespace rastro
