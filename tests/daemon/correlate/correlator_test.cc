#include "daemon/correlate/correlator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// What a store would hold: the newest version of each leg, lines and timeline of all versions.
class MemoryStore : public LegStore, public LegSink {
 public:
  void on_leg(const LegRecord& version) override {
    ++versions;
    auto& leg = legs[version.id];
    auto lines = std::move(leg.lines);
    auto timeline = std::move(leg.timeline);
    lines.insert(lines.end(), version.lines.begin(), version.lines.end());
    timeline.insert(timeline.end(), version.timeline.begin(), version.timeline.end());
    leg = version;
    leg.lines = std::move(lines);
    leg.timeline = std::move(timeline);
  }
  void on_encounter(Encounter&& encounter) override { encounters.push_back(std::move(encounter)); }
  void on_pending(std::string_view key, std::string_view value) override {
    if (value.empty()) {
      pending.erase(std::string(key));
    } else {
      pending[std::string(key)] = value;
    }
  }
  std::optional<LegRecord> find_open_leg(std::string_view host, Mta mta,
                                         std::string_view /*instance*/,
                                         std::string_view queue_id) override {
    ++lookups;
    for (const auto& [id, leg] : legs) {
      if (leg.queue_id == queue_id && leg.host == host && leg.mta == mta && is_open(leg))
        return bare(leg);
    }
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t id) override {
    ++lookups;
    const auto found = legs.find(id);
    return found == legs.end() ? std::nullopt : std::optional(bare(found->second));
  }

  const LegRecord& leg(std::string_view queue_id) const {
    for (const auto& [id, leg] : legs) {
      if (leg.queue_id == queue_id) return leg;
    }
    throw std::runtime_error("no leg " + std::string(queue_id));
  }

  std::map<std::uint64_t, LegRecord> legs;
  std::vector<Encounter> encounters;
  std::map<std::string, std::string> pending;
  int lookups = 0;
  int versions = 0;

 private:
  static LegRecord bare(LegRecord leg) {
    leg.lines.clear();
    leg.timeline.clear();
    return leg;
  }
};

class CorrelatorTest : public testing::Test {
 protected:
  CorrelatorTest() { restart(); }

  static CorrelatorOptions options() {
    CorrelatorOptions options;
    options.seed = 1;
    return options;
  }
  void restart(CorrelatorOptions with = options()) {
    correlator_ = std::make_unique<Correlator>(
        std::move(with),
        [](auto, std::uint16_t code, std::string_view) {
          return code >= 500 ? Reason::user_unknown : Reason::remote_error;
        },
        store_, store_);
    for (const auto& [id, leg] : store_.legs) {
      correlator_->know_leg(leg);
    }
    for (const auto& [key, value] : store_.pending) correlator_->restore_pending(key, value);
  }
  void say(std::string_view program, std::uint32_t pid, const Event& event) {
    header_.host = "mx1";
    header_.program = program;
    header_.pid = pid;
    const auto slash = program.rfind('/');
    LogLine line{header_, mta_,
                 slash == std::string_view::npos ? "" : program.substr(0, program.find('/')),
                 slash == std::string_view::npos ? program : program.substr(slash + 1),
                 LineRef{1, 10, offset_}};
    offset_ += 10;
    header_.logged_at += std::chrono::milliseconds(10);
    correlator_->apply(line, event);
  }
  void wait(Duration by) { header_.logged_at += by; }
  void flush() { correlator_->committed(correlator_->flush()); }

  void arrive(std::string_view id, std::uint32_t pid = 10) {
    Arrival arrival;
    arrival.queue_id = id;
    arrival.client = {"client.example.net", "192.0.2.7", 0};
    say("postfix/smtpd", pid, arrival);
    say("postfix/cleanup", 11, MessageIdSeen{id, "<m@example.net>", false});
    say("postfix/qmgr", 12, QueueActive{id, "ana@example.net", 500, 1});
  }
  static DeliveryAttempt attempt(std::string_view id, std::string_view to, DeliveryStatus status,
                                 std::string_view text = "250 2.0.0 Ok") {
    DeliveryAttempt out;
    out.queue_id = id;
    out.recipient = to;
    out.status = status;
    out.delivered_to = status == DeliveryStatus::sent ? DeliveredTo::remote : DeliveredTo::nowhere;
    out.agent = "smtp";
    out.relay = {"mx.example.org", "192.0.2.9", 25};
    out.reply_text = text;
    out.reply_code = static_cast<std::uint16_t>(
        text.size() >= 3 ? std::atoi(std::string(text.substr(0, 3)).c_str()) : 0);
    return out;
  }
  static PolicyVerdict rejection(std::string_view from, std::string_view to,
                                 std::string_view id = "") {
    PolicyVerdict out;
    out.queue_id = id;
    out.stage = "RCPT";
    out.client = {"client.example.net", "192.0.2.7", 0};
    out.reply_code = 550;
    out.reply_text = "550 5.1.1 unknown";
    out.envelope_sender = from;
    out.recipient = to;
    return out;
  }
  static std::vector<std::string> ends(const LegRecord& leg) {
    std::vector<std::string> out;
    for (const auto& r : leg.recipients)
      out.push_back(r.recipient + " " + std::string(outcome_name(r.outcome)));
    return out;
  }

  MemoryStore store_;
  std::unique_ptr<Correlator> correlator_;
  LineHeader header_{Time(std::chrono::seconds(1'800'000'000)), "mx1", "", 0, 1};
  Mta mta_ = Mta::postfix;
  std::uint64_t offset_ = 0;
};

TEST_F(CorrelatorTest, ADeliveredMessageIsOneClosedLeg) {
  say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "juan@example.org", DeliveryStatus::sent));
  say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
  say("postfix/smtpd", 10, SessionClosed{});
  flush();
  ASSERT_THAT(store_.legs, SizeIs(1));
  const auto& leg = store_.leg("A1");
  EXPECT_THAT(ends(leg), ElementsAre("juan@example.org delivered"));
  EXPECT_TRUE(leg.accepted);
  EXPECT_FALSE(is_open(leg));
  EXPECT_EQ(leg.envelope_sender, "ana@example.net");
  EXPECT_EQ(leg.submission.method, SubmissionMethod::mx);
  EXPECT_EQ(leg.recipients[0].attempts, 1u);
  EXPECT_THAT(leg.lines, SizeIs(7));  // connect and disconnect are evidence too
}

// Seen in one of five mails of a live Postfix: qmgr's line behind the end of the session.
TEST_F(CorrelatorTest, AMessageMayBecomeActiveAfterItsSessionClosed) {
  for (const std::string_view counts : {"ehlo=1 mail=1 rcpt=1 data=1 quit=1", "", "data=1/2"}) {
    store_.legs.clear();
    restart();
    say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
    Arrival arrival;
    arrival.queue_id = "A1";
    arrival.client = {"client.example.net", "192.0.2.7", 0};
    say("postfix/smtpd", 10, arrival);
    say("postfix/smtpd", 10, SessionClosed{{"client.example.net", "192.0.2.7", 0}, counts});
    if (counts.starts_with("ehlo")) {
      flush();
      restart();
    }
    say("postfix/qmgr", 12, QueueActive{"A1", "ana@example.net", 100, 1});
    say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
    say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
    flush();
    ASSERT_THAT(store_.legs, SizeIs(1)) << counts;
    EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("a@example.org delivered"));
    EXPECT_EQ(store_.leg("A1").submission.client.ip, "192.0.2.7");
  }
}

TEST_F(CorrelatorTest, ASessionThatFollowsAnotherOfItsProcessSurvivesARestart) {
  say("postfix/smtpd", 10, SessionOpened{{"one.example.net", "192.0.2.7", 0}});
  flush();
  say("postfix/smtpd", 10, SessionClosed{{"one.example.net", "192.0.2.7", 0}, ""});
  say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
  flush();
  restart();
  arrive("A1");
  say("postfix/smtpd", 10, SessionClosed{{"client.example.net", "192.0.2.7", 0}, ""});
  flush();
  EXPECT_THAT(store_.leg("A1").lines, SizeIs(5));
}

TEST_F(CorrelatorTest, EachRecipientKeepsItsOwnEnd) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
  say("postfix/smtp", 13, attempt("A1", "b@example.org", DeliveryStatus::bounced, "550 no"));
  say("postfix/smtp", 13, attempt("A1", "c@example.org", DeliveryStatus::deferred, "450 later"));
  flush();
  const auto& leg = store_.leg("A1");
  EXPECT_THAT(ends(leg), ElementsAre("a@example.org delivered", "b@example.org bounced",
                                     "c@example.org deferred"));
  EXPECT_EQ(leg.recipients[1].reason, Reason::user_unknown);
  EXPECT_EQ(leg.recipients[0].reason, Reason::none);
  EXPECT_TRUE(is_open(leg));
}

TEST_F(CorrelatorTest, RetriesAreCountedAndEarlierOnesStayInTheTimeline) {
  arrive("A1");
  for (int i = 0; i < 3; ++i) {
    say("postfix/smtp", 13, attempt("A1", "c@example.org", DeliveryStatus::deferred, "450 later"));
    flush();
    wait(std::chrono::minutes(5));
  }
  auto suspended =
      attempt("A1", "c@example.org", DeliveryStatus::deferred, "delivery temporarily suspended");
  suspended.bookkeeping = true;
  say("postfix/error", 14, suspended);
  say("postfix/smtp", 13, attempt("A1", "c@example.org", DeliveryStatus::sent));
  flush();
  const auto& leg = store_.leg("A1");
  EXPECT_EQ(leg.recipients[0].attempts, 4u);
  EXPECT_THAT(ends(leg), ElementsAre("c@example.org delivered"));
  ASSERT_THAT(leg.timeline, SizeIs(3));
  EXPECT_EQ(leg.timeline[0].ordinal, 1u);
  EXPECT_EQ(leg.timeline[2].text, "450 later");
}

TEST_F(CorrelatorTest, AQueueIdUsedAgainAfterRemovedIsAnotherMessage) {
  for (int i = 0; i < 3; ++i) {
    arrive("A1");
    say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
    say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
  }
  flush();
  EXPECT_THAT(store_.legs, SizeIs(3));
}

TEST_F(CorrelatorTest, AQueueIdUsedAgainWithoutRemovedEndsTheOldOneAsUnknown) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::deferred, "450 later"));
  arrive("A1");
  flush();
  ASSERT_THAT(store_.legs, SizeIs(2));
  const auto& first = store_.legs.begin()->second.recipients.empty() ? store_.legs.rbegin()->second
                                                                     : store_.legs.begin()->second;
  EXPECT_THAT(ends(first), ElementsAre("a@example.org unknown"));
  EXPECT_EQ(first.recipients[0].unknown_because, UnknownBecause::hole);
}

TEST_F(CorrelatorTest, ABounceAndItsParentNameEachOther) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "b@example.org", DeliveryStatus::bounced, "550 no"));
  say("postfix/cleanup", 11, MessageIdSeen{"B1", "<b@mx1>", false});
  say("postfix/bounce", 15, ChildAnnounced{"A1", "B1", ChildAnnounced::Kind::non_delivery});
  say("postfix/qmgr", 12, QueueActive{"B1", "", 900, 1});
  flush();
  ASSERT_THAT(store_.legs, SizeIs(2));
  const auto& child = store_.leg("B1");
  EXPECT_EQ(child.submission.method, SubmissionMethod::bounce);
  EXPECT_EQ(child.envelope_sender, "");
  ASSERT_THAT(child.links, SizeIs(1));
  EXPECT_EQ(child.links[0].queue_id, "A1");
  EXPECT_EQ(child.links[0].direction, LegLink::Direction::parent);
  ASSERT_THAT(store_.leg("A1").links, SizeIs(1));
  EXPECT_EQ(store_.leg("A1").links[0].queue_id, "B1");
}

TEST_F(CorrelatorTest, RefusedRecipientsOfOneSenderInOneSessionAreOneLeg) {
  say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
  say("postfix/smtpd", 10, rejection("ana@example.net", "x@example.org"));
  say("postfix/smtpd", 10, rejection("ana@example.net", "y@example.org"));
  say("postfix/smtpd", 10, rejection("eva@example.net", "z@example.org"));
  say("postfix/smtpd", 10, SessionClosed{});
  flush();
  ASSERT_THAT(store_.legs, SizeIs(2));
  for (const auto& [id, leg] : store_.legs) {
    EXPECT_FALSE(is_open(leg));
    EXPECT_FALSE(leg.accepted);
    EXPECT_TRUE(leg.queue_id.empty());
    EXPECT_THAT(leg.recipients, SizeIs(leg.envelope_sender == "ana@example.net" ? 2 : 1));
  }
}

TEST_F(CorrelatorTest, TheNextClientOfTheSameProcessIsAnotherSession) {
  for (int i = 0; i < 2; ++i) {
    say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
    say("postfix/smtpd", 10, rejection("ana@example.net", "x@example.org"));
    say("postfix/smtpd", 10, SessionClosed{});
  }
  flush();
  EXPECT_THAT(store_.legs, SizeIs(2));
}

TEST_F(CorrelatorTest, RecipientsRefusedBeforeTheFirstAcceptedOneAreLinkedToTheMessage) {
  say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
  say("postfix/smtpd", 10, rejection("ana@example.net", "x@example.org"));
  arrive("A1");
  say("postfix/smtpd", 10, rejection("ana@example.net", "y@example.org", "A1"));
  flush();
  ASSERT_THAT(store_.legs, SizeIs(2));
  for (const auto& [id, leg] : store_.legs) {
    if (!leg.queue_id.empty()) {
      EXPECT_THAT(ends(leg), ElementsAre("y@example.org rejected"));
      continue;
    }
    ASSERT_THAT(leg.links, SizeIs(1));
    EXPECT_EQ(leg.links[0].kind, LegLink::Kind::session);
    EXPECT_EQ(leg.links[0].queue_id, "A1");
  }
}

TEST_F(CorrelatorTest, ARefusalWithoutAddressesIsAnEncounterNotAMessage) {
  PolicyVerdict blocked;
  blocked.stage = "CONNECT";
  blocked.client = {"", "192.0.2.66", 0};
  blocked.reply_text = "550 5.7.1 blocked";
  say("postfix/postscreen", 9, blocked);
  say("postfix/smtpd", 10,
      LoginResult{{"", "192.0.2.66", 0}, "ana", "LOGIN", "authentication failure", false});
  flush();
  EXPECT_THAT(store_.legs, IsEmpty());
  ASSERT_THAT(store_.encounters, SizeIs(2));
  EXPECT_EQ(store_.encounters[1].kind, Encounter::Kind::login_failed);
}

TEST_F(CorrelatorTest, ExpiryEndsOnlyWhoStillWaits) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
  say("postfix/smtp", 13, attempt("A1", "b@example.org", DeliveryStatus::deferred, "450 later"));
  say("postfix/qmgr", 12, MessageExpired{"A1", "ana@example.net", false});
  say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
  flush();
  const auto& leg = store_.leg("A1");
  EXPECT_THAT(ends(leg), ElementsAre("a@example.org delivered", "b@example.org expired"));
  EXPECT_EQ(leg.recipients[1].reply_text, "450 later");
}

TEST_F(CorrelatorTest, ForwardingPassesTheRecipientToANewLeg) {
  arrive("A1");
  auto forwarded = attempt("A1", "info@example.org", DeliveryStatus::sent, "forwarded as B1");
  forwarded.forwarded_as = "B1";
  say("postfix/local", 13, forwarded);
  say("postfix/qmgr", 12, QueueActive{"B1", "ana@example.net", 500, 1});
  flush();
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("info@example.org passed"));
  ASSERT_THAT(store_.leg("B1").links, SizeIs(1));
  EXPECT_TRUE(store_.leg("B1").internal);
}

TEST_F(CorrelatorTest, ACopyInTheMailboxOutlivesAForward) {
  arrive("A1");
  auto kept = attempt("A1", "ana@example.org", DeliveryStatus::sent, "delivered to mailbox");
  kept.delivered_to = DeliveredTo::mailbox;
  auto forwarded = attempt("A1", "ana@example.org", DeliveryStatus::sent, "forwarded as B1");
  forwarded.forwarded_as = "B1";
  say("postfix/local", 13, kept);
  say("postfix/local", 13, forwarded);
  flush();
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("ana@example.org delivered"));
  EXPECT_THAT(store_.leg("A1").links, SizeIs(1));
}

TEST_F(CorrelatorTest, WhatAPeerClaimsIsALinkAndNoLeg) {
  arrive("A1");
  auto sent = attempt("A1", "a@example.org", DeliveryStatus::sent, "250 2.0.0 Ok: queued as B1");
  sent.queued_as = "B1";
  sent.relay = {"127.0.0.1", "127.0.0.1", 10024};
  say("postfix/smtp", 13, sent);
  flush();
  ASSERT_THAT(store_.legs, SizeIs(1));
  ASSERT_THAT(store_.leg("A1").links, SizeIs(1));
  EXPECT_TRUE(store_.leg("A1").links[0].claimed_by_peer);
  EXPECT_EQ(store_.leg("A1").links[0].kind, LegLink::Kind::filter);
}

TEST_F(CorrelatorTest, HeldMailIsHeldUntilReleased) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::deferred, "450 later"));
  say("postfix/postsuper", 20,
      QueueAction{"A1", QueueAction::Action::held, {}, {}, "placed on hold"});
  flush();
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("a@example.org held"));
  say("postfix/postsuper", 20, QueueAction{"A1", QueueAction::Action::released, {}, {}, ""});
  flush();
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("a@example.org deferred"));
}

TEST_F(CorrelatorTest, RequeuedMailGoesOnUnderItsNewId) {
  arrive("A1");
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::deferred, "450 later"));
  Arrival again;
  again.queue_id = "B1";
  again.method = ArrivalMethod::local;
  again.parent_id = "A1";
  say("postfix/pickup", 21, again);
  flush();
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("a@example.org passed"));
  EXPECT_FALSE(is_open(store_.leg("A1")));
  EXPECT_EQ(store_.leg("B1").links.at(0).kind, LegLink::Kind::requeue);
}

TEST_F(CorrelatorTest, AMessageThatWasNeverQueuedEndsWithItsSession) {
  say("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
  Arrival arrival;
  arrival.queue_id = "A1";
  say("postfix/smtpd", 10, arrival);
  say("postfix/smtpd", 10, SessionTrouble{{}, "lost connection", "DATA", "", {}});
  say("postfix/smtpd", 10, SessionClosed{});
  flush();
  EXPECT_FALSE(is_open(store_.leg("A1")));
  EXPECT_FALSE(store_.leg("A1").accepted);
}

TEST_F(CorrelatorTest, HalfKnownMessagesAreKeptWithWhatIsMissing) {
  say("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
  say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
  flush();
  EXPECT_FALSE(store_.leg("A1").arrival_seen);
  EXPECT_THAT(ends(store_.leg("A1")), ElementsAre("a@example.org delivered"));
}

TEST_F(CorrelatorTest, AnotherSyslogNameOfTheSameQueueIsTheSameLeg) {
  Arrival arrival;
  arrival.queue_id = "A1";
  arrival.login = "ana";
  say("submission/smtpd", 10, arrival);
  say("postfix/cleanup", 11, MessageIdSeen{"A1", "<m@example.net>", false});
  say("relay/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
  say("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
  flush();
  EXPECT_THAT(store_.legs, SizeIs(1));
}

TEST_F(CorrelatorTest, EximKeepsTheTrueCauseOfAnExpiredRecipient) {
  mta_ = Mta::exim;
  Arrival arrival;
  arrival.queue_id = "1rABCD-000001-AB";
  arrival.envelope_sender = "ana@example.net";
  arrival.recipients = "a@example.org b@example.org";
  say("exim", 30, arrival);
  say("exim", 31,
      attempt(arrival.queue_id, "a@example.org", DeliveryStatus::deferred, "450 mailbox busy"));
  say("exim", 31,
      attempt(arrival.queue_id, "a@example.org", DeliveryStatus::expired,
              "retry timeout exceeded"));
  flush();
  const auto& leg = store_.leg(arrival.queue_id);
  EXPECT_THAT(ends(leg), ElementsAre("a@example.org expired", "b@example.org queued"));
  EXPECT_EQ(leg.recipients[0].reply_text, "450 mailbox busy");
}

TEST_F(CorrelatorTest, WhatEximSaysOfChecksAreFacts) {
  mta_ = Mta::exim;
  Arrival arrival;
  arrival.queue_id = "1rABCD-000001-AB";
  arrival.recipients = "a@example.org b@example.org";
  arrival.dkim_domain = "example.net";
  arrival.spf_result = "softfail";
  arrival.dmarc_result = "reject";
  arrival.arc_passed = true;
  say("exim", 30, arrival);
  for (const auto* to : {"a@example.org", "b@example.org"}) {
    auto sent = attempt(arrival.queue_id, to, DeliveryStatus::sent);
    sent.dkim_signed = "example.org";
    say("exim", 31, sent);
  }
  flush();
  std::vector<std::string> told;
  for (const auto& fact : store_.leg(arrival.queue_id).facts) {
    told.push_back(fact.source + " " + fact.name + " " + fact.value);
  }
  EXPECT_THAT(told, ElementsAre("exim.dkim d example.net", "exim.spf result softfail",
                                "exim.dmarc result reject", "exim.arc result pass",
                                "exim.dkim signed example.org"));
}

TEST_F(CorrelatorTest, EximAddressesAreFoundAgainAfterARouterRewroteThem) {
  mta_ = Mta::exim;
  Arrival arrival;
  arrival.queue_id = "1rABCD-000001-AB";
  arrival.recipients = "info@example.org";
  say("exim", 30, arrival);
  auto first = attempt(arrival.queue_id, "ana", DeliveryStatus::sent);
  first.original_recipient = "info@example.org";
  auto second = attempt(arrival.queue_id, "eva", DeliveryStatus::sent);
  second.original_recipient = "info@example.org";
  say("exim", 31, first);
  say("exim", 31, second);
  flush();
  EXPECT_THAT(ends(store_.leg(arrival.queue_id)), ElementsAre("ana delivered", "eva delivered"));
}

TEST_F(CorrelatorTest, WhoseMailEximGivesToAProgramIsTheRecipient) {
  mta_ = Mta::exim;
  const auto to_program = [](DeliveryStatus status, std::string_view reply = {}) {
    auto out = attempt("1rABCD-000001-AB", "|/usr/bin/sorter", status, reply);
    out.original_recipient = "ana@example.org";
    out.file_or_command = "|/usr/bin/sorter";
    out.delivered_to = DeliveredTo::program;
    return out;
  };
  say("exim", 31, to_program(DeliveryStatus::deferred, "Child process returned 75"));
  say("exim", 32, to_program(DeliveryStatus::sent));
  flush();
  const auto& leg = store_.leg("1rABCD-000001-AB");
  EXPECT_THAT(ends(leg), ElementsAre("ana@example.org delivered"));
  EXPECT_EQ(leg.recipients[0].attempts, 2U);
  EXPECT_EQ(leg.recipients[0].reply_text, "|/usr/bin/sorter");
  EXPECT_FALSE(leg.recipients[0].original_recipient.has_value());
}

TEST_F(CorrelatorTest, AProgramThatFailsBesideAMailboxIsToldApart) {
  mta_ = Mta::exim;
  say("exim", 31, attempt("1rABCD-000001-AB", "ana@example.org", DeliveryStatus::sent));
  auto failed = attempt("1rABCD-000001-AB", "|/usr/bin/sorter", DeliveryStatus::bounced, "broken");
  failed.original_recipient = "ana@example.org";
  failed.file_or_command = "|/usr/bin/sorter";
  say("exim", 32, failed);
  auto worked = failed;
  worked.recipient = worked.file_or_command = "|/usr/bin/other";
  worked.status = DeliveryStatus::sent;
  say("exim", 33, worked);
  flush();
  EXPECT_THAT(ends(store_.leg("1rABCD-000001-AB")),
              ElementsAre("ana@example.org delivered", "|/usr/bin/sorter bounced"));
}

TEST_F(CorrelatorTest, AnEximRefusalBelongsToTheNextMessageOnly) {
  mta_ = Mta::exim;
  say("exim", 0, rejection("ana@example.net", "nobody@example.org"));
  Arrival arrival;
  arrival.client = {"client.example.net", "192.0.2.7", 0};
  arrival.envelope_sender = "ana@example.net";
  for (const std::string_view id : {"1rABCD-000001-AB", "1rABCD-000002-AB"}) {
    arrival.queue_id = id;
    say("exim", 0, arrival);
  }
  say("exim", 0, rejection("ana@example.net", "nobody2@example.org"));
  flush();
  ASSERT_THAT(store_.legs, SizeIs(4));
  std::vector<std::string> joined;
  for (const auto& [id, leg] : store_.legs) {
    for (const auto& link : leg.links) joined.push_back(link.queue_id);
  }
  EXPECT_THAT(joined, ElementsAre("1rABCD-000001-AB"));
}

TEST_F(CorrelatorTest, AnEximDelayWarningIsNoBounce) {
  mta_ = Mta::exim;
  Arrival arrival;
  arrival.queue_id = "1rABCD-000001-AB";
  say("exim", 30, arrival);
  say("exim", 31, attempt(arrival.queue_id, "a@example.org", DeliveryStatus::deferred, "450 busy"));
  Arrival warning;
  warning.queue_id = "1rABCE-000001-AB";
  warning.envelope_sender = "";
  warning.method = ArrivalMethod::local;
  warning.parent_id = "1rABCD-000001-AB";
  warning.parent_is_bounced = true;
  say("exim", 32, warning);
  flush();
  EXPECT_EQ(store_.leg("1rABCE-000001-AB").links.at(0).kind, LegLink::Kind::delay_notice);
}

TEST_F(CorrelatorTest, EvictedLegsComeBackWithTheirNextLine) {
  auto small = options();
  small.open_legs_max = 10;
  restart(small);
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back("F" + std::to_string(1000 + i));
  for (const auto& id : ids) {
    arrive(id);
    flush();
  }
  EXPECT_LE(correlator_->legs_in_memory(), 10u);
  for (const auto& id : ids) {
    say("postfix/smtp", 13, attempt(id, "a@example.org", DeliveryStatus::sent));
    say("postfix/qmgr", 12, Removed{id, Removed::By::queue_manager});
    flush();
  }
  ASSERT_THAT(store_.legs, SizeIs(100));
  for (const auto& [id, leg] : store_.legs) {
    EXPECT_FALSE(is_open(leg));
    EXPECT_EQ(leg.envelope_sender, "ana@example.net");
    EXPECT_THAT(leg.lines, SizeIs(5));
  }
}

TEST_F(CorrelatorTest, SilentLegsLeaveMemoryAndComeBackWithTheirNextLine) {
  for (int i = 0; i < 20; ++i) {
    const auto id = "F" + std::to_string(1000 + i);
    arrive(id);
    say("postfix/smtp", 13, attempt(id, "a@example.org", DeliveryStatus::deferred, "450 busy"));
  }
  EXPECT_EQ(correlator_->set_silent_aside(), 0u) << "not in the store yet";
  flush();
  EXPECT_EQ(correlator_->set_silent_aside(), 0u) << "spoken of a moment ago";
  wait(options().open_leg_silence_max);
  arrive("NEW");
  flush();
  EXPECT_EQ(correlator_->set_silent_aside(), 20u);
  EXPECT_EQ(correlator_->legs_in_memory(), 1u);
  EXPECT_EQ(correlator_->counters().legs_evicted, 0u) << "nothing was short of room";

  say("postfix/smtp", 14, attempt("F1007", "a@example.org", DeliveryStatus::sent));
  say("postfix/qmgr", 12, Removed{"F1007", Removed::By::queue_manager});
  flush();
  const auto& leg = store_.leg("F1007");
  EXPECT_THAT(ends(leg), ElementsAre("a@example.org delivered"));
  EXPECT_EQ(leg.recipients[0].attempts, 2u);
  EXPECT_THAT(leg.lines, SizeIs(6));
  EXPECT_THAT(store_.legs, SizeIs(21)) << "no second leg under the same id";
}

TEST_F(CorrelatorTest, UnknownIdsCostNoLookup) {
  for (int i = 0; i < 100; ++i) arrive("F" + std::to_string(1000 + i));
  flush();
  EXPECT_EQ(store_.lookups, 0);
}

// A story told in full, and told with a restart after each of its lines, must come out the same.
TEST_F(CorrelatorTest, ARestartAtAnyLineGivesTheSameLegs) {
  const auto tell = [&](int restart_after) {
    store_ = MemoryStore();
    restart();
    header_.logged_at = Time(std::chrono::seconds(1'800'000'000));
    offset_ = 0;
    int told = 0;
    const auto line = [&](std::string_view program, std::uint32_t pid, const Event& event) {
      say(program, pid, event);
      if (++told == restart_after) {
        flush();
        restart();
      }
    };
    line("postfix/smtpd", 10, SessionOpened{{"client.example.net", "192.0.2.7", 0}});
    line("postfix/smtpd", 10, rejection("ana@example.net", "x@example.org"));
    Arrival arrival;
    arrival.queue_id = "A1";
    line("postfix/smtpd", 10, arrival);
    line("postfix/cleanup", 11, MessageIdSeen{"A1", "<m@example.net>", false});
    line("postfix/qmgr", 12, QueueActive{"A1", "eva@example.net", 500, 2});
    line("postfix/smtpd", 10, SessionClosed{});
    line("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::deferred, "450 later"));
    line("postfix/smtp", 13, attempt("A1", "b@example.org", DeliveryStatus::bounced, "550 no"));
    line("postfix/cleanup", 11, MessageIdSeen{"B1", "<b@mx1>", false});
    line("postfix/bounce", 15, ChildAnnounced{"A1", "B1", ChildAnnounced::Kind::non_delivery});
    line("postfix/qmgr", 12, QueueActive{"B1", "", 900, 1});
    line("postfix/smtp", 13, attempt("A1", "a@example.org", DeliveryStatus::sent));
    line("postfix/qmgr", 12, Removed{"A1", Removed::By::queue_manager});
    flush();
    return told;
  };
  const auto picture = [&] {
    std::string out;
    for (const auto& [id, leg] : store_.legs) {
      out += format_leg_id(id) + " " + leg.queue_id + " lines " + std::to_string(leg.lines.size()) +
             " timeline " + std::to_string(leg.timeline.size()) + " links " +
             std::to_string(leg.links.size()) + (is_open(leg) ? " open" : " closed");
      for (const auto& end : ends(leg)) out += " " + end;
      out += "\n";
    }
    return out;
  };
  const int lines = tell(-1);
  const auto want = picture();
  for (int cut = 1; cut <= lines; ++cut) {
    tell(cut);
    EXPECT_EQ(picture(), want) << "restart after line " << cut;
  }
}

}  // namespace
}  // namespace rastro
