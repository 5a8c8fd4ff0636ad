#include "daemon/answer/search.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/address.h"

namespace rastro {
namespace {

using std::chrono::hours;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "90s", "30m", "2h", "1d".
std::optional<Duration> parse_duration(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto value = number(text.substr(0, text.size() - 1));
  if (!value || *value < 0 || *value > 1'000'000) return std::nullopt;
  switch (text.back()) {
    case 's':
      return std::chrono::seconds(*value);
    case 'm':
      return std::chrono::minutes(*value);
    case 'h':
      return std::chrono::hours(*value);
    case 'd':
      return std::chrono::hours(24 * *value);
    default:
      return std::nullopt;
  }
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' '))
    return std::nullopt;
  const auto y = number(text.substr(0, 4)), mo = number(text.substr(5, 2)),
             d = number(text.substr(8, 2));
  const auto h = number(text.substr(11, 2)), mi = number(text.substr(14, 2)),
             s = number(text.substr(17, 2));
  if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*y)),
                                         std::chrono::month(static_cast<unsigned>(*mo)),
                                         std::chrono::day(static_cast<unsigned>(*d)));
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  Time out = std::chrono::sys_days(date);
  out += std::chrono::hours(*h) + std::chrono::minutes(*mi) + std::chrono::seconds(*s);
  auto rest = text.substr(19);
  if (rest.starts_with('.')) {
    std::int64_t unit = 100'000;
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i, unit /= 10)
      out += Duration((rest[i] - '0') * unit);
    rest.remove_prefix(i);
  }
  if (rest == "Z") return out;
  if (rest.size() == 6 && rest[3] == ':' && (rest[0] == '+' || rest[0] == '-')) {
    const auto oh = number(rest.substr(1, 2)), om = number(rest.substr(4, 2));
    if (!oh || !om) return std::nullopt;
    const auto east = std::chrono::minutes(*oh * 60 + *om);
    return rest[0] == '-' ? out + east : out - east;
  }
  return std::nullopt;
}

std::optional<Time> parse_time(std::string_view text, Time now) {
  if (const auto at = parse_rfc3339(text)) return at;
  if (const auto epoch = number(text); epoch && *epoch > 100'000'000)
    return Time(std::chrono::seconds(*epoch));
  auto ago = text;
  if (ago.ends_with(" ago")) ago.remove_suffix(4);
  if (const auto back = parse_duration(ago)) return now - *back;
  return std::nullopt;
}

bool address_matches(const std::string& pattern, const std::string& address) {
  if (pattern.starts_with('@'))
    return equal_ignoring_case(split_address(address).domain, pattern.substr(1));
  return glob_matches(pattern, address);
}

bool any_recipient(const Journey& journey, const std::string& pattern) {
  return std::ranges::any_of(journey.legs, [&](const LegRecord& leg) {
    return std::ranges::any_of(leg.recipients, [&](const LegRecipient& r) {
      return address_matches(pattern, r.recipient) ||
             (r.original_recipient && address_matches(pattern, *r.original_recipient));
    });
  });
}
bool any_sender(const Journey& journey, const std::string& pattern) {
  return std::ranges::any_of(journey.legs, [&](const LegRecord& leg) {
    return (leg.envelope_sender && address_matches(pattern, *leg.envelope_sender)) ||
           (leg.submission.login && address_matches(pattern, *leg.submission.login));
  });
}

bool matches(const Journey& journey, const FindRequest& want) {
  const auto any_leg = [&](auto&& test) { return std::ranges::any_of(journey.legs, test); };
  const auto any_state = [&](auto&& test) {
    return std::ranges::any_of(journey.recipients, [&](const auto& r) { return test(r.state); });
  };
  if (!want.recipient.empty() && !any_recipient(journey, want.recipient)) return false;
  if (!want.sender.empty() && !any_sender(journey, want.sender)) return false;
  if (!want.any.empty() && !any_recipient(journey, want.any) && !any_sender(journey, want.any))
    return false;
  if (!want.domain.empty() && !any_recipient(journey, "@" + want.domain) &&
      !any_sender(journey, "@" + want.domain))
    return false;
  if (!want.queue_id.empty() &&
      !any_leg([&](const auto& leg) { return leg.queue_id == want.queue_id; }))
    return false;
  if (!want.login.empty() && !any_leg([&](const auto& leg) {
        return leg.submission.login && glob_matches(want.login, *leg.submission.login);
      }))
    return false;
  if (!want.client.empty() && !any_leg([&](const auto& leg) {
        return glob_matches(want.client, leg.submission.client.ip) ||
               glob_matches(want.client, leg.submission.client.host);
      }))
    return false;
  if (!want.relay.empty() && !any_state([&](const auto& r) {
        return glob_matches(want.relay, r.relay.ip) || glob_matches(want.relay, r.relay.host);
      }))
    return false;
  if (!want.message_id.empty() && !any_leg([&](const auto& leg) {
        return leg.message_id && leg.message_id->find(want.message_id) != std::string::npos;
      }))
    return false;
  if (!want.subject.empty() && !any_leg([&](const auto& leg) {
        return leg.subject && glob_matches("*" + want.subject + "*", *leg.subject);
      }))
    return false;
  if (!want.text.empty() &&
      !any_state([&](const auto& r) { return glob_matches("*" + want.text + "*", r.reply_text); }))
    return false;
  if (want.outcome && !any_state([&](const auto& r) { return r.outcome == *want.outcome; }))
    return false;
  if (want.reason && !any_state([&](const auto& r) { return r.reason == *want.reason; }))
    return false;
  if (want.submission &&
      !any_leg([&](const auto& leg) { return leg.submission.method == *want.submission; }))
    return false;
  return true;
}

bool is_exact(const std::string& pattern) {
  return !pattern.empty() && pattern.find_first_of("*?") == std::string::npos &&
         !pattern.starts_with('@');
}

std::vector<LegKey> keys_for(const FindRequest& want) {
  if (!want.queue_id.empty()) return {{KeyKind::queue_id, want.queue_id}};
  if (is_exact(want.recipient)) return {{KeyKind::recipient, fold_address(want.recipient)}};
  if (is_exact(want.sender)) return {{KeyKind::sender, fold_address(want.sender)}};
  if (is_exact(want.any))
    return {{KeyKind::recipient, fold_address(want.any)},
            {KeyKind::sender, fold_address(want.any)}};
  if (want.recipient.starts_with('@'))
    return {{KeyKind::recipient_domain, fold_address(want.recipient.substr(1))}};
  if (want.sender.starts_with('@'))
    return {{KeyKind::sender_domain, fold_address(want.sender.substr(1))}};
  if (is_exact(want.client)) return {{KeyKind::client, fold_address(want.client)}};
  if (is_exact(want.login)) return {{KeyKind::sender, fold_address(want.login)}};
  return {};
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t])) &&
        pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<FindRequest, ParameterError> parse_find(const Parameters& parameters, Time now,
                                               std::size_t rows_max) {
  FindRequest out;
  const std::map<std::string_view, std::string FindRequest::*> kTexts = {
      {"recipient", &FindRequest::recipient},
      {"sender", &FindRequest::sender},
      {"any", &FindRequest::any},
      {"queue_id", &FindRequest::queue_id},
      {"message_id", &FindRequest::message_id},
      {"client", &FindRequest::client},
      {"login", &FindRequest::login},
      {"relay", &FindRequest::relay},
      {"domain", &FindRequest::domain},
      {"subject", &FindRequest::subject},
      {"text", &FindRequest::text}};
  for (const auto& [name, value] : parameters) {
    const auto bad = [&, n = name](const std::string& detail) { return ParameterError{n, detail}; };
    if (const auto text = kTexts.find(name); text != kTexts.end()) {
      if (value.size() > 1000) return bad("longer than 1000 bytes");
      out.*(text->second) = value;
    } else if (name == "outcome") {
      out.outcome = parse_outcome(value);
      if (!out.outcome || *out.outcome == Outcome::passed)
        return bad(
            "is none of queued, deferred, delivered, bounced, expired, rejected, held, discarded, "
            "deleted, quarantined, unknown");
    } else if (name == "reason") {
      out.reason = parse_reason(value);
      if (!out.reason) return bad("is no reason; docs/reasons.md lists them");
    } else if (name == "submission") {
      out.submission = parse_submission_method(value);
      if (!out.submission) return bad("is none of mx, submission, webmail, local, script, bounce");
    } else if (name == "at" || name == "since" || name == "until") {
      const auto at = parse_time(value, now);
      if (!at)
        return bad(
            "is no time; allowed: RFC 3339 (2026-01-02T03:04:05Z), seconds since 1970, 2h, \"2h "
            "ago\"");
      if (name == "at") out.at = at;
      if (name == "since") out.range.from = *at;
      if (name == "until") out.range.until = *at;
    } else if (name == "within") {
      const auto within = parse_duration(value);
      if (!within) return bad("is no duration; allowed: 90s, 30m, 2h");
      out.within = *within;
    } else if (name == "limit") {
      const auto limit = number(value);
      if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(rows_max))
        return bad("allowed: 1 to " + std::to_string(rows_max));
      out.limit = static_cast<std::size_t>(*limit);
    } else if (name != "tz" && name != "lang" && name != "direction" && name != "sort" &&
               name != "cursor") {
      return bad("is not a parameter of this question");
    }
  }
  if (out.at) out.range = {*out.at - out.within, *out.at + out.within};
  return out;
}

Result<FindAnswer> find_journeys(StoreReader& store, const FindRequest& request,
                                 const QueryLimits& limits) {
  FindAnswer answer;
  std::vector<std::uint64_t> hits;
  const bool filtered =
      request.outcome || request.reason || !request.text.empty() || !request.subject.empty();
  const std::size_t hits_max = filtered ? 100'000 : (request.limit + 1) * 8;
  auto done =
      store.for_each_leg(keys_for(request), request.range, limits, [&](const LegRecord& leg) {
        if (!leg.probe) hits.push_back(leg.id);
        return hits.size() < hits_max ? Visit::go_on : Visit::stop;
      });
  if (!done) return done.error();
  answer.cut = *done == CutBy::time ? CutBy::time : CutBy::nothing;
  std::ranges::sort(hits, std::greater<>());
  std::set<std::uint64_t> seen;
  for (const auto hit : hits) {
    if (seen.contains(hit)) continue;
    auto journey = assemble(store, hit);
    if (!journey) return journey.error();
    if (!*journey) continue;
    for (const auto& leg : (*journey)->legs) seen.insert(leg.id);
    if (!matches(**journey, request)) continue;
    if (answer.journeys.size() >= request.limit) {
      answer.more = true;
      break;
    }
    answer.journeys.push_back(std::move(**journey));
  }
  return answer;
}

Result<std::optional<Journey>> find_by_id(StoreReader& store, const std::string& id) {
  if (const auto leg_id = parse_leg_id(id)) {
    auto journey = assemble(store, *leg_id);
    if (!journey || *journey) return journey;
  }
  const auto slash = id.rfind('/');
  const auto host = slash == std::string::npos ? "" : id.substr(0, slash);
  const auto queue_id = slash == std::string::npos ? id : id.substr(slash + 1);
  std::optional<std::uint64_t> newest;
  const auto look = [&](KeyKind kind, const std::string& value) {
    return store.for_each_leg({{kind, value}}, {}, {}, [&](const LegRecord& leg) {
      if (!leg.probe && (host.empty() || kind != KeyKind::queue_id || leg.host == host) &&
          (!newest || leg.id > *newest))
        newest = leg.id;
      return Visit::go_on;
    });
  };
  if (auto done = look(KeyKind::queue_id, queue_id); !done) return done.error();
  for (const auto& form : {id, "<" + id + ">"}) {
    if (newest) break;
    if (auto done = look(KeyKind::message_id, form); !done) return done.error();
  }
  if (!newest) return std::optional<Journey>();
  return assemble(store, *newest);
}

}  // namespace rastro
