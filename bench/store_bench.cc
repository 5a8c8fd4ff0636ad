// What one leg version costs to store, and what a lookup costs (DESIGN 7).
//
//   rastro_store_bench [LEGS] [BATCH] [DIRECTORY] [MS_BETWEEN_LEGS]
//
// Writes LEGS messages (default 500,000; 1.3 recipients each, one in ten deferred once before) in
// batches of BATCH (10,000), one every 50 ms of log time, seals, then looks addresses up. CPU time
// is this process's, so other load on the machine does not count.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "store/keys.h"
#include "store/leg_rows.h"
#include "store/query.h"
#include "store/shard.h"
#include "store/writer.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Traffic {
  std::mt19937_64 random{42};
  std::uint64_t number = 0;
  Time now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  std::vector<LegRecord> to_retry;

  std::string address(unsigned people) {
    return "user" + std::to_string(random() % people) + "@domain" +
           std::to_string(random() % 5000) + ".example.org";
  }

  void attempt(LegRecord& leg, std::size_t index, Outcome outcome) {
    auto& one = leg.recipients[index];
    one.outcome = outcome;
    one.reply_code = outcome == Outcome::delivered ? 250 : 450;
    one.enhanced_status =
        outcome == Outcome::delivered ? EnhancedStatus{2, 0, 0} : EnhancedStatus{4, 2, 0};
    one.reply_text = outcome == Outcome::delivered
                         ? "250 2.0.0 Ok: queued as 4F" + std::to_string(random() % 100000000)
                         : "host mx said: 450 4.2.0 Greylisted, try again later (in reply to RCPT)";
    one.reason = outcome == Outcome::delivered ? Reason::none : Reason::greylisted;
    one.agent = "smtp";
    const auto mx = random() % 3000;
    one.relay = {"mx" + std::to_string(mx) + ".example.net",
                 "198.51." + std::to_string(mx / 250) + "." + std::to_string(mx % 250), 25};
    ++one.attempts;
    one.last_attempt_at = leg.last_activity_at;
    if (!one.first_attempt_at) one.first_attempt_at = one.last_attempt_at;
    TimelineEntry entry;
    entry.at = *one.last_attempt_at;
    entry.kind = TimelineEntry::Kind::attempt;
    entry.recipient = static_cast<std::int32_t>(index);
    entry.ordinal = one.attempts;
    entry.result = one.outcome;
    entry.reason = one.reason;
    entry.reply_code = one.reply_code;
    entry.enhanced_status = one.enhanced_status;
    entry.agent = one.agent;
    entry.relay = one.relay;
    entry.text = one.reply_text;
    leg.timeline.push_back(std::move(entry));
  }

  LegRecord next(Duration gap) {
    now += gap;
    if (!to_retry.empty() && to_retry.front().opened_at + 10min < now) {
      auto leg = std::move(to_retry.front());
      to_retry.erase(to_retry.begin());
      leg.timeline.clear();
      leg.lines = {{1, 180, number * 700}};
      leg.last_activity_at = now;
      for (std::size_t i = 0; i < leg.recipients.size(); ++i) attempt(leg, i, Outcome::delivered);
      leg.closed_at = now;
      return leg;
    }
    ++number;
    LegRecord leg;
    leg.host = "mail.example.org";
    leg.mta = Mta::postfix;
    leg.instance = "postfix";
    leg.queue_id = "4F" + std::to_string(random() % 1'000'000'000);
    leg.opened_at = now;
    leg.last_activity_at = now + 1s;
    leg.id = make_leg_id(leg.host, leg.mta, leg.instance, leg.queue_id, 0, now);
    leg.envelope_sender = address(20);
    leg.message_id = "<" + std::to_string(random()) + "." + std::to_string(random() % 1000) +
                     "@client.example.com>";
    leg.size_bytes = random() % 100000;
    leg.recipient_count = 1;
    leg.accepted = leg.arrival_seen = true;
    leg.accepted_at = now;
    leg.protocol = "esmtps";
    const auto client = random() % 20000;
    leg.submission.method = SubmissionMethod::mx;
    leg.submission.client = {
        "client" + std::to_string(client) + ".example.com",
        "203.0." + std::to_string(client / 250) + "." + std::to_string(client % 250), 0};
    leg.submission.helo = leg.submission.client.host;
    const bool deferred = random() % 10 == 0;
    for (std::size_t i = 0; i < (random() % 10 < 3 ? 2U : 1U); ++i) {
      leg.recipients.emplace_back().recipient = address(100);
      attempt(leg, i, deferred ? Outcome::deferred : Outcome::delivered);
    }
    for (std::uint64_t i = 0; i < 5; ++i) leg.lines.push_back({1, 140, number * 700 + i * 140});
    if (deferred) {
      to_retry.push_back(leg);
    } else {
      leg.closed_at = leg.last_activity_at;
    }
    return leg;
  }
};

std::uint64_t bytes_in(const std::filesystem::path& directory) {
  std::uint64_t total = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".db") total += entry.file_size();
  }
  return total;
}

// The floor: the same rows without postings, seals or carrying.
double rows_only(const std::filesystem::path& directory, std::size_t legs, std::size_t batch_size) {
  std::filesystem::create_directories(directory);
  auto database = create_shard(directory / "20260301T00.db", FileState{}, nullptr);
  if (!database) std::abort();
  LegRowWriter rows(*database, 1);
  Traffic traffic;
  double cpu = 0;
  std::uint32_t row = 0;
  for (std::size_t written = 0; written < legs; written += batch_size) {
    std::vector<LegRecord> batch;
    for (std::size_t i = 0; i < batch_size; ++i) batch.push_back(traffic.next(50ms));
    const auto start = cpu_seconds();
    Transaction transaction(*database);
    for (const auto& leg : batch) rows.write(leg, ++row, 0);
    if (!transaction.commit()) std::abort();
    cpu += cpu_seconds() - start;
  }
  return cpu;
}

double keys_only(std::size_t legs) {
  Traffic traffic;
  const auto hasher = KeyHasher({1, 2});
  std::vector<LegRecord> batch;
  for (std::size_t i = 0; i < 10000; ++i) batch.push_back(traffic.next(50ms));
  const auto start = cpu_seconds();
  PostingRuns runs;
  for (std::size_t written = 0; written < legs; written += batch.size()) {
    std::vector<Posting> postings;
    KeyPoster poster(hasher, postings);
    std::uint32_t row = static_cast<std::uint32_t>(written);
    for (const auto& leg : batch) {
      poster.start_row(++row);
      poster.post(leg);
    }
    runs.add(std::move(postings));
  }
  return cpu_seconds() - start;
}

void look_up(Writer& writer, std::size_t count) {
  auto reader = StoreReader::create([&writer] { return writer.snapshot(); });
  Traffic traffic;
  std::vector<double> micros;
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const LegKey key{KeyKind::recipient, traffic.next(50ms).recipients[0].recipient};
    const auto start = std::chrono::steady_clock::now();
    const auto cut = reader->for_each_leg({key}, {}, {}, [&](const LegRecord&) {
      ++found;
      return Visit::go_on;
    });
    if (!cut) std::abort();
    micros.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("lookup by recipient: p50 %.0f us, p99 %.0f us, %.1f legs each\n",
              micros[micros.size() / 2], micros[micros.size() * 99 / 100],
              static_cast<double>(found) / static_cast<double>(count));
  const auto start = std::chrono::steady_clock::now();
  std::size_t seen = 0;
  const auto cut = reader->for_each_leg({}, {}, QueryLimits{Duration::zero()}, [&](const auto&) {
    ++seen;
    return Visit::go_on;
  });
  if (!cut) std::abort();
  const auto took =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  std::printf("scan of everything: %zu legs, %.2f us each\n", seen,
              took / static_cast<double>(seen));
}

int run(std::size_t legs, std::size_t batch_size, const std::filesystem::path& directory,
        Duration gap) {
  std::filesystem::remove_all(directory);
  const double versions = static_cast<double>((legs + batch_size - 1) / batch_size * batch_size);
  std::printf("rows only: %.2f us CPU per version\n",
              rows_only(directory / "rows", legs, batch_size) * 1e6 / versions);
  std::printf("keys only: %.2f us CPU per version\n", keys_only(legs) * 1e6 / versions);

  Traffic traffic;
  ManualClock clock(traffic.now);
  StoreOptions options;
  options.state_directory = directory / "store";
  options.ballast_bytes = 0;
  auto writer = Writer::open(options, clock);
  if (!writer) std::abort();
  double commit_cpu = 0;
  double work_cpu = 0;
  double longest_slice = 0;
  double longest_commit = 0;
  for (std::size_t written = 0; written < legs; written += batch_size) {
    Batch batch;
    for (std::size_t i = 0; i < batch_size; ++i) batch.legs.push_back(traffic.next(gap));
    batch.line_time = traffic.now;
    clock.advance(traffic.now - clock.wall());
    auto start = cpu_seconds();
    if (!(*writer)->commit(batch)) std::abort();
    longest_commit = std::max(longest_commit, cpu_seconds() - start);
    commit_cpu += cpu_seconds() - start;
    start = cpu_seconds();
    for (int slice = 0; slice < 4; ++slice) {
      const auto slice_start = cpu_seconds();
      if (!(*writer)->work_a_slice()) std::abort();
      longest_slice = std::max(longest_slice, cpu_seconds() - slice_start);
    }
    work_cpu += cpu_seconds() - start;
  }
  const auto start = cpu_seconds();
  while ((*writer)->work_a_slice().value()) {
  }
  work_cpu += cpu_seconds() - start;
  const auto counters = (*writer)->counters();
  std::printf("writer: %.2f us CPU per version (commit %.2f, seal and carry %.2f)\n",
              (commit_cpu + work_cpu) * 1e6 / versions, commit_cpu * 1e6 / versions,
              work_cpu * 1e6 / versions);
  std::printf("longest: commit %.0f ms, slice %.0f ms; files sealed %llu, legs carried %llu\n",
              longest_commit * 1e3, longest_slice * 1e3,
              static_cast<unsigned long long>(counters.files_sealed),
              static_cast<unsigned long long>(counters.legs_carried));
  const auto start_again = cpu_seconds();
  writer->reset();
  auto again = Writer::open(options, clock);
  if (!again) std::abort();
  std::printf("close and open again: %.2f s CPU\n", cpu_seconds() - start_again);
  const auto rebuild_again = cpu_seconds();
  while ((*again)->work_a_slice().value()) {
  }
  std::printf("postings made again: %.2f s CPU\n", cpu_seconds() - rebuild_again);
  std::printf(
      "bytes kept: %.0f per message, %.0f per version\n",
      static_cast<double>(bytes_in(options.state_directory)) / static_cast<double>(traffic.number),
      static_cast<double>(bytes_in(options.state_directory)) / versions);
  look_up(**again, 2000);
  again->reset();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace rastro

int main(int argc, char** argv) {
  const std::size_t legs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500'000;
  const std::size_t batch = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000;
  const std::filesystem::path directory =
      argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "rastro-store-bench";
  if (legs == 0 || batch == 0) return 2;
  const rastro::Duration gap =
      std::chrono::milliseconds(argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 50);
  return rastro::run(legs, batch, directory, gap);
}
