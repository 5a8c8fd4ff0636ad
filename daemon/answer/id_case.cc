#include "daemon/answer/id_case.h"

#include <algorithm>
#include <optional>

#include "core/address.h"

namespace rastro {
namespace {

constexpr std::size_t kTimeDigits = 6;
constexpr std::string_view kEximDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kPostfixDigits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

char other_case(char c) {
  constexpr char kApart = 'a' - 'A';
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - kApart);
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c + kApart);
  return c;
}

bool all_alphanumeric(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kEximDigits.find(c) < kEximDigits.size(); });
}

// "1xVgYa-0000jx-2e", and since Exim 4.97 "1xXSnO-000000001ow-02Ug".
bool has_exim_form(std::string_view id) {
  constexpr std::size_t kOld = 16;
  constexpr std::size_t kNew = 23;
  if (id.size() != kOld && id.size() != kNew) return false;
  const auto second = id.find('-', kTimeDigits + 1);
  return id[kTimeDigits] == '-' && second == (id.size() == kOld ? 13 : 18) &&
         all_alphanumeric(id.substr(0, kTimeDigits)) &&
         all_alphanumeric(id.substr(kTimeDigits + 1, second - kTimeDigits - 1)) &&
         all_alphanumeric(id.substr(second + 1));
}

// "4Tq9Xk1z0Bz3": seconds, microseconds in four digits, 'z', the file's number.
bool has_long_postfix_form(std::string_view id) {
  constexpr std::size_t kTimes = kTimeDigits + 4;
  return id.size() > kTimes + 1 && id.size() < 20 && (id[kTimes] == 'z' || id[kTimes] == 'Z') &&
         all_alphanumeric(id);
}

std::optional<std::int64_t> seconds_of(std::string_view digits, std::string_view alphabet) {
  std::int64_t value = 0;
  for (const char c : digits) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * static_cast<std::int64_t>(alphabet.size()) + static_cast<std::int64_t>(digit);
  }
  return value;
}

// What the index holds, and what waited since before.
Result<TimeRange> range_held(StoreReader& store) {
  constexpr Duration kOpenSince = std::chrono::hours(24 * 7);
  const auto sources = store.coverage();
  if (!sources) return sources.error();
  TimeRange range{Time::max(), Time::min()};
  for (const auto& source : *sources) {
    if (source.from) range.from = std::min(range.from, *source.from - kOpenSince);
    if (source.until) range.until = std::max(range.until, *source.until);
  }
  return range.from <= range.until ? range : TimeRange{};
}

}  // namespace

std::vector<Time> times_of_queue_id(std::string_view typed, const TimeRange& range) {
  const bool exim = has_exim_form(typed);
  if (!exim && !has_long_postfix_form(typed)) return {};
  const auto alphabet = exim ? kEximDigits : kPostfixDigits;
  std::vector<Time> times;
  for (unsigned cases = 0; cases < 1U << kTimeDigits; ++cases) {
    std::string digits(typed.substr(0, kTimeDigits));
    for (std::size_t i = 0; i < kTimeDigits; ++i) {
      if ((cases >> i & 1U) != 0) digits[i] = other_case(digits[i]);
    }
    const auto seconds = seconds_of(digits, alphabet);
    if (!seconds) continue;
    const Time at{std::chrono::seconds(*seconds)};
    if (at >= range.from && at <= range.until) times.push_back(at);
  }
  std::ranges::sort(times, std::greater<>());
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
}

Result<std::string> queue_id_in_other_case(StoreReader& store, std::string_view typed,
                                           Duration time_left) {
  // A leg is opened by the first line that names it: for Exim when the message has come.
  constexpr Duration kArrivalMax = std::chrono::hours(1);
  constexpr Duration kBefore = std::chrono::minutes(1);
  const auto held = range_held(store);
  if (!held) return held.error();
  std::string found;
  for (const auto at : times_of_queue_id(typed, *held)) {
    const auto id_at = [](Time when) {
      return static_cast<std::uint64_t>(
                 std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count())
             << 32;
    };
    const LegIdRange wanted{id_at(at - kBefore), id_at(at + kArrivalMax)};
    QueryLimits limits{time_left};
    limits.wanted = &wanted;
    const auto done =
        store.for_each_leg({}, {at - kBefore, at + kArrivalMax}, limits, [&](const LegRecord& leg) {
          if (!equal_ignoring_case(leg.queue_id, typed)) return Visit::go_on;
          found = leg.queue_id;
          return Visit::stop;
        });
    if (!done) return done.error();
    if (!found.empty() || *done == CutBy::time) break;
  }
  return found;
}

Result<bool> correct_id_case(StoreReader& store, FindRequest& request, Duration time_left) {
  const auto is_pattern = [](const std::string& text) {
    return text.find_first_of("*?") != std::string::npos;
  };
  bool changed = false;
  const auto put = [&](const char* name, std::string& field, const std::string& stored) {
    if (stored.empty() || stored == field) return;
    request.readings.push_back({name, field, stored, std::nullopt});
    field = stored;
    changed = true;
  };
  if (!request.queue_id.empty() && !is_pattern(request.queue_id)) {
    const auto stored = queue_id_in_other_case(store, request.queue_id, time_left);
    if (!stored) return stored.error();
    put("queue_id", request.queue_id, *stored);
  }
  if (!request.message_id.empty() && !is_pattern(request.message_id)) {
    const auto stored =
        message_id_in_other_case(store, request.message_id, request.range, time_left);
    if (!stored) return stored.error();
    put("message_id", request.message_id, *stored);
  }
  return changed;
}

Result<std::string> message_id_in_other_case(StoreReader& store, std::string_view typed,
                                             const TimeRange& range, Duration time_left) {
  constexpr Duration kLookMax = std::chrono::milliseconds(200);
  if (typed.find('@') == std::string_view::npos) return std::string();
  const auto bare = [](std::string_view id) {
    return id.size() > 2 && id.front() == '<' && id.back() == '>' ? id.substr(1, id.size() - 2)
                                                                  : id;
  };
  std::string found;
  const QueryLimits limits{time_left == Duration::zero() ? kLookMax
                                                         : std::min(time_left, kLookMax)};
  const auto done = store.for_each_leg({}, range, limits, [&](const LegRecord& leg) {
    if (!leg.message_id || !equal_ignoring_case(bare(*leg.message_id), bare(typed)))
      return Visit::go_on;
    found = std::string(bare(*leg.message_id));
    return Visit::stop;
  });
  if (!done) return done.error();
  return found;
}

}  // namespace rastro
