#include "tests/journeys/log_player.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "daemon/answer/journey_json.h"

namespace rastro {
namespace {

// The captured logs are of November 2026; two of them have stamps without a year.
constexpr auto kNear = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25);

ClassifyReply by_code() {
  return [](std::optional<EnhancedStatus> status, std::uint16_t code, std::string_view text) {
    return text.empty() && code == 0 && !status ? Reason::unknown : Reason::other;
  };
}

}  // namespace

Log read_log(const std::filesystem::path& path) {
  Log log;
  log.path = path.string();
  log.host = "mx1";
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) log.lines.push_back(line);
  return log;
}

std::uint64_t seed_of_run() {
  const char* given = std::getenv("RASTRO_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

LogPlayer::LogPlayer(std::vector<Log> logs, CorrelatorOptions options, ClassifyReply classify)
    : logs_(std::move(logs)),
      next_(logs_.size()),
      offsets_(logs_.size()),
      options_(std::move(options)),
      classify_(std::move(classify)) {
  options_.seed = 1;
  restart();
}

bool LogPlayer::play(std::size_t which) {
  auto& log = logs_[which];
  if (next_[which] >= log.lines.size()) return false;
  const auto& text = log.lines[next_[which]++];
  RawLine raw;
  raw.text = text;
  raw.offset = offsets_[which];
  raw.length = static_cast<std::uint32_t>(text.size() + 1);
  offsets_[which] += raw.length;
  const auto headed = LinePipeline::read_header(*origins_[which], raw);
  pipeline_->take(*origins_[which], raw, headed, *correlator_);
  return true;
}

void LogPlayer::play_all() {
  for (std::size_t which = 0; which < logs_.size(); ++which) {
    while (play(which)) {
    }
  }
}

void LogPlayer::flush() {
  correlator_->committed(correlator_->flush());
  pipeline_->hand_over_pending(index_);
}

void LogPlayer::restart() {
  correlator_ =
      std::make_unique<Correlator>(options_, classify_ ? classify_ : by_code(), index_, index_);
  for (const auto& [id, leg] : index_.legs) correlator_->know_leg(leg);
  pipeline_ = std::make_unique<LinePipeline>(counters_, 1);
  for (const auto& [key, value] : index_.pending) {
    if (!pipeline_->restore_pending(key, value)) correlator_->restore_pending(key, value);
  }
  std::vector<std::unique_ptr<LineOrigin>> origins;
  for (const auto& log : logs_) {
    const auto number = static_cast<std::uint32_t>(origins.size() + 1);
    origins.push_back(std::make_unique<LineOrigin>(number, log.path, LineFormat::unknown,
                                                   StampReader("Europe/Madrid", Time(kNear)),
                                                   log.host));
    auto& origin = *origins.back();
    origin.override_host = log.host_is_theirs;
    // The year of stamps that have none is told by the lines before.
    if (number <= origins_.size()) origin.stamps = origins_[number - 1]->stamps;
    pipeline_->resume(origin);
  }
  origins_ = std::move(origins);
}

std::vector<std::string> LogPlayer::journeys() {
  flush();
  std::vector<std::string> out;
  std::set<std::uint64_t> told;
  for (const auto& [id, leg] : index_.legs) {
    if (told.contains(id)) continue;
    const auto journey = assemble(index_, id);
    if (!journey || !*journey) continue;
    for (const auto& part : (*journey)->legs) told.insert(part.id);
    out.push_back(boost::json::serialize(to_json(**journey, {})));
  }
  return out;
}

}  // namespace rastro
