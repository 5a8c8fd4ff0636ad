#include "daemon/confessed_losses.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace rastro {
namespace {

constexpr std::string_view kKeyPrefix = "loss:";
// journald's RateLimitIntervalSec=, of whose report the interval is not logged.
constexpr std::chrono::seconds kUsualInterval{30};
constexpr std::size_t kCauseBytesMax = 240;

// "imuxsock[pid 17]: ..." and "imuxsock[pid: 17, name: x] from <y>: ...": what reads for rsyslog.
std::string_view input_of(std::string_view text) {
  const auto end = std::ranges::find_if(
      text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string cause_of(std::string_view text) { return std::string(text.substr(0, kCauseBytesMax)); }

}  // namespace

void ConfessedLosses::take(const std::string& path, Time at, std::optional<Time> previous,
                           const LogLoss& loss) {
  switch (loss.stage) {
    case LogLoss::Stage::begun:
      return begin(path, at, loss.text);
    case LogLoss::Stage::ended:
      return end(path, at, loss.text, false);
    case LogLoss::Stage::restarted:
      return end(path, at, loss.text, true);
    case LogLoss::Stage::counted:
      break;
  }
  const auto known = begun_.find(path);
  const auto answers = [&](const std::string& input) { return input == input_of(loss.text); };
  if (known != begun_.end() && std::ranges::any_of(known->second.dropping, answers))
    return end(path, at, loss.text, false);
  // Whoever reports does so with the next line that it lets through, whenever that is.
  const auto since = at - loss.within.value_or(kUsualInterval);
  holes_.push_back({path, std::min(since, previous.value_or(since)), at, cause_of(loss.text)});
}

void ConfessedLosses::begin(const std::string& path, Time at, std::string_view text) {
  auto& begun = begun_[path];
  if (begun.dropping.empty()) {
    begun.at = at;
    holes_.push_back({path, at, Time::max(), cause_of(text)});
  }
  if (begun.dropping.size() < kDroppingMax) begun.dropping.emplace_back(input_of(text));
  keep(path);
}

// The open hole is closed by one that begins with it (StoreReader::holes()).
void ConfessedLosses::end(const std::string& path, Time at, std::string_view text, bool all) {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return;
  auto& dropping = known->second.dropping;
  const auto input = std::ranges::find(dropping, input_of(text));
  if (all) {
    dropping.clear();
  } else if (input != dropping.end()) {
    dropping.erase(input);
  }
  if (dropping.empty()) {
    holes_.push_back({path, known->second.at, at, cause_of(text)});
    begun_.erase(known);
  }
  keep(path);
}

void ConfessedLosses::keep(const std::string& path) {
  std::string value;
  if (const auto known = begun_.find(path); known != begun_.end()) {
    value = std::to_string(known->second.at.time_since_epoch().count());
    for (const auto& input : known->second.dropping) value.append(" ").append(input);
  }
  pending_.emplace_back(std::string(kKeyPrefix) + path, std::move(value));
}

bool ConfessedLosses::restore(std::string_view key, std::string_view value) {
  if (!key.starts_with(kKeyPrefix)) return false;
  std::int64_t at = 0;
  const auto* const end = value.data() + value.size();
  const auto number = std::from_chars(value.data(), end, at);
  if (number.ec != std::errc()) return true;
  Begun begun{Time(std::chrono::microseconds(at)), {}};
  std::string_view rest(number.ptr, static_cast<std::size_t>(end - number.ptr));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto input = rest.substr(0, rest.find(' '));
    begun.dropping.emplace_back(input);
    rest.remove_prefix(input.size());
  }
  if (!begun.dropping.empty())
    begun_[std::string(key.substr(kKeyPrefix.size()))] = std::move(begun);
  return true;
}

}  // namespace rastro
