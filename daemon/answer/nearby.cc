#include "daemon/answer/nearby.h"

#include <algorithm>
#include <array>
#include <functional>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/answer/match.h"
#include "daemon/answer/misspelt.h"
#include "daemon/answer/sentences.h"
#include "daemon/answer/typed.h"
#include "daemon/answer/unknown_sender.h"

namespace rastro {
namespace {

constexpr std::size_t kSuggestionsMax = 8;
constexpr std::size_t kCountMax = 200;
constexpr std::size_t kEncountersMax = 50;
constexpr Duration kEncounterMargin = std::chrono::minutes(30);

// Forwarders (SRS), mailing lists and mailing services (VERP, BATV) write an envelope sender of
// their own; a person reads the one in the From: header.
bool names_no_person(std::string_view sender) {
  const auto local = ascii_lower(split_address(sender).local_part);
  for (const std::string_view start :
       {"srs0", "srs1", "prvs=", "msprvs", "btv1=", "bounce", "return"}) {
    if (local.starts_with(start)) return true;
  }
  constexpr int kDigits = 6;
  return local.find('=') != std::string::npos || local.find("bounce") != std::string::npos ||
         std::ranges::count_if(local, is_digit) >= kDigits;
}

class Looker {
 public:
  Looker(StoreReader& store, const FindRequest& request, Duration time_left, const Clock& clock)
      : store_(store),
        request_(request),
        time_left_(time_left),
        clock_(clock),
        started_at_(clock.steady()) {}

  Result<Nearby> run() {
    if (auto done = same_address_elsewhere(); !done) return done.error();
    if (auto done = counterparts(); !done) return done.error();
    if (auto done = message_ids(); !done) return done.error();
    if (auto done = misspelt(); !done) return done.error();
    if (auto done = encounters(); !done) return done.error();
    if (auto done = unnamed(); !done) return done.error();
    if (auto done = unknown_sender(); !done) return done.error();
    out_.any_leg = store_.holds_any_leg();
    return std::move(out_);
  }

 private:
  struct Asked {
    const AddressPattern* pattern;
    const char* parameter;
    KeyKind whole;
  };
  std::vector<Asked> asked(bool words = false) const {
    std::vector<Asked> all;
    const auto add = [&](const std::optional<AddressPattern>& pattern, const char* name,
                         KeyKind whole) {
      if (pattern && (pattern->form() == AddressPattern::Form::address ||
                      (words && pattern->form() == AddressPattern::Form::local_part)))
        all.push_back({&*pattern, name, whole});
    };
    add(request_.recipient, "recipient", KeyKind::recipient);
    add(request_.sender, "sender", KeyKind::sender);
    add(request_.any, "any", KeyKind::recipient);
    return all;
  }

  std::optional<QueryLimits> limits() {
    if (time_left_ <= Duration::zero()) return QueryLimits{Duration::zero()};
    const auto left = time_left_ - (clock_.steady() - started_at_);
    if (left > Duration::zero()) return QueryLimits{left};
    out_.cut = CutBy::time;
    return std::nullopt;
  }

  static std::vector<LegKey> keys_of(const std::string& parameter, const std::string& address) {
    if (parameter == "message_id")
      return {{KeyKind::message_id, address}, {KeyKind::message_id, "<" + address + ">"}};
    const AddressPattern pattern(address);
    auto keys = parameter == "sender" ? pattern.keys(KeyKind::sender, KeyKind::sender_domain)
                                      : pattern.keys(KeyKind::recipient, KeyKind::recipient_domain);
    if (parameter == "any") {
      for (auto& key : pattern.keys(KeyKind::sender, KeyKind::sender_domain)) keys.push_back(key);
    }
    return keys;
  }

  using Counts = std::function<bool(const LegRecord&)>;

  // Legs that have the address and count; at most kCountMax.
  Result<std::uint64_t> count(const std::string& parameter, const std::string& address,
                              const TimeRange& range, const Counts& counts = {}) {
    std::uint64_t found = 0;
    const auto left = limits();
    if (!left) return found;
    const auto done =
        store_.for_each_leg(keys_of(parameter, address), range, *left, [&](const LegRecord& leg) {
          if (!leg.probe && (!counts || counts(leg))) ++found;
          return found < kCountMax ? Visit::go_on : Visit::stop;
        });
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return found;
  }

  Result<std::uint64_t> count_probes(const std::vector<LegKey>& keys) {
    std::uint64_t found = 0;
    const auto left = limits();
    if (!left) return found;
    const auto look = [&](const LegRecord& leg) {
      if (leg.probe) ++found;
      return found < kCountMax ? Visit::go_on : Visit::stop;
    };
    const auto done = store_.for_each_leg(keys, request_.range, *left, look);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return found;
  }

  void suggest(Suggestion::Kind kind, const std::string& parameter, const std::string& value,
               std::uint64_t messages) {
    if (messages == 0 || out_.suggestions.size() >= kSuggestionsMax) return;
    out_.suggestions.push_back({kind, parameter, value, messages, messages < kCountMax});
  }

  bool whole_time() const {
    return request_.range.from == Time::min() && request_.range.until == Time::max();
  }

  Result<void> same_address_elsewhere() {
    if (whole_time()) return {};
    const auto elsewhere = [&](const LegRecord& leg) {
      return leg.last_activity_at < request_.range.from || leg.opened_at > request_.range.until;
    };
    for (const auto& one : asked()) {
      const auto messages = count(one.parameter, one.pattern->text(), {}, elsewhere);
      if (!messages) return messages.error();
      suggest(Suggestion::Kind::other_interval, one.parameter, one.pattern->text(), *messages);
    }
    return {};
  }

  static bool is_from(const LegRecord& leg, const AddressPattern& asked) {
    return (leg.envelope_sender && asked.matches(*leg.envelope_sender)) ||
           (leg.submission.login && asked.matches(*leg.submission.login));
  }
  static bool is_to(const LegRecord& leg, const AddressPattern& asked) {
    return std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
      return asked.matches(recipient.recipient) ||
             (recipient.original_recipient && asked.matches(*recipient.original_recipient));
    });
  }

  // Sender and recipient were both asked: what each had with others in that interval.
  Result<void> counterparts() {
    const auto& from = request_.sender;
    const auto& to = request_.recipient;
    if (!from || !to) return {};
    for (const auto& one : asked()) {
      const bool sender = one.whole == KeyKind::sender;
      const auto with_others = [&](const LegRecord& leg) {
        if (sender) return !leg.recipients.empty() && !is_to(leg, *to);
        if (is_from(leg, *from)) return false;
        if (leg.envelope_sender && names_no_person(*leg.envelope_sender)) ++out_.sender_by_machine;
        return true;
      };
      const auto messages = count(one.parameter, one.pattern->text(), request_.range, with_others);
      if (!messages) return messages.error();
      suggest(sender ? Suggestion::Kind::same_sender : Suggestion::Kind::same_recipient,
              one.parameter, one.pattern->text(), *messages);
    }
    return {};
  }

  // A Message-ID looks like an address, and each is pasted for the other.
  Result<void> message_ids() {
    if (request_.message_id.find('@') != std::string::npos &&
        request_.message_id.find('*') == std::string::npos) {
      const auto address = typed_address(request_.message_id);
      const auto messages = count("any", address, request_.range);
      if (!messages) return messages.error();
      suggest(Suggestion::Kind::address, "any", address, *messages);
    }
    for (const auto& one : asked()) {
      const auto& typed = one.pattern->typed();
      const auto messages = count("message_id", typed, request_.range);
      if (!messages) return messages.error();
      suggest(Suggestion::Kind::message_id, "message_id", typed, *messages);
    }
    return {};
  }

  Result<void> misspelt() {
    for (const auto& one : asked(true)) {
      const auto left = limits();
      if (!left) return {};
      auto near = near_addresses(store_, *one.pattern, request_.range, *left);
      if (!near) return near.error();
      if (near->cut == CutBy::time) out_.cut = CutBy::time;
      if (auto added = add_nearest(one, std::move(near->addresses)); !added) return added.error();
    }
    return {};
  }

  using Counted = std::vector<std::pair<std::uint64_t, const NearAddress*>>;

  // As many as can still be suggested, the most frequent first. How many rows each has is known at
  // once; what they are must be read.
  Result<Counted> count_likeliest(const std::string& parameter, Counted likely) {
    const auto room = kSuggestionsMax - out_.suggestions.size();
    const auto order = [](const auto& one) { return one.first; };
    if (likely.size() > room) {
      for (auto& one : likely) {
        const auto rows =
            store_.count_rows(keys_of(parameter, one.second->address), request_.range);
        if (!rows) return rows.error();
        one.first = *rows;
      }
      std::ranges::stable_sort(likely, std::greater<>(), order);
    }
    Counted counted;
    for (const auto& one : likely) {
      if (counted.size() >= room) break;
      const auto messages = count(parameter, one.second->address, request_.range);
      if (!messages) return messages.error();
      if (*messages > 0) counted.emplace_back(*messages, one.second);
    }
    std::ranges::stable_sort(counted, std::greater<>(), order);
    return counted;
  }

  Result<void> add_nearest(const Asked& asked, std::vector<NearAddress> near) {
    constexpr std::size_t kCountedMax = 4 * kSuggestionsMax;
    if (near.size() > kCountedMax) near.resize(kCountedMax);
    // Of those that are as near, the more frequent come first; what is further away need not be
    // counted when there are enough.
    for (std::size_t from = 0; from < near.size() && out_.suggestions.size() < kSuggestionsMax;) {
      std::vector<std::pair<std::uint64_t, const NearAddress*>> likely;
      const auto steps = near[from].steps;
      for (; from < near.size() && near[from].steps == steps; ++from)
        likely.emplace_back(0, &near[from]);
      auto counted = count_likeliest(asked.parameter, std::move(likely));
      if (!counted) return counted.error();
      for (const auto& [messages, one] : *counted) {
        suggest(steps <= kStepsMax ? Suggestion::Kind::misspelt : Suggestion::Kind::other_domain,
                asked.parameter, one->address, messages);
      }
    }
    return {};
  }

  // Those of the login or client that the question is about: the address as a login, its local
  // part, or its own name; in the interval and half an hour around it.
  bool concerns(const Encounter& encounter) const {
    if (encounter.kind == Encounter::Kind::named) return is_asked_for(encounter.login);
    return concerns(encounter.login) ||
           (!request_.client.empty() && endpoint_matches(request_.client, encounter.client));
  }

  bool is_asked_for(std::string_view address) const {
    return std::ranges::any_of(
        std::array{&request_.recipient, &request_.sender, &request_.any},
        [&](const auto* pattern) { return *pattern && (*pattern)->matches(address); });
  }

  bool concerns(std::string_view login) const {
    if (login.empty()) return false;
    if (!request_.login.empty() && glob_matches(request_.login, login)) return true;
    for (const auto* pattern : {&request_.sender, &request_.any}) {
      if (!*pattern) continue;
      if ((*pattern)->matches(login)) return true;
      if (split_address(login).domain.empty() &&
          equal_ignoring_case(login, split_address((*pattern)->text()).local_part))
        return true;
    }
    return false;
  }

  Result<void> encounters() {
    auto range = request_.range;
    if (range.from > Time::min() + kEncounterMargin) range.from -= kEncounterMargin;
    if (range.until < Time::max() - kEncounterMargin) range.until += kEncounterMargin;
    const auto left = limits();
    if (!left) return {};
    const auto refused =
        store_.count_encounters(Encounter::Kind::client_rejected, request_.range, *left);
    if (!refused) return refused.error();
    out_.refused_unnamed = refused->number;
    if (refused->cut == CutBy::time) out_.cut = CutBy::time;
    // Most are of strangers who named nobody, or of other logins.
    LoginWish wish;
    if (request_.client.empty())
      wish = [&](std::string_view login) { return concerns(login) || is_asked_for(login); };
    const auto look = [&](const Encounter& encounter) {
      // A message, which is found by its sender, login or client.
      if (encounter.kind == Encounter::Kind::unnamed_mail) return Visit::go_on;
      if (!concerns(encounter)) return Visit::go_on;
      if (out_.encounters.size() < kEncountersMax) {
        out_.encounters.push_back(encounter);
      } else {
        out_.encounters_cut = true;
      }
      return Visit::go_on;
    };
    const auto done = store_.for_each_encounter(range, *left, look, wish);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return {};
  }

  // Whether mail of that sender may be what was asked for; an empty one: it was not logged.
  bool may_be_from(std::string_view sender) const {
    return sender.empty() || !request_.sender || request_.sender->matches(sender);
  }

  Result<std::uint64_t> count_unnamed(Encounter::Kind kind) {
    const auto left = limits();
    if (!left) return std::uint64_t{0};
    const auto counted = store_.count_encounters(kind, request_.range, *left, true);
    if (!counted) return counted.error();
    if (counted->cut == CutBy::time) out_.cut = CutBy::time;
    return counted->number;
  }

  // What ended is told by the way; what is in the queue and was not tried yet must be read.
  Result<void> unnamed() {
    if (!request_.recipient && !request_.sender && !request_.any) return {};
    for (const auto& one : asked()) {
      const auto probes = count_probes(keys_of(one.parameter, one.pattern->text()));
      if (!probes) return probes.error();
      out_.probes += *probes;
    }
    const auto logins = count_unnamed(Encounter::Kind::login_failed);
    if (!logins) return logins.error();
    out_.logins_unnamed = *logins;
    const auto ended = count_unnamed(Encounter::Kind::unnamed_mail);
    if (!ended) return ended.error();
    out_.mail_unnamed = *ended;
    if (*ended > 0 && request_.sender) {
      if (auto done = narrow_to_sender(); !done) return done;
    }
    // Nothing is proven then, and what waits must be read.
    if (out_.mail_unnamed + out_.logins_unnamed + out_.refused_unnamed > 0) return {};
    return waiting_unnamed();
  }

  Result<void> narrow_to_sender() {
    const auto left = limits();
    if (!left) return {};
    out_.mail_unnamed = 0;
    const auto look = [&](const Encounter& encounter) {
      if (encounter.kind == Encounter::Kind::unnamed_mail && may_be_from(encounter.text))
        ++out_.mail_unnamed;
      return Visit::go_on;
    };
    const auto of_nobody = [](std::string_view login) { return login.empty(); };
    const auto done = store_.for_each_encounter(request_.range, *left, look, of_nobody);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return {};
  }

  Result<void> unknown_sender() {
    const auto counted =
        count_of_unknown_sender(store_, request_, kCountMax, [this] { return limits(); });
    if (!counted) return counted.error();
    if (counted->cut == CutBy::time) out_.cut = CutBy::time;
    out_.sender_unknown = counted->number;
    return {};
  }

  // The first attempt is logged when it is over; mail on hold or behind others in the queue may
  // wait for hours.
  Result<void> waiting_unnamed() {
    constexpr std::uint64_t kEnough = 10;
    const auto left = limits();
    if (!left) return {};
    const auto look = [&](const LegRecord& leg) {
      if (!leg.probe && !leg.internal && may_be_from(leg.envelope_sender.value_or("")))
        ++out_.mail_unnamed;
      return out_.mail_unnamed < kEnough ? Visit::go_on : Visit::stop;
    };
    const auto done = store_.for_each_untold(request_.range, *left, look);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return {};
  }

  StoreReader& store_;
  const FindRequest& request_;
  Duration time_left_;
  const Clock& clock_;
  Duration started_at_;
  Nearby out_;
};

}  // namespace

std::string_view suggestion_kind_name(Suggestion::Kind kind) {
  switch (kind) {
    case Suggestion::Kind::misspelt:
      return "misspelt";
    case Suggestion::Kind::other_domain:
      return "other_domain";
    case Suggestion::Kind::other_interval:
      return "other_interval";
    case Suggestion::Kind::same_sender:
      return "same_sender";
    case Suggestion::Kind::same_recipient:
      return "same_recipient";
    case Suggestion::Kind::message_id:
      return "message_id";
    case Suggestion::Kind::address:
      return "address";
  }
  return "";
}

Result<Nearby> look_nearby(StoreReader& store, const FindRequest& request, Duration time_left,
                           const Clock& clock) {
  return Looker(store, request, time_left, clock).run();
}

std::string Absence::why(Language language) const {
  const auto form = count == 1 ? "one_" + std::string(code) : std::string(code);
  return sentence(form, language, std::to_string(count));
}

Absence prove_absence(const FindRequest& request, const Coverage& coverage, const Nearby& nearby,
                      bool search_was_cut) {
  if (search_was_cut || nearby.cut == CutBy::time) return {.code = "cut_by_time"};
  if (!coverage.complete) return {.code = "logs_not_complete"};
  // Of a moment nothing can be said, nor of a time that has not come.
  if (coverage.range.until <= coverage.range.from && coverage.range.from > Time::min())
    return {.code = "no_interval"};
  if (!nearby.any_leg) return {.code = "nothing_understood"};
  if (!request.subject.empty()) return {.code = "subject_not_logged"};
  const bool by_name = request.recipient || request.sender || request.any ||
                       !request.queue_id.empty() || !request.message_id.empty() ||
                       !request.client.empty() || !request.login.empty();
  if (!by_name) return {.code = "names_nobody"};
  if (!request.outcomes.empty() || !request.reasons.empty() || !request.text.empty() ||
      !request.direction.empty() || !request.submissions.empty())
    return {.code = "leaves_out"};
  const auto is_name = [](const Encounter& seen) { return seen.kind == Encounter::Kind::named; };
  if (!std::ranges::all_of(nearby.encounters, is_name)) return {.code = "turned_away"};
  if (const auto lines = nearby.encounters.size() + nearby.probes; lines > 0)
    return {.code = "lines_name_it", .count = lines};
  const bool by_id = !request.queue_id.empty() || !request.message_id.empty();
  const bool by_more = request.recipient || request.sender || request.any ||
                       !request.client.empty() || !request.login.empty();
  if (by_id && !by_more) return {.code = "only_an_id"};
  if (nearby.mail_unnamed > 0) return {.code = "mail_unnamed", .count = nearby.mail_unnamed};
  if (nearby.sender_by_machine > 0)
    return {.code = "sender_by_machine", .count = nearby.sender_by_machine};
  if (nearby.sender_unknown > 0) return {.code = "sender_unknown", .count = nearby.sender_unknown};
  if (nearby.refused_unnamed > 0)
    return {.code = "clients_refused", .count = nearby.refused_unnamed};
  if (nearby.logins_unnamed > 0) return {.code = "logins_unnamed", .count = nearby.logins_unnamed};
  return {.proven = true, .code = "proven"};
}

}  // namespace rastro
