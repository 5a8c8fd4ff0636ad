#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/event.h"

// The small readers that all parsers share. Each takes what it names off the front of `rest`, or
// returns nothing and leaves `rest` alone. None searches ahead.
namespace rastro {

bool maybe_take(std::string_view& rest, std::string_view literal);
bool maybe_take(std::string_view& rest, char c);
// Up to but not including `end`, which must come; `end` is taken too.
std::optional<std::string_view> maybe_take_until(std::string_view& rest, char end);
std::optional<std::string_view> maybe_take_until(std::string_view& rest, std::string_view end);
// Not empty.
std::optional<std::string_view> maybe_take_word(
    std::string_view& rest);  // up to a blank or the end
std::optional<std::uint64_t> maybe_take_number(
    std::string_view& rest);  // decimal, at most 18 digits
// "<address>", quotes followed.
std::optional<std::string_view> maybe_take_address(std::string_view& rest);
// "1.23", "0", "340": seconds.
std::optional<Duration> maybe_take_seconds(std::string_view& rest);
// "host[ip]:port", "host[ip]", "[ip]".
std::optional<Peer> maybe_take_peer(std::string_view& rest);
// Short (hex) or long (base 52 and z) Postfix queue id.
bool is_postfix_queue_id(std::string_view word);
bool is_exim_message_id(std::string_view word);
// "550 5.1.1 text" or "550-5.1.1 text": the code, and the enhanced status behind it if any.
struct ReplyCodes {
  std::uint16_t code = 0;
  std::optional<EnhancedStatus> enhanced_status;
};
ReplyCodes reply_codes_of(std::string_view text);
// The id behind "queued as " or "id=" in a 2xx reply that ends with it, else nullopt.
std::optional<std::string_view> queued_as(std::string_view reply);

}  // namespace rastro
