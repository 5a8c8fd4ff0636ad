#pragma once

#include <string_view>

namespace rastro {

// Of addresses as logs write them, without brackets. Host names and empty texts are of no network.

// This host itself: 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view ip);

// Networks that are not routed between strangers: RFC 1918, and fc00::/7 (RFC 4193).
bool is_private_network(std::string_view ip);

}  // namespace rastro
