#pragma once

#include <string>
#include <vector>

#include "daemon/answer/address_pattern.h"

namespace rastro {

inline constexpr std::size_t kStepsMax = 2;  // of a slip of the pen

struct NearAddress {
  std::string address;    // folded, as the log has it
  std::size_t steps = 0;  // kStepsMax + 1: the same local part at a domain further off
};
struct NearAddresses {
  std::vector<NearAddress> addresses;  // nearest first
  CutBy cut = CutBy::nothing;
};

// Addresses that occurred in the interval's hours and are spelt almost like `asked`, a whole
// address or a local part. Not `asked` itself. For a local part also "@domain" where the word is
// one of the domain's names: somebody remembers "moody" of juan@moody.example.org.
Result<NearAddresses> near_addresses(StoreReader& store, const AddressPattern& asked,
                                     const TimeRange& range, const QueryLimits& limits);

}  // namespace rastro
