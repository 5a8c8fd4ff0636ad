#include "daemon/confessed_losses.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/varint.h"

namespace rastro {
namespace {

constexpr std::string_view kKeyPrefix = "dropping:";
constexpr std::string_view kEarlierKeyPrefix = "loss:";  // of a build that did not tell them apart
// journald's RateLimitIntervalSec=, of whose report the interval is not logged.
constexpr std::chrono::seconds kUsualInterval{30};
constexpr std::size_t kCauseBytesMax = 240;
constexpr char kProcessMark = '#';

bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string_view without(std::string_view text, std::size_t count) {
  return text.substr(std::min(count, text.size()));
}

// "17" of "imuxsock[pid: 17, name: x] from <y>: ..." and of "imuxsock lost 455 messages from pid
// 17 due to ...". What a process calls itself, in brackets too, comes after its number.
std::string_view process_of(std::string_view text) {
  constexpr std::string_view kPid = "pid";
  const auto at = text.find(kPid);
  if (at == std::string_view::npos || at == 0 || is_letter_or_digit(text[at - 1])) return {};
  auto rest = without(text, at + kPid.size());
  const auto digits = std::ranges::find_if(rest, is_digit);
  constexpr std::ptrdiff_t kBetweenMax = 2;  // ": "
  if (digits - rest.begin() > kBetweenMax) return {};
  rest = without(rest, static_cast<std::size_t>(digits - rest.begin()));
  return rest.substr(
      0, static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin()));
}

// Whose lines are dropped: "imuxsock#17" of the limit of one process, "action'action-1-builtin'" of
// an action, "imjournal", "imudp(*:514)".
std::string input_of(std::string_view text) {
  const auto word =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter_or_digit) - text.begin());
  std::string input(text.substr(0, word));
  if (const auto process = process_of(text); !process.empty())
    return input.append(1, kProcessMark).append(process);
  const auto rest = without(text, word);
  const auto quoted = without(rest, 1);
  if (rest.starts_with(" '")) return input.append(quoted.substr(0, quoted.find('\'', 1)));
  if (rest.starts_with('(')) return input.append(rest.substr(0, rest.find(')')));
  return input;
}

bool is_of_process(std::string_view input) { return input.find(kProcessMark) != input.npos; }

std::string cause_of(std::string_view text) { return std::string(text.substr(0, kCauseBytesMax)); }

}  // namespace

void ConfessedLosses::take(const std::string& path, Time at, std::optional<Time> previous,
                           const LogLoss& loss) {
  switch (loss.stage) {
    case LogLoss::Stage::begun:
      return begin(path, at, loss.text);
    case LogLoss::Stage::ended:
      static_cast<void>(end(path, at, loss.text));
      return;
    case LogLoss::Stage::restarted:
      return end_all(path, at, loss.text);
    case LogLoss::Stage::counted:
      break;
  }
  if (loss.within && is_of_process(input_of(loss.text))) process_limit_[path] = *loss.within;
  if (end(path, at, loss.text)) return;
  // Whoever reports does so with the next line that it lets through, whenever that is.
  const auto since = at - loss.within.value_or(kUsualInterval);
  holes_.push_back({path, std::min(since, previous.value_or(since)), at, cause_of(loss.text)});
}

// Said twice, it is ended once.
void ConfessedLosses::begin(const std::string& path, Time at, std::string_view text) {
  auto& begun = begun_[path];
  auto input = input_of(text);
  if (std::ranges::find(begun, input, &Begun::input) != begun.end()) return;
  holes_.push_back({path, at, Time::max(), cause_of(text)});
  // Of one more nobody can say when it ends: its hole stays open.
  if (begun.size() < kBegunMax) begun.push_back({std::move(input), at, cause_of(text)});
  keep(path);
}

// The open hole is closed by one that begins with it, and with its cause (StoreReader::holes()).
void ConfessedLosses::close(const std::string& path, const Begun& begun, Time until,
                            std::string_view text) {
  auto cause = begun.cause;
  if (!text.empty()) cause.append("; ").append(cause_of(text));
  holes_.push_back({path, begun.at, std::max(begun.at, until), std::move(cause)});
}

bool ConfessedLosses::end(const std::string& path, Time at, std::string_view text) {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return false;
  auto& begun = known->second;
  const auto one = std::ranges::find(begun, input_of(text), &Begun::input);
  if (one == begun.end()) return false;
  close(path, *one, at, text);
  begun.erase(one);
  if (begun.empty()) begun_.erase(known);
  keep(path);
  return true;
}

void ConfessedLosses::end_all(const std::string& path, Time at, std::string_view text) {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return;
  for (const auto& begun : known->second) close(path, begun, at, text);
  begun_.erase(known);
  keep(path);
}

void ConfessedLosses::note_time(const std::string& path, Time at) {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return;
  auto& all = known->second;
  const auto limit = process_limit_.find(path);
  const auto lasts =
      limit == process_limit_.end() ? kProcessLimitMax : std::min(limit->second, kProcessLimitMax);
  const auto ended = std::erase_if(all, [&](const Begun& begun) {
    if (!is_of_process(begun.input) || at < begun.at + kProcessLimitMax) return false;
    close(path, begun, begun.at + lasts, {});
    return true;
  });
  if (ended == 0) return;
  if (all.empty()) begun_.erase(known);
  keep(path);
}

void ConfessedLosses::keep(const std::string& path) {
  std::string value;
  if (const auto known = begun_.find(path); known != begun_.end()) {
    const auto add = [&value](std::string_view text) {
      append_varint(value, text.size());
      value += text;
    };
    for (const auto& begun : known->second) {
      append_varint(value, static_cast<std::uint64_t>(begun.at.time_since_epoch().count()));
      add(begun.input);
      add(begun.cause);
    }
  }
  pending_.emplace_back(std::string(kKeyPrefix) + path, std::move(value));
}

bool ConfessedLosses::restore(std::string_view key, std::string_view value) {
  if (key.starts_with(kEarlierKeyPrefix)) {
    pending_.emplace_back(std::string(key), std::string());
    return true;
  }
  if (!key.starts_with(kKeyPrefix)) return false;
  const auto take = [&value]() -> std::optional<std::string> {
    const auto size = take_varint(value);
    if (!size || *size > value.size()) return std::nullopt;
    std::string text(value.substr(0, static_cast<std::size_t>(*size)));
    value.remove_prefix(text.size());
    return text;
  };
  std::vector<Begun> all;
  while (!value.empty() && all.size() < kBegunMax) {
    const auto at = take_varint(value);
    auto input = take();
    auto cause = take();
    if (!at || !input || !cause) return true;
    all.push_back(
        {std::move(*input), Time(Duration(static_cast<std::int64_t>(*at))), std::move(*cause)});
  }
  if (!all.empty()) begun_[std::string(key.substr(kKeyPrefix.size()))] = std::move(all);
  return true;
}

}  // namespace rastro
