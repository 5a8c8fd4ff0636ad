#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace rastro {

// "200ms", "90s", "5m", "24h", "6d": a whole number and a unit, at most 10 years. The unit is
// required, but for "0".
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);  // in the largest unit that needs no fraction

// "512", "64KiB", "64MiB", "2GiB": bytes, at most 1 PiB.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// Decimal digits only, at most 18.
std::optional<std::uint64_t> parse_count(std::string_view text);

// An IPv4 or IPv6 address, or one with a prefix length ("192.0.2.0/24", "2001:db8::/32").
bool is_ip_or_cidr(std::string_view text);
// "", "system", or an absolute path.
bool is_journal_name(std::string_view text);
// The value of a journal field: a unit or a syslog identifier.
bool is_journal_match(std::string_view text);

// Of api.socket: sockaddr_un's 108 bytes hold its NUL and the ".new" under which it is made.
inline constexpr std::size_t kApiSocketPathMax = 103;

// "unix:/run/x", "udp:192.0.2.1:514", "tcp:[2001:db8::1]:514": where syslog messages are received.
struct ListenAddress {
  enum class Kind : std::uint8_t { unix_datagram, udp, tcp };
  Kind kind = Kind::unix_datagram;
  std::string host;  // the path of a unix socket; else an address without brackets
  std::uint16_t port = 0;
};
std::optional<ListenAddress> parse_listen_address(std::string_view text);
bool is_listen_address(std::string_view text);  // or empty

}  // namespace rastro
