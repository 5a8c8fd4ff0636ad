// Messages that go through several hosts, filters and MTAs: one journey with its hops in order,
// whichever log is read first. Logs derived from the MTAs' format strings.
#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Log log_of(const std::string& host, std::vector<std::string> lines) {
  for (auto& line : lines) line = "2026-11-24T10:00:" + line;
  return {"/var/log/" + host + ".log", host, false, std::move(lines)};
}

// "front/AA2F1A0E5D filter/BB2F1A0E5D | ana@example.org delivered | hop filter"
std::string told(const std::string& journey) {
  const auto value = json::parse(journey).as_object();
  std::string out;
  for (const auto& leg : value.at("legs").as_array()) {
    out.append(leg.at("host").as_string()).append("/");
    out.append(leg.at("queue_id").is_null() ? "-" : leg.at("queue_id").as_string()).append(" ");
  }
  out.append("|");
  for (const auto& to : value.at("recipients").as_array()) {
    out.append(" ").append(to.at("recipient").as_string());
    out.append(" ").append(to.at("outcome").as_string());
  }
  out.append(" |");
  for (const auto& link : value.at("links").as_array()) {
    out.append(" ").append(link.at("kind").as_string());
    if (link.at("inferred").as_bool()) out.append("?");
  }
  return out;
}

Log tries(std::vector<std::vector<std::string>> parts);

std::vector<std::string> told_by(LogPlayer& player) {
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) out.push_back(told(journey));
  return out;
}
std::vector<std::string> told_of(std::vector<Log> logs) {
  LogPlayer player(std::move(logs));
  return told_by(player);
}

const Log kFront = log_of(
    "front",
    {
        "00.100000+01:00 front postfix/smtpd[11]: AA2F1A0E5D: client=mail.example.net[192.0.2.7]",
        "00.200000+01:00 front postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@example.net>",
        "00.300000+01:00 front postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=500, "
        "nrcpt=2 (queue active)",
        "02.000000+01:00 front postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, "
        "relay=filter.example.org[10.0.0.2]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent "
        "(250 2.0.0 Ok: queued as BB2F1A0E5D)",
        "02.000000+01:00 front postfix/smtp[14]: AA2F1A0E5D: to=<eva@example.org>, "
        "relay=filter.example.org[10.0.0.2]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent "
        "(250 2.0.0 Ok: queued as BB2F1A0E5D)",
        "02.000000+01:00 front postfix/qmgr[13]: AA2F1A0E5D: removed",
    });
const Log kFilter = log_of(
    "filter",
    {
        // The clock of this host is late: it has the message before the front received it.
        "00.050000+01:00 filter postfix/smtpd[21]: BB2F1A0E5D: client=front.example.org[10.0.0.1]",
        "00.060000+01:00 filter postfix/cleanup[22]: BB2F1A0E5D: message-id=<m1@example.net>",
        "01.900000+01:00 filter postfix/qmgr[23]: BB2F1A0E5D: from=<a@example.net>, size=700, "
        "nrcpt=2 (queue active)",
        "03.000000+01:00 filter postfix/smtpd[26]: CC2F1A0E5D: client=localhost[127.0.0.1]",
        "03.100000+01:00 filter postfix/cleanup[22]: CC2F1A0E5D: message-id=<m1@example.net>",
        "03.200000+01:00 filter postfix/qmgr[23]: CC2F1A0E5D: from=<a@example.net>, size=900, "
        "nrcpt=2 (queue active)",
        "03.300000+01:00 filter postfix/smtp[24]: BB2F1A0E5D: to=<ana@example.org>, "
        "relay=127.0.0.1[127.0.0.1]:10024, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent (250 "
        "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as CC2F1A0E5D)",
        "03.300000+01:00 filter postfix/smtp[24]: BB2F1A0E5D: to=<eva@example.org>, "
        "relay=127.0.0.1[127.0.0.1]:10024, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent (250 "
        "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as CC2F1A0E5D)",
        "03.400000+01:00 filter postfix/qmgr[23]: BB2F1A0E5D: removed",
        "05.000000+01:00 filter postfix/smtp[25]: CC2F1A0E5D: to=<ana@example.org>, "
        "relay=store.example.org[10.0.0.3]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent "
        "(250 OK id=1tGaaa-000123-AB)",
        "05.000000+01:00 filter postfix/smtp[25]: CC2F1A0E5D: to=<eva@example.org>, "
        "relay=store.example.org[10.0.0.3]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, status=sent "
        "(250 OK id=1tGaaa-000123-AB)",
        "05.100000+01:00 filter postfix/qmgr[23]: CC2F1A0E5D: removed",
    });
const Log kStore =
    log_of("store", {
                        "04.800000+01:00 store exim[31]: 1tGaaa-000123-AB <= a@example.net "
                        "H=filter.example.org [10.0.0.2] P=esmtp S=950 id=m1@example.net",
                        "05.900000+01:00 store exim[32]: 1tGaaa-000123-AB => ana <ana@example.org> "
                        "R=local_user T=maildir",
                        "06.000000+01:00 store exim[32]: 1tGaaa-000123-AB == eva@example.org "
                        "R=local_user T=maildir defer (-22): mailbox is full",
                    });
const std::string kThroughThreeHosts =
    "front/AA2F1A0E5D filter/BB2F1A0E5D filter/CC2F1A0E5D store/1tGaaa-000123-AB | "
    "ana@example.org delivered eva@example.org deferred | hop filter hop";

// "Sent" to our own next host is no end (PITFALLS 53).
TEST(Hops, Pitfall53FrontFilterAndStoreAreOneJourney) {
  EXPECT_THAT(told_of({kFront, kFilter, kStore}), ElementsAre(kThroughThreeHosts));
}

TEST(Hops, WhatTheNextHostDidIsNotKnownWithoutItsLog) {
  EXPECT_THAT(
      told_of({kFront}),
      ElementsAre("front/AA2F1A0E5D | ana@example.org delivered eva@example.org delivered |"));
}

// Read in any order, in one directory or from one central log (PITFALLS 54).
TEST(Hops, Pitfall54AnyOrderOfTheHostsLinesGivesTheSameJourney) {
  const auto seed = seed_of_run();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  LogPlayer straight({kFront, kFilter, kStore});
  straight.play_all();
  for (int round = 0; round < 50; ++round) {
    LogPlayer mixed({kFront, kFilter, kStore});
    std::vector<std::size_t> left{0, 1, 2};
    while (!left.empty()) {
      const auto at = std::uniform_int_distribution<std::size_t>(0, left.size() - 1)(random);
      if (!mixed.play(left[at])) left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
      if (random() % 8 == 0) mixed.flush();
    }
    ASSERT_EQ(mixed.journeys(), straight.journeys());
  }
}

// Traditional stamps put all hops into one second, and the central log has the next hop's lines
// before those that announce it.
TEST(Hops, Pitfall54ACentralLogOfTraditionalStampsKeepsTheHopsInOrder) {
  const Log central{
      "/var/log/central.log",
      "",
      false,
      {
          "Nov 24 10:00:00 zfront postfix/smtpd[11]: AA2F1A0E5D: "
          "client=mail.example.net[192.0.2.7]",
          "Nov 24 10:00:00 astore postfix/smtpd[21]: BB2F1A0E5D: client=zfront[10.0.0.1]",
          "Nov 24 10:00:00 astore postfix/cleanup[22]: BB2F1A0E5D: message-id=<m1@example.net>",
          "Nov 24 10:00:00 zfront postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@example.net>",
          "Nov 24 10:00:00 astore postfix/qmgr[23]: BB2F1A0E5D: from=<a@example.net>, size=700, "
          "nrcpt=1 (queue active)",
          "Nov 24 10:00:00 astore postfix/virtual[24]: BB2F1A0E5D: to=<ana@example.org>, "
          "relay=virtual, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
          "Nov 24 10:00:00 astore postfix/qmgr[23]: BB2F1A0E5D: removed",
          "Nov 24 10:00:00 zfront postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=500, "
          "nrcpt=1 (queue active)",
          "Nov 24 10:00:00 zfront postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, "
          "relay=astore[10.0.0.3]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 "
          "Ok: queued as BB2F1A0E5D)",
          "Nov 24 10:00:00 zfront postfix/qmgr[13]: AA2F1A0E5D: removed",
      }};
  EXPECT_THAT(told_of({central}),
              ElementsAre("zfront/AA2F1A0E5D astore/BB2F1A0E5D | ana@example.org delivered | hop"));
}

// Exim hands a message to Postfix, which bounces one recipient.
TEST(Hops, EximToPostfixIsOneJourney) {
  const auto exim = log_of(
      "web", {
                 "00.000000+01:00 web exim[31]: 1tGaab-000123-AB <= ana@example.org U=ana P=local "
                 "S=500 id=m2@example.org",
                 "01.000000+01:00 web exim[32]: 1tGaab-000123-AB => b@example.net R=smarthost "
                 "T=remote_smtp H=relay.example.org [10.0.0.4] C=\"250 2.0.0 Ok: queued as "
                 "4DD4XV1qXxz9sPK\"",
                 "01.000000+01:00 web exim[32]: 1tGaab-000123-AB -> c@example.net R=smarthost "
                 "T=remote_smtp H=relay.example.org [10.0.0.4] C=\"250 2.0.0 Ok: queued as "
                 "4DD4XV1qXxz9sPK\"",
                 "01.100000+01:00 web exim[32]: 1tGaab-000123-AB Completed",
             });
  const auto postfix = log_of(
      "relay",
      {
          "00.900000+01:00 relay postfix/smtpd[21]: 4DD4XV1qXxz9sPK: client=web[10.0.0.5]",
          "00.910000+01:00 relay postfix/cleanup[22]: 4DD4XV1qXxz9sPK: message-id=<m2@example.org>",
          "00.920000+01:00 relay postfix/qmgr[23]: 4DD4XV1qXxz9sPK: from=<ana@example.org>, "
          "size=700, nrcpt=2 (queue active)",
          "02.000000+01:00 relay postfix/smtp[24]: 4DD4XV1qXxz9sPK: to=<b@example.net>, "
          "relay=mx.example.net[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
          "(250 2.0.0 Ok: queued as 9F3A12C04E)",
          "02.000000+01:00 relay postfix/smtp[24]: 4DD4XV1qXxz9sPK: to=<c@example.net>, "
          "relay=mx.example.net[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
          "status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 no (in reply to RCPT TO "
          "command))",
      });
  const std::string want =
      "web/1tGaab-000123-AB relay/4DD4XV1qXxz9sPK | b@example.net delivered c@example.net bounced "
      "| hop";
  EXPECT_THAT(told_of({exim, postfix}), ElementsAre(want));
  EXPECT_THAT(told_of({postfix, exim}), ElementsAre(want));
}

// The next host's id is used again there for another message.
// The front and the store happen to give it the same queue id; the store's clock is late.
TEST(Hops, HostsWithTheSameQueueIdForOneMessageKeepTheirOrder) {
  EXPECT_THAT(
      told_of(
          {kFront,
           log_of("filter",
                  {"00.400000+01:00 filter postfix/smtpd[21]: BB2F1A0E5D: "
                   "client=front.example.org[10.0.0.1]",
                   "00.500000+01:00 filter postfix/cleanup[22]: BB2F1A0E5D: "
                   "message-id=<m1@example.net>",
                   "00.600000+01:00 filter postfix/qmgr[23]: BB2F1A0E5D: from=<a@example.net>, "
                   "size=700, nrcpt=2 (queue active)",
                   "03.000000+01:00 filter postfix/smtp[24]: BB2F1A0E5D: to=<ana@example.org>, "
                   "relay=store.example.org[10.0.0.3]:25, delay=2, delays=1/0/0/1, dsn=2.0.0, "
                   "status=sent (250 2.0.0 Ok: queued as AA2F1A0E5D)",
                   "03.000000+01:00 filter postfix/smtp[24]: BB2F1A0E5D: to=<eva@example.org>, "
                   "relay=store.example.org[10.0.0.3]:25, delay=2, delays=1/0/0/1, dsn=5.1.1, "
                   "status=bounced (host store.example.org[10.0.0.3] said: 550 5.1.1 unknown)",
                   "03.000000+01:00 filter postfix/qmgr[23]: BB2F1A0E5D: removed"}),
           log_of("store",
                  {"00.700000+01:00 store postfix/smtpd[31]: AA2F1A0E5D: "
                   "client=filter.example.org[10.0.0.2]",
                   "00.800000+01:00 store postfix/cleanup[32]: AA2F1A0E5D: "
                   "message-id=<m1@example.net>",
                   "00.900000+01:00 store postfix/qmgr[33]: AA2F1A0E5D: from=<a@example.net>, "
                   "size=800, nrcpt=1 (queue active)",
                   "01.000000+01:00 store postfix/virtual[34]: AA2F1A0E5D: to=<ana@example.org>, "
                   "relay=virtual, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (delivered to "
                   "maildir)",
                   "01.100000+01:00 store postfix/qmgr[33]: AA2F1A0E5D: removed"})}),
      ElementsAre("front/AA2F1A0E5D filter/BB2F1A0E5D store/AA2F1A0E5D | ana@example.org delivered "
                  "eva@example.org bounced | hop hop"));
}

TEST(Hops, AnIdThatAnotherMessageHasIsNoHop) {
  auto filter = kFilter;
  for (auto& line : filter.lines) {
    const auto at = line.find("message-id=<m1@");
    if (at != std::string::npos) line.replace(at, 15, "message-id=<x9@");
  }
  const auto journeys = told_of({kFront, filter});
  ASSERT_EQ(journeys.size(), 2U);
  EXPECT_THAT(journeys,
              testing::Contains("front/AA2F1A0E5D | ana@example.org delivered eva@example.org "
                                "delivered |"));
}

std::vector<std::string> silent_filter(const std::string& agent, const std::string& relay,
                                       const std::string& reply, const std::string& arrival,
                                       const std::string& sender) {
  return {
      "00.100000+01:00 pmg postfix/smtpd[11]: AA2F1A0E5D: client=mail.example.net[192.0.2.7]",
      "00.200000+01:00 pmg postfix/cleanup[12]: AA2F1A0E5D: message-id=<m1@example.net>",
      "00.300000+01:00 pmg postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=500, nrcpt=1 "
      "(queue active)",
      "01.000000+01:00 pmg postfix/" + arrival,
      "01.100000+01:00 pmg postfix/cleanup[12]: BB2F1A0E5D: message-id=<m1@example.net>",
      "01.200000+01:00 pmg postfix/qmgr[13]: BB2F1A0E5D: from=<" + sender +
          ">, size=700, nrcpt=1 (queue active)",
      "01.300000+01:00 pmg postfix/" + agent + "[14]: AA2F1A0E5D: to=<ana@example.org>, relay=" +
          relay + ", delay=1, delays=0/0/0/1, dsn=2.5.0, status=sent (" + reply + ")",
      "01.400000+01:00 pmg postfix/qmgr[13]: AA2F1A0E5D: removed",
      "02.000000+01:00 pmg postfix/smtp[15]: BB2F1A0E5D: to=<ana@example.org>, "
      "relay=store.example.org[10.0.0.3]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
      "2.0.0 Ok: queued as 5D00A1)",
      "02.100000+01:00 pmg postfix/qmgr[13]: BB2F1A0E5D: removed",
  };
}
const std::string kFiltered = "pmg/AA2F1A0E5D pmg/BB2F1A0E5D | ana@example.org delivered | filter?";
constexpr const char* kFromLoopback = "smtpd[16]: BB2F1A0E5D: client=localhost[127.0.0.1]";

// Proxmox Mail Gateway's filter answers with an id of its own.
TEST(Hops, AFilterThatNamesNoQueueIdIsFoundByItsMessage) {
  EXPECT_THAT(told_of({log_of("pmg", silent_filter("lmtp", "127.0.0.1[127.0.0.1]:10024",
                                                   "250 2.5.0 OK (12345AB62757D1E8C9A)",
                                                   kFromLoopback, "a@example.net"))}),
              ElementsAre(kFiltered));
}
// It may speak for the client that the message came from.
TEST(Hops, AFilterThatNamesTheClientIsFoundByItsMessage) {
  EXPECT_THAT(
      told_of({log_of("pmg", silent_filter("lmtp", "127.0.0.1[127.0.0.1]:10024",
                                           "250 2.5.0 OK (12345AB62757D1E8C9A)",
                                           "smtpd[16]: BB2F1A0E5D: client=localhost[127.0.0.1], "
                                           "orig_client=mail.example.net[192.0.2.7]",
                                           "a@example.net"))}),
      ElementsAre(kFiltered));
}
// An instance that relays to another of its own host, by the host's own address.
TEST(Hops, ToItsOwnAddressIsOneJourney) {
  const std::string at = "2026-11-24T10:00:0";
  const auto told = [&](const std::string& client) {
    return told_of({tries(
        {{at + "1+01:00 mx1 postfix/smtpd[11]: BB2F1A0E5D: client=mx1.example.org[" + client + "]",
          at + "1+01:00 mx1 postfix/cleanup[12]: BB2F1A0E5D: message-id=<m1@example.net>",
          at + "1+01:00 mx1 postfix/qmgr[13]: BB2F1A0E5D: from=<a@example.net>, size=500, nrcpt=1 "
               "(queue active)",
          at + "1+01:00 mx1 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.com>, "
               "relay=192.0.2.20[192.0.2.20]:2501, delay=1, delays=0/0/0/1, dsn=2.0.0, "
               "status=sent (250 2.0.0 Ok: queued as BB2F1A0E5D)",
          at + "1+01:00 mx1 postfix/qmgr[13]: AA2F1A0E5D: removed",
          at + "2+01:00 mx1 postfix/smtp[14]: BB2F1A0E5D: to=<ana@example.com>, "
               "relay=mx.example.com[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
               "status=bounced (host mx.example.com[192.0.2.9] said: 550 no)"}})});
  };
  EXPECT_THAT(told("192.0.2.20"),
              ElementsAre("mx1/AA2F1A0E5D mx1/BB2F1A0E5D | ana@example.com bounced | hop?"));
  EXPECT_EQ(told("192.0.2.21").size(), 2U);
}

TEST(Hops, AFilterBehindPipeIsFoundByItsMessage) {
  EXPECT_THAT(told_of({log_of(
                  "pmg", silent_filter("pipe", "spamassassin", "delivered via spamassassin service",
                                       "pickup[16]: BB2F1A0E5D: uid=106 "
                                       "from=<a@example.net>",
                                       "a@example.net"))}),
              ElementsAre(kFiltered));
  EXPECT_THAT(told_of({log_of("pmg", silent_filter("pipe", "filter", "delivered via filter service",
                                                   kFromLoopback, "a@example.net"))}),
              ElementsAre(kFiltered));
}
// A mailing list sends on under a sender of its own: that is another message.
TEST(Hops, AListBehindPipeIsNoFilter) {
  const auto journeys =
      told_of({log_of("pmg", silent_filter("pipe", "mailman", "delivered via mailman service",
                                           kFromLoopback, "list-bounces@example.org"))});
  EXPECT_EQ(journeys.size(), 2U);
}
// Nor is what comes from elsewhere with the same Message-ID.
TEST(Hops, TheSameMessageFromElsewhereIsNoFilters) {
  const auto journeys = told_of({log_of(
      "pmg", silent_filter(
                 "lmtp", "127.0.0.1[127.0.0.1]:10024", "250 2.5.0 OK (12345AB62757D1E8C9A)",
                 "smtpd[16]: BB2F1A0E5D: client=mail.example.net[192.0.2.7]", "a@example.net"))});
  EXPECT_EQ(journeys.size(), 2U);
}

// What a filter says that it destroyed, or keeps, was not delivered; the filter's own line may come
// before the MTA's or after it.
TEST(Filters, WhatTheyDiscardOrKeepIsNotDelivered) {
  const std::string at = "2026-11-24T10:00:0";
  const std::string active = at +
                             "0+01:00 mx1 postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, "
                             "size=500, nrcpt=1 (queue active)";
  const std::string attempt =
      at +
      "1+01:00 mx1 postfix/smtp[14]: AA2F1A0E5D: to=<ana@example.org>, "
      "relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.7.0, status=sent (250 "
      "2.7.0 Ok, discarded, id=01234-06 - spam)";
  const auto verdict = [&](const std::string& kept) {
    return at +
           "1+01:00 mx1 amavis[15]: (01234-06) Blocked SPAM {DiscardedInbound}, "
           "[192.0.2.7]:41234 [192.0.2.7] <a@example.net> -> <ana@example.org>, " +
           kept +
           "Queue-ID: AA2F1A0E5D, Message-ID: <m1@example.net>, mail_id: SXyz, Hits: 25.1, "
           "size: 2345, 1200 ms";
  };
  const auto told_of_lines = [&](std::vector<std::string> lines) {
    return told_of({tries({std::move(lines)})});
  };
  const std::string kept = verdict("quarantine: S/spam-SXyz.gz, ");
  EXPECT_THAT(told_of_lines({active, attempt, verdict("")}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org discarded |"));
  EXPECT_THAT(told_of_lines({active, attempt, kept}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org quarantined |"));
  EXPECT_THAT(told_of_lines({active, kept, attempt}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org quarantined |"));
  EXPECT_THAT(told_of_lines({kept, active, attempt}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org quarantined |"));
}

// Exim with PRDR: each recipient has a verdict on the content, before the arrival is written.
TEST(Refusals, OneRecipientOfPrdr) {
  const std::string at = "2026-11-24T10:00:00+01:00 mx1 exim[31]: 1tFxyz-000123-AB ";
  EXPECT_THAT(
      told_of({tries(
          {{at + "PRDR R=<ana@example.org> acceptance", at + "PRDR R=<bo@example.org> refusal",
            at + "<= a@example.net H=mx.example.net [192.0.2.7] P=esmtp PRDR S=321 "
                 "for ana@example.org",
            at + "=> ana <ana@example.org> R=local T=mail", at + "Completed"}})}),
      ElementsAre("mx1/1tFxyz-000123-AB | ana@example.org delivered bo@example.org rejected |"));
}

// An address that stands for another one is what the customer knows: it stays known however many
// legs the message still takes.
std::string originals_of(std::vector<Log> logs) {
  LogPlayer player(std::move(logs));
  player.play_all();
  std::string out;
  for (const auto& journey : player.journeys()) {
    const auto value = json::parse(journey).as_object();
    for (const auto& to : value.at("recipients").as_array()) {
      const auto& original = to.at("original_recipient");
      out.append(to.at("recipient").as_string()).append(" for ");
      out.append(original.is_null() ? "-" : original.as_string()).append(";");
    }
  }
  return out;
}
std::string delivery(const std::string& id, const std::string& to, const std::string& relay,
                     const std::string& text) {
  return "postfix/smtp[9]: " + id + ": to=<" + to + ">, relay=" + relay +
         ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (" + text + ")";
}
std::vector<std::string> begun(const std::string& id) {
  return {"postfix/cleanup[7]: " + id + ": message-id=<m1@example.net>",
          "postfix/qmgr[8]: " + id + ": from=<a@example.net>, size=700, nrcpt=1 (queue active)"};
}

TEST(Originals, StayKnownBehindTwoFilters) {
  auto lines = begun("AA2F1A0E5D");
  const auto add = [&](const std::vector<std::string>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  add(begun("BB2F1A0E5D"));
  add({delivery("AA2F1A0E5D", "juan@example.org>, orig_to=<info@example.org",
                "127.0.0.1[127.0.0.1]:10024", "250 2.0.0 Ok: queued as BB2F1A0E5D")});
  add(begun("CC2F1A0E5D"));
  add({delivery("BB2F1A0E5D", "juan@example.org", "127.0.0.1[127.0.0.1]:10026",
                "250 2.0.0 Ok: queued as CC2F1A0E5D"),
       delivery("CC2F1A0E5D", "juan@example.org", "store[192.0.2.9]:24", "250 2.0.0 Saved")});
  for (auto& line : lines) line.insert(0, "10+00:00 mx1 ");
  EXPECT_EQ(originals_of({log_of("mx1", lines)}), "juan@example.org for info@example.org;");
}

TEST(Originals, OfAForwardStayKnownBehindAFilter) {
  auto lines = begun("AA2F1A0E5D");
  const auto add = [&](const std::vector<std::string>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  add(begun("BB2F1A0E5D"));
  add({delivery("AA2F1A0E5D", "juan@example.org", "local", "forwarded as BB2F1A0E5D")});
  add(begun("CC2F1A0E5D"));
  add({delivery("BB2F1A0E5D", "luis@example.net", "127.0.0.1[127.0.0.1]:10024",
                "250 2.0.0 Ok: queued as CC2F1A0E5D"),
       delivery("CC2F1A0E5D", "luis@example.net", "mx[192.0.2.9]:25", "250 2.0.0 Ok")});
  for (auto& line : lines) line.insert(0, "10+00:00 mx1 ");
  EXPECT_EQ(originals_of({log_of("mx1", lines)}), "luis@example.net for juan@example.org;");
}

// A bounce that Exim sends through Postfix: its Message-ID is not in Exim's log, and is Exim's id.
TEST(Hops, OfABounceOfExims) {
  const Log exim = log_of(
      "store",
      {"10+00:00 store exim[3]: 1tFxyz-000124-AB <= <> R=1tFxyz-000123-AB U=Debian-exim P=local "
       "S=1700",
       "12+00:00 store exim[3]: 1tFxyz-000124-AB => a@example.net R=smart T=remote_smtp "
       "H=out [192.0.2.9] C=\"250 2.0.0 Ok: queued as AA2F1A0E5D\"",
       "12+00:00 store exim[3]: 1tFxyz-000124-AB Completed"});
  const auto postfix = [](const std::string& message_id) {
    auto lines = begun("AA2F1A0E5D");
    lines[0].replace(lines[0].find("m1@"), std::string("m1@example.net").size(), message_id);
    lines[1].replace(lines[1].find("a@example.net"), std::string("a@example.net").size(), "");
    lines.push_back(delivery("AA2F1A0E5D", "a@example.net", "mx[192.0.2.8]:25", "250 2.0.0 Ok"));
    for (auto& line : lines) line.insert(0, "11+00:00 out ");
    return log_of("out", lines);
  };
  EXPECT_THAT(
      told_of({exim, postfix("E1tFxyz-000124-AB@store.example.org")}),
      Contains("store/1tFxyz-000124-AB out/AA2F1A0E5D | a@example.net delivered | bounce hop"));
  EXPECT_THAT(told_of({exim, postfix("E1tFxyz-000124-ABC@store.example.org")}),
              Not(Contains(HasSubstr("store/1tFxyz-000124-AB out/AA2F1A0E5D"))));
}

// A record of more than 870 bytes reaches syslog in pieces (src/log.c write_syslog()).
TEST(LongRecords, ArrivalsInPiecesNameAllRecipients) {
  const auto at = [](const std::string& host, int pid) {
    return "2026-11-24T10:00:00+01:00 " + host + " exim[" + std::to_string(pid) + "]: ";
  };
  const std::string first =
      "1tFxyz-000123-AB <= a@example.net H=mx.example.net [192.0.2.7] P=esmtp S=321 "
      "id=m1@example.net for ana@example.org b";
  const auto told_with = [&](const std::vector<std::string>& pieces) {
    auto lines = pieces;
    lines.push_back(at("mx1", 31) + "1tFxyz-000123-AB => ana@example.org R=dnslookup T=smtp");
    return told_of({tries({{std::move(lines)}})});
  };
  const auto all = ElementsAre(
      "mx1/1tFxyz-000123-AB | ana@example.org delivered bo@example.org queued eva@example.org "
      "queued |");
  const auto ana_alone = ElementsAre("mx1/1tFxyz-000123-AB | ana@example.org delivered |");
  EXPECT_THAT(told_with({at("mx1", 31) + "[1/2] " + first,
                         at("mx1", 31) + "[2/2] o@example.org eva@example.org"}),
              all);
  EXPECT_THAT(told_with({at("mx1", 31) + "[1/3] " + first, at("mx1", 32) + "[1/2] other",
                         at("mx1", 31) + "[2/3] o@example.org e", at("mx1", 32) + "[2/2] things",
                         at("mx1", 31) + "[3/3] va@example.org"}),
              all)
      << "another process between them";
  EXPECT_THAT(told_with({at("mx1", 31) + "[1/3] " + first, at("mx1", 31) + "[3/3] va@example.org"}),
              ana_alone)
      << "a piece was lost: nothing is made of halves";
  EXPECT_THAT(told_with({at("mx1", 31) + "[1/2] " + first,
                         at("mx1", 32) + "[2/2] o@example.org eva@example.org",
                         at("mx2", 31) + "[2/2] o@example.org eva@example.org"}),
              ana_alone)
      << "not of that process";
}

// Dovecot's delivery agent tells the sender of a full mailbox itself and the MTA that all is well.
TEST(Mailboxes, WhatTheAgentRejectsIsNotDelivered) {
  const std::string at = "2026-11-24T10:00:0";
  const std::string attempt = at +
                              "1+01:00 mx1 postfix/pipe[14]: AA2F1A0E5D: to=<ana@example.org>, "
                              "relay=dovecot, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
                              "(delivered via dovecot service)";
  const auto said = [&](const std::string& tag, const std::string& what) {
    return at + "1+01:00 mx1 " + tag + "msgid=<m1@example.net>: " + what;
  };
  const auto told_with = [&](const std::string& first, const std::string& second) {
    return told_of({tries({{at + "0+01:00 mx1 postfix/cleanup[13]: AA2F1A0E5D: "
                                 "message-id=<m1@example.net>",
                            first, second}})});
  };
  const std::string full = "rejected: Quota exceeded (mailbox for user is full)";
  for (const std::string tag :
       {"dovecot: lda(ana@example.org)<15><x>: ", "deliver(ana@example.org): "}) {
    EXPECT_THAT(told_with(said(tag, full), attempt),
                ElementsAre("mx1/AA2F1A0E5D | ana@example.org bounced |"));
    EXPECT_THAT(told_with(attempt, said(tag, full)),
                ElementsAre("mx1/AA2F1A0E5D | ana@example.org bounced |"));
    EXPECT_THAT(told_with(said(tag, "saved mail to INBOX"), attempt),
                ElementsAre("mx1/AA2F1A0E5D | ana@example.org delivered |"));
  }
}

// Proxmox Mail Gateway answers a quarantined message as it does a delivered one; its own lines name
// the message by the name that ends its reply.
TEST(Filters, ProxmoxMailGatewayQuarantinesForOneRecipient) {
  const std::string at = "2026-11-24T10:00:0";
  const std::string filter = "0+01:00 mx1 pmg-smtp-filter[15]: 12AB34CD56EF7890: ";
  const auto attempt = [&](const std::string& to, const std::string& relay) {
    return at + "1+01:00 mx1 postfix/lmtp[14]: AA2F1A0E5D: to=<" + to + ">, relay=" + relay +
           ", delay=1, delays=0/0/0/1, dsn=2.5.0, status=sent (250 2.5.0 OK (12AB34CD56EF7890))";
  };
  const auto told_with = [&](const std::string& relay, bool quarantined_last = false) {
    return told_of({tries(
        {{at + "0+01:00 mx1 postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=500, nrcpt=2 "
               "(queue active)",
          at + filter + "new mail message-id=<m1@example.net>#012",
          at + filter + "SA score=8/5 time=0.5 bayes=0.99 autolearn=no hits=BAYES_99(3.5)",
          at + filter +
              "moved mail for <ana@example.org> to spam quarantine - 9F3A12C04F (rule: Spam)",
          attempt(quarantined_last ? "b@example.org" : "ana@example.org", relay),
          attempt(quarantined_last ? "ana@example.org" : "b@example.org", relay)}})});
  };
  EXPECT_THAT(
      told_with("127.0.0.1[127.0.0.1]:10024"),
      ElementsAre("mx1/AA2F1A0E5D | ana@example.org quarantined b@example.org delivered |"));
  EXPECT_THAT(
      told_with("127.0.0.1[127.0.0.1]:10024", true),
      ElementsAre("mx1/AA2F1A0E5D | b@example.org delivered ana@example.org quarantined |"));
  // A stranger's server cannot speak for our filter.
  EXPECT_THAT(told_with("mx.example.net[192.0.2.9]:25"),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org delivered b@example.org delivered |"));
}

// In front of the queue it answers the client itself, with its own name for the message: all that
// is said of it is one journey, also when nothing of it comes into the queue.
TEST(Filters, ProxmoxMailGatewayInFrontOfTheQueue) {
  const std::string at = "2026-11-24T10:00:0";
  const std::string filter = "0+01:00 mx1 pmg-smtp-filter[15]: 12AB34CD56EF7890: ";
  const auto told_with = [&](const std::vector<std::string>& verdicts, const std::string& answer,
                             bool came_back) {
    Log log{"/var/log/mx1.log", "mx1", false, {}};
    const auto add = [&](const std::string& text) { log.lines.push_back(at + text); };
    add("0+01:00 mx1 postfix/smtpd[11]: connect from mail.example.net[192.0.2.7]");
    add("0+01:00 mx1 postfix/smtpd[11]: NOQUEUE: client=mail.example.net[192.0.2.7]");
    add(filter + "new mail message-id=<m1@example.net>#012");
    if (came_back) {
      add("1+01:00 mx1 postfix/smtpd[16]: AA2F1A0E5D: client=localhost[127.0.0.1], "
          "orig_client=mail.example.net[192.0.2.7]");
      add("1+01:00 mx1 postfix/qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=5, nrcpt=1 (queue "
          "active)");
    }
    for (const auto& verdict : verdicts) add(filter + verdict);
    add(filter + "processing time: 3.15 seconds (2.975, 0.019, 0)");
    add("2+01:00 mx1 postfix/smtpd[11]: " + answer +
        " (12AB34CD56EF7890); from=<a@example.net> to=<ana@example.org> proto=ESMTP "
        "helo=<mail.example.net>");
    if (came_back) {
      add("3+01:00 mx1 postfix/smtp[17]: AA2F1A0E5D: to=<ana@example.org>, "
          "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
          "(250 OK)");
    }
    const auto lines = log.lines.size();
    LogPlayer player({std::move(log)});
    player.play_all();
    const auto journeys = player.journeys();
    if (journeys.size() != 1) return std::to_string(journeys.size()) + " journeys";
    const auto journey = boost::json::parse(journeys.front()).as_object();
    EXPECT_EQ(journey.at("evidence").as_array().size(), lines);
    std::string out;
    for (const auto& to : journey.at("recipients").as_array()) {
      out.append(to.at("recipient").as_string()).append(" ");
      out.append(to.at("outcome").as_string()).append(", ");
    }
    return out;
  };
  const std::string ok = "proxy-accept: END-OF-MESSAGE: 250 2.5.0 OK";
  const std::string kept =
      "moved mail for <ana@example.org> to spam quarantine - 9F3A12C04F "
      "(rule: Spam)";
  EXPECT_EQ(
      told_with({"accept mail to <ana@example.org> (AA2F1A0E5D) (rule: default-accept)"}, ok, true),
      "ana@example.org delivered, ");
  EXPECT_EQ(told_with({kept}, ok, false), "ana@example.org quarantined, ");
  EXPECT_EQ(told_with({"block mail to <ana@example.org> (rule: Block Viruses)"},
                      "proxy-reject: END-OF-MESSAGE: 554 5.7.1 Rejected for policy reasons", false),
            "ana@example.org rejected, ");
  // Of several recipients each has an end of its own.
  const std::string blocked = "block mail to <eva@example.org> (rule: Block Viruses)";
  EXPECT_EQ(told_with({kept, blocked}, ok, false),
            "ana@example.org quarantined, eva@example.org discarded, ");
  EXPECT_EQ(
      told_with({"accept mail to <ana@example.org> (AA2F1A0E5D) (rule: default-accept)", blocked,
                 "moved mail for <leo@example.org> to spam quarantine - 9F3A12C04F (rule: Spam)"},
                ok, true),
      "eva@example.org discarded, leo@example.org quarantined, ana@example.org delivered, ");
  // Nothing is known of what it did.
  EXPECT_EQ(told_with({}, ok, false), "0 journeys");
}

// A relay that refuses at end of data: each try has an id of its own.
std::vector<std::string> refused_try(const std::string& minute, const std::string& id,
                                     const std::string& message_id, const std::string& reply) {
  const auto at = "2026-11-24T10:" + minute;
  return {
      at + ":00+01:00 mx1 postfix/smtpd[11]: " + id + ": client=mail.example.net[192.0.2.7]",
      at + ":01+01:00 mx1 postfix/cleanup[12]: " + id + ": message-id=<" + message_id + ">",
      at + ":02+01:00 mx1 postfix/cleanup[12]: " + id +
          ": milter-reject: END-OF-MESSAGE from mail.example.net[192.0.2.7]: " + reply +
          "; from=<a@example.net> to=<ana@example.org> proto=ESMTP helo=<mail.example.net>",
  };
}
std::vector<std::string> delivered_try(const std::string& minute, const std::string& id,
                                       const std::string& message_id) {
  const auto at = "2026-11-24T10:" + minute;
  return {
      at + ":00+01:00 mx1 postfix/smtpd[11]: " + id + ": client=mail.example.net[192.0.2.7]",
      at + ":01+01:00 mx1 postfix/cleanup[12]: " + id + ": message-id=<" + message_id + ">",
      at + ":02+01:00 mx1 postfix/qmgr[13]: " + id +
          ": from=<a@example.net>, size=500, nrcpt=1 (queue active)",
      at + ":03+01:00 mx1 postfix/virtual[14]: " + id +
          ": to=<ana@example.org>, relay=virtual, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent "
          "(delivered to maildir)",
      at + ":04+01:00 mx1 postfix/qmgr[13]: " + id + ": removed",
  };
}
Log tries(std::vector<std::vector<std::string>> parts) {
  Log log{"/var/log/mx1.log", "mx1", false, {}};
  for (auto& part : parts) log.lines.insert(log.lines.end(), part.begin(), part.end());
  return log;
}

TEST(Retries, Pitfall64ARefusalAtEndOfDataNamesTheNextTry) {
  EXPECT_THAT(told_of({tries({refused_try("00", "AA2F1A0E5D", "m1@example.net", "4.7.1 later"),
                              refused_try("10", "BB2F1A0E5D", "m1@example.net", "4.7.1 later"),
                              delivered_try("30", "CC2F1A0E5D", "m1@example.net")})}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org rejected | retry",
                          "mx1/BB2F1A0E5D | ana@example.org rejected | retry retry",
                          "mx1/CC2F1A0E5D | ana@example.org delivered | retry"));
}
TEST(Retries, Pitfall64AnotherMessageOfTheSameSenderIsNoRetry) {
  EXPECT_THAT(told_of({tries({refused_try("00", "AA2F1A0E5D", "m1@example.net", "4.7.1 later"),
                              refused_try("10", "BB2F1A0E5D", "m2@example.net", "4.7.1 later"),
                              delivered_try("30", "CC2F1A0E5D", "m2@example.net")})}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org rejected |",
                          "mx1/BB2F1A0E5D | ana@example.org rejected | retry",
                          "mx1/CC2F1A0E5D | ana@example.org delivered | retry"));
}
TEST(Retries, Pitfall64WhatWasRefusedForGoodIsNotTriedAgain) {
  EXPECT_THAT(told_of({tries({refused_try("00", "AA2F1A0E5D", "m1@example.net", "5.7.1 spam"),
                              delivered_try("30", "CC2F1A0E5D", "m1@example.net")})}),
              ElementsAre("mx1/AA2F1A0E5D | ana@example.org rejected |",
                          "mx1/CC2F1A0E5D | ana@example.org delivered |"));
}

// Two milter refusals in one second are two, however alike their lines (PITFALLS 5).
TEST(Lines, Pitfall5EqualLinesAreTwoEvents) {
  const std::string greeting =
      "2026-11-24T10:00:00+01:00 mx1 postfix/smtpd[11]: warning: unknown[192.0.2.7]: SASL LOGIN "
      "authentication failed: authentication failure";
  LogPlayer player({tries({{greeting, greeting}})});
  player.play_all();
  EXPECT_EQ(player.index().encounters.size(), 2U);

  const auto once = refused_try("00", "AA2F1A0E5D", "m1@example.net", "5.7.1 spam");
  auto twice = once;
  twice.push_back(once.back());
  LogPlayer doubled({tries({twice})});
  doubled.play_all();
  const auto journeys = doubled.journeys();
  ASSERT_EQ(journeys.size(), 1U);
  const auto evidence = json::parse(journeys[0]).at("evidence").as_array().size();
  EXPECT_EQ(evidence, 4U);
}

// One smtpd(8) process: two mails of one client, then the next client within the second.
TEST(Sessions, Pitfall11EachMailOfAProcessKeepsItsOwnClientAndEnd) {
  const std::string at = "2026-11-24T10:00:00+01:00 mx1 postfix/";
  const auto mail = [&](const std::string& id, const std::string& client, const std::string& to) {
    return std::vector<std::string>{
        at + "smtpd[11]: " + id + ": client=" + client,
        at + "cleanup[12]: " + id + ": message-id=<" + id + "@example.net>",
        at + "qmgr[13]: " + id + ": from=<a@example.net>, size=500, nrcpt=1 (queue active)",
        at + "virtual[14]: " + id + ": to=<" + to +
            ">, relay=virtual, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (delivered to "
            "maildir)",
        at + "qmgr[13]: " + id + ": removed",
    };
  };
  const std::string first = "one.example.net[192.0.2.7]";
  const std::string second = "two.example.net[192.0.2.8]";
  LogPlayer player(
      {tries({{at + "smtpd[11]: connect from " + first},
              mail("AA2F1A0E5D", first, "ana@example.org"),
              mail("BB2F1A0E5D", first, "eva@example.org"),
              {at + "smtpd[11]: disconnect from " + first +
                   " ehlo=1 mail=2 rcpt=2 data=2 quit=1 commands=8",
               at + "smtpd[11]: connect from " + second,
               at + "smtpd[11]: NOQUEUE: reject: RCPT from " + second +
                   ": 550 5.1.1 <no@example.org>: Recipient address rejected: User unknown; "
                   "from=<a@example.net> to=<no@example.org> proto=ESMTP helo=<two>"},
              mail("CC2F1A0E5D", second, "ana@example.org"),
              {at + "smtpd[11]: disconnect from " + second +
               " ehlo=1 mail=1 rcpt=1/2 data=1 quit=1 commands=5/6"}})});
  player.play_all();
  std::vector<std::string> out;
  for (const auto& journey : player.journeys()) {
    const auto value = json::parse(journey).as_object();
    out.push_back(std::string(value.at("submission").at("client_host").as_string()) + " " +
                  told(journey));
  }
  EXPECT_THAT(out, testing::UnorderedElementsAre(
                       "one.example.net mx1/AA2F1A0E5D | ana@example.org delivered |",
                       "one.example.net mx1/BB2F1A0E5D | eva@example.org delivered |",
                       testing::AllOf(testing::StartsWith("two.example.net "),
                                      testing::HasSubstr("no@example.org rejected"),
                                      testing::HasSubstr("ana@example.org delivered"))));
}

// A log that begins in the midst of a message: what is missing is said, nothing is dropped.
TEST(HalfKnown, Pitfall32AStartInMidLogShowsWhatIsMissing) {
  auto part = delivered_try("30", "CC2F1A0E5D", "m1@example.net");
  for (std::size_t cut = 1; cut < part.size() - 1; ++cut) {
    LogPlayer player({tries({{part.begin() + static_cast<std::ptrdiff_t>(cut), part.end()}})});
    player.play_all();
    const auto journeys = player.journeys();
    ASSERT_EQ(journeys.size(), 1U) << cut;
    const auto value = json::parse(journeys[0]).as_object();
    EXPECT_FALSE(value.at("complete").as_bool()) << cut;
    EXPECT_EQ(value.at("legs").as_array().size(), 1U);
    if (cut <= 3) {
      EXPECT_EQ(told(journeys[0]), "mx1/CC2F1A0E5D | ana@example.org delivered |") << cut;
    }
    EXPECT_EQ(value.at("envelope_sender").is_null(), cut > 2) << cut;
  }
}

// Exim's default log says of a dropped session no more than that it was: no journey is made of it.
TEST(Absent, Pitfall70ADroppedSessionIsNoMessage) {
  const Log log{"/var/log/exim4/mainlog",
                "mx1",
                false,
                {
                    "2026-11-24 10:00:00 unexpected disconnection while reading SMTP command from "
                    "mail.example.net [192.0.2.7] D=0.2s",
                    "2026-11-24 10:00:01 SMTP connection from mail.example.net [192.0.2.7] lost",
                    "2026-11-24 10:00:02 no MAIL in SMTP connection from mail.example.net "
                    "[192.0.2.7] D=0.1s C=EHLO,QUIT",
                }};
  LogPlayer player({log});
  player.play_all();
  EXPECT_THAT(player.journeys(), IsEmpty());
  ASSERT_FALSE(player.index().encounters.empty());
  for (const auto& seen : player.index().encounters) EXPECT_EQ(seen.client.ip, "192.0.2.7");
}

}  // namespace
}  // namespace rastro
