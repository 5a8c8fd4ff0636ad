// The whole pipeline over logs of real servers, held against what was really sent through them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "daemon/scan.h"
#include "tests/journeys/truth.h"
#include "tests/journeys/unknowable.h"

namespace rastro {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path kLogs = RASTRO_SOURCE_DIR "/tests/logs";

struct Scenario {
  std::string name;  // "postfix/alias"
  fs::path log;
  fs::path truth;
  friend void PrintTo(const Scenario& scenario, std::ostream* os) { *os << scenario.name; }
};

std::vector<Scenario> scenarios() {
  std::vector<Scenario> out;
  for (const std::string mta : {"postfix", "exim"}) {
    const auto folder = kLogs / mta / "captured";
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto file = entry.path().filename().string();
      constexpr std::string_view kTruth = ".truth.json";
      if (!file.ends_with(kTruth)) continue;
      const auto name = file.substr(0, file.size() - kTruth.size());
      out.push_back({mta + "/" + name, folder / (name + ".log"), entry.path()});
    }
  }
  out.push_back(
      {"sample/postfix", kLogs / "sample/postfix.log", kLogs / "sample/postfix.truth.json"});
  out.push_back({"sample/postfix_traditional", kLogs / "sample/postfix.traditional.log",
                 kLogs / "sample/postfix.truth.json"});
  out.push_back({"sample/exim", kLogs / "sample/exim_mainlog", kLogs / "sample/exim.truth.json"});
  std::ranges::sort(out, {}, &Scenario::name);
  return out;
}

std::string content_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

class CapturedLog : public testing::TestWithParam<Scenario> {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rastro-journeys-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::vector<json::object> scan(const std::string& zone) const {
    ScanRequest request;
    request.logs = {GetParam().log.string()};
    // The mailbox server's log is another file there.
    if (GetParam().name == "exim/lmtp_to_dovecot") {
      request.logs.push_back((kLogs / "exim/captured/lmtp_to_dovecot.syslog.log").string());
    }
    request.export_to = (directory_ / "journeys").string();
    request.timezone = zone;
    EXPECT_EQ(run_scan(request), 0);
    std::vector<json::object> journeys;
    std::ifstream in(request.export_to);
    for (std::string line; std::getline(in, line);)
      journeys.push_back(json::parse(line).as_object());
    return journeys;
  }

  fs::path directory_;
};

TEST_P(CapturedLog, TellsWhatWasReallySent) {
  const auto truth = json::parse(content_of(GetParam().truth));
  const auto zone = std::string(truth.as_object().at("time_zone").as_string());
  auto found = differences(truth, scan(zone), content_of(GetParam().log));
  for (const auto& exception : unknowable_in(GetParam().name)) {
    const auto known = std::erase_if(found, [&](const std::string& difference) {
      return difference.find(exception.difference) != std::string::npos;
    });
    EXPECT_GT(known, 0u) << "this is right now, take it off the table: " << exception.difference;
  }
  EXPECT_THAT(found, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, CapturedLog, testing::ValuesIn(scenarios()), [](const auto& tested) {
  auto name = tested.param.name;
  std::ranges::replace(name, '/', '_');
  return name;
});

TEST(CapturedLogs, EveryExceptionIsOfAScenario) {
  std::set<std::string> names;
  for (const auto& scenario : scenarios()) names.insert(scenario.name);
  for (const auto& exception : kUnknowable)
    EXPECT_TRUE(names.contains(std::string(exception.scenario))) << exception.scenario;
}

}  // namespace
}  // namespace rastro
