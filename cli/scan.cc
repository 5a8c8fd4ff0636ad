#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/phrases.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

namespace fs = std::filesystem;
struct ScanOptions {
  std::vector<std::string> logs;  // "-": standard input
  std::string export_to;          // a file, or "-"; empty: no export
  bool lines = false;
  std::string year;
  ShowOptions show;    // a message to show instead of a list
  std::string bounce;  // a bounce to explain instead
  FindOptions find;
};

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

std::vector<std::string> arguments_for(const ScanOptions& scan, const std::string& zone,
                                       Language language, bool serve) {
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
  add("--tz", zone);
  add("--lang", std::string(language_name(language)));
  if (serve) arguments.emplace_back("--serve");
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), scan.logs.begin(), scan.logs.end());
  return arguments;
}

class Progress {
 public:
  explicit Progress(Language language) : language_(language), shown_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  void show(std::int64_t done, std::int64_t total, std::int64_t lines) {
    if (!shown_) return;
    constexpr int kBarColumns = 30;
    const int filled = total > 0 ? static_cast<int>(done * kBarColumns / total) : 0;
    std::string bar(static_cast<std::size_t>(std::clamp(filled, 0, kBarColumns)), '#');
    bar.resize(kBarColumns, '.');
    const View view{{}, language_, 0};
    std::fprintf(stderr, "\r%s [%s] %3d %%  %s\x1b[K", view.say(Text::scan_reading).c_str(),
                 bar.c_str(), total > 0 ? static_cast<int>(done * 100 / total) : 0,
                 view.say(Text::scan_lines, {view.number(lines)}).c_str());
    drawn_ = true;
  }
  void clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

 private:
  Language language_;
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
      argv.reserve(arguments.size() + 1);
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

// Waits until the child answers at a socket, showing how far it is. "": it ended before.
std::string wait_for_socket(Child& child, Language language, bool& incomplete) {
  std::string socket;
  Progress progress(language);
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
    for (const auto* kind : {"problem", "note"}) {
      if (!has_text(said, kind)) continue;
      progress.clear();
      print_aside(escape(text_of(said, kind)));
    }
    incomplete = incomplete || has_text(said, "problem");
    socket = text_of(said, "socket");
  }
  return socket;
}

// As they may be typed again, when they are few.
std::string scanned_logs(const std::vector<std::string>& logs) {
  constexpr std::size_t kNamed = 2;
  constexpr std::string_view kNeedsQuotes = " \t\n'\"\\$`*?[]{}()<>|&;!#~";
  std::string out;
  for (const auto& log : logs) {
    if (logs.size() > kNamed || log.find_first_of(kNeedsQuotes) != std::string::npos)
      return "LOG...";
    out += (out.empty() ? "" : " ") + escape(log);
  }
  return out;
}

int run_scan(const CommonOptions& common, const ScanOptions& scan) {
  const bool writes = !scan.export_to.empty() || scan.lines;
  const bool asks =
      scan.find.any_given() || !scan.show.id.empty() || !scan.bounce.empty() || !writes;
  Child child;
  if (!child.start(arguments_for(scan, common.zone(), common.language(), asks))) {
    return fail(kUnreachableOrIncomplete,
                say(common.language(), Text::error_cannot_start,
                    {translate(common.language(), std::strerror(errno))}));
  }
  bool incomplete = false;
  auto asked = common;
  asked.socket = wait_for_socket(child, common.language(), incomplete);
  asked.waits_for_ever = true;
  asked.scanned = scanned_logs(scan.logs);
  if (!asks) {
    const int code = child.wait();
    if (code == kUsage) return kUsage;
    return code != 0 || incomplete ? kUnreachableOrIncomplete : kFound;
  }
  if (asked.socket.empty()) {
    const int code = child.wait();
    if (code == kUsage) return kUsage;
    return fail(kUnreachableOrIncomplete, say(common.language(), Text::error_scan_ended));
  }
  const int code = !scan.bounce.empty()   ? run_bounce(asked, {.file = scan.bounce})
                   : scan.show.id.empty() ? run_find(asked, scan.find)
                                          : run_show(asked, scan.show);
  child.stop();
  return incomplete && code != kUsage ? kUnreachableOrIncomplete : code;
}

}  // namespace

void add_scan(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "scan",
      "Answer about log files, archives or standard input; needs no daemon. Reads all that "
      "is given, whatever its age, into a private index that is removed at the end.");
  auto scan = std::make_shared<ScanOptions>();
  command
      ->add_option("LOG", scan->logs, "log files (also .gz .bz2 .xz .zst), or - for standard input")
      ->required();
  const auto add = [&](const char* name, std::string& value, const char* type, const char* words) {
    command->add_option(name, value, words)->type_name(type)->group("Scan");
  };
  add("--export", scan->export_to, "FILE", "write every message as NDJSON to FILE, or - for here");
  command->add_flag("--lines", scan->lines, "print what was understood of each line, as NDJSON")
      ->group("Scan");
  add("--show", scan->show.id, "ID", "show this message instead of a list");
  command->add_flag("--raw", scan->show.raw, "with --show: with the log lines")->group("Scan");
  command
      ->add_flag("--full", scan->show.full,
                 "with --show: every entry of a long timeline, each of many recipients")
      ->group("Scan");
  add("--bounce", scan->bounce, "FILE", "explain this bounce, and show which message it is about");
  add("--year", scan->year, "YEAR", "year of the first stamp without one; default: the file's");
  add_find_options(*command, scan->find);
  command->footer(
      "--tz is also the zone of stamps in the log that name none.\n"
      "Examples:\n"
      "  rastro scan /var/log/mail.log* --to juan@example.org\n"
      "  rastro scan mail.log --show 4Tq9Xk1z0Bz3 --raw\n"
      "  rastro scan mail.log --bounce undelivered.eml\n"
      "  zcat mail.log.2.gz | rastro scan - --outcome bounced\n"
      "  rastro scan mail.log --export journeys.ndjson\n"
      "  rastro scan mail.log --lines | jq -r .kind | sort | uniq -c");
  command->callback(
      [line, scan] { line.run = [line, scan] { return run_scan(line.common, *scan); }; });
}

}  // namespace rastro::cli
