#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/line_kind.h"
#include "daemon/daemon_status.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

// The samples of a text: name with labels -> value.
std::map<std::string, double> samples_of(const std::string& text) {
  std::map<std::string, double> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto space = line.rfind(' ');
    EXPECT_TRUE(out.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second)
        << "twice: " << line;
  }
  return out;
}

DaemonStatus status() {
  DaemonStatus out;
  out.published_at = Time(1000s);
  out.newest_line_at = Time(940s);
  ProgramLines program;
  program.by_kind[static_cast<std::size_t>(LineKind::unrecognised)] = 7;
  out.programs = {program, program};
  out.sources.cut_lines = 3;
  out.correlator.legs_opened = 11;
  out.legs_in_memory = 5;
  return out;
}

TEST(Metrics, FiguresOfEachPart) {
  WriterCounters store;
  store.legs = 12;
  ApiCounters api;
  api.connections = 2;
  api.requests = {{"/v1/journeys", 200, 40}, {"/v1/journeys", 400, 1}, {"", 404, 3}};
  auto got = samples_of(metrics_text(status(), store, true, api));
  EXPECT_EQ(got["rastro_log_lag_seconds"], 60);
  EXPECT_EQ(got["rastro_caught_up"], 0);
  EXPECT_EQ(got["rastro_parse_failures_total"], 14);
  EXPECT_EQ(got["rastro_lines_cut_total"], 3);
  EXPECT_EQ(got["rastro_legs_opened_total"], 11);
  EXPECT_EQ(got["rastro_legs_in_memory"], 5);
  EXPECT_EQ(got["rastro_store_legs_total"], 12);
  EXPECT_EQ(got["rastro_index_writable"], 1);
  EXPECT_EQ(got["rastro_api_connections"], 2);
  EXPECT_EQ(got["rastro_api_requests_total{route=\"/v1/journeys\",status=\"200\"}"], 40);
  EXPECT_EQ(got["rastro_api_requests_total{route=\"/v1/journeys\",status=\"400\"}"], 1);
  EXPECT_EQ(got["rastro_api_requests_total{route=\"none\",status=\"404\"}"], 3);
}

TEST(Metrics, NoLagWhenEverythingIsReadOrAClockRunsAhead) {
  auto caught_up = status();
  caught_up.caught_up = true;
  EXPECT_EQ(samples_of(metrics_text(caught_up, {}, true, {}))["rastro_log_lag_seconds"], 0);
  auto ahead = status();
  ahead.newest_line_at = ahead.published_at + 1s;
  EXPECT_EQ(samples_of(metrics_text(ahead, {}, true, {}))["rastro_log_lag_seconds"], 0);
}

TEST(Metrics, ALogThatCannotBeReadLagsBehindSinceItCouldBe) {
  auto unreadable = status();
  unreadable.read_to_end = true;
  unreadable.unreadable = {{"/var/log/mail.log", "Permission denied", Time(700s)},
                           {"/var/log/never.log", "Permission denied", std::nullopt}};
  EXPECT_EQ(samples_of(metrics_text(unreadable, {}, true, {}))["rastro_log_lag_seconds"], 300);
}

TEST(Metrics, AnIndexThatCannotBeWrittenIsSaid) {
  EXPECT_EQ(samples_of(metrics_text(status(), {}, false, {}))["rastro_index_writable"], 0);
}

// Prometheus' own rules, and ours: each has words, counters end in _total, nothing else does.
TEST(Metrics, AreNamedAsPrometheusWants) {
  const auto text = metrics_text(status(), {}, true, {});
  std::set<std::string> helped;
  std::map<std::string, std::string> types;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string mark, kind, name, rest;
    words >> mark >> kind >> name;
    std::getline(words, rest);
    if (mark != "#") continue;
    if (kind == "HELP") {
      EXPECT_GT(rest.size(), 5U) << name;
      helped.insert(name);
    }
    if (kind == "TYPE") types[name] = rest;
  }
  EXPECT_GT(types.size(), 20U);
  for (const auto& [name, type] : types) {
    EXPECT_TRUE(name.starts_with("rastro_")) << name;
    EXPECT_TRUE(helped.contains(name)) << name;
    EXPECT_EQ(name.ends_with("_total"), type == " counter") << name << type;
  }
}

TEST(Metrics, StandInTheManual) {
  std::ifstream file(RASTRO_SOURCE_DIR "/docs/metrics.md");
  std::stringstream page;
  page << file.rdbuf();
  ASSERT_GT(page.str().size(), 100U);
  std::istringstream lines(metrics_text(status(), {}, true, {}));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    const auto name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_NE(page.str().find("`" + name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace rastro
