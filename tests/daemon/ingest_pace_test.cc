// When what was read becomes a batch.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/ingest.h"
#include "daemon/log_origin.h"
#include "store/writer.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using Pace = Ingest::Pace;

class EmptyStore final : public LegStore {
 public:
  std::optional<LegRecord> find_open_leg(std::string_view, Mta, std::string_view,
                                         std::string_view) override {
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t) override { return std::nullopt; }
};

class IngestPaceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rastro-pace-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    StoreOptions options;
    options.state_directory = directory_ / "state";
    options.ballast_bytes = 0;
    auto writer = Writer::open(std::move(options), writer_clock_);
    ASSERT_TRUE(writer) << writer.error().message;
    writer_ = std::move(*writer);
    loop_ = std::make_unique<WriterLoop>(*writer_, to_commit_);
    committing_ = std::thread([this] { loop_->run(); });
    ingest_ = std::make_unique<Ingest>(
        IngestOptions{}, [](auto, auto, auto) { return Reason::none; },
        [](const Generation& generation) {
          return make_line_origin(generation, SourceSettings{}, std::nullopt);
        },
        store_, batches_, *loop_, clock_);
    SourceSetOptions sources;
    sources.files.push_back({{(directory_ / "mail.log").string()}, Symlinks::refused});
    std::ofstream log(directory_ / "mail.log");
    sources_ = std::make_unique<SourceSet>(sources, std::vector<SourcePosition>{}, clock_);
    pause();
    ASSERT_EQ(turn(Pace::asked), 1U);  // where the log begins
    commit();
  }
  void TearDown() override {
    to_commit_.close();
    committing_.join();
    std::filesystem::remove_all(directory_);
  }

  void append_line() {
    std::ofstream log(directory_ / "mail.log", std::ios::app);
    log << "2026-01-02T03:04:05.000000+00:00 mx1 postfix/smtpd[9]: 4XzQ1x2Y3zK" << ++lines_
        << ": client=client.example.org[192.0.2.1]\n";
  }
  void pause() { clock_.advance(10s); }
  // How many batches it sends.
  std::size_t turn(Pace pace) {
    const auto before = batches_.size();
    ingest_->turn(*sources_, pace);
    return batches_.size() - before;
  }
  // What was sent, so that its batches stand in the index; returns how many legs they had.
  std::size_t commit() {
    std::size_t legs = 0;
    while (batches_.size() > 0) {
      auto batch = *batches_.pop();
      legs += batch.batch.legs.size();
      const auto number = batch.flush_number;
      to_commit_.push(std::move(batch));
      while (loop_->committed() < number) std::this_thread::yield();
    }
    return legs;
  }

  std::filesystem::path directory_;
  ManualClock clock_{Time(1767323045s)};         // 2026-01-02T03:04:05Z; the ingest thread's
  ManualClock writer_clock_{Time(1767323045s)};  // read by another thread, so it stands still
  EmptyStore store_;
  std::unique_ptr<Writer> writer_;
  BoundedQueue<NumberedBatch> batches_{8};  // ingest's
  BoundedQueue<NumberedBatch> to_commit_{8};
  std::unique_ptr<WriterLoop> loop_;
  std::thread committing_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<SourceSet> sources_;
  int lines_ = 0;
};

TEST_F(IngestPaceTest, LinesWaitForThoseThatFollowWhileNobodyAsks) {
  pause();
  EXPECT_EQ(turn(Pace::unasked), 0U);  // nothing was read
  append_line();
  EXPECT_EQ(turn(Pace::unasked), 0U);
  clock_.advance(3s);
  append_line();
  EXPECT_EQ(turn(Pace::unasked), 0U);
  clock_.advance(3s);
  EXPECT_EQ(turn(Pace::unasked), 1U);
  EXPECT_EQ(commit(), 2U);
}

TEST_F(IngestPaceTest, AQuestionEndsTheWait) {
  pause();
  turn(Pace::unasked);
  append_line();
  clock_.advance(IngestOptions{}.batch_interval);
  EXPECT_EQ(turn(Pace::unasked), 0U);
  EXPECT_EQ(turn(Pace::asked), 1U);
  append_line();
  EXPECT_EQ(turn(Pace::asked), 0U);  // a moment after the last one
  clock_.advance(IngestOptions{}.batch_interval);
  EXPECT_EQ(turn(Pace::asked), 1U);
}

TEST_F(IngestPaceTest, KnowsWhenABatchIsDue) {
  pause();
  turn(Pace::unasked);
  EXPECT_EQ(ingest_->due_in(Pace::asked), std::nullopt);
  append_line();
  clock_.advance(50ms);
  turn(Pace::unasked);
  EXPECT_EQ(ingest_->due_in(Pace::asked), IngestOptions{}.batch_interval - 50ms);
  EXPECT_EQ(ingest_->due_in(Pace::unasked), IngestOptions{}.unasked_interval - 50ms);
  clock_.advance(150ms);
  turn(Pace::asked);
  EXPECT_EQ(ingest_->due_in(Pace::asked), std::nullopt);
}

TEST_F(IngestPaceTest, KnowsUpToWhenTheIndexIsComplete) {
  pause();
  turn(Pace::unasked);
  const auto looked_before = clock_.steady();
  clock_.advance(1s);
  append_line();  // it may have come at any moment of that second
  turn(Pace::unasked);
  EXPECT_EQ(ingest_->complete_until(), looked_before);
  clock_.advance(1s);
  turn(Pace::asked);  // sends it: it is not committed
  EXPECT_EQ(ingest_->complete_until(), looked_before);
  const auto looked_last = clock_.steady();
  commit();
  EXPECT_EQ(ingest_->complete_until(), looked_last);
}

TEST_F(IngestPaceTest, ABacklogThatIsNotCommittedIsNotComplete) {
  pause();
  turn(Pace::asked);
  const auto read_to_end_at = clock_.steady();
  clock_.advance(1s);
  for (int i = 0; i < 14'000; ++i) append_line();  // more than one turn reads
  int turns = 1;
  for (; ingest_->turn(*sources_); ++turns) clock_.advance(1s);
  EXPECT_GT(turns, 1);
  pause();
  turn(Pace::asked);
  EXPECT_EQ(ingest_->complete_until(), read_to_end_at);
  commit();
  EXPECT_GT(ingest_->complete_until(), read_to_end_at);
}

}  // namespace
}  // namespace rastro
