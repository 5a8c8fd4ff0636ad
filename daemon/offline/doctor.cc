#include <fcntl.h>
#include <glob.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "config/machine.h"
#include "config/quantity.h"
#include "core/clock.h"
#include "core/framing.h"
#include "daemon/line_pipeline.h"
#include "daemon/log_origin.h"
#include "daemon/offline/offline.h"
#include "daemon/offline/state_files.h"
#include "daemon/overlap_filter.h"
#include "daemon/source/content.h"
#include "store/quarantine.h"
#include "store/retention.h"
#include "store/schema.h"

namespace rastro {
namespace {

constexpr std::size_t kSampleBytes = 512 * 1024;  // of the end of a log
constexpr std::size_t kComparedLines = 3'000;
constexpr std::uint64_t kFreeBytesMin = 1ULL << 30;

class Doctor {
 public:
  explicit Doctor(const Config& config) : config_(config) {}

  int run() {
    for (const auto& source : config_.sources) look_at_source(source);
    look_for_overlaps();
    look_at_state();
    look_at_accounts();
    look_at_socket();
    std::printf(failed_   ? "something has to be mended first\n"
                : warned_ ? "rastrod can run; read the warnings\n"
                          : "all good\n");
    return failed_ || warned_ ? kOfflineFound : kOfflineGood;
  }

 private:
  void good(const std::string& what) { std::printf("ok    %s\n", what.c_str()); }
  void warn(const std::string& what) {
    warned_ = true;
    std::printf("warn  %s\n", what.c_str());
  }
  void fail(const std::string& what) {
    failed_ = true;
    std::printf("FAIL  %s\n", what.c_str());
  }

  void look_at_source(const SourceSettings& source) {
    if (!source.listen.empty()) return look_at_listener(source.listen);
    if (!source.journal.empty()) return look_at_journal(source.journal);
    glob_t found{};
    const int status = glob(source.path.c_str(), GLOB_NOSORT, nullptr, &found);
    if (status != 0 || found.gl_pathc == 0) {
      warn(source.path + ": not there; it will be waited for");
    } else {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) look_at_log(found.gl_pathv[i], source);
    }
    globfree(&found);
  }

  // Nothing is there before somebody sends.
  void look_at_listener(const std::string& listen) {
    const auto address = parse_listen_address(listen);
    const bool is_path = address && address->kind == ListenAddress::Kind::unix_datagram;
    const auto directory = is_path ? std::filesystem::path(address->host).parent_path() : "";
    std::error_code failed;
    if (is_path && !std::filesystem::is_directory(directory, failed)) {
      return warn(listen + ": there is no directory " + directory.string() +
                  "; it will be waited for");
    }
    good(listen + ": receives messages while rastrod runs");
  }

  void look_at_journal(const std::string& journal) {
    const bool of_system = journal == "system";
    std::error_code failed;
    for (const std::string place : {of_system ? "/var/log/journal" : journal.c_str(),
                                    of_system ? "/run/log/journal" : journal.c_str()}) {
      if (!std::filesystem::is_directory(place, failed)) continue;
      if (access(place.c_str(), R_OK | X_OK) == 0) return good("journal " + place + ": readable");
      return fail("journal " + place + ": not readable for uid " + std::to_string(getuid()));
    }
    warn("journal " + journal + ": not there; it will be waited for");
  }

  void look_at_log(const std::string& path, const SourceSettings& source) {
    auto file = open_content(path, source.follow_symlinks ? Symlinks::followed : Symlinks::refused);
    if (!file) {
      fail(path + ": " + file.error().message + " (as uid " + std::to_string(getuid()) + ")");
      return;
    }
    Sample sample(path, source, file->modified_at);
    const auto state = file->content->growing();
    const auto size = state ? state->size_bytes : 0;
    std::uint64_t offset = size > kSampleBytes ? size - kSampleBytes : 0;
    std::string block(64 * 1024, '\0');
    sample.in_mid_line = offset > 0;
    LineFramer framer(sample, offset);
    for (std::size_t read = 0; read < kSampleBytes;) {
      const auto got = file->content->read_at(offset + read, block.data(), block.size());
      if (!got || *got == 0) break;
      framer.feed(std::string_view(block).substr(0, *got));
      read += *got;
    }
    tell(path, sample);
    logs_.emplace_back(path, std::move(sample.kept));
  }

  struct KeptLine {
    Time at{};
    std::string host, program;
    std::uint32_t pid = 0;
    std::string text;
    std::uint32_t log = 0;
  };

  // As reading would compare them: by stamp, within a log in its order.
  void look_for_overlaps() {
    if (config_.duplicates == DuplicatePolicy::keep) return;
    OverlapFilter filter(1);
    std::vector<KeptLine> all;
    for (std::uint32_t log = 0; log < logs_.size(); ++log) {
      filter.begin(log, logs_[log].first);
      for (auto& line : logs_[log].second) {
        line.log = log;
        all.push_back(std::move(line));
      }
    }
    std::ranges::stable_sort(all, {}, &KeptLine::at);
    for (const auto& line : all) {
      const LineHeader header{line.at, line.host, line.program, line.pid};
      static_cast<void>(
          filter.is_copy(line.log, header, find_program(line.program).mta, line.text));
    }
    for (const auto& overlap : filter.take_found()) {
      warn(overlap.path + ": carries the same events as " + overlap.same_as +
           "; it will not be indexed (duplicates: keep would count them twice)");
    }
  }

  // Counts what the newest lines of a log are.
  struct Sample final : LineSink {
    Sample(const std::string& path, const SourceSettings& source, Time modified_at)
        : pipeline(counters, 1) {
      Generation generation;
      generation.path = path;
      generation.modified_at = modified_at;
      origin = make_line_origin(generation, source, std::nullopt);
    }
    void on_line(const RawLine& raw) override {
      if (std::exchange(in_mid_line, false)) return;
      const auto headed = LinePipeline::read_header(*origin, raw);
      const auto kind = pipeline.understand(headed).kind();
      ++lines;
      if (headed.headed) newest_at = headed.header.logged_at;
      // Every log of a syslog daemon has its start.
      const bool is_foreign = kind == LineKind::foreign || kind == LineKind::log_restart;
      if (headed.headed && !is_foreign) keep(headed);
      if (!headed.headed) ++headless;
      if (is_foreign) ++foreign;
      if (kind == LineKind::unrecognised) ++unrecognised;
    }
    void keep(const HeadedLine& line) {
      kept.push_back({line.header.logged_at, std::string(line.header.host),
                      std::string(line.header.program), line.header.pid, std::string(line.text)});
      if (kept.size() > kComparedLines) kept.pop_front();
    }
    LineCounters counters;
    LinePipeline pipeline;
    std::unique_ptr<LineOrigin> origin;
    std::deque<KeptLine> kept;  // the newest of mail programs
    Time newest_at = Time::min();
    bool in_mid_line = false;  // the sample may begin inside of a line
    std::size_t lines = 0, headless = 0, foreign = 0, unrecognised = 0;
  };

  void tell(const std::string& path, const Sample& sample) {
    const auto of = " of its newest " + std::to_string(sample.lines) + " lines";
    if (sample.lines == 0) {
      warn(path + ": no whole line in it yet");
    } else if (sample.headless * 2 > sample.lines) {
      fail(path + ": " + std::to_string(sample.headless) + of +
           " have no time stamp that rastrod knows; is it a mail log?");
    } else if (sample.foreign + sample.headless == sample.lines) {
      warn(path + ": none" + of + " is of a mail program that rastrod knows");
    } else if (sample.unrecognised * 100 > sample.lines) {
      warn(path + ": " + std::to_string(sample.unrecognised) + of +
           " are not understood; `rastro status --lines` shows samples");
    } else {
      good(path + ": readable; " +
           std::to_string(sample.lines - sample.foreign - sample.unrecognised) + of +
           " are understood, " + std::to_string(sample.foreign) + " are of other programs, " +
           std::to_string(sample.unrecognised) + " are not understood");
    }
    if (sample.newest_at > SystemClock().wall() + kFutureMax)
      warn(path +
           ": its lines are stamped ahead of the clock of this host: which time zone is it "
           "written in? (`timezone:` of the source)");
  }

  void look_at_state() {
    const auto& directory = config_.store.state_directory;
    struct stat status {};
    if (stat(directory.c_str(), &status) != 0) {
      warn(directory + ": " + std::strerror(errno) + "; rastrod will try to make it");
      return;
    }
    if (!S_ISDIR(status.st_mode)) return fail(directory + ": not a directory");
    if ((status.st_mode & 077) != 0) {
      warn(directory + ": others may look into it; it holds everyone's mail metadata (chmod 0700)");
    }
    if (access(directory.c_str(), W_OK | X_OK) != 0) {
      fail(directory + ": not writable for uid " + std::to_string(getuid()));
    }
    std::error_code failed;
    const auto space = std::filesystem::space(directory, failed);
    if (!failed && space.available < config_.store.ballast + kFreeBytesMin) {
      warn(directory + ": only " + std::to_string(space.available >> 20) + " MiB free on its disk");
    }
    for (const auto& file : index_files(directory)) {
      const auto kind = identify(file);
      if (kind && *kind == FileKind::newer) {
        fail(file.string() +
             ": written by a newer version of rastro; this one does not start with it");
      }
    }
    for (const auto& trouble : list_quarantined(directory)) {
      warn(directory + "/" + trouble.file + ": damaged, set aside: " + trouble.why);
    }
    good(directory + ": " + std::to_string(index_files(directory).size()) + " index files, " +
         (is_locked(directory) ? "a rastrod is running on it" : "no rastrod is running on it"));
  }

  static bool is_locked(const std::string& directory) {
    const int fd = open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
  }

  void look_at_accounts() {
    std::vector<YamlProblem> problems;
    check_on_machine(config_, YamlNode(), problems);
    for (const auto& problem : problems) fail(problem.message);
  }

  void look_at_socket() {
    const std::filesystem::path path(config_.api.socket);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (config_.api.socket.size() > kApiSocketPathMax) {
      return fail(config_.api.socket + ": the path is too long for a socket");
    }
    struct stat parent {};
    if (stat(path.parent_path().c_str(), &parent) != 0) {
      return warn(path.parent_path().string() + ": " + std::strerror(errno) +
                  "; systemd makes it when rastrod starts");
    }
    if ((parent.st_mode & 022) != 0 && (parent.st_mode & S_ISVTX) == 0) {
      fail(path.parent_path().string() + ": others may write to it and replace the socket");
    }
    std::memcpy(address.sun_path, config_.api.socket.c_str(), config_.api.socket.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answers =
        fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) close(fd);
    good(config_.api.socket + (answers ? ": answers" : ": nobody answers there yet"));
  }

  const Config& config_;
  std::vector<std::pair<std::string, std::deque<KeptLine>>> logs_;
  bool warned_ = false;
  bool failed_ = false;
};

}  // namespace

int run_doctor(const Config& config) { return Doctor(config).run(); }

}  // namespace rastro
