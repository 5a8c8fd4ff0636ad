#include "daemon/app.h"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <random>
#include <ranges>
#include <utility>

#include "daemon/answer/journey_json.h"
#include "daemon/api_roles.h"
#include "daemon/http/routes.h"
#include "daemon/index_answers.h"
#include "daemon/log_origin.h"
#include "daemon/message_sources.h"
#include "daemon/source/directory_watcher.h"
#include "store/retention.h"

namespace rastro {
namespace {

namespace json = boost::json;
constexpr Duration kPollInterval = std::chrono::milliseconds(500);
constexpr Duration kAwaitedInterval = std::chrono::milliseconds(1);  // a question awaits a commit
constexpr std::chrono::seconds kStatusInterval{1};
constexpr int kMappedBytesMin = 256 * 1024;
constexpr std::size_t kUnreadableShownMax = 100;
// One log may be read so far behind another one: of its messages that ended a moment ago the next
// lines are still to come.
constexpr std::chrono::minutes kSourcesApart{10};

CorrelatorOptions correlator_options(const LimitSettings& limits) {
  CorrelatorOptions options;
  options.open_legs_max = limits.open_legs_max;
  options.evicted_legs_max = limits.evicted_legs_max;
  options.sessions_max = limits.sessions_max;
  options.leg.recipients_max = limits.recipients_per_leg_max;
  options.leg.evidence_lines_max = limits.evidence_lines_per_leg_max;
  options.leg.timeline_max = limits.timeline_per_leg_max;
  options.leg.facts_max = limits.facts_per_leg_max;
  options.leg.links_max = limits.links_per_leg_max;
  options.leg.text_bytes_max = limits.reply_text_bytes_max;
  return options;
}

SourceSetOptions source_options(const Config& config) {
  SourceSetOptions options;
  options.first_read_back = config.first_start_reads_back;
  for (const auto& source : config.sources) {
    auto& spec = options.files.emplace_back();  // of a journal or a socket it names no file
    if (!source.path.empty()) spec.globs = {source.path};
    spec.symlinks = source.follow_symlinks ? Symlinks::followed : Symlinks::refused;
  }
  return options;
}

// A log that need not exist: the shipped configuration names one for each MTA, and Exim's reject
// log comes with the first refusal, which its mainlog has too. Any other one was named on purpose.
bool may_be_missing(const std::string& path) {
  static const auto shipped = Config{}.sources;
  return is_exim_reject_log(path) ||
         std::ranges::find(shipped, path, &SourceSettings::path) != shipped.end();
}

std::optional<Time> last_changed_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return Time(std::chrono::seconds(info.st_mtim.tv_sec) +
              std::chrono::microseconds(info.st_mtim.tv_nsec / 1000));
}

ReadState::Unreadable as_unreadable(const SourceProblem& problem) {
  ReadState::Unreadable out;
  out.path = problem.source;
  out.why = problem.missing ? std::string("not there") : problem.message;
  out.since = problem.since;
  return out;
}

json::array unreadable_json(const std::vector<ReadState::Unreadable>& unreadable) {
  json::array out;
  for (const auto& one : unreadable | std::views::take(kUnreadableShownMax)) {
    out.push_back(json::object{{"source", valid_utf8(one.path)},
                               {"why", valid_utf8(one.why)},
                               {"since", one.since ? json::value(api_time(*one.since)) : nullptr}});
  }
  return out;
}

json::array set_aside_json(const std::vector<FileTrouble>& troubles) {
  const auto bound = [](Time at) {
    return at == Time::min() || at == Time::max() ? json::value() : json::value(api_time(at));
  };
  json::array out;
  for (const auto& trouble : troubles) {
    out.push_back(json::object{{"file", valid_utf8(trouble.file)},
                               {"from", bound(trouble.from)},
                               {"until", bound(trouble.until)},
                               {"why", valid_utf8(trouble.why)}});
  }
  return out;
}

json::array overlaps_json(const std::vector<Overlap>& overlaps) {
  json::array out;
  for (const auto& overlap : overlaps) {
    out.push_back(json::object{{"source", valid_utf8(overlap.path)},
                               {"same_as", valid_utf8(overlap.same_as)}});
  }
  return out;
}

// Null: no line was read yet.
json::value line_time(Time at) {
  return at == Time{} ? json::value(nullptr) : json::value(api_time(at));
}

}  // namespace

App::App(Config config, const Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      webmail_(config_.submission.webmail_clients),
      unpacked_(1),
      batches_(config_.limits.writer_queue_batches_max),
      freshness_(clock, [this] { wake_ingest(); }) {}

App::~App() { stop(); }

Result<void> App::load_index() {
  StoreOptions options;
  options.state_directory = config_.store.state_directory;
  options.retention = config_.store.retention;
  options.open_legs_age_max = config_.store.open_legs_age_max;
  options.ballast_bytes = config_.store.ballast;
  options.bytes_max = config_.store.bytes_max;
  auto writer = Writer::open(std::move(options), clock_);
  if (!writer) return writer.error();
  writer_ = std::move(*writer);
  open_legs_ = std::make_unique<OpenLegReader>([this] { return writer_->snapshot(); });
  writer_loop_ = std::make_unique<WriterLoop>(*writer_, batches_);
  const bool copying = std::ranges::any_of(config_.sources, [this](const SourceSettings& source) {
    return copies_lines(source, config_.store);
  });
  if (copying) packer_loop_ = std::make_unique<PackerLoop>(unpacked_, batches_);

  auto rules = load_reply_rules(config_.reasons);
  if (!rules) return rules.error();
  IngestOptions ingest_options;
  ingest_options.correlator = correlator_options(config_.limits);
  ingest_options.seed = std::random_device()();
  ingest_options.keep_duplicates = config_.duplicates == DuplicatePolicy::keep;
  ingest_options.correlator.seed = ingest_options.seed;
  reasons_ = std::make_unique<ReplyReasons>(std::move(*rules), ingest_options.seed);
  ingest_options.correlator.is_webmail = [this](std::string_view ip) {
    return webmail_.contains(ip);
  };
  ingest_ = std::make_unique<Ingest>(
      std::move(ingest_options), reasons_->classify(),
      [this](const Generation& generation) {
        const auto& source = config_.sources[generation.spec];
        auto origin = make_line_origin(generation, source, std::nullopt);
        origin->copy_lines = copies_lines(source, config_.store);
        return origin;
      },
      *open_legs_, packer_loop_ ? unpacked_ : batches_, *writer_loop_, clock_);
  const auto know = [this](const LegRecord& leg) { ingest_->know(leg); };
  // An id that was used again means the message that is open.
  if (auto done = writer_->for_each_ended_leg(kSourcesApart, know); !done) return done.error();
  if (auto done = writer_->for_each_open_leg(know); !done) return done.error();
  const auto pending = writer_->load_pending();
  if (!pending) return pending.error();
  auto positions = writer_->load_positions();
  if (!positions) return positions.error();
  std::vector<std::uint32_t> finished;
  for (const auto& position : *positions) {
    stored_line_at_ = std::max(stored_line_at_, position.last_line_at.value_or(Time{}));
    if (position.finished) finished.push_back(position.source);
  }
  sources_ = std::make_unique<SourceSet>(source_options(config_), std::move(*positions), clock_);
  add_message_sources(config_, *sources_, clock_);
  for (const auto& [key, value] : *pending) {
    if (!sources_->restore_pending(key, value)) ingest_->restore_pending(key, value);
  }
  for (const auto source : finished) ingest_->end_source(source);
  return {};
}

Result<void> App::start() {
  // Whole batches and runs of postings come and go. malloc would learn to keep their memory,
  // between what other threads need for longer; this way it goes back to the system each time.
  ::mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
  if (auto done = load_index(); !done) return done;
  publish(false);
  ApiOptions api;
  api.socket = config_.api.socket;
  api.socket_mode = config_.api.socket_mode;
  api.socket_group = config_.api.socket_group;
  api.request_timeout = config_.api.request_timeout;
  api.report_timeout = config_.api.report_timeout;
  api.connections_max = config_.api.connections_max;
  api.connections_per_user_max = config_.api.connections_per_user_max;
  api.requests_per_second_max = static_cast<double>(config_.api.requests_per_second_max);
  api.threads = config_.api.query_threads;
  auto roles = make_role_rules(config_.api);
  if (!roles) return roles.error();
  api.roles = std::move(*roles);
  const auto hasher = KeyHasher::open(config_.store.state_directory);
  if (!hasher) return hasher.error();
  auto audit = AuditLog::open(config_.api.audit_file, *hasher);
  if (!audit) return audit.error();
  audit_ = std::move(*audit);
  Router router;
  ApiContext context;
  context.rows_max = config_.api.response_rows_max;
  context.clock = &clock_;
  context.classify = [rules = reasons_->rules()](auto status, auto code, auto text) {
    const auto decided = rules->decide(status, code, text);
    return ClassifiedText{decided.reason, decided.by_words};
  };
  context.status = [this](bool lines) { return status_json(lines); };
  context.health = [this] { return health_json(); };
  context.read_state = [this] { return read_state(); };
  context.metrics = [this] {
    return metrics_text(*std::atomic_load(&status_), writer_loop_->counters(),
                        !writer_loop_->failing(), api_->counters());
  };
  add_routes(router, context);
  api_ = std::make_unique<ApiServer>(
      std::move(api), std::move(router), [this] { return query_tools(); },
      [this](const AuditRecord& record) { audit_->write(record); }, clock_);
  if (auto done = api_->start(); !done) return done;
  writer_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "writer");
    writer_loop_->run();
  });
  if (packer_loop_) {
    packer_thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "packer");
      packer_loop_->run();
    });
  }
  if (CheckLoop::is_needed(*writer_->snapshot())) {
    check_loop_ = std::make_unique<CheckLoop>(writer_->snapshot());
    check_thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "check");
      check_loop_->run();
    });
  }
  ingest_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "ingest");
    run_ingest();
    ingest_ended_.store(true);
  });
  return {};
}

QueryTools App::query_tools() {
  auto tools = make_query_tools(*writer_, clock_, reasons_->rules());
  tools.refresh = [this, know_positions = std::move(tools.refresh)] {
    if (!writer_loop_->failing()) freshness_.ask();  // else what is stored is all there is
    know_positions();
  };
  tools.language = config_.lang;
  tools.unknown_replies = [this] { return *std::atomic_load(&status_)->unknown_replies; };
  return tools;
}

App::Stopped App::stop() {
  const auto legs_before = writer_loop_ ? writer_loop_->counters().legs : 0;
  if (api_) api_->stop();
  if (check_loop_) check_loop_->stop();
  stopping_.store(true);
  wake_ingest();
  // Ingest may wait for a writer that cannot write. What is given up then is read again from the
  // log at the next start.
  while (ingest_thread_.joinable() && !ingest_ended_.load()) {
    if (writer_loop_->failing()) {
      unpacked_.close();
      batches_.close();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (ingest_thread_.joinable()) ingest_thread_.join();
  unpacked_.close();
  if (packer_thread_.joinable()) packer_thread_.join();
  batches_.close();
  if (writer_thread_.joinable()) writer_thread_.join();
  if (check_thread_.joinable()) check_thread_.join();
  api_.reset();
  if (!writer_loop_ || !ingest_) return {};
  return {writer_loop_->counters().legs - legs_before, ingest_->all_committed()};
}

void App::run_ingest() {
  DirectoryWatcher watcher(ingest_context_, [this] { woken_ = true; });
  Duration published_at{0};
  bool was_caught_up = false;
  while (!stopping_.load()) {
    const auto pace = freshness_.is_asked() ? Ingest::Pace::asked : Ingest::Pace::unasked;
    const bool more = ingest_->turn(*sources_, pace);
    turned_.store(true, std::memory_order_relaxed);
    note_problems();
    for (auto& overlap : ingest_->take_overlaps()) {
      spdlog::warn("{}: carries the same events as {}: not indexed twice", overlap.path,
                   overlap.same_as);
      overlaps_.push_back(std::move(overlap));
    }
    for (const auto& hole : ingest_->take_new_holes()) {
      spdlog::warn("{}", describe_hole(hole));
    }
    const bool caught_up = !more && ingest_->all_committed();
    if (clock_.steady() - published_at >= kStatusInterval || caught_up != was_caught_up) {
      note_files_set_aside();
      publish(caught_up);
      published_at = clock_.steady();
      for (const auto& directory : sources_->directories()) {
        static_cast<void>(watcher.watch(directory).has_value());  // polling finds what it misses
      }
    }
    was_caught_up = caught_up;
    freshness_.tell({ingest_->complete_until(), ingest_->all_committed(), more});
    if (!more) wait_for_lines(pace);
  }
  ingest_->send_batch(*sources_);
}

void App::wake_ingest() {
  if (wake_posted_.exchange(true)) return;  // one is enough, however long ingest waits for a disk
  boost::asio::post(ingest_context_, [this] {
    wake_posted_ = false;
    woken_ = true;
  });
}

void App::wait_for_lines(Ingest::Pace pace) {
  woken_ = false;
  ingest_context_.restart();
  Duration wait = freshness_.is_awaited() ? kAwaitedInterval : kPollInterval;
  if (const auto due = ingest_->due_in(pace))
    wait = std::clamp<Duration>(*due, kAwaitedInterval, wait);
  const auto until = std::chrono::steady_clock::now() + wait;
  while (!woken_ && !stopping_.load() && ingest_context_.run_one_until(until) > 0) {
  }
  if (!woken_ && std::chrono::steady_clock::now() < until) std::this_thread::sleep_until(until);
}

void App::note_problems() {
  for (const auto& problem : sources_->take_problems()) {
    problems_.erase(problem.source);
    if (problem.message.empty()) {
      spdlog::info("{}: readable", problem.source);
      continue;
    }
    spdlog::warn("{}", problem.message.find(problem.source) == std::string::npos
                           ? problem.source + ": " + problem.message
                           : problem.message);
    problems_[problem.source] = problem;  // of sources and patterns, which are bounded
  }
}

void App::note_files_set_aside() {
  const auto snapshot = writer_->snapshot();
  for (const auto& trouble : snapshot->troubles) {
    if (!files_told_.insert(trouble.file).second) continue;
    spdlog::warn("{}: set aside, what stands in it is missing from every answer: {}", trouble.file,
                 trouble.why);
  }
}

bool App::is_told(const SourceProblem& problem) const {
  if (!problem.missing || problem.since.has_value() || !may_be_missing(problem.source)) return true;
  // When there is no log at all, nothing is known.
  const auto missing = static_cast<std::size_t>(
      std::ranges::count_if(problems_, [](const auto& one) { return one.second.missing; }));
  return missing >= sources_->size();
}

void App::publish(bool caught_up) {
  auto status = std::make_shared<DaemonStatus>();
  status->read_to_end = caught_up;
  status->published_at = clock_.wall();
  status->newest_line_at = std::max(stored_line_at_, writer_loop_->committed_line_time());
  status->lines = ingest_->lines_read();
  status->sources = sources_->counters();
  status->correlator = ingest_->correlator_counters();
  status->legs_in_memory = ingest_->legs_in_memory();
  status->programs = ingest_->counters().snapshot();
  status->files = sources_->size();
  for (const auto& known : problems_) {
    if (is_told(known.second)) status->unreadable.push_back(as_unreadable(known.second));
  }
  status->caught_up = caught_up && status->unreadable.empty();
  if (status->caught_up && can_be_read_again() && !std::exchange(read_to_end_told_, true))
    writer_loop_->note_read_to_end();
  for (const auto& half : sources_->half_lines()) {
    auto& one = status->half_lines.emplace_back();
    one.path = half.path;
    one.why = "its last line has no end";
    one.since = half.since;
  }
  status->unfollowed = sources_->unfollowed();
  status->gone = sources_->gone();
  status->overlaps = overlaps_;
  status->unknown_replies = reasons_->unknown_snapshot();
  note_stamps_ahead(status->newest_line_at - status->published_at);
  std::atomic_store(&status_, std::shared_ptr<const DaemonStatus>(std::move(status)));
}

// What was sent to a socket is not.
bool App::can_be_read_again() const {
  return std::ranges::all_of(config_.sources, &std::string::empty, &SourceSettings::listen);
}

void App::note_stamps_ahead(Duration ahead) {
  if (ahead <= kFutureMax) {
    ahead_told_ = false;
  } else if (!std::exchange(ahead_told_, true)) {
    spdlog::warn(
        "the newest line is stamped {} min ahead of the clock of this host: which time zone is the "
        "log written in? (`timezone:` of the source)",
        std::chrono::duration_cast<std::chrono::minutes>(ahead).count());
  }
}

bool App::wants_new_start() const { return writer_loop_->place() == IndexPlace::replaced; }

bool App::alive() { return turned_.exchange(false) || writer_loop_->failing(); }

ReadState App::read_state() const {
  const auto status = std::atomic_load(&status_);
  const auto complete_until = freshness_.complete_until();
  // What cannot be committed was read in vain: only what stands in the index counts.
  const bool caught_up = complete_until.has_value() && !writer_loop_->failing();
  ReadState state{caught_up,
                  complete_until.value_or(status->published_at),
                  status->unreadable,
                  status->unfollowed,
                  status->gone,
                  !writer_loop_->failing(),
                  writer_loop_->place() == IndexPlace::same,
                  last_changed_at};
  for (const auto& half : status->half_lines) {
    if (std::ranges::find(state.unreadable, half.path, &ReadState::Unreadable::path) ==
        state.unreadable.end())
      state.unreadable.push_back(half);
  }
  return state;
}

std::string App::health_json() const {
  const auto status = std::atomic_load(&status_);
  const bool well = !writer_loop_->failing() && status->unreadable.empty() &&
                    writer_->snapshot()->troubles.empty();
  return json::serialize(json::object{{"status", well ? "ok" : "degraded"},
                                      {"caught_up", status->caught_up},
                                      {"read_up_to", line_time(status->newest_line_at)}});
}

std::string App::status_json(bool lines) const {
  const auto status = std::atomic_load(&status_);
  const auto store = writer_loop_->counters();
  const auto troubles = writer_->snapshot()->troubles;
  json::object kinds;
  json::array programs;
  std::array<std::uint64_t, kLineKindCount> totals{};
  for (const auto& program : status->programs) {
    json::object by_kind;
    for (std::size_t i = 0; i < kLineKindCount; ++i) {
      totals[i] += program.by_kind[i];
      if (program.by_kind[i] > 0) {
        by_kind[line_kind_name(static_cast<LineKind>(i))] = program.by_kind[i];
      }
    }
    json::array samples;
    for (const auto& sample : program.samples) samples.push_back(json::value(valid_utf8(sample)));
    programs.push_back(json::object{{"program", valid_utf8(program.program)},
                                    {"kinds", std::move(by_kind)},
                                    {"unrecognised_samples", std::move(samples)}});
  }
  for (std::size_t i = 0; i < kLineKindCount; ++i) {
    if (totals[i] > 0) kinds[line_kind_name(static_cast<LineKind>(i))] = totals[i];
  }
  json::object out{{"version", RASTRO_VERSION},
                   {"at", api_time(status->published_at)},
                   {"caught_up", status->caught_up},
                   {"read_to_end", status->read_to_end},
                   {"read_up_to", line_time(status->newest_line_at)},
                   {"index_writable", !writer_loop_->failing()},
                   {"index_trouble", text_or_null(writer_loop_->trouble())},
                   {"lines", json::object{{"read", status->lines},
                                          {"cut", status->sources.cut_lines},
                                          {"nul_bytes", status->sources.nul_bytes},
                                          {"by_kind", std::move(kinds)}}},
                   {"sources", json::object{{"files", status->files},
                                            {"bytes_read", status->sources.bytes},
                                            {"rotations", status->sources.rotations},
                                            {"truncations", status->sources.truncations},
                                            {"damaged_archives", status->sources.damaged_archives},
                                            {"unreadable", unreadable_json(status->unreadable)},
                                            {"not_indexed", overlaps_json(status->overlaps)}}},
                   {"legs", json::object{{"opened", status->correlator.legs_opened},
                                         {"in_memory", status->legs_in_memory},
                                         {"evicted", status->correlator.legs_evicted},
                                         {"reopened", status->correlator.legs_reopened},
                                         {"forgotten", status->correlator.evicted_forgotten},
                                         {"sessions_evicted", status->correlator.sessions_evicted},
                                         {"values_refused", status->correlator.values_refused}}},
                   {"store", json::object{{"batches", store.batches},
                                          {"legs", store.legs},
                                          {"bytes_written", store.bytes_written},
                                          {"files_sealed", store.files_sealed},
                                          {"files_expired", store.files_expired},
                                          {"files_quarantined", store.files_quarantined},
                                          {"files_vanished", store.files_vanished},
                                          {"commit_failures", store.commit_failures},
                                          {"set_aside", set_aside_json(troubles)}}}};
  if (lines) out["programs"] = std::move(programs);
  return json::serialize(out);
}

}  // namespace rastro
