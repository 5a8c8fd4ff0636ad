#include "daemon/explain/explain_text.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace rastro {
namespace {

std::optional<ToldTime> in_zone(Time at, const std::string& zone) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  if (zone.empty()) {
    const std::time_t stamp = seconds.time_since_epoch().count();
    std::tm parts{};
    if (localtime_r(&stamp, &parts) == nullptr) return std::nullopt;
    return ToldTime{std::chrono::year(parts.tm_year + 1900) /
                        std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1) /
                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)),
                    parts.tm_hour, parts.tm_min};
  }
  try {
    const auto local = date::locate_zone(zone)->to_local(seconds).time_since_epoch();
    const std::chrono::sys_seconds shifted(local);
    const auto day = std::chrono::floor<std::chrono::days>(shifted);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(shifted - day).count();
    return ToldTime{std::chrono::year_month_day(day), static_cast<int>(minutes / 60),
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

}  // namespace

ToldClock::ToldClock(Language language, std::string zone, Time now)
    : language_(language), zone_(std::move(zone)), today_(in_zone(now, zone_)) {}

std::string ToldClock::tell(const std::optional<Time>& time, bool at) const {
  if (!time) return "";
  const auto local = in_zone(*time, zone_);
  if (!local) return "";
  char clock[8];
  std::snprintf(clock, sizeof clock, "%02d:%02d", local->hour, local->minute);
  const bool spanish = language_ == Language::es;
  const std::string article = local->hour == 1 ? "la " : "las ";  // "a la 01:12"
  const bool is_today = today_ && today_->day == local->day;
  if (is_today) return spanish ? (at ? "a " : "") + article + clock : clock;
  const auto day = std::to_string(static_cast<unsigned>(local->day.day()));
  const auto month = static_cast<unsigned>(local->day.month()) - 1;
  if (spanish) {
    return "el " + day + " de " + std::string(kMeses[month]) + " a " + article + clock;
  }
  return std::string(clock) + " on " + day + " " + std::string(kMonths[month]);
}

bool has_all(std::string_view form, const ToldValues& values) {
  for (auto open = form.find('{'); open != std::string_view::npos;
       open = form.find('{', open + 1)) {
    const auto close = std::min(form.find('}', open), form.size());
    const auto value = values.find(form.substr(open + 1, close - open - 1));
    if (value == values.end() || value->second.empty()) return false;
  }
  return true;
}

namespace {

// "refused[[ at {last}]]": without what stands in brackets when a value of it is missing.
std::string without_gaps(std::string_view form, const ToldValues& values) {
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

}  // namespace

std::string fill(std::string_view text, const ToldValues& values) {
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

}  // namespace rastro
