#include "bench/generate/population.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace rastro::bench {
namespace {

constexpr std::array<std::string_view, 24> kNames = {
    "ana",   "juan",  "maria", "luis",  "pedro", "carmen",  "info",   "ventas",
    "admin", "sales", "jose",  "lucia", "pablo", "contact", "office", "billing",
    "elena", "jorge", "laura", "oscar", "irene", "support", "raul",   "news"};
constexpr std::array<std::string_view, 6> kTops = {"example.org",      "example.com",
                                                   "example.net",      "mail.example.org",
                                                   "shop.example.com", "lab.example.net"};
constexpr std::array<std::string_view, 40> kWords = {
    "mailbox",  "temporarily", "unavailable", "try",     "again",     "later",    "message",
    "rejected", "policy",      "server",      "is",      "currently", "busy",     "user",
    "unknown",  "over",        "quota",       "see",     "the",       "page",     "for",
    "more",     "information", "sender",      "address", "recipient", "refused",  "rate",
    "limit",    "reached",     "from",        "your",    "network",   "greylist", "in",
    "effect",   "please",      "contact",     "our",     "postmaster"};
constexpr std::size_t kLocalDomains = 40;

std::string number(std::uint64_t value) { return std::to_string(value); }

// Documentation networks only.
std::string ip_of(std::uint64_t value) {
  constexpr std::array<std::string_view, 3> kNetworks = {"192.0.2.", "198.51.100.", "203.0.113."};
  if (value % 10 == 0)
    return "2001:db8:" + number(value % 4096) + "::" + number(value / 4096 % 9000);
  return std::string(kNetworks[value % 3]) + number(value / 3 % 250 + 1);
}

std::string reply_text(Random& random, std::string_view codes) {
  std::string text(codes);
  const auto wanted = static_cast<std::size_t>(random.between(20, 290));
  while (text.size() < wanted) {
    text += ' ';
    text += kWords[random.below(kWords.size())];
    if (random.below(20) == 0) text += " " + number(random.below(100'000));
  }
  return text;
}

}  // namespace

Population::Population(std::uint64_t seed) {
  Random random(seed ^ 0x706f70756c617465ULL);
  constexpr std::array<std::string_view, 6> kDeferred = {"450 4.7.1", "451 4.3.0", "452 4.2.2",
                                                         "421 4.7.0", "450 4.2.1", "451 4.7.500"};
  constexpr std::array<std::string_view, 6> kBounced = {"550 5.1.1",  "554 5.7.1", "552 5.2.2",
                                                        "550 5.7.26", "553 5.1.3", "550 5.4.1"};
  for (std::size_t i = 0; i < kReplies; ++i) {
    sent_.push_back(reply_text(random, "250 2.0.0"));
    deferred_.push_back(reply_text(random, kDeferred[random.below(6)]));
    bounced_.push_back(reply_text(random, kBounced[random.below(6)]));
    rejected_.push_back(reply_text(random, random.chance(0.5) ? "554 5.7.1" : "550 5.1.1"));
  }
}

std::string Population::address_of(std::size_t rank) {
  Random of_rank(rank * 2654435761U + 17);
  std::string out(kNames[of_rank.below(kNames.size())]);
  out += '.';
  out += number(rank);
  out += "@d" + number(of_rank.below(20'000)) + ".";
  out += kTops[of_rank.below(kTops.size())];
  return out;
}

std::string Population::local_address(Random& random) const {
  const auto rank = zipf_(random);
  return std::string(kNames[rank % kNames.size()]) + number(rank / 7) + "@hosted" +
         number(rank % kLocalDomains) + ".example.org";
}

Host Population::client(Random& random) const {
  const auto rank = zipf_(random);
  Random of_rank(rank + 99);
  auto ip = ip_of(of_rank.next() % 1'000'000);
  if (of_rank.below(12) == 0) return {"unknown", std::move(ip)};
  return {"out" + number(rank % 9) + ".d" + number(rank) + "." +
              std::string(kTops[of_rank.below(kTops.size())]),
          std::move(ip)};
}

Host Population::rare_client(std::uint64_t serial) {
  char ip[40];
  std::snprintf(ip, sizeof ip, "2001:db8:ffff::%x:%x", static_cast<unsigned>(serial >> 16 & 0xffff),
                static_cast<unsigned>(serial & 0xffff));
  return {"rare" + number(serial) + ".example.net", ip};
}

Host Population::relay_of(const std::string& address, Random& random) {
  const auto domain = address.substr(address.find('@') + 1);
  std::uint64_t sum = 7;
  for (const char c : domain) sum = sum * 31 + static_cast<unsigned char>(c);
  const auto which = random.below(3);
  return {"mx" + number(which + 1) + "." + domain, ip_of((sum + which) % 1'000'000)};
}

std::string Population::sent_reply(Random& random) const {
  switch (random.below(3)) {
    case 0:
      return sent_[random.below(kReplies)];
    case 1:
      return "250 2.0.0 OK  " + number(1'700'000'000 + random.below(99'999'999)) + " x" +
             number(random.below(999'999)) + "si" + number(random.below(999'999)) + ".1 - gsmtp";
    default:
      return "250 2.6.0 <" + number(random.next()) +
             "@relay.example.net> [InternalId=" + number(random.next()) +
             "] Queued mail for delivery";
  }
}

}  // namespace rastro::bench
