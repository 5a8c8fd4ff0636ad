#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/answer/find_request.h"
#include "daemon/answer/journey.h"

namespace rastro {

// A recipient of the journey who has all that the question asks of one.
struct MatchedRecipient {
  std::size_t position = 0;  // in Journey::recipients
  std::string address;       // the one that fitted; "": the question names none
};

// How well a journey answers a question.
struct Matched {
  AddressPattern::Fit recipient = AddressPattern::Fit::none;  // none: not asked
  AddressPattern::Fit sender = AddressPattern::Fit::none;
  std::string recipient_address;  // the one that fitted
  std::string sender_address;
  std::vector<MatchedRecipient> recipients;  // empty: the question asks nothing of them
};

// Whether `typed` is the host's name, or either is the other's without its domain; "": any host.
bool is_host_called(std::string_view host, std::string_view typed);

// Every filter of the question; nullopt: not an answer to it.
std::optional<Matched> match(const Journey& journey, const FindRequest& request);

// Whether a sender, login or recipient of it is of one of the domains; no domains: always.
bool is_visible(const Journey& journey, const std::vector<std::string>& domains);

// By what the index is asked. Every journey that matches has at least one leg that `holds`, so
// whoever visits those legs misses none.
struct Driver {
  std::vector<LegKey> keys;  // empty: every leg of the interval is read
  bool holds(const LegRecord& leg) const;
  std::function<bool(const LegRecord&)> may;  // without keys; may be empty
};
// All ways in which the index can be asked, the usually most selective first; never empty.
std::vector<Driver> drivers(const FindRequest& request);

// Whether the address is of the domain that was typed: its name, a glob of it, or ".example.org"
// for the domain and what is below it.
bool domain_matches(const std::string& typed, std::string_view address);

// Whether `host` has the name that was typed, or one below it; a glob: whether it fits.
bool host_matches(const std::string& typed, std::string_view host);
// Whether it is a host's name, of which those below it are meant too.
bool is_host_name(std::string_view typed);

// Whether somebody who typed that means this login: a glob, the whole, or its part before the '@'.
bool login_matches(const std::string& typed, std::string_view login);

// Whether `typed` (an address, a block such as 192.0.2.0/24, a host name, a glob) names `endpoint`.
bool endpoint_matches(const std::string& typed, const Endpoint& endpoint);

}  // namespace rastro
