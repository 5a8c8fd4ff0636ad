#pragma once

#include <string>
#include <vector>

#include "bench/generate/random.h"

namespace rastro::bench {

struct Host {
  std::string name;
  std::string ip;
};

// Who writes to whom, through which hosts, and what servers answer. All of it follows from one
// seed.
class Population {
 public:
  static constexpr std::size_t kAddresses = 300'000;
  static constexpr std::size_t kReplies = 1'000;  // of each class: sent, deferred, bounced

  explicit Population(std::uint64_t seed);

  // Zipf: some write and get much, most little.
  std::string address(Random& random) const { return address_of(zipf_(random)); }
  std::string local_address(Random& random) const;
  static std::string address_of(std::size_t rank);
  Host client(Random& random) const;
  // One that no other session has.
  static Host rare_client(std::uint64_t serial);
  // Of a recipient's domain: the same few hosts each time.
  static Host relay_of(const std::string& address, Random& random);

  // 20 to 300 bytes, code and enhanced status included; `id` stands where servers name theirs.
  std::string sent_reply(Random& random) const;
  const std::string& deferred_reply(Random& random) const {
    return deferred_[random.below(kReplies)];
  }
  const std::string& bounced_reply(Random& random) const {
    return bounced_[random.below(kReplies)];
  }
  const std::string& rejected_reply(Random& random) const {
    return rejected_[random.below(kReplies)];
  }

 private:
  Zipf zipf_{kAddresses};
  std::vector<std::string> sent_;
  std::vector<std::string> deferred_;
  std::vector<std::string> bounced_;
  std::vector<std::string> rejected_;
};

}  // namespace rastro::bench
