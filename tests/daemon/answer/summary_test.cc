#include "daemon/answer/summary.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::deferred_leg;
using samples::simple_leg;

// Each look at it takes a day.
class HastyClock final : public Clock {
 public:
  Time wall() const override { return samples::start_time(); }
  Duration steady() const override { return days_ += std::chrono::hours(24); }

 private:
  mutable Duration days_{0};
};

class Summaries : public WriterFixture {
 protected:
  void SetUp() override { open(); }
  Summary sum(SummaryBy by, const std::string& direction = {}) {
    auto reader = samples::reader_of(*writer_);
    auto summary = summarize(*reader, {}, {by, direction}, 10, {Duration::zero()}, clock_);
    EXPECT_TRUE(summary);
    return std::move(*summary);
  }
  const Time start_ = samples::start_time();
};

TEST_F(Summaries, CountMessagesAndWhatBecameOfThem) {
  auto bulk = simple_leg(1, start_, "juan@example.com");
  bulk.submission.login = "Shop";
  bulk.size_bytes = 1000;
  bulk.recipients.push_back(deferred_leg(1, start_, "eva@example.net").recipients[0]);
  commit({bulk, simple_leg(2, start_ + 1s, "juan@example.com")}, start_ + 10s);
  const auto logins = sum(SummaryBy::login);
  ASSERT_EQ(logins.rows.size(), 2U);
  EXPECT_EQ(logins.total.messages, 2U);
  const auto shop = std::ranges::find(logins.rows, "shop", &SummaryRow::key);
  ASSERT_NE(shop, logins.rows.end());
  EXPECT_EQ(shop->bytes, 1000U);
  EXPECT_EQ(shop->recipients[static_cast<std::size_t>(Outcome::deferred)], 1U);
  const auto domains = sum(SummaryBy::domain);
  EXPECT_EQ(domains.rows[0].key, "example.com");
  EXPECT_EQ(domains.rows[0].messages, 2U);
  EXPECT_EQ(domains.rows[1].messages, 1U);
}

TEST_F(Summaries, AreOfOneDirection) {
  auto outgoing = simple_leg(1, start_, "juan@example.com");
  outgoing.submission.method = SubmissionMethod::submission;
  outgoing.recipients[0].delivered_to = DeliveredTo::remote;
  outgoing.recipients[0].relay = {"mx.example.com", "192.0.2.7", 25};
  auto incoming = simple_leg(2, start_ + 1s, "eva@example.org");
  incoming.submission.method = SubmissionMethod::mx;
  incoming.recipients[0].delivered_to = DeliveredTo::mailbox;
  auto local = simple_leg(3, start_ + 2s, "eva@example.org");
  local.submission.method = SubmissionMethod::submission;
  local.recipients[0].delivered_to = DeliveredTo::mailbox;
  auto relayed = outgoing;
  relayed.id = simple_leg(4, start_ + 3s, "juan@example.com").id;
  relayed.queue_id = "Q4";
  relayed.submission.method = SubmissionMethod::mx;
  commit({outgoing, incoming, local, relayed}, start_ + 10s);
  EXPECT_EQ(sum(SummaryBy::sender).total.messages, 4U);
  for (const auto* direction : {"in", "out", "local", "relay"}) {
    EXPECT_EQ(sum(SummaryBy::sender, direction).total.messages, 1U) << direction;
    EXPECT_EQ(sum(SummaryBy::domain, direction).rows.size(), 1U) << direction;
  }
  EXPECT_EQ(sum(SummaryBy::domain, "in").rows[0].key, "example.org");
}

TEST_F(Summaries, ByTheScriptThatSent) {
  auto script = simple_leg(1, start_, "juan@example.com");
  script.submission.script = "/home/ana/www/mail.php";
  auto directory = simple_leg(2, start_ + 1s, "juan@example.com");
  directory.submission.script_dir = "/home/eva/www";
  commit({script, directory, simple_leg(3, start_ + 2s, "juan@example.com")}, start_ + 10s);
  const auto found = sum(SummaryBy::script);
  std::set<std::string> keys;
  for (const auto& row : found.rows) keys.insert(row.key);
  EXPECT_EQ(keys, (std::set<std::string>{"", "/home/ana/www/mail.php", "/home/eva/www"}));
}

TEST_F(Summaries, AMessageThatAFilterHandsBackIsOne) {
  auto outer = simple_leg(1, start_, "juan@example.com");
  LegLink link;
  link.kind = LegLink::Kind::filter;
  link.direction = LegLink::Direction::child;
  link.claimed_by_peer = false;
  link.queue_id = "Q2";
  link.recipient = 0;
  link.at = start_ + 1s;
  outer.links = {link};
  auto inner = simple_leg(2, start_ + 1s, "juan@example.com");
  inner.submission.client = {"localhost", "127.0.0.1", 0};
  auto program = simple_leg(3, start_ + 2s, "juan@example.com");
  program.submission.client = {"localhost", "127.0.0.1", 0};
  commit({outer, inner, program}, start_ + 10s);
  const auto senders = sum(SummaryBy::sender);
  EXPECT_EQ(senders.total.messages, 2U);
  EXPECT_EQ(senders.total.recipients[static_cast<std::size_t>(Outcome::delivered)], 2U);
}

// The filter's own line, or the id that it was given (orig_queue_id), names no recipient.
TEST_F(Summaries, AMessageThatAFilterHandsBackAsAWholeIsOne) {
  auto outer = simple_leg(1, start_, "juan@example.com");
  outer.recipients.push_back(simple_leg(1, start_, "eva@example.net").recipients[0]);
  LegLink link;
  link.kind = LegLink::Kind::filter;
  link.direction = LegLink::Direction::child;
  link.queue_id = "Q2";
  link.at = start_ + 1s;
  outer.links = {link};
  auto inner = simple_leg(2, start_ + 1s, "juan@example.com");
  inner.submission.client = {"localhost", "127.0.0.1", 0};
  inner.recipients.push_back(outer.recipients[1]);
  link.direction = LegLink::Direction::parent;
  link.queue_id = "Q1";
  inner.links = {link};
  commit({outer, inner}, start_ + 10s);
  const auto domains = sum(SummaryBy::domain);
  ASSERT_EQ(domains.rows.size(), 2U);
  EXPECT_EQ(domains.rows[0].recipients[static_cast<std::size_t>(Outcome::delivered)], 1U);
  EXPECT_EQ(domains.rows[1].recipients[static_cast<std::size_t>(Outcome::delivered)], 1U);
}

// "redirect": the mailbox server hands the message in again, and keeps no copy or does.
TEST_F(Summaries, WhatASieveScriptSendsOnIsOneMessage) {
  for (const bool keeps : {false, true}) {
    const auto at = start_ + (keeps ? 100s : 0s);
    const std::uint64_t number = keeps ? 10 : 1;
    auto mail = simple_leg(number, at, "juan@example.com");
    mail.recipients[0].last_attempt_at = at + 1s;
    mail.recipients[0].delivered_to = DeliveredTo::mailbox;
    mail.facts = {{"dovecot", "forwarded", "forwarded to <eva@example.net>"}};
    if (keeps) mail.recipients[0].folder = "INBOX";
    auto copy = simple_leg(number + 1, at + 1s, "eva@example.net");
    copy.message_id = mail.message_id;
    copy.submission = {};
    copy.submission.method = SubmissionMethod::local;
    copy.submission.uid = 5000;
    auto script = simple_leg(number + 2, at + 2s, "eva@example.net");
    script.submission = copy.submission;
    commit({mail, copy, script}, at + 10s);
  }
  const auto delivered = static_cast<std::size_t>(Outcome::delivered);
  const auto outcomes = sum(SummaryBy::outcome);
  EXPECT_EQ(outcomes.total.messages, 4U);
  ASSERT_EQ(outcomes.rows.size(), 1U);
  EXPECT_EQ(outcomes.rows[0].messages, 4U);
  EXPECT_EQ(outcomes.rows[0].recipients[delivered],
            sum(SummaryBy::sender).total.recipients[delivered]);
  const auto domains = sum(SummaryBy::domain);
  const auto kept = std::ranges::find(domains.rows, "example.com", &SummaryRow::key);
  ASSERT_NE(kept, domains.rows.end());
  EXPECT_EQ(kept->recipients[delivered], 1U);
  EXPECT_EQ(kept->messages, 1U);
}

LegLink child_of(const LegRecord& parent, const std::string& queue_id, std::int32_t recipient) {
  LegLink link;
  link.kind = LegLink::Kind::hop;
  link.direction = LegLink::Direction::child;
  link.claimed_by_peer = true;
  link.queue_id = queue_id;
  link.recipient = recipient;
  link.at = parent.opened_at + 1s;
  return link;
}

std::uint64_t ended(const SummaryRow& row, Outcome outcome) {
  return row.recipients[static_cast<std::size_t>(outcome)];
}

// "queued as" of a host whose log is read too: what the sender's message came to is what happened
// there, whichever of the two is read first.
TEST_F(Summaries, AMessageThatAnotherHostOfOursTookOverIsOne) {
  for (const bool sent_last : {false, true}) {
    auto sent = simple_leg(1, start_, "juan@example.com");
    sent.submission.login = "www";
    sent.recipients.push_back(sent.recipients[0]);
    sent.recipients[1].recipient = "eva@example.com";
    sent.links = {child_of(sent, "Q2", 0), child_of(sent, "Q2", 1)};
    auto relayed = simple_leg(2, start_ + 1s, "juan@example.com");
    relayed.host = "relay";
    relayed.submission.client = {"web1", "10.0.0.1", 0};
    relayed.recipients[0].outcome = Outcome::bounced;
    relayed.recipients.push_back(relayed.recipients[0]);
    relayed.recipients[1].recipient = "eva@example.com";
    relayed.recipients[1].outcome = Outcome::delivered;
    commit({sent_last ? relayed : sent}, start_ + 10s);
    commit({sent_last ? sent : relayed}, start_ + 20s);
    const auto logins = sum(SummaryBy::login);
    ASSERT_EQ(logins.rows.size(), 1U);
    EXPECT_EQ(logins.rows[0].key, "www");
    EXPECT_EQ(logins.rows[0].messages, 1U);
    EXPECT_EQ(ended(logins.rows[0], Outcome::bounced), 1U);
    EXPECT_EQ(ended(logins.rows[0], Outcome::delivered), 1U);
    const auto outcomes = sum(SummaryBy::outcome);
    EXPECT_EQ(outcomes.total.messages, 1U);
    for (const auto& row : outcomes.rows) EXPECT_EQ(row.messages, 1U) << row.key;
  }
}

// amavis: one recipient comes back, the other was quarantined there.
TEST_F(Summaries, OfAMessageThatAFilterHandsBackInPartEachRecipientCountsOnce) {
  auto outer = simple_leg(1, start_, "juan@example.com");
  outer.submission.login = "ana";
  outer.recipients.push_back(outer.recipients[0]);
  outer.recipients[1].recipient = "eva@example.com";
  outer.recipients[1].outcome = Outcome::quarantined;
  outer.links = {child_of(outer, "Q2", 0)};
  outer.links[0].kind = LegLink::Kind::filter;
  auto inner = simple_leg(2, start_ + 1s, "juan@example.com");
  inner.submission.client = {"localhost", "127.0.0.1", 0};
  for (const bool outer_last : {true, false}) {
    commit({outer_last ? inner : outer}, start_ + 10s);
    commit({outer_last ? outer : inner}, start_ + 20s);
    const auto logins = sum(SummaryBy::login);
    ASSERT_EQ(logins.rows.size(), 1U);
    EXPECT_EQ(logins.rows[0].messages, 1U);
    EXPECT_EQ(ended(logins.rows[0], Outcome::delivered), 1U);
    EXPECT_EQ(ended(logins.rows[0], Outcome::quarantined), 1U);
  }
}

TEST_F(Summaries, RecipientsOfARequeuedMessageWaitSinceItCame) {
  auto before = deferred_leg(1, start_, "juan@gmail.com");
  before.recipients[0].outcome = Outcome::passed;
  before.recipients[0].attempts = 2;
  before.closed_at = start_ + 1h;
  auto after = deferred_leg(2, start_ + 1h, "juan@gmail.com");
  after.recipients[0].attempts = 1;
  LegLink link;
  link.kind = LegLink::Kind::requeue;
  link.direction = LegLink::Direction::parent;
  link.queue_id = "Q1";
  link.at = start_ + 1h;
  after.links = {link};
  commit({before, after}, start_ + 1h + 10s);
  auto reader = samples::reader_of(*writer_);
  const auto by_domain =
      list_deferrals(*reader, {}, DeferralsBy::domain, 10, {Duration::zero()}, clock_);
  ASSERT_TRUE(by_domain);
  ASSERT_EQ(by_domain->rows.size(), 1U);
  EXPECT_EQ(by_domain->rows[0].recipients, 1U);
  EXPECT_EQ(by_domain->rows[0].attempts, 3U);
  EXPECT_EQ(by_domain->rows[0].oldest_arrived_at, start_);
  const auto late =
      list_deferrals(*reader, {}, DeferralsBy::domain, 10, {std::chrono::hours(1)}, HastyClock());
  ASSERT_TRUE(late);
  EXPECT_EQ(late->cut, CutBy::time);
  EXPECT_TRUE(late->rows.empty());
  const auto outcomes = sum(SummaryBy::outcome);
  ASSERT_EQ(outcomes.rows.size(), 1U);
  EXPECT_EQ(outcomes.rows[0].key, "deferred");
  EXPECT_EQ(outcomes.rows[0].messages, 1U);
}

TEST_F(Summaries, MailWhoseRecipientsNoLineNamesCountsAsOne) {
  auto refused = simple_leg(1, start_, "juan@example.com");
  refused.recipients.clear();
  refused.accepted = false;
  refused.size_bytes = 700;
  TimelineEntry entry;
  entry.kind = TimelineEntry::Kind::rejected;
  entry.at = start_ + 1s;
  entry.reason = Reason::too_large;
  refused.timeline = {entry};
  auto broken_off = simple_leg(2, start_ + 1s, "eva@example.com");
  broken_off.recipients.clear();
  broken_off.accepted = false;
  broken_off.timeline.clear();
  commit({refused, broken_off, simple_leg(3, start_ + 2s, "pia@example.com")}, start_ + 10s);
  const auto by_outcome = sum(SummaryBy::outcome);
  const auto rejected = std::ranges::find(by_outcome.rows, "rejected", &SummaryRow::key);
  ASSERT_NE(rejected, by_outcome.rows.end());
  EXPECT_EQ(rejected->messages, 1U);
  EXPECT_EQ(rejected->bytes, 700U);
  EXPECT_EQ(by_outcome.total.messages, 3U);
  EXPECT_EQ(by_outcome.total.recipients[static_cast<std::size_t>(Outcome::rejected)], 1U);
  const auto by_sender = sum(SummaryBy::sender);
  ASSERT_EQ(by_sender.rows.size(), 1U);
  EXPECT_EQ(by_sender.rows[0].messages, 3U);
  EXPECT_EQ(by_sender.rows[0].recipients[static_cast<std::size_t>(Outcome::rejected)], 1U);
}

TEST_F(Summaries, DeferralsAreThoseThatWaitNow) {
  commit({deferred_leg(1, start_, "juan@gmail.com"), deferred_leg(2, start_ + 1s, "eva@gmail.com"),
          deferred_leg(3, start_ + 2s, "pia@example.net")},
         start_ + 10s);
  commit({simple_leg(3, start_ + 2s, "pia@example.net")}, start_ + 20s);
  auto reader = samples::reader_of(*writer_);
  const auto by_domain =
      list_deferrals(*reader, {}, DeferralsBy::domain, 10, {Duration::zero()}, clock_);
  ASSERT_TRUE(by_domain);
  ASSERT_EQ(by_domain->rows.size(), 1U);
  EXPECT_EQ(by_domain->rows[0].key, "gmail.com");
  EXPECT_EQ(by_domain->rows[0].recipients, 2U);
  EXPECT_EQ(by_domain->rows[0].oldest_arrived_at, start_);
}

TEST(Provider, IsToldByTheServerThenByTheDomain) {
  EXPECT_EQ(provider_of("gmail-smtp-in.l.google.com", "firm.example"), "google");
  EXPECT_EQ(provider_of("", "hotmail.com"), "microsoft");
  EXPECT_EQ(provider_of("firm.mail.protection.outlook.com", "firm.example"), "microsoft");
  EXPECT_EQ(provider_of("mx.notgoogle.com", "firm.example"), "other");
}

}  // namespace
}  // namespace rastro
