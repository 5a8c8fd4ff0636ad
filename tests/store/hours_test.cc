#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "store/open_leg_reader.h"
#include "store/shard.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::describe;
using samples::find;

class HoursTest : public WriterFixture {
 protected:
  // One message in each of `count` hours, sealed as they go.
  void write_hours(int count) {
    for (int i = 0; i < count; ++i) {
      const auto at = samples::start_time() + i * 1h;
      clock_.jump_wall(at + 10min - clock_.wall());
      commit({samples::simple_leg(static_cast<std::uint64_t>(i), at,
                                  "r" + std::to_string(i) + "@example.net")},
             at);
      samples::work_until_done(*writer_);
    }
  }
};

TEST_F(HoursTest, OneFileForEachHourOfActivityAllButTheLastSealed) {
  open();
  write_hours(4);
  EXPECT_EQ(files(), 4U);
  EXPECT_EQ(samples::shard_files(directory_.path())[0].filename(), "20260301T10.db");
  EXPECT_EQ(writer_->counters().files_sealed, 3U);
  const auto snapshot = writer_->snapshot();
  ASSERT_EQ(snapshot->files.size(), 4U);
  for (int i = 0; i < 4; ++i) {
    const auto& file = *snapshot->files[static_cast<std::size_t>(i)];
    EXPECT_EQ(file.state.sealed, i < 3);
    EXPECT_EQ(file.state.arrival_min, samples::start_time() + i * 1h);
    EXPECT_EQ(file.state.activity_max, samples::start_time() + i * 1h + 2s);
    EXPECT_EQ(file.runs.size() == 0, i < 3);
  }
}

// The transaction on a finished hour stays open: it must not be one that began before the end,
// which a question within another one may meet.
TEST_F(HoursTest, AReaderGoesOnWhenAnHourIsFinishedWithinItsQuestion) {
  open();
  const auto start = samples::start_time();
  commit({samples::simple_leg(0, start, "a@example.net"),
          samples::simple_leg(1, start + 1s, "b@example.net")},
         start);
  auto reader = samples::reader_of(*writer_);
  const auto found = [&] { return find(*reader, {{KeyKind::recipient, "b@example.net"}}).size(); };
  std::size_t hours = 1;
  const auto finish_hour = [&] {
    const auto at = start + static_cast<int>(hours) * 1h;
    clock_.jump_wall(at + 10min - clock_.wall());
    commit({samples::simple_leg(++hours, at, "b@example.net"),
            samples::simple_leg(100 + hours, at + 1s, "a@example.net")},
           at);
    samples::work_until_done(*writer_);
  };
  for (const bool one_state : {false, true, false}) {
    if (one_state) reader->begin_one_state();
    bool is_finished = false;
    const auto done = reader->for_each_leg({}, {}, {}, [&](const LegRecord&) {
      if (!std::exchange(is_finished, true)) {
        const auto before = hours;
        finish_hour();
        const auto within = found();  // while rows of that hour are still being read
        EXPECT_TRUE(!one_state || within == before) << within;
      }
      return Visit::go_on;
    });
    if (one_state) reader->end_one_state();
    ASSERT_TRUE(done);
    EXPECT_EQ(found(), hours);
  }
  EXPECT_EQ(writer_->counters().files_sealed, 3U);
}

TEST_F(HoursTest, SealedAndOpenHoursAnswerAlike) {
  open();
  write_hours(4);
  for (const bool restarted : {false, true}) {
    if (restarted) reopen();
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(count_of({{KeyKind::recipient, "R" + std::to_string(i) + "@example.net"}}), 1U);
    }
    EXPECT_EQ(count_of({{KeyKind::recipient_domain, "example.net"}}), 4U);
    EXPECT_EQ(count_of({}), 4U);
    auto reader = samples::reader_of(*writer_);
    const auto found = find(*reader, {{KeyKind::sender, "ana@example.org"}});
    ASSERT_EQ(found.size(), 4U);
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      EXPECT_GT(found[i].opened_at, found[i + 1].opened_at) << "newest arrival first";
    }
  }
}

TEST_F(HoursTest, AnIntervalChoosesByActivityNotByName) {
  open();
  write_hours(4);
  const TimeRange second{samples::start_time() + 59min, samples::start_time() + 90min};
  EXPECT_EQ(count_of({}, second), 1U);
  EXPECT_EQ(count_of({{KeyKind::recipient_domain, "example.net"}}, second), 1U);
  // An older event goes into the open file and is found under its own time.
  commit({samples::simple_leg(99, samples::start_time() + 61min, "late@example.net")},
         samples::start_time() + 61min);
  EXPECT_EQ(files(), 4U);
  EXPECT_EQ(count_of({}, second), 2U);
}

TEST_F(HoursTest, AStampFromTheFutureOpensNoFutureHour) {
  open();
  write_hours(1);
  const auto ahead = clock_.wall() + 24h;
  commit({samples::simple_leg(7, ahead, "future@example.net")}, ahead);
  ASSERT_EQ(files(), 1U);
  EXPECT_EQ(count_of({{KeyKind::recipient, "future@example.net"}}), 1U);
}

TEST_F(HoursTest, AnOpenLegIsCarriedAndShownOnce) {
  open();
  auto leg = samples::deferred_leg(500, samples::start_time(), "wait@example.net");
  commit({leg}, samples::start_time());
  write_hours(3);
  EXPECT_EQ(writer_->counters().legs_carried, 2U);
  auto reader = samples::reader_of(*writer_);
  const auto found = find(*reader, {{KeyKind::recipient, "wait@example.net"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(describe(found[0]), samples::describe_summary(leg));
  EXPECT_EQ(find(*reader, {}).size(), 4U);
  const auto whole = reader->load_leg(leg.id);
  ASSERT_TRUE(whole.has_value() && whole->has_value());
  EXPECT_EQ(describe(**whole), describe(leg)) << "the story is still in the first hour's file";

  OpenLegReader open_legs([this] { return writer_->snapshot(); });
  const auto again = open_legs.find_open_leg(leg.host, leg.mta, leg.instance, leg.queue_id);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(describe(*again), samples::describe_summary(leg));
  EXPECT_FALSE(open_legs.find_open_leg("other", leg.mta, leg.instance, leg.queue_id));
  EXPECT_FALSE(open_legs.find_open_leg(leg.host, leg.mta, leg.instance, "Q1")) << "it has ended";
  EXPECT_TRUE(open_legs.find_leg(samples::simple_leg(1, samples::start_time() + 1h, "").id));
}

// Who asks for half an hour of this morning need not read what has been tried since yesterday.
TEST_F(HoursTest, TheIntervalsOwnHoursComeFirstIfWished) {
  open();
  const auto waiting = samples::deferred_leg(500, samples::start_time() - 1min, "r@example.net");
  commit({waiting}, samples::start_time());
  write_hours(3);
  const std::vector<LegKey> keys = {{KeyKind::recipient_domain, "example.net"}};
  const TimeRange first_hour{samples::start_time() - 5min, samples::start_time() + 5min};
  auto reader = samples::reader_of(*writer_);
  LegIdRange wanted;
  QueryLimits limits;
  limits.marks_only = true;
  limits.wanted = &wanted;
  const auto ids = [&](bool only_one) {
    std::vector<std::uint64_t> seen;
    wanted = {};
    EXPECT_TRUE(reader->for_each_leg(keys, first_hour, limits, [&](const LegRecord& leg) {
      seen.push_back(leg.id);
      if (only_one) wanted.from = leg.id;
      return only_one ? Visit::next_hour : Visit::go_on;
    }));
    return seen;
  };
  const auto other = samples::simple_leg(0, samples::start_time(), "").id;
  EXPECT_EQ(ids(false), (std::vector{waiting.id, other}));
  limits.own_hours_first = true;
  EXPECT_EQ(ids(false), (std::vector{other, waiting.id}));
  EXPECT_EQ(ids(true), std::vector{other}) << "it arrived later than the one that waits";
}

TEST_F(HoursTest, ALegThatEndsInALaterHourIsNoLongerOpenAnywhere) {
  open();
  const auto leg = samples::deferred_leg(500, samples::start_time(), "wait@example.net");
  commit({leg}, samples::start_time());
  write_hours(2);
  auto ended = samples::simple_leg(500, samples::start_time(), "wait@example.net");
  ended.last_activity_at = samples::start_time() + 70min;
  ended.closed_at = ended.last_activity_at;
  commit({ended}, *ended.closed_at);
  for (const bool restarted : {false, true}) {
    if (restarted) reopen();
    auto reader = samples::reader_of(*writer_);
    const auto found = find(*reader, {{KeyKind::recipient, "wait@example.net"}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].recipients[0].outcome, Outcome::delivered);
    OpenLegReader open_legs([this] { return writer_->snapshot(); });
    EXPECT_FALSE(open_legs.find_open_leg(leg.host, leg.mta, leg.instance, leg.queue_id));
    std::size_t still_open = 0;
    ASSERT_TRUE(writer_->for_each_open_leg([&](const LegRecord&) { ++still_open; }));
    EXPECT_EQ(still_open, 0U);
  }
}

// A queue id is used again: the ended leg must not hide the open one, nor the other way round.
TEST_F(HoursTest, AReusedQueueIdFindsTheOpenGeneration) {
  open();
  auto first = samples::simple_leg(1, samples::start_time(), "a@example.net");
  auto second = samples::deferred_leg(1, samples::start_time() + 5min, "b@example.net");
  second.generation = 1;
  auto third = samples::simple_leg(1, samples::start_time() + 6min, "c@example.net");
  third.generation = 2;
  commit({first, second, third}, samples::start_time());
  OpenLegReader open_legs([this] { return writer_->snapshot(); });
  const auto found = open_legs.find_open_leg(first.host, first.mta, first.instance, "Q1");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, second.id);
}

TEST_F(HoursTest, OpenLegsSurviveEveryRestart) {
  open();
  for (std::uint64_t i = 0; i < 20; ++i) {
    commit({samples::deferred_leg(600 + i, samples::start_time(), "w@example.net")},
           samples::start_time());
  }
  // Killed before anything was carried: the next hour's file exists, the legs are in the one
  // before.
  clock_.jump_wall(1h);
  commit({samples::simple_leg(1, samples::start_time() + 1h, "x@example.net")},
         samples::start_time() + 1h);
  reopen();
  std::size_t count = 0;
  ASSERT_TRUE(writer_->for_each_open_leg([&](const LegRecord& leg) {
    ++count;
    EXPECT_TRUE(is_open(leg));
    EXPECT_TRUE(leg.timeline.empty());
  }));
  EXPECT_EQ(count, 20U);
  samples::work_until_done(*writer_);
  EXPECT_EQ(writer_->counters().legs_carried, 20U);
  EXPECT_EQ(count_of({}), 21U);
}

TEST_F(HoursTest, LegsThatEndedAMomentBeforeARestartAreTold) {
  const auto ids_told = [this](Duration back) {
    std::vector<std::string> out;
    EXPECT_TRUE(writer_->for_each_ended_leg(back, [&](const LegRecord& leg) {
      EXPECT_FALSE(is_open(leg));
      out.push_back(leg.queue_id);
    }));
    return out;
  };
  open();
  EXPECT_TRUE(ids_told(60s).empty());
  // Each is last active two seconds after it began.
  const auto turn = samples::start_time() + 1h;
  commit({samples::simple_leg(1, turn - 100s, "old@example.net"),
          samples::simple_leg(2, turn - 40s, "a@example.net"),
          samples::deferred_leg(3, turn - 30s, "waits@example.net")},
         turn - 20s);
  clock_.jump_wall(1h);
  commit({samples::simple_leg(4, turn + 10s, "b@example.net")}, turn + 10s);
  reopen();
  EXPECT_EQ(ids_told(60s), (std::vector<std::string>{"Q2", "Q4"}));
  EXPECT_EQ(ids_told(5s), std::vector<std::string>{"Q4"});
  EXPECT_EQ(ids_told(1h), (std::vector<std::string>{"Q1", "Q2", "Q4"}));
}

TEST_F(HoursTest, PositionsAndPendingStateAreCarriedIntoEachFile) {
  open();
  SourcePosition position;
  position.source = 3;
  position.path = "/var/log/mail.log";
  position.device = ~0ULL;
  position.inode = 1ULL << 63;
  position.head_hash = 0xfeedfacecafebeefULL;
  position.head_length = 1024;
  position.offset = 1ULL << 40;
  position.anchor_hash = 7;
  position.first_line_at = samples::start_time();
  Batch batch = samples::batch_of({}, samples::start_time());
  batch.positions = {position};
  batch.pending = {{std::string("pid\0 1", 6), "session"}, {"gone", "soon"}, {"keep", "\xff"}};
  batch.holes = {
      {"/var/log/mail.log", samples::start_time(), samples::start_time() + 1min, "lost"}};
  samples::commit_or_die(*writer_, batch);
  write_hours(3);
  Batch later = samples::batch_of({}, samples::start_time() + 2h);
  later.pending = {{"gone", ""}};
  position.finished = true;
  position.last_line_at = samples::start_time() + 2h;
  later.positions = {position};
  samples::commit_or_die(*writer_, later);
  reopen();
  const auto positions = writer_->load_positions();
  ASSERT_TRUE(positions.has_value());
  ASSERT_EQ(positions->size(), 1U);
  EXPECT_EQ(positions->front(), position);
  const auto pending = writer_->load_pending();
  ASSERT_TRUE(pending.has_value());
  ASSERT_EQ(pending->size(), 2U);
  EXPECT_EQ(pending->at(0).key, "keep");
  EXPECT_EQ(pending->at(0).value, "\xff");
  EXPECT_EQ(pending->at(1).key, std::string("pid\0 1", 6));

  auto reader = samples::reader_of(*writer_);
  EXPECT_EQ(reader->positions()->size(), 1U);
  const auto coverage = reader->coverage();
  ASSERT_EQ(coverage->size(), 1U);
  EXPECT_EQ(coverage->front().until, samples::start_time() + 2h);
  const auto holes = reader->holes({});
  ASSERT_EQ(holes->size(), 1U);
  EXPECT_EQ(holes->front().cause, "lost");
  EXPECT_TRUE(reader->holes({samples::start_time() + 1h, Time::max()})->empty());
}

// Lines that rsyslog drops from the moment on at which the log is copied and truncated.
TEST_F(HoursTest, AnOpenHoleIsClosedByOneOfItsOwnCause) {
  open();
  const auto at = samples::start_time();
  Batch batch;
  batch.line_time = at;
  const std::string path = "/var/log/mail.log";
  batch.holes = {{path, at, Time::max(), "imjournal: begin to drop"},
                 {path, at, at + 5s, "copied and truncated"}};
  samples::commit_or_die(*writer_, batch);
  auto reader = samples::reader_of(*writer_);
  EXPECT_EQ(reader->holes({at + 1min, at + 2min})->size(), 1U) << "still dropped";
  batch.holes = {{path, at, at + 1min, "imjournal: begin to drop; imjournal: 80 messages lost"}};
  samples::commit_or_die(*writer_, batch);
  EXPECT_EQ(reader->holes({at + 2min, at + 3min})->size(), 0U);
  EXPECT_EQ(reader->holes({at, at + 1min})->size(), 2U);
}

TEST_F(HoursTest, ScanKeepsAllAndMakesFewFiles) {
  options_.keep_everything = true;
  open();
  for (int year = 0; year < 30; ++year) {
    const auto at = samples::start_time() - std::chrono::days(365 * year);
    commit({samples::simple_leg(static_cast<std::uint64_t>(year), at, "old@example.net")}, at);
    samples::work_until_done(*writer_);
  }
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(count_of({{KeyKind::recipient, "old@example.net"}}), 30U);
  EXPECT_EQ(count_of({}), 30U);
}

TEST_F(HoursTest, EncountersAreFoundByTime) {
  open();
  Encounter encounter;
  encounter.kind = Encounter::Kind::login_failed;
  encounter.at = samples::start_time() + 3min;
  encounter.host = "mail.example.org";
  encounter.client = {"unknown", "203.0.113.5", 4711};
  encounter.login = std::string("ana\0x", 5);
  encounter.text = "SASL LOGIN authentication failed";
  encounter.line = {4, 120, 1ULL << 33};
  Batch batch = samples::batch_of({}, samples::start_time());
  batch.encounters = {encounter};
  samples::commit_or_die(*writer_, batch);
  write_hours(2);
  auto reader = samples::reader_of(*writer_);
  std::vector<Encounter> found;
  const auto collect = [&](const Encounter& one) {
    found.push_back(one);
    return Visit::go_on;
  };
  ASSERT_TRUE(reader->for_each_encounter({}, {}, collect));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at, encounter.at);
  EXPECT_EQ(found[0].client, encounter.client);
  EXPECT_EQ(found[0].login, encounter.login);
  EXPECT_EQ(found[0].line, encounter.line);
  EXPECT_EQ(found[0].kind, encounter.kind);
  found.clear();
  ASSERT_TRUE(reader->for_each_encounter({samples::start_time() + 4min, Time::max()}, {}, collect));
  EXPECT_TRUE(found.empty());
}

TEST_F(HoursTest, EncountersOfALoginAndOfAKindAreFoundInEveryHour) {
  open();
  const auto start = samples::start_time();
  for (int hour = 0; hour < 3; ++hour) {
    Batch batch = samples::batch_of({}, start + std::chrono::hours(hour));
    for (int minute = 0; minute < 10; ++minute) {
      Encounter encounter;
      encounter.kind =
          minute < 4 ? Encounter::Kind::login_failed : Encounter::Kind::client_rejected;
      encounter.at = start + std::chrono::hours(hour) + std::chrono::minutes(minute);
      if (minute < 4) encounter.login = minute == 3 && hour == 1 ? "eva" : "ana";
      batch.encounters.push_back(encounter);
    }
    samples::commit_or_die(*writer_, batch);
    clock_.advance(1h);
  }
  commit({samples::simple_leg(9, start + 3h, "juan@example.net")}, start + 3h);
  samples::work_until_done(*writer_);
  auto reader = samples::reader_of(*writer_);
  const auto of_login = [&](std::string_view wanted, const TimeRange& range) {
    int found = 0;
    const auto done = reader->for_each_encounter(
        range, {},
        [&](const Encounter& one) {
          EXPECT_EQ(one.login, wanted);
          ++found;
          return Visit::go_on;
        },
        [&](std::string_view login) { return login == wanted; });
    EXPECT_TRUE(done);
    return found;
  };
  for (int again = 0; again < 2; ++again) {  // what the first question noted serves the second
    EXPECT_EQ(of_login("ana", {}), 11);
    EXPECT_EQ(of_login("eva", {}), 1);
    EXPECT_EQ(of_login("zoe", {}), 0);
    EXPECT_EQ(of_login("ana", {start + 1min, start + 2min}), 2);
    const auto rejected = [&](const TimeRange& range) {
      return reader->count_encounters(Encounter::Kind::client_rejected, range, {})->number;
    };
    EXPECT_EQ(rejected({}), 18U);
    EXPECT_EQ(reader->count_encounters(Encounter::Kind::client_rejected, {}, {}, true)->number,
              18U);
    EXPECT_EQ(reader->count_encounters(Encounter::Kind::login_failed, {}, {}, true)->number, 0U);
    EXPECT_EQ(rejected({start + 9min, start + 1h + 4min}), 2U);
    EXPECT_EQ(reader->count_encounters(Encounter::Kind::login_ok, {}, {})->number, 0U);
  }
}

TEST_F(HoursTest, TwoWritersAreRefused) {
  open();
  const auto second = Writer::open(options_, clock_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Error::Code::unavailable);
  EXPECT_NE(second.error().message.find(directory_.path().string()), std::string::npos);
  writer_.reset();
  EXPECT_TRUE(Writer::open(options_, clock_).has_value());
}

TEST_F(HoursTest, ADirectoryThatIsMovedAwayAndReplacedIsNoticed) {
  open();
  write_hours(2);
  EXPECT_EQ(writer_->place(), IndexPlace::same);
  const auto away = directory_.path().string() + "-away";
  std::filesystem::rename(directory_.path(), away);
  EXPECT_EQ(writer_->place(), IndexPlace::gone);
  std::filesystem::create_directory(directory_.path());
  EXPECT_EQ(writer_->place(), IndexPlace::replaced);
  std::filesystem::remove(directory_.path());
  std::filesystem::rename(away, directory_.path());
  EXPECT_EQ(writer_->place(), IndexPlace::same);
  std::filesystem::remove(samples::shard_files(directory_.path()).back());
  EXPECT_EQ(writer_->place(), IndexPlace::replaced);
}

TEST_F(HoursTest, AFinishedHourThatSomebodyRemovesIsAHole) {
  open();
  write_hours(3);
  std::filesystem::remove(directory_.path() / "20260301T11.db");
  clock_.advance(10s);
  samples::work_until_done(*writer_);
  EXPECT_EQ(writer_->counters().files_vanished, 1U);
  EXPECT_EQ(count_of({}), 2U);
  for (int start = 0; start < 2; ++start) {
    const auto at = samples::start_time() + 1h;
    const auto holes = samples::reader_of(*writer_)->holes({at, at + 30min});
    ASSERT_TRUE(holes.has_value());
    ASSERT_EQ(holes->size(), 1U);
    EXPECT_EQ(holes->front().from, at);
    reopen();
  }
}

TEST_F(HoursTest, AFinishedHourThatIsRemovedWhileNobodyRunsIsAHole) {
  open();
  write_hours(4);
  writer_.reset();
  std::filesystem::remove(directory_.path() / "20260301T11.db");
  for (int start = 0; start < 3; ++start) {
    open();
    EXPECT_EQ(writer_->counters().files_vanished, start == 0 ? 1U : 0U);
    EXPECT_EQ(count_of({}), 3U);
    const auto holes = samples::reader_of(*writer_)->holes({});
    ASSERT_TRUE(holes.has_value());
    ASSERT_EQ(holes->size(), 1U);
    EXPECT_EQ(holes->front().source_path, "");
    EXPECT_EQ(holes->front().from, samples::start_time() + 1h);
    EXPECT_EQ(holes->front().until, samples::start_time() + 1h + 2s);
    EXPECT_EQ(holes->front().cause, "a file of the index was removed: its hour is missing");
    writer_.reset();
  }
}

// What the newest file knew is known to the one before it too, which takes no row any more.
TEST_F(HoursTest, TheNewestHourAndAnEarlierOneAreRemovedWhileNobodyRuns) {
  open();
  write_hours(4);
  writer_.reset();
  std::filesystem::remove(directory_.path() / "20260301T10.db");
  std::filesystem::remove(directory_.path() / "20260301T13.db");
  for (int start = 0; start < 2; ++start) {
    open();
    EXPECT_EQ(writer_->counters().files_vanished, start == 0 ? 1U : 0U);
    const auto holes = samples::reader_of(*writer_)->holes({});
    ASSERT_TRUE(holes.has_value());
    ASSERT_EQ(holes->size(), 1U);
    EXPECT_EQ(holes->front().from, samples::start_time());
    writer_.reset();
  }
}

TEST_F(HoursTest, WhatExpiredWhileNobodyRanIsNotMissed) {
  open();
  write_hours(4);
  let_pass(24h - 30min);  // the first two hours go, before or after the stop
  writer_.reset();
  EXPECT_LT(files(), 4U);
  for (const auto& file : samples::shard_files(directory_.path())) {
    if (file.filename() == "20260301T11.db") std::filesystem::remove(file);
  }
  clock_.advance(2h);
  open();
  EXPECT_EQ(writer_->counters().files_vanished, 0U);
  EXPECT_TRUE(samples::reader_of(*writer_)->holes({})->empty());
}

TEST_F(HoursTest, ALostSecretCostsNoAnswers) {
  open();
  write_hours(3);
  writer_.reset();
  std::filesystem::remove(directory_.path() / "hash_key");
  open();
  samples::work_until_done(*writer_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(count_of({{KeyKind::recipient, "r" + std::to_string(i) + "@example.net"}}), 1U);
  }
  reopen();
  EXPECT_EQ(count_of({{KeyKind::recipient, "r0@example.net"}}), 1U);
}

TEST_F(HoursTest, AHalfMadeFileIsForgotten) {
  open();
  write_hours(1);
  writer_.reset();
  std::ofstream(directory_.path() / "20260301T11.db.new") << "half";
  open();
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T11.db.new"));
  write_hours(2);
  EXPECT_EQ(count_of({}), 2U);
}

}  // namespace
}  // namespace rastro
