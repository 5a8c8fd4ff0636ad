#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/answer/address_pattern.h"

namespace rastro {

inline constexpr std::size_t kStepsMax = 2;  // of a slip of the pen

inline constexpr std::size_t kSameNameSteps = kStepsMax + 1;
inline constexpr std::size_t kOtherDomainSteps = kStepsMax + 2;

// Whether two domains are one name with other ends, or one is below the other: "taller.es" and
// "taller.com", "taller" and "mail.taller.es".
bool is_same_name(std::string_view domain, std::string_view other);
// Whether a whole login or address is spelt almost like another, seen one.
bool is_near_spelling(std::string_view asked, std::string_view seen);

struct NearAddress {
  std::string address;  // folded, as the log has it
  // Beyond kStepsMax, the same local part: kSameNameSteps: at a domain of the same name
  // ("taller.es", "taller.com"); kOtherDomainSteps: further off.
  std::size_t steps = 0;
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

// The same of domains ("example.org"), of which addresses occurred.
Result<NearAddresses> near_domains(StoreReader& store, const std::string& asked,
                                   const TimeRange& range, const QueryLimits& limits);
// And of hosts: names that are spelt almost like `asked`, or have such a name above them, which is
// what comes then; and those that have the word for one of their names.
Result<NearAddresses> near_hosts(StoreReader& store, const std::string& asked,
                                 const TimeRange& range, const QueryLimits& limits);

}  // namespace rastro
