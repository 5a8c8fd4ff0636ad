// Texts and items that keep their memory: as an optional string and a vector to whoever reads them.
#include <gmock/gmock.h>

#include <string>

#include "core/journey.h"
#include "core/maybe_text.h"
#include "core/reused_items.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MaybeText, IsAnOptionalText) {
  MaybeText text;
  EXPECT_FALSE(text);
  EXPECT_EQ(text, std::nullopt);
  EXPECT_EQ(text.value_or("none"), "none");
  text = "";
  EXPECT_TRUE(text);
  EXPECT_NE(text, MaybeText());
  EXPECT_EQ(text, "");
  text = std::string("ana@example.net");
  EXPECT_EQ(text, "ana@example.net");
  EXPECT_EQ(text->size(), 15U);
  EXPECT_EQ(std::optional<std::string>(text), std::optional<std::string>("ana@example.net"));
  text = std::optional<std::string>();
  EXPECT_EQ(text, std::nullopt);
  EXPECT_NE(text, "");
}

TEST(MaybeText, AnAbsentOneKeepsItsMemory) {
  MaybeText text(std::string(100, 'x'));
  const auto* memory = text->data();
  text.reset();
  EXPECT_EQ(text, std::nullopt);
  text = std::string(90, 'y');
  EXPECT_EQ(text->data(), memory);
  text = MaybeText();
  EXPECT_EQ(text, std::nullopt);
  text.reset(0);
  EXPECT_LT(text->capacity(), 90U);
}

TEST(MaybeText, WhatWasMovedAwayIsAbsent) {
  MaybeText from("one");
  const MaybeText to(std::move(from));
  EXPECT_EQ(to, "one");
  EXPECT_EQ(from, std::nullopt);  // NOLINT(bugprone-use-after-move): it is what is asked
}

struct Word {
  std::string text;
  void clear() { text.clear(); }
  friend bool operator==(const Word&, const Word&) = default;
};

TEST(ReusedItems, AnItemIsWrittenIntoTheMemoryOfOneThatWent) {
  ReusedItems<Word> words;
  words.emplace_back().text = std::string(100, 'x');
  const auto* memory = words[0].text.data();
  words.clear();
  EXPECT_THAT(words, IsEmpty());
  auto& again = words.emplace_back();
  EXPECT_EQ(again.text, "");
  again.text.assign(90, 'y');
  EXPECT_EQ(again.text.data(), memory);
}

TEST(ReusedItems, ACopyHasWhatIsInAndNothingElse) {
  ReusedItems<Word> words{{"one"}, {"two"}, {"three"}};
  words.resize(2);
  ReusedItems<Word> longer{{"a"}, {"b"}, {"c"}, {"d"}};
  const auto* memory = longer.data();
  longer = words;
  EXPECT_THAT(longer, ElementsAre(Word{"one"}, Word{"two"}));
  EXPECT_EQ(longer.data(), memory);
  longer.resize(3);
  EXPECT_THAT(longer, ElementsAre(Word{"one"}, Word{"two"}, Word{""}));
  const ReusedItems<Word> copy(words);
  EXPECT_THAT(copy, ElementsAre(Word{"one"}, Word{"two"}));
  ReusedItems<Word> shorter;
  shorter = words;
  EXPECT_THAT(shorter, ElementsAre(Word{"one"}, Word{"two"}));
}

TEST(ReusedItems, TakesInAndOutAnywhere) {
  ReusedItems<Word> words{{"one"}, {"four"}};
  const std::vector<Word> between{{"two"}, {"three"}};
  words.insert(words.begin() + 1, between.begin(), between.end());
  words.insert(words.end(), Word{"five"});
  EXPECT_THAT(words,
              ElementsAre(Word{"one"}, Word{"two"}, Word{"three"}, Word{"four"}, Word{"five"}));
  words.erase(words.begin(), words.begin() + 2);
  words.erase(words.begin() + 1);
  EXPECT_THAT(words, ElementsAre(Word{"three"}, Word{"five"}));
  EXPECT_THROW(words.at(2), std::out_of_range);
  auto moved = std::move(words);
  EXPECT_THAT(moved, ElementsAre(Word{"three"}, Word{"five"}));
  EXPECT_THAT(words, IsEmpty());  // NOLINT(bugprone-use-after-move): it is what is asked
  words.push_back({"six"});
  EXPECT_EQ(words.back().text, "six");
}

LegRecord full_leg() {
  LegRecord leg;
  leg.id = 7;
  leg.mta = Mta::postfix;
  leg.host = leg.instance = leg.queue_id = leg.accepted_reply_text = leg.protocol = "text";
  leg.envelope_sender = leg.message_id = leg.subject = leg.accepted_tls = "text";
  leg.generation = leg.accepted_reply_code = 3;
  leg.opened_at = leg.last_activity_at = Time(std::chrono::seconds(9));
  leg.closed_at = leg.accepted_at = leg.opened_at;
  leg.size_bytes = 1;
  leg.recipient_count = 2;
  leg.accepted = leg.arrival_seen = leg.internal = leg.held = leg.probe = true;
  leg.submission.method = SubmissionMethod::mx;
  leg.submission.login = leg.submission.helo = leg.submission.user = "text";
  leg.submission.script = leg.submission.script_dir = "text";
  leg.submission.client = {"host", "192.0.2.1", 25};
  leg.submission.uid = 0;
  auto& recipient = leg.recipients.emplace_back();
  recipient.recipient = recipient.reply_text = recipient.folder = recipient.agent = "text";
  recipient.original_recipient = recipient.dsn_original_recipient = recipient.tls = "text";
  recipient.outcome = Outcome::bounced;
  recipient.delivered_to = DeliveredTo::mailbox;
  recipient.unknown_because = UnknownBecause::hole;
  recipient.reason = Reason::loop;
  recipient.reply_code = 550;
  recipient.enhanced_status = EnhancedStatus{5, 1, 1};
  recipient.relay = leg.submission.client;
  recipient.attempts = 4;
  recipient.first_attempt_at = recipient.last_attempt_at = leg.opened_at;
  auto& entry = leg.timeline.emplace_back();
  entry.at = leg.opened_at;
  entry.kind = TimelineEntry::Kind::attempt;
  entry.recipient = 0;
  entry.ordinal = 1;
  entry.result = Outcome::deferred;
  entry.reason = Reason::loop;
  entry.reply_code = 450;
  entry.enhanced_status = recipient.enhanced_status;
  entry.agent = entry.text = "text";
  entry.relay = leg.submission.client;
  leg.links.emplace_back();
  leg.facts.emplace_back();
  leg.lines.emplace_back();
  return leg;
}

TEST(LegRecord, AClearedOneIsAsNew) {
  auto leg = full_leg();
  leg.clear();
  EXPECT_EQ(leg.id, 0U);
  EXPECT_EQ(leg.mta, Mta::none);
  for (const auto& text :
       {leg.host, leg.instance, leg.queue_id, leg.accepted_reply_text, leg.protocol}) {
    EXPECT_EQ(text, "");
  }
  const auto& from = leg.submission;
  for (const auto& text : {leg.envelope_sender, leg.message_id, leg.subject, leg.accepted_tls,
                           from.login, from.helo, from.user, from.script, from.script_dir}) {
    EXPECT_EQ(text, std::nullopt);
  }
  EXPECT_EQ(leg.generation + leg.accepted_reply_code, 0U);
  EXPECT_EQ(leg.opened_at, Time());
  EXPECT_EQ(leg.last_activity_at, Time());
  EXPECT_FALSE(leg.closed_at || leg.accepted_at || leg.size_bytes || leg.recipient_count);
  EXPECT_FALSE(leg.accepted || leg.arrival_seen || leg.internal || leg.held || leg.probe);
  EXPECT_EQ(from.method, SubmissionMethod::unknown);
  EXPECT_EQ(from.client, Endpoint());
  EXPECT_FALSE(from.uid);
  EXPECT_THAT(leg.recipients, IsEmpty());
  EXPECT_THAT(leg.timeline, IsEmpty());
  EXPECT_THAT(leg.links, IsEmpty());
  EXPECT_THAT(leg.facts, IsEmpty());
  EXPECT_THAT(leg.lines, IsEmpty());

  const auto& recipient = leg.recipients.emplace_back();
  EXPECT_EQ(recipient.recipient + recipient.reply_text + recipient.folder + recipient.agent, "");
  EXPECT_FALSE(recipient.original_recipient || recipient.dsn_original_recipient || recipient.tls);
  EXPECT_EQ(recipient.outcome, Outcome::queued);
  EXPECT_EQ(recipient.delivered_to, DeliveredTo::nowhere);
  EXPECT_EQ(recipient.unknown_because, UnknownBecause::none);
  EXPECT_EQ(recipient.reason, Reason::none);
  EXPECT_EQ(recipient.reply_code + recipient.attempts, 0U);
  EXPECT_EQ(recipient.relay, Endpoint());
  EXPECT_FALSE(recipient.enhanced_status || recipient.first_attempt_at ||
               recipient.last_attempt_at);

  const auto& entry = leg.timeline.emplace_back();
  EXPECT_EQ(entry.at, Time());
  EXPECT_EQ(entry.kind, TimelineEntry::Kind::note);
  EXPECT_EQ(entry.recipient, -1);
  EXPECT_EQ(entry.ordinal + entry.reply_code, 0U);
  EXPECT_EQ(entry.result, Outcome::unknown);
  EXPECT_EQ(entry.reason, Reason::none);
  EXPECT_FALSE(entry.enhanced_status);
  EXPECT_EQ(entry.agent + entry.text, "");
  EXPECT_EQ(entry.relay, Endpoint());
}

TEST(LegRecord, AHugeOneGivesItsMemoryBack) {
  LegRecord leg;
  leg.recipients.resize(1'000);
  leg.lines.resize(1'000);
  leg.message_id = std::string(2'000, 'x');
  leg.clear();
  EXPECT_LT(leg.recipients.capacity(), 100U);
  EXPECT_LT(leg.lines.capacity(), 100U);
  EXPECT_LT(leg.message_id->capacity(), 1'000U);
}

}  // namespace
}  // namespace rastro
