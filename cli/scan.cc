#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

namespace fs = std::filesystem;
constexpr int kControlFd = 3;  // the child writes what it is doing here, one JSON object a line

// RASTROD, else beside ourselves, else in PATH.
std::string find_rastrod() {
  if (const char* named = std::getenv("RASTROD"); named != nullptr && *named != '\0') return named;
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  for (const auto* place : {"rastrod", "../sbin/rastrod"}) {
    const auto beside = self.parent_path() / place;
    if (!error && access(beside.c_str(), X_OK) == 0) return beside.string();
  }
  return "rastrod";
}

std::vector<std::string> arguments_for(const ScanOptions& scan, bool serve) {
  std::vector<std::string> arguments{find_rastrod(), "--scan", "--control-fd",
                                     std::to_string(kControlFd)};
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    arguments.emplace_back(name);
    arguments.push_back(value);
  };
  add("--export", scan.export_to);
  if (scan.lines) arguments.emplace_back("--lines");
  add("--year", scan.year);
  add("--tz", scan.tz);
  if (serve) arguments.emplace_back("--serve");
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), scan.logs.begin(), scan.logs.end());
  return arguments;
}

class Progress {
 public:
  Progress() : shown_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  void show(std::int64_t done, std::int64_t total, std::int64_t lines) {
    if (!shown_) return;
    constexpr int kBarColumns = 30;
    const int filled = total > 0 ? static_cast<int>(done * kBarColumns / total) : 0;
    std::string bar(static_cast<std::size_t>(std::clamp(filled, 0, kBarColumns)), '#');
    bar.resize(kBarColumns, '.');
    std::fprintf(stderr, "\rreading [%s] %3d %%  %lld lines\x1b[K", bar.c_str(),
                 total > 0 ? static_cast<int>(done * 100 / total) : 0,
                 static_cast<long long>(lines));
    drawn_ = true;
  }
  void clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

 private:
  bool shown_;
  bool drawn_ = false;
};

// The private rastrod. Ends with us, whatever happens to us.
class Child {
 public:
  ~Child() { stop(); }

  bool start(const std::vector<std::string>& arguments) {
    std::array<int, 2> control{};
    if (pipe(control.data()) != 0) return false;
    const auto parent = getpid();
    pid_ = fork();
    if (pid_ < 0) return false;
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(127);
      close(control[0]);
      if (control[1] != kControlFd) {
        dup2(control[1], kControlFd);
        close(control[1]);
      }
      std::vector<char*> argv;
      for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      execvp(argv[0], argv.data());
      dprintf(STDERR_FILENO, "rastro: cannot run %s: %s\n", argv[0], std::strerror(errno));
      _exit(127);
    }
    close(control[1]);
    control_ = control[0];
    return true;
  }

  // The next line that it says, or nothing when it said its last.
  bool next(std::string& line) {
    for (;;) {
      const auto end = buffer_.find('\n');
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      std::array<char, 4096> block{};
      const auto got = read(control_, block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      buffer_.append(block.data(), static_cast<std::size_t>(got));
    }
  }

  // Asks it to end and waits; its exit code, or 128 and the signal.
  int stop() {
    if (pid_ <= 0) return exit_code_;
    kill(pid_, SIGTERM);
    return wait();
  }
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    if (control_ >= 0) close(control_);
    control_ = -1;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_;
  }

 private:
  pid_t pid_ = -1;
  int control_ = -1;
  int exit_code_ = 0;
  std::string buffer_;
};

}  // namespace

int run_scan(const CommonOptions& common, const ScanOptions& scan, const FindOptions& find) {
  const bool writes = !scan.export_to.empty() || scan.lines;
  const bool asks = find.any_given() || !scan.show.empty() || !writes;
  Child child;
  if (!child.start(arguments_for(scan, asks))) {
    return fail(kUnreachableOrIncomplete,
                std::string("cannot start rastrod: ") + std::strerror(errno));
  }
  std::string socket;
  bool incomplete = false;
  {
    Progress progress;
    std::string line;
    while (socket.empty() && child.next(line)) {
      boost::json::error_code error;
      const auto value = boost::json::parse(line, error);
      if (error || !value.is_object()) continue;
      const auto& said = value.get_object();
      if (has_number(said, "total_bytes")) {
        progress.show(number_of(said, "bytes"), number_of(said, "total_bytes"),
                      number_of(said, "lines"));
      }
      if (has_text(said, "problem")) {
        progress.clear();
        std::fprintf(stderr, "rastro: %s\n", escape(text_of(said, "problem")).c_str());
        incomplete = true;
      }
      socket = text_of(said, "socket");
    }
  }
  if (!asks) {
    const int code = child.wait();
    if (code == kUsage) return kUsage;
    return code != 0 || incomplete ? kUnreachableOrIncomplete : kFound;
  }
  if (socket.empty()) {
    const int code = child.wait();
    return code == kUsage ? kUsage
                          : fail(kUnreachableOrIncomplete, "rastrod ended without an answer");
  }
  auto asked = common;
  asked.socket = socket;
  const int code =
      scan.show.empty() ? run_find(asked, find) : run_show(asked, scan.show, scan.raw, scan.tz);
  child.stop();
  return incomplete && code != kUsage ? kUnreachableOrIncomplete : code;
}

}  // namespace rastro::cli
