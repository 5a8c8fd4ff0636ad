// What the correlator holds: an open journey costs little, and a flood of queue ids that never end
// stays within its bounds and harms nobody else's journey.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <new>

#include "daemon/correlate/correlator.h"

namespace {

std::atomic<std::size_t> bytes_held{0};

void* counted(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  bytes_held += malloc_usable_size(memory);
  return memory;
}
void give_back(void* memory) {
  if (memory == nullptr) return;
  bytes_held -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { give_back(memory); }

namespace rastro {
namespace {

constexpr std::size_t kJourneyBytesMax = 2048;
constexpr std::size_t kEvictedBytesMax = 48;  // two 8-byte words in a table that has doubled

// Keeps the legs of one sender and lets all others go.
class FewLegsStore final : public LegStore, public LegSink {
 public:
  explicit FewLegsStore(std::string kept_sender) : kept_sender_(std::move(kept_sender)) {}
  void on_leg(const LegRecord& version) override {
    if (version.envelope_sender != kept_sender_) return;
    legs[version.id] = version;
  }
  void on_encounter(Encounter&& /*encounter*/) override {}
  void on_pending(std::string_view /*key*/, std::string_view /*value*/) override {}
  std::optional<LegRecord> find_open_leg(std::string_view /*host*/, Mta /*mta*/,
                                         std::string_view /*instance*/,
                                         std::string_view /*queue_id*/) override {
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t id) override {
    const auto found = legs.find(id);
    if (found == legs.end()) return std::nullopt;
    auto leg = found->second;
    leg.lines.clear();
    leg.timeline.clear();
    return leg;
  }

  std::map<std::uint64_t, LegRecord> legs;

 private:
  std::string kept_sender_;
};

class CorrelatorMemory : public testing::Test {
 protected:
  CorrelatorMemory()
      : correlator_(
            options(), [](auto, auto, auto) { return Reason::greylisted; }, store_, store_) {}

  static CorrelatorOptions options() {
    CorrelatorOptions options;
    options.seed = 1;
    return options;
  }
  void say(std::string_view agent, std::uint32_t pid, const Event& event) {
    const std::string program = "postfix/" + std::string(agent);
    LineHeader header;
    header.logged_at = now_;
    header.host = "mx1.example.org";
    header.program = program;
    header.pid = pid;
    correlator_.apply(
        LogLine{header, Mta::postfix, "postfix", agent, LineRef{1, 150, offset_ += 150}}, event);
    now_ += std::chrono::milliseconds(2);
  }
  void flush() { correlator_.committed(correlator_.flush()); }

  static std::string queue_id(std::size_t number) { return "4ZrT" + std::to_string(number) + "Kz"; }

  // As much as the lines of an ordinary message tell; every third one has a second recipient, half
  // came over TLS, every fifth with a login.
  void arrive(std::size_t number, std::string_view sender) {
    const auto id = queue_id(number);
    const auto message_id = "<20260102030405." + std::to_string(number) + "@mail.example.net>";
    const auto pid = static_cast<std::uint32_t>(100 + number % 50);
    const Peer client{"client.107.pool.example.net", "192.0.2.107", 0};
    say("smtpd", pid, SessionOpened{client});
    if (number % 2 == 0) {
      say("smtpd", pid,
          SessionTls{SessionTls::Direction::inbound, client, "Anonymous", "TLSv1.3",
                     "TLS_AES_256_GCM_SHA384"});
    }
    Arrival arrival;
    arrival.queue_id = id;
    arrival.client = client;
    if (number % 5 == 0) arrival.login = "ana.maria.lopez@example.net";
    say("smtpd", pid, arrival);
    say("cleanup", 20, MessageIdSeen{id, message_id, false});
    say("qmgr", 30, QueueActive{id, sender, 12'345, number % 3 == 0 ? 2U : 1U});
    say("smtpd", pid, SessionClosed{client, "ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"});
  }
  void attempt(std::size_t number, DeliveryStatus status) {
    const auto id = queue_id(number);
    for (std::size_t i = 0; i < (number % 3 == 0 ? 2U : 1U); ++i) {
      const auto recipient = "recipient." + std::to_string(number + i) + "@example.org";
      DeliveryAttempt attempt;
      attempt.queue_id = id;
      attempt.recipient = recipient;
      attempt.agent = "smtp";
      attempt.relay = {"mx1.mail.example.org", "198.51.100.25", 25};
      attempt.status = status;
      attempt.reply_text =
          "host mx1.mail.example.org[198.51.100.25] said: 450 4.2.0 <recipient@example.org>: "
          "Recipient address rejected: Greylisted, see http://postgrey.example.org/help (in reply "
          "to RCPT TO command)";
      say("smtp", 40, attempt);
    }
  }

  FewLegsStore store_{"ana@example.net"};
  Correlator correlator_;
  Time now_{std::chrono::seconds(1'800'000'000)};
  std::uint64_t offset_ = 0;
};

TEST_F(CorrelatorMemory, AnOpenJourneyCostsAtMostTwoKibibytes) {
  constexpr std::size_t kJourneys = 15'000;
  const auto add = [this](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      arrive(i, "sender." + std::to_string(i) + "@example.com");
      attempt(i, DeliveryStatus::deferred);
      if (i % 100 == 0) flush();
    }
    flush();
  };
  add(0, 100);  // what does not grow with the journeys
  const auto before = bytes_held.load();
  add(100, kJourneys);
  ASSERT_EQ(correlator_.legs_in_memory(), kJourneys + 100);
  const auto per_journey = (bytes_held - before) / kJourneys;
  RecordProperty("bytes_per_open_journey", static_cast<int>(per_journey));
  EXPECT_LE(per_journey, kJourneyBytesMax);
  EXPECT_GE(per_journey, sizeof(LegRecord));  // or nothing was counted
}

TEST_F(CorrelatorMemory, AMillionQueueIdsThatNeverEndHarmNobody) {
  constexpr std::size_t kOthers = 200;
  constexpr std::size_t kFlood = 1'000'000;
  const auto before = bytes_held.load();
  for (std::size_t i = 0; i < kOthers; ++i) {
    arrive(i, "ana@example.net");
    attempt(i, DeliveryStatus::deferred);
  }
  flush();
  const auto limits = options();
  const auto bytes_max = limits.open_legs_max * kJourneyBytesMax + kFlood * kEvictedBytesMax;
  for (std::size_t i = 0; i < kFlood; ++i) {
    Arrival arrival;
    const auto id = queue_id(1'000'000 + i);
    arrival.queue_id = id;
    arrival.client = {"unknown", "203.0.113.9", 0};
    say("smtpd", 99, arrival);
    if (i % 1'000 != 0) continue;
    flush();
    ASSERT_LE(correlator_.legs_in_memory(), limits.open_legs_max + 1'000);
    ASSERT_LE(bytes_held - before, bytes_max) << "after " << i;
  }
  EXPECT_GT(correlator_.counters().legs_evicted, kFlood - limits.open_legs_max);

  for (std::size_t i = 0; i < kOthers; ++i) {
    attempt(i, DeliveryStatus::sent);
    say("qmgr", 30, Removed{queue_id(i), Removed::By::queue_manager});
  }
  flush();
  ASSERT_EQ(store_.legs.size(), kOthers);
  for (const auto& [id, leg] : store_.legs) {
    EXPECT_FALSE(is_open(leg));
    for (const auto& recipient : leg.recipients) {
      EXPECT_EQ(recipient.outcome, Outcome::delivered);
      EXPECT_EQ(recipient.attempts, 2U);
    }
  }
}

}  // namespace
}  // namespace rastro
