#include "daemon/answer/nearby.h"

#include <algorithm>
#include <functional>

#include "config/quantity.h"
#include "core/address.h"
#include "core/ascii.h"
#include "daemon/answer/match.h"
#include "daemon/answer/misspelt.h"
#include "daemon/answer/search.h"
#include "daemon/answer/sentences.h"
#include "daemon/answer/typed.h"
#include "daemon/answer/unknown_sender.h"

namespace rastro {
namespace {

constexpr std::size_t kSuggestionsMax = 8;
constexpr std::size_t kCountMax = 200;

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
    if (auto done = same_elsewhere(); !done) return done.error();
    if (auto done = counterparts(); !done) return done.error();
    if (auto done = message_ids(); !done) return done.error();
    if (auto done = misspelt(); !done) return done.error();
    if (auto done = encounters(); !done) return done.error();
    if (auto done = unnamed(); !done) return done.error();
    if (auto done = unknown_sender(); !done) return done.error();
    if (auto done = login(); !done) return done.error();
    out_.any_leg = store_.holds_any_leg();
    return std::move(out_);
  }

 private:
  // One that the question names, and how another value would take its place.
  struct Asked {
    const char* parameter;
    std::string text;
    const AddressPattern* pattern;  // null: a login, a domain or a host
    std::function<void(FindRequest&, const std::string&)> put;
    std::function<void(FindRequest&)> drop;
    bool is_whole() const {
      return pattern == nullptr || pattern->form() == AddressPattern::Form::address;
    }
  };
  std::vector<Asked> asked() const {
    std::vector<Asked> all;
    const auto address = [&](std::optional<AddressPattern> FindRequest::*field, const char* name) {
      const auto& pattern = request_.*field;
      if (!pattern || pattern->form() == AddressPattern::Form::null ||
          pattern->form() == AddressPattern::Form::glob)
        return;
      const bool domain = pattern->form() == AddressPattern::Form::domain ||
                          pattern->form() == AddressPattern::Form::domain_or_below;
      all.push_back(
          {name, domain ? pattern->typed() : pattern->text(), &*pattern,
           [field](FindRequest& other, const std::string& value) { (other.*field).emplace(value); },
           [field](FindRequest& other) { (other.*field).reset(); }});
    };
    const auto text = [&](std::string FindRequest::*field, const char* name) {
      const auto& typed = request_.*field;
      if (typed.empty() || typed.find_first_of("*?/") != std::string::npos || is_ip_or_cidr(typed))
        return;
      all.push_back(
          {name, typed, nullptr,
           [field](FindRequest& other, const std::string& value) { other.*field = value; },
           [field](FindRequest& other) { (other.*field).clear(); }});
    };
    address(&FindRequest::recipient, "recipient");
    address(&FindRequest::sender, "sender");
    address(&FindRequest::any, "any");
    text(&FindRequest::login, "login");
    text(&FindRequest::client, "client");
    text(&FindRequest::domain, "domain");
    text(&FindRequest::relay, "relay");
    return all;
  }

  std::optional<QueryLimits> limits() {
    if (time_left_ <= Duration::zero()) return QueryLimits{Duration::zero()};
    const auto left = time_left_ - (clock_.steady() - started_at_);
    if (left > Duration::zero()) return QueryLimits{left};
    out_.cut = CutBy::time;
    return std::nullopt;
  }

  static std::vector<LegKey> keys_of(const std::string& parameter, const std::string& value) {
    if (parameter == "login") return {{KeyKind::sender, value}};
    if (parameter == "client") return {{KeyKind::client, value}};
    if (parameter == "relay") return {{KeyKind::relay, value}};
    const AddressPattern pattern(parameter == "domain" ? "@" + value : value);
    auto keys = parameter == "sender" ? pattern.keys(KeyKind::sender, KeyKind::sender_domain)
                                      : pattern.keys(KeyKind::recipient, KeyKind::recipient_domain);
    if (parameter == "any" || parameter == "domain") {
      for (auto& key : pattern.keys(KeyKind::sender, KeyKind::sender_domain)) keys.push_back(key);
    }
    return keys;
  }

  // How many messages answer another question; at most kCountMax. What is shown beside a question
  // has to be what it finds.
  Result<std::uint64_t> count(FindRequest other) {
    const auto left = limits();
    if (!left) return std::uint64_t{0};
    other.limit = kCountMax;
    other.sort = SortBy::newest;
    other.before.reset();
    other.offset = 0;
    const auto found = find_journeys(store_, other, left->deadline, clock_);
    if (!found) return found.error();
    if (found->cut == CutBy::time) out_.cut = CutBy::time;
    return std::uint64_t{found->items.size()};
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

  void suggest(Suggestion suggestion) {
    if (suggestion.messages == 0 || out_.suggestions.size() >= kSuggestionsMax) return;
    suggestion.messages_is_exact = suggestion.messages < kCountMax;
    out_.suggestions.push_back(std::move(suggestion));
  }

  bool whole_time() const {
    return request_.range.from == Time::min() && request_.range.until == Time::max();
  }

  static FindRequest at_any_time(FindRequest other) {
    other.range = {};
    other.at.reset();
    return other;
  }

  // Nothing but `one` and, unless `at_any_time()` follows, the time.
  FindRequest alone(const Asked& one, const std::string& value) const {
    FindRequest other;
    other.range = request_.range;
    other.at = request_.at;
    other.within = request_.within;
    other.at_half_span = request_.at_half_span;
    one.put(other, value);
    return other;
  }
  std::vector<std::string> all_but(const Asked& one) const {
    std::vector<std::string> names;
    for (const auto* name :
         {"recipient", "sender", "any", "login", "client", "domain", "relay", "queue_id",
          "message_id", "outcome", "reason", "submission", "direction", "subject", "text"}) {
      if (std::string_view(name) != one.parameter) names.emplace_back(name);
    }
    return names;
  }
  bool asks_for_more_than(const Asked& one) const {
    auto rest = request_;
    one.drop(rest);
    return rest.recipient || rest.sender || rest.any || !rest.login.empty() ||
           !rest.client.empty() || !rest.domain.empty() || !rest.relay.empty() ||
           !rest.queue_id.empty() || !rest.message_id.empty() || !rest.subject.empty() ||
           !rest.text.empty() || !rest.outcomes.empty() || !rest.reasons.empty() ||
           !rest.submissions.empty() || !rest.direction.empty();
  }

  // The same at another time; else each that it names, at any time.
  Result<void> same_elsewhere() {
    if (whole_time()) return {};
    const auto all = asked();
    if (all.empty()) return {};
    const std::vector<std::string> times = {"at", "within", "since", "until"};
    const auto messages = count(at_any_time(request_));
    if (!messages) return messages.error();
    suggest({Suggestion::Kind::other_interval, all[0].parameter, all[0].text, times, *messages});
    if (*messages > 0) return {};
    for (const auto& one : all) {
      if (!one.is_whole() || !asks_for_more_than(one)) continue;
      const auto of_one = count(at_any_time(alone(one, one.text)));
      if (!of_one) return of_one.error();
      auto dropped = all_but(one);
      dropped.insert(dropped.end(), times.begin(), times.end());
      suggest({Suggestion::Kind::other_interval, one.parameter, one.text, dropped, *of_one});
    }
    return {};
  }

  static bool is_from(const LegRecord& leg, const AddressPattern& asked) {
    return (leg.envelope_sender && asked.matches(*leg.envelope_sender)) ||
           (leg.submission.login && asked.matches(*leg.submission.login));
  }

  // Sender and recipient were both asked: what each had with others in that interval.
  Result<void> counterparts() {
    if (!request_.sender || !request_.recipient) return {};
    if (auto done = count_machines(*request_.sender, *request_.recipient); !done) return done;
    for (const auto& one : asked()) {
      const bool sender = std::string_view(one.parameter) == "sender";
      if ((!sender && std::string_view(one.parameter) != "recipient") || !one.is_whole()) continue;
      auto other = request_;
      sender ? other.recipient.reset() : other.sender.reset();
      const auto messages = count(std::move(other));
      if (!messages) return messages.error();
      suggest({sender ? Suggestion::Kind::same_sender : Suggestion::Kind::same_recipient,
               one.parameter,
               one.text,
               {sender ? "recipient" : "sender"},
               *messages});
    }
    return {};
  }

  Result<void> count_machines(const AddressPattern& from, const AddressPattern& to) {
    const auto left = limits();
    if (!left || to.form() != AddressPattern::Form::address) return {};
    std::uint64_t seen = 0;
    const auto look = [&](const LegRecord& leg) {
      if (leg.probe || is_from(leg, from)) return Visit::go_on;
      if (leg.envelope_sender && names_no_person(*leg.envelope_sender)) ++out_.sender_by_machine;
      return ++seen < kCountMax ? Visit::go_on : Visit::stop;
    };
    const auto keys = to.keys(KeyKind::recipient, KeyKind::recipient_domain);
    const auto done = store_.for_each_leg(keys, request_.range, *left, look);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return {};
  }

  // A Message-ID looks like an address, and each is pasted for the other.
  Result<void> message_ids() {
    if (request_.message_id.find('@') != std::string::npos &&
        request_.message_id.find('*') == std::string::npos) {
      const auto address = typed_address(request_.message_id);
      auto other = request_;
      other.message_id.clear();
      other.any.emplace(address);
      const auto messages = count(std::move(other));
      if (!messages) return messages.error();
      suggest({Suggestion::Kind::address, "any", address, {"message_id"}, *messages});
    }
    for (const auto& one : asked()) {
      if (one.pattern == nullptr || one.pattern->form() != AddressPattern::Form::address) continue;
      auto other = request_;
      one.drop(other);
      other.message_id = typed_message_id(one.pattern->typed());
      const auto id = other.message_id;
      const auto messages = count(std::move(other));
      if (!messages) return messages.error();
      out_.near_spelling = out_.near_spelling || *messages > 0;
      suggest({Suggestion::Kind::message_id, "message_id", id, {one.parameter}, *messages});
    }
    return {};
  }

  Result<NearAddresses> near_values(const Asked& one, const QueryLimits& limits) {
    const std::string_view name = one.parameter;
    if (name == "client" || name == "relay")
      return near_hosts(store_, one.text, request_.range, limits);
    const bool is_domain = one.pattern != nullptr && one.text.starts_with('@');
    if (name == "domain" || is_domain) {
      auto domain = one.text.substr(is_domain ? 1 : 0);
      if (domain.starts_with('.')) domain.erase(0, 1);
      auto near = near_domains(store_, domain, request_.range, limits);
      if (near && is_domain) {
        for (auto& found : near->addresses) found.address.insert(0, "@");
      }
      return near;
    }
    if (one.pattern != nullptr) return near_addresses(store_, *one.pattern, request_.range, limits);
    auto near = near_addresses(store_, AddressPattern(one.text), request_.range, limits);
    // The users of a system have no domain in their names.
    const std::string user(split_address(one.text).local_part);
    if (!near || user == one.text) return near;
    const auto known = is_login(user, request_.range, limits);
    if (!known) return known.error();
    if (*known) near->addresses.push_back({user, kSameNameSteps});
    return near;
  }

  Result<void> misspelt() {
    for (const auto& one : asked()) {
      const auto left = limits();
      if (!left) return {};
      auto near = near_values(one, *left);
      if (!near) return near.error();
      if (near->cut == CutBy::time) out_.cut = CutBy::time;
      if (auto added = add_nearest(one, std::move(near->addresses)); !added) return added.error();
    }
    // Two that are each misspelt may be of one message.
    out_.near_spelling = out_.near_spelling || near_alone_ > 1;
    return {};
  }

  // As many as can still be suggested, the most frequent first. How many rows each has is known at
  // once; what they are must be read.
  Result<std::vector<Suggestion>> count_likeliest(const Asked& asked,
                                                  std::vector<const NearAddress*> likely) {
    const auto room = kSuggestionsMax - out_.suggestions.size();
    if (likely.size() > room) {
      std::vector<std::pair<std::uint64_t, const NearAddress*>> by_rows;
      for (const auto* one : likely) {
        const auto rows = store_.count_rows(keys_of(asked.parameter, one->address), request_.range);
        if (!rows) return rows.error();
        by_rows.emplace_back(*rows, one);
      }
      std::ranges::stable_sort(by_rows, std::greater<>(),
                               [](const auto& one) { return one.first; });
      std::ranges::transform(by_rows, likely.begin(), [](const auto& one) { return one.second; });
    }
    std::vector<Suggestion> counted;
    for (const auto* one : likely) {
      if (counted.size() >= room) break;
      auto suggestion = with_value(asked, *one);
      if (!suggestion) return suggestion.error();
      if (suggestion->messages > 0) counted.push_back(std::move(*suggestion));
    }
    std::ranges::stable_sort(counted, std::greater<>(), &Suggestion::messages);
    return counted;
  }

  // The question with that value in its place; when nothing answers that, the value alone.
  Result<Suggestion> with_value(const Asked& asked, const NearAddress& near) {
    const bool is_user = near.address.find('@') == std::string::npos;
    const bool close = is_user || is_near_spelling(asked.text, near.address);
    Suggestion out{
        near.steps <= kStepsMax ? Suggestion::Kind::misspelt : Suggestion::Kind::other_domain,
        asked.parameter,
        near.address,
        {},
        0};
    auto other = request_;
    asked.put(other, near.address);
    auto messages = count(std::move(other));
    if (!messages) return messages.error();
    out.messages = *messages;
    if (*messages > 0) {
      out_.near_spelling = out_.near_spelling || close;
    } else if (asks_for_more_than(asked)) {
      messages = count(alone(asked, near.address));
      if (!messages) return messages.error();
      out.messages = *messages;
      out.dropped = all_but(asked);
      if (*messages > 0 && close && last_alone_ != asked.parameter) {
        last_alone_ = asked.parameter;
        ++near_alone_;
      }
    }
    return out;
  }

  Result<void> add_nearest(const Asked& asked, std::vector<NearAddress> near) {
    constexpr std::size_t kCountedMax = 4 * kSuggestionsMax;
    if (near.size() > kCountedMax) near.resize(kCountedMax);
    // Of those that are as near, the more frequent come first; what is further away need not be
    // counted when there are enough.
    for (std::size_t from = 0; from < near.size() && out_.suggestions.size() < kSuggestionsMax;) {
      std::vector<const NearAddress*> likely;
      const auto steps = near[from].steps;
      for (; from < near.size() && near[from].steps == steps; ++from) likely.push_back(&near[from]);
      auto counted = count_likeliest(asked, std::move(likely));
      if (!counted) return counted.error();
      for (auto& one : *counted) suggest(std::move(one));
    }
    return {};
  }

  // Whether a login of just that name occurred.
  Result<bool> is_login(const std::string& login, const TimeRange& range,
                        const QueryLimits& limits) {
    bool known = false;
    const auto look = [&](const LegRecord& leg) {
      known = leg.submission.login && equal_ignoring_case(*leg.submission.login, login);
      return known ? Visit::stop : Visit::go_on;
    };
    const auto done = store_.for_each_leg({{KeyKind::sender, login}}, range, limits, look);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return known;
  }

  // A user of a system has no domain that would show whether the login is whole.
  Result<void> login() {
    const auto& login = request_.login;
    if (login.empty() || login.find_first_of("*?@") != std::string::npos) return {};
    const auto left = limits();
    if (!left) return {};
    const auto known = is_login(login, {}, *left);
    if (!known) return known.error();
    out_.login_known = *known;
    return {};
  }

  Result<void> encounters() {
    auto left = limits();
    if (!left) return {};
    const auto refused =
        store_.count_encounters(Encounter::Kind::client_rejected, request_.range, *left);
    if (!refused) return refused.error();
    out_.refused_unnamed = refused->number;
    if (refused->cut == CutBy::time) out_.cut = CutBy::time;
    left = limits();
    if (!left) return {};
    auto seen = seen_without_mail(store_, request_, *left, false);
    if (!seen) return seen.error();
    out_.seen = std::move(*seen);
    if (out_.seen.cut == CutBy::time) out_.cut = CutBy::time;
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
      if (one.pattern == nullptr || one.pattern->form() != AddressPattern::Form::address) continue;
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
    if (*ended > 0 && (request_.sender || *ended <= Nearby::kUnnamedMax)) {
      if (auto done = narrow_to_sender(); !done) return done;
      if (auto done = name_unnamed(); !done) return done;
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
      if (encounter.kind != Encounter::Kind::unnamed_mail || !may_be_from(encounter.text))
        return Visit::go_on;
      if (++out_.mail_unnamed <= Nearby::kUnnamedMax)
        out_.unnamed.push_back({encounter.at, 0, encounter.host, encounter.text, encounter.client});
      return Visit::go_on;
    };
    const auto of_nobody = [](std::string_view login) { return login.empty(); };
    const auto done = store_.for_each_encounter(request_.range, *left, look, of_nobody);
    if (!done) return done.error();
    if (*done == CutBy::time) out_.cut = CutBy::time;
    return {};
  }

  // The encounter has the moment at which its leg opened.
  Result<void> name_unnamed() {
    for (auto& mail : out_.unnamed) {
      const auto left = limits();
      if (!left) return {};
      std::vector<LegKey> keys;
      if (!mail.client.ip.empty()) keys.push_back({KeyKind::client, mail.client.ip});
      if (keys.empty() && !mail.envelope_sender.empty())
        keys.push_back({KeyKind::sender, mail.envelope_sender});
      if (keys.empty()) continue;
      const auto look = [&mail](const LegRecord& leg) {
        if (leg.probe || leg.opened_at != mail.at || leg.host != mail.host) return Visit::go_on;
        mail.leg = leg.id;
        return Visit::stop;
      };
      const auto done = store_.for_each_leg(keys, {mail.at, mail.at}, *left, look);
      if (!done) return done.error();
      if (*done == CutBy::time) out_.cut = CutBy::time;
    }
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
      if (!leg.probe && !leg.internal && may_be_from(leg.envelope_sender.value_or("")) &&
          ++out_.mail_unnamed <= Nearby::kUnnamedMax) {
        out_.unnamed.push_back({leg.opened_at, leg.id, leg.host, leg.envelope_sender.value_or(""),
                                leg.submission.client});
      }
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
  std::size_t near_alone_ = 0;  // parameters of which a near value occurs, with other company
  std::string last_alone_;
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

namespace {

// A login, address or client that is nobody else's: what is absent under a part of it may be there
// under the whole.
bool is_whole_address(const std::optional<AddressPattern>& pattern) {
  if (!pattern || pattern->form() == AddressPattern::Form::null) return true;
  if (pattern->form() != AddressPattern::Form::address) return false;
  const auto domain = split_address(pattern->text()).domain;
  return domain.find('.') != std::string_view::npos || domain.starts_with('[');
}

bool is_whole_login(const std::string& login) {
  if (login.empty()) return true;
  const auto domain = split_address(login).domain;
  return domain.find('.') != std::string_view::npos &&
         login.find_first_of("*?") == std::string::npos;
}

bool is_whole_client(const std::string& client) { return client.empty() || is_ip_or_cidr(client); }

bool names_only_a_part(const FindRequest& request, bool login_known) {
  return !is_whole_address(request.recipient) || !is_whole_address(request.sender) ||
         !is_whole_address(request.any) || (!login_known && !is_whole_login(request.login)) ||
         !is_whole_client(request.client);
}

bool names_somebody(const FindRequest& request) {
  return request.recipient || request.sender || request.any || !request.client.empty() ||
         !request.login.empty();
}

// What is near the question, or may be it.
Absence what_may_be_it(const Nearby& nearby) {
  if (nearby.mail_unnamed > 0) return {.code = "mail_unnamed", .count = nearby.mail_unnamed};
  if (nearby.sender_by_machine > 0)
    return {.code = "sender_by_machine", .count = nearby.sender_by_machine};
  if (nearby.sender_unknown > 0) return {.code = "sender_unknown", .count = nearby.sender_unknown};
  if (nearby.refused_unnamed > 0)
    return {.code = "clients_refused", .count = nearby.refused_unnamed};
  if (nearby.logins_unnamed > 0) return {.code = "logins_unnamed", .count = nearby.logins_unnamed};
  return {.proven = true, .code = "proven"};
}

}  // namespace

Absence prove_absence(const FindRequest& request, const Coverage& coverage, const Nearby& nearby,
                      bool search_was_cut, std::uint64_t waiting_then) {
  if (search_was_cut || nearby.cut == CutBy::time) return {.code = "cut_by_time"};
  if (!coverage.complete) return {.code = "logs_not_complete"};
  // Of a moment nothing can be said, nor of a time that has not come.
  if (coverage.range.until <= coverage.range.from && coverage.range.from > Time::min())
    return {.code = "no_interval"};
  if (!nearby.any_leg) return {.code = "nothing_understood"};
  if (!request.subject.empty()) return {.code = "subject_not_logged"};
  const bool by_id = !request.queue_id.empty() || !request.message_id.empty();
  if (!by_id && !names_somebody(request))
    return {.code = request.domain.empty() && request.relay.empty() ? "names_nobody" : "part_only"};
  if (!request.outcomes.empty() || !request.reasons.empty() || !request.text.empty() ||
      !request.direction.empty() || !request.submissions.empty() || !request.relay.empty())
    return {.code = "leaves_out"};
  if (nearby.seen.refused) return {.code = "turned_away"};
  if (const auto lines = nearby.seen.named + nearby.probes; lines > 0)
    return {.code = "lines_name_it", .count = lines};
  if (by_id && !names_somebody(request)) return {.code = "only_an_id"};
  if (waiting_then > 0) return {.code = "waiting_then", .count = waiting_then};
  if (nearby.near_spelling || nearby.seen.near_refused) return {.code = "near_spelling"};
  const auto end = what_may_be_it(nearby);
  const bool part_only = names_only_a_part(request, nearby.login_known) || !request.domain.empty();
  return end.proven && part_only ? Absence{.code = "part_only"} : end;
}

}  // namespace rastro
