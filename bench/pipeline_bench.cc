// What each stage of reading a log costs, as ratios in one run.
//
//   pipeline_bench LOG [--repeat N] [--rastrod PROGRAM] [--command NAME 'SHELL COMMAND']...
//                      [--limit STAGE REFERENCE RATIO]... [--only STAGE]
//
// Stages: wc (`wc -l`), lines (read(2) and memchr), headers, parse (all fields), correlate (parse
// and correlate), index (`rastrod --scan`: from the file to the committed index). CPU time, user
// and system, of the whole process; the least of N runs, because other load only ever adds. The
// stages take turns, so a busy minute hits all of them. Exit code 1 when a limit is exceeded.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/framing.h"
#include "daemon/correlate/correlator.h"
#include "daemon/line_counters.h"
#include "daemon/line_pipeline.h"
#include "daemon/log_origin.h"
#include "daemon/reply_reasons.h"
#include "store/packed_legs.h"

namespace rastro {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kLegsPerFlush = 2'000;  // as IngestOptions::batch_legs_max

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "pipeline_bench: %s\n", what.c_str());
  std::exit(2);
}

double own_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Reads `path` in blocks, as a source does.
void read_blocks(const std::string& path, const std::function<void(std::string_view)>& on_block) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) die("open " + path + ": " + std::strerror(errno));
  std::vector<char> block(kBlockBytes);
  for (;;) {
    const auto got = ::read(file, block.data(), block.size());
    if (got <= 0) break;
    on_block({block.data(), static_cast<std::size_t>(got)});
  }
  ::close(file);
}

std::uint64_t count_lines(const std::string& path) {
  std::uint64_t lines = 0;
  read_blocks(path, [&](std::string_view block) {
    while (const void* end = std::memchr(block.data(), '\n', block.size())) {
      block.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(end) - block.data()) +
                          1);
      ++lines;
    }
  });
  return lines;
}

enum class Depth { headers, parse, correlate };

class NoStore final : public LegStore, public LegSink {
 public:
  std::optional<LegRecord> find_open_leg(std::string_view, Mta, std::string_view,
                                         std::string_view) override {
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t) override { return std::nullopt; }
  // As the daemon does.
  void on_leg(const LegRecord& version) override {
    recipients += version.recipients.size();
    batch_.push_back(version);
  }
  void commit() {
    std::swap(batch_, committed_);
    batch_.clear(~std::size_t{0});
  }
  void on_encounter(Encounter&&) override {}
  void on_pending(std::string_view, std::string_view) override {}

  std::uint64_t recipients = 0;

 private:
  PackedLegs batch_;
  PackedLegs committed_;  // the writer has them while the next ones are filled
};

// Read and compiled once: what a start costs is no stage's business.
const std::shared_ptr<const ReasonRules>& shipped_rules() {
  static const auto kRules = [] {
    auto rules = load_reply_rules({});
    if (!rules) die(rules.error().message);
    return std::move(*rules);
  }();
  return kRules;
}

class PipelineRun final : public LineSink {
 public:
  PipelineRun(const std::string& path, Depth depth) : depth_(depth), pipeline_(counters_, 1) {
    reasons_ = std::make_unique<ReplyReasons>(shipped_rules(), 1);
    correlator_ =
        std::make_unique<Correlator>(CorrelatorOptions{}, reasons_->classify(), store_, store_);
    Generation generation;
    generation.source = 1;
    generation.path = path;
    generation.modified_at = SystemClock().wall();
    SourceSettings settings;
    settings.timezone = "UTC";
    origin_ = make_line_origin(generation, settings, std::nullopt);
    LineFramer framer(*this);
    read_blocks(path, [&](std::string_view block) { framer.feed(block); });
    framer.finish();
    correlator_->flush();
  }

  void on_line(const RawLine& raw) override {
    const auto line = LinePipeline::read_header(*origin_, raw);
    if (depth_ == Depth::headers) return;
    if (depth_ == Depth::parse) {
      understood_ += pipeline_.understand(line).queue_id().size();
      return;
    }
    pipeline_.take(*origin_, raw, line, *correlator_);
    if (correlator_->changed_legs() >= kLegsPerFlush) {
      correlator_->committed(correlator_->flush());
      store_.commit();
    }
  }

 private:
  Depth depth_;
  LineCounters counters_;
  LinePipeline pipeline_;
  NoStore store_;
  std::unique_ptr<ReplyReasons> reasons_;  // correlator_ borrows it
  std::unique_ptr<Correlator> correlator_;
  std::unique_ptr<LineOrigin> origin_;
  std::size_t understood_ = 0;
};

double cpu_of_child(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto child = ::fork();
  if (child < 0) die("fork");
  if (child == 0) {
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, 0);
    ::dup2(nothing, 1);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) die(words[0] + " failed");
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Stage {
  std::string name;
  std::function<double()> run;  // CPU seconds
  double least = std::numeric_limits<double>::infinity();
};

struct Limit {
  std::string stage;
  std::string reference;
  double ratio;
};

std::function<double()> in_process(std::function<void()> work) {
  return [work = std::move(work)] {
    const auto before = own_cpu_seconds();
    work();
    return own_cpu_seconds() - before;
  };
}

class Bench {
 public:
  Bench(int argc, char** argv) {
    if (argc < 2) die("usage: pipeline_bench LOG [option...]; see the top of its source");
    log_ = argv[1];
    const auto log = log_;
    stages_.push_back({"wc", [log] { return cpu_of_child({"wc", "-l", log}); }});
    stages_.push_back({"lines", in_process([log, this] { lines_ = count_lines(log); })});
    add_pipeline("headers", Depth::headers);
    add_pipeline("parse", Depth::parse);
    add_pipeline("correlate", Depth::correlate);
    for (int i = 2; i < argc;) i += take_option(argv + i, argc - i);
  }

  int run() {
    for (int turn = 0; turn < repeat_; ++turn) {
      for (auto& stage : stages_) stage.least = std::min(stage.least, stage.run());
    }
    if (stages_.size() == 1) {
      std::printf("%s: %.3f CPU s\n", stages_[0].name.c_str(), stages_[0].least);
      return 0;
    }
    std::printf("%-12s %10s %10s %8s %8s\n", "stage", "CPU s", "ns/line", "x lines", "x wc");
    for (const auto& stage : stages_) {
      std::printf("%-12s %10.3f %10.1f %8.2f %8.2f\n", stage.name.c_str(), stage.least,
                  stage.least / static_cast<double>(lines_) * 1e9,
                  stage.least / find("lines").least, stage.least / find("wc").least);
    }
    bool ok = true;
    for (const auto& limit : limits_) {
      const auto ratio = find(limit.stage).least / find(limit.reference).least;
      const bool fits = ratio <= limit.ratio;
      std::printf("%s: %s at most %.2fx %s: %.2fx\n", fits ? "ok" : "FAILED", limit.stage.c_str(),
                  limit.ratio, limit.reference.c_str(), ratio);
      ok = ok && fits;
    }
    return ok ? 0 : 1;
  }

 private:
  void add_pipeline(std::string name, Depth depth) {
    const auto log = log_;
    stages_.push_back({std::move(name), in_process([log, depth] { PipelineRun(log, depth); })});
  }

  // Returns how many words it took.
  int take_option(char** words, int left) {
    const std::string_view name = words[0];
    if (name == "--repeat" && left >= 2) {
      repeat_ = std::max(1, std::atoi(words[1]));
      return 2;
    }
    if (name == "--only" && left >= 2) {  // for a profiler
      std::erase_if(stages_, [&](const Stage& stage) { return stage.name != words[1]; });
      return 2;
    }
    if (name == "--rastrod" && left >= 2) {
      stages_.push_back({"index", [log = log_, program = std::string(words[1])] {
                           return cpu_of_child({program, "--scan", log, "--tz", "UTC"});
                         }});
      return 2;
    }
    if (name == "--command" && left >= 3) {
      stages_.push_back({words[1], [command = std::string(words[2])] {
                           return cpu_of_child({"sh", "-c", "exec " + command});
                         }});
      return 3;
    }
    if (name == "--limit" && left >= 4) {
      limits_.push_back({words[1], words[2], std::atof(words[3])});
      return 4;
    }
    die("unknown option " + std::string(name));
  }

  Stage& find(std::string_view name) {
    const auto found =
        std::ranges::find_if(stages_, [&](const Stage& stage) { return stage.name == name; });
    if (found == stages_.end()) die("no stage " + std::string(name));
    return *found;
  }

  std::string log_;
  int repeat_ = 3;
  std::uint64_t lines_ = 0;
  std::vector<Stage> stages_;
  std::vector<Limit> limits_;
};

}  // namespace
}  // namespace rastro

int main(int argc, char** argv) { return rastro::Bench(argc, argv).run(); }
