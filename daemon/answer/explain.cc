#include "daemon/answer/explain.h"

#include <date/tz.h>

#include <algorithm>
#include <ctime>
#include <map>

namespace rastro {
namespace {

// A calendar day and a time of day in some zone.
struct LocalTime {
  std::chrono::year_month_day day;
  int hour = 0;
  int minute = 0;
};

std::optional<LocalTime> in_zone(Time at, const std::string& zone) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  if (zone.empty()) {
    const std::time_t stamp = seconds.time_since_epoch().count();
    std::tm parts{};
    if (localtime_r(&stamp, &parts) == nullptr) return std::nullopt;
    return LocalTime{std::chrono::year(parts.tm_year + 1900) /
                         std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1) /
                         std::chrono::day(static_cast<unsigned>(parts.tm_mday)),
                     parts.tm_hour, parts.tm_min};
  }
  try {
    const auto local = date::locate_zone(zone)->to_local(seconds).time_since_epoch();
    const std::chrono::sys_seconds shifted(local);
    const auto day = std::chrono::floor<std::chrono::days>(shifted);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(shifted - day).count();
    return LocalTime{std::chrono::year_month_day(day), static_cast<int>(minutes / 60),
                     static_cast<int>(minutes % 60)};
  } catch (const std::exception&) {  // locate_zone: no such zone
    return std::nullopt;
  }
}

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 12> kMeses = {
    "enero", "febrero", "marzo",      "abril",   "mayo",      "junio",
    "julio", "agosto",  "septiembre", "octubre", "noviembre", "diciembre"};

// "14:40", "14:40 on 24 November"; "las 14:40", "el 24 de noviembre a las 14:40".
class Clockwork {
 public:
  explicit Clockwork(const ExplanationRequest& request)
      : request_(request), today_(in_zone(request.now, request.timezone)) {}

  // Behind "since", "about"; `at`: alone, as in "(a las 14:40)".
  std::string tell(const std::optional<Time>& time, bool at) const {
    if (!time) return "";
    const auto local = in_zone(*time, request_.timezone);
    if (!local) return "";
    char clock[8];
    std::snprintf(clock, sizeof clock, "%02d:%02d", local->hour, local->minute);
    const bool spanish = request_.language == Language::es;
    const bool is_today = today_ && today_->day == local->day;
    if (is_today) return spanish ? std::string(at ? "a las " : "las ") + clock : clock;
    const auto day = std::to_string(static_cast<unsigned>(local->day.day()));
    const auto month = static_cast<unsigned>(local->day.month()) - 1;
    if (spanish) {
      return "el " + day + " de " + std::string(kMeses[month]) + " a las " + clock;
    }
    return std::string(clock) + " on " + day + " " + std::string(kMonths[month]);
  }

 private:
  const ExplanationRequest& request_;
  std::optional<LocalTime> today_;
};

using Values = std::map<std::string_view, std::string>;

bool has_all(std::string_view form, const Values& values) {
  for (auto open = form.find('{'); open != std::string_view::npos;
       open = form.find('{', open + 1)) {
    const auto close = std::min(form.find('}', open), form.size());
    const auto value = values.find(form.substr(open + 1, close - open - 1));
    if (value == values.end() || value->second.empty()) return false;
  }
  return true;
}

// "refused[[ at {last}]]": without what stands in brackets when a value of it is missing.
std::string without_gaps(std::string_view form, const Values& values) {
  std::string out;
  while (true) {
    const auto open = form.find("[[");
    const auto close = open == std::string_view::npos ? open : form.find("]]", open);
    out.append(form.substr(0, close == std::string_view::npos ? close : open));
    if (close == std::string_view::npos) return out;
    const auto part = form.substr(open + 2, close - open - 2);
    if (has_all(part, values)) out.append(part);
    form.remove_prefix(close + 2);
  }
}

// Puts the values in. What is put in is never looked at again: strangers wrote it.
std::string fill(std::string_view text, const Values& values) {
  const auto whole = without_gaps(text, values);
  std::string_view form = whole;
  std::string out;
  while (!form.empty()) {
    const auto open = form.find('{');
    out.append(form.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = form.find('}', open);
    if (close == std::string_view::npos) break;
    const auto value = values.find(form.substr(open + 1, close - open - 1));
    if (value != values.end() && !value->second.empty()) {
      out.append(value->second);
    } else if (out.ends_with(' ')) {
      out.pop_back();  // "The server {relay} accepted"
    }
    form.remove_prefix(close + 1);
  }
  return out;
}

bool has_value(std::string_view form, const Values& values, std::string_view name) {
  return form.find("{" + std::string(name) + "}") == std::string_view::npos ||
         (values.contains(name) && !values.at(name).empty());
}

void append_sentence(std::string& text, const std::string& sentence) {
  if (sentence.empty()) return;
  if (!text.empty()) text.push_back(' ');
  text.append(sentence);
}

bool is_junk(std::string_view folder) {
  static constexpr std::string_view kNames[] = {"junk",  "spam",     "bulk",     "deseado",
                                                "trash", "papelera", "indesejad"};
  std::string lower(folder);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  for (const auto name : kNames) {
    if (lower.find(name) != std::string::npos) return true;
  }
  return false;
}

bool is_refused_for_now(const LegRecipient& recipient) {
  if (recipient.outcome != Outcome::rejected) return false;
  if (recipient.reply_code != 0) return recipient.reply_code < 500;
  if (recipient.enhanced_status) return recipient.enhanced_status->klass == 4;
  return recipient.reason == Reason::greylisted;
}

bool is_failure(Outcome outcome) {
  return outcome == Outcome::deferred || outcome == Outcome::bounced ||
         outcome == Outcome::expired || outcome == Outcome::rejected;
}

}  // namespace

std::string_view whose_move_name(WhoseMove move) {
  switch (move) {
    case WhoseMove::nobody:
      return "nobody";
    case WhoseMove::sender:
      return "sender";
    case WhoseMove::us:
      return "us";
    case WhoseMove::recipient:
      return "recipient";
  }
  return "";
}

std::string outcome_key(const LegRecipient& recipient) {
  switch (recipient.outcome) {
    case Outcome::delivered:
    case Outcome::passed:
      switch (recipient.delivered_to) {
        case DeliveredTo::mailbox:
          if (is_junk(recipient.folder)) return "delivered_junk";
          return recipient.folder.empty() || recipient.folder == "INBOX" ? "delivered_mailbox"
                                                                         : "delivered_folder";
        case DeliveredTo::remote:
          return "delivered_remote";
        case DeliveredTo::program:
          return "delivered_program";
        case DeliveredTo::file:
          return "delivered_file";
        case DeliveredTo::nowhere:
          return "delivered_elsewhere";
      }
      return "delivered_elsewhere";
    case Outcome::unknown:
      return recipient.unknown_because == UnknownBecause::none
                 ? "unknown"
                 : "unknown_" + std::string(unknown_because_name(recipient.unknown_because));
    default:
      return std::string(outcome_name(recipient.outcome));
  }
}

namespace {

WhoseMove move_of_reason(Reason reason, bool final) {
  switch (reason) {
    case Reason::reputation:
    case Reason::auth_policy:
    case Reason::tls:
    case Reason::network_unreachable:
    case Reason::local_disk_full:
    case Reason::local_config:
    case Reason::local_policy:
    case Reason::other:
    case Reason::unknown:
      return WhoseMove::us;
    case Reason::mailbox_full:
    case Reason::mailbox_disabled:
    case Reason::loop:
      return WhoseMove::recipient;
    case Reason::greylisted:
    case Reason::rate_limited:
    case Reason::too_many_connections:
    case Reason::dns_temporary:
    case Reason::connection_timeout:
    case Reason::connection_refused:
    case Reason::connection_lost:
    case Reason::remote_error:
    case Reason::expired:
    case Reason::none:
      return final ? WhoseMove::sender : WhoseMove::nobody;
    default:
      return WhoseMove::sender;
  }
}

}  // namespace

WhoseMove whose_move(Outcome outcome, Reason reason, bool final) {
  switch (outcome) {
    case Outcome::deferred:
    case Outcome::bounced:
    case Outcome::expired:
    case Outcome::rejected:
      return move_of_reason(reason, final);
    case Outcome::held:
    case Outcome::discarded:
    case Outcome::deleted:
    case Outcome::quarantined:
    case Outcome::unknown:
      return WhoseMove::us;
    case Outcome::delivered:
    case Outcome::passed:
      return WhoseMove::recipient;
    case Outcome::queued:
      break;
  }
  return WhoseMove::nobody;
}

Result<Explainer> Explainer::create() {
  Explainer out;
  for (const auto language : {Language::en, Language::es}) {
    auto texts = ExplanationTexts::parse(shipped_explanations(language),
                                         language == Language::es ? "es.yaml" : "en.yaml");
    if (!texts) return texts.error();
    out.texts_[static_cast<std::size_t>(language)] = std::move(*texts);
  }
  return out;
}

Explanation Explainer::explain(const LegRecipient& recipient,
                               const ExplanationRequest& request) const {
  const auto& texts = texts_[static_cast<std::size_t>(request.language)];
  const Clockwork clock(request);
  const Values values{
      {"recipient", recipient.original_recipient.value_or(recipient.recipient)},
      {"relay", recipient.relay.host.empty() ? recipient.relay.ip : recipient.relay.host},
      {"folder", recipient.folder},
      {"attempts", std::to_string(recipient.attempts)},
      {"reply_text", recipient.reply_text},
      {"first", clock.tell(recipient.first_attempt_at, false)},
      {"last", clock.tell(recipient.last_attempt_at, true)},
      {"next", clock.tell(request.next_attempt_at, false)},
      {"gives_up", clock.tell(request.gives_up_at, false)}};
  const auto key = outcome_key(recipient);
  const auto outcome = [&](std::string_view part) {
    return texts.find("outcomes." + key + "." + std::string(part));
  };
  const bool for_now = is_refused_for_now(recipient);

  Explanation out;
  out.final = is_final(recipient.outcome) && !for_now;
  out.whose_move = whose_move(recipient.outcome, recipient.reason, out.final);
  const bool several = recipient.attempts > 1;
  auto first = outcome(for_now ? "temporary" : several ? "many" : "once");
  if (first.empty()) first = outcome("text");
  out.text = fill(first, values);
  if (is_failure(recipient.outcome) && recipient.reason != Reason::none) {
    const std::string reason = "reasons." + std::string(reason_name(recipient.reason)) + ".";
    const auto said = [&](const std::string& part) {
      const auto last_word = out.final ? texts.find(reason + part + "_final") : std::string_view();
      return fill(last_word.empty() ? texts.find(reason + part) : last_word, values);
    };
    append_sentence(out.text, fill(texts.find(reason + "what"), values));
    out.what_to_do = said("do");
    out.reply = fill(outcome("reply"), values);
    append_sentence(out.reply, said("reply"));
  } else {
    out.what_to_do = fill(outcome("do"), values);
    out.reply = fill(outcome("reply"), values);
  }
  for (const auto* part : {"next", "gives_up"}) {
    const auto form = outcome(part);
    if (!form.empty() && has_value(form, values, part)) {
      append_sentence(out.text, fill(form, values));
    }
  }
  return out;
}

}  // namespace rastro
