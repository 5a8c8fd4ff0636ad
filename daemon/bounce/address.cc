#include "daemon/bounce/address.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "core/address.h"

namespace rastro {

// RFC 5321 local parts as they occur, quoted ones, letters of any script; a domain or an address
// literal. No counted repetitions and no Unicode classes: they make automata of megabytes.
#define RASTRO_LETTERS R"(A-Za-z0-9\x{C0}-\x{1FFF}\x{2C00}-\x{2FFF}\x{3040}-\x{FEFF})"
const char* address_pattern() {
  return R"((?:"(?:[^"\\\n]|\\.)+"|[!#$%&'*+/=?^_`{|}~.)" RASTRO_LETTERS R"(-]+)@)"
         "(?:[" RASTRO_LETTERS "_](?:[" RASTRO_LETTERS "_.-]*[" RASTRO_LETTERS
         "_])?"
         R"(|\[[0-9A-Fa-f.:IPVv]+\]))";
}
#undef RASTRO_LETTERS

std::string clean_address(std::string_view address) {
  while (address.starts_with('\'') || address.starts_with('.') || address.starts_with('=') ||
         address.starts_with('*') || address.starts_with('`') || address.starts_with('-'))
    address.remove_prefix(1);
  // "_a@b_": somebody's way to stress.
  if (address.starts_with('_') && address.ends_with('_')) {
    address.remove_prefix(1);
    address.remove_suffix(1);
  }
  if (equal_ignoring_case(address.substr(0, 7), "mailto:")) address.remove_prefix(7);
  // Exchange's "dda:SMTP=a@b".
  if (equal_ignoring_case(address.substr(0, 5), "smtp=")) address.remove_prefix(5);
  // "recipient=a@b" in a list of keys and values.
  for (const std::string_view key : {"recipient=", "rcpt=", "sender=", "email=", "address="}) {
    if (equal_ignoring_case(address.substr(0, key.size()), key)) address.remove_prefix(key.size());
  }
  // "ana@example.org...User unknown": no name has two dots in a row.
  const auto dots = address.find("..", std::min(address.rfind('@'), address.size()));
  return std::string(address.substr(0, dots));
}

std::string_view without_reply_code(std::string_view address) {
  static const RE2 form(R"([45][0-5]\d-[^@]+@.*)");
  return RE2::FullMatch(address, form) ? address.substr(4) : address;
}

std::vector<std::string> addresses_in(std::string_view text, std::size_t max) {
  static const RE2 any_address(std::string("(") + address_pattern() + ")");
  std::vector<std::string> out;
  re2::StringPiece rest(text.data(), text.size());
  re2::StringPiece found;
  while (out.size() < max && RE2::FindAndConsume(&rest, any_address, &found)) {
    if (rest.starts_with("@")) continue;               // "Juan Perez@Ventas@Empresa": StreetTalk
    static const RE2 virus(R"((?i)[^@]*/[^@]*@mm?)");  // "W32/Netsky.p@MM"
    if (RE2::FullMatch(found, virus)) continue;
    const bool angle = found.data() != text.data() && found.data()[-1] == '<';
    const std::string_view whole(found.data(), found.size());
    auto address = clean_address(angle ? whole : without_reply_code(whole));
    const bool known = std::ranges::any_of(
        out, [&](const std::string& have) { return equal_ignoring_case(have, address); });
    if (!known && address.find('@') != 0) out.push_back(std::move(address));
  }
  return out;
}

bool is_robot(std::string_view address) {
  constexpr std::array kNames = {
      "mailer-daemon", "mailerdaemon", "postmaster",          "mail-daemon",       "mailer_daemon",
      "mdaemon",       "mailsystem",   "mail-system",         "microsoftexchange", "bounce",
      "bounces",       "mailer",       "maildaemon",          "double-bounce",     "email-bounces",
      "mmdf",          "post_master",  "non-delivery",        "nondelivery",       "daemon",
      "mta",           "mdsender",     "mail.delivery.system"};
  const auto local = ascii_lower(split_address(address).local_part);
  return std::ranges::any_of(kNames, [&](std::string_view name) {
    return local == name || (name.size() > 8 && local.starts_with(name));
  });
}

}  // namespace rastro
