// Reject logs as the pipeline follows them, one file after the other.
#include <map>
#include <set>
#include <string>

#include "daemon/line_pipeline.h"
#include "daemon/log_origin.h"
#include "gmock/gmock.h"

namespace rastro {
namespace {

class RejectLogs : public testing::Test, public LegStore, public LegSink {
 protected:
  std::optional<LegRecord> find_open_leg(std::string_view /*host*/, Mta /*mta*/,
                                         std::string_view /*instance*/,
                                         std::string_view /*queue_id*/) override {
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t /*id*/) override { return std::nullopt; }
  void on_leg(const LegRecord& version) override {
    for (const auto& one : version.recipients) recipients_.insert(one.recipient);
  }
  void on_encounter(Encounter&& /*encounter*/) override {}
  void on_pending(std::string_view key, std::string_view value) override {
    if (!key.starts_with("refusal:")) return;
    if (value.empty()) {
      pending_.erase(std::string(key));
    } else {
      pending_[std::string(key)] = value;
    }
  }

  static LineOrigin origin(std::uint32_t source) {
    return {source, "/var/log/exim4/rejectlog", LineFormat::exim,
            StampReader("UTC", Time(std::chrono::seconds(1'795'484'429))), "mx1"};
  }
  void say(LineOrigin& origin, std::string_view text) {
    const RawLine raw{text, offset_, static_cast<std::uint32_t>(text.size()), false};
    offset_ += text.size() + 1;
    pipeline_->take(origin, raw, LinePipeline::read_header(origin, raw), correlator_);
  }
  // One record; it ends in a header, as reject logs do.
  void refuse(LineOrigin& origin, int number) {
    auto digits = std::to_string(number);
    digits.insert(0, 3 - digits.size(), '0');
    say(origin, "2026-11-24 01:40:29 1wX" + digits +
                    "-000abc-Ab H=mx.example.com [203.0.113.5] F=<eva@example.com> rejected after "
                    "DATA: spam");
    say(origin, "Envelope-from: <eva@example.com>");
    say(origin, "Envelope-to: <" + std::to_string(number) + "@example.org>");
    say(origin, "    <also" + std::to_string(number) + "@example.org>");
    say(origin, "I Message-ID: <" + std::to_string(number) + "@example.com>");
  }
  void restart() {
    pipeline_->hand_over_pending(*this);
    pipeline_ = std::make_unique<LinePipeline>(counters_, 1);
    for (const auto& [key, value] : pending_) pipeline_->restore_pending(key, value);
  }
  const std::set<std::string>& recipients() {
    correlator_.flush();
    pipeline_->hand_over_pending(*this);
    return recipients_;
  }

  LineCounters counters_;
  std::unique_ptr<LinePipeline> pipeline_ = std::make_unique<LinePipeline>(counters_, 1);
  Correlator correlator_{{}, [](auto, auto, auto) { return Reason::spam_content; }, *this, *this};
  std::uint64_t offset_ = 0;
  std::set<std::string> recipients_;
  std::map<std::string, std::string> pending_;
};

TEST_F(RejectLogs, AreFollowedHoweverManyWereRotatedAway) {
  constexpr int kFiles = 140;
  for (int file = 1; file <= kFiles; ++file) {
    auto log = origin(static_cast<std::uint32_t>(file));
    refuse(log, file);
    if (file % 50 == 0) restart();
  }
  for (int file = 1; file <= kFiles; ++file)
    EXPECT_TRUE(recipients().contains(std::to_string(file) + "@example.org")) << file;
  EXPECT_LE(pending_.size(), 64U);
}

TEST_F(RejectLogs, LeaveNothingWhenTheyEnd) {
  for (std::uint32_t file = 1; file <= 3; ++file) {
    auto log = origin(file);
    refuse(log, static_cast<int>(file));
    pipeline_->hand_over_pending(*this);
    EXPECT_EQ(pending_.size(), 1U);
    pipeline_->end_source(file);
  }
  EXPECT_THAT(recipients(), testing::IsSupersetOf({"1@example.org", "also3@example.org"}));
  EXPECT_TRUE(pending_.empty());
}

TEST_F(RejectLogs, AreKnownByTheirNames) {
  for (const char* path : {"/var/log/exim4/rejectlog", "/var/log/exim_rejectlog",
                           "/var/log/exim/reject.log", "rejectlog"})
    EXPECT_TRUE(is_exim_reject_log(path)) << path;
  for (const char* path : {"/var/log/exim_mainlog", "/var/log/rejectlog/mail.log", ""})
    EXPECT_FALSE(is_exim_reject_log(path)) << path;
}

TEST_F(RejectLogs, ARecordGoesOnBehindARestart) {
  auto log = origin(7);
  say(log,
      "2026-11-24 01:40:29 1wX001-000abc-Ab H=mx.example.com [203.0.113.5] F=<eva@example.com> "
      "rejected after DATA: spam");
  say(log, "Envelope-from: <eva@example.com>");
  say(log, "Envelope-to: <one@example.org>");
  restart();
  say(log, "    <two@example.org>");
  EXPECT_THAT(recipients(), testing::IsSupersetOf({"one@example.org", "two@example.org"}));
}

}  // namespace
}  // namespace rastro
