#include "daemon/scan.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "core/bounded_queue.h"
#include "daemon/answer/journey_json.h"
#include "daemon/control_channel.h"
#include "daemon/http/api_server.h"
#include "daemon/http/routes.h"
#include "daemon/index_answers.h"
#include "daemon/ingest.h"
#include "daemon/line_journeys.h"
#include "daemon/log_origin.h"
#include "daemon/private_directory.h"
#include "daemon/reply_reasons.h"
#include "daemon/source/content.h"
#include "daemon/source/reversed_file.h"
#include "daemon/source/source_set.h"
#include "daemon/writer_loop.h"
#include "store/open_leg_reader.h"
#include "store/writer.h"

namespace rastro {
namespace {

namespace json = boost::json;

constexpr int kOk = 0;
constexpr int kIncomplete = 3;
constexpr std::uint64_t kPackedRatio = 8;  // of logs; for the progress bar only

// Where NDJSON goes: a file, or standard output. Says once when it cannot be written.
class LinesOut {
 public:
  static Result<LinesOut> open(const std::string& path) {
    std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "we");
    if (file == nullptr) {
      return make_error(Error::Code::io, "write " + path + ": " + std::strerror(errno));
    }
    return LinesOut(file, path);
  }
  LinesOut(LinesOut&& other) noexcept
      : file_(std::exchange(other.file_, nullptr)), path_(std::move(other.path_)) {}
  LinesOut& operator=(LinesOut&&) = delete;
  ~LinesOut() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  }
  void write(const json::value& value) {
    const auto text = json::serialize(value) + "\n";
    std::fwrite(text.data(), 1, text.size(), file_);
  }
  Result<void> finish() {
    if (std::fflush(file_) != 0 || std::ferror(file_) != 0) {
      return make_error(Error::Code::io, "write " + path_ + ": " + std::strerror(errno));
    }
    return {};
  }

 private:
  LinesOut(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  std::FILE* file_;
  std::string path_;
};

// Names its sources as the user gave them; standard input is a spooled file.
class NamedLines final : public RawLineSource {
 public:
  NamedLines(std::unique_ptr<RawLineSource> lines, const std::map<std::string, std::string>& names)
      : lines_(std::move(lines)), names_(names) {}
  Result<std::string> read(const LineRef& line) override { return lines_->read(line); }
  std::string source_path(std::uint32_t source) const override {
    const auto path = lines_->source_path(source);
    const auto named = names_.find(path);
    return named == names_.end() ? path : named->second;
  }
  std::string moved_to(std::uint32_t source) const override { return lines_->moved_to(source); }

 private:
  std::unique_ptr<RawLineSource> lines_;
  const std::map<std::string, std::string>& names_;
};

// Stands still at the last line of the logs.
class LogEndClock final : public Clock {
 public:
  // Without a line: the wall clock's time when it was made.
  LogEndClock(Time newest_line_at, const Clock& real)
      : wall_(newest_line_at == Time{} ? real.wall() : newest_line_at), real_(real) {}
  Time wall() const override { return wall_; }
  Duration steady() const override { return real_.steady(); }

 private:
  Time wall_;
  const Clock& real_;
};

class Scan {
 public:
  Scan(const ScanRequest& request, PrivateDirectory directory)
      : request_(request),
        directory_(std::move(directory)),
        control_(request.control_fd),
        batches_(4) {}

  int run() {
    if (!prepare() || !read_all()) return kIncomplete;
    if (!request_.export_to.empty() || request_.lines) write_out();
    if (request_.serve) serve();
    return control_.had_problem() ? kIncomplete : kOk;
  }

 private:
  bool fail(const Error& error) {
    control_.problem(error.message);
    return false;
  }

  bool prepare() {
    StoreOptions options;
    options.state_directory = directory_.path() / "index";
    options.keep_everything = true;
    options.ballast_bytes = 0;
    auto writer = Writer::open(std::move(options), clock_);
    if (!writer) return fail(writer.error());
    writer_ = std::move(*writer);
    open_legs_ = std::make_unique<OpenLegReader>([this] { return writer_->snapshot(); });
    writer_loop_ = std::make_unique<WriterLoop>(*writer_, batches_);
    settings_.timezone = request_.timezone;
    settings_.follow_symlinks = true;
    if (!make_ingest()) return false;
    if (request_.lines) {
      auto lines = LineJourneys::create((directory_.path() / "lines").string());
      if (!lines) return fail(lines.error());
      line_journeys_ = std::move(*lines);
      ingest_->observe_legs([this](const LegRecord& leg) { line_journeys_->add(leg); });
    }
    sources_ = std::make_unique<SourceSet>(source_options(), std::vector<SourcePosition>{}, clock_);
    return add_reversed(*sources_, ReversedFile::Order::last_first);
  }

  bool add_reversed(SourceSet& sources, ReversedFile::Order order) {
    for (const auto& path : reversed_) {
      auto source = ReversedFile::open(path, order, sources.numbers());
      if (!source) return fail(source.error());
      sources.add(std::move(*source));
    }
    return true;
  }

  // The beginning of a file that is no archive; empty: it cannot be read.
  static std::string head_of(const std::string& path, Time& modified_at) {
    constexpr std::size_t kHeadBytes = 64 << 10;
    auto file = open_content(path, Symlinks::followed);
    if (!file || file->compressed) return {};
    std::string head(kHeadBytes, '\0');
    const auto size = file->content->read_at(0, head.data(), head.size());
    if (!size) return {};
    head.resize(*size);
    const auto whole_lines = head.rfind('\n');
    if (*size == kHeadBytes && whole_lines != std::string::npos) head.resize(whole_lines);
    modified_at = file->modified_at;
    return head;
  }

  // A log viewer that shows the newest line on top saves it so.
  bool is_reversed(const std::string& path, const struct stat& status) const {
    if (!S_ISREG(status.st_mode) || status.st_size > off_t{ReversedFile::kBytesMax}) return false;
    Generation generation;
    generation.path = path;
    const auto head = head_of(path, generation.modified_at);
    return is_newest_first(head, *make_origin(generation));
  }

  bool make_ingest() {
    auto rules = load_reply_rules({});
    if (!rules) return fail(rules.error());
    IngestOptions options;
    options.seed = std::random_device()();
    options.correlator.seed = options.seed;
    reasons_ = std::make_unique<ReplyReasons>(std::move(*rules), options.seed);
    ingest_ = std::make_unique<Ingest>(
        std::move(options), reasons_->classify(),
        [this](const Generation& generation) { return make_origin(generation); }, *open_legs_,
        batches_, *writer_loop_, clock_);
    return true;
  }

  std::unique_ptr<LineOrigin> make_origin(const Generation& generation) const {
    auto origin = make_line_origin(generation, settings_, request_.year);
    struct stat status {};
    if (stat(generation.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return origin;
    Time modified_at{};
    look_at_head(head_of(generation.path, modified_at), *origin);
    return origin;
  }

  // Standard input is kept in a file: lines must be readable again.
  Result<std::string> spool_stdin() const {
    const auto path = (directory_.path() / "stdin").string();
    const int out = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return make_error(Error::Code::io, "create " + path + ": " + std::strerror(errno));
    std::array<char, 64 * 1024> block{};
    for (;;) {
      const auto got = ::read(STDIN_FILENO, block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      if (::write(out, block.data(), static_cast<std::size_t>(got)) != got) {
        close(out);
        return make_error(Error::Code::io,
                          "keep standard input in " + path + ": " + std::strerror(errno));
      }
    }
    close(out);
    return path;
  }

  SourceSetOptions source_options() {
    SourceSetOptions options;
    options.alone = true;
    options.files.push_back({{}, Symlinks::followed});
    for (const auto& log : request_.logs) {
      std::string path = log;
      if (log == "-") {
        auto spooled = spool_stdin();
        if (!spooled) {
          control_.problem(spooled.error().message);
          continue;
        }
        path = *spooled;
      }
      struct stat status {};
      const bool found = stat(path.c_str(), &status) == 0;
      if (found) {
        const bool packed = path.ends_with(".gz") || path.ends_with(".xz") ||
                            path.ends_with(".bz2") || path.ends_with(".zst");
        total_bytes_ += static_cast<std::uint64_t>(status.st_size) * (packed ? kPackedRatio : 1);
      }
      names_[path] = log;
      if (found && is_reversed(path, status)) {
        reversed_.push_back(path);
        control_.note(log + ": its newest line comes first; read from its end");
        continue;
      }
      options.files.front().globs.push_back(escape_glob(path));
    }
    return options;
  }

  // The paths are names, not patterns.
  static std::string escape_glob(const std::string& path) {
    std::string out;
    for (const char c : path) {
      if (c == '*' || c == '?' || c == '[' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    return out;
  }

  void report_problems() {
    for (const auto& problem : sources_->take_problems()) {
      if (problem.message.empty()) continue;
      control_.problem(given_name(problem.source) + ": " + problem.message);
    }
  }

  std::string given_name(const std::string& path) const {
    const auto named = names_.find(path);
    return named == names_.end() ? path : named->second;
  }

  // What could be opened, and yet gave nothing.
  void report_what_is_no_log() {
    for (const auto& overlap : ingest_->take_overlaps()) {
      control_.note(given_name(overlap.path) + ": carries the same events as " +
                    given_name(overlap.same_as) + "; not counted twice");
    }
    for (const auto& hole : ingest_->take_new_holes()) {
      control_.problem(describe_hole(hole));
    }
    for (const auto& [path, name] : names_) {
      struct stat status {};
      if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0) {
        control_.note(name + ": empty");
      }
    }
    const auto lines = ingest_->lines_read();
    std::uint64_t of_programs = 0;
    for (const auto& program : ingest_->counters().snapshot()) {
      if (program.program.empty()) continue;
      for (const auto count : program.by_kind) of_programs += count;
    }
    if (lines > 0 && of_programs == 0) {
      control_.note("none of the " + std::to_string(lines) +
                    " lines read has the form of a mail server's log (syslog, or Exim's own)");
    }
  }

  bool read_all() {
    std::thread writing([this] {
      pthread_setname_np(pthread_self(), "writer");
      writer_loop_->run();
    });
    Duration told_at = clock_.steady();
    while (ingest_->turn(*sources_)) {
      if (clock_.steady() - told_at < std::chrono::milliseconds(100)) continue;
      told_at = clock_.steady();
      const auto bytes = sources_->counters().bytes;
      control_.progress(std::min(bytes, total_bytes_), total_bytes_, ingest_->lines_read());
    }
    ingest_->end_of_logs();
    ingest_->send_batch(*sources_);
    batches_.close();
    writing.join();
    report_problems();
    report_what_is_no_log();
    if (writer_loop_->failing()) {
      control_.problem("the private index in " + directory_.path().string() +
                       " could not be written");
      return false;
    }
    return true;
  }

  QueryTools tools() {
    auto tools = make_query_tools(*writer_, clock_, reasons_->rules());
    // Ingest has ended by now: nobody else changes what was counted.
    tools.unknown_replies = [this] { return reasons_->unknown(); };
    tools.refresh();
    tools.lines = std::make_unique<NamedLines>(std::move(tools.lines), names_);
    tools.refresh = nullptr;
    return tools;
  }

  // Every leg's journey, in the order of arrival; each once.
  void write_out() {
    auto tools = this->tools();
    std::map<std::uint64_t, std::uint64_t>
        journey_of;  // of legs that are not their journey's first
    if (!write_journeys(tools, journey_of)) return;
    if (request_.lines) write_lines(journey_of);
  }

  bool write_journeys(QueryTools& tools, std::map<std::uint64_t, std::uint64_t>& journey_of) {
    std::optional<LinesOut> out;
    if (!request_.export_to.empty()) {
      auto opened = LinesOut::open(request_.export_to);
      if (!opened) return fail(opened.error());
      out.emplace(std::move(*opened));
    }
    JourneyJsonOptions options;
    options.lines = tools.lines.get();
    options.explainer = tools.explainer.get();
    options.language = request_.language;
    options.timezone = request_.timezone;
    options.now = clock_.wall();
    // The order of the first legs is that of the journeys.
    std::vector<std::pair<Time, std::uint64_t>> legs;
    const auto visited =
        tools.store->for_each_leg({}, {}, {Duration(0)}, [&](const LegRecord& leg) {
          if (!leg.probe) legs.emplace_back(leg.opened_at, leg.id);
          return Visit::go_on;
        });
    if (!visited) return fail(visited.error());
    std::ranges::sort(legs);
    for (const auto& [opened_at, id] : legs) {
      if (journey_of.contains(id)) continue;
      auto assembled = assemble(*tools.store, id);
      if (!assembled) return fail(assembled.error());
      const auto& journey = *assembled;
      if (!journey) continue;
      for (const auto& leg : journey->legs) {
        if (leg.id != id || leg.id != journey->id()) journey_of[leg.id] = journey->id();
      }
      if (out) out->write(to_json(*journey, options));
    }
    if (!out) return true;
    if (auto done = out->finish(); !done) return fail(done.error());
    return true;
  }

  void write_lines(const std::map<std::uint64_t, std::uint64_t>& journey_of) {
    if (auto done = line_journeys_->finish(); !done) {
      fail(done.error());
      return;
    }
    auto out = LinesOut::open("-");
    if (!out) {
      fail(out.error());
      return;
    }
    LineCounters counters;
    LinePipeline pipeline(counters, 1);
    std::map<std::uint32_t, std::pair<std::unique_ptr<LineOrigin>, std::uint64_t>> origins;
    const auto write_line = [&](const SourceLine& line) -> std::optional<Time> {
      auto& [origin, number] = origins[line.generation->source];
      if (origin == nullptr) origin = make_origin(*line.generation);
      const auto headed = LinePipeline::read_header(*origin, line.raw);
      const auto understood = pipeline.understand(headed);
      auto leg =
          line_journeys_->leg_of(line.generation->source, line.raw.offset, understood.queue_id());
      if (leg) {
        const auto first = journey_of.find(*leg);
        if (first != journey_of.end()) leg = first->second;
      }
      out->write(json::object{
          {"source", valid_utf8(given_name(line.generation->path))},
          {"line_no", ++number},
          {"program", understood.program.empty() ? json::value(nullptr)
                                                 : json::value(valid_utf8(understood.program))},
          {"kind", line_kind_name(understood.kind())},
          {"queue_id", understood.queue_id().empty()
                           ? json::value(nullptr)
                           : json::value(valid_utf8(understood.queue_id()))},
          {"journey", leg ? json::value(format_leg_id(*leg)) : json::value(nullptr)}});
      return headed.headed ? std::optional(headed.header.logged_at) : std::nullopt;
    };
    // Source numbers are given in the order of the names, as in the first reading.
    SourceSet again(source_options_again(), {}, clock_);
    if (!add_reversed(again, ReversedFile::Order::written)) return;
    while (again.poll(1 << 20, write_line).more) {
    }
    if (auto done = out->finish(); !done) fail(done.error());
  }

  SourceSetOptions source_options_again() const {
    SourceSetOptions options;
    options.alone = true;
    options.files.push_back({{}, Symlinks::followed});
    for (const auto& log : request_.logs) {
      for (const auto& [path, name] : names_) {
        if (std::ranges::find(reversed_, path) != reversed_.end()) continue;
        if (name == log) options.files.front().globs.push_back(escape_glob(path));
      }
    }
    return options;
  }

  void serve() {
    ApiOptions options;
    options.socket = (directory_.path() / "socket").string();
    options.socket_mode = 0600;
    options.request_timeout = Duration(0);
    options.report_timeout = Duration(0);
    options.threads = 1;
    options.roles.always_operators.push_back(geteuid());
    Router router;
    ApiContext context;
    context.rows_max = 1'000'000;
    // The newest line is "now": "14:30" is of the log's last day, and coverage ends with the log.
    const LogEndClock log_end(ingest_->newest_line_at(), clock_);
    context.clock = &log_end;
    context.classify = [rules = reasons_->rules()](auto status, auto code, auto text) {
      const auto decided = rules->decide(status, code, text);
      return ClassifiedText{decided.reason, decided.by_words};
    };
    context.status = [](bool) { return std::string("{}"); };
    context.health = [] { return std::string(R"({"status":"ok","caught_up":true})"); };
    context.read_state = [&log_end] { return ReadState{true, log_end.wall(), {}}; };
    add_routes(router, context);
    ApiServer api(
        std::move(options), std::move(router), [this] { return tools(); }, nullptr, clock_);
    if (auto done = api.start(); !done) {
      fail(done.error());
      return;
    }
    control_.socket((directory_.path() / "socket").string());
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ends, signal);
    int got = 0;
    sigwait(&ends, &got);
    api.stop();
  }

  const ScanRequest& request_;
  PrivateDirectory directory_;
  SystemClock clock_;
  ControlChannel control_;
  SourceSettings settings_;
  BoundedQueue<NumberedBatch> batches_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<OpenLegReader> open_legs_;
  std::unique_ptr<WriterLoop> writer_loop_;
  std::unique_ptr<ReplyReasons> reasons_;  // ingest borrows it
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<SourceSet> sources_;
  std::unique_ptr<LineJourneys> line_journeys_;
  std::map<std::string, std::string> names_;  // path read -> as given
  std::vector<std::string> reversed_;         // paths whose newest line comes first
  std::uint64_t total_bytes_ = 0;
};

}  // namespace

int run_scan(const ScanRequest& request) {
  auto directory = PrivateDirectory::create();
  if (!directory) {
    ControlChannel(request.control_fd).problem(directory.error().message);
    return kIncomplete;
  }
  return Scan(request, std::move(*directory)).run();
}

}  // namespace rastro
