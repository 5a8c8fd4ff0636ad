// Which leg a line means that names another one by its queue id. Derived from Postfix' format
// strings (src/global/log_adhoc.c, src/bounce/*.c, src/smtpd/smtpd.c).
#include <gmock/gmock.h>

#include "tests/journeys/jotted.h"

namespace rastro {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string at_clock(const std::string& clock, const std::string& text) {
  return "2026-11-24T" + clock + "+00:00 mx1 postfix/" + text;
}
void arrive_at(std::vector<std::string>& lines, const std::string& clock, const std::string& id,
               const std::string& from, const std::string& message_id) {
  lines.push_back(at_clock(clock, "smtpd[11]: " + id + ": client=mx.example.net[192.0.2.7]"));
  lines.push_back(at_clock(clock, "cleanup[12]: " + id + ": message-id=<" + message_id + ">"));
  lines.push_back(
      at_clock(clock, "qmgr[13]: " + id + ": from=<" + from + ">, size=9, nrcpt=1 (queue active)"));
}
std::string sent_at(const std::string& clock, const std::string& id, const std::string& to,
                    const std::string& relay, const std::string& reply) {
  return at_clock(clock, "smtp[14]: " + id + ": to=<" + to + ">, relay=" + relay +
                             ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (" + reply + ")");
}
std::string removed_at(const std::string& clock, const std::string& id) {
  return at_clock(clock, "qmgr[13]: " + id + ": removed");
}
const std::string kFar = "mx.example.com[203.0.113.7]:25";

// PITFALLS 9: within the hour.
TEST(ReusedIds, AForwardedMailIsNotTheStrangersAfterIt) {
  std::vector<std::string> lines;
  arrive_at(lines, "10:00:00", "B00001", "a@example.net", "m1@example.net");
  lines.push_back(at_clock("10:00:01", "cleanup[12]: B00009: message-id=<m1@example.net>"));
  lines.push_back(at_clock("10:00:01",
                           "local[15]: B00001: to=<ana@example.org>, relay=local, delay=1, "
                           "delays=0/0/0/1, dsn=2.0.0, status=sent (forwarded as B00009)"));
  lines.push_back(at_clock(
      "10:00:01", "qmgr[13]: B00009: from=<a@example.net>, size=9, nrcpt=1 (queue active)"));
  lines.push_back(removed_at("10:00:01", "B00001"));
  lines.push_back(sent_at("10:00:02", "B00009", "ana@example.com", kFar, "250 ok"));
  lines.push_back(removed_at("10:00:02", "B00009"));
  arrive_at(lines, "10:40:00", "B00009", "s@example.com", "other@example.com");
  lines.push_back(sent_at("10:40:02", "B00009", "bob@example.org", kFar, "250 ok"));
  lines.push_back(removed_at("10:40:02", "B00009"));
  EXPECT_THAT(jot_texts(lines), UnorderedElementsAre("B00001 B00009 | ana@example.com delivered",
                                                     "B00009 | bob@example.org delivered"));
}

TEST(ReusedIds, ABounceIsOfTheMailThatWasThereThen) {
  std::vector<std::string> lines;
  const auto bounced = [&](const std::string& clock, const std::string& id, const std::string& to,
                           const std::string& child) {
    lines.push_back(at_clock(clock, "smtp[14]: " + id + ": to=<" + to + ">, relay=" + kFar +
                                        ", delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced "
                                        "(host x said: 550 no)"));
    lines.push_back(at_clock(clock, "cleanup[12]: " + child + ": message-id=<" + child + "@mx1>"));
    lines.push_back(
        at_clock(clock, "bounce[16]: " + id + ": sender non-delivery notification: " + child));
    lines.push_back(
        at_clock(clock, "qmgr[13]: " + child + ": from=<>, size=9, nrcpt=1 (queue active)"));
    lines.push_back(removed_at(clock, id));
    lines.push_back(sent_at(clock, child, "a@example.net", kFar, "250 ok"));
    lines.push_back(removed_at(clock, child));
  };
  arrive_at(lines, "10:00:00", "C00001", "a@example.net", "m1@example.net");
  bounced("10:00:01", "C00001", "x@example.com", "D00001");
  arrive_at(lines, "10:20:00", "C00001", "a@example.net", "m2@example.net");
  bounced("10:20:01", "C00001", "y@example.com", "D00002");
  arrive_at(lines, "10:40:00", "D00001", "b@example.net", "m3@example.net");
  bounced("10:40:01", "D00001", "z@example.com", "D00003");
  for (const auto& journey : jot(lines)) {
    EXPECT_THAT(journey.links, SizeIs(1)) << journey.text;
  }
}

// Asked for by the id in the link or by its own, a journey has one name.
TEST(LinkedJourneys, AreNamedAsTheyNameThemselves) {
  std::vector<std::string> lines;
  arrive_at(lines, "10:00:00", "A00001", "a@example.net", "m1@example.net");
  arrive_at(lines, "10:00:02", "A00002", "a@example.net", "m1@example.net");
  for (auto& line : lines) {
    const auto at = line.find("A00002: client=mx.example.net[192.0.2.7]");
    if (at != std::string::npos) line.replace(at + 15, 25, "localhost[127.0.0.1]");
  }
  lines.push_back(sent_at("10:00:03", "A00001", "x@example.com", "127.0.0.1[127.0.0.1]:10024",
                          "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
                          "A00002"));
  lines.push_back(removed_at("10:00:03", "A00001"));
  lines.push_back(at_clock("10:00:04", "smtp[14]: A00002: to=<x@example.com>, relay=" + kFar +
                                           ", delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced "
                                           "(host x said: 550 no)"));
  lines.push_back(at_clock("10:00:04", "cleanup[12]: A00003: message-id=<b@mx1>"));
  lines.push_back(
      at_clock("10:00:04", "bounce[16]: A00002: sender non-delivery notification: A00003"));
  lines.push_back(removed_at("10:00:04", "A00002"));
  const auto told = jot(lines);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].text, "A00001 A00002 | x@example.com bounced");
  EXPECT_THAT(told[1].linked, ElementsAre(told[0].id));
  EXPECT_THAT(told[0].linked, Contains(told[1].id));
}

// ---- refused for now, then taken

TEST(Retries, AreInferredUnlessBothHaveTheMessageId) {
  std::vector<std::string> lines = {
      at_clock("10:00:00",
               "smtpd[11]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.7]: 450 4.7.1 "
               "<x@example.org>: Recipient address rejected: Greylisted; from=<a@example.net> "
               "to=<x@example.org> proto=ESMTP helo=<mx.example.net>")};
  arrive_at(lines, "10:05:00", "A00001", "a@example.net", "m1@example.net");
  lines.push_back(at_clock("10:05:00",
                           "cleanup[12]: A00001: milter-reject: END-OF-MESSAGE from "
                           "mx.example.net[192.0.2.7]: 4.7.1 later; from=<a@example.net> "
                           "to=<x@example.org> proto=ESMTP helo=<mx.example.net>"));
  arrive_at(lines, "10:10:00", "A00002", "a@example.net", "m1@example.net");
  lines.push_back(sent_at("10:10:01", "A00002", "x@example.org", kFar, "250 ok"));
  std::vector<std::string> links;
  for (const auto& journey : jot(lines)) {
    links.insert(links.end(), journey.links.begin(), journey.links.end());
  }
  EXPECT_THAT(links, Contains("retry child A00001 inferred"));
  EXPECT_THAT(links, Contains("retry child A00002"));
}

// The dialogue took another recipient, so the refusal has a queue id.
TEST(Retries, OfOneOfSeveralRecipients) {
  std::vector<std::string> lines;
  arrive_at(lines, "10:00:00", "A00001", "a@example.net", "m1@example.net");
  lines.insert(lines.begin() + 1,
               at_clock("10:00:00",
                        "smtpd[11]: A00001: reject: RCPT from mx.example.net[192.0.2.7]: 450 4.2.0 "
                        "<x@example.org>: Recipient address rejected: Greylisted; "
                        "from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<h>"));
  lines.push_back(sent_at("10:00:01", "A00001", "y@example.org", kFar, "250 ok"));
  lines.push_back(removed_at("10:00:01", "A00001"));
  arrive_at(lines, "10:10:00", "A00002", "a@example.net", "m1@example.net");
  lines.push_back(sent_at("10:10:01", "A00002", "x@example.org", kFar, "250 ok"));
  lines.push_back(removed_at("10:10:01", "A00002"));
  const auto told = jot(lines);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[0].links, ElementsAre("retry child A00002"));
  EXPECT_THAT(told[0].linked, ElementsAre(told[1].id));
}

// Large senders come back from another host of theirs, in another network, more than once.
TEST(Retries, OfAPoolThatComesBackFromAnotherNetworkAreOneStory) {
  const auto refused = [](const std::string& clock, const std::string& client) {
    return at_clock(clock, "smtpd[11]: NOQUEUE: reject: RCPT from " + client +
                               ": 450 4.2.0 <x@example.org>: Recipient address rejected: "
                               "Greylisted; from=<a@example.net> to=<x@example.org> proto=ESMTP "
                               "helo=<mx.example.net>");
  };
  std::vector<std::string> lines = {
      refused("10:00:00", "on2059.outbound.example.com[40.107.20.59]"),
      at_clock("10:00:01", "smtpd[11]: disconnect from on2059.outbound.example.com[40.107.20.59]"),
      refused("10:06:00", "on2071.outbound.example.com[40.107.22.71]"),
      at_clock("10:06:01", "smtpd[11]: disconnect from on2071.outbound.example.com[40.107.22.71]"),
      refused("10:07:00", "elsewhere.example.info[203.0.113.9]"),
      at_clock("10:07:01", "smtpd[11]: disconnect from elsewhere.example.info[203.0.113.9]"),
      at_clock("10:20:00", "smtpd[11]: A00001: client=on2060.outbound.example.com[40.107.20.60]"),
      at_clock("10:20:00", "cleanup[12]: A00001: message-id=<m1@example.net>"),
      at_clock("10:20:00",
               "qmgr[13]: A00001: from=<a@example.net>, size=900, nrcpt=1 (queue active)"),
      sent_at("10:20:01", "A00001", "x@example.org", kFar, "250 ok")};
  std::vector<std::string> links;
  for (const auto& journey : jot(lines)) {
    for (const auto& link : journey.links) {
      if (link.starts_with("retry child")) links.push_back(link);
    }
  }
  EXPECT_THAT(links, ElementsAre("retry child A00001 inferred", "retry child A00001 inferred"));
}

// ---- what a remote server claims

// It has the id and the Message-ID from the headers of a mail that it was sent.
TEST(HostileLinks, AServerCannotPutAMailInFrontOfAnEarlierOne) {
  std::vector<std::string> lines;
  arrive_at(lines, "10:00:00", "A00001", "ana@example.org", "m1@example.org");
  arrive_at(lines, "10:00:05", "A00002", "x@example.com", "m1@example.org");
  lines.push_back(
      sent_at("10:00:06", "A00002", "fwd@example.com", kFar, "250 2.0.0 Ok: queued as A00001"));
  lines.push_back(removed_at("10:00:06", "A00002"));
  lines.push_back(sent_at("10:00:07", "A00001", "x@example.net", kFar, "250 ok"));
  lines.push_back(removed_at("10:00:07", "A00001"));
  EXPECT_THAT(jot_texts(lines), UnorderedElementsAre("A00001 | x@example.net delivered",
                                                     "A00002 | fwd@example.com delivered"));
}

// Of the parent the end alone is known, and its filter took a while.
TEST(HostileLinks, AMailWithoutItsFirstLinesKeepsItsNextLeg) {
  std::vector<std::string> lines;
  arrive_at(lines, "10:00:00", "A00002", "ana@example.org", "m1@example.org");
  lines.push_back(sent_at("10:00:08", "A00001", "x@example.net", "127.0.0.1[127.0.0.1]:10024",
                          "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
                          "A00002"));
  for (auto& line : lines) {
    const auto at = line.find("mx.example.net[192.0.2.7]");
    if (at != std::string::npos) line.replace(at, 25, "localhost[127.0.0.1]");
  }
  EXPECT_THAT(jot_texts(lines), ElementsAre("A00001 A00002 | x@example.net queued"));
}

}  // namespace
}  // namespace rastro
