#include "config/quantity.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rastro {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// Largest first, so that formatting finds the largest that fits.
constexpr std::array<Unit, 5> kTimeUnits = {{{"d", 86'400'000'000},
                                             {"h", 3'600'000'000},
                                             {"m", 60'000'000},
                                             {"s", 1'000'000},
                                             {"ms", 1'000}}};
constexpr std::array<Unit, 4> kSizeUnits = {
    {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}}};
constexpr std::uint64_t kMicrosecondsMax = 3650ULL * 86'400'000'000ULL;
constexpr std::uint64_t kBytesMax = 1ULL << 50;

template <std::size_t size>
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             const std::array<Unit, size>& units,
                                             std::uint64_t max) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_count(text.substr(0, digits));
  if (!number) return std::nullopt;
  const auto name = text.substr(digits);
  if (name.empty() && *number == 0) return 0;
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    if (*number > max / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t size>
std::string format_with_unit(std::uint64_t value, const std::array<Unit, size>& units) {
  if (value == 0) return "0";
  for (const auto& unit : units) {
    if (value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(value) + "us";
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto value = parse_with_unit(text, kTimeUnits, kMicrosecondsMax);
  if (!value) return std::nullopt;
  return Duration(static_cast<Duration::rep>(*value));
}

std::string format_duration(Duration duration) {
  const auto count = duration.count();
  return count < 0 ? "-" + format_with_unit(static_cast<std::uint64_t>(-count), kTimeUnits)
                   : format_with_unit(static_cast<std::uint64_t>(count), kTimeUnits);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits, kBytesMax);
}

std::string format_size(std::uint64_t bytes) { return format_with_unit(bytes, kSizeUnits); }

std::optional<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_ip_or_cidr(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  std::uint64_t bits_max = 0;
  if (inet_pton(AF_INET, address.c_str(), parsed.data()) == 1) {
    bits_max = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), parsed.data()) == 1) {
    bits_max = 128;
  } else {
    return false;
  }
  if (slash == std::string_view::npos) return true;
  const auto bits = parse_count(text.substr(slash + 1));
  return bits && *bits <= bits_max;
}

bool is_journal_name(std::string_view text) {
  return text.empty() || text == "system" || (text.starts_with('/') && text.size() < 4'000);
}

bool is_journal_match(std::string_view text) {
  const auto fine = [](char c) { return c > ' ' && c < 0x7f; };
  return !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), fine);
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress out;
  if (text.starts_with("unix:/")) {
    constexpr std::size_t kSocketPathMax = 107;  // sockaddr_un, with its NUL
    out.host = text.substr(5);
    return out.host.size() <= kSocketPathMax ? std::optional(out) : std::nullopt;
  }
  if (!text.starts_with("udp:") && !text.starts_with("tcp:")) return std::nullopt;
  out.kind = text[0] == 'u' ? ListenAddress::Kind::udp : ListenAddress::Kind::tcp;
  text.remove_prefix(4);
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  if (host.find('/') != std::string_view::npos || !is_ip_or_cidr(host)) return std::nullopt;
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (failed != std::errc() || end != digits.data() + digits.size() || out.port == 0) {
    return std::nullopt;
  }
  out.host = host;
  return out;
}

bool is_listen_address(std::string_view text) {
  return text.empty() || parse_listen_address(text).has_value();
}

}  // namespace rastro
