// Exactly once: whatever point the process dies at, reading on from the stored position gives the
// index that an undisturbed run gives (DESIGN 3.1, RELIABILITY 3).

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <map>
#include <random>

#include "store/sqlite.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRetriedAfter = 5;

bool is_deferred(std::uint64_t k) { return k % 3 == 0; }

// "Line" k of the log: a new message, and the end of one that was deferred five lines before.
Time time_of_message(std::uint64_t k) { return samples::start_time() + k * 3min; }

LegRecord first_version(std::uint64_t k) {
  const auto to = "r" + std::to_string(k) + "@example.net";
  return is_deferred(k) ? samples::deferred_leg(k, time_of_message(k), to)
                        : samples::simple_leg(k, time_of_message(k), to);
}

LegRecord second_version(std::uint64_t k) {
  auto leg = samples::simple_leg(k, time_of_message(k), "r" + std::to_string(k) + "@example.net");
  const auto at = time_of_message(k + kRetriedAfter);
  leg.last_activity_at = at;
  leg.closed_at = at;
  leg.recipients[0].attempts = 2;
  leg.recipients[0].last_attempt_at = at;
  leg.timeline[0].at = at;
  leg.timeline[0].ordinal = 2;
  leg.lines = {{1, 50, 1'000'000 + k}};
  return leg;
}

Batch batch_at(std::uint64_t k) {
  Batch batch;
  batch.legs.push_back(first_version(k));
  if (k >= kRetriedAfter && is_deferred(k - kRetriedAfter)) {
    batch.legs.push_back(second_version(k - kRetriedAfter));
  }
  batch.line_time = time_of_message(k);
  SourcePosition position;
  position.source = 1;
  position.path = "/var/log/mail.log";
  position.offset = k + 1;
  batch.positions = {position};
  batch.pending = {{"slot" + std::to_string(k % 7), k % 2 == 0 ? std::to_string(k) : ""}};
  return batch;
}

std::map<std::uint64_t, std::string> expected_after(std::uint64_t count) {
  std::map<std::uint64_t, std::string> model;
  for (std::uint64_t k = 0; k < count; ++k) {
    auto leg = first_version(k);
    if (is_deferred(k) && k + kRetriedAfter < count) {
      auto last = second_version(k);
      last.timeline.insert(last.timeline.begin(), leg.timeline.begin(), leg.timeline.end());
      last.lines.insert(last.lines.begin(), leg.lines.begin(), leg.lines.end());
      leg = last;
    }
    model[leg.id] = samples::describe(leg);
  }
  return model;
}

std::map<std::string, std::string> expected_pending(std::uint64_t count) {
  std::map<std::string, std::string> pending;
  for (std::uint64_t k = 0; k < count; ++k) {
    for (const auto& entry : batch_at(k).pending) {
      if (entry.value.empty()) {
        pending.erase(entry.key);
      } else {
        pending[entry.key] = entry.value;
      }
    }
  }
  return pending;
}

StoreOptions patient_options(const std::filesystem::path& directory) {
  auto options = samples::options_for(directory);
  options.retention = std::chrono::hours(24 * 365);
  options.open_legs_age_max = std::chrono::hours(24 * 365);
  return options;
}

std::uint64_t position_of(Writer& writer) {
  const auto positions = writer.load_positions();
  if (!positions) throw std::runtime_error(positions.error().message);
  return positions->empty() ? 0 : positions->front().offset;
}

void expect_state_after(Writer& writer, std::uint64_t count) {
  const auto model = expected_after(count);
  auto reader = samples::reader_of(writer);
  for (const auto& [id, want] : model) {
    const auto got = reader->load_leg(id);
    ASSERT_TRUE(got.has_value()) << got.error().message;
    ASSERT_TRUE(got->has_value()) << format_leg_id(id);
    ASSERT_EQ(samples::describe(**got), want);
  }
  std::map<std::uint64_t, int> seen;
  for (const auto& leg : samples::find(*reader, {})) ++seen[leg.id];
  ASSERT_EQ(seen.size(), model.size());
  for (const auto& [id, times] : seen) ASSERT_EQ(times, 1) << format_leg_id(id);
  ASSERT_EQ(samples::find(*reader, {{KeyKind::recipient_domain, "example.net"}}).size(),
            model.size());
  std::map<std::string, std::string> pending;
  const auto entries = writer.load_pending();
  ASSERT_TRUE(entries.has_value());
  for (const auto& entry : *entries) pending[entry.key] = entry.value;
  ASSERT_EQ(pending, expected_pending(count));
}

void expect_whole_files(const std::filesystem::path& directory) {
  for (const auto& path : samples::shard_files(directory)) {
    auto database = Database::open(path, Database::Mode::read_only);
    ASSERT_TRUE(database.has_value());
    EXPECT_EQ(database->query_int("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1)
        << path;
  }
}

// What a daemon does, in a process of its own, until it is done or the timer's signal kills it:
// the default action of SIGPROF ends the process at any instruction, with no handler in between.
[[noreturn]] void read_on(const std::filesystem::path& directory, std::uint64_t count,
                          std::uint64_t die_after_us) {
  itimerval timer{};
  timer.it_value.tv_usec = static_cast<suseconds_t>(die_after_us);
  if (die_after_us != 0) ::setitimer(ITIMER_PROF, &timer, nullptr);
  try {
    ManualClock clock(time_of_message(0));
    auto writer = samples::open_or_die(patient_options(directory), clock);
    for (auto k = position_of(*writer); k < count; ++k) {
      clock.advance(std::max(Duration::zero(), time_of_message(k) - clock.wall()));
      samples::commit_or_die(*writer, batch_at(k));
      if (!writer->work_a_slice()) ::_exit(3);
    }
    samples::work_until_done(*writer);
  } catch (const std::exception& error) {
    ::write(2, error.what(), std::strlen(error.what()));
    ::_exit(2);
  }
  ::_exit(0);
}

// One life of a store, killed and started again until everything is in it; returns the kills.
int live_with_kills(const std::filesystem::path& directory, std::uint64_t count,
                    std::mt19937_64& random) {
  constexpr int kShortLives = 40;
  int kills = 0;
  for (int round = 0; round < 2000; ++round) {
    // Short lives first, so that starts and the making of files are hit; then whatever is needed.
    const auto life =
        round < kShortLives ? 500 + random() % 12'000 : static_cast<std::uint64_t>(round) * 2'000;
    const auto child = ::fork();
    EXPECT_GE(child, 0);
    if (child == 0) read_on(directory, count, life);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      return kills;
    }
    EXPECT_EQ(WTERMSIG(status), SIGPROF);
    ++kills;
  }
  ADD_FAILURE() << "never finished";
  return kills;
}

// A fast machine is done after few kills, its timer's ticks being long: then another life follows.
TEST(Crash, KilledAnywhereReadsOnAsIfNothingHadHappened) {
  constexpr std::uint64_t kCount = 600;
  constexpr int kKillsMin = 20;
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int kills = 0;
  for (int lives = 0; kills < kKillsMin && lives < 100; ++lives) {
    samples::TemporaryDirectory directory;
    kills += live_with_kills(directory.path(), kCount, random);
    ManualClock clock(time_of_message(kCount));
    auto writer = samples::open_or_die(patient_options(directory.path()), clock);
    EXPECT_EQ(position_of(*writer), kCount);
    EXPECT_GT(samples::shard_files(directory.path()).size(), 25U);
    expect_state_after(*writer, kCount);
    EXPECT_EQ(writer->counters().files_quarantined, 0U);
    writer.reset();
    expect_whole_files(directory.path());
  }
  EXPECT_GE(kills, kKillsMin);
}

// A power cut: the tail of the WAL is missing or torn. What is left is one of the states that were
// committed, and the position says which.
TEST(Crash, ATornWalIsAnEarlierState) {
  constexpr std::uint64_t kCount = 8;
  samples::TemporaryDirectory directory;
  ManualClock clock(time_of_message(kCount));
  auto writer = samples::open_or_die(patient_options(directory.path()), clock);
  for (std::uint64_t k = 0; k < kCount; ++k) samples::commit_or_die(*writer, batch_at(k));
  const auto wal = directory.path() / "20260301T10.db-wal";
  const auto size = std::filesystem::file_size(wal);
  ASSERT_GT(size, 20U * 4096U);

  std::map<std::uint64_t, int> states;
  samples::TemporaryDirectory copy;
  for (std::uintmax_t step = 0; step <= size / 512 + 1; ++step) {
    const auto length = std::min(step * 512, size);
    for (const bool torn : {false, true}) {
      std::filesystem::remove_all(copy.path());
      std::filesystem::create_directory(copy.path());
      for (const char* name : {"20260301T10.db", "20260301T10.db-wal", "hash_key"}) {
        std::filesystem::copy_file(directory.path() / name, copy.path() / name);
      }
      std::filesystem::resize_file(copy.path() / wal.filename(), length);
      if (torn && length >= 512) {
        std::fstream file(copy.path() / wal.filename(),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(length - 100));
        file << std::string(100, 'x');
      }
      auto opened = Writer::open(patient_options(copy.path()), clock);
      ASSERT_TRUE(opened.has_value()) << opened.error().message;
      const auto position = position_of(**opened);
      ++states[position];
      ASSERT_NO_FATAL_FAILURE(expect_state_after(**opened, position)) << "cut at " << length;
      ASSERT_EQ((*opened)->counters().files_quarantined, 0U);
    }
  }
  EXPECT_EQ(states.size(), kCount + 1) << "each committed state was seen";
}

}  // namespace
}  // namespace rastro
