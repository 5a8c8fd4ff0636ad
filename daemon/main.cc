#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>

#include "config/load.h"
#include "daemon/app.h"
#include "daemon/scan.h"

namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 3;
constexpr timespec kTick{1, 0};

// Signals are taken by main alone: blocked before any thread starts, so all inherit that.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

void set_log_level(rastro::LogLevel level) {
  using rastro::LogLevel;
  spdlog::set_level(level == LogLevel::debug     ? spdlog::level::debug
                    : level == LogLevel::warning ? spdlog::level::warn
                    : level == LogLevel::error   ? spdlog::level::err
                                                 : spdlog::level::info);
}

std::unique_ptr<rastro::App> start_app(const rastro::Config& config, const rastro::Clock& clock) {
  set_log_level(config.log.level);
  auto app = std::make_unique<rastro::App>(config, clock);
  const auto started = app->start();
  if (started) return app;
  spdlog::error("{}", started.error().message);
  return nullptr;
}

int serve(rastro::Config config, const std::string& path, const sigset_t& signals) {
  const rastro::SystemClock clock;
  auto app = start_app(config, clock);
  if (!app) return kFailed;
  sd_notify(0, "READY=1");
  spdlog::info("answering at {}", config.api.socket);
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &kTick);
    if (app->alive()) sd_notify(0, "WATCHDOG=1");
    if (signal < 0) continue;
    if (signal != SIGHUP) break;
    const auto loaded = rastro::load_config(path);
    if (!loaded) {
      spdlog::error("configuration not reloaded, the old one stays:\n{}", loaded.error().message);
      continue;
    }
    sd_notify(0, "RELOADING=1");
    app.reset();
    app = start_app(*loaded, clock);
    if (app) {
      config = *loaded;
      spdlog::info("configuration reloaded");
    } else {
      app = start_app(config, clock);
      if (!app) return kFailed;
      spdlog::error("the new configuration does not start; the old one stays");
    }
    sd_notify(0, "READY=1");
  }
  sd_notify(0, "STOPPING=1");
  app.reset();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"Follows Postfix and Exim logs, indexes 24 hours, answers over a Unix socket.",
                   "rastrod"};
  options.set_version_flag("--version", "rastrod " RASTRO_VERSION);
  std::string config_path = "/etc/rastro/rastro.yaml";
  bool check = false;
  bool scanning = false;
  rastro::ScanRequest scan;
  int year = 0;
  options.add_option("--config", config_path, "configuration file")->capture_default_str();
  options.add_flag("--check-config", check, "say every mistake in the configuration and end");
  options.add_flag("--scan", scanning,
                   "answer about the given logs only (what `rastro scan` runs)");
  options.add_option("--export", scan.export_to, "with --scan: journeys as NDJSON to a file or -");
  options.add_flag("--lines", scan.lines, "with --scan: lines as NDJSON on standard output");
  options.add_flag("--serve", scan.serve, "with --scan: answer on a private socket until ended");
  options.add_option("--year", year, "with --scan: year of the first stamp without one")
      ->check(CLI::Range(1970, 2200));
  options.add_option("--tz", scan.timezone, "with --scan: zone of stamps without one");
  options.add_option("--control-fd", scan.control_fd, "with --scan: where progress is told");
  options.add_option("LOG", scan.logs, "with --scan: log files, archives, or -");
  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return options.exit(error) == 0 ? 0 : kUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("rastrod"));
  spdlog::set_pattern(getenv("JOURNAL_STREAM") != nullptr ? "%v" : "%Y-%m-%dT%H:%M:%S%z %l %v");
  const auto signals = block_signals();
  if (scanning) {
    if (scan.logs.empty())
      return std::fputs("rastrod: --scan needs at least one LOG\n", stderr), kUsage;
    if (year != 0) scan.year = year;
    return rastro::run_scan(scan);
  }
  auto config = rastro::load_config(config_path);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return kUsage;
  }
  if (check) return std::printf("%s: good\n", config_path.c_str()), 0;
  return serve(std::move(*config), config_path, signals);
}
