#include "core/ip_networks.h"

namespace rastro {

bool is_loopback(std::string_view ip) { return ip.starts_with("127.") || ip == "::1"; }

bool is_private_network(std::string_view ip) {
  if (ip.starts_with("172.")) {
    const auto second = ip.substr(4, 3);
    return second >= "16." && second <= "31." && second.ends_with('.');
  }
  const bool is_v6 = ip.find(':') != std::string_view::npos;
  return ip.starts_with("10.") || ip.starts_with("192.168.") ||
         (is_v6 && (ip.starts_with("fc") || ip.starts_with("fd")));
}

}  // namespace rastro
