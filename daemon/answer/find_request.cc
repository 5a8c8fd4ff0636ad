#include "daemon/answer/find_request.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/address.h"
#include "core/edit_distance.h"
#include "daemon/answer/idn.h"
#include "daemon/answer/typed.h"

namespace rastro {
namespace {

constexpr std::size_t kTextMax = 1000;
constexpr Duration kAheadMax = std::chrono::minutes(10);  // of the asker's clock
constexpr Duration kWithinMax = std::chrono::hours(24 * 366);

using Problem = std::optional<std::string>;  // what is wrong with a value

std::optional<std::size_t> parse_count(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// The one of `names` ("a, b, c") that is spelt almost like `word`: ` did you mean b?`; else "".
std::string near_name(std::string_view word, std::string_view names) {
  std::string_view nearest;
  std::size_t least = 3;  // steps: "bounce", "mailboxfull", "greylist"
  while (!names.empty()) {
    const auto end = std::min(names.find(", "), names.size());
    const auto name = names.substr(0, end);
    const auto steps = edit_distance(word, name, least);
    if (steps < least) {
      least = steps;
      nearest = name;
    }
    names.remove_prefix(std::min(end + 2, names.size()));
  }
  return nearest.empty() ? std::string() : " did you mean " + std::string(nearest) + "?";
}

// "a,b" into names, each parsed; the names that are allowed stand in the problem.
template <typename Value, typename Parse>
Problem parse_list(const std::string& text, std::vector<Value>& out, Parse parse,
                   const std::string& allowed) {
  std::string_view rest = text;
  for (;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto value = parse(rest.substr(0, comma));
    if (!value)
      return "\"" + std::string(rest.substr(0, comma)) + "\" is unknown;" +
             near_name(rest.substr(0, comma), allowed) +
             " allowed, one or several with commas: " + allowed;
    out.push_back(*value);
    if (comma == rest.size()) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

std::string all_reasons() {
  std::string names;
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    if (i > 1) names += ", ";
    names += reason_name(static_cast<Reason>(i));
  }
  return names;
}

std::optional<Outcome> asked_outcome(std::string_view name) {
  const auto outcome = parse_outcome(name);
  return outcome == Outcome::passed ? std::nullopt : outcome;
}
std::optional<Reason> asked_reason(std::string_view name) {
  return name.empty() ? std::nullopt : parse_reason(name);
}
std::optional<SubmissionMethod> asked_submission(std::string_view name) {
  return name.empty() ? std::nullopt : parse_submission_method(name);
}

std::string_view without_blanks_around(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "14h", "14 h", "14 horas" are a time of day where a moment is asked for, and a length of time
// elsewhere. "2 horas" is a length everywhere: nobody calls an hour of the night that.
std::string as_moment(const std::string& value) {
  constexpr int kMorning = 7;
  const auto text = without_blanks_around(value);
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto hour =
      digits > 0 && digits <= 2 ? parse_count(std::string(text.substr(0, digits))) : std::nullopt;
  if (!hour) return value;
  const auto unit = ascii_lower(without_blanks_around(text.substr(digits)));
  const bool by_sign = unit == "h" || unit == "h." || unit == "hs" || unit == "hs." ||
                       unit == "hrs" || unit == "hrs.";
  const bool is_day = *hour >= kMorning || text.front() == '0';
  const bool by_word = (unit == "horas" || unit == "hours") && is_day;
  constexpr std::size_t kHourAndMinutes = 4;  // "09h12m"
  if (is_day && unit.size() == kHourAndMinutes && unit.front() == 'h' && unit.back() == 'm')
    return std::string(text.substr(0, text.size() - 1));
  return by_sign || by_word ? "a las " + std::string(text.substr(0, digits)) : value;
}

// "yesterday", "ayer 14:30": nobody means another one.
bool is_plain_day(std::string_view text) {
  for (const std::string_view day : {"today", "yesterday", "hoy", "ayer"}) {
    if (!text.starts_with(day)) continue;
    text.remove_prefix(day.size());
    if (text.empty()) return true;
    const auto clock = without_blanks_around(text);
    const auto colon = clock.find(':');
    return text.front() == ' ' && (colon == 1 || colon == 2) && clock.size() == colon + 3 &&
           clock.find_first_not_of("0123456789:") == std::string_view::npos;
  }
  return false;
}

// Whether a time can be read in one way only: RFC 3339, seconds since 1970, "2h".
bool is_exact_time(const std::string& value) {
  const auto text = without_blanks_around(value);
  const bool digits = text.find_first_not_of("0123456789.") == std::string_view::npos &&
                      text.find('.') == text.rfind('.');  // "9.12.2026" is a day
  constexpr std::size_t kEpoch = 9;
  constexpr std::size_t kDate = 10;
  return (digits && text.size() >= kEpoch) || is_plain_day(text) ||
         (text.size() > kDate && text[4] == '-' && text[7] == '-' && text[kDate] == 'T') ||
         text == "now" || text == "ahora";
}

// A slip of somebody who types; a program's exact time may be any.
bool is_typed_ahead(const std::string& value, Time from, Time now) {
  return !is_exact_time(value) && from > now + kAheadMax;
}

std::string to_come(const std::string& value) {
  return "\"" + value + "\" is still to come; name a time that has been";
}

std::string no_time(const std::string& value) {
  if (is_to_come(value)) return to_come(value);
  return "\"" + value + "\" is no time; " + std::string(spoken_time_help());
}

// "ana@": her domain is not remembered.
std::string typed_login(std::string_view typed) {
  auto login = without_blanks_around(typed);
  if (login.size() > 1 && login.ends_with('@')) login.remove_suffix(1);
  return std::string(login);
}

class Parser {
 public:
  Parser(const FindLimits& limits, const Zone& zone) : limits_(limits), zone_(zone) {}
  Problem take(const std::string& name, const std::string& value);
  std::optional<ParameterError> finish();
  FindRequest& request() { return out_; }

 private:
  struct TextField {
    std::string FindRequest::*field;
    std::string (*cleaned)(std::string_view) = nullptr;
    std::string_view (*why_none)(std::string_view) = nullptr;
  };
  // Brackets around it go without saying.
  void tell_reading(const std::string& name, const std::string& typed, const std::string& value) {
    auto bare = without_blanks_around(typed);
    if (bare.size() > 2 && bare.starts_with('<') && bare.ends_with('>'))
      bare = bare.substr(1, bare.size() - 2);
    if (!value.empty() && bare != value && typed != value)
      out_.readings.push_back({name, typed, value, std::nullopt});
  }
  void tell_reading(const std::string& name, const std::string& typed, const SpokenTime& at) {
    const auto until = at.span > Duration::zero() ? at.from + at.span - Duration(1) : at.from;
    out_.readings.push_back({name, typed, "", TimeRange{at.from, until}});
  }
  Problem take_text(const std::string& name, const TextField& text, const std::string& value) {
    out_.*text.field = text.cleaned == nullptr ? value : text.cleaned(value);
    if (text.cleaned != nullptr) tell_reading(name, value, out_.*text.field);
    if ((out_.*text.field).empty()) return "is empty";
    if (text.why_none == nullptr) return std::nullopt;
    const auto why = text.why_none(out_.*text.field);
    return why.empty() ? Problem() : Problem("\"" + out_.*text.field + "\" " + std::string(why));
  }
  Problem take_address(const std::string& name, std::optional<AddressPattern> FindRequest::*field,
                       const std::string& value) {
    const auto address = typed_address(value);
    if (const auto why = why_no_address(address); !why.empty()) return std::string(why);
    tell_reading(name, value, address);
    (out_.*field).emplace(address);
    return std::nullopt;
  }
  Problem take_names(const std::string& name, const std::string& value);
  Problem take_bound(const std::string& name, const std::string& value);
  Problem take_direction(const std::string& value);
  Problem take_sort(const std::string& value);
  Problem take_limit(const std::string& value);
  Problem take_at(const std::string& value);
  Problem take_within(const std::string& value);
  Problem take_cursor(const std::string& value);
  Problem take_thorough(const std::string& value);

  const FindLimits& limits_;
  const Zone& zone_;
  FindRequest out_;
  std::optional<Duration> within_;
  std::optional<SortBy> sort_;
  std::optional<SortBy> cursor_sort_;
};

Problem Parser::take_direction(const std::string& value) {
  if (const auto why = why_no_direction(value); !why.empty()) return std::string(why);
  out_.direction = value;
  return std::nullopt;
}

Problem Parser::take_thorough(const std::string& value) {
  if (value != "0" && value != "1") return "allowed: 0, 1";
  out_.thorough = value == "1";
  return {};
}

Problem Parser::take_sort(const std::string& value) {
  if (value == "newest") {
    sort_ = SortBy::newest;
  } else if (value == "oldest") {
    sort_ = SortBy::oldest;
  } else if (value == "score") {
    sort_ = SortBy::score;
  } else {
    return "allowed: newest, oldest, and with at also score";
  }
  return std::nullopt;
}

Problem Parser::take_limit(const std::string& value) {
  const auto limit = parse_count(value);
  if (!limit || *limit < 1 || *limit > limits_.rows_max)
    return "allowed: 1 to " + std::to_string(limits_.rows_max);
  out_.limit = *limit;
  return std::nullopt;
}

Problem Parser::take_at(const std::string& value) {
  const auto at = parse_spoken_time(as_moment(value), limits_.now, zone_);
  if (!at) return no_time(value);
  if (is_typed_ahead(value, at->from, limits_.now)) return to_come(value);
  if (!is_exact_time(value)) tell_reading("at", value, *at);
  out_.at = at->from + at->span / 2;  // of a whole day: noon, and half a day around
  out_.at_half_span = at->span / 2;
  return std::nullopt;
}

Problem Parser::take_within(const std::string& value) {
  const auto within = parse_spoken_duration(value);
  if (!within || *within <= Duration::zero() || *within > kWithinMax)
    return "is no duration; allowed: 90s, 30m, 2h, 1d";
  within_ = *within;
  return std::nullopt;
}

Problem Parser::take_cursor(const std::string& value) {
  if (value.starts_with('s')) {
    const auto offset = parse_count(value.substr(1));
    if (!offset || *offset == 0 || *offset > kOffsetMax)
      return "is no cursor; it is what an answer gave under \"cursor\"";
    out_.offset = *offset;
    cursor_sort_ = SortBy::score;
    return std::nullopt;
  }
  const auto id = value.size() < 2 ? std::nullopt : parse_leg_id(std::string_view(value).substr(1));
  if (!id || (value[0] != 'n' && value[0] != 'o'))
    return "is no cursor; it is what an answer gave under \"cursor\"";
  out_.before = *id;
  cursor_sort_ = value[0] == 'o' ? SortBy::oldest : SortBy::newest;
  return std::nullopt;
}

Problem Parser::take_names(const std::string& name, const std::string& value) {
  if (name == "outcome") {
    return parse_list(value, out_.outcomes, asked_outcome,
                      "queued, deferred, delivered, bounced, expired, rejected, held, discarded, "
                      "deleted, quarantined, unknown");
  }
  if (name == "reason") return parse_list(value, out_.reasons, asked_reason, all_reasons());
  return parse_list(value, out_.submissions, asked_submission,
                    "mx, submission, webmail, local, script, bounce");
}

Problem Parser::take_bound(const std::string& name, const std::string& value) {
  const bool is_end = name == "until";
  const auto at = parse_bound(name, value, limits_.now, zone_, is_end);
  if (!at) return at.error().detail;
  at->set(is_end, out_.range);
  if (is_exact_time(value) || parse_spoken_duration(value)) return std::nullopt;
  const auto last = at->until.value_or(at->at - Duration(1));
  tell_reading(name, value, {at->at, last + Duration(1) - at->at});
  return std::nullopt;
}

Problem Parser::take(const std::string& name, const std::string& value) {
  static const std::map<std::string_view, TextField> texts = {
      {"queue_id", {&FindRequest::queue_id, typed_queue_id}},
      {"message_id", {&FindRequest::message_id, typed_message_id}},
      {"client", {&FindRequest::client, typed_host, why_no_host}},
      {"login", {&FindRequest::login, typed_login}},
      {"relay", {&FindRequest::relay, typed_host, why_no_host}},
      {"domain", {&FindRequest::domain, typed_domain}},
      {"subject", {&FindRequest::subject}},
      {"text", {&FindRequest::text}}};
  if (value.size() > kTextMax) return "is longer than " + std::to_string(kTextMax) + " bytes";
  if (const auto text = texts.find(name); text != texts.end())
    return take_text(name, text->second, value);
  if (name == "recipient") return take_address(name, &FindRequest::recipient, value);
  if (name == "sender") return take_address(name, &FindRequest::sender, value);
  if (name == "any") return take_address(name, &FindRequest::any, value);
  if (name == "outcome" || name == "reason" || name == "submission") return take_names(name, value);
  if (name == "since" || name == "until") return take_bound(name, value);
  if (name == "direction") return take_direction(value);
  if (name == "sort") return take_sort(value);
  if (name == "limit") return take_limit(value);
  if (name == "at") return take_at(value);
  if (name == "within") return take_within(value);
  if (name == "cursor") return take_cursor(value);
  if (name == "thorough") return take_thorough(value);
  if (name == "tz") return std::nullopt;  // taken before
  if (name == "lang") return value == "en" || value == "es" ? Problem() : "allowed: en, es";
  return "is no parameter of this question";
}

std::optional<ParameterError> Parser::finish() {
  if (out_.domain.starts_with('@')) out_.domain.erase(0, 1);
  if (out_.domain.starts_with('.')) {
    out_.domain = "." + ascii_domain(std::string_view(out_.domain).substr(1));
  } else if (out_.domain.find_first_of("*?") == std::string::npos) {
    out_.domain = ascii_domain(out_.domain);
  }
  if (const auto slash = out_.queue_id.rfind('/'); slash != std::string::npos) {
    out_.queue_host = out_.queue_id.substr(0, slash);
    out_.queue_id.erase(0, slash + 1);
    if (out_.queue_id.empty()) return ParameterError{"queue_id", "is empty"};
  }
  if (out_.at) {
    // Of a whole day: all of it, and so much before and after.
    const bool is_span = out_.at_half_span > Duration::zero();
    out_.within = out_.at_half_span + within_.value_or(is_span ? Duration::zero() : out_.within);
    out_.range.from = std::max(out_.range.from, *out_.at - out_.within);
    out_.range.until = std::min(out_.range.until, *out_.at + out_.within);
  } else if (within_) {
    return ParameterError{"within", "goes with at"};
  }
  if (out_.range.from > out_.range.until)
    return out_.at ? ParameterError{"at", "is not between since and until"}
                   : ParameterError{"until", "ends before the interval begins"};
  out_.sort = sort_.value_or(out_.at ? SortBy::score : SortBy::newest);
  if (out_.sort == SortBy::score && !out_.at)
    return ParameterError{"sort", "score goes with at; allowed without: newest, oldest"};
  if (cursor_sort_ && !sort_) out_.sort = *cursor_sort_;
  if (cursor_sort_ && (*cursor_sort_ != out_.sort || (out_.sort == SortBy::score && !out_.at)))
    return ParameterError{"cursor", "belongs to another order; leave sort as it was"};
  return std::nullopt;
}

}  // namespace

Result<TimeBound, ParameterError> parse_bound(const std::string& name, const std::string& value,
                                              Time now, const Zone& zone, bool is_end) {
  const auto at = parse_spoken_time(value, now, zone);
  if (!at) return ParameterError{name, no_time(value)};
  if (!is_end && is_typed_ahead(value, at->from, now)) return ParameterError{name, to_come(value)};
  const auto last = at->from + at->span - Duration(1);
  if (is_end) return TimeBound{at->span > Duration::zero() ? last : at->from, std::nullopt};
  return TimeBound{at->from, at->two_ends ? std::optional(last) : std::nullopt};
}

std::string_view why_no_direction(std::string_view name) {
  const bool known = name == "in" || name == "out" || name == "local" || name == "relay";
  return known ? "" : "allowed: in, out, local, relay";
}

void TimeBound::set(bool is_end, TimeRange& range) const {
  (is_end ? range.until : range.from) = at;
  if (until) range.until = *until;
}

Result<Zone, ParameterError> parse_zone(const Parameters& parameters) {
  const auto tz = parameters.find("tz");
  const auto name = tz == parameters.end() ? std::string() : tz->second;
  const auto zone = Zone::find(name);
  if (zone) return *zone;
  return ParameterError{
      "tz", "there is no zone of that name; allowed: names of the zone database (Europe/Madrid)"};
}

Result<TimeRange, ParameterError> parse_range(const Parameters& parameters, Time now) {
  const auto zone = parse_zone(parameters);
  if (!zone) return zone.error();
  TimeRange range;
  for (const auto* name : {"since", "until"}) {
    const auto given = parameters.find(name);
    if (given == parameters.end()) continue;
    const bool is_end = given->first == "until";
    const auto at = parse_bound(name, given->second, now, *zone, is_end);
    if (!at) return at.error();
    at->set(is_end, range);
  }
  if (range.from > range.until) return ParameterError{"until", "ends before the interval begins"};
  return range;
}

Result<std::size_t, ParameterError> parse_row_limit(const Parameters& parameters,
                                                    std::size_t otherwise, std::size_t most) {
  const auto given = parameters.find("limit");
  if (given == parameters.end()) return std::min(otherwise, most);
  const auto limit = parse_count(given->second);
  if (!limit || *limit < 1 || *limit > most)
    return ParameterError{"limit", "allowed: 1 to " + std::to_string(most)};
  return *limit;
}

Result<FindRequest, ParameterError> parse_find(const Parameters& parameters,
                                               const FindLimits& limits) {
  const auto zone = parse_zone(parameters);
  if (!zone) return zone.error();
  Parser parser(limits, *zone);
  for (const auto& [name, value] : parameters) {
    if (auto wrong = parser.take(name, value)) return ParameterError{name, std::move(*wrong)};
  }
  if (auto wrong = parser.finish()) return *wrong;
  return std::move(parser.request());
}

const std::vector<std::string>& find_parameters() {
  static const std::vector<std::string> names = {
      "recipient", "sender", "any",        "at",        "within",   "since",      "until",
      "outcome",   "reason", "submission", "direction", "queue_id", "message_id", "client",
      "login",     "relay",  "domain",     "subject",   "text",     "sort",       "tz",
      "lang",      "limit",  "cursor",     "thorough"};
  return names;
}

std::string make_score_cursor(std::size_t offset) {
  return offset > kOffsetMax ? "" : "s" + std::to_string(offset);
}

std::string make_cursor(SortBy sort, std::uint64_t id) {
  return (sort == SortBy::oldest ? "o" : "n") + format_leg_id(id);
}

}  // namespace rastro
