// A restart behind any line, and any order of reading several logs, gives the same journeys
// (DESIGN 4 and 7).
#include <gmock/gmock.h>

#include <filesystem>
#include <random>
#include <set>

#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> captured_logs() {
  std::vector<fs::path> out;
  for (const std::string mta : {"postfix", "exim"}) {
    for (const auto& entry :
         fs::directory_iterator(RASTRO_SOURCE_DIR "/tests/logs/" + mta + "/captured")) {
      const auto kind = entry.path().extension();
      if (kind == ".log" || kind == ".rejectlog") out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> told_in_one_go(const Log& log) {
  LogPlayer player({log});
  player.play_all();
  return player.journeys();
}

class Restart : public testing::TestWithParam<fs::path> {};

TEST_P(Restart, BehindAnyLineGivesTheSameJourneys) {
  const auto log = read_log(GetParam());
  const auto want = told_in_one_go(log);
  for (std::size_t cut = 1; cut < log.lines.size(); ++cut) {
    LogPlayer player({log});
    for (std::size_t line = 0; line < cut; ++line) player.play(0);
    player.flush();
    player.restart();
    player.play_all();
    ASSERT_EQ(player.journeys(), want)
        << "restart behind line " << cut << ": " << log.lines[cut - 1];
  }
}

TEST_P(Restart, BehindEveryLineGivesTheSameJourneys) {
  const auto log = read_log(GetParam());
  LogPlayer player({log});
  while (player.play(0)) {
    player.flush();
    player.restart();
  }
  EXPECT_EQ(player.journeys(), told_in_one_go(log));
}

INSTANTIATE_TEST_SUITE_P(, Restart, testing::ValuesIn(captured_logs()), [](const auto& tested) {
  const fs::path& path = tested.param;
  auto name = path.parent_path().parent_path().filename().string() + "_" + path.stem().string();
  if (path.extension() == ".rejectlog") name += "_rejected";
  std::ranges::replace(name, '.', '_');
  std::ranges::replace(name, '-', '_');
  return name;
});

// Logs of as many hosts, read side by side.
std::vector<Log> logs_of_hosts(std::mt19937_64& random, std::size_t count) {
  auto paths = captured_logs();
  std::shuffle(paths.begin(), paths.end(), random);
  std::vector<Log> logs;
  std::set<std::string> names;
  for (const auto& path : paths) {
    if (logs.size() == count) break;
    // Both MTAs' logs of one scenario have the same Message-IDs, as if one mail went through both.
    const auto file = path.filename().string();
    if (!names.insert(file.substr(0, file.find('.'))).second) continue;
    logs.push_back(read_log(path));
    logs.back().host = "host" + std::to_string(logs.size());
    logs.back().host_is_theirs = true;
  }
  return logs;
}

TEST(Interleaving, OfSeveralHostsLogsChangesNoJourney) {
  const auto seed = seed_of_run();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    const auto logs = logs_of_hosts(random, 6);
    LogPlayer straight(logs);
    straight.play_all();
    LogPlayer mixed(logs);
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < logs.size(); ++i) left.push_back(i);
    while (!left.empty()) {
      const auto at = std::uniform_int_distribution<std::size_t>(0, left.size() - 1)(random);
      if (!mixed.play(left[at])) left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
      if (random() % 16 == 0) mixed.flush();
    }
    std::string names;
    for (const auto& log : logs) names += log.host + " " + log.path + "\n";
    const auto told = mixed.journeys();
    const auto want = straight.journeys();
    for (std::size_t i = 0; i < std::min(told.size(), want.size()); ++i) {
      ASSERT_EQ(told[i], want[i]) << names;
    }
    ASSERT_EQ(told.size(), want.size()) << names;
  }
}

}  // namespace
}  // namespace rastro
