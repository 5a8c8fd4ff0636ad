#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "config/load.h"
#include "daemon/app.h"
#include "daemon/command_line.h"
#include "daemon/offline/offline.h"
#include "daemon/reply_reasons.h"
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

// For hosts without the unit file's sandbox: what we write is everyone's mail metadata.
void guard_process() {
  umask(0077);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
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

void stop(rastro::App& app, int signal) {
  spdlog::info("stopping: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  const auto stopped = app.stop();
  if (stopped.all_committed) {
    spdlog::info(
        "stopped: all that was read is in the index ({} message rows written while stopping)",
        stopped.legs);
  } else {
    spdlog::warn(
        "stopped: the index could not be written to the end; what is missing is read again "
        "from the logs at the next start");
  }
}

int serve(rastro::Config config, const std::string& path, const sigset_t& signals) {
  const rastro::SystemClock clock;
  guard_process();
  auto app = start_app(config, clock);
  if (!app) return kFailed;
  sd_notify(0, "READY=1");
  spdlog::info("answering at {}", config.api.socket);
  int ended_by = 0;
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &kTick);
    if (app->alive()) sd_notify(0, "WATCHDOG=1");
    if (app->wants_new_start()) {
      spdlog::warn("the state directory is another one: the index is opened anew");
      app.reset();
      app = start_app(config, clock);
      if (!app) return kFailed;
      spdlog::warn("the index is written again, from where it ends in the logs");
    }
    if (signal < 0) continue;
    if (signal != SIGHUP) {
      ended_by = signal;
      break;
    }
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
  stop(*app, ended_by);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  using Task = rastro::CommandLine::Task;
  const auto line = rastro::parse_command_line(argc, argv);
  if (line.task == Task::end) return line.exit_code;
  if (line.task == Task::db_dump) return rastro::run_db_dump(line.index_files.front());
  if (line.task == Task::db_verify) return rastro::run_db_verify(line.index_files, line.with_logs);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("rastrod"));
  spdlog::set_pattern(getenv("JOURNAL_STREAM") != nullptr ? "%v" : "%Y-%m-%dT%H:%M:%S%z %l %v");
  const auto signals = block_signals();
  if (line.task == Task::scan) return rastro::run_scan(line.scan);
  auto config = line.task == Task::check_config ? rastro::check_config(line.config_path)
                                                : rastro::load_config(line.config_path);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return kUsage;
  }
  if (line.task == Task::doctor) return rastro::run_doctor(*config);
  if (line.task == Task::privacy_verify) return rastro::run_privacy_verify(*config);
  if (line.task == Task::check_config) {
    if (const auto rules = rastro::load_reply_rules(config->reasons); !rules) {
      return std::fprintf(stderr, "%s\n", rules.error().message.c_str()), kUsage;
    }
    return std::printf("%s: good\n", line.config_path.c_str()), 0;
  }
  return serve(std::move(*config), line.config_path, signals);
}
